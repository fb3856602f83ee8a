//! Things with rules of their own: references, dynptrs, locks, callbacks, functions.

use super::verdicts;
use crate::analysis::testing::{walk, walk_as};
use crate::kernel::ProgType;

/// `bpf_ringbuf_reserve_dynptr()` and friends need a ring buffer; a dynptr over a map value needs none.
const DYNPTR: &str = "r1 = map[hash]; *(u32 *)(r10 - 4) = 0; r2 = r10; r2 += -4; call 1; if r0 == 0 goto out; \
                      r1 = r0; r2 = 64; r3 = 0; r4 = r10; r4 += -24; call 197; ";

verdicts! {
    a_lookup_wants_a_map: "r1 = 0; r2 = r10; r2 += -4; *(u32 *)(r10 - 4) = 0; call 1; r0 = 0; exit"
        => "R1 type=scalar expected=map_ptr";
    a_lookup_wants_a_key: "r1 = map[array]; r2 = 0; call 1; r0 = 0; exit" => "R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_";
    a_key_may_be_of_unset_stack: "r1 = map[array]; r2 = r10; r2 += -4; call 1; r0 = 0; exit" => "ok";
    a_helper_that_is_none: "call 9999; exit" => "invalid func unknown#9999";
    a_helper_of_another_program_type: "r1 = 0; r2 = 0; call 44; exit" => "program of this type cannot use helper bpf_xdp_adjust_head#44";
    a_function_is_called: "call one; exit; one:; r0 = 1; exit" => "ok";
    a_function_must_return: "call one; exit; one:; exit" => "R0 !read_ok";
    a_function_sees_its_arguments: "r1 = 5; call one; exit; one:; r0 = r1; exit" => "ok";
    a_function_sees_no_other_registers: "r6 = 5; call one; exit; one:; r0 = r6; exit" => "R6 !read_ok";
    a_function_returns_no_stack_of_its_own: "call one; r0 = 0; exit; one:; r0 = r10; exit" => "cannot return stack pointer to the caller";
}

#[test]
fn a_function_works_on_the_callers_stack() {
    let w = walk(
        "*(u64 *)(r10 - 8) = 1; r1 = r10; r1 += -8; call one; r0 = *(u64 *)(r10 - 8); exit; \
                  one:; *(u64 *)(r1 + 0) = 9; r0 = 0; exit",
    );
    assert_eq!((w.says(), w.last_state(5).reg(0).scalar.known(false)), ("ok".into(), Some(9)));
}

#[test]
fn a_function_has_a_frame_of_its_own() {
    let w = walk("call one; exit; one:; *(u64 *)(r10 - 8) = 1; r0 = 0; exit");
    assert_eq!((w.state(3).frames.len(), w.report.stack_depth.clone()), (2, vec![0, 8]));
}

#[test]
fn callers_keep_what_calls_do_not_touch() {
    let w = walk("r6 = 5; call one; r0 = r6; exit; one:; r0 = 0; r6 = 1; exit");
    assert_eq!(w.last_state(3).reg(0).scalar.known(false), Some(5));
}

#[test]
fn calls_nest_eight_deep() {
    let chain = |n: usize| {
        let mut text = String::from("call f1; exit;");
        (1..n).for_each(|i| text.push_str(&format!(" f{i}:; call f{}; exit;", i + 1)));
        walk(&format!("{text} f{n}:; r0 = 0; exit")).says()
    };
    assert_eq!(chain(7), "ok");
    assert_eq!(chain(8), "the call stack of 9 frames is too deep");
}

#[test]
fn recursion_is_a_back_edge() {
    assert!(walk("call one; exit; one:; call one; exit").says().contains("frames is too deep"));
}

#[test]
fn a_dynptr_over_a_value_is_read_through_its_helper() {
    let read = "r1 = r10; r1 += -32; *(u64 *)(r10 - 32) = 0; r2 = 8; r3 = r10; r3 += -24; r4 = 0; r5 = 0; call 201; ";
    assert_eq!(walk(&format!("{DYNPTR}{read}out:; r0 = 0; exit")).says(), "ok");
}

#[test]
fn a_dynptr_takes_two_slots() {
    let w = walk(&format!("{DYNPTR}r0 = 0; exit; out:; r0 = 0; exit"));
    let slots = |n| super::super::testing::slot_words(w.last_state(14), n);
    assert_eq!((slots(1), slots(2)), ("dddddddd".into(), "dddddddd".into()));
}

#[test]
fn a_store_ends_a_dynptr() {
    let w = walk(&format!("{DYNPTR}*(u64 *)(r10 - 24) = 1; r0 = 0; exit; out:; r0 = 0; exit"));
    assert_eq!(super::super::testing::slot_words(w.last_state(15), 1), "????????");
}

#[test]
fn a_socket_that_was_looked_up_must_be_given_back() {
    let lookup = "r6 = r1; *(u64 *)(r10 - 8) = 0; *(u32 *)(r10 - 16) = 0; *(u64 *)(r10 - 24) = 0; r2 = r10; r2 += -12; \
                  r3 = 12; r4 = -1; r5 = 0; call 84; ";
    let says = |rest: &str| walk_as(ProgType::SchedCls, &format!("{lookup}{rest}")).says();
    assert_eq!(says("if r0 == 0 goto +2; r1 = r0; call 86; r0 = 0; exit"), "ok");
    assert_eq!(says("r0 = 0; exit"), "BPF_EXIT instruction in main prog would lead to reference leak");
    assert_eq!(
        says("r1 = r0; call 86; r0 = 0; exit"),
        "R1 type=sock_or_null expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_"
    );
}

#[test]
fn a_socket_is_given_back_once() {
    let text = "*(u64 *)(r10 - 8) = 0; *(u64 *)(r10 - 16) = 0; r2 = r10; r2 += -12; r3 = 12; r4 = -1; r5 = 0; call 84; \
                if r0 == 0 goto +4; r6 = r0; r1 = r0; call 86; r1 = r6; call 86; r0 = 0; exit";
    assert_eq!(
        walk_as(ProgType::SchedCls, text).says(),
        "R1 type=scalar expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_"
    );
}
