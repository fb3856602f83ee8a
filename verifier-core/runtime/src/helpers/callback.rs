//! Helpers that call functions of the program.

use crate::cx::Cx;

use crate::map::{Key, Next};

use super::map::{at, growing};
use super::memory::low;
use super::{Ret, err, errno};

/// Kernel: `BPF_MAX_LOOPS`.
const MAX_LOOPS: u64 = 1 << 23;

/// `bpf_loop(nr, callback, ctx, flags)`: iterations done.
pub fn bpf_loop(cx: &mut Cx<'_>, [nr, callback, ctx, flags, _]: [u64; 5]) -> Ret {
    let nr = nr & 0xffff_ffff;
    if flags != 0 {
        return Ok(err(errno::EINVAL));
    }
    if nr > MAX_LOOPS {
        // The kernel puts the loop into the program, whose register takes the low half.
        return Ok(low(err(errno::E2BIG)));
    }
    for i in 0..nr {
        cx.tick(1)?;
        if cx.call_back(callback, [i, ctx, 0, 0, 0])? != 0 {
            return Ok(i + 1);
        }
    }
    Ok(nr)
}

/// `bpf_for_each_map_elem(map, callback, ctx, flags)`: elements visited.
pub fn for_each(cx: &mut Cx<'_>, [address, callback, ctx, flags, _]: [u64; 5]) -> Ret {
    if flags != 0 {
        return Ok(err(errno::EINVAL));
    }
    let map = at(cx, address)?;
    let (mut visited, mut position) = (0, 0);
    loop {
        // Every step is charged, those over what is not there as well.
        cx.tick(1)?;
        let (key, value, next) = match growing(cx, |site| map.next_of(position, site))? {
            Next::End => return Ok(visited),
            Next::Skip(next) => {
                position = next;
                continue;
            }
            Next::Entry { key, value, next } => (key, value, next),
        };
        position = next;
        visited += 1;
        // Keys of hash tables stand beside their values; those of arrays are made here.
        let (own, len) = (if let Key::Index(n) = key { n } else { 0 }, map.spec().key_size);
        let at = if let Key::At(at) = key { at } else { std::ptr::from_ref(&own) as u64 };
        cx.give(at, len.into(), "bpf_for_each_map_elem", false);
        let r0 = cx.call_back(callback, [address, at, value, ctx, 0]);
        cx.take_back(at);
        if r0? != 0 {
            return Ok(visited);
        }
    }
}
