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

/// What a format comes to, or the error number.
type Formatted = Result<Vec<u8>, i32>;

/// A format that is being gone through.
struct Printer<'f> {
    fmt: &'f [u8],
    at: usize,
    out: Vec<u8>,
    /// Bytes of [`MAX_ARGS`] that are used.
    used: usize,
}

impl Printer<'_> {
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

    /// Room for an argument of so many bytes.
    fn take(&mut self, bytes: usize) -> Result<(), i32> {
        self.used = self.used.next_multiple_of(4) + bytes;
        if self.used > MAX_ARGS { Err(errno::ENOSPC) } else { Ok(()) }
    }

    /// Text at an address, read without fault as far as there is room; nothing where it faults.
    fn string(&mut self, cx: &mut Cx<'_>, at: u64) -> Result<Result<Vec<u8>, i32>, Halt> {
        let room = MAX_ARGS.saturating_sub(self.used);
        if room == 0 {
            return Ok(Err(errno::ENOSPC));
        }
        let text = memory::text(cx, at, room as u64 - 1)?.map_or_else(Vec::new, |(t, _)| t);
        self.used += text.len() + 1;
        Ok(Ok(text))
    }

    fn run(&mut self, cx: &mut Cx<'_>, args: &[u64]) -> Result<Result<(), i32>, Halt> {
        let mut args = args.iter().copied();
        while let Some(c) = self.fmt.get(self.at).copied() {
            if !c.is_ascii() || !(c.is_ascii_graphic() || c.is_ascii_whitespace() || c == 0x0b) {
                return Ok(Err(errno::EINVAL));
            }
            self.at += 1;
            if c != b'%' {
                self.out.push(c);
            } else if self.peek() == b'%' {
                self.out.push(c);
                self.at += 1;
            } else {
                let Some(arg) = args.next() else { return Ok(Err(errno::EINVAL)) };
                if let Err(e) = self.directive(cx, arg)? {
                    return Ok(Err(e));
                }
            }
        }
        Ok(Ok(()))
    }

    fn directive(&mut self, cx: &mut Cx<'_>, arg: u64) -> Result<Result<(), i32>, Halt> {
        let pad = self.pad();
        let mut longs = 0;
        while longs < 2 && self.peek() == b'l' {
            longs += 1;
            self.at += 1;
        }
        let kind = self.peek();
        self.at += 1;
        let wide = longs > 0;
        let room = match kind {
            b's' | b'p' if !wide => Ok(()),
            b'c' if !wide => self.take(4),
            b'd' | b'i' | b'u' | b'x' | b'X' => self.take(if wide { 8 } else { 4 }),
            _ => Err(errno::EINVAL),
        };
        if room.is_err() {
            return Ok(room);
        }
        let unsigned = if wide { arg } else { u64::from(arg as u32) };
        match kind {
            b's' => match self.string(cx, arg)? {
                Ok(text) => pad.text(&mut self.out, &text),
                Err(e) => return Ok(Err(e)),
            },
            b'p' => return self.pointer(cx, arg, pad),
            b'c' => pad.text(&mut self.out, &[arg as u8]),
            b'd' | b'i' => {
                let n = if wide { arg as i64 } else { i64::from(arg as i32) };
                let sign = if n < 0 { Some('-') } else { pad.plus };
                pad.number(&mut self.out, sign, &n.unsigned_abs().to_string());
            }
            b'u' => pad.number(&mut self.out, None, &unsigned.to_string()),
            b'x' => pad.number(&mut self.out, None, &format!("{unsigned:x}")),
            _ => pad.number(&mut self.out, None, &format!("{unsigned:X}")),
        }
        Ok(Ok(()))
    }

    /// `%p` and what may follow it. The letters and digits behind it belong to it, known or not.
    fn pointer(&mut self, cx: &mut Cx<'_>, arg: u64, pad: Pad) -> Result<Result<(), i32>, Halt> {
        let next = (self.peek(), self.fmt.get(self.at + 1).copied().unwrap_or(0));
        match next {
            (b'k' | b'u', b's') => match self.string(cx, arg)? {
                Ok(text) => self.out.extend_from_slice(&text),
                Err(e) => return Ok(Err(e)),
            },
            (b'i' | b'I', b'4' | b'6') => {
                let text = internet(cx, arg, next.0 == b'I', next.1 == b'6')?;
                self.out.extend_from_slice(text.as_bytes());
            }
            // There are no symbols here, so that addresses of functions print as numbers.
            (b's' | b'S', _) => pad.text(&mut self.out, format!("{arg:#x}").as_bytes()),
            (b'B', _) => self.out.extend_from_slice(format!("{arg:#x}").as_bytes()),
            (b'x' | b'K', _) => pad.address(&mut self.out, arg),
            (c, _) if c == 0 || c.is_ascii_whitespace() || c.is_ascii_punctuation() => pad.address(&mut self.out, arg),
            _ => return Ok(Err(errno::EINVAL)),
        }
        while self.peek().is_ascii_alphanumeric() {
            self.at += 1;
        }
        Ok(Ok(()))
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

/// Formats; an error number where the kernel refuses the format.
fn format(cx: &mut Cx<'_>, fmt: &[u8], args: &[u64]) -> Result<Formatted, Halt> {
    let Some(end) = fmt.iter().position(|b| *b == 0) else { return Ok(Err(errno::EINVAL)) };
    let mut printer = Printer { fmt: &fmt[..end], at: 0, out: Vec::new(), used: 0 };
    Ok(printer.run(cx, args)?.map(|()| printer.out))
}

/// Prints a line: the length that it would have had without a limit.
fn print(cx: &mut Cx<'_>, fmt: &[u8], args: &[u64]) -> Ret {
    match format(cx, fmt, args)? {
        Ok(mut line) => {
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
    if len % 8 != 0 || len > 12 * 8 || len != 0 && data == 0 {
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
    match format(cx, &fmt, &args)? {
        Ok(mut line) => {
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
