//! Events of the analysis, and the kernel's own log text made from them.
//!
//! [`event`] is what the analysis says.

pub mod event;

pub use event::{Context, Event, Interest, Off, Sink, Tee};
