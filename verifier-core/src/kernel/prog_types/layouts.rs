//! Which table describes the context of which program type, and what sockets look like to programs.
//!
//! In the kernel: `env->ops->is_valid_access()`, `check_sock_access()`.

use super::access::{AccessQuery, CtxAccess, Layout, Verdict};
use super::{AttachType, ProgType};
use super::{
    cgroup, flow_dissector, lirc, netfilter, sk_lookup, sk_msg, sk_reuseport, skb, sock, sock_addr, sock_ops, tracing,
    xdp,
};

/// The table of a program type's context; `None` where BTF decides.
pub fn layout(prog_type: ProgType) -> Option<&'static Layout> {
    Some(match prog_type {
        ProgType::SocketFilter => &skb::SOCKET_FILTER,
        ProgType::CgroupSkb => &skb::CGROUP_SKB,
        ProgType::SchedCls | ProgType::SchedAct => &skb::SCHED_CLS,
        ProgType::LwtIn | ProgType::LwtOut | ProgType::LwtXmit | ProgType::LwtSeg6local => &skb::LWT,
        ProgType::SkSkb => &skb::SK_SKB,
        ProgType::FlowDissector => &flow_dissector::LAYOUT,
        ProgType::Xdp => &xdp::LAYOUT,
        ProgType::CgroupSock => &sock::CGROUP_SOCK,
        ProgType::CgroupSockAddr => &sock_addr::LAYOUT,
        ProgType::SockOps => &sock_ops::LAYOUT,
        ProgType::SkMsg => &sk_msg::LAYOUT,
        ProgType::SkReuseport => &sk_reuseport::LAYOUT,
        ProgType::SkLookup => &sk_lookup::LAYOUT,
        ProgType::CgroupDevice => &cgroup::DEVICE,
        ProgType::CgroupSysctl => &cgroup::SYSCTL,
        ProgType::CgroupSockopt => &cgroup::SOCKOPT,
        ProgType::LircMode2 => &lirc::LAYOUT,
        ProgType::Netfilter => &netfilter::LAYOUT,
        ProgType::Kprobe => &tracing::KPROBE,
        ProgType::Tracepoint => &tracing::TRACEPOINT,
        ProgType::PerfEvent => &tracing::PERF_EVENT,
        ProgType::RawTracepoint => &tracing::RAW_TRACEPOINT,
        ProgType::RawTracepointWritable => &tracing::RAW_TRACEPOINT_WRITABLE,
        ProgType::Syscall => &tracing::SYSCALL,
        _ => return None,
    })
}

/// Bytes of a program type's context, where it has a fixed size.
pub fn ctx_size(prog_type: ProgType) -> Option<u32> {
    layout(prog_type).map(|l| l.size)
}

/// What a program of the asked type may do to its context at an offset. Kernel: `env->ops->is_valid_access()`.
pub fn access_is_valid(q: &AccessQuery) -> CtxAccess {
    if q.prog_type == ProgType::Tracepoint && tracing::before_record(q.off, q.size, q.write) {
        return CtxAccess::ALLOWED;
    }
    if let Some(layout) = layout(q.prog_type) {
        return layout.access(q);
    }
    match q.prog_type {
        // BTF is asked only for accesses that the table of argument words lets pass; LSM asks it at once.
        ProgType::Tracing | ProgType::StructOps => {
            let a = tracing::RAW_TRACEPOINT.access(q);
            let verdict = if a.allowed() { Verdict::ByBtf } else { Verdict::Denied };
            CtxAccess { verdict, ..a }
        }
        ProgType::Lsm => CtxAccess { verdict: Verdict::ByBtf, ..CtxAccess::DENIED },
        // `EXT` programs are asked about as their target's type.
        _ => CtxAccess::DENIED,
    }
}

pub use crate::kernel::pointer::SockKind;

/// Whether a load of `size` bytes at `off` through a socket pointer is allowed, and in a field of how many bytes.
///
/// Kernel: `bpf_sock_common_is_valid_access()` and its three siblings, as `check_sock_access()` asks them.
pub fn sock_access(kind: SockKind, off: i32, size: u32) -> CtxAccess {
    sock_layout(kind).access(&AccessQuery {
        prog_type: ProgType::Unspec,
        attach_type: AttachType::CgroupInetIngress,
        off,
        size,
        write: false,
        ldsx: false,
        has_cap_bpf: false,
        offloaded: false,
    })
}

/// Bytes of a socket struct as programs see it.
pub fn sock_size(kind: SockKind) -> u32 {
    sock_layout(kind).size
}

fn sock_layout(kind: SockKind) -> &'static Layout {
    match kind {
        SockKind::Common => &sock::SOCK_COMMON,
        SockKind::Full => &sock::SOCK,
        SockKind::Tcp => &sock::TCP_SOCK,
        SockKind::Xdp => &sock::XDP_SOCK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::call::{RegBase, RegType};

    fn ask(t: ProgType, a: AttachType, off: i32, size: u32, write: bool) -> CtxAccess {
        access_is_valid(&AccessQuery {
            prog_type: t,
            attach_type: a,
            off,
            size,
            write,
            ldsx: false,
            has_cap_bpf: true,
            offloaded: false,
        })
    }

    #[test]
    fn packet_pointers_are_loaded_whole() {
        let a = AttachType::CgroupInetIngress;
        assert_eq!(ask(ProgType::SchedCls, a, 76, 4, false).reg_type, RegType::of(RegBase::PtrToPacket));
        assert!(!ask(ProgType::SchedCls, a, 76, 2, false).allowed());
        assert!(!ask(ProgType::SocketFilter, a, 76, 4, false).allowed());
        assert_eq!(ask(ProgType::Xdp, a, 8, 4, false).reg_type, RegType::of(RegBase::PtrToPacketMeta));
    }

    #[test]
    fn fields_depend_on_the_attach_type() {
        let (v4, v6) = (AttachType::CgroupInet4Connect, AttachType::CgroupInet6Connect);
        let t = ProgType::CgroupSockAddr;
        assert!(ask(t, v4, 4, 4, true).allowed() && !ask(t, v6, 4, 4, true).allowed());
        assert!(ask(t, v6, 16, 8, false).allowed() && !ask(t, v6, 20, 8, false).allowed());
        assert!(!ask(ProgType::Xdp, AttachType::Xdp, 20, 4, false).allowed());
        assert!(ask(ProgType::Xdp, AttachType::XdpDevmap, 20, 4, false).allowed());
    }

    #[test]
    fn narrow_loads_record_the_field() {
        let a = ask(ProgType::SocketFilter, AttachType::CgroupInetIngress, 5, 1, false);
        assert!(a.allowed() && a.ctx_field_size == 4);
        assert!(!ask(ProgType::SocketFilter, AttachType::CgroupInetIngress, 5, 1, true).allowed());
        assert!(sock_access(SockKind::Full, 48, 2).allowed() && !sock_access(SockKind::Full, 50, 2).allowed());
        assert!(!sock_access(SockKind::Common, 8, 4).allowed() && sock_access(SockKind::Common, 4, 4).allowed());
    }

    #[test]
    fn misaligned_and_outside_is_denied_everywhere() {
        for t in ProgType::ALL {
            for off in [-7, 3, 70_000] {
                let a = ask(*t, AttachType::CgroupInetIngress, off, 4, false);
                assert!(!a.allowed(), "{t:?} at {off}");
            }
        }
    }
}
