//! The service under load: tiny requests beside heavy ones, clients that vanish, clients that do not read, garbage.
//!
//! By default a short form of it. `make load` sets BPFVET_LOAD (seconds of the mixed phase) and measures in earnest,
//! with an optimised build.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::verifier_server::service::proto::verifier_client::VerifierClient;
use ::verifier_server::service::proto::*;
use support::*;
use tokio::io::AsyncWriteExt;
use tokio_stream::StreamExt;
use tonic::Code;

/// Clients of the mixed phase.
const CLIENTS: u64 = 64;
/// One request of so many is heavy.
const HEAVY_SHARE: u64 = 10;
/// Turns of the loop of the heaviest program: nearly as many instructions as the kernel follows.
const HEAVIEST: i32 = 490_000;
/// Most that the p99 of tiny requests may grow beside heavy ones.
const GROWTH: u32 = 5;
/// Most time until a stopped analysis has freed its core.
const FREED: Duration = Duration::from_millis(50);

/// Seconds of the mixed phase when measuring in earnest.
fn earnest() -> Option<u64> {
    std::env::var("BPFVET_LOAD").ok()?.parse().ok()
}

/// A small generator of Marsaglia's kind.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// What the clients of one phase saw.
struct Seen {
    tiny: Vec<Duration>,
    heavy: Vec<Duration>,
    errors: Vec<String>,
}

/// Runs clients, each on its own connection, one request after another.
async fn clients(server: &Server, clients: u64, share: u64, time: Duration) -> Seen {
    let end = Instant::now() + time;
    let tasks: Vec<_> = (0..clients)
        .map(|c| {
            let url = server.url();
            tokio::spawn(async move {
                let mut seen = Seen { tiny: Vec::new(), heavy: Vec::new(), errors: Vec::new() };
                let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (c + 1));
                let connected = VerifierClient::connect(url).await;
                let mut client = match connected {
                    Ok(client) => client,
                    Err(e) => {
                        seen.errors.push(e.to_string());
                        return seen;
                    }
                };
                // Everybody begins with a heavy one: tiny requests are to meet those, and not a crowd of each other.
                let mut first = true;
                while Instant::now() < end {
                    let heavy = share != 0 && (std::mem::take(&mut first) || random.below(share) == 0);
                    let request = if heavy { raw(&some_heavy(&mut random)) } else { raw(&GOOD) };
                    let begun = Instant::now();
                    match client.verify(request).await {
                        Ok(r) if r.get_ref().answers.iter().all(|a| a.verdict() == Verdict::Accepted) => {
                            if heavy { &mut seen.heavy } else { &mut seen.tiny }.push(begun.elapsed());
                        }
                        other => seen.errors.push(format!("{other:?}")),
                    }
                }
                seen
            })
        })
        .collect();
    let mut all = Seen { tiny: Vec::new(), heavy: Vec::new(), errors: Vec::new() };
    for task in tasks {
        let seen = task.await.expect("a client");
        all.tiny.extend(seen.tiny);
        all.heavy.extend(seen.heavy);
        all.errors.extend(seen.errors);
    }
    all.tiny.sort();
    all.heavy.sort();
    all
}

/// A heavy program of no fixed size.
fn some_heavy(random: &mut Random) -> Vec<u8> {
    let most = if earnest().is_some() { HEAVIEST } else { HEAVIEST / 20 };
    heavy(most - random.below(u64::from(most.unsigned_abs()) / 2) as i32)
}

/// One phase after another, because they measure time.
#[test]
fn under_load() {
    runtime().block_on(async {
        tiny_beside_heavy().await;
        stopped_analyses_free_their_cores().await;
        clients_that_misbehave().await;
    });
}

async fn tiny_beside_heavy() {
    let server = Server::start(&[]);
    let time = Duration::from_secs(earnest().unwrap_or(2));
    let cores = std::thread::available_parallelism().map_or(2, |n| n.get() as u64);
    // The first requests pay for connections and pages.
    clients(&server, cores, 0, Duration::from_millis(300)).await;
    let alone = clients(&server, cores, 0, time / 4).await;
    let mixed = clients(&server, CLIENTS, HEAVY_SHARE, time).await;
    for (name, s) in [("alone", &alone), ("mixed", &mixed)] {
        println!(
            "{name}: {} tiny requests, p50 {:?}, p99 {:?}, max {:?}; {} heavy ones, p50 {:?}, max {:?}; {} errors",
            s.tiny.len(),
            percentile(&s.tiny, 50),
            percentile(&s.tiny, 99),
            percentile(&s.tiny, 100),
            s.heavy.len(),
            percentile(&s.heavy, 50),
            percentile(&s.heavy, 100),
            s.errors.len(),
        );
        assert!(s.errors.is_empty(), "{:?}", &s.errors[..s.errors.len().min(3)]);
    }
    let (a, b) = (percentile(&alone.tiny, 99), percentile(&mixed.tiny, 99));
    println!("p99 of tiny requests grows {:.2} times", b.as_secs_f64() / a.as_secs_f64());
    assert!(!mixed.heavy.is_empty() && !mixed.tiny.is_empty());
    // In a short run on a busy machine the tail means nothing: `make load` holds it.
    if earnest().is_some() {
        assert!(b < a * GROWTH, "p99 of tiny requests: {a:?} alone, {b:?} beside heavy ones");
    }
}

async fn stopped_analyses_free_their_cores() {
    let server = Server::start(&[]);
    let n = if earnest().is_some() { 100 } else { 10 };
    for i in 0..n {
        let mut client = server.client().await;
        let call = tokio::spawn(async move { client.verify(raw(&heavy(HEAVIEST))).await });
        tokio::time::sleep(Duration::from_millis(10 + i % 7 * 10)).await;
        call.abort();
        let _ = call.await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut freed: Vec<Duration> = server.freed_after_us().into_iter().map(Duration::from_micros).collect();
    freed.sort();
    println!(
        "{} of {n} heavy requests were stopped; cores free after p50 {:?}, max {:?}",
        freed.len(),
        percentile(&freed, 50),
        percentile(&freed, 100)
    );
    // How soon, and how many had begun by then, is about time: `make load` holds it. That what was given up stops at all
    // is held by the service's tests.
    if earnest().is_some() {
        assert!(freed.len() as u64 * 2 > n, "too few were stopped while they ran");
        assert!(percentile(&freed, 100) > Duration::ZERO, "the log is not understood");
        assert!(percentile(&freed, 100) < FREED, "{freed:?}");
    }
}

async fn clients_that_misbehave() {
    let server = Server::start(&["--max-bytes", "4"]);
    let demo = std::fs::read(corpus("demo/rejected.bpf.o")).expect("the demo object");
    let mut client = server.client().await;
    // Warm up, so that what is kept on purpose is not counted.
    dropped_streams(&server, 50).await;
    let before = server.memory();

    let (streams, rounds) = if earnest().is_some() { (5_000, 2_000) } else { (200, 200) };
    dropped_streams(&server, streams).await;
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..rounds {
        let mut bytes = demo.clone();
        for _ in 0..1 + random.below(8) {
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.next() as u8;
        }
        match client.verify(object("fuzzed.o", &bytes)).await {
            Ok(_) => {}
            Err(e) => assert!(matches!(e.code(), Code::InvalidArgument | Code::ResourceExhausted), "{e}"),
        }
    }
    for _ in 0..20 {
        let e = client.verify(object("large.o", &vec![0; 5 << 20])).await.expect_err("too large");
        assert_eq!(e.code(), Code::ResourceExhausted);
    }
    garbage(&server, &mut random).await;
    slow_clients(&server).await;

    assert!(client.verify(raw(&GOOD)).await.is_ok(), "it does not serve any more");
    // Threads that have nothing to do end after a while.
    let patience = if earnest().is_some() { Duration::from_secs(30) } else { NEVER };
    let begun = Instant::now();
    let allowed = before + (64 << 20);
    let mut after = server.memory();
    while after > allowed && begun.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(500)).await;
        after = server.memory();
    }
    println!(
        "{streams} streams dropped, {rounds} fuzzed objects: memory {} MiB before, {} MiB after {:?}",
        before >> 20,
        after >> 20,
        begun.elapsed()
    );
    assert!(after <= allowed, "memory does not come back: {before} bytes before, {after} after");
}

fn stream_request() -> VerifyStreamRequest {
    let VerifyRequest { input, target, options } = raw(&heavy(HEAVIEST));
    VerifyStreamRequest { input, target, options, detail: Detail::Instructions.into() }
}

/// Opens streams of heavy programs, reads a little, and drops them.
async fn dropped_streams(server: &Server, n: u64) {
    let opened = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (url, opened) = (server.url(), Arc::clone(&opened));
            tokio::spawn(async move {
                let mut client = VerifierClient::connect(url).await.expect("connects");
                while opened.fetch_add(1, Ordering::Relaxed) < n {
                    match client.verify_stream(stream_request()).await {
                        Ok(stream) => {
                            let first = stream.into_inner().next().await;
                            assert!(first.is_some_and(|f| f.is_ok()));
                        }
                        Err(e) => assert_eq!(e.code(), Code::ResourceExhausted, "{e}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a client");
    }
}

/// Bytes that are no HTTP/2, and HTTP/2 that ends in the middle.
async fn garbage(server: &Server, random: &mut Random) {
    for round in 0..50u64 {
        let Ok(mut socket) = tokio::net::TcpStream::connect(&server.address).await else { continue };
        let mut bytes = if round % 2 == 0 { b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec() } else { Vec::new() };
        bytes.extend((0..random.below(4096)).map(|_| random.next() as u8));
        // The service may have closed it already.
        let _ = socket.write_all(&bytes).await;
    }
}

/// Clients that open a stream of a heavy program and do not read: others must not notice.
async fn slow_clients(server: &Server) {
    let mut kept = Vec::new();
    for _ in 0..40 {
        let mut client = server.client().await;
        kept.push((client.verify_stream(stream_request()).await.expect("a stream"), client));
    }
    // And some that connect and say nothing.
    let silent = connections(server, 40).await;
    let mut client = server.client().await;
    let begun = Instant::now();
    for _ in 0..20 {
        assert!(client.verify(raw(&GOOD)).await.is_ok());
    }
    println!(
        "beside {} clients that do not read, 20 tiny requests take {:?}",
        kept.len() + silent.len(),
        begun.elapsed()
    );
    assert!(earnest().is_none() || begun.elapsed() < Duration::from_secs(10));
}

async fn connections(server: &Server, n: usize) -> Vec<tokio::net::TcpStream> {
    let mut out = Vec::new();
    for _ in 0..n {
        out.extend(tokio::net::TcpStream::connect(&server.address).await);
    }
    out
}
