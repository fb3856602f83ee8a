//! Which expected attach types a program type may be loaded with.
//!
//! Answers for `bpf_prog_load_check_attach()` and `bpf_prog_load_fixup_attach_type()`, the part about numbers.

use super::{AttachType as A, ProgType};

/// Attach types that a program type must choose from; `None`: the kernel does not look at load time.
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
