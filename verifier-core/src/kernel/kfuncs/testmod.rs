//! Kernel functions of `bpf_testmod`, the module that the kernel's own tests load.
//!
//! Facts of the sets in `tools/testing/selftests/bpf/bpf_testmod/bpf_testmod.c` of 6.12.

use super::row::{Filter, Group, Hooks, Kfunc, KfuncFlags as F, V6_12, V6_18, V7_0, V7_1, k, since};

/// For every program type. Kernel: `bpf_testmod_common_kfunc_ids`.
pub(super) const TESTMOD_COMMON: Group = Group {
    module: Some("bpf_testmod"),
    hooks: Hooks::COMMON,
    filter: Filter::None,
    later: &[],
    rows: TESTMOD_COMMON_ROWS,
};

const TESTMOD_COMMON_ROWS: &[Kfunc] = &[
    k("bpf_iter_testmod_seq_new", F::ITER_NEW),
    k("bpf_iter_testmod_seq_next", F::ITER_NEXT.union(F::RET_NULL)),
    k("bpf_iter_testmod_seq_destroy", F::ITER_DESTROY),
    k("bpf_iter_testmod_seq_value", F::empty()),
    k("bpf_kfunc_common_test", F::empty()),
    k("bpf_kfunc_dynptr_test", F::empty()),
    k("bpf_kfunc_nested_acquire_nonzero_offset_test", F::ACQUIRE),
    k("bpf_kfunc_nested_acquire_zero_offset_test", F::ACQUIRE),
    k("bpf_kfunc_nested_release_test", F::RELEASE),
    k("bpf_kfunc_trusted_vma_test", F::TRUSTED_ARGS),
    k("bpf_kfunc_trusted_task_test", F::TRUSTED_ARGS),
    k("bpf_kfunc_trusted_num_test", F::TRUSTED_ARGS),
    k("bpf_kfunc_rcu_task_test", F::RCU),
    since("bpf_kfunc_ret_rcu_test", F::RET_NULL.union(F::RCU_PROTECTED), V6_18),
    since("bpf_kfunc_ret_rcu_test_nostruct", F::RET_NULL.union(F::RCU_PROTECTED), V6_18),
    since("bpf_testmod_ops3_call_test_1", F::empty(), V7_0),
    since("bpf_testmod_ops3_call_test_2", F::empty(), V7_0),
    since("bpf_testmod_ops3_call_test_arena", F::empty(), V7_1),
    since("bpf_testmod_ops3_call_test_arena_multislot", F::empty(), V7_1),
    since("bpf_testmod_ops3_call_test_arena_nullable", F::empty(), V7_1),
    since("bpf_testmod_ops3_call_test_arena_stack", F::empty(), V7_1),
    k("bpf_testmod_ctx_create", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_testmod_ctx_release", F::RELEASE),
];

/// For some. Kernel: `bpf_testmod_check_kfunc_ids`.
pub(super) const TESTMOD: Group = Group {
    module: Some("bpf_testmod"),
    hooks: Hooks::TC.union(Hooks::TRACING).union(Hooks::SYSCALL),
    filter: Filter::None,
    later: &[(Hooks::STRUCT_OPS, V6_12)],
    rows: TESTMOD_ROWS,
};

const TESTMOD_ROWS: &[Kfunc] = &[
    k("bpf_testmod_test_mod_kfunc", F::empty()),
    k("bpf_kfunc_call_test1", F::empty()),
    k("bpf_kfunc_call_test2", F::empty()),
    k("bpf_kfunc_call_test3", F::empty()),
    k("bpf_kfunc_call_test4", F::empty()),
    k("bpf_kfunc_call_test_mem_len_pass1", F::empty()),
    k("bpf_kfunc_call_test_mem_len_fail1", F::empty()),
    k("bpf_kfunc_call_test_mem_len_fail2", F::empty()),
    k("bpf_kfunc_call_test_acquire", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_kfunc_call_memb_acquire", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_kfunc_call_memb1_release", F::RELEASE),
    k("bpf_kfunc_call_test_get_rdwr_mem", F::RET_NULL),
    k("bpf_kfunc_call_test_get_rdonly_mem", F::RET_NULL),
    k("bpf_kfunc_call_test_acq_rdonly_mem", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_kfunc_call_int_mem_release", F::RELEASE),
    k("bpf_kfunc_call_test_pass_ctx", F::empty()),
    k("bpf_kfunc_call_test_pass1", F::empty()),
    k("bpf_kfunc_call_test_pass2", F::empty()),
    k("bpf_kfunc_call_test_fail1", F::empty()),
    k("bpf_kfunc_call_test_fail2", F::empty()),
    k("bpf_kfunc_call_test_fail3", F::empty()),
    k("bpf_kfunc_call_test_ref", F::TRUSTED_ARGS.union(F::RCU)),
    k("bpf_kfunc_call_test_destructive", F::DESTRUCTIVE),
    k("bpf_kfunc_call_test_static_unused_arg", F::empty()),
    k("bpf_kfunc_call_test_offset", F::empty()),
    k("bpf_kfunc_call_test_sleepable", F::SLEEPABLE),
    k("bpf_kfunc_init_sock", F::SLEEPABLE),
    k("bpf_kfunc_close_sock", F::SLEEPABLE),
    k("bpf_kfunc_call_kernel_connect", F::SLEEPABLE),
    k("bpf_kfunc_call_kernel_bind", F::SLEEPABLE),
    k("bpf_kfunc_call_kernel_listen", F::SLEEPABLE),
    k("bpf_kfunc_call_kernel_sendmsg", F::SLEEPABLE),
    k("bpf_kfunc_call_sock_sendmsg", F::SLEEPABLE),
    k("bpf_kfunc_call_kernel_getsockname", F::SLEEPABLE),
    k("bpf_kfunc_call_kernel_getpeername", F::SLEEPABLE),
    k("bpf_kfunc_st_ops_test_prologue", F::TRUSTED_ARGS.union(F::SLEEPABLE)),
    k("bpf_kfunc_st_ops_test_epilogue", F::TRUSTED_ARGS.union(F::SLEEPABLE)),
    k("bpf_kfunc_st_ops_test_pro_epilogue", F::TRUSTED_ARGS.union(F::SLEEPABLE)),
    k("bpf_kfunc_st_ops_inc10", F::TRUSTED_ARGS),
    since("bpf_kfunc_multi_st_ops_test_1", F::empty(), V7_0),
    since("bpf_kfunc_multi_st_ops_test_1_assoc", F::empty(), V7_0),
    since("bpf_kfunc_implicit_arg", F::empty(), V7_0),
    since("bpf_kfunc_implicit_arg_legacy", F::empty(), V7_0),
    since("bpf_kfunc_implicit_arg_legacy_impl", F::empty(), V7_0),
    since("bpf_kfunc_arena_arg_test", F::empty(), V7_1),
    since("bpf_kfunc_arena_args5_test", F::empty(), V7_1),
    since("bpf_kfunc_arena_cap_nullable_test", F::empty(), V7_1),
    since("bpf_kfunc_arena_cap_test", F::empty(), V7_1),
    since("bpf_kfunc_arena_mixed_test", F::empty(), V7_1),
];

/// For more of them, from 7.1 on. The kernel's tests ask for this one only.
pub(super) const TESTMOD_ANYWHERE: Group = Group {
    hooks: Hooks::CGROUP.union(Hooks::KPROBE).union(Hooks::NETFILTER),
    rows: &[since("bpf_kfunc_call_test_mem_len_pass1", F::empty(), V7_1)],
    ..TESTMOD
};

/// Of the two modules that test which one a number of a function names.
pub(super) const MODORDER_X: Group = Group {
    module: Some("bpf_test_modorder_x"),
    hooks: Hooks::TC,
    filter: Filter::None,
    later: &[],
    rows: &[k("bpf_test_modorder_retx", F::empty())],
};

/// The other one.
pub(super) const MODORDER_Y: Group =
    Group { module: Some("bpf_test_modorder_y"), rows: &[k("bpf_test_modorder_rety", F::empty())], ..MODORDER_X };
