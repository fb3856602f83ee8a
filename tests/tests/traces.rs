//! Rejected programs as people write them: the explanation names the right lines, and its first suggestion helps.
//!
//! `traces/NAME.bpf.c` is wrong; `traces/NAME.fixed.bpf.c` is the same program with the first suggestion applied and
//! nothing else. Comments say what is expected: `// suggestion: CODE` and `// caps: LIST` at the top, `// rejected` on the
//! line that is named as the failing one, and `// cause: KIND` on lines that a step of that kind must stand on. What a
//! real kernel said of both stands there as well (`// kernels RELEASES: …; fixed: …`).

use std::fs;
use std::path::{Path, PathBuf};

use verifier_core::analysis::{Options, System, Verdict, verify};
use verifier_core::error::Errno;
use verifier_core::explain::{StepKind, Trace, explain};
use verifier_core::kernel::Kernel;
use verifier_core::program::request::Privilege;
use verifier_core::program::{LoadRequest, OpenOptions, open};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces")
}

fn systems() -> Vec<System> {
    let with_btf = |kernel: Kernel| System::stored(kernel).expect("stored BTF");
    // The cases are of what these refuse: older ones lack functions that they call, and 7.3 takes some of them.
    [Kernel::v6_12(), Kernel::v6_18()].map(with_btf).into()
}

/// The one program of an object.
fn request(name: &str, system: &System) -> LoadRequest {
    let bytes = fs::read(folder().join(format!("{name}.bpf.o"))).expect("an object beside the source");
    let options = OpenOptions { modules: Vec::new(), ..OpenOptions::new(&system.kernel, name) };
    let object = open(&bytes, &options).expect("opens");
    let program = object.programs.into_iter().next().expect("a program");
    program.result.expect("loadable")
}

struct Case {
    name: String,
    source: String,
}

impl Case {
    fn directive(&self, key: &str) -> Option<&str> {
        self.source.lines().find_map(|l| l.strip_prefix("// ")?.strip_prefix(key)?.strip_prefix(": "))
    }

    /// Lines (from 1) that carry a marker.
    fn marked(&self, marker: &str) -> Vec<(u32, &str)> {
        let lines = self.source.lines().zip(1u32..);
        lines.filter_map(|(l, n)| Some((n, l.split_once(marker)?.1.trim()))).collect()
    }

    fn options(&self) -> Options {
        let privilege = match self.directive("caps") {
            None => Privilege::ROOT,
            Some(list) => {
                assert_eq!(list, "bpf,net_admin", "{}", self.name);
                Privilege { bpf: true, net_admin: true, ..Privilege::NONE }
            }
        };
        Options { privilege, ..Options::default() }
    }
}

fn cases() -> Vec<Case> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .expect("the folder")
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter_map(|n| n.strip_suffix(".bpf.c").map(str::to_string))
        .filter(|n| !n.ends_with(".fixed"))
        .collect();
    names.sort();
    let read = |name: String| {
        let source = fs::read_to_string(folder().join(format!("{name}.bpf.c"))).expect("reads");
        Case { name, source }
    };
    names.into_iter().map(read).collect()
}

/// Line of a step.
fn at(trace: &Trace, kind: StepKind) -> Vec<u32> {
    let of_kind = trace.steps.iter().filter(|s| s.kind == kind);
    of_kind.filter_map(|s| Some(s.source.as_ref()?.line)).collect()
}

/// What is wrong with the explanation of one case under one release.
fn check(case: &Case, system: &System) -> Vec<String> {
    let options = case.options();
    let (report, trace) = explain(system, &request(&case.name, system), &options);
    let Some(trace) = trace else { return vec![format!("not rejected: {:?}", report.verdict)] };
    let mut wrong = Vec::new();
    for (line, _) in case.marked("// rejected") {
        let failing = at(&trace, StepKind::Failing);
        if failing != [line] {
            wrong.push(format!("rejected at {failing:?}, not {line}"));
        }
    }
    for (line, kind) in case.marked("// cause: ") {
        if !trace.steps.iter().any(|s| s.kind.word() == kind && s.source.as_ref().is_some_and(|s| s.line == line)) {
            let steps: Vec<_> =
                trace.steps.iter().map(|s| (s.kind.word(), s.source.as_ref().map(|s| s.line))).collect();
            wrong.push(format!("no step `{kind}` at line {line}: {steps:?}"));
        }
    }
    let suggested = trace.suggestions.first().map(|s| s.code);
    if suggested != case.directive("suggestion") {
        wrong.push(format!("first suggestion {suggested:?}, not {:?}", case.directive("suggestion")));
    }
    if trace.problem.is_empty() || trace.steps.iter().any(|s| s.label.is_empty() || s.focus.is_empty()) {
        wrong.push("a step without words or place".into());
    }
    wrong
}

#[test]
fn the_right_lines_and_a_first_suggestion_that_helps() {
    let (systems, cases) = (systems(), cases());
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let mut wrong = Vec::new();
    let mut helped = 0;
    for case in &cases {
        let mut loads = true;
        for system in &systems {
            for what in check(case, system) {
                wrong.push(format!("{} ({}): {what}", case.name, system.kernel.name));
            }
            let fixed = request(&format!("{}.fixed", case.name), system);
            loads &= matches!(verify(system, &fixed, &case.options()).verdict, Verdict::Accepted(_));
        }
        helped += usize::from(loads);
        if !loads {
            eprintln!("{}: the first suggestion does not make it load", case.name);
        }
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
    // Seven eighths is what the project promises; all is what it has.
    assert_eq!(helped, cases.len(), "first suggestions that help");
    eprintln!("{helped} of {} programs load with the first suggestion applied", cases.len());
}

#[test]
fn real_kernels_say_the_same() {
    let systems = systems();
    let mut asked = 0;
    for case in cases() {
        for system in &systems {
            let line = case.source.lines().find_map(|l| l.strip_prefix("// kernels ")).expect("what kernels said");
            let (releases, said) = line.split_once(": ").expect("releases and verdicts");
            if !releases.split(", ").any(|r| r == system.kernel.release) {
                continue;
            }
            let (broken, fixed) = said.split_once("; fixed: ").expect("two verdicts");
            let ours = |name: &str| match verify(system, &request(name, system), &case.options()).verdict {
                Verdict::Accepted(_) => "accepted".to_string(),
                Verdict::Rejected(r) => format!("rejected {}", Errno::name(r.errno)),
                other => format!("{other:?}"),
            };
            assert_eq!(ours(&case.name), broken, "{}", case.name);
            assert_eq!(ours(&format!("{}.fixed", case.name)), fixed, "{}", case.name);
            asked += 1;
        }
    }
    assert!(asked >= 100, "{asked} answers of kernels");
}
