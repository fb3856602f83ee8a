//! Connections that are open, and which of them has to go when there are too many.
//!
//! A new connection always gets a place while some other one is not needed: one that never made a request which was let
//! in goes first, then one that has no request open. So whoever fills all places with silence keeps nobody out.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::config::Share;
use super::identity::Client;

/// All connections.
pub struct Connections {
    share: Share,
    begun: Instant,
    state: Mutex<State>,
    /// Connections that had to go for others, and those for which there was no place.
    pub evicted: AtomicU64,
    /// Connections for which there was no place.
    pub refused: AtomicU64,
}

#[derive(Default)]
struct State {
    open: HashMap<u64, Arc<Peer>>,
    next: u64,
}

/// The other end of a connection.
pub struct Peer {
    number: u64,
    begun: Instant,
    /// Its address.
    pub address: Option<SocketAddr>,
    /// Stands for the certificate that it showed; 0: none.
    certificate: AtomicU64,
    /// Requests open.
    open: AtomicUsize,
    /// It made a request that was let in.
    proven: AtomicBool,
    /// When something last happened, and when it last took part of an answer, in milliseconds.
    used: AtomicU64,
    took: AtomicU64,
    /// Dropped to close the connection.
    keep: Mutex<Option<oneshot::Sender<()>>>,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "connection {}", self.number)
    }
}

/// A connection's place among the others. Dropping it gives it back.
pub struct Place {
    all: Arc<Connections>,
    /// The other end.
    pub peer: Arc<Peer>,
}

impl Connections {
    /// Places for so many.
    pub fn new(share: Share) -> Arc<Connections> {
        Arc::new(Connections {
            share,
            begun: Instant::now(),
            state: Mutex::default(),
            evicted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.lock().open.len()
    }

    /// A place for a new connection, and what ends when the connection has to go. `None`: every place is needed.
    pub fn admit(self: &Arc<Connections>, address: Option<SocketAddr>) -> Option<(Place, oneshot::Receiver<()>)> {
        let mut s = self.lock();
        let ip = address.map(|a| a.ip());
        let client = Client::at(ip);
        let same = s.open.values().filter(|p| Client::at(p.ip()) == client).count();
        let victim = if same >= self.share.each {
            Some(s.least_needed(|p| Client::at(p.ip()) == client))
        } else if s.open.len() >= self.share.all {
            Some(s.least_needed(|_| true))
        } else {
            None
        };
        if let Some(victim) = victim {
            let Some(gone) = victim.and_then(|v| s.open.remove(&v)) else {
                self.refused.fetch_add(1, Ordering::Relaxed);
                return None;
            };
            self.evicted.fetch_add(1, Ordering::Relaxed);
            gone.close();
        }
        s.next += 1;
        let (keep, end) = oneshot::channel();
        let peer = Arc::new(Peer {
            number: s.next,
            begun: self.begun,
            address,
            certificate: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            proven: AtomicBool::new(false),
            used: AtomicU64::new(0),
            took: AtomicU64::new(0),
            keep: Mutex::new(Some(keep)),
        });
        peer.touch();
        s.open.insert(peer.number, Arc::clone(&peer));
        Some((Place { all: Arc::clone(self), peer }, end))
    }
}

impl State {
    /// The connection that is needed least, of some, unless all of them are.
    fn least_needed(&self, among: impl Fn(&Peer) -> bool) -> Option<u64> {
        let candidates = self.open.values().filter(|p| among(p) && !p.needed());
        candidates.min_by_key(|p| (p.proven.load(Ordering::Relaxed), p.used.load(Ordering::Relaxed))).map(|p| p.number)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.lock().open.remove(&self.peer.number);
    }
}

impl Peer {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn ip(&self) -> Option<IpAddr> {
        self.address.map(|a| a.ip())
    }

    fn needed(&self) -> bool {
        self.proven.load(Ordering::Relaxed) && self.open.load(Ordering::Relaxed) > 0
    }

    fn touch(&self) {
        self.used.store(self.now(), Ordering::Relaxed);
    }

    /// What tells the connection from others.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The client, as far as the connection tells.
    pub fn client(&self) -> Client {
        match self.certificate.load(Ordering::Relaxed) {
            0 => Client::at(self.ip()),
            n => Client::Certificate(n),
        }
    }

    /// It showed a certificate.
    pub fn showed(&self, certificate: u64) {
        self.certificate.store(certificate.max(1), Ordering::Relaxed);
    }

    /// A request of it was let in.
    pub fn prove(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// Part of an answer left.
    pub fn took(&self) {
        self.took.store(self.now(), Ordering::Relaxed);
    }

    /// How long ago part of an answer left.
    pub fn since_took(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.took.load(Ordering::Relaxed)))
    }

    /// How long it has had no request, if it has none.
    pub fn idle(&self) -> Option<Duration> {
        let none = self.open.load(Ordering::Relaxed) == 0;
        none.then(|| Duration::from_millis(self.now().saturating_sub(self.used.load(Ordering::Relaxed))))
    }

    /// Closes the connection.
    pub fn close(&self) {
        self.keep.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A request of a connection that is open until this is dropped.
#[derive(Debug)]
pub struct Open(Arc<Peer>);

impl Open {
    /// One more request.
    pub fn of(peer: &Arc<Peer>) -> Open {
        peer.open.fetch_add(1, Ordering::Relaxed);
        peer.touch();
        Open(Arc::clone(peer))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_keeps_nobody_out() {
        let all = Connections::new(Share { all: 4, each: 3 });
        let from = |a: &str| Some(SocketAddr::from((a.parse::<IpAddr>().expect("address"), 1)));
        let (busy, mut stays) = all.admit(from("192.0.2.1")).expect("a place");
        busy.peer.prove();
        let _request = Open::of(&busy.peer);
        let silent: Vec<_> = (0..2).map(|_| all.admit(from("192.0.2.1")).expect("a place")).collect();
        // One more from the same address, then one more from another than there are places.
        let more = all.admit(from("192.0.2.1")).expect("a place is made");
        let other = all.admit(from("192.0.2.2")).expect("a place");
        let last = all.admit(from("192.0.2.3")).expect("a place is made");
        assert_eq!((all.open(), all.evicted.load(Ordering::Relaxed)), (4, 2));
        let closed = |end: &mut oneshot::Receiver<()>| end.try_recv() == Err(oneshot::error::TryRecvError::Closed);
        let gone = silent.into_iter().map(|(place, mut end)| (closed(&mut end), place)).filter(|(c, _)| *c).count();
        assert!(gone >= 1 && !closed(&mut stays));
        drop((more, other, last));
        assert!(all.open() <= 2);
    }

    #[test]
    fn those_that_are_needed_stay() {
        let all = Connections::new(Share { all: 1, each: 1 });
        let (place, _end) = all.admit(None).expect("a place");
        place.peer.prove();
        let request = Open::of(&place.peer);
        assert!(all.admit(None).is_none() && place.peer.idle().is_none());
        drop(request);
        assert!(all.admit(None).is_some());
    }
}
