//! Stages before the walk.

pub mod attach;
pub mod attr;
pub mod cfg_walk;
pub mod components;
pub mod fastcall;
pub(in crate::analysis) mod func_model;
pub mod stack_depth;
pub mod struct_ops;
pub mod subprogs;
pub(crate) mod btf_info;
pub(crate) mod entry;
pub(crate) mod maps;
pub(crate) mod rewrites;
