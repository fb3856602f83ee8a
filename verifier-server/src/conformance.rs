//! `bpfvet conformance`: the cases of the bpf_conformance suite, and the contract by which its own runner drives us.
//!
//! A case is a text of sections that begin with `-- `: `asm` or `raw`, `mem`, `result`, `error`. The program gets the
//! memory in r1 and its length in r2. Everything runs checked.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use verifier_core::isa::asm::assemble_conformance;
use verifier_core::isa::{Insn, decode_all};
use verifier_runtime::engines::EngineKind;
use verifier_runtime::memory::RegionKind;
use verifier_runtime::program::bare_request;
use verifier_runtime::replay::{Scenario, Value};
use verifier_runtime::{Code, Engine, Stop, Vm};

use crate::args::ConformanceArgs;
use crate::hex;

/// Bytes of input that are read.
const MAX_INPUT: u64 = 64 << 20;

/// One case.
#[derive(Debug, Default)]
struct Case {
    insns: Vec<Insn>,
    mem: Vec<u8>,
    /// r0 expected, or the words of the error.
    result: Option<u64>,
    error: bool,
}

fn number(text: &str) -> Option<u64> {
    let t = text.trim();
    match t.strip_prefix("0x").or_else(|| t.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => t.parse().ok().or_else(|| t.parse::<i64>().ok().map(|n| n as u64)),
    }
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    text.split_whitespace()
        .map(|word| hex::decode(word.as_bytes()))
        .collect::<Option<Vec<Vec<u8>>>>()
        .map(|words| words.concat())
}

impl Case {
    fn parse(text: &str) -> Result<Case, String> {
        let mut case = Case::default();
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("-- ") {
                sections.push((name.trim().to_string(), String::new()));
            } else if let Some((_, body)) = sections.last_mut() {
                body.push_str(line);
                body.push('\n');
            }
        }
        let bare = |body: &str| body.lines().map(|l| l.split('#').next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        let (mut assembled, mut raw) = (None, None);
        for (name, body) in &sections {
            match name.as_str() {
                "asm" => assembled = Some(assemble_conformance(body).map_err(|e| e.to_string())?),
                "raw" => {
                    let slots = bare(body).split_whitespace().map(number).collect::<Option<Vec<u64>>>();
                    let slots = slots.ok_or("section raw is not a list of numbers")?;
                    raw = Some(slots.iter().map(|s| Insn::from_bytes(s.to_le_bytes())).collect::<Vec<_>>());
                }
                "mem" => case.mem = hex_bytes(&bare(body)).ok_or("section mem is not hexadecimal")?,
                "result" => case.result = Some(number(&bare(body)).ok_or("section result is not a number")?),
                "error" => case.error = true,
                _ => {}
            }
        }
        if let (Some(a), Some(r)) = (&assembled, &raw)
            && a != r
        {
            return Err("sections asm and raw differ".into());
        }
        case.insns = assembled.or(raw).ok_or("no section asm or raw")?;
        Ok(case)
    }

    fn check(&self, engine: &dyn Engine) -> Result<(), String> {
        let got = execute(engine, self.insns.clone(), &self.mem);
        match (got, self.result) {
            (Ok(_), None) if self.error => Err("ended, but an error was expected".into()),
            (Err(_), _) if self.error => Ok(()),
            (Err(e), _) => Err(e),
            (Ok(r0), Some(expected)) if r0 != expected => Err(format!("r0 is {r0:#x}, expected {expected:#x}")),
            (Ok(_), _) => Ok(()),
        }
    }
}

/// Runs instructions over memory: r0.
fn execute(engine: &dyn Engine, insns: Vec<Insn>, mem: &[u8]) -> Result<u64, String> {
    let mut vm = Vm::new(1);
    vm.limits.time = Some(Duration::from_secs(10));
    let code = Code::unverified(&bare_request(0, insns, Vec::new()), &vm).map_err(|e| e.to_string())?;
    let mut scenario = Scenario::default();
    if mem.is_empty() {
        scenario.args = vec![Value::Number(0), Value::Number(0)];
    } else {
        let region = scenario.add(RegionKind::User("mem".into()), mem.to_vec(), true);
        scenario.args = vec![Value::Pointer { region, off: 0 }, Value::Number(mem.len() as u64)];
    }
    let played = scenario.run(engine, &vm, &code).map_err(|e| e.to_string())?;
    played.result.map_err(|stop: Stop| stop.to_string())
}

fn cases(dir: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            cases(&path, out)?;
        } else if path.extension().is_some_and(|e| e == "data") {
            out.push(path);
        }
    }
    Ok(())
}

/// Runs the command; the exit code.
///
/// # Errors
/// In words for the user.
pub fn run(args: &ConformanceArgs, out: &mut dyn Write) -> Result<u8, String> {
    let engine = EngineKind::from(args.engine).engine()?;
    if args.plugin {
        return plugin(engine.as_ref(), args.input.as_deref(), out);
    }
    let dir = Path::new(args.input.as_deref().ok_or("no folder given")?);
    let mut files = Vec::new();
    cases(dir, &mut files).map_err(|e| format!("{}: {e}", dir.display()))?;
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no *.data in it", dir.display()));
    }
    let failed = |e: std::io::Error| e.to_string();
    let mut wrong = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        if let Err(why) = Case::parse(&text).and_then(|c| c.check(engine.as_ref())) {
            wrong += 1;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            writeln!(out, "{name}: {why}").map_err(failed)?;
        }
    }
    writeln!(out, "{} passed, {wrong} failed", files.len() - wrong).map_err(failed)?;
    Ok(u8::from(wrong > 0))
}

/// One run for the suite's own runner: memory as an argument, the program on standard input, r0 on standard output.
fn plugin(engine: &dyn Engine, mem: Option<&str>, out: &mut dyn Write) -> Result<u8, String> {
    let mem = hex_bytes(mem.unwrap_or_default()).ok_or("the memory is not hexadecimal")?;
    let mut text = String::new();
    std::io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text).map_err(|e| e.to_string())?;
    let bytes = hex_bytes(&text).ok_or("the program is not hexadecimal")?;
    let insns = decode_all(&bytes).ok_or("the program is not a multiple of 8 bytes")?;
    let r0 = execute(engine, insns, &mem)?;
    writeln!(out, "{r0:x}").map_err(|e| e.to_string())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_read_and_judged() {
        let engine = EngineKind::Interp.engine().expect("interpreter");
        let check = |text: &str| Case::parse(text).and_then(|c| c.check(engine.as_ref()));
        assert_eq!(check("-- asm\nldxb %r0, [%r1+1]\nexit\n-- mem\n01 02\n-- result\n0x2\n"), Ok(()));
        assert!(check("-- asm\nmov %r0, 1\nexit\n-- result\n2\n").is_err_and(|e| e.contains("expected 0x2")));
        assert!(
            check("-- asm\nldxb %r0, [%r1+2]\nexit\n-- mem\n0102\n-- result\n0\n")
                .is_err_and(|e| e.contains("read of 1"))
        );
        assert!(check("-- asm\nexit\n-- raw\n0x9\n-- result\n0\n").is_err());
        assert!(check("-- mem\n0\n").is_err());
    }
}
