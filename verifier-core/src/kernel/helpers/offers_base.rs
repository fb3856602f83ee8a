//! What every program may call, by capability.
//!
//! Answers for `bpf_base_func_proto()`: one list for all, one behind CAP_BPF, one behind CAP_PERFMON. Rows with `since`
//! came when helpers that only tracing programs had were offered to all, most with 6.16.

use super::id::*;
use super::offer::{Cap, Offer, Tier, When, on};
use super::{cgroup, general, map, ringbuf, storage, trace};

/// What any program may call.
pub(super) static BASE: &[Tier] = &[
    Tier::Rows(FOR_ALL),
    Tier::Needs(Cap::Bpf),
    Tier::Rows(WITH_BPF),
    Tier::Needs(Cap::Perfmon),
    Tier::Rows(WITH_PERFMON),
];

/// No capability needed.
static FOR_ALL: &[Offer] = &[
    on(MAP_LOOKUP_ELEM, &map::MAP_LOOKUP_ELEM),
    on(MAP_UPDATE_ELEM, &map::MAP_UPDATE_ELEM),
    on(MAP_DELETE_ELEM, &map::MAP_DELETE_ELEM),
    on(MAP_PUSH_ELEM, &map::MAP_PUSH_ELEM),
    on(MAP_POP_ELEM, &map::MAP_POP_ELEM),
    on(MAP_PEEK_ELEM, &map::MAP_PEEK_ELEM),
    on(MAP_LOOKUP_PERCPU_ELEM, &map::MAP_LOOKUP_PERCPU_ELEM),
    on(GET_PRANDOM_U32, &general::GET_PRANDOM_U32),
    on(GET_SMP_PROCESSOR_ID, &general::GET_RAW_SMP_PROCESSOR_ID),
    on(GET_NUMA_NODE_ID, &general::GET_NUMA_NODE_ID),
    on(TAIL_CALL, &map::TAIL_CALL),
    on(KTIME_GET_NS, &general::KTIME_GET_NS),
    on(KTIME_GET_BOOT_NS, &general::KTIME_GET_BOOT_NS),
    on(KTIME_GET_TAI_NS, &general::KTIME_GET_TAI_NS),
    on(RINGBUF_OUTPUT, &ringbuf::RINGBUF_OUTPUT),
    on(RINGBUF_RESERVE, &ringbuf::RINGBUF_RESERVE),
    on(RINGBUF_SUBMIT, &ringbuf::RINGBUF_SUBMIT),
    on(RINGBUF_DISCARD, &ringbuf::RINGBUF_DISCARD),
    on(RINGBUF_QUERY, &ringbuf::RINGBUF_QUERY),
    on(STRNCMP, &general::STRNCMP),
    on(STRTOL, &general::STRTOL).since(5, 13),
    on(STRTOUL, &general::STRTOUL).since(5, 13),
    on(GET_CURRENT_PID_TGID, &trace::GET_CURRENT_PID_TGID).since(6, 10),
    on(GET_NS_CURRENT_PID_TGID, &trace::GET_NS_CURRENT_PID_TGID).since(6, 10),
    on(GET_CURRENT_UID_GID, &trace::GET_CURRENT_UID_GID).since(6, 16),
];

/// Behind CAP_BPF.
static WITH_BPF: &[Offer] = &[
    on(SPIN_LOCK, &general::SPIN_LOCK),
    on(SPIN_UNLOCK, &general::SPIN_UNLOCK),
    on(JIFFIES64, &general::JIFFIES64),
    on(PER_CPU_PTR, &general::PER_CPU_PTR),
    on(THIS_CPU_PTR, &general::THIS_CPU_PTR),
    on(TIMER_INIT, &general::TIMER_INIT),
    on(TIMER_SET_CALLBACK, &general::TIMER_SET_CALLBACK),
    on(TIMER_START, &general::TIMER_START),
    on(TIMER_CANCEL, &general::TIMER_CANCEL),
    on(KPTR_XCHG, &general::KPTR_XCHG),
    on(FOR_EACH_MAP_ELEM, &map::FOR_EACH_MAP_ELEM),
    on(LOOP, &general::LOOP),
    on(USER_RINGBUF_DRAIN, &ringbuf::USER_RINGBUF_DRAIN),
    on(RINGBUF_RESERVE_DYNPTR, &ringbuf::RINGBUF_RESERVE_DYNPTR),
    on(RINGBUF_SUBMIT_DYNPTR, &ringbuf::RINGBUF_SUBMIT_DYNPTR),
    on(RINGBUF_DISCARD_DYNPTR, &ringbuf::RINGBUF_DISCARD_DYNPTR),
    on(DYNPTR_FROM_MEM, &ringbuf::DYNPTR_FROM_MEM),
    on(DYNPTR_READ, &ringbuf::DYNPTR_READ),
    on(DYNPTR_WRITE, &ringbuf::DYNPTR_WRITE),
    on(DYNPTR_DATA, &ringbuf::DYNPTR_DATA),
    on(CGRP_STORAGE_GET, &storage::CGRP_STORAGE_GET),
    on(CGRP_STORAGE_DELETE, &storage::CGRP_STORAGE_DELETE),
    on(GET_CURRENT_CGROUP_ID, &trace::GET_CURRENT_CGROUP_ID).since(6, 4),
    on(GET_CURRENT_ANCESTOR_CGROUP_ID, &trace::GET_CURRENT_ANCESTOR_CGROUP_ID).since(6, 4),
    on(CURRENT_TASK_UNDER_CGROUP, &trace::CURRENT_TASK_UNDER_CGROUP).since(6, 16),
    on(GET_CGROUP_CLASSID, &cgroup::GET_CGROUP_CLASSID_CURR).since(6, 16),
    on(TASK_STORAGE_GET, &storage::TASK_STORAGE_GET_RECUR).when(When::MayRecur).since(6, 16),
    on(TASK_STORAGE_GET, &storage::TASK_STORAGE_GET).since(6, 16),
    on(TASK_STORAGE_DELETE, &storage::TASK_STORAGE_DELETE_RECUR).when(When::MayRecur).since(6, 16),
    on(TASK_STORAGE_DELETE, &storage::TASK_STORAGE_DELETE).since(6, 16),
];

/// Behind CAP_PERFMON. Lockdown is not in force on the kernels we know.
static WITH_PERFMON: &[Offer] = &[
    on(TRACE_PRINTK, &trace::TRACE_PRINTK),
    on(GET_CURRENT_TASK, &trace::GET_CURRENT_TASK),
    on(GET_CURRENT_TASK_BTF, &trace::GET_CURRENT_TASK_BTF),
    on(PROBE_READ_USER, &trace::PROBE_READ_USER),
    on(PROBE_READ_KERNEL, &trace::PROBE_READ_KERNEL),
    on(PROBE_READ_USER_STR, &trace::PROBE_READ_USER_STR),
    on(PROBE_READ_KERNEL_STR, &trace::PROBE_READ_KERNEL_STR),
    on(SNPRINTF_BTF, &trace::SNPRINTF_BTF),
    on(SNPRINTF, &general::SNPRINTF),
    on(TASK_PT_REGS, &trace::TASK_PT_REGS),
    on(TRACE_VPRINTK, &trace::TRACE_VPRINTK),
    on(GET_CURRENT_COMM, &trace::GET_CURRENT_COMM).since(6, 16),
    on(COPY_FROM_USER, &trace::COPY_FROM_USER).since(6, 16),
    on(COPY_FROM_USER_TASK, &trace::COPY_FROM_USER_TASK).since(6, 16),
    on(PERF_EVENT_READ_VALUE, &trace::PERF_EVENT_READ_VALUE).since(6, 16),
    on(PERF_EVENT_READ, &trace::PERF_EVENT_READ).since(6, 16),
    on(SEND_SIGNAL, &trace::SEND_SIGNAL).since(6, 16),
    on(SEND_SIGNAL_THREAD, &trace::SEND_SIGNAL_THREAD).since(6, 16),
    on(GET_TASK_STACK, &trace::GET_TASK_STACK_SLEEPABLE).when(When::Sleepable).since(6, 16),
    on(GET_TASK_STACK, &trace::GET_TASK_STACK).since(6, 16),
    on(GET_BRANCH_SNAPSHOT, &trace::GET_BRANCH_SNAPSHOT).since(6, 16),
    on(FIND_VMA, &trace::FIND_VMA).since(6, 16),
];
