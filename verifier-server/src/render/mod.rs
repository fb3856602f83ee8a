//! Rows as text: for people, for veristat's friends, for programs, for CI systems, and as the kernel's own log.

mod github;
mod json;
mod junit;
mod sarif;
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
