//! Open-coded iterators on the stack.

use super::Env;
use super::kfunc::KfuncMeta;
use crate::error::{Res, Stop};
use crate::state::VerifierState;

/// Kernel: `process_iter_arg()`.
pub(crate) fn process_iter_arg(_env: &mut Env, _regno: u8, _insn_idx: usize, _meta: &mut KfuncMeta) -> Res {
    Err(Stop::unsupported("iter"))
}

/// Kernel: `process_iter_next_call()`.
pub(crate) fn process_iter_next_call(_env: &mut Env, _insn_idx: usize, _meta: &KfuncMeta) -> Res {
    Err(Stop::unsupported("iter"))
}

/// Kernel: `widen_imprecise_scalars()`.
pub(crate) fn widen_imprecise_scalars(_old: &VerifierState, _cur: &mut VerifierState, _bpf_capable: bool) {}
