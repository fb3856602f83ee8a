//! The stack: slots, bounds, growth.
//!
//! Answers for `grow_stack_state()`, `save_register_state()`, `check_stack_access_within_bounds()`.

use super::AccessSrc;
use crate::analysis::Env;
use crate::analysis::regs::Access;
use crate::error::{Res, Stop};
use crate::state::RegState;

/// Slot index of a byte offset below the frame pointer. Kernel: `__get_spi()`.
pub(crate) const fn get_spi(off: i32) -> i32 {
    off.wrapping_neg().wrapping_sub(1) / 8
}

/// Makes frame `frame` hold at least `size` bytes of stack. Kernel: `grow_stack_state()`.
pub(crate) fn grow_stack_state(_env: &mut Env<'_>, _frame: usize, _size: i32) {}

/// Slot of an object that takes `nr_slots` slots below a stack pointer; the object must be aligned and inside of the
/// stack. Kernel: `stack_slot_obj_get_spi()`.
///
/// Errors with `ERANGE` where the stack is not (yet) that deep.
pub(crate) fn stack_slot_obj_get_spi(
    _env: &mut Env<'_>,
    _reg: &RegState,
    _obj_kind: &'static str,
    _nr_slots: usize,
) -> Res<usize> {
    Err(Stop::unsupported("stack_slot_obj_get_spi"))
}

/// Stores a register into a slot. Kernel: `save_register_state()`.
pub(crate) fn save_register_state(_env: &mut Env<'_>, _frame: usize, _spi: usize, _reg: &RegState, _size: usize) {}

/// Checks that an access stays inside of the stack, and grows the stack to hold it.
/// Kernel: `check_stack_access_within_bounds()`.
pub(crate) fn check_stack_access_within_bounds(
    _env: &mut Env<'_>,
    _regno: u8,
    _off: i32,
    _access_size: i32,
    _src: AccessSrc,
    _t: Access,
) -> Res {
    Err(Stop::unsupported("check_stack_access_within_bounds"))
}
