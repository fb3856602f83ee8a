//! What happens after the walk: stack sizes as the kernel reports them, and the last reasons to refuse.
//!
//! Answers for `remove_fastcall_spills_fills()`, `optimize_bpf_loop()`, `opt_remove_dead_code()` and
//! `do_misc_fixups()`, as far as they decide anything that can be seen: they patch instructions, which we do not.
//!
//! In the kernel: `convert_ctx_accesses()`.

use std::ops::Range;

use crate::analysis::access::{SKB_PADDING, ops_type, skb_padding_loads};
use crate::analysis::cx::Cx;
use crate::analysis::kfunc;
use crate::error::{CallMsg, Errno, MemoryMsg, Res};
use crate::isa::Op;
use crate::isa::opcode::REG_SIZE;
use crate::kernel::call::RegBase;
use crate::kernel::helpers::id;

/// Instructions of a subprogram.
fn range(cx: &Cx<'_>, n: usize) -> std::ops::Range<usize> {
    let end = cx.learned.subprogs.get(n + 1).map_or(cx.program.insns.len(), |s| s.start as usize);
    cx.learned.subprogs[n].start as usize..end
}

/// Spills and fills around inlined calls go, and with them their stack.
pub(crate) fn drop_fastcall_spills(cx: &mut Cx<'_>) {
    for n in 0..cx.learned.subprogs.len() {
        let removed = range(cx, n).any(|i| cx.learned.aux[i].fastcall_pairs > 0);
        let s = &mut cx.learned.subprogs[n];
        if removed && !s.keeps_fastcall_stack {
            s.stack_depth = s.fastcall_below.unsigned_abs();
        }
    }
}

/// Whether a `may_goto` of a function is there when the program runs: it was reached, and something that is there stands
/// between it and where it goes. One pass from the end: such jumps may stand behind each other without number.
fn keeps_may_goto(cx: &Cx<'_>, function: Range<usize>) -> bool {
    let mut found = false;
    let mut nearest = function.end;
    for at in function.rev() {
        let insn = &cx.program.insns[at];
        let goes = cx.program.caps.has_cap_bpf && insn.is_may_goto() && insn.off >= 0;
        let lands = (at + 1).saturating_add_signed(insn.off.into());
        if cx.learned.aux[at].seen != 0 && (!goes || nearest < lands) {
            nearest = at;
            found |= insn.is_may_goto();
        }
    }
    found
}

/// Inlined loops and `may_goto` keep their counters on the stack; functions that are never reached go.
pub(crate) fn rewrite(cx: &mut Cx<'_>) -> Res {
    for n in 0..cx.learned.subprogs.len() {
        let at = range(cx, n);
        let inlined = at.clone().any(|i| {
            cx.program.insns[i].is_helper_call()
                && cx.program.insns[i].imm == id::LOOP as i32
                && matches!(cx.learned.aux[i].loop_inline, Some((true, _)))
        });
        let may_goto = keeps_may_goto(cx, at);
        let s = &mut cx.learned.subprogs[n];
        if inlined {
            let up = s.stack_depth.next_multiple_of(8) - s.stack_depth;
            s.stack_depth += 3 * REG_SIZE as u32 + up;
        }
        if may_goto {
            s.inlined_stack = cx.program.kernel.features.may_goto_stack;
            s.stack_depth += s.inlined_stack;
        }
    }
    if cx.program.caps.has_cap_bpf {
        let alive: Vec<bool> =
            (0..cx.learned.subprogs.len()).map(|n| range(cx, n).any(|i| cx.learned.aux[i].seen != 0)).collect();
        let mut alive = alive.into_iter();
        cx.learned.subprogs.retain(|_| alive.next().unwrap_or(true));
    }
    check_context_loads(cx)?;
    check_arena_loads(cx)?;
    check_tail_calls(cx)?;
    kfunc::check_unresolved(cx)
}

/// Loads of what only pads a context cannot be rewritten.
fn check_context_loads(cx: &mut Cx<'_>) -> Res {
    let (prog_type, _) = ops_type(cx);
    if !skb_padding_loads(&cx.program.kernel.features, prog_type) {
        return Ok(());
    }
    let padding = |i: usize| {
        let (insn, aux) = (cx.program.insns[i], &cx.learned.aux[i]);
        let ctx = aux.seen != 0 && aux.pointer_seen.is_some_and(|t| t.base == RegBase::PtrToCtx);
        let load = matches!(insn.decode(), Op::Load { .. });
        ctx && load && SKB_PADDING.contains(&i32::from(insn.off))
    };
    if (0..cx.program.insns.len()).any(padding) {
        return Err(cx.reject(MemoryMsg::Misconfigured, Errno::EINVAL));
    }
    Ok(())
}

/// Loads that extend the sign cannot be rewritten for arenas by older releases.
fn check_arena_loads(cx: &mut Cx<'_>) -> Res {
    let signed = |cx: &Cx<'_>, i: usize| {
        let (insn, aux) = (cx.program.insns[i], &cx.learned.aux[i]);
        let arena = aux.seen != 0 && aux.pointer_seen.is_some_and(|t| t.base == RegBase::PtrToArena);
        arena && matches!(insn.decode(), Op::Load { signed: true, .. })
    };
    if !cx.program.kernel.features.arena_signed_loads && (0..cx.program.insns.len()).any(|i| signed(cx, i)) {
        return Err(cx.reject(MemoryMsg::ArenaSignedLoad, Errno::EOPNOTSUPP));
    }
    Ok(())
}

/// An unprivileged tail call needs one array, whose size limits the index.
fn check_tail_calls(cx: &mut Cx<'_>) -> Res {
    let mixed = |cx: &Cx<'_>, i: usize| {
        let (insn, seen) = (cx.program.insns[i], &cx.learned.aux[i].map_ptr);
        insn.is_helper_call() && insn.imm == id::TAIL_CALL as i32 && seen.unpriv && seen.poison
    };
    if (0..cx.program.insns.len()).any(|i| mixed(cx, i)) {
        return Err(cx.reject(CallMsg::TailCallMixed, Errno::EINVAL));
    }
    Ok(())
}
