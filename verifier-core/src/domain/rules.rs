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
}

impl DomainRules {
    /// The rules of Linux 6.12.
    pub const V6_12: DomainRules = DomainRules {
        mul_by_union: false,
        step_through_tnum: false,
        mixed_from_s32: true,
        wrapping_add_sub: false,
        signed_mul: false,
    };

    /// The newest variant of every operator, as in Linux 6.18.
    pub const V6_18: DomainRules = DomainRules {
        mul_by_union: true,
        step_through_tnum: true,
        mixed_from_s32: false,
        wrapping_add_sub: true,
        signed_mul: true,
    };
}
