//! What is made of the command line: help within 100 columns, completions and manual pages. `SNAPSHOTS=overwrite` accepts
//! changes.

use std::process::{Command, Output, Stdio};

use clap::CommandFactory;
use snapbox::{assert_data_eq, file};
use verifier_server::args::Cli;

fn bpfvet(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bpfvet"));
    command.args(args).stdin(Stdio::null()).env_remove("COLUMNS").output().expect("bpfvet runs")
}

fn text(args: &[&str]) -> String {
    let out = bpfvet(args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text")
}

/// Every command that is not hidden.
fn commands() -> Vec<String> {
    let command = Cli::command();
    command.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name().to_string()).collect()
}

#[test]
fn help_is_short_or_long_and_fits_a_terminal() {
    let mut all = text(&["-h"]);
    for name in commands() {
        let (short, long) = (text(&[&name, "-h"]), text(&[&name, "--help"]));
        assert!(short.lines().count() <= long.lines().count(), "{name}");
        for line in short.lines().chain(long.lines()) {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
        all.push_str(&format!("\n$ bpfvet {name} -h\n{short}"));
    }
    assert_data_eq!(all, file!["manual/help.txt"].raw());
}

#[test]
fn shells_complete_and_man_shows() {
    assert_data_eq!(text(&["completions", "bash"]), file!["manual/bpfvet.bash"].raw());
    assert_data_eq!(text(&["completions", "zsh"]), file!["manual/_bpfvet"].raw());
    assert_data_eq!(text(&["completions", "fish"]), file!["manual/bpfvet.fish"].raw());
    assert_data_eq!(text(&["man"]), file!["manual/bpfvet.1"].raw());
    let folder = std::env::temp_dir().join(format!("bpfvet-man-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(text(&["man", "--dir", &folder.display().to_string()]), "");
    let pages = std::fs::read_dir(&folder).expect("pages").count();
    let check = std::fs::read_to_string(folder.join("bpfvet-check.1")).expect("a page");
    assert_data_eq!(check, file!["manual/bpfvet-check.1"].raw());
    assert_eq!(pages, commands().len() + 1);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn answers_go_where_they_are_wanted() {
    let folder = std::env::temp_dir().join(format!("bpfvet-output-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("rows.jsonl").display().to_string();
    let object = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/mixed.bpf.o");
    let out = bpfvet(&["check", object, "--format", "jsonl", "--output", &file]);
    assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0));
    assert!(std::fs::read_to_string(&file).expect("rows").lines().count() >= 3);
    let colours =
        |when: &str| String::from_utf8_lossy(&bpfvet(&["check", object, "--color", when]).stdout).contains('\x1b');
    assert!(colours("always") && !colours("never") && !colours("auto"));
    // A computed kernel is told of, unless nobody wants to hear it.
    let notes = |more: &[&str]| bpfvet(&[&["check", object, "-k", "6.14", "-k", "6.12"], more].concat()).stderr.len();
    assert!(notes(&[]) > 0 && notes(&["-q"]) == 0);
    let meant = |args: &[&str]| String::from_utf8_lossy(&bpfvet(args).stderr).into_owned();
    assert!(meant(&["check", object, "--type", "xpd"]).contains("did you mean `xdp`?"));
    assert!(meant(&["check", object, "--budget", "insn=5"]).contains("did you mean `insns`?"));
    assert!(meant(&["explain", "mem-packet-rang"]).contains("did you mean `mem-packet-range`?"));
    assert!(meant(&["chek", object]).contains("check"));
    let _ = std::fs::remove_dir_all(&folder);
}
