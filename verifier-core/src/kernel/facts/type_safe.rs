//! Fields of kernel structs that are as trustworthy as the pointer they were read through.
//!
//! The lists themselves stand in each kernel's BTF: for `struct task_struct` the kernel emits `struct
//! task_struct__safe_rcu` whose members are the safe ones. Only the suffixes are a fact of ours.
//! Evidence: `BTF_TYPE_SAFE_*` in kernel/bpf/verifier.c of 6.12.117 and 6.18.

/// Never null and valid inside of an RCU read section.
pub const RCU: &str = "__safe_rcu";
/// Valid inside of an RCU read section, but may be null.
pub const RCU_OR_NULL: &str = "__safe_rcu_or_null";
/// Never null and always valid.
pub const TRUSTED: &str = "__safe_trusted";
/// Always valid, but may be null.
pub const TRUSTED_OR_NULL: &str = "__safe_trusted_or_null";

/// Longest name of such a struct, with its final zero: longer ones the kernel does not look for.
pub const NAME_MAX: usize = 64;
