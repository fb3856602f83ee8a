//! The kernels that bpfvet knows: release data plus environment.

use super::features::{Features, KernelVersion, LivenessKind, LogStyle, LoopKind};

/// A kernel as programs meet it: release, behaviours, wording, configuration.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What the user types: `6.12`.
    pub name: &'static str,
    /// Point release the figures are measured on.
    pub release: &'static str,
    /// Release, for row selection.
    pub version: KernelVersion,
    /// Wording of the log.
    pub style: LogStyle,
    /// Named behaviours.
    pub features: Features,
    /// CPUs that the machine measured can have. Kernel: `nr_cpu_ids`.
    pub nr_cpu_ids: u32,
    /// CPUs that the kernel is built for. Kernel: `CONFIG_NR_CPUS`.
    pub nr_cpus: u32,
    /// `/sys/kernel/btf/vmlinux`, compressed with zstd. Parsed once by `program::vmlinux()`.
    pub btf_zst: &'static [u8],
    /// The build configuration (`/proc/config.gz`), compressed with zstd instead.
    pub config_zst: &'static [u8],
    /// What `/proc/kallsyms` holds beyond the functions and variables of the BTF, compressed with zstd; its form stands
    /// in `program::kallsyms`.
    pub kallsyms_zst: &'static [u8],
}

impl Kernel {
    /// Every kernel known, oldest first.
    pub fn all() -> Vec<Kernel> {
        vec![Kernel::v6_12(), Kernel::v6_18()]
    }

    /// The newest known kernel that is not newer than a release (`6.14` is answered by 6.12).
    pub fn nearest(version: KernelVersion) -> Option<Kernel> {
        Kernel::all().into_iter().rfind(|k| k.version <= version)
    }

    /// Debian's 6.12.117, the main oracle.
    pub fn v6_12() -> Kernel {
        Kernel {
            name: "6.12",
            release: "6.12.117",
            version: KernelVersion::new(6, 12),
            style: LogStyle::V6_12,
            features: Features {
                liveness: LivenessKind::ReadMarks,
                loops: LoopKind::LoopEntry,
                locks_are_refs: false,
                ref_list_keeps_order: false,
                callback_refs: true,
                kprobe_override: false,
                locked_down: false,
                data_symbols: true,
                jump_sequence_is_e2big: true,
                atomic_fetch_backtracks: true,
                barriers_against_guesses: false,
                ld_abs_exits_frame: true,
                ld_abs_backtracks: true,
                tail_call_exits_frame: false,
                callback_args_dropped_at_exit: false,
                private_stack: false,
                callback_checks: true,
                arena_signed_loads: false,
                narrow_atomics: false,
                may_goto_stack: 8,
                tnum_mul_by_union: false,
                bounds_from_tnum_step: false,
                mixed_bounds_from_s32: true,
                wrapping_add_sub_bounds: false,
                signed_mul_bounds: false,
                neg_bounds: false,
                byte_swap_bits: false,
                links_over_sub_and_alu32: false,
                links_live_only: false,
                may_goto_zero: false,
                not_null_checks_offset: true,
                not_null_xdp_sock_and_buf: true,
                pointer_jmp32_undecided: true,
                equal_pointers_check_type: true,
                moved_pointer_inherits_all: true,
                error_injection: false,
                union_args: false,
                qualified_void_args: false,
                attribute_tags: false,
                denied_attach_told: false,
                extension_might_sleep: false,
                untrusted_mem: false,
                helper_access_has_direction: false,
                uptr: false,
                res_spin_lock: false,
                task_work: false,
                rbtree_walk: false,
                kfunc_prog_arg: false,
                dynptr_reads_shown: false,
                kfunc_rcu_protected: false,
                rdonly_cast_void: false,
                null_args_are_precise: true,
                constant_map_keys: false,
                tree_callback_covers_callees: true,
                wq_checked_like_timers: false,
                kptr_percpu_must_match: true,
                global_funcs_know_sleeping: false,
                timer_callback_keeps_map_uid: true,
                untrusted_args: false,
                struct_ops_refs: false,
                nonnull_mem_args_have_ids: true,
                btf_flagged_tags: false,
            },
            nr_cpu_ids: 1,
            nr_cpus: 8192,
            btf_zst: include_bytes!("../../data/btf/6.12.117-debian.btf.zst"),
            config_zst: include_bytes!("../../data/config/6.12.117-debian.config.zst"),
            kallsyms_zst: include_bytes!("../../data/kallsyms/6.12.117-debian.zst"),
        }
    }

    /// 6.18.44.
    pub fn v6_18() -> Kernel {
        Kernel {
            name: "6.18",
            release: "6.18.44",
            version: KernelVersion::new(6, 18),
            style: LogStyle::V6_18,
            features: Features {
                liveness: LivenessKind::Static,
                loops: LoopKind::Scc,
                locks_are_refs: true,
                ref_list_keeps_order: true,
                callback_refs: false,
                kprobe_override: false,
                locked_down: true,
                data_symbols: false,
                jump_sequence_is_e2big: false,
                atomic_fetch_backtracks: false,
                barriers_against_guesses: true,
                ld_abs_exits_frame: true,
                ld_abs_backtracks: false,
                tail_call_exits_frame: true,
                callback_args_dropped_at_exit: true,
                private_stack: true,
                callback_checks: false,
                arena_signed_loads: true,
                narrow_atomics: true,
                may_goto_stack: 16,
                tnum_mul_by_union: true,
                bounds_from_tnum_step: true,
                mixed_bounds_from_s32: false,
                wrapping_add_sub_bounds: true,
                signed_mul_bounds: true,
                neg_bounds: true,
                byte_swap_bits: true,
                links_over_sub_and_alu32: true,
                links_live_only: true,
                may_goto_zero: true,
                not_null_checks_offset: false,
                not_null_xdp_sock_and_buf: false,
                pointer_jmp32_undecided: false,
                equal_pointers_check_type: false,
                moved_pointer_inherits_all: false,
                error_injection: false,
                union_args: true,
                qualified_void_args: true,
                attribute_tags: true,
                denied_attach_told: true,
                extension_might_sleep: true,
                untrusted_mem: true,
                helper_access_has_direction: true,
                uptr: true,
                res_spin_lock: true,
                task_work: true,
                rbtree_walk: true,
                kfunc_prog_arg: true,
                dynptr_reads_shown: true,
                kfunc_rcu_protected: true,
                rdonly_cast_void: true,
                null_args_are_precise: false,
                constant_map_keys: true,
                tree_callback_covers_callees: false,
                wq_checked_like_timers: true,
                kptr_percpu_must_match: false,
                global_funcs_know_sleeping: true,
                timer_callback_keeps_map_uid: false,
                untrusted_args: true,
                struct_ops_refs: true,
                nonnull_mem_args_have_ids: false,
                btf_flagged_tags: true,
            },
            nr_cpu_ids: 2,
            nr_cpus: 256,
            btf_zst: include_bytes!("../../data/btf/6.18.44.btf.zst"),
            config_zst: include_bytes!("../../data/config/6.18.44.config.zst"),
            kallsyms_zst: include_bytes!("../../data/kallsyms/6.18.44.zst"),
        }
    }
}
