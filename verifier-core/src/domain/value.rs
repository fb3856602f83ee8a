//! A 64-bit value as known bits and ranges of both widths, and the operators on it.
//!
//! Answers for `reg_bounds_sync()`, the arithmetic of `adjust_scalar_min_max_vals()` and the `coerce_*` functions.
//! Invariant of every operator: the result contains what the concrete operation yields for any values that the operands
//! contain.
//!
//! In the kernel: `__mark_reg_unbounded()`, `__update_reg_bounds()`, `__reg32_deduce_bounds()`,
//! `__reg_deduce_mixed_bounds()`, `__reg_bound_offset()`, `zext_32_to_64()`, `coerce_reg_to_size()`,
//! `coerce_reg_to_size_sx()`, `coerce_subreg_to_size_sx()`, `__mark_reg32_known()`, `sync_linked_regs()`,
//! `scalar32_min_max_lsh()`, `..._rsh()`, `..._arsh()`, `scalar_min_max_lsh()`, `scalar_byte_swap()`.

use crate::isa::word::{Truth, Wide, Word};

use super::range::Range;
use super::rules::DomainRules;
use super::tnum::TnumOf;

/// Known bits, bounds of the whole, bounds of the low half.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Value<W: Wide> {
    /// Known bits.
    pub bits: TnumOf<W>,
    /// Bounds of the 64-bit word.
    pub full: Range<W>,
    /// Bounds of its low half.
    pub low: Range<W::Half>,
}

/// Operations that yield bounds. The others yield an unknown value.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BoundedOp {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    Lsh,
    Rsh,
    Arsh,
    Neg,
}

impl<W: Wide> Value<W> {
    /// Exactly `v`.
    pub fn exactly(v: W) -> Self {
        Value { bits: TnumOf::exactly(v), full: Range::exactly(v), low: Range::exactly(v.low()) }
    }

    /// Whether both are certainly the same value.
    #[inline]
    pub fn identical(&self, o: &Self) -> bool {
        self.bits.value.identical(o.bits.value)
            && self.bits.mask.identical(o.bits.mask)
            && self.full.identical(&o.full)
            && self.low.identical(&o.low)
    }

    /// Forgets all ranges, not the bits.
    pub fn forget_ranges(&mut self) {
        self.full = Range::unbounded(self.bits.value);
        self.low = Range::unbounded(self.bits.value.low());
    }

    /// Makes bits and ranges say what they can say of each other.
    pub fn sync(&mut self, rules: DomainRules) {
        // One value, and everything says so: there is nothing to learn.
        if self.identical(&Value::exactly(self.bits.value)) {
            return;
        }
        if !rules.joint {
            return self.sync_apart(rules);
        }
        if rules.circular {
            return self.sync_arcs();
        }
        self.learn_from_bits(rules);
        // Later deductions feed earlier ones; the kernel stops after three rounds. A round that changes nothing is
        // followed by others that change nothing.
        for _ in 0..3 {
            let before = *self;
            self.deduce_low_from_full();
            if rules.low_half_cut {
                self.low.deduce_signs();
            } else {
                self.low.deduce_signs_of_one_half();
            }
            if rules.whole_cut {
                self.full.deduce_signs();
            } else {
                self.full.deduce_signs_of_one_half();
            }
            self.deduce_full_from_low(rules);
            if self.identical(&before) {
                break;
            }
        }
        self.learn_bits_from_ranges();
        self.learn_from_bits(rules);
    }

    /// Ranges learn from known bits.
    pub fn learn_from_bits(&mut self, rules: DomainRules) {
        if rules.circular {
            return self.arcs_learn_from_bits();
        }
        self.low.learn_from_bits(self.bits.low());
        self.full.learn_from_bits(self.bits);
        if rules.step_through_tnum {
            self.meet_in_one_value();
        }
    }

    /// If bits and unsigned range have a single value in common, that is the value.
    pub fn meet_in_one_value(&mut self) {
        let (bits, umin, umax) = (self.bits, self.full.umin, self.full.umax);
        let next = bits.step(umin);
        let umin_fits = umin.and(bits.mask.not()).is(bits.value);
        if umin_fits.decide() {
            if umax.ult(next).decide() {
                *self = Value::exactly(umin);
            }
        } else if next.is(bits.max()).decide() {
            *self = Value::exactly(bits.max());
        } else if next.ule(umax).decide() && umax.ult(bits.step(next)).decide() {
            *self = Value::exactly(next);
        }
    }

    /// Where the high halves of the 64-bit bounds agree, or follow on each other across the 32-bit sign boundary, the
    /// low halves of the bounds are bounds of the low half.
    pub fn deduce_low_from_full(&mut self) {
        let high = |w: W| w.shr(half_bits(w));
        let f = self.full;
        let (umin, umax, smin, smax) = (f.umin.low(), f.umax.low(), f.smin.low(), f.smax.low());
        if high(f.umin).is(high(f.umax)).decide() {
            self.low.clamp_unsigned(umin, umax);
            if umin.sle(umax).decide() {
                self.low.clamp_signed(umin, umax);
            }
        }
        if high(f.smin).is(high(f.smax)).decide() {
            if smin.ule(smax).decide() {
                self.low.clamp_unsigned(smin, smax);
            }
            if smin.sle(smax).decide() {
                self.low.clamp_signed(smin, smax);
            }
        }
        // From x:ffff_fff0 to x+1:0000_0010 the low half runs from -16 to 16.
        let follows = |a: W, b: W| {
            let (ha, hb) = (high(a).low(), high(b).low());
            ha.add(ha.lit(1)).is(hb).and(a.low().negative()).and(b.low().negative().not())
        };
        if follows(f.umin, f.umax).decide() {
            self.low.clamp_signed(umin, umax);
        }
        if follows(f.smin, f.smax).decide() {
            self.low.clamp_signed(smin, smax);
        }
    }

    /// Bounds of the low half tighten the low halves of the 64-bit bounds.
    pub fn deduce_full_from_low(&mut self, rules: DomainRules) {
        let keep_high = W::zext(self.low.umin.ones()).not();
        let with_low = |w: W, h: W::Half| w.and(keep_high).or(W::zext(h));
        let l = self.low;
        let f = &mut self.full;
        f.clamp_unsigned(with_low(f.umin, l.umin), with_low(f.umax, l.umax));
        f.clamp_signed(with_low(f.smin, l.umin), with_low(f.smax, l.umax));
        if rules.mixed_from_s32 && l.smin.ule(l.smax).decide() {
            f.clamp_unsigned(with_low(f.umin, l.smin), with_low(f.umax, l.smax));
            f.clamp_signed(with_low(f.smin, l.smin), with_low(f.smax, l.smax));
        }
        // A value that fits 32 signed bits and whose low half is not negative has no high half: the negative values
        // that share such low halves lie below the 32-bit minimum.
        let s32_min = W::sext(l.smin.sign());
        let s32_max = W::zext(l.smin.signed_max());
        let fits = s32_min.sle(f.smin).and(f.smax.sle(s32_max));
        if l.smin.negative().not().and(fits).decide() {
            let (min, max) = (W::sext(l.smin), W::sext(l.smax));
            *f = Range::of(min, max, min, max);
            self.bits = self.bits.intersect(TnumOf::range(min, max));
        }
    }

    /// Known bits learn from ranges.
    pub fn learn_bits_from_ranges(&mut self) {
        let bits = self.bits.intersect(TnumOf::range(self.full.umin, self.full.umax));
        let low = bits.low().intersect(TnumOf::range(self.low.umin, self.low.umax));
        self.bits = bits.with_low(low);
    }

    /// The high half becomes zero. Bounds are not yet in step.
    pub fn zext(&mut self) {
        self.bits = TnumOf::zext(self.bits.low());
        let l = self.low;
        self.full.forget_around();
        (self.full.umin, self.full.umax) = (W::zext(l.umin), W::zext(l.umax));
        if l.smin.negative().or(l.smax.negative()).decide() {
            let zero = self.full.umin.zero();
            (self.full.smin, self.full.smax) = (zero, W::zext(l.umin.ones()));
        } else {
            (self.full.smin, self.full.smax) = (W::zext(l.smin), W::zext(l.smax));
        }
    }

    /// Keeps `size` < 8 bytes.
    pub fn truncate(&mut self, size: u32, rules: DomainRules) {
        self.truncate_loose(size);
        if rules.joint {
            self.sync(rules);
        } else if size < 4 {
            self.low_from_full_apart(rules);
        }
    }

    /// Truncates without bringing bounds and bits in step.
    pub fn truncate_loose(&mut self, size: u32) {
        let keep = self.bits.value.lit((1u64 << (size * 8)) - 1);
        self.bits = self.bits.masked(keep);
        let f = &mut self.full;
        f.forget_around();
        if f.umin.and(keep.not()).is(f.umax.and(keep.not())).decide() {
            (f.umin, f.umax) = (f.umin.and(keep), f.umax.and(keep));
        } else {
            (f.umin, f.umax) = (keep.zero(), keep);
        }
        (f.smin, f.smax) = (f.umin, f.umax);
        if size < 4 {
            self.low = Range::unbounded(self.low.umin);
        }
    }

    /// Sign-extends the low `size` bytes to 64 bits.
    pub fn sign_extend(&mut self, size: u32) {
        if self.bits.known().decide() {
            *self = Value::exactly(extend(self.bits.value, size));
            return;
        }
        let n = self.bits.value.lit(u64::from(size * 8));
        let top = |w: W| w.shr(n);
        if top(self.full.smin).is(top(self.full.smax)).decide() {
            let (a, b) = (extend(self.full.smin, size), extend(self.full.smax, size));
            if a.xor(b).negative().not().decide() {
                let (min, max) = (a.smin(b), a.smax(b));
                self.full = Range::of(min, max, min, max);
                let (l, h) = (min.low(), max.low());
                self.low = Range::of(l, h, l, h);
                self.bits = TnumOf::range(min, max);
                return;
            }
        }
        let smallest = extend(n.lit(1u64 << (size * 8 - 1)), size);
        let largest = smallest.not();
        *self = Value {
            bits: TnumOf::unknown(n),
            full: Range { smin: smallest, smax: largest, ..Range::unbounded(n) },
            low: Range { smin: smallest.low(), smax: largest.low(), ..Range::unbounded(n.low()) },
        };
    }

    /// Sign-extends the low `size` < 4 bytes to 32 bits; the caller zero-extends.
    pub fn sign_extend_low(&mut self, size: u32) {
        if self.bits.known().decide() {
            let v = extend(self.bits.value.low(), size);
            self.bits = TnumOf::exactly(W::sext(v));
            self.low = Range::exactly(v);
            return;
        }
        let n = self.low.umin.lit(u64::from(size * 8));
        let top = |w: W::Half| w.shr(n);
        if top(self.low.smin).is(top(self.low.smax)).decide() {
            let (a, b) = (extend(self.low.smin, size), extend(self.low.smax, size));
            if a.xor(b).negative().not().decide() {
                let (min, max) = (a.smin(b), a.smax(b));
                self.low = Range::of(min, max, min, max);
                self.bits = TnumOf::zext(TnumOf::range(min, max));
                return;
            }
        }
        let smallest = extend(n.lit(1u64 << (size * 8 - 1)), size);
        self.low = Range { smin: smallest, smax: smallest.not(), ..Range::unbounded(n) };
        self.bits = TnumOf::zext(TnumOf::unknown(n));
    }

    /// The low half becomes `v`.
    pub fn set_low_known(&mut self, v: W::Half) {
        self.bits = self.bits.with_low(TnumOf::exactly(v));
        self.low = Range::exactly(v);
    }

    /// Adds without bringing bounds and bits in step.
    pub fn add_loose(&mut self, o: &Self, rules: DomainRules) {
        self.low.add(&o.low, rules);
        self.full.add(&o.full, rules);
        self.bits = self.bits.add(o.bits);
    }

    /// One operation on bounds and bits. With `half`, the instruction is a 32-bit one and the result is zero-extended.
    /// A shift wants an amount that is known and below the width.
    #[inline]
    pub fn apply(&mut self, op: BoundedOp, o: &Self, half: bool, rules: DomainRules) {
        if self.apply_loose(op, o, half, rules) {
            self.learn_from_bits(rules);
        }
        if half {
            self.zext();
        }
        self.sync(rules);
    }

    /// The operation on bits and ranges alone. Returns whether the ranges then learn from the bits, before anything else.
    pub fn apply_loose(&mut self, op: BoundedOp, o: &Self, half: bool, rules: DomainRules) -> bool {
        match op {
            BoundedOp::Add => self.add_loose(o, rules),
            BoundedOp::Sub => self.sub_loose(o, rules),
            BoundedOp::Neg => {
                let old = *self;
                *self = Value::exactly(old.bits.value.zero());
                self.sub_loose(&old, rules);
            }
            BoundedOp::Mul => {
                self.bits = self.bits.mul(o.bits, rules.mul_by_union);
                self.low.mul(&o.low, rules);
                self.full.mul(&o.full, rules);
            }
            BoundedOp::And | BoundedOp::Or | BoundedOp::Xor => return self.bitwise(op, o, rules),
            BoundedOp::Lsh | BoundedOp::Rsh | BoundedOp::Arsh if half => self.shift_low(op, o.low.umin),
            BoundedOp::Lsh | BoundedOp::Rsh | BoundedOp::Arsh => {
                self.shift_full(op, o.full.umin, rules);
                return true;
            }
        }
        false
    }

    fn sub_loose(&mut self, o: &Self, rules: DomainRules) {
        self.low.sub(&o.low, rules);
        self.full.sub(&o.full, rules);
        self.bits = self.bits.sub(o.bits);
    }

    /// Bitwise operations take their minima and maxima from the known bits of the result. Returns whether something is
    /// left to learn from them.
    fn bitwise(&mut self, op: BoundedOp, o: &Self, rules: DomainRules) -> bool {
        self.bits = match op {
            BoundedOp::And => self.bits.and(o.bits),
            BoundedOp::Or => self.bits.or(o.bits),
            _ => self.bits.xor(o.bits),
        };
        let low = self.bits.low();
        if low.known().and(o.bits.low().known()).decide() {
            self.low = Range::exactly(low.value);
        } else {
            match op {
                BoundedOp::And => self.low.and(&o.low, low, rules),
                BoundedOp::Or => self.low.or(&o.low, low, rules),
                _ => self.low.xor(&o.low, low, rules),
            }
        }
        if self.bits.known().and(o.bits.known()).decide() {
            *self = Value::exactly(self.bits.value);
            return false;
        }
        match op {
            BoundedOp::And => self.full.and(&o.full, self.bits, rules),
            BoundedOp::Or => self.full.or(&o.full, self.bits, rules),
            _ => self.full.xor(&o.full, self.bits, rules),
        }
        true
    }

    /// A shift of the low half by a known amount.
    fn shift_low(&mut self, op: BoundedOp, n: W::Half) {
        let bits = self.bits.low();
        let bits = match op {
            BoundedOp::Lsh => {
                self.low.forget_signed();
                self.low.shl_unsigned(n);
                bits.shl(n)
            }
            BoundedOp::Rsh => {
                self.low.shr(n);
                bits.shr(n)
            }
            _ => {
                self.low.sar(n);
                bits.sar(n)
            }
        };
        self.bits = TnumOf::zext(bits);
        self.full = Range::unbounded(self.bits.value);
        self.low.learn_from_bits(bits);
    }

    /// A shift of the whole by a known amount.
    fn shift_full(&mut self, op: BoundedOp, n: W, rules: DomainRules) {
        match op {
            BoundedOp::Lsh => {
                // `<< 32` then `s>> 32` is how compilers sign-extend: the low half's signed bounds become the high's.
                let low = self.low;
                self.full.forget_signed();
                if n.is(half_bits(n)).decide() {
                    if rules.half_shift_signs || low.smin.negative().not().decide() {
                        self.full.smin = W::zext(low.smin).shl(n);
                    }
                    if rules.half_shift_signs || low.smax.negative().not().decide() {
                        self.full.smax = W::zext(low.smax).shl(n);
                    }
                }
                self.full.shl_unsigned(n);
                self.low.forget_signed();
                if n.ult(half_bits(n)).decide() {
                    self.low.shl_unsigned(n.low());
                } else {
                    self.low.forget_unsigned();
                }
                self.bits = self.bits.shl(n);
            }
            BoundedOp::Rsh => {
                self.full.shr(n);
                self.low = Range::unbounded(self.low.umin);
                self.bits = self.bits.shr(n);
            }
            _ => {
                self.full.sar(n);
                self.low = Range::unbounded(self.low.umin);
                self.bits = self.bits.sar(n);
            }
        }
    }

    /// Reverses the low `size` bytes and keeps only them; bounds are forgotten.
    pub fn swap_bytes(&mut self, size: u32) {
        let n = self.bits.value.lit(u64::from(64 - size * 8));
        let turned = |w: W| w.swap_bytes().shr(n);
        self.bits = TnumOf { value: turned(self.bits.value), mask: turned(self.bits.mask) };
        self.forget_ranges();
    }

    /// Reverses the bytes of the low `size` bytes (2, 4 or 8) and truncates to them, or only truncates.
    pub fn byte_order(&mut self, size: u32, swap: bool, rules: DomainRules) {
        if swap {
            self.swap_bytes(size);
        }
        if size < 8 {
            self.truncate(size, rules);
        }
        self.sync(rules);
    }
}

/// The width of the half, as a word.
fn half_bits<W: Wide>(w: W) -> W {
    w.lit(u64::from(<W::Half as Word>::BITS))
}

/// Sign-extends the low `size` bytes of a word to its width.
fn extend<W: Word>(w: W, size: u32) -> W {
    crate::isa::semantics::sign_extend(w, size * 8)
}
