//! Generated programs through every engine for as long as asked: `fuzz_run PROGRAMS [FIRST_SEED]`.

use std::process::ExitCode;

use bpfvet_tests::running::campaign;

/// Programs between two lines of progress.
const PART: u64 = 1000;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<u64>());
    let (Some(Ok(programs)), first) = (args.next(), args.next().and_then(Result::ok).unwrap_or(1)) else {
        eprintln!("fuzz_run PROGRAMS [FIRST_SEED]");
        return ExitCode::from(2);
    };
    let (mut seed, mut done, mut steps) = (first, 0, 0);
    while done < programs {
        let part = PART.min(programs - done);
        match campaign(seed, part, 10) {
            Ok((seeds, compared)) => {
                (seed, done, steps) = (seed + seeds, done + part, steps + compared);
                println!("{done} programs agree ({} generated), {steps} steps within the states", seed - first);
            }
            Err(e) => {
                println!("{e}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
