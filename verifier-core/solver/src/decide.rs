//! The decision about one rejection: a real bug with a witness, a false rejection with a proof, or not known.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use z3::SatResult;
use z3::ast::Bool;

use super::danger::{Danger, Rule, Rules, dangers, leaves};
use super::facts::Facts;
use super::machine::{self, Seen};
use super::repair::{Repair, repair, wrong};
use super::replay::{End, confirms, replay_traced};
use super::rounds;
use super::run::{Program, Run};
use super::search::{
    Budget, CancelledFn, Check, Found, Graph, Never, Tally, Window, ask, explore, explore_beyond, follow, needed,
};
use super::witness::{self, Begin, Witness};
use verifier_core::analysis::{ASSUMED, Options, Report, System, Verdict, verify_assuming};
use verifier_core::error::{Category, Msg, Rejection};
use verifier_core::explain::value::words;
use verifier_core::explain::{Path, Recorder};
use verifier_core::isa::opcode::{LDX, ST, STX};
use verifier_core::kernel::ProgType;
use verifier_core::kernel::helpers::class;
use verifier_core::log::Tee;
use verifier_core::program::LoadRequest;

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
        Effort { time: Duration::from_secs(10), question: Duration::from_secs(2), paths: 2000, cancelled: &Never }
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
    /// It is no access but a sum of a pointer and a number, which stays in the pointer's object.
    pub sum: bool,
    /// What is assumed besides.
    pub assumptions: Vec<String>,
    /// What the kernel lost.
    pub lost: Lost,
}

/// Where the kernel lost what makes an access safe.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lost {
    /// Instructions on the rejected path whose comparisons or results together make it safe. None: the computation
    /// alone does.
    pub needed: Vec<usize>,
    /// The register in question.
    pub regno: Option<u8>,
    /// What the kernel knows of it at the rejection, in words.
    pub held: String,
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
    /// A change that does nothing and makes the kernel accept the program.
    pub repair: Option<Repair>,
    /// The instruction it is about.
    pub insn: usize,
    /// What was tried, in order.
    pub tried: Vec<String>,
    /// Time taken.
    pub time: Duration,
}

/// The rules that a rejection is about; `None`: it is not about memory.
pub fn rules_of(rejection: &Rejection, insn_is_call: bool, perfmon: bool) -> Option<Rules> {
    let (code, category) = rejection.cause.as_ref().map(Msg::row).and_then(|r| r.cause)?;
    let about = match category {
        Category::MemorySafety => !matches!(code, "mem-leaks-addr" | "mem-misaligned" | "mem-packet-misaligned"),
        Category::RegisterTypeSafety => code.starts_with("mem-") || matches!(code, "reg-uninit" | "ptr-arith-or-null"),
        Category::CallTypeSafety => insn_is_call && matches!(code, "call-arg-type" | "call-arg-null" | "mem-arg-type"),
        _ => false,
    };
    about.then(|| Rules {
        uninitialised_stack: code.starts_with("mem-stack-uninit") || (code == "mem-stack-range" && !perfmon),
        cut_pointers: matches!(code, "mem-stack-spill-size" | "mem-stack-fill-size" | "mem-stack-corrupt-spill"),
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
    let quiet = Options { log_level: 0, ..options.clone() };
    let late = || budget.spent();
    let report = verify_assuming(system, request, &quiet, &mut Tee(&mut recorder, &mut facts), &late, &[]);
    let Verdict::Rejected(rejection) = &report.verdict else {
        return (report, None);
    };
    let insn = report.insn_idx;
    let is_call = request.insns.get(insn).is_some_and(|i| i.is_call());
    let mut tried = Vec::new();
    let answer = match rules_of(rejection, is_call, options.privilege.perfmon || options.privilege.sys_admin) {
        None => Answer::NotAboutMemory,
        Some(rules) => {
            let case = Case { system, request, options: &quiet, rules, budget };
            case.decide(insn, &facts, &recorder.into_path(), &mut tried)
        }
    };
    let harmless = match &answer {
        Answer::Safe(_) => true,
        Answer::Bug(w) => w.rule == Rule::UninitialisedRegister,
        _ => false,
    };
    let repair = if harmless { repair(system, request, &quiet, budget, &mut tried) } else { None };
    (report, Some(Solved { answer, repair, insn, tried, time: begun.elapsed() }))
}

/// Runs a program on a witness again, in both replays. `None`: the program is not rejected for anything to do with memory.
pub fn run_witness(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    witness: &Witness,
) -> (Report, Option<(End, Seen)>) {
    let quiet = Options { log_level: 0, ..options.clone() };
    let report = verify_assuming(system, request, &quiet, &mut verifier_core::log::Off, &|| false, &[]);
    let perfmon = options.privilege.perfmon || options.privilege.sys_admin;
    let rules = match &report.verdict {
        Verdict::Rejected(r) => rules_of(r, request.insns.get(report.insn_idx).is_some_and(|i| i.is_call()), perfmon),
        // What a second opinion found.
        Verdict::Accepted(_) => Some(Rules::default()),
        _ => None,
    };
    let Some(rules) = rules else {
        return (report, None);
    };
    let facts = Facts::default();
    let until = Instant::now();
    let budget = Budget { until, question: Duration::ZERO, paths: 0, cancelled: &Never };
    let case = Case { system, request, options: &quiet, rules, budget };
    let program = case.program(&facts);
    let (end, passed) = replay_traced(program.insns, &program, rules, witness);
    let seen = if confirms(witness, &end) {
        machine::run(&program, witness, &passed)
    } else {
        Seen::Nothing("the other replay goes another way")
    };
    (report, Some((end, seen)))
}

/// Windows before an instruction, and what the analysis finds at their starts.
pub(super) struct View {
    pub windows: Vec<Window>,
    pub facts: Rc<Facts>,
    pub target: usize,
    /// No path comes back to the program's entry.
    enters_once: bool,
    /// The states are all that there are.
    complete: bool,
}

/// One rejection.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub system: &'a System,
    pub request: &'a LoadRequest,
    pub options: &'a Options,
    pub rules: Rules,
    pub budget: Budget<'a>,
}

impl<'a> Case<'a> {
    pub(super) fn program<'b>(&'b self, facts: &'b Facts) -> Program<'b> {
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
        let mut lost = Lost::default();
        let mut sum = false;
        match follow(&program, path, entry.clone(), *start) {
            Err(why) => tried.push(format!("the rejected path: {why}")),
            Ok(mut run) => {
                let mut found = dangers(&mut run, &program, insn, self.rules);
                if found.is_empty() && self.request.insns.get(insn).is_some_and(|i| i.is_alu()) {
                    found = leaves(&mut run, &program, insn);
                    let stays = !found.is_empty() && ask(&run, &found, &self.budget) == SatResult::Unsat;
                    if !stays {
                        return self.beyond(&program, &Begin::of(&entry, *start), run, insn, tried);
                    }
                    sum = true;
                }
                if found.is_empty() {
                    tried.push(
                        "the rejected path: the instruction accesses no memory and reads no register in a wrong way"
                            .into(),
                    );
                    return Answer::NotAboutMemory;
                }
                match ask(&run, &found, &self.budget) {
                    SatResult::Sat => match self.confirm(&program, &Begin::of(&entry, *start), &run, &found, insn) {
                        Ok(witness) => return Answer::Bug(Box::new(witness)),
                        Err(why) => tried.push(format!("the rejected path: it seems to go wrong there, but {why}")),
                    },
                    SatResult::Unsat => {
                        lost.needed = needed(&run, &found, &self.budget);
                        let by: Vec<String> = lost.needed.iter().map(usize::to_string).collect();
                        tried.push(format!(
                            "the rejected path: cannot go wrong there, by instructions {}",
                            by.join(", ")
                        ));
                        lost.regno = found.first().map(|d| d.regno);
                        let reg = lost.regno.and_then(|n| path.last.as_ref().map(|s| *s.reg(n)));
                        lost.held = reg.map(|r| words(&r, self.request, &self.system.vmlinux)).unwrap_or_default();
                    }
                    SatResult::Unknown => tried.push("the rejected path: no answer in time".into()),
                }
            }
        }
        let answer = self.windows(insn, lost, sum, tried);
        if matches!(answer, Answer::Unknown) && !sum && self.calls_back() {
            return self.unrolled(insn, tried);
        }
        answer
    }

    /// Whether helpers call functions of the program.
    fn calls_back(&self) -> bool {
        self.request.insns.iter().any(|i| i.is_helper_call() && class::calls_sync_callback(i.imm as u32))
    }

    /// Follows the program from its entry, calls of its functions by helpers included.
    fn unrolled(&self, insn: usize, tried: &mut Vec<String>) -> Answer {
        let facts = match self.cover(insn, &BTreeSet::new()) {
            Ok((facts, _)) => facts,
            Err(why) => {
                tried.push(format!("from the entry, callbacks followed: {why}"));
                return Answer::Unknown;
            }
        };
        let program = self.program(&facts);
        let Some(state) = &facts.main else { return Answer::Unknown };
        let mut run = Run::from_state(&program, state, true);
        run.unrolls = true;
        let begin = Begin::of(&run, 0);
        let inside = (0..rounds::steps(program.insns.len())).collect();
        let window = Window { starts: BTreeSet::new(), inside };
        let check = |run: &mut Run, program: &Program<'_>| dangers(run, program, insn, self.rules);
        match explore(&program, run, 0, insn, &window, &check, &self.budget, &mut Tally::default()) {
            Found::Run(run, found) => match self.confirm(&program, &begin, &run, &found, insn) {
                Ok(witness) => return Answer::Bug(Box::new(witness)),
                Err(why) => tried.push(format!("from the entry, callbacks followed: it seems to go wrong, but {why}")),
            },
            Found::Nothing => tried.push("from the entry, callbacks followed up to a bound: nothing goes wrong".into()),
            Found::Unknown(why) => tried.push(format!("from the entry, callbacks followed: {why}")),
        }
        Answer::Unknown
    }

    /// Arithmetic alone breaks nothing; what it leads to may.
    fn beyond(&self, program: &Program<'_>, begin: &Begin, run: Run, insn: usize, tried: &mut Vec<String>) -> Answer {
        match explore_beyond(program, run, insn, self.rules, &self.budget) {
            (Found::Run(run, found), at) => match self.confirm(program, begin, &run, &found, at) {
                Ok(witness) => return Answer::Bug(Box::new(witness)),
                Err(why) => {
                    tried.push(format!("behind the arithmetic: it seems to go wrong at instruction {at}, but {why}"))
                }
            },
            (Found::Unknown(why), _) => tried.push(format!("behind the arithmetic: {why}")),
            (Found::Nothing, _) => tried.push("behind the arithmetic: nothing goes wrong on the rejected path".into()),
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
        let mut witness =
            witness::witness(program, begin, run, found, insn, &model).ok_or("the model has no values")?;
        let (end, passed) = replay_traced(program.insns, program, self.rules, &witness);
        if !confirms(&witness, &end) {
            return Err(format!("the replay does not: {end:?}"));
        }
        match machine::run(program, &witness, &passed) {
            Seen::Other(what) => Err(format!("the interpreter does not: {what}")),
            Seen::Same(fault) => {
                witness.fault = Some(fault);
                Ok(witness)
            }
            Seen::Nothing(_) => Ok(witness),
        }
    }

    /// States at instructions, as if the rejected accesses were safe.
    fn cover(&self, insn: usize, wanted: &BTreeSet<usize>) -> Result<(Facts, Vec<usize>), String> {
        let mut assumed = vec![insn];
        loop {
            let mut facts = Facts::wanting(wanted.clone());
            let late = || self.budget.spent();
            let report = verify_assuming(self.system, self.request, self.options, &mut facts, &late, &assumed);
            match report.verdict {
                Verdict::Budget(what) if &*what == ASSUMED => return Ok((facts, assumed)),
                Verdict::Rejected(_) if assumed.len() < MAX_ASSUMED && !assumed.contains(&report.insn_idx) => {
                    assumed.push(report.insn_idx);
                }
                Verdict::Rejected(r) => {
                    let text = r.cause.map(|c| c.text(self.system.kernel.style)).unwrap_or_default();
                    return Err(format!("rejected elsewhere too: instruction {}: {}", report.insn_idx, text.trim()));
                }
                Verdict::Unsupported(what) => return Err(what.into()),
                _ => return Err("out of time".into()),
            }
        }
    }

    /// Control flow of the program.
    fn graph(&self) -> Graph {
        /// BTF linkage of a global function.
        const GLOBAL: u16 = 1;
        let linkage = |id| self.request.btf.as_ref().and_then(|b| b.ty(id)).map(|t| t.func_linkage());
        let global = self.request.func_info.iter().filter(|f| linkage(f.type_id) == Some(GLOBAL));
        Graph::of(&self.request.insns, &global.map(|f| f.insn_off as usize).collect())
    }

    /// Windows before an instruction, and the states at their starts.
    pub(super) fn view(&self, insn: usize, target: usize) -> Result<View, String> {
        let graph = self.graph();
        let windows = graph.windows(target);
        let wanted: BTreeSet<usize> = windows.iter().flat_map(|w| w.starts.iter().copied()).collect();
        let (facts, assumed) = self.cover(insn, &wanted)?;
        // Behind some instructions taken as met the analysis does not go on, and misses what comes from there.
        let goes_on = |at: &usize| self.request.insns.get(*at).is_some_and(|i| matches!(i.class(), LDX | ST | STX));
        let complete = assumed.iter().all(|a| goes_on(a) || !graph.reaches(*a, target));
        Ok(View { windows, facts: Rc::new(facts), target, complete, enters_once: graph.enters_once() })
    }

    /// Searches for a proof over windows that grow backwards from the access, or from the sum of pointer and number.
    fn windows(&self, insn: usize, lost: Lost, sum: bool, tried: &mut Vec<String>) -> Answer {
        let view = match self.view(insn, insn) {
            Ok(view) => view,
            Err(why) => {
                tried.push(format!("all paths: {why}"));
                return Answer::Unknown;
            }
        };
        let rules = self.rules;
        let check = |run: &mut Run, program: &Program<'_>| match sum {
            false => dangers(run, program, insn, rules),
            // What is no sum of pointer and number on some path is not decided here.
            true => match leaves(run, program, insn) {
                none if none.is_empty() => wrong(0, Bool::from_bool(true)),
                some => some,
            },
        };
        let program = self.program(&view.facts);
        for window in &view.windows {
            if self.budget.spent() {
                tried.push("out of time".into());
                break;
            }
            let from = window.starts.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            let mut tally = Tally::default();
            match self.window(&view, window, &check, &mut tally) {
                (Found::Nothing, states, _) => {
                    let mut assumptions = Vec::new();
                    if tally.read_again {
                        assumptions.push("nobody else writes the map's value between two reads of it".to_string());
                    }
                    if sum {
                        let later = "accesses through the sum are within the object, which the kernel checks where it knows \
                                     the sum";
                        assumptions.push(later.to_string());
                    }
                    return Answer::Safe(Safety {
                        insn,
                        from: window.starts.iter().copied().collect(),
                        states,
                        paths: tally.arrived,
                        complete: view.complete && !tally.bounded,
                        sum,
                        assumptions,
                        lost,
                    });
                }
                (Found::Run(..), _, true) if sum => {
                    tried.push("another path: the sum leaves its object".to_string());
                    break;
                }
                (Found::Run(run, found), _, true) => {
                    let begin =
                        view.facts.main.as_ref().map(|state| Begin::of(&Run::from_state(&program, state, true), 0));
                    match begin
                        .ok_or("it has no entry".to_string())
                        .and_then(|b| self.confirm(&program, &b, &run, &found, insn))
                    {
                        Ok(witness) => return Answer::Bug(Box::new(witness)),
                        Err(why) => tried.push(format!("another path: it seems to go wrong there, but {why}")),
                    }
                }
                (Found::Run(..), _, false) => {
                    tried.push(format!("from instruction {from}: not without more of the past"));
                }
                (Found::Unknown(why), _, _) => tried.push(format!("from instruction {from}: {why}")),
            }
        }
        Answer::Unknown
    }

    /// Whether something cannot be at an instruction, on any path to it.
    pub(super) fn never(&self, view: &View, check: Check<'_>) -> bool {
        for window in &view.windows {
            if self.budget.spent() {
                return false;
            }
            let mut tally = Tally::default();
            match self.window(view, window, check, &mut tally) {
                (Found::Nothing, _, _) => return !tally.bounded && view.complete,
                (Found::Run(_, _), _, true) => return false,
                _ => {}
            }
        }
        false
    }

    /// One window: all its starts, all states there. How many states there are, and whether what was found begins at the
    /// program's entry.
    pub(super) fn window(
        &self,
        view: &View,
        window: &Window,
        check: Check<'_>,
        tally: &mut Tally,
    ) -> (Found, usize, bool) {
        if window.starts.iter().any(|s| view.facts.crowded.contains(s)) {
            return (Found::Unknown("too many different states".into()), 0, false);
        }
        // A large window must not use up the time of the others.
        let now = Instant::now();
        let until = self.budget.until.min(now + (self.budget.until.saturating_duration_since(now)) / 4);
        let budget = Budget { until, ..self.budget };
        let program = self.program(&view.facts);
        let mut states = 0;
        for start in &window.starts {
            let entry = view.facts.main.as_ref().filter(|_| *start == 0 && view.enters_once);
            let exact = entry.is_some();
            let seen = view.facts.states.get(start).map_or(&[][..], Vec::as_slice);
            // A start without states is never reached.
            for state in entry.map_or(seen, std::slice::from_ref) {
                states += 1;
                let run = Run::from_state(&program, state, exact);
                let found = explore(&program, run, *start, view.target, window, check, &budget, tally);
                if !matches!(found, Found::Nothing) {
                    return (found, states, exact);
                }
            }
        }
        (Found::Nothing, states, false)
    }
}

/// What is found about an accepted program.
#[derive(Clone, Debug, Default)]
pub struct Opinion {
    /// Accesses that were looked at.
    pub accesses: usize,
    /// Those that are safe on every path.
    pub proven: usize,
    /// Those within the time that nothing was shown of.
    pub open: Vec<usize>,
    /// An access that goes wrong, and did so in the replay: acceptance is unsound.
    pub unsound: Option<Witness>,
    /// Time taken.
    pub time: Duration,
}

/// A second opinion on an accepted program: the condition of every access to memory, from the states that the analysis
/// has at the begin of its block and further back. `None` when the program is not accepted.
pub fn second_opinion(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    effort: &Effort<'_>,
) -> Option<Opinion> {
    let begun = Instant::now();
    let budget = Budget {
        until: begun + effort.time,
        question: effort.question,
        paths: effort.paths,
        cancelled: effort.cancelled,
    };
    let quiet = Options { log_level: 0, ..options.clone() };
    let case = Case { system, request, options: &quiet, rules: Rules::default(), budget };
    let graph = case.graph();
    let mut facts = Facts::wanting(graph.leaders().iter().copied().collect());
    let late = || budget.spent();
    let report = verify_assuming(system, request, &quiet, &mut facts, &late, &[]);
    let Verdict::Accepted(_) = report.verdict else { return None };
    let facts = Rc::new(facts);
    let program = case.program(&facts);
    let mut out = Opinion::default();
    for (at, insn) in request.insns.iter().enumerate() {
        let accesses = matches!(insn.class(), LDX | ST | STX) || insn.is_helper_call();
        if !accesses || !facts.reached.contains(&at) {
            continue;
        }
        out.accesses += 1;
        let view = View {
            windows: graph.windows(at),
            facts: facts.clone(),
            target: at,
            complete: true,
            enters_once: graph.enters_once(),
        };
        // Each access gets its share of what is left.
        let share = budget.until.saturating_duration_since(Instant::now()) / 8;
        let own =
            Case { budget: Budget { until: budget.until.min(Instant::now() + share), paths: 200, ..budget }, ..case };
        let check = |run: &mut Run, program: &Program<'_>| dangers(run, program, at, Rules::default());
        let mut safe = false;
        for window in &view.windows {
            if own.budget.spent() {
                break;
            }
            let mut tally = Tally::default();
            match own.window(&view, window, &check, &mut tally) {
                (Found::Nothing, _, _) => {
                    safe = !tally.bounded;
                    break;
                }
                (Found::Run(run, found), _, true) => {
                    let begin = facts.main.as_ref().map(|state| Begin::of(&Run::from_state(&program, state, true), 0));
                    if let Some(Ok(w)) = begin.map(|b| own.confirm(&program, &b, &run, &found, at)) {
                        out.unsound = Some(w);
                    }
                    break;
                }
                _ => {}
            }
        }
        if safe {
            out.proven += 1;
        } else {
            out.open.push(at);
        }
        if out.unsound.is_some() {
            break;
        }
    }
    out.time = begun.elapsed();
    Some(out)
}
