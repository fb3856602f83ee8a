//! BPF Type Format: parsing, layout of types, line information, CO-RE relocation records.

pub mod types;

pub use types::{Btf, BtfError, BtfKind, Type, TypeId};
