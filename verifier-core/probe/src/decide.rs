//! Which changes of the history a kernel has: its answer to each change's probe, beside ours with the change and without.
//!
//! | the kernel's answer is | the change is |
//! |---|---|
//! | ours with it, and not ours without it (or the other way) | measured |
//! | both, or neither | as the release has it |
//!
//! Answers are compared from the verdict down: verdict and error, message, counters, then those lines of the log that the
//! change makes or takes away. What contradicts the release has to be plain: another verdict or message, or a log that is
//! the kernel's word for word. Changes meet in one probe, so all are decided again until nothing moves.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, System, Verdict, verify_with};
use verifier_core::kernel::history::Change;
use verifier_core::kernel::{Features, Wording};
use verifier_core::log::Off;
use verifier_core::program::LoadRequest;

use crate::case::{Case, Files, without_refused_btf};
use crate::normalise;

/// What a kernel answered to one load.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Answer {
    /// Name of the request, where several are asked together.
    pub name: String,
    /// `accepted`, `rejected`, or `not_loadable` when a map or the BTF was refused before the program came to it.
    pub verdict: String,
    /// Error number, 0 when accepted.
    pub errno: i32,
    /// What was refused, when not loadable.
    pub failed: String,
    /// The log at the level asked for.
    pub log: String,
    /// The statistics that only level 4 prints, as printed.
    pub stats: String,
    /// The log did not fit, and is not whole.
    pub log_cut: bool,
}

impl Answer {
    /// What a load came to; an error of 0 is none.
    pub fn of_load(errno: i32, log: String, stats: String) -> Answer {
        let verdict = if errno == 0 { "accepted" } else { "rejected" };
        Answer { verdict: verdict.into(), errno, log, stats, ..Answer::default() }
    }

    /// It did not come to a load.
    pub fn not_loadable(failed: &str, errno: i32) -> Answer {
        Answer { verdict: "not_loadable".into(), failed: failed.into(), errno, ..Answer::default() }
    }
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An answer.
    Answer(Answer),
    /// It was not asked, or did not come to an answer, for this reason.
    Not(String),
}

/// How a change was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The kernel's answer to its probe tells.
    Measured,
    /// As the release has it; why nothing was measured.
    Computed(String),
}

/// A change, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The change.
    pub change: &'static Change,
    /// The kernel has it.
    pub there: bool,
    /// How that is known.
    pub by: By,
}

/// What is refused to everyone, or to those without rights.
const EPERM: i32 = 1;
/// What the verifier returns where it finds itself to be wrong.
const EFAULT: i32 = 14;
/// Time for one analysis of ours.
const PATIENCE: Duration = Duration::from_secs(20);
/// Times that all changes are decided.
const ROUNDS: usize = 6;

/// An answer as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    verdict: String,
    errno: i32,
    /// Without addresses, times, and counters.
    log: String,
    /// The line that counters stand in.
    counters: String,
    stack: String,
    whole: bool,
}

impl Said {
    fn new(verdict: &str, errno: i32, log: &str, stack: &str, whole: bool) -> Said {
        let log = normalise::log(log);
        let counts = |l: &&str| l.starts_with("processed ");
        let counters = log.lines().rev().find(counts).unwrap_or_default().to_string();
        let log = log.lines().filter(|l| !counts(l)).flat_map(|l| [l, "\n"]).collect();
        Said { verdict: verdict.into(), errno, log, counters, stack: stack.into(), whole }
    }

    /// The last line that says something: of a rejection, why.
    fn message(&self) -> &str {
        self.log.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default()
    }

    fn same_verdict(&self, other: &Said) -> bool {
        (self.verdict.as_str(), self.errno) == (other.verdict.as_str(), other.errno)
            && (self.verdict == "accepted" || self.message() == other.message())
    }
}

impl From<&Answer> for Said {
    fn from(a: &Answer) -> Said {
        let stack = a.stats.lines().find_map(|l| l.strip_prefix("stack depth ")).unwrap_or_default();
        Said::new(&a.verdict, a.errno, &a.log, stack, !a.log_cut)
    }
}

/// What tells two answers of ours apart, and which of them the kernel gave. The flag: it is plain.
fn tell(kernel: &Said, with: &Said, without: &Said) -> Option<(bool, bool)> {
    match (kernel.same_verdict(with), kernel.same_verdict(without)) {
        (true, false) => return Some((true, true)),
        (false, true) => return Some((false, true)),
        (false, false) => return None,
        (true, true) => {}
    }
    if !kernel.whole {
        return None;
    }
    let same = |s: &Said| kernel.log == s.log && kernel.counters == s.counters && kernel.stack == s.stack;
    match (same(with), same(without)) {
        (true, false) => return Some((true, true)),
        (false, true) => return Some((false, true)),
        (true, true) => return None,
        (false, false) => {}
    }
    if with.counters != without.counters && (kernel.counters == with.counters) != (kernel.counters == without.counters)
    {
        return Some((kernel.counters == with.counters, false));
    }
    by_lines(kernel, with, without).map(|there| (there, false))
}

/// Which of two answers has the lines that the kernel printed, of those that only one of them has.
fn by_lines(kernel: &Said, with: &Said, without: &Said) -> Option<bool> {
    let count = |s: &Said| {
        let mut lines: HashMap<String, i64> = HashMap::new();
        s.log.lines().for_each(|l| *lines.entry(l.to_string()).or_default() += 1);
        lines
    };
    let (kernel, with, without) = (count(kernel), count(with), count(without));
    let of = |lines: &HashMap<String, i64>, l: &str| lines.get(l).copied().unwrap_or(0);
    let (mut votes_with, mut votes_without) = (0, 0);
    for line in with.keys().chain(without.keys().filter(|l| !with.contains_key(*l))) {
        let (n, a, b) = (of(&kernel, line), of(&with, line), of(&without, line));
        if a != b {
            votes_with += i32::from(n == a);
            votes_without += i32::from(n == b);
        }
    }
    // Any line that speaks for the other answer leaves it open.
    match (votes_with, votes_without) {
        (0, 0) => None,
        (_, 0) => Some(true),
        (0, _) => Some(false),
        _ => None,
    }
}

/// Our answer; `None` where there is none.
fn ours(case: &Case, request: &LoadRequest, system: &System) -> Option<Said> {
    let options = Options { log_level: case.log_level(), privilege: case.privilege().ok()?, ..Options::default() };
    let begun = Instant::now();
    let late = || begun.elapsed() > PATIENCE;
    let request = &without_refused_btf(request.clone(), system);
    let report = catch_unwind(AssertUnwindSafe(|| verify_with(system, request, &options, &mut Off, &late))).ok()?;
    let (verdict, errno) = match &report.verdict {
        Verdict::Accepted(_) => ("accepted", 0),
        Verdict::Rejected(r) => ("rejected", r.errno as i32),
        Verdict::Unsupported(_) | Verdict::Budget(_) => return None,
    };
    let depth: Vec<String> = report.stack_depth.iter().map(u32::to_string).collect();
    Some(Said::new(verdict, errno, &String::from_utf8_lossy(&report.log), &depth.join("+"), true))
}

/// A probe that was put to the kernel.
struct Probe {
    case: Case,
    request: LoadRequest,
    kernel: Said,
}

/// Which of the changes are there; a row is decided by its probe, or stays as it is in `system`.
pub struct Decider<'a> {
    system: System,
    changes: Vec<&'static Change>,
    /// By name: what came of asking.
    probes: BTreeMap<&'static str, Result<Probe, String>>,
    /// Called before each analysis of ours, with what is done and how much there is.
    told: &'a mut dyn FnMut(usize, usize, &str),
}

/// The system with a change, or without.
fn with(system: &System, change: &Change, on: bool) -> System {
    let mut other = system.clone();
    other.kernel.features = other.kernel.features.with(change, on);
    other.kernel.style = other.kernel.style.with(change, on);
    other
}

/// Whether a system has a change.
fn has(system: &System, change: &Change) -> bool {
    let same = |other: &System| {
        let (features, style): (&Features, Wording) = (&other.kernel.features, other.kernel.style);
        *features == system.kernel.features && style == system.kernel.style
    };
    same(&with(system, change, true))
}

impl<'a> Decider<'a> {
    /// Puts the probes of all changes to a kernel that is computed as `system`.
    pub fn new(
        system: System,
        changes: impl Iterator<Item = &'static Change>,
        find: &dyn Fn(&Change) -> Option<Case>,
        files: &dyn Files,
        ask: &mut dyn FnMut(&Case, &LoadRequest) -> Asked,
        told: &'a mut dyn FnMut(usize, usize, &str),
    ) -> Decider<'a> {
        let changes: Vec<&'static Change> = changes.collect();
        let mut probes = BTreeMap::new();
        for (i, change) in changes.iter().enumerate() {
            if change.probe.is_empty() || probes.contains_key(change.probe) {
                continue;
            }
            told(i, changes.len(), change.probe);
            let asked = find(change).ok_or_else(|| "its probe is not in this bpfvet".to_string());
            probes.insert(change.probe, asked.and_then(|case| put(case, change, &system, files, ask)));
        }
        Decider { system, changes, probes, told }
    }

    /// Decides all changes, and the system that comes of it. A round judges all of them on what the last one found, and
    /// what was measured once stays so where a later round has no answer: changes that hide each other are put right in
    /// turns.
    pub fn decide(mut self) -> (Vec<Decision>, System) {
        let mut decisions: Vec<Decision> = self.changes.iter().map(|change| self.computed(change, "")).collect();
        let release = self.system.clone();
        for _ in 0..ROUNDS {
            let mut next = self.system.clone();
            let mut moved = false;
            for i in 0..decisions.len() {
                let change = decisions[i].change;
                (self.told)(i, decisions.len(), change.name);
                let (there, by) = self.one(change, has(&release, change));
                if by != By::Measured && decisions[i].by == By::Measured {
                    continue;
                }
                moved |= there != has(&self.system, change);
                next = with(&next, change, there);
                decisions[i] = Decision { change, there, by };
            }
            self.system = next;
            if !moved {
                break;
            }
        }
        (decisions, self.system)
    }

    fn computed(&self, change: &'static Change, why: &str) -> Decision {
        Decision { change, there: has(&self.system, change), by: By::Computed(why.into()) }
    }

    fn one(&self, change: &'static Change, released: bool) -> (bool, By) {
        let computed = |why: &str| (released, By::Computed(why.into()));
        let probe = match self.probes.get(change.probe) {
            None => return computed("it has no probe yet"),
            Some(Err(why)) => return computed(why),
            Some(Ok(probe)) => probe,
        };
        let say = |on| ours(&probe.case, &probe.request, &with(&self.system, change, on));
        let (Some(on), Some(off)) = (say(true), say(false)) else {
            return computed("bpfvet has no answer of its own to its probe");
        };
        if on == off {
            return computed("it makes no difference to its probe on a kernel like this");
        }
        match tell(&probe.kernel, &on, &off) {
            Some((there, plain)) if plain || there == released => (there, By::Measured),
            Some(_) => computed("what speaks against it is not plain enough"),
            None => computed("the kernel's answer to its probe is neither the one with it nor the one without"),
        }
    }
}

/// Puts a probe to the kernel; not one that it may answer by reporting a bug of its own: some are set up to stop then.
fn put(
    case: Case,
    change: &Change,
    system: &System,
    files: &dyn Files,
    ask: &mut dyn FnMut(&Case, &LoadRequest) -> Asked,
) -> Result<Probe, String> {
    let request = catch_unwind(AssertUnwindSafe(|| case.request(system, files)));
    let request = request.unwrap_or_else(|_| Err("bpfvet failed on it".into()));
    let request = request.map_err(|e| format!("its probe does not come to a load: {e}"))?;
    let reports = |on| ours(&case, &request, &with(system, change, on)).is_some_and(|said| said.errno == EFAULT);
    if reports(true) || reports(false) {
        return Err("its probe was not asked: a kernel may report a bug of its own".into());
    }
    let answer = match ask(&case, &request) {
        Asked::Not(why) => return Err(format!("its probe was not asked: {why}")),
        Asked::Answer(answer) => answer,
    };
    if answer.verdict == "not_loadable" {
        return Err(format!("the {} of its probe was refused with error {}", answer.failed, answer.errno));
    }
    if answer.errno == EPERM && answer.log.is_empty() {
        return Err("the machine refuses its probe to everyone, or to those without privileges".into());
    }
    Ok(Probe { case, request, kernel: Said::from(&answer) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(verdict: &str, errno: i32, log: &str) -> Said {
        Said::new(verdict, errno, log, "", true)
    }

    #[test]
    fn the_verdict_tells_first() {
        let (with, without) = (said("accepted", 0, "a\n"), said("rejected", 22, "a\nno\n"));
        assert_eq!(tell(&said("accepted", 0, "b\n"), &with, &without), Some((true, true)));
        assert_eq!(tell(&said("rejected", 22, "b\nno\n"), &with, &without), Some((false, true)));
        // Rejected for another reason: that tells nothing.
        assert_eq!(tell(&said("rejected", 22, "a\nother\n"), &with, &without), None);
        assert_eq!(tell(&said("rejected", 13, "a\nno\n"), &with, &without), None);
    }

    #[test]
    fn then_counters_and_lines_tell() {
        let (with, without) =
            (said("accepted", 0, "a\nx\nprocessed 3 insns\n"), said("accepted", 0, "a\nprocessed 4 insns\n"));
        assert_eq!(tell(&with.clone(), &with, &without), Some((true, true)));
        // Something else differs as well: it is told, but not plainly.
        assert_eq!(tell(&said("accepted", 0, "b\nprocessed 4 insns\n"), &with, &without), Some((false, false)));
        assert_eq!(tell(&said("accepted", 0, "b\nx\nprocessed 9 insns\n"), &with, &without), Some((true, false)));
        assert_eq!(tell(&said("accepted", 0, "b\nprocessed 9 insns\n"), &with, &without), Some((false, false)));
    }

    #[test]
    fn lines_that_disagree_leave_it_open() {
        let (with, without) = (said("accepted", 0, "a\nx\n"), said("accepted", 0, "a\ny\n"));
        assert_eq!(tell(&said("accepted", 0, "a\nx\ny\n"), &with, &without), None);
        let cut = Said { whole: false, ..with.clone() };
        assert_eq!(tell(&cut, &with, &without), None);
    }
}
