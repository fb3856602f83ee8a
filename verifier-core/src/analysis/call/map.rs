//! Maps as arguments, and special fields inside of map values and objects: locks, timers, workqueues, kptrs.
//!
//! Answers for `record_func_map()`, `record_func_key()`, `check_map_func_compatibility()`, `process_spin_lock()`,
//! `process_timer_func()`, `process_wq_func()`, `process_task_work_func()` and `process_kptr_func()`.
//!
//! In the kernel: `check_map_field_pointer()`, `BPF_F_RDONLY_PROG`.

use super::helper_name;
use super::meta::{CallMeta, MapArg};
use crate::analysis::Cx;
use crate::analysis::learned::MapKeyState;
use crate::analysis::objects::{lock_identity, record_of};
use crate::analysis::refs;
use crate::analysis::regs::need_exactly;
use crate::btf::BtfKind;
use crate::error::{CallMsg, Errno, Res};
use crate::kernel::call::{RegBase, TypeFlags};
use crate::kernel::helpers::id;
use crate::kernel::map_types::{MapFunc, map_takes_helper};
use crate::kernel::{MapType, Reworded};
use crate::program::record::{FieldKind, Record, record_find};
use crate::state::verifier::ActiveLock;
use crate::state::{MapIdx, Payload, RefKind, RegState};

/// Which lock operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LockOp {
    /// Takes the lock; otherwise releases it.
    pub lock: bool,
    /// `bpf_res_spin_lock` (6.15).
    pub res: bool,
    /// Saves or restores interrupts too (6.15).
    pub irq: bool,
}

/// Type of a map by its number.
pub(crate) fn map_type(cx: &Cx<'_>, map: MapIdx) -> Option<MapType> {
    MapType::from_number(cx.program.map(map).spec.map_type)
}

/// Name of a map as messages show it; templates of inner maps have none.
fn map_name(cx: &Cx<'_>, map: MapIdx) -> String {
    let m = cx.program.map(map);
    if m.is_inner_template { String::new() } else { m.spec.name.clone() }
}

/// Whether a map's value is a data section.
fn value_is_section(cx: &Cx<'_>, map: MapIdx) -> bool {
    let spec = &cx.program.map(map).spec;
    spec.btf.as_ref().and_then(|b| b.ty(spec.btf_value_type_id)).is_some_and(|t| t.kind == BtfKind::Datasec)
}

/// Offset of the only field of a kind; where there is none, the kernel has an error number in its place.
fn field_off(rec: Option<&Record>, kind: FieldKind) -> i64 {
    let missing = -i64::from(Errno::EINVAL as i32);
    rec.and_then(|r| r.fields.iter().find(|f| f.kind == kind)).map_or(missing, |f| i64::from(f.offset))
}

/// Sum of fixed and variable offset, for a register whose variable offset is known.
fn total_off(reg: &RegState) -> i64 {
    (reg.scalar.var_off.value as i64).wrapping_add(i64::from(reg.off))
}

/// Checks and performs a lock operation on the object in register `regno`.
///
/// # Errors
/// Rejects pointers to something else than a lock, and operations out of order.
pub(crate) fn lock_argument(cx: &mut Cx<'_>, regno: u8, op: LockOp) -> Res {
    let reg = *cx.reg(regno);
    let (what, whole) = if op.res { ("bpf_res_spin", "bpf_res_spin_lock") } else { ("bpf_spin", "bpf_spin_lock") };
    if !reg.scalar.var_off.is_const() {
        return Err(cx.reject(CallMsg::FieldVariable { regno, what: whole }, Errno::EINVAL));
    }
    let map = reg.map().filter(|_| reg.ty.is(RegBase::PtrToMapValue));
    if let Some(m) = map
        && cx.program.map(m).btf.is_none()
    {
        let msg = CallMsg::MapNeedsBtf { map: map_name(cx, m), what: whole };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    if let Some(m) = map
        && !cx.program.kernel.features.fields_in_sections
        && value_is_section(cx, m)
    {
        return Err(cx.reject(CallMsg::LockInSection { map: map_name(cx, m) }, Errno::EINVAL));
    }
    let rec = record_of(cx.program, &reg);
    let kind = if op.res { FieldKind::RES_SPIN_LOCK } else { FieldKind::SPIN_LOCK };
    if !rec.as_ref().is_some_and(|r| r.has(kind)) {
        let (of, name) = map.map_or(("local", "kptr".to_string()), |m| ("map", map_name(cx, m)));
        return Err(cx.reject(CallMsg::FieldMissing { of, name, what: whole }, Errno::EINVAL));
    }
    let at = field_off(rec.as_deref(), kind);
    if at != total_off(&reg) {
        let off = total_off(&reg);
        let msg = if cx.program.kernel.style.has(Reworded::FieldsOfMaps) {
            CallMsg::FieldOffset { off, what: whole, at }
        } else {
            CallMsg::LockOffset { off }
        };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    let ptr = lock_identity(&reg);
    if ptr == 0 {
        return Err(cx.broken("lock in nothing"));
    }
    if !cx.program.kernel.features.locks_are_refs {
        let known = reg.id != 0 || cx.program.kernel.features.locks_know_owners;
        let lock = if known { ActiveLock { ptr, id: reg.id } } else { ActiveLock::default() };
        return lock_single(cx, op, what, lock);
    }
    let lock_kind = match (op.res, op.irq) {
        (true, true) => RefKind::ResLockIrq,
        (true, false) => RefKind::ResLock,
        (false, _) => RefKind::Lock,
    };
    if op.lock {
        if cx.path.cur.locks_held != 0 {
            if !op.res && refs::lock_held_as(cx, &[RefKind::Lock], 0, 0).is_some() {
                return Err(cx.reject(CallMsg::SecondLock, Errno::EINVAL));
            }
            if op.res && refs::lock_held_as(cx, &[RefKind::ResLock, RefKind::ResLockIrq], reg.id, ptr).is_some() {
                return Err(cx.reject(CallMsg::LockAgain, Errno::EINVAL));
            }
        }
        let at = cx.path.insn_idx;
        refs::hold_lock(cx, at, lock_kind, reg.id, ptr);
        return Ok(());
    }
    if cx.path.cur.locks_held == 0 {
        return Err(cx.reject(CallMsg::UnlockWithoutLock { what }, Errno::EINVAL));
    }
    if refs::lock_held_as(cx, &[lock_kind], reg.id, ptr).is_none() {
        return Err(cx.reject(CallMsg::UnlockDifferent { what }, Errno::EINVAL));
    }
    if reg.id != cx.path.cur.newest_lock || ptr != cx.path.cur.newest_lock_of {
        return Err(cx.reject(CallMsg::UnlockOrder { what }, Errno::EINVAL));
    }
    refs::end_lock(cx, lock_kind, reg.id, ptr).map_err(|s| cx.also(s, CallMsg::UnlockDifferent { what }))?;
    refs::forget_borrowed_nodes(cx);
    if cx.program.kernel.features.unlocking_ends_rcu && !refs::in_rcu_section(cx) {
        refs::leave_rcu(cx);
    }
    Ok(())
}

/// Releases up to 6.13 know one lock at a time, of one kind. `lock`: nothing where the release cannot tell what it locks.
fn lock_single(cx: &mut Cx<'_>, op: LockOp, what: &'static str, lock: ActiveLock) -> Res {
    let held = cx.path.cur.held_lock;
    if op.lock {
        if held.ptr != 0 {
            return Err(cx.reject(CallMsg::SecondLock, Errno::EINVAL));
        }
        cx.path.cur.held_lock = lock;
        return Ok(());
    }
    if held.ptr == 0 {
        return Err(cx.reject(CallMsg::UnlockWithoutLock { what }, Errno::EINVAL));
    }
    if held != lock {
        return Err(cx.reject(CallMsg::UnlockDifferent { what }, Errno::EINVAL));
    }
    refs::forget_borrowed_nodes(cx);
    cx.path.cur.held_lock = ActiveLock::default();
    Ok(())
}

/// The register must point to exactly this field of a map value.
fn check_map_field(cx: &mut Cx<'_>, regno: u8, kind: FieldKind, what: &'static str) -> Res<MapArg> {
    let reg = *cx.reg(regno);
    if !reg.scalar.var_off.is_const() {
        return Err(cx.reject(CallMsg::FieldVariable { regno, what }, Errno::EINVAL));
    }
    let Payload::Map { map, uid } = reg.payload else { return Err(cx.broken("field pointer outside of a map")) };
    if cx.program.map(map).btf.is_none() {
        let msg = CallMsg::MapNeedsBtf { map: map_name(cx, map), what };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    let rec = cx.program.map(map).record.clone();
    if !rec.as_ref().is_some_and(|r| r.has(kind)) {
        let msg = CallMsg::FieldMissing { of: "map", name: map_name(cx, map), what };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    let at = field_off(rec.as_deref(), kind);
    if at != total_off(&reg) {
        return Err(cx.reject(CallMsg::FieldOffset { off: total_off(&reg), what, at }, Errno::EINVAL));
    }
    Ok(MapArg { map, uid })
}

fn set_map(cx: &mut Cx<'_>, place: &mut Option<MapArg>, map: MapArg) -> Res {
    if place.is_some() {
        return Err(cx.kernel_bug("two maps in one call"));
    }
    *place = Some(map);
    Ok(())
}

/// Checks a timer argument.
///
/// # Errors
/// Rejects pointers to something else than a timer.
pub(crate) fn timer_argument(cx: &mut Cx<'_>, regno: u8, map: &mut Option<MapArg>) -> Res {
    let m = check_map_field(cx, regno, FieldKind::TIMER, "bpf_timer")?;
    set_map(cx, map, m)
}

/// Checks a workqueue argument of a kfunc.
///
/// # Errors
/// Rejects pointers to something else than a workqueue.
pub(crate) fn workqueue_argument(cx: &mut Cx<'_>, regno: u8, map: &mut Option<MapArg>) -> Res {
    if cx.program.kernel.features.wq_checked_like_timers {
        let m = check_map_field(cx, regno, FieldKind::WORKQUEUE, "bpf_wq")?;
        return set_map(cx, map, m);
    }
    let reg = *cx.reg(regno);
    let Payload::Map { map: m, uid } = reg.payload else { return Err(cx.broken("workqueue outside of a map")) };
    let at = field_off(cx.program.map(m).record.as_deref(), FieldKind::WORKQUEUE);
    if at != total_off(&reg) {
        let msg = CallMsg::FieldOffset { off: total_off(&reg), what: "bpf_wq", at };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    *map = Some(MapArg { map: m, uid });
    Ok(())
}

/// Checks a task-work argument of a kfunc (6.18).
///
/// # Errors
/// Rejects pointers to something else than a `struct bpf_task_work`.
pub(crate) fn task_work_argument(cx: &mut Cx<'_>, regno: u8, map: &mut Option<MapArg>) -> Res {
    let m = check_map_field(cx, regno, FieldKind::TASK_WORK, "bpf_task_work")?;
    set_map(cx, map, m)
}

/// Checks the destination of `bpf_kptr_xchg()`.
///
/// # Errors
/// Rejects pointers to something else than a referenced kptr.
pub(crate) fn kptr_argument(cx: &mut Cx<'_>, regno: u8, meta: &mut CallMeta) -> Res {
    let reg = *cx.reg(regno);
    let owner = if reg.ty.base == RegBase::PtrToBtfId && reg.has(TypeFlags::ALLOC) {
        reg.btf().map(|(btf, _)| btf)
    } else {
        let Payload::Map { map, uid: _ } = reg.payload else { return Err(cx.broken("kptr outside of a map")) };
        let Some(btf) = cx.program.map(map).btf else {
            let msg = CallMsg::MapNeedsBtf { map: map_name(cx, map), what: "bpf_kptr_xchg" };
            return Err(cx.reject(msg, Errno::EINVAL));
        };
        meta.map = Some(MapArg { map, uid: meta.map.map_or(0, |m| m.uid) });
        Some(btf)
    };
    let Some(owner) = owner else { return Err(cx.broken("kptr in an object without a type")) };
    if !reg.scalar.var_off.is_const() {
        return Err(cx.reject(CallMsg::FieldVariable { regno, what: "kptr" }, Errno::EINVAL));
    }
    let rec = record_of(cx.program, &reg);
    if !rec.as_ref().is_some_and(|r| r.has(FieldKind::KPTR)) {
        let msg = match reg.map() {
            Some(map) if !cx.program.kernel.style.has(Reworded::FieldsOfMaps) => {
                CallMsg::NoKptrInMap { map: map_name(cx, map) }
            }
            _ => CallMsg::NoKptr { regno },
        };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    let off = total_off(&reg) as u32;
    let Some(field) = record_find(rec.as_deref(), off, FieldKind::KPTR).cloned() else {
        return Err(cx.reject(CallMsg::NotKptr { off }, Errno::EACCES));
    };
    if !matches!(field.kind, FieldKind::KPTR_REF | FieldKind::KPTR_PERCPU) {
        return Err(cx.reject(CallMsg::KptrUnreferenced { off }, Errno::EACCES));
    }
    meta.kptr_field = Some((field, owner));
    Ok(())
}

/// Map flag: programs only read.
const RDONLY_PROG: u32 = 1 << 7;

/// Remembers which map this call uses.
///
/// # Errors
/// Rejects changes of maps that are read-only for programs.
pub(super) fn note_map(cx: &mut Cx<'_>, meta: &CallMeta, insn_idx: usize) -> Res {
    if !matches!(
        meta.func_id,
        id::TAIL_CALL
            | id::MAP_LOOKUP_ELEM
            | id::MAP_UPDATE_ELEM
            | id::MAP_DELETE_ELEM
            | id::MAP_PUSH_ELEM
            | id::MAP_POP_ELEM
            | id::MAP_PEEK_ELEM
            | id::FOR_EACH_MAP_ELEM
            | id::REDIRECT_MAP
            | id::MAP_LOOKUP_PERCPU_ELEM
    ) {
        return Ok(());
    }
    let Some(MapArg { map, .. }) = meta.map else { return Err(cx.kernel_bug("map helper without a map")) };
    let changes =
        matches!(meta.func_id, id::MAP_DELETE_ELEM | id::MAP_UPDATE_ELEM | id::MAP_PUSH_ELEM | id::MAP_POP_ELEM);
    if changes && cx.program.map(map).spec.map_flags & RDONLY_PROG != 0 {
        return Err(cx.reject(CallMsg::MapReadOnly, Errno::EACCES));
    }
    // A map that was created with the right to bypass Spectre mitigations needs none at its uses.
    let unpriv = !cx.program.caps.without_v1_guards;
    let Some(aux) = cx.learned.aux.get_mut(insn_idx) else { return Ok(()) };
    let seen = &mut aux.map_ptr;
    if seen.map != Some(map) {
        seen.poison = seen.map.is_some();
        seen.map = Some(map);
        seen.unpriv |= unpriv;
    }
    Ok(())
}

/// Remembers a constant index of a tail call.
///
/// # Errors
/// Those of the precision walk.
pub(super) fn note_key(cx: &mut Cx<'_>, meta: &CallMeta, insn_idx: usize) -> Res {
    if meta.func_id != id::TAIL_CALL {
        return Ok(());
    }
    let Some(MapArg { map, .. }) = meta.map else { return Err(cx.broken("tail call without a map")) };
    if map_type(cx, map) != Some(MapType::ProgArray) {
        return Err(cx.reject(CallMsg::TailCallMap, Errno::EINVAL));
    }
    let max = u64::from(cx.program.map(map).spec.max_entries);
    let key = match cx.reg(3).const_value() {
        Some(v) if v < max => v as u32,
        _ => {
            if let Some(aux) = cx.learned.aux.get_mut(insn_idx) {
                aux.map_key = MapKeyState::Poison;
            }
            return Ok(());
        }
    };
    need_exactly(cx, 3)?;
    if let Some(aux) = cx.learned.aux.get_mut(insn_idx) {
        aux.map_key = match aux.map_key {
            MapKeyState::Unseen => MapKeyState::Key(key),
            MapKeyState::Key(k) if k == key => MapKeyState::Key(k),
            _ => MapKeyState::Poison,
        };
    }
    Ok(())
}

/// Whether the helper works on maps of this type.
///
/// # Errors
/// Rejects with EINVAL.
pub(super) fn map_and_helper_fit(cx: &mut Cx<'_>, meta: &CallMeta) -> Res {
    let Some(MapArg { map, .. }) = meta.map else { return Ok(()) };
    let number = cx.program.map(map).spec.map_type;
    let Some(kind) = MapType::from_number(number) else { return Err(cx.broken("map of an unknown type")) };
    let verdict = map_takes_helper(
        &cx.program.kernel.features,
        kind,
        meta.func_id,
        cx.program.resolved_prog_type(),
        cx.program.resolved_attach_type(),
    );
    let msg = CallMsg::MapFunc { map_type: number, name: helper_name(meta.func_id), id: meta.func_id };
    match verdict {
        MapFunc::Allowed => Ok(()),
        MapFunc::Refused => Err(cx.reject(msg, Errno::EINVAL)),
        MapFunc::SockmapUpdate => {
            cx.say(CallMsg::SockmapUpdate);
            Err(cx.reject(msg, Errno::EINVAL))
        }
    }
}
