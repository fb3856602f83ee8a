//! Arcs of the circle of all words: ranges that may wrap around.
//!
//! An arc is its first word and how many follow. Releases from 7.1 on keep one arc for each width, and read the unsigned
//! and the signed bounds off it: a reading has bounds where the arc does not cross the place at which that reading wraps.
//! Here the readings are kept ([`Range`]), and the arc is what both allow. An arc that crosses both places has no bounds
//! in either reading; it is kept beside them.

use super::range::Range;
use super::tnum::TnumOf;
use super::value::Value;
use crate::isa::word::{Truth, Wide, Word};

/// Words from `first` on, `first` and `more` behind it, around the circle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Arc<W> {
    /// Where it begins.
    pub first: W,
    /// How many words follow the first.
    pub more: W,
}

impl<W: Word> Arc<W> {
    /// From `first` up to `last`, in the direction of counting.
    pub fn between(first: W, last: W) -> Self {
        Arc { first, more: last.sub(first) }.normal()
    }

    /// All words; `w` is any.
    pub fn whole(w: W) -> Self {
        Arc { first: w.zero(), more: w.ones() }
    }

    /// Whether it certainly is the whole circle.
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.more.identical(self.more.ones())
    }

    /// All words but one.
    pub fn without(w: W) -> Self {
        let one = w.lit(1);
        Arc { first: w.add(one), more: w.ones().sub(one) }
    }

    /// Whether another arc lies on it.
    pub fn covers(self, o: Self) -> W::Bool {
        let inside = self.has(o.first).and(self.more.sub(o.first.sub(self.first)).ult(o.more).not());
        self.more.is(self.more.ones()).or(inside)
    }

    /// The whole circle begins at zero.
    fn normal(self) -> Self {
        let whole = self.more.is(self.more.ones());
        Arc { first: W::select(whole, self.first.zero(), self.first), ..self }
    }

    fn last(self) -> W {
        self.first.add(self.more)
    }

    /// Whether a word is on it.
    pub fn has(self, w: W) -> W::Bool {
        w.sub(self.first).ule(self.more)
    }

    /// An arc that covers what is on both; `None` where nothing is. Where that is two pieces, the shorter of the two arcs
    /// covers them.
    pub fn meet(self, o: Self) -> Option<Self> {
        let (a, b) = if o.first.ult(self.first).decide() { (o, self) } else { (self, o) };
        if a.first.is(b.first).decide() {
            return Some(Arc { first: a.first, more: a.more.umin(b.more) });
        }
        match (a.has(b.first).decide(), b.has(a.first).decide()) {
            (true, true) => Some(if b.more.ult(a.more).decide() { b } else { a }),
            (true, false) => Some(Arc { first: b.first, more: b.more.umin(a.last().sub(b.first)) }),
            (false, true) => Some(Arc { first: a.first, more: a.more.umin(b.last().sub(a.first)) }),
            (false, false) => None,
        }
    }

    /// Sums of a word of each.
    pub fn sums(self, o: Self) -> Self {
        let zero = self.first.zero();
        if self.more.uadd_overflows(o.more).decide() {
            return Arc { first: zero, more: zero.ones() };
        }
        Arc { first: self.first.add(o.first), more: self.more.add(o.more) }.normal()
    }

    /// Differences of a word of each.
    pub fn differences(self, o: Self) -> Self {
        let negative = Arc { first: self.first.zero().sub(o.last()), more: o.more };
        self.sums(negative.normal())
    }

    /// The words that known bits allow, as tight as one arc that does not cross the place where the sign changes can be.
    pub fn of_bits(bits: TnumOf<W>) -> Self {
        let sign = bits.mask.sign();
        Arc::between(bits.value.or(bits.mask.and(sign)), bits.value.or(bits.mask.and(sign.not())))
    }

    /// Both readings; what has none is kept as it is.
    pub fn readings(self) -> Range<W> {
        let mut r = Range::unbounded(self.first);
        let last = self.last();
        let unsigned = self.more.ule(self.first.ones().sub(self.first)).decide();
        if unsigned {
            (r.umin, r.umax) = (self.first, last);
        }
        let signed = self.has(r.smax).and(self.has(r.smin)).not().decide();
        if signed {
            (r.smin, r.smax) = (self.first.smin(last), self.first.smax(last));
        }
        if !unsigned && !signed {
            r.around = self.normal();
        }
        r
    }
}

impl<W: Word> Range<W> {
    /// The arc that both readings allow; `None` where they contradict each other.
    pub fn arc(&self) -> Option<Arc<W>> {
        if self.umax.ult(self.umin).or(self.smax.slt(self.smin)).decide() {
            return None;
        }
        let arc = Arc::between(self.umin, self.umax).meet(Arc::between(self.smin, self.smax));
        if self.around.is_whole() { arc } else { self.around.meet(arc?) }
    }

    /// What an operation of its own leaves of the readings says everything.
    pub fn forget_around(&mut self) {
        self.around = Arc::whole(self.umin);
    }

    /// Keeps words from `min` to `max`, read unsigned.
    pub fn meet_unsigned(&mut self, min: W, max: W) {
        self.meet_arc(Some(Arc::between(min, max)));
    }

    /// Keeps what is on the arc as well. Nothing on both makes the readings contradict each other.
    pub fn meet_arc(&mut self, arc: Option<Arc<W>>) {
        *self = match (self.arc(), arc) {
            (Some(own), Some(arc)) => own.meet(arc).map_or_else(|| Range::nothing(self.umin), Arc::readings),
            _ => Range::nothing(self.umin),
        };
    }

    /// No value at all.
    fn nothing(w: W) -> Self {
        let all = Range::unbounded(w);
        Range { umin: all.umax, umax: all.umin, smin: all.smax, smax: all.smin, ..all }
    }
}

/// The low halves of an arc: all, or an arc of the smaller circle.
fn low_half<W: Wide>(arc: Arc<W>) -> Arc<W::Half> {
    let halves = W::zext(arc.first.low().ones());
    if arc.more.ult(halves).decide() {
        return Arc { first: arc.first.low(), more: arc.more.low() };
    }
    let zero = arc.first.low().zero();
    Arc { first: zero, more: zero.ones() }
}

/// The part of an arc between the first and the last word whose low half is on `low`; `None` where there is none.
fn with_low_half<W: Wide>(arc: Arc<W>, low: Arc<W::Half>) -> Option<Arc<W>> {
    // Forward to the next good low half from the front, back to the one before from the end.
    let (front, end) = (arc.first.low(), arc.last().low());
    let ahead = if low.has(front).decide() { front.zero() } else { low.first.sub(front) };
    let behind = if low.has(end).decide() { end.zero() } else { end.sub(low.last()) };
    let (ahead, behind) = (W::zext(ahead), W::zext(behind));
    let cut = ahead.add(behind);
    if arc.more.ult(cut).or(cut.ult(ahead)).decide() {
        return None;
    }
    Some(Arc { first: arc.first.add(ahead), more: arc.more.sub(cut) })
}

impl<W: Wide> Value<W> {
    /// Makes bits and arcs say what they can say of each other.
    pub(super) fn sync_arcs(&mut self) {
        if self.full.is_empty().decide() || self.low.is_empty().decide() {
            return;
        }
        self.arcs_learn_from_bits();
        for _ in 0..2 {
            let full = self.full.arc();
            self.low.meet_arc(full.map(low_half));
            self.full = match (full, self.low.arc()) {
                (Some(full), Some(low)) => {
                    with_low_half(full, low).map_or_else(|| Range::nothing(self.full.umin), Arc::readings)
                }
                _ => Range::nothing(self.full.umin),
            };
        }
        if self.full.is_empty().decide() || self.low.is_empty().decide() {
            return;
        }
        self.learn_bits_from_ranges();
        self.arcs_learn_from_bits();
    }

    /// Arcs learn from known bits.
    pub(super) fn arcs_learn_from_bits(&mut self) {
        self.low.meet_arc(Some(Arc::of_bits(self.bits.low())));
        self.full.meet_arc(Some(Arc::of_bits(self.bits)));
        if !self.full.is_empty().decide() {
            self.meet_in_one_value();
        }
    }
}
