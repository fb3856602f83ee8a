//! Frames of local functions: call and return.
//!
//! Answers for `check_func_call()`, `setup_func_entry()`, `prepare_func_exit()` and `clear_caller_saved_regs()`.
//!
//! In the kernel: `subprog_is_global()`.

use std::rc::Rc;

use super::global::arguments_fit_signature;
use super::returns::{in_range, out_of_range};
use crate::analysis::Env;
use crate::analysis::explore::earlier_on_path;
use crate::analysis::iter::widen_unneeded;
use crate::analysis::liveness::{self, Place};
use crate::analysis::precision::need_exactly;
use crate::analysis::refs;
use crate::analysis::regs::set_unknown;
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::isa::Insn;
use crate::isa::opcode::MAX_CALL_FRAMES;
use crate::kernel::call::RegBase;
use crate::kernel::features::LivenessKind;
use crate::state::register::live;
use crate::state::{FuncState, RegState};

/// BTF linkage of a global function.
const GLOBAL: u16 = 1;

/// A further frame must fit.
///
/// # Errors
/// Rejects with E2BIG.
pub(super) fn check_depth(env: &mut Env<'_>, top_frame: usize) -> Res {
    if top_frame + 1 >= MAX_CALL_FRAMES {
        return Err(env.reject(CallMsg::TooDeep { frames: top_frame + 2 }, Errno::E2BIG));
    }
    Ok(())
}

/// R0 to R5 of a frame are lost in a call.
pub(crate) fn lose_scratch_registers(env: &mut Env<'_>, frame: usize) {
    let precise = !env.caps.has_cap_bpf;
    for regno in 0..=5 {
        env.scratch_reg(regno);
        let reg = &mut env.cur.frame_at_mut(frame).regs[usize::from(regno)];
        refs::clear_reg(reg, precise);
        reg.live |= live::WRITTEN;
    }
}

/// Whether a local function is verified on its own.
fn is_global(env: &Env<'_>, subprog: usize) -> bool {
    env.function_facts.get(subprog).is_some_and(|a| a.linkage == GLOBAL)
}

/// Checks a call of a local function: enters static ones, takes global ones by their signature. On return `insn_idx`
/// is the instruction before the next one.
///
/// # Errors
/// Rejects arguments that do not fit, calls where global functions may not be called, too deep chains.
pub(crate) fn local_call(env: &mut Env<'_>, insn: Insn, insn_idx: &mut usize) -> Res {
    let target = *insn_idx as i64 + i64::from(insn.imm) + 1;
    let start = u32::try_from(target).unwrap_or(u32::MAX);
    let Ok(subprog) = env.subprogs.binary_search_by_key(&start, |s| s.start) else {
        return Err(env.bug("call of something that is no function"));
    };
    let fits = match arguments_fit_signature(env, subprog) {
        Err(Stop::Reject(r)) if r.errno == Errno::EFAULT => return Err(Stop::Reject(r)),
        Err(stop @ Stop::Reject(_)) => Some(stop),
        Err(other) => return Err(other),
        Ok(()) => None,
    };
    let caller = env.cur.top_frame();
    if is_global(env, subprog) {
        return call_global(env, subprog, fits);
    }
    check_depth(env, caller)?;
    env.scratch_all();
    let mut callee = FuncState::entry(*insn_idx as i32, caller as u32 + 1, subprog as u32);
    // Arguments keep their place in the parent chain: reads by the callee reach the caller's ancestors.
    callee.regs[1..=5].copy_from_slice(&env.cur.frame().regs[1..=5]);
    callee.caller_refs = Rc::clone(&env.cur.refs);
    env.cur.frames.push(Rc::new(callee));
    lose_scratch_registers(env, caller);
    *insn_idx = (env.subprogs[subprog].start as usize).wrapping_sub(1);
    if env.kernel.features.liveness == LivenessKind::Static {
        liveness::reset_callchain(env);
    }
    if env.logging() {
        env.say(CallMsg::Caller);
        env.print_state(caller, true);
        env.say(CallMsg::Callee);
        env.print_state(caller + 1, true);
    }
    Ok(())
}

fn call_global(env: &mut Env<'_>, subprog: usize, misfit: Option<Stop>) -> Res {
    if refs::lock_held(env) {
        return Err(env.reject(CallMsg::GlobalWhileLocked, Errno::EINVAL));
    }
    if env.kernel.features.global_funcs_know_sleeping {
        let atomic = env.cur.rcu_depth != 0
            || env.cur.preempt_off_depth != 0
            || env.cur.newest_irq_flags != 0
            || !refs::may_sleep_here(env);
        if env.subprogs[subprog].can_sleep && atomic {
            return Err(env.reject(CallMsg::GlobalMaySleep, Errno::EINVAL));
        }
    } else if env.cur.preempt_off_depth != 0 {
        return Err(env.reject(CallMsg::GlobalWhilePreemptDisabled, Errno::EINVAL));
    }
    let name = env.function_name(subprog);
    if let Some(stop) = misfit {
        return Err(env.also(stop, CallMsg::GlobalArgs { subprog, name }));
    }
    env.say(CallMsg::GlobalAssumed { subprog, name });
    if env.subprogs[subprog].moves_packet_data {
        refs::forget_packet_pointers(env);
    }
    if let Some(aux) = env.function_facts.get_mut(subprog) {
        aux.called = true;
    }
    let frame = env.cur.top_frame();
    lose_scratch_registers(env, frame);
    set_unknown(env, 0);
    Ok(())
}

/// Returns from a local function or callback; `insn_idx` becomes the instruction to go on at. A callback goes back to
/// the call that runs it, which decides about another round.
///
/// # Errors
/// Rejects what may not be returned.
pub(crate) fn return_to_caller(env: &mut Env<'_>, insn_idx: &mut usize) -> Res {
    if env.kernel.features.liveness == LivenessKind::Static {
        liveness::solve_live_stack(env)?;
    }
    let frame = env.cur.top_frame();
    let Some(caller) = frame.checked_sub(1) else { return Err(env.bug("return without a caller")) };
    let r0: RegState = *env.reg(0);
    if r0.ty.is(RegBase::PtrToStack) {
        return Err(env.reject(CallMsg::ReturnsStack, Errno::EINVAL));
    }
    let (called_from, in_callback, range) = {
        let callee = env.cur.frame();
        (callee.called_from, callee.is_callback, callee.callback_result)
    };
    let call = usize::try_from(called_from).unwrap_or(usize::MAX);
    if in_callback {
        if !r0.is_scalar() {
            return Err(env.reject(CallMsg::CallbackReturnsPointer, Errno::EACCES));
        }
        liveness::register_is_read(env, frame, Place::Reg(0), live::READ64)?;
        need_exactly(env, 0)?;
        let r0 = *env.reg(0);
        if !in_range(range, &r0, false) {
            return Err(env.reject(out_of_range("At callback return", "R0", &r0, range), Errno::EINVAL));
        }
        if !env.aux.get(call).is_some_and(|a| a.runs_callbacks) {
            return Err(env.bug("callback of a call that calls none"));
        }
    } else {
        env.cur.frame_at_mut(caller).regs[0] = r0;
        // The caller goes on with what the callee held.
        env.cur.frame_mut().caller_refs = Rc::clone(&env.cur.refs);
    }
    *insn_idx = if in_callback { call } else { call.wrapping_add(1) };
    if env.logging() {
        env.say(CallMsg::Returning);
        env.print_state(frame, true);
        env.say(CallMsg::ToCaller { idx: *insn_idx });
        env.print_state(caller, true);
    }
    env.cur.frames.pop();
    // Numbers that change with every round of a callback would never converge.
    if in_callback && let Some(before) = earlier_on_path(env, false, *insn_idx) {
        let old = env.explorer.state(before).clone();
        let precise = !env.caps.has_cap_bpf;
        widen_unneeded(&old, &mut env.cur, precise);
    }
    Ok(())
}
