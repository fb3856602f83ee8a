//! Annotations for GitHub Actions, within GitHub's limits, and a step summary.
//!
//! GitHub shows ten errors and ten warnings of a step; more are only counted. The summary is a table and goes to the
//! file that `GITHUB_STEP_SUMMARY` names.

use std::io::{self, Write};

use verifier_core::explain::StepKind;

use crate::row::{Kind, Row};

/// Annotations that GitHub shows of each level.
const SHOWN: usize = 10;
/// Longest message GitHub keeps, in bytes, with room to spare.
const MESSAGE: usize = 60_000;
/// Most bytes of a step summary.
const SUMMARY: usize = 1 << 20;

/// Prints workflow commands, and writes the summary where GitHub wants one.
pub fn print(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    for level in ["error", "warning"] {
        let of_level: Vec<&Row> = rows.iter().filter(|r| level_of(r) == Some(level)).collect();
        for row in of_level.iter().take(SHOWN) {
            annotation(level, row, out)?;
        }
        if of_level.len() > SHOWN {
            writeln!(out, "::notice title=bpfvet::{} more of level {level} are not shown", of_level.len() - SHOWN)?;
        }
    }
    if let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        let mut text = summary(rows);
        if text.len() > SUMMARY {
            let mut end = SUMMARY;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file)?;
        file.write_all(text.as_bytes())?;
    }
    Ok(())
}

fn level_of(row: &Row) -> Option<&'static str> {
    match row.kind {
        Kind::Rejected | Kind::NotLoadable | Kind::Error => Some("error"),
        Kind::Unsupported => Some("warning"),
        Kind::Accepted => (!row.over_budget.is_empty()).then_some("error"),
    }
}

/// Text of a workflow command: line ends and percent signs are escaped.
fn data(s: &str) -> String {
    s.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Value of a property: commas and colons end one, so they are escaped too.
fn property(s: &str) -> String {
    data(s).replace(':', "%3A").replace(',', "%2C")
}

fn annotation(level: &str, row: &Row, out: &mut dyn Write) -> io::Result<()> {
    let mut place = String::new();
    if let Some(s) = &row.source {
        // GitHub finds files by their path from the root of the repository.
        place = format!("file={},line={},", property(s.file.trim_start_matches("./")), s.line);
        let step = row.trace.as_ref().and_then(|t| t.steps.iter().find(|s| s.kind == StepKind::Failing));
        if let Some(step) = step.filter(|s| s.column > 0) {
            place.push_str(&format!("col={},", step.column));
        }
    }
    let title = match row.code {
        Some(code) => format!("{}: {code}", row.program),
        None => row.program.clone(),
    };
    let mut text = match &row.trace {
        Some(trace) => super::trace::render(row, trace, false),
        None if row.kind == Kind::Accepted => format!("over budget: {}", row.over_budget.join(", ")),
        None => row.message.clone(),
    };
    if text.len() > MESSAGE {
        let mut end = MESSAGE;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    writeln!(out, "::{level} {place}title={}::{}", property(&title), data(&text))
}

fn summary(rows: &[Row]) -> String {
    let mut out = String::from("| Program | Kernel | Verdict | |\n|---|---|---|---|\n");
    let cell = |s: &str| s.lines().next().unwrap_or_default().replace('|', "\\|");
    for row in rows {
        let what = match (row.kind, row.over_budget.is_empty()) {
            (Kind::Accepted, true) => String::new(),
            (Kind::Accepted, false) => row.over_budget.join(", "),
            _ => row.trace.as_ref().map_or_else(|| row.message.clone(), |t| t.problem.clone()),
        };
        out.push_str(&format!("| {} | {} | {} | {} |\n", cell(&row.program), row.kernel, row.kind.word(), cell(&what)));
    }
    out
}
