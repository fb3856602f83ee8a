//! A step of the stack that every request passes: sees the request, lets it go on to the next step or answers itself, and
//! sees the answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::body::Body;
use tower::{Layer, Service};

/// A request as it travels.
pub type Request = http::Request<Body>;
/// An answer as it travels.
pub type Response = http::Response<Body>;
type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// What comes after a step. It never fails: failures are answers.
pub trait Next:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<S> Next for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

/// A step.
pub trait Step: Clone + Send + 'static {
    /// Answers, most often by what the next step answers.
    fn pass(self, request: Request, next: impl Next) -> impl Future<Output = Response> + Send;
}

/// The answer of the next step.
pub async fn go_on(mut next: impl Next, request: Request) -> Response {
    match next.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Puts a step in front of a service.
#[derive(Clone)]
pub struct Before<T>(pub T);

/// A service with a step in front.
#[derive(Clone)]
pub struct Stepped<T, S> {
    step: T,
    next: S,
}

impl<T: Clone, S> Layer<S> for Before<T> {
    type Service = Stepped<T, S>;

    fn layer(&self, next: S) -> Stepped<T, S> {
        Stepped { step: self.0.clone(), next }
    }
}

impl<T: Step, S: Next> Service<Request> for Stepped<T, S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.next.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Answering {
        // The one that said that it is ready takes the request.
        let clone = self.next.clone();
        let ready = std::mem::replace(&mut self.next, clone);
        let step = self.step.clone();
        Box::pin(async move { Ok(step.pass(request, ready).await) })
    }
}
