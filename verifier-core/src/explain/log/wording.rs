//! Which row a line of a log is: one matcher, made of the rows themselves.
//!
//! A row's format string is what the kernel prints, with holes. A line is the row whose fixed words it holds in order, the
//! longest first, so that a more exact row wins. Releases that no profile is of word some rows in other ways: those
//! wordings stand in one table here, beside the code they mean.

use std::sync::LazyLock;

use crate::error::{Row, all_wordings};

/// Fewest letters of fixed text that tell anything.
const LEAST: usize = 9;
/// Fewest letters for a wording that is found in the middle of a line.
const LEAST_INSIDE: usize = 14;

/// Wordings of releases before and after those that profiles are of, with the code of the row that they are.
const OTHER_WORDINGS: &[(&str, &str)] = &[
    ("R{regno} invalid mem access 'inv'", "mem-invalid-access"),
    ("R{regno} invalid mem access '{ty}'", "mem-invalid-access"),
    ("R{regno} type={ty} expected={want}", "call-arg-type"),
    ("math between {ty} pointer and register with unbounded", "ptr-offset-unbounded"),
    ("R{regno} tried to add from different maps", "spec-mixed-bounds"),
    ("invalid stack off={off} size={size}", "mem-stack-range"),
    ("invalid stack type R{regno} off={off} access_size={size}", "mem-stack-range"),
    ("invalid indirect read from stack", "mem-stack-uninit-arg"),
    ("invalid read from stack", "mem-stack-uninit"),
    ("variable stack access var_off={var} off={off} size={size}", "mem-stack-variable-range"),
    ("variable stack read R{regno} var_off={var}", "mem-stack-variable-range"),
    ("R{regno} variable offset stack access prohibited for !root", "mem-stack-variable-unpriv"),
    ("R{regno} unbounded indirect variable offset stack access", "mem-stack-unbounded"),
    ("R{regno} unbounded memory access, use 'var &= const' or 'if (var < const)'", "call-size-unbounded"),
    ("R{regno} min value is negative, either use unsigned or 'var &= const'", "call-size-negative"),
    ("R{regno} min value is negative, either use unsigned index", "mem-min-negative"),
    ("unknown func {name}#{id}", "call-helper-not-offered"),
    ("unknown func", "call-helper-not-offered"),
    ("cannot call GPL only function from proprietary program", "call-gpl-only"),
    ("cannot call GPL-restricted function from non-GPL compatible program", "call-gpl-only"),
    ("BPF program is too large. Process", "limit-insns"),
    ("back-edge from insn {a} to {b}", "cfg-back-edge"),
    ("At program exit the register R0 has", "return-range"),
    ("At async callback the register R0", "return-range"),
    ("At callback return the register R0", "return-range"),
    ("BPF_EXIT instruction cannot be used inside bpf_spin_lock-ed region", "lock-held-at-exit"),
    ("BPF_EXIT instruction in main prog would lead to reference leak", "ref-leak"),
    ("tail_call would lead to reference leak", "ref-leak"),
    ("bpf_tail_call would lead to reference leak", "ref-leak"),
    ("reference leak", "ref-leak"),
    ("bpf_spin_unlock is missing", "lock-unlock-missing"),
    ("invalid bpf_context access", "mem-ctx"),
    ("dereference of modified ctx ptr", "mem-ptr-modified"),
    ("variable ctx access var_off={var} disallowed", "mem-ptr-variable-offset"),
    ("the sequence of {n} jumps is too complex", "limit-jump-sequence"),
    ("infinite loop detected at insn", "loop-infinite"),
    ("loop is not bounded", "loop-infinite"),
    ("call stack of {n} frames is too deep", "stack-frames"),
    ("combined stack size of {n} calls is", "stack-combined"),
    ("helper call is not allowed in probe", "call-not-allowed-here"),
    ("cannot pass map_type {n} into func", "call-map-type"),
    ("Possibly NULL pointer passed to trusted R{regno}", "kfunc-arg-null"),
    ("Possibly NULL pointer passed to helper R{regno}", "call-arg-null"),
    ("expected an initialized iter_{iter} as R{regno}", "iter-not-init"),
    ("expected uninitialized iter_{iter} as R{regno}", "iter-not-uninit"),
    ("release helper {name} expects referenced", "call-release-unreferenced"),
    ("release kfunc {name} expects referenced", "kfunc-release-unreferenced"),
    ("kernel function {name} R{regno} expected pointer to", "kfunc-arg-btf-type"),
    ("recursive call from {a}() to {b}()", "cfg-back-edge"),
    ("Global function {name}() return value not void or scalar", "global-return-type"),
    ("R{regno} expected for bpf_obj_drop()", "kfunc-arg-obj-drop"),
    ("R{regno} expected for bpf_percpu_obj_drop()", "kfunc-arg-percpu-obj-drop"),
    ("R{regno} invalid negative {what} buffer offset", "mem-buffer-negative"),
    ("R{regno} is {ty} expected STRUCT", "kfunc-arg-type"),
    ("misaligned {what} access off", "mem-misaligned"),
    ("sleepable helper {name} in non-sleepable prog", "call-may-sleep"),
    ("programs can be sleepable", "attach-not-sleepable-type"),
    ("map '{name}' is not a struct type or bpf_spin_lock is mangled", "call-field-missing"),
    ("BPF_ST stores into R{regno} {ty} is not allowed", "mem-atomic-store"),
    ("BPF_XADD stores into R{regno} {ty} is not allowed", "mem-atomic-store"),
    ("Sleepable programs can only use", "map-sleepable"),
    ("invalid variable-offset {what} to stack R{regno}", "mem-stack-variable-range"),
    ("invalid variable-offset {what} from stack R{regno}", "mem-stack-variable-range"),
    ("arg#{arg} pointer type STRUCT bpf_dynptr_kern must be valid and initialized", "dynptr-not-init"),
    ("arg#{arg} pointer type STRUCT bpf_dynptr_kern not to stack", "dynptr-not-on-stack"),
    ("sleepable helper {name} in rcu_read_lock region", "call-may-sleep-rcu"),
    ("sleepable helper {name} within non-preemptible region", "call-may-sleep-preempt"),
];

/// A part of a wording.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    /// Words as they stand.
    Fixed(String),
    /// A hole; the number of a register must be digits.
    Hole { digits: bool },
}

/// One wording of a row.
#[derive(Debug)]
struct Pattern {
    row: Row,
    pieces: Vec<Piece>,
    /// Bytes of fixed text.
    weight: usize,
}

/// Takes a format string apart.
fn pieces(format: &str) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut fixed = String::new();
    let mut rest = format.trim_end_matches('\n').chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                fixed.push(c);
            }
            '{' => {
                let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
                if !fixed.is_empty() {
                    out.push(Piece::Fixed(std::mem::take(&mut fixed)));
                }
                out.push(Piece::Hole { digits: name == "regno" });
            }
            '\n' => break,
            c => fixed.push(c),
        }
    }
    if !fixed.is_empty() {
        out.push(Piece::Fixed(fixed));
    }
    out
}

/// The string literals of a piece of code, as they are written there.
fn literals(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find('"') {
        let mut text = String::new();
        let mut chars = rest[at + 1..].char_indices();
        let end = loop {
            match chars.next() {
                Some((_, '\\')) => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, c)) => text.push(c),
                    None => return out,
                },
                Some((i, '"')) => break at + 1 + i + 1,
                Some((_, c)) => text.push(c),
                None => return out,
            }
        };
        out.push(text);
        rest = &rest[end..];
    }
    out
}

/// Every wording of a row that can be a cause.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let mut out = Vec::new();
    let mut add = |row: &Row, format: &str| {
        let pieces = pieces(format);
        let weight = pieces.iter().map(|p| if let Piece::Fixed(t) = p { t.trim().len() } else { 0 }).sum();
        if weight >= LEAST {
            out.push(Pattern { row: row.clone(), pieces, weight });
        }
    };
    let rows: Vec<_> = all_wordings().into_iter().filter(|w| w.row.cause.is_some()).collect();
    for w in &rows {
        w.formats.iter().for_each(|f| add(&w.row, f));
        literals(w.code).iter().for_each(|f| add(&w.row, f));
    }
    for (format, code) in OTHER_WORDINGS {
        if let Some(w) = rows.iter().find(|w| w.row.cause.is_some_and(|(c, _)| c == *code)) {
            add(&w.row, format);
        }
    }
    // Of two that fit, the one with more fixed words is the more exact; the sort keeps the rows' order otherwise.
    out.sort_by_key(|p| std::cmp::Reverse(p.weight));
    out
});

impl Pattern {
    /// Whether the text begins with this wording.
    fn begins(&self, text: &str) -> bool {
        self.end(text).is_some()
    }

    /// Whether the text is this wording and nothing else.
    fn is_all(&self, text: &str) -> bool {
        let open = matches!(self.pieces.last(), Some(Piece::Hole { .. }));
        self.end(text).is_some_and(|at| open || at == text.len())
    }

    /// Where this wording ends in a text that begins with it.
    fn end(&self, text: &str) -> Option<usize> {
        let mut at = 0;
        let mut digits = false;
        let mut hole = false;
        for piece in &self.pieces {
            match piece {
                Piece::Hole { digits: d } => (hole, digits) = (true, *d),
                Piece::Fixed(words) => {
                    let rest = text.get(at..)?;
                    let found =
                        if hole { rest.find(words.as_str()) } else { rest.starts_with(words.as_str()).then_some(0) };
                    let found = found?;
                    if digits && (found == 0 || !rest[..found].bytes().all(|b| b.is_ascii_digit())) {
                        return None;
                    }
                    at += found + words.len();
                    (hole, digits) = (false, false);
                }
            }
        }
        Some(at)
    }

    /// Where in the text this wording begins.
    fn inside(&self, text: &str) -> Option<usize> {
        let Some(Piece::Fixed(first)) = self.pieces.first() else { return None };
        text.match_indices(first.as_str()).map(|(i, _)| i).find(|i| self.begins(&text[*i..]))
    }
}

/// The row of a code.
pub(super) fn of_code(code: &str) -> Option<&'static Row> {
    PATTERNS.iter().map(|p| &p.row).find(|r| r.cause.is_some_and(|(c, _)| c == code))
}

/// The row that a line is, and the byte where its words begin: at the line's start, or behind what a loader wrote there.
pub(super) fn row_of(line: &str) -> Option<(&'static Row, usize)> {
    let text = line.trim_end();
    let start = text.len() - text.trim_start().len();
    // A line that a wording is all of comes before one that it only begins.
    let all = PATTERNS.iter().find(|p| p.is_all(&text[start..]));
    let whole = all.or_else(|| PATTERNS.iter().find(|p| p.begins(&text[start..]))).map(|p| (&p.row, start, p.weight));
    let inside =
        PATTERNS.iter().filter(|p| p.weight >= LEAST_INSIDE).find_map(|p| Some((&p.row, p.inside(text)?, p.weight)));
    match (whole, inside) {
        // A hole at the beginning takes whatever a loader wrote; fixed words found later tell more.
        (Some((row, at, w)), Some((_, _, i))) if w >= i => Some((row, at)),
        (_, Some((row, at, _))) => Some((row, at)),
        (Some((row, at, _)), None) => Some((row, at)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> Option<&'static str> {
        row_of(line).and_then(|(r, _)| r.cause).map(|(c, _)| c)
    }

    #[test]
    fn wordings_of_all_releases() {
        assert_eq!(code("R0 invalid mem access 'map_value_or_null'"), Some("mem-invalid-access"));
        assert_eq!(code("R0 invalid mem access 'inv'"), Some("mem-invalid-access"));
        assert_eq!(code("invalid access to packet, off=54 size=2, R2(id=0,off=54,r=54)"), Some("mem-packet-range"));
        assert_eq!(code("unknown func bpf_loop#181"), Some("call-helper-not-offered"));
        assert_eq!(
            code("At program exit the register R0 has value (0x2; 0x0) should have been in (0x0; 0x1)"),
            Some("return-range")
        );
        assert_eq!(code("Unreleased reference id=2 alloc_insn=7"), Some("ref-leak"));
        assert_eq!(code("hello world, nothing to see"), None);
    }

    #[test]
    fn loaders_write_before_the_words() {
        let line =
            "load program: permission denied: invalid access to packet, off=0 size=4, R1(id=0,off=0,r=0): R1 offset";
        assert_eq!(code(line), Some("mem-packet-range"));
    }

    #[test]
    fn every_row_with_words_of_its_own_is_found() {
        let lost: Vec<&str> = all_wordings()
            .iter()
            .filter(|w| w.row.cause.is_some())
            .flat_map(|w| w.formats.iter().map(move |f| (w, *f)))
            .filter(|(_, f)| {
                pieces(f).iter().map(|p| if let Piece::Fixed(t) = p { t.trim().len() } else { 0 }).sum::<usize>()
                    >= LEAST
            })
            .filter_map(|(w, f)| {
                // The format with its holes filled.
                let text: String = pieces(f)
                    .iter()
                    .map(|p| match p {
                        Piece::Fixed(t) => t.clone(),
                        Piece::Hole { .. } => "7".to_string(),
                    })
                    .collect();
                let same = code(&text) == w.row.cause.map(|(c, _)| c);
                // Two rows may be worded alike: nothing but the place tells them apart.
                let alike = row_of(&text).is_some();
                (!same && !alike).then_some(w.row.name)
            })
            .collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}
