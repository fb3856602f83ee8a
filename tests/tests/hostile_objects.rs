//! Broken objects: whatever the bytes are, opening ends in a result, without panic and in bounded time.
//!
//! Starts from the objects of the corpus and, when they are beside the checkout, of the recordings, and damages them:
//! bytes flipped, words replaced by extreme ones, ranges copied, the end cut off. The sequence is fixed, so that a
//! failure comes again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bpfvet_tests::hostile;
use bpfvet_tests::spent::Spent;
use verifier_core::analysis::System;
use verifier_core::btf::{Btf, ValidateRules, validate};
use verifier_core::kernel::Kernel;
use verifier_core::program::{OpenOptions, open};

/// A small generator of Marsaglia's kind.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }
}

fn objects(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for e in entries.flatten() {
        let path = e.path();
        if path.is_dir() {
            objects(&path, out);
        } else if path.extension().is_some_and(|x| x == "o") {
            out.push(path);
        }
    }
}

fn damage(bytes: &mut Vec<u8>, r: &mut Random) {
    for _ in 0..1 + r.below(8) {
        let n = bytes.len();
        if n < 16 {
            return;
        }
        let at = r.below(n);
        match r.below(6) {
            0 => bytes[at] ^= 1 << r.below(8),
            1 => bytes[at] = r.next() as u8,
            2 => {
                let value: u32 = [0, 1, u32::MAX, 0x7fff_ffff, 0x8000_0000, 0xffff, n as u32][r.below(7)];
                let at = at.min(n - 4) & !3;
                bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
            3 => {
                let len = r.below(64).min(n - at);
                let from = r.below(n - len);
                bytes.copy_within(from..from + len, at);
            }
            4 if r.below(8) == 0 => bytes.truncate(at),
            _ => {
                let at = at.min(n - 4) & !3;
                let old = u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
                let new = old.wrapping_add(r.below(9) as u32).wrapping_sub(4);
                bytes[at..at + 4].copy_from_slice(&new.to_le_bytes());
            }
        }
    }
}

#[test]
fn damaged_objects_never_panic() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    objects(&root.join("corpus"), &mut files);
    objects(&root.join("../shared/kernel-recordings/objects"), &mut files);
    files.sort();
    let kernel = Kernel::v6_12();
    let rounds: usize = std::env::var("SMOKE_ROUNDS").ok().and_then(|v| v.parse().ok()).unwrap_or(2);
    let mut r = Random(0x9e37_79b9_7f4a_7c15);
    let mut slowest = Duration::ZERO;
    for file in &files {
        let Ok(original) = std::fs::read(file) else { continue };
        for round in 0..rounds {
            let mut bytes = original.clone();
            damage(&mut bytes, &mut r);
            let spent = Spent::begin();
            let result = std::panic::catch_unwind(|| {
                let options = OpenOptions { as_veristat: round % 2 == 0, ..OpenOptions::new(&kernel, "x.o") };
                open(&bytes, &options).map(|o| o.programs.len())
            });
            slowest = slowest.max(spent.so_far());
            if result.is_err() {
                let saved = std::env::temp_dir().join("hostile-object.o");
                let _ = std::fs::write(&saved, &bytes);
                panic!("{} round {round} panicked; kept as {}", file.display(), saved.display());
            }
        }
    }
    assert!(slowest < Duration::from_secs(20), "one object took {slowest:?}");
    println!("{} objects, {rounds} rounds, slowest {slowest:?}", files.len());
}

/// Whatever a damaged object holds in its names and lines of source, no format prints it raw or is broken by it.
#[test]
fn every_format_is_sound_whatever_an_object_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    objects(&root.join("corpus"), &mut files);
    objects(&root.join("tests/traces"), &mut files);
    files.sort();
    let system = System::stored(Kernel::v6_18()).expect("the profile's BTF");
    let originals: Vec<Vec<u8>> = files.iter().filter_map(|f| std::fs::read(f).ok()).collect();
    let mut rows = 0;
    for number in 0..600 {
        let mut r = hostile::Random::new(number);
        let mut bytes = originals[r.below(originals.len())].clone();
        if number % 3 == 0 {
            hostile::damage(&mut bytes, &originals[r.below(originals.len())], &mut r);
        }
        hostile::poison(&mut bytes, &mut r);
        let time = Duration::from_millis(200);
        let checked = hostile::check_formats("a\u{1b}\n::error::\u{202e}=b.o", &bytes, &system, time);
        rows += checked.unwrap_or_else(|e| panic!("object {number}: {e}"));
    }
    assert!(rows > 500, "{rows} rows");
}

#[test]
fn damaged_btf_never_panics() {
    let kernel = Kernel::v6_12();
    let vmlinux = verifier_core::program::vmlinux(&kernel).expect("the profile's BTF");
    // The first few hundred types of the kernel, with the beginning of its strings.
    let mut r = Random(0x2545_f491_4f6c_dd1d);
    let raw = vmlinux.raw();
    let types: usize = vmlinux.own_types().take(600).map(|t| 12 + t.data.len()).sum();
    let strings_at = 24 + u32::from_le_bytes([raw[16], raw[17], raw[18], raw[19]]) as usize;
    let mut strings = raw[strings_at..strings_at + (16 << 10)].to_vec();
    strings.push(0);
    let mut parsed = 0;
    for _ in 0..300 {
        let mut blob = vec![0x9f, 0xeb, 1, 0];
        for w in [24, 0, types, types, strings.len()] {
            blob.extend_from_slice(&(w as u32).to_le_bytes());
        }
        blob.extend_from_slice(&raw[24..24 + types]);
        blob.extend_from_slice(&strings);
        damage(&mut blob, &mut r);
        if let Ok(btf) = Btf::parse(blob, None) {
            parsed += 1;
            let _ = validate(&btf, ValidateRules::default());
            for t in btf.own_types() {
                let _ = (t.name(), btf.resolve_size(t.id), btf.skip_modifiers(t.id), btf.align_of(t.id));
                let _ = t.members().count() + t.params().count() + t.enum_values().count();
            }
        }
    }
    assert!(parsed > 30, "only {parsed} damaged blobs could be parsed");
}
