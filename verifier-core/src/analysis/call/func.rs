//! Frames of local functions: call and return.
//!
//! Answers for `check_func_call()`, `setup_func_entry()`, `prepare_func_exit()` and `clear_caller_saved_regs()`.
//!
//! In the kernel: `subprog_is_global()`.

use std::rc::Rc;

use super::global::arguments_fit_signature;
use super::returns::{in_range, is_void_function, out_of_range};
use crate::analysis::Cx;
use crate::analysis::asks::Ask;
use crate::analysis::liveness::{self, Place};
use crate::analysis::refs;
use crate::analysis::regs::need_exactly;
use crate::analysis::regs::set_unknown;
use crate::error::{CallMsg, Errno, Res, Stop};
use crate::isa::Insn;
use crate::isa::opcode::{MAX_CALL_FRAMES, MOST_CALL_FRAMES};
use crate::kernel::Features;
use crate::kernel::call::RegBase;
use crate::kernel::features::LivenessKind;
use crate::state::register::live;
use crate::state::{FuncState, RegState};

/// BTF linkage of a global function.
const GLOBAL: u16 = 1;

/// Frames that a release lets a program stand in at once.
pub(crate) const fn most_frames(features: &Features) -> usize {
    if features.sixteen_frames { MOST_CALL_FRAMES } else { MAX_CALL_FRAMES }
}

/// A further frame must fit.
///
/// # Errors
/// Rejects with E2BIG.
pub(super) fn check_depth(cx: &mut Cx<'_>, top_frame: usize) -> Res {
    if top_frame + 1 >= most_frames(&cx.program.kernel.features) {
        return Err(cx.reject(CallMsg::TooDeep { frames: top_frame + 2 }, Errno::E2BIG));
    }
    Ok(())
}

/// R0 to R5 of a frame are lost in a call.
pub(crate) fn lose_scratch_registers(cx: &mut Cx<'_>, frame: usize) {
    let precise = !cx.program.caps.has_cap_bpf;
    for regno in 0..=5 {
        cx.scratch_reg(regno);
        let reg = &mut cx.path.cur.frame_at_mut(frame).regs[usize::from(regno)];
        refs::clear_reg(reg, precise);
        reg.live |= live::WRITTEN;
    }
}

/// Whether a local function is verified on its own, whoever calls it.
pub(crate) fn is_global(cx: &Cx<'_>, subprog: usize) -> bool {
    cx.learned.function_facts.get(subprog).is_some_and(|a| a.linkage == GLOBAL)
}

/// Checks a call of a local function: enters static ones, takes global ones by their signature. On return `insn_idx`
/// is the instruction before the next one.
///
/// # Errors
/// Rejects arguments that do not fit, calls where global functions may not be called, too deep chains.
pub(crate) fn local_call(cx: &mut Cx<'_>, insn: Insn, insn_idx: &mut usize) -> Res {
    let target = *insn_idx as i64 + i64::from(insn.imm) + 1;
    let start = u32::try_from(target).unwrap_or(u32::MAX);
    let Ok(subprog) = cx.learned.subprogs.binary_search_by_key(&start, |s| s.start) else {
        return Err(cx.kernel_bug("call of something that is no function"));
    };
    let fits = match arguments_fit_signature(cx, subprog) {
        Err(Stop::Reject(r)) if r.errno == Errno::EFAULT => return Err(Stop::Reject(r)),
        Err(stop @ Stop::Reject(_)) => Some(stop),
        Err(other) => return Err(other),
        Ok(()) => None,
    };
    let caller = cx.path.cur.top_frame();
    if is_global(cx, subprog) {
        return call_global(cx, subprog, fits);
    }
    check_depth(cx, caller)?;
    cx.path.scratch_all();
    let mut callee = FuncState::entry(*insn_idx as i32, caller as u32 + 1, subprog as u32);
    // Arguments keep their place in the parent chain: reads by the callee reach the caller's ancestors.
    callee.regs[1..=5].copy_from_slice(&cx.path.cur.frame().regs[1..=5]);
    callee.caller_refs = cx.path.cur.refs.clone();
    cx.path.cur.frames.push(Rc::new(callee));
    lose_scratch_registers(cx, caller);
    *insn_idx = (cx.learned.subprogs[subprog].start as usize).wrapping_sub(1);
    if cx.program.kernel.features.liveness == LivenessKind::Static {
        cx.path.asks.list.push(Ask::Enter);
    }
    if cx.logging() {
        cx.say(CallMsg::Caller);
        cx.print_state(caller, true);
        cx.say(CallMsg::Callee);
        cx.print_state(caller + 1, true);
    }
    Ok(())
}

fn call_global(cx: &mut Cx<'_>, subprog: usize, misfit: Option<Stop>) -> Res {
    if refs::lock_held(cx) {
        let name = cx.program.function_name(subprog);
        return Err(cx.reject(CallMsg::GlobalWhileLocked { name }, Errno::EINVAL));
    }
    if cx.program.kernel.features.global_funcs_know_sleeping {
        let atomic = cx.path.cur.rcu_depth != 0
            || cx.path.cur.preempt_off_depth != 0
            || cx.path.cur.newest_irq_flags != 0
            || !refs::may_sleep_here(cx);
        if cx.learned.subprogs[subprog].can_sleep && atomic {
            let st = &cx.path.cur;
            let place = match () {
                () if st.rcu_depth != 0 => "rcu_read_lock region",
                () if st.preempt_off_depth != 0 => "non-preemptible region",
                () if st.newest_irq_flags != 0 => "IRQ-disabled region",
                () => "non-sleepable prog",
            };
            let name = cx.program.function_name(subprog);
            return Err(cx.reject(CallMsg::GlobalMaySleep { name, place }, Errno::EINVAL));
        }
    } else if cx.path.cur.preempt_off_depth != 0 {
        return Err(cx.reject(CallMsg::GlobalWhilePreemptDisabled, Errno::EINVAL));
    }
    let name = cx.program.function_name(subprog);
    if let Some(stop) = misfit {
        return Err(cx.also(stop, CallMsg::GlobalArgs { subprog, name }));
    }
    cx.say(CallMsg::GlobalAssumed { subprog, name });
    if cx.learned.subprogs[subprog].moves_packet_data && cx.program.kernel.features.callees_move_packets {
        refs::forget_packet_pointers(cx);
    }
    if let Some(aux) = cx.learned.function_facts.get_mut(subprog) {
        aux.called = true;
    }
    let frame = cx.path.cur.top_frame();
    lose_scratch_registers(cx, frame);
    if !(cx.program.kernel.features.global_void && is_void_function(cx, subprog)) {
        set_unknown(cx, 0);
    }
    Ok(())
}

/// Whether a call goes to a global function that may throw, which is walked as an exception, too (7.1).
pub(crate) fn global_throws(cx: &Cx<'_>, insn_idx: usize, insn: Insn) -> bool {
    let start = u32::try_from(insn_idx as i64 + i64::from(insn.imm) + 1).unwrap_or(u32::MAX);
    let found = cx.learned.subprogs.binary_search_by_key(&start, |s| s.start);
    cx.program.kernel.features.global_may_throw
        && found.is_ok_and(|sub| is_global(cx, sub) && cx.learned.subprogs[sub].can_throw)
}

/// Returns from a local function or callback; `insn_idx` becomes the instruction to go on at. A callback goes back to
/// the call that runs it, which decides about another round.
///
/// # Errors
/// Rejects what may not be returned.
pub(crate) fn return_to_caller(cx: &mut Cx<'_>, insn_idx: &mut usize) -> Res {
    if cx.program.kernel.features.liveness == LivenessKind::Static {
        cx.path.asks.list.push(Ask::Leave(liveness::calls_of(&cx.path.cur)));
    }
    let frame = cx.path.cur.top_frame();
    let Some(caller) = frame.checked_sub(1) else { return Err(cx.broken("return without a caller")) };
    let r0: RegState = *cx.reg(0);
    if r0.ty.is(RegBase::PtrToStack) {
        return Err(cx.reject(CallMsg::ReturnsStack, Errno::EINVAL));
    }
    let (called_from, in_callback, range) = {
        let callee = cx.path.cur.frame();
        (callee.called_from, callee.is_callback, callee.callback_result)
    };
    let call = usize::try_from(called_from).unwrap_or(usize::MAX);
    if in_callback {
        if !r0.is_scalar() {
            return Err(cx.reject(CallMsg::CallbackReturnsPointer, Errno::EACCES));
        }
        let repeats = cx.program.kernel.features.callbacks_repeat;
        liveness::register_is_read(cx, frame, Place::Reg(0), live::READ64)?;
        need_exactly(cx, 0)?;
        let r0 = *cx.reg(0);
        if !in_range(cx, range, &r0, false) {
            return Err(cx.reject(out_of_range("At callback return", "R0", &r0, range), Errno::EINVAL));
        }
        if repeats && !cx.learned.aux.get(call).is_some_and(|a| a.runs_callbacks) {
            return Err(cx.kernel_bug("callback of a call that calls none"));
        }
    } else {
        cx.path.cur.frame_at_mut(caller).regs[0] = r0;
        // The caller goes on with what the callee held.
        cx.path.cur.frame_mut().caller_refs = cx.path.cur.refs.clone();
    }
    let again = in_callback && cx.program.kernel.features.callbacks_repeat;
    *insn_idx = if again { call } else { call.wrapping_add(1) };
    if cx.logging() {
        cx.say(CallMsg::Returning);
        cx.print_state(frame, true);
        cx.say(CallMsg::ToCaller { idx: *insn_idx });
        cx.print_state(caller, true);
    }
    cx.path.cur.frames.pop();
    // Numbers that change with every round of a callback would never converge.
    if again {
        cx.path.asks.list.push(Ask::Converge(*insn_idx));
    }
    Ok(())
}
