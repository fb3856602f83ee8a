//! Questions to Z3 (feature `solver`, over the libz3 of the system).
//!
//! * [`word`]: symbolic words, so that code written over words can be asked about.
//! * [`proof`]: each abstract operator of the domain is sound, shown on the shipped code itself.
//! * [`enumerate`]: the same by trying everything on small words, and how much precision the operators lose there.

mod claims;
pub mod danger;
pub mod decide;
pub mod enumerate;
pub mod facts;
mod memory;
pub mod proof;
pub mod replay;
pub mod run;
pub mod search;
pub mod term;
pub mod witness;
pub mod word;
