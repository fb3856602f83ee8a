//! Which scalars must be known exactly.
//!
//! Answers for `mark_chain_precision()` and `backtrack_insn()`. When a value decides an access or a branch, the path is
//! walked backwards, instruction by instruction and state by state, and every register and slot that the value came from
//! is marked in the stored states on the way. Scalars without the mark may differ when states are compared.
//!
//! ```text
//! 3: r2 = r1        r2 wanted, so r1 is wanted before
//! 4: r2 &= 7        r2 wanted
//! 5: r3 += r2       r2 must be exact here: the walk begins
//! ```
//!
//! In the kernel: `INSN_F_SRC_REG_STACK`, `INSN_F_DST_REG_STACK`, `INSN_F_STACK_ACCESS`, `insn_stack_access_flags()`,
//! `struct linked_reg`, `struct linked_regs`, `LINKED_REGS_MAX`, `linked_regs_push()`, `struct backtrack_state`,
//! `-ENOTSUPP`, `bt_sync_linked_regs()`, `get_prev_insn_idx()`, `mark_all_scalars_precise()`,
//! `__mark_chain_precision()`, `mark_chain_precision_batch()`, `bt_set_frame_slot()`, `propagate_precision()`.

mod back;
mod within;

use super::Cx;
use super::asks::{Exact, Needed};
use super::liveness::Place;
use super::stored::Search;
use super::trail::*;
use crate::error::{Errno, LimitMsg, Res};
use crate::state::verifier::History;
use crate::state::{FuncState, RegState, StateId, VerifierState};
use back::{Passed, Touched, passes, step_back, wanted};

/// What a walk needs of a state, and how far back in it the walk is.
#[derive(Clone, Copy)]
struct At {
    first_idx: i32,
    /// What of the history is not walked yet.
    left: History,
    parent: Option<StateId>,
}

impl At {
    fn of(st: &VerifierState) -> At {
        At { first_idx: st.first_at as i32, left: st.history, parent: st.parent }
    }

    /// The instruction before `idx`, `None` at the state's beginning. `here` is what was noted of `idx`.
    fn before(&mut self, idx: i32, here: Option<&Step>) -> Option<i32> {
        if idx == self.first_idx && (self.left.len == 0 || (self.left.len == 1 && here.is_some())) {
            return None;
        }
        match here {
            Some(step) => {
                self.left = History { newest: step.older, len: self.left.len - 1 };
                Some(step.prev_idx as i32)
            }
            None => Some(idx - 1),
        }
    }

    /// What was noted of `idx`, if it is the newest instruction that is left.
    fn step(&self, trail: &Trail, idx: i32) -> Option<Step> {
        trail.newest(self.left).filter(|s| s.idx as i32 == idx).copied()
    }

    /// The first instruction of those before `idx` that ran one after another: behind the newest that was noted, or at
    /// the state's beginning.
    fn row_begin(&self, trail: &Trail, idx: i32) -> i32 {
        match trail.newest(self.left) {
            Some(step) if (step.idx as i32) < idx => step.idx as i32 + 1,
            None if self.first_idx <= idx => self.first_idx,
            _ => idx,
        }
    }

    /// Passes over a row of instructions, none of them noted, in which nothing that is wanted comes from: the instruction
    /// to go on at, which is `idx` itself when it is not passed.
    fn pass_row(&self, trail: &Trail, touched: &[u16], wanted: u16, idx: i32) -> i32 {
        let begin = self.row_begin(trail, idx);
        let Some(row) = touched.get(begin.max(0) as usize..=idx.max(0) as usize) else { return idx };
        match row.iter().rposition(|t| t & wanted != 0) {
            Some(at) => begin + at as i32,
            None => begin,
        }
    }
}

/// Marks every scalar of all ancestors precise.
pub(crate) fn need_all_exactly(cx: &mut Cx<'_>, search: &mut Search, mut parent: Option<StateId>, top_frame: usize) {
    cx.path.trail.asked_since += 1;
    let logs = cx.logs(2);
    if logs {
        cx.say(LimitMsg::PreciseAll { frame: top_frame });
    }
    while let Some(id) = parent {
        let frames = search.state(id).frames.len();
        for frame in 0..frames {
            if !logs {
                force_precise(search.state_mut(id), frame);
                continue;
            }
            for reg in 0..10 {
                let r = &search.state(id).frames[frame].regs[reg];
                if r.is_scalar() && !r.precise {
                    search.state_mut(id).frame_at_mut(frame).regs[reg].precise = true;
                    if logs {
                        cx.say(LimitMsg::ForcePreciseReg { frame, reg });
                    }
                }
            }
            for spi in 0..search.state(id).frames[frame].stack.len() {
                let s = &search.state(id).frames[frame].stack[spi];
                if s.holds_scalar() && !s.spilled.precise {
                    let stack = &mut search.state_mut(id).frame_at_mut(frame).stack;
                    stack.edit(1 << (spi & 63), |s| s.spilled.precise = true);
                    if logs {
                        cx.say(LimitMsg::ForcePreciseSlot { frame, off: -(spi as i32 + 1) * 8 });
                    }
                }
            }
        }
        parent = search.state(id).parent;
    }
}

/// Every scalar of a frame counts as needed.
fn force_precise(st: &mut VerifierState, frame: usize) {
    let imprecise = |r: &RegState| r.is_scalar() && !r.precise;
    let f = &st.frames[frame];
    let any = f.regs[..10].iter().any(imprecise);
    let slots = f.stack.which(|s| s.holds_scalar() && !s.spilled.precise);
    if any || slots != 0 {
        let f = st.frame_at_mut(frame);
        f.regs[..10].iter_mut().filter(|r| r.is_scalar()).for_each(|r| r.precise = true);
        f.stack.edit(slots, |s| s.spilled.precise = true);
    }
}

/// Where a walk backwards begins.
struct Begin {
    at: At,
    top_frame: usize,
    /// The instruction it begins at.
    idx: i32,
}

/// Walks backwards until nothing is wanted any more. The answer is whether any state was marked.
fn mark_chain(cx: &mut Cx<'_>, search: &mut Search, begin: Begin) -> Res<bool> {
    if !cx.program.caps.has_cap_bpf {
        return Ok(false);
    }
    search.bt.frame = begin.top_frame;
    if search.bt.is_empty() {
        return Ok(false);
    }
    let silent = !cx.logs(2) && !cx.out.interest.structure;
    let mut touched = std::mem::take(&mut search.touched);
    if touched.len() != cx.program.insns.len() && silent {
        touched = cx.program.insns.iter().map(|i| Touched::by(*i)).collect();
    }
    let mut bt = std::mem::take(&mut search.bt);
    let result = walk_back(cx, search, &mut bt, begin, silent.then_some(&touched[..]));
    search.touched = touched;
    search.bt = bt;
    result
}

/// The walk itself. `touched`, by instruction: what makes a step over it change nothing; `None` when somebody listens.
fn walk_back(
    cx: &mut Cx<'_>,
    search: &mut Search,
    bt: &mut Backtrack,
    begin: Begin,
    touched: Option<&[u16]>,
) -> Res<bool> {
    let Begin { mut at, top_frame, idx: mut last_idx } = begin;
    let first_parent = at.parent;
    let (mut subseq_idx, mut skip_first, mut changed) = (-1i32, true, false);
    let mut this: Option<StateId> = None;
    loop {
        if cx.logs(2) {
            let frame = bt.frame;
            cx.say(LimitMsg::PreciseState { frame, last_idx, first_idx: at.first_idx, subseq_idx });
        }
        if last_idx < 0 {
            return finish_at_entry(cx, search, bt, this, changed);
        }
        let mut i = last_idx;
        loop {
            let hist = at.step(&cx.path.trail, i);
            if let Some(touched) = touched
                && hist.is_none()
                && !skip_first
            {
                let on = at.pass_row(&cx.path.trail, touched, wanted(bt), i);
                if on != i {
                    (subseq_idx, i) = (on + 1, on);
                }
            }
            if let (Some(touched), Some(_)) = (touched.and_then(|t| t.get(i as usize)), &hist)
                && touched & Touched::ALWAYS == 0
                && !skip_first
                && asked_before(cx, bt, at.left)
            {
                *bt = Backtrack::default();
                return Ok(changed);
            }
            if skip_first {
                skip_first = false;
            } else if let Some(touched) = touched.and_then(|t| t.get(i as usize))
                && passes(bt, *touched, hist.as_ref())
            {
                // Nothing that is wanted comes from here.
            } else {
                match step_back(cx, bt, Passed { idx: i as usize, next: subseq_idx, noted: hist.as_ref() }) {
                    Ok(()) => {}
                    Err(Stuck::Unknown) => {
                        need_all_exactly(cx, search, first_parent, top_frame);
                        *bt = Backtrack::default();
                        return Ok(changed);
                    }
                    Err(Stuck::Bug(what)) => return Err(cx.kernel_bug(what)),
                    Err(Stuck::LeftMain) => return Err(cx.reject(LimitMsg::LeftMain, Errno::EFAULT)),
                    Err(Stuck::Callback(regs)) => {
                        return Err(cx.reject(LimitMsg::CallbackRegs { regs }, Errno::EFAULT));
                    }
                }
                if bt.is_empty() {
                    return Ok(changed);
                }
            }
            subseq_idx = i;
            match at.before(i, hist.as_ref()) {
                None => break,
                Some(p) if p < 0 || p as usize >= cx.program.insns.len() => {
                    return Err(cx.kernel_bug("backtracking left the program"));
                }
                Some(p) => i = p,
            }
        }
        let Some(id) = at.parent else { break };
        changed |= mark_state(cx, search, bt, id)?;
        if bt.is_empty() {
            return Ok(changed);
        }
        subseq_idx = at.first_idx;
        let st = search.state(id);
        last_idx = st.last_at as i32;
        at = At::of(st);
        this = Some(id);
    }
    if !bt.is_empty() {
        need_all_exactly(cx, search, first_parent, top_frame);
        *bt = Backtrack::default();
    }
    Ok(changed)
}

/// Whether earlier walks asked for all of this when they came to the newest step of a history. If not, they did now.
fn asked_before(cx: &mut Cx<'_>, bt: &Backtrack, at: History) -> bool {
    let Some(now) = Asked::by(bt, cx.path.trail.asked_since) else { return false };
    let Some(step) = cx.path.trail.newest_mut(at) else { return false };
    if step.asked.covers(now) {
        return true;
    }
    step.asked = step.asked.and(now);
    false
}

/// The walk came before the first instruction: that is right for the arguments of a global function only.
fn finish_at_entry(
    cx: &mut Cx<'_>,
    search: &mut Search,
    bt: &mut Backtrack,
    this: Option<StateId>,
    changed: bool,
) -> Res<bool> {
    let st = match this {
        Some(id) => search.state_mut(id),
        None => &mut cx.path.cur,
    };
    let entry = st.frames.len() == 1 && st.frames[0].function_number > 0 && st.frames[0].called_from == FuncState::MAIN;
    if !entry || bt.slots[bt.frame] != 0 || bt.here() & !ARGS != 0 {
        return Err(cx.kernel_bug("backtracking reached a function's entry"));
    }
    let mut marked = changed;
    for r in 1..6u8 {
        if bt.has(r) {
            bt.found(r);
            let reg = &mut st.frame_at_mut(0).regs[usize::from(r)];
            if reg.is_scalar() {
                marked = true;
                reg.precise = true;
            }
        }
    }
    Ok(marked)
}

/// Marks what is wanted in a stored state; what is marked there already, or no scalar, is wanted no more.
fn mark_state(cx: &mut Cx<'_>, search: &mut Search, bt: &mut Backtrack, id: StateId) -> Res<bool> {
    let mut changed = false;
    for frame in (0..=bt.frame).rev() {
        let Some(f) = search.state(id).frames.get(frame) else {
            return Err(cx.kernel_bug("backtracking reached a state with fewer frames"));
        };
        let (mut new_regs, mut new_slots) = (bt.regs[frame], bt.slots[frame]);
        for r in bits(u64::from(bt.regs[frame])) {
            if f.regs.get(r).is_none_or(|r| !r.is_scalar() || r.precise) {
                new_regs &= !(1 << r);
            }
        }
        for spi in bits(bt.slots[frame]) {
            let Some(s) = f.stack.get(spi) else {
                return Err(cx.kernel_bug("backtracking reached a slot beyond the stack"));
            };
            if !s.holds_scalar() || s.spilled.precise {
                new_slots &= !(1 << spi);
            }
        }
        (bt.regs[frame], bt.slots[frame]) = (new_regs, new_slots);
        if new_regs != 0 || new_slots != 0 {
            changed = true;
            let f = search.state_mut(id).frame_at_mut(frame);
            for r in bits(u64::from(new_regs)) {
                f.regs[r].precise = true;
            }
            f.stack.edit(new_slots, |s| s.spilled.precise = true);
        }
        if cx.logs(2) {
            cx.say(LimitMsg::PreciseParent { frame, regs: bt.regs[frame], slots: bt.slots[frame] });
            let state = search.state(id).clone();
            cx.show_state(&state, frame);
        }
    }
    Ok(changed)
}

/// What an instruction asked to be known exactly is, in all states that it comes from.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn fulfil_exact(cx: &mut Cx<'_>, search: &mut Search, exact: Exact) -> Res {
    let Exact { needed, top_frame, idx, history } = exact;
    if !cx.program.kernel.features.precision_through_calls {
        let cur = &cx.path.cur;
        let at = At { first_idx: cur.first_at as i32, left: history, parent: cur.parent };
        let (frame, place) = match needed {
            Needed::Reg(r) => (top_frame, Place::Reg(r)),
            // Such a release asks for one at a time.
            Needed::Slots(frame, slots) => (frame, Place::Slot(slots.trailing_zeros() as usize)),
        };
        return within::mark_within(cx, search, frame, place, at, idx as i32);
    }
    let bt = &mut search.bt;
    bt.frame = top_frame;
    match needed {
        Needed::Reg(r) => bt.want(r),
        Needed::Slots(frame, slots) => {
            if let Some(wanted) = bt.slots.get_mut(frame) {
                *wanted |= slots;
            }
        }
    }
    let cur = &cx.path.cur;
    let at = At { first_idx: cur.first_at as i32, left: history, parent: cur.parent };
    mark_chain(cx, search, Begin { at, top_frame, idx: idx as i32 }).map(|_| ())
}

/// What a state that covers `start` (the current state when `None`) needs exactly, `start` needs too. The answer is
/// whether any state was marked.
///
/// # Errors
/// Only when the kernel's own consistency checks fail.
pub(crate) fn pass_needs_on(
    cx: &mut Cx<'_>,
    search: &mut Search,
    old: StateId,
    start: Option<&VerifierState>,
) -> Res<bool> {
    use crate::kernel::features::LivenessKind;
    use crate::state::register::live;
    let marks = cx.program.kernel.features.liveness == LivenessKind::ReadMarks;
    let needed = |r: &RegState| r.is_scalar() && r.precise && (!marks || r.live & live::READ != 0);
    if !cx.program.kernel.features.precision_through_calls {
        return within::pass_needs_within(cx, search, old, needed).map(|()| false);
    }
    for frame in (0..search.state(old).frames.len()).rev() {
        let f = &search.state(old).frames[frame];
        let mut regs = 0u32;
        for (i, r) in f.regs.iter().enumerate().take(10) {
            regs |= u32::from(needed(r)) << i;
        }
        let slots = f.stack.which(|s| s.holds_register() && needed(&s.spilled));
        if regs == 0 && slots == 0 {
            continue;
        }
        if let (Some(r), Some(s)) = (search.bt.regs.get_mut(frame), search.bt.slots.get_mut(frame)) {
            *r |= regs;
            *s |= slots;
        }
        if cx.logs(2) {
            cx.say(LimitMsg::Propagating { frame, regs, slots });
        }
        cx.say(LimitMsg::PropagatingEnd);
    }
    let (st, idx) = match start {
        Some(st) => (st, st.insn_idx as i32),
        None => (&cx.path.cur, cx.path.insn_idx as i32),
    };
    let begin = Begin { at: At::of(st), top_frame: st.top_frame(), idx };
    mark_chain(cx, search, begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_passed_to_its_beginning_or_to_what_is_wanted() {
        let mut trail = Trail::default();
        let touched = [1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 1];
        let mut at = At { first_idx: 1, left: History::default(), parent: None };
        assert_eq!(at.pass_row(&trail, &touched, 1 << 3, 5), 2);
        assert_eq!(at.pass_row(&trail, &touched, 1 << 9, 5), 1, "to the state's beginning");
        trail.note(&mut at.left, 3, 2, 0, None);
        assert_eq!(at.pass_row(&trail, &touched, 1 << 3, 5), 4, "what was noted is looked at itself");
        assert_eq!(at.pass_row(&trail, &touched, 1 << 1, 5), 5);
    }
}
