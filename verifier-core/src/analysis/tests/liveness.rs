//! What is read later.

use crate::analysis::testing::{Walk, older, request, walk_request, walk_storing};
use crate::cfg::{JumpTables, successors};
use crate::isa::asm::assemble;
use crate::program::request::Privilege;
use crate::state::register::live;

fn on_older(text: &str) -> Walk {
    walk_request(older(), &request(text), Privilege::ROOT)
}

/// Marks of a register in the last state before an instruction, on the kernel that has them.
fn marks(w: &Walk, at: usize, reg: u8) -> u8 {
    w.last_state(at).reg(reg).live
}

fn next(text: &str, at: usize) -> Vec<usize> {
    successors(&assemble(&text.replace(';', "\n")).expect("a program"), JumpTables::NONE, at).to_vec()
}

#[test]
fn a_written_register_is_marked() {
    assert_eq!(marks(&on_older("r0 = 1; exit"), 1, 0) & live::WRITTEN, live::WRITTEN);
}

#[test]
fn what_was_not_written_is_not() {
    assert_eq!(marks(&on_older("r0 = 1; exit"), 1, 1), live::NONE);
}

#[test]
fn an_instruction_goes_on_at_the_next() {
    assert_eq!(next("r0 = 1; exit", 0), [1]);
}

#[test]
fn a_jump_goes_to_its_target() {
    assert_eq!(next("goto +1; r0 = 1; exit", 0), [2]);
}

#[test]
fn a_branch_falls_through_first() {
    assert_eq!(next("if r1 == 0 goto +1; r0 = 1; exit", 0), [1, 2]);
}

#[test]
fn an_exit_goes_nowhere() {
    assert!(next("r0 = 1; exit", 1).is_empty());
}

#[test]
fn a_wide_constant_is_stepped_over() {
    assert_eq!(next("r0 = 1 ll; exit", 0), [2]);
}

#[test]
fn a_call_comes_back() {
    assert_eq!(next("call 7; exit", 0), [1]);
}

/// Two paths meet that differ in R6, or in a slot; whether the second ends there.
fn second_ends(first: &str, second: &str, rest: &str) -> bool {
    let text = format!("{first}; r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +1; {second}; r7 = 1; {rest}; r0 = 0; exit");
    !walk_storing(&text).pruned.is_empty()
}

#[test]
fn a_register_that_nobody_reads_may_differ() {
    assert!(second_ends("r6 = 1", "r6 = r1", "r6 = 0"));
    assert!(!second_ends("r6 = 1", "r6 = r1", "r8 = r6"));
}

#[test]
fn a_number_that_nobody_needs_exactly_may_differ() {
    let needed = "r6 &= 7; r3 = r10; r3 += -16; r3 += r6; r0 = *(u8 *)(r3 + 0)";
    assert!(second_ends("r6 = 1", "r6 = 2", "r8 = r6"));
    assert!(!second_ends("r6 = 1", "r6 = 2", needed));
}

#[test]
fn a_slot_that_nobody_reads_may_differ() {
    let (first, second) = ("*(u64 *)(r10 - 8) = 1", "*(u64 *)(r10 - 8) = r1");
    assert!(second_ends(first, second, "r7 = 5"));
    assert!(!second_ends(first, second, "r7 = *(u64 *)(r10 - 8)"));
}

#[test]
fn marks_travel_to_the_states_before() {
    let w =
        on_older("r6 = 1; r7 = 1; r8 = 1; r0 = *(u32 *)(r1 + 0); if r0 > 5 goto +0; if r0 > 6 goto +0; r0 = r6; exit");
    assert_eq!(w.says(), "ok");
    assert!(!w.stored.is_empty(), "a state is stored at a place where paths meet");
}
