//! BPF Type Format: parsing, layout of types, line information, CO-RE relocation records.

pub mod types;

pub use types::{
    ArrayInfo, Btf, BtfError, BtfKind, EnumValue, IntEncoding, Member, Param, Type, TypeId, VarSecinfo, essential_name,
};
