//! How fast programs run here, beside other engines and the running kernel.
//!
//! All engines run the same programs in turns, so that what disturbs the machine disturbs all of them; the median of
//! the rounds counts. Times of the kernel are its own (`BPF_PROG_TEST_RUN` with `repeat`); it needs root, and is left
//! out where that is not permitted. Results are compared: an engine that computes something else is not timed.

mod engines;
mod kernel;
mod native;

use std::path::PathBuf;
use std::time::Duration;

use engines::{Bench, NAMES};

/// Nanoseconds of one run by engine; `None` where it cannot.
type Row = Vec<Option<f64>>;

const ROUNDS: usize = 15;
/// Time of one engine in one round.
const SLICE: Duration = Duration::from_millis(12);

fn main() {
    let only = std::env::args().nth(1);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("programs");
    let scratch = std::env::temp_dir().join(format!("bpfvet-bench-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("a folder for native code");
    let objects = ["alu", "fnv", "jhash", "parse", "copy", "sieve", "classify", "helpers", "lookups"];
    let mut rows: Vec<(String, Row)> = Vec::new();
    let mut notes = Vec::new();
    let mut first = Vec::new();
    for object in objects {
        let benches = match engines::load(&folder.join(format!("{object}.bpf.o")), &scratch) {
            Ok(benches) => benches,
            Err(e) => {
                notes.push(format!("{object}: {e}"));
                continue;
            }
        };
        for bench in benches.iter().filter(|b| only.as_ref().is_none_or(|o| b.name.contains(o.as_str()))) {
            eprintln!("{} ...", bench.name);
            rows.push((bench.name.clone(), measure(bench, &mut notes)));
            if let (Ok((insns, time)), Ok(compile)) = (median_of(|| bench.first_run()), bench.compile_time()) {
                first.push((bench.name.clone(), insns, time, compile));
            }
        }
    }
    let _ = std::fs::remove_dir_all(&scratch);
    report(&rows, &first, &notes);
}

fn median_of(f: impl Fn() -> Result<(usize, Duration), String>) -> Result<(usize, Duration), String> {
    let mut all: Vec<_> = (0..9).map(|_| f()).collect::<Result<_, _>>()?;
    all.sort();
    Ok(all[all.len() / 2])
}

fn measure(bench: &Bench, notes: &mut Vec<String>) -> Row {
    let mut engines = bench.engines();
    let mut repeats = vec![1u32; engines.len()];
    let mut expected = None;
    for (i, engine) in engines.iter_mut().enumerate() {
        let said = match engine {
            Err(e) => Err(e.clone()),
            Ok(run) => run(1).and_then(|_| run(10)).map(|(result, time)| {
                repeats[i] = (SLICE.as_nanos() / time.as_nanos().max(1)).clamp(1, 1_000_000) as u32;
                result
            }),
        };
        let wrong = match said {
            Err(e) => Some(e),
            Ok(result) if *expected.get_or_insert(result) != result => Some(format!("result {result:#x}")),
            Ok(_) => None,
        };
        if let Some(why) = wrong {
            notes.push(format!("{} with {}: {why}", bench.name, NAMES[i]));
            *engine = Err(why);
        }
    }
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); engines.len()];
    for _ in 0..ROUNDS {
        for (i, engine) in engines.iter_mut().enumerate() {
            if let Ok(run) = engine
                && let Ok((_, time)) = run(repeats[i])
            {
                times[i].push(time.as_nanos() as f64);
            }
        }
    }
    times.into_iter().map(median).collect()
}

fn median(mut all: Vec<f64>) -> Option<f64> {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

/// Geometric mean of the ratios of one engine to another over the programs that both ran.
fn ratio(rows: &[(String, Row)], a: &str, b: &str) -> Option<(f64, usize)> {
    let at = |n: &str| NAMES.iter().position(|m| *m == n);
    let (a, b) = (at(a)?, at(b)?);
    let logs: Vec<f64> = rows.iter().filter_map(|(_, r)| Some((r[a]?.max(1.0) / r[b]?.max(1.0)).ln())).collect();
    (!logs.is_empty()).then(|| ((logs.iter().sum::<f64>() / logs.len() as f64).exp(), logs.len()))
}

fn report(rows: &[(String, Row)], first: &[(String, usize, Duration, Duration)], notes: &[String]) {
    println!("Nanoseconds of one run, median of {ROUNDS} rounds; in brackets the ratio of jit to it.\n");
    print!("{:18}", "program");
    NAMES.iter().for_each(|n| print!("{n:>17}"));
    println!();
    for (name, row) in rows {
        print!("{name:18}");
        for (i, time) in row.iter().enumerate() {
            match (time, row[0]) {
                (Some(t), Some(jit)) if i > 0 => print!("{t:>10.0} ({:4.2})", jit / t.max(1.0)),
                (Some(t), _) => print!("{t:>17.0}"),
                (None, _) => print!("{:>17}", "-"),
            }
        }
        println!();
    }
    println!("\nGeometric means:");
    for (a, b) in
        [("jit", "kernel"), ("jit", "native"), ("jit", "rbpf-clif"), ("jit", "rbpf-jit"), ("interp", "rbpf-int")]
    {
        if let Some((r, n)) = ratio(rows, a, b) {
            println!("  {a} to {b}: {r:.2} ({n} programs)");
        }
    }
    println!("\nFrom accepted program to the end of its first interpreted run; time to compile:");
    for (name, insns, time, compile) in first {
        println!("  {name}: {insns} instructions, {:.0} us; {:.0} us", us(*time), us(*compile));
    }
    if !notes.is_empty() {
        println!("\nNot measured:");
        notes.iter().for_each(|n| println!("  {n}"));
    }
}

fn us(t: Duration) -> f64 {
    t.as_nanos() as f64 / 1000.0
}
