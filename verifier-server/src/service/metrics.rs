//! Figures of the service for Prometheus, on an address of their own: the text format, over plain HTTP.
//!
//! They name methods and reasons, never a client, a token or a program.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tonic::Code;
use tracing::warn;

/// Methods that are told apart.
const METHODS: [&str; 11] = [
    "Verify",
    "VerifyStream",
    "Explain",
    "Disassemble",
    "ControlFlowGraph",
    "ListKernels",
    "Watch",
    "Solve",
    "Health",
    "Reflection",
    "other",
];
/// Upper bounds of the histogram of times, in milliseconds.
const BOUNDS: [u64; 10] = [1, 5, 10, 50, 100, 500, 1_000, 10_000, 60_000, 120_000];
/// Status codes there are.
const CODES: usize = 17;
/// Whoever reads figures may take so long, and may ask in so many bytes.
const READ: Duration = Duration::from_secs(5);
const QUESTION: usize = 4 << 10;
/// Readers at once.
const READERS: usize = 8;

/// One of the methods that are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method(usize);

impl Method {
    /// By the path of a request.
    pub fn of(path: &str) -> Method {
        let name = match path.strip_prefix("/bpfvet.v1.Verifier/") {
            Some(name) => name,
            None if path.starts_with("/grpc.health.v1.Health/") => "Health",
            None if path.starts_with("/grpc.reflection.") => "Reflection",
            None => "other",
        };
        Method(METHODS.iter().position(|m| *m == name).unwrap_or(METHODS.len() - 1))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        METHODS[self.0]
    }

    /// Whether it is one for those who watch the service.
    pub fn is_health(self) -> bool {
        self.name() == "Health"
    }

    /// Whether the client goes on sending for as long as it likes.
    pub fn is_open_ended(self) -> bool {
        matches!(self.name(), "Watch" | "Reflection")
    }

    /// Whether it waits for builds most of the time.
    pub fn is_watch(self) -> bool {
        self.name() == "Watch"
    }
}

#[derive(Default)]
struct OfMethod {
    codes: [AtomicU64; CODES],
    times: [AtomicU64; BOUNDS.len()],
    microseconds: AtomicU64,
    begun: AtomicU64,
    ended: AtomicU64,
}

/// Counters.
#[derive(Default)]
pub struct Metrics {
    methods: [OfMethod; METHODS.len()],
}

/// Figures that others keep: name, labels, value, and what it means.
pub type Gauge = (&'static str, &'static str, u64, &'static str);

impl Metrics {
    /// A request begins.
    pub fn begin(&self, method: Method) {
        self.methods[method.0].begun.fetch_add(1, Ordering::Relaxed);
    }

    /// It ended.
    pub fn end(&self, method: Method, code: Code, time: Duration) {
        let m = &self.methods[method.0];
        m.ended.fetch_add(1, Ordering::Relaxed);
        if let Some(n) = usize::try_from(code as i32).ok().and_then(|c| m.codes.get(c)) {
            n.fetch_add(1, Ordering::Relaxed);
        }
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        m.microseconds.fetch_add(us, Ordering::Relaxed);
        if let Some(at) = BOUNDS.iter().position(|b| us <= b * 1000) {
            m.times[at].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Everything in Prometheus' text format.
    pub fn text(&self, gauges: &[Gauge]) -> String {
        let mut out = String::new();
        // Writing into a `String` cannot fail.
        let _ = self.write(gauges, &mut out);
        out
    }

    fn write(&self, gauges: &[Gauge], out: &mut String) -> std::fmt::Result {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        writeln!(out, "# HELP bpfvet_requests_total Requests that ended, by method and gRPC status code.")?;
        writeln!(out, "# TYPE bpfvet_requests_total counter")?;
        for (name, m) in METHODS.iter().zip(&self.methods) {
            for (code, n) in m.codes.iter().enumerate().filter(|(_, n)| get(n) > 0) {
                writeln!(out, "bpfvet_requests_total{{method=\"{name}\",code=\"{code}\"}} {}", get(n))?;
            }
        }
        writeln!(out, "# HELP bpfvet_requests_open Requests that are being answered.")?;
        writeln!(out, "# TYPE bpfvet_requests_open gauge")?;
        for (name, m) in METHODS.iter().zip(&self.methods) {
            writeln!(out, "bpfvet_requests_open{{method=\"{name}\"}} {}", get(&m.begun).saturating_sub(get(&m.ended)))?;
        }
        writeln!(out, "# HELP bpfvet_request_seconds Time from the head of a request to the last byte of its answer.")?;
        writeln!(out, "# TYPE bpfvet_request_seconds histogram")?;
        for (name, m) in METHODS.iter().zip(&self.methods).filter(|(_, m)| get(&m.ended) > 0) {
            let mut sum = 0;
            for (bound, n) in BOUNDS.iter().zip(&m.times) {
                sum += get(n);
                let le = *bound as f64 / 1e3;
                writeln!(out, "bpfvet_request_seconds_bucket{{method=\"{name}\",le=\"{le}\"}} {sum}")?;
            }
            let all = get(&m.ended).max(sum);
            writeln!(out, "bpfvet_request_seconds_bucket{{method=\"{name}\",le=\"+Inf\"}} {all}")?;
            let seconds = get(&m.microseconds) as f64 / 1e6;
            writeln!(out, "bpfvet_request_seconds_sum{{method=\"{name}\"}} {seconds}")?;
            writeln!(out, "bpfvet_request_seconds_count{{method=\"{name}\"}} {all}")?;
        }
        let mut last = "";
        for (name, labels, value, help) in gauges {
            if *name != last {
                let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
                writeln!(out, "# HELP {name} {help}")?;
                writeln!(out, "# TYPE {name} {kind}")?;
                last = name;
            }
            writeln!(out, "{name}{labels} {value}")?;
        }
        Ok(())
    }
}

/// Answers `GET /metrics` with what `text` says, until the process ends.
pub async fn serve(listener: TcpListener, text: impl Fn() -> String + Send + Sync + 'static) {
    let (text, readers) = (Arc::new(text), Arc::new(Semaphore::new(READERS)));
    loop {
        let Ok(reader) = Arc::clone(&readers).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(e) => {
                warn!("metrics: cannot accept: {e}");
                tokio::time::sleep(READ).await;
                continue;
            }
        };
        let text = Arc::clone(&text);
        tokio::spawn(async move {
            // Whoever is too slow, or gone, gets nothing.
            let _ = tokio::time::timeout(READ, answer(stream, &*text)).await;
            drop(reader);
        });
    }
}

async fn answer(mut stream: TcpStream, text: &(impl Fn() -> String + Sync)) -> std::io::Result<()> {
    let mut question = Vec::new();
    let mut part = [0; 512];
    while !question.windows(4).any(|w| w == b"\r\n\r\n") && question.len() < QUESTION {
        let n = stream.read(&mut part).await?;
        if n == 0 {
            return Ok(());
        }
        question.extend_from_slice(part.get(..n).unwrap_or_default());
    }
    let wanted = [&b"GET /metrics "[..], b"GET /metrics?"].iter().any(|w| question.starts_with(w));
    let (status, body) = if wanted { ("200 OK", text()) } else { ("404 Not Found", "see /metrics\n".to_string()) };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_method_and_code() {
        let m = Metrics::default();
        let verify = Method::of("/bpfvet.v1.Verifier/Verify");
        m.begin(verify);
        m.end(verify, Code::Ok, Duration::from_millis(3));
        m.begin(Method::of("/whatever\u{1b}"));
        let text = m.text(&[("bpfvet_connections", "", 7, "Connections.")]);
        for line in [
            "bpfvet_requests_total{method=\"Verify\",code=\"0\"} 1",
            "bpfvet_requests_open{method=\"other\"} 1",
            "bpfvet_request_seconds_bucket{method=\"Verify\",le=\"0.001\"} 0",
            "bpfvet_request_seconds_bucket{method=\"Verify\",le=\"0.005\"} 1",
            "bpfvet_request_seconds_bucket{method=\"Verify\",le=\"+Inf\"} 1",
            "# TYPE bpfvet_connections gauge",
            "bpfvet_connections 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
