//! Perf event arrays and stack traces: programs send through them, nothing can be looked up.
//!
//! What is sent is kept by the machine, not by the map.

use super::ops::{MapOps, MapResult, Next, Site, ValueMemory, errno};

/// A map without entries.
#[derive(Debug)]
pub struct Events;

impl MapOps for Events {
    fn lookup(&self, _: &[u8], _: &Site<'_>) -> Option<u64> {
        None
    }

    unsafe fn update(&self, _: &[u8], _: *const u8, _: u64, _: &Site<'_>) -> MapResult {
        Err(errno::EINVAL)
    }

    fn delete(&self, _: &[u8]) -> MapResult {
        Err(errno::EINVAL)
    }

    fn next(&self, _: u64, _: &Site<'_>) -> Next {
        Next::End
    }

    fn len(&self) -> u64 {
        0
    }

    fn memory(&self) -> Option<ValueMemory> {
        None
    }
}
