//! Arrays, plain and per CPU: values side by side, all there from the beginning.
//!
//! Answers for `kernel/bpf/arraymap.c` as far as its values are bytes. An array that is small, or whose one value
//! programs address directly, is paid for when it is made. Others are paid for as values are looked up: an array of
//! gigabytes costs what of it is used.

use std::io;

use crate::value::{self, Layout};

use super::ops::{ArrayLayout, Key, MapOps, MapResult, Next, Pages, Site, ValueMemory, bytes, errno, flag, index};

/// Bytes of an array that is paid for at once.
const SMALL: usize = 4 << 20;

/// An array.
#[derive(Debug)]
pub struct Array {
    values: Pages,
    layout: Layout,
    max_entries: u32,
    stride: u32,
    cpus: u32,
    paid: bool,
}

impl Array {
    /// An array whose values have this layout.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn new(max_entries: u32, layout: Layout, cpus: u32, site: &Site<'_>) -> io::Result<Array> {
        let stride = layout.size().checked_next_multiple_of(8).ok_or_else(|| io::Error::other("too large"))?;
        let len = bytes(&[max_entries.into(), stride.into(), cpus.into()])?;
        let values = Pages::new(len, true)?;
        let paid = (len <= SMALL || max_entries == 1) && values.touch(0, len, site);
        if max_entries == 1 && !paid {
            return Err(io::Error::other(format!("its value of {} bytes is more than runs may take", layout.size())));
        }
        Ok(Array { values, layout, max_entries, stride, cpus, paid })
    }

    /// Offset of a value. Values of one CPU stand together; those of a plain array belong to all CPUs.
    fn offset(&self, index: u32, cpu: u32) -> Option<usize> {
        let cpu = if self.cpus == 1 { 0 } else { cpu };
        if index >= self.max_entries || cpu >= self.cpus {
            return None;
        }
        let n = u64::from(cpu) * u64::from(self.max_entries) + u64::from(index);
        Some((n * u64::from(self.stride)) as usize)
    }

    fn find(&self, index: u32, site: &Site<'_>) -> Result<*mut u8, i32> {
        let off = self.offset(index, site.cpu).ok_or(errno::E2BIG)?;
        if !self.paid && !self.values.touch(off, self.stride as usize, site) {
            return Err(errno::ENOMEM);
        }
        Ok(self.values.at(off))
    }
}

impl MapOps for Array {
    fn lookup(&self, key: &[u8], site: &Site<'_>) -> Option<u64> {
        self.find(index(key), site).ok().map(|p| p as u64)
    }

    unsafe fn update(&self, key: &[u8], value: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        if flags & !flag::LOCK > flag::EXIST {
            return Err(errno::EINVAL);
        }
        let index = index(key);
        if index >= self.max_entries {
            return Err(errno::E2BIG);
        }
        if flags & flag::NOEXIST != 0 {
            return Err(errno::EEXIST);
        }
        if flags & flag::LOCK != 0 && !self.layout.has_lock() {
            return Err(errno::EINVAL);
        }
        let to = self.find(index, site)?;
        // SAFETY: a value of ours; `value` has as many bytes.
        unsafe {
            if flags & flag::LOCK == 0 {
                self.layout.assign(to, value);
            } else if !self.layout.assign_locked(to, value) {
                return Err(errno::EBUSY);
            }
            self.layout.clear_replaced(to);
        }
        Ok(())
    }

    unsafe fn update_all(&self, key: &[u8], values: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        for cpu in 0..self.cpus {
            // SAFETY: there is a value for every CPU, `stride` bytes apart.
            unsafe { self.update(key, values.add(cpu as usize * self.stride as usize), flags, &site.on(cpu))? };
        }
        Ok(())
    }

    fn next(&self, position: u64, site: &Site<'_>) -> Next {
        let index = u32::try_from(position).unwrap_or(u32::MAX);
        match self.find(index, site) {
            Ok(value) => Next::Entry { key: Key::Index(index), value: value as u64, next: position + 1 },
            Err(_) => Next::End,
        }
    }

    fn skip(&self, position: u64, cpu: u32) -> Option<u64> {
        let off = self.offset(u32::try_from(position).ok()?, cpu)?;
        let before = self.offset(0, cpu)?;
        let paid = self.values.paid_from(off)?.saturating_sub(before) / self.stride.max(1) as usize;
        // A value that begins before a chunk may reach into it.
        Some((paid as u64).max(position))
    }

    fn entry_at(&self, address: u64) -> Option<(Key, u64)> {
        let off = address.checked_sub(self.values.address())?;
        let (stride, index) = (u64::from(self.stride), u32::try_from(off / u64::from(self.stride.max(1))).ok()?);
        let inside = self.cpus == 1 && index < self.max_entries;
        inside.then(|| (Key::Index(index), self.values.address() + u64::from(index) * stride))
    }

    fn len(&self) -> u64 {
        self.max_entries.into()
    }

    fn memory(&self) -> Option<ValueMemory> {
        Some(ValueMemory {
            start: self.values.address(),
            stride: self.stride.into(),
            size: self.layout.size().into(),
            count: u64::from(self.max_entries) * u64::from(self.cpus),
        })
    }

    fn array(&self) -> Option<ArrayLayout> {
        let base = self.values.address();
        let layout = ArrayLayout { base, stride: self.stride, max_entries: self.max_entries, cpus: self.cpus };
        self.paid.then_some(layout)
    }

    fn looks_up_plainly(&self) -> bool {
        self.paid
    }
}

/// Writes the contents that a loader gives an array of one entry, on every CPU; what is missing is zero.
pub fn fill(array: &Array, contents: &[u8]) {
    let len = contents.len().min(array.layout.size() as usize);
    for cpu in 0..array.cpus {
        if let Some(off) = array.offset(0, cpu) {
            // SAFETY: within the first value of a CPU.
            unsafe { value::copy(contents.as_ptr(), array.values.at(off), len) };
        }
    }
}
