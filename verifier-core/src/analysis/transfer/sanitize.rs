//! Pointer arithmetic of unprivileged programs, made safe against speculative execution.
//!
//! Answers for `sanitize_ptr_alu()`, `sanitize_check_bounds()` and their kin. A CPU may guess a comparison wrong and run
//! on with an index out of bounds. So each instruction that moves a pointer by a register gets a mask, which makes the
//! move zero when it would leave the object; that only works when one instruction has one mask on all paths. What would
//! happen if the mask strikes is followed as a path of its own. Programs with CAP_PERFMON are not treated this way.
//!
//! In the kernel: `BPF_ALU_*`, `REASON_*`, `struct bpf_sanitize_info`, `can_skip_alu_sanitation()`, `sanitize_err()`,
//! `sanitize_val_alu()`, `update_alu_sanitation_state()`, `retrieve_ptr_limit()`, `sanitize_speculative_path()`.

use crate::error::{Errno, RegisterMsg, Res, Stop};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::kernel::call::RegBase;
use crate::state::RegState;

use super::super::Cx;
use super::super::access::within_map_value;
use super::super::asks::Fork;
use super::super::regs::AccessSrc;

/// Bits of `InsnAux::alu_state`.
pub(crate) mod sum_guard {
    /// The source is masked.
    pub(crate) const SANITIZE_SRC: u32 = 1 << 0;
    /// The destination is masked.
    pub(crate) const SANITIZE_DST: u32 = 1 << 1;
    /// The offset is negative.
    pub(crate) const NEG_VALUE: u32 = 1 << 2;
    /// No pointer is involved.
    pub(crate) const NON_POINTER: u32 = 1 << 3;
    /// The offset is constant.
    pub(crate) const IMMEDIATE: u32 = 1 << 4;
}

/// Why a move cannot be made safe.
enum Reason {
    Bounds,
    Type,
    Paths,
    Limit,
}

/// What the first half of the treatment leaves for the second.
#[derive(Default)]
pub(super) struct Window {
    sum_guard: u32,
    guard_limit: u32,
    mask_to_left: bool,
}

/// Only moves by registers of programs without CAP_PERFMON are masked, and not behind a speculation barrier.
fn can_skip(cx: &Cx<'_>, insn: Insn) -> bool {
    cx.program.caps.without_v1_guards || !insn.is_reg_src() || cx.learned.aux[cx.path.insn_idx].barrier_before
}

/// `off_is_dst`: the offset stands in the destination register itself.
fn refuse(cx: &mut Cx<'_>, insn: Insn, reason: Reason, off_is_dst: bool) -> Stop {
    let (dst, src) = (insn.dst, insn.src);
    let op = if insn.op() == ADD { "add" } else { "sub" };
    let msg = match reason {
        Reason::Bounds => RegisterMsg::SpecMixedBounds { regno: if off_is_dst { dst } else { src } },
        Reason::Type => RegisterMsg::SpecPointerType { regno: if off_is_dst { src } else { dst } },
        Reason::Paths => RegisterMsg::SpecPaths { regno: dst, op },
        Reason::Limit => RegisterMsg::SpecBounds { regno: dst, op },
    };
    cx.reject(msg, Errno::EACCES)
}

/// Arithmetic of numbers at an instruction that moves a pointer on another path cannot have a mask.
pub(super) fn guard_sum(cx: &mut Cx<'_>, insn: Insn) -> Res {
    if can_skip(cx, insn) {
        return Ok(());
    }
    record(cx, sum_guard::NON_POINTER, 0).map_err(|r| refuse(cx, insn, r, true))
}

/// Every path must agree on the mask.
fn record(cx: &mut Cx<'_>, state: u32, limit: u32) -> Result<(), Reason> {
    let idx = cx.path.insn_idx;
    let aux = &mut cx.learned.aux[idx];
    if aux.sum_guard != 0 && (aux.sum_guard != state || aux.guard_limit != limit) {
        return Err(Reason::Paths);
    }
    (aux.sum_guard, aux.guard_limit) = (state, limit);
    Ok(())
}

/// How far the pointer may move in its direction.
fn limit(cx: &Cx<'_>, ptr: &RegState, to_left: bool) -> Result<u32, Reason> {
    let (max, limit) = if ptr.ty.is(RegBase::PtrToStack) {
        // Offsets are negative; the top itself is a fine start for a move to the left.
        let max = MAX_STACK as u32 + u32::from(to_left);
        (max, (ptr.scalar.var_off.value as u32).wrapping_add(ptr.off as u32).wrapping_neg())
    } else if ptr.ty.is(RegBase::PtrToMapValue) {
        let size = ptr.map().map_or(0, |m| cx.program.map(m).spec.value_size);
        let variable = if to_left { ptr.scalar.smin as u32 } else { ptr.scalar.umax as u32 };
        (size, variable.wrapping_add(ptr.off as u32))
    } else {
        return Err(Reason::Type);
    };
    if limit >= max { Err(Reason::Limit) } else { Ok(limit) }
}

/// Before the move: finds the mask, and stores the path on which it strikes.
pub(super) fn before_move(
    cx: &mut Cx<'_>,
    insn: Insn,
    ptr: &RegState,
    off: &RegState,
    ptr_is_dst: bool,
    window: &mut Window,
) -> Res {
    if can_skip(cx, insn) {
        return Ok(());
    }
    let off_is_dst = !ptr_is_dst && !cx.program.kernel.features.moved_pointer_inherits_all;
    try_before_move(cx, insn, ptr, off, ptr_is_dst, window).map_err(|r| refuse(cx, insn, r, off_is_dst))
}

fn try_before_move(
    cx: &mut Cx<'_>,
    insn: Insn,
    ptr: &RegState,
    off: &RegState,
    ptr_is_dst: bool,
    window: &mut Window,
) -> Result<(), Reason> {
    let is_const = off.scalar.is_const();
    let negative = off.scalar.smin < 0;
    // On a speculative path the masks are already known; only bad accesses are looked for.
    if !cx.path.cur.speculative {
        if !is_const && negative != (off.scalar.smax < 0) {
            return Err(Reason::Bounds);
        }
        window.mask_to_left = (insn.op() == ADD) == negative;
        let limit = limit(cx, ptr, window.mask_to_left)?;
        let mut state = if ptr_is_dst { sum_guard::SANITIZE_SRC } else { sum_guard::SANITIZE_DST };
        if negative {
            state |= sum_guard::NEG_VALUE;
        }
        if is_const {
            state |= sum_guard::IMMEDIATE;
        } else {
            // Paths that differ in the mask must be told apart, so fewer of them are pruned.
            cx.learned.limits_are_exact = true;
        }
        (window.sum_guard, window.guard_limit) = (state, limit);
    }
    // A constant move is rewritten with an immediate and needs no mask.
    if is_const {
        return Ok(());
    }
    let regno = insn.dst;
    let saved = *cx.reg(regno);
    if !ptr_is_dst {
        cx.reg_mut(regno).copy_from(ptr);
    }
    let here = cx.path.insn_idx;
    cx.path.fork(here + 1, here, Fork::Mask(regno));
    if !ptr_is_dst {
        *cx.reg_mut(regno) = saved;
    }
    Ok(())
}

/// After the move: the mask is as narrow as the move was observed to be.
pub(super) fn after_move(cx: &mut Cx<'_>, insn: Insn, off_is_dst: bool, window: &Window) -> Res {
    if can_skip(cx, insn) || cx.path.cur.speculative {
        return Ok(());
    }
    let dst = *cx.reg(insn.dst);
    let now = match limit(cx, &dst, window.mask_to_left) {
        Ok(now) => now,
        Err(r) => return Err(refuse(cx, insn, r, off_is_dst)),
    };
    let moved = (window.guard_limit.wrapping_sub(now) as i32).unsigned_abs();
    record(cx, window.sum_guard, moved).map_err(|r| refuse(cx, insn, r, off_is_dst))
}

/// Stores the path that a CPU takes which guesses a comparison wrong. Nothing is known of its operands there.
pub(super) fn push_speculative(cx: &mut Cx<'_>, jump: Insn, next: usize, here: usize) {
    cx.path.fork(next, here, Fork::Guess);
    let unknown = cx.program.unknown_scalar();
    let branch = cx.path.forked_mut();
    branch.reg_mut(jump.dst).set(unknown);
    if jump.is_reg_src() {
        branch.reg_mut(jump.src).set(unknown);
    }
}

/// Where the moved pointer points must be in bounds already, so that later accesses can be masked.
pub(super) fn check_bounds(cx: &mut Cx<'_>, insn: Insn) -> Res {
    if cx.program.caps.without_v1_guards {
        return Ok(());
    }
    let regno = insn.dst;
    let reg = *cx.reg(regno);
    if reg.ty.is(RegBase::PtrToStack) {
        let var_off = reg.scalar.var_off;
        let off = reg.off.wrapping_add(var_off.value as i32);
        if !var_off.is_const() {
            return Err(cx.reject(RegisterMsg::SpecStackVariable { regno, var_off, off }, Errno::EACCES));
        }
        if !(-MAX_STACK..0).contains(&off) {
            return Err(cx.reject(RegisterMsg::SpecStackRange { regno, off }, Errno::EACCES));
        }
    } else if reg.ty.is(RegBase::PtrToMapValue) {
        within_map_value(cx, regno, reg.off, 1, false, AccessSrc::Helper).map_err(|stop| {
            let mut stop = cx.also(stop, RegisterMsg::SpecMapRange { regno });
            if let Stop::Reject(r) = &mut stop {
                r.errno = Errno::EACCES;
            }
            stop
        })?;
    }
    Ok(())
}
