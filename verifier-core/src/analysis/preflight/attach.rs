//! What a program attaches to: kernel functions, tracepoints, hooks, iterators, other programs.
//!
//! Answers for `check_attach_btf_id()` and `bpf_check_attach_target()`.

use crate::analysis::Env;
use crate::error::{Res, Stop};

/// Checks the attach target and fills in `env.attach`. Kernel: `check_attach_btf_id()`.
///
/// Sleepability by type is checked here for every program; struct_ops programs go on in [`super::struct_ops`].
pub(crate) fn check_attach_btf_id(_env: &mut Env<'_>) -> Res {
    Err(Stop::unsupported("check_attach_btf_id"))
}
