//! How releases before 6.8 keep bounds: each width for itself, and comparisons teach only beside a constant.
//!
//! Signed and unsigned bounds of one width inform each other once, known bits and bounds likewise. The two widths meet
//! where an instruction changes one of them: a 32-bit comparison leaves 64-bit bounds only to values without a high half,
//! a 64-bit one leaves to the low half what fits into it. Nothing notices bounds that contradict each other.

use crate::isa::semantics::CmpOp;
use crate::isa::word::{Truth, Wide, Word};

use super::range::Range;
use super::rules::DomainRules;
use super::tnum::TnumOf;
use super::value::Value;

impl<W: Word> Range<W> {
    /// Signed and unsigned bounds inform each other where the sign is certain.
    pub fn join_signs(&mut self) {
        let never_negative = self.smin.negative().not();
        if never_negative.or(self.smax.negative()).decide() {
            let (min, max) = (self.smin.umax(self.umin), self.smax.umin(self.umax));
            *self = Range::of(min, max, min, max);
        } else if self.umax.negative().not().decide() {
            self.smin = self.umin;
            (self.smax, self.umax) = (self.smax.umin(self.umax), self.smax.umin(self.umax));
        } else if self.umin.negative().decide() {
            (self.smin, self.umin) = (self.smin.umax(self.umin), self.smin.umax(self.umin));
            self.smax = self.umax;
        }
    }
}

impl<W: Wide> Value<W> {
    /// Bits and bounds inform each other, each width for itself.
    pub fn sync_apart(&mut self, rules: DomainRules) {
        self.learn_from_bits(rules);
        self.low.join_signs();
        self.full.join_signs();
        let low = self.bits.low();
        self.learn_bits_from_ranges();
        if !rules.low_bits_from_whole {
            self.bits = self.bits.with_low(low.intersect(TnumOf::range(self.low.umin, self.low.umax)));
        }
        self.learn_from_bits(rules);
    }

    /// The low half has the bounds of the whole as far as those fit into it.
    pub fn low_from_full_apart(&mut self, rules: DomainRules) {
        self.low = Range::unbounded(self.low.umin);
        let f = self.full;
        let (least, most) = (W::sext(self.low.umin.sign()), W::zext(self.low.umin.signed_max()));
        let signed = |w: W| least.sle(w).and(w.sle(most));
        if signed(f.smin).and(signed(f.smax)).decide() {
            (self.low.smin, self.low.smax) = (f.smin.low(), f.smax.low());
        }
        let ones = W::zext(self.low.umin.ones());
        if f.umin.ule(ones).and(f.umax.ule(ones)).decide() {
            (self.low.umin, self.low.umax) = (f.umin.low(), f.umax.low());
        }
        self.sync_apart(rules);
    }

    /// The whole has the bounds of the low half where there is no high half, and none otherwise.
    pub fn full_from_low_apart(&mut self, rules: DomainRules) {
        let short = TnumOf::zext(self.bits.low());
        if self.bits.value.is(short.value).and(self.bits.mask.is(short.mask)).decide() {
            self.zext();
        } else {
            self.full = Range::unbounded(self.full.umin);
        }
        self.sync_apart(rules);
    }

    /// Narrows to where `self op v` holds, `v` being a constant.
    pub fn learn_beside_constant(&mut self, op: CmpOp, v: W, half: bool, rules: DomainRules) {
        match op {
            CmpOp::Eq if half => self.set_low_known(v.low()),
            CmpOp::Eq => *self = Value::exactly(v),
            CmpOp::Ne => {}
            CmpOp::Set | CmpOp::NotSet => self.learn_bits_beside(op, v, half),
            _ if half => order_beside(&mut self.low, op, v.low()),
            _ => order_beside(&mut self.full, op, v),
        }
        if half { self.full_from_low_apart(rules) } else { self.low_from_full_apart(rules) }
    }

    /// What a test of bits says of them: which one is set is certain of a single bit alone.
    fn learn_bits_beside(&mut self, op: CmpOp, v: W, half: bool) {
        let v = if half { W::zext(v.low()) } else { v };
        if op == CmpOp::NotSet {
            self.bits = self.bits.and(TnumOf::exactly(v.not()));
        } else if v.and(v.sub(v.lit(1))).is(v.zero()).and(v.is(v.zero()).not()).decide() {
            self.bits = self.bits.or(TnumOf::exactly(v));
        }
    }

    /// Two values that are equal have what is known of either.
    pub fn learn_equal(a: &mut Self, b: &mut Self, rules: DomainRules) {
        a.full.clamp_unsigned(b.full.umin, b.full.umax);
        a.full.clamp_signed(b.full.smin, b.full.smax);
        a.bits = a.bits.intersect(b.bits);
        (b.full, b.bits) = (a.full, a.bits);
        a.sync_apart(rules);
        b.sync_apart(rules);
    }

    /// Which way `self op v` must go, `v` being a constant.
    pub fn taken_beside_constant(&self, op: CmpOp, v: W, half: bool, rules: DomainRules) -> Option<bool> {
        if half {
            decided(self.bits.low(), &self.low, op, v.low(), rules)
        } else {
            decided(self.bits, &self.full, op, v, rules)
        }
    }
}

/// Narrows a range to where `r op v`.
fn order_beside<W: Word>(r: &mut Range<W>, op: CmpOp, v: W) {
    let one = v.lit(1);
    match op {
        CmpOp::Gt => r.umin = r.umin.umax(v.add(one)),
        CmpOp::Ge => r.umin = r.umin.umax(v),
        CmpOp::Lt => r.umax = r.umax.umin(v.sub(one)),
        CmpOp::Le => r.umax = r.umax.umin(v),
        CmpOp::SGt => r.smin = r.smin.smax(v.add(one)),
        CmpOp::SGe => r.smin = r.smin.smax(v),
        CmpOp::SLt => r.smax = r.smax.smin(v.sub(one)),
        CmpOp::SLe => r.smax = r.smax.smin(v),
        _ => {}
    }
}

fn decided<W: Word>(bits: TnumOf<W>, r: &Range<W>, op: CmpOp, v: W, rules: DomainRules) -> Option<bool> {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return super::branch::taken(bits, r, TnumOf::exactly(v), &Range::exactly(v), op);
    }
    let equal = if bits.known().decide() {
        Some(bits.value.is(v).decide())
    } else {
        let outside = rules.equality_by_range && v.ult(r.umin).or(r.umax.ult(v)).decide();
        outside.then_some(false)
    };
    equal.map(|e| e == (op == CmpOp::Eq))
}
