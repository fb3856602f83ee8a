//! Who answers the questions of `check`: this process, or a service ([`crate::client`]).

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use verifier_core::analysis::System;
use verifier_core::log::{Off, Sink};
use verifier_core::program::LoadRequest;

use crate::ask::{Listener, Nobody, Question, Refusal};
use crate::raw::RawProgram;
use crate::row::{Kind, Row};

/// Who answers: this process, or a service.
pub trait Backend {
    /// Short names of the kernels asked.
    fn kernels(&self) -> Vec<&str>;
    /// Hands over rows for every program wanted of an object, each as soon as it is known; a broken object is a row.
    fn object(&self, question: &Question, name: &str, bytes: &[u8], take: &mut dyn FnMut(Row));
    /// Names of all programs of an object, where they can be told.
    fn programs(&self, _question: &Question, _name: &str, _bytes: &[u8]) -> Vec<String> {
        Vec::new()
    }
    /// The row of a raw program on one of the kernels, by its number.
    ///
    /// # Errors
    /// What is wrong with the program, in words.
    fn raw(&self, question: &Question, object: &str, program: &RawProgram, kernel: usize) -> Result<Row, String>;
    /// This process, if it is the one that answers: it looks at many files side by side.
    fn here(&self) -> Option<&Local> {
        None
    }
}

/// Tells of each row at once.
struct Early<'a> {
    off: Off,
    tell: &'a mut dyn FnMut(&Row),
}

impl Listener for Early<'_> {
    fn begin(&mut self, _: &str, _: &str, _: &System, _: &LoadRequest) {}

    fn sink(&mut self) -> &mut dyn Sink {
        &mut self.off
    }

    fn end(&mut self, row: &Row) {
        (self.tell)(row);
    }
}

/// Answers in this process.
pub struct Local {
    systems: Vec<System>,
}

impl Local {
    /// On these kernels.
    pub fn new(systems: Vec<System>) -> Local {
        Local { systems }
    }
}

impl Backend for Local {
    fn here(&self) -> Option<&Local> {
        Some(self)
    }

    fn kernels(&self) -> Vec<&str> {
        self.systems.iter().map(|s| s.kernel.name).collect()
    }

    fn object(&self, question: &Question, name: &str, bytes: &[u8], take: &mut dyn FnMut(Row)) {
        let broken = |e: String| Row::new(name, "", "", "", Kind::Error, e);
        let told = Cell::new(0usize);
        // With several kernels the rows are put into the order of programs first.
        let now = self.systems.len() == 1;
        let rows = catch_unwind(AssertUnwindSafe(|| {
            let mut early = |row: &Row| {
                if now {
                    told.set(told.get() + 1);
                    take(row.clone());
                }
            };
            question.object(name, bytes, &self.systems, &mut Early { off: Off, tell: &mut early }, &|| false)
        }));
        match rows {
            Ok(Ok(rows)) => rows.into_iter().skip(told.get()).for_each(take),
            // Each setting that does not fit is an answer of its own.
            Ok(Err(Refusal::Contract(lines))) => lines.into_iter().for_each(|line| take(broken(line))),
            Ok(Err(e)) => take(broken(e.to_string())),
            Err(_) => take(broken("internal error of bpfvet; please report the file".into())),
        }
    }

    fn programs(&self, question: &Question, name: &str, bytes: &[u8]) -> Vec<String> {
        let object = self.systems.first().and_then(|s| question.open(name, bytes, s).ok());
        object.map(|o| o.programs.into_iter().map(|p| p.name).collect()).unwrap_or_default()
    }

    fn raw(&self, question: &Question, object: &str, program: &RawProgram, kernel: usize) -> Result<Row, String> {
        let system = self.systems.get(kernel).ok_or("no such kernel")?;
        question.raw(object, program, system, &mut Nobody::default(), &|| false).map_err(|e| e.to_string())
    }
}
