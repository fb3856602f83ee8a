//! What runs may take of the host: instructions, time and memory. Every growth passes here.
//!
//! * **Instructions** and the work of helpers: [`Budget::tick`]. Engines charge instructions from a slice of their own
//!   ([`Cx::fuel`](super::cx::Cx::fuel)) and come here when it is used up; helpers charge what they touch, so that a
//!   helper that walks a megabyte costs as much as the loop that would.
//! * **Time**: one deadline, looked at whenever a slice of either is used up. Nothing runs longer than it takes to use
//!   up a slice after the deadline.
//! * **Memory** that outlives a call: [`Memory::charge`], one account for the machine. What a program can make grow
//!   (values of maps, printed lines, samples, clones, copies of packets) is charged *before* it is made, and given back
//!   when it goes. What is only reserved (address space that nobody touched) is not charged.
//!
//! Helpers use the run's own forms: [`Cx::tick`](super::cx::Cx::tick), [`Cx::touch`](super::cx::Cx::touch) and
//! [`Cx::charge`](super::cx::Cx::charge), which end the run with a reason of their own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How much runs may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Instructions of one run; fast engines charge backward jumps and calls by the distance, helpers what they touch.
    pub insns: u64,
    /// Time of one run.
    pub time: Option<Duration>,
    /// The end of everything: of runs, whenever they began, and of what is made of their results.
    pub deadline: Option<Instant>,
    /// Bytes that programs of one machine may make it hold at a time.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { insns: 1 << 40, time: Some(Duration::from_secs(60)), deadline: None, bytes: 512 << 20 }
    }
}

impl Limits {
    /// When a run that begins now has to end.
    pub fn end(&self) -> Option<Instant> {
        let own = self.time.and_then(|t| Instant::now().checked_add(t));
        match (own, self.deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether the deadline has passed.
    pub fn is_over(&self) -> bool {
        self.deadline.is_some_and(|d| Instant::now() >= d)
    }
}

/// Which limit was met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spent {
    /// Instructions, or the work of helpers.
    Insns,
    /// Time.
    Time,
    /// Memory.
    Bytes,
}

/// Work that is done between two looks at the clock, in instructions.
pub const SLICE: i64 = 1 << 20;
/// Work of helpers that a run has for nothing: who does so little never asks for more.
const FREE: i64 = SLICE / 16;
/// Bytes that a helper touches in the time of an instruction.
const BYTES_PER_TICK: u64 = 16;

/// What one run has left.
#[derive(Debug)]
pub struct Budget {
    /// Instructions that were not given out yet.
    insns: u64,
    /// Work of helpers left in this slice.
    work: i64,
    deadline: Option<Instant>,
}

impl Budget {
    /// For a run that begins now.
    pub fn new(limits: &Limits) -> Budget {
        Budget { insns: limits.insns, work: FREE, deadline: limits.end() }
    }

    /// The first slice of instructions, without a look at the clock.
    pub fn first(&mut self) -> i64 {
        let slice = self.insns.min(SLICE as u64);
        self.insns -= slice;
        slice as i64
    }

    /// Instructions that were not given out yet.
    pub fn left(&self) -> u64 {
        self.insns
    }

    /// A slice of instructions, as many as are left at most; fewer than were asked for only where that is the end.
    ///
    /// # Errors
    /// Time or instructions are used up.
    pub fn slice(&mut self, at_least: i64) -> Result<i64, Spent> {
        self.in_time()?;
        let slice = self.insns.min(SLICE.max(at_least) as u64);
        if (slice as i64) < at_least {
            return Err(Spent::Insns);
        }
        self.insns -= slice;
        Ok(slice as i64)
    }

    /// When the run has to end.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether there is time left.
    ///
    /// # Errors
    /// There is none.
    pub fn in_time(&self) -> Result<(), Spent> {
        if self.deadline.is_some_and(|d| Instant::now() >= d) { Err(Spent::Time) } else { Ok(()) }
    }

    /// Charges work of a helper, in instructions. What was not paid for is not to be done.
    ///
    /// # Errors
    /// Time or instructions are used up.
    #[inline]
    pub fn tick(&mut self, insns: u64) -> Result<(), Spent> {
        self.work = self.work.saturating_sub_unsigned(insns);
        if self.work < 0 { self.pay() } else { Ok(()) }
    }

    /// Charges bytes that a helper reads, writes or compares.
    ///
    /// # Errors
    /// Time or instructions are used up.
    #[inline]
    pub fn touch(&mut self, bytes: u64) -> Result<(), Spent> {
        self.tick(bytes / BYTES_PER_TICK + 1)
    }

    #[cold]
    fn pay(&mut self) -> Result<(), Spent> {
        let debt = self.work.saturating_neg();
        self.work = 0;
        self.work = self.slice(debt)?.saturating_sub(debt);
        Ok(())
    }
}

/// The account of what the programs of a machine make it hold.
#[derive(Default, Debug)]
pub struct Memory {
    used: AtomicU64,
}

impl Memory {
    /// Takes bytes from what `limits` leave.
    ///
    /// # Errors
    /// So many are not left; nothing is taken.
    pub fn charge(&self, limits: &Limits, bytes: u64) -> Result<(), Spent> {
        let more = |used: u64| used.checked_add(bytes).filter(|all| *all <= limits.bytes);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).map(|_| ()).map_err(|_| Spent::Bytes)
    }

    /// Gives bytes back that were charged.
    pub fn give_back(&self, bytes: u64) {
        let less = |used: u64| Some(used.saturating_sub(bytes));
        // The update never says no.
        let _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Bytes held.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_paid_from_instructions() {
        let limits = Limits { insns: 3 << 20, time: None, ..Limits::default() };
        let mut budget = Budget::new(&limits);
        assert_eq!((budget.first(), budget.tick(100), budget.left()), (SLICE, Ok(()), 2 << 20));
        assert_eq!((budget.tick(FREE as u64), budget.left()), (Ok(()), 1 << 20));
        // More than a slice at once.
        assert_eq!(budget.touch(64 << 20), Err(Spent::Insns));
        assert_eq!(Budget::new(&limits).touch(40 << 20), Ok(()));
    }

    #[test]
    fn the_deadline_is_the_earlier_one() {
        let limits = Limits { deadline: Some(Instant::now()), ..Limits::default() };
        assert!(limits.is_over() && !Limits::default().is_over());
        assert_eq!(Budget::new(&limits).slice(1), Err(Spent::Time));
        assert_eq!(Budget::new(&limits).tick(SLICE as u64), Err(Spent::Time));
    }

    #[test]
    fn memory_is_one_account() {
        let (limits, memory) = (Limits { bytes: 100, ..Limits::default() }, Memory::default());
        assert_eq!((memory.charge(&limits, 60), memory.charge(&limits, 41)), (Ok(()), Err(Spent::Bytes)));
        memory.give_back(20);
        assert_eq!((memory.charge(&limits, 60), memory.charge(&limits, u64::MAX)), (Ok(()), Err(Spent::Bytes)));
        assert_eq!(memory.used(), 100);
    }
}
