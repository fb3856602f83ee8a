//! What helpers and kernel functions do, by area. The table is in [`super::abi`].

pub(super) mod base;
pub(super) mod callback;
pub(super) mod csum;
pub(super) mod dynptr;
pub(super) mod iter;
pub(super) mod lookup;
pub(super) mod map;
pub(super) mod memory;
pub(super) mod object;
pub(super) mod print;
pub(super) mod ring;
pub(super) mod skb;
pub(super) mod string;
pub(super) mod timer;
pub(super) mod xdp;

use super::cx::Halt;

/// Result of a helper.
pub(super) type Ret = Result<u64, Halt>;

/// An error number as programs see it.
pub(super) const fn err(number: i32) -> u64 {
    -(number as i64) as u64
}

/// Zero, or an error number.
pub(super) fn code(result: Result<(), i32>) -> Ret {
    Ok(result.map_or_else(err, |()| 0))
}

/// More error numbers, beside those of maps.
pub(super) mod errno {
    pub use crate::map::errno::*;
    pub const EFAULT: i32 = 14;
    pub const EDEADLK: i32 = 35;
    pub const ERANGE: i32 = 34;
    pub const EALREADY: i32 = 114;
    pub const EAFNOSUPPORT: i32 = 97;
    /// Not in UAPI, but returned.
    pub const ENOTSUPP: i32 = 524;
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
