//! How a case is written: the directives in its first comment lines, and the files beside it.
//!
//! The build script reads cases with this file too, to find what each needs.

/// The text behind the mark of a comment line; `None`: the line is code. An empty line is an empty comment.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.is_empty() {
        return Some("");
    }
    let mark = ["//", "/*", "*/", "*", ";"].into_iter().find(|m| line.starts_with(m))?;
    Some(line[mark.len()..].trim().trim_end_matches("*/").trim())
}

/// The lines of a text up to its first line of code.
pub fn comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|l| comment(l).is_some())
}

/// Directives: `key: value` lines of the comments that a text begins with, in order.
pub fn directives(text: &str) -> Vec<(String, String)> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let pairs = comments(text).filter_map(|l| comment(l)?.split_once(':'));
    let named = pairs.filter(|(key, _)| !key.is_empty() && key.chars().all(plain));
    named.map(|(key, value)| (key.to_string(), value.trim().to_string())).collect()
}

/// The name of a file that a case names, seen from the folder of all cases: `plain.o` and `../btf/plain.o`.
pub fn beside(topic: &str, file: &str) -> String {
    match file.strip_prefix("../") {
        Some(other) => other.to_string(),
        None => format!("{topic}/{file}"),
    }
}
