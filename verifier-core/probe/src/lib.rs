//! # verifier-probe
//!
//! Asks a machine's kernel what it does, and keeps the answers as a profile that needs no root to use.
//!
//! A distribution's kernel is a release with changes taken along: the history of changes says what the release does, and
//! each change names a program (its probe) that kernels with and without it answer differently. [`decide`] asks a kernel
//! about the probes and finds which changes it has; [`measure`] finds what it has in the way of helpers, maps and
//! functions; [`survey`] reads what the machine says of itself. All of it is a [`profile`].
//!
//! Nothing is ever attached or run: programs and maps are created and let go. [`bpf`] has the only `unsafe` code, which is
//! the system call.

pub mod assembly;
#[cfg(target_os = "linux")]
pub mod bpf;
pub mod case;
pub mod decide;
pub mod embedded;
pub mod form;
#[cfg(target_os = "linux")]
pub mod load;
pub mod measure;
pub mod normalise;
pub mod profile;
pub mod survey;

pub use decide::Answer;
