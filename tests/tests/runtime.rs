//! Engines agree on generated programs, and what they compute lies within what the analysis knew.
//!
//! `make fuzz` does the same for longer.

use std::path::Path;

use bpfvet_tests::running::campaign;
use clap::Parser;
use verifier_server::args::{Cli, Command};

/// Accepted programs in this test.
const PROGRAMS: u64 = 80;

#[test]
fn engines_agree_and_stay_within_the_states() {
    let (seeds, steps) = campaign(1, PROGRAMS, 3).expect("every engine does the same");
    println!("{PROGRAMS} of {seeds} programs accepted, {steps} steps within the states of the analysis");
    assert!(seeds < 20 * PROGRAMS, "too few programs are accepted for the test to mean anything");
    assert!(steps > 500, "too few steps were compared for the test to mean anything");
}

/// What `bpfvet run` prints.
fn run(args: &[&str]) -> String {
    let Command::Run(args) = Cli::parse_from([&["bpfvet", "run"], args].concat()).command else { panic!("not run") };
    let mut out = Vec::new();
    assert_eq!(verifier_server::run::run(&args, &mut out), Ok(0));
    String::from_utf8(out).expect("text")
}

#[test]
fn the_tutorial_counts() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/demo");
    let file = |name: &str| demo.join(name).to_string_lossy().into_owned();
    let expected = "count_protocols: accepted by Linux 6.12, 8 runs\n         8  XDP_PASS\n\
                    map packets (array):\n  1: 2\n  6: 3\n  17: 2\n";
    for engine in ["interp", "jit"] {
        let (object, pcap) = (file("accepted.bpf.o"), file("packets.pcap"));
        assert_eq!(run(&[&object, "--pcap", &pcap, "--engine", engine]), expected);
    }
}

#[test]
fn a_classic_filter_passes_what_it_names() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/demo");
    let filter = std::env::temp_dir().join(format!("bpfvet-filter-{}", std::process::id()));
    // tcpdump -ddd 'ip proto 6': EtherType, protocol, 262144 bytes or none.
    std::fs::write(&filter, "6\n40 0 0 12\n21 0 3 2048\n48 0 0 23\n21 0 1 6\n6 0 0 262144\n6 0 0 0\n").expect("file");
    let pcap = demo.join("packets.pcap").to_string_lossy().into_owned();
    let text = run(&[&filter.to_string_lossy(), "--classic", "--pcap", &pcap]);
    std::fs::remove_file(&filter).expect("file");
    assert_eq!(text, "filter: accepted by Linux 6.12, 8 runs\n         5  0\n         3  262144\n");
}
