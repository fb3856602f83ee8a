//! From an object file to loadable programs.
//!
//! [`open`] reads an ELF object as libbpf would and prepares each program as it would hand it to a given kernel:
//! a [`LoadRequest`], or a [`NotLoadable`] with libbpf's words. Each program has a result of its own.

pub mod contract;
pub(crate) mod create;
mod ctx_tags;
mod elf;
mod error;
mod externs;
mod global;
mod initial;
mod inner_maps;
mod jump_tables;
mod kallsyms;
mod link;
mod load;
mod loader;
mod maps;
mod modules;
mod object;
pub mod record;
pub mod request;
mod sections;
mod struct_ops;
mod together;
mod vmlinux;

pub use contract::glob;
pub use create::map_fields;
pub use error::{NotLoadable, ObjectError};
pub use global::Value;
pub use initial::{Initial, InitialValue};
pub use load::{Object, OpenOptions, Program, btf_rules, open};
pub use loader::LoaderRules;
pub use request::{FuncInfo, LineInfo, LoadRequest, MapSpec, Poison};
pub use together::{Loaded, loads_with_any, together};
pub use vmlinux::vmlinux;

/// Section of global variables that live in an arena.
const ARENA_SECTION: &str = ".addr_space.1";

#[cfg(test)]
mod tests;
