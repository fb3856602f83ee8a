//! Buffers whose size is checked when the program is attached, and flow keys.
//!
//! Answers for `check_buffer_access()`, `check_tp_buffer_access()`, `check_flow_keys_access()`.
//!
//! In the kernel: `__check_buffer_access()`.

use super::region::check_leak;
use crate::analysis::Cx;
use crate::analysis::regs::Access;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::call::TypeFlags;

/// Bytes of `struct bpf_flow_keys` (UAPI).
const FLOW_KEYS_SIZE: i64 = 56;

/// Which of `Cx::max_buf_access` an access counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deepest {
    /// `max_tp_access`.
    Tracepoint = 0,
    /// `max_rdonly_access`.
    ReadOnly = 1,
    /// `max_rdwr_access`.
    ReadWrite = 2,
}

/// An access at a constant, non-negative offset; how deep it goes is noted, because the size is checked at attach time.
fn check(cx: &mut Cx<'_>, regno: u8, what: &'static str, off: i32, size: i32, deepest: Deepest) -> Res {
    if off < 0 {
        let reg_off = cx.reg(regno).off;
        let off = off.wrapping_sub(reg_off);
        return Err(cx.reject(MemoryMsg::BufferNegative { regno, what, off, reg_off, size }, Errno::EACCES));
    }
    let var_off = cx.reg(regno).var_off();
    if !var_off.is_const() || var_off.value != 0 {
        return Err(cx.reject(MemoryMsg::BufferVariable { regno, off, var_off }, Errno::EACCES));
    }
    let end = (off as u32).wrapping_add(size as u32);
    let max = &mut cx.learned.max_buf_access[deepest as usize];
    *max = (*max).max(end);
    Ok(())
}

/// A buffer that an instruction or a call accesses.
pub(super) fn within_buffer(cx: &mut Cx<'_>, regno: u8, off: i32, size: i32, t: Access) -> Res {
    let ty = cx.reg(regno).ty;
    let (what, deepest) =
        if ty.has(TypeFlags::RDONLY) { ("rdonly", Deepest::ReadOnly) } else { ("rdwr", Deepest::ReadWrite) };
    if deepest == Deepest::ReadOnly && t == Access::Write {
        return Err(cx.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES));
    }
    check(cx, regno, what, off, size, deepest)
}

/// One load or store of a buffer. `off` includes the fixed offset.
pub(super) fn load_store(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, t: Access) -> Res {
    within_buffer(cx, regno, off, size as i32, t)
}

/// One load or store of the buffer of a writable tracepoint.
pub(super) fn tracepoint(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32) -> Res {
    check(cx, regno, "tracepoint", off, size as i32, Deepest::Tracepoint)
}

/// One load or store of flow keys.
pub(super) fn flow_keys(cx: &mut Cx<'_>, off: i32, size: u32, t: Access, value: Option<u8>) -> Res {
    check_leak(cx, t, value, "flow keys")?;
    if off < 0 || i64::from(off) + i64::from(size) > FLOW_KEYS_SIZE {
        return Err(cx.reject(MemoryMsg::FlowKeys { off, size: size as i32 }, Errno::EACCES));
    }
    Ok(())
}
