//! Messages about encoding, control flow and subprogram layout.

rows! {
    /// Messages about encoding, control flow and subprogram layout.
    pub enum StructureMsg {
        /// Control never reaches this instruction. The kernel refuses dead code that was dead in the program as loaded;
        /// compilers remove it, hand-written assembly must too.
        ["cfg-unreachable", ProgramStructure]
        UnreachableInsn { idx: usize } => "unreachable insn {idx}\n";
    }
}
