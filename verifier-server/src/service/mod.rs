//! `bpfvet serve`: the gRPC service.
//!
//! A request passes these, in order: the token, the number of requests at once, the size of the message, the gate that
//! gives cores to analyses ([`gate`]), and the limits on instructions, memory and time. Analyses run on threads of their
//! own and never on those that serve connections.
//!
//! The rest of bpfvet never sees a protobuf type: [`wire`] turns them into questions and rows at the edge.

mod accept;
pub mod config;
mod gate;
mod job;
mod pages;
mod pool;
pub mod proto;
mod stream;
mod verify;
mod watch;
pub mod wire;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch as signal;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::{info, warn};
use verifier_core::analysis::System;
use verifier_core::kernel::Kernel;
use verifier_core::program::vmlinux;

use self::config::{Config, Limits};
use self::gate::Gate;
use self::job::{Door, Entry};
use self::pool::Pool;
use self::proto::verifier_server::{Verifier, VerifierServer};
use crate::args::ServeArgs;
use crate::tools;

/// Stack of a thread: type comparison recurses, to a bounded depth.
const STACK: usize = 64 << 20;
/// After so long without a word a connection is asked whether it still lives.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// And after so long without an answer it is closed.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that one connection may have open.
const STREAMS: u32 = 256;

/// What every request needs.
#[derive(Clone)]
pub struct Service {
    /// Kernels known, oldest first, without modules.
    systems: Arc<[System]>,
    limits: Limits,
    gate: Arc<Gate>,
    /// True once the service was told to end.
    drain: signal::Receiver<bool>,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// In words for the user: the configuration, the address, or the certificate.
pub fn run(args: &ServeArgs) -> Result<(), String> {
    let config = Config::from_args(args)?;
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("fault: {panic}")));
    let runtime = runtime(&config.limits)?;
    let result = runtime.block_on(async {
        let listener = TcpListener::bind(config.listen).await.map_err(|e| format!("{}: {e}", config.listen))?;
        let ready = |address| {
            // For those who asked for any free port; a closed standard output is no reason not to serve.
            let _ = writeln!(std::io::stdout(), "listening on {address}");
        };
        serve(config, listener, ready, ended()).await
    });
    // What still computes was told to stop; a thread that does not hear it does not keep the process.
    runtime.shutdown_background();
    result
}

/// An error with what is behind it.
pub(crate) fn deep(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(e) = source {
        text.push_str(&format!(": {e}"));
        source = e.source();
    }
    text
}

/// The runtime that a service needs for its connections. Analyses have threads of their own ([`pool`]).
///
/// # Errors
/// When threads cannot be started.
pub fn runtime(limits: &Limits) -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(limits.workers.clamp(1, 2))
        .thread_name("bpfvet")
        .enable_all()
        .build()
        .map_err(|e| e.to_string())
}

/// Ends when the process is told to end; the second time it ends at once.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        // Without handlers the signals end the process.
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        warn!("told twice to end");
        std::process::exit(1);
    });
}

/// The transport says OUT_OF_RANGE of a message that is too large; with us that is a limit.
fn limit_bytes<B: Default>(response: http::Response<B>, limit: usize) -> http::Response<B> {
    let too_large = Code::OutOfRange as i32;
    let is = response.headers().get("grpc-status").and_then(|s| s.to_str().ok()?.parse::<i32>().ok());
    if is == Some(too_large) { verify::too_large(limit).into_http() } else { response }
}

/// Serves on a listener until `end`, then drains. `ready` is told the address once requests are answered at once.
///
/// # Errors
/// In words for the user.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    ready: impl FnOnce(SocketAddr),
    end: impl Future<Output = ()>,
) -> Result<(), String> {
    config.check()?;
    let address: SocketAddr = listener.local_addr().map_err(|e| e.to_string())?;
    let (drain_now, drain) = signal::channel(false);
    let mut systems = Vec::new();
    for kernel in Kernel::all() {
        let vmlinux = vmlinux(&kernel).map_err(|e| e.to_string())?;
        systems.push(System { kernel, vmlinux, modules: Vec::new() });
    }
    let limits = config.limits;
    let pool = Pool::new(limits.requests.saturating_add(8), STACK);
    let service = Service { systems: systems.into(), limits, gate: Gate::new(limits.workers, pool), drain };
    let gate = Arc::clone(&service.gate);

    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<VerifierServer<Service>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|e| e.to_string())?;
    let verifier = VerifierServer::new(service)
        .max_decoding_message_size(config.limits.bytes)
        .max_encoding_message_size(usize::MAX);
    let door = Door::new(&config.tokens, config.limits.requests);
    let bytes = config.limits.bytes;
    let mut server = Server::builder();
    if let Some(tls) = &config.tls {
        let identity = Identity::from_pem(&tls.cert, &tls.key);
        server = server
            .tls_config(ServerTlsConfig::new().identity(identity).timeout(KEEPALIVE_TIMEOUT))
            .map_err(|e| format!("TLS: {}", deep(&e)))?;
    }
    let mut server = server
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_concurrent_streams(STREAMS)
        // A request that is sent too slowly must end too; its analysis has a limit of its own.
        .timeout(config.limits.wall.saturating_add(KEEPALIVE))
        .layer(tower::util::MapResponseLayer::new(move |response| limit_bytes(response, bytes)));
    let protection = if config.tls.is_some() { "TLS" } else { "plain text" };
    info!(%address, protection, tokens = config.tokens.len(), workers = config.limits.workers, "serving");
    ready(address);

    let (ending, ended) = tokio::sync::oneshot::channel();
    let served = server
        // Health is for those who watch the service, who need no token.
        .add_service(health_service)
        .add_service(InterceptedService::new(reflection, door.clone()))
        .add_service(InterceptedService::new(verifier, door))
        .serve_with_incoming_shutdown(accept::incoming(listener), async {
            end.await;
            info!(load = ?gate.load(), "draining");
            health.set_not_serving::<VerifierServer<Service>>().await;
            // Nobody listening for it is no error.
            let _ = drain_now.send(true);
            let _ = ending.send(());
        });
    tokio::select! {
        result = served => result.map_err(|e| deep(&e))?,
        () = async {
            if ended.await.is_err() { std::future::pending::<()>().await }
            tokio::time::sleep(config.drain).await;
        } => warn!(load = ?gate.load(), "still busy after the time to drain; ending anyway"),
    }
    info!("ended");
    Ok(())
}

#[tonic::async_trait]
impl Verifier for Service {
    async fn verify(&self, request: Request<proto::VerifyRequest>) -> Result<Response<proto::VerifyResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.verify_once(&entry, request.into_inner()).await.map(Response::new)
    }

    type VerifyStreamStream = stream::Events;

    async fn verify_stream(
        &self,
        request: Request<proto::VerifyStreamRequest>,
    ) -> Result<Response<stream::Events>, Status> {
        let entry = Entry::of(&request)?;
        self.verify_events(entry, request.into_inner()).map(Response::new)
    }

    async fn explain(
        &self,
        request: Request<proto::ExplainRequest>,
    ) -> Result<Response<proto::ExplainResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.explanations(&entry, request.into_inner()).await.map(Response::new)
    }

    async fn disassemble(
        &self,
        request: Request<proto::DisassembleRequest>,
    ) -> Result<Response<proto::DisassembleResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.listings(&entry, request.into_inner()).await.map(Response::new)
    }

    async fn control_flow_graph(
        &self,
        request: Request<proto::ControlFlowGraphRequest>,
    ) -> Result<Response<proto::ControlFlowGraphResponse>, Status> {
        let entry = Entry::of(&request)?;
        self.graphs(&entry, request.into_inner()).await.map(Response::new)
    }

    type WatchStream = ReceiverStream<Result<proto::WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<proto::WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let entry = Entry::of(&request)?;
        Ok(Response::new(self.follow(entry, request.into_inner())))
    }

    async fn list_kernels(
        &self,
        _: Request<proto::ListKernelsRequest>,
    ) -> Result<Response<proto::ListKernelsResponse>, Status> {
        let kernels = self.systems.iter().map(|s| {
            let agreement = tools::agreement(s.kernel.name).into_iter().map(|a| proto::Agreement {
                set: a.set,
                programs: a.programs,
                same_verdict: a.same_verdict,
                wrongly_accepted: a.wrongly_accepted,
                unsupported: a.unsupported,
                log_identical: a.log_identical,
            });
            proto::Kernel {
                name: s.kernel.name.to_string(),
                release: s.kernel.release.to_string(),
                agreement: agreement.collect(),
            }
        });
        Ok(Response::new(proto::ListKernelsResponse { kernels: kernels.collect() }))
    }
}
