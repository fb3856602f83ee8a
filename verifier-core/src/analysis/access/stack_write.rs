//! Stores to the stack: saved registers, data, and stores at offsets that vary.
//!
//! Answers for `check_stack_write()`.
//!
//! In the kernel: `get_reg_width()`, `check_stack_write_fixed_off()`, `check_stack_write_var_off()`.

use super::stack::{
    end_object_in_slot, is_spillable, keep_fastcall_stack_apart, place, save_register, slot, slot_mut, slot_of,
};
use crate::analysis::Cx;
use crate::analysis::liveness::slot_is_written;
use crate::analysis::object_slots::overwrite_dynptr;
use crate::analysis::regs::{FP, link_before_copy, need_exactly};
use crate::analysis::trail::stack_access_noted;
use crate::domain::Scalar;
use crate::error::{Errno, MemoryMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::{MEM, ST};
use crate::kernel::call::{RegBase, RegType};
use crate::log::Event;
use crate::state::{RegState, SlotKind};

/// One store. `off` includes the fixed offset; bounds and alignment are checked.
pub(super) fn write_stack(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, value: Option<u8>, insn_idx: usize) -> Res {
    let reg = cx.reg(regno);
    let frame = reg.frame_number as usize;
    if reg.var_off().is_const() {
        let off = off.wrapping_add(reg.var_off().value as i32);
        write_fixed(cx, frame, off, size as usize, value, insn_idx)
    } else {
        write_variable(cx, frame, regno, off, size as i32, value, insn_idx)
    }
}

/// A store of an immediate.
fn is_store_imm(insn: Insn) -> bool {
    insn.class() == ST && insn.mode() == MEM
}

/// Bits that a value needs.
fn width(reg: &RegState) -> u32 {
    u64::BITS - reg.scalar.umax.leading_zeros()
}

/// Whether the value stored is known to be zero.
fn stores_zero(cx: &Cx<'_>, value: Option<u8>, insn: Insn) -> bool {
    match value {
        Some(regno) => cx.reg(regno).is_null(),
        None => is_store_imm(insn) && insn.imm == 0,
    }
}

/// Remembers that a spill may be bypassed speculatively: the bytes below might still be read as what they were.
fn note_sanitation(
    cx: &mut Cx<'_>,
    frame: usize,
    spi: usize,
    byte: usize,
    size: usize,
    value: Option<u8>,
    insn_idx: usize,
) -> Res {
    if cx.program.caps.without_v4_guards {
        return Ok(());
    }
    let spills = value.is_some_and(|r| is_spillable(cx.reg(r).ty, cx.program.kernel.features.every_pointer_spills));
    let kinds = slot(cx, frame, spi)?.kind;
    let data = |i: usize| matches!(kinds[(8 + byte - i) % 8], SlotKind::Misc | SlotKind::Zero);
    if spills || !(0..size).all(data) {
        cx.learned.aux[insn_idx].barrier_behind = true;
    }
    Ok(())
}

/// A store at a known offset.
fn write_fixed(cx: &mut Cx<'_>, frame: usize, off: i32, size: usize, value: Option<u8>, insn_idx: usize) -> Res {
    let (spi, byte) = place(off);
    let insn = cx.program.insns[insn_idx];
    let old = slot(cx, frame, spi)?;
    if !cx.program.caps.pointers_may_leak && old.holds_register() && !old.holds_scalar() && size != 8 {
        return Err(cx.reject(MemoryMsg::CorruptSpill, Errno::EACCES));
    }
    note_sanitation(cx, frame, spi, byte, size, value, insn_idx)?;
    overwrite_dynptr(cx, frame, spi)?;
    // A slot written in part must stay visible to reads of the rest, so only whole stores end its liveness.
    if size == 8 {
        slot_is_written(cx, frame, spi)?;
    }
    keep_fastcall_stack_apart(cx, frame, insn_idx, off);
    cx.scratch_slot(spi);

    let aligned = off % 8 == 0;
    let ty = value.map(|r| cx.reg(r).ty);
    let f = &cx.program.kernel.features;
    let every = f.every_number_spills;
    // Older releases keep numbers that say something and are not zero.
    let kept = |cx: &Cx<'_>, r: u8| {
        let reg = cx.reg(r);
        every || reg.scalar != Scalar::UNKNOWN && !reg.is_null() && (size == 8 || f.narrow_spills)
    };
    let tracked = aligned && cx.program.caps.has_cap_bpf;
    let through_fp = insn.dst == FP;
    let keeps_constant = every || f.constants_stored_spill && insn.imm != 0;
    match (value, ty) {
        (Some(regno), Some(ty)) if tracked && ty.is(RegBase::Scalar) && kept(cx, regno) => {
            let fits = width(cx.reg(regno)) <= 8 * size as u32;
            if !every && !through_fp {
                // A walk backwards would not find the store, so what it stores must be certain.
                need_exactly(cx, regno)?;
            }
            if fits && every {
                // Both places hold the same value from now on, and learn from each other's comparisons.
                link_before_copy(cx, regno);
            }
            let reg = *cx.reg(regno);
            save_register(cx, frame, spi, &reg, size)?;
            if !fits {
                slot_mut(cx, frame, spi)?.spilled.id = 0;
            }
        }
        (None, _) if tracked && is_store_imm(insn) && keeps_constant => {
            let imm = RegState::konst(i64::from(insn.imm) as u64);
            save_register(cx, frame, spi, &imm, size)?;
        }
        (Some(regno), Some(ty)) if is_spillable(ty, cx.program.kernel.features.every_pointer_spills) => {
            if size != 8 {
                if cx.out.interest.log_level != 0 {
                    cx.emit(Event::SourceLine { idx: insn_idx, numbered: false });
                }
                return Err(cx.reject(MemoryMsg::SpillSize, Errno::EACCES));
            }
            if frame != cx.path.cur.top_frame() && ty.is(RegBase::PtrToStack) {
                return Err(cx.reject(MemoryMsg::SpillToCaller, Errno::EINVAL));
            }
            let reg = *cx.reg(regno);
            save_register(cx, frame, spi, &reg, size)?;
        }
        _ => return write_data(cx, frame, spi, byte, size, value, insn),
    }
    cx.path.note_step(stack_access_noted(frame, spi), None);
    Ok(())
}

/// Data that is not tracked as a register.
fn write_data(
    cx: &mut Cx<'_>,
    frame: usize,
    spi: usize,
    byte: usize,
    size: usize,
    value: Option<u8>,
    insn: Insn,
) -> Res {
    end_object_in_slot(slot_mut(cx, frame, spi)?);
    let mut kind = SlotKind::Misc;
    if stores_zero(cx, value, insn) {
        // The slot no longer points to the register, so the zero itself must be certain in every state compared.
        if let Some(regno) = value {
            need_exactly(cx, regno)?;
        }
        kind = SlotKind::Zero;
    }
    let kinds = &mut slot_mut(cx, frame, spi)?.kind;
    for i in 0..size {
        kinds[(8 + byte - i) % 8] = kind;
    }
    Ok(())
}

/// A store that may go to any byte of a range. Each byte of the range may or may not be overwritten, so nothing of it
/// counts as written, saved registers in it are gone, and zeroes stay only if zero is written.
fn write_variable(
    cx: &mut Cx<'_>,
    frame: usize,
    regno: u8,
    off: i32,
    size: i32,
    value: Option<u8>,
    insn_idx: usize,
) -> Res {
    let scalar = cx.reg(regno).scalar;
    let min = (scalar.smin as i32).wrapping_add(off);
    let max = (scalar.smax as i32).wrapping_add(off).wrapping_add(size);
    let insn = cx.program.insns[insn_idx];
    let spreads = value.is_some() || cx.program.kernel.features.zero_constants_spread;
    let zero = spreads && stores_zero(cx, value, insn);
    let mut zero_used = false;
    for i in min..max {
        let spi = usize::try_from(slot_of(i)).unwrap_or(0);
        overwrite_dynptr(cx, frame, spi)?;
    }
    keep_fastcall_stack_apart(cx, frame, insn_idx, min);
    for i in min..max {
        let (spi, byte) = place(i);
        cx.scratch_slot(spi);
        let old = slot(cx, frame, spi)?;
        let kind = old.kind[byte];
        if !cx.program.caps.pointers_may_leak && !matches!(kind, SlotKind::Misc | SlotKind::Zero) {
            return Err(cx.reject(MemoryMsg::VariableWriteSpill { insn: insn_idx, off: i }, Errno::EINVAL));
        }
        // A saved zero stays a saved zero when zero is written over it.
        let saved_zero = old.spilled.scalar.is_const() && old.spilled.scalar.umax == 0;
        if zero && kind == SlotKind::Spill && old.holds_scalar() && saved_zero {
            zero_used = true;
            continue;
        }
        let allow_uninit = cx.program.caps.reads_unset_stack;
        let ends_spills = cx.program.kernel.features.variable_store_ends_spills;
        let slot = slot_mut(cx, frame, spi)?;
        if ends_spills {
            end_object_in_slot(slot);
        } else {
            slot.spilled.ty = RegType::of(RegBase::NotInit);
        }
        let kind = slot.kind[byte];
        let mut new = SlotKind::Misc;
        if zero && kind == SlotKind::Zero {
            new = SlotKind::Zero;
            zero_used = true;
        }
        if kind.is_unset() && !allow_uninit {
            return Err(cx.reject(MemoryMsg::VariableWriteUninit { insn: insn_idx, off: i }, Errno::EINVAL));
        }
        slot.kind[byte] = new;
    }
    match value {
        Some(regno) if zero_used => need_exactly(cx, regno),
        _ => Ok(()),
    }
}
