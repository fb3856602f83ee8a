//! Engines agree on generated programs, and what they compute lies within what the analysis knew.
//!
//! `make fuzz` does the same for longer.

use bpfvet_tests::running::campaign;

/// Accepted programs in this test.
const PROGRAMS: u64 = 80;

#[test]
fn engines_agree_and_stay_within_the_states() {
    let (seeds, steps) = campaign(1, PROGRAMS, 3).expect("every engine does the same");
    println!("{PROGRAMS} of {seeds} programs accepted, {steps} steps within the states of the analysis");
    assert!(seeds < 20 * PROGRAMS, "too few programs are accepted for the test to mean anything");
    assert!(steps > 500, "too few steps were compared for the test to mean anything");
}
