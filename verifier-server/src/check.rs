//! `bpfvet check`: from files to rows, and from rows to an exit code.

use std::path::{Path, PathBuf};

use serde_json::Value;
use verifier_core::program::request::Privilege;

use crate::args::{CheckArgs, FailOn, Format, SolveWhich};
use crate::ask::{BUDGETS, Question, Solving, prog_type};
use crate::backend::{Backend, Local};
use crate::baseline::Baseline;
use crate::clean;
use crate::input::{self, What, read};
use crate::pool::Pool;
use crate::progress::Progress;
use crate::raw::RawProgram;
use crate::row::{Kind, Row};
use crate::{client, target};

/// Judges everything that the command line names; rows in order of file, program and kernel. `told` hears of each row as
/// soon as it is known, in the same order as far as several kernels do not make one wait for another; of those that a
/// baseline adds it hears last.
///
/// # Errors
/// What is wrong with the command line, in words for the user. Broken input is a row.
pub fn run(args: &CheckArgs, told: &mut dyn FnMut(&Row)) -> Result<Vec<Row>, String> {
    if args.solve.is_some() && args.server.server.is_none() {
        crate::solve::available()?;
    }
    let backend: Box<dyn Backend> = match client::backend(&args.server, &args.target)? {
        Some(remote) => remote,
        None => Box::new(Local::new(target::systems(&args.target)?)),
    };
    let question = question(args)?;
    // What is wrong with the command line is found before anything is computed.
    let mut baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let mut rows = Vec::new();
    let mut out = Rows { rows: &mut rows, told, baseline: &mut baseline };
    if let Some(file) = &args.raw {
        raw_lines(&question, &*backend, file, &mut out)?;
        if out.rows.is_empty() {
            return Err(format!("{}: nothing to check: it holds no program", clean::path(file)));
        }
    }
    let files = input::files(&args.objects)?;
    let mut idle = Vec::new();
    let mut progress = Progress::new(files.len());
    match backend.here() {
        // The solver takes all memory that there is, once; and the rows of a single file come one by one.
        Some(local) if args.solve.is_none() && files.len() > 1 => {
            side_by_side(&question, local, &Pool::new(args.jobs), &files, &mut progress, &mut out, &mut idle);
        }
        _ => {
            for (i, file) in files.iter().enumerate() {
                progress.at(i, &file.display().to_string());
                look(&question, &*backend, file, &mut |row| out.add(row), &mut idle);
            }
        }
    }
    drop(progress);
    settle(idle, &mut out);
    for gone in out.baseline.take().into_iter().flat_map(Baseline::gone) {
        out.add(gone);
    }
    Ok(rows)
}

/// Rows as they come to be known.
struct Rows<'a> {
    rows: &'a mut Vec<Row>,
    told: &'a mut dyn FnMut(&Row),
    /// What an earlier run said.
    baseline: &'a mut Option<Baseline>,
}

impl Rows<'_> {
    fn add(&mut self, mut row: Row) {
        if let Some(baseline) = self.baseline.as_mut().filter(|_| row.kind != Kind::Gone) {
            baseline.compare(&mut row);
        }
        (self.told)(&row);
        self.rows.push(row);
    }
}

/// Many files on many processors: the rows of a file come when those of all files before it have come.
fn side_by_side(
    question: &Question,
    local: &Local,
    pool: &Pool,
    files: &[PathBuf],
    progress: &mut Progress,
    out: &mut Rows<'_>,
    idle: &mut Vec<Row>,
) {
    let found = |i: usize| {
        let (mut rows, mut idle) = (Vec::new(), Vec::new());
        look(question, local, &files[i], &mut |row| rows.push(row), &mut idle);
        (rows, idle)
    };
    let mut at = 0..files.len();
    let mut show = || {
        if let Some(i) = at.next() {
            progress.at(i, &files[i].display().to_string());
        }
    };
    show();
    pool.ordered(files.len(), found, |(rows, no_answer)| {
        rows.into_iter().for_each(|row| out.add(row));
        idle.extend(no_answer);
        show();
    });
}

/// The rows of one file, or a row that counts only where nothing else was checked.
fn look(question: &Question, backend: &dyn Backend, file: &Path, take: &mut dyn FnMut(Row), idle: &mut Vec<Row>) {
    let name = file.display().to_string();
    let row = |kind, words: String| Row::new(&name, "", "", "", kind, words);
    let bytes = match read(file) {
        Ok(bytes) => bytes,
        Err(e) => {
            // The row names the file already.
            let e = e.strip_prefix(&format!("{}: ", clean::path(file))).unwrap_or(&e).to_string();
            return take(row(Kind::Error, e));
        }
    };
    match input::what(&bytes) {
        What::OtherOrder(words) => idle.push(row(Kind::Unsupported, words)),
        What::Other(words) => take(row(Kind::Error, words)),
        What::Object => {
            let mut none = true;
            backend.object(question, &name, &bytes, &mut |row| {
                none = false;
                take(row);
            });
            if none {
                idle.push(row(Kind::Error, nothing(question, &backend.programs(question, &name, &bytes))));
            }
        }
    }
}

/// Why an object has no rows.
fn nothing(question: &Question, programs: &[String]) -> String {
    let wanted: Vec<String> = question.programs.iter().map(|p| format!("`{p}`")).collect();
    match (wanted.is_empty(), programs.is_empty()) {
        (true, _) => "nothing to check: the object has no programs".into(),
        (false, true) => format!("nothing to check: no program matches {}", wanted.join(", ")),
        (false, false) => {
            let known: Vec<&str> = programs.iter().take(20).map(String::as_str).collect();
            let more = if programs.len() > known.len() { ", …" } else { "" };
            format!("nothing to check: no program matches {}; there are {}{more}", wanted.join(", "), known.join(", "))
        }
    }
}

/// Files that gave no answer are a note beside others that did; a check of nothing else has not checked anything.
fn settle(idle: Vec<Row>, rows: &mut Rows<'_>) {
    if rows.rows.is_empty() {
        idle.into_iter().for_each(|row| rows.add(row));
        return;
    }
    for row in idle {
        eprintln!("bpfvet: {}: skipped: {}", clean::line(&row.object), clean::line(&row.message));
    }
}

/// What the arguments ask, apart from kernels and files.
pub(crate) fn question(args: &CheckArgs) -> Result<Question, String> {
    Ok(Question {
        programs: args.prog.clone(),
        prog_type: args.prog_type.as_deref().map(prog_type).transpose()?,
        privilege: privilege(args)?,
        // A log alone is of no use without one.
        log_level: args.log_level.unwrap_or(u32::from(args.format == Format::Kernel)),
        as_veristat: args.as_veristat,
        loader: args.loader.into(),
        no_prune: args.no_prune,
        explain: args.format.explains(),
        time: Some(args.timeout),
        solve: args.solve.map(|which| Solving {
            witness: args.witness.clone(),
            accepted: which == SolveWhich::All,
            wanted: None,
            memory: None,
        }),
        budget: args.budget.as_deref().map(limits).transpose()?.unwrap_or_default(),
        ..Question::default()
    })
}

/// One row for every line and kernel, in order, whatever is wrong with the line.
fn raw_lines(q: &Question, backend: &dyn Backend, file: &Path, rows: &mut Rows<'_>) -> Result<(), String> {
    let name = file.display().to_string();
    let text = String::from_utf8(read(file)?).map_err(|_| format!("{}: not UTF-8", clean::path(file)))?;
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let value = serde_json::from_str::<Value>(line);
        let title = value.as_ref().ok().and_then(|v| v.get("name")).and_then(Value::as_str).unwrap_or_default();
        let program = match &value {
            Ok(value) => RawProgram::parse(value).map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        for (k, kernel) in backend.kernels().into_iter().enumerate() {
            let row = program.as_ref().map_err(Clone::clone).and_then(|p| backend.raw(q, &name, p, k));
            rows.add(row.unwrap_or_else(|what| {
                Row::new(&name, title, "", kernel, Kind::Error, format!("line {}: {what}", n + 1))
            }));
        }
    }
    Ok(())
}

/// The exit code that the rows mean.
pub fn exit_code(args: &CheckArgs, rows: &[Row]) -> u8 {
    let any = |kind: Kind| rows.iter().any(|r| r.kind == kind);
    if any(Kind::Error) {
        return 2;
    }
    let unsupported = any(Kind::Unsupported);
    let failed = any(Kind::Rejected) || any(Kind::NotLoadable) || rows.iter().any(|r| !r.over_budget.is_empty());
    if args.exit_zero {
        0
    } else if failed || (unsupported && args.fail_on.contains(&FailOn::Unsupported)) {
        1
    } else if unsupported {
        3
    } else {
        0
    }
}

fn privilege(args: &CheckArgs) -> Result<Privilege, String> {
    if args.unprivileged {
        return Ok(Privilege::NONE);
    }
    let Some(list) = &args.caps else { return Ok(Privilege::ROOT) };
    let mut p = Privilege::NONE;
    for word in list.split(',').map(str::trim).filter(|w| !w.is_empty()) {
        match word.to_ascii_lowercase().trim_start_matches("cap_") {
            "bpf" => p.bpf = true,
            "perfmon" => p.perfmon = true,
            "net_admin" => p.net_admin = true,
            "sys_admin" => p.sys_admin = true,
            _ => return Err(format!("unknown capability `{word}`; known are bpf, perfmon, net_admin, sys_admin")),
        }
    }
    Ok(p)
}

fn limits(list: &str) -> Result<Vec<(String, u64)>, String> {
    list.split(',')
        .map(|item| {
            let (name, n) = item.split_once('=').ok_or_else(|| format!("`{item}` is not of the form name=number"))?;
            let name = name.trim();
            if !BUDGETS.contains(&name) {
                return Err(format!("unknown limit `{name}`; known are {}", BUDGETS.join(", ")));
            }
            let n = n.trim().parse().map_err(|_| format!("`{n}` is not a number"))?;
            if n == 0 {
                return Err(format!("`{name}=0` would refuse every program"));
            }
            Ok((name.to_string(), n))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_by_name() {
        assert_eq!(limits("insns=5, stack=7"), Ok(vec![("insns".into(), 5), ("stack".into(), 7)]));
        assert!(limits("speed=5").is_err() && limits("insns").is_err() && limits("insns=0").is_err());
    }
}
