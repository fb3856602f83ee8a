//! What the solver found about a program, as a part of its row.

use serde_json::Value;

/// What the solver found about a row.
#[derive(Clone, Debug, Default)]
pub struct Solve {
    /// `bug`, `safe`, `within_bounds`, `unknown`, `undecided` or `not_about_memory`; of accepted programs `confirmed`, `open`,
    /// `unsound` or `undecided`.
    pub answer: &'static str,
    /// What a bug breaks: `memory`, or a `rule` of the kernel alone.
    pub breaks: Option<&'static str>,
    /// How far was searched, where not everything could be: rounds of loops, and paths that arrive.
    pub bounds: Option<(u32, usize)>,
    /// Replays that a bug had: the solver's own, and the checked interpreter's where it can tell.
    pub replays: u8,
    /// The instruction that it is about.
    pub insn: Option<usize>,
    /// One sentence.
    pub message: String,
    /// More, one line each.
    pub notes: Vec<String>,
    /// The input that breaks the rule.
    pub witness: Option<Value>,
    /// Edits that do nothing, with which the kernel accepts the program.
    pub repair: Option<Value>,
    /// Files that were written.
    pub files: Vec<String>,
    /// Milliseconds taken.
    pub time_ms: u64,
}

impl Solve {
    /// The field `solve` of a row in JSON.
    pub fn json(&self) -> Value {
        serde_json::json!({
            "answer": self.answer,
            "breaks": self.breaks,
            "rounds": self.bounds.map(|b| b.0),
            "paths": self.bounds.map(|b| b.1),
            "replays": self.replays,
            "insn": self.insn,
            "message": self.message,
            "notes": self.notes,
            "witness": self.witness,
            "repair": self.repair,
            "files": self.files,
            "time_ms": self.time_ms,
        })
    }
}
