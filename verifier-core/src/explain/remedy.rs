//! The remedies: each with a stable code and a page, which `bpfvet explain CODE` prints.

/// A pattern: its code and its page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remedy {
    /// Stable code.
    pub code: &'static str,
    /// The page.
    pub page: &'static str,
}

macro_rules! remedies {
    ($($(#[doc = $doc:literal])* $NAME:ident = $code:literal;)*) => {
        $($(#[doc = $doc])* pub const $NAME: &str = $code;)*
        /// Every remedy with its page.
        pub const REMEDIES: &[Remedy] = &[$(Remedy { code: $code, page: concat!($($doc, "\n"),*) }),*];
    };
}

remedies! {
    /// The pointer may be null on this path. Compare it with NULL right after the call that returned it, and use it only
    /// where it is not: `if (!p) return 0;`.
    NULL_CHECK = "fix-null-check";
    /// A pointer of the same kind was compared with NULL, but the one used here comes from another call, so the check says
    /// nothing about it. Check each pointer: `if (!a || !b) return 0;`.
    NULL_CHECK_COPY = "fix-null-check-copy";
    /// Nothing limits the value from above. Compare it with the size right before the access (`if (i >= SIZE) return 0;`), or
    /// mask it (`i &= SIZE - 1;` when the size is a power of two).
    UPPER_BOUND = "fix-upper-bound";
    /// The value may be negative. Make the variable unsigned, or check `i >= 0` as well.
    LOWER_BOUND = "fix-lower-bound";
    /// The limit that was checked is larger than what the object can hold. Check against the size of the object that is
    /// accessed, minus the bytes of the access: often `>=` where `>` stands.
    SMALLER_BOUND = "fix-smaller-bound";
    /// The value was limited, and then the limit was lost: it went through memory with another width, through an
    /// operation that the kernel does not follow (division, a cast between signed and unsigned), or was computed on
    /// again. Use the variable that was checked, or check again after the last computation. Where the compiler removes
    /// such a check because it knows better, hide the value from it with `asm volatile("" : "+r"(i));` before.
    BOUND_LOST = "fix-bound-lost";
    /// The comparison was made on another copy of the value than the one used here: the variable was loaded from memory
    /// twice, or the compiler compared a copy in another register, often only its low 32 bits. Copy the value into one
    /// local variable of the right width, check and use that one; or mask it where it is used, which needs no check.
    CHECKED_COPY = "fix-checked-copy";
    /// The size may be 0, which this helper does not take. Leave when it is 0, right before the call.
    NONZERO_SIZE = "fix-nonzero-size";
    /// The bytes were never compared with the end of the packet. Before the access, check that
    /// `data + offset + size <= data_end`, and return when it does not hold.
    PACKET_CHECK = "fix-packet-check";
    /// A helper may have moved the packet, so pointers into it and earlier checks do not hold any more. After the call,
    /// read `data` and `data_end` from the context again, compute the pointer again, and repeat the check.
    PACKET_RECHECK = "fix-packet-recheck";
    /// The reference is released on other paths but not on this one. Release it before every return, error paths included.
    RELEASE = "fix-release";
    /// The object was given back (released, submitted, discarded), and then it is used. Read what is needed before,
    /// or give it back later.
    USE_BEFORE_RELEASE = "fix-use-before-release";
    /// The register or the stack was never written on this path. Initialise the variable where it is declared, padding
    /// included: `struct key k = {};` or `__builtin_memset(&k, 0, sizeof(k));`. Padding in the middle of a struct is only
    /// sure to be written by the latter.
    INITIALISE = "fix-initialise";
    /// The value is a number for the verifier, though the program uses it as a pointer: addresses that helpers, contexts
    /// and probes give are numbers. Copy what is behind it: `bpf_probe_read_kernel(&x, sizeof(x), &p->field)`, or
    /// `bpf_probe_read_user()` for addresses of user space; `BPF_CORE_READ()` does it in a chain.
    PROBE_READ = "fix-probe-read";
    /// The context of this program type has no such field, or it cannot be accessed like this. Use a field that the
    /// type has, or a helper: socket filters read packets with `bpf_skb_load_bytes()`.
    CONTEXT_FIELD = "fix-context-field";
    /// This helper or kernel function is not for programs of this type, or not in this kernel. Use another one, another
    /// program type, or guard the call with `bpf_core_enum_value_exists()` and keep a fallback.
    OTHER_HELPER = "fix-other-helper";
    /// The helper works on maps of another type. Use the helper for the map's type, or another type of map.
    MAP_TYPE = "fix-map-type";
    /// Nothing shows the kernel that the loop ends. Give it a constant bound, or use `bpf_loop()` or `bpf_for()`.
    BOUND_LOOP = "fix-bound-loop";
    /// The program is more than the kernel is willing to follow. Move parts into global functions, which are verified once, or
    /// use `bpf_loop()` for loops.
    SMALLER_PROGRAM = "fix-smaller-program";
    /// Functions that call each other share 512 bytes of stack. Move large buffers into a per-CPU array map.
    STACK = "fix-stack";
    /// Functions that call each other more than eight deep, or themselves, are not followed. Write the recursion as a loop with a
    /// constant bound, or put parts of the chain into one function (`__always_inline`).
    CALL_DEPTH = "fix-call-depth";
    /// The program must return a number from the range that its hook understands. Return one of the named constants on every path.
    RETURN_VALUE = "fix-return-value";
    /// The pointer has another type than the call needs. Pass the object that the call is for, as it was obtained.
    ARGUMENT_TYPE = "fix-argument-type";
    /// The memory is read-only for programs. Variables that the program changes must not be `const`; of kernel memory,
    /// copy it to the stack or into a map and change the copy.
    READ_ONLY = "fix-read-only";
    /// The access is not aligned as the kernel wants it here. Access it in smaller parts, or copy it with a helper.
    ALIGN = "fix-align";
    /// Unlock on every path before the program ends, and call nothing else while the lock is held.
    UNLOCK = "fix-unlock";
    /// Set the licence of the object to one compatible with the GPL, if that is what it is under:
    /// `char _license[] SEC("license") = "GPL";`.
    LICENSE = "fix-license";
    /// The field, type or enumerator that a CO-RE relocation names is not in this kernel, and the instruction that needs it
    /// can be reached. Use it only where `bpf_core_field_exists()` (`bpf_core_type_exists()`, `bpf_core_enum_value_exists()`)
    /// holds, and read what this kernel has in its place otherwise: often the same struct under another flavour
    /// (`struct task_struct___new`).
    CORE_GUARD = "fix-core-guard";
    /// The weak kernel function is not in this kernel, and its call can be reached. Call it only where
    /// `bpf_ksym_exists(function)` holds, with a fallback for the others.
    KSYM_GUARD = "fix-ksym-guard";
    /// The map is not created, and an instruction that uses it can be reached. Create it, or guard the code with a constant
    /// in `.rodata` that the loader sets.
    MAP_CREATE = "fix-map-create";
    /// The kernel does not know where in the map's value the special field is: the map has no BTF. Declare the value with
    /// `__type(value, struct x)`, not with `__uint(value_size, …)`, build with `-g`, and put at most one spin lock and one
    /// timer of a kind into it.
    MAP_BTF = "fix-map-btf";
    /// A pointer must be kept whole: it cannot be changed by this operation. Compute on a number and add it to the pointer once.
    POINTER_ARITHMETIC = "fix-pointer-arithmetic";
    /// The bytes are not all there in every packet. Helpers copy what is there into a buffer of the program, and their size may
    /// vary: `bpf_skb_load_bytes(skb, offset, buffer, size)`, `bpf_xdp_load_bytes(ctx, offset, buffer, size)`.
    PACKET_COPY = "fix-packet-copy";
    /// The argument must be known when the program is verified: write a literal, `sizeof`, or a `const` that is set before
    /// loading. Where it varies, call with the largest size and a buffer for it, or choose between constants with `if`.
    CONSTANT = "fix-constant";
    /// A value may hold one lock, timer or work queue. Put the others into maps of their own.
    ONE_FIELD = "fix-one-field";
    /// BPF calls functions by name only. Choose with `switch` or `if` between direct calls, or use `bpf_tail_call()` with programs
    /// in a prog array; a pointer that the compiler can see through (`static const`, inlined) becomes a direct call.
    DIRECT_CALL = "fix-direct-call";
    /// The kernel does not relate the offset and the size, even where their sum is bounded. Make the buffer twice as large, or
    /// bound the offset to one half and use a constant size for the other.
    SUM_OF_BOUNDS = "fix-sum-of-bounds";
    /// A global function is verified alone: behind a pointer that it takes are as many bytes as its type has, so a `char *` is one
    /// byte, and it may be null. Take a pointer to a struct or array, and check it for null; or make the function `static`.
    GLOBAL_ARGUMENT = "fix-global-argument";
    /// An iterator is begun by its `_new` function, moved by `_next`, and ended by `_destroy`, each exactly in this order. Begin it
    /// before it is used, once; destroy it before it is begun again; or write `bpf_for(i, from, to)`, which does all of it.
    ITERATOR = "fix-iterator";
    /// A dynptr is made by a function (`bpf_dynptr_from_skb()`, `bpf_dynptr_from_xdp()`, `bpf_dynptr_from_mem()`,
    /// `bpf_ringbuf_reserve_dynptr()`) on a variable of the stack that holds nothing yet, and used only after that.
    DYNPTR = "fix-dynptr";
    /// Only what the program owns can be given back: what an acquiring function returned, once. Pointers from the context or from
    /// other objects are borrowed: acquire a reference first, or do not release.
    OWNED = "fix-owned-reference";
    /// The function takes pointers that are known to be valid: from the context of tracing programs, from an acquiring function,
    /// or read under RCU. A pointer read from another object is not; acquire it, or read it within `bpf_rcu_read_lock()`.
    TRUSTED = "fix-trusted-pointer";
}
