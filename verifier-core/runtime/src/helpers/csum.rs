//! Internet checksums.

use crate::cx::{Cx, Halt};

use super::memory::{self, low};
use super::{Ret, err, errno};

/// Adds with the carry coming back in. Kernel: `csum_add()`.
pub(super) fn add(a: u32, b: u32) -> u32 {
    let (sum, carry) = a.overflowing_add(b);
    sum + u32::from(carry)
}

pub(super) fn sub(a: u32, b: u32) -> u32 {
    add(a, !b)
}

/// The sum of words of memory order. Kernel: `csum_partial()`.
pub(super) fn partial(bytes: &[u8], seed: u32) -> u32 {
    let (words, rest) = bytes.as_chunks::<4>();
    let mut sum = words.iter().fold(seed, |s, w| add(s, u32::from_ne_bytes(*w)));
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        sum = add(sum, u32::from_ne_bytes(last));
    }
    sum
}

fn to16(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    ((once & 0xffff) + (once >> 16)) as u16
}

/// Kernel: `csum_fold()`.
pub(super) fn fold(sum: u32) -> u16 {
    !to16(sum)
}

/// A checksum after a word that it covers has changed. Kernel: `csum_replace4()`.
pub(super) fn replace(check: u16, from: u32, to: u32) -> u16 {
    fold(add(sub(!u32::from(check), from), to))
}

/// A checksum after what it covers has changed by a difference. Kernel: `csum_replace_by_diff()`.
pub(super) fn by_diff(check: u16, diff: u32) -> u16 {
    fold(add(diff, !u32::from(check)))
}

/// The sum of memory, on top of a seed.
fn sum(cx: &mut Cx<'_>, at: u64, len: u64, seed: u32) -> Result<u32, Halt> {
    let mut sum = seed;
    memory::each(cx, at, len, |piece| {
        sum = partial(piece, sum);
        true
    })?;
    Ok(sum)
}

/// Bytes that the sum could be taken of before 6.13, both together.
const MAX_BEFORE: u64 = 512;

/// `bpf_csum_diff(from, from_size, to, to_size, seed)`. Since 6.13 the result is folded to 16 bits and sizes are any.
pub fn csum_diff(cx: &mut Cx<'_>, [from, from_size, to, to_size, seed]: [u64; 5]) -> Ret {
    let (from_size, to_size, seed) = (low(from_size), low(to_size), seed as u32);
    cx.readable(from, from_size)?;
    cx.readable(to, to_size)?;
    let folds = cx.vm.folds_checksums();
    if !folds && ((from_size | to_size) % 4 != 0 || from_size + to_size > MAX_BEFORE) {
        return Ok(err(errno::EINVAL));
    }
    let sum = match (from_size, to_size) {
        (0, 0) => seed,
        (0, _) => sum(cx, to, to_size, seed)?,
        (_, 0) => !sum(cx, from, from_size, !seed)?,
        _ => sub(sum(cx, to, to_size, seed)?, sum(cx, from, from_size, 0)?),
    };
    Ok(if folds { u64::from(to16(sum)) } else { u64::from(sum) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_sums_up() {
        let mut ip = [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7];
        let check = fold(partial(&ip, 0));
        assert_eq!(check.to_ne_bytes(), [0xb8, 0x61]);
        ip[10..12].copy_from_slice(&check.to_ne_bytes());
        assert_eq!(fold(partial(&ip, 0)), 0);
        let old = u32::from_ne_bytes([0xc0, 0xa8, 0, 1]);
        let new = u32::from_ne_bytes([10, 0, 0, 1]);
        ip[12..16].copy_from_slice(&new.to_ne_bytes());
        ip[10..12].copy_from_slice(&replace(check, old, new).to_ne_bytes());
        assert_eq!(fold(partial(&ip, 0)), 0);
        assert_eq!(by_diff(check, sub(new, old)), replace(check, old, new));
    }
}
