//! Which expected attach types a program type may be loaded with.
//!
//! Answers for `bpf_prog_load_check_attach()` and `bpf_prog_load_fixup_attach_type()`, the part about numbers.

use super::{AttachType as A, ProgType};
use crate::kernel::KernelVersion;

/// Attach types that a program type must choose from; `None`: the kernel does not look at load time.
pub fn allowed_in(t: ProgType, version: KernelVersion) -> Option<&'static [A]> {
    // How a socket is chosen was no question before there were two ways.
    let asked = t != ProgType::SkReuseport || version >= A::SkReuseportSelect.since();
    allowed(t).filter(|_| asked)
}

/// The same of the newest releases.
pub fn allowed(t: ProgType) -> Option<&'static [A]> {
    Some(match t {
        ProgType::CgroupSock => {
            &[A::CgroupInetSockCreate, A::CgroupInetSockRelease, A::CgroupInet4PostBind, A::CgroupInet6PostBind]
        }
        ProgType::CgroupSockAddr => &[
            A::CgroupInet4Bind,
            A::CgroupInet6Bind,
            A::CgroupInet4Connect,
            A::CgroupInet6Connect,
            A::CgroupUnixConnect,
            A::CgroupInet4Getpeername,
            A::CgroupInet6Getpeername,
            A::CgroupUnixGetpeername,
            A::CgroupInet4Getsockname,
            A::CgroupInet6Getsockname,
            A::CgroupUnixGetsockname,
            A::CgroupUdp4Sendmsg,
            A::CgroupUdp6Sendmsg,
            A::CgroupUnixSendmsg,
            A::CgroupUdp4Recvmsg,
            A::CgroupUdp6Recvmsg,
            A::CgroupUnixRecvmsg,
        ],
        ProgType::CgroupSkb => &[A::CgroupInetIngress, A::CgroupInetEgress],
        ProgType::CgroupSockopt => &[A::CgroupSetsockopt, A::CgroupGetsockopt],
        ProgType::SkLookup => &[A::SkLookup],
        ProgType::SkReuseport => &[A::SkReuseportSelect, A::SkReuseportSelectOrMigrate],
        ProgType::Netfilter => &[A::Netfilter],
        // Number 0, because "none" has no number of its own.
        ProgType::Syscall | ProgType::Ext => &[A::CgroupInetIngress],
        _ => return None,
    })
}

/// Attach types that say whether a kernel has programs of a type and whether its owner lets them load, each with targets,
/// of which a kernel has one at least. None where the smallest program takes more than that.
pub fn telling(t: ProgType) -> &'static [(A, &'static [&'static str])] {
    const FUNCTIONS: &[&str] = &["vfs_read", "do_unlinkat", "vfs_open"];
    match t {
        ProgType::Unspec | ProgType::StructOps | ProgType::Ext => &[],
        ProgType::SocketFilter
        | ProgType::Kprobe
        | ProgType::SchedCls
        | ProgType::SchedAct
        | ProgType::Tracepoint
        | ProgType::PerfEvent
        | ProgType::LwtIn
        | ProgType::LwtOut
        | ProgType::LwtXmit
        | ProgType::LwtSeg6local
        | ProgType::RawTracepoint
        | ProgType::RawTracepointWritable
        | ProgType::Syscall => &[(A::CgroupInetIngress, &[])],
        ProgType::Xdp => &[(A::Xdp, &[])],
        ProgType::CgroupSkb => &[(A::CgroupInetEgress, &[])],
        ProgType::CgroupSock => &[(A::CgroupInetSockCreate, &[])],
        ProgType::SockOps => &[(A::CgroupSockOps, &[])],
        ProgType::SkSkb => &[(A::SkSkbStreamVerdict, &[])],
        ProgType::CgroupDevice => &[(A::CgroupDevice, &[])],
        ProgType::SkMsg => &[(A::SkMsgVerdict, &[])],
        ProgType::CgroupSockAddr => &[(A::CgroupInet4Connect, &[])],
        ProgType::LircMode2 => &[(A::LircMode2, &[])],
        ProgType::SkReuseport => &[(A::SkReuseportSelect, &[])],
        ProgType::FlowDissector => &[(A::FlowDissector, &[])],
        ProgType::CgroupSysctl => &[(A::CgroupSysctl, &[])],
        ProgType::CgroupSockopt => &[(A::CgroupSetsockopt, &[])],
        ProgType::SkLookup => &[(A::SkLookup, &[])],
        ProgType::Netfilter => &[(A::Netfilter, &[])],
        ProgType::Lsm => &[(A::LsmMac, &["bpf_lsm_file_open"]), (A::LsmCgroup, &["bpf_lsm_socket_create"])],
        ProgType::Tracing => &[
            (A::TraceRawTp, &["btf_trace_sched_switch", "btf_trace_task_newtask"]),
            (A::TraceFentry, FUNCTIONS),
            (A::TraceFexit, FUNCTIONS),
            (A::ModifyReturn, &["security_file_open", "bpf_modify_return_test"]),
            (A::TraceIter, &["bpf_iter_task", "bpf_iter_bpf_map"]),
        ],
    }
}

/// The attach type number that the kernel puts in the place of 0. Kernel: `bpf_prog_load_fixup_attach_type()`.
pub fn fixup(t: u32, attach_type: u32) -> u32 {
    if attach_type != 0 {
        return attach_type;
    }
    match ProgType::from_number(t) {
        Some(ProgType::CgroupSock) => A::CgroupInetSockCreate as u32,
        Some(ProgType::SkReuseport) => A::SkReuseportSelect as u32,
        _ => 0,
    }
}

/// The type may name a BTF target of the kernel or of a program.
pub fn may_have_btf_id(t: ProgType) -> bool {
    matches!(t, ProgType::Tracing | ProgType::Lsm | ProgType::StructOps | ProgType::Ext)
}

/// The type may attach to another program.
pub fn may_have_target_prog(t: ProgType) -> bool {
    matches!(t, ProgType::Tracing | ProgType::Ext)
}
