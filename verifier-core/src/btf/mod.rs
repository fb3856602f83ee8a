//! BPF Type Format: parsing, layout of types, line information, CO-RE relocation records.

mod blob;
pub mod core_compat;
pub mod core_relo;
pub mod edit;
pub mod ext;
mod kind;
mod layout;
mod names;
mod pack;
mod packed;
mod text;
mod types;
pub mod validate;

pub use blob::Btf;
pub use edit::BtfEdit;
pub use ext::BtfExt;
pub use kind::BtfKind;
pub use layout::{BtfError, TypeId};
pub use names::flavourless_name;
pub use pack::pack;
pub use types::{ArrayInfo, EnumValue, IntEncoding, Member, Param, Type, VarSecinfo};
pub use validate::{BtfRefusal, ValidateRules, validate};
