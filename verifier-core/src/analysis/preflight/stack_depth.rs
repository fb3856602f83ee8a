//! Stack use over chains of calls. Kernel: `check_max_stack_depth()`.
//!
//! The stack of a chain of calls is that of all its functions together, and must fit in 512 bytes; less before a tail
//! call, because the frames of its callers stay. Where the JIT gives a deep program a stack of its own (6.13, x86-64),
//! each function counts for itself.
//!
//! In the kernel: `enum priv_stack_mode`, `BPF_PRIV_STACK_MIN_SIZE`, `round_up_stack_depth()`,
//! `bpf_enable_priv_stack()`, `check_max_stack_depth_subprog()`.

use super::super::{Env, kfunc};
use crate::error::{Errno, Res, StructureMsg};
use crate::isa::opcode::{MAX_CALL_FRAMES, MAX_STACK};
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

/// Stack that a frame takes when compiled.
fn round_up(depth: u32) -> i32 {
    i32::try_from(depth.next_multiple_of(16)).unwrap_or(i32::MAX)
}

/// Whether programs of this type get private stacks.
fn private_allowed(env: &Env<'_>) -> bool {
    env.kernel.features.private_stack
        && match env.prog_type {
            ProgType::Kprobe | ProgType::Tracepoint | ProgType::PerfEvent | ProgType::RawTracepoint => true,
            ProgType::Tracing => env.attach_type != AttachType::TraceIter,
            _ => false,
        }
}

/// A call on the way down: where to go on, and in which function.
#[derive(Clone, Copy)]
struct Return {
    insn: usize,
    sub: usize,
}

/// Checks every chain of calls of the main program and of asynchronous callbacks.
///
/// # Errors
/// Rejects chains that are too deep or need too much stack, and what must not be called from callbacks.
pub(crate) fn stack_depths(env: &mut Env<'_>) -> Res {
    let private = !env.subprogs.iter().any(|s| s.makes_tail_calls) && private_allowed(env);
    let mut modes = vec![Private::Unknown; env.subprogs.len()];
    // Callbacks first: what they share with the main program is then known to stay on the kernel's stack.
    for i in (0..env.subprogs.len()).rev() {
        if i == 0 || env.subprogs[i].is_later_callback {
            check_from(env, i, i == 0 && private, &mut modes)?;
        }
    }
    Ok(())
}

/// The deepest chain of calls from one function.
fn check_from(env: &mut Env<'_>, first: usize, private: bool, modes: &mut [Private]) -> Res {
    let len = env.insns.len();
    let mut calls: Vec<Return> = Vec::with_capacity(MAX_CALL_FRAMES);
    let (mut idx, mut depth, mut tail_call) = (first, 0i32, false);
    let mut entered = 0u32;
    let mut i = env.subprogs[idx].start as usize;
    if !private {
        modes[idx] = Private::No;
    }
    enter(env, idx, &calls, &mut depth, private, modes)?;
    loop {
        let end = env.subprogs.get(idx + 1).map_or(len, |s| s.start as usize).min(len);
        let mut called = None;
        while i < end {
            if let Some(callee) = call_at(env, idx, i, &calls)? {
                called = Some(callee);
                break;
            }
            i += 1;
        }
        if let Some(callee) = called {
            // Global functions can call each other in exponentially many ways.
            entered = entered.wrapping_add(1);
            if entered.is_multiple_of(1024) {
                env.check_cancelled()?;
            }
            calls.push(Return { insn: i + 1, sub: idx });
            idx = callee;
            i = env.subprogs[idx].start as usize;
            if !private {
                modes[idx] = Private::No;
            }
            tail_call |= env.subprogs[idx].makes_tail_calls;
            if calls.len() >= MAX_CALL_FRAMES {
                let row = StructureMsg::CallStackTooDeep { frames: calls.len() };
                return Err(env.reject(row, Errno::E2BIG));
            }
            enter(env, idx, &calls, &mut depth, private, modes)?;
            continue;
        }
        if tail_call {
            for c in &calls {
                if env.subprogs[c.sub].ends_exceptions {
                    return Err(env.reject(StructureMsg::TailCallInExceptionCb, Errno::EINVAL));
                }
                env.subprogs[c.sub].reaches_tail_call = true;
            }
        }
        let Some(back) = calls.pop() else { return Ok(()) };
        if modes[idx] != Private::Adaptive {
            depth -= round_up(env.subprogs[idx].stack_depth);
        }
        (i, idx) = (back.insn, back.sub);
    }
}

/// A function is entered: its stack counts.
fn enter(
    env: &mut Env<'_>,
    idx: usize,
    calls: &[Return],
    depth: &mut i32,
    private: bool,
    modes: &mut [Private],
) -> Res {
    let s = &env.subprogs[idx];
    let in_cb = s.used_as_callback || calls.iter().any(|c| env.subprogs[c.sub].used_as_callback);
    if s.loads_packets && in_cb && env.kernel.features.callback_checks {
        return Err(env.reject(StructureMsg::LdAbsInCallback, Errno::EINVAL));
    }
    if idx != 0 && s.makes_tail_calls && *depth >= 256 {
        return Err(env.reject(StructureMsg::TailCallStack { depth: *depth }, Errno::EACCES));
    }
    let own = round_up(s.stack_depth);
    if private && modes[idx] == Private::Unknown && own >= PRIVATE_MIN {
        modes[idx] = Private::Adaptive;
    }
    if modes[idx] == Private::Adaptive {
        if own > MAX_STACK {
            return Err(env.reject(StructureMsg::SubprogStack { subprog: idx, depth: own }, Errno::EACCES));
        }
        return Ok(());
    }
    *depth = depth.saturating_add(own);
    if *depth > MAX_STACK {
        let row = StructureMsg::CombinedStack { calls: calls.len() + 1, depth: *depth };
        return Err(env.reject(row, Errno::EACCES));
    }
    Ok(())
}

/// The function that an instruction calls or whose address it takes, when its stack counts here.
fn call_at(env: &mut Env<'_>, idx: usize, i: usize, calls: &[Return]) -> Res<Option<usize>> {
    let insn = env.insns[i];
    if insn.is_kfunc_call() && insn.off == 0 {
        let in_cb = || env.subprogs[idx].used_as_callback || calls.iter().any(|c| env.subprogs[c.sub].used_as_callback);
        if kfunc::throws(env, insn) && in_cb() {
            let row = StructureMsg::ThrowFromCallback { idx: i, subprog: idx };
            return Err(env.reject(row, Errno::EINVAL));
        }
        return Ok(None);
    }
    if !insn.is_pseudo_call() && !insn.is_pseudo_func() {
        return Ok(None);
    }
    let entry = (i as i64 + 1 + i64::from(insn.imm)) as u32;
    let Ok(callee) = env.subprogs.binary_search_by_key(&entry, |s| s.start) else {
        return Err(env.bug("no function at a call's target"));
    };
    let s = &env.subprogs[callee];
    if s.is_later_callback {
        if s.makes_tail_calls {
            return Err(env.reject(StructureMsg::AsyncCbTailCall, Errno::EFAULT));
        }
        // It runs later, on a stack of its own.
        if !insn.is_pseudo_call() {
            return Ok(None);
        }
        if s.ends_exceptions {
            return Err(env.reject(StructureMsg::ExceptionCbCall { idx: i }, Errno::EINVAL));
        }
    }
    Ok(Some(callee))
}
