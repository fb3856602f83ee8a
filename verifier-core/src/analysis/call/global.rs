//! Functions verified by their BTF signature.

use crate::analysis::Env;
use crate::error::{Res, Stop};

/// Reads the arguments of a function from its BTF. Kernel: `btf_prepare_func_args()`.
pub(crate) fn btf_prepare_func_args(_env: &mut Env<'_>, _subprog: usize) -> Res {
    Err(Stop::unsupported("btf_prepare_func_args"))
}

/// Registers at the entry of a walk. Kernel: the first half of `do_check_common()`.
pub(crate) fn setup_entry_regs(_env: &mut Env<'_>, _subprog: usize) -> Res {
    Err(Stop::unsupported("setup_entry_regs"))
}
