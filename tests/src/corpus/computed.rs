//! What we compute for point releases against what they said: case by case, counted, and in words.
//!
//! Many point releases have the same changes, and then the same answers: those are computed once.

use std::collections::BTreeMap;
use std::fmt::Write;

pub use verifier_core::analysis::System;
use verifier_core::kernel::Kernel;
use verifier_core::kernel::history::Change;

use crate::recordings::emulated;
use crate::run::parallel;

use super::Case;
use super::releases::{Release, Said, ours};

/// Kernels that cannot differ in their answers: the same history so far, the same types.
#[derive(Clone, Debug)]
pub struct Kind {
    /// One for all of them.
    pub system: System,
    /// The point releases.
    pub releases: Vec<String>,
}

fn alike(a: &Kernel, b: &Kernel) -> bool {
    a.version == b.version && a.features == b.features && a.style == b.style && std::ptr::eq(a.btf, b.btf)
}

/// One case on one release.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The point release.
    pub release: String,
    /// The case.
    pub case: String,
    /// What it said.
    pub theirs: Said,
    /// What we say; or why no load could be put together with the types that are stored for that release.
    pub ours: Result<Said, String>,
}

impl Pair {
    /// Whether the kernel refuses what we accept.
    pub fn wrongly_accepted(&self) -> bool {
        self.theirs.verdict == "rejected" && self.ours.as_ref().is_ok_and(|o| o.verdict == "accepted")
    }

    /// Whether verdict, error number and words are the same.
    pub fn agrees(&self) -> bool {
        self.ours.as_ref().is_ok_and(|o| o.agrees(&self.theirs))
    }

    /// Both answers in two lines.
    pub fn text(&self) -> String {
        let Pair { release, case, theirs, ours } = self;
        let said = |s: &Said| format!("{} {} {} {}", s.verdict, s.errno, s.counters, s.words);
        let ours = ours.as_ref().map_or_else(|e| format!("no load: {e}"), said);
        format!("{release} {case}\n    kernel: {}\n    we:     {ours}", said(theirs))
    }
}

/// Figures of one release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases that came to a load there.
    pub loaded: usize,
    /// Same verdict, error number and words.
    pub same: usize,
    /// Same counters.
    pub counters: usize,
    /// Same log, to the letter.
    pub logs: usize,
}

impl Tally {
    fn add(&mut self, pair: &Pair) {
        let same = |what: fn(&Said) -> &String| pair.ours.as_ref().is_ok_and(|o| what(o) == what(&pair.theirs));
        self.loaded += 1;
        self.same += usize::from(pair.agrees());
        self.counters += usize::from(same(|s| &s.counters));
        self.logs += usize::from(same(|s| &s.log));
    }
}

/// The releases by what is computed for them, with the types that are stored.
///
/// # Errors
/// When a release cannot be computed.
pub fn kinds(releases: &[Release]) -> Result<Vec<Kind>, String> {
    let mut kinds: Vec<Kind> = Vec::new();
    for release in releases {
        let kernel = emulated(&release.release)?;
        match kinds.iter_mut().find(|k| alike(&k.system.kernel, &kernel)) {
            Some(kind) => kind.releases.push(release.release.clone()),
            None => {
                let system = System::stored(kernel).map_err(|e| e.to_string())?;
                kinds.push(Kind { system, releases: vec![release.release.clone()] });
            }
        }
    }
    Ok(kinds)
}

/// Every case that came to a load on each release, beside our answer.
pub fn pairs_of(kinds: &[Kind], releases: &[Release], cases: &[Case]) -> Vec<Pair> {
    let said: BTreeMap<&str, &Release> = releases.iter().map(|r| (r.release.as_str(), r)).collect();
    let of_kind = |kind| cases.iter().map(move |case| (kind, case));
    let asked: Vec<(&Kind, &Case)> = kinds.iter().flat_map(of_kind).collect();
    let answers = parallel(asked.len(), 2, |i| {
        let (kind, case) = asked[i];
        let here = kind.releases.iter().filter_map(|r| Some((r, said.get(r.as_str())?.said.get(&case.name)?)));
        let theirs: Vec<(&String, &Said)> = here.filter(|(_, s)| s.loaded()).collect();
        let ours = if theirs.is_empty() { Err(String::new()) } else { ours(case, &kind.system) };
        let pair = |(release, theirs): (&String, &Said)| Pair {
            release: release.clone(),
            case: case.name.clone(),
            theirs: theirs.clone(),
            ours: ours.clone(),
        };
        theirs.into_iter().map(pair).collect::<Vec<Pair>>()
    });
    answers.into_iter().flatten().collect()
}

/// Figures by release, in order of the releases.
pub fn tallies<'a>(releases: &'a [Release], pairs: &[Pair]) -> Vec<(&'a str, Tally)> {
    let mut by_release: BTreeMap<&str, Tally> = BTreeMap::new();
    for pair in pairs {
        by_release.entry(pair.release.as_str()).or_default().add(pair);
    }
    let of = |r: &'a Release| (r.release.as_str(), by_release.get(r.release.as_str()).copied().unwrap_or_default());
    releases.iter().map(of).collect()
}

/// The figures as a table for readers.
pub fn table(releases: &[Release], pairs: &[Pair]) -> String {
    let mut out = String::from(
        "| release | cases that came to a load | same verdict and words | same counters | same log |\n|---|---|---|---|---|\n",
    );
    for (release, t) in tallies(releases, pairs) {
        let _ = writeln!(out, "| {release} | {} | {} | {} | {} |", t.loaded, t.same, t.counters, t.logs);
    }
    out
}

/// The same kernel as if a change had gone the other way.
pub fn turned(system: &System, change: &Change) -> System {
    let mut other = system.clone();
    let there = change.covers(system.kernel.point_release());
    other.kernel.features = other.kernel.features.with(change, !there);
    other.kernel.style = other.kernel.style.with(change, !there);
    other
}
