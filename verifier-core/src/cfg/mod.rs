//! The control-flow graph: where each instruction goes on, and for those who ask for loops and dominators a graph.

pub mod flow;
pub mod graph;

pub use flow::{JumpTables, successors};
pub use graph::{Cfg, Edge};
