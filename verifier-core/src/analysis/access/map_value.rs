//! Map values and the special fields in them. Answers for `check_map_access()`.

use super::AccessSrc;
use crate::analysis::Env;
use crate::analysis::btf_record::Field;
use crate::analysis::regs::Access;
use crate::error::{Res, Stop};

/// Whether programs may read or write this map at all. Kernel: `check_map_access_type()`.
pub(crate) fn check_map_access_type(_env: &mut Env<'_>, _regno: u8, _off: i32, _size: i32, _t: Access) -> Res {
    Err(Stop::unsupported("check_map_access_type"))
}

/// Checks bounds and special fields. Kernel: `check_map_access()`.
pub(crate) fn check_map_access(
    _env: &mut Env<'_>,
    _regno: u8,
    _off: i32,
    _size: i32,
    _zero_size_allowed: bool,
    _src: AccessSrc,
) -> Res {
    Err(Stop::unsupported("check_map_access"))
}

/// Checks a load or store of a kptr. Kernel: `check_map_kptr_access()`.
pub(crate) fn check_map_kptr_access(
    _env: &mut Env<'_>,
    _value_regno: Option<u8>,
    _insn_idx: usize,
    _field: &Field,
) -> Res {
    Err(Stop::unsupported("check_map_kptr_access"))
}
