//! `bpfvet check`: from files to rows, and from rows to an exit code.

use std::path::{Path, PathBuf};

use serde_json::Value;
use verifier_core::program::request::Privilege;

use crate::args::{CheckArgs, FailOn, Format, SolveWhich, TargetArgs};
use crate::ask::{BUDGETS, Question, Solving};
use crate::backend::{Backend, Local};
use crate::baseline::Baseline;
use crate::clean;
use crate::contract::Contracts;
use crate::input::{self, What, read};
use crate::near::did_you_mean;
use crate::pool::Pool;
use crate::progress::Progress;
use crate::raw::RawProgram;
use crate::reproduce::Command;
use crate::row::{Kind, Row, prog_type};
use crate::{client, target, tell};

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
    let question = question(args)?;
    let files = input::files(&args.objects)?;
    let mut contracts = Contracts::new(&args.config);
    let jobs = jobs(args, &question, &files, &mut contracts)?;
    // What is wrong with the command line is found before anything is computed.
    let mut baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let mut rows = Vec::new();
    let command = Command::new(args);
    let mut out = Rows { rows: &mut rows, told, baseline: &mut baseline, command: &command };
    if let Some(file) = &args.raw {
        raw_lines(&question, &*backend(args, &args.target)?, file, &mut out)?;
        if out.rows.is_empty() {
            return Err(format!("{}: nothing to check: it holds no program", clean::path(file)));
        }
    }
    let mut idle = Vec::new();
    let mut progress = Progress::new(jobs.len());
    let mut done = 0;
    for group in jobs.chunk_by(|a, b| a.kernels == b.kernels) {
        let backend = backend(args, &args.target.or(&group[0].kernels))?;
        match backend.here() {
            // The solver takes all memory that there is, once; and the rows of a single file come one by one.
            Some(local) if args.solve.is_none() && group.len() > 1 => {
                side_by_side(local, &Pool::new(args.jobs), group, done, &mut progress, &mut out, &mut idle);
            }
            _ => {
                for (i, job) in group.iter().enumerate() {
                    progress.at(done + i, &job.file.display().to_string());
                    look(&*backend, job, &mut |row| out.add(row), &mut idle);
                }
            }
        }
        done += group.len();
    }
    drop(progress);
    settle(idle, &mut out);
    for gone in out.baseline.take().into_iter().flat_map(Baseline::gone) {
        out.add(gone);
    }
    Ok(rows)
}

/// One object in one variant, and how it is asked about.
struct Job {
    file: PathBuf,
    question: Question,
    /// Kernels that a contract names.
    kernels: Vec<String>,
}

/// Everything that is asked, in the order of files and variants.
fn jobs(
    args: &CheckArgs,
    question: &Question,
    files: &[PathBuf],
    contracts: &mut Contracts,
) -> Result<Vec<Job>, String> {
    let mut out = Vec::new();
    for file in files {
        for plan in contracts.plans(file)? {
            if args.server.server.is_some() && !plan.is_plain() {
                return Err(format!(
                    "{}: what `bpfvet.toml` sets for it is not sent to a service: ask without --server, or with --no-config",
                    clean::path(file)
                ));
            }
            // What the command line names comes before what a contract names.
            let kernels = if args.target.kernel.is_empty() { plan.kernels.clone() } else { Vec::new() };
            out.push(Job { file: file.clone(), question: Question { plan, ..question.clone() }, kernels });
        }
    }
    contracts.files().for_each(|f| tell::detail(&format!("settings of {}", clean::path(f))));
    Ok(out)
}

/// Who answers for some kernels.
fn backend(args: &CheckArgs, target: &TargetArgs) -> Result<Box<dyn Backend>, String> {
    Ok(match client::backend(&args.server, target)? {
        Some(remote) => remote,
        None => Box::new(Local::new(target::systems(target)?)),
    })
}

/// Rows as they come to be known.
struct Rows<'a> {
    rows: &'a mut Vec<Row>,
    told: &'a mut dyn FnMut(&Row),
    /// What an earlier run said.
    baseline: &'a mut Option<Baseline>,
    command: &'a Command,
}

impl Rows<'_> {
    fn add(&mut self, mut row: Row) {
        if let Some(baseline) = self.baseline.as_mut().filter(|_| row.kind != Kind::Gone) {
            baseline.compare(&mut row);
        }
        row.reproduce = self.command.reproduces(&row);
        (self.told)(&row);
        self.rows.push(row);
    }
}

/// Many files on many processors: the rows of a file come when those of all files before it have come. `done` were looked
/// at before.
fn side_by_side(
    local: &Local,
    pool: &Pool,
    jobs: &[Job],
    done: usize,
    progress: &mut Progress,
    out: &mut Rows<'_>,
    idle: &mut Vec<Row>,
) {
    let found = |i: usize| {
        let (mut rows, mut idle) = (Vec::new(), Vec::new());
        look(local, &jobs[i], &mut |row| rows.push(row), &mut idle);
        (rows, idle)
    };
    let mut at = 0..jobs.len();
    let mut show = || {
        if let Some(i) = at.next() {
            progress.at(done + i, &jobs[i].file.display().to_string());
        }
    };
    show();
    pool.ordered(jobs.len(), found, |(rows, no_answer)| {
        rows.into_iter().for_each(|row| out.add(row));
        idle.extend(no_answer);
        show();
    });
}

/// The rows of one file, or a row that counts only where nothing else was checked.
fn look(backend: &dyn Backend, job: &Job, take: &mut dyn FnMut(Row), idle: &mut Vec<Row>) {
    let Job { file, question, .. } = job;
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
                take(Row { strict: question.plan.fail_on_unsupported, ..row });
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
            let meant = question.programs.first().map_or_else(String::new, |p| did_you_mean(p, programs));
            format!(
                "nothing to check: no program matches {}{meant}; there are {}{more}",
                wanted.join(", "),
                known.join(", ")
            )
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
        tell::note(&format!("{}: skipped: {}", clean::line(&row.object), clean::line(&row.message)));
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
        loader: args.loader.map(Into::into),
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
    let unsupported = rows.iter().any(|r| r.kind == Kind::Unsupported && r.expected.is_none());
    let failed = rows.iter().any(Row::fails);
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
                let meant = did_you_mean(name, BUDGETS);
                return Err(format!("unknown limit `{name}`{meant}; known are {}", BUDGETS.join(", ")));
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
