//! What cgroup programs may call.
//!
//! Answers for the `get_func_proto()` callbacks of cgroup program types in `kernel/bpf/cgroup.c` and `net/core/filter.c`.

use super::id::*;
use super::offer::{Offer, Tier, When, on};
use super::offers_base::BASE;
use super::offers_net::{SOCKET_BASE, SOCKET_FILTER};
use super::{cgroup, general, net, sock, storage, trace};
use crate::kernel::AttachType::{self, *};

/// What all cgroup programs share. Kernel: `cgroup_common_func_proto()`.
pub(super) static CGROUP_COMMON: &[Tier] = &[Tier::Open(COMMON_ROWS)];
/// Kernel: `cgroup_dev_func_proto()`.
pub(super) static CGROUP_DEVICE: &[Tier] =
    &[Tier::Open(COMMON_ROWS), Tier::Open(CURRENT_ROWS), Tier::Rows(DEVICE_ROWS), Tier::Then(BASE)];
/// Kernel: `sysctl_func_proto()`.
pub(super) static CGROUP_SYSCTL: &[Tier] =
    &[Tier::Open(COMMON_ROWS), Tier::Open(CURRENT_ROWS), Tier::Rows(SYSCTL_ROWS), Tier::Then(BASE)];
/// Kernel: `cg_sockopt_func_proto()`.
pub(super) static CGROUP_SOCKOPT: &[Tier] =
    &[Tier::Open(COMMON_ROWS), Tier::Open(CURRENT_ROWS), Tier::Rows(SOCKOPT_ROWS), Tier::Then(BASE)];
/// Kernel: `sock_filter_func_proto()`.
pub(super) static CGROUP_SOCK: &[Tier] = &[
    Tier::Open(COMMON_ROWS),
    Tier::Open(CURRENT_ROWS),
    Tier::Open(SOCKET_TASK_ROWS),
    Tier::Rows(SOCK_ROWS),
    Tier::Then(BASE),
];
/// Kernel: `sock_addr_func_proto()`.
pub(super) static CGROUP_SOCK_ADDR: &[Tier] = &[
    Tier::Open(COMMON_ROWS),
    Tier::Open(CURRENT_ROWS),
    Tier::Open(SOCKET_TASK_ROWS),
    Tier::Rows(SOCK_ADDR_ROWS),
    Tier::Then(SOCKET_BASE),
];
/// Kernel: `cg_skb_func_proto()`.
pub(super) static CGROUP_SKB: &[Tier] = &[Tier::Open(COMMON_ROWS), Tier::Rows(SKB_ROWS), Tier::Then(SOCKET_FILTER)];
/// Kernel: `sock_ops_func_proto()`.
pub(super) static SOCK_OPS: &[Tier] = &[Tier::Open(COMMON_ROWS), Tier::Rows(SOCK_OPS_ROWS), Tier::Then(SOCKET_BASE)];

/// Where the return value is no error of a system call, so that programs neither read nor replace it.
const NO_RETVAL: &[AttachType] = &[
    CgroupInetIngress,
    CgroupInetEgress,
    CgroupSockOps,
    CgroupUdp4Recvmsg,
    CgroupUdp6Recvmsg,
    CgroupUnixRecvmsg,
    CgroupInet4Getpeername,
    CgroupInet6Getpeername,
    CgroupUnixGetpeername,
    CgroupInet4Getsockname,
    CgroupInet6Getsockname,
    CgroupUnixGetsockname,
];

/// The same in the first releases.
const CONNECTS: &[AttachType] = &[CgroupInet4Connect, CgroupInet6Connect];

/// Where the socket is locked, so that its options may be changed.
const SOCKET_OPTIONS: &[AttachType] = &[
    CgroupInet4Bind,
    CgroupInet6Bind,
    CgroupInet4Connect,
    CgroupInet6Connect,
    CgroupUnixConnect,
    CgroupUdp4Recvmsg,
    CgroupUdp6Recvmsg,
    CgroupUnixRecvmsg,
    CgroupUdp4Sendmsg,
    CgroupUdp6Sendmsg,
    CgroupUnixSendmsg,
    CgroupInet4Getpeername,
    CgroupInet6Getpeername,
    CgroupInet4Getsockname,
    CgroupInet6Getsockname,
];

/// The same for names of Unix sockets, which a later release added.
const UNIX_NAMES: &[AttachType] = &[CgroupUnixGetpeername, CgroupUnixGetsockname];

/// Rows that all cgroup programs share.
static COMMON_ROWS: &[Offer] = &[
    on(GET_LOCAL_STORAGE, &storage::GET_LOCAL_STORAGE),
    on(GET_RETVAL, &cgroup::GET_RETVAL).when(When::NotAttach(NO_RETVAL)),
    on(SET_RETVAL, &cgroup::SET_RETVAL).when(When::NotAttach(NO_RETVAL)),
];

/// Rows about the current task; later releases offer them to all programs instead. Kernel: `cgroup_current_func_proto()`.
static CURRENT_ROWS: &[Offer] = &[
    on(GET_CURRENT_UID_GID, &trace::GET_CURRENT_UID_GID).until(6, 17),
    on(GET_CURRENT_PID_TGID, &trace::GET_CURRENT_PID_TGID).since(6, 1).until(6, 10),
    on(GET_CURRENT_CGROUP_ID, &trace::GET_CURRENT_CGROUP_ID).until(6, 4),
    on(GET_CURRENT_ANCESTOR_CGROUP_ID, &trace::GET_CURRENT_ANCESTOR_CGROUP_ID).since(6, 1).until(6, 4),
    on(GET_CURRENT_COMM, &trace::GET_CURRENT_COMM).since(6, 1).until(6, 17),
    on(GET_CGROUP_CLASSID, &cgroup::GET_CGROUP_CLASSID_CURR).since(6, 1).until(6, 17),
    on(CURRENT_TASK_UNDER_CGROUP, &trace::CURRENT_TASK_UNDER_CGROUP).since(6, 12).until(6, 17),
];

/// Rows about the current task that only programs on sockets had before.
static SOCKET_TASK_ROWS: &[Offer] = &[
    on(GET_CURRENT_PID_TGID, &trace::GET_CURRENT_PID_TGID).until(6, 1),
    on(GET_CURRENT_ANCESTOR_CGROUP_ID, &trace::GET_CURRENT_ANCESTOR_CGROUP_ID).until(6, 1),
    on(GET_CURRENT_COMM, &trace::GET_CURRENT_COMM).until(6, 1),
    on(GET_CGROUP_CLASSID, &cgroup::GET_CGROUP_CLASSID_CURR).until(6, 1),
];

/// Rows of device access.
static DEVICE_ROWS: &[Offer] = &[on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA)];

/// Rows of sysctl access.
static SYSCTL_ROWS: &[Offer] = &[
    on(SYSCTL_GET_NAME, &cgroup::SYSCTL_GET_NAME),
    on(SYSCTL_GET_CURRENT_VALUE, &cgroup::SYSCTL_GET_CURRENT_VALUE),
    on(SYSCTL_GET_NEW_VALUE, &cgroup::SYSCTL_GET_NEW_VALUE),
    on(SYSCTL_SET_NEW_VALUE, &cgroup::SYSCTL_SET_NEW_VALUE),
    on(KTIME_GET_COARSE_NS, &general::KTIME_GET_COARSE_NS),
    on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA),
    on(STRTOL, &general::STRTOL).until(5, 13),
    on(STRTOUL, &general::STRTOUL).until(5, 13),
];

/// Rows of socket options.
static SOCKOPT_ROWS: &[Offer] = &[
    on(GET_NETNS_COOKIE, &cgroup::GET_NETNS_COOKIE_SOCKOPT).since(5, 15),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(SETSOCKOPT, &sock::SK_SETSOCKOPT).when(When::Attach(&[CgroupSetsockopt])).since(5, 15),
    on(GETSOCKOPT, &sock::SK_GETSOCKOPT).when(When::Attach(&[CgroupSetsockopt])).since(5, 15),
    on(TCP_SOCK, &sock::TCP_SOCK),
    on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA),
];

/// Rows of socket creation and release.
static SOCK_ROWS: &[Offer] = &[
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_COOKIE_SOCK),
    on(GET_NETNS_COOKIE, &sock::GET_NETNS_COOKIE_SOCK),
    on(SETSOCKOPT, &sock::SOCK_CREATE_SETSOCKOPT).when(When::Attach(&[CgroupInetSockCreate])).since(7, 0),
    on(GETSOCKOPT, &sock::SOCK_CREATE_GETSOCKOPT).when(When::Attach(&[CgroupInetSockCreate])).since(7, 0),
    on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET_CG_SOCK),
    on(KTIME_GET_COARSE_NS, &general::KTIME_GET_COARSE_NS),
];

/// Rows of address hooks.
static SOCK_ADDR_ROWS: &[Offer] = &[
    on(BIND, &sock::BIND).when(When::Attach(&[CgroupInet4Connect, CgroupInet6Connect])),
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_COOKIE_SOCK_ADDR),
    on(GET_NETNS_COOKIE, &sock::GET_NETNS_COOKIE_SOCK_ADDR),
    on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA),
    on(SK_LOOKUP_TCP, &sock::SOCK_ADDR_SK_LOOKUP_TCP),
    on(SK_LOOKUP_UDP, &sock::SOCK_ADDR_SK_LOOKUP_UDP),
    on(SK_RELEASE, &sock::SK_RELEASE),
    on(SKC_LOOKUP_TCP, &sock::SOCK_ADDR_SKC_LOOKUP_TCP),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(SETSOCKOPT, &sock::SOCK_ADDR_SETSOCKOPT).when(When::Attach(SOCKET_OPTIONS)).since(5, 12),
    on(SETSOCKOPT, &sock::SOCK_ADDR_SETSOCKOPT).when(When::Attach(CONNECTS)).until(5, 12),
    on(GETSOCKOPT, &sock::SOCK_ADDR_GETSOCKOPT).when(When::Attach(CONNECTS)).until(5, 12),
    on(SETSOCKOPT, &sock::SOCK_ADDR_SETSOCKOPT).when(When::Attach(UNIX_NAMES)).since(6, 15),
    on(GETSOCKOPT, &sock::SOCK_ADDR_GETSOCKOPT).when(When::Attach(SOCKET_OPTIONS)).since(5, 12),
    on(GETSOCKOPT, &sock::SOCK_ADDR_GETSOCKOPT).when(When::Attach(UNIX_NAMES)).since(6, 15),
];

/// Rows of cgroup packets.
static SKB_ROWS: &[Offer] = &[
    on(SK_FULLSOCK, &sock::SK_FULLSOCK),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(PERF_EVENT_OUTPUT, &net::SKB_EVENT_OUTPUT),
    on(SKB_CGROUP_ID, &cgroup::SKB_CGROUP_ID),
    on(SKB_ANCESTOR_CGROUP_ID, &cgroup::SKB_ANCESTOR_CGROUP_ID),
    on(SK_CGROUP_ID, &cgroup::SK_CGROUP_ID),
    on(SK_ANCESTOR_CGROUP_ID, &cgroup::SK_ANCESTOR_CGROUP_ID),
    on(SK_LOOKUP_TCP, &sock::SK_LOOKUP_TCP),
    on(SK_LOOKUP_UDP, &sock::SK_LOOKUP_UDP),
    on(SK_RELEASE, &sock::SK_RELEASE),
    on(SKC_LOOKUP_TCP, &sock::SKC_LOOKUP_TCP),
    on(TCP_SOCK, &sock::TCP_SOCK),
    on(GET_LISTENER_SOCK, &sock::GET_LISTENER_SOCK),
    on(SKB_ECN_SET_CE, &net::SKB_ECN_SET_CE),
];

/// Rows of TCP events.
static SOCK_OPS_ROWS: &[Offer] = &[
    on(SETSOCKOPT, &sock::SOCK_OPS_SETSOCKOPT),
    on(GETSOCKOPT, &sock::SOCK_OPS_GETSOCKOPT),
    on(SOCK_OPS_CB_FLAGS_SET, &sock::SOCK_OPS_CB_FLAGS_SET),
    on(SOCK_MAP_UPDATE, &sock::SOCK_MAP_UPDATE),
    on(SOCK_HASH_UPDATE, &sock::SOCK_HASH_UPDATE),
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_COOKIE_SOCK_OPS),
    on(PERF_EVENT_OUTPUT, &net::EVENT_OUTPUT_DATA),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(GET_NETNS_COOKIE, &sock::GET_NETNS_COOKIE_SOCK_OPS).since(5, 15),
    on(LOAD_HDR_OPT, &sock::SOCK_OPS_LOAD_HDR_OPT),
    on(STORE_HDR_OPT, &sock::SOCK_OPS_STORE_HDR_OPT),
    on(RESERVE_HDR_OPT, &sock::SOCK_OPS_RESERVE_HDR_OPT),
    on(TCP_SOCK, &sock::TCP_SOCK),
];
