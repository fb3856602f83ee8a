//! Which row a line of a log is: one matcher, made of the rows themselves.
//!
//! A row's format string is what the kernel prints, with holes. A line is the row whose fixed words it holds in order, the
//! longest first, so that a more exact row wins. Releases that no profile is of word some rows in other ways: those
//! wordings stand in one table here, beside the code they mean.

use std::sync::LazyLock;

use crate::code;
use crate::error::{Code, Row, all_wordings};

/// Fewest letters of fixed text that tell anything.
const LEAST: usize = 9;
/// Fewest letters for a wording that is found in the middle of a line.
const LEAST_INSIDE: usize = 14;

/// Wordings of releases before and after those that profiles are of, with the code of the row that they are.
const OTHER_WORDINGS: &[(&str, Code)] = &[
    ("R{regno} invalid mem access 'inv'", code!(Memory::InvalidMem)),
    ("R{regno} invalid mem access '{ty}'", code!(Memory::InvalidMem)),
    ("R{regno} type={ty} expected={want}", code!(Call::ArgType)),
    ("math between {ty} pointer and register with unbounded", code!(Register::OffsetUnbounded)),
    ("R{regno} type={ty} expected=fp,", code!(Call::ArgType)),
    ("R{regno} tried to add from different maps", code!(Register::SpecMixedBounds)),
    ("invalid stack off={off} size={size}", code!(Memory::StackRange)),
    ("invalid stack type R{regno} off={off} access_size={size}", code!(Memory::StackRange)),
    ("invalid indirect read from stack", code!(Memory::StackArg)),
    ("invalid read from stack", code!(Memory::StackRead)),
    ("variable stack access var_off={var} off={off} size={size}", code!(Memory::StackVariableRange)),
    ("variable stack read R{regno} var_off={var}", code!(Memory::StackVariableRange)),
    ("R{regno} variable offset stack access prohibited for !root", code!(Memory::StackVariableUnpriv)),
    ("R{regno} unbounded indirect variable offset stack access", code!(Memory::StackUnbounded)),
    ("R{regno} unbounded memory access, use 'var &= const' or 'if (var < const)'", code!(Call::SizeUnbounded)),
    ("R{regno} min value is negative, either use unsigned or 'var &= const'", code!(Call::SizeNegative)),
    ("R{regno} min value is negative, either use unsigned index", code!(Memory::MinNegative)),
    ("unknown func {name}#{id}", code!(Call::CannotUse)),
    ("unknown func", code!(Call::CannotUse)),
    ("cannot call GPL only function from proprietary program", code!(Call::GplOnly)),
    ("cannot call GPL-restricted function from non-GPL compatible program", code!(Call::GplOnly)),
    ("BPF program is too large. Process", code!(Walk::TooLarge)),
    ("back-edge from insn {a} to {b}", code!(Structure::BackEdge)),
    ("At program exit the register R0 has", code!(Call::ReturnRange)),
    ("At async callback the register R0", code!(Call::ReturnRange)),
    ("At callback return the register R0", code!(Call::ReturnRange)),
    ("BPF_EXIT instruction cannot be used inside bpf_spin_lock-ed region", code!(Lifetime::InsideSpinLock)),
    ("BPF_EXIT instruction in main prog would lead to reference leak", code!(Lifetime::UnreleasedReference)),
    ("tail_call would lead to reference leak", code!(Lifetime::UnreleasedReference)),
    ("bpf_tail_call would lead to reference leak", code!(Lifetime::UnreleasedReference)),
    ("reference leak", code!(Lifetime::UnreleasedReference)),
    ("bpf_spin_unlock is missing", code!(Lifetime::SpinUnlockMissing)),
    ("invalid bpf_context access", code!(Memory::CtxAccess)),
    ("dereference of modified ctx ptr", code!(Memory::PtrModified)),
    ("variable ctx access var_off={var} disallowed", code!(Memory::PtrVariable)),
    ("the sequence of {n} jumps is too complex", code!(Limit::JumpSequence)),
    ("infinite loop detected at insn", code!(Limit::InfiniteLoop)),
    ("loop is not bounded", code!(Limit::InfiniteLoop)),
    ("call stack of {n} frames is too deep", code!(Structure::CallStackTooDeep)),
    ("combined stack size of {n} calls is", code!(Structure::CombinedStack)),
    ("helper call is not allowed in probe", code!(Call::NotAllowedInProbe)),
    ("cannot pass map_type {n} into func", code!(Call::MapFunc)),
    ("Possibly NULL pointer passed to trusted R{regno}", code!(Kfunc::MaybeNull)),
    ("Possibly NULL pointer passed to helper R{regno}", code!(Call::ArgMayBeNull)),
    ("expected an initialized iter_{iter} as R{regno}", code!(Kfunc::IterNotInit)),
    ("expected uninitialized iter_{iter} as R{regno}", code!(Kfunc::IterNotUninit)),
    ("release helper {name} expects referenced", code!(Call::MustBeReferenced)),
    ("release kfunc {name} expects referenced", code!(Kfunc::ReleaseUnreferenced)),
    ("kernel function {name} R{regno} expected pointer to", code!(Kfunc::ArgType)),
    ("recursive call from {a}() to {b}()", code!(Structure::BackEdge)),
    ("Global function {name}() return value not void or scalar", code!(Call::GlobalReturn)),
    ("R{regno} expected for bpf_obj_drop()", code!(Kfunc::ForObjDrop)),
    ("R{regno} expected for bpf_percpu_obj_drop()", code!(Kfunc::ForPercpuObjDrop)),
    ("R{regno} invalid negative {what} buffer offset", code!(Memory::BufferNegative)),
    ("R{regno} is {ty} expected STRUCT", code!(Kfunc::ArgIs)),
    ("misaligned {what} access off", code!(Memory::Misaligned)),
    ("sleepable helper {name} in non-sleepable prog", code!(Call::MightSleep)),
    ("programs can be sleepable", code!(Policy::SleepableType)),
    ("map '{name}' is not a struct type or bpf_spin_lock is mangled", code!(Call::FieldMissing)),
    ("BPF_ST stores into R{regno} {ty} is not allowed", code!(Memory::AtomicStore)),
    ("BPF_XADD stores into R{regno} {ty} is not allowed", code!(Memory::AtomicStore)),
    ("Sleepable programs can only use", code!(Walk::SleepableMap)),
    ("invalid variable-offset {what} to stack R{regno}", code!(Memory::StackVariableRange)),
    ("invalid variable-offset {what} from stack R{regno}", code!(Memory::StackVariableRange)),
    ("arg#{arg} pointer type STRUCT bpf_dynptr_kern must be valid and initialized", code!(Kfunc::DynptrNotInit)),
    ("arg#{arg} pointer type STRUCT bpf_dynptr_kern not to stack", code!(Kfunc::DynptrNotOnStack)),
    ("sleepable helper {name} in rcu_read_lock region", code!(Call::SleepableInRcu)),
    ("sleepable helper {name} within non-preemptible region", code!(Call::SleepableInPreempt)),
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
pub(super) fn of_code(code: Code) -> Option<&'static Row> {
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
    let (row, at) = match (whole, inside) {
        // A hole at the beginning takes whatever a loader wrote; fixed words found later tell more.
        (Some((row, at, w)), Some((_, _, i))) if w >= i => (row, at),
        (_, Some((row, at, _))) => (row, at),
        (Some((row, at, _)), None) => (row, at),
        (None, None) => return None,
    };
    Some((told_apart(row, &text[at..]), at))
}

/// Of rows with the same words, the one whose values the line has.
fn told_apart(row: &'static Row, text: &str) -> &'static Row {
    let Some((code, _)) = row.cause else { return row };
    let other = match code {
        code!(Memory::PtrNegative) if text.contains("off=") && !text.contains("off=-") => code!(Memory::PtrModified),
        code!(Memory::PtrModified) if text.contains("off=-") => code!(Memory::PtrNegative),
        code!(Register::PointerOrNull) if !text.to_ascii_lowercase().contains("or_null") => {
            code!(Register::PointerKind)
        }
        _ => return row,
    };
    of_code(other).unwrap_or(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> Option<&'static str> {
        row_of(line).and_then(|(r, _)| r.cause).map(|(c, _)| c.text())
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
                let same = code(&text) == w.row.cause.map(|(c, _)| c.text());
                // Two rows may be worded alike: nothing but the place tells them apart.
                let alike = row_of(&text).is_some();
                (!same && !alike).then_some(w.row.name)
            })
            .collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}
