//! `bpfvet check --compare-running`: each program on the running kernel too, and where that answers otherwise than we do.
//!
//! Programs are loaded and let go, never attached or run. Verdicts, error numbers, messages and logs are compared; what
//! differs between two loads of one program anyway, such as addresses, does not count.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use verifier_core::analysis::{Options, System, Verdict, verify_with};
use verifier_core::log::Off;
use verifier_core::program::LoadRequest;
use verifier_probe::decide::Asked;
use verifier_probe::{load, normalise};

use crate::args::{CheckArgs, Format, TargetArgs};
use crate::ask::Question;
use crate::contract::Contracts;
use crate::{check, clean, input, target};

/// Log level of the loads that are compared.
const LOG_LEVEL: u32 = 2;

/// How two answers compare.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Outcome {
    /// All the same.
    Same,
    /// Another log.
    Log { line: usize, kernel: String, ours: String },
    /// Another verdict or error.
    Verdict { kernel: String, ours: String, message: String },
    /// One of both has no answer, for this reason.
    Open(String),
}

/// One program.
struct Compared {
    object: String,
    program: String,
    verdict: String,
    outcome: Outcome,
}

/// Compares everything; the exit code is 1 where a verdict differs.
///
/// # Errors
/// In words for the user.
pub fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<u8, String> {
    if !matches!(args.format, Format::Text | Format::Json | Format::Jsonl) {
        return Err("--compare-running prints text, json or jsonl".into());
    }
    if let Some(why) = load::cannot_ask() {
        return Err(format!("--compare-running loads programs on this machine: {why}"));
    }
    let kernel = args.compare_running.clone().unwrap_or_else(|| "running".into());
    let systems = target::systems(&TargetArgs { kernel: vec![kernel], ..args.target.clone() })?;
    let [system] = systems.as_slice() else { return Err("--compare-running takes one kernel".into()) };
    let question = check::question(args)?;
    let mut contracts = Contracts::new(&args.config);
    let mut all = Vec::new();
    for file in input::files(&args.objects)? {
        let bytes = input::read(&file)?;
        match input::what(&bytes) {
            input::What::Object => {
                for plan in contracts.plans(&file)? {
                    object(&Question { plan, ..question.clone() }, system, &file, &bytes, &mut all)?;
                }
            }
            input::What::Other(words) | input::What::OtherOrder(words) => {
                return Err(format!("{}: {words}", clean::path(&file)));
            }
        }
    }
    if all.is_empty() {
        return Err("nothing to compare: no program matches".into());
    }
    print(args.format, system, &all, out).map_err(|e| e.to_string())?;
    let differs = all.iter().any(|c| matches!(c.outcome, Outcome::Verdict { .. }));
    Ok(u8::from(differs && !args.exit_zero))
}

fn object(
    question: &Question,
    system: &System,
    file: &Path,
    bytes: &[u8],
    all: &mut Vec<Compared>,
) -> Result<(), String> {
    let name = file.display().to_string();
    let opened = question.open(&name, bytes, system);
    let opened = opened.map_err(|e| format!("{}: {}", clean::path(file), clean::line(&e.to_string())))?;
    let misfits = question.plan.misfits(&opened);
    if !misfits.is_empty() {
        return Err(misfits.join("\n"));
    }
    for program in opened.programs.iter().filter(|p| !p.left_out && question.wants(&p.name)) {
        let (verdict, outcome) = match &program.result {
            Ok(request) => one(question, system, request),
            Err(why) => {
                let first = why.words.first().map_or("", |w| w);
                ("not_loadable".into(), Outcome::Open(format!("the loader would stop: {first}")))
            }
        };
        all.push(Compared { object: name.clone(), program: program.name.clone(), verdict, outcome });
    }
    Ok(())
}

/// Our verdict, and how the kernel's answer compares with it.
fn one(question: &Question, system: &System, request: &LoadRequest) -> (String, Outcome) {
    let mut request = request.clone();
    if let Some(t) = question.prog_type {
        request.prog_type = t as u32;
    }
    let options = Options { log_level: LOG_LEVEL, ..question.options() };
    let begun = Instant::now();
    let late = || question.time.is_some_and(|limit| begun.elapsed() > limit);
    let ours = catch_unwind(AssertUnwindSafe(|| verify_with(system, &request, &options, &mut Off, &late)));
    let Ok(report) = ours else { return ("unsupported".into(), Outcome::Open("internal error of bpfvet".into())) };
    let (word, said, message) = match &report.verdict {
        Verdict::Accepted(_) => ("accepted", "accepted".to_string(), String::new()),
        Verdict::Rejected(r) => {
            let message = r.cause.as_ref().map(|c| c.text(system.kernel.style)).unwrap_or_default();
            ("rejected", format!("rejected with error {}", r.errno as i32), message)
        }
        Verdict::Unsupported(what) => return ("unsupported".into(), Outcome::Open(format!("not modelled: {what}"))),
        Verdict::Budget(what) => return ("unsupported".into(), Outcome::Open(format!("undecided: {what}"))),
    };
    let answer = match load::ask(&request, question.privilege, LOG_LEVEL) {
        Asked::Answer(answer) => answer,
        Asked::Not(why) => return (word.into(), Outcome::Open(format!("the kernel was not asked: {why}"))),
    };
    let theirs = match answer.verdict.as_str() {
        "accepted" => "accepted".to_string(),
        "rejected" => format!("rejected with error {}", answer.errno),
        _ => format!("the {} is refused with error {}", answer.failed, answer.errno),
    };
    if theirs != said {
        let last = answer.log.lines().rev().find(|l| !l.is_empty() && !l.starts_with("processed "));
        let words = if answer.verdict == "accepted" { message.trim_end() } else { last.unwrap_or("without a word") };
        return (word.into(), Outcome::Verdict { kernel: theirs, ours: said, message: words.to_string() });
    }
    let (theirs, ours) = (normalise::log(&answer.log), normalise::log(&String::from_utf8_lossy(&report.log)));
    let differs = if answer.log_cut { None } else { normalise::first_difference(&theirs, &ours) };
    let outcome = differs.map_or(Outcome::Same, |(line, kernel, ours)| Outcome::Log {
        line,
        kernel: kernel.to_string(),
        ours: ours.to_string(),
    });
    (word.into(), outcome)
}

fn print(format: Format, system: &System, all: &[Compared], out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            let rows: Vec<Value> = all.iter().map(|c| row(system, c)).collect();
            writeln!(out, "{}", clean::json(&Value::from(rows).to_string()))
        }
        Format::Jsonl => all.iter().try_for_each(|c| writeln!(out, "{}", clean::json(&row(system, c).to_string()))),
        _ => text(system, all, out),
    }
}

fn row(system: &System, c: &Compared) -> Value {
    let (word, kernel, ours, more) = match &c.outcome {
        Outcome::Same => ("same", Value::Null, Value::Null, Value::Null),
        Outcome::Log { line, kernel, ours } => ("log", json!(kernel), json!(ours), json!(line)),
        Outcome::Verdict { kernel, ours, message } => ("verdict", json!(kernel), json!(ours), json!(message)),
        Outcome::Open(why) => ("open", Value::Null, Value::Null, json!(why)),
    };
    let more_is = match &c.outcome {
        Outcome::Log { .. } => "line",
        Outcome::Verdict { .. } => "message",
        Outcome::Same | Outcome::Open(_) => "reason",
    };
    json!({
        "schema": 1,
        "object": c.object,
        "program": c.program,
        "kernel": system.kernel.name,
        "basis": system.kernel.basis.word(),
        "verdict": c.verdict,
        "differs": word,
        "running": kernel,
        "bpfvet": ours,
        more_is: more,
    })
}

fn text(system: &System, all: &[Compared], out: &mut dyn Write) -> io::Result<()> {
    let mut counts = [0usize; 4];
    for c in all {
        let place = format!("{}: {}", clean::line(&c.object), clean::line(&c.program));
        match &c.outcome {
            Outcome::Same => counts[0] += 1,
            Outcome::Log { line, kernel, ours } => {
                counts[1] += 1;
                writeln!(out, "log differs: {place}: both {}, from line {line} of the log on", c.verdict)?;
                writeln!(out, "  running: {}\n  bpfvet:  {}", clean::line(kernel), clean::line(ours))?;
            }
            Outcome::Verdict { kernel, ours, message } => {
                counts[2] += 1;
                writeln!(out, "verdict differs: {place}")?;
                writeln!(out, "  running: {kernel}\n  bpfvet:  {ours}\n  {}", clean::lines(message))?;
            }
            Outcome::Open(why) => {
                counts[3] += 1;
                writeln!(out, "not compared: {place}: {}", clean::line(why))?;
            }
        }
    }
    writeln!(
        out,
        "{} programs on the running kernel and as Linux {} ({}): {} the same, {} with another log, {} with another \
         verdict, {} not compared",
        all.len(),
        system.kernel.name,
        system.kernel.basis.word(),
        counts[0],
        counts[1],
        counts[2],
        counts[3]
    )
}
