//! Stores to the stack: saved registers, data, and stores at offsets that vary.
//!
//! Answers for `check_stack_write()`.
//!
//! In the kernel: `get_reg_width()`, `check_stack_write_fixed_off()`, `check_stack_write_var_off()`.

use super::stack::{
    end_object_in_slot, is_spillable, keep_fastcall_stack_apart, place, save_register, slot, slot_mut, slot_of,
};
use crate::analysis::Env;
use crate::analysis::liveness::slot_is_written;
use crate::analysis::object_slots::overwrite_dynptr;
use crate::analysis::precision::need_exactly;
use crate::analysis::prune::note_step;
use crate::analysis::regs::link_before_copy;
use crate::analysis::trail::stack_access_noted;
use crate::error::{Errno, MemoryMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::{MEM, ST};
use crate::kernel::call::RegBase;
use crate::log::Event;
use crate::state::{RegState, SlotKind};

/// One store. `off` includes the fixed offset; bounds and alignment are checked.
pub(super) fn write_stack(
    env: &mut Env<'_>,
    regno: u8,
    off: i32,
    size: u32,
    value: Option<u8>,
    insn_idx: usize,
) -> Res {
    let reg = env.reg(regno);
    let frame = reg.frame_number as usize;
    if reg.var_off().is_const() {
        let off = off.wrapping_add(reg.var_off().value as i32);
        write_fixed(env, frame, off, size as usize, value, insn_idx)
    } else {
        write_variable(env, frame, regno, off, size as i32, value, insn_idx)
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
fn stores_zero(env: &Env<'_>, value: Option<u8>, insn: Insn) -> bool {
    match value {
        Some(regno) => env.reg(regno).is_null(),
        None => is_store_imm(insn) && insn.imm == 0,
    }
}

/// Remembers that a spill may be bypassed speculatively: the bytes below might still be read as what they were.
fn note_sanitation(
    env: &mut Env<'_>,
    frame: usize,
    spi: usize,
    byte: usize,
    size: usize,
    value: Option<u8>,
    insn_idx: usize,
) -> Res {
    if env.caps.without_v4_guards {
        return Ok(());
    }
    let spills = value.is_some_and(|r| is_spillable(env.reg(r).ty));
    let kinds = slot(env, frame, spi)?.kind;
    let data = |i: usize| matches!(kinds[(8 + byte - i) % 8], SlotKind::Misc | SlotKind::Zero);
    if spills || !(0..size).all(data) {
        env.aux[insn_idx].barrier_behind = true;
    }
    Ok(())
}

/// A store at a known offset.
fn write_fixed(env: &mut Env<'_>, frame: usize, off: i32, size: usize, value: Option<u8>, insn_idx: usize) -> Res {
    let (spi, byte) = place(off);
    let insn = env.insns[insn_idx];
    let old = slot(env, frame, spi)?;
    if !env.caps.pointers_may_leak && old.holds_register() && !old.holds_scalar() && size != 8 {
        return Err(env.reject(MemoryMsg::CorruptSpill, Errno::EACCES));
    }
    note_sanitation(env, frame, spi, byte, size, value, insn_idx)?;
    overwrite_dynptr(env, frame, spi)?;
    // A slot written in part must stay visible to reads of the rest, so only whole stores end its liveness.
    if size == 8 {
        slot_is_written(env, frame, spi)?;
    }
    keep_fastcall_stack_apart(env, frame, insn_idx, off);
    env.scratch_slot(spi);

    let aligned = off % 8 == 0;
    let ty = value.map(|r| env.reg(r).ty);
    let tracked = aligned && env.caps.has_cap_bpf;
    match (value, ty) {
        (Some(regno), Some(ty)) if tracked && ty.is(RegBase::Scalar) => {
            let fits = width(env.reg(regno)) <= 8 * size as u32;
            if fits {
                // Both places hold the same value from now on, and learn from each other's comparisons.
                link_before_copy(env, regno);
            }
            let reg = *env.reg(regno);
            save_register(env, frame, spi, &reg, size)?;
            if !fits {
                slot_mut(env, frame, spi)?.spilled.id = 0;
            }
        }
        (None, _) if tracked && is_store_imm(insn) => {
            let imm = RegState::konst(i64::from(insn.imm) as u64);
            save_register(env, frame, spi, &imm, size)?;
        }
        (Some(regno), Some(ty)) if is_spillable(ty) => {
            if size != 8 {
                if env.interest.log_level != 0 {
                    env.emit(Event::SourceLine { idx: insn_idx, numbered: false });
                }
                return Err(env.reject(MemoryMsg::SpillSize, Errno::EACCES));
            }
            if frame != env.cur.top_frame() && ty.is(RegBase::PtrToStack) {
                return Err(env.reject(MemoryMsg::SpillToCaller, Errno::EINVAL));
            }
            let reg = *env.reg(regno);
            save_register(env, frame, spi, &reg, size)?;
        }
        _ => return write_data(env, frame, spi, byte, size, value, insn),
    }
    note_step(env, stack_access_noted(frame, spi), None);
    Ok(())
}

/// Data that is not tracked as a register.
fn write_data(
    env: &mut Env<'_>,
    frame: usize,
    spi: usize,
    byte: usize,
    size: usize,
    value: Option<u8>,
    insn: Insn,
) -> Res {
    end_object_in_slot(slot_mut(env, frame, spi)?);
    let mut kind = SlotKind::Misc;
    if stores_zero(env, value, insn) {
        // The slot no longer points to the register, so the zero itself must be certain in every state compared.
        if let Some(regno) = value {
            need_exactly(env, regno)?;
        }
        kind = SlotKind::Zero;
    }
    let kinds = &mut slot_mut(env, frame, spi)?.kind;
    for i in 0..size {
        kinds[(8 + byte - i) % 8] = kind;
    }
    Ok(())
}

/// A store that may go to any byte of a range. Each byte of the range may or may not be overwritten, so nothing of it
/// counts as written, saved registers in it are gone, and zeroes stay only if zero is written.
fn write_variable(
    env: &mut Env<'_>,
    frame: usize,
    regno: u8,
    off: i32,
    size: i32,
    value: Option<u8>,
    insn_idx: usize,
) -> Res {
    let scalar = env.reg(regno).scalar;
    let min = (scalar.smin as i32).wrapping_add(off);
    let max = (scalar.smax as i32).wrapping_add(off).wrapping_add(size);
    let insn = env.insns[insn_idx];
    let zero = stores_zero(env, value, insn);
    let mut zero_used = false;
    for i in min..max {
        let spi = usize::try_from(slot_of(i)).unwrap_or(0);
        overwrite_dynptr(env, frame, spi)?;
    }
    keep_fastcall_stack_apart(env, frame, insn_idx, min);
    for i in min..max {
        let (spi, byte) = place(i);
        env.scratch_slot(spi);
        let old = slot(env, frame, spi)?;
        let kind = old.kind[byte];
        if !env.caps.pointers_may_leak && !matches!(kind, SlotKind::Misc | SlotKind::Zero) {
            return Err(env.reject(MemoryMsg::VariableWriteSpill { insn: insn_idx, off: i }, Errno::EINVAL));
        }
        // A saved zero stays a saved zero when zero is written over it.
        let saved_zero = old.spilled.scalar.is_const() && old.spilled.scalar.umax == 0;
        if zero && kind == SlotKind::Spill && old.holds_scalar() && saved_zero {
            zero_used = true;
            continue;
        }
        let allow_uninit = env.caps.reads_unset_stack;
        let slot = slot_mut(env, frame, spi)?;
        end_object_in_slot(slot);
        let kind = slot.kind[byte];
        let mut new = SlotKind::Misc;
        if zero && kind == SlotKind::Zero {
            new = SlotKind::Zero;
            zero_used = true;
        }
        if kind == SlotKind::Invalid && !allow_uninit {
            return Err(env.reject(MemoryMsg::VariableWriteUninit { insn: insn_idx, off: i }, Errno::EINVAL));
        }
        slot.kind[byte] = new;
    }
    match value {
        Some(regno) if zero_used => need_exactly(env, regno),
        _ => Ok(()),
    }
}
