//! From an object file to loadable programs.

pub mod request;

pub use request::{FuncInfo, LineInfo, LoadRequest, MapSpec};
