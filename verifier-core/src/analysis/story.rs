//! What happened on the current path, kept for the account of a refusal (7.1): branches, changes of registers and saved
//! registers, what was acquired and released, sections entered and left.
//!
//! The story of a path that is stored for later ends where it was stored; taking it up again cuts off what came after.
//! Changes are read off the states before and after an instruction, so no rule has to report them.

use smallvec::SmallVec;

use crate::cfg::flow::target;
use crate::domain::{DomainRules, Scalar};
use crate::isa::semantics::AluOp;
use crate::isa::{Flow, Insn, Op, Src};

use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::state::{BtfRef, FuncState, MapIdx, RefKind, RegState, Slot, VerifierState};

/// Most events kept; what happens later is not told.
const MOST: usize = 1 << 20;

/// A place in a frame that was entered as the so many'th.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Spot {
    frame: u32,
    pub(crate) place: Spotted,
}

/// Which place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spotted {
    Reg(u8),
    Slot(u16),
    /// Bytes from the first offset up to the second.
    Range(i32, i32),
}

/// A register at one moment, as far as it is told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Snapshot {
    pub(crate) ty: RegType,
    pub(crate) map: Option<MapIdx>,
    pub(crate) btf: Option<(BtfRef, u32)>,
    pub(crate) scalar: Scalar,
}

impl Snapshot {
    const NOTHING: Snapshot =
        Snapshot { ty: RegType::of(RegBase::NotInit), map: None, btf: None, scalar: Scalar::UNKNOWN };
    const UNKNOWN: Snapshot = Snapshot { ty: RegType::of(RegBase::Scalar), ..Snapshot::NOTHING };

    fn of(reg: &RegState) -> Snapshot {
        let scalar = whole_offset(reg);
        Snapshot { ty: reg.ty, map: reg.map(), btf: reg.btf().filter(|b| b.1 != 0), scalar }
    }
}

/// A pointer's offset, or a number.
pub(crate) fn whole_offset(reg: &RegState) -> Scalar {
    let mut scalar = reg.scalar;
    if !reg.is_scalar() && reg.off != 0 {
        scalar.add_loose(i64::from(reg.off) as u64, DomainRules::V7_1);
        scalar.sync_bounds(DomainRules::V7_1);
    }
    scalar
}

/// Why a value changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Why {
    Written,
    Spilled,
    Called,
    Released,
    PacketMoved,
    NoLongerBorrowed,
}

/// A section that forbids something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Region {
    Rcu,
    Preempt,
    Irq,
    Lock,
}

impl Region {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Region::Rcu => "RCU read lock region",
            Region::Preempt => "non-preemptible region",
            Region::Irq => "IRQ-disabled region",
            Region::Lock => "lock region",
        }
    }

    /// How many of them a state stands in.
    pub(crate) fn depth(self, st: &VerifierState) -> u32 {
        match self {
            Region::Rcu => st.rcu_depth,
            Region::Preempt => st.preempt_off_depth,
            Region::Irq => st.refs.iter().filter(|r| r.kind == RefKind::Irq).count() as u32,
            Region::Lock => st.locks_held,
        }
    }
}

/// One event.
#[expect(clippy::large_enum_variant, reason = "changes are most of the events, and a story is one vector of them")]
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Told {
    Branch(bool),
    Change { at: Spot, origin: Option<Spot>, old: Snapshot, new: Snapshot, why: Why },
    Acquired(u32),
    Released(u32),
    Section { region: Region, enter: bool, depth: u32 },
}

/// What happened on the current path, with the instructions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    pub(crate) events: Vec<(u32, Told)>,
    /// Which frames the path stands in, by the order in which they were entered.
    frames: SmallVec<[u32; 8]>,
    entered: u32,
    /// The last access that was checked against bounds: offset in the instruction, bytes, bytes of the object.
    pub(crate) tried: Option<(i32, i32, u32)>,
    /// The state before the instruction that runs, until what it changed is told.
    before: Option<VerifierState>,
    /// What is told when this path goes on.
    later: Option<(usize, Told)>,
}

/// Where a story ends that goes on later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bookmark {
    events: usize,
    frames: SmallVec<[u32; 8]>,
}

/// What a story is to be about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    Reg(u8),
    Resource(u32),
    Section(Region, u32),
}

impl Story {
    /// Where it ends now.
    pub(crate) fn bookmark(&self) -> Bookmark {
        Bookmark { events: self.events.len(), frames: self.frames.clone() }
    }

    /// Another function is walked, by itself.
    pub(crate) fn forget(&mut self) {
        *self = Story::default();
    }

    /// Goes on from there.
    pub(crate) fn go_back(&mut self, mark: Bookmark) {
        self.events.truncate(mark.events);
        self.later = None;
        self.frames = mark.frames;
    }

    fn frame(&mut self, n: usize) -> u32 {
        while self.frames.len() <= n {
            self.entered += 1;
            self.frames.push(self.entered);
        }
        self.frames[n]
    }

    fn tell(&mut self, idx: usize, event: Told) {
        if self.events.len() < MOST {
            self.events.push((idx as u32, event));
        }
    }

    /// The events of a story, in order.
    pub(crate) fn about(&self, insns: &[Insn], frame: usize, what: About) -> Vec<(u32, Told)> {
        let mut lineage = vec![false; self.events.len()];
        let mut start = 0;
        match what {
            About::Reg(regno) => {
                let Some(&frame) = self.frames.get(frame) else { return Vec::new() };
                let mut spot = Spot { frame, place: Spotted::Reg(regno) };
                for (i, (idx, event)) in self.events.iter().enumerate().rev() {
                    let Told::Change { at, origin, why, .. } = event else { continue };
                    if !covers(*at, spot) {
                        continue;
                    }
                    lineage[i] = true;
                    start = i;
                    if let Some(origin) = origin {
                        spot = *origin;
                    } else if matches!(at.place, Spotted::Range(..)) {
                        // It may have left the slot as it was.
                    } else if matches!(why, Why::Written | Why::Spilled) && !keeps_lineage(insns, *idx, *at, *why) {
                        break;
                    }
                }
            }
            About::Resource(id) => {
                start = self.events.iter().rposition(|(_, e)| *e == Told::Acquired(id)).unwrap_or(0);
            }
            About::Section(_, 0) => {}
            About::Section(region, _) => {
                for (i, (_, event)) in self.events.iter().enumerate().rev() {
                    match event {
                        Told::Section { region: r, enter: true, depth: 1 } if *r == region => {
                            start = i;
                            break;
                        }
                        Told::Section { region: r, enter: false, depth: 0 } if *r == region => break,
                        _ => {}
                    }
                }
            }
        }
        let wanted = |i: usize, event: &Told| match event {
            Told::Branch(_) => true,
            Told::Change { .. } => lineage[i],
            Told::Acquired(id) | Told::Released(id) => what == About::Resource(*id),
            Told::Section { region, .. } => matches!(what, About::Section(r, _) if r == *region),
        };
        let all = self.events.iter().enumerate().skip(start);
        all.filter(|(i, (_, e))| wanted(*i, e)).map(|(_, e)| *e).collect()
    }

    /// Whether the last change of a register took its value away.
    pub(crate) fn was_taken_away(&self, frame: usize, regno: u8) -> bool {
        let Some(&frame) = self.frames.get(frame) else { return false };
        let spot = Spot { frame, place: Spotted::Reg(regno) };
        let last = self.events.iter().rev().find_map(|(_, e)| match e {
            Told::Change { at, new, .. } if covers(*at, spot) => Some(new),
            _ => None,
        });
        last.is_some_and(|new| new.ty.base == RegBase::NotInit)
    }
}

fn covers(event: Spot, wanted: Spot) -> bool {
    if event.frame != wanted.frame {
        return false;
    }
    match (event.place, wanted.place) {
        (Spotted::Range(low, high), Spotted::Slot(spi)) => {
            let off = -(i32::from(spi) + 1) * 8;
            low < off + 8 && high > off
        }
        (a, b) => a == b,
    }
}

/// Arithmetic changes a value and does not make a new one.
fn keeps_lineage(insns: &[Insn], idx: u32, at: Spot, why: Why) -> bool {
    let Some(insn) = insns.get(idx as usize) else { return false };
    why == Why::Written && matches!(at.place, Spotted::Reg(_)) && changes_only(insn.decode())
}

/// Arithmetic that makes another value of the one that is there, as far as the release says so.
fn changes_only(op: Op) -> bool {
    match op {
        Op::Alu { op, .. } => !matches!(op, AluOp::Mov | AluOp::Div | AluOp::SDiv | AluOp::Mod | AluOp::SMod),
        Op::ByteOrder { .. } => true,
        _ => false,
    }
}

impl Story {
    /// The path came to an instruction from another, perhaps from a conditional jump.
    pub(crate) fn came_from(&mut self, insns: &[Insn], prev: usize, idx: usize) {
        let Some(insn) = insns.get(prev) else { return };
        let Flow::Branch(by) = insn.decode().flow() else { return };
        let (taken, fell) = (target(prev, by) == Some(idx), idx == prev + 1);
        if by != 0 && (taken || fell) {
            self.tell(prev, Told::Branch(taken));
        }
    }

    /// An instruction is about to run on this state.
    pub(crate) fn begin(&mut self, before: VerifierState) {
        self.before = Some(before);
        if let Some((idx, event)) = self.later.take() {
            self.tell(idx, event);
        }
    }

    /// The result of a call is another on this path, not on those that forked off.
    pub(crate) fn note_again(&mut self, idx: usize, old: &RegState, new: &RegState) {
        let Some(&frame) = self.frames.last() else { return };
        let at = Spot { frame, place: Spotted::Reg(0) };
        let (old, new) = (Snapshot::of(old), Snapshot::of(new));
        self.later = Some((idx, Told::Change { at, origin: None, old, new, why: Why::Written }));
    }

    /// Tells what the instruction that began changed, once: an instruction that forks the path tells it before.
    pub(crate) fn note(&mut self, idx: usize, insn: Insn, cur: &VerifierState) {
        let Some(before) = self.before.take() else { return };
        if !before.frames.is_empty() && !cur.frames.is_empty() {
            changes(self, idx, insn, &before, cur);
            sections(self, idx, &before, cur);
        }
    }
}

fn changes(story: &mut Story, idx: usize, insn: Insn, before: &VerifierState, cur: &VerifierState) {
    let top = before.top_frame();
    let frame = story.frame(top);
    let (old, Some(new)) = (before.frame(), cur.frames.get(top).or(cur.frames.last())) else { return };
    let reg = |place: u8| Spot { frame, place: Spotted::Reg(place) };
    let write = |story: &mut Story, regno: u8, origin: Option<Spot>| {
        let n = usize::from(regno).min(10);
        // A constant of 64 bits is put where nothing is known any more.
        let was = if let Op::Const { .. } = insn.decode() { Snapshot::UNKNOWN } else { Snapshot::of(&old.regs[n]) };
        let change =
            Told::Change { at: reg(regno), origin, old: was, new: Snapshot::of(&new.regs[n]), why: Why::Written };
        let same = matches!(change, Told::Change { old, new, .. } if old == new);
        let kept = changes_only(insn.decode());
        if !(same && origin.is_none() && kept) {
            story.tell(idx, change);
        }
    };
    let op = insn.decode();
    match op {
        Op::Alu { op: AluOp::Mov, src: Src::Reg(src), .. } | Op::MoveAs { src, .. } => {
            write(story, insn.dst, Some(reg(src)));
        }
        Op::Alu { .. } | Op::ByteOrder { .. } | Op::Const { .. } => write(story, insn.dst, None),
        Op::Load { .. } => {
            let slot = stack_slot(old, insn.src, insn.off, before).filter(|(_, _, off)| off.rem_euclid(8) == 0);
            let origin = slot.map(|(n, spi, _)| Spot { frame: story.frame(n), place: Spotted::Slot(spi as u16) });
            write(story, insn.dst, origin);
        }
        Op::Atomic { .. } | Op::LoadAcquire { .. } | Op::StoreRelease { .. } => {
            if let Some(r) = op.loaded_by_atomic() {
                write(story, r, None);
            }
            if let Op::Atomic { src, .. } | Op::StoreRelease { src, .. } = op
                && stack_slot(before.frame(), insn.dst, insn.off, before).is_some()
            {
                stored(story, idx, insn, Src::Reg(src), before, cur);
            }
        }
        Op::Store { src, .. } => stored(story, idx, insn, src, before, cur),
        Op::PacketLoad { .. } | Op::Call { .. } => {
            if cur.frames.len() == before.frames.len() || cur.frames.len() > before.frames.len() {
                taken_away(story, idx, before, cur);
                for r in 1..=5u8 {
                    let was = &old.regs[usize::from(r)];
                    if was.ty.base != RegBase::NotInit {
                        let mut old = Snapshot::of(was);
                        let new = Snapshot::NOTHING;
                        if released(was, before, cur) {
                            let why = Why::Released;
                            story.tell(idx, Told::Change { at: reg(r), origin: None, old, new, why });
                            old = Snapshot::UNKNOWN;
                        }
                        story.tell(idx, Told::Change { at: reg(r), origin: None, old, new, why: Why::Called });
                    }
                }
            }
            if cur.frames.len() == before.frames.len() {
                let (old, new) = (Snapshot::of(&old.regs[0]), Snapshot::of(&new.regs[0]));
                story.tell(idx, Told::Change { at: reg(0), origin: None, old, new, why: Why::Written });
            } else {
                story.frames.truncate(before.frames.len());
                story.frame(cur.frames.len() - 1);
            }
        }
        Op::Exit if cur.frames.len() < before.frames.len() => {
            story.frames.truncate(cur.frames.len());
            let caller = story.frame(cur.top_frame());
            let at = Spot { frame: caller, place: Spotted::Reg(0) };
            let was = before.frames.get(cur.top_frame()).map_or(Snapshot::NOTHING, |f| Snapshot::of(&f.regs[0]));
            let new = Snapshot::of(&cur.frame().regs[0]);
            story.tell(idx, Told::Change { at, origin: Some(reg(0)), old: was, new, why: Why::Written });
        }
        Op::Exit | Op::Jump { .. } | Op::JumpTo { .. } | Op::Branch { .. } | Op::MayGoto { .. } => {}
        Op::CallReg { .. } | Op::Rest | Op::Unknown => {}
    }
}

/// The slot of a frame that a register and an offset name.
fn stack_slot(frame: &FuncState, regno: u8, off: i16, st: &VerifierState) -> Option<(usize, usize, i64)> {
    let reg = frame.regs.get(usize::from(regno))?;
    let at = whole_offset(reg).known(false).filter(|_| reg.ty.is(RegBase::PtrToStack))? as i64 + i64::from(off);
    let spi = usize::try_from(-at - 1).ok()? / 8;
    let n = reg.frame_number as usize;
    st.frames.get(n).map(|_| (n, spi, at))
}

fn stored(story: &mut Story, idx: usize, insn: Insn, src: Src, before: &VerifierState, cur: &VerifierState) {
    let own = story.frame(before.top_frame());
    let Some((n, spi, _)) = stack_slot(before.frame(), insn.dst, insn.off, before) else {
        let reg = before.reg(insn.dst.min(10));
        if reg.ty.is(RegBase::PtrToStack) {
            let s = whole_offset(reg);
            let (low, high) = (s.smin as i32 + i32::from(insn.off), s.smax as i32 + i32::from(insn.off));
            let n = reg.frame_number as usize;
            let at = Spot { frame: story.frame(n), place: Spotted::Range(low, high + insn.access_size() as i32) };
            let nothing = Snapshot::NOTHING;
            story.tell(idx, Told::Change { at, origin: None, old: nothing, new: nothing, why: Why::Written });
        }
        return;
    };
    let at = Spot { frame: story.frame(n), place: Spotted::Slot(spi as u16) };
    let old = before.frames.get(n).and_then(|f| f.stack.get(spi)).copied().unwrap_or(Slot::EMPTY);
    let Some(new) = cur.frames.get(n).and_then(|f| f.stack.get(spi)) else { return };
    let origin = match src {
        Src::Reg(r) => Some(Spot { frame: own, place: Spotted::Reg(r) }),
        Src::Imm(_) => None,
    };
    if new.holds_register() {
        let (old, new) = (Snapshot::of(&old.spilled), Snapshot::of(&new.spilled));
        story.tell(idx, Told::Change { at, origin, old, new, why: Why::Spilled });
    } else if old.holds_register() {
        let (old, new) = (Snapshot::of(&old.spilled), Snapshot::NOTHING);
        story.tell(idx, Told::Change { at, origin, old, new, why: Why::Written });
    }
}

/// The reference that a pointer stands for was given back.
fn released(was: &RegState, before: &VerifierState, cur: &VerifierState) -> bool {
    let held = |st: &VerifierState| st.refs.iter().any(|r| r.kind == RefKind::Ptr && r.id == was.ref_obj_id);
    was.ref_obj_id != 0 && held(before) && !held(cur)
}

/// A pointer that RCU protected, and does no more.
fn outdated(old: &RegState, new: &RegState) -> bool {
    old.has(TypeFlags::RCU) && new.has(TypeFlags::UNTRUSTED) && !new.has(TypeFlags::RCU)
}

/// Pointers that a call made worthless, wherever they stand.
fn taken_away(story: &mut Story, idx: usize, before: &VerifierState, cur: &VerifierState) {
    let why = |old: &RegState, new: &RegState| {
        let gone =
            !old.is_scalar() && old.ty.base != RegBase::NotInit && (new.is_scalar() || new.ty.base == RegBase::NotInit);
        let packet = matches!(old.ty.base, RegBase::PtrToPacket | RegBase::PtrToPacketMeta | RegBase::PtrToPacketEnd);
        match gone {
            false => None,
            true if packet => Some(Why::PacketMoved),
            true if old.has(TypeFlags::NON_OWN_REF) => Some(Why::NoLongerBorrowed),
            true => Some(Why::Released),
        }
    };
    for (n, (old, new)) in before.frames.iter().zip(&cur.frames).enumerate() {
        let frame = story.frame(n);
        let first = if n == before.top_frame() { 6 } else { 0 };
        for r in first..10u8 {
            let (o, w) = (&old.regs[usize::from(r)], &new.regs[usize::from(r)]);
            if let Some(why) = why(o, w) {
                let at = Spot { frame, place: Spotted::Reg(r) };
                let (old, new) = (Snapshot::of(o), Snapshot::NOTHING);
                story.tell(idx, Told::Change { at, origin: None, old, new, why });
            } else if outdated(o, w) {
                let at = Spot { frame, place: Spotted::Reg(r) };
                let (old, new) = (Snapshot::of(o), Snapshot::of(w));
                story.tell(idx, Told::Change { at, origin: None, old, new, why: Why::Written });
            }
        }
        for (spi, o) in old.stack.iter().enumerate().filter(|(_, o)| o.holds_register()) {
            let Some(w) = new.stack.get(spi) else { continue };
            // What a call wrote there is no register any more.
            let why = if w.holds_register() { why(&o.spilled, &w.spilled) } else { Some(Why::Written) };
            if let Some(why) = why {
                let at = Spot { frame, place: Spotted::Slot(spi as u16) };
                let (old, new) = (Snapshot::of(&o.spilled), Snapshot::NOTHING);
                story.tell(idx, Told::Change { at, origin: None, old, new, why });
            }
        }
    }
}

fn sections(story: &mut Story, idx: usize, before: &VerifierState, cur: &VerifierState) {
    let held = |st: &VerifierState, id: u32| st.refs.iter().any(|r| r.kind == RefKind::Ptr && r.id == id);
    if !before.refs.shares(&cur.refs) {
        for r in cur.refs.iter().filter(|r| r.kind == RefKind::Ptr && !held(before, r.id)) {
            story.tell(idx, Told::Acquired(r.id));
        }
        for r in before.refs.iter().filter(|r| r.kind == RefKind::Ptr && !held(cur, r.id)) {
            story.tell(idx, Told::Released(r.id));
        }
    }
    for region in [Region::Rcu, Region::Preempt, Region::Irq, Region::Lock] {
        let (old, depth) = (region.depth(before), region.depth(cur));
        if old != depth {
            story.tell(idx, Told::Section { region, enter: depth > old, depth });
        }
    }
}
