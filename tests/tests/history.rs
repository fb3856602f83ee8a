//! The history of changes against the corpus: each change has a case that tells kernels with it from those without, and
//! on the kernels measured each is there or not as the row says.

use std::collections::BTreeSet;

use bpfvet_tests::corpus::computed::{Kind, kinds, turned};
use bpfvet_tests::corpus::judge::judge;
use bpfvet_tests::corpus::releases::{Release, ours};
use bpfvet_tests::corpus::{Case, RELEASES, cases};
use verifier_core::analysis::System;
use verifier_core::kernel::Kernel;
use verifier_core::kernel::history::{BEHAVIOURS, Change, WORDINGS};

fn system(release: &str) -> System {
    let kernel = Kernel::release(release).expect("a release that was measured");
    System::stored(kernel).expect("the profile holds BTF")
}

/// Whether we agree with a recorded kernel on a case; `None` where that was not recorded.
fn agrees(case: &Case, release: &str, system: &System) -> Option<bool> {
    let recorded = case.recorded().any(|r| r == release) && case.known(release).is_none();
    recorded.then(|| judge(case, release, system).is_ok_and(|j| j.differences.is_empty()))
}

/// Whether a case tells a kernel with the change from one without: we agree with the kernel, and would not otherwise.
fn tells(case: &Case, change: &Change, system: &System) -> bool {
    let release = system.kernel.name;
    agrees(case, release, system) == Some(true) && agrees(case, release, &turned(system, change)) == Some(false)
}

/// Changes that no case of the corpus can tell.
const UNTOLD: &[&str] = &[
    // What programs meet when they run; no verdict tells it.
    "csum_diff_folds",
    // What is deduced behind these finds the same: of 3,000 programs recorded, none tells them.
    "mixed_bounds_from_s32",
    "bitwise_keep_signs",
    // Only the kernel's test module has functions that return such memory.
    "rcu_memory_returned",
    // Only functions for tests told it, which 6.1 had in the kernel itself.
    "kfuncs_take_projections",
];

/// The point releases that were asked, by what is computed for them, and what they said.
fn asked() -> (Vec<Kind>, Vec<Release>) {
    let releases = Release::all().expect("the tables can be read");
    (kinds(&releases).expect("every release that was asked can be computed"), releases)
}

/// The same of the point releases of a kind: we say what one of them said, to the letter or at least in its verdict and
/// words, and would not otherwise.
fn tells_releases(case: &Case, change: &Change, kind: &Kind, releases: &[Release]) -> bool {
    let said = |system: &System| ours(case, system).ok();
    let (now, otherwise) = (said(&kind.system), said(&turned(&kind.system, change)));
    let Some(now) = now else { return false };
    releases.iter().filter(|r| kind.releases.contains(&r.release)).filter_map(|r| r.said.get(&case.name)).any(
        |theirs| {
            let words = now.agrees(theirs) && !otherwise.as_ref().is_some_and(|o| o.agrees(theirs));
            words || now == *theirs && otherwise.as_ref() != Some(&now)
        },
    )
}

/// Rows of the history.
fn changes() -> impl Iterator<Item = &'static Change> {
    BEHAVIOURS.iter().chain(WORDINGS)
}

#[test]
fn every_change_has_a_case_that_tells_it() {
    let cases = cases().expect("the cases can be read");
    let systems = RELEASES.map(system);
    let (kinds, releases) = asked();
    let told = |change: &Change| {
        let Some(case) = cases.iter().find(|c| c.name == change.probe) else { return false };
        systems.iter().any(|s| tells(case, change, s))
            || kinds.iter().any(|k| tells_releases(case, change, k, &releases))
    };
    let untold: BTreeSet<&str> = changes().filter(|c| !told(c)).map(|c| c.name).collect();
    assert_eq!(untold, UNTOLD.iter().copied().collect(), "changes that no kernel's answer to their probe depends on");
}

/// With `BPFVET_PROBES` set: lists cases that could be the probe of each change.
#[test]
fn candidates_for_probes() {
    if std::env::var_os("BPFVET_PROBES").is_none() {
        return;
    }
    let cases = cases().expect("the cases can be read");
    let (kinds, releases) = asked();
    for change in changes() {
        for system in RELEASES.map(system) {
            let found = cases.iter().filter(|case| tells(case, change, &system)).map(|c| c.name.as_str());
            println!("{} {} {:?}", change.name, system.kernel.name, found.take(4).collect::<Vec<_>>());
        }
        for kind in &kinds {
            let found = cases.iter().filter(|case| tells_releases(case, change, kind, &releases));
            let found: Vec<&str> = found.map(|c| c.name.as_str()).take(4).collect();
            println!("{} {} {found:?}", change.name, kind.releases.join(" "));
        }
    }
}
