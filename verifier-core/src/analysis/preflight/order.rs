//! The order in which functions call each other, found before the walk (7.1).
//!
//! Callees come before their callers. Code that is not reached calls nothing. Functions that call themselves through others
//! are refused here; a function whose address is taken while it is still open is not one.

use crate::error::{Errno, Res, StructureMsg};

use super::super::Draft;

/// Functions, callees first; prints the order.
///
/// # Errors
/// Rejects recursion.
pub(crate) fn callees_first(cx: &mut Draft<'_>) -> Res<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; cx.learned.subprogs.len()];
    let mut order = Vec::with_capacity(cx.learned.subprogs.len());
    for root in 0..cx.learned.subprogs.len() {
        if marks[root] != Mark::New {
            continue;
        }
        marks[root] = Mark::Open;
        // Functions that are open, and how far each was looked through.
        let mut open = vec![(root, 0usize)];
        while let Some((cur, from)) = open.last_mut() {
            let cur = *cur;
            let mut next = None;
            while let Some(&idx) = cx.program.orders.get(cur).and_then(|o| o.insns.get(*from)) {
                *from += 1;
                let insn = cx.program.insns[idx as usize];
                if !insn.is_pseudo_call() && !insn.is_pseudo_func() {
                    continue;
                }
                let to = usize::try_from(i64::from(idx) + 1 + i64::from(insn.imm)).unwrap_or(usize::MAX);
                let callee = cx.subprog_at(to);
                match marks[callee] {
                    Mark::Done => {}
                    Mark::Open if insn.is_pseudo_func() => {}
                    Mark::Open => {
                        let msg = StructureMsg::Recursion {
                            from: cx.program.function_name(cur),
                            to: cx.program.function_name(callee),
                            idx: idx as usize,
                        };
                        return Err(cx.reject(msg, Errno::EINVAL));
                    }
                    Mark::New => {
                        next = Some(callee);
                        break;
                    }
                }
            }
            match next {
                Some(callee) => {
                    marks[callee] = Mark::Open;
                    open.push((callee, 0));
                }
                None => {
                    marks[cur] = Mark::Done;
                    order.push(cur);
                    open.pop();
                }
            }
        }
    }
    if cx.logs(2) {
        for (place, sub) in order.iter().enumerate() {
            let name = cx.program.function_name(*sub);
            cx.say(StructureMsg::OrderOfCalls { place, name });
        }
    }
    Ok(order)
}
