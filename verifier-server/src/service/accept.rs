//! Connections as they come: TLS, and an end for those that never speak, or have nothing to say any more.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tonic::transport::server::Connected;
use tracing::{debug, warn};

use super::config::Times;
use super::files::Watched;
use super::peer::{Connections, Peer, Place};

/// What every HTTP/2 connection begins with has so many bytes.
const PREFACE: usize = 24;
/// After an error of the listener (as when descriptors run out), it is left alone for so long.
const PAUSE: Duration = Duration::from_millis(100);

enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection with its place among the others.
pub struct Connection {
    wire: Wire,
    place: Place,
    /// Comes when it has to go.
    end: oneshot::Receiver<()>,
    /// How it ended, if it did.
    ended: Option<io::ErrorKind>,
    /// Bytes read, as far as they matter.
    read: usize,
    times: Times,
    /// When to look next whether it says something.
    timer: Pin<Box<Sleep>>,
}

/// How the service speaks to those who connect.
pub struct Acceptor {
    /// Places.
    pub connections: Arc<Connections>,
    /// TLS, if it does.
    pub tls: Option<Arc<Watched<ServerConfig>>>,
    /// How long clients may take.
    pub times: Times,
}

/// Connections as they come.
pub fn incoming(listener: TcpListener, acceptor: Acceptor) -> impl Stream<Item = io::Result<Connection>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(16);
    let acceptor = Arc::new(acceptor);
    let names = RandomState::new();
    tokio::spawn(async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = sender.closed() => return,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(e) => {
                    warn!("cannot accept: {e}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            // Answers are small and complete: holding them back for more would only cost time.
            if stream.set_nodelay(true).is_err() {
                continue;
            }
            let Some((place, end)) = acceptor.connections.admit(Some(address)) else { continue };
            let (acceptor, names, sender) = (Arc::clone(&acceptor), names.clone(), sender.clone());
            tokio::spawn(async move {
                if let Some(connection) = acceptor.greet(stream, place, end, &names).await {
                    // The service ended meanwhile.
                    let _ = sender.send(Ok(connection)).await;
                }
            });
        }
    });
    tokio_stream::wrappers::ReceiverStream::new(receiver)
}

impl Acceptor {
    /// Speaks TLS first, where the service does.
    async fn greet(
        &self,
        stream: TcpStream,
        place: Place,
        mut end: oneshot::Receiver<()>,
        names: &RandomState,
    ) -> Option<Connection> {
        let deadline = Instant::now() + self.times.hello;
        let wire = match &self.tls {
            None => Wire::Plain(stream),
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls.get()).accept(stream);
                let done = tokio::select! {
                    done = tokio::time::timeout_at(deadline, handshake) => done,
                    _ = &mut end => return None,
                };
                let stream = match done {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(e)) => {
                        debug!("TLS: {e}");
                        return None;
                    }
                    Err(_) => return None,
                };
                if let Some(cert) = stream.get_ref().1.peer_certificates().and_then(|c| c.first()) {
                    place.peer.showed(names.hash_one(cert.as_ref()));
                }
                Wire::Tls(Box::new(stream))
            }
        };
        let timer = Box::pin(tokio::time::sleep_until(deadline));
        Some(Connection { wire, place, end, ended: None, read: 0, times: self.times, timer })
    }
}

impl Connected for Connection {
    type ConnectInfo = Arc<Peer>;

    fn connect_info(&self) -> Arc<Peer> {
        Arc::clone(&self.place.peer)
    }
}

impl Connection {
    /// Whether the connection is over, although the client did not end it.
    fn over(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        if self.ended.is_none() {
            self.ended = self.ends(cx);
        }
        self.ended.map(io::Error::from)
    }

    fn ends(&mut self, cx: &mut Context<'_>) -> Option<io::ErrorKind> {
        if Pin::new(&mut self.end).poll(cx).is_ready() {
            return Some(io::ErrorKind::ConnectionAborted);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            let idle = self.place.peer.idle().unwrap_or_default();
            let left = self.times.idle.checked_sub(idle).filter(|l| !l.is_zero() && self.read >= PREFACE);
            let Some(left) = left else { return Some(io::ErrorKind::TimedOut) };
            self.timer.as_mut().reset(Instant::now() + left);
        }
        None
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = match &mut self.wire {
            Wire::Plain(s) => Pin::new(s).poll_read(cx, buf),
            Wire::Tls(s) => Pin::new(s.as_mut()).poll_read(cx, buf),
        };
        self.read = self.read.saturating_add(buf.filled().len() - before);
        match self.over(cx) {
            Some(e) => Poll::Ready(Err(e)),
            None => result,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(e) = self.over(cx) {
            return Poll::Ready(Err(e));
        }
        match &mut self.wire {
            Wire::Plain(s) => Pin::new(s).poll_write(cx, bytes),
            Wire::Tls(s) => Pin::new(s.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(e) = self.over(cx) {
            return Poll::Ready(Err(e));
        }
        match &mut self.wire {
            Wire::Plain(s) => Pin::new(s).poll_write_vectored(cx, bytes),
            Wire::Tls(s) => Pin::new(s.as_mut()).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(s) => s.is_write_vectored(),
            Wire::Tls(s) => s.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(e) = self.over(cx) {
            return Poll::Ready(Err(e));
        }
        match &mut self.wire {
            Wire::Plain(s) => Pin::new(s).poll_flush(cx),
            Wire::Tls(s) => Pin::new(s.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(s) => Pin::new(s).poll_shutdown(cx),
            Wire::Tls(s) => Pin::new(s.as_mut()).poll_shutdown(cx),
        }
    }
}
