//! What text from outside becomes before it is printed: the one place that decides it, for every form of output.
//!
//! Names of programs, sections, maps, types and files, and lines of source, come from whoever wrote the object, and may
//! hold what moves a terminal's cursor, ends a line, reads right to left, begins a formula or commands a CI system.
//! Renderers for people take [`Shown`] rows, which only this module makes, so that none can print a raw name; formats
//! with a grammar of their own (JSON, csv, workflow commands, Markdown) add their own step on top. Exact bytes leave
//! this process in the kernel's log alone (`--format kernel`), and inside JSON strings, escaped.

use std::fmt::Write;
use std::ops::Deref;
use std::path::Path;

use verifier_core::explain::{Change, Proof, Step, Trace};

use crate::row::{Expected, Place, Row};
use crate::solved::Solve;

/// Whether a character is not what it looks like: controls, what changes the direction of text, what has no width.
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f'
        | '\x7f'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Writes `text` with hidden characters but `kept` as `\u{1b}`, and with beginnings of workflow commands broken: GitHub
/// obeys `::word` at the start of any line that a step prints, and `##[` wherever it stands. `moved` hears where each
/// character went.
fn escape(text: &str, kept: &[char], moved: &mut dyn FnMut(usize, usize)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        moved(at, out.len());
        let rest = &text[at..];
        let command = (before.is_whitespace() && rest.starts_with("::")) || (rest.starts_with("#[") && before == '#');
        if (is_hidden(c) && !kept.contains(&c)) || command {
            // Writing into a `String` cannot fail.
            let _ =
                if command { write!(out, "\\u{{{:x}}}", u32::from(c)) } else { write!(out, "{}", c.escape_default()) };
        } else {
            out.push(c);
        }
        before = c;
    }
    moved(text.len(), out.len());
    out
}

/// Text that takes one line whatever it holds: a name, a path, a message of one line.
pub fn line(text: &str) -> String {
    escape(text, &[], &mut |_, _| ())
}

/// Text of several lines: line ends and tabs stay.
pub fn lines(text: &str) -> String {
    escape(text, &['\n', '\t'], &mut |_, _| ())
}

/// A path in words for the user.
pub fn path(path: &Path) -> String {
    line(&path.display().to_string())
}

/// A line of source, in which tabs stay, and where its bytes went.
fn source_line(text: &str) -> (String, impl Fn(usize) -> usize) {
    let mut places = Vec::new();
    let out = escape(text, &['\t'], &mut |from, to| places.push((from, to)));
    let place = move |at: usize| {
        let n = places.partition_point(|(from, _)| *from < at);
        places.get(n).or(places.last()).map_or(at, |(_, to)| *to)
    };
    (out, place)
}

/// A cell of comma-separated values, quoted where it must be. Spreadsheets take a cell for a formula that begins with one
/// of `= + - @`: it gets an apostrophe in front.
pub fn cell(text: &str) -> String {
    let clean = line(text);
    let clean = if clean.starts_with(['=', '+', '-', '@']) && clean != "-" { format!("'{clean}") } else { clean };
    if clean.contains([',', '"']) { format!("\"{}\"", clean.replace('"', "\"\"")) } else { clean }
}

/// JSON text: hidden characters, which stand in strings only, as `\u001b`.
pub fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_hidden(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out.replace("##[", "#\\u0023[")
}

/// The text of a workflow command: its line ends and percent signs are escaped.
pub fn command(text: &str) -> String {
    lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a workflow command: commas and colons end one, so they are escaped too.
pub fn property(text: &str) -> String {
    command(&line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// A cell of a table in Markdown: nothing in it is markup, a link, or the name of somebody.
pub fn markdown(text: &str) -> String {
    let mut out = String::new();
    for c in line(text.lines().next().unwrap_or_default()).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            _ => {
                if r"\`*_{}[]()#+!|~:$".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    out
}

/// Text in a place of SARIF where `[words](target)` would become a link.
pub fn no_links(text: &str) -> String {
    text.replace("](", "] (")
}

/// A path as a URI reference: what is not allowed there is escaped.
pub fn uri(path: &str) -> String {
    let mut out = String::new();
    for b in path.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(b as char),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// A row whose every text may be printed to a terminal, into XML, or into a line of a file.
pub struct Shown<'a> {
    row: Row,
    log: Option<&'a [u8]>,
}

impl<'a> Shown<'a> {
    /// The row without what is not what it looks like. One word takes one line; messages keep their lines.
    pub fn of(row: &'a Row) -> Shown<'a> {
        let some = |text: &Option<String>| text.as_deref().map(line);
        let clean = Row {
            object: line(&row.object),
            program: line(&row.program),
            section: line(&row.section),
            prog_type: line(&row.prog_type),
            kernel: line(&row.kernel),
            errno: some(&row.errno),
            message: lines(&row.message),
            reason: some(&row.reason),
            insn_text: line(&row.insn_text),
            source: row.source.as_ref().map(|s| Place { file: line(&s.file), text: source_line(&s.text).0, ..*s }),
            over_budget: row.over_budget.iter().map(|b| line(b)).collect(),
            trace: row.trace.as_ref().map(trace),
            solve: row.solve.as_ref().map(solve),
            before: row.before.clone(),
            variant: some(&row.variant),
            expected: row.expected.as_ref().map(|e| Expected { words: line(&e.words), place: line(&e.place), ..*e }),
            reproduce: some(&row.reproduce),
            log: None,
            ..*row
        };
        Shown { row: clean, log: row.log.as_deref() }
    }

    /// The kernel's log for people; exact bytes are [`Row::log`].
    pub fn log_text(&self) -> Option<String> {
        self.log.map(|bytes| lines(&String::from_utf8_lossy(bytes)))
    }
}

impl Deref for Shown<'_> {
    type Target = Row;

    fn deref(&self) -> &Row {
        &self.row
    }
}

fn step(s: &Step) -> Step {
    let (insn_text, in_insn) = source_line(&s.insn_text);
    let mut focus = in_insn(s.focus.start)..in_insn(s.focus.end);
    let source = s.source.as_ref().map(|src| {
        let (text, in_source) = source_line(&src.text);
        focus = in_source(s.focus.start)..in_source(s.focus.end);
        verifier_core::explain::Source { file: line(&src.file), text, ..*src }
    });
    Step {
        insn_text,
        place: line(&s.place),
        before: line(&s.before),
        after: line(&s.after),
        source,
        label: line(&s.label),
        focus,
        ..*s
    }
}

fn trace(t: &Trace) -> Trace {
    let mut suggestions = t.suggestions.clone();
    for s in &mut suggestions {
        s.text = line(&s.text);
        if let Proof::GetsPast(words) | Proof::DoesNotHelp(words) = &mut s.proof {
            *words = line(words);
        }
        for e in &mut s.edits {
            e.file = line(&e.file);
            match &mut e.change {
                Change::Before(text) | Change::Line(text) => *text = line(text),
            }
        }
    }
    Trace {
        problem: line(&t.problem),
        message: lines(&t.message),
        errno: line(&t.errno),
        steps: t.steps.iter().map(step).collect(),
        suggestions,
        ..*t
    }
}

fn solve(s: &Solve) -> Solve {
    let mut out = s.clone();
    out.message = line(&s.message);
    out.notes.iter_mut().chain(&mut out.files).for_each(|t| *t = line(t));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIL: &str = "a\x1b[31m\u{7}\r\n::error file=x::y\u{202e}\u{85}##[add-mask]";

    fn raw(text: &str) -> bool {
        text.chars().any(|c| c != '\n' && is_hidden(c)) || text.contains("##[")
    }

    #[test]
    fn nothing_hidden_comes_through() {
        let in_json = json(&serde_json::Value::from(EVIL).to_string());
        for out in [line(EVIL), lines(EVIL), cell(EVIL), in_json, command(EVIL), property(EVIL), markdown(EVIL)] {
            assert!(!raw(&out), "{out:?}");
            assert!(!out.lines().any(|l| l.trim_start().starts_with("::")), "{out:?}");
        }
        assert_eq!(line("a\x1b\n"), "a\\u{1b}\\n");
        assert_eq!(line("std::vec"), "std::vec");
        assert_eq!(line("::stop-commands::x"), "\\u{3a}:stop-commands::x");
        assert_eq!(lines("a\n  ::error::x"), "a\n  \\u{3a}:error::x");
    }

    #[test]
    fn formats_have_rules_of_their_own() {
        assert_eq!(cell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(cell("@x,\"y\""), "\"'@x,\"\"y\"\"\"");
        assert_eq!((cell("-").as_str(), cell("-1").as_str()), ("-", "'-1"));
        assert_eq!(cell(&cell("=x")), cell("=x"));
        assert_eq!(command("50%\nx"), "50%25%0Ax");
        assert_eq!(property("a:b,c\nd"), "a%3Ab%2Cc\\nd");
        assert_eq!(markdown("a|b <x> @me [y](z)\nsecond"), "a\\|b &lt;x&gt; &#64;me \\[y\\]\\(z\\)");
        assert_eq!(json("\"\u{1f}\u{e0001}\""), "\"\\u001f\\udb40\\udc01\"");
        assert_eq!(no_links("[a](b) [c]"), "[a] (b) [c]");
        assert_eq!(uri("a b/ü"), "a%20b/%C3%BC");
    }

    #[test]
    fn what_a_step_is_about_stays_what_it_is_about() {
        let (text, at) = source_line("\u{1b}x\t= y;");
        assert_eq!(text, "\\u{1b}x\t= y;");
        assert_eq!(&text[at(1)..at(2)], "x");
        assert_eq!((at(0), at(7)), (0, text.len()));
    }
}
