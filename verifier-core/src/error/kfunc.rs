//! Messages about kernel functions, dynptrs, iterators and graph structures.

rows! {
    /// Messages about kernel functions, dynptrs, iterators and graph structures.
    pub enum KfuncMsg {
        /// The kernel function exists but programs of this type may not call it.
        ["kfunc-not-allowed", CallTypeSafety]
        NotAllowed { name: String } => "calling kernel function {name} is not allowed\n";
    }
}
