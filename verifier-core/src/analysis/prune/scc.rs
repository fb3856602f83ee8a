//! Visits of strongly connected components, and the paths that ended inside of them.
//!
//! Answers for the `*_scc_*()` functions (6.16). A path that ends against a state still being explored is kept as a
//! backedge; when the last path through the component ends, precision marks travel along all backedges until nothing
//! changes. Until then the marks of states in the component are not final.
//!
//! In the kernel: `MAX_BACKEDGE_ITERS`, `struct bpf_scc_callchain`, `struct bpf_scc_visit`, `num_backedges`,
//! `compute_scc_callchain()`, `update_peak_states()`, `maybe_enter_scc()`, `maybe_exit_scc()`,
//! `propagate_backedges()`, `add_scc_backedge()`, `incomplete_read_marks()`, `maybe_free_verifier_state()`.

use crate::error::{Errno, LimitMsg, Res};
use crate::state::{StateId, VerifierState};

use super::super::Cx;
use super::super::precision;
use super::super::stored::Search;
use super::visits::{Chain, Visit, Visited};

/// Rounds before all scalars are taken as precise.
const MAX_ROUNDS: u32 = 64;

/// The component that a state is in: the outermost frame inside of one decides.
fn chain_of(cx: &Cx<'_>, st: &VerifierState) -> Option<Chain> {
    let mut chain = Chain::default();
    let last = st.frames.len().checked_sub(1)?;
    for i in 0..=last {
        let at = if i == last { st.insn_idx } else { st.frames[i + 1].called_from as u32 };
        let scc = cx.learned.aux.get(at as usize).map_or(0, |a| a.scc);
        if scc != 0 {
            chain.scc = scc;
            return Some(chain);
        }
        if i < last
            && let Some(place) = chain.callsites.get_mut(i)
        {
            *place = at;
        }
    }
    None
}

/// Notes the most states alive at once.
pub(crate) fn update_peak(cx: &mut Cx<'_>, search: &mut Search) {
    let x = &search;
    let now = x.in_lists + x.evicted_waiting + x.sccs.num_backedges;
    cx.out.stats.peak_states = cx.out.stats.peak_states.max(now);
}

/// A state is stored: it begins a visit when its component is not being visited.
pub(crate) fn maybe_enter(cx: &mut Cx<'_>, search: &mut Search, id: StateId) {
    let Some(chain) = chain_of(cx, search.state(id)) else { return };
    let sccs = &mut search.sccs;
    let at = sccs.find(&chain).unwrap_or_else(|| {
        sccs.visits.push(Visit { entry: None, backedges: Vec::new(), counted: 0 });
        sccs.by_chain.insert(chain, sccs.visits.len() - 1);
        sccs.visits.len() - 1
    });
    let enters = sccs.visits[at].entry.is_none();
    search.stored_mut(id).visit = Some(Visited(at));
    if enters {
        search.sccs.visits[at].entry = Some(id);
        if cx.logs(2) {
            cx.say(LimitMsg::SccEnter { chain: chain.text() });
        }
    }
}

/// A state has no branches left: when it began the visit of its component, the visit is over. `None` is the current
/// state, which never began one.
pub(crate) fn maybe_exit(cx: &mut Cx<'_>, search: &mut Search, id: Option<StateId>) -> Res {
    let Some(id) = id else { return check_current(cx, search) };
    let Some(Visited(at)) = search.stored_mut(id).visit else { return Ok(()) };
    if search.sccs.visits[at].entry != Some(id) {
        return Ok(());
    }
    if cx.logs(2)
        && let Some(chain) = chain_of(cx, search.state(id))
    {
        cx.say(LimitMsg::SccExit { chain: chain.text() });
    }
    let sccs = &mut search.sccs;
    sccs.visits[at].entry = None;
    sccs.num_backedges = sccs.num_backedges.saturating_sub(sccs.visits[at].counted);
    sccs.visits[at].counted = 0;
    update_peak(cx, search);
    propagate(cx, search, at)
}

/// The current path ends inside of a component that some state began to visit, or outside of any.
fn check_current(cx: &mut Cx<'_>, search: &mut Search) -> Res {
    let Some(chain) = chain_of(cx, &cx.path.cur) else { return Ok(()) };
    // A path that ends at an instruction whose check is taken as met may end before anything is stored.
    let cut = !cx.program.assumed.is_empty();
    if cut || cx.path.cur.speculative || search.sccs.find(&chain).is_some() {
        return Ok(());
    }
    Err(cx.reject(LimitMsg::SccWithoutVisit { chain: chain.text() }, Errno::EFAULT))
}

/// Precision marks travel along all backedges of a visit.
fn propagate(cx: &mut Cx<'_>, search: &mut Search, at: usize) -> Res {
    let edges = std::mem::take(&mut search.sccs.visits[at].backedges);
    let mut rounds = 0;
    loop {
        if rounds > MAX_ROUNDS {
            if cx.logs(2) {
                cx.say(LimitMsg::TooManyBackedgeIterations);
            }
            for edge in edges.iter().rev() {
                precision::need_all_exactly(cx, search, edge.parent, edge.top_frame());
            }
            return Ok(());
        }
        rounds += 1;
        let mut changed = false;
        // The newest backedge comes first.
        for edge in edges.iter().rev() {
            if let Some(equal) = edge.covered_by {
                changed |= precision::pass_needs_on(cx, search, equal, Some(edge))?;
            }
        }
        if !changed {
            return Ok(());
        }
    }
}

/// The current path ends at `insn_idx` because of a state whose marks are not final.
pub(crate) fn add_backedge(cx: &mut Cx<'_>, search: &mut Search, equal: StateId, insn_idx: usize) -> Res {
    cx.path.trail.share();
    let mut state = cx.path.cur.clone();
    state.covered_by = Some(equal);
    state.insn_idx = insn_idx as u32;
    let Some(Visited(at)) = search.stored_mut(equal).visit else {
        return Err(cx.kernel_bug("backedge outside of a component"));
    };
    if cx.logs(2)
        && let Some(chain) = chain_of(cx, search.state(equal))
    {
        cx.say(LimitMsg::SccBackedge { chain: chain.text() });
    }
    let visit = &mut search.sccs.visits[at];
    visit.backedges.push(state);
    visit.counted += 1;
    search.sccs.num_backedges += 1;
    update_peak(cx, search);
    Ok(())
}

/// Whether marks of a state are not final because paths ended inside of its component.
pub(crate) fn incomplete(search: &Search, id: StateId) -> bool {
    let x = &search;
    x.stored(id).visit.is_some_and(|Visited(at)| !x.sccs.visits[at].backedges.is_empty())
}

/// Drops an evicted state that nothing needs any more.
pub(crate) fn maybe_free(search: &mut Search, id: StateId) {
    let stored = search.stored_mut(id);
    if !stored.evicted || stored.state.open_paths != 0 || incomplete(search, id) {
        return;
    }
    let stored = search.stored_mut(id);
    stored.evicted = false;
    search.drop_frames(id);
    search.evicted_waiting = search.evicted_waiting.saturating_sub(1);
}
