//! The decision about one rejection: a real bug with a witness, a false rejection with a proof, or not known.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use z3::SatResult;

use super::danger::{Danger, Rules, dangers};
use super::facts::Facts;
use super::replay::{confirms, replay};
use super::run::{Program, Run};
use super::search::{
    Budget, CancelledFn, Found, Graph, Never, Tally, Window, ask, explore, explore_beyond, follow,
};
use super::witness::{self, Begin, Witness};
use crate::analysis::{ASSUMED, Options, Report, System, Verdict, verify_assuming};
use crate::error::{Category, Msg, Rejection};
use crate::explain::{Path, Recorder};
use crate::kernel::ProgType;
use crate::log::Tee;
use crate::program::LoadRequest;

/// Other rejections taken as met while the states at an instruction are collected.
const MAX_ASSUMED: usize = 12;

/// How much to try.
#[derive(Clone, Copy, Debug)]
pub struct Effort<'a> {
    /// For one rejection, everything included.
    pub time: Duration,
    /// For one question to Z3.
    pub question: Duration,
    /// Most paths of one search.
    pub paths: usize,
    /// Whether the answer is no longer wanted.
    pub cancelled: &'a dyn CancelledFn,
}

impl Default for Effort<'_> {
    fn default() -> Self {
        Effort {
            time: Duration::from_secs(10),
            question: Duration::from_secs(2),
            paths: 2000,
            cancelled: &Never,
        }
    }
}

/// Why an access that the kernel rejects is safe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Safety {
    /// The rejected instruction.
    pub insn: usize,
    /// Every path to it was followed from here; states there are those of the analysis with all numbers unknown, or the
    /// entry itself.
    pub from: Vec<usize>,
    /// States it began with.
    pub states: usize,
    /// Paths that reach the access.
    pub paths: usize,
    /// All paths; otherwise only those that pass no instruction more often than a bound.
    pub complete: bool,
    /// What is assumed besides.
    pub assumptions: Vec<String>,
}

/// The answer about one rejection.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A real bug: this input breaks the rule, and did so in the replay.
    Bug(Box<Witness>),
    /// The access is safe.
    Safe(Safety),
    /// Not known.
    Unknown,
    /// The rejection is not about memory.
    NotAboutMemory,
}

/// The answer and how it was found.
#[derive(Clone, Debug)]
pub struct Solved {
    /// The answer.
    pub answer: Answer,
    /// The instruction it is about.
    pub insn: usize,
    /// What was tried, in order.
    pub tried: Vec<String>,
    /// Time taken.
    pub time: Duration,
}

/// The rules that a rejection is about; `None`: it is not about memory.
pub fn rules_of(rejection: &Rejection, insn_is_call: bool, perfmon: bool) -> Option<Rules> {
    let (code, category) = rejection
        .cause
        .as_ref()
        .map(Msg::row)
        .and_then(|r| r.cause)?;
    let about = match category {
        Category::MemorySafety => !matches!(
            code,
            "mem-leaks-addr" | "mem-misaligned" | "mem-packet-misaligned"
        ),
        Category::RegisterTypeSafety => {
            code.starts_with("mem-") || matches!(code, "reg-uninit" | "ptr-arith-or-null")
        }
        Category::CallTypeSafety => {
            insn_is_call && matches!(code, "call-arg-type" | "call-arg-null" | "mem-arg-type")
        }
        _ => false,
    };
    about.then(|| Rules {
        uninitialised_stack: code.starts_with("mem-stack-uninit")
            || (code == "mem-stack-range" && !perfmon),
        cut_pointers: matches!(
            code,
            "mem-stack-spill-size" | "mem-stack-fill-size" | "mem-stack-corrupt-spill"
        ),
    })
}

/// Decides about the rejection of a program; `None` when it is not rejected.
pub fn solve(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    effort: &Effort<'_>,
) -> (Report, Option<Solved>) {
    let begun = Instant::now();
    let budget = Budget {
        until: begun + effort.time,
        question: effort.question,
        paths: effort.paths,
        cancelled: effort.cancelled,
    };
    let mut recorder = Recorder::new();
    let mut facts = Facts::default();
    let quiet = Options {
        log_level: 0,
        ..options.clone()
    };
    let late = || budget.spent();
    let report = verify_assuming(
        system,
        request,
        &quiet,
        &mut Tee(&mut recorder, &mut facts),
        &late,
        &[],
    );
    let Verdict::Rejected(rejection) = &report.verdict else {
        return (report, None);
    };
    let insn = report.insn_idx;
    let is_call = request.insns.get(insn).is_some_and(|i| i.is_call());
    let mut tried = Vec::new();
    let answer = match rules_of(
        rejection,
        is_call,
        options.privilege.perfmon || options.privilege.sys_admin,
    ) {
        None => Answer::NotAboutMemory,
        Some(rules) => {
            let case = Case {
                system,
                request,
                options: &quiet,
                rules,
                budget,
            };
            case.decide(insn, &facts, &recorder.into_path(), &mut tried)
        }
    };
    (
        report,
        Some(Solved {
            answer,
            insn,
            tried,
            time: begun.elapsed(),
        }),
    )
}

/// One rejection.
struct Case<'a> {
    system: &'a System,
    request: &'a LoadRequest,
    options: &'a Options,
    rules: Rules,
    budget: Budget<'a>,
}

impl<'a> Case<'a> {
    fn program<'b>(&'b self, facts: &'b Facts) -> Program<'b> {
        Program {
            system: self.system,
            request: self.request,
            insns: &self.request.insns,
            facts,
            prog_type: ProgType::from_number(self.request.prog_type).unwrap_or(ProgType::Unspec),
        }
    }

    fn decide(&self, insn: usize, facts: &Facts, path: &Path, tried: &mut Vec<String>) -> Answer {
        let program = self.program(facts);
        let Some((start, state)) = &facts.entry else {
            tried.push("the kernel rejects it before it walks any path".into());
            return Answer::Unknown;
        };
        let entry = Run::from_state(&program, state, true);
        match follow(&program, path, entry.clone(), *start) {
            Err(why) => tried.push(format!("the rejected path: {why}")),
            Ok(mut run) => {
                let found = dangers(&mut run, &program, insn, self.rules);
                if found.is_empty() && self.request.insns.get(insn).is_some_and(|i| i.is_alu()) {
                    return self.beyond(&program, &Begin::of(&entry, *start), run, insn, tried);
                }
                if found.is_empty() {
                    tried.push("the rejected path: the instruction accesses no memory and reads no register in a wrong way".into());
                    return Answer::NotAboutMemory;
                }
                match ask(&run, &found, &self.budget) {
                    SatResult::Sat => {
                        match self.confirm(&program, &Begin::of(&entry, *start), &run, &found, insn)
                        {
                            Ok(witness) => return Answer::Bug(Box::new(witness)),
                            Err(why) => tried.push(format!(
                                "the rejected path: it seems to go wrong there, but {why}"
                            )),
                        }
                    }
                    SatResult::Unsat => {
                        tried.push("the rejected path: cannot go wrong there".into())
                    }
                    SatResult::Unknown => tried.push("the rejected path: no answer in time".into()),
                }
            }
        }
        self.windows(insn, tried)
    }

    /// Arithmetic alone breaks nothing; what it leads to may.
    fn beyond(
        &self,
        program: &Program<'_>,
        begin: &Begin,
        run: Run,
        insn: usize,
        tried: &mut Vec<String>,
    ) -> Answer {
        match explore_beyond(program, run, insn, self.rules, &self.budget) {
            (Found::Run(run, found), at) => match self.confirm(program, begin, &run, &found, at) {
                Ok(witness) => return Answer::Bug(Box::new(witness)),
                Err(why) => tried.push(format!(
                    "behind the arithmetic: it seems to go wrong at instruction {at}, but {why}"
                )),
            },
            (Found::Unknown(why), _) => tried.push(format!("behind the arithmetic: {why}")),
            (Found::Nothing, _) => {
                tried.push("behind the arithmetic: nothing goes wrong on the rejected path".into())
            }
        }
        Answer::Unknown
    }

    /// Makes a witness and replays it.
    fn confirm(
        &self,
        program: &Program<'_>,
        begin: &Begin,
        run: &Run,
        found: &[Danger],
        insn: usize,
    ) -> Result<Witness, String> {
        let model = witness::model(run, found, &self.budget)?;
        let witness = witness::witness(program, begin, run, found, insn, &model)
            .ok_or("the model has no values")?;
        let end = replay(program.insns, program, self.rules, &witness);
        if confirms(&witness, &end) {
            Ok(witness)
        } else {
            Err(format!("the replay does not: {end:?}"))
        }
    }

    /// States at instructions, as if the rejected accesses were safe.
    fn cover(&self, insn: usize, wanted: &BTreeSet<usize>) -> Result<(Facts, Vec<usize>), String> {
        let mut assumed = vec![insn];
        loop {
            let mut facts = Facts::wanting(wanted.clone());
            let late = || self.budget.spent();
            let report = verify_assuming(
                self.system,
                self.request,
                self.options,
                &mut facts,
                &late,
                &assumed,
            );
            match report.verdict {
                Verdict::Budget(what) if &*what == ASSUMED => return Ok((facts, assumed)),
                Verdict::Rejected(_)
                    if assumed.len() < MAX_ASSUMED && !assumed.contains(&report.insn_idx) =>
                {
                    assumed.push(report.insn_idx);
                }
                Verdict::Rejected(r) => {
                    let text = r
                        .cause
                        .map(|c| c.text(self.system.kernel.style))
                        .unwrap_or_default();
                    return Err(format!(
                        "rejected elsewhere too: instruction {}: {}",
                        report.insn_idx,
                        text.trim()
                    ));
                }
                Verdict::Unsupported(what) => return Err(what.into()),
                _ => return Err("out of time".into()),
            }
        }
    }

    /// Searches for a proof over windows that grow backwards from the access.
    fn windows(&self, insn: usize, tried: &mut Vec<String>) -> Answer {
        let graph = Graph::of(&self.request.insns);
        let windows = graph.windows(insn);
        let wanted: BTreeSet<usize> = windows
            .iter()
            .flat_map(|w| w.starts.iter().copied())
            .collect();
        let (facts, assumed) = match self.cover(insn, &wanted) {
            Ok(found) => found,
            Err(why) => {
                tried.push(format!("all paths: {why}"));
                return Answer::Unknown;
            }
        };
        let program = self.program(&facts);
        let complete = assumed.len() == 1 || !graph.loops(insn);
        for window in windows {
            if self.budget.spent() {
                tried.push("out of time".into());
                break;
            }
            if window.starts.iter().any(|s| facts.crowded.contains(s)) {
                continue;
            }
            // A large window must not use up the time of the others.
            let now = Instant::now();
            let until = self
                .budget
                .until
                .min(now + (self.budget.until.saturating_duration_since(now)) / 4);
            let budget = Budget {
                until,
                ..self.budget
            };
            let from = window
                .starts
                .iter()
                .map(usize::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            let mut tally = Tally::default();
            let mut states = 0;
            let outcome = self.window(
                &program,
                &facts,
                insn,
                &window,
                &budget,
                &mut tally,
                &mut states,
            );
            match outcome {
                (Found::Nothing, _) => {
                    return Answer::Safe(Safety {
                        insn,
                        from: window.starts.into_iter().collect(),
                        states,
                        paths: tally.arrived,
                        complete: complete && !tally.bounded,
                        assumptions: Vec::new(),
                    });
                }
                (Found::Run(run, found), true) => {
                    let begin = facts.entry.as_ref().map(|(start, state)| {
                        Begin::of(&Run::from_state(&program, state, true), *start)
                    });
                    match begin
                        .ok_or("it has no entry".to_string())
                        .and_then(|b| self.confirm(&program, &b, &run, &found, insn))
                    {
                        Ok(witness) => return Answer::Bug(Box::new(witness)),
                        Err(why) => tried.push(format!(
                            "another path: it seems to go wrong there, but {why}"
                        )),
                    }
                }
                (Found::Run(..), false) => tried.push(format!(
                    "from instruction {from}: not without more of the past"
                )),
                (Found::Unknown(why), _) => tried.push(format!("from instruction {from}: {why}")),
            }
        }
        Answer::Unknown
    }

    /// One window: all its starts, all states there. The second part says that what was found begins at the entry.
    #[allow(clippy::too_many_arguments)]
    fn window(
        &self,
        program: &Program<'_>,
        facts: &Facts,
        insn: usize,
        window: &Window,
        budget: &Budget<'_>,
        tally: &mut Tally,
        states: &mut usize,
    ) -> (Found, bool) {
        for start in &window.starts {
            let exact = *start == 0 && facts.entry.as_ref().is_some_and(|(e, _)| *e == 0);
            // A start without states is never reached.
            for state in facts.states.get(start).into_iter().flatten() {
                *states += 1;
                let run = Run::from_state(program, state, exact);
                let found = explore(
                    program, run, *start, insn, window, self.rules, budget, tally,
                );
                if !matches!(found, Found::Nothing) {
                    return (found, exact);
                }
            }
        }
        (Found::Nothing, false)
    }
}
