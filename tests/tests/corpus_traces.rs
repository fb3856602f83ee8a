//! The explanation of every rejection in the corpus: right line, right first step, and how it reads in text, SARIF and JUnit.
//!
//! A case says at its end where it fails and where the chain of causes begins:
//!
//! ```text
//! ; source: 12                 line of this file (`insn 7` where lines are repeated)
//! ; step: established 8        kind and line of the first step
//! ```
//!
//! The failing place is that of the kernel's own recording: a comment that differs from it is an error. `NAME.explained`
//! beside the case holds the renderings. `BPFVET_BLESS=1` writes both; what is missing is only reported unless `CI` is set,
//! so that a new case can be recorded before it is blessed.

use std::fs;
use std::path::Path;

use bpfvet_tests::corpus::{Case, RELEASES, cases, klog};
use verifier_core::analysis::{Options, System};
use verifier_core::explain::{Step, StepKind, explain};
use verifier_core::isa::asm::assemble_source;
use verifier_core::kernel::Kernel;
use verifier_server::args::Format;
use verifier_server::render;
use verifier_server::row::Row;

fn system(release: &str) -> System {
    let kernel = if release == "6.18" { Kernel::v6_18() } else { Kernel::v6_12() };
    let vmlinux = verifier_core::program::vmlinux(&kernel).expect("the profile holds BTF");
    System { kernel, vmlinux, modules: Vec::new() }
}

/// The last instruction that a kernel's log shows before it ends.
fn last_insn(log: &str) -> Option<usize> {
    log.lines().rev().find_map(|l| {
        let (n, rest) = l.split_once(": ")?;
        rest.starts_with('(').then(|| n.parse().ok()).flatten()
    })
}

/// The value of a closing comment.
fn mark<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let lines = text.lines().rev().take_while(|l| l.trim().is_empty() || l.starts_with([';', '/']));
    let mut values = lines.filter_map(|l| l.trim_start_matches([';', '/', ' ']).strip_prefix(key)?.strip_prefix(": "));
    values.next().map(str::trim)
}

/// Where an instruction or step stands, for people who read the case.
fn place(path: &Path, text: &str, insn: usize, step: Option<&Step>) -> String {
    if path.extension().is_some_and(|e| e == "s") {
        let lines = assemble_source(text).map(|s| s.lines).unwrap_or_default();
        return match lines.get(insn).filter(|_| !text.contains(".rept")) {
            Some(line) => line.to_string(),
            None => format!("insn {insn}"),
        };
    }
    match step.and_then(|s| s.source.as_ref()) {
        Some(s) => s.line.to_string(),
        None => format!("insn {insn}"),
    }
}

/// Writes closing comments in place of those that are there.
fn bless(path: &Path, text: &str, marks: &[(&str, String)]) {
    let comment = if path.extension().is_some_and(|e| e == "s") { ";" } else { "//" };
    let own = |l: &&str| ["source: ", "step: "].iter().any(|k| l.starts_with(&format!("{comment} {k}")));
    let kept: Vec<&str> = text.lines().filter(|l| !own(l)).collect();
    let mut out = kept.join("\n").trim_end().to_string() + "\n";
    for (key, value) in marks {
        out.push_str(&format!("{comment} {key}: {value}\n"));
    }
    if out != text {
        fs::write(path, out).expect("the case can be written");
    }
}

#[derive(Default)]
struct Found {
    wrong: Vec<String>,
    missing: Vec<String>,
    explained: usize,
    marked: usize,
}

fn check(case: &Case, release: &str, system: &System, blessing: bool, found: &mut Found) {
    let text = fs::read_to_string(&case.path).expect("the case can be read");
    let Ok(request) = case.request(system) else { return };
    let options = Options { privilege: case.privilege().expect("capabilities"), ..Options::default() };
    let (report, trace) = explain(system, &request, &options);
    let Some(trace) = trace else { return };
    found.explained += 1;
    let insn = report.insn_idx;
    let recorded = fs::read_to_string(klog::path(case, release)).expect("a recording");
    // What is refused after or before the walk stands at no instruction, in the log as in the trace.
    let in_walk = trace.steps.iter().any(|s| s.kind == StepKind::Failing && s.insn == insn);
    let kernel_stood = last_insn(&recorded).filter(|_| in_walk);
    // What is wrong with a function's arguments is said before its first instruction is printed.
    let at_entry = request.func_info.iter().any(|f| f.insn_off as usize == insn);
    // So is what is wrong with the instruction's encoding: the log then ends at the one before.
    let unprinted = |at: usize| at_entry || at + 1 == insn;
    let kernel_stood = kernel_stood.filter(|at| *at == insn || !unprinted(*at));
    if let Some(at) = kernel_stood.filter(|at| *at != insn) {
        found.wrong.push(format!("{}: the kernel stood at instruction {at}, the trace ends at {insn}", case.name));
        return;
    }
    let mut marks: Vec<(&str, String)> = Vec::new();
    if kernel_stood.is_some() {
        let failing = trace.steps.iter().find(|s| s.kind == StepKind::Failing);
        marks.push(("source", place(&case.path, &text, insn, failing)));
        if let Some(first) = trace.steps.first().filter(|s| s.kind != StepKind::Failing) {
            marks
                .push(("step", format!("{} {}", first.kind.word(), place(&case.path, &text, first.insn, Some(first)))));
        }
    }
    if blessing {
        bless(&case.path, &text, &marks);
    }
    for (key, value) in &marks {
        found.marked += 1;
        match mark(&text, key) {
            _ if blessing => {}
            Some(said) if said == value => {}
            Some(said) => found.wrong.push(format!("{}: {key} is {value}, the case says {said}", case.name)),
            None => found.missing.push(format!("{}: no {key}", case.name)),
        }
    }

    let object = case.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut row = Row::verified(&object, &request.name, "", system, &request, report, false);
    row.counters = None;
    // Where a case was compiled says nothing.
    let bare = |file: &mut String| *file = file.rsplit('/').next().unwrap_or_default().to_string();
    row.source.iter_mut().for_each(|s| bare(&mut s.file));
    let mut trace = trace;
    trace.steps.iter_mut().filter_map(|s| s.source.as_mut()).for_each(|s| bare(&mut s.file));
    row.trace = Some(trace);
    let rows = [row];
    let render = |f| render::report(f, &rows).expect("renders");
    let all = [render(Format::Text), render(Format::Sarif), render(Format::Junit)].join("\n");
    let file = case.path.with_extension("explained");
    match fs::read_to_string(&file) {
        _ if blessing => fs::write(&file, all).expect("can be written"),
        Ok(before) if before == all => {}
        Ok(before) => {
            let differs = before.lines().zip(all.lines()).find(|(a, b)| a != b).unwrap_or(("shorter", "or longer"));
            found
                .wrong
                .push(format!("{}: reads differently\n    was: {}\n    is:  {}", case.name, differs.0, differs.1));
        }
        Err(_) => found.missing.push(format!("{}: no renderings", case.name)),
    }
}

#[test]
fn every_rejection_of_the_corpus_is_explained() {
    let blessing = std::env::var_os("BPFVET_BLESS").is_some();
    let systems = RELEASES.map(|r| (r, system(r)));
    let mut found = Found::default();
    for case in cases().expect("the cases can be read") {
        let first = case.recorded().find(|r| !matches!(case.expects(r), "accepted" | "-") && case.known(r).is_none());
        let Some(release) = first else { continue };
        if let Some((_, system)) = systems.iter().find(|(r, _)| *r == release) {
            check(&case, release, system, blessing, &mut found);
        }
    }
    println!("{} rejections explained, {} places asserted", found.explained, found.marked);
    let (wrong, missing) = (found.wrong, found.missing);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    if !missing.is_empty() {
        println!("{} missing; BPFVET_BLESS=1 writes them:\n{}", missing.len(), missing.join("\n"));
        assert!(std::env::var_os("CI").is_none(), "cases without explanation");
    }
}
