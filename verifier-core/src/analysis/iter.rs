//! Open-coded iterators: objects on the stack whose `next` the walk takes as a fork.
//!
//! `next` returns null at last. So each call goes on with null and a drained iterator, and queues a path on which it
//! returned an element; that path forgets the numbers that differ from the iteration before, or the loop would never
//! look the same twice. Kernel: `process_iter_arg()`, `process_iter_next_call()`, `widen_imprecise_scalars()`.
//!
//! In the kernel: `meta->iter`, `btf_check_iter_arg()`, `iter_type_str()`, `mark_stack_slots_iter()`,
//! `unmark_stack_slots_iter()`, `is_iter_reg_valid_uninit()`, `is_iter_reg_valid_init()`, `get_iter_from_state()`,
//! `same_callsites()`, `find_prev_entry()`, `check_ids()`, `maybe_widen_reg()`.

use super::Cx;
use super::access::{memory_access, object_slot};
use super::asks::Fork;
use super::dynptr::{fail_after, is_out_of_stack, mark_slots_read};
use super::kfunc::{IterPlace, KfuncMeta};
use super::liveness::slot_is_written;
use super::object_slots::{slot, slot_mut};
use super::refs;
use super::regs::{Access, known_not_null};
use crate::btf::{Btf, BtfKind, TypeId};
use crate::error::{Arg, Errno, KfuncMsg, Res, Stop};
use crate::isa::opcode::DW;
use crate::state::{BtfRef, IterState, Payload, RegBase, RegState, RegType, SlotKind, TypeFlags, VerifierState};

const PREFIX: &str = "bpf_iter_";

fn slot_of(cx: &mut Cx, reg: &RegState, nr_slots: usize) -> Res<usize> {
    object_slot(cx, reg, "iter", nr_slots)
}

/// The iterator struct that a parameter points to.
fn iter_type(btf: &Btf, param_type: TypeId) -> Option<(TypeId, u32)> {
    let t = btf.pointee(param_type)?;
    let composite = matches!(t.kind, BtfKind::Struct | BtfKind::Union);
    (composite && t.name().starts_with(PREFIX)).then_some((t.id, t.size_or_type))
}

/// Name of an iterator's type for messages.
fn iter_name(cx: &Cx, btf: BtfRef, id: TypeId) -> String {
    let name = cx.program.btf(btf).type_name(id);
    name.strip_prefix(PREFIX).unwrap_or("<invalid>").to_string()
}

/// Checks the iterator argument of a kernel function and creates, reads or ends the iterator.
pub(crate) fn iterator_argument(cx: &mut Cx, regno: u8, insn_idx: usize, meta: &mut KfuncMeta) -> Res {
    let reg = *cx.reg(regno);
    let argno = u32::from(regno).saturating_sub(1);
    if !reg.ty.is(RegBase::PtrToStack) {
        return Err(cx.reject(KfuncMsg::IterNotOnStack { arg: Arg::from(argno) }, Errno::EINVAL));
    }
    let param = meta.desc.params.get(usize::from(regno).saturating_sub(1)).map(|p| p.type_id);
    let Some((btf_id, size)) = param.and_then(|id| iter_type(cx.program.btf(meta.desc.btf), id)) else {
        return Err(cx.reject(KfuncMsg::IterInvalidArg { arg: Arg::from(argno) }, Errno::EINVAL));
    };
    let nr_slots = (size / 8) as usize;
    if meta.flags.is_iter_new() {
        check_valid_uninit(cx, &reg, nr_slots).map_err(|s| {
            let iter = iter_name(cx, meta.desc.btf, btf_id);
            fail_after(cx, s, KfuncMsg::IterNotUninit { iter, arg: Arg::from(argno) }, Errno::EINVAL)
        })?;
        for i in 0..nr_slots {
            let off = i32::try_from(i * 8).unwrap_or(i32::MAX);
            memory_access(cx, insn_idx, regno, off, DW, Access::Write, None, false, false)?;
        }
        return make_iterator(cx, &reg, meta, insn_idx, btf_id, nr_slots);
    }
    let spi = check_valid_init(cx, &reg, meta.desc.btf, btf_id, nr_slots).map_err(|stop| {
        if matches!(&stop, Stop::Reject(r) if r.errno == Errno::EPROTO) {
            return cx.reject(KfuncMsg::IterNeedsRcu { name: meta.desc.name.to_string() }, Errno::EPROTO);
        }
        let iter = iter_name(cx, meta.desc.btf, btf_id);
        fail_after(cx, stop, KfuncMsg::IterNotInit { iter, arg: Arg::from(argno) }, Errno::EINVAL)
    })?;
    let frame = reg.frame_number as usize;
    mark_slots_read(cx, frame, spi, nr_slots)?;
    meta.iter = IterPlace { frame, spi };
    meta.ref_obj_id = slot(cx, frame, spi)?.spilled.ref_obj_id;
    if meta.flags.is_iter_destroy() {
        end_iterator(cx, &reg, nr_slots)?;
    }
    Ok(())
}

/// Writes a fresh iterator into its slots; the first owns a reference, so that it must be destroyed.
fn make_iterator(
    cx: &mut Cx,
    reg: &RegState,
    meta: &KfuncMeta,
    insn_idx: usize,
    btf_id: TypeId,
    nr_slots: usize,
) -> Res {
    let frame = reg.frame_number as usize;
    let spi = slot_of(cx, reg, nr_slots)?;
    let id = refs::hold_reference(cx, insn_idx)?;
    let mut ty = RegType::of(RegBase::PtrToStack);
    if meta.flags.is_rcu_protected() {
        ty = ty.plus(if refs::in_rcu_section(cx) { TypeFlags::RCU } else { TypeFlags::UNTRUSTED });
    }
    for i in 0..nr_slots {
        let at = spi.checked_sub(i).ok_or_else(|| cx.broken("iterator below the stack"))?;
        let slot = slot_mut(cx, frame, at)?;
        refs::zero_reg(&mut slot.spilled);
        slot.spilled.ty = ty;
        slot.spilled.ref_obj_id = if i == 0 { id } else { 0 };
        slot.spilled.payload = Payload::Iter { btf: meta.desc.btf, id: btf_id, state: IterState::Active, depth: 0 };
        slot.kind = [SlotKind::Iter; 8];
        slot_is_written(cx, frame, at)?;
        cx.scratch_slot(at);
    }
    Ok(())
}

/// Ends an iterator.
fn end_iterator(cx: &mut Cx, reg: &RegState, nr_slots: usize) -> Res {
    let frame = reg.frame_number as usize;
    let spi = slot_of(cx, reg, nr_slots)?;
    let precise = !cx.program.caps.has_cap_bpf;
    for i in 0..nr_slots {
        let at = spi.checked_sub(i).ok_or_else(|| cx.broken("iterator below the stack"))?;
        if i == 0 {
            let id = slot(cx, frame, at)?.spilled.ref_obj_id;
            // The kernel only warns when the reference is gone, or belongs to the caller of a callback.
            if let Err(stop @ (Stop::Unsupported(_) | Stop::Budget(_))) = refs::end_reference(cx, id) {
                return Err(stop);
            }
        }
        let slot = slot_mut(cx, frame, at)?;
        refs::clear_reg(&mut slot.spilled, precise);
        slot.kind = [SlotKind::Invalid; 8];
        slot_is_written(cx, frame, at)?;
        cx.scratch_slot(at);
    }
    Ok(())
}

/// No iterator may be overwritten by a new one.
fn check_valid_uninit(cx: &mut Cx, reg: &RegState, nr_slots: usize) -> Res {
    let spi = match slot_of(cx, reg, nr_slots) {
        Ok(spi) => spi,
        Err(stop) if is_out_of_stack(&stop) => return Ok(()),
        Err(stop) => return Err(stop),
    };
    for i in 0..nr_slots {
        let s = *slot(cx, reg.frame_number as usize, spi.saturating_sub(i))?;
        if s.kind.contains(&SlotKind::Iter) {
            return Err(Stop::silent(Errno::EINVAL));
        }
    }
    Ok(())
}

/// Is there a whole iterator of this type? Returns its first slot; `EPROTO`: it was created under RCU, which ended.
fn check_valid_init(cx: &mut Cx, reg: &RegState, btf: BtfRef, btf_id: TypeId, nr_slots: usize) -> Res<usize> {
    let invalid = || Stop::silent(Errno::EINVAL);
    let spi = slot_of(cx, reg, nr_slots)?;
    for i in 0..nr_slots {
        let s = *slot(cx, reg.frame_number as usize, spi.saturating_sub(i))?;
        let st = &s.spilled;
        if st.has(TypeFlags::UNTRUSTED) {
            return Err(Stop::silent(Errno::EPROTO));
        }
        if (i == 0) != (st.ref_obj_id != 0) {
            return Err(invalid());
        }
        match st.payload {
            Payload::Iter { btf: b, id, .. } if b == btf && id == btf_id => {}
            _ => return Err(invalid()),
        }
        if s.kind.iter().any(|k| *k != SlotKind::Iter) {
            return Err(invalid());
        }
    }
    Ok(spi)
}

/// The iterator's register in a state.
pub(crate) fn iter_of_state(state: &mut VerifierState, place: IterPlace) -> Option<&mut RegState> {
    if place.frame >= state.frames.len() {
        return None;
    }
    state.frame_at_mut(place.frame).stack.get_mut(place.spi).map(|s| &mut s.spilled)
}

/// Forks at a `next`: the queued path got an element, the current one sees null.
pub(crate) fn fork_iteration(cx: &mut Cx, insn_idx: usize, meta: &KfuncMeta) -> Res {
    let place = meta.iter;
    let state = match iter_of_state(&mut cx.path.cur, place).map(|r| r.payload) {
        Some(Payload::Iter { state, .. }) if state != IterState::Invalid => state,
        _ => return Err(cx.kernel_bug("unexpected iterator state")),
    };
    // Both paths come from what the call is declared to return.
    cx.path.story.note(insn_idx, cx.program.insns[insn_idx], &cx.path.cur);
    if state == IterState::Active {
        let not_null = known_not_null(cx, *cx.reg(0));
        cx.path.fork(insn_idx + 1, insn_idx, Fork::Iteration);
        let queued = cx.path.forked_mut();
        let Some(iter) = iter_of_state(queued, place) else {
            return Err(cx.kernel_bug("queued path lacks the iterator"));
        };
        if let Payload::Iter { state, depth, .. } = &mut iter.payload {
            *state = IterState::Active;
            *depth = depth.wrapping_add(1);
        }
        queued.reg_mut(0).set(not_null);
    }
    if let Some(Payload::Iter { state, .. }) = iter_of_state(&mut cx.path.cur, place).map(|r| &mut r.payload) {
        *state = IterState::Drained;
    }
    let precise = !cx.program.caps.has_cap_bpf;
    refs::null_reg(cx.reg_mut(0), precise);
    Ok(())
}
