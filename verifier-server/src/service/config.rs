//! How the service runs: where it listens, who may ask, and how much one request, one client and all together may cost.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::args::ServeArgs;

/// Limits of one request, of one client, and of all together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of one request.
    pub bytes: usize,
    /// Instructions of all programs that one request verifies on one kernel.
    pub insns: usize,
    /// Bytes of memory of one request, from the first byte received to the last one sent.
    pub memory: usize,
    /// Bytes of memory of the process.
    pub total: usize,
    /// Wall time of one request.
    pub wall: Duration,
    /// Requests at once, of all clients and of one.
    pub requests: Share,
    /// `Watch` streams at once.
    pub watches: Share,
    /// Connections at once, of all addresses and of one.
    pub connections: Share,
    /// Cores that analyses may take.
    pub workers: usize,
    /// Times that clients may take.
    pub times: Times,
}

/// How many of something there may be, and how many of them one client may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// Of all clients.
    pub all: usize,
    /// Of one.
    pub each: usize,
}

impl Share {
    /// So many, of which one client may have so many, or half.
    pub fn new(all: usize, each: Option<usize>) -> Share {
        Share { all, each: each.unwrap_or(all.div_ceil(2)).min(all) }
    }
}

/// How long clients may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// Until a connection has spoken TLS and begun HTTP/2.
    pub hello: Duration,
    /// Until a request has arrived.
    pub body: Duration,
    /// While an answer waits for them.
    pub stall: Duration,
    /// With a connection and no request.
    pub idle: Duration,
    /// With a `Watch` stream and no build.
    pub watch: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            bytes: 32 << 20,
            insns: 1_000_000,
            memory: 512 << 20,
            total: 2 << 30,
            wall: Duration::from_secs(120),
            requests: Share::new(256, None),
            watches: Share::new(512, None),
            connections: Share::new(1024, None),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            times: Times {
                hello: Duration::from_secs(10),
                body: Duration::from_secs(30),
                stall: Duration::from_secs(30),
                idle: Duration::from_secs(300),
                watch: Duration::from_secs(3600),
            },
        }
    }
}

/// Files with what TLS needs, all in PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    /// Certificate chain.
    pub cert: PathBuf,
    /// Private key.
    pub key: PathBuf,
    /// Who signs the certificates of clients; `None`: they show none.
    pub client_ca: Option<PathBuf>,
}

/// How the service runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where metrics are, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// TLS; `None`: plain text.
    pub tls: Option<TlsFiles>,
    /// File with bearer tokens, one of which every request must carry; `None`: everybody may ask.
    pub tokens: Option<PathBuf>,
    /// Limits.
    pub limits: Limits,
    /// How long requests may go on after the service was told to end.
    pub drain: Duration,
}

impl Config {
    /// On any free port of this machine, for everybody on it.
    pub fn local(limits: Limits) -> Config {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Config { listen, metrics: None, tls: None, tokens: None, limits, drain: Duration::ZERO }
    }

    /// From the command line.
    ///
    /// # Errors
    /// In words for the user: limits that contradict each other, or an address that needs more protection.
    pub fn from_args(args: &ServeArgs) -> Result<Config, String> {
        let tls = match (&args.tls_cert, &args.tls_key) {
            (Some(cert), Some(key)) => {
                Some(TlsFiles { cert: cert.clone(), key: key.clone(), client_ca: args.tls_client_ca.clone() })
            }
            _ => None,
        };
        let seconds = Duration::from_secs;
        let config = Config {
            listen: args.listen,
            metrics: args.metrics,
            tls,
            tokens: args.token_file.clone(),
            limits: Limits {
                bytes: args.max_bytes << 20,
                insns: args.max_insns,
                memory: args.max_memory << 20,
                total: args.total_memory << 20,
                wall: seconds(args.max_seconds),
                requests: Share::new(args.max_requests, args.max_requests_each),
                watches: Share::new(args.max_watches, args.max_watches_each),
                connections: Share::new(args.max_connections, args.max_connections_each),
                workers: args.workers.unwrap_or(Limits::default().workers),
                times: Times {
                    hello: seconds(args.hello_seconds),
                    body: seconds(args.body_seconds),
                    stall: seconds(args.stall_seconds),
                    idle: seconds(args.idle_seconds),
                    watch: seconds(args.watch_seconds),
                },
            },
            drain: seconds(args.drain_seconds),
        };
        if config.limits.memory > config.limits.total {
            return Err(format!(
                "--max-memory {} MiB for one request is more than --total-memory {} MiB for all",
                args.max_memory, args.total_memory
            ));
        }
        config.check()?;
        Ok(config)
    }

    /// Whether the address may be listened on with this protection.
    ///
    /// # Errors
    /// What is missing, in words for the user.
    pub fn check(&self) -> Result<(), String> {
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        let mut missing = Vec::new();
        if self.tls.is_none() {
            missing.push("--tls-cert and --tls-key");
        }
        if self.tokens.is_none() && self.tls.as_ref().is_none_or(|t| t.client_ca.is_none()) {
            missing.push("--token-file or --tls-client-ca");
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!(
            "refusing to listen on {}: any address but loopback needs TLS, and bearer tokens or client certificates; \
             missing {}",
            self.listen,
            missing.join(", and ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_addresses_need_protection() {
        let mut c = Config::local(Limits::default());
        assert_eq!(c.check(), Ok(()));
        c.listen = "[::1]:1".parse().expect("address");
        assert_eq!(c.check(), Ok(()));
        for public in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:127.0.0.1]:1"] {
            c.listen = public.parse().expect("address");
            let e = c.check().expect_err("refused");
            assert!(e.contains("--tls-cert") && e.contains("--token-file"), "{e}");
        }
        c.tls = Some(TlsFiles { cert: "c".into(), key: "k".into(), client_ca: None });
        assert!(c.check().is_err_and(|e| !e.contains("--tls-cert") && e.contains("--token-file")));
        let open = c.clone();
        c.tokens = Some("t".into());
        assert_eq!(c.check(), Ok(()));
        c = open;
        c.tls = Some(TlsFiles { cert: "c".into(), key: "k".into(), client_ca: Some("a".into()) });
        assert_eq!(c.check(), Ok(()));
    }

    #[test]
    fn nobody_has_everything_unless_told() {
        assert_eq!(Share::new(256, None), Share { all: 256, each: 128 });
        assert_eq!(Share::new(1, None), Share { all: 1, each: 1 });
        assert_eq!(Share::new(8, Some(20)), Share { all: 8, each: 8 });
    }
}
