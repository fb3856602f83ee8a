//! Messages about helpers, local functions and callbacks.

rows! {
    /// Messages about helpers, local functions and callbacks.
    pub enum CallMsg {
        /// No helper has this number in the kernel asked.
        ["call-unknown-helper", CallTypeSafety]
        InvalidFunc { name: String, id: i32 } => "invalid func {name}#{id}\n";
    }
}
