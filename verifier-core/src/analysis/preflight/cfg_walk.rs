//! The kernel's walk over the control-flow graph. Kernel: `check_cfg()`.

use super::super::Env;
use crate::error::{Res, Stop};

/// Kernel: `check_cfg()`.
pub(crate) fn check_cfg(env: &mut Env<'_>) -> Res {
    let _ = env;
    Err(Stop::unsupported("check_cfg"))
}
