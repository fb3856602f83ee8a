//! What the arithmetic and the comparisons of the instruction set do.
//!
//! Answers for RFC 9669 and the kernel's interpreter (`___bpf_prog_run()`). Written over [`Word`], so that the
//! interpreter and the solver share it. Operands of 32-bit instructions are given as 32-bit words; the result is
//! zero-extended by the caller.

use super::opcode::*;
use super::word::{Truth, Word};

/// Operations on two words. `off` of the instruction selects the signed forms of division and remainder.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AluOp {
    Add,
    Sub,
    Mul,
    Div,
    SDiv,
    Mod,
    SMod,
    Or,
    And,
    Xor,
    Lsh,
    Rsh,
    Arsh,
    Mov,
    Neg,
}

impl AluOp {
    /// The operation of an ALU instruction with these operation bits and offset; `None` for `END` and for what is no
    /// operation.
    pub const fn decode(op: u8, off: i16) -> Option<AluOp> {
        Some(match (op, off) {
            (ADD, _) => AluOp::Add,
            (SUB, _) => AluOp::Sub,
            (MUL, _) => AluOp::Mul,
            (DIV, 1) => AluOp::SDiv,
            (DIV, _) => AluOp::Div,
            (MOD, 1) => AluOp::SMod,
            (MOD, _) => AluOp::Mod,
            (OR, _) => AluOp::Or,
            (AND, _) => AluOp::And,
            (XOR, _) => AluOp::Xor,
            (LSH, _) => AluOp::Lsh,
            (RSH, _) => AluOp::Rsh,
            (ARSH, _) => AluOp::Arsh,
            (MOV, _) => AluOp::Mov,
            (NEG, _) => AluOp::Neg,
            _ => return None,
        })
    }

    /// The result. Division by zero yields zero, remainder by zero the dividend (the low half of it, in 32-bit form);
    /// only the low bits of a shift amount count.
    #[inline(always)]
    pub fn apply<W: Word>(self, a: W, b: W) -> W {
        let zero = a.zero();
        let by_zero = b.is(zero);
        // The operators of a word want a divisor; a divisor that is zero is replaced before it gets there.
        let divisor = W::select(by_zero, a.lit(1), b);
        let amount = b.and(b.lit(u64::from(W::BITS - 1)));
        match self {
            AluOp::Add => a.add(b),
            AluOp::Sub => a.sub(b),
            AluOp::Mul => a.mul(b),
            AluOp::Div => W::select(by_zero, zero, a.udiv(divisor)),
            AluOp::SDiv => W::select(by_zero, zero, a.sdiv(divisor)),
            AluOp::Mod => W::select(by_zero, a, a.urem(divisor)),
            AluOp::SMod => W::select(by_zero, a, a.srem(divisor)),
            AluOp::Or => a.or(b),
            AluOp::And => a.and(b),
            AluOp::Xor => a.xor(b),
            AluOp::Lsh => a.shl(amount),
            AluOp::Rsh => a.shr(amount),
            AluOp::Arsh => a.sar(amount),
            AluOp::Mov => b,
            AluOp::Neg => zero.sub(a),
        }
    }
}

/// Sign-extends the low `bits` of a word. `movsx`, sign-extending loads.
pub fn sign_extend<W: Word>(a: W, bits: u32) -> W {
    let n = a.lit(u64::from(W::BITS.saturating_sub(bits)));
    a.shl(n).sar(n)
}

/// Zero-extends the low `bits` of a word.
pub fn zero_extend<W: Word>(a: W, bits: u32) -> W {
    if bits >= W::BITS { a } else { a.and(a.lit((1u64 << bits) - 1)) }
}

/// `END` with this width (16, 32 or 64), on a little-endian machine: `swap` for `bswap` and `be`, else truncation.
pub fn byte_order<W: Word>(a: W, bits: u32, swap: bool) -> W {
    if !swap {
        return zero_extend(a, bits);
    }
    // Swapping the whole word leaves the wanted bytes at the top.
    a.swap_bytes().shr(a.lit(u64::from(W::BITS.saturating_sub(bits))))
}

/// Comparisons of conditional jumps.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CmpOp {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    SGt,
    SGe,
    SLt,
    SLe,
    /// Some bit of the mask is set.
    Set,
    /// No bit of the mask is set: no instruction, but what holds where `Set` does not.
    NotSet,
}

impl CmpOp {
    /// The comparison of a conditional jump with these operation bits.
    pub const fn decode(op: u8) -> Option<CmpOp> {
        Some(match op {
            JEQ => CmpOp::Eq,
            JNE => CmpOp::Ne,
            JGT => CmpOp::Gt,
            JGE => CmpOp::Ge,
            JLT => CmpOp::Lt,
            JLE => CmpOp::Le,
            JSGT => CmpOp::SGt,
            JSGE => CmpOp::SGe,
            JSLT => CmpOp::SLt,
            JSLE => CmpOp::SLe,
            JSET => CmpOp::Set,
            _ => return None,
        })
    }

    /// What holds where this does not. Kernel: `rev_opcode()`.
    pub const fn negated(self) -> CmpOp {
        match self {
            CmpOp::Eq => CmpOp::Ne,
            CmpOp::Ne => CmpOp::Eq,
            CmpOp::Gt => CmpOp::Le,
            CmpOp::Ge => CmpOp::Lt,
            CmpOp::Lt => CmpOp::Ge,
            CmpOp::Le => CmpOp::Gt,
            CmpOp::SGt => CmpOp::SLe,
            CmpOp::SGe => CmpOp::SLt,
            CmpOp::SLt => CmpOp::SGe,
            CmpOp::SLe => CmpOp::SGt,
            CmpOp::Set => CmpOp::NotSet,
            CmpOp::NotSet => CmpOp::Set,
        }
    }

    /// The same comparison with its operands exchanged. Kernel: `flip_opcode()`.
    pub const fn flipped(self) -> CmpOp {
        match self {
            CmpOp::Gt => CmpOp::Lt,
            CmpOp::Ge => CmpOp::Le,
            CmpOp::Lt => CmpOp::Gt,
            CmpOp::Le => CmpOp::Ge,
            CmpOp::SGt => CmpOp::SLt,
            CmpOp::SGe => CmpOp::SLe,
            CmpOp::SLt => CmpOp::SGt,
            CmpOp::SLe => CmpOp::SGe,
            same => same,
        }
    }

    /// Whether it holds.
    #[inline(always)]
    pub fn holds<W: Word>(self, a: W, b: W) -> W::Bool {
        match self {
            CmpOp::Eq => a.is(b),
            CmpOp::Ne => a.is(b).not(),
            CmpOp::Gt => b.ult(a),
            CmpOp::Ge => b.ule(a),
            CmpOp::Lt => a.ult(b),
            CmpOp::Le => a.ule(b),
            CmpOp::SGt => b.slt(a),
            CmpOp::SGe => b.sle(a),
            CmpOp::SLt => a.slt(b),
            CmpOp::SLe => a.sle(b),
            CmpOp::Set => a.and(b).is(a.zero()).not(),
            CmpOp::NotSet => a.and(b).is(a.zero()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_of_division_and_shifts() {
        assert_eq!(AluOp::Div.apply(7u64, 0), 0);
        assert_eq!(AluOp::Mod.apply(7u64, 0), 7);
        assert_eq!(AluOp::SDiv.apply(i64::MIN as u64, u64::MAX), i64::MIN as u64);
        assert_eq!(AluOp::SMod.apply(i32::MIN as u32, u32::MAX), 0);
        assert_eq!(AluOp::SDiv.apply(-7i32 as u32, 2), -3i32 as u32);
        assert_eq!(AluOp::Lsh.apply(1u32, 33), 2);
        assert_eq!(AluOp::Arsh.apply(0x8000_0000u32, 31), u32::MAX);
    }

    #[test]
    fn byte_orders() {
        assert_eq!(byte_order(0x1122_3344_5566_7788u64, 16, true), 0x8877);
        assert_eq!(byte_order(0x1122_3344_5566_7788u64, 32, true), 0x8877_6655);
        assert_eq!(byte_order(0x1122_3344_5566_7788u64, 32, false), 0x5566_7788);
        assert_eq!(sign_extend(0x80u64, 8), -128i64 as u64);
    }
}
