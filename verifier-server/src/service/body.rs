//! Messages on their way: what arrives is charged before it is kept, what leaves is charged until it has left, and the
//! end is told to whoever wants to know it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::body::Body;
use tonic::{Code, Status};

use super::entry::Entry;
use super::status::{over_limit, too_large};
use super::step::Response;

/// Answers leave in parts of so many bytes at most, so that it shows whether a client takes them.
const PART: usize = 64 << 10;
/// What stands before each message: a flag, and the length.
const HEAD: usize = 5;

type Part = Option<Result<Frame<Bytes>, Status>>;

/// The code in the head or the trailers of an answer.
fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|s| Code::from_bytes(s.as_bytes()))
}

/// Tells `end` how an answer ended, once: when its last part is taken, or when it is given up.
pub async fn told(answer: impl Future<Output = Response>, end: impl FnOnce(Code) + Send + Unpin + 'static) -> Response {
    let mut end = Ending(Some(end));
    let response = answer.await;
    if let Some(code) = code(response.headers()) {
        end.tell(code);
        return response;
    }
    response.map(|inner| Body::new(Told { inner, end }))
}

struct Ending<F: FnOnce(Code)>(Option<F>);

impl<F: FnOnce(Code)> Ending<F> {
    fn tell(&mut self, code: Code) {
        if let Some(end) = self.0.take() {
            end(code);
        }
    }
}

impl<F: FnOnce(Code)> Drop for Ending<F> {
    fn drop(&mut self) {
        self.tell(Code::Cancelled);
    }
}

struct Told<F: FnOnce(Code)> {
    inner: Body,
    end: Ending<F>,
}

impl<F: FnOnce(Code) + Unpin> HttpBody for Told<F> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Part> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(f)) => {
                if let Some(code) = f.trailers_ref().and_then(code) {
                    self.end.tell(code);
                }
            }
            Some(Err(e)) => self.end.tell(e.code()),
            None => self.end.tell(Code::Ok),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A request as it arrives: each message is charged with the length that it announces, before anything is kept of it.
pub struct Incoming {
    inner: Body,
    entry: Entry,
    /// Most bytes of one message.
    most: usize,
    /// When all of it has to be here, and how long that was.
    until: Option<(Pin<Box<Sleep>>, Duration)>,
    /// The head of a message, as far as it is here.
    head: Vec<u8>,
    /// Bytes of the message still to come.
    left: usize,
    /// Charged for the message before.
    charged: usize,
}

impl Incoming {
    /// Watches over a request.
    pub fn new(inner: Body, entry: Entry, most: usize, time: Option<Duration>) -> Incoming {
        let until = time.map(|t| (Box::pin(tokio::time::sleep(t)), t));
        Incoming { inner, entry, most, until, head: Vec::with_capacity(HEAD), left: 0, charged: 0 }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Status> {
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let missing = HEAD - self.head.len();
            let part = bytes.get(..missing.min(bytes.len())).unwrap_or_default();
            self.head.extend_from_slice(part);
            bytes = bytes.get(part.len()..).unwrap_or_default();
            if let [_, a, b, c, d] = self.head[..] {
                self.head.clear();
                self.begin(u32::from_be_bytes([a, b, c, d]) as usize)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, length: usize) -> Result<(), Status> {
        if length > self.most {
            return Err(too_large(self.most));
        }
        let account = self.entry.account();
        account.release(std::mem::replace(&mut self.charged, length));
        self.left = length;
        if account.charge(length) { Ok(()) } else { Err(self.ended()) }
    }

    fn ended(&self) -> Status {
        let account = self.entry.account();
        account.over().map_or_else(|| Status::cancelled("ended"), |over| account.status(over))
    }
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Part> {
        let this = &mut *self;
        if this.entry.account().over().is_some() {
            return Poll::Ready(Some(Err(this.ended())));
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            if let Some(Ok(f)) = &frame
                && let Some(bytes) = f.data_ref()
                && let Err(e) = this.take(bytes)
            {
                return Poll::Ready(Some(Err(e)));
            }
            if frame.is_none() {
                this.until = None;
            }
            return Poll::Ready(frame);
        }
        if let Some((until, time)) = &mut this.until {
            ready!(until.as_mut().poll(cx));
            let seconds = time.as_secs();
            let message = format!("the request did not arrive within {seconds} s");
            return Poll::Ready(Some(Err(over_limit("BODY_TIME", message, seconds))));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// What an answer still has under way.
#[derive(Debug)]
pub struct Flow {
    entry: Entry,
    /// Parts that were handed to the connection and have not left.
    parts: AtomicUsize,
    /// When a part last left or was handed over.
    moved: std::sync::Mutex<Instant>,
}

impl Flow {
    /// The answer of a request.
    pub fn new(entry: Entry) -> Arc<Flow> {
        Arc::new(Flow { entry, parts: AtomicUsize::new(0), moved: std::sync::Mutex::new(Instant::now()) })
    }

    fn moved(&self) {
        *self.moved.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    /// How long the client has not taken what waits for it; `None`: nothing waits.
    pub fn stalled(&self) -> Option<Duration> {
        let moved = *self.moved.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (self.parts.load(Ordering::Relaxed) > 0).then(|| moved.elapsed())
    }

    /// The request.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }
}

/// A part of an answer, charged until it has left.
struct Leaving {
    bytes: Bytes,
    flow: Arc<Flow>,
}

impl AsRef<[u8]> for Leaving {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.flow.entry.account().release(self.bytes.len());
        self.flow.parts.fetch_sub(1, Ordering::Relaxed);
        self.flow.moved();
        self.flow.entry.peer().took();
    }
}

/// An answer as it leaves.
pub struct Outgoing {
    inner: Body,
    flow: Arc<Flow>,
    /// Handed over by the service and not yet to the connection.
    waiting: Bytes,
}

impl Outgoing {
    /// Watches over an answer.
    pub fn new(inner: Body, flow: Arc<Flow>) -> Outgoing {
        Outgoing { inner, flow, waiting: Bytes::new() }
    }

    fn part(&mut self) -> Frame<Bytes> {
        let bytes = self.waiting.split_to(PART.min(self.waiting.len()));
        self.flow.parts.fetch_add(1, Ordering::Relaxed);
        self.flow.moved();
        Frame::data(Bytes::from_owner(Leaving { bytes, flow: Arc::clone(&self.flow) }))
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Part> {
        let this = &mut *self;
        if this.waiting.is_empty() {
            let frame = match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(bytes) if bytes.is_empty() => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Ok(bytes) => {
                    this.flow.entry.account().note(bytes.len());
                    this.waiting = bytes;
                }
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        Poll::Ready(Some(Ok(this.part())))
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_empty() && self.inner.is_end_stream()
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.flow.entry.account().release(self.waiting.len());
    }
}
