//! `bpfvet explain --log`: a verifier's log, alone or beside the object that it is said to be of.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use verifier_core::explain::log::{Reading, read};
use verifier_core::program::LoadRequest;

use crate::args::{ExplainArgs, Format};
use crate::ask::Question;
use crate::clean;
use crate::input;
use crate::known::Known;
use crate::render;
use crate::row::{Kind, Place, Row};
use crate::target;

/// The row that a log alone gives.
fn row(name: &str, reading: &Reading) -> Row {
    let kind = if reading.accepted { Kind::Accepted } else { Kind::Rejected };
    let program = reading.program.clone().unwrap_or_default();
    let mut row = Row::new(name, &program, "", "", kind, reading.message.clone());
    if reading.accepted {
        return row;
    }
    row.errno = reading.errno.map(str::to_string);
    row.code = Some(reading.code()).filter(|c| !c.is_empty());
    row.category = reading.category.map(|c| c.title());
    row.page = reading.row.map(|r| r.doc.trim());
    row.insn = reading.insn;
    row.insn_text = reading.insn_text.clone();
    row.source =
        reading.source().map(|s| Place { file: s.file.clone(), line: s.line, column: s.column, text: s.text.clone() });
    row.trace = Some(reading.trace());
    row
}

/// Whether log and object belong together, and the row of the object's program.
struct Beside {
    row: Option<Row>,
    words: String,
    belongs: bool,
}

/// The program of an object whose instructions the log shows: its name, and how many of how many are the same.
fn program_of(reading: &Reading, programs: &[(String, LoadRequest)]) -> Option<(String, usize, usize)> {
    let fit = |(name, request): &(String, LoadRequest)| {
        let (same, seen) = reading.fits(request);
        (name.clone(), same, seen)
    };
    let named = |n: &str| reading.program.as_deref() == Some(n);
    programs.iter().map(fit).max_by_key(|(name, same, _)| (*same, named(name)))
}

fn beside(reading: &Reading, object: &Path, args: &ExplainArgs) -> Result<Beside, String> {
    let bytes = input::read(object)?;
    let name = object.display().to_string();
    let systems = target::systems(&args.target)?;
    let system = systems.first().ok_or("no kernel named")?;
    let mut question = Question { programs: args.prog.clone(), explain: true, ..Question::default() };
    let opened = question.open(&name, &bytes, system).map_err(|e| format!("{name}: {e}"))?;
    let programs: Vec<(String, LoadRequest)> =
        opened.programs.into_iter().filter_map(|p| Some((p.name, p.result.ok()?))).collect();
    let Some((program, same, seen)) = program_of(reading, &programs) else {
        return Ok(Beside { row: None, words: format!("{name} holds no program that can be loaded"), belongs: false });
    };
    if seen == 0 {
        let known = reading.program.as_ref().is_some_and(|p| programs.iter().any(|(n, _)| n == p));
        let words = if known {
            format!("the log shows no instructions; {name} holds a program of the name it tells")
        } else {
            format!("the log shows no instructions, so it cannot be told whether it is of {name}")
        };
        if !known {
            return Ok(Beside { row: None, words, belongs: false });
        }
        question.programs = reading.program.iter().cloned().collect();
        return Ok(Beside { row: ask(&question, &name, &bytes, system)?, words, belongs: true });
    }
    if same * 10 < seen * 9 {
        let words = format!(
            "log and object do not belong together: of {seen} instructions that the log shows, {same} are those of `{program}`, the program of {name} that is nearest"
        );
        return Ok(Beside { row: None, words, belongs: false });
    }
    question.programs = vec![program.clone()];
    let row = ask(&question, &name, &bytes, system)?;
    let words = format!(
        "log and object belong together: {same} of {seen} instructions that the log shows are those of `{program}`"
    );
    Ok(Beside { row, words, belongs: true })
}

fn ask(
    question: &Question,
    name: &str,
    bytes: &[u8],
    system: &verifier_core::analysis::System,
) -> Result<Option<Row>, String> {
    let mut known = Known::new(question, &|| false);
    let rows = question.object(name, bytes, std::slice::from_ref(system), &mut known, &|| false);
    Ok(rows.map_err(|e| format!("{name}: {e}"))?.into_iter().next())
}

/// Explains a log; 0 when that could be done, 1 when log and object do not belong together.
///
/// # Errors
/// In words for the user.
pub fn run(file: &Path, args: &ExplainArgs, colours: bool, out: &mut dyn Write) -> Result<u8, String> {
    let bytes = input::read(file)?;
    let name = file.display().to_string();
    let reading = read(&bytes);
    if reading.walked.is_empty() && reading.row.is_none() && !reading.accepted {
        return Err(format!("{name}: no verifier's log: neither an instruction nor words of a kernel in it"));
    }
    let own = row(&name, &reading);
    let beside = args.what.as_ref().map(|object| beside(&reading, object, args)).transpose()?;
    let failed = |e: io::Error| e.to_string();
    // The object explains more, where the kernel asked says of it what the log says.
    let fuller = beside.as_ref().and_then(|b| b.row.clone()).filter(|r| r.code == own.code);
    let differs = beside.as_ref().is_some_and(|b| b.row.is_some()) && fuller.is_none();
    let shown = fuller.unwrap_or(own);
    match args.format {
        Format::Json | Format::Jsonl => {
            let mut value = render::json_object(&shown);
            if let (Value::Object(o), Some(b)) = (&mut value, &beside) {
                o.insert("log_is_of_object".into(), json!(b.belongs));
                o.insert("note".into(), json!(b.words));
            }
            if args.format == Format::Json {
                let text = serde_json::to_string_pretty(&[value]).map_err(|e| e.to_string())?;
                writeln!(out, "{}", clean::json(&text)).map_err(failed)?;
            } else {
                writeln!(out, "{}", clean::json(&value.to_string())).map_err(failed)?;
            }
        }
        Format::Text => {
            if let Some(b) = &beside {
                writeln!(out, "{}", clean::line(&b.words)).map_err(failed)?;
                if differs {
                    let other = b.row.as_ref().map_or("", |r| {
                        if r.kind == Kind::Rejected { "rejects it for another reason" } else { "says otherwise" }
                    });
                    let kernel = b.row.as_ref().map_or("", |r| r.kernel.as_str());
                    writeln!(out, "Linux {kernel} {other}, so what follows is from the log alone").map_err(failed)?;
                }
                writeln!(out).map_err(failed)?;
            }
            if shown.kind == Kind::Accepted && shown.kernel.is_empty() {
                let name = clean::line(&name);
                writeln!(out, "{name}: the log ends without a reason: the kernel accepted the program")
                    .map_err(failed)?;
            } else {
                out.write_all(render::long(&shown, colours).map_err(failed)?.as_bytes()).map_err(failed)?;
            }
        }
        other => {
            let text = render::report(other, std::slice::from_ref(&shown)).map_err(failed)?;
            out.write_all(text.as_bytes()).map_err(failed)?;
        }
    }
    Ok(u8::from(beside.is_some_and(|b| !b.belongs)))
}
