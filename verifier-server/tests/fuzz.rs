//! Mutated requests: whatever a client sends, the service answers, in words that print, and goes on.
//!
//! A sample of them here; `make fuzz-service` sets BPFVET_FUZZ to a million.

mod support;

use std::ops::Range;

use ::verifier_server::service::proto::verifier_client::VerifierClient;
use ::verifier_server::service::proto::*;
use prost::Message;
use support::*;
use tokio_stream::StreamExt;
use tonic::client::Grpc;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Clients at once.
const CLIENTS: u64 = 8;

/// One in so many requests to `Solve` is kept.
const SOLVES: usize = 50;

/// Messages as they are.
#[derive(Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Bytes;
    type Decoder = Bytes;

    fn encoder(&mut self) -> Bytes {
        Bytes
    }

    fn decoder(&mut self) -> Bytes {
        Bytes
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buf: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(buf, &item);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let n = bytes::Buf::remaining(buf);
        Ok(Some(bytes::Buf::copy_to_bytes(buf, n).to_vec()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::default()
    }
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

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// A request to begin with.
struct Seed {
    method: &'static str,
    message: Vec<u8>,
    /// Where its object or its instructions stand.
    inside: Range<usize>,
}

fn seeds() -> Vec<Seed> {
    let demo = std::fs::read(corpus("demo/rejected.bpf.o")).expect("the demo object");
    let insides = [demo, heavy(40)];
    let find = |m: &[u8]| {
        let at = |inside: &Vec<u8>| Some((m.windows(inside.len()).position(|w| w == &inside[..])?, inside.len()));
        insides.iter().find_map(at).map_or(0..0, |(at, n)| at..at + n)
    };
    messages().into_iter().map(|(method, message)| Seed { method, inside: find(&message), message }).collect()
}

/// Method and message.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let demo = std::fs::read(corpus("demo/rejected.bpf.o")).expect("the demo object");
    let mut raw = raw(&heavy(40));
    raw.target = Some(Target {
        kernels: vec!["6.12".into(), "6.18".into()],
        modules: vec![Module { name: "m".into(), btf: vec![0x9f, 0xeb, 1, 0] }],
        ..Target::default()
    });
    let budget = Some(Budget { insns: Some(1), ..Budget::default() });
    raw.options = Some(Options {
        programs: vec!["p*".into()],
        prog_type: "xdp".into(),
        privileges: Some(Privileges { bpf: true, ..Privileges::default() }),
        log_level: 2,
        explain: true,
        time_limit_ms: 50,
        budget,
        ..Options::default()
    });
    let object = object("demo.o", &demo);
    let mut out = Vec::new();
    for r in [&raw, &object] {
        let VerifyRequest { input, target, options } = r.clone();
        out.push(("Verify", r.encode_to_vec()));
        let stream =
            VerifyStreamRequest { input: input.clone(), target: target.clone(), options: options.clone(), detail: 3 };
        out.push(("VerifyStream", stream.encode_to_vec()));
        let what = Some(explain_request::What::Programs(r.clone()));
        out.push(("Explain", ExplainRequest { what }.encode_to_vec()));
        let tool =
            DisassembleRequest { input: input.clone(), target: target.clone(), page_size: 1, ..Default::default() };
        out.push(("Disassemble", tool.encode_to_vec()));
        out.push(("ControlFlowGraph", tool.encode_to_vec()));
        for accepted in [false, true] {
            let (input, target, options) = (input.clone(), target.clone(), options.clone());
            out.push(("Solve", SolveRequest { input, target, options, accepted }.encode_to_vec()));
        }
        out.push(("Watch", WatchRequest { input, target, options }.encode_to_vec()));
    }
    out.push((
        "Explain",
        ExplainRequest { what: Some(explain_request::What::Code("fix-null-check".into())) }.encode_to_vec(),
    ));
    out.push(("ListKernels", Vec::new()));
    out
}

/// One request, changed: as a message, or only what it asks about.
fn mutated(seed: &Seed, random: &mut Random) -> Vec<u8> {
    let mut out = seed.message.clone();
    if random.below(3) != 0 && !seed.inside.is_empty() {
        for _ in 0..1 + random.below(8) {
            let at = seed.inside.start + random.below(seed.inside.len());
            out[at] = if random.below(2) == 0 { random.next() as u8 } else { out[at] ^ (1 << random.below(8)) };
        }
        return out;
    }
    for _ in 0..1 + random.below(8) {
        let at = random.below(out.len());
        match random.below(6) {
            0 | 1 => {
                if let Some(b) = out.get_mut(at) {
                    *b = random.next() as u8;
                }
            }
            2 => {
                if let Some(b) = out.get_mut(at) {
                    *b ^= 1 << random.below(8);
                }
            }
            3 => out.truncate(at),
            4 => {
                let piece: Vec<u8> =
                    out.iter().skip(random.below(out.len())).take(1 + random.below(64)).copied().collect();
                out.splice(at..at, piece);
            }
            _ => out.splice(at..at, (0..random.below(16)).map(|_| 27)).for_each(drop),
        }
    }
    out
}

/// What a status may say.
fn check(e: &Status, method: &str) {
    assert!(
        !matches!(e.code(), Code::Internal | Code::Unknown | Code::Unavailable | Code::DataLoss) || is_decode(e),
        "{method}: {e}"
    );
    assert!(e.message().len() < 2_100 && !e.message().contains(char::is_control), "{method}: {e:?}");
    if let Some(info) = e.get_details_error_info() {
        assert!(info.metadata.values().all(|v| v.len() < 1_000 && !v.contains(char::is_control)), "{info:?}");
    }
}

/// The transport's own word for bytes that are no message.
fn is_decode(e: &Status) -> bool {
    e.code() == Code::Internal && e.message().starts_with("failed to decode Protobuf message")
}

async fn client(url: String, mut random: Random, requests: u64) -> u64 {
    let channel = tonic::transport::Channel::from_shared(url).expect("an address").connect().await.expect("connects");
    let mut grpc = Grpc::new(channel).max_decoding_message_size(usize::MAX);
    let seeds = seeds();
    let mut failed = 0;
    for _ in 0..requests {
        let mut seed = &seeds[random.below(seeds.len())];
        // The solver takes a hundred times as long as the others: it gets its share of the time, not of the requests.
        while seed.method == "Solve" && random.below(SOLVES) != 0 {
            seed = &seeds[random.below(seeds.len())];
        }
        let method = seed.method;
        let mut request = Request::new(tokio_stream::once(mutated(seed, &mut random)));
        request.set_timeout(NEVER);
        grpc.ready().await.expect("the service is there");
        let path = format!("/bpfvet.v1.Verifier/{method}").parse().expect("a path");
        let end = match grpc.streaming(request, path, Bytes).await {
            Err(e) => Err(e),
            Ok(stream) => {
                let mut stream = stream.into_inner();
                loop {
                    match stream.next().await {
                        None => break Ok(()),
                        Some(Ok(_)) => {}
                        Some(Err(e)) => break Err(e),
                    }
                }
            }
        };
        if let Err(e) = end {
            check(&e, method);
            failed += 1;
        }
    }
    failed
}

#[test]
fn mutated_requests_are_answered() {
    let requests: u64 = std::env::var("BPFVET_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let seed: u64 = std::env::var("BPFVET_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = Server::start(&["--max-insns", "20000", "--max-seconds", "20"]);
        let tasks: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let random = Random(0x9e37_79b9_7f4a_7c15 ^ (seed << 8) ^ (n + 1));
                tokio::spawn(client(server.url(), random, requests / CLIENTS))
            })
            .collect();
        let mut failed = 0;
        for t in tasks {
            failed += t.await.expect("a client");
        }
        println!("{requests} requests, {failed} of them refused");
        let mut good = VerifierClient::connect(server.url()).await.expect("connects");
        assert!(good.verify(raw(&GOOD)).await.is_ok());
        let log = server.log.lock().expect("lines");
        let odd = log.iter().find(|l| l.contains("fault") || l.contains(char::is_control) || l.len() > 4_000);
        assert_eq!(odd, None);
    });
}
