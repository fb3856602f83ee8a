//! Acquired references, owned and borrowed graph nodes, held locks.
//!
//! Decides whether a program may release what it names, what becomes of the copies of a released pointer, and whether
//! anything is still held where a path ends. Kernel: `acquire_reference()`, `release_reference()`,
//! `check_resource_leak()` and their neighbours in `kernel/bpf/verifier.c`.
//!
//! In the kernel: `__mark_reg_unknown()`, `__mark_reg_not_init()`, `__mark_reg_known_zero()`, `mark_reg_invalid()`,
//! `bpf_for_each_reg_in_vstate()`, `acquire_reference_state()`, `release_reference_state()`,
//! `release_reference_nomark()`, `find_reference_state()`, `acquire_lock_state()`, `find_lock_state()`,
//! `release_lock_state()`, `acquire_irq_state()`, `release_irq_state()`, `active_lock`, `active_lock.ptr`,
//! `active_locks`, `in_sleepable()`, `in_rcu_cs()`, `check_reference_leak()`, `invalidate_non_owning_refs()`,
//! `ref_set_non_owning()`, `ref_convert_owning_non_owning()`.

use super::Cx;
use super::regs::is_packet_or_end;
use crate::domain::Scalar;
use crate::error::{Errno, LifetimeMsg, Res, Stop};
use crate::kernel::ProgType;
use crate::program::record::FieldKind;
use crate::state::{RefKind, RefState, RegBase, RegState, RegType, SlotKind, TypeFlags};

/// Forgets a register's value but keeps its place in the parent chain.
pub(crate) fn forget_reg(reg: &mut RegState, precise: bool) {
    reg.set(RegState::unknown());
    reg.precise = precise;
}

/// Makes a register uninitialised but keeps its place in the parent chain.
pub(crate) fn clear_reg(reg: &mut RegState, precise: bool) {
    forget_reg(reg, precise);
    reg.ty = RegType::of(RegBase::NotInit);
}

/// Makes offset and value zero; the type stays.
pub(crate) fn zero_reg(reg: &mut RegState) {
    reg.off = 0;
    reg.payload = crate::state::Payload::None;
    reg.id = 0;
    reg.ref_obj_id = 0;
    reg.scalar = Scalar::konst(0);
}

/// The register becomes null, a number; `precise` is the mark that numbers get (set for programs without CAP_BPF).
pub(crate) fn null_reg(reg: &mut RegState, precise: bool) {
    zero_reg(reg);
    reg.ty = RegType::of(RegBase::Scalar);
    reg.precise = precise;
}

/// A register whose object is gone: unreadable for those who may not see pointers, any number for others.
pub(crate) fn invalidate(reg: &mut RegState, pointers_may_leak: bool, precise: bool) {
    if pointers_may_leak { forget_reg(reg, precise) } else { clear_reg(reg, precise) }
}

/// Invalidates every register and spilled register that `which` chooses.
pub(crate) fn invalidate_regs(cx: &mut Cx, mut which: impl FnMut(&RegState) -> bool) {
    let (leaks, precise) = (cx.program.caps.pointers_may_leak, !cx.program.caps.has_cap_bpf);
    cx.path.cur.for_each_reg_mut(|reg| {
        if which(reg) {
            invalidate(reg, leaks, precise);
        }
    });
}

/// Adds a reference and returns its id.
pub(crate) fn hold_reference(cx: &mut Cx, insn_idx: usize) -> Res<u32> {
    let id = cx.new_id();
    push_ref(cx, RefKind::Ptr, insn_idx, id, 0);
    Ok(id)
}

fn push_ref(cx: &mut Cx, kind: RefKind, insn_idx: usize, id: u32, ptr: u64) {
    let frame = cx.path.cur.frame();
    let callback_ref = if frame.is_callback { frame.frame_number } else { 0 };
    let entry = RefState { kind, id, insn_idx: u32::try_from(insn_idx).unwrap_or(u32::MAX), callback_ref, ptr };
    cx.path.cur.refs.make_mut().push(entry);
}

/// Takes entry `i` out of the list. The order of what remains decides in which order leaks are reported.
fn remove_ref(cx: &mut Cx, i: usize) {
    let keep_order = cx.program.kernel.features.ref_list_keeps_order;
    let refs = cx.path.cur.refs.make_mut();
    if keep_order {
        refs.remove(i);
    } else {
        refs.swap_remove(i);
    }
}

/// Forgets a reference without touching registers; fails silently when there is none to be released here.
pub(crate) fn end_reference_quietly(cx: &mut Cx, ref_obj_id: u32) -> Res {
    let Some(i) = cx.path.cur.refs.iter().position(|r| r.kind == RefKind::Ptr && r.id == ref_obj_id) else {
        return Err(Stop::silent(Errno::EINVAL));
    };
    let frame = cx.path.cur.frame();
    if cx.program.kernel.features.callback_refs
        && frame.is_callback
        && cx.path.cur.refs[i].callback_ref != frame.frame_number
    {
        return Err(Stop::silent(Errno::EINVAL));
    }
    remove_ref(cx, i);
    Ok(())
}

/// Releases a reference and invalidates all copies of its pointer.
pub(crate) fn end_reference(cx: &mut Cx, ref_obj_id: u32) -> Res {
    end_reference_quietly(cx, ref_obj_id)?;
    release_reg_references(cx, ref_obj_id);
    Ok(())
}

/// Invalidates all copies of a pointer.
pub(crate) fn release_reg_references(cx: &mut Cx, ref_obj_id: u32) {
    invalidate_regs(cx, |reg| reg.ref_obj_id == ref_obj_id);
}

/// Whether the state holds a reference with this id.
pub(crate) fn has_reference(cx: &Cx, ref_obj_id: u32) -> bool {
    cx.path.cur.refs.iter().any(|r| r.kind == RefKind::Ptr && r.id == ref_obj_id)
}

/// Takes a lock (6.14).
pub(crate) fn hold_lock(cx: &mut Cx, insn_idx: usize, kind: RefKind, id: u32, ptr: u64) {
    push_ref(cx, kind, insn_idx, id, ptr);
    cx.path.cur.locks_held += 1;
    cx.path.cur.newest_lock = id;
    cx.path.cur.newest_lock_of = ptr;
}

/// Whether exactly this lock is held (6.14); `kinds` lists the kinds of lock that count.
pub(crate) fn lock_held_as<'e>(cx: &'e Cx, kinds: &[RefKind], id: u32, ptr: u64) -> Option<&'e RefState> {
    cx.path.cur.refs.iter().find(|r| kinds.contains(&r.kind) && r.id == id && r.ptr == ptr)
}

/// Releases a lock (6.14); the one taken before it becomes the active one.
pub(crate) fn end_lock(cx: &mut Cx, kind: RefKind, id: u32, ptr: u64) -> Res {
    let mut previous = (0, 0);
    let mut found = None;
    for (i, r) in cx.path.cur.refs.iter().enumerate() {
        if r.kind == kind && r.id == id && r.ptr == ptr {
            found = Some(i);
            break;
        }
        if matches!(r.kind, RefKind::Lock | RefKind::ResLock | RefKind::ResLockIrq) {
            previous = (r.id, r.ptr);
        }
    }
    let Some(i) = found else { return Err(Stop::silent(Errno::EINVAL)) };
    remove_ref(cx, i);
    cx.path.cur.locks_held = cx.path.cur.locks_held.saturating_sub(1);
    (cx.path.cur.newest_lock, cx.path.cur.newest_lock_of) = previous;
    Ok(())
}

/// Saves interrupt flags (6.14): an entry of the list, which must be restored in reverse order.
pub(crate) fn hold_irq_flags(cx: &mut Cx, insn_idx: usize) -> u32 {
    let id = cx.new_id();
    push_ref(cx, RefKind::Irq, insn_idx, id, 0);
    cx.path.cur.newest_irq_flags = id;
    id
}

/// Restores interrupt flags (6.14); `Ok(false)` when another one was saved later.
pub(crate) fn end_irq_flags(cx: &mut Cx, id: u32) -> Res<bool> {
    if id != cx.path.cur.newest_irq_flags {
        return Ok(false);
    }
    let mut previous = 0;
    let mut found = None;
    for (i, r) in cx.path.cur.refs.iter().enumerate() {
        if r.kind != RefKind::Irq {
            continue;
        }
        if r.id == id {
            found = Some(i);
            break;
        }
        previous = r.id;
    }
    let Some(i) = found else { return Err(Stop::silent(Errno::EINVAL)) };
    remove_ref(cx, i);
    cx.path.cur.newest_irq_flags = previous;
    leave_atomic_section(cx);
    Ok(true)
}

/// Identity of the lock that is held, if any: opaque object and register id.
pub(crate) fn held_lock(cx: &Cx) -> Option<(u64, u32)> {
    if cx.program.kernel.features.locks_are_refs {
        (cx.path.cur.locks_held != 0).then_some((cx.path.cur.newest_lock_of, cx.path.cur.newest_lock))
    } else {
        let l = cx.path.cur.held_lock;
        (l.ptr != 0).then_some((l.ptr, l.id))
    }
}

/// Whether a spin lock is held.
pub(crate) fn lock_held(cx: &Cx) -> bool {
    held_lock(cx).is_some()
}

/// The code being checked may sleep.
pub(crate) fn may_sleep_here(cx: &Cx) -> bool {
    cx.program.sleepable || cx.path.cur.may_sleep_here
}

/// Objects protected by RCU are valid here.
pub(crate) fn in_rcu_section(cx: &Cx) -> bool {
    let st = &cx.path.cur;
    let atomic = st.preempt_off_depth != 0 || st.newest_irq_flags != 0;
    st.rcu_depth != 0
        || lock_held(cx)
        || !may_sleep_here(cx)
        || atomic && cx.program.kernel.features.every_atomic_section_is_rcu
}

/// A section ended that protected as RCU does, perhaps within another.
pub(crate) fn leave_atomic_section(cx: &mut Cx) {
    if cx.program.kernel.features.every_atomic_section_is_rcu && !in_rcu_section(cx) {
        leave_rcu(cx);
    }
}

/// What RCU protected may be stale from here on; iterators count too.
pub(crate) fn leave_rcu(cx: &mut Cx) {
    let borrowed = if cx.program.kernel.features.every_atomic_section_is_rcu {
        TypeFlags::NON_OWN_REF | TypeFlags::ALLOC
    } else {
        TypeFlags::empty()
    };
    let outdate = |ty: &mut RegType| {
        if ty.has(TypeFlags::RCU) {
            *ty = ty.minus(TypeFlags::RCU | TypeFlags::MAYBE_NULL | borrowed).plus(TypeFlags::UNTRUSTED);
        }
    };
    cx.path.cur.for_each_reg_mut(|reg| outdate(&mut reg.ty));
    for n in 0..cx.path.cur.frames.len() {
        let is_rcu_iter = |s: &crate::state::Slot| s.kind[7] == SlotKind::Iter && s.spilled.has(TypeFlags::RCU);
        let iterators = cx.path.cur.frames[n].stack.which(is_rcu_iter);
        if iterators != 0 {
            cx.path.cur.frame_at_mut(n).stack.edit(iterators, |slot| outdate(&mut slot.spilled.ty));
        }
    }
}

/// Reports every reference still held where a path ends.
pub(crate) fn nothing_acquired_is_left(cx: &mut Cx, exception_exit: bool) -> Res {
    let (frame_number, in_callback) = (cx.path.cur.frame().frame_number, cx.path.cur.frame().is_callback);
    let by_callback = cx.program.kernel.features.callback_refs;
    // Only the outermost frame answers for references, and (up to 6.13) callbacks for their own.
    if !exception_exit && frame_number != 0 && !(by_callback && in_callback) {
        return Ok(());
    }
    // An operation of the kernel may hand a reference back to it.
    let returned =
        if cx.program.kernel.features.struct_ops_refs && cx.program.prog_type == ProgType::StructOps && !exception_exit
        {
            cx.reg(0).ref_obj_id
        } else {
            0
        };
    let mut stop: Option<Stop> = None;
    for r in cx.path.cur.refs.clone().iter() {
        if r.kind != RefKind::Ptr || r.id == returned {
            continue;
        }
        if by_callback && !exception_exit && in_callback && r.callback_ref != frame_number {
            continue;
        }
        let msg = LifetimeMsg::UnreleasedReference { id: r.id, insn: r.insn_idx };
        stop = Some(match stop {
            None => cx.reject(msg, Errno::EINVAL),
            Some(s) => cx.also(s, msg),
        });
    }
    stop.map_or(Ok(()), Err)
}

/// What `prefix` says in 6.12 when references are held: the wording differs by place.
fn leak_row(prefix: &str) -> LifetimeMsg {
    if prefix.starts_with("BPF_LD_") {
        LifetimeMsg::LdAbsWithReferences {}
    } else {
        LifetimeMsg::WouldLeak { what: prefix.to_string() }
    }
}

/// Nothing may be held where a path ends or leaves for another program: references, locks, RCU and preemption sections.
///
/// `prefix` names the instruction (`tail_call`, `BPF_LD_[ABS|IND]`, `BPF_EXIT instruction in main prog`, `bpf_throw`);
/// `check_lock` is false where only references count (exit of a nested function).
pub(crate) fn nothing_held_is_left(cx: &mut Cx, exception_exit: bool, check_lock: bool, prefix: &str) -> Res {
    let what = || prefix.to_string();
    if !cx.program.kernel.features.locks_are_refs {
        return check_resource_leak_6_12(cx, exception_exit, check_lock, prefix);
    }
    if check_lock && cx.path.cur.locks_held != 0 {
        return Err(cx.reject(LifetimeMsg::InsideSpinLock { what: what() }, Errno::EINVAL));
    }
    nothing_acquired_is_left(cx, exception_exit).map_err(|s| cx.also(s, LifetimeMsg::WouldLeak { what: what() }))?;
    if check_lock && cx.path.cur.newest_irq_flags != 0 {
        return Err(cx.reject(LifetimeMsg::InsideIrqSave { what: what() }, Errno::EINVAL));
    }
    if check_lock && cx.path.cur.rcu_depth != 0 {
        return Err(cx.reject(LifetimeMsg::InsideRcuLock { what: what() }, Errno::EINVAL));
    }
    if check_lock && cx.path.cur.preempt_off_depth != 0 {
        return Err(cx.reject(LifetimeMsg::InsidePreemptDisable { what: what() }, Errno::EINVAL));
    }
    Ok(())
}

fn check_resource_leak_6_12(cx: &mut Cx, exception_exit: bool, check_lock: bool, prefix: &str) -> Res {
    let what = || prefix.to_string();
    let (lock, rcu, preempt) = (lock_held(cx), cx.path.cur.rcu_depth != 0, cx.path.cur.preempt_off_depth);
    if prefix.starts_with("BPF_EXIT") || exception_exit {
        if check_lock && lock {
            let msg = if exception_exit {
                LifetimeMsg::InsideSpinLock { what: what() }
            } else {
                LifetimeMsg::SpinUnlockMissing {}
            };
            return Err(cx.reject(msg, Errno::EINVAL));
        }
        if check_lock && rcu {
            let msg = if exception_exit {
                LifetimeMsg::InsideRcuLock { what: what() }
            } else {
                LifetimeMsg::RcuUnlockMissing {}
            };
            return Err(cx.reject(msg, Errno::EINVAL));
        }
        if check_lock && preempt != 0 {
            let msg = if exception_exit {
                LifetimeMsg::InsidePreemptDisable { what: what() }
            } else {
                LifetimeMsg::PreemptEnableMissing { n: preempt }
            };
            return Err(cx.reject(msg, Errno::EINVAL));
        }
        return nothing_acquired_is_left(cx, exception_exit);
    }
    // BPF_LD_[ABS|IND] reports references before locks, tail calls the other way round.
    let refs_first = prefix.starts_with("BPF_LD_");
    if refs_first {
        nothing_acquired_is_left(cx, false).map_err(|s| cx.also(s, leak_row(prefix)))?;
    }
    if check_lock && lock {
        return Err(cx.reject(LifetimeMsg::InsideSpinLock { what: what() }, Errno::EINVAL));
    }
    if !refs_first {
        nothing_acquired_is_left(cx, false).map_err(|s| cx.also(s, leak_row(prefix)))?;
    }
    if check_lock && rcu {
        return Err(cx.reject(LifetimeMsg::InsideRcuLock { what: what() }, Errno::EINVAL));
    }
    if check_lock && preempt != 0 {
        return Err(cx.reject(LifetimeMsg::InsidePreemptDisable { what: what() }, Errno::EINVAL));
    }
    Ok(())
}

/// Borrowed pointers to graph nodes end with the lock that protects them.
pub(crate) fn forget_borrowed_nodes(cx: &mut Cx) {
    invalidate_regs(cx, |reg| reg.has(TypeFlags::NON_OWN_REF));
}

/// What a borrowed pointer becomes: it may be read and written while the lock is held, and a refcounted one outlives
/// the lock under RCU.
pub(crate) fn set_borrowed(cx: &mut Cx, reg: &mut RegState) -> Res {
    if !lock_held(cx) {
        return Err(cx.kernel_bug("non-owning reference without a lock"));
    }
    if reg.has(TypeFlags::NON_OWN_REF) {
        return Err(cx.kernel_bug("reference is non-owning already"));
    }
    let refcounted = reg
        .btf()
        .is_some_and(|(btf, id)| cx.program.struct_meta(btf, id).is_some_and(|rec| rec.has(FieldKind::REFCOUNT)));
    reg.ty = reg.ty.plus(TypeFlags::NON_OWN_REF);
    if refcounted {
        reg.ty = reg.ty.plus(TypeFlags::RCU);
    }
    Ok(())
}

/// The program gave an object away to a list or tree: its pointers stay usable, borrowed, while the lock is held.
pub(crate) fn lend_node(cx: &mut Cx, ref_obj_id: u32) -> Res {
    if ref_obj_id == 0 {
        return Err(cx.kernel_bug("owning reference without an id"));
    }
    if !has_reference(cx, ref_obj_id) {
        return Err(cx.kernel_bug("owning reference is not in the list"));
    }
    // Which registers change depends on their types only, so ask before writing: the callback cannot look at `cx`.
    let mut owners: Vec<(RegState, RegState)> = Vec::new();
    let mut sample: Vec<RegState> = Vec::new();
    cx.path.cur.for_each_reg_mut(|reg| {
        if reg.ref_obj_id == ref_obj_id && !sample.contains(reg) {
            sample.push(*reg);
        }
    });
    for old in sample {
        let mut new = old;
        new.ref_obj_id = 0;
        if cx.program.kernel.features.lent_nodes_lose_ids {
            new.id = 0;
        }
        // The kernel ignores this function's failures here.
        let _ = set_borrowed(cx, &mut new);
        owners.push((old, new));
    }
    cx.path.cur.for_each_reg_mut(|reg| {
        if let Some((_, new)) = owners.iter().find(|(old, _)| old == reg) {
            *reg = *new;
        }
    });
    Ok(())
}

/// Packet data may have moved: packet pointers are invalid, and so are slices of dynptrs over packets.
pub(crate) fn forget_packet_pointers(cx: &mut Cx<'_>) {
    const SLICES: TypeFlags = TypeFlags::DYNPTR_SKB.union(TypeFlags::DYNPTR_XDP).union(TypeFlags::DYNPTR_SKB_META);
    invalidate_regs(cx, |r| is_packet_or_end(r) || (r.ty.base == RegBase::PtrToMem && r.has(SLICES)));
}
