//! What the analysis keeps of a 64-bit value: the concrete form of [`Value`], with the fields that the log shows.
//!
//! In the kernel: `tnum_is_const(reg->var_off)`, `is_reg_const()`, `reg_const_value()`, `get_reg_width()`,
//! `reg_bounds_sync()`, `__mark_reg_unbounded()`, `__mark_reg32_unbounded()`, `zext_32_to_64()`,
//! `coerce_reg_to_size()`, `coerce_reg_to_size_sx()`, `coerce_subreg_to_size_sx()`, `__mark_reg32_known()`,
//! `adjust_scalar_min_max_vals()`, `sync_linked_regs()`, `scalar_byte_swap()`, `is_scalar_branch_taken()`,
//! `regs_refine_cond_op()`, `__mark_reg_s32_range()`, `reg_bounds_sanity_check()`.

use crate::isa::semantics::CmpOp;

use super::arc::Arc;
use super::branch;
use super::range::Range;
use super::rules::DomainRules;
use super::tnum::Tnum;
use super::value::{BoundedOp, Value};

/// What is known of a 64-bit value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct Scalar {
    /// Known bits.
    pub var_off: Tnum,
    pub smin: i64,
    pub smax: i64,
    pub umin: u64,
    pub umax: u64,
    pub s32_min: i32,
    pub s32_max: i32,
    pub u32_min: u32,
    pub u32_max: u32,
    /// What is left of the circle of words where neither reading has bounds, see [`Range::around`].
    pub around: Arc<u64>,
    /// The same of the low half.
    pub low_around: Arc<u32>,
}

impl From<Scalar> for Value<u64> {
    #[inline]
    fn from(s: Scalar) -> Value<u64> {
        Value {
            bits: s.var_off,
            full: Range { umin: s.umin, umax: s.umax, smin: s.smin as u64, smax: s.smax as u64, around: s.around },
            low: Range {
                umin: s.u32_min,
                umax: s.u32_max,
                smin: s.s32_min as u32,
                smax: s.s32_max as u32,
                around: s.low_around,
            },
        }
    }
}

impl From<Value<u64>> for Scalar {
    #[inline]
    fn from(v: Value<u64>) -> Scalar {
        Scalar {
            var_off: v.bits,
            smin: v.full.smin as i64,
            smax: v.full.smax as i64,
            umin: v.full.umin,
            umax: v.full.umax,
            s32_min: v.low.smin as i32,
            s32_max: v.low.smax as i32,
            u32_min: v.low.umin,
            u32_max: v.low.umax,
            around: v.full.around,
            low_around: v.low.around,
        }
    }
}

/// Which division.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Division {
    /// Operands are read with their sign.
    pub signed: bool,
    /// The remainder, not the quotient.
    pub remainder: bool,
}

/// What is known of a quotient or remainder.
enum Quotient {
    Same,
    Zero,
    Unsigned(u64, u64),
    Signed(i64, i64),
}

impl Division {
    /// Bounds of the result: of signed and unsigned bounds of what is divided, by a number in both readings.
    fn of(self, s: (i64, i64), u: (u64, u64), by: i64, by_unsigned: u64, bits: u32) -> Quotient {
        if by_unsigned == 0 {
            return if self.remainder { Quotient::Same } else { Quotient::Zero };
        }
        let smallest = i64::MIN >> (64 - bits);
        match (self.signed, self.remainder) {
            (false, false) => Quotient::Unsigned(u.0 / by_unsigned, u.1 / by_unsigned),
            (false, true) if u.1 < by_unsigned => Quotient::Same,
            (false, true) => Quotient::Unsigned(0, u.1.min(by_unsigned - 1)),
            // The smallest number has no opposite: it stays itself, and all others turn around.
            (true, false) if s.0 == smallest && by == -1 => {
                if s.1 == smallest {
                    Quotient::Signed(smallest, smallest)
                } else {
                    Quotient::Signed(smallest, !smallest)
                }
            }
            (true, false) => {
                let ends = (s.0 / by, s.1 / by);
                Quotient::Signed(ends.0.min(ends.1), ends.0.max(ends.1))
            }
            // A remainder has the sign of what is divided, and is nearer to zero than the divisor.
            (true, true) => {
                let most = (by.unsigned_abs() - 1) as i64;
                if s.0 >= -most && s.1 <= most {
                    return Quotient::Same;
                }
                let low = if s.0 >= 0 {
                    0
                } else if s.1 <= 0 {
                    s.0.max(-most)
                } else {
                    -most
                };
                let high = if s.1 <= 0 {
                    0
                } else if s.0 >= 0 {
                    s.1.min(most)
                } else {
                    most
                };
                Quotient::Signed(low, high)
            }
        }
    }
}

impl Scalar {
    /// Nothing is known.
    pub const UNKNOWN: Scalar = Scalar {
        var_off: Tnum::UNKNOWN,
        smin: i64::MIN,
        smax: i64::MAX,
        umin: 0,
        umax: u64::MAX,
        s32_min: i32::MIN,
        s32_max: i32::MAX,
        u32_min: 0,
        u32_max: u32::MAX,
        around: Scalar::WHOLE,
        low_around: Arc { first: 0, more: u32::MAX },
    };
    /// All words.
    const WHOLE: Arc<u64> = Arc { first: 0, more: u64::MAX };

    /// Exactly `v`.
    pub const fn konst(v: u64) -> Scalar {
        Scalar {
            var_off: Tnum::konst(v),
            smin: v as i64,
            smax: v as i64,
            umin: v,
            umax: v,
            s32_min: v as i32,
            s32_max: v as i32,
            u32_min: v as u32,
            u32_max: v as u32,
            ..Scalar::UNKNOWN
        }
    }

    /// Whether the bits leave one value.
    pub const fn is_const(&self) -> bool {
        self.var_off.is_const()
    }

    /// The known value of the whole, or with `half` of the low half (zero-extended).
    pub const fn known(&self, half: bool) -> Option<u64> {
        if half {
            if self.var_off.is_low_const() { Some(self.var_off.value as u32 as u64) } else { None }
        } else if self.var_off.is_const() {
            Some(self.var_off.value)
        } else {
            None
        }
    }

    /// Number of bits that the largest value needs.
    pub const fn width(&self) -> u32 {
        64 - self.umax.leading_zeros()
    }

    fn edit(&mut self, f: impl FnOnce(&mut Value<u64>)) {
        let mut v = Value::from(*self);
        f(&mut v);
        *self = v.into();
    }

    /// Makes ranges and known bits agree.
    pub fn sync_bounds(&mut self, rules: DomainRules) {
        self.edit(|v| v.sync(rules));
    }

    /// Forgets the ranges, not the bits.
    pub fn forget_ranges(&mut self) {
        *self = Scalar { var_off: self.var_off, ..Scalar::UNKNOWN };
    }

    /// Forgets the ranges of the low half.
    pub fn forget_low_ranges(&mut self) {
        (self.s32_min, self.s32_max, self.u32_min, self.u32_max) = (i32::MIN, i32::MAX, 0, u32::MAX);
        self.low_around = Scalar::UNKNOWN.low_around;
    }

    /// The high half becomes zero; bounds are not yet in step.
    pub fn zext(&mut self) {
        self.edit(Value::zext);
    }

    /// Keeps `size` < 8 bytes.
    pub fn truncate(&mut self, size: u32, rules: DomainRules) {
        self.edit(|v| v.truncate(size, rules));
    }

    /// Sign-extends the low `size` bytes (1, 2 or 4).
    pub fn sign_extend(&mut self, size: u32) {
        self.edit(|v| v.sign_extend(size));
    }

    /// Sign-extends the low `size` bytes (1 or 2) to 32 bits; the caller zero-extends.
    pub fn sign_extend_low(&mut self, size: u32) {
        self.edit(|v| v.sign_extend_low(size));
    }

    /// The low half becomes `v`.
    pub fn set_low_known(&mut self, v: u32) {
        self.edit(|w| w.set_low_known(v));
    }

    /// One arithmetic operation.
    pub fn apply(&mut self, op: BoundedOp, src: &Scalar, half: bool, rules: DomainRules) {
        let src = Value::from(*src);
        self.edit(|v| v.apply(op, &src, half, rules));
    }

    /// Quotient or remainder by a known number, of which only the width asked counts. Dividing by zero gives zero, and the
    /// remainder by zero is the number itself.
    pub fn divide(&mut self, by: &Scalar, division: Division, half: bool, rules: DomainRules) {
        let known = if half {
            let range = (i64::from(self.s32_min), i64::from(self.s32_max));
            division.of(range, (self.u32_min.into(), self.u32_max.into()), by.s32_min.into(), by.u32_min.into(), 32)
        } else {
            division.of((self.smin, self.smax), (self.umin, self.umax), by.smin, by.umin, 64)
        };
        match known {
            Quotient::Same => {}
            Quotient::Zero => *self = Scalar::konst(0),
            Quotient::Unsigned(min, max) if half => {
                *self = Scalar { u32_min: min as u32, u32_max: max as u32, ..Scalar::UNKNOWN };
            }
            Quotient::Unsigned(umin, umax) => *self = Scalar { umin, umax, ..Scalar::UNKNOWN },
            Quotient::Signed(min, max) if half => {
                *self = Scalar { s32_min: min as i32, s32_max: max as i32, ..Scalar::UNKNOWN };
            }
            Quotient::Signed(smin, smax) => *self = Scalar { smin, smax, ..Scalar::UNKNOWN },
        }
        if half {
            // The ranges of the low half must read alike before they become those of the whole.
            self.edit(|v| {
                v.low.deduce_signs();
                v.zext();
            });
        }
        self.sync_bounds(rules);
    }

    /// Adds a constant without bringing bounds and bits in step.
    pub fn add_loose(&mut self, delta: u64, rules: DomainRules) {
        self.edit(|v| v.add_loose(&Value::exactly(delta), rules));
    }

    /// Moves a place by a number: the low half is known from its bits alone.
    pub fn move_loose(&mut self, by: &Scalar, back: bool, rules: DomainRules) {
        let op = if back { BoundedOp::Sub } else { BoundedOp::Add };
        let by = Value::from(*by);
        self.edit(|v| {
            v.apply_loose(op, &by, false, rules);
        });
        self.forget_low_ranges();
        self.edit(|v| v.learn_from_bits(rules));
    }

    /// Swaps (or only truncates) bytes.
    pub fn byte_order(&mut self, size: u32, swap: bool, rules: DomainRules) {
        self.edit(|v| v.byte_order(size, swap, rules));
    }

    /// Which way `self op other` must go.
    pub fn branch_taken(&self, other: &Scalar, op: CmpOp, half: bool) -> Option<bool> {
        branch::branch_taken(&Value::from(*self), &Value::from(*other), op, half)
    }

    /// Which way `self op self` must go: a register beside itself.
    pub fn beside_itself(&self, op: CmpOp, half: bool) -> Option<bool> {
        branch::beside_itself(&Value::from(*self), op, half)
    }

    /// Whether some range has no value.
    pub const fn is_empty(&self) -> bool {
        self.umin > self.umax || self.smin > self.smax || self.u32_min > self.u32_max || self.s32_min > self.s32_max
    }

    /// Which way `self op v` must go, `v` being a constant, where bounds are kept apart.
    pub fn taken_beside_constant(&self, op: CmpOp, v: u64, half: bool, rules: DomainRules) -> Option<bool> {
        Value::from(*self).taken_beside_constant(op, v, half, rules)
    }

    /// Narrows to where `self op v` holds, `v` being a constant, where bounds are kept apart.
    pub fn learn_beside_constant(&mut self, op: CmpOp, v: u64, half: bool, rules: DomainRules) {
        self.edit(|w| w.learn_beside_constant(op, v, half, rules));
    }

    /// Two values that are equal have what is known of either, where bounds are kept apart.
    pub fn learn_equal(a: &mut Scalar, b: &mut Scalar, rules: DomainRules) {
        let (mut x, mut y) = (Value::from(*a), Value::from(*b));
        Value::learn_equal(&mut x, &mut y, rules);
        (*a, *b) = (x.into(), y.into());
    }

    /// Narrows both to where `a op b` holds, and makes their bounds agree.
    pub fn refine(a: &mut Scalar, b: &mut Scalar, op: CmpOp, half: bool, rules: DomainRules) {
        let (mut x, mut y) = (Value::from(*a), Value::from(*b));
        branch::refine(&mut x, &mut y, op, half, rules);
        x.sync(rules);
        y.sync(rules);
        (*a, *b) = (x.into(), y.into());
    }

    /// The same where both operands are one register: it learns what either side learns, and is brought in step twice.
    pub fn refine_with_itself(&mut self, op: CmpOp, half: bool, rules: DomainRules) {
        let mut v = Value::from(*self);
        branch::refine_with_itself(&mut v, op, half, rules);
        v.sync(rules);
        v.sync(rules);
        *self = v.into();
    }

    /// Intersects with a signed 32-bit range.
    pub fn clamp_s32(&mut self, min: i32, max: i32, rules: DomainRules) {
        self.s32_min = self.s32_min.max(min);
        self.s32_max = self.s32_max.min(max);
        self.smin = self.smin.max(i64::from(min));
        self.smax = self.smax.min(i64::from(max));
        self.sync_bounds(rules);
    }

    /// Which invariant does not hold, in the kernel's words.
    pub fn contradiction(&self) -> Option<&'static str> {
        if self.is_empty() {
            return Some("range bounds violation");
        }
        if self.var_off.is_const() {
            let v = self.var_off.value;
            if self.umin != v || self.umax != v || self.smin != v as i64 || self.smax != v as i64 {
                return Some("const tnum out of sync with range bounds");
            }
        }
        if self.var_off.is_low_const() {
            let v = self.var_off.value as u32;
            if self.u32_min != v || self.u32_max != v || self.s32_min != v as i32 || self.s32_max != v as i32 {
                return Some("const subreg tnum out of sync with range bounds");
            }
        }
        None
    }

    /// The values on the circle of words, as one arc.
    pub fn around_words(&self) -> Arc<u64> {
        Value::from(*self).full.arc().unwrap_or(self.around)
    }

    /// The same of the low half.
    pub fn low_around_words(&self) -> Arc<u32> {
        Value::from(*self).low.arc().unwrap_or(self.low_around)
    }

    /// Whether `v` is one of the values.
    pub fn contains(&self, v: u64) -> bool {
        self.var_off.has(v)
            && (self.umin..=self.umax).contains(&v)
            && (self.smin..=self.smax).contains(&(v as i64))
            && (self.u32_min..=self.u32_max).contains(&(v as u32))
            && (self.s32_min..=self.s32_max).contains(&(v as i32))
            && self.around.has(v)
            && self.low_around.has(v as u32)
    }
}
