//! Answers as an editor shows them: diagnostics with their causes, hover, quick fixes, a lens per program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use verifier_core::explain::{Change, Step, Suggestion, Trace};

use super::objects::Objects;
use super::uri_of;
use crate::clean::{self, Shown};
use crate::row::{Kind, Row};

/// The command of lenses: it shows what it says, and does nothing.
pub(super) const COMMAND: &str = "bpfvet.nothing";

/// A diagnostic, for every kernel that says the same.
struct Found {
    file: PathBuf,
    range: Value,
    problem: String,
    code: String,
    program: String,
    kernels: Vec<String>,
    related: Vec<Value>,
    fails: bool,
}

/// Lines of a file as it is now.
fn lines(file: &Path) -> Vec<String> {
    const MOST: u64 = 16 << 20;
    let small = std::fs::metadata(file).is_ok_and(|m| m.len() <= MOST);
    let text = if small { std::fs::read(file).unwrap_or_default() } else { Vec::new() };
    String::from_utf8_lossy(&text).lines().map(str::to_string).collect()
}

/// A part of a line in UTF-16 units: what a step is about where the line still reads as it did, else all of it.
fn range(lines: &[String], line: u32, text: &str, focus: Option<&std::ops::Range<usize>>) -> Value {
    let n = line.saturating_sub(1);
    let now = lines.get(n as usize).map_or("", String::as_str);
    let units = |s: &str| s.encode_utf16().count();
    let begin = now.len() - now.trim_start().len();
    let same = !text.is_empty() && now.trim() == text.trim();
    let (from, to) = match focus.filter(|f| same && f.end > f.start) {
        Some(f) => (begin + f.start, begin + f.end),
        None => (begin, now.trim_end().len().max(begin)),
    };
    let at = |n: usize| {
        let n = n.min(now.len());
        let n = (0..=n).rev().find(|n| now.is_char_boundary(*n)).unwrap_or(0);
        units(&now[..n])
    };
    json!({"start": {"line": n, "character": at(from)}, "end": {"line": n, "character": at(to)}})
}

/// Where a step stands, as a location.
fn place(objects: &Objects, object: &Path, step: &Step) -> Option<(PathBuf, Value)> {
    let source = step.source.as_ref().filter(|s| s.line > 0)?;
    let file = objects.source(object, &source.file)?;
    let range = range(&lines(&file), source.line, &source.text, Some(&step.focus));
    Some((file, range))
}

fn found(objects: &Objects, object: &Path, row: &Row, begins: Option<&(String, u32)>) -> Option<Found> {
    let shown = Shown::of(row);
    let mut related = Vec::new();
    let at = match row.trace.as_ref() {
        Some(trace) => {
            related = causes(objects, object, trace);
            trace.steps.last().and_then(|s| place(objects, object, s))
        }
        None => None,
    };
    let (file, range) = at.or_else(|| {
        let (name, line) = row.source.as_ref().map(|s| (s.file.clone(), s.line)).or_else(|| begins.cloned())?;
        let file = objects.source(object, &name)?;
        let range = range(&lines(&file), line.max(1), "", None);
        Some((file, range))
    })?;
    let first = shown.message.lines().next().unwrap_or_default().to_string();
    let mut problem = match (&shown.trace, row.kind) {
        (Some(t), _) => t.problem.clone(),
        (None, Kind::Accepted) => format!("over budget: {}", shown.over_budget.join(", ")),
        (None, _) => first,
    };
    for more in shown.reason.iter().cloned().chain(crate::render::expectation(&shown)) {
        problem.push_str(&format!("\n{more}"));
    }
    Some(Found {
        file,
        range,
        problem,
        code: row.code.unwrap_or(row.kind.word()).to_string(),
        program: shown.title(),
        kernels: vec![shown.kernel.clone()],
        related,
        fails: row.fails(),
    })
}

/// The chain of causes, without its end, which the diagnostic is.
fn causes(objects: &Objects, object: &Path, trace: &Trace) -> Vec<Value> {
    let before = trace.steps.len().saturating_sub(1);
    let one = |s: &Step| {
        let (file, range) = place(objects, object, s)?;
        Some(json!({"location": {"uri": uri_of(&file), "range": range}, "message": clean::line(&s.label)}))
    };
    trace.steps.iter().take(before).filter_map(one).collect()
}

/// Diagnostics by file. A file whose objects are all well has an empty list only where it had one before.
pub(super) fn diagnostics(objects: &Objects) -> BTreeMap<PathBuf, Vec<Value>> {
    let mut all: Vec<Found> = Vec::new();
    for (object, a) in objects.answers() {
        let told = a.row.fails() || a.row.kind == Kind::Unsupported;
        let Some(f) = told.then(|| found(objects, object, &a.row, a.begins.as_ref())).flatten() else { continue };
        let same = |g: &&mut Found| {
            (&g.file, &g.range, &g.code, &g.program) == (&f.file, &f.range, &f.code, &f.program) && g.fails == f.fails
        };
        match all.iter_mut().find(same) {
            Some(g) => g.kernels.extend(f.kernels),
            None => all.push(f),
        }
    }
    let mut out: BTreeMap<PathBuf, Vec<Value>> = BTreeMap::new();
    for f in all {
        let kernels = f.kernels.join(", ");
        out.entry(f.file).or_default().push(json!({
            "range": f.range,
            "severity": if f.fails { 1 } else { 2 },
            "code": f.code,
            "source": "bpfvet",
            "message": format!("{} (program `{}`, Linux {kernels})", f.problem, f.program),
            "relatedInformation": f.related,
        }));
    }
    out
}

/// What a line costs on each kernel, and what is known of its values.
pub(super) fn hover(objects: &mut Objects, file: &Path, position: &Value) -> Value {
    let Some(line) = position["line"].as_u64().and_then(|n| u32::try_from(n + 1).ok()) else { return Value::Null };
    let Ok(file) = file.canonicalize() else { return Value::Null };
    let mut said: Vec<String> = Vec::new();
    for answers in objects.closely(&file) {
        for a in answers.iter() {
            let object = PathBuf::from(&a.row.object);
            let of_line =
                a.lines.iter().filter(|((f, n), _)| *n == line && objects.source(&object, f).as_deref() == Some(&file));
            for (_, found) in of_line {
                let shown = Shown::of(&a.row);
                let mut text = format!(
                    "**{}** on Linux {}: {} instructions processed here, {} states kept",
                    clean::markdown(&shown.title()),
                    clean::markdown(&shown.kernel),
                    found.insns,
                    found.states
                );
                found.values.iter().for_each(|v| text.push_str(&format!("\n- {}", clean::markdown(v))));
                said.push(text);
            }
        }
    }
    if said.is_empty() {
        return Value::Null;
    }
    json!({"contents": {"kind": "markdown", "value": said.join("\n\n")}})
}

/// Quick fixes for what stands on some lines.
pub(super) fn actions(objects: &Objects, file: &Path, wanted: &Value) -> Value {
    let Ok(file) = file.canonicalize() else { return json!([]) };
    let line = |end: &str| wanted[end]["line"].as_u64().unwrap_or(0);
    let (from, to) = (line("start"), line("end"));
    let mut out: Vec<Value> = Vec::new();
    for (object, a) in objects.answers().filter(|(_, a)| a.row.kind == Kind::Rejected) {
        let Some(f) = found(objects, object, &a.row, a.begins.as_ref()) else { continue };
        let at = f.range["start"]["line"].as_u64().unwrap_or(u64::MAX);
        if f.file != file || at < from || at > to {
            continue;
        }
        for fix in a.row.changes() {
            let Some(edit) = edits(objects, object, fix) else { continue };
            let action = json!({"title": clean::line(&fix.text), "kind": "quickfix", "edit": edit});
            if !out.contains(&action) {
                out.push(action);
            }
        }
    }
    Value::from(out)
}

/// A fix as a change of files; `None`: a line is not what it was.
fn edits(objects: &Objects, object: &Path, fix: &Suggestion) -> Option<Value> {
    let mut changes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for e in &fix.edits {
        let file = objects.source(object, &e.file)?;
        let lines = lines(&file);
        let n = e.line.checked_sub(1)?;
        let now = lines.get(n as usize)?;
        let indent = &now[..now.len() - now.trim_start().len()];
        let start = json!({"line": n, "character": 0});
        let edit = match &e.change {
            Change::Before(code) => {
                json!({"range": {"start": start, "end": start}, "newText": format!("{indent}{code}\n")})
            }
            Change::Line(code) => {
                let end = json!({"line": n, "character": now.encode_utf16().count()});
                json!({"range": {"start": start, "end": end}, "newText": format!("{indent}{code}")})
            }
        };
        changes.entry(uri_of(&file)).or_default().push(edit);
    }
    Some(json!({"changes": changes}))
}

/// A lens per program: which kernels load it.
pub(super) fn lenses(objects: &Objects, file: &Path) -> Value {
    let Ok(file) = file.canonicalize() else { return json!([]) };
    let mut programs: BTreeMap<(u32, String), Vec<String>> = BTreeMap::new();
    for (object, a) in objects.answers() {
        let Some((name, line)) = &a.begins else { continue };
        if objects.source(object, name).as_deref() != Some(&file) {
            continue;
        }
        let row = Shown::of(&a.row);
        let word = match (row.kind, row.fails()) {
            (Kind::Accepted, false) => "ok".to_string(),
            (Kind::Accepted, true) => "over budget".to_string(),
            (kind, _) => row.code.unwrap_or(kind.word()).to_string(),
        };
        programs.entry((*line, row.title())).or_default().push(format!("{} {word}", row.kernel));
    }
    let lens = |((line, program), kernels): ((u32, String), Vec<String>)| {
        let at = json!({"line": line.saturating_sub(1), "character": 0});
        let title = format!("{program}: {}", kernels.join(", "));
        json!({"range": {"start": at, "end": at}, "command": {"title": title, "command": COMMAND}})
    };
    programs.into_iter().map(lens).collect()
}
