//! In what the abstract operators of releases differ.

/// Which variant of an operator a release has. The profiles of kernels say which; see `kernel::Features` for the
/// releases and changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DomainRules {
    /// Known bits of a product: merge both outcomes of an unknown multiplier bit.
    pub mul_by_union: bool,
    /// Known bits and an unsigned range that meet in a single value make the value known.
    pub step_through_tnum: bool,
    /// Signed bounds of the low half narrow the bounds of the whole where they read the same unsigned.
    pub mixed_from_s32: bool,
    /// Sums and differences that all wrap keep their unsigned bounds.
    pub wrapping_add_sub: bool,
    /// Products of signed ranges have bounds.
    pub signed_mul: bool,
    /// Bounds of both widths inform each other, and any two ranges can be compared; see [`super::apart`] for before.
    pub joint: bool,
    /// Bits of the low half are learnt from the bounds of the whole, too.
    pub low_bits_from_whole: bool,
    /// A constant outside of a value's range is not equal to it (only asked where bounds are not joint).
    pub equality_by_range: bool,
    /// Operands that are not constants leave bounds in products, `|` and `^`.
    pub unknown_operands: bool,
    /// Bitwise operations have signed bounds whenever the unsigned ones do not cross the sign boundary.
    pub bitwise_signs: bool,
    /// A shift by half the width keeps negative bounds of the low half, too.
    pub half_shift_signs: bool,
    /// A range is one arc of the circle of all words, read both ways; see [`super::arc`].
    pub circular: bool,
    /// Of a low half that crosses from -1 to 0, the end that the unsigned range does not meet is cut off.
    pub low_half_cut: bool,
    /// The same of the whole.
    pub whole_cut: bool,
}

impl DomainRules {
    /// The rules of Linux 6.12.
    pub const V6_12: DomainRules = DomainRules {
        mul_by_union: false,
        step_through_tnum: false,
        mixed_from_s32: true,
        wrapping_add_sub: false,
        signed_mul: false,
        joint: true,
        low_bits_from_whole: true,
        equality_by_range: true,
        unknown_operands: true,
        bitwise_signs: true,
        half_shift_signs: true,
        circular: false,
        low_half_cut: true,
        whole_cut: true,
    };

    /// Ranges on a circle, as from Linux 7.1 on.
    pub const V7_1: DomainRules = DomainRules { circular: true, ..DomainRules::V6_18 };

    /// The newest variant of every operator, as in Linux 6.18.
    pub const V6_18: DomainRules = DomainRules {
        mul_by_union: true,
        step_through_tnum: true,
        mixed_from_s32: false,
        wrapping_add_sub: true,
        signed_mul: true,
        ..DomainRules::V6_12
    };
}
