//! `analysis_bench`: how long the analysis takes beside the running kernel.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bpfvet_tests::loader;
use bpfvet_tests::pace::report::{Group, Measured};
use bpfvet_tests::pace::{Pace, Subject, choose, shapes};
use bpfvet_tests::recordings;
use bpfvet_tests::run::{Failure, parallel};
use clap::Parser;
use verifier_core::kernel::Kernel;

/// Time our analysis and the running kernel's on recorded programs, in turns.
#[derive(Parser)]
struct Args {
    /// Folder that `tests/guest/prepare.sh` filled.
    #[arg(long, default_value = "target/record")]
    machines: PathBuf,
    /// So many of the programs that took most instructions.
    #[arg(long, default_value_t = 60)]
    heavy: usize,
    /// So many of the others.
    #[arg(long, default_value_t = 300)]
    small: usize,
    /// Times that each side is asked, twice at a time.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Only programs whose `object/program` contains this.
    #[arg(long)]
    only: Option<String>,
    /// Print every program, not only the worst.
    #[arg(long)]
    all: bool,
    /// Write `speed.md` and `speed.svg` into this folder.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Only the programs: no growth, whole commands, memory and threads.
    #[arg(long)]
    programs: bool,
    /// Analyse one program (OBJECT PROGRAM) and print the most memory that this process had; for this program itself.
    #[arg(long, num_args = 2, hide = true)]
    peak: Option<Vec<String>>,
}

fn main() {
    let args = Args::parse();
    if let Some([object, program]) = args.peak.as_deref() {
        match peak(object.as_ref(), program) {
            Some(bytes) => println!("{bytes}"),
            None => std::process::exit(2),
        }
        return;
    }
    let Some(folder) = recordings::folder() else {
        println!(
            "analysis_bench: no recordings beside the checkout (../shared/kernel-recordings or BPFVET_SHARED); nothing measured"
        );
        return;
    };
    let pace = match Pace::new(&args.machines) {
        Ok(pace) => pace,
        Err(e) => {
            println!("analysis_bench: {e}; nothing measured");
            return;
        }
    };
    if let Err(e) = measure(&args, &folder, &pace) {
        eprintln!("analysis_bench: {e}");
        std::process::exit(2);
    }
}

/// Programs whose log at level 2 the kernel can hold.
const LOGGED: u64 = 20_000;

fn measure(args: &Args, folder: &Path, pace: &Pace) -> Result<(), Failure> {
    let (heavy, small) = choose(folder, &pace.system, args.only.as_deref(), (args.heavy, args.small))?;
    let mut all = Measured { kernel: pace.kernel()?, ..Measured::default() };
    all.groups.push(group(args, pace, "heavy", 0, heavy.iter()));
    all.groups.push(group(args, pace, "small", 0, small.iter()));
    let logged = heavy.iter().filter(|s| s.insns <= LOGGED).chain(small.iter().step_by(5));
    all.groups.push(group(args, pace, "log level 2", 2, logged));
    if !args.programs {
        for (shape, size, request) in shapes::all()? {
            match pace.times(shape, &request, 0, args.rounds) {
                Ok(times) => all.growth.push((shape, size, times)),
                Err(e) => println!("{shape}, {size}: not measured: {e}"),
            }
        }
        for (what, file) in [("a small object", "demo/accepted.bpf.o"), ("an object with CO-RE relocations", CORE)] {
            all.command.extend(command(&bpfvet_tests::corpus::folder().join(file)).map(|time| (what, time)));
        }
        all.peak = heavy.iter().filter_map(|s| Some((peak_of(folder, s)?, s.name.clone()))).max();
        all.threads = Some(threads(pace, &heavy, &small));
    }
    print!("{}", all.page());
    if let Some(to) = &args.write {
        std::fs::write(to.join("speed.md"), all.page())?;
        std::fs::write(to.join("speed.svg"), all.picture())?;
    }
    Ok(())
}

/// An object of the corpus with relocations against the kernel's types.
const CORE: &str = "pointers/user_memory.o";

fn group<'a>(
    args: &Args,
    pace: &Pace,
    title: &'static str,
    level: u32,
    subjects: impl Iterator<Item = &'a Subject>,
) -> Group {
    let mut group = Group { title, rows: Vec::new(), left_out: Vec::new() };
    for s in subjects {
        match pace.times(&s.name, &s.request, level, args.rounds) {
            Ok(times) => group.rows.push((s.name.clone(), s.insns, times)),
            Err(e) => group.left_out.push(format!("{}: {e}", s.name)),
        }
    }
    group.rows.sort_by(|a, b| b.2.ratio().total_cmp(&a.2.ratio()));
    println!("{title}: {} programs: ours / kernel {:.2} (geometric mean)", group.rows.len(), group.mean());
    for (name, insns, t) in group.rows.iter().take(if args.all { usize::MAX } else { 12 }) {
        let us = |d: Duration| d.as_secs_f64() * 1e6;
        println!("  {:6.2}  {:>10.0} us  {:>10.0} us  {insns:>8} insns  {name}", t.ratio(), us(t.ours), us(t.kernel));
    }
    for line in &group.left_out {
        println!("  not measured: {line}");
    }
    println!();
    group
}

/// Median time of the whole command on an object; `None` where it is not built.
fn command(object: &Path) -> Option<Duration> {
    let bpfvet = std::env::current_exe().ok()?.with_file_name("bpfvet");
    let mut times = Vec::new();
    for _ in 0..21 {
        let begun = Instant::now();
        let mut command = Command::new(&bpfvet);
        command.arg("check").arg(object).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().ok()?;
        times.push(begun.elapsed());
    }
    times.sort();
    times.get(times.len() / 2).copied()
}

/// Most memory that a process takes for a program, in bytes: one that does nothing else is asked.
fn peak_of(folder: &Path, subject: &Subject) -> Option<u64> {
    let (object, program) = subject.name.split_once('/')?;
    let mut child = Command::new(std::env::current_exe().ok()?);
    child.arg("--peak").arg(folder.join("objects").join(object)).arg(program);
    String::from_utf8(child.output().ok()?.stdout).ok()?.trim().parse().ok()
}

/// Analyses a program and tells the most memory that this process had.
fn peak(object: &Path, program: &str) -> Option<u64> {
    let system = verifier_core::analysis::System::stored(Kernel::v6_18()).ok()?;
    let request = loader::request(&loader::load(object, &system), program).ok()?;
    verifier_core::analysis::verify(&system, &request, &verifier_core::analysis::Options::default());
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// All programs on one thread, then on two.
fn threads(pace: &Pace, heavy: &[Subject], small: &[Subject]) -> (Duration, Duration) {
    let all: Vec<&Subject> = heavy.iter().chain(small).collect();
    let time = |jobs| {
        let begun = Instant::now();
        parallel(all.len(), jobs, |i| pace.analyse(&all[i].request, 0).is_ok());
        begun.elapsed()
    };
    (time(1), time(2))
}
