//! Storage that belongs to sockets, tasks, inodes and cgroups.
//!
//! Answers for `kernel/bpf/bpf_local_storage.c`. Keyed by the owner's address, which only helpers know.

use std::io;

use crate::value::Layout;

use super::hash::{Hash, Kind};
use super::ops::{MapOps, MapResult, Next, Site, ValueMemory, flag};

/// Owners that storage holds values for, at most; the kernel has no limit.
const MAX_OWNERS: u32 = 1 << 16;

/// Values by owner.
#[derive(Debug)]
pub struct Storage {
    values: Hash,
    zeroes: Box<[u8]>,
}

impl Storage {
    /// Storage of values with this layout.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn new(layout: Layout) -> io::Result<Storage> {
        let zeroes = vec![0; super::ops::bytes(&[layout.size().into()])?].into();
        Ok(Storage { values: Hash::new(MAX_OWNERS, 8, layout, 1, Kind::Plain)?, zeroes })
    }
}

impl MapOps for Storage {
    fn delete(&self, owner: &[u8]) -> MapResult {
        self.values.delete(owner)
    }

    fn next(&self, position: u64, site: &Site<'_>) -> Next {
        self.values.next(position, site)
    }

    fn len(&self) -> u64 {
        self.values.len()
    }

    fn memory(&self) -> Option<ValueMemory> {
        self.values.memory()
    }

    unsafe fn owned(&self, owner: u64, init: *const u8, create: bool, site: &Site<'_>) -> Option<(u64, bool)> {
        let key = owner.to_ne_bytes();
        if let Some(v) = self.values.lookup(&key, site) {
            return Some((v, false));
        }
        let from = if init.is_null() { self.zeroes.as_ptr() } else { init };
        // SAFETY: `value_size` bytes, as required or ours.
        if !create || unsafe { self.values.update(&key, from, flag::NOEXIST, site) }.is_err() {
            return None;
        }
        self.values.lookup(&key, site).map(|v| (v, true))
    }

    fn has_owners(&self) -> bool {
        true
    }
}
