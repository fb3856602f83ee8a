//! The ratchet: figures of agreement that may rise and never fall.
//!
//! They stand in `tests/ratchet.json`, a line for each set of recordings. `agreement --bless` writes the measured ones.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::agreement::{Pair, Tally};
use crate::run::{Failure, Plan};

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ratchet.json")
}

/// The name of a set of recordings in the file.
fn key(plan: &Plan) -> String {
    match (plan.tv, plan.unprivileged) {
        (false, _) if plan.own => format!("{} own objects", plan.kernel),
        (false, _) => format!("{} objects", plan.kernel),
        (true, false) => format!("{} test_verifier", plan.kernel),
        (true, true) => format!("{} test_verifier unprivileged", plan.kernel),
    }
}

fn read() -> Result<Map<String, Value>, Failure> {
    match std::fs::read_to_string(file()) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Map::new()),
        Err(e) => Err(e.into()),
    }
}

fn tally(pairs: &[Pair]) -> Tally {
    let mut t = Tally::default();
    pairs.iter().for_each(|p| t.add(p));
    t
}

/// Figures that must not fall, and figures that must not rise.
fn figures(t: &Tally) -> ([(&'static str, usize); 5], [(&'static str, usize); 2]) {
    (
        [
            ("same_verdict", t.same),
            ("same_errno", t.errno),
            ("log_identical", t.logs_same),
            ("counters_equal", t.counters_same),
            ("instructions_equal", t.insns_same),
        ],
        [("wrongly_accepted", t.wrong_accept), ("unsupported", t.unsupported)],
    )
}

/// What fell below the file, one line each; empty when all is well. A set without figures counts as fallen, because a
/// ratchet that compares with nothing would always hold.
///
/// # Errors
/// When the file cannot be read.
pub fn fallen(plan: &Plan, pairs: &[Pair]) -> Result<Vec<String>, Failure> {
    let all = read()?;
    let key = key(plan);
    let Some(row) = all.get(&key) else {
        return Ok(vec![format!("{key}: no figures in tests/ratchet.json; run `agreement --bless`")]);
    };
    let (up, down) = figures(&tally(pairs));
    let kept = |name: &str| row.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let mut lines = Vec::new();
    if let Some(then) = kept("programs").filter(|then| pairs.len() < *then) {
        lines.push(format!("{key}: only {} of {then} programs were measured", pairs.len()));
    }
    for (name, now) in up {
        if let Some(then) = kept(name).filter(|then| now < *then) {
            lines.push(format!("{key}: {name} fell from {then} to {now}"));
        }
    }
    for (name, now) in down {
        if let Some(then) = kept(name).filter(|then| now > *then) {
            lines.push(format!("{key}: {name} rose from {then} to {now}"));
        }
    }
    Ok(lines)
}

/// Writes the measured figures.
///
/// # Errors
/// When the file cannot be read or written.
pub fn bless(plan: &Plan, pairs: &[Pair]) -> Result<(), Failure> {
    let mut all = read()?;
    let (up, down) = figures(&tally(pairs));
    let mut row = Map::new();
    row.insert("programs".into(), json!(pairs.len()));
    for (name, n) in up.into_iter().chain(down) {
        row.insert(name.into(), json!(n));
    }
    all.insert(key(plan), Value::Object(row));
    let mut keys: Vec<_> = all.into_iter().collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    let lines: Vec<String> = keys.iter().map(|(k, v)| format!("  {}: {v}", json!(k))).collect();
    std::fs::write(file(), format!("{{\n{}\n}}\n", lines.join(",\n")))?;
    Ok(())
}
