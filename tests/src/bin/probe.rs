//! `probe`: boots Debian's kernels, lets bpfvet probe each as if nobody knew it, and asks it about programs in the same boot:
//! whether the profile gives the kernel's verdicts.
//!
//! Programs are the cases of the corpus, and every so many of the recorded objects where they are at hand. What the kernel
//! refused before the load (maps, BTF), and what never came to one, is not counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bpfvet_tests::agreement::{Ours, ask};
use bpfvet_tests::corpus;
use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::oracle::wire::{How, lines};
use bpfvet_tests::oracle::{Answer, breaks_running_kernel};
use bpfvet_tests::recordings;
use clap::Parser;
use verifier_core::analysis::{Options, System};
use verifier_core::btf::Btf;
use verifier_core::kernel::{Kernel, PointRelease};
use verifier_core::program::request::Privilege;
use verifier_core::program::{LoadRequest, OpenOptions, open};
use verifier_probe::case::without_refused_btf;
use verifier_probe::{normalise, profile};

/// Probes emulated machines.
#[derive(Parser)]
struct Args {
    /// Point releases that `tests/guest/prepare.sh` fetched.
    #[arg(long, required = true, value_delimiter = ',')]
    kernel: Vec<String>,
    /// Folder that it filled.
    #[arg(long, default_value = "target/record")]
    machines: PathBuf,
    /// The program that probes.
    #[arg(long, default_value = "target/release/bpfvet")]
    bpfvet: PathBuf,
    /// Where profiles stay; a folder that goes away when absent.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// One of so many programs of the recorded objects.
    #[arg(long, default_value_t = 5)]
    every: usize,
    /// List what differs.
    #[arg(long)]
    list: bool,
    /// Fail below 99.5% of verdicts, or where something is wrongly accepted.
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let mut held = true;
    for release in &args.kernel {
        match one(&args, release) {
            Ok(good) => held &= good,
            Err(e) => {
                eprintln!("probe: {release}: {e}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::from(u8::from(args.check && !held))
}

/// A program to ask about.
struct Asked {
    name: String,
    request: LoadRequest,
    how: How,
}

/// The kernel of a machine before it is asked: its release and its types, for programs are prepared for those.
fn unknown(files: &Path, release: &str) -> Result<System, String> {
    let point = PointRelease::parse(release).ok_or("no release")?;
    let kernel = Kernel::computed(point).map_err(|e| e.to_string())?.with_cpus(1);
    let raw = fs::read(files.join("btf")).map_err(|e| format!("{}: {e}", files.display()))?;
    let vmlinux = Btf::parse(raw, None).map_err(|e| e.to_string())?;
    Ok(System::new(kernel, vmlinux.into()))
}

/// Programs of the corpus, and of the recorded objects.
fn programs(system: &System, every: usize) -> Result<Vec<Asked>, String> {
    let mut out = Vec::new();
    for case in corpus::cases()? {
        let types_of = Some(system.kernel.version);
        let how = How { privilege: case.privilege()?, log_level: case.log_level(), log_size: 0, types_of };
        out.extend(case.request(system).ok().map(|request| Asked { name: case.name.clone(), request, how }));
    }
    let Some(folder) = recordings::folder() else { return Ok(out) };
    let mut objects: Vec<PathBuf> =
        fs::read_dir(folder.join("objects")).map_err(|e| e.to_string())?.flatten().map(|e| e.path()).collect();
    objects.sort();
    let mut n = 0;
    for path in objects {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let options = OpenOptions {
            vmlinux: Some(system.vmlinux.clone()),
            as_veristat: true,
            ..OpenOptions::new(&system.kernel, file.clone())
        };
        let bytes = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let Ok(object) = open(&bytes, &options) else { continue };
        for program in object.programs {
            n += 1;
            if let Some(request) = program.result.ok().filter(|_| n % every == 0) {
                out.push(Asked { name: format!("{file}/{}", program.name), request, how: How::default() });
            }
        }
    }
    Ok(out)
}

/// What the kernel said, in our words.
fn theirs(a: &Answer) -> String {
    match a.verdict.as_str() {
        "accepted" => "accepted".into(),
        verdict => format!("{verdict} {}", a.errno),
    }
}

fn one(args: &Args, release: &str) -> Result<bool, String> {
    let machine = Machine::prepared(release, &args.machines)?;
    let Machine::Emulated { files, release, .. } = &machine else { return Err("it cannot be booted".into()) };
    let before = unknown(files, release)?;
    let mut requests = String::new();
    let mut asked = Vec::new();
    for a in programs(&before, args.every)? {
        if let Ok(text) = lines(&a.name, &a.request, a.how)
            && !breaks_running_kernel(&a.request)
        {
            requests.push_str(&text);
            asked.push(a);
        }
    }
    let scratch = std::env::temp_dir().join(format!("bpfvet-probe-{}", std::process::id()));
    let (handed, answers) = machine.probe(&args.bpfvet, &requests, &scratch)?;
    let said = handed.get("said").map(|s| String::from_utf8_lossy(s).into_owned()).unwrap_or_default();
    println!("== Linux {release}\n{said}");
    let keep = args.keep.clone().unwrap_or_else(|| scratch.clone()).join(release);
    fs::create_dir_all(&keep).map_err(|e| format!("{}: {e}", keep.display()))?;
    for (name, bytes) in &handed {
        fs::write(keep.join(name), bytes).map_err(|e| format!("{name}: {e}"))?;
    }
    let profile = profile::read(&keep.join("machine.toml")).map_err(|e| e.to_string())?;
    let system = profile.system().map_err(|e| e.to_string())?;
    let held = compare(args, &system, &asked, &answers)?;
    let _ = fs::remove_dir_all(&scratch);
    Ok(held)
}

/// What was counted of some programs.
#[derive(Default)]
struct Counts {
    all: usize,
    same: usize,
    wrongly: usize,
    unsupported: usize,
    logs: usize,
    /// Refused before the load, or with a log that did not fit.
    left_out: usize,
}

impl Counts {
    fn share(&self) -> f64 {
        self.same as f64 * 100.0 / self.all.max(1) as f64
    }

    fn text(&self, what: &str) -> String {
        format!(
            "{what}: {} programs: {} same verdict ({:.1}%), {} wrongly accepted, {} unsupported, {} identical logs; {} not \
             counted",
            self.all,
            self.same,
            self.share(),
            self.wrongly,
            self.unsupported,
            self.logs,
            self.left_out
        )
    }

    /// Enough agrees, and nothing is accepted that the kernel refuses.
    fn hold(&self) -> bool {
        self.share() >= 99.5 && self.wrongly == 0
    }
}

/// Counts what agrees; whether enough does, of each of both sets.
fn compare(args: &Args, system: &System, asked: &[Asked], answers: &[Answer]) -> Result<bool, String> {
    const ENOSPC: i32 = 28;
    if asked.len() != answers.len() {
        return Err(format!("{} answers to {} requests", answers.len(), asked.len()));
    }
    let (mut corpus, mut recorded) = (Counts::default(), Counts::default());
    for (a, answer) in asked.iter().zip(answers) {
        let counts = if a.name.contains(".o/") { &mut recorded } else { &mut corpus };
        // Old releases refuse a program whose log does not fit, which says nothing of the program.
        if answer.verdict == "not_loadable" || answer.errno == ENOSPC {
            counts.left_out += 1;
            continue;
        }
        let options = Options { log_level: a.how.log_level, privilege: a.how.privilege, ..Options::default() };
        let loaded = without_refused_btf(a.request.clone(), system);
        let ours: Ours = ask(system, &loaded, &options, Duration::from_secs(60));
        let agrees = ours.verdict == answer.verdict;
        counts.all += 1;
        counts.same += usize::from(agrees);
        counts.wrongly += usize::from(ours.verdict == "accepted" && !agrees);
        counts.unsupported += usize::from(matches!(ours.verdict.as_str(), "unsupported" | "budget" | "panic"));
        counts.logs += usize::from(agrees && normalise::log(&ours.log) == normalise::log(&answer.log));
        if args.list && !agrees {
            let root = if a.how.privilege == Privilege::ROOT { "" } else { " (some capabilities)" };
            let last = answer.log.lines().rev().find(|l| !l.starts_with("processed ")).unwrap_or_default();
            println!(
                "  {}{root}: kernel {}, we {} {}\n      {last}",
                a.name,
                theirs(answer),
                ours.verdict,
                ours.reason
            );
        }
    }
    println!("{}\n{}\n", recorded.text("recorded objects"), corpus.text("corpus"));
    Ok(recorded.hold() && corpus.hold())
}
