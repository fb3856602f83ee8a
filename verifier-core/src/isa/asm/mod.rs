//! Assemblers: the kernel's own syntax, and the dialect of the bpf_conformance suite.
//!
//! Both give instruction slots, or the line that cannot be understood and why. Branch targets are labels or relative
//! numbers; what only a loader knows (maps, kernel functions) is left as named references.

mod conformance;
mod kernel;
mod scan;
mod write;

pub use conformance::assemble as assemble_conformance;
pub use kernel::{Reference, Referent, Source, assemble, assemble_source};
pub use write::write_conformance;

/// A line that is not an instruction.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}: `{text}`")]
pub struct AsmError {
    /// Line, from 1.
    pub line: usize,
    /// Reason.
    pub what: String,
    /// The line.
    pub text: String,
}
