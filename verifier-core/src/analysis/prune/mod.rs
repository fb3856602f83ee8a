//! Whether a path may end because a stored state covers it. Kernel: `is_state_visited()` and below.

use super::Env;
use crate::error::{Res, Stop};

/// Kernel: `is_state_visited()`.
pub(crate) fn is_state_visited(env: &mut Env<'_>, insn_idx: usize) -> Res<bool> {
    let _ = (env, insn_idx);
    Err(Stop::unsupported("is_state_visited"))
}

/// Kernel: `push_insn_history()` (6.12), `push_jmp_history()`.
pub(crate) fn push_jmp_history(env: &mut Env<'_>, flags: u16, linked_regs: u64) -> Res {
    let _ = (env, flags, linked_regs);
    Err(Stop::unsupported("push_jmp_history"))
}
