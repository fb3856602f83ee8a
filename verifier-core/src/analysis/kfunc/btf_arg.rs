//! Arguments by their BTF: structs of numbers, and pointers to kernel types.
//!
//! Answers for `__btf_type_is_scalar_struct()` and `process_kf_arg_ptr_to_btf_id()`.
//!
//! In the kernel: `BPF_REG_TRUSTED_MODIFIERS`, `bpf_type_has_unsafe_modifiers()`, `reg2btf_ids`, `is_trusted_reg()`,
//! `btf_type_is_scalar()`, `btf_type_is_struct()`, `get_kern_ctx_btf_id()`, `btf_type_ids_nocast_alias()`.

use std::sync::Arc;

use super::KfuncMeta;
use crate::analysis::Cx;
use crate::analysis::btf_access::same_struct_within;
use crate::analysis::ctx_type::{ctx_types, is_projection_of};
use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::{Errno, KfuncMsg, Res};
use crate::state::{BtfRef, RegBase, RegState, TypeFlags};

/// Modifiers that say a pointer is valid.
pub(super) const TRUSTED: TypeFlags = TypeFlags::ALLOC.union(TypeFlags::TRUSTED).union(TypeFlags::NON_OWN_REF);

/// Whether some modifier keeps the pointer from being passed as trusted.
pub(super) fn has_unsafe_modifiers(reg: &RegState) -> bool {
    !TRUSTED.contains(reg.ty.flags)
}

/// Whether values of the type are plain numbers.
pub(super) fn is_scalar(kind: BtfKind) -> bool {
    matches!(kind, BtfKind::Int | BtfKind::Enum)
}

/// Whether the type is a struct or a union.
pub(super) fn is_struct(kind: BtfKind) -> bool {
    matches!(kind, BtfKind::Struct | BtfKind::Union)
}

/// A struct made of numbers only, nested at most four deep.
pub(super) fn is_scalar_struct(cx: &mut Cx, btf: &Arc<Btf>, t: Type<'_>, depth: u32) -> bool {
    if !is_struct(t.kind) {
        return false;
    }
    for m in t.members() {
        let Some(member) = btf.skip_modifiers(m.type_id) else { return false };
        if is_struct(member.kind) {
            if depth >= 3 {
                cx.say(KfuncMsg::NestedTooDeep {});
                return false;
            }
            if !is_scalar_struct(cx, btf, member, depth + 1) {
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

/// The kernel's own context struct, for `bpf_cast_to_kern_ctx()`; `Err`: the id of what is no struct.
pub(super) fn kern_ctx(cx: &Cx) -> Result<TypeId, TypeId> {
    let vmlinux = cx.program.btf(BtfRef::VMLINUX);
    let kern = ctx_types(vmlinux, cx.program.resolved_prog_type()).map_or(0, |(_, kern)| kern);
    match vmlinux.ty(kern) {
        Some(t) if is_struct(t.kind) => Ok(kern),
        _ => Err(kern),
    }
}

/// Two names that differ only in the mark of objects that are not yet initialised.
fn is_nocast_alias(a: &str, b: &str) -> bool {
    a.strip_suffix("___init") == Some(b) || b.strip_suffix("___init") == Some(a)
}

/// Checks that a register points to the type that a parameter names.
pub(super) fn process_btf_id(
    cx: &mut Cx,
    regno: u8,
    want: TypeId,
    want_btf: BtfRef,
    meta: &KfuncMeta,
    arg: u32,
) -> Res {
    let reg = *cx.reg(regno);
    let found = match reg.btf() {
        Some(found) if reg.ty.base == RegBase::PtrToBtfId => Some(found),
        _ => reg
            .ty
            .base
            .row()
            .stands_for
            .and_then(|name| cx.program.btf(BtfRef::VMLINUX).find_by_name_kind(name, BtfKind::Struct))
            .map(|id| (BtfRef::VMLINUX, id)),
    };
    let Some((reg_btf, reg_id)) = found else { return Err(cx.broken("pointer to a kernel type without a type")) };
    let (got_btf, wanted_btf) = (Arc::clone(cx.program.btf(reg_btf)), Arc::clone(cx.program.btf(want_btf)));
    let alias = is_nocast_alias(got_btf.type_name(reg_id), wanted_btf.type_name(want));
    let strict = meta.flags.is_release() && reg.ref_obj_id != 0 || alias;
    let Some(got) = got_btf.skip_modifiers(reg_id) else { return Err(cx.broken("type of a register does not exist")) };
    let Some(wanted) = wanted_btf.ty(want) else { return Err(cx.broken("type of a parameter does not exist")) };
    let walk_flex = !reg.has(TypeFlags::ALLOC);
    let same = same_struct_within(cx, reg_btf, got.id, reg.off, want_btf, want, strict, walk_flex);
    let projected = cx.program.kernel.features.kfuncs_take_projections;
    if same || projected && is_projection_of(wanted.name(), got.name()) {
        return Ok(());
    }
    let msg = KfuncMsg::ArgType {
        name: meta.name(),
        arg: arg.into(),
        want_kind: wanted.kind.log_word(),
        want: wanted.name().to_string(),
        regno: arg + 1,
        got_kind: got.kind.log_word(),
        got: got.name().to_string(),
    };
    Err(cx.reject(msg, Errno::EINVAL))
}
