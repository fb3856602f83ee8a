//! Contexts: what the program type's table says, and contexts that hold the typed arguments of a function.
//!
//! Answers for the `is_valid_access` callbacks as `check_ctx_access()` calls them, and for `btf_ctx_access()`. The
//! context of a tracing, LSM or struct_ops program is an array of words, one (or more, for structs by value) for each
//! argument of the function it attaches to; the function's prototype in BTF says which of them are pointers, and to
//! what.
//!
//! In the kernel: `MAX_BPF_FUNC_REG_ARGS`, `struct bpf_insn_access_aux`, `env->ops`, `env->ops->is_valid_access()`,
//! `btf_type_is_small_int()`, `get_ctx_arg_idx()`, `btf_ctx_arg_idx()`, `prog_args_trusted()`, `is_int_ptr()`,
//! `is_void_or_int_ptr()`, `btf_param_match_suffix()`, `__btf_name_by_offset()`.

use std::sync::Arc;

use crate::analysis::Cx;
use crate::analysis::ctx_type::{ctx_types, is_prog_ctx_type};
use crate::analysis::regs::Access;
use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::{PolicyMsg, Res, Stop};
use crate::kernel::Features;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::facts::struct_ops::{self, CtxRule};
use crate::kernel::facts::{lsm_hooks, raw_tp_null};
use crate::kernel::prog_types::{AccessQuery, AttachType, ProgType, Verdict, access_is_valid, layout};
use crate::state::BtfRef;

/// Words that a context has when the prototype of the target is not trusted.
const MAX_FUNC_REG_ARGS: u32 = 5;

/// Prefix of the typedefs that stand for tracepoints.
pub(crate) const TRACE_PREFIX: &str = "btf_trace_";

/// What a load from the context yields.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct CtxInfo {
    /// Register type: a scalar unless the field is a pointer.
    pub reg_type: RegType,
    /// For pointers to kernel (or program) types: BTF and type.
    pub btf: Option<(BtfRef, TypeId)>,
    /// Bytes of the field in which narrower loads are allowed; 0: none recorded.
    pub ctx_field_size: u32,
    /// The return value of the hook is read (LSM): its range is known.
    pub is_retval: bool,
    /// Reference that comes with the argument (6.14); 0: none.
    pub ref_obj_id: u32,
}

impl Default for CtxInfo {
    fn default() -> CtxInfo {
        CtxInfo {
            reg_type: RegType::of(RegBase::Scalar),
            btf: None,
            ctx_field_size: 0,
            is_retval: false,
            ref_obj_id: 0,
        }
    }
}

/// The program type whose operations decide, and the attach type: the target's for `EXT`.
pub(crate) fn ops_type(cx: &Cx<'_>) -> (ProgType, AttachType) {
    if cx.program.prog_type != ProgType::Ext {
        return (cx.program.prog_type, cx.program.attach_type);
    }
    let target = cx.program.req.attach.prog.as_ref();
    let ty = target.and_then(|t| ProgType::from_number(t.request.prog_type)).unwrap_or(ProgType::Ext);
    (ty, cx.program.attach_type)
}

/// Whether the context may be accessed so, and what a load yields; `None`: `invalid bpf_context access`.
///
/// Asks the table of the program type (the target's for `EXT`) and, where that says so, BTF; BTF's own lines are
/// printed.
pub(crate) fn ctx_access(cx: &mut Cx<'_>, off: i32, size: u32, t: Access, ldsx: bool) -> Res<Option<CtxInfo>> {
    let (prog_type, attach_type) = ops_type(cx);
    let (features, machine) = (&cx.program.kernel.features, cx.program.kernel.machine);
    // 6.18.44 refuses it, on a host that is locked down.
    let writes_registers = prog_type == ProgType::Kprobe && features.probes_write_registers && !machine.locked_down;
    let found = access_is_valid(&AccessQuery {
        prog_type,
        attach_type,
        off,
        size,
        write: t == Access::Write && !writes_registers,
        ldsx,
        has_cap_bpf: cx.program.caps.has_cap_bpf,
        offloaded: false,
    });
    if t == Access::Read && SKB_PADDING.contains(&off) && skb_padding_loads(&cx.program.kernel.features, prog_type) {
        let fits = size <= 4 && off % size as i32 == 0;
        return Ok(fits.then(CtxInfo::default));
    }
    // Fields that came after a release are not in its BTF.
    let vmlinux = cx.program.btf(BtfRef::VMLINUX);
    if layout(prog_type).is_some()
        && let Some((ctx, _)) = ctx_types(vmlinux, prog_type)
        && vmlinux.ty(ctx).is_some_and(|t| {
            // That of raw tracepoints ends with as many arguments as there are.
            t.kind == BtfKind::Struct
                && t.size_or_type != 0
                && i64::from(off) + i64::from(size) > i64::from(t.size_or_type)
        })
    {
        return Ok(None);
    }
    let mut info = CtxInfo { reg_type: found.reg_type, ctx_field_size: found.ctx_field_size, ..CtxInfo::default() };
    match found.verdict {
        Verdict::Denied => return Ok(None),
        Verdict::Allowed if found.btf_struct.is_empty() => return Ok(Some(info)),
        Verdict::Allowed => {
            let id = cx.program.btf(BtfRef::VMLINUX).find_by_name_kind(found.btf_struct, BtfKind::Struct);
            info.btf = id.map(|id| (BtfRef::VMLINUX, id));
            return Ok(id.map(|_| info));
        }
        Verdict::ByBtf => {}
    }
    if let (ProgType::StructOps, Access::Read) = (prog_type, t)
        && packets_to_free(cx, off, &mut info)
    {
        return Ok(Some(info));
    }
    if !typed_context_access(cx, off, size, t, &mut info)? {
        return Ok(None);
    }
    if prog_type == ProgType::StructOps {
        promote_sock(cx, &mut info);
    }
    Ok(Some(info))
}

/// Where padding stands in the description of socket buffers, in releases without `hwtstamp`.
pub(crate) const SKB_PADDING: std::ops::Range<i32> = 180..184;

/// Whether programs of the type may load that padding as far as the walk sees: older releases find out only when they
/// rewrite the program.
pub(crate) fn skb_padding_loads(features: &Features, prog_type: ProgType) -> bool {
    !features.skb_hwtstamp && layout(prog_type).and_then(|l| l.base).is_some_and(|b| b.name == "__sk_buff")
}

/// The rule of the struct that a struct_ops program implements.
fn context_rule(cx: &Cx<'_>) -> Option<CtxRule> {
    let ((st, _), btf) = cx.program.attach.struct_ops.zip(cx.program.attach.btf)?;
    struct_ops::find(cx.program.btf(btf).type_name(st), btf != BtfRef::VMLINUX).map(|s| s.ctx)
}

/// A queueing discipline's list of packets that are to be freed, the third argument where a packet comes in. Kernel:
/// `bpf_qdisc_is_valid_access()`.
fn packets_to_free(cx: &Cx<'_>, off: i32, info: &mut CtxInfo) -> bool {
    if context_rule(cx) != Some(CtxRule::PacketsToFree) || cx.program.attach.member_name != "enqueue" || off != 16 {
        return false;
    }
    let Some(id) = cx.program.btf(BtfRef::VMLINUX).find_by_name_kind("bpf_sk_buff_ptr", BtfKind::Struct) else {
        return false;
    };
    info.reg_type = RegType::with(RegBase::PtrToBtfId, TypeFlags::TRUSTED);
    info.btf = Some((BtfRef::VMLINUX, id));
    true
}

/// TCP congestion control gets its `struct sock` as the `struct tcp_sock` that it is. Kernel:
/// `bpf_tcp_ca_is_valid_access()`.
fn promote_sock(cx: &Cx<'_>, info: &mut CtxInfo) {
    // A pointer that is user, per-CPU, RCU or may be null stays what it is.
    let safe = TypeFlags::ALLOC | TypeFlags::TRUSTED | TypeFlags::NON_OWN_REF;
    if context_rule(cx) != Some(CtxRule::SockIsTcpSock)
        || info.reg_type.base != RegBase::PtrToBtfId
        || info.reg_type.has(!safe)
    {
        return;
    }
    let vmlinux = cx.program.btf(BtfRef::VMLINUX);
    let sock = vmlinux.find_by_name_kind("sock", BtfKind::Struct);
    let tcp = vmlinux.find_by_name_kind("tcp_sock", BtfKind::Struct);
    if let (Some(sock), Some(tcp), Some((r, id))) = (sock, tcp, info.btf)
        && id == sock
    {
        info.btf = Some((r, tcp));
    }
}

/// An integer of at most 8 bytes.
fn is_small_int(t: &Type<'_>) -> bool {
    t.kind == BtfKind::Int && t.size_or_type <= 8
}

/// Words that a type takes in the context, in bytes. Pointers are 8; others their size, rounded up.
fn slot_bytes(btf: &Btf, id: TypeId) -> u32 {
    match btf.skip_modifiers(id) {
        Some(t) if t.kind == BtfKind::Ptr => 8,
        Some(t) => t.size_or_type.checked_next_multiple_of(8).unwrap_or(u32::MAX),
        None => 0,
    }
}

/// Which argument a context offset falls into; the number of arguments stands for the return value.
pub(crate) fn ctx_arg_idx(btf: &Btf, proto: Option<&Type<'_>>, off: i32) -> u32 {
    // Negative offsets compare as the huge numbers they are in the kernel.
    let at = off as u32;
    let Some(proto) = proto else { return (off / 8) as u32 };
    let mut end: u32 = 0;
    let mut n: u32 = 0;
    for p in proto.params() {
        end = end.saturating_add(slot_bytes(btf, p.type_id));
        if at < end {
            return n;
        }
        n += 1;
    }
    end = end.saturating_add(slot_bytes(btf, proto.size_or_type));
    if at < end { n } else { n + 1 }
}

/// Whether pointers among the arguments are known to be valid.
fn args_trusted(cx: &Cx<'_>) -> bool {
    match cx.program.prog_type {
        ProgType::Tracing => matches!(cx.program.attach_type, AttachType::TraceRawTp | AttachType::TraceIter),
        ProgType::Lsm => !lsm_hooks::is_untrusted(&cx.program.attach.func_name),
        ProgType::StructOps => true,
        _ => false,
    }
}

/// Arguments of the function that the program attaches to. `false`: not allowed (its line was printed).
pub(crate) fn typed_context_access(cx: &mut Cx<'_>, off: i32, size: u32, _t: Access, info: &mut CtxInfo) -> Res<bool> {
    let func = cx.program.attach.func_name.clone();
    if off % 8 != 0 {
        cx.say(PolicyMsg::CtxArgOffset { func, off });
        return Ok(false);
    }
    let Some(btf_ref) = cx.program.attach.btf else { return Err(cx.broken("context of a function without BTF")) };
    let btf: Arc<Btf> = cx.program.btf(btf_ref).clone();
    let proto = if cx.program.attach.func_proto == 0 { None } else { btf.ty(cx.program.attach.func_proto) };
    if cx.program.attach_type.attaches_to_many() && off >= 8 * MAX_FUNC_REG_ARGS as i32 {
        return Err(Stop::unsupported("what follows the arguments of functions that are not known"));
    }
    let arg = ctx_arg_idx(&btf, proto.as_ref(), off);
    let skip = u32::from(cx.program.attach.btf_trace);
    let nr_args = proto.as_ref().map_or(MAX_FUNC_REG_ARGS, |p| u32::from(p.vlen)).saturating_sub(skip);
    if arg > nr_args {
        cx.say(PolicyMsg::CtxNoArg { func, nth: arg.wrapping_add(1) });
        return Ok(false);
    }

    let param = proto.as_ref().and_then(|p| p.params().nth(arg.saturating_add(skip) as usize));
    let type_id = if arg == nr_args {
        match cx.program.attach_type {
            attach if attach.sees_result() || matches!(attach, AttachType::LsmMac | AttachType::LsmCgroup) => {
                info.is_retval |= cx.program.attach_type == AttachType::LsmMac;
                match &proto {
                    None => return Ok(true),
                    Some(p) => p.size_or_type,
                }
            }
            AttachType::ModifyReturn => {
                let Some(p) = &proto else { return Ok(false) };
                let ret = btf.skip_modifiers(p.size_or_type);
                match ret {
                    Some(r) if is_small_int(&r) => r.id,
                    r => {
                        let kind = r.map_or(BtfKind::Void, |r| r.kind).log_word().to_string();
                        cx.say(PolicyMsg::FmodRetType { kind });
                        return Ok(false);
                    }
                }
            }
            _ => {
                cx.say(PolicyMsg::CtxNoArg { func, nth: arg.wrapping_add(1) });
                return Ok(false);
            }
        }
    } else {
        match (&proto, &param) {
            (None, _) => return Ok(true),
            (Some(_), Some(p)) => p.type_id,
            (Some(_), None) => return Err(cx.broken("argument beyond the prototype")),
        }
    };

    let Some(t) = btf.skip_modifiers(type_id) else { return Err(cx.broken("argument of an unknown type")) };
    let by_value = match t.kind {
        BtfKind::Int => is_small_int(&t),
        BtfKind::Enum | BtfKind::Enum64 | BtfKind::Struct => true,
        BtfKind::Union => cx.program.kernel.features.union_args,
        _ => false,
    };
    if by_value {
        return Ok(true);
    }
    if t.kind != BtfKind::Ptr {
        let (name, kind) = (shown_name(&t), t.kind.log_word().to_string());
        cx.say(PolicyMsg::CtxArgNotPointer { func, arg, name, kind });
        return Ok(false);
    }
    if size != 8 && cx.program.kernel.features.ctx_pointers_whole {
        cx.say(PolicyMsg::CtxArgSize { func, size });
        return Ok(false);
    }

    let known = cx.program.attach.ctx_args.iter().copied();
    let at_off = |a: &super::super::program::CtxArg| i64::from(a.offset) == i64::from(off);
    let untyped = |a: &super::super::program::CtxArg| {
        a.ty == RegType::ARENA || a.ty.base == RegBase::PtrToBuf && a.ty.may_be_null()
    };
    if let Some(a) = known.clone().find(|a| at_off(a) && untyped(a)) {
        info.reg_type = a.ty;
        return Ok(true);
    }
    if is_plain_pointer(&btf, &t, &cx.program.kernel.features) {
        return Ok(true);
    }
    let to_pointer = btf.skip_modifiers(t.size_or_type).is_some_and(|t| t.kind == BtfKind::Ptr);
    if to_pointer && cx.program.kernel.features.pointers_to_pointers_are_numbers {
        return Ok(true);
    }
    if let Some((i, a)) = known.clone().enumerate().find(|(_, a)| at_off(a)) {
        if a.btf.1 == 0 {
            cx.say(PolicyMsg::CtxArgBtfId { off });
            return Ok(false);
        }
        info.reg_type = a.ty;
        info.btf = Some(a.btf);
        info.ref_obj_id = cx.learned.ctx_references.get(i).copied().unwrap_or(0);
        return Ok(true);
    }

    let mut ty = RegType::of(RegBase::PtrToBtfId);
    if args_trusted(cx) {
        ty = ty.plus(TypeFlags::TRUSTED);
    }
    if param.is_some_and(|p| has_suffix(p.name(), "__nullable")) {
        ty = ty.plus(TypeFlags::MAYBE_NULL);
    }
    let mut may_be_error = false;
    if cx.program.attach_type == AttachType::TraceRawTp && cx.program.kernel.features.tracepoint_args_doubted {
        let name = btf.type_name(cx.program.attach.btf_id);
        let name = name.strip_prefix(TRACE_PREFIX).unwrap_or(name);
        match raw_tp_null::lookup(cx.program.kernel.version, name, arg) {
            Some(doubt) => {
                may_be_error = doubt.error;
                if doubt.nullable {
                    ty = ty.plus(TypeFlags::MAYBE_NULL);
                }
            }
            // Nobody looked through the tracepoints of modules.
            None if btf_ref != BtfRef::VMLINUX => ty = ty.plus(TypeFlags::MAYBE_NULL),
            None => {}
        }
    }

    if let Some(target) = cx.program.req.attach.prog.clone() {
        let tgt_type = ProgType::from_number(target.request.prog_type).unwrap_or(ProgType::Unspec);
        if tgt_type == ProgType::Ext {
            return Err(crate::error::Stop::unsupported("context of a program that attaches to an extension"));
        }
        let is_ctx = is_prog_ctx_type(cx.program, &btf, &t, tgt_type);
        let id = ctx_types(cx.program.btf(BtfRef::VMLINUX), tgt_type).filter(|_| is_ctx).map(|(_, kern)| kern);
        info.reg_type = ty;
        info.btf = id.map(|id| (BtfRef::VMLINUX, id));
        return Ok(id.is_some());
    }

    let first = btf.ty(t.size_or_type);
    // A tag with the flag is an attribute of the compiler's own. Releases that do not know such take no BTF with any.
    if let Some(f) = first.filter(|f| f.kind == BtfKind::TypeTag && !f.kflag) {
        match f.name() {
            "user" => ty = ty.plus(TypeFlags::USER),
            "percpu" => ty = ty.plus(TypeFlags::PERCPU),
            _ => {}
        }
    }
    info.reg_type = ty;
    let Some(st) = btf.skip_modifiers(t.size_or_type) else { return Err(cx.broken("pointer to an unknown type")) };
    info.btf = Some((btf_ref, st.id));
    if !st.is_composite() {
        cx.say(PolicyMsg::CtxArgNotStruct { func, arg, kind: st.kind.log_word().to_string() });
        return Ok(false);
    }
    let (kind, name) = (st.kind.log_word().to_string(), shown_name(&st));
    cx.say(PolicyMsg::CtxArgIs { func, arg, btf_id: st.id, kind, name });
    if may_be_error {
        cx.say(PolicyMsg::CtxArgMayBeError { arg });
        info.reg_type = RegType::of(RegBase::Scalar);
        info.btf = None;
    }
    Ok(true)
}

/// A pointer to void or to an integer: loaded as a number. Before 6.17, `const void *` did not count as one.
fn is_plain_pointer(btf: &Btf, ptr: &Type<'_>, features: &Features) -> bool {
    let target = btf.skip_modifiers(ptr.size_or_type).map(|t| t.kind);
    let void = if features.qualified_void_args { target == Some(BtfKind::Void) } else { ptr.size_or_type == 0 };
    void || features.int_pointer_args && target == Some(BtfKind::Int)
}

/// Whether a parameter's name is more than the suffix and ends in it.
pub(crate) fn has_suffix(name: &str, suffix: &str) -> bool {
    name.len() > suffix.len() && name.ends_with(suffix)
}

/// Name of a type as the log shows it.
pub(crate) fn shown_name(t: &Type<'_>) -> String {
    if t.name_off == 0 { "(anon)".into() } else { t.name().into() }
}
