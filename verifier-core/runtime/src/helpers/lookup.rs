//! Routes and sockets, from the tables that the user gave.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::cx::Cx;
use crate::net;

use super::memory::{self, low};
use super::{Ret, err, errno};

/// Bytes of `struct bpf_fib_lookup`.
const FIB_BYTES: usize = 64;
/// Bytes of the longer `struct bpf_sock_tuple`.
const TUPLE_MAX: usize = 36;

fn ip(family: u8, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        2 => bytes.first_chunk::<4>().map(|b| IpAddr::V4(Ipv4Addr::from(*b))),
        10 => bytes.first_chunk::<16>().map(|b| IpAddr::V6(Ipv6Addr::from(*b))),
        _ => None,
    }
}

/// `bpf_fib_lookup(ctx, params, plen, flags)`
pub fn fib(cx: &mut Cx<'_>, [_, params, plen, flags, _]: [u64; 5]) -> Ret {
    const NOT_FORWARDED: u64 = 4;
    const NO_NEIGHBOUR: u64 = 7;
    const FRAGMENT: u64 = 8;
    const SKIP_NEIGHBOUR: u64 = 4;
    cx.writable(params, low(plen))?;
    if (low(plen) as usize) < FIB_BYTES || flags & !0x3f != 0 {
        return Ok(err(errno::EINVAL));
    }
    let mut p = memory::load::<FIB_BYTES>(cx, params)?;
    let Some(dst) = ip(p[0], &p[32..48]) else { return Ok(err(errno::EAFNOSUPPORT)) };
    let Some(route) = net::route(&cx.vm.routes, dst).copied() else { return Ok(NOT_FORWARDED) };
    let len = u16::from_ne_bytes([p[6], p[7]]);
    if len > route.mtu {
        p[6..8].copy_from_slice(&route.mtu.to_ne_bytes());
        memory::store(cx, params, &p)?;
        return Ok(FRAGMENT);
    }
    p[6..8].copy_from_slice(&route.mtu.to_ne_bytes());
    p[8..12].copy_from_slice(&route.ifindex.to_ne_bytes());
    match route.via {
        Some(IpAddr::V4(a)) => {
            p[0] = 2;
            p[32..36].copy_from_slice(&a.octets());
        }
        Some(IpAddr::V6(a)) => {
            p[0] = 10;
            p[32..48].copy_from_slice(&a.octets());
        }
        None => {}
    }
    p[12..16].fill(0);
    p[48..52].fill(0);
    let result = match route.dmac {
        _ if flags & SKIP_NEIGHBOUR != 0 => 0,
        Some(dmac) => {
            p[52..58].copy_from_slice(&route.smac);
            p[58..64].copy_from_slice(&dmac);
            0
        }
        None => NO_NEIGHBOUR,
    };
    memory::store(cx, params, &p)?;
    Ok(result)
}

/// `bpf_check_mtu(ctx, ifindex, mtu_len, len_diff, flags)`
pub fn check_mtu(cx: &mut Cx<'_>, [_, ifindex, result, diff, flags]: [u64; 5]) -> Ret {
    const ETH: i64 = 14;
    if flags & !1 != 0 {
        return Ok(err(errno::EINVAL));
    }
    let ifindex = ifindex as u32;
    let mtu = cx.vm.routes.iter().find(|r| r.ifindex == ifindex).map_or(1500, |r| i64::from(r.mtu));
    let given = u32::from_ne_bytes(memory::load(cx, result)?);
    let len = cx.packet.as_ref().map_or(0, |p| p.len() as i64) - ETH;
    let len = if given != 0 { i64::from(given) } else { len } + i64::from(diff as i32);
    memory::store(cx, result, &(mtu as u32).to_ne_bytes())?;
    Ok(u64::from(len > mtu))
}

fn socket(cx: &mut Cx<'_>, protocol: u8, tuple: u64, size: u64) -> Ret {
    let v6 = match size as u32 {
        12 => false,
        36 => true,
        _ => return Ok(0),
    };
    let t = memory::bytes(cx, tuple, low(size), TUPLE_MAX)?;
    let port = |at: usize| u16::from_be_bytes([t[at], t[at + 1]]);
    let (family, addr) = if v6 { (10, 16) } else { (2, 4) };
    let (Some(src), Some(dst)) = (ip(family, &t[..addr]), ip(family, &t[addr..])) else { return Ok(0) };
    let ends = ((src, port(2 * addr)), (dst, port(2 * addr + 2)));
    Ok(cx
        .vm
        .find_socket(protocol, ends.0, ends.1)
        .inspect(|at| {
            cx.give(*at, net::SOCK_LEN as u64, "bpf_sk_lookup", false);
        })
        .unwrap_or(0))
}

/// `bpf_sk_lookup_tcp(ctx, tuple, size, netns, flags)`
pub fn sk_tcp(cx: &mut Cx<'_>, [_, tuple, size, _, flags]: [u64; 5]) -> Ret {
    if flags != 0 { Ok(0) } else { socket(cx, 6, tuple, size) }
}

/// `bpf_sk_lookup_udp(ctx, tuple, size, netns, flags)`
pub fn sk_udp(cx: &mut Cx<'_>, [_, tuple, size, _, flags]: [u64; 5]) -> Ret {
    if flags != 0 { Ok(0) } else { socket(cx, 17, tuple, size) }
}

/// `bpf_sk_fullsock(sk)`: ours all are.
pub fn fullsock(_: &mut Cx<'_>, [sk, ..]: [u64; 5]) -> Ret {
    Ok(sk)
}
