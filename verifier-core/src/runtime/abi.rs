//! The table of helpers and kernel functions, in one calling convention for all engines.
//!
//! A helper takes the run and five registers and returns r0. One that ends the run sets [`Cx::stop`]; engines look at it
//! after calls of helpers that may.

use crate::kernel::helpers::id;

use super::cx::{Cx, Halt, stop};

/// A helper as engines call it.
pub type HelperFn = unsafe extern "C" fn(*mut Cx<'_>, u64, u64, u64, u64, u64) -> u64;

/// A helper or kernel function.
#[derive(Debug)]
pub struct Helper {
    /// Name in the kernel, as `bpf_map_lookup_elem`.
    pub name: &'static str,
    /// Number; 0 for kernel functions.
    pub id: u32,
    /// What to call.
    pub func: HelperFn,
    /// Calls functions of the program back: [`Cx::frame`] must be set.
    pub calls_back: bool,
}

/// Body of a helper: the run, and r1 to r5.
pub type Body = fn(&mut Cx<'_>, [u64; 5]) -> Result<u64, Halt>;

/// What a helper returns to an engine.
pub(super) fn give_back(cx: &mut Cx<'_>, result: Result<u64, Halt>) -> u64 {
    match result {
        Ok(r0) => r0,
        Err(Halt) => {
            debug_assert!(cx.stop != stop::NONE, "who halts says why");
            0
        }
    }
}

/// A row: a number, a name and a body.
macro_rules! row {
    ($id:expr, $name:literal, $body:path $(, $flag:ident)*) => {{
        unsafe extern "C" fn call(cx: *mut Cx<'_>, a: u64, b: u64, c: u64, d: u64, e: u64) -> u64 {
            // SAFETY: engines pass the run that they were given, and use no other reference to it meanwhile.
            let cx = unsafe { &mut *cx };
            let result = $body(cx, [a, b, c, d, e]);
            give_back(cx, result)
        }
        #[allow(unused_mut)]
        let mut helper = Helper { name: $name, id: $id, func: call, calls_back: false };
        $(helper.$flag = true;)*
        helper
    }};
}

/// The rows.
static HELPERS: &[Helper] = &[
    row!(id::KTIME_GET_NS, "bpf_ktime_get_ns", now),
    row!(id::GET_PRANDOM_U32, "bpf_get_prandom_u32", random),
    row!(id::GET_SMP_PROCESSOR_ID, "bpf_get_smp_processor_id", cpu),
];

fn now(cx: &mut Cx<'_>, _: [u64; 5]) -> Result<u64, Halt> {
    Ok(cx.vm.now())
}

fn random(cx: &mut Cx<'_>, _: [u64; 5]) -> Result<u64, Halt> {
    Ok(cx.vm.random() & 0xffff_ffff)
}

fn cpu(cx: &mut Cx<'_>, _: [u64; 5]) -> Result<u64, Halt> {
    Ok(cx.cpu.into())
}

/// Kernel functions by name.
static KFUNCS: &[Helper] = &[];

/// The helper with this number.
pub fn helper(id: u32) -> Option<&'static Helper> {
    HELPERS.iter().find(|h| h.id == id)
}

/// The kernel function with this name.
pub fn kfunc(name: &str) -> Option<&'static Helper> {
    KFUNCS.iter().find(|h| h.name == name)
}

/// For engines: fuel went below zero. Not zero: go on.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn refuel(cx: *mut Cx<'_>) -> u32 {
    // SAFETY: as required.
    u32::from(unsafe { &mut *cx }.refuel())
}

/// For engines in checked mode: zero when the access is allowed, otherwise the run has stopped.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn check(cx: *mut Cx<'_>, insn: u32, address: u64, size: u32, write: u32) -> u32 {
    // SAFETY: as required.
    let cx = unsafe { &mut *cx };
    u32::from(cx.check(insn, address, size, write != 0).is_err())
}

/// For engines: enters the frame with this r10. Zero: done, otherwise the run has stopped.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn enter_frame(cx: *mut Cx<'_>, insn: u32, r10: u64) -> u32 {
    // SAFETY: as required.
    u32::from(unsafe { &mut *cx }.enter_frame(r10, insn).is_err())
}

/// For engines: leaves the frame with this r10.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn leave_frame(cx: *mut Cx<'_>, r10: u64) {
    // SAFETY: as required.
    unsafe { &mut *cx }.leave_frame(r10);
}

/// For engines: `bpf_tail_call`. Not zero: [`Cx::code`] is another program now, whose entry runs in the frame of the
/// caller, with the context as r1, and whose result is the caller's.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn tail_call(cx: *mut Cx<'_>, _ctx: u64, map: u64, index: u64) -> u32 {
    // SAFETY: as required.
    let cx = unsafe { &mut *cx };
    u32::from(super::map::tail_call(cx, map, index as u32))
}

/// For engines: `LD_ABS` and `LD_IND` at `off` of the packet of `skb`. Negative: outside, and the program ends with 0.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub unsafe extern "C" fn packet_load(cx: *mut Cx<'_>, skb: u64, off: i64, size: u32) -> i64 {
    let _ = (cx, skb, off, size);
    -1
}
