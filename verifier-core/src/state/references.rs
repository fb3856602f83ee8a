//! Acquired references and held locks.

/// What an entry of the reference list is. Kernel: `enum ref_state_type` (6.14; before, only `Ptr`).
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

/// One acquired reference. Kernel: `struct bpf_reference_state`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RefState {
    /// Kind of entry.
    pub kind: RefKind,
    /// Unique id.
    pub id: u32,
    /// Where it was acquired.
    pub insn_idx: u32,
    /// Frame number of the callback that acquired it; 0 outside of callbacks. Kernel (6.12): `callback_ref`.
    pub callback_ref: u32,
    /// What a lock entry locks, as an opaque identity (map or BTF object plus register id); 0 otherwise.
    pub ptr: u64,
}
