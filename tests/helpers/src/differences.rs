//! Why a call may return or leave something else here than on the running kernel: every difference has a row.

/// Error numbers as programs see them.
const ENOENT: u64 = -2i64 as u64;
const EINVAL: u64 = -22i64 as u64;
const ENOTSUPP: u64 = -524i64 as u64;

/// Whether a program moved headers of its packet before.
fn moved_headers(before: &[String]) -> bool {
    before.iter().any(|c| c.starts_with("bpf_skb_change_head") || c.starts_with("bpf_skb_adjust_room"))
}

/// Why what a call returned there and here differs; `None`: nobody knows. `before`: the calls before it.
pub fn explained(subject: &str, before: &[String], call: &str, theirs: u64, ours: u64) -> Option<&'static str> {
    match (theirs, ours) {
        (ENOENT, 0) if call.starts_with("bpf_perf_event_output") => {
            Some("here a reader is always there; on the kernel nobody opened the event")
        }
        (EINVAL, 0) if call.starts_with("bpf_clone_redirect") => Some("here every interface is there"),
        (ENOENT | u64::MAX, _) if subject == "lru hash" => Some("the kernel evicts by CPU, before a table is full"),
        (0 | EINVAL, 0 | EINVAL | ENOTSUPP) if call.starts_with("bpf_skb_change_tail") && moved_headers(before) => {
            Some(
                "a buffer that the kernel makes larger has a transport header at an odd place, which limits its length",
            )
        }
        _ => None,
    }
}

/// Why what a program left differs though all calls returned the same.
pub fn explained_effects(calls: &[String]) -> Option<&'static str> {
    let has = |name: &str| calls.iter().any(|c| c.starts_with(name));
    let beyond = has("bpf_skb_change_tail") && has("bpf_skb_adjust_room");
    beyond.then_some("room was made behind the end of a cut packet, where anything may lie")
}

/// Why a helper or kernel function that is modelled is not compared.
pub fn not_compared(name: &str) -> Option<&'static str> {
    Some(match name {
        "bpf_get_local_storage" => "cgroup storage exists where a program is attached",
        "bpf_sk_storage_get" | "bpf_sk_storage_delete" | "bpf_sk_fullsock" | "bpf_get_socket_cookie" => {
            "the socket of a test run is the kernel's own"
        }
        "bpf_get_current_task" => "it is an address",
        "bpf_inode_storage_get" | "bpf_inode_storage_delete" => "only hooks that cannot be run have an inode",
        "bpf_cgrp_storage_get" | "bpf_cgrp_storage_delete" | "bpf_get_current_cgroup_id" => {
            "the cgroup is the machine's"
        }
        "bpf_get_netns_cookie" | "bpf_get_attach_cookie" => "the cookie is the kernel's",
        "bpf_fib_lookup" | "bpf_check_mtu" => "routes and interfaces are the machine's",
        "bpf_sk_redirect_map" | "bpf_sk_redirect_hash" | "bpf_msg_redirect_map" | "bpf_msg_redirect_hash" => {
            "the kernel does not run programs of sockets and messages by themselves"
        }
        "bpf_wq_init" | "bpf_wq_set_callback_impl" | "bpf_wq_start" => "the kernel runs work while it is compared",
        "bpf_rbtree_root" | "bpf_rbtree_left" | "bpf_rbtree_right" => {
            "which node of a tree stands above which is not modelled"
        }
        "bpf_obj_new"
        | "bpf_obj_drop"
        | "bpf_percpu_obj_new"
        | "bpf_percpu_obj_drop"
        | "bpf_refcount_acquire"
        | "bpf_list_push_front"
        | "bpf_list_push_back"
        | "bpf_rbtree_add" => "it is a later release's name of another",
        "bpf_get_retval" | "bpf_set_retval" => "the kernel does not run programs of cgroups by themselves",
        _ => return None,
    })
}
