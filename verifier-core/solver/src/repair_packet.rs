//! A check of the packet right before an access, where the kernel lost the one that the program made.
//!
//! The kernel remembers of a comparison with the packet's end how far from it bytes are known, for the pointer that was
//! compared and those made from it by constants. Comparing lengths, adding other numbers, or comparing in another function
//! loses it. What is inserted makes the pointer again and compares it:
//!
//! ```text
//!   b = ctx->data; e = ctx->data_end
//!   t = P - b + off;  if t > most goto skip
//!   b += t; t = b + bytes;  if t > e goto skip
//!   P = b - off; goto access
//! skip: (result = 0); goto behind the access
//! access: ...
//! ```
//!
//! Registers for it are such that nobody reads before they are written again.

use z3::ast::Bool;

use super::case::Case;
use super::danger::Rule;
use super::repair::{Candidate, Claim, Spot, inserted, insn};
use super::run::{Kind, Run, STACK};
use super::term::{Num, Val, compare};
use verifier_core::cfg::{JumpTables, flow};
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::CmpOp;
use verifier_core::isa::{Flow, Insn};
use verifier_core::kernel::ProgType;
use verifier_core::program::LoadRequest;

/// Farthest offset from the begin of the packet at which the kernel remembers a comparison, with room for the access.
const MOST: u64 = 0xf000;

/// Where the context's address is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Home {
    /// In a register.
    Reg(u8),
    /// At an offset of the frame's stack, negative.
    Slot(i16),
}

impl Home {
    fn holds_ctx(self, run: &mut Run) -> bool {
        let v = match self {
            Home::Reg(r) => run.reg(r),
            Home::Slot(off) => {
                let (stack, at) = (run.stack, STACK as i64 + i64::from(off));
                run.load(stack, &Num::Known(at as u64), 8)
            }
        };
        let ctx = run.ctx();
        v.as_ptr().is_some_and(|p| p.region == ctx && p.null.is_none() && p.off.known() == Some(0))
    }
}

/// When the bytes are not in the packet, or too far; `None`: it is no pointer into the packet as it is now.
pub(super) fn outside_packet(run: &mut Run, pointer: u8, ctx: Home, off: i64, bytes: u64, most: u64) -> Option<Bool> {
    let Val::Ptr(p) = run.reg(pointer) else { return None };
    let region = run.regions[p.region].clone();
    let current = run.packet == Some(p.region) && region.kind == Kind::Packet && !region.dead && p.null.is_none();
    if !current || !ctx.holds_ctx(run) {
        return None;
    }
    let begin = p.off.plus(off);
    let end = begin.plus(bytes as i64);
    let far = compare(CmpOp::Gt, true, &begin, &Num::Known(most));
    let outside = compare(CmpOp::Gt, true, &end, region.size.as_ref()?);
    Some(Bool::or(&[far, outside]))
}

/// Offsets of `data` and `data_end` in the context.
fn fields(t: Option<ProgType>) -> Option<(i16, i16)> {
    match t? {
        ProgType::Xdp => Some((0, 4)),
        ProgType::SchedCls | ProgType::SchedAct | ProgType::CgroupSkb | ProgType::SkSkb | ProgType::LwtXmit => {
            Some((76, 80))
        }
        _ => None,
    }
}

/// Registers whose value before an instruction is read by nobody.
fn dead_before(insns: &[Insn], at: usize) -> u16 {
    let mut live = vec![0u16; insns.len() + 1];
    loop {
        let mut changed = false;
        for (n, i) in insns.iter().enumerate().rev() {
            let after = flow::successors(insns, JumpTables::NONE, n);
            let after = match i.decode().flow() {
                // Where it goes is not known here.
                Flow::Table => u16::MAX,
                _ => after.iter().fold(0, |m, to| m | live.get(*to).copied().unwrap_or(0)),
            };
            let effect = i.decode().effect();
            let before = effect.uses | after & !effect.defs;
            changed |= live[n] != before;
            live[n] = before;
        }
        if !changed {
            break;
        }
    }
    !live.get(at).copied().unwrap_or(u16::MAX)
}

/// Where an access to the packet is rejected and nothing holds the context any more: keeps it from the entry on, in a slot
/// of the stack below all that the program names.
pub(super) fn keep_ctx(case: &Case<'_>, place: &mut Spot) -> Option<(Candidate, LoadRequest)> {
    let insns = &case.request.insns;
    let at = *insns.get(place.insn)?;
    let d = place.found.iter().find(|d| d.rule == Rule::OutOfBounds)?;
    let Val::Ptr(p) = place.run.reg(d.regno) else { return None };
    let of_packet = place.run.regions[p.region].kind == Kind::Packet && matches!(at.class(), LDX | ST | STX);
    fields(ProgType::from_number(case.request.prog_type))?;
    if !of_packet || !place.run.callers.is_empty() || homes().any(|h| h.holds_ctx(&mut place.run)) {
        return None;
    }
    // Addresses of the stack are R10 plus a constant, in one or two instructions.
    let mut lowest = 0i64;
    for (i, next) in insns.iter().zip(insns.iter().skip(1).chain([&Insn::default()])) {
        let based = matches!(i.class(), LDX | ST | STX) && (if i.class() == LDX { i.src } else { i.dst }) == 10;
        if based {
            lowest = lowest.min(i64::from(i.off));
        }
        let copied = i.is_alu() && i.op() == MOV && i.is_reg_src() && i.src == 10;
        if copied && next.is_alu() && next.op() == ADD && !next.is_reg_src() && next.dst == i.dst {
            lowest = lowest.min(i64::from(next.imm));
        }
    }
    let slot = i16::try_from((lowest & !7) - 8).ok().filter(|s| i64::from(*s) >= -(STACK as i64))?;
    let candidate = Candidate {
        at: 0,
        falls_through_only: true,
        code: vec![insn(STX | MEM | DW, 10, 1, slot, 0)],
        advice: "keep the context: the packet's bounds are read from it again".into(),
        claim: Claim::Destroyed,
    };
    let kept = inserted(case.request, candidate.at, &candidate.code, true)?;
    Some((candidate, kept))
}

/// Places where the context's address may be.
fn homes() -> impl Iterator<Item = Home> {
    (1..10).map(Home::Reg).chain((1..=64i16).map(|n| Home::Slot(-8 * n)))
}

/// The check before the access at the place.
pub(super) fn check_again(case: &Case<'_>, place: &mut Spot, at: Insn, regno: u8, out: &mut Vec<Candidate>) {
    let Val::Ptr(p) = place.run.reg(regno) else { return };
    if place.run.regions[p.region].kind != Kind::Packet || !matches!(at.class(), LDX | ST | STX) || regno > 9 {
        return;
    }
    let Some((data, data_end)) = fields(ProgType::from_number(case.request.prog_type)) else { return };
    let Some(ctx) = homes().find(|h| h.holds_ctx(&mut place.run)) else { return };
    let dead = dead_before(&case.request.insns, place.insn);
    let free: Vec<u8> = (0..10u8).filter(|r| dead >> r & 1 == 1 && *r != regno && Home::Reg(*r) != ctx).collect();
    let [t, b, e, ..] = free[..] else { return };
    let (off, bytes) = (i64::from(at.off), u64::from(at.access_size()));
    let mov = |to: u8, from: u8| insn(ALU64 | MOV | X, to, from, 0, 0);
    let add = |to: u8, n: i64| (n != 0).then(|| insn(ALU64 | ADD | K, to, 0, 0, n as i32));
    let mut code = Vec::new();
    let base = match ctx {
        Home::Reg(r) => r,
        Home::Slot(at) => {
            code.push(insn(LDX | MEM | DW, e, 10, at, 0));
            e
        }
    };
    code.push(insn(LDX | MEM | W, b, base, data, 0));
    code.push(insn(LDX | MEM | W, e, base, data_end, 0));
    code.extend([mov(t, regno), insn(ALU64 | SUB | X, t, b, 0, 0)]);
    code.extend(add(t, off));
    let far = code.len();
    code.push(insn(JMP | JGT | K, t, 0, 0, MOST as i32));
    code.extend([insn(ALU64 | ADD | X, b, t, 0, 0), mov(t, b)]);
    code.extend(add(t, bytes as i64));
    let outside = code.len();
    code.push(insn(JMP | JGT | X, t, e, 0, 0));
    code.push(mov(regno, b));
    code.extend(add(regno, -off));
    let skip = code.len() + 1;
    let mut over = Vec::new();
    over.extend((at.class() == LDX).then(|| insn(ALU64 | MOV | K, at.dst, 0, 0, 0)));
    over.push(insn(JMP | JA, 0, 0, 1, 0));
    code.push(insn(JMP | JA, 0, 0, over.len() as i16, 0));
    for jump in [far, outside] {
        code[jump].off = (skip - jump - 1) as i16;
    }
    code.extend(over);
    out.push(Candidate {
        at: place.insn,
        falls_through_only: false,
        code,
        advice: format!(
            "compare the pointer itself with data_end right before this line: if (pointer + {bytes} > data_end) return; and \
             make it from data and a number below {MOST}"
        ),
        claim: Claim::InPacket { pointer: regno, ctx, off, bytes, most: MOST },
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::isa::asm::assemble;

    #[test]
    fn registers_are_dead_until_they_are_written() {
        let text = "r2 = 1\nif r1 == 0 goto +1\nr3 = r4\nr0 = *(u8 *)(r2 +0)\nexit";
        let insns = assemble(text).expect("text");
        // R1, R2 and R4 are read later; R0 and R3 are written first.
        assert_eq!(dead_before(&insns, 1) & 0x3ff, 0x3ff & !0b10110);
        assert_eq!(dead_before(&insns, 4) & 0x3ff, 0x3fe);
    }
}
