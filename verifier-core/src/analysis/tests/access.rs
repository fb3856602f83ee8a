//! Loads and stores.

use super::{at_end, verdicts};
use crate::analysis::testing::{older, request, walk, walk_as, walk_request, walk_unprivileged};
use crate::kernel::ProgType;
use crate::program::request::Privilege;

const LOOKUP: &str = "r1 = map[hash]; *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; call 1; ";
const VALUE: &str = "r1 = map[array]; *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; call 1; if r0 == 0 goto out; ";
const PACKET: &str = "r2 = *(u32 *)(r1 + 0); r3 = *(u32 *)(r1 + 4); r4 = r2; r4 += 14; if r4 > r3 goto out; ";

/// What a program says whose lookup in an array found something, behind `body`.
fn with_value(body: &str) -> String {
    walk(&format!("{VALUE}{body}; out:; r0 = 0; exit")).says()
}

/// What an XDP program says that has found 14 bytes of packet at R2.
fn with_packet(body: &str) -> String {
    walk_as(ProgType::Xdp, &format!("{PACKET}{body}; out:; r0 = 0; exit")).says()
}

at_end! {
    a_saved_number_comes_back: "r2 = 7; *(u64 *)(r10 - 8) = r2; r0 = *(u64 *)(r10 - 8); exit", r 0 => "7";
    a_stored_constant_comes_back: "*(u64 *)(r10 - 8) = 7; r0 = *(u64 *)(r10 - 8); exit", r 0 => "7";
    a_saved_pointer_comes_back: "*(u64 *)(r10 - 8) = r1; r2 = *(u64 *)(r10 - 8); r0 = 0; exit", r 2 => "ctx";
    a_saved_range_comes_back:
        "r2 = *(u32 *)(r1 + 0); r2 &= 7; *(u64 *)(r10 - 8) = r2; r0 = *(u64 *)(r10 - 8); exit", r 0 => "0..7";
    low_bytes_of_a_saved_number: "*(u64 *)(r10 - 8) = 0x1234; r0 = *(u8 *)(r10 - 8); exit", r 0 => "52";
    high_bytes_of_a_saved_number_are_unknown: "*(u64 *)(r10 - 8) = 0x1234; r0 = *(u8 *)(r10 - 7); exit", r 0 => "0..255";
    stored_zeroes_are_zero: "*(u32 *)(r10 - 4) = 0; r0 = *(u32 *)(r10 - 4); exit", r 0 => "0";
    zeroes_of_two_stores_are_zero:
        "*(u16 *)(r10 - 2) = 0; *(u16 *)(r10 - 4) = 0; r0 = *(u32 *)(r10 - 4); exit", r 0 => "0";
    what_was_never_stored_is_any_number: "r0 = *(u64 *)(r10 - 8); exit", r 0 => "any";
    a_byte_of_the_stack: "*(u8 *)(r10 - 1) = 3; r0 = *(u8 *)(r10 - 1); exit", r 0 => "0..255";
    a_signed_byte_of_the_stack: "*(u8 *)(r10 - 1) = 3; r0 = *(s8 *)(r10 - 1); exit", r 0 => "-128..127";
    a_store_in_part_spoils_a_saved_pointer:
        "*(u64 *)(r10 - 8) = r1; *(u8 *)(r10 - 1) = 3; r0 = *(u64 *)(r10 - 8); exit", r 0 => "any";
    a_load_through_a_copy_of_the_frame_pointer:
        "r2 = r10; r2 += -8; *(u64 *)(r2 + 0) = 7; r0 = *(u64 *)(r10 - 8); exit", r 0 => "7";
    a_fetching_add_returns_what_was_there:
        "*(u64 *)(r10 - 8) = 1; r0 = 2; r0 = atomic_fetch_add((u64 *)(r10 - 8), r0); exit", r 0 => "1";
}

verdicts! {
    stores_above_the_frame: "*(u64 *)(r10 + 0) = 1; r0 = 0; exit" => "invalid write to stack R10 off=0 size=8";
    stores_below_the_frame: "*(u64 *)(r10 - 520) = 1; r0 = 0; exit" => "invalid write to stack R10 off=-520 size=8";
    loads_above_the_frame: "r0 = *(u64 *)(r10 + 8); exit" => "invalid read from stack R10 off=8 size=8";
    stores_across_a_slot: "*(u64 *)(r10 - 12) = 1; r0 = 0; exit" => "misaligned stack access off 0+0+-12 size 8";
    the_whole_frame_can_be_used: "*(u64 *)(r10 - 512) = 1; r0 = 0; exit" => "ok";
    a_number_is_no_address: "r2 = 5; r0 = *(u64 *)(r2 + 0); exit" => "R2 invalid mem access 'scalar'";
    a_map_is_not_written: "r2 = map[array]; *(u64 *)(r2 + 0) = 1; r0 = 0; exit" => "only read from bpf_array is supported";
    the_context_ends: "r0 = *(u32 *)(r1 + 4096); exit" => "invalid bpf_context access off=4096 size=4";
    the_context_is_mostly_read_only: "*(u32 *)(r1 + 0) = 1; r0 = 0; exit" => "invalid bpf_context access off=0 size=4";
    fields_of_the_context_are_read_whole: "r0 = *(u64 *)(r1 + 0); exit" => "invalid bpf_context access off=0 size=8";
    part_of_a_saved_pointer: "*(u64 *)(r10 - 8) = r1; r0 = *(u32 *)(r10 - 8); exit" => "invalid size of register fill";
    a_pointer_is_saved_whole: "*(u32 *)(r10 - 8) = r1; r0 = 0; exit" => "invalid size of register spill";
}

#[test]
fn a_lookup_may_find_nothing() {
    let w = walk(&format!("{LOOKUP}r0 = *(u64 *)(r0 + 0); exit"));
    assert_eq!(w.says(), "R0 invalid mem access 'map_value_or_null'");
}

#[test]
fn what_a_lookup_found_can_be_used() {
    assert_eq!(with_value("r2 = *(u64 *)(r0 + 0); *(u64 *)(r0 + 0) = 5"), "ok");
}

#[test]
fn a_value_ends_where_its_map_says() {
    assert_eq!(with_value("r2 = *(u64 *)(r0 + 1)"), "R0 min value is outside of the allowed memory range");
    assert_eq!(with_value("r2 = *(u8 *)(r0 - 1)"), "R0 min value is outside of the allowed memory range");
}

#[test]
fn an_index_into_a_value_must_be_bounded() {
    let indexed =
        |mask: u32| with_value(&format!("r6 = *(u64 *)(r0 + 0); r6 &= {mask}; r0 += r6; r2 = *(u8 *)(r0 + 0)"));
    assert_eq!(indexed(7), "ok");
    assert_eq!(indexed(15), "R0 max value is outside of the allowed memory range");
}

#[test]
fn an_index_that_may_be_negative() {
    let body = "r6 = *(u64 *)(r0 + 0); r6 &= 3; r6 -= 1; r0 += r6; r2 = *(u8 *)(r0 + 0)";
    assert!(with_value(body).contains("R0 min value is negative"), "{}", with_value(body));
}

#[test]
fn packet_bytes_must_be_looked_for_first() {
    assert_eq!(with_packet("r5 = *(u8 *)(r2 + 13)"), "ok");
    assert_eq!(with_packet("r5 = *(u8 *)(r2 + 14)"), "R2 offset is outside of the packet");
    assert_eq!(with_packet("r5 = *(u64 *)(r2 + 6)"), "ok");
}

#[test]
fn where_the_packet_ended_nothing_is_known() {
    let text = format!("{PACKET}r0 = 0; exit; out:; r5 = *(u8 *)(r2 + 0); r0 = 0; exit");
    assert_eq!(walk_as(ProgType::Xdp, &text).says(), "R2 offset is outside of the packet");
}

#[test]
fn the_ends_of_a_packet_are_no_memory() {
    assert_eq!(with_packet("r5 = *(u8 *)(r3 + 0)"), "R3 invalid mem access 'pkt_end'");
}

#[test]
fn a_variable_store_leaves_only_data() {
    let text = "*(u64 *)(r10 - 8) = 7; *(u64 *)(r10 - 16) = 7; r3 = *(u32 *)(r1 + 0); r3 &= 8; r2 = r10; r2 += -16; \
                r2 += r3; *(u64 *)(r2 + 0) = r3; r0 = 0; exit";
    let w = walk(text);
    assert_eq!((w.end_slot(0), w.end_slot(1)), ("mmmmmmmm".into(), "mmmmmmmm".into()));
}

#[test]
fn a_variable_load_reads_any_of_a_range() {
    let text = "*(u64 *)(r10 - 8) = 7; *(u64 *)(r10 - 16) = 7; r3 = *(u32 *)(r1 + 0); r3 &= 8; r2 = r10; r2 += -16; \
                r2 += r3; r0 = *(u64 *)(r2 + 0); exit";
    assert_eq!((walk(text).says(), walk(text).end(0)), ("ok".into(), "any".into()));
}

#[test]
fn a_variable_store_that_may_leave_the_frame() {
    let text = "r3 = *(u32 *)(r1 + 0); r3 &= 1023; r2 = r10; r2 += -512; r2 += r3; *(u8 *)(r2 + 0) = 1; r0 = 0; exit";
    assert!(walk(text).says().starts_with("invalid variable-offset write to stack R2"), "{}", walk(text).says());
}

#[test]
fn saved_registers_fill_their_slots() {
    let w = walk("r2 = 7; *(u64 *)(r10 - 8) = r2; *(u32 *)(r10 - 16) = r2; *(u16 *)(r10 - 18) = r2; r0 = 0; exit");
    assert_eq!(w.end_slot(0), "rrrrrrrr 7");
    assert_eq!(w.end_slot(1), "rrrr???? 7");
    assert_eq!(w.end_slot(2), "??????mm");
}

#[test]
fn stored_zeroes_are_remembered_byte_by_byte() {
    let w = walk("*(u32 *)(r10 - 4) = 0; *(u16 *)(r10 - 6) = 1; r0 = 0; exit");
    assert_eq!(w.end_slot(0), "??mm0000");
}

#[test]
fn the_stack_is_as_deep_as_the_lowest_store() {
    let w = walk("*(u8 *)(r10 - 33) = 1; r0 = 0; exit");
    assert_eq!(w.report.stack_depth, [40]);
}

#[test]
fn without_capabilities_the_stack_must_be_set() {
    assert_eq!(walk_unprivileged("r0 = *(u64 *)(r10 - 8); exit").says(), "invalid read from stack R10 off=-8 size=8");
}

#[test]
fn without_capabilities_pointers_do_not_leave() {
    let text = "r6 = r1; r1 = map[hash]; r2 = r10; r2 += -4; *(u32 *)(r10 - 4) = 0; call 1; if r0 == 0 goto +1; \
                *(u64 *)(r0 + 0) = r6; r0 = 0; exit";
    assert_eq!(walk_unprivileged(text).says(), "R6 leaks addr into map");
}

#[test]
fn both_kernels_store_and_load_alike() {
    let text = "r2 = 7; *(u64 *)(r10 - 8) = r2; r0 = *(u64 *)(r10 - 8); exit";
    let old = walk_request(older(), &request(text), Privilege::ROOT);
    assert_eq!((old.end(0), old.says()), (walk(text).end(0), walk(text).says()));
}
