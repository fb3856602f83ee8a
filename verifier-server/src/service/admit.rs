//! Fourth step: lets a request in, or not: the client must be known, and there must be a place for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tonic::Status;

use super::config::Share;
use super::entry::{Entry, timeout};
use super::identify::Caller;
use super::memory::Memory;
use super::peer::{Connections, Peer};
use super::slots::Slots;
use super::status::{fault, unauthenticated};
use super::step::{Next, Request, Response, Step, go_on};

/// An answer that the deadline passed must leave before the transport itself gives up.
const DEADLINE_MARGIN: Duration = Duration::from_millis(2);

/// The step.
#[derive(Clone)]
pub struct Admit {
    /// The account of the process.
    pub memory: Arc<Memory>,
    /// Places for requests.
    pub requests: Arc<Slots>,
    /// Places for `Watch` streams.
    pub watches: Arc<Slots>,
}

impl Admit {
    fn enter(&self, request: &Request) -> Result<Entry, Status> {
        let caller = request.extensions().get::<Caller>().ok_or_else(|| fault("the request has no caller"))?;
        let peer = match request.extensions().get::<Arc<Peer>>() {
            Some(peer) => Arc::clone(peer),
            // Only in tests does a request come without a connection.
            None => {
                let place = Connections::new(Share { all: 1, each: 1 }).admit(None);
                place.map(|(place, _)| Arc::clone(&place.peer)).ok_or_else(|| fault("no connection"))?
            }
        };
        let account = self.memory.open();
        let header = request.headers().get("grpc-timeout").and_then(|v| v.to_str().ok());
        let deadline =
            header.and_then(timeout).and_then(|t| Instant::now().checked_add(t.saturating_sub(DEADLINE_MARGIN)));
        // Health is for those who watch the service, who have no token and are never in the way.
        if caller.method.is_health() {
            return Ok(Entry::new(account, peer.client(), deadline, peer, None));
        }
        let client = caller.client.map_err(unauthenticated)?;
        peer.prove();
        let slots = if caller.method.is_watch() { &self.watches } else { &self.requests };
        let slot = slots.take(client, peer.number(), &account)?;
        Ok(Entry::new(account, client, deadline, peer, Some(slot)))
    }
}

impl Step for Admit {
    async fn pass(self, mut request: Request, next: impl Next) -> Response {
        match self.enter(&request) {
            Ok(entry) => {
                request.extensions_mut().insert(entry);
                go_on(next, request).await
            }
            Err(status) => status.into_http(),
        }
    }
}
