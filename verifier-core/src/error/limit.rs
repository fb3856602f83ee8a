//! Messages about limits of the analysis, loops, counters and return values at exit.

rows! {
    /// Messages about limits of the analysis, loops, counters and return values at exit.
    pub enum LimitMsg {
        /// The analysis processed more instructions than the kernel allows in one load. Loops whose iterations
        /// never become equal to one seen before are the usual cause; bound them, mask the loop variable, or use
        /// `bpf_loop()`.
        ["limit-insns", VerifierLimit]
        TooLarge { processed: u32 } => "BPF program is too large. Processed {processed} insn\n";
    }
}
