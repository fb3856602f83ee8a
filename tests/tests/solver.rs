//! The solver on programs of ours with real bugs, and on false rejections where they are at hand. The whole tables are
//! printed by `make solve`.
#![cfg(feature = "solver")]

use bpfvet_tests::solver::{Row, bugs, false_rejections, safe};
use std::time::Duration;
use verifier_solver::decide::Answer;

/// Median time of one answer, generous because tests share their machine.
const MEDIAN: Duration = Duration::from_secs(2);

#[test]
fn real_bugs_have_a_witness_that_replays() {
    let m = bugs("solver/").expect("cases");
    println!("{}", m.summary());
    let others: Vec<&str> = m.rows.iter().filter(|r| r.word() != "bug").map(|r| r.name.as_str()).collect();
    assert!(m.rows.len() >= 60 && others.is_empty(), "without a witness: {others:?}");
    let lost: Vec<&str> = m.rows.iter().filter(|r| !r.again).map(|r| r.name.as_str()).collect();
    assert!(lost.is_empty(), "saved and run again, another answer: {lost:?}");
    let seen = |r: &&Row| matches!(&r.answer, Some(Answer::Bug(w)) if w.fault.is_some());
    assert!(m.rows.iter().filter(seen).count() * 10 >= m.rows.len() * 6, "few are seen by the interpreter");
    assert!(m.median() < MEDIAN, "{:?}", m.median());
}

#[test]
fn safe_programs_are_decided_and_most_are_repaired() {
    let m = safe("safe/").expect("cases");
    println!("{}", m.summary());
    let honest = |r: &&Row| !matches!(r.word(), "safe" | "within");
    let others: Vec<&str> = m.rows.iter().filter(honest).map(|r| r.name.as_str()).collect();
    assert!(m.rows.len() >= 20 && others.len() <= 2, "not decided: {others:?}");
    assert!(m.count("bug") == 0, "a witness of a safe program");
    assert!(m.repaired().0 * 2 >= m.rows.len(), "{} repaired", m.repaired().0);
}

#[test]
fn false_rejections_are_decided() {
    let m = false_rejections("").expect("objects");
    println!("{}", m.summary());
    let decided = m.count("bug") + m.count("safe") + m.count("within");
    assert!(m.rows.is_empty() || decided >= 18, "{decided} decided");
    assert!(m.repaired().0 * 2 >= m.count("safe"), "{} of {} repaired", m.repaired().0, m.count("safe"));
    assert!(m.median() < MEDIAN, "{:?}", m.median());
}
