//! Kernel objects that programs may keep: who destroys them, and which of them RCU protects.
//!
//! Evidence: `register_btf_id_dtor_kfuncs()` calls in `kernel/bpf/cpumask.c`, `crypto.c`, `helpers.c`,
//! `net/bpf/test_run.c` and the tests' module; the set `rcu_protected_types` in `kernel/bpf/verifier.c`.

/// A type of which referenced pointers may be kept in maps, and the function that destroys what is left there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Destructor {
    /// Module whose BTF holds type and function; `None`: the kernel's own.
    pub module: Option<&'static str>,
    /// Name of the struct.
    pub object: &'static str,
    /// Name of the function.
    pub function: &'static str,
}

/// Every destructor.
pub const DESTRUCTORS: &[Destructor] = &[
    Destructor { module: None, object: "bpf_cpumask", function: "bpf_cpumask_release_dtor" },
    Destructor { module: None, object: "bpf_crypto_ctx", function: "bpf_crypto_ctx_release_dtor" },
    Destructor { module: None, object: "task_struct", function: "bpf_task_release_dtor" },
    Destructor { module: None, object: "cgroup", function: "bpf_cgroup_release_dtor" },
    Destructor { module: None, object: "prog_test_ref_kfunc", function: "bpf_kfunc_call_test_release_dtor" },
    Destructor { module: None, object: "prog_test_member", function: "bpf_kfunc_call_memb_release_dtor" },
    Destructor {
        module: Some("bpf_testmod"),
        object: "bpf_testmod_ctx",
        function: "bpf_testmod_ctx_release_dtor",
    },
];

/// The destructor of a kernel type, by the name of the BTF it stands in (`None` or `"vmlinux"`: the kernel's own).
/// Kernel: `btf_find_dtor_kfunc()`.
pub fn destructor(module: Option<&str>, object: &str) -> Option<&'static Destructor> {
    let module = module.filter(|m| *m != "vmlinux");
    DESTRUCTORS.iter().find(|d| d.object == object && d.module == module)
}

/// Types whose objects live on until an RCU grace period has passed. Kernel: `rcu_protected_types`.
const RCU_PROTECTED: &[&str] = &["prog_test_ref_kfunc", "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx"];

/// Whether a type of the kernel's own BTF is protected by RCU. Kernel: `rcu_protected_object()` for kernel BTF.
pub fn is_rcu_protected(object: &str) -> bool {
    RCU_PROTECTED.contains(&object)
}
