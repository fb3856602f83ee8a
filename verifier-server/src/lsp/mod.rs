//! `bpfvet lsp`: answers in an editor, on the source of objects that were rebuilt.
//!
//! Objects below the workspace are watched. When a build writes one, its programs are asked about on the kernels of its
//! `bpfvet.toml`, on a thread of its own: the editor never waits. What is shown is what the object says, so a file that was
//! edited since keeps what was true of the last build. The transport is `lsp-server`; the few messages that are spoken are
//! JSON values here, since the types of the whole protocol would be most of the binary's build.

mod objects;
mod show;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use serde_json::{Value, json};

use crate::args::LspArgs;
use crate::clean;
use objects::{Checked, Objects};

/// How long to wait for a message before looking around.
const TICK: Duration = Duration::from_millis(20);
/// How often known objects are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often new objects are searched for.
const SEARCH: Duration = Duration::from_secs(3);

/// Serves an editor over standard input and output until it says that it is over.
///
/// # Errors
/// When the connection breaks.
pub fn run(args: &LspArgs) -> Result<u8, String> {
    let (connection, threads) = Connection::stdio();
    let code = serve(&connection, args)?;
    drop(connection);
    threads.join().map_err(|e| e.to_string())?;
    Ok(code)
}

/// What the editor can expect.
fn capabilities() -> Value {
    json!({
        "textDocumentSync": {"openClose": false, "change": 0, "save": true},
        "hoverProvider": true,
        "codeActionProvider": {"codeActionKinds": ["quickfix"]},
        "codeLensProvider": {"resolveProvider": false},
        "executeCommandProvider": {"commands": [show::COMMAND]},
    })
}

fn serve(connection: &Connection, args: &LspArgs) -> Result<u8, String> {
    let broken = |e: lsp_server::ProtocolError| e.to_string();
    let (id, params) = connection.initialize_start().map_err(broken)?;
    let about = json!({
        "capabilities": capabilities(),
        "serverInfo": {"name": "bpfvet", "version": env!("CARGO_PKG_VERSION")},
    });
    connection.initialize_finish(id, about).map_err(broken)?;
    let (results, checked) = mpsc::channel();
    let mut session =
        Session { connection, objects: Objects::new(roots(&params, args), args, results), shown: Vec::new() };
    let (mut looked, mut searched) = (None::<Instant>, None::<Instant>);
    loop {
        let due = |last: Option<Instant>, every: Duration| last.is_none_or(|t| t.elapsed() >= every);
        if due(searched, SEARCH) {
            session.objects.search();
            searched = Some(Instant::now());
        }
        if due(looked, LOOK) {
            session.objects.look();
            looked = Some(Instant::now());
        }
        while let Ok(result) = checked.try_recv() {
            session.take(result)?;
        }
        match connection.receiver.recv_timeout(TICK) {
            Ok(Message::Request(request)) => {
                if connection.handle_shutdown(&request).map_err(broken)? {
                    return Ok(0);
                }
                session.request(request)?;
            }
            Ok(Message::Notification(n)) if n.method == "exit" => return Ok(1),
            Ok(Message::Notification(n)) => {
                if matches!(n.method.as_str(), "textDocument/didSave" | "workspace/didChangeWatchedFiles") {
                    session.objects.search();
                    session.objects.look();
                }
            }
            Ok(Message::Response(_)) => {}
            Err(e) if e.is_timeout() => {}
            // The editor went away.
            Err(_) => return Ok(0),
        }
    }
}

/// The folders that are open in the editor; those of the command line come first.
fn roots(params: &Value, args: &LspArgs) -> Vec<PathBuf> {
    if !args.folders.is_empty() {
        return args.folders.clone();
    }
    let folders = params["workspaceFolders"].as_array().into_iter().flatten();
    let mut out: Vec<PathBuf> = folders.filter_map(|f| f["uri"].as_str()).filter_map(path_of).collect();
    if out.is_empty() {
        out.extend(params["rootUri"].as_str().and_then(path_of));
    }
    if out.is_empty() {
        out.extend(params["rootPath"].as_str().map(PathBuf::from));
    }
    out
}

/// The file of a URI.
pub(crate) fn path_of(uri: &str) -> Option<PathBuf> {
    let path = uri.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(b) = rest.next() {
        if b != b'%' {
            bytes.push(b);
            continue;
        }
        let digit = |c: u8| char::from(c).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The URI of a file.
pub(crate) fn uri_of(path: &Path) -> String {
    format!("file://{}", clean::uri(&path.to_string_lossy()))
}

struct Session<'a> {
    connection: &'a Connection,
    objects: Objects,
    /// Files that have diagnostics now.
    shown: Vec<PathBuf>,
}

impl Session<'_> {
    fn send(&self, message: Message) -> Result<(), String> {
        self.connection.sender.send(message).map_err(|_| "the editor went away".to_string())
    }

    fn notify(&self, method: &str, params: Value) -> Result<(), String> {
        self.send(Message::Notification(Notification { method: method.into(), params }))
    }

    /// Takes the answers about an object, and shows what they change.
    fn take(&mut self, result: Checked) -> Result<(), String> {
        if let Some(problem) = &result.problem {
            let message = format!("bpfvet: {}", clean::lines(problem));
            self.notify("window/showMessage", json!({"type": 1, "message": message}))?;
        }
        self.objects.take(result);
        let now = show::diagnostics(&self.objects);
        let gone = self.shown.iter().filter(|f| !now.contains_key(*f));
        for file in gone.cloned().collect::<Vec<_>>() {
            self.notify("textDocument/publishDiagnostics", json!({"uri": uri_of(&file), "diagnostics": []}))?;
        }
        self.shown = now.keys().cloned().collect();
        for (file, diagnostics) in now {
            let params = json!({"uri": uri_of(&file), "diagnostics": diagnostics});
            self.notify("textDocument/publishDiagnostics", params)?;
        }
        if self.objects.refreshes() {
            let id = self.objects.next_id().into();
            self.send(Message::Request(Request {
                id,
                method: "workspace/codeLens/refresh".into(),
                params: Value::Null,
            }))?;
        }
        Ok(())
    }

    fn request(&mut self, request: Request) -> Result<(), String> {
        let params = &request.params;
        let file = params["textDocument"]["uri"].as_str().and_then(path_of);
        let answer = match (request.method.as_str(), file) {
            ("textDocument/hover", Some(file)) => show::hover(&mut self.objects, &file, &params["position"]),
            ("textDocument/codeAction", Some(file)) => show::actions(&self.objects, &file, &params["range"]),
            ("textDocument/codeLens", Some(file)) => show::lenses(&self.objects, &file),
            ("workspace/executeCommand", _) => Value::Null,
            (method, _) => {
                let code = ErrorCode::MethodNotFound as i32;
                let message = format!("`{}` is not answered", clean::line(method));
                return self.send(Message::Response(Response::new_err(request.id, code, message)));
            }
        };
        self.send(Message::Response(Response::new_ok(request.id, answer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_uris_name_each_other() {
        let path = Path::new("/a b/ü#?.c");
        assert_eq!(path_of(&uri_of(path)).as_deref(), Some(path));
        assert_eq!(path_of("file://localhost/x"), Some("/x".into()));
        assert_eq!((path_of("untitled:1"), path_of("file:///%zz"), path_of("file:///%c3")), (None, None, None));
    }
}
