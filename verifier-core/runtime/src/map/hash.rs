//! Hash tables: plain, per CPU, least recently used.
//!
//! Answers for `kernel/bpf/hashtab.c`. Elements lie in one reservation and never move, so that programs can hold
//! addresses of values. Readers take no lock: a bucket's version is odd while it is changed, and a reader that found
//! nothing looks again when the version moved. An update links a new element and keeps the old one aside, as the
//! kernel does: who still holds the old value's address does not see the new one.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::memory::Reservation;

use super::{MapResult, errno, flag};

/// Head of an element in memory; key and values follow.
#[repr(C)]
struct Head {
    /// Index of the next element in the bucket, plus one.
    next: AtomicU32,
    hash: AtomicU32,
    used: AtomicBool,
    /// Looked up since the last search for something to evict.
    recent: AtomicBool,
}

const HEAD: usize = 16;
/// Updates of a full table that can be under way at a time; the kernel has one for each CPU.
const SPARES: u32 = 16;
const _: () = assert!(size_of::<Head>() <= HEAD);

#[derive(Debug, Default)]
struct Bucket {
    /// Index of the first element, plus one.
    head: AtomicU32,
    version: AtomicU32,
}

/// Elements that are in no bucket.
#[derive(Debug, Default)]
struct Free {
    list: Vec<u32>,
    /// Elements from here on were never used.
    fresh: u32,
    /// Where the next search for something to evict begins.
    hand: u32,
}

/// A hash table.
#[derive(Debug)]
pub(super) struct Hash {
    elems: Reservation,
    buckets: Box<[Bucket]>,
    free: Mutex<Free>,
    /// Elements to exchange with those that are replaced, so that a full table can be updated.
    spare: Mutex<Vec<u32>>,
    count: AtomicU32,
    max_entries: u32,
    key_size: usize,
    value_size: usize,
    stride: usize,
    value_at: usize,
    elem_size: usize,
    cpus: u32,
    evicts: bool,
}

/// The lock of a bucket, held.
struct Locked<'a>(&'a Bucket);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.0.version.fetch_add(1, Ordering::Release);
    }
}

impl Bucket {
    fn lock(&self) -> Locked<'_> {
        loop {
            let v = self.version.load(Ordering::Relaxed);
            if v.is_multiple_of(2)
                && self.version.compare_exchange_weak(v, v + 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                return Locked(self);
            }
            std::thread::yield_now();
        }
    }
}

/// Mixes a key into 32 bits.
fn hash(key: &[u8]) -> u32 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h = key.len() as u64 ^ K;
    let (words, rest) = key.as_chunks::<8>();
    for w in words {
        let m = u128::from(u64::from_le_bytes(*w) ^ h) * u128::from(K);
        h = m as u64 ^ (m >> 64) as u64;
    }
    let tail = match rest.first_chunk::<4>() {
        Some(word) if rest.len() == 4 => u64::from(u32::from_le_bytes(*word)),
        _ => rest.iter().rev().fold(0u64, |t, b| t << 8 | u64::from(*b)),
    };
    let m = u128::from(tail ^ h) * u128::from(K);
    (m as u64 ^ (m >> 64) as u64) as u32
}

impl Hash {
    pub fn new(max_entries: u32, key_size: u32, value_size: u32, cpus: u32, evicts: bool) -> io::Result<Hash> {
        let (key_size, value_size) = (key_size as usize, value_size as usize);
        let stride = value_size.next_multiple_of(8);
        let value_at = HEAD + key_size.next_multiple_of(8);
        let elem_size = value_at + stride * cpus as usize;
        let all = max_entries.checked_add(SPARES).ok_or_else(|| io::Error::other("too large"))?;
        let bytes = super::bytes(&[all.into(), elem_size as u64])?;
        let buckets = (max_entries.clamp(1, 1 << 24) as usize).next_power_of_two();
        Ok(Hash {
            elems: Reservation::new(bytes)?,
            buckets: (0..buckets).map(|_| Bucket::default()).collect(),
            free: Mutex::default(),
            spare: Mutex::new((max_entries..all).collect()),
            count: AtomicU32::new(0),
            max_entries,
            key_size,
            value_size,
            stride,
            value_at,
            elem_size,
            cpus,
            evicts,
        })
    }

    pub fn memory(&self) -> super::ValueMemory {
        let per_cpu = self.cpus > 1;
        super::ValueMemory {
            start: self.elems.address() + self.value_at as u64,
            stride: self.elem_size as u64,
            size: if per_cpu { self.stride * self.cpus as usize } else { self.value_size } as u64,
            count: u64::from(self.max_entries + SPARES),
        }
    }

    pub fn len(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    fn elem(&self, n: u32) -> *mut u8 {
        self.elems.at(n as usize * self.elem_size)
    }

    fn head(&self, n: u32) -> &Head {
        // SAFETY: every element begins with a head, aligned, valid as zeroes, and only accessed as atomics.
        unsafe { &*self.elem(n).cast::<Head>() }
    }

    fn value(&self, n: u32, cpu: u32) -> u64 {
        self.elem(n) as u64 + (self.value_at + self.stride * cpu as usize) as u64
    }

    fn is(&self, n: u32, hash: u32, key: &[u8]) -> bool {
        if self.head(n).hash.load(Ordering::Relaxed) != hash {
            return false;
        }
        // SAFETY: the key of an element; another thread may be writing another key over it, and then the version of
        // the bucket tells.
        let own = unsafe { std::slice::from_raw_parts(self.elem(n).add(HEAD), self.key_size) };
        // Short keys are most keys: they are compared as words, without a call.
        match (own.first_chunk::<4>(), key.first_chunk::<4>(), own.len()) {
            (Some(a), Some(b), 4) => u32::from_ne_bytes(*a) == u32::from_ne_bytes(*b),
            _ => own == key,
        }
    }

    fn bucket(&self, hash: u32) -> &Bucket {
        &self.buckets[hash as usize & (self.buckets.len() - 1)]
    }

    fn find_in(&self, bucket: &Bucket, hash: u32, key: &[u8]) -> Option<u32> {
        let mut at = bucket.head.load(Ordering::Acquire);
        while let Some(n) = at.checked_sub(1) {
            if self.is(n, hash, key) {
                return Some(n);
            }
            at = self.head(n).next.load(Ordering::Acquire);
        }
        None
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = hash(key);
        let bucket = self.bucket(hash);
        loop {
            let before = bucket.version.load(Ordering::Acquire);
            let found = self.find_in(bucket, hash, key);
            if found.is_some() || before.is_multiple_of(2) && bucket.version.load(Ordering::Acquire) == before {
                return found;
            }
            std::hint::spin_loop();
        }
    }

    /// Address of the value of a key on a CPU.
    pub fn lookup(&self, key: &[u8], cpu: u32) -> Option<u64> {
        let n = self.find(key)?;
        if self.evicts {
            self.head(n).recent.store(true, Ordering::Relaxed);
        }
        (cpu < self.cpus).then(|| self.value(n, cpu))
    }

    fn take_free(&self) -> Option<u32> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = free.list.pop() {
            return Some(n);
        }
        (free.fresh < self.max_entries).then(|| {
            free.fresh += 1;
            free.fresh - 1
        })
    }

    fn put_free(&self, n: u32) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).list.push(n);
    }

    /// Makes room by removing what was not used for long. Kernel: `bpf_lru_pop_free()`, which evicts in batches.
    fn evict(&self) -> Option<u32> {
        for _ in 0..2 * u64::from(self.max_entries + SPARES) {
            let n = {
                let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
                free.hand = if free.hand + 1 >= self.max_entries + SPARES { 0 } else { free.hand + 1 };
                free.hand
            };
            let head = self.head(n);
            if !head.used.load(Ordering::Relaxed) || head.recent.swap(false, Ordering::Relaxed) {
                continue;
            }
            let bucket = self.bucket(head.hash.load(Ordering::Relaxed));
            let _lock = bucket.lock();
            if self.unlink(bucket, n) {
                self.count.fetch_sub(1, Ordering::Relaxed);
                return Some(n);
            }
        }
        None
    }

    /// Takes an element out of its bucket, which is locked.
    fn unlink(&self, bucket: &Bucket, n: u32) -> bool {
        let mut link = &bucket.head;
        loop {
            let Some(at) = link.load(Ordering::Relaxed).checked_sub(1) else { return false };
            let next = &self.head(at).next;
            if at == n {
                link.store(next.load(Ordering::Relaxed), Ordering::Release);
                self.head(n).used.store(false, Ordering::Relaxed);
                return true;
            }
            link = next;
        }
    }

    /// Sets the value of a key on a CPU, or on all with `None`: then `value` holds one for each, 8-aligned.
    pub fn update(&self, key: &[u8], value: *const u8, flags: u64, cpu: Option<u32>) -> MapResult {
        if flags & !flag::LOCK > flag::EXIST {
            return Err(errno::EINVAL);
        }
        let hash = hash(key);
        let bucket = self.bucket(hash);
        // Before the bucket is locked: evicting locks another one.
        let ready =
            if self.evicts && self.find(key).is_none() { self.take_free().or_else(|| self.evict()) } else { None };
        let _lock = bucket.lock();
        let old = self.find_in(bucket, hash, key);
        let allowed = match old {
            Some(_) if flags & flag::NOEXIST != 0 => Err(errno::EEXIST),
            None if flags & flag::EXIST != 0 => Err(errno::ENOENT),
            _ => Ok(()),
        };
        let n = match (allowed, old) {
            (Err(e), _) => {
                ready.into_iter().for_each(|n| self.put_free(n));
                return Err(e);
            }
            // Values per CPU, and locked ones, change in place.
            (Ok(()), Some(n)) if self.cpus > 1 || flags & flag::LOCK != 0 => {
                ready.into_iter().for_each(|n| self.put_free(n));
                self.set(n, value, cpu);
                return Ok(());
            }
            (Ok(()), Some(_)) => match ready {
                Some(n) => n,
                None => self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(errno::EBUSY)?,
            },
            (Ok(()), None) => match ready.or_else(|| if self.evicts { None } else { self.take_free() }) {
                Some(n) => n,
                None => return Err(if self.evicts { errno::ENOMEM } else { errno::E2BIG }),
            },
        };
        // SAFETY: an element in no bucket; keys have `key_size` bytes.
        unsafe { std::ptr::copy_nonoverlapping(key.as_ptr(), self.elem(n).add(HEAD), self.key_size) };
        if self.cpus > 1 && cpu.is_some() {
            // A program sets its own CPU's value; the others begin with zero.
            // SAFETY: values of an element in no bucket.
            unsafe { self.elem(n).add(self.value_at).write_bytes(0, self.stride * self.cpus as usize) };
        }
        self.set(n, value, cpu);
        let head = self.head(n);
        head.hash.store(hash, Ordering::Relaxed);
        head.recent.store(false, Ordering::Relaxed);
        head.used.store(true, Ordering::Relaxed);
        head.next.store(bucket.head.load(Ordering::Relaxed), Ordering::Relaxed);
        bucket.head.store(n + 1, Ordering::Release);
        match old {
            Some(old) => {
                self.unlink(bucket, old);
                if ready.is_some() {
                    self.put_free(old);
                } else {
                    self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(old);
                }
            }
            None => {
                self.count.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn set(&self, n: u32, value: *const u8, cpu: Option<u32>) {
        let (at, len) = match cpu {
            Some(cpu) => (self.value(n, cpu.min(self.cpus - 1)), self.value_size),
            None => (self.value(n, 0), if self.cpus > 1 { self.stride * self.cpus as usize } else { self.value_size }),
        };
        // SAFETY: a value of ours; `value` has as many bytes. A program may pass the value itself.
        unsafe { std::ptr::copy(value, at as *mut u8, len) };
    }

    pub fn delete(&self, key: &[u8]) -> MapResult {
        let hash = hash(key);
        let bucket = self.bucket(hash);
        let lock = bucket.lock();
        let n = self.find_in(bucket, hash, key).ok_or(errno::ENOENT)?;
        self.unlink(bucket, n);
        drop(lock);
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.put_free(n);
        Ok(())
    }

    /// Keys with the address of their value on a CPU, bucket by bucket, as they are now.
    pub fn entries(&self, cpu: u32) -> Vec<(Vec<u8>, u64)> {
        let mut out = Vec::new();
        for bucket in &self.buckets {
            let _lock = bucket.lock();
            let mut at = bucket.head.load(Ordering::Acquire);
            while let Some(n) = at.checked_sub(1) {
                // SAFETY: the key of an element whose bucket is locked.
                let key = unsafe { std::slice::from_raw_parts(self.elem(n).add(HEAD), self.key_size) };
                out.push((key.to_vec(), self.value(n, cpu)));
                at = self.head(n).next.load(Ordering::Acquire);
            }
        }
        out
    }

    /// Address of the key beside a value, for callbacks.
    pub fn key_beside(&self, value: u64) -> u64 {
        let n = (value - self.elems.address()) / self.elem_size as u64;
        self.elems.address() + n * self.elem_size as u64 + HEAD as u64
    }
}
