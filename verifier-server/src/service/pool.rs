//! On which threads analyses compute: started when needed, up to a number, and kept for a while.
//!
//! Whoever worked last works first: its memory and its stack are warm. Runtimes that let threads wait in line use all of
//! them in turn, and each brings its own cold heap.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Analyses stand behind the threads that serve connections, which need little and should not wait for a slice to end.
const NICE: i32 = 10;
/// How long a thread without work is kept.
const KEEP: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// Threads for analyses.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    stack: usize,
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Threads without work, the last one worked last.
    idle: Vec<(u64, Sender<Job>)>,
    /// Work for which there was no thread.
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
        Pool { shared: Arc::new(Shared { stack, most: most.max(1), state: Mutex::default() }) }
    }

    /// Computes on a thread of the pool. The receiver gets nothing when the work panics or no thread can be started.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> oneshot::Receiver<T> {
        let (send, receive) = oneshot::channel();
        // Nobody waits any more: then nobody needs the result.
        self.start(Box::new(move || drop(send.send(work()))));
        receive
    }

    fn start(&self, mut job: Job) {
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
        s.next += 1;
        let (id, shared) = (s.next, Arc::clone(&self.shared));
        drop(s);
        let started = std::thread::Builder::new()
            .name("analysis".into())
            .stack_size(self.shared.stack)
            .spawn(move || serve(&shared, id, job));
        if started.is_err() {
            self.shared.lock().threads -= 1;
        }
    }
}

/// The life of a thread.
fn serve(shared: &Shared, id: u64, mut job: Job) {
    let (sender, receiver) = channel::<Job>();
    // On Linux this is about the calling thread alone. Where it is refused, analyses are only less polite.
    let _ = rustix::process::nice(NICE);
    loop {
        // A panic is told by the result that does not come.
        let _ = catch_unwind(AssertUnwindSafe(job));
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

    #[tokio::test]
    async fn the_last_thread_works_again_and_a_panic_is_no_end() {
        let pool = Pool::new(2, 1 << 20);
        let who = || std::thread::current().id();
        let first = pool.run(who).await.expect("a result");
        for _ in 0..20 {
            // The thread lists itself after its result is sent.
            tokio::time::sleep(Duration::from_millis(5)).await;
            assert_eq!(pool.run(who).await, Ok(first));
        }
        assert!(pool.run(|| if true { panic!("on purpose") }).await.is_err());
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(pool.run(who).await, Ok(first));
    }

    #[tokio::test]
    async fn more_work_than_threads_waits() {
        let pool = Pool::new(2, 1 << 20);
        let work: Vec<_> = (0..10)
            .map(|n| {
                pool.run(move || {
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
