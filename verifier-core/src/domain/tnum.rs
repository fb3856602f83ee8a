//! Known bits.

/// A set of 64-bit values given by known bits: bit i is unknown where `mask` has it, else it is bit i of `value`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tnum {
    /// Known bits.
    pub value: u64,
    /// Unknown bits.
    pub mask: u64,
}

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
}
