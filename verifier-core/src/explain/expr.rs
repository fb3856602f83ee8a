//! Reads as much C as one line of source needs: where an operand ends, what a cast is, what is compared with what.
//!
//! The line is all there is: no types, no declarations. So everything here answers `None` rather than guess, and what is
//! written anew from an expression keeps its meaning whatever C's precedence says, because parentheses are added unless
//! the expression is a single operand.

use std::ops::Range;

use super::names::{closing, code_end, is_word};

/// Words that only types begin with.
const TYPE_WORDS: &[&str] = &[
    "struct", "union", "enum", "const", "volatile", "unsigned", "signed", "int", "long", "short", "char", "void",
    "bool", "_Bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "size_t",
];

fn is_type_word(word: &str) -> bool {
    let kernel = word.strip_prefix("__").is_some_and(|w| {
        ["u", "s", "be", "le"].iter().any(|p| w.strip_prefix(p).is_some_and(|n| matches!(n, "8" | "16" | "32" | "64")))
    });
    TYPE_WORDS.contains(&word) || kernel || (word.ends_with("_t") && word.len() > 2)
}

/// Whether brackets with this content, followed by this byte, are a cast.
fn is_cast(content: &str, next: Option<u8>) -> bool {
    let content = content.trim();
    let words = content.trim_end_matches(['*', ' ']);
    if words.is_empty() || !words.bytes().all(|b| is_word(b) || b == b' ') {
        return false;
    }
    let typed = words.split(' ').next().is_some_and(is_type_word);
    content.ends_with('*') || typed || next.is_some_and(|c| is_word(c) && !words.contains(' '))
}

fn skip_space(b: &[u8], mut at: usize, end: usize) -> usize {
    while at < end && b[at] == b' ' {
        at += 1;
    }
    at
}

/// The end of the operand that begins at a byte: signs, casts, a name or brackets, and what is written behind them.
pub(super) fn operand_end(text: &str, at: usize) -> Option<usize> {
    let (b, end) = (text.as_bytes(), code_end(text));
    let mut at = skip_space(b, at, end);
    loop {
        match b.get(at).filter(|_| at < end)? {
            b'*' | b'&' | b'!' | b'~' | b'-' | b'+' | b' ' => at += 1,
            b'(' => {
                let close = closing(b, at).filter(|c| *c < end)?;
                let next = skip_space(b, close + 1, end);
                if !is_cast(text.get(at + 1..close)?, b.get(next).copied().filter(|_| next < end)) {
                    at = close + 1;
                    break;
                }
                at = next;
            }
            c if is_word(*c) => {
                while at < end && is_word(b[at]) {
                    at += 1;
                }
                break;
            }
            _ => return None,
        }
    }
    loop {
        match b.get(at).filter(|_| at < end) {
            Some(b'(' | b'[') => at = closing(b, at).filter(|c| *c < end)? + 1,
            Some(b'.') if b.get(at + 1).is_some_and(|c| is_word(*c)) => at += 1,
            Some(b'-') if b.get(at + 1) == Some(&b'>') => at += 2,
            Some(c) if is_word(*c) => at += 1,
            _ => return Some(at),
        }
    }
}

/// Whether an expression is one operand that other operators bind weaker than: `n`, `s->len`, `f(x)`, `(a + b)`.
pub(super) fn is_primary(expr: &str) -> bool {
    let named = expr.starts_with(|c: char| !c.is_ascii() || is_word(c as u8));
    let bracketed = expr.starts_with('(') && closing(expr.as_bytes(), 0) == Some(expr.len() - 1);
    (named || bracketed) && operand_end(expr, 0) == Some(expr.len())
}

/// An expression as an operand: in parentheses unless it needs none.
pub(super) fn as_operand(expr: &str) -> String {
    if is_primary(expr) { expr.to_string() } else { format!("({expr})") }
}

/// An expression without brackets around all of it.
pub(super) fn without_brackets(expr: &str) -> &str {
    let mut expr = expr.trim();
    while expr.starts_with('(') && closing(expr.as_bytes(), 0) == Some(expr.len() - 1) {
        expr = expr[1..expr.len() - 1].trim();
    }
    expr
}

/// An expression without the casts and brackets around all of it.
pub(super) fn without_casts(expr: &str) -> &str {
    let mut expr = without_brackets(expr);
    loop {
        let Some(close) = closing(expr.as_bytes(), 0).filter(|_| expr.starts_with('(')) else { return expr };
        let rest = expr[close + 1..].trim_start();
        let cast = is_cast(&expr[1..close], rest.bytes().next());
        // `(T *)p + 1` casts only `p`.
        if rest.is_empty() || !cast || operand_end(rest, 0) != Some(rest.len()) {
            return expr;
        }
        expr = without_brackets(rest);
    }
}

/// What an expression dereferences: `o->sk` of `o->sk->family`, `p` of `*(__u16 *)p`, `d` of `((__u8 *)d)[1]`.
pub(super) fn dereferenced(expr: &str) -> Option<&str> {
    let expr = without_brackets(expr);
    let (mut depth, mut last) = (0usize, None);
    let b = expr.as_bytes();
    for (i, c) in b.iter().enumerate() {
        match c {
            b'[' if depth == 0 => {
                last = last.or(Some(i)).filter(|l| !matches!(b.get(*l), Some(b'['))).or(Some(i));
                depth += 1;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
            b'-' if depth == 0 && b.get(i + 1) == Some(&b'>') => last = Some(i),
            _ => {}
        }
    }
    let whole = operand_end(expr, 0) == Some(expr.len());
    match (expr.strip_prefix('*'), last) {
        (Some(inner), None) if whole => Some(without_casts(inner)),
        (Some(inner), Some(_)) if whole => Some(without_casts(inner)),
        (None, Some(at)) if whole || at > 0 => {
            // In `h->slots[i]` the array belongs to what `h` points to.
            let arrow = expr[..at].find("->").filter(|_| b[at] == b'[');
            Some(without_casts(&expr[..arrow.unwrap_or(at)]))
        }
        _ => None,
    }
    .filter(|e| !e.is_empty())
}

/// The first member access of a chain: `o->sk` of `o->sk->family`.
pub(super) fn first_member(expr: &str) -> &str {
    let Some(arrow) = expr.find("->") else { return expr };
    let rest = expr[arrow + 2..].bytes().take_while(|b| is_word(*b)).count();
    &expr[..arrow + 2 + rest]
}

/// One comparison of a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Comparison {
    /// Bytes of the left side.
    pub left: Range<usize>,
    /// Bytes of the operator.
    pub op: Range<usize>,
    /// Bytes of the right side.
    pub right: Range<usize>,
}

/// Every comparison by size in a line, from left to right.
pub(super) fn comparisons(text: &str) -> Vec<Comparison> {
    let (b, end) = (text.as_bytes(), code_end(text));
    let mut out = Vec::new();
    for i in 1..end {
        let c = b[i];
        let (before, after) = (b[i - 1], b.get(i + 1).copied().unwrap_or(0));
        if !matches!(c, b'<' | b'>') || matches!(before, b'-' | b'<' | b'>') || after == c {
            continue;
        }
        let op = i..if after == b'=' { i + 2 } else { i + 1 };
        let (Some(from), Some(to)) = (side_start(b, op.start), side_end(b, op.end, end)) else { continue };
        let trim = |r: Range<usize>| -> Option<Range<usize>> {
            let s = text.get(r.clone())?;
            let start = r.start + (s.len() - s.trim_start().len());
            Some(start..start + s.trim().len())
        };
        if let (Some(left), Some(right)) = (trim(from..op.start), trim(op.end..to))
            && !left.is_empty()
            && !right.is_empty()
        {
            out.push(Comparison { left, op, right });
        }
    }
    out
}

/// Where the left side of an operator begins: behind an open bracket, `&&`, `||`, `;`, `,`, `?` or a keyword.
fn side_start(b: &[u8], op: usize) -> Option<usize> {
    let mut depth = 0usize;
    for i in (0..op).rev() {
        match b[i] {
            b')' | b']' => depth += 1,
            b'(' | b'[' if depth == 0 => return Some(i + 1),
            b'(' | b'[' => depth -= 1,
            b'&' | b'|' if depth == 0 && i > 0 && b[i - 1] == b[i] => return Some(i + 1),
            b';' | b',' | b'{' | b'}' | b'?' | b'=' if depth == 0 => return Some(i + 1),
            _ => {}
        }
    }
    let text = std::str::from_utf8(&b[..op]).ok()?;
    let word = ["return ", "if ", "while "].iter().find(|w| text.starts_with(**w));
    Some(word.map_or(0, |w| w.len()))
}

fn side_end(b: &[u8], from: usize, end: usize) -> Option<usize> {
    let mut depth = 0usize;
    for i in from..end {
        match b[i] {
            b'(' | b'[' => depth += 1,
            b')' | b']' if depth == 0 => return Some(i),
            b')' | b']' => depth -= 1,
            b'&' | b'|' if depth == 0 && b.get(i + 1) == Some(&b[i]) => return Some(i),
            b';' | b',' | b'{' | b'}' | b'?' | b':' if depth == 0 => return Some(i),
            _ => {}
        }
    }
    (depth == 0).then_some(end)
}

/// The operator that asks the other way round: `>` for `<`.
pub(super) fn turned(op: &str) -> Option<&'static str> {
    Some(match op {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        _ => return None,
    })
}

/// The number that is added at the end of a sum, and the bytes of its digits: `54` of `d + 54`.
pub(super) fn last_summand(expr: &str) -> Option<(u64, Range<usize>)> {
    let digits = expr.bytes().rev().take_while(u8::is_ascii_digit).count();
    let at = expr.len() - digits;
    if digits == 0 || !expr[..at].trim_end().ends_with('+') {
        return None;
    }
    Some((expr[at..].parse().ok()?, at..expr.len()))
}

/// `left` and `right` of the last subtraction at the top of an expression: `e` and `14` of `e - 14`.
pub(super) fn difference(expr: &str) -> Option<(&str, &str)> {
    let b = expr.as_bytes();
    let mut depth = 0usize;
    for i in (1..b.len()).rev() {
        match b[i] {
            b')' | b']' => depth += 1,
            b'(' | b'[' => depth = depth.checked_sub(1)?,
            b'-' if depth == 0 && b.get(i + 1) != Some(&b'>') => {
                let (l, r) = (expr[..i].trim(), expr[i + 1..].trim());
                return (!l.is_empty() && !r.is_empty()).then_some((l, r));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_end_where_c_says() {
        let check = |text: &str, operand: &str| {
            assert_eq!(operand_end(text, 0).map(|e| &text[..e]), Some(operand), "{text}");
        };
        check("*(__u16 *)p == 80", "*(__u16 *)p");
        check("((__u8 *)d)[1] = 4", "((__u8 *)d)[1]");
        check("(a + b) * c", "(a + b)");
        check("größe->packets++", "größe->packets");
        check("(__u32)x & 3", "(__u32)x");
        check("f(a, b)->c + 1", "f(a, b)->c");
    }

    #[test]
    fn what_is_dereferenced() {
        for (expr, pointer) in [
            ("o->sk->family", "o->sk"),
            ("*(__u16 *)p", "p"),
            ("((__u8 *)d)[1]", "d"),
            ("h->slots[i]", "h"),
            ("s[i]", "s"),
            ("e->time", "e"),
            ("*count", "count"),
            ("*(__u32 *)(d + off)", "d + off"),
        ] {
            assert_eq!(dereferenced(expr), Some(pointer), "{expr}");
        }
        assert_eq!(dereferenced("x"), None);
    }

    #[test]
    fn comparisons_and_their_sides() {
        let sides = |text: &str| -> Vec<(String, String, String)> {
            let part = |r: &Range<usize>| text[r.clone()].to_string();
            comparisons(text).iter().map(|c| (part(&c.left), part(&c.op), part(&c.right))).collect()
        };
        let one = |l: &str, o: &str, r: &str| (l.to_string(), o.to_string(), r.to_string());
        assert_eq!(sides("if (d + 54 > e)"), [one("d + 54", ">", "e")]);
        assert_eq!(
            sides("if (p->n >= 3 || (void *)(ip + 1) > end) return 1;"),
            [one("p->n", ">=", "3"), one("(void *)(ip + 1)", ">", "end")]
        );
        assert_eq!(sides("x = a << 3;"), []);
    }

    #[test]
    fn what_is_written_anew_keeps_its_meaning() {
        assert_eq!(
            (as_operand("len & ~3u"), as_operand("s->len"), as_operand("(__u32)n")),
            ("(len & ~3u)".into(), "s->len".into(), "((__u32)n)".into())
        );
        assert_eq!(last_summand("d + 54").map(|(n, _)| n), Some(54));
        assert_eq!(last_summand("ip + 1)"), None);
        assert_eq!(difference("e - 14"), Some(("e", "14")));
        assert_eq!(difference("c->data_end"), None);
    }
}
