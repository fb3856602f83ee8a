//! Rows as text: for people, for veristat's friends, for programs, for CI systems, and as the kernel's own log.

mod github;
mod json;
mod junit;
mod sarif;
pub mod svg;
mod table;
mod text;
mod trace;

use std::io::{self, Write};

use crate::args::{CheckArgs, Format};
use crate::row::Row;

pub use json::object as json_object;
pub use text::fold;

/// Prints the rows in the form asked for.
///
/// # Errors
/// When the output or the baseline cannot be written or read.
pub fn print(args: &CheckArgs, rows: &[Row], colours: bool, out: &mut dyn Write) -> io::Result<()> {
    match args.format {
        Format::Text => text::print(rows, args.raw.is_some(), colours, out),
        Format::Table => match &args.baseline {
            Some(file) => table::compare(&std::fs::read_to_string(file)?, rows, out),
            None => table::print(rows, out),
        },
        Format::Csv => table::csv(rows, out),
        Format::Json => json::list(rows, out),
        Format::Jsonl => json::lines(rows, out),
        Format::Sarif => sarif::print(rows, out),
        Format::Junit => junit::print(rows, out),
        Format::Github => github::print(rows, out),
        Format::Kernel => kernel(rows, out),
    }
}

/// The rows as people read them at a terminal, without colours.
///
/// # Errors
/// When a renderer fails.
pub fn plain(rows: &[Row], raw: bool) -> io::Result<String> {
    let mut out = Vec::new();
    text::print(rows, raw, false, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// One row at length: what `check` prints, and behind it the pages of the codes that it names.
///
/// # Errors
/// When a renderer fails.
pub fn long(row: &Row, colours: bool) -> io::Result<String> {
    let mut out = Vec::new();
    text::print(std::slice::from_ref(row), false, colours, &mut out)?;
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
    match format {
        Format::Sarif => sarif::print(rows, &mut out)?,
        Format::Junit => junit::print(rows, &mut out)?,
        Format::Github => github::print(rows, &mut out)?,
        Format::Csv => table::csv(rows, &mut out)?,
        Format::Table => table::print(rows, &mut out)?,
        Format::Json => json::list(rows, &mut out)?,
        Format::Jsonl => json::lines(rows, &mut out)?,
        Format::Kernel => kernel(rows, &mut out)?,
        Format::Text => text::print(rows, false, false, &mut out)?,
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// The logs, one after another, and nothing else.
fn kernel(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    for row in rows {
        match &row.log {
            Some(log) => out.write_all(log)?,
            // What libbpf says goes where libbpf says it.
            None => eprintln!("bpfvet: {} {}: {}", row.object, row.program, row.message),
        }
    }
    Ok(())
}
