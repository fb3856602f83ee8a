//! `bpfvet explain`: programs at length, or the page of a code.

use std::io::{self, Write};

use verifier_core::explain::invariants::Invariant;

use crate::args::{ExplainArgs, Format};
use crate::ask::Question;
use crate::input::{self, What};
use crate::known::Known;
use crate::row::Row;
use crate::verify_fixes::Trying;
use crate::{clean, explain_log, render, target, tools};

/// Explains what the command line names.
///
/// # Errors
/// In words for the user.
pub fn run(args: &ExplainArgs, colours: bool, out: &mut dyn Write) -> Result<u8, String> {
    if let Some(log) = &args.log {
        return explain_log::run(log, args, colours, out);
    }
    let what = args.what.as_ref().ok_or("name an object, a code, or a log with --log")?;
    let name = what.display().to_string();
    let shown = clean::path(what);
    let is_code = |c: &str| c == "list" || tools::pages().iter().any(|p| p.code == c);
    if !what.exists() && name != "-" {
        // A name with a dot or a folder is a file that is not there.
        return match is_code(&name) || !name.contains(['.', '/']) {
            true => tools::explain(&name, out).map(|()| 0),
            false => Err(format!("{shown}: no such file")),
        };
    }
    let bytes = input::read(what)?;
    if let What::Other(words) = input::what(&bytes) {
        return Err(format!("{shown}: {words}"));
    }
    let failed = |e: io::Error| e.to_string();
    let mut answers = 0;
    for system in &target::systems(&args.target)? {
        let mut question = Question { programs: args.prog.clone(), explain: true, ..Question::default() };
        let trying = args.verify_fixes.as_deref().map(|c| Trying::of(c, &name, &bytes, system)).transpose()?;
        if let Some(trying) = &trying {
            question.sources = trying.sources();
        }
        let mut known = Known::new(&question, &|| false);
        let rows = question.object(&name, &bytes, std::slice::from_ref(system), &mut known, &|| false);
        let mut rows = rows.map_err(|e| format!("{shown}: {}", clean::line(&e.to_string())))?;
        if let Some(trying) = &trying {
            rows.iter_mut().for_each(|row| trying.verify(row, system));
        }
        answers += rows.len();
        if args.format != Format::Text {
            out.write_all(render::report(args.format, &rows).map_err(failed)?.as_bytes()).map_err(failed)?;
            continue;
        }
        for row in &rows {
            let text = render::long(row, colours).map_err(failed)?;
            out.write_all(text.as_bytes()).map_err(failed)?;
            if let Some(invariants) = known.take(row) {
                accepted(row, invariants, out).map_err(failed)?;
            }
        }
    }
    if answers == 0 {
        return Err(format!("{shown}: nothing to explain: no program matches"));
    }
    Ok(0)
}

/// What is known, by source line; by instruction where there is no source.
fn accepted(row: &Row, invariants: Option<Vec<Invariant>>, out: &mut dyn Write) -> io::Result<()> {
    let Some(rows) = invariants else {
        return writeln!(
            out,
            "  Following every number of `{}` exactly takes more than one program may; nothing is told.",
            clean::line(&row.program)
        );
    };
    writeln!(out, "  Known of the values that each line uses, whichever way it is reached:")?;
    let mut last = None;
    for Invariant { insn, source, known, .. } in rows.iter().filter(|r| !r.known.is_empty()) {
        let line = source.as_ref().map(|s| (s.file.clone(), s.line));
        if line.is_none() || line != last {
            match source {
                Some(s) => writeln!(out, "{}:{}: {}", clean::line(&s.file), s.line, clean::line(&s.text))?,
                None => writeln!(out, "instruction {insn}:")?,
            }
            last = line;
        }
        let words: Vec<String> = known.iter().map(|k| format!("R{}: {}", k.reg, clean::line(&k.words))).collect();
        writeln!(out, "    {:>5}: {}", insn, words.join("; "))?;
    }
    writeln!(out)
}
