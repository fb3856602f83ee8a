//! Processor time of this thread: what a test may hold to a limit, because other work on the machine does not change it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A begin, in processor time.
#[derive(Clone, Copy, Debug)]
pub struct Spent(Duration);

fn now() -> Duration {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(t.tv_sec).unwrap_or(0), u32::try_from(t.tv_nsec).unwrap_or(0))
}

impl Spent {
    /// From now on.
    pub fn begin() -> Spent {
        Spent(now())
    }

    /// What this thread has computed since.
    pub fn so_far(self) -> Duration {
        now().saturating_sub(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_not_counted() {
        let spent = Spent::begin();
        std::thread::sleep(Duration::from_millis(30));
        assert!(spent.so_far() < Duration::from_millis(20), "{:?}", spent.so_far());
    }
}
