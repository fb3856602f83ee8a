//! What walks backwards look for, and the histories they follow.
//!
//! A history is the list of instructions since a checkpoint of which the program alone does not say enough: where jumps
//! came from, which slots were accessed, which registers were linked. All histories stand in one list, in which paths
//! share what they have in common, so that a path forks for free.

use crate::isa::opcode::MOST_CALL_FRAMES;
use crate::state::verifier::History;

/// History flag: the source operand is a stack pointer.
pub(crate) const F_SRC_REG_STACK: u16 = 1 << 11;
/// History flag: the destination operand is a stack pointer.
pub(crate) const F_DST_REG_STACK: u16 = 1 << 10;
/// History flag: the instruction accesses a stack slot.
pub(crate) const F_STACK_ACCESS: u16 = 1 << 12;

/// History flags of an access to a stack slot.
pub(crate) const fn stack_access_noted(frame_number: usize, spi: usize) -> u16 {
    F_STACK_ACCESS | ((spi as u16 & 63) << 4) | (frame_number as u16 & 15)
}

/// A register or stack slot linked to an operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkedReg {
    /// Frame.
    pub frame: u8,
    /// Register number, or slot index.
    pub index: u8,
    /// Which of both.
    pub is_reg: bool,
}

/// Registers and slots linked by one id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkedRegs {
    entries: [LinkedReg; LinkedRegs::MAX],
    len: usize,
}

impl LinkedRegs {
    /// Most that are kept, in releases that keep most.
    pub const MAX: usize = 6;

    /// Adds one; `false` when full.
    pub fn push(&mut self, e: LinkedReg) -> bool {
        match self.entries.get_mut(self.len) {
            Some(place) => {
                *place = e;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// What was pushed, in order.
    pub fn entries(&self) -> &[LinkedReg] {
        &self.entries[..self.len]
    }
}

/// One instruction that a walk backwards must know more of than the program says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The instruction.
    pub(super) idx: u32,
    /// The one before it.
    pub(super) prev_idx: u32,
    /// Stack access with frame and slot, which operand is a stack pointer.
    pub(super) flags: u16,
    /// Registers and slots linked to the operands: a place in [`Trail::links`], plus one. 0: none.
    pub(super) links: u32,
    /// The step before this one in the same state's history.
    pub(super) older: u32,
    /// What walks backwards asked for when they came here.
    pub(super) asked: Asked,
}

/// What walks backwards asked for behind a step. What is wanted before an instruction is the union of what each place
/// wanted behind it makes wanted, and marks stay; so a walk that asks for no more than others did would find everything
/// marked already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// Slots of the frame.
    slots: u64,
    /// Registers of the frame.
    regs: u16,
    /// The only frame of which something was wanted.
    frame: u8,
    /// [`Trail::asked_since`] when it was noted; another one: it does not count any more.
    since: u32,
}

impl Asked {
    /// Of a walk that wants something of its current frame only.
    pub(super) fn by(bt: &Backtrack, since: u32) -> Option<Asked> {
        let alone = (0..bt.frame).all(|f| bt.regs[f] == 0 && bt.slots[f] == 0);
        alone.then(|| Asked { slots: bt.slots[bt.frame], regs: bt.here() as u16, frame: bt.frame as u8, since })
    }

    /// Whether all of that was asked before.
    pub(super) fn covers(self, now: Asked) -> bool {
        self.since == now.since && self.frame == now.frame && now.regs & !self.regs == 0 && now.slots & !self.slots == 0
    }

    /// Both.
    pub(super) fn and(self, now: Asked) -> Asked {
        if self.since == now.since && self.frame == now.frame {
            Asked { regs: self.regs | now.regs, slots: self.slots | now.slots, ..now }
        } else {
            now
        }
    }
}

/// The histories of all states: lists that share what the paths to them have in common, so that a path forks for free.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    steps: Vec<Step>,
    links: Vec<LinkedRegs>,
    /// The newest step is the instruction being processed.
    noted: bool,
    /// Another path holds the newest step as well.
    shared: bool,
    /// Counts the walks that marked everything instead: what was asked before does not count any more, because such a
    /// walk marks states that the next one may come through and this one did not.
    pub(super) asked_since: u32,
}

impl Trail {
    /// Nothing of the next instruction is noted yet.
    #[inline]
    pub fn begin_insn(&mut self) {
        (self.noted, self.shared) = (false, false);
    }

    /// The current path was copied: its newest step must not change any more.
    pub fn share(&mut self) {
        self.shared = true;
    }

    /// Forgets all paths.
    pub fn clear(&mut self) {
        *self = Trail::default();
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.steps.len() * size_of::<Step>() + self.links.len() * size_of::<LinkedRegs>()
    }

    /// Notes an instruction, or adds to what was noted of it.
    pub fn note(&mut self, at: &mut History, idx: u32, prev_idx: u32, flags: u16, linked: Option<&LinkedRegs>) {
        let links = match linked {
            Some(linked) => {
                self.links.push(*linked);
                self.links.len() as u32
            }
            None => 0,
        };
        let asked = Asked { since: u32::MAX, ..Asked::default() };
        let mut step = Step { idx, prev_idx, flags, links, older: at.newest, asked };
        if self.noted
            && at.len != 0
            && let Some(newest) = self.steps.get_mut(at.newest as usize)
        {
            if !self.shared {
                newest.flags |= flags;
                newest.links = links;
                return;
            }
            step = Step { flags: newest.flags | flags, links, asked, ..*newest };
            at.len -= 1;
        }
        at.newest = self.steps.len() as u32;
        at.len += 1;
        self.steps.push(step);
        (self.noted, self.shared) = (true, false);
    }

    /// The newest step of a history.
    pub(super) fn newest(&self, at: History) -> Option<&Step> {
        if at.len == 0 { None } else { self.steps.get(at.newest as usize) }
    }

    /// The same for writing.
    pub(super) fn newest_mut(&mut self, at: History) -> Option<&mut Step> {
        if at.len == 0 { None } else { self.steps.get_mut(at.newest as usize) }
    }

    pub(super) fn linked(&self, step: &Step) -> Option<&LinkedRegs> {
        self.links.get((step.links as usize).checked_sub(1)?)
    }
}

/// Registers and slots that a walk asks for, by frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backtrack {
    pub(super) frame: usize,
    pub(super) regs: [u32; MOST_CALL_FRAMES],
    pub(super) slots: [u64; MOST_CALL_FRAMES],
}

/// Registers R1 to R5.
pub(super) const ARGS: u32 = 0b11_1110;

/// Why a step backwards cannot be made.
pub(super) enum Stuck {
    /// The walk lost track: everything is taken as precise.
    Unknown,
    /// What the kernel holds impossible.
    Bug(&'static str),
    /// What it holds impossible and yet meets: registers that a callback's caller would have to have set.
    Callback(u32),
    /// Likewise: a function's entry in the main program.
    LeftMain,
}

impl Backtrack {
    pub(super) fn is_empty(&self) -> bool {
        (0..=self.frame).all(|f| self.regs[f] == 0 && self.slots[f] == 0)
    }

    pub(super) fn enter(&mut self) -> Result<(), Stuck> {
        if self.frame + 1 >= MOST_CALL_FRAMES {
            return Err(Stuck::Bug("backtracking entered too many frames"));
        }
        self.frame += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) -> Result<(), Stuck> {
        match self.frame.checked_sub(1) {
            Some(f) => {
                self.frame = f;
                Ok(())
            }
            None => Err(Stuck::LeftMain),
        }
    }

    pub(super) fn has(&self, r: u8) -> bool {
        self.regs[self.frame] >> r & 1 != 0
    }

    pub(super) fn want(&mut self, r: u8) {
        self.regs[self.frame] |= 1 << r;
    }

    pub(super) fn found(&mut self, r: u8) {
        self.regs[self.frame] &= !(1 << r);
    }

    pub(super) fn here(&self) -> u32 {
        self.regs[self.frame]
    }

    /// When one of the linked places is wanted, all are.
    pub(super) fn sync_linked(&mut self, linked: Option<&LinkedRegs>) {
        let Some(linked) = linked else { return };
        let wanted = |bt: &Backtrack, e: &LinkedReg| {
            let f = usize::from(e.frame);
            if e.is_reg { bt.regs[f] >> e.index & 1 != 0 } else { bt.slots[f] >> e.index & 1 != 0 }
        };
        if linked.entries().iter().any(|e| wanted(self, e)) {
            for e in linked.entries() {
                let f = usize::from(e.frame);
                if e.is_reg {
                    self.regs[f] |= 1u32.wrapping_shl(u32::from(e.index));
                } else {
                    self.slots[f] |= 1 << e.index;
                }
            }
        }
    }
}

/// Frame and slot of a stack access noted in the history.
pub(super) fn stack_access(hist: Option<&Step>) -> Option<(usize, u32)> {
    let flags = hist?.flags;
    (flags & F_STACK_ACCESS != 0).then(|| (usize::from(flags & 15), u32::from(flags >> 4 & 63)))
}

/// The places of the bits that are set, lowest first.
pub(super) fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (set != 0).then(|| set.trailing_zeros() as usize);
        set &= set.wrapping_sub(1);
        lowest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_was_copied_keeps_what_was_noted() {
        let (mut trail, mut path) = (Trail::default(), History::default());
        trail.note(&mut path, 3, 2, 1, None);
        trail.share();
        let fork = path;
        trail.note(&mut path, 3, 2, 4, None);
        let noted = |trail: &Trail, at| trail.newest(at).map(|s| (s.idx, s.flags));
        assert_eq!((noted(&trail, fork), noted(&trail, path)), (Some((3, 1)), Some((3, 5))));
        assert_eq!((fork.len, path.len), (1, 1));
        trail.note(&mut path, 3, 2, 8, None);
        assert_eq!(noted(&trail, path), Some((3, 13)), "what is not shared is changed in place");
    }

    #[test]
    fn histories_branch() {
        let (mut trail, mut path) = (Trail::default(), History::default());
        trail.note(&mut path, 1, 0, 0, None);
        let mut fork = path;
        trail.begin_insn();
        trail.note(&mut path, 2, 1, 0, None);
        trail.begin_insn();
        trail.note(&mut fork, 9, 1, 0, None);
        let of = |at: History| trail.newest(at).map(|s| (s.idx, trail.steps[s.older as usize].idx));
        assert_eq!((of(path), of(fork)), (Some((2, 1)), Some((9, 1))));
    }

    #[test]
    fn no_more_than_six_are_kept() {
        let mut linked = LinkedRegs::default();
        let pushed = (0..9).filter(|i| linked.push(LinkedReg { frame: 0, index: *i, is_reg: true })).count();
        assert_eq!(pushed, LinkedRegs::MAX);
        assert_eq!(linked.entries().len(), LinkedRegs::MAX);
    }

    #[test]
    fn asking_for_one_linked_place_asks_for_all() {
        let mut linked = LinkedRegs::default();
        linked.push(LinkedReg { frame: 0, index: 2, is_reg: true });
        linked.push(LinkedReg { frame: 1, index: 4, is_reg: false });
        let mut bt = Backtrack { frame: 1, ..Backtrack::default() };
        bt.sync_linked(Some(&linked));
        assert!(bt.is_empty());
        bt.regs[0] = 1 << 2;
        bt.sync_linked(Some(&linked));
        assert_eq!((bt.regs[0], bt.slots[1]), (1 << 2, 1 << 4));
    }
}
