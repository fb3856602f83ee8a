//! Programs that choose a socket of a reuseport group.

use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// Kernel: `sk_reuseport_is_valid_access()`.
pub static LAYOUT: Layout = Layout::fields(
    "sk_reuseport_md",
    56,
    &[
        Field::read("data", 0, 1, Rule::Pointer(8, RegType::of(RegBase::PtrToPacket))),
        Field::read("data_end", 8, 9, Rule::Pointer(8, RegType::of(RegBase::PtrToPacketEnd))),
        Field::read("len", 16, 20, Rule::Narrow(4)),
        Field::read("eth_protocol", 20, 24, Rule::NarrowFrom(4, 2)),
        Field::read("ip_protocol, bind_inany", 24, 32, Rule::Narrow(4)),
        Field::read("hash", 32, 33, Rule::Exactly(4)),
        Field::read("sk", 40, 41, Rule::Pointer(8, RegType::of(RegBase::PtrToSocket))),
        Field::read(
            "migrating_sk",
            48,
            49,
            Rule::Pointer(8, RegType::with(RegBase::PtrToSockCommon, TypeFlags::MAYBE_NULL)),
        ),
    ],
);
