//! Whatever is accepted runs unchecked in both engines without harm: samples; `make fuzz` runs all.

use std::path::Path;

use bpfvet_tests::everything::{Source, Tally, campaign};

fn sample(source: &str, count: usize, least: usize) {
    let source = Source::named(source).expect("a source");
    let mut tally = Tally::default();
    let program = Path::new(env!("CARGO_BIN_EXE_fuzz_run"));
    let count = source.count().expect("the programs can be read").min(count);
    campaign(program, &source, 0, count, &mut tally).expect("children run");
    println!("{source:?}: {} ran, {} refused, {} not run", tally.ran, tally.refused, tally.not_run.len());
    assert!(tally.harm.is_empty(), "{}", tally.harm.join("\n"));
    assert!(tally.ran >= least.min(count), "too few programs ran for the test to mean anything");
}

#[test]
fn the_corpus_does_no_harm() {
    sample("corpus-6.18", usize::MAX, 100);
}

#[test]
fn recorded_programs_do_no_harm() {
    sample("recorded-6.12", 60, 5);
}

#[test]
fn programs_of_every_hook_do_no_harm() {
    sample("hooks-6.12", 300, 150);
    sample("hooks-6.18", 300, 150);
}

#[test]
fn generated_programs_do_no_harm() {
    sample("generated", 200, 20);
}
