//! The end of a path: its ancestors have one branch less, and those that have none left are complete.

use crate::error::Res;
use crate::kernel::features::LoopKind;
use crate::state::StateId;

use super::super::Cx;
use super::super::stored::Search;
use super::{loops, scc};

/// The current path ended: one branch less for its ancestors, and those that have none left are complete.
///
/// # Errors
/// Completing a component (6.16) walks precision marks, which can fail.
pub(crate) fn end_branches(cx: &mut Cx<'_>, search: &mut Search) -> Res {
    cx.path.cur.open_paths = cx.path.cur.open_paths.wrapping_sub(1);
    let (mut left, mut parent, mut entry) = (cx.path.cur.open_paths, cx.path.cur.parent, cx.path.cur.entry_of_loop);
    let scc = cx.program.kernel.features.loops == LoopKind::Scc;
    let mut this: Option<StateId> = None;
    loop {
        if left != 0 {
            return Ok(());
        }
        if scc {
            scc::maybe_exit(cx, search, this)?;
            // The kernel frees a state only after its parent's turn.
        } else if let (Some(p), Some(h)) = (parent, entry) {
            loops::note_loop_entry(cx, search, Some(p), h);
        }
        let Some(p) = parent else {
            if scc && let Some(id) = this {
                scc::maybe_free(search, id);
            }
            return Ok(());
        };
        if scc && let Some(id) = this {
            scc::maybe_free(search, id);
        }
        let st = search.state_mut(p);
        st.open_paths = st.open_paths.wrapping_sub(1);
        (left, parent, entry) = (st.open_paths, st.parent, st.entry_of_loop);
        this = Some(p);
    }
}
