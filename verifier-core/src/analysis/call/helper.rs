//! The call of a helper: may it be called, do the arguments fit, what does it change and return.
//!
//! Answers for `check_helper_call()`.
//!
//! In the kernel: `clear_all_pkt_pointers()`, `do_refine_retval_range()`, `MAX_ERRNO`.

use super::args::{helper_argument, kernel_struct};
use super::helper_name;
use super::map::{map_and_helper_fit, note_key, note_map};
use super::meta::CallMeta;
use super::special::{self, Effects};
use std::rc::Rc;

use crate::analysis::Cx;
use crate::analysis::access::{exchanged_retval, kptr_pointee, memory_access};
use crate::analysis::asks::Fork;
use crate::analysis::dynptr::end_dynptr;
use crate::analysis::preflight::attr::is_gpl_compatible;
use crate::analysis::refs;
use crate::analysis::regs::{
    Access, ArgUse, bring_in_step, known_not_null, no_contradiction, set_known_zero, set_uninit, set_unknown,
    use_register,
};
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::isa::Insn;
use crate::isa::opcode::B;
use crate::kernel::Reworded;
use crate::kernel::call::{ArgBase, FuncProto, RegBase, RegType, RetBase, TypeFlags};
use crate::kernel::helpers::{HelperCaps, HelperQuery, allowed, class, exists, id, prototype};
use crate::program::record::FieldKind;
use crate::state::register::live;
use crate::state::{BtfRef, Payload, RegState};

/// Who asks for a helper: this program.
pub(crate) fn helper_query<'q>(cx: &'q Cx<'_>) -> HelperQuery<'q> {
    let struct_ops = match (cx.program.attach.struct_ops, cx.program.attach.btf) {
        (Some((ty, _)), Some(btf)) => cx.program.btf(btf).type_name(ty),
        _ => "",
    };
    HelperQuery {
        kernel: cx.program.kernel,
        prog_type: cx.program.prog_type,
        resolved: cx.program.resolved_prog_type(),
        attach_type: cx.program.resolved_attach_type(),
        sleepable: cx.program.sleepable,
        caps: HelperCaps {
            bpf: cx.program.caps.has_cap_bpf,
            perfmon: cx.program.caps.pointers_may_leak,
            sys_admin: cx.program.caps.may_reboot,
        },
        attach_name: &cx.program.attach.func_name,
        attaches_to_prog: cx.program.req.attach.prog.is_some(),
        struct_ops,
        member: &cx.program.attach.member_name,
    }
}

/// Checks and performs a helper call.
///
/// # Errors
/// Rejects with the rule that is broken.
pub(crate) fn helper_call(cx: &mut Cx<'_>, insn: Insn, insn_idx: &mut usize) -> Res {
    let idx = *insn_idx;
    let proto = find_proto(cx, insn)?;
    let func = insn.imm as u32;
    let mut meta = CallMeta { func_id: func, pkt_access: proto.pkt_access, ..CallMeta::default() };
    for i in 0..proto.args.len() {
        helper_argument(cx, i, &mut meta, proto, idx)?;
    }
    note_map(cx, &meta, idx)?;
    note_key(cx, &meta, idx)?;
    // Memory that the call fills counts as written byte by byte.
    for off in 0..meta.access_size {
        memory_access(cx, idx, meta.regno, off, B, Access::Write, None, false, false)?;
    }
    release(cx, proto, &meta)?;
    let mut effects = Effects { changes_data: class::moves_packet_data(func), percpu_object: false };
    if func == id::TAIL_CALL && !cx.program.kernel.features.callees_move_packets {
        effects.changes_data = false;
    }
    let depth = cx.path.cur.frames.len();
    special::check(cx, insn, idx, proto, &mut meta, &mut effects)?;
    // A callback that is followed at once waits until its caller has the result.
    let callback = if cx.path.cur.frames.len() > depth { cx.path.cur.frames.pop() } else { None };
    for regno in 0..=5 {
        set_uninit(cx, regno);
        use_register(cx, regno, ArgUse::DstNoMark)?;
    }
    set_result(cx, proto, &meta, &effects)?;
    own_result(cx, &meta, idx)?;
    refine_result(cx, proto, &meta)?;
    map_and_helper_fit(cx, &meta)?;
    special::check_func_ip(cx, func)?;
    if func == id::TAIL_CALL && cx.program.kernel.features.tail_call_exits_frame {
        return tail_call_exit(cx, insn_idx);
    }
    if effects.changes_data {
        refs::forget_packet_pointers(cx);
    }
    if let Some(mut frame) = callback {
        let callee = Rc::make_mut(&mut frame);
        callee.regs[..=5].iter_mut().for_each(|r| r.live |= live::WRITTEN);
        let start = cx.learned.subprogs[callee.function_number as usize].start as usize;
        cx.path.cur.frames.push(frame);
        *insn_idx = start.wrapping_sub(1);
    }
    Ok(())
}

/// Whether the helper exists and may be called here at all.
fn find_proto(cx: &mut Cx<'_>, insn: Insn) -> Res<&'static FuncProto> {
    let func = insn.imm as u32;
    let name = if insn.imm < 0 { "unknown" } else { helper_name(func) };
    if insn.imm < 0 || (func != id::UNSPEC && !exists(cx.program.kernel, func)) {
        return Err(cx.reject(CallMsg::InvalidFunc { name: "unknown".to_string(), id: insn.imm }, Errno::EINVAL));
    }
    let query = helper_query(cx);
    let proto = prototype(&query, func);
    let may = proto.is_some_and(|p| allowed(&query, p));
    let Some(proto) = proto else {
        return Err(cx.reject(CallMsg::CannotUse { name, id: insn.imm }, Errno::EINVAL));
    };
    if proto.can_sleep && !cx.program.sleepable && !cx.program.kernel.style.has(Reworded::MightSleep) {
        return Err(cx.reject(CallMsg::CannotUse { name, id: insn.imm }, Errno::EINVAL));
    }
    if proto.gpl_only && !is_gpl_compatible(&cx.program.req.license) {
        return Err(cx.reject(CallMsg::GplOnly, Errno::EINVAL));
    }
    if !may {
        return Err(cx.reject(CallMsg::NotAllowedInProbe, Errno::EINVAL));
    }
    let walks = cx.program.sleepable && matches!(func, id::GET_STACK | id::GET_TASK_STACK);
    if !(proto.can_sleep || walks && cx.program.kernel.features.stack_walks_sleep) {
        return Ok(proto);
    }
    if !refs::may_sleep_here(cx) {
        return Err(cx.reject(CallMsg::MightSleep { name, id: insn.imm }, Errno::EINVAL));
    }
    if cx.path.cur.rcu_depth != 0 {
        return Err(cx.reject(CallMsg::SleepableInRcu { name, id: insn.imm }, Errno::EINVAL));
    }
    if cx.path.cur.preempt_off_depth != 0 {
        return Err(cx.reject(CallMsg::SleepableInPreempt { name, id: insn.imm }, Errno::EINVAL));
    }
    if cx.path.cur.newest_irq_flags != 0 {
        return Err(cx.reject(CallMsg::SleepableInIrq { name, id: insn.imm }, Errno::EINVAL));
    }
    Ok(proto)
}

/// Gives up what the call releases.
fn release(cx: &mut Cx<'_>, proto: &FuncProto, meta: &CallMeta) -> Res {
    let regno = meta.release_regno;
    let Some(arg) = usize::from(regno).checked_sub(1).map(|i| proto.args[i]) else { return Ok(()) };
    let reg = *cx.reg(regno);
    let result = if arg.base == ArgBase::PtrToDynptr {
        end_dynptr(cx, &reg)
    } else if meta.func_id == id::KPTR_XCHG && meta.ref_obj_id != 0 {
        give_to_map(cx, meta.ref_obj_id)
    } else if meta.ref_obj_id != 0 {
        refs::end_reference(cx, meta.ref_obj_id)
    } else if reg.is_null() {
        Ok(())
    } else {
        Err(Stop::silent(Errno::EINVAL))
    };
    let msg = CallMsg::NotAcquired { name: helper_name(meta.func_id), id: meta.func_id as i32 };
    result.map_err(|s| cx.also(s, msg))
}

/// An object that moves into a kptr is the map's from now on. Per-CPU objects stay readable under RCU.
fn give_to_map(cx: &mut Cx<'_>, ref_obj_id: u32) -> Res {
    let in_rcu = refs::in_rcu_section(cx);
    let (leaks, precise) = (cx.program.caps.pointers_may_leak, !cx.program.caps.has_cap_bpf);
    refs::end_reference_quietly(cx, ref_obj_id)?;
    cx.path.cur.for_each_reg_mut(|reg| {
        if reg.ref_obj_id != ref_obj_id {
            return;
        }
        if in_rcu && reg.ty.flags.contains(TypeFlags::ALLOC.union(TypeFlags::PERCPU)) {
            reg.ref_obj_id = 0;
            reg.ty = reg.ty.minus(TypeFlags::ALLOC).plus(TypeFlags::RCU);
        } else {
            refs::invalidate(reg, leaks, precise);
        }
    });
    Ok(())
}

/// Makes R0 a pointer.
fn set_r0(cx: &mut Cx<'_>, ty: RegType, payload: Payload) {
    set_known_zero(cx, 0);
    let r0 = cx.reg_mut(0);
    r0.ty = ty;
    r0.payload = payload;
}

/// What R0 holds after the call.
fn set_result(cx: &mut Cx<'_>, proto: &FuncProto, meta: &CallMeta, effects: &Effects) -> Res {
    let mut flags = proto.ret.flags;
    match proto.ret.base {
        RetBase::Integer => set_unknown(cx, 0),
        RetBase::Void => cx.reg_mut(0).ty = RegType::of(RegBase::NotInit),
        RetBase::PtrToMapValue => {
            let Some(m) = meta.map else { return Err(cx.broken("map value without a map")) };
            let known = meta.const_map_key.is_some_and(|k| k < u64::from(cx.program.map(m.map).spec.max_entries));
            if meta.func_id == id::MAP_LOOKUP_ELEM && known {
                flags.remove(TypeFlags::MAYBE_NULL);
            }
            set_r0(cx, RegType::with(RegBase::PtrToMapValue, flags), Payload::Map { map: m.map, uid: m.uid });
            // Locks of two elements are told apart by the ids of their pointers.
            let locks = FieldKind::SPIN_LOCK.union(FieldKind::RES_SPIN_LOCK);
            let has_lock = cx.program.map(m.map).record.as_ref().is_some_and(|r| r.has(locks));
            if !flags.contains(TypeFlags::MAYBE_NULL) && has_lock {
                cx.reg_mut(0).id = cx.new_id();
            }
        }
        RetBase::PtrToSocket => set_r0(cx, RegType::with(RegBase::PtrToSocket, flags), Payload::None),
        RetBase::PtrToSockCommon => set_r0(cx, RegType::with(RegBase::PtrToSockCommon, flags), Payload::None),
        RetBase::PtrToTcpSock => set_r0(cx, RegType::with(RegBase::PtrToTcpSock, flags), Payload::None),
        RetBase::PtrToMem => {
            let payload = Payload::Mem { size: meta.mem_size, dynptr_id: 0 };
            set_r0(cx, RegType::with(RegBase::PtrToMem, flags), payload);
        }
        RetBase::PtrToMemOrBtfId => per_cpu_result(cx, flags, meta, effects)?,
        RetBase::PtrToBtfId => {
            let mut ty = RegType::with(RegBase::PtrToBtfId, flags);
            let (btf, id) = if meta.func_id == id::KPTR_XCHG {
                let Some((field, owner)) = meta.kptr_field.clone() else {
                    return Err(cx.kernel_bug("kptr exchange without a field"));
                };
                let target = kptr_pointee(cx, owner, &field)?;
                if !cx.program.is_kernels(target.0) {
                    ty = ty.plus(TypeFlags::ALLOC);
                    if field.kind == FieldKind::KPTR_PERCPU {
                        ty = ty.plus(TypeFlags::PERCPU);
                    }
                }
                target
            } else {
                (BtfRef::VMLINUX, kernel_struct(cx, proto.ret.btf))
            };
            if id == 0 {
                return Err(Stop::unsupported(format!("{} without its type in BTF", proto.name)));
            }
            set_r0(cx, ty, Payload::Btf { btf, id });
        }
    }
    if cx.reg(0).ty.may_be_null() {
        cx.reg_mut(0).id = cx.new_id();
        if proto.ret.base == RetBase::PtrToMapValue && cx.program.kernel.features.lookups_typed_at_once {
            let typed = known_not_null(cx, *cx.reg(0));
            let r0 = cx.reg_mut(0);
            *r0 = typed;
            r0.ty = r0.ty.plus(TypeFlags::MAYBE_NULL);
        }
    }
    Ok(())
}

/// This CPU's copy of a per-CPU variable or object.
fn per_cpu_result(cx: &mut Cx<'_>, flags: TypeFlags, meta: &CallMeta, effects: &Effects) -> Res {
    let Some((btf, id)) = meta.ret_btf else { return Err(cx.broken("per-CPU result without a type")) };
    let types = std::sync::Arc::clone(cx.program.btf(btf));
    let Some(t) = types.skip_modifiers(id) else { return Err(cx.broken("per-CPU result without a type")) };
    if !t.is_composite() {
        let Some(size) = types.resolve_size(t.id) else {
            let msg = CallMsg::KsymSize { name: t.name().to_string(), errno: -(Errno::EINVAL as i32) };
            return Err(cx.reject(msg, Errno::EINVAL));
        };
        set_r0(cx, RegType::with(RegBase::PtrToMem, flags), Payload::Mem { size, dynptr_id: 0 });
        return Ok(());
    }
    let ty = if effects.percpu_object {
        RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC.union(TypeFlags::RCU))
    } else {
        RegType::with(RegBase::PtrToBtfId, flags.difference(TypeFlags::RDONLY))
    };
    set_r0(cx, ty, Payload::Btf { btf, id });
    Ok(())
}

/// References that the result carries.
fn own_result(cx: &mut Cx<'_>, meta: &CallMeta, insn_idx: usize) -> Res {
    let func = meta.func_id;
    let map = meta.map.and_then(|m| super::map::map_type(cx, m.map));
    if class::multiple_ref_obj_use(func, map) {
        return Err(cx.kernel_bug("reference with two purposes"));
    }
    if class::is_dynptr_ref(func)
        && let Payload::Mem { dynptr_id, .. } = &mut cx.reg_mut(0).payload
    {
        *dynptr_id = meta.dynptr_id;
    }
    if class::is_ptr_cast(func) || class::is_dynptr_ref(func) {
        cx.reg_mut(0).ref_obj_id = meta.ref_obj_id;
        if class::is_ptr_cast(func) && meta.ref_obj_id != 0 && cx.program.kernel.features.owned_casts_fork {
            fork_cast(cx, insn_idx);
        }
    } else if class::is_acquire(func, map) {
        let id = refs::hold_reference(cx, insn_idx)?;
        let r0 = cx.reg_mut(0);
        r0.id = id;
        r0.ref_obj_id = id;
    }
    Ok(())
}

/// A cast of a pointer that owns a reference either yields the same object, or null: the paths part at once.
fn fork_cast(cx: &mut Cx<'_>, insn_idx: usize) {
    let cast = *cx.reg(0);
    if !cast.ty.may_be_null() {
        return;
    }
    let precise = !cx.program.caps.has_cap_bpf;
    cx.path.story.note(insn_idx, cx.program.insns[insn_idx], &cx.path.cur);
    cx.path.fork(insn_idx + 1, insn_idx, Fork::Jump);
    refs::null_reg(cx.path.forked_mut().reg_mut(0), precise);
    let mut same = known_not_null(cx, cast);
    same.id = cast.ref_obj_id;
    cx.path.story.note_again(insn_idx, &cast, &same);
    *cx.reg_mut(0) = same;
}

/// Bounds of the returned number.
fn refine_result(cx: &mut Cx<'_>, proto: &FuncProto, meta: &CallMeta) -> Res {
    /// Most negative error number.
    const MAX_ERRNO: i32 = 4095;
    if proto.ret.base != RetBase::Integer || !proto.ret.flags.is_empty() {
        return Ok(());
    }
    let mut r0: RegState = *cx.reg(0);
    match meta.func_id {
        id::GET_TASK_STACK if !cx.program.kernel.features.task_stack_result_bounded => {
            return bounds_sanity_check_r0(cx, r0);
        }
        id::GET_STACK
        | id::GET_TASK_STACK
        | id::PROBE_READ_STR
        | id::PROBE_READ_KERNEL_STR
        | id::PROBE_READ_USER_STR => {
            r0.scalar.smax = meta.msize_max_value as i64;
            r0.scalar.s32_max = meta.msize_max_value as i32;
            r0.scalar.smin = -i64::from(MAX_ERRNO);
            r0.scalar.s32_min = -MAX_ERRNO;
        }
        id::GET_SMP_PROCESSOR_ID if cx.program.kernel.features.cpu_number_bounded => {
            let max = cx.program.kernel.most_cpus() - 1;
            let s = &mut r0.scalar;
            (s.umin, s.u32_min, s.smin, s.s32_min) = (0, 0, 0, 0);
            (s.umax, s.u32_max, s.smax, s.s32_max) = (u64::from(max), max, i64::from(max), max as i32);
        }
        id::GET_RETVAL if cx.program.kernel.features.retval_is_error => {
            let Some((min, max)) = exchanged_retval(cx) else { return bounds_sanity_check_r0(cx, r0) };
            (r0.scalar.smin, r0.scalar.smax) = (i64::from(min), i64::from(max));
            (r0.scalar.s32_min, r0.scalar.s32_max) = (min, max);
        }
        _ => return bounds_sanity_check_r0(cx, r0),
    }
    bring_in_step(cx, &mut r0);
    bounds_sanity_check_r0(cx, r0)
}

fn bounds_sanity_check_r0(cx: &mut Cx<'_>, mut r0: RegState) -> Res {
    no_contradiction(cx, &mut r0, "retval")?;
    *cx.reg_mut(0) = r0;
    Ok(())
}

/// A tail call either fails, and the program goes on, or it never comes back: then the function ends with a value that
/// the other program chose. Newer releases walk both.
fn tail_call_exit(cx: &mut Cx<'_>, insn_idx: &mut usize) -> Res {
    if cx.path.cur.top_frame() == 0 {
        return Ok(());
    }
    cx.scratch_reg(0);
    cx.path.fork(cx.path.insn_idx + 1, cx.path.insn_idx, Fork::Jump);
    refs::forget_packet_pointers(cx);
    set_unknown(cx, 0);
    let mut back = cx.path.insn_idx;
    super::func::return_to_caller(cx, &mut back)?;
    *insn_idx = back.wrapping_sub(1);
    Ok(())
}
