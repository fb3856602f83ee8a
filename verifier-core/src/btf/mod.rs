//! BPF Type Format: parsing, layout of types, line information, CO-RE relocation records.

pub mod core_compat;
pub mod core_relo;
pub mod edit;
pub mod ext;
pub mod types;
pub mod validate;

pub use edit::BtfEdit;
pub use ext::BtfExt;
pub use types::{
    ArrayInfo, Btf, BtfError, BtfKind, EnumValue, IntEncoding, Member, Param, Type, TypeId, VarSecinfo,
    flavourless_name,
};
pub use validate::{BtfRefusal, ValidateRules, validate};
