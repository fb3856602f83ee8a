//! The end of a path: its ancestors have one branch less, and those that have none left are complete.

use crate::error::Res;
use crate::kernel::features::LoopKind;
use crate::state::StateId;

use super::super::Env;
use super::{loops, scc};

/// The current path ended: one branch less for its ancestors, and those that have none left are complete.
///
/// # Errors
/// Completing a component (6.16) walks precision marks, which can fail.
pub(crate) fn end_branches(env: &mut Env<'_>) -> Res {
    env.cur.open_paths = env.cur.open_paths.wrapping_sub(1);
    let (mut left, mut parent, mut entry) = (env.cur.open_paths, env.cur.parent, env.cur.entry_of_loop);
    let scc = env.kernel.features.loops == LoopKind::Scc;
    let mut this: Option<StateId> = None;
    loop {
        if left != 0 {
            return Ok(());
        }
        if scc {
            scc::maybe_exit(env, this)?;
            // The kernel frees a state only after its parent's turn.
        } else if let (Some(p), Some(h)) = (parent, entry) {
            loops::note_loop_entry(env, Some(p), h);
        }
        let Some(p) = parent else {
            if scc && let Some(id) = this {
                scc::maybe_free(env, id);
            }
            return Ok(());
        };
        if scc && let Some(id) = this {
            scc::maybe_free(env, id);
        }
        let st = env.explorer.state_mut(p);
        st.open_paths = st.open_paths.wrapping_sub(1);
        (left, parent, entry) = (st.open_paths, st.parent, st.entry_of_loop);
        this = Some(p);
    }
}
