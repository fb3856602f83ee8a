//! Programs over messages that leave through a sockmap.

use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType};

/// Kernel: `sk_msg_is_valid_access()`.
pub static LAYOUT: Layout = Layout::fields(
    "sk_msg_md",
    80,
    &[
        Field::read("data", 0, 8, Rule::Pointer(8, RegType::of(RegBase::PtrToPacket))),
        Field::read("data_end", 8, 16, Rule::Pointer(8, RegType::of(RegBase::PtrToPacketEnd))),
        Field::read("family..size", 16, 72, Rule::Exactly(4)),
        Field::read("sk", 72, 80, Rule::Pointer(8, RegType::of(RegBase::PtrToSocket))),
    ],
);
