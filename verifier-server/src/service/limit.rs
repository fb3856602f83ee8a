//! Fifth step: holds a request to its limits while it arrives, while it is answered, and until the answer has left.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tonic::Status;
use tonic::body::Body;

use super::body::{Flow, Incoming, Outgoing};
use super::config::Limits;
use super::entry::Entry;
use super::identify::Caller;
use super::memory::Over;
use super::status::{fault, over_limit};
use super::step::{Next, Request, Response, Step, go_on};

/// How often it is looked who does not take an answer.
const LOOK: Duration = Duration::from_secs(1);
/// A client that takes one answer and leaves another is let do so for so many times as long.
const PATIENCE: u32 = 4;

/// The step.
#[derive(Clone)]
pub struct Limit {
    limits: Limits,
    flows: Arc<Mutex<Vec<Weak<Flow>>>>,
}

impl Limit {
    /// Holds requests to these limits. Needs a runtime, in which it looks after answers.
    pub fn new(limits: Limits) -> Limit {
        let limit = Limit { limits, flows: Arc::default() };
        let (flows, stall) = (Arc::downgrade(&limit.flows), limits.times.stall);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK.min(stall)).await;
                let Some(flows) = flows.upgrade() else { return };
                let open: Vec<Arc<Flow>> = {
                    let mut flows = flows.lock().unwrap_or_else(PoisonError::into_inner);
                    flows.retain(|f| f.strong_count() > 0);
                    flows.iter().filter_map(Weak::upgrade).collect()
                };
                open.iter().for_each(|f| hurry(f, stall));
            }
        });
        limit
    }

    async fn answer(&self, request: Request, entry: &Entry, next: impl Next) -> Response {
        let ended = async {
            let over = entry.account().ended().await;
            entry.account().status(over)
        };
        let longest = self.limits.wall.saturating_add(self.limits.times.body);
        tokio::select! {
            response = go_on(next, request) => response,
            status = ended => status.into_http(),
            () = tokio::time::sleep(longest) => {
                let seconds = longest.as_secs();
                over_limit("WALL_TIME", format!("not answered after {seconds} s"), seconds).into_http()
            }
        }
    }
}

/// Ends what a client does not take.
fn hurry(flow: &Flow, stall: Duration) {
    let Some(stalled) = flow.stalled().filter(|s| *s >= stall) else { return };
    flow.entry().account().end(Over::Stalled);
    let peer = flow.entry().peer();
    if peer.since_took() >= stall || stalled >= stall * PATIENCE {
        peer.close();
    }
}

impl Step for Limit {
    async fn pass(self, request: Request, next: impl Next) -> Response {
        let caller = request.extensions().get::<Caller>().map(|c| c.method);
        let (Some(method), Some(entry)) = (caller, request.extensions().get::<Entry>().cloned()) else {
            return Status::into_http(fault("the request has no entry"));
        };
        let time = (!method.is_open_ended()).then_some(self.limits.times.body);
        let (bytes, arriving) = (self.limits.bytes, entry.clone());
        let request = request.map(|body| Body::new(Incoming::new(body, arriving, bytes, time)));
        let response = self.answer(request, &entry, next).await;
        let flow = Flow::new(entry);
        self.flows.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&flow));
        response.map(|body| Body::new(Outgoing::new(body, flow)))
    }
}
