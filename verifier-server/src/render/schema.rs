//! The JSON Schema of rows: what `--format json` and `jsonl` print, schema 1. Fields are only ever added.

use serde_json::{Value, json};

/// The schema of one row.
pub fn rows_schema() -> Value {
    let text = |about: &str| json!({"type": ["string", "null"], "description": about});
    let number = |about: &str| json!({"type": ["integer", "null"], "minimum": 0, "description": about});
    let strings = |about: &str| json!({"type": "array", "items": {"type": "string"}, "description": about});
    let source = json!({
        "type": ["object", "null"],
        "description": "The source line.",
        "properties": {"file": {"type": "string"}, "line": {"type": "integer"}, "column": {"type": "integer"}, "text": {"type": "string"}},
    });
    let stats = ["insns", "total_states", "peak_states", "max_states_per_insn", "stack_depth", "time_us"];
    let stats: serde_json::Map<String, Value> =
        stats.iter().map(|n| ((*n).to_string(), json!({"type": "integer", "minimum": 0}))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://raw.githubusercontent.com/bpfvet/bpfvet/main/docs/rows.schema.json",
        "title": "A row of bpfvet: what one kernel says of one program",
        "type": "object",
        "required": ["schema", "object", "program", "kernel", "verdict", "message", "stats"],
        "properties": {
            "schema": {"const": 1},
            "object": {"type": "string", "description": "The object file."},
            "program": text("The program; null in a row about a whole object."),
            "section": text("Its section."),
            "prog_type": text("Its type."),
            "kernel": text("The kernel asked."),
            "basis": {"enum": ["measured", "computed", "probed", null], "description": "What stands behind the answer."},
            "verdict": {"enum": ["accepted", "rejected", "not_loadable", "unsupported", "error", "gone"]},
            "errno": text("Name of the error that is returned."),
            "code": text("Stable code of the rejection: `bpfvet explain CODE`."),
            "category": text("Category of the rejection."),
            "message": text("What is wrong, in the words of who says so."),
            "reason": text("More than the message says."),
            "insn": number("The instruction where the analysis stood."),
            "source": source,
            "stats": {"type": ["object", "null"], "properties": stats},
            "log": text("The kernel's log, where it was asked for."),
            "unsupported": text("What is not modelled."),
            "over_budget": strings("Limits that are exceeded."),
            "variant": text("The variant of the object, where `bpfvet.toml` names several."),
            "expected": {
                "type": ["object", "null"],
                "description": "What `bpfvet.toml` expects.",
                "properties": {"answer": {"type": "string"}, "met": {"type": "boolean"}, "place": {"type": "string"}},
            },
            "reproduce": text("The command that asks for this answer alone."),
            "explanation": {
                "type": ["object", "null"],
                "properties": {
                    "problem": {"type": "string"},
                    "steps": {"type": "array", "items": {"type": "object"}},
                    "suggestions": {"type": "array", "items": {"type": "object"}},
                },
            },
            "solve": {"type": ["object", "null"], "description": "Whether a rejection is a real bug, where that was asked."},
            "baseline": {"type": ["object", "null"], "description": "What an earlier run said."},
        },
    })
}
