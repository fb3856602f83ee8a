//! Samples of the fuzz targets of the runtime; `make fuzz` runs them whole, `make tsan` the one of threads under
//! ThreadSanitizer.

use std::path::Path;

use bpfvet_tests::fuzz::{Ended, in_children};

fn sample(name: &str, cases: u64) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_fuzz_run"));
    let ended = in_children(program, name, (1, 1 + cases), cases).expect("no harm");
    println!("{name}: {ended:?}");
    ended
}

#[test]
fn what_nobody_verified_runs_checked() {
    let ended = sample("checked", 10_000);
    assert!(ended.ran > 500 && ended.stopped > 500 && ended.refused < 5_000, "{ended:?}");
}

#[test]
fn what_was_linked_is_what_is_run() {
    let ended = sample("linked", 2_000);
    assert!(ended.ran > 100 && ended.refused > 100, "{ended:?}");
}

#[test]
fn maps_hold_what_threads_put_there() {
    let ended = sample("threads", 93);
    assert!(ended.ran > 10, "{ended:?}");
}
