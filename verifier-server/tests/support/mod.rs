//! A service for tests: the built binary on a free port, and clients of it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use tonic::transport::Channel;
use verifier_server::service::proto::input::What;
use verifier_server::service::proto::verifier_client::VerifierClient;
use verifier_server::service::proto::{Input, Options, RawProgram, Target, VerifyRequest};

/// `r0 = 0; exit`
pub const GOOD: [u8; 16] = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
/// `exit` with nothing in r0
pub const BAD: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];

/// A running service; dropping it ends it.
pub struct Server {
    /// The process.
    pub child: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
}

impl Server {
    /// Starts one with these arguments besides the address.
    pub fn start(args: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("bpfvet starts");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("standard output"));
        out.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ").expect("the address").to_string();
        Server { child, address }
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
