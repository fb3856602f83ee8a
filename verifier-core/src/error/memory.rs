//! Messages about loads, stores, the stack, packets, map values, contexts and kernel types.

use crate::domain::Tnum;
use crate::kernel::call::RegType;
use crate::kernel::{Reworded, Wording};

/// A variable offset, known or not, as a release tells it.
fn stack_offset(t: Tnum, style: Wording) -> String {
    if style.has(Reworded::StackOffsets) { t.to_string() } else { format!("({:#x}; {:#x})", t.value, t.mask) }
}

/// The whole offset of a pointer, as a release tells it that keeps no fixed part: a signed number where it is known.
fn whole_offset(var_off: Tnum, reg_off: i32) -> String {
    let whole = var_off.add(Tnum::konst(i64::from(reg_off) as u64));
    if whole.is_const() { (whole.value as i64).to_string() } else { whole.to_string() }
}

rows! {
    /// Messages about loads, stores, the stack, packets, map values, contexts and kernel types.
    pub enum MemoryMsg, Memory {
        // Regions of known size.

        /// The access does not stay inside the largest context that a program which user space runs can be given. Bound the
        /// offset, or use fields at smaller offsets.
        ["mem-ctx-range", MemorySafety]
        CtxRange { ctx_size: u32, off: i32, size: i32 } =>
            "invalid access to context, ctx_size={ctx_size} off={off} size={size}\n";
        /// The access does not stay inside the map's value. Usually an index was not compared with the size, or the
        /// comparison was made on another copy of the index. Check both bounds right before the access.
        ["mem-map-value-range", MemorySafety]
        MapValueRange { value_size: u32, off: i32, size: i32 } => "invalid access to map value, value_size={value_size} off={off} size={size}\n";
        /// The access does not stay inside the key that the callback or iterator was given. Keys have the size the map
        /// was declared with; read only so many bytes, and bound any index into the key.
        ["mem-map-key-range", MemorySafety]
        MapKeyRange { key_size: u32, off: i32, size: i32 } => "invalid access to map key, key_size={key_size} off={off} size={size}\n";
        /// The access goes beyond the bytes of the packet that comparisons with `data_end` have proven to exist
        /// (`r` is how many). Compare `pointer + size > data_end` and leave before the access, on the same pointer the
        /// access uses; after a helper that can move packet data, load the pointers again.
        ["mem-packet-range", MemorySafety]
        PacketRange { regno: u8, id: u32, off: i32, size: i32, range: u32 } =>
            "invalid access to packet, off={off} size={size}, R{regno}(id={id},off={off},r={range})\n";
        /// The access does not stay inside the memory the pointer points to, whose size is printed. Memory from ring
        /// buffers, dynptr slices, per-CPU variables and global function arguments has a fixed size; bound every index
        /// into it.
        ["mem-region-range", MemorySafety]
        MemRange { mem_size: u32, off: i32, size: i32 } => "invalid access to memory, mem_size={mem_size} off={off} size={size}\n";
        /// The index added to the pointer may be negative as far as the verifier knows. Use an unsigned type for it, or
        /// check `index >= 0` before the access. A comparison as unsigned also bounds it from below.
        ["mem-min-negative", MemorySafety]
        MinNegative { regno: u8 } =>
            "R{regno} min value is negative, either use unsigned index or do a if (index >=0) check.\n";
        /// Says that the smallest possible index already leaves the object.
        [note]
        MinOutside { regno: u8 } => "R{regno} min value is outside of the allowed memory range\n";
        /// Nothing bounds the index from above. Compare it with the size (or mask it with a constant) right before the
        /// access; the compiler may have made the comparison on another register, so `index &= SIZE - 1` is the most
        /// robust form.
        ["mem-unbounded", MemorySafety]
        Unbounded { regno: u8 } => "R{regno} unbounded memory access, make sure to bounds check any such access\n";
        /// Says that the largest possible index leaves the object.
        [note]
        MaxOutside { regno: u8 } => "R{regno} max value is outside of the allowed memory range\n";
        /// The packet pointer was compared in a way that proves no byte to exist (it is at or beyond the end).
        /// The branch in which the access stands is the one where the packet is too short; exchange the branches.
        ["mem-packet-outside", MemorySafety]
        PacketOutside { regno: u8 } => "R{regno} offset is outside of the packet\n";

        // Pointers that must be unmodified.

        /// The pointer was moved before the start of its object. Only non-negative offsets are meaningful here; keep the
        /// pointer as it was obtained and put the offset into the load.
        ["mem-ptr-negative-offset", RegisterTypeSafety]
        PtrNegative { ty: RegType, regno: u8, off: i32 } => "dereference of modified {ty} ptr R{regno} off={off} disallowed\n", StateBehind => "negative offset {ty} ptr R{regno} off={off} disallowed\n";
        /// This kind of pointer must be used exactly as it was obtained, but a constant was added to it. The compiler
        /// does that when several fields at large offsets are used; take the address from the original pointer again,
        /// or load the field with the offset in the instruction.
        ["mem-ptr-modified", RegisterTypeSafety]
        PtrModified { ty: RegType, regno: u8, off: i32 } => "dereference of modified {ty} ptr R{regno} off={off} disallowed\n";
        /// This kind of pointer must be used exactly as it was obtained, but a variable was added to it. Index with
        /// constants only (unrolled loops help), or copy the data to memory that may be indexed.
        ["mem-ptr-variable-offset", RegisterTypeSafety]
        PtrVariable { ty: RegType, var_off: Tnum } => "variable {ty} access var_off={var_off} disallowed\n";

        // Alignment.

        /// Strict alignment was asked for, and the packet access is not aligned to its size (counting the two bytes
        /// that network drivers put before the Ethernet header). Read smaller pieces, or load without the flag on
        /// machines that allow unaligned loads.
        ["mem-packet-misaligned", MemorySafety]
        PacketMisaligned { ip_align: u32, var_off: Tnum, reg_off: i32, off: i32, size: u32 } => fn |f, style| {
            if style.has(Reworded::OffsetsInValue) {
                let whole = whole_offset(*var_off, *reg_off);
                return writeln!(f, "misaligned packet access off {ip_align}+{whole}+{off} size {size}");
            }
            let at = stack_offset(*var_off, style);
            writeln!(f, "misaligned packet access off {ip_align}+{at}+{reg_off}+{off} size {size}")
        };
        /// The access is not aligned to its size. The stack always needs alignment, atomic operations too, everything
        /// else only under strict alignment. Align the variable, do not cast a byte pointer to a wider type.
        ["mem-misaligned", MemorySafety]
        Misaligned { what: &'static str, var_off: Tnum, reg_off: i32, off: i32, size: u32 } => fn |f, style| {
            if style.has(Reworded::OffsetsInValue) {
                let whole = whole_offset(*var_off, *reg_off);
                return writeln!(f, "misaligned {what}access off {whole}+{off} size {size}");
            }
            let at = stack_offset(*var_off, style);
            writeln!(f, "misaligned {what}access off {at}+{reg_off}+{off} size {size}")
        };

        /// Entries of a jump table are read as a whole, 8 bytes each.
        ["mem-jump-table-size", MemorySafety]
        JumpTableSize { size: u32 } => "Invalid read of {size} bytes from insn_array\n";

        // Who may read and write what.

        /// The register is no pointer that may be dereferenced: a plain number, a pointer that may still be null, or one
        /// that only calls may use. Check for null first; if it is a number, look for the arithmetic or the lost type
        /// that turned the pointer into one.
        ["mem-invalid-access", RegisterTypeSafety]
        InvalidMem { regno: u8, ty: RegType } => "R{regno} invalid mem access '{ty}'\n";
        /// The memory may only be read. Copy what you want to change to the stack or a map.
        ["mem-read-only", MemorySafety]
        CannotWrite { regno: u8, ty: RegType } => "R{regno} cannot write into {ty}\n";
        /// This program type may read packets but not write them. Use a helper such as `bpf_skb_store_bytes()` where the
        /// type has it, or another hook.
        ["mem-packet-read-only", Policy]
        CannotWritePacket => "cannot write into packet\n";
        /// Programs of this type may write some fields of some kernel structs, and this is none of them.
        ["mem-cannot-write-field", MemorySafety]
        CannotWriteType { regno: u8, name: String, off: i32, size: i32 } =>
            "R{regno} cannot write into ptr_{name} at off={off} size={size}\n";
        /// A pointer would be stored where user space or the network can read it, which an unprivileged program may
        /// not do. Store numbers, not addresses; or load with CAP_PERFMON.
        ["mem-leaks-addr", MemorySafety]
        LeaksAddr { regno: u8, into: &'static str } => "R{regno} leaks addr into {into}\n";
        /// Keys of a map cannot be changed in place, since the element would no longer be found. Delete the element and insert
        /// another.
        ["mem-map-key-write", MemorySafety]
        KeyWrite { regno: u8 } => "write to change key R{regno} not allowed\n";
        /// The map was created read-only for programs (`BPF_F_RDONLY_PROG`, as `.rodata` is). Write to a map or
        /// global variable that is not constant.
        ["mem-map-read-only", MemorySafety]
        MapWriteForbidden { value_size: u32, off: i32, size: i32 } =>
            "write into map forbidden, value_size={value_size} off={off} size={size}\n";
        /// The map was created write-only for programs (`BPF_F_WRONLY_PROG`). Read from another map, or create it
        /// without the flag.
        ["mem-map-write-only", MemorySafety]
        MapReadForbidden { value_size: u32, off: i32, size: i32 } =>
            "read from map forbidden, value_size={value_size} off={off} size={size}\n";
        /// One instruction is reached with two kinds of pointers that the kernel would have to rewrite differently (a
        /// context on one path, a map value on another). The compiler merged two loads; keep them apart, for example
        /// with a barrier, or by loading into variables before the paths join.
        ["mem-different-pointers", RegisterTypeSafety]
        DifferentPointers => "same insn cannot be used with different pointers\n";

        // Special fields of map values.

        /// The value begins with or contains a kptr here, and a helper would read or write over it. Kptrs may only be
        /// accessed by loads and `bpf_kptr_xchg()`. Hand the helper the part of the value that holds none.
        ["mem-kptr-by-helper", MemorySafety]
        KptrIndirect { name: &'static str } => "kptr cannot be accessed indirectly by helper\n", FieldKinds => "{name} cannot be accessed indirectly by helper\n";
        /// A kptr may only be accessed at a constant offset, else the verifier would not know which field it is. For an
        /// array of kptrs, unroll the loop or keep one kptr per map element and look the element up by index.
        ["mem-kptr-variable", MemorySafety]
        KptrVariable { name: &'static str } => "kptr access cannot have variable offset\n", FieldKinds => "{name} access cannot have variable offset\n";
        /// The access begins before or inside of a kptr field, which holds a whole pointer. Access it with 8 bytes exactly at
        /// its offset; when a neighbour was meant, the struct may be packed or the offset miscalculated.
        ["mem-kptr-misaligned", MemorySafety]
        KptrMisaligned { name: &'static str, expected: u32, off: u64 } => "kptr access misaligned expected={expected} off={off}\n", FieldKinds => "{name} access misaligned expected={expected} off={off}\n";
        /// A kptr is 8 bytes and must be accessed as a whole. Load it into a pointer variable first and work on that; a
        /// narrower load of it would yield half an address.
        ["mem-kptr-size", MemorySafety]
        KptrSize { name: &'static str } => "kptr access size must be BPF_DW\n", FieldKinds => "{name} access size must be BPF_DW\n";
        /// A lock, timer, list or tree in a map value may only be used through its helpers and kfuncs; no load, store or
        /// helper may touch its bytes. Access the other fields one by one rather than copying the whole value.
        ["mem-special-field", MemorySafety]
        FieldDirect { name: &'static str } => "{name} cannot be accessed directly by load/store\n";
        /// Kptrs can only be accessed with plain loads and stores, not with atomic or sign-extending ones. To exchange a
        /// kptr atomically use `bpf_kptr_xchg()`.
        ["mem-kptr-mode", MemorySafety]
        KptrMode => "kptr in map can only be accessed using BPF_MEM instruction mode\n";
        /// A referenced kptr owns its object, so a plain store would lose or duplicate the reference. Exchange it with
        /// `bpf_kptr_xchg()` and release what that returns.
        ["mem-kptr-store", ResourceLifetimeSafety]
        KptrRefStore => "store to referenced kptr disallowed\n";
        /// A user pointer (`__uptr`) in a map value is set by user space only; the program may load it and use the memory
        /// behind it. Let user space update the element to change where it points.
        ["mem-uptr-store", MemorySafety]
        UptrStore => "store to uptr disallowed\n";
        /// The only constant that may be stored into a kptr is 0 (null), because any other number would be taken for an
        /// address. Store null, or a pointer of the field's type from a register.
        ["mem-kptr-imm", MemorySafety]
        KptrStImm { off: u32 } => "BPF_ST imm must be 0 when storing to kptr at off={off}\n";
        /// The value stored into a kptr field is not a pointer to the field's type. Store a pointer of exactly that type
        /// (or of a struct that begins with it), obtained from the kernel and not modified.
        ["mem-kptr-type", RegisterTypeSafety]
        KptrType { regno: u8, ty: RegType, name: String, expected: String, or_untrusted: bool } => fn |f, style| {
            write!(f, "invalid kptr access, R{regno} type={ty}{name} expected=ptr_{expected}")?;
            if *or_untrusted { write!(f, " or untrusted_ptr_{expected}")?; }
            f.write_str("\n")
        };

        // Contexts, flow keys, sockets, buffers.

        /// The program type's context has no such field, or not with this size or direction. Field offsets are those of
        /// the UAPI struct of the program type, most fields cannot be written, pointers must be loaded whole. For
        /// functions by BTF, the argument does not exist.
        ["mem-ctx", MemorySafety]
        CtxAccess { off: i32, size: u32 } => "invalid bpf_context access off={off} size={size}\n";
        /// The argument of the struct_ops callback was a reference that the program has released, so it may not be
        /// loaded from the context again. Keep using the pointer before the release only.
        ["mem-ctx-released", ResourceLifetimeSafety]
        CtxReleased { off: i32 } => "invalid bpf_context access off={off}. Reference may already be released\n";
        /// The access leaves `struct bpf_flow_keys`, through which a flow dissector returns its result. Use the fields of the
        /// struct as the UAPI header declares them, at constant offsets.
        ["mem-flow-keys", MemorySafety]
        FlowKeys { off: i32, size: i32 } => "invalid access to flow keys off={off} size={size}\n";
        /// The socket struct has no such field, or not with this size. Only the fields of `struct bpf_sock`,
        /// `bpf_tcp_sock` or `bpf_xdp_sock` can be read, and pointers to common sockets show only the first of them.
        ["mem-sock", MemorySafety]
        Sock { regno: u8, ty: RegType, off: i32, size: u32 } => "R{regno} invalid {ty} access off={off} size={size}\n";
        /// The buffer is accessed before its start. Buffers of iterators and writable tracepoints begin at the pointer that
        /// the context holds; use offsets from there upwards.
        ["mem-buffer-negative", MemorySafety]
        BufferNegative { regno: u8, what: &'static str, off: i32, reg_off: i32, size: i32 } => fn |f, style| {
            if style.has(Reworded::OffsetsInValue) {
                return writeln!(f, "R{regno} invalid negative {what} buffer offset: off={off}, var_off={reg_off}");
            }
            writeln!(f, "R{regno} invalid {what} buffer access: off={}, size={size}", off.wrapping_add(*reg_off))
        };
        /// Buffers of iterators and writable tracepoints must be accessed at constant offsets, because their size is
        /// only checked when the program is attached.
        ["mem-buffer-variable", MemorySafety]
        BufferVariable { regno: u8, off: i32, var_off: Tnum } =>
            "R{regno} invalid variable buffer offset: off={off}, var_off={var_off}\n";

        // Kernel and program types.

        /// Reading kernel structs through typed pointers needs CAP_PERFMON, because their contents are the kernel's secrets.
        /// Load the program with that capability (or as root), or use the fields of the context only.
        ["mem-btf-perfmon", Policy]
        StructPerfmon { name: String } => "'struct {name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN\n";
        /// Reading kernel structs through typed pointers is for programs with a GPL-compatible licence. Set
        /// `char LICENSE[] SEC("license") = "GPL"` (or "Dual BSD/GPL").
        ["mem-btf-gpl", Policy]
        StructGpl { name: String } => "Cannot access kernel 'struct {name}' from non-GPL compatible program\n";
        /// The kernel struct is accessed before its start. `container_of()` on a pointer to a kernel struct does that: the
        /// verifier knows the inner struct only. Reach the outer struct through `bpf_core_cast()` or another pointer.
        ["mem-btf-negative", MemorySafety]
        BtfNegative { regno: u8, name: String, off: i32 } => "R{regno} is ptr_{name} invalid negative access: off={off}\n";
        /// Kernel structs may only be read at constant offsets. To index an array in one, copy it with
        /// `bpf_probe_read_kernel()`.
        ["mem-btf-variable", MemorySafety]
        BtfVariable { regno: u8, name: String, off: i32, var_off: Tnum } =>
            "R{regno} is ptr_{name} invalid variable offset: off={off}, var_off={var_off}\n";
        /// The pointer is to user memory (`__user`), which may not be dereferenced. Read it with
        /// `bpf_probe_read_user()` or, in sleepable programs, `bpf_copy_from_user()`.
        ["mem-btf-user", MemorySafety]
        BtfUser { regno: u8, name: String, off: i32 } => "R{regno} is ptr_{name} access user memory: off={off}\n";
        /// The pointer is per-CPU. Turn it into an address with `bpf_per_cpu_ptr()` or `bpf_this_cpu_ptr()` first.
        ["mem-btf-percpu", MemorySafety]
        BtfPercpu { regno: u8, name: String, off: i32 } => "R{regno} is ptr_{name} access percpu memory: off={off}\n";
        /// Kernel structs can be read, not written, except few fields for few program types. Objects that the program
        /// allocated itself may be written.
        ["mem-btf-read-only", MemorySafety]
        OnlyRead => "only read is supported\n";
        /// Locks, list and tree nodes and kptrs in an allocated object may only be used through their kfuncs. Access the other
        /// fields one by one rather than copying the whole object.
        ["mem-btf-special-field", MemorySafety]
        FieldDisallowed { name: &'static str } => "direct access to {name} is disallowed\n";
        /// The walk of the type met something that is no struct, so there is no field to access. The pointer is to a plain
        /// value or function; read it with `bpf_probe_read_kernel()`.
        ["mem-btf-not-struct", MemorySafety]
        NotStruct { name: String } => "Type '{name}' is not a struct\n";
        /// The access goes beyond the end of the struct. Often a pointer was cast to a larger type: the verifier goes by
        /// the type it knows.
        ["mem-btf-beyond-struct", MemorySafety]
        BeyondStruct { name: String, off: u32, size: u32 } => "access beyond struct {name} at off {off} size {size}\n";
        /// A member's type has no size, so that nothing behind it can be found. The BTF describes an incomplete type; compile
        /// the program with the full definition.
        ["mem-btf-no-size", MemorySafety]
        MemberNoSize { name: String } => "field {name} doesn't have size\n";
        /// A pointer in a kernel struct must be loaded whole, with 8 bytes at its offset. Copying a struct that holds
        /// pointers by hand, or reading a union through the wrong member, leads here.
        ["mem-btf-pointer-part", MemorySafety]
        PtrMember { member: String, member_off: u32, name: String, off: u32, size: u32 } =>
            "cannot access ptr member {member} with moff {member_off} in struct {name} with off {off} size {size}\n";
        /// The access begins in one member and ends beyond it. Read members one by one; the compiler may have merged loads of
        /// neighbours, which a `volatile` access or `BPF_CORE_READ()` prevents.
        ["mem-btf-beyond-member", MemorySafety]
        BeyondMember { member: String, end: u32, name: String, off: u32, size: u32 } =>
            "access beyond the end of member {member} (mend:{end}) in struct {name} with off {off} size {size}\n";
        /// No member stands at this offset: it is padding, or the struct looks otherwise in this kernel. Use CO-RE
        /// (`preserve_access_index`, vmlinux.h) so that offsets follow the kernel.
        ["mem-btf-no-field", MemorySafety]
        NoField { name: String, off: i32 } => "struct {name} doesn't have field at offset {off}\n";
        /// The fields of this kind of map cannot be read through the map pointer. Only maps whose kernel struct has BTF can
        /// be looked into.
        ["mem-map-ptr-type", MemorySafety]
        MapPtrType { map_type: u32 } => "map_ptr access not supported for map type {map_type}\n";
        /// The map's struct is accessed before its start. A map pointer is not a pointer to the map's elements; look an
        /// element up with `bpf_map_lookup_elem()`.
        ["mem-map-ptr-negative", MemorySafety]
        MapPtrNegative { regno: u8, name: String, off: i32 } => "R{regno} is {name} invalid negative access: off={off}\n";
        /// The kernel's struct of a map can be read, not written. To change an element, look it up and write through the
        /// pointer that returns, or use `bpf_map_update_elem()`.
        ["mem-map-ptr-read-only", MemorySafety]
        MapPtrOnlyRead { name: String } => "only read from {name} is supported\n";
        /// Only some fields of the kernel struct may be written by this program type: for congestion control a handful of
        /// `struct tcp_sock`, for packet programs the mark of a connection. Everything else is read-only.
        ["mem-btf-no-write", MemorySafety]
        NoWriteSupport { name: &'static str, off: i32 } => "no write support to {name} at off {off}\n";
        /// The store begins in a field that may be written but ends beyond it. Use a store of the field's own width.
        ["mem-btf-write-beyond", MemorySafety]
        WriteBeyond { off: i32, size: i32, name: &'static str, end: u32 } =>
            "write access at off {off} with size {size} beyond the member of {name} ended at {end}\n";
        /// Programs of `bpf_dummy_ops` may only write its state struct, no other kernel struct. This operation exists for the
        /// kernel's own tests.
        ["mem-btf-dummy-only", MemorySafety]
        OnlyDummyState => "only access to bpf_dummy_ops_state is supported\n";
        /// The store ends beyond the state struct of `bpf_dummy_ops`. Write only the fields that the struct declares.
        ["mem-btf-dummy-beyond", MemorySafety]
        DummyBeyond { off: i32, size: i32 } => "write access at off {off} with size {size}\n";

        // The stack.

        /// The access is outside of the function's stack of 512 bytes (or, for reads without CAP_PERFMON, below what was
        /// written). Check the size of buffers on the stack and the offset from the frame pointer.
        ["mem-stack-range", MemorySafety]
        StackRange { what: &'static str, regno: u8, off: i32, size: i32 } => "invalid{what} stack R{regno} off={off} size={size}\n";
        /// As far as the verifier knows, the index may lead outside of the stack. Bound it on both sides right before
        /// the access.
        ["mem-stack-variable-range", MemorySafety]
        StackVariableRange { what: &'static str, regno: u8, var_off: Tnum, off: i32, size: i32 } =>
            "invalid variable-offset{what} stack R{regno} var_off={var_off} size={size}\n",
            StackOffsets => "invalid variable-offset{what} stack R{regno} var_off={var_off} off={off} size={size}\n";
        /// Nothing bounds the index into the stack. Compare it with the size of the array, or mask it, right before use; the
        /// check must be on the same variable that indexes.
        ["mem-stack-unbounded", MemorySafety]
        StackUnbounded { what: &'static str, regno: u8 } => "invalid unbounded variable-offset{what} stack R{regno}\n";
        /// Bytes of the stack are read that nothing was written to (or that hold a pointer, where only numbers may be
        /// read). Initialise the variable or the whole struct, including its padding.
        ["mem-stack-uninit", MemorySafety]
        StackRead { off: i32, at: i32, size: i32 } => "invalid read from stack off {off}+{at} size {size}\n";
        /// Bytes of the stack are read that no instruction seemed to read before the program was walked. Access the stack
        /// through pointers that are formed in plain sight.
        ["mem-stack-dead", MemorySafety]
        StackReadDead { off: i32, at: i32, size: i32 } =>
            "reading from stack off {off}+{at} size {size}, slot poisoned by dead code elimination\n";
        /// A call would read bytes of the stack that nothing was written to. Initialise the whole buffer or struct,
        /// including padding, before passing it.
        ["mem-stack-uninit-arg", MemorySafety]
        StackArg { what: &'static str, regno: u8, off: i32, at: i32, size: i32 } =>
            "invalid{what} read from stack R{regno} off {off}+{at} size {size}\n";
        /// The stack is read at an offset that varies, and some byte that the access may reach was never written. Initialise
        /// the whole array before indexing into it.
        ["mem-stack-uninit-variable", MemorySafety]
        StackArgVariable { what: &'static str, regno: u8, var_off: Tnum, at: i32, size: i32 } =>
            "invalid{what} read from stack R{regno} var_off {var_off}+{at} size {size}\n";
        /// A call would read zero bytes through an argument that must not be empty. Check the size to be positive before the
        /// call (`if (n > 0)`), also where it is computed.
        ["mem-zero-read", MemorySafety]
        ZeroSizedRead => "invalid zero-sized read\n";
        /// Programs without CAP_PERFMON may access the stack at constant offsets only, because of speculative execution. Use a
        /// map value as the array, unroll the loop, or load with the capability.
        ["mem-stack-variable-unpriv", Policy]
        StackVariableUnpriv { what: &'static str, regno: u8, var_off: Tnum } =>
            "R{regno}{what} variable offset stack access prohibited for !root, var_off={var_off}\n";
        /// A call would fill memory in which a dynptr stands, and so overwrite it unseen. Keep dynptrs out of buffers that calls
        /// fill; check the size that is passed.
        ["mem-stack-dynptr-overwrite", MemorySafety]
        DynptrOverwrite { off: i32 } => "potential write to dynptr at off={off} disallowed\n";
        /// Part of a pointer saved on the stack would be overwritten, which an unprivileged program may not do: the rest would
        /// leak bytes of an address. Overwrite all 8 bytes first.
        ["mem-stack-corrupt-spill", MemorySafety]
        CorruptSpill => "attempt to corrupt spilled pointer on stack\n";
        /// A pointer must be saved to the stack whole, with an aligned store of 8 bytes. Storing it through a narrower type, or
        /// into a packed struct, cuts it.
        ["mem-stack-spill-size", MemorySafety]
        SpillSize => "invalid size of register spill\n";
        /// A pointer saved on the stack must be loaded whole, with an aligned load of 8 bytes. Reading it through a narrower
        /// type or a union yields part of an address, which is no value a program may have.
        ["mem-stack-fill-size", MemorySafety]
        FillSize => "invalid size of register fill\n";
        /// A pointer to the callee's stack would be stored into the caller's, where it outlives the callee. Let the caller own
        /// the buffer and pass a pointer to it down.
        ["mem-stack-spill-to-caller", MemorySafety]
        SpillToCaller => "cannot spill pointers to stack into stack frame of the caller\n";
        /// A store at an offset that varies might overwrite a saved pointer, or bytes never written; unprivileged programs may
        /// not risk it. Keep the array apart and initialise it, or load with CAP_PERFMON.
        ["mem-stack-variable-write-spill", MemorySafety]
        VariableWriteSpill { insn: usize, off: i32 } => "spilled ptr in range of var-offset stack write; insn {insn}, ptr off: {off}";
        /// A store at an offset that varies reaches bytes that were never written, which needs CAP_PERFMON. Initialise the
        /// buffer first.
        ["mem-stack-variable-write-uninit", MemorySafety]
        VariableWriteUninit { insn: usize, off: i32 } => "uninit stack in range of var-offset write prohibited for !root; insn {insn}, off: {off}";
        /// A saved pointer would be used as a number by an atomic operation, which leaks it. Use a slot that holds a number.
        ["mem-stack-leak", MemorySafety]
        StackLeak { off: i32 } => "leaking pointer from stack off {off}\n";
        /// Atomic operations need a constant offset into the stack, because they look at the value without loading it. Use a
        /// map value, or a plain load and store.
        ["mem-stack-variable-arg", MemorySafety]
        StackVariableArg { var_off: Tnum, off: i32, size: i32 } =>
            "variable offset stack pointer cannot be passed into helper function; var_off={var_off} off={off} size={size}\n";
        /// Objects such as dynptrs and iterators must stand at a constant offset of the stack, so that the verifier can follow
        /// them. Arrays of them cannot be indexed by a variable; use separate variables.
        ["mem-stack-object-constant", MemorySafety]
        ObjectConstant { kind: &'static str } => "{kind} has to be at a constant offset\n";
        /// Objects such as dynptrs and iterators must stand on the stack, aligned to 8 bytes, and fit. Declare a local variable
        /// of the object's own type and pass its address unmodified.
        ["mem-stack-object-offset", MemorySafety]
        ObjectOffset { kind: &'static str, off: i32 } => "cannot pass in {kind} at an offset\n",
            OffsetsTold => "cannot pass in {kind} at an offset={off}\n";

        // Arguments that are memory.

        /// The argument must be memory, but the register holds something else, often a number or a pointer that may be null.
        /// Pass the address of a stack buffer or map value, and check looked-up pointers for null first.
        ["mem-arg-type", CallTypeSafety]
        ArgType { regno: u8, ty: RegType } => "R{regno} type={ty} expected=fp\n";

        // Atomic operations.

        /// Atomic operations exist for 4 and 8 bytes only. Widen the variable; atomic loads and stores of 1 and 2 bytes exist
        /// in newer releases only.
        ["mem-atomic-size", ProgramStructure]
        AtomicSize => "invalid atomic operand size\n";
        /// The release has no such atomic operation. Acquire loads and release stores came with Linux 6.15; compile for an older
        /// instruction set (`-mcpu=v3`), or run on a newer kernel.
        ["mem-atomic-opcode", ProgramStructure]
        AtomicOpcode { imm: i32 } => "BPF_ATOMIC uses invalid atomic opcode {imm:02x}\n";
        /// Before 6.18, loads from an arena cannot extend the sign. Load the value unsigned and extend it by two shifts, or
        /// build without `-mcpu=v4`.
        ["mem-arena-signed", MemorySafety]
        ArenaSignedLoad => "sign extending loads from arena are not supported yet\n";
        /// The bytes loaded from the context only pad it on this release: the field that stands there came later. The kernel
        /// says so in words about itself. Load the field only where it exists (`bpf_core_field_exists()`).
        ["mem-ctx-padding", MemorySafety]
        Misconfigured => "bpf verifier is misconfigured\n";
        /// Before 6.3, a constant could not be stored to the context by one instruction. Put it into a register first, or
        /// build with an older instruction set (`-mcpu=v3`).
        ["mem-ctx-constant", MemorySafety]
        CtxConstant { regno: u8, ty: RegType } => "BPF_ST stores into R{regno} {ty} is not allowed\n";
        /// This memory cannot be the target of atomic operations: contexts, packets, flow keys and sockets, and in arenas the
        /// fetching and, or, xor. Use a map value or plain loads and stores.
        ["mem-atomic-store", MemorySafety]
        AtomicStore { regno: u8, ty: RegType } => "BPF_XADD stores into R{regno} {ty} is not allowed\n", Atomics => "BPF_ATOMIC stores into R{regno} {ty} is not allowed\n";
        /// This memory cannot be loaded atomically: contexts, packets and sockets are rewritten by the kernel. Use a plain load.
        ["mem-atomic-load", MemorySafety]
        AtomicLoad { regno: u8, ty: RegType } => "BPF_ATOMIC loads from R{regno} {ty} is not allowed\n";
    }
}
