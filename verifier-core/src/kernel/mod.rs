//! Kernel data: what differs between releases, and what programs may call and touch.
//!
//! Data only. Nothing here knows anything of the rest of the crate, and nowhere else are versions compared.

pub mod call;
pub mod facts;
pub mod helpers;
pub mod history;
pub mod kfuncs;
pub mod map_create;
pub mod map_remedy;
pub mod map_types;
pub mod pointer;
pub mod profiles;
pub mod prog_types;
pub mod tables;
mod type_text;

pub use history::behaviours as features;
pub use history::{Features, KernelVersion, LivenessKind, LoopKind, PointRelease, Reworded, Wording};
pub use map_types::MapType;
pub use profiles::{Basis, Build, Kernel, Machine, UnknownRelease};
pub use prog_types::{AttachType, ProgType};
pub use tables::{Numbers, Tables};
