//! Which numbers are wanted exactly.

use crate::analysis::testing::{Walk, walk};

/// Registers wanted after an instruction, over all walks backwards that came by.
fn wanted(w: &Walk, at: usize) -> Vec<usize> {
    let regs = w.wanted.iter().filter(|(_, _, _, i)| *i == at).fold(0, |all, (_, regs, ..)| all | regs);
    (0..11).filter(|r| regs >> r & 1 != 0).collect()
}

/// Slots wanted after an instruction.
fn slots(w: &Walk, at: usize) -> u64 {
    w.wanted.iter().rfind(|(_, _, _, i)| *i == at).map_or(0, |(_, _, slots, _)| *slots)
}

/// A program that uses R2 as an offset into the stack behind `body`.
fn offset(body: &str) -> Walk {
    walk(&format!("{body}; r2 &= 7; r3 = r10; r3 += -16; r3 += r2; r0 = *(u8 *)(r3 + 0); r0 = 0; exit"))
}

#[test]
fn an_offset_is_wanted() {
    assert_eq!(wanted(&offset("r2 = 4"), 0), [2]);
}

#[test]
fn what_it_was_copied_from_is_wanted() {
    assert_eq!(wanted(&offset("r4 = 4; r2 = r4"), 0), [4]);
}

#[test]
fn what_was_added_to_it_is_wanted() {
    assert_eq!(wanted(&offset("r4 = 4; r2 = 1; r2 += r4"), 1), [2, 4]);
}

#[test]
fn what_was_overwritten_is_not() {
    assert_eq!(wanted(&offset("r4 = 1; r5 = 2; r2 = r4; r2 = r5"), 2), [5]);
}

#[test]
fn constants_end_the_walk() {
    let w = offset("r4 = 1; r4 = 2; r2 = 3");
    assert!(w.wanted.iter().all(|(_, _, _, at)| *at >= 2), "{:?}", w.wanted);
}

#[test]
fn the_other_registers_are_not_wanted() {
    assert_eq!(wanted(&offset("r4 = 1; r5 = 2; r2 = 3; r5 += r4"), 3), [2]);
}

#[test]
fn a_saved_number_is_wanted_in_its_slot() {
    let w = offset("r4 = 4; *(u64 *)(r10 - 8) = r4; r2 = *(u64 *)(r10 - 8)");
    assert_eq!((slots(&w, 1), wanted(&w, 0)), (1, vec![4]));
}

#[test]
fn another_slot_is_not_wanted() {
    let w = offset("r4 = 4; r5 = 3; *(u64 *)(r10 - 8) = r4; *(u64 *)(r10 - 24) = r5; r2 = *(u64 *)(r10 - 8)");
    assert_eq!(slots(&w, 3), 1);
}

#[test]
fn an_argument_is_wanted_of_the_caller() {
    let w = walk(
        "r1 = 4; call one; r0 = 0; exit; one:; r1 &= 7; r3 = r10; r3 += -16; r3 += r1; \
                  r0 = *(u8 *)(r3 + 0); r0 = 0; exit",
    );
    assert_eq!(wanted(&w, 0), [1]);
}

#[test]
fn a_result_is_wanted_of_the_function() {
    let w = walk(
        "call one; r0 &= 7; r3 = r10; r3 += -16; r3 += r0; r0 = *(u8 *)(r3 + 0); r0 = 0; exit; \
                  one:; r0 = 4; exit",
    );
    assert_eq!(wanted(&w, 8), [0]);
}

#[test]
fn a_decided_comparison_wants_its_operands() {
    let w = walk("r2 = 4; r4 = 5; if r2 > r4 goto +1; r0 = 0; r0 = 0; exit");
    assert_eq!(wanted(&w, 1), [2, 4]);
}

#[test]
fn an_undecided_comparison_wants_nothing() {
    assert!(walk("r2 = *(u32 *)(r1 + 0); if r2 > 4 goto +1; r0 = 0; r0 = 0; exit").wanted.is_empty());
}

#[test]
fn linked_registers_are_wanted_together() {
    let w = walk(
        "r2 = *(u32 *)(r1 + 0); r4 = r2; if r4 > 7 goto +4; r3 = r10; r3 += -16; r3 += r2; \
                  r0 = *(u8 *)(r3 + 0); r0 = 0; exit",
    );
    assert_eq!(wanted(&w, 1), [2, 4]);
}

#[test]
fn a_stack_pointer_is_never_wanted() {
    let w = walk("r2 = r10; r4 = r10; if r2 == r4 goto +1; r0 = 0; r0 = 0; exit");
    assert!(w.wanted.iter().all(|(_, regs, ..)| regs & 1 << 10 == 0));
}

#[test]
fn the_size_of_memory_is_wanted() {
    let w = walk("*(u64 *)(r10 - 8) = 0; r2 = 8; r1 = r10; r1 += -8; call 6; r0 = 0; exit");
    assert_eq!(wanted(&w, 1), [2]);
}
