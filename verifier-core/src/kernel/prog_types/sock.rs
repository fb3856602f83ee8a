//! Sockets: as context of cgroup/sock programs, and through socket pointers.
//!
//! Answers for `bpf_sock_is_valid_access()` and its siblings, and `__sock_filter_check_attach_type()`.

use super::AttachType::{self, CgroupInet4PostBind, CgroupInet6PostBind, CgroupInetSockCreate, CgroupInetSockRelease};
use super::access::{Field, Layout, Rule};

/// `struct bpf_sock` through a pointer.
pub static SOCK: Layout = Layout {
    name: "bpf_sock",
    first: 0,
    size: 80,
    whole: false,
    fields: &[
        Field::new("family", 4, 5, Rule::Narrow(4), Rule::Narrow(4)),
        Field::new("type", 8, 9, Rule::Narrow(4), Rule::Narrow(4)),
        Field::new("protocol", 12, 13, Rule::Narrow(4), Rule::Narrow(4)),
        Field::new("src_ip4, src_ip6", 24, 44, Rule::Narrow(4), Rule::Narrow(4)),
        Field::new("src_port", 44, 45, Rule::Narrow(4), Rule::Narrow(4)),
        Field::new("dst_port", 48, 50, Rule::NarrowOr(2, 4, 4), Rule::NarrowOr(2, 4, 4)),
        Field::denied("padding", 50, 52),
        Field::new("dst_ip4, dst_ip6", 52, 72, Rule::Narrow(4), Rule::Narrow(4)),
        Field::new("state", 72, 73, Rule::Narrow(4), Rule::Narrow(4)),
        Field::new("rx_queue_mapping", 76, 77, Rule::Narrow(4), Rule::Narrow(4)),
    ],
    read: Rule::Exactly(4),
    write: Rule::Exactly(4),
    base: None,
};

/// `struct bpf_sock` through a pointer that may be a request or timewait socket: `type` to `priority` are missing.
pub static SOCK_COMMON: Layout = Layout {
    fields: &[Field::denied("type..priority", 8, 24)],
    read: Rule::Base,
    write: Rule::Base,
    base: Some(&SOCK),
    ..SOCK
};

const MADE_OR_RELEASED: &[AttachType] = &[CgroupInetSockCreate, CgroupInetSockRelease];
const FULL: Rule = Rule::On(MADE_OR_RELEASED, &Rule::Base);

/// Context of cgroup/sock programs. Kernel: `sock_filter_is_valid_access()`.
pub static CGROUP_SOCK: Layout = Layout {
    fields: &[
        Field::new("bound_dev_if", 0, 4, FULL, FULL),
        Field::new("mark, priority", 16, 24, FULL, FULL),
        Field::read("src_ip4", 24, 28, Rule::On(&[CgroupInet4PostBind], &Rule::Base)),
        Field::read("src_ip6", 28, 44, Rule::On(&[CgroupInet6PostBind], &Rule::Base)),
        Field::read("src_port", 44, 48, Rule::On(&[CgroupInet4PostBind, CgroupInet6PostBind], &Rule::Base)),
    ],
    read: Rule::Base,
    write: Rule::No,
    base: Some(&SOCK),
    ..SOCK
};

/// `struct bpf_tcp_sock`. Kernel: `bpf_tcp_sock_is_valid_access()`.
pub static TCP_SOCK: Layout = Layout {
    name: "bpf_tcp_sock",
    size: 112,
    fields: &[
        Field::new("bytes_received", 80, 81, Rule::Exactly(8), Rule::Exactly(8)),
        Field::new("bytes_acked", 88, 89, Rule::Exactly(8), Rule::Exactly(8)),
    ],
    ..SOCK
};

/// `struct bpf_xdp_sock`. Kernel: `bpf_xdp_sock_is_valid_access()`.
pub static XDP_SOCK: Layout = Layout { name: "bpf_xdp_sock", size: 4, fields: &[], ..SOCK };
