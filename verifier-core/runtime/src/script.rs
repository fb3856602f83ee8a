//! What a replay adds to a run: scripted passages of instructions, and the path that was taken.
//!
//! Here is only what a run keeps; what it means is in [`super::replay`].

use std::collections::{HashMap, VecDeque};

/// Memory that an argument of a call stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Register with the address, 1 to 5.
    pub reg: u8,
    /// Bytes.
    pub len: u32,
    /// Whether the call writes it.
    pub write: bool,
}

/// What a replay adds to a run.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) calls: HashMap<u32, VecDeque<Passage>>,
    pub(super) constants: HashMap<u32, u64>,
    pub(super) path: Vec<u32>,
    /// Slots of the path to keep.
    keep: usize,
    steps: Vec<Step>,
    keep_steps: usize,
}

/// What one passage of an instruction does in place of what it is, with addresses.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) looks: Vec<Look>,
    pub(super) returns: Option<u64>,
    pub(super) writes: Vec<(u64, Vec<u8>)>,
    pub(super) ends: Vec<u64>,
}

/// Registers before an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Instruction slot.
    pub slot: u32,
    /// r0 to r10.
    pub regs: [u64; 11],
}

impl State {
    /// Keeps so many steps with their registers.
    pub(super) fn steps(keep: usize) -> State {
        State { keep_steps: keep, ..State::default() }
    }

    /// Keeps so many slots of the path.
    pub(super) fn path(keep: usize) -> State {
        State { keep, ..State::default() }
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    pub(super) fn step(&mut self, slot: u32, regs: &[u64; 16]) {
        if self.path.len() < self.keep {
            self.path.push(slot);
        }
        if self.steps.len() < self.keep_steps {
            let mut step = Step { slot, regs: [0; 11] };
            step.regs.copy_from_slice(&regs[..11]);
            self.steps.push(step);
        }
    }

    pub(super) fn next_call(&mut self, slot: u32) -> Option<Passage> {
        self.calls.get_mut(&slot)?.pop_front()
    }
}
