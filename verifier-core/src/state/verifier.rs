//! A whole state: frames, references, locks, and its place in the exploration.
//!
//! Answers for `struct bpf_verifier_state`. Cloning one copies pointers to frames, not frames.
//!
//! In the kernel: `struct bpf_active_lock`, `curframe`, `bpf_for_each_reg_in_vstate()`.

use std::rc::Rc;

use smallvec::SmallVec;

use super::frame::FuncState;
use super::references::Held;
use super::register::{RegState, StateId};

/// What is locked by `bpf_spin_lock()`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ActiveLock {
    /// Opaque identity of the map or BTF object that holds the lock; 0: none held.
    pub ptr: u64,
    /// Id of the register it was locked through.
    pub id: u32,
}

/// Instructions since the checkpoint that walks backwards must know of: the newest one of a list that every state on
/// the path shares. The list stands with the stored states.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct History {
    /// Place of the newest entry in the list.
    pub newest: u32,
    /// Number of entries.
    pub len: u32,
}

/// A state.
#[derive(Clone, Debug)]
pub struct VerifierState {
    /// Frames, outermost first; never empty while exploring.
    pub frames: SmallVec<[Rc<FuncState>; 2]>,
    /// Acquired references and (6.14) locks, for all frames.
    pub refs: Held,
    /// The checkpoint this state descends from.
    pub parent: Option<StateId>,
    /// Paths that descend from this state and are still being explored.
    pub open_paths: u32,
    /// Where to go on when popped; `insn_idx` of the checkpoint when explored.
    pub insn_idx: u32,
    /// Lock held (6.12).
    pub held_lock: ActiveLock,
    /// Explores what only a mispredicting CPU would run.
    pub speculative: bool,
    /// Inside `bpf_rcu_read_lock()`. A count, because newer releases nest.
    pub rcu_depth: u32,
    /// Depth of `bpf_preempt_disable()`.
    pub preempt_off_depth: u32,
    /// Locks held (6.14): a count over `refs`.
    pub locks_held: u32,
    /// Id of interrupt flags saved last (6.14).
    pub newest_irq_flags: u32,
    /// Lock taken last (6.14): id and identity.
    pub newest_lock: u32,
    /// Identity belonging to `active_lock_id`.
    pub newest_lock_of: u64,
    /// Some state's `loop_entry` pointed here (6.12).
    pub begins_loop: bool,
    /// Runs where sleeping is allowed.
    pub may_sleep_here: bool,
    /// A stray access through an untrusted pointer may have cleared the graph of states (6.18: `cleaned`).
    pub cleaned: bool,
    /// First instruction since the checkpoint.
    pub first_at: u32,
    /// Last instruction before the next checkpoint.
    pub last_at: u32,
    /// Entry of the loop this state is part of (6.12).
    pub entry_of_loop: Option<StateId>,
    /// Instructions since the checkpoint that walks backwards must know of.
    pub history: History,
    /// Depth in the exploration tree.
    pub path_depth: u32,
    /// How often callbacks were unrolled on this path.
    pub callback_rounds: u32,
    /// How often `may_goto` was taken on this path.
    pub may_goto_rounds: u32,
    /// Equal to a state that is still being explored (6.18).
    pub covered_by: Option<StateId>,
}

impl VerifierState {
    /// No frames, no history: what stands between paths.
    pub fn empty() -> VerifierState {
        VerifierState {
            frames: SmallVec::new(),
            refs: Held::default(),
            parent: None,
            open_paths: 0,
            insn_idx: 0,
            held_lock: ActiveLock::default(),
            speculative: false,
            rcu_depth: 0,
            preempt_off_depth: 0,
            locks_held: 0,
            newest_irq_flags: 0,
            newest_lock: 0,
            newest_lock_of: 0,
            begins_loop: false,
            may_sleep_here: false,
            cleaned: false,
            first_at: 0,
            last_at: 0,
            entry_of_loop: None,
            history: History::default(),
            path_depth: 0,
            callback_rounds: 0,
            may_goto_rounds: 0,
            covered_by: None,
        }
    }

    /// One frame, at the entry of a function.
    pub fn for_entry(start: u32, subprog: u32) -> VerifierState {
        let mut state = VerifierState::empty();
        state.frames.push(Rc::new(FuncState::entry(FuncState::MAIN, 0, subprog)));
        state.first_at = start;
        state.last_at = u32::MAX;
        state
    }

    /// Number of the current frame.
    #[inline]
    pub fn top_frame(&self) -> usize {
        self.frames.len().saturating_sub(1)
    }

    /// The current frame.
    #[inline]
    pub fn frame(&self) -> &FuncState {
        &self.frames[self.frames.len() - 1]
    }

    /// The current frame, for writing (copied first when shared).
    #[inline]
    pub fn frame_mut(&mut self) -> &mut FuncState {
        let n = self.frames.len() - 1;
        Rc::make_mut(&mut self.frames[n])
    }

    /// A frame by number, for writing (copied first when shared).
    #[inline]
    pub fn frame_at_mut(&mut self, n: usize) -> &mut FuncState {
        Rc::make_mut(&mut self.frames[n])
    }

    /// Register of the current frame.
    #[inline]
    pub fn reg(&self, n: u8) -> &RegState {
        &self.frame().regs[n as usize]
    }

    /// Register of the current frame, for writing.
    #[inline]
    pub fn reg_mut(&mut self, n: u8) -> &mut RegState {
        &mut self.frame_mut().regs[n as usize]
    }

    /// Calls `f` on every register and every spilled register of every frame, for writing.
    pub fn for_each_reg_mut(&mut self, mut f: impl FnMut(&mut RegState)) {
        for frame in &mut self.frames {
            let frame = Rc::make_mut(frame);
            for r in &mut frame.regs {
                f(r);
            }
            let spilled = frame.stack.which(super::Slot::holds_register);
            frame.stack.edit(spilled, |s| f(&mut s.spilled));
        }
    }
}
