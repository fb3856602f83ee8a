//! Names that people gave to values, from the text and columns of line information.
//!
//! Line information holds no variables, but the text of the line and the column of the expression that an instruction
//! was made of. `u32 slot = us >> 10;` names what its instructions compute; the column of `h->slots[slot]++` says which
//! expression failed. Names only make words better: which remedy fits is decided by states, never by text.

use std::ops::Range;

use super::expr;

/// Whether a byte is part of a name; what is not ASCII is.
pub(super) fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
}

/// Where the code of a line ends: before a comment, and before trailing space.
pub fn code_end(text: &str) -> usize {
    let comment = [text.find("//"), text.find("/*")].into_iter().flatten().min().unwrap_or(text.len());
    text[..comment].trim_end().len()
}

/// The end of a bracket's content, from its opening one on; `None` when it stays open.
pub(super) fn closing(b: &[u8], open: usize) -> Option<usize> {
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
    before.ends_with("return") || !before.ends_with(|c: char| !c.is_ascii() || is_word(c as u8) || c == ')')
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
    while at > 0 && matches!(b[at - 1], b'*' | b'&') && (at < 2 || !matches!(b[at - 2], b'*' | b'&') || at == 2) {
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
    let start;
    let mut stop;
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
        // What is negated, not that it is.
        let at = at + b[at..end].iter().take_while(|c| **c == b'!').count();
        let Some(stop) = expr::operand_end(text, at) else { return whole };
        return at..stop.min(end);
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
    assignment(text, at).map(|a| a.name)
}

/// An assignment to a plain variable.
pub(super) struct Assignment<'a> {
    /// The variable.
    pub name: &'a str,
    /// Bytes of what is assigned.
    pub value: Range<usize>,
    /// It only changes the variable: `n += x`.
    pub compound: bool,
}

/// The assignment that the expression at a byte belongs to.
pub(super) fn assignment(text: &str, at: Option<usize>) -> Option<Assignment<'_>> {
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
        if at.is_some() || opening_depth(&b[..start]) == 0 {
            let from = i + 1 + (text[i + 1..end].len() - text[i + 1..end].trim_start().len());
            found = Some(Assignment { name, value: from..value_end(b, from), compound });
        }
    }
    found
}

/// Whether a text is one plain name.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_word) && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a line declares a variable with a signed type.
pub(super) fn declared_signed(text: &str, name: &str) -> bool {
    const SIGNED: &[&str] = &["int ", "long ", "short ", "signed ", "char ", "s8 ", "s16 ", "s32 ", "s64 ", "ssize_t "];
    let code = text[..code_end(text)].trim_start_matches("const ");
    let code = code.strip_prefix("__").unwrap_or(code);
    SIGNED.iter().any(|t| code.starts_with(t))
        && !code.contains("unsigned")
        && (assigns(text, name) || mentions(text, name))
}

/// Whether a line declares a variable with a signed type of 32 bits.
pub(super) fn declared_word(text: &str, name: &str) -> bool {
    let code = text[..code_end(text)].trim_start_matches("const ");
    let word = ["int ", "s32 ", "__s32 ", "int32_t "].iter().any(|t| code.starts_with(t));
    word && !name.is_empty() && (assigns(text, name) || mentions(text, name))
}

/// Whether a line declares a variable, so that it has no value before.
pub(super) fn declares(text: &str, name: &str) -> bool {
    let code = &text[..code_end(text)];
    let Some(at) = code.find(name) else { return false };
    let typed = code[..at].trim_end().trim_end_matches('*').trim_end();
    !typed.is_empty() && typed.bytes().all(|b| is_word(b) || b == b' ') && typed != "return" && assigns(text, name)
}

/// Whether a statement of a line assigns a variable.
pub(super) fn assigns(text: &str, name: &str) -> bool {
    let code = &text[..code_end(text)];
    code.match_indices(name).any(|(i, _)| {
        let after = code[i + name.len()..].trim_start();
        let alone = code[..i].bytes().next_back().is_none_or(|c| !is_word(c));
        alone && after.starts_with('=') && !after.starts_with("==")
    })
}

/// Where what is assigned ends: before `;`, or a comma outside of brackets.
fn value_end(b: &[u8], from: usize) -> usize {
    let mut depth = 0i32;
    for (i, c) in b.iter().enumerate().skip(from) {
        match c {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return i,
            b')' | b']' | b'}' => depth -= 1,
            b';' | b',' if depth == 0 => return i,
            _ => {}
        }
    }
    b.len()
}

/// What the source calls the value that the instruction at a byte computes: the variable that it is assigned to, where
/// it is all that is assigned, else its own expression.
pub fn value_name(text: &str, at: Option<usize>) -> Option<&str> {
    let Some(at) = at else { return assigned(text, None) };
    let own = text.get(focus(text, Some(at))).filter(|e| *e != &text[..code_end(text)]);
    let Some(a) = assignment(text, Some(at)) else { return own.filter(|e| is_value(e)) };
    if !a.value.contains(&at) {
        // The operator of a compound assignment, or the variable itself.
        return (a.compound && at < a.value.start).then_some(a.name).or(own.filter(|e| is_value(e)));
    }
    let value = text.get(a.value.clone()).unwrap_or_default().trim();
    let bare = expr::without_casts(value.strip_prefix("unsafe {").unwrap_or(value).trim());
    let operator = !text.as_bytes().get(at).is_some_and(|c| is_word(*c) || matches!(c, b'*' | b'&' | b'(' | b'!'));
    let whole = match own {
        _ if a.compound => false,
        // An operator outside of all brackets computes the value.
        _ if operator => depth_at(value, at - a.value.start) == 0,
        Some(own) => bare == own || expr::without_casts(own) == bare || (bare.starts_with(own) && cut_off(bare)),
        None => true,
    };
    if whole { Some(a.name) } else { own.filter(|e| is_value(e) && !operator) }
}

/// How many brackets are open at a byte.
fn depth_at(text: &str, at: usize) -> i32 {
    let open = |n: i32, c: &u8| match c {
        b'(' | b'[' | b'{' => n + 1,
        b')' | b']' | b'}' => n - 1,
        _ => n,
    };
    text.as_bytes().iter().take(at).fold(0, open)
}

/// Whether brackets stay open: the statement goes on in the next line.
fn cut_off(text: &str) -> bool {
    depth_at(text, text.len()) > 0
}

/// Whether an expression can be spoken of as a value: not a statement, and not long.
fn is_value(e: &str) -> bool {
    let statement = ["if", "while", "for", "return", "switch", "do", "else"];
    let word = e.split(|c: char| c.is_ascii() && !is_word(c as u8)).next().unwrap_or_default();
    !e.is_empty() && e.len() <= 40 && !statement.contains(&word) && !e.bytes().all(|b| b.is_ascii_digit()) && e != "}"
}

/// How many brackets are open.
fn opening_depth(b: &[u8]) -> i32 {
    b.iter().fold(0, |n, c| match c {
        b'{' => n + 1,
        b'}' => n - 1,
        _ => n,
    })
}

/// What is behind a macro that swaps bytes: `udp->dest` of `bpf_ntohs(udp->dest)`.
pub(super) fn swapped(e: &str) -> &str {
    let Some(open) = e.find('(').filter(|o| *o > 0) else { return e };
    let name = &e[..open];
    let swaps = is_name(name) && ["ntoh", "hton", "bswap", "to_cpu", "cpu_to"].iter().any(|w| name.contains(w));
    match closing(e.as_bytes(), open) {
        Some(close) if swaps && close + 1 == e.len() => e[open + 1..close].trim(),
        _ => e,
    }
}

/// Whether an expression calls something, so that writing it twice does it twice.
pub(super) fn calls(e: &str) -> bool {
    let b = e.as_bytes();
    (1..b.len()).any(|i| b[i] == b'(' && is_word(b[i - 1]))
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

/// What an access goes through: `e` of `e->time`, `count` of `*count`, `h` of `h->slots[i]`; a plain name itself.
pub fn base(e: &str) -> Option<&str> {
    let e = expr::without_casts(e.trim());
    let name = expr::dereferenced(e).unwrap_or(e);
    let statement = e.contains([';', '{', '"']);
    (!statement && is_value(name)).then_some(name)
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
        check("return |*(__u16 *)p == 80;", "*(__u16 *)p");
        check("|((__u8 *)d)[1] = 4;", "((__u8 *)d)[1]");
        check("größe|->packets++;", "größe");
        check("größe->|packets++;", "größe->packets");
    }

    #[test]
    fn a_value_has_the_name_of_the_variable_only_when_it_is_all_of_it() {
        let check = |marked: &str, name: Option<&str>| {
            let at = marked.find('|');
            assert_eq!(value_name(&marked.replacen('|', "", 1), at), name, "{marked}");
        };
        check("void *d = (void *)(long)c->|data, *e = (void *)(long)c->data_end;", Some("d"));
        check("void *d = (void *)(long)c->data, *e = (void *)(long)c->|data_end;", Some("e"));
        check("void *tcp = (void *)ip + ip->|ihl * 4;", Some("ip->ihl"));
        check("void *tcp = (void *)ip |+ ip->ihl * 4;", Some("tcp"));
        check("unsigned char b = *((unsigned char *)tcp |+ i);", None);
        check("t += |s[i];", Some("s[i]"));
        check("int i = (int)c->|rx_queue_index - 1;", Some("c->rx_queue_index"));
        check("struct stats *größe = |bpf_map_lookup_elem(&counters, &key);", Some("größe"));
        check("sk = |bpf_sk_lookup_tcp(ctx, &tuple,", Some("sk"));
        check("int len = ctx->|count;", Some("len"));
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
        assert_eq!((base("o->sk->family"), base("0")), (Some("o->sk"), None));
        assert_eq!((index("h->slots[slot]"), index("a[b[i]]"), index("a[3]")), (Some("slot"), Some("b[i]"), None));
        assert_eq!(arguments("x = f(a, g(b, c), d);", "f"), ["a", "g(b, c)", "d"]);
        assert!(mentions("v[len] = 1;", "len") && !mentions("v[length] = p->len;", "len"));
    }
}
