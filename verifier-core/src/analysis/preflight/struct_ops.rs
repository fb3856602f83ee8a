//! struct_ops programs: which member of which kernel struct they implement.
//!
//! Answers for `check_struct_ops_btf_id()` and the part of `bpf_struct_ops_desc_init()` that finds arguments of special
//! type. The attach type of such a program is the number of the member.
//!
//! In the kernel: `bpf_struct_ops_find()`, `prepare_arg_info()`.

use std::sync::Arc;

use super::attr::is_gpl_compatible;
use crate::analysis::Draft;
use crate::analysis::program::CtxArg;
use crate::btf::{Btf, BtfKind, Type};
use crate::error::{Errno, PolicyMsg, Res, Stop};
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::facts::struct_ops::{self, StructOps};
use crate::state::BtfRef;

/// Checks struct, member and the member's prototype, and fills in `cx.program.attach`.
pub(crate) fn struct_ops_target(cx: &mut Draft<'_>) -> Res {
    if !is_gpl_compatible(&cx.program.req.license) {
        return Err(cx.reject(PolicyMsg::StructOpsGpl, Errno::EINVAL));
    }
    let id = cx.program.req.attach.btf_id;
    if id == 0 && cx.program.kernel.features.struct_ops_of_modules {
        return Err(Stop::silent(Errno::ENOTSUPP));
    }
    let btf_ref = super::attach::btf_ref(cx, cx.program.req.attach.btf.clone())?;
    let btf: Arc<Btf> = cx.program.btf(btf_ref).clone();
    let Some((st, t)) = registered(&btf, btf_ref, id) else {
        return Err(cx.reject(PolicyMsg::UnsupportedStruct { id }, Errno::ENOTSUPP));
    };
    let name = || st.name.to_string();
    let idx = cx.program.req.expected_attach_type;
    let Some(member) = t.members().nth(idx as usize) else {
        return Err(cx.reject(PolicyMsg::MemberIndex { idx, name: name() }, Errno::EINVAL));
    };
    let mname = member.name().to_string();
    let Some(proto) = btf.resolve_func_ptr(member.type_id) else {
        return Err(cx.reject(PolicyMsg::MemberInvalid { member: mname, idx, name: name() }, Errno::EINVAL));
    };
    if !st.supports(&mname) {
        return Err(cx.reject(PolicyMsg::MemberUnsupported { member: mname, name: name() }, Errno::ENOTSUPP));
    }
    if cx.program.sleepable && !st.may_sleep(&mname) {
        return Err(cx.reject(PolicyMsg::MemberUnsupported { member: mname, name: name() }, Errno::EINVAL));
    }
    let mut args = ctx_args(st, &mname, &btf, btf_ref, &proto);
    if !cx.program.kernel.features.nullable_members {
        args.retain(|arg| !arg.ty.may_be_null());
    }
    if args.iter().any(|a| a.ty == RegType::ARENA) && cx.program.arena.is_none() {
        return Err(cx.reject(PolicyMsg::ArenaArgument { member: mname }, Errno::EINVAL));
    }
    if args.iter().any(|a| a.refcounted) && cx.learned.subprogs.iter().any(|s| s.makes_tail_calls) {
        return Err(cx.reject(PolicyMsg::RefArgTailCall, Errno::EINVAL));
    }
    cx.program.attach.btf = Some(btf_ref);
    cx.program.attach.btf_id = id;
    cx.program.attach.func_proto = proto.id;
    cx.program.attach.func_name = mname.clone();
    cx.program.attach.member_name = mname;
    cx.program.attach.struct_ops = Some((id, idx));
    cx.program.attach.ctx_args = args;
    Ok(())
}

/// The struct with this id, if the kernel lets programs implement it.
fn registered<'b>(btf: &'b Btf, btf_ref: BtfRef, id: u32) -> Option<(&'static StructOps, Type<'b>)> {
    let t = btf.ty(id).filter(|t| t.kind == BtfKind::Struct)?;
    let st = struct_ops::find(t.name(), btf_ref != BtfRef::VMLINUX)?;
    let value = btf.find_by_name_kind(&format!("bpf_struct_ops_{}", st.name), BtfKind::Struct);
    (value.is_some() && btf.find_by_name_kind(st.name, BtfKind::Struct) == Some(id)).then_some((st, t))
}

/// Arguments that the member's stub marks.
fn ctx_args(st: &StructOps, member: &str, btf: &Btf, btf_ref: BtfRef, proto: &Type<'_>) -> Vec<CtxArg> {
    let mut out = Vec::new();
    let mut offset: u32 = 0;
    for (i, p) in (0u32..).zip(proto.params()) {
        let nullable = st.nullable.contains(&(member, i));
        let refcounted = st.refcounted.contains(&(member, i));
        if st.arena.contains(&(member, i)) {
            let ty = RegType::ARENA;
            out.push(CtxArg { offset, ty, btf: (btf_ref, 0), refcounted: false });
        }
        if (nullable || refcounted)
            && let Some(target) = btf.pointee(p.type_id)
        {
            let mut ty = RegType::with(RegBase::PtrToBtfId, TypeFlags::TRUSTED);
            if nullable {
                ty = ty.plus(TypeFlags::MAYBE_NULL);
            }
            out.push(CtxArg { offset, ty, btf: (btf_ref, target.id), refcounted: refcounted && !nullable });
        }
        let size = btf.resolve_size(p.type_id).unwrap_or(8);
        offset = offset.saturating_add(size.checked_next_multiple_of(8).unwrap_or(8));
    }
    out
}
