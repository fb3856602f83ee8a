//! LSM hooks: which exist, which may not be attached to, which may sleep, whose arguments are not trusted.
//!
//! Evidence: the BTF_SETs in kernel/bpf/bpf_lsm.c of 6.12.117 and 6.18. Names stand without their prefix `bpf_lsm_`.
//! Whether a hook is compiled in is told by the BTF; here stand the functions with that prefix which are no hooks.

use crate::kernel::{Kernel, KernelVersion};

/// Prefix of the functions that stand for hooks.
pub const PREFIX: &str = "bpf_lsm_";

fn has(set: &[&str], name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|n| set.binary_search(&n).is_ok())
}

fn late(v: KernelVersion) -> bool {
    v >= KernelVersion::new(6, 13)
}

/// Whether a function of the kernel's BTF stands for a hook. Kernel: `bpf_lsm_hooks`.
pub fn is_hook(name: &str) -> bool {
    name.starts_with(PREFIX) && !has(NO_HOOKS, name)
}

/// The hook may not be attached to. Kernel: `bpf_lsm_disabled_hooks`.
pub fn is_disabled(v: KernelVersion, name: &str) -> bool {
    // 7.0: the file has no security blob of its own there yet.
    let newer = v >= KernelVersion::new(7, 0) && name == "bpf_lsm_file_alloc_security";
    newer || has(DISABLED, name) || (!late(v) && has(DISABLED_6_12, name))
}

/// The hook is called where sleeping is allowed. Kernel: `sleepable_lsm_hooks`.
pub fn is_sleepable(kernel: &Kernel, name: &str) -> bool {
    if !kernel.features.many_sleepable_hooks {
        return name == "bpf_lsm_bprm_committed_creds";
    }
    has(SLEEPABLE, name) || has(if late(kernel.version) { SLEEPABLE_6_18 } else { SLEEPABLE_6_12 }, name)
}

/// The hook's arguments may be half made or half freed. Kernel: `untrusted_lsm_hooks`.
pub fn is_untrusted(name: &str) -> bool {
    has(UNTRUSTED, name)
}

/// The hook returns 0 or 1 (others: 0 or a negative error number). Kernel: `bool_lsm_hooks`.
pub fn returns_bool(name: &str) -> bool {
    has(BOOL, name)
}

/// cgroup programs on the hook run for the current task's cgroup. Kernel: `bpf_lsm_current_hooks`.
pub fn is_current(name: &str) -> bool {
    has(CURRENT, name)
}

/// The socket is locked while the hook runs. Kernel: `bpf_lsm_locked_sockopt_hooks`.
pub fn is_locked_sockopt(name: &str) -> bool {
    has(LOCKED_SOCKOPT, name)
}

/// Socket options may be used although the socket is not locked. Kernel: `bpf_lsm_unlocked_sockopt_hooks`.
pub fn is_unlocked_sockopt(name: &str) -> bool {
    has(UNLOCKED_SOCKOPT, name)
}

/// Functions with the prefix that are no hooks.
const NO_HOOKS: &[&str] = &[
    "find_cgroup_shim",
    "func_proto",
    "get_retval_range",
    "has_d_inode_locked",
    "hook_returns_errno",
    "init",
    "is_sleepable_hook",
    "is_trusted",
    "verify_prog",
];
/// Disabled in both releases.
const DISABLED: &[&str] = &[
    "audit_rule_match",
    "getprocattr",
    "getselfattr",
    "inode_copy_up_xattr",
    "inode_getsecurity",
    "inode_listsecurity",
    "inode_need_killpriv",
    "ismaclabel",
    "key_getsecurity",
    "setprocattr",
    "vm_enough_memory",
];
/// Disabled in 6.12 only.
const DISABLED_6_12: &[&str] = &["xfrm_decode_session"];
/// May sleep in both releases.
const SLEEPABLE: &[&str] = &[
    "bpf",
    "bpf_map",
    "bpf_map_create",
    "bpf_map_free",
    "bpf_prog",
    "bpf_prog_load",
    "bpf_token_capable",
    "bpf_token_cmd",
    "bpf_token_create",
    "bpf_token_free",
    "bprm_check_security",
    "bprm_committed_creds",
    "bprm_committing_creds",
    "bprm_creds_for_exec",
    "bprm_creds_from_file",
    "capget",
    "capset",
    "cred_prepare",
    "file_ioctl",
    "file_lock",
    "file_open",
    "file_post_open",
    "file_receive",
    "inode_create",
    "inode_free_security",
    "inode_getattr",
    "inode_getxattr",
    "inode_mknod",
    "inode_need_killpriv",
    "inode_post_setxattr",
    "inode_readlink",
    "inode_rename",
    "inode_rmdir",
    "inode_setattr",
    "inode_setxattr",
    "inode_symlink",
    "inode_unlink",
    "kernel_module_request",
    "kernel_read_file",
    "kernfs_init_security",
    "mmap_file",
    "netlink_send",
    "path_chmod",
    "path_chown",
    "path_link",
    "path_mkdir",
    "path_notify",
    "path_rename",
    "path_rmdir",
    "path_symlink",
    "path_truncate",
    "path_unlink",
    "release_secctx",
    "sb_alloc_security",
    "sb_eat_lsm_opts",
    "sb_kern_mount",
    "sb_mount",
    "sb_remount",
    "sb_set_mnt_opts",
    "sb_show_options",
    "sb_statfs",
    "sb_umount",
    "settime",
    "socket_accept",
    "socket_bind",
    "socket_connect",
    "socket_create",
    "socket_getpeername",
    "socket_getpeersec_dgram",
    "socket_getsockname",
    "socket_getsockopt",
    "socket_listen",
    "socket_post_create",
    "socket_recvmsg",
    "socket_sendmsg",
    "socket_shutdown",
    "socket_socketpair",
    "syslog",
    "task_alloc",
    "task_prctl",
    "task_setscheduler",
    "userns_create",
];
/// May sleep in 6.12 only.
const SLEEPABLE_6_12: &[&str] = &["current_getsecid_subj", "task_getsecid_obj"];
/// May sleep in 6.18 only.
const SLEEPABLE_6_18: &[&str] = &["bpf_prog_free", "inode_post_removexattr", "inode_removexattr"];
/// Untrusted arguments.
const UNTRUSTED: &[&str] = &[
    "bpf_map_free",
    "bpf_prog_free",
    "file_alloc_security",
    "file_free_security",
    "sk_alloc_security",
    "sk_free_security",
    "task_free",
];
/// Boolean hooks.
const BOOL: &[&str] = &["audit_rule_known", "inode_xattr_skipcap", "xfrm_state_pol_flow_match"];
/// Current cgroup.
const CURRENT: &[&str] = &["sk_alloc_security", "sk_free_security"];
/// Locked socket.
const LOCKED_SOCKOPT: &[&str] = &["inet_conn_established", "inet_csk_clone", "sock_graft"];
/// Unlocked, but early.
const UNLOCKED_SOCKOPT: &[&str] = &["socket_post_create", "socket_socketpair"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sorted_for_the_search() {
        let sets = [
            NO_HOOKS,
            DISABLED,
            DISABLED_6_12,
            SLEEPABLE,
            SLEEPABLE_6_12,
            SLEEPABLE_6_18,
            UNTRUSTED,
            BOOL,
            CURRENT,
            LOCKED_SOCKOPT,
            UNLOCKED_SOCKOPT,
        ];
        for s in sets {
            assert!(s.windows(2).all(|w| w[0] < w[1]), "{s:?}");
        }
        assert!(is_hook("bpf_lsm_file_open") && !is_hook("bpf_lsm_verify_prog") && !is_hook("file_open"));
    }
}
