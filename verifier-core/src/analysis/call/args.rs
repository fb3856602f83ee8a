//! Arguments of helpers. Answers for `check_func_arg()`, `check_reg_type()` and `check_func_arg_reg_off()`.

use super::meta::CallMeta;
use crate::analysis::Env;
use crate::btf::TypeId;
use crate::error::{Res, Stop};
use crate::kernel::call::ArgType;
use crate::state::{BtfRef, RegState};

/// Checks that a register's type suits an argument. Kernel: `check_reg_type()`.
pub(crate) fn check_reg_type(_env: &mut Env<'_>, _regno: u8, _arg: ArgType, _btf: Option<(BtfRef, TypeId)>, _meta: &mut CallMeta) -> Res {
    Err(Stop::unsupported("check_reg_type"))
}

/// Checks the offset of a pointer argument. Kernel: `check_func_arg_reg_off()`.
pub(crate) fn check_func_arg_reg_off(_env: &mut Env<'_>, _reg: &RegState, _regno: u8, _arg: ArgType) -> Res {
    Err(Stop::unsupported("check_func_arg_reg_off"))
}

/// A pointer to a constant string in read-only map memory. Kernel: `check_reg_const_str()`.
pub(crate) fn check_reg_const_str(_env: &mut Env<'_>, _regno: u8) -> Res {
    Err(Stop::unsupported("check_reg_const_str"))
}
