//! The interpreter's plain form: one operation after the other, every access looked up, exact fuel, a path to keep.

use crate::abi;
use crate::cx::{Cx, FRAME, FaultKind, Halt, MAX_LOOPS, stop};
use crate::helper::Helper;
use crate::program::{AtomicOp, Code, Op, Reg, Src};
use crate::replay;
use verifier_core::isa::semantics::{byte_order, sign_extend};

use super::access;

/// What a call keeps of its caller.
struct Caller {
    pc: usize,
    saved: [u64; 4],
    r10: u64,
    loops: u32,
    /// A tail call may have replaced the callee's program, never the caller's.
    code: *const Code,
}

/// One function in the making.
struct Run<'a, 'v> {
    cx: &'a mut Cx<'v>,
    regs: [u64; 16],
    callers: Vec<Caller>,
    loops: u32,
    pc: usize,
}

/// Runs a function to its end.
pub(super) fn run(cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64 {
    let Some(start) = cx.code().subprogs().get(subprog as usize).map(|s| s.start as usize) else { return 0 };
    let mut regs = [0; 16];
    regs[1..6].copy_from_slice(&args);
    regs[10] = cx.frame;
    let mut run = Run { cx, regs, callers: Vec::new(), loops: MAX_LOOPS, pc: start };
    run.finish().unwrap_or(0)
}

impl Run<'_, '_> {
    fn reg(&self, r: Reg) -> u64 {
        self.regs[usize::from(r & 15)]
    }

    fn set(&mut self, r: Reg, v: u64) {
        self.regs[usize::from(r & 15)] = v;
    }

    fn value(&self, src: Src) -> u64 {
        match src {
            Src::Reg(r) => self.reg(r),
            Src::Imm(n) => n as u64,
        }
    }

    fn address(&mut self, base: Reg, off: i16, size: u32, write: bool) -> Result<u64, Halt> {
        let address = self.reg(base).wrapping_add(i64::from(off) as u64);
        self.cx.check(self.pc as u32, address, size, write)?;
        Ok(address)
    }

    fn finish(&mut self) -> Result<u64, Halt> {
        loop {
            let Some(op) = self.cx.code().ops().get(self.pc) else {
                return self.cx.halt(FaultKind::FellOff, self.pc as u32, 0);
            };
            self.cx.fuel -= 1;
            if self.cx.fuel < 0 && !self.cx.refuel() {
                return Err(Halt);
            }
            if let Some(r) = &mut self.cx.replay {
                r.step(self.pc as u32, &self.regs);
            }
            let mut next = self.pc + 1;
            match *op {
                Op::Alu { op, wide: true, dst, src } => {
                    let v = op.apply(self.reg(dst), self.value(src));
                    self.set(dst, v);
                }
                Op::Alu { op, wide: false, dst, src } => {
                    let v = op.apply(self.reg(dst) as u32, self.value(src) as u32);
                    self.set(dst, v.into());
                }
                Op::MovSx { wide: true, bits, dst, src } => self.set(dst, sign_extend(self.reg(src), bits.into())),
                Op::MovSx { wide: false, bits, dst, src } => {
                    self.set(dst, sign_extend(self.reg(src) as u32, bits.into()).into());
                }
                Op::ByteOrder { swap, bits, dst } => self.set(dst, byte_order(self.reg(dst), bits.into(), swap)),
                Op::Const { dst, value } => {
                    let value = replay::constant(self.cx, self.pc as u32).unwrap_or(value);
                    self.set(dst, value);
                    next += 1;
                }
                Op::Load { size, signed, dst, base, off } => {
                    let a = self.address(base, off, size.bytes(), false)?;
                    let v = match self.scripted() {
                        Some(v) => v?,
                        // SAFETY: checked.
                        None => unsafe { access::load(size, signed, a) },
                    };
                    self.set(dst, v);
                }
                Op::LoadOrZero { size, signed, dst, base, off } => {
                    let address = self.reg(base).wrapping_add_signed(off.into());
                    let v = match self.scripted() {
                        Some(v) => v?,
                        None => self.cx.load_or_zero(address, size.bytes(), signed),
                    };
                    self.set(dst, v);
                }
                Op::Store { size, base, off, src } => {
                    let a = self.address(base, off, size.bytes(), true)?;
                    // SAFETY: checked.
                    unsafe { access::store(size, a, self.value(src)) };
                }
                Op::Atomic { op, wide, fetch, base, off, src } => {
                    let a = self.address(base, off, if wide { 8 } else { 4 }, true)?;
                    // SAFETY: checked.
                    let old = unsafe { access::atomic(op, wide, a, self.reg(src), self.reg(0)) };
                    if op == AtomicOp::CmpXchg {
                        self.set(0, old);
                    } else if fetch {
                        self.set(src, old);
                    }
                }
                Op::LoadAcquire { size, dst, base, off } => {
                    let a = self.address(base, off, size.bytes(), false)?;
                    // SAFETY: checked.
                    self.set(dst, unsafe { access::load_acquire(size, a) });
                }
                Op::StoreRelease { size, base, off, src } => {
                    let a = self.address(base, off, size.bytes(), true)?;
                    // SAFETY: checked.
                    unsafe { access::store_release(size, a, self.reg(src)) };
                }
                Op::Jump { target } => next = target as usize,
                Op::Branch { cmp, wide, dst, src, target } => {
                    let (a, b) = (self.reg(dst), self.value(src));
                    if if wide { cmp.holds(a, b) } else { cmp.holds(a as u32, b as u32) } {
                        next = target as usize;
                    }
                }
                Op::MayGoto { target } => {
                    if let Some(jumps) = self.scripted() {
                        if jumps? != 0 {
                            next = target as usize;
                        }
                    } else if self.loops == 0 {
                        next = target as usize;
                    } else {
                        self.loops -= 1;
                    }
                }
                Op::Call { helper } => self.call(helper)?,
                Op::CallUnknown { id } => {
                    return self.cx.halt(FaultKind::UnknownHelper(id.into()), self.pc as u32, id as u64);
                }
                Op::TailCall => {
                    let (ctx, map, index) = (self.reg(1), self.reg(2), self.reg(3));
                    self.cx.insn = self.pc as u32;
                    // SAFETY: the run that this engine was given.
                    let taken = unsafe { abi::tail_call(self.cx, ctx, map, index) };
                    if self.cx.stop != stop::NONE {
                        return Err(Halt);
                    }
                    if taken != 0 && self.cx.code().throws() {
                        let r0 = self.cx.run_entered(self.regs[10], ctx);
                        if self.cx.stop != stop::NONE {
                            return Err(Halt);
                        }
                        self.set(0, r0);
                        match self.leave() {
                            Some(pc) => next = pc,
                            None => return Ok(r0),
                        }
                    } else if taken != 0 {
                        self.regs[1] = ctx;
                        self.loops = MAX_LOOPS;
                        next = 0;
                    }
                }
                Op::CallLocal { target, .. } => match self.scripted() {
                    Some(r0) => {
                        let r0 = r0?;
                        self.set(0, r0);
                    }
                    None => {
                        self.enter(target as usize)?;
                        continue;
                    }
                },
                Op::CallReg { reg } => {
                    let value = self.reg(reg);
                    let start = self.cx.code().func_at(value).map(|n| self.cx.code().subprogs()[n as usize].start);
                    if let Some(start) = start {
                        self.enter(start as usize)?;
                        continue;
                    }
                    match u32::try_from(value).ok().and_then(|id| abi::helper(id)) {
                        Some(helper) => self.call(helper)?,
                        None => return self.cx.halt(FaultKind::NotAFunction, self.pc as u32, value),
                    }
                }
                Op::PacketLoad { size, index, off } => {
                    let at = i64::from(off) + index.map_or(0, |r| i64::from(self.reg(r) as u32 as i32));
                    self.cx.insn = self.pc as u32;
                    let v = match self.scripted() {
                        Some(v) => v? as i64,
                        // SAFETY: the run that this engine was given.
                        None => unsafe { abi::packet_load(self.cx, self.reg(6), at, size.bytes()) },
                    };
                    if self.cx.stop != stop::NONE {
                        return Err(Halt);
                    }
                    if v < 0 {
                        self.set(0, 0);
                        match self.leave() {
                            Some(pc) => next = pc,
                            None => return Ok(0),
                        }
                    } else {
                        self.set(0, v as u64);
                    }
                }
                Op::Exit => match self.leave() {
                    Some(pc) => next = pc,
                    None => return Ok(self.regs[0]),
                },
                Op::Pad => {}
            }
            self.pc = next;
        }
    }

    /// What a replay has the instruction do in place of what it does.
    fn scripted(&mut self) -> Option<Result<u64, Halt>> {
        let [_, a, b, c, d, e, ..] = self.regs;
        replay::scripted(self.cx, self.pc as u32, &[a, b, c, d, e])
    }

    fn call(&mut self, helper: &Helper) -> Result<(), Halt> {
        let [_, a, b, c, d, e, ..] = self.regs;
        self.cx.insn = self.pc as u32;
        self.cx.frame = self.regs[10];
        if let Some(r0) = self.scripted() {
            let r0 = r0?;
            self.set(0, r0);
            return Ok(());
        }
        // SAFETY: the run that this engine was given; `self.cx` is not used meanwhile.
        let r0 = unsafe { (helper.func)(std::ptr::from_mut(self.cx).cast(), a, b, c, d, e) };
        if self.cx.stop != stop::NONE {
            return Err(Halt);
        }
        self.set(0, r0);
        Ok(())
    }

    fn enter(&mut self, target: usize) -> Result<(), Halt> {
        let [_, _, _, _, _, _, a, b, c, d, r10, ..] = self.regs;
        self.cx.enter_frame(r10 - FRAME, self.pc as u32)?;
        self.callers.push(Caller { pc: self.pc + 1, saved: [a, b, c, d], r10, loops: self.loops, code: self.cx.code });
        self.regs[10] = r10 - FRAME;
        self.loops = MAX_LOOPS;
        self.pc = target;
        Ok(())
    }

    /// Returns to the caller: where it goes on, or `None` from the function that was entered first.
    fn leave(&mut self) -> Option<usize> {
        let caller = self.callers.pop()?;
        self.cx.leave_frame(self.regs[10]);
        self.regs[6..10].copy_from_slice(&caller.saved);
        self.regs[10] = caller.r10;
        self.loops = caller.loops;
        self.cx.code = caller.code;
        Some(caller.pc)
    }
}
