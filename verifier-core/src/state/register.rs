//! One register, in a frame or spilled to the stack.
//!
//! Answers for `struct bpf_reg_state`. Small and `Copy`, because states are copied all day.
//!
//! In the kernel: `enum bpf_dynptr_type`, `enum bpf_iter_state`, `irq.kfunc_class`, `enum bpf_reg_liveness`,
//! `BPF_ADD_CONST`, `BPF_ADD_CONST64`, `BPF_ADD_CONST32`, `__mark_reg_not_init()`, `__mark_reg_unknown_imprecise()`,
//! `__mark_reg_known()`, `mark_reg_known_zero()`, `copy_register_state()`, `register_is_null()`, `is_reg_const()`.

use crate::domain::{Scalar, Tnum};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// A state kept in the arena of explored states.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StateId(pub u32);

/// Index of a map in the load request (`Program::maps`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct MapIdx(pub u32);

/// Index of a BTF object in the environment (`Program::btfs`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct BtfRef(pub u16);

impl BtfRef {
    /// The kernel's own BTF.
    pub const VMLINUX: BtfRef = BtfRef(0);
    /// The BTF loaded with the program (present in `Program::btfs` even when the program has none: then it is empty).
    pub const PROG: BtfRef = BtfRef(1);
}

/// What a dynptr points at.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum DynptrKind {
    Invalid,
    Local,
    Ringbuf,
    Skb,
    Xdp,
    SkbMeta,
    File,
}

/// How far an open-coded iterator is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum IterState {
    /// Not the first slot of an iterator.
    Invalid,
    /// May yield more.
    Active,
    /// Has yielded its last.
    Drained,
}

/// What belongs to one kind of pointer only.
///
/// Two registers are "the same but for their numbers" when type, offset and payload are equal, as the kernel's
/// `memcmp` up to `var_off`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Payload {
    /// Nothing; equal to any payload of all zeroes in the kernel's union.
    #[default]
    None,
    /// Packet pointers: bytes known readable from the pointer's base, or the `AT_PKT_END`/`BEYOND_PKT_END` marks (-1, -2).
    Range(i32),
    /// Map pointers, map values and keys.
    Map {
        /// Which map (or inner map template).
        map: MapIdx,
        /// Distinguishes lookups from an outer map.
        uid: u32,
    },
    /// Pointers to kernel or program types.
    Btf {
        /// Which BTF.
        btf: BtfRef,
        /// Which type in it.
        id: u32,
    },
    /// Plain memory.
    Mem {
        /// Bytes.
        size: u32,
        /// For slices of a dynptr: its id.
        dynptr_id: u32,
    },
    /// A dynptr, on the stack or as a constant pointer argument.
    Dynptr {
        /// What it points at.
        kind: DynptrKind,
        /// Whether this is the lower of its two slots.
        first_slot: bool,
    },
    /// An open-coded iterator on the stack.
    Iter {
        /// BTF that holds the iterator's type.
        btf: BtfRef,
        /// The iterator's type.
        id: u32,
        /// Progress.
        state: IterState,
        /// Number of `next` calls on this path.
        depth: u32,
    },
    /// Saved interrupt flags on the stack (6.14): which class of kfunc saved them (1 native, 2 resilient lock).
    Irq {
        /// 1: native, 2: a resilient lock.
        class: u8,
    },
    /// A local function.
    Subprog(u32),
}

/// Where the parent of a register or stack slot stands: the state, the frame and the place in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Link {
    /// The ancestor state.
    pub state: StateId,
    /// Frame in that state.
    pub frame: u8,
    /// Register number 0..=10, or 16 + slot index for a stack slot.
    pub place: u8,
}

impl Link {
    /// First `place` of stack slots.
    pub const STACK: u8 = 16;
}

/// Liveness marks.
pub mod live {
    /// Nothing is known yet.
    pub const NONE: u8 = 0;
    /// The low half is read later.
    pub const READ32: u8 = 1;
    /// The whole is read later.
    pub const READ64: u8 = 2;
    /// Either read.
    pub const READ: u8 = 3;
    /// Written before any read: reads stop here.
    pub const WRITTEN: u8 = 4;
    /// No more marks will come.
    pub const DONE: u8 = 8;
}

/// Set in `RegState::id` when the register is its id's value plus `off`.
pub const ADD_CONST64: u32 = 1 << 31;

/// The same where the sum was formed in 32 bits.
pub const ADD_CONST32: u32 = 1 << 30;

/// Either; no id reaches these bits.
pub const ADD_CONST: u32 = ADD_CONST64 | ADD_CONST32;

/// A register.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RegState {
    /// What it holds.
    pub ty: RegType,
    /// Fixed part of a pointer's offset; for scalars with [`ADD_CONST`], the constant.
    pub off: i32,
    /// What belongs to this kind of pointer.
    pub payload: Payload,
    /// A scalar's value, or the variable part of a pointer's offset.
    pub scalar: Scalar,
    /// Links copies of one value: null checks, packet ranges, scalar equality. 0: none.
    pub id: u32,
    /// The reference this pointer owns or was cast from. 0: none.
    pub ref_obj_id: u32,
    /// Frame whose stack a stack pointer points into.
    pub frame_number: u32,
    /// Liveness marks, see [`live`].
    pub live: u8,
    /// A scalar whose exact range matters for safety.
    pub precise: bool,
    /// Where read marks go on to.
    pub parent: Option<Link>,
}

impl RegState {
    /// Never written.
    pub const NOT_INIT: RegState = RegState {
        ty: RegType::of(RegBase::NotInit),
        off: 0,
        payload: Payload::None,
        scalar: Scalar::UNKNOWN,
        id: 0,
        ref_obj_id: 0,
        frame_number: 0,
        live: live::NONE,
        precise: false,
        parent: None,
    };

    /// An unknown scalar, imprecise.
    pub const fn unknown() -> RegState {
        let mut r = RegState::NOT_INIT;
        r.ty = RegType::of(RegBase::Scalar);
        r
    }

    /// A known scalar.
    pub const fn konst(v: u64) -> RegState {
        let mut r = RegState::unknown();
        r.scalar = Scalar::konst(v);
        r
    }

    /// A pointer with offset zero.
    pub const fn pointer(ty: RegType) -> RegState {
        let mut r = RegState::konst(0);
        r.ty = ty;
        r
    }

    /// Takes over everything of `src` but its place in the parent chain.
    pub fn copy_from(&mut self, src: &RegState) {
        let (live, parent) = (self.live, self.parent);
        *self = *src;
        self.live = live;
        self.parent = parent;
    }

    /// Replaces the value but keeps the place in the parent chain (`live`, `parent`).
    pub fn set(&mut self, value: RegState) {
        self.copy_from(&value);
    }

    /// Whether it is a plain scalar.
    pub const fn is_scalar(&self) -> bool {
        self.ty.is(RegBase::Scalar)
    }

    /// The known bits of value or variable offset.
    pub const fn var_off(&self) -> Tnum {
        self.scalar.var_off
    }

    /// Whether it is the number zero.
    pub fn is_null(&self) -> bool {
        self.is_scalar() && self.scalar.var_off == Tnum::konst(0)
    }

    /// The number, if it is known.
    pub fn const_value(&self) -> Option<u64> {
        (self.is_scalar() && self.scalar.var_off.is_const()).then_some(self.scalar.var_off.value)
    }

    /// Whether any of `flags` modifies the type.
    pub const fn has(&self, flags: TypeFlags) -> bool {
        self.ty.has(flags)
    }

    /// Range of a packet pointer; 0 when it has none.
    pub const fn range(&self) -> i32 {
        match self.payload {
            Payload::Range(n) => n,
            _ => 0,
        }
    }

    /// Map of a map pointer, value or key.
    pub const fn map(&self) -> Option<MapIdx> {
        match self.payload {
            Payload::Map { map, .. } => Some(map),
            _ => None,
        }
    }

    /// BTF and type of a pointer to a kernel or program type.
    pub const fn btf(&self) -> Option<(BtfRef, u32)> {
        match self.payload {
            Payload::Btf { btf, id } => Some((btf, id)),
            _ => None,
        }
    }

    /// Bytes of plain memory; 0 when it is none.
    pub const fn mem_size(&self) -> u32 {
        match self.payload {
            Payload::Mem { size, .. } => size,
            _ => 0,
        }
    }
}
