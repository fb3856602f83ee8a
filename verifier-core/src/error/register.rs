//! Messages about registers, arithmetic, comparisons and pointer arithmetic.

rows! {
    /// Messages about registers, arithmetic, comparisons and pointer arithmetic.
    pub enum RegisterMsg {
        /// The register was never written on this path, or a call destroyed it (R1 to R5 do not survive calls).
        /// Initialise it on every path, or keep the value in R6 to R9 or on the stack.
        ["reg-uninit", RegisterTypeSafety]
        NotInit { regno: u8 } => "R{regno} !read_ok\n";
    }
}
