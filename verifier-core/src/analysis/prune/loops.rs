//! Which state is the entry of the loop that a state is part of, found while walking.
//!
//! Answers for `get_loop_entry()` and `update_loop_entry()` (6.7 to 6.15). A state inside a loop whose entry is still
//! being explored has read and precision marks that are not final, so it must be compared by range.

use crate::state::StateId;

use super::super::Cx;
use super::super::stored::Search;

/// The outermost entry known for a chain that begins with `first`.
fn topmost(x: &Search, first: Option<StateId>) -> Option<StateId> {
    let mut top = first?;
    while let Some(next) = x.state(top).entry_of_loop
        && next != top
    {
        top = next;
    }
    Some(top)
}

/// Points every state of a chain at its outermost entry, so that the next search is short.
fn shorten(x: &mut Search, first: Option<StateId>, top: Option<StateId>) {
    let mut at = first;
    while let Some(id) = at
        && x.state(id).entry_of_loop != top
    {
        at = x.state(id).entry_of_loop;
        x.state_mut(id).entry_of_loop = top;
    }
}

/// The outermost loop entry known for a stored state.
pub(crate) fn outermost_entry(x: &mut Search, id: StateId) -> Option<StateId> {
    let top = topmost(x, x.state(id).entry_of_loop);
    shorten(x, Some(id), top);
    top
}

/// The same for the current state.
fn get_cur_entry(cx: &mut Cx<'_>, search: &mut Search) -> Option<StateId> {
    let first = cx.path.cur.entry_of_loop;
    let top = topmost(search, first);
    if first != top {
        cx.path.cur.entry_of_loop = top;
        shorten(search, first, top);
    }
    top
}

/// `cur` (the current state when `None`) leads back to `hdr`: both are in one loop when the entry of `hdr` is on the
/// current path and not below that of `cur`.
pub(crate) fn note_loop_entry(cx: &mut Cx<'_>, search: &mut Search, cur: Option<StateId>, hdr: StateId) {
    let cur_entry = match cur {
        Some(id) => outermost_entry(search, id).or(Some(id)),
        None => get_cur_entry(cx, search),
    };
    let cur_depth = match cur_entry {
        Some(id) => search.state(id).path_depth,
        None => cx.path.cur.path_depth,
    };
    let hdr_entry = outermost_entry(search, hdr).unwrap_or(hdr);
    let top = search.state(hdr_entry);
    if top.open_paths == 0 || top.path_depth > cur_depth {
        return;
    }
    match cur {
        Some(id) => search.state_mut(id).entry_of_loop = Some(hdr),
        None => cx.path.cur.entry_of_loop = Some(hdr),
    }
    search.state_mut(hdr).begins_loop = true;
}
