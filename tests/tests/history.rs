//! The history of changes against the corpus: each change has a case that tells kernels with it from those without, and
//! on the kernels measured each is there or not as the row says.

use std::collections::BTreeSet;

use bpfvet_tests::corpus::computed::{Kind, kinds, turned};
use bpfvet_tests::corpus::judge::judge;
use bpfvet_tests::corpus::releases::{Release, ours};
use bpfvet_tests::corpus::{Case, RELEASES, cases};
use verifier_core::analysis::System;
use verifier_core::kernel::Kernel;
use verifier_core::kernel::history::{BEHAVIOURS, Change, WORDINGS};

fn system(release: &str) -> System {
    let kernel = Kernel::release(release).expect("a release that was measured");
    System::stored(kernel).expect("the profile holds BTF")
}

/// Whether we agree with a recorded kernel on a case; `None` where that was not recorded.
fn agrees(case: &Case, release: &str, system: &System) -> Option<bool> {
    let recorded = case.recorded().any(|r| r == release) && case.known(release).is_none();
    recorded.then(|| judge(case, release, system).is_ok_and(|j| j.differences.is_empty()))
}

/// Whether a case tells a kernel with the change from one without: we agree with the kernel, and would not otherwise.
fn tells(case: &Case, change: &Change, system: &System) -> bool {
    let release = system.kernel.name;
    agrees(case, release, system) == Some(true) && agrees(case, release, &turned(system, change)) == Some(false)
}

/// Changes that no case of the corpus tells yet; a case for one takes it off this list.
const UNTOLD: &[&str] = &[
    "mixed_bounds_from_s32",
    "struct_ops_refs",
    "struct_ops_links",
    "btf_flagged_tags",
    "stack_before_walk",
    "ids_survive_null_check",
    "dynptr_owner_first",
    "lookups_typed_at_once",
    "acquired_is_trusted",
    "retval_is_error",
    "constants_fold",
    "callbacks_are_loops",
    "tracing_timers",
    "sockmap_updates_few",
    "sleepable_on_syscalls",
    "implied_rcu_survives_unlock",
    "rcu_nests",
    "circular_ranges",
    "division_bounds",
    "global_void",
    "OffsetsInValue",
    "ParentIds",
    "GlobalVoid",
    "offsets_are_values",
    "lone_ids_go",
    "linked_registers_shown",
    "global_may_throw",
    "memory_size_noted_once",
    "set_retval_in_range",
    "size_without_memory",
    "Accounts",
    "ctx_is_memory",
    "arena_types",
    "kfunc_args_trusted",
    "signed_fills_unlinked",
    "arena_sums_apart",
    "untrusted_mem_apart",
    "unlocking_ends_rcu",
    "thrown_value_is_result",
    "packet_memory_stays",
    "object_memory_writable",
    "stack_walks_sleep",
    "callback_values_have_ids",
    "saved_zeros_are_zero",
    "every_pointer_spills",
    "moved_end_is_forgotten",
    "pointers_to_pointers_are_numbers",
    "lsm_cgroup_never_sleeps",
    "objects_below_frame",
    "probes_write_registers",
    "tracepoints_may_sleep",
    "borrowed_is_trusted",
    "counted_objects_whole",
    "sleepable_tail_calls",
    "fills_are_copies",
    "kptrs_of_borrowed",
    "passed_nulls_are_precise",
    "drops_outside_of_interrupts",
    "objects_by_prototype",
    "RegistersNamed",
    // What programs meet when they run; no verdict tells it.
    "csum_diff_folds",
    // Of releases before 6.12, whose corpus is still to be recorded.
    "atomic_operations",
    "function_addresses",
    "global_memory_args",
    "memory_args_named_once",
    "kfunc_results_shown",
    "trusted_pointers",
    "zero_sizes_by_argument",
    "dynptr_identities",
    "kptr_names",
    "sleepable_by_hook",
    "constants_stored_spill",
    "argument_tags",
    "narrow_spills",
    "globals_when_called",
    "v4_instructions",
    "joint_bounds",
    "constant_left_decides",
    "equality_by_range",
    "bitwise_keep_signs",
    "constants_have_links",
    "every_number_spills",
    "precision_through_calls",
    "callbacks_repeat",
    "long_paths_stored",
    "jumps_compare_behind",
    "lsm_results_checked",
    "calls_while_locked",
    "callees_move_packets",
    "slot_reads_shown",
    "signatures_read_once",
    "Scalars",
    "StateBehind",
    "SleepableHooks",
    "HelperOfOthers",
    "RingbufMemory",
    "JoinedBounds",
    "WalkedFrames",
    "FunctionNames",
    "LoopStates",
    "StackOffsets",
    "low_bits_from_whole",
    "hooks_disabled",
    "wide_loads_whole",
    "kernel_calls",
    "int_pointer_args",
    "field_errors_pass",
    "fields_in_sections",
    "timers",
    "kptrs",
    "own_objects",
    "empty_sections",
    "type_tags",
    "histories_of_jumps",
    "unions_untrusted",
    "lookup_context_known",
    "kfunc_args_by_kind",
    "FunctionsLoaded",
    "Atomics",
    "ComposedTypes",
    "MightSleep",
    "SleepableRingBuffers",
    "SleepableProbes",
    "TrustedOffset",
    "NullCheckAdvice",
    "frames_count_from_globals",
    "every_atomic_section_is_rcu",
    "rounds_widen_slots",
    "links_are_no_change",
    "percpu_addresses",
    "exact_minds_frames",
    "forms_checked_first",
    "sixteen_frames",
    "writes_need_trust",
    "lent_nodes_lose_ids",
    "owned_casts_fork",
    "NoreturnSessions",
];

/// The point releases that were asked, by what is computed for them, and what they said.
fn asked() -> (Vec<Kind>, Vec<Release>) {
    let releases = Release::all().expect("the tables can be read");
    (kinds(&releases).expect("every release that was asked can be computed"), releases)
}

/// The same of the point releases of a kind: what we say is what they said, to the letter, and would not be otherwise.
fn tells_releases(case: &Case, change: &Change, kind: &Kind, releases: &[Release]) -> bool {
    let of_kind = releases.iter().filter(|r| kind.releases.contains(&r.release));
    let said = |system: &System| ours(case, system).ok();
    let now = said(&kind.system);
    let agree = now.is_some() && of_kind.clone().any(|r| r.said.get(&case.name) == now.as_ref());
    agree && said(&turned(&kind.system, change)) != now
}

/// Rows of the history.
fn changes() -> impl Iterator<Item = &'static Change> {
    BEHAVIOURS.iter().chain(WORDINGS)
}

#[test]
fn every_change_has_a_case_that_tells_it() {
    let cases = cases().expect("the cases can be read");
    let systems = RELEASES.map(system);
    let (kinds, releases) = asked();
    let told = |change: &Change| {
        let Some(case) = cases.iter().find(|c| c.name == change.probe) else { return false };
        systems.iter().any(|s| tells(case, change, s))
            || kinds.iter().any(|k| tells_releases(case, change, k, &releases))
    };
    let untold: BTreeSet<&str> = changes().filter(|c| !told(c)).map(|c| c.name).collect();
    assert_eq!(untold, UNTOLD.iter().copied().collect(), "changes that no kernel's answer to their probe depends on");
}

/// With `BPFVET_PROBES` set: lists cases that could be the probe of each change.
#[test]
fn candidates_for_probes() {
    if std::env::var_os("BPFVET_PROBES").is_none() {
        return;
    }
    let cases = cases().expect("the cases can be read");
    let (kinds, releases) = asked();
    for change in changes() {
        for system in RELEASES.map(system) {
            let found = cases.iter().filter(|case| tells(case, change, &system)).map(|c| c.name.as_str());
            println!("{} {} {:?}", change.name, system.kernel.name, found.take(4).collect::<Vec<_>>());
        }
        for kind in &kinds {
            let found = cases.iter().filter(|case| tells_releases(case, change, kind, &releases));
            let found: Vec<&str> = found.map(|c| c.name.as_str()).take(4).collect();
            println!("{} {} {found:?}", change.name, kind.releases.join(" "));
        }
    }
}
