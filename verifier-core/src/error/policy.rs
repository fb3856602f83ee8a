//! Messages about what the program type, the licence, the capabilities, the maps and the system call allow.

rows! {
    /// Messages about what the program type, the licence, the capabilities, the maps and the system call allow.
    pub enum PolicyMsg {
        /// The helper may only be called from programs under a GPL-compatible licence. Set the `license` section to
        /// "GPL" (or a compatible value) if that is what the program's licence is, or use another helper.
        ["policy-gpl-only-helper", Policy]
        GplOnlyHelper => "cannot call GPL-restricted function from non-GPL compatible program\n";
    }
}
