//! Objects as distributions ship them: `real [--answers FILE] DIR_OR_FILE...`.
//!
//! Takes BPF objects, and cuts them out of other ELF files (programs that carry theirs in `.rodata`), runs
//! `bpfvet check` on every program for every kernel, and prints a table of verdicts. Programs that stand in the file of
//! answers (what libbpf and real kernels said of the same bytes) are compared; a difference makes the exit code 1.
//!
//! The objects are loaded with `--as-veristat`: tools set the sizes of their maps before they load, and a map without
//! any entry is not what their users see.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::ExitCode;

use bpfvet_tests::embedded;
use clap::Parser;
use verifier_server::args::{Cli, Command};
use verifier_server::check;
use verifier_server::row::Row;

type Failure = Box<dyn std::error::Error>;

/// FNV-1a: answers are kept for objects with the same bytes.
fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

/// Answers by fingerprint, program and kernel: verdict and errno.
type Answers = HashMap<(String, String, String), (String, String)>;

fn answers(file: &Path) -> Result<Answers, Failure> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let rows = text.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect::<Vec<_>>());
    Ok(rows
        .filter_map(|r| match r[..] {
            [_, hash, program, kernel, verdict, errno] => {
                let key = (hash.to_owned(), program.to_owned(), kernel.to_owned());
                Some((key, (verdict.to_owned(), errno.to_owned())))
            }
            _ => None,
        })
        .collect())
}

/// Rows of `bpfvet check` for one object.
fn rows(object: &Path) -> Result<Vec<Row>, Failure> {
    let words = ["bpfvet", "check", "--kernel", "all", "--as-veristat", "--format", "jsonl"];
    let mut words: Vec<std::ffi::OsString> = words.iter().map(Into::into).collect();
    words.push(object.into());
    match Cli::try_parse_from(words)?.command {
        Command::Check(args) => Ok(check::run(&args, &mut |_| ())?),
        _ => Err("not a check".into()),
    }
}

#[derive(Default)]
struct Count {
    verdicts: BTreeMap<&'static str, u32>,
    compared: u32,
    different: u32,
}

fn run() -> Result<bool, Failure> {
    let mut inputs = Vec::new();
    let mut known = Answers::new();
    let mut args = std::env::args().skip(1);
    while let Some(a) = args.next() {
        match a.as_str() {
            "--answers" => known = answers(Path::new(&args.next().ok_or("--answers needs a file")?))?,
            file => inputs.extend(embedded::files(Path::new(file))),
        }
    }
    let folder = std::env::temp_dir().join(format!("bpfvet-real-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut found = 0;
    println!("{:<28} {:<32} {:<6} {:<13} {:<8} message", "object", "program", "kernel", "verdict", "errno");
    for input in &inputs {
        let Ok(bytes) = std::fs::read(input) else { continue };
        let base = input.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        for (i, object) in embedded::objects(&bytes).into_iter().enumerate() {
            found += 1;
            let name = if i == 0 { base.clone() } else { format!("{base}.{i}") };
            let file = folder.join(&name);
            std::fs::write(&file, object)?;
            let hash = fingerprint(object);
            for row in rows(&file)? {
                let count = counts.entry(row.kernel.clone()).or_default();
                *count.verdicts.entry(row.kind.word()).or_default() += 1;
                let ours = (row.kind.word().to_owned(), row.errno.clone().unwrap_or_default());
                let first = row.message.lines().next().unwrap_or("");
                println!("{name:<28} {:<32} {:<6} {:<13} {:<8} {first}", row.program, row.kernel, ours.0, ours.1);
                if let Some(theirs) = known.get(&(hash.clone(), row.program.clone(), row.kernel.clone())) {
                    count.compared += 1;
                    if *theirs != ours {
                        count.different += 1;
                        println!("    kernel {} says: {} {}", row.kernel, theirs.0, theirs.1);
                    }
                }
            }
        }
    }
    std::fs::remove_dir_all(&folder)?;
    println!("\n{found} objects");
    for (kernel, c) in &counts {
        let verdicts: Vec<String> = c.verdicts.iter().map(|(v, n)| format!("{v} {n}")).collect();
        println!(
            "{kernel}: {}; {} as the kernel said, {} not",
            verdicts.join(", "),
            c.compared - c.different,
            c.different
        );
    }
    Ok(found > 0 && counts.values().all(|c| c.different == 0))
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("real: {e}");
            ExitCode::from(2)
        }
    }
}
