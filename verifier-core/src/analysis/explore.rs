//! Stored states and pending paths: the tree that the walk leaves behind.
//!
//! Answers for `push_stack()`, `pop_stack()`, `update_branch_counts()` and the lists of explored states. A stored state
//! keeps its id for the whole walk, because registers of later states name it as their parent; when nothing can reach
//! it any more its frames are dropped and only the shell stays.
//!
//! In the kernel: `BPF_COMPLEXITY_LIMIT_JMP_SEQ`, `struct bpf_verifier_stack_elem`, `struct bpf_verifier_state_list`,
//! `in_free_list`, `explored_states`, `jmps_processed`, `prev_jmps_processed`, `prev_insn_processed`,
//! `explore_alu_limits`, `explored_states_size`, `free_list_size`, `explored_state()`, `push_async_cb()`,
//! `same_callsites()`, `find_prev_entry()`, `free_states()`.

use std::rc::Rc;

use crate::error::{Errno, LimitMsg, Res};
use crate::log::Event;
use crate::state::{FuncState, StateId, VerifierState};

use super::Cx;
use super::stored::Pending;

/// Most paths that may wait.
const MAX_PENDING: usize = 8192;

fn push(cx: &mut Cx<'_>, state: VerifierState, insn_idx: usize, prev_insn_idx: usize) -> usize {
    let log_mark = if cx.out.interest.log_level != 0 { cx.out.sink.mark() } else { 0 };
    cx.search.stack.push(Pending { state, insn_idx, prev_insn_idx, log_mark });
    cx.search.stack.len()
}

/// Why a path is stored for later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fork {
    /// An instruction goes on in two ways.
    Jump,
    /// A CPU may mispredict.
    Guess,
    /// A loop or callback has another round.
    Round,
}

/// Stores a copy of the current path for later; edit it with [`Search::top_mut`].
///
/// # Errors
/// Rejects when too many paths wait.
pub(crate) fn fork_path(cx: &mut Cx<'_>, insn_idx: usize, prev_insn_idx: usize, fork: Fork) -> Res {
    let speculative = fork == Fork::Guess;
    cx.search.trail.share();
    let mut state = cx.path.cur.clone();
    state.speculative |= speculative;
    let parent = state.parent;
    let count = push(cx, state, insn_idx, prev_insn_idx);
    if count > MAX_PENDING {
        let errno = match fork {
            Fork::Round if !cx.program.kernel.features.jump_sequence_is_e2big => Errno::ENOMEM,
            _ => errno_of(cx.program.kernel.features.jump_sequence_is_e2big),
        };
        return Err(cx.reject(LimitMsg::JumpSequence { count }, errno));
    }
    if let Some(p) = parent {
        let p = cx.search.state_mut(p);
        p.open_paths = p.open_paths.saturating_add(1);
    }
    if cx.out.interest.structure {
        cx.emit(Event::Pushed { to: insn_idx, from: prev_insn_idx, speculative });
    }
    Ok(())
}

/// Stores a fresh path that runs a subprogram as an asynchronous callback.
///
/// # Errors
/// Rejects when too many paths wait.
pub(crate) fn queue_later_callback(
    cx: &mut Cx<'_>,
    insn_idx: usize,
    prev_insn_idx: usize,
    subprog: u32,
    is_sleepable: bool,
) -> Res {
    let mut state = VerifierState::empty();
    state.open_paths = 1;
    state.may_sleep_here = is_sleepable;
    state.frames.push(Rc::new(FuncState::entry(FuncState::MAIN, 0, subprog)));
    let count = push(cx, state, insn_idx, prev_insn_idx);
    if count > MAX_PENDING {
        let errno = cx.program.kernel.features.jump_sequence_is_e2big;
        return Err(cx.reject(LimitMsg::JumpSequenceAsync { count }, errno_of(errno)));
    }
    cx.path.touched_regs = u32::MAX;
    cx.path.touched_slots = u64::MAX;
    if cx.out.interest.structure {
        cx.emit(Event::Pushed { to: insn_idx, from: prev_insn_idx, speculative: false });
    }
    Ok(())
}

fn errno_of(too_big: bool) -> Errno {
    if too_big { Errno::E2BIG } else { Errno::EFAULT }
}

/// Takes up the path pushed last: `(prev_insn_idx, insn_idx)`, or `None` when none is left. What was printed since the
/// push is taken back unless the log shows every path.
pub(crate) fn next_path(cx: &mut Cx<'_>) -> Option<(usize, usize)> {
    let p = cx.search.stack.pop()?;
    cx.path.cur = p.state;
    cx.search.trail.begin_insn();
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
/// parent, when `of_parent`) and above it.
pub(crate) fn earlier_on_path(cx: &mut Cx<'_>, of_parent: bool, insn_idx: usize) -> Option<StateId> {
    let called_from = cx.path.cur.frames.last()?.called_from;
    let len = cx.program.insns.len();
    let bucket = cx.search.bucket_of(insn_idx, called_from, len);
    let reference = if of_parent { cx.search.state(cx.path.cur.parent?) } else { &cx.path.cur };
    let here = cx.search.bucket(bucket).iter().rev().filter(|s| s.insn_idx as usize == insn_idx);
    here.map(|s| s.id).find(|id| {
        let st = cx.search.state(*id);
        st.open_paths != 0 && called_alike(st, reference) && st.path_depth < reference.path_depth
    })
}

/// Forgets all states and paths before another function is walked; counters stay.
pub(crate) fn forget_paths(cx: &mut Cx<'_>) {
    cx.search.clear();
    cx.path.cur = VerifierState::empty();
}
