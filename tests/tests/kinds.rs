//! Kinds of wrong answers that were found once, what is right, and the tests that hold it.
//!
//! One place to look up what a kind is held by, and to add to. That the tests are there is held here; what they say, they
//! hold themselves.

use std::collections::BTreeSet;
use std::path::Path;

/// A kind: what was wrong, what is right, and what holds it: `file: test`, or `set: program` for programs of
/// `tests/adversarial` (folders of it stand in front of the object), about which `solver.rs` holds that no answer is wrong.
struct Kind(&'static str, &'static str, &'static [&'static str]);

const SOLVER: &str = "solver.rs: no_answer_on_the_adversarial_set_is_wrong";
const UNSOUND: &str = "solver.rs: what_the_kernel_should_not_accept_is_called_unsound";

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    // Answers of the solver.
    Kind("an index leaves its value after many rounds", "a bug, or no bug within so many rounds", &[
        SOLVER, "adversarial: loops.o bug_deep_41", "adversarial: loops.o bug_deep_101", "adversarial: loops.o bug_deep_1001",
        "adversarial: loops.o bug_down"]),
    Kind("a bug behind the rounds of an iterator, 1 to 1,000,000 of them", "a bug: nothing that no path reached is proven", &[
        SOLVER, "adversarial: iterators.o bug_last_lookup", "adversarial: iterators.o bug_far_lookup",
        "adversarial: ranges.o bug_carried_from_round_to_round", "adversarial: ranges.o bug_left_in_the_middle"]),
    Kind("slices, data and packets after what they belong to moved or ended", "a bug", &[
        SOLVER, "adversarial: lifetimes.o bug_slice_after_pull", "adversarial: lifetimes.o bug_data_after_submit",
        "adversarial: packets.o bug_slice_after_tail", "adversarial: packets.o bug_packet_after_jump_in_callee",
        "adversarial: objects.o bug_clone_after_submit", "adversarial: ranges.o bug_iterator_after_end"]),
    Kind("given back twice", "a bug", &[
        SOLVER, "adversarial: lifetimes.o bug_submitted_twice", "adversarial: lifetimes.o bug_task_released_twice",
        "adversarial: objects.o bug_thing_dropped_twice"]),
    Kind("loops over numbers that an iterator bounds, or refuses", "safe", &[
        SOLVER, "adversarial: iterators.o safe_64", "adversarial: ranges.o safe_range_too_long",
        "adversarial: ranges.o safe_range_from_mark", "adversarial: ranges.o safe_bits_of_one_word"]),
    Kind("what helpers promise of their results and of what they write", "safe, and a bug of the same shape beside it", &[
        SOLVER, "adversarial: helpers.o safe_clock", "adversarial: results.o safe_comm_ends",
        "adversarial: results.o safe_bytes_when_refused", "adversarial: results.o safe_text_when_refused",
        "adversarial: results.o safe_how_many_rounds", "adversarial: results.o bug_too_many_rounds"]),
    Kind("memory behind a dynptr, and its size", "written, and as large as it was made", &[
        SOLVER, "adversarial: objects.o safe_data_in_range", "adversarial: objects.o safe_size_of_memory",
        "adversarial: objects.o bug_data_after_adjust", "adversarial: lifetimes.o bug_data_unchecked"]),
    Kind("an object of which nobody says how large it is", "not safe", &[
        SOLVER, "adversarial: objects.o bug_behind_thing"]),
    Kind("what a function of the program returns, where the kernel takes it by its type", "followed, not made up", &[
        SOLVER, "adversarial: results.o safe_global_result", "adversarial: results.o bug_global_result",
        "adversarial: results.o bug_global_writes", "adversarial: results.o bug_key_of_hash"]),
    Kind("widths and signs that change between a check and a use", "a bug where they differ", &[
        SOLVER, "adversarial: widths.o bug_s8_negative", "adversarial: arithmetic.o bug_shift_goes_round",
        "adversarial: arithmetic.o bug_remainder_of_nothing", "adversarial: arithmetic.o safe_divided_by_nothing"]),
    Kind("metadata and packet in one piece", "safe where it is checked from one to the other", &[
        SOLVER, "adversarial: packets.o safe_meta_before_data", "adversarial: packets.o bug_meta_of_packet"]),
    Kind("accepted by the kernel, and wrong", "unsound, every time: no clock is in an answer", &[
        UNSOUND, "adversarial/accepted: frames.o bug_added", "adversarial/accepted: frames.o bug_end_at_frame",
        "adversarial/accepted: frames.o bug_restored_at_frame"]),
    Kind("a witness that forgets its program, or overwrites another", "saved apart, and says what it is for", &[
        "gate.rs: witnesses_tell_what_they_are_for_and_never_collide"]),
    Kind("a service that does not solve", "the same words as here", &[
        "service.rs: rejections_are_decided", "service.rs: check_solves_through_a_service_in_the_same_words"]),
    // Verdicts.
    Kind("a verdict of the machine that was recorded", "of every machine, or of `--cpus N`", &[
        "gate.rs: what_depends_on_the_number_of_cpus_is_said"]),
    Kind("programs that load alone and not together", "an answer for the object", &[
        "gate.rs: programs_that_do_not_load_together_have_an_answer_as_an_object"]),
    Kind("what the loader or this kernel lacks: fields, functions, BTF of maps", "named, in the loader's words", &[
        "gate.rs: what_this_kernel_lacks_is_named_in_the_words_of_libbpf",
        "gate.rs: whose_rule_it_is_and_what_is_missing_is_said"]),
    // The service.
    Kind("many clients of the hungriest programs", "one total of memory, given back afterwards", &[
        "attacks.rs: memory_has_one_total"]),
    Kind("little that becomes much: compressed BTF, half a million symbols", "counted from the first byte", &[
        "attacks.rs: inflated_btf_is_counted", "attacks.rs: symbols_without_end_are_counted"]),
    Kind("idle streams, and connections that say nothing", "others are served; they end", &[
        "attacks.rs: idle_watches_keep_nobody_out", "attacks.rs: watches_and_connections_end_when_nothing_comes",
        "attacks.rs: silent_connections_keep_nobody_out", "attacks.rs: a_client_with_a_token_always_gets_in",
        "attacks.rs: answers_that_nobody_takes_end"]),
    Kind("long or harmful names", "bounded and escaped, in the log and in statuses", &[
        "attacks.rs: names_never_reach_the_log_or_a_status_as_they_are"]),
    Kind("a long loop, counted wrongly", "the number of its rounds", &["service.rs: rounds_of_long_loops_are_counted"]),
    Kind("requests and objects that nobody would make", "an answer in words that print", &[
        "fuzz.rs: mutated_requests_are_answered", "hostile_objects.rs: every_format_is_sound_whatever_an_object_holds",
        "hostile_objects.rs: damaged_objects_never_panic"]),
    // The command line.
    Kind("names that hold commands for terminals, tables and CI", "escaped for each format", &[
        "gate.rs: names_are_harmless_in_every_output"]),
    Kind("a gate that checked nothing", "exit 2", &["gate.rs: a_gate_that_checked_nothing_is_no_success"]),
    Kind("rejections and errors without a name", "object and file are named", &[
        "gate.rs: rejections_name_their_object_and_errors_their_file"]),
    Kind("a baseline that is none, or that hides what is gone", "an error; what is gone is shown, in every format", &[
        "gate.rs: every_format_honours_a_baseline", "gate.rs: a_baseline_is_a_csv_of_an_earlier_run_or_an_error"]),
    Kind("objects of the other byte order, source files, folders", "skipped with a note, told apart, searched", &[
        "gate.rs: objects_of_the_other_byte_order_are_skipped", "gate.rs: folders_are_searched_and_files_told_apart"]),
    Kind("paths of this machine in SARIF", "relative to the checkout", &[
        "gate.rs: paths_in_sarif_are_relative_to_the_checkout"]),
    Kind("captures of `-i any`, of tunnels, cut ones", "read as far as they go", &[
        "gate.rs: captures_that_people_have_are_read"]),
    Kind("limits of nothing, or absurd ones", "refused", &[
        "gate.rs: absurd_limits_are_refused", "service.rs: limits_that_are_none_are_refused"]),
    Kind("a refusal without a word", "which capability is missing", &["gate.rs: the_missing_capability_is_named"]),
    Kind("certificates as openssl makes them, tokens and certificates that change", "taken, or refused with how; read again", &[
        "service.rs: certificates_of_openssl", "service.rs: tokens_and_certificates_are_read_again"]),
    Kind("reflection of the older kind", "there", &["service.rs: kernels_health_and_reflection"]),
];

/// Names of the tests in a file.
fn tests_of(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut test = false;
    for line in text.lines().map(str::trim) {
        test |= line == "#[test]" || line.starts_with("#[tokio::test");
        let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|l| l.split_once('('));
        if let Some((name, _)) = name.filter(|_| std::mem::take(&mut test)) {
            out.insert(name.to_string());
        }
    }
    out
}

#[test]
fn every_kind_is_held_by_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let mut missing = Vec::new();
    for Kind(kind, right, held) in KINDS {
        assert!(!held.is_empty() && !right.is_empty(), "{kind}");
        for by in *held {
            let (place, name) = by.split_once(": ").expect("a place and a name");
            let there = if place.ends_with(".rs") {
                let folders = [root.join("tests"), root.join("../verifier-server/tests")];
                let texts = folders.iter().filter_map(|f| read(&f.join(place)));
                texts.into_iter().any(|t| tests_of(&t).contains(name))
            } else {
                let table = read(&root.join(place).join("6.18.tsv")).unwrap_or_default();
                let (object, program) = name.split_once(' ').expect("an object and a program");
                table.lines().any(|l| l.starts_with(&format!("{object}\t{program}\t")))
            };
            if !there {
                missing.push(format!("{kind}: {by}"));
            }
        }
    }
    assert!(missing.is_empty(), "nothing holds:\n{}", missing.join("\n"));
}
