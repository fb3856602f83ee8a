//! A call of a kernel function: where it may stand, what it releases, what it returns.
//!
//! Answers for `check_kfunc_call()`.
//!
//! In the kernel: `BPF_GLOBAL_PERCPU_MA_MAX_SIZE`, `bpf_res_spin_lock()`, `bpf_res_spin_lock_irqsave()`,
//! `mark_btf_func_reg_size()`, `is_rbtree_node_type()`, `is_list_node_type()`, `check_special_kfunc()`.

use std::sync::Arc;

use super::args::kfunc_arguments;
use super::btf_arg::{is_scalar, is_scalar_struct, is_struct};
use super::{KfuncMeta, Special, graph, kfunc_called};
use crate::analysis::asks::Fork;
use crate::analysis::call::returns::result_in_range;
use crate::analysis::call::{Callback, errno_as, fork_callback};
use crate::analysis::iter::{fork_iteration, iter_of_state};
use crate::analysis::liveness::{Place, register_is_read};
use crate::analysis::objects::{has_lock, in_tree_callback};
use crate::analysis::regs::{bring_in_step, set_known_zero, set_uninit, set_unknown};
use crate::analysis::{Cx, dynptr, refs};
use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::{Errno, KfuncMsg, Res};
use crate::isa::Insn;
use crate::kernel::prog_types::policy::{DirectAccess, may_touch_packets};
use crate::state::register::live;
use crate::state::{BtfRef, DynptrKind, Payload, RegBase, RegState, RegType, TypeFlags};

/// Largest per-CPU object.
const PERCPU_MAX: u32 = 512;

/// What a call does to the sections the program is in.
#[derive(Clone, Copy)]
struct Sections {
    sleepable: bool,
    rcu_lock: bool,
    rcu_unlock: bool,
    preempt_disable: bool,
    preempt_enable: bool,
}

/// Checks a call of a kernel function and performs its effect on the state.
pub(crate) fn kfunc_call(cx: &mut Cx, insn: Insn, insn_idx: &mut usize) -> Res {
    // An unresolved call is only an error if it is still there when dead code is gone.
    if insn.imm == 0 {
        return Ok(());
    }
    let at = *insn_idx;
    let mut meta = kfunc_called(cx, insn)?;
    let name = meta.name();
    let id = meta.desc.func_id;
    cx.learned.aux[at].is_next_call = meta.flags.is_next_call();
    if is_res_lock(&meta) {
        queue_failed_lock(cx, at)?;
    } else if meta.is(Special::Trap) {
        return Err(cx.reject(KfuncMsg::Trap {}, Errno::EFAULT));
    }
    if meta.flags.is_destructive() && !cx.program.caps.may_reboot {
        return Err(cx.reject(KfuncMsg::Destructive {}, Errno::EACCES));
    }
    let sleepable = meta.flags.is_sleepable();
    let by_kind = cx.program.kernel.features.kfunc_args_by_kind;
    if by_kind && sleepable && !refs::may_sleep_here(cx) {
        return Err(cx.reject(KfuncMsg::NotSleepable { name }, Errno::EACCES));
    }
    let arguments = kfunc_arguments(cx, &mut meta, at);
    // Before 6.2, whatever is wrong with an argument is one error, and who may sleep is asked last.
    arguments.map_err(|s| if by_kind { s } else { errno_as(s, Errno::EINVAL) })?;
    if !by_kind && sleepable && !refs::may_sleep_here(cx) {
        return Err(cx.reject(KfuncMsg::NotSleepable { name }, Errno::EINVAL));
    }
    if let Some(callback) = callback_of(&meta) {
        fork_callback(cx, insn, at, meta.subprog, callback)
            .map_err(|s| cx.also(s, KfuncMsg::CallbackFailed { name: name.clone(), id }))?;
    }
    if meta.is(Special::SessionCookie) {
        meta.r0_size = 8;
        meta.r0_rdonly = false;
    }
    check_sections(
        cx,
        &name,
        Sections {
            sleepable,
            rcu_lock: meta.is(Special::RcuReadLock),
            rcu_unlock: meta.is(Special::RcuReadUnlock),
            preempt_disable: meta.is(Special::PreemptDisable),
            preempt_enable: meta.is(Special::PreemptEnable),
        },
    )?;
    if cx.program.kernel.features.kfunc_rcu_protected && meta.flags.is_rcu_protected() && !refs::in_rcu_section(cx) {
        return Err(cx.reject(KfuncMsg::NeedsRcu { name }, Errno::EACCES));
    }
    if let Some(reg) = meta.dynptr_ended {
        dynptr::end_dynptr(cx, &reg)?;
    }
    if meta.release_regno != 0 {
        let ref_obj_id = cx.reg(meta.release_regno).ref_obj_id;
        refs::end_reference(cx, ref_obj_id)
            .map_err(|s| cx.also(s, KfuncMsg::NotAcquired { name: name.clone(), id }))?;
    }
    if meta.desc.special.is_some_and(Special::is_push) {
        let ref_obj_id = cx.reg(2).ref_obj_id;
        cx.learned.aux[at].struct_meta = meta.arg_btf;
        refs::lend_node(cx, ref_obj_id)?;
        refs::end_reference(cx, ref_obj_id)
            .map_err(|s| cx.also(s, KfuncMsg::NotAcquired { name: name.clone(), id }))?;
    }
    if meta.is(Special::Throw) {
        cx.learned.may_throw_somewhere = true;
        if cx.program.exception_function == 0 {
            result_in_range(cx, 1, "R1")?;
        }
    }
    for regno in 0..=5 {
        set_uninit(cx, regno);
    }
    let btf = Arc::clone(cx.program.btf(meta.desc.btf));
    set_result(cx, &mut meta, &btf, at)?;
    if meta.is(Special::XdpPullData) {
        refs::forget_packet_pointers(cx);
    }
    let desc = std::rc::Rc::clone(&meta.desc);
    for (i, p) in desc.params.iter().enumerate() {
        let size = match btf.skip_modifiers(p.type_id) {
            Some(t) if t.kind != BtfKind::Ptr => t.size_or_type,
            _ => 8,
        };
        mark_argument_read(cx, i as u8 + 1, size)?;
    }
    if meta.flags.is_next_call() {
        fork_iteration(cx, at, &meta)?;
    }
    Ok(())
}

/// Takes a lock that can fail.
fn is_res_lock(meta: &KfuncMeta) -> bool {
    meta.is(Special::ResSpinLock) || meta.is(Special::ResSpinLockIrqsave)
}

/// Queues the path on which a lock was not taken: R0 is an error number, and nothing is held.
fn queue_failed_lock(cx: &mut Cx, at: usize) -> Res {
    cx.path.fork(at + 1, at, Fork::Jump);
    let precise = !cx.program.caps.has_cap_bpf;
    let mut r0 = RegState::unknown();
    r0.scalar.smin = -4095;
    r0.scalar.smax = -1;
    r0.scalar.s32_min = -4095;
    r0.scalar.s32_max = -1;
    bring_in_step(cx, &mut r0);
    let branch = cx.path.forked_mut();
    for regno in 0..=5 {
        refs::clear_reg(branch.reg_mut(regno), precise);
    }
    let reg = branch.reg_mut(0);
    reg.set(r0);
    reg.precise = precise;
    reg.live |= live::WRITTEN;
    Ok(())
}

/// The callback that a call passes on, if it passes one.
fn callback_of(meta: &KfuncMeta) -> Option<Callback> {
    match meta.desc.special? {
        Special::RbtreeAdd => Some(Callback::RbtreeAdd),
        Special::WqSetCallback => Some(Callback::Timer),
        Special::TaskWorkSignal | Special::TaskWorkResume => Some(Callback::TaskWork),
        _ => None,
    }
}

/// Enters and leaves RCU and preemption sections; nothing that sleeps may be called in one.
fn check_sections(cx: &mut Cx, name: &str, s: Sections) -> Res {
    let name = || name.to_string();
    let nests = cx.program.kernel.features.rcu_nests;
    if cx.path.cur.rcu_depth != 0 {
        if in_tree_callback(cx) && (s.rcu_lock || s.rcu_unlock) {
            return Err(cx.reject(KfuncMsg::RcuInCallback {}, Errno::EACCES));
        }
        if s.rcu_lock && nests {
            cx.path.cur.rcu_depth += 1;
        } else if s.rcu_lock {
            return Err(cx.reject(KfuncMsg::RcuNested { name: name() }, Errno::EINVAL));
        }
        if s.rcu_unlock {
            cx.path.cur.rcu_depth -= 1;
            if !(cx.program.kernel.features.implied_rcu_survives_unlock && refs::in_rcu_section(cx))
                && cx.path.cur.rcu_depth == 0
            {
                refs::leave_rcu(cx);
            }
        } else if s.sleepable {
            return Err(cx.reject(KfuncMsg::SleepableInRcu { name: name() }, Errno::EACCES));
        }
    } else if s.rcu_lock {
        cx.path.cur.rcu_depth = 1;
    } else if s.rcu_unlock {
        return Err(cx.reject(KfuncMsg::RcuUnmatched { name: name() }, Errno::EINVAL));
    }
    if cx.path.cur.preempt_off_depth != 0 {
        if s.preempt_disable {
            cx.path.cur.preempt_off_depth += 1;
        } else if s.preempt_enable {
            cx.path.cur.preempt_off_depth -= 1;
            refs::leave_atomic_section(cx);
        } else if s.sleepable {
            return Err(cx.reject(KfuncMsg::SleepableInPreempt { name: name() }, Errno::EACCES));
        }
    } else if s.preempt_disable {
        cx.path.cur.preempt_off_depth += 1;
    } else if s.preempt_enable {
        return Err(cx.reject(KfuncMsg::PreemptUnmatched { name: name() }, Errno::EINVAL));
    }
    if cx.path.cur.newest_irq_flags != 0 && s.sleepable {
        return Err(cx.reject(KfuncMsg::SleepableInIrq { name: name() }, Errno::EACCES));
    }
    Ok(())
}

/// The result register is written.
fn mark_result_written(cx: &mut Cx) {
    cx.reg_mut(0).live |= live::WRITTEN;
}

/// An argument register is read.
fn mark_argument_read(cx: &mut Cx, regno: u8, size: u32) -> Res {
    let frame = cx.path.cur.top_frame();
    if size == 8 {
        register_is_read(cx, frame, Place::Reg(regno), live::READ64)
    } else {
        register_is_read(cx, frame, Place::Reg(regno), live::READ32)
    }
}

/// Makes R0 a pointer of this type, with offset zero.
fn set_pointer(cx: &mut Cx, ty: RegType, payload: Payload) {
    set_known_zero(cx, 0);
    let r0 = cx.reg_mut(0);
    r0.ty = ty;
    r0.payload = payload;
}

/// Sets R0 to what the function returns.
fn set_result(cx: &mut Cx, meta: &mut KfuncMeta, btf: &Arc<Btf>, at: usize) -> Res {
    let desc = std::rc::Rc::clone(&meta.desc);
    let Some(ret) = btf.skip_modifiers(desc.ret) else { return Err(cx.broken("return type does not exist")) };
    let target = if ret.kind == BtfKind::Ptr { btf.skip_modifiers(ret.size_or_type) } else { None };
    if meta.flags.is_acquire()
        && !target.is_some_and(|t| is_struct(t.kind))
        && !matches!(desc.special, Some(Special::ObjNew | Special::PercpuObjNew | Special::RefcountAcquire))
    {
        return Err(cx.reject(KfuncMsg::AcquireType {}, Errno::EINVAL));
    }
    if is_scalar(ret.kind) {
        set_unknown(cx, 0);
        if is_res_lock(meta) {
            // The path on which it fails was queued before.
            let precise = cx.reg(0).precise;
            refs::null_reg(cx.reg_mut(0), precise);
        }
        mark_result_written(cx);
        return Ok(());
    }
    let Some(target) = target else {
        if ret.kind == BtfKind::Void && matches!(desc.special, Some(Special::ObjDrop | Special::PercpuObjDrop)) {
            cx.learned.aux[at].struct_meta = meta.arg_btf;
        }
        return Ok(());
    };
    if !set_special_result(cx, meta, btf, at)? {
        set_plain_result(cx, meta, btf, target)?;
    }
    // An owning reference can always be duplicated.
    let ret_null = meta.flags.is_ret_null() && !(meta.is(Special::RefcountAcquire) && meta.arg_owning_ref);
    if ret_null {
        let id = cx.new_id();
        let r0 = cx.reg_mut(0);
        r0.ty = r0.ty.plus(TypeFlags::MAYBE_NULL);
        r0.id = id;
    }
    mark_result_written(cx);
    if meta.flags.is_acquire() {
        let id = refs::hold_reference(cx, at)?;
        let r0 = cx.reg_mut(0);
        if ret_null {
            r0.id = id;
        }
        r0.ref_obj_id = id;
    } else if returns_borrowed_node(meta) {
        let mut r0 = *cx.reg(0);
        // The kernel ignores this function's failures here.
        if refs::set_borrowed(cx, &mut r0).is_ok() {
            *cx.reg_mut(0) = r0;
        }
    }
    let r0 = *cx.reg(0);
    if r0.id == 0 && has_lock(cx.program, &r0) {
        let id = cx.new_id();
        cx.reg_mut(0).id = id;
    }
    Ok(())
}

/// The function shows a node that stays in its list or tree.
fn returns_borrowed_node(meta: &KfuncMeta) -> bool {
    use Special::{ListBack, ListFront, RbtreeFirst, RbtreeLeft, RbtreeRight, RbtreeRoot};
    matches!(meta.desc.special, Some(RbtreeFirst | RbtreeRoot | RbtreeLeft | RbtreeRight | ListFront | ListBack))
}

/// Sets R0 where an argument decides the result; `false` for functions of which the prototype tells all.
fn set_special_result(cx: &mut Cx, meta: &mut KfuncMeta, btf: &Arc<Btf>, at: usize) -> Res<bool> {
    let alloc = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
    let Some(special) = meta.desc.special else { return Ok(false) };
    match special {
        Special::ObjNew | Special::PercpuObjNew => new_object(cx, meta, at)?,
        Special::RefcountAcquire => {
            let Some((btf, id)) = meta.arg_btf else { return Err(cx.kernel_bug("refcounted object without a type")) };
            set_pointer(cx, alloc, Payload::Btf { btf, id });
            cx.learned.aux[at].struct_meta = meta.arg_btf;
        }
        _ if special.is_list() || special.is_rbtree() => {
            let root = if special.is_list() { &meta.list_head } else { &meta.rbtree_root };
            let Some((root_btf, field)) = root.clone() else { return Err(cx.broken("graph call without a root")) };
            graph::set_graph_node(cx.reg_mut(0), root_btf, &field);
        }
        Special::CastToKernCtx => {
            let payload = Payload::Btf { btf: meta.desc.btf, id: meta.ret_btf_id };
            set_pointer(cx, RegType::with(RegBase::PtrToBtfId, TypeFlags::TRUSTED), payload);
        }
        Special::RdonlyCast => rdonly_cast(cx, meta, btf)?,
        Special::DynptrSlice | Special::DynptrSliceRdwr => dynptr_slice(cx, meta, special)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn rdonly_cast(cx: &mut Cx, meta: &KfuncMeta, btf: &Arc<Btf>) -> Res {
    let value = meta.constant.unwrap_or(0);
    let newer = cx.program.kernel.features.rdonly_cast_void;
    // The kernel looks the number up as 32 bits wide, and keeps it so.
    let id = value as TypeId;
    match btf.ty(id) {
        None if newer => Err(cx.reject(KfuncMsg::RdonlyCastUnknown { id: value }, Errno::EINVAL)),
        Some(t) if is_struct(t.kind) => {
            let payload = Payload::Btf { btf: meta.desc.btf, id };
            set_pointer(cx, RegType::with(RegBase::PtrToBtfId, TypeFlags::UNTRUSTED), payload);
            Ok(())
        }
        Some(t) if newer && t.kind == BtfKind::Void => {
            let flags = TypeFlags::RDONLY | TypeFlags::UNTRUSTED;
            set_pointer(cx, RegType::with(RegBase::PtrToMem, flags), Payload::Mem { size: 0, dynptr_id: 0 });
            Ok(())
        }
        _ => Err(cx.reject(KfuncMsg::RdonlyCastType {}, Errno::EINVAL)),
    }
}

fn dynptr_slice(cx: &mut Cx, meta: &KfuncMeta, special: Special) -> Res {
    let (kind, id, _) = meta.dynptr.unwrap_or((DynptrKind::Invalid, 0, 0));
    let Some(size) = meta.constant else { return Err(cx.kernel_bug("slice of a dynptr without a constant size")) };
    let mut ty = RegType::with(RegBase::PtrToMem, dynptr::flags_of_kind(kind));
    set_known_zero(cx, 0);
    if special == Special::DynptrSlice {
        ty = ty.plus(TypeFlags::RDONLY);
    } else {
        match may_touch_packets(cx.program.resolved_prog_type(), true, None) {
            DirectAccess::Denied => return Err(cx.reject(KfuncMsg::NoPacketWrites {}, Errno::EINVAL)),
            DirectAccess::Allowed { writes_directly } => cx.learned.writes_directly |= writes_directly,
        }
    }
    if id == 0 {
        return Err(cx.kernel_bug("slice of a dynptr without an id"));
    }
    set_pointer(cx, ty, Payload::Mem { size: size as u32, dynptr_id: id });
    Ok(())
}

/// `bpf_obj_new()` and `bpf_percpu_obj_new()`: the constant argument is a type of the program's own BTF.
fn new_object(cx: &mut Cx, meta: &KfuncMeta, at: usize) -> Res {
    let percpu = meta.is(Special::PercpuObjNew);
    let value = meta.constant.unwrap_or(0);
    let Ok(id) = TypeId::try_from(value) else {
        return Err(cx.reject(KfuncMsg::LocalTypeRange {}, Errno::EINVAL));
    };
    if cx.program.req.btf.is_none() {
        return Err(cx.reject(KfuncMsg::NeedsProgBtf {}, Errno::EINVAL));
    }
    let btf = Arc::clone(cx.program.btf(BtfRef::PROG));
    let Some(t) = btf.ty(id).filter(|t| t.kind == BtfKind::Struct) else {
        return Err(cx.reject(KfuncMsg::ObjNewType {}, Errno::EINVAL));
    };
    let size = t.size_or_type;
    if percpu && size > PERCPU_MAX {
        return Err(cx.reject(KfuncMsg::PercpuSize { size, max: PERCPU_MAX }, Errno::EINVAL));
    }
    let has_fields = cx.program.struct_meta(BtfRef::PROG, id).is_some();
    if percpu {
        if !is_scalar_struct(cx, &btf, t, 0) {
            return Err(cx.reject(KfuncMsg::PercpuScalars {}, Errno::EINVAL));
        }
        if has_fields {
            return Err(cx.reject(KfuncMsg::PercpuFields {}, Errno::EINVAL));
        }
    }
    let mut ty = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
    if percpu {
        ty = ty.plus(TypeFlags::PERCPU);
    }
    set_pointer(cx, ty, Payload::Btf { btf: BtfRef::PROG, id });
    cx.learned.aux[at].struct_meta = has_fields.then_some((BtfRef::PROG, id));
    Ok(())
}

/// Sets R0 by the prototype alone.
fn set_plain_result(cx: &mut Cx, meta: &mut KfuncMeta, btf: &Arc<Btf>, target: Type<'_>) -> Res {
    if target.kind == BtfKind::Void {
        set_unknown(cx, 0);
        return Ok(());
    }
    if target.kind == BtfKind::Struct {
        let mut ty = RegType::of(RegBase::PtrToBtfId);
        let newer = cx.program.kernel.features.kfunc_rcu_protected;
        if meta.is(Special::GetKmemCache) {
            ty = ty.plus(TypeFlags::UNTRUSTED);
        } else if newer && meta.flags.is_rcu_protected() {
            ty = ty.plus(TypeFlags::RCU);
        }
        if meta.flags.is_next_call() {
            let under_rcu = iter_of_state(&mut cx.path.cur, meta.iter).is_some_and(|r| r.has(TypeFlags::RCU));
            ty = ty.plus(if under_rcu { TypeFlags::RCU } else { TypeFlags::TRUSTED });
        }
        if cx.program.kernel.features.acquired_is_trusted && meta.flags.is_acquire() {
            ty = ty.plus(TypeFlags::TRUSTED);
        }
        set_pointer(cx, ty, Payload::Btf { btf: meta.desc.btf, id: target.id });
        return Ok(());
    }
    if meta.r0_size == 0
        && let Some(size) = btf.resolve_size(target.id)
    {
        meta.r0_size = u64::from(size);
        meta.r0_rdonly = true;
    }
    if meta.r0_size == 0 {
        let msg =
            KfuncMsg::ReturnType { name: meta.name(), kind: target.kind.log_word(), tname: target.name().to_string() };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    let mut ty = RegType::of(RegBase::PtrToMem);
    if meta.r0_rdonly {
        ty = ty.plus(TypeFlags::RDONLY);
    }
    if cx.program.kernel.features.rcu_memory_returned && meta.flags.is_rcu_protected() {
        ty = ty.plus(TypeFlags::RCU);
    }
    set_pointer(cx, ty, Payload::Mem { size: meta.r0_size as u32, dynptr_id: 0 });
    if meta.ref_obj_id != 0 {
        cx.reg_mut(0).ref_obj_id = meta.ref_obj_id;
    }
    Ok(())
}
