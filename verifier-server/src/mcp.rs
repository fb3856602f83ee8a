//! `bpfvet mcp`: the answers as tools for coding agents, by the Model Context Protocol over standard input and output.
//!
//! The protocol is JSON-RPC 2.0, a message per line, and of it a server of tools needs five methods; they stand here on
//! `serde_json`. The crate that is kept for it, `rmcp`, would bring 35 more crates, an asynchronous runtime and a schema
//! generator into a binary that answers one question at a time. Answers are short: a verdict, what is wrong, where, and the
//! change that helps; an agent that wants all asks `explain`.

mod tools;

use std::io::{self, BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use crate::clean;

/// Versions of the protocol that are spoken, newest first.
const VERSIONS: &[&str] = &["2025-06-18", "2025-03-26", "2024-11-05"];
/// Longest message that is read.
const MOST: u64 = 64 << 20;

/// What a client is told at the beginning.
const ABOUT: &str = "bpfvet says whether Linux kernels load a BPF object, without a kernel and without root. The loop: compile, \
`check`; where a program is rejected, `fix` names a change of the source; apply it, compile, `check` again. `explain` tells all \
about one program, `explain_log` reads a verifier log that somebody has, `cost` says where the instructions go, `has` since when \
a helper, kfunc, map or program type is there.";

/// Codes of JSON-RPC.
mod code {
    pub const PARSE: i32 = -32700;
    pub const REQUEST: i32 = -32600;
    pub const METHOD: i32 = -32601;
    pub const PARAMS: i32 = -32602;
}

/// Serves standard input until it ends.
///
/// # Errors
/// When the output cannot be written.
pub fn run() -> Result<u8, String> {
    serve(io::stdin().lock(), &mut io::stdout().lock()).map_err(|e| e.to_string())?;
    Ok(0)
}

/// Serves a stream of lines until it ends.
///
/// # Errors
/// When it cannot be read or the answers cannot be written.
pub fn serve(mut input: impl BufRead, out: &mut dyn Write) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        if (&mut input).take(MOST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.len() as u64 == MOST && line.last() != Some(&b'\n') {
            input.skip_until(b'\n')?;
            let message = format!("a message is longer than {} MiB", MOST >> 20);
            send(out, &error(&Value::Null, code::REQUEST, &message))?;
            continue;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match serde_json::from_slice::<Value>(&line) {
            Ok(Value::Array(_)) => Some(error(&Value::Null, code::REQUEST, "batches are not taken")),
            Ok(message) => answer(&message),
            Err(e) => Some(error(&Value::Null, code::PARSE, &format!("not JSON: {e}"))),
        };
        if let Some(answer) = answer {
            send(out, &answer)?;
        }
    }
}

fn send(out: &mut dyn Write, answer: &Value) -> io::Result<()> {
    writeln!(out, "{}", clean::json(&answer.to_string()))?;
    out.flush()
}

fn error(id: &Value, code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": clean::lines(message)}})
}

/// The answer to a message; notifications and answers of the client have none.
fn answer(message: &Value) -> Option<Value> {
    let id = message.get("id")?.clone();
    let Some(method) = message.get("method").and_then(Value::as_str) else {
        let is_answer = message.get("result").is_some() || message.get("error").is_some();
        return (!is_answer).then(|| error(&id, code::REQUEST, "`method` is missing"));
    };
    let params = message.get("params").unwrap_or(&Value::Null);
    let result = match method {
        "initialize" => Ok(initialize(params)),
        "ping" => Ok(json!({})),
        "tools/list" => Ok(json!({"tools": tools::list()})),
        "tools/call" => call(params),
        other => Err((code::METHOD, format!("no method `{other}`"))),
    };
    Some(match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err((code, message)) => error(&id, code, &message),
    })
}

fn initialize(params: &Value) -> Value {
    let asked = params.get("protocolVersion").and_then(Value::as_str);
    let version = VERSIONS.iter().find(|v| Some(**v) == asked).unwrap_or(&VERSIONS[0]);
    json!({
        "protocolVersion": version,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "bpfvet", "version": env!("CARGO_PKG_VERSION")},
        "instructions": ABOUT,
    })
}

/// Calls a tool. What goes wrong in it is an answer that says so, for the agent to read.
fn call(params: &Value) -> Result<Value, (i32, String)> {
    let name = params.get("name").and_then(Value::as_str).ok_or((code::PARAMS, "`name` is missing".to_string()))?;
    let tool = tools::find(name).map_err(|e| (code::PARAMS, e))?;
    let arguments = params.get("arguments").unwrap_or(&Value::Null);
    let done = catch_unwind(AssertUnwindSafe(|| tool.call(arguments)));
    let done = done.unwrap_or_else(|_| Err("internal error of bpfvet; please report the input".into()));
    Ok(match done {
        Ok(said) => {
            let mut out = json!({"content": [{"type": "text", "text": clean::lines(&said.text)}], "isError": false});
            if let Some(data) = said.data {
                out["structuredContent"] = data;
            }
            out
        }
        Err(e) => json!({"content": [{"type": "text", "text": clean::lines(&e)}], "isError": true}),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(lines: &[&str]) -> Vec<Value> {
        let mut out = Vec::new();
        serve(lines.join("\n").as_bytes(), &mut out).expect("serves");
        String::from_utf8(out).expect("text").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
    }

    #[test]
    fn a_client_is_greeted_and_mistakes_are_named() {
        let answers = talk(&[
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":"two","method":"tools/list"}"#,
            r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"chek"}}"#,
            r#"{"jsonrpc":"2.0","id":4,"method":"nothing"}"#,
            "{",
            r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"has","arguments":{"name":"bpf_loop"}}}"#,
        ]);
        assert_eq!(answers[0]["result"]["protocolVersion"], "2025-03-26");
        assert_eq!((answers.len(), &answers[1]["id"]), (6, &json!("two")));
        assert!(answers[1]["result"]["tools"].as_array().is_some_and(|t| t.len() == 6));
        assert!(answers[2]["error"]["message"].as_str().is_some_and(|m| m.contains("did you mean `check`?")));
        assert_eq!(answers[3]["error"]["code"], code::METHOD);
        assert_eq!(answers[4]["error"]["code"], code::PARSE);
        assert!(answers[5]["result"]["content"][0]["text"].as_str().is_some_and(|t| t.contains("5.17")));
    }

    #[test]
    fn whatever_comes_is_answered_or_passed_over() {
        let mut n = 0u32;
        let valid =
            r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"check","arguments":{"object":"/x"}}}"#;
        for at in 0..valid.len() {
            for with in [b'"', b'{', b'\\', b'0', 0x80] {
                let mut bytes = valid.as_bytes().to_vec();
                bytes[at] = with;
                let mut out = Vec::new();
                serve(&bytes[..], &mut out).expect("serves");
                n += 1;
            }
        }
        assert_eq!(n as usize, 5 * valid.len());
    }
}
