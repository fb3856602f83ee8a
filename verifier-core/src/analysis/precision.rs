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

mod within;

use super::Cx;
use super::asks::{Exact, Needed};
use super::liveness::Place;
use super::stored::Search;
use super::trail::*;
use crate::error::{Errno, LimitMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::log::Event;
use crate::state::verifier::History;
use crate::state::{FuncState, RegState, StateId, VerifierState};

/// A fetching atomic operation, or a load with acquire order: the register it loads.
fn atomic_load(insn: Insn) -> Option<u8> {
    if insn.class() != STX || insn.mode() != ATOMIC {
        return None;
    }
    match insn.imm {
        LOAD_ACQ => Some(insn.dst),
        CMPXCHG => Some(0),
        imm if imm & FETCH != 0 => Some(insn.src),
        _ => None,
    }
}

/// One instruction backwards. `next_idx` is the instruction that ran after it, -1 at the start of the walk.
fn step_back(cx: &mut Cx<'_>, bt: &mut Backtrack, idx: usize, next_idx: i32, hist: Option<&Step>) -> Result<(), Stuck> {
    let Some(&insn) = cx.program.insns.get(idx) else { return Err(Stuck::Bug("backtracking left the program")) };
    if insn.code == 0 {
        return Ok(());
    }
    let (frame, regs, slots) = (bt.frame as u32, bt.here(), bt.slots[bt.frame]);
    if cx.logs(2) {
        cx.emit(Event::PreciseBefore { frame, regs, slots, idx });
    }
    if cx.out.interest.structure {
        cx.emit(Event::Precise { frame, regs, slots, idx });
    }
    let linked = hist.and_then(|h| cx.path.trail.linked(h));
    // Registers may have gained their range here because others did.
    bt.sync_linked(linked);
    if step_insn(cx, bt, insn, idx, next_idx, hist)? {
        bt.sync_linked(linked);
    }
    Ok(())
}

/// What makes a step backwards over an instruction change nothing: none of these registers is wanted. Bit
/// [`Touched::ALWAYS`] where more decides.
struct Touched;

impl Touched {
    /// More than registers decides what a step backwards does.
    const ALWAYS: u16 = 1 << 15;

    /// The registers of an instruction that a step backwards looks at.
    fn by(insn: Insn) -> u16 {
        // There are eleven registers; what names another was refused before.
        let (dst, src) = (1 << (insn.dst & 15), 1 << (insn.src & 15));
        match insn.class() {
            _ if insn.code == 0 => 0,
            ALU | ALU64 if matches!(insn.op(), END | NEG) => 0,
            ALU | ALU64 | LDX => dst,
            LD if insn.mode() == IMM => dst,
            ST => dst,
            STX if insn.mode() != ATOMIC => dst,
            JMP | JMP32 if matches!(insn.op(), CALL | EXIT) => Touched::ALWAYS,
            JMP | JMP32 if insn.is_reg_src() => dst | src,
            JMP | JMP32 => 0,
            _ => Touched::ALWAYS,
        }
    }
}

/// Changes what is wanted from after `insn` to before it; `Ok(true)` when linked places are to be looked at again.
fn step_insn(
    cx: &Cx<'_>,
    bt: &mut Backtrack,
    insn: Insn,
    idx: usize,
    next_idx: i32,
    hist: Option<&Step>,
) -> Result<bool, Stuck> {
    match insn.class() {
        ALU | ALU64 => {
            if !bt.has(insn.dst) || matches!(insn.op(), END | NEG) {
                return Ok(false);
            }
            if insn.op() == MOV {
                bt.found(insn.dst);
            }
            if insn.is_reg_src() && insn.src != 10 {
                bt.want(insn.src);
            }
            Ok(true)
        }
        LDX => load(bt, insn.dst, hist),
        STX | ST => {
            if let Some(reg) = atomic_load(insn)
                && (cx.program.kernel.features.atomic_fetch_backtracks || insn.imm == LOAD_ACQ)
            {
                return load(bt, reg, hist);
            }
            if bt.has(insn.dst) {
                // A scalar that addresses memory: pointers were subtracted.
                return Err(Stuck::Unknown);
            }
            let Some((frame, spi)) = stack_access(hist) else { return Ok(false) };
            if bt.slots[frame] >> spi & 1 == 0 {
                return Ok(false);
            }
            bt.slots[frame] &= !(1 << spi);
            if insn.class() == STX {
                bt.want(insn.src);
            }
            Ok(true)
        }
        JMP | JMP32 => step_jump(cx, bt, insn, idx, next_idx, hist),
        // ldimm64, LD_ABS, LD_IND
        _ => {
            if insn.mode() == IMM {
                bt.found(insn.dst);
                return Ok(false);
            }
            if matches!(insn.mode(), IND | ABS) {
                if bt.has(insn.dst) {
                    return Err(Stuck::Unknown);
                }
                // Such a load may also leave the function.
                if cx.program.kernel.features.ld_abs_backtracks && next_idx != idx as i32 + 1 {
                    bt.enter()?;
                }
                return Ok(false);
            }
            Ok(true)
        }
    }
}

/// A load: what was wanted in the register is wanted in the stack slot, when it came from there.
fn load(bt: &mut Backtrack, reg: u8, hist: Option<&Step>) -> Result<bool, Stuck> {
    if !bt.has(reg) {
        return Ok(false);
    }
    bt.found(reg);
    let Some((frame, spi)) = stack_access(hist) else { return Ok(false) };
    bt.slots[frame] |= 1 << spi;
    Ok(true)
}

fn step_jump(
    cx: &Cx<'_>,
    bt: &mut Backtrack,
    insn: Insn,
    idx: usize,
    next_idx: i32,
    hist: Option<&Step>,
) -> Result<bool, Stuck> {
    let calls_back =
        |at: i32| usize::try_from(at).ok().and_then(|i| cx.learned.aux.get(i)).is_some_and(|a| a.runs_callbacks);
    if insn.is_pseudo_call() {
        let entry = (idx as i64 + 1 + i64::from(insn.imm)) as u32;
        let Ok(sub) = cx.learned.subprogs.binary_search_by_key(&entry, |s| s.start) else {
            return Err(Stuck::Bug("no function at a call's target"));
        };
        if cx.learned.function_facts.get(sub).is_some_and(|a| a.linkage == 1) {
            // A global function was not walked: its arguments are checked by type, and it always sets R0.
            if bt.here() & ARGS != 0 {
                return Err(Stuck::Bug("arguments wanted after a global function"));
            }
            bt.found(0);
            return Ok(false);
        }
        if bt.here() & !ARGS != 0 || bt.slots[bt.frame] != 0 {
            return Err(Stuck::Bug("places wanted before a function's entry"));
        }
        let args = bt.here();
        if args != 0 && bt.frame == 0 {
            // The kernel writes outside of its own memory here.
            return Err(Stuck::Bug("arguments wanted of the main program's caller"));
        }
        bt.regs[bt.frame] = 0;
        bt.leave()?;
        bt.regs[bt.frame] |= args;
        return Ok(false);
    }
    if cx.learned.aux.get(idx).is_some_and(|a| a.runs_callbacks) && idx as i64 != i64::from(next_idx) - 1 {
        // Out of the callback: its arguments are not the caller's.
        if bt.here() & !ARGS != 0 {
            return Err(Stuck::Callback(bt.here()));
        }
        if bt.slots[bt.frame] != 0 {
            return Err(Stuck::Bug("slots wanted before a callback's entry"));
        }
        bt.regs[bt.frame] = 0;
        bt.leave()?;
        return Ok(false);
    }
    match insn.op() {
        CALL => {
            if insn.is_kfunc_call() && insn.imm == 0 {
                return Err(Stuck::Unknown);
            }
            bt.found(0);
            if bt.here() & ARGS != 0 {
                return Err(Stuck::Bug("arguments wanted after a call"));
            }
            // A tail call may also leave the function.
            if cx.program.kernel.features.tail_call_exits_frame
                && insn.is_helper_call()
                && insn.imm == TAIL_CALL
                && i64::from(next_idx) - idx as i64 != 1
            {
                bt.enter()?;
            }
            Ok(true)
        }
        EXIT => {
            let from_call = usize::try_from(next_idx - 1)
                .ok()
                .and_then(|i| cx.program.insns.get(i))
                .is_some_and(|i| i.is_pseudo_call());
            if cx.program.kernel.features.callback_args_dropped_at_exit && calls_back(next_idx) {
                bt.regs[bt.frame] &= !ARGS;
            }
            let strict = from_call || cx.program.kernel.features.callback_args_dropped_at_exit;
            if strict && bt.here() & ARGS != 0 {
                return Err(Stuck::Bug("arguments wanted after a return"));
            }
            let r0 = from_call && bt.has(0);
            bt.found(0);
            bt.enter()?;
            if r0 {
                bt.want(0);
            }
            Ok(false)
        }
        _ if insn.is_reg_src() => {
            if !bt.has(insn.dst) && !bt.has(insn.src) {
                return Ok(false);
            }
            let flags = hist.map_or(0, |h| h.flags);
            if flags & F_SRC_REG_STACK == 0 {
                bt.want(insn.src);
            }
            if flags & F_DST_REG_STACK == 0 {
                bt.want(insn.dst);
            }
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Number of `bpf_tail_call()`.
const TAIL_CALL: i32 = 12;

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

/// Whether a step backwards over an instruction changes nothing and nobody listens. `hist` is what was noted of it.
#[inline]
fn passes(bt: &Backtrack, touched: u16, hist: Option<&Step>) -> bool {
    let quiet = match hist {
        None => true,
        Some(h) if h.links != 0 => false,
        Some(h) if h.flags & F_STACK_ACCESS != 0 => bt.slots[usize::from(h.flags & 7)] >> (h.flags >> 3 & 63) & 1 == 0,
        Some(_) => true,
    };
    quiet && touched & wanted(bt) == 0
}

/// What an instruction must touch to be looked at.
fn wanted(bt: &Backtrack) -> u16 {
    bt.here() as u16 | Touched::ALWAYS
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
                match step_back(cx, bt, i as usize, subseq_idx, hist.as_ref()) {
                    Ok(()) => {}
                    Err(Stuck::Unknown) => {
                        need_all_exactly(cx, search, first_parent, top_frame);
                        *bt = Backtrack::default();
                        return Ok(changed);
                    }
                    Err(Stuck::Bug(what)) => return Err(cx.bug(what)),
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
                    return Err(cx.bug("backtracking left the program"));
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
        return Err(cx.bug("backtracking reached a function's entry"));
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
            return Err(cx.bug("backtracking reached a state with fewer frames"));
        };
        let (mut new_regs, mut new_slots) = (bt.regs[frame], bt.slots[frame]);
        for r in bits(u64::from(bt.regs[frame])) {
            if f.regs.get(r).is_none_or(|r| !r.is_scalar() || r.precise) {
                new_regs &= !(1 << r);
            }
        }
        for spi in bits(bt.slots[frame]) {
            let Some(s) = f.stack.get(spi) else {
                return Err(cx.bug("backtracking reached a slot beyond the stack"));
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
            Needed::Slot(frame, spi) => (frame, Place::Slot(spi)),
        };
        return within::mark_within(cx, search, frame, place, at, idx as i32);
    }
    let bt = &mut search.bt;
    bt.frame = top_frame;
    match needed {
        Needed::Reg(r) => bt.want(r),
        Needed::Slot(frame, spi) => {
            if let Some(slots) = bt.slots.get_mut(frame) {
                *slots |= 1 << (spi & 63);
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
    fn a_step_over_what_nobody_wants_changes_nothing() {
        let mov = |dst, src| Insn { code: ALU64 | MOV | 8, dst, src, off: 0, imm: 0 };
        let bt = Backtrack { regs: [1 << 3, 0, 0, 0, 0, 0, 0, 0], ..Backtrack::default() };
        let passes = |bt: &Backtrack, insn, hist| passes(bt, Touched::by(insn), hist);
        assert!(passes(&bt, mov(1, 3), None), "reading a wanted register leaves it wanted");
        assert!(!passes(&bt, mov(3, 1), None));
        let flags = stack_access_noted(0, 2);
        let spill = Step { idx: 0, prev_idx: 0, flags, links: 0, older: 0, asked: Asked::default() };
        let store = Insn { code: STX | MEM | DW, dst: 10, src: 1, off: -24, imm: 0 };
        assert!(passes(&bt, store, Some(&spill)));
        assert!(!passes(&Backtrack { slots: [1 << 2; 8], ..bt }, store, Some(&spill)));
        assert!(!passes(&bt, Insn { code: JMP | CALL, dst: 0, src: 0, off: 0, imm: 1 }, None));
    }

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
