//! Proofs over windows: that something cannot be at an instruction, on any path to it.
//!
//! A window begins where every path to the instruction passes; from any state that the analysis finds there, every way
//! is followed. What holds from there holds whatever happened before. Only a search that left nothing out makes an
//! [`Exhausted`], and only that makes an access *safe*: every start and state of it was taken, no path was cut, no
//! question stayed open, and paths did arrive. Everything else is [`Within`] bounds, or not known.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::case::Case;
use super::danger::Danger;
use super::facts::Facts;
use super::run::Run;
use super::search::{Check, Found, Search, Tally, Window};
use super::witness::Begin;

/// How often a path passes an instruction at most, at first.
pub(super) const PASSES: u32 = 40;
/// How often, one after the other, where all of a program is looked at: less where there are too many paths, and more
/// while nothing is found.
pub(super) const DEEPER: [u32; 4] = [400, 4000, 40_000, 1 << 22];
pub(super) const SHALLOWER: [u32; 3] = [12, 4, 2];

/// Windows before an instruction, and what the analysis finds at their starts.
pub(super) struct View {
    pub windows: Vec<Window>,
    pub facts: Rc<Facts>,
    pub target: usize,
    /// No path comes back to the program's entry.
    pub enters_once: bool,
    /// Why the states are not all that there are.
    pub incomplete: Option<String>,
}

/// That every path to an instruction was followed, and nothing found. Only [`View::search`] makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exhausted {
    from: Vec<usize>,
    states: usize,
    paths: usize,
    refuted: usize,
    read_again: BTreeSet<usize>,
    unmeasured: bool,
}

impl Exhausted {
    /// Every path to the instruction was followed from here.
    pub fn from(&self) -> &[usize] {
        &self.from
    }

    /// States it began with: those of the analysis with all numbers unknown, or the entry itself.
    pub fn states(&self) -> usize {
        self.states
    }

    /// Paths that reach the instruction; 0: none does, from the program's entry on.
    pub fn paths(&self) -> usize {
        self.paths
    }

    /// Ways to it that cannot be gone.
    pub fn refuted(&self) -> usize {
        self.refuted
    }

    /// Something was accessed of which nobody knows how large it is.
    pub fn unmeasured(&self) -> bool {
        self.unmeasured
    }

    /// Maps of whose values it matters that nobody else writes them between two reads.
    pub fn read_again(&self) -> &BTreeSet<usize> {
        &self.read_again
    }
}

/// What was searched where not everything could be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Within {
    /// How often a path passes one instruction at most.
    pub rounds: u32,
    /// Paths that reach the instruction.
    pub paths: usize,
    /// Paths were cut because they go round more often.
    pub cut: bool,
}

/// What a search of one window comes to.
pub(super) enum Outcome {
    /// Nothing is wrong, on any path.
    Exhausted(Exhausted),
    /// Nothing is wrong within bounds.
    Within(Within),
    /// Something is, in this run. `begin`: it begins at the program's entry, so it is a run of the program.
    Danger { run: Box<Run>, found: Vec<Danger>, begin: Option<Begin> },
    /// Not known, and why.
    Unknown(String),
}

impl View {
    /// One window: all its starts, all states there.
    pub(super) fn search(
        &self,
        case: &Case<'_>,
        window: &Window,
        check: Check<'_>,
        passes: u32,
        leaps: bool,
    ) -> Outcome {
        if window.starts.iter().any(|s| self.facts.crowded.contains(s)) {
            return Outcome::Unknown("too many different states".into());
        }
        let program = case.program(&self.facts);
        let search = Search {
            program: &program,
            target: self.target,
            window,
            check,
            // A large window must not use up the effort of the others.
            budget: case.budget.share(4),
            passes,
        };
        let mut tally = Tally::default();
        let (mut states, mut exact) = (0, true);
        for start in &window.starts {
            let entry = self.entry(*start);
            exact &= entry.is_some();
            let seen = self.facts.states.get(start).map_or(&[][..], Vec::as_slice);
            // A start without states is never reached.
            for state in entry.map_or(seen, std::slice::from_ref) {
                states += 1;
                let mut run = Run::from_state(&program, state, entry.is_some());
                run.leaps = leaps;
                let begin = entry.map(|_| Begin::of(&run, *start));
                match search.explore(run, *start, &mut tally) {
                    Found::Nothing => {}
                    Found::Run(run, found) => return Outcome::Danger { run, found, begin },
                    Found::Unknown(why) => return Outcome::Unknown(why),
                }
            }
        }
        // Nobody arrives: that is a proof only where the program was followed from its entry, up to ways that cannot be.
        let arrived = tally.arrived > 0 || exact && states > 0 && tally.refuted > 0;
        // States that are not known do not matter where the program is followed from its entry.
        if tally.bounded || self.incomplete.is_some() && !exact {
            return Outcome::Within(Within { rounds: tally.rounds, paths: tally.arrived, cut: tally.bounded });
        }
        if !arrived {
            return Outcome::Unknown("no path arrives".into());
        }
        Outcome::Exhausted(Exhausted {
            from: window.starts.iter().copied().collect(),
            states,
            paths: tally.arrived,
            refuted: tally.refuted,
            read_again: tally.read_again,
            unmeasured: tally.unmeasured,
        })
    }

    /// The state with which the program begins at an instruction, where it begins there and nowhere else comes there.
    fn entry(&self, start: usize) -> Option<&verifier_core::state::VerifierState> {
        self.facts.main().filter(|_| start == 0 && self.enters_once)
    }

    /// The window of everything that leads to the instruction from the program's entry.
    pub(super) fn whole(&self) -> Option<&Window> {
        let from_entry = |w: &&Window| w.starts.len() == 1 && w.starts.contains(&0);
        self.windows.iter().filter(from_entry).max_by_key(|w| w.inside.len()).filter(|_| self.entry(0).is_some())
    }

    /// Whether something cannot be at the instruction, on any path to it.
    pub(super) fn never(&self, case: &Case<'_>, check: Check<'_>) -> bool {
        for window in &self.windows {
            if case.budget.spent() {
                return false;
            }
            match self.search(case, window, check, PASSES, false) {
                Outcome::Exhausted(_) => return true,
                Outcome::Danger { begin: Some(_), .. } => return false,
                _ => {}
            }
        }
        false
    }
}
