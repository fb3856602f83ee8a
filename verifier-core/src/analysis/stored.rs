//! Stored states and pending paths as data: the tree that the walk leaves behind.
//!
//! A stored state keeps its id for the whole walk, because registers of later states name it as their parent; when
//! nothing can reach it any more its frames are dropped and only the shell stays. Nothing here decides anything.

use std::rc::Rc;

use crate::error::{Res, Stop};
use crate::state::verifier::History;
use crate::state::{FuncState, Held, Link, RegState, Slot, StateId, VerifierState};

use super::liveness::StackLiveness;
use super::prune::compare::{Differs, IdMap};
use super::prune::visits::{Sccs, Visited};
use super::story::Bookmark;
use super::trail::Backtrack;

/// Bytes that a state takes when it shares nothing, about.
fn bytes_of(st: &VerifierState) -> usize {
    let frames: usize = st.frames.iter().map(|f| size_of::<FuncState>() + f.stack.len() * size_of::<Slot>()).sum();
    size_of::<Stored>() + frames
}

/// A path for later.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) state: VerifierState,
    pub(super) insn_idx: usize,
    pub(super) prev_insn_idx: usize,
    pub(super) log_mark: u64,
    pub(super) story: Bookmark,
}

/// A stored state with its worth as a pruning target.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The state.
    pub state: VerifierState,
    /// Comparisons that failed.
    pub missed: u32,
    /// Comparisons that succeeded.
    pub matched: u32,
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
pub struct Search {
    pub(super) states: Vec<Stored>,
    /// Lists by hash of instruction and call site; the newest state stands last.
    pub(super) buckets: Vec<Vec<Seat>>,
    pub(super) stack: Vec<Pending>,
    /// Bytes that stored states take, about.
    pub(super) bytes: usize,
    /// Bytes that they may take.
    pub(super) max_bytes: usize,
    /// Jumps processed since the analysis began.
    pub(crate) jumps_done: u32,
    /// Jumps processed when the last state was stored.
    pub(crate) jumps_at_store: u32,
    /// Instructions processed when the last state was stored.
    pub(crate) insns_at_store: u32,
    /// States in lists.
    pub(crate) in_lists: u32,
    /// Evicted states that wait for their last use.
    pub(crate) evicted_waiting: u32,
    /// What each instruction touches, for precision walks; empty before the first one.
    pub(super) touched: Vec<u16>,
    /// Places that a precision walk asks for.
    pub(crate) bt: Backtrack,
    /// Pairs of ids of a comparison.
    pub(crate) idmap: IdMap,
    /// Components being walked (6.16).
    pub(crate) sccs: Sccs,
    /// Read and written stack slots by function instance (6.18).
    pub(crate) stack_live: StackLiveness,
    /// Test mode: never prune (property tests).
    pub(crate) no_prune: bool,
    /// Numbers are compared whether or not they were needed.
    pub(crate) exact: bool,
}

impl Search {
    /// Nothing stored; `no_prune`, `exact` and the bytes that states may take are those of [`super::Options`].
    pub(crate) fn new(max_bytes: usize, no_prune: bool, exact: bool) -> Search {
        Search {
            states: Vec::new(),
            buckets: Vec::new(),
            stack: Vec::new(),
            bytes: 0,
            max_bytes,
            jumps_done: 0,
            jumps_at_store: 0,
            insns_at_store: 0,
            in_lists: 0,
            evicted_waiting: 0,
            touched: Vec::new(),
            bt: Backtrack::default(),
            idmap: IdMap::default(),
            sccs: Sccs::default(),
            stack_live: StackLiveness::default(),
            no_prune,
            exact,
        }
    }

    /// Forgets all states and paths; counters stay.
    pub(crate) fn clear(&mut self) {
        self.states.clear();
        self.buckets.clear();
        self.stack.clear();
        self.bytes = 0;
        self.bt = Backtrack::default();
        self.sccs.clear();
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

    /// A stored state and scratch ids for a comparison, apart from each other.
    pub(crate) fn for_compare(&mut self, id: StateId) -> (&mut Stored, &mut IdMap) {
        (&mut self.states[id.0 as usize], &mut self.idmap)
    }

    /// The list of states that an instruction's states stand in.
    pub(crate) fn bucket_of(&mut self, insn_idx: usize, called_from: i32, prog_len: usize) -> usize {
        if self.buckets.len() != prog_len {
            self.buckets.resize_with(prog_len, Vec::new);
        }
        ((insn_idx as u32 ^ called_from as u32) % (prog_len.max(1) as u32)) as usize
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

    /// Stores a state at the head of a list. `beside` are the bytes that the histories of paths take.
    ///
    /// # Errors
    /// A budget of ours when states take too much memory.
    pub(crate) fn add(&mut self, bucket: usize, state: VerifierState, beside: usize) -> Res<StateId> {
        self.bytes = self.bytes.saturating_add(bytes_of(&state));
        let beside = self.stack_live.bytes().saturating_add(beside);
        if self.bytes.saturating_add(beside) > self.max_bytes {
            return Err(Stop::Budget("memory for explored states".into()));
        }
        let id = StateId(self.states.len() as u32);
        let insn_idx = state.insn_idx;
        self.states.push(Stored { state, missed: 0, matched: 0, evicted: false, visit: None, differed: None });
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
        st.refs = Held::default();
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
