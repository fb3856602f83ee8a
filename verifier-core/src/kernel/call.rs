//! The vocabulary of types: what registers hold, what calls take and what they return.
//!
//! Answers for `enum bpf_reg_type`, `bpf_type_flag`, `bpf_arg_type`, `bpf_return_type` and `struct bpf_func_proto`.
//! It stands among the data, because prototype rows and context tables are written in it.

use bitflags::bitflags;

use super::history::KernelVersion;
pub use super::pointer::RegBase;
use super::pointer::{Modifiers, Region};

bitflags! {
    /// Modifiers of a register, argument or return type. Kernel: `enum bpf_type_flag`.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct TypeFlags: u32 {
        /// The pointer may be null.
        const MAYBE_NULL = 1 << 0;
        /// The memory may only be read.
        const RDONLY = 1 << 1;
        /// Memory reserved from a ring buffer.
        const RINGBUF = 1 << 2;
        /// User memory.
        const USER = 1 << 3;
        /// Per-CPU memory.
        const PERCPU = 1 << 4;
        /// The call releases this argument.
        const OBJ_RELEASE = 1 << 5;
        /// A kernel pointer that may be stale.
        const UNTRUSTED = 1 << 6;
        /// Memory that the call fills, so it need not be initialised.
        const UNINIT = 1 << 7;
        /// Dynptr over local memory.
        const DYNPTR_LOCAL = 1 << 8;
        /// Dynptr over a ring-buffer record.
        const DYNPTR_RINGBUF = 1 << 9;
        /// Size of the memory is fixed by the prototype.
        const FIXED_SIZE = 1 << 10;
        /// Object allocated by the program.
        const ALLOC = 1 << 11;
        /// A kernel pointer that is valid.
        const TRUSTED = 1 << 12;
        /// Protected by RCU.
        const RCU = 1 << 13;
        /// Non-owning reference to a graph node.
        const NON_OWN_REF = 1 << 14;
        /// Dynptr over a packet buffer.
        const DYNPTR_SKB = 1 << 15;
        /// Dynptr over an XDP frame.
        const DYNPTR_XDP = 1 << 16;
        /// The memory must be naturally aligned.
        const ALIGNED = 1 << 17;
        /// The call writes the memory.
        const WRITE = 1 << 18;
        /// Dynptr over packet metadata (6.18).
        const DYNPTR_SKB_META = 1 << 19;
        /// Dynptr over a file (6.19).
        const DYNPTR_FILE = 1 << 20;
    }
}

impl TypeFlags {
    /// All kinds of dynptr.
    pub const DYNPTR_ANY: TypeFlags = TypeFlags::DYNPTR_LOCAL
        .union(TypeFlags::DYNPTR_RINGBUF)
        .union(TypeFlags::DYNPTR_SKB)
        .union(TypeFlags::DYNPTR_XDP)
        .union(TypeFlags::DYNPTR_SKB_META)
        .union(TypeFlags::DYNPTR_FILE);
}

/// What a register holds: base type and modifiers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct RegType {
    /// Base type.
    pub base: RegBase,
    /// Modifiers.
    pub flags: TypeFlags,
}

impl RegType {
    /// A pointer into the program's arena.
    pub const ARENA: RegType = RegType::of(RegBase::PtrToArena);

    /// A type without modifiers.
    pub const fn of(base: RegBase) -> RegType {
        RegType { base, flags: TypeFlags::empty() }
    }

    /// A type with modifiers.
    pub const fn with(base: RegBase, flags: TypeFlags) -> RegType {
        RegType { base, flags }
    }

    /// Kernel: `type_may_be_null()`.
    pub const fn may_be_null(self) -> bool {
        self.flags.contains(TypeFlags::MAYBE_NULL)
    }

    /// Whether any of `flags` is set.
    pub const fn has(self, flags: TypeFlags) -> bool {
        self.flags.intersects(flags)
    }

    /// The same base with `flags` added.
    pub const fn plus(self, flags: TypeFlags) -> RegType {
        RegType { base: self.base, flags: self.flags.union(flags) }
    }

    /// The same base with `flags` removed.
    pub const fn minus(self, flags: TypeFlags) -> RegType {
        RegType { base: self.base, flags: self.flags.difference(flags) }
    }

    /// The memory that accesses through this pointer go to; none where a modifier forbids them.
    pub const fn region(self) -> Region {
        let row = self.base.row();
        let allowed = match row.modifiers {
            Modifiers::None => self.flags.is_empty(),
            Modifiers::NotNull => !self.may_be_null(),
            Modifiers::Any => true,
        };
        if allowed { row.region } else { Region::None }
    }

    /// Whether the type is exactly this base, without modifiers.
    pub const fn is(self, base: RegBase) -> bool {
        self.base as u8 == base as u8 && self.flags.is_empty()
    }
}

/// What an argument must be, without modifiers. Kernel: `enum bpf_arg_type`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
pub enum ArgBase {
    /// The call has no such argument.
    #[default]
    DontCare,
    ConstMapPtr,
    PtrToMapKey,
    PtrToMapValue,
    PtrToMem,
    PtrToArena,
    ConstSize,
    ConstSizeOrZero,
    PtrToCtx,
    Anything,
    /// Any number, but no pointer.
    Scalar,
    PtrToSpinLock,
    PtrToSockCommon,
    PtrToSocket,
    PtrToBtfId,
    PtrToRingbufMem,
    ConstAllocSizeOrZero,
    PtrToBtfIdSockCommon,
    PtrToPercpuBtfId,
    PtrToFunc,
    PtrToStack,
    PtrToConstStr,
    PtrToTimer,
    KptrXchgDest,
    PtrToDynptr,
}

/// What an argument must be. `size` is the fixed size of memory; `btf` names the kernel struct of a BTF pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ArgType {
    /// Base type.
    pub base: ArgBase,
    /// Modifiers.
    pub flags: TypeFlags,
    /// Bytes, for memory of fixed size; 0 otherwise.
    pub size: u32,
    /// Names of the kernel struct(s) that the pointer must point to; empty otherwise.
    pub btf: &'static str,
}

/// What a call returns, without modifiers. Kernel: `enum bpf_return_type`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[repr(u8)]
pub enum RetBase {
    #[default]
    Integer,
    Void,
    PtrToMapValue,
    PtrToSocket,
    PtrToTcpSock,
    PtrToSockCommon,
    PtrToMem,
    PtrToMemOrBtfId,
    PtrToBtfId,
}

/// What a call returns; `btf` names the kernel struct.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RetType {
    /// Base type.
    pub base: RetBase,
    /// Modifiers.
    pub flags: TypeFlags,
    /// Name of the kernel struct of a BTF pointer; empty otherwise.
    pub btf: &'static str,
}

/// What a helper demands of the place its program attaches to. Kernel: `bpf_func_proto::allowed`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allowed {
    /// Nothing.
    Always,
    /// A path can be resolved without deadlock: iterators, sleepable LSM hooks, listed functions.
    /// Kernel: `bpf_d_path_allowed()`.
    DPath,
    /// An LSM hook that may sleep. Kernel: `bpf_ima_inode_hash_allowed()`.
    SleepableLsmHook,
    /// Not a function of socket storage itself, nor another program. Kernel: `bpf_sk_storage_tracing_allowed()`.
    SkStorageTracing,
}

/// A helper prototype. Kernel: `struct bpf_func_proto`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FuncProto {
    /// Name of the prototype (the kernel's variable), since one helper can have several: `bpf_skb_load_bytes_proto`.
    pub name: &'static str,
    /// May only be called from programs with a GPL-compatible licence.
    pub gpl_only: bool,
    /// May move packet data. The facts of `bpf_helper_changes_pkt_data()` stand with the helper, not here.
    pub pkt_access: bool,
    /// May sleep.
    pub can_sleep: bool,
    /// Follows the `bpf_fastcall` contract.
    pub allow_fastcall: bool,
    /// What it demands of the attach target, see `helpers::allowed()`.
    pub allowed: Allowed,
    /// Return type.
    pub ret: RetType,
    /// Arguments R1 to R5.
    pub args: [ArgType; 5],
}

/// Releases in which a row exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Releases {
    /// First release.
    pub since: KernelVersion,
    /// First release without it, if it went.
    pub until: Option<KernelVersion>,
}

impl Releases {
    /// Whether a release has the row.
    pub fn contains(&self, v: KernelVersion) -> bool {
        self.since <= v && self.until.is_none_or(|u| v < u)
    }
}
