//! Hash tables: plain, per CPU, least recently used.
//!
//! Answers for `kernel/bpf/hashtab.c`. Elements lie in one reservation and never move, so that programs can hold
//! addresses of values. Readers take no lock: a bucket's version is odd while it is changed, and a reader that found
//! nothing looks again when the version moved. An update links a new element and keeps the old one aside, as the
//! kernel does: who still holds the old value's address does not see the new one until its place is used again.
//!
//! Everything that two threads can reach is an atomic: links, hashes and keys as words. A reader that follows a stale
//! link reads a key that is being written, sees one that fits or not, and has undefined behaviour in neither case.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::value::{self, Layout};

use super::ops::{Key, MapOps, MapResult, Next, Pages, Site, ValueMemory, bytes, errno, flag};

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
/// Buckets at most: chains get longer then.
const MOST_BUCKETS: u32 = 1 << 22;
const _: () = assert!(size_of::<Head>() <= HEAD && align_of::<Head>() <= 8);

#[repr(C)]
struct Bucket {
    /// Index of the first element, plus one.
    head: AtomicU32,
    version: AtomicU32,
}

/// Elements that are in no bucket.
#[derive(Debug, Default)]
struct Free {
    list: Vec<u32>,
    /// Elements that are in buckets or about to be.
    live: u32,
    /// Where the next search for something to evict begins.
    hand: u32,
}

/// How a table treats what it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Full is full.
    Plain,
    /// What was not used for long makes room.
    Lru,
}

/// A hash table.
#[derive(Debug)]
pub struct Hash {
    elems: Pages,
    buckets: Pages,
    mask: u32,
    free: Mutex<Free>,
    /// Elements from here on were never used. Only changed with `free` locked.
    fresh: AtomicU32,
    layout: Layout,
    max_entries: u32,
    key_size: usize,
    stride: usize,
    value_at: usize,
    elem_size: usize,
    cpus: u32,
    kind: Kind,
    seed: u64,
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

/// Mixes a key into 32 bits. The seed is the table's secret: who does not know it cannot put all keys into one bucket.
fn hash(seed: u64, key: &[u8]) -> u32 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h = key.len() as u64 ^ seed;
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

/// The last word of a key, padded with zeroes.
fn last_word(rest: &[u8]) -> u64 {
    match rest.first_chunk::<4>() {
        Some(word) if rest.len() == 4 => u64::from(u32::from_le_bytes(*word)),
        _ => rest.iter().rev().fold(0u64, |t, b| t << 8 | u64::from(*b)),
    }
    .to_le()
}

impl Hash {
    /// A table of so many entries.
    ///
    /// # Errors
    /// In words, when it is too large.
    pub fn new(max_entries: u32, key_size: u32, layout: Layout, cpus: u32, kind: Kind) -> io::Result<Hash> {
        let too_large = || io::Error::other("too large");
        let key_size = key_size as usize;
        let stride = (layout.size() as usize).next_multiple_of(8);
        let value_at = HEAD + key_size.next_multiple_of(8);
        let elem_size =
            stride.checked_mul(cpus as usize).and_then(|v| v.checked_add(value_at)).ok_or_else(too_large)?;
        let all = max_entries.checked_add(SPARES).ok_or_else(too_large)?;
        let len = bytes(&[all.into(), elem_size as u64])?;
        let buckets = max_entries.clamp(1, MOST_BUCKETS).next_power_of_two();
        Ok(Hash {
            elems: Pages::new(len, false)?,
            buckets: Pages::new(buckets as usize * size_of::<Bucket>(), false)?,
            mask: buckets - 1,
            free: Mutex::default(),
            fresh: AtomicU32::new(0),
            layout,
            max_entries,
            key_size,
            stride,
            value_at,
            elem_size,
            cpus,
            kind,
            seed: RandomState::new().hash_one(0u8),
        })
    }

    fn elem(&self, n: u32) -> *mut u8 {
        self.elems.at(n as usize * self.elem_size)
    }

    fn head(&self, n: u32) -> &Head {
        // SAFETY: every element begins with a head, aligned, valid as zeroes, and only accessed as atomics.
        unsafe { &*self.elem(n).cast::<Head>() }
    }

    /// The words of an element's key, the last one padded with zeroes.
    fn key_words(&self, n: u32) -> &[AtomicU64] {
        // SAFETY: the key of an element, 8-aligned, as many words as `value_at` leaves for it, only accessed as atomics
        // by us; programs are given its address to read.
        unsafe { std::slice::from_raw_parts(self.elem(n).add(HEAD).cast(), self.key_size.div_ceil(8)) }
    }

    fn value(&self, n: u32, cpu: u32) -> *mut u8 {
        let off = n as usize * self.elem_size + self.value_at + self.stride * cpu.min(self.cpus - 1) as usize;
        self.elems.at(off)
    }

    fn is(&self, n: u32, hash: u32, key: &[u8]) -> bool {
        if self.head(n).hash.load(Ordering::Relaxed) != hash {
            return false;
        }
        let (words, rest) = key.as_chunks::<8>();
        let own = self.key_words(n);
        let same = |own: &AtomicU64, word: u64| own.load(Ordering::Relaxed) == word;
        words.iter().zip(own).all(|(w, own)| same(own, u64::from_ne_bytes(*w)))
            && (rest.is_empty() || own.get(words.len()).is_some_and(|own| same(own, last_word(rest))))
    }

    fn write_key(&self, n: u32, key: &[u8]) {
        let (words, rest) = key.as_chunks::<8>();
        let own = self.key_words(n);
        words.iter().zip(own).for_each(|(w, own)| own.store(u64::from_ne_bytes(*w), Ordering::Relaxed));
        if let Some(last) = own.get(words.len()) {
            last.store(last_word(rest), Ordering::Relaxed);
        }
    }

    fn bucket_offset(&self, hash: u32) -> usize {
        (hash & self.mask) as usize * size_of::<Bucket>()
    }

    fn bucket(&self, hash: u32) -> &Bucket {
        // SAFETY: within the reservation, aligned, valid as zeroes, and only accessed as atomics.
        unsafe { &*self.buckets.at(self.bucket_offset(hash)).cast::<Bucket>() }
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
        let hash = hash(self.seed, key);
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

    fn free(&self) -> std::sync::MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An element that is in no bucket.
    fn take(&self, free: &mut Free, site: &Site<'_>) -> Result<u32, i32> {
        if let Some(n) = free.list.pop() {
            return Ok(n);
        }
        let n = self.fresh.load(Ordering::Relaxed);
        if n >= self.max_entries + SPARES {
            return Err(errno::EBUSY);
        }
        if !self.elems.touch(n as usize * self.elem_size, self.elem_size, site) {
            return Err(errno::ENOMEM);
        }
        self.fresh.store(n + 1, Ordering::Release);
        Ok(n)
    }

    /// An element for a new key.
    fn take_new(&self, site: &Site<'_>) -> Result<u32, i32> {
        let mut free = self.free();
        if free.live >= self.max_entries {
            return Err(errno::E2BIG);
        }
        let n = self.take(&mut free, site)?;
        free.live += 1;
        Ok(n)
    }

    /// Gives an element back that is in no bucket; `was_live`: its key is gone.
    fn put_free(&self, n: u32, was_live: bool) {
        for cpu in 0..self.cpus {
            // SAFETY: a value of ours.
            unsafe { self.layout.clear(self.value(n, cpu)) };
        }
        let mut free = self.free();
        free.list.push(n);
        free.live -= u32::from(was_live);
    }

    /// Makes room by removing what was not used for long. Kernel: `bpf_lru_pop_free()`, which evicts in batches.
    fn evict(&self) -> Option<u32> {
        let fresh = self.fresh.load(Ordering::Acquire);
        for _ in 0..2 * u64::from(fresh) {
            let n = {
                let mut free = self.free();
                free.hand = if free.hand + 1 >= fresh { 0 } else { free.hand + 1 };
                free.hand
            };
            let head = self.head(n);
            if !head.used.load(Ordering::Relaxed) || head.recent.swap(false, Ordering::Relaxed) {
                continue;
            }
            let bucket = self.bucket(head.hash.load(Ordering::Relaxed));
            let lock = bucket.lock();
            let gone = self.unlink(bucket, n);
            drop(lock);
            if gone {
                for cpu in 0..self.cpus {
                    // SAFETY: a value of ours.
                    unsafe { self.layout.clear(self.value(n, cpu)) };
                }
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

    fn link(&self, bucket: &Bucket, n: u32, hash: u32) {
        let head = self.head(n);
        head.hash.store(hash, Ordering::Relaxed);
        head.recent.store(false, Ordering::Relaxed);
        head.used.store(true, Ordering::Relaxed);
        head.next.store(bucket.head.load(Ordering::Relaxed), Ordering::Relaxed);
        bucket.head.store(n + 1, Ordering::Release);
    }

    fn check_flags(&self, flags: u64) -> MapResult {
        let may_lock = self.kind == Kind::Plain && self.cpus == 1;
        if flags & !(if may_lock { flag::LOCK } else { 0 }) > flag::EXIST
            || flags & flag::LOCK != 0 && !self.layout.has_lock()
        {
            return Err(errno::EINVAL);
        }
        Ok(())
    }

    /// Sets the value of a key on a CPU, or on all with `None`: then `value` holds one for each, 8-aligned.
    unsafe fn put(&self, key: &[u8], value: *const u8, flags: u64, cpu: Option<u32>, site: &Site<'_>) -> MapResult {
        self.check_flags(flags)?;
        let hash = hash(self.seed, key);
        if !self.buckets.touch(self.bucket_offset(hash), size_of::<Bucket>(), site) {
            return Err(errno::ENOMEM);
        }
        let bucket = self.bucket(hash);
        // Before the bucket is locked: evicting locks another one.
        let mut ready = None;
        if self.kind == Kind::Lru && flags & flag::EXIST == 0 && self.find(key).is_none() {
            ready = match self.take_new(site) {
                Err(errno::E2BIG | errno::EBUSY) => Some(self.evict().ok_or(errno::ENOMEM)?),
                other => Some(other?),
            };
        }
        let lock = bucket.lock();
        let old = self.find_in(bucket, hash, key);
        let allowed = match old {
            Some(_) if flags & flag::NOEXIST != 0 => Err(errno::EEXIST),
            None if flags & flag::EXIST != 0 => Err(errno::ENOENT),
            _ => Ok(()),
        };
        if let (Some(n), true) = (ready, allowed.is_err() || old.is_some()) {
            self.put_free(n, true);
            ready = None;
        }
        allowed?;
        if let Some(n) = old
            && (self.cpus > 1 || flags & flag::LOCK != 0)
        {
            // Values per CPU, and locked ones, change in place.
            // SAFETY: as required of callers.
            return unsafe { self.set_in_place(n, value, flags, cpu) };
        }
        let n = match (ready, old) {
            (Some(n), _) => n,
            (None, Some(_)) => self.take(&mut self.free(), site)?,
            (None, None) => self.take_new(site)?,
        };
        self.write_key(n, key);
        // SAFETY: an element in no bucket; `value` is as callers promise.
        unsafe { self.set_new(n, value, cpu) };
        self.link(bucket, n, hash);
        if let Some(old) = old {
            self.unlink(bucket, old);
        }
        drop(lock);
        if let Some(old) = old {
            self.put_free(old, false);
        }
        Ok(())
    }

    unsafe fn set_in_place(&self, n: u32, value: *const u8, flags: u64, cpu: Option<u32>) -> MapResult {
        if flags & flag::LOCK != 0 {
            // SAFETY: a value of ours; `value` has as many bytes.
            return if unsafe { self.layout.assign_locked(self.value(n, 0), value) } {
                Ok(())
            } else {
                Err(errno::EBUSY)
            };
        }
        self.each(cpu, |cpu, off| {
            // SAFETY: as above; there is one value for each CPU where all are set.
            unsafe {
                self.layout.assign(self.value(n, cpu), value.add(off));
                self.layout.clear_replaced(self.value(n, cpu));
            }
        });
        Ok(())
    }

    unsafe fn set_new(&self, n: u32, value: *const u8, cpu: Option<u32>) {
        if self.cpus > 1 && cpu.is_some() {
            // A program sets its own CPU's value; the others begin with zero.
            // SAFETY: values of an element.
            unsafe { value::zero(self.value(n, 0), self.stride * self.cpus as usize) };
        }
        // SAFETY: values of an element; `value` is as callers promise.
        self.each(cpu, |cpu, off| unsafe { self.layout.make(self.value(n, cpu), value.add(off)) });
    }

    /// The CPUs whose values an update sets, with the offset of the new one.
    fn each(&self, cpu: Option<u32>, set: impl Fn(u32, usize)) {
        match cpu {
            Some(cpu) => set(cpu, 0),
            None => (0..self.cpus).for_each(|cpu| set(cpu, cpu as usize * self.stride)),
        }
    }
}

impl MapOps for Hash {
    fn lookup(&self, key: &[u8], site: &Site<'_>) -> Option<u64> {
        let n = self.find(key)?;
        if self.kind == Kind::Lru {
            self.head(n).recent.store(true, Ordering::Relaxed);
        }
        (site.cpu < self.cpus).then(|| self.value(n, site.cpu) as u64)
    }

    unsafe fn update(&self, key: &[u8], value: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        // SAFETY: as required.
        unsafe { self.put(key, value, flags, Some(site.cpu), site) }
    }

    unsafe fn update_all(&self, key: &[u8], values: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        // SAFETY: as required.
        unsafe { self.put(key, values, flags, None, site) }
    }

    fn delete(&self, key: &[u8]) -> MapResult {
        let hash = hash(self.seed, key);
        let bucket = self.bucket(hash);
        // A key that is not there costs no lock, and leaves the bucket's page untouched.
        self.find(key).ok_or(errno::ENOENT)?;
        let lock = bucket.lock();
        let n = self.find_in(bucket, hash, key).ok_or(errno::ENOENT)?;
        self.unlink(bucket, n);
        drop(lock);
        self.put_free(n, true);
        Ok(())
    }

    fn next(&self, position: u64, site: &Site<'_>) -> Next {
        let Some(n) = u32::try_from(position).ok().filter(|n| *n < self.fresh.load(Ordering::Acquire)) else {
            return Next::End;
        };
        if !self.head(n).used.load(Ordering::Acquire) {
            return Next::Skip(position + 1);
        }
        let key = Key::At(self.elem(n) as u64 + HEAD as u64);
        Next::Entry { key, value: self.value(n, site.cpu) as u64, next: position + 1 }
    }

    fn entry_at(&self, address: u64) -> Option<(Key, u64)> {
        let off = address.checked_sub(self.elems.address())?;
        let n = u32::try_from(off / self.elem_size as u64).ok()?;
        let inside = self.cpus == 1 && n < self.fresh.load(Ordering::Acquire);
        inside.then(|| (Key::At(self.elem(n) as u64 + HEAD as u64), self.value(n, 0) as u64))
    }

    fn len(&self) -> u64 {
        self.free().live.into()
    }

    fn memory(&self) -> Option<ValueMemory> {
        let size = if self.cpus > 1 { self.stride * self.cpus as usize } else { self.layout.size() as usize };
        Some(ValueMemory {
            start: self.elems.address() + self.value_at as u64,
            stride: self.elem_size as u64,
            size: size as u64,
            count: u64::from(self.max_entries + SPARES),
        })
    }
}
