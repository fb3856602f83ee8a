//! A suggestion as a change of the source: which line, and what stands there afterwards.
//!
//! All that is known of the source is the text of lines that instructions came from, so a change is made of whole lines:
//! statements before one, or a line in place of one. Where a statement cannot stand before a line without changing what
//! the program means (the body of an `if` without braces, an `else if`), the line is written anew or there is no change.

use crate::btf::BtfKind;

use super::expr;
use super::names;
use super::suggest::Facts;

/// What happens to a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// These statements stand before it.
    Before(String),
    /// It reads like this, without its indentation.
    Line(String),
}

/// A change of one line of the source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// File as the compiler was given it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// What happens to it.
    pub change: Change,
}

/// The source with changes made, each of a line that it has; indentation stays.
///
/// Lines are counted as they were before. `None` when a line is not there.
pub fn applied(source: &str, edits: &[Edit]) -> Option<String> {
    let mut lines: Vec<String> = source.lines().map(str::to_string).collect();
    let mut above: Vec<(usize, String)> = Vec::new();
    for e in edits {
        let at = usize::try_from(e.line).ok()?.checked_sub(1)?;
        let line = lines.get_mut(at)?;
        let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        match &e.change {
            Change::Line(text) => *line = format!("{indent}{text}"),
            Change::Before(text) => above.push((at, format!("{indent}{text}"))),
        }
    }
    above.sort_by_key(|(at, _)| *at);
    for (at, text) in above.into_iter().rev() {
        lines.insert(at, text);
    }
    let mut out = lines.join("\n");
    out.push('\n');
    Some(out)
}

/// How far up the beginning of a statement is looked for, in lines.
const MAX_LINES: u32 = 6;

/// Whether a statement goes on behind this text.
fn goes_on(text: &str) -> bool {
    let code = text.get(..names::code_end(text)).unwrap_or(text).trim_end();
    let open = ["&&", "||", ",", "(", "=", "+", "-", "*", "|", "?", "<", ">"];
    open.iter().any(|o| code.ends_with(o)) && !code.ends_with("++") && !code.ends_with("--")
}

/// Whether a text begins in the middle of a statement.
fn goes_back(text: &str) -> bool {
    ["&&", "||", "?", ": ", "+ ", "- ", "| ", "== ", "> ", "< "].iter().any(|o| text.starts_with(o))
}

/// Whether the statement that follows is all that a condition or a loop is about: `if (x)` without a brace.
fn takes_one_statement(text: &str) -> bool {
    let code = text.get(..names::code_end(text)).unwrap_or(text).trim_end();
    let bare = code.trim_start_matches('}').trim_start();
    let head = ["if ", "if(", "for ", "for(", "while ", "while(", "else if"].iter().any(|h| bare.starts_with(h));
    bare == "else" || bare.ends_with("} else") || (head && code.ends_with(')') && closes(code))
}

/// Whether every bracket of a line is closed in it.
fn closes(code: &str) -> bool {
    let depth = code.bytes().fold(0i32, |n, c| match c {
        b'(' => n + 1,
        b')' => n - 1,
        _ => n,
    });
    depth == 0
}

/// A text with a name or expression in place of another, wherever that stands as a whole.
pub(super) fn replaced(text: &str, from: &str, to: &str) -> Option<String> {
    let (mut out, mut at, mut found) = (String::new(), 0, false);
    for (i, _) in text.match_indices(from) {
        let b = text.as_bytes();
        let whole = i.checked_sub(1).is_none_or(|p| !names::is_word(b[p]) || !names::is_word(from.as_bytes()[0]))
            && b.get(i + from.len()).is_none_or(|c| !names::is_word(*c));
        if i < at || !whole {
            continue;
        }
        out.push_str(&text[at..i]);
        out.push_str(to);
        at = i + from.len();
        found = true;
    }
    out.push_str(&text[at..]);
    found.then_some(out)
}

impl Facts<'_> {
    /// The text of a line of the file that an instruction came from, where some instruction came from it.
    fn text_of(&self, file: &str, line: u32) -> Option<String> {
        let btf = self.request.btf.as_ref()?;
        let found = self.request.line_info.iter().find(|l| {
            l.line_col >> 10 == line && btf.bytes_at(l.file_name_off).is_some_and(|b| b == file.as_bytes())
        })?;
        let text = String::from_utf8_lossy(btf.bytes_at(found.line_off)?).into_owned();
        Some(text.trim().to_string())
    }

    /// Whether the function of the failing instruction returns nothing.
    fn returns_nothing(&self) -> bool {
        let Some(btf) = self.request.btf.as_ref() else { return false };
        let at = self.request.func_info.partition_point(|f| f.insn_off as usize <= self.end);
        let Some(info) = at.checked_sub(1).and_then(|i| self.request.func_info.get(i)) else { return false };
        let proto = btf.ty(info.type_id).and_then(|f| btf.ty(f.size_or_type));
        proto.is_some_and(|p| p.kind == BtfKind::FuncProto && p.size_or_type == 0)
    }

    /// How the source leaves the function where something is wrong: as it does on other lines, where they tell.
    pub fn leave(&self) -> &'static str {
        if self.returns_nothing() {
            return "return";
        }
        let Some(btf) = self.request.btf.as_ref() else { return "return 0" };
        // A name is in scope where another line of the program uses it.
        let used = |name: &str| {
            let lines = self.request.line_info.iter();
            lines.filter_map(|l| btf.bytes_at(l.line_off)).any(|b| names::mentions(&String::from_utf8_lossy(b), name))
        };
        if used("XDP_PASS") {
            "return XDP_PASS"
        } else if used("TC_ACT_OK") {
            "return TC_ACT_OK"
        } else {
            "return 0"
        }
    }

    /// Statements before the line of an instruction: the words that have to be said besides, and the change.
    pub fn before(&self, insn: usize, code: &str) -> (&'static str, Vec<Edit>) {
        let none = ("", Vec::new());
        let Some(line) = self.lines.line(insn).filter(|l| l.source.line > 0) else { return none };
        let file = line.source.file;
        let (mut number, mut text) = (line.source.line, line.source.text);
        for _ in 0..MAX_LINES {
            let above = number.checked_sub(1).and_then(|n| Some((n, self.text_of(&file, n)?)));
            match above {
                Some((n, t)) if goes_on(&t) || goes_back(&text) => (number, text) = (n, t),
                _ => break,
            }
        }
        if goes_back(&text) || text.trim_start_matches(['}', ' ']).starts_with("else") {
            return none;
        }
        let alone = number.checked_sub(1).and_then(|n| self.text_of(&file, n)).is_some_and(|t| takes_one_statement(&t));
        if alone {
            if !text.ends_with(';') {
                return none;
            }
            let change = Change::Line(format!("{{ {code} {text} }}"));
            return (" (with the line itself in braces, for it is all that the line above it governs)", vec![Edit { file, line: number, change }]);
        }
        ("", vec![Edit { file, line: number, change: Change::Before(code.to_string()) }])
    }

    /// The line of an instruction in another form.
    pub fn line_as(&self, insn: usize, text: String) -> Vec<Edit> {
        let line = self.lines.line(insn).filter(|l| l.source.line > 0);
        let edit = line.map(|l| Edit { file: l.source.file, line: l.source.line, change: Change::Line(text) });
        edit.into_iter().collect()
    }

    /// The line of an instruction with an expression in place of another.
    pub fn line_with(&self, insn: usize, from: &str, to: &str) -> Vec<Edit> {
        let text = self.lines.line(insn).and_then(|l| replaced(&l.source.text, from, to));
        text.map_or(Vec::new(), |t| self.line_as(insn, t))
    }

    /// Statements before a line in which an expression is then replaced.
    pub fn copied_before(&self, insn: usize, code: &str, from: &str, to: &str) -> (&'static str, Vec<Edit>) {
        let line = self.line_with(insn, from, to);
        let (words, before) = self.before(insn, code);
        match (line.first(), before.first()) {
            // One change that writes the line anew: the statements, and the line with the expression replaced.
            (Some(Edit { change: Change::Line(new), .. }), Some(e)) => match &e.change {
                Change::Line(_) => {
                    let change = Change::Line(format!("{{ {code} {new} }}"));
                    (words, vec![Edit { change, ..e.clone() }])
                }
                Change::Before(_) => (words, [before.clone(), line.clone()].concat()),
            },
            _ => ("", Vec::new()),
        }
    }
}

/// Whether an expression can be negated by `!` as it is.
pub(super) fn negated(e: &str) -> String {
    format!("!{}", expr::as_operand(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_begin_and_end() {
        assert!(takes_one_statement("if (x)"));
        assert!(takes_one_statement("} else"));
        assert!(takes_one_statement("for (i = 0; i < 3; i++) // all"));
        assert!(!takes_one_statement("if (x) {"));
        assert!(!takes_one_statement("if (x) return 0;"));
        assert!(!takes_one_statement("foo(x)"));
        assert!(goes_on("if (a &&"));
        assert!(!goes_on("i++;"));
        assert!(goes_back("&& b)"));
        assert!(!goes_back("*p = 1;"));
    }

    #[test]
    fn whole_expressions_are_replaced() {
        assert_eq!(replaced("a[i] = pi + i;", "i", "n").as_deref(), Some("a[n] = pi + n;"));
        assert_eq!(replaced("r->data[r->head] = 1;", "r->head", "n").as_deref(), Some("r->data[n] = 1;"));
        assert_eq!(replaced("x = header;", "head", "n"), None);
    }
}
