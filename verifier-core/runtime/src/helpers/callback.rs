//! Helpers that call functions of the program.

use crate::cx::{Cx, Halt};
use crate::map;

use super::{Ret, err, errno};

/// Kernel: `BPF_MAX_LOOPS`.
const MAX_LOOPS: u64 = 1 << 23;

/// Charges a callback, so that a loop of callbacks ends with the fuel.
fn charge(cx: &mut Cx<'_>) -> Result<(), Halt> {
    cx.fuel -= 1;
    if cx.fuel < 0 && !cx.refuel() { Err(Halt) } else { Ok(()) }
}

/// `bpf_loop(nr, callback, ctx, flags)`: iterations done.
pub fn bpf_loop(cx: &mut Cx<'_>, [nr, callback, ctx, flags, _]: [u64; 5]) -> Ret {
    let nr = nr & 0xffff_ffff;
    if flags != 0 {
        return Ok(err(errno::EINVAL));
    }
    if nr > MAX_LOOPS {
        return Ok(err(errno::E2BIG));
    }
    for i in 0..nr {
        charge(cx)?;
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
    let map = map::at(cx, address)?;
    let mut visited = 0;
    for (key, value) in map.entries(cx.cpu) {
        charge(cx)?;
        // Keys of hash tables stand beside their values; those of arrays are made here.
        let own = map.key_beside(value);
        let at = own.unwrap_or(key.as_ptr() as u64);
        cx.give(at, key.len() as u64, "bpf_for_each_map_elem", false);
        let r0 = cx.call_back(callback, [address, at, value, ctx, 0]);
        cx.take_back(at);
        visited += 1;
        if r0? != 0 {
            break;
        }
    }
    Ok(visited)
}
