//! A case through our analysis, against its expectation and its recordings.

use std::fs;

use verifier_core::analysis::{Options, Report, System, Verdict, verify};
use verifier_core::error::Row;

use crate::normalise;

use super::Case;
use super::klog::{self, Klog};

/// What we said of a case under one release.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where we and the kernel, or we and the expectation, differ; empty when nowhere.
    pub differences: Vec<String>,
    /// The row that we name as the cause.
    pub cause: Option<Row>,
}

/// What a report says in the words of `expect`, its error number, and the row behind it.
fn said(report: &Report) -> (String, i32, Option<Row>) {
    match &report.verdict {
        Verdict::Accepted(_) => ("accepted".into(), 0, None),
        Verdict::Rejected(r) => {
            let row = r.cause.as_ref().map(|c| c.row().clone());
            let code = row.as_ref().map_or("silent", |row| row.cause.map_or("note", |(code, _)| code));
            (code.into(), r.errno as i32, row)
        }
        Verdict::Unsupported(what) => (format!("unsupported: {what}"), -1, None),
        Verdict::Budget(what) => (format!("budget: {what}"), -1, None),
    }
}

/// Judges a case.
///
/// # Errors
/// When there is nothing to judge: the case does not come to a load, or its recording cannot be read.
pub fn judge(case: &Case, release: &str, system: &System) -> Result<Judged, String> {
    let request = case.request(system)?;
    let options = Options { log_level: case.log_level(), privilege: case.privilege()?, ..Options::default() };
    let report = verify(system, &request, &options);
    let (ours, errno, cause) = said(&report);
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
    if (theirs.verdict.as_str(), theirs.errno) != (verdict, errno) {
        differences.push(format!("the kernel: {} {}, we: {ours} {errno}", theirs.verdict, theirs.errno));
    }
    let plain = |log: &str| {
        let log = normalise::log(log);
        if theirs.own_ids { normalise::kfunc_ids(&log) } else { log }
    };
    let log = plain(&String::from_utf8_lossy(&report.log));
    if let Some((n, a, b)) = normalise::first_difference(&plain(&theirs.log), &log) {
        differences.push(format!("log line {n}\n    kernel: {a}\n    we:     {b}"));
    }
    let depth: Vec<String> = report.stack_depth.iter().map(u32::to_string).collect();
    if !theirs.stack_depth.is_empty() && theirs.stack_depth != depth.join("+") {
        differences.push(format!("stack depth: the kernel {}, we {}", theirs.stack_depth, depth.join("+")));
    }
    Ok(Judged { differences, cause })
}
