//! Where the walk stands: the instruction, the state before it, and what of that state is to be shown again.
//!
//! In the kernel: `id_gen`, `pass_cnt`, `mark_verifier_state_clean()`, `mark_verifier_state_scratched()`,
//! `mark_reg_scratched()`, `mark_stack_slot_scratched()`.

use crate::kernel::call::RegBase;
use crate::state::{RegState, VerifierState};

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
        }
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
