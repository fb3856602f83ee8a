//! Prototypes: packets: `sk_buff`, XDP, lightweight tunnels, `sk_msg`, checksums.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    EVENT_OUTPUT_DATA = "bpf_event_output_data_proto"(CTX, MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    SKB_STORE_BYTES = "bpf_skb_store_bytes_proto"(CTX, ANY, MEM_IN, SIZE, ANY) -> INT;
    SKB_LOAD_BYTES = "bpf_skb_load_bytes_proto"(CTX, ANY, MEM_OUT, SIZE) -> INT;
    FLOW_DISSECTOR_LOAD_BYTES = "bpf_flow_dissector_load_bytes_proto"(CTX, ANY, MEM_OUT, SIZE) -> INT;
    SKB_LOAD_BYTES_RELATIVE = "bpf_skb_load_bytes_relative_proto"(CTX, ANY, MEM_OUT, SIZE, ANY) -> INT;
    SKB_PULL_DATA = "bpf_skb_pull_data_proto"(CTX, ANY) -> INT;
    SK_SKB_PULL_DATA = "sk_skb_pull_data_proto"(CTX, ANY) -> INT;
    L3_CSUM_REPLACE = "bpf_l3_csum_replace_proto"(CTX, ANY, ANY, ANY, ANY) -> INT;
    L4_CSUM_REPLACE = "bpf_l4_csum_replace_proto"(CTX, ANY, ANY, ANY, ANY) -> INT;
    CSUM_DIFF = "bpf_csum_diff_proto"(MEM_IN_OR_NULL, SIZE0, MEM_IN_OR_NULL, SIZE0, ANY) -> INT, pkt;
    CSUM_UPDATE = "bpf_csum_update_proto"(CTX, ANY) -> INT;
    CSUM_LEVEL = "bpf_csum_level_proto"(CTX, ANY) -> INT;
    CLONE_REDIRECT = "bpf_clone_redirect_proto"(CTX, ANY, ANY) -> INT;
    REDIRECT = "bpf_redirect_proto"(ANY, ANY) -> INT;
    REDIRECT_PEER = "bpf_redirect_peer_proto"(ANY, ANY) -> INT;
    REDIRECT_NEIGH = "bpf_redirect_neigh_proto"(ANY, MEM_IN_OR_NULL, SIZE0, ANY) -> INT;
    MSG_APPLY_BYTES = "bpf_msg_apply_bytes_proto"(CTX, ANY) -> INT;
    MSG_CORK_BYTES = "bpf_msg_cork_bytes_proto"(CTX, ANY) -> INT;
    MSG_PULL_DATA = "bpf_msg_pull_data_proto"(CTX, ANY, ANY, ANY) -> INT;
    MSG_PUSH_DATA = "bpf_msg_push_data_proto"(CTX, ANY, ANY, ANY) -> INT;
    MSG_POP_DATA = "bpf_msg_pop_data_proto"(CTX, ANY, ANY, ANY) -> INT;
    GET_ROUTE_REALM = "bpf_get_route_realm_proto"(CTX) -> INT;
    GET_HASH_RECALC = "bpf_get_hash_recalc_proto"(CTX) -> INT;
    SET_HASH_INVALID = "bpf_set_hash_invalid_proto"(CTX) -> INT;
    SET_HASH = "bpf_set_hash_proto"(CTX, ANY) -> INT;
    SKB_VLAN_PUSH = "bpf_skb_vlan_push_proto"(CTX, ANY, ANY) -> INT;
    SKB_VLAN_POP = "bpf_skb_vlan_pop_proto"(CTX) -> INT;
    SKB_CHANGE_PROTO = "bpf_skb_change_proto_proto"(CTX, ANY, ANY) -> INT;
    SKB_CHANGE_TYPE = "bpf_skb_change_type_proto"(CTX, ANY) -> INT;
    SK_SKB_ADJUST_ROOM = "sk_skb_adjust_room_proto"(CTX, ANY, ANY, ANY) -> INT;
    SKB_ADJUST_ROOM = "bpf_skb_adjust_room_proto"(CTX, ANY, ANY, ANY) -> INT;
    SKB_CHANGE_TAIL = "bpf_skb_change_tail_proto"(CTX, ANY, ANY) -> INT;
    SK_SKB_CHANGE_TAIL = "sk_skb_change_tail_proto"(CTX, ANY, ANY) -> INT;
    SKB_CHANGE_HEAD = "bpf_skb_change_head_proto"(CTX, ANY, ANY) -> INT;
    SK_SKB_CHANGE_HEAD = "sk_skb_change_head_proto"(CTX, ANY, ANY) -> INT;
    XDP_GET_BUFF_LEN = "bpf_xdp_get_buff_len_proto"(CTX) -> INT;
    XDP_GET_BUFF_LEN_TRACE = "bpf_xdp_get_buff_len_trace_proto"(btf("xdp_buff")) -> INT;
    XDP_ADJUST_HEAD = "bpf_xdp_adjust_head_proto"(CTX, ANY) -> INT;
    XDP_LOAD_BYTES = "bpf_xdp_load_bytes_proto"(CTX, ANY, MEM_OUT, SIZE) -> INT;
    XDP_STORE_BYTES = "bpf_xdp_store_bytes_proto"(CTX, ANY, MEM_IN, SIZE) -> INT;
    XDP_ADJUST_TAIL = "bpf_xdp_adjust_tail_proto"(CTX, ANY) -> INT;
    XDP_ADJUST_META = "bpf_xdp_adjust_meta_proto"(CTX, ANY) -> INT;
    XDP_REDIRECT = "bpf_xdp_redirect_proto"(ANY, ANY) -> INT;
    XDP_REDIRECT_MAP = "bpf_xdp_redirect_map_proto"(MAP, ANY, ANY) -> INT;
    SKB_EVENT_OUTPUT = "bpf_skb_event_output_proto"(CTX, MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    SKB_OUTPUT = "bpf_skb_output_proto"(btf("sk_buff"), MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    SKB_GET_TUNNEL_KEY = "bpf_skb_get_tunnel_key_proto"(CTX, MEM_OUT, SIZE, ANY) -> INT;
    SKB_GET_TUNNEL_OPT = "bpf_skb_get_tunnel_opt_proto"(CTX, MEM_OUT, SIZE) -> INT;
    SKB_SET_TUNNEL_KEY = "bpf_skb_set_tunnel_key_proto"(CTX, MEM_IN, SIZE, ANY) -> INT;
    SKB_SET_TUNNEL_OPT = "bpf_skb_set_tunnel_opt_proto"(CTX, MEM_IN, SIZE) -> INT;
    XDP_EVENT_OUTPUT = "bpf_xdp_event_output_proto"(CTX, MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    XDP_OUTPUT = "bpf_xdp_output_proto"(btf("xdp_buff"), MAP, ANY, MEM_IN, SIZE0) -> INT, gpl;
    SKB_GET_XFRM_STATE = "bpf_skb_get_xfrm_state_proto"(CTX, ANY, MEM_OUT, SIZE, ANY) -> INT;
    XDP_FIB_LOOKUP = "bpf_xdp_fib_lookup_proto"(CTX, MEM, SIZE, ANY) -> INT, gpl;
    SKB_FIB_LOOKUP = "bpf_skb_fib_lookup_proto"(CTX, MEM, SIZE, ANY) -> INT, gpl;
    SKB_CHECK_MTU = "bpf_skb_check_mtu_proto"(CTX, ANY, fixed_inout(4), ANY, ANY) -> INT, gpl;
    XDP_CHECK_MTU = "bpf_xdp_check_mtu_proto"(CTX, ANY, fixed_inout(4), ANY, ANY) -> INT, gpl;
    LWT_IN_PUSH_ENCAP = "bpf_lwt_in_push_encap_proto"(CTX, ANY, MEM_IN, SIZE) -> INT;
    LWT_XMIT_PUSH_ENCAP = "bpf_lwt_xmit_push_encap_proto"(CTX, ANY, MEM_IN, SIZE) -> INT;
    LWT_SEG6_STORE_BYTES = "bpf_lwt_seg6_store_bytes_proto"(CTX, ANY, MEM_IN, SIZE) -> INT;
    LWT_SEG6_ACTION = "bpf_lwt_seg6_action_proto"(CTX, ANY, MEM_IN, SIZE) -> INT;
    LWT_SEG6_ADJUST_SRH = "bpf_lwt_seg6_adjust_srh_proto"(CTX, ANY, ANY) -> INT;
    SKB_ECN_SET_CE = "bpf_skb_ecn_set_ce_proto"(CTX) -> INT;
    SKB_SET_TSTAMP = "bpf_skb_set_tstamp_proto"(CTX, ANY, ANY) -> INT;
}
