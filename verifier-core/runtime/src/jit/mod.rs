//! The compiler: programs as machine code, through Cranelift.
//!
//! Answers for the kernel's `arch/*/net/bpf_jit_comp.c`. Accepted programs are compiled without bounds checks; what the
//! analysis promises is not checked again, and where it was wrong a guard page and [`crate::fault`] turn the access into a
//! report. Other code is compiled in checked form.
//!
//! * [`flow`], [`loops`]: what can be known of registers and of control beforehand.
//! * [`translate`], [`arith`], [`access`], [`call`]: operations in the compiler's form.
//! * [`module`]: executable memory.
//! * [`tiers`]: interpreted at once, compiled when hot.

mod access;
mod arith;
mod call;
mod flow;
mod loops;
mod module;
mod stubs;
mod tiers;
mod translate;

use std::sync::atomic::Ordering;

use super::cx::{Cx, Invoke};
use super::engine::Engine;
use super::interp::Interp;
use super::program::Code;

pub use module::CompileError;
pub use tiers::Tiered;

/// The compiler as an engine. A program is compiled when it first runs; one that cannot be compiled, or not in
/// the time that the run has, is interpreted.
#[derive(Clone, Copy, Default, Debug)]
pub struct Jit;

impl Jit {
    /// Compiles a program before it runs.
    ///
    /// # Errors
    /// Why it cannot be compiled.
    pub fn prepare(code: &Code, checked: bool) -> Result<(), CompileError> {
        module::of(code, checked || !code.is_verified(), None).map(|_| ())
    }
}

impl Engine for Jit {
    fn name(&self) -> &'static str {
        "jit"
    }

    unsafe fn enter(&self, cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64 {
        let (code, checked) = (cx.code(), cx.is_checked());
        // The way of most runs: compiled before, from the beginning.
        let entry = code.entry(checked).load(Ordering::Acquire);
        if entry != 0 && subprog == 0 {
            cx.invoke = Some(invoke as Invoke);
            // SAFETY: the address of the program's first function, stored when it was compiled for this mode.
            return unsafe { module::enter_at(entry, cx, args) };
        }
        match module::of(code, checked, cx.deadline()) {
            Ok(module) => {
                cx.invoke = Some(invoke as Invoke);
                module.enter(cx, subprog, args)
            }
            // SAFETY: as required of this engine.
            Err(_) => unsafe { Interp.enter(cx, subprog, args) },
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
    // SAFETY: the run is this engine's.
    unsafe { Jit.enter(cx, subprog, args) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::budget::Limits;
    use crate::cx::{FaultKind, Stack, Stop};
    use crate::engine::believe as run;
    use crate::memory::Reservation;
    use crate::program::bare_request;
    use crate::vm::Vm;
    use verifier_core::isa::asm::assemble;

    /// Runs a text without checks, as if the analysis had accepted it.
    fn believe(vm: &Vm, text: &str, arg: u64) -> Result<u64, Stop> {
        let mut req = bare_request(1, assemble(text).expect("text"), vec![]);
        req.name = "wrong".into();
        let code = Code::believed(&req, vm).expect("code");
        Jit::prepare(&code, false).expect("compiled");
        let mut stack = Stack::new().expect("stack");
        let result = run(&Jit, &mut Cx::new(vm, &mut stack, None), &code, [arg, 0, 0, 0, 0]);
        // The interpreter reports the same.
        if vm.limits.insns == Limits::default().insns {
            assert_eq!(run(&Interp, &mut Cx::new(vm, &mut stack, None), &code, [arg, 0, 0, 0, 0]), result, "{text}");
        }
        result
    }

    #[test]
    fn a_wrong_access_is_a_report() {
        let (vm, packet) = (Vm::new(1), Reservation::low(100).expect("memory"));
        let ok = "r0 = *(u8 *)(r1 +7)\nexit";
        assert_eq!(believe(&vm, ok, packet.address()), Ok(0));
        let behind = packet.address() + packet.len() as u64;
        for (text, kind) in [
            ("r2 = 1\nr0 = *(u32 *)(r1 +8)\nr0 += r2\nexit", FaultKind::Read(4)),
            ("r2 = 1\n*(u64 *)(r1 +0) = r2\nr0 = 0\nexit", FaultKind::Write(8)),
        ] {
            let stop = believe(&vm, text, behind).expect_err("a fault");
            let Stop::Fault(fault) = &stop else { panic!("{stop}") };
            assert_eq!((fault.insn, &fault.kind), (1, &kind));
        }
        // Nothing is left behind: the thread goes on compiling and running.
        assert_eq!(believe(&vm, ok, packet.address()), Ok(0));
    }

    #[test]
    fn a_fault_below_other_frames_comes_home() {
        let vm = Vm::new(1);
        let text = "r6 = 5\ncall pc+2\nr0 += r6\nexit\nr1 = 16\ncall pc+1\nexit\nr0 = *(u64 *)(r1 +0)\nexit";
        let stop = believe(&vm, text, 0).expect_err("a fault");
        assert!(matches!(stop, Stop::Fault(fault) if fault.insn == 7 && fault.address == 16));
    }

    #[test]
    fn loops_end() {
        let mut vm = Vm::new(1);
        vm.limits.insns = 1 << 30;
        vm.limits.time = Some(Duration::from_millis(20));
        let text = "r0 = 0\nr0 += 1\nif r1 == 0 goto -2\nexit";
        assert_eq!(believe(&vm, text, 0), Err(Stop::Deadline));
        vm.limits.insns = 1000;
        assert_eq!(believe(&vm, text, 0), Err(Stop::Fuel));
    }
}
