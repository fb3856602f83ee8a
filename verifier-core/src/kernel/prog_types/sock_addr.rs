//! cgroup programs that see and rewrite socket addresses: bind, connect, sendmsg and their relatives.

use super::AttachType as A;
use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType};

const V4: &[A] = &[
    A::CgroupInet4Bind,
    A::CgroupInet4Connect,
    A::CgroupInet4Getpeername,
    A::CgroupInet4Getsockname,
    A::CgroupUdp4Sendmsg,
    A::CgroupUdp4Recvmsg,
];
const V6: &[A] = &[
    A::CgroupInet6Bind,
    A::CgroupInet6Connect,
    A::CgroupInet6Getpeername,
    A::CgroupInet6Getsockname,
    A::CgroupUdp6Sendmsg,
    A::CgroupUdp6Recvmsg,
];
const WIDE_READ: Rule = Rule::Wide(&Rule::Narrow(4));
const WIDE_WRITE: Rule = Rule::Wide(&Rule::Exactly(4));

/// Kernel: `sock_addr_is_valid_access()`.
pub static LAYOUT: Layout = Layout::fields(
    "bpf_sock_addr",
    72,
    &[
        Field::read("user_family", 0, 4, Rule::Exactly(4)),
        Field::new("user_ip4", 4, 8, Rule::On(V4, &Rule::Narrow(4)), Rule::On(V4, &Rule::Exactly(4))),
        Field::new("user_ip6", 8, 24, Rule::On(V6, &WIDE_READ), Rule::On(V6, &WIDE_WRITE)),
        Field::new("user_port", 24, 28, Rule::Narrow(4), Rule::Exactly(4)),
        Field::read("family, type, protocol", 28, 40, Rule::Exactly(4)),
        Field::new(
            "msg_src_ip4",
            40,
            44,
            Rule::On(&[A::CgroupUdp4Sendmsg], &Rule::Narrow(4)),
            Rule::On(&[A::CgroupUdp4Sendmsg], &Rule::Exactly(4)),
        ),
        Field::new(
            "msg_src_ip6",
            44,
            60,
            Rule::On(&[A::CgroupUdp6Sendmsg], &WIDE_READ),
            Rule::On(&[A::CgroupUdp6Sendmsg], &WIDE_WRITE),
        ),
        Field::read("sk", 64, 72, Rule::Pointer(8, RegType::of(RegBase::PtrToSocket))),
    ],
);
