//! Prototypes: time, numbers, strings, locks, timers, kptrs, loops and system calls: what is not tied to a kind of program.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    LOOP = "bpf_loop_proto"(SCALAR, FUNC, STACK_OR_NULL, ANY) -> INT;
    BTF_FIND_BY_NAME_KIND = "bpf_btf_find_by_name_kind_proto"(MEM_IN, SIZE, ANY, ANY) -> INT, sleeps;
    GET_PRANDOM_U32 = "bpf_get_prandom_u32_proto"() -> INT;
    GET_SMP_PROCESSOR_ID = "bpf_get_smp_processor_id_proto"() -> INT, fastcall;
    GET_NUMA_NODE_ID = "bpf_get_numa_node_id_proto"() -> INT;
    KTIME_GET_NS = "bpf_ktime_get_ns_proto"() -> INT;
    KTIME_GET_BOOT_NS = "bpf_ktime_get_boot_ns_proto"() -> INT;
    KTIME_GET_COARSE_NS = "bpf_ktime_get_coarse_ns_proto"() -> INT;
    KTIME_GET_TAI_NS = "bpf_ktime_get_tai_ns_proto"() -> INT;
    SPIN_LOCK = "bpf_spin_lock_proto"(LOCK) -> VOID;
    SPIN_UNLOCK = "bpf_spin_unlock_proto"(LOCK) -> VOID;
    JIFFIES64 = "bpf_jiffies64_proto"() -> INT;
    STRTOL = "bpf_strtol_proto"(MEM_IN, SIZE, ANY, fixed_out(8)) -> INT;
    STRTOUL = "bpf_strtoul_proto"(MEM_IN, SIZE, ANY, fixed_out(8)) -> INT;
    STRNCMP = "bpf_strncmp_proto"(MEM_IN, SIZE, STR) -> INT;
    GET_RAW_SMP_PROCESSOR_ID = "bpf_get_raw_smp_processor_id_proto"() -> INT;
    PER_CPU_PTR = "bpf_per_cpu_ptr_proto"(PERCPU, ANY) -> PERCPU_VALUE_OR_NULL;
    THIS_CPU_PTR = "bpf_this_cpu_ptr_proto"(PERCPU) -> PERCPU_VALUE;
    SNPRINTF = "bpf_snprintf_proto"(MEM_OR_NULL, SIZE0, STR, MEM_IN_OR_NULL, SIZE0) -> INT, gpl;
    TIMER_INIT = "bpf_timer_init_proto"(TIMER, MAP, ANY) -> INT, gpl;
    TIMER_SET_CALLBACK = "bpf_timer_set_callback_proto"(TIMER, FUNC) -> INT, gpl;
    TIMER_START = "bpf_timer_start_proto"(TIMER, ANY, ANY) -> INT, gpl;
    TIMER_CANCEL = "bpf_timer_cancel_proto"(TIMER) -> INT, gpl;
    KPTR_XCHG = "bpf_kptr_xchg_proto"(KPTR_DEST, KPTR_RELEASE) -> ret_btf_or_null(POISON);
    SYS_BPF = "bpf_sys_bpf_proto"(ANY, MEM_IN, SIZE) -> INT, sleeps;
    SYS_CLOSE = "bpf_sys_close_proto"(ANY) -> INT, sleeps;
    KALLSYMS_LOOKUP_NAME = "bpf_kallsyms_lookup_name_proto"(MEM, SIZE0, ANY, fixed_out(8)) -> INT;
}
