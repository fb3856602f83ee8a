//! A service for tests: the built binary on a free port, and clients of it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tonic::transport::Channel;
use verifier_server::service::proto::input::What;
use verifier_server::service::proto::verifier_client::VerifierClient;
use verifier_server::service::proto::{Input, Options, RawProgram, Target, VerifyRequest};

/// `r0 = 0; exit`
pub const GOOD: [u8; 16] = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
/// `exit` with nothing in r0
pub const BAD: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];

/// `r0 = 0; do { r0 += 1; } while (r0 < n); exit`: the analysis follows every turn.
pub fn heavy(n: i32) -> Vec<u8> {
    let mut insns = Vec::new();
    for (code, off, imm) in [(0xb7u8, 0i16, 0i32), (0x07, 0, 1), (0xa5, -2, n), (0x95, 0, 0)] {
        insns.extend([code, 0]);
        insns.extend(off.to_le_bytes());
        insns.extend(imm.to_le_bytes());
    }
    insns
}

/// Machines that run tests are busy; what takes longer than this does not happen.
pub const NEVER: Duration = Duration::from_secs(600);

/// A running service; dropping it ends it.
pub struct Server {
    /// The process.
    pub child: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
    /// Lines that it has logged.
    pub log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts one with these arguments besides the address.
    pub fn start(args: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
            .args(["serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
            .args(args)
            .env("RUST_LOG", "verifier_server=debug")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("bpfvet starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let (err, lines) = (child.stderr.take().expect("standard error"), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                lines.lock().expect("lines").push(line);
            }
        });
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("standard output"));
        out.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("no address: {:?}", log.lock())).to_string();
        Server { child, address, log }
    }

    /// Lines of the log so far that say something.
    pub fn said(&self, what: &str) -> usize {
        self.log.lock().expect("lines").iter().filter(|l| l.contains(what)).count()
    }

    /// Until the log says something so many times. Only what never happens takes long.
    pub async fn until_said(&self, what: &str, times: usize) {
        self.until(|s| s.said(what) >= times, what).await;
    }

    /// Until something is so. Only what never happens takes long.
    pub async fn until(&self, is_so: impl Fn(&Server) -> bool, what: &str) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < NEVER, "not once {what}: {:?}", self.log.lock());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A figure of its metrics; `what` is the name with labels, as it stands there.
    pub fn metric(&self, what: &str) -> Option<f64> {
        let text = self.metrics();
        let line = text.lines().find_map(|l| l.strip_prefix(what)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    /// All of its metrics.
    pub fn metrics(&self) -> String {
        let begun = Instant::now();
        let address = loop {
            let log = self.log.lock().expect("lines");
            let line = log.iter().find(|l| l.contains("metrics address="));
            if let Some(address) = line.and_then(|l| l.split_once("metrics address=Some(")?.1.split_once(')')) {
                break address.0.to_string();
            }
            drop(log);
            assert!(begun.elapsed() < NEVER, "no metrics");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut stream = std::net::TcpStream::connect(address).expect("connects");
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("text");
        text
    }

    /// Microseconds after which stopped analyses freed their cores, so far.
    pub fn freed_after_us(&self) -> Vec<u64> {
        let log = self.log.lock().expect("lines");
        let number = |l: &String| l.split_once("freed_after_us=")?.1.split_whitespace().next()?.parse().ok();
        log.iter().filter_map(number).collect()
    }

    /// Bytes of memory that it has in use.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process");
        let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).expect("kB") << 10
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection in plain text.
    pub async fn channel(&self) -> Channel {
        Channel::from_shared(self.url()).expect("an address").connect().await.expect("connects")
    }

    /// A client without token.
    pub async fn client(&self) -> VerifierClient<Channel> {
        VerifierClient::new(self.channel().await).max_decoding_message_size(usize::MAX)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request about an object.
pub fn object(name: &str, bytes: &[u8]) -> VerifyRequest {
    let input = Input { name: name.into(), what: Some(What::Object(bytes.to_vec())) };
    VerifyRequest { input: Some(input), ..VerifyRequest::default() }
}

/// A request about a socket filter of these instructions.
pub fn raw(insns: &[u8]) -> VerifyRequest {
    let program = RawProgram {
        name: "p".into(),
        prog_type: 1,
        license: "GPL".into(),
        insns: insns.to_vec(),
        ..RawProgram::default()
    };
    let input = Input { name: "raw".into(), what: Some(What::Raw(program)) };
    VerifyRequest { input: Some(input), target: Some(Target::default()), options: Some(Options::default()) }
}

/// Runs the built binary to its end.
pub fn bpfvet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bpfvet")).args(args).output().expect("bpfvet runs")
}

/// A file of the corpus.
pub fn corpus(name: &str) -> String {
    format!("{}/../corpus/{name}", env!("CARGO_MANIFEST_DIR"))
}
