//! Known bits: which bits of a value are certain.
//!
//! Answers for `kernel/bpf/tnum.c`. Every result shows in the log as `var_off=(value; mask)`, so the operators lose
//! exactly as much as the kernel's do. What an operator must keep: whatever values the operands stand for, the result
//! stands for the result of the concrete operation.
//!
//! In the kernel: `struct tnum`, `tnum_subreg_is_const()`, `tnum_is_aligned()`, `tnum_in()`, `tnum_range()`,
//! `tnum_lshift()`, `tnum_rshift()`, `tnum_arshift()`, `tnum_add()`, `tnum_sub()`, `tnum_neg()`, `tnum_and()`,
//! `tnum_or()`, `tnum_xor()`, `tnum_mul()`, `tnum_overlap()`, `tnum_intersect()`, `tnum_union()`, `tnum_cast()`,
//! `tnum_step()`, `tnum_subreg()`, `tnum_with_subreg()`.

use crate::isa::word::{Truth, Wide, Word};

/// A set of values given by known bits: bit i is unknown where `mask` has it, else it is bit i of `value`.
/// `value` and `mask` share no bit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TnumOf<W> {
    /// Known bits.
    pub value: W,
    /// Unknown bits.
    pub mask: W,
}

/// Known bits of a concrete 64-bit value.
pub type Tnum = TnumOf<u64>;

impl Tnum {
    /// Every value.
    pub const UNKNOWN: Tnum = Tnum { value: 0, mask: u64::MAX };

    /// Exactly `v`.
    pub const fn konst(v: u64) -> Tnum {
        Tnum { value: v, mask: 0 }
    }

    /// Whether one value is left.
    pub const fn is_const(self) -> bool {
        self.mask == 0
    }

    /// Whether the low half is one value.
    pub const fn is_low_const(self) -> bool {
        self.mask as u32 == 0
    }

    /// Whether every value is a multiple of `size`, a power of two (0: always).
    pub const fn is_aligned(self, size: u64) -> bool {
        size == 0 || (self.value | self.mask) & (size - 1) == 0
    }

    /// Whether every value of `b` is one of ours.
    pub const fn contains(self, b: Tnum) -> bool {
        b.mask & !self.mask == 0 && self.value == b.value & !self.mask
    }

    /// Whether `v` is one of the values.
    pub const fn has(self, v: u64) -> bool {
        v & !self.mask == self.value
    }
}

// The operators of `std::ops` would promise exact arithmetic; these approximate.
#[allow(clippy::should_implement_trait)]
impl<W: Word> TnumOf<W> {
    /// Exactly `v`.
    pub fn exactly(v: W) -> Self {
        TnumOf { value: v, mask: v.zero() }
    }

    /// Every value; `w` is any word.
    pub fn unknown(w: W) -> Self {
        TnumOf { value: w.zero(), mask: w.ones() }
    }

    /// Whether one value is left.
    pub fn known(self) -> W::Bool {
        self.mask.is(self.mask.zero())
    }

    /// The largest value, unsigned.
    pub fn max(self) -> W {
        self.value.or(self.mask)
    }

    /// Values between `min` and `max`: what lies above the highest bit in which they differ is known.
    pub fn range(min: W, max: W) -> Self {
        let unknown = min.xor(max).smear();
        TnumOf { value: min.and(unknown.not()), mask: unknown }
    }

    /// Left shift; what comes in is zero.
    pub fn shl(self, n: W) -> Self {
        TnumOf { value: self.value.shl(n), mask: self.mask.shl(n) }
    }

    /// Logical right shift; what comes in is zero.
    pub fn shr(self, n: W) -> Self {
        TnumOf { value: self.value.shr(n), mask: self.mask.shr(n) }
    }

    /// An unknown sign stays unknown in every bit it is copied to.
    pub fn sar(self, n: W) -> Self {
        TnumOf { value: self.value.sar(n), mask: self.mask.sar(n) }
    }

    /// A bit of the sum is unknown where an operand's is, or where a carry may or may not arrive: there the smallest
    /// and the largest sum differ.
    pub fn add(self, b: Self) -> Self {
        let least = self.value.add(b.value);
        let most = least.add(self.mask.add(b.mask));
        let unknown = least.xor(most).or(self.mask).or(b.mask);
        TnumOf { value: least.and(unknown.not()), mask: unknown }
    }

    /// The same for borrows.
    pub fn sub(self, b: Self) -> Self {
        let d = self.value.sub(b.value);
        let unknown = d.add(self.mask).xor(d.sub(b.mask)).or(self.mask).or(b.mask);
        TnumOf { value: d.and(unknown.not()), mask: unknown }
    }

    /// Negation.
    pub fn neg(self) -> Self {
        TnumOf::exactly(self.value.zero()).sub(self)
    }

    /// A known zero on either side wins.
    pub fn and(self, b: Self) -> Self {
        let ones = self.value.and(b.value);
        TnumOf { value: ones, mask: self.max().and(b.max()).and(ones.not()) }
    }

    /// A known one on either side wins.
    pub fn or(self, b: Self) -> Self {
        let ones = self.value.or(b.value);
        TnumOf { value: ones, mask: self.mask.or(b.mask).and(ones.not()) }
    }

    /// Exclusive or.
    pub fn xor(self, b: Self) -> Self {
        let unknown = self.mask.or(b.mask);
        TnumOf { value: self.value.xor(b.value).and(unknown.not()), mask: unknown }
    }

    /// Long multiplication. By default the sum of the known parts is formed exactly and the unknown parts are added as
    /// one unknown each; newer releases (`by_union`) carry both outcomes of an unknown multiplier bit along and merge
    /// them, which keeps more.
    pub fn mul(self, b: Self, by_union: bool) -> Self {
        let zero = self.value.zero();
        let (mut a, mut b) = (self, b);
        let product = a.value.mul(b.value);
        let mut acc = TnumOf::exactly(zero);
        while a.max().is(zero).not().decide() {
            Self::mul_step(&mut acc, &mut a, &mut b, by_union);
        }
        if by_union { acc } else { TnumOf::exactly(product).add(acc) }
    }

    /// One bit of the multiplier `a`, the lowest: what it adds to the sum. Then both operands move on by one bit.
    #[inline(always)]
    pub fn mul_step(acc: &mut Self, a: &mut Self, b: &mut Self, by_union: bool) {
        let zero = a.value.zero();
        let one = zero.lit(1);
        let partial = if by_union { *b } else { TnumOf { value: zero, mask: b.mask } };
        if a.value.and(one).is(one).decide() {
            *acc = acc.add(partial);
        } else if a.mask.and(one).is(one).decide() {
            *acc = if by_union { acc.union(acc.add(*b)) } else { acc.add(TnumOf { value: zero, mask: b.max() }) };
        }
        *a = a.shr(one);
        *b = b.shl(one);
    }

    /// Whether a value common to both is possible.
    pub fn overlaps(self, b: Self) -> W::Bool {
        let known = self.mask.or(b.mask).not();
        self.value.and(known).is(b.value.and(known))
    }

    /// What both know; where they contradict each other, a known one.
    pub fn intersect(self, b: Self) -> Self {
        let unknown = self.mask.and(b.mask);
        TnumOf { value: self.value.or(b.value).and(unknown.not()), mask: unknown }
    }

    /// What both agree on.
    pub fn union(self, b: Self) -> Self {
        let unknown = self.value.xor(b.value).or(self.mask).or(b.mask);
        TnumOf { value: self.value.and(b.value).and(unknown.not()), mask: unknown }
    }

    /// Keeps the bits of `keep`, the others become zero.
    pub fn masked(self, keep: W) -> Self {
        TnumOf { value: self.value.and(keep), mask: self.mask.and(keep) }
    }

    /// The smallest member above `z`; the largest member when there is none; the smallest member when `z` is below
    /// all of them.
    ///
    /// The candidate is `z` with our known bits forced in. Where that came out above `z`, the highest bit that was
    /// forced from 0 to 1 decides and everything below it can be minimal. Otherwise the highest bit forced from 1 to 0
    /// has made the candidate too small, so the unknown bits above it count on by one.
    pub fn step(self, z: W) -> W {
        let top = self.max();
        if z.ult(top).not().decide() {
            return top;
        }
        if z.ult(self.value).decide() {
            return self.value;
        }
        let candidate = self.value.or(z.and(self.mask));
        if z.ult(candidate).decide() {
            let below = z.not().and(self.value).and(self.mask.not()).smear();
            below.not().and(z).or(below.and(self.value))
        } else {
            let below = z.and(self.value.not()).and(self.mask.not()).smear();
            // Known bits above are set, so that a carry runs through them to the next unknown bit.
            let counted = below.not().and(self.mask).and(z).or(below.not().and(self.mask.not()));
            let next = counted.add(below).add(z.lit(1));
            next.and(self.mask).or(self.value)
        }
    }
}

impl<W: Wide> TnumOf<W> {
    /// The low half.
    pub fn low(self) -> TnumOf<W::Half> {
        TnumOf { value: self.value.low(), mask: self.mask.low() }
    }

    /// A half, zero-extended.
    pub fn zext(h: TnumOf<W::Half>) -> Self {
        TnumOf { value: W::zext(h.value), mask: W::zext(h.mask) }
    }

    /// The low half replaced.
    pub fn with_low(self, h: TnumOf<W::Half>) -> Self {
        let low = W::zext(h.value.ones());
        self.masked(low.not()).or(TnumOf::zext(h))
    }
}
