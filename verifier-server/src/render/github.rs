//! Annotations for GitHub Actions, within GitHub's limits, and a step summary.
//!
//! GitHub shows ten errors and ten warnings of a step; more are only counted. The summary is a table and goes to the
//! file that `GITHUB_STEP_SUMMARY` names.

use std::io::{self, Write};
use std::path::Path;

use verifier_core::explain::StepKind;

use crate::clean::{self, Shown};
use crate::row::{Kind, Row};

/// Annotations that GitHub shows of each level.
const SHOWN: usize = 10;
/// Longest message GitHub keeps, in bytes, with room to spare.
const MESSAGE: usize = 60_000;
/// Most bytes of a step summary.
const SUMMARY: usize = 1 << 20;

/// Prints workflow commands.
pub fn print(rows: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    for level in ["error", "warning"] {
        let of_level: Vec<&Shown<'_>> = rows.iter().filter(|r| level_of(r) == Some(level)).collect();
        for row in of_level.iter().take(SHOWN) {
            annotation(level, row, out)?;
        }
        if of_level.len() > SHOWN {
            writeln!(out, "::notice title=bpfvet::{} more of level {level} are not shown", of_level.len() - SHOWN)?;
        }
    }
    Ok(())
}

/// Writes the table of the step where GitHub wants it.
pub fn write_summary(rows: &[Shown<'_>]) -> io::Result<()> {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY") else { return Ok(()) };
    let mut text = summary(rows);
    cut(&mut text, SUMMARY);
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", clean::path(Path::new(&file))));
    let mut open = std::fs::OpenOptions::new().append(true).create(true).open(&file).map_err(named)?;
    open.write_all(text.as_bytes()).map_err(named)
}

/// Shortens a text to at most so many bytes.
fn cut(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
}

fn level_of(row: &Row) -> Option<&'static str> {
    if let Some(e) = &row.expected {
        return (!e.met).then_some("error");
    }
    match row.kind {
        Kind::Rejected | Kind::NotLoadable | Kind::Error => Some("error"),
        Kind::Unsupported => Some("warning"),
        Kind::Accepted => (!row.over_budget.is_empty()).then_some("error"),
        Kind::Gone => Some("warning"),
    }
}

fn annotation(level: &str, row: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut place = String::new();
    if let Some(s) = &row.source {
        // GitHub finds files by their path from the root of the repository.
        place = format!("file={},line={},", clean::property(s.file.trim_start_matches("./")), s.line);
        let step = row.trace.as_ref().and_then(|t| t.steps.iter().find(|s| s.kind == StepKind::Failing));
        if let Some(step) = step.filter(|s| s.column > 0) {
            place.push_str(&format!("col={},", step.column));
        }
    }
    let mut title = format!("{}: {}", row.object, row.title());
    if row.program.is_empty() {
        title.clone_from(&row.object);
    }
    if let Some(code) = row.code {
        title.push_str(&format!(": {code}"));
    }
    let mut text = match &row.trace {
        Some(trace) => super::trace::render(row, trace, &[&row.kernel], false),
        None if row.kind == Kind::Accepted && row.over_budget.is_empty() => "accepted".into(),
        None if row.kind == Kind::Accepted => format!("over budget: {}", row.over_budget.join(", ")),
        None => row.message.clone(),
    };
    for more in row.reason.iter().cloned().chain(super::words::change(row)).chain(super::words::expectation(row)) {
        text.push_str(&format!("\n{more}"));
    }
    if let Some(command) = &row.reproduce {
        text.push_str(&format!("\nreproduce: {command}"));
    }
    cut(&mut text, MESSAGE);
    writeln!(out, "::{level} {place}title={}::{}", clean::property(&title), clean::command(&text))
}

fn summary(rows: &[Shown<'_>]) -> String {
    let mut out = String::from("| Object | Program | Kernel | Verdict | |\n|---|---|---|---|---|\n");
    for row in rows {
        let mut what = match (row.kind, row.over_budget.is_empty()) {
            (Kind::Accepted, true) => String::new(),
            (Kind::Accepted, false) => row.over_budget.join(", "),
            _ => row.trace.as_ref().map_or_else(|| row.message.clone(), |t| t.problem.clone()),
        };
        for change in super::words::expectation(row).into_iter().chain(super::words::change(row)) {
            what = if what.is_empty() { change } else { format!("{what}; {change}") };
        }
        let cells = [&row.object, &row.title(), &row.kernel].map(|c| clean::markdown(c)).join(" | ");
        out.push_str(&format!("| {cells} | {} | {} |\n", row.kind.word(), clean::markdown(&what)));
    }
    out
}
