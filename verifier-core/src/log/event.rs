//! What the analysis tells its listeners.
//!
//! The analysis emits events and nothing else: [`crate::log`] prints them as the kernel would, others slice them into
//! cause chains, stream them, or read a path from them. Nobody listening costs one branch.

use crate::btf::Btf;
use crate::error::{Msg, Rejection};
use crate::isa::Insn;
use crate::kernel::Kernel;
use crate::program::LoadRequest;
use crate::state::{StateId, VerifierState};
use std::sync::Arc;

/// What listeners may look at besides the event itself.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The kernel asked.
    pub kernel: &'a Kernel,
    /// The program as loaded.
    pub request: &'a LoadRequest,
    /// Instructions as they stand (kfunc and map fixups applied in place as the kernel does).
    pub insns: &'a [Insn],
    /// BTFs by [`crate::state::BtfRef`].
    pub btfs: &'a [Arc<Btf>],
    /// Starts of subprograms.
    pub subprog_starts: &'a [u32],
}

/// Which events a listener wants; the others are not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Interest {
    /// Bits of the kernel's `log_level`: 1 the failing path, 2 everything, 4 statistics.
    pub log_level: u32,
    /// Events that the kernel's log does not show (pushes, prunes, marks).
    pub structure: bool,
}

/// One event.
pub enum Event<'a> {
    /// A message row.
    Line(&'a Msg),
    /// The source line of an instruction is printed if it differs from the last one. Kernel: `verbose_linfo()`.
    SourceLine {
        /// Instruction.
        idx: usize,
    },
    /// An instruction is about to be processed: `N: (code) text`.
    Insn {
        /// Instruction.
        idx: usize,
    },
    /// State of a frame on a line of its own (also after `from A to B:`). Kernel: `print_verifier_state()`.
    State {
        /// The state.
        state: &'a VerifierState,
        /// Which frame.
        frame: usize,
        /// Everything, not only what was touched.
        all: bool,
        /// Registers touched, as bits.
        regs: u32,
        /// Stack slots touched, as bits.
        slots: u64,
    },
    /// What an instruction changed, behind its text when nothing was printed since. Kernel: `print_insn_state()`.
    InsnState {
        /// The state.
        state: &'a VerifierState,
        /// Which frame.
        frame: usize,
        /// Registers touched, as bits.
        regs: u32,
        /// Stack slots touched, as bits.
        slots: u64,
    },
    /// `from A to B:` before the state of a popped path (the state follows as [`Event::State`]).
    From {
        /// Branch instruction.
        prev: usize,
        /// Where it goes on.
        to: usize,
        /// Only a mispredicting CPU would.
        speculative: bool,
    },
    /// One instruction of a precision walk: `mark_precise: frameN: regs=.. stack=.. before <insn>`.
    PreciseBefore {
        /// Frame walked.
        frame: u32,
        /// Registers asked for.
        regs: u32,
        /// Stack slots asked for.
        slots: u64,
        /// Instruction reached.
        idx: usize,
    },
    /// A path was pushed for later.
    Pushed {
        /// Where it goes on.
        to: usize,
        /// From where.
        from: usize,
        /// Speculative path.
        speculative: bool,
    },
    /// A checkpoint was stored.
    Checkpoint {
        /// Its id.
        id: StateId,
        /// Its instruction.
        idx: usize,
        /// The state.
        state: &'a VerifierState,
    },
    /// The current path is covered by a state seen before.
    Pruned {
        /// Where.
        idx: usize,
        /// Covered by.
        by: StateId,
    },
    /// A conditional jump goes on at both, or only one, of its targets.
    Branch {
        /// The jump.
        idx: usize,
        /// The jump may be taken.
        taken: bool,
        /// It may fall through.
        fallthrough: bool,
    },
    /// A path ends normally.
    PathEnd {
        /// The `exit`.
        idx: usize,
    },
    /// The state after an instruction of the main walk, for listeners with `structure` interest.
    After {
        /// The instruction just processed.
        idx: usize,
        /// The state after it.
        state: &'a VerifierState,
    },
    /// The program is rejected.
    Rejected {
        /// Why.
        rejection: &'a Rejection,
        /// Where the analysis stood.
        idx: usize,
        /// State at that moment, if exploring.
        state: Option<&'a VerifierState>,
    },
}

/// A listener.
pub trait Sink {
    /// What it wants; asked once before the analysis starts.
    fn interest(&self) -> Interest;
    /// Takes an event.
    fn event(&mut self, cx: &Context<'_>, event: &Event<'_>);
    /// A mark of the position in the log, for [`Sink::rewind`].
    fn mark(&self) -> u64;
    /// Forgets what was printed since the mark. Kernel: `bpf_vlog_reset()`.
    fn rewind(&mut self, mark: u64);
}
