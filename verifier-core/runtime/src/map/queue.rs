//! Queues and stacks: maps without keys.
//!
//! Answers for `kernel/bpf/queue_stack_maps.c`. Values lie in a ring of places, the oldest first; only places that were
//! used once cost memory.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::value::{self, Layout};

use super::ops::{Key, MapOps, MapResult, Next, Pages, Site, bytes, errno, flag};

#[derive(Debug, Default)]
struct Ends {
    /// Place of the oldest value.
    first: u64,
    len: u64,
}

/// A queue, or a stack.
#[derive(Debug)]
pub struct Queue {
    values: Pages,
    ends: Mutex<Ends>,
    layout: Layout,
    stride: u64,
    max_entries: u64,
    is_stack: bool,
}

impl Queue {
    /// A queue or stack of so many values.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn new(max_entries: u32, layout: Layout, is_stack: bool) -> io::Result<Queue> {
        let stride = u64::from(layout.size()).next_multiple_of(8);
        let values = Pages::new(bytes(&[max_entries.into(), stride])?, false)?;
        Ok(Queue { values, ends: Mutex::default(), layout, stride, max_entries: max_entries.into(), is_stack })
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offset of the `n`th value from the oldest.
    fn offset(&self, ends: &Ends, n: u64) -> usize {
        ((ends.first + n) % self.max_entries.max(1) * self.stride) as usize
    }

    unsafe fn next_value(&self, to: *mut u8, take: bool) -> MapResult {
        let mut ends = self.ends();
        if ends.len == 0 {
            // SAFETY: `value_size` bytes, as required.
            unsafe { value::zero(to, self.layout.size() as usize) };
            return Err(errno::ENOENT);
        }
        let from = self.values.at(self.offset(&ends, if self.is_stack { ends.len - 1 } else { 0 }));
        // SAFETY: a value of ours; `to` has as many bytes.
        unsafe { self.layout.assign(to, from) };
        if take {
            ends.len -= 1;
            if !self.is_stack {
                ends.first = (ends.first + 1) % self.max_entries;
            }
        }
        Ok(())
    }
}

impl MapOps for Queue {
    /// Adds a value; with `EXIST` in place of the oldest when it is full.
    unsafe fn push(&self, value: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        if flags & flag::NOEXIST != 0 || flags > flag::EXIST {
            return Err(errno::EINVAL);
        }
        let mut ends = self.ends();
        if ends.len >= self.max_entries {
            if flags & flag::EXIST == 0 || ends.len == 0 {
                return Err(errno::E2BIG);
            }
            ends.first = (ends.first + 1) % self.max_entries;
            ends.len -= 1;
        }
        let at = self.offset(&ends, ends.len);
        if !self.values.touch(at, self.stride as usize, site) {
            return Err(errno::ENOMEM);
        }
        // SAFETY: a place of ours; `value` has as many bytes.
        unsafe { self.layout.make(self.values.at(at), value) };
        ends.len += 1;
        Ok(())
    }

    unsafe fn pop(&self, to: *mut u8) -> MapResult {
        // SAFETY: as required.
        unsafe { self.next_value(to, true) }
    }

    unsafe fn peek(&self, to: *mut u8) -> MapResult {
        // SAFETY: as required.
        unsafe { self.next_value(to, false) }
    }

    /// Values in the order in which they would be taken.
    fn next(&self, position: u64, _: &Site<'_>) -> Next {
        let ends = self.ends();
        if position >= ends.len {
            return Next::End;
        }
        let n = if self.is_stack { ends.len - 1 - position } else { position };
        let value = self.values.at(self.offset(&ends, n)) as u64;
        Next::Entry { key: Key::Own(Vec::new()), value, next: position + 1 }
    }

    fn len(&self) -> u64 {
        self.ends().len
    }
}
