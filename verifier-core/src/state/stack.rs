//! A frame's stack: 8-byte slots, shared between states in small blocks until written.
//!
//! States are copied all day and differ in few slots, so a copy takes pointers to blocks, and a write copies one block.
//!
//! In the kernel: `enum bpf_stack_slot_type`, `struct bpf_stack_state`, `is_spilled_reg()`,
//! `is_spilled_scalar_reg()`.

use std::rc::Rc;

use smallvec::SmallVec;

use super::register::RegState;

/// What one byte of a slot holds.
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
    /// Nothing reads it any more (7.1).
    Dead,
}

impl SlotKind {
    /// Nothing was stored, or nothing reads what was.
    pub const fn is_unset(self) -> bool {
        matches!(self, SlotKind::Invalid | SlotKind::Dead)
    }
}

/// A slot: the spilled register and the kind of each byte.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Slot {
    /// The spilled register, meaningful while `kind[7]` is `Spill`, `Dynptr` or `Iter`; its marks count always.
    pub spilled: RegState,
    /// Kind of each byte; byte 7 is the highest address.
    pub kind: [SlotKind; 8],
}

/// [`Slot::kinds`] of a slot whose bytes are all of one kind.
pub const fn all_of(kind: SlotKind) -> u64 {
    kind as u64 * 0x0101_0101_0101_0101
}

impl Slot {
    /// A slot nobody wrote.
    pub const EMPTY: Slot = Slot { spilled: RegState::NOT_INIT, kind: [SlotKind::Invalid; 8] };

    /// Kinds of all bytes as one word; 0 where nothing was stored.
    #[inline]
    pub fn kinds(&self) -> u64 {
        u64::from_le_bytes(self.kind.map(|k| k as u8))
    }

    /// Whether a register is saved in it.
    #[inline]
    pub fn holds_register(&self) -> bool {
        self.kind[7] == SlotKind::Spill
    }

    /// Whether a number is saved in it.
    pub fn holds_scalar(&self) -> bool {
        self.holds_register() && self.spilled.is_scalar()
    }
}

/// Slots of one block.
const BLOCK: usize = 4;

/// A stack; slot 0 is fp-8.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Stack {
    blocks: SmallVec<[Rc<[Slot; BLOCK]>; 2]>,
    len: usize,
}

impl Stack {
    /// Slots that were ever touched.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no slot was ever touched.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A slot, unless it is beyond the stack's depth.
    #[inline]
    pub fn get(&self, spi: usize) -> Option<&Slot> {
        if spi < self.len { Some(&self.blocks[spi / BLOCK][spi % BLOCK]) } else { None }
    }

    /// The same for writing (its block is copied first when shared).
    #[inline]
    pub fn get_mut(&mut self, spi: usize) -> Option<&mut Slot> {
        if spi < self.len { Some(&mut Rc::make_mut(&mut self.blocks[spi / BLOCK])[spi % BLOCK]) } else { None }
    }

    /// All slots, from the frame pointer down.
    pub fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.blocks.iter().flat_map(|b| b.iter()).take(self.len)
    }

    /// Whether nothing was written in either since one was copied from the other.
    pub fn shares_all(&self, other: &Stack) -> bool {
        self.len == other.len && self.blocks.iter().zip(&other.blocks).all(|(a, b)| Rc::ptr_eq(a, b))
    }

    /// Makes it hold at least `slots` slots; new ones are empty.
    pub fn grow(&mut self, slots: usize) {
        self.len = self.len.max(slots);
        while self.blocks.len() * BLOCK < self.len {
            self.blocks.push(Rc::new([Slot::EMPTY; BLOCK]));
        }
    }

    /// Slots where `pred` holds, as bits: whoever writes some slots only copies their blocks.
    pub fn which(&self, pred: impl Fn(&Slot) -> bool) -> u64 {
        self.iter().take(64).enumerate().fold(0, |found, (spi, s)| found | u64::from(pred(s)) << spi)
    }

    /// Calls `f` on the slots that `bits` names.
    pub fn edit(&mut self, bits: u64, mut f: impl FnMut(&mut Slot)) {
        let mut left = bits;
        while left != 0 {
            if let Some(slot) = self.get_mut(left.trailing_zeros() as usize) {
                f(slot);
            }
            left &= left - 1;
        }
    }
}

impl std::ops::Index<usize> for Stack {
    type Output = Slot;

    #[inline]
    fn index(&self, spi: usize) -> &Slot {
        assert!(spi < self.len, "slot {spi} of a stack of {}", self.len);
        &self.blocks[spi / BLOCK][spi % BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_copies_its_block_only() {
        let mut old = Stack::default();
        old.grow(9);
        let mut new = old.clone();
        new.get_mut(5).expect("is there").kind = [SlotKind::Misc; 8];
        assert_eq!(old[5], Slot::EMPTY);
        let shared = |n: usize| Rc::ptr_eq(&old.blocks[n], &new.blocks[n]);
        assert_eq!([shared(0), shared(1), shared(2)], [true, false, true]);
    }

    #[test]
    fn a_stack_is_as_deep_as_it_grew() {
        let mut s = Stack::default();
        s.grow(3);
        s.grow(2);
        assert_eq!((s.len(), s.iter().count()), (3, 3));
        assert!(s.get(3).is_none() && s.get_mut(3).is_none());
    }

    #[test]
    fn slots_are_edited_by_bits() {
        let mut s = Stack::default();
        s.grow(6);
        s.edit(1 << 1 | 1 << 5 | 1 << 40, |slot| slot.kind[7] = SlotKind::Spill);
        assert_eq!(s.which(Slot::holds_register), 1 << 1 | 1 << 5);
    }
}
