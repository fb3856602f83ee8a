//! Memory of known size with a possibly variable offset, and pointers that must be unmodified.
//!
//! Answers for `check_mem_region_access()` and `__check_ptr_off_reg()`.
//!
//! ```text
//!   0 ............ off+min ====[ any start ]==== off+max, +size ............ mem_size
//!                  `-- both ends must lie inside of the region --'
//! ```
//!
//! In the kernel: `BPF_MAX_VAR_OFF`, `__check_mem_access()`.

use crate::analysis::Cx;
use crate::analysis::regs::{Access, would_leak};
use crate::analysis::story::whole_offset;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::Reworded;
use crate::kernel::pointer::Region;
use crate::state::RegState;

/// Largest variable offset that sums of offsets can hold.
pub(super) const MAX_VAR_OFF: u64 = 1 << 29;

/// Checks one concrete range.
pub(super) fn check_range(
    cx: &mut Cx<'_>,
    regno: u8,
    off: i32,
    size: i32,
    mem_size: u32,
    zero_size_allowed: bool,
) -> Res {
    let size_ok = size > 0 || (size == 0 && zero_size_allowed);
    if off >= 0 && size_ok && i64::from(off) + i64::from(size) <= i64::from(mem_size) {
        return Ok(());
    }
    let reg = cx.reg(regno);
    let msg = match reg.ty.region() {
        Region::MapKey => MemoryMsg::MapKeyRange { key_size: mem_size, off, size },
        Region::MapValue => MemoryMsg::MapValueRange { value_size: mem_size, off, size },
        Region::Packet => MemoryMsg::PacketRange { regno, id: reg.id, off, size, range: mem_size },
        Region::Context => MemoryMsg::CtxRange { ctx_size: mem_size, off, size },
        _ => MemoryMsg::MemRange { mem_size, off, size },
    };
    Err(cx.reject(msg, Errno::EACCES))
}

/// Checks an access to a region of `mem_size` bytes, first at the smallest and then at the largest offset that the
/// register may hold.
///
/// `off` includes the register's fixed offset.
///
/// # Errors
/// Rejects with `EACCES`; a second line says which end of the range was tried.
pub(crate) fn within_region(
    cx: &mut Cx<'_>,
    regno: u8,
    off: i32,
    size: i32,
    mem_size: u32,
    zero_size_allowed: bool,
) -> Res {
    if cx.logging() && !cx.program.kernel.style.has(Reworded::StateBehind) {
        cx.print_state(cx.path.cur.top_frame(), true);
    }
    let (scalar, off) = if cx.program.kernel.features.offsets_are_values {
        // The whole offset of a pointer is one number (7.1).
        let reg = *cx.reg(regno);
        let off = off.wrapping_sub(reg.off);
        cx.path.story.tried = Some((off, size, mem_size));
        (whole_offset(&reg), off)
    } else {
        (cx.reg(regno).scalar, off)
    };
    let lowest = i64::from(off).wrapping_add(scalar.smin);
    if scalar.smin < 0 && (scalar.smin == i64::MIN || i32::try_from(lowest).is_err() || lowest < 0) {
        return Err(cx.reject(MemoryMsg::MinNegative { regno }, Errno::EACCES));
    }
    check_range(cx, regno, lowest as i32, size, mem_size, zero_size_allowed)
        .map_err(|stop| cx.also(stop, MemoryMsg::MinOutside { regno }))?;
    if scalar.umax >= MAX_VAR_OFF {
        return Err(cx.reject(MemoryMsg::Unbounded { regno }, Errno::EACCES));
    }
    let highest = (scalar.umax as i64).wrapping_add(i64::from(off)) as i32;
    check_range(cx, regno, highest, size, mem_size, zero_size_allowed)
        .map_err(|stop| cx.also(stop, MemoryMsg::MaxOutside { regno }))
}

/// Checks that a pointer is unmodified.
pub(crate) fn at_object_start(cx: &mut Cx<'_>, reg: &RegState, regno: u8) -> Res {
    offset_fits(cx, reg, regno, false)
}

/// Checks that a pointer has no variable, no negative and (unless `fixed_off_ok`) no fixed offset.
///
/// # Errors
/// Rejects with `EACCES`.
pub(crate) fn offset_fits(cx: &mut Cx<'_>, reg: &RegState, regno: u8, fixed_off_ok: bool) -> Res {
    let (ty, off, var_off) = (reg.ty, reg.off, reg.var_off());
    let msg = if off < 0 {
        MemoryMsg::PtrNegative { ty, regno, off }
    } else if !fixed_off_ok && off != 0 {
        MemoryMsg::PtrModified { ty, regno, off }
    } else if !var_off.is_const() || var_off.value != 0 {
        MemoryMsg::PtrVariable { ty, var_off }
    } else {
        return Ok(());
    };
    Err(cx.reject(msg, Errno::EACCES))
}

/// Rejects stores of addresses where `into` may be read by others.
pub(super) fn check_leak(cx: &mut Cx<'_>, t: Access, value: Option<u8>, into: &'static str) -> Res {
    match value {
        Some(regno) if t == Access::Write && would_leak(cx, regno) => {
            Err(cx.reject(MemoryMsg::LeaksAddr { regno, into }, Errno::EACCES))
        }
        _ => Ok(()),
    }
}
