//! Prototypes: tracing, tasks, stacks, probe reads and LSM hooks.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    BPRM_OPTS_SET = "bpf_bprm_opts_set_proto"(btf("linux_binprm"), ANY) -> INT;
    IMA_INODE_HASH = "bpf_ima_inode_hash_proto"(btf("inode"), MEM_OUT, SIZE) -> INT, sleeps, sleepable_hook;
    IMA_FILE_HASH = "bpf_ima_file_hash_proto"(btf("file"), MEM_OUT, SIZE) -> INT, sleeps, sleepable_hook;
    GET_ATTACH_COOKIE = "bpf_get_attach_cookie_proto"(CTX) -> INT;
    GET_CURRENT_PID_TGID = "bpf_get_current_pid_tgid_proto"() -> INT;
    GET_CURRENT_UID_GID = "bpf_get_current_uid_gid_proto"() -> INT;
    GET_CURRENT_COMM = "bpf_get_current_comm_proto"(MEM_OUT, SIZE) -> INT;
    GET_CURRENT_CGROUP_ID = "bpf_get_current_cgroup_id_proto"() -> INT;
    GET_CURRENT_ANCESTOR_CGROUP_ID = "bpf_get_current_ancestor_cgroup_id_proto"(ANY) -> INT;
    GET_NS_CURRENT_PID_TGID = "bpf_get_ns_current_pid_tgid_proto"(ANY, ANY, MEM_OUT, SIZE) -> INT;
    COPY_FROM_USER = "bpf_copy_from_user_proto"(MEM_OUT, SIZE0, ANY) -> INT, sleeps;
    COPY_FROM_USER_TASK = "bpf_copy_from_user_task_proto"(MEM_OUT, SIZE0, ANY, btf("task_struct"), ANY) -> INT, gpl, sleeps;
    CURRENT_TASK_UNDER_CGROUP = "bpf_current_task_under_cgroup_proto"(MAP, ANY) -> INT;
    GET_STACKID = "bpf_get_stackid_proto"(CTX, MAP, ANY) -> INT, gpl;
    GET_STACKID_PE = "bpf_get_stackid_proto_pe"(CTX, MAP, ANY) -> INT;
    GET_STACK = "bpf_get_stack_proto"(CTX, MEM_OUT, SIZE0, ANY) -> INT, gpl;
    GET_STACK_SLEEPABLE = "bpf_get_stack_sleepable_proto"(CTX, MEM_OUT, SIZE0, ANY) -> INT, gpl;
    GET_TASK_STACK = "bpf_get_task_stack_proto"(btf("task_struct"), MEM_OUT, SIZE0, ANY) -> INT;
    GET_TASK_STACK_SLEEPABLE = "bpf_get_task_stack_sleepable_proto"(btf("task_struct"), MEM_OUT, SIZE0, ANY) -> INT;
    GET_STACK_PE = "bpf_get_stack_proto_pe"(CTX, MEM_OUT, SIZE0, ANY) -> INT, gpl;
    FIND_VMA = "bpf_find_vma_proto"(btf("task_struct"), ANY, FUNC, STACK_OR_NULL, ANY) -> INT;
    OVERRIDE_RETURN = "bpf_override_return_proto"(CTX, ANY) -> INT, gpl;
    PROBE_READ_USER = "bpf_probe_read_user_proto"(MEM_OUT, SIZE0, ANY) -> INT, gpl;
    PROBE_READ_USER_STR = "bpf_probe_read_user_str_proto"(MEM_OUT, SIZE0, ANY) -> INT, gpl;
    PROBE_READ_KERNEL = "bpf_probe_read_kernel_proto"(MEM_OUT, SIZE0, ANY) -> INT, gpl;
    PROBE_READ_KERNEL_STR = "bpf_probe_read_kernel_str_proto"(MEM_OUT, SIZE0, ANY) -> INT, gpl;
    PROBE_READ_COMPAT = "bpf_probe_read_compat_proto"(MEM_OUT, SIZE0, ANY) -> INT, gpl;
    PROBE_READ_COMPAT_STR = "bpf_probe_read_compat_str_proto"(MEM_OUT, SIZE0, ANY) -> INT, gpl;
    PROBE_WRITE_USER = "bpf_probe_write_user_proto"(ANY, MEM_IN, SIZE) -> INT, gpl;
    TRACE_PRINTK = "bpf_trace_printk_proto"(MEM_IN, SIZE) -> INT, gpl;
    TRACE_VPRINTK = "bpf_trace_vprintk_proto"(MEM_IN, SIZE, MEM_IN_OR_NULL, SIZE0) -> INT, gpl;
    SEQ_PRINTF = "bpf_seq_printf_proto"(btf("seq_file"), MEM_IN, SIZE, MEM_IN_OR_NULL, SIZE0) -> INT, gpl;
    SEQ_WRITE = "bpf_seq_write_proto"(btf("seq_file"), MEM_IN, SIZE0) -> INT, gpl;
    SEQ_PRINTF_BTF = "bpf_seq_printf_btf_proto"(btf("seq_file"), MEM_IN, SIZE0, ANY) -> INT, gpl;
    PERF_EVENT_READ = "bpf_perf_event_read_proto"(MAP, ANY) -> INT, gpl;
    PERF_EVENT_READ_VALUE = "bpf_perf_event_read_value_proto"(MAP, ANY, MEM_OUT, SIZE) -> INT, gpl;
    PERF_EVENT_OUTPUT = "bpf_perf_event_output_proto"(CTX, MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    GET_CURRENT_TASK = "bpf_get_current_task_proto"() -> INT, gpl;
    GET_CURRENT_TASK_BTF = "bpf_get_current_task_btf_proto"() -> ret_btf_trusted("task_struct"), gpl;
    TASK_PT_REGS = "bpf_task_pt_regs_proto"(btf("task_struct")) -> ret_btf("pt_regs"), gpl;
    SEND_SIGNAL = "bpf_send_signal_proto"(ANY) -> INT;
    SEND_SIGNAL_THREAD = "bpf_send_signal_thread_proto"(ANY) -> INT;
    D_PATH = "bpf_d_path_proto"(btf("path"), MEM, SIZE0) -> INT, d_path;
    SNPRINTF_BTF = "bpf_snprintf_btf_proto"(MEM, SIZE, MEM_IN, SIZE, ANY) -> INT;
    GET_FUNC_IP_TRACING = "bpf_get_func_ip_proto_tracing"(CTX) -> INT, gpl;
    GET_FUNC_IP_KPROBE = "bpf_get_func_ip_proto_kprobe"(CTX) -> INT, gpl;
    GET_FUNC_IP_KPROBE_MULTI = "bpf_get_func_ip_proto_kprobe_multi"(CTX) -> INT;
    GET_ATTACH_COOKIE_KMULTI = "bpf_get_attach_cookie_proto_kmulti"(CTX) -> INT;
    GET_FUNC_IP_UPROBE_MULTI = "bpf_get_func_ip_proto_uprobe_multi"(CTX) -> INT;
    GET_ATTACH_COOKIE_UMULTI = "bpf_get_attach_cookie_proto_umulti"(CTX) -> INT;
    GET_ATTACH_COOKIE_TRACE = "bpf_get_attach_cookie_proto_trace"(CTX) -> INT;
    GET_ATTACH_COOKIE_PE = "bpf_get_attach_cookie_proto_pe"(CTX) -> INT;
    GET_ATTACH_COOKIE_TRACING = "bpf_get_attach_cookie_proto_tracing"(CTX) -> INT;
    GET_BRANCH_SNAPSHOT = "bpf_get_branch_snapshot_proto"(MEM_OUT, SIZE0) -> INT, gpl;
    GET_FUNC_ARG = "bpf_get_func_arg_proto"(CTX, ANY, fixed_out(8)) -> INT;
    GET_FUNC_RET = "bpf_get_func_ret_proto"(CTX, fixed_out(8)) -> INT;
    GET_FUNC_ARG_CNT = "bpf_get_func_arg_cnt_proto"(CTX) -> INT;
    PERF_EVENT_OUTPUT_TP = "bpf_perf_event_output_proto_tp"(CTX, MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    GET_STACKID_TP = "bpf_get_stackid_proto_tp"(CTX, MAP, ANY) -> INT, gpl;
    GET_STACK_TP = "bpf_get_stack_proto_tp"(CTX, MEM_OUT, SIZE0, ANY) -> INT, gpl;
    PERF_PROG_READ_VALUE = "bpf_perf_prog_read_value_proto"(CTX, MEM_OUT, SIZE) -> INT, gpl;
    READ_BRANCH_RECORDS = "bpf_read_branch_records_proto"(CTX, MEM_OR_NULL, SIZE0, ANY) -> INT, gpl;
    PERF_EVENT_OUTPUT_RAW_TP = "bpf_perf_event_output_proto_raw_tp"(CTX, MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    GET_STACKID_RAW_TP = "bpf_get_stackid_proto_raw_tp"(CTX, MAP, ANY) -> INT, gpl;
    GET_STACK_RAW_TP = "bpf_get_stack_proto_raw_tp"(CTX, MEM_IN, SIZE0, ANY) -> INT, gpl;
}
