//! Stack use over chains of calls. Kernel: `check_max_stack_depth()`.
//!
//! The stack of a chain of calls is that of all its functions together, and must fit in 512 bytes; less before a tail
//! call, because the frames of its callers stay. Where the JIT gives a deep program a stack of its own (6.13, x86-64),
//! each function counts for itself.
//!
//! In the kernel: `enum priv_stack_mode`, `BPF_PRIV_STACK_MIN_SIZE`, `round_up_stack_depth()`,
//! `bpf_enable_priv_stack()`, `check_max_stack_depth_subprog()`.

use super::super::call::func;
use super::super::{Cx, kfunc};
use crate::error::{Errno, Res, StructureMsg};
use crate::isa::opcode::{MAX_CALL_FRAMES, MAX_STACK};
use crate::kernel::features::Features;
use crate::kernel::{AttachType, ProgType};

/// Whether a function's stack is apart from the kernel's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Private {
    Unknown,
    No,
    Adaptive,
}

/// Smaller stacks stay where they are.
const PRIVATE_MIN: i32 = 64;

/// Bytes that a frame takes when compiled, of a function that uses so many.
pub(crate) fn taken(features: &Features, depth: u32) -> u32 {
    let (depth, by) = if features.depth_by_16 { (depth, 16) } else { (depth.max(1), 32) };
    depth.checked_next_multiple_of(by).unwrap_or(u32::MAX)
}

fn round_up(cx: &Cx<'_>, depth: u32) -> i32 {
    i32::try_from(taken(&cx.program.kernel.features, depth)).unwrap_or(i32::MAX)
}

/// Whether programs of this type get private stacks.
fn private_allowed(cx: &Cx<'_>) -> bool {
    cx.program.kernel.features.private_stack
        && match cx.program.prog_type {
            ProgType::Kprobe | ProgType::Tracepoint | ProgType::PerfEvent | ProgType::RawTracepoint => true,
            ProgType::Tracing => cx.program.attach_type != AttachType::TraceIter,
            _ => false,
        }
}

/// A call on the way down: where to go on, and in which function.
#[derive(Clone, Copy)]
struct Return {
    insn: usize,
    sub: usize,
    /// Frames below the function that calls, as far as they are counted.
    below: usize,
}

/// Checks every chain of calls of the main program and of asynchronous callbacks.
///
/// # Errors
/// Rejects chains that are too deep or need too much stack, and what must not be called from callbacks.
pub(crate) fn stack_depths(cx: &mut Cx<'_>) -> Res {
    let private = !cx.learned.subprogs.iter().any(|s| s.makes_tail_calls) && private_allowed(cx);
    let mut modes = vec![Private::Unknown; cx.learned.subprogs.len()];
    // Callbacks first: what they share with the main program is then known to stay on the kernel's stack.
    for i in (0..cx.learned.subprogs.len()).rev() {
        if i == 0 || cx.learned.subprogs[i].is_later_callback {
            check_from(cx, i, i == 0 && private, &mut modes)?;
        }
    }
    Ok(())
}

/// The deepest chain of calls from one function.
fn check_from(cx: &mut Cx<'_>, first: usize, private: bool, modes: &mut [Private]) -> Res {
    let len = cx.program.insns.len();
    let mut calls: Vec<Return> = Vec::with_capacity(MAX_CALL_FRAMES);
    let (mut idx, mut depth, mut tail_call, mut below) = (first, 0i32, false, 0);
    let mut entered = 0u32;
    let mut i = cx.learned.subprogs[idx].start as usize;
    if !private {
        modes[idx] = Private::No;
    }
    enter(cx, idx, &calls, &mut depth, private, modes)?;
    loop {
        let end = cx.learned.subprogs.get(idx + 1).map_or(len, |s| s.start as usize).min(len);
        let mut called = None;
        while i < end {
            if let Some(callee) = call_at(cx, idx, i, &calls)? {
                called = Some(callee);
                break;
            }
            i += 1;
        }
        if let Some(callee) = called {
            // Global functions can call each other in exponentially many ways.
            entered = entered.wrapping_add(1);
            if entered.is_multiple_of(1024) {
                cx.out.check_cancelled()?;
            }
            calls.push(Return { insn: i + 1, sub: idx, below });
            idx = callee;
            // A global function is walked on its own, and so may begin a chain of frames.
            let begins = cx.program.kernel.features.frames_count_from_globals && func::is_global(cx, idx);
            below = if begins { 0 } else { below + 1 };
            i = cx.learned.subprogs[idx].start as usize;
            if !private {
                modes[idx] = Private::No;
            }
            tail_call |= cx.learned.subprogs[idx].makes_tail_calls;
            if below >= func::most_frames(&cx.program.kernel.features) {
                let row = StructureMsg::CallStackTooDeep { frames: below };
                return Err(cx.reject(row, Errno::E2BIG));
            }
            enter(cx, idx, &calls, &mut depth, private, modes)?;
            continue;
        }
        if tail_call {
            for c in &calls {
                if cx.learned.subprogs[c.sub].ends_exceptions {
                    return Err(cx.reject(StructureMsg::TailCallInExceptionCb, Errno::EINVAL));
                }
                cx.learned.subprogs[c.sub].reaches_tail_call = true;
            }
        }
        let Some(back) = calls.pop() else { return Ok(()) };
        if modes[idx] != Private::Adaptive {
            depth -= round_up(cx, cx.learned.subprogs[idx].stack_depth);
        }
        (i, idx, below) = (back.insn, back.sub, back.below);
    }
}

/// A function is entered: its stack counts.
fn enter(cx: &mut Cx<'_>, idx: usize, calls: &[Return], depth: &mut i32, private: bool, modes: &mut [Private]) -> Res {
    let s = &cx.learned.subprogs[idx];
    let in_cb = s.used_as_callback || calls.iter().any(|c| cx.learned.subprogs[c.sub].used_as_callback);
    if s.loads_packets && in_cb && cx.program.kernel.features.callback_checks {
        return Err(cx.reject(StructureMsg::LdAbsInCallback, Errno::EINVAL));
    }
    if idx != 0 && s.makes_tail_calls && *depth >= 256 {
        return Err(cx.reject(StructureMsg::TailCallStack { depth: *depth }, Errno::EACCES));
    }
    let own = round_up(cx, s.stack_depth);
    if private && modes[idx] == Private::Unknown && own >= PRIVATE_MIN {
        modes[idx] = Private::Adaptive;
    }
    if modes[idx] == Private::Adaptive {
        if own > MAX_STACK {
            return Err(cx.reject(StructureMsg::SubprogStack { subprog: idx, depth: own }, Errno::EACCES));
        }
        return Ok(());
    }
    *depth = depth.saturating_add(own);
    if *depth > MAX_STACK {
        let row = StructureMsg::CombinedStack { calls: calls.len() + 1, depth: *depth };
        return Err(cx.reject(row, Errno::EACCES));
    }
    Ok(())
}

/// The function that an instruction calls or whose address it takes, when its stack counts here.
fn call_at(cx: &mut Cx<'_>, idx: usize, i: usize, calls: &[Return]) -> Res<Option<usize>> {
    let insn = cx.program.insns[i];
    if insn.is_kfunc_call() && insn.off == 0 {
        let in_cb = || {
            cx.learned.subprogs[idx].used_as_callback
                || calls.iter().any(|c| cx.learned.subprogs[c.sub].used_as_callback)
        };
        if kfunc::throws(cx.program, insn) && in_cb() {
            let row = StructureMsg::ThrowFromCallback { idx: i, subprog: idx };
            return Err(cx.reject(row, Errno::EINVAL));
        }
        return Ok(None);
    }
    if !insn.is_pseudo_call() && !insn.is_pseudo_func() {
        return Ok(None);
    }
    let entry = (i as i64 + 1 + i64::from(insn.imm)) as u32;
    let Ok(callee) = cx.learned.subprogs.binary_search_by_key(&entry, |s| s.start) else {
        return Err(cx.kernel_bug("no function at a call's target"));
    };
    let s = &cx.learned.subprogs[callee];
    if s.is_later_callback {
        if s.makes_tail_calls {
            return Err(cx.reject(StructureMsg::AsyncCbTailCall, Errno::EFAULT));
        }
        // It runs later, on a stack of its own.
        if !insn.is_pseudo_call() {
            return Ok(None);
        }
        if s.ends_exceptions {
            return Err(cx.reject(StructureMsg::ExceptionCbCall { idx: i }, Errno::EINVAL));
        }
    }
    Ok(Some(callee))
}
