//! A Python client, generated from the proto, passes the same cases.
//!
//! Needs Python with venv and a package index that has grpcio-tools; where they are not to be had the test says so.

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::*;

/// Runs a command; what went wrong is told.
fn run(command: &mut Command) -> Result<String, String> {
    let out = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if out.status.success() { Ok(text) } else { Err(format!("{command:?}: {text}")) }
}

/// Python with grpcio-tools, in an environment of its own below `target/`.
fn python(dir: &Path) -> Result<PathBuf, String> {
    let python = dir.join("venv/bin/python");
    let ready = || run(Command::new(&python).args(["-c", "import grpc_tools.protoc"]));
    if ready().is_err() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(dir.join("venv")))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "grpcio-tools"]))?;
        ready()?;
    }
    Ok(python)
}

#[test]
fn a_python_client_passes_the_same_cases() {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = match python(&dir) {
        Ok(python) => python,
        Err(why) => {
            // Past the test harness, which keeps what passing tests print.
            let _ = writeln!(std::io::stderr(), "Python client not run: grpcio-tools cannot be installed: {why}");
            return;
        }
    };
    let stubs = dir.join("stubs");
    std::fs::create_dir_all(&stubs).expect("a folder");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let protos = here.join("../proto");
    let mut generate = Command::new(&python);
    generate.args(["-m", "grpc_tools.protoc"]).arg(format!("-I{}", protos.display()));
    for option in ["--python_out", "--grpc_python_out"] {
        generate.arg(format!("{option}={}", stubs.display()));
    }
    for file in std::fs::read_dir(protos.join("bpfvet/v1")).expect("the protos").flatten() {
        generate.arg(format!("bpfvet/v1/{}", file.file_name().display()));
    }
    run(&mut generate).expect("stubs");
    let server = Server::start(&[]);
    let out = run(Command::new(&python)
        .arg(here.join("tests/python_client.py"))
        .arg(&stubs)
        .arg(&server.address)
        .arg(here.join("tests/verify_cases.json"))
        .arg(here.join("../corpus")));
    println!("{}", out.expect("every case passes"));
}
