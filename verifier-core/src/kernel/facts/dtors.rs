//! Kernel types whose referenced pointers may be kept in maps, because the kernel knows how to release them.
//!
//! Evidence: `register_btf_id_dtor_kfuncs()` in kernel/bpf/{helpers,cpumask,crypto}.c and net/bpf/test_run.c of 6.12.117
//! and 6.18, and in bpf_testmod of 6.12.117's selftests.

/// Types of vmlinux.
const VMLINUX: [&str; 6] =
    ["bpf_cpumask", "bpf_crypto_ctx", "cgroup", "prog_test_member", "prog_test_ref_kfunc", "task_struct"];

/// Types of modules: (module, type).
const MODULES: [(&str, &str); 1] = [("bpf_testmod", "bpf_testmod_ctx")];

/// Whether the type has a destructor. `module` is empty for vmlinux. Kernel: `btf_find_dtor_kfunc()`.
pub fn has_dtor(module: &str, name: &str) -> bool {
    if module.is_empty() { VMLINUX.contains(&name) } else { MODULES.contains(&(module, name)) }
}
