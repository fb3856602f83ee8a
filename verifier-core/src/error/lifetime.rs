//! Messages about references, locks, RCU and preemption sections.

rows! {
    /// Messages about references, locks, RCU and preemption sections.
    pub enum LifetimeMsg {
        /// A reference that the program acquired is not released on this path. Release it (or store it where the
        /// kernel keeps it) before every exit, error paths included.
        ["ref-leak", ResourceLifetimeSafety]
        UnreleasedReference { id: u32, insn: u32 } => "Unreleased reference id={id} alloc_insn={insn}\n";
    }
}
