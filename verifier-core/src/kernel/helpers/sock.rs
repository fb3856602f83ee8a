//! Prototypes: sockets: lookups, casts, options, TCP, redirects between sockets.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    SK_FULLSOCK = "bpf_sk_fullsock_proto"(SOCK_COMMON) -> SOCKET_RET_OR_NULL;
    GET_SOCKET_COOKIE = "bpf_get_socket_cookie_proto"(CTX) -> INT;
    GET_SOCKET_COOKIE_SOCK_ADDR = "bpf_get_socket_cookie_sock_addr_proto"(CTX) -> INT;
    GET_SOCKET_COOKIE_SOCK = "bpf_get_socket_cookie_sock_proto"(CTX) -> INT;
    GET_SOCKET_PTR_COOKIE = "bpf_get_socket_ptr_cookie_proto"(BTF_SOCK_OR_NULL) -> INT;
    GET_SOCKET_COOKIE_SOCK_OPS = "bpf_get_socket_cookie_sock_ops_proto"(CTX) -> INT;
    GET_NETNS_COOKIE_SOCK = "bpf_get_netns_cookie_sock_proto"(CTX_OR_NULL) -> INT;
    GET_NETNS_COOKIE_SOCK_ADDR = "bpf_get_netns_cookie_sock_addr_proto"(CTX_OR_NULL) -> INT;
    GET_NETNS_COOKIE_SOCK_OPS = "bpf_get_netns_cookie_sock_ops_proto"(CTX_OR_NULL) -> INT;
    GET_NETNS_COOKIE_SK_MSG = "bpf_get_netns_cookie_sk_msg_proto"(CTX_OR_NULL) -> INT;
    GET_NETNS_COOKIE = "bpf_get_netns_cookie_proto"(CTX_OR_NULL) -> INT;
    GET_SOCKET_UID = "bpf_get_socket_uid_proto"(CTX) -> INT;
    SK_SETSOCKOPT = "bpf_sk_setsockopt_proto"(BTF_SOCK, ANY, ANY, MEM_IN, SIZE) -> INT;
    SK_GETSOCKOPT = "bpf_sk_getsockopt_proto"(BTF_SOCK, ANY, ANY, MEM_OUT, SIZE) -> INT;
    UNLOCKED_SK_SETSOCKOPT = "bpf_unlocked_sk_setsockopt_proto"(BTF_SOCK, ANY, ANY, MEM_IN, SIZE) -> INT;
    UNLOCKED_SK_GETSOCKOPT = "bpf_unlocked_sk_getsockopt_proto"(BTF_SOCK, ANY, ANY, MEM_OUT, SIZE) -> INT;
    SOCK_ADDR_SETSOCKOPT = "bpf_sock_addr_setsockopt_proto"(CTX, ANY, ANY, MEM_IN, SIZE) -> INT;
    SOCK_CREATE_SETSOCKOPT = "bpf_sock_create_setsockopt_proto"(CTX, ANY, ANY, MEM_IN, SIZE) -> INT;
    SOCK_CREATE_GETSOCKOPT = "bpf_sock_create_getsockopt_proto"(CTX, ANY, ANY, MEM_OUT, SIZE) -> INT;
    SOCK_ADDR_GETSOCKOPT = "bpf_sock_addr_getsockopt_proto"(CTX, ANY, ANY, MEM_OUT, SIZE) -> INT;
    SOCK_OPS_SETSOCKOPT = "bpf_sock_ops_setsockopt_proto"(CTX, ANY, ANY, MEM_IN, SIZE) -> INT;
    SOCK_OPS_GETSOCKOPT = "bpf_sock_ops_getsockopt_proto"(CTX, ANY, ANY, MEM_OUT, SIZE) -> INT;
    SOCK_OPS_CB_FLAGS_SET = "bpf_sock_ops_cb_flags_set_proto"(CTX, ANY) -> INT;
    BIND = "bpf_bind_proto"(CTX, MEM_IN, SIZE) -> INT;
    SKC_LOOKUP_TCP = "bpf_skc_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCK_COMMON_RET_OR_NULL, pkt;
    SK_LOOKUP_TCP = "bpf_sk_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL, pkt;
    SK_LOOKUP_UDP = "bpf_sk_lookup_udp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL, pkt;
    TC_SKC_LOOKUP_TCP = "bpf_tc_skc_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCK_COMMON_RET_OR_NULL, pkt;
    TC_SK_LOOKUP_TCP = "bpf_tc_sk_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL, pkt;
    TC_SK_LOOKUP_UDP = "bpf_tc_sk_lookup_udp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL, pkt;
    SK_RELEASE = "bpf_sk_release_proto"(BTF_SOCK_RELEASE) -> INT;
    XDP_SK_LOOKUP_UDP = "bpf_xdp_sk_lookup_udp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL, pkt;
    XDP_SKC_LOOKUP_TCP = "bpf_xdp_skc_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCK_COMMON_RET_OR_NULL, pkt;
    XDP_SK_LOOKUP_TCP = "bpf_xdp_sk_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL, pkt;
    SOCK_ADDR_SKC_LOOKUP_TCP = "bpf_sock_addr_skc_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCK_COMMON_RET_OR_NULL;
    SOCK_ADDR_SK_LOOKUP_TCP = "bpf_sock_addr_sk_lookup_tcp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL;
    SOCK_ADDR_SK_LOOKUP_UDP = "bpf_sock_addr_sk_lookup_udp_proto"(CTX, MEM_IN, SIZE0, ANY, ANY) -> SOCKET_RET_OR_NULL;
    TCP_SOCK = "bpf_tcp_sock_proto"(SOCK_COMMON) -> TCP_SOCK_OR_NULL;
    GET_LISTENER_SOCK = "bpf_get_listener_sock_proto"(SOCK_COMMON) -> SOCKET_RET_OR_NULL;
    TCP_CHECK_SYNCOOKIE = "bpf_tcp_check_syncookie_proto"(BTF_SOCK, MEM_IN, SIZE, MEM_IN, SIZE) -> INT, gpl, pkt;
    TCP_GEN_SYNCOOKIE = "bpf_tcp_gen_syncookie_proto"(BTF_SOCK, MEM_IN, SIZE, MEM_IN, SIZE) -> INT, gpl, pkt;
    SK_ASSIGN = "bpf_sk_assign_proto"(CTX, BTF_SOCK, ANY) -> INT;
    SOCK_OPS_LOAD_HDR_OPT = "bpf_sock_ops_load_hdr_opt_proto"(CTX, MEM_INOUT, SIZE, ANY) -> INT;
    SOCK_OPS_STORE_HDR_OPT = "bpf_sock_ops_store_hdr_opt_proto"(CTX, MEM_IN, SIZE, ANY) -> INT;
    SOCK_OPS_RESERVE_HDR_OPT = "bpf_sock_ops_reserve_hdr_opt_proto"(CTX, ANY, ANY) -> INT;
    TCP_RAW_GEN_SYNCOOKIE_IPV4 = "bpf_tcp_raw_gen_syncookie_ipv4_proto"(fixed(20), MEM, SIZE0) -> INT, gpl, pkt;
    TCP_RAW_GEN_SYNCOOKIE_IPV6 = "bpf_tcp_raw_gen_syncookie_ipv6_proto"(fixed(40), MEM, SIZE0) -> INT, gpl, pkt;
    TCP_RAW_CHECK_SYNCOOKIE_IPV4 = "bpf_tcp_raw_check_syncookie_ipv4_proto"(fixed(20), fixed(20)) -> INT, gpl, pkt;
    TCP_RAW_CHECK_SYNCOOKIE_IPV6 = "bpf_tcp_raw_check_syncookie_ipv6_proto"(fixed(40), fixed(20)) -> INT, gpl, pkt;
    SK_SELECT_REUSEPORT = "sk_select_reuseport_proto"(CTX, MAP, KEY, ANY) -> INT;
    SK_REUSEPORT_LOAD_BYTES = "sk_reuseport_load_bytes_proto"(CTX, ANY, MEM_OUT, SIZE) -> INT;
    SK_REUSEPORT_LOAD_BYTES_RELATIVE = "sk_reuseport_load_bytes_relative_proto"(CTX, ANY, MEM_OUT, SIZE, ANY) -> INT;
    SK_LOOKUP_ASSIGN = "bpf_sk_lookup_assign_proto"(CTX, SOCKET_OR_NULL, ANY) -> INT;
    SKC_TO_TCP6_SOCK = "bpf_skc_to_tcp6_sock_proto"(BTF_SOCK) -> ret_btf_or_null("tcp6_sock");
    SKC_TO_TCP_SOCK = "bpf_skc_to_tcp_sock_proto"(BTF_SOCK) -> ret_btf_or_null("tcp_sock");
    SKC_TO_TCP_TIMEWAIT_SOCK = "bpf_skc_to_tcp_timewait_sock_proto"(BTF_SOCK) -> ret_btf_or_null("tcp_timewait_sock");
    SKC_TO_TCP_REQUEST_SOCK = "bpf_skc_to_tcp_request_sock_proto"(BTF_SOCK) -> ret_btf_or_null("tcp_request_sock");
    SKC_TO_UDP6_SOCK = "bpf_skc_to_udp6_sock_proto"(BTF_SOCK) -> ret_btf_or_null("udp6_sock");
    SKC_TO_UNIX_SOCK = "bpf_skc_to_unix_sock_proto"(BTF_SOCK) -> ret_btf_or_null("unix_sock");
    SKC_TO_MPTCP_SOCK = "bpf_skc_to_mptcp_sock_proto"(SOCK_COMMON) -> ret_btf_or_null("mptcp_sock");
    SOCK_FROM_FILE = "bpf_sock_from_file_proto"(btf("file")) -> ret_btf_or_null("socket");
    SOCK_MAP_UPDATE = "bpf_sock_map_update_proto"(CTX, MAP, KEY, ANY) -> INT, pkt;
    SK_REDIRECT_MAP = "bpf_sk_redirect_map_proto"(CTX, MAP, ANY, ANY) -> INT;
    MSG_REDIRECT_MAP = "bpf_msg_redirect_map_proto"(CTX, MAP, ANY, ANY) -> INT;
    SOCK_HASH_UPDATE = "bpf_sock_hash_update_proto"(CTX, MAP, KEY, ANY) -> INT, pkt;
    SK_REDIRECT_HASH = "bpf_sk_redirect_hash_proto"(CTX, MAP, KEY, ANY) -> INT;
    MSG_REDIRECT_HASH = "bpf_msg_redirect_hash_proto"(CTX, MAP, KEY, ANY) -> INT;
    TCP_SEND_ACK = "bpf_tcp_send_ack_proto"(btf("tcp_sock"), ANY) -> INT;
}
