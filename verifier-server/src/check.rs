//! `bpfvet check`: from files to rows, and from rows to an exit code.

use std::collections::BTreeMap;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use verifier_core::analysis::{Options, System, verify_with};
use verifier_core::explain::{Trace, explain};
use verifier_core::kernel::ProgType;
use verifier_core::log::Off;
use verifier_core::program::request::Privilege;
use verifier_core::program::{LoadRequest, OpenOptions, open};

use crate::args::{CheckArgs, FailOn, Format, glob};
use crate::row::{Kind, Row};
use crate::{raw, target};

/// Largest input that is read, in bytes: far above any object that a compiler writes.
const MAX_INPUT: u64 = 512 << 20;
/// Most bytes of log that are kept for one program.
const MAX_LOG: usize = 64 << 20;
/// Possible CPUs of the machine asked: one, so that answers do not depend on where bpfvet runs.
const CPUS: u32 = 1;

/// What is the same for every program of one command.
struct Check<'a> {
    args: &'a CheckArgs,
    privilege: Privilege,
    prog_type: Option<ProgType>,
    limits: Vec<(String, u64)>,
    log_level: u32,
}

/// Judges everything that the command line names; rows in order of file, program and kernel.
///
/// # Errors
/// What is wrong with the command line, in words for the user. Broken input is a row.
pub fn run(args: &CheckArgs) -> Result<Vec<Row>, String> {
    if args.solve.is_some() {
        crate::solve::available()?;
    }
    let systems = target::systems(&args.target)?;
    let check = Check {
        args,
        privilege: privilege(args)?,
        prog_type: args.prog_type.as_deref().map(prog_type).transpose()?,
        limits: args.budget.as_deref().map(limits).transpose()?.unwrap_or_default(),
        // A log alone is of no use without one.
        log_level: args.log_level.unwrap_or(u32::from(args.format == Format::Kernel)),
    };
    let mut rows = Vec::new();
    if let Some(file) = &args.raw {
        check.raw_lines(file, &systems, &mut rows)?;
    }
    for object in &args.objects {
        check.object(object, &systems, &mut rows);
    }
    for row in &mut rows {
        check.apply_limits(row);
    }
    Ok(rows)
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

impl Check<'_> {
    fn object(&self, file: &Path, systems: &[System], rows: &mut Vec<Row>) {
        let name = file.display().to_string();
        let bytes = match read(file) {
            Ok(bytes) => bytes,
            Err(e) => {
                // The row names the file already.
                let e = e.strip_prefix(&format!("{name}: ")).unwrap_or(&e).to_string();
                rows.push(Row::new(&name, "", "", "", Kind::Error, e));
                return;
            }
        };
        let mut by_program: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
        for system in systems {
            let options = OpenOptions {
                vmlinux: Some(system.vmlinux.clone()),
                modules: system.modules.clone(),
                as_veristat: self.args.as_veristat,
                nr_cpus: CPUS,
                ..OpenOptions::new(&system.kernel, name.clone())
            };
            let opened = catch_unwind(AssertUnwindSafe(|| open(&bytes, &options)));
            let object = match opened.map_err(|_| "internal error of bpfvet; please report the file".to_string()) {
                Ok(Ok(object)) => object,
                Err(e) => {
                    rows.push(Row::new(&name, "", "", "", Kind::Error, e));
                    return;
                }
                Ok(Err(e)) => {
                    rows.push(Row::new(&name, "", "", "", Kind::Error, e.to_string()));
                    return;
                }
            };
            for (i, p) in object.programs.into_iter().enumerate().filter(|(_, p)| self.wants(&p.name)) {
                let row = match p.result {
                    Err(why) => Row::not_loadable(&name, &p.name, &p.section, system.kernel.name, &why),
                    Ok(request) => self.judge(&name, &p.name, &p.section, system, request),
                };
                by_program.entry(i).or_default().push(row);
            }
        }
        rows.extend(by_program.into_values().flatten());
    }

    /// One row for every line and kernel, in order, whatever is wrong with the line.
    fn raw_lines(&self, file: &Path, systems: &[System], rows: &mut Vec<Row>) -> Result<(), String> {
        let name = file.display().to_string();
        let text = String::from_utf8(read(file)?).map_err(|_| format!("{name}: not UTF-8"))?;
        for (n, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            for system in systems {
                let broken = |program: &str, what: String| {
                    let message = format!("line {}: {what}", n + 1);
                    Row::new(&name, program, "", system.kernel.name, Kind::Error, message)
                };
                rows.push(match serde_json::from_str::<Value>(line) {
                    Err(e) => broken("", e.to_string()),
                    Ok(value) => {
                        let program = value.get("name").and_then(Value::as_str).unwrap_or_default().to_string();
                        match raw::request(&value, system) {
                            Err(e) => broken(&program, e.to_string()),
                            Ok(request) => self.judge(&name, &program, "", system, request),
                        }
                    }
                });
            }
        }
        Ok(())
    }

    fn wants(&self, program: &str) -> bool {
        self.args.prog.is_empty() || self.args.prog.iter().any(|g| glob(g, program))
    }

    fn judge(&self, object: &str, program: &str, section: &str, system: &System, mut request: LoadRequest) -> Row {
        if let Some(t) = self.prog_type {
            request.prog_type = t as u32;
        }
        let options = Options {
            log_level: self.log_level,
            log_size: MAX_LOG,
            privilege: self.privilege,
            no_prune: self.args.no_prune,
        };
        let (begun, limit) = (Instant::now(), Duration::from_secs(self.args.timeout));
        let late = || begun.elapsed() > limit;
        // A fault of ours in one program must not cost the others their answers.
        let report = catch_unwind(AssertUnwindSafe(|| verify_with(system, &request, &options, &mut Off, &late)));
        match report {
            Ok(report) => {
                let mut row = Row::verified(object, program, section, system, &request, report, self.log_level != 0);
                if row.kind == Kind::Rejected && self.args.format.explains() {
                    row.trace = self.explain(system, &request, &options);
                }
                self.solve(system, &request, &options, &mut row);
                row
            }
            Err(_) => {
                let message = "undecided: internal error of bpfvet; please report the program".to_string();
                Row::new(object, program, section, system.kernel.name, Kind::Unsupported, message)
            }
        }
    }

    /// Is it a real bug?
    #[cfg(feature = "solver")]
    fn solve(&self, system: &System, request: &LoadRequest, options: &Options, row: &mut Row) {
        let Some(_) = self.args.solve else { return };
        if row.kind != Kind::Rejected {
            return;
        }
        let base = row.object.rsplit('/').next().unwrap_or_default();
        let name = format!("{base}.{}.{}", row.program, row.kernel);
        let dir = self.args.witness.as_deref();
        let found = catch_unwind(AssertUnwindSafe(|| crate::solve::about_rejection(system, request, options, &name, dir)));
        row.solve = found.ok().flatten();
    }

    #[cfg(not(feature = "solver"))]
    fn solve(&self, _: &System, _: &LoadRequest, _: &Options, _: &mut Row) {}

    /// Runs the analysis of a rejected program again, listening to its steps.
    fn explain(&self, system: &System, request: &LoadRequest, options: &Options) -> Option<Trace> {
        let quiet = Options { log_level: 0, ..options.clone() };
        // An explanation that fails costs the explanation, not the verdict.
        catch_unwind(AssertUnwindSafe(|| explain(system, request, &quiet).1)).ok().flatten()
    }

    fn apply_limits(&self, row: &mut Row) {
        let (Kind::Accepted, Some(c)) = (row.kind, row.counters) else { return };
        for (name, limit) in &self.limits {
            let is = match name.as_str() {
                "insns" => u64::from(c.insns),
                "states" => u64::from(c.total_states),
                "peak_states" => u64::from(c.peak_states),
                "stack" => u64::from(c.stack_depth),
                _ => c.time_us,
            };
            if is > *limit {
                row.over_budget.push(format!("{name} {is} > {limit}"));
            }
        }
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

fn prog_type(name: &str) -> Result<ProgType, String> {
    let found = ProgType::ALL.iter().skip(1).find(|t| t.name().eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| {
        let known: Vec<String> = ProgType::ALL.iter().skip(1).map(|t| t.name().to_ascii_lowercase()).collect();
        format!("unknown program type `{name}`; known are {}", known.join(", "))
    })
}

fn limits(list: &str) -> Result<Vec<(String, u64)>, String> {
    const KNOWN: &[&str] = &["insns", "states", "peak_states", "stack", "time_us"];
    list.split(',')
        .map(|item| {
            let (name, n) = item.split_once('=').ok_or_else(|| format!("`{item}` is not of the form name=number"))?;
            let name = name.trim();
            if !KNOWN.contains(&name) {
                return Err(format!("unknown limit `{name}`; known are {}", KNOWN.join(", ")));
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
    fn limits_and_types() {
        assert_eq!(limits("insns=5, stack=7"), Ok(vec![("insns".into(), 5), ("stack".into(), 7)]));
        assert!(limits("speed=5").is_err() && limits("insns").is_err());
        assert_eq!(prog_type("xdp"), Ok(ProgType::Xdp));
        assert!(prog_type("unspec").is_err());
    }
}
