//! Messages about kernel functions, dynptrs, iterators and graph structures.

use super::Arg;
use crate::kernel::call::RegType;

rows! {
    /// Messages about kernel functions, dynptrs, iterators and graph structures.
    pub enum KfuncMsg, Kfunc {
        // Finding the function.

        /// The kernel function exists but programs of this type may not call it. Kernel functions are opened for each
        /// program type (or hook) on its own; look for one that is open to this type, or for a helper that does the same.
        ["kfunc-not-allowed", CallTypeSafety]
        NotAllowed { name: String } => "calling kernel function {name} is not allowed\n";
        /// The call was not resolved to a kernel function (its number is still zero), which is fine as long as it is
        /// never reached. It is: the extern is weak, and the code calls it without asking `bpf_ksym_exists()` first.
        ["kfunc-invalid-call", CallTypeSafety]
        InvalidCall {} => "invalid kernel function call not eliminated in verifier pass\n";
        /// Only programs under a GPL-compatible licence may call kernel functions. Declare `char _license[]
        /// SEC("license") = "GPL";` if that is what the program is.
        ["kfunc-gpl-only", Policy]
        NotGpl {} => "cannot call kernel function from non-GPL compatible program\n";
        /// The call names a module by an index that may not be negative. The loader made the call wrongly.
        ["kfunc-negative-offset", CallTypeSafety]
        NegativeOffset {} => "negative offset disallowed for kernel module function call\n";
        /// The call names a function of a module, but the load has no `fd_array` to find the module's BTF in.
        ["kfunc-no-fd-array", CallTypeSafety]
        NoFdArray {} => "kfunc offset > 0 without fd_array is invalid\n";
        /// The entry of `fd_array` that the call names is not the file descriptor of a BTF.
        ["kfunc-bad-btf-fd", CallTypeSafety]
        BadBtfFd {} => "invalid module BTF fd specified\n";
        /// Tracing programs may run in interrupts that nothing can hold off, and there an object with kptrs, lists or trees
        /// cannot be taken apart. Drop it in a program of another type, or empty it first and give the parts away.
        ["kfunc-drop-in-interrupt", ExecutionContextSafety]
        DropInInterrupt { name: String } => "{name} cannot be used in tracing programs on types with NMI unsafe fields\n";
        /// Says that the function's BTF was not found.
        ["kfunc-no-btf", CallTypeSafety]
        NoBtf {} => "failed to find BTF for kernel function\n";
        /// A program may call at most 256 different kernel functions.
        ["kfunc-too-many", VerifierLimit]
        TooMany {} => "too many different kernel function calls\n";
        /// A program may use kernel functions of at most 256 modules.
        ["kfunc-too-many-modules", VerifierLimit]
        TooManyModules {} => "too many different module BTFs\n";
        /// The number in the call is not a function of that BTF. The object was made for another kernel; rebuild it or
        /// load it with a loader that resolves the extern by name.
        ["kfunc-not-a-function", CallTypeSafety]
        NotFunction { id: u32 } => "kernel btf_id {id} is not a function\n";
        /// The function's prototype is missing from the kernel's BTF.
        ["kfunc-no-proto", CallTypeSafety]
        NoProto { id: u32 } => "kernel function btf_id {id} does not have a valid func_proto\n";
        /// The function takes more arguments than programs can pass.
        ["kfunc-proto-args", CallTypeSafety]
        ProtoTooMany { name: String, n: usize } => "The function {name} has {n} arguments. Too many.\n";
        /// The function returns something that programs cannot receive, such as a struct by value.
        ["kfunc-proto-return", CallTypeSafety]
        ProtoReturn { name: String, kind: &'static str } => "The function {name} return type {kind} is unsupported.\n";
        /// Functions with variable arguments cannot be called from programs.
        ["kfunc-proto-varargs", CallTypeSafety]
        ProtoVarargs { name: String } => "The function {name} with variable args is unsupported.\n";
        /// The function takes an argument that programs cannot pass.
        ["kfunc-proto-arg", CallTypeSafety]
        ProtoArg { name: String, arg: usize, kind: &'static str } => "The function {name} arg{arg} type {kind} is unsupported.\n";
        /// The function's prototype is malformed.
        ["kfunc-proto-void", CallTypeSafety]
        ProtoVoid { name: String } => "The function {name} has malformed void argument.\n";
        /// Functions that read metadata of XDP frames ask the driver, so the program must be bound to a device when it is
        /// loaded (`BPF_F_XDP_DEV_BOUND_ONLY` with an interface index).
        ["kfunc-dev-bound", Policy]
        DevBound {} => "metadata kfuncs require device-bound program\n";
        /// The compiler put a trap where the program would use a variable that was never set. Compile with `-Wall` and
        /// set the variable on every path.
        ["kfunc-trap", MemorySafety]
        Trap {} => "unexpected __bpf_trap() due to uninitialized variable?\n";
        /// The call has more arguments than there are registers for them, which are five. Pass a pointer to a struct instead.
        ["kfunc-too-many-args", CallTypeSafety]
        TooManyArgs { name: String, n: usize } => "Function {name} has {n} > 5 args\n";

        // Where it may be called.

        /// The function can bring the machine down, so loading a program that calls it needs CAP_SYS_BOOT.
        ["kfunc-destructive", Policy]
        Destructive {} => "destructive kfunc calls require CAP_SYS_BOOT capability\n";
        /// The function may sleep, but the program may not. Load the program as sleepable (`SEC("lsm.s/...")`,
        /// `SEC("fentry.s/...")`, syscall programs, …) where its hook allows that, or move the work to a workqueue.
        ["kfunc-sleepable", ExecutionContextSafety]
        NotSleepable { name: String } => "program must be sleepable to call sleepable kfunc {name}\n";
        /// The function may sleep, but the call stands inside of `bpf_rcu_read_lock()`. Move it behind
        /// `bpf_rcu_read_unlock()`; pointers protected by RCU must be looked up again, or referenced, afterwards.
        ["kfunc-sleepable-rcu", ExecutionContextSafety]
        SleepableInRcu { name: String } => "kernel func {name} is sleepable within rcu_read_lock region\n";
        /// The function may sleep, but the call stands where preemption is disabled. Call `bpf_preempt_enable()` first.
        ["kfunc-sleepable-preempt", ExecutionContextSafety]
        SleepableInPreempt { name: String } => "kernel func {name} is sleepable within non-preemptible region\n";
        /// The function may sleep, but the call stands where interrupts are disabled. Restore the saved flags first.
        ["kfunc-sleepable-irq", ExecutionContextSafety]
        SleepableInIrq { name: String } => "kernel func {name} is sleepable within IRQ-disabled region\n";
        /// What the function returns is protected by RCU, so the call must stand between `bpf_rcu_read_lock()` and
        /// `bpf_rcu_read_unlock()` in a sleepable program.
        ["kfunc-needs-rcu", ExecutionContextSafety]
        NeedsRcu { name: String } => "kernel func {name} requires RCU critical section protection\n";
        /// A tree's comparison callback runs under its lock, and so in an RCU section already.
        ["kfunc-rcu-in-callback", ExecutionContextSafety]
        RcuInCallback {} => "Calling bpf_rcu_read_{{lock,unlock}} in unnecessary rbtree callback\n";
        /// RCU sections do not nest in this release. Remove the inner `bpf_rcu_read_lock()`.
        ["rcu-nested", ExecutionContextSafety]
        RcuNested { name: String } => "nested rcu read lock (kernel function {name})\n";
        /// `bpf_rcu_read_unlock()` without `bpf_rcu_read_lock()` on this path.
        ["rcu-unmatched-unlock", ExecutionContextSafety]
        RcuUnmatched { name: String } => "unmatched rcu read unlock (kernel function {name})\n";
        /// `bpf_preempt_enable()` without `bpf_preempt_disable()` on this path.
        ["preempt-unmatched-enable", ExecutionContextSafety]
        PreemptUnmatched { name: String } => "unmatched attempt to enable preemption (kernel function {name})\n";
        /// Iterating over the tasks of a control group takes a lock that other programs could already hold. It is open to
        /// LSM programs, BPF iterators and sleepable programs.
        ["kfunc-css-task", ExecutionContextSafety]
        CssTask {} => "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs\n";

        // Arguments.

        /// The parameter is a number, but the register holds a pointer (or nothing). Pass a number.
        ["kfunc-arg-not-scalar", RegisterTypeSafety]
        NotScalar { regno: u8 } => "R{regno} is not a scalar\n";
        /// The argument must be a number that the verifier knows exactly: write it as a constant.
        ["kfunc-arg-not-constant", CallTypeSafety]
        NotConstant { regno: u8 } => "R{regno} must be a known constant\n";
        /// The size of the returned buffer must be a number that the verifier knows exactly.
        ["kfunc-buf-size-const", CallTypeSafety]
        BufSizeNotConst { regno: u8 } => "R{regno} is not a const\n";
        /// The function has two parameters that give the size of what it returns.
        ["kfunc-buf-size-twice", CallTypeSafety]
        BufSizeTwice {} => "2 or more rdonly/rdwr_buf_size parameters for kfunc";
        /// The size of the returned buffer does not fit in 32 bits.
        ["kfunc-buf-size-range", CallTypeSafety]
        BufSizeRange { regno: u8 } => "R{regno} rdonly/rdwr_buf_size exceeds u32 max\n";
        /// The function has a parameter of a kind that programs cannot pass.
        ["kfunc-arg-kind", CallTypeSafety]
        ArgKind { arg: Arg, kind: &'static str } => "Unrecognized arg#{arg} type {kind}\n";
        /// The function wants a valid pointer, but this one may be null. Check it against null before the call, also
        /// when it comes from a map or from another function that can fail.
        ["kfunc-arg-null", CallTypeSafety]
        MaybeNull { arg: Arg } => "Possibly NULL pointer passed to trusted arg{arg}\n",
            RegistersNamed => "Possibly NULL pointer passed to trusted {arg:#}\n";
        /// The function wants a pointer that is known to be valid: one that the program owns a reference to, or that a
        /// hook passed as trusted. Pointers read from other objects are not, because the object may go away meanwhile;
        /// take a reference (such as with `bpf_task_acquire()`) or use a function that allows RCU pointers.
        ["kfunc-arg-not-trusted", RegisterTypeSafety]
        NotTrusted { regno: u8 } => "R{regno} must be referenced or trusted\n";
        /// The function wants a pointer that RCU protects (or a referenced or trusted one). Read it inside of
        /// `bpf_rcu_read_lock()` from a field tagged `__rcu`, or take a reference.
        ["kfunc-arg-not-rcu", RegisterTypeSafety]
        NotRcu { regno: u8 } => "R{regno} must be a rcu pointer\n";
        /// The function takes a map, but the register holds something else.
        ["kfunc-arg-not-map", RegisterTypeSafety]
        NotMap { regno: u8 } => "pointer in R{regno} isn't map pointer\n";
        /// The workqueue lives in another map than the one given.
        ["kfunc-wq-map", CallTypeSafety]
        WqMapMismatch { wq_uid: u32, map_uid: u32 } =>
            "workqueue pointer in R1 map_uid={wq_uid} doesn't match map pointer in R2 map_uid={map_uid}\n";
        /// The task-work structure lives in another map than the one given.
        ["kfunc-task-work-map", CallTypeSafety]
        TaskWorkMapMismatch { work_uid: u32, map_uid: u32 } =>
            "bpf_task_work pointer in R2 map_uid={work_uid} doesn't match map pointer in R3 map_uid={map_uid}\n";
        /// The function takes the program's context, but the register holds something else.
        ["kfunc-arg-not-ctx", RegisterTypeSafety]
        NotCtx { arg: Arg, ty: RegType } => "arg#{arg} expected pointer to ctx, but got {ty}\n",
            RegistersNamed => "{arg:#} expected pointer to ctx, but got {ty}\n";
        /// The context of this program type has no struct in the kernel that it could be cast to.
        ["kfunc-kern-ctx", CallTypeSafety]
        KernCtxNotStruct { id: u32 } => "kern ctx type id {id} is not a struct\n";
        /// The object was allocated with `bpf_obj_new()`; only `bpf_obj_drop()` takes it here.
        ["kfunc-arg-obj-drop", CallTypeSafety]
        ForObjDrop { arg: Arg } => "arg#{arg} expected for bpf_obj_drop_impl()\n",
            RegistersNamed => "{arg:#} expected for bpf_obj_drop()\n";
        /// The object was allocated with `bpf_percpu_obj_new()`; only `bpf_percpu_obj_drop()` takes it here.
        ["kfunc-arg-percpu-obj-drop", CallTypeSafety]
        ForPercpuObjDrop { arg: Arg } => "arg#{arg} expected for bpf_percpu_obj_drop_impl()\n",
            RegistersNamed => "{arg:#} expected for bpf_percpu_obj_drop()\n";
        /// The function takes an object that the program allocated (`bpf_obj_new()`), but the register holds something
        /// else: perhaps a pointer that may still be null, one borrowed from a list or tree, or a kernel object.
        ["kfunc-arg-not-allocated", RegisterTypeSafety]
        NotAllocated { arg: Arg } => "arg#{arg} expected pointer to allocated object\n",
            RegistersNamed => "{arg:#} expected pointer to allocated object\n";
        /// The program must own the object here, but this pointer is only borrowed from a list or tree (or was given
        /// away before).
        ["kfunc-arg-not-owned", ResourceLifetimeSafety]
        NotReferenced {} => "allocated object must be referenced\n";
        /// The function takes a root of a list or tree in a map value or in an object that the program allocated.
        ["kfunc-arg-root", RegisterTypeSafety]
        RootNotFound { arg: Arg } => "arg#{arg} expected pointer to map value or allocated object\n",
            RegistersNamed => "{arg:#} expected pointer to map value or allocated object\n";
        /// Only a node that is still in its tree can be removed: pass a pointer borrowed from it (from
        /// `bpf_rbtree_first()` or the one given to `bpf_rbtree_add()`), under the same lock.
        ["kfunc-rbtree-remove-owned", ResourceLifetimeSafety]
        RemoveNeedsBorrowed {} => "rbtree_remove node input must be non-owning ref\n";
        /// A tree must not change while it is being searched for the place of a new node.
        ["kfunc-rbtree-remove-in-callback", ExecutionContextSafety]
        RemoveInCallback {} => "rbtree_remove not allowed in rbtree cb\n";
        /// The function takes a node borrowed from a tree, or a counted reference to one.
        ["kfunc-rbtree-node", ResourceLifetimeSafety]
        NodeNotBorrowed { name: String } => "{name} can only take non-owning or refcounted bpf_rb_node pointer\n";
        /// The function takes a node borrowed from a list, or a counted reference to one.
        ["kfunc-list-node", ResourceLifetimeSafety]
        ListNodeNotBorrowed { name: String } => "{name} can only take non-owning or refcounted bpf_list_node pointer\n";
        /// A tree must not be walked or changed while it is being searched for the place of a new node.
        ["kfunc-rbtree-in-callback", ExecutionContextSafety]
        NotInCallback { name: String } => "{name} not allowed in rbtree cb\n";
        /// Says what kind of pointer was passed; the next line says what was expected.
        ["kfunc-arg-type", RegisterTypeSafety]
        ArgIs { arg: Arg, ty: RegType } => "arg#{arg} is {ty} ";
        /// The function takes a typed pointer to a struct of the kernel, and the register holds something else.
        ["kfunc-arg-no-object", RegisterTypeSafety]
        ArgIsNo { regno: u8, ty: RegType, kind: &'static str, want: String } => "R{regno} is {ty} expected {kind} {want}\n";
        /// What was expected in place of the pointer named before.
        [note]
        ExpectedOrSocket { ty: RegType } => "expected {ty} or socket\n";
        /// The pointer points to another type than the function takes. Pass the object itself, not one of its fields or
        /// the struct around it; two types of one layout still differ when one is marked as not yet initialised.
        ["kfunc-arg-btf-type", RegisterTypeSafety]
        ArgType { name: String, arg: Arg, want_kind: &'static str, want: String, regno: u32, got_kind: &'static str, got: String } =>
            "kernel function {name} args#{arg} expected pointer to {want_kind} {want} but R{regno} has a pointer to {got_kind} {got}\n",
            RegistersNamed => "kernel function {name} {arg:#} expected pointer to {want_kind} {want} but R{regno} has a pointer to {got_kind} {got}\n";
        /// The function takes a pointer to something that is no struct, and a typed kernel pointer cannot be that.
        ["kfunc-arg-pointer-kind", RegisterTypeSafety]
        ArgPointerKind { name: String, arg: Arg, kind: &'static str, tname: String } =>
            "kernel function {name} args#{arg} pointer type {kind} {tname} is not supported\n",
            RegistersNamed => "kernel function {name} {arg:#} pointer type {kind} {tname} is not supported\n";
        /// The function takes plain memory here, so what the parameter points to must consist of numbers. Kernel objects
        /// must be passed as the typed pointers they were obtained as.
        ["kfunc-arg-memory-type", RegisterTypeSafety]
        ArgMemType { arg: Arg, kind: &'static str, tname: String, or_void: bool } => fn |f, _style| {
            let or_void = if *or_void { "void, " } else { "" };
            write!(f, "arg#{arg} pointer type {kind} {tname} must point to {or_void}scalar, or struct with scalar\n")
        };
        /// Says that structs are nested too deeply to be passed as memory.
        /// The argument must be a dynptr that the program holds on its stack. Pass the address of one.
        ["kfunc-dynptr-arg-stack", RegisterTypeSafety]
        DynptrArgStack { arg: u32 } => "arg#{arg} pointer type STRUCT bpf_dynptr_kern not to stack\n";
        /// The dynptr does not exist yet, or not any more. Make it first, with `bpf_dynptr_from_mem()` for example.
        ["kfunc-dynptr-arg-init", RegisterTypeSafety]
        DynptrArgInit { arg: u32 } => "arg#{arg} pointer type STRUCT bpf_dynptr_kern must be valid and initialized\n";
        /// Before 6.2, kernel functions took dynptrs to memory of the program only, not to ring buffers.
        ["kfunc-dynptr-arg-kind", RegisterTypeSafety]
        DynptrArgKind { arg: u32 } =>
            "arg#{arg} pointer type STRUCT bpf_dynptr_kern points to unsupported dynamic pointer type\n";
        /// The kernel function takes only pointers that the program owns a reference to. Acquire the object first.
        ["kfunc-arg-unreferenced", ResourceLifetimeSafety]
        MustBeReferenced { regno: u8 } => "R{regno} must be referenced\n";
        [note]
        NestedTooDeep {} => "max struct nesting depth exceeded\n";
        /// The function takes a pointer to something without a size.
        ["kfunc-arg-size-unknown", CallTypeSafety]
        ArgSizeUnknown { arg: Arg, kind: &'static str, tname: String, errno: i32 } =>
            "arg#{arg} reference type('{kind} {tname}') size cannot be determined: {errno}\n",
            RegistersNamed => "{arg:#} reference type('{kind} {tname}') size cannot be determined: {errno}\n";
        /// Says which pair of pointer and length the failed access belongs to.
        [note]
        MemLenPair { arg: Arg, len_arg: Arg } => "arg#{arg} arg#{len_arg} memory, len pair leads to invalid memory access\n",
            RegistersNamed => "{arg:#} and {len_arg:#} memory, len pair leads to invalid memory access\n";
        /// The function takes a function of the program, but the register holds something else.
        ["kfunc-arg-not-func", RegisterTypeSafety]
        NotFunc { arg: Arg } => "arg{arg} expected pointer to func\n",
            RegistersNamed => "{arg:#} expected pointer to func\n";
        /// The function takes an object that the program allocated, owned or borrowed.
        ["kfunc-arg-not-ref", RegisterTypeSafety]
        NotOwnedOrBorrowed { arg: Arg } => "arg#{arg} is neither owning or non-owning ref\n",
            RegistersNamed => "{arg:#} is neither owning or non-owning ref\n";
        /// Only types with a `struct bpf_refcount` field can have several owners. Add the field to the type.
        ["kfunc-arg-no-refcount", CallTypeSafety]
        NoRefcount { arg: Arg } => "arg#{arg} doesn't point to a type with bpf_refcount field\n",
            RegistersNamed => "{arg:#} doesn't point to a type with bpf_refcount field\n";
        /// Only types with a `struct bpf_refcount` field can have several owners. Add the field to the type. The kernel
        /// calls it an error of its own when the type has no special field at all.
        ["kfunc-arg-no-fields", CallTypeSafety]
        NoRecord => "verifier internal error: Couldn't find btf_record\n", VerifierBug => "verifier bug: Couldn't find btf_record\n";
        /// The function takes a constant string in read-only data.
        ["kfunc-arg-not-const-str", RegisterTypeSafety]
        NotConstStr { arg: Arg } => "arg#{arg} doesn't point to a const string\n",
            RegistersNamed => "{arg:#} doesn't point to a const string\n";
        /// The structure must stand in a map value.
        ["kfunc-arg-not-map-value", RegisterTypeSafety]
        NotMapValue { arg: Arg } => "arg#{arg} doesn't point to a map value\n",
            RegistersNamed => "{arg:#} doesn't point to a map value\n";
        /// The lock must stand in a map value or in an object that the program allocated.
        ["kfunc-arg-not-lock", RegisterTypeSafety]
        NotMapOrAllocated { arg: Arg } => "arg#{arg} doesn't point to map value or allocated object\n",
            RegistersNamed => "{arg:#} doesn't point to map value or allocated object\n";
        /// Saved interrupt flags must stand on the stack.
        ["kfunc-arg-irq-flag", RegisterTypeSafety]
        IrqNotOnStack { arg: Arg } => "arg#{arg} doesn't point to an irq flag on stack\n",
            RegistersNamed => "{arg:#} doesn't point to an irq flag on stack\n";
        /// The slot must not hold saved interrupt flags already: restore them first, or use another variable.
        ["irq-flag-initialised", ResourceLifetimeSafety]
        IrqNotUninit { arg: Arg } => "expected uninitialized irq flag as arg#{arg}\n",
            RegistersNamed => "expected uninitialized irq flag as {arg:#}\n";
        /// The slot does not hold interrupt flags that were saved before.
        ["irq-flag-not-initialised", ResourceLifetimeSafety]
        IrqNotInit { arg: Arg } => "expected an initialized irq flag as arg#{arg}\n",
            RegistersNamed => "expected an initialized irq flag as {arg:#}\n";
        /// Interrupt flags must be restored in the reverse order of saving them.
        ["irq-flag-order", ResourceLifetimeSafety]
        IrqOutOfOrder { acquired: u32, expected: u32 } => fn |f, _style| {
            write!(f, "cannot restore irq state out of order, expected id={expected} acquired at insn_idx={acquired}\n")
        };
        /// Flags saved by one kind of function cannot be restored by the other.
        ["irq-flag-class", ResourceLifetimeSafety]
        IrqClass { acquired: &'static str, used: &'static str } => "irq flag acquired by {acquired} kfuncs cannot be restored with {used} kfuncs\n";
        /// The function releases something, but no argument is a reference that the program owns. Usually the pointer was
        /// released before, or was read from another object and never acquired.
        ["kfunc-release-unreferenced", ResourceLifetimeSafety]
        ReleaseUnreferenced { name: String, regno: u8 } => "release kernel function {name} expects refcounted PTR_TO_BTF_ID\n",
            RegistersNamed => "release kfunc {name} expects referenced PTR_TO_BTF_ID passed to R{regno}\n";

        // Lists and trees.

        /// The field must be at an offset that the verifier knows exactly.
        ["graph-offset-variable", CallTypeSafety]
        GraphVarOff { regno: u8, what: &'static str } =>
            "R{regno} doesn't have constant offset. {what} has to be at the constant offset\n";
        /// The pointer does not point to such a field.
        ["graph-field-not-found", CallTypeSafety]
        GraphNotFound { what: &'static str, off: u32 } => "{what} not found at offset={off}\n";
        /// Says that a lock is held, but another object's.
        [note]
        OtherLock {} => "held lock and object are not in the same allocation\n";
        /// Lists and trees may only be touched while the `bpf_spin_lock` in the same map value or object is held.
        ["graph-lock-not-held", ResourceLifetimeSafety]
        LockNotHeld { off: i32, what: &'static str } => "bpf_spin_lock at off={off} must be held for {what}\n";
        /// The object has another type than the list or tree contains.
        ["graph-node-type", CallTypeSafety]
        NodeType { head: &'static str, node: &'static str, want_off: u32, want: String, off: u32, got: String } =>
            "operation on {head} expects arg#1 {node} at offset={want_off} in struct {want}, but arg is at offset={off} in struct {got}\n";
        /// The object has several nodes, and this is not the one that the list or tree was declared with.
        ["graph-node-offset", CallTypeSafety]
        NodeOffset { off: u32, node: &'static str, want_off: u32, want: String } =>
            "arg#1 offset={off}, but expected {node} at offset={want_off} in struct {want}\n";

        // What it returns.

        /// Says which kernel function's callback failed.
        [note]
        CallbackFailed { name: String, id: u32 } => "kfunc {name}#{id} failed callback verification\n";
        /// The reference was released before, or belongs to the caller of this callback.
        ["kfunc-release-not-acquired", ResourceLifetimeSafety]
        NotAcquired { name: String, id: u32 } => "kfunc {name}#{id} reference has not been acquired before\n";
        /// The function promises a reference but returns none that can be tracked.
        ["kfunc-acquire-type", CallTypeSafety]
        AcquireType {} => "acquire kernel function does not return PTR_TO_BTF_ID\n";
        /// The type number given to `bpf_obj_new()` is out of range. Use the `bpf_obj_new(type)` macro.
        ["kfunc-local-type-range", CallTypeSafety]
        LocalTypeRange {} => "local type ID argument must be in range [0, U32_MAX]\n";
        /// Allocating objects needs the program's BTF. Compile with `-g` and load with BTF.
        ["kfunc-needs-prog-btf", CallTypeSafety]
        NeedsProgBtf {} => "bpf_obj_new/bpf_percpu_obj_new requires prog BTF\n";
        /// Only structs can be allocated.
        ["kfunc-obj-new-type", CallTypeSafety]
        ObjNewType {} => "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct\n";
        /// Per-CPU objects are limited in size.
        ["kfunc-percpu-obj-size", CallTypeSafety]
        PercpuSize { size: u32, max: u32 } => "bpf_percpu_obj_new type size ({size}) is greater than {max}\n";
        /// Per-CPU objects may only consist of numbers.
        ["kfunc-percpu-obj-scalars", CallTypeSafety]
        PercpuScalars {} => "bpf_percpu_obj_new type ID argument must be of a struct of scalars\n";
        /// Per-CPU objects may not contain locks, lists, kptrs and the like.
        ["kfunc-percpu-obj-fields", CallTypeSafety]
        PercpuFields {} => "bpf_percpu_obj_new type ID argument must not contain special fields\n";
        /// `bpf_rdonly_cast()` casts to structs only (newer releases: or to `void`).
        ["kfunc-rdonly-cast-type", CallTypeSafety]
        RdonlyCastType {} => "kfunc bpf_rdonly_cast type ID argument must be of a struct\n",
            CastToVoid => "kfunc bpf_rdonly_cast type ID argument must be of a struct or void\n";
        /// The type given to `bpf_rdonly_cast()` does not exist.
        ["kfunc-rdonly-cast-unknown", CallTypeSafety]
        RdonlyCastUnknown { id: u64 } => fn |f, _style| {
            write!(f, "Unknown type ID {} passed to kfunc bpf_rdonly_cast\n", id.cast_signed())
        };
        /// The program type may not write to packets, so it may not take writable slices of them.
        ["kfunc-packet-write", Policy]
        NoPacketWrites {} => "the prog does not allow writes to packet data\n";
        /// The function returns a pointer whose target has no size.
        ["kfunc-return-type", CallTypeSafety]
        ReturnType { name: String, kind: &'static str, tname: String } =>
            "kernel function {name} returns pointer type {kind} {tname} is not supported\n";

        // Dynptrs.

        /// A dynptr that owns memory (a ring-buffer record) is about to be overwritten, and the memory would be lost.
        /// Submit or discard the record before the variable is used again.
        ["dynptr-overwrite", ResourceLifetimeSafety]
        DynptrOverwrite {} => "cannot overwrite referenced dynptr\n";
        /// Dynptrs live on the stack (or are passed to callbacks); this register holds something else. Pass the address of
        /// a `struct bpf_dynptr` variable.
        ["dynptr-not-on-stack", RegisterTypeSafety]
        DynptrNotOnStack { arg: Arg } => "arg#{arg} expected pointer to stack or const struct bpf_dynptr\n",
            RegistersNamed => "{arg:#} expected pointer to stack or const struct bpf_dynptr\n";
        /// A dynptr is created in a variable of its own on the stack; a constant dynptr cannot be overwritten, and the
        /// variable must be aligned to 8 bytes and inside of the stack.
        ["dynptr-not-uninit", RegisterTypeSafety]
        DynptrNotUninit {} => "Dynptr has to be an uninitialized dynptr\n";
        /// The dynptr given to a callback cannot be changed, and this call would change it.
        ["dynptr-const-mutated", RegisterTypeSafety]
        DynptrConstMutated {} => "cannot pass pointer to const bpf_dynptr, the helper mutates it\n";
        /// The variable does not hold a dynptr here: it was not created on this path, or it ended by a release or because
        /// something was written over it.
        ["dynptr-not-init", ResourceLifetimeSafety]
        DynptrNotInit { arg: Arg } => "Expected an initialized dynptr as arg #{arg}\n",
            RegistersNamed => "Expected an initialized dynptr as {arg:#}\n";
        /// The call takes another kind of dynptr.
        ["dynptr-kind", RegisterTypeSafety]
        DynptrKind { kind: &'static str, arg: Arg, held: &'static str } => "Expected a dynptr of type {kind} as arg #{arg}\n",
            RegistersNamed => "Expected a dynptr of type {kind} as {arg:#}\n";

        // Iterators.

        /// Iterators live on the stack; pass the address of a local variable.
        ["iter-not-on-stack", RegisterTypeSafety]
        IterNotOnStack { arg: Arg } => "arg#{arg} expected pointer to an iterator on stack\n",
            RegistersNamed => "{arg:#} expected pointer to an iterator on stack\n";
        /// The parameter is no iterator.
        ["iter-invalid-arg", CallTypeSafety]
        IterInvalidArg { arg: Arg } => "expected valid iter pointer as arg #{arg}\n",
            RegistersNamed => "expected valid iter pointer as {arg:#}\n";
        /// The variable already holds an iterator. Destroy it before it is created again.
        ["iter-not-uninit", ResourceLifetimeSafety]
        IterNotUninit { iter: String, arg: Arg } => "expected uninitialized iter_{iter} as arg #{arg}\n",
            RegistersNamed => "expected uninitialized iter_{iter} as {arg:#}\n";
        /// The variable does not hold an iterator of this kind here: it was not created on this path, was destroyed, or
        /// something was written over it.
        ["iter-not-init", ResourceLifetimeSafety]
        IterNotInit { iter: String, arg: Arg } => "expected an initialized iter_{iter} as arg #{arg}\n",
            RegistersNamed => "expected an initialized iter_{iter} as {arg:#}\n";
        /// The iterator was created inside of an RCU section that has ended, or outside of one. Create and use it between
        /// `bpf_rcu_read_lock()` and `bpf_rcu_read_unlock()`.
        ["iter-needs-rcu", ExecutionContextSafety]
        IterNeedsRcu { name: String } => "expected an RCU CS when using {name}\n";
    }
}
