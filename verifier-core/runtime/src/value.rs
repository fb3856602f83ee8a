//! How the value of a map is laid out: bytes that programs and users copy, and special fields that nobody does.
//!
//! Locks, timers, kernel pointers, list heads and the like are objects that stand in a value. What always holds: they
//! are never copied, compared or initialised as bytes. An update leaves them as they are, a new value begins with them
//! zero, a value that goes gives up what they hold, and who reads a value sees zeroes in their place. A number that a
//! program puts into an update so never becomes a pointer that it may follow.
//!
//! All copies here are of memory that other threads may be writing to at the same time. They are done in words with
//! relaxed atomic accesses: a value may be torn, as in the kernel, but nothing is undefined.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use verifier_core::program::record::{FieldKind, Record};

/// A special field of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Special {
    /// Byte offset.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// Its kind, exactly one.
    pub kind: FieldKind,
}

/// The layout of the values of one map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    size: u32,
    special: Box<[Special]>,
    /// Offset and length of what lies between special fields.
    plain: Box<[(u32, u32)]>,
    lock: Option<u32>,
}

/// How long a copy waits for a lock before it gives up on it.
const PATIENCE: Duration = Duration::from_millis(100);

/// Copies bytes that other threads may access meanwhile. Source and destination may overlap.
///
/// # Safety
/// Both have so many bytes, which stay mapped.
pub unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    let backward = (to as usize).wrapping_sub(from as usize) < len && from != to.cast_const();
    let words = if (from as usize | to as usize).is_multiple_of(8) { len / 8 } else { 0 };
    // SAFETY: within the bytes given; words only where both are aligned.
    let (word, byte) = unsafe {
        (
            |i: usize| {
                let v = AtomicU64::from_ptr(from.cast_mut().cast::<u64>().add(i)).load(Ordering::Relaxed);
                AtomicU64::from_ptr(to.cast::<u64>().add(i)).store(v, Ordering::Relaxed);
            },
            |i: usize| {
                let v = AtomicU8::from_ptr(from.cast_mut().add(i)).load(Ordering::Relaxed);
                AtomicU8::from_ptr(to.add(i)).store(v, Ordering::Relaxed);
            },
        )
    };
    if backward {
        (words * 8..len).rev().for_each(byte);
        (0..words).rev().for_each(word);
    } else {
        (0..words).for_each(word);
        (words * 8..len).for_each(byte);
    }
}

/// Copies bytes up to a zero, which is copied too: where it stood.
///
/// # Safety
/// As [`copy`].
pub unsafe fn copy_text(from: *const u8, to: *mut u8, len: usize) -> Option<usize> {
    (0..len).find(|i| {
        // SAFETY: within the bytes given.
        unsafe {
            let byte = AtomicU8::from_ptr(from.cast_mut().add(*i)).load(Ordering::Relaxed);
            AtomicU8::from_ptr(to.add(*i)).store(byte, Ordering::Relaxed);
            byte == 0
        }
    })
}

/// Zeroes bytes that other threads may access meanwhile.
///
/// # Safety
/// There are so many bytes, which stay mapped.
pub unsafe fn zero(at: *mut u8, len: usize) {
    let words = if (at as usize).is_multiple_of(8) { len / 8 } else { 0 };
    for i in 0..words {
        // SAFETY: an aligned word within the bytes given.
        unsafe { AtomicU64::from_ptr(at.cast::<u64>().add(i)) }.store(0, Ordering::Relaxed);
    }
    for i in words * 8..len {
        // SAFETY: within the bytes given.
        unsafe { AtomicU8::from_ptr(at.add(i)) }.store(0, Ordering::Relaxed);
    }
}

/// Gives a copy of bytes that other threads may access meanwhile, short ones without taking memory.
///
/// # Safety
/// There are so many bytes, which stay mapped.
#[inline]
pub unsafe fn with_bytes<R>(at: *const u8, len: usize, f: impl FnOnce(&[u8]) -> R) -> R {
    const SHORT: usize = 64;
    if len == 4 && (at as usize).is_multiple_of(4) {
        // SAFETY: four bytes, aligned.
        let word = unsafe { AtomicU32::from_ptr(at.cast_mut().cast()) }.load(Ordering::Relaxed);
        return f(&word.to_ne_bytes());
    }
    if len <= SHORT {
        let mut words = [0u64; SHORT / 8];
        // SAFETY: so many bytes, as required, and room for them.
        unsafe { copy(at, words.as_mut_ptr().cast(), len) };
        // SAFETY: initialised bytes of the words.
        return f(unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), len) });
    }
    let mut bytes = vec![0; len];
    // SAFETY: as above.
    unsafe { copy(at, bytes.as_mut_ptr(), len) };
    f(&bytes)
}

/// A lock in a value, held.
struct Held<'a>(&'a AtomicU32);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

impl Layout {
    /// The layout of values of so many bytes with these special fields.
    pub fn new(size: u32, record: Option<&Record>) -> Layout {
        let fields = record.map(|r| r.fields.as_slice()).unwrap_or_default();
        let mut special: Vec<Special> =
            fields.iter().map(|f| Special { offset: f.offset, size: f.size, kind: f.kind }).collect();
        special.retain(|s| s.offset.checked_add(s.size).is_some_and(|end| end <= size));
        special.sort_by_key(|s| s.offset);
        let mut plain = Vec::new();
        let mut at = 0;
        for s in &special {
            if s.offset > at {
                plain.push((at, s.offset - at));
            }
            at = at.max(s.offset + s.size);
        }
        if at < size || size == 0 {
            plain.push((at, size - at));
        }
        let lock = special.iter().find(|s| s.kind == FieldKind::SPIN_LOCK).map(|s| s.offset);
        Layout { size, special: special.into(), plain: plain.into(), lock }
    }

    /// Bytes of a value.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// The special fields, by offset.
    pub fn special(&self) -> &[Special] {
        &self.special
    }

    /// Offset and length of the special fields, where there are any.
    pub(super) fn closed(&self) -> Option<Arc<[(u32, u32)]>> {
        (!self.special.is_empty()).then(|| self.special.iter().map(|s| (s.offset, s.size)).collect())
    }

    /// Whether `BPF_F_LOCK` means anything: values have a `struct bpf_spin_lock`.
    pub fn has_lock(&self) -> bool {
        self.lock.is_some()
    }

    /// Copies the plain bytes of a value over another; special fields of the destination stay.
    ///
    /// # Safety
    /// Both have [`Self::size`] bytes.
    #[inline]
    pub unsafe fn assign(&self, to: *mut u8, from: *const u8) {
        for (at, len) in &self.plain {
            // SAFETY: within the value, as `new` made sure.
            unsafe { copy(from.add(*at as usize), to.add(*at as usize), *len as usize) };
        }
    }

    /// Makes a value of bytes: special fields begin as zero.
    ///
    /// # Safety
    /// As [`Self::assign`], and nothing is held by what stood there before.
    pub unsafe fn make(&self, to: *mut u8, from: *const u8) {
        // SAFETY: as required.
        unsafe {
            self.assign(to, from);
            self.clear(to);
        }
    }

    /// Takes away what the special fields hold: they are zero afterwards.
    ///
    /// # Safety
    /// `at` has [`Self::size`] bytes.
    pub unsafe fn clear(&self, at: *mut u8) {
        for s in &self.special {
            // SAFETY: within the value.
            unsafe { zero(at.add(s.offset as usize), s.size as usize) };
        }
    }

    /// After an update over a value that stays where it is: what its special fields held goes, except for locks, which
    /// others may be holding.
    ///
    /// # Safety
    /// `at` has [`Self::size`] bytes.
    pub unsafe fn clear_replaced(&self, at: *mut u8) {
        let locks = FieldKind::SPIN_LOCK | FieldKind::RES_SPIN_LOCK;
        for s in self.special.iter().filter(|s| !locks.contains(s.kind)) {
            // SAFETY: within the value.
            unsafe { zero(at.add(s.offset as usize), s.size as usize) };
        }
    }

    /// As [`Self::assign`], holding the lock of the value meanwhile. False: it did not become free, nothing was done.
    ///
    /// # Safety
    /// As [`Self::assign`]; the value is 4-aligned.
    pub unsafe fn assign_locked(&self, to: *mut u8, from: *const u8) -> bool {
        let Some(at) = self.lock else { return false };
        // SAFETY: four bytes of the value, which the record says are a lock and so are aligned in it.
        let word = unsafe { AtomicU32::from_ptr(to.add(at as usize).cast()) };
        let mut begun = None;
        while word.compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            if begun.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                return false;
            }
            std::thread::yield_now();
        }
        let _held = Held(word);
        // SAFETY: as required.
        unsafe { self.assign(to, from) };
        true
    }

    /// The first `most` bytes of a value as users read it: special fields are zero.
    ///
    /// # Safety
    /// `at` has [`Self::size`] bytes.
    pub unsafe fn read(&self, at: *const u8, most: usize) -> Vec<u8> {
        let mut out = vec![0; most.min(self.size as usize)];
        // SAFETY: within the value.
        unsafe { copy(at, out.as_mut_ptr(), out.len()) };
        for s in &self.special {
            let end = ((s.offset + s.size) as usize).min(out.len());
            if let Some(field) = out.get_mut(s.offset as usize..end) {
                field.fill(0);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::program::record::{Field, FieldInfo};

    fn layout(size: u32, fields: &[(u32, u32, FieldKind)]) -> Layout {
        let fields = fields.iter().map(|(offset, size, kind)| Field {
            offset: *offset,
            size: *size,
            kind: *kind,
            info: FieldInfo::Plain,
        });
        let record = Record { mask: FieldKind::all(), fields: fields.collect() };
        Layout::new(size, Some(&record))
    }

    #[test]
    fn special_fields_are_not_bytes() {
        let l = layout(24, &[(0, 4, FieldKind::SPIN_LOCK), (8, 8, FieldKind::KPTR_REF)]);
        assert_eq!(*l.plain, [(4, 4), (16, 8)]);
        let (from, mut to) = ([1u64; 3], [0x11u64 << 32, 7, 9]);
        // SAFETY: both have 24 bytes.
        unsafe { l.assign(to.as_mut_ptr().cast(), from.as_ptr().cast()) };
        assert_eq!(to, [0, 7, 1]);
        // SAFETY: as above.
        assert_eq!(unsafe { l.read(to.as_ptr().cast(), 100) }[8..], [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        to[0] |= 1;
        // SAFETY: as above.
        unsafe { l.clear_replaced(to.as_mut_ptr().cast()) };
        assert_eq!(to, [1, 0, 1]);
        // SAFETY: as above.
        unsafe { l.make(to.as_mut_ptr().cast(), from.as_ptr().cast()) };
        assert_eq!((to, l.has_lock()), ([0, 0, 1], true));
    }

    #[test]
    fn fields_outside_of_the_value_are_none() {
        let l = layout(8, &[(4, 8, FieldKind::KPTR_REF)]);
        assert_eq!((l.special().len(), &*l.plain), (0, &[(0, 8)][..]));
    }

    #[test]
    fn copies_may_overlap() {
        for (from, to, len) in [(0, 3, 20), (3, 0, 20), (0, 8, 24), (8, 0, 24), (5, 5, 9), (0, 16, 32)] {
            let mut words = [0u64; 8];
            let bytes = words.as_mut_ptr().cast::<u8>();
            let expected: Vec<u8> = (0..64u8).collect();
            // SAFETY: within the 64 bytes.
            let got = unsafe {
                bytes.copy_from_nonoverlapping(expected.as_ptr(), 64);
                copy(bytes.add(from), bytes.add(to), len);
                std::slice::from_raw_parts(bytes, 64).to_vec()
            };
            assert_eq!(got[to..to + len], expected[from..from + len]);
        }
    }

    #[test]
    fn a_locked_copy_waits_and_gives_up() {
        let l = layout(16, &[(0, 4, FieldKind::SPIN_LOCK)]);
        let (from, mut to) = ([5u64; 2], [1u64, 2]);
        // SAFETY: both have 16 bytes.
        assert!(!unsafe { l.assign_locked(to.as_mut_ptr().cast(), from.as_ptr().cast()) });
        to[0] = 0;
        // SAFETY: as above.
        assert!(unsafe { l.assign_locked(to.as_mut_ptr().cast(), from.as_ptr().cast()) });
        assert_eq!(to[1], 5);
    }
}
