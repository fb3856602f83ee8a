//! Special fields of types: locks, timers, kptrs, graph roots and nodes.

/// Special fields of one type. Kernel: `struct btf_record`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Record {}
