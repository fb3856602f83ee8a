//! Programs looked at closely: besides each answer, where a program begins, what its lines cost, and what is known of the
//! values on them. For who shows source: the report and editors.
//!
//! Each of these takes another run of the analysis, so they are made only where they are wanted.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use verifier_core::analysis::System;
use verifier_core::explain::cost::cost;
use verifier_core::explain::invariants::invariants;
use verifier_core::explain::source_of;
use verifier_core::log::{Off, Sink};
use verifier_core::program::LoadRequest;

use crate::ask::{Listener, Question, Refusal};
use crate::row::{Kind, Row};

/// What is wanted besides the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// What lines cost.
    pub cost: bool,
    /// What is known of values.
    pub values: bool,
}

/// A line of source, and what was found about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    /// Its text, without leading space.
    pub text: String,
    /// Instructions processed there.
    pub insns: u64,
    /// States kept there.
    pub states: u64,
    /// Values, in words.
    pub values: Vec<String>,
}

/// One program on one kernel.
#[derive(Clone, Debug)]
pub struct Studied {
    /// The answer.
    pub row: Row,
    /// File and line where the program begins.
    pub begins: Option<(String, u32)>,
    /// Lines by file and number.
    pub lines: BTreeMap<(String, u32), Line>,
}

/// Looks at every program wanted of an object.
///
/// # Errors
/// As [`Question::object`].
pub fn study(
    question: &Question,
    name: &str,
    bytes: &[u8],
    systems: &[System],
    wanted: Wanted,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Studied>, Refusal> {
    let mut student = Student { question, wanted, stop, begun: None, found: Vec::new(), off: Off };
    let rows = question.object(name, bytes, systems, &mut student, stop)?;
    let mut found = student.found;
    // Rows come in the order of programs, and were heard of in the order of kernels.
    let of = |row: Row| {
        let same =
            |s: &Studied| s.row.program == row.program && s.row.section == row.section && s.row.kernel == row.kernel;
        match found.iter().position(same) {
            Some(at) => Studied { row, ..found.swap_remove(at) },
            None => Studied { row, begins: None, lines: BTreeMap::new() },
        }
    };
    Ok(rows.into_iter().map(of).collect())
}

struct Student<'a> {
    question: &'a Question,
    wanted: Wanted,
    stop: &'a dyn Fn() -> bool,
    begun: Option<(System, LoadRequest)>,
    found: Vec<Studied>,
    off: Off,
}

impl Listener for Student<'_> {
    fn begin(&mut self, _: &str, _: &str, system: &System, request: &LoadRequest) {
        self.begun = Some((system.clone(), request.clone()));
    }

    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.off
    }

    fn end(&mut self, row: &Row) {
        let Some((system, request)) = self.begun.take() else { return };
        let mut out = Studied { row: row.clone(), begins: None, lines: BTreeMap::new() };
        out.begins = source_of(&request, 0).map(|s| (s.file, s.line));
        // A fault costs what is shown besides the answer, and nothing else.
        let look = AssertUnwindSafe(|| self.look(&system, &request, row, &mut out.lines));
        let _ = catch_unwind(look);
        self.found.push(out);
    }
}

impl Student<'_> {
    fn look(&self, system: &System, request: &LoadRequest, row: &Row, lines: &mut BTreeMap<(String, u32), Line>) {
        for at in 0..request.insns.len() {
            if let Some(s) = source_of(request, at).filter(|s| s.line > 0) {
                lines.entry((s.file, s.line)).or_insert_with(|| Line { text: s.text, ..Line::default() });
            }
        }
        let options = self.question.options();
        let options = verifier_core::analysis::Options { log_level: 0, ..options };
        if self.wanted.cost && matches!(row.kind, Kind::Accepted | Kind::Rejected) {
            for share in cost(system, request, &options, self.stop).1.by_line(request) {
                let Some(s) = share.source.filter(|s| s.line > 0) else { continue };
                let line = lines.entry((s.file, s.line)).or_insert_with(|| Line { text: s.text, ..Line::default() });
                line.insns += share.insns;
                line.states += share.states;
            }
        }
        if self.wanted.values && row.kind == Kind::Accepted {
            for i in invariants(system, request, &options, self.stop).1.into_iter().flatten() {
                let Some(s) = i.source.filter(|s| s.line > 0) else { continue };
                let line = lines.entry((s.file, s.line)).or_default();
                for k in i.known {
                    let words = format!("R{}: {}", k.reg, k.words);
                    if line.values.len() < 8 && !line.values.contains(&words) {
                        line.values.push(words);
                    }
                }
            }
        }
    }
}
