//! Rows in the columns of veristat, so that scripts and eyes that know it keep working.

use std::io::{self, Write};

use crate::baseline::{difference, file_name, program_name};
use crate::clean::{self, Shown};
use crate::row::{Before, Kind};

const CSV_HEADER: &str =
    "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states,max_states_per_insn,max_mark_read_len";

/// Whether more than one kernel was asked, so that rows need to say which.
fn several(rows: &[Shown<'_>]) -> bool {
    rows.windows(2).any(|w| !w[0].kernel.is_empty() && !w[1].kernel.is_empty() && w[0].kernel != w[1].kernel)
}

/// Cells of one row: file, program, verdict, then numbers.
fn cells(row: &Shown<'_>) -> Vec<String> {
    let c = row.counters.unwrap_or_default();
    vec![
        // What was the middle of a path is now its beginning.
        clean::line(file_name(row)),
        program_name(row),
        row.kind.veristat().to_string(),
        c.time_us.to_string(),
        c.insns.to_string(),
        c.total_states.to_string(),
        c.peak_states.to_string(),
        c.max_states_per_insn.to_string(),
        c.mark_read.to_string(),
    ]
}

/// Comma-separated values.
pub fn csv(rows: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    let kernels = several(rows);
    writeln!(out, "{CSV_HEADER}{}", if kernels { ",kernel" } else { "" })?;
    for row in rows {
        let mut cells = cells(row);
        if kernels {
            cells.push(row.kernel.clone());
        }
        let quoted: Vec<String> = cells.iter().map(|c| clean::cell(c)).collect();
        writeln!(out, "{}", quoted.join(","))?;
    }
    Ok(())
}

/// A table with a line under the header.
pub fn print(rows: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    let kernels = several(rows);
    let mut header = vec!["File", "Program", "Verdict", "Duration (us)", "Insns", "States", "Peak states"];
    if kernels {
        header.push("Kernel");
    }
    let body = rows.iter().map(|row| {
        let mut c = cells(row);
        c.truncate(7);
        if kernels {
            c.push(row.kernel.clone());
        }
        c
    });
    columns(&header, &body.collect::<Vec<_>>(), 3..7, out)?;
    let bad = rows.iter().filter(|r| r.kind.veristat() != "success").count();
    writeln!(out, "Done. Processed {} programs, {bad} of them not accepted.", rows.len())
}

/// Writes columns as wide as their widest cell; those in `numbers` are aligned to the right.
fn columns(
    header: &[&str],
    body: &[Vec<String>],
    numbers: std::ops::Range<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let width = |i: usize| {
        let cells = body.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
        cells.max(header.get(i).map_or(0, |h| h.len()))
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells
            .zip(&widths)
            .enumerate()
            .map(|(i, (c, w))| if numbers.contains(&i) { format!("{c:>w$}") } else { format!("{c:<w$}") })
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())
    };
    line(&mut header.iter().copied())?;
    let rules: Vec<String> = widths.iter().map(|w| "-".repeat(*w)).collect();
    line(&mut rules.iter().map(String::as_str))?;
    body.iter().try_for_each(|row| line(&mut row.iter().map(String::as_str)))
}

/// One row of a comparison: file, program, then each column of the earlier run, of this one, and the difference.
fn compared(row: &Shown<'_>) -> Vec<String> {
    let then = row.before.as_ref();
    let now = row.counters.filter(|_| row.kind != Kind::Gone);
    let verdict = then.map_or("N/A", |b| &b.verdict);
    let same = if verdict == row.kind.veristat() { "MATCH" } else { "MISMATCH" };
    let mut line = vec![clean::line(file_name(row)), program_name(row), verdict.to_string()];
    line.extend([row.kind.veristat().to_string(), same.to_string()]);
    let numbers = |f: fn(&Before) -> Option<u64>, now: Option<u32>| {
        let (then, now) = (then.and_then(f), now.map(u64::from));
        let text = |n: Option<u64>| n.map_or_else(|| "N/A".into(), |n| n.to_string());
        [text(then), text(now), difference(then, now)]
    };
    // A row without counters has none of anything, as in the other columns.
    let zero = |n: Option<u32>| if row.kind == Kind::Gone { None } else { Some(n.unwrap_or(0)) };
    line.extend(numbers(|b| b.insns, zero(now.map(|c| c.insns))));
    line.extend(numbers(|b| b.states, zero(now.map(|c| c.total_states))));
    line
}

/// Both runs and their difference, as veristat compares: columns end in (A), (B) and (DIFF).
pub fn compare(rows: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    let header = [
        "File",
        "Program",
        "Verdict (A)",
        "Verdict (B)",
        "Verdict (DIFF)",
        "Insns (A)",
        "Insns (B)",
        "Insns (DIFF)",
        "States (A)",
        "States (B)",
        "States (DIFF)",
    ];
    columns(&header, &rows.iter().map(compared).collect::<Vec<_>>(), 5..11, out)
}

/// The same as comma-separated values, with the column names of veristat.
pub fn compare_csv(rows: &[Shown<'_>], out: &mut dyn Write) -> io::Result<()> {
    let names = ["verdict", "total_insns", "total_states"].map(|n| format!("{n}_base,{n}_comp,{n}_diff"));
    writeln!(out, "file_name,prog_name,{}", names.join(","))?;
    for row in rows {
        let mut cells = compared(row);
        // A difference begins with a sign and is a number, no formula.
        let quoted: Vec<String> =
            cells.iter_mut().enumerate().map(|(i, c)| if i < 5 { clean::cell(c) } else { std::mem::take(c) }).collect();
        writeln!(out, "{}", quoted.join(","))?;
    }
    Ok(())
}
