//! Bloom filters.
//!
//! Answers for `kernel/bpf/bloom_filter.c`. The kernel seeds its hashes at random, so that which values are held by
//! mistake differs from machine to machine; here it is the same each time.

use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::value;

use super::ops::{MapOps, MapResult, Pages, Site, errno, flag};

/// A Bloom filter.
#[derive(Debug)]
pub struct Bloom {
    bits: Pages,
    mask: u64,
    hashes: u32,
    value_size: u32,
}

impl Bloom {
    /// For about so many values. `extra`: number of hash functions in its low four bits, 0 for the default.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new(max_entries: u32, value_size: u32, extra: u64) -> io::Result<Bloom> {
        let hashes = match (extra & 0xf) as u32 {
            0 => 5,
            n => n,
        };
        // About 1/ln 2 bits for each hash and entry, as the kernel sizes it.
        let bits = (u64::from(max_entries) * u64::from(hashes) * 7 / 5).clamp(64, 1 << 32).next_power_of_two();
        Ok(Bloom { bits: Pages::new((bits / 8) as usize, false)?, mask: bits - 1, hashes, value_size })
    }

    /// The words that a value has bits in.
    fn places(&self, value: &[u8]) -> impl Iterator<Item = (usize, u64)> {
        (0..self.hashes).map(move |i| {
            let mut h = DefaultHasher::new();
            h.write_u32(i);
            h.write(value);
            let bit = h.finish() & self.mask;
            ((bit / 64 * 8) as usize, 1 << (bit % 64))
        })
    }

    fn word(&self, off: usize) -> &AtomicU64 {
        // SAFETY: within the reservation, aligned, only accessed as an atomic.
        unsafe { AtomicU64::from_ptr(self.bits.at(off).cast()) }
    }

    /// A copy of a value that a program or a user gave.
    unsafe fn bytes(&self, value: *const u8) -> Vec<u8> {
        let mut out = vec![0; self.value_size as usize];
        // SAFETY: `value_size` bytes, as required.
        unsafe { value::copy(value, out.as_mut_ptr(), out.len()) };
        out
    }
}

impl MapOps for Bloom {
    fn delete(&self, _: &[u8]) -> MapResult {
        Err(errno::EOPNOTSUPP)
    }

    unsafe fn push(&self, value: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        if flags != flag::ANY {
            return Err(errno::EINVAL);
        }
        // SAFETY: as required.
        let value = unsafe { self.bytes(value) };
        for (off, bit) in self.places(&value) {
            if !self.bits.touch(off, 8, site) {
                return Err(errno::ENOMEM);
            }
            self.word(off).fetch_or(bit, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether a value may be held.
    unsafe fn peek(&self, value: *mut u8) -> MapResult {
        // SAFETY: as required.
        let value = unsafe { self.bytes(value) };
        let all = self.places(&value).all(|(off, bit)| self.word(off).load(Ordering::Relaxed) & bit != 0);
        if all { Ok(()) } else { Err(errno::ENOENT) }
    }
}
