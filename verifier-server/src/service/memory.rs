//! One account of memory for the process, and one for each request, from the first byte received to the last one sent.
//!
//! ```text
//! in use = counted by the allocator + reserved for what is about to be allocated + what only the resident set shows
//! ```
//!
//! * A request is charged with the message while it arrives, with everything that its threads allocate, and with its
//!   answer until the last byte has left.
//! * Steps that cannot be interrupted reserve before they allocate ([`Account::reserve`]).
//! * When the process has all that it may have, the request that has most ends, and then the next one, until it fits.
//!   The memory of requests that are ending already counts as coming back. So small requests go on beside large ones.
//! * A thread of its own ([`Memory::keep`]) sees what no request asks about, and gives free memory back to the system.

use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tonic::Status;

use super::alloc::{self, METERS};
use super::status::over_limit;

/// How often the keeper looks.
const TICK: Duration = Duration::from_millis(20);
/// More than so much that is resident and not in use is worth giving back.
const WORTH: usize = 48 << 20;
/// And so often at most: threads that allocate wait meanwhile. More often while it is missing.
const RARELY: Duration = Duration::from_secs(2);
const IN_NEED: Duration = Duration::from_millis(200);

/// Why a request ends early.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// It has more memory than one request may have.
    Request,
    /// All requests together have, and it has most.
    Total,
    /// It made room for a client that had none, or had fewer.
    Room,
    /// Its client did not take the answer.
    Stalled,
}

/// The account of the process.
pub struct Memory {
    total: usize,
    each: usize,
    reserved: AtomicUsize,
    /// Resident beyond what is counted, when last looked at.
    beyond: AtomicUsize,
    resident: AtomicUsize,
    /// More than half is in use: large analyses should wait for each other.
    pressed: Arc<AtomicBool>,
    /// Requests that were ended, by reason.
    ended: [AtomicU64; 4],
    state: Mutex<State>,
}

struct State {
    open: Vec<Weak<Account>>,
    /// Meters that nobody has.
    free: Vec<usize>,
}

/// The account of one request.
pub struct Account {
    memory: Arc<Memory>,
    meter: usize,
    /// Charged by hand: messages, answers, reservations.
    charged: AtomicIsize,
    over: OnceLock<Over>,
    bell: Notify,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("used", &self.used()).field("over", &self.over.get()).finish()
    }
}

/// Memory that is about to be allocated. Dropping it ends the reservation: what was allocated is counted by then.
pub struct Reservation<'a> {
    account: &'a Account,
    bytes: usize,
}

/// Figures of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Counted by the allocator.
    pub counted: usize,
    /// Reserved.
    pub reserved: usize,
    /// Resident, when last looked at.
    pub resident: usize,
    /// Most that may be in use.
    pub total: usize,
}

impl Memory {
    /// An account of so many bytes, of which one request may have so many.
    pub fn new(total: usize, each: usize) -> Arc<Memory> {
        Arc::new(Memory {
            total,
            each: each.min(total),
            reserved: AtomicUsize::new(0),
            beyond: AtomicUsize::new(0),
            resident: AtomicUsize::new(0),
            pressed: Arc::default(),
            ended: Default::default(),
            state: Mutex::new(State { open: Vec::new(), free: (1..METERS).rev().collect() }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the account of a request.
    pub fn open(self: &Arc<Memory>) -> Arc<Account> {
        let mut s = self.lock();
        // With more requests than meters the last ones are charged by hand only.
        let meter = s.free.pop().unwrap_or(0);
        if meter != 0 {
            alloc::reset(meter);
        }
        let account = Arc::new(Account {
            memory: Arc::clone(self),
            meter,
            charged: AtomicIsize::new(0),
            over: OnceLock::new(),
            bell: Notify::new(),
        });
        s.open.push(Arc::downgrade(&account));
        account
    }

    /// Whether more than half is in use, kept up to date.
    pub fn pressed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.pressed)
    }

    /// Figures for people.
    pub fn figures(&self) -> Figures {
        Figures {
            counted: alloc::live(),
            reserved: self.reserved.load(Ordering::Relaxed),
            resident: self.resident.load(Ordering::Relaxed),
            total: self.total,
        }
    }

    /// Requests that were ended for a reason.
    pub fn ended(&self, why: Over) -> u64 {
        self.ended[why as usize].load(Ordering::Relaxed)
    }

    fn used(&self) -> usize {
        let counted = alloc::live().saturating_add(self.beyond.load(Ordering::Relaxed));
        counted.saturating_add(self.reserved.load(Ordering::Relaxed))
    }

    /// Ends the largest requests until the rest fits, together with `more` bytes.
    fn enforce(&self, more: usize) {
        let used = self.used().saturating_add(more);
        self.pressed.store(used > self.total / 2, Ordering::Relaxed);
        if used <= self.total {
            return;
        }
        let mut excess = used - self.total;
        let mut accounts: Vec<(usize, Arc<Account>)> =
            self.lock().open.iter().filter_map(Weak::upgrade).map(|a| (a.used(), a)).collect();
        accounts.sort_by_key(|(used, _)| *used);
        // What is ending comes back.
        for (used, a) in &accounts {
            if a.over.get().is_some() {
                excess = excess.saturating_sub(*used);
            }
        }
        for (used, a) in accounts.iter().rev().filter(|(_, a)| a.over.get().is_none()) {
            if excess == 0 || *used == 0 {
                break;
            }
            a.end(Over::Total);
            excess = excess.saturating_sub(*used);
        }
    }

    /// Looks after the account until it is gone, on a thread of its own.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn keep(self: &Arc<Memory>) -> std::io::Result<()> {
        let memory = Arc::downgrade(self);
        std::thread::Builder::new().name("memory".into()).spawn(move || {
            let mut given = Instant::now();
            while let Some(memory) = memory.upgrade() {
                memory.look(&mut given);
                drop(memory);
                std::thread::sleep(TICK);
            }
        })?;
        Ok(())
    }

    fn look(&self, given: &mut Instant) {
        let mut resident = resident();
        let counted = alloc::live();
        let beyond = resident.saturating_sub(counted);
        // Free memory that is still resident is used again first. It is given back when it is needed, or nobody else is
        // waiting for the allocator.
        let needed = resident > self.total - self.total / 8;
        let idle = counted < self.total / 4;
        let pause = if needed { IN_NEED } else { RARELY };
        if beyond > WORTH && (needed || idle) && given.elapsed() > pause {
            alloc::give_back();
            *given = Instant::now();
            resident = self::resident();
        }
        self.resident.store(resident, Ordering::Relaxed);
        self.beyond.store(resident.saturating_sub(alloc::live()), Ordering::Relaxed);
        self.enforce(0);
    }
}

/// Bytes of this process that are in memory; 0 where that cannot be told.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages.saturating_mul(rustix::param::page_size())
}

impl Account {
    /// Bytes that the request has.
    pub fn used(&self) -> usize {
        let metered = if self.meter == 0 { 0 } else { alloc::metered(self.meter) };
        usize::try_from(metered.saturating_add(self.charged.load(Ordering::Relaxed))).unwrap_or(0)
    }

    /// While the result lives, what this thread allocates is the request's.
    pub fn work(&self) -> alloc::Work {
        alloc::Work::of(self.meter)
    }

    /// Ends the request, if it is not ending already.
    pub fn end(&self, why: Over) {
        if self.over.set(why).is_ok() {
            self.memory.ended[why as usize].fetch_add(1, Ordering::Relaxed);
            self.bell.notify_waiters();
        }
    }

    /// Why the request is to end.
    pub fn over(&self) -> Option<Over> {
        self.over.get().copied()
    }

    /// Ends when the request is to end.
    pub async fn ended(&self) -> Over {
        loop {
            let bell = self.bell.notified();
            let mut bell = std::pin::pin!(bell);
            bell.as_mut().enable();
            if let Some(over) = self.over() {
                return over;
            }
            bell.await;
        }
    }

    /// Whether the request may go on; asked all the time.
    pub fn check(&self) -> bool {
        if self.used() > self.memory.each {
            self.end(Over::Request);
        } else if self.memory.used() > self.memory.total {
            self.memory.enforce(0);
        }
        self.over().is_none()
    }

    /// Charges what was allocated where nobody works for the request.
    pub fn charge(&self, bytes: usize) -> bool {
        self.charged.fetch_add(isize::try_from(bytes).unwrap_or(isize::MAX), Ordering::Relaxed);
        self.check()
    }

    /// Charges an answer on its way: it was allowed when it was made.
    pub fn note(&self, bytes: usize) {
        self.charged.fetch_add(isize::try_from(bytes).unwrap_or(isize::MAX), Ordering::Relaxed);
    }

    /// Takes such a charge back.
    pub fn release(&self, bytes: usize) {
        self.charged.fetch_sub(isize::try_from(bytes).unwrap_or(isize::MAX), Ordering::Relaxed);
    }

    /// Sets so many bytes aside for a step that is about to allocate them.
    ///
    /// # Errors
    /// The request is over its limit, or ends for another reason.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation<'_>, Status> {
        if self.used().saturating_add(bytes) > self.memory.each {
            self.end(Over::Request);
        } else if self.memory.used().saturating_add(bytes) > self.memory.total {
            self.memory.enforce(bytes);
        }
        if let Some(over) = self.over() {
            return Err(self.status(over));
        }
        self.memory.reserved.fetch_add(bytes, Ordering::Relaxed);
        self.charged.fetch_add(isize::try_from(bytes).unwrap_or(isize::MAX), Ordering::Relaxed);
        Ok(Reservation { account: self, bytes })
    }

    /// What a client is told.
    pub fn status(&self, over: Over) -> Status {
        let (each, total) = (self.memory.each, self.memory.total);
        match over {
            Over::Request => {
                over_limit("MEMORY", format!("the request takes more than {} MiB of memory", each >> 20), each)
            }
            Over::Total => over_limit(
                "TOTAL_MEMORY",
                format!(
                    "all requests together take {} MiB of memory, and this one took most of it; try again later",
                    total >> 20
                ),
                total,
            ),
            Over::Room => over_limit("ROOM", "the request made room for another client; try again later", 0),
            Over::Stalled => over_limit("STALLED", "the client did not take the answer in time", 0),
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let mut s = self.memory.lock();
        if self.meter != 0 {
            s.free.push(self.meter);
        }
        s.open.retain(|a| a.strong_count() > 0);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.account.release(self.bytes);
        self.account.memory.reserved.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far more than tests use themselves.
    const TOTAL: usize = 1 << 50;

    #[test]
    fn the_largest_ends_when_all_is_used() {
        let memory = Memory::new(TOTAL, TOTAL);
        let (small, large, larger) = (memory.open(), memory.open(), memory.open());
        let _small = small.reserve(1 << 20).expect("room");
        let _large = large.reserve(TOTAL / 4).expect("room");
        let _larger = larger.reserve(TOTAL / 2).expect("room");
        assert!(small.check() && large.check() && larger.check());
        // One ends for it; the other stays, because what ends comes back.
        let more = small.reserve(TOTAL / 3);
        assert!(more.is_ok());
        assert_eq!((small.over(), large.over(), larger.over()), (None, None, Some(Over::Total)));
        assert!(small.check() && large.check() && !larger.check());
        assert!(larger.reserve(1).is_err());
    }

    #[test]
    fn a_request_has_a_limit_of_its_own() {
        let memory = Memory::new(TOTAL, 1 << 20);
        let account = memory.open();
        assert!(account.charge(1 << 19));
        let e = account.reserve(1 << 20).err().expect("too much");
        assert_eq!(e.code(), tonic::Code::ResourceExhausted);
        assert_eq!((account.over(), account.check()), (Some(Over::Request), false));
        let other = memory.open();
        assert!(other.reserve(1 << 20).is_ok() && other.used() == 0, "a reservation ends");
        assert!(!other.charge((1 << 20) + 1));
    }

    #[tokio::test]
    async fn who_waits_for_the_end_hears_it() {
        let memory = Memory::new(TOTAL, TOTAL);
        let account = memory.open();
        let other = Arc::clone(&account);
        let waiting = tokio::spawn(async move { other.ended().await });
        tokio::task::yield_now().await;
        account.end(Over::Room);
        account.end(Over::Total);
        assert_eq!(waiting.await.ok(), Some(Over::Room));
        assert_eq!(account.ended().await, Over::Room);
    }
}
