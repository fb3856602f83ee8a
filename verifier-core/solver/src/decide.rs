//! The decision about one rejection: a real bug with a witness, a false rejection with a proof, or not known.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

use z3::SatResult;
use z3::ast::Bool;

use super::attack::attack;
use super::budget::{Effort, GaveUp, Meter, isolated};
use super::case::{Case, Decides, decides};
use super::danger::{Danger, Rule, Rules, dangers, leaves, may_break};
use super::facts::Facts;
use super::machine::{self, Seen};
use super::repair::{Repair, repair, wrong};
use super::replay::{End, confirms, replay_traced};
use super::run::{Program, Run};
use super::search::{Check, Found, Search, Tally, Window, ask, explore_beyond, follow, needed};
use super::windows::{DEEPER, Exhausted, Outcome, PASSES, SHALLOWER, View, Within};
use super::witness::{self, Begin, Witness};
use verifier_core::analysis::{ASSUMED, Options, Report, System, Verdict, verify_assuming};
use verifier_core::explain::value::words;
use verifier_core::explain::{Path, Recorder};
use verifier_core::kernel::MapType;
use verifier_core::log::Tee;
use verifier_core::program::LoadRequest;

/// Runs of the checked interpreter against each proof, and the seed of their inputs.
const ATTACKS: u32 = 32;
const SEED: u64 = 1;
/// Most accesses behind a sum that are looked at.
const MAX_ACCESSES: usize = 40;
/// Other rejections taken as met while the states at an instruction are collected.
const MAX_ASSUMED: usize = 12;

/// Why an access that the kernel rejects is safe.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Safety {
    /// The rejected instruction.
    pub insn: usize,
    /// That all paths to it were followed.
    pub proof: Exhausted,
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
    /// The access is safe: nothing was left out.
    Safe(Box<Safety>),
    /// Nothing goes wrong as far as was searched.
    WithinBounds(Within),
    /// Not known: the effort is spent, or something is not modelled.
    Unknown,
    /// Given up before the effort was spent: another time it may be decided.
    Undecided(GaveUp),
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
    /// Work done, in steps of Z3; the same on every machine.
    pub work: u64,
}

/// Decides about the rejection of a program; `None` when it is not rejected.
pub fn solve(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    effort: &Effort<'_>,
) -> (Report, Option<Solved>) {
    isolated(effort, |meter| solve_here(system, request, options, meter))
}

fn solve_here(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    meter: &Meter<'_>,
) -> (Report, Option<Solved>) {
    let begun = Instant::now();
    let budget = meter.budget();
    let mut recorder = Recorder::new();
    let mut facts = Facts::default();
    let quiet = Options { log_level: 0, ..options.clone() };
    let late = || budget.gave_up().is_some();
    let report = verify_assuming(system, request, &quiet, &mut Tee(&mut recorder, &mut facts), &late, &[]);
    let Verdict::Rejected(rejection) = &report.verdict else {
        return (report, None);
    };
    let insn = report.insn_idx;
    let mut tried = Vec::new();
    let perfmon = options.privilege.perfmon || options.privilege.sys_admin;
    let decides = decides(rejection, request.insns.get(insn), perfmon);
    let mut answer = match decides.rules() {
        None => Answer::NotAboutMemory,
        Some(rules) => {
            let case = Case { system, request, options: &quiet, rules, budget, trusts_offsets: true };
            case.decide(insn, &facts, &recorder.into_path(), &mut tried)
        }
    };
    if let (Decides::OnlyBugs(_), Answer::Safe(_) | Answer::WithinBounds(_) | Answer::Unknown) = (decides, &answer) {
        answer = Answer::NotAboutMemory;
    }
    // What was found stands; what was not is not known, since there was more to try.
    if let (Some(why), Answer::Unknown | Answer::WithinBounds(_)) = (budget.gave_up(), &answer) {
        answer = Answer::Undecided(why);
    }
    let harmless = match &answer {
        Answer::Safe(_) => true,
        Answer::Bug(w) => w.rule == Rule::UninitialisedRegister,
        _ => false,
    };
    let repair = if harmless { repair(system, request, &quiet, budget, &mut tried) } else { None };
    (report, Some(Solved { answer, repair, insn, tried, time: begun.elapsed(), work: meter.spent() }))
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
        Verdict::Rejected(r) => decides(r, request.insns.get(report.insn_idx), perfmon).rules(),
        // What a second opinion found.
        Verdict::Accepted(_) => Some(Rules::default()),
        _ => None,
    };
    let Some(rules) = rules else {
        return (report, None);
    };
    let facts = Facts::default();
    let meter = Meter::new(&Effort::default());
    let case = Case { system, request, options: &quiet, rules, budget: meter.budget(), trusts_offsets: true };
    let program = case.program(&facts);
    let (end, passed) = replay_traced(program.insns, &program, rules, witness);
    let seen = if confirms(witness, &end) {
        machine::run(&program, witness, &passed)
    } else {
        Seen::Nothing("the other replay goes another way")
    };
    (report, Some((end, seen)))
}

impl Case<'_> {
    fn decide(&self, insn: usize, facts: &Facts, path: &Path, tried: &mut Vec<String>) -> Answer {
        let answer = self.by_contracts(insn, facts, path, tried);
        let open = matches!(answer, Answer::Unknown | Answer::WithinBounds(_));
        if !open || !self.has_contracts() {
            return answer;
        }
        let sum = self.request.insns.get(insn).is_some_and(|i| i.is_alu());
        match self.unrolled(insn, sum, tried) {
            Answer::Unknown => answer,
            better => better,
        }
    }

    /// With functions that the kernel takes by contract taken so: they may do and return anything.
    fn by_contracts(&self, insn: usize, facts: &Facts, path: &Path, tried: &mut Vec<String>) -> Answer {
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
                let at = self.request.insns.get(insn).copied().unwrap_or_default();
                let mut found = dangers(&mut run, &program, insn, self.rules);
                if found.is_empty() && at.is_alu() {
                    found = leaves(&mut run, &program, insn);
                    let stays = !found.is_empty() && ask(&run, &found, &self.budget) == SatResult::Unsat;
                    if !stays {
                        let beyond = self.beyond(&program, &Begin::of(&entry, *start), run, insn, tried);
                        return match beyond {
                            Answer::Unknown if !found.is_empty() => self.windows(insn, lost, true, tried),
                            other => other,
                        };
                    }
                    sum = true;
                }
                if found.is_empty() && !may_break(at) {
                    tried.push("the rejected instruction accesses no memory and reads no register".into());
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
                        tried.push(match by.is_empty() {
                            true => "the rejected path: cannot go wrong there".to_string(),
                            false => {
                                format!("the rejected path: cannot go wrong there, by instructions {}", by.join(", "))
                            }
                        });
                        lost.regno = found.first().map(|d| d.regno);
                        let reg = lost.regno.and_then(|n| path.last.as_ref().map(|s| *s.reg(n)));
                        lost.held = reg.map(|r| words(&r, self.request, &self.system.vmlinux)).unwrap_or_default();
                    }
                    SatResult::Unknown => tried.push("the rejected path: no answer within the effort".into()),
                }
            }
        }
        self.windows(insn, lost, sum, tried)
    }

    /// Follows the program from its entry, with all calls of its functions: to an instruction, or to every access behind a
    /// sum of pointer and number.
    fn unrolled(&self, insn: usize, sum: bool, tried: &mut Vec<String>) -> Answer {
        let facts = match self.cover(insn, &BTreeSet::new()) {
            Ok((facts, _)) => facts,
            Err(why) => {
                tried.push(format!("from the entry, all functions followed: {why}"));
                return Answer::Unknown;
            }
        };
        let targets = if sum { self.accesses_behind(insn) } else { vec![insn] };
        if targets.is_empty() || targets.len() > MAX_ACCESSES {
            tried.push(format!("{} accesses behind the sum", targets.len()));
            return Answer::Unknown;
        }
        let mut least: Option<Within> = None;
        for target in targets {
            match self.unrolled_to(target, &facts, tried) {
                // Where no path arrives behind a sum, another access is what it leads to.
                Answer::WithinBounds(w) if w.paths > 0 => least = Some(least.map_or(w, |l| l.min(w))),
                Answer::WithinBounds(_) if sum => {}
                other => return other,
            }
        }
        least.map_or(Answer::Unknown, Answer::WithinBounds)
    }

    /// The same for one instruction.
    fn unrolled_to(&self, target: usize, facts: &Facts, tried: &mut Vec<String>) -> Answer {
        let program = self.program(facts);
        let Some(state) = facts.main() else { return Answer::Unknown };
        let window = Window { starts: BTreeSet::new(), inside: (0..program.insns.len()).collect() };
        let check = |run: &mut Run, program: &Program<'_>| dangers(run, program, target, self.rules);
        let mut best = Answer::Unknown;
        for passes in [4, PASSES, DEEPER[0], DEEPER[1]] {
            let mut run = Run::from_state(&program, state, true);
            run.unrolls = true;
            let begin = Begin::of(&run, 0);
            let budget = self.budget.share(2);
            let search = Search { program: &program, target, window: &window, check: &check, budget, passes };
            let mut tally = Tally::default();
            match search.explore(run, 0, &mut tally) {
                Found::Run(run, found) => match self.confirm(&program, &begin, &run, &found, target) {
                    Ok(witness) => return Answer::Bug(Box::new(witness)),
                    Err(why) => {
                        tried.push(format!("from the entry, all functions followed: it seems to go wrong, but {why}"));
                        return Answer::Unknown;
                    }
                },
                Found::Nothing => {
                    let (rounds, paths) = (tally.rounds, tally.arrived);
                    if paths > 0 || !tally.bounded {
                        best = Answer::WithinBounds(Within { rounds, paths, cut: true });
                    }
                    if !tally.bounded {
                        break;
                    }
                }
                Found::Unknown(why) => {
                    tried.push(format!("from the entry, all functions followed {passes} times at most: {why}"));
                    break;
                }
            }
        }
        best
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
    pub(super) fn confirm(
        &self,
        program: &Program<'_>,
        begin: &Begin,
        run: &Run,
        found: &[Danger],
        insn: usize,
    ) -> Result<Witness, String> {
        if run.by_contract {
            return Err("what a global function returns there is not looked at".into());
        }
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
            let late = || self.budget.gave_up().is_some();
            let report = verify_assuming(self.system, self.request, self.options, &mut facts, &late, &assumed);
            match report.verdict {
                Verdict::Budget(what) if &*what == ASSUMED => return Ok((facts, assumed)),
                Verdict::Rejected(_) if assumed.len() < MAX_ASSUMED && !assumed.contains(&report.insn_idx) => {
                    assumed.push(report.insn_idx);
                }
                Verdict::Rejected(r) => {
                    let text = r.cause.map(|c| c.text(self.system.kernel.style)).unwrap_or_default();
                    let line = text.trim().lines().last().unwrap_or_default().to_string();
                    return Err(format!("rejected elsewhere too: instruction {}: {line}", report.insn_idx));
                }
                Verdict::Unsupported(what) => return Err(what.into()),
                _ => return Err("out of time".into()),
            }
        }
    }

    /// Windows before an instruction, and the states at their starts.
    pub(super) fn view(&self, insn: usize, target: usize) -> Result<View, String> {
        let graph = self.graph();
        let windows = graph.windows(target);
        let wanted: BTreeSet<usize> = windows.iter().flat_map(|w| w.starts.iter().copied()).collect();
        let (facts, assumed) = self.cover(insn, &wanted)?;
        // Behind some instructions taken as met the analysis does not go on, and misses what comes from there.
        let ends = assumed.iter().find(|a| facts.ended.contains(a) && graph.reaches(**a, target));
        let incomplete =
            ends.map(|a| format!("instruction {a} is rejected as well, and nothing known of what follows"));
        Ok(View { windows, facts: Rc::new(facts), target, incomplete, enters_once: graph.enters_once() })
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
        if sum {
            // A pointer that leaves its object does no harm before it is used.
            let stays = match self.searched(&view, &check, false, tried) {
                Searched::Proof(proof) => Some(proof),
                _ => None,
            };
            let last = match self.behind(insn, tried) {
                Ok(last) => last,
                Err(answer) => return answer,
            };
            let sum = stays.is_some();
            return stays.or(last).map_or(Answer::Unknown, |proof| self.safe(insn, proof, sum, lost, tried));
        }
        match self.searched(&view, &check, true, tried) {
            Searched::Proof(proof) => self.safe(insn, proof, false, lost, tried),
            Searched::Bug(w) => Answer::Bug(w),
            Searched::Within(w) => Answer::WithinBounds(w),
            Searched::Unknown => Answer::Unknown,
        }
    }

    /// Searches all windows before an instruction. `bugs`: what is found is replayed.
    fn searched(&self, view: &View, check: Check<'_>, bugs: bool, tried: &mut Vec<String>) -> Searched {
        if let Some(why) = &view.incomplete {
            tried.push(format!("not all states are known: {why}"));
        }
        let mut best: Option<Within> = None;
        let whole = view.whole();
        let plain = |(w, passes)| Plan { window: w, passes, leaps: false };
        let mut plan: VecDeque<Plan<'_>> = view.windows.iter().map(|w| plain((w, PASSES))).collect();
        // All of the program: shallower where there are too many paths, deeper while nothing is found.
        let (mut shallower, mut deeper) = (SHALLOWER.into_iter(), DEEPER.into_iter());
        while let Some(Plan { window, passes, leaps }) = plan.pop_front() {
            if self.budget.spent() {
                tried.push("the effort for this answer is spent".into());
                break;
            }
            let from = window.starts.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            let how = if leaps { ", rounds that are alike leapt over" } else { "" };
            let place = format!("from instruction {from}, {passes} rounds at most{how}");
            let all = whole.is_some_and(|w| std::ptr::eq(w, window));
            match view.search(self, window, check, passes, leaps) {
                Outcome::Exhausted(proof) => return Searched::Proof(proof),
                Outcome::Within(w) => {
                    tried.push(match w.paths {
                        0 => format!("{place}: no path that was followed arrives"),
                        paths => format!("{place}: nothing goes wrong on {paths} paths"),
                    });
                    best = best.max(Some(w).filter(|w| w.paths > 0 && !leaps));
                    if all && passes == PASSES && w.cut && !leaps {
                        plan.push_back(Plan { window, passes, leaps: true });
                    } else if all && passes >= PASSES && w.cut {
                        plan.extend(deeper.next().map(|n| plain((window, n))));
                    }
                }
                Outcome::Danger { begin: Some(_), .. } if !bugs => {
                    tried.push("another path: the sum leaves its object".to_string());
                    return Searched::Unknown;
                }
                Outcome::Danger { begin: Some(begin), run, found } => {
                    let program = self.program(&view.facts);
                    match self.confirm(&program, &begin, &run, &found, view.target) {
                        Ok(witness) => return Searched::Bug(Box::new(witness)),
                        Err(why) => tried.push(format!("another path: it seems to go wrong there, but {why}")),
                    }
                    // What seems to go wrong is nothing that can be ruled out, unless it was a guess.
                    if !leaps {
                        return Searched::Unknown;
                    }
                    plan.extend(deeper.next().map(|n| plain((window, n))));
                }
                Outcome::Danger { begin: None, .. } => tried.push(format!("{place}: not without more of the past")),
                Outcome::Unknown(why) => {
                    tried.push(format!("{place}: {why}"));
                    if all && passes <= PASSES && !leaps {
                        plan.extend(shallower.next().map(|n| plain((window, n))));
                    }
                }
            }
        }
        best.map_or(Searched::Unknown, Searched::Within)
    }

    /// A sum of pointer and number is harmless when every access behind it is: the last of those proofs.
    fn behind(&self, insn: usize, tried: &mut Vec<String>) -> Result<Option<Exhausted>, Answer> {
        let behind = self.accesses_behind(insn);
        if behind.len() > MAX_ACCESSES {
            tried.push(format!("{} accesses behind the sum are too many", behind.len()));
            return Err(Answer::Unknown);
        }
        let mut last = None;
        for at in behind {
            let place = format!("instruction {at}, behind the sum");
            let view = match self.view(insn, at) {
                Ok(view) => view,
                Err(why) => {
                    tried.push(format!("{place}: {why}"));
                    return Err(Answer::Unknown);
                }
            };
            let rules = self.rules;
            let check = |run: &mut Run, program: &Program<'_>| dangers(run, program, at, rules);
            let mut own = Vec::new();
            match self.searched(&view, &check, true, &mut own) {
                Searched::Proof(proof) => last = Some(proof),
                Searched::Bug(w) => return Err(Answer::Bug(w)),
                Searched::Within(w) => {
                    tried.push(format!("{place}: not proven"));
                    tried.extend(own);
                    return Err(Answer::WithinBounds(w));
                }
                Searched::Unknown => {
                    tried.push(format!("{place}: not known"));
                    tried.extend(own);
                    return Err(Answer::Unknown);
                }
            }
        }
        Ok(last)
    }

    /// A proof becomes an answer when nothing speaks against it: an attack, or memory that others write as well.
    fn safe(&self, insn: usize, proof: Exhausted, sum: bool, lost: Lost, tried: &mut Vec<String>) -> Answer {
        let facts = Facts::default();
        let program = self.program(&facts);
        let own = |map: &usize| {
            let ty = program.map(*map).and_then(|m| MapType::from_number(m.map_type));
            matches!(ty, Some(MapType::PercpuArray | MapType::PercpuHash | MapType::LruPercpuHash))
        };
        let written = |map: &&usize| !program.map(**map).is_some_and(|m| m.frozen);
        if let Some(map) = proof.read_again().iter().filter(written).find(|m| !own(m)) {
            let name = program.map(*map).map_or("", |m| m.name.as_str());
            tried.push(format!(
                "safe only if nobody else writes the value of map `{name}` between two reads of it; another CPU may, and \
                 user space"
            ));
            return Answer::Unknown;
        }
        if proof.unmeasured() {
            tried.push("safe only if the object is large enough: how large it is is not known".to_string());
            return Answer::Unknown;
        }
        let hit = attack(&program, (!sum).then_some(insn), ATTACKS, SEED).and_then(|a| a.hit);
        if let Some((_, at)) = hit.filter(|(_, at)| !sum || self.graph().reaches(insn, *at)) {
            tried.push(format!(
                "internal error of bpfvet, please report the program: a proof says that nothing goes wrong at instruction \
                 {insn}, and an input goes wrong at instruction {at}"
            ));
            return Answer::Unknown;
        }
        let mut assumptions = Vec::new();
        if proof.read_again().iter().any(|m| written(&m)) {
            assumptions.push("nobody else writes this CPU's value of the map between two reads of it".to_string());
        }
        Answer::Safe(Box::new(Safety { insn, proof, sum, assumptions, lost }))
    }
}

/// A window to search, and how.
struct Plan<'a> {
    window: &'a Window,
    passes: u32,
    /// Rounds of iterators that are alike are leapt over.
    leaps: bool,
}

/// What all searches for one thing come to.
enum Searched {
    Proof(Exhausted),
    Bug(Box<Witness>),
    Within(Within),
    Unknown,
}
