//! Profiles as people meet them: `probe` on this machine, `--kernel FILE`, files that are not as they should be, and
//! `--compare-running`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use verifier_core::kernel::{Kernel, PointRelease};
use verifier_probe::measure::Found;
use verifier_probe::profile::{Kept, Profile, store};

fn bpfvet(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bpfvet"))
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bpfvet starts");
    // bpfvet may refuse its arguments and be gone before it reads.
    let _ = child.stdin.take().map(|mut i| i.write_all(input));
    child.wait_with_output().expect("bpfvet ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder of a test's own, which goes away with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let at = std::env::temp_dir().join(format!("bpfvet-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&at);
        fs::create_dir(&at).expect("a folder");
        Folder(at)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `r0 = 0; exit`
const GOOD: &str = r#"{"name":"good","prog_type":1,"insns":"b7000000000000009500000000000000"}"#;

/// A program whose jump goes by 32 bits' worth of instructions nowhere: `gotol +0`, which 6.6 brought.
const LONG_JUMP: &str = r#"{"name":"gotol","prog_type":1,"insns":"b7000000000000000600000000000000 9500000000000000"}"#;

/// A distribution's 5.14 that has long jumps of a later release.
fn profile(at: &str) -> String {
    let release = PointRelease::parse("5.14").expect("a release");
    let nearest = Kernel::computed(release).expect("the history reaches it");
    let measured = Kept { there: true, measured: true, why: String::new() };
    let profile = Profile {
        written_by: "bpfvet 0.1.0".into(),
        name: "5.14.0-427.el9.x86_64".into(),
        release,
        because: "its name".into(),
        cpus: Some(4),
        locked_down: false,
        build: nearest.build,
        settings: Default::default(),
        changes: [("v4_instructions", measured.clone()), ("long_jumps", measured)].into(),
        found: Found::default(),
        vmlinux: None,
        modules: Vec::new(),
        config: None,
        symbols: None,
        missing: Vec::new(),
    };
    store(&profile, Path::new(at)).expect("stored");
    at.to_string()
}

fn rows(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("a JSON object per line")).collect()
}

#[test]
fn a_profile_is_a_kernel_to_ask() {
    let folder = Folder::new("ask");
    let file = profile(&folder.file("el9.toml"));
    let kernels = format!("5.14,{file}");
    let long_jump = LONG_JUMP.replace(' ', "");
    let lines = format!("{GOOD}\n{long_jump}");
    let out = bpfvet(&["check", "--raw", "-", "--kernel", &kernels, "--format", "jsonl"], lines.as_bytes());
    let rows = rows(&out);
    let said: Vec<_> = rows
        .iter()
        .map(|r| format!("{} {} {} {}", r["program"], r["kernel"], r["basis"], r["verdict"]).replace('"', ""))
        .collect();
    assert_eq!(
        said,
        [
            "good 5.14 computed accepted",
            "good 5.14.0-427.el9.x86_64 probed accepted",
            "gotol 5.14 computed rejected",
            "gotol 5.14.0-427.el9.x86_64 probed accepted",
        ]
    );
    let told = text(&out.stderr);
    assert!(told.contains("Linux 5.14.0-427.el9.x86_64 is probed: 2 of 2 changes were measured"), "{told}");
    let out = bpfvet(&["explain", "corpus/demo/rejected.bpf.o", "--kernel", &file], b"");
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("5.14.0-427.el9.x86_64"));
}

#[test]
fn what_is_wrong_with_a_profile_is_told_with_its_line() {
    let folder = Folder::new("wrong");
    let file = profile(&folder.file("el9.toml"));
    let ask = |file: &str| {
        let out = bpfvet(&["check", "--raw", "-", "--kernel", file], GOOD.as_bytes());
        assert_eq!(out.status.code(), Some(2), "{}", text(&out.stdout));
        text(&out.stderr)
    };
    let whole = fs::read_to_string(&file).expect("text");
    fs::write(&file, whole.replace("cpus = 4", "cpus = 4\ncpsu = 5")).expect("written");
    let line = whole.lines().position(|l| l == "cpus = 4").expect("a line") + 2;
    let said = ask(&file);
    assert!(said.contains(&format!("el9.toml:{line}: unknown field `cpsu`")), "{said}");
    assert!(ask(&folder.file("none.toml")).contains("No such file"));
    fs::write(&file, "\u{1b}[2J = 1\n").expect("written");
    assert!(!ask(&file).contains('\u{1b}'));
}

#[test]
fn this_machine_is_probed_and_answered_for() {
    let folder = Folder::new("here");
    let file = folder.file("here.toml");
    let out = bpfvet(&["probe", "-o", &file], b"");
    let (said, told) = (text(&out.stdout), text(&out.stderr));
    if out.status.code() != Some(0) {
        // A kernel that the history does not reach.
        assert!(told.contains("bpfvet: the running kernel ") && !Path::new(&file).exists(), "{told}");
        return;
    }
    assert!(said.contains("made from") && said.contains("Wrote ") && told.is_empty(), "{said}{told}");
    let written = fs::read_to_string(&file).expect("a profile");
    assert!(written.contains("[changes]") && folder.0.join("here.btf.gz").exists());
    let out = bpfvet(&["check", "--raw", "-", "--kernel", &file, "--format", "jsonl"], GOOD.as_bytes());
    let rows = rows(&out);
    assert_eq!((rows[0]["verdict"].as_str(), rows[0]["basis"].as_str()), (Some("accepted"), Some("probed")));
}

#[cfg(unix)]
#[test]
fn a_profile_is_not_written_through_a_link() {
    let folder = Folder::new("link");
    let (file, other) = (folder.file("here.toml"), folder.file("other"));
    fs::write(&other, "kept").expect("written");
    std::os::unix::fs::symlink(&other, &file).expect("a link");
    let out = bpfvet(&["probe", "-o", &file], b"");
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stdout));
    assert_eq!(fs::read_to_string(&other).expect("text"), "kept");
    let left = fs::read_dir(&folder.0).expect("the folder").count();
    assert_eq!(left, 2);
}

#[test]
fn programs_are_compared_with_the_running_kernel() {
    let objects = ["corpus/demo/accepted.bpf.o", "corpus/demo/rejected.bpf.o"];
    let out = bpfvet(&[&["check", "--compare-running"], &objects[..]].concat(), b"");
    let (said, told) = (text(&out.stdout), text(&out.stderr));
    match out.status.code() {
        // Without rights, or on a kernel that is not known.
        Some(2) => assert!(told.contains("--compare-running") || told.contains("the running kernel"), "{told}"),
        code => {
            assert!(matches!(code, Some(0 | 1)), "{told}");
            assert!(said.contains("programs on the running kernel and as Linux "), "{said}");
        }
    }
    let out = bpfvet(&["check", "--compare-running", "--kernel", "6.12", objects[0]], b"");
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("cannot be used with"));
}
