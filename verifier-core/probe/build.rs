//! Packs the probes of the history: the case that each row names, with the objects that it needs, in one blob.
//!
//! The rows are read as text, since this crate's build cannot wait for theirs; a test holds that none was missed. The form
//! of the blob stands in `src/embedded.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

#[path = "src/form.rs"]
mod form;

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo names it"));
    let (history, corpus) = (here.join("../src/kernel/history"), here.join("../../corpus"));
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/form.rs");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&history).expect("the history").flatten() {
        println!("cargo::rerun-if-changed={}", entry.path().display());
        let text = fs::read_to_string(entry.path()).expect("source text");
        for probe in text.lines().filter_map(probe) {
            add_case(&corpus, probe, &mut files);
        }
    }
    let mut blob = Vec::new();
    for (name, bytes) in &files {
        for part in [name.as_bytes(), bytes] {
            blob.extend(u32::try_from(part.len()).expect("a small file").to_le_bytes());
            blob.extend(part);
        }
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo names it")).join("probes.gz");
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&blob).expect("memory");
    fs::write(out, packer.finish().expect("memory")).expect("the output folder");
}

/// The case of a row's line `probe: "topic/name",`.
fn probe(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("probe: \"")?.strip_suffix("\",")?;
    (!name.is_empty()).then_some(name)
}

/// Adds a case and what it needs.
fn add_case(corpus: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let assembly = format!("{name}.s");
    if corpus.join(&assembly).exists() {
        add(corpus, &assembly, files);
        return;
    }
    // A row may name a case before it is written; the test of the history says so.
    let source = format!("{name}.c");
    if corpus.join(&source).exists() {
        add(corpus, &source, files);
        add(corpus, &format!("{name}.o"), files);
    }
}

/// Adds a file, and the files beside it that its directives name. Of C only the directives are kept.
fn add(corpus: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    if files.contains_key(name) {
        return;
    }
    let path = corpus.join(name);
    println!("cargo::rerun-if-changed={}", path.display());
    let mut bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let topic = name.split_once('/').map_or("", |(topic, _)| topic);
    let mut needed = Vec::new();
    if !name.ends_with(".o") {
        let text = String::from_utf8(bytes).expect("text");
        for (_, value) in form::directives(&text).iter().filter(|(key, _)| key == "btf" || key == "replaces") {
            needed.extend(value.split_whitespace().map(|file| form::beside(topic, file)));
        }
        bytes = match name.ends_with(".c") {
            true => form::comments(&text).flat_map(|l| [l, "\n"]).collect::<String>().into_bytes(),
            false => text.into_bytes(),
        };
    }
    files.insert(name.to_string(), bytes);
    for file in needed {
        add(corpus, &file, files);
    }
}
