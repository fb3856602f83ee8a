//! Instructions as text in the dialect of the bpf_conformance suite; what [`super::assemble_conformance`] reads back.

use super::super::insn::Insn;
use super::super::opcode::*;
use super::super::semantics::{AluOp, CmpOp};

fn letter(insn: Insn) -> &'static str {
    match insn.access_size() {
        1 => "b",
        2 => "h",
        4 => "w",
        _ => "dw",
    }
}

fn alu_name(op: AluOp) -> &'static str {
    match op {
        AluOp::Add => "add",
        AluOp::Sub => "sub",
        AluOp::Mul => "mul",
        AluOp::Div => "div",
        AluOp::SDiv => "sdiv",
        AluOp::Mod => "mod",
        AluOp::SMod => "smod",
        AluOp::Or => "or",
        AluOp::And => "and",
        AluOp::Xor => "xor",
        AluOp::Lsh => "lsh",
        AluOp::Rsh => "rsh",
        AluOp::Arsh => "arsh",
        AluOp::Mov => "mov",
        AluOp::Neg => "neg",
    }
}

fn cmp_name(op: CmpOp) -> Option<&'static str> {
    Some(match op {
        CmpOp::Eq => "jeq",
        CmpOp::Ne => "jne",
        CmpOp::Gt => "jgt",
        CmpOp::Ge => "jge",
        CmpOp::Lt => "jlt",
        CmpOp::Le => "jle",
        CmpOp::SGt => "jsgt",
        CmpOp::SGe => "jsge",
        CmpOp::SLt => "jslt",
        CmpOp::SLe => "jsle",
        CmpOp::Set => "jset",
        CmpOp::NotSet => return None,
    })
}

fn second(insn: Insn) -> String {
    if insn.is_reg_src() { format!("%r{}", insn.src) } else { insn.imm.to_string() }
}

fn alu(insn: Insn) -> Option<String> {
    let (dst, wide) = (insn.dst, insn.class() == ALU64);
    let suffix = if wide { "" } else { "32" };
    if insn.op() == END {
        let name = match (wide, insn.source()) {
            (true, _) => "bswap",
            (false, TO_BE) => "be",
            _ => "le",
        };
        return Some(format!("{name}{} %r{dst}", insn.imm));
    }
    if insn.op() == MOV && insn.is_reg_src() && insn.off != 0 {
        return Some(format!("movsx{}{} %r{dst}, %r{}", insn.off, if wide { 64 } else { 32 }, insn.src));
    }
    let op = AluOp::decode(insn.op(), insn.off)?;
    if op == AluOp::Neg {
        return Some(format!("neg{suffix} %r{dst}"));
    }
    Some(format!("{}{suffix} %r{dst}, {}", alu_name(op), second(insn)))
}

fn atomic(insn: Insn) -> Option<String> {
    let suffix = if insn.size_bits() == W { "32" } else { "" };
    let name = match insn.imm {
        XCHG => "xchg",
        CMPXCHG => "cmpxchg",
        n => match u8::try_from(n & !FETCH).ok()? {
            ADD => "add",
            OR => "or",
            AND => "and",
            XOR => "xor",
            _ => return None,
        },
    };
    let fetch = if matches!(insn.imm, XCHG | CMPXCHG) || insn.imm & FETCH == 0 { "" } else { "fetch_" };
    Some(format!("lock {fetch}{name}{suffix} [%r{}{:+}], %r{}", insn.dst, insn.off, insn.src))
}

/// One instruction, with `next` for the second half of a constant; targets as relative numbers. `None` for what the
/// dialect has no words for.
pub fn write_conformance(insn: Insn, next: Option<Insn>) -> Option<String> {
    let (dst, src, off) = (insn.dst, insn.src, insn.off);
    Some(match insn.class() {
        ALU | ALU64 => return alu(insn),
        LDX if insn.mode() == MEMSX => format!("ldxs{} %r{dst}, [%r{src}{off:+}]", letter(insn)),
        LDX if insn.mode() == MEM => format!("ldx{} %r{dst}, [%r{src}{off:+}]", letter(insn)),
        ST if insn.mode() == MEM => format!("st{} [%r{dst}{off:+}], {}", letter(insn), insn.imm),
        STX if insn.mode() == MEM => format!("stx{} [%r{dst}{off:+}], %r{src}", letter(insn)),
        STX if insn.mode() == ATOMIC => return atomic(insn),
        LD if insn.is_ldimm64() && src == 0 => {
            let high = u64::from(next?.imm as u32);
            format!("lddw %r{dst}, {:#x}", high << 32 | u64::from(insn.imm as u32))
        }
        JMP | JMP32 if insn.op() == JA && !insn.is_reg_src() => {
            let name = if insn.class() == JMP { "ja" } else { "ja32" };
            format!("{name} {}", insn.jump_offset())
        }
        JMP if insn.is_exit() => "exit".into(),
        JMP if insn.is_helper_call() => format!("call {}", insn.imm),
        JMP if insn.code == (JMP | CALL | X) => format!("callx %r{dst}"),
        JMP | JMP32 => {
            let suffix = if insn.class() == JMP { "" } else { "32" };
            format!("{}{suffix} %r{dst}, {}, {off}", cmp_name(CmpOp::decode(insn.op())?)?, second(insn))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::disasm::{NoNames, write_insn};
    use super::super::{assemble, assemble_conformance};
    use super::*;

    /// One instruction of every opcode and form, with its second slot where it has one; fields that a form does not use
    /// are zero, as both dialects leave them.
    fn every_insn() -> Vec<Vec<Insn>> {
        let mut out = Vec::new();
        for code in (0..=255u8).filter(|c| is_known_opcode(*c, true)) {
            let i = |dst, src, off, imm| Insn { code, dst, src, off, imm };
            let (op, by_reg) = (code & 0xf0, code & X != 0);
            let forms = match code & 7 {
                ALU | ALU64 if op == END => [16, 32, 64].map(|n| i(3, 0, 0, n)).to_vec(),
                ALU | ALU64 if op == NEG => vec![i(3, 0, 0, 0)],
                ALU | ALU64 => {
                    let signed = matches!(op, DIV | MOD).then_some(1);
                    let sx: &[i16] = if code & 7 == ALU64 { &[8, 16, 32] } else { &[8, 16] };
                    let sx = if op == MOV && by_reg { sx } else { &[] };
                    let offs = [0].into_iter().chain(signed).chain(sx.iter().copied());
                    offs.map(|off| if by_reg { i(2, 9, off, 0) } else { i(2, 0, off, -77) }).collect()
                }
                LD if code == LD | IMM | DW => {
                    let low = i(4, 0, 0, -2);
                    out.push(vec![low, Insn { imm: 0x1234, ..Insn::default() }]);
                    continue;
                }
                LD => vec![i(0, if code & 0xe0 == IND { 7 } else { 0 }, 0, 14)],
                LDX => vec![i(1, 2, -8, 0), i(1, 2, 8, 0)],
                ST => vec![i(10, 0, -8, -1), i(1, 0, 0, 5)],
                STX if code & 0xe0 == MEM => vec![i(10, 3, -8, 0)],
                STX => {
                    let plain = [ADD, OR, AND, XOR].map(i32::from);
                    let rmw = plain.into_iter().chain(plain.map(|n| n | FETCH)).chain([XCHG, CMPXCHG]);
                    let rmw = rmw.filter(|_| matches!(code & 0x18, W | DW));
                    rmw.chain([LOAD_ACQ, STORE_REL]).map(|n| i(8, 3, -16, n)).collect()
                }
                _ if op == EXIT => vec![i(0, 0, 0, 0)],
                _ if op == CALL => vec![i(0, 0, 0, 5)],
                _ if op == JA && code & 7 == JMP32 => vec![i(0, 0, 0, -3)],
                _ if op == JA && by_reg => vec![i(5, 0, 0, 0)],
                _ if op == JA => vec![i(0, 0, 7, 0)],
                _ if op == JCOND => vec![i(0, 0, 4, 0)],
                _ if by_reg => vec![i(5, 6, 9, 0)],
                _ => vec![i(5, 0, -9, 42)],
            };
            out.extend(forms.into_iter().map(|f| vec![f]));
        }
        out
    }

    #[test]
    fn the_dialect_of_the_suite_comes_back() {
        let (mut read, mut without) = (0, 0);
        for insns in every_insn() {
            match write_conformance(insns[0], insns.get(1).copied()) {
                Some(text) => {
                    assert_eq!(assemble_conformance(&text).as_ref(), Ok(&insns), "{text}");
                    read += 1;
                }
                None => without += 1,
            }
        }
        // No words: packet loads, load-acquire and store-release, `may_goto`, `gotox`.
        assert_eq!((read, without), (167, 16));
    }

    #[test]
    fn the_kernels_syntax_comes_back() {
        for insns in every_insn() {
            let mut text = String::new();
            write_insn(&mut text, insns[0], insns.get(1).copied(), &NoNames, false).expect("text");
            let text = text.replace("call unknown#5", "call 5");
            assert_eq!(assemble(&text).as_ref(), Ok(&insns), "{text}");
        }
    }
}
