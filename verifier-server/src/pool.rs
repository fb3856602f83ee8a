//! Work on all processors, results in order.
//!
//! Files are checked side by side. A call inside of another one takes what processors are left, so that there are never
//! more threads at work than were asked for, however calls nest. The caller works too, and takes every result in order as
//! soon as those before it are there.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Stack of a worker: type comparison recurses, to a bounded depth.
pub const STACK: usize = 64 << 20;

/// Processors that nobody works on, besides the caller's.
#[derive(Debug)]
pub struct Pool {
    spare: AtomicUsize,
}

/// A processor taken, given back at the end.
struct Processor<'a>(&'a Pool);

impl Drop for Processor<'_> {
    fn drop(&mut self) {
        self.0.spare.fetch_add(1, Ordering::Relaxed);
    }
}

/// Results that wait for those before them.
struct Ready<T> {
    results: Mutex<BTreeMap<usize, T>>,
    more: Condvar,
    /// Workers that may still bring results.
    at_work: AtomicUsize,
}

impl<T> Ready<T> {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, T>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, i: usize, result: T) {
        self.lock().insert(i, result);
        self.more.notify_all();
    }
}

/// Says that a worker is done, also when it panics: nobody waits for it then.
struct AtWork<'a, T>(&'a Ready<T>);

impl<T> Drop for AtWork<'_, T> {
    fn drop(&mut self) {
        let _results = self.0.lock();
        self.0.at_work.fetch_sub(1, Ordering::Relaxed);
        self.0.more.notify_all();
    }
}

impl Pool {
    /// So many threads at work at most; as many as the machine has processors where nobody says how many.
    pub fn new(jobs: Option<NonZeroUsize>) -> Pool {
        let jobs = jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, usize::from);
        Pool { spare: AtomicUsize::new(jobs - 1) }
    }

    fn take(&self) -> Option<Processor<'_>> {
        let less = |n: usize| n.checked_sub(1);
        self.spare.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok().map(|_| Processor(self))
    }

    /// Does `work` for every index below `n` and hands the results to `each`, in order.
    ///
    /// # Panics
    /// When `work` does; then some results are not handed over.
    pub fn ordered<T: Send>(&self, n: usize, work: impl Fn(usize) -> T + Sync, each: impl FnMut(T)) {
        ordered(std::iter::from_fn(|| self.take()), n, work, each);
    }
}

fn ordered<'a, T: Send>(
    spare: impl Iterator<Item = Processor<'a>>,
    n: usize,
    work: impl Fn(usize) -> T + Sync,
    mut each: impl FnMut(T),
) {
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < n);
    let ready = Ready { results: Mutex::new(BTreeMap::new()), more: Condvar::new(), at_work: AtomicUsize::new(0) };
    std::thread::scope(|scope| {
        for processor in spare.take(n.saturating_sub(1)) {
            ready.at_work.fetch_add(1, Ordering::Relaxed);
            let at_work = AtWork(&ready);
            let (take, work) = (&take, &work);
            let help = move || {
                let (_processor, at_work) = (processor, at_work);
                while let Some(i) = take() {
                    at_work.0.put(i, work(i));
                }
            };
            // A thread that cannot be started leaves its share to the others.
            let _ = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, help);
        }
        let mut due = 0;
        while let Some(i) = take() {
            let result = work(i);
            ready.put(i, result);
            due = hand_over(&ready, due, &mut each);
        }
        while due < n {
            due = hand_over(&ready, due, &mut each);
            let results = ready.lock();
            if due < n && !results.contains_key(&due) {
                if ready.at_work.load(Ordering::Relaxed) == 0 {
                    break;
                }
                drop(ready.more.wait(results));
            }
        }
    });
}

/// Hands over what is there from index `due` on without a gap; the next index due.
fn hand_over<T>(ready: &Ready<T>, mut due: usize, each: &mut impl FnMut(T)) -> usize {
    loop {
        let Some(result) = ready.lock().remove(&due) else { return due };
        each(result);
        due += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(jobs: usize) -> Pool {
        Pool::new(NonZeroUsize::new(jobs))
    }

    #[test]
    fn results_come_in_order_and_calls_nest() {
        for jobs in [1, 2, 7] {
            let pool = pool(jobs);
            let mut seen = Vec::new();
            let sum = |i: usize| {
                let mut sum = 0;
                pool.ordered(i, |k| k, |k| sum += k);
                sum
            };
            pool.ordered(200, sum, |s| seen.push(s));
            let expected: Vec<usize> = (0..200usize).map(|i| i * i.saturating_sub(1) / 2).collect();
            assert_eq!(seen, expected);
        }
    }

    #[test]
    fn processors_are_given_back() {
        let pool = pool(3);
        pool.ordered(8, |_| (), |()| ());
        let run = || pool.ordered(8, |i| assert!(i != 5), |()| ());
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
        assert_eq!(pool.spare.load(Ordering::Relaxed), 2);
        let mut n = 0;
        pool.ordered(50, |i| i, |_| n += 1);
        assert_eq!(n, 50);
    }
}
