//! Kernel functions that a program's instructions name, as data.

use std::rc::Rc;

use crate::btf::TypeId;
use crate::isa::Insn;
use crate::kernel::kfuncs::KfuncFlags;
use crate::state::BtfRef;

use super::special::Special;

/// A parameter of a kernel function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KfuncParam {
    /// Name, whose ending says how the argument is meant.
    pub(crate) name: Box<str>,
    /// Type.
    pub(crate) type_id: TypeId,
}

/// One kernel function as a program's calls name it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KfuncDesc {
    /// BTF id of the function.
    pub(crate) func_id: u32,
    /// What the calls' `off` names: 0 the kernel, else an index in `fd_array`.
    pub(crate) off: i16,
    /// BTF that holds it.
    pub(crate) btf: BtfRef,
    /// Name.
    pub(crate) name: Box<str>,
    /// Parameters.
    pub(crate) params: Vec<KfuncParam>,
    /// Arguments that the kernel's own function takes: with those that the verifier passes by itself (7.0).
    pub(crate) passed: usize,
    /// Return type; 0: none.
    pub(crate) ret: TypeId,
    /// Flags, or `None` when this program may not call it.
    pub(crate) flags: Option<KfuncFlags>,
    /// What the verifier knows of it beyond that.
    pub(crate) special: Option<Special>,
}

impl KfuncTable {
    /// The function that an instruction calls, when it calls one that was found.
    pub(crate) fn called_by(&self, insn: Insn) -> Option<&Rc<KfuncDesc>> {
        insn.is_kfunc_call().then(|| self.find(insn.imm.cast_unsigned(), insn.off))?
    }

    /// The function with this number in the BTF that an instruction's `off` names.
    pub(super) fn find(&self, func_id: u32, off: i16) -> Option<&Rc<KfuncDesc>> {
        self.descs.iter().find(|d| d.func_id == func_id && d.off == off)
    }
}

/// Kernel functions that the program's instructions name, found before the walk.
#[derive(Clone, Debug, Default)]
pub struct KfuncTable {
    pub(super) descs: Vec<Rc<KfuncDesc>>,
    pub(super) any: bool,
}
