//! Abstract machine states: registers, stack, references, frames, and the whole.

pub mod frame;
pub mod references;
pub mod register;
pub mod stack;
pub mod verifier;

pub use crate::kernel::call::{RegBase, RegType, TypeFlags};
pub use frame::FuncState;
pub use references::{Held, RefKind, RefState};
pub use register::{BtfRef, DynptrKind, IterState, Link, MapIdx, Payload, RegState, StateId};
pub use stack::{Slot, SlotKind, Stack};
pub use verifier::VerifierState;
