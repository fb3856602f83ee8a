//! Open-coded iterators over numbers and bits.
//!
//! Answers for `bpf_iter_num_*` and `bpf_iter_bits_*`. The state lies on the program's stack, in a layout of ours.

use crate::cx::{Cx, Halt};
use crate::value;

use super::memory::{self, low};
use super::{Ret, err, errno};

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
    memory::store(cx, it, &(u64::from(cur as u32) | u64::from(end as u32) << 32).to_ne_bytes())?;
    Ok(result.map_or_else(err, |()| 0))
}

/// `bpf_iter_num_next(it)`: address of the number, or null.
pub fn num_next(cx: &mut Cx<'_>, [it, ..]: [u64; 5]) -> Ret {
    let both = u64::from_ne_bytes(memory::load(cx, it)?);
    let (cur, end) = (both as u32 as i32, (both >> 32) as u32 as i32);
    if i64::from(cur) + 1 >= i64::from(end) {
        memory::store(cx, it, &[0; 8])?;
        return Ok(0);
    }
    memory::store(cx, it, &(cur + 1).to_ne_bytes())?;
    Ok(it)
}

/// `bpf_iter_num_destroy(it)`
pub fn num_destroy(cx: &mut Cx<'_>, [it, ..]: [u64; 5]) -> Ret {
    memory::store(cx, it, &[0; 8])?;
    Ok(0)
}

/// Words that an iterator over bits can hold. Kernel: `BITS_ITER_NR_WORDS_MAX`.
const MAX_WORDS: u64 = 511;

/// `bpf_iter_bits_new(it, words, nr)`: the state is the number of a copy, and the last bit given.
pub fn bits_new(cx: &mut Cx<'_>, [it, words, nr, ..]: [u64; 5]) -> Ret {
    let nr = low(nr);
    memory::store(cx, it, &[0; 16])?;
    if nr == 0 || words == 0 {
        return Ok(err(errno::EINVAL));
    }
    if nr > MAX_WORDS {
        return Ok(err(errno::E2BIG));
    }
    cx.hold(nr * 8)?;
    let mut bits = vec![0u64; nr as usize];
    match cx.find(words) {
        // SAFETY: so many bytes are mapped there, and there is room for them.
        Some((from, room)) if room >= nr * 8 => unsafe {
            value::copy(from, bits.as_mut_ptr().cast(), nr as usize * 8);
        },
        _ => return Ok(err(errno::EFAULT)),
    }
    let place = cx.bits.iter().position(Vec::is_empty).unwrap_or(cx.bits.len());
    match cx.bits.get_mut(place) {
        Some(free) => *free = bits,
        None => cx.bits.push(bits),
    }
    let state = u64::from(place as u32 + 1) | u64::from(u32::MAX) << 32;
    memory::store(cx, it, &state.to_ne_bytes())?;
    Ok(0)
}

/// The place of an iterator's copy, and the last bit given.
fn bits_state(cx: &mut Cx<'_>, it: u64) -> Result<(Option<usize>, i32), Halt> {
    let both = u64::from_ne_bytes(memory::load(cx, it)?);
    Ok(((both as u32 as usize).checked_sub(1), (both >> 32) as u32 as i32))
}

/// `bpf_iter_bits_next(it)`: address of the bit's number, or null.
pub fn bits_next(cx: &mut Cx<'_>, [it, ..]: [u64; 5]) -> Ret {
    let (place, last) = bits_state(cx, it)?;
    let from = usize::try_from(i64::from(last) + 1).unwrap_or(usize::MAX);
    let bits = place.and_then(|n| cx.bits.get(n)).map(Vec::as_slice).unwrap_or_default();
    let rest = |i: usize| bits[i] & if i == from / 64 { u64::MAX << (from % 64) } else { u64::MAX };
    let word = (from / 64..bits.len()).find(|i| rest(*i) != 0);
    let next = word.map(|i| i * 64 + rest(i).trailing_zeros() as usize);
    cx.tick(word.map_or(bits.len(), |i| i + 1 - from / 64) as u64)?;
    match next {
        Some(i) => {
            memory::store(cx, it.wrapping_add(4), &(i as i32).to_ne_bytes())?;
            Ok(it.wrapping_add(4))
        }
        None => {
            memory::store(cx, it.wrapping_add(4), &i32::MAX.to_ne_bytes())?;
            Ok(0)
        }
    }
}

/// `bpf_iter_bits_destroy(it)`
pub fn bits_destroy(cx: &mut Cx<'_>, [it, ..]: [u64; 5]) -> Ret {
    let (place, _) = bits_state(cx, it)?;
    if let Some(bits) = place.and_then(|n| cx.bits.get_mut(n)) {
        let bytes = std::mem::take(bits).len() as u64 * 8;
        cx.let_go(bytes);
    }
    memory::store(cx, it, &[0; 8])?;
    Ok(0)
}
