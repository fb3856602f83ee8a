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

use super::super::Env;
use super::super::precision;
use super::visits::{Chain, Visit, Visited};

/// Rounds before all scalars are taken as precise.
const MAX_ROUNDS: u32 = 64;

/// The component that a state is in: the outermost frame inside of one decides.
fn chain_of(env: &Env<'_>, st: &VerifierState) -> Option<Chain> {
    let mut chain = Chain::default();
    let last = st.frames.len().checked_sub(1)?;
    for i in 0..=last {
        let at = if i == last { st.insn_idx } else { st.frames[i + 1].called_from as u32 };
        let scc = env.aux.get(at as usize).map_or(0, |a| a.scc);
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
pub(crate) fn update_peak(env: &mut Env<'_>) {
    let x = &env.explorer;
    let now = x.in_lists + x.evicted_waiting + x.sccs.num_backedges;
    env.stats.peak_states = env.stats.peak_states.max(now);
}

/// A state is stored: it begins a visit when its component is not being visited.
pub(crate) fn maybe_enter(env: &mut Env<'_>, id: StateId) {
    let Some(chain) = chain_of(env, env.explorer.state(id)) else { return };
    let sccs = &mut env.explorer.sccs;
    let at = sccs.find(&chain).unwrap_or_else(|| {
        sccs.visits.push(Visit { entry: None, backedges: Vec::new(), counted: 0 });
        sccs.by_chain.insert(chain, sccs.visits.len() - 1);
        sccs.visits.len() - 1
    });
    let enters = sccs.visits[at].entry.is_none();
    env.explorer.stored_mut(id).visit = Some(Visited(at));
    if enters {
        env.explorer.sccs.visits[at].entry = Some(id);
        if env.logs(2) {
            env.say(LimitMsg::SccEnter { chain: chain.text() });
        }
    }
}

/// A state has no branches left: when it began the visit of its component, the visit is over. `None` is the current
/// state, which never began one.
pub(crate) fn maybe_exit(env: &mut Env<'_>, id: Option<StateId>) -> Res {
    let Some(id) = id else { return check_current(env) };
    let Some(Visited(at)) = env.explorer.stored_mut(id).visit else { return Ok(()) };
    if env.explorer.sccs.visits[at].entry != Some(id) {
        return Ok(());
    }
    if env.logs(2)
        && let Some(chain) = chain_of(env, env.explorer.state(id))
    {
        env.say(LimitMsg::SccExit { chain: chain.text() });
    }
    let sccs = &mut env.explorer.sccs;
    sccs.visits[at].entry = None;
    sccs.num_backedges = sccs.num_backedges.saturating_sub(sccs.visits[at].counted);
    sccs.visits[at].counted = 0;
    update_peak(env);
    propagate(env, at)
}

/// The current path ends inside of a component that some state began to visit, or outside of any.
fn check_current(env: &mut Env<'_>) -> Res {
    let Some(chain) = chain_of(env, &env.cur) else { return Ok(()) };
    // A path that ends at an instruction whose check is taken as met may end before anything is stored.
    let cut = !env.assumed.is_empty();
    if cut || env.cur.speculative || env.explorer.sccs.find(&chain).is_some() {
        return Ok(());
    }
    Err(env.reject(LimitMsg::SccWithoutVisit { chain: chain.text() }, Errno::EFAULT))
}

/// Precision marks travel along all backedges of a visit.
fn propagate(env: &mut Env<'_>, at: usize) -> Res {
    let edges = std::mem::take(&mut env.explorer.sccs.visits[at].backedges);
    let mut rounds = 0;
    loop {
        if rounds > MAX_ROUNDS {
            if env.logs(2) {
                env.say(LimitMsg::TooManyBackedgeIterations);
            }
            for edge in edges.iter().rev() {
                precision::need_all_exactly(env, edge.parent, edge.top_frame());
            }
            return Ok(());
        }
        rounds += 1;
        let mut changed = false;
        // The newest backedge comes first.
        for edge in edges.iter().rev() {
            if let Some(equal) = edge.covered_by {
                changed |= precision::pass_needs_on(env, equal, Some(edge))?;
            }
        }
        if !changed {
            return Ok(());
        }
    }
}

/// The current path ends at `insn_idx` because of a state whose marks are not final.
pub(crate) fn add_backedge(env: &mut Env<'_>, equal: StateId, insn_idx: usize) -> Res {
    env.explorer.trail.share();
    let mut state = env.cur.clone();
    state.covered_by = Some(equal);
    state.insn_idx = insn_idx as u32;
    let Some(Visited(at)) = env.explorer.stored_mut(equal).visit else {
        return Err(env.bug("backedge outside of a component"));
    };
    if env.logs(2)
        && let Some(chain) = chain_of(env, env.explorer.state(equal))
    {
        env.say(LimitMsg::SccBackedge { chain: chain.text() });
    }
    let visit = &mut env.explorer.sccs.visits[at];
    visit.backedges.push(state);
    visit.counted += 1;
    env.explorer.sccs.num_backedges += 1;
    update_peak(env);
    Ok(())
}

/// Whether marks of a state are not final because paths ended inside of its component.
pub(crate) fn incomplete(env: &Env<'_>, id: StateId) -> bool {
    let x = &env.explorer;
    x.stored(id).visit.is_some_and(|Visited(at)| !x.sccs.visits[at].backedges.is_empty())
}

/// Drops an evicted state that nothing needs any more.
pub(crate) fn maybe_free(env: &mut Env<'_>, id: StateId) {
    let stored = env.explorer.stored_mut(id);
    if !stored.evicted || stored.state.open_paths != 0 || incomplete(env, id) {
        return;
    }
    let stored = env.explorer.stored_mut(id);
    stored.evicted = false;
    env.explorer.drop_frames(id);
    env.explorer.evicted_waiting = env.explorer.evicted_waiting.saturating_sub(1);
}
