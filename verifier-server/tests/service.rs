//! The service over a real socket: every rpc, errors, tokens and TLS, limits, and the end.

mod support;

use support::*;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use ::verifier_server::service::proto::*;

#[tokio::test]
async fn verdicts_for_programs_and_kernels() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let answers = client.verify(raw(&GOOD)).await.expect("answers").into_inner().answers;
    assert_eq!((answers.len(), answers[0].verdict(), answers[0].counters.map(|c| c.insns)), (1, Verdict::Accepted, Some(2)));

    let mut request = raw(&BAD);
    request.target = Some(Target { kernels: vec!["all".into()], ..Target::default() });
    request.options = Some(Options { log_level: 2, explain: true, ..Options::default() });
    let answers = client.verify(request).await.expect("answers").into_inner().answers;
    let kernels: Vec<&str> = answers.iter().map(|a| a.kernel.as_str()).collect();
    assert!(kernels.starts_with(&["6.12", "6.18"]), "{kernels:?}");
    for a in &answers {
        assert_eq!((a.verdict(), a.errno.as_str(), a.message.as_str()), (Verdict::Rejected, "EACCES", "R0 !read_ok"));
        assert!(String::from_utf8_lossy(a.log.as_deref().unwrap_or_default()).contains("R0 !read_ok"));
        let r = a.rejection.as_ref().expect("rejection");
        assert!(!r.code.is_empty() && !r.category.is_empty() && r.insn == Some(0));
        assert!(r.trace.as_ref().is_some_and(|t| t.steps.last().is_some_and(|s| s.kind() == StepKind::Failing)));
    }

    let file = corpus("demo/rejected.bpf.o");
    let bytes = std::fs::read(&file).expect("the demo object");
    let answers = client.verify(object(&file, &bytes)).await.expect("answers").into_inner().answers;
    assert!(!answers.is_empty() && answers.iter().all(|a| a.verdict() == Verdict::Rejected));
    let source = answers[0].rejection.as_ref().and_then(|r| r.source.as_ref()).expect("line information");
    assert!(source.line > 0 && !source.text.is_empty());
}

#[tokio::test]
async fn kernels_and_health() {
    let server = Server::start(&[]);
    let kernels = server.client().await.list_kernels(ListKernelsRequest {}).await.expect("list").into_inner().kernels;
    assert!(kernels.iter().any(|k| k.name == "6.12" && k.release == "6.12.117" && !k.agreement.is_empty()));
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "bpfvet.v1.Verifier"] {
        let status = health.check(HealthCheckRequest { service: service.into() }).await.expect("health").into_inner();
        assert_eq!(status.status, 1, "serving");
    }
}

#[tokio::test]
async fn broken_requests_are_invalid_and_say_where() {
    let server = Server::start(&[]);
    let mut client = server.client().await;
    let mut code = async |r: VerifyRequest| client.verify(r).await.expect_err("an error");
    let e = code(object("x.o", b"\x7fELF and then nothing")).await;
    assert_eq!(e.code(), Code::InvalidArgument);
    assert!(!e.message().is_empty());
    assert_eq!(code(VerifyRequest::default()).await.code(), Code::InvalidArgument);
    let e = code(raw(&BAD[..7])).await;
    assert_eq!((e.code(), e.message()), (Code::InvalidArgument, "field `insns`: not a multiple of 8 bytes"));
    let mut request = raw(&GOOD);
    request.target = Some(Target { kernels: vec!["1.0".into()], ..Target::default() });
    assert_eq!(code(request).await.code(), Code::NotFound);
    let mut request = raw(&GOOD);
    request.options = Some(Options { prog_type: "no_such".into(), ..Options::default() });
    assert_eq!(code(request).await.code(), Code::InvalidArgument);
}
