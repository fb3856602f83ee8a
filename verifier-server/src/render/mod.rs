//! Rows as text: for people, for veristat's friends, for programs, for CI systems, and as the kernel's own log.

pub mod flame;
mod github;
mod json;
mod junit;
mod matrix;
mod sarif;
mod schema;
pub mod svg;
mod table;
mod text;
mod trace;
mod words;

use std::io::{self, Write};

use crate::args::{CheckArgs, Format};
use crate::clean::Shown;
use crate::row::{Kind, Row};

pub use json::{edit, object as json_object};
pub use schema::rows_schema;
pub use words::{expectation, fold};

/// Prints the rows in the form asked for.
///
/// # Errors
/// When the output cannot be written.
pub fn print(args: &CheckArgs, rows: &[Row], colours: bool, out: &mut dyn Write) -> io::Result<()> {
    match args.format {
        Format::Text => text::print(&shown(rows), args.raw.is_some(), colours, out),
        Format::Table if args.baseline.is_some() => table::compare(&shown(rows), out),
        Format::Csv if args.baseline.is_some() => table::compare_csv(&shown(rows), out),
        Format::Github => {
            out.write_all(report(Format::Github, rows)?.as_bytes())?;
            github::write_summary(&shown(rows))
        }
        other => report_to(other, rows, out),
    }
}

/// Whether rows are printed one by one as they come: answers that take long, and a form for it. Where several kernels are
/// asked, text tells which of them agree, and waits for all.
pub fn streams(args: &CheckArgs) -> bool {
    let one_kernel = matches!(&args.target.kernels()[..], [k] if *k != "all" && !k.contains('-'));
    args.solve.is_some() && (args.format == Format::Jsonl || args.format == Format::Text && one_kernel)
}

/// Prints one row of a form that [`streams`].
///
/// # Errors
/// When the output cannot be written.
pub fn one(args: &CheckArgs, row: &Row, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    match args.format {
        Format::Text => text::rows_alone(&[Shown::of(row)], args.raw.is_some(), colours, out)?,
        _ => json::lines(std::slice::from_ref(row), out)?,
    }
    out.flush()
}

/// Prints what stands behind all rows of a form that [`streams`].
///
/// # Errors
/// When the output cannot be written.
pub fn end(args: &CheckArgs, rows: &[Row], colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let kinds: Vec<(Kind, bool)> = rows.iter().map(|r| (r.kind, !r.program.is_empty())).collect();
    if args.format == Format::Text { text::count(&kinds, "programs", colours, out) } else { Ok(()) }
}

/// Rows whose texts may be printed.
fn shown(rows: &[Row]) -> Vec<Shown<'_>> {
    rows.iter().map(Shown::of).collect()
}

/// The rows as people read them at a terminal, without colours.
///
/// # Errors
/// When a renderer fails.
pub fn plain(rows: &[Row], raw: bool) -> io::Result<String> {
    let mut out = Vec::new();
    text::print(&shown(rows), raw, false, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// One row at length: what `check` prints, and behind it the pages of the codes that it names.
///
/// # Errors
/// When a renderer fails.
pub fn long(row: &Row, colours: bool) -> io::Result<String> {
    let mut out = Vec::new();
    let row = Shown::of(row);
    text::print(std::slice::from_ref(&row), false, colours, &mut out)?;
    let mut page = |code: &str, text: &str| -> io::Result<()> {
        writeln!(out, "{code}")?;
        fold(text).iter().try_for_each(|line| writeln!(out, "    {line}"))
    };
    if let Some(t) = &row.trace {
        if !t.page.is_empty() {
            page(t.code, t.page)?;
        }
        for s in &t.suggestions {
            if let Some(r) = verifier_core::explain::suggest::REMEDIES.iter().find(|r| r.code == s.code) {
                page(r.code, r.page)?;
            }
        }
        for s in &t.steps {
            writeln!(out, "step: instruction {}: {}", s.insn, s.insn_text)?;
            writeln!(out, "    {}: {}", s.kind.word(), s.label)?;
        }
        writeln!(out)?;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// The rows in a form that needs no arguments of the command line.
///
/// # Errors
/// When a renderer fails.
pub fn report(format: Format, rows: &[Row]) -> io::Result<String> {
    let mut out = Vec::new();
    report_to(format, rows, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn report_to(format: Format, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Sarif => sarif::print(rows, out),
        Format::Junit => junit::print(&shown(rows), out),
        Format::Github => github::print(&shown(rows), out),
        Format::Csv => table::csv(&shown(rows), out),
        Format::Table => table::print(&shown(rows), out),
        Format::Json => json::list(rows, out),
        Format::Jsonl => json::lines(rows, out),
        Format::Kernel => kernel(rows, out),
        Format::Text => text::print(&shown(rows), false, false, out),
    }
}

/// The logs, one after another, byte for byte, and nothing else. What libbpf says goes where libbpf says it, and so does
/// what changed since the baseline.
fn kernel(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    for row in rows {
        let shown = Shown::of(row);
        match &row.log {
            Some(log) => out.write_all(log)?,
            None => eprintln!("bpfvet: {} {}: {}", shown.object, shown.program, shown.message),
        }
        if let Some(change) = words::change(row) {
            eprintln!("bpfvet: {} {}: since the baseline: {change}", shown.object, shown.program);
        }
    }
    Ok(())
}
