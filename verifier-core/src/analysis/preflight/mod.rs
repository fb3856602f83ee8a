//! Stages before the walk.

pub mod attach;
pub mod attr;
pub(crate) mod btf_info;
pub mod cfg_walk;
pub mod components;
pub(crate) mod constants;
pub(crate) mod entry;
pub mod fastcall;
pub(crate) mod form;
pub(crate) mod frames;
pub(in crate::analysis) mod func_model;
pub(crate) mod maps;
pub(crate) mod order;
pub(crate) mod rewrites;
pub mod stack_depth;
pub mod struct_ops;
pub mod subprogs;
