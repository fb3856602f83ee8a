//! Registers that hold the same constant on every path to an instruction, before the walk (7.1).
//!
//! A forward data-flow pass over the whole program. Nothing is known at the entries of functions; what two paths disagree
//! on is not known. Conditional jumps that constants decide are rewritten to what they do, so that neither liveness nor
//! the walk sees the other way.

use crate::isa::insn::Insn;
use crate::isa::opcode::*;
use crate::isa::semantics::CmpOp;
use crate::state::MapIdx;

use super::super::Draft;
use super::super::access::frozen_value;
use super::super::liveness::successors;

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
    let op = CmpOp::decode(insn.op())?;
    let reg = |n: u8| known.get(usize::from(n)).and_then(|k| k.small());
    let a = reg(insn.dst)?;
    let b = if insn.is_reg_src() { reg(insn.src)? } else { insn.imm as i64 as u64 };
    // Extending the sign keeps the order of 32-bit numbers, in both readings.
    let half = |n: u64| i64::from(n as i32) as u64;
    let (a, b) = if insn.class() == JMP32 { (half(a), half(b)) } else { (a, b) };
    Some(op.holds(a, b))
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
            for to in successors(&cx.program.insns, idx) {
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
    let result = match insn.class() {
        ALU | ALU64 => {
            let wide = arithmetic(insn, dst, src);
            match wide {
                _ if insn.class() == ALU64 => wide,
                Known::Number(n) => Known::Number(u64::from(n as u32)),
                _ => Known::Nothing,
            }
        }
        LD if matches!(insn.mode(), ABS | IND) => {
            regs[..6].fill(Known::Nothing);
            return;
        }
        LD if insn.is_ldimm64() => wide_load(cx, idx, insn),
        LDX => load(cx, insn, src),
        JMP if insn.is_call() => {
            regs[..6].fill(Known::Nothing);
            return;
        }
        STX if insn.mode() == ATOMIC => {
            if let Some(r) = super::super::liveness::frames::loaded_by_atomic(insn).filter(|r| *r < 10) {
                regs[usize::from(r)] = Known::Nothing;
            }
            return;
        }
        _ => return,
    };
    if let Some(reg) = regs.get_mut(usize::from(insn.dst)) {
        *reg = result;
    }
}

fn arithmetic(insn: Insn, dst: Known, src: Known) -> Known {
    let imm = insn.imm as i64 as u64;
    let moved = |by: u64| match dst {
        Known::Number(n) => Known::Number(n.wrapping_add(by)),
        Known::MapValue(map, off) => Known::MapValue(map, off.wrapping_add(by)),
        _ => Known::Nothing,
    };
    match (insn.op(), insn.is_reg_src()) {
        (MOV, false) => Known::Number(imm),
        (MOV, true) if insn.off == 0 => src,
        (MOV, true) => match (src, insn.off) {
            (Known::Number(n), 8) => Known::Number(i64::from(n as i8) as u64),
            (Known::Number(n), 16) => Known::Number(i64::from(n as i16) as u64),
            (Known::Number(n), 32) => Known::Number(i64::from(n as i32) as u64),
            _ => Known::Nothing,
        },
        (ADD, false) => moved(imm),
        (SUB, false) => moved(imm.wrapping_neg()),
        (AND, by_reg) => {
            let other = if by_reg { src } else { Known::Number(imm) };
            match (dst.number(), other.number()) {
                (Some(0), _) if by_reg => Known::Number(0),
                (_, Some(0)) => Known::Number(0),
                (Some(a), Some(b)) => Known::Number(a & b),
                _ => Known::Nothing,
            }
        }
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
fn load(cx: &Draft<'_>, insn: Insn, src: Known) -> Known {
    let Known::MapValue(map, off) = src else { return Known::Nothing };
    let off = (off as i32).wrapping_add(i32::from(insn.off));
    let size = insn.access_size();
    let end = i64::from(off) + i64::from(size);
    match u64::try_from(off) {
        Ok(off) if end <= i64::from(cx.program.map(map).spec.value_size) => {
            frozen_value(&cx.program, map, off, size, insn.mode() == MEMSX).map_or(Known::Nothing, Known::Number)
        }
        _ => Known::Nothing,
    }
}
