//! Running programs: what the analysis accepted, at full speed; anything else, in checked mode.
//!
//! ```text
//! LoadRequest ──verify──> Verified ──Code::verified──┐
//!      └─────────────────────────Code::unverified────┤
//!                                                    v
//!      Vm (maps, clock, …) ──> Cx (one run: packet, stack, fuel) ──> Engine (interp | jit) ──> r0 or Stop
//! ```
//!
//! * [`vm`]: what programs share: maps, clock, random numbers, printed lines, tables of routes and sockets.
//! * [`program`]: instructions decoded once, constants resolved.
//! * [`cx`]: one run, and what helpers may ask of it. Its first fields are laid out for compiled code.
//! * [`abi`]: the table of helpers and kernel functions that interpreter and compiled code call alike.
//! * [`budget`]: instructions, time and memory that runs may take.
//! * [`memory`]: reservations with guard pages, regions of checked mode.
//! * [`map`]: the maps. [`value`]: what their values are made of. [`packet`]: the packet of a run. [`net`]: routes, sockets, and what was sent where.
//! * [`replay`]: any instructions over memory given in full, every access checked.
//! * [`engine`]: what an engine is, and a run from entry to result. [`interp`] is the one that always works.
//!
//! * [`hook`]: what programs of each type are run with, and what their results mean.
//!
//! The one invariant: code that was not accepted runs checked, whatever engine is asked. What may run unchecked is made
//! from a [`Verified`](verifier_core::analysis::Verified) program:
//!
//! ```
//! use verifier_runtime::{Code, Vm, program::bare_request};
//! use verifier_core::isa::asm::assemble;
//! let request = bare_request(6, assemble("r0 = 2\nexit").unwrap(), vec![]);
//! assert!(!Code::unverified(&request, &Vm::new(1)).unwrap().is_verified());
//! ```
//!
//! A request is not one:
//!
//! ```compile_fail,E0308
//! use verifier_runtime::{Code, Vm, program::bare_request};
//! use verifier_core::isa::asm::assemble;
//! let request = bare_request(6, assemble("r0 = 2\nexit").unwrap(), vec![]);
//! let code = Code::verified(&request, &Vm::new(1));
//! ```
//!
//! And nothing but the analysis makes one:
//!
//! ```compile_fail,E0451
//! use verifier_core::analysis::Verified;
//! fn forge(from: Verified) -> Verified {
//!     Verified { insns: Vec::new(), ..from }
//! }
//! ```

pub mod abi;
pub mod budget;
pub mod cx;
pub mod engine;
mod helpers;
pub mod hook;
pub mod interp;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod jit;
pub mod map;
pub mod memory;
pub mod net;
pub mod packet;
pub mod program;
pub mod replay;
pub mod value;
pub mod vm;

pub use cx::{Cx, Fault, FaultKind, Stop};
pub use engine::Engine;
pub use program::{Code, LinkError};
pub use vm::Vm;
