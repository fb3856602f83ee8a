//! CO-RE relocations: whether a type or a member of the kernel can stand for one of the program.
//!
//! Answers for libbpf's `relo_core.c`. Three questions are asked of a pair: whether a member can be read as another
//! one, whether two types are the same as far as calls and variables go, and whether one describes the other in
//! names and members too.

use super::core_relo::{Res, bad};
use super::{Btf, BtfKind, Type, TypeId, flavourless_name};

/// Steps that matching may take before it is given up; real objects need a few thousand.
pub(super) const FUEL: u32 = 2_000_000;

/// Of either width.
pub(super) fn is_any_enum(t: &Type<'_>) -> bool {
    matches!(t.kind, BtfKind::Enum | BtfKind::Enum64)
}

/// libbpf: `btf_kind_core_compat()`.
pub(super) fn kinds_compat(a: &Type<'_>, b: &Type<'_>) -> bool {
    a.kind == b.kind || (is_any_enum(a) && is_any_enum(b))
}

/// Integers that encode a bit offset are bitfields of old compilers and are never relocated.
fn int_offset(t: &Type<'_>) -> u32 {
    t.int_word().map_or(0, |w| (w >> 16) & 0xff)
}

/// Whether two types are the same as far as calls and variables go: names do not matter.
///
/// libbpf: `bpf_core_types_are_compat()`.
pub fn compatible_types(local: &Btf, local_id: TypeId, targ: &Btf, targ_id: TypeId) -> Res<bool> {
    let mut fuel = FUEL;
    compat(local, local_id, targ, targ_id, 32, &mut fuel)
}

/// As [`compatible_types`], with so many prototypes inside one another and steps left.
pub(super) fn compat(
    local: &Btf,
    mut lid: TypeId,
    targ: &Btf,
    mut tid: TypeId,
    level: u32,
    fuel: &mut u32,
) -> Res<bool> {
    let (l, t) = (local.ty(lid).ok_or_else(bad)?, targ.ty(tid).ok_or_else(bad)?);
    if !kinds_compat(&l, &t) {
        return Ok(false);
    }
    for _ in 0..32 {
        *fuel = fuel.checked_sub(1).ok_or_else(bad)?;
        let l = local.skip_modifiers(lid).ok_or_else(bad)?;
        let t = targ.skip_modifiers(tid).ok_or_else(bad)?;
        if !kinds_compat(&l, &t) {
            return Ok(false);
        }
        match l.kind {
            BtfKind::Void | BtfKind::Struct | BtfKind::Union | BtfKind::Enum | BtfKind::Fwd | BtfKind::Enum64 => {
                return Ok(true);
            }
            BtfKind::Int => return Ok(int_offset(&l) == 0 && int_offset(&t) == 0),
            BtfKind::Ptr => (lid, tid) = (l.size_or_type, t.size_or_type),
            BtfKind::Array => {
                lid = l.array().ok_or_else(bad)?.elem;
                tid = t.array().ok_or_else(bad)?.elem;
            }
            BtfKind::FuncProto => {
                if l.vlen != t.vlen {
                    return Ok(false);
                }
                for (lp, tp) in l.params().zip(t.params()) {
                    if level == 0 {
                        return Err(bad());
                    }
                    let lp = local.skip_modifiers(lp.type_id).ok_or_else(bad)?.id;
                    let tp = targ.skip_modifiers(tp.type_id).ok_or_else(bad)?.id;
                    if !compat(local, lp, targ, tp, level - 1, fuel)? {
                        return Ok(false);
                    }
                }
                (lid, tid) = (l.size_or_type, t.size_or_type);
            }
            _ => return Ok(false),
        }
    }
    Err(bad())
}

/// libbpf: `bpf_core_names_match()`.
fn names_match(local: &str, targ: &str) -> bool {
    if targ.is_empty() { local.is_empty() } else { flavourless_name(local) == flavourless_name(targ) }
}

/// Whether the local type describes the kernel's: names, members and sizes matter. libbpf: `__bpf_core_types_match()`.
pub(super) fn types_match(
    local: &Btf,
    mut lid: TypeId,
    targ: &Btf,
    mut tid: TypeId,
    mut behind_ptr: bool,
    level: u32,
    fuel: &mut u32,
) -> Res<bool> {
    if level == 0 {
        return Err(bad());
    }
    for _ in 0..32 {
        *fuel = fuel.checked_sub(1).ok_or_else(bad)?;
        let l = local.skip_modifiers(lid).ok_or_else(bad)?;
        let t = targ.skip_modifiers(tid).ok_or_else(bad)?;
        if !names_match(l.name(), t.name()) {
            return Ok(false);
        }
        match l.kind {
            BtfKind::Void => return Ok(t.kind == BtfKind::Void),
            BtfKind::Fwd => {
                if behind_ptr && l.kind != t.kind {
                    return Ok((t.kind == BtfKind::Struct && !l.kflag) || (t.kind == BtfKind::Union && l.kflag));
                }
                return Ok(l.kind == t.kind && l.kflag == t.kflag);
            }
            BtfKind::Enum | BtfKind::Enum64 => return Ok(is_any_enum(&t) && enums_match(&l, &t)),
            BtfKind::Struct | BtfKind::Union => {
                if behind_ptr {
                    return Ok(l.kind == t.kind || (t.kind == BtfKind::Fwd && (l.kind == BtfKind::Union) == t.kflag));
                }
                return Ok(l.kind == t.kind && composites_match(local, &l, targ, &t, level, fuel)?);
            }
            BtfKind::Int => {
                let sign = |t: &Type<'_>| t.int_encoding().is_some_and(|e| e.signed);
                return Ok(l.kind == t.kind && l.size_or_type == t.size_or_type && sign(&l) == sign(&t));
            }
            _ if l.kind != t.kind => return Ok(false),
            BtfKind::Ptr => {
                behind_ptr = true;
                (lid, tid) = (l.size_or_type, t.size_or_type);
            }
            BtfKind::Array => {
                let (la, ta) = (l.array().ok_or_else(bad)?, t.array().ok_or_else(bad)?);
                if la.nelems != ta.nelems {
                    return Ok(false);
                }
                (lid, tid) = (la.elem, ta.elem);
            }
            BtfKind::FuncProto => {
                if l.vlen != t.vlen {
                    return Ok(false);
                }
                for (lp, tp) in l.params().zip(t.params()) {
                    if !types_match(local, lp.type_id, targ, tp.type_id, behind_ptr, level - 1, fuel)? {
                        return Ok(false);
                    }
                }
                (lid, tid) = (l.size_or_type, t.size_or_type);
            }
            _ => return Ok(false),
        }
    }
    Err(bad())
}

fn enums_match(l: &Type<'_>, t: &Type<'_>) -> bool {
    l.size_or_type == t.size_or_type
        && l.vlen <= t.vlen
        && l.enum_values().all(|lv| t.enum_values().any(|tv| names_match(lv.name, tv.name)))
}

fn composites_match(local: &Btf, l: &Type<'_>, targ: &Btf, t: &Type<'_>, level: u32, fuel: &mut u32) -> Res<bool> {
    if l.vlen > t.vlen {
        return Ok(false);
    }
    for lm in l.members() {
        let mut matched = false;
        for tm in t.members() {
            *fuel = fuel.checked_sub(1).ok_or_else(bad)?;
            if names_match(lm.name(), tm.name())
                && types_match(local, lm.type_id, targ, tm.type_id, false, level - 1, fuel)?
            {
                matched = true;
                break;
            }
        }
        if !matched {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a member of the kernel can stand for a local one. libbpf: `bpf_core_fields_are_compat()`.
pub(super) fn fields_are_compat(local: &Btf, mut lid: TypeId, targ: &Btf, mut tid: TypeId) -> Res<bool> {
    for _ in 0..64 {
        let l = local.skip_modifiers(lid).ok_or_else(bad)?;
        let t = targ.skip_modifiers(tid).ok_or_else(bad)?;
        if l.is_composite() && t.is_composite() {
            return Ok(true);
        }
        if !kinds_compat(&l, &t) {
            return Ok(false);
        }
        match l.kind {
            BtfKind::Ptr | BtfKind::Float => return Ok(true),
            BtfKind::Fwd | BtfKind::Enum | BtfKind::Enum64 => {
                let (l, t) = (flavourless_name(l.name()), flavourless_name(t.name()));
                return Ok(l.is_empty() || t.is_empty() || l == t);
            }
            BtfKind::Int => return Ok(int_offset(&l) == 0 && int_offset(&t) == 0),
            BtfKind::Array => {
                lid = l.array().ok_or_else(bad)?.elem;
                tid = t.array().ok_or_else(bad)?.elem;
            }
            _ => return Ok(false),
        }
    }
    Err(bad())
}
