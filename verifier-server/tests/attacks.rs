//! Clients that want everything: memory, places, connections, the log. Everybody else is still served, and the process
//! stays within its limits.
//!
//! By default a short form of it, with small limits. `make load` sets BPFVET_LOAD (seconds) and measures in earnest.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::verifier_server::service::proto::input::What;
use ::verifier_server::service::proto::verifier_client::VerifierClient;
use ::verifier_server::service::proto::*;
use support::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Of the total: what is resident may be so much more, because it is looked at from time to time.
const SPARE: u64 = 10;

fn earnest() -> Option<u64> {
    std::env::var("BPFVET_LOAD").ok()?.parse().ok()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// Many unknown values on the stack, then a loop that changes one of them: each state that is stored holds all of them.
fn hungry(rounds: i32) -> Vec<u8> {
    let mut insns = Vec::new();
    let mut put = |code: u8, regs: u8, off: i16, imm: i32| {
        insns.extend([code, regs]);
        insns.extend(off.to_le_bytes());
        insns.extend(imm.to_le_bytes());
    };
    for slot in 1..=60i16 {
        put(0x85, 0, 0, 7);
        put(0x7b, 0x0a, -8 * slot, 0);
    }
    put(0xb7, 6, 0, 0);
    put(0x07, 6, 0, 1);
    put(0x7b, 0x6a, -8, 0);
    // Two ways to the same place, so that states are stored.
    put(0x79, 0xa7, -16, 0);
    put(0x55, 7, 0, 1);
    put(0xa5, 6, -5, rounds);
    put(0xb7, 0, 0, 0);
    put(0x95, 0, 0, 0);
    insns
}

fn reason(e: &Status) -> String {
    e.get_details_error_info().map(|i| i.reason).unwrap_or_default()
}

/// Watches what is resident until the task ends; the most that was seen.
async fn highest<T>(server: &Server, task: tokio::task::JoinHandle<T>) -> (u64, T) {
    let mut most = server.memory();
    while !task.is_finished() {
        most = most.max(server.memory());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    (most, task.await.expect("a client"))
}

/// The service gives memory back once nobody needs it.
async fn comes_back(server: &Server) -> Duration {
    let begun = Instant::now();
    server.until(|s| s.memory() < 300 << 20, "was memory given back").await;
    begun.elapsed()
}

#[test]
fn memory_has_one_total() {
    runtime().block_on(async {
        // In the short form it goes on until somebody had to end.
        let (total, clients, seconds) = match earnest() {
            Some(seconds) => (2048u64, 64, seconds),
            None => (384, 12, NEVER.as_secs()),
        };
        let enough = Arc::new(AtomicBool::new(false));
        let server = Server::start(&["--total-memory", &total.to_string(), "--max-memory", &(total / 4).to_string()]);
        let url = server.url();
        let end = Instant::now() + Duration::from_secs(seconds);
        let greedy: Vec<_> = (0..clients)
            .map(|n| {
                let (url, enough) = (url.clone(), Arc::clone(&enough));
                tokio::spawn(async move {
                    let mut client = VerifierClient::connect(url).await.expect("connects");
                    let mut reasons = Vec::new();
                    while Instant::now() < end && !enough.load(Ordering::Relaxed) {
                        let mut request = raw(&hungry(800_000));
                        request.options = Some(Options { explain: n % 2 == 0, ..Options::default() });
                        let stop = async {
                            while Instant::now() < end && !enough.load(Ordering::Relaxed) {
                                tokio::time::sleep(Duration::from_millis(20)).await;
                            }
                        };
                        let answer = tokio::select! { answer = client.verify(request) => answer, () = stop => break };
                        if let Err(e) = answer {
                            assert_eq!(e.code(), Code::ResourceExhausted, "{e}");
                            reasons.push(reason(&e));
                            enough.fetch_or(earnest().is_none(), Ordering::Relaxed);
                        }
                    }
                    reasons
                })
            })
            .collect();
        let small = tokio::spawn(async move {
            let mut client = VerifierClient::connect(url).await.expect("connects");
            let mut times = Vec::new();
            while Instant::now() < end && !enough.load(Ordering::Relaxed) {
                let begun = Instant::now();
                client.verify(raw(&GOOD)).await.expect("small ones are always answered");
                times.push(begun.elapsed());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            times.sort();
            times
        });
        let (most, times) = highest(&server, small).await;
        let mut reasons = Vec::new();
        for g in greedy {
            reasons.extend(g.await.expect("a client"));
        }
        let p99 = times[(times.len() - 1) * 99 / 100];
        println!(
            "{clients} greedy clients for {seconds} s: at most {} MiB resident of {total}; {} ended for memory; {} small \
             requests, p99 {p99:?}",
            most >> 20,
            reasons.len(),
            times.len(),
        );
        assert!(most <= (total << 20) * (100 + SPARE) / 100, "{} MiB of {total}", most >> 20);
        // In earnest some wait for their turn until their time is over.
        assert!(reasons.iter().all(|r| r == "MEMORY" || r == "TOTAL_MEMORY" || r == "WALL_TIME"), "{reasons:?}");
        assert!(!reasons.is_empty(), "nobody had to end");
        println!("back below 300 MiB after {:?}", comes_back(&server).await);
        if earnest().is_some() {
            assert!(p99 < Duration::from_millis(50), "{p99:?}");
        }
    });
}

/// BTF of so many equal integers, which compresses to next to nothing.
fn inflated(types: u32) -> Vec<u8> {
    let mut btf = Vec::new();
    let bytes = types * 16;
    for word in [0x0001_eb9fu32, 24, 0, bytes, bytes, 1] {
        btf.extend(word.to_le_bytes());
    }
    for _ in 0..types {
        for word in [0u32, 1 << 24, 4, 32] {
            btf.extend(word.to_le_bytes());
        }
    }
    btf.push(0);
    zstd::bulk::compress(&btf, 3).expect("compressed")
}

#[tokio::test]
async fn inflated_btf_is_counted() {
    let server = Server::start(&["--total-memory", "512", "--max-memory", "256"]);
    let btf = inflated(4 << 20 >> 1);
    assert!(btf.len() < 64 << 10, "{}", btf.len());
    let mut request = raw(&GOOD);
    let module = |n: u32| Module { name: format!("m{n}"), btf: btf.clone() };
    request.target = Some(Target { modules: (0..40).map(module).collect(), ..Target::default() });
    let url = server.url();
    let attack = tokio::spawn(async move {
        let mut client = VerifierClient::connect(url).await.expect("connects");
        client.verify(request).await.map(|_| ()).map_err(|e| (e.code(), reason(&e)))
    });
    let (most, answer) = highest(&server, attack).await;
    assert_eq!(answer, Err((Code::ResourceExhausted, "MEMORY".into())));
    assert!(most < 560 << 20, "{} MiB", most >> 20);
    comes_back(&server).await;
}

/// An object with so many functions, all of one instruction, whose names are all the same long one.
fn symbols(functions: u32, name: usize) -> Vec<u8> {
    let mut out = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0];
    out.resize(16, 0);
    let strings = [b"\0socket\0.symtab\0.strtab\0".to_vec(), vec![b'f'; name], vec![0]].concat();
    let (text, table) = (GOOD.repeat(8), 24 * (u64::from(functions) + 1));
    let (at_text, at_strings) = (64u64, 64 + text.len() as u64);
    let at_table = at_strings + strings.len() as u64;
    let at_sections = at_table + table;
    out.extend([1, 0, 247, 0, 1, 0, 0, 0]);
    for word in [0, 0, at_sections] {
        out.extend(word.to_le_bytes());
    }
    out.extend([0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 64, 0, 4, 0, 3, 0]);
    out.extend(&text);
    out.extend(&strings);
    out.extend([0; 24]);
    for n in 0..functions {
        out.extend(24u32.to_le_bytes());
        out.extend([0x12, 0, 1, 0]);
        out.extend(u64::from(n % 8 * 16).to_le_bytes());
        out.extend(16u64.to_le_bytes());
    }
    let section = |name: u32, kind: u32, flags: u64, at: u64, size: u64, link: u32, entry: u64| {
        let mut s = Vec::new();
        s.extend([name, kind].iter().flat_map(|w| w.to_le_bytes()));
        s.extend([flags, 0, at, size].iter().flat_map(|w| w.to_le_bytes()));
        s.extend([link, 1].iter().flat_map(|w| w.to_le_bytes()));
        s.extend([8, entry].iter().flat_map(|w: &u64| w.to_le_bytes()));
        s
    };
    out.extend([0; 64]);
    out.extend(section(1, 1, 6, at_text, text.len() as u64, 0, 0));
    out.extend(section(8, 2, 0, at_table, table, 3, 24));
    out.extend(section(16, 3, 0, at_strings, strings.len() as u64, 0, 0));
    out
}

#[tokio::test]
async fn symbols_without_end_are_counted() {
    let server = Server::start(&["--total-memory", "1024"]);
    let mut client = server.client().await;
    for (functions, name) in [(500_000, 8), (60_000, 1 << 20), (1_000, 4 << 20)] {
        let bytes = symbols(functions, name);
        let begun = Instant::now();
        let e = client.verify(object("x.o", &bytes)).await.expect_err("too much");
        println!("{functions} functions, names of {name} bytes: {:?} {}", begun.elapsed(), e.message());
        assert!(matches!(e.code(), Code::InvalidArgument | Code::ResourceExhausted), "{e}");
        assert!(server.memory() < 700 << 20, "{} MiB", server.memory() >> 20);
    }
    // What has many functions and not too many is answered or refused in time.
    let answer = client.verify(object("x.o", &symbols(60_000, 8))).await;
    assert!(answer.is_ok() || answer.is_err_and(|e| e.code() == Code::ResourceExhausted));
    comes_back(&server).await;
}

/// Names that are too long, or are not for people's eyes.
#[tokio::test]
async fn names_never_reach_the_log_or_a_status_as_they_are() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let evil = "evil\u{1b}[31m\n2026-01-01 ERROR fake line\u{7}";
    let demo = std::fs::read(corpus("demo/accepted.bpf.o")).expect("the demo object");
    assert!(client.verify(object(evil, &demo)).await.is_ok());
    let long = "x".repeat(3_000_000);
    let mut statuses = vec![client.verify(object(&long, &demo)).await.expect_err("too long")];
    for kernel in ["k".repeat(1_000_000), evil.to_string()] {
        let mut request = raw(&GOOD);
        request.target = Some(Target { kernels: vec![kernel], ..Target::default() });
        statuses.push(client.verify(request).await.expect_err("unknown"));
    }
    for code in [evil.repeat(3), long.clone()] {
        let what = Some(explain_request::What::Code(code));
        statuses.push(client.explain(ExplainRequest { what }).await.expect_err("unknown"));
    }
    let mut request = raw(&GOOD);
    request.options = Some(Options { prog_type: evil.into(), ..Options::default() });
    statuses.push(client.verify(request).await.expect_err("unknown"));
    let mut request = raw(&GOOD);
    request.target =
        Some(Target { modules: vec![Module { name: evil.into(), btf: vec![1, 2, 3] }], ..Target::default() });
    statuses.push(client.verify(request).await.expect_err("no BTF"));
    let mut request = raw(&GOOD);
    if let Some(Input { what: Some(What::Raw(p)), .. }) = &mut request.input {
        p.maps = vec![RawMap { name: evil.into(), r#type: 999_999, ..RawMap::default() }];
        p.kfunc_refs = vec![KfuncRef { insn: 0, kfunc: evil.into() }];
    }
    statuses.extend(client.verify(request).await.err());
    for s in &statuses {
        assert!(s.message().len() < 2_100 && !s.message().contains(char::is_control), "{s}");
        let info = s.get_details_error_info().expect("details");
        assert!(info.metadata.values().all(|v| v.len() < 1_000 && !v.contains(char::is_control)), "{info:?}");
    }
    for line in server.log.lock().expect("lines").iter() {
        assert!(line.len() < 4_000 && !line.contains(char::is_control), "{line:?}");
        assert!(!line.starts_with("2026-01-01 ERROR fake"), "{line}");
    }
}

async fn answered(client: &mut VerifierClient<Channel>) -> Result<(), Status> {
    let mut request = Request::new(raw(&GOOD));
    request.set_timeout(NEVER);
    client.verify(request).await.map(|_| ())
}

/// A stream that has had its first build.
async fn watching(
    mut client: VerifierClient<Channel>,
) -> Result<(tokio::sync::mpsc::Sender<WatchRequest>, tonic::Streaming<WatchResponse>), Status> {
    let (builds, receiver) = tokio::sync::mpsc::channel(1);
    builds.send(WatchRequest { input: raw(&GOOD).input, ..Default::default() }).await.expect("room");
    let mut stream = client.watch(tokio_stream::wrappers::ReceiverStream::new(receiver)).await?.into_inner();
    stream.next().await.expect("a response")?;
    Ok((builds, stream))
}

#[tokio::test]
async fn idle_watches_keep_nobody_out() {
    let server = Server::start(&["--max-watches", "80", "--max-requests", "8"]);
    let greedy = server.client().await;
    let mut kept = Vec::new();
    let (mut open, mut refused) = (0, 0);
    for _ in 0..100 {
        match watching(greedy.clone()).await {
            Ok(watch) => {
                open += 1;
                kept.push(watch);
            }
            Err(e) => {
                assert_eq!((e.code(), reason(&e).as_str()), (Code::ResourceExhausted, "SHARE"));
                refused += 1;
            }
        }
    }
    assert_eq!((open, refused), (40, 60), "a client has half of the places");
    assert!(answered(&mut server.client().await).await.is_ok());
    assert_eq!(server.metric("bpfvet_places{kind=\"watches\"}"), Some(40.0));
    // Another connection from the same address gets its part of the share.
    let other = watching(server.client().await).await;
    assert!(other.is_ok());
    drop((kept, other));
    server.until(|s| s.metric("bpfvet_places{kind=\"watches\"}") == Some(0.0), "did they end").await;
}

#[tokio::test]
async fn watches_and_connections_end_when_nothing_comes() {
    let server =
        Server::start(&["--watch-seconds", "1", "--idle-seconds", "1", "--hello-seconds", "1", "--body-seconds", "1"]);
    let mut client = server.client().await;
    let (_builds, receiver) = tokio::sync::mpsc::channel(1);
    let mut stream =
        client.watch(tokio_stream::wrappers::ReceiverStream::new(receiver)).await.expect("a stream").into_inner();
    let e = stream.next().await.expect("an end").expect_err("too long without a build");
    assert_eq!(reason(&e), "IDLE");
    // One that says one byte, one that begins and says no more, and one whose request does not arrive.
    let mut one = tokio::net::TcpStream::connect(&server.address).await.expect("connects");
    one.write_all(b"P").await.expect("written");
    let mut begun = tokio::net::TcpStream::connect(&server.address).await.expect("connects");
    begun.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("written");
    for socket in [&mut one, &mut begun] {
        let mut rest = Vec::new();
        // Closed, one way or the other.
        let _ = tokio::time::timeout(NEVER, socket.read_to_end(&mut rest)).await.expect("an end");
    }
    drop((client, stream));
    server.until(|s| s.metric("bpfvet_connections") == Some(0.0), "were they closed").await;
}

/// Whoever fills every connection with silence is let go for whoever comes.
#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let server = Server::start(&["--max-connections", "40", "--max-connections-each", "40"]);
    let mut silent = Vec::new();
    for _ in 0..200 {
        let mut socket = tokio::net::TcpStream::connect(&server.address).await.expect("connects");
        let _ = socket.write_all(b"P").await;
        silent.push(socket);
    }
    for _ in 0..5 {
        assert!(answered(&mut server.client().await).await.is_ok());
    }
    assert!(server.metric("bpfvet_connections").is_some_and(|n| n <= 40.0));
    assert!(server.metric("bpfvet_connections_closed_total{reason=\"evicted\"}").is_some_and(|n| n >= 160.0));
}

/// Clients with tokens get in whatever others do, with a token or without.
#[tokio::test]
async fn a_client_with_a_token_always_gets_in() {
    let dir = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("shares");
    std::fs::create_dir_all(&dir).expect("a folder");
    let tokens = dir.join("tokens");
    std::fs::write(&tokens, "greedy\nsecond\nmodest\n").expect("written");
    let tokens = tokens.display().to_string();
    let server = Server::start(&["--token-file", &tokens, "--max-requests", "8", "--max-requests-each", "8"]);
    let of = async |token: &'static str| {
        let bearer = move |mut r: Request<()>| -> Result<Request<()>, Status> {
            r.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ASCII"));
            Ok(r)
        };
        VerifierClient::with_interceptor(server.channel().await, bearer)
    };
    // All places, by streams that nobody reads.
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut client = of("greedy").await;
        let VerifyRequest { input, target, options } = raw(&heavy(490_000));
        let request = VerifyStreamRequest { input, target, options, detail: Detail::Instructions.into() };
        held.push((client.verify_stream(request).await.expect("a stream"), client));
    }
    let e = of("greedy").await.verify(raw(&GOOD)).await.expect_err("full");
    assert_eq!(reason(&e), "REQUESTS");
    assert_eq!(server.client().await.verify(raw(&GOOD)).await.map_err(|e| e.code()).err(), Some(Code::Unauthenticated));
    for token in ["modest", "second", "modest"] {
        assert!(of(token).await.verify(raw(&GOOD)).await.is_ok(), "{token}");
    }
    // Whoever made room is told why.
    let mut made_room = 0;
    for (stream, _client) in held {
        let mut stream = stream.into_inner();
        let end = loop {
            match tokio::time::timeout(NEVER, stream.next()).await.expect("an end") {
                Some(Ok(_)) => {}
                Some(Err(e)) => break reason(&e),
                None => break String::new(),
            }
        };
        made_room += usize::from(end == "ROOM");
    }
    assert!((1..=3).contains(&made_room), "{made_room}");
}

/// An answer that nobody takes ends.
#[tokio::test]
async fn answers_that_nobody_takes_end() {
    let server = Server::start(&["--stall-seconds", "1"]);
    let mut client = server.client().await;
    let VerifyRequest { input, target, options } = raw(&heavy(490_000));
    let request = VerifyStreamRequest { input, target, options, detail: Detail::Instructions.into() };
    let _stream = client.verify_stream(request).await.expect("a stream");
    server.until(|s| s.metric("bpfvet_ended_early_total{reason=\"stalled\"}") == Some(1.0), "was it stalled").await;
    server.until(|s| s.metric("bpfvet_places{kind=\"requests\"}") == Some(0.0), "is there room again").await;
}
