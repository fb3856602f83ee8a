//! Prog arrays: programs that tail calls go on in.
//!
//! Answers for the part of `kernel/bpf/arraymap.c` about programs, and for the check that all programs around one array
//! are of a kind: the first that uses it or stands in it decides, and others are refused, because they would be given a
//! context of another type.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::ops::{Key, MapOps, MapResult, Next, Owner, Program, Site, errno, flag, index};

/// An array of programs.
#[derive(Debug)]
pub struct ProgArray {
    slots: RwLock<BTreeMap<u32, Arc<dyn Program>>>,
    owner: OnceLock<Owner>,
    max_entries: u32,
}

impl ProgArray {
    /// An array of so many slots, all empty.
    pub fn new(max_entries: u32) -> ProgArray {
        ProgArray { slots: RwLock::default(), owner: OnceLock::new(), max_entries }
    }

    /// A program uses the array, or is to stand in it.
    ///
    /// # Errors
    /// `EINVAL` where it belongs to programs of another kind.
    pub fn claim(&self, owner: Owner) -> MapResult {
        if self.owner.get_or_init(|| owner.clone()).admits(&owner) { Ok(()) } else { Err(errno::EINVAL) }
    }

    /// Puts a program into a slot.
    ///
    /// # Errors
    /// `E2BIG` where there is no such slot, `EINVAL` where programs of its kind do not belong.
    pub fn set(&self, index: u32, program: Arc<dyn Program>, flags: u64) -> MapResult {
        if flags != flag::ANY {
            return Err(errno::EINVAL);
        }
        if index >= self.max_entries {
            return Err(errno::E2BIG);
        }
        self.claim(program.owner())?;
        self.slots.write().unwrap_or_else(PoisonError::into_inner).insert(index, program);
        Ok(())
    }

    /// The program in a slot.
    pub fn get(&self, index: u32) -> Option<Arc<dyn Program>> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).get(&index).cloned()
    }
}

impl MapOps for ProgArray {
    fn delete(&self, key: &[u8]) -> MapResult {
        if index(key) >= self.max_entries {
            return Err(errno::E2BIG);
        }
        let old = self.slots.write().unwrap_or_else(PoisonError::into_inner).remove(&index(key));
        old.map(|_| ()).ok_or(errno::ENOENT)
    }

    fn next(&self, position: u64, _: &Site<'_>) -> Next {
        let Ok(from) = u32::try_from(position) else { return Next::End };
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        match slots.range(from..).next() {
            Some((n, _)) => Next::Entry { key: Key::Index(*n), value: 0, next: u64::from(*n) + 1 },
            None => Next::End,
        }
    }

    fn len(&self) -> u64 {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).len() as u64
    }
}
