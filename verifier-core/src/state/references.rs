//! Acquired references and held locks.
//!
//! In the kernel: `enum ref_state_type`, `Ptr`, `struct bpf_reference_state`, `callback_ref`.

use std::rc::Rc;

/// What an entry of the reference list is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum RefKind {
    /// An object.
    Ptr,
    /// Saved interrupt flags.
    Irq,
    /// A spin lock.
    Lock,
    /// A resilient spin lock.
    ResLock,
    /// A resilient spin lock with interrupts saved.
    ResLockIrq,
}

/// What is held: references and locks, in the order they were taken. States share a list until one of them changes it;
/// nothing held takes no memory.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Held(Option<Rc<Vec<RefState>>>);

impl Held {
    /// The list, for writing (copied first when shared).
    pub fn make_mut(&mut self) -> &mut Vec<RefState> {
        Rc::make_mut(self.0.get_or_insert_default())
    }

    /// Whether nothing was taken or given back in either since one was copied from the other.
    pub fn shares(&self, other: &Held) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

impl std::ops::Deref for Held {
    type Target = [RefState];

    fn deref(&self) -> &[RefState] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

/// One acquired reference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RefState {
    /// Kind of entry.
    pub kind: RefKind,
    /// Unique id.
    pub id: u32,
    /// Where it was acquired.
    pub insn_idx: u32,
    /// Frame number of the callback that acquired it; 0 outside of callbacks.
    pub callback_ref: u32,
    /// What a lock entry locks, as an opaque identity (map or BTF object plus register id); 0 otherwise.
    pub ptr: u64,
}
