//! Prototypes that a later release changed.
//!
//! Each row replaces the row of the same prototype from the named release on. Most changes of 6.18 are about which
//! memory a helper reads or writes. In two points 6.18.44 is the older one, because 6.12.117 has repairs that it lacks:
//! which helpers sleep, and that `bpf_loop()` counts a number.

use super::proto::*;
use super::{cgroup, general, net, sock, trace};
use crate::kernel::call::FuncProto;
use crate::kernel::history::KernelVersion;

protos! {
    BTF_FIND_BY_NAME_KIND = "bpf_btf_find_by_name_kind_proto"(MEM_IN, SIZE, ANY, ANY) -> INT;
    D_PATH = "bpf_d_path_proto"(btf("path"), MEM_INOUT, SIZE0) -> INT, d_path;
    GET_STACK_RAW_TP = "bpf_get_stack_proto_raw_tp"(CTX, MEM_OUT, SIZE0, ANY) -> INT, gpl;
    GET_STACK_SLEEPABLE = "bpf_get_stack_sleepable_proto"(CTX, MEM_OUT, SIZE0, ANY) -> INT, gpl;
    GET_TASK_STACK_SLEEPABLE = "bpf_get_task_stack_sleepable_proto"(btf("task_struct"), MEM_OUT, SIZE0, ANY) -> INT;
    KALLSYMS_LOOKUP_NAME = "bpf_kallsyms_lookup_name_proto"(MEM_IN, SIZE0, ANY, fixed_out(8)) -> INT;
    LOOP = "bpf_loop_proto"(ANY, FUNC, STACK_OR_NULL, ANY) -> INT;
    SKB_CHECK_MTU_OUT = "bpf_skb_check_mtu_proto"(CTX, ANY, fixed_out(4), ANY, ANY) -> INT, gpl;
    XDP_CHECK_MTU_OUT = "bpf_xdp_check_mtu_proto"(CTX, ANY, fixed_out(4), ANY, ANY) -> INT, gpl;
    READ_BRANCH_RECORDS = "bpf_read_branch_records_proto"(CTX, MEM_INOUT_OR_NULL, SIZE0, ANY) -> INT, gpl;
    SKB_FIB_LOOKUP = "bpf_skb_fib_lookup_proto"(CTX, MEM_INOUT, SIZE, ANY) -> INT, gpl;
    SNPRINTF_BTF = "bpf_snprintf_btf_proto"(MEM_INOUT, SIZE, MEM_IN, SIZE, ANY) -> INT;
    SNPRINTF = "bpf_snprintf_proto"(MEM_INOUT_OR_NULL, SIZE0, STR, MEM_IN_OR_NULL, SIZE0) -> INT, gpl;
    SYS_BPF = "bpf_sys_bpf_proto"(ANY, MEM_IN, SIZE) -> INT;
    SYS_CLOSE = "bpf_sys_close_proto"(ANY) -> INT;
    SYSCTL_GET_NAME = "bpf_sysctl_get_name_proto"(CTX, MEM_INOUT, SIZE, ANY) -> INT;
    TCP_RAW_CHECK_SYNCOOKIE_IPV4 = "bpf_tcp_raw_check_syncookie_ipv4_proto"(fixed_in(20), fixed_in(20)) -> INT, gpl, pkt;
    TCP_RAW_CHECK_SYNCOOKIE_IPV6 = "bpf_tcp_raw_check_syncookie_ipv6_proto"(fixed_in(40), fixed_in(20)) -> INT, gpl, pkt;
    TCP_RAW_GEN_SYNCOOKIE_IPV4 = "bpf_tcp_raw_gen_syncookie_ipv4_proto"(fixed_in(20), MEM_IN, SIZE0) -> INT, gpl, pkt;
    TCP_RAW_GEN_SYNCOOKIE_IPV6 = "bpf_tcp_raw_gen_syncookie_ipv6_proto"(fixed_in(40), MEM_IN, SIZE0) -> INT, gpl, pkt;
    XDP_FIB_LOOKUP = "bpf_xdp_fib_lookup_proto"(CTX, MEM_INOUT, SIZE, ANY) -> INT, gpl;
}

const V6_1: KernelVersion = KernelVersion::new(6, 1);
const V6_12: KernelVersion = KernelVersion::new(6, 12);
const V6_18: KernelVersion = KernelVersion::new(6, 18);
const V7_3: KernelVersion = KernelVersion::new(7, 3);

/// First release, the row it replaces, the row that holds from then on.
pub(super) static REVISED: &[(KernelVersion, &FuncProto, &FuncProto)] = &[
    // In stable releases of 6.1 (measured on 6.1.192), these fill what they are given; from 6.12 on, they read it first.
    (V6_1, &net::SKB_CHECK_MTU, &SKB_CHECK_MTU_OUT),
    (V6_1, &net::XDP_CHECK_MTU, &XDP_CHECK_MTU_OUT),
    (V6_12, &net::SKB_CHECK_MTU, &net::SKB_CHECK_MTU),
    (V6_12, &net::XDP_CHECK_MTU, &net::XDP_CHECK_MTU),
    (V6_18, &general::BTF_FIND_BY_NAME_KIND, &BTF_FIND_BY_NAME_KIND),
    (V6_18, &trace::D_PATH, &D_PATH),
    (V6_18, &trace::GET_STACK_RAW_TP, &GET_STACK_RAW_TP),
    (V6_18, &trace::GET_STACK_SLEEPABLE, &GET_STACK_SLEEPABLE),
    (V6_18, &trace::GET_TASK_STACK_SLEEPABLE, &GET_TASK_STACK_SLEEPABLE),
    (V6_18, &general::KALLSYMS_LOOKUP_NAME, &KALLSYMS_LOOKUP_NAME),
    (V6_18, &general::LOOP, &LOOP),
    (V6_18, &trace::READ_BRANCH_RECORDS, &READ_BRANCH_RECORDS),
    (V6_18, &net::SKB_FIB_LOOKUP, &SKB_FIB_LOOKUP),
    (V6_18, &trace::SNPRINTF_BTF, &SNPRINTF_BTF),
    (V6_18, &general::SNPRINTF, &SNPRINTF),
    (V6_18, &general::SYS_BPF, &SYS_BPF),
    (V6_18, &general::SYS_CLOSE, &SYS_CLOSE),
    (V6_18, &cgroup::SYSCTL_GET_NAME, &SYSCTL_GET_NAME),
    (V6_18, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV4, &TCP_RAW_CHECK_SYNCOOKIE_IPV4),
    (V6_18, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV6, &TCP_RAW_CHECK_SYNCOOKIE_IPV6),
    (V6_18, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV4, &TCP_RAW_GEN_SYNCOOKIE_IPV4),
    (V6_18, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV6, &TCP_RAW_GEN_SYNCOOKIE_IPV6),
    (V6_18, &net::XDP_FIB_LOOKUP, &XDP_FIB_LOOKUP),
    // As in stable releases of 6.12 (measured on 7.3.4).
    (V7_3, &general::LOOP, &general::LOOP),
];
