//! Ring buffers and perf events: what programs send to user space.

use crate::cx::{Cx, FaultKind, Halt, Held};
use crate::map;
use crate::memory::RegionKind;
use crate::packet::Packet;
use crate::vm::Sample;

use super::map::{at, growing};
use super::{Ret, code, err, errno, memory};

/// Names of what gives samples out, for regions of checked mode.
const RESERVED: &str = "bpf_ringbuf_reserve";
const RESERVED_DYNPTR: &str = "bpf_ringbuf_reserve_dynptr";

/// Reserves a sample; `None` where there is no room or the map is no ring.
///
/// # Errors
/// The map is not there, or may not grow.
pub fn take(cx: &mut Cx<'_>, map: u64, size: u64, is_dynptr: bool) -> Result<Option<u64>, Halt> {
    let map = at(cx, map)?;
    let sample = growing(cx, |site| map.ring().and_then(|r| r.reserve(size, site)))?;
    if let Some(at) = sample {
        cx.give(at, size, if is_dynptr { RESERVED_DYNPTR } else { RESERVED }, true);
        cx.acquired(Held::Sample(at));
    }
    Ok(sample)
}

/// `bpf_ringbuf_reserve(map, size, flags)`
pub fn reserve(cx: &mut Cx<'_>, [map, size, flags, ..]: [u64; 5]) -> Ret {
    if flags != 0 {
        return Ok(0);
    }
    Ok(take(cx, map, size, false)?.unwrap_or(0))
}

/// Ends a sample.
///
/// # Errors
/// In a checked run, where none was reserved there.
pub fn finish(cx: &mut Cx<'_>, sample: u64, discard: bool) -> Result<(), Halt> {
    let given = |r: &crate::memory::Region| {
        r.start == sample && matches!(r.kind, RegionKind::Helper(RESERVED | RESERVED_DYNPTR))
    };
    if cx.regions().is_some_and(|r| !r.all().iter().any(given)) {
        return cx.halt(FaultKind::Argument("no sample was reserved there".into()), cx.insn, sample);
    }
    cx.take_back(sample);
    cx.released(Held::Sample(sample));
    // SAFETY: accepted programs give samples that were reserved; in checked mode it was one.
    unsafe { map::commit(sample, discard) };
    Ok(())
}

/// `bpf_ringbuf_submit(sample, flags)`
pub fn submit(cx: &mut Cx<'_>, [sample, ..]: [u64; 5]) -> Ret {
    finish(cx, sample, false).map(|()| 0)
}

/// `bpf_ringbuf_discard(sample, flags)`
pub fn discard(cx: &mut Cx<'_>, [sample, ..]: [u64; 5]) -> Ret {
    finish(cx, sample, true).map(|()| 0)
}

/// `bpf_ringbuf_output(map, data, size, flags)`
pub fn output(cx: &mut Cx<'_>, [map, data, size, flags, _]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let data = cx.readable(data, size)?;
    cx.touch(size)?;
    let Some(ring) = map.ring() else { return Ok(err(errno::EINVAL)) };
    // SAFETY: accepted programs give so many bytes, others were checked.
    let result = growing(cx, |site| unsafe { ring.output(data, size, flags, site) })?;
    code(result)
}

/// `bpf_ringbuf_query(map, what)`
pub fn query(cx: &mut Cx<'_>, [map, what, ..]: [u64; 5]) -> Ret {
    Ok(at(cx, map)?.ring().map_or(0, |r| r.query(what)))
}

/// `bpf_perf_event_output(ctx, map, flags, data, size)`: kept as a sample. The upper half of the flags asks for that
/// many bytes of the packet behind the data.
pub fn perf_output(cx: &mut Cx<'_>, [_, address, flags, data, size]: [u64; 5]) -> Ret {
    const INDEX: u64 = 0xffff_ffff;
    const PACKET: u64 = 0xf_ffff << 32;
    let map = at(cx, address)?;
    cx.readable(data, size)?;
    if flags & !(INDEX | if cx.packet.is_some() { PACKET } else { 0 }) != 0 {
        return Ok(err(errno::EINVAL));
    }
    let more = (flags & PACKET) >> 32;
    if more > cx.packet.as_ref().map_or(0, Packet::len) {
        return Ok(err(errno::EFAULT));
    }
    let index = if flags & INDEX == INDEX { cx.cpu } else { (flags & INDEX) as u32 };
    if index >= map.spec().max_entries {
        return Ok(err(errno::E2BIG));
    }
    cx.charge(Sample::cost(size + more))?;
    let mut bytes = memory::bytes(cx, data, size, usize::MAX)?;
    let head = cx.packet.as_ref().and_then(|p| p.at(0, more)).unwrap_or(0);
    if more > 0 {
        bytes.extend(memory::bytes(cx, head, more, usize::MAX)?);
    }
    cx.vm.keep_sample(Sample { map: map.name().into(), cpu: index, bytes });
    Ok(0)
}
