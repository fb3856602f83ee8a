//! `ask`: what a real kernel says of raw programs or of the programs of objects, one JSON row per program.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use bpfvet_tests::oracle::breaks_running_kernel;
use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::oracle::wire::{How, lines};
use clap::Parser;
use serde_json::{Value, json};
use verifier_core::analysis::System;
use verifier_core::program::request::Privilege;
use verifier_core::program::{LoadRequest, OpenOptions, open};
use verifier_server::raw;

type Failure = Box<dyn std::error::Error>;

/// Loads programs on a real kernel and prints its answers; never attaches.
#[derive(Parser)]
struct Args {
    /// `6.12` (emulated) or `6.18` (the running kernel, which must be one).
    #[arg(long, default_value = "6.12")]
    kernel: String,
    /// Folder that `tests/guest/prepare.sh` filled.
    #[arg(long, default_value = "target/record")]
    machines: PathBuf,
    /// Programs as lines of JSON instead of objects.
    #[arg(long)]
    raw: Option<PathBuf>,
    /// Load without capabilities.
    #[arg(long)]
    unprivileged: bool,
    /// Load without CAP_SYS_ADMIN.
    #[arg(long)]
    no_sys_admin: bool,
    /// Log level.
    #[arg(long, default_value_t = 2)]
    log_level: u32,
    /// A line of object, program, verdict, errno, instructions processed and last words instead of JSON.
    #[arg(long)]
    table: bool,
    /// Objects.
    objects: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("ask: {e}");
            ExitCode::from(2)
        }
    }
}

/// A program and what tells its row from others; or why it is not asked.
type Asked = (Value, Result<LoadRequest, String>);

fn raw_programs(file: &PathBuf, system: &System) -> Result<Vec<Asked>, Failure> {
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())?
    } else {
        std::fs::read_to_string(file)?
    };
    let mut out = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let v: Value = serde_json::from_str(line)?;
        let request = raw::request(&v, system).map_err(|e| e.to_string());
        out.push((json!({"index": v.get("index"), "name": v.get("name")}), request));
    }
    Ok(out)
}

fn object_programs(file: &PathBuf, system: &System) -> Result<Vec<Asked>, Failure> {
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let options =
        OpenOptions { vmlinux: Some(system.vmlinux.clone()), ..OpenOptions::new(&system.kernel, name.clone()) };
    let object = open(&std::fs::read(file)?, &options)?;
    let asked = object.programs.iter().map(|p| {
        let row = json!({"object": name, "program": p.name, "section": p.section});
        (row, p.result.clone().map_err(|e| e.words.join(" ")))
    });
    Ok(asked.collect())
}

fn run(args: &Args) -> Result<(), Failure> {
    let machine = Machine::prepared(&args.kernel, &args.machines)?;
    let system = machine.system()?;
    let mut asked = match &args.raw {
        Some(file) => raw_programs(file, &system)?,
        None => Vec::new(),
    };
    for file in &args.objects {
        asked.extend(object_programs(file, &system)?);
    }
    let privilege = match (args.unprivileged, args.no_sys_admin) {
        (true, _) => Privilege::NONE,
        (false, true) => Privilege { sys_admin: false, ..Privilege::ROOT },
        (false, false) => Privilege::ROOT,
    };
    let how = How {
        privilege,
        log_level: args.log_level,
        log_size: 0,
        types_of: args.raw.is_none().then_some(system.kernel.version),
    };
    let mut requests = String::new();
    let mut written = Vec::new();
    for (i, (_, request)) in asked.iter().enumerate() {
        let breaks = matches!(machine, Machine::Running { .. }) && request.as_ref().is_ok_and(breaks_running_kernel);
        if breaks {
            written.push(Err("the running kernel breaks down on such programs".into()));
            continue;
        }
        let text = request.clone().and_then(|r| lines(&i.to_string(), &r, how));
        written.push(text.map(|t| requests.push_str(&t)));
    }
    let scratch = std::env::temp_dir().join(format!("bpfvet-ask-{}", std::process::id()));
    let answers = machine.ask(&requests, &scratch)?;
    std::fs::remove_dir_all(&scratch)?;
    let mut answers = answers.into_iter();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for ((mut row, _), written) in asked.into_iter().zip(written) {
        match written {
            Err(why) => {
                row["verdict"] = "not_asked".into();
                row["reason"] = why.into();
            }
            Ok(()) => {
                let a = answers.next().ok_or("an answer is missing")?;
                row["verdict"] = a.verdict.into();
                row["errno"] = a.errno.into();
                if !a.failed.is_empty() {
                    row["failed"] = a.failed.into();
                }
                row["log"] = a.log.into();
                row["stats"] = a.stats.into();
            }
        }
        if args.table { writeln!(out, "{}", line(&row))? } else { writeln!(out, "{row}")? }
    }
    Ok(())
}

/// What stays the same from one boot to the next, separated by tabs.
fn line(row: &Value) -> String {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let processed = |l: &&str| l.starts_with("processed ");
    let mut lines = text("log").lines();
    let words =
        lines.rfind(|l| !l.is_empty() && !processed(l) && !l.starts_with("stack depth") && !l.contains(" usec"));
    let insns = text("stats").lines().find(processed).and_then(|l| l.split(' ').nth(1));
    let rejected = row["errno"] != 0;
    let cells = [
        text("object"),
        text("program"),
        text("verdict"),
        &row["errno"].to_string(),
        insns.unwrap_or("-"),
        words.filter(|_| rejected).unwrap_or("-"),
    ];
    cells.join("\t")
}
