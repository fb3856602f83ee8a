//! Inputs that show a bug, as JSON: what `check --witness` saves and `run --witness` runs.
//!
//! Everything that a run takes from outside stands in it, so a file says all that there is to say about one run of one
//! program: memory at the begin, and what calls and loads from the kernel gave, in order.

use std::io::Write;

use serde_json::{Value, json};
use verifier_core::analysis::{Options, System, Verdict};
use verifier_core::program::LoadRequest;
use verifier_solver::danger::Rule;
use verifier_solver::decide::run_witness;
use verifier_solver::machine::Seen;
use verifier_solver::replay::{End, confirms};
use verifier_solver::run::{Kind, Repeat};
use verifier_solver::witness::{self, Given, Object, Witness};

use crate::args::RunFormat;
use crate::clean;
use crate::hex;

fn unhex(v: &Value) -> Option<Vec<u8>> {
    hex::decode(v.as_str()?.as_bytes())
}

fn value(v: &witness::Value) -> Value {
    match v {
        witness::Value::Number(n) => json!({"number": format!("{n:#x}")}),
        witness::Value::Null => json!({"null": true}),
        witness::Value::Pointer(o, off) => json!({"object": o, "offset": off}),
        witness::Value::Nothing => Value::Null,
    }
}

fn value_from(v: &Value) -> Option<witness::Value> {
    if v.is_null() {
        return Some(witness::Value::Nothing);
    }
    if v["null"].as_bool() == Some(true) {
        return Some(witness::Value::Null);
    }
    if let Some(n) = v["number"].as_str() {
        return u64::from_str_radix(n.strip_prefix("0x")?, 16).ok().map(witness::Value::Number);
    }
    Some(witness::Value::Pointer(size(&v["object"])?, v["offset"].as_i64()?))
}

fn size(v: &Value) -> Option<usize> {
    v.as_u64().and_then(|n| usize::try_from(n).ok())
}

/// What an object is, in words and as a number where there are several.
fn kind(k: &Kind) -> (&'static str, usize) {
    match k {
        Kind::Ctx => ("context", 0),
        Kind::Packet => ("packet", 0),
        Kind::Meta => ("packet metadata", 0),
        Kind::Stack(n) => ("stack of frame", *n),
        Kind::MapObject(n) => ("map", *n),
        Kind::MapValue(n) => ("map value", *n),
        Kind::Memory => ("memory", 0),
        Kind::Sample => ("ring buffer record", 0),
        Kind::Object => ("kernel object", 0),
        Kind::Function(n) => ("function", *n as usize),
    }
}

fn kind_from(words: &str, n: usize) -> Option<Kind> {
    Some(match words {
        "context" => Kind::Ctx,
        "packet" => Kind::Packet,
        "packet metadata" => Kind::Meta,
        "stack of frame" => Kind::Stack(n),
        "map" => Kind::MapObject(n),
        "map value" => Kind::MapValue(n),
        "memory" => Kind::Memory,
        "ring buffer record" => Kind::Sample,
        "kernel object" => Kind::Object,
        "function" => Kind::Function(u32::try_from(n).ok()?),
        _ => return None,
    })
}

/// The witness of a program as JSON: everything that a replay needs.
pub fn json_of(w: &Witness, program: &str) -> Value {
    let object = |o: &Object| {
        let (words, n) = kind(&o.kind);
        json!({"kind": words, "index": n, "map": o.map, "size": o.size, "bytes": hex::encode(&o.bytes),
            "writable": o.writable, "written": o.written})
    };
    let given = |g: &Given| {
        let writes: Vec<Value> =
            g.writes.iter().map(|(o, off, b)| json!({"object": o, "offset": off, "bytes": hex::encode(b)})).collect();
        json!({"insn": g.insn, "what": g.what, "result": value(&g.result), "writes": writes,
            "ends": g.ends, "counts": g.counts})
    };
    json!({
        "program": program,
        "insn": w.insn,
        "rule": w.rule.code(),
        "register": w.regno,
        "fault": w.fault,
        "start": w.start,
        "registers": w.registers.iter().map(value).collect::<Vec<_>>(),
        "packet": w.packet().map(hex::encode),
        "stack": w.stack,
        "objects": w.objects.iter().map(object).collect::<Vec<_>>(),
        "given": w.given.iter().map(given).collect::<Vec<_>>(),
        "repeats": w.repeats.iter().map(|r| json!([r.first, r.last, r.times])).collect::<Vec<_>>(),
    })
}

/// The program that a saved witness is of.
pub fn program_of(text: &[u8]) -> Option<String> {
    serde_json::from_slice::<Value>(text).ok()?["program"].as_str().map(str::to_string)
}

/// A witness out of JSON; `None`: it is none.
pub fn from_json(v: &Value) -> Option<Witness> {
    let object = |o: &Value| {
        Some(Object {
            kind: kind_from(o["kind"].as_str()?, size(&o["index"])?)?,
            map: o["map"].as_str()?.to_string(),
            size: o["size"].as_u64(),
            bytes: unhex(&o["bytes"])?,
            writable: o["writable"].as_bool()?,
            written: o["written"].as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?,
        })
    };
    let write = |w: &Value| Some((size(&w["object"])?, w["offset"].as_u64()?, unhex(&w["bytes"])?));
    let given = |g: &Value| {
        Some(Given {
            insn: size(&g["insn"])?,
            what: g["what"].as_str()?.to_string(),
            result: value_from(&g["result"])?,
            writes: g["writes"].as_array()?.iter().map(write).collect::<Option<_>>()?,
            ends: g["ends"].as_array()?.iter().map(size).collect::<Option<_>>()?,
            counts: size(&g["counts"]),
        })
    };
    let repeat = |r: &Value| Some(Repeat { first: size(&r[0])?, last: size(&r[1])?, times: r[2].as_u64()? });
    Some(Witness {
        insn: size(&v["insn"])?,
        rule: Rule::from_code(v["rule"].as_str()?)?,
        regno: u8::try_from(v["register"].as_u64()?).ok()?,
        start: size(&v["start"])?,
        registers: v["registers"].as_array()?.iter().map(value_from).collect::<Option<_>>()?,
        objects: v["objects"].as_array()?.iter().map(object).collect::<Option<_>>()?,
        given: v["given"].as_array()?.iter().map(given).collect::<Option<_>>()?,
        repeats: v["repeats"].as_array()?.iter().map(repeat).collect::<Option<_>>()?,
        stack: size(&v["stack"])?,
        fault: v["fault"].as_str().map(str::to_string),
    })
}

/// Runs a program on a saved input, every access checked, and says what it comes to; the exit code: 1 where it breaks the
/// rule that it was saved for.
///
/// # Errors
/// In words for the user.
pub fn run(
    text: &[u8],
    system: &System,
    request: &LoadRequest,
    options: &Options,
    format: RunFormat,
    out: &mut dyn Write,
) -> Result<u8, String> {
    let parsed = serde_json::from_slice::<Value>(text).map_err(|e| format!("not a witness: {e}"))?;
    let witness = from_json(&parsed).ok_or("not a witness: something is missing in it")?;
    let (report, found) = run_witness(system, request, options, &witness);
    let verdict = match &report.verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::Rejected(_) => "rejected",
        _ => "undecided",
    };
    let (end, seen) = found.ok_or("the program is not rejected for anything to do with memory")?;
    let broken = confirms(&witness, &end) && !matches!(seen, Seen::Other(_));
    let ended = match &end {
        End::Broken { insn, rule } => format!("instruction {insn}: {}", rule.words()),
        End::Exit(r0) => format!("the program ends with {r0:#x}, and breaks no rule"),
        End::Astray(why) => format!("the run leaves the way of the witness: {why}"),
    };
    let machine = match &seen {
        Seen::Same(fault) => format!("the interpreter: {fault}"),
        Seen::Other(what) => format!("the interpreter does not agree: {what}"),
        Seen::Nothing(why) => format!("the interpreter cannot tell: {why}"),
    };
    let failed = |e: std::io::Error| e.to_string();
    match format {
        RunFormat::Text => {
            let kernel = system.kernel.name;
            let name = clean::line(&request.name);
            let (ended, machine) = (clean::line(&ended), clean::line(&machine));
            writeln!(out, "{name}: {verdict} by Linux {kernel}; run on the witness, every access checked")
                .and_then(|()| writeln!(out, "{ended}\n{machine}"))
                .map_err(failed)?;
        }
        RunFormat::Json => {
            let (insn, rule) = match &end {
                End::Broken { insn, rule } => (Some(*insn), Some(rule.code())),
                _ => (None, None),
            };
            let fault = if let Seen::Same(f) = &seen { Some(f) } else { None };
            let row = json!({"schema": 1, "program": request.name, "kernel": system.kernel.name, "verdict": verdict,
                "broken": broken, "insn": insn, "rule": rule, "fault": fault, "message": [ended, machine]});
            writeln!(out, "{}", clean::json(&row.to_string())).map_err(failed)?;
        }
    }
    Ok(u8::from(broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_comes_back_from_its_file() {
        let object = Object {
            kind: Kind::MapValue(3),
            map: "m".into(),
            size: Some(8),
            bytes: vec![1, 2, 255],
            writable: false,
            written: [1, 5].into(),
        };
        let given = Given {
            insn: 4,
            what: "map_lookup_elem".into(),
            result: witness::Value::Pointer(0, -8),
            writes: vec![(0, 2, vec![9])],
            ends: vec![0, 3],
            counts: Some(1),
        };
        let w = Witness {
            insn: 7,
            rule: Rule::OutOfBounds,
            regno: 2,
            start: 0,
            registers: vec![witness::Value::Nothing, witness::Value::Null, witness::Value::Number(u64::MAX)],
            objects: vec![object],
            given: vec![given],
            repeats: vec![Repeat { first: 0, last: 1, times: 7 }],
            stack: 0,
            fault: Some("x".into()),
        };
        let text = json_of(&w, "p").to_string();
        assert_eq!(program_of(text.as_bytes()).as_deref(), Some("p"));
        assert_eq!(from_json(&serde_json::from_str(&text).expect("JSON")), Some(w));
        assert_eq!(from_json(&json!({"insn": 7})), None);
    }
}
