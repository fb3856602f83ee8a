//! What happens after the walk: stack sizes as the kernel reports them, and the last reasons to refuse.
//!
//! Answers for `remove_fastcall_spills_fills()`, `optimize_bpf_loop()`, `opt_remove_dead_code()` and
//! `do_misc_fixups()`, as far as they decide anything that can be seen: they patch instructions, which we do not.
//!
//! In the kernel: `convert_ctx_accesses()`.

use crate::analysis::env::Env;
use crate::analysis::kfunc;
use crate::error::{CallMsg, Errno, MemoryMsg, Res};
use crate::isa::opcode::*;
use crate::kernel::call::RegBase;
use crate::kernel::helpers::id;

/// Instructions of a subprogram.
fn range(env: &Env<'_>, n: usize) -> std::ops::Range<usize> {
    let end = env.subprogs.get(n + 1).map_or(env.insns.len(), |s| s.start as usize);
    env.subprogs[n].start as usize..end
}

/// Spills and fills around inlined calls go, and with them their stack.
pub(crate) fn drop_fastcall_spills(env: &mut Env<'_>) {
    for n in 0..env.subprogs.len() {
        let removed = range(env, n).any(|i| env.aux[i].fastcall_pairs > 0);
        let s = &mut env.subprogs[n];
        if removed && !s.keeps_fastcall_stack {
            s.stack_depth = s.fastcall_below.unsigned_abs();
        }
    }
}

/// Inlined loops and `may_goto` keep their counters on the stack; functions that are never reached go.
pub(crate) fn rewrite(env: &mut Env<'_>) -> Res {
    for n in 0..env.subprogs.len() {
        let at = range(env, n);
        let inlined = at.clone().any(|i| {
            env.insns[i].is_helper_call()
                && env.insns[i].imm == id::LOOP as i32
                && matches!(env.aux[i].loop_inline, Some((true, _)))
        });
        let may_goto = at.clone().any(|i| env.insns[i].is_may_goto() && env.aux[i].seen != 0);
        let s = &mut env.subprogs[n];
        if inlined {
            let up = s.stack_depth.next_multiple_of(8) - s.stack_depth;
            s.stack_depth += 3 * REG_SIZE as u32 + up;
        }
        if may_goto {
            s.inlined_stack = env.kernel.features.may_goto_stack;
            s.stack_depth += s.inlined_stack;
        }
    }
    if env.caps.has_cap_bpf {
        let alive: Vec<bool> = (0..env.subprogs.len()).map(|n| range(env, n).any(|i| env.aux[i].seen != 0)).collect();
        let mut alive = alive.into_iter();
        env.subprogs.retain(|_| alive.next().unwrap_or(true));
    }
    check_arena_loads(env)?;
    check_tail_calls(env)?;
    kfunc::check_unresolved(env)
}

/// Loads that extend the sign cannot be rewritten for arenas by older releases.
fn check_arena_loads(env: &mut Env<'_>) -> Res {
    let signed = |env: &Env<'_>, i: usize| {
        let (insn, aux) = (env.insns[i], &env.aux[i]);
        let arena = aux.seen != 0 && aux.pointer_seen.is_some_and(|t| t.base == RegBase::PtrToArena);
        arena && insn.class() == LDX && insn.mode() == MEMSX
    };
    if !env.kernel.features.arena_signed_loads && (0..env.insns.len()).any(|i| signed(env, i)) {
        return Err(env.reject(MemoryMsg::ArenaSignedLoad, Errno::EOPNOTSUPP));
    }
    Ok(())
}

/// An unprivileged tail call needs one array, whose size limits the index.
fn check_tail_calls(env: &mut Env<'_>) -> Res {
    let mixed = |env: &Env<'_>, i: usize| {
        let (insn, seen) = (env.insns[i], &env.aux[i].map_ptr);
        insn.is_helper_call() && insn.imm == id::TAIL_CALL as i32 && seen.unpriv && seen.poison
    };
    if (0..env.insns.len()).any(|i| mixed(env, i)) {
        return Err(env.reject(CallMsg::TailCallMixed, Errno::EINVAL));
    }
    Ok(())
}
