//! The rules of the house, held against the source text: imports go down only, the kernel's data knows nothing of ours,
//! versions are compared in one place, and every file says what it decides.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules by floor. A module may use those of lower floors, of its own floor where listed together, and itself.
const FLOORS: &[(&str, u32)] = &[
    ("packing", 0),
    ("isa", 1),
    ("btf", 1),
    ("kernel", 1),
    ("domain", 2),
    ("error", 2),
    ("program", 3),
    ("state", 3),
    ("cfg", 3),
    ("log", 4),
    ("analysis", 5),
    ("explain", 6),
];

/// Uses across or against the floors that are meant, with the reason.
const ALLOWED: &[(&str, &str)] = &[
    // Message rows name types and known bits as values; they are data like the rows themselves.
    ("error", "state"),
];

fn floor(module: &str) -> Option<u32> {
    FLOORS.iter().find(|(m, _)| *m == module).map(|(_, f)| *f)
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("source folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Every source file of this crate and of those that nest below it: module (or crate), path for messages, text without
/// its tests. What crates may use of each other is in their manifests.
fn sources() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for below in ["", "runtime", "solver"] {
        let src = root.join(below).join("src");
        let mut paths = Vec::new();
        files(&src, &mut paths);
        found.extend(paths.into_iter().map(|p| {
            let rel = p.strip_prefix(&src).expect("below src").to_string_lossy().into_owned();
            let module = if below.is_empty() { rel.split(['/', '.']).next().unwrap_or_default() } else { below };
            let text = fs::read_to_string(&p).expect("source is text");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_string();
            (module.to_string(), format!("{below}/{rel}"), code)
        }));
    }
    found
}

/// Modules that a line of code names by `crate::`.
fn uses(line: &str) -> Vec<String> {
    line.match_indices("crate::")
        .map(|(i, m)| line[i + m.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for (module, rel, text) in sources() {
        let Some(own) = floor(&module) else { continue };
        for (n, line) in text.lines().enumerate().filter(|(_, l)| !is_comment(l)) {
            for used in uses(line) {
                let Some(other) = floor(&used) else { continue };
                let allowed = used == module
                    || ALLOWED.contains(&(module.as_str(), used.as_str()))
                    || other < own
                    || (other == own && !matches!(module.as_str(), "kernel" | "isa"));
                if !allowed {
                    wrong.push(format!("{rel}:{}: {module} uses {used}", n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that do not go down:\n{}", wrong.join("\n"));
}

#[test]
fn versions_are_compared_in_one_place() {
    let mut wrong = Vec::new();
    for (module, rel, text) in sources() {
        if module == "kernel" {
            continue;
        }
        for (n, line) in text.lines().enumerate().filter(|(_, l)| !is_comment(l)) {
            if line.contains("KernelVersion::new") || line.contains(".version <") || line.contains(".version >") {
                wrong.push(format!("{rel}:{}", n + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "versions are compared outside of kernel/:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_decides() {
    let silent: Vec<String> =
        sources().into_iter().filter(|(_, _, t)| !t.starts_with("//!")).map(|(_, rel, _)| rel).collect();
    assert!(silent.is_empty(), "files without a head comment:\n{}", silent.join("\n"));
}
