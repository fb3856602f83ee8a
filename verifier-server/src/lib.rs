//! What the `bpfvet` command line and its service are made of: input formats, renderings, the service.

pub mod args;
pub mod check;
pub mod conformance;
pub mod raw;
pub mod render;
pub mod row;
pub mod solve;
pub mod target;
pub mod tools;
