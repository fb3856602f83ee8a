//! Flow dissector programs: the packet and the keys to fill in.

use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType};

/// Kernel: `flow_dissector_is_valid_access()`.
pub static LAYOUT: Layout = Layout::fields(
    "__sk_buff",
    192,
    &[
        Field::read("data", 76, 80, Rule::Pointer(4, RegType::of(RegBase::PtrToPacket))),
        Field::read("data_end", 80, 84, Rule::Pointer(4, RegType::of(RegBase::PtrToPacketEnd))),
        Field::read("flow_keys", 144, 152, Rule::Pointer(8, RegType::of(RegBase::PtrToFlowKeys))),
    ],
);
