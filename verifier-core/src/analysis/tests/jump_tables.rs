//! Jumps to where a register says: which places they may go to, and what is refused.

use std::sync::{Arc, OnceLock};

use crate::analysis::testing::{Walk, newest, request, walk_request};
use crate::analysis::{System, Verdict};
use crate::kernel::{Kernel, MapType};
use crate::program::request::Privilege;
use crate::program::{LoadRequest, MapSpec};

/// A kernel that has such jumps.
fn latest() -> &'static System {
    static SYSTEM: OnceLock<System> = OnceLock::new();
    SYSTEM.get_or_init(|| System::stored(Kernel::release("7.3").expect("a release")).expect("BTF is embedded"))
}

/// A load of a text with one jump table, `TABLE` in it.
fn with_table(text: &str, targets: &[u32], frozen: bool) -> LoadRequest {
    let mut r = request(&text.replace("TABLE", "map_value[array]"));
    r.maps = vec![MapSpec {
        fd: 3,
        name: ".jumptables".into(),
        map_type: MapType::InsnArray as u32,
        key_size: 4,
        value_size: 16,
        max_entries: targets.len() as u32,
        frozen,
        jump_targets: Some(Arc::from(targets)),
        ..MapSpec::default()
    }];
    r
}

fn walk(text: &str, targets: &[u32]) -> Walk {
    walk_request(latest(), &with_table(text, targets, true), Privilege::ROOT)
}

fn says_on(system: &System, request: &LoadRequest) -> String {
    let walk = walk_request(system, request, Privilege::ROOT);
    match &walk.report.verdict {
        Verdict::Accepted(_) => "ok".into(),
        Verdict::Rejected(r) => {
            r.cause.as_ref().map_or("silent".into(), |m| m.text(system.kernel.style).trim_end().to_string())
        }
        other => format!("{other:?}"),
    }
}

fn says(text: &str, targets: &[u32]) -> String {
    says_on(latest(), &with_table(text, targets, true))
}

/// Instructions 5 and 7 are the places.
const TWO: &str = "r6 = TABLE; r6 = *(u64 *)(r6 + 8); gotox r6; r0 = 9; r0 = 0; exit; r0 = 1; exit";
/// The same with an index between 0 and 3. Instructions 9 and 11 are the places.
const ANY: &str = "r7 = *(u32 *)(r1 + 0); r7 &= 3; r7 <<= 3; r6 = TABLE; r6 += r7; r6 = *(u64 *)(r6 + 0); gotox r6; \
                   r0 = 9; r0 = 0; exit; r0 = 1; exit";

#[test]
fn a_jump_goes_where_the_entry_says() {
    let w = walk(TWO, &[4, 7]);
    assert_eq!(w.says(), "ok");
    assert_eq!((w.visits(4), w.visits(5), w.visits(7)), (0, 0, 1));
}

#[test]
fn an_index_that_varies_is_a_path_for_each_place() {
    let w = walk(ANY, &[8, 11, 8, 9]);
    assert_eq!((w.visits(8), w.visits(9), w.visits(11)), (1, 2, 1));
}

#[test]
fn the_place_that_stands_last_is_walked_first() {
    let order: Vec<usize> = walk(ANY, &[8, 11, 8, 9]).at.iter().map(|(i, _)| *i).filter(|i| *i > 7).collect();
    assert_eq!(order, [11, 12, 9, 10, 8, 9, 10]);
}

#[test]
fn what_no_entry_leads_to_is_not_reached() {
    assert_eq!(says(TWO, &[5, 7]), "unreachable insn 4");
}

#[test]
fn an_index_stays_in_the_table() {
    assert!(says(ANY, &[8, 11, 8]).starts_with("invalid access to map value, value_size=24 off=24 size=8"));
}

#[test]
fn places_are_not_calculated_with() {
    let text = TWO.replace("gotox r6", "r6 += 8; gotox r6");
    assert_eq!(says(&text, &[5, 8]), "R6 pointer arithmetic on insn prohibited");
}

#[test]
fn a_number_is_no_place() {
    let text = TWO.replace("gotox r6", "r6 = 7; gotox r6");
    assert_eq!(says(&text, &[5, 8]), "R6 has type scalar, expected PTR_TO_INSN");
}

#[test]
fn a_place_survives_the_stack() {
    let text = TWO.replace("gotox r6", "*(u64 *)(r10 - 8) = r6; r6 = *(u64 *)(r10 - 8); gotox r6");
    assert_eq!(says(&text, &[6, 9]), "ok");
}

#[test]
fn entries_are_read_whole() {
    let text = TWO.replace("*(u64 *)(r6 + 8)", "*(u32 *)(r6 + 8)");
    assert_eq!(says(&text, &[4, 7]), "Invalid read of 4 bytes from insn_array");
    let text = TWO.replace("(r6 + 8)", "(r6 + 4)");
    assert_eq!(says(&text, &[4, 7]), "misaligned value access off 0+4 size 8");
}

#[test]
fn tables_are_read_only() {
    let text = TWO.replace("r6 = *(u64 *)(r6 + 8)", "*(u64 *)(r6 + 8) = 4");
    assert_eq!(says(&text, &[4, 7]), "write into map forbidden, value_size=16 off=8 size=8");
}

#[test]
fn a_function_has_tables_of_its_own() {
    assert_eq!(says("gotox r0; r0 = 0; exit", &[1]), "no jump tables found for subprog starting at 0");
    let text = "r6 = TABLE; r6 = *(u64 *)(r6 + 0); gotox r6; r0 = 0; call sub; exit; sub:; r0 = 0; exit";
    assert_eq!(says(text, &[4, 7]), "jump table for insn 3 points outside of the subprog [0,7]");
}

#[test]
fn tables_are_ready_before_the_load() {
    assert_eq!(says_on(latest(), &with_table(TWO, &[4, 7], false)), "Failed to properly initialize insn array");
    assert_eq!(says(TWO, &[4, 9]), "Failed to properly initialize insn array");
    assert_eq!(says(TWO, &[1, 4]), "Failed to properly initialize insn array", "half a constant");
}

#[test]
fn fields_without_a_use_are_zero() {
    let request = with_table(TWO, &[4, 7], true);
    let with = |f: fn(&mut crate::isa::Insn)| {
        let mut r = request.clone();
        f(&mut r.insns[3]);
        says_on(latest(), &r)
    };
    assert_eq!(with(|i| i.off = 1), "BPF_JA|BPF_X uses reserved fields");
    assert_eq!(with(|i| i.imm = 1), "BPF_JA|BPF_X uses reserved fields");
    assert_eq!(with(|i| i.src = 1), "BPF_JA|BPF_X uses reserved fields");
    assert_eq!(with(|_| {}), "ok");
}

#[test]
fn a_loop_through_a_table_ends_when_nothing_changes() {
    let text = "r7 = 0; again:; r7 += 1; if r7 > 5 goto done; r6 = TABLE; r6 = *(u64 *)(r6 + 0); gotox r6; done:; \
                r0 = 0; exit";
    assert_eq!(says(text, &[1]), "ok");
    let text = "again:; r6 = TABLE; r6 = *(u64 *)(r6 + 0); gotox r6; r0 = 0; exit";
    assert!(says(text, &[0, 4]).starts_with("infinite loop detected"), "{}", says(text, &[0, 4]));
}

#[test]
fn older_kernels_know_no_such_jump() {
    assert_eq!(says_on(newest(), &request("gotox r0; r0 = 0; exit")), "unknown opcode 0d");
}

#[test]
fn more_ways_than_can_be_followed_end_the_walk() {
    let many = 4000;
    let text = format!("r6 = TABLE; r6 = *(u64 *)(r6 + 8); {}r0 = 0; exit", "gotox r6; ".repeat(many));
    let targets: Vec<u32> = (3..3 + many as u32).collect();
    assert!(says(&text, &targets).contains("ways through jump tables"));
}
