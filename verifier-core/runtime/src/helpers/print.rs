//! Formatted text: `bpf_trace_printk()`, `bpf_trace_vprintk()`, `bpf_snprintf()`.
//!
//! Answers for `bpf_bprintf_prepare()`, which decides what a format may hold, and for the part of `vsnprintf()` that is
//! left then.

use crate::cx::{Cx, Halt};

use super::{Ret, err, errno};

/// Longest line of the trace. Kernel: `BPF_TRACE_PRINTK_SIZE`.
const MAX_LINE: usize = 1024;

/// Padding of a directive.
#[derive(Clone, Copy, Default)]
struct Pad {
    width: usize,
    left: bool,
    zero: bool,
}

impl Pad {
    fn put(self, out: &mut Vec<u8>, sign: &str, digits: &[u8]) {
        let n = self.width.saturating_sub(sign.len() + digits.len());
        let (before, zeroes, after) = match (self.left, self.zero) {
            (true, _) => (0, 0, n),
            (false, true) => (0, n, 0),
            (false, false) => (n, 0, 0),
        };
        out.extend(std::iter::repeat_n(b' ', before));
        out.extend_from_slice(sign.as_bytes());
        out.extend(std::iter::repeat_n(b'0', zeroes));
        out.extend_from_slice(digits);
        out.extend(std::iter::repeat_n(b' ', after));
    }
}

/// Text at an address, read without fault, up to its zero.
fn text(cx: &Cx<'_>, at: u64) -> Vec<u8> {
    let bytes = (0..MAX_LINE as u64).map_while(|i| cx.probe(at.wrapping_add(i), 1).map(|b| b[0]));
    bytes.take_while(|b| *b != 0).collect()
}

/// Formats; an error number where the kernel refuses the format.
fn format(cx: &Cx<'_>, fmt: &[u8], args: &[u64]) -> Result<Vec<u8>, i32> {
    let end = fmt.iter().position(|b| *b == 0).ok_or(errno::EINVAL)?;
    let fmt = &fmt[..end];
    let mut out = Vec::new();
    let mut args = args.iter().copied();
    let mut i = 0;
    while let Some(c) = fmt.get(i).copied() {
        if !c.is_ascii() || !(c.is_ascii_graphic() || c == b' ' || c.is_ascii_whitespace() || c == 0x0b) {
            return Err(errno::EINVAL);
        }
        i += 1;
        if c != b'%' {
            out.push(c);
            continue;
        }
        if fmt.get(i) == Some(&b'%') {
            out.push(b'%');
            i += 1;
            continue;
        }
        let mut pad = Pad::default();
        while let Some(f @ (b'0' | b'+' | b'-' | b' ')) = fmt.get(i) {
            pad.left |= *f == b'-';
            pad.zero |= *f == b'0';
            i += 1;
        }
        while let Some(d @ b'0'..=b'9') = fmt.get(i) {
            pad.width = (pad.width * 10 + usize::from(d - b'0')).min(MAX_LINE);
            i += 1;
        }
        let arg = args.next().ok_or(errno::EINVAL)?;
        let rest = &fmt[i..];
        i += directive(cx, rest, arg, pad, &mut out)?;
    }
    Ok(out)
}

/// One directive after flags and width: bytes of the format used.
fn directive(cx: &Cx<'_>, rest: &[u8], arg: u64, pad: Pad, out: &mut Vec<u8>) -> Result<usize, i32> {
    let longs = rest.iter().take(2).take_while(|b| **b == b'l').count();
    let kind = *rest.get(longs).ok_or(errno::EINVAL)?;
    let used = longs + 1;
    match kind {
        b's' if longs == 0 => pad.put(out, "", &text(cx, arg)),
        b'c' if longs == 0 => pad.put(out, "", &[arg as u8]),
        b'd' | b'i' => {
            let n = if longs == 0 { i64::from(arg as i32) } else { arg as i64 };
            pad.put(out, if n < 0 { "-" } else { "" }, n.unsigned_abs().to_string().as_bytes());
        }
        b'u' | b'x' | b'X' => {
            let n = if longs == 0 { u64::from(arg as u32) } else { arg };
            let digits = match kind {
                b'u' => n.to_string(),
                b'x' => format!("{n:x}"),
                _ => format!("{n:X}"),
            };
            pad.put(out, "", digits.as_bytes());
        }
        b'p' if longs == 0 => return pointer(cx, &rest[1..], arg, pad, out).map(|n| n + 1),
        _ => return Err(errno::EINVAL),
    }
    Ok(used)
}

/// `%p` and what may follow it: bytes of the format used after the `p`.
fn pointer(cx: &Cx<'_>, rest: &[u8], arg: u64, pad: Pad, out: &mut Vec<u8>) -> Result<usize, i32> {
    let plain = |out: &mut Vec<u8>| {
        let wide = Pad { width: 16, zero: true, ..pad };
        wide.put(out, "", format!("{arg:x}").as_bytes());
    };
    match rest {
        [b'k' | b'u', b's', ..] => {
            pad.put(out, "", &text(cx, arg));
            Ok(2)
        }
        [b'x' | b'K' | b'B' | b's' | b'S', ..] => {
            // Without symbols, addresses of functions print as numbers too.
            if rest[0] == b'x' {
                pad.put(out, "", format!("{arg:x}").as_bytes())
            } else {
                plain(out)
            }
            Ok(1)
        }
        [b'i' | b'I', v @ (b'4' | b'6'), ..] => {
            let len = if *v == b'4' { 4 } else { 16 };
            let bytes = cx.probe(arg, len).unwrap_or_else(|| vec![0; len as usize]);
            let words = bytes.chunks_exact(2).map(|w| format!("{:02x}{:02x}", w[0], w[1])).collect::<Vec<_>>();
            let address = match (*v, rest[0]) {
                (b'4', b'I') => bytes.iter().map(u8::to_string).collect::<Vec<_>>().join("."),
                (b'4', _) => bytes.iter().map(|b| format!("{b:03}")).collect::<Vec<_>>().join("."),
                (_, b'I') => words.join(":"),
                _ => words.concat(),
            };
            pad.put(out, "", address.as_bytes());
            Ok(2)
        }
        [c, ..] if c.is_ascii_alphanumeric() => Err(errno::EINVAL),
        _ => {
            plain(out);
            Ok(0)
        }
    }
}

fn print(cx: &Cx<'_>, fmt: &[u8], args: &[u64]) -> u64 {
    match format(cx, fmt, args) {
        Ok(mut line) => {
            line.truncate(MAX_LINE - 1);
            let n = line.len();
            cx.vm.print(String::from_utf8_lossy(&line).trim_end_matches('\n').to_string());
            n as u64
        }
        Err(e) => err(e),
    }
}

/// `bpf_trace_printk(fmt, fmt_size, a, b, c)`
pub fn trace_printk(cx: &mut Cx<'_>, [fmt, size, a, b, c]: [u64; 5]) -> Ret {
    let fmt = cx.read_bytes(fmt, size & 0xffff_ffff)?;
    Ok(print(cx, &fmt, &[a, b, c]))
}

/// Arguments that a program packed: eight bytes each, twelve at most.
fn packed(cx: &mut Cx<'_>, data: u64, len: u64) -> Result<Result<Vec<u64>, i32>, Halt> {
    let len = len & 0xffff_ffff;
    if len % 8 != 0 || len > 12 * 8 || len != 0 && data == 0 {
        return Ok(Err(errno::EINVAL));
    }
    let bytes = cx.read_bytes(data, len)?;
    Ok(Ok(bytes.as_chunks::<8>().0.iter().map(|w| u64::from_ne_bytes(*w)).collect()))
}

/// `bpf_trace_vprintk(fmt, fmt_size, data, data_len)`
pub fn trace_vprintk(cx: &mut Cx<'_>, [fmt, size, data, len, _]: [u64; 5]) -> Ret {
    let fmt = cx.read_bytes(fmt, size & 0xffff_ffff)?;
    Ok(match packed(cx, data, len)? {
        Ok(args) => print(cx, &fmt, &args),
        Err(e) => err(e),
    })
}

/// `bpf_snprintf(str, str_size, fmt, data, data_len)`: length with the zero, also where it does not fit.
pub fn snprintf(cx: &mut Cx<'_>, [to, size, fmt, data, len]: [u64; 5]) -> Ret {
    let size = (size & 0xffff_ffff) as usize;
    let args = match packed(cx, data, len)? {
        Ok(args) => args,
        Err(e) => return Ok(err(e)),
    };
    let mut fmt = text(cx, fmt);
    fmt.push(0);
    match format(cx, &fmt, &args) {
        Ok(mut line) => {
            let all = line.len() + 1;
            if size > 0 {
                line.truncate(size - 1);
                line.push(0);
                cx.write_bytes(to, &line)?;
            }
            Ok(all as u64)
        }
        Err(e) => Ok(err(e)),
    }
}
