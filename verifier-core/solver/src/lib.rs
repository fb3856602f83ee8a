//! Questions to Z3 (feature `solver`, over the libz3 of the system).
//!
//! About the analysis itself:
//!
//! * [`word`]: symbolic words, so that code written over words can be asked about.
//! * [`proof`]: each abstract operator of the domain is sound, shown on the shipped code itself.
//! * [`enumerate`]: the same by trying everything on small words, and how much precision the operators lose there.
//!
//! About one program:
//!
//! ```text
//! recorded path ──follow──> Run ──dangers──> can be ──model──> Witness ──replay──> bug
//!                                  └──> cannot be ──explore windows──> safe ──> Repair
//! ```
//!
//! * [`term`], [`run`], `rounds`, `contracts`, `promises`, [`facts`]: a run with symbolic inputs; types of results come from the analysis.
//! * [`danger`]: when an instruction goes wrong.
//! * [`search`]: the recorded path, and all others to an instruction.
//! * [`decide`]: the decision about a rejection, and the second opinion on an acceptance.
//! * [`witness`], [`replay`], [`machine`]: a counterexample, and its proof by running it, twice.
//! * [`repair`]: changes that do nothing and make the kernel see what is true.

pub mod attack;
pub mod budget;
mod calls;
pub mod case;
mod claims;
mod contracts;
pub mod danger;
pub mod decide;
pub mod enumerate;
pub mod facts;
pub mod machine;
pub mod meaning;
mod memory;
pub mod needs;
pub mod opinion;
mod promises;
pub mod proof;
pub mod repair;
mod repair_packet;
pub mod replay;
mod rounds;
pub mod run;
pub mod search;
mod step;
pub mod term;
mod things;
mod typed;
pub mod windows;
pub mod witness;
pub mod word;
