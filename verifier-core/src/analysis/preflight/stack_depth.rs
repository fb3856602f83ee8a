//! Stack use over call chains. Kernel: `check_max_stack_depth()`.

use super::super::Env;
use crate::error::{Res, Stop};

/// Kernel: `check_max_stack_depth()`.
pub(crate) fn check_max_stack_depth(env: &mut Env<'_>) -> Res {
    let _ = env;
    Err(Stop::unsupported("check_max_stack_depth"))
}
