//! Logs alone: what kernels printed is enough to tell the failing instruction, the rule, and what helps.
//!
//! The logs are the recordings of the corpus, whose cases say which code is right, and, where they are beside the checkout,
//! the recordings of other kernels.

use std::collections::BTreeMap;

use bpfvet_tests::corpus::{RELEASES, cases, klog};
use bpfvet_tests::recordings;
use verifier_core::explain::log::{Reading, read};

/// The instruction that a level-2 log stands at: an independent reading, of plain logs only.
fn last_insn(log: &str) -> Option<usize> {
    log.lines().rev().find_map(|l| {
        let (n, rest) = l.split_once(": ")?;
        rest.starts_with('(').then(|| n.parse().ok()).flatten()
    })
}

/// As the loaders that people use print a log.
fn wrapped(log: &str) -> Vec<(&'static str, String)> {
    let each = |f: &dyn Fn(&str) -> String| log.lines().map(f).collect::<String>();
    let escaped = log.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    vec![
        (
            "libbpf",
            format!(
                "libbpf: prog 'p': BPF program load failed: Permission denied\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n{log}-- END PROG LOAD LOG --\nlibbpf: prog 'p': failed to load: -13\n"
            ),
        ),
        ("ebpf-go", format!("load program: permission denied:\n{}", each(&|l| format!("\t{l}\n")))),
        ("aya", format!("Error: the BPF_PROG_LOAD syscall failed. Verifier output: \"{escaped}\"")),
        (
            "bcc",
            format!(
                "bpf: Failed to load program: Permission denied\n{log}\nTraceback (most recent call last):\n  File \"x.py\", line 7, in <module>\n"
            ),
        ),
        ("json", format!("{{\"time\":1,\"level\":\"error\",\"msg\":\"{escaped}\"}}")),
        ("journal", each(&|l| format!("Jan 02 03:04:05 host agent[12]: {l}\n"))),
        ("colours", each(&|l| format!("\x1b[31m{l}\x1b[0m\r\n"))),
    ]
}

fn places(r: &Reading) -> (&'static str, Option<usize>) {
    (r.code(), r.insn)
}

#[test]
fn recordings_of_the_corpus_are_read_as_their_cases_say() {
    let (mut asked, mut wrong) = (0, Vec::new());
    for case in cases().expect("the cases can be read") {
        for release in RELEASES {
            let code = case.expects(release);
            if matches!(code, "accepted" | "silent" | "-") || case.known(release).is_some() {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(klog::path(&case, release)) else { continue };
            let Some(log) = klog::Klog::parse(&text).map(|k| k.log) else { continue };
            if log.trim().is_empty() {
                continue;
            }
            asked += 1;
            let plain = read(log.as_bytes());
            if plain.code() != code {
                wrong.push(format!(
                    "{} ({release}): `{}` is {code}, read as `{}`",
                    case.name,
                    plain.message,
                    plain.code()
                ));
                continue;
            }
            for (loader, text) in wrapped(&log) {
                let got = read(text.as_bytes());
                if places(&got) != places(&plain) {
                    wrong.push(format!(
                        "{} ({release}): {loader}: {:?}, not {:?}",
                        case.name,
                        places(&got),
                        places(&plain)
                    ));
                }
            }
        }
    }
    assert!(asked >= 800, "{asked} logs");
    println!("{} of {asked} wrong", wrong.len());
    assert!(wrong.len() * 20 <= asked, "{} of {asked} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn other_kernels_recordings_have_a_place_and_a_category() {
    let Some(folder) = recordings::folder() else { return };
    for kernel in [
        "5.10.262-debian",
        "6.1.192-debian",
        "6.12.117-debian",
        "6.18.15-debian",
        "6.18.44",
        "7.0.13-debian",
        "7.3.4-debian",
    ] {
        let Ok(lines) = recordings::lines(&folder.join(format!("records/{kernel}.jsonl.zst"))) else { continue };
        let rejected = lines.iter().filter(|r| r["verdict"] == "rejected");
        let logs: Vec<&str> = rejected.filter_map(|r| r["log"].as_str()).filter(|l| !l.is_empty()).collect();
        let (mut wrong, mut coded, mut worded) = (Vec::new(), 0, 0);
        for log in &logs {
            let got = read(log.as_bytes());
            if let Some(at) = last_insn(log)
                && got.insn != Some(at)
                && got.category != Some(verifier_core::error::Category::ProgramStructure)
            {
                wrong.push(format!("stands at {at}, read as {:?}: {}", got.insn, got.message));
            }
            // A kernel that refuses without a word has no category.
            if got.message.is_empty() {
                continue;
            }
            worded += 1;
            coded += usize::from(!got.code().is_empty());
            if got.category.is_none() {
                wrong.push(format!("no category: {}", got.message));
            }
        }
        println!("{kernel}: {} logs, {worded} with words, {coded} with a code", logs.len());
        assert!(wrong.is_empty(), "{kernel}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert!(coded * 100 >= worded * 95, "{kernel}: {coded} of {worded} have a code");
    }
}

/// A step of a generator of numbers that repeats: mangling must not differ from run to run.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

#[test]
fn mangled_logs_end_in_an_answer() {
    let mut seed = 16;
    let mut by_outcome: BTreeMap<&str, usize> = BTreeMap::new();
    let logs: Vec<String> = cases()
        .expect("the cases can be read")
        .iter()
        .filter_map(|c| std::fs::read_to_string(klog::path(c, "6.18")).ok())
        .filter_map(|t| klog::Klog::parse(&t).filter(|k| k.verdict == "rejected").map(|k| k.log))
        .filter(|l| l.lines().count() > 4)
        .take(125)
        .collect();
    for log in &logs {
        for kind in 0..4 {
            let mut bytes = log.clone().into_bytes();
            let at = next(&mut seed) % bytes.len();
            match kind {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(..at)),
                2 => {
                    let to = at + next(&mut seed) % (bytes.len() - at);
                    bytes.drain(at..to);
                }
                _ => {
                    for _ in 0..20 {
                        let i = next(&mut seed) % bytes.len();
                        bytes[i] = next(&mut seed) as u8;
                    }
                }
            }
            let got = read(&bytes);
            let trace = got.trace();
            assert!(
                trace
                    .steps
                    .iter()
                    .all(|s| s.focus.end <= s.source.as_ref().map_or(s.insn_text.len(), |x| x.text.len()))
            );
            *by_outcome.entry(if got.code().is_empty() { "without code" } else { "with code" }).or_default() += 1;
        }
    }
    assert!(logs.len() >= 100 && by_outcome["with code"] > by_outcome.values().sum::<usize>() / 3, "{by_outcome:?}");
}

/// `== thread code instruction`, then the lines that people quoted.
fn quoted() -> Vec<(String, String, usize, String)> {
    let text = include_str!("../logs/threads.txt");
    let entries = text.split("\n== ").skip(1).filter_map(|e| {
        let (head, log) = e.split_once('\n')?;
        let [thread, code, insn] = head.split(' ').collect::<Vec<_>>()[..] else { return None };
        Some((thread.to_string(), code.to_string(), insn.parse().ok()?, log.to_string()))
    });
    entries.collect()
}

#[test]
fn logs_that_people_quoted_are_read() {
    let all = quoted();
    assert!(all.len() >= 75, "{} logs", all.len());
    let mut wrong = Vec::new();
    for (thread, code, insn, log) in &all {
        for (loader, text) in std::iter::once(("plain", log.clone())).chain(wrapped(log)) {
            let got = read(text.as_bytes());
            if got.code() != code || got.insn != Some(*insn) || got.category.is_none() {
                wrong.push(format!("{thread} ({loader}): {code} at {insn}, read as {} at {:?}", got.code(), got.insn));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
