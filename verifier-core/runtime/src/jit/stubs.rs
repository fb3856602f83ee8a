//! What compiled code calls that is not a helper: the cold paths, and what checked mode does out of line.

use crate::abi;
use crate::cx::{Cx, FaultKind};
use crate::engine::Engine;
use crate::helper::Helper;
use crate::interp::{Interp, access};
use crate::map::Map;
use crate::program::Op;
use crate::replay;

use super::module;

/// Ends the run at an instruction that cannot be executed: the call of no helper or no function, or no instruction.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub(super) unsafe extern "C" fn refuse(cx: *mut Cx<'_>, insn: u32, value: u64) {
    // SAFETY: as required.
    let cx = unsafe { &mut *cx };
    let kind = match cx.code().ops().get(insn as usize) {
        Some(Op::CallUnknown { id }) => FaultKind::UnknownHelper((*id).into()),
        Some(_) => FaultKind::NotAFunction,
        None => FaultKind::FellOff,
    };
    let _ = cx.halt::<()>(kind, insn, value);
}

/// The helper with the number in a register, for `callx`; null when the run has stopped.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub(super) unsafe extern "C" fn helper_at(cx: *mut Cx<'_>, insn: u32, value: u64) -> *const u8 {
    match u32::try_from(value).ok().and_then(abi::helper) {
        Some(Helper { func, .. }) => *func as *const u8,
        None => {
            // SAFETY: as required.
            unsafe { refuse(cx, insn, value) };
            std::ptr::null()
        }
    }
}

/// Calls a helper in checked mode, where a replay may answer in its place.
///
/// # Safety
/// `cx` is the run that the engine was given; its instruction is the call.
pub(super) unsafe extern "C" fn checked_call(
    cx: *mut Cx<'_>,
    helper: &Helper,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
    e: u64,
) -> u64 {
    // SAFETY: as required.
    unsafe {
        let slot = (*cx).insn;
        match replay::scripted(&mut *cx, slot, &[a, b, c, d, e]) {
            Some(result) => abi::give_back(&mut *cx, result),
            None => (helper.func)(cx.cast(), a, b, c, d, e),
        }
    }
}

/// `bpf_tail_call`: the entry of the program to go on with, or null.
///
/// # Safety
/// `cx` is the run that the engine was given.
pub(super) unsafe extern "C" fn tail_call(cx: *mut Cx<'_>, ctx: u64, map: u64, index: u64) -> usize {
    // SAFETY: as required.
    unsafe {
        if abi::tail_call(cx, ctx, map, index) == 0 {
            return 0;
        }
        let cx = &mut *cx;
        if cx.code().throws() {
            return enter_thrower as *const () as usize;
        }
        match module::of(cx.code(), cx.is_checked(), cx.deadline()) {
            Ok(module) => module.entry(0).unwrap_or(interpret as *const () as usize),
            Err(_) => interpret as *const () as usize,
        }
    }
}

/// Stands for the entry of a program that may throw: its exceptions end where it was entered.
unsafe extern "C" fn enter_thrower(cx: *mut Cx<'_>, r10: u64, ctx: u64, _: u64, _: u64, _: u64, _: u64) -> u64 {
    // SAFETY: compiled code passes the run that it was given.
    unsafe { &mut *cx }.run_entered(r10, ctx)
}

/// Stands for the entry of a program that could not be compiled.
unsafe extern "C" fn interpret(cx: *mut Cx<'_>, r10: u64, a: u64, b: u64, c: u64, d: u64, e: u64) -> u64 {
    // SAFETY: compiled code passes the run that it was given.
    let cx = unsafe { &mut *cx };
    let invoke = cx.invoke;
    cx.frame = r10;
    // SAFETY: the run is this engine's.
    let r0 = unsafe { Interp.enter(cx, 0, [a, b, c, d, e]) };
    cx.invoke = invoke;
    r0
}

/// Address of the value at a key, 0 for none.
///
/// # Safety
/// The map exists, and the key has as many bytes as its keys.
pub(super) unsafe extern "C" fn lookup(map: &Map, key: *const u8, cpu: u64) -> u64 {
    // SAFETY: as required.
    let key = unsafe { std::slice::from_raw_parts(key, map.spec().key_size as usize) };
    map.lookup(key, cpu as u32).unwrap_or(0)
}

/// Atomic accesses of checked code, whose addresses need not be aligned. Returns the old value.
///
/// # Safety
/// `cx` is the run that the engine was given, and the access was checked.
pub(super) unsafe extern "C" fn atomic(cx: *mut Cx<'_>, insn: u32, address: u64, value: u64, r0: u64) -> u64 {
    // SAFETY: as required.
    let op = unsafe { (*cx).code() }.ops().get(insn as usize);
    // SAFETY: as required.
    unsafe {
        match op {
            Some(Op::Atomic { op, wide, .. }) => access::atomic(*op, *wide, address, value, r0),
            Some(Op::LoadAcquire { size, .. }) => access::load_acquire(*size, address),
            Some(Op::StoreRelease { size, .. }) => {
                access::store_release(*size, address, value);
                0
            }
            _ => 0,
        }
    }
}
