//! Formatted text: `bpf_trace_printk()`, `bpf_trace_vprintk()`, `bpf_snprintf()`.
//!
//! Answers for `bpf_bprintf_prepare()`, which decides what a format may hold, and for the part of `vsnprintf()` that is
//! left then.

use crate::cx::{Cx, Halt};
use crate::vm::line_cost;

use super::memory::{self, low};
use super::{Ret, err, errno};

/// Longest line of the trace. Kernel: `MAX_BPRINTF_BUF`.
const MAX_LINE: usize = 1024;
/// Bytes that arguments take together once strings are read. Kernel: `MAX_BPRINTF_BIN_ARGS`.
const MAX_ARGS: usize = 512;
/// Longest format that is read.
const MAX_FORMAT: u64 = 4096;

/// Flags and width of a directive.
#[derive(Clone, Copy, Default)]
struct Pad {
    width: Option<usize>,
    left: bool,
    zero: bool,
    /// Printed before numbers with a sign that are not negative.
    plus: Option<char>,
}

impl Pad {
    fn fill(self, len: usize) -> usize {
        self.width.unwrap_or(0).saturating_sub(len)
    }

    /// A number: zeroes go between sign and digits.
    fn number(self, out: &mut Vec<u8>, sign: Option<char>, digits: &str) {
        let sign = sign.map(String::from).unwrap_or_default();
        let n = self.fill(sign.len() + digits.len());
        let (before, zeroes, after) = match (self.left, self.zero) {
            (true, _) => (0, 0, n),
            (false, true) => (0, n, 0),
            (false, false) => (n, 0, 0),
        };
        out.extend(std::iter::repeat_n(b' ', before));
        out.extend_from_slice(sign.as_bytes());
        out.extend(std::iter::repeat_n(b'0', zeroes));
        out.extend_from_slice(digits.as_bytes());
        out.extend(std::iter::repeat_n(b' ', after));
    }

    /// Text, padded with spaces only.
    fn text(self, out: &mut Vec<u8>, text: &[u8]) {
        let n = self.fill(text.len());
        out.extend(std::iter::repeat_n(b' ', if self.left { 0 } else { n }));
        out.extend_from_slice(text);
        out.extend(std::iter::repeat_n(b' ', if self.left { n } else { 0 }));
    }

    /// An address in full width, unless another was asked for.
    fn address(self, out: &mut Vec<u8>, address: u64) {
        let pad = if self.width.is_none() { Pad { width: Some(16), zero: true, ..self } } else { self };
        pad.number(out, None, &format!("{address:x}"));
    }
}

/// A part of a format.
#[derive(Clone, Copy)]
enum Part {
    /// A byte of it.
    Byte(u8),
    /// A number of four or eight bytes, in base 10 or 16.
    Number {
        pad: Pad,
        wide: bool,
        kind: u8,
    },
    Char(Pad),
    /// Text that was read.
    Text(Pad),
    /// What follows `%p` and was made text already.
    Ready,
    /// An address; with `bool`, that of a symbol.
    Address(Pad, bool),
}

/// What goes before printing: the parts of a format, and the arguments in one piece of memory, text included.
#[derive(Default)]
struct Prepared {
    parts: Vec<Part>,
    args: Vec<u8>,
}

/// What something comes to, or the error number; outside, the run has ended.
type Checked<T> = Result<Result<T, i32>, Halt>;

/// A format that is being gone through.
struct Scan<'f> {
    fmt: &'f [u8],
    at: usize,
    out: Prepared,
}

impl Scan<'_> {
    fn peek(&self) -> u8 {
        self.fmt.get(self.at).copied().unwrap_or(0)
    }

    fn pad(&mut self) -> Pad {
        let mut pad = Pad::default();
        loop {
            match self.peek() {
                b'0' => pad.zero = true,
                b'-' => pad.left = true,
                b'+' => pad.plus = Some('+'),
                b' ' => pad.plus = pad.plus.or(Some(' ')),
                _ => break,
            }
            self.at += 1;
        }
        while let d @ b'0'..=b'9' = self.peek() {
            pad.width = Some((pad.width.unwrap_or(0) * 10 + usize::from(d - b'0')).min(MAX_LINE));
            self.at += 1;
        }
        pad
    }

    /// Keeps a number among the arguments.
    fn number(&mut self, bytes: &[u8]) -> Result<(), i32> {
        let at = self.out.args.len().next_multiple_of(4);
        if at + bytes.len() > MAX_ARGS {
            return Err(errno::ENOSPC);
        }
        self.out.args.resize(at, 0);
        self.out.args.extend_from_slice(bytes);
        Ok(())
    }

    /// Keeps text among the arguments, with its zero, as far as there is room.
    fn text(&mut self, text: &[u8]) -> Result<(), i32> {
        let room = MAX_ARGS.saturating_sub(self.out.args.len());
        if room == 0 {
            return Err(errno::ENOSPC);
        }
        self.out.args.extend_from_slice(&text[..text.len().min(room - 1)]);
        self.out.args.push(0);
        Ok(())
    }

    /// Keeps text at an address, read without fault; nothing where it faults.
    fn string(&mut self, cx: &mut Cx<'_>, at: u64) -> Checked<()> {
        let room = MAX_ARGS.saturating_sub(self.out.args.len()) as u64;
        let text = memory::text(cx, at, room.saturating_sub(1))?.map_or_else(Vec::new, |(t, _)| t);
        Ok(self.text(&text))
    }

    fn run(mut self, cx: &mut Cx<'_>, args: &[u64]) -> Checked<Prepared> {
        let mut args = args.iter().copied();
        while let Some(c) = self.fmt.get(self.at).copied() {
            if !c.is_ascii() || !(c.is_ascii_graphic() || c.is_ascii_whitespace() || c == 0x0b) {
                return Ok(Err(errno::EINVAL));
            }
            self.at += 1;
            if c != b'%' || self.peek() == b'%' {
                self.at += usize::from(c == b'%');
                self.out.parts.push(Part::Byte(c));
                continue;
            }
            let Some(arg) = args.next() else { return Ok(Err(errno::EINVAL)) };
            match self.directive(cx, arg)? {
                Ok(part) => self.out.parts.push(part),
                Err(e) => return Ok(Err(e)),
            }
        }
        Ok(Ok(self.out))
    }

    fn directive(&mut self, cx: &mut Cx<'_>, arg: u64) -> Checked<Part> {
        let pad = self.pad();
        let mut longs = 0;
        while longs < 2 && self.peek() == b'l' {
            longs += 1;
            self.at += 1;
        }
        let (kind, wide) = (self.peek(), longs > 0);
        self.at += 1;
        Ok(match kind {
            b's' if !wide => self.string(cx, arg)?.map(|()| Part::Text(pad)),
            b'p' if !wide => return self.pointer(cx, arg, pad),
            b'c' if !wide => {
                self.out.args.push(arg as u8);
                if self.out.args.len() > MAX_ARGS { Err(errno::ENOSPC) } else { Ok(Part::Char(pad)) }
            }
            b'd' | b'i' | b'u' | b'x' | b'X' => {
                let bytes = arg.to_ne_bytes();
                let kept = if wide { self.number(&bytes) } else { self.number(&(arg as u32).to_ne_bytes()) };
                kept.map(|()| Part::Number { pad, wide, kind })
            }
            _ => Err(errno::EINVAL),
        })
    }

    /// `%p` and what may follow it. The letters and digits behind it belong to it, known or not.
    fn pointer(&mut self, cx: &mut Cx<'_>, arg: u64, pad: Pad) -> Checked<Part> {
        let next = (self.peek(), self.fmt.get(self.at + 1).copied().unwrap_or(0));
        let part = match next {
            (b'k' | b'u', b's') => self.string(cx, arg)?.map(|()| Part::Ready),
            (b'i' | b'I', b'4' | b'6') => {
                let text = internet(cx, arg, next.0 == b'I', next.1 == b'6')?;
                self.text(text.as_bytes()).map(|()| Part::Ready)
            }
            // There are no symbols here, so that addresses of functions print as numbers.
            (b'B', _) => self.text(format!("{arg:#x}").as_bytes()).map(|()| Part::Ready),
            (b's' | b'S', _) => self.number(&arg.to_ne_bytes()).map(|()| Part::Address(pad, true)),
            (b'x' | b'K', _) => self.number(&arg.to_ne_bytes()).map(|()| Part::Address(pad, false)),
            (c, _) if c == 0 || c.is_ascii_whitespace() || c.is_ascii_punctuation() => {
                self.number(&arg.to_ne_bytes()).map(|()| Part::Address(pad, false))
            }
            _ => Err(errno::EINVAL),
        };
        while self.peek().is_ascii_alphanumeric() {
            self.at += 1;
        }
        Ok(part)
    }
}

/// Arguments as they are taken out again.
struct Args<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Args<'_> {
    fn number(&mut self, wide: bool) -> u64 {
        self.at = self.at.next_multiple_of(4);
        let size = if wide { 8 } else { 4 };
        let bytes = self.bytes.get(self.at..).unwrap_or_default();
        self.at += size;
        bytes.iter().take(size).rev().fold(0, |n, b| n << 8 | u64::from(*b))
    }

    fn text(&mut self) -> &[u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let text = rest.split(|b| *b == 0).next().unwrap_or_default();
        self.at += text.len() + 1;
        text
    }
}

impl Prepared {
    /// The text, for a buffer of so many bytes. Text of `%p` that would begin behind the buffer's end is not taken from
    /// the arguments at all, so that what follows takes it in its place: the kernel does, and its lengths show it.
    fn print(&self, size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut args = Args { bytes: &self.args, at: 0 };
        for part in &self.parts {
            match *part {
                Part::Byte(b) => out.push(b),
                Part::Text(pad) => pad.text(&mut out, args.text()),
                Part::Ready if out.len() < size => out.extend_from_slice(args.text()),
                Part::Ready => {}
                Part::Char(pad) => {
                    let c = args.bytes.get(args.at).copied().unwrap_or(0);
                    args.at += 1;
                    pad.text(&mut out, &[c]);
                }
                Part::Address(pad, true) => pad.text(&mut out, format!("{:#x}", args.number(true)).as_bytes()),
                Part::Address(pad, false) => pad.address(&mut out, args.number(true)),
                Part::Number { pad, wide, kind } => number(&mut out, pad, wide, kind, args.number(wide)),
            }
        }
        out
    }
}

fn number(out: &mut Vec<u8>, pad: Pad, wide: bool, kind: u8, n: u64) {
    match kind {
        b'd' | b'i' => {
            let n = if wide { n as i64 } else { i64::from(n as i32) };
            pad.number(out, if n < 0 { Some('-') } else { pad.plus }, &n.unsigned_abs().to_string());
        }
        b'u' => pad.number(out, None, &n.to_string()),
        b'x' => pad.number(out, None, &format!("{n:x}")),
        _ => pad.number(out, None, &format!("{n:X}")),
    }
}

/// An internet address in memory, as text; zeroes where it cannot be read.
fn internet(cx: &mut Cx<'_>, at: u64, plain: bool, v6: bool) -> Result<String, Halt> {
    let len = if v6 { 16 } else { 4 };
    let mut bytes = [0u8; 16];
    cx.touch(len)?;
    if let Some((from, room)) = cx.find(at)
        && room >= len
    {
        // SAFETY: so many bytes are mapped there.
        unsafe { crate::value::copy(from, bytes.as_mut_ptr(), len as usize) };
    }
    let words = || bytes.chunks_exact(2).map(|w| format!("{:02x}{:02x}", w[0], w[1])).collect::<Vec<_>>();
    Ok(match (v6, plain) {
        (false, true) => bytes[..4].iter().map(u8::to_string).collect::<Vec<_>>().join("."),
        (false, false) => bytes[..4].iter().map(|b| format!("{b:03}")).collect::<Vec<_>>().join("."),
        (true, true) => words().join(":"),
        (true, false) => words().concat(),
    })
}

/// Takes a format apart; an error number where the kernel refuses it.
fn prepare(cx: &mut Cx<'_>, fmt: &[u8], args: &[u64]) -> Checked<Prepared> {
    let Some(end) = fmt.iter().position(|b| *b == 0) else { return Ok(Err(errno::EINVAL)) };
    Scan { fmt: &fmt[..end], at: 0, out: Prepared::default() }.run(cx, args)
}

/// Prints a line: the length that it would have had without a limit.
fn print(cx: &mut Cx<'_>, fmt: &[u8], args: &[u64]) -> Ret {
    match prepare(cx, fmt, args)? {
        Ok(prepared) => {
            let mut line = prepared.print(MAX_LINE);
            let n = line.len();
            line.truncate(MAX_LINE - 1);
            let line = String::from_utf8_lossy(&line).trim_end_matches('\n').to_string();
            cx.charge(line_cost(line.len()))?;
            cx.vm.print(line);
            Ok(n as u64)
        }
        Err(e) => Ok(err(e)),
    }
}

/// `bpf_trace_printk(fmt, fmt_size, a, b, c)`
pub fn trace_printk(cx: &mut Cx<'_>, [fmt, size, a, b, c]: [u64; 5]) -> Ret {
    let fmt = memory::bytes(cx, fmt, low(size), MAX_FORMAT as usize)?;
    print(cx, &fmt, &[a, b, c])
}

/// Arguments that a program packed: eight bytes each, twelve at most.
fn packed(cx: &mut Cx<'_>, data: u64, len: u64) -> Result<Result<Vec<u64>, i32>, Halt> {
    let len = low(len);
    if data != 0 {
        cx.readable(data, len)?;
    }
    if !len.is_multiple_of(8) || len > 12 * 8 || len != 0 && data == 0 {
        return Ok(Err(errno::EINVAL));
    }
    let bytes = memory::bytes(cx, data, len, usize::MAX)?;
    Ok(Ok(bytes.as_chunks::<8>().0.iter().map(|w| u64::from_ne_bytes(*w)).collect()))
}

/// `bpf_trace_vprintk(fmt, fmt_size, data, data_len)`
pub fn trace_vprintk(cx: &mut Cx<'_>, [fmt, size, data, len, _]: [u64; 5]) -> Ret {
    let fmt = memory::bytes(cx, fmt, low(size), MAX_FORMAT as usize)?;
    match packed(cx, data, len)? {
        Ok(args) => print(cx, &fmt, &args),
        Err(e) => Ok(err(e)),
    }
}

/// `bpf_snprintf(str, str_size, fmt, data, data_len)`: length with the zero, also where it does not fit.
pub fn snprintf(cx: &mut Cx<'_>, [to, size, fmt, data, len]: [u64; 5]) -> Ret {
    let size = low(size);
    cx.writable(to, size)?;
    let args = match packed(cx, data, len)? {
        Ok(args) => args,
        Err(e) => return Ok(err(e)),
    };
    let Some((mut fmt, true)) = memory::text(cx, fmt, MAX_FORMAT)? else { return Ok(err(errno::EINVAL)) };
    fmt.push(0);
    match prepare(cx, &fmt, &args)? {
        Ok(prepared) => {
            let mut line = prepared.print(size as usize);
            let all = line.len() + 1;
            if size > 0 {
                line.truncate(size as usize - 1);
                line.push(0);
                memory::store(cx, to, &line)?;
            }
            Ok(all as u64)
        }
        Err(e) => Ok(err(e)),
    }
}
