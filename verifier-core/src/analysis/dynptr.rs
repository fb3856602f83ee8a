//! Dynptrs: pointers with a length that the program holds on its stack and can only use through calls.

use super::Env;
use crate::error::{Res, Stop};
use crate::kernel::call::ArgType;
use crate::state::{DynptrKind, RegState};

/// Kernel: `destroy_if_dynptr_stack_slot()`.
pub(crate) fn destroy_if_dynptr_stack_slot(_env: &mut Env, _frame: usize, _spi: usize) -> Res {
    Err(Stop::unsupported("dynptr"))
}

/// Kernel: `process_dynptr_func()`.
pub(crate) fn process_dynptr_func(_env: &mut Env, _regno: u8, _insn_idx: usize, _arg: ArgType, _clone_ref_obj_id: u32) -> Res {
    Err(Stop::unsupported("dynptr"))
}

/// Kernel: `unmark_stack_slots_dynptr()`.
pub(crate) fn unmark_stack_slots_dynptr(_env: &mut Env, _reg: &RegState) -> Res {
    Err(Stop::unsupported("dynptr"))
}

/// Kernel: `dynptr_id()`.
pub(crate) fn dynptr_id(_env: &mut Env, _reg: &RegState) -> Res<u32> {
    Err(Stop::unsupported("dynptr"))
}

/// Kernel: `dynptr_ref_obj_id()`.
pub(crate) fn dynptr_ref_obj_id(_env: &mut Env, _reg: &RegState) -> Res<u32> {
    Err(Stop::unsupported("dynptr"))
}

/// Kernel: `dynptr_get_type()`.
pub(crate) fn dynptr_get_type(_env: &mut Env, _reg: &RegState) -> Res<DynptrKind> {
    Err(Stop::unsupported("dynptr"))
}

/// Marks a register as a constant dynptr argument of a callback or global function. Kernel: `mark_dynptr_cb_reg()`.
pub(crate) fn mark_dynptr_cb_reg(_env: &mut Env, _reg: &mut RegState, _kind: DynptrKind) {}
