//! Whether everything that may happen after one state was already seen after another.
//!
//! Answers for `states_equal()`, `regsafe()`, `stacksafe()`, `refsafe()` and the id maps. The question is one-sided: an
//! explored state covers the current one when each value the current state can hold was possible in the explored state
//! too, or was not looked at from there on.
//!
//! ```text
//! explored  r1 in [0, 10]     current  r1 in [2, 5]     covered
//! explored  r1 in [2, 5]      current  r1 in [0, 10]    not covered, unless r1 was never needed exactly
//! ```
//!
//! In the kernel: `enum exact_level`, `struct bpf_idmap`, `BPF_ID_MAP_SIZE`, `reset_idmap_scratch()`, `check_ids()`,
//! `check_scalar_ids()`, `explore_alu_limits`, `unbound_reg`, `memcmp()`, `var_off`, `tnum_in()`, `range_within()`,
//! `scalar_reg_for_stack()`, `func_states_equal()`, `states_maybe_looping()`, `iter_active_depths_differ()`.

use std::rc::Rc;

use crate::analysis::story::whole_offset;
use crate::domain::{Scalar, Tnum};
use crate::kernel::call::RegBase;
use crate::kernel::pointer::{Covers, Shows};
use crate::log::Unlike;
use crate::state::register::{ADD_CONST, live};
use crate::state::stack::all_of;
use crate::state::{FuncState, Payload, RefKind, RefState, RegState, Slot, SlotKind, VerifierState};

/// How much two states must agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    /// What the explored state never needed may differ.
    NotExact,
    /// Everything is the same.
    Exact,
    /// Read marks are not final, so all registers count, but ranges may be narrower.
    RangeWithin,
}

/// Which ids of one state stand for which of the other.
#[derive(Debug, Default)]
pub(crate) struct IdMap {
    pairs: Vec<(u32, u32)>,
    /// How much further into the packet the current pointers of an explored id stand, once one of them was seen.
    moved: Vec<(u32, i64)>,
    tmp_id_gen: u32,
}

impl IdMap {
    /// Registers and slots of all frames.
    const MAX: usize = (11 + 64) * 8;

    /// Forgets all pairs; made-up ids start above those given out.
    pub fn reset(&mut self, last_id: u32) {
        self.pairs.clear();
        self.moved.clear();
        self.tmp_id_gen = last_id;
    }

    /// Whether `old` and `cur` can be the same thing, given the pairs so far.
    fn check(&mut self, old: u32, cur: u32) -> bool {
        if (old != 0) != (cur != 0) {
            return false;
        }
        if old == 0 {
            return true;
        }
        for &(o, c) in &self.pairs {
            if o == old {
                return c == cur;
            }
            if c == cur {
                return false;
            }
        }
        if self.pairs.len() >= Self::MAX {
            return false;
        }
        self.pairs.push((old, cur));
        true
    }

    /// Whether all pointers of an id stand equally far from where they stood: what was shown of one of them is known of the
    /// others by their distances, which have to be the same in both states.
    fn moved_alike(&mut self, old: &RegState, cur: &RegState) -> bool {
        let by = whole_offset(cur).smin.wrapping_sub(whole_offset(old).smin);
        match self.moved.iter().find(|(id, _)| *id == old.id) {
            Some((_, moved)) => *moved == by,
            None => {
                self.moved.push((old.id, by));
                true
            }
        }
    }

    /// The same for scalars: a scalar that was on its own may be linked now, but linked ones must stay linked.
    fn check_scalar(&mut self, old: u32, cur: u32) -> bool {
        if old == 0 {
            return true;
        }
        let cur = if cur != 0 {
            cur
        } else {
            self.tmp_id_gen = self.tmp_id_gen.wrapping_add(1);
            self.tmp_id_gen
        };
        self.check(old, cur) && (old & ADD_CONST == 0 || self.check(old & !ADD_CONST, cur & !ADD_CONST))
    }
}

/// A register or slot in which two states differ: frame, and register number or 16 plus the slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Differs {
    frame: u8,
    place: u8,
}

/// First `place` of slots in [`Differs`].
const SLOTS: u8 = 16;

impl Differs {
    /// The same for listeners, of states with so many frames.
    pub(crate) fn unlike(self, frames: usize) -> Unlike {
        let up = frames.saturating_sub(1 + usize::from(self.frame));
        match self.place.checked_sub(SLOTS) {
            None => Unlike::Register { up, number: self.place },
            Some(slot) => Unlike::Slot { up, slot },
        }
    }
}

/// A comparison: its level and the settings it depends on.
pub(crate) struct Comparison<'a> {
    /// Pairs of ids.
    pub ids: &'a mut IdMap,
    /// How much must agree.
    pub level: Level,
    /// Scalars must be equal.
    pub strict_scalars: bool,
    /// A scalar without a link covers one that stands at a distance from another.
    pub unlinked_covers_distant: bool,
    /// Ranges of scalars count even where they were never needed. Not of the kernel.
    pub exact: bool,
    /// Uninitialised stack may be read.
    pub reads_unset_stack: bool,
    /// Registers and slots carry read marks (6.12); otherwise dead ones were already emptied (6.18).
    pub read_marks: bool,
    /// Each frame has a list of references (up to 6.13); otherwise one list holds references and locks.
    pub refs_per_frame: bool,
    /// Ids stand for each other in pairs; otherwise (up to 6.1) few may differ at all.
    pub ids_compared: bool,
    /// Numbers must be linked alike.
    pub number_links: bool,
    /// The fixed part of a pointer's offset is part of its value.
    pub whole_offsets: bool,
    /// Where ranges may be narrower, slots may hold more than those of the explored state.
    pub rounds_widen_slots: bool,
    /// Pointers into the stacks of different frames are never exactly the same.
    pub exact_minds_frames: bool,
    /// Plain bytes and saved unknown numbers count as the same.
    pub numbers_in_slots: bool,
}

/// An unknown scalar as a slot of plain bytes reads.
const UNBOUND: RegState = {
    let mut r = RegState::unknown();
    r.live = live::READ;
    r
};

fn is_zero(p: Payload) -> bool {
    match p {
        Payload::None | Payload::Range(0) => true,
        Payload::Mem { size, dynptr_id } => size == 0 && dynptr_id == 0,
        _ => false,
    }
}

/// The kernel compares the bytes of a union, where nothing and zero are the same.
fn same_payload(a: Payload, b: Payload) -> bool {
    a == b || (is_zero(a) && is_zero(b))
}

/// Type, offset and payload are the same.
fn same_head(a: &RegState, b: &RegState) -> bool {
    a.ty == b.ty && a.off == b.off && same_payload(a.payload, b.payload)
}

/// The same up to ids, which are compared by pairs.
fn same_value(a: &RegState, b: &RegState) -> bool {
    same_head(a, b) && a.scalar == b.scalar
}

/// Whether the known bits of the explored value are known in the current one, with the same values.
fn bits_cover(old: Tnum, cur: Tnum) -> bool {
    cur.mask & !old.mask == 0 && old.value == cur.value & !old.mask
}

/// Whether every value of `cur` was possible in `old`, going by bounds and bits.
fn within(old: &Scalar, cur: &Scalar) -> bool {
    old.umin <= cur.umin
        && old.umax >= cur.umax
        && old.smin <= cur.smin
        && old.smax >= cur.smax
        && old.u32_min <= cur.u32_min
        && old.u32_max >= cur.u32_max
        && old.s32_min <= cur.s32_min
        && old.s32_max >= cur.s32_max
        // Where the explored value has bounds, those say it; otherwise the current one may still be apart from it.
        && (old.around.is_whole() || old.around.covers(cur.around_words()))
        && (old.low_around.is_whole() || old.low_around.covers(cur.low_around_words()))
        && bits_cover(old.var_off, cur.var_off)
}

impl Comparison<'_> {
    fn same_register(&mut self, old: &RegState, cur: &RegState) -> bool {
        same_value(old, cur) && self.ids.check(old.id, cur.id) && self.ids.check(old.ref_obj_id, cur.ref_obj_id)
    }

    /// Whether an explored register covers a current one.
    pub(crate) fn reg(&mut self, old: &RegState, cur: &RegState) -> bool {
        if self.level == Level::Exact {
            let leaves = self.exact_minds_frames && old.ty.is(RegBase::PtrToStack);
            let same_frame = !leaves || old.frame_number == cur.frame_number;
            return same_frame && self.same_register(old, cur);
        }
        let loose = self.level == Level::NotExact;
        if loose && self.read_marks && old.live & live::READ == 0 {
            return true;
        }
        if old.ty.base == RegBase::NotInit && (loose || cur.ty.base == RegBase::NotInit) {
            return true;
        }
        if !self.ids_compared {
            return self.reg_by_its_id(old, cur);
        }
        if old.ty != cur.ty {
            return false;
        }
        match old.ty.base.row().covers {
            Covers::Number => self.scalar(old, cur),
            Covers::Within => {
                old.ty == cur.ty
                    && same_payload(old.payload, cur.payload)
                    && self.offsets_cover(old, cur)
                    && self.ids.check(old.id, cur.id)
                    && self.ids.check(old.ref_obj_id, cur.ref_obj_id)
            }
            Covers::Packet => {
                let (o, c) = (old.range(), cur.range());
                // Negative ranges are the marks of pointers at or beyond the end, not lengths.
                let range_ok = if o < 0 || c < 0 { o == c } else { o <= c };
                range_ok
                    && self.ids.check(old.id, cur.id)
                    && self.offsets_cover(old, cur)
                    && (!self.whole_offsets || old.id == 0 || self.ids.moved_alike(old, cur))
            }
            Covers::Frame => self.same_register(old, cur) && old.frame_number == cur.frame_number,
            Covers::Anything => true,
            Covers::Same => self.same_register(old, cur),
        }
    }

    /// Whether a pointer's offset was possible in the explored state: as one value, or the fixed part and the other apart.
    fn offsets_cover(&self, old: &RegState, cur: &RegState) -> bool {
        if self.whole_offsets {
            return within(&whole_offset(old), &whole_offset(cur));
        }
        old.off == cur.off && within(&old.scalar, &cur.scalar)
    }

    /// The same where pointers must bear the very same id, but for some that may be null and those into packets.
    fn reg_by_its_id(&mut self, old: &RegState, cur: &RegState) -> bool {
        let equal = same_value(old, cur) && old.id == cur.id && old.ref_obj_id == cur.ref_obj_id;
        let kind = old.ty.base.row();
        // Such a release looks at the ranges of pointers into maps only.
        let in_map = kind.covers == Covers::Within && kind.shows == Shows::Map;
        match kind.covers {
            Covers::Frame => return equal && old.frame_number == cur.frame_number,
            _ if equal => return true,
            _ if cur.ty.base == RegBase::NotInit => return false,
            Covers::Number if cur.is_scalar() => return !self.strict_scalars && self.scalar(old, cur),
            _ if in_map && old.ty.may_be_null() => {
                return cur.ty.may_be_null() && same_head(old, cur) && self.ids.check(old.id, cur.id);
            }
            _ if in_map => return same_head(old, cur) && within(&old.scalar, &cur.scalar),
            _ => {}
        }
        kind.covers == Covers::Packet
            && old.ty == cur.ty
            && old.range() <= cur.range()
            && old.off == cur.off
            && (old.id == 0 || self.ids.check(old.id, cur.id))
            && within(&old.scalar, &cur.scalar)
    }

    fn scalar(&mut self, old: &RegState, cur: &RegState) -> bool {
        if self.strict_scalars {
            return same_value(old, cur) && self.ids.check_scalar(old.id, cur.id);
        }
        if !old.precise && !self.exact && self.level == Level::NotExact {
            return true;
        }
        if !self.number_links {
            return within(&old.scalar, &cur.scalar);
        }
        // A scalar known as "another plus a constant" must be that in both, with the same constant.
        let linked = old.id != 0 || !self.unlinked_covers_distant;
        if linked && (old.id & ADD_CONST) != (cur.id & ADD_CONST) {
            return false;
        }
        if old.id & ADD_CONST != 0 && old.off != cur.off {
            return false;
        }
        self.ids.check_scalar(old.id, cur.id) && within(&old.scalar, &cur.scalar)
    }

    /// The register that an 8-byte load of the slot would give, where it is a scalar.
    fn as_scalar<'s>(&self, slot: &'s Slot) -> Option<&'s RegState> {
        if slot.kind[0] == SlotKind::Spill && slot.spilled.is_scalar() {
            return Some(&slot.spilled);
        }
        let plain = |k: &SlotKind| *k == SlotKind::Misc || (k.is_unset() && self.reads_unset_stack);
        slot.kind.iter().all(plain).then_some(&UNBOUND)
    }

    /// The first slot in which the explored stack does not cover the current one.
    fn stack(&mut self, old: &FuncState, cur: &FuncState) -> Option<usize> {
        old.stack.iter().enumerate().position(|(spi, o)| !self.slot(o, cur.stack.get(spi)))
    }

    pub(crate) fn slot(&mut self, old: &Slot, cur: Option<&Slot>) -> bool {
        let loose = self.level == Level::NotExact || self.level == Level::RangeWithin && self.rounds_widen_slots;
        let kinds = old.kinds();
        if loose && (kinds == 0 || (kinds == all_of(SlotKind::Misc) && self.reads_unset_stack)) {
            return true;
        }
        if let (Some(cur), false) = (cur, self.read_marks)
            && kinds == cur.kinds()
            && kinds == all_of(SlotKind::Spill)
        {
            return self.reg(&old.spilled, &cur.spilled);
        }
        for byte in 0..8 {
            let kind = old.kind[byte];
            // What is dead is as good as never stored.
            let plain = |k: SlotKind| if k == SlotKind::Dead { SlotKind::Invalid } else { k };
            if !loose && cur.is_none_or(|c| plain(c.kind[byte]) != plain(kind)) {
                return false;
            }
            if loose && self.read_marks && old.spilled.live & live::READ == 0 {
                return true;
            }
            if kind.is_unset() || (kind == SlotKind::Misc && self.reads_unset_stack) {
                continue;
            }
            let Some(cur) = cur else { return false };
            if self.numbers_in_slots
                && let (Some(o), Some(c)) = (self.as_scalar(old), self.as_scalar(cur))
            {
                return self.reg(o, c);
            }
            if kind == SlotKind::Misc && cur.kind[byte] == SlotKind::Zero {
                continue;
            }
            if kind != cur.kind[byte] {
                return false;
            }
            if byte == 7 && !self.slot_object(kind, &old.spilled, &cur.spilled) {
                return false;
            }
        }
        true
    }

    /// What stands in a slot besides plain bytes.
    fn slot_object(&mut self, kind: SlotKind, old: &RegState, cur: &RegState) -> bool {
        match kind {
            SlotKind::Spill => self.reg(old, cur),
            SlotKind::Dynptr if !self.ids_compared => true,
            SlotKind::Dynptr => old.payload == cur.payload && self.ids.check(old.ref_obj_id, cur.ref_obj_id),
            SlotKind::Iter => {
                let same = match (old.payload, cur.payload) {
                    // The number of rounds does not matter for what follows.
                    (
                        Payload::Iter { btf: b1, id: i1, state: s1, .. },
                        Payload::Iter { btf: b2, id: i2, state: s2, .. },
                    ) => b1 == b2 && i1 == i2 && s1 == s2,
                    (a, b) => a == b,
                };
                old.ty == cur.ty && same && self.ids.check(old.ref_obj_id, cur.ref_obj_id)
            }
            SlotKind::IrqFlag => self.ids.check(old.ref_obj_id, cur.ref_obj_id) && old.payload == cur.payload,
            SlotKind::Misc | SlotKind::Zero | SlotKind::Invalid | SlotKind::Dead => true,
        }
    }

    /// Whether the same things are held, under other ids perhaps.
    fn refs(&mut self, old: &[RefState], cur: &[RefState]) -> bool {
        if old.len() != cur.len() {
            return false;
        }
        for (o, c) in old.iter().zip(cur) {
            if !self.ids_compared && (o.id, o.insn_idx) != (c.id, c.insn_idx) {
                return false;
            }
            if !self.ids.check(o.id, c.id) || o.kind != c.kind {
                return false;
            }
            let locks = matches!(o.kind, RefKind::Lock | RefKind::ResLock | RefKind::ResLockIrq);
            if locks && o.ptr != c.ptr {
                return false;
            }
        }
        true
    }

    /// `live` are the registers read at or after the frame's instruction.
    fn frame(&mut self, old: &FuncState, cur: &FuncState, live: u16) -> Result<(), u8> {
        for i in 0..11u8 {
            let n = usize::from(i);
            if live >> i & 1 != 0 && !self.reg(&old.regs[n], &cur.regs[n]) {
                return Err(i);
            }
        }
        // At most 64 slots.
        self.stack(old, cur).map_or(Ok(()), |spi| Err(SLOTS.saturating_add(spi as u8)))
    }

    /// Whether one place alone rules the pair out. Only ids that other places bind are left out, so what fails here fails
    /// in the whole comparison.
    fn differs_at(&mut self, old: &FuncState, cur: &FuncState, place: u8, live: u16) -> bool {
        match place.checked_sub(SLOTS) {
            None => live >> place & 1 != 0 && !self.reg(&old.regs[usize::from(place)], &cur.regs[usize::from(place)]),
            Some(spi) => match old.stack.get(usize::from(spi)) {
                Some(o) => !self.slot(o, cur.stack.get(usize::from(spi))),
                None => false,
            },
        }
    }

    /// Whether `old` covers `cur`. `live_at` gives the registers read from an instruction on. `differed` is where the
    /// last comparison with `old` failed, which is where this one fails most likely.
    ///
    /// # Errors
    /// The first place that is not covered; `None` where it is none, but what is held, the frames, or how deep the path is
    /// in sections.
    pub fn states(
        &mut self,
        old: &VerifierState,
        cur: &VerifierState,
        live_at: impl Fn(usize) -> u16,
        differed: &mut Option<Differs>,
    ) -> Result<(), Option<Differs>> {
        if old.frames.len() != cur.frames.len() || (old.speculative && !cur.speculative) {
            return Err(None);
        }
        let (o, c) = (old.held_lock, cur.held_lock);
        let same_lock = if self.ids_compared { self.ids.check(o.id, c.id) } else { o.id == c.id };
        if o.ptr != c.ptr || !same_lock {
            return Err(None);
        }
        if old.rcu_depth != cur.rcu_depth
            || old.preempt_off_depth != cur.preempt_off_depth
            || old.may_sleep_here != cur.may_sleep_here
        {
            return Err(None);
        }
        if !self.refs_per_frame {
            let locks = old.locks_held == cur.locks_held
                && self.ids.check(old.newest_irq_flags, cur.newest_irq_flags)
                && self.ids.check(old.newest_lock, cur.newest_lock)
                && old.newest_lock_of == cur.newest_lock_of;
            if !locks || !self.refs(&old.refs, &cur.refs) {
                return Err(None);
            }
        }
        let last = old.frames.len().saturating_sub(1);
        // Frames that wait stand at the call of the next one.
        let live =
            |i: usize| live_at(if i == last { old.insn_idx as usize } else { old.frames[i + 1].called_from as usize });
        let unlike = |(o, c): (&Rc<FuncState>, &Rc<FuncState>)| {
            o.called_from != c.called_from || o.callback_round > c.callback_round
        };
        if old.frames.iter().zip(&cur.frames).any(unlike) {
            return Err(None);
        }
        if let Some(Differs { frame, place }) = *differed {
            let i = usize::from(frame);
            if let (Some(o), Some(c)) = (old.frames.get(i), cur.frames.get(i)) {
                let (pairs, tmp_id_gen) = (self.ids.pairs.len(), self.ids.tmp_id_gen);
                if self.differs_at(o, c, place, live(i)) {
                    return Err(*differed);
                }
                self.ids.pairs.truncate(pairs);
                self.ids.tmp_id_gen = tmp_id_gen;
            }
        }
        for (i, (o, c)) in old.frames.iter().zip(&cur.frames).enumerate() {
            if let Err(place) = self.frame(o, c, live(i)) {
                *differed = Some(Differs { frame: i as u8, place });
                return Err(*differed);
            }
            if self.refs_per_frame && !self.refs(refs_of(old, i), refs_of(cur, i)) {
                return Err(None);
            }
        }
        Ok(())
    }
}

/// References of a frame: callers have those that they had at the call.
fn refs_of(st: &VerifierState, frame: usize) -> &[RefState] {
    st.frames.get(frame + 1).map_or(&st.refs, |callee| &callee.caller_refs)
}

/// Registers of the current frame look the same up to ids' owners and marks.
pub(crate) fn maybe_looping(old: &VerifierState, cur: &VerifierState) -> bool {
    if old.frames.len() != cur.frames.len() {
        return false;
    }
    let (Some(o), Some(c)) = (old.frames.last(), cur.frames.last()) else { return false };
    o.regs.iter().zip(&c.regs).all(|(a, b)| same_value(a, b) && a.id == b.id && a.ref_obj_id == b.ref_obj_id)
}

/// Whether some iterator that may go on has made another number of rounds.
pub(crate) fn iter_depths_differ(old: &VerifierState, cur: &VerifierState) -> bool {
    use crate::state::IterState;
    old.frames.iter().zip(&cur.frames).any(|(o, c)| {
        o.stack.iter().enumerate().any(|(spi, slot)| {
            let Payload::Iter { state: IterState::Active, depth, .. } = slot.spilled.payload else { return false };
            slot.kind[0] == SlotKind::Iter
                && c.stack.get(spi).is_some_and(|s| match s.spilled.payload {
                    Payload::Iter { depth: now, .. } => now != depth,
                    _ => false,
                })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(min: u64, max: u64) -> RegState {
        let mut r = UNBOUND;
        r.scalar.umin = min;
        r.scalar.umax = max;
        r.precise = true;
        r
    }

    fn covers(level: Level, old: &RegState, cur: &RegState) -> bool {
        let mut ids = IdMap::default();
        let mut c = Comparison {
            ids: &mut ids,
            level,
            strict_scalars: false,
            unlinked_covers_distant: true,
            whole_offsets: true,
            exact_minds_frames: true,
            rounds_widen_slots: true,
            exact: false,
            reads_unset_stack: true,
            read_marks: true,
            refs_per_frame: true,
            ids_compared: true,
            number_links: true,
            numbers_in_slots: true,
        };
        c.reg(old, cur)
    }

    #[test]
    fn a_wider_range_covers_a_narrower_one() {
        let (wide, narrow) = (scalar(0, 10), scalar(2, 5));
        assert!(covers(Level::NotExact, &wide, &narrow));
        assert!(!covers(Level::NotExact, &narrow, &wide));
        assert!(!covers(Level::Exact, &wide, &narrow));
        assert!(covers(Level::RangeWithin, &wide, &narrow));
    }

    #[test]
    fn what_was_never_needed_exactly_or_read_may_differ() {
        let mut narrow = scalar(2, 5);
        narrow.precise = false;
        assert!(covers(Level::NotExact, &narrow, &scalar(0, 10)));
        assert!(!covers(Level::RangeWithin, &narrow, &scalar(0, 10)));
        narrow.precise = true;
        narrow.live = live::NONE;
        assert!(covers(Level::NotExact, &narrow, &scalar(0, 10)));
    }

    #[test]
    fn linked_scalars_stay_linked() {
        let mut ids = IdMap::default();
        ids.reset(100);
        assert!(ids.check_scalar(1, 7));
        assert!(!ids.check_scalar(1, 8), "one id cannot stand for two");
        assert!(!ids.check_scalar(2, 7), "two ids cannot stand for one");
        ids.reset(100);
        assert!(ids.check_scalar(1, 0) && !ids.check_scalar(1, 0), "scalars on their own are not linked");
        assert!(ids.check_scalar(0, 5), "links that nobody asked for do not matter");
        ids.reset(100);
        assert!(ids.check_scalar(1, 2));
        assert!(!ids.check_scalar(1 | ADD_CONST, 3 | ADD_CONST), "the base must agree too");
    }

    #[test]
    fn pointers_of_one_packet_id_stand_at_the_same_distance() {
        let at = |id, min: u64, max: u64| {
            let mut r = scalar(min, max);
            (r.id, r.scalar.smin) = (id, min as i64);
            r
        };
        let mut ids = IdMap::default();
        assert!(ids.moved_alike(&at(1, 0, 15), &at(2, 8, 11)), "the first one of an id");
        assert!(ids.moved_alike(&at(1, 8, 23), &at(2, 16, 19)));
        assert!(!ids.moved_alike(&at(1, 8, 23), &at(2, 8, 11)), "what was behind the other is where it is");
        ids.reset(100);
        assert!(ids.moved_alike(&at(1, 8, 23), &at(2, 8, 11)));
    }

    #[test]
    fn plain_bytes_cover_zero_but_not_the_other_way_round() {
        let slot = |k| {
            let mut s = Slot { spilled: RegState::NOT_INIT, kind: [k; 8] };
            s.spilled.live = live::READ64;
            s
        };
        let (misc, zero) = (slot(SlotKind::Misc), slot(SlotKind::Zero));
        let mut ids = IdMap::default();
        let mut c = Comparison {
            ids: &mut ids,
            level: Level::NotExact,
            strict_scalars: false,
            unlinked_covers_distant: true,
            whole_offsets: true,
            exact_minds_frames: true,
            rounds_widen_slots: true,
            exact: false,
            reads_unset_stack: false,
            read_marks: true,
            refs_per_frame: true,
            ids_compared: true,
            number_links: true,
            numbers_in_slots: true,
        };
        assert!(c.slot(&misc, Some(&zero)));
        assert!(!c.slot(&zero, Some(&misc)));
        assert!(!c.slot(&misc, None));
        assert!(c.slot(&Slot::EMPTY, None));
    }
}
