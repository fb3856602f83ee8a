//! Memory that a call reads or writes through an argument. Answers for `check_helper_mem_access()`.

use super::AccessSrc;
use crate::analysis::Env;
use crate::analysis::call::meta::CallMeta;
use crate::analysis::regs::Access;
use crate::error::{Res, Stop};

/// Checks memory that a call touches. Kernel: `check_helper_mem_access()`.
pub(crate) fn check_helper_mem_access(
    _env: &mut Env<'_>,
    _regno: u8,
    _access_size: i32,
    _t: Access,
    _zero_size_allowed: bool,
    _meta: Option<&mut CallMeta>,
) -> Res {
    Err(Stop::unsupported("check_helper_mem_access"))
}

/// Checks stack memory that is read as a whole. Kernel: `check_stack_range_initialized()`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn check_stack_range_initialized(
    _env: &mut Env<'_>,
    _regno: u8,
    _off: i32,
    _access_size: i32,
    _zero_size_allowed: bool,
    _src: AccessSrc,
    _t: Access,
    _meta: Option<&mut CallMeta>,
) -> Res {
    Err(Stop::unsupported("check_stack_range_initialized"))
}
