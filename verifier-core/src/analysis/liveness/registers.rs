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

/// Both halves of registers: low halves in the low bits, high halves above.
const fn whole(regs: u16) -> u32 {
    regs as u32 | (regs as u32) << 16
}

/// Offset of a move that changes the address space.
const ADDR_SPACE_CAST: i16 = 1;

/// Registers written and registers read, by halves.
fn def_use(cx: &Draft<'_>, insn: Insn) -> (u32, u32) {
    let (src, dst) = (whole(1 << insn.src), whole(1 << insn.dst));
    // What is not known here writes nothing and reads everything.
    let unknown = (0, u32::MAX);
    // 32-bit operations read low halves only.
    let part = |regs: u32, is_whole: bool| if is_whole { regs } else { regs & 0xffff };
    let r0 = whole(1);
    match insn.class() {
        LD if insn.mode() == IMM && insn.size_bits() == DW => (dst, 0),
        LDX if matches!(insn.mode(), MEM | MEMSX) => (dst, src),
        ST if insn.mode() == MEM => (0, dst),
        STX if insn.mode() == MEM => (0, dst | part(src, insn.size_bits() == DW)),
        STX if insn.mode() == ATOMIC => {
            let value = |regs| part(regs, insn.size_bits() == DW);
            match insn.imm {
                CMPXCHG => (r0, value(r0) | dst | value(src)),
                LOAD_ACQ => (dst, src),
                STORE_REL => (0, dst | value(src)),
                imm => (if imm & FETCH != 0 { src } else { 0 }, dst | value(src)),
            }
        }
        ALU | ALU64 => match insn.op() {
            END => (dst, dst),
            MOV if insn.is_reg_src() => (dst, part(src, insn.class() == ALU64)),
            MOV => (dst, 0),
            _ if insn.is_reg_src() => (dst, part(dst | src, insn.class() == ALU64)),
            _ => (dst, part(dst, insn.class() == ALU64)),
        },
        JMP | JMP32 => match insn.op() {
            JA => (0, if insn.is_reg_src() { dst } else { 0 }),
            JCOND => (0, 0),
            EXIT => (0, r0),
            CALL => {
                let read = match call_summary(&cx.program, insn) {
                    Some((clobbered, _)) => clobbered as u16 & CALLER_SAVED & !1,
                    None => CALLER_SAVED & !1,
                };
                (whole(CALLER_SAVED), whole(read))
            }
            _ if insn.is_reg_src() => (0, part(dst | src, insn.class() == JMP)),
            _ => (0, part(dst, insn.class() == JMP)),
        },
        _ => unknown,
    }
}

/// The register whose low half an instruction writes and whose high half it clears.
fn writes_low_half(cx: &Draft<'_>, insn: Insn) -> Option<u8> {
    let class = insn.class();
    let no_user_side = cx
        .program
        .arena
        .is_some_and(|m| cx.program.map(m).spec.map_flags & crate::kernel::map_types::flags::NO_USER_CONV != 0);
    let cast = insn.code == (ALU64 | MOV | X)
        && insn.off == ADDR_SPACE_CAST
        && (insn.imm == 1 || insn.imm == 1 << 16 && no_user_side);
    let narrow = match class {
        ALU | ALU64 if insn.op() == END => insn.imm != 64,
        ALU => true,
        ALU64 => cast,
        LDX => insn.mode() == MEM && insn.size_bits() != DW,
        STX => insn.size_bits() != DW,
        LD => matches!(insn.mode(), IND | ABS),
        _ => false,
    };
    match class {
        STX => super::frames::loaded_by_atomic(insn).filter(|_| narrow),
        _ => narrow.then_some(insn.dst),
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
            let after = successors(&cx.program.insns, idx).iter().filter_map(|s| before.get(*s)).fold(0, |a, b| a | b);
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
    let tells_extension = cx.program.kernel.features.stack_before_walk;
    cx.say(LimitMsg::LiveRegsHead);
    let mut idx = 0;
    while idx < len {
        let live = cx.learned.aux[idx].live_registers_before;
        cx.say(LimitMsg::LiveRegs { scc: cx.learned.aux[idx].scc, idx, live });
        let after = behind[idx];
        let extends = writes_low_half(cx, cx.program.insns[idx]).is_some_and(|r| after >> (16 + r) & 1 != 0);
        let note = if tells_extension && extends { "; zext" } else { "" };
        cx.emit(Event::Listed { idx, numbered: false, note, column: true });
        idx += if cx.program.insns[idx].is_ldimm64() { 2 } else { 1 };
    }
}
