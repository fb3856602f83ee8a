//! Numbers and names of helpers, and the release that brought each.
//!
//! Answers for `enum bpf_func_id` and `func_id_name()`. Numbers are part of the kernel's interface: they never change,
//! and a new helper takes the next one, so that the last number tells which helpers a release has. None was added
//! since 6.2; newer functions are kfuncs.

use crate::kernel::history::KernelVersion;

macro_rules! helpers {
    ($($num:literal $name:ident $konst:ident;)*) => {
        $(
            #[doc = concat!("`bpf_", stringify!($name), "()`")]
            pub const $konst: u32 = $num;
        )*
        /// Names by number; the number is the index.
        pub(super) const NAMES: &[&str] = &[$(concat!("bpf_", stringify!($name))),*];
        #[cfg(test)]
        const NUMBERS: &[u32] = &[$($num),*];
    };
}

helpers! {
    0 unspec UNSPEC;
    1 map_lookup_elem MAP_LOOKUP_ELEM;
    2 map_update_elem MAP_UPDATE_ELEM;
    3 map_delete_elem MAP_DELETE_ELEM;
    4 probe_read PROBE_READ;
    5 ktime_get_ns KTIME_GET_NS;
    6 trace_printk TRACE_PRINTK;
    7 get_prandom_u32 GET_PRANDOM_U32;
    8 get_smp_processor_id GET_SMP_PROCESSOR_ID;
    9 skb_store_bytes SKB_STORE_BYTES;
    10 l3_csum_replace L3_CSUM_REPLACE;
    11 l4_csum_replace L4_CSUM_REPLACE;
    12 tail_call TAIL_CALL;
    13 clone_redirect CLONE_REDIRECT;
    14 get_current_pid_tgid GET_CURRENT_PID_TGID;
    15 get_current_uid_gid GET_CURRENT_UID_GID;
    16 get_current_comm GET_CURRENT_COMM;
    17 get_cgroup_classid GET_CGROUP_CLASSID;
    18 skb_vlan_push SKB_VLAN_PUSH;
    19 skb_vlan_pop SKB_VLAN_POP;
    20 skb_get_tunnel_key SKB_GET_TUNNEL_KEY;
    21 skb_set_tunnel_key SKB_SET_TUNNEL_KEY;
    22 perf_event_read PERF_EVENT_READ;
    23 redirect REDIRECT;
    24 get_route_realm GET_ROUTE_REALM;
    25 perf_event_output PERF_EVENT_OUTPUT;
    26 skb_load_bytes SKB_LOAD_BYTES;
    27 get_stackid GET_STACKID;
    28 csum_diff CSUM_DIFF;
    29 skb_get_tunnel_opt SKB_GET_TUNNEL_OPT;
    30 skb_set_tunnel_opt SKB_SET_TUNNEL_OPT;
    31 skb_change_proto SKB_CHANGE_PROTO;
    32 skb_change_type SKB_CHANGE_TYPE;
    33 skb_under_cgroup SKB_UNDER_CGROUP;
    34 get_hash_recalc GET_HASH_RECALC;
    35 get_current_task GET_CURRENT_TASK;
    36 probe_write_user PROBE_WRITE_USER;
    37 current_task_under_cgroup CURRENT_TASK_UNDER_CGROUP;
    38 skb_change_tail SKB_CHANGE_TAIL;
    39 skb_pull_data SKB_PULL_DATA;
    40 csum_update CSUM_UPDATE;
    41 set_hash_invalid SET_HASH_INVALID;
    42 get_numa_node_id GET_NUMA_NODE_ID;
    43 skb_change_head SKB_CHANGE_HEAD;
    44 xdp_adjust_head XDP_ADJUST_HEAD;
    45 probe_read_str PROBE_READ_STR;
    46 get_socket_cookie GET_SOCKET_COOKIE;
    47 get_socket_uid GET_SOCKET_UID;
    48 set_hash SET_HASH;
    49 setsockopt SETSOCKOPT;
    50 skb_adjust_room SKB_ADJUST_ROOM;
    51 redirect_map REDIRECT_MAP;
    52 sk_redirect_map SK_REDIRECT_MAP;
    53 sock_map_update SOCK_MAP_UPDATE;
    54 xdp_adjust_meta XDP_ADJUST_META;
    55 perf_event_read_value PERF_EVENT_READ_VALUE;
    56 perf_prog_read_value PERF_PROG_READ_VALUE;
    57 getsockopt GETSOCKOPT;
    58 override_return OVERRIDE_RETURN;
    59 sock_ops_cb_flags_set SOCK_OPS_CB_FLAGS_SET;
    60 msg_redirect_map MSG_REDIRECT_MAP;
    61 msg_apply_bytes MSG_APPLY_BYTES;
    62 msg_cork_bytes MSG_CORK_BYTES;
    63 msg_pull_data MSG_PULL_DATA;
    64 bind BIND;
    65 xdp_adjust_tail XDP_ADJUST_TAIL;
    66 skb_get_xfrm_state SKB_GET_XFRM_STATE;
    67 get_stack GET_STACK;
    68 skb_load_bytes_relative SKB_LOAD_BYTES_RELATIVE;
    69 fib_lookup FIB_LOOKUP;
    70 sock_hash_update SOCK_HASH_UPDATE;
    71 msg_redirect_hash MSG_REDIRECT_HASH;
    72 sk_redirect_hash SK_REDIRECT_HASH;
    73 lwt_push_encap LWT_PUSH_ENCAP;
    74 lwt_seg6_store_bytes LWT_SEG6_STORE_BYTES;
    75 lwt_seg6_adjust_srh LWT_SEG6_ADJUST_SRH;
    76 lwt_seg6_action LWT_SEG6_ACTION;
    77 rc_repeat RC_REPEAT;
    78 rc_keydown RC_KEYDOWN;
    79 skb_cgroup_id SKB_CGROUP_ID;
    80 get_current_cgroup_id GET_CURRENT_CGROUP_ID;
    81 get_local_storage GET_LOCAL_STORAGE;
    82 sk_select_reuseport SK_SELECT_REUSEPORT;
    83 skb_ancestor_cgroup_id SKB_ANCESTOR_CGROUP_ID;
    84 sk_lookup_tcp SK_LOOKUP_TCP;
    85 sk_lookup_udp SK_LOOKUP_UDP;
    86 sk_release SK_RELEASE;
    87 map_push_elem MAP_PUSH_ELEM;
    88 map_pop_elem MAP_POP_ELEM;
    89 map_peek_elem MAP_PEEK_ELEM;
    90 msg_push_data MSG_PUSH_DATA;
    91 msg_pop_data MSG_POP_DATA;
    92 rc_pointer_rel RC_POINTER_REL;
    93 spin_lock SPIN_LOCK;
    94 spin_unlock SPIN_UNLOCK;
    95 sk_fullsock SK_FULLSOCK;
    96 tcp_sock TCP_SOCK;
    97 skb_ecn_set_ce SKB_ECN_SET_CE;
    98 get_listener_sock GET_LISTENER_SOCK;
    99 skc_lookup_tcp SKC_LOOKUP_TCP;
    100 tcp_check_syncookie TCP_CHECK_SYNCOOKIE;
    101 sysctl_get_name SYSCTL_GET_NAME;
    102 sysctl_get_current_value SYSCTL_GET_CURRENT_VALUE;
    103 sysctl_get_new_value SYSCTL_GET_NEW_VALUE;
    104 sysctl_set_new_value SYSCTL_SET_NEW_VALUE;
    105 strtol STRTOL;
    106 strtoul STRTOUL;
    107 sk_storage_get SK_STORAGE_GET;
    108 sk_storage_delete SK_STORAGE_DELETE;
    109 send_signal SEND_SIGNAL;
    110 tcp_gen_syncookie TCP_GEN_SYNCOOKIE;
    111 skb_output SKB_OUTPUT;
    112 probe_read_user PROBE_READ_USER;
    113 probe_read_kernel PROBE_READ_KERNEL;
    114 probe_read_user_str PROBE_READ_USER_STR;
    115 probe_read_kernel_str PROBE_READ_KERNEL_STR;
    116 tcp_send_ack TCP_SEND_ACK;
    117 send_signal_thread SEND_SIGNAL_THREAD;
    118 jiffies64 JIFFIES64;
    119 read_branch_records READ_BRANCH_RECORDS;
    120 get_ns_current_pid_tgid GET_NS_CURRENT_PID_TGID;
    121 xdp_output XDP_OUTPUT;
    122 get_netns_cookie GET_NETNS_COOKIE;
    123 get_current_ancestor_cgroup_id GET_CURRENT_ANCESTOR_CGROUP_ID;
    124 sk_assign SK_ASSIGN;
    125 ktime_get_boot_ns KTIME_GET_BOOT_NS;
    126 seq_printf SEQ_PRINTF;
    127 seq_write SEQ_WRITE;
    128 sk_cgroup_id SK_CGROUP_ID;
    129 sk_ancestor_cgroup_id SK_ANCESTOR_CGROUP_ID;
    130 ringbuf_output RINGBUF_OUTPUT;
    131 ringbuf_reserve RINGBUF_RESERVE;
    132 ringbuf_submit RINGBUF_SUBMIT;
    133 ringbuf_discard RINGBUF_DISCARD;
    134 ringbuf_query RINGBUF_QUERY;
    135 csum_level CSUM_LEVEL;
    136 skc_to_tcp6_sock SKC_TO_TCP6_SOCK;
    137 skc_to_tcp_sock SKC_TO_TCP_SOCK;
    138 skc_to_tcp_timewait_sock SKC_TO_TCP_TIMEWAIT_SOCK;
    139 skc_to_tcp_request_sock SKC_TO_TCP_REQUEST_SOCK;
    140 skc_to_udp6_sock SKC_TO_UDP6_SOCK;
    141 get_task_stack GET_TASK_STACK;
    142 load_hdr_opt LOAD_HDR_OPT;
    143 store_hdr_opt STORE_HDR_OPT;
    144 reserve_hdr_opt RESERVE_HDR_OPT;
    145 inode_storage_get INODE_STORAGE_GET;
    146 inode_storage_delete INODE_STORAGE_DELETE;
    147 d_path D_PATH;
    148 copy_from_user COPY_FROM_USER;
    149 snprintf_btf SNPRINTF_BTF;
    150 seq_printf_btf SEQ_PRINTF_BTF;
    151 skb_cgroup_classid SKB_CGROUP_CLASSID;
    152 redirect_neigh REDIRECT_NEIGH;
    153 per_cpu_ptr PER_CPU_PTR;
    154 this_cpu_ptr THIS_CPU_PTR;
    155 redirect_peer REDIRECT_PEER;
    156 task_storage_get TASK_STORAGE_GET;
    157 task_storage_delete TASK_STORAGE_DELETE;
    158 get_current_task_btf GET_CURRENT_TASK_BTF;
    159 bprm_opts_set BPRM_OPTS_SET;
    160 ktime_get_coarse_ns KTIME_GET_COARSE_NS;
    161 ima_inode_hash IMA_INODE_HASH;
    162 sock_from_file SOCK_FROM_FILE;
    163 check_mtu CHECK_MTU;
    164 for_each_map_elem FOR_EACH_MAP_ELEM;
    165 snprintf SNPRINTF;
    166 sys_bpf SYS_BPF;
    167 btf_find_by_name_kind BTF_FIND_BY_NAME_KIND;
    168 sys_close SYS_CLOSE;
    169 timer_init TIMER_INIT;
    170 timer_set_callback TIMER_SET_CALLBACK;
    171 timer_start TIMER_START;
    172 timer_cancel TIMER_CANCEL;
    173 get_func_ip GET_FUNC_IP;
    174 get_attach_cookie GET_ATTACH_COOKIE;
    175 task_pt_regs TASK_PT_REGS;
    176 get_branch_snapshot GET_BRANCH_SNAPSHOT;
    177 trace_vprintk TRACE_VPRINTK;
    178 skc_to_unix_sock SKC_TO_UNIX_SOCK;
    179 kallsyms_lookup_name KALLSYMS_LOOKUP_NAME;
    180 find_vma FIND_VMA;
    181 loop LOOP;
    182 strncmp STRNCMP;
    183 get_func_arg GET_FUNC_ARG;
    184 get_func_ret GET_FUNC_RET;
    185 get_func_arg_cnt GET_FUNC_ARG_CNT;
    186 get_retval GET_RETVAL;
    187 set_retval SET_RETVAL;
    188 xdp_get_buff_len XDP_GET_BUFF_LEN;
    189 xdp_load_bytes XDP_LOAD_BYTES;
    190 xdp_store_bytes XDP_STORE_BYTES;
    191 copy_from_user_task COPY_FROM_USER_TASK;
    192 skb_set_tstamp SKB_SET_TSTAMP;
    193 ima_file_hash IMA_FILE_HASH;
    194 kptr_xchg KPTR_XCHG;
    195 map_lookup_percpu_elem MAP_LOOKUP_PERCPU_ELEM;
    196 skc_to_mptcp_sock SKC_TO_MPTCP_SOCK;
    197 dynptr_from_mem DYNPTR_FROM_MEM;
    198 ringbuf_reserve_dynptr RINGBUF_RESERVE_DYNPTR;
    199 ringbuf_submit_dynptr RINGBUF_SUBMIT_DYNPTR;
    200 ringbuf_discard_dynptr RINGBUF_DISCARD_DYNPTR;
    201 dynptr_read DYNPTR_READ;
    202 dynptr_write DYNPTR_WRITE;
    203 dynptr_data DYNPTR_DATA;
    204 tcp_raw_gen_syncookie_ipv4 TCP_RAW_GEN_SYNCOOKIE_IPV4;
    205 tcp_raw_gen_syncookie_ipv6 TCP_RAW_GEN_SYNCOOKIE_IPV6;
    206 tcp_raw_check_syncookie_ipv4 TCP_RAW_CHECK_SYNCOOKIE_IPV4;
    207 tcp_raw_check_syncookie_ipv6 TCP_RAW_CHECK_SYNCOOKIE_IPV6;
    208 ktime_get_tai_ns KTIME_GET_TAI_NS;
    209 user_ringbuf_drain USER_RINGBUF_DRAIN;
    210 cgrp_storage_get CGRP_STORAGE_GET;
    211 cgrp_storage_delete CGRP_STORAGE_DELETE;
}

/// The last number that each release knew, for the releases that added helpers.
const LAST_BY_RELEASE: &[(KernelVersion, u32)] = &[
    (KernelVersion::new(3, 19), 3),
    (KernelVersion::new(4, 1), 11),
    (KernelVersion::new(4, 2), 16),
    (KernelVersion::new(4, 3), 22),
    (KernelVersion::new(4, 4), 25),
    (KernelVersion::new(4, 5), 26),
    (KernelVersion::new(4, 6), 30),
    (KernelVersion::new(4, 8), 36),
    (KernelVersion::new(4, 9), 41),
    (KernelVersion::new(4, 10), 44),
    (KernelVersion::new(4, 11), 45),
    (KernelVersion::new(4, 12), 47),
    (KernelVersion::new(4, 13), 50),
    (KernelVersion::new(4, 14), 53),
    (KernelVersion::new(4, 15), 57),
    (KernelVersion::new(4, 16), 59),
    (KernelVersion::new(4, 17), 64),
    (KernelVersion::new(4, 18), 80),
    (KernelVersion::new(4, 19), 83),
    (KernelVersion::new(4, 20), 90),
    (KernelVersion::new(5, 0), 92),
    (KernelVersion::new(5, 1), 98),
    (KernelVersion::new(5, 2), 108),
    (KernelVersion::new(5, 3), 110),
    (KernelVersion::new(5, 5), 115),
    (KernelVersion::new(5, 6), 118),
    (KernelVersion::new(5, 7), 124),
    (KernelVersion::new(5, 8), 135),
    (KernelVersion::new(5, 9), 141),
    (KernelVersion::new(5, 10), 155),
    (KernelVersion::new(5, 11), 162),
    (KernelVersion::new(5, 12), 163),
    (KernelVersion::new(5, 13), 165),
    (KernelVersion::new(5, 14), 168),
    (KernelVersion::new(5, 15), 175),
    (KernelVersion::new(5, 16), 179),
    (KernelVersion::new(5, 17), 187),
    (KernelVersion::new(5, 18), 193),
    (KernelVersion::new(5, 19), 203),
    (KernelVersion::new(6, 0), 207),
    (KernelVersion::new(6, 1), 209),
    (KernelVersion::new(6, 2), 211),
];

/// The release that brought a helper; `None` for a number that no release has.
pub fn since(id: u32) -> Option<KernelVersion> {
    LAST_BY_RELEASE.iter().find(|(_, last)| id <= *last).map(|(v, _)| *v)
}

/// The largest helper number of a release. Kernel: `__BPF_FUNC_MAX_ID - 1`.
pub fn last(version: KernelVersion) -> u32 {
    LAST_BY_RELEASE.iter().take_while(|(v, _)| *v <= version).last().map_or(0, |(_, last)| *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_indices_and_releases_ascend() {
        assert!(NUMBERS.iter().enumerate().all(|(i, n)| i as u32 == *n));
        assert!(LAST_BY_RELEASE.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1));
        assert_eq!(last(KernelVersion::new(6, 12)), CGRP_STORAGE_DELETE);
        assert_eq!(last(KernelVersion::new(6, 1)), USER_RINGBUF_DRAIN);
        assert_eq!(since(LOOP), Some(KernelVersion::new(5, 17)));
    }
}
