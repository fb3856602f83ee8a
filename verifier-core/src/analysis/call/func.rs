//! Local functions and callbacks: frames come and go.

use crate::analysis::Env;
use crate::error::{Res, Stop};
use crate::isa::Insn;

/// What a callback gets, and what it may return. Kernel: the `set_*_callback_state()` functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Callback {
    /// `bpf_for_each_map_elem()`
    MapElem,
    /// `bpf_loop()`
    Loop,
    /// `bpf_timer_set_callback()`, workqueues
    Timer,
    /// `bpf_find_vma()`
    FindVma,
    /// `bpf_user_ringbuf_drain()`
    UserRingbuf,
    /// `bpf_rbtree_add()`
    RbtreeAdd,
    /// `bpf_task_work_schedule_*()` (6.18)
    TaskWork,
}

/// Checks a call of a local function. Kernel: `check_func_call()`.
pub(crate) fn check_func_call(_env: &mut Env<'_>, _insn: Insn, _insn_idx: &mut usize) -> Res {
    Err(Stop::unsupported("check_func_call"))
}

/// Returns from a local function or callback. Kernel: `prepare_func_exit()`.
pub(crate) fn prepare_func_exit(_env: &mut Env<'_>, _insn_idx: &mut usize) -> Res {
    Err(Stop::unsupported("prepare_func_exit"))
}

/// Stores the path into a callback. Kernel: `push_callback_call()`.
pub(crate) fn push_callback_call(_env: &mut Env<'_>, _insn: Insn, _insn_idx: usize, _subprog: u32, _callback: Callback) -> Res {
    Err(Stop::unsupported("push_callback_call"))
}

/// R0 to R5 of a frame are lost in a call. Kernel: `clear_caller_saved_regs()`.
pub(crate) fn clear_caller_saved_regs(_env: &mut Env<'_>, _frame: usize) {}
