//! Kernel types whose referenced pointers may be kept in maps, because the kernel knows how to release them.
//!
//! Evidence: `register_btf_id_dtor_kfuncs()` in kernel/bpf/{helpers,cpumask,crypto}.c and net/bpf/test_run.c of 6.12.117
//! and 6.18, and in bpf_testmod of 6.12.117's selftests; packets: recordings of 7.3.4.

/// Types of vmlinux.
const VMLINUX: [&str; 7] =
    ["bpf_cpumask", "bpf_crypto_ctx", "bpf_ksock", "cgroup", "prog_test_member", "prog_test_ref_kfunc", "task_struct"];

/// Those that came with queueing disciplines, which not every kernel has: the type, and one that tells that they are there.
const WITH_QDISC: (&str, &str) = ("sk_buff", "bpf_struct_ops_Qdisc_ops");

/// Types of modules: (module, type).
const MODULES: [(&str, &str); 1] = [("bpf_testmod", "bpf_testmod_ctx")];

/// Whether the type has a destructor. `module` is empty for vmlinux; `has_type` tells whether the kernel has a struct of
/// this name. Kernel: `btf_find_dtor_kfunc()`.
pub fn has_dtor(module: &str, name: &str, has_type: impl Fn(&str) -> bool) -> bool {
    if module.is_empty() {
        VMLINUX.contains(&name) || name == WITH_QDISC.0 && has_type(WITH_QDISC.1)
    } else {
        MODULES.contains(&(module, name))
    }
}
