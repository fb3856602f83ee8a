//! The service as the back end of `bpfvet check`: the same rows, computed elsewhere.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::args::{ServerArgs, TargetArgs};
use crate::ask::{Question, Solving};
use crate::backend::Backend;
use crate::clean;
use crate::input::read;
use crate::raw::RawProgram;
use crate::row::{Kind, Row, Undecided};
use crate::service::proto::input::What;
use crate::service::proto::verifier_client::VerifierClient;
use crate::service::{deep, proto, solution, tls, wire};
use crate::{save, target};

/// Environment variable with the bearer token: arguments can be seen by every user of the machine.
pub const TOKEN: &str = "BPFVET_TOKEN";
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Puts the token into requests.
#[derive(Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// A service, and which of its kernels to ask.
pub struct Remote {
    runtime: Runtime,
    client: RefCell<VerifierClient<InterceptedService<Channel, Bearer>>>,
    kernels: Vec<String>,
    target: proto::Target,
}

impl Remote {
    /// Connects, and looks up the kernels.
    ///
    /// # Errors
    /// In words for the user.
    pub fn connect(url: &str, server: &ServerArgs, target: &TargetArgs) -> Result<Remote, String> {
        let failed = |e: &dyn std::fmt::Display| format!("{url}: {e}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
        let bearer = match std::env::var(TOKEN) {
            Ok(token) => Some(format!("Bearer {token}").parse().map_err(|_| format!("{TOKEN} is not a token"))?),
            Err(_) => None,
        };
        let channel = runtime.block_on(connect(url, server))?;
        let mut client = VerifierClient::with_interceptor(channel, Bearer(bearer))
            .max_decoding_message_size(usize::MAX)
            .max_encoding_message_size(usize::MAX);
        let known = runtime
            .block_on(client.list_kernels(proto::ListKernelsRequest {}))
            .map_err(|e| failed(&words(&e)))?
            .into_inner()
            .kernels;
        let kernels = kernels(&target.kernels(), &known)?;
        let mut modules = Vec::new();
        for file in &target.module_btf {
            modules.push(proto::Module { name: target::module_name(file), btf: read(file)? });
        }
        let vmlinux_btf = target.btf.as_deref().map(read).transpose()?.unwrap_or_default();
        let cpus = target.cpus.unwrap_or(0);
        let target = proto::Target { kernels: kernels.clone(), vmlinux_btf, modules, cpus };
        Ok(Remote { runtime, client: RefCell::new(client), kernels, target })
    }

    fn verify(&self, question: &Question, input: proto::Input, target: proto::Target) -> Result<Vec<Row>, Status> {
        let name = input.name.clone();
        if let Some(solving) = &question.solve {
            let (options, accepted) = (Some(wire::options(question)), solving.accepted);
            let request = proto::SolveRequest { input: Some(input), target: Some(target), options, accepted };
            let response = self.runtime.block_on(self.client.borrow_mut().solve(request))?;
            return Ok(response.into_inner().solved.into_iter().map(|s| solved(&name, s, solving)).collect());
        }
        let request =
            proto::VerifyRequest { input: Some(input), target: Some(target), options: Some(wire::options(question)) };
        let response = self.runtime.block_on(self.client.borrow_mut().verify(request))?;
        Ok(response.into_inner().answers.into_iter().map(|a| wire::row(&name, a)).collect())
    }
}

/// Connects, with TLS where the address says so.
async fn connect(url: &str, server: &ServerArgs) -> Result<Channel, String> {
    let failed = |e: &dyn std::fmt::Display| {
        let words = e.to_string();
        format!("{url}: {words}{}", tls::hint(&words))
    };
    let origin: Uri = url.parse().map_err(|e| failed(&e))?;
    let endpoint = |url: String| {
        let endpoint = Endpoint::from_shared(url).map_err(|e| failed(&deep(&e)))?;
        Ok::<Endpoint, String>(endpoint.connect_timeout(CONNECT))
    };
    let Some(rest) = url.strip_prefix("https://") else {
        return endpoint(url.to_string())?.connect().await.map_err(|e| failed(&deep(&e)));
    };
    let ca = server.server_ca.as_ref().ok_or_else(|| failed(&"https needs --server-ca"))?;
    let own = server.client_cert.as_deref().zip(server.client_key.as_deref());
    let config = tls::client(ca, own)?;
    let host = origin.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_string();
    let name = ServerName::try_from(host.clone()).map_err(|e| failed(&e))?;
    let port = origin.port_u16().unwrap_or(443);
    let connector = tower::service_fn(move |_: Uri| {
        let (config, name, host) = (TlsConnector::from(Arc::clone(&config)), name.clone(), host.clone());
        async move {
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            config.connect(name, stream).await.map(TokioIo::new)
        }
    });
    // The connector speaks TLS itself; to the transport below it is plain text.
    let endpoint = endpoint(format!("http://{rest}"))?.origin(origin);
    endpoint.connect_with_connector(connector).await.map_err(|e| failed(&deep(&e)))
}

/// Short names of the kernels that lists name, among those that the service knows.
fn kernels(words: &[&str], known: &[proto::Kernel]) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    for name in words.iter().copied() {
        if target::is_profile(name) {
            return Err(format!("{}: a service does not take profiles; ask without --server", clean::line(name)));
        }
        let name = if name == "running" { target::running()?.name } else { name };
        let found: Vec<&proto::Kernel> =
            known.iter().filter(|k| name == "all" || k.name == name || k.release == name).collect();
        if found.is_empty() {
            let names: Vec<&str> = known.iter().map(|k| k.name.as_str()).collect();
            return Err(format!("unknown kernel `{name}`; known are {}, all, running", names.join(", ")));
        }
        for k in found {
            if !out.contains(&k.name) {
                out.push(k.name.clone());
            }
        }
    }
    if out.is_empty() { Err("no kernel named".into()) } else { Ok(out) }
}

/// A row with what the solver found. Inputs that show bugs are saved here: the folder is of this machine.
fn solved(name: &str, solved: proto::Solved, solving: &Solving) -> Row {
    let mut row = wire::row(name, solved.answer.unwrap_or_default());
    row.solve = solved.solution.map(|s| solution::read(s, row.kind));
    if let Some(dir) = &solving.witness {
        save::witness(&mut row, dir);
    }
    row
}

/// What went wrong, with the kind of error.
fn words(status: &Status) -> String {
    format!("{}: {}", status.code().description().trim_end_matches('.'), status.message())
}

/// A row about a whole file, for an answer that did not come.
fn failure(object: &str, status: &Status) -> Row {
    let row = |kind, message| Row::new(object, "", "", "", kind, message);
    match status.code() {
        Code::InvalidArgument => row(Kind::Error, status.message().to_string()),
        Code::ResourceExhausted | Code::DeadlineExceeded | Code::Internal => {
            let mut row = row(Kind::Unsupported, format!("undecided: {}", status.message()));
            row.undecided = Some(Undecided::Stopped);
            row
        }
        _ => row(Kind::Error, format!("the service: {}", words(status))),
    }
}

impl Backend for Remote {
    fn kernels(&self) -> Vec<&str> {
        self.kernels.iter().map(String::as_str).collect()
    }

    fn object(&self, question: &Question, name: &str, bytes: &[u8], take: &mut dyn FnMut(Row)) {
        let input = proto::Input { name: name.to_string(), what: Some(What::Object(bytes.to_vec())) };
        let rows = self.verify(question, input, self.target.clone()).unwrap_or_else(|e| vec![failure(name, &e)]);
        rows.into_iter().for_each(take);
    }

    fn raw(&self, question: &Question, object: &str, program: &RawProgram, kernel: usize) -> Result<Row, String> {
        let what = What::Raw(wire::send_raw_program(program));
        let input = proto::Input { name: object.to_string(), what: Some(what) };
        let kernels = self.kernels.get(kernel).cloned().into_iter().collect();
        let target = proto::Target { kernels, ..self.target.clone() };
        match self.verify(question, input, target) {
            Ok(rows) => rows.into_iter().next().ok_or_else(|| "the service sent no answer".to_string()),
            Err(e) if e.code() == Code::InvalidArgument => Err(e.message().to_string()),
            Err(e) => {
                let mut row = failure(object, &e);
                row.program.clone_from(&program.name);
                Ok(row)
            }
        }
    }
}

/// The back end that the command line names, if it names a service.
///
/// # Errors
/// In words for the user.
pub fn backend(server: &ServerArgs, target: &TargetArgs) -> Result<Option<Box<dyn Backend>>, String> {
    let Some(url) = &server.server else { return Ok(None) };
    Ok(Some(Box::new(Remote::connect(url, server, target)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_those_of_the_service() {
        let known: Vec<proto::Kernel> = [("6.12", "6.12.117"), ("7.1", "7.1.3")]
            .map(|(name, release)| proto::Kernel {
                name: name.into(),
                release: release.into(),
                ..proto::Kernel::default()
            })
            .into();
        let kernels = |words: &[&str]| kernels(words, &known);
        assert_eq!(kernels(&["7.1.3", "6.12", "7.1"]), Ok(vec!["7.1".to_string(), "6.12".to_string()]));
        assert_eq!(kernels(&["6.12", "7.1"]), Ok(vec!["6.12".to_string(), "7.1".to_string()]));
        assert_eq!(kernels(&["all"]).map(|k| k.len()), Ok(2));
        assert!(kernels(&["5.4"]).is_err_and(|e| e.contains("6.12, 7.1")));
        assert!(kernels(&[]).is_err());
    }
}
