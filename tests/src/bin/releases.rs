//! `releases`: how far what is computed for point releases agrees with what they said of the corpus.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use bpfvet_tests::corpus::computed::{Kind, Pair, System, kinds, pairs_of, table, turned};
use bpfvet_tests::corpus::releases::Release;
use bpfvet_tests::corpus::{self, Case};
use bpfvet_tests::normalise;
use bpfvet_tests::oracle::Answer;
use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::run::parallel;
use clap::{Parser, ValueEnum};
use verifier_core::analysis::{Options, verify};
use verifier_core::kernel::history::{BEHAVIOURS, Change, WORDINGS};

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
        }
    }
    print!("{}", table(&releases, &pairs));
    Ok(())
}

fn listed(list: List, pair: &Pair) -> bool {
    let same = |what: fn(&bpfvet_tests::corpus::releases::Said) -> &String| {
        pair.ours.as_ref().is_ok_and(|o| what(o) == what(&pair.theirs))
    };
    match list {
        List::Words => !pair.agrees(),
        List::Accept => pair.wrongly_accepted(),
        List::Counters => !same(|s| &s.counters),
        List::Log => !same(|s| &s.log),
    }
}

/// Where the logs part.
fn difference(args: &Args, case: &Case, pair: &Pair, system: &System) -> Result<String, String> {
    let heard = args.machines.join(&pair.release).join("answers.jsonl");
    let Ok(text) = fs::read_to_string(&heard) else { return Ok("    (its log is not at hand)".into()) };
    let answer = text.lines().filter_map(Answer::parse).filter(|a| a.name == case.name).last();
    let Some(answer) = answer else { return Ok("    (its log is not at hand)".into()) };
    let request = case.request(system)?;
    let options = Options { log_level: case.log_level(), privilege: case.privilege()?, ..Options::default() };
    let report = verify(system, &request, &options);
    let (theirs, ours) = (plain(&answer.log), plain(&String::from_utf8_lossy(&report.log)));
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
const FEW: usize = 200_000;

fn heard<'a>(args: &Args, release: &str, cases: &'a [Case]) -> Result<Vec<Heard<'a>>, String> {
    let file = args.machines.join(release).join("answers.jsonl");
    let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut out = Vec::new();
    for answer in text.lines().filter_map(Answer::parse).filter(|a| a.failed.is_empty() && a.log.len() < FEW) {
        if let Some(case) = cases.iter().find(|c| c.name == answer.name) {
            out.push(Heard { case, log: plain(&answer.log) });
        }
    }
    Ok(out)
}

fn plain(log: &str) -> String {
    normalise::type_ids(&normalise::log(log))
}

/// How many lines agree; all of them: `usize::MAX`.
fn agreeing(heard: &Heard<'_>, system: &System) -> usize {
    let Ok(request) = heard.case.request(system) else { return 0 };
    let Ok(privilege) = heard.case.privilege() else { return 0 };
    let options = Options { log_level: heard.case.log_level(), privilege, ..Options::default() };
    let report = verify(system, &request, &options);
    let ours = plain(&String::from_utf8_lossy(&report.log));
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
        let (mut better, mut worse, mut made, mut broken) = (Vec::new(), Vec::new(), 0, 0);
        for ((h, now), then) in heard.iter().zip(&now).zip(&then) {
            match then.cmp(now) {
                std::cmp::Ordering::Greater => better.push(h.case.name.as_str()),
                std::cmp::Ordering::Less => worse.push(h.case.name.as_str()),
                std::cmp::Ordering::Equal => {}
            }
            made += usize::from(*then == usize::MAX && *now != usize::MAX);
            broken += usize::from(*now == usize::MAX && *then != usize::MAX);
        }
        if better.is_empty() && worse.is_empty() {
            continue;
        }
        let there = change.covers(kind.system.kernel.point_release());
        println!(
            "  {} ({}): turned, {} agree further ({made} whole) {:?}, {} less far ({broken} were whole) {:?}",
            change.name,
            if there { "there" } else { "not there" },
            better.len(),
            &better[..better.len().min(4)],
            worse.len(),
            &worse[..worse.len().min(4)],
        );
    }
    Ok(())
}
