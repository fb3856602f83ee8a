//! Messages about helpers, local functions and callbacks.

use super::Arg;
use crate::domain::Tnum;
use crate::kernel::Reworded;
use crate::kernel::call::{RegBase, RegType, TypeFlags};

rows! {
    /// Messages about helpers, local functions and callbacks.
    pub enum CallMsg, Call {
        // The helper itself.

        /// No helper has this number in the kernel asked. The object was built for a newer kernel, or the call was not
        /// relocated. Look the helper up by name and guard its use with a feature check.
        ["call-unknown-helper", CallTypeSafety]
        InvalidFunc { name: String, id: i32 } => "invalid func {name}#{id}\n";
        /// This kind of program may not call this helper: each program and attach type has its own list, and some
        /// helpers need capabilities (CAP_BPF, CAP_PERFMON) besides. Use a helper from the list of the type, or move
        /// the work to a program type that has it.
        ["call-helper-not-offered", Policy]
        CannotUse { name: &'static str, id: i32 } => "unknown func {name}#{id}\n", HelperOfOthers => "program of this type cannot use helper {name}#{id}\n";
        /// The helper is reserved for GPL-compatible programs, and the licence section says something else. Declare
        /// a GPL-compatible licence such as `char LICENSE[] SEC("license") = "Dual BSD/GPL";` if that is the truth, or
        /// do without the helper.
        ["call-gpl-only", Policy]
        GplOnly => "cannot call GPL-restricted function from non-GPL compatible program\n";
        /// The helper is only safe at certain attach points, and the function this program attaches to is not one of
        /// them. For `bpf_d_path()`, for example, attach to one of the functions in its allow list or a sleepable LSM hook.
        ["call-not-allowed-here", Policy]
        NotAllowedInProbe => "helper call is not allowed in probe\n";
        /// The helper may sleep, but the program was loaded to run where sleeping is impossible. Use a sleepable
        /// section (`fentry.s`, `lsm.s`, `uprobe.s`, `iter.s`, `syscall`), or the variant of the helper that does not sleep.
        ["call-may-sleep", ExecutionContextSafety]
        MightSleep { name: &'static str, id: i32 } => "helper call might sleep in a non-sleepable prog\n",
            SleepersNamed => "sleepable helper {name}#{id} in non-sleepable prog\n";
        /// The helper may sleep, but the call stands between `bpf_rcu_read_lock()` and its unlock. Move the call out of
        /// the section.
        ["call-may-sleep-rcu", ExecutionContextSafety]
        SleepableInRcu { name: &'static str, id: i32 } => "sleepable helper {name}#{id} in rcu_read_lock region\n";
        /// The helper may sleep, but preemption is disabled here. Call it before `bpf_preempt_disable()` or after the
        /// matching enable.
        ["call-may-sleep-preempt", ExecutionContextSafety]
        SleepableInPreempt { name: &'static str, id: i32 } => "sleepable helper {name}#{id} in non-preemptible region\n";
        /// The helper may sleep, but interrupts are disabled here. Restore the saved flags first.
        ["call-may-sleep-irq", ExecutionContextSafety]
        SleepableInIrq { name: &'static str, id: i32 } => "sleepable helper {name}#{id} in IRQ-disabled region\n";
        /// The call releases an object, but nothing that this path acquired was passed to it. Release exactly the
        /// pointer that the acquiring call returned, once, on the path that acquired it.
        ["call-release-unacquired", ResourceLifetimeSafety]
        NotAcquired { name: &'static str, id: i32 } => "func {name}#{id} reference has not been acquired before\n";
        /// The helper has no flags yet, so the second argument must be the constant 0.
        ["call-local-storage-flags", CallTypeSafety]
        LocalStorageFlags => "get_local_storage() doesn't support non-zero flags\n";
        /// Says that every iteration of `bpf_loop()` that its constant count allows has been walked.
        [note]
        LoopLimit { frame: usize } => "frame{frame} bpf_loop iteration limit reached\n";
        /// A dynptr can only be made over a map value. Point it at a global variable or a looked-up map element rather
        /// than at the stack, a packet or a ring-buffer record.
        ["call-dynptr-source", CallTypeSafety]
        DynptrFromMem { ty: RegType } => "Unsupported reg type {ty} for bpf_dynptr_from_mem data\n";
        /// The LSM hook returns nothing, so a cgroup program on it cannot set a return value. Drop the call of
        /// `bpf_set_retval()`.
        ["call-void-hook-retval", Policy]
        VoidHookRetval => "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!\n";
        /// Says that the hook returns nothing, which is why only one value may be returned.
        [note]
        VoidHookNote => "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!\n";
        /// The per-CPU variable has a type without a size (an incomplete struct, for example), so the verifier cannot
        /// say how much of it may be read. Declare the extern with the complete type.
        ["call-ksym-size", CallTypeSafety]
        KsymSize { name: String, errno: i32 } => "unable to resolve the size of type '{name}': {errno}\n";
        /// The register holds no pointer to per-CPU data. Pass the address of a per-CPU kernel variable (`extern ...
        /// __ksym`) or a per-CPU object of the program.
        ["call-percpu-arg", CallTypeSafety]
        PercpuArg { regno: u8 } => "Helper has invalid btf_id in R{regno}\n";
        /// The first argument points to per-CPU data that is no struct.
        ["call-percpu-struct", CallTypeSafety]
        PercpuStruct => "Helper has invalid btf/btf_id in R1\n";
        /// `bpf_get_func_ip()` in tracing programs needs a trampoline: attach as fentry, fexit or fmod_ret.
        ["call-func-ip-attach", Policy]
        FuncIpAttach { name: &'static str, id: u32 } =>
            "func {name}#{id} supported only for fentry/fexit/fmod_ret programs\n",
            Sessions => "func {name}#{id} supported only for fentry/fexit/fsession/fmod_ret programs\n";
        /// `bpf_get_func_ip()` works in kprobe and trampoline programs only.
        ["call-func-ip-type", Policy]
        FuncIpType { name: &'static str, id: u32, prog_type: u32 } =>
            "func {name}#{id} not supported for program type {prog_type}\n";
        /// The format of `bpf_snprintf()` has more conversions than the data array has elements, or one that BPF does
        /// not know (floating point, `%n`, a modifier that is missing). Conversions take 8 bytes of data each.
        ["call-format", CallTypeSafety]
        InvalidFormat => "Invalid format string\n";

        // Maps.

        /// This helper does not work on maps of this type (a ring buffer has no elements to look up, for example).
        /// Check which map variable the call names, and its type in the map definition.
        ["call-map-type", CallTypeSafety]
        MapFunc { map_type: u32, name: &'static str, id: u32 } => "cannot pass map_type {map_type} into func {name}#{id}\n";
        /// `bpf_tail_call()` jumps through program arrays only. Pass a map of type `BPF_MAP_TYPE_PROG_ARRAY`.
        ["call-tail-call-map", CallTypeSafety]
        TailCallMap => "kernel subsystem misconfigured verifier\n", BareRefusals => "expected prog array map for tail call";
        /// An unprivileged program reaches one `bpf_tail_call()` with different program arrays, so that no size limits the
        /// index against speculation. Call it separately for each array.
        ["call-tail-call-mixed", CallTypeSafety]
        TailCallMixed => "tail_call abusing map_ptr\n";
        /// Says that socket maps may not be changed from this program type, where a socket may be locked.
        ["call-sockmap-update", Policy]
        SockmapUpdate => "cannot update sockmap in this context\n";
        /// Values of socket maps are sockets; pass the pointer to a socket.
        ["call-sockmap-arg", CallTypeSafety]
        SockmapArg => "invalid arg_type for sockmap/sockhash\n";
        /// The map was created with `BPF_F_RDONLY_PROG`: programs may read it only. Change it from user space, or
        /// create it without the flag.
        ["call-map-read-only", Policy]
        MapReadOnly => "write into map forbidden\n";
        /// Timer and map must belong together: the timer has to be in a value of the map that is passed. With maps of
        /// maps, look the timer up in the very inner map pointer that is passed.
        ["call-timer-map", CallTypeSafety]
        TimerMap { timer_uid: u32, map_uid: u32 } =>
            "timer pointer in R1 map_uid={timer_uid} doesn't match map pointer in R2 map_uid={map_uid}\n";
        /// The elements of this map type cannot be walked with a callback. Arrays and hash maps can.
        ["call-callback-map", CallTypeSafety]
        CallbackMap => "callback function not allowed for map\n";

        // Arguments by kind.

        /// A pointer would be passed where the helper takes a plain number and could show it to user space, which an
        /// unprivileged program may not do.
        ["call-leaks-addr", MemorySafety]
        LeaksAddr { regno: u8 } => "R{regno} leaks addr into helper function\n";
        /// This program type or this helper takes no packet data. Copy the bytes to the stack first.
        ["call-packet-arg", MemorySafety]
        PacketArg => "helper access to the packet is not allowed\n";
        /// The register holds a kind of value that this argument does not take; `type` is what it holds, `expected`
        /// what the argument takes. Usually a null check is missing (`..._or_null`), arguments are in the wrong order,
        /// or a pointer went through arithmetic or memory that made a plain number (`scalar`) of it.
        ["call-arg-type", CallTypeSafety]
        ArgType { regno: u8, ty: RegType, expected: Vec<RegType> } => fn |f, style| {
            write!(f, "R{regno} type={ty} expected=")?;
            let composed = style.has(Reworded::ComposedTypes);
            let known = |t: &&RegType| {
                (style.has(Reworded::RingbufMemory) || !t.has(TypeFlags::TRUSTED.union(TypeFlags::RCU)))
                    && (composed || !(t.is(RegBase::PtrToMapKey) || t.has(TypeFlags::RINGBUF) && expected.len() > 1))
            };
            for (i, t) in expected.iter().filter(known).enumerate() {
                if i > 0 {
                    f.write_str(", ")?;
                }
                if !composed && t.is(RegBase::PtrToBuf) {
                    f.write_str("rdonly_buf, ")?;
                }
                write!(f, "{t}")?;
            }
            f.write_str("\n")
        };
        /// The helper could write through the pointer, but kernel objects may only be read. Pass memory of your own
        /// (stack, map value), and copy between it and the object.
        ["call-may-write", MemorySafety]
        MayWrite { name: &'static str, regno: u8, ty: RegType } =>
            "{name}() may write into memory pointed by R{regno} type={ty}\n";
        /// The pointer can be null here, and the helper does not take null. Check it before the call.
        ["call-arg-null", CallTypeSafety]
        ArgMayBeNull { regno: u8 } => "Possibly NULL pointer passed to helper arg{regno}\n",
            RegistersNamed => "Possibly NULL pointer passed to helper R{regno}\n";
        /// The pointer points to another kernel type than the helper takes. Pass an object of the type named last, or
        /// use the field of the object that has this type.
        ["call-arg-struct", CallTypeSafety]
        ArgStruct { regno: u8, is: String, expected: String } => "R{regno} is of type {is} but {expected} is expected\n";
        /// An object must be released through the pointer as it was acquired, but an offset was added to it.
        ["call-release-offset", ResourceLifetimeSafety]
        ReleaseOffset { regno: u8 } => "R{regno} must have zero offset when passed to release func\n",
            TrustedOffset => "R{regno} must have zero offset when passed to release func or trusted arg to kfunc\n";
        /// The dynptr given to a releasing call holds nothing that was acquired: it was not reserved on this path, or was
        /// submitted or discarded already.
        ["call-release-dynptr", ResourceLifetimeSafety]
        DynptrUnacquired { regno: u8 } => "arg {regno} is an unacquired reference\n",
            RegistersNamed => "Expected an initialized dynptr as R{regno}\n";
        /// The dynptr was passed in by the caller and is not the function's to release.
        ["call-release-const-dynptr", ResourceLifetimeSafety]
        DynptrConst => "cannot release unowned const bpf_dynptr\n",
            RegistersNamed => "CONST_PTR_TO_DYNPTR cannot be released\n";
        /// The pointer owns nothing, so it cannot be released: it was borrowed, or its object was released before.
        /// Pass the pointer that the acquiring call returned.
        ["call-release-unreferenced", ResourceLifetimeSafety]
        MustBeReferenced { regno: u8, name: &'static str } => "R{regno} must be referenced when passed to release function\n",
            RegistersNamed => "release helper {name} expects referenced PTR_TO_BTF_ID passed to R{regno}\n";
        /// Two arguments own a reference each, and the verifier follows one per call only. Pass one of them as a
        /// borrowed pointer, or split the call.
        ["call-two-references", ResourceLifetimeSafety]
        TwoReferences { regno: u8, second: u32, first: u32 } =>
            "verifier internal error: more than one arg with ref_obj_id R{regno} {second} {first}\n",
            BareRefusals => "more than one arg with ref_obj_id R{regno} {second} {first}";
        /// The callback that compares nodes of a tree runs under the lock of the tree and may not take or release locks.
        ["call-lock-in-less", ExecutionContextSafety]
        LockInTreeCallback => "can't spin_{{lock,unlock}} in rbtree cb\n";
        /// This argument must be a constant that the verifier knows, because the size of the returned memory depends
        /// on it. Use a literal or a constant expression.
        ["call-arg-constant", CallTypeSafety]
        NotConstant { regno: u8 } => "R{regno} unbounded size, use 'var &= const' or 'if (var < const)'\n",
            ConstantSizes => "R{regno} is not a known constant'\n";
        /// The string must lie in read-only data. Declare it `static const char fmt[] = "..."`, so that it is in `.rodata`.
        ["call-str-writable", CallTypeSafety]
        StrWritable { regno: u8 } => "R{regno} does not point to a readonly map'\n";
        /// The string is in a map that has a copy for each CPU, so it is not the same everywhere. Put it into `.rodata`.
        ["call-str-percpu", CallTypeSafety]
        StrPercpu { regno: u8 } => "R{regno} points to percpu_array map which cannot be used as const string\n";
        /// The address of the string must be known: no variable index into an array of strings.
        ["call-str-variable", CallTypeSafety]
        StrVariable { regno: u8 } => "R{regno} is not a constant address'\n";
        /// The verifier cannot look into maps of this type to check the string. Put it into `.rodata`.
        ["call-str-map", CallTypeSafety]
        StrMap => "no direct value access support for this map type\n";
        /// The verifier could not look into the map that holds the string: only maps with one element work.
        ["call-str-access", CallTypeSafety]
        StrAccess => "direct value access on string failed\n";
        /// The string runs to the end of its map without a final zero. Declare the array one byte longer.
        ["call-str-unterminated", CallTypeSafety]
        StrUnterminated => "string is not zero-terminated\n";

        // Memory with a size.

        /// As far as the verifier knows the size can be negative. Use an unsigned type, or mask it with a constant.
        /// A check of another copy of the value does not count.
        ["call-size-negative", MemorySafety]
        SizeNegative { regno: u8 } =>
            "R{regno} min value is negative, either use unsigned or 'var &= const'\n";
        /// The size can be zero, which this helper does not take. Check for zero before the call.
        ["call-size-zero", MemorySafety]
        SizeZero { regno: u8, umin: u64, umax: u64 } => fn |f, _style| {
            // The kernel prints both as signed numbers.
            writeln!(f, "R{regno} invalid zero-sized read: u64=[{},{}]", *umin as i64, *umax as i64)
        };
        /// Nothing bounds the size from above. Compare it with the size of the buffer, or mask it with a constant,
        /// right before the call.
        ["call-size-unbounded", MemorySafety]
        SizeUnbounded { regno: u8 } =>
            "R{regno} unbounded memory access, use 'var &= const' or 'if (var < const)'\n";

        // Locks, timers, kptrs in memory.

        /// The address of the special field must be known exactly: no variable may be added to it.
        ["call-field-variable", CallTypeSafety]
        FieldVariable { regno: u8, what: &'static str } =>
            "R{regno} doesn't have constant offset. {what} has to be at the constant offset\n";
        /// The map was created without BTF, so the kernel does not know where in its value the field is. Declare the map
        /// in `SEC(".maps")` with `__type(value, ...)` and build with `-g`.
        ["call-map-btf", CallTypeSafety]
        MapNeedsBtf { map: String, what: &'static str } => "map '{map}' has to have BTF in order to use {what}\n";
        /// The value (or object) has no field of this kind at its top level. Add `struct bpf_spin_lock`, `bpf_timer` or
        /// what is named here as a member of it.
        ["call-field-missing", CallTypeSafety]
        FieldMissing { of: &'static str, name: String, what: &'static str } => "{of} '{name}' has no valid {what}\n";
        /// Before 5.15, a variable of a data section could not be a lock: only a member of a struct could. Put the lock into a
        /// struct, and this into a map of its own.
        ["call-lock-in-section", CallTypeSafety]
        LockInSection { map: String } => "map '{map}' is not a struct type or bpf_spin_lock is mangled\n";
        /// The pointer points elsewhere than to the field of this kind. Pass the address of the member itself.
        ["call-field-offset", CallTypeSafety]
        FieldOffset { off: i64, what: &'static str, at: i64 } =>
            "off {off} doesn't point to 'struct {what}' that is at {at}\n";
        /// The same, as releases before 6.2 said it of locks.
        ["call-field-offset", CallTypeSafety]
        LockOffset { off: i64 } => "off {off} doesn't point to 'struct bpf_spin_lock'\n";
        /// Only one `bpf_spin_lock` may be held at a time, to rule out deadlocks. Release the first before taking the next.
        ["lock-second", ExecutionContextSafety]
        SecondLock => "Locking two bpf_spin_locks are not allowed\n";
        /// The same lock is taken again while it is held, which would deadlock.
        ["lock-again", ExecutionContextSafety]
        LockAgain => "Acquiring the same lock again, AA deadlock detected\n";
        /// The lock is released but not held on this path. Take it first, and do not release it twice.
        ["lock-not-held", ExecutionContextSafety]
        UnlockWithoutLock { what: &'static str } => "{what}_unlock without taking a lock\n";
        /// Another lock is released than the one that is held. Release the lock through the same pointer it was taken
        /// through; a second map lookup makes a different pointer, even with the same key.
        ["lock-different", ExecutionContextSafety]
        UnlockDifferent { what: &'static str } => "{what}_unlock of different lock\n";
        /// Locks must be released in the reverse order in which they were taken.
        ["lock-order", ExecutionContextSafety]
        UnlockOrder { what: &'static str } => "{what}_unlock cannot be out of order\n";
        /// The value has no kptr field. Mark the pointer member with `__kptr` in its declaration.
        ["call-kptr-none", CallTypeSafety]
        NoKptr { regno: u8 } => "R{regno} has no valid kptr\n";
        /// The value of the map has no kptr. Add a pointer with the tag `__kptr` to it.
        ["call-field-missing", CallTypeSafety]
        NoKptrInMap { map: String } => "map '{map}' has no valid kptr\n";
        /// The pointer does not point to a kptr field. Pass the address of the member declared with `__kptr`.
        ["call-kptr-offset", CallTypeSafety]
        NotKptr { off: u32 } => "off={off} doesn't point to kptr\n";
        /// The field holds an unreferenced kptr, which is read and written directly and not exchanged. Declare it
        /// `__kptr` (not `__kptr_untrusted`) if it should own its object.
        ["call-kptr-unreferenced", CallTypeSafety]
        KptrUnreferenced { off: u32 } => "off={off} kptr isn't referenced kptr\n";
        // Local functions.

        /// Calls are nested more than eight deep, callbacks included. Inline some of the functions
        /// (`__always_inline`), or restructure the recursion into a loop.
        ["call-too-deep", VerifierLimit]
        TooDeep { frames: usize } => "the call stack of {frames} frames is too deep\n";
        /// A global function is verified on its own, without knowledge of the lock that its caller holds. Make the
        /// function static, or call it without the lock.
        ["call-global-locked", ExecutionContextSafety]
        GlobalWhileLocked { name: String } =>
            "global function calls are not allowed while holding a lock,\nuse static function instead\n";
        /// A global function is verified on its own, without knowledge that preemption is disabled. Make the function
        /// static, or call it outside of the section.
        ["call-global-preempt", ExecutionContextSafety]
        GlobalWhilePreemptDisabled =>
            "global function calls are not allowed with preemption disabled,\nuse static function instead\n";
        /// The global function may sleep, and this is no place to sleep. Call it outside of RCU, preemption and
        /// interrupt sections, from a sleepable program.
        ["call-global-may-sleep", ExecutionContextSafety]
        GlobalMaySleep { name: String, place: &'static str } =>
            "global functions that may sleep are not allowed in non-sleepable context,\ni.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context\n",
            SleepersNamed => "sleepable global function {name}() called in {place}\n";
        /// The arguments of this call do not fit what the global function declares; the line before says which. Global
        /// functions are verified by their declaration alone: give them the types (and `__arg_*` tags) they need.
        ["call-global-args", CallTypeSafety]
        GlobalArgs { subprog: usize, name: String } => "Caller passes invalid args into func#{subprog}\n", FunctionNames => "Caller passes invalid args into func#{subprog} ('{name}')\n";
        /// The main program or a static function takes a pointer that is not the program's context. Nothing follows from
        /// it: the function is verified by what its registers hold.
        ["func-arg-pointer", CallTypeSafety]
        ArgPointer { arg: usize, name: String, id: u32 } => "reg type unsupported for arg#{arg} function {name}#{id}\n";
        /// A context would be a pointer to a struct.
        [note]
        ArgNoStruct { arg: usize } => "arg#{arg} type is not a struct\n";
        /// An argument of the function is neither a number nor a pointer.
        ["func-arg-kind", CallTypeSafety]
        ArgKind { arg: usize, kind: String } => "Unrecognized arg#{arg} type {kind}\n";
        /// The function takes the program's context, and something else is passed.
        ["func-arg-no-ctx", CallTypeSafety]
        ArgNoCtx { arg: usize, kind: String } => "arg#{arg} expected pointer to ctx, but got {kind}\n";
        /// A function takes at most five arguments.
        ["func-arg-count", CallTypeSafety]
        FunctionArgs { name: String, count: usize } => "Function {name} has {count} > 5 args\n";
        /// Says that the function is verified on its own, so the walk goes on behind the call.
        [note]
        GlobalAssumed { subprog: usize, name: String } => "Func#{subprog} is global and valid. Skipping.\n", FunctionNames => "Func#{subprog} ('{name}') is global and assumed valid.\n";
        /// Stands before the state of the calling function.
        [note]
        Caller => "caller:\n";
        /// Stands before the state of the called function.
        [note]
        Callee => "callee:\n";
        /// Stands before the state of the function that returns.
        [note]
        Returning => "returning from callee:\n";
        /// Stands before the state of the function that is returned to.
        [note]
        ToCaller { idx: usize } => "to caller at {idx}:\n";
        /// The function returns a pointer to its own stack (or a caller's), which must not outlive the frame. Let the
        /// caller pass the buffer in.
        ["call-return-stack", MemorySafety]
        ReturnsStack => "cannot return stack pointer to the caller\n";
        /// The callback returns a pointer; it must return a number.
        ["call-callback-return-type", CallTypeSafety]
        CallbackReturnsPointer => "R0 not a scalar value\n";
        /// The value returned here is outside of what this program type, hook or callback may return; the line shows
        /// what is known of it and the range. Return a constant from the range on every path, and bound values that come
        /// from elsewhere.
        ["return-range", CallTypeSafety]
        ReturnRange { ctx: &'static str, reg: &'static str, smin: i64, smax: i64, min: i32, max: i32, value: Tnum, allowed: Tnum } => fn |f, style| {
            if !style.has(Reworded::ReturnBounds) {
                write!(f, "{ctx} the register {reg} has ")?;
                if *value == Tnum::UNKNOWN {
                    write!(f, "unknown scalar value")?;
                } else {
                    write!(f, "value ({:#x}; {:#x})", value.value, value.mask)?;
                }
                return writeln!(f, " should have been in ({:#x}; {:#x})", allowed.value, allowed.mask);
            }
            write!(f, "{ctx} the register {reg} has")?;
            if *smin > i64::MIN {
                write!(f, " smin={smin}")?;
            }
            if *smax < i64::MAX {
                write!(f, " smax={smax}")?;
            }
            if *smin == i64::MIN && *smax == i64::MAX {
                f.write_str(" unknown scalar value")?;
            }
            writeln!(f, " should have been in [{min}, {max}]")
        };
        /// The program would return an address to user space or the network, which an unprivileged program may not do.
        ["return-leaks-addr", MemorySafety]
        ReturnLeaksAddr { regno: u8 } => "R{regno} leaks addr as return value\n";
        /// A global function returns a pointer; global functions may only return numbers.
        ["return-subprog-type", CallTypeSafety]
        SubprogReturnType { regno: u8, ty: RegType } =>
            "At subprogram exit the register R{regno} is not a scalar value ({ty})\n";
        /// The program must return a number from a known range, but the register holds a pointer.
        ["return-type", CallTypeSafety]
        ReturnType { ctx: &'static str, regno: u8, ty: RegType } =>
            "{ctx} the register R{regno} is not a known value ({ty})\n";

        // Functions verified by their declaration.

        /// Says that a global function (or an extension program) is verified on its own from here on.
        [note]
        Validating { name: String, subprog: usize } => "Validating {name}() func#{subprog}...\n";
        /// The exception callback must take exactly one integer, the value that was thrown.
        ["global-exception-args", CallTypeSafety]
        ExceptionArgs => "exception cb only supports single integer argument\n";
        /// Global functions are verified by their BTF, and this one has none. Build with `-g`.
        ["global-no-btf", CallTypeSafety]
        GlobalNeedsBtf => "Global functions need valid BTF\n";
        /// The function information points to a type that is no function.
        ["global-not-func", CallTypeSafety]
        NotFunc { subprog: usize } => "BTF of func#{subprog} doesn't point to KIND_FUNC\n";
        /// The BTF of the function has no prototype.
        ["global-no-proto", CallTypeSafety]
        NoProto { name: String } => "Invalid type of function {name}()\n";
        /// BPF functions take at most five arguments. Pass a pointer to a struct instead.
        ["global-too-many-args", CallTypeSafety]
        TooManyArgs { name: String, count: u32 } => "Global function {name}() with {count} > 5 args. Buggy compiler.\n";
        /// Global functions must return a number. Return `int` (zero if there is nothing to say), or make the
        /// function static.
        ["global-return-type", CallTypeSafety]
        GlobalReturn { name: String } =>
            "Global function {name}() doesn't return scalar. Only those are supported.\n",
            GlobalVoid => "Global function {name}() return value not void or scalar. Only those are supported.\n";
        /// Argument tags (`__arg_ctx` and others) only mean something on global functions, since static ones are
        /// verified together with their callers. Remove the tag or the `static`.
        ["global-tag-on-static", CallTypeSafety]
        TagOnStatic { arg: usize } => "arg#{arg} type tag is not supported in static functions\n";
        /// This kernel does not know the argument tag. Known are ctx, trusted, nonnull, nullable, arena (and untrusted
        /// from 6.17).
        ["global-tag-unknown", CallTypeSafety]
        TagUnknown { arg: usize } => "arg#{arg} has unsupported set of tags\n";
        /// These tags contradict each other or the type of the argument.
        ["global-tag-combination", CallTypeSafety]
        TagCombination { arg: usize } => "arg#{arg} has invalid combination of tags\n";
        /// An arena pointer takes no other tag.
        ["global-tag-arena", CallTypeSafety]
        TagArena { arg: usize } => "arg#{arg} arena cannot be combined with any other tags\n";
        /// An untrusted pointer takes no other tag.
        ["global-tag-untrusted", CallTypeSafety]
        TagUntrusted { arg: usize } => "arg#{arg} untrusted cannot be combined with any other tags\n";
        /// Untrusted arguments may point to kernel structs or primitive types only.
        ["global-untrusted-type", CallTypeSafety]
        UntrustedType { arg: usize, kind: String, name: String } =>
            "arg#{arg} has type {kind} '{name}', but only struct or primitive types are allowed\n";
        /// The argument has a tag for pointers but is none.
        ["global-tag-not-pointer", CallTypeSafety]
        TagNotPointer { arg: usize } => "arg#{arg} has pointer tag, but is not a pointer type\n";
        /// The size of the memory that the argument points to is unknown (an incomplete type or `void *`), so the
        /// function cannot be verified on its own. Use a pointer to a complete type, tag the argument, or make the
        /// function static.
        ["global-arg-size", CallTypeSafety]
        ArgSize { arg: usize, kind: String, name: String, errno: i32 } =>
            "arg#{arg} reference type('{kind} {name}') size cannot be determined: {errno}\n";
        /// Global functions cannot take arguments of this type (structs by value, for example). Pass a pointer, or make
        /// the function static.
        ["global-arg-type", CallTypeSafety]
        ArgUnsupported { arg: usize, kind: String, name: String } => "Arg#{arg} type {kind} in {name}() is not supported yet.\n";
        /// The kernel type of a trusted argument cannot be found.
        ["global-trusted-error", CallTypeSafety]
        TrustedError { arg: usize, kind: String, name: String, errno: i32 } =>
            "arg#{arg} reference type('{kind} {name}') candidate matching error: {errno}\n";
        /// No type of the kernel has this name, or several have. A trusted argument needs exactly one; compare the
        /// declaration with `vmlinux.h`.
        ["global-trusted-match", CallTypeSafety]
        TrustedMatch { arg: usize, kind: String, name: String, what: &'static str } =>
            "arg#{arg} reference type('{kind} {name}') {what}\n";
        /// The type belongs to a module, and global functions can only take trusted pointers to types of the kernel
        /// itself.
        ["global-trusted-module", CallTypeSafety]
        TrustedModule { arg: usize, kind: String, name: String } =>
            "arg#{arg} reference type('{kind} {name}') points to kernel module type (unsupported)\n";
        /// The type of the context argument has no name that could be compared with the program type's context.
        ["global-ctx-unnamed", CallTypeSafety]
        CtxUnnamed { arg: usize } => "arg#{arg} type doesn't have a name\n";
        /// This program type has no struct for its context, so a tagged context argument must be `void *`.
        ["global-ctx-void", CallTypeSafety]
        CtxVoid { arg: usize } => "arg#{arg} should be void pointer\n";
        /// The argument is tagged as the context, but is not the context of this program type. Use the type named here.
        ["global-ctx-type", CallTypeSafety]
        CtxType { arg: usize, name: String } => "arg#{arg} should be `struct {name} *`\n";
        /// The caller passes something else than a number.
        ["global-pass-scalar", CallTypeSafety]
        PassScalar { regno: u8 } => "R{regno} is not a scalar\n";
        /// The function takes the context, but the caller passes something else.
        ["global-pass-ctx", CallTypeSafety]
        PassCtx { arg: Arg } => "arg#{arg} expects pointer to ctx\n",
            RegistersNamed => "{arg:#} expects pointer to ctx\n";
        /// The function declares the pointer as never null, but the caller's can be. Check it before the call.
        ["global-pass-null", CallTypeSafety]
        PassNull { arg: Arg } => "arg#{arg} is expected to be non-NULL\n",
            RegistersNamed => "{arg:#} is expected to be non-NULL\n";
        /// The function may move the packet's data, after which the pointer it was given would lead nowhere. Copy what it needs,
        /// or pass offsets.
        ["global-pass-packet", CallTypeSafety]
        PassPacket { regno: u8, subprog: usize } => "R{regno} is a packet pointer, but func#{subprog} may change packet data\n";
        /// The function takes an arena pointer; pass one, or a number.
        ["global-pass-arena", CallTypeSafety]
        PassArena { regno: u8 } => "R{regno} is not a pointer to arena or scalar.\n";
    }
}
