//! Open-coded iterators over numbers and bits.
//!
//! Answers for `bpf_iter_num_*` and `bpf_iter_bits_*`. The state lies on the program's stack, in a layout of ours.

use crate::cx::{Cx, Halt};

use super::{Ret, err, errno};

fn word(cx: &mut Cx<'_>, at: u64) -> Result<u64, Halt> {
    Ok(cx.read_bytes(at, 8)?.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}

/// Kernel: `BPF_MAX_LOOPS`.
const MAX_LOOPS: i64 = 1 << 23;

/// `bpf_iter_num_new(it, start, end)`: the last number given, and the end.
pub fn num_new(cx: &mut Cx<'_>, [it, start, end, ..]: [u64; 5]) -> Ret {
    let (start, end) = (start as i32, end as i32);
    let result = match i64::from(end) - i64::from(start) {
        n if n < 0 => Err(errno::EINVAL),
        n if n > MAX_LOOPS => Err(errno::E2BIG),
        _ => Ok(()),
    };
    let (cur, end) = if result.is_ok() { (start.wrapping_sub(1), end) } else { (0, 0) };
    cx.write_bytes(it, &[cur.to_ne_bytes(), end.to_ne_bytes()].concat())?;
    Ok(result.map_or_else(err, |()| 0))
}

/// `bpf_iter_num_next(it)`: address of the number, or null.
pub fn num_next(cx: &mut Cx<'_>, [it, ..]: [u64; 5]) -> Ret {
    let both = word(cx, it)?;
    let (cur, end) = (both as u32 as i32, (both >> 32) as u32 as i32);
    if i64::from(cur) + 1 >= i64::from(end) {
        cx.write_bytes(it, &[0; 8])?;
        return Ok(0);
    }
    cx.write_bytes(it, &(cur + 1).to_ne_bytes())?;
    Ok(it)
}

/// `bpf_iter_num_destroy(it)` and that of bits.
pub fn destroy(cx: &mut Cx<'_>, [it, ..]: [u64; 5]) -> Ret {
    cx.write_bytes(it, &[0; 8])?;
    Ok(0)
}

/// Words that an iterator over bits can hold. Kernel: `BITS_ITER_NR_WORDS_MAX`.
const MAX_WORDS: u64 = 511;

/// `bpf_iter_bits_new(it, words, nr)`: the state is the number of a copy, and the last bit given.
pub fn bits_new(cx: &mut Cx<'_>, [it, words, nr, ..]: [u64; 5]) -> Ret {
    let nr = nr & 0xffff_ffff;
    cx.write_bytes(it, &[0; 16])?;
    if nr == 0 || words == 0 {
        return Ok(err(errno::EINVAL));
    }
    if nr > MAX_WORDS {
        return Ok(err(errno::E2BIG));
    }
    let Some(bytes) = cx.probe(words, nr * 8) else { return Ok(err(errno::EFAULT)) };
    let bits = bytes.as_chunks::<8>().0.iter().map(|w| u64::from_ne_bytes(*w)).collect();
    cx.bits.push(bits);
    let number = cx.bits.len() as u32;
    cx.write_bytes(it, &[number.to_ne_bytes(), (-1i32).to_ne_bytes()].concat())?;
    Ok(0)
}

/// `bpf_iter_bits_next(it)`: address of the bit's number, or null.
pub fn bits_next(cx: &mut Cx<'_>, [it, ..]: [u64; 5]) -> Ret {
    let both = word(cx, it)?;
    let from = ((both >> 32) as u32 as i32 + 1) as usize;
    let bits = (both as u32 as usize).checked_sub(1).and_then(|n| cx.bits.get(n));
    let next = bits.and_then(|b| (from..b.len() * 64).find(|i| b[i / 64] >> (i % 64) & 1 == 1));
    match next {
        Some(i) => {
            cx.write_bytes(it + 4, &(i as i32).to_ne_bytes())?;
            Ok(it + 4)
        }
        None => {
            cx.write_bytes(it, &[0; 8])?;
            Ok(0)
        }
    }
}
