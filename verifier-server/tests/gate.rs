//! `check` as a gate, with what people and attackers hand to it: names that hold commands, files that are no objects,
//! objects of other machines, baselines, captures, objects whose programs do not load together.
//!
//! Objects without types are written here; those with types stand in `gate/`, each beside its source.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use verifier_server::clean::is_hidden;

/// `r0 = 0; exit`
const GOOD: [u8; 16] = [0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];
/// `exit` with nothing in r0
const BAD: [u8; 8] = [0x95, 0, 0, 0, 0, 0, 0, 0];

/// A folder of a test's own, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("bpfvet-gate-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, bytes).expect("writes");
        path.display().to_string()
    }

    fn bpfvet(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_bpfvet"))
            .args(args)
            .current_dir(&self.0)
            .env_remove("GITHUB_STEP_SUMMARY")
            .env_remove("GITHUB_WORKSPACE")
            .output()
            .expect("bpfvet runs")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An object with programs: name, section, code.
fn object(programs: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut strings = vec![0u8];
    let mut string = |s: &str| {
        let at = strings.len() as u32;
        strings.extend(s.bytes().chain([0]));
        at
    };
    // Name, type, flags, bytes of each section; then the symbols.
    let mut sections: Vec<(u32, u32, u64, Vec<u8>)> = vec![(0, 0, 0, Vec::new())];
    let mut symbols = vec![0u8; 24];
    for (name, section, code) in programs {
        let index = sections.len() as u16;
        sections.push((string(section), 1, 6, code.to_vec()));
        symbols.extend(string(name).to_le_bytes());
        symbols.extend([0x12, 0]);
        symbols.extend(index.to_le_bytes());
        symbols.extend(0u64.to_le_bytes());
        symbols.extend((code.len() as u64).to_le_bytes());
    }
    sections.push((string("license"), 1, 3, b"GPL\0".to_vec()));
    sections.push((string(".symtab"), 2, 0, symbols));
    let strtab = string(".strtab");
    sections.push((strtab, 3, 0, strings));
    let last = sections.len() - 1;
    let mut out = b"\x7fELF\x02\x01\x01".to_vec();
    out.resize(16, 0);
    for half in [1u16, 247] {
        out.extend(half.to_le_bytes());
    }
    let body: usize = sections.iter().map(|s| s.3.len().next_multiple_of(8)).sum();
    out.extend(1u32.to_le_bytes());
    for word in [0u64, 0, 64 + body as u64] {
        out.extend(word.to_le_bytes());
    }
    out.extend(0u32.to_le_bytes());
    for half in [64u16, 0, 0, 64, sections.len() as u16, last as u16] {
        out.extend(half.to_le_bytes());
    }
    let mut headers = Vec::new();
    for (i, (name, kind, flags, bytes)) in sections.iter().enumerate() {
        let at = if i == 0 { 0 } else { out.len() as u64 };
        let (link, info, entry) = if *kind == 2 { (last as u32, 1u32, 24u64) } else { (0, 0, 0) };
        headers.extend(name.to_le_bytes());
        headers.extend(kind.to_le_bytes());
        for word in [*flags, 0, at, bytes.len() as u64] {
            headers.extend(word.to_le_bytes());
        }
        headers.extend(link.to_le_bytes());
        headers.extend(info.to_le_bytes());
        headers.extend(8u64.to_le_bytes());
        headers.extend(entry.to_le_bytes());
        out.extend(bytes);
        out.resize(out.len().next_multiple_of(8), 0);
    }
    out.extend(headers);
    out
}

fn both(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

fn rows(out: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&out.stdout);
    text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}

/// Whether text could do anything but be read.
fn harmless(what: &str, text: &str, commands: bool) {
    let hidden = text.chars().find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t'));
    assert_eq!(hidden, None, "{what}: {text}");
    assert!(!text.contains("##["), "{what}: {text}");
    let lines = text.lines().filter(|l| l.trim_start().starts_with("::")).count();
    assert!(commands || lines == 0, "{what}: {text}");
}

const EVIL: &str = "e\x1b[31m\x07\r\n::error file=/etc/x::pwned\n=1+1,\"</failure>]]>\u{202e}##[error]%0A\u{9b}";

#[test]
fn names_are_harmless_in_every_output() {
    let dir = Folder::new("names");
    let object =
        object(&[(EVIL, "xdp", &BAD), ("::stop-commands::x", "socket", &GOOD), ("=cmd|' /C calc'!A0", EVIL, &GOOD)]);
    let file = dir.file("::error::o\x1b[2J\n::error::\u{202e}.o", &object);
    for format in ["text", "table", "csv", "json", "jsonl", "sarif", "junit", "github", "kernel"] {
        let out = dir.bpfvet(&["check", &file, "--format", format]);
        assert_eq!(out.status.code(), Some(1), "{format}");
        harmless(format, &both(&out), format == "github");
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        match format {
            "json" | "sarif" => assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}"),
            "jsonl" => assert!(rows(&out).iter().any(|r| r["program"] == EVIL), "JSON has the exact name"),
            "junit" => assert!(quick_junit::Report::deserialize_from_str(&text).is_ok(), "{text}"),
            "csv" => assert!(text.lines().count() == 4 && text.contains("'=cmd|"), "{text}"),
            "github" => assert!(text.lines().count() == 3 && text.lines().all(|l| l.starts_with("::error ")), "{text}"),
            _ => {}
        }
    }
    let log =
        format!("libbpf: prog '{EVIL}': BPF program load failed\n; {EVIL} @ {EVIL}.c:7\n0: (95) exit\nR0 !read_ok\n");
    let log = dir.file("::error::log\x1b[2J.txt", log.as_bytes());
    for args in [
        &["check", &file, "--log-level", "2"][..],
        &["cost", &file],
        &["cost", &file, "--format", "json"],
        &["cost", &file, "--format", "jsonl", "--by", "function"],
        &["cost", &file, "--compare", &file],
        &["explain", "--log", &log],
        &["explain", "--log", &log, "--format", "json"],
        &["explain", "--log", &log, &file],
        &["explain", "--log", &log, &file, "--format", "jsonl"],
        &["check", &file, "--prog", EVIL, "--prog", "\x1b[31m\n::error::"],
        &["explain", &file],
        &["disasm", &file],
        &["cfg", &file],
        &["cfg", &file, "--svg", "--prog", "::stop*"],
        &["run", &file, "--prog", EVIL],
        &["run", &file, "--prog", "::stop-commands::x"],
        &["check", &file, "--baseline", &file],
        &["check", "\x1b]0;x\x07\n::error::gone.o"],
        &["check", "--\x1b[31m\n::error::"],
    ] {
        harmless(&format!("{args:?}"), &both(&dir.bpfvet(args)), false);
    }
    let summary = dir.0.join("summary.md");
    let out = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
        .args(["check", &file, "--format", "github"])
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("bpfvet runs");
    assert_eq!(out.status.code(), Some(1));
    let written = std::fs::read_to_string(&summary).expect("a summary");
    harmless("summary", &written, false);
    assert!(written.lines().count() == 5 && !written.contains("</failure>"), "{written}");
}

#[test]
fn a_gate_that_checked_nothing_is_no_success() {
    let dir = Folder::new("nothing");
    let good = dir.file("good.o", &object(&[("one", "xdp", &GOOD)]));
    let empty = dir.file("none.o", &object(&[]));
    dir.file("folder/readme.txt", b"nothing");
    for args in [
        &["check", good.as_str(), "--prog", "zzz"][..],
        &["check", &empty],
        &["check", "folder"],
        &["check", "--raw", "/dev/null"],
    ] {
        let out = dir.bpfvet(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}: {}", both(&out));
        assert_eq!(dir.bpfvet(&[args, &["--exit-zero"]].concat()).status.code(), Some(2), "{args:?}");
    }
    assert!(both(&dir.bpfvet(&["check", &good, "--prog", "zzz"])).contains("no program matches `zzz`; there are one"));
    // Beside something that was checked it is a note.
    let out = dir.bpfvet(&["check", &empty, &good]);
    assert_eq!(out.status.code(), Some(0), "{}", both(&out));
    assert!(both(&out).contains("none.o: skipped: nothing to check"), "{}", both(&out));
    for tool in ["disasm", "cfg", "explain"] {
        assert_eq!(dir.bpfvet(&[tool, &good, "--prog", "zzz"]).status.code(), Some(2), "{tool}");
    }
}

#[test]
fn folders_are_searched_and_files_told_apart() {
    let dir = Folder::new("files");
    let good = object(&[("one", "xdp", &GOOD)]);
    dir.file("a/b/x.o", &good);
    dir.file("a/y.elf", &good);
    dir.file("a/.hidden/z.o", &good);
    dir.file("a/notes.txt", b"int main");
    let mut foreign = good.clone();
    foreign[18] = 62;
    dir.file("a/host.o", &foreign);
    std::os::unix::fs::symlink(&dir.0, dir.0.join("a/loop")).expect("a link");
    let out = dir.bpfvet(&["check", "a", "--format", "jsonl"]);
    let names: Vec<String> = rows(&out).iter().map(|r| r["object"].as_str().unwrap_or_default().into()).collect();
    assert_eq!((out.status.code(), names), (Some(0), vec!["a/b/x.o".to_string(), "a/y.elf".to_string()]));

    for (name, bytes, words) in [
        ("x.c", &b"#include <x.h>\nint prog(void) { return 0; }"[..], "a source file, not an object: compile it first"),
        ("x.bc", b"BC\xc0\xde....", "LLVM bitcode"),
        ("host.o", &foreign, "an object for x86-64, not for BPF"),
        ("empty.o", b"", "the file is empty"),
    ] {
        let file = dir.file(name, bytes);
        let out = dir.bpfvet(&["check", &file]);
        assert!(out.status.code() == Some(2) && both(&out).contains(words), "{name}: {}", both(&out));
    }
}

#[test]
fn objects_of_the_other_byte_order_are_skipped() {
    let dir = Folder::new("order");
    let good = object(&[("one", "xdp", &GOOD)]);
    let little = dir.file("x_bpfel.o", &good);
    let mut other = good.clone();
    other[5] = 2;
    other[16..20].copy_from_slice(&[0, 1, 0, 247]);
    let big = dir.file("x_bpfeb.o", &other);
    let out = dir.bpfvet(&["check", &big, &little]);
    assert_eq!(out.status.code(), Some(0), "{}", both(&out));
    assert!(both(&out).contains("x_bpfeb.o: skipped: a big-endian BPF object"), "{}", both(&out));
    let out = dir.bpfvet(&["check", &big]);
    assert!(out.status.code() == Some(3) && both(&out).contains("clang --target=bpfel"), "{}", both(&out));
}

#[test]
fn rejections_name_their_object_and_errors_their_file() {
    let dir = Folder::new("named");
    let bad = dir.file("which.o", &object(&[("prog", "xdp", &BAD)]));
    for format in ["text", "github", "junit", "sarif", "csv", "jsonl"] {
        let text = both(&dir.bpfvet(&["check", &bad, "--format", format]));
        assert!(text.contains("which.o"), "{format}: {text}");
    }
    let csv = dir.file("no.csv", b"PNG\n1,2");
    for (args, words) in [
        (&["check", bad.as_str(), "--baseline", "/does/not/exist.csv"][..], "/does/not/exist.csv: "),
        (&["check", &bad, "--baseline", &csv], "no.csv: not a csv of an earlier run"),
        (&["check", &bad, "--btf", "/does/not/exist"], "/does/not/exist: "),
        (&["run", "/does/not/exist.o"], "/does/not/exist.o: "),
    ] {
        let out = dir.bpfvet(args);
        assert!(out.status.code() == Some(2) && both(&out).contains(words), "{args:?}: {}", both(&out));
    }
}

#[test]
fn paths_in_sarif_are_relative_to_the_checkout() {
    let dir = Folder::new("sarif");
    let bad = dir.file("build/x.o", &object(&[("prog", "xdp", &BAD)]));
    for path in [bad.as_str(), "build/x.o", "./build/../build/x.o"] {
        let out = dir.bpfvet(&["check", path, "--format", "sarif"]);
        let sarif: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        let at = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!((&at["uri"], &at["uriBaseId"]), (&"build/x.o".into(), &"%SRCROOT%".into()), "{path}");
    }
    let out = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
        .args(["check", "x.o", "--format", "sarif"])
        .current_dir(dir.0.join("build"))
        .env("GITHUB_WORKSPACE", &dir.0)
        .output()
        .expect("bpfvet runs");
    assert!(String::from_utf8_lossy(&out.stdout).contains("\"uri\": \"build/x.o\""), "{}", both(&out));
}

#[test]
fn every_format_honours_a_baseline() {
    let dir = Folder::new("baseline");
    let both_programs = object(&[("stays", "xdp", &GOOD), ("goes", "socket", &GOOD)]);
    let file = dir.file("x.o", &both_programs);
    let csv = dir.bpfvet(&["check", &file, "--format", "csv"]).stdout;
    let old = dir.file("old.csv", String::from_utf8_lossy(&csv).replace(",2,0,", ",1,0,").as_bytes());
    dir.file("x.o", &object(&[("stays", "xdp", &GOOD)]));
    for (format, words) in [
        ("text", &["since the baseline: instructions 1 -> 2, +1 (+100.00%)", "gone: x.o: goes"][..]),
        ("table", &["+1 (+100.00%)", "goes"]),
        ("csv", &["total_insns_base,total_insns_comp,total_insns_diff", "x.o,goes,success,N/A"]),
        ("json", &["\"baseline\"", "\"verdict\": \"gone\""]),
        ("jsonl", &["\"insns\":1", "\"verdict\":\"gone\""]),
        ("sarif", &["\"baselineState\": \"absent\""]),
        ("junit", &["goes", "the baseline has it", "since the baseline"]),
        ("github", &["::warning title=x.o%3A goes::"]),
        ("kernel", &["since the baseline: instructions 1 -> 2", "goes: the baseline has it"]),
    ] {
        let out = dir.bpfvet(&["check", &file, "--format", format, "--baseline", &old]);
        let text = both(&out);
        assert!(out.status.code() == Some(0) && words.iter().all(|w| text.contains(w)), "{format}: {text}");
    }
}

#[test]
fn a_baseline_is_a_csv_of_an_earlier_run_or_an_error() {
    let dir = Folder::new("no-baseline");
    let file = dir.file("x.o", &object(&[("one", "xdp", &GOOD), ("two", "xdp", &GOOD)]));
    let csv = dir.bpfvet(&["check", &file, "--format", "csv"]).stdout;
    let text = String::from_utf8(csv).expect("text");
    let header = text.lines().next().expect("a header");
    let against = |bytes: &[u8]| {
        let old = dir.file("old.csv", bytes);
        dir.bpfvet(&["check", &file, "--format", "csv", "--baseline", &old])
    };
    // As spreadsheets write it, it is the same.
    for same in [text.clone(), format!("\u{feff}{text}"), text.replace('\n', "\r\n"), format!("{text}\n\n")] {
        let out = against(same.as_bytes());
        assert!(out.status.code() == Some(0) && both(&out).matches(",MATCH,").count() == 2, "{same:?}: {}", both(&out));
    }
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let other = object(&[("one", "xdp", &GOOD)]);
    for bytes in [&b""[..], b"a,b,c\n1,2,3\n", b"[]", &other, &wide] {
        let out = against(bytes);
        assert!(out.status.code() == Some(2) && both(&out).contains("old.csv: not a csv"), "{bytes:?}: {}", both(&out));
    }
    let short = format!("{header}\nx.o,one\n");
    let long = text.replacen(",2,0,", ",2,0,0,", 1);
    let open = format!("{header}\n\"x.o,one,success,1,2,3,4,5,6\n");
    for broken in [short, long, open, text.replace('\n', "\r")] {
        let out = against(broken.as_bytes());
        assert!(out.status.code() == Some(2) && both(&out).contains("old.csv: line "), "{broken:?}: {}", both(&out));
    }
}

#[test]
fn absurd_limits_are_refused() {
    let dir = Folder::new("limits");
    let good = dir.file("x.o", &object(&[("one", "xdp", &GOOD)]));
    for args in [
        &["check", good.as_str(), "--budget", "insns=0"][..],
        &["check", &good, "--timeout", "0"],
        &["check", &good, "--timeout", "-1"],
        &["check", &good, "--cpus", "0"],
        &["run", &good, "--repeat", "0"],
        &["run", &good, "--timeout", "0"],
        &["serve", "--workers", "0"],
        &["serve", "--max-requests", "0"],
        &["serve", "--max-memory", "0"],
        &["serve", "--max-seconds", "99999999999"],
    ] {
        assert_eq!(dir.bpfvet(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn the_missing_capability_is_named() {
    let dir = Folder::new("caps");
    let file =
        dir.file("x.o", &object(&[("net", "xdp", &GOOD), ("trace", "kprobe/x", &GOOD), ("any", "socket", &GOOD)]));
    let out = dir.bpfvet(&["check", &file, "--unprivileged", "--format", "jsonl"]);
    let reasons: Vec<Value> = rows(&out).into_iter().map(|r| r["reason"].clone()).collect();
    assert_eq!(reasons[0], "CAP_BPF and CAP_NET_ADMIN are missing");
    assert_eq!(reasons[1], "CAP_BPF and CAP_PERFMON are missing");
    let out = dir.bpfvet(&["check", &file, "--caps", "bpf", "--prog", "net"]);
    assert!(both(&out).contains("why: CAP_NET_ADMIN is missing"), "{}", both(&out));
}

fn gate(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gate").join(name).display().to_string()
}

#[test]
fn what_depends_on_the_number_of_cpus_is_said() {
    let dir = Folder::new("cpus");
    let file = gate("by_cpu.bpf.o");
    for kernel in ["6.12", "6.18"] {
        let out = dir.bpfvet(&["check", &file, "--kernel", kernel]);
        assert!(out.status.code() == Some(1) && both(&out).contains("depends on the number of CPUs"), "{}", both(&out));
        assert_eq!(dir.bpfvet(&["check", &file, "--kernel", kernel, "--cpus", "1"]).status.code(), Some(0));
        assert_eq!(dir.bpfvet(&["check", &file, "--kernel", kernel, "--cpus", "2"]).status.code(), Some(1));
    }
}

#[test]
fn programs_that_do_not_load_together_have_an_answer_as_an_object() {
    let dir = Folder::new("together");
    for (name, words) in [
        ("two_types.bpf.o", "prog 'from_device': BPF program load failed: Invalid argument"),
        ("two_attach_types.bpf.o", "prog 'to_v6': BPF program load failed: Invalid argument"),
        ("with_fragments.bpf.o", "prog 'pieces': BPF program load failed: Invalid argument"),
        ("put_other_type.bpf.o", "map 'jumps': failed to initialize slot [1] to prog 'classify'"),
        ("put_not_loaded.bpf.o", "map 'jumps': failed to initialize slot [0] to prog 'spare' fd=-2: -9"),
        ("inner_other_size.bpf.o", "map 'outer': failed to initialize slot [0] to map 'odd'"),
        ("unused_bad_map.bpf.o", "map 'events': failed to create: Invalid argument(-22)"),
        ("only_legacy_map.bpf.o", "legacy map definitions in 'maps' section are not supported by libbpf v1.0+"),
    ] {
        let file = gate(name);
        let out = dir.bpfvet(&["check", &file, "--kernel", "6.18", "--format", "jsonl"]);
        let all = rows(&out);
        let last = all.last().expect("a row");
        let message = last["message"].as_str().unwrap_or_default();
        assert!(out.status.code() == Some(1) && message.contains(words), "{name}: {message}");
        assert!(last["program"].is_null() && last["verdict"] == "not_loadable" && last["reason"].is_string(), "{last}");
        assert!(all[..all.len() - 1].iter().all(|r| r["verdict"] == "accepted"), "{name}");
        for format in ["text", "table", "csv", "json", "sarif", "junit", "github"] {
            let out = dir.bpfvet(&["check", &file, "--kernel", "6.18", "--format", format]);
            assert!(out.status.code() == Some(1) && both(&out).contains(name), "{name} {format}: {}", both(&out));
        }
    }
    let out = dir.bpfvet(&["check", &gate("put_right_type.bpf.o"), "--kernel", "6.18"]);
    assert_eq!(out.status.code(), Some(0), "{}", both(&out));
}

#[test]
fn what_this_kernel_lacks_is_named_in_the_words_of_libbpf() {
    let dir = Folder::new("lacks");
    for (name, line, words, help) in [
        (
            "lost_field.bpf.o",
            "<invalid CO-RE relocation>",
            "failed to resolve CO-RE relocation <byte_off> [",
            "bpf_core_field_exists(p->lost)",
        ),
        (
            "lost_kfunc.bpf.o",
            "<invalid kfunc call>",
            "kfunc 'bpf_not_there_yet' is referenced but wasn't resolved",
            "bpf_ksym_exists(bpf_not_there_yet)",
        ),
    ] {
        let file = gate(name);
        let text = both(&dir.bpfvet(&["check", &file, "--kernel", "6.18"]));
        assert!(text.contains(words) && text.contains(help), "{name}: {text}");
        assert!(!text.contains("unknown#"), "{name}: {text}");
        let log = both(&dir.bpfvet(&["check", &file, "--kernel", "6.18", "--format", "kernel"]));
        assert!(log.contains(line) && log.contains(words), "{name}: {log}");
    }
}

#[test]
fn whose_rule_it_is_and_what_is_missing_is_said() {
    let dir = Folder::new("rules");
    for (name, words) in [
        ("legacy_map.bpf.o", "this is a rule of libbpf since 1.0"),
        ("static_program.bpf.o", "this is a rule of libbpf, not of the kernel"),
    ] {
        let out = dir.bpfvet(&["check", &gate(name), "--kernel", "6.18"]);
        assert!(out.status.code() == Some(1) && both(&out).contains(words), "{name}: {}", both(&out));
        for loader in ["ebpf-go", "aya"] {
            let out = dir.bpfvet(&["check", &gate(name), "--kernel", "6.18", "--loader", loader]);
            assert_eq!(out.status.code(), Some(0), "{name} {loader}: {}", both(&out));
        }
    }
    for (name, words) in [
        ("bad_perf_map.bpf.o", "needs `value_size` 4 (it is 8)"),
        ("bad_trie.bpf.o", "needs the flag BPF_F_NO_PREALLOC"),
        ("bad_storage.bpf.o", "needs `max_entries` 0 (it is 2), and the flag BPF_F_NO_PREALLOC"),
        ("no_template.bpf.o", "needs a template for the inner ones: `__array(values, struct …)`"),
        ("replaces.bpf.o", "it replaces the function `target` of another program"),
        ("no_target.bpf.o", "has no `not_a_kernel_function` to attach to"),
        ("callback_without_types.bpf.o", "missing btf func_info"),
        ("untyped_timer.bpf.o", "map 'timers' has to have BTF in order to use bpf_timer"),
        ("untyped_timer.bpf.o", "declare `timers` with `__type(value, …)`"),
    ] {
        let out = dir.bpfvet(&["check", &gate(name), "--kernel", "6.18"]);
        assert!(out.status.code() == Some(1) && both(&out).contains(words), "{name}: {}", both(&out));
    }
    let out = dir.bpfvet(&["disasm", &gate("replaces.bpf.o")]);
    let text = both(&out);
    assert!(
        out.status.code() == Some(0) && text.contains("0: (b4) w0 = 7") && text.contains("attach program FD"),
        "{text}"
    );
    assert_eq!(dir.bpfvet(&["cfg", &gate("replaces.bpf.o")]).status.code(), Some(0));
}

#[test]
fn captures_that_people_have_are_read() {
    use verifier_server::pcap::{Capture, Captured, write};
    let dir = Folder::new("pcap");
    let file = dir.file("x.o", &object(&[("one", "xdp", &GOOD)]));
    let ip = [&[0x45, 0, 0, 40][..], &[0; 36]].concat();
    let cooked = [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x08, 0][..], &ip].concat();
    let packet = |bytes: &[u8]| Captured { time: 0, bytes: bytes.to_vec() };
    for (name, link, bytes) in [("tunnel.pcap", 101, &ip), ("any.pcap", 113, &cooked)] {
        let capture = write(&Capture { link, packets: vec![packet(bytes), packet(bytes), packet(bytes)] });
        let whole = dir.file(name, &capture);
        let out = dir.bpfvet(&["run", &file, "--pcap", &whole]);
        assert!(out.status.code() == Some(0) && both(&out).contains("3 runs"), "{name}: {}", both(&out));
        let cut = dir.file(&format!("cut-{name}"), &capture[..capture.len() - 5]);
        let out = dir.bpfvet(&["run", &file, "--pcap", &cut]);
        assert!(out.status.code() == Some(0) && both(&out).contains("2 runs"), "{name}: {}", both(&out));
        assert!(both(&out).contains("the file ends within"), "{name}: {}", both(&out));
    }
    // Packets that no program can be given are counted, and named as far as anybody reads that.
    let empty = vec![packet(&[]); 5000];
    let one = [&empty[..], &[packet(&[0; 64])]].concat();
    for (packets, code) in [(one, 0), (empty, 2)] {
        let capture = dir.file("empty.pcap", &write(&Capture { link: 1, packets }));
        let out = dir.bpfvet(&["run", &file, "--pcap", &capture]);
        let text = both(&out);
        assert!(out.status.code() == Some(code) && text.contains("4990 more packets could not be run"), "{text}");
        assert!(text.lines().count() < 30, "{text}");
    }
}

#[cfg(feature = "solver")]
#[test]
fn witnesses_tell_what_they_are_for_and_never_collide() {
    let dir = Folder::new("witness");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/demo/rejected.bpf.o");
    let object = std::fs::read(demo).expect("the demo");
    let (a, b) = (dir.file("a/fw.o", &object), dir.file("b/fw.o", &object));
    let args = ["check", &a, &b, "--solve", "--witness", "saved", "--format", "jsonl"];
    let mut files: Vec<(String, String)> = Vec::new();
    for row in rows(&dir.bpfvet(&args)) {
        let object = row["object"].as_str().unwrap_or_default();
        let saved = row["solve"]["files"].as_array().cloned().unwrap_or_default();
        files.extend(saved.iter().filter_map(|f| Some((object.to_string(), f.as_str()?.to_string()))));
    }
    files.retain(|(_, f)| f.ends_with(".json"));
    let mut names: Vec<&String> = files.iter().map(|(_, f)| f).collect();
    names.sort();
    names.dedup();
    assert!(files.len() >= 2 && names.len() == files.len(), "{files:?}");
    // Which of the object's programs it is for, the file says.
    for (object, file) in &files {
        let out = dir.bpfvet(&["run", object, "--witness", file]);
        assert_eq!(out.status.code(), Some(1), "{file}: {}", both(&out));
    }
    // Saved again, each is replaced, and nothing is left over.
    let before = std::fs::read_dir(dir.0.join("saved")).expect("a folder").count();
    dir.bpfvet(&args);
    assert_eq!(std::fs::read_dir(dir.0.join("saved")).expect("a folder").count(), before);
}
