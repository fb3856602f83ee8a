//! One instruction backwards: what must be known exactly before it, given what must be known after it.
//!
//! What is computed from registers is known where they are; what was loaded from the stack, where it was stored. Calls
//! and exits change the frame that is looked at, and a release that meets there what it holds impossible says so.

use super::super::Cx;
use super::super::trail::*;
use crate::cfg::flow;
use crate::isa::op::set_of;
use crate::isa::semantics::AluOp;
use crate::isa::{Callee, Insn, Op, Regs, Src};
use crate::kernel::helpers::id;
use crate::log::Event;

/// An instruction that the walk backwards comes by.
#[derive(Clone, Copy)]
pub(super) struct Passed<'a> {
    /// Where it stands.
    pub(super) idx: usize,
    /// The instruction that ran after it, -1 at the start of the walk.
    pub(super) next: i32,
    /// What was noted of it.
    pub(super) noted: Option<&'a Step>,
}

/// One instruction backwards.
pub(super) fn step_back(cx: &mut Cx<'_>, bt: &mut Backtrack, at: Passed<'_>) -> Result<(), Stuck> {
    let Some(&insn) = cx.program.insns.get(at.idx) else { return Err(Stuck::Bug("backtracking left the program")) };
    let op = insn.decode();
    if op == Op::Rest {
        return Ok(());
    }
    let (frame, regs, slots, idx) = (bt.frame as u32, bt.here(), bt.slots[bt.frame], at.idx);
    if cx.logs(2) {
        cx.emit(Event::PreciseBefore { frame, regs, slots, idx });
    }
    if cx.out.interest.structure {
        cx.emit(Event::Precise { frame, regs, slots, idx });
    }
    let linked = at.noted.and_then(|h| cx.path.trail.linked(h));
    // Registers may have gained their range here because others did.
    bt.sync_linked(linked);
    if step_insn(cx, bt, insn, op, at)? {
        bt.sync_linked(linked);
    }
    Ok(())
}

/// What makes a step backwards over an instruction change nothing: none of these registers is wanted. Bit
/// [`Touched::ALWAYS`] where more decides.
pub(super) struct Touched;

impl Touched {
    /// More than registers decides what a step backwards does.
    pub(super) const ALWAYS: Regs = 1 << 15;

    /// The registers of an instruction that a step backwards looks at.
    pub(super) fn by(insn: Insn) -> Regs {
        match insn.decode() {
            Op::Rest | Op::ByteOrder { .. } | Op::Alu { op: AluOp::Neg, .. } => 0,
            Op::Alu { dst, .. } | Op::MoveAs { dst, .. } | Op::Load { dst, .. } | Op::Const { dst, .. } => set_of(dst),
            Op::Store { base, .. } => set_of(base),
            Op::Branch { dst, src: Src::Reg(src), .. } => set_of(dst) | set_of(src),
            Op::JumpTo { reg } => set_of(reg) | set_of(0),
            Op::Branch { src: Src::Imm(_), .. } | Op::Jump { .. } | Op::MayGoto { .. } => 0,
            Op::Atomic { .. }
            | Op::LoadAcquire { .. }
            | Op::StoreRelease { .. }
            | Op::PacketLoad { .. }
            | Op::Call { .. }
            | Op::CallReg { .. }
            | Op::Exit
            | Op::Unknown => Touched::ALWAYS,
        }
    }
}

/// Whether a step backwards over an instruction changes nothing and nobody listens. `hist` is what was noted of it.
#[inline]
pub(super) fn passes(bt: &Backtrack, touched: Regs, hist: Option<&Step>) -> bool {
    let quiet = match hist {
        None => true,
        Some(h) if h.links != 0 => false,
        Some(h) => stack_access(Some(h)).is_none_or(|(frame, spi)| bt.slots[frame] >> spi & 1 == 0),
    };
    quiet && touched & wanted(bt) == 0
}

/// What an instruction must touch to be looked at.
pub(super) fn wanted(bt: &Backtrack) -> Regs {
    bt.here() as Regs | Touched::ALWAYS
}

/// Changes what is wanted from after an instruction to before it; `Ok(true)` when linked places are to be looked at again.
fn step_insn(cx: &Cx<'_>, bt: &mut Backtrack, insn: Insn, op: Op, at: Passed<'_>) -> Result<bool, Stuck> {
    let features = &cx.program.kernel.features;
    match op {
        // The releases take these for no computation: what is wanted after them is wanted before.
        Op::ByteOrder { .. } | Op::Alu { op: AluOp::Neg, .. } => Ok(false),
        Op::Alu { op, dst, src, .. } => {
            let src = if let Src::Reg(r) = src { Some(r) } else { None };
            Ok(computed(bt, dst, op == AluOp::Mov, src))
        }
        Op::MoveAs { dst, src, .. } => Ok(computed(bt, dst, true, Some(src))),
        Op::Const { dst, .. } => {
            bt.found(dst);
            Ok(false)
        }
        Op::Load { dst, .. } | Op::LoadAcquire { dst, .. } => load(bt, dst, at.noted),
        Op::Store { base, src, .. } => stored(bt, base, if let Src::Reg(r) = src { Some(r) } else { None }, at.noted),
        Op::StoreRelease { base, src, .. } => stored(bt, base, Some(src), at.noted),
        Op::Atomic { base, src, .. } => match op.loaded_by_atomic() {
            Some(reg) if features.atomic_fetch_backtracks => load(bt, reg, at.noted),
            _ => stored(bt, base, Some(src), at.noted),
        },
        Op::PacketLoad { .. } => {
            if bt.has(insn.dst) {
                return Err(Stuck::Unknown);
            }
            // Such a load may also leave the function.
            if features.ld_abs_backtracks && at.next != at.idx as i32 + 1 {
                bt.enter()?;
            }
            Ok(false)
        }
        Op::Call { callee: Callee::Local(by) } => local_call(cx, bt, at, by),
        _ if out_of_callback(cx, at) => leave_callback(bt),
        Op::Call { callee } => call(cx, bt, callee, at),
        Op::Exit => exit(cx, bt, at),
        Op::Branch { dst, src: Src::Reg(src), .. } => Ok(compared(bt, dst, src, at.noted)),
        // The releases take it for a comparison of the register with r0, which its unused field names.
        Op::JumpTo { reg } => Ok(compared(bt, reg, 0, at.noted)),
        Op::Branch { src: Src::Imm(_), .. } | Op::Jump { .. } | Op::MayGoto { .. } => Ok(true),
        Op::CallReg { .. } | Op::Rest | Op::Unknown => Ok(true),
    }
}

/// Arithmetic: what is wanted of the result is wanted of the operands; a move has only one.
fn computed(bt: &mut Backtrack, dst: u8, is_move: bool, src: Option<u8>) -> bool {
    if !bt.has(dst) {
        return false;
    }
    if is_move {
        bt.found(dst);
    }
    if let Some(src) = src.filter(|r| *r != 10) {
        bt.want(src);
    }
    true
}

/// A load: what was wanted in the register is wanted in the stack slot, when it came from there.
fn load(bt: &mut Backtrack, reg: u8, noted: Option<&Step>) -> Result<bool, Stuck> {
    if !bt.has(reg) {
        return Ok(false);
    }
    bt.found(reg);
    let Some((frame, spi)) = stack_access(noted) else { return Ok(false) };
    bt.slots[frame] |= 1 << spi;
    Ok(true)
}

/// A store: what was wanted in the stack slot is wanted in the register that was stored.
fn stored(bt: &mut Backtrack, base: u8, src: Option<u8>, noted: Option<&Step>) -> Result<bool, Stuck> {
    if bt.has(base) {
        // A scalar that addresses memory: pointers were subtracted.
        return Err(Stuck::Unknown);
    }
    let Some((frame, spi)) = stack_access(noted) else { return Ok(false) };
    if bt.slots[frame] >> spi & 1 == 0 {
        return Ok(false);
    }
    bt.slots[frame] &= !(1 << spi);
    if let Some(src) = src {
        bt.want(src);
    }
    Ok(true)
}

/// A comparison of two registers: each is known by the other, unless it is a copy of a pointer into the stack.
fn compared(bt: &mut Backtrack, dst: u8, src: u8, noted: Option<&Step>) -> bool {
    if !bt.has(dst) && !bt.has(src) {
        return false;
    }
    let flags = noted.map_or(0, |h| h.flags);
    if flags & F_SRC_REG_STACK == 0 {
        bt.want(src);
    }
    if flags & F_DST_REG_STACK == 0 {
        bt.want(dst);
    }
    true
}

/// Back over the entry of a function that was walked, or over a call of one that was not.
fn local_call(cx: &Cx<'_>, bt: &mut Backtrack, at: Passed<'_>, by: i32) -> Result<bool, Stuck> {
    let entry = flow::target(at.idx, by).and_then(|t| u32::try_from(t).ok());
    let Some(sub) = entry.and_then(|e| cx.learned.subprogs.binary_search_by_key(&e, |s| s.start).ok()) else {
        return Err(Stuck::Bug("no function at a call's target"));
    };
    if cx.learned.function_facts.get(sub).is_some_and(|a| a.linkage == 1) {
        // A global function was not walked: its arguments are checked by type, and it always sets R0.
        if bt.here() & ARGS != 0 {
            return Err(Stuck::Bug("arguments wanted after a global function"));
        }
        bt.found(0);
        return Ok(false);
    }
    if bt.here() & !ARGS != 0 || bt.slots[bt.frame] != 0 {
        return Err(Stuck::Bug("places wanted before a function's entry"));
    }
    let args = bt.here();
    if args != 0 && bt.frame == 0 {
        // The kernel writes outside of its own memory here.
        return Err(Stuck::Bug("arguments wanted of the main program's caller"));
    }
    bt.regs[bt.frame] = 0;
    bt.leave()?;
    bt.regs[bt.frame] |= args;
    Ok(false)
}

/// Whether a call that runs callbacks is reached from the first instruction of one.
fn out_of_callback(cx: &Cx<'_>, at: Passed<'_>) -> bool {
    cx.learned.aux.get(at.idx).is_some_and(|a| a.runs_callbacks) && at.idx as i64 != i64::from(at.next) - 1
}

/// Out of a callback: its arguments are not the caller's.
fn leave_callback(bt: &mut Backtrack) -> Result<bool, Stuck> {
    if bt.here() & !ARGS != 0 {
        return Err(Stuck::Callback(bt.here()));
    }
    if bt.slots[bt.frame] != 0 {
        return Err(Stuck::Bug("slots wanted before a callback's entry"));
    }
    bt.regs[bt.frame] = 0;
    bt.leave()?;
    Ok(false)
}

/// Back over a call of a helper or kernel function.
fn call(cx: &Cx<'_>, bt: &mut Backtrack, callee: Callee, at: Passed<'_>) -> Result<bool, Stuck> {
    if callee == Callee::Kernel(0) {
        return Err(Stuck::Unknown);
    }
    bt.found(0);
    if bt.here() & ARGS != 0 {
        return Err(Stuck::Bug("arguments wanted after a call"));
    }
    // A tail call may also leave the function.
    if cx.program.kernel.features.tail_call_exits_frame
        && callee == Callee::Helper(id::TAIL_CALL as i32)
        && i64::from(at.next) - at.idx as i64 != 1
    {
        bt.enter()?;
    }
    Ok(true)
}

/// Back over an exit, into the function that it left.
fn exit(cx: &Cx<'_>, bt: &mut Backtrack, at: Passed<'_>) -> Result<bool, Stuck> {
    let insn_before = usize::try_from(at.next - 1).ok().and_then(|i| cx.program.insns.get(i));
    let from_call = insn_before.is_some_and(|i| i.is_pseudo_call());
    let calls_back =
        usize::try_from(at.next).ok().and_then(|i| cx.learned.aux.get(i)).is_some_and(|a| a.runs_callbacks);
    let drops = cx.program.kernel.features.callback_args_dropped_at_exit;
    if drops && calls_back {
        bt.regs[bt.frame] &= !ARGS;
    }
    if (from_call || drops) && bt.here() & ARGS != 0 {
        return Err(Stuck::Bug("arguments wanted after a return"));
    }
    let r0 = from_call && bt.has(0);
    bt.found(0);
    bt.enter()?;
    if r0 {
        bt.want(0);
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::opcode::*;

    #[test]
    fn a_step_over_what_nobody_wants_changes_nothing() {
        let mov = |dst, src| Insn { code: ALU64 | MOV | 8, dst, src, off: 0, imm: 0 };
        let bt = Backtrack { regs: [1 << 3; 16], ..Backtrack::default() };
        let passes = |bt: &Backtrack, insn, hist| passes(bt, Touched::by(insn), hist);
        assert!(passes(&bt, mov(1, 3), None), "reading a wanted register leaves it wanted");
        assert!(!passes(&bt, mov(3, 1), None));
        let flags = stack_access_noted(0, 2);
        let spill = Step { idx: 0, prev_idx: 0, flags, links: 0, older: 0, asked: Asked::default() };
        let store = Insn { code: STX | MEM | DW, dst: 10, src: 1, off: -24, imm: 0 };
        assert!(passes(&bt, store, Some(&spill)));
        assert!(!passes(&Backtrack { slots: [1 << 2; 16], ..bt }, store, Some(&spill)));
        assert!(!passes(&bt, Insn { code: JMP | CALL, dst: 0, src: 0, off: 0, imm: 1 }, None));
    }
}
