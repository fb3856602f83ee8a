//! Changes of what the verifier does, one row each; each is a field of [`Features`] too.

use super::{Change, PointRelease, p, v};

/// How a release finds registers and stack slots that are read later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LivenessKind {
    /// Read marks travel to ancestor states as reads happen.
    ReadMarks,
    /// A data-flow pass over registers before the walk, and must-write/may-read sets of stack slots per
    /// function instance and instruction.
    Static,
    /// The same, but what reads and writes the stack is found before the walk as well, in halves of slots; what is dead
    /// is dropped from states at once.
    BeforeWalk,
}

/// How a release decides that a state inside a loop may be pruned against one still being explored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopKind {
    /// `loop_entry` links of states, found while walking.
    LoopEntry,
    /// Strongly connected components of the control-flow graph, with backedges collected per visit.
    Scc,
}

macro_rules! behaviours {
    ($($(#[doc = $doc:literal])+ $name:ident { $($key:ident: $value:expr),* $(,)? })+) => {
        /// Named behaviours of a release.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Features {
            $($(#[doc = $doc])+ pub $name: bool,)+
            /// Which algorithm finds what is read later; follows from `static_liveness`.
            pub liveness: LivenessKind,
            /// Which algorithm makes loops converge; follows from `scc_loops`.
            pub loops: LoopKind,
            /// Bytes of stack that `may_goto` takes in a function; follows from `timed_may_goto`.
            pub may_goto_stack: u32,
        }

        /// All rows, in the order of what they are about.
        pub static BEHAVIOURS: &[Change] = &[$(
            Change { name: stringify!($name), what: concat!($($doc, "\n"),+), $($key: $value,)* ..Change::NONE },
        )+];

        impl Features {
            /// None of the changes.
            const fn none() -> Features {
                Features {
                    $($name: false,)+
                    liveness: LivenessKind::ReadMarks,
                    loops: LoopKind::LoopEntry,
                    may_goto_stack: 8,
                }
            }

            /// The same kernel with a change, or without it.
            #[must_use]
            pub fn with(mut self, change: &Change, on: bool) -> Features {
                match change.name {
                    $(stringify!($name) => self.$name = on,)+
                    _ => {}
                }
                self.liveness = match (self.static_liveness, self.stack_before_walk) {
                    (_, true) => LivenessKind::BeforeWalk,
                    (true, false) => LivenessKind::Static,
                    (false, false) => LivenessKind::ReadMarks,
                };
                self.loops = if self.scc_loops { LoopKind::Scc } else { LoopKind::LoopEntry };
                self.may_goto_stack = if self.timed_may_goto { 16 } else { 8 };
                self
            }
        }
    };
}

impl Features {
    /// The behaviours of a release.
    pub fn of(release: PointRelease) -> Features {
        BEHAVIOURS.iter().fold(Features::none(), |f, change| f.with(change, change.covers(release)))
    }
}

behaviours! {
    /// Jumps may go where a register says, which is loaded from a jump table: a map of places of the program.
    jump_tables {
        since: v(6, 19),
        evidence: "bpf: Add support for indirect jumps; bpf, x86: add new map type: instructions array",
        probe: "jumps/no_table",
    }
    /// A function may end with a jump to where a register says. Before, such a jump was taken for one by its unused offset
    /// where functions are told apart.
    table_jumps_end_functions {
        since: v(7, 3),
        stable: &[p(7, 2, 13)],
        evidence: "measured on 6.19.6, 6.19.14, 7.0.4, 7.0.13, 7.1.3, 7.1.13, 7.2.6, 7.2.13 and 7.3.4",
        probe: "jumps/last",
    }
    /// The offset of the load counts where it is found which entry of a jump table was loaded.
    place_load_offsets {
        since: v(7, 1),
        evidence: "measured on 6.19.6, 6.19.14, 7.0.4, 7.0.13, 7.1.3, 7.1.13, 7.2.6, 7.2.13 and 7.3.4",
        probe: "jumps/second_entry",
    }
    /// The address of what is no entry of a jump table is refused with EACCES. Before, it was EINVAL.
    jump_table_address_eacces {
        since: v(7, 0),
        evidence: "measured on 6.19.6, 6.19.14, 7.0.4, 7.0.13, 7.1.3, 7.1.13, 7.2.6, 7.2.13 and 7.3.4",
        probe: "jumps/value_part",
    }
    /// Constants may be stored to the context by one instruction. Before, they had to pass through a register.
    ctx_constants_stored {
        since: v(6, 3),
        evidence: "bpf: allow ctx writes using BPF_ST_MEM instruction",
        probe: "context/constant_stored",
    }
    /// Socket buffers show the time stamp of the hardware, and what pads their description cannot be read. Before, a read
    /// of the padding passed all checks and failed when the program was rewritten.
    skb_hwtstamp {
        since: v(5, 16),
        evidence: "bpf: Add hwtstamp field for the sockops prog, measured on 5.10.262",
        probe: "context/padding",
    }
    /// Storage of control groups may be as large as other local storage. Before, a page was the limit.
    large_cgroup_storage {
        since: v(5, 15),
        evidence: "bpf: Increase supported cgroup storage value size",
        probe: "map/large_storage",
    }
    /// One call may walk the elements of several maps. Before, each call belonged to one map.
    for_each_any_map {
        since: v(6, 10),
        evidence: "bpf: allow invoking bpf_for_each_map_elem with different maps",
        probe: "callback/each_of_two_maps",
    }
    /// Whether a helper writes is a fact of the helper. Before, only memory of a constant size that it fills counted as
    /// written.
    helper_writes_known {
        since: v(6, 12),
        stable: &[p(6, 1, 170)],
        evidence: "bpf: Fix helper writes to read-only maps",
        probe: "call/read_only_map_filled",
    }
    /// Flow keys are accessed at constant offsets only. Before, what varies was added without being looked at.
    flow_keys_constant {
        since: v(6, 8),
        stable: &[p(6, 1, 170)],
        evidence: "bpf: Reject variable offset alu on PTR_TO_FLOW_KEYS",
        probe: "pointers/flow_keys_moved",
    }
    /// A zero that an instruction stores at an offset that varies keeps zeroes what they are.
    zero_constants_spread {
        since: v(6, 3),
        evidence: "bpf: track immediate values written to stack by BPF_ST instruction",
        probe: "stack/zero_over_zeros",
    }
    /// Jumps into the middle of a load of 64 bits are refused before the walk.
    wide_loads_whole {
        since: v(6, 8),
        stable: &[p(6, 1, 170)],
        evidence: "measured on 5.10.262 and 6.1.192",
        probe: "structure/jump_into_constant",
    }
    /// Functions of the kernel can be called.
    kernel_calls {
        since: v(5, 13),
        evidence: "bpf: Support bpf program calling kernel function",
        probe: "rcu/balanced",
    }
    /// Pointers to integers among the arguments of traced functions are numbers. Before, they could not be loaded.
    int_pointer_args {
        since: v(5, 17),
        evidence: "bpf: Allow access to int pointer arguments in tracing programs",
        probe: "attach/tp_btf_pointer_to_int",
    }
    /// Keys and values of maps may be passed in any memory. Before, they had to be on the stack, in a packet or in a map.
    keys_in_any_memory {
        since: v(6, 2),
        evidence: "bpf: Allow ringbuf memory to be used as map key",
        probe: "map/key_in_reservation",
    }
    /// The error of a lock or timer argument is that of its check; before, it was EACCES whatever the reason.
    field_errors_pass {
        since: v(6, 2),
        evidence: "bpf: Allow locking bpf_spin_lock in allocated objects",
        probe: "lock/map_without_btf",
    }
    /// A helper that reads saved pointers to kernel objects leaves data in their place. Before, they stayed.
    helpers_end_objects {
        since: v(5, 11),
        evidence: "bpf: Permits pointers on stack for helper calls",
        probe: "stack/object_shown_to_helper",
    }
    /// Variables of data sections may be special fields: locks, timers.
    fields_in_sections {
        since: v(5, 15),
        evidence: "bpf: Add map side support for bpf timers",
        probe: "lock/in_section",
    }
    /// Map values may hold timers.
    timers {
        since: v(5, 15),
        evidence: "bpf: Introduce bpf timers",
        probe: "timer/started",
    }
    /// Map values may hold pointers to objects of the kernel.
    kptrs {
        since: v(5, 19),
        evidence: "bpf: Allow storing unreferenced kptr in map",
        probe: "kptr/stored",
    }
    /// Programs may allocate objects with special fields, lists among them, and all types are looked through for such.
    own_objects {
        since: v(6, 2),
        evidence: "bpf: Recognize lock and list fields in allocated objects",
        probe: "graph/in_kprobe",
    }
    /// What a helper releases is known by its prototype, and must be owned. Before, the one owned argument was released.
    releases_tagged {
        since: v(5, 19),
        evidence: "bpf: Tag argument to be released in bpf_func_proto",
        probe: "reference/socket_not_acquired",
    }
    /// What a helper releases must be passed as it was obtained. Before, only pointers to objects of the kernel had to be.
    releases_unmoved {
        since: v(6, 3),
        evidence: "measured on 6.1.192 and 6.12.43",
        probe: "reference/ringbuf_moved",
    }
    /// Programs may throw, to a function that a tag names. Before, the tag meant nothing.
    exceptions {
        since: v(6, 7),
        evidence: "bpf: Add support for custom exception callbacks",
        probe: "exception/callback_missing",
    }
    /// Values of maps may hold pointers to memory of which each CPU has its own.
    percpu_kptrs {
        since: v(6, 7),
        evidence: "bpf: Add BPF_KPTR_PERCPU as a field type",
        probe: "kptr/per_cpu_misaligned",
    }
    /// Values of maps may hold work queues.
    workqueues {
        since: v(6, 10),
        evidence: "bpf: allow struct bpf_wq to be embedded in arraymaps and hashmaps",
        probe: "timer/workqueue_in_kprobe",
    }
    /// Arguments of tracepoints that can be null, or an error number, are known for such.
    tracepoint_args_doubted {
        since: v(6, 13),
        stable: &[p(6, 12, 43)],
        evidence: "bpf: Augment raw_tp arguments with PTR_MAYBE_NULL, measured on 6.1.192 and 6.12.43",
        probe: "pointers/null_argument",
    }
    /// Who may not change maps of sockets may not delete from them either.
    socket_deletes_checked {
        since: v(6, 10),
        stable: &[p(5, 10, 219), p(6, 1, 93), p(6, 6, 33)],
        evidence: "bpf: Allow delete from sockmap/sockhash only if update is allowed, measured on 5.10.218 and 5.10.262",
        probe: "map/sockmap_from_kprobe",
    }
    /// A lock is told by its map or object as well as by its value. Before, only by the id of the value, and values without
    /// one, as callbacks get them, could be locked without that being known.
    locks_know_owners {
        since: v(6, 2),
        evidence: "bpf: Allow locking bpf_spin_lock in allocated objects, measured on 6.1.192 and 6.12.43",
        probe: "lock/of_two_elements",
    }
    /// Kernel functions take the kernel's object where they name what programs see of it, as an `sk_buff` for a `__sk_buff`.
    kfuncs_take_projections {
        since: v(6, 12),
        evidence: "measured on 6.1.192 and 6.12.43",
        probe: "",
    }
    /// Structs of operations may be those of modules, and a program that names none is refused without a word. Before, what
    /// it named was told.
    struct_ops_of_modules {
        since: v(6, 9),
        evidence: "bpf: pass attached BTF to the bpf_struct_ops subsystem, measured on 6.1.192 and 6.12.43",
        probe: "attach/struct_ops_of_nothing",
    }
    /// Members of structs of operations have arguments that may be null. Before, what they are given was taken for valid.
    nullable_members {
        since: v(6, 9),
        evidence: "bpf: Create argument information for nullable arguments",
        probe: "attach/dummy_ops_unchecked",
    }
    /// A dynptr stands at a known place of the stack, and ends where something else is written there. Before, the variable
    /// part of its place was not looked at, its bytes could be overwritten, and a new one could not take its place.
    dynptrs_guarded {
        since: v(6, 3),
        evidence: "bpf: Fix missing var_off check for ARG_PTR_TO_DYNPTR, bpf: Fix partial dynptr stack slot reads/writes",
        probe: "dynptr/overwritten",
    }
    /// The rounds of `bpf_loop()` are a number. Before, what stood in the register was taken for one.
    loop_counts_numbers {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.90, 6.12.117, 7.2.6 and 7.2.13",
        probe: "callback/rounds_by_pointer",
    }
    /// Arguments that may be null take pointers that may be null. Before, they took null and pointers that are not.
    nullable_arguments {
        since: v(5, 17),
        evidence: "bpf: Replace PTR_TO_XXX_OR_NULL with PTR_TO_XXX | PTR_MAYBE_NULL, measured on 5.10.262 and 6.1.192",
        probe: "map/of_maps_as_memory",
    }
    /// Walks backwards follow jumps alone. Before, every place where states are compared stood in the history, which a walk
    /// may stop at.
    histories_of_jumps {
        since: v(6, 2),
        stable: &[p(6, 1, 170)],
        evidence: "bpf: decouple prune and jump points, measured on 5.10.262 and 6.1.192",
        probe: "limit/bounded_loop",
    }
    /// BTF holds tags of types. Before, a kernel refused BTF that did.
    type_tags {
        since: v(5, 17),
        evidence: "bpf: Support BTF_KIND_TYPE_TAG for btf_type_tag attributes",
        probe: "btf/beside_type_tags",
    }
    /// A data section of a program's BTF may be empty. Before, such BTF was refused.
    empty_sections {
        since: v(5, 12),
        evidence: "bpf: Permit size-0 datasec",
        probe: "btf/beside_section",
    }
    /// The hooks of LSM programs that may sleep are a long list. Before, it was one hook.
    many_sleepable_hooks {
        since: v(5, 11),
        evidence: "bpf: Augment the set of sleepable LSM hooks",
        probe: "attach/lsm_sleepable",
    }
    /// Sleepable programs use per-CPU maps, maps of maps and ring buffers.
    sleepable_ring_buffers {
        since: v(5, 12),
        evidence: "bpf: Allows per-cpu maps and map-in-map in sleepable programs",
        probe: "map/sleepable_percpu",
    }
    /// Sleepable programs use local storage.
    sleepable_storage {
        since: v(5, 17),
        evidence: "bpf: Allow bpf_local_storage to be used by sleepable programs",
        probe: "map/sleepable_storage",
    }
    /// Sleepable programs use hash maps that allocate as they grow.
    sleepable_growing_maps {
        since: v(6, 1),
        evidence: "bpf: Remove prealloc-only restriction for sleepable bpf programs",
        probe: "map/sleepable_growing",
    }
    /// Members of unions are not trusted, and may be read beyond their end. Before, unions were like structs.
    unions_untrusted {
        since: v(6, 5),
        evidence: "bpf: Use untrusted pointers for union members, measured on 6.1.192",
        probe: "pointers/through_union",
    }
    /// The context of programs that look up sockets is known as such.
    lookup_context_known {
        since: v(5, 11),
        evidence: "measured on 5.10.262 and 6.1.192",
        probe: "context/sk_lookup",
    }
    /// Which kernel function takes which pointers depends on the kind of each argument. Before, it depended on the pointer.
    kfunc_args_by_kind {
        since: v(6, 2),
        evidence: "bpf: Rewrite kfunc argument handling",
        probe: "preempt/sleepable_kfunc_outside",
    }
    /// The stack may be read below what was written, with CAP_PERFMON.
    unset_stack_reachable {
        since: v(6, 3),
        stable: &[p(6, 1, 192)],
        evidence: "measured on 5.10.262 and 6.1.192",
        probe: "stack/never_written",
    }
    /// Bits of the low half are learnt from the bounds of the whole, too.
    low_bits_from_whole {
        since: v(6, 3),
        stable: &[p(6, 1, 170)],
        evidence: "bpf: Fix __reg_bound_offset 64->32 var_off subreg propagation",
        probe: "solver/dns_name",
    }
    /// The size of an allocation counts as needed exactly.
    allocation_sizes_precise {
        since: v(5, 13),
        evidence: "measured on 5.10.262 and 6.1.192",
        probe: "precision/size_of_reservation",
    }
    /// LSM programs do not attach to hooks that are switched off.
    hooks_disabled {
        since: v(6, 12),
        stable: &[p(6, 1, 192)],
        evidence: "bpf: Disable unsupported LSM hooks",
        probe: "attach/lsm_disabled",
    }
    /// What `bpf_get_task_stack()` returns has bounds.
    task_stack_result_bounded {
        since: v(5, 13),
        evidence: "bpf: Refine retval for bpf_get_task_stack helper",
        probe: "returns/task_stack",
    }
    /// Keys of hash maps may be larger than the stack.
    large_hash_keys {
        since: v(5, 11),
        evidence: "bpf: hashtab: allow large keys",
        probe: "map/large_key",
    }
    /// Atomic operations other than addition exist, and those that fetch.
    atomic_operations {
        since: v(5, 12),
        evidence: "bpf: Add instructions for atomic[64]_[fetch_]op",
        probe: "atomic/all",
    }
    /// Programs can load the address of a function.
    function_addresses {
        since: v(5, 13),
        evidence: "bpf: Add bpf_for_each_map_elem() helper",
        probe: "callback/each_of_two_maps",
    }
    /// LSM programs attach to control groups.
    lsm_on_cgroups {
        since: v(6, 0),
        evidence: "bpf: per-cgroup lsm flavor",
        probe: "attach/lsm_cgroup",
    }
    /// Global functions take pointers to memory.
    global_memory_args {
        since: v(5, 12),
        evidence: "bpf: Support pointers in global func args",
        probe: "global/nonnull_argument",
    }
    /// A bind hook may return that the port needs no privilege.
    bind_allows_privileged {
        since: v(5, 12),
        evidence: "bpf: Be less specific about bind return codes",
        probe: "returns/bind_unprivileged",
    }
    /// The address of a map value that holds a lock is a pointer of its own wherever it is loaded.
    direct_values_distinct {
        until: v(6, 2),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "lock/by_two_addresses",
    }
    /// Kernel structs are read by programs with a GPL-compatible licence alone.
    struct_reads_need_gpl {
        since: v(6, 2),
        evidence: "bpf: restrict walking of kernel structs to GPL programs",
        probe: "attach/tp_btf_licence",
    }
    /// Maps, and memory and structs that can be trusted, count as pointers that are never null.
    more_pointers_not_null {
        since: v(6, 2),
        evidence: "bpf: Identify CONST_PTR_TO_MAP as not null",
        probe: "branch/map_is_not_null",
    }
    /// A memory argument of a global function takes one id, not two.
    memory_args_named_once {
        since: v(6, 8),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "global/pointer_argument_may_be_null",
    }
    /// The log shows what a kernel function left in registers.
    kfunc_results_shown {
        since: v(6, 2),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "exception/thrown_in_first_round",
    }
    /// Operations of the kernel can be attached by links.
    struct_ops_links {
        since: v(6, 4),
        evidence: "bpf: Create links for BPF struct_ops maps",
        probe: "attach/struct_ops_by_link",
    }
    /// Congestion control may set how a socket is paced.
    pacing_writable {
        since: v(6, 0),
        evidence: "bpf: Allow a TCP CC to write sk_pacing_rate and sk_pacing_status, measured on 6.1.192",
        probe: "attach/struct_ops_pace",
    }
    /// Congestion control may tell that the application limits what is sent.
    app_limited_writable {
        since: v(6, 4),
        evidence: "bpf: Allow BPF congestion control to write app_limited, measured on 6.1.192 and 6.12.117",
        probe: "attach/struct_ops_limited",
    }
    /// Congestion control may set when the window was last changed.
    cwnd_stamp_writable {
        since: v(6, 11),
        evidence: "bpf: tcp: Allow to write tp->snd_cwnd_stamp in bpf_tcp_ca",
        probe: "attach/struct_ops_stamp",
    }
    /// Where control goes is looked at before what the program attaches to. Before, the target came first, and constants of
    /// 64 bits and codes that nothing means were found behind it.
    graph_before_target {
        since: v(6, 13),
        stable: &[p(6, 12, 25), p(6, 6, 90)],
        evidence: "bpf: check changes_pkt_data property for extension programs, measured on 6.1.192 and 6.12.117",
        probe: "attach/nothing_and_unreached",
    }
    /// Pointers are loaded whole from contexts that the arguments of a function make up. Before, a part counted as the
    /// pointer.
    ctx_pointers_whole {
        since: v(6, 13),
        stable: &[p(6, 12, 6), p(6, 6, 67)],
        evidence: "bpf: Check size for BTF-based ctx access of pointer members, measured on 6.1.192 and 6.12.117",
        probe: "attach/fentry_half_pointer",
    }
    /// Programs for LSM hooks of control groups may not sleep.
    lsm_cgroup_does_not_sleep {
        since: v(7, 2),
        stable: &[p(6, 12, 117), p(7, 1, 13)],
        evidence: "measured on 6.12.90, 6.12.117, 7.1.3 and 7.1.13",
        probe: "attach/lsm_cgroup_sleepable",
    }
    /// The same, in words of their own (in 6.1's later stable releases).
    lsm_cgroup_sleep_refused {
        stable: &[p(6, 1, 192)],
        evidence: "measured on 6.1.170, 6.1.192 and 6.12.43",
        probe: "attach/lsm_cgroup_sleepable",
    }
    /// Kptrs of objects that a program allocated can be exchanged, too.
    kptrs_in_objects {
        since: v(6, 12),
        evidence: "bpf: Support bpf_kptr_xchg into local kptr",
        probe: "kptr/in_object",
    }
    /// Programs may load the addresses of functions of the kernel. Before, only those of its variables.
    kernel_function_addresses {
        since: v(6, 3),
        stable: &[p(6, 1, 192)],
        evidence: "bpf: Allow ld_imm64 instruction to point to kfunc, measured on 6.1.170 and 6.1.192",
        probe: "ksym/address_of_function",
    }
    /// Pointers to kernel structs are trusted or not by where they come from. Before, all but those that were freed or the
    /// user's were as good as each other.
    trusted_pointers {
        since: v(6, 2),
        evidence: "bpf: Support kptrs and trusted args in kfuncs",
        probe: "kfunc/trusted_field",
    }
    /// `bpf_get_smp_processor_id()` yields less than the number of CPUs.
    cpu_number_bounded {
        since: v(6, 7),
        evidence: "bpf: verifier: track return value of bpf_get_smp_processor_id",
        probe: "returns/number_of_processor",
    }
    /// A size that may be zero is refused as a size. Before, memory of no size was asked for.
    zero_sizes_by_argument {
        since: v(6, 8),
        evidence: "bpf: Simplify checking size of helper accesses",
        probe: "stack/zero_sized_read",
    }
    /// Spills around calls that leave registers alone are dropped.
    fastcall {
        since: v(6, 12),
        evidence: "bpf: no_caller_saved_registers attribute for helper calls",
        probe: "fastcall/stack_is_free",
    }
    /// Dynptrs have identities, and a callback's cannot be made anew.
    dynptr_identities {
        since: v(6, 3),
        evidence: "bpf: Fix state pruning for STACK_DYNPTR stack slots",
        probe: "callback/user_ringbuf_dynptr_made",
    }
    /// Pointers in map values are tagged `kptr` when counted and `kptr_untrusted` when not; before, `kptr_ref` and `kptr`.
    kptr_names {
        since: v(6, 4),
        evidence: "bpf: Rename __kptr{,_ref} -> __kptr_untrusted,__kptr",
        probe: "kptr/stored",
    }
    /// Which programs may sleep depends on the hook, and functions of the kernel say so in sets of their own.
    sleepable_by_hook {
        since: v(6, 2),
        evidence: "bpf: Prevent unsafe sleepable tracing attach types",
        probe: "attach/tp_btf_sleepable",
    }
    /// Jumps by 32 bits exist.
    long_jumps {
        since: v(6, 6),
        stable: &[p(6, 1, 170)],
        evidence: "bpf: Support new 32bit offset jmp instruction",
        probe: "branch/long_jump",
    }
    /// A constant that an instruction stores is kept like one that a register holds.
    constants_stored_spill {
        since: v(6, 3),
        stable: &[p(5, 10, 218), p(6, 1, 170)],
        evidence: "bpf: track immediate values written to stack by BPF_ST instruction",
        probe: "stack/constant_kept",
    }
    /// Arguments of global functions can be tagged.
    argument_tags {
        since: v(6, 8),
        evidence: "bpf: support 'arg:xxx' btf_decl_tag-based hints for global subprog args",
        probe: "global/nonnull_argument",
    }
    /// Stacks of functions are counted in units of 16 bytes with a compiler of the kernel, not of 32.
    depth_by_16 {
        since: v(6, 8),
        evidence: "bpf: Replace bpf_get_prog_stack_depth rounding",
        probe: "limit/stack_by_sixteen",
    }
    /// Numbers of less than 8 bytes are kept when they are saved to the stack.
    narrow_spills {
        since: v(5, 16),
        stable: &[p(5, 10, 218)],
        evidence: "bpf: Allow the verifier to spill and fill bounded 32 bit values",
        probe: "stack/half_kept",
    }
    /// Global functions are verified only where verified code calls them.
    globals_when_called {
        since: v(6, 8),
        evidence: "bpf: validate global subprogs lazily",
        probe: "global/context_not_pointer",
    }
    /// Sign-extending loads and moves, signed division, `bswap` and jumps of 32 bits exist.
    v4_instructions {
        since: v(6, 6),
        evidence: "bpf: Support new sign-extension load insns",
        probe: "alu/pointer_sign_extended",
    }
    /// `may_goto` exists.
    may_goto_exists {
        since: v(6, 9),
        evidence: "bpf: Introduce may_goto instruction",
        probe: "structure/may_goto_zero",
    }
    /// Bounds of both widths inform each other, and any two ranges can be compared. Before, each width stood for itself,
    /// comparisons taught only beside a constant, and nothing noticed a contradiction.
    joint_bounds {
        since: v(6, 8),
        evidence: "bpf: generalize reg_set_min_max() to handle two sets of two registers",
        probe: "branch/half_is_negative",
    }
    /// A comparison whose left operand is the constant is decided like one whose right operand is.
    constant_left_decides {
        since: v(6, 4),
        evidence: "bpf: Improve handling of pattern '<const> <cond_op> <non_const>' in is_branch_taken()",
        probe: "branch/constant_on_the_left",
    }
    /// A constant outside of a range is not equal to what is in it.
    equality_by_range {
        since: v(6, 2),
        evidence: "bpf: Improve JEQ/JNE branch taken logic",
        probe: "branch/outside_of_range",
    }
    /// Products, `|` and `^` have bounds where neither operand is known.
    unknown_operands_bounded {
        since: v(6, 10),
        evidence: "bpf: replace calls to mark_reg_unknown with bounded results",
        probe: "alu/product_of_unknown",
    }
    /// Bitwise operations have signed bounds whenever the unsigned ones do not cross the sign boundary.
    bitwise_keep_signs {
        since: v(6, 10),
        evidence: "bpf: Harden and/or/xor value tracking in verifier",
        probe: "",
    }
    /// Masking a constant with a value that is 0 or -1 is followed on two paths.
    masks_fork {
        since: v(7, 0),
        stable: &[p(6, 12, 90), p(6, 18, 44), p(6, 19, 6)],
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "alu/mask_of_all_or_nothing",
    }
    /// Constants get the id of copies, too, and copies of 32 bits none.
    constants_have_links {
        until: v(6, 4),
        evidence: "bpf: Improve verifier u32 scalar equality checking",
        probe: "reference/socket_leaked",
    }
    /// Every number is kept when it is saved to the stack, zero and unknown ones too. Before, zeros were zero bytes, unknown
    /// numbers plain data, and parts of saved numbers unknown.
    every_number_spills {
        since: v(6, 8),
        evidence: "bpf: track aligned STACK_ZERO cases as imprecise spilled registers",
        probe: "precision/through_fetch",
    }
    /// The stack may be read where nothing was written, with CAP_PERFMON.
    unset_stack_readable {
        since: v(6, 3),
        stable: &[p(5, 10, 262), p(6, 1, 170)],
        evidence: "bpf: Allow reads from uninit stack",
        probe: "stack/partly_written",
    }
    /// Precision walks follow calls, linked registers and every access to the stack. Before, they stayed within one function
    /// and knew the stack by its frame pointer alone.
    precision_through_calls {
        since: v(6, 5),
        evidence: "bpf: support precision propagation in the presence of subprogs",
        probe: "precision/links_of_states",
    }
    /// A number plus a constant stays linked to its copies.
    links_keep_distance {
        since: v(6, 11),
        evidence: "bpf: Support const add for linked scalars",
        probe: "alu/linked_at_distance",
    }
    /// States are compared by which of their numbers are linked.
    number_links_compared {
        since: v(6, 5),
        evidence: "bpf: Verify scalar ids mapping in regsafe() using check_ids()",
        probe: "precision/links_of_states",
    }
    /// States are compared by which of their pointers are the same. Before, only pointers that may be null were, and others had
    /// to bear the very same id.
    ids_compared {
        since: v(6, 2),
        evidence: "bpf: Use check_ids() for all register ids in regsafe()",
        probe: "precision/references_renamed",
    }
    /// A callback runs any number of times. Before, it was followed once.
    callbacks_repeat {
        since: v(6, 7),
        evidence: "bpf: verify callbacks as if they are called unknown number of times",
        probe: "callback/rounds_by_pointer",
    }
    /// An endless loop is one whose states are exactly equal. Before, it was enough that one covers the other.
    loops_compared_exactly {
        since: v(6, 7),
        evidence: "bpf: exact states comparison for iterator convergence checks",
        probe: "limit/loop_over_stack",
    }
    /// A state is stored when the path since the last one has become long, and always where a flag asks for it.
    long_paths_stored {
        since: v(6, 12),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "limit/may_goto",
    }
    /// Control may go backwards by any edge, not by jumps alone.
    loops_by_any_edge {
        since: v(6, 2),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "limit/loop_by_falling_through",
    }
    /// States are compared behind a jump that is always taken, too.
    jumps_compare_behind {
        until: v(6, 2),
        evidence: "bpf: remove unnecessary prune and jump points",
        probe: "limit/bounded_loop",
    }
    /// What programs on LSM hooks return is checked against the hook.
    lsm_results_checked {
        since: v(6, 12),
        evidence: "bpf, lsm: Add check for BPF LSM return value",
        probe: "attach/lsm_range",
    }
    /// The value returned counts as needed exactly.
    exit_value_precise {
        since: v(6, 8),
        evidence: "bpf: enforce precise retval range on program exit",
        probe: "precision/result_exactly",
    }
    /// Static functions may be called while a lock is held.
    calls_while_locked {
        since: v(6, 8),
        evidence: "bpf: Allow calling static subprogs while holding a bpf_spin_lock",
        probe: "lock/static_function_unlocks",
    }
    /// A call of a global function or a tail call takes packet pointers away where the callee may move packet data.
    callees_move_packets {
        since: v(6, 13),
        stable: &[p(6, 12, 43)],
        evidence: "bpf: consider that tail calls invalidate packet pointers",
        probe: "global/changes_packet",
    }
    /// Of two equal pointers, one that cannot be null tells that the other is not.
    equal_pointers_inform {
        since: v(6, 3),
        evidence: "bpf: propagate nullness information for reg to reg comparisons",
        probe: "branch/equal_to_lookup",
    }
    /// The log shows stack slots that an instruction read.
    slot_reads_shown {
        since: v(6, 8),
        evidence: "bpf: support non-r10 register spill/fill to/from stack in precision tracking",
        probe: "call/callers_stack",
    }
    /// What functions take is read from their BTF in one place, of whose refusals those of global functions count. Before, a
    /// main program whose BTF does not fit was told, too.
    signatures_read_once {
        since: v(6, 8),
        evidence: "bpf: reuse btf_prepare_func_args() check for main program BTF validation",
        probe: "global/tag_arena_given_stack",
    }
    /// Which way a comparison of a number with itself goes is known, and where it is not, nothing is learnt of the number.
    /// Before, its bounds could contradict each other behind it (6.19).
    itself_compared {
        since: v(6, 19),
        evidence: "bpf: Skip bounds adjustment for conditional jumps on same scalar register, measured on 6.18.15 and 6.19.6",
        probe: "branch/itself_contradicts",
    }
    /// Whether what a load with acquire order reads from may be read so is asked before its result takes the register, which
    /// may be the same (7.2).
    acquire_asks_first {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "atomic/acquire_context",
    }
    /// How far behind a map value a program's address may be is bounded by the value alone. Before, by 512 MiB, too (7.0).
    far_direct_values {
        since: v(7, 0),
        evidence: "measured on 6.19.14 and 7.0.4",
        probe: "map/direct_value_too_far",
    }
    /// A load may name descriptors by their place in an array of the user's. Before, the attribute was unknown.
    fd_arrays {
        since: v(5, 14),
        evidence: "bpf: Introduce fd_idx, measured on 5.10.262 and 6.1.192",
        probe: "map/by_index",
    }
    /// Helpers read objects of the kernel that are trusted like other memory.
    objects_are_memory {
        since: v(6, 4),
        evidence: "bpf: Allow helpers access trusted PTR_TO_BTF_ID, measured on 6.1.192 and 6.12.43",
        probe: "pointers/iter",
    }
    /// Which functions' results programs may change is a list of its own. Before, it was those that allow errors to be
    /// injected, which kernels need not be built for.
    modifiable_by_list {
        since: v(6, 3),
        evidence: "bpf: Do not rely on ALLOW_ERROR_INJECTION for fmod_ret, measured on 6.1.192 and 6.12.43",
        probe: "attach/fmod_ret",
    }
    /// Nothing attaches to how a function returns that never does.
    noreturn_refused {
        since: v(6, 15),
        stable: &[p(6, 12, 43)],
        evidence: "bpf: Reject attaching fexit/fmod_ret to __noreturn functions, measured on 6.1.192, 6.12.43 and 6.16.3",
        probe: "attach/fexit_noreturn",
    }
    /// A callback is never the main program.
    main_is_no_callback {
        since: v(7, 3),
        stable: &[p(6, 1, 192), p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.1.192, 6.12.117, 6.18.44, 7.2.6, 7.2.13 and 7.3.4",
        probe: "info/callback_is_static_main",
    }
    /// Several arguments of a call may own a reference each (7.2).
    many_owned_arguments {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "reference/two_arguments",
    }
    /// Registers that are read later are found before the walk, and the log lists them.
    registers_before_walk {
        since: v(6, 15),
        evidence: "bpf: compute live registers before every insn, measured on 6.12.117, 6.16.3 and 6.16.12",
        probe: "branch/dead_side",
    }
    /// Registers and stack slots that are read later are found before the walk: a data-flow pass over registers, must-write
    /// and may-read sets of stack slots per function instance and instruction. Before, read marks travelled to ancestor
    /// states as reads happened.
    static_liveness {
        since: v(6, 18),
        evidence: "bpf: callchain sensitive stack liveness tracking using CFG",
        probe: "alignment/relaxed",
    }
    /// What is read of the stack later is found before the walk, too: where pointers into frames go, and what each
    /// instruction and call reads and overwrites through them, in halves of slots. What is dead is dropped from states
    /// at every place where they are compared. Functions are taken in the order of calls, and recursion is found on the
    /// way (7.1).
    stack_before_walk {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "structure/recursion",
    }
    /// A pointer keeps its id when it turns out not to be null (7.2).
    ids_survive_null_check {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "context/socket_field",
    }
    /// What a dynptr owns gets its id before the dynptr does (7.2).
    dynptr_owner_first {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "dynptr/ringbuf_leaked",
    }
    /// What a lookup in a map of maps or of sockets yields is of its kind at once, not only once it is known not to be
    /// null (7.3).
    lookups_typed_at_once {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "map/of_maps_as_memory",
    }
    /// Objects of the kernel that a function acquires are trusted (7.0).
    acquired_is_trusted {
        since: v(7, 0),
        evidence: "measured on 6.19.14 and 7.0.13",
        probe: "kptr/wrong_type",
    }
    /// What `bpf_get_retval()` yields is an error number or zero (7.2).
    retval_is_error {
        since: v(7, 2),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "returns/value_of_hook",
    }
    /// Functions that are walked on their own begin the count of frames anew: only the stack of all is limited (7.2).
    frames_count_from_globals {
        since: v(7, 2),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "limit/frames_from_global",
    }
    /// The fixed part of a pointer's offset is part of its value, and is judged with it (7.1).
    offsets_are_values {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "safe/before_pointer",
    }
    /// The context of programs that the system call runs is memory of up to 65535 bytes, also for calls and at variable
    /// offsets; that of others is none (7.1).
    ctx_is_memory {
        since: v(7, 1),
        evidence: "bpf: Support variable offsets for syscall PTR_TO_CTX",
        probe: "call/number_for_pointer",
    }
    /// Pointers that BTF tags as being in the arena are what arguments and results of global functions are (7.2).
    arena_types {
        since: v(7, 2),
        evidence: "measured on 7.3.4",
        probe: "global/arena_pointer",
    }
    /// Pointers passed to kernel functions must be valid unless the function says otherwise (7.0).
    kfunc_args_trusted {
        since: v(7, 0),
        evidence: "bpf: Make KF_TRUSTED_ARGS the default for all kfuncs",
        probe: "kfunc/found_socket",
    }
    /// A load that extends the sign is no copy of the saved number that it reads (7.2).
    signed_fills_unlinked {
        since: v(7, 2),
        evidence: "measured on 7.3.4",
        probe: "stack/signed_fill",
    }
    /// One instruction does arithmetic on pointers into the arena, or on other values, not on both (7.3).
    arena_sums_apart {
        since: v(7, 3),
        evidence: "measured on 7.3.4",
        probe: "arena/sum_of_both",
    }
    /// What the verifier cannot trust is read by a checked load, which no other pointer may come by (7.3).
    untrusted_mem_apart {
        since: v(7, 3),
        evidence: "measured on 7.3.4",
        probe: "kfunc/untrusted_memory_or_stack",
    }
    /// Code that cannot be interrupted, or not by other tasks, is protected as by RCU: what was found there may be stale
    /// behind it, and borrows of it end (7.3).
    every_atomic_section_is_rcu {
        since: v(7, 3),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "rcu/preemption_disabled",
    }
    /// A round of a loop is covered by an earlier one also where its stack holds more (7.1).
    rounds_widen_slots {
        since: v(7, 1),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "iter/slot_of_each_round",
    }
    /// A number that is a copy of another one than in the round before is not forgotten for that (7.1).
    links_are_no_change {
        since: v(7, 1),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "iter/copy_of_another",
    }
    /// The address of a value of which each CPU has a copy can be loaded, and is that of the CPU that runs (7.3).
    percpu_addresses {
        since: v(7, 3),
        evidence: "measured on 7.3.4",
        probe: "map/percpu_value",
    }
    /// States in which a pointer leads into the stack of another frame are not the same, so that no loop between them is
    /// taken for endless (7.3).
    exact_minds_frames {
        since: v(7, 3),
        evidence: "measured on 7.3.4",
        probe: "limit/loop_from_frame_to_frame",
    }
    /// Fields that operations do not use, registers that there are not, and addresses behind values are found when the
    /// program is first read, not where the walk comes by (7.1).
    forms_checked_first {
        since: v(7, 1),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "structure/jmp_reserved",
    }
    /// Sixteen frames may be entered, not eight (7.2).
    sixteen_frames {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "limit/ten_frames",
    }
    /// Only pointers that are certainly valid are asked whether the program's type may write through them (7.2).
    writes_need_trust {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "attach/dummy_ops_beyond",
    }
    /// What RCU protects may be stale behind the last lock of a sleepable program, too (7.2).
    unlocking_ends_rcu {
        since: v(7, 2),
        evidence: "measured on 7.3.4",
        probe: "rcu/behind_lock",
    }
    /// What an exception carries is judged as a result of the program wherever it is thrown (7.1).
    thrown_value_is_result {
        since: v(7, 1),
        evidence: "measured on 7.3.4",
        probe: "exception/value_beyond_range",
    }
    /// Packet pointers are not passed as memory to global functions that may move the packet (7.3).
    packet_memory_stays {
        since: v(7, 3),
        stable: &[p(7, 2, 13)],
        evidence: "measured on 7.3.4",
        probe: "global/packet_moved_by_it",
    }
    /// Objects of the kernel that are passed as memory must be as writable as the memory (7.2).
    object_memory_writable {
        since: v(7, 2),
        evidence: "measured on 7.3.4",
        probe: "global/object_of_kernel_as_memory",
    }
    /// Helpers that walk stacks may sleep in programs that may (7.3).
    stack_walks_sleep {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 7.3.4",
        probe: "preempt/stack_walked",
    }
    /// What a list or tree took over has no identity any more (7.1).
    lent_nodes_lose_ids {
        since: v(7, 1),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "graph/lent_node_read",
    }
    /// A cast of a pointer that owns a reference is walked on two paths: the same object, and null (7.2).
    owned_casts_fork {
        since: v(7, 2),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "reference/socket_as_tcp",
    }
    /// The element that a callback gets has an identity (7.3).
    callback_values_have_ids {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "lock/of_two_elements",
    }
    /// Saved numbers that are zero read as zero, also with other bytes and at offsets that vary (7.3).
    saved_zeros_are_zero {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "stack/zero_at_variable_place",
    }
    /// Dynptrs of callbacks, buffers of tracepoints and places of the program keep what they are when they are saved.
    every_pointer_spills {
        since: v(7, 3),
        evidence: "measured on 6.19.6, 6.19.14, 7.0.4, 7.0.13, 7.1.3, 7.1.13, 7.2.6, 7.2.13 and 7.3.4",
        probe: "stack/buffer_kept",
    }
    /// A packet pointer that is moved from behind the packet's end is to be compared anew (7.1).
    moved_end_is_forgotten {
        since: v(7, 1),
        evidence: "measured on 7.3.4",
        probe: "packet/moved_back_from_end",
    }
    /// Arguments that point to pointers are read as numbers (7.1).
    pointers_to_pointers_are_numbers {
        since: v(7, 1),
        evidence: "measured on 7.3.4",
        probe: "attach/fentry_pointer_to_pointer",
    }
    /// Objects of the stack do not stand above it (7.3).
    objects_below_frame {
        since: v(7, 3),
        stable: &[p(7, 2, 13)],
        evidence: "measured on 7.3.4",
        probe: "iter/above_frame",
    }
    /// Probes may write the registers they are given (7.1).
    probes_write_registers {
        since: v(6, 18),
        evidence: "measured on 6.17.13, 6.18.15 and 7.3.4",
        probe: "context/kprobe_write",
    }
    /// Programs on tracepoints may sleep where the tracepoint allows it (7.2, in later stable releases of 7.1).
    tracepoints_may_sleep {
        since: v(7, 2),
        stable: &[p(7, 1, 13)],
        evidence: "measured on 7.3.4",
        probe: "attach/raw_tracepoint_sleepable",
    }
    /// What cannot be trusted is not borrowed either (7.3).
    borrowed_is_trusted {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117, 6.18.44 and 7.3.4",
        probe: "object/borrowed_behind_rcu",
    }
    /// Objects that count their owners are passed as they are, not by a member (7.2).
    counted_objects_whole {
        since: v(7, 2),
        evidence: "measured on 7.3.4",
        probe: "object/refcount_of_member",
    }
    /// Sleepable programs may use arrays of programs, too (7.0).
    sleepable_tail_calls {
        since: v(7, 0),
        evidence: "measured on 6.19.14 and 7.0.4",
        probe: "map/sleepable_programs",
    }
    /// What is loaded of a saved number is linked to it (7.1).
    fills_are_copies {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "limit/loop_over_stack",
    }
    /// Parameters of kernel functions that point to objects of the kernel take nothing else, and what is released must be
    /// owned before anything else is asked (7.2).
    objects_by_prototype {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "kfunc/scalar_for_pointer",
    }
    /// Kptrs of borrowed objects are exchanged, too, and under a lock (7.1).
    kptrs_of_borrowed {
        since: v(7, 1),
        evidence: "measured on 7.3.4",
        probe: "kptr/of_borrowed_node",
    }
    /// Null counts as precise where it is passed to functions of the program and of the kernel, too (7.3).
    passed_nulls_are_precise {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "precision/null_for_global",
    }
    /// Tracing programs do not drop objects that cannot be taken apart in any interrupt (7.2).
    drops_outside_of_interrupts {
        since: v(7, 2),
        evidence: "measured on 7.3.4",
        probe: "object/dropped_while_tracing",
    }
    /// Numbers that share their id with no other lose it where a state is stored (7.0).
    lone_ids_go {
        since: v(7, 0),
        evidence: "measured on 6.19.14 and 7.0.4",
        probe: "precision/state_freq",
    }
    /// The log shows registers that learn through a link as touched (7.0).
    linked_registers_shown {
        since: v(7, 0),
        evidence: "measured on 6.19.14 and 7.0.4",
        probe: "branch/equal_registers",
    }
    /// A global function that may throw is walked as an exception first, as an ordinary return then (7.1).
    global_may_throw {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "exception/in_global_with_reference",
    }
    /// Memory that a kernel function reads and writes needs its size exactly once (7.3); before, once for each.
    memory_size_noted_once {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "preempt/sleepable_kfunc_outside",
    }
    /// What `bpf_set_retval()` is given must be a known error number or zero (7.2).
    set_retval_in_range {
        since: v(7, 2),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "returns/value_for_hook",
    }
    /// The size of memory that may be left out counts even where it is (7.3).
    size_without_memory {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "dynptr/slice_read_only",
    }
    /// Jumps that constants decide are rewritten before the walk (7.1).
    constants_fold {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "branch/decided_by_constants",
    }
    /// Calls that call back at once are loops of their own (6.19).
    callbacks_are_loops {
        since: v(6, 19),
        evidence: "measured on 6.18.15 and 6.19.6",
        probe: "info/ld_abs_in_dead_callback",
    }
    /// Loops converge over the strongly connected components of the control-flow graph, with backedges collected per visit.
    /// Before, states were linked to the entries of loops while walking.
    scc_loops {
        since: v(6, 17),
        evidence: "bpf: propagate read/precision marks over state graph backedges, measured on 6.16.12 and 6.17.8",
        probe: "alignment/relaxed",
    }
    /// Locks and saved interrupt flags stand in the list of references, several locks can be held, and all resource checks
    /// at exits are one function with one wording (6.14: `bpf: Refactor {acquire,release}_reference_state`,
    /// `bpf: Consolidate locks and reference state in verifier state`).
    locks_are_refs {
        since: v(6, 14),
        evidence: "bpf: Consolidate locks and reference state in verifier state",
        probe: "dynptr/ringbuf_leaked",
    }
    /// The list of references keeps its order when one is released (6.14); before, the last took the freed place.
    ref_list_keeps_order {
        since: v(6, 14),
        evidence: "bpf: Refactor {acquire,release}_reference_state",
        probe: "reference/three_of_them",
    }
    /// A callback may not release what its caller acquired, and answers for what it acquired itself. Later releases
    /// verify callbacks as part of a loop and dropped the distinction (6.14: `bpf: Consolidate locks and reference state`).
    callback_refs {
        until: v(6, 14),
        evidence: "bpf: Consolidate locks and reference state in verifier state",
        probe: "reference/leaked_in_callback",
    }
    /// Too many pending paths return E2BIG; EFAULT before (`bpf: propagate error from push_stack`, in 6.12.y).
    jump_sequence_is_e2big {
        since: v(6, 19),
        stable: &[p(6, 12, 117)],
        evidence: "bpf: propagate error from push_stack, measured on 6.18.15 and 6.19.6",
        probe: "limit/jump_sequence",
    }
    /// Precision walks follow the value that a fetching atomic loads from the stack (`bpf: Fix precision backtracking
    /// for atomic fetch`, in 6.12.y).
    atomic_fetch_backtracks {
        since: v(7, 0),
        stable: &[p(6, 1, 192), p(6, 12, 117), p(6, 19, 14)],
        evidence: "bpf: Fix precision backtracking for atomic fetch",
        probe: "precision/through_fetch",
    }
    /// An error on a path that only a mispredicting CPU would take does not reject a program without CAP_PERFMON: a
    /// barrier is put before the instruction, and the path ends there (6.16).
    barriers_against_guesses {
        since: v(6, 17),
        evidence: "bpf: Fall back to nospec for Spectre v1",
        probe: "spec/guessed_store",
    }
    /// `LD_ABS` and `LD_IND` are walked as a branch that leaves the function.
    ld_abs_exits_frame {
        since: v(7, 1),
        stable: &[p(6, 1, 192), p(6, 12, 117), p(6, 18, 44), p(7, 0, 13)],
        evidence: "bpf: account for ld_abs exits in subprograms, measured on 7.0.4 and 7.0.13, too",
        probe: "call/packet_load_ends_function",
    }
    /// Precision walks know that: they enter the function that such a load left (not in 6.18.44, which loses count of
    /// the frames and may write outside of its memory then).
    ld_abs_backtracks {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117, 6.18.44, 7.2.6 and 7.2.13",
        probe: "info/ld_abs_after_branch_in_callback",
    }
    /// `bpf_tail_call()` is walked as a branch that leaves the function.
    tail_call_exits_frame {
        since: v(6, 19),
        stable: &[p(6, 18, 15)],
        evidence: "bpf: correct stack liveness for tail calls, measured on 6.18.15 and 6.19.6",
        probe: "info/tail_call_long",
    }
    /// Precision walks drop wanted arguments of the caller when they enter a callback from its `exit`.
    callback_args_dropped_at_exit {
        since: v(6, 17),
        until: v(7, 2),
        evidence: "measured on 6.12.117, 6.16.12, 6.17.8, 7.1.13 and 7.2.6",
        probe: "callback/loop",
    }
    /// Stacks of deep programs may be allocated apart from the kernel's (6.13, x86-64).
    private_stack {
        since: v(6, 13),
        evidence: "bpf: Support private stack for bpf progs",
        probe: "limit/private_stack",
    }
    /// A callback holds no classic packet loads, reached or not (in 6.12's and 7.2's later stable releases, not yet in
    /// 6.18.44).
    callback_checks {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117, 6.18.44, 7.2.6, 7.2.13 and 7.3.4",
        probe: "info/ld_abs_in_reached_callback",
    }
    /// Loads that extend the sign work on arenas (6.18: `bpf: Add support for sign extended loads from arena`).
    arena_signed_loads {
        since: v(6, 18),
        evidence: "bpf: Add support for sign extended loads from arena",
        probe: "arena/signed_load",
    }
    /// Atomic operations on 8 and 16 bits exist: load-acquire and store-release
    /// (6.15: `bpf: Introduce load-acquire and store-release instructions`).
    narrow_atomics {
        since: v(6, 15),
        evidence: "bpf: Introduce load-acquire and store-release instructions",
        probe: "atomic/acquire_before",
    }
    /// `may_goto` keeps a timestamp beside its counter on the stack.
    timed_may_goto {
        since: v(6, 15),
        evidence: "bpf, x86: Add support for timed may_goto",
        probe: "callback/rounds_in_loop",
    }
    /// Known bits of a product merge both outcomes of an unknown multiplier bit (6.18: `bpf: Improve the general
    /// precision of tnum_mul`).
    tnum_mul_by_union {
        since: v(6, 18),
        evidence: "bpf: Improve the general precision of tnum_mul",
        probe: "alu/product_of_bits",
    }
    /// Known bits and an unsigned range that meet in one value make it known (7.0, in 6.18's stable releases: `bpf:
    /// Improve bounds when tnum has a single possible value`).
    bounds_from_tnum_step {
        since: v(7, 0),
        stable: &[p(6, 18, 44), p(6, 19, 14)],
        evidence: "bpf: Improve bounds when tnum has a single possible value",
        probe: "alu/one_multiple_in_range",
    }
    /// Signed 32-bit bounds narrow 64-bit bounds (from 6.8; dropped as redundant in 6.16).
    mixed_bounds_from_s32 {
        since: v(6, 8),
        until: v(6, 16),
        evidence: "bpf: drop redundant deductions between 32-bit and 64-bit bounds",
        probe: "",
    }
    /// Unsigned sums and differences keep their bounds if they wrap in every case (6.17: `bpf: Improve bounds of
    /// scalar add and sub`).
    wrapping_add_sub_bounds {
        since: v(6, 17),
        evidence: "bpf: Improve bounds of scalar add and sub",
        probe: "solver/union_length",
    }
    /// Products of signed ranges have bounds (6.15: `bpf: Improve verifier scalar mul`).
    signed_mul_bounds {
        since: v(6, 15),
        evidence: "bpf: Improve verifier scalar mul",
        probe: "alu/product_of_signed",
    }
    /// Negation has bounds (6.17: `bpf: Add range tracking for BPF_NEG`).
    neg_bounds {
        since: v(6, 17),
        evidence: "bpf: Add range tracking for BPF_NEG",
        probe: "alu/all_operators",
    }
    /// Byte swaps keep known bits (7.0, in 6.18's stable releases: `bpf: Add bitwise tracking for BPF_END`).
    byte_swap_bits {
        since: v(7, 0),
        stable: &[p(6, 18, 44)],
        evidence: "bpf: Add bitwise tracking for BPF_END",
        probe: "alu/all_operators",
    }
    /// Scalars stay linked over subtraction and over 32-bit addition of a constant too, and what is learnt through a
    /// link is brought in step at once (7.0, in 6.18's stable releases: `bpf: Support negative offsets, BPF_SUB, and
    /// alu32 for linked register tracking`).
    links_over_sub_and_alu32 {
        since: v(7, 0),
        stable: &[p(6, 18, 44)],
        evidence: "bpf: Support negative offsets, BPF_SUB, and alu32 for linked register tracking",
        probe: "callback/loop",
    }
    /// Only registers that are live are linked (7.0, in 6.18's later stable releases: `bpf: collect only live registers
    /// in linked regs`).
    links_live_only {
        since: v(7, 0),
        stable: &[p(6, 18, 44)],
        evidence: "bpf: collect only live registers in linked regs",
        probe: "alu/invariants",
    }
    /// A register that is added to itself is linked to nothing any more. Before, its copies took the doubled constant for
    /// their distance (7.1, in later stable releases of 6.12, 6.18 and 7.0).
    self_addition_unlinks {
        since: v(7, 1),
        stable: &[p(5, 10, 262), p(6, 1, 192), p(6, 12, 117), p(6, 18, 44), p(7, 0, 13)],
        evidence: "measured on 6.12.117, 6.18.15, 6.18.44 and 7.0.13",
        probe: "alu/added_to_itself",
    }
    /// A register that loses its link loses the distance, too. Before, the next link began with the old distance (7.1, in
    /// later stable releases of 6.12 and 6.18).
    unlinked_forgets_distance {
        since: v(7, 1),
        stable: &[p(5, 10, 262), p(6, 1, 192), p(6, 12, 117), p(6, 18, 44)],
        evidence: "measured on 6.12.117, 6.18.15, 6.18.44, 7.0.13 and 7.3.4",
        probe: "alu/linked_anew",
    }
    /// A number that had no link covers one that stands at a distance from another (in later stable releases of 6.12 and
    /// 6.18); before, it did not.
    unlinked_covers_distant {
        since: v(7, 0),
        stable: &[p(5, 10, 262), p(6, 1, 192), p(6, 12, 117), p(6, 18, 44)],
        evidence: "measured on 6.12.117, 6.18.15 and 6.18.44",
        probe: "precision/unlinked_covers_distant",
    }
    /// Of a value whose signed range crosses from -1 to 0, the end is cut off that the unsigned range does not meet (6.17, in
    /// later stable releases of 6.12).
    whole_cut_at_zero {
        since: v(6, 17),
        stable: &[p(6, 12, 90)],
        evidence: "bpf: Improve bounds when s64 crosses sign boundary, measured on 6.12.43, 6.12.90, 6.16.12 and 6.17.8",
        probe: "branch/whole_is_negative",
    }
    /// Of a low half whose signed range crosses from -1 to 0, the end is cut off that the unsigned range does not meet (in
    /// later stable releases of 6.12 and 6.18).
    low_half_cut_at_zero {
        since: v(7, 0),
        stable: &[p(5, 10, 262), p(6, 1, 192), p(6, 12, 90), p(6, 18, 44), p(6, 19, 14)],
        evidence: "bpf: Fix u32/s32 bounds when ranges cross min/max boundary",
        probe: "branch/half_is_negative",
    }
    /// A shift left by 32 keeps the signed bounds of a low half that may be negative.
    half_shift_keeps_signs {
        since: v(7, 0),
        stable: &[p(5, 10, 262), p(6, 1, 170), p(6, 12, 90), p(6, 18, 44), p(6, 19, 6)],
        evidence: "measured on 5.10.262, 6.1.192, 6.12.117, 6.18.15, 6.18.44 and 7.0.13",
        probe: "alu/half_shifted_up_and_down",
    }
    /// A store that may go to any byte of a range ends the saved registers in it whole. Before, their other bytes went on
    /// being saved ones, of a register without a value.
    variable_store_ends_spills {
        since: v(7, 1),
        stable: &[p(6, 12, 117), p(6, 18, 44), p(7, 0, 13)],
        evidence: "measured on 6.12.117, 6.18.15 and 6.18.44",
        probe: "stack/variable_store_over_spill",
    }
    /// An exception is refused with its own name where something is held, and so in nested functions, too. From 6.13 to
    /// this, it ended what it was in like an exit.
    throw_is_no_exit {
        since: v(7, 0),
        stable: &[
            p(6, 7, 0),
            p(6, 8, 0),
            p(6, 9, 0),
            p(6, 10, 0),
            p(6, 11, 0),
            p(6, 12, 0),
            p(6, 18, 44),
            p(6, 19, 14),
        ],
        evidence: "measured on 6.12.43, 6.12.117, 6.18.15, 6.18.44, 6.19.6, 6.19.14 and 7.0.4",
        probe: "exception/in_function_with_lock",
    }
    /// Programs of tracing types may use maps with timers and work queues (7.0).
    tracing_timers {
        since: v(7, 0),
        evidence: "measured on 6.18.44 and 7.0.13",
        probe: "timer/in_kprobe",
    }
    /// Classifiers, actions, XDP programs, socket filters and flow dissectors may not update socket maps with the plain
    /// helpers any more (7.3).
    sockmap_updates_few {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "map/sockmap_deleted_by_classifier",
    }
    /// Where functions cannot be made to fail, sleepable programs may attach to system calls, and `fmod_ret` programs, too
    /// (7.1).
    sleepable_on_syscalls {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "attach/fentry_system_call",
    }
    /// What RCU protects stays valid behind `bpf_rcu_read_unlock()` where the program is in a section by its kind (7.3).
    implied_rcu_survives_unlock {
        since: v(7, 3),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "rcu/behind_unlock",
    }
    /// RCU sections nest (6.19).
    rcu_nests {
        since: v(6, 19),
        evidence: "measured on 6.18.44, 6.19.6 and 7.3.4",
        probe: "rcu/nested",
    }
    /// A range of numbers is one arc of the circle of all words, which both readings are taken from (7.2).
    circular_ranges {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "branch/half_tells_whole",
    }
    /// The kernel's own variables of each CPU are named by addresses, as others are. Before, it was by their place in the area
    /// of a CPU.
    percpu_symbols_have_addresses {
        since: v(6, 15),
        evidence: "x86/percpu/64: Use relative percpu offsets; measured on 6.12.117, 6.18.15 and 7.3.4",
        probe: "ksym/percpu",
    }
    /// A number that is compared has four copies at most that learn from it. Before, it had five.
    five_linked {
        since: v(7, 3),
        stable: &[p(7, 2, 13)],
        evidence: "measured on 7.0.4, 7.0.13, 7.1.3, 7.1.13, 7.2.6, 7.2.13 and 7.3.4",
        probe: "branch/six_linked",
    }
    /// Memory that a kernel function returns for as long as nobody waits for all readers says so in its type.
    rcu_memory_returned {
        since: v(7, 1),
        evidence: "measured on 7.3.4",
        probe: "",
    }
    /// Kernel functions that are called are looked up when the functions of the program have been listed.
    kfuncs_after_functions {
        since: v(7, 3),
        evidence: "measured on 7.2.6, 7.2.13 and 7.3.4",
        probe: "kfunc/no_such_type",
    }
    /// A way of a jump on which nothing is left of an operand is not walked.
    impossible_ways_skipped {
        since: v(7, 1),
        evidence: "measured on 6.19.14, 7.0.4, 7.0.13, 7.1.3, 7.1.13, 7.2.6, 7.2.13 and 7.3.4",
        probe: "branch/apart_in_low_bits",
    }
    /// Quotients and remainders by a constant have bounds (7.0).
    division_bounds {
        since: v(7, 0),
        evidence: "measured on 6.18.44 and 7.0.13",
        probe: "alu/quotient",
    }
    /// Global functions may return nothing, and another error tells that one returns what it may not (7.1).
    global_void {
        since: v(7, 1),
        evidence: "measured on 6.18.44 and 7.3.4",
        probe: "global/returns_nothing",
    }
    /// `may_goto` with offset zero is allowed (6.14: `bpf: Allow may_goto 0 instruction in verifier`).
    may_goto_zero {
        since: v(6, 14),
        evidence: "bpf: Allow may_goto 0 instruction in verifier",
        probe: "structure/may_goto_zero",
    }
    /// Unions are passed by value like structs in traced functions. 6.12.117 refuses them, 6.18 does not.
    union_args {
        since: v(6, 18),
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "attach/tracepoint_union",
    }
    /// A pointer to qualified void (`const void *`) among the arguments is a number, as `void *` always was (in 6.18 one
    /// question, `is_void_or_int_ptr()`; 6.12.117 looks at unqualified void only).
    qualified_void_args {
        since: v(6, 16),
        evidence: "bpf: Allow access to const void pointer arguments in tracing programs",
        probe: "attach/tp_btf_constant_void",
    }
    /// The refusal to trace functions that the trampoline itself calls is told; 6.12.117 is silent.
    denied_attach_told {
        since: v(6, 17),
        evidence: "bpf: Add log for attaching tracing programs to functions in deny list",
        probe: "attach/fentry_denied",
    }
    /// An extension may sleep only where the original may. 6.12.117 does not ask.
    extension_might_sleep {
        since: v(6, 15),
        evidence: "bpf: Summarize sleepable global subprogs",
        probe: "freplace/sleeps_in_function",
    }
    /// Loads of pointers to anything but structs yield untrusted read-only memory instead of numbers, and accesses to such
    /// memory are not bounded (6.17: `bpf: rdonly_untrusted_mem for btf id walk pointer leafs`).
    untrusted_mem {
        since: v(6, 17),
        evidence: "bpf: rdonly_untrusted_mem for btf id walk pointer leafs",
        probe: "pointers/to_number_read",
    }
    /// A call that only reads memory is checked as a read: bounds of reads, and the stack is not overwritten. Before, every
    /// call was taken to do both (6.14: `bpf: verifier: Refactor helper access type tracking`).
    helper_access_has_direction {
        since: v(6, 14),
        evidence: "bpf: verifier: Refactor helper access type tracking",
        probe: "call/global_argument_too_small",
    }
    /// Task storage may hold user pointers (6.13: `bpf: Support __uptr type tag in BTF`).
    uptr {
        since: v(6, 13),
        evidence: "bpf: Support __uptr type tag in BTF",
        probe: "kptr/user_pointer_stored",
    }
    /// Resilient spin locks exist (6.15: `bpf: Implement verifier support for rqspinlock`).
    res_spin_lock {
        since: v(6, 15),
        evidence: "bpf: Implement verifier support for rqspinlock",
        probe: "irq/restored_by_lock",
    }
    /// Deferred task work exists (6.18: `bpf: verifier: Refactor bpf_wq handling` and following).
    task_work {
        since: v(6, 18),
        evidence: "bpf: verifier: Refactor bpf_wq handling",
        probe: "timer/task_work_other_map",
    }
    /// `bpf_rbtree_root()`, `_left()` and `_right()` walk trees, nodes may be counted references, and the messages about
    /// node arguments name the function (in 6.18, not in 6.12).
    rbtree_walk {
        since: v(6, 16),
        evidence: "bpf: Add bpf_rbtree_{root,left,right} kfunc",
        probe: "graph/tree_remove_in_callback",
    }
    /// Arguments named `__prog` are filled in by the verifier (in 6.18, not in 6.12).
    kfunc_prog_arg {
        since: v(6, 16),
        evidence: "bpf: Add __prog argument support to pass in prog->aux",
        probe: "timer/workqueue",
    }
    /// The log shows a dynptr on the stack behind calls that only read it (6.14: one function marks the slots of all stack
    /// objects as read); before, iterators only.
    dynptr_reads_shown {
        since: v(6, 14),
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "dynptr/clone",
    }
    /// What an RCU-protected function returns is valid in an RCU section only, and calling it elsewhere is rejected
    /// (in 6.18, not in 6.12).
    kfunc_rcu_protected {
        since: v(6, 18),
        evidence: "bpf: enforce RCU protection for KF_RCU_PROTECTED",
        probe: "iter/tasks_without_rcu",
    }
    /// `bpf_rdonly_cast()` casts to `void` too, and reads through untrusted memory are allowed (in 6.18,
    /// not in 6.12).
    rdonly_cast_void {
        since: v(6, 17),
        evidence: "bpf: Add support for void in bpf_rdonly_cast",
        probe: "kfunc/rdonly_cast_unknown",
    }
    /// A null pointer passed where null is allowed, and the zero flags of `bpf_get_local_storage()`, count as precise
    /// (7.3, in 6.12.y: `bpf: mark NULL arguments precise`).
    null_args_are_precise {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "bpf: mark NULL arguments precise, measured on 6.12.117, 6.18.44, 7.2.6, 7.2.13 and 7.3.4",
        probe: "call/storage_of_other_task",
    }
    /// Lookups in arrays with a constant key in range are never null (6.14: `bpf: verifier: Support eliding map lookup
    /// nullness`).
    constant_map_keys {
        since: v(6, 14),
        evidence: "bpf: verifier: Support eliding map lookup nullness",
        probe: "alu/offset_grows",
    }
    /// Functions that the callback of a tree insertion calls count as part of it (in 6.12.y); elsewhere only the callback.
    tree_callback_covers_callees {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "graph/less_calls",
    }
    /// Workqueue arguments are checked with the words of timers (6.18: `bpf: extract map_field checks`).
    wq_checked_like_timers {
        since: v(6, 18),
        evidence: "bpf: extract map_field checks",
        probe: "timer/workqueue_without_one",
    }
    /// Only per-CPU pointers fit per-CPU kptr fields (in 6.12.y).
    kptr_percpu_must_match {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "kptr/per_cpu_field",
    }
    /// Global functions may be called with preemption disabled unless they may sleep (6.15: `bpf: Summarize sleepable
    /// global subprogs`).
    global_funcs_know_sleeping {
        since: v(6, 15),
        evidence: "bpf: Summarize sleepable global subprogs",
        probe: "global/call_without_preemption",
    }
    /// Callbacks of timers in inner maps get the map pointer's identity (in 6.12.y).
    timer_callback_keeps_map_uid {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "timer/callback_of_inner_map",
    }
    /// Arguments of global functions can be tagged untrusted (6.17: `bpf: attribute __arg_untrusted`).
    untrusted_args {
        since: v(6, 17),
        evidence: "bpf: attribute __arg_untrusted",
        probe: "global/tag_untrusted_combined",
    }
    /// struct_ops arguments can carry references, and a referenced pointer can be returned (6.14: `bpf: Allow struct_ops
    /// prog to return referenced kptr`).
    struct_ops_refs {
        since: v(6, 14),
        evidence: "bpf: Allow struct_ops prog to return referenced kptr",
        probe: "attach/qdisc_leaks",
    }
    /// Memory arguments of global functions have an id even if they cannot be null (until 6.16).
    nonnull_mem_args_have_ids {
        until: v(6, 17),
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "global/nonnull_argument",
    }
    /// Declaration and type tags of BTF may carry the kind flag, which marks attributes of the compiler's own
    /// (6.15: `bpf: Allow kind_flag for BTF type and decl tags`).
    btf_flagged_tags {
        since: v(6, 15),
        evidence: "bpf: Allow kind_flag for BTF type and decl tags",
        probe: "btf/beside_attribute",
    }
    /// When run, `bpf_csum_diff()` folds its result to 16 bits and takes any sizes (6.13: `bpf: bpf_csum_diff: Optimize
    /// and homogenize for all archs`). No verdict depends on it.
    csum_diff_folds {
        since: v(6, 13),
        evidence: "bpf: bpf_csum_diff: Optimize and homogenize for all archs",
        probe: "",
    }
    /// A pointer whose variable offset has no sane bounds may be null after all (in 6.12's later stable releases, not
    /// yet in 6.18.44).
    not_null_checks_offset {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "branch/pointer_far_away_null",
    }
    /// XDP sockets and buffers of iterators count as pointers that are never null (7.3, in later stable releases of 6.12 and 7.2).
    not_null_xdp_sock_and_buf {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "branch/socket_of_xdp_null",
    }
    /// A 32-bit comparison of a pointer with zero is never decided, since the low half may be zero (likewise).
    pointer_jmp32_undecided {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "branch/pointer_low_half_null",
    }
    /// Of two equal pointers, one loses its doubt only if the other is of a type that is never null; without, it is
    /// enough that the other's type does not say that it may be null (likewise).
    equal_pointers_check_type {
        stable: &[p(6, 12, 117)],
        evidence: "measured on 6.12.117 and 6.18.44",
        probe: "branch/equal_to_context",
    }
    /// Of an object that is neither owned nor borrowed another reference may not be had. Before, it always was.
    unowned_references_fail {
        since: v(7, 3),
        stable: &[p(6, 12, 117), p(7, 2, 13)],
        evidence: "measured on 6.12.117, 6.18.44 and 7.3.4",
        probe: "object/shared_unchecked",
    }
    /// With `number += pointer` the destination inherits everything of the pointer, its place in the parent chain
    /// included; without, its type, offset and what belongs to the type (likewise).
    moved_pointer_inherits_all {
        stable: &[p(6, 1, 192), p(6, 12, 117), p(7, 1, 13)],
        evidence: "measured on 6.1.192, 6.12.117, 6.18.44, 7.1.3, 7.1.13 and 7.3.4",
        probe: "alu/scalar_minus_pointer_unprivileged",
    }
    /// With `number += pointer` the destination points into the frame that the pointer points into, whatever else it inherits.
    sums_stay_in_frame {
        since: v(7, 2),
        stable: &[p(7, 1, 13)],
        evidence: "measured on 7.1.3, 7.1.13 and 7.2.6",
        probe: "pointers/number_plus_frame",
    }
}
