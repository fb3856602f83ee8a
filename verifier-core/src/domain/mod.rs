//! The abstract domain of scalars: known bits and ranges.
//!
//! [`Scalar`] is what the analysis keeps. The operators stand on [`value::Value`], generic over the words they compute
//! with. What releases do differently is in [`DomainRules`].

pub mod apart;
pub mod arc;
pub mod branch;
pub mod range;
pub mod rules;
pub mod scalar;
#[cfg(test)]
pub(crate) mod tests;
mod text;
pub mod tiny;
pub mod tnum;
pub mod value;

pub use rules::DomainRules;
pub use scalar::Scalar;
pub use tnum::Tnum;
pub use value::BoundedOp;
