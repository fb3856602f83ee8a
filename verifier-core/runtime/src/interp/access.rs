//! Loads, stores and atomic operations at host addresses.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use crate::program::{AtomicOp, Size};

/// Loads, zero- or sign-extended. Alignment is not needed.
///
/// # Safety
/// The bytes are readable memory of programs.
#[inline(always)]
pub(crate) unsafe fn load(size: Size, signed: bool, address: u64) -> u64 {
    // SAFETY: as required.
    unsafe {
        match (size, signed) {
            (Size::B1, false) => (address as *const u8).read_unaligned().into(),
            (Size::B2, false) => (address as *const u16).read_unaligned().into(),
            (Size::B4, false) => (address as *const u32).read_unaligned().into(),
            (Size::B1, true) => (address as *const i8).read_unaligned() as i64 as u64,
            (Size::B2, true) => (address as *const i16).read_unaligned() as i64 as u64,
            (Size::B4, true) => (address as *const i32).read_unaligned() as i64 as u64,
            (Size::B8, _) => (address as *const u64).read_unaligned(),
        }
    }
}

/// Stores the low bytes of a value.
///
/// # Safety
/// The bytes are writable memory of programs.
#[inline(always)]
pub(crate) unsafe fn store(size: Size, address: u64, value: u64) {
    // SAFETY: as required.
    unsafe {
        match size {
            Size::B1 => (address as *mut u8).write_unaligned(value as u8),
            Size::B2 => (address as *mut u16).write_unaligned(value as u16),
            Size::B4 => (address as *mut u32).write_unaligned(value as u32),
            Size::B8 => (address as *mut u64).write_unaligned(value),
        }
    }
}

macro_rules! rmw {
    ($cell:ty, $word:ty, $op:expr, $address:expr, $value:expr, $r0:expr) => {{
        // SAFETY: as required of the caller.
        let cell = unsafe { <$cell>::from_ptr($address as *mut $word) };
        let (v, all) = ($value as $word, Ordering::SeqCst);
        let old = match $op {
            AtomicOp::Add => cell.fetch_add(v, all),
            AtomicOp::Or => cell.fetch_or(v, all),
            AtomicOp::And => cell.fetch_and(v, all),
            AtomicOp::Xor => cell.fetch_xor(v, all),
            AtomicOp::Xchg => cell.swap(v, all),
            AtomicOp::CmpXchg => match cell.compare_exchange($r0 as $word, v, all, all) {
                Ok(old) | Err(old) => old,
            },
        };
        u64::from(old)
    }};
}

/// The value before a read-modify-write, zero-extended. An address that is not aligned is operated on in pieces: only
/// programs that no kernel accepts have such.
///
/// # Safety
/// The bytes are writable memory of programs.
pub(crate) unsafe fn atomic(op: AtomicOp, wide: bool, address: u64, value: u64, r0: u64) -> u64 {
    let bytes = if wide { 8 } else { 4 };
    if !address.is_multiple_of(bytes) {
        let size = if wide { Size::B8 } else { Size::B4 };
        // SAFETY: as required.
        let old = unsafe { load(size, false, address) };
        let new = match op {
            AtomicOp::Add => old.wrapping_add(value),
            AtomicOp::Or => old | value,
            AtomicOp::And => old & value,
            AtomicOp::Xor => old ^ value,
            AtomicOp::Xchg => value,
            AtomicOp::CmpXchg if old == if wide { r0 } else { u64::from(r0 as u32) } => value,
            AtomicOp::CmpXchg => old,
        };
        // SAFETY: as required.
        unsafe { store(size, address, new) };
        return old;
    }
    if wide { rmw!(AtomicU64, u64, op, address, value, r0) } else { rmw!(AtomicU32, u32, op, address, value, r0) }
}

/// A load that later accesses stay behind.
///
/// # Safety
/// The bytes are readable memory of programs.
pub(crate) unsafe fn load_acquire(size: Size, address: u64) -> u64 {
    // SAFETY: as required; atomics want alignment.
    unsafe {
        if !address.is_multiple_of(u64::from(size.bytes())) {
            return load(size, false, address);
        }
        match size {
            Size::B1 => AtomicU8::from_ptr(address as *mut u8).load(Ordering::Acquire).into(),
            Size::B2 => AtomicU16::from_ptr(address as *mut u16).load(Ordering::Acquire).into(),
            Size::B4 => AtomicU32::from_ptr(address as *mut u32).load(Ordering::Acquire).into(),
            Size::B8 => AtomicU64::from_ptr(address as *mut u64).load(Ordering::Acquire),
        }
    }
}

/// A store that earlier accesses stay before.
///
/// # Safety
/// The bytes are writable memory of programs.
pub(crate) unsafe fn store_release(size: Size, address: u64, value: u64) {
    // SAFETY: as required; atomics want alignment.
    unsafe {
        if !address.is_multiple_of(u64::from(size.bytes())) {
            return store(size, address, value);
        }
        match size {
            Size::B1 => AtomicU8::from_ptr(address as *mut u8).store(value as u8, Ordering::Release),
            Size::B2 => AtomicU16::from_ptr(address as *mut u16).store(value as u16, Ordering::Release),
            Size::B4 => AtomicU32::from_ptr(address as *mut u32).store(value as u32, Ordering::Release),
            Size::B8 => AtomicU64::from_ptr(address as *mut u64).store(value, Ordering::Release),
        }
    }
}
