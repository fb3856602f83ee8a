//! The words of `bpfvet serve`. Every limit has a default, and none may be zero.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::tls::RECIPE;

/// A number of things: at least one, and no more than a machine could have.
fn count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1_000_000)
}

/// Instructions.
fn insns() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1_000_000_000)
}

/// Bytes of a message, in MiB: protobuf itself knows none larger than 2 GiB.
fn message() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=2047)
}

/// Memory, in MiB.
fn memory() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=16 << 20)
}

/// Memory of everybody, in MiB: what every kernel's BTF takes must fit in.
fn total() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(256..=16 << 20)
}

/// Seconds, up to a day.
fn seconds() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=86_400)
}

/// Seconds, up to a day, or none.
fn seconds_or_none() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(0..=86_400)
}

/// Options of `serve`.
#[derive(Args, Debug)]
#[command(after_help = RECIPE)]
pub struct ServeArgs {
    /// Address to listen on; port 0 takes a free one. Any address but loopback needs TLS, and tokens or client
    /// certificates.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50551")]
    pub listen: SocketAddr,
    /// Address on which Prometheus finds metrics, as `http://ADDR/metrics`; not given, there are none. Whoever reaches it
    /// may read them: they name no client and no program.
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<SocketAddr>,
    /// Certificate chain, in PEM; read again when the file changes. how to make one stands below.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, in PEM; read again when the file changes.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Certificates, in PEM, one of which must have signed the certificate that a client shows; read again when the file
    /// changes. Not given, clients show none.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_client_ca: Option<PathBuf>,
    /// Bearer tokens that requests may carry, one a line, at most 256 bytes each; `#` begins a comment. Read again when the
    /// file changes.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Largest request, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 32, value_parser = message())]
    pub max_bytes: usize,
    /// Most instructions of all programs of one request.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = insns())]
    pub max_insns: usize,
    /// Most memory for one request, from its first byte to the last one of the answer, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = memory())]
    pub max_memory: usize,
    /// Most memory for the whole process, in MiB; when it is used up, the largest request ends.
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = total())]
    pub total_memory: usize,
    /// Longest time for one request.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = seconds())]
    pub max_seconds: u64,
    /// Most requests at once; more are refused, or take the place of one whose client has several more.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = count())]
    pub max_requests: usize,
    /// Most requests at once of one client: of a token, else of a client certificate, else of an address. Not given, half
    /// of all.
    #[arg(long, value_name = "N", value_parser = count())]
    pub max_requests_each: Option<usize>,
    /// Most `Watch` streams at once, which are no requests until a build comes.
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = count())]
    pub max_watches: usize,
    /// Most `Watch` streams at once of one client. Not given, half of all.
    #[arg(long, value_name = "N", value_parser = count())]
    pub max_watches_each: Option<usize>,
    /// Most connections at once. A new one takes the place of one that is not needed: one that said nothing, or has no
    /// request open.
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = count())]
    pub max_connections: usize,
    /// Most connections at once from one address. Not given, half of all.
    #[arg(long, value_name = "N", value_parser = count())]
    pub max_connections_each: Option<usize>,
    /// Cores that analyses may take; all of them when not given.
    #[arg(long, value_name = "N", value_parser = count())]
    pub workers: Option<usize>,
    /// How long a new connection may take to speak TLS and HTTP/2.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = seconds())]
    pub hello_seconds: u64,
    /// How long a request may take to arrive.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = seconds())]
    pub body_seconds: u64,
    /// How long a client may leave an answer untaken.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = seconds())]
    pub stall_seconds: u64,
    /// How long a connection without a request is kept.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = seconds())]
    pub idle_seconds: u64,
    /// How long a `Watch` stream without a build is kept.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = seconds())]
    pub watch_seconds: u64,
    /// How long requests may go on after SIGTERM or SIGINT.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = seconds_or_none())]
    pub drain_seconds: u64,
}
