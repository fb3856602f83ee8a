//! Damaged objects through the whole check:
//! `hostile_check [--iterations N] [--seed S] [--seconds S] [--open | --formats] [DIR...]`.
//!
//! Takes the objects below the directories (else those of the corpus, and of the recordings when they are beside the
//! checkout), damages one in each iteration, opens it, and asks for verdicts (`--open`: only opens it; `--formats`: puts
//! harmful text into it and holds what every format prints against what must be true of it). An iteration
//! depends on its number alone, so that any can be run again. Prints each panic and each object that took long, keeps
//! those objects in the directory for temporary files, and exits with 1 when there was a panic. Memory is limited from
//! outside: `make hostile` does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bpfvet_tests::hostile::{Random, check_formats, damage, objects, poison};
use bpfvet_tests::spent::Spent;
use verifier_core::analysis::{Options, System, verify_with};
use verifier_core::kernel::Kernel;
use verifier_core::log::Off;
use verifier_core::program::{OpenOptions, open};

/// Opening takes milliseconds; an object that computes this long is worth a look.
const SLOW: Duration = Duration::from_secs(2);
/// Programs of one object that are asked about.
const PROGRAMS: usize = 8;
/// Largest object that is taken.
const LARGEST: usize = 1 << 20;

struct Args {
    iterations: u64,
    seed: u64,
    seconds: u64,
    open: bool,
    formats: bool,
    dirs: Vec<PathBuf>,
}

fn args() -> Option<Args> {
    let mut out = Args { iterations: 2000, seed: 0, seconds: 2, open: false, formats: false, dirs: Vec::new() };
    let mut it = std::env::args().skip(1);
    while let Some(a) = it.next() {
        let mut number = || it.next()?.parse().ok();
        match a.as_str() {
            "--iterations" => out.iterations = number()?,
            "--seed" => out.seed = number()?,
            "--seconds" => out.seconds = number()?,
            "--open" => out.open = true,
            "--formats" => out.formats = true,
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
        let Ok(system) = System::stored(kernel) else { return ExitCode::from(2) };
        systems.push(system);
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
        let spent = Spent::begin();
        let mut name = String::new();
        let mut unsound = None;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if args.formats {
                if r.below(4) != 0 {
                    poison(&mut bytes, &mut r);
                }
                match check_formats("dir/x\u{1b}\n::error::\u{202e}.o", &bytes, system, Duration::from_millis(200)) {
                    Ok(rows) => asked += rows as u64,
                    Err(e) => unsound = Some(e),
                }
                return;
            }
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
                let asked_at = Spent::begin();
                let options = Options { log_level: [0, 2][r.below(2)], log_size: 1 << 20, ..Options::default() };
                let _ = verify_with(system, request, &options, &mut Off, &|| {
                    asked_at.so_far() > Duration::from_secs(args.seconds)
                });
            }
        }));
        let late = spent.so_far() > SLOW + Duration::from_secs(args.seconds) * PROGRAMS as u32;
        if outcome.is_err() || late || unsound.is_some() {
            let what = if late { "took long" } else { unsound.as_deref().unwrap_or("panicked") };
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
            eprintln!(
                "iteration {}: {opened} opened, {asked} verdicts, {panics} panics or unsound outputs, {slow} slow",
                number + 1
            );
        }
    }
    let objects = originals.len();
    println!(
        "{objects} objects, {} iterations, {opened} opened, {asked} verdicts, {panics} panics or unsound outputs, {slow} slow",
        args.iterations
    );
    if panics == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
