//! Second step: counts requests, and how and when they end.

use std::sync::Arc;
use std::time::Instant;

use super::body::told;
use super::identify::Caller;
use super::metrics::{Method, Metrics};
use super::step::{Next, Request, Response, Step, go_on};

/// The step.
#[derive(Clone)]
pub struct Count {
    /// Counters.
    pub metrics: Arc<Metrics>,
}

impl Step for Count {
    async fn pass(self, request: Request, next: impl Next) -> Response {
        let method = request.extensions().get::<Caller>().map_or(Method::of(""), |c| c.method);
        let begun = Instant::now();
        self.metrics.begin(method);
        let end = move |code| self.metrics.end(method, code, begun.elapsed());
        told(go_on(next, request), end).await
    }
}
