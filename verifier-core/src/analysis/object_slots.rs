//! Slots of the stack that hold objects of several slots, and what a store does to a dynptr in them.
//!
//! In the kernel: `destroy_if_dynptr_stack_slot()`.

use super::Cx;
use super::cx::broken_at;
use super::liveness::slot_is_written;
use super::refs;
use crate::error::{Errno, KfuncMsg, Res};
use crate::state::{DynptrKind, Payload, RegBase, RegType, Slot, SlotKind, TypeFlags};

/// A slot of a frame, for writing.
pub(crate) fn slot_mut<'e>(cx: &'e mut Cx, frame: usize, spi: usize) -> Res<&'e mut Slot> {
    let at = cx.path.insn_idx;
    let missing = || broken_at(at, "a stack slot does not exist");
    if frame >= cx.path.cur.frames.len() {
        return Err(missing());
    }
    cx.path.cur.frame_at_mut(frame).stack.get_mut(spi).ok_or_else(missing)
}

/// A slot of a frame.
pub(crate) fn slot<'e>(cx: &'e Cx<'_>, frame: usize, spi: usize) -> Res<&'e Slot> {
    let slot = cx.path.cur.frames.get(frame).and_then(|f| f.stack.get(spi));
    slot.ok_or_else(|| cx.broken("a stack slot does not exist"))
}

pub(super) fn slot_kind(slot: &Slot) -> (DynptrKind, bool) {
    match slot.spilled.payload {
        Payload::Dynptr { kind, first_slot } => (kind, first_slot),
        _ => (DynptrKind::Invalid, false),
    }
}

/// Whether a dynptr owns its memory and must be released.
pub(crate) fn is_refcounted(kind: DynptrKind) -> bool {
    matches!(kind, DynptrKind::Ringbuf | DynptrKind::File)
}

/// Makes both slots of a dynptr uninitialised; `spi` is the first. The slots count as written, so that reads of what
/// is stored there next do not reach the states before.
pub(super) fn clear_slots(cx: &mut Cx, frame: usize, spi: usize) -> Res {
    let precise = !cx.program.caps.has_cap_bpf;
    for i in [Some(spi), spi.checked_sub(1)].into_iter().flatten() {
        let slot = slot_mut(cx, frame, i)?;
        slot.kind = [SlotKind::Invalid; 8];
        refs::clear_reg(&mut slot.spilled, precise);
    }
    for i in [Some(spi), spi.checked_sub(1)].into_iter().flatten() {
        slot_is_written(cx, frame, i)?;
    }
    Ok(())
}

/// A store is about to overwrite a slot: a dynptr there ends, with its slices; one that owns memory must not.
///
/// # Errors
/// Rejects with EINVAL where the dynptr must be released.
pub(crate) fn overwrite_dynptr(cx: &mut Cx, frame: usize, spi: usize) -> Res {
    if !cx.program.kernel.features.dynptrs_guarded {
        return Ok(());
    }
    let Some(s) = cx.path.cur.frames.get(frame).and_then(|f| f.stack.get(spi)) else { return Ok(()) };
    if s.kind[0] != SlotKind::Dynptr {
        return Ok(());
    }
    let (mut s, mut spi) = (*s, spi);
    if !slot_kind(&s).1 {
        spi += 1;
        s = *slot(cx, frame, spi)?;
    }
    if is_refcounted(slot_kind(&s).0) {
        return Err(cx.reject(KfuncMsg::DynptrOverwrite {}, Errno::EINVAL));
    }
    cx.scratch_slot(spi);
    cx.scratch_slot(spi.saturating_sub(1));
    let id = s.spilled.id;
    let or_null = RegType::with(RegBase::PtrToMem, TypeFlags::MAYBE_NULL);
    // The slots stop being a dynptr before slices are looked for, but no slice is a dynptr: one order is as good as the other.
    refs::invalidate_regs(cx, |reg| {
        (reg.ty.is(RegBase::PtrToMem) || reg.ty == or_null)
            && matches!(reg.payload, Payload::Mem { dynptr_id, .. } if dynptr_id == id)
    });
    clear_slots(cx, frame, spi)
}
