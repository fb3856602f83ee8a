//! `bpfvet report`: one page that holds everything: the matrix, source with what each line costs, the path of a rejection.
//!
//! The page needs nothing from anywhere: style, script and data stand in it, and its policy forbids anything else. Data is
//! JSON whose `<` is escaped, and the script puts it into the page as text only, never as markup.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};
use verifier_core::explain::Step;

use crate::args::ReportArgs;
use crate::ask::Question;
use crate::contract::Contracts;
use crate::render::expectation;
use crate::row::{Kind, Row};
use crate::study::{Studied, Wanted, study};
use crate::{clean, input, target, tell};

/// The page around the data.
const PAGE: &str = include_str!("report/page.html");
/// Where the data goes in it.
const PLACE: &str = "@DATA@";
/// Where the version goes.
const VERSION: &str = "@VERSION@";

/// Writes a page about objects.
///
/// # Errors
/// In words for the user.
pub fn run(args: &ReportArgs, out: &mut dyn Write) -> Result<(), String> {
    let mut contracts = Contracts::new(&args.config);
    let mut lines = Lines::default();
    let mut programs: Vec<Value> = Vec::new();
    let mut kernels: Vec<String> = Vec::new();
    for file in input::files(&args.objects)? {
        let name = file.display().to_string();
        let bytes = input::read(&file)?;
        if let input::What::Other(words) | input::What::OtherOrder(words) = input::what(&bytes) {
            return Err(format!("{}: {words}", clean::path(&file)));
        }
        for plan in contracts.plans(&file)? {
            let systems = target::systems(&args.target.or(&plan.kernels))?;
            let question = Question { explain: true, programs: args.prog.clone(), plan, ..Question::default() };
            let wanted = Wanted { cost: !args.no_cost, values: args.values };
            let studied = study(&question, &name, &bytes, &systems, wanted, &|| false)
                .map_err(|e| format!("{}: {}", clean::path(&file), clean::lines(&e.to_string())))?;
            for system in &systems {
                if !kernels.iter().any(|k| k == system.kernel.name) {
                    kernels.push(system.kernel.name.to_string());
                }
            }
            for one in studied.chunk_by(|a, b| (&a.row.program, &a.row.section) == (&b.row.program, &b.row.section)) {
                programs.push(program(one, &mut lines));
            }
        }
    }
    if programs.is_empty() {
        return Err("nothing to report: no program matches".into());
    }
    let n = programs.len();
    let data = json!({"kernels": kernels, "programs": programs, "files": lines.files});
    let data = clean::json(&data.to_string()).replace('<', "\\u003c").replace('&', "\\u0026");
    let (before, behind) = PAGE.split_once(PLACE).ok_or("the page has no place for data")?;
    let page = format!("{before}{data}{behind}").replacen(VERSION, env!("CARGO_PKG_VERSION"), 1);
    if args.out.as_os_str() == "-" {
        return out.write_all(page.as_bytes()).map_err(|e| e.to_string());
    }
    std::fs::write(&args.out, &page).map_err(|e| format!("{}: {e}", clean::path(&args.out)))?;
    let (k, size) = (kernels.len(), page.len() / 1024);
    tell::note(&format!("{} written: {n} programs, {k} kernels, {size} KiB", clean::path(&args.out)));
    Ok(())
}

/// Names of files, each once.
#[derive(Default)]
struct Lines {
    files: Vec<String>,
}

impl Lines {
    fn file(&mut self, name: &str) -> usize {
        self.files.iter().position(|f| f == name).unwrap_or_else(|| {
            self.files.push(name.to_string());
            self.files.len() - 1
        })
    }
}

/// A program on every kernel that was asked. Lines stand once, with figures for each kernel.
fn program(all: &[Studied], lines: &mut Lines) -> Value {
    let Some(first) = all.first() else { return Value::Null };
    let mut source: BTreeMap<(String, u32), String> = BTreeMap::new();
    for s in all {
        for (place, line) in &s.lines {
            let text = source.entry(place.clone()).or_default();
            if text.is_empty() {
                text.clone_from(&line.text);
            }
        }
    }
    let number: BTreeMap<&(String, u32), usize> = source.keys().enumerate().map(|(i, k)| (k, i)).collect();
    let listed: Vec<Value> =
        source.iter().map(|((file, n), text)| json!([lines.file(file), n, clean::line(text)])).collect();
    let answers: Vec<Value> = all.iter().map(|s| answer(s, &number)).collect();
    let row = &first.row;
    json!({
        "object": clean::line(&row.object), "name": clean::line(&row.title()), "type": clean::line(&row.prog_type),
        "section": clean::line(&row.section), "lines": listed, "answers": answers,
    })
}

fn answer(s: &Studied, number: &BTreeMap<&(String, u32), usize>) -> Value {
    let row = &s.row;
    let mut heat: Vec<[u64; 3]> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for (place, line) in &s.lines {
        let Some(i) = number.get(place) else { continue };
        if line.insns > 0 {
            heat.push([*i as u64, line.insns, line.states]);
        }
        if !line.values.is_empty() {
            let shown: Vec<String> = line.values.iter().map(|v| clean::line(v)).collect();
            values.push(json!([i, shown.join("\n")]));
        }
    }
    let at = |step: &Step| {
        let source = step.source.as_ref()?;
        number.get(&(source.file.clone(), source.line)).copied()
    };
    let step = |s: &Step| json!({"line": at(s), "kind": s.kind.word(), "label": clean::line(&s.label), "insn": s.insn});
    let steps: Vec<Value> = row.trace.iter().flat_map(|t| &t.steps).map(step).collect();
    let suggestions = row.trace.iter().flat_map(|t| &t.suggestions);
    let fixes: Vec<String> = suggestions.map(|s| format!("{} [{}]", clean::line(&s.text), s.code)).collect();
    json!({
        "kernel": row.kernel, "verdict": row.kind.word(), "cell": cell(row), "fails": row.fails(), "code": row.code,
        "message": clean::lines(&row.message), "reason": row.reason.as_ref().map(|r| clean::line(r)),
        "problem": row.trace.as_ref().map(|t| clean::line(&t.problem)), "basis": row.basis,
        "insns": row.counters.map(|c| c.insns), "states": row.counters.map(|c| c.total_states),
        "stack": row.counters.map(|c| c.stack_depth), "over": row.over_budget, "expected": expectation(row),
        "heat": heat, "values": values, "steps": steps, "fixes": fixes,
    })
}

/// The word in a cell of the matrix.
fn cell(row: &Row) -> &'static str {
    match row.kind {
        Kind::Accepted if !row.over_budget.is_empty() => "over",
        Kind::Accepted => "ok",
        Kind::Rejected => "rejected",
        Kind::NotLoadable => "no load",
        Kind::Unsupported => "?",
        Kind::Error | Kind::Gone => "!",
    }
}
