//! Loads and stores: dispatch on the kind of pointer, one file per kind.
//!
//! Answers for `check_mem_access()` and the checks it calls.

mod atomic;
mod ctx_btf;
mod helper_mem;
mod map_value;
mod packet;
mod region;
mod stack;

pub(crate) use atomic::check_atomic;
pub(crate) use ctx_btf::{
    CtxInfo, TRACE_PREFIX, btf_ctx_access, ctx_access, ctx_arg_idx, has_suffix, is_prog_ctx_type, is_projection_of,
    kern_ctx_type_id, kind_str, ops_type, shown_name,
};
pub(crate) use helper_mem::{check_helper_mem_access, check_stack_range_initialized};
pub(crate) use map_value::{check_map_access, check_map_access_type, check_map_kptr_access};
pub(crate) use packet::check_packet_access;
pub(crate) use region::{__check_ptr_off_reg, check_mem_region_access, check_ptr_off_reg};
pub(crate) use stack::{check_stack_access_within_bounds, get_spi, grow_stack_state, save_register_state, stack_slot_obj_get_spi};

use crate::analysis::Env;
use crate::analysis::regs::Access;
use crate::error::{Res, Stop};
use crate::isa::Insn;
use crate::kernel::call::RegType;

/// Who performs an access. Kernel: `enum bpf_access_src`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AccessSrc {
    /// An instruction.
    Direct,
    /// A helper or kernel function, through an argument.
    Helper,
}

/// Checks one load or store. Kernel: `check_mem_access()`.
///
/// `off` is the instruction's offset, `size_bits` its size bits. `value_regno` receives (read) or gives (write) the
/// value; `None`: the value goes nowhere, or is unknown.
#[allow(clippy::too_many_arguments)]
pub(crate) fn check_mem_access(
    _env: &mut Env<'_>,
    _insn_idx: usize,
    _regno: u8,
    _off: i32,
    _size_bits: u8,
    _t: Access,
    _value_regno: Option<u8>,
    _strict_alignment_once: bool,
    _is_ldsx: bool,
) -> Res {
    Err(Stop::unsupported("check_mem_access"))
}

/// Checks a load into a register. Kernel: `check_load_mem()`.
pub(crate) fn check_load_mem(
    _env: &mut Env<'_>,
    _insn: Insn,
    _strict: bool,
    _is_ldsx: bool,
    _allow_trust_mismatch: bool,
) -> Res {
    Err(Stop::unsupported("check_load_mem"))
}

/// Checks a store of a register. Kernel: `check_store_reg()`.
pub(crate) fn check_store_reg(_env: &mut Env<'_>, _insn: Insn, _strict: bool) -> Res {
    Err(Stop::unsupported("check_store_reg"))
}

/// Remembers the pointer type that this instruction was seen with. Kernel: `save_aux_ptr_type()`.
pub(crate) fn save_aux_ptr_type(_env: &mut Env<'_>, _ty: RegType, _allow_trust_mismatch: bool) -> Res {
    Err(Stop::unsupported("save_aux_ptr_type"))
}
