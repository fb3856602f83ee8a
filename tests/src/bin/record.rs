//! `record`: writes down what real kernels say of the cases of the corpus.
//!
//! Kernels that are not at hand are left out and named. A file only changes when the kernel says something else than it
//! holds, addresses apart.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use bpfvet_tests::corpus::{self, Case, klog, klog::Klog};
use bpfvet_tests::oracle::breaks_running_kernel;
use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::oracle::wire::{How, lines};
use clap::Parser;
use verifier_core::kernel::Kernel;
use verifier_core::program::LoadRequest;

/// Records the corpus.
#[derive(Parser)]
struct Args {
    /// Only cases whose `TOPIC/NAME` contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Only cases that have no recording yet or were changed since.
    #[arg(long)]
    missing: bool,
    /// Only this release.
    #[arg(long)]
    kernel: Option<String>,
    /// Folder that `tests/guest/prepare.sh` filled.
    #[arg(long, default_value = "target/record")]
    machines: PathBuf,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("record: {e}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let cases: Vec<Case> = corpus::cases()?.into_iter().filter(|c| c.name.contains(&args.only)).collect();
    for release in corpus::RELEASES {
        if args.kernel.as_deref().is_some_and(|k| k != release) {
            continue;
        }
        match Machine::prepared(release, &args.machines) {
            Ok(machine) => record(release, &machine, &cases, args.missing)?,
            Err(why) => println!("{release}: not recorded, {why}"),
        }
    }
    Ok(())
}

/// Attach types that the running kernel's owner may refuse to everyone.
fn refused_by_host(machine: &Machine, answer: &bpfvet_tests::oracle::Answer) -> bool {
    const EPERM: i32 = 1;
    matches!(machine, Machine::Running { .. }) && answer.errno == EPERM && answer.log.is_empty()
}

fn record(release: &str, machine: &Machine, cases: &[Case], missing: bool) -> Result<(), String> {
    let system = machine.system(release)?;
    let profile = if release == "6.18" { Kernel::v6_18() } else { Kernel::v6_12() };
    let profile = verifier_core::program::vmlinux(&profile).map_err(|e| e.to_string())?;
    let own_ids = profile.raw() != system.vmlinux.raw();
    let mut requests = String::new();
    let mut asked = Vec::new();
    for case in cases {
        let at = klog::path(case, release);
        // The running kernel may not let the unprivileged load anything: that is its owner's setting.
        let privilege = case.privilege()?;
        let spared = matches!(machine, Machine::Running { .. }) && !privilege.bpf && !privilege.sys_admin;
        if !case.releases().contains(&release) || spared || missing && !case.changed_since(&at) {
            continue;
        }
        let how = How { privilege, log_level: case.log_level(), log_size: 0 };
        let safe = |r: LoadRequest| match machine {
            Machine::Running { .. } if breaks_running_kernel(&r) => {
                Err("the running kernel breaks down on such programs".into())
            }
            _ => Ok(r),
        };
        match case.request(&system).and_then(safe).and_then(|r| lines(&case.name, &r, how)) {
            Ok(text) => {
                requests.push_str(&text);
                asked.push((case, at));
            }
            Err(why) => println!("{release}: {} not asked: {why}", case.name),
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    let scratch = std::env::temp_dir().join(format!("bpfvet-record-{}", std::process::id()));
    let answers = machine.ask(&requests, &scratch)?;
    fs::remove_dir_all(&scratch).map_err(|e| e.to_string())?;
    if answers.len() != asked.len() {
        return Err(format!("{} answers to {} requests", answers.len(), asked.len()));
    }
    let mut written = 0;
    for ((case, at), answer) in asked.iter().zip(&answers) {
        if answer.name != case.name {
            return Err(format!("{} was answered in the place of {}", answer.name, case.name));
        }
        if refused_by_host(machine, answer) {
            println!("{release}: {} is refused by this host", case.name);
            continue;
        }
        let new = Klog { own_ids, ..Klog::new(&machine.name()?, answer) };
        let old = fs::read_to_string(at).ok().and_then(|t| Klog::parse(&t));
        let confirmed = old.filter(|old| old.same(&new));
        written += usize::from(confirmed.is_none());
        fs::write(at, confirmed.unwrap_or(new).text()).map_err(|e| format!("{}: {e}", at.display()))?;
    }
    println!("{release}: {} asked, {written} written", asked.len());
    Ok(())
}
