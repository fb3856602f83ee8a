//! What `bpfvet probe` decides, on answers that real kernels gave: a kernel that answers as it was recorded has the changes
//! that it has, also where its release is taken for another.

use std::collections::BTreeMap;
use std::fs;

use bpfvet_tests::corpus::klog::Klog;
use bpfvet_tests::corpus::{RELEASES, folder};
use bpfvet_tests::recordings::recorded;
use verifier_core::analysis::System;
use verifier_core::kernel::{Kernel, PointRelease};
use verifier_core::program::LoadRequest;
use verifier_probe::case::Case;
use verifier_probe::decide::{Answer, Asked, By, Decider, Decision};
use verifier_probe::embedded::{Embedded, changes, probe};

/// What is decided wrongly where a kernel is taken for another: the answer to the probe hangs on other changes between the
/// two as well, which are decided later or not at all.
const HIDDEN: &[(&str, &str, &str)] = &[
    ("6.12", "6.18", "every_number_spills"),
    ("6.12", "6.18", "sums_stay_in_frame"),
    ("6.12", "6.14", "sums_stay_in_frame"),
    ("6.18", "6.12", "helpers_end_objects"),
];

/// A kernel that answers as a release was recorded.
fn answers(release: &str, case: &Case) -> Asked {
    let recording = folder().join(format!("{}.{release}.klog", case.name));
    let recorded = fs::read_to_string(&recording).ok().and_then(|text| Klog::parse(&text));
    let Some(said) = recorded else { return Asked::Not("it was not recorded".into()) };
    let stats = format!("stack depth {}\n", said.stack_depth);
    Asked::Answer(Answer {
        verdict: said.verdict,
        errno: said.errno,
        failed: said.failed,
        log: said.log,
        stats: if said.stack_depth.is_empty() { String::new() } else { stats },
        ..Answer::default()
    })
}

fn system(release: &str) -> System {
    System::stored(recorded(release)).expect("the profile holds BTF")
}

fn decide(release: &str, taken_for: System) -> Vec<Decision> {
    let mut ask = |case: &Case, _: &LoadRequest| answers(release, case);
    let mut told = |_: usize, _: usize, _: &str| {};
    Decider::new(taken_for, changes(), &probe, &Embedded, &mut ask, &mut told).decide().0
}

/// The same kernel as if its release were another.
fn as_release(system: &System, other: &str) -> System {
    let other = Kernel::computed(PointRelease::parse(other).expect("a release")).expect("computed");
    let kernel = Kernel { features: other.features, style: other.style, ..system.kernel.clone() };
    System { kernel, ..system.clone() }
}

/// Changes that were decided wrongly, and how many were measured.
fn wrong(release: &str, decisions: &[Decision]) -> (Vec<&'static str>, usize) {
    let truth = recorded(release).point_release();
    let measured = decisions.iter().filter(|d| d.by == By::Measured);
    let wrong = measured.clone().filter(|d| d.there != d.change.covers(truth)).map(|d| d.change.name).collect();
    (wrong, measured.count())
}

#[test]
fn a_kernel_is_found_to_be_what_it_is() {
    for release in RELEASES {
        let decisions = decide(release, system(release));
        let (wrong, measured) = wrong(release, &decisions);
        println!("{release}: {measured} of {} measured", decisions.len());
        assert!(wrong.is_empty(), "{release}: {wrong:?}");
        assert!(measured >= 25, "{release}: {measured} measured");
    }
}

#[test]
fn a_kernel_taken_for_another_is_put_right() {
    for (release, other) in [("6.12", "6.18"), ("6.12", "6.14"), ("6.18", "6.12"), ("6.18", "6.15")] {
        let decisions = decide(release, as_release(&system(release), other));
        let (mut wrong, measured) = wrong(release, &decisions);
        wrong.retain(|change| !HIDDEN.contains(&(release, other, change)));
        let other = PointRelease::parse(other).expect("a release");
        let turned = decisions.iter().filter(|d| d.by == By::Measured && d.there != d.change.covers(other)).count();
        println!("{release} taken for {other}: {measured} measured, {turned} otherwise than that release");
        assert!(wrong.is_empty(), "{release} as {other}: {wrong:?}");
        assert!(turned >= 5, "{release} as {other}: {turned}");
    }
}

#[test]
fn what_no_answer_tells_is_computed_and_says_why() {
    let mut ask = |_: &Case, _: &LoadRequest| Asked::Not("bpf() is refused here".into());
    let mut told = |_: usize, _: usize, _: &str| {};
    let system = system("6.12");
    let release = system.kernel.point_release();
    let (decisions, after) = Decider::new(system.clone(), changes(), &probe, &Embedded, &mut ask, &mut told).decide();
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for d in &decisions {
        let By::Computed(why) = &d.by else { panic!("{} cannot have been measured", d.change.name) };
        assert_eq!(d.there, d.change.covers(release), "{}", d.change.name);
        *reasons.entry(why).or_default() += 1;
    }
    assert!(reasons.keys().any(|why| why.contains("bpf() is refused here")), "{reasons:?}");
    assert_eq!(after.kernel.features, system.kernel.features);
}
