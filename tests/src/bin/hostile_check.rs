//! Damaged objects through the whole check:
//! `hostile_check [--iterations N] [--seed S] [--seconds S] [--open] [DIR...]`.
//!
//! Takes the objects below the directories (else those of the corpus, and of the recordings when they are beside the
//! checkout), damages one in each iteration, opens it, and asks for verdicts (`--open`: only opens it). An iteration
//! depends on its number alone, so that any can be run again. Prints each panic and each object that took long, keeps
//! those objects in the directory for temporary files, and exits with 1 when there was a panic. Memory is limited from
//! outside: `make hostile` does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, System, verify_with};
use verifier_core::kernel::Kernel;
use verifier_core::log::Off;
use verifier_core::program::{OpenOptions, open, vmlinux};

/// Opening takes milliseconds; an object that takes this long is worth a look.
const SLOW: Duration = Duration::from_secs(2);
/// Programs of one object that are asked about.
const PROGRAMS: usize = 8;
/// Largest object that is taken.
const LARGEST: usize = 1 << 20;

struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        // A well-mixed state that is never zero (splitmix64).
        let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Random((z ^ (z >> 27)) | 1)
    }

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

fn word(bytes: &[u8], at: usize, size: usize) -> usize {
    let mut w = [0; 8];
    if let (Some(to), Some(from)) = (w.get_mut(..size), bytes.get(at..at.saturating_add(size))) {
        to.copy_from_slice(from);
    }
    usize::try_from(u64::from_le_bytes(w)).unwrap_or(usize::MAX)
}

/// A section of the undamaged file: where it is, and its size. Each has the same chance, however small.
fn section(bytes: &[u8], r: &mut Random) -> (usize, usize) {
    let (table, count) = (word(bytes, 40, 8), word(bytes, 60, 2));
    let header = table.saturating_add(r.below(count).saturating_mul(64));
    match r.below(8) {
        0 => (header, 64),
        1 => (0, 64),
        2 => (0, bytes.len()),
        _ => (word(bytes, header.saturating_add(24), 8), word(bytes, header.saturating_add(32), 8)),
    }
}

fn damage(bytes: &mut Vec<u8>, other: &[u8], r: &mut Random) {
    const EXTREME: [u32; 12] =
        [0, 1, 2, 0x10, 0xff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, u32::MAX - 1, u32::MAX];
    for _ in 0..1 + r.below(6) {
        let (start, size) = section(bytes, r);
        let n = bytes.len();
        let at = start.saturating_add(r.below(size)).min(n.saturating_sub(1));
        let aligned = at & !3;
        match r.below(9) {
            0 | 1 => {
                let bit = 1 << r.below(8);
                bytes[at] ^= bit;
            }
            2 => bytes[at] = r.below(256) as u8,
            3 | 4 if aligned + 4 <= n => {
                let value = EXTREME[r.below(EXTREME.len())];
                bytes[aligned..aligned + 4].copy_from_slice(&value.to_le_bytes());
            }
            5 if aligned + 4 <= n => {
                let old = word(bytes, aligned, 4) as u32;
                let new = old.wrapping_add(r.below(17) as u32).wrapping_sub(8);
                bytes[aligned..aligned + 4].copy_from_slice(&new.to_le_bytes());
            }
            6 => {
                let len = r.below(64).min(n - at);
                let from = r.below(n - len);
                bytes.copy_within(from..from + len, at);
            }
            7 => {
                let (from, size) = section(other, r);
                let len = r.below(size.min(256)).min(n - at);
                if let Some(piece) = other.get(from..from.saturating_add(len)) {
                    bytes[at..at + len].copy_from_slice(piece);
                }
            }
            _ if r.below(16) == 0 => bytes.truncate(at.max(1)),
            _ => {}
        }
    }
}

struct Args {
    iterations: u64,
    seed: u64,
    seconds: u64,
    open: bool,
    dirs: Vec<PathBuf>,
}

fn args() -> Option<Args> {
    let mut out = Args { iterations: 2000, seed: 0, seconds: 2, open: false, dirs: Vec::new() };
    let mut it = std::env::args().skip(1);
    while let Some(a) = it.next() {
        let mut number = || it.next()?.parse().ok();
        match a.as_str() {
            "--iterations" => out.iterations = number()?,
            "--seed" => out.seed = number()?,
            "--seconds" => out.seconds = number()?,
            "--open" => out.open = true,
            dir => out.dirs.push(dir.into()),
        }
    }
    Some(out)
}

fn main() -> ExitCode {
    let Some(args) = args() else { return ExitCode::from(2) };
    // Comparison of types recurses, to a bounded depth.
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(move || run(args));
    worker.map(|w| w.join()).map_or(ExitCode::from(2), |r| r.unwrap_or(ExitCode::FAILURE))
}

fn run(args: Args) -> ExitCode {
    let mut systems = Vec::new();
    for kernel in [Kernel::v6_12(), Kernel::v6_18()] {
        let Ok(vmlinux) = vmlinux(&kernel) else { return ExitCode::from(2) };
        systems.push(System { kernel, vmlinux, modules: Vec::new() });
    }
    let mut files = Vec::new();
    if args.dirs.is_empty() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        objects(&root.join("corpus"), &mut files);
        objects(&root.join("../shared/kernel-recordings/objects"), &mut files);
    }
    args.dirs.iter().for_each(|d| objects(d, &mut files));
    files.sort();
    let originals: Vec<(PathBuf, Vec<u8>)> = files
        .into_iter()
        .filter_map(|f| Some((f.clone(), std::fs::read(f).ok()?)))
        .filter(|(_, b)| (64..=LARGEST).contains(&b.len()))
        .collect();
    if originals.is_empty() {
        return ExitCode::from(2);
    }
    let (mut opened, mut asked, mut panics, mut slow) = (0u64, 0u64, 0, 0);
    for number in args.seed..args.seed.saturating_add(args.iterations) {
        let mut r = Random::new(number);
        let (file, original) = &originals[r.below(originals.len())];
        let (_, other) = &originals[r.below(originals.len())];
        let mut bytes = original.clone();
        damage(&mut bytes, other, &mut r);
        let system = &systems[r.below(systems.len())];
        let begun = Instant::now();
        let mut name = String::new();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let options = OpenOptions {
                vmlinux: Some(system.vmlinux.clone()),
                as_veristat: r.below(2) == 0,
                ..OpenOptions::new(&system.kernel, "x.bpf.o")
            };
            let Ok(object) = open(&bytes, &options) else { return };
            opened += 1;
            for p in object.programs.iter().take(if args.open { 0 } else { PROGRAMS }) {
                let Ok(request) = &p.result else { continue };
                name.clone_from(&p.name);
                asked += 1;
                let until = Instant::now() + Duration::from_secs(args.seconds);
                let options = Options { log_level: [0, 2][r.below(2)], log_size: 1 << 20, ..Options::default() };
                let _ = verify_with(system, request, &options, &mut Off, &|| Instant::now() > until);
            }
        }));
        let late = begun.elapsed() > SLOW + Duration::from_secs(args.seconds) * PROGRAMS as u32;
        if outcome.is_err() || late {
            let what = if late { "took long" } else { "panicked" };
            if late {
                slow += 1
            } else {
                panics += 1
            }
            let kept = std::env::temp_dir().join(format!("hostile-check-{number}.o"));
            let _ = std::fs::write(&kept, &bytes);
            println!("iteration {number}: {}:{name} {what}; kept as {}", file.display(), kept.display());
        }
        if (number + 1).is_multiple_of(10_000) {
            eprintln!("iteration {}: {opened} opened, {asked} verdicts, {panics} panics, {slow} slow", number + 1);
        }
    }
    let objects = originals.len();
    println!(
        "{objects} objects, {} iterations, {opened} opened, {asked} verdicts, {panics} panics, {slow} slow",
        args.iterations
    );
    if panics == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
