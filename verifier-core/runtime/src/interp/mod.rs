//! The interpreter: always there, and the measure for the other engines.
//!
//! Answers for `___bpf_prog_run()`. One function per mode: [`fast`] runs accepted code, [`checked`] looks every access
//! up, for code that was not accepted.

pub(super) mod access;
mod checked;
pub(super) mod fast;
mod ops;
mod pick;
mod records;

use super::cx::{Cx, Invoke};
use super::engine::Engine;

/// The interpreter.
#[derive(Clone, Copy, Default, Debug)]
pub struct Interp;

impl Engine for Interp {
    fn name(&self) -> &'static str {
        "interp"
    }

    unsafe fn enter(&self, cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64 {
        cx.invoke = Some(invoke as Invoke);
        if cx.is_checked() {
            checked::run(cx, subprog, args)
        } else {
            fast::run(cx, subprog, args, records::records_of)
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
    unsafe { Interp.enter(cx, subprog, args) }
}
