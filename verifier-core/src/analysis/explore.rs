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

use crate::error::{Errno, LimitMsg, Res, Stop};
use crate::kernel::features::LoopKind;
use crate::log::Event;
use crate::state::verifier::History;
use crate::state::{FuncState, Link, RegState, Slot, StateId, VerifierState};

use super::Env;
use super::liveness::StackLiveness;
use super::precision::{Backtrack, Trail};
use super::prune::compare::{Differs, IdMap};
use super::prune::scc::{Sccs, Visited};

/// Most paths that may wait.
const MAX_PENDING: usize = 8192;

/// Bytes that a state takes when it shares nothing, about.
fn bytes_of(st: &VerifierState) -> usize {
    let frames: usize = st.frames.iter().map(|f| size_of::<FuncState>() + f.stack.len() * size_of::<Slot>()).sum();
    size_of::<Stored>() + frames
}

/// A path for later.
#[derive(Debug)]
struct Pending {
    state: VerifierState,
    insn_idx: usize,
    prev_insn_idx: usize,
    log_mark: u64,
}

/// A stored state with its worth as a pruning target.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The state.
    pub state: VerifierState,
    /// Comparisons that failed.
    pub miss_cnt: u32,
    /// Comparisons that succeeded.
    pub hit_cnt: u32,
    /// Taken out of its list; waits for its last use.
    pub evicted: bool,
    /// The visit of a component that it is part of (6.16).
    pub visit: Option<Visited>,
    /// Where the last comparison with it failed: looked at first next time.
    pub differed: Option<Differs>,
}

/// A stored state as it stands in a list, with what rules it out before it is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    /// The state.
    pub id: StateId,
    /// Its instruction: a list holds those of several.
    pub insn_idx: u32,
    /// Nothing of it is left to be emptied.
    pub cleaned: bool,
}

/// The arena of stored states, the lists of states by instruction, and the stack of pending paths.
#[derive(Debug)]
pub struct Explorer {
    states: Vec<Stored>,
    /// Lists by hash of instruction and call site; the newest state stands last.
    buckets: Vec<Vec<Seat>>,
    stack: Vec<Pending>,
    spare: VerifierState,
    /// Bytes that stored states take, about.
    bytes: usize,
    /// Bytes that they may take.
    max_bytes: usize,
    /// The instructions that walks backwards must know of, for all states.
    pub(crate) trail: Trail,
    /// Jumps processed since the analysis began.
    pub(crate) jmps_processed: u32,
    /// Jumps processed when the last state was stored.
    pub(crate) prev_jmps_processed: u32,
    /// Instructions processed when the last state was stored.
    pub(crate) prev_insn_processed: u32,
    /// Scalars must be equal, not only within range, because pointer arithmetic is sanitised with constant limits.
    pub(crate) explore_alu_limits: bool,
    /// States in lists.
    pub(crate) explored_size: u32,
    /// Evicted states that wait for their last use.
    pub(crate) free_size: u32,
    /// Places that a precision walk asks for.
    pub(crate) bt: Backtrack,
    /// Pairs of ids of a comparison.
    pub(crate) idmap: IdMap,
    /// Components being walked (6.16).
    pub(crate) sccs: Sccs,
    /// Read and written stack slots by function instance (6.18).
    pub(crate) stack_live: StackLiveness,
}

impl Explorer {
    /// Nothing stored; states may take `max_bytes`.
    pub(crate) fn new(max_bytes: usize) -> Explorer {
        Explorer {
            states: Vec::new(),
            buckets: Vec::new(),
            stack: Vec::new(),
            spare: VerifierState::empty(),
            bytes: 0,
            max_bytes,
            trail: Trail::default(),
            jmps_processed: 0,
            prev_jmps_processed: 0,
            prev_insn_processed: 0,
            explore_alu_limits: false,
            explored_size: 0,
            free_size: 0,
            bt: Backtrack::default(),
            idmap: IdMap::default(),
            sccs: Sccs::default(),
            stack_live: StackLiveness::default(),
        }
    }

    /// The path pushed last.
    pub(crate) fn top_mut(&mut self) -> &mut VerifierState {
        match self.stack.last_mut() {
            Some(p) => &mut p.state,
            None => &mut self.spare,
        }
    }

    /// A stored state.
    pub(crate) fn state(&self, id: StateId) -> &VerifierState {
        &self.states[id.0 as usize].state
    }

    /// A stored state, for writing.
    pub(crate) fn state_mut(&mut self, id: StateId) -> &mut VerifierState {
        &mut self.states[id.0 as usize].state
    }

    /// A stored state with what is kept beside it.
    pub(crate) fn stored(&self, id: StateId) -> &Stored {
        &self.states[id.0 as usize]
    }

    /// The same, for writing.
    pub(crate) fn stored_mut(&mut self, id: StateId) -> &mut Stored {
        &mut self.states[id.0 as usize]
    }

    /// A stored state, scratch ids and the pending comparison's switches, apart from each other.
    pub(crate) fn for_compare(&mut self, id: StateId) -> (&mut Stored, &mut IdMap, bool) {
        (&mut self.states[id.0 as usize], &mut self.idmap, self.explore_alu_limits)
    }

    /// The list of states that an instruction's states stand in.
    pub(crate) fn bucket_of(&mut self, insn_idx: usize, callsite: i32, prog_len: usize) -> usize {
        if self.buckets.len() != prog_len {
            self.buckets.resize_with(prog_len, Vec::new);
        }
        ((insn_idx as u32 ^ callsite as u32) % (prog_len.max(1) as u32)) as usize
    }

    /// States of a list, oldest first.
    pub(crate) fn bucket(&self, bucket: usize) -> &[Seat] {
        self.buckets.get(bucket).map_or(&[], Vec::as_slice)
    }

    /// Nothing of the state at a position is left to be emptied.
    pub(crate) fn mark_cleaned(&mut self, bucket: usize, at: usize) {
        if let Some(seat) = self.buckets.get_mut(bucket).and_then(|b| b.get_mut(at)) {
            seat.cleaned = true;
        }
    }

    /// Stores a state at the head of a list.
    ///
    /// # Errors
    /// A budget of ours when states take too much memory.
    pub(crate) fn add(&mut self, bucket: usize, state: VerifierState) -> Res<StateId> {
        self.bytes = self.bytes.saturating_add(bytes_of(&state));
        let beside = self.stack_live.bytes().saturating_add(self.trail.bytes());
        if self.bytes.saturating_add(beside) > self.max_bytes {
            return Err(Stop::Budget("memory for explored states".into()));
        }
        let id = StateId(self.states.len() as u32);
        let insn_idx = state.insn_idx;
        self.states.push(Stored { state, miss_cnt: 0, hit_cnt: 0, evicted: false, visit: None, differed: None });
        if let Some(list) = self.buckets.get_mut(bucket) {
            list.push(Seat { id, insn_idx, cleaned: false });
        }
        Ok(id)
    }

    /// Takes the state at a position out of its list.
    pub(crate) fn evict(&mut self, bucket: usize, at: usize) {
        if let Some(list) = self.buckets.get_mut(bucket)
            && at < list.len()
        {
            let seat = list.remove(at);
            self.states[seat.id.0 as usize].evicted = true;
        }
    }

    /// Drops what a state holds; its shell stays so that ids stay.
    pub(crate) fn drop_frames(&mut self, id: StateId) {
        let stored = &mut self.states[id.0 as usize];
        stored.visit = None;
        let st = &mut stored.state;
        self.bytes = self.bytes.saturating_sub(bytes_of(st));
        st.frames.clear();
        st.history = History::default();
        st.refs = Rc::default();
    }

    /// The register or slot that a link names; `None` when the state was dropped.
    pub(crate) fn linked(&self, l: Link) -> Option<&RegState> {
        let frame = self.states.get(l.state.0 as usize)?.state.frames.get(usize::from(l.frame))?;
        match l.place.checked_sub(Link::STACK) {
            Some(spi) => frame.stack.get(usize::from(spi)).map(|s| &s.spilled),
            None => frame.regs.get(usize::from(l.place)),
        }
    }

    /// The same, for writing.
    pub(crate) fn linked_mut(&mut self, l: Link) -> Option<&mut RegState> {
        let frame = self.states.get_mut(l.state.0 as usize)?.state.frames.get_mut(usize::from(l.frame))?;
        let frame = Rc::make_mut(frame);
        match l.place.checked_sub(Link::STACK) {
            Some(spi) => frame.stack.get_mut(usize::from(spi)).map(|s| &mut s.spilled),
            None => frame.regs.get_mut(usize::from(l.place)),
        }
    }
}

fn push(env: &mut Env<'_>, state: VerifierState, insn_idx: usize, prev_insn_idx: usize) -> usize {
    let log_mark = if env.interest.log_level != 0 { env.sink.mark() } else { 0 };
    env.explorer.stack.push(Pending { state, insn_idx, prev_insn_idx, log_mark });
    env.explorer.stack.len()
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

/// Stores a copy of the current path for later; edit it with [`Explorer::top_mut`].
///
/// # Errors
/// Rejects when too many paths wait.
pub(crate) fn fork_path(env: &mut Env<'_>, insn_idx: usize, prev_insn_idx: usize, fork: Fork) -> Res {
    let speculative = fork == Fork::Guess;
    env.explorer.trail.share();
    let mut state = env.cur.clone();
    state.speculative |= speculative;
    let parent = state.parent;
    let count = push(env, state, insn_idx, prev_insn_idx);
    if count > MAX_PENDING {
        let errno = match fork {
            Fork::Round if !env.kernel.features.jump_sequence_is_e2big => Errno::ENOMEM,
            _ => errno_of(env.kernel.features.jump_sequence_is_e2big),
        };
        return Err(env.reject(LimitMsg::JumpSequence { count }, errno));
    }
    if let Some(p) = parent {
        let p = env.explorer.state_mut(p);
        p.branches = p.branches.saturating_add(1);
    }
    if env.interest.structure {
        env.emit(Event::Pushed { to: insn_idx, from: prev_insn_idx, speculative });
    }
    Ok(())
}

/// Stores a fresh path that runs a subprogram as an asynchronous callback.
///
/// # Errors
/// Rejects when too many paths wait.
pub(crate) fn queue_later_callback(
    env: &mut Env<'_>,
    insn_idx: usize,
    prev_insn_idx: usize,
    subprog: u32,
    is_sleepable: bool,
) -> Res {
    let mut state = VerifierState::empty();
    state.branches = 1;
    state.in_sleepable = is_sleepable;
    state.frames.push(Rc::new(FuncState::entry(FuncState::MAIN, 0, subprog)));
    let count = push(env, state, insn_idx, prev_insn_idx);
    if count > MAX_PENDING {
        let errno = env.kernel.features.jump_sequence_is_e2big;
        return Err(env.reject(LimitMsg::JumpSequenceAsync { count }, errno_of(errno)));
    }
    env.scratched_regs = u32::MAX;
    env.scratched_slots = u64::MAX;
    if env.interest.structure {
        env.emit(Event::Pushed { to: insn_idx, from: prev_insn_idx, speculative: false });
    }
    Ok(())
}

fn errno_of(too_big: bool) -> Errno {
    if too_big { Errno::E2BIG } else { Errno::EFAULT }
}

/// Takes up the path pushed last: `(prev_insn_idx, insn_idx)`, or `None` when none is left. What was printed since the
/// push is taken back unless the log shows every path.
pub(crate) fn next_path(env: &mut Env<'_>) -> Option<(usize, usize)> {
    let p = env.explorer.stack.pop()?;
    env.cur = p.state;
    env.explorer.trail.begin_insn();
    if env.interest.log_level != 0 && !env.logs(2) {
        env.sink.rewind(p.log_mark);
    }
    Some((p.prev_insn_idx, p.insn_idx))
}

/// The current path ended: one branch less for its ancestors, and those that have none left are complete.
///
/// # Errors
/// Completing a component (6.16) walks precision marks, which can fail.
pub(crate) fn end_branches(env: &mut Env<'_>) -> Res {
    env.cur.branches = env.cur.branches.wrapping_sub(1);
    let (mut left, mut parent, mut entry) = (env.cur.branches, env.cur.parent, env.cur.loop_entry);
    let scc = env.kernel.features.loops == LoopKind::Scc;
    let mut this: Option<StateId> = None;
    loop {
        if left != 0 {
            return Ok(());
        }
        if scc {
            super::prune::scc::maybe_exit(env, this)?;
            // The kernel frees a state only after its parent's turn.
        } else if let (Some(p), Some(h)) = (parent, entry) {
            super::prune::loops::note_loop_entry(env, Some(p), h);
        }
        let Some(p) = parent else {
            if scc && let Some(id) = this {
                super::prune::scc::maybe_free(env, id);
            }
            return Ok(());
        };
        if scc && let Some(id) = this {
            super::prune::scc::maybe_free(env, id);
        }
        let st = env.explorer.state_mut(p);
        st.branches = st.branches.wrapping_sub(1);
        (left, parent, entry) = (st.branches, st.parent, st.loop_entry);
        this = Some(p);
    }
}

/// Whether two states stand in the same chain of calls.
pub(crate) fn called_alike(a: &VerifierState, b: &VerifierState) -> bool {
    a.frames.len() == b.frames.len() && a.frames.iter().zip(&b.frames).all(|(x, y)| x.callsite == y.callsite)
}

/// The newest state on the current path at an instruction, with the same call sites as the current state (or as its
/// parent, when `of_parent`) and above it.
pub(crate) fn earlier_on_path(env: &mut Env<'_>, of_parent: bool, insn_idx: usize) -> Option<StateId> {
    let callsite = env.cur.frames.last()?.callsite;
    let len = env.insns.len();
    let bucket = env.explorer.bucket_of(insn_idx, callsite, len);
    let reference = if of_parent { env.explorer.state(env.cur.parent?) } else { &env.cur };
    let here = env.explorer.bucket(bucket).iter().rev().filter(|s| s.insn_idx as usize == insn_idx);
    here.map(|s| s.id).find(|id| {
        let st = env.explorer.state(*id);
        st.branches != 0 && called_alike(st, reference) && st.dfs_depth < reference.dfs_depth
    })
}

/// Forgets all states and paths before another function is walked; counters stay.
pub(crate) fn forget_paths(env: &mut Env<'_>) {
    let x = &mut env.explorer;
    x.states.clear();
    x.buckets.clear();
    x.stack.clear();
    x.bytes = 0;
    x.trail.clear();
    x.bt = Backtrack::default();
    x.sccs.clear();
    env.cur = VerifierState::empty();
}
