//! How the service runs: where it listens, who may ask, and how much one request may cost.

use std::net::SocketAddr;
use std::time::Duration;

use crate::args::ServeArgs;

/// Limits of one request, and of all together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of one request.
    pub bytes: usize,
    /// Instructions of all programs that one request verifies on one kernel.
    pub insns: usize,
    /// Bytes of states of one analysis, and of logs of one request, about.
    pub memory: usize,
    /// Wall time of one request.
    pub wall: Duration,
    /// Requests at once.
    pub requests: usize,
    /// Cores that analyses may take.
    pub workers: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            bytes: 32 << 20,
            insns: 1_000_000,
            memory: 512 << 20,
            wall: Duration::from_secs(120),
            requests: 256,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}

/// Certificate chain and private key, in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// Certificate chain.
    pub cert: String,
    /// Private key.
    pub key: String,
}

/// How the service runs.
#[derive(Clone)]
pub struct Config {
    /// Address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// TLS; `None`: plain text.
    pub tls: Option<Tls>,
    /// Bearer tokens, one of which every request must carry; empty: everybody may ask.
    pub tokens: Vec<String>,
    /// Limits.
    pub limits: Limits,
    /// How long requests may go on after the service was told to end.
    pub drain: Duration,
}

impl Config {
    /// From the command line.
    ///
    /// # Errors
    /// In words for the user: a file that cannot be read, or an address that needs more protection.
    pub fn from_args(args: &ServeArgs) -> Result<Config, String> {
        let read =
            |file: &std::path::Path| std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()));
        let tls = match (&args.tls_cert, &args.tls_key) {
            (Some(cert), Some(key)) => Some(Tls { cert: read(cert)?, key: read(key)? }),
            _ => None,
        };
        let mut tokens = Vec::new();
        if let Some(file) = &args.token_file {
            let text = read(file)?;
            tokens
                .extend(text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(String::from));
            if tokens.is_empty() {
                return Err(format!("{}: no token in it", file.display()));
            }
        }
        let config = Config {
            listen: args.listen,
            tls,
            tokens,
            limits: Limits {
                bytes: args.max_bytes << 20,
                insns: args.max_insns,
                memory: args.max_memory << 20,
                wall: Duration::from_secs(args.max_seconds),
                requests: args.max_requests,
                workers: args.workers.unwrap_or(Limits::default().workers),
            },
            drain: Duration::from_secs(args.drain_seconds),
        };
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
        if self.tokens.is_empty() {
            missing.push("--token-file");
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!(
            "refusing to listen on {}: any address but loopback needs TLS and bearer tokens; missing {}",
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
        let mut c = Config {
            listen: "127.0.0.1:0".parse().expect("address"),
            tls: None,
            tokens: Vec::new(),
            limits: Limits::default(),
            drain: Duration::ZERO,
        };
        assert_eq!(c.check(), Ok(()));
        c.listen = "[::1]:1".parse().expect("address");
        assert_eq!(c.check(), Ok(()));
        for public in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:127.0.0.1]:1"] {
            c.listen = public.parse().expect("address");
            let e = c.check().expect_err("refused");
            assert!(e.contains("--tls-cert") && e.contains("--token-file"), "{e}");
        }
        c.tls = Some(Tls { cert: String::new(), key: String::new() });
        assert!(c.check().is_err_and(|e| !e.contains("--tls-cert") && e.contains("--token-file")));
        c.tokens.push("t".into());
        assert_eq!(c.check(), Ok(()));
    }
}
