//! On which threads analyses compute: started when needed, up to a number, and kept for a while.
//!
//! Whoever worked last works first: its memory and its stack are warm. Runtimes that let threads wait in line use all of
//! them in turn, and each brings its own cold heap.
//!
//! A small analysis has the priority of the process: whatever else the machine does, it is over before anybody waits. One
//! that has computed for a while steps behind the others ([`be_polite`]), and its thread with it: where the system does
//! not let the thread come back, it ends after that analysis and another one takes its place.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How far heavy analyses step behind small ones and behind the threads that serve connections.
const NICE: i32 = 10;
/// For so long they compute at a time: Linux lets whoever wakes up wait until a slice has ended, and its own are longer,
/// which a tiny request meets at every step of its way. Linux before 6.12 takes no advice.
const SLICE: Duration = Duration::from_micros(300);
/// How long a thread without work is kept.
const KEEP: Duration = Duration::from_secs(10);

/// What a thread is to do.
pub type Job = Box<dyn FnOnce() + Send>;

/// Threads for analyses.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    stack: usize,
    most: usize,
    /// Where threads are started: whoever is started by a polite thread would be as polite, and for good.
    hire: Option<Sender<Job>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Threads without work, the last one worked last.
    idle: Vec<(u64, Sender<Job>)>,
    /// Work for the next thread that is done.
    queue: VecDeque<Job>,
    threads: usize,
    /// Number of the next thread.
    next: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// At most so many threads, with so many bytes of stack.
    pub fn new(most: usize, stack: usize) -> Pool {
        let (sender, receiver) = channel::<Job>();
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| {
            let shared = Weak::clone(shared);
            let hires = std::thread::Builder::new().name("hire".into()).spawn(move || {
                for job in receiver {
                    if let Some(shared) = shared.upgrade() {
                        begin(&shared, job);
                    }
                }
            });
            Shared { stack, most: most.max(1), hire: hires.is_ok().then_some(sender), state: Mutex::default() }
        });
        Pool { shared }
    }

    /// For a thread of the pool whose job is about to end: it takes this one next, mostly without anybody waking up.
    pub fn follow(&self, job: Job) {
        self.shared.lock().queue.push_back(job);
    }

    /// Computes on a thread of the pool, at once if there is one. A job that panics, or for which no thread can be
    /// started, is dropped.
    pub fn start(&self, mut job: Job) {
        let mut s = self.shared.lock();
        while let Some((_, idle)) = s.idle.pop() {
            // A thread that is listed listens.
            match idle.send(job) {
                Ok(()) => return,
                Err(back) => job = back.0,
            }
        }
        if s.threads >= self.shared.most {
            s.queue.push_back(job);
            return;
        }
        s.threads += 1;
        drop(s);
        spawn(&self.shared, job);
    }
}

/// Has a new thread started, which is counted already.
fn spawn(shared: &Arc<Shared>, job: Job) {
    let left = match &shared.hire {
        Some(hire) => hire.send(job).err().map(|back| back.0),
        None => Some(job),
    };
    if let Some(job) = left {
        begin(shared, job);
    }
}

/// Starts a thread from this one.
fn begin(shared: &Arc<Shared>, job: Job) {
    let id = {
        let mut s = shared.lock();
        s.next += 1;
        s.next
    };
    let own = Arc::clone(shared);
    let started = std::thread::Builder::new()
        .name("analysis".into())
        .stack_size(shared.stack)
        .spawn(move || serve(&own, id, job));
    if started.is_err() {
        shared.lock().threads -= 1;
    }
}

thread_local! {
    /// How nice the thread was before it became polite.
    static POLITE: Cell<Option<i32>> = const { Cell::new(None) };
}

/// Puts the calling thread, whose analysis turns out to be heavy, behind others until the analysis ends. Where that is
/// refused, it is only less polite.
pub fn be_polite() {
    if POLITE.get().is_none() {
        let nice = niceness();
        if schedule(nice.saturating_add(NICE).min(19)) {
            POLITE.set(Some(nice));
        }
    }
}

/// Brings a thread that was polite back; false: the system does not allow it.
fn be_prompt() -> bool {
    POLITE.get().is_none_or(schedule) && {
        POLITE.set(None);
        true
    }
}

/// How nice the calling thread is.
#[cfg(target_os = "linux")]
fn niceness() -> i32 {
    // SAFETY: it takes two numbers, of which 0 is the calling thread.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

#[cfg(not(target_os = "linux"))]
fn niceness() -> i32 {
    0
}

/// Makes the calling thread so nice, with short slices; false: refused.
#[cfg(target_os = "linux")]
fn schedule(nice: i32) -> bool {
    let attr = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER as u32,
        sched_flags: 0,
        sched_nice: nice,
        sched_priority: 0,
        sched_runtime: u64::try_from(SLICE.as_nanos()).unwrap_or(0),
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: 0 is the calling thread, and the kernel only reads as many bytes as the structure says that it has.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attr, 0) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn schedule(_: i32) -> bool {
    true
}

/// The life of a thread.
fn serve(shared: &Arc<Shared>, id: u64, mut job: Job) {
    let (sender, receiver) = channel::<Job>();
    schedule(niceness());
    loop {
        // A panic is told by the result that does not come.
        let _ = catch_unwind(AssertUnwindSafe(job));
        if !be_prompt() {
            let next = {
                let mut s = shared.lock();
                let next = s.queue.pop_front();
                s.threads -= usize::from(next.is_none());
                next
            };
            next.into_iter().for_each(|job| spawn(shared, job));
            return;
        }
        {
            let mut s = shared.lock();
            match s.queue.pop_front() {
                Some(next) => {
                    job = next;
                    continue;
                }
                None => s.idle.push((id, sender.clone())),
            }
        }
        job = match receiver.recv_timeout(KEEP) {
            Ok(next) => next,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let mut s = shared.lock();
                // Work may have come at the last moment.
                match receiver.try_recv() {
                    Ok(next) => next,
                    Err(_) => {
                        s.idle.retain(|(other, _)| *other != id);
                        s.threads -= 1;
                        return;
                    }
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    /// The result of work on a thread of the pool.
    fn run<T: Send + 'static>(pool: &Pool, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
        let (send, receive) = oneshot::channel();
        pool.start(Box::new(move || drop(send.send(work()))));
        receive
    }

    /// Until a thread lists itself, which it does after its result is sent.
    async fn idle(pool: &Pool) {
        while pool.shared.lock().idle.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn the_last_thread_works_again_and_a_panic_is_no_end() {
        let pool = Pool::new(2, 1 << 20);
        let who = || std::thread::current().id();
        let first = run(&pool, who).await.expect("a result");
        for _ in 0..20 {
            idle(&pool).await;
            assert_eq!(run(&pool, who).await, Ok(first));
        }
        idle(&pool).await;
        assert!(
            run(&pool, || if true {
                panic!("on purpose")
            })
            .await
            .is_err()
        );
        idle(&pool).await;
        assert_eq!(run(&pool, who).await, Ok(first));
    }

    #[tokio::test]
    async fn only_heavy_work_steps_back() {
        let pool = Pool::new(1, 1 << 20);
        let before = run(&pool, niceness).await.expect("a result");
        let heavy = run(&pool, || {
            be_polite();
            be_polite();
            niceness()
        });
        let heavy = heavy.await.expect("a result");
        assert!(heavy > before || before == 19, "{before} and then {heavy}");
        // On the same thread or on another one, nobody pays for the analysis before.
        assert_eq!(run(&pool, niceness).await, Ok(before));
        // Nor does a thread that a polite one had started.
        let pool = Arc::new(Pool::new(2, 1 << 20));
        let (send, receive) = oneshot::channel();
        let inner = Arc::clone(&pool);
        let outer = run(&pool, move || {
            be_polite();
            inner.start(Box::new(move || assert_eq!(send.send(niceness()), Ok(()))));
        });
        outer.await.expect("a result");
        assert_eq!(receive.await, Ok(before));
    }

    #[tokio::test]
    async fn more_work_than_threads_waits() {
        let pool = Pool::new(2, 1 << 20);
        let work: Vec<_> = (0..10)
            .map(|n| {
                run(&pool, move || {
                    std::thread::sleep(Duration::from_millis(3));
                    n
                })
            })
            .collect();
        assert!(pool.shared.lock().threads <= 2);
        for (n, result) in work.into_iter().enumerate() {
            assert_eq!(result.await, Ok(n));
        }
    }
}
