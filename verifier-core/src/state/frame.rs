//! One function's frame: registers, stack, and how it was called.
//!
//! Answers for `struct bpf_func_state`. Frames are shared between states and copied on write.
//!
//! In the kernel: `acquired_refs`, `BPF_MAIN_FUNC`, `init_func_state()`, `allocated_stack`.

use crate::kernel::call::{RegBase, RegType};

use super::references::Held;
use super::register::RegState;
use super::stack::Stack;

/// A frame.
#[derive(Clone, PartialEq, Debug)]
pub struct FuncState {
    /// R0 to R10.
    pub regs: [RegState; 11],
    /// Index of the call instruction in the caller; `BPF_MAIN_FUNC` (-1) for the outermost.
    pub called_from: i32,
    /// Number of this frame, 0 is the outermost.
    pub frame_number: u32,
    /// Which local function.
    pub function_number: u32,
    /// Counts asynchronous callbacks that were set.
    pub later_entries: u32,
    /// What a callback must return: minimum and maximum.
    pub callback_result: (i32, i32),
    /// Runs as a callback of a helper or kfunc.
    pub is_callback: bool,
    /// Runs as a callback later (timer, workqueue).
    pub runs_later: bool,
    /// Runs as the exception callback.
    pub ends_exception: bool,
    /// How many times the callback was unrolled on this path.
    pub callback_round: u32,
    /// References that the caller had at the call.
    pub caller_refs: Held,
    /// Slots that were ever touched.
    pub stack: Stack,
}

impl FuncState {
    /// `callsite` of a frame that nothing called.
    pub const MAIN: i32 = -1;

    /// A frame on entry: no register holds a value but R10, no stack is in use.
    pub fn entry(called_from: i32, frame_number: u32, function_number: u32) -> FuncState {
        let mut regs = [RegState::NOT_INIT; 11];
        regs[10] = RegState::pointer(RegType::of(RegBase::PtrToStack));
        regs[10].frame_number = frame_number;
        FuncState {
            regs,
            called_from,
            frame_number,
            function_number,
            later_entries: 0,
            callback_result: (0, 0),
            is_callback: false,
            runs_later: false,
            ends_exception: false,
            callback_round: 0,
            caller_refs: Held::default(),
            stack: Stack::default(),
        }
    }

    /// Bytes of stack in use, a multiple of 8.
    pub fn stack_in_use(&self) -> i32 {
        // A stack holds at most 64 slots.
        (self.stack.len() * 8) as i32
    }
}
