//! What loaders and terminals wrap around a verifier's log: taken off, so that lines are the kernel's again.
//!
//! libbpf and bpftool print the log between two marks, ebpf-go indents it or joins its last lines with colons, aya and
//! others print it as a string with escapes, journals put time and host before each line, terminals colour it.

use std::borrow::Cow;

/// Bytes of a log that are read: the end, where the reason stands.
const MOST: usize = 64 << 20;

/// What lines of a log begin with, besides numbers.
const BEGINNINGS: &[&str] = &[
    "processed ",
    "; ",
    "R",
    "func#",
    "from ",
    "verification time",
    "invalid ",
    "-- ",
    "unknown ",
    "program ",
    "cannot ",
    "math ",
    "misaligned ",
    "value ",
    "BPF ",
    "helper ",
    "back-edge ",
    "Unreleased ",
    "The sequence ",
    "only ",
    "At ",
    "reference ",
    "tail_call ",
    "last insn ",
    "unreachable ",
    "jump out ",
    "infinite loop ",
    "combined stack ",
];

/// Lines of a log, without colours, control characters and escapes.
pub(super) fn lines(bytes: &[u8]) -> Vec<String> {
    let bytes = &bytes[bytes.len().saturating_sub(MOST)..];
    let text = String::from_utf8_lossy(bytes);
    let mut out = Vec::new();
    for line in text.split(['\n', '\r']) {
        let line = unescaped(line);
        for part in line.split(['\n', '\r']) {
            let plain = plain(part);
            if !plain.trim().is_empty() {
                out.push(plain.trim_end().to_string());
            }
        }
    }
    out
}

/// A line that is a string with escapes, as lines again. Source text may hold `\n` as well; only what looks like a log's
/// next line behind it tells.
fn unescaped(line: &str) -> Cow<'_, str> {
    let behind = |rest: &str| {
        let rest = rest.trim_start_matches(['\\', 't', ' ']);
        let number = rest.bytes().take_while(u8::is_ascii_digit).count();
        let insn = number > 0 && rest[number..].starts_with(": ");
        insn || BEGINNINGS.iter().any(|w| rest.starts_with(w))
    };
    if !line.match_indices("\\n").any(|(i, _)| behind(&line[i + 2..])) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'r') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let hex: String = (0..4).filter_map(|_| chars.next()).collect();
                out.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
            }
            Some(c) => out.push(c),
            None => {}
        }
    }
    Cow::Owned(out)
}

/// Without colours (`ESC [ … m`) and other control characters; a tab is a space.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            if chars.next_if_eq(&'[').is_some() {
                while chars.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
            }
            continue;
        }
        match c {
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_colours_and_line_ends() {
        assert_eq!(lines(b"0: (b7) r0 = 0\r\n1: (95) exit\r\n"), ["0: (b7) r0 = 0", "1: (95) exit"]);
        assert_eq!(lines(b"\x1b[31m0: (b7) r0 = 0\x1b[0m"), ["0: (b7) r0 = 0"]);
        assert_eq!(lines(br#"log: "0: (b7) r0 = 0\n1: (95) exit\n""#)[1], "1: (95) exit");
        assert_eq!(lines(br#"; bpf_printk("a\n");"#), [r#"; bpf_printk("a\n");"#]);
    }
}
