//! What every known kernel says of the programs of object files: one line for each program and kernel.
//!
//! `cargo run --release --example check -- FILE...`; ends with 1 when a program does not load. It reads files and writes
//! lines, nothing else, so that it runs where there is no kernel to ask: `make wasm` runs it under WebAssembly and holds
//! every line against those of this machine.

use std::process::ExitCode;

use verifier_core::{Error, Kernel, Object, Program, Question, Verdict};

fn main() -> ExitCode {
    let mut all_load = true;
    for file in std::env::args().skip(1) {
        for kernel in Kernel::all() {
            let object = match Object::open(&kernel, &file) {
                Ok(object) => object,
                Err(e) => {
                    println!("{file}: {e}");
                    all_load = false;
                    continue;
                }
            };
            for program in object.programs() {
                let (loads, words) = judge(&kernel, program).unwrap_or_else(|e| (false, one_line(&e.to_string())));
                println!("{file}: {}: Linux {}: {words}", program.name(), kernel.name);
                all_load &= loads;
            }
        }
    }
    if all_load { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether it loads, and the verdict in words.
fn judge(kernel: &Kernel, program: &Program) -> Result<(bool, String), Error> {
    let answer = Question::new(kernel, program).log(2).ask()?;
    let last = answer.log.lines().rfind(|l| !l.starts_with("processed ")).unwrap_or_default();
    let words = match &answer.verdict {
        Verdict::Accepted(_) => "accepted".to_string(),
        Verdict::Rejected(r) => format!("rejected, {}: {}", r.errno.name(), one_line(last)),
        Verdict::Unsupported(what) => format!("not modelled: {what}"),
        Verdict::Budget(what) => format!("undecided: {what}"),
    };
    let counters = answer.counters.map(|c| format!(" ({} instructions, {} states)", c.insns, c.total_states));
    let loads = matches!(answer.verdict, Verdict::Accepted(_));
    Ok((loads, format!("{words}{}; {} bytes of log", counters.unwrap_or_default(), answer.log.len())))
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
