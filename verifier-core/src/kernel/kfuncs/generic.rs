//! Kernel functions of the core: objects, lists and trees, tasks, control groups, CPU masks, iterators, dynptrs, strings.
//!
//! Facts of the `BTF_KFUNCS_START()` sets in `kernel/bpf/` and of the hooks they are registered for.

use super::row::{
    Filter, Group, Hooks, Kfunc, KfuncFlags as F, V6_2, V6_3, V6_9, V6_10, V6_12, V6_13, V6_14, V6_15, V6_16, V6_17,
    V6_18, V6_19, V7_0, V7_1, between, k, since, until,
};
use crate::kernel::history::KernelVersion;

/// Allocated objects, graphs, tasks and control groups. Kernel: `generic_btf_ids`.
pub(super) const GENERIC: Group =
    Group { module: None, hooks: Hooks::TRACING, filter: Filter::None, later: GENERIC_HOOKS, rows: GENERIC_ROWS };

/// Who else may call what is generic, and since when.
pub(super) const GENERIC_HOOKS: &[(Hooks, KernelVersion)] = &[
    (Hooks::TC, V6_2),
    (Hooks::STRUCT_OPS, V6_3),
    (Hooks::XDP, V6_9),
    (Hooks::SYSCALL, V6_10),
    (Hooks::CGROUP, V6_12),
];

const GENERIC_ROWS: &[Kfunc] = &[
    k("crash_kexec", F::DESTRUCTIVE),
    k("bpf_obj_new_impl", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_percpu_obj_new_impl", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_obj_drop_impl", F::RELEASE),
    k("bpf_percpu_obj_drop_impl", F::RELEASE),
    k("bpf_refcount_acquire_impl", F::ACQUIRE.union(F::RET_NULL).union(F::RCU)),
    k("bpf_list_push_front_impl", F::empty()),
    k("bpf_list_push_back_impl", F::empty()),
    k("bpf_list_pop_front", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_list_pop_back", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_task_acquire", F::ACQUIRE.union(F::RCU).union(F::RET_NULL)),
    k("bpf_task_release", F::RELEASE),
    k("bpf_rbtree_remove", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_rbtree_add_impl", F::empty()),
    k("bpf_rbtree_first", F::RET_NULL),
    k("bpf_cgroup_acquire", F::ACQUIRE.union(F::RCU).union(F::RET_NULL)),
    k("bpf_cgroup_release", F::RELEASE),
    k("bpf_cgroup_ancestor", F::ACQUIRE.union(F::RCU).union(F::RET_NULL)),
    k("bpf_cgroup_from_id", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_task_under_cgroup", F::RCU),
    k("bpf_task_get_cgroup1", F::ACQUIRE.union(F::RCU).union(F::RET_NULL)),
    k("bpf_task_from_pid", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_throw", F::empty()),
    since("bpf_list_front", F::RET_NULL, V6_16),
    since("bpf_list_back", F::RET_NULL, V6_16),
    since("bpf_rbtree_root", F::RET_NULL, V6_16),
    since("bpf_rbtree_left", F::RET_NULL, V6_16),
    since("bpf_rbtree_right", F::RET_NULL, V6_16),
    since("bpf_task_from_vpid", F::ACQUIRE.union(F::RET_NULL), V6_14),
    since("bpf_send_signal_task", F::TRUSTED_ARGS, V6_13),
    // What the verifier passes by itself is no argument of these.
    since("bpf_obj_new", F::ACQUIRE.union(F::RET_NULL), V7_1),
    since("bpf_percpu_obj_new", F::ACQUIRE.union(F::RET_NULL), V7_1),
    since("bpf_obj_drop", F::RELEASE, V7_1),
    since("bpf_percpu_obj_drop", F::RELEASE, V7_1),
    since("bpf_refcount_acquire", F::ACQUIRE.union(F::RET_NULL).union(F::RCU), V7_1),
    since("bpf_list_push_front", F::empty(), V7_1),
    since("bpf_list_push_back", F::empty(), V7_1),
    since("bpf_rbtree_add", F::empty(), V7_1),
    since("bpf_list_add", F::empty(), V7_1),
    since("bpf_list_del", F::ACQUIRE.union(F::RET_NULL), V7_1),
    since("bpf_list_empty", F::empty(), V7_1),
    since("bpf_list_is_first", F::empty(), V7_1),
    since("bpf_list_is_last", F::empty(), V7_1),
];

/// What every program type may call. Kernel: `common_btf_ids`.
pub(super) const COMMON: Group =
    Group { module: None, hooks: Hooks::COMMON, filter: Filter::None, later: &[], rows: COMMON_ROWS };

const COMMON_ROWS: &[Kfunc] = &[
    k("bpf_cast_to_kern_ctx", F::empty()),
    k("bpf_rdonly_cast", F::empty()),
    k("bpf_rcu_read_lock", F::empty()),
    k("bpf_rcu_read_unlock", F::empty()),
    k("bpf_dynptr_slice", F::RET_NULL),
    k("bpf_dynptr_slice_rdwr", F::RET_NULL),
    k("bpf_iter_num_new", F::ITER_NEW),
    k("bpf_iter_num_next", F::ITER_NEXT.union(F::RET_NULL)),
    k("bpf_iter_num_destroy", F::ITER_DESTROY),
    k("bpf_iter_task_vma_new", F::ITER_NEW.union(F::RCU)),
    k("bpf_iter_task_vma_next", F::ITER_NEXT.union(F::RET_NULL)),
    k("bpf_iter_task_vma_destroy", F::ITER_DESTROY),
    k("bpf_iter_css_task_new", F::ITER_NEW.union(F::TRUSTED_ARGS)),
    k("bpf_iter_css_task_next", F::ITER_NEXT.union(F::RET_NULL)),
    k("bpf_iter_css_task_destroy", F::ITER_DESTROY),
    k("bpf_iter_css_new", F::ITER_NEW.union(F::TRUSTED_ARGS).union(F::RCU_PROTECTED)),
    k("bpf_iter_css_next", F::ITER_NEXT.union(F::RET_NULL)),
    k("bpf_iter_css_destroy", F::ITER_DESTROY),
    k("bpf_iter_task_new", F::ITER_NEW.union(F::TRUSTED_ARGS).union(F::RCU_PROTECTED)),
    k("bpf_iter_task_next", F::ITER_NEXT.union(F::RET_NULL)),
    k("bpf_iter_task_destroy", F::ITER_DESTROY),
    k("bpf_dynptr_adjust", F::empty()),
    k("bpf_dynptr_is_null", F::empty()),
    k("bpf_dynptr_is_rdonly", F::empty()),
    k("bpf_dynptr_size", F::empty()),
    k("bpf_dynptr_clone", F::empty()),
    k("bpf_modify_return_test_tp", F::empty()),
    k("bpf_wq_init", F::empty()),
    until("bpf_wq_set_callback_impl", F::empty(), V7_0),
    since("bpf_wq_set_callback", F::empty(), V7_0),
    k("bpf_wq_start", F::empty()),
    k("bpf_preempt_disable", F::empty()),
    k("bpf_preempt_enable", F::empty()),
    k("bpf_iter_bits_new", F::ITER_NEW),
    k("bpf_iter_bits_next", F::ITER_NEXT.union(F::RET_NULL)),
    k("bpf_iter_bits_destroy", F::ITER_DESTROY),
    k("bpf_copy_from_user_str", F::SLEEPABLE),
    since("bpf_get_kmem_cache", F::empty(), V6_13),
    since("bpf_iter_kmem_cache_new", F::ITER_NEW.union(F::SLEEPABLE), V6_13),
    since("bpf_iter_kmem_cache_next", F::ITER_NEXT.union(F::RET_NULL).union(F::SLEEPABLE), V6_13),
    since("bpf_iter_kmem_cache_destroy", F::ITER_DESTROY.union(F::SLEEPABLE), V6_13),
    since("bpf_local_irq_save", F::empty(), V6_14),
    since("bpf_local_irq_restore", F::empty(), V6_14),
    since("bpf_copy_from_user_task_str", F::SLEEPABLE, V6_15),
    since("bpf_dynptr_copy", F::empty(), V6_15),
    since("bpf_probe_read_user_dynptr", F::empty(), V6_16),
    since("bpf_probe_read_kernel_dynptr", F::empty(), V6_16),
    since("bpf_probe_read_user_str_dynptr", F::empty(), V6_16),
    since("bpf_probe_read_kernel_str_dynptr", F::empty(), V6_16),
    since("bpf_copy_from_user_dynptr", F::SLEEPABLE, V6_16),
    since("bpf_copy_from_user_str_dynptr", F::SLEEPABLE, V6_16),
    since("bpf_copy_from_user_task_dynptr", F::SLEEPABLE.union(F::TRUSTED_ARGS), V6_16),
    since("bpf_copy_from_user_task_str_dynptr", F::SLEEPABLE.union(F::TRUSTED_ARGS), V6_16),
    since("bpf_iter_dmabuf_new", F::ITER_NEW.union(F::SLEEPABLE), V6_16),
    since("bpf_iter_dmabuf_next", F::ITER_NEXT.union(F::RET_NULL).union(F::SLEEPABLE), V6_16),
    since("bpf_iter_dmabuf_destroy", F::ITER_DESTROY.union(F::SLEEPABLE), V6_16),
    since("__bpf_trap", F::empty(), V6_17),
    since("bpf_dynptr_memset", F::empty(), V6_17),
    since("bpf_strcmp", F::empty(), V6_17),
    since("bpf_strcasecmp", F::empty(), V6_18),
    since("bpf_strchr", F::empty(), V6_17),
    since("bpf_strchrnul", F::empty(), V6_17),
    since("bpf_strnchr", F::empty(), V6_17),
    since("bpf_strrchr", F::empty(), V6_17),
    since("bpf_strnlen", F::empty(), V6_17),
    since("bpf_strlen", F::empty(), V6_17),
    since("bpf_strspn", F::empty(), V6_17),
    since("bpf_strcspn", F::empty(), V6_17),
    since("bpf_strstr", F::empty(), V6_17),
    since("bpf_strnstr", F::empty(), V6_17),
    since("bpf_strcasestr", F::empty(), V6_19),
    since("bpf_strncasecmp", F::empty(), V7_0),
    since("bpf_strncasestr", F::empty(), V6_19),
    between("bpf_stream_vprintk_impl", F::TRUSTED_ARGS, V6_17, V7_0),
    between("bpf_task_work_schedule_signal_impl", F::TRUSTED_ARGS, V6_18, V7_0),
    between("bpf_task_work_schedule_resume_impl", F::TRUSTED_ARGS, V6_18, V7_0),
    since("bpf_stream_vprintk", F::empty(), V7_0),
    since("bpf_stream_print_stack", F::empty(), V7_1),
    since("bpf_task_work_schedule_signal", F::empty(), V7_0),
    since("bpf_task_work_schedule_resume", F::empty(), V7_0),
    since("bpf_dynptr_from_file", F::TRUSTED_ARGS, V6_19),
    since("bpf_dynptr_file_discard", F::empty(), V6_19),
    since("bpf_timer_cancel_async", F::empty(), V7_0),
];

/// Locks that detect deadlocks. Kernel: `rqspinlock_kfunc_ids`.
pub(super) const RES_SPIN_LOCK: Group =
    Group { module: None, hooks: Hooks::COMMON, filter: Filter::None, later: &[], rows: RES_SPIN_LOCK_ROWS };

const RES_SPIN_LOCK_ROWS: &[Kfunc] = &[
    since("bpf_res_spin_lock", F::RET_NULL, V6_15),
    since("bpf_res_spin_unlock", F::empty(), V6_15),
    since("bpf_res_spin_lock_irqsave", F::RET_NULL, V6_15),
    since("bpf_res_spin_unlock_irqrestore", F::empty(), V6_15),
];

/// Pages of an arena. Kernel: `arena_kfuncs`.
pub(super) const ARENA: Group =
    Group { module: None, hooks: Hooks::COMMON, filter: Filter::None, later: &[], rows: ARENA_ROWS };

const ARENA_ROWS: &[Kfunc] = &[
    until("bpf_arena_alloc_pages", F::TRUSTED_ARGS.union(F::SLEEPABLE), V7_0),
    until("bpf_arena_free_pages", F::TRUSTED_ARGS.union(F::SLEEPABLE), V7_0),
    between("bpf_arena_reserve_pages", F::TRUSTED_ARGS.union(F::SLEEPABLE), V6_17, V7_0),
    since("bpf_arena_alloc_pages", F::empty(), V7_0),
    since("bpf_arena_free_pages", F::empty(), V7_0),
    since("bpf_arena_reserve_pages", F::empty(), V7_0),
];

/// Memory of control groups. Kernel: `bpf_memcontrol_kfuncs`.
pub(super) const MEMORY_CGROUPS: Group =
    Group { module: None, hooks: Hooks::COMMON, filter: Filter::None, later: &[], rows: MEMORY_CGROUP_ROWS };

const MEMORY_CGROUP_ROWS: &[Kfunc] = &[
    since("bpf_get_root_mem_cgroup", F::ACQUIRE.union(F::RET_NULL), V7_0),
    since("bpf_get_mem_cgroup", F::ACQUIRE.union(F::RET_NULL).union(F::RCU), V7_0),
    since("bpf_put_mem_cgroup", F::RELEASE, V7_0),
    since("bpf_mem_cgroup_vm_events", F::empty(), V7_0),
    since("bpf_mem_cgroup_memory_events", F::empty(), V7_0),
    since("bpf_mem_cgroup_usage", F::empty(), V7_0),
    since("bpf_mem_cgroup_page_state", F::empty(), V7_0),
    since("bpf_mem_cgroup_flush_stats", F::SLEEPABLE, V7_0),
];

/// Sums over a map. Kernel: `bpf_map_iter_kfunc_ids`.
pub(super) const MAP_ITER: Group =
    Group { module: None, hooks: Hooks::COMMON, filter: Filter::None, later: &[], rows: MAP_ITER_ROWS };

const MAP_ITER_ROWS: &[Kfunc] = &[k("bpf_map_sum_elem_count", F::TRUSTED_ARGS)];

/// CPU masks. Kernel: `cpumask_kfunc_btf_ids`.
pub(super) const CPUMASK: Group = Group {
    module: None,
    hooks: Hooks::TRACING.union(Hooks::STRUCT_OPS),
    filter: Filter::None,
    later: &[(Hooks::SYSCALL, V6_10)],
    rows: CPUMASK_ROWS,
};

const CPUMASK_ROWS: &[Kfunc] = &[
    k("bpf_cpumask_create", F::ACQUIRE.union(F::RET_NULL)),
    k("bpf_cpumask_release", F::RELEASE),
    k("bpf_cpumask_acquire", F::ACQUIRE.union(F::TRUSTED_ARGS)),
    k("bpf_cpumask_first", F::RCU),
    k("bpf_cpumask_first_zero", F::RCU),
    k("bpf_cpumask_first_and", F::RCU),
    k("bpf_cpumask_set_cpu", F::RCU),
    k("bpf_cpumask_clear_cpu", F::RCU),
    k("bpf_cpumask_test_cpu", F::RCU),
    k("bpf_cpumask_test_and_set_cpu", F::RCU),
    k("bpf_cpumask_test_and_clear_cpu", F::RCU),
    k("bpf_cpumask_setall", F::RCU),
    k("bpf_cpumask_clear", F::RCU),
    k("bpf_cpumask_and", F::RCU),
    k("bpf_cpumask_or", F::RCU),
    k("bpf_cpumask_xor", F::RCU),
    k("bpf_cpumask_equal", F::RCU),
    k("bpf_cpumask_intersects", F::RCU),
    k("bpf_cpumask_subset", F::RCU),
    k("bpf_cpumask_empty", F::RCU),
    k("bpf_cpumask_full", F::RCU),
    k("bpf_cpumask_copy", F::RCU),
    k("bpf_cpumask_any_distribute", F::RCU),
    k("bpf_cpumask_any_and_distribute", F::RCU),
    k("bpf_cpumask_weight", F::RCU),
    since("bpf_cpumask_populate", F::RCU, V6_15),
];

/// Encryption. Kernel: `crypt_kfunc_btf_ids`.
pub(super) const CRYPTO: Group = Group {
    module: None,
    hooks: Hooks::TC.union(Hooks::SCHED_ACT).union(Hooks::XDP),
    filter: Filter::None,
    later: &[],
    rows: CRYPTO_ROWS,
};

const CRYPTO_ROWS: &[Kfunc] = &[k("bpf_crypto_decrypt", F::RCU), k("bpf_crypto_encrypt", F::RCU)];

/// Contexts for encryption. Kernel: `crypt_init_kfunc_btf_ids`.
pub(super) const CRYPTO_INIT: Group =
    Group { module: None, hooks: Hooks::SYSCALL, filter: Filter::None, later: &[], rows: CRYPTO_INIT_ROWS };

const CRYPTO_INIT_ROWS: &[Kfunc] = &[
    k("bpf_crypto_ctx_create", F::ACQUIRE.union(F::RET_NULL).union(F::SLEEPABLE)),
    k("bpf_crypto_ctx_release", F::RELEASE),
    k("bpf_crypto_ctx_acquire", F::ACQUIRE.union(F::RCU).union(F::RET_NULL)),
];
