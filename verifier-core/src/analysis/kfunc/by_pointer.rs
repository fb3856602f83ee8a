//! Pointer arguments of kernel functions before 6.2: what is asked of one depends on the pointer that is passed.
//!
//! A pointer to a kernel object must be of the parameter's type; anything else is memory, and then the parameter must
//! be a number, a struct of numbers, or a dynptr. Nothing asks whether the pointer may be null: such a pointer is no
//! pointer to an object, and so is refused as memory.
//!
//! In the kernel: `btf_check_func_arg_match()`.

use std::sync::Arc;

use super::KfuncMeta;
use super::btf_arg::{is_scalar, is_scalar_struct, is_struct, process_btf_id};
use super::param::{Param, is_sized, one_of_its_type};
use crate::analysis::Cx;
use crate::analysis::call::args::argument_offset;
use crate::analysis::call::mem::memory_and_size_both_ways;
use crate::analysis::ctx_type::is_prog_ctx_type;
use crate::analysis::dynptr;
use crate::btf::{Btf, BtfKind};
use crate::error::{Arg, Errno, KfuncMsg, Res};
use crate::kernel::call::ArgType;
use crate::kernel::kfuncs::KfuncFlags;
use crate::state::{DynptrKind, RegBase, RegState, TypeFlags};

/// The kernel's own name of a dynptr, by which parameters are known.
const DYNPTR: &str = "bpf_dynptr_kern";

/// Whether the register points to an object of the kernel, and certainly so.
fn is_object(reg: &RegState) -> bool {
    let known = TypeFlags::TRUSTED.union(TypeFlags::RCU);
    match reg.ty.base {
        RegBase::PtrToBtfId => reg.ty.flags.difference(known).is_empty(),
        base => base.row().stands_for.is_some() && reg.ty.flags.is_empty(),
    }
}

/// Checks one pointer argument; `true` when it took the next register (the size) with it.
pub(super) fn pointer_argument(cx: &mut Cx, meta: &mut KfuncMeta, btf: &Arc<Btf>, p: &Param<'_>) -> Res<bool> {
    let (arg, regno) = (p.index as u32, p.index as u8 + 1);
    let reg = *cx.reg(regno);
    let owned_only = meta.flags.intersects(KfuncFlags::TRUSTED_ARGS.union(KfuncFlags::RCU));
    if owned_only && reg.ref_obj_id == 0 {
        return Err(cx.reject(KfuncMsg::MustBeReferenced { regno }, Errno::EINVAL));
    }
    let mut offset = ArgType::default();
    if owned_only || meta.flags.is_release() && reg.ref_obj_id != 0 {
        offset.flags |= TypeFlags::OBJ_RELEASE;
    }
    argument_offset(cx, &reg, regno, offset)?;
    if reg.ref_obj_id != 0 {
        if meta.ref_obj_id != 0 {
            return Err(cx.kernel_bug("more than one argument with a reference"));
        }
        meta.ref_obj_id = reg.ref_obj_id;
        if meta.flags.is_release() {
            meta.release_regno = regno;
        }
    }
    if is_prog_ctx_type(cx.program, btf, &p.ty, cx.program.resolved_prog_type()) {
        if !reg.ty.is(RegBase::PtrToCtx) {
            return Err(cx.reject(KfuncMsg::NotCtx { arg: Arg::from(arg), ty: reg.ty }, Errno::EINVAL));
        }
        return Ok(false);
    }
    let (kind, tname) = p.target.map_or((BtfKind::Void, ""), |t| (t.kind, t.name()));
    if is_object(&reg) {
        if !is_struct(kind) {
            let (name, tname) = (meta.name(), tname.to_string());
            let msg = KfuncMsg::ArgPointerKind { name, arg: Arg::from(arg), kind: kind.log_word(), tname };
            return Err(cx.reject(msg, Errno::EINVAL));
        }
        process_btf_id(cx, regno, p.target.map_or(0, |t| t.id), meta.desc.btf, meta, arg)?;
        return Ok(false);
    }
    memory(cx, meta, btf, p, kind, tname)
}

/// An argument that is memory, or a dynptr in memory.
fn memory(cx: &mut Cx, meta: &KfuncMeta, btf: &Arc<Btf>, p: &Param<'_>, kind: BtfKind, tname: &str) -> Res<bool> {
    let (arg, regno) = (p.index as u32, p.index as u8 + 1);
    let sized = is_sized(cx, meta, btf, p);
    let is_dynptr = is_struct(kind) && tname == DYNPTR;
    let plain = is_scalar(kind) || p.target.is_some_and(|t| is_scalar_struct(cx, btf, t, 0));
    if !(plain || is_dynptr || sized && kind == BtfKind::Void) {
        let msg = KfuncMsg::ArgMemType {
            arg: Arg::from(arg),
            kind: kind.log_word(),
            tname: tname.to_string(),
            or_void: sized,
        };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    if is_dynptr {
        dynptr_argument(cx, arg, regno)?;
        return Ok(false);
    }
    if sized {
        memory_and_size_both_ways(cx, regno + 1).map_err(|s| {
            dynptr::fail_after(
                cx,
                s,
                KfuncMsg::MemLenPair { arg: Arg::from(arg), len_arg: Arg::from(arg + 1) },
                Errno::EINVAL,
            )
        })?;
        return Ok(true);
    }
    one_of_its_type(cx, btf, p)?;
    Ok(false)
}

/// A whole dynptr on the stack, to memory of the program.
fn dynptr_argument(cx: &mut Cx, arg: u32, regno: u8) -> Res {
    let reg = *cx.reg(regno);
    if !reg.ty.is(RegBase::PtrToStack) {
        return Err(cx.reject(KfuncMsg::DynptrArgStack { arg }, Errno::EINVAL));
    }
    dynptr::check_valid_init(cx, &reg)
        .map_err(|s| dynptr::fail_after(cx, s, KfuncMsg::DynptrArgInit { arg }, Errno::EINVAL))?;
    if dynptr::dynptr_kind_of(cx, &reg)? != DynptrKind::Local {
        return Err(cx.reject(KfuncMsg::DynptrArgKind { arg }, Errno::EINVAL));
    }
    Ok(())
}
