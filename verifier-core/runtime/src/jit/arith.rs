//! Arithmetic: what [`verifier_core::isa::semantics`] says, in the compiler's form.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Function, InstBuilder, Type, Value, types};

use crate::program::{Reg, Src};
use verifier_core::isa::semantics::AluOp;

use super::translate::{Callee, Target, Translator};

impl<F> Translator<'_, '_, F>
where
    F: FnMut(&mut Function, Target) -> Callee,
{
    pub(super) fn alu(&mut self, op: AluOp, wide: bool, dst: Reg, src: Src) {
        let b = self.operand(src, wide);
        let result = if op == AluOp::Mov {
            b
        } else {
            let a = self.narrow(dst, wide);
            match op {
                AluOp::Add => self.b.ins().iadd(a, b),
                AluOp::Sub => self.b.ins().isub(a, b),
                AluOp::Mul => self.b.ins().imul(a, b),
                AluOp::Or => self.b.ins().bor(a, b),
                AluOp::And => self.b.ins().band(a, b),
                AluOp::Xor => self.b.ins().bxor(a, b),
                // The compiler's shifts take the amount modulo the width, as these do.
                AluOp::Lsh => self.b.ins().ishl(a, b),
                AluOp::Rsh => self.b.ins().ushr(a, b),
                AluOp::Arsh => self.b.ins().sshr(a, b),
                AluOp::Neg => self.b.ins().ineg(a),
                AluOp::Mov => b,
                AluOp::Div | AluOp::SDiv | AluOp::Mod | AluOp::SMod => self.divide(op, a, b, src, wide),
            }
        };
        self.set_narrow(dst, result, wide);
    }

    /// Division by zero gives zero, remainder by zero the dividend; the smallest number by -1 does not overflow.
    fn divide(&mut self, op: AluOp, a: Value, b: Value, src: Src, wide: bool) -> Value {
        let ty = if wide { types::I64 } else { types::I32 };
        let zero = self.b.ins().iconst(ty, 0);
        let (by_zero, signed) = match op {
            AluOp::Div => (zero, false),
            AluOp::SDiv => (zero, true),
            AluOp::Mod => (a, false),
            _ => (a, true),
        };
        if let Src::Imm(n) = src {
            let n = if wide { n } else { i64::from(n as i32) };
            return match n {
                0 => by_zero,
                -1 if op == AluOp::SDiv => self.b.ins().ineg(a),
                -1 if op == AluOp::SMod => zero,
                _ => self.quotient(op, a, b),
            };
        }
        let done = self.b.create_block();
        let result = self.b.append_block_param(done, ty);
        self.special(b, 0, ty, by_zero, done);
        if signed {
            let by_minus_one = if op == AluOp::SDiv { self.b.ins().ineg(a) } else { zero };
            self.special(b, -1, ty, by_minus_one, done);
        }
        let q = self.quotient(op, a, b);
        self.b.ins().jump(done, &[q.into()]);
        self.b.switch_to_block(done);
        result
    }

    /// Where the divisor is `n` the result is `value`; otherwise goes on.
    fn special(&mut self, divisor: Value, n: i64, ty: Type, value: Value, done: cranelift_codegen::ir::Block) {
        let n = self.b.ins().iconst(ty, if ty == types::I32 { n & 0xffff_ffff } else { n });
        let is = self.b.ins().icmp(IntCC::Equal, divisor, n);
        let on = self.b.create_block();
        self.b.ins().brif(is, done, &[value.into()], on, &[]);
        self.b.switch_to_block(on);
    }

    fn quotient(&mut self, op: AluOp, a: Value, b: Value) -> Value {
        match op {
            AluOp::Div => self.b.ins().udiv(a, b),
            AluOp::SDiv => self.b.ins().sdiv(a, b),
            AluOp::Mod => self.b.ins().urem(a, b),
            _ => self.b.ins().srem(a, b),
        }
    }

    pub(super) fn mov_sx(&mut self, wide: bool, bits: u8, dst: Reg, src: Reg) {
        let v = self.get(src);
        let part = self.b.ins().ireduce(int(bits), v);
        let ty = if wide { types::I64 } else { types::I32 };
        let v = if int(bits) == ty { part } else { self.b.ins().sextend(ty, part) };
        self.set_narrow(dst, v, wide);
    }

    pub(super) fn byte_order(&mut self, swap: bool, bits: u8, dst: Reg) {
        let v = self.get(dst);
        let part = if bits == 64 { v } else { self.b.ins().ireduce(int(bits), v) };
        let part = if swap { self.b.ins().bswap(part) } else { part };
        let v = if bits == 64 { part } else { self.b.ins().uextend(types::I64, part) };
        self.set(dst, v);
    }

    /// Sets a register to a value of 64 bits, or to one of 32 bits with the upper half zero.
    pub(super) fn set_narrow(&mut self, dst: Reg, v: Value, wide: bool) {
        let v = if wide { v } else { self.b.ins().uextend(types::I64, v) };
        self.set(dst, v);
    }
}

/// The integer type of so many bits.
pub(super) fn int(bits: u8) -> Type {
    match bits {
        8 => types::I8,
        16 => types::I16,
        32 => types::I32,
        _ => types::I64,
    }
}
