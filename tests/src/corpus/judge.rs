//! A case through our analysis, against its expectation and its recordings.

use std::collections::BTreeSet;
use std::fs;

use verifier_core::analysis::{Options, Report, System, Verdict, verify_with};
use verifier_core::error::Msg;
use verifier_core::log::{Context, Event, Interest, Sink};
use verifier_probe::normalise;

use super::Case;
use super::klog::{self, Klog};

/// What we said of a case under one release.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where we and the kernel, or we and the expectation, differ; empty when nowhere.
    pub differences: Vec<String>,
    /// Rows of rejections that the log prints: code and name. None when the verdicts differ.
    pub rows: BTreeSet<(&'static str, &'static str)>,
}

/// Listens for rows of rejections: some are printed in front of the one that is the cause.
struct Rows {
    level: u32,
    seen: BTreeSet<(&'static str, &'static str)>,
}

impl Sink for Rows {
    fn interest(&self) -> Interest {
        Interest { log_level: self.level, structure: false }
    }
    fn event(&mut self, _: &Context<'_>, event: &Event<'_>) {
        if let Event::Line(msg) = event
            && let Some((code, _)) = msg.row().cause
        {
            self.seen.insert((code.text(), msg.row().name));
        }
    }
    fn mark(&self) -> u64 {
        0
    }
    fn rewind(&mut self, _: u64) {}
}

/// What a report says in the words of `expect`, and its error number.
fn said(report: &Report) -> (String, i32) {
    match &report.verdict {
        Verdict::Accepted(_) => ("accepted".into(), 0),
        Verdict::Rejected(r) => {
            let row = r.cause.as_ref().map(Msg::row);
            let code = row.map_or("silent", |row| row.cause.map_or("note", |(code, _)| code.text()));
            (code.into(), r.errno as i32)
        }
        Verdict::Unsupported(what) => (format!("unsupported: {what}"), -1),
        Verdict::Budget(what) => (format!("budget: {what}"), -1),
    }
}

/// Judges a case.
///
/// # Errors
/// When there is nothing to judge: the case does not come to a load, or its recording cannot be read.
pub fn judge(case: &Case, release: &str, system: &System) -> Result<Judged, String> {
    let request = case.loaded(system)?;
    let options = Options { log_level: case.log_level(), privilege: case.privilege()?, ..Options::default() };
    let mut rows = Rows { level: case.log_level(), seen: BTreeSet::new() };
    let report = verify_with(system, &request, &options, &mut rows, &|| false);
    let (ours, errno) = said(&report);
    let mut differences = Vec::new();
    if ours != case.expects(release) {
        differences.push(format!("expected `{}`, we say `{ours}`", case.expects(release)));
    }
    let at = klog::path(case, release);
    let text = fs::read_to_string(&at).map_err(|e| format!("{}: {e}", at.display()))?;
    let theirs = Klog::parse(&text).ok_or_else(|| format!("{} is no recording", at.display()))?;
    if theirs.verdict == "not_loadable" {
        return Err(format!("{} was refused before the load: {} ({})", case.name, theirs.failed, theirs.errno));
    }
    let verdict = if ours == "accepted" { "accepted" } else { "rejected" };
    let mut rows = rows.seen;
    if (theirs.verdict.as_str(), theirs.errno) != (verdict, errno) {
        rows.clear();
        differences.push(format!("the kernel: {} {}, we: {ours} {errno}", theirs.verdict, theirs.errno));
    }
    let plain = |log: &str| {
        let log = normalise::log(log);
        if theirs.own_ids { normalise::type_ids(&log) } else { log }
    };
    let log = plain(&String::from_utf8_lossy(&report.log));
    if let Some((n, a, b)) = normalise::first_difference(&plain(&theirs.log), &log) {
        differences.push(format!("log line {n}\n    kernel: {a}\n    we:     {b}"));
    }
    let depth: Vec<String> = report.stack_depth.iter().map(u32::to_string).collect();
    if !theirs.stack_depth.is_empty() && theirs.stack_depth != depth.join("+") {
        differences.push(format!("stack depth: the kernel {}, we {}", theirs.stack_depth, depth.join("+")));
    }
    Ok(Judged { differences, rows })
}
