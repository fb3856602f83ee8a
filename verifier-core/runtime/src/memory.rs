//! Memory of programs: reservations of the host's address space between guard pages, and the list of regions that
//! checked mode looks every access up in.
//!
//! Addresses in programs are host addresses. What a 32-bit field of a context points to (packets) lies below 4 GiB, so
//! that the field holds the address itself. Before and behind a reservation lie [`GUARD`] inaccessible bytes: an access
//! that leaves it by the displacement of an instruction faults instead of reaching something else.

use std::io;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a page.
pub const PAGE: usize = 4096;
/// Bytes of the guard on each side: as far as a displacement of 16 bits and an access of 8 bytes reach, in whole pages.
pub const GUARD: usize = (1 << 15) + PAGE;
/// Where a search for low addresses begins and ends.
const LOW: std::ops::Range<usize> = 0x1000_0000..0xf000_0000;
/// The same for addresses that fit into instructions; larger reservations leave them to others.
const NEAR: std::ops::Range<usize> = 0x2000_0000..0x7000_0000;
const MOST_NEAR: usize = 16 << 20;

/// Pages of our own, zero at first, given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    start: NonNull<u8>,
    len: usize,
    /// Its place in the list that signal handlers look at.
    span: Option<usize>,
}

/// Reservations that signal handlers know.
const SPANS: usize = 16384;
static STARTS: [AtomicUsize; SPANS] = [const { AtomicUsize::new(0) }; SPANS];
static ENDS: [AtomicUsize; SPANS] = [const { AtomicUsize::new(0) }; SPANS];
/// Where the search for a free place in the list begins; no place at or above [`USED`] was ever taken.
static HINT: AtomicUsize = AtomicUsize::new(0);
static USED: AtomicUsize = AtomicUsize::new(0);

/// Lists a reservation with its guards. `None` when the list is full: who faults there is not recognised.
fn list(start: usize, end: usize) -> Option<usize> {
    let from = HINT.fetch_add(1, Ordering::Relaxed);
    let free = |i: &usize| STARTS[*i].compare_exchange(0, start, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    let slot = (0..SPANS).map(|n| (from + n) % SPANS).find(free)?;
    ENDS[slot].store(end, Ordering::Release);
    USED.fetch_max(slot + 1, Ordering::AcqRel);
    Some(slot)
}

/// Whether an address lies in some reservation or its guards. For signal handlers: it does not lock.
pub(super) fn is_reserved(address: usize) -> bool {
    (0..USED.load(Ordering::Acquire)).any(|i| {
        address < ENDS[i].load(Ordering::Acquire) && (1..=address).contains(&STARTS[i].load(Ordering::Acquire))
    })
}

// SAFETY: plain memory; those who share it say how they access it.
unsafe impl Send for Reservation {}
// SAFETY: as above.
unsafe impl Sync for Reservation {}

fn map_at(hint: usize, len: usize, more: i32) -> io::Result<*mut u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping that replaces none.
    let p = unsafe { libc::mmap(hint as *mut libc::c_void, len, libc::PROT_NONE, flags | more, -1, 0) };
    if p == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    if more & libc::MAP_FIXED_NOREPLACE != 0 && p as usize != hint {
        // Kernels before 4.17 take the address as a wish.
        // SAFETY: the mapping that was just made.
        unsafe { libc::munmap(p, len) };
        return Err(io::ErrorKind::AddrInUse.into());
    }
    Ok(p.cast())
}

/// Maps the first free place of a range, looking at some places at most.
fn search(total: usize, range: std::ops::Range<usize>, most: usize) -> io::Result<*mut u8> {
    // Steps grow with what is asked, so that the search stays short.
    let step = total.next_power_of_two().max(1 << 20);
    for at in range.clone().step_by(step).take(most).take_while(|at| range.end - at >= total) {
        match map_at(at, total, libc::MAP_FIXED_NOREPLACE) {
            Err(e) if matches!(e.raw_os_error(), Some(libc::EEXIST | libc::EPERM)) => {}
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
            made => return made,
        }
    }
    Err(io::ErrorKind::OutOfMemory.into())
}

impl Reservation {
    /// At least `len` bytes anywhere. Memory is taken when it is touched.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn new(len: usize) -> io::Result<Reservation> {
        Reservation::place(len, |total| map_at(0, total, 0))
    }

    /// At least `len` bytes below 4 GiB.
    ///
    /// # Errors
    /// Those of `mmap(2)`; out of memory where no room is left there.
    pub fn low(len: usize) -> io::Result<Reservation> {
        Reservation::place(len, |total| search(total, LOW, usize::MAX))
    }

    /// At least `len` bytes where instructions can hold the address, if there is room and this machine has such a
    /// place: on x86-64 below 2 GiB. Elsewhere anywhere. One run after the other finds the same place, so that what a
    /// program makes of addresses is the same too.
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub fn near(len: usize) -> io::Result<Reservation> {
        if cfg!(target_arch = "x86_64")
            && len <= MOST_NEAR
            && let Ok(r) = Reservation::place(len, |total| search(total, NEAR, 256))
        {
            return Ok(r);
        }
        Reservation::new(len)
    }

    fn place(len: usize, map: impl FnOnce(usize) -> io::Result<*mut u8>) -> io::Result<Reservation> {
        let too_large = || io::Error::from(io::ErrorKind::OutOfMemory);
        let inner = len.max(1).checked_next_multiple_of(PAGE).ok_or_else(too_large)?;
        let total = inner.checked_add(2 * GUARD).filter(|t| *t < 1 << 46).ok_or_else(too_large)?;
        let base = map(total)?;
        // SAFETY: between the guards of the mapping that was just made.
        let start = unsafe { base.add(GUARD) };
        // SAFETY: as above.
        if unsafe { libc::mprotect(start.cast(), inner, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
            let e = io::Error::last_os_error();
            // SAFETY: the mapping that was just made.
            unsafe { libc::munmap(base.cast(), total) };
            return Err(e);
        }
        let start = NonNull::new(start).ok_or_else(too_large)?;
        let span = list(base as usize, base as usize + total);
        Ok(Reservation { start, len: inner, span })
    }

    /// First address.
    pub fn address(&self) -> u64 {
        self.start.as_ptr() as u64
    }

    /// Bytes, whole pages.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Pointer to an offset; the end at most.
    pub fn at(&self, off: usize) -> *mut u8 {
        assert!(off <= self.len, "offset {off} in a reservation of {}", self.len);
        // SAFETY: within the mapping.
        unsafe { self.start.as_ptr().add(off) }
    }

    /// Whether an address lies in it or in one of its guards: who faults there left this reservation.
    pub fn owns(&self, address: u64) -> bool {
        let from = self.address() - GUARD as u64;
        (from..self.address() + (self.len + GUARD) as u64).contains(&address)
    }

    /// Copies bytes in.
    pub fn write(&mut self, off: usize, bytes: &[u8]) {
        assert!(bytes.len() <= self.len.saturating_sub(off), "{} bytes at {off} of {}", bytes.len(), self.len);
        // SAFETY: within the mapping, which is borrowed for writing.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.at(off), bytes.len()) }
    }

    /// Fills bytes with zeroes.
    pub fn clear(&mut self, off: usize, len: usize) {
        assert!(len <= self.len.saturating_sub(off), "{len} bytes at {off} of {}", self.len);
        // SAFETY: within the mapping, which is borrowed for writing.
        unsafe { self.at(off).write_bytes(0, len) }
    }

    /// Copies bytes out.
    pub fn read(&self, off: usize, len: usize) -> Vec<u8> {
        assert!(len <= self.len.saturating_sub(off), "{len} bytes at {off} of {}", self.len);
        let mut out = vec![0; len];
        // SAFETY: within the mapping.
        unsafe { std::ptr::copy_nonoverlapping(self.at(off), out.as_mut_ptr(), len) }
        out
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(slot) = self.span {
            ENDS[slot].store(0, Ordering::Release);
            STARTS[slot].store(0, Ordering::Release);
        }
        // SAFETY: the whole mapping, guards included; nobody holds addresses of a dropped reservation.
        unsafe { libc::munmap(self.start.as_ptr().sub(GUARD).cast(), self.len + 2 * GUARD) };
    }
}

/// What a region is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegionKind {
    /// The context of the hook.
    Context,
    /// Packet bytes, metadata included.
    Packet,
    /// The stack of a frame, 0 the entry's.
    Stack(u32),
    /// Values of a map, by name.
    MapValue(String),
    /// What lies before the context.
    Before,
    /// A socket that the context points to.
    Socket,
    /// The buffer of a writable tracepoint.
    Buffer,
    /// Bytes that the context names the beginning and the end of: the value of a socket option, a message.
    Data,
    /// What a flow dissector fills.
    FlowKeys,
    /// An object of the kernel that a context points to.
    Object,
    /// Memory that a helper gave out.
    Helper(&'static str),
    /// Memory that the user gave, by name.
    User(String),
}

impl std::fmt::Display for RegionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RegionKind::Context => f.write_str("context"),
            RegionKind::Packet => f.write_str("packet"),
            RegionKind::Stack(n) => write!(f, "stack of frame {n}"),
            RegionKind::MapValue(m) => write!(f, "value of map `{m}`"),
            RegionKind::Before => f.write_str("what lies before the context"),
            RegionKind::Socket => f.write_str("socket"),
            RegionKind::Buffer => f.write_str("buffer of the tracepoint"),
            RegionKind::Data => f.write_str("data of the context"),
            RegionKind::FlowKeys => f.write_str("flow keys"),
            RegionKind::Object => f.write_str("object of the kernel"),
            RegionKind::Helper(h) => write!(f, "memory of {h}"),
            RegionKind::User(n) => write!(f, "region `{n}`"),
        }
    }
}

/// Addresses that a program may access in checked mode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Region {
    /// What it is for.
    pub kind: RegionKind,
    /// First address.
    pub start: u64,
    /// Bytes.
    pub len: u64,
    /// When it holds several objects: bytes from one to the next, and bytes of each. An access must lie in one.
    pub objects: Option<(u64, u64)>,
    /// Offset and length, in each object, of what is not to be written as bytes: special fields.
    pub closed: Option<Arc<[(u32, u32)]>>,
    /// Whether stores are allowed.
    pub writable: bool,
}

impl Region {
    /// Whether an access lies wholly in it, or in one of its objects.
    pub(super) fn holds(&self, address: u64, len: u64) -> bool {
        let Some(off) = address.checked_sub(self.start) else { return false };
        if off.checked_add(len).is_none_or(|end| end > self.len) {
            return false;
        }
        self.objects.is_none_or(|(stride, size)| off % stride.max(1) + len <= size)
    }

    /// Whether an access that lies in it may be a store.
    pub(super) fn may_write(&self, address: u64, len: u64) -> bool {
        let off = address.wrapping_sub(self.start) % self.objects.map_or(u64::MAX, |(stride, _)| stride.max(1));
        let apart = |(at, n): &(u32, u32)| off + len <= u64::from(*at) || off >= u64::from(*at) + u64::from(*n);
        self.writable && self.closed.as_ref().is_none_or(|closed| closed.iter().all(apart))
    }
}

/// The regions of a run.
#[derive(Clone, Default, Debug)]
pub struct Regions {
    list: Vec<Region>,
}

impl Regions {
    /// Adds a region.
    pub fn add(&mut self, region: Region) {
        self.list.push(region);
    }

    /// Removes the region that begins at an address.
    pub fn remove(&mut self, start: u64) {
        self.list.retain(|r| r.start != start);
    }

    /// Removes what matches.
    pub fn retain(&mut self, keep: impl FnMut(&Region) -> bool) {
        self.list.retain(keep);
    }

    /// All of them.
    pub fn all(&self) -> &[Region] {
        &self.list
    }

    /// The region that wholly holds an access.
    pub fn find(&self, address: u64, len: u64) -> Option<&Region> {
        self.list.iter().rev().find(|r| r.holds(address, len))
    }

    /// The region at or nearest before an address, for reports.
    pub fn nearest(&self, address: u64) -> Option<&Region> {
        // An access just behind a region, or just before one, is most likely meant for it.
        let distance = |r: &Region| {
            if address < r.start { r.start - address } else { address.saturating_sub(r.start.saturating_add(r.len)) }
        };
        self.list.iter().min_by_key(|r| distance(r)).filter(|r| distance(r) <= 1 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_zero_and_low_ones_fit_32_bits() {
        let mut r = Reservation::low(10_000).expect("room");
        assert!(r.address() + r.len() as u64 <= u64::from(u32::MAX));
        assert_eq!((r.len() % PAGE, r.read(0, 8)), (0, vec![0; 8]));
        r.write(r.len() - 2, &[1, 2]);
        assert_eq!(r.read(r.len() - 2, 2), [1, 2]);
        assert!(r.owns(r.address() - 1) && r.owns(r.address() + r.len() as u64) && !r.owns(0));
        let behind = r.address() as usize + r.len() + GUARD;
        assert!(is_reserved(r.address() as usize - (1 << 15) - 8) && is_reserved(behind - 1) && !is_reserved(0));
    }

    #[test]
    fn regions_hold_whole_objects() {
        let mut all = Regions::default();
        let kind = RegionKind::MapValue("m".into());
        all.add(Region { kind, start: 0x1000, len: 32, objects: Some((8, 8)), closed: None, writable: true });
        assert!(all.find(0x1008, 8).is_some() && all.find(0x1018, 8).is_some());
        assert!(all.find(0x1004, 8).is_none() && all.find(0x1020, 1).is_none() && all.find(0xfff, 1).is_none());
        assert!(all.nearest(0x1020).is_some() && all.find(u64::MAX, 8).is_none());
    }
}
