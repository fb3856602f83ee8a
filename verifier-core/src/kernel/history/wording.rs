//! Changes of how the log is worded, one row each.

use super::{Change, PointRelease, p, v};

/// How a release words its log: which of the changes it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wording(u64);

macro_rules! wordings {
    ($($(#[doc = $doc:literal])+ $name:ident { $($key:ident: $value:expr),* $(,)? })+) => {
        /// A change of wording.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Reworded { $($(#[doc = $doc])+ $name,)+ }

        /// All rows, in the order of [`Reworded`].
        pub static WORDINGS: &[Change] = &[$(
            Change { name: stringify!($name), what: concat!($($doc, "\n"),+), $($key: $value,)* ..Change::NONE },
        )+];
    };
}

impl Wording {
    /// The wording of a release.
    pub fn of(release: PointRelease) -> Wording {
        Wording((0..).zip(WORDINGS).fold(0, |bits, (i, change)| bits | u64::from(change.covers(release)) << i))
    }

    /// Whether it has a change.
    pub const fn has(self, words: Reworded) -> bool {
        self.0 >> words as u32 & 1 != 0
    }

    /// The same wording with a change, or without it.
    #[must_use]
    pub fn with(self, change: &Change, on: bool) -> Wording {
        let bit = WORDINGS.iter().position(|w| w.name == change.name).map_or(0, |i| 1 << i);
        Wording(if on { self.0 | bit } else { self.0 & !bit })
    }
}

wordings! {
    /// Numbers are called scalars; before, `inv`, and every value showed its id.
    Scalars {
        since: v(5, 18),
        evidence: "bpf: Replace all tracing programs' inv with scalar in the log",
        probe: "solver/number_as_address_constant",
    }
    /// What an instruction changed stands behind it; before, the whole frame stood before the next one.
    StateBehind {
        since: v(5, 17),
        evidence: "bpf: Right align verifier states in verifier logs",
        probe: "context/negative",
    }
    /// Local functions are told as loaded, too, where the capability for them is missing.
    FunctionsLoaded {
        since: v(5, 13),
        evidence: "bpf: Support bpf program calling kernel function",
        probe: "spec/calls_need_bpf",
    }
    /// Atomic operations are called so; before, there was but addition.
    Atomics {
        since: v(5, 12),
        evidence: "bpf: Rename BPF_XADD and prepare to encode other atomics in .imm",
        probe: "atomic/on_context",
    }
    /// Types of registers are told by what they point to and its properties; before, each kind had a name of its own.
    ComposedTypes {
        since: v(5, 17),
        evidence: "bpf: Introduce MEM_RDONLY flag",
        probe: "call/number_for_pointer",
    }
    /// What has no address is told to be no function either.
    FunctionAddresses {
        since: v(6, 3),
        evidence: "bpf: Allow ld_imm64 instruction to point to kfunc, measured on 6.1.192",
        probe: "ksym/bad_kind",
    }
    /// Sizes of what a helper allocates are told to be no constants; before, to have no bounds.
    ConstantSizes {
        since: v(5, 18),
        evidence: "measured on 5.10.262 and 6.1.170",
        probe: "call/constant_wanted",
    }
    /// Where an object on the stack may not stand is told.
    OffsetsTold {
        since: v(6, 3),
        evidence: "bpf: Fix missing var_off check for ARG_PTR_TO_DYNPTR, measured on 6.1.192 and 6.12.43",
        probe: "dynptr/misaligned",
    }
    /// Helpers that may sleep are told so where a program may not; before, they were unknown there.
    MightSleep {
        since: v(6, 2),
        stable: &[p(6, 1, 192)],
        evidence: "measured on 5.10.262 and 6.1.192",
        probe: "call/may_sleep",
    }
    /// The maps of sleepable programs are told with ring buffers.
    SleepableRingBuffers {
        since: v(5, 12),
        evidence: "bpf: Allow sleepable programs to use ring buffers",
        probe: "map/sleepable_kind",
    }
    /// The maps of sleepable programs are told with local storage.
    SleepableStorages {
        since: v(6, 2),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "map/sleepable_kind",
    }
    /// Probes of user space may sleep, and the refusal of others names them.
    SleepableProbes {
        since: v(6, 0),
        evidence: "bpf: allow sleepable uprobe programs to attach",
        probe: "attach/xdp_sleepable",
    }
    /// What is passed to be released must have no offset, nor must what a kernel function trusts, and the refusal says so.
    TrustedOffset {
        since: v(6, 2),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "reference/ringbuf_moved",
    }
    /// Moving a pointer that may be null is refused with advice.
    NullCheckAdvice {
        since: v(5, 13),
        evidence: "measured on 5.10.262 and 6.1.192",
        probe: "reference/socket_or_null_moved",
    }
    /// The refusal of programs that may not sleep lists all hooks where they may.
    SleepableHooks {
        since: v(6, 2),
        evidence: "bpf: Prevent unsafe sleepable tracing attach types",
        probe: "attach/xdp_sleepable",
    }
    /// A helper that exists, but not for this type of program, is told so. Before, it was unknown.
    HelperOfOthers {
        since: v(6, 8),
        evidence: "bpf: emit more precise message for helpers that the program type lacks",
        probe: "call/helper_of_other_type",
    }
    /// Memory of ring buffers is named so; before, it was allocated memory.
    RingbufMemory {
        since: v(6, 2),
        evidence: "bpf: Rename MEM_ALLOC to MEM_RINGBUF",
        probe: "call/percpu_of_number",
    }
    /// Registers show what is not zero, bounds of equal value joined, and large numbers in hexadecimal; saved registers are
    /// shown as such. Before, offsets stood always, bounds one by one behind those of 64 bits, in decimal.
    JoinedBounds {
        since: v(6, 8),
        evidence: "bpf: smarter verifier log number printing logic",
        probe: "limit/infinite_loop",
    }
    /// Walks for precision name frames, registers and slots. Before, they showed two masks.
    WalkedFrames {
        since: v(6, 5),
        evidence: "bpf: improve precision backtrack logging",
        probe: "callback/rounds_in_loop",
    }
    /// Functions that are taken as safe are named.
    FunctionNames {
        since: v(6, 8),
        evidence: "bpf: emit global subprog name in verifier logs",
        probe: "global/pointer_for_scalar",
    }
    /// Values that may not be returned are told with their bounds; before, with their bits.
    ReturnBounds {
        since: v(6, 8),
        evidence: "bpf: unify async callback and program retval checks",
        probe: "precision/result_exactly",
    }
    /// An endless loop is told with both states.
    LoopStates {
        since: v(6, 7),
        evidence: "bpf: print full verifier states on infinite loop detection",
        probe: "limit/infinite_loop",
    }
    /// Offsets of accesses to the stack are told as numbers; before, as bits.
    StackOffsets {
        since: v(6, 8),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "stack/variable_beyond",
    }
    /// What the kernel takes for a fault of its own is told with the words "verifier bug".
    VerifierBug {
        since: v(6, 17),
        evidence: "bpf: Add verifier bug macros, measured on 6.16.12 and 6.17.8",
        probe: "branch/itself_contradicts",
    }
    /// Refusals that were told as faults of its own are told in a few words, and without the end of the line.
    BareRefusals {
        since: v(6, 17),
        evidence: "bpf: Add verifier bug macros, measured on 6.16.12 and 6.17.8",
        probe: "call/tail_call_wrong_map",
    }
    /// The refusal to cast names `void` as what can be cast to.
    CastToVoid {
        since: v(6, 17),
        evidence: "bpf: Add support for void in bpf_rdonly_cast",
        probe: "kfunc/rdonly_cast_not_struct",
    }
    /// `may_goto` with a bad immediate is told without its offset, which may be anything.
    MayGotoImmediate {
        since: v(6, 14),
        evidence: "bpf: Allow may_goto 0 instruction in verifier",
        probe: "structure/may_goto_reserved",
    }
    /// Refused accesses to special fields of map values name the kind of the field.
    FieldKinds {
        since: v(6, 13),
        evidence: "bpf: Support __uptr type tag in BTF",
        probe: "kptr/per_cpu_misaligned",
    }
    /// The refusal to trace how a function returns that never does names the function.
    NoreturnName {
        since: v(6, 17),
        evidence: "measured on 6.16.12 and 6.17.8",
        probe: "attach/fexit_noreturn",
    }
    /// That refusal names sessions, too, and so does the one to extend traced functions.
    NoreturnSessions {
        since: v(7, 0),
        evidence: "measured on 6.19.14 and 7.0.4",
        probe: "attach/fexit_noreturn",
    }
    /// Other refusals of what tracing programs attach to name sessions, too.
    Sessions {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.1.3",
        probe: "call/func_ip_attach",
    }
    /// Programs that may not sleep by their type are told so without a list of those that may.
    SleepersUnlisted {
        since: v(7, 2),
        stable: &[p(7, 1, 13)],
        evidence: "measured on 7.1.3, 7.1.13 and 7.2.6",
        probe: "attach/xdp_sleepable",
    }
    /// What may sleep is named where it may not, and the place with it.
    SleepersNamed {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.1.3",
        probe: "call/may_sleep",
    }
    /// Source lines stand in the log once for all instructions of a line, with file and number behind.
    SourceLines {
        since: v(6, 2),
        evidence: "measured on 6.1.192 and 6.12.117",
        probe: "attach/dummy_ops",
    }
    /// Load-acquire and store-release have words of their own.
    OrderedAccess {
        since: v(6, 15),
        evidence: "bpf: Introduce load-acquire and store-release instructions",
        probe: "atomic/acquire",
    }
    /// The state has one list of references, which is shown for every frame; before, callers showed what they had at the
    /// call.
    OneReferenceList {
        since: v(6, 14),
        evidence: "bpf: Consolidate locks and reference state in verifier state",
        probe: "reference/leaked_in_callback",
    }
    /// States show no liveness marks.
    NoMarks {
        since: v(6, 18),
        evidence: "bpf: callchain sensitive stack liveness tracking using CFG",
        probe: "alignment/relaxed",
    }
    /// Where a pointer points is shown as one number or range, the fixed part of its offset included.
    OffsetsInValue {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "alignment/strict",
    }
    /// What has no field, or has it elsewhere, is told by the register and the place; of locks and kptrs it was the map alone.
    FieldsOfMaps {
        since: v(6, 2),
        evidence: "bpf: Refactor kptr_off_tab into btf_record, measured on 6.1.192",
        probe: "lock/wrong_offset",
    }
    /// The list of what each instruction reads later names those whose results have a high half of zeros.
    ZeroedHalves {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "alu/quotient",
    }
    /// An account stands behind the message of a refusal: what, why, where, how it came to it, what helps.
    Accounts {
        since: v(7, 3),
        evidence: "measured on 7.2.13 and 7.3.4",
        probe: "alu/uninitialised",
    }
    /// The id of what is owned is that of the reference, and what was made from it names it as its parent.
    ParentIds {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "solver/ringbuf_null",
    }
    /// Arguments are named by their registers, and what is refused by what it is.
    RegistersNamed {
        since: v(7, 2),
        evidence: "measured on 7.1.13 and 7.2.6",
        probe: "dynptr/uninitialised",
    }
    /// Return values that are no numbers are refused in words that name void as well.
    GlobalVoid {
        since: v(7, 1),
        evidence: "measured on 7.0.13 and 7.3.4",
        probe: "global/pointer_result",
    }
}
