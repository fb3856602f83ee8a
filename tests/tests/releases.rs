//! What point releases of Debian's said of the corpus, against the kernels that the history computes for them.
//!
//! A release that was asked has a table (`corpus/releases`). For each, the kernel of its number has to give the same
//! verdict in the same words, case by case, but for a list of cases with a reason each. Counters and logs are counted:
//! they may come closer only.

use std::collections::{BTreeMap, BTreeSet};

use bpfvet_tests::corpus::computed::{Pair, kinds, pairs_of, table, tallies};
use bpfvet_tests::corpus::releases::Release;
use bpfvet_tests::corpus::{cases, folder};

/// How the reason of a program begins that the kernel refuses and we accept: a fault that is known.
const WRONG: &str = "wrongly accepted: ";
/// Where we differ, and why: releases, case, reason.
const KNOWN: &str = "releases/known.txt";

/// Per release, how many counters and logs agree at least.
const RATCHET: &str = "releases/ratchet.txt";

fn asked() -> (Vec<Release>, Vec<Pair>) {
    let cases = cases().expect("the cases can be read");
    let releases = Release::all().expect("the tables can be read");
    let kinds = kinds(&releases).expect("every release that was asked can be computed");
    let pairs = pairs_of(&kinds, &releases, &cases);
    (releases, pairs)
}

/// Lines of a file of the corpus that say something.
fn lines(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(file)).expect("it stands in the corpus");
    text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).map(str::to_string).collect()
}

/// The differences that are known, by release and case, with the reason.
fn known(lines: &[String]) -> BTreeMap<(&str, &str), &str> {
    let mut known = BTreeMap::new();
    for line in lines {
        let mut cells = line.split('\t');
        let (releases, case) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let reason = cells.next().unwrap_or_default();
        assert!(!reason.is_empty(), "without a reason: {line}");
        for release in releases.split(' ') {
            known.insert((release, case), reason);
        }
    }
    known
}

#[test]
fn releases_say_what_is_computed() {
    let (releases, pairs) = asked();
    println!("{}", table(&releases, &pairs));
    let text = |pairs: Vec<&Pair>| pairs.iter().map(|p| p.text()).collect::<Vec<_>>().join("\n");

    let listed = lines(KNOWN);
    let known = known(&listed);
    let accepted = pairs.iter().filter(|p| p.wrongly_accepted());
    let said = |p: &&Pair| known.get(&(p.release.as_str(), p.case.as_str())).is_some_and(|why| why.starts_with(WRONG));
    let accepted: Vec<&Pair> = accepted.filter(|p| !said(p)).collect();
    assert!(accepted.is_empty(), "what a kernel refuses is accepted:\n{}", text(accepted));

    let differs = |p: &&Pair| !p.agrees();
    let of = |p: &Pair| known.contains_key(&(p.release.as_str(), p.case.as_str()));
    let new: Vec<&Pair> = pairs.iter().filter(differs).filter(|p| !of(p)).collect();
    assert!(new.is_empty(), "{} differences without a reason:\n{}", new.len(), text(new));
    let found: BTreeSet<(&str, &str)> =
        pairs.iter().filter(differs).map(|p| (p.release.as_str(), p.case.as_str())).collect();
    let gone: Vec<_> = known.keys().filter(|k| !found.contains(*k)).collect();
    assert!(gone.is_empty(), "what is listed as different is the same: {gone:?}");

    let figures = lines(RATCHET);
    let kept: BTreeMap<&str, Vec<usize>> = figures
        .iter()
        .filter_map(|l| {
            let (release, figures) = l.split_once('\t')?;
            Some((release, figures.split('\t').filter_map(|n| n.parse().ok()).collect()))
        })
        .collect();
    for (release, now) in tallies(&releases, &pairs) {
        let then = kept.get(release).map(Vec::as_slice).unwrap_or_default();
        let [loaded, counters, logs] = then[..] else { panic!("no figures for {release} in the ratchet") };
        let figures = [("cases", loaded, now.loaded), ("counters", counters, now.counters), ("logs", logs, now.logs)];
        for (what, then, now) in figures {
            assert!(now >= then, "{release}: {what} that agree fell from {then} to {now}");
        }
    }
}
