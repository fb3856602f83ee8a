//! An earlier run to compare with: a csv that `--format csv` or veristat wrote.
//!
//! Programs are matched by file name, program and, where the earlier run asked several, kernel. Names are compared as
//! they are printed, so that what [`clean`] changes is changed on both sides. What is not a csv of that kind
//! is refused before anything is computed; programs that are gone are rows of their own.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use crate::clean;
use crate::input;
use crate::row::{Before, Kind, Row};

/// What tells programs apart: file, program, kernel.
type Key = (String, String, String);

/// An earlier run.
#[derive(Debug)]
pub struct Baseline {
    rows: BTreeMap<Key, VecDeque<Before>>,
}

impl Baseline {
    /// Reads a csv.
    ///
    /// # Errors
    /// The file, and what about it is not of the kind; in words for the user.
    pub fn read(file: &Path) -> Result<Baseline, String> {
        let name = clean::path(file);
        let text = String::from_utf8(input::read(file)?).map_err(|_| format!("{name}: not a csv: not UTF-8"))?;
        Baseline::parse(&text).map_err(|e| format!("{name}: {e}"))
    }

    fn parse(text: &str) -> Result<Baseline, String> {
        // Spreadsheets begin what they write with a mark of its encoding.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(n) = text.lines().position(|l| l.trim_end_matches('\r').contains('\r')) {
            return Err(format!("line {}: a carriage return within it", n + 1));
        }
        let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
        let header = lines.next().map(|(_, l)| split(l)).unwrap_or_default();
        let at = |name: &str| header.iter().position(|n| n == name);
        let (Some(file), Some(program), Some(verdict)) = (at("file_name"), at("prog_name"), at("verdict")) else {
            return Err("not a csv of an earlier run: its first line does not name the columns file_name, prog_name \
                        and verdict, as `bpfvet check --format csv` and `veristat -o csv` write them"
                .into());
        };
        let (insns, states, kernel) = (at("total_insns"), at("total_states"), at("kernel"));
        let mut rows: BTreeMap<Key, VecDeque<Before>> = BTreeMap::new();
        for (n, line) in lines {
            let cells = split(line);
            if cells.len() != header.len() {
                let n = n + 1;
                return Err(format!("line {n}: {} cells where the first line has {}", cells.len(), header.len()));
            }
            let cell = |i: usize| cells[i].clone();
            let key = (printed(&cells[file]), printed(&cells[program]), kernel.map(cell).unwrap_or_default());
            let number = |i: Option<usize>| i.and_then(|i| cells[i].parse().ok());
            let before = Before { verdict: clean::line(&cells[verdict]), insns: number(insns), states: number(states) };
            rows.entry(key).or_default().push_back(before);
        }
        Ok(Baseline { rows })
    }

    /// Notes on a row what the earlier run said, which is used up by that.
    pub fn compare(&mut self, row: &mut Row) {
        let (file, program) = (printed(file_name(row)), printed(&program_name(row)));
        let mut key = (file, program, row.kernel.clone());
        let mut found = self.rows.get_mut(&key).and_then(VecDeque::pop_front);
        if found.is_none() {
            key.2.clear();
            found = self.rows.get_mut(&key).and_then(VecDeque::pop_front);
        }
        row.before = found;
    }

    /// Once every row is compared: a row for every program that is gone.
    pub fn gone(self) -> impl Iterator<Item = Row> {
        let all = self.rows.into_iter().flat_map(|(key, left)| left.into_iter().map(move |b| (key.clone(), b)));
        all.map(|((file, program, kernel), before)| {
            let message = format!("the baseline has it ({}), and it is gone", before.verdict);
            let program = if program == "-" { "" } else { &program };
            let mut row = Row::new(&file, program, "", &kernel, Kind::Gone, message);
            row.before = Some(before);
            row
        })
    }
}

/// File name of a row, as veristat prints it.
pub fn file_name(row: &Row) -> &str {
    row.object.rsplit('/').next().unwrap_or(&row.object)
}

/// Program of a row, `-` for one about the whole object.
pub fn program_name(row: &Row) -> String {
    let title = row.title();
    if title.is_empty() { "-".into() } else { title }
}

/// A name as a csv of ours has it, without quotes.
fn printed(name: &str) -> String {
    split(&clean::cell(name)).swap_remove(0)
}

/// `+5 (+10.00%)`, in the style of veristat.
pub fn difference(then: Option<u64>, now: Option<u64>) -> String {
    let (Some(a), Some(b)) = (then, now) else { return "N/A".into() };
    let (a, b) = (i128::from(a), i128::from(b));
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
        assert_eq!(split(&format!("{},b", clean::cell("a,\"x"))), ["a,\"x", "b"]);
        assert_eq!(difference(Some(100), Some(110)), "+10 (+10.00%)");
        assert_eq!(difference(None, Some(1)), "N/A");
    }

    #[test]
    fn only_an_earlier_run_is_a_baseline() {
        for text in ["", "\u{7f}ELF", "a,b,c\n1,2,3", "file_name,prog_name,verdict\nonly_one_cell"] {
            assert!(Baseline::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn programs_are_found_again_or_gone() {
        let csv = "file_name,prog_name,verdict,total_insns\na.o,p,success,5\na.o,p,failure,6\nb.o,q,success,7\n";
        let row = |object: &str, program: &str| Row::new(object, program, "", "6.12", Kind::Accepted, String::new());
        let mut rows = vec![row("x/a.o", "p"), row("y/a.o", "p"), row("c.o", "new")];
        let mut baseline = Baseline::parse(csv).expect("a csv");
        rows.iter_mut().for_each(|row| baseline.compare(row));
        rows.extend(baseline.gone());
        let before: Vec<Option<u64>> = rows.iter().map(|r| r.before.as_ref().and_then(|b| b.insns)).collect();
        assert_eq!(before, [Some(5), Some(6), None, Some(7)]);
        assert_eq!((rows[3].kind, rows[3].object.as_str()), (Kind::Gone, "b.o"));
    }
}
