//! # verifier-core
//!
//! What a Linux release would say about an eBPF program, decided without a kernel.
//!
//! Open an [`Object`] for a [`Kernel`], put a [`Question`] about one of its [`Program`]s, read the [`Answer`]: a
//! [`Verdict`], the kernel's log word for word, its counters, and for a [`Rejection`] an [`Explanation`].
//!
//! ```
//! # fn main() -> Result<(), verifier_core::Error> {
//! use verifier_core::{Kernel, Object, Question, Verdict};
//!
//! let kernel = Kernel::release("6.12")?;
//! let object = Object::open(&kernel, "../corpus/demo/rejected.bpf.o")?;
//! for program in object.programs() {
//!     match Question::new(&kernel, program).log(1).ask()?.verdict {
//!         Verdict::Accepted(_) => println!("{} loads", program.name()),
//!         Verdict::Rejected(why) => println!("{} does not load: {}", program.name(), why.errno.name()),
//!         Verdict::Unsupported(what) => println!("{}: not modelled: {what}", program.name()),
//!         Verdict::Budget(what) => println!("{}: undecided: {what}", program.name()),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! These names are what the crate promises. Its modules are open to the other crates of the workspace only, and change
//! without notice.
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
//! | 7 | `question` |
//!
//! Crates of their own stand above it: `verifier-runtime` (memory, maps, helpers, engines: all that is `unsafe`),
//! `verifier-solver` (Z3) and `verifier-probe` (asks a machine's kernel, and keeps profiles). This one is pure: no libc, no
//! machine code, no Z3.
//!
//! ## Invariants
//!
//! * [`kernel`] is data: it knows nothing of ours, and it is the only place where versions are compared.
//! * What the kernel prints is a value ([`error::Msg`]), rendered once, in [`log`].
//! * There are three verdicts; what is not modelled is `unsupported`, never a guess.
//! * Only [`analysis`] can construct an accepted program, after its last stage.

#[doc(hidden)]
pub mod analysis;
#[doc(hidden)]
pub mod btf;
#[doc(hidden)]
pub mod cfg;
#[doc(hidden)]
pub mod domain;
#[doc(hidden)]
pub mod error;
#[doc(hidden)]
pub mod explain;
#[doc(hidden)]
pub mod isa;
#[doc(hidden)]
pub mod kernel;
#[doc(hidden)]
pub mod log;
#[doc(hidden)]
pub mod packing;
#[doc(hidden)]
pub mod program;
mod question;
#[doc(hidden)]
pub mod state;

pub use analysis::{Verdict, Verified};
pub use error::Rejection;
pub use explain::Trace as Explanation;
pub use kernel::Kernel;
pub use log::{Event, Sink};
pub use question::{Answer, Error, Object, Program, Question};
