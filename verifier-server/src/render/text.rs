//! Rows for people: a line for each accepted program, and for each other one what is wrong, where, and what it means.

use std::io::{self, Write};

use super::matrix::{self, Agreeing};
use super::words::{change, expectation, fold};
use crate::clean::Shown;
use crate::row::Kind;

struct Paint(bool);

impl Paint {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    fn kind(&self, kind: Kind, text: &str) -> String {
        let code = match kind {
            Kind::Accepted => "32",
            Kind::Unsupported | Kind::Gone => "33;1",
            _ => "31;1",
        };
        self.paint(code, text)
    }
}

/// Prints what was answered, kernels that agree together; of several kernels a table; and a line that counts.
pub fn print(rows: &[Shown<'_>], raw: bool, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    rows_alone(rows, raw, colours, out)?;
    write!(out, "{}", matrix::table(rows))?;
    let kinds: Vec<(Kind, bool)> = rows.iter().map(|r| (r.kind, !r.program.is_empty())).collect();
    let what = if matrix::several_kernels(rows) { "answers" } else { "programs" };
    count(&kinds, what, colours, out)
}

/// Prints rows and nothing about all of them.
pub fn rows_alone(rows: &[Shown<'_>], raw: bool, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    matrix::agreeing(rows).iter().try_for_each(|answer| one(answer, raw, &Paint(colours), out))
}

/// Prints how many rows there are of each kind, where there are several; `true`: it is about a program.
pub fn count(rows: &[(Kind, bool)], what: &str, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint(colours);
    if rows.len() > 1 {
        let count = |k: Kind| rows.iter().filter(|r| r.0 == k).count();
        let parts = [
            (Kind::Accepted, "accepted"),
            (Kind::Rejected, "rejected"),
            (Kind::NotLoadable, "not loadable"),
            (Kind::Unsupported, "unsupported"),
            (Kind::Error, "broken"),
            (Kind::Gone, "gone"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(k, _)| count(*k) > 0)
            .map(|(k, word)| paint.kind(*k, &format!("{} {word}", count(*k))))
            .collect();
        // A row about a whole object is no program.
        let programs = rows.iter().filter(|(kind, named)| *named || *kind == Kind::Error).count();
        writeln!(out, "{programs} {what}: {}", parts.join(", "))?;
    }
    Ok(())
}

fn one(answer: &Agreeing<'_, '_>, raw: bool, paint: &Paint, out: &mut dyn Write) -> io::Result<()> {
    let row = answer.row;
    let kernels = answer.kernels.join(", ");
    let place = if row.title().is_empty() {
        row.object.clone()
    } else if raw || row.section.is_empty() {
        format!("{}: {}", row.object, row.title())
    } else {
        format!("{}: {} ({})", row.object, row.title(), row.section)
    };
    let first = row.message.lines().next().unwrap_or_default();
    match row.kind {
        Kind::Accepted => {
            let c = row.counters.unwrap_or_default();
            writeln!(
                out,
                "{}: {place}: Linux {}: {} instructions processed, {} states, {} bytes of stack",
                paint.kind(row.kind, "accepted"),
                kernels,
                c.insns,
                c.total_states,
                c.stack_depth
            )?;
            if !row.over_budget.is_empty() {
                writeln!(out, "  {} {}", paint.paint("31;1", "over budget:"), row.over_budget.join(", "))?;
            }
        }
        Kind::Error => writeln!(out, "{}: {}: {first}", paint.kind(row.kind, "error"), row.object)?,
        Kind::Gone => writeln!(out, "{}: {place}: {first}", paint.kind(row.kind, "gone"))?,
        Kind::Unsupported if row.kernel.is_empty() => {
            writeln!(out, "{}: {place}: {first}", paint.kind(row.kind, "unsupported"))?;
        }
        Kind::Unsupported => {
            writeln!(out, "{}: {place}: Linux {kernels}: {first}", paint.kind(row.kind, "unsupported"))?;
        }
        Kind::NotLoadable => {
            let head = paint.kind(row.kind, "not loadable");
            writeln!(out, "{head}: {place}: Linux {kernels}: libbpf would stop:")?;
            for line in row.message.lines() {
                writeln!(out, "  | {line}")?;
            }
        }
        Kind::Rejected if row.trace.as_ref().is_some_and(|t| !t.steps.is_empty()) => {
            if let Some(trace) = &row.trace {
                writeln!(out, "{}", super::trace::render(row, trace, &answer.kernels, paint.0))?;
            }
        }
        Kind::Rejected => {
            let code = row.code.map_or(String::new(), |c| format!("[{c}]"));
            writeln!(out, "{}: {first}", paint.kind(row.kind, &format!("rejected{code}")))?;
            let errno = row.errno.as_deref().unwrap_or("?");
            writeln!(out, "  --> {place}: Linux {kernels} {} {errno}", answer.returns())?;
        }
    }
    if row.kind == Kind::Rejected && row.trace.as_ref().is_none_or(|t| t.steps.is_empty()) {
        details(row, paint, out)?;
    }
    for (kernel, words) in &answer.otherwise {
        writeln!(out, "  {} {words}", paint.paint("1", &format!("Linux {kernel} says:")))?;
    }
    if let Some(reason) = &row.reason {
        writeln!(out, "  {} {reason}", paint.paint("1", "why:"))?;
    }
    if let Some(words) = expectation(row) {
        let code = if row.fails() { "31;1" } else { "32" };
        writeln!(out, "  {}", paint.paint(code, &words))?;
    }
    if let Some(command) = &row.reproduce {
        writeln!(out, "  {} {command}", paint.paint("1", "reproduce:"))?;
    }
    if let Some(change) = change(row) {
        writeln!(out, "  {} {change}", paint.paint("1", "since the baseline:"))?;
    }
    if let Some(s) = &row.solve {
        writeln!(out, "{}: {}", paint.paint("36;1", "solver"), s.message)?;
        for line in s.notes.iter().flat_map(|n| fold(n)) {
            writeln!(out, "  {line}")?;
        }
        for file in &s.files {
            writeln!(out, "  saved {file}")?;
        }
    }
    match row.log_text() {
        Some(log) if !log.is_empty() => write!(out, "  log:\n{log}"),
        _ => Ok(()),
    }
}

/// Where it happened and what it means.
fn details(row: &Shown<'_>, paint: &Paint, out: &mut dyn Write) -> io::Result<()> {
    if let Some(s) = &row.source {
        let number = s.line.to_string();
        let column = if s.column > 0 { format!(":{}", s.column) } else { String::new() };
        writeln!(out, "  --> {}:{number}{column}", s.file)?;
        writeln!(out, "   {} {}", paint.paint("34;1", &format!("{number} |")), s.text)?;
    }
    if let Some(insn) = row.insn
        && !row.insn_text.is_empty()
    {
        writeln!(out, "  at instruction {insn}: {}", row.insn_text)?;
    }
    if let Some(category) = row.category {
        writeln!(out, "  {} {category}", paint.paint("1", "rule:"))?;
    }
    if let Some(page) = row.page.filter(|p| !p.is_empty() && row.code.is_some()) {
        for line in fold(page) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}
