//! When a path ends because a stored state covers it, and when a loop ends.

use super::verdicts;
use crate::analysis::testing::{walk, walk_storing};

verdicts! {
    a_loop_without_end: "r0 = 0; again:; r0 = 0; goto again" => "infinite loop detected at insn 1";
    a_counted_loop: "r6 = 0; again:; r6 += 1; if r6 < 10 goto again; r0 = 0; exit" => "ok";
    a_loop_that_changes_nothing: "r6 = *(u32 *)(r1 + 0); again:; if r6 != 0 goto again; r0 = 0; exit" => "infinite loop detected at insn 1";
    an_instruction_that_is_not_reached: "r0 = 0; exit; r0 = 1; exit" => "unreachable insn 2";
    a_jump_out_of_the_program: "if r1 == 0 goto +5; r0 = 0; exit" => "jump out of range from insn 0 to 6";
    a_program_that_does_not_end: "r0 = 0" => "last insn is not an exit or jmp";
    a_branch_past_the_end: "r0 = 0; if r0 == 1 goto +0" => "jump out of range from insn 1 to 2";
}

fn insns(text: &str) -> u32 {
    walk(text).report.stats.expect("it began").insns
}

#[test]
fn every_round_of_a_counted_loop_is_walked() {
    let rounds = |n: u32| insns(&format!("r6 = 0; again:; r6 += 1; if r6 < {n} goto again; r0 = 0; exit"));
    assert_eq!(rounds(20) - rounds(10), 20);
}

#[test]
fn a_long_loop_is_too_much() {
    let w = walk("r6 = 0; again:; r6 += 1; if r6 < 2000000 goto again; r0 = 0; exit");
    assert_eq!(w.says(), "BPF program is too large. Processed 1000001 insn");
}

#[test]
fn both_ways_of_a_jump_are_walked() {
    let w = walk("r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +1; r0 = 1; r0 = 2; exit");
    assert_eq!((w.visits(2), w.visits(3)), (1, 2));
}

#[test]
fn the_fall_through_is_walked_first() {
    let w = walk("r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +1; r0 = 1; r0 = 2; exit");
    let order: Vec<usize> = w.at.iter().map(|(i, _)| *i).collect();
    assert_eq!(order, [0, 1, 2, 3, 4, 3, 4]);
}

#[test]
fn states_are_stored_where_asked() {
    let often = walk_storing("r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +0; exit");
    let stored = often.report.stats.expect("it began").total_states;
    assert!(
        stored > walk("r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +0; exit").report.stats.expect("it began").total_states
    );
}

#[test]
fn a_covered_path_ends() {
    let often = walk_storing("r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +0; r0 = 0; exit");
    assert_eq!(often.pruned.len(), 1);
}

#[test]
fn types_that_differ_do_not_cover() {
    let text = "r6 = 0; r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +1; r6 = r1; r0 = 0; r7 = r6; exit";
    let often = walk_storing(text);
    assert!(often.pruned.is_empty());
}
