//! The steps of the GitHub Action, replayed with an archive of this build: names with spaces, patterns, a cache, and an archive
//! that is not the one of its checksum.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(program: &str, args: &[&str], folder: &Path) -> Option<Output> {
    Command::new(program).args(args).current_dir(folder).output().ok().filter(|o| o.status.success())
}

fn action(folder: &Path, set: &[(&str, &str)]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/action.sh");
    let mut command = Command::new("sh");
    command.arg(script).current_dir(folder).env("RUNNER_TOOL_CACHE", folder.join("cache"));
    command.env_remove("GITHUB_STEP_SUMMARY").env_remove("GITHUB_WORKSPACE");
    command.envs(set.iter().copied()).output().expect("a shell")
}

#[test]
fn the_action_takes_an_archive_by_its_checksum() {
    let folder: PathBuf = std::env::temp_dir().join(format!("bpfvet action {}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("my build")).expect("a folder");
    std::fs::create_dir_all(folder.join("bpfvet-0")).expect("a folder");
    std::fs::copy(env!("CARGO_BIN_EXE_bpfvet"), folder.join("bpfvet-0/bpfvet")).expect("copies");
    let object = |from: &str, to: &str| {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/demo").join(from);
        std::fs::copy(from, folder.join(to)).expect("copies");
    };
    object("accepted.bpf.o", "my build/a b.bpf.o");
    object("rejected.bpf.o", "x.o");
    let packed = run("tar", &["-czf", "a.tar.gz", "bpfvet-0"], &folder);
    let sum = run("sha256sum", &["a.tar.gz"], &folder);
    let (Some(_), Some(sum), Some(_)) = (packed, sum, run("curl", &["--version"], &folder)) else {
        eprintln!("skipped: no tar, sha256sum or curl");
        return;
    };
    let sum = String::from_utf8_lossy(&sum.stdout).split(' ').next().unwrap_or_default().to_string();
    let archive = format!("file://{}", folder.join("a.tar.gz").display().to_string().replace(' ', "%20"));
    let with = [("ARCHIVE", archive.as_str()), ("SHA256", &sum)];
    let out = action(&folder, &[&with[..], &[("OBJECTS", "my build/*.bpf.o\nx.o"), ("SARIF", "out.sarif")]].concat());
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8_lossy(&out.stdout).contains("title=x.o%3A forgot_null_check"));
    assert!(std::fs::read_to_string(folder.join("out.sarif")).is_ok_and(|s| s.contains("mem-invalid-access")));
    // What was taken once is there.
    std::fs::remove_file(folder.join("a.tar.gz")).expect("removes");
    let out = action(&folder, &[&with[..], &[("OBJECTS", "my build/a b.bpf.o")]].concat());
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    std::fs::write(folder.join("a.tar.gz"), "another one").expect("writes");
    for wrong in ["00", "", "../../x"] {
        let out = action(&folder, &[("ARCHIVE", &archive), ("SHA256", wrong), ("OBJECTS", "x.o")]);
        assert_eq!(out.status.code(), Some(2), "{wrong}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}
