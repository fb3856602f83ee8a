//! A request that was let in: what every part of the service knows of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tonic::{Request, Status};
use tracing::Span;

use super::identity::Client;
use super::memory::Account;
use super::peer::{Open, Peer};
use super::slots::Slot;
use super::status::fault;

/// A request that was let in. It keeps its place and its account until the last clone is gone, which the answer holds
/// until its last byte has left.
#[derive(Clone, Debug)]
pub struct Entry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    account: Arc<Account>,
    client: Client,
    deadline: Option<Instant>,
    span: Span,
    peer: Arc<Peer>,
    _slot: Option<Slot>,
    _open: Open,
}

impl Entry {
    /// Lets a request in.
    pub fn new(
        account: Arc<Account>,
        client: Client,
        deadline: Option<Instant>,
        peer: Arc<Peer>,
        slot: Option<Slot>,
    ) -> Entry {
        let open = Open::of(&peer);
        Entry(Arc::new(Inner { account, client, deadline, span: Span::current(), peer, _slot: slot, _open: open }))
    }

    /// The entry of a request that came through the stack.
    ///
    /// # Errors
    /// A fault of ours: the request came another way.
    pub fn of<T>(request: &Request<T>) -> Result<Entry, Status> {
        request.extensions().get::<Entry>().cloned().ok_or_else(|| fault("the request has no entry"))
    }

    /// Its memory.
    pub fn account(&self) -> &Arc<Account> {
        &self.0.account
    }

    /// Who asks.
    pub fn client(&self) -> Client {
        self.0.client
    }

    /// The connection that it came from.
    pub fn peer(&self) -> &Arc<Peer> {
        &self.0.peer
    }

    /// Its span in the log.
    pub fn span(&self) -> &Span {
        &self.0.span
    }

    /// Ends when the client stops waiting.
    pub async fn deadline(&self) {
        match self.0.deadline {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }
}

/// The value of a `grpc-timeout` header.
pub fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let n: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(n.checked_mul(3600)?)),
        "M" => Some(Duration::from_secs(n.checked_mul(60)?)),
        "S" => Some(Duration::from_secs(n)),
        "m" => Some(Duration::from_millis(n)),
        "u" => Some(Duration::from_micros(n)),
        "n" => Some(Duration::from_nanos(n)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read() {
        assert_eq!(timeout("100m"), Some(Duration::from_millis(100)));
        assert_eq!(timeout("2H"), Some(Duration::from_secs(7200)));
        assert_eq!((timeout(""), timeout("5"), timeout("xS"), timeout("5\u{b5}")), (None, None, None, None));
    }
}
