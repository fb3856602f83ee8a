//! What is known of the values in accepted programs, worked out while a question is answered.
//!
//! Another run of the analysis for each of them ([`invariants`]): only who asks for an explanation pays for it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use verifier_core::analysis::{Options, System};
use verifier_core::explain::invariants::{Invariant, invariants};
use verifier_core::log::{Off, Sink};
use verifier_core::program::LoadRequest;

use crate::ask::{Listener, Question};
use crate::row::{Kind, Row};

/// Follows a request and keeps what is known of each accepted program.
pub struct Known<'a> {
    options: Options,
    stop: &'a dyn Fn() -> bool,
    begun: Option<(System, LoadRequest)>,
    found: HashMap<[String; 3], Option<Vec<Invariant>>>,
    off: Off,
}

fn key(row: &Row) -> [String; 3] {
    [row.program.clone(), row.section.clone(), row.kernel.clone()]
}

impl<'a> Known<'a> {
    /// Nothing is known yet. `stop` is asked all the time whether to give up.
    pub fn new(question: &Question, stop: &'a dyn Fn() -> bool) -> Known<'a> {
        Known { options: question.options(), stop, begun: None, found: HashMap::new(), off: Off }
    }

    /// What is known of the program of a row; `None` when it is not accepted, `Some(None)` when following every number
    /// exactly takes more than one program may.
    pub fn take(&mut self, row: &Row) -> Option<Option<Vec<Invariant>>> {
        self.found.remove(&key(row))
    }
}

impl Listener for Known<'_> {
    fn begin(&mut self, _: &str, _: &str, system: &System, request: &LoadRequest) {
        self.begun = Some((system.clone(), request.clone()));
    }

    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.off
    }

    fn end(&mut self, row: &Row) {
        let Some((system, request)) = self.begun.take().filter(|_| row.kind == Kind::Accepted) else { return };
        // A fault costs the explanation alone.
        let known = catch_unwind(AssertUnwindSafe(|| invariants(&system, &request, &self.options, self.stop).1));
        self.found.insert(key(row), known.ok().flatten());
    }
}
