//! Strings: numbers in text, comparison, and the string functions of 6.17.

use std::cmp::Ordering;

use crate::cx::{Cx, Halt};

use super::{Ret, err, errno};

/// Longest string that string functions look at. Kernel: `XATTR_SIZE_MAX`.
const MAX: u64 = 65536;

/// A number at the beginning of text: negative or not, magnitude, bytes used. Kernel: `__bpf_strtoull()`.
fn number(text: &[u8], flags: u64) -> Result<(bool, u64, usize), i32> {
    let base = flags & 0x1f;
    if text.is_empty() || flags & !0x1f != 0 || !matches!(base, 0 | 8 | 10 | 16) {
        return Err(errno::EINVAL);
    }
    let text = &text[..text.iter().position(|b| *b == 0).unwrap_or(text.len())];
    let mut at = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let negative = text.get(at) == Some(&b'-');
    at += usize::from(negative);
    let lower = |i: usize| text.get(i).map(u8::to_ascii_lowercase);
    let hex =
        lower(at) == Some(b'0') && lower(at + 1) == Some(b'x') && text.get(at + 2).is_some_and(u8::is_ascii_hexdigit);
    let base = match base {
        0 if hex => 16,
        0 if lower(at) == Some(b'0') => 8,
        0 => 10,
        b => b,
    };
    at += if base == 16 && hex { 2 } else { 0 };
    let digits = text[at..].iter().map_while(|b| (*b as char).to_digit(base as u32));
    let mut n = 0u64;
    let mut used = 0;
    for d in digits {
        n = n.checked_mul(base).and_then(|n| n.checked_add(d.into())).ok_or(errno::ERANGE)?;
        used += 1;
    }
    if used == 0 { Err(errno::EINVAL) } else { Ok((negative, n, at + used)) }
}

fn give(cx: &mut Cx<'_>, result: Result<(u64, usize), i32>, to: u64) -> Ret {
    match result {
        Ok((n, used)) => {
            cx.write_bytes(to, &n.to_ne_bytes())?;
            Ok(used as u64)
        }
        Err(e) => {
            cx.write_bytes(to, &[0; 8])?;
            Ok(err(e))
        }
    }
}

/// `bpf_strtol(buf, len, flags, res)`
pub fn strtol(cx: &mut Cx<'_>, [buf, len, flags, to, _]: [u64; 5]) -> Ret {
    let text = cx.read_bytes(buf, len)?;
    let result = number(&text, flags).and_then(|(negative, n, used)| {
        let limit = i64::MAX as u64 + u64::from(negative);
        if n > limit { Err(errno::ERANGE) } else { Ok((if negative { n.wrapping_neg() } else { n }, used)) }
    });
    give(cx, result, to)
}

/// `bpf_strtoul(buf, len, flags, res)`
pub fn strtoul(cx: &mut Cx<'_>, [buf, len, flags, to, _]: [u64; 5]) -> Ret {
    let text = cx.read_bytes(buf, len)?;
    let result =
        number(&text, flags).and_then(|(negative, n, used)| if negative { Err(errno::EINVAL) } else { Ok((n, used)) });
    give(cx, result, to)
}

/// `bpf_strncmp(s1, s1_size, s2)`
pub fn strncmp(cx: &mut Cx<'_>, [a, size, b, ..]: [u64; 5]) -> Ret {
    for i in 0..size & 0xffff_ffff {
        let (x, y) = (cx.read_bytes(a + i, 1)?[0], cx.read_bytes(b + i, 1)?[0]);
        if x != y {
            return Ok(if x < y { err(1) } else { 1 });
        }
        if x == 0 {
            break;
        }
    }
    Ok(0)
}

/// Text up to its zero, read without fault: `None` where it cannot be read, or is too long.
fn text(cx: &Cx<'_>, at: u64, max: u64) -> Result<Vec<u8>, i32> {
    let mut out = Vec::new();
    while (out.len() as u64) < max.min(MAX) {
        match cx.probe(at.wrapping_add(out.len() as u64), 1).ok_or(errno::EFAULT)?[0] {
            0 => return Ok(out),
            b => out.push(b),
        }
    }
    if max < MAX { Ok(out) } else { Err(errno::E2BIG) }
}

fn whole(cx: &Cx<'_>, at: u64) -> Result<Vec<u8>, i32> {
    text(cx, at, u64::MAX)
}

fn found(at: Result<Option<usize>, i32>) -> Result<u64, Halt> {
    Ok(match at {
        Ok(Some(n)) => n as u64,
        Ok(None) => err(errno::ENOENT),
        Err(e) => err(e),
    })
}

pub fn strcmp(cx: &mut Cx<'_>, [a, b, ..]: [u64; 5]) -> Ret {
    Ok(match (whole(cx, a), whole(cx, b)) {
        (Ok(a), Ok(b)) => match a.cmp(&b) {
            Ordering::Less => err(1),
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        },
        (Err(e), _) | (_, Err(e)) => err(e),
    })
}

pub fn strlen(cx: &mut Cx<'_>, [a, ..]: [u64; 5]) -> Ret {
    found(whole(cx, a).map(|t| Some(t.len())))
}

pub fn strnlen(cx: &mut Cx<'_>, [a, max, ..]: [u64; 5]) -> Ret {
    found(text(cx, a, max).map(|t| Some(t.len())))
}

/// A byte in text; the closing zero can be looked for as well.
fn position(text: &[u8], c: u8) -> Option<usize> {
    if c == 0 { Some(text.len()) } else { text.iter().position(|b| *b == c) }
}

pub fn strchr(cx: &mut Cx<'_>, [a, c, ..]: [u64; 5]) -> Ret {
    found(whole(cx, a).map(|t| position(&t, c as u8)))
}

pub fn strchrnul(cx: &mut Cx<'_>, [a, c, ..]: [u64; 5]) -> Ret {
    found(whole(cx, a).map(|t| Some(position(&t, c as u8).unwrap_or(t.len()))))
}

pub fn strnchr(cx: &mut Cx<'_>, [a, max, c, ..]: [u64; 5]) -> Ret {
    found(text(cx, a, max).map(|t| position(&t, c as u8).filter(|n| (*n as u64) < max)))
}

pub fn strrchr(cx: &mut Cx<'_>, [a, c, ..]: [u64; 5]) -> Ret {
    let c = c as u8;
    found(whole(cx, a).map(|t| if c == 0 { Some(t.len()) } else { t.iter().rposition(|b| *b == c) }))
}

pub fn strspn(cx: &mut Cx<'_>, [a, set, ..]: [u64; 5]) -> Ret {
    let both = whole(cx, a).and_then(|t| Ok((t, whole(cx, set)?)));
    found(both.map(|(t, set)| Some(t.iter().take_while(|b| set.contains(b)).count())))
}

pub fn strcspn(cx: &mut Cx<'_>, [a, set, ..]: [u64; 5]) -> Ret {
    let both = whole(cx, a).and_then(|t| Ok((t, whole(cx, set)?)));
    found(both.map(|(t, set)| Some(t.iter().take_while(|b| !set.contains(b)).count())))
}

fn sub(text: &[u8], part: &[u8]) -> Option<usize> {
    (0..=text.len().checked_sub(part.len())?).find(|i| text[*i..].starts_with(part))
}

pub fn strstr(cx: &mut Cx<'_>, [a, part, ..]: [u64; 5]) -> Ret {
    let both = whole(cx, a).and_then(|t| Ok((t, whole(cx, part)?)));
    found(both.map(|(t, part)| sub(&t, &part)))
}

pub fn strnstr(cx: &mut Cx<'_>, [a, part, max, ..]: [u64; 5]) -> Ret {
    let both = text(cx, a, max).and_then(|t| Ok((t, whole(cx, part)?)));
    found(both.map(|(t, part)| sub(&t, &part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text() {
        assert_eq!(number(b" -12x", 10), Ok((true, 12, 4)));
        assert_eq!((number(b"0x1f", 0), number(b"017", 0)), (Ok((false, 31, 4)), Ok((false, 15, 3))));
        assert_eq!((number(b"x", 0), number(b"12", 3)), (Err(errno::EINVAL), Err(errno::EINVAL)));
        assert_eq!(number(b"18446744073709551616", 10), Err(errno::ERANGE));
    }
}
