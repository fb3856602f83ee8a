//! What can be known of registers before a program is translated: blocks, constants, the frame pointer, arguments.
//!
//! The analysis that accepted a program knows far more, but code that was never accepted is compiled too, so what the
//! translation relies on is found here, from the instructions alone.

use std::collections::{BTreeMap, BTreeSet};

use verifier_core::cfg::flow::{self, JumpTables, successors};
use verifier_core::isa::Insn;

use crate::program::{Code, Op, Reg, Size, Src};

use super::loops::Loops;

/// What is known of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// Nothing was ever put there, or a call has destroyed it: no accepted program reads it.
    Nothing,
    /// A constant: a number, a map, a function.
    Const(u64),
    /// r10 plus this.
    Frame(i64),
    /// Some value.
    Value,
}

/// What is known of the registers at an instruction.
pub(super) type Registers = [Known; 11];

/// Which registers, bit by number.
pub(super) type Mask = u16;

/// Registers that pass arguments.
pub(super) const ARGS: Mask = 0b11_1110;

/// One function: what is reachable from its first instruction.
#[derive(Debug)]
pub(super) struct Flow {
    /// First instruction.
    pub(super) start: u32,
    /// First instruction of each block, and what is known there.
    pub(super) blocks: BTreeMap<u32, Registers>,
    /// The frame is only accessed through r10 and a constant, so that no other access reaches it.
    pub(super) private_frame: bool,
    /// Places in a private frame that are never accessed in part nor before they are written: offset from r10, size.
    /// They need not be memory.
    pub(super) slots: Vec<(i64, Size)>,
    /// Argument registers whose values at entry matter.
    pub(super) args: Mask,
    /// Its loops.
    pub(super) loops: Loops,
    /// Instructions that some jump leads to.
    pub(super) targets: BTreeSet<u32>,
}

/// The instructions of a program, as they run and as they were written.
#[derive(Clone, Copy)]
struct Text<'a> {
    ops: &'a [Op],
    insns: &'a [Insn],
}

impl Text<'_> {
    /// Where control may go from an instruction: the next one, a target.
    fn next(self, pc: u32) -> [Option<u32>; 2] {
        if matches!(self.ops.get(pc as usize), None | Some(Op::CallUnknown { .. })) {
            return [None, None];
        }
        let to = successors(self.insns, JumpTables::NONE, pc as usize);
        [0, 1].map(|n| to.get(n).and_then(|to| u32::try_from(*to).ok()))
    }

    /// The target of a jump.
    fn target(self, pc: u32) -> Option<u32> {
        let insn = *self.insns.get(pc as usize)?;
        flow::jump_target(insn, pc as usize).and_then(|to| u32::try_from(to).ok())
    }

    /// Goes through a block, to a jump, an end, or where another block `begins`: `f` gets each instruction and what is known
    /// before it. The slot behind the block, and where control goes on.
    fn through(
        self,
        at: u32,
        regs: &mut Registers,
        begins: impl Fn(u32) -> bool,
        mut f: impl FnMut(u32, &Op, &Registers),
    ) -> (u32, [Option<u32>; 2]) {
        let mut pc = at;
        while let Some(op) = self.ops.get(pc as usize) {
            f(pc, op, regs);
            step(op, regs);
            let next = self.next(pc);
            pc += 1;
            if self.target(pc - 1).is_some() || next == [None, None] || begins(pc) {
                return (pc, next);
            }
        }
        (pc, [None, None])
    }
}

/// What is known after an instruction.
pub(super) fn step(op: &Op, regs: &mut Registers) {
    let known = |regs: &Registers, r: Reg| regs[usize::from(r)];
    match *op {
        Op::Const { dst, value } => regs[usize::from(dst)] = Known::Const(value),
        Op::Alu { op: verifier_core::isa::semantics::AluOp::Mov, wide: true, dst, src } => {
            regs[usize::from(dst)] = match src {
                Src::Reg(r) => known(regs, r),
                Src::Imm(n) => Known::Const(n as u64),
            }
        }
        Op::Alu { op, wide, dst, src } => {
            use verifier_core::isa::semantics::AluOp::{Add, Mov, Sub};
            regs[usize::from(dst)] = match (op, known(regs, dst), src) {
                (Add, Known::Frame(at), Src::Imm(n)) if wide => Known::Frame(at.wrapping_add(n)),
                (Sub, Known::Frame(at), Src::Imm(n)) if wide => Known::Frame(at.wrapping_sub(n)),
                (Mov, _, Src::Imm(n)) => Known::Const(u64::from(n as u32)),
                _ => Known::Value,
            }
        }
        Op::MovSx { dst, .. }
        | Op::ByteOrder { dst, .. }
        | Op::Load { dst, .. }
        | Op::LoadOrZero { dst, .. }
        | Op::LoadAcquire { dst, .. } => regs[usize::from(dst)] = Known::Value,
        Op::Atomic { op, fetch, src, .. } => {
            if op == crate::program::AtomicOp::CmpXchg {
                regs[0] = Known::Value;
            } else if fetch {
                regs[usize::from(src)] = Known::Value;
            }
        }
        Op::Call { .. } | Op::CallLocal { .. } | Op::CallReg { .. } | Op::PacketLoad { .. } | Op::TailCall => {
            regs[0] = Known::Value;
            regs[1..6].fill(Known::Nothing);
        }
        _ => {}
    }
}

/// Registers that an instruction reads and writes. Calls read what `passed` says.
fn effects(insn: Insn, op: &Op, passed: Mask) -> (Mask, Mask) {
    let effect = insn.decode().effect();
    match op {
        Op::Call { .. } | Op::CallLocal { .. } => (passed, effect.defs),
        Op::TailCall => (0b1110, effect.defs),
        Op::CallUnknown { .. } => (0, 0),
        _ => (effect.uses, effect.defs),
    }
}

/// Argument registers that hold something at a call.
pub(super) fn passed(regs: &Registers) -> Mask {
    (1..6).filter(|r| regs[*r] != Known::Nothing).fold(0, |m, r| m | 1 << r)
}

impl Flow {
    /// Looks at the function that begins at `start`. `callee` gives the arguments that a function of the program takes.
    pub(super) fn of(code: &Code, start: u32, callee: impl Fn(u32) -> Mask) -> Flow {
        let text = Text { ops: code.ops(), insns: code.insns() };
        let mut entry = [Known::Nothing; 11];
        entry[1..6].fill(Known::Value);
        entry[10] = Known::Frame(0);
        let (leaders, targets) = leaders(text, start);
        let mut blocks: BTreeMap<u32, Option<Registers>> = leaders.into_iter().map(|l| (l, None)).collect();
        let mut work = vec![(start, entry)];
        while let Some((at, new)) = work.pop() {
            let Some(slot) = blocks.get_mut(&at) else {
                continue;
            };
            let old = *slot;
            let merged = old.map_or(new, |old| std::array::from_fn(|r| merge(old[r], new[r])));
            if old == Some(merged) {
                continue;
            }
            *slot = Some(merged);
            let mut regs = merged;
            let (_, next) = text.through(at, &mut regs, |pc| blocks.contains_key(&pc), |_, _, _| {});
            work.extend(next.into_iter().flatten().map(|n| (n, regs)));
        }
        let blocks: BTreeMap<u32, Registers> =
            blocks.into_iter().filter_map(|(at, regs)| regs.map(|r| (at, r))).collect();
        let mut flow =
            Flow { start, blocks, private_frame: true, slots: Vec::new(), args: 0, loops: Loops::default(), targets };
        flow.loops = Loops::find(start, &flow.graph(text));
        flow.look_at_frame(text);
        if flow.private_frame {
            flow.slots = flow.find_slots(text);
        }
        flow.args = flow.live_args(text, start, callee);
        flow
    }

    /// Goes through the block at `at`, see [`Text::through`]; what is known behind it comes with the answer.
    fn block(
        &self,
        text: Text<'_>,
        at: u32,
        f: impl FnMut(u32, &Op, &Registers),
    ) -> (u32, [Option<u32>; 2], Registers) {
        let mut regs = self.blocks[&at];
        let (end, next) = text.through(at, &mut regs, |pc| self.blocks.contains_key(&pc), f);
        (end, next, regs)
    }

    /// Calls `f` with each instruction and what is known before it; blocks in order.
    fn each(&self, text: Text<'_>, mut f: impl FnMut(u32, &Op, &Registers)) {
        for at in self.blocks.keys() {
            self.block(text, *at, &mut f);
        }
    }

    /// Whether the address of the frame is only ever the base of plain accesses inside of it.
    fn look_at_frame(&mut self, text: Text<'_>) {
        let mut private = true;
        let frame = |regs: &Registers, r: Reg| matches!(regs[usize::from(r)], Known::Frame(_));
        let inside = |regs: &Registers, r: Reg, off: i16, size: Size| match regs[usize::from(r)] {
            Known::Frame(at) => in_frame(at.wrapping_add(off.into()), size),
            _ => true,
        };
        self.each(text, |_, op, regs| {
            let of = |src: Src| matches!(src, Src::Reg(r) if frame(regs, r));
            private &= match *op {
                // Copies and constant offsets are followed; anything else loses sight of the address.
                Op::Alu { op, wide, dst, src } => {
                    use verifier_core::isa::semantics::AluOp::{Add, Mov, Sub};
                    match op {
                        Mov => wide || !of(src),
                        Add | Sub => !of(src) && (!frame(regs, dst) || (wide && matches!(src, Src::Imm(_)))),
                        _ => !of(src) && !frame(regs, dst),
                    }
                }
                Op::MovSx { src, .. } => !frame(regs, src),
                Op::ByteOrder { dst, .. } => !frame(regs, dst),
                Op::Load { base, off, size, .. } => inside(regs, base, off, size),
                Op::Store { base, off, size, src } => inside(regs, base, off, size) && !of(src),
                Op::Atomic { base, src, .. } => !frame(regs, base) && !frame(regs, src),
                Op::LoadAcquire { base, .. } => !frame(regs, base),
                Op::StoreRelease { base, src, .. } => !frame(regs, base) && !frame(regs, src),
                Op::Branch { dst, src, .. } => !frame(regs, dst) && !of(src),
                Op::Call { .. } | Op::CallLocal { .. } | Op::CallReg { .. } | Op::TailCall => {
                    !(1..6).any(|r| frame(regs, r))
                }
                Op::Exit => !frame(regs, 0),
                Op::PacketLoad { index, .. } => !index.is_some_and(|r| frame(regs, r)) && !frame(regs, 6),
                _ => true,
            };
        });
        // Where paths meet, an address may be forgotten without an instruction that does it.
        let merged = self.blocks.keys().any(|at| self.forgets(text, *at));
        self.private_frame = private && !merged;
    }

    /// Whether some way out of a block brings an address of the frame to where it is unknown.
    fn forgets(&self, text: Text<'_>, block: u32) -> bool {
        let (_, next, regs) = self.block(text, block, |_, _, _| {});
        let lost = |at: &Registers| (0..11).any(|r| matches!(regs[r], Known::Frame(_)) && at[r] != regs[r]);
        next.into_iter().flatten().any(|n| self.blocks.get(&n).is_some_and(lost))
    }

    /// The blocks with their instructions and successors.
    fn graph(&self, text: Text<'_>) -> BTreeMap<u32, super::loops::Block> {
        let block = |at: u32| {
            let (end, next, _) = self.block(text, at, |_, _, _| {});
            (end - at, next)
        };
        self.blocks.keys().map(|at| (*at, block(*at))).collect()
    }

    /// The places of a private frame that can be variables.
    fn find_slots(&self, text: Text<'_>) -> Vec<(i64, Size)> {
        let mut places: Vec<(i64, Size)> = Vec::new();
        self.each(text, |_, op, regs| {
            if let Some((at, size, _)) = frame_access(op, regs)
                && !places.contains(&(at, size))
                && places.len() <= 4 * MAX_SLOTS
            {
                places.push((at, size));
            }
        });
        if places.len() > 4 * MAX_SLOTS {
            return Vec::new();
        }
        let end = |(at, size): (i64, Size)| at + i64::from(size.bytes());
        let alone = |p: &(i64, Size)| places.iter().all(|q| q == p || end(*q) <= p.0 || end(*p) <= q.0);
        let mut slots: Vec<(i64, Size)> = places.iter().filter(|p| alone(p)).copied().collect();
        slots.truncate(MAX_SLOTS);
        // Written on every way to a block, bit by slot; a read of one that is not ends its candidacy.
        let bit = |at, size| slots.iter().position(|s| *s == (at, size)).map_or(0, |n| 1u64 << n);
        let mut written: BTreeMap<u32, u64> = self.blocks.keys().map(|at| (*at, u64::MAX)).collect();
        written.insert(self.start, 0);
        let mut early = 0;
        loop {
            let mut changed = false;
            for at in self.blocks.keys() {
                let mut now = written[at];
                let (_, next, _) = self.block(text, *at, |_, op, regs| match frame_access(op, regs) {
                    Some((at, size, true)) => now |= bit(at, size),
                    Some((at, size, false)) => early |= bit(at, size) & !now,
                    None => {}
                });
                for n in next.into_iter().flatten() {
                    if let Some(w) = written.get_mut(&n) {
                        changed |= *w & now != *w;
                        *w &= now;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        slots.iter().enumerate().filter(|(n, _)| early >> n & 1 == 0).map(|(_, s)| *s).collect()
    }

    fn live_args(&self, text: Text<'_>, start: u32, callee: impl Fn(u32) -> Mask) -> Mask {
        // Of each block: read before written, written.
        let mut sums: BTreeMap<u32, (Mask, Mask, [Option<u32>; 2])> = BTreeMap::new();
        for at in self.blocks.keys() {
            let (mut read, mut written) = (0, 0);
            let (_, next, _) = self.block(text, *at, |pc, op, regs| {
                let given = match op {
                    Op::CallLocal { subprog, .. } => callee(*subprog),
                    _ => passed(regs),
                };
                let (r, w) = effects(text.insns.get(pc as usize).copied().unwrap_or_default(), op, given);
                read |= r & !written;
                written |= w;
            });
            sums.insert(*at, (read, written, next));
        }
        let mut live: BTreeMap<u32, Mask> = BTreeMap::new();
        loop {
            let mut changed = false;
            for (at, (read, written, next)) in sums.iter().rev() {
                let out = next.iter().flatten().fold(0, |m, n| m | live.get(n).copied().unwrap_or(0));
                let now = read | out & !written;
                changed |= live.insert(*at, now) != Some(now);
            }
            if !changed {
                return live.get(&start).copied().unwrap_or(0) & ARGS;
            }
        }
    }
}

/// Slots of a function, at most.
const MAX_SLOTS: usize = 64;

/// A load or store in the frame: where, bytes, whether a store.
fn frame_access(op: &Op, regs: &Registers) -> Option<(i64, Size, bool)> {
    let (base, off, size, store) = match *op {
        Op::Load { base, off, size, .. } => (base, off, size, false),
        Op::Store { base, off, size, .. } => (base, off, size, true),
        _ => return None,
    };
    match regs[usize::from(base)] {
        Known::Frame(at) => Some((at + i64::from(off), size, store)),
        _ => None,
    }
}

/// Whether an access at an offset from r10 stays in the frame.
pub(super) fn in_frame(at: i64, size: Size) -> bool {
    at >= -(crate::cx::FRAME as i64) && at.saturating_add(i64::from(size.bytes())) <= 0
}

fn merge(a: Known, b: Known) -> Known {
    match (a, b) {
        (a, b) if a == b => a,
        (Known::Nothing, _) | (_, Known::Nothing) => Known::Nothing,
        _ => Known::Value,
    }
}

/// Where blocks begin in what is reachable from `start`, in order, and what jumps lead to.
fn leaders(text: Text<'_>, start: u32) -> (Vec<u32>, BTreeSet<u32>) {
    let mut seen = vec![false; text.ops.len() + 1];
    let (mut out, mut targets, mut work) = (vec![start], BTreeSet::new(), vec![start]);
    while let Some(mut pc) = work.pop() {
        while (pc as usize) < text.ops.len() && !std::mem::replace(&mut seen[pc as usize], true) {
            let next = text.next(pc);
            if let Some(target) = text.target(pc) {
                targets.insert(target);
                out.extend(next.into_iter().flatten());
                work.extend(next.into_iter().flatten());
                break;
            }
            if next == [None, None] {
                break;
            }
            pc += 1;
        }
    }
    // A function that runs into the first instruction of another block must stop there.
    out.sort_unstable();
    out.dedup();
    (out, targets)
}
