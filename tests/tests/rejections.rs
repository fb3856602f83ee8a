//! Programs that people wrote wrong: the sentence, the line, and what comes of the first suggestion when it is made as it
//! is printed. Needs a clang that knows BPF for all but the first test; without one there is nothing to compile.

use std::collections::BTreeSet;
use std::process::Command;

use bpfvet_tests::rejections::{Compiler, rejections};

#[test]
fn every_program_says_what_is_expected_of_it() {
    let all = rejections().expect("the programs can be read");
    assert!(all.len() >= 130, "{} programs", all.len());
    let names: BTreeSet<&str> = all.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "a name stands twice");
    let silent: Vec<&str> = all.iter().filter(|r| r.author.is_empty()).map(|r| r.name.as_str()).collect();
    assert!(silent.is_empty(), "what did the author do? {silent:?}");
}

#[test]
fn first_suggestions_load_when_made_as_printed() {
    let Some(clang) = ["clang-19", "clang"].into_iter().find(|c| Compiler::found(c).is_some()) else {
        println!("no clang that knows BPF: nothing is compiled");
        return;
    };
    for more in [&["--sources"][..], &[]] {
        let out = Command::new(env!("CARGO_BIN_EXE_explained"))
            .args(["--clang", clang, "--least", "95", "95", "90"])
            .args(more)
            .output()
            .expect("runs");
        let said = String::from_utf8_lossy(&out.stdout);
        println!("{}", said.lines().last().unwrap_or_default());
        assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    }
}
