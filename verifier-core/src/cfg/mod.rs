//! The control-flow graph as a graph, for those who ask questions of it: loops, dominators, drawings.

pub mod graph;

pub use graph::{Cfg, Edge};
