//! Damaged objects through the whole check: `hostile_check [ROUNDS] [SECONDS PER PROGRAM]`.
//!
//! Takes the objects of the corpus and of the recordings when they are beside the checkout, damages them in a fixed
//! sequence, opens them and asks for verdicts. Prints each panic with the file it came from, keeps the damaged object
//! in the directory for temporary files, and exits with 1 when there was any.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, System, verify_with};
use verifier_core::kernel::Kernel;
use verifier_core::log::Off;
use verifier_core::program::{OpenOptions, open, vmlinux};

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        if n == 0 { 0 } else { (self.0 % n as u64) as usize }
    }
}

fn objects(dir: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            objects(&path, out);
        } else if path.extension().is_some_and(|x| x == "o") {
            out.push(path);
        }
    }
}

/// A few bytes anywhere; most hits are in code, types or their names.
fn damage(bytes: &mut [u8], r: &mut Random) {
    for _ in 0..1 + r.below(12) {
        let at = r.below(bytes.len());
        let bit = 1 << r.below(8);
        let any = r.below(256) as u8;
        let flip = r.below(2) == 0;
        if let Some(b) = bytes.get_mut(at) {
            *b = if flip { *b ^ bit } else { any };
        }
    }
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let rounds: usize = args.next().and_then(|a| a.parse().ok()).unwrap_or(1);
    let seconds: u64 = args.next().and_then(|a| a.parse().ok()).unwrap_or(2);
    let kernel = Kernel::v6_12();
    let Ok(vmlinux) = vmlinux(&kernel) else { return ExitCode::from(2) };
    let system = System { kernel: kernel.clone(), vmlinux, modules: Vec::new() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    objects(&root.join("corpus"), &mut files);
    objects(&root.join("../shared/kernel-recordings/objects"), &mut files);
    files.sort();
    let mut r = Random(0x1234_5678_9abc_def1);
    let (mut asked, mut panics) = (0, 0);
    for file in &files {
        let Ok(original) = std::fs::read(file) else { continue };
        for round in 0..rounds {
            let mut bytes = original.clone();
            damage(&mut bytes, &mut r);
            let mut name = String::new();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let options = OpenOptions { as_veristat: true, ..OpenOptions::new(&kernel, "x.bpf.o") };
                let Ok(object) = open(&bytes, &options) else { return };
                for p in object.programs.iter().take(20) {
                    let Ok(request) = &p.result else { continue };
                    name.clone_from(&p.name);
                    asked += 1;
                    let until = Instant::now() + Duration::from_secs(seconds);
                    let options = Options { log_level: 2, ..Options::default() };
                    let _ = verify_with(&system, request, &options, &mut Off, &|| Instant::now() > until);
                }
            }));
            if outcome.is_err() {
                panics += 1;
                let kept = std::env::temp_dir().join(format!("hostile-check-{panics}.o"));
                let _ = std::fs::write(&kept, &bytes);
                println!("{}:{name} round {round} panicked; kept as {}", file.display(), kept.display());
            }
        }
    }
    println!("{} objects, {rounds} rounds, {asked} verdicts, {panics} panics", files.len());
    if panics == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
