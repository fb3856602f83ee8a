//! Messages about BTF, function and line information, and signatures of global functions.

rows! {
    /// Messages about BTF, function and line information, and signatures of global functions.
    pub enum BtfMsg {
        /// The program was loaded with function information but without BTF it could refer to.
        ["btf-missing-func-info", ProgramStructure]
        MissingFuncInfo => "missing btf func_info\n";
    }
}
