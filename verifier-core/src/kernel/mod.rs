//! Kernel data: what differs between releases, and what programs may call and touch.
//!
//! Data only. Nothing here knows anything of the rest of the crate, and nowhere else are versions compared.

pub mod call;
pub mod facts;
pub mod features;
pub mod helpers;
pub mod kfuncs;
pub mod map_create;
pub mod map_types;
pub mod profiles;
pub mod prog_types;
mod type_text;

pub use features::{Features, KernelVersion, LogStyle};
pub use map_types::MapType;
pub use profiles::Kernel;
pub use prog_types::{AttachType, ProgType};
