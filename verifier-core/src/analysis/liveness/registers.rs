//! Registers that are read at or after each instruction, before the walk (6.15).
//!
//! Answers for `compute_live_registers()`. A classic backward data-flow pass within functions: what an instruction
//! reads is alive before it, and so is what its successors need and it does not write.
//!
//! In the kernel: `compute_insn_live_regs()`.

use super::super::Draft;
use super::super::preflight::fastcall::call_summary;
use crate::cfg::successors;
use crate::error::LimitMsg;
use crate::isa::op::CALL_ARGS;
use crate::isa::opcode::ADDR_SPACE_CAST;
use crate::isa::{Insn, Op, Regs};
use crate::kernel::Reworded;
use crate::log::Event;

/// Both halves of registers: low halves in the low bits, high halves above.
const fn whole(regs: Regs) -> u32 {
    regs as u32 | (regs as u32) << 16
}

/// Registers written and registers read, by halves.
fn def_use(cx: &Draft<'_>, insn: Insn) -> (u32, u32) {
    let op = insn.decode();
    let effect = op.effect();
    match op {
        // What is not known here writes nothing and reads everything; the release knows of no loads from packets.
        Op::PacketLoad { .. } | Op::Rest | Op::Unknown => (0, u32::MAX),
        Op::Call { .. } => {
            let takes = call_summary(&cx.program, insn).map_or(CALL_ARGS, |(clobbered, _)| clobbered as Regs);
            (whole(effect.defs), whole(takes & CALL_ARGS))
        }
        _ => (whole(effect.defs), whole(effect.uses & !effect.low) | u32::from(effect.low)),
    }
}

/// The register whose low half an instruction writes and whose high half it clears.
fn writes_low_half(cx: &Draft<'_>, insn: Insn) -> Option<u8> {
    let no_user_side = || {
        let flags = cx.program.arena.map(|m| cx.program.map(m).spec.map_flags);
        flags.is_some_and(|f| f & crate::kernel::map_types::flags::NO_USER_CONV != 0)
    };
    match insn.decode() {
        Op::MoveAs { wide: true, kind: ADDR_SPACE_CAST, dst, .. } => {
            (insn.imm == 1 || insn.imm == 1 << 16 && no_user_side()).then_some(dst)
        }
        // The release takes the field for the register that is written, which it is not.
        Op::PacketLoad { .. } => Some(insn.dst),
        op => match op.effect().cleared {
            0 => None,
            regs => Some(regs.trailing_zeros() as u8),
        },
    }
}

/// Fills `live_regs_before` of every instruction and prints the table.
pub(crate) fn live_registers(cx: &mut Draft<'_>) {
    let len = cx.program.insns.len();
    let facts: Vec<(u32, u32)> = cx.program.insns.iter().map(|i| def_use(cx, *i)).collect();
    let mut before = vec![0u32; len];
    // Nothing is alive behind what is not reached.
    let mut behind = vec![0u32; len];
    let mut changed = true;
    while changed {
        changed = false;
        for &idx in cx.program.orders.iter().flat_map(|o| &o.insns) {
            let idx = idx as usize;
            let after = successors(&cx.program.insns, &cx.program.jump_tables, idx)
                .iter()
                .filter_map(|s| before.get(*s))
                .fold(0, |a, b| a | b);
            let (def, used) = facts[idx];
            let new = (after & !def) | used;
            changed |= new != before[idx];
            before[idx] = new;
            behind[idx] = after;
        }
    }
    for (aux, live) in cx.learned.aux.iter_mut().zip(&before) {
        aux.live_registers_before = (*live | *live >> 16) as u16;
    }
    if !cx.logs(2) {
        return;
    }
    let components = cx.program.kernel.features.scc_loops;
    let tells_extension = cx.program.kernel.style.has(Reworded::ZeroedHalves);
    cx.say(LimitMsg::LiveRegsHead);
    let mut idx = 0;
    while idx < len {
        let live = cx.learned.aux[idx].live_registers_before;
        let scc = components.then_some(cx.learned.aux[idx].scc);
        cx.say(LimitMsg::LiveRegs { scc, idx, live });
        let after = behind[idx];
        let insn = cx.program.insns[idx];
        // What is read of a packet is extended even where nobody reads it.
        let loads = matches!(insn.decode(), Op::PacketLoad { .. });
        let extends = loads || writes_low_half(cx, insn).is_some_and(|r| after >> (16 + r) & 1 != 0);
        let note = if tells_extension && extends { "; zext" } else { "" };
        cx.emit(Event::Listed { idx, numbered: false, note, column: true });
        idx += cx.program.insns[idx].decode().slots();
    }
}
