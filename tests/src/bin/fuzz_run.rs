//! Accepted programs through every engine for as long as asked.
//!
//! * `fuzz_run PROGRAMS [FIRST_SEED]`: generated programs leave the same behind in every engine and mode.
//! * `fuzz_run all PROGRAMS`: everything that is accepted (corpus, recordings, so many generated programs) runs unchecked
//!   in both engines, in child processes: none ends by a signal, late or with too much memory.
//! * `fuzz_run of SOURCE FROM TO`: the same for programs of one source.
//! * `fuzz_run child SOURCE FROM TO`: such a child.
//! * `fuzz_run checked|linked|threads CASES [FIRST]`: a fuzz target ([`bpfvet_tests::fuzz`]), in child processes.
//! * `fuzz_run piece TARGET FROM TO`: such a child.
//! * `fuzz_run parts`: hooks, with the number of parts that generated programs of each release may have.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use bpfvet_tests::everything::{self, Source, Tally};
use bpfvet_tests::fuzz;
use bpfvet_tests::hooks::Generator;
use bpfvet_tests::running::campaign;

/// Programs between two lines of progress.
const PART: u64 = 1000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["child", source, from, to] => match (Source::named(source), from.parse(), to.parse()) {
            (Some(source), Ok(from), Ok(to)) => everything::child(&source, from, to, &mut std::io::stdout()),
            _ => Err(USAGE.into()),
        },
        ["piece", name, from, to] => match (from.parse(), to.parse()) {
            (Ok(from), Ok(to)) => fuzz::piece(name, from, to),
            _ => Err(USAGE.into()),
        },
        [name, cases] if fuzz::target(name).is_some() => target(name, cases, "0"),
        [name, cases, first] if fuzz::target(name).is_some() => target(name, cases, first),
        ["of", source, from, to] => match (from.parse(), to.parse()) {
            (Ok(from), Ok(to)) => run_source(source, from, to).and_then(done),
            _ => Err(USAGE.into()),
        },
        ["parts"] => parts(),
        ["all", programs] => programs.parse().map_err(|_| USAGE.into()).and_then(run_everything),
        [programs] => programs.parse().map_err(|_| USAGE.into()).and_then(|n| agree(n, 1)),
        [programs, first] => match (programs.parse(), first.parse()) {
            (Ok(programs), Ok(first)) => agree(programs, first),
            _ => Err(USAGE.into()),
        },
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            println!("{e}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "fuzz_run PROGRAMS [FIRST_SEED] | all PROGRAMS | of SOURCE FROM TO | \
                     checked|linked|threads CASES [FIRST] | parts";

fn agree(programs: u64, first: u64) -> Result<(), String> {
    let (mut seed, mut done, mut steps) = (first, 0, 0);
    while done < programs {
        let part = PART.min(programs - done);
        let (seeds, compared) = campaign(seed, part, 10)?;
        (seed, done, steps) = (seed + seeds, done + part, steps + compared);
        println!("{done} programs agree ({} generated), {steps} steps within the states", seed - first);
    }
    Ok(())
}

fn target(name: &str, cases: &str, first: &str) -> Result<(), String> {
    let (Ok(cases), Ok(first)) = (cases.parse::<u64>(), first.parse::<u64>()) else { return Err(USAGE.into()) };
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let each = if name == "threads" { 500 } else { 50_000 };
    fuzz::in_children(Path::new(&own), name, (first, first + cases), each).map(|_| ())
}

fn parts() -> Result<(), String> {
    for release in ["6.12", "6.18"] {
        Generator::new(release)?.parts().iter().for_each(|(hook, parts)| println!("{release} {hook}: {parts}"));
    }
    Ok(())
}

/// Programs that one child runs.
const EACH: usize = 2500;

/// Runs programs of a source: how many did harm.
fn run_source(source: &str, from: usize, to: usize) -> Result<usize, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let source = Source::named(source).ok_or(USAGE)?;
    let to = source.count()?.min(to);
    let mut tally = Tally::default();
    // Children are short: what one holds goes with it.
    for from in (from..to).step_by(EACH) {
        everything::campaign(Path::new(&own), &source, from, (from + EACH).min(to), &mut tally)?;
    }
    println!("{source:?}: {} ran, {} refused, {} not run", tally.ran, tally.refused, tally.not_run.len());
    let mut why: BTreeMap<&str, usize> = BTreeMap::new();
    // The name before the reason, and the instruction within it, are the program's own.
    let reason = |line: &'_ str| line.rsplit_once(": ").map_or(line.len(), |(before, _)| before.len() + 2);
    tally.not_run.iter().for_each(|l| *why.entry(&l[reason(l)..]).or_default() += 1);
    why.iter().for_each(|(words, n)| println!("  not run: {n} x {words}"));
    tally.harm.iter().for_each(|line| println!("  HARM: {line}"));
    Ok(tally.harm.len())
}

fn done(harm: usize) -> Result<(), String> {
    if harm == 0 { Ok(()) } else { Err(format!("{harm} programs did harm")) }
}

fn run_everything(programs: usize) -> Result<(), String> {
    let whole = ["corpus-6.18", "corpus-6.12", "recorded-6.18", "recorded-6.12", "real-6.18", "real-6.12"];
    let made = ["hooks-6.18", "hooks-6.12", "generated"];
    let mut harm = 0;
    for source in whole {
        harm += run_source(source, 0, usize::MAX)?;
    }
    for source in made {
        harm += run_source(source, 0, programs / made.len())?;
    }
    done(harm)
}
