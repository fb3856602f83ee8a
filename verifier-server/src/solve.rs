//! `check --solve`: is a rejection a real bug or a limit of the kernel's analysis?
//!
//! Thin: asks the solver, and puts what it says into a row. Without the feature `solver` it says that it cannot.

use std::path::Path;

use serde_json::Value;

/// What the solver found about a row.
#[derive(Clone, Debug)]
pub struct Solve {
    /// `bug`, `safe`, `unknown` or `not_about_memory`; of accepted programs `confirmed`, `open` or `unsound`.
    pub answer: &'static str,
    /// The instruction that it is about.
    pub insn: Option<usize>,
    /// One sentence.
    pub message: String,
    /// More, one line each.
    pub notes: Vec<String>,
    /// The input that breaks the rule.
    pub witness: Option<Value>,
    /// Edits that do nothing, with which the kernel accepts the program.
    pub repair: Option<Value>,
    /// Files that were written.
    pub files: Vec<String>,
    /// Milliseconds taken.
    pub time_ms: u64,
}

impl Solve {
    /// The field `solve` of a row in JSON.
    pub fn json(&self) -> Value {
        serde_json::json!({
            "answer": self.answer,
            "insn": self.insn,
            "message": self.message,
            "notes": self.notes,
            "witness": self.witness,
            "repair": self.repair,
            "files": self.files,
            "time_ms": self.time_ms,
        })
    }
}

#[cfg(not(feature = "solver"))]
/// This build cannot solve.
///
/// # Errors
/// Always.
pub fn available() -> Result<(), String> {
    Err("this bpfvet was built without the solver (feature `solver`, needs libz3)".into())
}

#[cfg(feature = "solver")]
pub use with_z3::{about_acceptance, about_rejection, available};

#[cfg(feature = "solver")]
mod with_z3 {
    use serde_json::json;
    use verifier_core::analysis::{Options, System};
    use verifier_core::isa::disasm::{NoNames, write_insn};
    use verifier_core::program::LoadRequest;
    use verifier_solver::decide::{Answer, Effort, Solved, second_opinion, solve};
    use verifier_solver::repair::Repair;
    use verifier_solver::run::Kind;
    use verifier_solver::witness::{self, Witness};

    use super::*;
    use crate::hex;
    use crate::pcap;
    use crate::witness::json_of;

    /// This build can solve.
    ///
    /// # Errors
    /// Never.
    pub fn available() -> Result<(), String> {
        Ok(())
    }

    /// What there is to say about a rejected program. Files go to `dir`, named after `name`.
    pub fn about_rejection(
        system: &System,
        request: &LoadRequest,
        options: &Options,
        name: &str,
        dir: Option<&Path>,
    ) -> Option<Solve> {
        let (_, solved) = solve(system, request, options, &Effort::default());
        let solved = solved?;
        let mut out = row(request, &solved);
        if let (Answer::Bug(w), Some(dir)) = (&solved.answer, dir) {
            match save(w, name, dir) {
                Ok(files) => out.files = files,
                Err(e) => out.notes.push(format!("the witness was not saved: {e}")),
            }
        }
        Some(out)
    }

    fn text_of(request: &LoadRequest, insn: usize) -> String {
        let mut text = String::new();
        if let Some(i) = request.insns.get(insn) {
            // Writing into a `String` cannot fail.
            let _ = write_insn(&mut text, *i, request.insns.get(insn + 1).copied(), &NoNames, false);
        }
        text
    }

    fn row(request: &LoadRequest, solved: &Solved) -> Solve {
        let at = |insn: usize| format!("instruction {insn}: {}", text_of(request, insn));
        let (answer, message, notes, witness) = match &solved.answer {
            Answer::Bug(w) => {
                ("bug", format!("a real bug: {} ({})", w.rule.words(), at(w.insn)), describe(w), Some(json_of(w)))
            }
            Answer::Safe(s) => {
                let from: Vec<String> = s.from.iter().map(usize::to_string).collect();
                let extent = if s.complete { "every path" } else { "every path within bounds" };
                let mut notes = Vec::new();
                if let Some(r) = s.lost.regno.filter(|_| !s.lost.held.is_empty()) {
                    notes.push(format!("all that the kernel knows there of R{r}: {}", s.lost.held));
                }
                let needed: Vec<String> = s.lost.needed.iter().map(|i| at(*i)).collect();
                if needed.is_empty() {
                    notes.push("what is lost is how the values were computed from each other".to_string());
                } else {
                    notes.push(format!("what makes it safe, and is lost: {}", needed.join("; ")));
                }
                notes.push(format!(
                    "proven for {extent} to it, from instruction {} on: {} states, {} paths, whatever happened before",
                    from.join(", "),
                    s.states,
                    s.paths
                ));
                notes.extend(s.assumptions.iter().map(|a| format!("assuming that {a}")));
                let what = if s.sum { "the pointer stays within its object" } else { "the access is safe" };
                ("safe", format!("{what}; the kernel lost it here ({})", at(s.insn)), notes, None)
            }
            Answer::Unknown => ("unknown", "not known whether it can go wrong".to_string(), solved.tried.clone(), None),
            Answer::NotAboutMemory => (
                "not_about_memory",
                "the rule that is broken is not about memory; nothing to decide".to_string(),
                Vec::new(),
                None,
            ),
        };
        let time_ms = u64::try_from(solved.time.as_millis()).unwrap_or(u64::MAX);
        let mut notes = notes;
        let repair = solved.repair.as_ref().map(|r| {
            notes.extend(patch(r));
            repair_json(r)
        });
        Solve { answer, insn: Some(solved.insn), message, notes, witness, repair, files: Vec::new(), time_ms }
    }

    /// A repair in lines for people.
    fn patch(r: &Repair) -> Vec<String> {
        let mut out = vec!["a change that does nothing, proven, and with which the kernel accepts it:".to_string()];
        for e in &r.edits {
            let how = if e.falls_through_only { ", for those who come from the one before it" } else { "" };
            out.push(format!("before instruction {}{how}:", e.before));
            out.extend(e.text.iter().map(|t| format!("  + {t}")));
            let place = e.source.as_ref().map_or(String::new(), |s| format!(" ({}:{})", s.file, s.line));
            out.push(format!("in the source{place}: {}", e.advice));
        }
        out
    }

    fn repair_json(r: &Repair) -> Value {
        let edits: Vec<Value> = r
            .edits
            .iter()
            .map(|e| {
                json!({
                    "before": e.before,
                    "falls_through_only": e.falls_through_only,
                    "insns": e.text,
                    "advice": e.advice,
                    "source": e.source.as_ref().map(|s| json!({"file": s.file, "line": s.line, "text": s.text})),
                })
            })
            .collect();
        let program: String = r.insns.iter().flat_map(|i| i.to_bytes()).map(|b| format!("{b:02x}")).collect();
        json!({"edits": edits, "program": program})
    }

    /// A second opinion on an accepted program.
    pub fn about_acceptance(
        system: &System,
        request: &LoadRequest,
        options: &Options,
        name: &str,
        dir: Option<&Path>,
    ) -> Option<Solve> {
        let o = second_opinion(system, request, options, &Effort::default())?;
        let mut notes = vec![format!("{} of {} accesses are proven safe on every path", o.proven, o.accesses)];
        let (answer, insn, message) = match &o.unsound {
            Some(w) => {
                notes.extend(describe(w));
                let at = text_of(request, w.insn);
                ("unsound", Some(w.insn), format!("accepted, but {} (instruction {}: {at})", w.rule.words(), w.insn))
            }
            None if o.open.is_empty() => {
                ("confirmed", None, "a second opinion agrees: every access is safe".to_string())
            }
            None => {
                let open: Vec<String> = o.open.iter().take(20).map(usize::to_string).collect();
                notes.push(format!("nothing was shown of instructions {}", open.join(", ")));
                ("open", None, "a second opinion finds nothing wrong, and does not reach everything".to_string())
            }
        };
        let mut files = Vec::new();
        if let (Some(w), Some(dir)) = (&o.unsound, dir) {
            match save(w, name, dir) {
                Ok(saved) => files = saved,
                Err(e) => notes.push(format!("the witness was not saved: {e}")),
            }
        }
        let witness = o.unsound.as_ref().map(json_of);
        let time_ms = u64::try_from(o.time.as_millis()).unwrap_or(u64::MAX);
        Some(Solve { answer, insn, message, notes, witness, repair: None, files, time_ms })
    }

    /// The witness in lines for people.
    fn describe(w: &Witness) -> Vec<String> {
        let mut out = Vec::new();
        out.extend(w.fault.as_ref().map(|f| format!("with it the interpreter ends at {f}")));
        if let Some(p) = w.packet() {
            out.push(format!("packet of {} bytes: {}", p.len(), hex::encode(p)));
        }
        for o in &w.objects {
            let bytes = hex::encode(&o.bytes);
            match o.kind {
                Kind::Ctx if o.bytes.iter().any(|b| *b != 0) => out.push(format!("context: {bytes}")),
                Kind::MapValue(_) if o.bytes.iter().any(|b| *b != 0) => {
                    out.push(format!("value of map `{}` begins: {}", o.map, bytes.get(..128).unwrap_or(&bytes)));
                }
                _ => {}
            }
        }
        for g in w.given.iter().filter(|g| g.what != "load") {
            let result = match g.result {
                witness::Value::Number(n) => format!("{n:#x}"),
                witness::Value::Null => "null".into(),
                witness::Value::Pointer(o, _) => {
                    let map = w.objects.get(o).map_or("", |o| o.map.as_str());
                    if map.is_empty() { "a pointer".into() } else { format!("a value of `{map}`") }
                }
                witness::Value::Nothing => "nothing".into(),
            };
            let wrote: Vec<String> = g.writes.iter().map(|(_, _, b)| format!(", writes {}", hex::encode(b))).collect();
            out.push(format!("instruction {}: {} returns {result}{}", g.insn, g.what, wrote.concat()));
        }
        out
    }

    /// Writes the witness as JSON, and the packet as a capture.
    fn save(w: &Witness, name: &str, dir: &Path) -> std::io::Result<Vec<String>> {
        std::fs::create_dir_all(dir)?;
        let clean: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
        let mut files = Vec::new();
        let path = dir.join(format!("{clean}.json"));
        std::fs::write(&path, format!("{:#}\n", json_of(w)))?;
        files.push(path.display().to_string());
        if let Some(packet) = w.packet() {
            let path = dir.join(format!("{clean}.pcap"));
            let frame = pcap::Captured { time: 0, bytes: packet.to_vec() };
            std::fs::write(&path, pcap::write(&pcap::Capture { link: pcap::ETHERNET, packets: vec![frame] }))?;
            files.push(path.display().to_string());
        }
        Ok(files)
    }
}
