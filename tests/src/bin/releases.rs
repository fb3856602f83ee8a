//! `releases`: how far what is computed for point releases agrees with what they said of the corpus.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use bpfvet_tests::corpus::computed::{Kind, Pair, System, Tally, kinds, pairs_of, table, tallies, turned};
use bpfvet_tests::corpus::releases::{Release, comparable};
use bpfvet_tests::corpus::{self, Case};
use bpfvet_tests::oracle::Answer;
use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::run::parallel;
use clap::{Parser, ValueEnum};
use verifier_core::analysis::{Options, Report, verify};
use verifier_core::kernel::history::{BEHAVIOURS, Change, WORDINGS};
use verifier_probe::normalise;

/// What to list.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum List {
    /// Other verdict, error number or words.
    Words,
    /// What the kernel refuses and we accept.
    Accept,
    /// Other counters.
    Counters,
    /// Another log: the first line that differs, where the kernel's log is at hand.
    Log,
    /// Every case, with our whole log.
    Ours,
}

/// Compares, and writes the table for readers.
#[derive(Parser)]
struct Args {
    /// Only these releases.
    #[arg(long)]
    kernel: Vec<String>,
    /// Only cases whose `TOPIC/NAME` contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// With the types of each kernel itself instead of those that are stored for it.
    #[arg(long)]
    own: bool,
    /// Lists cases.
    #[arg(long)]
    list: Option<List>,
    /// Writes the figures as a page for readers.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Writes the figures of counters and logs that may not fall (`corpus/releases/ratchet.txt`), which may only rise.
    #[arg(long)]
    bless: bool,
    /// Asks of each change of the history whether a release's log says that it has it, against what is computed: how
    /// many logs agree further with the change the other way, and how many less far. Takes the text that names of
    /// changes, or the releases in their rows, must contain.
    #[arg(long)]
    rows: Option<String>,
    /// Folder that `tests/guest/prepare.sh` filled.
    #[arg(long, default_value = "target/record")]
    machines: PathBuf,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("releases: {e}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let cases: Vec<Case> = corpus::cases()?.into_iter().filter(|c| c.name.contains(&args.only)).collect();
    let wanted = |r: &Release| args.kernel.is_empty() || args.kernel.contains(&r.release);
    let releases: Vec<Release> = Release::all()?.into_iter().filter(wanted).collect();
    let kinds: Vec<Kind> = if args.own {
        let own = |r: &Release| {
            let system = Machine::prepared(&r.release, &args.machines)?.system()?;
            Ok(Kind { system, releases: vec![r.release.clone()] })
        };
        releases.iter().map(own).collect::<Result<_, String>>()?
    } else {
        kinds(&releases)?
    };
    if let Some(rows) = &args.rows {
        return kinds.iter().try_for_each(|kind| turn_each(args, kind, &cases, rows));
    }
    let pairs = pairs_of(&kinds, &releases, &cases);
    if let Some(list) = args.list {
        for pair in pairs.iter().filter(|p| listed(list, p)) {
            println!("{}", pair.text());
            if list == List::Log {
                let kind = kinds.iter().find(|k| k.releases.contains(&pair.release));
                let case = cases.iter().find(|c| c.name == pair.case);
                let (Some(kind), Some(case)) = (kind, case) else { continue };
                println!("{}", difference(args, case, pair, &kind.system)?);
            }
            if list == List::Ours {
                let kind = kinds.iter().find(|k| k.releases.contains(&pair.release));
                let (Some(kind), Some(case)) = (kind, cases.iter().find(|c| c.name == pair.case)) else { continue };
                println!("{}", String::from_utf8_lossy(&judged(case, &kind.system)?.log));
            }
        }
    }
    print!("{}", table(&releases, &pairs));
    if let Some(file) = &args.write {
        let kernels: String = releases.iter().map(|r| format!("- {}: {}\n", r.release, r.kernel)).collect();
        let text = format!("{PAGE}\n{}\n{KERNELS}\n{kernels}", table(&releases, &pairs));
        fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    if args.bless {
        let line = |(release, t): (&str, Tally)| format!("{release}\t{}\t{}\t{}\n", t.loaded, t.counters, t.logs);
        let figures: String = tallies(&releases, &pairs).into_iter().map(line).collect();
        let file = corpus::folder().join("releases/ratchet.txt");
        fs::write(&file, format!("{RATCHET}{figures}")).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

/// Head of the ratchet.
const RATCHET: &str = "# Of each point release: cases that came to a load, and how many counters and logs of these are ours.\n\
                       # Written by `releases --bless`; tests/tests/releases.rs holds them.\n";

/// Head of the page for readers.
const PAGE: &str = "# Point releases that were asked

Debian keeps images of many point releases of Linux. `make record KERNEL=6.19.10` fetches one, boots it in an emulated
machine (one CPU, no hardware acceleration) and asks it about every case of the corpus; what it said stands in
`corpus/releases/6.19.10.tsv`, one line a case: verdict, error number, instructions processed, states stored and most
states alive, a checksum of its whole log (addresses and ids of types masked), and the last words of the refusal.
Programs are only loaded, never attached. `sh tests/guest/prepare.sh target/record list` prints what the archive holds.

Which point release brought a change is measured there: a change is in the history with the first release that was seen
to have it, and a test (`tests/tests/releases.rs`) holds what the history computes for each of these releases against
what it said. Differences that are left stand in `corpus/releases/known.txt` with a reason each; none is a program that the
kernel refuses and bpfvet accepts. Types are those that are stored: the release's own for 5.10.262, 6.1.192, 6.12.117,
6.18.15 and 7.3.4, those of the nearest older one for the others, which is what some of the differences come from.

This page is written by `target/release/releases --write docs/releases.md`.
";

/// Head of the list of kernels.
const KERNELS: &str = "## What was booted\n";

fn listed(list: List, pair: &Pair) -> bool {
    let same = |what: fn(&bpfvet_tests::corpus::releases::Said) -> &String| {
        pair.ours.as_ref().is_ok_and(|o| what(o) == what(&pair.theirs))
    };
    match list {
        List::Words => !pair.agrees(),
        List::Accept => pair.wrongly_accepted(),
        List::Counters => !same(|s| &s.counters),
        List::Log => !same(|s| &s.log),
        List::Ours => true,
    }
}

/// What we say of a case, whole.
fn judged(case: &Case, system: &System) -> Result<Report, String> {
    let options = Options { log_level: case.log_level(), privilege: case.privilege()?, ..Options::default() };
    Ok(verify(system, &case.request(system)?, &options))
}

/// Where the logs part.
fn difference(args: &Args, case: &Case, pair: &Pair, system: &System) -> Result<String, String> {
    let heard = args.machines.join(&pair.release).join("answers.jsonl");
    let Ok(text) = fs::read_to_string(&heard) else { return Ok("    (its log is not at hand)".into()) };
    let answer = text.lines().filter_map(Answer::parse).rfind(|a| a.name == case.name);
    let Some(answer) = answer else { return Ok("    (its log is not at hand)".into()) };
    let report = judged(case, system)?;
    let (theirs, ours) = (comparable(&answer.log), comparable(&String::from_utf8_lossy(&report.log)));
    Ok(normalise::first_difference(&theirs, &ours).map_or_else(String::new, |(n, a, b)| {
        let before = theirs.lines().nth(n.saturating_sub(2)).unwrap_or_default();
        format!("    log line {n}, behind {before}\n      kernel: {a}\n      we:     {b}")
    }))
}

/// A case that is asked again and again: with the log that a kernel answered, without what may differ.
struct Heard<'a> {
    case: &'a Case,
    log: String,
}

/// Cases that take more instructions tell nothing that others do not.
const FEW: usize = 60_000;

fn heard<'a>(args: &Args, release: &str, cases: &'a [Case]) -> Result<Vec<Heard<'a>>, String> {
    let file = args.machines.join(release).join("answers.jsonl");
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut out = Vec::new();
    for answer in text.lines().filter_map(Answer::parse).filter(|a| a.failed.is_empty() && a.log.len() < FEW) {
        if let Some(case) = cases.iter().find(|c| c.name == answer.name) {
            out.push(Heard { case, log: comparable(&answer.log) });
        }
    }
    Ok(out)
}

/// How many lines agree; all of them: `usize::MAX`.
fn agreeing(heard: &Heard<'_>, system: &System) -> usize {
    let Ok(request) = heard.case.request(system) else { return 0 };
    let Ok(privilege) = heard.case.privilege() else { return 0 };
    let options = Options { log_level: heard.case.log_level(), privilege, ..Options::default() };
    let report = verify(system, &request, &options);
    let ours = comparable(&String::from_utf8_lossy(&report.log));
    normalise::first_difference(&heard.log, &ours).map_or(usize::MAX, |(n, _, _)| n)
}

fn turn_each(args: &Args, kind: &Kind, cases: &[Case], rows: &str) -> Result<(), String> {
    let release = kind.releases.first().ok_or("a kind without a release")?;
    let heard = heard(args, release, cases)?;
    let now = parallel(heard.len(), 2, |i| agreeing(&heard[i], &kind.system));
    println!("{release}: {} of {} logs agree", now.iter().filter(|n| **n == usize::MAX).count(), now.len());
    let text = |c: &Change| format!("{} since {:?} until {:?} {:?}", c.name, c.since, c.until, c.stable);
    let changes: Vec<&Change> = BEHAVIOURS.iter().chain(WORDINGS).filter(|c| text(c).contains(rows)).collect();
    let results = parallel(changes.len(), 2, |i| {
        let system = turned(&kind.system, changes[i]);
        heard.iter().map(|h| agreeing(h, &system)).collect::<Vec<usize>>()
    });
    for (change, then) in changes.iter().zip(results) {
        let (mut better, mut worse, mut made, mut broken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for ((h, now), then) in heard.iter().zip(&now).zip(&then) {
            let name = h.case.name.as_str();
            match then.cmp(now) {
                std::cmp::Ordering::Greater if *then == usize::MAX => made.push(name),
                std::cmp::Ordering::Greater => better.push(name),
                std::cmp::Ordering::Less if *now == usize::MAX => broken.push(name),
                std::cmp::Ordering::Less => worse.push(name),
                std::cmp::Ordering::Equal => {}
            }
        }
        if [&better, &worse, &made, &broken].iter().all(|cases| cases.is_empty()) {
            continue;
        }
        let there = if change.covers(kind.system.kernel.point_release()) { "there" } else { "not there" };
        let few = |cases: &[&str]| format!("{} {:?}", cases.len(), &cases[..cases.len().min(5)]);
        println!("  {} ({there}), the other way", change.name);
        for (what, cases) in [("whole", made), ("further", better), ("no longer whole", broken), ("less far", worse)] {
            if !cases.is_empty() {
                println!("    {what}: {}", few(&cases));
            }
        }
    }
    Ok(())
}
