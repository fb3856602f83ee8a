//! Events of the analysis, and the kernel's own log text made from them.

pub mod event;

pub use event::{Context, Event, Interest, Sink};
