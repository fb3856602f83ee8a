//! Paths: the recorded one, and all others to an instruction.
//!
//! Whether an access is safe on every path is shown over a window: from any state that the analysis finds at an
//! instruction that every path to the access passes, with all numbers unknown, every way to the access is followed. What
//! holds from there holds whatever happened before, loops included, so that a short window is an inductive proof.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use z3::SatResult;
use z3::ast::Bool;

use super::budget::Budget;
use super::danger::{Danger, Rules, dangers};
use super::rounds;
use super::run::{Next, Program, Run, Stuck};
use verifier_core::cfg::{Cfg, JumpTables, flow};
use verifier_core::explain::Path;
use verifier_core::explain::path::Place;
use verifier_core::isa::{Flow, Insn, Op};
use verifier_core::state::RegState;

/// Follows the recorded path up to its last instruction, which is not executed.
///
/// # Errors
/// Where the path cannot be followed, and why.
pub fn follow(program: &Program<'_>, path: &Path, mut run: Run, start: usize) -> Result<Run, String> {
    if path.cut {
        return Err("the path is too long to be kept".into());
    }
    let mut pc = start;
    let mut steps = path.steps.iter().peekable();
    let mut spent = 0usize;
    loop {
        spent += 1;
        if spent > 200_000 {
            return Err("the path is too long".into());
        }
        let step = steps.peek().copied();
        let hint = step.filter(|s| s.insn == pc);
        if hint.is_some() {
            steps.next();
        } else if step.is_none() && pc == path.end {
            return Ok(run);
        }
        // Where a path branches off, the record lacks the branch itself.
        let want = steps.peek().map_or(path.end, |s| s.insn);
        let result = hint.and_then(|s| {
            s.changes.iter().find_map(|c| match c.place {
                Place::Reg { n, .. } if writes(program.insns[pc], n) => c.after,
                _ => None,
            })
        });
        let at = pc;
        match run.step(program, pc, result.as_ref()).map_err(|e| format!("instruction {pc}: {e}"))? {
            Next::To(to) => pc = to,
            Next::Branch(taken, a, b) => {
                let (a_fits, b_fits) = (a == want, b == want);
                if a_fits {
                    if !b_fits {
                        run.assume(taken);
                    }
                    pc = a;
                } else {
                    if b_fits {
                        run.assume(taken.not());
                    }
                    pc = b;
                }
            }
            Next::End => return Err(format!("the path ends at instruction {at}")),
        }
    }
}

/// The register that an instruction's result goes to.
fn writes(insn: Insn, n: u8) -> bool {
    match insn.decode() {
        Op::Load { dst, .. } | Op::Const { dst, .. } => dst == n,
        Op::Call { .. } => n == 0,
        _ => false,
    }
}

/// The type of the hint of [`Run::step`].
pub type Hint = Option<RegState>;

/// What a question found.
#[derive(Clone, Debug)]
pub enum Found {
    /// Nothing: it cannot be.
    Nothing,
    /// It can be: in this run, with these dangers.
    Run(Box<Run>, Vec<Danger>),
    /// Not known, and why.
    Unknown(String),
}

/// Instructions whose conditions keep the dangers of a run from being real, where Z3 says so.
pub fn needed(run: &Run, found: &[Danger], budget: &Budget<'_>) -> Vec<usize> {
    let solver = budget.solver();
    let mut names = Vec::new();
    for (n, (at, c)) in run.conditions.iter().enumerate() {
        let name = Bool::new_const(format!("needed#{n}"));
        solver.assert_and_track(c.clone(), &name);
        names.push((name, *at));
    }
    let any: Vec<Bool> = found.iter().map(|d| d.when.clone()).collect();
    solver.assert(Bool::or(&any));
    if budget.check(&solver) != SatResult::Unsat {
        return Vec::new();
    }
    let core = solver.get_unsat_core();
    let used: BTreeSet<usize> = names.iter().filter(|(name, _)| core.contains(name)).map(|(_, at)| *at).collect();
    used.into_iter().collect()
}

/// Asks whether one of the dangers can be real at the end of a run.
pub fn ask(run: &Run, found: &[Danger], budget: &Budget<'_>) -> SatResult {
    let solver = budget.solver();
    for (_, c) in &run.conditions {
        solver.assert(c);
    }
    let any: Vec<Bool> = found.iter().map(|d| d.when.clone()).collect();
    solver.assert(Bool::or(&any));
    budget.check(&solver)
}

/// Control flow between functions, as far as paths need it, in blocks.
pub struct Graph {
    /// Begin of each block, in order.
    leaders: Vec<usize>,
    /// Blocks behind each block.
    next: Vec<BTreeSet<usize>>,
    before: Vec<BTreeSet<usize>>,
    /// Begins of functions that are entered from outside: callbacks, and what is verified on its own.
    entries: BTreeSet<usize>,
    cfg: Cfg,
    insns: usize,
}

/// Where a search begins, and where it may go.
#[derive(Clone, Debug)]
pub struct Window {
    /// First instructions.
    pub starts: BTreeSet<usize>,
    /// Instructions that paths may pass.
    pub inside: BTreeSet<usize>,
}

impl Graph {
    /// Of a program. `global`: begins of functions that are verified on their own.
    pub fn of(insns: &[Insn], global: &BTreeSet<usize>) -> Graph {
        let inside = |to: Option<usize>| to.filter(|t| *t < insns.len());
        let mut functions = BTreeSet::from([0]);
        let mut calls: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut leaders = BTreeSet::from([0]);
        let mut edges: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut entries = global.clone();
        let mut i = 0;
        while i < insns.len() {
            let insn = insns[i];
            let after = flow::behind(insns, i);
            if insn.is_pseudo_call() || insn.is_pseudo_func() {
                if let Some(to) = inside(flow::callee(insn, i)) {
                    functions.insert(to);
                    leaders.insert(to);
                    if insn.is_pseudo_call() {
                        calls.entry(to).or_default().push(after);
                    } else {
                        entries.insert(to);
                    }
                }
                leaders.insert(after);
            } else if insn.decode().flow() != Flow::Next {
                leaders.extend(inside(flow::jump_target(insn, i)));
                leaders.insert(after);
            }
            i = after;
        }
        i = 0;
        while i < insns.len() {
            let insn = insns[i];
            let after = flow::behind(insns, i);
            let mut to = Vec::new();
            if insn.is_pseudo_call() {
                to.extend(inside(flow::callee(insn, i)));
                to.push(after);
            } else if insn.is_exit() {
                let function = functions.range(..=i).next_back().copied().unwrap_or(0);
                to.extend(calls.get(&function).into_iter().flatten());
            } else if insn.decode().flow() != Flow::Next {
                to.extend(flow::successors(insns, JumpTables::NONE, i).iter());
            } else if leaders.contains(&after) {
                to.push(after);
            }
            if matches!(insn.decode(), Op::PacketLoad { .. }) {
                // Where the packet is too short the function ends.
                let function = functions.range(..=i).next_back().copied().unwrap_or(0);
                to.extend(calls.get(&function).into_iter().flatten());
            }
            edges.insert(i, to);
            i = after;
        }
        let leaders: Vec<usize> = leaders.into_iter().filter(|l| *l < insns.len()).collect();
        let block = |at: usize| leaders.partition_point(|l| *l <= at).saturating_sub(1);
        let mut next = vec![BTreeSet::new(); leaders.len()];
        let mut before = vec![BTreeSet::new(); leaders.len()];
        for (from, to) in &edges {
            for t in to.iter().filter(|t| **t < insns.len()) {
                next[block(*from)].insert(block(*t));
                before[block(*t)].insert(block(*from));
            }
        }
        Graph { leaders, next, before, entries, cfg: Cfg::build(insns, JumpTables::NONE), insns: insns.len() }
    }

    fn block(&self, at: usize) -> usize {
        self.leaders.partition_point(|l| *l <= at).saturating_sub(1)
    }

    fn insns_of(&self, block: usize) -> std::ops::Range<usize> {
        self.leaders[block]..self.leaders.get(block + 1).copied().unwrap_or(self.insns)
    }

    /// Blocks from which a block can be reached within some steps (or any number), with the steps.
    fn distances(&self, target: usize) -> BTreeMap<usize, usize> {
        let mut seen = BTreeMap::from([(target, 0)]);
        let mut queue = VecDeque::from([target]);
        while let Some(at) = queue.pop_front() {
            let far = seen[&at] + 1;
            for from in &self.before[at] {
                if !seen.contains_key(from) {
                    seen.insert(*from, far);
                    queue.push_back(*from);
                }
            }
        }
        seen
    }

    /// Whether the program's entry is only ever the entry.
    pub fn enters_once(&self) -> bool {
        self.before.first().is_none_or(BTreeSet::is_empty)
    }

    /// Begins of all blocks.
    pub fn leaders(&self) -> &[usize] {
        &self.leaders
    }

    /// Whether some way leads from an instruction to another, or back to itself.
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        let (a, b) = (self.block(from), self.block(to));
        if a == b && from < to {
            return true;
        }
        let reaching = self.distances(b);
        self.next[a].iter().any(|n| reaching.contains_key(n))
    }

    /// The windows in which to look at the ways to an instruction: everything within some blocks before it, entered from
    /// outside; and everything behind a block that all paths pass. Small ones first.
    pub fn windows(&self, at: usize) -> Vec<Window> {
        let target = self.block(at);
        let far = self.distances(target);
        let mut out = Vec::new();
        let own: BTreeSet<usize> = self.insns_of(target).collect();
        out.push(Window { starts: BTreeSet::from([self.leaders[target]]), inside: own });
        let reaching: BTreeSet<usize> = far.keys().flat_map(|b| self.insns_of(*b)).collect();
        let first = self.cfg.block_of(at).filter(|b| !self.entries.contains(&self.cfg.graph[*b].start));
        let mut dominator = first.and_then(|b| self.cfg.immediate_dominator(b));
        let mut dominating = Vec::new();
        while let Some(b) = dominator {
            let starts = BTreeSet::from([self.cfg.graph[b].start]);
            dominating.push(Window { starts, inside: reaching.clone() });
            if self.entries.contains(&self.cfg.graph[b].start) {
                break;
            }
            dominator = self.cfg.immediate_dominator(b);
        }
        let most = far.values().copied().max().unwrap_or(0);
        let layer = |k: usize| {
            let inside: BTreeSet<usize> = far.iter().filter(|(_, d)| **d < k).map(|(b, _)| *b).collect();
            let enters = |b: &usize| !inside.contains(b) && self.next[*b].iter().any(|n| inside.contains(n));
            let mut starts: BTreeSet<usize> = far.keys().filter(|b| enters(b)).map(|b| self.leaders[*b]).collect();
            let mut insns: BTreeSet<usize> = inside.iter().flat_map(|b| self.insns_of(*b)).collect();
            for s in &starts {
                insns.extend(self.insns_of(self.block(*s)));
            }
            for b in &inside {
                if *b == 0 || self.before[*b].is_empty() || self.entries.contains(&self.leaders[*b]) {
                    starts.insert(self.leaders[*b]);
                }
            }
            Window { starts, inside: insns }
        };
        for k in [1, 2, 3] {
            out.extend((k <= most).then(|| layer(k)));
        }
        let mut rest = [4, 6, 8, 12, 16].into_iter().filter(|k| *k <= most);
        for (n, d) in dominating.into_iter().enumerate() {
            out.push(d);
            if n % 3 == 2 {
                out.extend(rest.next().map(layer));
            }
        }
        out.extend(rest.map(layer));
        out
    }
}

/// What must not be at the target, as the run stands before it.
pub type Check<'a> = &'a dyn Fn(&mut Run, &Program<'_>) -> Vec<Danger>;

/// What a search did.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Paths that reached the target.
    pub arrived: usize,
    /// Ways towards the target that cannot be gone, by what holds before them.
    pub refuted: usize,
    /// Paths followed, those that end elsewhere included.
    pub followed: usize,
    /// How often a path passed one instruction, at most.
    pub rounds: u32,
    /// Some path was cut because it passed an instruction too often.
    pub bounded: bool,
    /// Maps whose values some path reads again.
    pub read_again: BTreeSet<usize>,
    /// Some path accesses at the target what nobody knows how large it is.
    pub unmeasured: bool,
}

impl Tally {
    fn with(&mut self, other: &Tally) {
        self.arrived += other.arrived;
        self.refuted += other.refuted;
        self.followed += other.followed;
        self.rounds = self.rounds.max(other.rounds);
        self.bounded |= other.bounded;
        self.read_again.extend(&other.read_again);
        self.unmeasured |= other.unmeasured;
    }
}

/// Follows every feasible path from where a run stands, and asks about the dangers at every instruction.
pub fn explore_beyond(program: &Program<'_>, run: Run, at: usize, rules: Rules, budget: &Budget<'_>) -> (Found, usize) {
    /// How often one path may pass an instruction.
    const MAX_PASSES: u32 = 200;
    let mut stack = vec![(run, at)];
    let mut followed = 0;
    let mut cut = false;
    while let Some((mut run, mut pc)) = stack.pop() {
        followed += 1;
        if budget.spent() || followed > budget.paths {
            return (Found::Unknown("too many paths behind it".into()), pc);
        }
        loop {
            let found = dangers(&mut run, program, pc, rules);
            if !found.is_empty() && ask(&run, &found, budget) == SatResult::Sat {
                return (Found::Run(Box::new(run), found), pc);
            }
            if run.pass(pc) > MAX_PASSES {
                cut = true;
                break;
            }
            budget.steps(1);
            match run.step(program, pc, None) {
                Err(Stuck::Unsafe(_)) | Ok(Next::End) => break,
                Err(why) => return (Found::Unknown(format!("instruction {pc}: {why}")), pc),
                Ok(Next::To(to)) => pc = to,
                Ok(Next::Branch(taken, yes, no)) => match taken.as_bool() {
                    Some(way) => pc = if way { yes } else { no },
                    None => {
                        let mut other = run.clone();
                        other.assume(taken.clone());
                        run.assume(taken.not());
                        stack.push((other, yes));
                        stack.push((run, no));
                        break;
                    }
                },
            }
        }
    }
    let what = "a loop behind it goes round too often";
    (if cut { Found::Unknown(what.into()) } else { Found::Nothing }, at)
}

/// A path to follow.
struct Branch {
    run: Run,
    pc: usize,
    scope: u32,
    asserted: usize,
    fresh: bool,
}

/// A search for what must not be at an instruction.
pub struct Search<'a> {
    /// The program.
    pub program: &'a Program<'a>,
    /// Where to look.
    pub target: usize,
    /// Where paths may go. They end where they come to a start, because another search begins there.
    pub window: &'a Window,
    /// What must not be.
    pub check: Check<'a>,
    /// What may be spent.
    pub budget: Budget<'a>,
    /// How often one path may pass an instruction.
    pub passes: u32,
}

/// How a path goes on behind one instruction or more.
enum Goes {
    /// It is at its end.
    Ended,
    /// It leads two ways.
    Apart(Bool, usize, usize),
    /// The search is over.
    Over(Found),
}

impl Search<'_> {
    /// Follows every feasible path from a run that stands at `start`, and asks about the dangers at the target.
    pub fn explore(&self, run: Run, start: usize, tally: &mut Tally) -> Found {
        let mut own = Tally::default();
        let found = self.all(run, start, &mut own);
        tally.with(&own);
        found
    }

    fn all(&self, run: Run, start: usize, tally: &mut Tally) -> Found {
        let solver = self.budget.solver();
        let mut scope = 0;
        let mut stack = vec![Branch { run, pc: start, scope: 0, asserted: 0, fresh: true }];
        while let Some(mut b) = stack.pop() {
            if let Some(over) = self.over(tally) {
                return over;
            }
            tally.followed += 1;
            if scope > b.scope {
                solver.pop(scope - b.scope);
            }
            solver.push();
            scope = b.scope + 1;
            for (_, c) in &b.run.conditions[b.asserted..] {
                solver.assert(c);
            }
            b.asserted = b.run.conditions.len();
            if !b.fresh {
                match self.budget.check(&solver) {
                    SatResult::Unsat => {
                        tally.refuted += usize::from(self.window.inside.contains(&b.pc));
                        continue;
                    }
                    SatResult::Sat => {}
                    // A path that may be there is followed; what is asked on it later decides.
                    SatResult::Unknown => {}
                }
            }
            match self.walk(&solver, &mut b, tally) {
                Goes::Ended => {}
                Goes::Over(found) => return found,
                Goes::Apart(taken, yes, no) => {
                    let (mut other, mut this) = (b.run.clone(), b.run);
                    other.assume(taken.clone());
                    this.assume(taken.not());
                    let (asserted, fresh) = (b.asserted, false);
                    stack.push(Branch { run: other, pc: yes, scope, asserted, fresh });
                    stack.push(Branch { run: this, pc: no, scope, asserted, fresh });
                }
            }
        }
        Found::Nothing
    }

    fn over(&self, tally: &Tally) -> Option<Found> {
        let what = if let Some(why) = self.budget.gave_up() {
            why.words().to_string()
        } else if self.budget.spent() {
            "the effort for this search is spent".to_string()
        } else if tally.followed >= self.budget.paths {
            format!("more than {} paths", self.budget.paths)
        } else {
            return None;
        };
        Some(Found::Unknown(what))
    }

    /// One path up to where it parts.
    fn walk(&self, solver: &z3::Solver, b: &mut Branch, tally: &mut Tally) -> Goes {
        let program = self.program;
        let mut first = b.fresh;
        loop {
            if !first && self.window.starts.contains(&b.pc) {
                return Goes::Ended;
            }
            if b.pc == self.target
                && let Some(found) = self.arrived(solver, b, tally)
            {
                return Goes::Over(found);
            }
            if !self.window.inside.contains(&rounds::insn_of(program.insns.len(), b.pc)) {
                return Goes::Ended;
            }
            first = false;
            let passed = b.run.pass(b.pc);
            if passed > self.passes {
                tally.bounded = true;
                return Goes::Ended;
            }
            tally.rounds = tally.rounds.max(passed);
            self.budget.steps(1);
            let stepped = b.run.step(program, b.pc, None);
            // What was leapt over was not searched.
            tally.bounded |= !b.run.leapt.is_empty();
            match stepped {
                // The target's own danger was asked about. What is unsafe elsewhere ends the program there, but the
                // analysis found nothing unsafe there: either no run comes here, or the run knows too little.
                Err(Stuck::Unsafe(_)) if b.pc == self.target => return Goes::Ended,
                Err(why) => {
                    return match self.holds(solver, b, &[]) {
                        SatResult::Unsat => Goes::Ended,
                        _ => Goes::Over(Found::Unknown(format!("instruction {}: {why}", b.pc))),
                    };
                }
                Ok(Next::End) => return Goes::Ended,
                Ok(Next::To(to)) => b.pc = to,
                Ok(Next::Branch(taken, yes, no)) => match taken.as_bool() {
                    Some(way) => b.pc = if way { yes } else { no },
                    None => return Goes::Apart(taken, yes, no),
                },
            }
            // A loop whose rounds are known never parts: it must end all the same.
            if self.budget.spent()
                && let Some(over) = self.over(tally)
            {
                return Goes::Over(over);
            }
        }
    }

    /// At the target: what is wrong there, or that nobody knows.
    fn arrived(&self, solver: &z3::Solver, b: &mut Branch, tally: &mut Tally) -> Option<Found> {
        let found = (self.check)(&mut b.run, self.program);
        tally.read_again.extend(&b.run.read_again);
        tally.unmeasured |= b.run.unmeasured;
        if found.is_empty() {
            // Whether any run comes here by this path is asked all the same: a path that nobody goes is none.
            if tally.arrived == 0 && self.holds(solver, b, &[]) == SatResult::Unsat {
                return None;
            }
            tally.arrived += 1;
            return None;
        }
        let any: Vec<Bool> = found.iter().map(|d| d.when.clone()).collect();
        match self.holds(solver, b, &[Bool::or(&any)]) {
            SatResult::Unsat => {
                let counts = tally.arrived > 0 || self.holds(solver, b, &[]) == SatResult::Sat;
                tally.arrived += usize::from(counts);
                None
            }
            SatResult::Sat => Some(Found::Run(Box::new(b.run.clone()), found)),
            SatResult::Unknown => {
                let why = match self.over(tally) {
                    Some(Found::Unknown(why)) => why,
                    _ => solver.get_reason_unknown().unwrap_or_else(|| "no answer".into()),
                };
                Some(Found::Unknown(why))
            }
        }
    }

    /// Whether a path can be gone, and something holds at its end.
    fn holds(&self, solver: &z3::Solver, b: &Branch, also: &[Bool]) -> SatResult {
        solver.push();
        for (_, c) in &b.run.conditions[b.asserted..] {
            solver.assert(c);
        }
        also.iter().for_each(|c| solver.assert(c));
        let answer = self.budget.check(solver);
        solver.pop(1);
        answer
    }
}
