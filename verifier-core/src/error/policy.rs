//! Messages about what the program type, the licence, the capabilities, the maps and the system call allow.

rows! {
    /// Messages about what the program type, the licence, the capabilities, the maps and the system call allow.
    pub enum PolicyMsg, Policy {

        /// The context holds one 8-byte word for each argument, and the access begins inside a word. Read arguments
        /// through the `BPF_PROG()` macro, or at offsets that are multiples of 8.
        ["ctx-arg-offset", MemorySafety]
        CtxArgOffset { func: String, off: i32 } => "func '{func}' offset {off} is not multiple of 8\n";

        /// The program reads an argument that the function it attaches to does not have, or its return value where
        /// the attach type has none (only fexit, fmod_ret and LSM programs see it). Compare the program's parameters
        /// with the function's prototype on the kernel it is loaded on; prototypes change between releases.
        ["ctx-arg-missing", MemorySafety]
        CtxNoArg { func: String, nth: u32 } => "func '{func}' doesn't have {nth}-th argument\n";

        /// Programs of type `fmod_ret` replace the return value, which works only for functions that return an integer.
        /// Attach to another function, or use `fexit` to look at the value.
        ["ctx-fmod-ret-type", Policy]
        FmodRetType { kind: String } => "ret type {kind} not allowed for fmod_ret\n";

        /// The argument is neither an integer, an enum, a struct passed by value nor a pointer, so the kernel does not
        /// know what the word in the context is. Do not read this argument.
        ["ctx-arg-not-pointer", MemorySafety]
        CtxArgNotPointer { func: String, arg: u32, name: String, kind: String } =>
            "func '{func}' arg{arg} '{name}' has type {kind}. Only pointer access is allowed\n";

        /// A pointer argument must be read whole, as 8 bytes; a part of a pointer is of no use. Declare the parameter as
        /// a pointer, and do not cast the context to an array of smaller words.
        ["ctx-arg-size", MemorySafety]
        CtxArgSize { func: String, size: u32 } => "func '{func}' size {size} must be 8\n";

        /// The kernel knows this argument but its BTF lacks the type, so it cannot be used. The kernel was built without
        /// that type's debug information.
        ["ctx-arg-btf-id", MemorySafety]
        CtxArgBtfId { off: i32 } => "invalid btf_id for context argument offset {off}\n";

        /// The argument points to something that is no struct (a function, an array, a pointer), which programs cannot
        /// follow. Do not read this argument, or read what it points to with `bpf_probe_read_kernel()` from a kprobe.
        ["ctx-arg-not-struct", MemorySafety]
        CtxArgNotStruct { func: String, arg: u32, kind: String } => "func '{func}' arg{arg} type {kind} is not a struct\n";

        /// The argument of the traced function is a pointer to this type.
        [note]
        CtxArgIs { func: String, arg: u32, btf_id: u32, kind: String, name: String } =>
            "func '{func}' arg{arg} has btf_id {btf_id} type {kind} '{name}'\n";

        /// The argument may hold an error number in the place of a pointer, so it is loaded as a plain number.
        [note]
        CtxArgMayBeError { arg: u32 } => "marking pointer arg{arg} as scalar as it may encode error";

        /// Programs of type syscall run in a process and exist only as sleepable ones. Load the program with
        /// `BPF_F_SLEEPABLE` (libbpf: section `syscall`, which sets it).
        ["attach-syscall-sleepable", Policy]
        SyscallNotSleepable => "Syscall programs can only be sleepable\n";

        /// Programs for LSM hooks of control groups run where sleeping is impossible. Use the section without `.s`.
        ["attach-not-sleepable-type", Policy]
        LsmCgroupSleeps => "BPF_LSM_CGROUP programs cannot be sleepable\n";
        /// The program was loaded as sleepable (a section name ending in `.s`), but programs of this type and attach
        /// type run where sleeping is impossible. Use the section without `.s` and do without helpers that may sleep.
        ["attach-not-sleepable-type", Policy]
        SleepableType => "Only fentry/fexit/fmod_ret and lsm programs can be sleepable\n",
            SleepersUnlisted => "Program of this type cannot be sleepable\n",
            Sessions => "Only fentry/fexit/fsession/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable\n",
            SleepableHooks => "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable\n",
            SleepableProbes => "Only fentry/fexit/fmod_ret, lsm, and kprobe/uprobe programs can be sleepable\n";
        /// Programs on this tracepoint run where nothing may sleep. Those of system calls allow it: `sys_enter`, `sys_exit`.
        ["attach-tracepoint-sleeps", Policy]
        TracepointSleeps { name: String } => "Sleepable program cannot attach to non-faultable tracepoint {name}\n";

        /// Tracing, LSM and extension programs are loaded for one target, and none was given. Name the target in the
        /// section (`SEC("fentry/do_unlinkat")`) or set it with `bpf_program__set_attach_target()`.
        ["attach-no-btf-id", Policy]
        NoBtfId => "Tracing programs must provide btf_id\n";

        /// The program attaches to another program that was loaded without BTF, so its functions are unknown. Build and
        /// load the target with BTF (`clang -g`).
        ["attach-target-no-btf", Policy]
        TargetNoBtf => "FENTRY/FEXIT program can only be attached to another program annotated with BTF\n",
            Sessions => "Tracing program can only be attached to another program annotated with BTF\n";

        /// The BTF id given as attach target does not exist. The program was probably prepared for another kernel;
        /// resolve the target by name at load time.
        ["attach-btf-id-invalid", Policy]
        BtfIdInvalid { id: u32 } => "attach_btf_id {id} is invalid\n";

        /// The BTF id given as attach target has no name, so it cannot be a function or tracepoint.
        ["attach-btf-id-unnamed", Policy]
        BtfIdUnnamed { id: u32 } => "attach_btf_id {id} doesn't have a name\n";


        /// The target program has no function with this name. Only functions that were not inlined, and that have
        /// function information, can be attached to: make the function `__noinline`.
        ["attach-no-subprog", Policy]
        NoSubprog { name: String } => "Subprog {name} doesn't exist\n";

        /// The function runs only when the target program throws an exception; nothing may attach to it.
        ["attach-exception-callback", Policy]
        ExceptionCallback { extension: bool } => fn |f, _s| {
            write!(f, "{} programs cannot attach to exception callback\n", if *extension { "Extension" } else { "FENTRY/FEXIT" })
        };

        /// Only global functions of a program are verified on their own, by their prototype, and can be replaced.
        /// Remove `static` from the function, and see that its arguments are ones the kernel accepts.
        ["attach-replace-static", Policy]
        ReplaceStatic => "Cannot replace static functions\n";

        /// The replacement changes packet data, which the original function does not: callers of the original keep
        /// packet pointers over the call. Let the original call such a helper too, or do not change packets.
        ["attach-ext-changes-packet", Policy]
        ExtChangesPacket => "Extension program changes packet data, while original does not\n";

        /// The replacement may sleep, which the original function does not, and its callers do not expect.
        ["attach-ext-may-sleep", Policy]
        ExtMaySleep => "Extension program may sleep, while original does not\n";

        /// The target is a tracing program that itself traces a tracing program. The kernel allows one level only.
        ["attach-nested-tracing", Policy]
        NestedTracing => "Cannot nest tracing program attach more than once\n";

        /// An extension cannot replace a function of another extension.
        ["attach-recursive", Policy]
        RecursiveAttach => "Cannot recursively attach\n";

        /// Functions of fentry and fexit programs cannot be replaced, because chains of them would have no bound.
        ["attach-extend-fentry", Policy]
        ExtendFentry => "Cannot extend fentry/fexit\n",
            NoreturnSessions => "Cannot extend fentry/fexit/fsession\n";

        /// Extensions (`freplace`) replace functions of other programs, not of the kernel. Give the target program's file
        /// descriptor.
        ["attach-replace-kernel", Policy]
        ReplaceKernel => "Cannot replace kernel functions\n";

        /// Programs on tracepoints (`tp_btf`) attach to kernel tracepoints, not to other programs.
        ["attach-only-fentry-prog", Policy]
        OnlyFentryProg => "Only FENTRY/FEXIT progs are attachable to another BPF prog\n",
            Sessions => "Only FENTRY/FEXIT/FSESSION progs are attachable to another BPF prog\n";

        /// The attach target of a `tp_btf` program must be the typedef `btf_trace_<tracepoint>`.
        ["attach-not-typedef", Policy]
        NotTypedef { id: u32 } => "attach_btf_id {id} is not a typedef\n";

        /// The type given as attach target has a name that does not fit the kind of program: tracepoints are typedefs
        /// `btf_trace_<name>`, LSM hooks are functions `bpf_lsm_<name>`.
        ["attach-wrong-name", Policy]
        WrongTypeName { id: u32, name: String } => "attach_btf_id {id} points to wrong type name {name}\n";

        /// The attach target must be a function. The BTF id belongs to a type of another kind.
        ["attach-not-function", Policy]
        NotFunction { id: u32 } => "attach_btf_id {id} is not a function\n";

        /// The function has more arguments than a tracing program can be given (12).
        ["attach-too-many-args", Policy]
        TooManyArgs { func: String, n: u32 } => "The function {func} has {n} arguments. Too many.\n";

        /// The function returns something (a struct by value) that tracing cannot pass on.
        ["attach-return-type", Policy]
        ReturnType { func: String, kind: String } => "The function {func} return type {kind} is unsupported.\n";

        /// Functions with variable arguments cannot be traced, since the number of arguments is unknown.
        ["attach-variadic", Policy]
        Variadic { func: String } => "The function {func} with variable args is unsupported.\n";

        /// An argument of the function is of a type that tracing cannot pass on (a struct of more than 16 bytes, a
        /// floating point number, a union before 6.18).
        ["attach-arg-type", Policy]
        ArgType { func: String, arg: u32, kind: String } => "The function {func} arg{arg} type {kind} is unsupported.\n";

        /// The prototype of the function has an argument of type void: its BTF is broken.
        ["attach-void-arg", Policy]
        VoidArg { func: String } => "The function {func} has malformed void argument.\n";

        /// The function returns more than 8 bytes, which `fexit` and `fmod_ret` cannot keep. Attach with `fentry`.
        ["attach-wide-return", Policy]
        WideReturn { func: String } =>
            "Attach to function {func} with a >8 byte return value is not supported for this attach type\n";


        /// The program was loaded as sleepable, but the target may be called where sleeping is impossible. Sleepable
        /// fentry, fexit and fmod_ret programs attach only to functions on the kernel's error injection list (none, when
        /// the kernel is built without CONFIG_FUNCTION_ERROR_INJECTION) or in its own sets; sleepable LSM programs only to
        /// hooks that the kernel lists. Drop the `.s` of the section.
        ["attach-not-sleepable", Policy]
        NotSleepable { func: String } => "{func} is not sleepable\n";

        /// `fmod_ret` works on functions of the kernel, not of programs. Use `freplace` to replace a program's function.
        ["attach-fmod-ret-prog", Policy]
        FmodRetProg => "can't modify return codes of BPF programs\n";

        /// The return value of this function may not be changed. `fmod_ret` attaches to `security_*` functions, to those on
        /// the error injection list and to a few sets of the kernel's own.
        ["attach-not-modifiable", Policy]
        NotModifiable { func: String } => "{func}() is not modifiable\n";

        /// LSM programs must be under a GPL-compatible licence.
        ["policy-lsm-gpl", Policy]
        LsmGpl => "LSM programs must have a GPL compatible license\n";

        /// The hook exists but is not open to programs, because they could not implement it safely.
        ["attach-disabled-hook", Policy]
        DisabledHook { id: u32, name: String } => "attach_btf_id {id} points to disabled hook {name}\n";

        /// The kernel calls this function itself while it runs a tracing program, so tracing it would never end.
        ["attach-denied", Policy]
        Denied { name: String } => "Attaching tracing programs to function '{name}' is rejected.\n";

        /// The function never returns, so that `fexit` and `fmod_ret` programs would never run (and leak). Use `fentry`.
        ["attach-noreturn", Policy]
        Noreturn { name: String } => fn |f, s| {
            if s.has(crate::kernel::Reworded::NoreturnSessions) {
                write!(f, "Attaching fexit/fsession/fmod_ret to __noreturn function '{name}' is rejected.\n")
            } else if s.has(crate::kernel::Reworded::NoreturnName) {
                write!(f, "Attaching fexit/fmod_ret to __noreturn function '{name}' is rejected.\n")
            } else {
                f.write_str("Attaching fexit/fmod_ret to __noreturn functions is rejected.\n")
            }
        };

        /// An extension needs BTF and function information, because its prototype is compared with the original's.
        ["attach-ext-no-btf", Policy]
        ExtNeedsBtf => "Program extension requires BTF\n";

        /// Both the replacement and the replaced function must be global, because only those are verified by prototype.
        ["attach-ext-not-global", Policy]
        NotGlobal { func: String } => "{func}() is not a global function\n";

        /// The replacement must have as many arguments as the original.
        ["attach-ext-arg-count", Policy]
        ArgCount { f1: String, n1: u32, f2: String, n2: u32 } => "{f1}() has {n1} args while {f2}() has {n2} args\n";

        /// The replacement must return the same type as the original.
        ["attach-ext-return-type", Policy]
        ReturnMismatch { k1: String, f1: String, k2: String, f2: String } =>
            "Return type {k1} of {f1}() doesn't match type {k2} of {f2}()\n";

        /// An argument of the replacement is of another kind than the original's.
        ["attach-ext-arg-kind", Policy]
        ArgKind { arg: u32, f1: String, k1: String, f2: String, k2: String } =>
            "arg{arg} in {f1}() is {k1} while {f2}() has {k2}\n";

        /// An argument of the replacement has another size than the original's.
        ["attach-ext-arg-size", Policy]
        ArgSize { arg: u32, f1: String, s1: i32, f2: String, s2: i32 } =>
            "arg{arg} in {f1}() has size {s1} while {f2}() has {s2}\n";

        /// Replaceable functions take integers, enums and the context only.
        ["attach-ext-arg-unknown", Policy]
        ArgUnrecognized { arg: u32, func: String } => "arg{arg} in {func}() has unrecognized type\n";

        /// Pointer arguments of replaceable functions must point to the context.
        ["attach-ext-arg-not-ctx", Policy]
        ArgNotCtx { arg: u32, func: String } => "arg{arg} in {func}() is not a pointer to context\n";

        /// The replacement takes a pointer to another struct than the original.
        ["attach-ext-arg-struct", Policy]
        ArgStruct { arg: u32, f1: String, s1: String, f2: String, s2: String } =>
            "arg{arg} {f1}(struct {s1} *) doesn't match {f2}(struct {s2} *)\n";

        /// Programs that implement kernel callbacks must be under a GPL-compatible licence.
        ["policy-struct-ops-gpl", Policy]
        StructOpsGpl => "struct ops programs must have a GPL compatible license\n";

        /// This kernel does not let programs implement the struct. It may be missing from the build (sched_ext, HID), or
        /// belong to a module that is not loaded.
        ["struct-ops-unsupported-struct", Policy]
        UnsupportedStruct { id: u32 } => "attach_btf_id {id} is not a supported struct\n";

        /// The struct has no member with this number. Object and kernel disagree about the struct; load through libbpf, which
        /// matches members by name.
        ["struct-ops-member-index", Policy]
        MemberIndex { idx: u32, name: String } => "attach to invalid member idx {idx} of struct {name}\n";

        /// The member is no function pointer, so no program can implement it.
        ["struct-ops-member-invalid", Policy]
        MemberInvalid { member: String, idx: u32, name: String } =>
            "attach to invalid member {member}(@idx {idx}) of struct {name}\n";

        /// The kernel does not let programs implement this member, or not sleepable ones.
        ["struct-ops-member-unsupported", Policy]
        MemberUnsupported { member: String, name: String } => "attach to unsupported member {member} of struct {name}\n";

        /// The callback gets a pointer into the program's arena, and the program has none. Use an arena map in it.
        ["struct-ops-no-arena", Policy]
        ArenaArgument { member: String } =>
            "arena argument of {member} requires a program with an associated arena\n";

        /// An argument of this callback comes with a reference that the program must release; a tail call would lose it.
        ["struct-ops-ref-tail-call", ResourceLifetimeSafety]
        RefArgTailCall => "program with __ref argument cannot tail call\n";
    }
}
