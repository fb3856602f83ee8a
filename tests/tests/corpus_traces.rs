//! The explanation of every rejection in the corpus: right line, right first step, and how it reads in text, SARIF and JUnit.
//!
//! The failing place is that of the kernel's own recording. What is rendered stands in a snapshot beside the case,
//! `NAME.snap`, which begins with where the case fails and where the chain of causes begins (lines of the case, or
//! instructions where lines are repeated). A person accepts a change with `cargo insta review`.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use bpfvet_tests::corpus::{Case, RELEASES, cases, klog};
use verifier_core::analysis::{Options, System};
use verifier_core::explain::{Step, StepKind, explain};
use verifier_core::isa::asm::assemble_source;
use verifier_server::args::Format;
use verifier_server::render;
use verifier_server::row::Row;

fn system(release: &str) -> System {
    System::stored(bpfvet_tests::recordings::recorded(release)).expect("the profile holds BTF")
}

/// The last instruction that a kernel's log shows before it ends.
fn last_insn(log: &str) -> Option<usize> {
    log.lines().rev().find_map(|l| {
        let (n, rest) = l.split_once(": ")?;
        rest.starts_with('(').then(|| n.parse().ok()).flatten()
    })
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

#[derive(Default)]
struct Found {
    wrong: Vec<String>,
    explained: usize,
}

fn check(case: &Case, release: &str, system: &System, found: &mut Found) {
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
    let mut head = String::new();
    if kernel_stood.is_some() {
        let failing = trace.steps.iter().find(|s| s.kind == StepKind::Failing);
        head += &format!("source: {}\n", place(&case.path, &text, insn, failing));
        if let Some(first) = trace.steps.first().filter(|s| s.kind != StepKind::Failing) {
            head += &format!("step: {} {}\n", first.kind.word(), place(&case.path, &text, first.insn, Some(first)));
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
    let all = [head, render(Format::Text), render(Format::Sarif), render(Format::Junit)].join("\n");
    if catch_unwind(|| snapshot(&case.path, &all)).is_err() {
        found.wrong.push(format!("{}: reads differently", case.name));
    }
}

/// Compares with the snapshot beside the case.
fn snapshot(case: &Path, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(case.parent().expect("a folder of cases"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_input_file(case);
    let name = case.file_stem().expect("cases have names").to_string_lossy().into_owned();
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_rejection_of_the_corpus_is_explained() {
    let systems = RELEASES.map(|r| (r, system(r)));
    let mut found = Found::default();
    for case in cases().expect("the cases can be read") {
        let first = case.recorded().find(|r| !matches!(case.expects(r), "accepted" | "-") && case.known(r).is_none());
        let Some(release) = first else { continue };
        if let Some((_, system)) = systems.iter().find(|(r, _)| *r == release) {
            check(&case, release, system, &mut found);
        }
    }
    println!("{} rejections explained", found.explained);
    let wrong = found.wrong;
    assert!(wrong.is_empty(), "{} wrong (`cargo insta review` shows and accepts):\n{}", wrong.len(), wrong.join("\n"));
}
