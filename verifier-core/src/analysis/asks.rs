//! What an instruction asks of the search, in the order in which it asks.
//!
//! An instruction sees and changes the state of its own path, and nothing else. What concerns other states it asks for:
//! a path to be walked later, a number that ancestors must know exactly, a register that ancestors are read through. The
//! walk has it done as soon as the instruction's rules are through. What the rules print behind something they asked for
//! waits on the same list, so that the log reads as if everything had been done at once.

use smallvec::SmallVec;

use crate::error::Msg;
use crate::log::Event;
use crate::log::diagnosis::Account;
use crate::state::verifier::History;
use crate::state::{Link, VerifierState};

/// Why a path is stored for later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fork {
    /// An instruction goes on in two ways.
    Jump,
    /// A CPU may mispredict.
    Guess,
    /// The mask of a sum may strike; the register that is moved.
    Mask(u8),
    /// A callback has another round.
    Callback,
    /// A loop of `may_goto` has another round.
    MayGoto,
    /// An iterator has another element.
    Iteration,
    /// A callback runs later, on its own.
    Later,
}

impl Fork {
    /// Only a CPU that guesses wrong takes the path.
    pub(crate) const fn is_guess(self) -> bool {
        matches!(self, Fork::Guess | Fork::Mask(_))
    }

    /// The path is another round of something that has rounds.
    pub(crate) const fn is_round(self) -> bool {
        matches!(self, Fork::Callback | Fork::MayGoto | Fork::Iteration)
    }
}

/// A path to be walked later.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Its state.
    pub state: VerifierState,
    /// Where it goes on.
    pub to: usize,
    /// From where.
    pub from: usize,
    /// Why it is stored.
    pub fork: Fork,
}

/// A register or stack slot whose number must be known exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needed {
    /// Register of the innermost frame.
    Reg(u8),
    /// Frame and slots, as bits: all at once.
    Slots(usize, u64),
}

/// A number must be known exactly: what, and where the walk backwards begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact {
    /// What.
    pub needed: Needed,
    /// Innermost frame.
    pub top_frame: usize,
    /// The instruction that needs it.
    pub idx: usize,
    /// What was noted of the path until then.
    pub history: History,
}

/// The functions entered, outermost first, each with the instruction that called it.
pub(crate) type Calls = SmallVec<[(u32, i32); 4]>;

/// Something that is told later: an event with what it looks at.
#[derive(Debug)]
pub(crate) enum Told {
    /// [`Event::Line`]
    Line(Msg),
    /// [`Event::SourceLine`]
    SourceLine(usize, bool),
    /// [`Event::State`]: state, frame, everything, registers, slots.
    State(VerifierState, usize, bool, u32, u64),
    /// [`Event::InsnState`]: instruction, state, frame, registers, slots.
    InsnState(usize, VerifierState, usize, u32, u64),
    /// [`Event::Branch`]
    Branch(usize, bool, bool),
    /// [`Event::Account`]
    Account(Box<Account>),
}

impl Told {
    /// An event that the rules of instructions send; `None` for those that only the walk and the search send.
    pub(crate) fn of(event: &Event<'_>) -> Option<Told> {
        Some(match *event {
            Event::Line(msg) => Told::Line(msg.clone()),
            Event::SourceLine { idx, numbered } => Told::SourceLine(idx, numbered),
            Event::State { state, frame, all, regs, slots } => Told::State(state.clone(), frame, all, regs, slots),
            Event::InsnState { idx, state, frame, regs, slots } => {
                Told::InsnState(idx, state.clone(), frame, regs, slots)
            }
            Event::Branch { idx, taken, fallthrough } => Told::Branch(idx, taken, fallthrough),
            Event::Account(account) => Told::Account(Box::new(account.clone())),
            _ => return None,
        })
    }

    /// The event again.
    pub(crate) fn event(&self) -> Event<'_> {
        match *self {
            Told::Line(ref msg) => Event::Line(msg),
            Told::SourceLine(idx, numbered) => Event::SourceLine { idx, numbered },
            Told::State(ref state, frame, all, regs, slots) => Event::State { state, frame, all, regs, slots },
            Told::InsnState(idx, ref state, frame, regs, slots) => Event::InsnState { idx, state, frame, regs, slots },
            Told::Branch(idx, taken, fallthrough) => Event::Branch { idx, taken, fallthrough },
            Told::Account(ref account) => Event::Account(account),
        }
    }
}

/// Something that an instruction asks for.
#[derive(Debug)]
pub(crate) enum Ask {
    /// The next of [`Asks::planned`] is stored.
    Path,
    /// A number must be known exactly.
    Exact(Exact),
    /// The place that a register or slot comes from is read, with a flag of `live`.
    Read(Link, u8),
    /// Numbers of the current state that differ from the round before, at this instruction, are forgotten.
    Converge(usize),
    /// A function was entered.
    Enter,
    /// A function is left: the calls that led to it, itself included.
    Leave(Calls),
    /// Something is told to whoever listens.
    Tell(Box<Told>),
}

/// What the instruction being processed asked for so far.
#[derive(Debug)]
pub(crate) struct Asks {
    /// In order.
    pub list: Vec<Ask>,
    /// The paths among it.
    pub planned: Vec<Planned>,
    /// Stands for the newest path where there is none.
    spare: VerifierState,
}

impl Asks {
    /// Nothing.
    pub(crate) fn none() -> Asks {
        Asks { list: Vec::new(), planned: Vec::new(), spare: VerifierState::empty() }
    }

    /// Adds a path.
    pub(crate) fn plan(&mut self, path: Planned) {
        self.list.push(Ask::Path);
        self.planned.push(path);
    }

    /// The path planned last.
    pub(crate) fn newest(&mut self) -> &mut VerifierState {
        match self.planned.last_mut() {
            Some(p) => &mut p.state,
            None => &mut self.spare,
        }
    }
}
