//! Loads from the stack: saved registers, data, and loads at offsets that vary.
//!
//! Answers for `check_stack_read()`.
//!
//! In the kernel: `__mark_reg_const_zero()`, `mark_reg_stack_read()`, `check_stack_read_fixed_off()`,
//! `check_stack_read_var_off()`.

use super::stack::{keep_fastcall_stack_apart, place, slot, slot_mut};
use super::stack_range::stack_range_is_set;
use crate::analysis::Cx;
use crate::analysis::asks::Needed;
use crate::analysis::liveness::slot_is_read;
use crate::analysis::regs::{Access, AccessSrc, assign_scalar_id, drop_link, set_known, set_unknown};
use crate::analysis::trail::stack_access_noted;
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::call::{RegBase, RegType};
use crate::log::Event;
use crate::state::register::live;
use crate::state::{RegState, Slot, SlotKind};

/// One load. `off` includes the fixed offset; bounds and alignment are checked. `dst` is `None` where the value is only
/// looked at (atomic operations).
pub(super) fn read_stack(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, dst: Option<u8>) -> Res {
    let reg = cx.reg(regno);
    let frame = reg.frame_number as usize;
    let var_off = reg.var_off();
    match dst {
        _ if var_off.is_const() => read_fixed(cx, frame, off.wrapping_add(var_off.value as i32), size as usize, dst),
        Some(dst) => read_variable(cx, regno, frame, off, size as i32, dst),
        None => Err(cx.reject(MemoryMsg::StackVariableArg { var_off, off, size: size as i32 }, Errno::EACCES)),
    }
}

/// The log shows the slot behind the instruction, in releases that show reads.
fn show_read(cx: &mut Cx<'_>, spi: usize) {
    if cx.program.kernel.features.slot_reads_shown {
        cx.scratch_slot(spi);
    }
}

/// The register becomes the constant zero.
fn mark_zero(cx: &mut Cx<'_>, regno: u8) {
    // A walk backwards would not find where a zero of older releases came from.
    let precise = !cx.program.caps.has_cap_bpf || !cx.program.kernel.features.every_number_spills;
    let reg = cx.reg_mut(regno);
    set_known(reg, 0);
    reg.ty = RegType::of(RegBase::Scalar);
    reg.precise = precise;
}

/// Whether a byte is part of a saved number that is zero.
fn is_saved_zero(slot: &Slot, byte: usize) -> bool {
    let saved = &slot.spilled;
    slot.kind[byte] == SlotKind::Spill && saved.is_scalar() && saved.const_value() == Some(0)
}

/// What a load of bytes that hold no saved register yields: zero if all are zero.
fn mark_data(cx: &mut Cx<'_>, frame: usize, min: i32, max: i32, dst: u8) -> Res {
    let mut all_zero = true;
    let mut zeros = 0u64;
    for i in min..max {
        let (spi, byte) = place(i);
        show_read(cx, spi);
        let read = slot(cx, frame, spi)?;
        let saved = cx.program.kernel.features.saved_zeros_are_zero && is_saved_zero(read, byte);
        if read.kind[byte] != SlotKind::Zero && !saved {
            all_zero = false;
            break;
        }
        if saved {
            zeros |= 1 << (spi & 63);
        }
    }
    if all_zero {
        if zeros != 0 {
            cx.path.ask_exact(Needed::Slots(frame, zeros));
        }
        mark_zero(cx, dst);
    } else {
        set_unknown(cx, dst);
    }
    cx.reg_mut(dst).live |= live::WRITTEN;
    Ok(())
}

/// Bytes of the slot that the saved register fills, from its low end.
fn saved_size(slot: &Slot) -> usize {
    1 + slot.kind[..7].iter().rev().take_while(|k| **k == SlotKind::Spill).count()
}

/// Rejects reads of bytes that were never written or hold part of an object. `also` are kinds allowed besides data.
fn check_bytes(cx: &mut Cx<'_>, slot: &Slot, byte: usize, off: i32, size: usize, spill_ok: bool) -> Res {
    for i in 0..size {
        let ok = match slot.kind[(8 + byte - i) % 8] {
            SlotKind::Misc | SlotKind::Zero => true,
            SlotKind::Invalid => cx.program.caps.reads_unset_stack,
            SlotKind::Spill => spill_ok,
            _ => false,
        };
        if slot.kind[(8 + byte - i) % 8] == SlotKind::Dead {
            let msg = MemoryMsg::StackReadDead { off, at: i as i32, size: size as i32 };
            return Err(cx.reject(msg, Errno::EACCES));
        }
        if !ok {
            let msg = MemoryMsg::StackRead { off, at: i as i32, size: size as i32 };
            return Err(cx.reject(msg, Errno::EACCES));
        }
    }
    Ok(())
}

/// A load at a known offset.
fn read_fixed(cx: &mut Cx<'_>, frame: usize, off: i32, size: usize, dst: Option<u8>) -> Res {
    let (spi, byte) = place(off);
    show_read(cx, spi);
    // The contract is that of the running function, whosever stack is read.
    let (cur, idx) = (cx.path.cur.top_frame(), cx.path.insn_idx);
    keep_fastcall_stack_apart(cx, cur, idx, off);
    let mut old = *slot(cx, frame, spi)?;
    let restores = if old.holds_register() {
        let whole = size == 8 && saved_size(&old) == 8;
        if !whole && !old.spilled.is_scalar() {
            if cx.out.interest.log_level != 0 {
                cx.emit(Event::SourceLine { idx, numbered: false });
            }
            return Err(cx.reject(MemoryMsg::FillSize, Errno::EACCES));
        }
        slot_is_read(cx, frame, spi)?;
        // Both places hold the same value from now on, if it fits into what is read.
        let copies = old.holds_scalar() && size <= saved_size(&old) && off % 8 == 0 && fits(&old.spilled, size);
        if dst.is_some()
            && copies
            && cx.program.kernel.features.fills_are_copies
            && assign_scalar_id(cx, &mut old.spilled)
        {
            slot_mut(cx, frame, spi)?.spilled = old.spilled;
        }
        match dst {
            Some(dst) if whole => {
                cx.reg_mut(dst).copy_from(&old.spilled);
                cx.reg_mut(dst).live |= live::WRITTEN;
                true
            }
            Some(dst) => fill_part(cx, frame, &old, off, byte, size, dst)?,
            None if whole => {
                // Somebody wants to use the value as a number, which a saved pointer is not.
                if !cx.program.caps.pointers_may_leak && !old.spilled.is_scalar() {
                    return Err(cx.reject(MemoryMsg::StackLeak { off }, Errno::EACCES));
                }
                true
            }
            None => return Ok(()),
        }
    } else {
        check_bytes(cx, &old, byte, off, size, false)?;
        slot_is_read(cx, frame, spi)?;
        if let Some(dst) = dst {
            mark_data(cx, frame, off, off.wrapping_add(size as i32), dst)?;
        }
        false
    };
    if restores {
        cx.path.note_step(stack_access_noted(frame, spi), None);
    }
    Ok(())
}

/// Whether a saved number fits into so many bytes.
fn fits(saved: &RegState, size: usize) -> bool {
    u64::BITS - saved.scalar.umax.leading_zeros() <= 8 * size as u32
}

/// A load of part of a saved scalar, or of a scalar that was saved in part. Tells whether the load restores the saved
/// register, so that backtracking goes on in the slot.
fn fill_part(cx: &mut Cx<'_>, frame: usize, old: &Slot, off: i32, byte: usize, size: usize, dst: u8) -> Res<bool> {
    let saved = &old.spilled;
    let every = cx.program.kernel.features.every_number_spills;
    let saved_whole = if every { size <= saved_size(old) } else { size == saved_size(old) };
    let restores = if saved_whole && off % 8 == 0 {
        // Low bytes of the saved value: the caller truncates.
        let reg = cx.reg_mut(dst);
        reg.copy_from(saved);
        if every && !fits(saved, size) {
            drop_link(reg);
        }
        true
    } else {
        check_bytes(cx, old, byte, off, size, true)?;
        let all = |kind| (0..size).all(|i| old.kind[(8 + byte - i) % 8] == kind);
        if !every {
            set_unknown(cx, dst);
            false
        } else if all(SlotKind::Spill) && saved.scalar.is_const() && saved.var_off().value == 0 {
            mark_zero(cx, dst);
            true
        } else if all(SlotKind::Zero) {
            mark_zero(cx, dst);
            false
        } else if cx.program.kernel.features.saved_zeros_are_zero
            && (0..size).map(|i| (8 + byte - i) % 8).all(|b| old.kind[b] == SlotKind::Zero || is_saved_zero(old, b))
        {
            let (spi, _) = place(off);
            cx.path.ask_exact(Needed::Slots(frame, 1 << (spi & 63)));
            mark_zero(cx, dst);
            false
        } else {
            set_unknown(cx, dst);
            false
        }
    };
    cx.reg_mut(dst).live |= live::WRITTEN;
    Ok(restores)
}

/// A load from any byte of a range, all of which must be initialised.
fn read_variable(cx: &mut Cx<'_>, regno: u8, frame: usize, off: i32, size: i32, dst: u8) -> Res {
    stack_range_is_set(cx, regno, off, size, false, AccessSrc::Direct, Access::Read, None)?;
    let scalar = cx.reg(regno).scalar;
    let min = (scalar.smin as i32).wrapping_add(off);
    let max = (scalar.smax as i32).wrapping_add(off);
    mark_data(cx, frame, min, max.wrapping_add(size), dst)?;
    let idx = cx.path.insn_idx;
    keep_fastcall_stack_apart(cx, frame, idx, min);
    Ok(())
}
