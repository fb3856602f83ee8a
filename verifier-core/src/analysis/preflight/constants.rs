//! Registers that hold the same constant on every path to an instruction, before the walk (7.1).
//!
//! A forward data-flow pass over the whole program. Nothing is known at the entries of functions; what two paths disagree
//! on is not known. Conditional jumps that constants decide are rewritten to what they do, so that neither liveness nor
//! the walk sees the other way.

use crate::isa::opcode::*;
use crate::isa::semantics::{self, AluOp};
use crate::isa::{Insn, Op, Src};
use crate::state::MapIdx;

use super::super::Draft;
use super::super::access::frozen_value;
use crate::cfg::successors;

/// What a register is known to hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Known {
    /// The instruction was not reached yet.
    #[default]
    Unseen,
    /// Anything.
    Nothing,
    /// This number.
    Number(u64),
    /// This map.
    Map(MapIdx),
    /// The value of a map with a single entry, so many bytes from its beginning.
    MapValue(MapIdx, u64),
    /// This local function.
    Function(u32),
}

/// R0 to R9.
pub(crate) type KnownRegs = [Known; 10];

impl Known {
    fn number(self) -> Option<u64> {
        if let Known::Number(n) = self { Some(n) } else { None }
    }

    /// A number that fits 32 bits.
    pub(crate) fn small(self) -> Option<u64> {
        self.number().filter(|n| u32::try_from(*n).is_ok())
    }
}

/// Finds the constants before every instruction and rewrites the jumps that they decide. Tells whether there was one.
pub(crate) fn fold(cx: &mut Draft<'_>) -> (Vec<KnownRegs>, bool) {
    let known = solve(cx);
    let mut folded = false;
    if !cx.program.kernel.features.constants_fold {
        return (known, folded);
    }
    for (insn, known) in cx.program.insns.iter_mut().zip(&known) {
        if !insn.is_jmp_class() {
            continue;
        }
        let Some(taken) = decided(*insn, known) else { continue };
        *insn = Insn { code: JMP | JA, dst: 0, src: 0, off: if taken { insn.off } else { 0 }, imm: 0 };
        folded = true;
    }
    (known, folded)
}

/// Which way constants send a conditional jump.
fn decided(insn: Insn, known: &KnownRegs) -> Option<bool> {
    let Op::Branch { cmp, wide, dst, src, .. } = insn.decode() else { return None };
    let reg = |n: u8| known.get(usize::from(n)).and_then(|k| k.small());
    let a = reg(dst)?;
    let b = match src {
        Src::Reg(r) => reg(r)?,
        Src::Imm(n) => n as i64 as u64,
    };
    // Extending the sign keeps the order of 32-bit numbers, in both readings.
    let half = |n: u64| i64::from(n as i32) as u64;
    let (a, b) = if wide { (a, b) } else { (half(a), half(b)) };
    Some(cmp.holds(a, b))
}

fn solve(cx: &mut Draft<'_>) -> Vec<KnownRegs> {
    let mut before = vec![KnownRegs::default(); cx.program.insns.len()];
    for s in &cx.learned.subprogs {
        if let Some(b) = before.get_mut(s.start as usize) {
            *b = [Known::Nothing; 10];
        }
    }
    let orders = std::mem::take(&mut cx.program.orders);
    let mut changed = true;
    while changed {
        changed = false;
        for &idx in orders.iter().rev().flat_map(|o| o.insns.iter().rev()) {
            let idx = idx as usize;
            let Some(&(mut after)) = before.get(idx) else { continue };
            step(cx, idx, &mut after);
            for &to in successors(&cx.program.insns, &cx.program.jump_tables, idx).iter() {
                let Some(target) = before.get_mut(to) else { continue };
                for (old, new) in target.iter_mut().zip(after) {
                    changed |= join(old, new);
                }
            }
        }
    }
    cx.program.orders = orders;
    before
}

fn join(old: &mut Known, new: Known) -> bool {
    let joined = match (*old, new) {
        (Known::Unseen, new) => new,
        (Known::Nothing, _) => Known::Nothing,
        (old, new) if old == new => old,
        _ => Known::Nothing,
    };
    std::mem::replace(old, joined) != joined
}

fn step(cx: &Draft<'_>, idx: usize, regs: &mut KnownRegs) {
    let insn = cx.program.insns[idx];
    let get = |regs: &KnownRegs, n: u8| regs.get(usize::from(n)).copied().unwrap_or(Known::Nothing);
    let (dst, src) = (get(regs, insn.dst), get(regs, insn.src));
    let whole = |wide: bool, k: Known| match k {
        k if wide => k,
        Known::Number(n) => Known::Number(u64::from(n as u32)),
        _ => Known::Nothing,
    };
    let op = insn.decode();
    let result = match op {
        Op::Alu { op, wide, src: Src::Reg(_), .. } => whole(wide, arithmetic(op, dst, src, true)),
        Op::Alu { op, wide, src: Src::Imm(n), .. } => {
            whole(wide, arithmetic(op, dst, Known::Number(n as i64 as u64), false))
        }
        Op::MoveAs { wide, kind, .. } => whole(wide, sign_extended(src, kind)),
        Op::ByteOrder { .. } => Known::Nothing,
        Op::Const { .. } => wide_load(cx, idx, insn),
        Op::Load { size, signed, off, .. } => load(cx, src, off, u32::from(size), signed),
        Op::Call { .. } | Op::CallReg { .. } | Op::PacketLoad { .. } => {
            regs[..6].fill(Known::Nothing);
            return;
        }
        Op::Atomic { .. } | Op::LoadAcquire { .. } => {
            if let Some(r) = op.loaded_by_atomic().filter(|r| *r < 10) {
                regs[usize::from(r)] = Known::Nothing;
            }
            return;
        }
        Op::Store { .. }
        | Op::StoreRelease { .. }
        | Op::Branch { .. }
        | Op::Jump { .. }
        | Op::JumpTo { .. }
        | Op::MayGoto { .. }
        | Op::Exit
        | Op::Rest
        | Op::Unknown => return,
    };
    if let Some(reg) = regs.get_mut(usize::from(insn.dst)) {
        *reg = result;
    }
}

fn sign_extended(src: Known, bits: i16) -> Known {
    match (src, bits) {
        (Known::Number(n), 8 | 16 | 32) => Known::Number(semantics::sign_extend(n, u32::from(bits.cast_unsigned()))),
        _ => Known::Nothing,
    }
}

/// As far as the release computes: moves, sums with constants, masks.
fn arithmetic(op: AluOp, dst: Known, src: Known, by_reg: bool) -> Known {
    let moved = |by: u64| match dst {
        Known::Number(n) => Known::Number(n.wrapping_add(by)),
        Known::MapValue(map, off) => Known::MapValue(map, off.wrapping_add(by)),
        _ => Known::Nothing,
    };
    match (op, src) {
        (AluOp::Mov, _) => src,
        (AluOp::Add, Known::Number(n)) if !by_reg => moved(n),
        (AluOp::Sub, Known::Number(n)) if !by_reg => moved(n.wrapping_neg()),
        (AluOp::And, _) => match (dst.number(), src.number()) {
            (Some(0), _) if by_reg => Known::Number(0),
            (_, Some(0)) => Known::Number(0),
            (Some(a), Some(b)) => Known::Number(a & b),
            _ => Known::Nothing,
        },
        _ => Known::Nothing,
    }
}

fn wide_load(cx: &Draft<'_>, idx: usize, insn: Insn) -> Known {
    match insn.src {
        0 => {
            let high = cx.program.insns.get(idx + 1).map_or(0, |h| h.imm as u32);
            Known::Number(u64::from(insn.imm as u32) | u64::from(high) << 32)
        }
        PSEUDO_FUNC => {
            let at = usize::try_from(idx as i64 + 1 + i64::from(insn.imm)).unwrap_or(usize::MAX);
            let sub = cx.subprog_at(at);
            match cx.learned.subprogs.get(sub) {
                Some(s) if s.start as usize == at => Known::Function(sub as u32),
                _ => Known::Nothing,
            }
        }
        PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX_VALUE => {
            cx.learned.aux[idx].map.map_or(Known::Nothing, |(map, off)| Known::MapValue(map, off.into()))
        }
        PSEUDO_MAP_FD | PSEUDO_MAP_IDX => cx.learned.aux[idx].map.map_or(Known::Nothing, |(map, _)| Known::Map(map)),
        _ => Known::Nothing,
    }
}

/// A load from data that nobody can change any more.
fn load(cx: &Draft<'_>, src: Known, by: i16, size: u32, signed: bool) -> Known {
    let Known::MapValue(map, off) = src else { return Known::Nothing };
    let off = (off as i32).wrapping_add(i32::from(by));
    let end = i64::from(off) + i64::from(size);
    match u64::try_from(off) {
        Ok(off) if end <= i64::from(cx.program.map(map).spec.value_size) => {
            frozen_value(&cx.program, map, off, size, signed).map_or(Known::Nothing, Known::Number)
        }
        _ => Known::Nothing,
    }
}
