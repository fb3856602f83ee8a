//! Loads, stores and atomic operations.

use cranelift_codegen::ir::{AtomicRmwOp, Function, InstBuilder, MemFlagsData, Value, types};

use crate::abi;
use crate::program::{AtomicOp, Reg, Size, Src};

use super::arith::int;
use super::flow::{Known, in_frame};
use super::stubs;
use super::translate::{Callee, Target, Translator};

impl<F> Translator<'_, '_, F>
where
    F: FnMut(&mut Function, Target) -> Callee,
{
    /// Base and offset of an access, looked up first in checked mode.
    fn place(&mut self, base: Reg, off: i16, size: Size, write: bool) -> (Value, i32) {
        let at = self.get(base);
        let framed = matches!(self.known[usize::from(base)], Known::Frame(n) if in_frame(n + i64::from(off), size));
        if self.src.checked && !framed {
            let address = self.b.ins().iadd_imm_s(at, i64::from(off));
            self.check(address, size.bytes(), write);
        }
        (at, off.into())
    }

    /// Leaves compiled code unless the access is allowed.
    pub(super) fn check(&mut self, address: Value, bytes: u32, write: bool) {
        let (insn, bytes, write) = (self.insn(), self.constant(bytes.into()), self.constant(write.into()));
        let wrong = self.call_address(abi::check as *const () as usize, &[self.cx, insn, address, bytes, write], true);
        if let Some(wrong) = wrong {
            let wrong = self.b.ins().ireduce(types::I32, wrong);
            self.leave_if(wrong);
        }
    }

    pub(super) fn load(&mut self, size: Size, signed: bool, dst: Reg, base: Reg, off: i16) {
        if let Some(slot) = self.slot(base, off) {
            // It holds the bytes that were stored, and zeroes above.
            let v = self.b.use_var(slot);
            let v = if signed && size != Size::B8 {
                let part = self.b.ins().ireduce(int(size.bytes() as u8 * 8), v);
                self.b.ins().sextend(types::I64, part)
            } else {
                v
            };
            self.set(dst, v);
            return;
        }
        let (at, off) = self.place(base, off, size, false);
        let flags = self.memory_flags(base);
        let v = match (size, signed) {
            (Size::B1, false) => self.b.ins().uload8(types::I64, flags, at, off),
            (Size::B2, false) => self.b.ins().uload16(types::I64, flags, at, off),
            (Size::B4, false) => self.b.ins().uload32(flags, at, off),
            (Size::B1, true) => self.b.ins().sload8(types::I64, flags, at, off),
            (Size::B2, true) => self.b.ins().sload16(types::I64, flags, at, off),
            (Size::B4, true) => self.b.ins().sload32(flags, at, off),
            (Size::B8, _) => self.b.ins().load(types::I64, flags, at, off),
        };
        self.set(dst, v);
    }

    /// A load through a pointer to an object of the kernel.
    pub(super) fn load_or_zero(&mut self, size: Size, signed: bool, dst: Reg, base: Reg, off: i16) {
        let at = self.get(base);
        let address = self.b.ins().iadd_imm_s(at, i64::from(off));
        let (bytes, signed) = (self.constant(size.bytes().into()), self.constant(signed.into()));
        let stub = abi::load_or_zero as *const () as usize;
        if let Some(v) = self.call_address(stub, &[self.cx, address, bytes, signed], true) {
            self.set(dst, v);
        }
    }

    pub(super) fn store(&mut self, size: Size, base: Reg, off: i16, src: Src) {
        if let Some(slot) = self.slot(base, off) {
            let v = self.operand(src, true);
            let v = if size == Size::B8 {
                v
            } else {
                let part = self.b.ins().ireduce(int(size.bytes() as u8 * 8), v);
                self.b.ins().uextend(types::I64, part)
            };
            self.b.def_var(slot, v);
            return;
        }
        let (at, off) = self.place(base, off, size, true);
        let flags = self.memory_flags(base);
        let v = self.operand(src, true);
        let v = match size {
            Size::B8 => v,
            _ => self.b.ins().ireduce(int(size.bytes() as u8 * 8), v),
        };
        self.b.ins().store(flags, v, at, off);
    }

    pub(super) fn atomic(&mut self, op: AtomicOp, wide: bool, fetch: bool, base: Reg, off: i16, src: Reg) {
        let size = if wide { Size::B8 } else { Size::B4 };
        let address = self.address(base, off, size, true);
        let old = if self.src.checked {
            let (value, r0) = (self.get(src), self.get(0));
            self.out_of_line(address, value, r0)
        } else {
            let flags = MemFlagsData::new().with_notrap();
            let ty = if wide { types::I64 } else { types::I32 };
            let value = self.narrow(src, wide);
            let rmw = match op {
                AtomicOp::Add => Some(AtomicRmwOp::Add),
                AtomicOp::Or => Some(AtomicRmwOp::Or),
                AtomicOp::And => Some(AtomicRmwOp::And),
                AtomicOp::Xor => Some(AtomicRmwOp::Xor),
                AtomicOp::Xchg => Some(AtomicRmwOp::Xchg),
                AtomicOp::CmpXchg => None,
            };
            let old = match rmw {
                Some(rmw) => self.b.ins().atomic_rmw(ty, flags, rmw, address, value),
                None => {
                    let expected = self.narrow(0, wide);
                    self.b.ins().atomic_cas(flags, address, expected, value)
                }
            };
            if wide { old } else { self.b.ins().uextend(types::I64, old) }
        };
        if op == AtomicOp::CmpXchg {
            self.set(0, old);
        } else if fetch {
            self.set(src, old);
        }
    }

    pub(super) fn load_acquire(&mut self, size: Size, dst: Reg, base: Reg, off: i16) {
        let address = self.address(base, off, size, false);
        let v = if self.src.checked {
            self.out_of_line(address, address, address)
        } else {
            let ty = int(size.bytes() as u8 * 8);
            let v = self.b.ins().atomic_load(ty, MemFlagsData::new().with_notrap(), address);
            if size == Size::B8 { v } else { self.b.ins().uextend(types::I64, v) }
        };
        self.set(dst, v);
    }

    pub(super) fn store_release(&mut self, size: Size, base: Reg, off: i16, src: Reg) {
        let address = self.address(base, off, size, true);
        let v = self.get(src);
        if self.src.checked {
            self.out_of_line(address, v, v);
        } else {
            let v = if size == Size::B8 { v } else { self.b.ins().ireduce(int(size.bytes() as u8 * 8), v) };
            self.b.ins().atomic_store(MemFlagsData::new().with_notrap(), v, address);
        }
    }

    fn address(&mut self, base: Reg, off: i16, size: Size, write: bool) -> Value {
        let (at, off) = self.place(base, off, size, write);
        self.b.ins().iadd_imm_s(at, i64::from(off))
    }

    fn out_of_line(&mut self, address: Value, value: Value, r0: Value) -> Value {
        let insn = self.insn();
        let stub = stubs::atomic as *const () as usize;
        let old = self.call_address(stub, &[self.cx, insn, address, value, r0], true);
        old.unwrap_or(address)
    }
}
