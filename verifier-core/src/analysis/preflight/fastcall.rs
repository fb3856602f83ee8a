//! Spill/fill pairs around fastcalls. Kernel: `mark_fastcall_patterns()`.

use super::super::Env;
use crate::error::{Res, Stop};

/// Kernel: `mark_fastcall_patterns()`.
pub(crate) fn mark_fastcall_patterns(env: &mut Env<'_>) -> Res {
    let _ = env;
    Err(Stop::unsupported("mark_fastcall_patterns"))
}
