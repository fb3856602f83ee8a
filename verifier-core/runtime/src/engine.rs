//! What an engine is, and a run from entry to result.

use super::cx::{Cx, Stop, stop};
use super::fault;
use super::linked::Linked;
use super::program::Code;

/// Runs programs.
pub trait Engine: Send + Sync {
    /// Name on the command line.
    fn name(&self) -> &'static str;

    /// Runs a function of the run's program to its end, in the frame of the run, already entered. When the run stops
    /// early the result means nothing and the run says why. Checks every access where the run is checked.
    ///
    /// # Safety
    /// For [`run`] and [`run_linked`] only, which have put the program into the run and see to it that code that was not
    /// accepted runs checked.
    unsafe fn enter(&self, cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64;
}

/// Runs a program in checked mode: r0 at its end. Its maps are of the run's machine, or it finds none.
///
/// # Errors
/// Why it ended early.
///
/// # Panics
/// When the run is not checked.
pub fn run(engine: &dyn Engine, cx: &mut Cx<'_>, code: &Code, args: [u64; 5]) -> Result<u64, Stop> {
    assert!(cx.is_checked(), "only what was linked runs without checks");
    // SAFETY: every access is looked up.
    unsafe { play(engine, cx, code, 0, args) }
}

/// Runs an accepted program, without checks where the run has none: r0 at its end.
///
/// # Errors
/// Why it ended early; also where faults cannot be caught, where the machine is broken, or not the one that the program
/// was linked for.
///
/// # Safety
/// `args` are those of the hook that the program was linked for: a context as its layout says, with an object behind
/// every pointer that the layout says is not null, and memory below 4 GiB behind those of 32 bits.
pub unsafe fn run_linked(engine: &dyn Engine, cx: &mut Cx<'_>, program: &Linked, args: [u64; 5]) -> Result<u64, Stop> {
    // SAFETY: as required, with the context as the argument of its first function.
    unsafe { run_function(engine, cx, program.code(), 0, args) }
}

/// Runs a function of an accepted program, without checks where the run has none: what it returns.
///
/// # Errors
/// As [`run_linked`].
///
/// # Safety
/// `args` are those that the function was accepted with.
pub(super) unsafe fn run_function(
    engine: &dyn Engine,
    cx: &mut Cx<'_>,
    code: &Code,
    subprog: u32,
    args: [u64; 5],
) -> Result<u64, Stop> {
    if !cx.is_checked() {
        if !code.is_verified() || code.vm() != cx.vm.id() || cx.vm.is_broken() {
            return Err(Stop::Broken);
        }
        if !fault::install() {
            return Err(Stop::Unguarded);
        }
    }
    // SAFETY: accepted, and with all that it was accepted for, as required.
    unsafe { play(engine, cx, code, subprog, args) }
}

/// For tests: runs without checks what the analysis might have accepted.
#[cfg(test)]
pub(super) fn believe(engine: &dyn Engine, cx: &mut Cx<'_>, code: &Code, args: [u64; 5]) -> Result<u64, Stop> {
    assert!(code.is_verified() && fault::install());
    // SAFETY: tests give it programs that are right, or that fault where reservations end.
    unsafe { play(engine, cx, code, 0, args) }
}

/// # Safety
/// Where the run is not checked, the program was accepted and is given what it was accepted for.
unsafe fn play(engine: &dyn Engine, cx: &mut Cx<'_>, code: &Code, subprog: u32, args: [u64; 5]) -> Result<u64, Stop> {
    cx.begin(code, args[0]);
    let top = cx.frame;
    let mut r0 = 0;
    if cx.enter_frame(top, 0).is_ok() {
        // SAFETY: the program is in the run; checked as required.
        r0 = unsafe { engine.enter(cx, subprog, args) };
    }
    if cx.stop == stop::NONE {
        return Ok(r0);
    }
    // What throws has its exceptions end where it was entered: this one is of the program that was run.
    cx.code = code;
    let r0 = cx.settle(top, r0);
    match cx.stopped() {
        Some(stop) => Err(stop),
        None => Ok(r0),
    }
}
