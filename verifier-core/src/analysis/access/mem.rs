//! Plain memory: ring-buffer records, allocations, dynptr slices, per-CPU variables, arguments of global functions.

use super::region::check_leak;
use super::region::within_region;
use crate::analysis::Env;
use crate::analysis::regs::Access;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::call::TypeFlags;

/// One load or store. `off` includes the fixed offset.
pub(super) fn load_store(env: &mut Env<'_>, regno: u8, off: i32, size: u32, t: Access, value: Option<u8>) -> Res {
    let reg = *env.reg(regno);
    let ty = reg.ty;
    let read_only = ty.has(TypeFlags::RDONLY);
    if ty.may_be_null() {
        return Err(env.reject(MemoryMsg::InvalidMem { regno, ty }, Errno::EACCES));
    }
    if t == Access::Write && read_only {
        return Err(env.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES));
    }
    check_leak(env, t, value, "mem")?;
    // Loads of untrusted memory are guarded at run time, so its size does not matter.
    if env.kernel.features.untrusted_mem && read_only && ty.has(TypeFlags::UNTRUSTED) {
        return Ok(());
    }
    within_region(env, regno, off, size as i32, reg.mem_size(), false)
}
