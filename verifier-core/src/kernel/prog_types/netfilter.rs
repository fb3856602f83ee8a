//! Netfilter hooks: the hook's state and the packet, as trusted kernel pointers.

use super::access::{Field, Layout, Rule};

/// Kernel: `nf_is_valid_access()`.
pub static LAYOUT: Layout = Layout::fields(
    "bpf_nf_ctx",
    16,
    &[Field::read("state", 0, 8, Rule::Struct("nf_hook_state")), Field::read("skb", 8, 16, Rule::Struct("sk_buff"))],
);
