//! `check --solve`: is a rejection a real bug or a limit of the kernel's analysis?
//!
//! Thin: asks the solver, and puts what it says into a row. Without the feature `solver` it says that it cannot.

use std::sync::Arc;

/// Whether an answer is still wanted. Asked from any thread.
#[derive(Clone)]
pub struct Wanted(pub Arc<dyn Fn() -> bool + Send + Sync>);

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wanted")
    }
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The program's name, whole.
    pub program: &'a str,
    /// Who is asked whether the answer is still wanted.
    pub wanted: Option<&'a Wanted>,
    /// Bytes that Z3 may have for all answers of this process together; `None`: the solver's own limit.
    pub memory: Option<u64>,
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
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};
    use verifier_core::analysis::{Options, System};
    use verifier_core::isa::disasm::write_insn;
    use verifier_core::program::LoadRequest;
    use verifier_solver::budget::{CancelledFn, Effort};
    use verifier_solver::danger::Rule;
    use verifier_solver::decide::{Answer, Solved, solve};
    use verifier_solver::opinion::second_opinion;
    use verifier_solver::repair::Repair;
    use verifier_solver::run::Kind;
    use verifier_solver::witness::{self, Witness};

    use crate::hex;
    use crate::solve::{Asked, Wanted};
    use crate::solved::Solve;
    use crate::tools::CallNames;
    use crate::witness::json_of;

    /// This build can solve.
    ///
    /// # Errors
    /// Never.
    pub fn available() -> Result<(), String> {
        Ok(())
    }

    /// What there is to say about a rejected program.
    pub fn about_rejection(
        system: &System,
        request: &LoadRequest,
        options: &Options,
        asked: &Asked<'_>,
    ) -> Option<Solve> {
        let given_up = asked.wanted.map(GivenUp);
        let (_, solved) = solve(system, request, options, &effort(given_up.as_ref(), asked.memory));
        Some(row(system, request, &solved?, asked.program))
    }

    /// Whether an answer was given up from outside.
    #[derive(Debug)]
    struct GivenUp<'a>(&'a Wanted);

    impl CancelledFn for GivenUp<'_> {
        fn cancelled(&self) -> bool {
            !(self.0.0)()
        }
    }

    /// How much to try for one answer. All answers of one command have a time together, and those that come too late are
    /// given up; a service gives up by its own rules.
    fn effort<'a>(given_up: Option<&'a GivenUp<'a>>, memory: Option<u64>) -> Effort<'a> {
        /// Time of all answers of a command.
        const ALL: Duration = Duration::from_secs(1200);
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        let one = Effort::default();
        let one = Effort { memory: memory.unwrap_or(one.memory), ..one };
        match given_up {
            Some(given_up) => Effort { cancelled: given_up, ..one },
            None => {
                let left = ALL.saturating_sub(BEGUN.get_or_init(Instant::now).elapsed());
                Effort { time: one.time.min(left), ..one }
            }
        }
    }

    /// An instruction with the names that people know.
    fn text_of(system: &System, request: &LoadRequest, insn: usize) -> String {
        let mut text = String::new();
        if let Some(i) = request.insns.get(insn) {
            let names = CallNames { system, request };
            // Writing into a `String` cannot fail.
            let _ = write_insn(&mut text, *i, request.insns.get(insn + 1).copied(), &names, false);
        }
        text
    }

    /// What a rule is about.
    fn breaks(rule: Rule) -> &'static str {
        if rule.is_of_memory() { "memory" } else { "rule" }
    }

    fn row(system: &System, request: &LoadRequest, solved: &Solved, program: &str) -> Solve {
        let at = |insn: usize| format!("instruction {insn}: {}", text_of(system, request, insn));
        let mut out = Solve { insn: Some(solved.insn), ..Solve::default() };
        out.time_ms = u64::try_from(solved.time.as_millis()).unwrap_or(u64::MAX);
        match &solved.answer {
            Answer::Bug(w) => {
                out.answer = "bug";
                out.breaks = Some(breaks(w.rule));
                out.replays = 1 + u8::from(w.fault.is_some());
                out.message = match w.rule.is_of_memory() {
                    true => format!("a real bug: {} ({})", w.rule.words(), at(w.insn)),
                    false => format!("it breaks a rule of the kernel, not memory: {} ({})", w.rule.words(), at(w.insn)),
                };
                out.notes = describe(w);
                out.witness = Some(json_of(w, program));
            }
            Answer::Safe(s) => {
                out.answer = "safe";
                let what = if s.sum { "the pointer stays within its object" } else { "the access is safe" };
                out.message = match s.proof.paths() {
                    0 => format!("no run of the program comes here ({})", at(s.insn)),
                    _ => format!("{what}; the kernel lost it here ({})", at(s.insn)),
                };
                if let Some(r) = s.lost.regno.filter(|_| !s.lost.held.is_empty()) {
                    out.notes.push(format!("all that the kernel knows there of R{r}: {}", s.lost.held));
                }
                let needed: Vec<String> = s.lost.needed.iter().map(|i| at(*i)).collect();
                out.notes.push(match needed.is_empty() {
                    true => "what is lost is how the values were computed from each other".to_string(),
                    false => format!("what makes it safe, and is lost: {}", needed.join("; ")),
                });
                let from: Vec<String> = s.proof.from().iter().map(usize::to_string).collect();
                out.notes.push(format!(
                    "proven for every path to it, from instruction {} on, whatever happened before: {} states, {} paths \
                     that arrive, {} ways that cannot be gone",
                    from.join(", "),
                    s.proof.states(),
                    s.proof.paths(),
                    s.proof.refuted()
                ));
                out.notes.extend(s.assumptions.iter().map(|a| format!("assuming that {a}")));
            }
            Answer::WithinBounds(w) => {
                out.answer = "within_bounds";
                out.bounds = Some((w.rounds, w.paths));
                out.message = format!(
                    "no bug within {} rounds of its loops, on {} paths; what is beyond was not searched",
                    w.rounds, w.paths
                );
                out.notes.clone_from(&solved.tried);
            }
            Answer::Unknown => {
                out.answer = "unknown";
                out.message = "not known whether it can go wrong".to_string();
                out.notes.clone_from(&solved.tried);
            }
            Answer::Undecided(why) => {
                out.answer = "undecided";
                out.message = format!("undecided: {}", why.words());
                out.notes.clone_from(&solved.tried);
            }
            Answer::NotAboutMemory => {
                out.answer = "not_about_memory";
                out.message = "the rule that is broken is not about memory; nothing to decide".to_string();
            }
        }
        out.repair = solved.repair.as_ref().map(|r| {
            out.notes.extend(patch(r));
            repair_json(r)
        });
        out
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
        asked: &Asked<'_>,
    ) -> Option<Solve> {
        let given_up = asked.wanted.map(GivenUp);
        let o = second_opinion(system, request, options, &effort(given_up.as_ref(), asked.memory))?;
        let mut out = Solve { notes: Vec::new(), ..Solve::default() };
        out.time_ms = u64::try_from(o.time.as_millis()).unwrap_or(u64::MAX);
        out.notes.push(format!("{} of {} accesses are proven safe on every path", o.proven, o.accesses));
        for (at, why) in &o.suspected {
            let text = text_of(system, request, *at);
            out.notes.push(format!("instruction {at}: {text}: it seems to go wrong, but {why}"));
        }
        (out.answer, out.message) = if let Some(w) = &o.unsound {
            let at = text_of(system, request, w.insn);
            out.notes.extend(describe(w));
            out.insn = Some(w.insn);
            out.breaks = Some(breaks(w.rule));
            out.replays = 1 + u8::from(w.fault.is_some());
            ("unsound", format!("accepted, but {} (instruction {}: {at})", w.rule.words(), w.insn))
        } else if let Some(why) = o.gave_up {
            ("undecided", format!("undecided: {}", why.words()))
        } else if o.accesses == 0 {
            ("open", "there is nothing to confirm: the program accesses no memory".to_string())
        } else if o.open.is_empty() {
            ("confirmed", "a second opinion agrees: every access is safe".to_string())
        } else {
            let open: Vec<String> = o.open.iter().take(20).map(usize::to_string).collect();
            out.notes.push(format!("nothing was shown of instructions {}", open.join(", ")));
            ("open", "a second opinion finds nothing wrong, and does not reach everything".to_string())
        };
        out.witness = o.unsound.as_ref().map(|w| json_of(w, asked.program));
        Some(out)
    }

    /// The witness in lines for people.
    fn describe(w: &Witness) -> Vec<String> {
        let mut out = Vec::new();
        out.push(match &w.fault {
            Some(f) => format!("replayed twice: with it the checked interpreter ends at {f}"),
            None => "replayed once: by the solver's own replay; the checked interpreter cannot tell".to_string(),
        });
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
}
