//! Words to compute with: concrete ones, or symbols.
//!
//! What an instruction does ([`super::semantics`]) and what the abstract operators do (`domain`) is written once, over
//! this trait. Concrete words (`u64`, `u32`) run the analysis and
//! programs; symbolic words let a solver ask about the very same code. A symbolic word cannot branch, so every branch
//! goes through [`Truth::decide`], which a symbolic instance answers from a tape of decisions, one run for each path.

/// A truth value of a comparison.
pub trait Truth: Copy {
    /// Which way to go. Concrete truth answers with itself.
    fn decide(self) -> bool;
    /// Conjunction, without branching.
    fn and(self, other: Self) -> Self;
    /// Disjunction, without branching.
    fn or(self, other: Self) -> Self;
    /// Negation.
    fn not(self) -> Self;
}

impl Truth for bool {
    fn decide(self) -> bool {
        self
    }
    fn and(self, other: bool) -> bool {
        self & other
    }
    fn or(self, other: bool) -> bool {
        self | other
    }
    fn not(self) -> bool {
        !self
    }
}

/// A word of fixed width, with both readings: unsigned, and signed in two's complement. Arithmetic wraps.
pub trait Word: Copy {
    /// Truth of a comparison.
    type Bool: Truth;
    /// Bits of the word.
    const BITS: u32;

    /// A literal, truncated to the width. Made from a word, so that symbolic literals find their context.
    fn lit(self, v: u64) -> Self;
    /// Sum.
    fn add(self, o: Self) -> Self;
    /// Difference.
    fn sub(self, o: Self) -> Self;
    /// Product.
    fn mul(self, o: Self) -> Self;
    /// Bitwise and.
    fn and(self, o: Self) -> Self;
    /// Bitwise or.
    fn or(self, o: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, o: Self) -> Self;
    /// Complement.
    fn not(self) -> Self;
    /// Left shift by less than the width.
    fn shl(self, n: Self) -> Self;
    /// Logical right shift by less than the width.
    fn shr(self, n: Self) -> Self;
    /// Arithmetic right shift by less than the width.
    fn sar(self, n: Self) -> Self;
    /// Equality.
    fn is(self, o: Self) -> Self::Bool;
    /// Whether both are certainly the same word, without a decision. Symbols say no.
    fn identical(self, _o: Self) -> bool {
        false
    }
    /// Unsigned less-than.
    fn ult(self, o: Self) -> Self::Bool;
    /// Signed less-than.
    fn slt(self, o: Self) -> Self::Bool;
    /// `a` where `c` holds, else `b`, without branching.
    fn select(c: Self::Bool, a: Self, b: Self) -> Self;
    /// Whether the unsigned product does not fit.
    fn umul_overflows(self, o: Self) -> Self::Bool;
    /// Whether the signed product does not fit.
    fn smul_overflows(self, o: Self) -> Self::Bool;
    /// Bytes in reverse order.
    fn swap_bytes(self) -> Self;
    /// Unsigned quotient by a divisor that is not zero.
    fn udiv(self, o: Self) -> Self;
    /// Unsigned remainder by a divisor that is not zero.
    fn urem(self, o: Self) -> Self;
    /// Signed quotient, towards zero, by a divisor that is not zero. The smallest value by -1 is itself.
    fn sdiv(self, o: Self) -> Self;
    /// Signed remainder, with the sign of the dividend, by a divisor that is not zero.
    fn srem(self, o: Self) -> Self;

    /// Unsigned less-or-equal.
    fn ule(self, o: Self) -> Self::Bool {
        o.ult(self).not()
    }
    /// Signed less-or-equal.
    fn sle(self, o: Self) -> Self::Bool {
        o.slt(self).not()
    }
    /// Larger, unsigned.
    fn umax(self, o: Self) -> Self {
        Self::select(self.ult(o), o, self)
    }
    /// Smaller, unsigned.
    fn umin(self, o: Self) -> Self {
        Self::select(o.ult(self), o, self)
    }
    /// Larger, signed.
    fn smax(self, o: Self) -> Self {
        Self::select(self.slt(o), o, self)
    }
    /// Smaller, signed.
    fn smin(self, o: Self) -> Self {
        Self::select(o.slt(self), o, self)
    }
    /// Zero.
    fn zero(self) -> Self {
        self.lit(0)
    }
    /// All bits set.
    fn ones(self) -> Self {
        self.lit(u64::MAX)
    }
    /// Only the sign bit set: the smallest signed value.
    fn sign(self) -> Self {
        self.lit(1u64 << (Self::BITS - 1))
    }
    /// The largest signed value.
    fn signed_max(self) -> Self {
        self.sign().not()
    }
    /// Negative in the signed reading.
    fn negative(self) -> Self::Bool {
        self.slt(self.zero())
    }
    /// Every bit at or below the highest set bit.
    fn smear(self) -> Self {
        let mut w = self;
        let mut n = 1;
        while n < Self::BITS {
            w = w.or(w.shr(w.lit(u64::from(n))));
            n *= 2;
        }
        w
    }
    /// Whether the unsigned sum wraps.
    fn uadd_overflows(self, o: Self) -> Self::Bool {
        self.add(o).ult(self)
    }
    /// Whether the signed sum wraps: operands of one sign, a sum of the other.
    fn sadd_overflows(self, o: Self) -> Self::Bool {
        let sum = self.add(o);
        self.xor(sum).and(o.xor(sum)).negative()
    }
    /// Whether the signed difference wraps: operands of different sign, a difference of the subtrahend's.
    fn ssub_overflows(self, o: Self) -> Self::Bool {
        self.xor(o).and(self.xor(self.sub(o))).negative()
    }
}

/// A 64-bit word and its low half.
pub trait Wide: Word {
    /// The half.
    type Half: Word<Bool = Self::Bool>;
    /// The low half.
    fn low(self) -> Self::Half;
    /// The half, zero-extended.
    fn zext(h: Self::Half) -> Self;
    /// The half, sign-extended.
    fn sext(h: Self::Half) -> Self;
}

macro_rules! concrete {
    ($U:ty, $S:ty) => {
        impl Word for $U {
            type Bool = bool;
            const BITS: u32 = <$U>::BITS;
            #[inline(always)]
            fn lit(self, v: u64) -> $U {
                v as $U
            }
            #[inline(always)]
            fn add(self, o: $U) -> $U {
                self.wrapping_add(o)
            }
            #[inline(always)]
            fn sub(self, o: $U) -> $U {
                self.wrapping_sub(o)
            }
            #[inline(always)]
            fn mul(self, o: $U) -> $U {
                self.wrapping_mul(o)
            }
            #[inline(always)]
            fn and(self, o: $U) -> $U {
                self & o
            }
            #[inline(always)]
            fn or(self, o: $U) -> $U {
                self | o
            }
            #[inline(always)]
            fn xor(self, o: $U) -> $U {
                self ^ o
            }
            #[inline(always)]
            fn not(self) -> $U {
                !self
            }
            #[inline(always)]
            fn shl(self, n: $U) -> $U {
                self.wrapping_shl(n as u32)
            }
            #[inline(always)]
            fn shr(self, n: $U) -> $U {
                self.wrapping_shr(n as u32)
            }
            #[inline(always)]
            fn sar(self, n: $U) -> $U {
                (self as $S).wrapping_shr(n as u32) as $U
            }
            #[inline(always)]
            fn is(self, o: $U) -> bool {
                self == o
            }
            #[inline(always)]
            fn identical(self, o: $U) -> bool {
                self == o
            }
            #[inline(always)]
            fn ult(self, o: $U) -> bool {
                self < o
            }
            #[inline(always)]
            fn slt(self, o: $U) -> bool {
                (self as $S) < (o as $S)
            }
            #[inline(always)]
            fn select(c: bool, a: $U, b: $U) -> $U {
                if c { a } else { b }
            }
            #[inline(always)]
            fn umul_overflows(self, o: $U) -> bool {
                self.checked_mul(o).is_none()
            }
            #[inline(always)]
            fn smul_overflows(self, o: $U) -> bool {
                (self as $S).checked_mul(o as $S).is_none()
            }
            #[inline(always)]
            fn swap_bytes(self) -> $U {
                <$U>::swap_bytes(self)
            }
            #[inline(always)]
            fn udiv(self, o: $U) -> $U {
                self.checked_div(o).unwrap_or(0)
            }
            #[inline(always)]
            fn urem(self, o: $U) -> $U {
                self.checked_rem(o).unwrap_or(self)
            }
            #[inline(always)]
            fn sdiv(self, o: $U) -> $U {
                if o == 0 { 0 } else { (self as $S).wrapping_div(o as $S) as $U }
            }
            #[inline(always)]
            fn srem(self, o: $U) -> $U {
                if o == 0 { self } else { (self as $S).wrapping_rem(o as $S) as $U }
            }
        }
    };
}

concrete!(u64, i64);
concrete!(u32, i32);

impl Wide for u64 {
    type Half = u32;
    #[inline(always)]
    fn low(self) -> u32 {
        self as u32
    }
    #[inline(always)]
    fn zext(h: u32) -> u64 {
        u64::from(h)
    }
    #[inline(always)]
    fn sext(h: u32) -> u64 {
        h as i32 as i64 as u64
    }
}
