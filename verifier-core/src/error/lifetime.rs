//! Messages about references, locks, RCU and preemption sections.

rows! {
    /// Messages about references, locks, RCU and preemption sections.
    pub enum LifetimeMsg, Lifetime {
        /// A reference that the program acquired is not released on this path. Release it (or store it where the
        /// kernel keeps it) before every exit, error paths included.
        ["ref-leak", ResourceLifetimeSafety]
        UnreleasedReference { id: u32, insn: u32 } => "Unreleased reference id={id} alloc_insn={insn}\n";
        /// Says what kind of way out the leaked reference was found on.
        [note]
        WouldLeak { what: String } => "{what} would lead to reference leak\n";
        /// Says that a packet load, which can end the program, was found while a reference is held.
        [note]
        LdAbsWithReferences {} => "BPF_LD_[ABS|IND] cannot be mixed with socket references\n";
        /// The instruction can leave the program (or this function) while a spin lock is held, so the lock would never be
        /// released. Call `bpf_spin_unlock()` first.
        ["lock-held-at-exit", ResourceLifetimeSafety]
        InsideSpinLock { what: String } => "{what} cannot be used inside bpf_spin_lock-ed region\n";
        /// The instruction can leave the program inside of `bpf_rcu_read_lock()`. Call `bpf_rcu_read_unlock()` on every
        /// path before it.
        ["rcu-held-at-exit", ResourceLifetimeSafety]
        InsideRcuLock { what: String } => "{what} cannot be used inside bpf_rcu_read_lock-ed region\n";
        /// The instruction can leave the program while preemption is disabled. Call `bpf_preempt_enable()` on every path
        /// before it, once for each `bpf_preempt_disable()`.
        ["preempt-held-at-exit", ResourceLifetimeSafety]
        InsidePreemptDisable { what: String } => "{what} cannot be used inside bpf_preempt_disable-ed region\n";
        /// The instruction can leave the program while interrupts are disabled. Restore the flags that
        /// `bpf_local_irq_save()` saved on every path before it.
        ["irq-held-at-exit", ResourceLifetimeSafety]
        InsideIrqSave { what: String } => "{what} cannot be used inside bpf_local_irq_save-ed region\n";
        /// The program exits while it holds a spin lock. Every path, early returns included, must call
        /// `bpf_spin_unlock()`.
        ["lock-unlock-missing", ResourceLifetimeSafety]
        SpinUnlockMissing {} => "bpf_spin_unlock is missing\n";
        /// The program exits inside of `bpf_rcu_read_lock()`. Every path, early returns included, must call
        /// `bpf_rcu_read_unlock()`.
        ["rcu-unlock-missing", ResourceLifetimeSafety]
        RcuUnlockMissing {} => "bpf_rcu_read_unlock is missing\n";
        /// The program exits while preemption is disabled. Every path must call `bpf_preempt_enable()` as often as
        /// `bpf_preempt_disable()`.
        ["preempt-enable-missing", ResourceLifetimeSafety]
        PreemptEnableMissing { n: u32 } => fn |f, _style| {
            write!(f, "{n} bpf_preempt_enable{} missing\n", if *n == 1 { " is" } else { "(s) are" })
        };
    }
}
