//! Rows in the columns of veristat, so that scripts and eyes that know it keep working.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::row::Row;

const CSV_HEADER: &str =
    "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states,max_states_per_insn,max_mark_read_len";

/// Whether more than one kernel was asked, so that rows need to say which.
fn several(rows: &[Row]) -> bool {
    rows.windows(2).any(|w| !w[0].kernel.is_empty() && !w[1].kernel.is_empty() && w[0].kernel != w[1].kernel)
}

fn file_name(row: &Row) -> &str {
    row.object.rsplit('/').next().unwrap_or(&row.object)
}

/// Cells of one row: file, program, verdict, then numbers.
fn cells(row: &Row) -> Vec<String> {
    let c = row.counters.unwrap_or_default();
    vec![
        file_name(row).to_string(),
        if row.program.is_empty() { "-".into() } else { row.program.clone() },
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
pub fn csv(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let kernels = several(rows);
    writeln!(out, "{CSV_HEADER}{}", if kernels { ",kernel" } else { "" })?;
    for row in rows {
        let mut cells = cells(row);
        if kernels {
            cells.push(row.kernel.clone());
        }
        let quoted: Vec<String> = cells.iter().map(|c| quote(c)).collect();
        writeln!(out, "{}", quoted.join(","))?;
    }
    Ok(())
}

fn quote(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_string() }
}

/// A table with a line under the header.
pub fn print(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
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

/// Both runs and their difference, as veristat compares: columns end in (A), (B) and (DIFF).
pub fn compare(baseline: &str, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let mut lines = baseline.lines();
    let names: Vec<String> = split(lines.next().unwrap_or_default());
    let at = |name: &str| names.iter().position(|n| n == name);
    let (file, prog) = (at("file_name"), at("prog_name"));
    let mut old: HashMap<(String, String), Vec<String>> = HashMap::new();
    for line in lines {
        let cells = split(line);
        let cell = |i: Option<usize>| i.and_then(|i| cells.get(i)).cloned().unwrap_or_default();
        let key = (cell(file), cell(prog));
        old.entry(key).or_insert(cells);
    }
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
    let body = rows.iter().map(|row| {
        let new = cells(row);
        let before = old.get(&(new[0].clone(), new[1].clone()));
        let cell = |name: &str| before.and_then(|b| b.get(at(name)?)).cloned().unwrap_or_else(|| "N/A".into());
        let verdict = cell("verdict");
        let same = if verdict == new[2] { "MATCH" } else { "MISMATCH" };
        let mut line = vec![new[0].clone(), new[1].clone(), verdict, new[2].clone(), same.to_string()];
        for (name, now) in [("total_insns", &new[4]), ("total_states", &new[5])] {
            let then = cell(name);
            let diff = difference(&then, now);
            line.extend([then, now.clone(), diff]);
        }
        line
    });
    columns(&header, &body.collect::<Vec<_>>(), 5..11, out)
}

/// `+5 (+10.00%)`, in the style of veristat.
fn difference(then: &str, now: &str) -> String {
    let (Ok(a), Ok(b)) = (then.parse::<i64>(), now.parse::<i64>()) else { return "N/A".into() };
    let percent = match (a, b) {
        (a, b) if a == b => 0.0,
        (0, _) => 100.0,
        (a, b) => (b - a) as f64 * 100.0 / a as f64,
    };
    format!("{:+} ({percent:+.2}%)", b - a)
}

/// Cells of a line of comma-separated values.
fn split(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let last = cells.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells[last].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells[last].push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_survive_quoting() {
        assert_eq!(split(&format!("{},b", quote("a,\"x"))), ["a,\"x", "b"]);
        assert_eq!(difference("100", "110"), "+10 (+10.00%)");
        assert_eq!(difference("N/A", "1"), "N/A");
    }
}
