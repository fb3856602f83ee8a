//! Queues, stacks and Bloom filters: maps without keys.
//!
//! Answers for `kernel/bpf/queue_stack_maps.c` and `bloom_filter.c`.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{MapResult, errno, flag};

/// A queue, or a stack.
#[derive(Debug)]
pub(super) struct Queue {
    values: Mutex<VecDeque<Box<[u8]>>>,
    max_entries: u32,
    is_stack: bool,
}

impl Queue {
    pub fn new(max_entries: u32, is_stack: bool) -> Queue {
        Queue { values: Mutex::default(), max_entries, is_stack }
    }

    /// Adds a value; with `EXIST` in place of the oldest when it is full.
    pub fn push(&self, value: &[u8], flags: u64) -> MapResult {
        if flags & flag::NOEXIST != 0 || flags > flag::EXIST {
            return Err(errno::EINVAL);
        }
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if values.len() >= self.max_entries as usize {
            if flags & flag::EXIST == 0 {
                return Err(errno::E2BIG);
            }
            values.pop_front();
        }
        values.push_back(value.into());
        Ok(())
    }

    /// The value whose turn it is.
    pub fn next(&self, take: bool) -> Result<Box<[u8]>, i32> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match (self.is_stack, take) {
            (true, true) => values.pop_back(),
            (true, false) => values.back().cloned(),
            (false, true) => values.pop_front(),
            (false, false) => values.front().cloned(),
        };
        next.ok_or(errno::ENOENT)
    }

    pub fn values(&self) -> Vec<Vec<u8>> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.iter().map(|v| v.to_vec()).collect()
    }
}

/// A Bloom filter.
#[derive(Debug)]
pub(super) struct Bloom {
    bits: Box<[AtomicU64]>,
    hashes: u32,
}

impl Bloom {
    /// `extra`: number of hash functions in its low four bits, 0 for the default.
    pub fn new(max_entries: u32, extra: u64) -> Bloom {
        let hashes = match (extra & 0xf) as u32 {
            0 => 5,
            n => n,
        };
        // About 1/ln 2 bits for each hash and entry, as the kernel sizes it.
        let bits = (u64::from(max_entries) * u64::from(hashes) * 7 / 5).clamp(64, 1 << 32).next_power_of_two();
        Bloom { bits: (0..bits / 64).map(|_| AtomicU64::new(0)).collect(), hashes }
    }

    fn places(&self, value: &[u8]) -> impl Iterator<Item = (&AtomicU64, u64)> {
        (0..self.hashes).map(move |i| {
            let mut h = DefaultHasher::new();
            h.write_u32(i);
            h.write(value);
            let bit = h.finish() % (self.bits.len() as u64 * 64);
            (&self.bits[(bit / 64) as usize], 1 << (bit % 64))
        })
    }

    pub fn push(&self, value: &[u8], flags: u64) -> MapResult {
        if flags != flag::ANY {
            return Err(errno::EINVAL);
        }
        self.places(value).for_each(|(word, bit)| {
            word.fetch_or(bit, Ordering::Relaxed);
        });
        Ok(())
    }

    pub fn has(&self, value: &[u8]) -> MapResult {
        let all = self.places(value).all(|(word, bit)| word.load(Ordering::Relaxed) & bit != 0);
        if all { Ok(()) } else { Err(errno::ENOENT) }
    }
}
