//! Memory arguments and their sizes. Answers for `check_mem_size_reg()` and `check_mem_reg()`.

use super::meta::CallMeta;
use crate::analysis::Env;
use crate::analysis::regs::Access;
use crate::error::{Res, Stop};

/// Checks a size argument together with the memory argument before it. Kernel: `check_mem_size_reg()`.
pub(crate) fn check_mem_size_reg(_env: &mut Env<'_>, _regno: u8, _t: Access, _zero_size_allowed: bool, _meta: &mut CallMeta) -> Res {
    Err(Stop::unsupported("check_mem_size_reg"))
}

/// Checks memory of fixed size that may be null. Kernel: `check_mem_reg()`.
pub(crate) fn check_mem_reg(_env: &mut Env<'_>, _regno: u8, _mem_size: u32) -> Res {
    Err(Stop::unsupported("check_mem_reg"))
}

/// The same pair for kernel functions. Kernel: `check_kfunc_mem_size_reg()`.
pub(crate) fn check_kfunc_mem_size_reg(_env: &mut Env<'_>, _regno: u8) -> Res {
    Err(Stop::unsupported("check_kfunc_mem_size_reg"))
}
