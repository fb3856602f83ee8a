//! What an answer may cost.
//!
//! Effort is counted, never timed: steps of Z3 (its `rlimit`), instructions of paths, paths. So the same program gets the
//! same answer on any machine, however busy. The clock and a cancellation can only make it give up, and an answer
//! that was given up says so. Each answer has a thread and a Z3 context of its own, so that nothing that was asked
//! before it matters, its memory goes back at its end, and Z3 can be interrupted from outside.

use std::cell::Cell;
use std::sync::Condvar;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use z3::{Context, Params, SatResult, Solver, StatisticsValue};

/// Megabytes that Z3 may take for one answer.
const MAX_MEMORY: u32 = 1024;
/// Bytes of stack of the thread that answers: terms are walked recursively.
const STACK: usize = 256 << 20;
/// How often somebody looks whether an answer is still wanted.
const LOOK: Duration = Duration::from_millis(20);
/// What an instruction of a symbolic path costs, in steps of Z3: about as long.
const STEP: u64 = 100;
/// What a question costs besides the steps that Z3 counts.
const QUESTION: u64 = 5000;

/// How much to try.
#[derive(Clone, Copy, Debug)]
pub struct Effort<'a> {
    /// Work for one answer, in steps of Z3.
    pub work: u64,
    /// Work for one question to Z3.
    pub question: u32,
    /// Most paths of one search.
    pub paths: usize,
    /// When to give up, everything included. It changes no answer but into [`GaveUp::Late`].
    pub time: Duration,
    /// Bytes that Z3 may have for all answers of this process together, before answers are given up.
    pub memory: u64,
    /// Whether the answer is no longer wanted.
    pub cancelled: &'a dyn CancelledFn,
}

impl Default for Effort<'_> {
    fn default() -> Self {
        Effort {
            work: 60_000_000,
            question: 6_000_000,
            paths: 2000,
            time: Duration::from_secs(120),
            memory: 4 << 30,
            cancelled: &Never,
        }
    }
}

/// Whether the answer is no longer wanted.
pub trait CancelledFn: std::fmt::Debug + Sync {
    /// Asked often, from another thread.
    fn cancelled(&self) -> bool;
}

/// Never cancelled.
#[derive(Debug)]
pub struct Never;

impl CancelledFn for Never {
    fn cancelled(&self) -> bool {
        false
    }
}

/// Why an answer was given up before its effort was spent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GaveUp {
    /// The time was over.
    Late,
    /// Nobody wants it any more.
    Cancelled,
    /// Z3 had all the memory that it may have.
    Memory,
}

impl GaveUp {
    /// In words, for people.
    pub const fn words(self) -> &'static str {
        match self {
            GaveUp::Late => "the time limit was reached",
            GaveUp::Cancelled => "it was stopped",
            GaveUp::Memory => "the memory limit was reached",
        }
    }
}

/// What is spent of an answer's effort.
#[derive(Debug)]
pub struct Meter<'a> {
    spent: Cell<u64>,
    gave_up: Cell<Option<GaveUp>>,
    until: Instant,
    effort: Effort<'a>,
}

impl<'a> Meter<'a> {
    /// Nothing is spent.
    pub fn new(effort: &Effort<'a>) -> Meter<'a> {
        let until = Instant::now() + effort.time;
        Meter { spent: Cell::new(0), gave_up: Cell::new(None), until, effort: *effort }
    }

    /// All of it.
    pub fn budget(&'a self) -> Budget<'a> {
        Budget {
            meter: self,
            question: self.effort.question,
            paths: self.effort.paths,
            until: self.spent.get().saturating_add(self.effort.work),
        }
    }

    /// Why it was given up.
    pub fn gave_up(&self) -> Option<GaveUp> {
        if self.gave_up.get().is_none() {
            if self.effort.cancelled.cancelled() {
                self.gave_up.set(Some(GaveUp::Cancelled));
            } else if Instant::now() >= self.until {
                self.gave_up.set(Some(GaveUp::Late));
            } else if in_use() > self.effort.memory {
                self.gave_up.set(Some(GaveUp::Memory));
            }
        }
        self.gave_up.get()
    }

    /// Work done so far, in steps of Z3.
    pub fn spent(&self) -> u64 {
        self.spent.get()
    }
}

/// What may be spent.
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    meter: &'a Meter<'a>,
    /// Work for one question to Z3.
    question: u32,
    /// Most paths that one search follows.
    pub paths: usize,
    /// Work of the whole answer up to which this part may go.
    until: u64,
}

impl<'a> Budget<'a> {
    /// Nothing is left, or the answer was given up.
    pub fn spent(&self) -> bool {
        self.meter.spent.get() >= self.until || self.meter.gave_up().is_some()
    }

    /// A part of what is left, so that one search does not use up the effort of the others.
    pub fn share(self, part: u64) -> Budget<'a> {
        let spent = self.meter.spent.get();
        Budget { until: spent + self.until.saturating_sub(spent) / part.max(1), ..self }
    }

    /// The same with fewer paths for one search.
    pub fn with_paths(self, paths: usize) -> Budget<'a> {
        Budget { paths, ..self }
    }

    /// Why the answer was given up.
    pub fn gave_up(&self) -> Option<GaveUp> {
        self.meter.gave_up()
    }

    /// Instructions of a path were executed.
    pub fn steps(&self, n: u64) {
        let spent = self.meter.spent.get().saturating_add(n.saturating_mul(STEP));
        self.meter.spent.set(spent);
    }

    /// A solver under the limits.
    pub fn solver(&self) -> Solver {
        let solver = Solver::new();
        let mut params = Params::new();
        params.set_u32("rlimit", self.question);
        params.set_u32("max_memory", MAX_MEMORY);
        solver.set_params(&params);
        solver
    }

    /// Asks, and counts what it costs.
    pub fn check(&self, solver: &Solver) -> SatResult {
        if self.spent() {
            return SatResult::Unknown;
        }
        let before = steps(solver);
        let answer = solver.check();
        let cost = steps(solver).saturating_sub(before);
        self.meter.spent.set(self.meter.spent.get().saturating_add(cost + QUESTION));
        if self.meter.gave_up().is_some() { SatResult::Unknown } else { answer }
    }
}

/// Bytes that Z3 has, for all answers of this process.
pub fn in_use() -> u64 {
    // SAFETY: it takes nothing and returns a number that Z3 counts under a lock of its own.
    unsafe { z3_sys::Z3_get_estimated_alloc_size() }
}

/// Steps that the context of a solver has made.
pub(super) fn steps(solver: &Solver) -> u64 {
    match solver.get_statistics().value("rlimit count") {
        Some(StatisticsValue::UInt(n)) => u64::from(n),
        Some(StatisticsValue::Double(n)) => n as u64,
        None => 0,
    }
}

/// Tells the thread that watches an answer that there is one.
#[derive(Default)]
struct Done {
    done: Mutex<bool>,
    told: Condvar,
}

impl Done {
    fn tell(&self) {
        *self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    /// Whether there is an answer, which is waited for a while.
    fn wait(&self) -> bool {
        let guard = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let waited = self.told.wait_timeout_while(guard, LOOK, |done| !*done);
        *waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }
}

/// Tells when it goes, so also when the answer panics.
struct Tells<'a>(&'a Done);

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        self.0.tell();
    }
}

/// Answers in a thread and a Z3 context of their own, and interrupts Z3 when the answer is late or no longer wanted.
///
/// # Panics
/// With what the answer panics with, or where no thread can be had.
pub fn isolated<R: Send>(effort: &Effort<'_>, answer: impl FnOnce(&Meter<'_>) -> R + Send) -> R {
    let body = || {
        let context = Context::thread_local();
        let handle = context.handle();
        let done = Done::default();
        let meter = Meter::new(effort);
        let (until, cancelled, memory) = (meter.until, effort.cancelled, effort.memory);
        std::thread::scope(|s| {
            s.spawn(|| {
                while !done.wait() {
                    if cancelled.cancelled() || Instant::now() >= until || in_use() > memory {
                        handle.interrupt();
                    }
                }
            });
            let _tells = Tells(&done);
            answer(&meter)
        })
    };
    std::thread::scope(|s| {
        let spawned = std::thread::Builder::new().name("solver".into()).stack_size(STACK).spawn_scoped(s, body);
        match spawned.expect("a thread for the solver").join() {
            Ok(r) => r,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use z3::ast::BV;

    #[test]
    fn effort_is_counted_and_the_count_does_not_depend_on_what_was_asked_before() {
        let effort = Effort::default();
        let work = || {
            isolated(&effort, |meter| {
                let budget = meter.budget();
                let solver = budget.solver();
                let (a, b) = (BV::new_const("a", 64), BV::new_const("b", 64));
                solver.assert(a.bvmul(&b).eq(BV::from_u64(0x1234_5677, 64)));
                solver.assert(a.bvugt(BV::from_u64(1, 64)));
                solver.assert(b.bvugt(BV::from_u64(1, 64)));
                (budget.check(&solver), meter.spent())
            })
        };
        let first = work();
        assert_ne!(first.0, SatResult::Unsat);
        assert!(first.1 > 1);
        assert_eq!(first, work());
    }

    #[derive(Debug)]
    struct Always;

    impl CancelledFn for Always {
        fn cancelled(&self) -> bool {
            true
        }
    }

    #[test]
    fn what_is_not_wanted_is_given_up() {
        let effort = Effort { cancelled: &Always, ..Effort::default() };
        let found = isolated(&effort, |meter| (meter.budget().check(&meter.budget().solver()), meter.gave_up()));
        assert_eq!(found, (SatResult::Unknown, Some(GaveUp::Cancelled)));
    }

    #[test]
    fn without_memory_it_is_given_up() {
        let effort = Effort { memory: 1, ..Effort::default() };
        let found = isolated(&effort, |meter| (meter.budget().check(&meter.budget().solver()), meter.gave_up()));
        assert_eq!(found, (SatResult::Unknown, Some(GaveUp::Memory)));
    }

    #[test]
    fn parts_end_before_the_whole() {
        let effort = Effort { work: 40_000, ..Effort::default() };
        let meter = Meter::new(&effort);
        let (all, part) = (meter.budget(), meter.budget().share(4));
        part.steps(10_000 / STEP);
        assert!(part.spent() && !all.spent());
    }
}
