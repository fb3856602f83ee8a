//! XDP programs: packet pointers, interface and queue numbers.

use super::AttachType;
use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType};

/// Kernel: `xdp_is_valid_access()`.
pub static LAYOUT: Layout = Layout::fields(
    "xdp_md",
    24,
    &[
        Field::read("data", 0, 4, Rule::Pointer(4, RegType::of(RegBase::PtrToPacket))),
        Field::read("data_end", 4, 8, Rule::Pointer(4, RegType::of(RegBase::PtrToPacketEnd))),
        Field::read("data_meta", 8, 12, Rule::Pointer(4, RegType::of(RegBase::PtrToPacketMeta))),
        Field::read("ingress_ifindex", 12, 16, Rule::Exactly(4)),
        Field::new("rx_queue_index", 16, 20, Rule::Exactly(4), Rule::Offloaded(&Rule::Exactly(4))),
        Field::read("egress_ifindex", 20, 24, Rule::On(&[AttachType::XdpDevmap], &Rule::Exactly(4))),
    ],
);
