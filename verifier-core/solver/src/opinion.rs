//! A second opinion on an accepted program: is every access safe indeed?

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::budget::{Effort, GaveUp, Meter, isolated};
use super::case::Case;
use super::danger::{Rules, dangers};
use super::facts::Facts;
use super::run::{Program, Run};
use super::windows::{Outcome, PASSES, View};
use super::witness::Witness;
use verifier_core::analysis::{Options, System, Verdict, verify_assuming};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::{LDX, ST, STX};
use verifier_core::program::LoadRequest;

/// Most paths of one search.
const PATHS: usize = 200;

/// What is found about an accepted program.
#[derive(Clone, Debug, Default)]
pub struct Opinion {
    /// Accesses that were looked at.
    pub accesses: usize,
    /// Those that are safe on every path.
    pub proven: usize,
    /// Those that nothing was shown of.
    pub open: Vec<usize>,
    /// An access that goes wrong, and did so in the replay: acceptance is unsound.
    pub unsound: Option<Witness>,
    /// Accesses that seem to go wrong, though no replay does, and why.
    pub suspected: Vec<(usize, String)>,
    /// Why it was given up before everything was looked at.
    pub gave_up: Option<GaveUp>,
    /// Time taken.
    pub time: Duration,
    /// Work done, in steps of Z3; the same on every machine.
    pub work: u64,
}

/// A second opinion on an accepted program: the condition of every access to memory, from the states that the analysis
/// has at the begin of its block and further back. `None` when the program is not accepted.
pub fn second_opinion(
    system: &System,
    request: &LoadRequest,
    options: &Options,
    effort: &Effort<'_>,
) -> Option<Opinion> {
    isolated(effort, |meter| opinion(system, request, options, meter))
}

/// Whether an instruction accesses memory, arguments of calls included.
fn accesses(insn: &Insn) -> bool {
    matches!(insn.class(), LDX | ST | STX) || insn.is_helper_call() || insn.is_kfunc_call()
}

fn opinion(system: &System, request: &LoadRequest, options: &Options, meter: &Meter<'_>) -> Option<Opinion> {
    let begun = Instant::now();
    let budget = meter.budget().with_paths(PATHS);
    let quiet = Options { log_level: 0, ..options.clone() };
    // An opinion that took over the kernel's arithmetic would be no second one.
    let case = Case { system, request, options: &quiet, rules: Rules::default(), budget, trusts_offsets: false };
    let graph = case.graph();
    let mut facts = Facts::wanting(graph.leaders().iter().copied().collect());
    let late = || budget.gave_up().is_some();
    let report = verify_assuming(system, request, &quiet, &mut facts, &late, &[]);
    let Verdict::Accepted(_) = report.verdict else { return None };
    let facts = Rc::new(facts);
    let mut out = Opinion::default();
    for at in (0..request.insns.len()).filter(|at| accesses(&request.insns[*at]) && facts.reached.contains(at)) {
        out.accesses += 1;
        let view = View {
            windows: graph.windows(at),
            facts: facts.clone(),
            target: at,
            incomplete: None,
            enters_once: graph.enters_once(),
        };
        // Each access gets its share of what is left.
        let own = Case { budget: budget.share(8), ..case };
        if one(&own, &view, &mut out) {
            out.proven += 1;
        } else {
            out.open.push(at);
        }
        if out.unsound.is_some() || budget.gave_up().is_some() {
            break;
        }
    }
    out.gave_up = budget.gave_up().filter(|_| out.unsound.is_none());
    out.time = begun.elapsed();
    out.work = meter.spent();
    Some(out)
}

/// Whether an access is proven safe. What goes wrong is kept.
fn one(case: &Case<'_>, view: &View, out: &mut Opinion) -> bool {
    let at = view.target;
    let check = |run: &mut Run, program: &Program<'_>| dangers(run, program, at, Rules::default());
    for window in &view.windows {
        if case.budget.spent() {
            return false;
        }
        match view.search(case, window, &check, PASSES, false) {
            Outcome::Exhausted(_) => return true,
            Outcome::Danger { run, found, begin: Some(begin) } => {
                let program = case.program(&view.facts);
                match case.confirm(&program, &begin, &run, &found, at) {
                    Ok(w) => out.unsound = Some(w),
                    Err(why) => out.suspected.push((at, why)),
                }
                return false;
            }
            _ => {}
        }
    }
    false
}
