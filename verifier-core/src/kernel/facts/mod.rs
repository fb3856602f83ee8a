//! What BTF does not hold: one table per fact, each with its evidence.

pub mod d_path;
pub mod dtors;
pub mod error_injection;
pub mod iterators;
pub mod lsm_hooks;
pub mod raw_tp_null;
pub mod struct_ops;
pub mod type_safe;
