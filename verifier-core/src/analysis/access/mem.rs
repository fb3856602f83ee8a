//! Plain memory: ring-buffer records, allocations, dynptr slices, per-CPU variables, arguments of global functions.

use super::region::check_leak;
use super::region::within_region;
use crate::analysis::Cx;
use crate::analysis::regs::Access;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::call::TypeFlags;

/// One load or store. `off` includes the fixed offset.
pub(super) fn load_store(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, t: Access, value: Option<u8>) -> Res {
    let reg = *cx.reg(regno);
    let ty = reg.ty;
    let read_only = ty.has(TypeFlags::RDONLY);
    if ty.may_be_null() {
        return Err(cx.reject(MemoryMsg::InvalidMem { regno, ty }, Errno::EACCES));
    }
    if t == Access::Write && read_only {
        return Err(cx.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES));
    }
    check_leak(cx, t, value, "mem")?;
    // Loads of untrusted memory are guarded at run time, so its size does not matter.
    if cx.program.kernel.features.untrusted_mem && read_only && ty.has(TypeFlags::UNTRUSTED) {
        return Ok(());
    }
    within_region(cx, regno, off, size as i32, reg.mem_size(), false)
}
