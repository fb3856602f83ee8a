//! Strings: numbers in text, comparison, and the string functions of 6.17.

use crate::cx::{Cx, Halt};
use crate::value;

use super::memory::{self, low};
use super::{Ret, err, errno};

/// Longest string that string functions look at. Kernel: `XATTR_SIZE_MAX`.
const MAX: u64 = 65536;

/// Digits of a number that are looked at, with its prefix.
const MAX_DIGITS: usize = 63;

/// What the kernel takes for a space: as C does, and the no-break space of Latin-1.
fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r' | 0xa0)
}

/// A number at the beginning of text: negative or not, magnitude, bytes used.
fn number(text: &[u8], flags: u64) -> Result<(bool, u64, usize), i32> {
    let base = flags & 0x1f;
    if text.is_empty() || flags & !0x1f != 0 || !matches!(base, 0 | 8 | 10 | 16) {
        return Err(errno::EINVAL);
    }
    let mut begin = text.iter().take_while(|b| is_space(**b)).count();
    let negative = text.get(begin) == Some(&b'-');
    begin += usize::from(negative);
    let text = text[begin..].iter().take(MAX_DIGITS).copied().take_while(|b| *b != 0).collect::<Vec<_>>();
    let lower = |i: usize| text.get(i).map(u8::to_ascii_lowercase);
    let prefixed = lower(0) == Some(b'0') && lower(1) == Some(b'x');
    let base = match base {
        0 if prefixed && text.get(2).is_some_and(u8::is_ascii_hexdigit) => 16,
        0 if lower(0) == Some(b'0') => 8,
        0 => 10,
        b => b,
    };
    // With base 16 the prefix goes, whether digits follow or not.
    let at = if base == 16 && prefixed { 2 } else { 0 };
    let digits = text[at..].iter().map_while(|b| (*b as char).to_digit(base as u32));
    let (mut n, mut used) = (Some(0u64), 0);
    for d in digits {
        n = n.and_then(|n| n.checked_mul(base)?.checked_add(d.into()));
        used += 1;
    }
    match n {
        None => Err(errno::ERANGE),
        Some(_) if used == 0 => Err(errno::EINVAL),
        Some(n) => Ok((negative, n, begin + at + used)),
    }
}

/// Longest text that a number is looked for in; spaces before it count.
const MAX_NUMBER: usize = 1 << 20;

fn give(cx: &mut Cx<'_>, result: Result<(u64, usize), i32>, to: u64) -> Ret {
    let (n, r0) = match result {
        Ok((n, used)) => (n, used as u64),
        Err(e) => (0, err(e)),
    };
    memory::store(cx, to, &n.to_ne_bytes())?;
    Ok(r0)
}

/// `bpf_strtol(buf, len, flags, res)`
pub fn strtol(cx: &mut Cx<'_>, [buf, len, flags, to, _]: [u64; 5]) -> Ret {
    let text = memory::bytes(cx, buf, len, MAX_NUMBER)?;
    let result = number(&text, flags).and_then(|(negative, n, used)| {
        let limit = i64::MAX as u64 + u64::from(negative);
        if n > limit { Err(errno::ERANGE) } else { Ok((if negative { n.wrapping_neg() } else { n }, used)) }
    });
    give(cx, result, to)
}

/// `bpf_strtoul(buf, len, flags, res)`
pub fn strtoul(cx: &mut Cx<'_>, [buf, len, flags, to, _]: [u64; 5]) -> Ret {
    let text = memory::bytes(cx, buf, len, MAX_NUMBER)?;
    let result =
        number(&text, flags).and_then(|(negative, n, used)| if negative { Err(errno::EINVAL) } else { Ok((n, used)) });
    give(cx, result, to)
}

/// `bpf_strncmp(s1, s1_size, s2)`: s2 ends with a zero.
pub fn strncmp(cx: &mut Cx<'_>, [a, size, b, ..]: [u64; 5]) -> Ret {
    let size = low(size);
    cx.readable(a, size)?;
    let (mut a, mut b) = (Text::new(a), Text::new(b));
    for i in 0..size {
        let (x, y) = (a.known(cx, i)?, b.known(cx, i)?);
        if x != y {
            return Ok(if x < y { err(1) } else { 1 });
        }
        if x == 0 {
            break;
        }
    }
    Ok(0)
}

/// Why a string function has no answer: the run ends, or an error number.
enum Failed {
    Halt,
    Errno(i32),
}

impl From<Halt> for Failed {
    fn from(_: Halt) -> Failed {
        Failed::Halt
    }
}

type Answer = Result<u64, Failed>;

fn ended(answer: Answer) -> Ret {
    match answer {
        Ok(n) => Ok(n),
        Err(Failed::Errno(e)) => Ok(err(e)),
        Err(Failed::Halt) => Err(Halt),
    }
}

fn fail<T>(e: i32) -> Result<T, Failed> {
    Err(Failed::Errno(e))
}

/// Text in memory, read piece by piece as far as it is looked at.
struct Text {
    at: u64,
    read: Vec<u8>,
}

impl Text {
    const PIECE: u64 = 1024;
    /// End of the addresses of user space.
    const USER: u64 = 1 << 47;
    /// First address of the kernel.
    const KERNEL: u64 = u64::MAX << 47;

    fn new(at: u64) -> Text {
        Text { at, read: Vec::new() }
    }

    /// Reads on; false where nothing can be read.
    fn more(&mut self, cx: &mut Cx<'_>) -> Result<bool, Halt> {
        let from = self.read.len();
        let Some((source, room)) = cx.find(self.at.wrapping_add(from as u64)) else { return Ok(false) };
        let n = room.min(Text::PIECE);
        cx.touch(n)?;
        self.read.resize(from + n as usize, 0);
        // SAFETY: so many bytes are mapped there.
        unsafe { value::copy(source, self.read[from..].as_mut_ptr(), n as usize) };
        Ok(true)
    }

    /// A byte, as a kernel's fault-tolerant read sees it. Addresses that are no kernel's are refused as such.
    fn byte(&mut self, cx: &mut Cx<'_>, i: u64) -> Result<u8, Failed> {
        while self.read.len() as u64 <= i {
            if !self.more(cx)? {
                let outside = (Text::USER..Text::KERNEL).contains(&self.at) || self.at < Text::USER;
                return fail(if self.read.is_empty() && outside { errno::ERANGE } else { errno::EFAULT });
            }
        }
        Ok(self.read[i as usize])
    }

    /// A byte that the analysis, or a look-up, knows to be there.
    fn known(&mut self, cx: &mut Cx<'_>, i: u64) -> Result<u8, Halt> {
        if (self.read.len() as u64) <= i && !self.more(cx)? {
            let b: [u8; 1] = memory::load(cx, self.at.wrapping_add(i))?;
            self.read.resize(i as usize, 0);
            self.read.push(b[0]);
        }
        Ok(self.read.get(i as usize).copied().unwrap_or(0))
    }
}

/// Compares up to the first difference.
fn compare(cx: &mut Cx<'_>, a: u64, b: u64, fold: fn(u8) -> u8) -> Answer {
    let (mut a, mut b) = (Text::new(a), Text::new(b));
    // Both must be addresses of the kernel before either is read.
    for text in [&mut a, &mut b] {
        if let Err(Failed::Errno(errno::ERANGE)) = text.byte(cx, 0) {
            return fail(errno::ERANGE);
        }
    }
    for i in 0..MAX {
        let (x, y) = (fold(a.byte(cx, i)?), fold(b.byte(cx, i)?));
        if x != y {
            return Ok(if x < y { err(1) } else { 1 });
        }
        if x == 0 {
            return Ok(0);
        }
    }
    fail(errno::E2BIG)
}

pub fn strcmp(cx: &mut Cx<'_>, [a, b, ..]: [u64; 5]) -> Ret {
    ended(compare(cx, a, b, |c| c))
}

pub fn strcasecmp(cx: &mut Cx<'_>, [a, b, ..]: [u64; 5]) -> Ret {
    ended(compare(cx, a, b, |c| match c {
        // Latin-1, as the kernel folds it.
        b'A'..=b'Z' | 0xc0..=0xd6 | 0xd8..=0xde => c + 32,
        _ => c,
    }))
}

/// Goes through text until `stop` gives an answer: at most `max` bytes of it, and what it comes to when they are over.
fn scan(cx: &mut Cx<'_>, at: u64, max: u64, over: Answer, mut stop: impl FnMut(u64, u8) -> Option<Answer>) -> Answer {
    let mut text = Text::new(at);
    for i in 0..max.min(MAX) {
        if let Some(answer) = stop(i, text.byte(cx, i)?) {
            return answer;
        }
    }
    if max >= MAX { fail(errno::E2BIG) } else { over }
}

pub fn strlen(cx: &mut Cx<'_>, [a, ..]: [u64; 5]) -> Ret {
    strnlen(cx, [a, MAX, 0, 0, 0])
}

pub fn strnlen(cx: &mut Cx<'_>, [a, max, ..]: [u64; 5]) -> Ret {
    ended(scan(cx, a, max, Ok(max), |i, c| (c == 0).then_some(Ok(i))))
}

pub fn strchr(cx: &mut Cx<'_>, [a, c, ..]: [u64; 5]) -> Ret {
    strnchr(cx, [a, MAX, c, 0, 0])
}

pub fn strchrnul(cx: &mut Cx<'_>, [a, wanted, ..]: [u64; 5]) -> Ret {
    ended(scan(cx, a, MAX, Ok(0), |i, c| (c == 0 || c == wanted as u8).then_some(Ok(i))))
}

pub fn strnchr(cx: &mut Cx<'_>, [a, max, wanted, ..]: [u64; 5]) -> Ret {
    ended(scan(cx, a, max, fail(errno::ENOENT), |i, c| match c {
        c if c == wanted as u8 => Some(Ok(i)),
        0 => Some(fail(errno::ENOENT)),
        _ => None,
    }))
}

pub fn strrchr(cx: &mut Cx<'_>, [a, wanted, ..]: [u64; 5]) -> Ret {
    let mut last = None;
    ended(scan(cx, a, MAX, Ok(0), |i, c| {
        // The character is an int here, and one that no byte is equal to is not found.
        last = if u32::from(c) == wanted as u32 { Some(i) } else { last };
        (c == 0).then(|| last.map_or(fail(errno::ENOENT), Ok))
    }))
}

/// Bytes at the beginning that are in a set, or that are not.
fn span(cx: &mut Cx<'_>, a: u64, set: u64, inside: bool) -> Answer {
    let (mut text, mut set) = (Text::new(a), Text::new(set));
    if let Err(Failed::Errno(errno::ERANGE)) = set.byte(cx, 0) {
        return fail(errno::ERANGE);
    }
    let (mut seen, mut looked, mut complete) = ([false; 256], 0, false);
    for i in 0..MAX {
        let c = text.byte(cx, i)?;
        if c == 0 {
            return Ok(i);
        }
        while !seen[usize::from(c)] && !complete {
            if looked == MAX {
                return fail(errno::E2BIG);
            }
            let member = set.byte(cx, looked)?;
            complete = member == 0;
            seen[usize::from(member)] |= !complete;
            looked += 1;
        }
        if seen[usize::from(c)] != inside {
            return Ok(i);
        }
    }
    fail(errno::E2BIG)
}

pub fn strspn(cx: &mut Cx<'_>, [a, set, ..]: [u64; 5]) -> Ret {
    ended(span(cx, a, set, true))
}

pub fn strcspn(cx: &mut Cx<'_>, [a, set, ..]: [u64; 5]) -> Ret {
    ended(span(cx, a, set, false))
}

/// Where one text first stands in the first `len` bytes of another.
fn search(cx: &mut Cx<'_>, a: u64, part: u64, len: u64, fold: fn(u8) -> u8) -> Answer {
    let (mut text, mut part) = (Text::new(a), Text::new(part));
    for text in [&mut text, &mut part] {
        if let Err(Failed::Errno(errno::ERANGE)) = text.byte(cx, 0) {
            return fail(errno::ERANGE);
        }
    }
    for i in 0..MAX {
        let mut j = 0;
        loop {
            if j == MAX {
                return fail(errno::E2BIG);
            }
            let wanted = part.byte(cx, j)?;
            if wanted == 0 {
                return Ok(i);
            }
            if i + j >= len {
                return fail(errno::ENOENT);
            }
            let c = text.byte(cx, i + j)?;
            if c == 0 {
                return fail(errno::ENOENT);
            }
            if fold(c) != fold(wanted) {
                break;
            }
            j += 1;
        }
        cx.tick(j / 4 + 1)?;
    }
    fail(errno::E2BIG)
}

pub fn strstr(cx: &mut Cx<'_>, [a, part, ..]: [u64; 5]) -> Ret {
    ended(search(cx, a, part, MAX, |c| c))
}

pub fn strnstr(cx: &mut Cx<'_>, [a, part, max, ..]: [u64; 5]) -> Ret {
    ended(search(cx, a, part, max, |c| c))
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
        assert_eq!((number(b"0x", 16), number(b"0x", 0)), (Err(errno::EINVAL), Ok((false, 0, 1))));
        assert_eq!(number(b"\x0b\xa0-7", 10), Ok((true, 7, 4)));
    }
}
