//! Programs that choose the socket of an incoming connection.

use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// Kernel: `sk_lookup_is_valid_access()`. The port was a 4-byte field once: both it and the padding may be read so.
pub static LAYOUT: Layout = Layout::fields(
    "bpf_sk_lookup",
    72,
    &[
        Field::read("sk", 0, 8, Rule::Pointer(8, RegType::with(RegBase::PtrToSocket, TypeFlags::MAYBE_NULL))),
        Field::read("family..remote_ip6", 8, 36, Rule::Narrow(4)),
        Field::read("remote_port", 36, 38, Rule::NarrowOr(2, 4, 0)),
        Field::read("padding", 38, 40, Rule::Narrow(2)),
        Field::read("local_ip4..ingress_ifindex", 40, 68, Rule::Narrow(4)),
    ],
);
