//! Who may compute now: turns of analyses on a bounded number of cores, so that heavy ones never starve small ones.
//!
//! An analysis asks [`Turn::go_on`] all the time. That call is where it is stopped, and where it steps aside: it blocks
//! while others have their turn. The less an analysis has computed so far, the earlier it comes:
//!
//! ```text
//! level        0          1           2            3           4
//! computed  0 ──── 10 ms ──── 30 ms ───── 100 ms ───── 1 s ─────────►   the lowest level goes first
//! ```
//!
//! * Whoever leaves level 0 has a lower priority from then on, so that the system, too, prefers small ones.
//! * Level 0 never waits for a higher one: it starts at once, and one of the higher levels steps aside at its next
//!   question. Most analyses end in it: they are never interrupted, and the thread that ends one begins the next.
//! * One more analysis than there are cores computes: else a core stands idle whenever a thread wakes another and sleeps.
//! * Whoever enters a level goes behind those who wait in it, and then goes on until it leaves the level: equal analyses
//!   end one after another, in the order in which they came, and not all late.
//! * In level 4, which nobody leaves early, they take turns, a slice each. Only a few do, the others wait until one of
//!   those ends: a paused analysis keeps its memory, and this bounds how many can have grown large.
//! * While more than half of the memory is in use, only so many leave level 1 at a time: the others wait as in level 4.
//! * A level that had no turn for a second gets one for a slice, so that many small ones cannot starve a heavy one either.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::pool::{Job, Pool, be_polite};

/// Levels, the last of which is open.
const N: usize = 5;
/// Computing time at which an analysis leaves each level, in milliseconds.
const LEVELS: [u64; N - 1] = [10, 30, 100, 1000];
/// Length of a turn in each level, in milliseconds. Nobody displaces the lowest.
const SLICE: [u64; N] = [10, 5, 10, 20, 50];
/// Analyses more than cores that compute, so that no core stands idle while a thread wakes up.
const SPARE: usize = 1;
/// While memory is short, analyses from this level on wait for each other as those of the last one do.
const PRESSED: usize = 2;
/// Longest time without a turn before a level goes first.
const PATIENCE: Duration = Duration::from_secs(1);

/// The cores, and who waits for them.
pub struct Gate {
    /// Where analyses compute.
    pool: Pool,
    cores: usize,
    levels: [Duration; N - 1],
    /// Memory is short.
    pressed: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Analyses that compute, by level.
    running: [usize; N],
    /// Analyses that wait for their turn, by level.
    waiting: [VecDeque<Waiter>; N],
    /// When somebody of a level began to wait while nobody of it computed.
    idle: [Option<Instant>; N],
    /// Analyses of the last level that take turns.
    large: usize,
    /// Analyses of the last level that wait until one of those ends.
    parked: VecDeque<Arc<Signal>>,
}

/// An analysis that waits.
struct Waiter {
    signal: Arc<Signal>,
    /// What it is to do, if it never had a turn. Else its thread sleeps.
    job: Option<Job>,
}

/// What others tell an analysis. Changed with the gate's lock held.
#[derive(Default)]
struct Signal {
    wake: Condvar,
    granted: AtomicBool,
    /// The turn was granted out of order: it is not interrupted before its slice ends.
    patient: AtomicBool,
    /// It is one of [`State::large`].
    large: AtomicBool,
    /// The level in which it was parked.
    level: AtomicUsize,
    /// When somebody stopped it.
    stopped: OnceLock<Instant>,
}

/// How busy the gate is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// Analyses that compute.
    pub running: usize,
    /// Analyses that wait for a turn.
    pub waiting: usize,
}

impl Gate {
    /// A gate for so many cores, at least one, and the threads that compute.
    pub fn new(cores: usize, pool: Pool, pressed: Arc<AtomicBool>) -> Arc<Gate> {
        Gate::with_levels(cores, pool, pressed, LEVELS.map(Duration::from_millis))
    }

    fn with_levels(cores: usize, pool: Pool, pressed: Arc<AtomicBool>, levels: [Duration; N - 1]) -> Arc<Gate> {
        Arc::new(Gate { pool, cores: cores.max(1), levels, pressed, state: Mutex::default() })
    }

    /// Computes when it is its turn. The receiver gets nothing when the work panics, when no thread can be started, and
    /// when the work is stopped before it began.
    pub fn run<T: Send + 'static>(
        self: &Arc<Gate>,
        work: impl FnOnce(&Turn) -> T + Send + 'static,
    ) -> (oneshot::Receiver<T>, Stopper) {
        let (turn, stopper) = self.place();
        let (send, receive) = oneshot::channel();
        let signal = Arc::clone(&stopper.signal);
        let job: Job = Box::new(move || {
            if turn.begin() {
                let result = work(&turn);
                // The result wakes up whoever waits for it: with the core given away before, nobody waits for that.
                drop(turn);
                // Nobody waits any more: then nobody needs the result.
                let _ = send.send(result);
            }
        });
        let mut s = self.lock();
        s.waiting[0].push_back(Waiter { signal, job: Some(job) });
        self.schedule(s, false);
        (receive, stopper)
    }

    /// A place for one analysis, and the means to stop it from outside. The place computes nothing yet.
    fn place(self: &Arc<Gate>) -> (Turn, Stopper) {
        let signal = Arc::new(Signal::default());
        let now = Instant::now();
        let turn = Turn {
            gate: Arc::clone(self),
            signal: Arc::clone(&signal),
            level: Cell::new(0),
            computed: Cell::new(Duration::ZERO),
            last: Cell::new(Duration::ZERO),
            slice: Cell::new(now),
            holds: Cell::new(false),
        };
        (turn, Stopper { gate: Arc::clone(self), signal })
    }

    /// How busy the gate is.
    pub fn load(&self) -> Load {
        let s = self.lock();
        Load {
            running: s.running.iter().sum(),
            waiting: s.waiting.iter().map(VecDeque::len).sum::<usize>() + s.parked.len(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more analysis of a level may compute.
    fn has_room(&self, s: &State, level: usize) -> bool {
        if level == 0 { s.running[0] < self.cores } else { s.running.iter().sum::<usize>() < self.most() }
    }

    /// Analyses that compute at once.
    fn most(&self) -> usize {
        self.cores + SPARE
    }

    /// Most analyses of the last level that take turns.
    fn max_large(&self) -> usize {
        self.cores * 2
    }

    /// Gives turns to those who wait, as far as there is room, and unlocks. `ending`: the calling thread is one of the pool
    /// and about to be done; it begins a new analysis itself.
    fn schedule(&self, mut s: MutexGuard<'_, State>, mut ending: bool) {
        let granted = self.grant(&mut s);
        for level in 0..N {
            let waits = s.running[level] == 0 && !s.waiting[level].is_empty();
            s.idle[level] = if waits { s.idle[level].or_else(|| Some(Instant::now())) } else { None };
        }
        // Who wakes up wants the lock, and so does a job that is dropped because there is no thread for it.
        drop(s);
        for Waiter { signal, job } in granted {
            match job {
                Some(job) if std::mem::take(&mut ending) => self.pool.follow(job),
                Some(job) => self.pool.start(job),
                None => signal.wake.notify_one(),
            }
        }
    }

    /// Chooses those who get a turn.
    fn grant(&self, s: &mut State) -> Vec<Waiter> {
        let mut granted = Vec::new();
        loop {
            let first = (0..N).find(|l| !s.waiting[*l].is_empty() && self.has_room(s, *l));
            let patient = first.is_none() && s.running.iter().sum::<usize>() <= self.most();
            let tired = |i: &Option<Instant>| i.is_some_and(|since| since.elapsed() > PATIENCE);
            let level = if patient { s.idle.iter().position(tired) } else { first };
            let Some((level, next)) = level.and_then(|l| Some((l, s.waiting[l].pop_front()?))) else { break granted };
            s.running[level] += 1;
            next.signal.patient.store(patient, Ordering::Relaxed);
            next.signal.granted.store(true, Ordering::Relaxed);
            granted.push(next);
        }
    }
}

/// Stops an analysis from outside; dropping it stops too, because then nobody waits for the answer.
pub struct Stopper {
    gate: Arc<Gate>,
    signal: Arc<Signal>,
}

impl Stopper {
    /// The analysis ends at its next question, or at once when it waits.
    pub fn stop(&self) {
        let mut s = self.gate.lock();
        let _ = self.signal.stopped.set(Instant::now());
        let new = |w: &Waiter| w.job.is_some() && Arc::ptr_eq(&w.signal, &self.signal);
        let at = s.waiting[0].iter().position(new);
        let never = at.and_then(|at| s.waiting[0].remove(at));
        // What it holds is told to the gate when it goes.
        drop(s);
        self.signal.wake.notify_one();
        drop(never);
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The turns of one analysis; used by the thread that computes. Dropping it leaves the gate.
pub struct Turn {
    gate: Arc<Gate>,
    signal: Arc<Signal>,
    level: Cell<usize>,
    computed: Cell<Duration>,
    /// The thread's processor time up to which `computed` counts.
    last: Cell<Duration>,
    /// When the current slice began.
    slice: Cell<Instant>,
    holds: Cell<bool>,
}

impl Turn {
    /// Whether somebody stopped the analysis.
    pub fn stopped(&self) -> bool {
        self.signal.stopped.get().is_some()
    }

    /// Whether nobody did, for other threads to ask.
    pub fn wanted(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let signal = Arc::clone(&self.signal);
        move || signal.stopped.get().is_none()
    }

    /// How long ago somebody did.
    pub fn since_stop(&self) -> Option<Duration> {
        self.signal.stopped.get().map(Instant::elapsed)
    }

    /// Waits for the first turn, or for the next one after [`Turn::pause`]. False: stopped.
    pub fn begin(&self) -> bool {
        let s = self.gate.lock();
        if !self.signal.granted.load(Ordering::Relaxed) {
            return self.wait(s, false);
        }
        drop(s);
        self.sleep()
    }

    /// Gives the core away without asking for another turn, before waiting for something else.
    pub fn pause(&self) {
        let mut s = self.gate.lock();
        self.leave(&mut s);
        self.gate.schedule(s, false);
    }

    /// Whether to go on; blocks while others have their turn.
    pub fn go_on(&self) -> bool {
        if self.stopped() {
            return false;
        }
        let (now, used) = (Instant::now(), processor_time());
        let computed = self.computed.get() + used.saturating_sub(self.last.get());
        self.computed.set(computed);
        self.last.set(used);
        let mut s = self.gate.lock();
        let old = self.level.get();
        let level = self.gate.levels.iter().position(|l| computed < *l).unwrap_or(N - 1);
        if level != old {
            be_polite();
            self.level.set(level);
            s.running[old] = s.running[old].saturating_sub(1);
            s.running[level] += 1;
            if level < N - 1 && !s.waiting[level].is_empty() {
                self.leave(&mut s);
                return self.wait(s, false);
            }
        }
        let grows = level == N - 1 || (level >= PRESSED && self.gate.pressed.load(Ordering::Relaxed));
        if grows && !self.signal.large.load(Ordering::Relaxed) {
            if s.large >= self.gate.max_large() {
                self.leave(&mut s);
                self.signal.level.store(level, Ordering::Relaxed);
                s.parked.push_back(Arc::clone(&self.signal));
                self.gate.schedule(s, false);
                return self.sleep();
            }
            s.large += 1;
            self.signal.large.store(true, Ordering::Relaxed);
        }
        let slice_over = now.duration_since(self.slice.get()) > Duration::from_millis(SLICE[level]);
        if slice_over {
            self.signal.patient.store(false, Ordering::Relaxed);
        }
        let total: usize = s.running.iter().sum();
        let displaced = level > 0 && total > self.gate.most() && !self.signal.patient.load(Ordering::Relaxed);
        // Only in the last level equals take turns.
        let before_me = if level == N - 1 { N } else { level };
        let others = s.waiting[..before_me].iter().any(|w| !w.is_empty());
        if displaced || (slice_over && others) {
            self.leave(&mut s);
            return self.wait(s, level < N - 1 || !slice_over);
        }
        if slice_over {
            self.slice.set(now);
        }
        if s.waiting.iter().any(|w| !w.is_empty()) {
            self.gate.schedule(s, false);
        }
        true
    }

    fn leave(&self, s: &mut State) {
        // It holds what it was granted and never took up, too.
        if self.holds.replace(false) | self.signal.granted.swap(false, Ordering::Relaxed) {
            let n = &mut s.running[self.level.get()];
            *n = n.saturating_sub(1);
        }
    }

    /// Lines up, in front when somebody else is only let past, and waits.
    fn wait(&self, mut s: MutexGuard<'_, State>, in_front: bool) -> bool {
        let me = Waiter { signal: Arc::clone(&self.signal), job: None };
        let line = &mut s.waiting[self.level.get()];
        if in_front {
            line.push_front(me)
        } else {
            line.push_back(me)
        }
        self.gate.schedule(s, false);
        self.sleep()
    }

    /// Until the turn is granted. False: stopped.
    fn sleep(&self) -> bool {
        let mut s = self.gate.lock();
        loop {
            if self.signal.granted.swap(false, Ordering::Relaxed) {
                self.holds.set(true);
                self.last.set(processor_time());
                self.slice.set(Instant::now());
                return !self.stopped();
            }
            if self.stopped() {
                let me = |other: &Arc<Signal>| Arc::ptr_eq(other, &self.signal);
                for line in &mut s.waiting {
                    line.retain(|w| !me(&w.signal));
                }
                s.parked.retain(|p| !me(p));
                return false;
            }
            s = self.signal.wake.wait(s).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Processor time that this thread has used. Wall time would count what others computed in between.
fn processor_time() -> Duration {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(t.tv_sec).unwrap_or(0), u32::try_from(t.tv_nsec).unwrap_or(0))
}

impl Drop for Turn {
    fn drop(&mut self) {
        let gate = Arc::clone(&self.gate);
        let mut s = gate.lock();
        let ending = self.holds.get();
        self.leave(&mut s);
        if self.signal.large.load(Ordering::Relaxed) {
            s.large = s.large.saturating_sub(1);
            if let Some(signal) = s.parked.pop_front() {
                s.large += 1;
                signal.large.store(true, Ordering::Relaxed);
                let level = signal.level.load(Ordering::Relaxed);
                s.waiting[level].push_back(Waiter { signal, job: None });
            }
        }
        gate.schedule(s, ending);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(cores: usize) -> Arc<Gate> {
        Gate::new(cores, Pool::new(64, 1 << 20), Arc::default())
    }

    /// Computes until so much time is used up, asking every 100 µs. True: not stopped.
    fn compute(turn: &Turn, time: Duration) -> bool {
        if !turn.begin() {
            return false;
        }
        while turn.computed.get() < time {
            let until = Instant::now() + Duration::from_micros(100);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            if !turn.go_on() {
                return false;
            }
        }
        true
    }

    #[test]
    fn a_small_one_does_not_wait_for_heavy_ones() {
        let gate = gate(1);
        let heavy: Vec<_> = (0..4)
            .map(|_| {
                let (turn, stopper) = gate.place();
                (std::thread::spawn(move || compute(&turn, Duration::from_secs(60))), stopper)
            })
            .collect();
        std::thread::sleep(Duration::from_millis(100));
        let begun = Instant::now();
        let (turn, _stopper) = gate.place();
        assert!(compute(&turn, Duration::from_millis(1)));
        // Were it behind one of the others, it would wait for a minute. Machines that run tests are busy.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        drop(turn);
        for (thread, stopper) in heavy {
            let begun = Instant::now();
            stopper.stop();
            assert_eq!(thread.join().ok(), Some(false));
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        }
        assert_eq!(gate.load(), Load::default());
    }

    #[test]
    fn everybody_gets_done() {
        let gate = gate(2);
        let done = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..40u64)
            .map(|i| {
                let ((turn, stopper), done) = (gate.place(), Arc::clone(&done));
                std::thread::spawn(move || {
                    let _stopper = stopper;
                    if compute(&turn, Duration::from_millis(i % 4 * 15)) {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|t| assert!(t.join().is_ok()));
        assert_eq!(done.load(Ordering::Relaxed), 40);
        assert_eq!(gate.load(), Load::default());
    }

    #[test]
    fn large_ones_wait_for_each_other_and_can_be_stopped() {
        let gate =
            Gate::with_levels(1, Pool::new(64, 1 << 20), Arc::default(), [1, 2, 3, 4].map(Duration::from_millis));
        let start = |time: u64| {
            let (turn, stopper) = gate.place();
            (std::thread::spawn(move || compute(&turn, Duration::from_millis(time))), stopper)
        };
        // Two take turns for good, two are parked, and one of those is stopped.
        let mut endless: Vec<_> = (0..4).map(|_| start(60_000)).collect();
        let begun = Instant::now();
        while gate.lock().parked.len() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", gate.load());
            std::thread::sleep(Duration::from_millis(1));
        }
        let parked: Vec<Arc<Signal>> = gate.lock().parked.iter().cloned().collect();
        let (gone, rest): (Vec<_>, Vec<_>) =
            endless.drain(..).partition(|(_, stopper)| Arc::ptr_eq(&stopper.signal, &parked[0]));
        for (thread, stopper) in gone {
            stopper.stop();
            assert_eq!(thread.join().ok(), Some(false));
        }
        // When the others end, those that were parked come.
        let (running, waiting): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|(_, stopper)| !Arc::ptr_eq(&stopper.signal, &parked[1]));
        for (thread, stopper) in running {
            stopper.stop();
            assert_eq!(thread.join().ok(), Some(false));
        }
        let last = start(20);
        assert_eq!(last.0.join().ok(), Some(true));
        for (thread, stopper) in waiting {
            stopper.stop();
            assert_eq!(thread.join().ok(), Some(false));
        }
        assert_eq!(gate.load(), Load::default());
        assert_eq!(gate.lock().large, 0);
    }

    #[test]
    fn work_goes_from_thread_to_thread_and_is_stopped_before_it_began() {
        let gate = gate(1);
        // Nothing can begin while this one computes in level 0.
        let (open, opened) = std::sync::mpsc::channel::<()>();
        let (first, _first) = gate.run(move |_| opened.recv().is_ok());
        let begun = Instant::now();
        while gate.load().running == 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", gate.load());
        }
        let more: Vec<_> = (0..20).map(|n| gate.run(move |_| n)).collect();
        let (never, stopper) = gate.run(|_| ());
        assert_eq!(gate.load(), Load { running: 1, waiting: 21 });
        drop(stopper);
        assert!(never.blocking_recv().is_err());
        assert_eq!(gate.load().waiting, 20);
        open.send(()).expect("waits");
        assert_eq!(first.blocking_recv(), Ok(true));
        for (n, (result, _stopper)) in more.into_iter().enumerate() {
            assert_eq!(result.blocking_recv(), Ok(n));
        }
        let (fault, _stopper) = gate.run(|_| {
            if true {
                panic!("as a fault in the analysis would")
            }
        });
        assert!(fault.blocking_recv().is_err());
        let (last, _stopper) = gate.run(|_| 7);
        assert_eq!(last.blocking_recv(), Ok(7));
    }

    #[test]
    fn a_panic_leaves_the_gate() {
        let gate = gate(1);
        let (turn, _stopper) = gate.place();
        let thread = std::thread::spawn(move || {
            assert!(turn.begin());
            panic!("as a fault in the analysis would");
        });
        assert!(thread.join().is_err());
        assert_eq!(gate.load(), Load::default());
    }
}
