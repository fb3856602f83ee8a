//! Words of a few bits, small enough to try everything.
//!
//! The operators of the domain are generic over words, so what is shown by enumeration here is shown of the shipped
//! code. Used by tests and by the proofs of the domain.

use crate::isa::word::{Wide, Word};

/// A word of `N` bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tiny<const N: u32>(pub u8);

impl<const N: u32> Tiny<N> {
    const MASK: u8 = ((1u32 << N) - 1) as u8;
    /// The low bits of a number.
    pub fn new(v: i32) -> Self {
        Tiny(v as u8 & Self::MASK)
    }
    fn signed(self) -> i32 {
        let v = i32::from(self.0);
        if v >> (N - 1) == 0 { v } else { v - (1 << N) }
    }
    /// Every word of this width.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..1 << N).map(Self::new)
    }
}

impl<const N: u32> Word for Tiny<N> {
    type Bool = bool;
    const BITS: u32 = N;
    fn lit(self, v: u64) -> Self {
        Self::new(v as i32)
    }
    fn add(self, o: Self) -> Self {
        Self::new(i32::from(self.0) + i32::from(o.0))
    }
    fn sub(self, o: Self) -> Self {
        Self::new(i32::from(self.0) - i32::from(o.0))
    }
    fn mul(self, o: Self) -> Self {
        Self::new(i32::from(self.0) * i32::from(o.0))
    }
    fn and(self, o: Self) -> Self {
        Tiny(self.0 & o.0)
    }
    fn or(self, o: Self) -> Self {
        Tiny(self.0 | o.0)
    }
    fn xor(self, o: Self) -> Self {
        Tiny(self.0 ^ o.0)
    }
    fn not(self) -> Self {
        Tiny(!self.0 & Self::MASK)
    }
    fn shl(self, n: Self) -> Self {
        Self::new(i32::from(self.0) << n.0)
    }
    fn shr(self, n: Self) -> Self {
        Self::new(i32::from(self.0) >> n.0)
    }
    fn sar(self, n: Self) -> Self {
        Self::new(self.signed() >> n.0)
    }
    fn is(self, o: Self) -> bool {
        self == o
    }
    fn identical(self, o: Self) -> bool {
        self == o
    }
    fn ult(self, o: Self) -> bool {
        self.0 < o.0
    }
    fn slt(self, o: Self) -> bool {
        self.signed() < o.signed()
    }
    fn select(c: bool, a: Self, b: Self) -> Self {
        if c { a } else { b }
    }
    fn umul_overflows(self, o: Self) -> bool {
        u32::from(self.0) * u32::from(o.0) > u32::from(Self::MASK)
    }
    fn smul_overflows(self, o: Self) -> bool {
        let p = self.signed() * o.signed();
        p < -(1 << (N - 1)) || p >= 1 << (N - 1)
    }
    fn swap_bytes(self) -> Self {
        self
    }
    fn udiv(self, o: Self) -> Self {
        Tiny(self.0 / o.0)
    }
    fn urem(self, o: Self) -> Self {
        Tiny(self.0 % o.0)
    }
    fn sdiv(self, o: Self) -> Self {
        Self::new(self.signed() / o.signed())
    }
    fn srem(self, o: Self) -> Self {
        Self::new(self.signed() % o.signed())
    }
}

macro_rules! halves {
    ($($whole:literal: $half:literal),*) => {$(
        impl Wide for Tiny<$whole> {
            type Half = Tiny<$half>;
            fn low(self) -> Tiny<$half> {
                Tiny::new(i32::from(self.0))
            }
            fn zext(h: Tiny<$half>) -> Self {
                Tiny(h.0)
            }
            fn sext(h: Tiny<$half>) -> Self {
                Self::new(h.signed())
            }
        }
    )*};
}

halves!(6: 3, 4: 2);
