//! Asking real kernels: load requests are written as lines, a small static program makes the system calls that they
//! describe, on the running kernel or in a virtual machine, and its answers are read back. Nothing here judges.

pub mod machine;
mod plain_btf;
pub mod wire;

use serde_json::Value;
/// Whether a program may not be asked of the kernel that we run on.
pub use verifier_probe::load::harmful as breaks_running_kernel;

/// What a kernel answered to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Name of the request.
    pub name: String,
    /// `accepted`, `rejected`, or `not_loadable` when a map or the BTF was refused before the program came to it.
    pub verdict: String,
    /// Errno, 0 when accepted.
    pub errno: i32,
    /// What was refused, when not loadable.
    pub failed: String,
    /// The log at the level asked for.
    pub log: String,
    /// The statistics that only level 4 prints, as printed.
    pub stats: String,
}

impl Answer {
    /// Reads a line of the loader's.
    pub fn parse(line: &str) -> Option<Answer> {
        let v: Value = serde_json::from_str(line).ok()?;
        let text = |k: &str| v.get(k).and_then(Value::as_str).unwrap_or_default().to_string();
        Some(Answer {
            name: text("name"),
            verdict: text("verdict"),
            errno: i32::try_from(v.get("errno")?.as_i64()?).ok()?,
            failed: text("failed"),
            log: text("log"),
            stats: text("stats"),
        })
    }

    /// The line that it was read from, or one like it.
    pub fn line(&self) -> String {
        let Answer { name, verdict, errno, failed, log, stats } = self;
        serde_json::json!({
            "verdict": verdict, "errno": errno, "name": name, "failed": failed, "log": log, "stats": stats,
        })
        .to_string()
    }
}

/// Reads the answers up to the line that ends them, and whether it is there: it is missing when the program or the
/// machine died.
///
/// # Errors
/// When a whole line is none of ours.
pub fn answers(text: &str) -> Result<(Vec<Answer>, bool), String> {
    let mut out = Vec::new();
    for line in text.split_inclusive('\n') {
        if line == "end\n" {
            return Ok((out, true));
        }
        match Answer::parse(line) {
            Some(answer) => out.push(answer),
            None if line.ends_with('\n') => return Err(format!("answer {} is not readable", out.len())),
            None => break,
        }
    }
    Ok((out, false))
}
