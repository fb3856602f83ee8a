//! What packet and socket programs may call.
//!
//! Answers for the `get_func_proto()` callbacks of networking program types in `net/core/filter.c`, but for cgroups.

use super::id::*;
use super::offer::{Cap, Offer, Tier, When, on};
use super::offers_base::BASE;
use super::{cgroup, general, net, sock, storage, trace};

/// What programs about packets and sockets share. Kernel: `bpf_sk_base_func_proto()`.
pub(super) static SOCKET_BASE: &[Tier] = &[Tier::Rows(SOCKET_CASTS), Tier::Then(BASE)];
/// Kernel: `sk_filter_func_proto()`.
pub(super) static SOCKET_FILTER: &[Tier] = &[Tier::Rows(SOCKET_FILTER_ROWS), Tier::Then(SOCKET_BASE)];
/// Kernel: `tc_cls_act_func_proto()`.
pub(super) static SCHED_CLS: &[Tier] = &[Tier::Rows(SCHED_CLS_ROWS), Tier::Then(SOCKET_BASE)];
/// Kernel: `xdp_func_proto()`.
pub(super) static XDP: &[Tier] = &[Tier::Rows(XDP_ROWS), Tier::Then(SOCKET_BASE)];
/// Kernel: `sk_msg_func_proto()`.
pub(super) static SK_MSG: &[Tier] = &[Tier::Rows(SK_MSG_ROWS), Tier::Then(SOCKET_BASE)];
/// Kernel: `sk_skb_func_proto()`.
pub(super) static SK_SKB: &[Tier] = &[Tier::Rows(SK_SKB_ROWS), Tier::Then(SOCKET_BASE)];
/// Kernel: `flow_dissector_func_proto()`.
pub(super) static FLOW_DISSECTOR: &[Tier] = &[Tier::Rows(FLOW_DISSECTOR_ROWS), Tier::Then(SOCKET_BASE)];
/// Kernel: `lwt_out_func_proto()`.
pub(super) static LWT_OUT: &[Tier] = &[Tier::Rows(LWT_OUT_ROWS), Tier::Then(SOCKET_BASE)];
/// Kernel: `lwt_in_func_proto()`.
pub(super) static LWT_IN: &[Tier] = &[Tier::Rows(LWT_IN_ROWS), Tier::Then(LWT_OUT)];
/// Kernel: `lwt_xmit_func_proto()`.
pub(super) static LWT_XMIT: &[Tier] = &[Tier::Rows(LWT_XMIT_ROWS), Tier::Then(LWT_OUT)];
/// Kernel: `lwt_seg6local_func_proto()`.
pub(super) static LWT_SEG6LOCAL: &[Tier] = &[Tier::Rows(LWT_SEG6LOCAL_ROWS), Tier::Then(LWT_OUT)];
/// Kernel: `sk_reuseport_func_proto()`.
pub(super) static SK_REUSEPORT: &[Tier] = &[Tier::Rows(SK_REUSEPORT_ROWS), Tier::Then(BASE)];
/// Kernel: `sk_lookup_func_proto()`.
pub(super) static SK_LOOKUP: &[Tier] = &[Tier::Rows(SK_LOOKUP_ROWS), Tier::Then(SOCKET_BASE)];

/// Casts of sockets, behind CAP_PERFMON because the result points into the kernel.
static SOCKET_CASTS: &[Offer] = &[
    on(SKC_TO_TCP6_SOCK, &sock::SKC_TO_TCP6_SOCK).when(When::Has(Cap::Perfmon)),
    on(SKC_TO_TCP_SOCK, &sock::SKC_TO_TCP_SOCK).when(When::Has(Cap::Perfmon)),
    on(SKC_TO_TCP_TIMEWAIT_SOCK, &sock::SKC_TO_TCP_TIMEWAIT_SOCK).when(When::Has(Cap::Perfmon)),
    on(SKC_TO_TCP_REQUEST_SOCK, &sock::SKC_TO_TCP_REQUEST_SOCK).when(When::Has(Cap::Perfmon)),
    on(SKC_TO_UDP6_SOCK, &sock::SKC_TO_UDP6_SOCK).when(When::Has(Cap::Perfmon)),
    on(SKC_TO_UNIX_SOCK, &sock::SKC_TO_UNIX_SOCK).when(When::Has(Cap::Perfmon)),
    on(SKC_TO_MPTCP_SOCK, &sock::SKC_TO_MPTCP_SOCK).when(When::Has(Cap::Perfmon)),
    on(KTIME_GET_COARSE_NS, &general::KTIME_GET_COARSE_NS),
];

/// Rows of socket filters.
static SOCKET_FILTER_ROWS: &[Offer] = &[
    on(SKB_LOAD_BYTES, &net::SKB_LOAD_BYTES),
    on(SKB_LOAD_BYTES_RELATIVE, &net::SKB_LOAD_BYTES_RELATIVE),
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_COOKIE),
    on(GET_SOCKET_UID, &sock::GET_SOCKET_UID),
    on(PERF_EVENT_OUTPUT, &net::SKB_EVENT_OUTPUT),
    on(GET_NETNS_COOKIE, &sock::GET_NETNS_COOKIE).since(6, 15),
];

/// Rows of traffic control.
static SCHED_CLS_ROWS: &[Offer] = &[
    on(SKB_STORE_BYTES, &net::SKB_STORE_BYTES),
    on(SKB_LOAD_BYTES, &net::SKB_LOAD_BYTES),
    on(SKB_LOAD_BYTES_RELATIVE, &net::SKB_LOAD_BYTES_RELATIVE),
    on(SKB_PULL_DATA, &net::SKB_PULL_DATA),
    on(CSUM_DIFF, &net::CSUM_DIFF),
    on(CSUM_UPDATE, &net::CSUM_UPDATE),
    on(CSUM_LEVEL, &net::CSUM_LEVEL),
    on(L3_CSUM_REPLACE, &net::L3_CSUM_REPLACE),
    on(L4_CSUM_REPLACE, &net::L4_CSUM_REPLACE),
    on(CLONE_REDIRECT, &net::CLONE_REDIRECT),
    on(GET_CGROUP_CLASSID, &cgroup::GET_CGROUP_CLASSID),
    on(SKB_VLAN_PUSH, &net::SKB_VLAN_PUSH),
    on(SKB_VLAN_POP, &net::SKB_VLAN_POP),
    on(SKB_CHANGE_PROTO, &net::SKB_CHANGE_PROTO),
    on(SKB_CHANGE_TYPE, &net::SKB_CHANGE_TYPE),
    on(SKB_ADJUST_ROOM, &net::SKB_ADJUST_ROOM),
    on(SKB_CHANGE_TAIL, &net::SKB_CHANGE_TAIL),
    on(SKB_CHANGE_HEAD, &net::SKB_CHANGE_HEAD),
    on(SKB_GET_TUNNEL_KEY, &net::SKB_GET_TUNNEL_KEY),
    on(SKB_SET_TUNNEL_KEY, &net::SKB_SET_TUNNEL_KEY),
    on(SKB_GET_TUNNEL_OPT, &net::SKB_GET_TUNNEL_OPT),
    on(SKB_SET_TUNNEL_OPT, &net::SKB_SET_TUNNEL_OPT),
    on(REDIRECT, &net::REDIRECT),
    on(REDIRECT_NEIGH, &net::REDIRECT_NEIGH),
    on(REDIRECT_PEER, &net::REDIRECT_PEER),
    on(GET_ROUTE_REALM, &net::GET_ROUTE_REALM),
    on(GET_HASH_RECALC, &net::GET_HASH_RECALC),
    on(SET_HASH_INVALID, &net::SET_HASH_INVALID),
    on(SET_HASH, &net::SET_HASH),
    on(PERF_EVENT_OUTPUT, &net::SKB_EVENT_OUTPUT),
    on(GET_SMP_PROCESSOR_ID, &general::GET_SMP_PROCESSOR_ID),
    on(SKB_UNDER_CGROUP, &cgroup::SKB_UNDER_CGROUP),
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_COOKIE),
    on(GET_SOCKET_UID, &sock::GET_SOCKET_UID),
    on(FIB_LOOKUP, &net::SKB_FIB_LOOKUP),
    on(CHECK_MTU, &net::SKB_CHECK_MTU),
    on(SK_FULLSOCK, &sock::SK_FULLSOCK),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(SKB_GET_XFRM_STATE, &net::SKB_GET_XFRM_STATE),
    on(SKB_CGROUP_CLASSID, &cgroup::SKB_CGROUP_CLASSID),
    on(SKB_CGROUP_ID, &cgroup::SKB_CGROUP_ID),
    on(SKB_ANCESTOR_CGROUP_ID, &cgroup::SKB_ANCESTOR_CGROUP_ID),
    on(SK_LOOKUP_TCP, &sock::TC_SK_LOOKUP_TCP),
    on(SK_LOOKUP_UDP, &sock::TC_SK_LOOKUP_UDP),
    on(SK_RELEASE, &sock::SK_RELEASE),
    on(TCP_SOCK, &sock::TCP_SOCK),
    on(GET_LISTENER_SOCK, &sock::GET_LISTENER_SOCK),
    on(SKC_LOOKUP_TCP, &sock::TC_SKC_LOOKUP_TCP),
    on(TCP_CHECK_SYNCOOKIE, &sock::TCP_CHECK_SYNCOOKIE),
    on(SKB_ECN_SET_CE, &net::SKB_ECN_SET_CE),
    on(TCP_GEN_SYNCOOKIE, &sock::TCP_GEN_SYNCOOKIE),
    on(SK_ASSIGN, &sock::SK_ASSIGN),
    on(SKB_SET_TSTAMP, &net::SKB_SET_TSTAMP),
    on(TCP_RAW_GEN_SYNCOOKIE_IPV4, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV4),
    on(TCP_RAW_GEN_SYNCOOKIE_IPV6, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV6),
    on(TCP_RAW_CHECK_SYNCOOKIE_IPV4, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV4),
    on(TCP_RAW_CHECK_SYNCOOKIE_IPV6, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV6),
    on(GET_NETNS_COOKIE, &sock::GET_NETNS_COOKIE).since(6, 15),
];

/// Rows of XDP.
static XDP_ROWS: &[Offer] = &[
    on(PERF_EVENT_OUTPUT, &net::XDP_EVENT_OUTPUT),
    on(GET_SMP_PROCESSOR_ID, &general::GET_SMP_PROCESSOR_ID),
    on(CSUM_DIFF, &net::CSUM_DIFF),
    on(XDP_ADJUST_HEAD, &net::XDP_ADJUST_HEAD),
    on(XDP_ADJUST_META, &net::XDP_ADJUST_META),
    on(REDIRECT, &net::XDP_REDIRECT),
    on(REDIRECT_MAP, &net::XDP_REDIRECT_MAP),
    on(XDP_ADJUST_TAIL, &net::XDP_ADJUST_TAIL),
    on(XDP_GET_BUFF_LEN, &net::XDP_GET_BUFF_LEN),
    on(XDP_LOAD_BYTES, &net::XDP_LOAD_BYTES),
    on(XDP_STORE_BYTES, &net::XDP_STORE_BYTES),
    on(FIB_LOOKUP, &net::XDP_FIB_LOOKUP),
    on(CHECK_MTU, &net::XDP_CHECK_MTU),
    on(SK_LOOKUP_UDP, &sock::XDP_SK_LOOKUP_UDP),
    on(SK_LOOKUP_TCP, &sock::XDP_SK_LOOKUP_TCP),
    on(SK_RELEASE, &sock::SK_RELEASE),
    on(SKC_LOOKUP_TCP, &sock::XDP_SKC_LOOKUP_TCP),
    on(TCP_CHECK_SYNCOOKIE, &sock::TCP_CHECK_SYNCOOKIE),
    on(TCP_GEN_SYNCOOKIE, &sock::TCP_GEN_SYNCOOKIE),
    on(TCP_RAW_GEN_SYNCOOKIE_IPV4, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV4),
    on(TCP_RAW_GEN_SYNCOOKIE_IPV6, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV6),
    on(TCP_RAW_CHECK_SYNCOOKIE_IPV4, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV4),
    on(TCP_RAW_CHECK_SYNCOOKIE_IPV6, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV6),
];

/// Rows of socket messages.
static SK_MSG_ROWS: &[Offer] = &[
    on(MSG_REDIRECT_MAP, &sock::MSG_REDIRECT_MAP),
    on(MSG_REDIRECT_HASH, &sock::MSG_REDIRECT_HASH),
    on(MSG_APPLY_BYTES, &net::MSG_APPLY_BYTES),
    on(MSG_CORK_BYTES, &net::MSG_CORK_BYTES),
    on(MSG_PULL_DATA, &net::MSG_PULL_DATA),
    on(MSG_PUSH_DATA, &net::MSG_PUSH_DATA),
    on(MSG_POP_DATA, &net::MSG_POP_DATA),
    on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA),
    on(GET_CURRENT_UID_GID, &trace::GET_CURRENT_UID_GID).until(6, 17),
    on(GET_CURRENT_PID_TGID, &trace::GET_CURRENT_PID_TGID).until(6, 10),
    on(GET_CURRENT_CGROUP_ID, &trace::GET_CURRENT_CGROUP_ID).until(6, 4),
    on(GET_CURRENT_ANCESTOR_CGROUP_ID, &trace::GET_CURRENT_ANCESTOR_CGROUP_ID).until(6, 4),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(GET_NETNS_COOKIE, &sock::GET_NETNS_COOKIE_SK_MSG).since(5, 15),
    on(GET_CGROUP_CLASSID, &cgroup::GET_CGROUP_CLASSID_CURR).until(6, 17),
];

/// Rows of stream parsers and verdicts.
static SK_SKB_ROWS: &[Offer] = &[
    on(SKB_STORE_BYTES, &net::SKB_STORE_BYTES),
    on(SKB_LOAD_BYTES, &net::SKB_LOAD_BYTES),
    on(SKB_PULL_DATA, &net::SK_SKB_PULL_DATA),
    on(SKB_CHANGE_TAIL, &net::SK_SKB_CHANGE_TAIL),
    on(SKB_CHANGE_HEAD, &net::SK_SKB_CHANGE_HEAD),
    on(SKB_ADJUST_ROOM, &net::SK_SKB_ADJUST_ROOM),
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_COOKIE),
    on(GET_SOCKET_UID, &sock::GET_SOCKET_UID),
    on(SK_REDIRECT_MAP, &sock::SK_REDIRECT_MAP),
    on(SK_REDIRECT_HASH, &sock::SK_REDIRECT_HASH),
    on(PERF_EVENT_OUTPUT, &net::SKB_EVENT_OUTPUT),
    on(SK_LOOKUP_TCP, &sock::SK_LOOKUP_TCP),
    on(SK_LOOKUP_UDP, &sock::SK_LOOKUP_UDP),
    on(SK_RELEASE, &sock::SK_RELEASE),
    on(SKC_LOOKUP_TCP, &sock::SKC_LOOKUP_TCP),
];

/// Rows of flow dissectors.
static FLOW_DISSECTOR_ROWS: &[Offer] = &[on(SKB_LOAD_BYTES, &net::FLOW_DISSECTOR_LOAD_BYTES)];

/// Rows of lightweight tunnels.
static LWT_OUT_ROWS: &[Offer] = &[
    on(SKB_LOAD_BYTES, &net::SKB_LOAD_BYTES),
    on(SKB_PULL_DATA, &net::SKB_PULL_DATA),
    on(CSUM_DIFF, &net::CSUM_DIFF),
    on(GET_CGROUP_CLASSID, &cgroup::GET_CGROUP_CLASSID),
    on(GET_ROUTE_REALM, &net::GET_ROUTE_REALM),
    on(GET_HASH_RECALC, &net::GET_HASH_RECALC),
    on(PERF_EVENT_OUTPUT, &net::SKB_EVENT_OUTPUT),
    on(GET_SMP_PROCESSOR_ID, &general::GET_SMP_PROCESSOR_ID),
    on(SKB_UNDER_CGROUP, &cgroup::SKB_UNDER_CGROUP),
];

/// Rows of input.
static LWT_IN_ROWS: &[Offer] = &[on(LWT_PUSH_ENCAP, &net::LWT_IN_PUSH_ENCAP)];

/// Rows of transmission.
static LWT_XMIT_ROWS: &[Offer] = &[
    on(SKB_GET_TUNNEL_KEY, &net::SKB_GET_TUNNEL_KEY),
    on(SKB_SET_TUNNEL_KEY, &net::SKB_SET_TUNNEL_KEY),
    on(SKB_GET_TUNNEL_OPT, &net::SKB_GET_TUNNEL_OPT),
    on(SKB_SET_TUNNEL_OPT, &net::SKB_SET_TUNNEL_OPT),
    on(REDIRECT, &net::REDIRECT),
    on(CLONE_REDIRECT, &net::CLONE_REDIRECT),
    on(SKB_CHANGE_TAIL, &net::SKB_CHANGE_TAIL),
    on(SKB_CHANGE_HEAD, &net::SKB_CHANGE_HEAD),
    on(SKB_STORE_BYTES, &net::SKB_STORE_BYTES),
    on(CSUM_UPDATE, &net::CSUM_UPDATE),
    on(CSUM_LEVEL, &net::CSUM_LEVEL),
    on(L3_CSUM_REPLACE, &net::L3_CSUM_REPLACE),
    on(L4_CSUM_REPLACE, &net::L4_CSUM_REPLACE),
    on(SET_HASH_INVALID, &net::SET_HASH_INVALID),
    on(LWT_PUSH_ENCAP, &net::LWT_XMIT_PUSH_ENCAP),
];

/// Rows of SRv6. Pulling data would invalidate the segment header that the kernel keeps.
static LWT_SEG6LOCAL_ROWS: &[Offer] = &[
    on(SKB_PULL_DATA, &net::SKB_PULL_DATA).when(When::Never).until(6, 16),
    on(LWT_SEG6_STORE_BYTES, &net::LWT_SEG6_STORE_BYTES),
    on(LWT_SEG6_ACTION, &net::LWT_SEG6_ACTION),
    on(LWT_SEG6_ADJUST_SRH, &net::LWT_SEG6_ADJUST_SRH),
];

/// Rows of socket selection.
static SK_REUSEPORT_ROWS: &[Offer] = &[
    on(SK_SELECT_REUSEPORT, &sock::SK_SELECT_REUSEPORT),
    on(SKB_LOAD_BYTES, &sock::SK_REUSEPORT_LOAD_BYTES),
    on(SKB_LOAD_BYTES_RELATIVE, &sock::SK_REUSEPORT_LOAD_BYTES_RELATIVE),
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_PTR_COOKIE).since(5, 14),
    on(KTIME_GET_COARSE_NS, &general::KTIME_GET_COARSE_NS),
];

/// Rows of socket lookup.
static SK_LOOKUP_ROWS: &[Offer] = &[
    on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA),
    on(SK_ASSIGN, &sock::SK_LOOKUP_ASSIGN),
    on(SK_RELEASE, &sock::SK_RELEASE),
];
