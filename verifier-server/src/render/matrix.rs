//! Answers of several kernels: which of them agree, and the table of programs and kernels.
//!
//! Kernels agree about a program when they decide alike, for the same reason, at the same instruction; then one
//! diagnostic stands for all of them, and words that differ are named beside it. The table has a cell for each program and
//! kernel, `ok` or the number of a reason, and the reasons below it, each once.

use std::fmt::Write;

use crate::clean::Shown;
use crate::row::{Kind, Row};

/// Widest column of program names, in characters; a longer name is cut.
const NAME_WIDTH: usize = 40;

/// Answers about one program that say the same.
pub struct Agreeing<'a, 'r> {
    /// The answer that is shown: the first kernel's.
    pub row: &'a Shown<'r>,
    /// The kernels whose answer it is, in the order asked.
    pub kernels: Vec<&'a str>,
    /// Words of those that say it otherwise: kernel and first line.
    pub otherwise: Vec<(&'a str, &'a str)>,
}

impl Agreeing<'_, '_> {
    /// The verb for as many as they are.
    pub fn returns(&self) -> &'static str {
        if self.kernels.len() > 1 { "return" } else { "returns" }
    }
}

/// Whether more than one kernel was asked.
pub fn several_kernels(rows: &[Shown<'_>]) -> bool {
    rows.iter().any(|r| !r.kernel.is_empty() && r.kernel != rows[0].kernel)
}

/// Rows by program, those that agree taken together; rows with a log stand alone, since logs are a kernel's own.
pub fn agreeing<'a, 'r>(rows: &'a [Shown<'r>]) -> Vec<Agreeing<'a, 'r>> {
    let mut out = Vec::new();
    for program in rows.chunk_by(|a, b| same_program(a, b)) {
        let mut found: Vec<Agreeing<'a, 'r>> = Vec::new();
        for row in program {
            let said = first_line(row);
            match found.iter_mut().find(|f| agree(f.row, row)) {
                Some(f) => {
                    f.kernels.push(&row.kernel);
                    if said != first_line(f.row) {
                        f.otherwise.push((&row.kernel, said));
                    }
                }
                None => found.push(Agreeing { row, kernels: vec![&row.kernel], otherwise: Vec::new() }),
            }
        }
        out.extend(found);
    }
    out
}

fn first_line(row: &Row) -> &str {
    row.message.lines().next().unwrap_or_default()
}

fn same_program(a: &Row, b: &Row) -> bool {
    (&a.object, &a.program, &a.section, &a.variant) == (&b.object, &b.program, &b.section, &b.variant)
}

/// Whether one diagnostic can stand for both. Counters are part of what is said of accepted programs.
fn agree(a: &Shown<'_>, b: &Shown<'_>) -> bool {
    let silent = a.log_text().is_none() && b.log_text().is_none() && a.before.is_none() && b.before.is_none();
    let solved = |r: &Row| r.solve.as_ref().map(|s| (s.message.clone(), s.notes.clone(), s.files.clone()));
    let decided = a.kind == b.kind && a.errno == b.errno && a.code == b.code && a.insn == b.insn;
    let reason = match a.kind {
        Kind::Accepted => counted(a) == counted(b) && a.over_budget == b.over_budget,
        // The code says what is wrong, the words may be another release's.
        Kind::Rejected if a.code.is_some() => true,
        _ => a.message == b.message && a.reason == b.reason,
    };
    silent && decided && reason && solved(a) == solved(b) && a.expected == b.expected
}

fn counted(row: &Row) -> Option<(u32, u32, u32)> {
    row.counters.map(|c| (c.insns, c.total_states, c.stack_depth))
}

/// The table of programs and kernels with its reasons; empty where one kernel was asked.
pub fn table(rows: &[Shown<'_>]) -> String {
    let mut kernels: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|r| !r.kernel.is_empty()) {
        if !kernels.contains(&row.kernel.as_str()) {
            kernels.push(&row.kernel);
        }
    }
    if kernels.len() < 2 {
        return String::new();
    }
    let mut out = String::from("\n");
    let objects = rows.chunk_by(|a, b| a.object == b.object).count();
    let name = |row: &Row| match (row.program.is_empty(), objects > 1) {
        (true, _) => row.object.clone(),
        (false, true) => format!("{}: {}", row.object, row.title()),
        (false, false) => row.title(),
    };
    let width = rows.iter().map(|r| name(r).chars().count()).max().unwrap_or(0).min(NAME_WIDTH);
    let columns: Vec<usize> = kernels.iter().map(|k| k.chars().count().max(4)).collect();
    let line = |name: &str, cells: &[String]| {
        let mut text = format!("{name:<width$}");
        for (cell, width) in cells.iter().zip(&columns) {
            // Writing into a `String` cannot fail.
            let _ = write!(text, "  {cell:<width$}");
        }
        text.trim_end().to_string() + "\n"
    };
    let mut reasons: Vec<(Kind, String)> = Vec::new();
    out.push_str(&line("", &kernels.iter().map(|k| (*k).to_string()).collect::<Vec<_>>()));
    for program in rows.chunk_by(|a, b| same_program(a, b)).filter(|p| p.iter().any(|r| !r.kernel.is_empty())) {
        let cells: Vec<String> = kernels
            .iter()
            .map(|k| program.iter().find(|r| r.kernel == *k).map_or("-".into(), |r| cell(r, &mut reasons)))
            .collect();
        let first = program.first().map(|r| name(r)).unwrap_or_default();
        out.push_str(&line(&cut(&first, width), &cells));
    }
    let numbers = numbered(&reasons);
    for (number, (_, text)) in numbers.iter().zip(&reasons) {
        let _ = writeln!(out, "{number:<4}{text}");
    }
    out
}

/// The cell of an answer: `ok`, or the number of its reason.
fn cell(row: &Row, reasons: &mut Vec<(Kind, String)>) -> String {
    if row.kind == Kind::Accepted {
        return if row.over_budget.is_empty() { "ok".into() } else { "over".into() };
    }
    let said = row.reason.as_deref().unwrap_or_else(|| first_line(row));
    // Words of releases differ, a code does not; the first words stand for all.
    let known = match row.code {
        Some(code) => format!("[{code}]"),
        None => said.to_string(),
    };
    let same = |(kind, text): &(Kind, String)| *kind == row.kind && text.ends_with(&known);
    let at = reasons.iter().position(same).unwrap_or_else(|| {
        let text = if row.code.is_some() { format!("{said} {known}") } else { known.clone() };
        reasons.push((row.kind, text));
        reasons.len() - 1
    });
    numbered(reasons).get(at).cloned().unwrap_or_default()
}

/// The names of reasons: `E1` of a rejection, `L1` of what fails before the verifier, `?1` of what is not decided.
fn numbered(reasons: &[(Kind, String)]) -> Vec<String> {
    let letter = |kind: Kind| match kind {
        Kind::Rejected => 'E',
        Kind::NotLoadable => 'L',
        Kind::Unsupported => '?',
        Kind::Accepted | Kind::Error | Kind::Gone => '!',
    };
    let mut counts: Vec<(char, usize)> = Vec::new();
    let mut next = |c: char| match counts.iter_mut().find(|(l, _)| *l == c) {
        Some((_, n)) => {
            *n += 1;
            *n
        }
        None => {
            counts.push((c, 1));
            1
        }
    };
    reasons.iter().map(|(kind, _)| letter(*kind)).map(|c| format!("{c}{}", next(c))).collect()
}

/// A name of at most so many characters.
fn cut(name: &str, width: usize) -> String {
    if name.chars().count() <= width {
        return name.to_string();
    }
    let kept: String = name.chars().skip(name.chars().count() + 1 - width).collect();
    format!("…{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(program: &str, kernel: &str, kind: Kind, message: &str, code: Option<&'static str>) -> Row {
        Row { code, ..Row::new("a.o", program, "xdp", kernel, kind, message.into()) }
    }

    fn rows() -> Vec<Row> {
        let null = Some("mem-invalid-access");
        vec![
            row("first", "6.1", Kind::Rejected, "R0 invalid mem access 'inv'", null),
            row("first", "6.12", Kind::Rejected, "R0 invalid mem access 'scalar'", null),
            row("second", "6.1", Kind::NotLoadable, "no such kfunc", None),
            row("second", "6.12", Kind::Accepted, "", None),
        ]
    }

    #[test]
    fn kernels_that_agree_are_one_answer_whatever_their_words() {
        let rows = rows();
        let shown: Vec<Shown<'_>> = rows.iter().map(Shown::of).collect();
        let found = agreeing(&shown);
        let kernels: Vec<Vec<&str>> = found.iter().map(|f| f.kernels.clone()).collect();
        assert_eq!(kernels, [vec!["6.1", "6.12"], vec!["6.1"], vec!["6.12"]]);
        assert_eq!(found[0].otherwise, [("6.12", "R0 invalid mem access 'scalar'")]);
    }

    #[test]
    fn the_table_has_a_cell_per_kernel_and_each_reason_once() {
        let rows = rows();
        let shown: Vec<Shown<'_>> = rows.iter().map(Shown::of).collect();
        let expected = "\n        6.1   6.12\nfirst   E1    E1\nsecond  L1    ok\n\
                        E1  R0 invalid mem access 'inv' [mem-invalid-access]\nL1  no such kfunc\n";
        assert_eq!(table(&shown), expected);
        assert_eq!(table(&shown[..1]), "");
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(cut("abcdef", 4), "…def");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
