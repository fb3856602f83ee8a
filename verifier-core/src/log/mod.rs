//! Events of the analysis, and the kernel's own log text made from them.
//!
//! [`event`] is what the analysis says, [`text`] prints it as the kernel would, [`reg`] words one state.

pub mod diagnosis;
mod digits;
pub mod event;
pub mod reg;
pub mod text;

pub use event::{Context, Event, Interest, Off, Sink, Tee, Unlike};
pub use text::TextLog;
