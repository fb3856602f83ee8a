//! `record`: writes down what real kernels say of the cases of the corpus.
//!
//! Kernels that are not at hand are left out and named. A file only changes when the kernel says something else than it
//! holds, addresses apart. Of a point release (`--kernel 6.19.10`) the line of each case is kept, not its log; the logs
//! stay beside the kernel's image, where `--again` reads them instead of asking.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bpfvet_tests::corpus::releases::{self, Release, Said};
use bpfvet_tests::corpus::{self, Case, klog, klog::Klog};
use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::oracle::wire::{How, lines};
use bpfvet_tests::oracle::{Answer, breaks_running_kernel};
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
    /// Only this release; a point release (`6.19.10`) is asked about every case.
    #[arg(long)]
    kernel: Option<String>,
    /// Reads what a point release was last heard to say, instead of asking it.
    #[arg(long)]
    again: bool,
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
    if let Some(release) = args.kernel.as_deref().filter(|k| !corpus::RELEASES.contains(k)) {
        return record_release(release, args, &cases);
    }
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
    let system = machine.system()?;
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
        let how = How { privilege, log_level: case.log_level(), log_size: 0, types_of: Some(system.kernel.version) };
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
    let answers = machine.ask(&requests, &scratch())?;
    fs::remove_dir_all(scratch()).map_err(|e| e.to_string())?;
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

/// The folder that a run passes requests and answers through.
fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("bpfvet-record-{}", std::process::id()))
}

/// Asks a point release about all cases, or those that it was not asked yet, and writes its table.
fn record_release(release: &str, args: &Args, cases: &[Case]) -> Result<(), String> {
    let machine = Machine::prepared(release, &args.machines)?;
    let Machine::Emulated { release, files, .. } = &machine else { return Err("a point release is emulated".into()) };
    let mut table = Release::read(release)?.unwrap_or_else(|| Release {
        release: release.clone(),
        kernel: String::new(),
        said: BTreeMap::new(),
    });
    table.kernel = kernel_name(&machine, files)?;
    let asked =
        |c: &&Case| !args.missing || !table.said.contains_key(&c.name) || c.changed_since(&releases::path(release));
    let cases: Vec<&Case> = cases.iter().filter(asked).collect();
    let mut requests = Vec::new();
    let system = machine.system()?;
    for case in &cases {
        let how = How {
            privilege: case.privilege()?,
            log_level: case.log_level(),
            log_size: 0,
            types_of: case.goes_through_loader().then_some(system.kernel.version),
        };
        match case.request(&system).and_then(|r| lines(&case.name, &r, how)) {
            Ok(text) => requests.push((case.name.clone(), text)),
            Err(why) => {
                table.said.insert(case.name.clone(), Said::nothing("not_asked", &why));
            }
        }
    }
    let heard = files.join("answers.jsonl");
    if !args.again {
        ask_all(&machine, &requests, &heard, args.missing || !args.only.is_empty())?;
    }
    let names: Vec<&str> = requests.iter().map(|(name, _)| name.as_str()).collect();
    let mut answers = BTreeMap::new();
    for line in fs::read_to_string(&heard).map_err(|e| format!("{}: {e}", heard.display()))?.lines() {
        let answer = Answer::parse(line).ok_or_else(|| format!("{}: {line}", heard.display()))?;
        answers.insert(answer.name.clone(), answer);
    }
    for name in names {
        let answer = answers.get(name);
        if answer.is_none() && args.again {
            continue;
        }
        let said = answer.map_or_else(|| Said::nothing("broke", "the kernel did not survive"), Said::by_kernel);
        table.said.insert(name.into(), said);
    }
    let all: BTreeSet<String> = corpus::cases()?.into_iter().map(|c| c.name.clone()).collect();
    table.said.retain(|case, _| all.contains(case));
    let at = releases::path(release);
    fs::write(&at, table.text()).map_err(|e| format!("{}: {e}", at.display()))?;
    let loaded = table.said.values().filter(|s| s.loaded()).count();
    println!("{release}: {} of {} cases asked, {loaded} came to a load", requests.len(), table.said.len());
    Ok(())
}

/// What a kernel calls itself, and the package and version that it is from.
fn kernel_name(machine: &Machine, files: &Path) -> Result<String, String> {
    let package = files.join("package");
    let package = fs::read_to_string(&package).map_err(|e| format!("{}: {e}", package.display()))?;
    Ok(format!("{} ({})", machine.name()?, package.trim()))
}

/// Asks all, again from behind a question that the kernel did not survive, and writes the answers to a file.
fn ask_all(machine: &Machine, requests: &[(String, String)], heard: &Path, more: bool) -> Result<(), String> {
    let mut to = fs::OpenOptions::new();
    let to = to.create(true).write(true).append(more).truncate(!more).open(heard);
    let mut to = to.map_err(|e| format!("{}: {e}", heard.display()))?;
    let mut rest = requests;
    while !rest.is_empty() {
        let text: String = rest.iter().map(|(_, text)| text.as_str()).collect();
        let (answers, broke) = machine.ask_until_it_breaks(&text, &scratch())?;
        fs::remove_dir_all(scratch()).map_err(|e| e.to_string())?;
        for answer in &answers {
            writeln!(to, "{}", answer.line()).map_err(|e| format!("{}: {e}", heard.display()))?;
        }
        let Some(why) = broke else {
            return match answers.len() == rest.len() {
                true => Ok(()),
                false => Err(format!("{} answers to {} requests", answers.len(), rest.len())),
            };
        };
        println!("{} is not survived: {why}", rest.get(answers.len()).map_or("the end", |(name, _)| name));
        rest = rest.get(answers.len() + 1..).unwrap_or_default();
    }
    Ok(())
}
