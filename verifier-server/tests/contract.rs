//! `bpfvet.toml` as its users meet it: settings that objects need, variants, expectations, budgets; every kind of mistake
//! with its place and what was meant; damaged files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::Value;
use verifier_core::analysis::System;
use verifier_core::kernel::Kernel;
use verifier_server::ask::Question;
use verifier_server::clean::is_hidden;
use verifier_server::contract::plan::Plan;
use verifier_server::contract::{Contract, shape};

const OBJECT: &[u8] = include_bytes!("contract/app.bpf.o");

/// What the loader of `app.bpf.o` does.
const GOOD: &str = r#"kernels = ["6.1", "6.12"]

[[object]]
files = "*.bpf.o"

[object.globals]
use_unknown_helper = false
slots = 7
mode = "BLOCK"
device = "eth0"
"cfg.ports[1]" = 443
cfg = { strict = 1 }

[object.kconfig]
CONFIG_HZ = 100

[object.maps.flows]
max_entries = 1024

[object.maps.tables]
inner = { type = "array", key_size = 4, value_size = 8, max_entries = 1 }

[object.programs.experiment]
load = false
"#;

/// A folder of a test's own with the object in it, gone when the test is.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("bpfvet-contract-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("build")).expect("a folder");
        std::fs::write(path.join("build/app.bpf.o"), OBJECT).expect("writes");
        Folder(path)
    }

    fn config(&self, text: &str) {
        std::fs::write(self.0.join("bpfvet.toml"), text).expect("writes");
    }

    fn bpfvet(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bpfvet"));
        command.args(args).current_dir(&self.0).env_remove("GITHUB_WORKSPACE").env_remove("GITHUB_STEP_SUMMARY");
        command.output().expect("bpfvet runs")
    }

    /// The rows of a check of everything under a file.
    fn check(&self, text: &str, more: &[&str]) -> (Option<i32>, Vec<Value>) {
        self.config(text);
        let out = self.bpfvet(&[&["check", "build", "--format", "jsonl"], more].concat());
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let rows = text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        (out.status.code(), rows)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

fn verdicts(rows: &[Value]) -> Vec<String> {
    let one = |r: &Value| {
        format!(
            "{} {} {}",
            r["program"].as_str().unwrap_or("-"),
            r["kernel"].as_str().unwrap_or("-"),
            r["verdict"].as_str().unwrap_or("-")
        )
    };
    rows.iter().map(one).collect()
}

#[test]
fn an_object_that_its_loader_completes_loads_with_its_contract_alone() {
    let dir = Folder::new("completes");
    let (code, rows) = dir.check(GOOD, &[]);
    let expected = [
        "count 6.1 accepted",
        "count 6.12 accepted",
        "lookup 6.1 accepted",
        "lookup 6.12 accepted",
        "fill 6.1 accepted",
        "fill 6.12 accepted",
    ];
    assert_eq!((code, verdicts(&rows)), (Some(0), expected.map(String::from).to_vec()));
    // The command line comes before the file, and can do without it.
    let (code, rows) = dir.check(GOOD, &["--kernel", "6.18"]);
    assert_eq!((code, verdicts(&rows)[0].as_str()), (Some(0), "count 6.18 accepted"));
    let (code, rows) = dir.check(GOOD, &["--no-config"]);
    assert_eq!((code, verdicts(&rows)[0].as_str()), (Some(1), "count 6.12 not_loadable"));
    assert_eq!(rows[3]["reproduce"], "bpfvet check build/app.bpf.o --prog experiment --kernel 6.12 --no-config");
}

#[test]
fn every_setting_is_needed() {
    let dir = Folder::new("needed");
    for (left_out, program) in [
        ("use_unknown_helper = false\n", "count"),
        ("slots = 7\n", "fill"),
        ("max_entries = 1024\n", "count"),
        ("inner = { type = \"array\", key_size = 4, value_size = 8, max_entries = 1 }\n", "lookup"),
        ("load = false\n", "experiment"),
    ] {
        let (code, rows) = dir.check(&GOOD.replace(left_out, ""), &["--kernel", "6.12"]);
        let failing: Vec<&str> =
            rows.iter().filter(|r| r["verdict"] != "accepted").filter_map(|r| r["program"].as_str()).collect();
        assert_eq!((code, failing), (Some(1), vec![program]), "{left_out}");
    }
}

#[test]
fn types_flags_and_targets_are_those_of_the_loader() {
    let dir = Folder::new("types");
    let more = "[object.programs.fill]\ntype = \"xdp\"\nflags = \"xdp_has_frags\"\n";
    let (_, rows) = dir.check(&format!("{GOOD}{more}"), &["--kernel", "6.12", "--prog", "fill"]);
    assert_eq!((&rows[0]["prog_type"], &rows[0]["verdict"]), (&"xdp".into(), &"accepted".into()), "{rows:?}");
    let more = "[object.programs.fill]\ntype = \"tracing\"\nattach_type = \"trace_fentry\"\nattach_to = \"no_such_function\"\n";
    let (_, rows) = dir.check(&format!("{GOOD}{more}"), &["--kernel", "6.12", "--prog", "fill"]);
    assert_eq!(rows[0]["verdict"], "not_loadable");
    assert!(rows[0]["message"].as_str().is_some_and(|m| m.contains("'no_such_function'")), "{rows:?}");
    let found = more.replace("no_such_function", "tcp_v4_connect");
    let (_, rows) = dir.check(&format!("{GOOD}{found}"), &["--kernel", "6.12", "--prog", "fill"]);
    assert_eq!((&rows[0]["prog_type"], &rows[0]["verdict"]), (&"tracing".into(), &"rejected".into()), "{rows:?}");
    assert_eq!(rows[0]["code"], "return-range", "the hook wants 0: {rows:?}");
    // A map that is not created is missed where it is used.
    let more = GOOD.replace("max_entries = 1024", "create = false");
    let (_, rows) = dir.check(&more, &["--kernel", "6.12", "--prog", "count"]);
    assert!(
        rows[0]["message"].as_str().is_some_and(|m| m.contains("'flows' is referenced but wasn't created")),
        "{rows:?}"
    );
    let (_, rows) =
        dir.check(&GOOD.replace("CONFIG_HZ = 100", "CONFIG_HZ = \"fast\""), &["--kernel", "6.12", "--prog", "count"]);
    assert!(rows[0]["message"].as_str().is_some_and(|m| m.contains("in-memory Kconfig line 'CONFIG_HZ'")), "{rows:?}");
}

#[test]
fn a_job_fails_when_reality_changes_either_way() {
    let dir = Folder::new("expects");
    let expects = "[[object.programs.experiment.expect]]\ncode = \"mem-packet-range\"\n";
    let with = GOOD.replace("load = false\n", expects);
    let with = with.replace("[object.programs.experiment]\n", "");
    let (code, rows) = dir.check(&with, &["--kernel", "6.12"]);
    let last = rows.last().expect("a row");
    assert_eq!(
        (code, &last["verdict"], &last["expected"]["met"]),
        (Some(0), &"rejected".into(), &true.into()),
        "{last}"
    );
    assert!(last["expected"]["place"].as_str().is_some_and(|p| p.starts_with("bpfvet.toml:23:1")), "{last}");
    // Another code, another verdict, and one that holds for other kernels.
    let (code, _) = dir.check(&with.replace("mem-packet-range", "mem-map-value-range"), &["--kernel", "6.12"]);
    assert_eq!(code, Some(1));
    let (code, rows) =
        dir.check(&with.replace("code = \"mem-packet-range\"", "verdict = \"accepted\""), &["--kernel", "6.12"]);
    assert_eq!((code, &rows[3]["expected"]["met"]), (Some(1), &false.into()));
    let (code, rows) = dir.check(&format!("{with}kernels = \"6.1-6.10\"\n"), &["--kernel", "6.12"]);
    assert_eq!((code, rows[3].get("expected")), (Some(1), None));
    // What loads although it was expected not to.
    let loads = GOOD.to_string() + "[[object.programs.count.expect]]\nverdict = \"rejected\"\n";
    let (code, _) = dir.check(&loads, &["--kernel", "6.12"]);
    assert_eq!(code, Some(1));
    for format in ["text", "table", "csv", "sarif", "junit", "github"] {
        let out = dir.bpfvet(&["check", "build", "--kernel", "6.12", "--format", format]);
        assert_eq!(out.status.code(), Some(1), "{format}");
        let named = ["table", "csv"].contains(&format) || said(&out).contains("not as expected");
        assert!(named, "{format}: {}", said(&out));
    }
}

#[test]
fn budgets_have_headroom() {
    let dir = Folder::new("budget");
    let (code, rows) = dir.check(&format!("budget = {{ insns = 40 }}\n{GOOD}"), &["--kernel", "6.12"]);
    assert_eq!((code, &rows[2]["over_budget"][0]), (Some(1), &"insns 46 > 40".into()));
    let (code, rows) =
        dir.check(&format!("budget = {{ insns = 50, headroom = \"10%\" }}\n{GOOD}"), &["--kernel", "6.12"]);
    assert_eq!((code, &rows[2]["over_budget"][0]), (Some(1), &"insns 46 > 45".into()));
    let wider = format!("budget = {{ insns = 40 }}\n{GOOD}[object.programs.\"fi*\"]\nbudget = {{ insns = 46 }}\n");
    assert_eq!(dir.check(&wider, &["--kernel", "6.12"]).0, Some(0));
    assert_eq!(dir.check(&wider, &["--kernel", "6.12", "--budget", "insns=45"]).0, Some(1));
}

#[test]
fn variants_are_every_combination_by_name() {
    let dir = Folder::new("variants");
    let text = format!(
        "{GOOD}[object.matrix]\nmode = [\"OFF\", \"WATCH\"]\nslots = [1, 100000]\n[object.presets.v6.maps.flows]\nmax_entries = 7\n"
    );
    let (code, rows) = dir.check(&text, &["--kernel", "6.12", "--prog", "fill"]);
    let variants: Vec<String> = rows
        .iter()
        .map(|r| format!("{}: {}", r["variant"].as_str().unwrap_or("-"), r["verdict"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(code, Some(1));
    assert_eq!(
        variants,
        [
            "v6,mode=OFF,slots=1: accepted",
            "v6,mode=OFF,slots=100000: rejected",
            "v6,mode=WATCH,slots=1: accepted",
            "v6,mode=WATCH,slots=100000: rejected"
        ]
    );
    let expects = "[[object.expect]]\nvariant = \"*slots=100000\"\nverdict = \"rejected\"\n";
    assert_eq!(dir.check(&format!("{text}{expects}"), &["--kernel", "6.12", "--prog", "fill"]).0, Some(0));
    let out = dir.bpfvet(&["check", "build", "--kernel", "6.1,6.12", "--prog", "fill"]);
    assert!(said(&out).contains("fill [v6,mode=OFF,slots=1]"), "{}", said(&out));
}

/// Every kind of mistake in the file itself: what is put into the good file in place of what, where the mistake is, and what
/// is said of it.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    // The grammar of TOML.
    ("kernels = [\"6.1\", \"6.12\"]", "kernels = [\"6.1\", ", "4:1", "missing comma"),
    ("kernels = [\"6.1\", \"6.12\"]", "kernels", "1:8", "expected `=`"),
    ("slots = 7", "slots = 7\nslots = 8", "9:1", "duplicate key"),
    ("slots = 7", "slots = 07", "8:", "leading zero"),
    ("device = \"eth0\"", "device = \"eth0", "10:", "invalid basic string"),
    // Keys.
    ("kernels = [", "kernel = [", "1:1", "unknown key `kernel`|did you mean `kernels`?"),
    ("[object.globals]", "[object.global]", "6:9", "unknown key `global`|did you mean `globals`?"),
    ("max_entries = 1024", "max_entry = 1024", "18:1", "unknown key `max_entry`|did you mean `max_entries`?"),
    ("load = false", "autoload = false", "24:1", "unknown key `autoload`|did you mean `load`?"),
    ("value_size = 8", "valuesize = 8", "21:41", "unknown key `valuesize`|did you mean `value_size`?"),
    ("kernels =", "budget = { insn = 5 }\nkernels =", "1:12", "unknown key `insn`|did you mean `insns`?"),
    ("load = false", "expect = [{ verdikt = \"accepted\" }]", "24:13", "unknown key `verdikt`|did you mean `verdict`?"),
    // Kinds of values.
    ("max_entries = 1024", "max_entries = \"1024\"", "18:15", "`max_entries` holds a whole number, not text"),
    ("max_entries = 1024", "max_entries = -1", "18:15", "a number from 0 to 4294967295"),
    ("max_entries = 1024", "max_entries = 4294967296", "18:15", "a number from 0 to 4294967295"),
    ("load = false", "load = \"no\"", "24:8", "`load` holds `true` or `false`, not text"),
    ("slots = 7", "slots = 7.5", "8:9", "a number with a fraction is nothing that a BPF program has"),
    ("slots = 7", "slots = 2024-01-01", "8:9", "a date is nothing"),
    ("slots = 7", "slots = 99999999999999999999", "8:9", "does not fit into 64 bits"),
    ("[[object]]", "[object]", "3:1", "`object` is a list of tables|write `[[object]]`"),
    ("kernels = [\"6.1\", \"6.12\"]", "kernels = []", "1:11", "`kernels` is an empty list"),
    ("kernels = [\"6.1\", \"6.12\"]", "kernels = 6.1", "1:11", "text or a list of texts"),
    ("files = \"*.bpf.o\"\n", "", "3:1", "this `[[object]]` has no `files`"),
    ("files = \"*.bpf.o\"", "files = \"/home/me/*.o\"", "4:9", "relative to the folder"),
    ("files = \"*.bpf.o\"", "files = \"\"", "4:9", "is empty"),
    // Names.
    ("\"6.12\"]", "\"6.1a\"]", "1:19", "6.1a"),
    ("\"6.12\"]", "\"6.12-6.1\"]", "1:19", "runs backwards"),
    ("[[object]]", "[[object]]\nloader = \"libpbf\"", "4:10", "unknown loader `libpbf`|did you mean `libbpf`?"),
    ("type = \"array\"", "type = \"aray\"", "21:18", "unknown map type `aray`|did you mean `array`?"),
    ("load = false", "type = \"xpd\"", "24:8", "unknown program type `xpd`|did you mean `xdp`?"),
    ("load = false", "attach_type = \"trace_fentri\"", "24:15", "unknown attach type|did you mean `trace_fentry`?"),
    ("load = false", "flags = [\"sleepabel\"]", "24:10", "unknown load flag `sleepabel`|did you mean `sleepable`?"),
    ("max_entries = 1024", "flags = \"no_prealoc\"", "18:9", "unknown map flag|did you mean `no_prealloc`?"),
    (
        "load = false",
        "expect = [{ verdict = \"reject\" }]",
        "24:23",
        "unknown verdict `reject`|did you mean `rejected`?",
    ),
    (
        "load = false",
        "expect = [{ code = \"mem-paket-range\" }]",
        "24:20",
        "unknown code|did you mean `mem-packet-range`?",
    ),
    // What makes no sense.
    ("load = false", "expect = [{ kernels = \"6.1\" }]", "24:11", "nothing is expected"),
    (
        "load = false",
        "expect = [{ verdict = \"accepted\", code = \"mem-packet-range\" }]",
        "24:11",
        "only what is rejected has a `code`",
    ),
    ("kernels =", "budget = { headroom = \"a lot\" }\nkernels =", "1:23", "no part of a hundred|as `10%`"),
    ("kernels =", "budget = { headroom = \"100%\" }\nkernels =", "1:23", "no part of a hundred"),
    ("CONFIG_HZ = 100", "HZ = 100", "15:1", "they begin with `CONFIG_`"),
    ("{ type = \"array\", key_size", "{ key_size", "21:9", "has no `type`"),
    (
        "[object.kconfig]",
        "[object.matrix]\nslots = [1,2,3,4,5,6,7,8,9]\nmode = [0,1,2,3,4,5,6,7]\n[object.kconfig]",
        "14:1",
        "72 variants",
    ),
];

#[test]
fn every_mistake_has_a_place_and_says_what_was_meant() {
    let dir = Folder::new("mistakes");
    for (from, to, place, words) in MISTAKES {
        assert!(GOOD.contains(from), "{from}");
        dir.config(&GOOD.replacen(from, to, 1));
        let out = dir.bpfvet(&["check", "build"]);
        let said = said(&out);
        assert_eq!(out.status.code(), Some(2), "{to}: {said}");
        assert!(said.contains(&format!("--> bpfvet.toml:{place}")), "{to}: {said}");
        for word in words.split('|') {
            assert!(said.contains(word), "{to}: {word}: {said}");
        }
    }
    assert!(MISTAKES.len() >= 30);
}

/// Settings that fit nothing in the object: known once it is opened.
const MISFITS: &[(&str, &str, &str, &str)] = &[
    ("slots = 7", "slot = 7", "8:1", "no global variable `slot`; did you mean `slots`?"),
    ("slots = 7", "slots = 5000000000", "8:1", "does not fit: it holds 0 to 4294967295"),
    ("slots = 7", "slots = \"many\"", "8:1", "it is unsigned int, and cannot be text"),
    (
        "mode = \"BLOCK\"",
        "mode = \"BLOK\"",
        "9:1",
        "`BLOK` is no value of enum mode; there are `OFF`, `WATCH`, `BLOCK`",
    ),
    ("device = \"eth0\"", "device = \"much_longer_than_16\"", "10:1", "there is room for 16"),
    ("\"cfg.ports[1]\"", "\"cfg.ports[4]\"", "11:1", "index 4 is behind the end: there are 4 elements"),
    ("\"cfg.ports[1]\"", "\"cfg.prots[1]\"", "11:1", "there is no member `prots`; there are `ports`"),
    ("CONFIG_HZ", "CONFIG_HZZ", "15:1", "no configuration value `CONFIG_HZZ`; did you mean `CONFIG_HZ`?"),
    ("maps.flows", "maps.flow", "18:1", "declares no map `flow`; did you mean `flows`?"),
    ("max_entries = 1024", "inner = \"tables\"", "18:1", "`flows` is no map of maps (hash)"),
    (
        "inner = { type = \"array\", key_size = 4, value_size = 8, max_entries = 1 }",
        "inner = \"flws\"",
        "21:1",
        "no map `flws`",
    ),
    ("programs.experiment", "programs.experimnt", "23:", "no program `experimnt`; did you mean `experiment`?"),
    (
        "[object.programs.experiment]\nload",
        "[[object.programs.look.expect]]\nverdict = \"accepted\"\n[object.programs.experiment]\nload",
        "23:1",
        "no program `look`",
    ),
];

#[test]
fn what_fits_nothing_in_the_object_is_named() {
    let dir = Folder::new("misfits");
    for (from, to, place, words) in MISFITS {
        assert!(GOOD.contains(from), "{from}");
        dir.config(&GOOD.replacen(from, to, 1));
        let out = dir.bpfvet(&["check", "build"]);
        let said = said(&out);
        assert_eq!(out.status.code(), Some(2), "{to}: {said}");
        assert!(said.contains(&format!("bpfvet.toml:{place}")) && said.contains(words), "{to}: {said}");
    }
}

#[test]
fn what_is_no_text_is_refused() {
    let dir = Folder::new("bytes");
    std::fs::write(dir.0.join("bpfvet.toml"), b"kernels = \"6.1\"\n# \xff\n").expect("writes");
    let out = dir.bpfvet(&["check", "build"]);
    assert!(out.status.code() == Some(2) && said(&out).contains("bpfvet.toml:2: it is not UTF-8"), "{}", said(&out));
    std::fs::write(dir.0.join("bpfvet.toml"), vec![b'#'; 2 << 20]).expect("writes");
    assert!(said(&dir.bpfvet(&["check", "build"])).contains("larger than 1 MiB"));
    let out = dir.bpfvet(&["check", "build", "--config", "not/there.toml"]);
    assert!(out.status.code() == Some(2) && said(&out).contains("not/there.toml"), "{}", said(&out));
}

#[test]
fn a_first_file_is_valid_and_says_what_the_loader_has_to() {
    let dir = Folder::new("init");
    let out = dir.bpfvet(&["init"]);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let text = std::fs::read_to_string(dir.0.join("bpfvet.toml")).expect("a file");
    for part in [
        "files = \"build/app.bpf.o\"",
        "[object.maps.flows]\nmax_entries",
        "[object.maps.tables]\ninner",
        "# slots = …  # unsigned int",
        "# [object.programs.experiment]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let contract = Contract::parse(Path::new("bpfvet.toml"), text).expect("valid");
    assert_eq!(contract.said.objects.len(), 1);
    // With it, more loads than without.
    let (_, rows) =
        dir.check(&std::fs::read_to_string(dir.0.join("bpfvet.toml")).expect("a file"), &["--kernel", "6.12"]);
    assert!(rows.iter().all(|r| r["verdict"] != "not_loadable"), "{rows:?}");
    let again = dir.bpfvet(&["init"]);
    assert!(again.status.code() == Some(2) && said(&again).contains("--force"), "{}", said(&again));
    assert_eq!(dir.bpfvet(&["init", "--force", "-q"]).status.code(), Some(0));
}

#[test]
fn published_schemas_are_those_of_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for (of, file) in [("config", "bpfvet.schema.json"), ("rows", "rows.schema.json")] {
        let out = Command::new(env!("CARGO_BIN_EXE_bpfvet")).args(["schema", of]).output().expect("bpfvet runs");
        let text = String::from_utf8(out.stdout).expect("text");
        if std::env::var_os("BPFVET_BLESS").is_some() {
            std::fs::write(folder.join(file), &text).expect("writes");
        }
        let stored = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        assert_eq!(stored, text, "docs/{file}: BPFVET_BLESS=1 writes it anew");
    }
    assert!(shape::schema()["properties"]["object"]["items"]["properties"]["maps"].is_object());
}

/// Numbers that look random.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// A text with some of its bytes changed, left out, doubled, or exchanged for pieces of the grammar.
fn damaged(seed: u64) -> String {
    const PIECES: &[&str] = &[
        "[[",
        "]]",
        "{",
        "}",
        "\"",
        "'''",
        "= ",
        ".",
        "\n",
        "\0",
        "\u{202e}",
        "é",
        "99999999999999999999999",
        "-",
        "inf",
        "nan",
        "1979-05-27",
        "0x",
        "[object.presets.a]\n",
        "matrix = {",
        "\\u00",
        "true",
        "#",
        "\r",
        "kernels = [\"",
        "6.1-",
        "*",
        "[",
        "]",
    ];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = GOOD.as_bytes().to_vec();
    for _ in 0..1 + next(&mut state) % 6 {
        let at = next(&mut state) as usize % bytes.len().max(1);
        match next(&mut state) % 5 {
            0 => drop(bytes.remove(at.min(bytes.len() - 1))),
            1 => bytes[at] = next(&mut state) as u8,
            2 => {
                let piece = PIECES[next(&mut state) as usize % PIECES.len()];
                bytes.splice(at..at, piece.bytes());
            }
            3 => {
                let end = (at + next(&mut state) as usize % 60).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => bytes.truncate(at.max(40)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `BPFVET_DAMAGED=100000` looks at as many.
#[test]
fn damaged_files_are_read_or_refused_with_a_place() {
    let n: u64 = std::env::var("BPFVET_DAMAGED").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let system = System::stored(Kernel::v6_12()).expect("stored BTF");
    let mut good = 0;
    for seed in 0..n {
        let text = damaged(seed);
        match Contract::parse(Path::new("bpfvet.toml"), text) {
            Ok(contract) => {
                good += 1;
                // What is read is held against an object: what does not fit is said.
                for plan in Plan::all(&contract, Path::new("app.bpf.o")).into_iter().take(2).filter(|_| good % 40 == 0)
                {
                    let question = Question { plan: Arc::new(plan), ..Question::default() };
                    let object = question.open("app.bpf.o", OBJECT, &system).expect("an object");
                    for line in question.plan.misfits(&object) {
                        assert!(line.starts_with("bpfvet.toml:"), "{seed}: {line}");
                    }
                }
            }
            Err(words) => {
                assert!(words.contains("--> bpfvet.toml:"), "{seed}: {words}");
                let hidden = words.chars().find(|c| is_hidden(*c) && *c != '\n' && *c != '\t');
                assert_eq!(hidden, None, "{seed}: {words}");
            }
        }
    }
    assert!(good > n / 50 && good < n, "{good} of {n} are still valid");
}
