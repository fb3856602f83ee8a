//! The analysis: stages around the walk, the walk, and the verdict.
#![allow(dead_code, unused_imports)] // Goes when every part has landed.

mod access;
mod btf_access;
pub mod btf_record;
mod call;
pub mod dynptr;
pub mod env;
pub mod explore;
pub mod iter;
pub mod kfunc;
pub mod liveness;
pub mod precision;
pub mod preflight;
pub mod prune;
pub mod refs;
mod regs;

pub use env::Env;
