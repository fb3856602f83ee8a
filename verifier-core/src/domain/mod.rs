//! The abstract domain of scalars: known bits and ranges.

pub mod scalar;
mod text;
pub mod tnum;

pub use scalar::Scalar;
pub use tnum::Tnum;
