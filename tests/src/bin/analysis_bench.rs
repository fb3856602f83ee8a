//! `analysis_bench`: how long the analysis takes beside the running kernel.

use std::path::PathBuf;

use bpfvet_tests::pace::{Pace, Subject, Times, choose, geometric_mean};
use bpfvet_tests::recordings;
use bpfvet_tests::run::Failure;
use clap::Parser;

/// Time our analysis and the running kernel's on recorded programs, in turns.
#[derive(Parser)]
struct Args {
    /// Folder that `tests/guest/prepare.sh` filled.
    #[arg(long, default_value = "target/record")]
    machines: PathBuf,
    /// So many of the programs that took most instructions.
    #[arg(long, default_value_t = 60)]
    heavy: usize,
    /// So many of the others.
    #[arg(long, default_value_t = 300)]
    small: usize,
    /// Times that each side is asked, twice at a time.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Log level: 0 or 2.
    #[arg(long, default_value_t = 0)]
    level: u32,
    /// Only programs whose `object/program` contains this.
    #[arg(long)]
    only: Option<String>,
    /// Print every program, not only the worst.
    #[arg(long)]
    all: bool,
}

fn main() {
    let args = Args::parse();
    let Some(folder) = recordings::folder() else {
        println!(
            "analysis_bench: no recordings beside the checkout (../shared/kernel-recordings or BPFVET_SHARED); nothing measured"
        );
        return;
    };
    let pace = match Pace::new(&args.machines) {
        Ok(pace) => pace,
        Err(e) => {
            println!("analysis_bench: {e}; nothing measured");
            return;
        }
    };
    if let Err(e) = measure(&args, &folder, &pace) {
        eprintln!("analysis_bench: {e}");
        std::process::exit(2);
    }
}

fn measure(args: &Args, folder: &std::path::Path, pace: &Pace) -> Result<(), Failure> {
    let (heavy, small) = choose(folder, &pace.system, args.only.as_deref(), (args.heavy, args.small))?;
    for (title, subjects) in [("heavy", heavy), ("small", small)] {
        let mut rows: Vec<(Subject, Times)> = Vec::new();
        let mut left_out = Vec::new();
        for subject in subjects {
            match pace.times(&subject, args.level, args.rounds) {
                Ok(times) => rows.push((subject, times)),
                Err(e) => left_out.push(format!("{}: {e}", subject.name)),
            }
        }
        report(args, title, rows, &left_out);
    }
    Ok(())
}

fn report(args: &Args, title: &str, mut rows: Vec<(Subject, Times)>, left_out: &[String]) {
    rows.sort_by(|a, b| b.1.ratio().total_cmp(&a.1.ratio()));
    let mean = geometric_mean(rows.iter().map(|(_, t)| t.ratio()));
    println!("{title}: {} programs, log level {}: ours / kernel {mean:.2} (geometric mean)", rows.len(), args.level);
    let shown = if args.all { rows.len() } else { 12 };
    for (s, t) in rows.iter().take(shown) {
        let us = |d: std::time::Duration| d.as_secs_f64() * 1e6;
        println!(
            "  {:6.2}  {:>10.0} us  {:>10.0} us  {:>8} insns  {}",
            t.ratio(),
            us(t.ours),
            us(t.kernel),
            s.insns,
            s.name
        );
    }
    for line in left_out {
        println!("  not measured: {line}");
    }
    println!();
}
