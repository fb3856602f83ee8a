//! What the pages of `docs/` show runs: commands in their blocks, and files as they stand there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use verifier_server::contract::Contract;

const PAGES: &[(&str, &str)] = &[
    ("contract.md", include_str!("../../docs/contract.md")),
    ("agents.md", include_str!("../../docs/agents.md")),
    ("editor.md", include_str!("../../docs/editor.md")),
];

/// Blocks of a page with their language.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => out.push(block),
            (Some(language), None) => open = Some((language.trim().to_string(), String::new())),
            (None, Some((language, text))) => open = Some((language, text + line + "\n")),
            (None, None) => {}
        }
    }
    out
}

fn folder() -> PathBuf {
    let path = std::env::temp_dir().join(format!("bpfvet-docs-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(path.join("build")).expect("a folder");
    let object = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/app.bpf.o");
    std::fs::copy(object, path.join("build/app.bpf.o")).expect("copies");
    path
}

#[test]
fn every_command_of_the_pages_runs() {
    let folder = folder();
    let mut ran = 0;
    for (page, text) in PAGES {
        for (_, block) in blocks(text).iter().filter(|(language, _)| language.is_empty()) {
            for line in block.lines().filter_map(|l| l.split(" #").next()?.trim().strip_prefix("bpfvet ")) {
                let mut command = Command::new(env!("CARGO_BIN_EXE_bpfvet"));
                let words = line.split_whitespace();
                let out = command.args(words).current_dir(&folder).stdin(Stdio::null()).output().expect("bpfvet runs");
                let said = String::from_utf8_lossy(&out.stderr).into_owned();
                assert!(matches!(out.status.code(), Some(0 | 1)), "{page}: bpfvet {line}: {said}");
                ran += 1;
            }
        }
    }
    assert!(ran >= 3, "{ran} commands");
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn the_file_that_is_shown_is_read() {
    let page = blocks(PAGES[0].1);
    let (_, text) = page.iter().find(|(language, _)| language == "toml").expect("a file");
    let contract = Contract::parse(Path::new("bpfvet.toml"), text.clone()).expect("valid");
    assert_eq!(contract.said.objects.len(), 1);
}
