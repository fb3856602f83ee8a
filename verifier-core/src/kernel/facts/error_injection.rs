//! Functions whose return value tests may override, and the sets built for programs that change return values.
//!
//! Evidence: `ALLOW_ERROR_INJECTION` and `register_btf_fmodret_id_set()` in the source of 6.12.117 (kernel, mm, fs, net;
//! bpf_testmod in tools/testing), `btf_non_sleepable_error_inject`, `btf_id_deny` and `noreturn_deny` in
//! kernel/bpf/verifier.c of 6.12.117 and 6.18. The list exists only in kernels built with
//! CONFIG_FUNCTION_ERROR_INJECTION, which neither profile is: there every `SYSCALL_DEFINE` is refused to sleepable
//! programs (recorded: `__x64_sys_getpgid is not sleepable`).

use crate::kernel::KernelVersion;

/// Whether a function is on the error injection list of a kernel built with it. Kernel:
/// `within_error_injection_list()`.
pub fn is_error_injectable(name: &str) -> bool {
    name.starts_with("__x64_sys_") || name.starts_with("__ia32_sys_") || LIST.contains(&name)
}

/// On the list, but also called where sleeping is not allowed. Kernel: `check_non_sleepable_error_inject()`.
pub fn is_non_sleepable(name: &str) -> bool {
    matches!(name, "__filemap_add_folio" | "should_fail_alloc_page" | "should_failslab")
}

/// What `fmod_ret` programs may attach to by an explicit set; `Some(true)`: sleepable programs too.
///
/// Kernel: `btf_kfunc_is_modify_return()` with the flag `KF_SLEEPABLE`.
pub fn modify_return(name: &str) -> Option<bool> {
    match name {
        "bpf_modify_return_test" | "bpf_modify_return_test2" | "bpf_modify_return_test_tp" => Some(false),
        "bpf_fentry_test1" => Some(true),
        "update_socket_protocol" => Some(false),
        _ => None,
    }
}

/// Functions that tracing programs may not attach to, because the trampoline itself calls them. Kernel: `btf_id_deny`.
pub fn is_denied(v: KernelVersion, name: &str) -> bool {
    matches!(name, "migrate_disable" | "migrate_enable" | "__rcu_read_lock" | "__rcu_read_unlock")
        || (v >= KernelVersion::new(6, 18) && name == "___migrate_enable")
}

/// Functions that never return: `fexit` and `fmod_ret` would never run. Kernel: `noreturn_deny`.
pub fn is_noreturn(v: KernelVersion, name: &str) -> bool {
    matches!(
        name,
        "__ia32_sys_exit"
            | "__ia32_sys_exit_group"
            | "__kunit_abort"
            | "kunit_try_catch_throw"
            | "__module_put_and_kthread_exit"
            | "__x64_sys_exit"
            | "__x64_sys_exit_group"
            | "do_exit"
            | "do_group_exit"
            | "kthread_complete_and_exit"
            | "make_task_dead"
    ) || (v < KernelVersion::new(6, 18) && name == "kthread_exit")
}

const LIST: &[&str] = &[
    "__filemap_add_folio",
    "btrfs_check_leaf",
    "btrfs_check_node",
    "btrfs_cow_block",
    "btrfs_search_slot",
    "btrfs_should_cancel_balance",
    "io_ctl_init",
    "open_ctree",
    "page_pool_alloc_pages",
    "should_fail_alloc_page",
    "should_failslab",
    // bpf_testmod
    "bpf_testmod_test_read",
    "bpf_testmod_test_write",
];
