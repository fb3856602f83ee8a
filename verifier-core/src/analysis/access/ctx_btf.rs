//! Contexts: what the program type's table says, and contexts that hold the typed arguments of a function.
//!
//! Answers for the `is_valid_access` callbacks as `check_ctx_access()` calls them, and for `btf_ctx_access()`.

use crate::analysis::Env;
use crate::analysis::regs::Access;
use crate::btf::TypeId;
use crate::error::{Res, Stop};
use crate::kernel::call::RegType;
use crate::state::BtfRef;

/// What a load from the context yields. Kernel: `struct bpf_insn_access_aux`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct CtxInfo {
    /// Register type: a scalar unless the field is a pointer.
    pub reg_type: RegType,
    /// For pointers to kernel (or program) types: BTF and type.
    pub btf: Option<(BtfRef, TypeId)>,
    /// Bytes of the field in which narrower loads are allowed; 0: none recorded.
    pub ctx_field_size: u32,
    /// The return value of the hook is read (LSM): its range is known.
    pub is_retval: bool,
    /// Reference that comes with the argument (6.14); 0: none.
    pub ref_obj_id: u32,
}

/// Whether the context may be accessed so, and what a load yields; `None`: `invalid bpf_context access`.
///
/// Asks the table of the program type (the target's for `EXT`) and, where that says so, BTF; BTF's own lines are
/// printed. Kernel: `env->ops->is_valid_access()`.
pub(crate) fn ctx_access(_env: &mut Env<'_>, _off: i32, _size: u32, _t: Access, _ldsx: bool) -> Res<Option<CtxInfo>> {
    Err(Stop::unsupported("ctx_access"))
}

/// Arguments of the function that the program attaches to. `false`: not allowed (its line was printed).
///
/// Kernel: `btf_ctx_access()`.
pub(crate) fn btf_ctx_access(_env: &mut Env<'_>, _off: i32, _size: u32, _t: Access, _info: &mut CtxInfo) -> Res<bool> {
    Err(Stop::unsupported("btf_ctx_access"))
}
