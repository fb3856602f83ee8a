//! A suggestion as a change of the source: which line, and what stands there afterwards.
//!
//! All that is known of the source is the text of lines that instructions came from, so a change is made of whole lines:
//! statements before one, or a line in place of one. Where a statement cannot stand before a line without changing what
//! the program means (the body of an `if` without braces, an `else if`), the line is written anew or there is no change.

use std::collections::BTreeMap;

use crate::btf::BtfKind;

use super::expr;
use super::lines::Lines;
use super::names;
use super::slice::RawStep;
use super::suggest::{Facts, release_of, unlock_of};

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

/// Source files that are at hand, by the name that the compiler was given: more of them is known than the lines that
/// instructions came from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources(BTreeMap<String, Vec<String>>);

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_string(), text.lines().map(str::to_string).collect());
    }

    fn line(&self, file: &str, number: u32) -> Option<&str> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.get(file)?.get(at).map(|l| l.trim())
    }

    /// Those of these files that the object was made of: every line that its instructions came from is in them.
    pub(super) fn of(&self, lines: Lines<'_>) -> Sources {
        let mut out = self.clone();
        if out.0.is_empty() {
            return out;
        }
        for l in (0..lines.request.line_info.len()).filter_map(|i| lines.record(i)) {
            if l.line > 0 && self.line(&l.file, l.line).is_some_and(|t| t != l.text) {
                out.0.remove(&l.file);
            }
        }
        out
    }
}

/// How far up the beginning of a statement is looked for, in lines.
const MAX_LINES: u32 = 6;

/// How far down the end of a block is looked for, in lines.
const MAX_BLOCK: u32 = 40;

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
    /// The text of a line of a file, where the file is at hand or some instruction came from it.
    fn text_of(&self, file: &str, line: u32) -> Option<String> {
        if let Some(text) = self.sources.line(file, line) {
            return Some(text.to_string());
        }
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

    /// What gives back everything that is held at the failing instruction, one statement after the other; `None` when
    /// that cannot be said.
    fn gives_back(&self) -> Option<String> {
        let Some(last) = self.path.last.as_ref() else { return Some(String::new()) };
        let mut out = String::new();
        // What is asked for null is not there where it is.
        let asked = self.reg.filter(|r| r.ty.may_be_null()).and_then(|_| self.established()).map(|s| s.insn);
        for held in last.refs.iter().filter(|h| asked != Some(h.insn_idx as usize)) {
            out.push_str(&self.release_at(held.insn_idx as usize)?);
            out.push_str("; ");
        }
        // A lock of older releases stands in no list.
        if last.held_lock.ptr != 0 {
            return None;
        }
        if last.rcu_depth > 0 {
            out.push_str("bpf_rcu_read_unlock(); ");
        }
        if last.preempt_off_depth > 0 {
            out.push_str("bpf_preempt_enable(); ");
        }
        Some(out)
    }

    /// The call that gives back what the call at an instruction handed out.
    fn release_at(&self, insn: usize) -> Option<String> {
        let call = self.call(insn)?;
        let bare = call.trim_end_matches("()");
        if let Some(unlock) = unlock_of(bare) {
            return Some(format!("{unlock}({})", self.lines.argument_of(insn, bare, 1)?));
        }
        let name = self.handed_out_as(insn, bare)?;
        release_of(bare, &name)
    }

    /// The statements that leave where something is wrong, with what is held given back before.
    pub fn leaving(&self) -> String {
        match self.gives_back() {
            Some(back) if !back.is_empty() => format!("{{ {back}{}; }}", self.leave()),
            _ => format!("{};", self.leave()),
        }
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
        // Who leaves here must know what to give back.
        if self.gives_back().is_none() {
            return none;
        }
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
            return (
                " (with the line itself in braces, for it is all that the line above it governs)",
                vec![Edit { file, line: number, change }],
            );
        }
        ("", vec![Edit { file, line: number, change: Change::Before(code.to_string()) }])
    }

    /// A statement where the path that begins at a branch leaves the function: before its `return`, or before the last one.
    pub fn on_the_way_out(&self, statement: &str, branch: Option<&RawStep>) -> Vec<Edit> {
        let found = self.passed_return(branch).or_else(|| branch.and_then(|b| self.way_out(b)));
        let (file, number) = match found {
            Some(place) => place,
            None => match self.last_return() {
                Some(place) => place,
                None => return Vec::new(),
            },
        };
        let Some(text) = self.text_of(&file, number) else { return Vec::new() };
        let above = number.checked_sub(1).and_then(|n| self.text_of(&file, n));
        let change = match above {
            Some(a) if takes_one_statement(&a) => Change::Line(format!("{{ {statement} {text} }}")),
            _ => match text.split_once("return").filter(|(head, _)| head.trim_end().ends_with(')')) {
                // `if (x) return 0;` in one line.
                Some((head, tail)) => Change::Line(format!("{head}{{ {statement} return{tail} }}")),
                None => Change::Before(statement.to_string()),
            },
        };
        vec![Edit { file, line: number, change }]
    }

    /// The line on which the path leaves that a branch begins: a `return` or `goto` that the branch governs.
    fn way_out(&self, branch: &RawStep) -> Option<(String, u32)> {
        let line = self.lines.line(branch.insn).filter(|l| l.source.line > 0)?;
        let (file, first) = (line.source.file, line.source.line);
        let leaves = |t: &str| ["return", "goto ", "break;", "continue;"].iter().any(|w| t.starts_with(w));
        let mut number = first;
        let mut text = line.source.text;
        // A condition of several lines.
        while goes_on(&text) && number < first + MAX_LINES {
            number += 1;
            text = self.text_of(&file, number)?;
        }
        let head = first == number && !text.starts_with("if") && !text.starts_with("} else if");
        if head {
            return None;
        }
        if let Some((condition, _)) = text.split_once("return") {
            return condition.trim_end().ends_with(')').then_some((file, number));
        }
        if takes_one_statement(&text) || (number > first && text.ends_with(')')) {
            let body = self.text_of(&file, number + 1)?;
            return leaves(&body).then_some((file, number + 1));
        }
        if !text.ends_with('{') {
            return None;
        }
        (number + 1..number + MAX_BLOCK)
            .map_while(|n| Some((n, self.text_of(&file, n)?)))
            .take_while(|(_, t)| !t.starts_with('}'))
            .find(|(_, t)| leaves(t))
            .map(|(n, _)| (file.clone(), n))
    }

    /// Whether a branch does not govern the line on which the path leaves: every path leaves there.
    pub fn way_out_is_last(&self, branch: &RawStep) -> bool {
        self.passed_return(Some(branch)).or_else(|| self.way_out(branch)).is_none()
    }

    /// The last `return` of the function that the failing instruction is in.
    fn last_return(&self) -> Option<(String, u32)> {
        let line = self.lines.line(self.end).filter(|l| l.source.line > 0)?;
        let (file, number) = (line.source.file, line.source.line);
        if line.source.text.starts_with("return") {
            return Some((file, number));
        }
        if line.source.text != "}" {
            return None;
        }
        let above = self.text_of(&file, number.checked_sub(1)?)?;
        match above.starts_with("return") {
            true => Some((file, number - 1)),
            false => self.returns_nothing().then_some((file, number)),
        }
    }

    /// The header of the `for` above the failing line, with one more condition: its text and the change.
    pub fn loop_bounded(&self, variable: &str, n: u64) -> Option<(String, Edit)> {
        let line = self.lines.line(self.end).filter(|l| l.source.line > 0)?;
        let file = line.source.file;
        let (number, text) = (1..=MAX_LINES)
            .filter_map(|up| line.source.line.checked_sub(up))
            .map_while(|n| Some((n, self.text_of(&file, n)?)))
            .find(|(_, t)| t.starts_with("for"))?;
        let parts: Vec<&str> = text.split(';').collect();
        let [begin, condition, step] = parts[..] else { return None };
        if !names::mentions(condition, variable) || condition.contains("||") {
            return None;
        }
        let header = format!("{begin};{condition} && {variable} < {n};{step}");
        Some((header.clone(), Edit { file, line: number, change: Change::Line(header) }))
    }

    /// The line that states the licence, with another one in it.
    pub fn licence_as(&self, licence: &str) -> Vec<Edit> {
        let old = format!("\"{}\"", self.request.license);
        let found = self.sources.0.iter().find_map(|(file, lines)| {
            let at = lines
                .iter()
                .position(|l| l.contains("icense") && l.contains(&old) || l.contains("LICENSE(") && l.contains(&old))?;
            let text = lines[at].trim().replace(&old, &format!("\"{licence}\""));
            Some(Edit { file: file.clone(), line: u32::try_from(at + 1).ok()?, change: Change::Line(text) })
        });
        found.into_iter().collect()
    }

    /// Whether a line between where a pointer comes from and the failing one compares it with null already.
    pub fn null_check_stands(&self, name: &str, from: Option<usize>) -> bool {
        let line = |insn| self.lines.line(insn).map(|l| l.source).filter(|s| s.line > 0);
        let (Some(from), Some(to)) = (from.and_then(line), line(self.end)) else { return false };
        if from.file != to.file || from.line >= to.line {
            return false;
        }
        let forms = [
            format!("(!{name})"),
            format!("({name})"),
            format!("({name} =="),
            format!("({name} !="),
            format!("(!{name} ||"),
        ];
        (from.line + 1..to.line).filter_map(|n| self.text_of(&to.file, n)).any(|t| {
            let bare = t.trim_start_matches('}').trim_start();
            bare.starts_with("if") && forms.iter().any(|f| t.contains(f.as_str()))
        })
    }

    /// The line that declares a variable of the function without giving it a value, with zeroes for one.
    pub fn declared_as_zero(&self, variable: &str) -> Vec<Edit> {
        let Some(line) = self.lines.line(self.end).filter(|l| l.source.line > 0) else { return Vec::new() };
        let file = line.source.file;
        let found = (1..=MAX_BLOCK).filter_map(|up| line.source.line.checked_sub(up)).find_map(|n| {
            let text = self.text_of(&file, n)?;
            let at = text.find(variable)?;
            let behind = &text[at + variable.len()..];
            let typed = text[..at].trim_end();
            let words = !typed.is_empty()
                && typed.bytes().all(|b| names::is_word(b) || b == b' ')
                && !typed.starts_with("return");
            let array = behind.starts_with('[').then(|| behind.find(']')).flatten().map_or(0, |i| i + 1);
            let ends = behind[array..].starts_with(';') || behind[array..].starts_with(',');
            (words && ends && text[..at].ends_with(' ')).then(|| {
                let cut = at + variable.len() + array;
                (n, format!("{} = {{0}}{}", &text[..cut], &text[cut..]))
            })
        });
        found.into_iter().map(|(n, text)| Edit { file: file.clone(), line: n, change: Change::Line(text) }).collect()
    }

    /// The `return` that a path passes behind a branch.
    fn passed_return(&self, branch: Option<&RawStep>) -> Option<(String, u32)> {
        let from = branch.and_then(|b| b.at)?;
        let frame = self.path.steps.last()?.frame;
        let behind = self.path.steps.iter().skip(from + 1).filter(|s| s.frame == frame);
        let lines = behind.filter_map(|s| self.lines.line(s.insn)).filter(|l| l.source.line > 0);
        let found = lines.filter(|l| l.source.text.starts_with("return")).last()?;
        Some((found.source.file, found.source.line))
    }

    /// How many elements the array has that an expression indexes, by the types of the object: `slots` of `h->slots[i]`.
    pub fn array_length(&self, expression: &str) -> Option<u64> {
        let btf = self.request.btf.as_ref()?;
        let open = expression.rfind('[').filter(|o| expression[..*o].find('[').is_none())?;
        let before = expression[..open].trim_end();
        let start = before.rfind(|c: char| c.is_ascii() && !names::is_word(c as u8)).map_or(0, |i| i + 1);
        let name = &before[start..];
        let member = before[..start].ends_with("->") || before[..start].ends_with('.');
        let length = |id| btf.skip_modifiers(id)?.array().map(|a| u64::from(a.nelems));
        let mut found: Option<u64> = None;
        for ty in (1..btf.nr_types()).filter_map(|id| btf.ty(id)) {
            let lengths: Vec<u64> = match ty.kind {
                BtfKind::Struct | BtfKind::Union if member => {
                    ty.members().filter(|m| m.name() == name).filter_map(|m| length(m.type_id)).collect()
                }
                BtfKind::Var if !member && ty.name() == name => length(ty.size_or_type).into_iter().collect(),
                _ => continue,
            };
            for n in lengths {
                if found.is_some_and(|f| f != n) {
                    return None;
                }
                found = Some(n);
            }
        }
        found.filter(|n| *n > 0)
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
