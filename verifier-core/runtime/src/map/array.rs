//! Arrays, plain and per CPU: values side by side, all there from the beginning.
//!
//! Answers for `kernel/bpf/arraymap.c` as far as its values are bytes.

use std::io;

use crate::memory::Reservation;

use super::{ArrayLayout, MapResult, errno, flag};

/// An array.
#[derive(Debug)]
pub(super) struct Array {
    values: Reservation,
    max_entries: u32,
    value_size: u32,
    stride: u32,
    cpus: u32,
}

impl Array {
    pub fn new(max_entries: u32, value_size: u32, cpus: u32) -> io::Result<Array> {
        let stride = value_size.next_multiple_of(8);
        let bytes = super::bytes(&[max_entries.into(), stride.into(), cpus.into()])?;
        Ok(Array { values: Reservation::near(bytes)?, max_entries, value_size, stride, cpus })
    }

    pub fn layout(&self) -> ArrayLayout {
        let base = self.values.address();
        ArrayLayout { base, stride: self.stride, max_entries: self.max_entries, cpus: self.cpus }
    }

    pub fn memory(&self) -> super::ValueMemory {
        super::ValueMemory {
            start: self.values.address(),
            stride: self.stride.into(),
            size: self.value_size.into(),
            count: u64::from(self.max_entries) * u64::from(self.cpus),
        }
    }

    /// Address of a value on a CPU. Values of one CPU stand together; those of a plain array belong to all CPUs.
    #[inline]
    pub fn lookup(&self, index: u32, cpu: u32) -> Option<u64> {
        let cpu = if self.cpus == 1 { 0 } else { cpu };
        if index >= self.max_entries || cpu >= self.cpus {
            return None;
        }
        let n = u64::from(cpu) * u64::from(self.max_entries) + u64::from(index);
        Some(self.values.address() + n * u64::from(self.stride))
    }

    pub fn update(&self, index: u32, value: *const u8, flags: u64, cpu: u32) -> MapResult {
        if flags & !flag::LOCK > flag::EXIST {
            return Err(errno::EINVAL);
        }
        let at = self.lookup(index, cpu).ok_or(errno::E2BIG)?;
        if flags & flag::NOEXIST != 0 {
            return Err(errno::EEXIST);
        }
        // SAFETY: a value of ours; `value` has as many bytes. The two may be the same.
        unsafe { std::ptr::copy(value, at as *mut u8, self.value_size as usize) };
        Ok(())
    }
}
