//! Packets of programs over socket buffers.
//!
//! Answers for the helpers in `net/core/filter.c` on a buffer that is wholly linear.

use crate::cx::{Cx, Halt};
use crate::net::Redirect;
use crate::packet::{ETH, MAX_PACKET, Packet};

use super::csum;
use super::memory::{self, low};
use super::xdp::change;
use super::{Ret, code, err, errno};

/// Fields of `struct __sk_buff`.
mod field {
    pub const PKT_TYPE: u64 = 4;
    pub const PROTOCOL: u64 = 16;
    pub const VLAN_PRESENT: u64 = 20;
    pub const VLAN_TCI: u64 = 24;
    pub const VLAN_PROTO: u64 = 28;
    pub const HASH: u64 = 68;
}

fn span(cx: &Cx<'_>, off: u64, len: u64) -> Option<u64> {
    let (off, len) = (off & 0xffff_ffff, len & 0xffff_ffff);
    if off > i32::MAX as u64 { None } else { cx.packet.as_ref()?.at(off, len) }
}

fn copy_out(cx: &mut Cx<'_>, from: Option<u64>, buf: u64, len: u64) -> Ret {
    let len = low(len);
    match from {
        Some(at) => memory::copy(cx, at, buf, len).map(|()| 0),
        None => memory::zero(cx, buf, len).map(|()| err(errno::EFAULT)),
    }
}

/// `bpf_skb_load_bytes(skb, offset, to, len)`
pub fn load_bytes(cx: &mut Cx<'_>, [_, off, to, len, _]: [u64; 5]) -> Ret {
    let from = span(cx, off, len);
    copy_out(cx, from, to, len)
}

/// Address of the link-layer header: the data, or before it where the data begins at the network header.
fn link_layer(p: &Packet) -> i64 {
    p.data() as i64 + (p.network() - ETH as i64).min(0)
}

/// `bpf_skb_load_bytes_relative(skb, offset, to, len, start)`: from the link-layer or the network header.
pub fn load_bytes_relative(cx: &mut Cx<'_>, [_, off, to, len, start]: [u64; 5]) -> Ret {
    let Some(p) = &cx.packet else { return copy_out(cx, None, to, len) };
    let base = match start & 0xffff_ffff {
        0 => link_layer(p),
        1 => p.data() as i64 + p.network(),
        _ => return copy_out(cx, None, to, len),
    } as u64;
    let (off, n) = (off & 0xffff_ffff, len & 0xffff_ffff);
    let from = (off <= 0xffff && base + off + n <= p.end()).then_some(base + off);
    copy_out(cx, from, to, len)
}

/// `bpf_skb_store_bytes(skb, offset, from, len, flags)`
pub fn store_bytes(cx: &mut Cx<'_>, [_, off, from, len, flags]: [u64; 5]) -> Ret {
    const RECOMPUTE_CSUM: u64 = 1;
    const INVALIDATE_HASH: u64 = 2;
    cx.readable(from, low(len))?;
    if flags & !(RECOMPUTE_CSUM | INVALIDATE_HASH) != 0 {
        return Ok(err(errno::EINVAL));
    }
    let Some(at) = span(cx, off, len) else { return Ok(err(errno::EFAULT)) };
    memory::copy(cx, from, at, low(len))?;
    if flags & INVALIDATE_HASH != 0 {
        change(cx, |p| p.set_field(field::HASH, 0))?;
    }
    Ok(0)
}

/// The checksum field at an offset.
fn check_at(cx: &Cx<'_>, off: u64) -> Option<u64> {
    let off = off & 0xffff_ffff;
    if off > 0xffff || !off.is_multiple_of(2) { None } else { span(cx, off, 2) }
}

fn read16(cx: &mut Cx<'_>, at: u64) -> Result<u16, Halt> {
    memory::load(cx, at).map(u16::from_ne_bytes)
}

/// `bpf_l3_csum_replace(skb, offset, from, to, flags)`
pub fn l3_csum_replace(cx: &mut Cx<'_>, [_, off, from, to, flags]: [u64; 5]) -> Ret {
    if flags & !0xf != 0 {
        return Ok(err(errno::EINVAL));
    }
    let Some(at) = check_at(cx, off) else { return Ok(err(errno::EFAULT)) };
    let old = read16(cx, at)?;
    let new = match flags {
        0 if from == 0 => csum::by_diff(old, to as u32),
        2 => csum::replace(old, u32::from(from as u16), u32::from(to as u16)),
        4 => csum::replace(old, from as u32, to as u32),
        _ => return Ok(err(errno::EINVAL)),
    };
    memory::store(cx, at, &new.to_ne_bytes())?;
    Ok(0)
}

/// `bpf_l4_csum_replace(skb, offset, from, to, flags)`
pub fn l4_csum_replace(cx: &mut Cx<'_>, [_, off, from, to, flags]: [u64; 5]) -> Ret {
    const PSEUDO_HDR: u64 = 1 << 4;
    const MARK_MANGLED_0: u64 = 1 << 5;
    const MARK_ENFORCE: u64 = 1 << 6;
    const IPV6: u64 = 1 << 7;
    if flags & !(MARK_MANGLED_0 | MARK_ENFORCE | PSEUDO_HDR | IPV6 | 0xf) != 0 {
        return Ok(err(errno::EINVAL));
    }
    let Some(at) = check_at(cx, off) else { return Ok(err(errno::EFAULT)) };
    let old = read16(cx, at)?;
    if flags & MARK_MANGLED_0 != 0 && flags & MARK_ENFORCE == 0 && old == 0 {
        return Ok(0);
    }
    let mut new = match flags & 0xf {
        0 if from == 0 => csum::by_diff(old, to as u32),
        2 => csum::replace(old, u32::from(from as u16), u32::from(to as u16)),
        4 => csum::replace(old, from as u32, to as u32),
        _ => return Ok(err(errno::EINVAL)),
    };
    if flags & MARK_MANGLED_0 != 0 && new == 0 {
        new = 0xffff;
    }
    memory::store(cx, at, &new.to_ne_bytes())?;
    Ok(0)
}

/// `bpf_csum_update(skb, csum)`: our buffers carry no sum of the hardware's.
pub fn csum_update(_: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(err(errno::ENOTSUPP))
}

/// `bpf_skb_pull_data(skb, len)`: all data is there already.
pub fn pull_data(cx: &mut Cx<'_>, [_, len, ..]: [u64; 5]) -> Ret {
    let there = cx.packet.as_ref().is_some_and(|p| len & 0xffff_ffff <= p.len());
    code(if there { Ok(()) } else { Err(errno::ENOMEM) })
}

/// `bpf_skb_change_tail(skb, len, flags)`: headers stay.
pub fn change_tail(cx: &mut Cx<'_>, [_, len, flags, ..]: [u64; 5]) -> Ret {
    let len = low(len);
    let done = change(cx, |p| {
        let least = p.transport().max(u64::try_from(p.network()).unwrap_or(0));
        if flags != 0 || len < least || len > MAX_PACKET as u64 {
            return Err(errno::EINVAL);
        }
        if p.transport() != 0 {
            return Err(errno::ENOTSUPP);
        }
        if p.set_len(len) { Ok(()) } else { Err(errno::ENOMEM) }
    })?;
    code(done.unwrap_or(Err(errno::EINVAL)))
}

/// `bpf_skb_change_head(skb, len, flags)`: zero bytes in front.
pub fn change_head(cx: &mut Cx<'_>, [_, len, flags, ..]: [u64; 5]) -> Ret {
    let len = len & 0xffff_ffff;
    let done = change(cx, |p| flags == 0 && len <= MAX_PACKET as u64 && p.prepend(len))?;
    code(if done == Some(true) { Ok(()) } else { Err(errno::EINVAL) })
}

fn ip_header_len(p: &Packet) -> Option<u64> {
    match p.field(field::PROTOCOL) as u16 {
        n if n == 0x0800u16.to_be() => Some(20),
        n if n == 0x86ddu16.to_be() => Some(40),
        _ => None,
    }
}

/// Flags of `bpf_skb_adjust_room()`. UAPI: `BPF_F_ADJ_ROOM_*`.
mod room {
    pub const FIXED_GSO: u64 = 1 << 0;
    pub const ENCAP_V4: u64 = 1 << 1;
    pub const ENCAP_V6: u64 = 1 << 2;
    pub const ENCAP_GRE: u64 = 1 << 3;
    pub const ENCAP_UDP: u64 = 1 << 4;
    pub const NO_CSUM_RESET: u64 = 1 << 5;
    pub const ENCAP_ETH: u64 = 1 << 6;
    pub const DECAP_V4: u64 = 1 << 7;
    pub const DECAP_V6: u64 = 1 << 8;
    pub const KNOWN: u64 = 0x1ff | 0xff << 56;
}

/// Bytes of the smallest header of IPv4 and of IPv6, with the type of their packets.
const IPV4: (u64, u16) = (20, 0x0800u16.to_be());
const IPV6: (u64, u16) = (40, 0x86ddu16.to_be());

/// What taking room away needs and leaves: the smallest header that must stay, and the type of the packet, if another.
fn shrunk(flags: u64, base: u64) -> Result<(u64, Option<u16>), i32> {
    match flags & (room::DECAP_V4 | room::DECAP_V6) {
        0 => Ok((base, None)),
        room::DECAP_V4 => Ok((IPV4.0, Some(IPV4.1))),
        room::DECAP_V6 => Ok((IPV6.0, Some(IPV6.1))),
        _ => Err(errno::EINVAL),
    }
}

/// The type of a packet that is put into another, if the outer one has another.
fn grown(flags: u64, len: u64) -> Result<Option<u16>, i32> {
    let has = |both: u64| flags & both == both;
    let mac = flags >> 56;
    if has(room::ENCAP_V4 | room::ENCAP_V6)
        || has(room::ENCAP_GRE | room::ENCAP_UDP)
        || has(room::ENCAP_ETH) && mac < ETH
        || mac > len
    {
        return Err(errno::EINVAL);
    }
    Ok(if has(room::ENCAP_V4) { Some(IPV4.1) } else { Some(IPV6.1) })
}

/// Does it, and sets the type of the packet that is outermost now.
fn shape(p: &mut Packet, change: impl FnOnce(&mut Packet) -> bool, kind: Option<u16>) -> Result<(), i32> {
    if !change(p) {
        return Err(errno::ENOMEM);
    }
    if let Some(kind) = kind {
        p.set_field(field::PROTOCOL, kind.into());
    }
    Ok(())
}

/// `bpf_skb_adjust_room(skb, len_diff, mode, flags)`: room behind the network header (mode 0) or before it (1).
pub fn adjust_room(cx: &mut Cx<'_>, [_, diff, mode, flags, _]: [u64; 5]) -> Ret {
    let (diff, mode) = (diff as i32, mode as u32);
    let (n, shrinks) = (u64::from(diff.unsigned_abs()), diff < 0);
    if flags & !room::KNOWN != 0 {
        return Ok(err(errno::EINVAL));
    }
    if n > 0xfff {
        return Ok(err(errno::EFAULT));
    }
    let result = change(cx, |p| {
        let base = ip_header_len(p).ok_or(errno::ENOTSUPP)?;
        let network = u64::try_from(p.network()).unwrap_or(0);
        let off = match mode {
            0 => network + base,
            1 => network,
            _ => return Err(errno::ENOTSUPP),
        };
        let decaps = flags & (room::DECAP_V4 | room::DECAP_V6) != 0;
        if decaps && !shrinks {
            return Err(errno::EINVAL);
        }
        let (least, inner) = shrunk(flags, base)?;
        let now = p.len().saturating_sub(network);
        if shrinks && (n >= now || now - n < least) || !shrinks && p.len() + n > MAX_PACKET as u64 {
            return Err(errno::ENOTSUPP);
        }
        if shrinks {
            let allowed = room::FIXED_GSO | room::DECAP_V4 | room::DECAP_V6 | room::NO_CSUM_RESET;
            if flags & !allowed != 0 {
                return Err(errno::EINVAL);
            }
            return shape(p, |p| p.remove(off, n), inner);
        }
        let encaps = flags & (room::ENCAP_V4 | room::ENCAP_V6) != 0;
        if encaps && p.transport() != 0 {
            return Err(errno::EALREADY);
        }
        let outer = if encaps { grown(flags, n)? } else { None };
        shape(p, |p| p.insert(off, n), outer)?;
        if let Some(kind) = outer {
            p.set_transport(network + if kind == IPV6.1 { IPV6.0 } else { IPV4.0 });
        }
        Ok(())
    })?;
    code(result.unwrap_or(Err(errno::EINVAL)))
}

/// Offset of the type field in an Ethernet header.
const ETHER_TYPE: u64 = 12;

/// `bpf_skb_vlan_push(skb, proto, tci)`: the tag stands beside the data; one that stood there goes into it.
pub fn vlan_push(cx: &mut Cx<'_>, [_, proto, tci, ..]: [u64; 5]) -> Ret {
    // What is no tag's type stands for the common one.
    let proto = if proto as u16 == 0x88a8u16.to_be() { 0x88a8u16.to_be() } else { 0x8100u16.to_be() };
    let done = change(cx, |p| {
        if p.field(field::VLAN_PRESENT) != 0 {
            let (old, kind) = (p.field(field::VLAN_TCI) as u16, p.field(field::VLAN_PROTO) as u16);
            if !p.insert(ETHER_TYPE, 4) {
                return false;
            }
            let at = p.data() + ETHER_TYPE;
            // SAFETY: four bytes that were just inserted.
            unsafe {
                (at as *mut [u8; 2]).write_unaligned(kind.to_ne_bytes());
                ((at + 2) as *mut [u8; 2]).write_unaligned(old.to_be_bytes());
            }
            p.set_field(field::PROTOCOL, kind.into());
        }
        p.set_field(field::VLAN_PRESENT, 1);
        p.set_field(field::VLAN_TCI, u32::from(tci as u16));
        p.set_field(field::VLAN_PROTO, proto.into());
        true
    })?;
    code(if done == Some(true) { Ok(()) } else { Err(errno::ENOMEM) })
}

/// Whether packets of this type have a tag.
fn is_tagged(protocol: u16) -> bool {
    protocol == 0x8100u16.to_be() || protocol == 0x88a8u16.to_be()
}

/// Takes the tag out that stands in the data: its contents. The type of the packet is then what stood behind it.
fn take_tag(p: &mut Packet) -> Result<u16, i32> {
    /// Types below this one are lengths.
    const LEAST: u16 = 0x600;
    let read = |p: &Packet, off: u64| {
        // SAFETY: two bytes that the packet was found to have.
        p.at(off, 2).map(|at| unsafe { (at as *const [u8; 2]).read_unaligned() })
    };
    let tci = read(p, ETHER_TYPE + 2).ok_or(errno::ENOMEM)?;
    let kind = read(p, ETHER_TYPE + 4).ok_or(errno::ENOMEM)?;
    let raw = read(p, ETHER_TYPE + 6) == Some([0xff; 2]);
    if !p.remove(ETHER_TYPE, 4) {
        return Err(errno::ENOMEM);
    }
    let kind = match u16::from_be_bytes(kind) {
        LEAST.. => u16::from_ne_bytes(kind),
        _ if raw => 1u16.to_be(),
        _ => 4u16.to_be(),
    };
    p.set_field(field::PROTOCOL, kind.into());
    Ok(u16::from_be_bytes(tci))
}

/// `bpf_skb_vlan_pop(skb)`: the tag beside the data, else the one in it; the next one in the data then stands beside it.
pub fn vlan_pop(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    let result = change(cx, |p| {
        let protocol = |p: &Packet| p.field(field::PROTOCOL) as u16;
        if p.field(field::VLAN_PRESENT) != 0 {
            [field::VLAN_PRESENT, field::VLAN_TCI, field::VLAN_PROTO].iter().for_each(|f| p.set_field(*f, 0));
        } else if is_tagged(protocol(p)) {
            take_tag(p)?;
        }
        let next = protocol(p);
        if is_tagged(next) {
            let tci = take_tag(p)?;
            p.set_field(field::VLAN_PRESENT, 1);
            p.set_field(field::VLAN_TCI, tci.into());
            p.set_field(field::VLAN_PROTO, next.into());
        }
        Ok(())
    })?;
    code(result.unwrap_or(Err(errno::EINVAL)))
}

/// `bpf_skb_change_type(skb, type)`
pub fn change_type(cx: &mut Cx<'_>, [_, kind, ..]: [u64; 5]) -> Ret {
    const OTHERHOST: u32 = 3;
    let kind = kind as u32;
    let done = change(cx, |p| {
        let fits = p.field(field::PKT_TYPE) <= OTHERHOST && kind <= OTHERHOST;
        if fits {
            p.set_field(field::PKT_TYPE, kind);
        }
        fits
    })?;
    code(if done == Some(true) { Ok(()) } else { Err(errno::EINVAL) })
}

/// `bpf_get_hash_recalc(skb)`: the hash of the context, or one of ours over the packet's first bytes.
pub fn hash_recalc(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    let hash = change(cx, |p| {
        if p.field(field::HASH) == 0 {
            let head = p.bytes().into_iter().take(64);
            let hash = head.fold(0x811c_9dc5u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
            p.set_field(field::HASH, hash.max(1));
        }
        p.field(field::HASH)
    })?;
    Ok(hash.unwrap_or(0).into())
}

pub fn set_hash(cx: &mut Cx<'_>, [_, hash, ..]: [u64; 5]) -> Ret {
    change(cx, |p| p.set_field(field::HASH, hash as u32))?;
    Ok(0)
}

pub fn set_hash_invalid(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    change(cx, |p| p.set_field(field::HASH, 0))?;
    Ok(0)
}

/// What a copy of a packet costs beside its bytes.
const CLONE: u64 = 128;

/// `bpf_clone_redirect(skb, ifindex, flags)`
pub fn clone_redirect(cx: &mut Cx<'_>, [_, ifindex, flags, ..]: [u64; 5]) -> Ret {
    if flags & !1 != 0 || ifindex as u32 == 0 {
        return Ok(err(errno::EINVAL));
    }
    let len = cx.packet.as_ref().map_or(0, Packet::len);
    cx.hold(len + CLONE)?;
    let bytes = cx.packet.as_ref().map(Packet::bytes).unwrap_or_default();
    cx.clones.push((Redirect::Interface { ifindex: ifindex as u32, ingress: flags & 1 != 0 }, bytes));
    Ok(0)
}

/// `LD_ABS` and `LD_IND`: bytes in network order; negative offsets are relative to the network header (from
/// -0x100000) or the link-layer header (from -0x200000), which may lie before the data but not before the buffer.
pub fn classic_load(cx: &Cx<'_>, off: i32, size: u64) -> Option<u64> {
    const NETWORK: i64 = -0x10_0000;
    const LINK: i64 = -0x20_0000;
    let off = i64::from(off);
    let p = cx.packet.as_ref()?;
    let at = match off {
        0.. => p.data() as i64 + off,
        NETWORK..0 => p.data() as i64 + p.network() + (off - NETWORK),
        LINK..NETWORK => link_layer(p) + (off - LINK),
        _ => return None,
    } as u64;
    if at < p.head() || at.checked_add(size)? > p.end() {
        return None;
    }
    // SAFETY: bytes of the packet, or of the header that lies before its data.
    let bytes = unsafe { std::slice::from_raw_parts(at as *const u8, size as usize) };
    Some(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
}
