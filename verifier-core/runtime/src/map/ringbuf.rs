//! Ring buffers.
//!
//! Answers for `kernel/bpf/ringbuf.c`. A record is a head of 8 bytes, whose length word has a bit for "not yet
//! committed" and one for "discarded", and the sample. The memory is twice the ring's size, so that a record that
//! begins near the end goes on behind it; whoever reads goes by the record's address and needs no second mapping.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::memory::Reservation;

use super::{MapResult, errno};

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
pub(super) struct Ring {
    memory: Reservation,
    size: u64,
    positions: Mutex<Positions>,
}

/// The length word of the record whose sample is at an address.
///
/// # Safety
/// `sample` is a sample that [`Ring::reserve`] gave out.
unsafe fn head<'a>(sample: u64) -> &'a AtomicU32 {
    // SAFETY: a head lies before every sample, 8-aligned.
    unsafe { AtomicU32::from_ptr((sample - HEAD) as *mut u32) }
}

/// Ends a record.
///
/// # Safety
/// `sample` is a sample that [`Ring::reserve`] gave out.
pub(crate) unsafe fn commit(sample: u64, discard: bool) {
    // SAFETY: as required.
    let head = unsafe { head(sample) };
    let len = head.load(Ordering::Relaxed) & !BUSY;
    head.store(if discard { len | DISCARD } else { len }, Ordering::Release);
}

impl Ring {
    pub fn new(size: u32) -> io::Result<Ring> {
        let size = u64::from(size);
        Ok(Ring { memory: Reservation::new(super::bytes(&[2, size])?)?, size, positions: Mutex::default() })
    }

    /// Address of a sample of so many bytes; `None` when there is no room.
    pub fn reserve(&self, size: u64) -> Option<u64> {
        if size > MAX_RECORD {
            return None;
        }
        let len = (size + HEAD).next_multiple_of(8);
        let mut at = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        if at.producer + len - at.consumer >= self.size {
            return None;
        }
        let sample = self.memory.address() + at.producer % self.size + HEAD;
        // SAFETY: the sample that is being made; its head lies in the ring's memory.
        unsafe { head(sample) }.store(size as u32 | BUSY, Ordering::Relaxed);
        at.producer += len;
        Some(sample)
    }

    pub fn output(&self, data: &[u8], flags: u64) -> MapResult {
        if flags & !WAKEUP_FLAGS != 0 {
            return Err(errno::EINVAL);
        }
        let sample = self.reserve(data.len() as u64).ok_or(errno::EAGAIN)?;
        // SAFETY: a sample of so many bytes that nobody else has.
        unsafe {
            std::ptr::copy(data.as_ptr(), sample as *mut u8, data.len());
            commit(sample, false);
        }
        Ok(())
    }

    /// Bytes waiting, size of the ring, position of the reader, position of the writer. Kernel: `bpf_ringbuf_query()`.
    pub fn query(&self, what: u64) -> u64 {
        let at = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        match what {
            0 => at.producer - at.consumer,
            1 => self.size,
            2 => at.consumer,
            3 => at.producer,
            _ => 0,
        }
    }

    /// Takes the samples that are committed, up to the first that is not.
    pub fn drain(&self) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut at = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        while at.consumer < at.producer {
            let sample = self.memory.address() + at.consumer % self.size + HEAD;
            // SAFETY: a record of ours.
            let word = unsafe { head(sample) }.load(Ordering::Acquire);
            if word & BUSY != 0 {
                break;
            }
            let len = u64::from(word & !DISCARD);
            if word & DISCARD == 0 {
                out.push(self.memory.read((sample - self.memory.address()) as usize, len as usize));
            }
            at.consumer += (len + HEAD).next_multiple_of(8);
        }
        out
    }
}
