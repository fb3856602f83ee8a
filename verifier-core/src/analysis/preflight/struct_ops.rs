//! struct_ops programs: which member of which kernel struct they implement.
//!
//! Answers for `check_struct_ops_btf_id()`.

use crate::analysis::Env;
use crate::error::{Res, Stop};

/// Checks struct, member and the member's prototype, and fills in `env.attach`. Kernel: `check_struct_ops_btf_id()`.
pub(crate) fn check_struct_ops_btf_id(_env: &mut Env<'_>) -> Res {
    Err(Stop::unsupported("check_struct_ops_btf_id"))
}
