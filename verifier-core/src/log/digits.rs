//! Numbers as the log has them, put behind what stands in a buffer already.
//!
//! At level 2 a log is mostly numbers, and the general way of formatting takes ten times as long as finding the digits.

use crate::domain::Tnum;

/// In decimal.
pub fn decimal(out: &mut String, n: u64) {
    let mut digits = [0; 20];
    let mut from = digits.len();
    let mut rest = n;
    loop {
        from -= 1;
        digits[from] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    digits[from..].iter().for_each(|d| out.push(char::from(*d)));
}

/// In decimal, with its sign when it is negative.
pub fn signed(out: &mut String, n: i64) {
    if n < 0 {
        out.push('-');
    }
    decimal(out, n.unsigned_abs());
}

/// In hexadecimal, behind `0x`.
pub fn hexadecimal(out: &mut String, n: u64) {
    out.push_str("0x");
    let digits = (64 - n.leading_zeros()).div_ceil(4).max(1);
    for at in (0..digits).rev() {
        let digit = (n >> (4 * at) & 15) as u8;
        out.push(char::from(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }));
    }
}

/// A number printed in decimal while it is small, in hexadecimal beyond.
pub fn unum(out: &mut String, n: u64) {
    if n <= u64::from(u16::MAX) { decimal(out, n) } else { hexadecimal(out, n) }
}

/// The signed form of [`unum`].
pub fn snum(out: &mut String, n: i64) {
    if i16::try_from(n).is_ok() { signed(out, n) } else { hexadecimal(out, n as u64) }
}

/// Known bits in words.
pub fn tnum(out: &mut String, t: Tnum) {
    if t.is_const() {
        return unum(out, t.value);
    }
    out.push('(');
    hexadecimal(out, t.value);
    out.push_str("; ");
    hexadecimal(out, t.mask);
    out.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn digits_are_those_of_the_general_way() {
        for n in [0, 1, 9, 10, 65535, 65536, 0xdead_beef, i64::MAX as u64, 1 << 63, u64::MAX] {
            assert_eq!(text(|s| decimal(s, n)), n.to_string());
            assert_eq!(text(|s| hexadecimal(s, n)), format!("{n:#x}"));
            assert_eq!(text(|s| signed(s, n as i64)), (n as i64).to_string());
        }
    }

    #[test]
    fn small_numbers_are_decimal() {
        assert_eq!(text(|s| unum(s, 65535)), "65535");
        assert_eq!(text(|s| unum(s, 65536)), "0x10000");
        assert_eq!(text(|s| snum(s, -32768)), "-32768");
        assert_eq!(text(|s| snum(s, -32769)), "0xffffffffffff7fff");
        assert_eq!(text(|s| tnum(s, Tnum { value: 1, mask: 6 })), "(0x1; 0x6)");
    }
}
