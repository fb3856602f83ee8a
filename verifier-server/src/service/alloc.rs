//! Counts what the process has from the allocator, and for whom: the one place that every allocation passes.
//!
//! A binary that serves makes [`Counting`] its global allocator. Each thread adds up what it takes and gives back, and
//! tells the process, and the meter that it works for ([`Work`]), whenever that is more than [`STEP`] bytes. So the
//! figures are behind by [`STEP`] bytes for each thread at most, and hardly any allocation touches memory that threads
//! share. What C libraries take is not counted here; [`super::memory`] looks at the resident set for that.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

/// Meters: at most so many requests are told apart at once.
pub const METERS: usize = 4096;
/// A thread tells what it took or gave back when it is more than so many bytes.
const STEP: isize = 16 << 10;
/// What the allocator keeps beside each block, and the unit that blocks are rounded up to.
const BESIDE: usize = 8;
const UNIT: usize = 16;

/// Bytes in use, of all threads.
static LIVE: AtomicIsize = AtomicIsize::new(0);
/// Bytes taken less those given back while working for each meter. Meter 0 is nobody's.
static METER: [AtomicIsize; METERS] = [const { AtomicIsize::new(0) }; METERS];

thread_local! {
    /// What this thread has not told yet.
    static PENDING: Cell<isize> = const { Cell::new(0) };
    /// For whom it works.
    static FOR: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, counted.
pub struct Counting;

/// About what a block takes.
fn size(layout: Layout) -> isize {
    let bytes = layout.size().saturating_add(BESIDE).next_multiple_of(UNIT);
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

fn note(bytes: isize) {
    // A thread that is ending has no variables any more; the little that it frees then is not told.
    let _ = PENDING.try_with(|p| {
        let now = p.get().wrapping_add(bytes);
        p.set(now);
        if now.abs() >= STEP {
            tell();
        }
    });
}

/// Tells the process and the meter what this thread took and gave back.
fn tell() {
    let bytes = PENDING.replace(0);
    LIVE.fetch_add(bytes, Ordering::Relaxed);
    METER[FOR.get().min(METERS - 1)].fetch_add(bytes, Ordering::Relaxed);
}

// SAFETY: every call is handed to the system's allocator as it is, whose contract is this trait's; the counting beside it
// neither allocates nor unwinds: it is arithmetic on variables that need neither construction nor destruction.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let block = unsafe { System.alloc(layout) };
        if !block.is_null() {
            note(size(layout));
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let block = unsafe { System.alloc_zeroed(layout) };
        if !block.is_null() {
            note(size(layout));
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) };
        note(-size(layout));
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let moved = unsafe { System.realloc(block, layout, bytes) };
        if !moved.is_null() {
            // The caller promises that the new size is a valid one for the old alignment.
            let new = Layout::from_size_align(bytes, layout.align()).unwrap_or(layout);
            note(size(new) - size(layout));
        }
        moved
    }
}

/// Bytes in use by the whole process.
pub fn live() -> usize {
    usize::try_from(LIVE.load(Ordering::Relaxed)).unwrap_or(0)
}

/// Bytes taken less those given back while working for a meter. Negative when it gave back what others took.
pub fn metered(meter: usize) -> isize {
    METER[meter.min(METERS - 1)].load(Ordering::Relaxed)
}

/// Begins a meter anew.
pub fn reset(meter: usize) {
    METER[meter.min(METERS - 1)].store(0, Ordering::Relaxed);
}

/// While it lives, this thread works for a meter.
pub struct Work {
    before: usize,
}

impl Work {
    /// Begins to work for a meter.
    pub fn of(meter: usize) -> Work {
        tell();
        Work { before: FOR.replace(meter.min(METERS - 1)) }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        tell();
        FOR.set(self.before);
    }
}

/// Gives memory that is free within this process back to the system, as far as the allocator can.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes no pointer, and may be called at any time from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Tells the allocator to take large blocks from the system and to give them back when they are freed. Without this it
/// keeps ever larger ones for itself.
pub fn be_frugal() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes numbers only; what the allocator does not know it refuses.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 16 << 20);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_counts_what_is_kept() {
        let meter = METERS - 2;
        reset(meter);
        let before = live();
        let kept = {
            let _work = Work::of(meter);
            let a = Counting;
            let layout = Layout::from_size_align(1 << 20, 8).expect("a layout");
            // SAFETY: the layout has a size, and the blocks are given back with the layouts they have.
            unsafe {
                let gone = a.alloc(layout);
                a.dealloc(gone, layout);
                let kept = a.alloc_zeroed(layout);
                let kept = a.realloc(kept, layout, 2 << 20);
                (kept, Layout::from_size_align(2 << 20, 8).expect("a layout"))
            }
        };
        assert_eq!(metered(meter), size(kept.1));
        assert!(live() >= before.saturating_add(1 << 20));
        {
            let _work = Work::of(meter);
            // SAFETY: as it was allocated.
            unsafe { Counting.dealloc(kept.0, kept.1) };
        }
        assert_eq!(metered(meter), 0);
    }
}
