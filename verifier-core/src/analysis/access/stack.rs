//! The stack: slots, bounds, growth, and what every access to it does.
//!
//! Answers for `grow_stack_state()`, `save_register_state()`, `check_stack_access_within_bounds()`,
//! `check_fastcall_stack_contract()`.
//!
//! A frame's stack is a row of 8-byte slots below the frame pointer. Bytes of a slot are numbered from the top, as the
//! kernel does: byte 0 of slot 0 is fp-1, byte 7 is fp-8. A saved register fills a slot from byte 7 up:
//!
//! ```text
//!   offset   -16 .. -9     -8 -7 -6 -5 -4 -3 -2 -1   fp
//!   slot     1              0
//!   byte     7 .. 0         7  6  5  4  3  2  1  0
//! ```
//!
//! In the kernel: `__get_spi()`, `stack_slot_obj_get_spi()`, `is_spillable_regtype()`, `mark_stack_slot_misc()`,
//! `scrub_spilled_slot()`, `scrub_special_slot()`, `check_stack_slot_within_bounds()`.

use super::region::MAX_VAR_OFF;
use crate::analysis::Cx;
use crate::analysis::regs::{Access, AccessSrc};
use crate::error::{Errno, MemoryMsg, Res, Stop};
use crate::isa::opcode::{MAX_STACK, REG_SIZE};
use crate::kernel::call::{RegBase, RegType};
use crate::state::{RegState, Slot, SlotKind};

/// Slot index of a byte offset below the frame pointer.
pub(crate) const fn slot_of(off: i32) -> i32 {
    off.wrapping_neg().wrapping_sub(1) / REG_SIZE
}

/// Slot and byte in it of a byte offset below the frame pointer.
pub(super) const fn place(off: i32) -> (usize, usize) {
    let n = off.wrapping_neg().wrapping_sub(1);
    // Callers have checked that the offset is below the frame pointer.
    let n = if n < 0 { 0 } else { n as usize };
    (n / 8, n % 8)
}

/// Makes frame `frame` hold at least `size` bytes of stack, and notes how deep its function's stack goes.
pub(crate) fn deepen_stack(cx: &mut Cx<'_>, frame: usize, size: i32) {
    let Ok(slots) = usize::try_from(size).map(|n| n.div_ceil(8)) else { return };
    if cx.path.cur.frames[frame].stack.len() >= slots {
        return;
    }
    let f = cx.path.cur.frame_at_mut(frame);
    f.stack.grow(slots);
    let subprog = f.function_number as usize;
    // At most 64 slots.
    let depth = (slots * 8) as u32;
    if let Some(info) = cx.learned.subprogs.get_mut(subprog) {
        info.stack_depth = info.stack_depth.max(depth);
    }
}

/// Slot of an object that takes `nr_slots` slots below a stack pointer; the object must be at a constant, aligned
/// offset and inside of the stack.
///
/// # Errors
/// `EINVAL` with a line; silently `ERANGE` where the stack is not (yet) that deep.
pub(crate) fn object_slot(cx: &mut Cx<'_>, reg: &RegState, kind: &'static str, nr_slots: usize) -> Res<usize> {
    if !reg.var_off().is_const() {
        return Err(cx.reject(MemoryMsg::ObjectConstant { kind }, Errno::EINVAL));
    }
    let off = reg.off.wrapping_add(reg.var_off().value as i32);
    let spi = slot_of(off);
    if off >= 0 && cx.program.kernel.features.objects_below_frame {
        return Err(cx.reject(MemoryMsg::ObjectOffset { kind, off }, Errno::EINVAL));
    }
    let Some(spi) = usize::try_from(spi).ok().filter(|spi| off % REG_SIZE == 0 && spi + 1 >= nr_slots) else {
        return Err(cx.reject(MemoryMsg::ObjectOffset { kind, off }, Errno::EINVAL));
    };
    match cx.path.cur.frames.get(reg.frame_number as usize) {
        Some(f) if spi < f.stack.len() => Ok(spi),
        _ => Err(Stop::silent(Errno::ERANGE)),
    }
}

/// Whether saving this type keeps track of it.
pub(super) const fn is_spillable(ty: RegType, every: bool) -> bool {
    !matches!(ty.base, RegBase::NotInit | RegBase::Scalar) && (every || ty.base.row().spillable)
}

/// The byte holds data now; zero stays zero, and what was never written stays so.
fn mark_misc(kind: &mut SlotKind) {
    if !matches!(kind, SlotKind::Zero | SlotKind::Invalid | SlotKind::Dead) {
        *kind = SlotKind::Misc;
    }
}

/// The byte holds data now, unless nothing was ever stored there.
pub(super) fn scrub_byte(kind: &mut SlotKind) {
    if !kind.is_unset() {
        *kind = SlotKind::Misc;
    }
}

/// Data is written over the slot, so whatever object it held is gone.
pub(super) fn end_object_in_slot(slot: &mut Slot) {
    slot.spilled.ty = RegType::of(RegBase::NotInit);
    let special = matches!(slot.kind[7], SlotKind::Spill | SlotKind::Dynptr | SlotKind::Iter | SlotKind::IrqFlag);
    if special {
        slot.kind.iter_mut().for_each(scrub_byte);
    }
}

pub(super) use crate::analysis::object_slots::{slot, slot_mut};

/// Saves a register into the low `size` bytes of a slot; above them, what was data stays data.
pub(crate) fn save_register(cx: &mut Cx<'_>, frame: usize, spi: usize, reg: &RegState, size: usize) -> Res {
    let keeps_zeros = cx.program.kernel.features.every_number_spills;
    let slot = slot_mut(cx, frame, spi)?;
    slot.spilled.copy_from(reg);
    let first = 8usize.saturating_sub(size);
    slot.kind[first..].fill(SlotKind::Spill);
    slot.kind[..first].iter_mut().for_each(if keeps_zeros { mark_misc } else { scrub_byte });
    Ok(())
}

/// An access above the region that fastcall spills use, from outside of such a pattern, takes the contract away: the
/// spills of the whole function stay.
pub(super) fn keep_fastcall_stack_apart(cx: &mut Cx<'_>, frame: usize, insn_idx: usize, off: i32) {
    let subprog = cx.path.cur.frames[frame].function_number as usize;
    let Some(info) = cx.learned.subprogs.get_mut(subprog) else { return };
    if info.fastcall_below <= off || cx.learned.aux.get(insn_idx).is_some_and(|a| a.in_fastcall_pair) {
        return;
    }
    info.fastcall_below = i32::from(i16::MIN);
    let start = info.start as usize;
    let end = cx.learned.subprogs.get(subprog + 1).map_or(cx.learned.aux.len(), |s| s.start as usize);
    for aux in cx.learned.aux.iter_mut().take(end).skip(start) {
        aux.fastcall_pairs = 0;
        aux.in_fastcall_pair = false;
    }
}

/// Whether the lowest byte of an access exists. Reads without CAP_PERFMON may not go below what was written.
fn slot_within_bounds(cx: &Cx<'_>, frame: usize, off: i64, t: Access) -> bool {
    let lowest = if t == Access::Write
        || (cx.program.caps.reads_unset_stack && cx.program.kernel.features.unset_stack_reachable)
    {
        -MAX_STACK
    } else {
        -cx.path.cur.frames[frame].stack_in_use()
    };
    (i64::from(lowest)..=-1).contains(&off)
}

/// Checks that an access stays inside of the stack, and grows the stack to hold it.
///
/// `off` includes the register's fixed offset.
///
/// # Errors
/// Rejects with `EACCES`, `EINVAL` (above the frame pointer) or `EFAULT` (negative size).
pub(crate) fn within_stack(cx: &mut Cx<'_>, regno: u8, off: i32, access_size: i32, src: AccessSrc, t: Access) -> Res {
    let reg = cx.reg(regno);
    let frame = reg.frame_number as usize;
    let what = match t {
        _ if src == AccessSrc::Helper && !cx.program.kernel.features.helper_access_has_direction => {
            " indirect access to"
        }
        Access::Read => " read from",
        Access::Write => " write to",
    };
    let constant = reg.var_off().is_const();
    let (min, max) = if constant {
        let min = (reg.var_off().value as i64).wrapping_add(i64::from(off));
        (min, min.wrapping_add(i64::from(access_size)))
    } else {
        let s = reg.scalar;
        let limit = MAX_VAR_OFF as i64;
        if s.smax >= limit || s.smin <= -limit {
            return Err(cx.reject(MemoryMsg::StackUnbounded { what, regno }, Errno::EACCES));
        }
        (s.smin + i64::from(off), s.smax + i64::from(off) + i64::from(access_size))
    };
    let errno = if !slot_within_bounds(cx, frame, min, t) {
        Errno::EACCES
    } else if max > 0 {
        Errno::EINVAL
    } else if access_size < 0 {
        Errno::EFAULT
    } else {
        // `min` was found to be at least -512.
        if src == AccessSrc::Direct || cx.program.kernel.features.unset_stack_reachable {
            deepen_stack(cx, frame, (-min) as i32);
        }
        return Ok(());
    };
    let msg = if constant {
        MemoryMsg::StackRange { what, regno, off, size: access_size }
    } else {
        MemoryMsg::StackVariableRange { what, regno, var_off: reg.var_off(), off, size: access_size }
    };
    Err(cx.reject(msg, errno))
}
