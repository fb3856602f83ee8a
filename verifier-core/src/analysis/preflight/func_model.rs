//! Prototypes of attach targets: whether a trampoline can pass them on, and whether an extension's fits its target's.
//!
//! Answers for `btf_distill_func_proto()`, `btf_check_func_type_match()` and `btf_check_type_match()`.
//!
//! In the kernel: `MAX_BPF_FUNC_ARGS`, `__get_type_size()`, `info`.

use crate::analysis::Draft;
use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::{Errno, PolicyMsg, Res, Stop};

/// Arguments that a traced function can have.
const MAX_FUNC_ARGS: u32 = 12;

/// Bytes of a type and its kind; no bytes: not passable.
pub(in crate::analysis) fn type_size(btf: &Btf, id: TypeId, unions: bool) -> (Option<u32>, BtfKind) {
    if id == 0 {
        return (Some(0), BtfKind::Void);
    }
    let Some(t) = btf.skip_modifiers(id) else { return (None, BtfKind::Void) };
    let size = match t.kind {
        BtfKind::Ptr => Some(8),
        BtfKind::Int | BtfKind::Enum | BtfKind::Enum64 | BtfKind::Struct => Some(t.size_or_type),
        BtfKind::Union if unions => Some(t.size_or_type),
        _ => None,
    };
    (size, t.kind)
}

/// Checks that a function can be traced, and returns the bytes of its return value. `None`: five words are assumed.
pub(crate) fn distill_func_proto(cx: &mut Draft<'_>, btf: &Btf, proto: Option<TypeId>, name: &str) -> Res<u32> {
    let einval = Errno::EINVAL;
    let Some(proto) = proto.and_then(|p| btf.ty(p)) else { return Ok(8) };
    let func = || name.to_string();
    let unions = cx.program.kernel.features.union_args;
    let n = u32::from(proto.vlen);
    if n > MAX_FUNC_ARGS {
        return Err(cx.reject(PolicyMsg::TooManyArgs { func: func(), n }, einval));
    }
    let ret_size = match type_size(btf, proto.size_or_type, unions) {
        (Some(size), kind) if kind != BtfKind::Struct && kind != BtfKind::Union => size,
        (_, kind) => {
            return Err(cx.reject(PolicyMsg::ReturnType { func: func(), kind: kind.log_word().to_string() }, einval));
        }
    };
    for (arg, p) in (0u32..).zip(proto.params()) {
        if arg + 1 == n && p.type_id == 0 {
            return Err(cx.reject(PolicyMsg::Variadic { func: func() }, einval));
        }
        match type_size(btf, p.type_id, unions) {
            (Some(0), _) => return Err(cx.reject(PolicyMsg::VoidArg { func: func() }, einval)),
            (Some(1..=16), _) => {}
            (_, kind) => {
                return Err(
                    cx.reject(PolicyMsg::ArgType { func: func(), arg, kind: kind.log_word().to_string() }, einval)
                );
            }
        }
    }
    Ok(ret_size)
}

/// Whether two types have the same kind, number of members and flag.
fn same_info(a: &Type<'_>, b: &Type<'_>) -> bool {
    a.kind == b.kind && a.vlen == b.vlen && a.kflag == b.kflag
}

/// Checks the extension's own prototype against the function it replaces, `target` in `btf`.
pub(crate) fn check_type_match(cx: &mut Draft<'_>, btf: &Btf, target: &Type<'_>) -> Res {
    // The caller in the kernel turns every error into EINVAL.
    let silent = || Stop::silent(Errno::EINVAL);
    let own = cx.program.req.btf.clone();
    let (Some(own), Some(info)) = (own, cx.program.req.func_info.first()) else {
        return Err(cx.reject(PolicyMsg::ExtNeedsBtf, Errno::EINVAL));
    };
    let t1 = own.ty(info.type_id).filter(|t| t.kind == BtfKind::Func).ok_or_else(silent)?;
    match match_funcs(&own, &t1, btf, target) {
        Ok(()) => Ok(()),
        Err(Some(msg)) => Err(cx.reject(msg, Errno::EINVAL)),
        Err(None) => Err(silent()),
    }
}

/// The error is the line to print, if there is one.
fn match_funcs(btf1: &Btf, t1: &Type<'_>, btf2: &Btf, t2: &Type<'_>) -> Result<(), Option<PolicyMsg>> {
    const GLOBAL: u16 = 1;
    let (f1, f2) = (t1.name().to_string(), t2.name().to_string());
    if t1.func_linkage() != GLOBAL {
        return Err(Some(PolicyMsg::NotGlobal { func: f1 }));
    }
    if t2.func_linkage() != GLOBAL {
        return Err(Some(PolicyMsg::NotGlobal { func: f2 }));
    }
    let p1 = btf1.ty(t1.size_or_type).filter(|t| t.kind == BtfKind::FuncProto).ok_or(None)?;
    let p2 = btf2.ty(t2.size_or_type).filter(|t| t.kind == BtfKind::FuncProto).ok_or(None)?;
    let (n1, n2) = (u32::from(p1.vlen), u32::from(p2.vlen));
    if n1 != n2 {
        return Err(Some(PolicyMsg::ArgCount { f1, n1, f2, n2 }));
    }
    let r1 = btf1.skip_modifiers(p1.size_or_type).ok_or(None)?;
    let r2 = btf2.skip_modifiers(p2.size_or_type).ok_or(None)?;
    if !same_info(&r1, &r2) {
        let (k1, k2) = (r1.kind.log_word().to_string(), r2.kind.log_word().to_string());
        return Err(Some(PolicyMsg::ReturnMismatch { k1, f1, k2, f2 }));
    }
    for ((arg, a1), a2) in (0u32..).zip(p1.params()).zip(p2.params()) {
        let a1 = btf1.skip_modifiers(a1.type_id).ok_or(None)?;
        let a2 = btf2.skip_modifiers(a2.type_id).ok_or(None)?;
        if !same_info(&a1, &a2) {
            let (k1, k2) = (a1.kind.log_word().to_string(), a2.kind.log_word().to_string());
            return Err(Some(PolicyMsg::ArgKind { arg, f1, k1, f2, k2 }));
        }
        if a1.own_size().is_some() && a1.size_or_type != a2.size_or_type {
            let (s1, s2) = (a1.size_or_type as i32, a2.size_or_type as i32);
            return Err(Some(PolicyMsg::ArgSize { arg, f1, s1, f2, s2 }));
        }
        match a1.kind {
            BtfKind::Int | BtfKind::Enum | BtfKind::Enum64 => continue,
            BtfKind::Ptr => {}
            _ => return Err(Some(PolicyMsg::ArgUnrecognized { arg, func: f1 })),
        }
        let s1 = btf1.skip_modifiers(a1.size_or_type).ok_or(None)?;
        let s2 = btf2.skip_modifiers(a2.size_or_type).ok_or(None)?;
        if !s1.is_composite() {
            return Err(Some(PolicyMsg::ArgNotCtx { arg, func: f1 }));
        }
        if !s2.is_composite() {
            return Err(Some(PolicyMsg::ArgNotCtx { arg, func: f2 }));
        }
        if s1.name() != s2.name() {
            let (s1, s2) = (s1.name().to_string(), s2.name().to_string());
            return Err(Some(PolicyMsg::ArgStruct { arg, f1, s1, f2, s2 }));
        }
    }
    Ok(())
}
