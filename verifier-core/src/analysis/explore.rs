//! Stored states and pending paths.

/// The arena of stored states, the lists of states by instruction, and the stack of pending paths.
#[derive(Debug, Default)]
pub struct Explorer {}
