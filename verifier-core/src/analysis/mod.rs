//! The analysis: stages around the walk, the walk, and the verdict.

pub mod btf_record;
pub mod env;
pub mod explore;
pub mod liveness;
pub mod precision;
pub mod preflight;
pub mod prune;

pub use env::Env;
