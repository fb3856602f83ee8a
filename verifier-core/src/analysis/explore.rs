//! Does what instructions asked of the search, stores paths for later, and takes them up again.
//!
//! A stored state keeps its id for the whole walk, because registers of later states name it as their parent; when
//! nothing can reach it any more its frames are dropped and only the shell stays.
//!
//! In the kernel: `push_stack()`, `pop_stack()`, `BPF_COMPLEXITY_LIMIT_JMP_SEQ`, `struct bpf_verifier_stack_elem`,
//! `struct bpf_verifier_state_list`, `in_free_list`, `explored_states`, `jmps_processed`, `prev_jmps_processed`,
//! `prev_insn_processed`, `explore_alu_limits`, `explored_states_size`, `free_list_size`, `explored_state()`,
//! `push_async_cb()`, `same_callsites()`, `find_prev_entry()`, `free_states()`.

use crate::error::{Errno, LimitMsg, RegisterMsg, Res, Stop};
use crate::log::Event;
use crate::state::{StateId, VerifierState};

use super::asks::{Ask, Fork, Planned};
use super::stored::{Pending, Search};
use super::widen::{Widening, widen_unneeded};
use super::{Cx, liveness, precision};

/// Most paths that may wait.
const MAX_PENDING: usize = 8192;

/// Does what the instruction asked for, in its order.
///
/// # Errors
/// Rejects when too many paths wait; walks backwards can fail. What was asked for behind it is not done.
#[inline]
pub(crate) fn fulfil(cx: &mut Cx<'_>, search: &mut Search) -> Res {
    if cx.path.asks.list.is_empty() { Ok(()) } else { fulfil_list(cx, search) }
}

fn fulfil_list(cx: &mut Cx<'_>, search: &mut Search) -> Res {
    let mut list = std::mem::take(&mut cx.path.asks.list);
    let mut planned = std::mem::take(&mut cx.path.asks.planned);
    let mut paths = planned.drain(..);
    let mut done = Ok(());
    for ask in list.drain(..) {
        done = match ask {
            Ask::Path => paths.next().map_or(Ok(()), |p| store_path(cx, search, p)),
            Ask::Exact(exact) => precision::fulfil_exact(cx, search, exact),
            Ask::Read(from, flag) => liveness::fulfil_read(cx, search, from, flag),
            Ask::Converge(idx) => {
                converge(cx, search, idx);
                Ok(())
            }
            Ask::Enter => {
                liveness::reset_callchain(search);
                Ok(())
            }
            Ask::Leave(calls) => liveness::solve_live_stack(cx, search, &calls),
            Ask::Tell(told) => {
                cx.emit(told.event());
                Ok(())
            }
        };
        if done.is_err() {
            break;
        }
    }
    drop(paths);
    // The room is used again.
    (cx.path.asks.list, cx.path.asks.planned) = (list, planned);
    done
}

fn store_path(cx: &mut Cx<'_>, search: &mut Search, path: Planned) -> Res {
    let Planned { mut state, to, from, fork } = path;
    if fork == Fork::Iteration && !stored_here(cx, search, from) {
        return Err(cx.kernel_bug("bad parent state for iter next call"));
    }
    if matches!(fork, Fork::MayGoto | Fork::Iteration)
        && let Some(before) = earlier_on_path(cx, search, true, from)
    {
        widen_unneeded(search.state(before), &mut state, Widening::of(cx.program));
    }
    let parent = if fork == Fork::Later { None } else { state.parent };
    let log_mark = if cx.out.interest.log_level != 0 { cx.out.sink.mark() } else { 0 };
    let story = cx.path.story.bookmark();
    search.stack.push(Pending { state, insn_idx: to, prev_insn_idx: from, log_mark, story });
    let count = search.stack.len();
    if count > MAX_PENDING {
        return Err(too_many(cx, fork, count));
    }
    if let Some(p) = parent {
        let p = search.state_mut(p);
        p.open_paths = p.open_paths.saturating_add(1);
    }
    if cx.out.interest.structure {
        cx.emit(Event::Pushed { to, from, speculative: fork.is_guess() });
    }
    Ok(())
}

fn too_many(cx: &mut Cx<'_>, fork: Fork, count: usize) -> Stop {
    let features = &cx.program.kernel.features;
    let too_big = features.jump_sequence_is_e2big;
    let in_guesses = if features.barriers_against_guesses { Errno::ENOMEM } else { Errno::EACCES };
    let errno = match fork {
        _ if too_big => Errno::E2BIG,
        _ if fork.is_round() => Errno::ENOMEM,
        _ => Errno::EFAULT,
    };
    if fork == Fork::Later {
        return cx.reject(LimitMsg::JumpSequenceAsync { count }, errno);
    }
    let stop = cx.reject(LimitMsg::JumpSequence { count }, errno);
    let Fork::Mask(regno) = fork else { return stop };
    let mut stop = cx.also(stop, RegisterMsg::SpecPush { regno });
    if let Stop::Reject(r) = &mut stop {
        r.errno = in_guesses;
    }
    stop
}

/// Whether the state that the current path goes on from was stored at this instruction, in the same function.
fn stored_here(cx: &Cx<'_>, search: &Search, idx: usize) -> bool {
    cx.path.cur.parent.is_some_and(|p| {
        let st = search.state(p);
        st.insn_idx as usize == idx && called_alike(st, &cx.path.cur)
    })
}

/// Numbers that change with every round of a callback would never converge.
fn converge(cx: &mut Cx<'_>, search: &mut Search, idx: usize) {
    if let Some(before) = earlier_on_path(cx, search, false, idx) {
        widen_unneeded(search.state(before), &mut cx.path.cur, Widening::of(cx.program));
    }
}

/// Takes up the path pushed last: `(prev_insn_idx, insn_idx)`, or `None` when none is left. What was printed since the
/// push is taken back unless the log shows every path.
pub(crate) fn next_path(cx: &mut Cx<'_>, search: &mut Search) -> Option<(usize, usize)> {
    let p = search.stack.pop()?;
    cx.path.cur = p.state;
    cx.path.story.go_back(p.story);
    cx.path.trail.begin_insn();
    if cx.out.interest.log_level != 0 && !cx.logs(2) {
        cx.out.sink.rewind(p.log_mark);
    }
    Some((p.prev_insn_idx, p.insn_idx))
}

/// Whether two states stand in the same chain of calls.
pub(crate) fn called_alike(a: &VerifierState, b: &VerifierState) -> bool {
    a.frames.len() == b.frames.len() && a.frames.iter().zip(&b.frames).all(|(x, y)| x.called_from == y.called_from)
}

/// The newest state on the current path at an instruction, with the same call sites as the current state (or as its
/// parent, when `of_parent`) and above it: the round before.
fn earlier_on_path(cx: &Cx<'_>, search: &mut Search, of_parent: bool, insn_idx: usize) -> Option<StateId> {
    let called_from = cx.path.cur.frames.last()?.called_from;
    let bucket = search.bucket_of(insn_idx, called_from, cx.program.insns.len());
    let reference = if of_parent { search.state(cx.path.cur.parent?) } else { &cx.path.cur };
    let here = search.bucket(bucket).iter().rev().filter(|s| s.insn_idx as usize == insn_idx);
    here.map(|s| s.id).find(|id| {
        let st = search.state(*id);
        st.open_paths != 0 && called_alike(st, reference) && st.path_depth < reference.path_depth
    })
}

/// Forgets all states and paths before another function is walked; counters stay.
pub(crate) fn forget_paths(cx: &mut Cx<'_>, search: &mut Search) {
    search.clear();
    cx.path.trail.clear();
    cx.path.story.forget();
    cx.path.cur = VerifierState::empty();
}
