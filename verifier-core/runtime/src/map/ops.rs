//! What every kind of map answers: one trait, one file for each kind that implements it.
//!
//! A kind that does not know an operation keeps what is given here, which is what the kernel answers then. What always
//! holds: addresses that [`MapOps::lookup`] gives stay mapped as long as the map lives, and no operation makes the
//! machine hold more memory without asking [`Site::grow`] first.

use std::any::Any;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::memory::Reservation;

/// Error numbers that maps return.
#[allow(missing_docs)]
pub mod errno {
    pub const ENOENT: i32 = 2;
    pub const E2BIG: i32 = 7;
    pub const EAGAIN: i32 = 11;
    pub const ENOMEM: i32 = 12;
    pub const EBUSY: i32 = 16;
    pub const EEXIST: i32 = 17;
    pub const EINVAL: i32 = 22;
    pub const ENOSPC: i32 = 28;
    pub const EOPNOTSUPP: i32 = 95;
}

/// Flags of updates. UAPI: `BPF_ANY` and on.
#[allow(missing_docs)]
pub mod flag {
    pub const ANY: u64 = 0;
    pub const NOEXIST: u64 = 1;
    pub const EXIST: u64 = 2;
    pub const LOCK: u64 = 4;
}

/// What an operation comes to: an error number, positive.
pub type MapResult = Result<(), i32>;

/// Bytes that one map may reserve.
pub const MAX_BYTES: u64 = 1 << 34;

/// The product, if one map may be so large.
///
/// # Errors
/// In words, with the number.
pub fn bytes(factors: &[u64]) -> io::Result<usize> {
    let all = factors.iter().try_fold(1u128, |a, b| a.checked_mul(u128::from(*b)));
    match all {
        Some(n) if n <= u128::from(MAX_BYTES) => Ok(n as usize),
        Some(n) => {
            Err(io::Error::other(format!("it would take {n} bytes, more than the {MAX_BYTES} that one map may")))
        }
        None => Err(io::Error::other("too large")),
    }
}

/// Where an operation is done: on which CPU, and what may grow by it.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// CPU, below those that the map was made for.
    pub cpu: u32,
    grow: &'a dyn Fn(u64) -> bool,
}

impl<'a> Site<'a> {
    /// On a CPU; `grow` is asked before the machine holds more bytes.
    pub fn new(cpu: u32, grow: &'a dyn Fn(u64) -> bool) -> Site<'a> {
        Site { cpu, grow }
    }

    /// On a CPU, for the user: what the user puts in was there before.
    pub fn user(cpu: u32) -> Site<'static> {
        Site { cpu, grow: &|_| true }
    }

    /// The same on another CPU.
    pub fn on(self, cpu: u32) -> Site<'a> {
        Site { cpu, ..self }
    }

    /// Whether so many bytes more may be held.
    pub fn grow(&self, bytes: u64) -> bool {
        (self.grow)(bytes)
    }
}

/// Memory of values: `count` values of `size` bytes, `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub struct ValueMemory {
    /// Address of the first value.
    pub start: u64,
    /// Bytes from one value to the next.
    pub stride: u64,
    /// Bytes of a value that may be accessed.
    pub size: u64,
    /// Values.
    pub count: u64,
}

/// Where the values of an array lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayLayout {
    /// Address of the first value.
    pub base: u64,
    /// Bytes from one value to the next.
    pub stride: u32,
    /// Values; of each CPU, and those of one CPU stand together.
    pub max_entries: u32,
    /// CPUs that have values of their own; 1 for arrays that are not per CPU.
    pub cpus: u32,
}

/// A key that an iteration came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// An index; the key is not in memory.
    Index(u32),
    /// The key lies at this address.
    At(u64),
    /// The key, which lies nowhere that programs know.
    Own(Vec<u8>),
}

/// A step of an iteration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing more.
    End,
    /// Nothing here; go on from there.
    Skip(u64),
    /// An entry.
    Entry {
        /// Key.
        key: Key,
        /// Address of the value; 0 where values are no bytes.
        value: u64,
        /// Where to go on.
        next: u64,
    },
}

/// What a map of a kind does. What is written here is what a map without entries answers.
pub trait MapOps: Any + std::fmt::Debug + Send + Sync {
    /// Address of the value of a key. Keys have `key_size` bytes. `None` as well where it may not grow by what lies there.
    fn lookup(&self, _key: &[u8], _site: &Site<'_>) -> Option<u64> {
        None
    }

    /// Sets a value.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `value` has `value_size` bytes.
    unsafe fn update(&self, _key: &[u8], _value: *const u8, _flags: u64, _site: &Site<'_>) -> MapResult {
        Err(errno::EINVAL)
    }

    /// Removes a key.
    ///
    /// # Errors
    /// The error number.
    fn delete(&self, _key: &[u8]) -> MapResult {
        Err(errno::EINVAL)
    }

    /// The entry at a position or behind it; positions begin with 0. Every step does a bounded amount of work. The end
    /// as well where it may not grow by what lies there.
    fn next(&self, _position: u64, _site: &Site<'_>) -> Next {
        Next::End
    }

    /// The position from a position on that may hold something other than zeroes, for those who only look.
    fn skip(&self, position: u64, _cpu: u32) -> Option<u64> {
        Some(position)
    }

    /// The entry whose value an address lies in, and where that begins, for maps whose values may have timers.
    fn entry_at(&self, _address: u64) -> Option<(Key, u64)> {
        None
    }

    /// Entries that it has.
    fn len(&self) -> u64 {
        0
    }

    /// Memory of values that programs may get addresses of.
    fn memory(&self) -> Option<ValueMemory> {
        None
    }

    /// Memory that programs may have addresses in: start and bytes.
    fn extent(&self) -> Option<(u64, u64)> {
        self.memory().filter(|m| m.count > 0).map(|m| (m.start, m.stride * (m.count - 1) + m.size))
    }

    /// Sets the values of a key on all CPUs, one after the other, each padded to 8 bytes.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `values` has so many bytes for every CPU.
    unsafe fn update_all(&self, _key: &[u8], _values: *const u8, _flags: u64, _site: &Site<'_>) -> MapResult {
        Err(errno::EINVAL)
    }

    /// Adds a value to a map without keys.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `value` has `value_size` bytes.
    unsafe fn push(&self, _value: *const u8, _flags: u64, _site: &Site<'_>) -> MapResult {
        Err(errno::EOPNOTSUPP)
    }

    /// Takes the value whose turn it is; zeroes where there is none.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `to` has `value_size` bytes.
    unsafe fn pop(&self, _to: *mut u8) -> MapResult {
        Err(errno::EOPNOTSUPP)
    }

    /// Copies the value whose turn it is, or asks whether the value is there.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `value` has `value_size` bytes.
    unsafe fn peek(&self, _value: *mut u8) -> MapResult {
        Err(errno::EOPNOTSUPP)
    }

    /// Where values lie, when every index below `max_entries` has one and no lookup makes anything grow.
    fn array(&self) -> Option<ArrayLayout> {
        None
    }

    /// Whether a lookup takes a bounded, short time and makes nothing grow.
    fn looks_up_plainly(&self) -> bool {
        true
    }

    /// What a lookup costs, in instructions.
    fn lookup_cost(&self) -> u64 {
        1
    }

    /// The value that belongs to an owner, made from `init` (zeroes where null) when there is none and `create` is set.
    /// The flag tells whether it is new.
    ///
    /// # Safety
    /// `init` is null or has `value_size` bytes.
    unsafe fn owned(&self, _owner: u64, _init: *const u8, _create: bool, _site: &Site<'_>) -> Option<(u64, bool)> {
        None
    }

    /// Whether it holds values of owners.
    fn has_owners(&self) -> bool {
        false
    }
}

/// What all programs of a prog array have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// `BPF_PROG_TYPE_*` number.
    pub prog_type: u32,
    /// `BPF_*` attach type that it was loaded for.
    pub attach_type: u32,
    /// It takes packets in several pieces.
    pub frags: bool,
    /// Addresses of the cgroup storage that it uses, shared and per CPU; 0: none.
    pub storage: [u64; 2],
}

impl Owner {
    /// Whether another may stand beside it: of the same kind, and with the same storage or none.
    pub fn admits(&self, other: &Owner) -> bool {
        let kind = |o: &Owner| (o.prog_type, o.attach_type, o.frags);
        let same = |(own, theirs): (&u64, &u64)| *theirs == 0 || own == theirs;
        kind(self) == kind(other) && self.storage.iter().zip(&other.storage).all(same)
    }
}

/// A program as prog arrays hold it.
pub trait Program: Any + Send + Sync + std::fmt::Debug {
    /// What decides whether it may stand beside others.
    fn owner(&self) -> Owner;
}

/// The index that a key of four bytes is.
pub fn index(key: &[u8]) -> u32 {
    key.first_chunk::<4>().map_or(u32::MAX, |k| u32::from_ne_bytes(*k))
}

/// Bytes that are accounted for at a time.
const CHUNK: usize = 1 << 16;

/// Memory that is reserved at once and accounted for as it is touched, in chunks of 64 KiB.
#[derive(Debug)]
pub struct Pages {
    memory: Reservation,
    /// One bit for each chunk that was paid for.
    paid: Box<[AtomicU64]>,
}

impl Pages {
    /// So many bytes.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new(len: usize, near: bool) -> io::Result<Pages> {
        let memory = if near { Reservation::near(len) } else { Reservation::new(len) };
        let memory = memory.map_err(|e| io::Error::new(e.kind(), format!("{len} bytes cannot be reserved: {e}")))?;
        let chunks = memory.len().div_ceil(CHUNK);
        Ok(Pages { memory, paid: (0..chunks.div_ceil(64)).map(|_| AtomicU64::new(0)).collect() })
    }

    /// First address.
    pub fn address(&self) -> u64 {
        self.memory.address()
    }

    /// Pointer to an offset; the end at most.
    pub fn at(&self, off: usize) -> *mut u8 {
        self.memory.at(off)
    }

    /// Whether a chunk was paid for, as all are whose bytes may be other than zero.
    pub fn is_paid(&self, chunk: usize) -> bool {
        self.paid.get(chunk / 64).is_some_and(|w| w.load(Ordering::Relaxed) >> (chunk % 64) & 1 == 1)
    }

    /// The offset of the first chunk that was paid for, at or behind the chunk of an offset.
    pub fn paid_from(&self, off: usize) -> Option<usize> {
        let mut chunk = off / CHUNK;
        while chunk < self.memory.len().div_ceil(CHUNK) {
            let word = self.paid.get(chunk / 64)?.load(Ordering::Relaxed) >> (chunk % 64);
            if word != 0 {
                chunk += word.trailing_zeros() as usize;
                return Some((chunk * CHUNK).max(off));
            }
            chunk = (chunk / 64 + 1) * 64;
        }
        None
    }

    /// Pays for bytes that are about to be touched. False: they must not be.
    #[inline]
    pub fn touch(&self, off: usize, len: usize, site: &Site<'_>) -> bool {
        let (first, last) = (off / CHUNK, off.saturating_add(len.max(1) - 1) / CHUNK);
        if first == last && self.is_paid(first) { true } else { self.pay(first, last, site) }
    }

    #[cold]
    fn pay(&self, first: usize, last: usize, site: &Site<'_>) -> bool {
        for chunk in first..=last {
            let Some(word) = self.paid.get(chunk / 64) else { return false };
            let bit = 1u64 << (chunk % 64);
            // Who pays twice because two threads came at once has paid too much, which harms nobody.
            if word.load(Ordering::Relaxed) & bit == 0 {
                let bytes = CHUNK.min(self.memory.len() - (chunk * CHUNK).min(self.memory.len()));
                if !site.grow(bytes as u64) {
                    return false;
                }
                word.fetch_or(bit, Ordering::Relaxed);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn memory_is_paid_for_once() {
        let pages = Pages::new(1 << 30, false).expect("address space");
        let paid = Cell::new(0);
        let grow = |n: u64| {
            let all = paid.get() + n;
            (all <= 5 * CHUNK as u64).then(|| paid.set(all)).is_some()
        };
        let site = Site::new(0, &grow);
        assert!(pages.touch(100, 8, &site) && pages.touch(0, CHUNK, &site));
        assert_eq!(paid.get(), CHUNK as u64);
        assert!(pages.touch(CHUNK * 100 - 1, 2, &site));
        assert_eq!(paid.get(), 3 * CHUNK as u64);
        assert!(!pages.touch(CHUNK * 200, 10 * CHUNK, &site));
        assert_eq!((pages.paid_from(1), pages.paid_from(CHUNK)), (Some(1), Some(99 * CHUNK)));
        assert_eq!(pages.paid_from(202 * CHUNK), None);
        assert!(bytes(&[1 << 31, 1 << 28]).expect_err("too large").to_string().contains("576460752303423488"));
    }
}
