//! One 8-byte stack slot.

use super::register::RegState;

/// What one byte of a slot holds. Kernel: `enum bpf_stack_slot_type` (order is the kernel's).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum SlotKind {
    /// Nothing was stored.
    #[default]
    Invalid,
    /// Part of a spilled register.
    Spill,
    /// Some data.
    Misc,
    /// Zero.
    Zero,
    /// Part of a dynptr.
    Dynptr,
    /// Part of an open-coded iterator.
    Iter,
    /// Saved interrupt flags (6.14).
    IrqFlag,
}

/// A slot: the spilled register and the kind of each byte. Kernel: `struct bpf_stack_state`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Slot {
    /// The spilled register, meaningful while `kind[7]` is `Spill`, `Dynptr` or `Iter`; its marks count always.
    pub spilled: RegState,
    /// Kind of each byte; byte 7 is the highest address.
    pub kind: [SlotKind; 8],
}

impl Slot {
    /// A slot nobody wrote.
    pub const EMPTY: Slot = Slot { spilled: RegState::NOT_INIT, kind: [SlotKind::Invalid; 8] };

    /// Kernel: `is_spilled_reg()`.
    pub fn is_spilled_reg(&self) -> bool {
        self.kind[7] == SlotKind::Spill
    }

    /// Kernel: `is_spilled_scalar_reg()`.
    pub fn is_spilled_scalar(&self) -> bool {
        self.is_spilled_reg() && self.spilled.is_scalar()
    }
}
