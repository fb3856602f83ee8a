//! Which behaviours a release has, and in which style it words its log.
//!
//! One documented field for each kernel change that matters; the profiles fill them in.

/// A release, for `since`/`until` columns of rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KernelVersion {
    /// `6` of 6.12.
    pub major: u16,
    /// `12` of 6.12.
    pub minor: u16,
}

impl KernelVersion {
    /// `v(6, 12)` reads as the release.
    pub const fn new(major: u16, minor: u16) -> KernelVersion {
        KernelVersion { major, minor }
    }
}

/// Wording and number formats of the log, ordered by release.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(non_camel_case_types)]
pub enum LogStyle {
    /// Linux 6.1.
    V6_1,
    /// Linux 6.12.
    V6_12,
    /// Linux 6.18.
    V6_18,
}

/// How a release finds registers and stack slots that are read later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LivenessKind {
    /// Read marks travel to ancestor states as reads happen (up to 6.17).
    ReadMarks,
    /// A data-flow pass over registers before the walk, and must-write/may-read sets of stack slots per
    /// function instance and instruction (6.18).
    Static,
}

/// How a release decides that a state inside a loop may be pruned against one still being explored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopKind {
    /// `loop_entry` links of states, found while walking (6.7 to 6.15).
    LoopEntry,
    /// Strongly connected components of the control-flow graph, with backedges collected per visit (6.16).
    Scc,
}

/// Named behaviours of a release.
#[derive(Clone, Debug)]
pub struct Features {
    /// Liveness algorithm. 6.18 replaced read marks (`bpf: callchain sensitive stack liveness tracking using CFG`).
    pub liveness: LivenessKind,
    /// Loop convergence algorithm. 6.16 replaced loop entries (`bpf: propagate read/precision marks over state graph backedges`).
    pub loops: LoopKind,
    /// Locks and saved interrupt flags stand in the list of references, several locks can be held, and all resource checks
    /// at exits are one function with one wording (6.14: `bpf: Refactor {acquire,release}_reference_state`,
    /// `bpf: Consolidate locks and reference state in verifier state`).
    pub locks_are_refs: bool,
    /// The list of references keeps its order when one is released (6.14); before, the last took the freed place.
    pub ref_list_keeps_order: bool,
    /// A callback may not release what its caller acquired, and answers for what it acquired itself. Later releases
    /// verify callbacks as part of a loop and dropped the distinction (6.14: `bpf: Consolidate locks and reference state`).
    pub callback_refs: bool,
    /// `bpf_override_return()` exists (CONFIG_BPF_KPROBE_OVERRIDE); neither of the kernels measured was built with it.
    pub kprobe_override: bool,
    /// The kernel is locked down for integrity (Secure Boot, or by its host): no `bpf_probe_write_user()`. The 6.18 kernel
    /// measured is.
    pub locked_down: bool,
    /// Addresses of variables are known, not only of functions (CONFIG_KALLSYMS_ALL).
    pub data_symbols: bool,
    /// Too many pending paths return E2BIG; EFAULT before (`bpf: propagate error from push_stack`, in 6.12.y).
    pub jump_sequence_is_e2big: bool,
    /// Precision walks follow the value that a fetching atomic loads from the stack (`bpf: Fix precision backtracking
    /// for atomic fetch`, in 6.12.y).
    pub atomic_fetch_backtracks: bool,
    /// An error on a path that only a mispredicting CPU would take does not reject a program without CAP_PERFMON: a
    /// barrier is put before the instruction, and the path ends there (6.16).
    pub barriers_against_guesses: bool,
    /// `LD_ABS` and `LD_IND` are walked as a branch that leaves the function.
    pub ld_abs_exits_frame: bool,
    /// Precision walks know that: they enter the function that such a load left (not in 6.18.44, which loses count of
    /// the frames and may write outside of its memory then).
    pub ld_abs_backtracks: bool,
    /// `bpf_tail_call()` is walked as a branch that leaves the function.
    pub tail_call_exits_frame: bool,
    /// Precision walks drop wanted arguments of the caller when they enter a callback from its `exit`.
    pub callback_args_dropped_at_exit: bool,
    /// Stacks of deep programs may be allocated apart from the kernel's (6.13, x86-64).
    pub private_stack: bool,
    /// A callback is never the main program, and holds no classic packet loads, reached or not (in 6.12's later stable
    /// releases, not yet in 6.18.44).
    pub callback_checks: bool,
    /// Loads that extend the sign work on arenas (6.18: `bpf: Add support for sign extended loads from arena`).
    pub arena_signed_loads: bool,
    /// Atomic operations on 8 and 16 bits exist: load-acquire and store-release
    /// (6.15: `bpf: Introduce load-acquire and store-release instructions`).
    pub narrow_atomics: bool,
    /// Bytes of stack that `may_goto` takes in a function: a counter, and with it a timestamp
    /// (6.15: `bpf, x86: Add support for timed may_goto`).
    pub may_goto_stack: u32,
    /// Known bits of a product merge both outcomes of an unknown multiplier bit (6.18: `bpf: Improve the general
    /// precision of tnum_mul`).
    pub tnum_mul_by_union: bool,
    /// Known bits and an unsigned range that meet in one value make it known (7.0, in 6.18's stable releases: `bpf:
    /// Improve bounds when tnum has a single possible value`).
    pub bounds_from_tnum_step: bool,
    /// Signed 32-bit bounds narrow 64-bit bounds (from 6.8; dropped as redundant in 6.16).
    pub mixed_bounds_from_s32: bool,
    /// Unsigned sums and differences keep their bounds if they wrap in every case (6.17: `bpf: Improve bounds of
    /// scalar add and sub`).
    pub wrapping_add_sub_bounds: bool,
    /// Products of signed ranges have bounds (6.15: `bpf: Improve verifier scalar mul`).
    pub signed_mul_bounds: bool,
    /// Negation has bounds (6.17: `bpf: Add range tracking for BPF_NEG`).
    pub neg_bounds: bool,
    /// Byte swaps keep known bits (7.0, in 6.18's stable releases: `bpf: Add bitwise tracking for BPF_END`).
    pub byte_swap_bits: bool,
    /// Scalars stay linked over subtraction and over 32-bit addition of a constant too, and what is learnt through a
    /// link is brought in step at once (7.0, in 6.18's stable releases: `bpf: Support negative offsets, BPF_SUB, and
    /// alu32 for linked register tracking`).
    pub links_over_sub_and_alu32: bool,
    /// Only registers that are live are linked (6.17, with the liveness pass: `bpf: collect only live registers in
    /// linked regs`).
    pub links_live_only: bool,
    /// `may_goto` with offset zero is allowed (6.14: `bpf: Allow may_goto 0 instruction in verifier`).
    pub may_goto_zero: bool,
    /// Built with CONFIG_FUNCTION_ERROR_INJECTION: functions on the error injection list exist for `fmod_ret` and
    /// sleepable tracing programs. Neither profile is.
    pub error_injection: bool,
    /// Unions are passed by value like structs in traced functions. 6.12.117 refuses them, 6.18 does not.
    pub union_args: bool,
    /// A pointer to qualified void (`const void *`) among the arguments is a number, as `void *` always was (in 6.18 one
    /// question, `is_void_or_int_ptr()`; 6.12.117 looks at unqualified void only).
    pub qualified_void_args: bool,
    /// Type tags with the kind flag are attributes and mean nothing to the verifier (BTF attributes, in 6.18).
    pub attribute_tags: bool,
    /// The refusal to trace functions that the trampoline itself calls is told; 6.12.117 is silent.
    pub denied_attach_told: bool,
    /// An extension may sleep only where the original may. 6.12.117 does not ask.
    pub extension_might_sleep: bool,
    /// Loads of pointers to anything but structs yield untrusted read-only memory instead of numbers, and accesses to such
    /// memory are not bounded (6.17: `bpf: rdonly_untrusted_mem for btf id walk pointer leafs`).
    pub untrusted_mem: bool,
    /// A call that only reads memory is checked as a read: bounds of reads, and the stack is not overwritten. Before, every
    /// call was taken to do both (6.14: `bpf: verifier: Refactor helper access type tracking`).
    pub helper_access_has_direction: bool,
    /// Task storage may hold user pointers (6.13: `bpf: Support __uptr type tag in BTF`).
    pub uptr: bool,
    /// Resilient spin locks exist (6.15: `bpf: Implement verifier support for rqspinlock`).
    pub res_spin_lock: bool,
    /// Deferred task work exists (6.18: `bpf: verifier: Refactor bpf_wq handling` and following).
    pub task_work: bool,
    /// `bpf_rbtree_root()`, `_left()` and `_right()` walk trees, nodes may be counted references, and the messages about
    /// node arguments name the function (in 6.18, not in 6.12).
    pub rbtree_walk: bool,
    /// Arguments named `__prog` are filled in by the verifier (in 6.18, not in 6.12).
    pub kfunc_prog_arg: bool,
    /// The log shows a dynptr on the stack behind calls that only read it (6.14: one function marks the slots of all stack
    /// objects as read); before, iterators only.
    pub dynptr_reads_shown: bool,
    /// What an RCU-protected function returns is valid in an RCU section only, and calling it elsewhere is rejected
    /// (in 6.18, not in 6.12).
    pub kfunc_rcu_protected: bool,
    /// `bpf_rdonly_cast()` casts to `void` too, and reads through untrusted memory are allowed (in 6.18,
    /// not in 6.12).
    pub rdonly_cast_void: bool,
    /// A null pointer passed where null is allowed, and the zero flags of `bpf_get_local_storage()`, count as precise
    /// (7.0, in 6.12.y: `bpf: mark NULL arguments precise`).
    pub null_args_are_precise: bool,
    /// Lookups in arrays with a constant key in range are never null (6.14: `bpf: verifier: Support eliding map lookup
    /// nullness`).
    pub constant_map_keys: bool,
    /// Functions that the callback of a tree insertion calls count as part of it (in 6.12.y); elsewhere only the callback.
    pub tree_callback_covers_callees: bool,
    /// Workqueue arguments are checked with the words of timers (6.18: `bpf: extract map_field checks`).
    pub wq_checked_like_timers: bool,
    /// Only per-CPU pointers fit per-CPU kptr fields (in 6.12.y).
    pub kptr_percpu_must_match: bool,
    /// Global functions may be called with preemption disabled unless they may sleep (6.15: `bpf: Summarize sleepable
    /// global subprogs`).
    pub global_funcs_know_sleeping: bool,
    /// Callbacks of timers in inner maps get the map pointer's identity (in 6.12.y).
    pub timer_callback_keeps_map_uid: bool,
    /// Arguments of global functions can be tagged untrusted (6.17: `bpf: attribute __arg_untrusted`).
    pub untrusted_args: bool,
    /// struct_ops arguments can carry references, and a referenced pointer can be returned (6.14: `bpf: Allow struct_ops
    /// prog to return referenced kptr`).
    pub struct_ops_refs: bool,
    /// Memory arguments of global functions have an id even if they cannot be null (until 6.16).
    pub nonnull_mem_args_have_ids: bool,
    /// Declaration and type tags of BTF may carry the kind flag, which marks attributes of the compiler's own
    /// (6.15: `bpf: Allow kind_flag for BTF type and decl tags`).
    pub btf_flagged_tags: bool,
    /// A pointer whose variable offset has no sane bounds may be null after all (in 6.12's later stable releases, not
    /// yet in 6.18.44).
    pub not_null_checks_offset: bool,
    /// XDP sockets and buffers of iterators count as pointers that are never null (likewise).
    pub not_null_xdp_sock_and_buf: bool,
    /// A 32-bit comparison of a pointer with zero is never decided, since the low half may be zero (likewise).
    pub pointer_jmp32_undecided: bool,
    /// Of two equal pointers, one loses its doubt only if the other is of a type that is never null; without, it is
    /// enough that the other's type does not say that it may be null (likewise).
    pub equal_pointers_check_type: bool,
    /// With `number += pointer` the destination inherits everything of the pointer, its place in the parent chain
    /// included; without, its type, offset and what belongs to the type (likewise).
    pub moved_pointer_inherits_all: bool,
}
