//! Where the walk stands: the instruction, the state before it, and what of that state is to be shown again.
//!
//! In the kernel: `id_gen`, `pass_cnt`, `mark_verifier_state_clean()`, `mark_verifier_state_scratched()`,
//! `mark_reg_scratched()`, `mark_stack_slot_scratched()`.

use std::rc::Rc;

use super::story::Story;
use crate::kernel::call::RegBase;
use crate::state::{FuncState, RegState, VerifierState};

use super::asks::{Ask, Asks, Exact, Fork, Needed, Planned};
use super::trail::{LinkedRegs, Trail};

/// Where the walk stands.
pub struct Path {
    /// Instruction being processed.
    pub insn_idx: usize,
    /// Instruction before it.
    pub prev_insn_idx: usize,
    /// Current state; frames empty between paths.
    pub cur: VerifierState,
    /// Last id given out.
    pub last_id: u32,
    /// Registers touched since the last print, as bits.
    pub touched_regs: u32,
    /// Stack slots touched since the last print, as bits.
    pub touched_slots: u64,
    /// Number of the pass over the program; 1 is main.
    pub pass_number: u32,
    /// The instructions that walks backwards must know of, for all states.
    pub(crate) trail: Trail,
    /// What the instruction asks of the search.
    pub(crate) asks: Asks,
    /// Stack slots that the instruction reads, by frame (6.18).
    pub(crate) slots_read: [u64; 8],
    /// Stack slots that it overwrites, by frame (6.18).
    pub(crate) slots_written: [u64; 8],
    /// What happened on this path, where it is to be told (7.1).
    pub(crate) story: Story,
}

impl Path {
    /// Before anything is walked.
    pub(crate) fn nowhere() -> Path {
        Path {
            insn_idx: 0,
            prev_insn_idx: 0,
            cur: VerifierState::empty(),
            last_id: 0,
            touched_regs: 0,
            touched_slots: 0,
            pass_number: 0,
            trail: Trail::default(),
            asks: Asks::none(),
            slots_read: [0; 8],
            slots_written: [0; 8],
            story: Story::default(),
        }
    }

    /// Stores a copy of the path for later; edit it with [`Path::forked_mut`].
    pub(crate) fn fork(&mut self, to: usize, from: usize, fork: Fork) {
        self.trail.share();
        let mut state = self.cur.clone();
        state.speculative |= fork.is_guess();
        self.asks.plan(Planned { state, to, from, fork });
    }

    /// Stores a fresh path that runs a function as a callback, some time later.
    pub(crate) fn fork_later(&mut self, to: usize, from: usize, function: u32, may_sleep: bool) {
        let mut state = VerifierState::empty();
        state.open_paths = 1;
        state.may_sleep_here = may_sleep;
        state.frames.push(Rc::new(FuncState::entry(FuncState::MAIN, 0, function)));
        self.asks.plan(Planned { state, to, from, fork: Fork::Later });
        self.scratch_all();
    }

    /// The path that was forked last.
    pub(crate) fn forked_mut(&mut self) -> &mut VerifierState {
        self.asks.newest()
    }

    /// This path and the one that was forked last.
    pub(crate) fn both_mut(&mut self) -> (&mut VerifierState, &mut VerifierState) {
        (&mut self.cur, self.asks.newest())
    }

    /// This path becomes the one that was forked last, and the other way round.
    pub(crate) fn swap_forked(&mut self) {
        std::mem::swap(&mut self.cur, self.asks.newest());
    }

    /// A number must be known exactly.
    pub(crate) fn ask_exact(&mut self, needed: Needed) {
        let (top_frame, idx, history) = (self.cur.top_frame(), self.insn_idx, self.cur.history);
        self.asks.list.push(Ask::Exact(Exact { needed, top_frame, idx, history }));
    }

    /// Notes the current instruction in the history of the path, or adds flags when it stands there already.
    pub(crate) fn note_step(&mut self, flags: u16, linked: Option<&LinkedRegs>) {
        let (idx, prev_idx) = (self.insn_idx as u32, self.prev_insn_idx as u32);
        self.trail.note(&mut self.cur.history, idx, prev_idx, flags, linked);
    }

    /// Nothing was touched since the last print.
    pub fn clear_scratched(&mut self) {
        self.touched_regs = 0;
        self.touched_slots = 0;
    }

    /// Everything counts as touched.
    pub fn scratch_all(&mut self) {
        self.touched_regs = u32::MAX;
        self.touched_slots = u64::MAX;
    }

    /// Register of the current frame.
    #[inline]
    pub fn reg(&self, n: u8) -> &RegState {
        self.cur.reg(n)
    }

    /// Register of the current frame, for writing.
    #[inline]
    pub fn reg_mut(&mut self, n: u8) -> &mut RegState {
        self.cur.reg_mut(n)
    }

    /// Whether the program's register `n` holds an initialised value.
    pub fn is_init(&self, n: u8) -> bool {
        self.reg(n).ty.base != RegBase::NotInit
    }

    /// A fresh id.
    pub fn new_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }

    /// The register is to be shown again.
    #[inline]
    pub fn scratch_reg(&mut self, n: u8) {
        self.touched_regs |= 1 << n;
    }

    /// The slot is to be shown again.
    #[inline]
    pub fn scratch_slot(&mut self, spi: usize) {
        self.touched_slots |= 1 << (spi & 63);
    }
}
