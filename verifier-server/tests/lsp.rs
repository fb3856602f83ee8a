//! `bpfvet lsp` as an editor meets it, over standard input and output: diagnostics with causes, hover, lens, quick fix, and
//! the diagnostic gone once the object is rebuilt.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const SOURCE: &[u8] = include_bytes!("formats/mixed.bpf.c");
const OBJECT: &[u8] = include_bytes!("formats/mixed.bpf.o");
const GOOD: &[u8] = include_bytes!("../../corpus/demo/accepted.bpf.o");

/// An editor with a workspace of its own.
struct Editor {
    folder: PathBuf,
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// Notifications and requests that came while an answer was waited for.
    early: Vec<Value>,
    id: u64,
}

fn read(out: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if out.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(n) = line.strip_prefix("Content-Length: ") {
            length = n.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    out.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

impl Editor {
    fn open(test: &str, files: &[(&str, &[u8])]) -> Editor {
        let folder = std::env::temp_dir().join(format!("bpfvet lsp {test} {}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        files.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).expect("writes"));
        let folder = folder.canonicalize().expect("a folder");
        let mut server = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("bpfvet starts");
        let input = server.stdin.take().expect("its input");
        let mut out = BufReader::new(server.stdout.take().expect("its output"));
        let (send, messages) = channel();
        std::thread::spawn(move || {
            while let Some(m) = read(&mut out) {
                if send.send(m).is_err() {
                    break;
                }
            }
        });
        let mut editor = Editor { folder, server, input, messages, early: Vec::new(), id: 0 };
        let root = uri(&editor.folder);
        let about = editor.ask("initialize", json!({"processId": null, "rootUri": root, "capabilities": {}}));
        assert_eq!(about["capabilities"]["hoverProvider"], true);
        editor.send(&json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}));
        editor
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("bpfvet reads");
        self.input.flush().expect("bpfvet reads");
    }

    fn next(&self) -> Value {
        self.messages.recv_timeout(Duration::from_secs(60)).expect("a message")
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let m = self.next();
            if m["id"] == id && m.get("method").is_none() {
                assert!(m.get("error").is_none(), "{m}");
                return m["result"].clone();
            }
            self.early.push(m);
        }
    }

    /// The next diagnostics of a file.
    fn diagnostics(&mut self, name: &str) -> Value {
        let uri = uri(&self.file(name));
        let of = |m: &Value| m["method"] == "textDocument/publishDiagnostics" && m["params"]["uri"] == uri.as_str();
        if let Some(at) = self.early.iter().position(of) {
            return self.early.remove(at)["params"]["diagnostics"].clone();
        }
        loop {
            let m = self.next();
            if of(&m) {
                return m["params"]["diagnostics"].clone();
            }
        }
    }

    fn close(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.send(&json!({"jsonrpc": "2.0", "method": "exit"}));
        assert!(self.server.wait().expect("ends").success());
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display().to_string().replace(' ', "%20"))
}

fn document(editor: &Editor, name: &str) -> Value {
    json!({"uri": uri(&editor.file(name))})
}

#[test]
fn an_editor_shows_what_a_build_is_told_and_forgets_it_with_the_next() {
    let mut editor = Editor::open("session", &[("mixed.bpf.c", SOURCE), ("mixed.bpf.o", OBJECT)]);
    let all = editor.diagnostics("mixed.bpf.c");
    let found =
        all.as_array().and_then(|a| a.iter().find(|d| d["code"] == "mem-packet-range")).expect("a diagnostic").clone();
    let message = found["message"].as_str().expect("words");
    assert!(message.contains("`*data` reaches beyond") && message.contains("Linux 6.12"), "{message}");
    // Line 15, `*data`: 0-based, in UTF-16 units; the tab counts as one.
    assert_eq!(found["range"], json!({"start": {"line": 14, "character": 8}, "end": {"line": 14, "character": 13}}));
    let related = found["relatedInformation"].as_array().expect("causes");
    assert_eq!((related.len(), &related[0]["location"]["range"]["start"]["line"]), (1, &12.into()));

    let at = json!({"line": 14, "character": 10});
    let params = json!({"textDocument": document(&editor, "mixed.bpf.c"), "position": at});
    let hover = editor.ask("textDocument/hover", params);
    assert!(hover["contents"]["value"].as_str().is_some_and(|v| v.contains("instructions processed here")), "{hover}");
    let params = json!({"textDocument": document(&editor, "mixed.bpf.c")});
    let lenses = editor.ask("textDocument/codeLens", params);
    let titles: Vec<&str> =
        lenses.as_array().into_iter().flatten().filter_map(|l| l["command"]["title"].as_str()).collect();
    assert!(titles.contains(&"first_byte: 6.12 mem-packet-range"), "{titles:?}");
    let range = json!({"start": at, "end": at});
    let params =
        json!({"textDocument": document(&editor, "mixed.bpf.c"), "range": range, "context": {"diagnostics": []}});
    let actions = editor.ask("textDocument/codeAction", params);
    let edit = &actions[0]["edit"]["changes"][uri(&editor.file("mixed.bpf.c"))][0];
    assert_eq!(
        (&actions[0]["kind"], &edit["range"]["start"]),
        (&"quickfix".into(), &json!({"line": 14, "character": 0}))
    );
    assert!(edit["newText"].as_str().is_some_and(|t| t.starts_with("\tif (") && t.ends_with(";\n")), "{actions}");

    // The object is rebuilt, and all is well.
    std::fs::write(editor.file("mixed.bpf.o"), GOOD).expect("writes");
    let built = Instant::now();
    assert_eq!(editor.diagnostics("mixed.bpf.c"), json!([]));
    println!("gone after {:?}", built.elapsed());
    assert!(built.elapsed() < Duration::from_secs(5), "{:?}", built.elapsed());
    editor.close();
}

#[test]
fn mistakes_of_a_contract_are_shown_and_end_nothing() {
    let mut editor = Editor::open(
        "mistakes",
        &[("a.bpf.o", OBJECT), ("bpfvet.toml", b"kernel = \"6.1\"\n"), ("mixed.bpf.c", SOURCE)],
    );
    let shown = loop {
        let m = editor.next();
        if m["method"] == "window/showMessage" {
            break m["params"]["message"].as_str().unwrap_or_default().to_string();
        }
    };
    assert!(shown.contains("did you mean `kernels`?"), "{shown}");
    std::fs::write(editor.file("bpfvet.toml"), "kernels = \"6.1\"\n").expect("writes");
    // The next build is asked about with the file as it is then.
    std::fs::write(editor.file("a.bpf.o"), [OBJECT, b"\0"].concat()).expect("writes");
    let all = editor.diagnostics("mixed.bpf.c");
    assert!(all[0]["message"].as_str().is_some_and(|m| m.contains("Linux 6.1)")), "{all}");
    let uri = "file:///not/there.c";
    let nothing = editor
        .ask("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}));
    assert_eq!(nothing, Value::Null);
    editor.close();
}
