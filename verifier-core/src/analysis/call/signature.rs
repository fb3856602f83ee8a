//! Reading what a function takes from its BTF.
//!
//! Answers for `btf_prepare_func_args()`, `btf_validate_prog_ctx_type()` and `btf_get_ptr_to_btf_id()`.
//!
//! In the kernel: `MAX_BPF_FUNC_REG_ARGS`, `enum btf_arg_tag`, `btf_is_dynptr_ptr()`.

use std::sync::Arc;

use crate::analysis::Cx;
use crate::analysis::ctx_type::{ctx_types, is_prog_ctx_type, is_user_regs_typedef};
use crate::analysis::learned::SubprogArg;
use crate::btf::{Btf, BtfKind, Type, TypeId, flavourless_name};
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::kernel::call::{ArgBase, ArgType, TypeFlags};
use crate::kernel::{AttachType, ProgType};
use crate::state::BtfRef;

/// Most arguments of a BPF function.
const MAX_ARGS: usize = 5;
/// BTF linkage of a global function.
const GLOBAL: u16 = 1;

/// Argument tags.
mod tag {
    pub const CTX: u32 = 1 << 0;
    pub const NONNULL: u32 = 1 << 1;
    pub const TRUSTED: u32 = 1 << 2;
    pub const UNTRUSTED: u32 = 1 << 3;
    pub const NULLABLE: u32 = 1 << 4;
    pub const ARENA: u32 = 1 << 5;
}

const fn arg(base: ArgBase, flags: TypeFlags) -> ArgType {
    ArgType { base, flags, size: 0, btf: "" }
}

const fn is_scalar(kind: BtfKind) -> bool {
    matches!(kind, BtfKind::Int | BtfKind::Enum | BtfKind::Enum64)
}

/// Reads the arguments of a function from its BTF, once.
///
/// # Errors
/// EFAULT where nothing can go on; anything else means that the BTF does not describe what we can verify, which only
/// global functions care about.
pub(crate) fn read_signature(cx: &mut Cx<'_>, subprog: usize) -> Res {
    let Some(info) = cx.learned.subprogs.get(subprog) else { return Err(cx.broken("no such function")) };
    if info.signature_known {
        return Ok(());
    }
    let (Some(func), Some(aux)) =
        (cx.program.func_info.get(subprog).copied(), cx.learned.function_facts.get(subprog).copied())
    else {
        return Err(cx.broken("function without information"));
    };
    let global = aux.linkage == GLOBAL;
    if func.type_id == 0 {
        if !global {
            return Err(Stop::silent(Errno::EINVAL));
        }
        return Err(cx.reject(CallMsg::GlobalNeedsBtf, Errno::EFAULT));
    }
    let btf: Arc<Btf> = Arc::clone(cx.program.btf(BtfRef::PROG));
    let Some(func_type) = btf.ty(func.type_id).filter(|t| t.kind == BtfKind::Func) else {
        return Err(cx.reject(CallMsg::NotFunc { subprog }, Errno::EFAULT));
    };
    let name = func_type.name().to_string();
    if aux.unreliable {
        return Err(cx.broken("unreliable BTF of a function is read again"));
    }
    let Some(proto) = btf.ty(func_type.size_or_type).filter(|t| t.kind == BtfKind::FuncProto) else {
        return Err(cx.reject(CallMsg::NoProto { name }, Errno::EFAULT));
    };
    let params: Vec<TypeId> = proto.params().map(|p| p.type_id).collect();
    if params.len() > MAX_ARGS {
        if !global {
            return Err(Stop::silent(Errno::EINVAL));
        }
        return Err(cx.reject(CallMsg::TooManyArgs { name, count: params.len() as u32 }, Errno::EINVAL));
    }
    let arena_types = cx.program.kernel.features.arena_types;
    let may_be_void = cx.program.kernel.features.global_void;
    let returned = btf.skip_modifiers(proto.size_or_type);
    let returns_fit = returned.is_some_and(|t| is_scalar(t.kind))
        || may_be_void && returned.is_none_or(|t| t.kind == BtfKind::Void)
        || arena_types && returned.is_some_and(|t| t.kind == BtfKind::Ptr && points_to_arena(&btf, t));
    if !returns_fit {
        let errno = if may_be_void { Errno::EOPNOTSUPP } else { Errno::EINVAL };
        if !global {
            return Err(Stop::silent(errno));
        }
        return Err(cx.reject(CallMsg::GlobalReturn { name }, errno));
    }
    for (i, param) in params.iter().enumerate() {
        let mut tags = read_tags(cx, &btf, func.type_id, i, global)?;
        let pointer = btf.skip_modifiers(*param).filter(|t| t.kind == BtfKind::Ptr);
        if arena_types && pointer.is_some_and(|t| points_to_arena(&btf, t)) {
            tags |= tag::ARENA;
        }
        let value = read_arg(cx, &btf, *param, i, tags, global, &name)?;
        if let Some(place) = cx.learned.subprogs[subprog].args.get_mut(i) {
            *place = value;
        }
    }
    let info = &mut cx.learned.subprogs[subprog];
    info.arg_count = params.len() as u8;
    info.signature_known = true;
    Ok(())
}

/// Whether the type that a pointer points to is tagged as being in the arena.
fn points_to_arena(btf: &Btf, ptr: Type<'_>) -> bool {
    /// More modifiers than any type has.
    const DEEPEST: usize = 64;
    let mut target = ptr.size_or_type;
    for _ in 0..DEEPEST {
        match btf.ty(target) {
            Some(t) if t.kind == BtfKind::TypeTag && t.name() == "arena" => return true,
            Some(t) if t.kind.is_modifier() => target = t.size_or_type,
            _ => return false,
        }
    }
    false
}

/// Tags of one argument.
fn read_tags(cx: &mut Cx<'_>, btf: &Btf, func: TypeId, index: usize, global: bool) -> Res<u32> {
    let mut tags = 0;
    if !cx.program.kernel.features.argument_tags {
        return Ok(tags);
    }
    for t in btf.decl_tags_of(func) {
        if t.decl_tag_component() != i32::try_from(index).ok() {
            continue;
        }
        let Some(text) = t.name().strip_prefix("arg:") else { continue };
        if !global {
            return Err(cx.reject(CallMsg::TagOnStatic { arg: index }, Errno::EOPNOTSUPP));
        }
        tags |= match text {
            "ctx" => tag::CTX,
            "trusted" => tag::TRUSTED,
            "untrusted" if cx.program.kernel.features.untrusted_args => tag::UNTRUSTED,
            "nonnull" => tag::NONNULL,
            "nullable" => tag::NULLABLE,
            "arena" => tag::ARENA,
            _ => return Err(cx.reject(CallMsg::TagUnknown { arg: index }, Errno::EOPNOTSUPP)),
        };
    }
    Ok(tags)
}

/// What one argument must be.
#[allow(clippy::too_many_arguments)]
fn read_arg(
    cx: &mut Cx<'_>,
    btf: &Btf,
    param: TypeId,
    index: usize,
    tags: u32,
    global: bool,
    func_name: &str,
) -> Res<SubprogArg> {
    let Some(ty) = btf.skip_modifiers(param) else { return Err(cx.kernel_bug("argument without a type")) };
    let of = |a: ArgType| SubprogArg { arg: a, mem_size: 0, btf_id: 0 };
    let has = |t: u32| tags & t != 0;
    let combination = CallMsg::TagCombination { arg: index };
    if ty.kind == BtfKind::Ptr {
        let prog = match (cx.program.prog_type, &cx.program.req.attach.prog) {
            (ProgType::Ext, Some(_)) => cx.program.resolved_prog_type(),
            (t, _) => t,
        };
        if has(tag::CTX) || is_prog_ctx_type(cx.program, btf, &ty, prog) {
            if tags & !tag::CTX != 0 {
                return Err(cx.reject(combination, Errno::EINVAL));
            }
            if has(tag::CTX) {
                validate_ctx(cx, btf, &ty, index, prog)?;
            }
            return Ok(of(arg(ArgBase::PtrToCtx, TypeFlags::empty())));
        }
        if cx.program.kernel.features.argument_tags && is_dynptr(btf, &ty) {
            if tags != 0 {
                return Err(cx.reject(combination, Errno::EINVAL));
            }
            return Ok(of(arg(ArgBase::PtrToDynptr, TypeFlags::RDONLY)));
        }
        if has(tag::TRUSTED) {
            if has(tag::NONNULL) {
                return Err(cx.reject(combination, Errno::EINVAL));
            }
            let btf_id = kernel_type(cx, btf, &ty, index)?;
            let mut flags = TypeFlags::TRUSTED;
            if has(tag::NULLABLE) {
                flags |= TypeFlags::MAYBE_NULL;
            }
            return Ok(SubprogArg { arg: arg(ArgBase::PtrToBtfId, flags), mem_size: 0, btf_id });
        }
        if has(tag::UNTRUSTED) {
            return untrusted(cx, btf, &ty, index, tags);
        }
        if has(tag::ARENA) {
            if tags & !tag::ARENA != 0 {
                return Err(cx.reject(CallMsg::TagArena { arg: index }, Errno::EINVAL));
            }
            return Ok(of(arg(ArgBase::PtrToArena, TypeFlags::empty())));
        }
        if global {
            if has(tag::NULLABLE) {
                return Err(cx.reject(combination, Errno::EINVAL));
            }
            if !cx.program.kernel.features.global_memory_args {
                if btf.skip_modifiers(ty.size_or_type).is_none_or(|t| t.kind != BtfKind::Struct) {
                    cx.say(CallMsg::ArgNoStruct { arg: index });
                }
                let (kind, name) = (ty.kind.log_word().to_string(), func_name.to_string());
                return Err(cx.reject(CallMsg::ArgUnsupported { arg: index, kind, name }, Errno::EINVAL));
            }
            let Some(target) = btf.skip_modifiers(ty.size_or_type) else {
                return Err(cx.broken("pointer without a type"));
            };
            let Some(mem_size) = btf.resolve_size(target.id) else {
                let (kind, name) = (target.kind.log_word().to_string(), target.name().to_string());
                let errno = -(Errno::EINVAL as i32);
                return Err(cx.reject(CallMsg::ArgSize { arg: index, kind, name, errno }, Errno::EINVAL));
            };
            let flags = if has(tag::NONNULL) { TypeFlags::empty() } else { TypeFlags::MAYBE_NULL };
            return Ok(SubprogArg { arg: arg(ArgBase::PtrToMem, flags), mem_size, btf_id: 0 });
        }
    }
    if tags != 0 {
        return Err(cx.reject(CallMsg::TagNotPointer { arg: index }, Errno::EINVAL));
    }
    if is_scalar(ty.kind) {
        return Ok(of(arg(ArgBase::Anything, TypeFlags::empty())));
    }
    if !global {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let msg = CallMsg::ArgUnsupported { arg: index, kind: ty.kind.log_word().to_string(), name: func_name.to_string() };
    Err(cx.reject(msg, Errno::EINVAL))
}

/// An argument that may point anywhere and can only be read (6.17).
fn untrusted(cx: &mut Cx<'_>, btf: &Btf, ptr: &Type<'_>, index: usize, tags: u32) -> Res<SubprogArg> {
    if tags & !tag::UNTRUSTED != 0 {
        return Err(cx.reject(CallMsg::TagUntrusted { arg: index }, Errno::EINVAL));
    }
    let Some(target) = btf.skip_modifiers(ptr.size_or_type) else { return Err(cx.broken("pointer without a type")) };
    if target.kind == BtfKind::Void || is_scalar(target.kind) {
        let flags = TypeFlags::RDONLY.union(TypeFlags::UNTRUSTED);
        return Ok(SubprogArg { arg: arg(ArgBase::PtrToMem, flags), mem_size: 0, btf_id: 0 });
    }
    let btf_id = kernel_type(cx, btf, ptr, index)?;
    let vmlinux = Arc::clone(cx.program.btf(BtfRef::VMLINUX));
    let kind = vmlinux.ty(btf_id).map_or(BtfKind::Void, |t| t.kind);
    if !matches!(kind, BtfKind::Struct | BtfKind::Union) {
        // The kernel looks the name of the pointer, which has none, up in its own strings.
        let name = if ptr.name_off == 0 { "(anon)" } else { vmlinux.name_at(ptr.name_off) }.to_string();
        let msg = CallMsg::UntrustedType { arg: index, kind: kind.log_word().to_string(), name };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    Ok(SubprogArg { arg: arg(ArgBase::PtrToBtfId, TypeFlags::UNTRUSTED), mem_size: 0, btf_id })
}

/// A tagged context must have the type that the program type's context has.
fn validate_ctx(cx: &mut Cx<'_>, btf: &Btf, ptr: &Type<'_>, index: usize, prog: ProgType) -> Res {
    if matches!(prog, ProgType::Kprobe | ProgType::PerfEvent) && is_user_regs_typedef(btf, ptr) {
        return Ok(());
    }
    let Some(target) = btf.skip_modifiers(ptr.size_or_type) else { return Err(cx.broken("pointer without a type")) };
    if target.kind == BtfKind::Void {
        return Ok(());
    }
    let name = target.name();
    if name.is_empty() {
        return Err(cx.reject(CallMsg::CtxUnnamed { arg: index }, Errno::EINVAL));
    }
    let is_struct = target.kind == BtfKind::Struct;
    let u64_array = target.kind == BtfKind::Int && target.size_or_type == 8;
    let fits = match prog {
        // On x86-64 the registers of the user are the kernel's `struct pt_regs`.
        ProgType::Kprobe | ProgType::PerfEvent => is_struct && name == "pt_regs",
        ProgType::RawTracepoint | ProgType::RawTracepointWritable | ProgType::Lsm | ProgType::StructOps => u64_array,
        ProgType::Tracing => match cx.program.resolved_attach_type() {
            AttachType::TraceRawTp => u64_array || (is_struct && name == "bpf_raw_tracepoint_args"),
            AttachType::TraceIter => is_struct && name.starts_with("bpf_iter__"),
            other => u64_array && other.has_trampoline(),
        },
        ProgType::Tracepoint | ProgType::Syscall | ProgType::Ext => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let vmlinux = Arc::clone(cx.program.btf(BtfRef::VMLINUX));
    let ctx = ctx_types(&vmlinux, prog).and_then(|(ctx, _)| vmlinux.skip_modifiers(ctx));
    let Some(ctx) = ctx.filter(|t| t.kind == BtfKind::Struct) else {
        return Err(cx.reject(CallMsg::CtxVoid { arg: index }, Errno::EINVAL));
    };
    if !is_struct || ctx.name() != name {
        return Err(cx.reject(CallMsg::CtxType { arg: index, name: ctx.name().to_string() }, Errno::EINVAL));
    }
    Ok(())
}

/// A pointer to `struct bpf_dynptr`, complete or not.
fn is_dynptr(btf: &Btf, ptr: &Type<'_>) -> bool {
    btf.skip_modifiers(ptr.size_or_type).is_some_and(|t| {
        let fits = t.is_composite() || (t.kind == BtfKind::Fwd && !t.kflag);
        fits && t.name() == "bpf_dynptr"
    })
}

/// The kernel's type of this name and kind.
fn kernel_type(cx: &mut Cx<'_>, btf: &Btf, ptr: &Type<'_>, index: usize) -> Res<TypeId> {
    let Some(target) = btf.skip_modifiers(ptr.size_or_type) else { return Err(cx.broken("pointer without a type")) };
    let (kind, name) = (target.kind.log_word().to_string(), target.name().to_string());
    if name.is_empty() {
        let (name, errno) = ("(anon)".into(), -(Errno::EINVAL as i32));
        return Err(cx.reject(CallMsg::TrustedError { arg: index, kind, name, errno }, Errno::EINVAL));
    }
    let wanted = flavourless_name(&name).to_string();
    let find = |b: &Btf| -> Vec<TypeId> {
        b.own_by_essential_name(&wanted).filter(|t| t.kind == target.kind).map(|t| t.id).collect()
    };
    let mut found = find(cx.program.btf(BtfRef::VMLINUX));
    let mut module = false;
    if found.is_empty() {
        let modules = cx.program.btf_names.iter().zip(&cx.program.btfs).skip(2).filter(|(n, _)| !n.is_empty());
        found = modules.flat_map(|(_, b)| find(b)).collect();
        module = true;
    }
    match found[..] {
        [] => {
            let msg = CallMsg::TrustedMatch { arg: index, kind, name, what: "has no matches" };
            Err(cx.reject(msg, Errno::ENOENT))
        }
        [_] if module => Err(cx.reject(CallMsg::TrustedModule { arg: index, kind, name }, Errno::EOPNOTSUPP)),
        [id] => Ok(id),
        _ => {
            let msg = CallMsg::TrustedMatch { arg: index, kind, name, what: "is ambiguous" };
            Err(cx.reject(msg, Errno::ESRCH))
        }
    }
}
