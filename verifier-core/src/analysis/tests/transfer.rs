//! Arithmetic and comparisons.

use super::{at_end, verdicts};
use crate::analysis::testing::{walk, walk_unprivileged};

at_end! {
    a_constant_is_known: "r0 = 5; exit", r 0 => "5";
    a_negative_constant_is_sign_extended: "r0 = -5; exit", r 0 => "-5";
    a_narrow_constant_is_zero_extended: "w0 = -1; exit", r 0 => "4294967295";
    a_wide_constant_takes_two_slots: "r0 = 0x100000002 ll; exit", r 0 => "4294967298";
    constants_are_added: "r0 = 5; r0 += 3; exit", r 0 => "8";
    constants_are_subtracted: "r0 = 5; r0 -= 8; exit", r 0 => "-3";
    constants_are_multiplied: "r0 = 5; r0 *= -3; exit", r 0 => "-15";
    constants_are_masked: "r0 = 0xff; r0 &= 0x3c; exit", r 0 => "60";
    constants_are_joined: "r0 = 0xf0; r0 |= 0x0f; exit", r 0 => "255";
    constants_are_crossed: "r0 = 0xff; r0 ^= 0x0f; exit", r 0 => "240";
    constants_are_shifted_left: "r0 = 3; r0 <<= 4; exit", r 0 => "48";
    constants_are_shifted_right: "r0 = -1; r0 >>= 60; exit", r 0 => "15";
    constants_keep_their_sign_in_arithmetic_shifts: "r0 = -16; r0 s>>= 2; exit", r 0 => "-4";
    narrow_sums_wrap: "w0 = -1; w0 += 1; exit", r 0 => "0";
    narrow_shifts_drop_high_bits: "w0 = -1; w0 <<= 4; exit", r 0 => "4294967280";
    a_word_of_the_context_has_32_bits: "r0 = *(u32 *)(r1 + 0); exit", r 0 => "0..4294967295";
    a_mask_bounds: "r0 = *(u32 *)(r1 + 0); r0 &= 7; exit", r 0 => "0..7";
    a_right_shift_bounds: "r0 = *(u32 *)(r1 + 0); r0 >>= 24; exit", r 0 => "0..255";
    a_left_shift_scales_bounds: "r0 = *(u32 *)(r1 + 0); r0 &= 7; r0 <<= 3; exit", r 0 => "0..56";
    a_sum_moves_bounds: "r0 = *(u32 *)(r1 + 0); r0 &= 7; r0 += 10; exit", r 0 => "10..17";
    a_difference_moves_bounds: "r0 = *(u32 *)(r1 + 0); r0 &= 7; r0 -= 10; exit", r 0 => "-10..-3";
    a_product_scales_bounds: "r0 = *(u32 *)(r1 + 0); r0 &= 7; r0 *= 10; exit", r 0 => "0..70";
    sums_of_ranges_add_their_bounds:
        "r0 = *(u32 *)(r1 + 0); r2 = *(u32 *)(r1 + 4); r0 &= 7; r2 &= 3; r0 += r2; exit", r 0 => "0..10";
    a_register_minus_itself_is_not_known:
        "r0 = *(u32 *)(r1 + 0); r0 &= 7; r0 -= r0; exit", r 0 => "-7..7";
    a_quotient_is_unknown: "r0 = *(u32 *)(r1 + 0); r0 &= 7; r0 /= 2; exit", r 0 => "any";
    a_remainder_is_unknown: "r0 = *(u32 *)(r1 + 0); r0 %= 2; exit", r 0 => "any";
    an_or_raises_the_minimum: "r0 = *(u32 *)(r1 + 0); r0 &= 3; r0 |= 8; exit", r 0 => "8..11";
    an_exclusive_or_keeps_width: "r0 = *(u32 *)(r1 + 0); r0 &= 3; r0 ^= 1; exit", r 0 => "0..3";
    a_helper_returns_any_number: "call 7; exit", r 0 => "any";
    sign_extension_of_a_byte: "call 7; r0 = (s8)r0; exit", r 0 => "-128..127";
    sign_extension_of_half_a_word: "call 7; r0 = (s16)r0; exit", r 0 => "-32768..32767";
    sign_extension_of_a_word: "call 7; r0 = (s32)r0; exit", r 0 => "-2147483648..2147483647";
    sign_extension_keeps_small_numbers: "r0 = *(u32 *)(r1 + 0); r0 &= 7; r0 = (s8)r0; exit", r 0 => "0..7";
    a_narrow_move_clears_the_high_half: "r2 = -1; w0 = w2; exit", r 0 => "4294967295";
    a_copy_is_the_same: "r2 = 9; r0 = r2; exit", r 0 => "9";
    bytes_are_swapped: "r0 = 0x1234; r0 = be16 r0; exit", r 0 => "13330";
    the_low_half_is_kept: "call 7; w0 = w0; exit", r 0 => "0..4294967295";
    adding_to_the_frame_pointer: "r2 = r10; r2 += -8; r0 = 0; exit", r 2 => "fp-8";
    moving_a_pointer_by_a_range:
        "r3 = *(u32 *)(r1 + 0); r3 &= 7; r2 = r10; r2 += r3; r0 = 0; exit", r 2 => "fp+(0..7)";
    a_number_plus_a_pointer_is_the_pointer: "r2 = 8; r3 = r10; r2 += r3; r0 = 0; exit", r 2 => "fp+8";
    pointers_of_one_frame_differ_by_a_number: "r2 = r10; r3 = r10; r2 -= r3; r0 = 0; exit", r 2 => "any";
    an_upper_bound_by_comparison: "call 7; if r0 > 10 goto +1; exit; r0 = 0; exit", r 0 => "0";
}

verdicts! {
    division_by_a_constant_zero: "r0 = 1; r0 /= 0; exit" => "div by zero";
    a_shift_as_wide_as_the_word: "r0 = 1; r0 <<= 64; exit" => "invalid shift 64";
    a_narrow_shift_as_wide_as_its_word: "r0 = 1; w0 <<= 32; exit" => "invalid shift 32";
    a_pointer_is_not_multiplied: "r2 = r10; r2 *= 2; r0 = 0; exit" => "R2 pointer arithmetic with *= operator prohibited";
    pointers_are_not_added: "r2 = r10; r3 = r10; r2 += r3; r0 = 0; exit" => "R2 pointer += pointer prohibited";
    a_pointer_has_no_low_half: "r2 = r10; w2 += 1; r0 = 0; exit" => "R2 32-bit pointer arithmetic prohibited";
    nothing_is_subtracted_from_the_stack: "r2 = r10; r2 -= 16; r0 = 0; exit" => "R2 subtraction from stack pointer prohibited";
    the_frame_pointer_is_not_written: "r10 = 1; r0 = 0; exit" => "frame pointer is read only";
    a_register_that_holds_nothing: "r0 = r5; exit" => "R5 !read_ok";
    the_result_must_be_there: "exit" => "R0 !read_ok";
    arguments_are_gone_after_a_call: "r1 = 5; call 7; r0 = r1; exit" => "R1 !read_ok";
    saved_registers_survive_a_call: "r6 = 5; call 7; r0 = r6; exit" => "ok";
}

#[test]
fn a_comparison_bounds_both_ways() {
    let w = walk("call 7; if r0 > 10 goto +1; r6 = 1; r0 = 0; exit");
    assert_eq!((w.before(2, 0), w.last_state(3).reg(0).scalar.umin), ("0..10".into(), 11));
}

#[test]
fn a_signed_comparison_bounds_both_ways() {
    let w = walk("call 7; if r0 s> 10 goto +1; r6 = 1; r0 = 0; exit");
    assert_eq!((w.state(2).reg(0).scalar.smax, w.last_state(3).reg(0).scalar.smin), (10, 11));
}

#[test]
fn equality_makes_a_number_known() {
    assert_eq!(walk("call 7; if r0 != 10 goto +1; r6 = 1; r0 = 0; exit").before(2, 0), "10");
}

#[test]
fn a_bit_test_that_fails_clears_the_bit() {
    let w = walk("call 7; if r0 & 1 goto +1; r6 = 1; r0 = 0; exit");
    assert_eq!(w.state(2).reg(0).scalar.var_off.mask & 1, 0);
}

#[test]
fn a_narrow_comparison_bounds_the_low_half() {
    let w = walk("call 7; if w0 > 10 goto +1; r6 = 1; r0 = 0; exit");
    let s = w.state(2).reg(0).scalar;
    assert_eq!((s.u32_max, s.umax), (10, u64::MAX >> 32 << 32 | 10));
}

#[test]
fn a_copy_learns_from_the_comparison_of_the_other() {
    let w = walk("call 7; r6 = r0; if r0 > 10 goto +1; r7 = r6; r0 = 0; exit");
    assert_eq!(w.before(3, 6), "0..10");
}

#[test]
fn a_copy_at_a_distance_learns_too() {
    let w = walk("call 7; r6 = r0; r6 += 5; if r0 > 10 goto +1; r7 = r6; r0 = 0; exit");
    assert_eq!(w.before(4, 6), "5..15");
}

#[test]
fn a_decided_jump_goes_one_way() {
    assert_eq!(walk("r0 = 5; if r0 > 3 goto +1; r0 = r9; r0 = 0; exit").jumps, [(1, true, false)]);
    assert_eq!(walk("r0 = 2; if r0 > 3 goto +1; r0 = 1; r0 = 0; exit").jumps, [(1, false, true)]);
}

#[test]
fn an_undecided_jump_goes_both_ways() {
    assert_eq!(walk("call 7; if r0 > 3 goto +1; r0 = 1; r0 = 0; exit").jumps, [(1, true, true)]);
}

#[test]
fn without_capabilities_pointers_are_no_numbers() {
    assert_eq!(walk_unprivileged("r0 = r1; exit").says(), "R0 leaks addr as return value");
    assert_eq!(
        walk_unprivileged("r2 = r10; r3 = r10; r2 -= r3; r0 = 0; exit").says(),
        "R2 pointer -= pointer prohibited"
    );
}

#[test]
fn a_mask_that_is_all_or_nothing_forks() {
    let w = walk("r0 = *(u32 *)(r1 + 0); r0 <<= 63; r0 s>>= 63; r0 &= 5; exit");
    assert_eq!(w.visits(4), 2, "once with 0 and once with 5");
}
