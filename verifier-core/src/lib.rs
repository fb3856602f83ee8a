//! # verifier-core
//!
//! What a Linux release would say about an eBPF program, decided without a kernel.
//!
//! ## Code map (imports go down only)
//!
//! | floor | modules |
//! |---|---|
//! | 0 | [`packing`] |
//! | 1 | [`isa`], [`btf`], [`kernel`] |
//! | 2 | [`domain`], [`error`] |
//! | 3 | [`program`], [`state`], [`cfg`] |
//! | 4 | [`log`] |
//! | 5 | [`analysis`] |
//! | 6 | [`explain`] |
//!
//! Crates of their own stand above it: `verifier-runtime` (memory, maps, helpers, engines: all that is `unsafe`) and
//! `verifier-solver` (Z3). This one is pure: no libc, no machine code, no Z3.
//!
//! ## Invariants
//!
//! * [`kernel`] is data: it knows nothing of ours, and it is the only place where versions are compared.
//! * What the kernel prints is a value ([`error::Msg`]), rendered once, in [`log`].
//! * There are three verdicts; what is not modelled is `unsupported`, never a guess.
//! * Only [`analysis`] can construct an accepted program, after its last stage.

pub mod analysis;
pub mod btf;
pub mod cfg;
pub mod domain;
pub mod error;
pub mod explain;
pub mod isa;
pub mod kernel;
pub mod log;
pub mod packing;
pub mod program;
pub mod state;
