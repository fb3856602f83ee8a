//! Kernel functions of the network: packets, sockets, congestion control, and the modules that add their own.
//!
//! Facts of the sets in `net/`. A module's functions are found by the module's name when they are not built in.

use super::row::{Filter, Group, Hooks, Kfunc, KfuncFlags as F, V6_15, V6_16, V6_18, V7_1, k, since, until};

/// Dynptrs over packet buffers. Kernel: `bpf_kfunc_check_set_skb`.
pub(super) const SKB: Group = Group {
    module: None,
    hooks: Hooks::TC
        .union(Hooks::SCHED_ACT)
        .union(Hooks::SK_SKB)
        .union(Hooks::SOCKET_FILTER)
        .union(Hooks::CGROUP)
        .union(Hooks::LWT)
        .union(Hooks::NETFILTER)
        .union(Hooks::TRACING),
    filter: Filter::None,
    later: &[],
    rows: SKB_ROWS,
};

const SKB_ROWS: &[Kfunc] = &[k("bpf_dynptr_from_skb", F::TRUSTED_ARGS)];

/// Answers in ICMP. Kernel: `bpf_kfunc_check_set_icmp_send`.
pub(super) const ICMP: Group = Group {
    module: None,
    hooks: Hooks::CGROUP,
    filter: Filter::None,
    later: &[],
    rows: &[since("bpf_icmp_send", F::empty(), V7_1)],
};

/// Sockets of the kernel that programs make. Kernel: `ksock_init_kfunc_btf_ids`.
pub(super) const KERNEL_SOCKET_SETUP: Group = Group {
    module: None,
    hooks: Hooks::SYSCALL,
    filter: Filter::None,
    later: &[],
    rows: &[
        since("bpf_ksock_create", F::ACQUIRE.union(F::RET_NULL).union(F::SLEEPABLE), V7_1),
        since("bpf_ksock_connect", F::SLEEPABLE, V7_1),
    ],
};

/// What is done with them. Kernel: `ksock_kfunc_btf_ids`.
pub(super) const KERNEL_SOCKETS: Group = Group {
    rows: &[
        since("bpf_ksock_release", F::RELEASE, V7_1),
        since("bpf_ksock_acquire", F::ACQUIRE.union(F::RCU).union(F::RET_NULL), V7_1),
        since("bpf_ksock_send", F::SLEEPABLE, V7_1),
    ],
    ..KERNEL_SOCKET_SETUP
};

/// Dynptrs over packet metadata. Kernel: `bpf_kfunc_check_set_skb_meta`.
pub(super) const SKB_META: Group = Group {
    module: None,
    hooks: Hooks::TC.union(Hooks::SCHED_ACT),
    filter: Filter::None,
    later: &[],
    rows: SKB_META_ROWS,
};

const SKB_META_ROWS: &[Kfunc] = &[since("bpf_dynptr_from_skb_meta", F::TRUSTED_ARGS, V6_18)];

/// Dynptrs over XDP frames. Kernel: `bpf_kfunc_check_set_xdp`.
pub(super) const XDP: Group =
    Group { module: None, hooks: Hooks::XDP, filter: Filter::None, later: &[], rows: XDP_ROWS };

const XDP_ROWS: &[Kfunc] = &[k("bpf_dynptr_from_xdp", F::empty()), since("bpf_xdp_pull_data", F::empty(), V6_18)];

/// Addresses of Unix sockets. Kernel: `bpf_kfunc_check_set_sock_addr`.
pub(super) const SOCK_ADDR: Group =
    Group { module: None, hooks: Hooks::CGROUP, filter: Filter::None, later: &[], rows: SOCK_ADDR_ROWS };

const SOCK_ADDR_ROWS: &[Kfunc] = &[k("bpf_sock_addr_set_sun_path", F::empty())];

/// Time stamps. Kernel: `bpf_kfunc_check_set_sock_ops`.
pub(super) const SOCK_OPS: Group =
    Group { module: None, hooks: Hooks::CGROUP, filter: Filter::None, later: &[], rows: SOCK_OPS_ROWS };

const SOCK_OPS_ROWS: &[Kfunc] = &[since("bpf_sock_ops_enable_tx_tstamp", F::TRUSTED_ARGS, V6_15)];

/// Request sockets. Kernel: `bpf_kfunc_check_set_tcp_reqsk`.
pub(super) const TCP_REQSK: Group =
    Group { module: None, hooks: Hooks::TC, filter: Filter::None, later: &[], rows: TCP_REQSK_ROWS };

const TCP_REQSK_ROWS: &[Kfunc] = &[k("bpf_sk_assign_tcp_reqsk", F::TRUSTED_ARGS)];

/// For socket iterators. Kernel: `bpf_sk_iter_kfunc_ids`.
pub(super) const SOCK_ITER: Group =
    Group { module: None, hooks: Hooks::TRACING, filter: Filter::Iterator, later: &[], rows: SOCK_ITER_ROWS };

const SOCK_ITER_ROWS: &[Kfunc] = &[k("bpf_sock_destroy", F::TRUSTED_ARGS)];

/// What the driver knows of a frame. Kernel: `xdp_metadata_kfunc_ids`.
pub(super) const XDP_METADATA: Group =
    Group { module: None, hooks: Hooks::XDP, filter: Filter::None, later: &[], rows: XDP_METADATA_ROWS };

const XDP_METADATA_ROWS: &[Kfunc] = &[
    k("bpf_xdp_metadata_rx_timestamp", F::TRUSTED_ARGS),
    k("bpf_xdp_metadata_rx_hash", F::TRUSTED_ARGS),
    k("bpf_xdp_metadata_rx_vlan_tag", F::TRUSTED_ARGS),
];

/// Congestion control, common parts. Kernel: `bpf_tcp_ca_check_kfunc_ids`.
pub(super) const TCP_CA: Group =
    Group { module: None, hooks: Hooks::STRUCT_OPS, filter: Filter::None, later: &[], rows: TCP_CA_ROWS };

const TCP_CA_ROWS: &[Kfunc] = &[
    k("tcp_reno_ssthresh", F::empty()),
    k("tcp_reno_cong_avoid", F::empty()),
    k("tcp_reno_undo_cwnd", F::empty()),
    k("tcp_slow_start", F::empty()),
    k("tcp_cong_avoid_ai", F::empty()),
];

/// Queueing disciplines, whatever they implement. Kernel: `qdisc_kfunc_ids` and `qdisc_common_kfunc_set`.
pub(super) const QDISC: Group = Group {
    module: None,
    hooks: Hooks::STRUCT_OPS,
    filter: Filter::Qdisc(&[]),
    later: &[],
    rows: &[
        since("bpf_skb_get_hash", F::TRUSTED_ARGS, V6_16),
        since("bpf_kfree_skb", F::RELEASE, V6_16),
        since("bpf_dynptr_from_skb", F::TRUSTED_ARGS, V6_16),
    ],
};

/// When a packet comes. Kernel: `qdisc_enqueue_kfunc_set`.
pub(super) const QDISC_ENQUEUE: Group = Group {
    filter: Filter::Qdisc(&["enqueue"]),
    later: &[],
    rows: &[since("bpf_qdisc_skb_drop", F::RELEASE, V6_16)],
    ..QDISC
};

/// When a packet comes or goes.
pub(super) const QDISC_WATCHDOG: Group = Group {
    filter: Filter::Qdisc(&["enqueue", "dequeue"]),
    later: &[],
    rows: &[since("bpf_qdisc_watchdog_schedule", F::TRUSTED_ARGS, V6_16)],
    ..QDISC
};

/// When a packet goes. Kernel: `qdisc_dequeue_kfunc_set`.
pub(super) const QDISC_DEQUEUE: Group = Group {
    filter: Filter::Qdisc(&["dequeue"]),
    later: &[],
    rows: &[since("bpf_qdisc_bstats_update", F::TRUSTED_ARGS, V6_16)],
    ..QDISC
};

/// CUBIC. Kernel: `tcp_cubic_check_kfunc_ids`.
pub(super) const CUBIC: Group =
    Group { module: Some("tcp_cubic"), hooks: Hooks::STRUCT_OPS, filter: Filter::None, later: &[], rows: CUBIC_ROWS };

const CUBIC_ROWS: &[Kfunc] = &[
    k("cubictcp_init", F::empty()),
    k("cubictcp_recalc_ssthresh", F::empty()),
    k("cubictcp_cong_avoid", F::empty()),
    k("cubictcp_state", F::empty()),
    until("cubictcp_cwnd_event", F::empty(), V7_1),
    since("cubictcp_cwnd_event_tx_start", F::empty(), V7_1),
    k("cubictcp_acked", F::empty()),
];

/// BBR. Kernel: `tcp_bbr_check_kfunc_ids`.
pub(super) const BBR: Group =
    Group { module: Some("tcp_bbr"), hooks: Hooks::STRUCT_OPS, filter: Filter::None, later: &[], rows: BBR_ROWS };

const BBR_ROWS: &[Kfunc] = &[
    k("bbr_init", F::empty()),
    k("bbr_main", F::empty()),
    k("bbr_sndbuf_expand", F::empty()),
    k("bbr_undo_cwnd", F::empty()),
    until("bbr_cwnd_event", F::empty(), V7_1),
    since("bbr_cwnd_event_tx_start", F::empty(), V7_1),
    k("bbr_ssthresh", F::empty()),
    k("bbr_min_tso_segs", F::empty()),
    k("bbr_set_state", F::empty()),
];

/// DCTCP. Kernel: `tcp_dctcp_check_kfunc_ids`.
pub(super) const DCTCP: Group =
    Group { module: Some("tcp_dctcp"), hooks: Hooks::STRUCT_OPS, filter: Filter::None, later: &[], rows: DCTCP_ROWS };

const DCTCP_ROWS: &[Kfunc] = &[
    k("dctcp_init", F::empty()),
    k("dctcp_update_alpha", F::empty()),
    k("dctcp_cwnd_event", F::empty()),
    since("dctcp_cwnd_event_tx_start", F::empty(), V7_1),
    k("dctcp_ssthresh", F::empty()),
    k("dctcp_cwnd_undo", F::empty()),
    k("dctcp_state", F::empty()),
];

/// Connection tracking. Kernel: `nf_ct_kfunc_set`.
pub(super) const CONNTRACK: Group = Group {
    module: Some("nf_conntrack"),
    hooks: Hooks::XDP.union(Hooks::TC),
    filter: Filter::None,
    later: &[],
    rows: CONNTRACK_ROWS,
};

const CONNTRACK_ROWS: &[Kfunc] = &[
    k("bpf_xdp_ct_alloc", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_xdp_ct_lookup", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_skb_ct_alloc", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_skb_ct_lookup", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_ct_insert_entry", F::ACQUIRE.union(F::RET_NULL).union(F::RELEASE)),
    k("bpf_ct_release", F::RELEASE),
    k("bpf_ct_set_timeout", F::TRUSTED_ARGS),
    k("bpf_ct_change_timeout", F::TRUSTED_ARGS),
    k("bpf_ct_set_status", F::TRUSTED_ARGS),
    k("bpf_ct_change_status", F::TRUSTED_ARGS),
];

/// Address translation. Kernel: `nf_nat_kfunc_set`.
pub(super) const NAT: Group = Group {
    module: Some("nf_nat"),
    hooks: Hooks::XDP.union(Hooks::TC),
    filter: Filter::None,
    later: &[],
    rows: NAT_ROWS,
};

const NAT_ROWS: &[Kfunc] = &[k("bpf_ct_set_nat_info", F::TRUSTED_ARGS)];

/// Flow tables. Kernel: `nf_ft_kfunc_set`.
pub(super) const FLOW_TABLE: Group =
    Group { module: Some("nf_flow_table"), hooks: Hooks::XDP, filter: Filter::None, later: &[], rows: FLOW_TABLE_ROWS };

const FLOW_TABLE_ROWS: &[Kfunc] = &[k("bpf_xdp_flow_lookup", F::TRUSTED_ARGS.union(F::RET_NULL))];

/// Encapsulation in UDP. Kernel: `fou_kfunc_set`.
pub(super) const FOU: Group =
    Group { module: Some("fou"), hooks: Hooks::TC, filter: Filter::None, later: &[], rows: FOU_ROWS };

const FOU_ROWS: &[Kfunc] = &[k("bpf_skb_set_fou_encap", F::empty()), k("bpf_skb_get_fou_encap", F::empty())];

/// IPsec interfaces. Kernel: `xfrm_ifc_kfunc_set`.
pub(super) const XFRM_INTERFACE: Group = Group {
    module: Some("xfrm_interface"),
    hooks: Hooks::TC,
    filter: Filter::None,
    later: &[],
    rows: XFRM_INTERFACE_ROWS,
};

const XFRM_INTERFACE_ROWS: &[Kfunc] = &[k("bpf_skb_get_xfrm_info", F::empty()), k("bpf_skb_set_xfrm_info", F::empty())];

/// IPsec states. Kernel: `xfrm_state_kfunc_set`.
pub(super) const XFRM_STATE: Group =
    Group { module: None, hooks: Hooks::XDP, filter: Filter::None, later: &[], rows: XFRM_STATE_ROWS };

const XFRM_STATE_ROWS: &[Kfunc] =
    &[k("bpf_xdp_get_xfrm_state", F::RET_NULL.union(F::ACQUIRE)), k("bpf_xdp_xfrm_state_release", F::RELEASE)];
