//! JUnit XML: a suite per object, a case per program and kernel.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::clean::Shown;
use crate::row::Kind;

/// Prints one report.
pub fn print(rows: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new("bpfvet");
    let mut suites: Vec<TestSuite> = Vec::new();
    for row in rows {
        let case = case(row);
        match suites.iter_mut().find(|s| s.name.as_str() == row.object) {
            Some(suite) => {
                suite.add_test_case(case);
            }
            None => {
                let mut suite = TestSuite::new(row.object.clone());
                suite.add_test_case(case);
                suites.push(suite);
            }
        }
    }
    report.add_test_suites(suites);
    report.serialize(&mut *out).map_err(io::Error::other)?;
    writeln!(out)
}

fn case(row: &Shown<'_>) -> TestCase {
    let failed = |kind: NonSuccessKind, ty: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(ty.to_string());
        let first = row.message.lines().next().unwrap_or_default();
        status.set_message(row.trace.as_ref().map_or(first, |t| t.problem.as_str()).to_string());
        if let Some(trace) = &row.trace {
            status.set_description(super::trace::render(row, trace, &[&row.kernel], false));
        } else {
            let reason = row.reason.as_ref().map_or(String::new(), |r| format!("\n{r}"));
            status.set_description(format!("{}{reason}", row.message));
        }
        status
    };
    let status = match row.kind {
        _ if row.expected.as_ref().is_some_and(|e| e.met) => TestCaseStatus::success(),
        _ if row.expected.is_some() && !matches!(row.kind, Kind::Rejected | Kind::NotLoadable) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("unexpected");
            status.set_message(super::words::expectation(row).unwrap_or_default());
            status
        }
        Kind::Accepted if !row.over_budget.is_empty() => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type("over-budget");
            status.set_message(row.over_budget.join(", "));
            status
        }
        Kind::Accepted => TestCaseStatus::success(),
        Kind::Rejected => failed(NonSuccessKind::Failure, row.code.unwrap_or("rejected")),
        Kind::NotLoadable => failed(NonSuccessKind::Failure, "not-loadable"),
        Kind::Error => failed(NonSuccessKind::Error, "broken-input"),
        Kind::Unsupported | Kind::Gone => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(row.message.clone());
            status
        }
    };
    let whole = if row.kind == Kind::Error { "(file)" } else { "(object)" };
    let name = if row.program.is_empty() { whole.to_string() } else { row.title() };
    let name = if row.kernel.is_empty() { name } else { format!("{name} on Linux {}", row.kernel) };
    let mut case = TestCase::new(name, status);
    let told = [
        super::words::expectation(row),
        row.reproduce.as_ref().map(|c| format!("reproduce: {c}")),
        super::words::change(row).map(|change| format!("since the baseline: {change}")),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    if !told.is_empty() {
        case.set_system_out(told.join("\n"));
    }
    case.set_classname(row.object.clone());
    if let Some(c) = row.counters {
        case.set_time(std::time::Duration::from_micros(c.time_us));
    }
    case
}
