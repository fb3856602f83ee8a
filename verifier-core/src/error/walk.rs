//! Messages of the walk itself and of the stages that read instructions, function and line information.

rows! {
    /// Messages of the walk itself and of the stages that read instructions, function and line information.
    pub enum WalkMsg, Walk {
        /// Control ran past the end of the program. Every path must end in `exit` or a jump back.
        ["cfg-past-end", ProgramStructure]
        InvalidInsnIdx { idx: usize, count: usize } => "invalid insn idx {idx} insn_cnt {count}\n";
        /// The analysis processed more instructions than the kernel allows in one load. Loops whose iterations never
        /// become equal to one seen before are the usual cause: bound them, mask the loop variable, or use `bpf_loop()`.
        ["limit-insns", VerifierLimit]
        TooLarge { processed: u32 } => "BPF program is too large. Processed {processed} insn\n";
        /// The path is covered by one that was found safe.
        [note]
        Safe { idx: usize } => "{idx}: safe\n";
        /// A register store has bits set in fields that must be zero. Assemblers and compilers do not produce this;
        /// hand-made instructions must clear unused fields.
        ["insn-stx-reserved", ProgramStructure]
        StxReserved => "BPF_STX uses reserved fields\n";
        /// A store of a constant has bits set in fields that must be zero.
        ["insn-st-reserved", ProgramStructure]
        StReserved => "BPF_ST uses reserved fields\n";
        /// A load has bits set in fields that must be zero.
        ["insn-ldx-reserved", ProgramStructure]
        LdxReserved => "BPF_LDX uses reserved fields\n";
        /// A call has bits set in fields that must be zero, or a kind of call the kernel does not know.
        ["insn-call-reserved", ProgramStructure]
        CallReserved => "BPF_CALL uses reserved fields\n";
        /// A jump has bits set in fields that must be zero.
        ["insn-ja-reserved", ProgramStructure]
        JaReserved => "BPF_JA uses reserved fields\n";
        /// A jump to where a register says has bits set in fields that must be zero.
        ["insn-gotox-reserved", ProgramStructure]
        JumpToReserved => "BPF_JA|BPF_X uses reserved fields\n";
        /// A jump table is not ready when the program is loaded: it is not frozen, or an entry names no instruction of the
        /// program or the second half of a 16-byte load. Loaders fill and freeze it before; entries count instructions from
        /// the first one of the program as it is loaded, called functions included.
        ["map-insn-array", ProgramStructure]
        JumpTableNotReady => "Failed to properly initialize insn array\n";
        /// An `exit` has bits set in fields that must be zero.
        ["insn-exit-reserved", ProgramStructure]
        ExitReserved => "BPF_EXIT uses reserved fields\n";
        /// While a lock is held only the unlock and the operations on data that the lock protects may be called.
        /// Move other calls before the lock or after the unlock.
        ["lock-call-while-held", ExecutionContextSafety]
        CallWhileLocked => "function calls are not allowed while holding a lock\n";
        /// The load mode is not one the kernel knows.
        ["insn-ld-mode", ProgramStructure]
        InvalidLdMode => "invalid BPF_LD mode\n";
        /// The class of the instruction does not exist.
        ["insn-class", ProgramStructure]
        UnknownClass { class: u8 } => "unknown insn class {class}\n";
        /// A constant load must be 64 bits wide.
        ["insn-ld-imm", ProgramStructure]
        InvalidLdImm => "invalid BPF_LD_IMM insn\n";
        /// A constant load has bits set in fields that must be zero.
        ["insn-ld-imm64-reserved", ProgramStructure]
        LdImm64Reserved => "BPF_LD_IMM64 uses reserved fields\n";
        /// Taking the address of a function needs function information. Compile with `-g`.
        ["btf-func-info-missing", ProgramStructure]
        MissingFuncInfo => "missing btf func_info\n";
        /// Callbacks must be static functions, because global ones are verified without knowing how they are called.
        ["callback-not-static", CallTypeSafety]
        CallbackNotStatic => "callback function not static\n";
        /// The main program cannot be its own callback.
        ["callback-main", CallTypeSafety]
        CallbackIsMain => "callback function cannot be the main program\n";
        /// Packet loads of the classic kind exist for programs that work on a socket buffer only.
        ["ld-abs-type", Policy]
        LdAbsType => "BPF_LD_[ABS|IND] instructions not allowed for this program type\n";
        /// A classic packet load may end the program, which a callback cannot.
        ["ld-abs-callback", ExecutionContextSafety]
        LdAbsCallback => "cannot use BPF_LD_[ABS|IND] within callback\n";
        /// A classic packet load has bits set in fields that must be zero.
        ["ld-abs-reserved", ProgramStructure]
        LdAbsReserved => "BPF_LD_[ABS|IND] uses reserved fields\n";
        /// Classic packet loads take the socket buffer from R6 implicitly. Put the context into R6 first.
        ["ld-abs-r6", RegisterTypeSafety]
        LdAbsR6 => "at the time of BPF_LD_ABS|IND R6 != pointer to skb\n";

        /// The state before an instruction follows.
        [note]
        StateAt { idx: usize } => "{idx}:";
        /// `func#1 @12`: where functions begin.
        [note]
        Func { n: usize, start: u32 } => "func#{n} @{start}\n";
        /// A call goes outside of the program.
        ["cfg-call-destination", ProgramStructure]
        CallDestination => "call to invalid destination\n";
        /// The program has more local functions than the kernel allows (256).
        ["limit-subprogs", VerifierLimit]
        TooManySubprogs => "too many subprograms\n";
        /// Calling other functions needs CAP_BPF.
        ["policy-calls-cap", Policy]
        CallsNeedCap => "function calls to other bpf functions are allowed for CAP_BPF and CAP_SYS_ADMIN\n",
            FunctionsLoaded => "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN\n";
        /// The function information names a type that does not exist.
        ["btf-main-type", ProgramStructure]
        MainBtfId => "invalid btf id for main subprog in func_info\n";
        /// A program can have one exception callback.
        ["exception-cb-many", ProgramStructure]
        ManyExceptionTags => "multiple exception callback tags for main subprog\n";
        /// The exception callback named by the tag does not exist.
        ["exception-cb-missing", ProgramStructure]
        ExceptionCbMissing { name: String } => "exception callback '{name}' could not be found in BTF\n";
        /// The exception callback must be a global function.
        ["exception-cb-static", ProgramStructure]
        ExceptionCbStatic { name: String } => "exception callback '{name}' must have global linkage\n";
        /// The exception callback cannot be the main program.
        ["exception-cb-main", ProgramStructure]
        ExceptionCbOffset => "invalid exception callback insn_off in func_info: 0\n";
        /// The exception callback is not part of the program.
        ["exception-cb-func-info", ProgramStructure]
        ExceptionCbFuncInfo => "exception callback type id not found in func_info\n";

        /// Classic packet loads in local functions need BTF. Compile with `-g`.
        ["btf-ld-abs", ProgramStructure]
        LdAbsWithoutBtf => "LD_ABS is not allowed in subprogs without BTF\n";
        /// Tail calls in local functions need BTF. Compile with `-g`.
        ["btf-tail-call", ProgramStructure]
        TailCallWithoutBtf => "tail_call is not allowed in subprogs without BTF\n";
        /// The first function must begin at instruction 0.
        ["btf-func-first", ProgramStructure]
        FuncInfoFirst { off: u32 } => "nonzero insn_off {off} for the first func info record";
        /// Function records must be in order.
        ["btf-func-order", ProgramStructure]
        FuncInfoOrder { off: u32, prev: u32 } =>
            "same or smaller insn offset ({off}) than previous func info record ({prev})";
        /// A function record names a type that is not a function.
        ["btf-func-type", ProgramStructure]
        FuncInfoType { id: u32 } => "invalid type id {id} in func info";
        /// The number of functions by BTF and by calls differs: the linker or the loader left one out.
        ["btf-func-count", ProgramStructure]
        FuncInfoCount => "number of funcs in func_info doesn't match number of subprogs\n";
        /// Functions by BTF begin elsewhere than the calls say.
        ["btf-func-layout", ProgramStructure]
        FuncInfoLayout => "func_info BTF section doesn't match subprog layout in BPF program\n";
        /// A function with classic packet loads must return a number, because the load may return 0 for it.
        ["btf-ld-abs-int", ProgramStructure]
        LdAbsNotInt => "LD_ABS is only allowed in functions that return 'int'.\n";
        /// A function with tail calls must return a number.
        ["btf-tail-call-int", ProgramStructure]
        TailCallNotInt => "tail_call is only allowed in functions that return 'int'.\n";
        /// Line records must be in order and within the program.
        ["btf-line-order", ProgramStructure]
        LineInfoOrder { i: usize, off: u32, prev: u32, len: usize } =>
            "Invalid line_info[{i}].insn_off:{off} (prev_offset:{prev} prog->len:{len})\n";
        /// A line record points into the middle of an instruction.
        ["btf-line-insn", ProgramStructure]
        LineInfoInsn { i: usize } => "Invalid insn code at line_info[{i}].insn_off\n";
        /// A line record names text that does not exist.
        ["btf-line-name", ProgramStructure]
        LineInfoName { i: usize } => "Invalid line_info[{i}].line_off or .file_name_off\n";
        /// Every function needs a line record at its first instruction.
        ["btf-line-func", ProgramStructure]
        LineInfoFunc { n: usize } => "missing bpf_line_info for func#{n}\n";
        /// The last functions have no line records.
        ["btf-line-funcs", ProgramStructure]
        LineInfoFuncs { missing: usize, from: usize } =>
            "missing bpf_line_info for {missing} funcs starting from func#{from}\n";

        /// The second half of a 64-bit constant load is missing or malformed.
        ["insn-ldimm64-half", ProgramStructure]
        LdImm64Half => "invalid bpf_ld_imm64 insn\n";
        /// A 64-bit constant load of an unknown kind.
        ["insn-ldimm64-kind", ProgramStructure]
        LdImm64Kind => "unrecognized bpf_ld_imm64 insn\n";
        /// A map is named by index but no table of maps was given.
        ["map-fd-array", ProgramStructure]
        FdArrayMissing => "fd_idx without fd_array is invalid\n";
        /// The number does not name a map.
        ["map-bad-fd", ProgramStructure]
        BadMapFd { fd: i32 } => "fd {fd} is not pointing to valid bpf_map\n";
        /// A program may use 64 maps.
        ["limit-maps", VerifierLimit]
        TooManyMaps { limit: u32 } => "The total number of maps per program has reached the limit of {limit}\n";
        /// Tracing programs cannot use maps with lists or trees: they may run where taking the lock deadlocks.
        ["map-graph-tracing", Policy]
        TracingGraph => "tracing progs cannot use bpf_{{list_head,rb_root}} yet\n";
        /// Socket filters cannot use maps with spin locks.
        ["map-lock-socket-filter", Policy]
        SocketFilterLock => "socket filter progs cannot use bpf_spin_lock yet\n";
        /// Tracing programs cannot use maps with spin locks: they may interrupt the holder.
        ["map-lock-tracing", Policy]
        TracingLock => "tracing progs cannot use bpf_spin_lock yet\n";
        /// Tracing programs cannot use maps with timers.
        ["map-timer-tracing", Policy]
        TracingTimer => "tracing progs cannot use bpf_timer yet\n";
        /// Tracing programs cannot use maps with workqueues.
        ["map-wq-tracing", Policy]
        TracingWq => "tracing progs cannot use bpf_wq yet\n";
        /// A struct_ops map is attached, not used by programs.
        ["map-struct-ops", Policy]
        StructOpsMap => "bpf_struct_ops map cannot be used in prog\n";
        /// Maps of this type free their elements without waiting for sleepable programs.
        ["map-sleepable", Policy]
        SleepableMap => "Sleepable programs can only use array and hash maps\n",
            SleepableStorages => "Sleepable programs can only use array, hash, ringbuf and local storage maps\n",
            SleepableRingBuffers => "Sleepable programs can only use array, hash, and ringbuf maps\n";
        /// Before 6.1, hash maps of sleepable programs had to have all their elements from the start. Create the map without
        /// `BPF_F_NO_PREALLOC`.
        ["map-sleepable-growing", Policy]
        SleepableGrowing => "Sleepable programs can only use preallocated hash maps\n",
            SleepableRingBuffers => "Sleepable programs can only use preallocated maps\n";
        /// The offset into a map's value is too large to be meant.
        ["map-direct-offset", MemorySafety]
        DirectOffset { off: u32 } => "direct value offset of {off} is not allowed\n";
        /// Only arrays with a single entry have a value whose address is fixed.
        ["map-direct-type", MemorySafety]
        DirectType => "no direct value access support for this map type\n";
        /// The address is outside of the map's value.
        ["map-direct-range", MemorySafety]
        DirectRange { size: u32, off: u32 } => "invalid access to map value pointer, value_size={size} off={off}\n";
        /// A program may use one cgroup storage map of each kind.
        ["map-cgroup-storage", Policy]
        CgroupStorage => "only one cgroup storage of each type is allowed\n";
        /// A program may use one arena.
        ["map-arena-one", Policy]
        OneArena => "Only one arena per program\n";
        /// Arenas need CAP_BPF and CAP_PERFMON.
        ["map-arena-cap", Policy]
        ArenaCap => "CAP_BPF and CAP_PERFMON are required to use arena\n";
        /// The instruction set has no such operation.
        ["insn-opcode", ProgramStructure]
        UnknownOpcode { code: u8 } => "unknown opcode {code:02x}\n";
        /// The module named by the load of a kernel symbol is not loaded.
        ["ksym-module", ProgramStructure]
        KsymModule => "invalid module BTF object FD specified.\n";
        /// The load of a kernel symbol names a type that does not exist.
        ["ksym-id", ProgramStructure]
        KsymId { id: i32 } => "ldimm64 insn specifies invalid btf_id {id}.\n";
        /// The load of a kernel symbol names neither a variable nor a function.
        ["ksym-kind", ProgramStructure]
        KsymKind { id: u32 } => "pseudo btf_id {id} in ldimm64 isn't KIND_VAR.\n",
            FunctionAddresses => "pseudo btf_id {id} in ldimm64 isn't KIND_VAR or KIND_FUNC\n";
        /// The kernel does not know the address of a variable that the program uses. Kernels built without
        /// `CONFIG_KALLSYMS_ALL` know functions only: read the variable through a helper, a kernel function or an
        /// argument of the hook instead.
        ["ksym-address", Policy]
        KsymAddress { name: String } => "ldimm64 failed to find the address for kernel symbol '{name}'.\n";
        /// The type of the kernel symbol has no size.
        ["ksym-size", ProgramStructure]
        KsymSize { name: String, err: i32 } => "ldimm64 unable to resolve the size of type '{name}': {err}\n";

        /// A global function is verified on its own.
        [note]
        Validating { name: String, n: usize } => "Validating {name}() func#{n}...\n";
        /// A global function was verified on its own.
        [note]
        FuncSafe { n: usize, name: String } => "Func#{n} is safe for any args that match its prototype\n", FunctionNames => "Func#{n} ('{name}') is safe for any args that match its prototype\n";
    }
}
