//! Timers that programs arm, and what runs when their time has come.
//!
//! A timer stands in the value of a map: there is its number, nothing else, and a value that goes, or is written over,
//! takes the timer with it. What it does when it fires is kept here. Timers fire between runs, each in a run of its own
//! under the limits of all; one that arms itself again fires after the next run at the earliest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::map::{Map, Program};

/// Timers of one machine at most.
pub const MOST: usize = 1 << 16;
/// Timers that fire between two runs at most.
const AT_ONCE: usize = 64;

/// One timer.
#[derive(Debug)]
struct Timer {
    /// Address of the field that holds its number.
    field: u64,
    map: Arc<Map>,
    /// What it calls: a function of a program.
    callback: Option<(Arc<dyn Program>, u32)>,
    /// When it fires, where it is armed.
    due: Option<u64>,
}

/// What fires: a function of a program, and the value that the timer stands in.
#[derive(Debug)]
pub struct Fired {
    /// The program.
    pub code: Arc<dyn Program>,
    /// Its function.
    pub subprog: u32,
    /// The map.
    pub map: Arc<Map>,
    /// Address of the timer.
    pub field: u64,
}

/// The timers of a machine.
#[derive(Default, Debug)]
pub struct Timers {
    all: Mutex<BTreeMap<u64, Timer>>,
    made: AtomicU64,
}

/// The number in a field.
///
/// # Safety
/// A field of a value of a map that is there, aligned to eight bytes.
unsafe fn number(field: u64) -> u64 {
    // SAFETY: as required.
    unsafe { AtomicU64::from_ptr(field as *mut u64) }.load(Ordering::Acquire)
}

impl Timers {
    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Timer>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The timer in a field, to be changed; `None`: there is none.
    ///
    /// # Safety
    /// A field of a value of a map of this machine, aligned to eight bytes.
    unsafe fn with<R>(&self, field: u64, f: impl FnOnce(&mut Timer) -> R) -> Option<R> {
        // SAFETY: as required.
        let number = unsafe { number(field) };
        // The same bytes elsewhere are no timer.
        self.all().get_mut(&number).filter(|t| t.field == field).map(f)
    }

    /// Makes a timer in a field that has none.
    ///
    /// # Errors
    /// It has one, or there are too many.
    ///
    /// # Safety
    /// A field of a value of this map, which is of this machine, aligned to eight bytes.
    pub unsafe fn make(&self, field: u64, map: Arc<Map>) -> Result<(), TimerError> {
        // SAFETY: as required.
        if unsafe { self.with(field, |_| ()) }.is_some() {
            return Err(TimerError::There);
        }
        let mut all = self.all();
        if all.len() >= MOST {
            // SAFETY: fields of values of maps that their timers keep.
            all.retain(|n, t| unsafe { number(t.field) } == *n);
        }
        if all.len() >= MOST {
            return Err(TimerError::TooMany);
        }
        let n = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        all.insert(n, Timer { field, map, callback: None, due: None });
        // SAFETY: as required.
        unsafe { AtomicU64::from_ptr(field as *mut u64) }.store(n, Ordering::Release);
        Ok(())
    }

    /// Says what a timer calls. False: there is no timer.
    ///
    /// # Safety
    /// As [`Self::with`].
    pub unsafe fn set(&self, field: u64, code: Arc<dyn Program>, subprog: u32) -> bool {
        // SAFETY: as required.
        unsafe { self.with(field, |t| t.callback = Some((code, subprog))) }.is_some()
    }

    /// Arms a timer. False: there is none, or nobody said what it calls.
    ///
    /// # Safety
    /// As [`Self::with`].
    pub unsafe fn arm(&self, field: u64, due: u64) -> bool {
        let arm = |t: &mut Timer| {
            t.due = t.callback.as_ref().map(|_| due);
            t.due.is_some()
        };
        // SAFETY: as required.
        unsafe { self.with(field, arm) }.unwrap_or(false)
    }

    /// Takes a timer back: whether it was armed. `None`: there is none.
    ///
    /// # Safety
    /// As [`Self::with`].
    pub unsafe fn cancel(&self, field: u64) -> Option<bool> {
        let take = |t: &mut Timer| {
            t.callback = None;
            t.due.take().is_some()
        };
        // SAFETY: as required.
        unsafe { self.with(field, take) }
    }

    /// Takes those whose time has come, in the order of their times; they are no longer armed.
    pub fn due(&self, now: u64) -> Vec<Fired> {
        let mut all = self.all();
        if all.is_empty() {
            return Vec::new();
        }
        // SAFETY: fields of values of maps that their timers keep.
        all.retain(|n, t| unsafe { number(t.field) } == *n);
        let mut ready: Vec<(u64, u64)> =
            all.iter().filter_map(|(n, t)| Some((t.due.filter(|d| *d <= now)?, *n))).collect();
        ready.sort_unstable();
        ready.truncate(AT_ONCE);
        let fire = |(_, n): &(u64, u64)| {
            let timer = all.get_mut(n)?;
            timer.due = None;
            let (code, subprog) = timer.callback.clone()?;
            Some(Fired { code, subprog, map: timer.map.clone(), field: timer.field })
        };
        ready.iter().filter_map(fire).collect()
    }
}

/// Why a timer cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimerError {
    /// There is one.
    There,
    /// There are too many.
    TooMany,
}
