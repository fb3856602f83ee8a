//! Rows as JSON: schema 1, documented in the README. Fields are only ever added to a schema.
//!
//! Strings hold what the object holds, exactly; [`clean::json`] sees to it that nothing of it leaves unescaped.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use verifier_core::explain::{Change, Edit, Proof, Trace};

use crate::clean;
use crate::row::{Kind, Row};

/// One row as an object. Fields that do not apply are null; `log` and `unsupported` are left out.
pub fn object(row: &Row) -> Value {
    let mut o = Map::new();
    let mut put = |name: &str, value: Value| {
        o.insert(name.into(), value);
    };
    let text = |s: &str| if s.is_empty() { Value::Null } else { Value::from(s) };
    put("schema", json!(1));
    put("object", json!(row.object));
    put("program", text(&row.program));
    put("section", text(&row.section));
    put("prog_type", text(&row.prog_type));
    put("kernel", text(&row.kernel));
    put("basis", json!(row.basis));
    put("verdict", json!(row.kind.word()));
    put("errno", json!(row.errno));
    put("code", json!(row.code));
    put("category", json!(row.category));
    put("message", text(&row.message));
    put("insn", json!(row.insn));
    put(
        "source",
        row.source
            .as_ref()
            .map_or(Value::Null, |s| json!({"file": s.file, "line": s.line, "column": s.column, "text": s.text})),
    );
    if let Some(variant) = &row.variant {
        put("variant", json!(variant));
    }
    if let Some(e) = &row.expected {
        put("expected", json!({"answer": e.words, "met": e.met, "place": e.place}));
    }
    if let Some(command) = &row.reproduce {
        put("reproduce", json!(command));
    }
    if let Some(log) = &row.log {
        put("log", json!(String::from_utf8_lossy(log)));
    }
    put(
        "stats",
        row.counters.map_or(Value::Null, |c| {
            json!({
                "insns": c.insns,
                "total_states": c.total_states,
                "peak_states": c.peak_states,
                "max_states_per_insn": c.max_states_per_insn,
                "stack_depth": c.stack_depth,
                "time_us": c.time_us,
            })
        }),
    );
    if row.kind == Kind::Unsupported {
        put("unsupported", json!(row.message));
    }
    if !row.over_budget.is_empty() {
        put("over_budget", json!(row.over_budget));
    }
    if let Some(t) = &row.trace {
        put("explanation", explanation(t));
    }
    if let Some(s) = &row.solve {
        put("solve", s.json());
    }
    if let Some(reason) = &row.reason {
        put("reason", json!(reason));
    }
    if let Some(b) = &row.before {
        put("baseline", json!({"verdict": b.verdict, "insns": b.insns, "total_states": b.states}));
    }
    Value::Object(o)
}

/// A change of the source.
pub fn edit(e: &Edit) -> Value {
    match &e.change {
        Change::Before(code) => json!({"file": e.file, "line": e.line, "before": code}),
        Change::Line(text) => json!({"file": e.file, "line": e.line, "instead": text}),
    }
}

/// Why it is rejected, step by step, and what helps.
fn explanation(t: &Trace) -> Value {
    let steps = t.steps.iter().map(|s| {
        json!({
            "kind": s.kind.word(),
            "insn": s.insn,
            "label": s.label,
            "source": s.source.as_ref().map(|s| json!({"file": s.file, "line": s.line, "column": s.column, "text": s.text})),
        })
    });
    let fixes = t.suggestions.iter().map(|s| {
        let edits: Vec<Value> = s.edits.iter().map(edit).collect();
        let mut fix = json!({"code": s.code, "text": s.text, "insn": s.insn, "edits": edits});
        match &s.proof {
            Proof::NotTried => {}
            Proof::Accepted => fix["verified"] = json!("accepted"),
            Proof::GetsPast(then) => {
                fix["verified"] = json!("gets_past");
                fix["then"] = json!(then);
            }
            Proof::DoesNotHelp(why) => {
                fix["verified"] = json!("does_not_help");
                fix["then"] = json!(why);
            }
        }
        fix
    });
    json!({"problem": t.problem, "steps": steps.collect::<Vec<_>>(), "suggestions": fixes.collect::<Vec<_>>()})
}

/// An object per line.
pub fn lines(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    rows.iter().try_for_each(|row| writeln!(out, "{}", clean::json(&object(row).to_string())))
}

/// One list.
pub fn list(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Value> = rows.iter().map(object).collect();
    writeln!(out, "{}", clean::json(&serde_json::to_string_pretty(&rows).map_err(io::Error::other)?))
}
