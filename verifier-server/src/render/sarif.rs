//! SARIF 2.1.0: a result per program that does not load, with its chain of causes as a code flow.
//!
//! Strings hold what the object holds, escaped by [`clean::json`]; sentences are made of cleaned rows. Paths below the root
//! of the checkout (`GITHUB_WORKSPACE`, else the working directory) are relative to it, under the base `%SRCROOT%`; others
//! are `file:` URIs.
//!
//! Fingerprints are made of what stays when unrelated lines move: object name, program, kernel, code and the text of the
//! failing source line.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};
use verifier_core::explain::{Change, Step, Suggestion, Trace};

use crate::clean::{self, Shown};
use crate::row::{Kind, Row};
use crate::save::hash;

/// Prints one run.
pub fn print(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let root = Root::find();
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for row in rows.iter().filter(|r| reported(r)) {
        let id = rule_id(row);
        rules.entry(id).or_insert_with(|| rule(id, row));
        results.push(result(id, row, &root));
    }
    let sarif = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "bpfvet",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the checkout."}}},
            "results": results,
        }],
    });
    writeln!(out, "{}", clean::json(&serde_json::to_string_pretty(&sarif)?))
}

/// Whether a row is a result: all that is not simply accepted, and what is not as expected.
fn reported(row: &Row) -> bool {
    row.expected.as_ref().map_or(row.kind != Kind::Accepted || !row.over_budget.is_empty(), |e| !e.met)
}

/// Where paths begin.
struct Root {
    /// Working directory; `None`: it cannot be told, and paths stay as they are.
    here: Option<PathBuf>,
    root: Option<PathBuf>,
}

impl Root {
    fn find() -> Root {
        let here = std::env::current_dir().ok();
        let workspace = std::env::var_os("GITHUB_WORKSPACE").filter(|w| !w.is_empty()).map(PathBuf::from);
        Root { root: workspace.filter(|w| w.is_absolute()).or_else(|| here.clone()), here }
    }

    /// A path as an artifact: below the root, relative to it.
    fn artifact(&self, path: &str) -> Value {
        let tidy = tidy(Path::new(path));
        // What a compiler was given may be relative to anywhere; only what is there is known to be below us.
        let there = self.here.as_ref().map(|here| here.join(&tidy)).filter(|p| tidy.is_absolute() || p.exists());
        let tidied = there.map(|p| self::tidy(&p));
        let below = match (&tidied, &self.root) {
            (Some(p), Some(root)) => p.strip_prefix(self::tidy(root)).ok().map(Path::to_path_buf),
            _ => None,
        };
        let shown = below.unwrap_or(tidy);
        let uri = clean::uri(&shown.to_string_lossy());
        if shown.is_absolute() {
            json!({"uri": format!("file://{uri}")})
        } else {
            json!({"uri": uri, "uriBaseId": "%SRCROOT%"})
        }
    }
}

/// A path without empty and `.` parts, and without `..` behind a name.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if out.has_root() => {}
            _ => out.push(part),
        }
    }
    out
}

/// Largest source whose indentation is looked up.
const SOURCE: u64 = 16 << 20;

impl Root {
    /// What a line begins with, where the source is there; a change of the line keeps it.
    fn indent(&self, path: &str, line: u32) -> String {
        let found = || {
            let file = self.here.as_ref()?.join(tidy(Path::new(path)));
            let about = file.metadata().ok().filter(|m| m.is_file() && m.len() <= SOURCE)?;
            let below = self.root.as_ref().is_some_and(|root| file.starts_with(root));
            let text = (below && about.len() > 0).then(|| std::fs::read(&file).ok()).flatten()?;
            let text = String::from_utf8_lossy(&text).into_owned();
            let line = text.lines().nth(line.checked_sub(1)? as usize)?;
            Some(line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect())
        };
        found().unwrap_or_default()
    }
}

/// A suggestion as a change of lines.
fn fix(fix: &Suggestion, root: &Root) -> Value {
    let mut changes: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for e in &fix.edits {
        let indent = root.indent(&e.file, e.line);
        let (end, code) = match &e.change {
            Change::Before(code) => (e.line, code),
            Change::Line(code) => (e.line.saturating_add(1), code),
        };
        changes.entry(&e.file).or_default().push(json!({
            "deletedRegion": {"startLine": e.line, "startColumn": 1, "endLine": end, "endColumn": 1},
            "insertedContent": {"text": format!("{indent}{code}\n")},
        }));
    }
    let changes = changes
        .into_iter()
        .map(|(file, replacements)| json!({"artifactLocation": root.artifact(file), "replacements": replacements}));
    let text = clean::no_links(&clean::line(&fix.text));
    json!({"description": {"text": text}, "artifactChanges": changes.collect::<Vec<_>>()})
}

fn rule_id(row: &Row) -> &'static str {
    match row.kind {
        Kind::Rejected => row.code.unwrap_or("rejected"),
        Kind::NotLoadable => "not-loadable",
        Kind::Unsupported => "unsupported",
        Kind::Error => "broken-input",
        Kind::Accepted if row.over_budget.is_empty() => "unexpected",
        Kind::Accepted => "over-budget",
        Kind::Gone => "gone",
    }
}

fn rule(id: &str, row: &Row) -> Value {
    let page = row.page.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let text = if page.is_empty() { id.to_string() } else { page };
    json!({
        "id": id,
        "shortDescription": {"text": row.category.unwrap_or(id)},
        "fullDescription": {"text": text},
        "help": {"text": format!("bpfvet explain {id}")},
    })
}

/// Where a step stands: its source line, or the object with the instruction's byte offset.
fn location(row: &Row, step: Option<&Step>, root: &Root) -> Value {
    let source = step.and_then(|s| s.source.as_ref()).filter(|s| s.line > 0);
    match source {
        Some(s) => {
            let mut region = json!({"startLine": s.line, "snippet": {"text": s.text}});
            let at = step.filter(|s| s.column > 0 && s.focus.end > s.focus.start);
            if let Some(step) = at {
                region["startColumn"] = json!(step.column);
                region["endColumn"] = json!(step.column as usize + step.focus.end - step.focus.start);
            }
            json!({"physicalLocation": {"artifactLocation": root.artifact(&s.file), "region": region}})
        }
        None if row.program.is_empty() => json!({"physicalLocation": {"artifactLocation": root.artifact(&row.object)}}),
        None => {
            let insn = step.map(|s| s.insn).or(row.insn).unwrap_or(0);
            json!({
                "physicalLocation": {
                    "artifactLocation": root.artifact(&row.object),
                    "region": {"byteOffset": insn * 8, "byteLength": 8},
                },
                "logicalLocations": [{"name": row.program, "kind": "function"}],
            })
        }
    }
}

/// What is wrong, what to do, and the kernel's words, in one paragraph each.
fn explained(row: &Shown<'_>, t: &Trace) -> String {
    let mut out = format!("{} ({}).", t.problem, whom(row));
    if let Some(s) = t.suggestions.first() {
        out.push_str(&format!("\nWhat helps: {} [{}]", s.text, s.code));
    }
    if !t.message.is_empty() {
        out.push_str(&format!("\nThe kernel returns {} and says: {}", t.errno, t.message));
    }
    out
}

/// What a result is about.
fn whom(row: &Shown<'_>) -> String {
    let mut out = match row.program.as_str() {
        "" => row.object.clone(),
        _ => format!("program `{}` of {}", row.title(), row.object),
    };
    if !row.kernel.is_empty() {
        out.push_str(&format!(", Linux {}", row.kernel));
    }
    out
}

fn result(id: &str, row: &Row, root: &Root) -> Value {
    let steps: &[Step] = row.trace.as_ref().map_or(&[], |t| &t.steps);
    let last = steps.last();
    let level = match row.kind {
        Kind::Rejected | Kind::NotLoadable | Kind::Error => "error",
        Kind::Gone => "note",
        Kind::Accepted | Kind::Unsupported if row.expected.is_some() => "error",
        Kind::Accepted | Kind::Unsupported => "warning",
    };
    let shown = Shown::of(row);
    let text = match (&shown.trace, row.kind) {
        (Some(t), _) => explained(&shown, t),
        (None, Kind::Accepted) if row.over_budget.is_empty() => format!("{id}: accepted ({})", whom(&shown)),
        (None, Kind::Accepted) => format!("{id}: over budget: {} ({})", shown.over_budget.join(", "), whom(&shown)),
        (None, _) => {
            let reason = shown.reason.as_ref().map_or(String::new(), |r| format!("\n{r}"));
            format!("{id}: {} ({}){reason}", shown.message, whom(&shown))
        }
    };
    let text = match super::words::expectation(row) {
        Some(words) => format!("{text}\n{words}"),
        None => text,
    };
    let text = clean::no_links(&text);
    let base = row.object.rsplit('/').next().unwrap_or_default();
    let line = last.and_then(|s| s.source.as_ref()).map_or("", |s| s.text.as_str());
    let mut out = json!({
        "ruleId": id,
        "level": level,
        "message": {"text": text},
        "locations": [location(row, last, root)],
        "partialFingerprints": {"bpfvet/v1": format!("{:016x}", hash(&[base, &row.title(), &row.kernel, id, line]))},
    });
    if let Some(s) = &row.solve {
        out["properties"]["solve"] = s.json();
    }
    if let Some(command) = &row.reproduce {
        out["properties"]["reproduce"] = json!(command);
    }
    if let Some(change) = super::words::change(row) {
        out["properties"]["baseline"] = json!(change);
    }
    if row.kind == Kind::Gone {
        out["baselineState"] = json!("absent");
    }
    let fixes: Vec<Value> = row.changes().map(|s| fix(s, root)).collect();
    if !fixes.is_empty() {
        out["fixes"] = Value::from(fixes);
    }
    if steps.len() > 1 {
        let flow: Vec<Value> = steps
            .iter()
            .map(|s| {
                let mut at = location(row, Some(s), root);
                at["message"] = json!({"text": clean::no_links(&clean::line(&s.label))});
                json!({"location": at})
            })
            .collect();
        out["codeFlows"] = json!([{"threadFlows": [{"locations": flow}]}]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_checkout() {
        let root = Root { here: Some("/home/x/repo/sub".into()), root: Some("/home/x/repo".into()) };
        let of = |path: &str| root.artifact(path)["uri"].as_str().map(str::to_string).unwrap_or_default();
        assert_eq!(of("/home/x/repo//src/./a b.c"), "src/a%20b.c");
        assert_eq!(of("/home/x/repo/lib/../src/a.c"), "src/a.c");
        assert_eq!(of("/usr/include/x.h"), "file:///usr/include/x.h");
        assert_eq!(of("./not/there.c"), "not/there.c");
        assert!(root.artifact("/usr/x")["uriBaseId"].is_null());
        assert_eq!(root.artifact("a.c")["uriBaseId"], "%SRCROOT%");
    }
}
