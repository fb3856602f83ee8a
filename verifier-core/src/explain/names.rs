//! Names that people gave to values, from the text and columns of line information.
//!
//! Line information holds no variables, but the text of the line and the column of the expression that an instruction
//! was made of. `u32 slot = us >> 10;` names what its instructions compute; the column of `h->slots[slot]++` says which
//! expression failed. Names only make words better: which remedy fits is decided by states, never by text.

use std::ops::Range;

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Where the code of a line ends: before a comment, and before trailing space.
pub fn code_end(text: &str) -> usize {
    let comment = [text.find("//"), text.find("/*")].into_iter().flatten().min().unwrap_or(text.len());
    text[..comment].trim_end().len()
}

/// The end of a bracket's content, from its opening one on; `None` when it stays open.
fn closing(b: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, c) in b.iter().enumerate().skip(open) {
        match c {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

/// The opening one of a bracket that closes at `close`.
fn opening(b: &[u8], close: usize) -> Option<usize> {
    let mut depth = 0usize;
    for i in (0..=close).rev() {
        match b.get(i)? {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether an operand begins behind this text, and not an operator.
fn begins_operand(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("return") || !before.ends_with(|c: char| is_word(c as u8) || c == ')')
}

/// Start of the operand that ends before `end`: `*count`, `h->slots[i]`, `f(x)`.
fn operand_start(b: &[u8], end: usize) -> usize {
    let mut at = end;
    loop {
        let before = at;
        while at > 0 && is_word(b[at - 1]) {
            at -= 1;
        }
        if at > 0
            && matches!(b[at - 1], b')' | b']')
            && (at == before || before == end || matches!(b[at], b'-' | b'.' | b'[' | b'('))
        {
            match opening(b, at - 1) {
                Some(open) => {
                    at = open;
                    continue;
                }
                None => break,
            }
        }
        if at >= 2 && &b[at - 2..at] == b"->" {
            at -= 2;
        } else if at >= 1 && b[at - 1] == b'.' {
            at -= 1;
        } else {
            break;
        }
    }
    while at > 0 && matches!(b[at - 1], b'*' | b'&' | b'!') && (at < 2 || !matches!(b[at - 2], b'*' | b'&') || at == 2)
    {
        // A sign before an operand, not an operator between two.
        let left = b[..at - 1].iter().rev().find(|c| !c.is_ascii_whitespace());
        if left.is_some_and(|c| is_word(*c) || matches!(c, b')' | b']')) {
            break;
        }
        at -= 1;
    }
    at
}

/// The expression at a byte of a line: what people would underline. The whole code of the line when that is unclear.
pub fn focus(text: &str, at: Option<usize>) -> Range<usize> {
    let end = code_end(text);
    let whole = 0..end;
    let b = text.as_bytes();
    let Some(at) = at.filter(|a| *a < end && text.is_char_boundary(*a)) else { return whole };
    if b[at] == b'}' {
        return at..at + 1;
    }
    let (start, mut stop);
    if is_word(b[at]) {
        let mut first = at;
        while first > 0 && is_word(b[first - 1]) {
            first -= 1;
        }
        stop = at;
        while stop < end && is_word(b[stop]) {
            stop += 1;
        }
        if matches!(&text[first..stop], "if" | "while" | "for" | "return" | "switch" | "do" | "else" | "asm") {
            return first..end;
        }
        start = operand_start(b, stop);
    } else if matches!(b[at], b'*' | b'&' | b'!' | b'(') && begins_operand(&text[..at]) {
        start = at;
        stop = at + 1;
        while stop < end && matches!(b[stop], b'*' | b'&' | b'(') {
            stop += 1;
        }
        if b[at] == b'(' {
            stop = closing(b, at).map_or(end, |c| c + 1);
        }
        while stop < end && is_word(b[stop]) {
            stop += 1;
        }
    } else {
        // An operator: its left operand is what it works on.
        stop = text[..at].trim_end().len();
        start = operand_start(b, stop);
        if start == stop {
            return whole;
        }
        return start..stop;
    }
    // What follows belongs to it: members, indices, arguments.
    loop {
        match b.get(stop) {
            Some(b'(' | b'[') if stop < end => match closing(b, stop) {
                Some(c) if c < end => stop = c + 1,
                _ => break,
            },
            Some(b'.') if b.get(stop + 1).is_some_and(|c| is_word(*c)) => stop += 1,
            Some(b'-') if b.get(stop + 1) == Some(&b'>') => stop += 2,
            Some(c) if is_word(*c) => stop += 1,
            _ => break,
        }
    }
    let stop = stop.min(end);
    // Inside of a longer name, an open bracket was met.
    if start < stop { start..stop } else { whole }
}

/// The variable that the expression at a byte is assigned to: `slot` of `u64 slot = us >> 10;`.
pub fn assigned(text: &str, at: Option<usize>) -> Option<&str> {
    let end = code_end(text);
    let b = &text.as_bytes()[..end];
    let limit = at.unwrap_or(end);
    let mut found = None;
    for i in 1..b.len() {
        let alone = b[i] == b'=' && b.get(i + 1) != Some(&b'=') && !matches!(b[i - 1], b'=' | b'<' | b'>' | b'!');
        if !alone {
            continue;
        }
        let compound = matches!(b[i - 1], b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^');
        let stop = text[..i - usize::from(compound)].trim_end().len();
        let mut start = stop;
        while start > 0 && is_word(b[start - 1]) {
            start -= 1;
        }
        // Only plain variables: `a.b = x` and `p->b = x` name no register, `.b = x` initialises a member.
        let member = text[..start].ends_with("->") || text[..start].ends_with('.');
        let name = &text[start..stop];
        if name.is_empty() || member || name.starts_with(|c: char| c.is_ascii_digit()) || start > limit {
            continue;
        }
        if opening_depth(&b[..start]) == 0 {
            found = Some(name);
        }
    }
    found
}

/// How many brackets are open.
fn opening_depth(b: &[u8]) -> i32 {
    b.iter().fold(0, |n, c| match c {
        b'{' => n + 1,
        b'}' => n - 1,
        _ => n,
    })
}

/// Whether the code of a line uses a name.
pub fn mentions(text: &str, name: &str) -> bool {
    let code = &text[..code_end(text)];
    code.match_indices(name).any(|(i, _)| {
        let b = code.as_bytes();
        let before = i.checked_sub(1).map(|p| b[p]);
        // A member of that name is something else.
        let member = code[..i].ends_with("->") || code[..i].ends_with('.');
        !member && before.is_none_or(|c| !is_word(c)) && b.get(i + name.len()).is_none_or(|c| !is_word(*c))
    })
}

/// What an access goes through: `e` of `e->time`, `count` of `*count`, `h->slots` of `h->slots[i]`.
pub fn base(expr: &str) -> Option<&str> {
    let inner = expr.trim_start_matches(['*', '(', '&']).trim();
    let end = inner.find("->").or_else(|| inner.find('[')).unwrap_or(inner.len());
    let name = &inner[..end];
    (!name.is_empty() && name.bytes().all(|b| is_word(b) || b == b'.')).then_some(name)
}

/// The index of `h->slots[slot]`, where it is simple.
pub fn index(expr: &str) -> Option<&str> {
    let close = expr.rfind(']')?;
    let open = opening(expr.as_bytes(), close)?;
    let inner = expr[open + 1..close].trim();
    let simple = !inner.is_empty() && inner.len() <= 24 && !inner.bytes().all(|b| b.is_ascii_digit());
    simple.then_some(inner)
}

/// Arguments of the call to a function in an expression.
pub fn arguments<'a>(text: &'a str, function: &str) -> Vec<&'a str> {
    let code = &text[..code_end(text)];
    let Some(at) = code.find(function).map(|i| i + function.len()).filter(|i| code.as_bytes().get(*i) == Some(&b'('))
    else {
        return Vec::new();
    };
    let Some(close) = closing(code.as_bytes(), at) else { return Vec::new() };
    let (mut depth, mut from, mut out) = (0, at + 1, Vec::new());
    for (i, c) in code.bytes().enumerate().take(close).skip(at + 1) {
        match c {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                out.push(code[from..i].trim());
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(code[from..close].trim());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` with the column marked by `|`, and what is underlined.
    fn check(marked: &str, expected: &str) {
        let at = marked.find('|');
        let text = marked.replacen('|', "", 1);
        assert_eq!(&text[focus(&text, at)], expected, "{marked}");
    }

    #[test]
    fn the_expression_at_a_column() {
        check("s->|packets++; // why", "s->packets");
        check("*count |+= now - *from;", "*count");
        check("|v[i] = 1;", "v[i]");
        check("h->slots[slot]|++;", "h->slots[slot]");
        check("e->|time = bpf_ktime_get_ns();", "e->time");
        check("u64 now = |bpf_ktime_get_ns();", "bpf_ktime_get_ns()");
        check("|if (n > 3)", "if (n > 3)");
        check("return tcp->|syn ? 1 : 2;", "tcp->syn");
        check("return |*data ? 1 : 2;", "*data");
        check("|}", "}");
        check("f(|x, y);", "x");
        check("open(", "open(");
    }

    #[test]
    fn names_of_what_is_assigned() {
        assert_eq!(assigned("u64 slot = us >> 10; // = x", None), Some("slot"));
        assert_eq!(assigned("u32 zero = 0, len = skb->len;", Some(25)), Some("len"));
        assert_eq!(assigned("u32 zero = 0, len = skb->len;", Some(4)), Some("zero"));
        assert_eq!(assigned("if (a == b)", None), None);
        assert_eq!(assigned("p->x = 5;", None), None);
        assert_eq!(assigned("i += 2;", None), Some("i"));
    }

    #[test]
    fn parts_of_expressions() {
        assert_eq!((base("e->time"), base("*count"), base("h->slots[i]")), (Some("e"), Some("count"), Some("h")));
        assert_eq!((index("h->slots[slot]"), index("a[b[i]]"), index("a[3]")), (Some("slot"), Some("b[i]"), None));
        assert_eq!(arguments("x = f(a, g(b, c), d);", "f"), ["a", "g(b, c)", "d"]);
        assert!(mentions("v[len] = 1;", "len") && !mentions("v[length] = p->len;", "len"));
    }
}
