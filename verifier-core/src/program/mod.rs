//! From an object file to loadable programs.

pub mod request;
mod vmlinux;

pub use request::{FuncInfo, LineInfo, LoadRequest, MapSpec};
pub use vmlinux::vmlinux;
