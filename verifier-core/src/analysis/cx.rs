//! What an instruction's rules may see and change: the program, what is learned of it, the path, and who listens.
//!
//! In the kernel: `print_verifier_state()`, `print_insn_state()`, `verbose()`.

use std::ops::Deref;

use crate::error::{Errno, Msg, Rejection, Stop};
use crate::kernel::Reworded;
use crate::log::{Context, Event, Sink};
use crate::state::{RegState, VerifierState};

use super::asks::{Ask, Told};
use super::diagnosis::{account_for, account_for_memory};
use super::learned::Learned;
use super::out::Out;
use super::path::Path;
use super::program::Program;

/// What an instruction's rules may see and change. `P` says whether the program itself may still change: not during the
/// walk.
pub struct Cx<'a, P = &'a Program<'a>> {
    /// What is known before the walk.
    pub program: P,
    /// What is learned of its instructions and functions.
    pub learned: Learned,
    /// Where the walk stands.
    pub path: Path,
    /// Who listens.
    pub out: Out<'a>,
}

/// The same for the stages before the walk, which fill the program in.
pub type Draft<'a> = Cx<'a, Box<Program<'a>>>;

impl<'a, P: Deref<Target = Program<'a>>> Cx<'a, P> {
    /// Hands the listener, its context and the current state to `f`.
    pub(crate) fn with_sink(&mut self, f: impl FnOnce(&mut dyn Sink, &Context<'_>, &VerifierState)) {
        let program = &*self.program;
        let context = Context {
            kernel: program.kernel,
            request: program.req,
            insns: &program.insns,
            btfs: &program.btfs,
            subprog_starts: &program.subprog_starts,
            maps: &program.map_specs,
            kfunc_btfs: &program.kfunc_btfs,
            pointers_may_leak: program.caps.pointers_may_leak,
        };
        f(self.out.sink, &context, &self.path.cur);
    }

    /// Prints a frame of the current state on its own line: everything, or what was touched (which then counts as
    /// printed).
    pub fn print_state(&mut self, frame: usize, all: bool) {
        let (regs, slots) = (self.path.touched_regs, self.path.touched_slots);
        self.emit_cur(|state| Event::State { state, frame, all, regs, slots });
        if !all {
            self.path.clear_scratched();
        }
    }

    /// Prints a whole frame of some state.
    pub fn show_state(&mut self, state: &VerifierState, frame: usize) {
        if self.out.interest.log_level != 0 {
            let (regs, slots) = (self.path.touched_regs, self.path.touched_slots);
            self.emit(Event::State { state, frame, all: true, regs, slots });
        }
    }

    /// Prints what the instruction changed in the current frame.
    pub fn show_changes(&mut self) {
        let (idx, regs, slots) = (self.path.insn_idx, self.path.touched_regs, self.path.touched_slots);
        self.emit_cur(|state| Event::InsnState { idx, state, frame: state.top_frame(), regs, slots });
        self.path.clear_scratched();
    }

    /// Whether the kernel's log of this level is wanted.
    #[inline]
    pub fn logs(&self, level: u32) -> bool {
        self.out.logs(level)
    }

    /// Whether any log text of the walk is wanted.
    #[inline]
    pub fn logging(&self) -> bool {
        self.out.logging()
    }

    /// Sends an event, after what was asked for before it.
    pub fn emit(&mut self, event: Event<'_>) {
        if self.path.asks.list.is_empty() {
            self.with_sink(|sink, context, _| sink.event(context, &event));
        } else if let Some(told) = Told::of(&event) {
            self.path.asks.list.push(Ask::Tell(Box::new(told)));
        }
    }

    /// Sends an event made from the current state, after what was asked for before it.
    pub fn emit_cur(&mut self, make: impl for<'s> FnOnce(&'s VerifierState) -> Event<'s>) {
        if self.path.asks.list.is_empty() {
            self.with_sink(|sink, context, cur| sink.event(context, &make(cur)));
        } else if let Some(told) = Told::of(&make(&self.path.cur)) {
            self.path.asks.list.push(Ask::Tell(Box::new(told)));
        }
    }

    /// Prints a message row.
    pub fn say(&mut self, msg: impl Into<Msg>) {
        if self.out.interest.log_level != 0 {
            let msg = msg.into();
            self.emit(Event::Line(&msg));
        }
    }

    /// Prints the row and rejects with it as the cause.
    pub fn reject(&mut self, msg: impl Into<Msg>, errno: Errno) -> Stop {
        let msg = msg.into();
        if self.out.interest.log_level != 0 {
            self.emit(Event::Line(&msg));
        }
        self.give_account(&msg);
        Stop::Reject(Box::new(Rejection { cause: Some(msg), also: Vec::new(), errno }))
    }

    /// Whether the release gives an account of refusals, and somebody reads it (7.1).
    pub(crate) fn gives_accounts(&self) -> bool {
        self.out.logging() && self.program.kernel.style.has(Reworded::Accounts)
    }

    /// Prints the account of a refusal, if the release has one for it.
    fn give_account(&mut self, msg: &Msg) {
        if self.gives_accounts()
            && let Some(account) = account_for(&self.program, &self.path, msg)
        {
            self.emit(Event::Account(&account));
        }
    }

    /// Prints the account of memory of a type that a kernel function was not given, in `regno`, if it was refused for that.
    pub(crate) fn account_of_memory(&mut self, stop: &Stop, regno: u8, size: Option<u32>) {
        if let (Stop::Reject(_), Some(size), true) = (stop, size, self.gives_accounts()) {
            let account = account_for_memory(&self.program, &self.path, regno, size);
            self.emit(Event::Account(&account));
        }
    }

    /// Prints one more row behind the cause (a caller of the failing check adds to it).
    pub fn also(&mut self, stop: Stop, msg: impl Into<Msg>) -> Stop {
        let msg = msg.into();
        match stop {
            Stop::Reject(mut r) => {
                if self.out.interest.log_level != 0 {
                    self.emit(Event::Line(&msg));
                }
                self.give_account(&msg);
                if r.cause.is_none() {
                    r.cause = Some(msg)
                } else {
                    r.also.push(msg)
                }
                Stop::Reject(r)
            }
            other => other,
        }
    }

    /// A consistency check of the kernel's own fails here: it reports a bug of itself (`verifier bug:`) in words that no
    /// recording has, and what follows is not guessed.
    pub fn kernel_bug(&self, what: &str) -> Stop {
        Stop::unsupported(format!("the kernel reports a bug of its own at insn {}: {what}", self.path.insn_idx))
    }

    /// What this analysis relies on does not hold: a mistake in it, at this place of its source.
    #[track_caller]
    pub fn broken(&self, what: &str) -> Stop {
        broken_at(self.path.insn_idx, what)
    }

    /// Register of the current frame.
    #[inline]
    pub fn reg(&self, n: u8) -> &RegState {
        self.path.reg(n)
    }

    /// Register of the current frame, for writing.
    #[inline]
    pub fn reg_mut(&mut self, n: u8) -> &mut RegState {
        self.path.reg_mut(n)
    }

    /// A fresh id.
    pub fn new_id(&mut self) -> u32 {
        self.path.new_id()
    }

    /// The register is to be shown again.
    #[inline]
    pub fn scratch_reg(&mut self, n: u8) {
        self.path.scratch_reg(n);
    }

    /// The slot is to be shown again.
    #[inline]
    pub fn scratch_slot(&mut self, spi: usize) {
        self.path.scratch_slot(spi);
    }

    /// Function that contains an instruction.
    pub fn subprog_at(&self, insn: usize) -> usize {
        self.learned.subprog_at(insn)
    }
}

/// See [`Cx::broken`], where the path is borrowed.
#[track_caller]
pub(crate) fn broken_at(insn: usize, what: &str) -> Stop {
    let at = std::panic::Location::caller();
    Stop::unsupported(format!("bpfvet is wrong at insn {insn}: {what} ({}:{})", at.file(), at.line()))
}
