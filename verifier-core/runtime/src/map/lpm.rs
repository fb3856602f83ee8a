//! Longest-prefix match.
//!
//! Answers for `kernel/bpf/lpm_trie.c`. A key is a prefix length in bits and that many bits, the most significant of
//! the first byte first. One table for each length that occurs; values lie in one reservation.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{PoisonError, RwLock};

use crate::memory::Reservation;

use super::{MapResult, errno, flag};

#[derive(Debug, Default)]
struct Tables {
    by_len: BTreeMap<u32, HashMap<Box<[u8]>, u32>>,
    free: Vec<u32>,
    fresh: u32,
    count: u32,
}

/// A trie.
#[derive(Debug)]
pub(super) struct Lpm {
    values: Reservation,
    tables: RwLock<Tables>,
    max_entries: u32,
    max_len: u32,
    value_size: u32,
    stride: u32,
}

/// Splits a key into length and bits, those behind the length cleared.
fn split(key: &[u8], upto: u32) -> Option<(u32, Vec<u8>)> {
    let (len, bits) = key.split_first_chunk::<4>()?;
    let len = u32::from_ne_bytes(*len);
    Some((len, mask(bits, len.min(upto))))
}

fn mask(bits: &[u8], len: u32) -> Vec<u8> {
    let mut out = bits.to_vec();
    clear(&mut out, len);
    out
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
    pub fn new(max_entries: u32, key_size: u32, value_size: u32) -> io::Result<Lpm> {
        let stride = value_size.next_multiple_of(8);
        // A replaced value lives on beside the new one until its place is used again.
        let bytes = super::bytes(&[u64::from(max_entries) + 1, stride.into()])?;
        Ok(Lpm {
            values: Reservation::new(bytes)?,
            tables: RwLock::default(),
            max_entries,
            max_len: key_size.saturating_sub(4) * 8,
            value_size,
            stride,
        })
    }

    pub fn memory(&self) -> super::ValueMemory {
        super::ValueMemory {
            start: self.values.address(),
            stride: self.stride.into(),
            size: self.value_size.into(),
            count: u64::from(self.max_entries) + 1,
        }
    }

    fn at(&self, n: u32) -> u64 {
        self.values.address() + u64::from(n) * u64::from(self.stride)
    }

    pub fn lookup(&self, key: &[u8]) -> Option<u64> {
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
        found.map(|n| self.at(*n))
    }

    pub fn update(&self, key: &[u8], value: *const u8, flags: u64) -> MapResult {
        let (len, bits) = split(key, self.max_len).ok_or(errno::EINVAL)?;
        if flags > flag::EXIST || len > self.max_len {
            return Err(errno::EINVAL);
        }
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let old = tables.by_len.get(&len).and_then(|t| t.get(bits.as_slice())).copied();
        match old {
            Some(_) if flags == flag::NOEXIST => return Err(errno::EEXIST),
            None if flags == flag::EXIST => return Err(errno::ENOENT),
            None if tables.count == self.max_entries => return Err(errno::ENOSPC),
            _ => {}
        }
        let n = tables.free.pop().unwrap_or_else(|| {
            tables.fresh += 1;
            tables.fresh - 1
        });
        // SAFETY: a value that is not found by anyone; `value` has as many bytes.
        unsafe { std::ptr::copy(value, self.at(n) as *mut u8, self.value_size as usize) };
        tables.by_len.entry(len).or_default().insert(bits.into(), n);
        match old {
            Some(old) => tables.free.push(old),
            None => tables.count += 1,
        }
        Ok(())
    }

    pub fn delete(&self, key: &[u8]) -> MapResult {
        let (len, bits) = split(key, self.max_len).ok_or(errno::EINVAL)?;
        if len > self.max_len {
            return Err(errno::EINVAL);
        }
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        let n = tables.by_len.get_mut(&len).and_then(|t| t.remove(bits.as_slice())).ok_or(errno::ENOENT)?;
        if tables.by_len.get(&len).is_some_and(HashMap::is_empty) {
            tables.by_len.remove(&len);
        }
        tables.free.push(n);
        tables.count -= 1;
        Ok(())
    }

    pub fn entries(&self) -> Vec<(Vec<u8>, u64)> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let key = |len: u32, bits: &[u8]| [&len.to_ne_bytes()[..], bits].concat();
        let all = tables.by_len.iter().flat_map(|(len, t)| t.iter().map(move |(bits, n)| (key(*len, bits), *n)));
        let mut out: Vec<_> = all.map(|(k, n)| (k, self.at(n))).collect();
        out.sort();
        out
    }
}
