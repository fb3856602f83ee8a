//! Stages before the walk.

pub mod cfg_walk;
pub mod fastcall;
pub mod stack_depth;
pub mod subprogs;
