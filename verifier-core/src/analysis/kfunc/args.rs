//! Arguments of kernel functions: what kind each is, by prototype and register, and whether the register fits.
//!
//! Answers for `get_kfunc_ptr_arg_type()` and `check_kfunc_args()`.
//!
//! In the kernel: `enum kfunc_ptr_arg_type`, `__is_kfunc_ptr_arg_type()`, `check_css_task_iter_allowlist()`.

use std::sync::Arc;

use super::btf_arg::{TRUSTED, has_unsafe_modifiers, is_scalar, is_scalar_struct, is_struct, kern_ctx, process_btf_id};
use super::by_pointer;
use super::graph::{process_node, process_root};
use super::irq::{irq_flag_argument, process_res_spin_lock};
use super::param::{Param, has_suffix, is_sized, one_of_its_type, param};
use super::{KfuncMeta, Special};
use crate::analysis::Cx;
use crate::analysis::access::at_object_start;
use crate::analysis::btf_access::one_type;
use crate::analysis::call::args::{argument_offset, constant_text};
use crate::analysis::call::map::{task_work_argument, timer_argument, workqueue_argument};
use crate::analysis::call::mem::memory_and_size_both_ways;
use crate::analysis::call::meta::MapArg;
use crate::analysis::ctx_type::is_prog_ctx_type;
use crate::analysis::iter::iterator_argument;
use crate::analysis::objects::{in_tree_callback, is_allocated, is_borrowed, record_of};
use crate::analysis::regs::{is_trusted, need_exactly};
use crate::analysis::{dynptr, refs};
use crate::btf::{Btf, BtfKind};
use crate::error::{Arg, CallMsg, Errno, KfuncMsg, Res};
use crate::kernel::call::{ArgBase, ArgType};
use crate::kernel::prog_types::policy::is_tracing;
use crate::kernel::{AttachType, ProgType};
use crate::program::record::FieldKind;
use crate::state::{BtfRef, DynptrKind, Payload, RegBase, RegState, RegType, TypeFlags};

/// What a pointer argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Ctx,
    AllocBtfId,
    RefcountedKptr,
    Dynptr,
    Iter,
    ListHead,
    ListNode,
    BtfId,
    Mem,
    MemSize,
    Callback,
    RbRoot,
    RbNode,
    Null,
    ConstStr,
    Map,
    Timer,
    Workqueue,
    TaskWork,
    IrqFlag,
    ResSpinLock,
    Arena,
}

/// The parameter takes an address of the arena.
fn is_arena(name: &str) -> bool {
    has_suffix(name, "__arena") || has_suffix(name, "__arena__nullable")
}

/// Whether a parameter points to one of the kernel's own structs.
fn points_to(cx: &Cx, btf_ref: BtfRef, p: &Param<'_>, name: &str) -> bool {
    let Some(target) = p.target.filter(|t| t.name() == name) else { return false };
    let Some(id) = cx.program.btf(BtfRef::VMLINUX).find_by_name_kind(name, BtfKind::Struct) else { return false };
    (btf_ref == BtfRef::VMLINUX && target.id == id) || one_type(cx, btf_ref, target.id, BtfRef::VMLINUX, id)
}

/// Which kind of pointer an argument is.
fn classify(cx: &mut Cx, meta: &KfuncMeta, btf: &Arc<Btf>, p: &Param<'_>) -> Res<Kind> {
    let desc = Arc::clone(btf);
    let btf_ref = meta.desc.btf;
    let regno = p.index as u8 + 1;
    let arg = p.index as u32;
    let reg = *cx.reg(regno);
    if meta.is(Special::CastToKernCtx) {
        return Ok(Kind::Ctx);
    }
    if cx.program.kernel.features.kfunc_args_trusted
        && (meta.is(Special::SessionCookie) || meta.is(Special::SessionIsReturn))
    {
        return Ok(Kind::Ctx);
    }
    let sized = is_sized(cx, meta, btf, p);
    if is_prog_ctx_type(cx.program, &desc, &p.ty, cx.program.resolved_prog_type()) {
        return Ok(Kind::Ctx);
    }
    if has_suffix(p.name, "__nullable") && reg.is_null() {
        return Ok(Kind::Null);
    }
    if is_arena(p.name) && cx.program.kernel.features.arena_types {
        return Ok(Kind::Arena);
    }
    if has_suffix(p.name, "__alloc") {
        return Ok(Kind::AllocBtfId);
    }
    if has_suffix(p.name, "__refcounted_kptr") {
        return Ok(Kind::RefcountedKptr);
    }
    if points_to(cx, btf_ref, p, "bpf_dynptr") {
        return Ok(Kind::Dynptr);
    }
    let iter = if meta.flags.is_iter() { p.index == 0 } else { has_suffix(p.name, "__iter") };
    if iter {
        return Ok(Kind::Iter);
    }
    for (name, kind) in [
        ("bpf_list_head", Kind::ListHead),
        ("bpf_list_node", Kind::ListNode),
        ("bpf_rb_root", Kind::RbRoot),
        ("bpf_rb_node", Kind::RbNode),
    ] {
        if points_to(cx, btf_ref, p, name) {
            return Ok(kind);
        }
    }
    if has_suffix(p.name, "__str") {
        return Ok(Kind::ConstStr);
    }
    if has_suffix(p.name, "__map") || has_suffix(p.name, "__const_map") {
        return Ok(Kind::Map);
    }
    if points_to(cx, btf_ref, p, "bpf_timer") {
        return Ok(Kind::Timer);
    }
    if points_to(cx, btf_ref, p, "bpf_wq") {
        return Ok(Kind::Workqueue);
    }
    if cx.program.kernel.features.locks_are_refs {
        if points_to(cx, btf_ref, p, "bpf_task_work") {
            return Ok(Kind::TaskWork);
        }
        if has_suffix(p.name, "__irq_flag") {
            return Ok(Kind::IrqFlag);
        }
        if points_to(cx, btf_ref, p, "bpf_res_spin_lock") {
            return Ok(Kind::ResSpinLock);
        }
    }
    let target_kind = p.target.map_or(BtfKind::Void, |t| t.kind);
    let tname = || p.target.map_or("", |t| t.name()).to_string();
    let buffer = sized && target_kind == BtfKind::Void && reg.ty.base == RegBase::ConstPtrToMap;
    let as_memory = buffer && cx.program.kernel.features.objects_by_prototype;
    if !as_memory && (reg.ty.base == RegBase::PtrToBtfId || reg.ty.base.row().stands_for.is_some()) {
        if !is_struct(target_kind) {
            let kind = target_kind.log_word();
            let msg = KfuncMsg::ArgPointerKind { name: meta.name(), arg: arg.into(), kind, tname: tname() };
            return Err(cx.reject(msg, Errno::EINVAL));
        }
        return Ok(Kind::BtfId);
    }
    if p.target.is_some_and(|t| t.kind == BtfKind::FuncProto) {
        return Ok(Kind::Callback);
    }
    if cx.program.kernel.features.objects_by_prototype
        && p.target.is_some_and(|t| is_struct(t.kind) && !is_scalar_struct(cx, &desc, t, 0))
    {
        return Ok(Kind::BtfId);
    }
    let plain = is_scalar(target_kind) || p.target.is_some_and(|t| is_scalar_struct(cx, &desc, t, 0));
    if !plain && (!sized || target_kind != BtfKind::Void) {
        let kind = target_kind.log_word();
        let msg = KfuncMsg::ArgMemType { arg: arg.into(), kind, tname: tname(), or_void: sized };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    Ok(if sized { Kind::MemSize } else { Kind::Mem })
}

/// A number: perhaps a constant that decides the result, perhaps the size of the result.
fn check_scalar(cx: &mut Cx, meta: &mut KfuncMeta, name: &str, regno: u8) -> Res {
    let reg = *cx.reg(regno);
    if !reg.is_scalar() {
        return Err(cx.reject(KfuncMsg::NotScalar { regno }, Errno::EINVAL));
    }
    if has_suffix(name, "__k") {
        if meta.constant.is_some() {
            return Err(cx.kernel_bug("only one constant argument permitted"));
        }
        let Some(value) = reg.const_value() else {
            return Err(cx.reject(KfuncMsg::NotConstant { regno }, Errno::EINVAL));
        };
        need_exactly(cx, regno)?;
        meta.constant = Some(value);
        return Ok(());
    }
    match name {
        "rdonly_buf_size" => meta.r0_rdonly = true,
        "rdwr_buf_size" => {}
        _ => return Ok(()),
    }
    if meta.r0_size != 0 {
        return Err(cx.reject(KfuncMsg::BufSizeTwice {}, Errno::EINVAL));
    }
    let Some(value) = reg.const_value() else {
        return Err(cx.reject(KfuncMsg::BufSizeNotConst { regno }, Errno::EINVAL));
    };
    meta.r0_size = value;
    if value > u64::from(u32::MAX) {
        return Err(cx.reject(KfuncMsg::BufSizeRange { regno }, Errno::EINVAL));
    }
    need_exactly(cx, regno)
}

/// Pointers to kernel objects must be valid as far as the function demands it.
fn check_trusted(cx: &mut Cx, meta: &KfuncMeta, reg: &RegState, regno: u8) -> Res {
    if !meta.flags.is_trusted_args() && !meta.flags.is_rcu() || is_trusted(reg) {
        return Ok(());
    }
    if !meta.flags.is_rcu() {
        return Err(cx.reject(KfuncMsg::NotTrusted { regno }, Errno::EINVAL));
    }
    if !reg.has(TypeFlags::RCU) {
        return Err(cx.reject(KfuncMsg::NotRcu { regno }, Errno::EINVAL));
    }
    Ok(())
}

/// A map argument: the same map that the structure argument before it lives in.
fn check_map(cx: &mut Cx, meta: &mut KfuncMeta, reg: &RegState, regno: u8) -> Res {
    let (map, uid) = match reg.payload {
        Payload::Map { map, uid } => (map, uid),
        Payload::None | Payload::Range(0) | Payload::Mem { size: 0, .. } => {
            return Err(cx.reject(KfuncMsg::NotMap { regno }, Errno::EINVAL));
        }
        // Some other pointer: the kernel sees that only when it compares types.
        _ => return Ok(()),
    };
    let has = |kind| cx.program.map(map).record.as_ref().is_some_and(|r| r.has(kind));
    let (wq, work) = (has(FieldKind::WORKQUEUE), has(FieldKind::TASK_WORK));
    if let Some(seen) = meta.map.filter(|m| (wq || work) && (m.map != map || m.uid != uid)) {
        let msg = if wq {
            KfuncMsg::WqMapMismatch { wq_uid: seen.uid, map_uid: uid }
        } else {
            KfuncMsg::TaskWorkMapMismatch { work_uid: seen.uid, map_uid: uid }
        };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    meta.map = Some(MapArg { map, uid });
    Ok(())
}

/// A map value, or an owned object: where roots of lists and trees stand.
fn check_root(cx: &mut Cx, meta: &mut KfuncMeta, reg: &RegState, p: &Param<'_>, kind: FieldKind) -> Res {
    let arg = p.index as u32;
    let alloc = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
    if !reg.ty.is(RegBase::PtrToMapValue) && reg.ty != alloc {
        return Err(cx.reject(KfuncMsg::RootNotFound { arg: arg.into() }, Errno::EINVAL));
    }
    if reg.ty == alloc && reg.ref_obj_id == 0 {
        return Err(cx.reject(KfuncMsg::NotReferenced {}, Errno::EINVAL));
    }
    process_root(cx, p.index as u8 + 1, meta, kind)
}

/// An object that the program owns.
fn check_owned(cx: &mut Cx, reg: &RegState, arg: u32) -> Res {
    if reg.ty != RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC) {
        return Err(cx.reject(KfuncMsg::NotAllocated { arg: arg.into() }, Errno::EINVAL));
    }
    if reg.ref_obj_id == 0 {
        return Err(cx.reject(KfuncMsg::NotReferenced {}, Errno::EINVAL));
    }
    Ok(())
}

fn check_rb_node(cx: &mut Cx, meta: &mut KfuncMeta, reg: &RegState, p: &Param<'_>) -> Res {
    let arg = p.index as u32;
    let in_callback = in_tree_callback(cx);
    if cx.program.kernel.features.rbtree_walk {
        if meta.is(Special::RbtreeAdd) {
            check_owned(cx, reg, arg)?;
        } else {
            if (!is_borrowed(reg) || is_stale(cx, reg)) && reg.ref_obj_id == 0 {
                return Err(cx.reject(KfuncMsg::NodeNotBorrowed { name: meta.name() }, Errno::EINVAL));
            }
            if in_callback {
                return Err(cx.reject(KfuncMsg::NotInCallback { name: meta.name() }, Errno::EINVAL));
            }
        }
    } else if meta.is(Special::RbtreeRemove) {
        if !is_borrowed(reg) || reg.ref_obj_id != 0 {
            return Err(cx.reject(KfuncMsg::RemoveNeedsBorrowed {}, Errno::EINVAL));
        }
        if in_callback {
            return Err(cx.reject(KfuncMsg::RemoveInCallback {}, Errno::EINVAL));
        }
    } else {
        check_owned(cx, reg, arg)?;
    }
    process_node(cx, p.index as u8 + 1, meta, FieldKind::RB_NODE)
}

/// Fields that cannot be given up in an interrupt that nothing can hold off.
const NOT_IN_INTERRUPTS: FieldKind =
    FieldKind::KPTR_REF.union(FieldKind::KPTR_PERCPU).union(FieldKind::LIST_HEAD).union(FieldKind::RB_ROOT);

/// Programs of the type may run in such interrupts.
fn runs_in_interrupts(t: ProgType) -> bool {
    is_tracing(t) || t == ProgType::Tracing
}

/// An object to be dropped.
fn check_alloc(cx: &mut Cx, meta: &mut KfuncMeta, reg: &RegState, arg: u32) -> Res {
    let alloc = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
    if reg.ty == alloc {
        if !meta.is(Special::ObjDrop) {
            return Err(cx.reject(KfuncMsg::ForObjDrop { arg: arg.into() }, Errno::EINVAL));
        }
    } else if reg.ty == alloc.plus(TypeFlags::PERCPU) {
        if !meta.is(Special::PercpuObjDrop) {
            return Err(cx.reject(KfuncMsg::ForPercpuObjDrop { arg: arg.into() }, Errno::EINVAL));
        }
    } else {
        return Err(cx.reject(KfuncMsg::NotAllocated { arg: arg.into() }, Errno::EINVAL));
    }
    if reg.ref_obj_id == 0 {
        return Err(cx.reject(KfuncMsg::NotReferenced {}, Errno::EINVAL));
    }
    if cx.program.kernel.features.drops_outside_of_interrupts
        && meta.is(Special::ObjDrop)
        && runs_in_interrupts(cx.program.resolved_prog_type())
        && record_of(cx.program, reg).is_some_and(|r| r.has(NOT_IN_INTERRUPTS))
    {
        return Err(cx.reject(KfuncMsg::DropInInterrupt { name: meta.name() }, Errno::EINVAL));
    }
    if meta.desc.btf == BtfRef::VMLINUX {
        meta.arg_btf = reg.btf();
    }
    Ok(())
}

fn check_dynptr(cx: &mut Cx, meta: &mut KfuncMeta, reg: &RegState, p: &Param<'_>, insn_idx: usize) -> Res {
    let regno = p.index as u8 + 1;
    let mut flags = TypeFlags::empty();
    let mut clone_ref = 0;
    if reg.ty.is(RegBase::ConstPtrToDynptr) {
        flags |= TypeFlags::RDONLY;
    }
    if has_suffix(p.name, "__uninit") {
        flags |= TypeFlags::UNINIT;
    }
    match meta.desc.special {
        Some(Special::DynptrFromSkb) => flags |= TypeFlags::DYNPTR_SKB,
        Some(Special::DynptrFromXdp) => flags |= TypeFlags::DYNPTR_XDP,
        Some(Special::DynptrFromSkbMeta) => flags |= TypeFlags::DYNPTR_SKB_META,
        Some(Special::DynptrFromFile) => flags |= TypeFlags::DYNPTR_FILE,
        Some(Special::DynptrFileDiscard) => flags |= TypeFlags::DYNPTR_FILE,
        Some(Special::DynptrClone) if flags.contains(TypeFlags::UNINIT) => {
            let (kind, _, ref_obj_id) = meta.dynptr.unwrap_or((DynptrKind::Invalid, 0, 0));
            if kind == DynptrKind::Invalid || crate::analysis::object_slots::is_refcounted(kind) && ref_obj_id == 0 {
                return Err(cx.kernel_bug("clone of a dynptr without a parent"));
            }
            flags |= dynptr::flags_of_kind(kind);
            clone_ref = ref_obj_id;
        }
        _ => {}
    }
    let arg = ArgType { base: ArgBase::PtrToDynptr, flags, ..ArgType::default() };
    dynptr::dynptr_argument(cx, regno, insn_idx, arg, clone_ref)?;
    if !flags.contains(TypeFlags::UNINIT) {
        let id = dynptr::dynptr_id(cx, reg)?;
        let kind = dynptr::dynptr_kind_of(cx, reg)?;
        meta.dynptr = Some((kind, id, dynptr::dynptr_owner(cx, reg)?));
    }
    if meta.is(Special::DynptrFileDiscard) {
        meta.dynptr_ended = Some(*reg);
    }
    Ok(())
}

/// A pointer to a kernel type, or to the map that `__map` asks for.
fn check_btf_id(cx: &mut Cx, meta: &KfuncMeta, reg: &RegState, p: &Param<'_>, kind: Kind) -> Res {
    let arg = p.index as u32;
    let regno = p.index as u8 + 1;
    let mut want = (meta.desc.btf, p.target.map_or(0, |t| t.id));
    if kind == Kind::Map {
        let id = cx.program.btf(BtfRef::VMLINUX).find_by_name_kind("bpf_map", BtfKind::Struct);
        want.1 = id.unwrap_or(0);
    }
    let unsafe_btf = has_unsafe_modifiers(reg) && !reg.has(TypeFlags::RCU);
    if (reg.ty.base != RegBase::PtrToBtfId || unsafe_btf) && reg.ty.base.row().stands_for.is_none() {
        let stop = cx.reject(KfuncMsg::ArgIs { arg: arg.into(), ty: reg.ty }, Errno::EINVAL);
        let ty = RegType { base: reg.ty.base, flags: reg.ty.flags & TRUSTED };
        return Err(cx.also(stop, KfuncMsg::ExpectedOrSocket { ty }));
    }
    process_btf_id(cx, regno, want.1, want.0, meta, arg)
}

/// No memory: its size may still decide the result.
fn size_alone(cx: &mut Cx, meta: &mut KfuncMeta, p: &Param<'_>) -> Res<bool> {
    let constant = size_is_constant(meta, p);
    if constant {
        constant_size(cx, meta, p)?;
    }
    Ok(constant)
}

/// Whether the size in the next parameter has to be a constant, which decides the result.
fn size_is_constant(meta: &KfuncMeta, p: &Param<'_>) -> bool {
    meta.desc.params.get(p.index + 1).is_some_and(|size| has_suffix(&size.name, "__szk"))
}

/// The constant size in the next argument.
fn constant_size(cx: &mut Cx, meta: &mut KfuncMeta, p: &Param<'_>) -> Res {
    let regno = p.index as u8 + 2;
    if meta.constant.is_some() {
        return Err(cx.kernel_bug("only one constant argument permitted"));
    }
    let Some(value) = cx.reg(regno).const_value() else {
        return Err(cx.reject(KfuncMsg::NotConstant { regno }, Errno::EINVAL));
    };
    if cx.program.kernel.features.size_without_memory {
        need_exactly(cx, regno)?;
    }
    meta.constant = Some(value);
    Ok(())
}

/// Memory with its size in the next register.
fn check_mem_size(cx: &mut Cx, meta: &mut KfuncMeta, p: &Param<'_>) -> Res {
    let (arg, regno) = (p.index as u32, p.index as u8 + 1);
    let optional = has_suffix(p.name, "__opt");
    let constant = size_is_constant(meta, p) && cx.reg(regno + 1).is_scalar();
    let size_first = cx.program.kernel.features.size_without_memory;
    if constant && size_first {
        constant_size(cx, meta, p)?;
    }
    if !cx.reg(regno).is_null() || !optional {
        memory_and_size_both_ways(cx, regno + 1)
            .map_err(|s| cx.also(s, KfuncMsg::MemLenPair { arg: arg.into(), len_arg: Arg::from(arg + 1) }))?;
    }
    if constant && !size_first {
        constant_size(cx, meta, p)?;
    }
    Ok(())
}

/// What the pointer was borrowed from may be gone.
fn is_stale(cx: &Cx, reg: &RegState) -> bool {
    cx.program.kernel.features.borrowed_is_trusted && reg.has(TypeFlags::UNTRUSTED)
}

fn check_refcounted(cx: &mut Cx, meta: &mut KfuncMeta, reg: &RegState, arg: u32) -> Res {
    if !is_allocated(reg) || is_stale(cx, reg) {
        return Err(cx.reject(KfuncMsg::NotOwnedOrBorrowed { arg: arg.into() }, Errno::EINVAL));
    }
    // Up to 7.3, what is not borrowed counts as owned, also where its owner may be gone.
    let owned = reg.ref_obj_id != 0 || !cx.program.kernel.features.unowned_references_fail;
    meta.arg_owning_ref |= !is_borrowed(reg) && owned;
    let Some(rec) = record_of(cx.program, reg) else { return Err(cx.reject(KfuncMsg::NoRecord, Errno::EFAULT)) };
    if !rec.has(FieldKind::REFCOUNT) {
        return Err(cx.reject(KfuncMsg::NoRefcount { arg: arg.into() }, Errno::EINVAL));
    }
    meta.arg_btf = reg.btf();
    Ok(())
}

/// Tasks of a control group may only be iterated where their lock cannot be held already.
fn css_task_allowed(cx: &Cx) -> bool {
    match cx.program.resolved_prog_type() {
        ProgType::Lsm => true,
        ProgType::Tracing if cx.program.attach_type == AttachType::TraceIter => true,
        _ => refs::may_sleep_here(cx),
    }
}

/// Checks one pointer argument; `true` when it took the next register (the size) with it.
fn pointer_argument(cx: &mut Cx, meta: &mut KfuncMeta, btf: &Arc<Btf>, p: &Param<'_>, insn_idx: usize) -> Res<bool> {
    let (arg, regno) = (p.index as u32, p.index as u8 + 1);
    let reg = *cx.reg(regno);
    let strict = (meta.flags.is_trusted_args() || meta.flags.is_rcu()) && !is_arena(p.name);
    if strict && (reg.is_null() || reg.ty.may_be_null()) && !has_suffix(p.name, "__nullable") {
        return Err(cx.reject(KfuncMsg::MaybeNull { arg: arg.into() }, Errno::EACCES));
    }
    if reg.ref_obj_id != 0 {
        if meta.flags.is_release() && meta.ref_obj_id != 0 {
            return Err(cx.kernel_bug("more than one argument with a reference"));
        }
        meta.ref_obj_id = reg.ref_obj_id;
        if meta.flags.is_release() {
            meta.release_regno = regno;
        }
    }
    let kind = classify(cx, meta, btf, p)?;
    match kind {
        Kind::Null => {
            if cx.program.kernel.features.passed_nulls_are_precise {
                need_exactly(cx, regno)?;
            }
            return if cx.program.kernel.features.size_without_memory { size_alone(cx, meta, p) } else { Ok(false) };
        }
        Kind::Map => {
            check_map(cx, meta, &reg, regno)?;
            check_trusted(cx, meta, &reg, regno)?;
        }
        Kind::BtfId if cx.program.kernel.features.objects_by_prototype => {
            if meta.flags.is_release() && p.index == 0 && reg.ref_obj_id == 0 {
                let msg = KfuncMsg::ReleaseUnreferenced { name: meta.name(), regno };
                return Err(cx.reject(msg, Errno::EINVAL));
            }
            if reg.ty.base != RegBase::PtrToBtfId && reg.ty.base.row().stands_for.is_none() {
                let (kind, want) = p.target.map_or((BtfKind::Void, ""), |t| (t.kind, t.name()));
                let (kind, want) = (kind.log_word(), want.to_string());
                return Err(cx.reject(KfuncMsg::ArgIsNo { regno, ty: reg.ty, kind, want }, Errno::EINVAL));
            }
            check_trusted(cx, meta, &reg, regno)?;
        }
        Kind::AllocBtfId | Kind::BtfId => check_trusted(cx, meta, &reg, regno)?,
        _ => {}
    }
    let mut off_arg = ArgType::default();
    if meta.flags.is_release() && reg.ref_obj_id != 0 {
        off_arg.flags |= TypeFlags::OBJ_RELEASE;
    }
    argument_offset(cx, &reg, regno, off_arg)?;
    if kind == Kind::RefcountedKptr && cx.program.kernel.features.counted_objects_whole {
        at_object_start(cx, &reg, regno)?;
    }
    match kind {
        Kind::Ctx => {
            if !reg.ty.is(RegBase::PtrToCtx) {
                return Err(cx.reject(KfuncMsg::NotCtx { arg: arg.into(), ty: reg.ty }, Errno::EINVAL));
            }
            if meta.is(Special::CastToKernCtx) {
                meta.ret_btf_id = match kern_ctx(cx) {
                    Ok(id) => id,
                    Err(id) => return Err(cx.reject(KfuncMsg::KernCtxNotStruct { id }, Errno::EINVAL)),
                };
            }
        }
        Kind::AllocBtfId => check_alloc(cx, meta, &reg, arg)?,
        Kind::Dynptr => check_dynptr(cx, meta, &reg, p, insn_idx)?,
        Kind::Iter => {
            if meta.is(Special::IterCssTaskNew) && !css_task_allowed(cx) {
                return Err(cx.reject(KfuncMsg::CssTask {}, Errno::EINVAL));
            }
            iterator_argument(cx, regno, insn_idx, meta)?;
        }
        Kind::ListHead => check_root(cx, meta, &reg, p, FieldKind::LIST_HEAD)?,
        Kind::RbRoot => check_root(cx, meta, &reg, p, FieldKind::RB_ROOT)?,
        Kind::ListNode => {
            if !has_suffix(p.name, "__nonown_allowed") {
                check_owned(cx, &reg, arg)?;
            } else if (!is_borrowed(&reg) || is_stale(cx, &reg)) && reg.ref_obj_id == 0 {
                return Err(cx.reject(KfuncMsg::ListNodeNotBorrowed { name: meta.name() }, Errno::EINVAL));
            }
            process_node(cx, regno, meta, FieldKind::LIST_NODE)?;
        }
        Kind::RbNode => check_rb_node(cx, meta, &reg, p)?,
        Kind::Map | Kind::BtfId => check_btf_id(cx, meta, &reg, p, kind)?,
        Kind::Mem => {
            one_of_its_type(cx, btf, p).inspect_err(|stop| cx.account_of_memory(stop, regno, p.size(btf)))?;
        }
        Kind::MemSize => {
            check_mem_size(cx, meta, p)?;
            return Ok(true);
        }
        Kind::Callback => {
            let Payload::Subprog(subprog) = reg.payload else {
                return Err(cx.reject(KfuncMsg::NotFunc { arg: arg.into() }, Errno::EINVAL));
            };
            meta.subprog = subprog;
        }
        Kind::RefcountedKptr => check_refcounted(cx, meta, &reg, arg)?,
        Kind::ConstStr => {
            if !reg.ty.is(RegBase::PtrToMapValue) {
                return Err(cx.reject(KfuncMsg::NotConstStr { arg: arg.into() }, Errno::EINVAL));
            }
            constant_text(cx, regno)?;
        }
        Kind::Timer | Kind::Workqueue | Kind::TaskWork => {
            if !reg.ty.is(RegBase::PtrToMapValue) {
                return Err(cx.reject(KfuncMsg::NotMapValue { arg: arg.into() }, Errno::EINVAL));
            }
            match kind {
                Kind::Timer => timer_argument(cx, regno, &mut meta.map)?,
                Kind::Workqueue => workqueue_argument(cx, regno, &mut meta.map)?,
                _ => task_work_argument(cx, regno, &mut meta.map)?,
            }
        }
        Kind::IrqFlag => {
            if !reg.ty.is(RegBase::PtrToStack) {
                return Err(cx.reject(KfuncMsg::IrqNotOnStack { arg: arg.into() }, Errno::EINVAL));
            }
            irq_flag_argument(cx, regno, insn_idx, meta)?;
        }
        Kind::ResSpinLock => {
            if !reg.ty.is(RegBase::PtrToMapValue) && reg.ty != RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC) {
                return Err(cx.reject(KfuncMsg::NotMapOrAllocated { arg: arg.into() }, Errno::EINVAL));
            }
            if !meta.desc.special.is_some_and(Special::is_res_spin_lock) {
                return Err(cx.kernel_bug("lock argument of an unknown kernel function"));
            }
            process_res_spin_lock(cx, regno, meta)?;
        }
        Kind::Arena => {
            if !reg.ty.is(RegBase::PtrToArena) && !reg.is_scalar() {
                return Err(cx.reject(CallMsg::PassArena { regno }, Errno::EINVAL));
            }
        }
        Kind::Null => {}
    }
    Ok(false)
}

/// Checks all arguments of a call against the prototype.
pub(super) fn kfunc_arguments(cx: &mut Cx, meta: &mut KfuncMeta, insn_idx: usize) -> Res {
    let desc = std::rc::Rc::clone(&meta.desc);
    let btf = Arc::clone(cx.program.btf(desc.btf));
    let n = desc.params.len();
    if n > 5 {
        return Err(cx.reject(KfuncMsg::TooManyArgs { name: meta.name(), n }, Errno::EINVAL));
    }
    let mut i = 0;
    while let Some(row) = desc.params.get(i) {
        let index = i;
        i += 1;
        let Some(p) = param(&btf, &row.name, row.type_id, index) else {
            return Err(cx.broken("type of a parameter does not exist"));
        };
        if has_suffix(p.name, "__ign") || cx.program.kernel.features.kfunc_prog_arg && has_suffix(p.name, "__prog") {
            continue;
        }
        if is_scalar(p.ty.kind) {
            check_scalar(cx, meta, p.name, index as u8 + 1)?;
            continue;
        }
        if p.ty.kind != BtfKind::Ptr {
            let msg = KfuncMsg::ArgKind { arg: Arg::from(index as u32), kind: p.ty.kind.log_word() };
            return Err(cx.reject(msg, Errno::EINVAL));
        }
        let with_size = if cx.program.kernel.features.kfunc_args_by_kind {
            pointer_argument(cx, meta, &btf, &p, insn_idx)?
        } else {
            by_pointer::pointer_argument(cx, meta, &btf, &p)?
        };
        if with_size {
            i += 1;
        }
    }
    if meta.flags.is_release() && meta.release_regno == 0 {
        return Err(cx.reject(KfuncMsg::ReleaseUnreferenced { name: meta.name(), regno: 1 }, Errno::EINVAL));
    }
    Ok(())
}
