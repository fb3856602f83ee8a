//! `solve`: measures the solver. On programs of ours with real bugs (`corpus/solver`) every answer must be a witness that
//! replays; on programs believed safe that kernels reject (`false-rejections` beside the recordings) it says how many are
//! decided, how many are repaired, and how long an answer takes.
//!
//! `solve [--list] [PART]`: with the rows; only names that contain a part. `solve --list --folder DIR`: of the objects there.

use std::path::Path;
use std::process::ExitCode;

use bpfvet_tests::solver::{self, Measure};

fn main() -> ExitCode {
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
