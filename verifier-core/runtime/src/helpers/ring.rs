//! Ring buffers and perf events: what programs send to user space.

use crate::cx::Cx;
use crate::map;
use crate::packet::Packet;
use crate::vm::Sample;

use super::{Ret, code, err, errno};

/// `bpf_ringbuf_reserve(map, size, flags)`
pub fn reserve(cx: &mut Cx<'_>, [map, size, flags, ..]: [u64; 5]) -> Ret {
    if flags != 0 {
        return Ok(0);
    }
    let sample = map::at(cx, map)?.reserve(size);
    if let Some(at) = sample {
        cx.give(at, size, "bpf_ringbuf_reserve", true);
    }
    Ok(sample.unwrap_or(0))
}

fn finish(cx: &mut Cx<'_>, sample: u64, discard: bool) -> Ret {
    cx.writable(sample, 1)?;
    cx.take_back(sample);
    // SAFETY: accepted programs give samples that were reserved; in checked mode the region was one.
    unsafe { map::commit(sample, discard) };
    Ok(0)
}

/// `bpf_ringbuf_submit(sample, flags)`
pub fn submit(cx: &mut Cx<'_>, [sample, ..]: [u64; 5]) -> Ret {
    finish(cx, sample, false)
}

/// `bpf_ringbuf_discard(sample, flags)`
pub fn discard(cx: &mut Cx<'_>, [sample, ..]: [u64; 5]) -> Ret {
    finish(cx, sample, true)
}

/// `bpf_ringbuf_output(map, data, size, flags)`
pub fn output(cx: &mut Cx<'_>, [map, data, size, flags, _]: [u64; 5]) -> Ret {
    let map = map::at(cx, map)?;
    let data = cx.read_bytes(data, size)?;
    code(map.output(&data, flags))
}

/// `bpf_ringbuf_query(map, what)`
pub fn query(cx: &mut Cx<'_>, [map, what, ..]: [u64; 5]) -> Ret {
    Ok(map::at(cx, map)?.query(what))
}

/// `bpf_perf_event_output(ctx, map, flags, data, size)`: kept as a sample. The upper half of the flags asks for that
/// many bytes of the packet behind the data.
pub fn perf_output(cx: &mut Cx<'_>, [_, address, flags, data, size]: [u64; 5]) -> Ret {
    const INDEX: u64 = 0xffff_ffff;
    const PACKET: u64 = 0xf_ffff << 32;
    if flags & !(INDEX | PACKET) != 0 {
        return Ok(err(errno::EINVAL));
    }
    let map = map::at(cx, address)?;
    let index = if flags & INDEX == INDEX { cx.cpu } else { (flags & INDEX) as u32 };
    if index >= map.spec().max_entries {
        return Ok(err(errno::E2BIG));
    }
    let mut bytes = cx.read_bytes(data, size)?;
    let more = ((flags & PACKET) >> 32) as usize;
    if more > 0 {
        let packet = cx.packet.as_ref().map(Packet::bytes).unwrap_or_default();
        let Some(head) = packet.get(..more) else { return Ok(err(errno::EFAULT)) };
        bytes.extend_from_slice(head);
    }
    cx.vm.keep_sample(Sample { map: map.name().into(), cpu: index, bytes });
    Ok(0)
}
