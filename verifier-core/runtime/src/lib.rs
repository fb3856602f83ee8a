//! Running programs: what the analysis accepted, at full speed; anything else, in checked mode.
//!
//! ```text
//! LoadRequest ──verify──> Verified ──Linked::new──> Linked ──┐
//!      └─────────────────────────Code::unverified──> Code ───┤ (checked)
//!                                                            v
//!      Vm (maps, clock, …) ──> Cx (one run: packet, stack, budget) ──> Engine (interp | jit) ──> r0 or Stop
//! ```
//!
//! * [`vm`]: what programs share: maps, clock, random numbers, printed lines, tables of routes and sockets.
//! * [`program`]: instructions decoded once, constants resolved. [`linked`]: compared with what the machine has.
//! * [`cx`]: one run, and what helpers may ask of it. Its first fields are laid out for compiled code.
//! * [`abi`]: the table of helpers and kernel functions that interpreter and compiled code call alike.
//! * [`budget`]: instructions, time and memory that runs may take.
//! * [`memory`]: reservations with guard pages, regions of checked mode.
//! * [`map`]: the maps. [`value`]: what their values are made of. [`packet`]: the packet of a run. [`net`]: routes, sockets, and what was sent where.
//! * [`timer`]: what fires between runs. [`heap`]: objects that programs make.
//! * [`replay`]: any instructions over memory given in full, every access checked.
//! * [`engine`]: what an engine is, and a run from entry to result. [`interp`] is the one that always works.
//!
//! * [`context`]: contexts, and what their pointers lead to.
//! * [`hook`]: what programs of each type are run with, and what their results mean.
//!
//! The one invariant: code that was not accepted, or not for what is there, runs checked, whatever engine is asked. What
//! may run unchecked is a [`Linked`] program, made from a [`Verified`](verifier_core::analysis::Verified) one and the
//! machine that it is to run on; a fault of it is a report, never the end of the process:
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
//! use verifier_runtime::{Linked, Vm, program::bare_request};
//! use verifier_core::isa::asm::assemble;
//! let request = bare_request(6, assemble("r0 = 2\nexit").unwrap(), vec![]);
//! let linked = Linked::new(&request, &Vm::new(1));
//! ```
//!
//! Code that was not linked is none either:
//!
//! ```compile_fail,E0308
//! use verifier_runtime::{Code, Cx, Engine, Vm, engine::run_linked, program::bare_request};
//! fn play(engine: &dyn Engine, cx: &mut Cx<'_>, code: &Code) {
//!     unsafe { run_linked(engine, cx, code, [0; 5]) };
//! }
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
pub mod context;
pub mod cx;
pub mod engine;
pub mod engines;
mod fault;
mod heap;
pub mod helper;
mod helpers;
pub mod hook;
pub mod interp;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub mod jit;
pub mod linked;
pub mod map;
pub mod memory;
pub mod net;
pub mod packet;
pub mod program;
pub mod replay;
mod script;
mod timer;
pub mod value;
pub mod vm;

pub use cx::{Cx, Fault, FaultKind, Stop};
pub use engine::Engine;
pub use linked::{Linked, Unlinked};
pub use program::{Code, LinkError};
pub use vm::Vm;
