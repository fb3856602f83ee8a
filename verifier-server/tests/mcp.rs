//! `bpfvet mcp` as a client without a model meets it: it checks, takes the change that `fix` names, applies it, compiles, and
//! checks again.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

struct Client {
    server: Child,
    input: ChildStdin,
    out: BufReader<ChildStdout>,
    id: u64,
}

impl Client {
    fn new() -> Client {
        let mut server = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
            .arg("mcp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("bpfvet starts");
        let input = server.stdin.take().expect("its input");
        let out = BufReader::new(server.stdout.take().expect("its output"));
        let mut client = Client { server, input, out, id: 0 };
        let about = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
        assert_eq!(client.ask("initialize", about)["serverInfo"]["name"], "bpfvet");
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input, "{message}").expect("bpfvet reads");
        self.input.flush().expect("bpfvet reads");
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut line = String::new();
        self.out.read_line(&mut line).expect("bpfvet answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(answer["id"], id, "{answer}");
        answer["result"].clone()
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// What a tool says in words.
    fn words(&mut self, tool: &str, arguments: Value) -> String {
        self.call(tool, arguments)["content"][0]["text"].as_str().expect("words").to_string()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn tools_answer_in_few_lines() {
    let mut client = Client::new();
    let object = root().join("verifier-server/tests/formats/mixed.bpf.o").display().to_string();
    let said = client.words("check", json!({"object": object}));
    assert!(said.contains("first_byte on Linux 6.12: rejected") && said.contains("[mem-packet-range]"), "{said}");
    assert!(said.len() < 3000, "{}", said.len());
    let checked = client.call("check", json!({"object": object, "kernel": "6.1,6.12", "program": "first_byte"}));
    assert_eq!(checked["structuredContent"]["failing"], 2, "{checked}");
    let said = client.words("fix", json!({"object": object}));
    assert!(said.contains("[fix-packet-check]"), "{said}");
    assert!(client.words("explain", json!({"code": "mem-packet-range"})).contains("mem-packet-range"));
    assert!(client.words("explain", json!({"object": object, "program": "first_byte"})).contains("step: instruction"));
    assert!(client.words("has", json!({"name": "bpf_loop"})).contains("5.17"));
    assert!(client.words("cost", json!({"object": object, "program": "first_byte"})).contains("first_byte"));
    let log = "0: R1=ctx() R10=fp0\n0: (95) exit\nR0 !read_ok\nprocessed 1 insns\n";
    assert!(client.words("explain_log", json!({"log": log})).contains("R0"));
    // What is wrong is told to the agent, and ends nothing.
    let wrong = client.call("check", json!({"object": "/not/there.o"}));
    assert!(wrong["content"][0]["text"].as_str().is_some_and(|t| t.contains("No such file")), "{wrong}");
    let wrong = client.call("check", json!({"objct": "x"}));
    assert!(
        wrong["isError"] == true
            && wrong["content"][0]["text"].as_str().is_some_and(|t| t.contains("did you mean `object`?")),
        "{wrong}"
    );
    let wrong = client.call("check", json!({"object": object, "kernel": "1.0"}));
    assert_eq!(wrong["isError"], true, "{wrong}");
    // An argument is never taken for an option.
    let wrong = client.call("check", json!({"object": "--help"}));
    assert!(!wrong["content"][0]["text"].as_str().is_some_and(|t| t.contains("Usage")), "{wrong}");
}

/// A compiler for BPF, where there is one.
fn clang() -> Option<&'static str> {
    let there = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success());
    ["clang-19", "clang"].into_iter().find(there)
}

/// Compiles a source into an object beside it.
fn compile(clang: &str, source: &Path) -> bool {
    let mut command = Command::new(clang);
    command.args(["--target=bpf", "-mcpu=v3", "-O2", "-g", "-w", "-fdebug-compilation-dir=.", "-I"]);
    // Debian keeps the headers of its machine apart.
    let own = format!("-I/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    command.arg(root().join("tests/traces")).arg(own).arg("-c").arg(source).arg("-o").arg(source.with_extension("o"));
    command.output().is_ok_and(|o| o.status.success())
}

/// Makes the changes that a fix names: each of a line, counted as they were before.
fn apply(source: &Path, fix: &Value) -> bool {
    let text = std::fs::read_to_string(source).expect("reads");
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    let mut edits: Vec<&Value> = fix["edits"].as_array().into_iter().flatten().collect();
    edits.sort_by_key(|e| std::cmp::Reverse(e["line"].as_u64()));
    for e in &edits {
        let Some(at) = e["line"].as_u64().and_then(|n| usize::try_from(n).ok()?.checked_sub(1)) else { return false };
        let Some(line) = lines.get_mut(at) else { return false };
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        match (e["before"].as_str(), e["instead"].as_str()) {
            (Some(code), _) => lines.insert(at, format!("{indent}{code}")),
            (None, Some(code)) => *line = format!("{indent}{code}"),
            (None, None) => return false,
        }
    }
    std::fs::write(source, lines.join("\n") + "\n").expect("writes");
    !edits.is_empty()
}

#[test]
fn a_client_without_a_model_repairs_what_is_rejected() {
    let Some(clang) = clang() else {
        eprintln!("skipped: no clang");
        return;
    };
    let folder = std::env::temp_dir().join(format!("bpfvet-mcp-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut client = Client::new();
    let (mut repaired, mut left) = (Vec::new(), Vec::new());
    let mut names: Vec<String> = std::fs::read_dir(root().join("tests/traces"))
        .expect("cases")
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .filter(|n| n.ends_with(".bpf.c") && !n.contains(".fixed."))
        .collect();
    names.sort();
    for name in names {
        let source = folder.join(&name);
        std::fs::copy(root().join("tests/traces").join(&name), &source).expect("copies");
        if !compile(clang, &source) {
            continue;
        }
        let object = json!({"object": source.with_extension("o").display().to_string()});
        // As a client goes on: the first fix that is a change, then the next problem, a few times.
        let mut loads = false;
        for _ in 0..3 {
            let checked = client.call("check", object.clone());
            loads = checked["structuredContent"]["failing"] == 0 && checked["isError"] == false;
            if loads {
                break;
            }
            let fix = client.call("fix", object.clone());
            let fixes = fix["structuredContent"]["programs"][0]["fixes"].as_array().cloned().unwrap_or_default();
            let Some(fix) = fixes.iter().find(|f| f["edits"].as_array().is_some_and(|e| !e.is_empty())) else { break };
            if !apply(&source, fix) || !compile(clang, &source) {
                break;
            }
        }
        if loads { repaired.push(name) } else { left.push(name) }
    }
    if repaired.len() + left.len() == 0 {
        eprintln!("skipped: no headers to compile with");
        return;
    }
    println!("repaired {}, not {}: {left:?}", repaired.len(), left.len());
    let _ = std::fs::remove_dir_all(&folder);
    assert!(repaired.len() >= 12, "repaired {repaired:?}, not {left:?}");
}
