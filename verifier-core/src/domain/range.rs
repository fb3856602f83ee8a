//! Ranges of one width, in both readings.
//!
//! Answers for the `*_min_max_*()` operators and for the deductions between signed and unsigned bounds. The kernel has
//! each twice, for 64 and for 32 bits; here the width is a type.
//!
//! In the kernel: `__update_reg32_bounds()`, `__update_reg64_bounds()`, `__reg64_deduce_bounds()`,
//! `__reg32_deduce_bounds()`, `scalar_min_max_add()`, `scalar_min_max_sub()`, `scalar_min_max_mul()`,
//! `scalar_min_max_and()`, `scalar_min_max_or()`, `scalar_min_max_xor()`, `__scalar64_min_max_lsh()`,
//! `__scalar32_min_max_lsh()`, `scalar_min_max_rsh()`, `scalar_min_max_arsh()`.

use super::arc::Arc;
use super::rules::DomainRules;
use super::tnum::TnumOf;
use crate::isa::word::{Truth, Word};

/// Bounds of a word: unsigned and signed, all inclusive. The signed bounds are words too, read in two's complement.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Range<W> {
    /// Smallest, unsigned.
    pub umin: W,
    /// Largest, unsigned.
    pub umax: W,
    /// Smallest, signed.
    pub smin: W,
    /// Largest, signed.
    pub smax: W,
    /// Of a range that has no bounds in either reading: what it is all the same, on the circle of words. Otherwise all.
    pub around: Arc<W>,
}

impl<W: Word> Range<W> {
    /// Exactly `v`.
    pub fn exactly(v: W) -> Self {
        Range::of(v, v, v, v)
    }

    /// These bounds.
    pub fn of(umin: W, umax: W, smin: W, smax: W) -> Self {
        Range { umin, umax, smin, smax, around: Arc::whole(umin) }
    }

    /// No bounds; `w` is any word.
    pub fn unbounded(w: W) -> Self {
        Range::of(w.zero(), w.ones(), w.sign(), w.signed_max())
    }

    /// Whether both are certainly the same bounds.
    #[inline]
    pub fn identical(&self, o: &Self) -> bool {
        self.umin.identical(o.umin)
            && self.umax.identical(o.umax)
            && self.smin.identical(o.smin)
            && self.smax.identical(o.smax)
            && self.around.first.identical(o.around.first)
            && self.around.more.identical(o.around.more)
    }

    /// Forgets the bounds of the unsigned reading.
    pub fn forget_unsigned(&mut self) {
        (self.umin, self.umax) = (self.umin.zero(), self.umin.ones());
    }

    /// Forgets the bounds of the signed reading.
    pub fn forget_signed(&mut self) {
        (self.smin, self.smax) = (self.smin.sign(), self.smin.signed_max());
    }

    /// Narrows the unsigned bounds.
    pub fn clamp_unsigned(&mut self, min: W, max: W) {
        self.umin = self.umin.umax(min);
        self.umax = self.umax.umin(max);
    }

    /// Narrows the signed bounds.
    pub fn clamp_signed(&mut self, min: W, max: W) {
        self.smin = self.smin.smax(min);
        self.smax = self.smax.smin(max);
    }

    /// The signed bounds are the unsigned ones where those do not cross the sign boundary, else nothing is known.
    pub fn signed_from_unsigned(&mut self) {
        if self.umin.sle(self.umax).decide() {
            (self.smin, self.smax) = (self.umin, self.umax);
        } else {
            self.forget_signed();
        }
    }

    /// What known bits say of the bounds: the smallest value has all unknown bits clear, but an unknown sign set.
    pub fn learn_from_bits(&mut self, bits: TnumOf<W>) {
        let sign = bits.mask.sign();
        self.clamp_signed(bits.value.or(bits.mask.and(sign)), bits.value.or(bits.mask.and(sign.not())));
        self.clamp_unsigned(bits.value, bits.max());
    }

    /// Signed and unsigned bounds inform each other.
    ///
    /// ```text
    /// unsigned  0                 max/2 | max/2+1                max
    /// signed    0                   max | min                     -1
    /// ```
    ///
    /// A range that stays in one half of this line reads the same both ways. A signed range that crosses from -1 to 0
    /// covers both ends of the line; if the unsigned range meets only one of the ends, the other is cut off.
    pub fn deduce_signs(&mut self) {
        if !self.deduce_signs_of_one_half() {
            self.cut_crossing_range();
        }
    }

    /// The same without the last deduction; tells whether the signed range stays in one half.
    pub fn deduce_signs_of_one_half(&mut self) -> bool {
        if self.umin.sle(self.umax).decide() {
            self.clamp_signed(self.umin, self.umax);
        }
        let one_half = self.smin.ule(self.smax).decide();
        if one_half {
            self.clamp_unsigned(self.smin, self.smax);
        }
        one_half
    }

    /// Of a signed range that crosses zero, cuts off the end that the unsigned range does not meet.
    fn cut_crossing_range(&mut self) {
        if self.umax.ult(self.smin).decide() {
            self.smin = self.umin;
            self.umax = self.umax.umin(self.smax);
        } else if self.smax.ult(self.umin).decide() {
            self.smax = self.umax;
            self.umin = self.umin.umax(self.smin);
        }
    }

    /// Sums of all values.
    pub fn add(&mut self, o: &Self, rules: DomainRules) {
        if rules.circular {
            return self.move_arc(o, Arc::sums);
        }
        if self.smin.sadd_overflows(o.smin).or(self.smax.sadd_overflows(o.smax)).decide() {
            self.forget_signed();
        } else {
            (self.smin, self.smax) = (self.smin.add(o.smin), self.smax.add(o.smax));
        }
        let (min_wraps, max_wraps) = (self.umin.uadd_overflows(o.umin), self.umax.uadd_overflows(o.umax));
        // If every sum wraps, the wrapped bounds are good again.
        let lost = if rules.wrapping_add_sub { min_wraps.not().and(max_wraps) } else { min_wraps.or(max_wraps) };
        if lost.decide() {
            self.forget_unsigned();
        } else {
            (self.umin, self.umax) = (self.umin.add(o.umin), self.umax.add(o.umax));
        }
    }

    /// Sums or differences of arcs.
    fn move_arc(&mut self, o: &Self, by: fn(Arc<W>, Arc<W>) -> Arc<W>) {
        if let (Some(a), Some(b)) = (self.arc(), o.arc()) {
            *self = by(a, b).readings();
        }
    }

    /// Differences of all values.
    pub fn sub(&mut self, o: &Self, rules: DomainRules) {
        if rules.circular {
            return self.move_arc(o, Arc::differences);
        }
        if self.smin.ssub_overflows(o.smax).or(self.smax.ssub_overflows(o.smin)).decide() {
            self.forget_signed();
        } else {
            (self.smin, self.smax) = (self.smin.sub(o.smax), self.smax.sub(o.smin));
        }
        let (min_wraps, max_wraps) = (self.umin.ult(o.umax), self.umax.ult(o.umin));
        let lost = if rules.wrapping_add_sub { min_wraps.and(max_wraps.not()) } else { min_wraps };
        if lost.decide() {
            self.forget_unsigned();
        } else {
            (self.umin, self.umax) = (self.umin.sub(o.umax), self.umax.sub(o.umin));
        }
    }

    /// Older releases only multiply what is not negative and fits half a word.
    pub fn mul(&mut self, o: &Self, rules: DomainRules) {
        self.forget_around();
        if rules.signed_mul {
            return self.mul_signed(o);
        }
        let half = self.umin.lit((1 << (W::BITS / 2)) - 1);
        let negative = o.smin.negative().or(self.smin.negative());
        let large = half.ult(o.umax).or(half.ult(self.umax));
        if negative.or(large).decide() {
            *self = Range::unbounded(self.umin);
            return;
        }
        (self.umin, self.umax) = (self.umin.mul(o.umin), self.umax.mul(o.umax));
        if self.umax.negative().decide() {
            self.forget_signed();
        } else {
            (self.smin, self.smax) = (self.umin, self.umax);
        }
    }

    /// The extremes of a signed product are among the products of the bounds.
    fn mul_signed(&mut self, o: &Self) {
        if self.umax.umul_overflows(o.umax).or(self.umin.umul_overflows(o.umin)).decide() {
            self.forget_unsigned();
        } else {
            (self.umin, self.umax) = (self.umin.mul(o.umin), self.umax.mul(o.umax));
        }
        let corners = [(self.smin, o.smin), (self.smin, o.smax), (self.smax, o.smin), (self.smax, o.smax)];
        let over = corners.map(|(a, b)| a.smul_overflows(b));
        if over[0].or(over[1]).or(over[2]).or(over[3]).decide() {
            self.forget_signed();
        } else {
            let p = corners.map(|(a, b)| a.mul(b));
            self.smin = p[0].smin(p[1]).smin(p[2]).smin(p[3]);
            self.smax = p[0].smax(p[1]).smax(p[2]).smax(p[3]);
        }
    }

    /// `bits` are the known bits of the result.
    pub fn and(&mut self, o: &Self, bits: TnumOf<W>, rules: DomainRules) {
        self.forget_around();
        self.umin = bits.value;
        self.umax = self.umax.umin(o.umax);
        self.signed_of_bitwise(o, rules);
    }

    /// `bits` are the known bits of the result.
    pub fn or(&mut self, o: &Self, bits: TnumOf<W>, rules: DomainRules) {
        self.forget_around();
        self.umin = self.umin.umax(o.umin);
        self.umax = bits.max();
        self.signed_of_bitwise(o, rules);
    }

    /// `bits` are the known bits of the result.
    pub fn xor(&mut self, o: &Self, bits: TnumOf<W>, rules: DomainRules) {
        self.forget_around();
        self.umin = bits.value;
        self.umax = bits.max();
        self.signed_of_bitwise(o, rules);
    }

    /// Older releases take the unsigned bounds over for operands that are not negative, and know nothing otherwise.
    fn signed_of_bitwise(&mut self, o: &Self, rules: DomainRules) {
        if rules.bitwise_signs {
            self.signed_from_unsigned();
        } else if self.smin.negative().or(o.smin.negative()).decide() {
            self.forget_signed();
        } else {
            (self.smin, self.smax) = (self.umin, self.umax);
        }
    }

    /// Unsigned bounds survive unless the top bit may be shifted out. `n` is below the width.
    pub fn shl_unsigned(&mut self, n: W) {
        self.forget_around();
        let room = n.lit(1).shl(n.lit(u64::from(W::BITS - 1)).sub(n));
        if room.ult(self.umax).decide() {
            self.forget_unsigned();
        } else {
            (self.umin, self.umax) = (self.umin.shl(n), self.umax.shl(n));
        }
    }

    /// A logical shift makes the sign depend on the amount, so signed bounds are left to deduction.
    pub fn shr(&mut self, n: W) {
        self.forget_around();
        self.forget_signed();
        (self.umin, self.umax) = (self.umin.shr(n), self.umax.shr(n));
    }

    /// Unsigned bounds are left to deduction.
    pub fn sar(&mut self, n: W) {
        self.forget_around();
        (self.smin, self.smax) = (self.smin.sar(n), self.smax.sar(n));
        self.forget_unsigned();
    }

    /// Whether no value fits: a lower bound above its upper bound.
    pub fn is_empty(&self) -> W::Bool {
        self.umax.ult(self.umin).or(self.smax.slt(self.smin))
    }
}
