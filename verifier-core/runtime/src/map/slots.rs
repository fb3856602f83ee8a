//! Maps of devices, CPUs, sockets and cgroups: what programs redirect to.
//!
//! Answers for `kernel/bpf/devmap.c`, `cpumap.c`, `net/xdp/xskmap.c`, `net/core/sock_map.c` and
//! `reuseport_array.c` as far as programs can tell: an entry is there or not, and its value is what the user put.

use std::io;

use crate::value::Layout;

use super::hash::{Hash, Kind};
use super::ops::{MapOps, MapResult, Next, Site, ValueMemory, errno, flag, index};

/// How entries are found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keys {
    /// By index; an empty slot cannot be emptied again.
    Slots,
    /// By index; an empty slot may be emptied again.
    Emptied,
    /// By any key.
    Hashed,
}

/// A map whose entries stand for objects of the kernel.
#[derive(Debug)]
pub struct Slots {
    entries: Hash,
    keys: Keys,
    max_entries: u32,
}

impl Slots {
    /// A map of so many entries.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn new(max_entries: u32, key_size: u32, layout: Layout, keys: Keys) -> io::Result<Slots> {
        Ok(Slots { entries: Hash::new(max_entries, key_size, layout, 1, Kind::Plain)?, keys, max_entries })
    }
}

impl MapOps for Slots {
    fn lookup(&self, key: &[u8], site: &Site<'_>) -> Option<u64> {
        self.entries.lookup(key, site)
    }

    unsafe fn update(&self, key: &[u8], value: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        if flags > flag::EXIST {
            return Err(errno::EINVAL);
        }
        if self.keys == Keys::Hashed {
            // SAFETY: as required.
            return unsafe { self.entries.update(key, value, flags, site) };
        }
        if index(key) >= self.max_entries {
            return Err(errno::E2BIG);
        }
        if flags == flag::NOEXIST {
            return Err(errno::EEXIST);
        }
        // SAFETY: as required.
        unsafe { self.entries.update(key, value, flag::ANY, site) }
    }

    fn delete(&self, key: &[u8]) -> MapResult {
        if self.keys != Keys::Hashed && index(key) >= self.max_entries {
            return Err(errno::EINVAL);
        }
        match self.entries.delete(key) {
            Err(errno::ENOENT) if self.keys == Keys::Emptied => Ok(()),
            result => result,
        }
    }

    fn next(&self, position: u64, site: &Site<'_>) -> Next {
        self.entries.next(position, site)
    }

    fn len(&self) -> u64 {
        self.entries.len()
    }

    fn memory(&self) -> Option<ValueMemory> {
        self.entries.memory()
    }
}
