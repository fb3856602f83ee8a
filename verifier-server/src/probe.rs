//! `bpfvet probe`: asks the kernel that we run on, and writes what it answered as a profile.
//!
//! Nothing is attached or run. Whatever cannot be had is said, with what follows for the answers; only a kernel that the
//! history does not reach, or a file that cannot be written, ends the command.

use std::io::Write;

use verifier_core::program::LoadRequest;
use verifier_core::program::request::Privilege;
use verifier_probe::case::Case;
use verifier_probe::decide::{Asked, Decider};
use verifier_probe::embedded::{self, Embedded};
use verifier_probe::load;
use verifier_probe::measure::{self, Found, Outcome};
use verifier_probe::profile::{self, Profile};
use verifier_probe::survey::{Missing, Root, Survey};

use crate::args::ProbeArgs;
use crate::clean;
use crate::progress::Progress;
use crate::render::fold;

/// Probes this machine and writes its profile; what came of it is told as text.
///
/// # Errors
/// In words for the user.
pub fn run(args: &ProbeArgs, out: &mut dyn Write) -> Result<(), String> {
    profile::may_store(&args.out).map_err(|e| clean::line(&e))?;
    let survey = Survey::of(&Root::here())?;
    let name = clean::line(&survey.name);
    let unusable = |e: profile::Unusable| format!("the running kernel {name}: {}", clean::line(&e.to_string()));
    let system = profile::computed(&survey).map_err(unusable)?;
    let mut missing = Vec::new();
    let forbidden = load::cannot_ask();
    if let Some(why) = &forbidden {
        const FOLLOWS: &str = "no change is measured, nor what the kernel has: its release tells, and what a distribution \
                               took along is not known";
        missing.push(Missing::new("loading programs", why.clone(), FOLLOWS));
    }
    let ask = |request: &LoadRequest, privilege: Privilege, log_level: u32| match &forbidden {
        Some(why) => Asked::Not(why.clone()),
        None => load::ask(request, privilege, log_level),
    };
    let count = embedded::changes().count();
    let mut found = Found::default();
    let mut system = system;
    if forbidden.is_none() {
        let mut progress = Progress::waiting(4);
        let mut step = 0;
        found = measure::all(&system, &mut |r| ask(r, Privilege::ROOT, 1), &mut |what| {
            progress.at(step, what);
            step += 1;
        });
        // What the kernel has bears on what its answers mean.
        system.kernel.machine.locked_down = found.writes_user.map_or(system.kernel.machine.locked_down, |w| !w);
    }
    let mut progress = Progress::waiting(count);
    let mut told = |i: usize, _: usize, what: &str| progress.at(i, what);
    let mut put = |case: &Case, r: &LoadRequest| match case.privilege() {
        Ok(privilege) => ask(r, privilege, case.log_level()),
        Err(why) => Asked::Not(why),
    };
    let decider = Decider::new(system, embedded::changes(), &embedded::probe, &Embedded, &mut put, &mut told);
    let (decisions, _) = decider.decide();
    drop(progress);
    let written_by = format!("bpfvet {}", env!("CARGO_PKG_VERSION"));
    let profile = Profile::new(&written_by, survey, found, &decisions, missing).map_err(unusable)?;
    let data = profile::store(&profile, &args.out).map_err(|e| clean::line(&e))?;
    let size = std::fs::metadata(&data).map_or(0, |m| m.len());
    let mut text = summary(&profile);
    text += &format!(
        "Wrote {} and, beside it, {} ({:.1} MiB).\nUse it anywhere: bpfvet check --kernel {} OBJ\n",
        clean::path(&args.out),
        data.file_name().map(|n| clean::line(&n.to_string_lossy())).unwrap_or_default(),
        size as f64 / f64::from(1 << 20),
        shown(&args.out)
    );
    out.write_all(text.as_bytes()).map_err(|e| e.to_string())
}

/// A path as `--kernel` takes it for one.
fn shown(path: &std::path::Path) -> String {
    let text = clean::path(path);
    if crate::target::is_profile(&text) { text } else { format!("./{text}") }
}

/// What came of it, for people.
fn summary(p: &Profile) -> String {
    let mut out = format!("Linux {}, made from {} ({})\n", clean::line(&p.name), p.release, clean::line(&p.because));
    let mut row = |what: &str, words: String| {
        let lines = fold(&words);
        for (i, line) in lines.iter().enumerate() {
            let what = if i == 0 { what } else { "" };
            out += &format!("  {what:<17} {line}\n");
        }
    };
    let (measured, all) = p.measured();
    let otherwise = p.otherwise();
    let differ = match otherwise.len() {
        _ if measured == 0 => format!("all are as in {}", p.release),
        0 => format!("all of them as in {}", p.release),
        n => format!("{n} of them otherwise than in {}", p.release),
    };
    let others = if measured == 0 { "" } else { "; the others are computed" };
    row("changes", format!("{measured} of {all} measured, {differ}{others}"));
    for (change, there) in otherwise {
        let (sign, first) = (if there { '+' } else { '-' }, change.what.trim().split(". ").next().unwrap_or_default());
        row("", format!("{sign} {} ({})", change.name, first.trim_end_matches('.')));
    }
    if let Some(helpers) = &p.found.helpers {
        row("helpers", helpers.iter().count().to_string());
    }
    let count = |list: &[bool]| list.iter().filter(|there| **there).count();
    if !p.found.map_types.is_empty() {
        let there: Vec<bool> = p.found.map_types.iter().map(|(_, there)| *there).collect();
        row("map types", format!("{} of {} asked about", count(&there), there.len()));
    }
    if !p.found.kfuncs.is_empty() {
        let there: Vec<bool> = p.found.kfuncs.iter().map(|(_, there)| *there).collect();
        row("kernel functions", format!("{} that bpfvet knows", count(&there)));
    }
    if !p.found.prog_types.is_empty() {
        let of = |wanted: Outcome| -> Vec<String> {
            let some = p.found.prog_types.iter().filter(|(_, _, outcome)| *outcome == wanted);
            some.map(|(prog, attach, _)| format!("{}/{}", prog.name(), attach.name()).to_ascii_lowercase()).collect()
        };
        let mut words = format!("{} there", of(Outcome::There).len());
        for (what, names) in [("absent", of(Outcome::Absent)), ("refused to everyone", of(Outcome::Refused))] {
            if !names.is_empty() {
                words += &format!(", {what}: {}", names.join(" "));
            }
        }
        row("program types", words);
    }
    let modules = if p.modules.is_empty() { String::new() } else { format!(" and {} modules", p.modules.len()) };
    if p.vmlinux.is_some() {
        row("BTF", format!("of the kernel{modules}"));
    }
    let cpus = p.cpus.map_or(String::new(), |n| format!("{n} possible processors, "));
    row("machine", format!("{cpus}{}", if p.locked_down { "locked down" } else { "not locked down" }));
    for m in &p.missing {
        let (what, why, follows) = (clean::line(&m.what), clean::line(&m.why), clean::line(&m.follows));
        row("missing", format!("{what}: {why}: {follows}"));
    }
    out
}
