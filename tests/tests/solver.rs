//! The solver on programs of ours with real bugs, and on false rejections where they are at hand. The whole tables are
//! printed by `make solve`.
#![cfg(feature = "solver")]

use bpfvet_tests::solver::{bugs, false_rejections};
use std::time::Duration;

/// Median time of one answer, generous because tests share their machine.
const MEDIAN: Duration = Duration::from_secs(2);

#[test]
fn real_bugs_have_a_witness_that_replays() {
    let m = bugs("solver/").expect("cases");
    println!("{}", m.summary());
    let others: Vec<&str> = m.rows.iter().filter(|r| r.word() != "bug").map(|r| r.name.as_str()).collect();
    assert!(m.rows.len() >= 60 && others.is_empty(), "without a witness: {others:?}");
    assert!(m.median() < MEDIAN, "{:?}", m.median());
}

#[test]
fn false_rejections_are_decided() {
    let m = false_rejections("").expect("objects");
    println!("{}", m.summary());
    let decided = m.count("bug") + m.count("safe");
    assert!(m.rows.is_empty() || decided >= 18, "{decided} decided");
    assert!(m.repaired().0 * 2 >= m.count("safe"), "{} of {} repaired", m.repaired().0, m.count("safe"));
    assert!(m.median() < MEDIAN, "{:?}", m.median());
}
