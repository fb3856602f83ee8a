//! Program types: contexts, return ranges, attach types, which helpers they may call.
//!
//! One file for each context (or tight family); [`access`] asks them, [`attach`], [`policy`] and [`returns`] hold the
//! rules that are short lists over all types.

pub mod access;
pub mod attach;
mod cgroup;
mod flow_dissector;
mod layouts;
mod lirc;
mod netfilter;
pub mod policy;
pub mod returns;
mod sk_lookup;
mod sk_msg;
mod sk_reuseport;
mod skb;
mod sock;
mod sock_addr;
mod sock_ops;
mod tracing;
mod xdp;

use super::KernelVersion;
pub use access::{AccessQuery, CtxAccess, Layout, Verdict};
pub use layouts::{SockKind, access_is_valid, ctx_size, layout, sock_access, sock_size};
pub use policy::{DirectAccess, may_touch_packets};
pub use returns::{ReturnRule, return_rule};

/// Kernel: `enum bpf_prog_type`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u32)]
pub enum ProgType {
    Unspec = 0,
    SocketFilter = 1,
    Kprobe = 2,
    SchedCls = 3,
    SchedAct = 4,
    Tracepoint = 5,
    Xdp = 6,
    PerfEvent = 7,
    CgroupSkb = 8,
    CgroupSock = 9,
    LwtIn = 10,
    LwtOut = 11,
    LwtXmit = 12,
    SockOps = 13,
    SkSkb = 14,
    CgroupDevice = 15,
    SkMsg = 16,
    RawTracepoint = 17,
    CgroupSockAddr = 18,
    LwtSeg6local = 19,
    LircMode2 = 20,
    SkReuseport = 21,
    FlowDissector = 22,
    CgroupSysctl = 23,
    RawTracepointWritable = 24,
    CgroupSockopt = 25,
    Tracing = 26,
    StructOps = 27,
    Ext = 28,
    Lsm = 29,
    SkLookup = 30,
    Syscall = 31,
    Netfilter = 32,
}

impl ProgType {
    /// Every value, in order of its number.
    pub const ALL: &[ProgType] = &[
        ProgType::Unspec,
        ProgType::SocketFilter,
        ProgType::Kprobe,
        ProgType::SchedCls,
        ProgType::SchedAct,
        ProgType::Tracepoint,
        ProgType::Xdp,
        ProgType::PerfEvent,
        ProgType::CgroupSkb,
        ProgType::CgroupSock,
        ProgType::LwtIn,
        ProgType::LwtOut,
        ProgType::LwtXmit,
        ProgType::SockOps,
        ProgType::SkSkb,
        ProgType::CgroupDevice,
        ProgType::SkMsg,
        ProgType::RawTracepoint,
        ProgType::CgroupSockAddr,
        ProgType::LwtSeg6local,
        ProgType::LircMode2,
        ProgType::SkReuseport,
        ProgType::FlowDissector,
        ProgType::CgroupSysctl,
        ProgType::RawTracepointWritable,
        ProgType::CgroupSockopt,
        ProgType::Tracing,
        ProgType::StructOps,
        ProgType::Ext,
        ProgType::Lsm,
        ProgType::SkLookup,
        ProgType::Syscall,
        ProgType::Netfilter,
    ];

    /// The value with this number in the kernel's interface.
    pub fn from_number(n: u32) -> Option<ProgType> {
        Self::ALL.iter().copied().find(|t| *t as u32 == n)
    }

    /// The name in the kernel's interface, without its prefix.
    pub const fn name(self) -> &'static str {
        match self {
            ProgType::Unspec => "UNSPEC",
            ProgType::SocketFilter => "SOCKET_FILTER",
            ProgType::Kprobe => "KPROBE",
            ProgType::SchedCls => "SCHED_CLS",
            ProgType::SchedAct => "SCHED_ACT",
            ProgType::Tracepoint => "TRACEPOINT",
            ProgType::Xdp => "XDP",
            ProgType::PerfEvent => "PERF_EVENT",
            ProgType::CgroupSkb => "CGROUP_SKB",
            ProgType::CgroupSock => "CGROUP_SOCK",
            ProgType::LwtIn => "LWT_IN",
            ProgType::LwtOut => "LWT_OUT",
            ProgType::LwtXmit => "LWT_XMIT",
            ProgType::SockOps => "SOCK_OPS",
            ProgType::SkSkb => "SK_SKB",
            ProgType::CgroupDevice => "CGROUP_DEVICE",
            ProgType::SkMsg => "SK_MSG",
            ProgType::RawTracepoint => "RAW_TRACEPOINT",
            ProgType::CgroupSockAddr => "CGROUP_SOCK_ADDR",
            ProgType::LwtSeg6local => "LWT_SEG6LOCAL",
            ProgType::LircMode2 => "LIRC_MODE2",
            ProgType::SkReuseport => "SK_REUSEPORT",
            ProgType::FlowDissector => "FLOW_DISSECTOR",
            ProgType::CgroupSysctl => "CGROUP_SYSCTL",
            ProgType::RawTracepointWritable => "RAW_TRACEPOINT_WRITABLE",
            ProgType::CgroupSockopt => "CGROUP_SOCKOPT",
            ProgType::Tracing => "TRACING",
            ProgType::StructOps => "STRUCT_OPS",
            ProgType::Ext => "EXT",
            ProgType::Lsm => "LSM",
            ProgType::SkLookup => "SK_LOOKUP",
            ProgType::Syscall => "SYSCALL",
            ProgType::Netfilter => "NETFILTER",
        }
    }
}

/// Kernel: `enum bpf_attach_type`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u32)]
pub enum AttachType {
    CgroupInetIngress = 0,
    CgroupInetEgress = 1,
    CgroupInetSockCreate = 2,
    CgroupSockOps = 3,
    SkSkbStreamParser = 4,
    SkSkbStreamVerdict = 5,
    CgroupDevice = 6,
    SkMsgVerdict = 7,
    CgroupInet4Bind = 8,
    CgroupInet6Bind = 9,
    CgroupInet4Connect = 10,
    CgroupInet6Connect = 11,
    CgroupInet4PostBind = 12,
    CgroupInet6PostBind = 13,
    CgroupUdp4Sendmsg = 14,
    CgroupUdp6Sendmsg = 15,
    LircMode2 = 16,
    FlowDissector = 17,
    CgroupSysctl = 18,
    CgroupUdp4Recvmsg = 19,
    CgroupUdp6Recvmsg = 20,
    CgroupGetsockopt = 21,
    CgroupSetsockopt = 22,
    TraceRawTp = 23,
    TraceFentry = 24,
    TraceFexit = 25,
    ModifyReturn = 26,
    LsmMac = 27,
    TraceIter = 28,
    CgroupInet4Getpeername = 29,
    CgroupInet6Getpeername = 30,
    CgroupInet4Getsockname = 31,
    CgroupInet6Getsockname = 32,
    XdpDevmap = 33,
    CgroupInetSockRelease = 34,
    XdpCpumap = 35,
    SkLookup = 36,
    Xdp = 37,
    SkSkbVerdict = 38,
    SkReuseportSelect = 39,
    SkReuseportSelectOrMigrate = 40,
    PerfEvent = 41,
    TraceKprobeMulti = 42,
    LsmCgroup = 43,
    StructOps = 44,
    Netfilter = 45,
    TcxIngress = 46,
    TcxEgress = 47,
    TraceUprobeMulti = 48,
    CgroupUnixConnect = 49,
    CgroupUnixSendmsg = 50,
    CgroupUnixRecvmsg = 51,
    CgroupUnixGetpeername = 52,
    CgroupUnixGetsockname = 53,
    NetkitPrimary = 54,
    NetkitPeer = 55,
    TraceKprobeSession = 56,
    /// Since 6.13.
    TraceUprobeSession = 57,
    /// Since 7.0.
    TraceFsession = 58,
    /// Since 7.3, as far as was measured; the next two with it.
    TraceFentryMulti = 59,
    TraceFexitMulti = 60,
    TraceFsessionMulti = 61,
}

impl AttachType {
    /// Every value, in order of its number.
    pub const ALL: &[AttachType] = &[
        AttachType::CgroupInetIngress,
        AttachType::CgroupInetEgress,
        AttachType::CgroupInetSockCreate,
        AttachType::CgroupSockOps,
        AttachType::SkSkbStreamParser,
        AttachType::SkSkbStreamVerdict,
        AttachType::CgroupDevice,
        AttachType::SkMsgVerdict,
        AttachType::CgroupInet4Bind,
        AttachType::CgroupInet6Bind,
        AttachType::CgroupInet4Connect,
        AttachType::CgroupInet6Connect,
        AttachType::CgroupInet4PostBind,
        AttachType::CgroupInet6PostBind,
        AttachType::CgroupUdp4Sendmsg,
        AttachType::CgroupUdp6Sendmsg,
        AttachType::LircMode2,
        AttachType::FlowDissector,
        AttachType::CgroupSysctl,
        AttachType::CgroupUdp4Recvmsg,
        AttachType::CgroupUdp6Recvmsg,
        AttachType::CgroupGetsockopt,
        AttachType::CgroupSetsockopt,
        AttachType::TraceRawTp,
        AttachType::TraceFentry,
        AttachType::TraceFexit,
        AttachType::ModifyReturn,
        AttachType::LsmMac,
        AttachType::TraceIter,
        AttachType::CgroupInet4Getpeername,
        AttachType::CgroupInet6Getpeername,
        AttachType::CgroupInet4Getsockname,
        AttachType::CgroupInet6Getsockname,
        AttachType::XdpDevmap,
        AttachType::CgroupInetSockRelease,
        AttachType::XdpCpumap,
        AttachType::SkLookup,
        AttachType::Xdp,
        AttachType::SkSkbVerdict,
        AttachType::SkReuseportSelect,
        AttachType::SkReuseportSelectOrMigrate,
        AttachType::PerfEvent,
        AttachType::TraceKprobeMulti,
        AttachType::LsmCgroup,
        AttachType::StructOps,
        AttachType::Netfilter,
        AttachType::TcxIngress,
        AttachType::TcxEgress,
        AttachType::TraceUprobeMulti,
        AttachType::CgroupUnixConnect,
        AttachType::CgroupUnixSendmsg,
        AttachType::CgroupUnixRecvmsg,
        AttachType::CgroupUnixGetpeername,
        AttachType::CgroupUnixGetsockname,
        AttachType::NetkitPrimary,
        AttachType::NetkitPeer,
        AttachType::TraceKprobeSession,
        AttachType::TraceUprobeSession,
        AttachType::TraceFsession,
        AttachType::TraceFentryMulti,
        AttachType::TraceFexitMulti,
        AttachType::TraceFsessionMulti,
    ];

    /// The value with this number in the kernel's interface.
    pub fn from_number(n: u32) -> Option<AttachType> {
        Self::ALL.iter().copied().find(|t| *t as u32 == n)
    }

    /// The value with this number, if the release has it: where the kernel does not look, a program may be loaded with
    /// numbers that only later releases give a meaning.
    pub fn of_release(n: u32, version: KernelVersion) -> Option<AttachType> {
        Self::from_number(n).filter(|t| version >= t.since())
    }

    /// The release that gave the number its meaning; of the first ones, the oldest release that is known here.
    pub const fn since(self) -> KernelVersion {
        use AttachType::*;
        let (major, minor) = match self {
            SkSkbVerdict => (5, 13),
            SkReuseportSelect | SkReuseportSelectOrMigrate => (5, 14),
            PerfEvent => (5, 15),
            TraceKprobeMulti => (5, 18),
            LsmCgroup => (6, 0),
            StructOps => (6, 3),
            Netfilter => (6, 4),
            TcxIngress | TcxEgress | TraceUprobeMulti => (6, 6),
            CgroupUnixConnect
            | CgroupUnixSendmsg
            | CgroupUnixRecvmsg
            | CgroupUnixGetpeername
            | CgroupUnixGetsockname
            | NetkitPrimary
            | NetkitPeer => (6, 7),
            TraceKprobeSession => (6, 10),
            TraceUprobeSession => (6, 13),
            TraceFsession => (7, 0),
            TraceFentryMulti | TraceFexitMulti | TraceFsessionMulti => (7, 3),
            CgroupInetIngress
            | CgroupInetEgress
            | CgroupInetSockCreate
            | CgroupSockOps
            | SkSkbStreamParser
            | SkSkbStreamVerdict
            | CgroupDevice
            | SkMsgVerdict
            | CgroupInet4Bind
            | CgroupInet6Bind
            | CgroupInet4Connect
            | CgroupInet6Connect
            | CgroupInet4PostBind
            | CgroupInet6PostBind
            | CgroupUdp4Sendmsg
            | CgroupUdp6Sendmsg
            | LircMode2
            | FlowDissector
            | CgroupSysctl
            | CgroupUdp4Recvmsg
            | CgroupUdp6Recvmsg
            | CgroupGetsockopt
            | CgroupSetsockopt
            | TraceRawTp
            | TraceFentry
            | TraceFexit
            | ModifyReturn
            | LsmMac
            | TraceIter
            | CgroupInet4Getpeername
            | CgroupInet6Getpeername
            | CgroupInet4Getsockname
            | CgroupInet6Getsockname
            | XdpDevmap
            | CgroupInetSockRelease
            | XdpCpumap
            | SkLookup
            | Xdp => (5, 10),
        };
        KernelVersion::new(major, minor)
    }

    /// The program runs behind the function that it attaches to, whose result it sees; perhaps also before it.
    pub const fn sees_result(self) -> bool {
        use AttachType::*;
        matches!(self, TraceFexit | TraceFsession | TraceFexitMulti | TraceFsessionMulti)
    }

    /// The program runs before a function, behind it, or both, and changes nothing of it.
    pub const fn watches_function(self) -> bool {
        self.sees_result() || matches!(self, AttachType::TraceFentry | AttachType::TraceFentryMulti)
    }

    /// The program runs on a trampoline at a function: it watches it, or changes what it returns.
    pub const fn has_trampoline(self) -> bool {
        self.watches_function() || matches!(self, AttachType::ModifyReturn)
    }

    /// The program needs that the function returns.
    pub const fn needs_return(self) -> bool {
        self.sees_result() || matches!(self, AttachType::ModifyReturn)
    }

    /// The program is loaded without a function, and attached to many.
    pub const fn attaches_to_many(self) -> bool {
        use AttachType::*;
        matches!(self, TraceFentryMulti | TraceFexitMulti | TraceFsessionMulti)
    }

    /// The program runs before and behind, and the two runs share what they keep.
    pub const fn is_session(self) -> bool {
        use AttachType::*;
        matches!(self, TraceKprobeSession | TraceUprobeSession | TraceFsession | TraceFsessionMulti)
    }

    /// The name in the kernel's interface, without its prefix.
    pub const fn name(self) -> &'static str {
        match self {
            AttachType::CgroupInetIngress => "CGROUP_INET_INGRESS",
            AttachType::CgroupInetEgress => "CGROUP_INET_EGRESS",
            AttachType::CgroupInetSockCreate => "CGROUP_INET_SOCK_CREATE",
            AttachType::CgroupSockOps => "CGROUP_SOCK_OPS",
            AttachType::SkSkbStreamParser => "SK_SKB_STREAM_PARSER",
            AttachType::SkSkbStreamVerdict => "SK_SKB_STREAM_VERDICT",
            AttachType::CgroupDevice => "CGROUP_DEVICE",
            AttachType::SkMsgVerdict => "SK_MSG_VERDICT",
            AttachType::CgroupInet4Bind => "CGROUP_INET4_BIND",
            AttachType::CgroupInet6Bind => "CGROUP_INET6_BIND",
            AttachType::CgroupInet4Connect => "CGROUP_INET4_CONNECT",
            AttachType::CgroupInet6Connect => "CGROUP_INET6_CONNECT",
            AttachType::CgroupInet4PostBind => "CGROUP_INET4_POST_BIND",
            AttachType::CgroupInet6PostBind => "CGROUP_INET6_POST_BIND",
            AttachType::CgroupUdp4Sendmsg => "CGROUP_UDP4_SENDMSG",
            AttachType::CgroupUdp6Sendmsg => "CGROUP_UDP6_SENDMSG",
            AttachType::LircMode2 => "LIRC_MODE2",
            AttachType::FlowDissector => "FLOW_DISSECTOR",
            AttachType::CgroupSysctl => "CGROUP_SYSCTL",
            AttachType::CgroupUdp4Recvmsg => "CGROUP_UDP4_RECVMSG",
            AttachType::CgroupUdp6Recvmsg => "CGROUP_UDP6_RECVMSG",
            AttachType::CgroupGetsockopt => "CGROUP_GETSOCKOPT",
            AttachType::CgroupSetsockopt => "CGROUP_SETSOCKOPT",
            AttachType::TraceRawTp => "TRACE_RAW_TP",
            AttachType::TraceFentry => "TRACE_FENTRY",
            AttachType::TraceFexit => "TRACE_FEXIT",
            AttachType::ModifyReturn => "MODIFY_RETURN",
            AttachType::LsmMac => "LSM_MAC",
            AttachType::TraceIter => "TRACE_ITER",
            AttachType::CgroupInet4Getpeername => "CGROUP_INET4_GETPEERNAME",
            AttachType::CgroupInet6Getpeername => "CGROUP_INET6_GETPEERNAME",
            AttachType::CgroupInet4Getsockname => "CGROUP_INET4_GETSOCKNAME",
            AttachType::CgroupInet6Getsockname => "CGROUP_INET6_GETSOCKNAME",
            AttachType::XdpDevmap => "XDP_DEVMAP",
            AttachType::CgroupInetSockRelease => "CGROUP_INET_SOCK_RELEASE",
            AttachType::XdpCpumap => "XDP_CPUMAP",
            AttachType::SkLookup => "SK_LOOKUP",
            AttachType::Xdp => "XDP",
            AttachType::SkSkbVerdict => "SK_SKB_VERDICT",
            AttachType::SkReuseportSelect => "SK_REUSEPORT_SELECT",
            AttachType::SkReuseportSelectOrMigrate => "SK_REUSEPORT_SELECT_OR_MIGRATE",
            AttachType::PerfEvent => "PERF_EVENT",
            AttachType::TraceKprobeMulti => "TRACE_KPROBE_MULTI",
            AttachType::LsmCgroup => "LSM_CGROUP",
            AttachType::StructOps => "STRUCT_OPS",
            AttachType::Netfilter => "NETFILTER",
            AttachType::TcxIngress => "TCX_INGRESS",
            AttachType::TcxEgress => "TCX_EGRESS",
            AttachType::TraceUprobeMulti => "TRACE_UPROBE_MULTI",
            AttachType::CgroupUnixConnect => "CGROUP_UNIX_CONNECT",
            AttachType::CgroupUnixSendmsg => "CGROUP_UNIX_SENDMSG",
            AttachType::CgroupUnixRecvmsg => "CGROUP_UNIX_RECVMSG",
            AttachType::CgroupUnixGetpeername => "CGROUP_UNIX_GETPEERNAME",
            AttachType::CgroupUnixGetsockname => "CGROUP_UNIX_GETSOCKNAME",
            AttachType::NetkitPrimary => "NETKIT_PRIMARY",
            AttachType::NetkitPeer => "NETKIT_PEER",
            AttachType::TraceKprobeSession => "TRACE_KPROBE_SESSION",
            AttachType::TraceUprobeSession => "TRACE_UPROBE_SESSION",
            AttachType::TraceFsession => "TRACE_FSESSION",
            AttachType::TraceFentryMulti => "TRACE_FENTRY_MULTI",
            AttachType::TraceFexitMulti => "TRACE_FEXIT_MULTI",
            AttachType::TraceFsessionMulti => "TRACE_FSESSION_MULTI",
        }
    }
}
