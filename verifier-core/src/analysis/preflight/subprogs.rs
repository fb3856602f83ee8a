//! Jumps stay within their function. Kernel: `check_subprogs()`.

use super::super::Env;
use crate::error::{Res, Stop};

/// Kernel: `check_subprogs()`.
pub(crate) fn check_subprogs(env: &mut Env<'_>) -> Res {
    let _ = env;
    Err(Stop::unsupported("check_subprogs"))
}
