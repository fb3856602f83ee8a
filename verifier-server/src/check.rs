//! `bpfvet check`: from files to rows, and from rows to an exit code.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use verifier_core::analysis::System;
use verifier_core::program::request::Privilege;

use crate::args::{CheckArgs, FailOn, Format, SolveWhich};
use crate::ask::{BUDGETS, Nobody, Question, Solving, prog_type};
use crate::progress::Progress;
use crate::raw::RawProgram;
use crate::row::{Kind, Row};
use crate::{client, target};

/// Largest input that is read, in bytes: far above any object that a compiler writes.
const MAX_INPUT: u64 = 512 << 20;

/// Judges everything that the command line names; rows in order of file, program and kernel.
///
/// # Errors
/// What is wrong with the command line, in words for the user. Broken input is a row.
pub fn run(args: &CheckArgs) -> Result<Vec<Row>, String> {
    if args.solve.is_some() {
        if args.server.server.is_some() {
            return Err("a service does not solve: leave --server out, and this process does".into());
        }
        crate::solve::available()?;
    }
    let backend: Box<dyn Backend> = match client::backend(&args.server, &args.target)? {
        Some(remote) => remote,
        None => Box::new(Local { systems: target::systems(&args.target)? }),
    };
    let question = question(args)?;
    let mut rows = Vec::new();
    if let Some(file) = &args.raw {
        raw_lines(&question, &*backend, file, &mut rows)?;
    }
    let mut progress = Progress::new(args.objects.len());
    for (i, file) in args.objects.iter().enumerate() {
        let name = file.display().to_string();
        progress.at(i, &name);
        match read(file) {
            Ok(bytes) => rows.extend(backend.object(&question, &name, &bytes)),
            Err(e) => {
                // The row names the file already.
                let e = e.strip_prefix(&format!("{name}: ")).unwrap_or(&e).to_string();
                rows.push(Row::new(&name, "", "", "", Kind::Error, e));
            }
        }
    }
    Ok(rows)
}

/// What the arguments ask, apart from kernels and files.
fn question(args: &CheckArgs) -> Result<Question, String> {
    Ok(Question {
        programs: args.prog.clone(),
        prog_type: args.prog_type.as_deref().map(prog_type).transpose()?,
        privilege: privilege(args)?,
        // A log alone is of no use without one.
        log_level: args.log_level.unwrap_or(u32::from(args.format == Format::Kernel)),
        as_veristat: args.as_veristat,
        no_prune: args.no_prune,
        explain: args.format.explains(),
        time: Some(Duration::from_secs(args.timeout)),
        solve: args.solve.map(|which| Solving {
            witness: args.witness.clone(),
            accepted: which == SolveWhich::All,
            wanted: None,
        }),
        budget: args.budget.as_deref().map(limits).transpose()?.unwrap_or_default(),
        ..Question::default()
    })
}

/// Who answers: this process, or a service.
pub trait Backend {
    /// Short names of the kernels asked.
    fn kernels(&self) -> Vec<&str>;
    /// Rows for every program wanted of an object; a broken object is a row.
    fn object(&self, question: &Question, name: &str, bytes: &[u8]) -> Vec<Row>;
    /// The row of a raw program on one of the kernels, by its number.
    ///
    /// # Errors
    /// What is wrong with the program, in words.
    fn raw(&self, question: &Question, object: &str, program: &RawProgram, kernel: usize) -> Result<Row, String>;
}

/// Answers in this process.
struct Local {
    systems: Vec<System>,
}

impl Backend for Local {
    fn kernels(&self) -> Vec<&str> {
        self.systems.iter().map(|s| s.kernel.name).collect()
    }

    fn object(&self, question: &Question, name: &str, bytes: &[u8]) -> Vec<Row> {
        let broken = |e: String| vec![Row::new(name, "", "", "", Kind::Error, e)];
        let rows = catch_unwind(AssertUnwindSafe(|| {
            question.object(name, bytes, &self.systems, &mut Nobody::default(), &|| false)
        }));
        match rows {
            Ok(Ok(rows)) => rows,
            Ok(Err(e)) => broken(e.to_string()),
            Err(_) => broken("internal error of bpfvet; please report the file".into()),
        }
    }

    fn raw(&self, question: &Question, object: &str, program: &RawProgram, kernel: usize) -> Result<Row, String> {
        let system = self.systems.get(kernel).ok_or("no such kernel")?;
        question.raw(object, program, system, &mut Nobody::default(), &|| false).map_err(|e| e.to_string())
    }
}

/// One row for every line and kernel, in order, whatever is wrong with the line.
fn raw_lines(q: &Question, backend: &dyn Backend, file: &Path, rows: &mut Vec<Row>) -> Result<(), String> {
    let name = file.display().to_string();
    let text = String::from_utf8(read(file)?).map_err(|_| format!("{name}: not UTF-8"))?;
    for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let value = serde_json::from_str::<Value>(line);
        let title = value.as_ref().ok().and_then(|v| v.get("name")).and_then(Value::as_str).unwrap_or_default();
        let program = match &value {
            Ok(value) => RawProgram::parse(value).map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        };
        for (k, kernel) in backend.kernels().into_iter().enumerate() {
            let row = program.as_ref().map_err(Clone::clone).and_then(|p| backend.raw(q, &name, p, k));
            rows.push(row.unwrap_or_else(|what| {
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

/// Reads a file, or standard input for `-`.
pub fn read(file: &Path) -> Result<Vec<u8>, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", file.display());
    let mut bytes = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).map_err(failed)?.take(MAX_INPUT + 1).read_to_end(&mut bytes)
    };
    let n = read.map_err(failed)?;
    if n as u64 > MAX_INPUT {
        return Err(format!("{}: larger than {} MiB", file.display(), MAX_INPUT >> 20));
    }
    Ok(bytes)
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
        assert!(limits("speed=5").is_err() && limits("insns").is_err());
    }
}
