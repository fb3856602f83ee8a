//! Pruning only saves work: without it, every program that finishes has the same verdict.
//!
//! Programs that run into a limit of instructions, jumps or time without pruning have not finished; nor have those
//! whose loops end by widening, which is a kind of pruning.

use std::time::Duration;

use bpfvet_tests::recordings;
use bpfvet_tests::run::{Plan, run};

/// Rows that say that the analysis gave up.
const GAVE_UP: &[&str] = &["TooLarge", "JumpSequence", "JumpSequenceAsync", "LoopLimit"];

fn same_without_pruning(plan: Plan) {
    let Some(folder) = recordings::folder() else {
        println!("no recordings beside the checkout: nothing measured");
        return;
    };
    let pruned = run(&plan, &folder).expect("the recordings can be read");
    let open = Plan { no_prune: true, budget: Duration::from_millis(400), ..plan };
    let unpruned = run(&open, &folder).expect("the recordings can be read");
    let mut finished = 0;
    let mut wrong = Vec::new();
    for (a, b) in pruned.iter().zip(&unpruned) {
        if b.ours.verdict == "budget" || GAVE_UP.contains(&b.ours.reason.as_str()) {
            continue;
        }
        finished += 1;
        if a.ours.verdict != b.ours.verdict {
            wrong.push(format!(
                "{}: {} {} becomes {} {}",
                a.name, a.ours.verdict, a.ours.reason, b.ours.verdict, b.ours.reason
            ));
        }
    }
    println!("{finished} of {} programs finish without pruning", pruned.len());
    assert!(finished * 10 >= pruned.len() * 8, "too few programs finish for the test to mean anything");
    assert!(wrong.is_empty(), "pruning changes verdicts:\n{}", wrong.join("\n"));
}

#[test]
fn objects() {
    same_without_pruning(Plan::new("6.12"));
}

#[test]
fn test_verifier() {
    same_without_pruning(Plan { tv: true, ..Plan::new("6.12") });
}
