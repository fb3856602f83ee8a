//! Registers that are read at or after each instruction, before the walk (6.16).
//!
//! Answers for `compute_live_registers()`. A classic backward data-flow pass within functions: what an instruction
//! reads is alive before it, and so is what its successors need and it does not write.
//!
//! In the kernel: `compute_insn_live_regs()`.

use super::super::Draft;
use super::super::preflight::fastcall::call_summary;
use super::instances::successors;
use crate::error::LimitMsg;
use crate::isa::insn::Insn;
use crate::isa::opcode::*;
use crate::log::Event;

/// R0 to R5.
const CALLER_SAVED: u16 = 0b11_1111;

/// Registers written and registers read.
fn def_use(cx: &Draft<'_>, insn: Insn) -> (u16, u16) {
    let (src, dst) = (1u16 << insn.src, 1u16 << insn.dst);
    // What is not known here writes nothing and reads everything.
    let unknown = (0, u16::MAX);
    match insn.class() {
        LD if insn.mode() == IMM && insn.size_bits() == DW => (dst, 0),
        LDX if matches!(insn.mode(), MEM | MEMSX) => (dst, src),
        ST if insn.mode() == MEM => (0, dst),
        STX if insn.mode() == MEM => (0, dst | src),
        STX if insn.mode() == ATOMIC => match insn.imm {
            CMPXCHG => (1, 1 | dst | src),
            LOAD_ACQ => (dst, src),
            STORE_REL => (0, dst | src),
            imm => (if imm & FETCH != 0 { src } else { 0 }, dst | src),
        },
        ALU | ALU64 => match insn.op() {
            END => (dst, dst),
            MOV if insn.is_reg_src() => (dst, src),
            MOV => (dst, 0),
            _ if insn.is_reg_src() => (dst, dst | src),
            _ => (dst, dst),
        },
        JMP | JMP32 => match insn.op() {
            JA => (0, if insn.is_reg_src() { dst } else { 0 }),
            JCOND => (0, 0),
            EXIT => (0, 1),
            CALL => {
                let read = match call_summary(&cx.program, insn) {
                    Some((clobbered, _)) => clobbered as u16 & CALLER_SAVED & !1,
                    None => CALLER_SAVED & !1,
                };
                (CALLER_SAVED, read)
            }
            _ if insn.is_reg_src() => (0, dst | src),
            _ => (0, dst),
        },
        _ => unknown,
    }
}

/// Fills `live_regs_before` of every instruction and prints the table.
pub(crate) fn live_registers(cx: &mut Draft<'_>) {
    let len = cx.program.insns.len();
    let facts: Vec<(u16, u16)> = cx.program.insns.iter().map(|i| def_use(cx, *i)).collect();
    let mut before = vec![0u16; len];
    let mut changed = true;
    while changed {
        changed = false;
        for &idx in cx.program.orders.iter().flat_map(|o| &o.insns) {
            let idx = idx as usize;
            let after = successors(&cx.program.insns, idx).iter().filter_map(|s| before.get(*s)).fold(0, |a, b| a | b);
            let (def, used) = facts[idx];
            let new = (after & !def) | used;
            changed |= new != before[idx];
            before[idx] = new;
        }
    }
    for (aux, live) in cx.learned.aux.iter_mut().zip(&before) {
        aux.live_registers_before = *live;
    }
    if !cx.logs(2) {
        return;
    }
    cx.say(LimitMsg::LiveRegsHead);
    let mut idx = 0;
    while idx < len {
        cx.say(LimitMsg::LiveRegs { scc: cx.learned.aux[idx].scc, idx, live: before[idx] });
        cx.emit(Event::InsnText { idx });
        idx += if cx.program.insns[idx].is_ldimm64() { 2 } else { 1 };
    }
}
