//! SARIF 2.1.0: a result per program that does not load, with its chain of causes as a code flow.
//!
//! Fingerprints are made of what stays when unrelated lines move: object name, program, kernel, code and the text of the
//! failing source line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use verifier_core::explain::{Step, Trace};

use crate::row::{Kind, Row};

/// Prints one run.
pub fn print(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for row in rows.iter().filter(|r| r.kind != Kind::Accepted || !r.over_budget.is_empty()) {
        let id = rule_id(row);
        rules.entry(id).or_insert_with(|| rule(id, row));
        results.push(result(id, row));
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
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &sarif)?;
    writeln!(out)
}

fn rule_id(row: &Row) -> &'static str {
    match row.kind {
        Kind::Rejected => row.code.unwrap_or("rejected"),
        Kind::NotLoadable => "not-loadable",
        Kind::Unsupported => "unsupported",
        Kind::Error => "broken-input",
        Kind::Accepted => "over-budget",
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
fn location(row: &Row, step: Option<&Step>) -> Value {
    let source = step.and_then(|s| s.source.as_ref()).filter(|s| s.line > 0);
    match source {
        Some(s) => {
            let mut region = json!({"startLine": s.line, "snippet": {"text": s.text}});
            let at = step.filter(|s| s.column > 0 && s.focus.end > s.focus.start);
            if let Some(step) = at {
                region["startColumn"] = json!(step.column);
                region["endColumn"] = json!(step.column as usize + step.focus.end - step.focus.start);
            }
            json!({"physicalLocation": {"artifactLocation": {"uri": uri(&s.file)}, "region": region}})
        }
        None => {
            let insn = step.map(|s| s.insn).or(row.insn).unwrap_or(0);
            json!({
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(&row.object)},
                    "region": {"byteOffset": insn * 8, "byteLength": 8},
                },
                "logicalLocations": [{"name": row.program, "kind": "function"}],
            })
        }
    }
}

/// A path as a URI reference: what is not allowed there is escaped.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for b in path.trim_start_matches("./").bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(b as char),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// What is wrong, what to do, and the kernel's words, in one paragraph each.
fn explained(row: &Row, t: &Trace) -> String {
    let mut out = format!("{} (program `{}`, Linux {}).", t.problem, row.program, row.kernel);
    if let Some(s) = t.suggestions.first() {
        out.push_str(&format!("\nWhat helps: {} [{}]", s.text, s.code));
    }
    if !t.message.is_empty() {
        out.push_str(&format!("\nThe kernel returns {} and says: {}", t.errno, t.message));
    }
    out
}

/// FNV-1a: stable, and all that a fingerprint needs.
fn hash(parts: &[&str]) -> String {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for b in parts.iter().flat_map(|p| p.bytes().chain([0])) {
        h = (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
    }
    format!("{h:016x}")
}

fn result(id: &str, row: &Row) -> Value {
    let steps: &[Step] = row.trace.as_ref().map_or(&[], |t| &t.steps);
    let last = steps.last();
    let level = match row.kind {
        Kind::Rejected | Kind::NotLoadable | Kind::Error => "error",
        _ => "warning",
    };
    let text = match row.kind {
        Kind::Accepted => format!("over budget: {}", row.over_budget.join(", ")),
        _ => row.message.clone(),
    };
    let text = match &row.trace {
        Some(t) => explained(row, t),
        None => format!("{}: {text} (program `{}`, Linux {})", id, row.program, row.kernel),
    };
    let base = row.object.rsplit('/').next().unwrap_or_default();
    let line = last.and_then(|s| s.source.as_ref()).map_or("", |s| s.text.as_str());
    let mut out = json!({
        "ruleId": id,
        "level": level,
        "message": {"text": text},
        "locations": [location(row, last)],
        "partialFingerprints": {"bpfvet/v1": hash(&[base, &row.program, &row.kernel, id, line])},
    });
    if let Some(s) = &row.solve {
        out["properties"] = json!({"solve": s.json()});
    }
    if steps.len() > 1 {
        let flow: Vec<Value> = steps
            .iter()
            .map(|s| {
                let mut at = location(row, Some(s));
                at["message"] = json!({"text": s.label});
                json!({"location": at})
            })
            .collect();
        out["codeFlows"] = json!([{"threadFlows": [{"locations": flow}]}]);
    }
    out
}
