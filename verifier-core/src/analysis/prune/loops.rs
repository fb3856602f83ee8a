//! Which state is the entry of the loop that a state is part of, found while walking.
//!
//! Answers for `get_loop_entry()` and `update_loop_entry()` (6.7 to 6.15). A state inside a loop whose entry is still
//! being explored has read and precision marks that are not final, so it must be compared by range.

use crate::state::StateId;

use super::super::Env;
use super::super::stored::Explorer;

/// The outermost entry known for a chain that begins with `first`.
fn topmost(x: &Explorer, first: Option<StateId>) -> Option<StateId> {
    let mut top = first?;
    while let Some(next) = x.state(top).entry_of_loop
        && next != top
    {
        top = next;
    }
    Some(top)
}

/// Points every state of a chain at its outermost entry, so that the next search is short.
fn shorten(x: &mut Explorer, first: Option<StateId>, top: Option<StateId>) {
    let mut at = first;
    while let Some(id) = at
        && x.state(id).entry_of_loop != top
    {
        at = x.state(id).entry_of_loop;
        x.state_mut(id).entry_of_loop = top;
    }
}

/// The outermost loop entry known for a stored state.
pub(crate) fn outermost_entry(x: &mut Explorer, id: StateId) -> Option<StateId> {
    let top = topmost(x, x.state(id).entry_of_loop);
    shorten(x, Some(id), top);
    top
}

/// The same for the current state.
fn get_cur_entry(env: &mut Env<'_>) -> Option<StateId> {
    let first = env.cur.entry_of_loop;
    let top = topmost(&env.explorer, first);
    if first != top {
        env.cur.entry_of_loop = top;
        shorten(&mut env.explorer, first, top);
    }
    top
}

/// `cur` (the current state when `None`) leads back to `hdr`: both are in one loop when the entry of `hdr` is on the
/// current path and not below that of `cur`.
pub(crate) fn note_loop_entry(env: &mut Env<'_>, cur: Option<StateId>, hdr: StateId) {
    let cur_entry = match cur {
        Some(id) => outermost_entry(&mut env.explorer, id).or(Some(id)),
        None => get_cur_entry(env),
    };
    let cur_depth = match cur_entry {
        Some(id) => env.explorer.state(id).path_depth,
        None => env.cur.path_depth,
    };
    let hdr_entry = outermost_entry(&mut env.explorer, hdr).unwrap_or(hdr);
    let top = env.explorer.state(hdr_entry);
    if top.open_paths == 0 || top.path_depth > cur_depth {
        return;
    }
    match cur {
        Some(id) => env.explorer.state_mut(id).entry_of_loop = Some(hdr),
        None => env.cur.entry_of_loop = Some(hdr),
    }
    env.explorer.state_mut(hdr).begins_loop = true;
}
