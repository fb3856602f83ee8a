//! Memory of known size with a possibly variable offset, and pointers that must be unmodified.
//!
//! Answers for `check_mem_region_access()` and `__check_ptr_off_reg()`.

use crate::analysis::Env;
use crate::error::{Res, Stop};
use crate::state::RegState;

/// Checks an access to a region of `mem_size` bytes. Kernel: `check_mem_region_access()`.
pub(crate) fn check_mem_region_access(
    _env: &mut Env<'_>,
    _regno: u8,
    _off: i32,
    _size: i32,
    _mem_size: u32,
    _zero_size_allowed: bool,
) -> Res {
    Err(Stop::unsupported("check_mem_region_access"))
}

/// Checks that a pointer is unmodified. Kernel: `check_ptr_off_reg()`.
pub(crate) fn check_ptr_off_reg(env: &mut Env<'_>, reg: &RegState, regno: u8) -> Res {
    __check_ptr_off_reg(env, reg, regno, false)
}

/// Checks that a pointer has no variable and (unless `fixed_off_ok`) no fixed offset. Kernel: `__check_ptr_off_reg()`.
pub(crate) fn __check_ptr_off_reg(_env: &mut Env<'_>, _reg: &RegState, _regno: u8, _fixed_off_ok: bool) -> Res {
    Err(Stop::unsupported("check_ptr_off_reg"))
}
