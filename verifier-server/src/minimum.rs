//! `bpfvet check --minimum`: the oldest kernel that takes each program, and what keeps older ones out.
//!
//! Kernels are asked from the newest down to the first that refuses; between those two every release counts, and the
//! search halves what lies between. A program that a release in the middle refuses therefore needs a release behind that
//! one: the answer is the oldest kernel from which on all take it, as far as asked.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use serde_json::json;
use verifier_core::analysis::System;
use verifier_core::kernel::{Basis, Kernel, KernelVersion};

use crate::args::{CheckArgs, Format};
use crate::ask::{Nobody, Question};
use crate::clean::{self, Shown};
use crate::contract::Contracts;
use crate::row::{Kind, Row};
use crate::{check, input};

/// Releases of each major number that there were.
const LAST_MINORS: &[(u16, u16)] = &[(5, 19), (6, 19)];

/// What is known of one program.
struct Minimum {
    object: String,
    program: String,
    /// The oldest kernel that takes it, and what stands behind the answer; `None`: the newest refuses it.
    oldest: Option<(String, &'static str)>,
    /// The answer of the next older kernel; `None`: there is none, the oldest known takes it.
    kept_out: Option<Row>,
}

/// Prints the oldest kernel of every program. The exit code is 1 where some program loads on no kernel.
///
/// # Errors
/// In words for the user.
pub fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<u8, String> {
    if !matches!(args.format, Format::Text | Format::Json | Format::Jsonl) {
        return Err("--minimum prints text, json or jsonl".into());
    }
    let question = check::question(args)?;
    let mut contracts = Contracts::new(&args.config);
    let mut all = Vec::new();
    for file in input::files(&args.objects)? {
        let bytes = input::read(&file)?;
        match input::what(&bytes) {
            input::What::Object => {
                for plan in contracts.plans(&file)? {
                    let question = Question { plan, ..question.clone() };
                    all.extend(of_object(&question, &file, &bytes)?);
                }
            }
            input::What::Other(words) | input::What::OtherOrder(words) => {
                return Err(format!("{}: {words}", clean::path(&file)));
            }
        }
    }
    if all.is_empty() {
        return Err("nothing to check: no program matches".into());
    }
    let print = match args.format {
        Format::Json => {
            let rows: Vec<_> = all.iter().map(object).collect();
            writeln!(out, "{}", clean::json(&serde_json::Value::from(rows).to_string()))
        }
        Format::Jsonl => all.iter().try_for_each(|m| writeln!(out, "{}", clean::json(&object(m).to_string()))),
        _ => all.iter().try_for_each(|m| writeln!(out, "{}", text(m))),
    };
    print.map_err(|e| e.to_string())?;
    Ok(u8::from(!args.exit_zero && all.iter().any(|m| m.oldest.is_none())))
}

/// The answers about every program of an object.
fn of_object(question: &Question, file: &Path, bytes: &[u8]) -> Result<Vec<Minimum>, String> {
    let name = file.display().to_string();
    let failed = |e: &dyn std::fmt::Display| format!("{}: {}", clean::path(file), clean::line(&e.to_string()));
    let mut kernels = Kernel::all();
    kernels.sort_by_key(|k| (k.version, k.point));
    let newest = kernels.last().cloned().ok_or("no kernel is known")?;
    let object = question.open(&name, bytes, &system(newest)?).map_err(|e| failed(&e))?;
    let wanted = object.programs.into_iter().filter(|p| !p.left_out && question.wants(&p.name)).map(|p| p.name);
    // The object is opened and judged once for each kernel that any of its programs asks about.
    let asked: RefCell<HashMap<&'static str, Vec<Row>>> = RefCell::default();
    let mut out = Vec::new();
    for program in wanted {
        let ask = |kernel: &Kernel| -> Result<Row, String> {
            let mut asked = asked.borrow_mut();
            if !asked.contains_key(kernel.name) {
                let systems = [system(kernel.clone())?];
                let rows = question.object(&name, bytes, &systems, &mut Nobody::default(), &|| false);
                asked.insert(kernel.name, rows.map_err(|e| failed(&e))?);
            }
            let row = asked[kernel.name].iter().find(|r| r.program == program).cloned();
            row.ok_or_else(|| failed(&"the program went away"))
        };
        out.push(search(&name, &program, &kernels, &ask)?);
    }
    Ok(out)
}

fn system(kernel: Kernel) -> Result<System, String> {
    System::stored(kernel).map_err(|e| e.to_string())
}

/// Finds the oldest kernel, by asking about few.
fn search(
    object: &str,
    program: &str,
    kernels: &[Kernel],
    ask: &dyn Fn(&Kernel) -> Result<Row, String>,
) -> Result<Minimum, String> {
    let mut oldest: Option<&Kernel> = None;
    let mut kept_out = None;
    for kernel in kernels.iter().rev() {
        let row = ask(kernel)?;
        if row.kind != Kind::Accepted {
            kept_out = Some((kernel, row));
            break;
        }
        oldest = Some(kernel);
    }
    let minimum = |oldest, kept_out| Minimum { object: object.into(), program: program.into(), oldest, kept_out };
    let named = |k: &Kernel| (k.name.to_string(), k.basis.word());
    let (Some(takes), Some((refuses, row))) = (oldest, kept_out.as_ref()) else {
        return Ok(minimum(oldest.map(named), kept_out.map(|(_, row)| row)));
    };
    // Releases between the two that were asked, oldest first.
    let between: Vec<Kernel> = releases(refuses.version, takes.version)
        .iter()
        .filter_map(|v| Kernel::release(&v.to_string()).ok())
        .filter(|k| matches!(k.basis, Basis::Computed { .. }))
        .collect();
    let (mut low, mut high) = (0, between.len());
    let (mut best, mut why) = (named(takes), row.clone());
    while low < high {
        let middle = (low + high) / 2;
        let row = ask(&between[middle])?;
        if row.kind == Kind::Accepted {
            best = named(&between[middle]);
            high = middle;
        } else {
            why = row;
            low = middle + 1;
        }
    }
    Ok(minimum(Some(best), Some(why)))
}

/// The releases between two, without them.
fn releases(old: KernelVersion, new: KernelVersion) -> Vec<KernelVersion> {
    let mut out = Vec::new();
    let mut at = old;
    loop {
        let last = LAST_MINORS.contains(&(at.major, at.minor));
        at = if last { KernelVersion::new(at.major + 1, 0) } else { KernelVersion::new(at.major, at.minor + 1) };
        // A major number whose last release is not known has no end; the newest kernel known bounds it.
        if at >= new || out.len() > 1000 {
            return out;
        }
        out.push(at);
    }
}

fn text(m: &Minimum) -> String {
    let place = format!("{}: {}", clean::line(&m.object), clean::line(&m.program));
    let why = |row: &Row| {
        let row = Shown::of(row);
        let said = row.reason.as_deref().unwrap_or_else(|| row.message.lines().next().unwrap_or_default());
        let code = row.code.map_or(String::new(), |c| format!(" [{c}]"));
        let at = row.source.as_ref().map_or(String::new(), |s| format!(" ({}:{})", s.file, s.line));
        format!("Linux {}: {said}{code}{at}", row.kernel)
    };
    match (&m.oldest, &m.kept_out) {
        (Some((kernel, basis)), Some(row)) => {
            format!("{place}: minimum: Linux {kernel} ({basis}); older ones are kept out: {}", why(row))
        }
        (Some((kernel, basis)), None) => {
            format!("{place}: minimum: Linux {kernel} ({basis}), the oldest that bpfvet knows")
        }
        (None, Some(row)) => format!("{place}: minimum: none, the newest refuses it: {}", why(row)),
        (None, None) => format!("{place}: minimum: not known"),
    }
}

fn object(m: &Minimum) -> serde_json::Value {
    json!({
        "schema": 1,
        "object": m.object,
        "program": m.program,
        "minimum": m.oldest.as_ref().map(|(k, _)| k),
        "basis": m.oldest.as_ref().map(|(_, basis)| basis),
        "kept_out": m.kept_out.as_ref().map(crate::render::json_object),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks about a program that loads since a release.
    fn since(first: &str) -> Minimum {
        let first = Kernel::release(first).expect("a release");
        let ask = |k: &Kernel| {
            let takes = (k.version, k.point) >= (first.version, first.point);
            let kind = if takes { Kind::Accepted } else { Kind::Rejected };
            Ok(Row::new("a.o", "p", "xdp", k.name, kind, "no".into()))
        };
        search("a.o", "p", &[Kernel::v6_12(), Kernel::v6_18()], &ask).expect("answers")
    }

    #[test]
    fn releases_follow_each_other() {
        let text = |a, b| {
            let all = releases(a, b);
            all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let v = KernelVersion::new;
        assert_eq!(text(v(6, 17), v(7, 2)), "6.18 6.19 7.0 7.1");
        assert_eq!(text(v(5, 18), v(6, 1)), "5.19 6.0");
        assert_eq!(text(v(6, 12), v(6, 13)), "");
    }

    #[test]
    fn the_oldest_release_is_found_between_measured_ones() {
        let found = |first: &str| {
            let m = since(first);
            (m.oldest.map(|(k, basis)| format!("{k} {basis}")), m.kept_out.map(|r| r.kernel))
        };
        assert_eq!(found("6.16"), (Some("6.16 computed".into()), Some("6.15".into())));
        assert_eq!(found("6.13"), (Some("6.13 computed".into()), Some("6.12".into())));
        assert_eq!(found("6.18"), (Some("6.18 measured".into()), Some("6.17".into())));
        assert_eq!(found("6.12"), (Some("6.12 measured".into()), None));
    }

    #[test]
    fn what_no_kernel_takes_has_no_minimum() {
        let ask = |k: &Kernel| Ok(Row::new("a.o", "p\u{7}", "xdp", k.name, Kind::Rejected, "no".into()));
        let m = search("a.o", "p\u{7}", &[Kernel::v6_12(), Kernel::v6_18()], &ask).expect("answers");
        assert_eq!(text(&m), "a.o: p\\u{7}: minimum: none, the newest refuses it: Linux 6.18: no");
    }
}
