//! One program judged by a kernel and by us: what agrees, and what the first difference is.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use verifier_core::analysis::{Options, Report, System, Verdict, verify_with};
use verifier_core::log::Off;
use verifier_core::program::LoadRequest;
use verifier_probe::normalise;

use crate::recordings::{Counters, Record};
use crate::spent::Spent;

/// What we said of one program.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    /// `accepted`, `rejected`, `not_loadable`, `unsupported`, `budget`, `panic`.
    pub verdict: String,
    /// Error name.
    pub errno: Option<String>,
    /// What is not modelled, why it is not loadable, where it panicked.
    pub reason: String,
    /// The code of the rule that rejects it; empty where there is none.
    pub code: &'static str,
    /// The instruction that it is rejected at.
    pub insn: usize,
    /// The log at level 2.
    pub log: String,
    /// Counters.
    pub counters: Option<Counters>,
    /// Milliseconds computed.
    pub millis: u128,
}

impl Ours {
    /// We would not have loaded it at all.
    pub fn not_loadable(reason: String) -> Ours {
        Ours { verdict: "not_loadable".into(), reason, ..Ours::default() }
    }

    fn from_report(report: Report) -> Ours {
        let (verdict, errno, reason) = match &report.verdict {
            Verdict::Accepted(_) => ("accepted", None, String::new()),
            Verdict::Rejected(r) => {
                let cause = r.cause.as_ref().map(|c| c.row().name.to_string()).unwrap_or_default();
                ("rejected", Some(r.errno.name()), cause)
            }
            Verdict::Unsupported(what) => ("unsupported", None, what.to_string()),
            Verdict::Budget(what) => ("budget", None, what.to_string()),
        };
        Ours {
            verdict: verdict.into(),
            errno,
            reason,
            code: match &report.verdict {
                Verdict::Rejected(r) => {
                    r.cause.as_ref().and_then(|c| c.row().cause).map_or("", |(code, _)| code.text())
                }
                _ => "",
            },
            insn: report.insn_idx,
            log: String::from_utf8_lossy(&report.log).into_owned(),
            counters: report.stats.map(|s| Counters {
                insns: s.insns.into(),
                total_states: s.total_states.into(),
                peak_states: s.peak_states.into(),
            }),
            millis: 0,
        }
    }
}

/// Asks our analysis, within a budget of processor time; a panic is an answer too.
pub fn ask(system: &System, request: &LoadRequest, options: &Options, budget: Duration) -> Ours {
    let spent = Spent::begin();
    let late = || spent.so_far() > budget;
    let answer = catch_unwind(AssertUnwindSafe(|| verify_with(system, request, options, &mut Off, &late)));
    let mut ours = match answer {
        Ok(report) => Ours::from_report(report),
        Err(payload) => {
            let what = payload
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
                .unwrap_or_default();
            Ours { verdict: "panic".into(), reason: what, ..Ours::default() }
        }
    };
    ours.millis = spent.so_far().as_millis();
    ours
}

/// One program, both answers.
#[derive(Clone, Debug)]
pub struct Pair {
    /// `object/program` or the name of the test.
    pub name: String,
    /// Program type.
    pub kind: String,
    /// What it needs of a verifier, see [`crate::features`].
    pub feature: &'static str,
    /// Our loader made the recorded instructions; `None` where neither side has any.
    pub same_insns: Option<bool>,
    /// The kernel's.
    pub theirs: Record,
    /// Ours.
    pub ours: Ours,
}

impl Pair {
    /// Both say the same of loading it (accepted or not).
    pub fn same_verdict(&self) -> bool {
        self.theirs.verdict == self.ours.verdict
    }

    /// The same error number too.
    pub fn same_errno(&self) -> bool {
        self.same_verdict() && (self.theirs.verdict != "rejected" || self.theirs.errno == self.ours.errno)
    }

    /// We accept what the kernel does not.
    pub fn wrongly_accepted(&self) -> bool {
        self.ours.verdict == "accepted" && self.theirs.verdict != "accepted"
    }

    /// We reject what the kernel accepts.
    pub fn wrongly_rejected(&self) -> bool {
        matches!(self.ours.verdict.as_str(), "rejected" | "not_loadable")
            && !self.same_verdict()
            && self.theirs.verdict == "accepted"
    }

    /// We do not model it.
    pub fn unsupported(&self) -> bool {
        matches!(self.ours.verdict.as_str(), "unsupported" | "budget" | "panic")
    }

    /// The record has a log to compare with, and the verdicts agree.
    pub fn log_compared(&self) -> bool {
        self.same_verdict() && self.theirs.log.as_ref().is_some_and(|l| !l.is_empty())
    }

    /// The logs are the same, addresses apart.
    pub fn log_identical(&self) -> bool {
        self.log_compared() && self.difference().is_none()
    }

    /// What the kernel's log alone tells of a rejection that both sides agree on, held against what the analysis says.
    /// `None` where there is nothing to compare: no words of the kernel, or other ones than ours.
    pub fn log_alone(&self) -> Option<LogAlone> {
        let log = self.theirs.log.as_deref().filter(|_| self.theirs.verdict == "rejected")?;
        if !self.log_compared() || !self.log_identical() || self.ours.code.is_empty() {
            return None;
        }
        let got = verifier_core::explain::log::read(log.as_bytes());
        Some(LogAlone {
            category: got.category.is_some(),
            code: got.code() == self.ours.code,
            read: got.code(),
            // What is wrong with the program as a whole has no instruction in a log.
            insn: got.insn.is_none_or(|i| i == self.ours.insn),
            at: got.insn,
        })
    }

    /// The first line that differs: number, theirs, ours.
    pub fn difference(&self) -> Option<(usize, String, String)> {
        let theirs = normalise::log(self.theirs.log.as_deref().unwrap_or_default());
        let ours = normalise::log(&self.ours.log);
        normalise::first_difference(&theirs, &ours).map(|(n, a, b)| (n, a.to_string(), b.to_string()))
    }

    /// The record has counters, and the verdicts agree.
    pub fn counters_compared(&self) -> bool {
        self.same_verdict() && self.theirs.counters.is_some()
    }

    /// The counters are the same.
    pub fn counters_equal(&self) -> bool {
        self.counters_compared() && self.theirs.counters == self.ours.counters
    }
}

/// What a log alone told of a rejection.
#[derive(Clone, Copy, Debug)]
pub struct LogAlone {
    /// It told a category.
    pub category: bool,
    /// It told the code that the analysis gives.
    pub code: bool,
    /// The code that it told.
    pub read: &'static str,
    /// It told the failing instruction, or none where the log has none.
    pub insn: bool,
    /// The instruction that it told.
    pub at: Option<usize>,
}

/// Counts over programs.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Programs.
    pub all: usize,
    /// Same verdict.
    pub same: usize,
    /// Same verdict and error number.
    pub errno: usize,
    /// Accepted by us alone.
    pub wrong_accept: usize,
    /// Rejected by us alone.
    pub wrong_reject: usize,
    /// Not modelled.
    pub unsupported: usize,
    /// Logs compared.
    pub logs: usize,
    /// Logs identical.
    pub logs_same: usize,
    /// Counters compared.
    pub counters: usize,
    /// Counters equal.
    pub counters_same: usize,
    /// Instructions compared.
    pub insns: usize,
    /// Instructions the same.
    pub insns_same: usize,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, p: &Pair) {
        let one = |b: bool| usize::from(b);
        self.all += 1;
        self.same += one(p.same_verdict());
        self.errno += one(p.same_errno());
        self.wrong_accept += one(p.wrongly_accepted());
        self.wrong_reject += one(p.wrongly_rejected());
        self.unsupported += one(p.unsupported());
        self.logs += one(p.log_compared());
        self.logs_same += one(p.log_identical());
        self.counters += one(p.counters_compared());
        self.counters_same += one(p.counters_equal());
        self.insns += one(p.same_insns.is_some());
        self.insns_same += one(p.same_insns == Some(true));
    }
}

/// The table: a line per key, and the total.
pub fn table(title: &str, pairs: &[Pair], key: impl Fn(&Pair) -> String) -> String {
    let mut rows: BTreeMap<String, Tally> = BTreeMap::new();
    let mut total = Tally::default();
    for p in pairs {
        rows.entry(key(p)).or_default().add(p);
        total.add(p);
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|(name, t)| (std::cmp::Reverse(t.all), name.clone()));
    rows.push(("total".into(), total));
    let mut out = format!(
        "{title:<28} {:>6} {:>14} {:>7} {:>7} {:>11} {:>14} {:>14} {:>14}\n",
        "progs", "same verdict", "wr.acc", "wr.rej", "unsupported", "log identical", "counters", "instructions"
    );
    let share = |n: usize, of: usize| {
        if of == 0 { "-".to_string() } else { format!("{n} {:5.1}%", n as f64 * 100.0 / of as f64) }
    };
    for (name, t) in rows {
        out.push_str(&format!(
            "{name:<28} {:>6} {:>14} {:>7} {:>7} {:>11} {:>14} {:>14} {:>14}\n",
            t.all,
            share(t.same, t.all),
            t.wrong_accept,
            t.wrong_reject,
            t.unsupported,
            share(t.logs_same, t.logs),
            share(t.counters_same, t.counters),
            share(t.insns_same, t.insns),
        ));
    }
    out
}
