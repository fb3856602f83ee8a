//! What helps a rejected program, as changes of its source that a machine can make.
//!
//! Suggestions come from the explanation; of some the change is known line by line. The same form serves agents, editors
//! and SARIF.

use serde_json::{Value, json};

use crate::render::json_object;
use crate::row::Row;

/// A suggestion with its changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// Its code.
    pub code: String,
    /// What to do, in words.
    pub text: String,
    /// The changes; empty where the words must do.
    pub edits: Vec<Edit>,
}

/// A change of one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// File as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// What happens to it.
    pub what: What,
}

/// What happens to a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// This stands before it, on a line of its own with the same indentation.
    Before(String),
    /// It reads like this, with the same indentation.
    Instead(String),
}

impl std::fmt::Display for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.what {
            What::Before(code) => write!(f, "{}:{}: insert before this line: {code}", self.file, self.line),
            What::Instead(code) => write!(f, "{}:{}: replace this line by: {code}", self.file, self.line),
        }
    }
}

impl Fix {
    /// As JSON.
    pub fn json(&self) -> Value {
        let edits = self.edits.iter().map(|e| match &e.what {
            What::Before(code) => json!({"file": e.file, "line": e.line, "before": code}),
            What::Instead(code) => json!({"file": e.file, "line": e.line, "instead": code}),
        });
        json!({"code": self.code, "text": self.text, "edits": edits.collect::<Vec<_>>()})
    }
}

/// The fixes of a row, the most likely first. They are read from the row's published form.
pub fn of(row: &Row) -> Vec<Fix> {
    let object = json_object(row);
    let all = object["explanation"]["suggestions"].as_array().into_iter().flatten();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    let edit = |e: &Value| {
        let what = match (e["before"].as_str(), e["instead"].as_str()) {
            (Some(code), _) => What::Before(code.into()),
            (None, Some(code)) => What::Instead(code.into()),
            (None, None) => return None,
        };
        Some(Edit { file: text(&e["file"]), line: u32::try_from(e["line"].as_u64()?).ok()?, what })
    };
    let edits = |s: &Value| s["edits"].as_array().into_iter().flatten().filter_map(edit).collect();
    all.map(|s| Fix { code: text(&s["code"]), text: text(&s["text"]), edits: edits(s) }).collect()
}
