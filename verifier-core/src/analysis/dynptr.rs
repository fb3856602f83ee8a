//! Dynptrs: pointers with a length that the program holds on its stack and can only use through calls.
//!
//! A dynptr takes two stack slots. Both carry the kind of memory and one id; slices taken from the dynptr remember that
//! id and end with it. Kernel: `process_dynptr_func()` and the `*_dynptr*` functions around `mark_stack_slots_dynptr()`
//! in `kernel/bpf/verifier.c`.
//!
//! In the kernel: `BPF_DYNPTR_NR_SLOTS`, `arg_to_dynptr_type()`, `get_dynptr_type_flag()`,
//! `dynptr_type_refcounted()`, `__mark_dynptr_reg()`, `mark_dynptr_cb_reg()`, `invalidate_dynptr()`,
//! `destroy_if_dynptr_stack_slot()`, `unmark_stack_slots_dynptr()`, `is_dynptr_type_expected()`, `arg`, `RDONLY`,
//! `mark_iter_read()`, `mark_stack_slot_obj_read()`, `mark_dynptr_read()`, `dynptr_id()`, `dynptr_ref_obj_id()`,
//! `dynptr_get_type()`.

use super::Cx;
use super::access::{memory_access, object_slot, slot_of as stack_slot};
use super::liveness::{slot_is_read, slot_is_written};
use super::object_slots::{clear_slots, is_refcounted, overwrite_dynptr, slot, slot_kind, slot_mut};
use super::refs;
use super::regs::Access;
use crate::error::{Arg, Errno, KfuncMsg, Msg, Res, Stop};
use crate::isa::opcode::DW;
use crate::kernel::call::{ArgBase, ArgType};
use crate::kernel::features::LivenessKind;
use crate::log::reg::dynptr_kind;
use crate::state::{DynptrKind, Payload, RegBase, RegState, RegType, Slot, SlotKind, TypeFlags};

/// Slots that a dynptr takes.
const NR_SLOTS: usize = 2;

/// Ends with a row of its own after a check that may have printed one, or failed without a word.
///
/// The kernel's checks of stack objects answer with a boolean, so the caller's error number is the one returned.
pub(super) fn fail_after(cx: &mut Cx, stop: Stop, msg: impl Into<Msg>, errno: Errno) -> Stop {
    match stop {
        Stop::Reject(r) if r.cause.is_none() => cx.reject(msg, errno),
        Stop::Reject(mut r) => {
            r.errno = errno;
            cx.also(Stop::Reject(r), msg)
        }
        other => other,
    }
}

/// The stack is not that deep yet: not an error where the object is about to be written.
pub(super) fn is_out_of_stack(stop: &Stop) -> bool {
    matches!(stop, Stop::Reject(r) if r.errno == Errno::ERANGE)
}

/// The upper slot of the dynptr that a register points to, or would.
fn slot_of(cx: &mut Cx, reg: &RegState) -> Res<usize> {
    if cx.program.kernel.features.dynptrs_guarded {
        return object_slot(cx, reg, "dynptr", NR_SLOTS);
    }
    let depth = cx.path.cur.frames.get(reg.frame_number as usize).map_or(0, |f| f.stack.len());
    let at = usize::try_from(stack_slot(reg.off)).ok().filter(|at| *at + 1 >= NR_SLOTS && *at < depth);
    at.ok_or_else(|| Stop::silent(Errno::ERANGE))
}

fn is_const_dynptr(reg: &RegState) -> bool {
    reg.ty.is(RegBase::ConstPtrToDynptr)
}

/// Which kind of dynptr an argument asks for.
pub(crate) fn kind_of_flags(flags: TypeFlags) -> DynptrKind {
    let of = flags & TypeFlags::DYNPTR_ANY;
    if of == TypeFlags::DYNPTR_LOCAL {
        DynptrKind::Local
    } else if of == TypeFlags::DYNPTR_RINGBUF {
        DynptrKind::Ringbuf
    } else if of == TypeFlags::DYNPTR_SKB {
        DynptrKind::Skb
    } else if of == TypeFlags::DYNPTR_XDP {
        DynptrKind::Xdp
    } else if of == TypeFlags::DYNPTR_SKB_META {
        DynptrKind::SkbMeta
    } else if of == TypeFlags::DYNPTR_FILE {
        DynptrKind::File
    } else {
        DynptrKind::Invalid
    }
}

/// The modifier that names a kind of dynptr.
pub(crate) fn flags_of_kind(kind: DynptrKind) -> TypeFlags {
    match kind {
        DynptrKind::Invalid => TypeFlags::empty(),
        DynptrKind::Local => TypeFlags::DYNPTR_LOCAL,
        DynptrKind::Ringbuf => TypeFlags::DYNPTR_RINGBUF,
        DynptrKind::Skb => TypeFlags::DYNPTR_SKB,
        DynptrKind::Xdp => TypeFlags::DYNPTR_XDP,
        DynptrKind::SkbMeta => TypeFlags::DYNPTR_SKB_META,
        DynptrKind::File => TypeFlags::DYNPTR_FILE,
    }
}

/// The register of a dynptr's slot.
fn mark_dynptr_reg(reg: &mut RegState, kind: DynptrKind, first_slot: bool, id: u32) {
    refs::zero_reg(reg);
    reg.ty = RegType::of(RegBase::ConstPtrToDynptr);
    reg.id = id;
    reg.payload = Payload::Dynptr { kind, first_slot };
}

/// Marks a register as a constant dynptr argument of a callback or global function.
pub(crate) fn set_callback_dynptr(cx: &mut Cx, reg: &mut RegState, kind: DynptrKind) {
    let id = if cx.program.kernel.features.dynptr_identities { cx.new_id() } else { 0 };
    mark_dynptr_reg(reg, kind, true, id);
}

/// Writes a dynptr into its slots.
fn make_dynptr(cx: &mut Cx, reg: &RegState, flags: TypeFlags, insn_idx: usize, clone_ref_obj_id: u32) -> Res {
    let frame = reg.frame_number as usize;
    let spi = slot_of(cx, reg)?;
    let lower = spi.checked_sub(1).ok_or_else(|| cx.broken("dynptr below the stack"))?;
    // The two slots may belong to two different dynptrs.
    overwrite_dynptr(cx, frame, spi)?;
    overwrite_dynptr(cx, frame, lower)?;
    let kind = kind_of_flags(flags);
    for i in [spi, lower] {
        slot_mut(cx, frame, i)?.kind = [SlotKind::Dynptr; 8];
    }
    if kind == DynptrKind::Invalid {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let owner = |cx: &mut Cx| match clone_ref_obj_id {
        0 => refs::hold_reference(cx, insn_idx),
        shared => Ok(shared),
    };
    let owns = is_refcounted(kind);
    let first = if owns && cx.program.kernel.features.dynptr_owner_first { Some(owner(cx)?) } else { None };
    let id = if cx.program.kernel.features.dynptr_identities { cx.new_id() } else { 0 };
    mark_dynptr_reg(&mut slot_mut(cx, frame, spi)?.spilled, kind, true, id);
    mark_dynptr_reg(&mut slot_mut(cx, frame, lower)?.spilled, kind, false, id);
    if owns {
        let ref_id = match first {
            Some(id) => id,
            None => owner(cx)?,
        };
        slot_mut(cx, frame, spi)?.spilled.ref_obj_id = ref_id;
        slot_mut(cx, frame, lower)?.spilled.ref_obj_id = ref_id;
    }
    slot_is_written(cx, frame, spi)?;
    slot_is_written(cx, frame, lower)
}

/// A call released a dynptr: its slots become uninitialised, and so do its clones and slices.
pub(crate) fn end_dynptr(cx: &mut Cx, reg: &RegState) -> Res {
    let frame = reg.frame_number as usize;
    let spi = slot_of(cx, reg)?;
    let first = *slot(cx, frame, spi)?;
    if !is_refcounted(slot_kind(&first).0) {
        return clear_slots(cx, frame, spi);
    }
    let ref_obj_id = first.spilled.ref_obj_id;
    // The kernel only warns when the reference is gone already.
    if let Err(stop @ (Stop::Unsupported(_) | Stop::Budget(_))) = refs::end_reference(cx, ref_obj_id) {
        return Err(stop);
    }
    let slots = cx.path.cur.frames.get(frame).map_or(0, |f| f.stack.len());
    for i in 1..slots {
        let s = *slot(cx, frame, i)?;
        if s.spilled.ref_obj_id != ref_obj_id {
            continue;
        }
        if s.kind[0] != SlotKind::Dynptr {
            return Err(cx.broken("reference of a dynptr in another slot"));
        }
        if slot_kind(&s).1 {
            clear_slots(cx, frame, i)?;
        }
    }
    Ok(())
}

/// May a dynptr be created here? Kernel: `is_dynptr_reg_valid_uninit()`.
fn check_valid_uninit(cx: &mut Cx, reg: &RegState) -> Res {
    if is_const_dynptr(reg) {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let at = match slot_of(cx, reg) {
        Err(stop) if is_out_of_stack(&stop) => return Ok(()),
        other => other?,
    };
    let frame = reg.frame_number as usize;
    let taken = |cx: &Cx, at: usize| Ok::<_, Stop>(slot(cx, frame, at)?.kind[0] == SlotKind::Dynptr);
    if !cx.program.kernel.features.dynptrs_guarded && (taken(cx, at)? || taken(cx, at - 1)?) {
        return Err(Stop::silent(Errno::EINVAL));
    }
    Ok(())
}

/// Is there a whole dynptr here? Kernel: `is_dynptr_reg_valid_init()`.
pub(crate) fn check_valid_init(cx: &mut Cx, reg: &RegState) -> Res {
    if is_const_dynptr(reg) {
        return Ok(());
    }
    let frame = reg.frame_number as usize;
    let spi = slot_of(cx, reg)?;
    let (upper, lower) = (*slot(cx, frame, spi)?, *slot(cx, frame, spi.saturating_sub(1))?);
    let whole = |s: &Slot| s.kind.iter().all(|k| *k == SlotKind::Dynptr);
    if slot_kind(&upper).1 && whole(&upper) && whole(&lower) { Ok(()) } else { Err(Stop::silent(Errno::EINVAL)) }
}

/// Whether a dynptr is of the kind that the argument asks for; `arg` without `RDONLY`.
fn is_type_expected(cx: &mut Cx, reg: &RegState, arg: ArgType) -> Res<bool> {
    if arg.base == ArgBase::PtrToDynptr && arg.flags.is_empty() {
        return Ok(true);
    }
    let wanted = kind_of_flags(arg.flags);
    Ok(dynptr_kind_of(cx, reg)? == wanted)
}

/// The slots of an iterator are read, and shown as touched.
pub(super) fn mark_slots_read(cx: &mut Cx, frame: usize, spi: usize, nr_slots: usize) -> Res {
    for i in 0..nr_slots {
        let Some(at) = spi.checked_sub(i) else { break };
        slot_is_read(cx, frame, at)?;
        cx.scratch_slot(at);
    }
    Ok(())
}

/// The slots of a dynptr are read; the log of 6.12 does not show that.
fn dynptr_is_read(cx: &mut Cx, frame: usize, spi: usize) -> Res {
    for at in [Some(spi), spi.checked_sub(1)].into_iter().flatten() {
        slot_is_read(cx, frame, at)?;
        if cx.program.kernel.features.liveness != LivenessKind::ReadMarks {
            cx.scratch_slot(at);
        }
    }
    Ok(())
}

/// Checks a dynptr argument: one to be created (`UNINIT`), one that is only used (`RDONLY`), or one that may be changed.
///
/// `clone_ref_obj_id` is the reference that a clone shares with its parent, 0 for others.
pub(crate) fn dynptr_argument(cx: &mut Cx, regno: u8, insn_idx: usize, arg: ArgType, clone_ref_obj_id: u32) -> Res {
    let reg = *cx.reg(regno);
    // Messages of 6.1 count arguments from one.
    let argno =
        if cx.program.kernel.features.dynptrs_guarded { u32::from(regno).saturating_sub(1) } else { regno.into() };
    if !reg.ty.is(RegBase::PtrToStack) && !is_const_dynptr(&reg) {
        return Err(cx.reject(KfuncMsg::DynptrNotOnStack { arg: Arg::from(argno) }, Errno::EINVAL));
    }
    if arg.flags.contains(TypeFlags::UNINIT | TypeFlags::RDONLY) {
        return Err(cx.kernel_bug("dynptr argument both uninitialised and read-only"));
    }
    let fresh = cx.program.kernel.features.dynptr_identities || reg.ty.is(RegBase::PtrToStack);
    if arg.flags.contains(TypeFlags::UNINIT) && fresh {
        check_valid_uninit(cx, &reg).map_err(|s| fail_after(cx, s, KfuncMsg::DynptrNotUninit {}, Errno::EINVAL))?;
        for off in [0, 8] {
            memory_access(cx, insn_idx, regno, off, DW, Access::Write, None, false, false)?;
        }
        return make_dynptr(cx, &reg, arg.flags, insn_idx, clone_ref_obj_id);
    }
    if !fresh && arg.flags.contains(TypeFlags::UNINIT) {
        return Ok(());
    }
    if is_const_dynptr(&reg) && !arg.flags.contains(TypeFlags::RDONLY) {
        return Err(cx.reject(KfuncMsg::DynptrConstMutated {}, Errno::EINVAL));
    }
    check_valid_init(cx, &reg)
        .map_err(|s| fail_after(cx, s, KfuncMsg::DynptrNotInit { arg: Arg::from(argno) }, Errno::EINVAL))?;
    let mut wanted = arg;
    wanted.flags.remove(TypeFlags::RDONLY);
    if !is_type_expected(cx, &reg, wanted)? {
        let kind = dynptr_kind(kind_of_flags(arg.flags));
        let held = dynptr_kind(dynptr_kind_of(cx, &reg)?);
        return Err(cx.reject(KfuncMsg::DynptrKind { kind, arg: Arg::from(argno), held }, Errno::EINVAL));
    }
    if is_const_dynptr(&reg) {
        return Ok(());
    }
    let spi = slot_of(cx, &reg)?;
    let frame = reg.frame_number as usize;
    if cx.program.kernel.features.dynptr_reads_shown {
        return dynptr_is_read(cx, frame, spi);
    }
    slot_is_read(cx, frame, spi)?;
    slot_is_read(cx, frame, spi.saturating_sub(1))
}

/// The register itself when it is a constant dynptr, else the first slot it points to.
fn dynptr_reg(cx: &mut Cx, reg: &RegState) -> Res<RegState> {
    if is_const_dynptr(reg) {
        return Ok(*reg);
    }
    let spi = slot_of(cx, reg)?;
    Ok(slot(cx, reg.frame_number as usize, spi)?.spilled)
}

/// Id that slices of a dynptr remember.
pub(crate) fn dynptr_id(cx: &mut Cx, reg: &RegState) -> Res<u32> {
    Ok(dynptr_reg(cx, reg)?.id)
}

/// Reference that a dynptr owns, 0: none.
pub(crate) fn dynptr_owner(cx: &mut Cx, reg: &RegState) -> Res<u32> {
    Ok(dynptr_reg(cx, reg)?.ref_obj_id)
}

/// Kind of a dynptr.
pub(crate) fn dynptr_kind_of(cx: &mut Cx, reg: &RegState) -> Res<DynptrKind> {
    Ok(match dynptr_reg(cx, reg)?.payload {
        Payload::Dynptr { kind, .. } => kind,
        _ => DynptrKind::Invalid,
    })
}

/// Whether a dynptr is over a packet, so that writing to it may move the packet's data.
pub(crate) fn is_packet_dynptr(kind: DynptrKind) -> bool {
    matches!(kind, DynptrKind::Skb | DynptrKind::SkbMeta)
}
