//! The solver on programs of ours with real bugs, and on false rejections where they are at hand. The whole tables are
//! printed by `make solve`.
#![cfg(feature = "solver")]

use bpfvet_tests::solver::{
    Row, accepted_folder, adversarial, adversarial_folder, bugs, false_rejections, has_bug, opinions, safe, truths,
    verdicts,
};
use verifier_solver::decide::Answer;

/// Median work of one answer, in steps of Z3: it is the same on every machine.
const MEDIAN: u64 = 2_000_000;

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
    assert!(m.median_work() < MEDIAN, "{}", m.median_work());
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
    assert!(m.median_work() < MEDIAN, "{}", m.median_work());
}

/// Programs that the interpreter here cannot show to go wrong.
const NOT_SHOWN: [&str; 35] = [
    // It keeps packets, and what lies in them, where they are.
    "bug_packet_after_pull",
    "bug_end_after_pull",
    "bug_slice_after_pull",
    "bug_packet_after_adjust",
    "bug_packet_after_vlan",
    "bug_packet_after_store",
    "bug_packet_after_clone",
    "bug_packet_after_tail",
    "bug_packet_after_callee_pulled",
    "bug_packet_after_global_pulled",
    "bug_packet_after_jump_in_callee",
    "bug_slice_by_room_after_pull",
    "bug_slice_after_tail",
    "bug_meta_after_meta",
    // It has no such objects, keeps them too long, or always has room for them.
    "bug_data_after_submit",
    "bug_task_after_release",
    "bug_task_released_twice",
    "bug_task_unchecked",
    "bug_sock_after_release",
    "bug_full_sock_after_release",
    "bug_tcp_sock_unchecked",
    "bug_value_of_inner_unchecked",
    "bug_second_record_unchecked",
    "bug_thing_unchecked",
    "bug_thing_after_drop",
    "bug_thing_dropped_twice",
    "bug_behind_thing",
    "bug_mask_after_release",
    "bug_mask_unchecked",
    "bug_iterator_after_end",
    "bug_number_changed",
    "bug_far_lookup",
    // Nobody else writes its maps, and nobody fills its queues and ring buffers.
    "bug_popped",
    "bug_queried",
    "bug_read_again",
];

#[test]
fn what_programs_of_the_adversarial_set_are_called_is_true() {
    let truths = truths(1500, "").expect("objects");
    assert!(truths.len() >= 200, "{}", truths.len());
    let hit = |a: &Option<_>| a.is_some_and(|a: verifier_solver::attack::Attacked| a.hit.is_some());
    let wrong: Vec<&str> = truths.iter().filter(|(n, a)| !has_bug(n) && hit(a)).map(|(n, _)| n.as_str()).collect();
    assert!(wrong.is_empty(), "called safe, and go wrong: {wrong:?}");
    let shown = |n: &str| has_bug(n) && !NOT_SHOWN.iter().any(|s| n.ends_with(s));
    let open: Vec<&str> = truths.iter().filter(|(n, a)| shown(n) && !hit(a)).map(|(n, _)| n.as_str()).collect();
    assert!(open.is_empty(), "called bugs, and never go wrong: {open:?}");
}

#[test]
fn an_attack_is_the_same_each_time() {
    assert_eq!(truths(60, "").expect("objects"), truths(60, "").expect("objects"));
}

#[test]
fn the_kernel_judges_the_adversarial_set_as_we_do() {
    let (said, ours) = verdicts(&adversarial_folder()).expect("objects and what the kernel said");
    assert_eq!(said, ours);
    let rejected = |bug: bool| said.iter().filter(|s| !s.accepted && has_bug(&s.name) == bug).count();
    assert!(rejected(true) >= 140 && rejected(false) >= 65, "{} and {}", rejected(true), rejected(false));
    assert!(said.iter().all(|s| !s.accepted || !has_bug(&s.name)), "a bug that the kernel accepts");
}

#[test]
fn what_the_kernel_should_not_accept_is_called_unsound() {
    let (said, ours) = verdicts(&accepted_folder()).expect("objects and what the kernel said");
    assert_eq!(said, ours);
    assert!(said.len() >= 7 && said.iter().all(|s| s.accepted), "{said:?}");
    for (name, opinion) in opinions(&accepted_folder()).expect("objects") {
        assert_eq!(opinion.unsound.is_some(), has_bug(&name), "{name}: {opinion:?}");
        assert_eq!(opinion.gave_up, None, "{name}");
    }
}

#[test]
fn no_answer_on_the_adversarial_set_is_wrong() {
    let m = adversarial("").expect("objects");
    println!("{}", m.summary());
    let wrong = |r: &&Row| match r.word() {
        "safe" => has_bug(&r.name),
        "bug" => !has_bug(&r.name),
        _ => false,
    };
    let wrong: Vec<&str> = m.rows.iter().filter(wrong).map(|r| r.name.as_str()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let late: Vec<&str> = m.rows.iter().filter(|r| r.word() == "undecided").map(|r| r.name.as_str()).collect();
    assert!(late.is_empty(), "the clock decided: {late:?}");
    let lost: Vec<&str> = m.rows.iter().filter(|r| r.word() == "bug" && !r.again).map(|r| r.name.as_str()).collect();
    assert!(lost.is_empty(), "saved and run again, another answer: {lost:?}");
    assert!(m.count("bug") >= 140 && m.count("safe") >= 55, "{}", m.summary());
    let opinions = opinions(&adversarial_folder()).expect("objects");
    let unsound: Vec<&str> = opinions.iter().filter(|(_, o)| o.unsound.is_some()).map(|(n, _)| n.as_str()).collect();
    assert!(unsound.is_empty(), "accepted and safe, and called unsound: {unsound:?}");
}
