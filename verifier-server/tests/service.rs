//! The service over a real socket: every rpc, errors, tokens and TLS, limits, and the end.

mod support;

use std::time::{Duration, Instant};

use ::verifier_server::service::proto::event::Event;
use ::verifier_server::service::proto::explain_request::What as Explained;
use ::verifier_server::service::proto::input::What;
use ::verifier_server::service::proto::verifier_client::VerifierClient;
use ::verifier_server::service::proto::watch_response::Outcome;
use ::verifier_server::service::proto::*;
use serde_json::Value;
use support::*;
use tokio_stream::StreamExt;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

/// The cases that clients in every language must pass.
#[tokio::test]
async fn verify_cases() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let cases: Vec<Value> = serde_json::from_str(include_str!("verify_cases.json")).expect("the cases");
    for case in cases {
        let name = case["name"].as_str().expect("name");
        let text = |field: &str| case[field].as_str();
        let mut request = match (text("object"), text("object_hex")) {
            (Some(file), _) => object(file, &std::fs::read(corpus(file)).expect("the object")),
            (_, Some(hex)) => object("x.o", &bytes(hex)),
            _ => raw(&bytes(text("insns").expect("insns"))),
        };
        if let (Some(What::Raw(p)), Some(ty)) = (what(&mut request), case["prog_type"].as_u64()) {
            p.prog_type = ty as u32;
        }
        request.target = text("kernel").map(|k| Target { kernels: vec![k.into()], ..Target::default() });
        match (client.verify(request).await, text("status")) {
            (Ok(response), None) => {
                let answers = response.into_inner().answers;
                assert!(!answers.is_empty(), "{name}: no answers");
                for a in answers {
                    assert_eq!(a.verdict().as_str_name().strip_prefix("VERDICT_"), text("verdict"), "{name}: {a:?}");
                    assert_eq!(a.errno, text("errno").unwrap_or_default(), "{name}");
                    assert!(text("message").is_none_or(|m| m == a.message), "{name}: {}", a.message);
                    assert_eq!(a.rejection.is_some(), a.verdict() == Verdict::Rejected, "{name}");
                }
            }
            (Err(e), Some(status)) => {
                assert_eq!(
                    format!("{:?}", e.code()),
                    status.split('_').map(capital).collect::<String>(),
                    "{name}: {e}"
                );
            }
            (answer, expected) => panic!("{name}: {answer:?}, expected {expected:?}"),
        }
    }
}

fn capital(word: &str) -> String {
    word.chars().enumerate().map(|(i, c)| if i == 0 { c } else { c.to_ascii_lowercase() }).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()
}

fn what(request: &mut VerifyRequest) -> Option<&mut What> {
    request.input.as_mut()?.what.as_mut()
}

#[tokio::test]
async fn rejections_are_explained_on_every_kernel() {
    let server = Server::start(&[]);
    let mut request = raw(&BAD);
    request.target = Some(Target { kernels: vec!["all".into()], ..Target::default() });
    request.options = Some(Options { log_level: 2, explain: true, ..Options::default() });
    let answers = server.client().await.verify(request).await.expect("answers").into_inner().answers;
    assert!(answers.len() > 1);
    for a in &answers {
        assert!(String::from_utf8_lossy(a.log.as_deref().unwrap_or_default()).contains("R0 !read_ok"));
        let r = a.rejection.as_ref().expect("rejection");
        assert!(!r.code.is_empty() && !r.category.is_empty() && r.insn == Some(0));
        assert!(r.trace.as_ref().is_some_and(|t| t.steps.last().is_some_and(|s| s.kind() == StepKind::Failing)));
    }
    let file = corpus("demo/rejected.bpf.o");
    let demo = object(&file, &std::fs::read(&file).expect("the demo object"));
    let answers = server.client().await.verify(demo).await.expect("answers").into_inner().answers;
    let source = answers[0].rejection.as_ref().and_then(|r| r.source.as_ref()).expect("line information");
    assert!(source.line > 0 && !source.text.is_empty());
}

#[tokio::test]
async fn options_are_heard() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let mut ask = async |insns: &[u8], options: Options| {
        let mut request = raw(insns);
        request.options = Some(options);
        client.verify(request).await.expect("answers").into_inner().answers.remove(0)
    };
    let budget = Some(Budget { insns: Some(1), ..Budget::default() });
    assert_eq!(ask(&GOOD, Options { budget, ..Options::default() }).await.over_budget, ["insns 2 > 1"]);
    let late = ask(&heavy(400_000), Options { time_limit_ms: 1, ..Options::default() }).await;
    assert_eq!(late.verdict(), Verdict::Undecided, "{late:?}");
    assert_eq!(ask(&GOOD, Options { prog_type: "xdp".into(), ..Options::default() }).await.prog_type, "xdp");
    // A backward jump needs CAP_BPF.
    let plain = Options { privileges: Some(Privileges::default()), ..Options::default() };
    assert_eq!(ask(&heavy(2), plain).await.verdict(), Verdict::Rejected);
    assert_eq!(ask(&heavy(2), Options::default()).await.verdict(), Verdict::Accepted);
}

#[tokio::test]
async fn kernels_health_and_reflection() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    let server = Server::start(&[]);
    let kernels = server.client().await.list_kernels(ListKernelsRequest {}).await.expect("list").into_inner().kernels;
    let default: Vec<&str> = kernels.iter().filter(|k| k.is_default).map(|k| k.name.as_str()).collect();
    assert_eq!(default, ["6.12"]);
    assert!(kernels.iter().any(|k| k.name == "6.12" && k.release == "6.12.117" && !k.agreement.is_empty()));
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "bpfvet.v1.Verifier"] {
        let status = health.check(HealthCheckRequest { service: service.into() }).await.expect("health").into_inner();
        assert_eq!(status.status, 1, "serving");
    }
    let ask = tonic_reflection::pb::v1::ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    {
        // Clients of before 2024 ask for the version that came before.
        use tonic_reflection::pb::v1alpha::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest;
        let ask = tonic_reflection::pb::v1alpha::ServerReflectionRequest {
            message_request: Some(MessageRequest::FileContainingSymbol("bpfvet.v1.Verifier".into())),
            ..Default::default()
        };
        let mut reflection = ServerReflectionClient::new(server.channel().await);
        let mut answers =
            reflection.server_reflection_info(tokio_stream::once(ask)).await.expect("stream").into_inner();
        assert!(answers.next().await.is_some_and(|a| a.is_ok_and(|a| a.message_response.is_some())));
    }
    let mut reflection = ServerReflectionClient::new(server.channel().await);
    let mut answers = reflection.server_reflection_info(tokio_stream::once(ask)).await.expect("stream").into_inner();
    let answer = answers.next().await.expect("an answer").expect("services").message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    assert!(list.service.iter().any(|s| s.name == "bpfvet.v1.Verifier"));
}

#[tokio::test]
async fn broken_objects_say_where() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let mut bytes = std::fs::read(corpus("demo/rejected.bpf.o")).expect("the demo object");
    // The offset of the section headers.
    bytes[0x28..0x30].copy_from_slice(&u64::MAX.to_le_bytes());
    let e = client.verify(object("x.o", &bytes)).await.expect_err("malformed");
    assert_eq!(e.code(), Code::InvalidArgument);
    let info = e.get_details_error_info().expect("details");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("OBJECT", "bpfvet"));
    let e = client.verify(raw(&BAD[..7])).await.expect_err("malformed");
    assert_eq!(e.message(), "field `insns`: not a multiple of 8 bytes");
    assert_eq!(e.get_details_error_info().and_then(|i| i.metadata.get("field").cloned()).as_deref(), Some("insns"));
    assert_eq!(client.verify(VerifyRequest::default()).await.map_err(|e| e.code()).err(), Some(Code::InvalidArgument));
    let mut request = raw(&GOOD);
    request.options = Some(Options { prog_type: "no_such".into(), ..Options::default() });
    assert_eq!(client.verify(request).await.map_err(|e| e.code()).err(), Some(Code::InvalidArgument));
}

async fn events(client: &mut VerifierClient<Channel>, insns: &[u8], detail: Detail) -> Vec<Event> {
    let VerifyRequest { input, target, options } = raw(insns);
    let request = VerifyStreamRequest { input, target, options, detail: detail.into() };
    let mut stream = client.verify_stream(request).await.expect("a stream").into_inner();
    let mut out = Vec::new();
    while let Some(group) = stream.next().await {
        out.extend(group.expect("events").events.into_iter().filter_map(|e| e.event));
    }
    out
}

#[tokio::test]
async fn events_tell_what_happens() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let answers = events(&mut client, &BAD, Detail::Answers).await;
    assert!(
        matches!(&answers[..], [Event::Program(_), Event::Rejected(r), Event::Answer(a)]
        if r.message == "R0 !read_ok" && a.verdict() == Verdict::Rejected),
        "{answers:?}"
    );

    let all = events(&mut client, &heavy(3), Detail::Instructions).await;
    let changes = |n: u32| {
        all.iter().filter_map(move |e| match e {
            Event::Instruction(i) if i.insn == n => i.changes.first().map(|c| (c.place.clone(), c.after.clone())),
            _ => None,
        })
    };
    let values: Vec<(String, String)> = changes(1).collect();
    assert_eq!(values, [1, 2, 3].map(|n| ("R0".to_string(), format!("number {n}"))));
    assert!(all.iter().any(|e| matches!(e, Event::Walk(_))) && all.iter().any(|e| matches!(e, Event::Precise(_))));
    assert!(matches!(all.last(), Some(Event::Answer(a)) if a.verdict() == Verdict::Accepted));
    let Some(Event::Instruction(first)) = all.iter().find(|e| matches!(e, Event::Instruction(_))) else {
        panic!("{all:?}")
    };
    assert_eq!((first.insn, first.text.as_str()), (0, "(b7) r0 = 0"));

    // r0 = *(u32 *)(r1 + 0); if r0 == 0 goto +1; r0 = 1; r0 = 2; exit: the second path is covered by the first.
    let forks = bytes("61100000000000001500010000000000b700000001000000b7000000020000009500000000000000");
    let paths = events(&mut client, &forks, Detail::Paths).await;
    let has = |f: fn(&Event) -> bool| paths.iter().any(f);
    assert!(has(|e| matches!(e, Event::Branch(b) if b.insn == 1 && b.taken && b.fall_through)), "{paths:?}");
    assert!(
        has(|e| matches!(e, Event::PutOff(p) if p.from == 1)) && has(|e| matches!(e, Event::Ended(p) if p.insn == 4))
    );
    assert!(!has(|e| matches!(e, Event::Instruction(_))));
    let resumed = paths.iter().position(|e| matches!(e, Event::Resumed(_) | Event::Pruned(_)));
    let ended = paths.iter().position(|e| matches!(e, Event::Ended(_)));
    assert!(resumed > ended && ended.is_some(), "{paths:?}");
}

#[tokio::test]
async fn codes_and_rejections_are_explained() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let mut explain = async |what: Explained| client.explain(ExplainRequest { what: Some(what) }).await;
    let all = explain(Explained::Code(String::new())).await.expect("pages").into_inner().pages;
    let code = all[0].code.clone();
    let page = explain(Explained::Code(code.clone())).await.expect("a page").into_inner().pages;
    assert!(page.len() == 1 && page[0].code == code && !page[0].text.is_empty() && all.len() > 100);
    assert!(explain(Explained::Code("fix-null-check".into())).await.is_ok());
    assert_eq!(explain(Explained::Code("no-such".into())).await.map_err(|e| e.code()).err(), Some(Code::NotFound));

    let file = corpus("demo/rejected.bpf.o");
    let demo = object(&file, &std::fs::read(&file).expect("the demo object"));
    let long = explain(Explained::Programs(demo)).await.expect("explanations").into_inner().explanations;
    let local = bpfvet(&["check", &file]);
    let local = String::from_utf8_lossy(&local.stdout);
    for e in &long {
        assert!(local.contains(&e.text), "{}\n--- not in ---\n{local}", e.text);
        assert!(e.answer.as_ref().and_then(|a| a.rejection.as_ref()).is_some_and(|r| r.trace.is_some()));
    }
    assert!(!long.is_empty());

    let file = corpus("demo/accepted.bpf.o");
    let demo = object(&file, &std::fs::read(&file).expect("the demo object"));
    let long = explain(Explained::Programs(demo)).await.expect("explanations").into_inner().explanations;
    let local = bpfvet(&["explain", &file]);
    let local = String::from_utf8_lossy(&local.stdout);
    let known: Vec<_> = long.iter().flat_map(|e| &e.invariants).collect();
    assert!(known.len() > 10);
    for i in known {
        let words: Vec<String> = i.registers.iter().map(|k| format!("R{}: {}", k.register, k.words)).collect();
        let line = format!("    {:>5}: {}\n", i.insn, words.join("; "));
        assert!(local.contains(&line) && i.visits > 0, "{line}\n--- not in ---\n{local}");
    }
}

#[tokio::test]
async fn listings_and_graphs_are_those_of_the_command_line() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let file = corpus("demo/rejected.bpf.o");
    let VerifyRequest { input, .. } = object(&file, &std::fs::read(&file).expect("the demo object"));
    let request = DisassembleRequest { input: input.clone(), ..DisassembleRequest::default() };
    let listings = client.disassemble(request).await.expect("listings").into_inner().listings;
    let mut text = String::new();
    for l in &listings {
        text.push_str(&format!("{} ({}):\n", l.program, l.section));
        for line in &l.lines {
            if !line.function.is_empty() {
                text.push_str(&format!("{}():\n", line.function));
            }
            if let Some(s) = &line.source {
                text.push_str(&format!("; {}\n", s.text));
            }
            text.push_str(&format!("{:>5}: {}\n", line.insn, line.text));
        }
        text.push('\n');
    }
    assert_eq!(text, String::from_utf8_lossy(&bpfvet(&["disasm", &file]).stdout));

    let request = ControlFlowGraphRequest { input, ..ControlFlowGraphRequest::default() };
    let graphs = client.control_flow_graph(request).await.expect("graphs").into_inner().graphs;
    let dot: String = graphs.iter().map(|g| g.dot.as_str()).collect();
    assert_eq!(dot, String::from_utf8_lossy(&bpfvet(&["cfg", &file, "--dot"]).stdout));
    for g in &graphs {
        let known = |n: u32| g.nodes.iter().any(|node| node.start == n);
        assert!(g.edges.iter().all(|e| known(e.from) && known(e.to) && e.kind() != EdgeKind::Unspecified));
    }
    // The same, a program at a time.
    let (mut pages, mut token) = (Vec::new(), String::new());
    loop {
        let VerifyRequest { input, .. } = object(&file, &std::fs::read(&file).expect("the demo object"));
        let request = DisassembleRequest { input, page_size: 1, page_token: token, ..DisassembleRequest::default() };
        let page = client.disassemble(request).await.expect("a page").into_inner();
        assert_eq!(page.listings.len(), 1);
        pages.extend(page.listings);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, listings);
    let wrong = DisassembleRequest { input: raw(&GOOD).input, page_token: "x".into(), ..Default::default() };
    assert_eq!(client.disassemble(wrong).await.map_err(|e| e.code()).err(), Some(Code::InvalidArgument));
    let graph = client
        .control_flow_graph(ControlFlowGraphRequest { input: raw(&heavy(3)).input, ..Default::default() })
        .await
        .expect("a graph")
        .into_inner();
    assert_eq!((graph.graphs[0].nodes.len(), graph.graphs[0].edges.len()), (3, 3));
}

/// How often a loop goes round is counted, also where the path is longer than what is remembered of it.
#[tokio::test]
async fn rounds_of_long_loops_are_counted() {
    let server = Server::start(&[]);
    // r6 = 0; do { r6 += 1; get_prandom_u32(); } while (r6 < 900000): the millionth instruction ends round 333,333.
    let mut request =
        raw(&bytes("b70600000000000007060000010000008500000007000000a506fdffa0bb0d00b7000000000000009500000000000000"));
    request.options = Some(Options { explain: true, ..Options::default() });
    let answers = server.client().await.verify(request).await.expect("answers").into_inner().answers;
    let trace = answers[0].rejection.as_ref().and_then(|r| r.trace.as_ref()).expect("a trace");
    assert_eq!(trace.steps.iter().map(|s| s.times).max(), Some(333_333), "{trace:?}");
}

#[tokio::test]
async fn an_editor_gets_only_what_changed() {
    let server = Server::start(&[]);
    let (builds, receiver) = tokio::sync::mpsc::channel(1);
    let builds_in = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut outcomes = server.client().await.watch(builds_in).await.expect("a stream").into_inner();
    let mut number = 0;
    let mut build = async |input: Option<Input>| {
        builds.send(WatchRequest { input, ..WatchRequest::default() }).await.expect("the service listens");
        number += 1;
        let response = outcomes.next().await.expect("a response").expect("no error");
        assert_eq!(response.build, number);
        response.outcome.expect("an outcome")
    };
    let file = |name: &str| object("prog.o", &std::fs::read(corpus(name)).expect("an object")).input;
    let Outcome::Changes(first) = build(file("demo/rejected.bpf.o")).await else { panic!("no changes") };
    assert!(!first.changed.is_empty() && first.unchanged == 0 && first.gone.is_empty());
    let Outcome::Changes(same) = build(file("demo/rejected.bpf.o")).await else { panic!("no changes") };
    assert_eq!((same.changed.len(), same.unchanged as usize, same.gone.len()), (0, first.changed.len(), 0));
    let Outcome::Failure(broken) = build(object("prog.o", b"\x7fELF").input).await else { panic!("not broken") };
    assert_eq!(broken.code, Code::InvalidArgument as i32);
    let Outcome::Changes(other) = build(file("demo/accepted.bpf.o")).await else { panic!("no changes") };
    assert!(other.changed.iter().all(|a| a.verdict() == Verdict::Accepted) && !other.changed.is_empty());
    assert_eq!(other.gone.len() + other.unchanged as usize, first.changed.len());

    // A slow build is given up for a newer one.
    let begun = server.said("computing");
    builds
        .send(WatchRequest { input: endless().input, target: endless().target, options: None })
        .await
        .expect("listens");
    server.until_said("computing", begun + 1).await;
    let target = Some(Target::default());
    builds.send(WatchRequest { input: raw(&GOOD).input, target, options: None }).await.expect("listens");
    drop(builds);
    let rest: Vec<Outcome> = outcomes.map(|r| r.expect("no error").outcome.expect("an outcome")).collect().await;
    assert!(matches!(&rest[..], [Outcome::Overtaken(_), Outcome::Changes(c)] if c.changed.len() == 1), "{rest:?}");
}

/// A request that takes far longer than it takes to stop it: a heavy program whose log is written, on every kernel.
fn endless() -> VerifyRequest {
    let mut request = raw(&heavy(490_000));
    request.target = Some(Target { kernels: vec!["all".into()], ..Target::default() });
    request.options = Some(Options { explain: true, ..Options::default() });
    request
}

/// A certificate for localhost, its key, both as files, and a file with a token.
fn credentials(name: &str) -> (std::path::PathBuf, [String; 3]) {
    let dir = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).expect("a folder");
    let made =
        rcgen::generate_simple_self_signed(["localhost".to_string(), "127.0.0.1".to_string()]).expect("certificate");
    let write = |file: &str, text: String| {
        let path = dir.join(file);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let files = [
        write("cert.pem", made.cert.pem()),
        write("key.pem", made.signing_key.serialize_pem()),
        write("tokens", "# people\nsecret\nother\n".into()),
    ];
    (dir, files)
}

#[tokio::test]
async fn tls_and_tokens() {
    let (_dir, [cert, key, tokens]) = credentials("tls");
    let server = Server::start(&["--tls-cert", &cert, "--tls-key", &key, "--token-file", &tokens]);
    let url = format!("https://{}", server.address);
    let pem = std::fs::read(&cert).expect("the certificate");
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)).domain_name("localhost");
    let channel = Channel::from_shared(url.clone()).expect("an address").tls_config(tls).expect("TLS");
    let channel = channel.connect().await.expect("connects");
    let with = |header: Option<&'static str>| {
        VerifierClient::with_interceptor(channel.clone(), move |mut r: Request<()>| -> Result<Request<()>, Status> {
            if let Some(h) = header {
                r.metadata_mut().insert("authorization", h.parse().expect("ASCII"));
            }
            Ok(r)
        })
    };
    for wrong in [None, Some("secret"), Some("Bearer nobody")] {
        let e = with(wrong).verify(raw(&GOOD)).await.expect_err("no token");
        assert_eq!(e.code(), Code::Unauthenticated);
    }
    for right in ["Bearer secret", "Bearer other"] {
        assert!(with(Some(right)).verify(raw(&GOOD)).await.is_ok());
    }
    assert!(HealthClient::new(channel).check(HealthCheckRequest::default()).await.is_ok(), "health needs no token");
    // Plain text, and a client that does not know the certificate.
    let plain = VerifierClient::connect(format!("http://{}", server.address)).await;
    if let Ok(mut client) = plain {
        assert!(client.verify(raw(&GOOD)).await.is_err());
    }
    let demo = corpus("demo/accepted.bpf.o");
    let ask = |token: Option<&str>| {
        let mut c = std::process::Command::new(env!("CARGO_BIN_EXE_bpfvet"));
        c.args(["check", &demo, "--server", &url, "--server-ca", &cert]).env_remove("BPFVET_TOKEN");
        token.map(|t| c.env("BPFVET_TOKEN", t));
        c.output().expect("bpfvet runs")
    };
    assert_eq!(ask(Some("secret")).status.code(), Some(0));
    let refused = ask(None);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("bearer token"), "{refused:?}");
}

/// Runs openssl, if there is one.
fn openssl(args: &[&str]) -> Option<()> {
    let out = std::process::Command::new("openssl").args(args).output().ok()?;
    assert!(out.status.success(), "{out:?}");
    Some(())
}

fn check_with(server: &Server, more: &[&str]) -> std::process::Output {
    let demo = corpus("demo/accepted.bpf.o");
    let url = format!("https://localhost:{}", server.address.rsplit(':').next().expect("a port"));
    let mut c = std::process::Command::new(env!("CARGO_BIN_EXE_bpfvet"));
    c.args(["check", &demo, "--server", &url]).args(more).env_remove("BPFVET_TOKEN");
    c.output().expect("bpfvet runs")
}

/// The certificates that people make.
#[tokio::test]
async fn certificates_of_openssl() {
    let dir = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("openssl");
    std::fs::create_dir_all(&dir).expect("a folder");
    let path = |f: &str| dir.join(f).display().to_string();
    let (cert, key, bare, bare_key) = (path("cert.pem"), path("key.pem"), path("bare.pem"), path("bare-key.pem"));
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let files = ["-keyout", &key, "-out", &cert, "-subj", "/CN=localhost"];
    // As `openssl req -x509` makes them they may sign others too; without a name they are for nobody.
    let made = openssl(&[&new[..], &files, &["-addext", "subjectAltName=DNS:localhost"]].concat());
    let files = ["-keyout", &bare_key, "-out", &bare, "-subj", "/CN=localhost"];
    if made.and_then(|()| openssl(&[&new[..], &files].concat())).is_none() {
        println!("no openssl here");
        return;
    }
    let server = Server::start(&["--tls-cert", &cert, "--tls-key", &key]);
    let out = check_with(&server, &["--server-ca", &cert]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let out = check_with(&server, &["--server-ca", &bare]);
    assert_eq!(out.status.code(), Some(2), "somebody else's certificate: {out:?}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("--server-ca"), "{out:?}");
    let server = Server::start(&["--tls-cert", &bare, "--tls-key", &bare_key]);
    let out = check_with(&server, &["--server-ca", &bare]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("subjectAltName"), "{out:?}");
}

#[tokio::test]
async fn clients_show_certificates_where_they_have_to() {
    let (dir, [cert, key, _]) = credentials("mutual");
    let name = vec!["client".to_string()];
    let made = rcgen::generate_simple_self_signed(name).expect("certificate");
    let (own, own_key) = (dir.join("own.pem").display().to_string(), dir.join("own-key.pem").display().to_string());
    std::fs::write(&own, made.cert.pem()).expect("written");
    std::fs::write(&own_key, made.signing_key.serialize_pem()).expect("written");
    let server = Server::start(&["--tls-cert", &cert, "--tls-key", &key, "--tls-client-ca", &own]);
    let out = check_with(&server, &["--server-ca", &cert, "--client-cert", &own, "--client-key", &own_key]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    for wrong in [&[][..], &["--client-cert", &cert, "--client-key", &key]] {
        let out = check_with(&server, &[&["--server-ca", &cert], wrong].concat());
        assert_eq!(out.status.code(), Some(2), "{out:?}");
    }
}

#[tokio::test]
async fn tokens_and_certificates_are_read_again() {
    let (dir, [cert, key, tokens]) = credentials("again");
    let server = Server::start(&["--tls-cert", &cert, "--tls-key", &key, "--token-file", &tokens]);
    let ask = |token: &str| {
        let demo = corpus("demo/accepted.bpf.o");
        let url = format!("https://{}", server.address);
        let mut c = std::process::Command::new(env!("CARGO_BIN_EXE_bpfvet"));
        c.args(["check", &demo, "--server", &url, "--server-ca", &cert]).env("BPFVET_TOKEN", token);
        c.output().expect("bpfvet runs").status.code()
    };
    assert_eq!((ask("secret"), ask("fresh")), (Some(0), Some(2)));
    // What cannot be read changes nothing.
    std::fs::write(&tokens, "two words\n").expect("written");
    server.until_said("not read again", 1).await;
    assert_eq!(ask("secret"), Some(0));
    let again = server.said("read again") - server.said("not read again");
    std::fs::write(&tokens, "fresh\n").expect("written");
    server.until(|s| s.said("read again") - s.said("not read again") > again, "were the tokens read").await;
    assert_eq!((ask("secret"), ask("fresh")), (Some(2), Some(0)));
    let again = server.said("read again") - server.said("not read again");
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_string()]).expect("certificate");
    // Both at once: one of them alone does not go with the other.
    std::fs::write(dir.join("new-key.pem"), made.signing_key.serialize_pem()).expect("written");
    std::fs::write(dir.join("new-cert.pem"), made.cert.pem()).expect("written");
    std::fs::rename(dir.join("new-key.pem"), &key).expect("moved");
    std::fs::rename(dir.join("new-cert.pem"), &cert).expect("moved");
    server.until(|s| s.said("read again") - s.said("not read again") > again, "was the certificate read").await;
    assert_eq!(ask("fresh"), Some(0));
}

#[tokio::test]
async fn requests_have_ids_and_are_counted() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let mut request = Request::new(raw(&GOOD));
    request.metadata_mut().insert("x-request-id", "build-7".parse().expect("ASCII"));
    let response = client.verify(request).await.expect("answers");
    assert_eq!(response.metadata().get("x-request-id").and_then(|v| v.to_str().ok()), Some("build-7"));
    let mut request = Request::new(raw(&GOOD));
    request.metadata_mut().insert("x-request-id", "two words".parse().expect("ASCII"));
    let response = client.verify(request).await.expect("answers");
    let own = response.metadata().get("x-request-id").and_then(|v| v.to_str().ok()).expect("an id").to_string();
    assert_eq!(own.len(), 16);
    server.until_said("id=\"build-7\"", 1).await;
    server.until_said(&format!("id=\"{own}\""), 1).await;
    let count = "bpfvet_requests_total{method=\"Verify\",code=\"0\"}";
    server.until(|s| s.metric(count) == Some(2.0), "were two counted").await;
    let _ = client.verify(VerifyRequest::default()).await;
    server
        .until(|s| s.metric("bpfvet_requests_total{method=\"Verify\",code=\"3\"}") == Some(1.0), "was one refused")
        .await;
    for figure in
        ["bpfvet_memory_bytes{kind=\"counted\"}", "bpfvet_memory_bytes{kind=\"resident\"}", "bpfvet_connections"]
    {
        assert!(server.metric(figure).is_some_and(|n| n > 0.0), "{figure}: {}", server.metrics());
    }
}

#[cfg(feature = "solver")]
#[tokio::test]
async fn rejections_are_decided() {
    use solution::Outcome as Found;
    let server = Server::start(&[]);
    let mut client = server.client().await;
    // r0 = *(u32 *)(r1 + 4000): outside of the context, whatever it holds. Then a store to the stack, and a load of it.
    let outside = bytes("6110a00f000000009500000000000000");
    let VerifyRequest { input, target, options } = raw(&outside);
    let request = SolveRequest { input, target, options, accepted: false };
    let solved = client.solve(request).await.expect("an answer").into_inner().solved;
    let [one] = &solved[..] else { panic!("{solved:?}") };
    assert_eq!(one.answer.as_ref().map(Answer::verdict), Some(Verdict::Rejected));
    let found = one.solution.as_ref().expect("a solution");
    let Some(Found::Bug(bug)) = &found.outcome else { panic!("{found:?}") };
    assert!(bug.breaks() == Breaks::Memory && bug.replays > 0 && !bug.witness_json.is_empty(), "{bug:?}");
    assert_eq!(found.insn, Some(0));
    let VerifyRequest { input, target, options } = raw(&bytes("7a0af8ff0100000079a0f8ff000000009500000000000000"));
    let request = SolveRequest { input, target, options, accepted: true };
    let solved = client.solve(request).await.expect("an answer").into_inner().solved;
    assert!(matches!(solved[0].solution.as_ref().and_then(|s| s.outcome.clone()), Some(Found::Safe(_))), "{solved:?}");
}

#[test]
fn limits_that_are_none_are_refused() {
    for limit in [
        "--max-bytes",
        "--max-insns",
        "--max-memory",
        "--total-memory",
        "--max-seconds",
        "--max-requests",
        "--max-requests-each",
        "--max-watches",
        "--max-watches-each",
        "--max-connections",
        "--max-connections-each",
        "--workers",
        "--hello-seconds",
        "--body-seconds",
        "--stall-seconds",
        "--idle-seconds",
        "--watch-seconds",
    ] {
        for value in ["0", "99999999999999999999", "-1", "many"] {
            let out = bpfvet(&["serve", "--listen", "127.0.0.1:0", &format!("{limit}={value}")]);
            assert_eq!(out.status.code(), Some(2), "{limit} {value}");
            assert!(String::from_utf8_lossy(&out.stderr).contains(limit), "{out:?}");
        }
    }
    let help = bpfvet(&["serve", "--help"]);
    assert!(String::from_utf8_lossy(&help.stdout).contains("openssl req -x509"), "{help:?}");
    let out = bpfvet(&["serve", "--max-memory", "4096", "--total-memory", "2048"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("--total-memory"), "{out:?}");
}

#[test]
fn other_addresses_are_refused_without_protection() {
    let out = bpfvet(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(out.status.code(), Some(2));
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(text.contains("refusing to listen on 0.0.0.0:0") && text.contains("--token-file"), "{text}");
    let (_dir, [cert, key, _]) = credentials("refused");
    let out = bpfvet(&["serve", "--listen", "[::]:0", "--tls-cert", &cert, "--tls-key", &key]);
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(bpfvet(&["serve", "--tls-cert", &cert]).status.code(), Some(2));
}

fn reason(e: &Status) -> (Code, String) {
    (e.code(), e.get_details_error_info().map(|i| i.reason).unwrap_or_default())
}

#[tokio::test]
async fn limits_are_told_apart() {
    let server = Server::start(&["--max-bytes", "1", "--max-insns", "100", "--max-memory", "16", "--max-seconds", "1"]);
    let mut client = server.client().await;
    let mut fails = async |r: VerifyRequest| reason(&client.verify(r).await.expect_err("a limit"));
    assert_eq!(fails(object("x.o", &vec![0; 2 << 20])).await, (Code::ResourceExhausted, "BYTES".into()));
    assert_eq!(fails(raw(&GOOD.repeat(51))).await, (Code::ResourceExhausted, "INSTRUCTIONS".into()));
    let mut slow = raw(&heavy(490_000));
    // The log makes it slow, and large.
    slow.options = Some(Options { log_level: 2, ..Options::default() });
    slow.target = Some(Target { kernels: vec!["all".into()], ..Target::default() });
    let (code, why) = fails(slow).await;
    assert!(code == Code::ResourceExhausted && (why == "WALL_TIME" || why == "MEMORY"), "{code:?} {why}");
    assert!(client.verify(raw(&GOOD)).await.is_ok());

    let server = Server::start(&["--max-requests", "1"]);
    let mut client = server.client().await;
    let VerifyRequest { input, target, options } = raw(&heavy(490_000));
    let request = VerifyStreamRequest { input, target, options, detail: Detail::Instructions.into() };
    let stream = client.verify_stream(request).await.expect("a stream");
    assert_eq!(
        reason(&client.verify(raw(&GOOD)).await.expect_err("full")),
        (Code::ResourceExhausted, "REQUESTS".into())
    );
    drop(stream);
    server.until(|s| s.metric("bpfvet_places{kind=\"requests\"}") == Some(0.0), "is there room again").await;
    assert!(client.verify(raw(&GOOD)).await.is_ok());
}

#[tokio::test]
async fn deadlines_and_lost_clients_stop_analyses() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let mut request = Request::new(endless());
    request.set_timeout(Duration::from_millis(100));
    let e = client.verify(request).await.expect_err("the deadline passes");
    assert!(matches!(e.code(), Code::DeadlineExceeded | Code::Cancelled), "{e}");
    // It may have passed before the analysis began.
    server.until(|s| s.metric("bpfvet_places{kind=\"requests\"}") == Some(0.0), "did it end").await;
    // A call given up, and a connection given up.
    for _ in 0..3 {
        let mut other = server.client().await;
        let (begun, stopped) = (server.said("computing"), server.freed_after_us().len());
        let call = tokio::spawn(async move { other.verify(endless()).await });
        server.until_said("computing", begun + 1).await;
        call.abort();
        server.until(|s| s.freed_after_us().len() > stopped, "was it stopped").await;
    }
}

#[tokio::test]
async fn the_service_drains() {
    let mut server = Server::start(&["--drain-seconds", "100"]);
    let mut client = server.client().await;
    let mut health = HealthClient::new(server.channel().await);
    let (_builds, receiver) = tokio::sync::mpsc::channel(1);
    let watching = server.client().await.watch(tokio_stream::wrappers::ReceiverStream::new(receiver)).await;
    let mut watching = watching.expect("a stream").into_inner();
    let work = tokio::spawn(async move { client.verify(raw(&heavy(490_000))).await });
    server.until_said("computing", 1).await;
    server.terminate();
    let e = watching.next().await.expect("an end").expect_err("the service ends");
    assert_eq!(e.code(), Code::Unavailable);
    // What was begun is finished, nothing new begins.
    let answers = work.await.expect("the task").expect("answers").into_inner().answers;
    assert_eq!(answers[0].verdict(), Verdict::Accepted);
    drop((watching, _builds));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().expect("the process") {
            break status;
        }
        assert!(begun.elapsed() < NEVER, "still there: {:?}", server.log.lock());
        // Connections that are still open must not keep it.
        let _ = health.check(HealthCheckRequest::default()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(status.success(), "{status:?}");
}

/// Digits differ between two runs where times are printed, and so does the room they take.
fn without_numbers(text: &str) -> String {
    let masked: String = text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
    masked.replace(['#', '-'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn check_prints_the_same_through_a_service() {
    let server = Server::start(&[]);
    let url = server.url();
    let demo = [corpus("demo/accepted.bpf.o"), corpus("demo/rejected.bpf.o")];
    let lines = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("raw.jsonl");
    let raw = [
        r#"{"name":"good","prog_type":1,"insns":"b7000000000000009500000000000000"}"#,
        r#"{"name":"bad","prog_type":1,"insns":"9500000000000000"}"#,
        r#"{"name":"attach","prog_type":26,"expected_attach_type":24,"attach_function":"no_such_function","insns":"9500000000000000"}"#,
        r#"{"name":"map","prog_type":1,"maps":[{"type":2,"key_size":4,"value_size":8,"max_entries":1}],"map_refs":[{"insn":0,"map":0}],"insns":"18110000000000000000000000000000b7000000000000009500000000000000"}"#,
        "not json",
    ];
    std::fs::write(&lines, raw.join("\n")).expect("written");
    let lines = lines.display().to_string();
    let inputs: [Vec<&str>; 3] = [vec![&demo[0], &demo[1]], vec!["--raw", &lines], vec!["/does/not/exist.o"]];
    for input in &inputs {
        for format in ["text", "table", "csv", "json", "jsonl", "sarif", "junit", "github", "kernel"] {
            let more: &[&str] = if format == "kernel" { &["--log-level", "2"] } else { &["--budget", "insns=2"] };
            let args = [&["check", "--kernel", "all", "--format", format], more, &input[..]].concat();
            let local = bpfvet(&args);
            let remote = bpfvet(&[&args[..], &["--server", &url]].concat());
            assert_eq!(local.status.code(), remote.status.code(), "{args:?} {remote:?}");
            let (a, b) = (String::from_utf8_lossy(&local.stdout), String::from_utf8_lossy(&remote.stdout));
            if matches!(format, "table" | "csv" | "json" | "jsonl" | "junit") {
                assert_eq!(without_numbers(&a), without_numbers(&b), "{args:?}");
            } else {
                assert_eq!(a, b, "{args:?}");
            }
        }
    }
    // What depends on the machine, on the loader, and on what this kernel lacks.
    let gate = |name: &str| format!("{}/tests/gate/{name}.bpf.o", env!("CARGO_MANIFEST_DIR"));
    for (name, more) in [
        ("by_cpu", &[][..]),
        ("by_cpu", &["--cpus", "1"]),
        ("legacy_map", &[]),
        ("legacy_map", &["--loader", "aya"]),
        ("static_program", &["--loader", "ebpf-go"]),
        ("two_types", &[]),
        ("lost_field", &[]),
        ("lost_kfunc", &["--caps", "bpf"]),
        ("bad_trie", &[]),
    ] {
        for format in ["text", "jsonl"] {
            let file = gate(name);
            let args = [&["check", &file, "--kernel", "6.12,6.18", "--format", format], more].concat();
            let (local, remote) = (bpfvet(&args), bpfvet(&[&args[..], &["--server", &url]].concat()));
            assert_eq!(local.status.code(), remote.status.code(), "{args:?} {remote:?}");
            let (a, b) = (String::from_utf8_lossy(&local.stdout), String::from_utf8_lossy(&remote.stdout));
            assert_eq!(without_numbers(&a), without_numbers(&b), "{args:?}");
        }
    }
    let out = bpfvet(&["check", &demo[0], "--server", "http://127.0.0.1:1"]);
    assert_eq!(out.status.code(), Some(2));
    let out = bpfvet(&["check", &demo[0], "--server", &url, "--kernel", "1.0"]);
    assert_eq!(out.status.code(), Some(2));
}

#[cfg(feature = "solver")]
#[test]
fn check_solves_through_a_service_in_the_same_words() {
    let server = Server::start(&[]);
    let url = server.url();
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("solved-elsewhere");
    let folder = folder.display().to_string();
    // A bug with its input, something that is safe with a repair, and second opinions.
    let objects = [corpus("demo/accepted.bpf.o"), corpus("demo/rejected.bpf.o"), corpus("safe/count_bits.o")];
    for format in ["text", "jsonl", "sarif"] {
        let mut args = vec!["check", "--kernel", "6.18", "--solve=all", "--witness", &folder, "--format", format];
        args.extend(objects.iter().map(String::as_str));
        let (local, remote) = (bpfvet(&args), bpfvet(&[&args[..], &["--server", &url]].concat()));
        assert_eq!(local.status.code(), remote.status.code(), "{args:?} {remote:?}");
        let (a, b) = (String::from_utf8_lossy(&local.stdout), String::from_utf8_lossy(&remote.stdout));
        assert_eq!(without_numbers(&a), without_numbers(&b), "{args:?}");
        assert!(format != "text" || b.contains("saved ") && b.contains("replayed"), "{b}");
    }
}
