//! TCP socket operation programs.

use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// Kernel: `sock_ops_is_valid_access()`.
pub static LAYOUT: Layout = Layout {
    name: "bpf_sock_ops",
    first: 0,
    size: 224,
    whole: false,
    fields: &[
        Field::new("reply", 4, 5, Rule::Exactly(4), Rule::Exactly(4)),
        Field::new("sk_txhash", 164, 165, Rule::Exactly(4), Rule::Exactly(4)),
        Field::read("bytes_received, bytes_acked", 168, 184, Rule::Exactly(8)),
        Field::read("sk", 184, 192, Rule::Pointer(8, RegType::with(RegBase::PtrToSocket, TypeFlags::MAYBE_NULL))),
        Field::read("skb_data", 192, 200, Rule::Pointer(8, RegType::of(RegBase::PtrToPacket))),
        Field::read("skb_data_end", 200, 208, Rule::Pointer(8, RegType::of(RegBase::PtrToPacketEnd))),
        Field::read("skb_tcp_flags", 212, 213, Rule::Narrow(4)),
        Field::read("skb_hwtstamp", 216, 224, Rule::Exactly(8)),
    ],
    read: Rule::Exactly(4),
    write: Rule::No,
    base: None,
};
