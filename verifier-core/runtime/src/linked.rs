//! What was verified is what is run: the one thing that engines take for a run without checks.
//!
//! The analysis accepts a program for maps, a context and objects that it is told of. [`Linked`] compares all of them
//! with what the machine has: every map that the program refers to, with the contents that it was told are constant,
//! maps within maps, the array that a tail call goes through, and what the context points to. What the kernel would have
//! and the runtime has not is named before anything runs.

use std::sync::Arc;

use verifier_core::analysis::Verified;
use verifier_core::kernel::{MapType, ProgType};
use verifier_core::program::{LoadRequest, MapSpec};

use super::abi::Known;
use super::context::{self, Shape};
use super::program::{Code, LinkError};
use super::vm::Vm;

/// A program with all that it was accepted for.
#[derive(Clone, Debug)]
pub struct Linked {
    code: Arc<Code>,
    vm: u64,
}

/// Why a program cannot be linked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unlinked {
    /// An instruction needs what the runtime does not have.
    #[error(transparent)]
    Insn(#[from] LinkError),
    /// A map is not the one that the program was accepted with.
    #[error("map `{map}`: {what}")]
    Map {
        /// Its name.
        map: String,
        /// What differs.
        what: String,
    },
    /// The context holds what the runtime does not have.
    #[error("{0}")]
    Context(String),
}

impl Linked {
    /// Links a program to a machine that has its maps.
    ///
    /// # Errors
    /// What the machine does not have, or has otherwise.
    pub fn new(program: &Verified, vm: &Vm) -> Result<Linked, Unlinked> {
        for spec in &program.request().maps {
            // A map that the machine does not have is one that no instruction refers to, or linking says so below.
            if let Some(map) = vm.map(spec.fd) {
                same_map(spec, map.spec())?;
            }
        }
        let prog_type = ProgType::from_number(program.request().prog_type).unwrap_or(ProgType::Unspec);
        let reach = program.reach();
        let shape = Shape::of(prog_type).with(&reach.context_pointers);
        if let Some(at) = shape.missing() {
            let what = format!("offset {at} of contexts of {} programs points to", prog_type.name());
            return Err(Unlinked::Context(format!("{what} an object that the runtime does not have")));
        }
        if context::is_of_arguments(prog_type) {
            if reach.context as usize > context::size(prog_type) {
                return Err(Unlinked::Context(format!("the program reads {} bytes of its context", reach.context)));
            }
            // Which arguments are pointers, the function decides, and another program is attached to another one.
            let arrays = program.request().maps.iter().any(|m| m.map_type == MapType::ProgArray as u32);
            if arrays {
                let what = format!("tail calls of {} programs are not run", prog_type.name());
                return Err(Unlinked::Context(what));
            }
        }
        let buffer = reach.buffer;
        if buffer > context::BUFFER {
            let what = format!("the program comes to {buffer} bytes of its tracepoint's buffer");
            return Err(Unlinked::Context(format!("{what}, the runtime has {} at most", context::BUFFER)));
        }
        Ok(Linked { code: Code::verified(program, vm, &Known, shape)?.share(), vm: vm.id() })
    }

    /// The program.
    pub fn code(&self) -> &Arc<Code> {
        &self.code
    }

    /// Whether it was linked to this machine.
    pub fn is_for(&self, vm: &Vm) -> bool {
        self.vm == vm.id()
    }
}

impl Code {
    /// Prepares any instructions, for checked mode only.
    ///
    /// # Errors
    /// Where they are not well formed: unknown opcodes, jumps out of the program.
    pub fn unverified(req: &LoadRequest, vm: &Vm) -> Result<Code, LinkError> {
        Code::of_request(req, vm, &Known, false)
    }

    /// For tests: what the analysis accepts when it is wrong.
    #[cfg(test)]
    pub(super) fn believed(req: &LoadRequest, vm: &Vm) -> Result<Code, LinkError> {
        Code::of_request(req, vm, &Known, true)
    }
}

/// Whether a map is as the one that a program was accepted with.
fn same_map(verified: &MapSpec, there: &MapSpec) -> Result<(), Unlinked> {
    let differs = |what: &str, a: u64, b: u64| {
        let what = format!("{what} {b}, but the program was accepted with {a}");
        (a != b).then(|| Unlinked::Map { map: there.name.clone(), what })
    };
    let numbers = [
        ("it is of type", verified.map_type.into(), there.map_type.into()),
        ("keys have bytes:", verified.key_size.into(), there.key_size.into()),
        ("values have bytes:", verified.value_size.into(), there.value_size.into()),
        ("entries:", verified.max_entries.into(), there.max_entries.into()),
        ("flags", verified.map_flags.into(), there.map_flags.into()),
        ("extra", verified.map_extra, there.map_extra),
        ("type of values in BTF:", verified.btf_value_type_id.into(), there.btf_value_type_id.into()),
        ("type of keys in BTF:", verified.btf_key_type_id.into(), there.btf_key_type_id.into()),
        ("maps within maps:", verified.inner.is_some().into(), there.inner.is_some().into()),
        ("has BTF:", verified.btf.is_some().into(), there.btf.is_some().into()),
    ];
    if let Some(wrong) = numbers.iter().find_map(|(what, a, b)| differs(what, *a, *b)) {
        return Err(wrong);
    }
    if verified.value != there.value {
        let what = "its constant contents are not those that the program was accepted with".into();
        return Err(Unlinked::Map { map: there.name.clone(), what });
    }
    match (&verified.inner, &there.inner) {
        (Some(a), Some(b)) => same_map(a, b),
        _ => Ok(()),
    }
}
