//! Agreement with recorded kernels must not fall below `tests/ratchet.json`.
//!
//! The recordings are not part of the project. Where they are not beside the checkout the test says so and passes,
//! because it then has nothing to measure.

use std::time::Duration;

use bpfvet_tests::agreement::{Pair, table};
use bpfvet_tests::run::{Plan, run};
use bpfvet_tests::{annotations, ratchet, recordings};

fn holds(plan: &Plan) -> Option<Vec<Pair>> {
    // Machines that run tests are often busy: time is no part of what is measured.
    let plan = &Plan { budget: Duration::from_secs(180), ..plan.clone() };
    let Some(folder) = recordings::folder() else {
        println!("no recordings beside the checkout (../shared/kernel-recordings or BPFVET_SHARED): nothing measured");
        return None;
    };
    let pairs = run(plan, &folder).expect("the recordings can be read");
    println!("{}", table("program type", &pairs, |p| p.kind.clone()));
    let fallen = ratchet::fallen(plan, &pairs).expect("tests/ratchet.json can be read");
    assert!(fallen.is_empty(), "agreement fell:\n{}", fallen.join("\n"));
    let messages = annotations::compare(&pairs).expect("annotations are expressions");
    println!("messages that the tests' authors expect and the kernel printed: {} programs", messages.asked);
    // Of a release's own tests some are not modelled yet: the ratchet holds how many.
    assert!(plan.own || messages.broken.is_empty(), "expected messages are missing: {:#?}", messages.broken);
    Some(pairs)
}

#[test]
fn objects_on_6_12() {
    let Some(pairs) = holds(&Plan::new("6.12")) else { return };
    // The figures would mean nothing if the comparison could not fail: against the answers to other programs it must.
    let shifted = pairs.iter().zip(pairs.iter().cycle().skip(pairs.len() / 3));
    let shifted: Vec<Pair> = shifted.map(|(a, b)| Pair { theirs: b.theirs.clone(), ..a.clone() }).collect();
    let share = |pairs: &[Pair]| {
        let compared = pairs.iter().filter(|p| p.counters_compared()).count();
        pairs.iter().filter(|p| p.counters_equal()).count() * 100 / compared.max(1)
    };
    assert!(share(&shifted) < 20, "answers to other programs agree as well: {}%", share(&shifted));
}

#[test]
fn objects_on_other_kernels() {
    for kernel in ["5.10", "6.1", "6.18.15", "6.18", "7.3"] {
        holds(&Plan::new(kernel));
    }
}

#[test]
fn objects_of_the_release_itself() {
    holds(&Plan { own: true, ..Plan::new("7.3") });
}

#[test]
fn test_verifier() {
    for kernel in ["5.10", "6.1", "6.12", "6.18.15", "6.18", "7.3"] {
        holds(&Plan { tv: true, ..Plan::new(kernel) });
    }
    for kernel in ["5.10", "6.1", "6.12", "6.18.15", "7.3"] {
        holds(&Plan { tv: true, unprivileged: true, ..Plan::new(kernel) });
    }
}
