//! The network around the programs, as the user describes it: routes and sockets that lookups find, and what programs
//! sent where.

use std::net::IpAddr;

/// A route with its neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// Destination.
    pub prefix: IpAddr,
    /// Bits of the destination that count.
    pub len: u8,
    /// Interface.
    pub ifindex: u32,
    /// Next hop; the destination itself where none.
    pub via: Option<IpAddr>,
    /// MAC address of the interface.
    pub smac: [u8; 6],
    /// MAC address of the next hop; `None`: not resolved.
    pub dmac: Option<[u8; 6]>,
    /// Largest packet.
    pub mtu: u16,
}

/// A socket, as lookups find it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Socket {
    /// 6 for TCP, 17 for UDP.
    pub protocol: u8,
    /// Local address and port.
    pub local: (IpAddr, u16),
    /// Remote address and port; `None`: listening.
    pub remote: Option<(IpAddr, u16)>,
}

/// Bytes of `struct bpf_sock`.
pub const SOCK_LEN: usize = 80;

fn bits(a: IpAddr) -> (u128, u8) {
    match a {
        IpAddr::V4(a) => (u128::from(a.to_bits()) << 96, 32),
        IpAddr::V6(a) => (a.to_bits(), 128),
    }
}

impl Route {
    fn holds(&self, dst: IpAddr) -> bool {
        let ((own, width), (other, other_width)) = (bits(self.prefix), bits(dst));
        let len = u32::from(self.len.min(width));
        width == other_width && (len == 0 || (own ^ other) >> (128 - len) == 0)
    }
}

/// The route with the longest prefix.
pub fn route(routes: &[Route], dst: IpAddr) -> Option<&Route> {
    routes.iter().filter(|r| r.holds(dst)).max_by_key(|r| r.len)
}

/// The socket that a packet from `src` to `dst` belongs to: a connected one, else a listening one.
pub fn socket(sockets: &[Socket], protocol: u8, src: (IpAddr, u16), dst: (IpAddr, u16)) -> Option<usize> {
    let local = |s: &Socket| s.local == dst || s.local.0.is_unspecified() && s.local.1 == dst.1;
    let find = |f: &dyn Fn(&Socket) -> bool| sockets.iter().position(|s| s.protocol == protocol && local(s) && f(s));
    find(&|s| s.remote == Some(src)).or_else(|| find(&|s| s.remote.is_none()))
}

impl Socket {
    /// As programs see it. UAPI: `struct bpf_sock`.
    pub fn as_bpf_sock(&self) -> [u8; SOCK_LEN] {
        let mut out = [0; SOCK_LEN];
        let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
        let (family, kind) =
            (if self.local.0.is_ipv4() { 2u32 } else { 10 }, if self.protocol == 6 { 1u32 } else { 2 });
        put(4, &family.to_ne_bytes());
        put(8, &kind.to_ne_bytes());
        put(12, &u32::from(self.protocol).to_ne_bytes());
        match self.local.0 {
            IpAddr::V4(a) => put(24, &a.octets()),
            IpAddr::V6(a) => put(28, &a.octets()),
        }
        put(44, &u32::from(self.local.1).to_ne_bytes());
        if let Some((addr, port)) = self.remote {
            put(48, &port.to_be_bytes());
            match addr {
                IpAddr::V4(a) => put(52, &a.octets()),
                IpAddr::V6(a) => put(56, &a.octets()),
            }
        }
        // TCP_ESTABLISHED and TCP_LISTEN; a UDP socket that is not connected is TCP_CLOSE.
        let state: u32 = match (self.remote, self.protocol) {
            (Some(_), _) => 1,
            (None, 6) => 10,
            _ => 7,
        };
        put(72, &state.to_ne_bytes());
        out
    }
}

/// Where a program wants its packet to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Redirect {
    /// To an interface; `ingress`: as if received there.
    Interface {
        /// Interface.
        ifindex: u32,
        /// Direction.
        ingress: bool,
    },
    /// To an entry of a device, CPU or socket map.
    Map {
        /// Name of the map.
        map: String,
        /// Key.
        key: u64,
        /// Broadcast and the like.
        flags: u64,
    },
    /// To the other end of an interface pair.
    Peer {
        /// Interface.
        ifindex: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_take_the_most_specific() {
        let ip = |s: &str| s.parse::<IpAddr>().expect("address");
        let r = |p, len, ifindex| Route { prefix: ip(p), len, ifindex, via: None, smac: [0; 6], dmac: None, mtu: 1500 };
        let all = [r("0.0.0.0", 0, 1), r("10.0.0.0", 8, 2), r("10.1.0.0", 16, 3), r("fd00::", 8, 4)];
        let find = |d| route(&all, ip(d)).map(|r| r.ifindex);
        assert_eq!((find("10.1.2.3"), find("10.2.0.1"), find("8.8.8.8")), (Some(3), Some(2), Some(1)));
        assert_eq!((find("fd12::1"), find("fe80::1")), (Some(4), None));
        let s = |remote| Socket { protocol: 6, local: (ip("0.0.0.0"), 80), remote };
        let all = [s(None), s(Some((ip("1.1.1.1"), 999)))];
        let find = |src| socket(&all, 6, src, (ip("10.0.0.1"), 80));
        assert_eq!((find((ip("1.1.1.1"), 999)), find((ip("1.1.1.1"), 998))), (Some(1), Some(0)));
        assert_eq!(socket(&all, 17, (ip("1.1.1.1"), 1), (ip("10.0.0.1"), 80)), None);
    }
}
