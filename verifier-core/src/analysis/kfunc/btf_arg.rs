//! Arguments by their BTF: context types, structs of numbers, and pointers to kernel types.
//!
//! Answers for `btf_is_prog_ctx_type()`, `__btf_type_is_scalar_struct()` and `process_kf_arg_ptr_to_btf_id()`.

use std::sync::Arc;

use super::{KfuncMeta, kind_str, resolved_prog_type};
use crate::analysis::Env;
use crate::analysis::btf_access::btf_struct_ids_match;
use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::{Errno, KfuncMsg, Res};
use crate::kernel::ProgType;
use crate::state::{BtfRef, RegBase, RegState, TypeFlags};

/// Modifiers that say a pointer is valid. Kernel: `BPF_REG_TRUSTED_MODIFIERS`.
pub(super) const TRUSTED: TypeFlags = TypeFlags::ALLOC.union(TypeFlags::TRUSTED).union(TypeFlags::NON_OWN_REF);

/// Kernel: `bpf_type_has_unsafe_modifiers()`.
pub(super) fn has_unsafe_modifiers(reg: &RegState) -> bool {
    !TRUSTED.contains(reg.ty.flags)
}

/// Struct that a pointer without BTF of its own stands for. Kernel: `reg2btf_ids`.
pub(super) fn struct_of_base(base: RegBase) -> Option<&'static str> {
    match base {
        RegBase::PtrToSocket => Some("sock"),
        RegBase::PtrToSockCommon => Some("sock_common"),
        RegBase::PtrToTcpSock => Some("tcp_sock"),
        RegBase::ConstPtrToMap => Some("bpf_map"),
        _ => None,
    }
}

/// Kernel: `is_trusted_reg()`.
pub(super) fn is_trusted_reg(reg: &RegState) -> bool {
    if reg.ref_obj_id != 0 {
        return true;
    }
    let listed = struct_of_base(reg.ty.base).is_some() || reg.ty.flags.intersects(TRUSTED);
    listed && !has_unsafe_modifiers(reg)
}

/// Kernel: `btf_type_is_scalar()`.
pub(super) fn is_scalar(kind: BtfKind) -> bool {
    matches!(kind, BtfKind::Int | BtfKind::Enum)
}

/// Kernel: `btf_type_is_struct()`, which counts unions.
pub(super) fn is_struct(kind: BtfKind) -> bool {
    matches!(kind, BtfKind::Struct | BtfKind::Union)
}

/// A struct made of numbers only, nested at most four deep. Kernel: `__btf_type_is_scalar_struct()`.
pub(super) fn is_scalar_struct(env: &mut Env, btf: &Arc<Btf>, t: Type<'_>, depth: u32) -> bool {
    if !is_struct(t.kind) {
        return false;
    }
    for m in t.members() {
        let Some(member) = btf.skip_modifiers(m.type_id) else { return false };
        if is_struct(member.kind) {
            if depth >= 3 {
                env.say(KfuncMsg::NestedTooDeep {});
                return false;
            }
            if !is_scalar_struct(env, btf, member, depth + 1) {
                return false;
            }
            continue;
        }
        let elem = match member.array() {
            Some(a) if a.nelems == 0 => return false,
            Some(a) => match btf.skip_modifiers(a.elem) {
                Some(t) => t,
                None => return false,
            },
            None => member,
        };
        if !is_scalar(elem.kind) {
            return false;
        }
    }
    true
}

/// The two context types of a program type, as the kernel's BTF lists them: what programs see, and what the kernel has.
/// Kernel: `struct bpf_ctx_convert`.
fn ctx_types(vmlinux: &Btf, t: ProgType) -> Option<(TypeId, TypeId)> {
    let convert = vmlinux.ty(vmlinux.find_by_name_kind("bpf_ctx_convert", BtfKind::Struct)?)?;
    let prefix = format!("BPF_PROG_TYPE_{}_", t.name());
    let of = |end: &str| convert.members().find(|m| m.name.strip_prefix(&prefix) == Some(end)).map(|m| m.type_id);
    Some((of("prog")?, of("kern")?))
}

/// The kernel's own context struct, for `bpf_cast_to_kern_ctx()`; `Err`: the id of what is no struct.
/// Kernel: `get_kern_ctx_btf_id()`.
pub(super) fn kern_ctx(env: &Env) -> Result<TypeId, TypeId> {
    let vmlinux = env.btf(BtfRef::VMLINUX);
    let kern = ctx_types(vmlinux, resolved_prog_type(env)).map_or(0, |(_, kern)| kern);
    match vmlinux.ty(kern) {
        Some(t) if is_struct(t.kind) => Ok(kern),
        _ => Err(kern),
    }
}

/// A program may pass the kernel's struct where the one it sees is asked for. Kernel: `btf_is_projection_of()`.
fn is_projection(projection: &str, name: &str) -> bool {
    matches!((projection, name), ("__sk_buff", "sk_buff") | ("xdp_md", "xdp_buff"))
}

/// Whether a pointer parameter is the context of this program type. Kernel: `btf_is_prog_ctx_type()`.
pub(super) fn is_prog_ctx_type(env: &Env, btf: &Btf, pointer: Type<'_>) -> bool {
    let prog_type = resolved_prog_type(env);
    let mut at = btf.ty(pointer.size_or_type);
    if prog_type == ProgType::Kprobe {
        let mut t = at;
        while let Some(x) = t.filter(|x| x.kind.is_modifier() && x.kind != BtfKind::Typedef) {
            t = btf.ty(x.size_or_type);
        }
        if t.is_some_and(|x| x.kind == BtfKind::Typedef && x.name() == "bpf_user_pt_regs_t") {
            return true;
        }
    }
    at = at.and_then(|t| btf.skip_modifiers(t.id));
    let Some(t) = at.filter(|t| is_struct(t.kind)) else { return false };
    let name = t.name();
    let vmlinux = env.btf(BtfRef::VMLINUX);
    let Some((prog, _)) = ctx_types(vmlinux, prog_type) else { return false };
    // A typedef (`bpf_user_pt_regs_t`) counts under its own name and under that of the struct behind it.
    let own = vmlinux.ty(prog).map_or("", |t| t.name());
    let behind = vmlinux.skip_modifiers(prog).map_or("", |t| t.name());
    !own.is_empty()
        && (is_projection(own, name) || own == name || !behind.is_empty() && (is_projection(behind, name) || behind == name))
}

/// Two names that differ only in the mark of objects that are not yet initialised. Kernel: `btf_type_ids_nocast_alias()`.
fn is_nocast_alias(a: &str, b: &str) -> bool {
    a.strip_suffix("___init") == Some(b) || b.strip_suffix("___init") == Some(a)
}

/// Checks that a register points to the type that a parameter names. Kernel: `process_kf_arg_ptr_to_btf_id()`.
pub(super) fn process_btf_id(env: &mut Env, regno: u8, want: TypeId, want_btf: BtfRef, meta: &KfuncMeta, arg: u32) -> Res {
    let reg = *env.reg(regno);
    let found = match reg.btf() {
        Some(found) if reg.ty.base == RegBase::PtrToBtfId => Some(found),
        _ => struct_of_base(reg.ty.base)
            .and_then(|name| env.btf(BtfRef::VMLINUX).find_by_name_kind(name, BtfKind::Struct))
            .map(|id| (BtfRef::VMLINUX, id)),
    };
    let Some((reg_btf, reg_id)) = found else { return Err(env.bug("pointer to a kernel type without a type")) };
    let (got_btf, wanted_btf) = (Arc::clone(env.btf(reg_btf)), Arc::clone(env.btf(want_btf)));
    let alias = is_nocast_alias(got_btf.type_name(reg_id), wanted_btf.type_name(want));
    let strict = meta.flags.is_release() && reg.ref_obj_id != 0 || alias;
    let Some(got) = got_btf.skip_modifiers(reg_id) else { return Err(env.bug("type of a register does not exist")) };
    let Some(wanted) = wanted_btf.ty(want) else { return Err(env.bug("type of a parameter does not exist")) };
    let walk_flex = !reg.has(TypeFlags::ALLOC);
    let same = btf_struct_ids_match(env, reg_btf, got.id, reg.off, want_btf, want, strict, walk_flex);
    if same || is_projection(wanted.name(), got.name()) {
        return Ok(());
    }
    let msg = KfuncMsg::ArgType {
        name: meta.name(),
        arg,
        want_kind: kind_str(wanted.kind),
        want: wanted.name().to_string(),
        regno: arg + 1,
        got_kind: kind_str(got.kind),
        got: got.name().to_string(),
    };
    Err(env.reject(msg, Errno::EINVAL))
}
