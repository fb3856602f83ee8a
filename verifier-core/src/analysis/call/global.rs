//! Functions verified by their BTF signature: what callers pass, and what the function starts with.
//!
//! Answers for `btf_check_subprog_call()`, `btf_check_func_arg_match()` and the first half of `do_check_common()`.
//!
//! In the kernel: `ARG_DONTCARE`.

use super::args::{argument_offset, argument_type};
use super::by_register::NO_RULE;
use super::errno_as;
use super::mem::memory_of_type;
use super::meta::CallMeta;
use super::signature::read_signature;
use crate::analysis::Cx;
use crate::analysis::dynptr::{dynptr_argument, set_callback_dynptr};
use crate::analysis::refs;
use crate::analysis::regs::{is_packet_pointer, need_exactly, set_known_zero, set_unknown};
use crate::error::{Arg, CallMsg, Errno, Res, Stop};
use crate::kernel::ProgType;
use crate::kernel::call::{ArgBase, ArgType, RegBase, RegType, TypeFlags};
use crate::state::{BtfRef, DynptrKind, Payload};

/// Checks the registers of a call against the BTF of the callee.
///
/// # Errors
/// EFAULT ends the analysis. Any other rejection means that they do not fit; for static functions that only makes the
/// callee's BTF unreliable.
pub(crate) fn arguments_fit_signature(cx: &mut Cx<'_>, subprog: usize) -> Res {
    if !cx.program.kernel.features.signatures_read_once {
        return super::by_register::registers_fit(cx, subprog, true);
    }
    let (Some(info), Some(aux)) =
        (cx.program.func_info.get(subprog).copied(), cx.learned.function_facts.get(subprog).copied())
    else {
        return Err(Stop::silent(Errno::EINVAL));
    };
    if info.type_id == 0 {
        return Err(Stop::silent(Errno::EFAULT));
    }
    if aux.unreliable {
        return Err(Stop::silent(Errno::EINVAL));
    }
    let result = match_args(cx, subprog);
    if matches!(result, Err(Stop::Reject(_)))
        && let Some(aux) = cx.learned.function_facts.get_mut(subprog)
    {
        aux.unreliable = true;
    }
    result
}

fn match_args(cx: &mut Cx<'_>, subprog: usize) -> Res {
    read_signature(cx, subprog)?;
    let info = &cx.learned.subprogs[subprog];
    let (args, count) = (info.args, usize::from(info.arg_count));
    for (i, want) in args.iter().enumerate().take(count) {
        let regno = i as u8 + 1;
        let reg = *cx.reg(regno);
        let arg = want.arg;
        match arg.base {
            ArgBase::Anything if arg.flags.is_empty() => {
                if !reg.is_scalar() {
                    return Err(cx.reject(CallMsg::PassScalar { regno }, Errno::EINVAL));
                }
            }
            // Reads through it are guarded, so anything may be passed.
            _ if arg.flags.contains(TypeFlags::UNTRUSTED) => {}
            ArgBase::PtrToCtx if arg.flags.is_empty() => {
                argument_offset(cx, &reg, regno, NO_RULE)?;
                if !reg.ty.is(RegBase::PtrToCtx) {
                    return Err(cx.reject(CallMsg::PassCtx { arg: Arg::from(i) }, Errno::EINVAL));
                }
            }
            ArgBase::PtrToMem => {
                if cx.program.kernel.features.packet_memory_stays
                    && is_packet_pointer(&reg)
                    && cx.learned.subprogs[subprog].moves_packet_data
                {
                    return Err(cx.reject(CallMsg::PassPacket { regno, subprog }, Errno::EINVAL));
                }
                argument_offset(cx, &reg, regno, NO_RULE)?;
                if reg.is_null() && cx.program.kernel.features.passed_nulls_are_precise {
                    need_exactly(cx, regno)?;
                }
                memory_of_type(cx, regno, want.mem_size).map_err(|s| errno_as(s, Errno::EINVAL))?;
                if !arg.flags.contains(TypeFlags::MAYBE_NULL) && reg.ty.may_be_null() {
                    return Err(cx.reject(CallMsg::PassNull { arg: Arg::from(i) }, Errno::EINVAL));
                }
            }
            ArgBase::PtrToArena => {
                if !reg.ty.is(RegBase::PtrToArena) && !reg.is_scalar() {
                    return Err(cx.reject(CallMsg::PassArena { regno }, Errno::EINVAL));
                }
            }
            ArgBase::PtrToDynptr if arg.flags == TypeFlags::RDONLY => {
                let rule = ArgType { base: ArgBase::PtrToDynptr, ..NO_RULE };
                argument_offset(cx, &reg, regno, rule)?;
                dynptr_argument(cx, regno, usize::MAX, arg, 0)?;
            }
            ArgBase::PtrToBtfId => {
                if reg.is_null() && arg.flags.contains(TypeFlags::MAYBE_NULL) {
                    if cx.program.kernel.features.passed_nulls_are_precise {
                        need_exactly(cx, regno)?;
                    }
                    continue;
                }
                let mut meta = CallMeta::default();
                argument_type(cx, regno, arg, Some((BtfRef::VMLINUX, want.btf_id)), &mut meta)?;
                argument_offset(cx, &reg, regno, arg)?;
            }
            _ => return Err(cx.broken("argument of an unknown kind")),
        }
    }
    Ok(())
}

/// Registers at the entry of a walk: the arguments of a global function by its signature, the context for the main
/// program.
///
/// # Errors
/// Rejects global functions whose signature cannot be verified.
pub(crate) fn setup_entry_regs(cx: &mut Cx<'_>, subprog: usize) -> Res {
    if subprog != 0 || cx.program.prog_type == ProgType::Ext {
        let name = cx.program.function_name(subprog);
        cx.say(CallMsg::Validating { name, subprog });
        read_signature(cx, subprog)?;
        entry_args(cx, subprog)?;
    } else {
        if cx.program.kernel.features.signatures_read_once && !cx.learned.function_facts.is_empty() {
            let fits = match read_signature(cx, 0) {
                Ok(()) => {
                    let info = &cx.learned.subprogs[0];
                    info.arg_count == 1 && info.args[0].arg.base == ArgBase::PtrToCtx
                }
                Err(Stop::Reject(_)) => false,
                Err(other) => return Err(other),
            };
            if !fits {
                cx.learned.function_facts[0].unreliable = true;
            }
        }
        cx.reg_mut(1).ty = RegType::of(RegBase::PtrToCtx);
        set_known_zero(cx, 1);
        if !cx.program.kernel.features.signatures_read_once {
            // Only what is impossible in itself ends the load here.
            match super::by_register::registers_fit(cx, subprog, false) {
                Err(Stop::Reject(r)) if r.errno != Errno::EFAULT => {}
                other => other?,
            }
        }
    }
    if cx.program.kernel.features.struct_ops_refs && subprog == 0 && cx.program.prog_type == ProgType::StructOps {
        cx.learned.ctx_references.clear();
        for i in 0..cx.program.attach.ctx_args.len() {
            let counted = cx.program.attach.ctx_args[i].refcounted;
            let reference = if counted { refs::hold_reference(cx, 0)? } else { 0 };
            cx.learned.ctx_references.push(reference);
        }
    }
    Ok(())
}

fn entry_args(cx: &mut Cx<'_>, subprog: usize) -> Res {
    let info = cx.learned.subprogs[subprog].clone();
    let count = usize::from(info.arg_count);
    if info.ends_exceptions {
        cx.path.cur.frame_mut().ends_exception = true;
        if count != 1 || info.args[0].arg.base != ArgBase::Anything {
            return Err(cx.reject(CallMsg::ExceptionArgs, Errno::EINVAL));
        }
    }
    for (i, want) in info.args.iter().enumerate().take(count) {
        let regno = i as u8 + 1;
        let flags = want.arg.flags;
        match want.arg.base {
            ArgBase::PtrToCtx => {
                cx.reg_mut(regno).ty = RegType::of(RegBase::PtrToCtx);
                set_known_zero(cx, regno);
            }
            ArgBase::Anything | ArgBase::PtrToArena => set_unknown(cx, regno),
            ArgBase::PtrToDynptr => {
                let mut reg = *cx.reg(regno);
                set_callback_dynptr(cx, &mut reg, DynptrKind::Local);
                *cx.reg_mut(regno) = reg;
            }
            ArgBase::PtrToMem => {
                let kept = TypeFlags::MAYBE_NULL.union(TypeFlags::UNTRUSTED).union(TypeFlags::RDONLY);
                cx.reg_mut(regno).ty = RegType::with(RegBase::PtrToMem, flags.intersection(kept));
                set_known_zero(cx, regno);
                cx.reg_mut(regno).payload = Payload::Mem { size: want.mem_size, dynptr_id: 0 };
                if !cx.program.kernel.features.memory_args_named_once {
                    cx.new_id();
                }
                if cx.program.kernel.features.nonnull_mem_args_have_ids || flags.contains(TypeFlags::MAYBE_NULL) {
                    cx.reg_mut(regno).id = cx.new_id();
                }
            }
            ArgBase::PtrToBtfId => {
                let kept = TypeFlags::MAYBE_NULL.union(TypeFlags::UNTRUSTED).union(TypeFlags::TRUSTED);
                cx.reg_mut(regno).ty = RegType::with(RegBase::PtrToBtfId, flags.intersection(kept));
                set_known_zero(cx, regno);
                cx.reg_mut(regno).payload = Payload::Btf { btf: BtfRef::VMLINUX, id: want.btf_id };
                cx.reg_mut(regno).id = cx.new_id();
            }
            _ => return Err(cx.broken("argument of an unknown kind")),
        }
    }
    Ok(())
}
