//! Packets of XDP programs.

use crate::cx::{Cx, Halt};
use crate::net::Redirect;
use crate::packet::{Packet, PacketKind};

use super::memory::{self, low};
use super::{Ret, code, err, errno};

/// Changes the packet, and the region that checked mode knows.
pub(super) fn change<R>(cx: &mut Cx<'_>, f: impl FnOnce(&mut Packet) -> R) -> Result<Option<R>, Halt> {
    let Some(mut packet) = cx.packet.take() else { return Ok(None) };
    let before = packet.region().start;
    let result = f(&mut packet);
    let region = packet.region();
    if let Some(r) = cx.regions() {
        r.remove(before);
        r.add(region);
    }
    cx.packet = Some(packet);
    Ok(Some(result))
}

fn moved(cx: &mut Cx<'_>, f: impl FnOnce(&mut Packet) -> bool) -> Ret {
    let done = change(cx, f)?.unwrap_or(false);
    code(if done { Ok(()) } else { Err(errno::EINVAL) })
}

pub fn adjust_head(cx: &mut Cx<'_>, [_, by, ..]: [u64; 5]) -> Ret {
    moved(cx, |p| p.adjust_head(i64::from(by as i32)))
}

pub fn adjust_tail(cx: &mut Cx<'_>, [_, by, ..]: [u64; 5]) -> Ret {
    moved(cx, |p| p.adjust_tail(i64::from(by as i32)))
}

pub fn adjust_meta(cx: &mut Cx<'_>, [_, by, ..]: [u64; 5]) -> Ret {
    let result = change(cx, |p| p.adjust_meta(i64::from(by as i32)))?;
    code(result.unwrap_or(Err(errno::EINVAL)))
}

pub fn buff_len(cx: &mut Cx<'_>, _: [u64; 5]) -> Ret {
    Ok(cx.packet.as_ref().map_or(0, Packet::len))
}

/// Where bytes of the packet are, or the error number. Kernel: `bpf_xdp_pointer()`.
fn span(cx: &Cx<'_>, off: u64, len: u64) -> Result<u64, i32> {
    if off > 0xffff || len > 0xffff {
        return Err(errno::EFAULT);
    }
    cx.packet.as_ref().and_then(|p| p.at(off, len)).ok_or(errno::EINVAL)
}

/// `bpf_xdp_load_bytes(xdp, offset, buf, len)`
pub fn load_bytes(cx: &mut Cx<'_>, [_, off, buf, len, _]: [u64; 5]) -> Ret {
    let (off, len) = (low(off), low(len));
    cx.writable(buf, len)?;
    match span(cx, off, len) {
        Ok(at) => memory::copy(cx, at, buf, len).map(|()| 0),
        Err(e) => Ok(err(e)),
    }
}

/// `bpf_xdp_store_bytes(xdp, offset, buf, len)`
pub fn store_bytes(cx: &mut Cx<'_>, [_, off, buf, len, _]: [u64; 5]) -> Ret {
    let (off, len) = (low(off), low(len));
    cx.readable(buf, len)?;
    match span(cx, off, len) {
        Ok(at) => memory::copy(cx, buf, at, len).map(|()| 0),
        Err(e) => Ok(err(e)),
    }
}

/// `bpf_redirect(ifindex, flags)`: the action, which depends on the hook.
pub fn redirect(cx: &mut Cx<'_>, [ifindex, flags, ..]: [u64; 5]) -> Ret {
    const INGRESS: u64 = 1;
    let xdp = cx.packet.as_ref().is_some_and(|p| p.kind() == PacketKind::Xdp);
    let (allowed, refused, action) = if xdp { (0, 0, 4) } else { (INGRESS, 2, 7) };
    if flags & !allowed != 0 {
        return Ok(refused);
    }
    cx.redirect = Some(Redirect::Interface { ifindex: ifindex as u32, ingress: flags & INGRESS != 0 });
    Ok(action)
}

/// `bpf_redirect_peer(ifindex, flags)`
pub fn redirect_peer(cx: &mut Cx<'_>, [ifindex, flags, ..]: [u64; 5]) -> Ret {
    if flags != 0 {
        return Ok(2);
    }
    cx.redirect = Some(Redirect::Peer { ifindex: ifindex as u32 });
    Ok(7)
}

/// `bpf_redirect_neigh(ifindex, params, plen, flags)`
pub fn redirect_neigh(cx: &mut Cx<'_>, [ifindex, _, _, flags, _]: [u64; 5]) -> Ret {
    if flags != 0 {
        return Ok(2);
    }
    cx.redirect = Some(Redirect::Interface { ifindex: ifindex as u32, ingress: false });
    Ok(7)
}
