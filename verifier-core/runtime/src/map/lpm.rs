//! Longest-prefix match.
//!
//! Answers for `kernel/bpf/lpm_trie.c`. A key is a prefix length in bits and that many bits, the most significant of
//! the first byte first. One table for each length that occurs; values lie in one reservation.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::value::Layout;

use super::ops::{Key, MapOps, MapResult, Next, Pages, Site, ValueMemory, bytes, errno, flag};

/// Bytes that an entry takes beside key and value.
const ENTRY: u64 = 128;

#[derive(Debug, Default)]
struct Tables {
    by_len: BTreeMap<u32, HashMap<Box<[u8]>, u32>>,
    /// The key of each place, with the bits behind its length as they were given; `None`: it is free.
    keys: Vec<Option<Box<[u8]>>>,
    free: Vec<u32>,
    count: u32,
}

/// A trie.
#[derive(Debug)]
pub struct Lpm {
    values: Pages,
    tables: RwLock<Tables>,
    /// Tables that there are, so that what a lookup costs is known without the lock that it takes itself.
    lengths: AtomicU64,
    layout: Layout,
    max_entries: u32,
    max_len: u32,
    stride: u32,
}

/// Splits a key into length and bits, those behind the length cleared; `None`: longer than bits can be.
fn split(key: &[u8], max: u32) -> Option<(u32, Vec<u8>)> {
    let (len, bits) = key.split_first_chunk::<4>()?;
    let len = u32::from_ne_bytes(*len);
    let mut bits = bits.to_vec();
    clear(&mut bits, len.min(max));
    (len <= max).then_some((len, bits))
}

/// Clears what stands behind so many bits.
fn clear(bits: &mut [u8], len: u32) {
    let whole = (len / 8) as usize;
    if let Some(b) = bits.get_mut(whole) {
        *b &= !(0xffu16 >> (len % 8)) as u8;
    }
    bits.iter_mut().skip(whole + 1).for_each(|b| *b = 0);
}

impl Lpm {
    /// A trie of so many entries.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn new(max_entries: u32, key_size: u32, layout: Layout) -> io::Result<Lpm> {
        let stride = layout.size().checked_next_multiple_of(8).ok_or_else(|| io::Error::other("too large"))?;
        // A replaced value lives on beside the new one until its place is used again.
        let len = bytes(&[u64::from(max_entries) + 1, stride.into()])?;
        Ok(Lpm {
            values: Pages::new(len, false)?,
            tables: RwLock::default(),
            lengths: AtomicU64::new(0),
            layout,
            max_entries,
            max_len: key_size.saturating_sub(4).saturating_mul(8),
            stride,
        })
    }

    fn offset(&self, n: u32) -> usize {
        n as usize * self.stride as usize
    }

    /// A place for a value.
    fn take(&self, tables: &mut Tables, key: usize, site: &Site<'_>) -> Option<u32> {
        if let Some(n) = tables.free.pop() {
            return Some(n);
        }
        let n = u32::try_from(tables.keys.len()).ok()?;
        let paid = self.values.touch(self.offset(n), self.stride as usize, site) && site.grow(ENTRY + 2 * key as u64);
        paid.then(|| {
            tables.keys.push(None);
            n
        })
    }
}

impl MapOps for Lpm {
    fn lookup(&self, key: &[u8], _: &Site<'_>) -> Option<u64> {
        let (len, bits) = key.split_first_chunk::<4>()?;
        let len = u32::from_ne_bytes(*len);
        if len > self.max_len {
            return None;
        }
        // Addresses are short: their bits are cleared on the stack, more and more of them.
        let (mut short, mut long) = ([0; 16], Vec::new());
        let left = match short.get_mut(..bits.len()) {
            Some(short) => {
                short.copy_from_slice(bits);
                short
            }
            None => {
                long.extend_from_slice(bits);
                long.as_mut_slice()
            }
        };
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let lengths = tables.by_len.range(..=len).rev();
        let found = lengths.into_iter().find_map(|(l, t)| {
            clear(left, *l);
            t.get(&*left)
        });
        found.map(|n| self.values.at(self.offset(*n)) as u64)
    }

    unsafe fn update(&self, key: &[u8], value: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        if flags > flag::EXIST {
            return Err(errno::EINVAL);
        }
        let (len, bits) = split(key, self.max_len).ok_or(errno::EINVAL)?;
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let old = tables.by_len.get(&len).and_then(|t| t.get(bits.as_slice())).copied();
        match old {
            Some(_) if flags == flag::NOEXIST => return Err(errno::EEXIST),
            None if flags == flag::EXIST => return Err(errno::ENOENT),
            None if tables.count == self.max_entries => return Err(errno::ENOSPC),
            _ => {}
        }
        let n = self.take(&mut tables, key.len(), site).ok_or(errno::ENOMEM)?;
        // SAFETY: a value that is not found by anyone; `value` has as many bytes.
        unsafe { self.layout.make(self.values.at(self.offset(n)), value) };
        if let Some(own) = tables.keys.get_mut(n as usize) {
            *own = Some(key.into());
        }
        tables.by_len.entry(len).or_default().insert(bits.into(), n);
        self.lengths.store(tables.by_len.len() as u64, Ordering::Relaxed);
        match old {
            Some(old) => release(&mut tables, old),
            None => tables.count += 1,
        }
        Ok(())
    }

    fn delete(&self, key: &[u8]) -> MapResult {
        let (len, bits) = split(key, self.max_len).ok_or(errno::EINVAL)?;
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let n = tables.by_len.get_mut(&len).and_then(|t| t.remove(bits.as_slice())).ok_or(errno::ENOENT)?;
        if tables.by_len.get(&len).is_some_and(HashMap::is_empty) {
            tables.by_len.remove(&len);
            self.lengths.store(tables.by_len.len() as u64, Ordering::Relaxed);
        }
        release(&mut tables, n);
        tables.count -= 1;
        Ok(())
    }

    fn next(&self, position: u64, _: &Site<'_>) -> Next {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(position).ok().and_then(|n| tables.keys.get(n));
        match place {
            None => Next::End,
            Some(None) => Next::Skip(position + 1),
            Some(Some(key)) => {
                let value = self.values.at(self.offset(position as u32)) as u64;
                Next::Entry { key: Key::Own(key.to_vec()), value, next: position + 1 }
            }
        }
    }

    fn looks_up_plainly(&self) -> bool {
        false
    }

    /// A table for each length that occurs is asked.
    fn lookup_cost(&self) -> u64 {
        self.lengths.load(Ordering::Relaxed) * (4 + u64::from(self.max_len) / 32)
    }

    fn len(&self) -> u64 {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).count.into()
    }

    fn memory(&self) -> Option<ValueMemory> {
        Some(ValueMemory {
            start: self.values.address(),
            stride: self.stride.into(),
            size: self.layout.size().into(),
            count: u64::from(self.max_entries) + 1,
        })
    }
}

/// Gives a place back.
fn release(tables: &mut Tables, n: u32) {
    if let Some(key) = tables.keys.get_mut(n as usize) {
        *key = None;
    }
    tables.free.push(n);
}
