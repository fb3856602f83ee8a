//! Third step: a span for everything that the log says about a request, and a line when it ends.

use std::time::Instant;

use tracing::{Instrument, Span, debug, info, info_span};

use super::body::told;
use super::identify::Caller;
use super::step::{Next, Request, Response, Step, go_on};

/// The step.
#[derive(Clone)]
pub struct Trace;

impl Step for Trace {
    async fn pass(self, request: Request, next: impl Next) -> Response {
        let Some(caller) = request.extensions().get::<Caller>() else { return go_on(next, request).await };
        let method = caller.method;
        let span = match &caller.client {
            Ok(client) => info_span!("request", id = caller.id, method = method.name(), %client),
            Err(_) => info_span!("request", id = caller.id, method = method.name(), client = "nobody"),
        };
        let (begun, within): (Instant, Span) = (Instant::now(), span.clone());
        let end = move |code: tonic::Code| {
            let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            within.in_scope(|| if method.is_health() { debug!(?code, ms, "ended") } else { info!(?code, ms, "ended") });
        };
        told(go_on(next, request), end).instrument(span).await
    }
}
