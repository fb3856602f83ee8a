//! Prototypes: cgroups: identities, return values, sysctl.
//!
//! Rows as of 6.12; what later releases changed stands in [`super::revised`].

use super::proto::*;

protos! {
    GET_RETVAL = "bpf_get_retval_proto"() -> INT;
    SET_RETVAL = "bpf_set_retval_proto"(ANY) -> INT;
    SYSCTL_GET_NAME = "bpf_sysctl_get_name_proto"(CTX, MEM, SIZE, ANY) -> INT;
    SYSCTL_GET_CURRENT_VALUE = "bpf_sysctl_get_current_value_proto"(CTX, MEM_OUT, SIZE) -> INT;
    SYSCTL_GET_NEW_VALUE = "bpf_sysctl_get_new_value_proto"(CTX, MEM_OUT, SIZE) -> INT;
    SYSCTL_SET_NEW_VALUE = "bpf_sysctl_set_new_value_proto"(CTX, MEM_IN, SIZE) -> INT;
    GET_NETNS_COOKIE_SOCKOPT = "bpf_get_netns_cookie_sockopt_proto"(CTX_OR_NULL) -> INT;
    GET_CGROUP_CLASSID_CURR = "bpf_get_cgroup_classid_curr_proto"() -> INT;
    SKB_CGROUP_CLASSID = "bpf_skb_cgroup_classid_proto"(CTX) -> INT;
    GET_CGROUP_CLASSID = "bpf_get_cgroup_classid_proto"(CTX) -> INT;
    SKB_UNDER_CGROUP = "bpf_skb_under_cgroup_proto"(CTX, MAP, ANY) -> INT;
    SKB_CGROUP_ID = "bpf_skb_cgroup_id_proto"(CTX) -> INT;
    SKB_ANCESTOR_CGROUP_ID = "bpf_skb_ancestor_cgroup_id_proto"(CTX, ANY) -> INT;
    SK_CGROUP_ID = "bpf_sk_cgroup_id_proto"(BTF_SOCK) -> INT;
    SK_ANCESTOR_CGROUP_ID = "bpf_sk_ancestor_cgroup_id_proto"(BTF_SOCK, ANY) -> INT;
}
