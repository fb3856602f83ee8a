//! `solve`: measures the solver. On programs of ours with real bugs (`corpus/solver`) every answer must be a witness that
//! replays; on programs believed safe that kernels reject (`false-rejections` beside the recordings) it says how many are
//! decided, how many are repaired, and how long an answer takes.
//!
//! `solve [--list] [PART]`: with the rows; only names that contain a part. `solve --list --folder DIR`: of the objects there.
//! `solve --runs N [PART]`: the adversarial set N times, beside four threads that keep the machine busy; every run has to
//! say the same.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use bpfvet_tests::solver::{self, Measure, Row};

/// Threads that do nothing, all the time.
const BUSY: usize = 4;

/// What must not depend on the machine.
fn answer(r: &Row) -> String {
    let repair = r.repair.iter().flat_map(|r| &r.edits).map(|e| e.text.join("; "));
    let repair: Vec<String> = repair.collect();
    format!("{} {}: {} | {} | {} | {}", r.word(), r.name, r.what, r.work, r.notes.join(" / "), repair.join(" / "))
}

/// Runs the adversarial set so often; the number of answers that are not those of the first run.
fn again(runs: u32, only: &str) -> Result<usize, String> {
    let over = AtomicBool::new(false);
    std::thread::scope(|s| {
        for _ in 0..BUSY {
            s.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let all = || Ok::<_, String>(solver::adversarial(only)?.rows.iter().map(answer).collect::<Vec<String>>());
        let compared = || {
            let first = all()?;
            println!("run 1: {} programs", first.len());
            let mut others = 0;
            for run in 2..=runs {
                let found = all()?;
                let other = first.iter().zip(&found).filter(|(a, b)| a != b);
                other.clone().for_each(|(a, b)| println!("run {run}: {b}\n    not {a}"));
                let n = other.count() + first.len().abs_diff(found.len());
                println!("run {run}: {n} other answers");
                others += n;
            }
            Ok(others)
        };
        let others = compared();
        over.store(true, Ordering::Relaxed);
        others
    })
}

fn main() -> ExitCode {
    let argument = |name: &str| std::env::args().skip_while(|a| a != name).nth(1);
    if let Some(runs) = argument("--runs") {
        let Ok(runs) = runs.parse() else {
            eprintln!("solve: --runs takes a number");
            return ExitCode::from(2);
        };
        return match again(runs, &std::env::args().nth(3).unwrap_or_default()) {
            Ok(0) => ExitCode::SUCCESS,
            Ok(_) => ExitCode::FAILURE,
            Err(e) => {
                eprintln!("solve: {e}");
                ExitCode::from(2)
            }
        };
    }
    let verbose = std::env::args().any(|a| a == "--list");
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = args.iter().position(|a| a == "--folder").and_then(|at| args.get(at + 1));
    let only = args.iter().find(|a| !a.starts_with("--") && Some(*a) != folder).cloned().unwrap_or_default();
    let measured = match folder {
        Some(folder) => solver::objects("objects", Path::new(folder), &only).map(|m| vec![m]),
        None => solver::measure(&only),
    };
    match measured {
        Ok(all) => {
            for m in &all {
                print(m, verbose);
            }
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("solve: {e}");
            ExitCode::from(2)
        }
    }
}

fn print(m: &Measure, verbose: bool) {
    if verbose {
        for r in &m.rows {
            let (ms, work) = (r.time.as_millis(), r.work / 1000);
            println!("{:8} {ms:5} ms {work:6} k  {}: {}", r.word(), r.name, r.what);
            for t in &r.notes {
                println!("                    {t}");
            }
            for e in r.repair.iter().flat_map(|r| &r.edits) {
                println!("                    before {}: {}   [{}]", e.before, e.text.join("; "), e.advice);
            }
        }
    }
    println!("{}", m.summary());
}
