//! Dynptrs: memory with a size that is only known when the program runs.
//!
//! Answers for `bpf_dynptr_*`. The 16 bytes on the program's stack are an address (or 1 for the packet), a word with
//! size, kind and a read-only bit, and an offset, as in `struct bpf_dynptr_kern`. In a checked run a program may have
//! made them up: whatever they say is looked up before it is touched.

use verifier_core::kernel::ProgType;

use crate::cx::{Cx, Halt};

use super::memory::{self, low};
use super::{Ret, err, errno, ring, skb, xdp};

const SIZE: u32 = 0xff_ffff;
const RDONLY: u32 = 1 << 31;
/// In place of the address, for the run's packet.
const PACKET: u64 = 1;

#[derive(Clone, Copy)]
struct Dynptr {
    data: u64,
    word: u32,
    off: u32,
}

impl Dynptr {
    const NULL: Dynptr = Dynptr { data: 0, word: 0, off: 0 };

    fn load(cx: &mut Cx<'_>, at: u64) -> Result<Dynptr, Halt> {
        let b: [u8; 16] = memory::load(cx, at)?;
        let half = |i: usize| u32::from_ne_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        Ok(Dynptr { data: u64::from(half(4)) << 32 | u64::from(half(0)), word: half(8), off: half(12) })
    }

    fn store(self, cx: &mut Cx<'_>, at: u64) -> Result<(), Halt> {
        let mut b = [0; 16];
        b[..8].copy_from_slice(&self.data.to_ne_bytes());
        b[8..12].copy_from_slice(&self.word.to_ne_bytes());
        b[12..].copy_from_slice(&self.off.to_ne_bytes());
        memory::store(cx, at, &b)
    }

    fn size(self) -> u64 {
        (self.word & SIZE).into()
    }

    fn is_rdonly(self) -> bool {
        self.word & RDONLY != 0
    }

    /// Whether it has `len` bytes at an offset.
    fn check(self, off: u64, len: u64) -> Result<(), i32> {
        if self.data == 0 {
            return Err(errno::EINVAL);
        }
        if off + len > self.size() { Err(errno::E2BIG) } else { Ok(()) }
    }

    /// Where `len` bytes at an offset are.
    fn span(self, cx: &Cx<'_>, off: u64, len: u64) -> Result<u64, i32> {
        self.check(off, len)?;
        let off = off + u64::from(self.off);
        if self.data == PACKET {
            return cx.packet.as_ref().and_then(|p| p.at(off, len)).ok_or(errno::EINVAL);
        }
        Ok(self.data.wrapping_add(off))
    }
}

/// `bpf_dynptr_from_mem(data, size, flags, ptr)`
pub fn from_mem(cx: &mut Cx<'_>, [data, size, flags, ptr, _]: [u64; 5]) -> Ret {
    let size = low(size);
    let bad = if size > SIZE.into() { Some(errno::E2BIG) } else { (flags != 0).then_some(errno::EINVAL) };
    let d = if bad.is_some() { Dynptr::NULL } else { Dynptr { data, word: size as u32, off: 0 } };
    d.store(cx, ptr)?;
    Ok(bad.map_or(0, err))
}

/// Whether programs of a type may write into packets; others get dynptrs that are read-only.
fn writes_packets(prog_type: u32) -> bool {
    ProgType::from_number(prog_type).is_some_and(|t| {
        matches!(
            t,
            ProgType::SchedCls
                | ProgType::SchedAct
                | ProgType::Xdp
                | ProgType::LwtXmit
                | ProgType::SkSkb
                | ProgType::SkMsg
        )
    })
}

/// `bpf_dynptr_from_skb(skb, flags, ptr)` and that of XDP.
pub fn from_packet(cx: &mut Cx<'_>, [_, flags, ptr, ..]: [u64; 5]) -> Ret {
    let len = cx.packet.as_ref().map(|p| p.len() as u32);
    let mode = if writes_packets(cx.code().prog_type()) { 0 } else { RDONLY };
    let (d, r0) = match len {
        Some(len) if flags == 0 => (Dynptr { data: PACKET, word: len | mode, off: 0 }, 0),
        _ => (Dynptr::NULL, err(errno::EINVAL)),
    };
    d.store(cx, ptr)?;
    Ok(r0)
}

/// `bpf_dynptr_read(dst, len, src, offset, flags)`
pub fn read(cx: &mut Cx<'_>, [dst, len, src, off, flags]: [u64; 5]) -> Ret {
    let (len, off) = (low(len), low(off));
    cx.writable(dst, len)?;
    let d = Dynptr::load(cx, src)?;
    if d.data == 0 || flags != 0 {
        return Ok(err(errno::EINVAL));
    }
    match d.span(cx, off, len) {
        Ok(at) => memory::copy(cx, at, dst, len).map(|()| 0),
        Err(e) => Ok(err(e)),
    }
}

/// `bpf_dynptr_write(dst, offset, src, len, flags)`. Into packets it writes as their own helpers do.
pub fn write(cx: &mut Cx<'_>, [dst, off, src, len, flags]: [u64; 5]) -> Ret {
    let (len, off) = (low(len), low(off));
    cx.readable(src, len)?;
    let d = Dynptr::load(cx, dst)?;
    if d.data == 0 || d.is_rdonly() {
        return Ok(err(errno::EINVAL));
    }
    if let Err(e) = d.check(off, len) {
        return Ok(err(e));
    }
    if d.data == PACKET {
        let at = off + u64::from(d.off);
        let is_xdp = cx.packet.as_ref().is_some_and(|p| p.kind() == crate::packet::PacketKind::Xdp);
        return match is_xdp {
            true if flags != 0 => Ok(err(errno::EINVAL)),
            true => xdp::store_bytes(cx, [0, at, src, len, 0]),
            false => skb::store_bytes(cx, [0, at, src, len, flags]),
        };
    }
    if flags != 0 {
        return Ok(err(errno::EINVAL));
    }
    match d.span(cx, off, len) {
        Ok(at) => memory::copy(cx, src, at, len).map(|()| 0),
        Err(e) => Ok(err(e)),
    }
}

/// `bpf_dynptr_data(ptr, offset, len)`: null for packets and where it does not fit.
pub fn data(cx: &mut Cx<'_>, [ptr, off, len, ..]: [u64; 5]) -> Ret {
    let d = Dynptr::load(cx, ptr)?;
    if d.data == PACKET || d.is_rdonly() {
        return Ok(0);
    }
    Ok(d.span(cx, low(off), low(len)).unwrap_or(0))
}

/// `bpf_dynptr_slice(ptr, offset, buffer, len)` and the writable form: all packets are linear here, so that the buffer
/// is never needed.
pub fn slice(cx: &mut Cx<'_>, [ptr, off, _, len, _]: [u64; 5]) -> Ret {
    let d = Dynptr::load(cx, ptr)?;
    Ok(d.span(cx, low(off), low(len)).unwrap_or(0))
}

pub fn slice_rdwr(cx: &mut Cx<'_>, args: [u64; 5]) -> Ret {
    let d = Dynptr::load(cx, args[0])?;
    if d.is_rdonly() { Ok(0) } else { slice(cx, args) }
}

/// `bpf_dynptr_adjust(ptr, start, end)`
pub fn adjust(cx: &mut Cx<'_>, [ptr, start, end, ..]: [u64; 5]) -> Ret {
    let mut d = Dynptr::load(cx, ptr)?;
    let (start, end) = (start as u32, end as u32);
    if d.data == 0 || start > end {
        return Ok(err(errno::EINVAL));
    }
    if u64::from(start) > d.size() || u64::from(end) > d.size() {
        return Ok(err(errno::ERANGE));
    }
    d.off = d.off.wrapping_add(start);
    d.word = d.word & !SIZE | (end - start);
    d.store(cx, ptr)?;
    Ok(0)
}

pub fn is_null(cx: &mut Cx<'_>, [ptr, ..]: [u64; 5]) -> Ret {
    Ok(u64::from(Dynptr::load(cx, ptr)?.data == 0))
}

pub fn is_rdonly(cx: &mut Cx<'_>, [ptr, ..]: [u64; 5]) -> Ret {
    let d = Dynptr::load(cx, ptr)?;
    Ok(u64::from(d.data != 0 && d.is_rdonly()))
}

pub fn size(cx: &mut Cx<'_>, [ptr, ..]: [u64; 5]) -> Ret {
    let d = Dynptr::load(cx, ptr)?;
    Ok(if d.data == 0 { err(errno::EINVAL) } else { d.size() })
}

/// `bpf_dynptr_clone(ptr, clone)`
pub fn clone(cx: &mut Cx<'_>, [ptr, to, ..]: [u64; 5]) -> Ret {
    let d = Dynptr::load(cx, ptr)?;
    d.store(cx, to)?;
    Ok(if d.data == 0 { err(errno::EINVAL) } else { 0 })
}

/// `bpf_ringbuf_reserve_dynptr(map, size, flags, ptr)`
pub fn ring_reserve(cx: &mut Cx<'_>, [map, size, flags, ptr, _]: [u64; 5]) -> Ret {
    let size = low(size);
    cx.writable(ptr, 16)?;
    let refused = if flags != 0 { Some(errno::EINVAL) } else { (size > SIZE.into()).then_some(errno::E2BIG) };
    let sample = if refused.is_none() { ring::take(cx, map, size, true)? } else { None };
    let d = sample.map_or(Dynptr::NULL, |data| Dynptr { data, word: size as u32, off: 0 });
    d.store(cx, ptr)?;
    Ok(if sample.is_some() { 0 } else { err(refused.unwrap_or(errno::EINVAL)) })
}

fn finish(cx: &mut Cx<'_>, ptr: u64, discard: bool) -> Ret {
    let d = Dynptr::load(cx, ptr)?;
    if d.data != 0 {
        ring::finish(cx, d.data, discard)?;
    }
    Dynptr::NULL.store(cx, ptr)?;
    Ok(0)
}

/// `bpf_ringbuf_submit_dynptr(ptr, flags)`
pub fn ring_submit(cx: &mut Cx<'_>, [ptr, ..]: [u64; 5]) -> Ret {
    finish(cx, ptr, false)
}

/// `bpf_ringbuf_discard_dynptr(ptr, flags)`
pub fn ring_discard(cx: &mut Cx<'_>, [ptr, ..]: [u64; 5]) -> Ret {
    finish(cx, ptr, true)
}
