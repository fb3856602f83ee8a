//! Rules about whole program types: capabilities to load them, packets, legacy loads, sleeping.

use super::super::history::KernelVersion;
use super::{AttachType, ProgType};

/// Loading needs CAP_NET_ADMIN. Kernel: `is_net_admin_prog_type()`.
pub fn is_net_admin(t: ProgType) -> bool {
    use ProgType::*;
    matches!(
        t,
        SchedCls
            | SchedAct
            | Xdp
            | LwtIn
            | LwtOut
            | LwtXmit
            | LwtSeg6local
            | SkSkb
            | SkMsg
            | FlowDissector
            | ProgType::CgroupDevice
            | CgroupSock
            | CgroupSockAddr
            | CgroupSockopt
            | CgroupSysctl
            | SockOps
            | Ext
            | Netfilter
    )
}

/// Loading needs CAP_PERFMON. Kernel: `is_perfmon_prog_type()`.
pub fn is_perfmon(t: ProgType) -> bool {
    use ProgType::*;
    is_tracing(t) || matches!(t, Tracing | Lsm | StructOps | Ext)
}

/// May be loaded without CAP_BPF where the system allows unprivileged loads at all.
pub fn is_unprivileged(t: ProgType) -> bool {
    matches!(t, ProgType::SocketFilter | ProgType::CgroupSkb)
}

/// Runs in any context, even where the program interrupted a lock holder. Kernel: `is_tracing_prog_type()`.
pub fn is_tracing(t: ProgType) -> bool {
    use ProgType::*;
    matches!(t, Kprobe | Tracepoint | PerfEvent | RawTracepoint | RawTracepointWritable)
}

/// What a program type may do to packets through packet pointers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DirectAccess {
    /// Nothing.
    Denied,
    /// Allowed. `seen_direct_write` says that the kernel records the program as one that writes packets directly.
    Allowed {
        /// Kernel: `env->seen_direct_write`.
        writes_directly: bool,
    },
}

impl DirectAccess {
    /// Whether the access is allowed.
    pub fn allowed(self) -> bool {
        self != DirectAccess::Denied
    }
}

/// Whether a program may access packets directly, or hand packet pointers to a call.
///
/// `t` is the resolved type (the target's for `EXT`); `call_pkt_access` is the callee's permission when the pointer
/// is an argument, `None` for loads and stores. Kernel: `may_access_direct_pkt_data()`.
pub fn may_touch_packets(t: ProgType, write: bool, call_pkt_access: Option<bool>) -> DirectAccess {
    use ProgType::*;
    match t {
        LwtIn | LwtOut | LwtSeg6local | SkReuseport | ProgType::FlowDissector | CgroupSkb if write => {
            DirectAccess::Denied
        }
        LwtIn
        | LwtOut
        | LwtSeg6local
        | SkReuseport
        | ProgType::FlowDissector
        | CgroupSkb
        | SchedCls
        | SchedAct
        | Xdp
        | LwtXmit
        | SkSkb
        | SkMsg => match call_pkt_access {
            Some(false) => DirectAccess::Denied,
            Some(true) => DirectAccess::Allowed { writes_directly: false },
            None => DirectAccess::Allowed { writes_directly: true },
        },
        CgroupSockopt => DirectAccess::Allowed { writes_directly: write },
        _ => DirectAccess::Denied,
    }
}

/// `LD_ABS` and `LD_IND` may be used. Kernel: `may_access_skb()`; these types also have `gen_ld_abs`.
pub fn reads_socket_buffers(t: ProgType) -> bool {
    matches!(t, ProgType::SocketFilter | ProgType::SchedCls | ProgType::SchedAct)
}

/// The type's operations can rewrite legacy packet loads. Kernel: `env->ops->gen_ld_abs`.
pub fn has_gen_ld_abs(t: ProgType) -> bool {
    reads_socket_buffers(t)
}

/// The program may be loaded as sleepable, as far as its type says. Kernel: `can_be_sleepable()`.
pub fn may_be_sleepable(t: ProgType, a: AttachType) -> bool {
    match t {
        ProgType::Tracing => a.has_trampoline() || a == AttachType::TraceIter,
        ProgType::Lsm | ProgType::Kprobe | ProgType::StructOps => true,
        _ => false,
    }
}

/// The context is a packet buffer whose data helpers can move. Used for prologues that unshare the packet.
pub fn has_unclone_prologue(t: ProgType) -> bool {
    matches!(t, ProgType::SchedCls | ProgType::SchedAct | ProgType::SkSkb)
}

/// Programs of this type may be bound to a device. Kernel: `bpf_prog_dev_bound_init()`.
pub fn may_be_dev_bound(t: ProgType) -> bool {
    matches!(t, ProgType::SchedCls | ProgType::Xdp)
}

/// The flags of a load that a release knows. UAPI: `BPF_F_*`.
pub fn load_flags(version: KernelVersion) -> u32 {
    /// What came with which release: alignment, test and sleepable flags, fragments, bound devices, invariants, tokens.
    const ROWS: [(KernelVersion, u32); 5] = [
        (KernelVersion::new(5, 10), 0x1f),
        (KernelVersion::new(5, 18), 1 << 5),
        (KernelVersion::new(6, 3), 1 << 6),
        (KernelVersion::new(6, 8), 1 << 7),
        (KernelVersion::new(6, 9), 1 << 16),
    ];
    ROWS.iter().filter(|(since, _)| *since <= version).fold(0, |all, (_, flags)| all | flags)
}
