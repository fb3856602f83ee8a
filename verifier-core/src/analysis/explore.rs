//! Stored states and pending paths.

use crate::error::{Res, Stop};
use crate::state::{StateId, VerifierState};

use super::Env;

/// The arena of stored states, the lists of states by instruction, and the stack of pending paths.
#[derive(Debug, Default)]
pub struct Explorer {
    states: Vec<VerifierState>,
    spare: Option<Box<VerifierState>>,
    /// Jumps processed since the walk began. Kernel: `jmps_processed`.
    pub(crate) jmps_processed: u32,
}

impl Explorer {
    /// The path pushed last.
    pub(crate) fn top_mut(&mut self) -> &mut VerifierState {
        self.spare.get_or_insert_with(|| Box::new(VerifierState::empty()))
    }

    /// A stored state.
    pub(crate) fn state(&self, id: StateId) -> &VerifierState {
        &self.states[id.0 as usize]
    }
}

/// Before each instruction: nothing of it is in the history yet. Kernel: `env->cur_hist_ent = NULL`.
pub(crate) fn begin_insn(env: &mut Env<'_>) {
    let _ = env;
}

/// Stores a copy of the current path for later; edit it with [`Explorer::top_mut`]. Kernel: `push_stack()`.
pub(crate) fn push_stack(env: &mut Env<'_>, insn_idx: usize, prev_insn_idx: usize, speculative: bool) -> Res {
    let _ = (env, insn_idx, prev_insn_idx, speculative);
    Err(Stop::unsupported("push_stack"))
}

/// Stores a fresh path that runs a subprogram as an asynchronous callback. Kernel: `push_async_cb()`.
pub(crate) fn push_async_cb(
    env: &mut Env<'_>,
    insn_idx: usize,
    prev_insn_idx: usize,
    subprog: u32,
    is_sleepable: bool,
) -> Res {
    let _ = (env, insn_idx, prev_insn_idx, subprog, is_sleepable);
    Err(Stop::unsupported("push_async_cb"))
}

/// Takes up the path pushed last: `(prev_insn_idx, insn_idx)`, or `None` when none is left. Kernel: `pop_stack()`.
pub(crate) fn pop_stack(env: &mut Env<'_>) -> Option<(usize, usize)> {
    let _ = env;
    None
}

/// The current path ended. Kernel: `update_branch_counts()` on the current state.
pub(crate) fn update_branch_counts(env: &mut Env<'_>) -> Res {
    let _ = env;
    Err(Stop::unsupported("update_branch_counts"))
}

/// The closest ancestor at an instruction with the same call sites. Kernel: `find_prev_entry()`.
pub(crate) fn find_prev_entry(env: &Env<'_>, insn_idx: usize) -> Option<StateId> {
    let _ = (env, insn_idx);
    None
}

/// Forgets all states and paths before another function is walked. Kernel: `free_states()`.
pub(crate) fn free_states(env: &mut Env<'_>) {
    env.explorer = Explorer::default();
}
