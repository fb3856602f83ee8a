//! Perf event arrays and stack traces: programs send through them, nothing can be looked up.
//!
//! What is sent is kept by the machine, not by the map.

use super::ops::MapOps;

/// A map without entries.
#[derive(Debug)]
pub struct Events;

impl MapOps for Events {}
