//! First step: which request this is, and who asks. It refuses nobody, so that everything is counted and logged.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;

use super::files::Watched;
use super::identity::{Client, Tokens, request_id};
use super::metrics::Method;
use super::peer::Peer;
use super::step::{Next, Request, Response, Step, go_on};

/// Header with the id of a request, in requests and answers.
const ID: &str = "x-request-id";

/// What is known of a request before anything of it is believed.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The request's id.
    pub id: String,
    /// What is asked for.
    pub method: Method,
    /// Who asks, or why that is nobody.
    pub client: Result<Client, &'static str>,
}

/// The step.
#[derive(Clone)]
pub struct Identify {
    /// Tokens, if there must be one.
    pub tokens: Option<Arc<Watched<Tokens>>>,
    /// Numbers requests.
    pub number: Arc<AtomicU64>,
}

impl Step for Identify {
    async fn pass(self, mut request: Request, next: impl Next) -> Response {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let header = |request: &Request, name: &str| request.headers().get(name).map(|v| v.as_bytes().to_vec());
        let id = request_id(header(&request, ID).as_deref(), number);
        let client = match &self.tokens {
            Some(tokens) => tokens.get().who(header(&request, "authorization").as_deref()),
            None => Ok(request.extensions().get::<Arc<Peer>>().map_or(Client::Unknown, |p| p.client())),
        };
        let method = Method::of(request.uri().path());
        request.extensions_mut().insert(Caller { id: id.clone(), method, client });
        let mut response = go_on(next, request).await;
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(ID, id);
        }
        response
    }
}
