//! BPF Type Format: parsing, layout of types, line information, CO-RE relocation records.

mod blob;
pub mod core_compat;
pub mod core_relo;
pub mod edit;
pub mod ext;
mod kind;
mod names;
mod packed;
mod text;
mod types;
pub mod validate;

pub use blob::{Btf, BtfError};
pub use edit::BtfEdit;
pub use ext::BtfExt;
pub use kind::BtfKind;
pub use names::flavourless_name;
pub use packed::pack;
pub use types::{ArrayInfo, EnumValue, IntEncoding, Member, Param, Type, TypeId, VarSecinfo};
pub use validate::{BtfRefusal, ValidateRules, validate};
