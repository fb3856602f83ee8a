//! Orders and loops of the control-flow graph within functions (6.16).
//!
//! Answers for `compute_postorder()` and `compute_scc()`. Calls are no edges here. Numbers of components appear in the
//! log, so they are given out in the kernel's order: a component is numbered when it is complete, with the walk starting
//! at each instruction not seen yet.

use super::super::Draft;
use super::super::liveness::Order;
use crate::cfg::successors;

/// Instructions of each function, successors first.
pub(crate) fn order_functions(cx: &mut Draft<'_>) {
    let len = cx.program.insns.len();
    // Bit 0: put on the stack. Bit 1: successors were put on the stack.
    let mut state = vec![0u8; len];
    let mut all = Vec::with_capacity(cx.learned.subprogs.len());
    let mut stack = Vec::with_capacity(len.min(64));
    for (n, s) in cx.learned.subprogs.iter().enumerate() {
        let end = cx.learned.subprogs.get(n + 1).map_or(len, |next| next.start as usize);
        let mut order = Vec::with_capacity(end.saturating_sub(s.start as usize));
        stack.push(s.start as usize);
        while let Some(&top) = stack.last() {
            let Some(&seen) = state.get(top) else {
                stack.pop();
                continue;
            };
            if seen & 2 != 0 {
                order.push(top as u32);
                stack.pop();
                continue;
            }
            for &to in successors(&cx.program.insns, &cx.program.jump_tables, top).iter() {
                if let Some(st) = state.get_mut(to)
                    && *st == 0
                {
                    *st = 1;
                    stack.push(to);
                }
            }
            state[top] = 3;
        }
        all.push(Order::new(&cx.program.insns, &cx.program.jump_tables, s.start, order));
    }
    cx.program.orders = all;
}

/// Numbers the loops: 0 for an instruction that cannot come back to itself.
pub(crate) fn number_loops(cx: &mut Draft<'_>) {
    const GONE: u32 = u32::MAX;
    let len = cx.program.insns.len();
    let callbacks_are_loops = cx.program.kernel.features.callbacks_are_loops;
    // Only what goes back can be a loop, and what calls back where that counts as one.
    let goes_back = |i: usize| successors(&cx.program.insns, &cx.program.jump_tables, i).iter().any(|to| *to <= i);
    if !(0..len).any(|i| goes_back(i) || callbacks_are_loops && cx.learned.aux[i].runs_callbacks) {
        return;
    }
    let (mut pre, mut low) = (vec![0u32; len], vec![0u32; len]);
    let (mut next_pre, mut next_scc) = (1u32, 1u32);
    let (mut open, mut path) = (Vec::new(), Vec::new());
    for root in 0..len {
        if pre[root] != 0 {
            continue;
        }
        path.push(root);
        'walk: while let Some(&w) = path.last() {
            if pre[w] == 0 {
                pre[w] = next_pre;
                low[w] = next_pre;
                next_pre += 1;
                open.push(w);
            }
            let succ = successors(&cx.program.insns, &cx.program.jump_tables, w);
            for &s in succ.iter().filter(|s| **s < len) {
                if pre[s] == 0 {
                    path.push(s);
                    continue 'walk;
                }
                low[w] = low[w].min(low[s]);
            }
            path.pop();
            if low[w] < pre[w] {
                continue;
            }
            let calls_back = callbacks_are_loops && cx.learned.aux[w].runs_callbacks;
            let is_loop = open.last() != Some(&w) || succ.contains(&w) || calls_back;
            while let Some(t) = open.pop() {
                low[t] = GONE;
                if is_loop {
                    cx.learned.aux[t].scc = next_scc;
                }
                if t == w {
                    break;
                }
            }
            next_scc += u32::from(is_loop);
        }
    }
}
