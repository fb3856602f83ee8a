//! The compiler: programs as machine code, through Cranelift.
//!
//! Answers for the kernel's `arch/*/net/bpf_jit_comp.c`. Accepted programs are compiled without bounds checks; what the
//! analysis promises is not checked again, and where it was wrong a guard page and [`fault`] turn the access into a
//! report. Other code is compiled in checked form.
//!
//! * [`flow`]: what can be known of registers beforehand.
//! * [`translate`], [`arith`], [`access`], [`call`]: operations in the compiler's form.
//! * [`module`]: executable memory.
//! * [`fault`]: entering compiled code and coming back.

mod access;
mod arith;
mod call;
mod fault;
mod flow;
mod module;
mod stubs;
mod translate;

use super::cx::{Cx, Invoke};
use super::engine::Engine;
use super::interp::Interp;
use super::program::Code;

pub use module::CompileError;

/// The compiler as an engine. A program is compiled when it first runs; one that cannot be compiled is interpreted.
#[derive(Clone, Copy, Default, Debug)]
pub struct Jit;

impl Jit {
    /// Compiles a program before it runs.
    ///
    /// # Errors
    /// Why it cannot be compiled.
    pub fn prepare(code: &Code, checked: bool) -> Result<(), CompileError> {
        module::of(code, checked || !code.is_verified()).map(|_| ())
    }
}

impl Engine for Jit {
    fn name(&self) -> &'static str {
        "jit"
    }

    fn enter(&self, cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64 {
        match module::of(cx.code(), cx.is_checked()) {
            Ok(module) => {
                cx.invoke = Some(invoke as Invoke);
                module.enter(cx, subprog, args)
            }
            Err(_) => Interp.enter(cx, subprog, args),
        }
    }
}

/// Runs a function for a helper that calls back.
///
/// # Safety
/// `cx` and `args` are valid, and the run is this engine's.
unsafe extern "C" fn invoke(cx: *mut Cx<'_>, subprog: u32, args: *const [u64; 5]) -> u64 {
    // SAFETY: as required.
    let (cx, args) = unsafe { (&mut *cx, *args) };
    Jit.enter(cx, subprog, args)
}
