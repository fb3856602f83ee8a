//! What each function instance reads and must write of the stack, as data, and the order in which its equations are
//! solved. Each change marks the equations that depend on it; the others still hold and need no look.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::cfg::{JumpTables, successors};
use crate::isa::insn::Insn;

pub(super) type Sites = SmallVec<[u32; 8]>;

/// The calls that lead to a function, and its entry as the last element.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Chain {
    pub(super) sites: Sites,
}

impl Chain {
    pub(super) fn text(&self) -> String {
        let parts: Vec<String> = self.sites.iter().map(|s| (*s as i32).to_string()).collect();
        format!("({})", parts.join(","))
    }
}

/// Sets of slots at one instruction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Masks {
    pub(super) may_read: u64,
    pub(super) must_write: u64,
    pub(super) must_write_acc: u64,
    pub(super) live_before: u64,
}

/// What is known of one frame's stack in an instance.
#[derive(Debug)]
pub(super) struct FrameMasks {
    pub(super) masks: Vec<Masks>,
    /// Instructions whose equations may not hold, by their place in the postorder: the others need no look.
    pub(super) stale: Vec<u64>,
}

/// A function reached through one chain of calls, and what is known of the stacks it sees.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) chain: Chain,
    /// Entries of the functions that own the frames.
    pub(super) starts: Sites,
    /// Which function.
    pub(super) subprog: usize,
    pub(super) insn_cnt: usize,
    pub(super) updated: bool,
    pub(super) must_write_dropped: bool,
    pub(super) frames: [Option<FrameMasks>; 8],
    /// Per instruction, whether a path came by ([`CAME_BY`]), and whether it must write something ([`MUST_WRITE`]).
    pub(super) commits: Vec<u8>,
    /// Bytes that the sets take, about.
    pub(super) bytes: usize,
}

/// The order in which a function's equations are solved: successors first, and who depends on whom.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Instructions in postorder.
    pub insns: Vec<u32>,
    /// Place in `insns` of each instruction of the function; [`Order::NOWHERE`] where it is not reached.
    place: Vec<u32>,
    /// Where the predecessors of a place begin in `preds`.
    first: Vec<u32>,
    /// Places of predecessors.
    preds: Vec<u32>,
}

impl Order {
    /// Place of an instruction that is not reached.
    const NOWHERE: u32 = u32::MAX;

    /// The order of a function that begins at `start`.
    pub fn new(insns: &[Insn], tables: &JumpTables, start: u32, postorder: Vec<u32>) -> Order {
        let rel = |i: u32| i.wrapping_sub(start) as usize;
        let inside = |i: &&u32| rel(**i) < insns.len();
        let len = postorder.iter().filter(inside).map(|i| rel(*i) + 1).max().unwrap_or(0);
        let mut place = vec![Order::NOWHERE; len];
        for (n, i) in (0u32..).zip(&postorder) {
            if let Some(p) = place.get_mut(rel(*i)) {
                *p = n;
            }
        }
        let mut edges: Vec<(u32, u32)> = Vec::with_capacity(postorder.len() + postorder.len() / 4);
        for (n, i) in (0u32..).zip(&postorder) {
            let after = successors(insns, tables, *i as usize);
            let places = after.iter().filter_map(|s| place.get(rel(*s as u32)));
            edges.extend(places.filter(|p| **p != Order::NOWHERE).map(|p| (*p, n)));
        }
        // Those with the same end are brought together, in the order in which they stand.
        let mut first = vec![0u32; postorder.len() + 2];
        for (to, _) in &edges {
            first[*to as usize + 2] += 1;
        }
        for p in 2..first.len() {
            first[p] += first[p - 1];
        }
        let mut preds = vec![0u32; edges.len()];
        for (to, from) in &edges {
            let next = &mut first[*to as usize + 1];
            preds[*next as usize] = *from;
            *next += 1;
        }
        first.pop();
        Order { insns: postorder, place, first, preds }
    }

    pub(super) fn place(&self, rel: usize) -> Option<usize> {
        self.place.get(rel).filter(|p| **p != Order::NOWHERE).map(|p| *p as usize)
    }

    pub(super) fn preds(&self, place: usize) -> &[u32] {
        match (self.first.get(place), self.first.get(place + 1)) {
            (Some(a), Some(b)) => self.preds.get(*a as usize..*b as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

pub(super) fn set_stale(stale: &mut [u64], place: usize) {
    if let Some(word) = stale.get_mut(place / 64) {
        *word |= 1 << (place % 64);
    }
}

/// Some path came by an instruction.
const CAME_BY: u8 = 1;
/// The instruction may have slots that it must write, in some frame.
const MUST_WRITE: u8 = 2;

impl Instance {
    pub(super) fn start(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    pub(super) fn top_frame(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(super) fn rel(&self, insn: u32) -> usize {
        insn.wrapping_sub(self.start()) as usize
    }

    pub(super) fn masks(&self, frame: usize, insn: u32) -> Option<&Masks> {
        self.frames.get(frame)?.as_ref()?.masks.get(self.rel(insn))
    }

    /// The sets of a frame at an instruction, made when they are missing, and the equations that may not hold.
    pub(super) fn entry(&mut self, frame: usize, insn: u32, order: &Order) -> Option<(&mut Masks, &mut [u64])> {
        let (at, cnt) = (self.rel(insn), self.insn_cnt);
        let slot = self.frames.get_mut(frame)?;
        if slot.is_none() {
            let words = order.insns.len().div_ceil(64);
            self.bytes += cnt * size_of::<Masks>() + words * 8;
            *slot = Some(FrameMasks { masks: vec![Masks::default(); cnt], stale: vec![u64::MAX; words] });
        }
        let f = slot.as_mut()?;
        Some((f.masks.get_mut(at)?, &mut f.stale))
    }

    /// Slots of a frame may be read by an instruction.
    pub(super) fn read(&mut self, frame: usize, insn: u32, mask: u64, order: &Order) {
        let at = self.rel(insn);
        if mask == 0 {
            return;
        }
        let Some((m, stale)) = self.entry(frame, insn, order) else { return };
        let new = m.may_read | mask;
        if new == m.may_read {
            return;
        }
        m.may_read = new;
        let grows = new & !m.live_before != 0;
        if let Some(place) = order.place(at) {
            set_stale(stale, place);
        }
        self.updated |= grows;
    }

    /// Slots that an instruction wrote on this path; only what it writes on all counts.
    pub(super) fn commit(&mut self, insn: u32, acc: &[u64; 8], order: &Order) {
        let at = self.rel(insn);
        let Some(commits) = self.commits.get_mut(at) else { return };
        if *commits == CAME_BY && acc.iter().all(|written| *written == 0) {
            return;
        }
        let seen = *commits & CAME_BY != 0;
        *commits |= CAME_BY;
        for (frame, &written) in acc.iter().enumerate().take(self.top_frame() + 1) {
            let has = self.frames[frame].as_ref().and_then(|f| f.masks.get(at)).is_some_and(|m| m.must_write != 0);
            // Nothing is written now, and nothing was.
            if !has && (written == 0 || seen) {
                continue;
            }
            let Some((m, stale)) = self.entry(frame, insn, order) else { continue };
            // The release keeps the old set in 32 bits here, so deeper slots drop out of a second commit.
            let old = m.must_write & u64::from(u32::MAX);
            let mask = if seen { written & old } else { written };
            if old == mask {
                continue;
            }
            let dropped = old & !mask != 0;
            m.must_write = mask;
            if let Some(place) = order.place(at) {
                set_stale(stale, place);
            }
            self.commits[at] |= MUST_WRITE;
            self.updated = true;
            self.must_write_dropped |= dropped;
        }
    }
}

/// All instances.
#[derive(Debug, Default)]
pub(crate) struct StackLiveness {
    pub(super) instances: Vec<Instance>,
    pub(super) by_chain: BTreeMap<Chain, usize>,
    /// Instance of the current state.
    pub(super) cur: Option<usize>,
    pub(super) bytes: usize,
}

/// The order of a function that has none: nothing of it is reached.
pub(super) static UNREACHED: Order =
    Order { insns: Vec::new(), place: Vec::new(), first: Vec::new(), preds: Vec::new() };

impl StackLiveness {
    /// Bytes that the sets take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn read(&mut self, orders: &[Order], at: usize, frame: usize, insn: u32, mask: u64) {
        let inst = &mut self.instances[at];
        let before = inst.bytes;
        inst.read(frame, insn, mask, orders.get(inst.subprog).unwrap_or(&UNREACHED));
        self.bytes += inst.bytes - before;
    }

    pub(super) fn commit(&mut self, orders: &[Order], at: usize, insn: u32, acc: &[u64; 8]) {
        let inst = &mut self.instances[at];
        let before = inst.bytes;
        inst.commit(insn, acc, orders.get(inst.subprog).unwrap_or(&UNREACHED));
        self.bytes += inst.bytes - before;
    }
}

/// Takes the next instruction of a frame at or behind `from` whose equations may not hold, in postorder.
pub(super) fn next_stale(inst: &mut Instance, orders: &[Order], frame: usize, from: usize) -> Option<(usize, u32)> {
    let order = orders.get(inst.subprog).unwrap_or(&UNREACHED);
    let stale = &mut inst.frames.get_mut(frame)?.as_mut()?.stale;
    let mut word = from / 64;
    let mut bits = stale.get(word)? & u64::MAX << (from % 64);
    while bits == 0 {
        word += 1;
        bits = *stale.get(word)?;
    }
    let place = word * 64 + bits.trailing_zeros() as usize;
    let insn = *order.insns.get(place)?;
    stale[word] &= !(1 << (place % 64));
    Some((place, insn))
}
