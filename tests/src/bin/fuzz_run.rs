//! Accepted programs through every engine for as long as asked.
//!
//! * `fuzz_run PROGRAMS [FIRST_SEED]`: generated programs leave the same behind in every engine and mode.
//! * `fuzz_run all PROGRAMS`: everything that is accepted (corpus, recordings, so many generated programs) runs unchecked
//!   in both engines, in child processes: none ends by a signal, late or with too much memory.
//! * `fuzz_run child SOURCE FROM TO`: such a child.

use std::path::Path;
use std::process::ExitCode;

use bpfvet_tests::everything::{self, Source, Tally};
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

const USAGE: &str = "fuzz_run PROGRAMS [FIRST_SEED] | all PROGRAMS | child SOURCE FROM TO";

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

fn run_everything(programs: usize) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut harm = 0;
    for source in ["corpus-6.18", "corpus-6.12", "recorded-6.18", "recorded-6.12", "generated"] {
        let source = Source::named(source).ok_or(USAGE)?;
        let count = source.count()?.min(programs);
        let mut tally = Tally::default();
        // Children are short: what one holds goes with it.
        for from in (0..count).step_by(500) {
            everything::campaign(Path::new(&own), &source, from, (from + 500).min(count), &mut tally)?;
        }
        println!("{source:?}: {} ran, {} refused, {} not run", tally.ran, tally.refused, tally.not_run.len());
        tally.not_run.iter().for_each(|line| println!("  not run: {line}"));
        tally.harm.iter().for_each(|line| println!("  HARM: {line}"));
        harm += tally.harm.len();
    }
    if harm == 0 { Ok(()) } else { Err(format!("{harm} programs did harm")) }
}
