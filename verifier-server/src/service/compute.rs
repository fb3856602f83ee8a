//! The work of one request: on which thread it computes, what it may take, and when it is stopped.

use tonic::Status;
use tracing::{debug, error};

use super::entry::Entry;
use super::gate::Turn;
use super::memory::{Account, Reservation};
use super::state::Service;
use super::status::{fault, over_limit, too_late};

/// A request that computes, on the thread that does it.
pub struct Job<'a> {
    /// Its turns.
    pub turn: &'a Turn,
    account: &'a Account,
}

impl Job<'_> {
    /// Whether to go on; blocks while others have their turn. Asked all the time.
    pub fn go_on(&self) -> bool {
        self.account.check() && self.turn.go_on()
    }

    /// Before a step that allocates so much and asks nobody.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation<'_>, Status> {
        self.account.reserve(bytes)
    }

    /// Between two steps.
    ///
    /// # Errors
    /// The request is to end.
    pub fn step(&self) -> Result<(), Status> {
        if self.go_on() { Ok(()) } else { Err(self.stopped()) }
    }

    /// The status of a request that was stopped.
    pub fn stopped(&self) -> Status {
        let over = self.account.over().map(|over| self.account.status(over));
        over.unwrap_or_else(|| Status::cancelled("stopped"))
    }
}

impl Service {
    /// The wall time of one request is over.
    pub fn out_of_time(&self) -> Status {
        let limit = self.limits.wall.as_secs();
        over_limit("WALL_TIME", format!("not finished after {limit} s, the longest time for one request"), limit)
    }

    /// Computes on a thread of its own, in turns. Dropping the future stops the computation, and so do the deadline, the
    /// limits of time and memory, and whoever ends the request.
    ///
    /// # Errors
    /// Those of `work`, of limits, and INTERNAL when `work` panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        entry: &Entry,
        work: impl FnOnce(&Job<'_>) -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        let place = entry.clone();
        let (task, stopper) = self.gate.run(move |turn| {
            let _span = place.span().clone().entered();
            let _work = place.account().work();
            debug!("computing");
            let result = work(&Job { turn, account: place.account() });
            if let Some(after) = turn.since_stop() {
                debug!(freed_after_us = after.as_micros(), "stopped");
            }
            result
        });
        let account = entry.account();
        let result = tokio::select! {
            result = task => result.unwrap_or_else(|_| {
                error!("an analysis panicked, or its thread could not be started");
                Err(fault("a fault in the analysis; please report the program"))
            }),
            over = account.ended() => Err(account.status(over)),
            () = tokio::time::sleep(self.limits.wall) => Err(self.out_of_time()),
            () = entry.deadline() => Err(too_late()),
        };
        drop(stopper);
        result
    }
}
