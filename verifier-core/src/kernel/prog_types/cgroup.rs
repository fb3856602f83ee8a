//! cgroup programs over devices, sysctls and socket options.

use super::AttachType as A;
use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType};

/// Kernel: `cgroup_dev_is_valid_access()`.
pub static DEVICE: Layout = Layout {
    name: "bpf_cgroup_dev_ctx",
    first: 0,
    size: 12,
    whole: true,
    fields: &[Field::read("access_type", 0, 4, Rule::Narrow(4))],
    read: Rule::Exactly(4),
    write: Rule::No,
    base: None,
};

/// Kernel: `sysctl_is_valid_access()`.
pub static SYSCTL: Layout = Layout {
    name: "bpf_sysctl",
    first: 0,
    size: 8,
    whole: true,
    fields: &[
        Field::read("write", 0, 4, Rule::Narrow(4)),
        Field::new("file_pos", 4, 8, Rule::Narrow(4), Rule::Exactly(4)),
    ],
    read: Rule::No,
    write: Rule::No,
    base: None,
};

const GET: &[A] = &[A::CgroupGetsockopt];
const SET: &[A] = &[A::CgroupSetsockopt];

/// Kernel: `cg_sockopt_is_valid_access()`.
pub static SOCKOPT: Layout = Layout::fields(
    "bpf_sockopt",
    40,
    &[
        Field::read("sk", 0, 8, Rule::Pointer(8, RegType::of(RegBase::PtrToSocket))),
        Field::read("optval", 8, 16, Rule::Pointer(8, RegType::of(RegBase::PtrToPacket))),
        Field::read("optval_end", 16, 24, Rule::Pointer(8, RegType::of(RegBase::PtrToPacketEnd))),
        Field::new("level, optname", 24, 32, Rule::Exactly(4), Rule::On(SET, &Rule::Exactly(4))),
        Field::new("optlen", 32, 36, Rule::Exactly(4), Rule::Exactly(4)),
        Field::new("retval", 36, 40, Rule::On(GET, &Rule::Exactly(4)), Rule::On(GET, &Rule::Exactly(4))),
    ],
);
