//! Every format, limit and exit code through the built binary, as people and CI systems meet them.
//!
//! What is printed stands in `formats/*.txt`; `SNAPSHOTS=overwrite` writes it anew. Times are masked.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use snapbox::{assert_data_eq, file};

const MIXED: &str = "verifier-server/tests/formats/mixed.bpf.o";
const GOOD: &str = "corpus/demo/accepted.bpf.o";
const BAD: &str = "corpus/demo/rejected.bpf.o";
const SLOW: &str = "tests/traces/loop_unbounded.bpf.o";
const PADDING: &str = "tests/traces/key_padding.bpf.o";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Runs bpfvet at the root of the repository.
fn with(args: &[&str], input: &[u8], env: &[(&str, &str)]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
        .args(args)
        .current_dir(root())
        .env_remove("GITHUB_STEP_SUMMARY")
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bpfvet starts");
    // bpfvet may refuse its arguments and be gone before it reads.
    let _ = child.stdin.take().map(|mut i| i.write_all(input));
    child.wait_with_output().expect("bpfvet ends")
}

fn bpfvet(args: &[&str]) -> Output {
    with(args, b"", &[])
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// What is printed, standard error behind a line, the exit code at the end; without times.
fn shown(output: &Output) -> String {
    let mut out = mask(&text(output));
    let err = String::from_utf8_lossy(&output.stderr);
    if !err.is_empty() {
        out.push_str(&format!("--- standard error\n{err}"));
    }
    out.push_str(&format!("--- exit code {}\n", output.status.code().unwrap_or(-1)));
    out
}

/// Numbers behind these words are times.
fn mask(text: &str) -> String {
    let mut out = text.to_string();
    for word in ["\"time_us\":", "\"time_us\": ", "time=\""] {
        let mut rest = std::mem::take(&mut out);
        while let Some(at) = rest.find(word) {
            let (before, after) = rest.split_at(at + word.len());
            let digits = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
            out.push_str(before);
            out.push_str(if digits > 0 { "T" } else { "" });
            rest = after[digits..].to_string();
        }
        out.push_str(&rest);
    }
    out
}

/// Rows of words, whatever the columns' widths; the fourth is a time.
fn words(text: &str, split: char) -> Vec<Vec<String>> {
    let row = |l: &str| {
        let cells = l.split(split).map(str::trim).filter(|c| !c.is_empty() || split == ',').map(str::to_string);
        cells.enumerate().map(|(i, c)| if i == 3 && c.parse::<u64>().is_ok() { "T".into() } else { c }).collect()
    };
    text.lines().map(row).collect()
}

#[test]
fn text_of_every_verdict() {
    assert_data_eq!(shown(&bpfvet(&["check", MIXED, GOOD])), file!["formats/text.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["check", SLOW, "--timeout", "0.000001"])), file!["formats/undecided.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["check", "/does/not/exist.o"])), file!["formats/no_file.txt"].raw());
    assert_data_eq!(shown(&with(&["check", "-"], b"\x7fELF and nothing", &[])), file!["formats/broken.txt"].raw());
}

#[test]
fn machine_formats_of_every_verdict() {
    let check = |format: &str| shown(&bpfvet(&["check", MIXED, "--format", format]));
    assert_data_eq!(check("jsonl"), file!["formats/jsonl.txt"].raw());
    assert_data_eq!(check("json"), file!["formats/json.txt"].raw());
    assert_data_eq!(check("sarif"), file!["formats/sarif.txt"].raw());
    assert_data_eq!(check("junit"), file!["formats/junit.txt"].raw());
    assert_data_eq!(check("github"), file!["formats/github.txt"].raw());
    assert_data_eq!(check("kernel"), file!["formats/kernel.txt"].raw());
}

#[test]
fn words_for_newcomers() {
    assert_data_eq!(shown(&bpfvet(&["--help"])), file!["formats/help.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["explain", "--help"])), file!["formats/help_explain.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["explain", "mem-packet-range"])), file!["formats/explain_code.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["explain", "fix-packet-check"])), file!["formats/explain_remedy.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["explain", MIXED])), file!["formats/explain_object.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["explain", "no-such-code"])), file!["formats/explain_unknown.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["check"])), file!["formats/no_object.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["check", GOOD, "--kernel", "1.0"])), file!["formats/no_kernel.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["check", GOOD, "--type", "tea"])), file!["formats/no_type.txt"].raw());
    assert_data_eq!(shown(&bpfvet(&["check", GOOD, "--budget", "speed=1"])), file!["formats/no_limit.txt"].raw());
}

#[test]
fn every_code_has_a_page() {
    let list = text(&bpfvet(&["explain", "list"]));
    let codes: Vec<&str> = list.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert!(codes.len() > 400 && codes.contains(&"fix-null-check"), "{}", codes.len());
    for page in verifier_server::tools::pages() {
        let whole = page.text.ends_with(['.', '`', ';', ')']) && page.text.split_whitespace().count() >= 5;
        assert!(whole, "{}: too short to help: {}", page.code, page.text);
    }
}

#[test]
fn exit_codes() {
    let cases: &[(&[&str], i32)] = &[
        (&["check", GOOD], 0),
        (&["check", BAD], 1),
        (&["check", MIXED], 1),
        (&["check", MIXED, "--prog", "pass"], 0),
        (&["check", MIXED, "--prog", "p*", "--prog", "first_?yte"], 1),
        (&["check", MIXED, "--prog", "nobody_knows"], 1),
        (&["check", MIXED, "--exit-zero"], 0),
        (&["check", GOOD, BAD, "--exit-zero"], 0),
        (&["check", GOOD, "--kernel", "all"], 0),
        (&["check", SLOW, "--timeout", "0.000001"], 3),
        (&["check", SLOW, "--timeout", "0.000001", "--fail-on", "unsupported"], 1),
        (&["check", SLOW, "--timeout", "0.000001", "--exit-zero"], 0),
        (&["check", GOOD, "--budget", "insns=1"], 1),
        (&["check", GOOD, "--budget", "insns=100000,stack=512,states=1000,peak_states=1000"], 0),
        (&["check", GOOD, "--budget", "insns=many"], 2),
        (&["check", GOOD, "--type", "xdp"], 0),
        (&["check", GOOD, "--type", "socket_filter"], 1),
        (&["check", GOOD, "--unprivileged", "--caps", "bpf"], 2),
        (&["check", GOOD, "--unprivileged"], 1),
        (&["check", PADDING], 0),
        (&["check", PADDING, "--caps", "bpf,net_admin"], 1),
        (&["check", PADDING, "--caps", "bpf,net_admin,perfmon"], 0),
        (&["check", PADDING, "--caps", "everything"], 2),
        (&["check", "/does/not/exist.o"], 2),
        (&["check", "/does/not/exist.o", "--exit-zero"], 2),
        (&["check", GOOD, "--format", "prose"], 2),
        (&["check", GOOD, "--raw", "x.jsonl"], 2),
        (&["check"], 2),
        (&["explain", "no-such-code"], 2),
        (&["explain", "/does/not/exist.o"], 2),
        (&["disasm", GOOD], 0),
        (&["cfg", GOOD, "--dot"], 0),
        (&["cfg", GOOD, "--svg"], 0),
        (&["cfg", BAD, "--svg"], 2),
        (&["cfg", BAD, "--svg", "--prog", "short*"], 0),
        (&["cfg", GOOD, "--svg", "--dot"], 2),
        (&["kernels"], 0),
        (&["nonsense"], 2),
        (&["--help"], 0),
        (&["--version"], 0),
    ];
    for (args, code) in cases {
        let out = bpfvet(args);
        let both = text(&out) + &String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(*code), "{args:?}\n{both}");
        assert!(!both.contains("panicked"), "{args:?}\n{both}");
    }
}

#[test]
fn standard_input_and_colours() {
    let object = std::fs::read(root().join(MIXED)).expect("the object");
    let out = with(&["check", "-", "--format", "jsonl"], &object, &[]);
    assert_eq!((out.status.code(), text(&out).lines().count()), (Some(1), 3));
    let raw = br#"{"name":"bad","prog_type":1,"insns":"9500000000000000"}"#;
    let out = with(&["check", "--raw", "-"], raw, &[]);
    assert!(out.status.code() == Some(1) && text(&out).contains("R0 !read_ok"), "{}", text(&out));
    // Standard output is no terminal here; neither wish may bring colours.
    for env in [("NO_COLOR", "1"), ("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")] {
        assert!(!text(&with(&["check", MIXED], b"", &[env])).contains('\x1b'), "{env:?}");
    }
}

#[test]
fn columns_of_veristat() {
    let csv = text(&bpfvet(&["check", MIXED, "--format", "csv"]));
    let rows = words(&csv, ',');
    assert_eq!(rows[0][..6], ["file_name", "prog_name", "verdict", "duration", "total_insns", "total_states"]);
    assert_eq!(rows[1][..5], ["mixed.bpf.o", "pass", "success", "T", "2"]);
    assert_eq!(rows[2][..3], ["mixed.bpf.o", "first_byte", "failure"]);
    assert_eq!(rows[3][..3], ["mixed.bpf.o", "nobody_knows", "failure"]);
    let table = text(&bpfvet(&["check", MIXED, "--format", "table"]));
    assert!(
        table.starts_with("File") && table.contains("Duration (us)") && table.contains("Done. Processed 3 programs"),
        "{table}"
    );

    let folder = std::env::temp_dir().join(format!("bpfvet-formats-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let old = folder.join("old.csv");
    std::fs::write(&old, csv.replace("first_byte,failure", "first_byte,success").replace(",2,", ",1,"))
        .expect("writes");
    let out = bpfvet(&["check", MIXED, "--format", "table", "--baseline", &old.display().to_string()]);
    let compared = text(&out);
    assert!(
        compared.contains("MISMATCH") && compared.contains("MATCH") && compared.contains("+1 (+100.00%)"),
        "{compared}"
    );
    let out = bpfvet(&["check", MIXED, "--format", "table", "--baseline", "/does/not/exist.csv"]);
    assert_eq!(out.status.code(), Some(2));
    std::fs::remove_dir_all(&folder).expect("cleans up");
}

#[test]
fn sarif_is_as_its_schema_says_and_fingerprints_stay() {
    let objects =
        [BAD, MIXED, "tests/traces/off_by_one.bpf.o", "tests/traces/ringbuf_leak.bpf.o", "/does/not/exist.o", SLOW];
    let out = bpfvet(&[&["check", "--format", "sarif", "--timeout", "600"], &objects[..]].concat());
    let sarif: serde_sarif::sarif::Sarif = serde_json::from_slice(&out.stdout).expect("SARIF 2.1.0");
    let run = &sarif.runs[0];
    let rules = run.tool.driver.rules.as_ref().expect("rules");
    let results = run.results.as_ref().expect("results");
    assert!(results.len() >= 7, "{}", results.len());
    for r in results {
        let id = r.rule_id.as_ref().expect("a rule");
        assert!(rules.iter().any(|rule| rule.id == *id), "{id}");
        assert!(r.locations.as_ref().is_some_and(|l| !l.is_empty()));
    }
    let flows = results.iter().filter(|r| r.code_flows.as_ref().is_some_and(|f| !f.is_empty())).count();
    assert!(flows >= 4, "{flows} with code flows");
    let fixes = results.iter().filter(|r| r.fixes.as_ref().is_some_and(|f| !f.is_empty())).count();
    assert!(fixes >= 2, "{fixes} with fixes");

    // An edit above moves every line, and says nothing else.
    let answer = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let prints = |v: &Value| -> Vec<Value> {
        let results = v["runs"][0]["results"].as_array().cloned().unwrap_or_default();
        results.iter().map(|r| r["partialFingerprints"].clone()).collect()
    };
    let before = answer(&text(&out));
    let all = prints(&before);
    assert!(all.iter().enumerate().all(|(i, p)| !all[..i].contains(p)), "fingerprints tell results apart");
    let edited = bpfvet(&["check", "--format", "sarif", "verifier-server/tests/formats/moved/mixed.bpf.o"]);
    let same = bpfvet(&["check", "--format", "sarif", MIXED]);
    assert_eq!(prints(&answer(&text(&edited))), prints(&answer(&text(&same))));
    assert_ne!(text(&edited), text(&same));
}

#[test]
fn github_limits_and_summary() {
    let summary = std::env::temp_dir().join(format!("bpfvet-summary-{}.md", std::process::id()));
    let file = summary.display().to_string();
    let bad = [BAD; 8];
    let out = with(&[&["check", "--format", "github"], &bad[..]].concat(), b"", &[("GITHUB_STEP_SUMMARY", &file)]);
    let text = text(&out);
    assert_eq!(text.lines().filter(|l| l.starts_with("::error ")).count(), 10, "GitHub shows ten");
    assert!(text.contains("6 more of level error are not shown"), "{text}");
    assert!(text.lines().all(|l| l.starts_with("::") && l.len() < 64 << 10));
    let written = std::fs::read_to_string(&summary).expect("a summary");
    assert_eq!(written.lines().filter(|l| l.contains("| rejected |")).count(), 16);
    std::fs::remove_file(&summary).expect("cleans up");
}

#[test]
fn levels_of_the_log() {
    let log =
        |level: &str| text(&bpfvet(&["check", BAD, "--prog", "forgot*", "--format", "kernel", "--log-level", level]));
    let (failing, all, stats) = (log("1"), log("2"), log("4"));
    assert_eq!(log("0"), "");
    assert!(failing.contains("R0 invalid mem access 'map_value_or_null'\nprocessed "), "{failing}");
    assert!(all.starts_with("func#0 @0\n") && all.contains("R0 invalid mem access"), "{all}");
    assert!(stats.contains("verification time ") && stats.contains("stack depth "), "{stats}");
    assert!(!stats.contains("0: ("), "{stats}");
}

#[test]
fn commands_of_the_action_and_the_hook() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).expect("is in the repository");
    assert!(read("action.yml").contains("run: sh \"$GITHUB_ACTION_PATH/.ci/action.sh\""));
    // The script of the action, with the variables that its inputs set, and an archive that was unpacked before.
    let cache = std::env::temp_dir().join(format!("bpfvet-action-{}", std::process::id()));
    let checksum = "0123456789abcdef".repeat(4);
    let unpacked = cache.join("bpfvet").join(&checksum);
    std::fs::create_dir_all(&unpacked).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_bpfvet"), unpacked.join("bpfvet")).expect("a link");
    let sarif = cache.join("out.sarif");
    let action = |checksum: &str, objects: &str| {
        Command::new("sh")
            .arg(root().join(".ci/action.sh"))
            .current_dir(root())
            .env_remove("GITHUB_STEP_SUMMARY")
            .env("RUNNER_TOOL_CACHE", &cache)
            .env("ARCHIVE", "https://example.invalid/bpfvet.tar.gz")
            .env("SHA256", checksum)
            .env("OBJECTS", objects)
            .env("KERNEL", "6.12,6.18")
            .env("ARGS", "--budget insns=900000")
            .env("SARIF", &sarif)
            .output()
            .expect("sh")
    };
    let unsure = action("", GOOD);
    assert_eq!(unsure.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unsure.stdout).contains("archive needs sha256"));
    let out = action(&checksum, &format!("{BAD}\n{GOOD}"));
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8_lossy(&out.stdout).starts_with("::error file="));
    let written: Value = serde_json::from_slice(&std::fs::read(&sarif).expect("SARIF")).expect("JSON");
    assert_eq!(written["runs"][0]["results"].as_array().map(Vec::len), Some(4));
    std::fs::remove_dir_all(&cache).expect("cleans up");

    let hook = read(".pre-commit-hooks.yaml");
    let entry = hook.lines().find_map(|l| l.trim().strip_prefix("entry: bpfvet ")).expect("a command");
    let args: Vec<&str> = entry.split_whitespace().chain([GOOD, BAD]).collect();
    assert_eq!(bpfvet(&args).status.code(), Some(1));
}
