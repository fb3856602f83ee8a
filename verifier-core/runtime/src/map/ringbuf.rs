//! Ring buffers.
//!
//! Answers for `kernel/bpf/ringbuf.c`. A record is a head of 8 bytes, whose length word has a bit for "not yet
//! committed" and one for "discarded", and the sample. The memory is twice the ring's size, so that a record that
//! begins near the end goes on behind it; whoever reads goes by the record's address and needs no second mapping.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::value;

use super::ops::{MapOps, MapResult, Pages, Site, bytes, errno};

const HEAD: u64 = 8;
const BUSY: u32 = 1 << 31;
const DISCARD: u32 = 1 << 30;
/// Kernel: `RINGBUF_MAX_RECORD_SZ`.
const MAX_RECORD: u64 = (u32::MAX / 4) as u64;
/// Flags of commits and outputs: do not wake, always wake.
const WAKEUP_FLAGS: u64 = 3;

#[derive(Debug, Default)]
struct Positions {
    consumer: u64,
    producer: u64,
}

/// A ring.
#[derive(Debug)]
pub struct Ring {
    memory: Pages,
    size: u64,
    positions: Mutex<Positions>,
}

/// A sample that was taken out of a ring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its first bytes.
    pub bytes: Vec<u8>,
    /// All its bytes.
    pub len: u64,
}

/// The length word of the record whose sample is at an address.
///
/// # Safety
/// `sample` is a sample that [`Ring::reserve`] gave out.
unsafe fn head<'a>(sample: u64) -> &'a AtomicU32 {
    // SAFETY: a head lies before every sample, 8-aligned.
    unsafe { AtomicU32::from_ptr((sample - HEAD) as *mut u32) }
}

/// Ends a record. One that was ended before stays as it is.
///
/// # Safety
/// `sample` is a sample that [`Ring::reserve`] gave out.
pub(crate) unsafe fn commit(sample: u64, discard: bool) {
    // SAFETY: as required.
    let head = unsafe { head(sample) };
    let word = head.load(Ordering::Relaxed);
    if word & BUSY != 0 {
        let len = word & !BUSY;
        head.store(if discard { len | DISCARD } else { len }, Ordering::Release);
    }
}

impl Ring {
    /// A ring of so many bytes.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn new(size: u32) -> io::Result<Ring> {
        let size = u64::from(size);
        Ok(Ring { memory: Pages::new(bytes(&[2, size])?, false)?, size, positions: Mutex::default() })
    }

    fn positions(&self) -> MutexGuard<'_, Positions> {
        self.positions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Address of a sample of so many bytes; `None` when there is no room.
    pub fn reserve(&self, size: u64, site: &Site<'_>) -> Option<u64> {
        if size > MAX_RECORD {
            return None;
        }
        let len = (size + HEAD).next_multiple_of(8);
        let mut at = self.positions();
        if at.producer + len - at.consumer >= self.size {
            return None;
        }
        let off = at.producer % self.size;
        if !self.memory.touch(off as usize, len as usize, site) {
            return None;
        }
        let sample = self.memory.address() + off + HEAD;
        // SAFETY: the sample that is being made; its head lies in the ring's memory.
        unsafe { head(sample) }.store(size as u32 | BUSY, Ordering::Relaxed);
        at.producer += len;
        Some(sample)
    }

    /// Copies a sample in.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `data` has `len` bytes.
    pub unsafe fn output(&self, data: *const u8, len: u64, flags: u64, site: &Site<'_>) -> MapResult {
        if flags & !WAKEUP_FLAGS != 0 {
            return Err(errno::EINVAL);
        }
        let sample = self.reserve(len, site).ok_or(errno::EAGAIN)?;
        // SAFETY: a sample of so many bytes that nobody else has.
        unsafe {
            value::copy(data, sample as *mut u8, len as usize);
            commit(sample, false);
        }
        Ok(())
    }

    /// Bytes waiting, size of the ring, position of the reader, position of the writer. Kernel: `bpf_ringbuf_query()`.
    pub fn query(&self, what: u64) -> u64 {
        let at = self.positions();
        match what {
            0 => at.producer - at.consumer,
            1 => self.size,
            2 => at.consumer,
            3 => at.producer,
            _ => 0,
        }
    }

    /// Takes the next sample that is committed, with `most` of its bytes, unless one before it is not committed yet.
    pub fn take(&self, most: usize) -> Option<Taken> {
        let mut at = self.positions();
        while at.consumer < at.producer {
            let off = at.consumer % self.size + HEAD;
            // SAFETY: a record of ours.
            let word = unsafe { head(self.memory.address() + off) }.load(Ordering::Acquire);
            if word & BUSY != 0 {
                return None;
            }
            let len = u64::from(word & !DISCARD);
            at.consumer += (len + HEAD).next_multiple_of(8);
            if word & DISCARD == 0 {
                let mut bytes = vec![0; most.min(len as usize)];
                // SAFETY: within the sample.
                unsafe { value::copy(self.memory.at(off as usize), bytes.as_mut_ptr(), bytes.len()) };
                return Some(Taken { bytes, len });
            }
        }
        None
    }
}

impl MapOps for Ring {
    fn extent(&self) -> Option<(u64, u64)> {
        Some((self.memory.address(), 2 * self.size))
    }
}
