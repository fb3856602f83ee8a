//! One request: whether it may come in, how long it may take, and on which thread it computes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tracing::{debug, error};

use super::Service;
use super::gate::Turn;

/// Domain of our reasons in error details.
const DOMAIN: &str = "bpfvet";
/// An answer that the deadline passed must leave before the transport itself gives up.
const DEADLINE_MARGIN: Duration = Duration::from_millis(2);

/// A status with a machine-readable reason (`google.rpc.ErrorInfo`).
pub fn refuse(code: Code, reason: &str, message: impl Into<String>, facts: &[(&str, String)]) -> Status {
    let facts: Vec<(String, String)> = facts.iter().map(|(k, v)| ((*k).to_string(), v.clone())).collect();
    let details =
        ErrorDetails::with_error_info(reason, DOMAIN, facts.into_iter().collect::<std::collections::HashMap<_, _>>());
    Status::with_error_details(code, message, details)
}

/// A limit of the service is exceeded.
pub fn over_limit(reason: &str, message: impl Into<String>, limit: impl ToString) -> Status {
    refuse(Code::ResourceExhausted, reason, message, &[("limit", limit.to_string())])
}

/// Looks at every request before its message is read: the token first, then whether there is room.
#[derive(Clone)]
pub struct Door {
    tokens: Arc<[String]>,
    room: Arc<Semaphore>,
    requests: usize,
}

impl Door {
    /// A door that lets so many in at once, with one of these tokens if there are any.
    pub fn new(tokens: &[String], requests: usize) -> Door {
        Door { tokens: tokens.into(), room: Arc::new(Semaphore::new(requests)), requests }
    }

    fn admits(&self, request: &Request<()>) -> Result<(), Status> {
        if self.tokens.is_empty() {
            return Ok(());
        }
        let Some(header) = request.metadata().get("authorization") else {
            return Err(Status::unauthenticated("no bearer token: send `authorization: Bearer TOKEN`"));
        };
        let token = header.to_str().ok().and_then(|h| h.strip_prefix("Bearer ")).unwrap_or_default();
        // Every token is compared to its end, so that the time tells nothing of how much was right.
        let known = self.tokens.iter().fold(false, |found, t| found | equal(t.as_bytes(), token.as_bytes()));
        if known { Ok(()) } else { Err(Status::unauthenticated("unknown bearer token")) }
    }
}

/// Compares in a time that depends on the lengths alone.
fn equal(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |d, (x, y)| d | (x ^ y));
    std::hint::black_box(differing) == 0 && a.len() == b.len()
}

impl Interceptor for Door {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        self.admits(&request)?;
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            let message = format!("the service has {} requests already; try again later", self.requests);
            return Err(over_limit("REQUESTS", message, self.requests));
        };
        let timeout = request.metadata().get("grpc-timeout").and_then(|v| v.to_str().ok()).and_then(timeout);
        let deadline = timeout.and_then(|t| Instant::now().checked_add(t.saturating_sub(DEADLINE_MARGIN)));
        request.extensions_mut().insert(Entry { _place: Arc::new(place), deadline });
        Ok(request)
    }
}

/// The value of a `grpc-timeout` header.
fn timeout(text: &str) -> Option<Duration> {
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

/// A request that was let in. There is room for another one when the last clone is gone.
#[derive(Clone, Debug)]
pub struct Entry {
    _place: Arc<OwnedSemaphorePermit>,
    /// When the client stops waiting.
    deadline: Option<Instant>,
}

impl Entry {
    /// The entry of a request that came through the door.
    ///
    /// # Errors
    /// A fault of ours: the request came another way.
    pub fn of<T>(request: &Request<T>) -> Result<Entry, Status> {
        request.extensions().get::<Entry>().cloned().ok_or_else(|| Status::internal("the request has no entry"))
    }

    /// Ends when the client stops waiting.
    pub async fn deadline(&self) {
        match self.deadline {
            Some(at) => tokio::time::sleep_until(at.into()).await,
            None => std::future::pending().await,
        }
    }
}

/// The deadline passed.
pub fn too_late() -> Status {
    Status::deadline_exceeded("the deadline passed; the analysis was stopped")
}

impl Service {
    /// The wall time of one request is over.
    pub fn out_of_time(&self) -> Status {
        let limit = self.limits.wall.as_secs();
        over_limit("WALL_TIME", format!("not finished after {limit} s, the longest time for one request"), limit)
    }

    /// Computes on a thread of its own, in turns. Dropping the future stops the computation, and so do the deadline and
    /// the limit of time.
    ///
    /// # Errors
    /// Those of `work`, of time, and INTERNAL when `work` panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        entry: &Entry,
        work: impl FnOnce(&Turn) -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        let place = entry.clone();
        let (task, stopper) = self.gate.run(move |turn| {
            let result = work(turn);
            if let Some(after) = turn.since_stop() {
                debug!(freed_after_us = after.as_micros(), "stopped");
            }
            drop(place);
            result
        });
        let result = tokio::select! {
            result = task => result.unwrap_or_else(|_| {
                error!("an analysis panicked, or its thread could not be started");
                Err(Status::internal("a fault in the analysis; please report the program"))
            }),
            () = tokio::time::sleep(self.limits.wall) => Err(self.out_of_time()),
            () = entry.deadline() => Err(too_late()),
        };
        drop(stopper);
        result
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

    #[test]
    fn the_door_wants_a_token_and_has_room_for_so_many() {
        let mut door = Door::new(&["secret".into()], 2);
        let ask = |token: Option<&str>| {
            let mut r = Request::new(());
            if let Some(t) = token {
                r.metadata_mut().insert("authorization", t.parse().expect("ASCII"));
            }
            r
        };
        for wrong in [None, Some("secret"), Some("Bearer "), Some("Bearer secre"), Some("Bearer secrets")] {
            assert_eq!(door.call(ask(wrong)).map(|_| ()).map_err(|e| e.code()), Err(Code::Unauthenticated));
        }
        let inside: Vec<_> = (0..2).map(|_| door.call(ask(Some("Bearer secret"))).expect("room")).collect();
        let full = door.call(ask(Some("Bearer secret"))).expect_err("full");
        assert_eq!(full.code(), Code::ResourceExhausted);
        drop(inside);
        assert!(door.call(ask(Some("Bearer secret"))).is_ok());
    }
}
