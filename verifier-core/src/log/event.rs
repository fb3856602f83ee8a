//! What the analysis tells its listeners.
//!
//! The analysis emits events and nothing else: [`crate::log`] prints them as the kernel would, others slice them into
//! cause chains, stream them, or read a path from them. Nobody listening costs one branch.
//!
//! In the kernel: `do_check_common()`, `verbose_linfo()`, `print_verifier_state()`, `print_insn_state()`,
//! `verbose_insn()`, `bpf_vlog_reset()`.

use crate::btf::Btf;
use crate::error::{Msg, Rejection};
use crate::isa::Insn;
use crate::kernel::Kernel;
use crate::program::{LoadRequest, MapSpec};
use crate::state::{BtfRef, StateId, VerifierState};
use std::sync::Arc;

use super::diagnosis::Account;

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
    /// Maps by [`crate::state::MapIdx`], templates of inner maps included.
    pub maps: &'a [Arc<MapSpec>],
    /// BTF of kernel functions by the offset field of their calls.
    pub kfunc_btfs: &'a [(i16, BtfRef)],
    /// Pointers may be shown (CAP_PERFMON).
    pub pointers_may_leak: bool,
}

/// Which events a listener wants; the others are not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Interest {
    /// Bits of the kernel's `log_level`: 1 the failing path, 2 everything, 4 statistics.
    pub log_level: u32,
    /// Events that the kernel's log does not show (pushes, prunes, marks).
    pub structure: bool,
}

/// The first thing in which a state does not cover another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unlike {
    /// A register.
    Register {
        /// Frames above the function that runs: 0 is its own, 1 its caller's.
        up: usize,
        /// Number, 0 to 10.
        number: u8,
    },
    /// Eight bytes of a frame's stack.
    Slot {
        /// Frames above the function that runs: 0 is its own, 1 its caller's.
        up: usize,
        /// Slot; 0 is at fp-8.
        slot: u8,
    },
    /// No single place: locks and references held, the functions called, or sections entered.
    Whole,
}

/// One event.
pub enum Event<'a> {
    /// A message row.
    Line(&'a Msg),
    /// The account of a refusal (7.1).
    Account(&'a Account),
    /// A walk begins: the main program or a global function.
    Begin {
        /// Which local function.
        subprog: usize,
    },
    /// The source line of an instruction is printed if it differs from the last one.
    SourceLine {
        /// Instruction.
        idx: usize,
        /// Prefixed with the number of the instruction, not with `; `.
        numbered: bool,
    },
    /// An instruction is about to be processed: its source line, and `N: (code) text`.
    Insn {
        /// Instruction.
        idx: usize,
    },
    /// State of a frame on a line of its own (also after `from A to B:`).
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
    /// What an instruction changed, behind its text when nothing was printed since.
    InsnState {
        /// Instruction the walk stands at.
        idx: usize,
        /// The state.
        state: &'a VerifierState,
        /// Which frame.
        frame: usize,
        /// Registers touched, as bits.
        regs: u32,
        /// Stack slots touched, as bits.
        slots: u64,
    },
    /// `from A to B:` before the state of a popped path (the state follows as [`Event::State`]), or with `: safe`.
    From {
        /// Branch instruction; -1 at the very start.
        prev: i32,
        /// Where it goes on.
        to: usize,
        /// Only a mispredicting CPU would.
        speculative: bool,
        /// The path ends here, covered by another.
        safe: bool,
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
    /// The same, for listeners with `structure` interest.
    Precise {
        /// Frame walked.
        frame: u32,
        /// Registers asked for.
        regs: u32,
        /// Stack slots asked for.
        slots: u64,
        /// Instruction reached.
        idx: usize,
    },
    /// Only the text of an instruction and the line's end.
    InsnText {
        /// Instruction.
        idx: usize,
    },
    /// An instruction in a table, with something behind it.
    Listed {
        /// Instruction.
        idx: usize,
        /// Its number stands before it.
        numbered: bool,
        /// What stands behind it.
        note: &'a str,
        /// At the column of states.
        column: bool,
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
    /// The current path was compared with a state and is not covered by it.
    NotCovered {
        /// Where.
        idx: usize,
        /// Compared with.
        by: StateId,
        /// What is not covered.
        unlike: Unlike,
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
    /// An instruction is about to be processed, for listeners with `structure` interest.
    At {
        /// The instruction.
        idx: usize,
        /// The one before it on this path; -1 at the entry.
        prev: i32,
        /// The state before it.
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
    /// Forgets what was printed since the mark.
    fn rewind(&mut self, mark: u64);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Off;

impl Sink for Off {
    fn interest(&self) -> Interest {
        Interest::default()
    }
    fn event(&mut self, _: &Context<'_>, _: &Event<'_>) {}
    fn mark(&self) -> u64 {
        0
    }
    fn rewind(&mut self, _: u64) {}
}

/// Two listeners at once; the first keeps the position in the log.
pub struct Tee<'a, 'b>(pub &'a mut dyn Sink, pub &'b mut dyn Sink);

impl Sink for Tee<'_, '_> {
    fn interest(&self) -> Interest {
        let (a, b) = (self.0.interest(), self.1.interest());
        Interest { log_level: a.log_level | b.log_level, structure: a.structure || b.structure }
    }
    fn event(&mut self, cx: &Context<'_>, event: &Event<'_>) {
        self.0.event(cx, event);
        self.1.event(cx, event);
    }
    fn mark(&self) -> u64 {
        self.0.mark()
    }
    fn rewind(&mut self, mark: u64) {
        self.0.rewind(mark);
    }
}
