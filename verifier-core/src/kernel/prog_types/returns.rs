//! What a program must return.
//!
//! Answers for the table inside `check_return_code()`: which values the kernel lets the main program (and an exception
//! callback) leave in R0, by type and attach type.

use super::{AttachType as A, ProgType};

/// What R0 must hold when the program ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReturnRule {
    /// Nothing is checked beyond that R0 is readable and no pointer.
    Anything,
    /// A scalar within `min..=max`.
    Range {
        /// Least value.
        min: i32,
        /// Largest value.
        max: i32,
        /// A value outside this range sets the program's `enforce_expected_attach_type` (cgroup egress).
        enforce_attach: Option<(u64, u64)>,
    },
    /// A scalar whose low half lies in the range of the LSM hook (`facts`): a boolean hook 0 to 1, others -4095 to 0.
    LsmHook,
    /// The load ends with ENOTSUPP without a word.
    NotSupported,
}

/// What the rule depends on besides the types.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReturnFacts {
    /// The program attaches by BTF id. Kernel: `aux->attach_btf_id`.
    pub has_attach_btf_id: bool,
    /// The hook returns nothing. Kernel: `!attach_func_proto->type`.
    pub void_hook: bool,
    /// The struct_ops member returns a pointer to a struct, and the release lets programs return one (6.18): a program
    /// that does not return such an object must return 0.
    pub returns_object: bool,
}

/// Whether a program of this kind is not asked for a value at all, since its hook returns none.
///
/// Kernel: the switch that stands first in `check_return_code()`.
pub fn returns_nothing(t: ProgType, a: A, void_hook: bool) -> bool {
    match t {
        ProgType::Lsm => a != A::LsmCgroup && void_hook,
        ProgType::StructOps => void_hook,
        _ => false,
    }
}

/// The rule for the main program. `t` and `a` are resolved: those of the target for `EXT` programs, except that `EXT`
/// itself may return anything.
pub fn return_rule(t: ProgType, a: A, facts: ReturnFacts) -> ReturnRule {
    let range = |min, max| ReturnRule::Range { min, max, enforce_attach: None };
    match t {
        ProgType::CgroupSockAddr => match a {
            A::CgroupUdp4Recvmsg
            | A::CgroupUdp6Recvmsg
            | A::CgroupUnixRecvmsg
            | A::CgroupInet4Getpeername
            | A::CgroupInet6Getpeername
            | A::CgroupUnixGetpeername
            | A::CgroupInet4Getsockname
            | A::CgroupInet6Getsockname
            | A::CgroupUnixGetsockname => range(1, 1),
            A::CgroupInet4Bind | A::CgroupInet6Bind => range(0, 3),
            _ => range(0, 1),
        },
        ProgType::CgroupSkb if a == A::CgroupInetEgress => {
            ReturnRule::Range { min: 0, max: 3, enforce_attach: Some((2, 3)) }
        }
        ProgType::CgroupSkb
        | ProgType::CgroupSock
        | ProgType::SockOps
        | ProgType::CgroupDevice
        | ProgType::CgroupSysctl
        | ProgType::CgroupSockopt
        | ProgType::SkLookup
        | ProgType::Netfilter => range(0, 1),
        ProgType::RawTracepoint if facts.has_attach_btf_id => range(0, 0),
        ProgType::Tracing => match a {
            _ if a.watches_function() => range(0, 0),
            A::TraceRawTp | A::ModifyReturn => ReturnRule::Anything,
            A::TraceIter => range(0, 1),
            _ => ReturnRule::NotSupported,
        },
        ProgType::Kprobe if a.is_session() => range(0, 1),
        ProgType::Lsm if a != A::LsmCgroup => ReturnRule::LsmHook,
        ProgType::Lsm if facts.void_hook => range(1, 1),
        ProgType::Lsm => range(0, 1),
        ProgType::StructOps if facts.returns_object => range(0, 0),
        _ => ReturnRule::Anything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_depend_on_the_attach_type() {
        let plain = ReturnFacts::default();
        let range = |min, max| ReturnRule::Range { min, max, enforce_attach: None };
        assert_eq!(return_rule(ProgType::CgroupSockAddr, A::CgroupInet4Bind, plain), range(0, 3));
        assert_eq!(return_rule(ProgType::CgroupSockAddr, A::CgroupUdp6Recvmsg, plain), range(1, 1));
        assert_eq!(return_rule(ProgType::Xdp, A::Xdp, plain), ReturnRule::Anything);
        assert_eq!(return_rule(ProgType::Tracing, A::LsmMac, plain), ReturnRule::NotSupported);
        let void = ReturnFacts { void_hook: true, ..plain };
        assert_eq!(return_rule(ProgType::Lsm, A::LsmCgroup, void), range(1, 1));
        assert!(returns_nothing(ProgType::Lsm, A::LsmMac, true) && !returns_nothing(ProgType::Lsm, A::LsmCgroup, true));
    }
}
