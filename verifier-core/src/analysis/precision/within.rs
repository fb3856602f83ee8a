//! Which numbers must be known exactly, in releases before 6.5.
//!
//! The walk backwards stays within one function: a call or an exit on the way ends it, and everything counts as needed.
//! The stack is known where the frame pointer itself addresses it, copies of a number are not followed.

use super::super::Cx;
use super::super::liveness::Place;
use super::super::stored::Search;
use super::super::trail::{ARGS, Backtrack};
use super::{At, finish_at_entry, force_precise};
use crate::error::{Errno, LimitMsg, Res};
use crate::isa::op::set_of;
use crate::isa::opcode::DW;
use crate::isa::semantics::AluOp;
use crate::isa::{Callee, Insn, Op, Regs, Src};
use crate::kernel::Reworded;
use crate::kernel::helpers::class;
use crate::log::Event;
use crate::state::{RegState, StateId};

/// What is wanted in the one frame that is followed.
#[derive(Clone, Copy)]
struct Wanted {
    frame: usize,
    regs: u32,
    slots: u64,
}

/// Why the walk cannot go on.
enum Lost {
    /// It left what it understands: everything is taken as needed.
    Track,
    /// Arguments are wanted behind the call that took them.
    Arguments(u32),
}

impl Wanted {
    fn is_empty(self) -> bool {
        self.regs == 0 && self.slots == 0
    }

    fn has(self, r: u8) -> bool {
        self.regs >> r & 1 != 0
    }
}

/// The slot that an instruction addresses through the frame pointer.
fn slot_through_fp(insn: Insn, base: u8, whole_only: bool) -> Option<u32> {
    if base != 10 || whole_only && insn.size_bits() != DW {
        return None;
    }
    u32::try_from((-i32::from(insn.off) - 1) / 8).ok().filter(|spi| *spi < 64)
}

/// What a release's walks understand of memory.
#[derive(Clone, Copy)]
struct Knows {
    /// Saved numbers of 8 bytes alone.
    whole_only: bool,
    /// What an atomic operation fetches comes from memory.
    fetches: bool,
}

/// Changes what is wanted from after an instruction to before it.
fn step(insn: Insn, w: &mut Wanted, knows: Knows) -> Result<(), Lost> {
    let whole_only = knows.whole_only;
    let (wants, bit) = (|w: &Wanted, r: u8| w.has(r), |r: u8| 1u32 << r);
    let op = insn.decode();
    match op {
        Op::ByteOrder { .. } | Op::Alu { op: AluOp::Neg, .. } => {}
        Op::Alu { op, dst, src, .. } if wants(w, dst) => {
            if op == AluOp::Mov {
                w.regs &= !bit(dst);
            }
            w.regs |= u32::from(src.regs());
        }
        Op::MoveAs { dst, src, .. } if wants(w, dst) => w.regs = w.regs & !bit(dst) | bit(src),
        Op::Load { dst, base, .. } if wants(w, dst) => loaded(insn, w, dst, base, whole_only),
        Op::Store { src, .. } => stored(insn, w, src.regs(), whole_only)?,
        Op::Atomic { base, src, .. } => match op.loaded_by_atomic() {
            Some(reg) if knows.fetches && wants(w, reg) => loaded(insn, w, reg, base, whole_only),
            _ => stored(insn, w, set_of(src), whole_only)?,
        },
        // Whatever they yield, the releases take them for stores.
        Op::LoadAcquire { .. } | Op::StoreRelease { .. } => stored(insn, w, set_of(insn.src), whole_only)?,
        Op::Call { callee: Callee::Local(_) | Callee::Kernel(0) } | Op::Exit => return Err(Lost::Track),
        Op::Call { callee: Callee::Helper(id) } if class::runs_callbacks(id as u32) => return Err(Lost::Track),
        Op::Call { .. } => {
            w.regs &= !1;
            if w.regs & ARGS != 0 {
                return Err(Lost::Arguments(w.regs));
            }
        }
        Op::Branch { dst, src: Src::Reg(src), .. } if w.regs & (bit(dst) | bit(src)) != 0 => {
            w.regs |= bit(dst) | bit(src);
        }
        Op::Const { dst, .. } => w.regs &= !bit(dst),
        Op::PacketLoad { .. } if wants(w, insn.dst) => return Err(Lost::Track),
        Op::Alu { .. } | Op::MoveAs { .. } | Op::Load { .. } | Op::PacketLoad { .. } => {}
        Op::Branch { .. } | Op::Jump { .. } | Op::JumpTo { .. } | Op::MayGoto { .. } | Op::CallReg { .. } => {}
        Op::Rest | Op::Unknown => {}
    }
    Ok(())
}

/// A register that is wanted gets memory's value, which is wanted instead where it is known.
fn loaded(insn: Insn, w: &mut Wanted, reg: u8, base: u8, whole_only: bool) {
    w.regs &= !(1 << reg);
    if let Some(spi) = slot_through_fp(insn, base, whole_only) {
        w.slots |= 1 << spi;
    }
}

/// A store of these registers.
fn stored(insn: Insn, w: &mut Wanted, values: Regs, whole_only: bool) -> Result<(), Lost> {
    // A number that addresses memory: pointers were subtracted.
    if w.has(insn.dst) {
        return Err(Lost::Track);
    }
    if let Some(spi) = slot_through_fp(insn, insn.dst, whole_only)
        && w.slots >> spi & 1 != 0
    {
        w.slots &= !(1 << spi);
        w.regs |= u32::from(values);
    }
    Ok(())
}

/// Every number of the states from `parent` on counts as needed.
fn need_all(search: &mut Search, mut parent: Option<StateId>) {
    while let Some(id) = parent {
        for frame in 0..search.state(id).frames.len() {
            force_precise(search.state_mut(id), frame);
        }
        parent = search.state(id).parent;
    }
}

/// What the walk finds in a stored state.
enum Found {
    /// New marks were made.
    New,
    /// All were there.
    Known,
    /// A slot beyond the state's stack is wanted.
    Beyond,
}

/// Marks what is wanted in a stored state; what is no number there is wanted no more.
fn mark_state(search: &mut Search, id: StateId, w: &mut Wanted) -> Found {
    let Some(f) = search.state(id).frames.get(w.frame) else { return Found::Known };
    let mut new = (0u32, 0u64);
    for r in 0..10 {
        if w.regs >> r & 1 == 0 {
            continue;
        }
        match &f.regs[r] {
            reg if !reg.is_scalar() => w.regs &= !(1 << r),
            reg if !reg.precise => new.0 |= 1 << r,
            _ => {}
        }
    }
    for spi in 0..64 {
        if w.slots >> spi & 1 == 0 {
            continue;
        }
        match f.stack.get(spi) {
            None => return Found::Beyond,
            Some(s) if !s.holds_scalar() => w.slots &= !(1 << spi),
            Some(s) if !s.spilled.precise => new.1 |= 1 << spi,
            Some(_) => {}
        }
    }
    if new == (0, 0) {
        return Found::Known;
    }
    let f = search.state_mut(id).frame_at_mut(w.frame);
    (0..10).filter(|r| new.0 >> r & 1 != 0).for_each(|r| f.regs[r].precise = true);
    f.stack.edit(new.1, |s| s.spilled.precise = true);
    Found::New
}

/// Walks backwards from the current state until nothing is wanted any more.
pub(crate) fn mark_within(
    cx: &mut Cx<'_>,
    search: &mut Search,
    frame: usize,
    place: Place,
    mut at: At,
    mut last: i32,
) -> Res {
    if !cx.program.caps.has_cap_bpf {
        return Ok(());
    }
    let mut w = match place {
        Place::Reg(r) => Wanted { frame, regs: 1 << r, slots: 0 },
        Place::Slot(spi) => Wanted { frame, regs: 0, slots: 1 << (spi & 63) },
    };
    let features = &cx.program.kernel.features;
    let knows = Knows { whole_only: !features.narrow_spills, fetches: features.atomic_fetch_backtracks };
    let mut skip = true;
    let mut this = None;
    loop {
        if cx.logs(2) {
            let first_idx = at.first_idx;
            cx.say(LimitMsg::PreciseState { frame, last_idx: last, first_idx, subseq_idx: -1 });
        }
        if last < 0 {
            let mut bt = Backtrack { frame, ..Backtrack::default() };
            (bt.regs[frame], bt.slots[frame]) = (w.regs, w.slots);
            return finish_at_entry(cx, search, &mut bt, this, false).map(|_| ());
        }
        let mut i = last;
        loop {
            let insn = cx.program.insns.get(i as usize).copied();
            let Some(insn) = insn else { return Err(cx.kernel_bug("backtracking left the program")) };
            if std::mem::take(&mut skip) || insn.code == 0 {
            } else {
                if cx.logs(2) {
                    let (regs, slots, idx) = (w.regs, w.slots, i as usize);
                    cx.emit(Event::PreciseBefore { frame: frame as u32, regs, slots, idx });
                }
                match step(insn, &mut w, knows) {
                    Ok(()) => {}
                    Err(Lost::Track) => {
                        need_all(search, at.parent);
                        return Ok(());
                    }
                    Err(Lost::Arguments(regs)) => {
                        return Err(cx.reject(LimitMsg::CallbackRegs { regs }, Errno::EFAULT));
                    }
                }
            }
            if w.is_empty() {
                return Ok(());
            }
            let noted = at.step(&cx.path.trail, i);
            match at.before(i, noted.as_ref()) {
                None => break,
                Some(p) => i = p,
            }
        }
        let Some(id) = at.parent else { return Ok(()) };
        let found = mark_state(search, id, &mut w);
        if matches!(found, Found::Beyond) {
            let parent = search.state(id).parent;
            need_all(search, parent);
            return Ok(());
        }
        let new = matches!(found, Found::New);
        if cx.logs(2) {
            let behind = cx.program.kernel.style.has(Reworded::StateBehind);
            let (state, masks) = (search.state(id).clone(), (w.regs, w.slots));
            if !behind {
                cx.show_state(&state, frame);
            }
            cx.say(LimitMsg::PreciseMasks { new, regs: masks.0, slots: masks.1 });
            if behind {
                cx.show_state(&state, frame);
            }
        }
        if w.is_empty() || !new {
            return Ok(());
        }
        let st = search.state(id);
        last = st.last_at as i32;
        at = At::of(st);
        this = Some(id);
    }
}

/// What a state that covers the current one needs exactly, the current one's ancestors need too.
pub(crate) fn pass_needs_within(
    cx: &mut Cx<'_>,
    search: &mut Search,
    old: StateId,
    needed: impl Fn(&RegState) -> bool,
) -> Res {
    let idx = cx.path.insn_idx as i32;
    for frame in (0..search.state(old).frames.len()).rev() {
        let f = &search.state(old).frames[frame];
        let regs: Vec<u8> = (0..10u8).filter(|r| needed(&f.regs[usize::from(*r)])).collect();
        let slots: Vec<usize> =
            (0..f.stack.len()).filter(|n| f.stack[*n].holds_register() && needed(&f.stack[*n].spilled)).collect();
        for r in regs {
            if cx.logs(2) {
                cx.say(LimitMsg::PropagatingOne { frame, place: format!("r{r}") });
            }
            mark_within(cx, search, frame, Place::Reg(r), At::of(&cx.path.cur), idx)?;
        }
        for spi in slots {
            if cx.logs(2) {
                let place = format!("fp{}", -(spi as i64 + 1) * 8);
                cx.say(LimitMsg::PropagatingOne { frame, place });
            }
            mark_within(cx, search, frame, Place::Slot(spi), At::of(&cx.path.cur), idx)?;
        }
    }
    Ok(())
}
