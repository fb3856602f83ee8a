//! Atomic instructions. Answers for `check_atomic()`.

use crate::analysis::Env;
use crate::error::{Res, Stop};
use crate::isa::Insn;

/// Checks an atomic instruction. Kernel: `check_atomic()`.
pub(crate) fn check_atomic(_env: &mut Env<'_>, _insn_idx: usize, _insn: Insn) -> Res {
    Err(Stop::unsupported("check_atomic"))
}
