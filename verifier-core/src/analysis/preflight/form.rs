//! Fields of instructions that their operation does not use, and registers that there are not.
//!
//! Older releases find them where the walk comes by, newer ones (7.1) when they first read the program.

use crate::analysis::cx::Draft;
use crate::error::{Errno, Msg, RegisterMsg, Res, WalkMsg};
use crate::isa::opcode::*;
use crate::isa::{Callee, Insn, Op, Src};
use crate::kernel::Features;

/// Looks through the program: releases that check forms first refuse it here, for others it is noted whether the walk has
/// anything to find.
///
/// # Errors
/// Rejects the first instruction that is malformed, in releases that check forms first.
pub(super) fn check_form(cx: &mut Draft<'_>, insn: Insn) -> Res {
    let features = &cx.program.kernel.features;
    let found = misused(insn, features);
    if !features.forms_checked_first {
        cx.learned.misuses |= found.is_some();
        return Ok(());
    }
    let no_register = |r: u8| (r >= MAX_REG).then(|| RegisterMsg::Invalid { regno: r }.into());
    let missing = no_register(insn.dst).or_else(|| no_register(insn.src));
    match missing.or(found).or_else(|| misused_operand(insn, features)) {
        Some(msg) => Err(cx.reject(msg, Errno::EINVAL)),
        None => Ok(()),
    }
}

/// What is said of a field that the operation does not use and that is not zero, before anything else of the instruction.
pub(crate) fn misused(insn: Insn, features: &Features) -> Option<Msg> {
    if matches!(insn.class(), ALU | ALU64) {
        return arithmetic(insn, features).map(|what| RegisterMsg::AluReservedFields { what }.into());
    }
    let walk = |bad: bool, msg: WalkMsg| bad.then(|| msg.into());
    match insn.decode() {
        Op::Store { src: Src::Reg(_), .. } => walk(insn.imm != 0, WalkMsg::StxReserved),
        Op::Store { src: Src::Imm(_), .. } => walk(insn.src != 0, WalkMsg::StReserved),
        Op::Const { .. } => walk(insn.off != 0, WalkMsg::LdImm64Reserved),
        Op::Jump { .. } => {
            let unused = if insn.class() == JMP32 { i32::from(insn.off) } else { insn.imm };
            walk(insn.src != 0 || insn.dst != 0 || unused != 0, WalkMsg::JaReserved)
        }
        Op::JumpTo { .. } => walk(insn.src != 0 || insn.off != 0 || insn.imm != 0, WalkMsg::JumpToReserved),
        Op::Call { callee } => {
            let kernels = matches!(callee, Callee::Kernel(_));
            let known = callee != Callee::Unknown && (!kernels || features.kernel_calls);
            walk(!kernels && insn.off != 0 || !known || insn.dst != 0, WalkMsg::CallReserved)
        }
        Op::CallReg { .. } => Some(WalkMsg::CallReserved.into()),
        Op::Exit => walk(insn.imm != 0 || insn.src != 0 || insn.dst != 0, WalkMsg::ExitReserved),
        _ => None,
    }
}

/// Which kind of arithmetic has a field that is not zero and should be.
fn arithmetic(insn: Insn, features: &Features) -> Option<&'static str> {
    let (op, wide) = (insn.op(), insn.class() == ALU64);
    let (what, bad) = match op {
        NEG => ("BPF_NEG", insn.is_reg_src() || insn.src != 0 || insn.off != 0 || insn.imm != 0),
        END => {
            let bits = matches!(insn.imm, 16 | 32 | 64);
            ("BPF_END", insn.src != 0 || insn.off != 0 || !bits || wide && insn.source() != TO_LE)
        }
        MOV if !insn.is_reg_src() => ("BPF_MOV", insn.src != 0 || insn.off != 0),
        // Which address spaces a cast names is looked at where it is made.
        MOV if wide && insn.off == ADDR_SPACE_CAST && features.may_goto_exists => return None,
        MOV => {
            let widths: &[i16] = match (features.v4_instructions, wide) {
                (false, _) => &[0],
                (true, true) => &[0, 8, 16, 32],
                (true, false) => &[0, 8, 16],
            };
            ("BPF_MOV", !widths.contains(&insn.off) || insn.imm != 0)
        }
        _ => {
            // Offset 1 makes divisions signed.
            let signed = matches!(op, DIV | MOD) && features.v4_instructions;
            let bad_off = !matches!(insn.off, 0 | 1) || insn.off == 1 && !signed;
            ("BPF_ALU", insn.sets_other_operand() || bad_off)
        }
    };
    bad.then_some(what)
}

/// The same of fields that the walk looks at only behind the operands.
fn misused_operand(insn: Insn, features: &Features) -> Option<Msg> {
    let casts = insn.class() == ALU64 && insn.op() == MOV && insn.is_reg_src() && insn.off == ADDR_SPACE_CAST;
    if casts && features.may_goto_exists && insn.imm != 1 && insn.imm != 1 << 16 {
        return Some(RegisterMsg::AddrSpaceCastSpaces {}.into());
    }
    match insn.decode() {
        Op::Branch { .. } => insn.sets_other_operand().then(|| RegisterMsg::JumpReservedFields {}.into()),
        Op::PacketLoad { .. } => packet_load_misused(insn).then(|| WalkMsg::LdAbsReserved.into()),
        Op::MayGoto { .. } if insn.dst != 0 || insn.imm != 0 => {
            Some(RegisterMsg::MayGotoInvalid { off: insn.off, imm: insn.imm }.into())
        }
        _ => None,
    }
}

/// Whether a classic packet load has fields that it does not use.
pub(crate) fn packet_load_misused(insn: Insn) -> bool {
    let by_reg = insn.mode() == IND;
    insn.dst != 0 || insn.off != 0 || insn.size_bits() == DW || (!by_reg && insn.src != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernel;

    #[test]
    fn fields_without_a_use_are_zero() {
        let kernel = Kernel::v6_12();
        let says = |code, src, off, imm| {
            misused(Insn { code, dst: 0, src, off, imm }, &kernel.features).map(|m| m.text(kernel.style))
        };
        assert_eq!(says(ALU64 | ADD | X, 1, 0, 0), None);
        assert_eq!(says(ALU64 | ADD | X, 1, 0, 1).as_deref(), Some("BPF_ALU uses reserved fields\n"));
        assert_eq!(says(ALU64 | DIV | K, 0, 1, 3), None, "divisions with signs");
        assert_eq!(says(ALU64 | ADD | K, 0, 1, 3).as_deref(), Some("BPF_ALU uses reserved fields\n"));
        assert_eq!(says(ALU64 | MOV | X, 1, 16, 0), None, "a move that extends a sign");
        assert_eq!(says(ALU64 | MOV | X, 1, 7, 0).as_deref(), Some("BPF_MOV uses reserved fields\n"));
        assert_eq!(says(JMP | EXIT, 0, 0, 1).as_deref(), Some("BPF_EXIT uses reserved fields\n"));
        assert_eq!(says(JMP | CALL, 9, 0, 1).as_deref(), Some("BPF_CALL uses reserved fields\n"));
    }
}
