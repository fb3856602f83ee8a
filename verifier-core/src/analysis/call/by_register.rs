//! What registers are against what a function's BTF says of its arguments, in releases before 6.8.
//!
//! There each call, and the entry of the main program, compares the registers as they are with the parameters, one after
//! another. What does not fit is told even where nothing follows from it: a static function whose BTF is wrong is
//! verified by its registers, the main program always is.

use std::sync::Arc;

use super::args::argument_offset;
use super::mem::memory_of_type;
use crate::analysis::Cx;
use crate::analysis::ctx_type::is_prog_ctx_type;
use crate::btf::{Btf, BtfKind};
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::kernel::ProgType;
use crate::kernel::call::{ArgBase, ArgType, RegBase, TypeFlags};
use crate::state::BtfRef;

/// What a caller's registers must be is checked by kind alone here.
pub(super) const NO_RULE: ArgType = ArgType { base: ArgBase::DontCare, flags: TypeFlags::empty(), size: 0, btf: "" };

/// Most arguments of a BPF function.
const MAX_ARGS: usize = 5;
/// BTF linkage of a global function.
const GLOBAL: u16 = 1;

/// Whether the registers fit a function's parameters. `at_call`: they are those of a caller.
///
/// # Errors
/// EFAULT ends the analysis, any other rejection means that they do not fit.
pub(super) fn registers_fit(cx: &mut Cx<'_>, subprog: usize, at_call: bool) -> Res {
    let info = cx.program.func_info.get(subprog).copied();
    let (Some(info), Some(facts)) = (info, cx.learned.function_facts.get(subprog).copied()) else {
        return Err(Stop::silent(Errno::EINVAL));
    };
    if info.type_id == 0 {
        return Err(Stop::silent(Errno::EFAULT));
    }
    if facts.unreliable {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let memory = facts.linkage == GLOBAL && at_call;
    let result = each_fits(cx, info.type_id, memory);
    if matches!(result, Err(Stop::Reject(_))) {
        cx.learned.function_facts[subprog].unreliable = true;
    }
    result
}

fn each_fits(cx: &mut Cx<'_>, func: u32, memory: bool) -> Res {
    let btf: Arc<Btf> = Arc::clone(cx.program.btf(BtfRef::PROG));
    let proto = btf.ty(func).filter(|t| t.kind == BtfKind::Func).and_then(|f| Some((f, btf.ty(f.size_or_type)?)));
    let Some((func_type, proto)) = proto.filter(|(_, p)| p.kind == BtfKind::FuncProto) else {
        return Err(Stop::silent(Errno::EFAULT));
    };
    let name = func_type.name().to_string();
    let params: Vec<u32> = proto.params().map(|p| p.type_id).collect();
    if params.len() > MAX_ARGS {
        return Err(cx.reject(CallMsg::FunctionArgs { name, count: params.len() }, Errno::EINVAL));
    }
    let invalid = Errno::EINVAL;
    for (arg, param) in params.into_iter().enumerate() {
        let regno = arg as u8 + 1;
        let reg = *cx.reg(regno);
        let Some(ty) = btf.skip_modifiers(param) else { return Err(Stop::silent(Errno::EFAULT)) };
        if matches!(ty.kind, BtfKind::Int | BtfKind::Enum | BtfKind::Enum64) {
            if reg.is_scalar() {
                continue;
            }
            return Err(cx.reject(CallMsg::PassScalar { regno }, invalid));
        }
        if ty.kind != BtfKind::Ptr {
            let kind = ty.kind.log_word().to_string();
            return Err(cx.reject(CallMsg::ArgKind { arg, kind }, invalid));
        }
        argument_offset(cx, &reg, regno, NO_RULE)?;
        let prog = match (cx.program.prog_type, &cx.program.req.attach.prog) {
            (ProgType::Ext, Some(_)) => cx.program.resolved_prog_type(),
            (t, _) => t,
        };
        if is_prog_ctx_type(cx.program, &btf, &ty, prog) {
            if !reg.ty.is(RegBase::PtrToCtx) {
                let kind = ty.kind.log_word().to_string();
                return Err(cx.reject(CallMsg::ArgNoCtx { arg, kind }, invalid));
            }
        } else if !cx.program.kernel.features.global_memory_args {
            let plain = btf.skip_modifiers(ty.size_or_type).is_none_or(|t| t.kind != BtfKind::Struct);
            let kind = ty.kind.log_word().to_string();
            if plain {
                cx.say(CallMsg::ArgNoStruct { arg });
            }
            return Err(cx.reject(CallMsg::ArgKind { arg, kind }, invalid));
        } else if memory {
            let Some(target) = btf.skip_modifiers(ty.size_or_type) else { return Err(Stop::silent(Errno::EFAULT)) };
            let Some(size) = btf.resolve_size(target.id) else {
                let (kind, name) = (target.kind.log_word().to_string(), target.name().to_string());
                return Err(cx.reject(CallMsg::ArgSize { arg, kind, name, errno: -(invalid as i32) }, invalid));
            };
            memory_of_type(cx, regno, size).map_err(|s| super::errno_as(s, invalid))?;
        } else {
            return Err(cx.reject(CallMsg::ArgPointer { arg, name, id: func }, invalid));
        }
    }
    Ok(())
}
