//! What tracing, LSM, iterator, struct_ops and system-call programs may call.
//!
//! Answers for the `get_func_proto()` callbacks in `kernel/trace/bpf_trace.c`, `bpf_lsm.c`, `syscall.c`, of iterators
//! and of struct_ops providers.

use super::id::*;
use super::offer::{Cap, Offer, Tier, When, on};
use super::offers_base::BASE;
use super::offers_cgroup::CGROUP_COMMON;
use super::{general, map, net, ringbuf, sock, storage, trace};
use crate::kernel::AttachType;

/// What all kinds of tracing programs share. Kernel: `bpf_tracing_func_proto()`.
static TRACING_BASE: &[Tier] = &[Tier::Rows(TRACING_COMMON), Tier::Then(BASE)];
/// Kernel: `kprobe_prog_func_proto()`.
pub(super) static KPROBE: &[Tier] = &[Tier::Rows(KPROBE_ROWS), Tier::Then(TRACING_BASE)];
/// Kernel: `tp_prog_func_proto()`.
pub(super) static TRACEPOINT: &[Tier] = &[Tier::Rows(TRACEPOINT_ROWS), Tier::Then(TRACING_BASE)];
/// Kernel: `pe_prog_func_proto()`.
pub(super) static PERF_EVENT: &[Tier] = &[Tier::Rows(PERF_EVENT_ROWS), Tier::Then(TRACING_BASE)];
/// Kernel: `raw_tp_prog_func_proto()`.
pub(super) static RAW_TRACEPOINT: &[Tier] = &[Tier::Rows(RAW_TRACEPOINT_ROWS), Tier::Then(TRACING_BASE)];
/// Kernel: `tracing_prog_func_proto()`.
pub(super) static TRACING: &[Tier] = &[Tier::Rows(TRACING_ROWS), Tier::Open(ITERATOR_ROWS), Tier::Then(RAW_TRACEPOINT)];
/// Kernel: `bpf_lsm_func_proto()`.
pub(super) static LSM: &[Tier] =
    &[Tier::If(When::Attach(&[AttachType::LsmCgroup]), CGROUP_COMMON), Tier::Rows(LSM_ROWS), Tier::Then(TRACING)];
/// Kernel: `syscall_prog_func_proto()`.
pub(super) static SYSCALL: &[Tier] = &[Tier::Rows(SYSCALL_ROWS), Tier::Then(TRACING)];
/// struct_ops of TCP congestion control. Kernel: `bpf_tcp_ca_get_func_proto()`.
pub(super) static TCP_CONGESTION: &[Tier] = &[Tier::Rows(TCP_CONGESTION_ROWS), Tier::Then(BASE)];
/// struct_ops of schedulers. Kernel: `bpf_scx_get_func_proto()`.
pub(super) static SCHED_EXT: &[Tier] = &[Tier::Rows(SCHED_EXT_ROWS), Tier::Then(BASE)];

/// struct_ops of queueing disciplines. Kernel: `bpf_qdisc_get_func_proto()`.
pub(super) static QDISC: &[Tier] = &[Tier::Rows(&[on(TAIL_CALL, &map::TAIL_CALL).when(When::Never)]), Tier::Then(BASE)];

/// Rows of `bpf_tracing_func_proto()`. What moved to the base set in 6.16 stands behind CAP_PERFMON there, which programs
/// that make system calls can lack.
static TRACING_COMMON: &[Offer] = &[
    on(GET_NS_CURRENT_PID_TGID, &trace::GET_NS_CURRENT_PID_TGID).until(6, 10),
    on(MAP_LOOKUP_ELEM, &map::MAP_LOOKUP_ELEM),
    on(MAP_UPDATE_ELEM, &map::MAP_UPDATE_ELEM),
    on(MAP_DELETE_ELEM, &map::MAP_DELETE_ELEM),
    on(MAP_PUSH_ELEM, &map::MAP_PUSH_ELEM),
    on(MAP_POP_ELEM, &map::MAP_POP_ELEM),
    on(MAP_PEEK_ELEM, &map::MAP_PEEK_ELEM),
    on(MAP_LOOKUP_PERCPU_ELEM, &map::MAP_LOOKUP_PERCPU_ELEM),
    on(KTIME_GET_NS, &general::KTIME_GET_NS),
    on(KTIME_GET_BOOT_NS, &general::KTIME_GET_BOOT_NS),
    on(TAIL_CALL, &map::TAIL_CALL),
    on(GET_CURRENT_TASK, &trace::GET_CURRENT_TASK).until(6, 16),
    on(GET_CURRENT_TASK_BTF, &trace::GET_CURRENT_TASK_BTF).until(6, 16),
    on(TASK_PT_REGS, &trace::TASK_PT_REGS).until(6, 16),
    on(GET_CURRENT_UID_GID, &trace::GET_CURRENT_UID_GID),
    on(GET_CURRENT_PID_TGID, &trace::GET_CURRENT_PID_TGID).until(6, 10),
    on(GET_CURRENT_CGROUP_ID, &trace::GET_CURRENT_CGROUP_ID).until(6, 4),
    on(GET_CURRENT_ANCESTOR_CGROUP_ID, &trace::GET_CURRENT_ANCESTOR_CGROUP_ID).since(5, 15).until(6, 4),
    // What all programs may call was not for these at first.
    on(SPIN_LOCK, &general::SPIN_LOCK).when(When::Never).until(5, 15),
    on(SPIN_UNLOCK, &general::SPIN_UNLOCK).when(When::Never).until(5, 15),
    on(STRTOL, &general::STRTOL).when(When::Never).until(5, 15),
    on(STRTOUL, &general::STRTOUL).when(When::Never).until(5, 15),
    on(GET_CURRENT_COMM, &trace::GET_CURRENT_COMM).until(6, 16),
    on(TRACE_PRINTK, &trace::TRACE_PRINTK).until(6, 16),
    on(GET_SMP_PROCESSOR_ID, &general::GET_SMP_PROCESSOR_ID),
    on(GET_NUMA_NODE_ID, &general::GET_NUMA_NODE_ID),
    on(PERF_EVENT_READ, &trace::PERF_EVENT_READ).until(6, 16),
    on(GET_PRANDOM_U32, &general::GET_PRANDOM_U32),
    on(PROBE_WRITE_USER, &trace::PROBE_WRITE_USER).when(When::WriteUser),
    on(PROBE_READ_USER, &trace::PROBE_READ_USER).until(6, 16),
    on(PROBE_READ_KERNEL, &trace::PROBE_READ_KERNEL).until(6, 16),
    on(PROBE_READ_USER_STR, &trace::PROBE_READ_USER_STR).until(6, 16),
    on(PROBE_READ_KERNEL_STR, &trace::PROBE_READ_KERNEL_STR).until(6, 16),
    on(PROBE_READ, &trace::PROBE_READ_COMPAT),
    on(PROBE_READ_STR, &trace::PROBE_READ_COMPAT_STR),
    on(CGRP_STORAGE_GET, &storage::CGRP_STORAGE_GET),
    on(CGRP_STORAGE_DELETE, &storage::CGRP_STORAGE_DELETE),
    on(CURRENT_TASK_UNDER_CGROUP, &trace::CURRENT_TASK_UNDER_CGROUP),
    on(SEND_SIGNAL, &trace::SEND_SIGNAL).until(6, 16),
    on(SEND_SIGNAL_THREAD, &trace::SEND_SIGNAL_THREAD).until(6, 16),
    on(PERF_EVENT_READ_VALUE, &trace::PERF_EVENT_READ_VALUE).until(6, 16),
    on(RINGBUF_OUTPUT, &ringbuf::RINGBUF_OUTPUT),
    on(RINGBUF_RESERVE, &ringbuf::RINGBUF_RESERVE),
    on(RINGBUF_SUBMIT, &ringbuf::RINGBUF_SUBMIT),
    on(RINGBUF_DISCARD, &ringbuf::RINGBUF_DISCARD),
    on(RINGBUF_QUERY, &ringbuf::RINGBUF_QUERY),
    on(JIFFIES64, &general::JIFFIES64),
    on(GET_TASK_STACK, &trace::GET_TASK_STACK_SLEEPABLE).when(When::Sleepable).until(6, 16),
    on(GET_TASK_STACK, &trace::GET_TASK_STACK).until(6, 16),
    on(COPY_FROM_USER, &trace::COPY_FROM_USER).until(6, 16),
    on(COPY_FROM_USER_TASK, &trace::COPY_FROM_USER_TASK).until(6, 16),
    on(SNPRINTF_BTF, &trace::SNPRINTF_BTF).until(6, 16),
    on(PER_CPU_PTR, &general::PER_CPU_PTR),
    on(THIS_CPU_PTR, &general::THIS_CPU_PTR),
    on(TASK_STORAGE_GET, &storage::TASK_STORAGE_GET_RECUR).when(When::MayRecur),
    on(TASK_STORAGE_GET, &storage::TASK_STORAGE_GET),
    on(TASK_STORAGE_DELETE, &storage::TASK_STORAGE_DELETE_RECUR).when(When::MayRecur),
    on(TASK_STORAGE_DELETE, &storage::TASK_STORAGE_DELETE),
    on(FOR_EACH_MAP_ELEM, &map::FOR_EACH_MAP_ELEM),
    on(SNPRINTF, &general::SNPRINTF).until(6, 16),
    on(GET_FUNC_IP, &trace::GET_FUNC_IP_TRACING),
    on(GET_BRANCH_SNAPSHOT, &trace::GET_BRANCH_SNAPSHOT).until(6, 16),
    on(FIND_VMA, &trace::FIND_VMA).until(6, 16),
    on(TRACE_VPRINTK, &trace::TRACE_VPRINTK).until(6, 16),
];

/// Rows of kprobes and uprobes.
static KPROBE_ROWS: &[Offer] = &[
    on(PERF_EVENT_OUTPUT, &trace::PERF_EVENT_OUTPUT),
    on(GET_STACKID, &trace::GET_STACKID),
    on(GET_STACK, &trace::GET_STACK_SLEEPABLE).when(When::Sleepable),
    on(GET_STACK, &trace::GET_STACK),
    on(OVERRIDE_RETURN, &trace::OVERRIDE_RETURN).when(When::KprobeOverride),
    on(GET_FUNC_IP, &trace::GET_FUNC_IP_KPROBE_MULTI).when(When::KprobeMulti),
    on(GET_FUNC_IP, &trace::GET_FUNC_IP_UPROBE_MULTI).when(When::UprobeMulti),
    on(GET_FUNC_IP, &trace::GET_FUNC_IP_KPROBE),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_KMULTI).when(When::KprobeMulti),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_UMULTI).when(When::UprobeMulti),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_TRACE),
];

/// Rows of tracepoints.
static TRACEPOINT_ROWS: &[Offer] = &[
    on(PERF_EVENT_OUTPUT, &trace::PERF_EVENT_OUTPUT_TP),
    on(GET_STACKID, &trace::GET_STACKID_TP),
    on(GET_STACK, &trace::GET_STACK_TP),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_TRACE),
];

/// Rows of perf events.
static PERF_EVENT_ROWS: &[Offer] = &[
    on(PERF_EVENT_OUTPUT, &trace::PERF_EVENT_OUTPUT_TP),
    on(GET_STACKID, &trace::GET_STACKID_PE),
    on(GET_STACK, &trace::GET_STACK_PE),
    on(PERF_PROG_READ_VALUE, &trace::PERF_PROG_READ_VALUE),
    on(READ_BRANCH_RECORDS, &trace::READ_BRANCH_RECORDS),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_PE),
];

/// Rows of raw tracepoints.
static RAW_TRACEPOINT_ROWS: &[Offer] = &[
    on(PERF_EVENT_OUTPUT, &trace::PERF_EVENT_OUTPUT_RAW_TP),
    on(GET_STACKID, &trace::GET_STACKID_RAW_TP),
    on(GET_STACK, &trace::GET_STACK_RAW_TP),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_TRACING).since(6, 10),
];

/// Rows of programs that attach by BTF.
static TRACING_ROWS: &[Offer] = &[
    on(SKB_OUTPUT, &net::SKB_OUTPUT),
    on(XDP_OUTPUT, &net::XDP_OUTPUT),
    on(SKC_TO_TCP6_SOCK, &sock::SKC_TO_TCP6_SOCK),
    on(SKC_TO_TCP_SOCK, &sock::SKC_TO_TCP_SOCK),
    on(SKC_TO_TCP_TIMEWAIT_SOCK, &sock::SKC_TO_TCP_TIMEWAIT_SOCK),
    on(SKC_TO_TCP_REQUEST_SOCK, &sock::SKC_TO_TCP_REQUEST_SOCK),
    on(SKC_TO_UDP6_SOCK, &sock::SKC_TO_UDP6_SOCK),
    on(SKC_TO_UNIX_SOCK, &sock::SKC_TO_UNIX_SOCK),
    on(SKC_TO_MPTCP_SOCK, &sock::SKC_TO_MPTCP_SOCK),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET_TRACING).since(5, 11),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE_TRACING).since(5, 11),
    on(SOCK_FROM_FILE, &sock::SOCK_FROM_FILE),
    on(GET_SOCKET_COOKIE, &sock::GET_SOCKET_PTR_COOKIE).since(5, 12),
    on(XDP_GET_BUFF_LEN, &net::XDP_GET_BUFF_LEN_TRACE),
    on(SEQ_PRINTF, &trace::SEQ_PRINTF).when(When::Attach(&[AttachType::TraceIter])),
    on(SEQ_WRITE, &trace::SEQ_WRITE).when(When::Attach(&[AttachType::TraceIter])),
    on(SEQ_PRINTF_BTF, &trace::SEQ_PRINTF_BTF).when(When::Attach(&[AttachType::TraceIter])),
    on(D_PATH, &trace::D_PATH),
    on(GET_FUNC_ARG, &trace::GET_FUNC_ARG).when(When::Trampoline),
    on(GET_FUNC_RET, &trace::GET_FUNC_RET).when(When::Trampoline),
    on(GET_FUNC_ARG_CNT, &trace::GET_FUNC_ARG_CNT).when(When::Trampoline),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_TRACING).when(When::TypedRawTracepoint).since(6, 10),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE_TRACING).when(When::Trampoline).since(5, 19),
];

/// What single iterators add. Kernel: `bpf_iter_get_func_proto()`.
static ITERATOR_ROWS: &[Offer] = &[
    on(SETSOCKOPT, &sock::SK_SETSOCKOPT).when(When::Iterator(SOCKET_ITERATORS)).since(5, 15),
    on(GETSOCKOPT, &sock::SK_GETSOCKOPT).when(When::Iterator(SOCKET_ITERATORS)).since(5, 15),
];

/// Iterators whose sockets are locked while the program runs.
const SOCKET_ITERATORS: &[&str] = &["bpf_iter_tcp", "bpf_iter_unix"];

/// Rows of LSM hooks.
static LSM_ROWS: &[Offer] = &[
    on(INODE_STORAGE_GET, &storage::INODE_STORAGE_GET),
    on(INODE_STORAGE_DELETE, &storage::INODE_STORAGE_DELETE),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(SPIN_LOCK, &general::SPIN_LOCK),
    on(SPIN_UNLOCK, &general::SPIN_UNLOCK),
    on(BPRM_OPTS_SET, &trace::BPRM_OPTS_SET),
    on(IMA_INODE_HASH, &trace::IMA_INODE_HASH),
    on(IMA_FILE_HASH, &trace::IMA_FILE_HASH),
    on(GET_ATTACH_COOKIE, &trace::GET_ATTACH_COOKIE).when(When::Trampoline),
    on(SETSOCKOPT, &sock::SK_SETSOCKOPT).when(When::LockedSocketHook),
    on(SETSOCKOPT, &sock::UNLOCKED_SK_SETSOCKOPT).when(When::UnlockedSocketHook),
    on(GETSOCKOPT, &sock::SK_GETSOCKOPT).when(When::LockedSocketHook),
    on(GETSOCKOPT, &sock::UNLOCKED_SK_GETSOCKOPT).when(When::UnlockedSocketHook),
];

/// Rows of programs that make system calls.
static SYSCALL_ROWS: &[Offer] = &[
    on(SYS_BPF, &general::SYS_BPF).when(When::Has(Cap::Perfmon)),
    on(BTF_FIND_BY_NAME_KIND, &general::BTF_FIND_BY_NAME_KIND),
    on(SYS_CLOSE, &general::SYS_CLOSE),
    on(KALLSYMS_LOOKUP_NAME, &general::KALLSYMS_LOOKUP_NAME),
];

/// Rows of TCP congestion control. `release` runs when the algorithm goes, and must not allocate.
static TCP_CONGESTION_ROWS: &[Offer] = &[
    on(TCP_SEND_ACK, &sock::TCP_SEND_ACK),
    on(SK_STORAGE_GET, &storage::SK_STORAGE_GET),
    on(SK_STORAGE_DELETE, &storage::SK_STORAGE_DELETE),
    on(SETSOCKOPT, &sock::SK_SETSOCKOPT).when(When::NotMember("release")),
    on(GETSOCKOPT, &sock::SK_GETSOCKOPT).when(When::NotMember("release")),
    on(KTIME_GET_COARSE_NS, &general::KTIME_GET_COARSE_NS),
];

/// Rows of schedulers.
static SCHED_EXT_ROWS: &[Offer] =
    &[on(TASK_STORAGE_GET, &storage::TASK_STORAGE_GET), on(TASK_STORAGE_DELETE, &storage::TASK_STORAGE_DELETE)];
