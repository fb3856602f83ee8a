//! Starting the service and ending it: what listens, what everything is made of, and how it drains.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch as signal;
use tonic::transport::Server;
use tower::ServiceBuilder;
use tracing::{info, warn};

use super::accept::{Acceptor, incoming};
use super::admit::Admit;
use super::args::ServeArgs;
use super::config::{Config, Limits};
use super::count::Count;
use super::files::Watched;
use super::gate::Gate;
use super::identify::Identify;
use super::identity::Tokens;
use super::limit::Limit;
use super::memory::{Memory, Over};
use super::metrics::{self, Metrics};
use super::peer::Connections;
use super::pool::Pool;
use super::proto::verifier_server::VerifierServer;
use super::slots::{Kind, Slots};
use super::span::Trace;
use super::state::{Service, systems};
use super::step::Before;
use super::text::{MESSAGE, clean};
use super::{alloc, proto, tls};

/// Stack of a thread: type comparison recurses, to a bounded depth.
const STACK: usize = 64 << 20;
/// After so long without a word a connection is asked whether it still lives.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// And after so long without an answer it is closed.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that one connection may have open.
const STREAMS: u32 = 256;
/// Bytes that a client may send before they are read: of one request, and on one connection.
const WINDOWS: (u32, u32) = (256 << 10, 512 << 10);
/// Most bytes of the head of a request.
const HEAD: u32 = 16 << 10;
/// Descriptors that are no connections.
const DESCRIPTORS: usize = 64;

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
    // What a panic says may hold bytes of a client.
    std::panic::set_hook(Box::new(|panic| tracing::error!("fault: {}", clean(&panic.to_string(), MESSAGE))));
    alloc::be_frugal();
    descriptors(config.limits.connections.all.saturating_add(DESCRIPTORS));
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

/// Lets the process have so many descriptors, as far as the system allows.
fn descriptors(wanted: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let most = limit.maximum.unwrap_or(u64::MAX);
    if limit.current.is_some_and(|now| now < wanted) {
        limit.current = Some(wanted.min(most));
        if setrlimit(Resource::Nofile, limit).is_err() || most < wanted {
            warn!(wanted, most, "there may be fewer descriptors than connections");
        }
    }
}

/// An error with what is behind it.
pub fn deep(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(e) = source {
        text.push_str(&format!(": {e}"));
        source = e.source();
    }
    text
}

/// The runtime that a service needs for its connections. Analyses have threads of their own ([`super::pool`]).
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

/// Everything that a service is made of.
struct House {
    service: Service,
    watches: Arc<Slots>,
    connections: Arc<Connections>,
    metrics: Arc<Metrics>,
    tokens: Option<Arc<Watched<Tokens>>>,
    tls: Option<Arc<Watched<tokio_rustls::rustls::ServerConfig>>>,
}

impl House {
    fn build(config: &Config, drain: signal::Receiver<bool>) -> Result<House, String> {
        let limits = config.limits;
        let memory = Memory::new(limits.total, limits.memory);
        memory.keep().map_err(|e| e.to_string())?;
        let pool = Pool::new(limits.requests.all.saturating_add(8), STACK);
        let gate = Gate::new(limits.workers, pool, memory.pressed());
        let requests = Slots::new(Kind::Requests, limits.requests);
        let solvers = Arc::new(tokio::sync::Semaphore::new(limits.workers));
        let service = Service { systems: systems()?, limits, gate, memory, requests, solvers, drain };
        let tokens = config.tokens.clone();
        let tokens = tokens.map(|f| Watched::new(vec![f.clone()], move || Tokens::read(&f).map(Arc::new)));
        let tls = config.tls.clone().map(|files| {
            let all = [Some(&files.cert), Some(&files.key), files.client_ca.as_ref()];
            Watched::new(all.into_iter().flatten().cloned().collect(), move || tls::server(&files))
        });
        Ok(House {
            service,
            watches: Slots::new(Kind::Watches, limits.watches),
            connections: Connections::new(limits.connections),
            metrics: Arc::default(),
            tokens: tokens.transpose()?,
            tls: tls.transpose()?,
        })
    }

    /// The figures, for whoever asks.
    fn figures(&self) -> impl Fn() -> String + Send + Sync + 'static {
        let (service, watches) = (self.service.clone(), Arc::clone(&self.watches));
        let (connections, metrics) = (Arc::clone(&self.connections), Arc::clone(&self.metrics));
        move || {
            let n = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            let (m, load) = (service.memory.figures(), service.gate.load());
            let memory = "Bytes: counted by the allocator, reserved, resident, and the most there may be.";
            let early = "Requests that ended before they were done, by reason.";
            let analyses = "Analyses that compute, and that wait for a turn.";
            let closed = "Connections that made room for others, and that found none.";
            let early_of = |why| service.memory.ended(why);
            let evicted = connections.evicted.load(Ordering::Relaxed);
            let refused = connections.refused.load(Ordering::Relaxed);
            metrics.text(&[
                ("bpfvet_memory_bytes", "{kind=\"counted\"}", n(m.counted), memory),
                ("bpfvet_memory_bytes", "{kind=\"reserved\"}", n(m.reserved), memory),
                ("bpfvet_memory_bytes", "{kind=\"resident\"}", n(m.resident), memory),
                ("bpfvet_memory_bytes", "{kind=\"limit\"}", n(m.total), memory),
                ("bpfvet_ended_early_total", "{reason=\"memory\"}", early_of(Over::Request), early),
                ("bpfvet_ended_early_total", "{reason=\"total_memory\"}", early_of(Over::Total), early),
                ("bpfvet_ended_early_total", "{reason=\"room\"}", early_of(Over::Room), early),
                ("bpfvet_ended_early_total", "{reason=\"stalled\"}", early_of(Over::Stalled), early),
                ("bpfvet_analyses", "{state=\"computing\"}", n(load.running), analyses),
                ("bpfvet_analyses", "{state=\"waiting\"}", n(load.waiting), analyses),
                ("bpfvet_places", "{kind=\"requests\"}", n(service.requests.taken()), "Places that are taken."),
                ("bpfvet_places", "{kind=\"watches\"}", n(watches.taken()), "Places that are taken."),
                ("bpfvet_connections", "", n(connections.open()), "Connections that are open."),
                ("bpfvet_connections_closed_total", "{reason=\"evicted\"}", evicted, closed),
                ("bpfvet_connections_closed_total", "{reason=\"refused\"}", refused, closed),
            ])
        }
    }
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
    let house = House::build(&config, drain)?;
    let limits = config.limits;
    if let Some(at) = config.metrics {
        let listener = TcpListener::bind(at).await.map_err(|e| format!("--metrics {at}: {e}"))?;
        info!(address = ?listener.local_addr().ok(), "metrics");
        tokio::spawn(metrics::serve(listener, house.figures()));
    }
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<VerifierServer<Service>>().await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let verifier = VerifierServer::new(house.service.clone())
        .max_decoding_message_size(limits.bytes)
        .max_encoding_message_size(usize::MAX);
    let stack = ServiceBuilder::new()
        .layer(Before(Identify { tokens: house.tokens.clone(), number: Arc::default() }))
        .layer(Before(Count { metrics: Arc::clone(&house.metrics) }))
        .layer(Before(Trace))
        .layer(Before(Admit {
            memory: Arc::clone(&house.service.memory),
            requests: Arc::clone(&house.service.requests),
            watches: Arc::clone(&house.watches),
        }))
        .layer(Before(Limit::new(limits)))
        .into_inner();
    let server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(HEAD)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_concurrent_streams(STREAMS)
        .layer(stack);
    let protection = match &config.tls {
        None => "plain text",
        Some(t) if t.client_ca.is_some() => "mutual TLS",
        Some(_) => "TLS",
    };
    let tokens = house.tokens.as_ref().map_or(0, |t| t.get().count());
    info!(%address, protection, tokens, workers = limits.workers, memory_mib = limits.total >> 20, "serving");
    ready(address);

    let gate = Arc::clone(&house.service.gate);
    let acceptor =
        Acceptor { connections: Arc::clone(&house.connections), tls: house.tls.clone(), times: limits.times };
    let (ending, ended) = tokio::sync::oneshot::channel();
    let mut server = server;
    let served = server
        .add_service(health_service)
        .add_service(reflection().build_v1().map_err(|e| e.to_string())?)
        .add_service(reflection().build_v1alpha().map_err(|e| e.to_string())?)
        .add_service(verifier)
        .serve_with_incoming_shutdown(incoming(listener, acceptor), async {
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
