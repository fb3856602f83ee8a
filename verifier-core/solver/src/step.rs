//! What each instruction does to a symbolic run.

use std::rc::Rc;

use z3::ast::{Ast, BV, Bool};

use super::rounds;
use super::run::{Kind, MapAccess, Next, Program, Run, Stuck, single, unwritten};
use super::term::{Num, Ptr, Val, alu, compare, swap};
use super::typed::Instances;
use verifier_core::cfg::flow;
use verifier_core::isa::opcode::*;
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::isa::{Insn, Op, Src};
use verifier_core::kernel::call::RegBase;
use verifier_core::state::RegState;

/// Where a jump goes.
fn target(at: usize, by: i32) -> Result<usize, Stuck> {
    Ok(flow::target(at, by).ok_or("jump out of the program")?)
}

impl Run {
    /// Executes one instruction.
    ///
    /// # Errors
    /// Why the run cannot go on: something that is not modelled, or that no safe program does.
    pub fn step(&mut self, program: &Program<'_>, at: usize, hint: Option<&RegState>) -> Result<Next, Stuck> {
        if at >= program.insns.len() {
            return self.round(program, at);
        }
        let insn = *program.insns.get(at).ok_or("out of the program")?;
        self.at = at;
        match insn.decode() {
            Op::Alu { .. } | Op::MoveAs { .. } | Op::ByteOrder { .. } => self.alu(insn)?,
            Op::Load { .. } => self.ldx(program, at, insn, hint)?,
            Op::Store { size, base, off, src } => {
                let v = match src {
                    Src::Imm(n) => Val::known(i64::from(n) as u64),
                    Src::Reg(r) => self.reg(r),
                };
                if matches!(v, Val::Undef) {
                    return Err(unwritten(insn.src));
                }
                let p = self.pointer(base)?;
                let off = p.off.plus(i64::from(off));
                self.store(p.region, &off, size.into(), &v);
            }
            Op::Atomic { .. } | Op::LoadAcquire { .. } | Op::StoreRelease { .. } => self.atomic(insn)?,
            Op::Const { .. } => {
                self.ld_imm(program, at, insn)?;
                return Ok(Next::To(at + 2));
            }
            Op::PacketLoad { .. } => {
                // Where the packet is too short the function ends: the program, or one that it called.
                let fails = Bool::new_const(self.name("packet-load-fails"));
                return Ok(Next::Branch(fails, rounds::packet_load(program.insns.len(), at, true), {
                    rounds::packet_load(program.insns.len(), at, false)
                }));
            }
            Op::Call { .. } => return self.call(program, at, insn, hint),
            Op::Exit => return Ok(self.leave()),
            Op::Jump { by } => return Ok(Next::To(target(at, by)?)),
            Op::JumpTo { .. } => return Err("jumps to where a register says are not followed".into()),
            Op::MayGoto { by } => {
                let name = self.name("may-goto");
                let taken = Bool::new_const(name);
                let one = taken.ite(&BV::from_u64(1, 64), &BV::from_u64(0, 64));
                self.gave(at, Val::Num(Num::of(one)));
                return Ok(Next::Branch(taken, target(at, by)?, at + 1));
            }
            Op::Branch { cmp, wide, dst, by, .. } => {
                let (a, b) = (self.reg(dst), self.operand(insn)?);
                let taken = self.comparison(cmp, wide, &a, &b)?;
                return Ok(Next::Branch(taken, target(at, by)?, at + 1));
            }
            Op::CallReg { .. } | Op::Rest | Op::Unknown => return Err("no instruction".into()),
        }
        Ok(Next::To(at + 1))
    }

    pub(super) fn alu(&mut self, insn: Insn) -> Result<(), Stuck> {
        let wide = insn.class() == ALU64;
        let dst = self.reg(insn.dst);
        if insn.op() == END {
            let n = self.number(&dst).ok_or_else(|| unwritten(insn.dst))?;
            let bits = insn.imm as u32;
            self.set(insn.dst, Val::Num(swap(&n, bits, wide || insn.source() == TO_BE)));
            return Ok(());
        }
        let op = AluOp::decode(insn.op(), insn.off).ok_or("unknown operation")?;
        let src = if op == AluOp::Neg { Val::known(0) } else { self.operand(insn)? };
        if op == AluOp::Mov {
            let v = match (&src, if insn.is_reg_src() { insn.off } else { 0 }) {
                (_, 0) if wide => src,
                (_, 0) => Val::Num(self.number(&src).ok_or_else(|| unwritten(insn.src))?.truncated(4)),
                (_, bits) => {
                    let n = self.number(&src).ok_or_else(|| unwritten(insn.src))?.sign_extended(bits as u32 / 8);
                    Val::Num(if wide { n } else { n.truncated(4) })
                }
            };
            self.set(insn.dst, v);
            return Ok(());
        }
        if let (true, AluOp::Add | AluOp::Sub) = (wide, op) {
            match (&dst, &src) {
                (Val::Ptr(p), Val::Num(n)) => {
                    let off = alu(op, true, &p.off, n);
                    self.set(insn.dst, Val::Ptr(Rc::new(Ptr { off, ..(**p).clone() })));
                    return Ok(());
                }
                (Val::Num(n), Val::Ptr(p)) if op == AluOp::Add => {
                    let off = alu(op, true, &p.off, n);
                    self.set(insn.dst, Val::Ptr(Rc::new(Ptr { off, ..(**p).clone() })));
                    return Ok(());
                }
                (Val::Ptr(p), Val::Ptr(q)) if op == AluOp::Sub && p.region == q.region => {
                    self.set(insn.dst, Val::Num(alu(op, true, &p.off, &q.off)));
                    return Ok(());
                }
                (Val::Ptr(p), Val::Ptr(q)) if op == AluOp::Sub => {
                    if let Some((a, b)) = self.in_one_piece(p, q) {
                        self.set(insn.dst, Val::Num(alu(op, true, &a, &b)));
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        let missing = || unwritten(insn.dst);
        let a = self.number(&dst).ok_or_else(missing)?;
        let b = self.number(&src).ok_or_else(missing)?;
        self.set(insn.dst, Val::Num(alu(op, wide, &a, &b)));
        Ok(())
    }

    /// The pointer in a register; a run does not go on through null.
    pub(super) fn pointer(&mut self, regno: u8) -> Result<Ptr, Stuck> {
        match self.reg(regno) {
            Val::Ptr(p) => {
                if let Some(null) = &p.null {
                    self.assume(null.not());
                }
                Ok((*p).clone())
            }
            Val::Num(_) => Err(Stuck::Unsafe(format!("R{regno} is a number"))),
            Val::Undef => Err(unwritten(regno)),
        }
    }

    pub(super) fn ldx(
        &mut self,
        program: &Program<'_>,
        at: usize,
        insn: Insn,
        hint: Option<&RegState>,
    ) -> Result<(), Stuck> {
        let p = self.pointer(insn.src)?;
        let off = p.off.plus(i64::from(insn.off));
        let n = insn.access_size();
        let typed = match self.regions[p.region].kind {
            Kind::Ctx | Kind::Object => {
                let all = program.facts.results.get(&at);
                if hint.is_none() && all.is_some_and(|l| l.len() > 1) {
                    return Err("a load of several types".into());
                }
                let fact = hint.copied().or_else(|| single(all));
                fact.filter(|r| r.ty.base != RegBase::Scalar && r.ty.base != RegBase::NotInit)
            }
            _ => None,
        };
        let v = match typed {
            Some(reg) => {
                // Kernel objects by the same field are the same object, packets are anyway.
                let v = match self.load(p.region, &off, n) {
                    kept @ Val::Ptr(_) => kept,
                    _ => {
                        let v = self.of_type(program, &reg, true, &mut Instances::default());
                        if off.known().is_some() && n == 8 {
                            self.store(p.region, &off, 8, &v);
                        }
                        v
                    }
                };
                self.gave(at, v.clone());
                v
            }
            None => self.load(p.region, &off, n),
        };
        let v = match v {
            Val::Num(x) if insn.mode() == MEMSX => Val::Num(x.sign_extended(n)),
            v => v,
        };
        self.set(insn.dst, v);
        Ok(())
    }

    pub(super) fn atomic(&mut self, insn: Insn) -> Result<(), Stuck> {
        let n = insn.access_size();
        if insn.imm == LOAD_ACQ {
            let p = self.pointer(insn.src)?;
            let v = self.load(p.region, &p.off.plus(i64::from(insn.off)), n);
            self.set(insn.dst, v);
            return Ok(());
        }
        let p = self.pointer(insn.dst)?;
        let off = p.off.plus(i64::from(insn.off));
        let src = self.reg(insn.src);
        let operand = self.number(&src).ok_or_else(|| unwritten(insn.src))?;
        if insn.imm == STORE_REL {
            self.store(p.region, &off, n, &src);
            return Ok(());
        }
        let loaded = self.load(p.region, &off, n);
        let old = self.number(&loaded).ok_or("nothing there")?;
        let wide = n == 8;
        let new = match insn.imm {
            XCHG => operand,
            CMPXCHG => {
                let expected = self.number(&self.reg(0)).ok_or_else(|| unwritten(0))?;
                let same = compare(CmpOp::Eq, wide, &old, &expected);
                Num::of(same.ite(&operand.term(), &old.term()))
            }
            imm => {
                let op = AluOp::decode((imm & !FETCH) as u8, 0).ok_or("unknown atomic operation")?;
                alu(op, wide, &old, &operand)
            }
        };
        self.store(p.region, &off, n, &Val::Num(new));
        if insn.imm == CMPXCHG {
            self.set(0, loaded);
        } else if insn.imm & FETCH != 0 {
            self.set(insn.src, loaded);
        }
        Ok(())
    }

    pub(super) fn ld_imm(&mut self, program: &Program<'_>, at: usize, insn: Insn) -> Result<(), Stuck> {
        let high = program.insns.get(at + 1).map_or(0, |h| h.imm as u32);
        let map = match insn.src {
            0 => {
                self.set(insn.dst, Val::known(u64::from(high) << 32 | u64::from(insn.imm as u32)));
                return Ok(());
            }
            PSEUDO_MAP_FD | PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE => program.map_at(at),
            _ => {
                let reg = single(program.facts.results.get(&at)).ok_or("a symbol whose type is not known")?;
                let v = self.of_type(program, &reg, true, &mut Instances::default());
                self.gave(at, v.clone());
                self.set(insn.dst, v);
                return Ok(());
            }
        };
        let map = map.ok_or("no such map")?;
        let v = if matches!(insn.src, PSEUDO_MAP_FD | PSEUDO_MAP_IDX) {
            let at = self.region(Kind::MapObject(map), None);
            Val::ptr(at, Num::Known(0))
        } else {
            let at = self.element(program, map, Some(0));
            Val::ptr(at, Num::Known(u64::from(high)))
        };
        self.set(insn.dst, v);
        Ok(())
    }

    /// The function ends.
    pub(super) fn leave(&mut self) -> Next {
        let Some(caller) = self.callers.pop() else {
            return Next::End;
        };
        for (i, v) in caller.saved.into_iter().enumerate() {
            self.regs[6 + i] = v;
        }
        for r in 1..=5 {
            self.regs[r] = Val::Undef;
        }
        let own = std::mem::replace(&mut self.stack, caller.stack);
        self.region_mut(own).dead = true;
        Next::To(caller.back)
    }

    pub(super) fn comparison(&mut self, op: CmpOp, wide: bool, a: &Val, b: &Val) -> Result<Bool, Stuck> {
        let missing = || Stuck::Unsafe("a register is compared that was never written".into());
        if let (Val::Ptr(p), Val::Ptr(q)) = (a, b)
            && p.region != q.region
        {
            if let Some((x, y)) = self.in_one_piece(p, q) {
                return Ok(compare(op, wide, &x, &y));
            }
            if p.null.is_none() && q.null.is_none() {
                // Which of two objects lies higher is not known.
                let name = self.name("order");
                return Ok(match op {
                    CmpOp::Eq => Bool::from_bool(false),
                    CmpOp::Ne => Bool::from_bool(true),
                    _ => Bool::new_const(name),
                });
            }
        }
        let (x, y) = (self.number(a).ok_or_else(missing)?, self.number(b).ok_or_else(missing)?);
        if let (Val::Ptr(p), Some(0)) = (a, y.known())
            && wide
        {
            let is_null = p.null.clone().unwrap_or_else(|| Bool::from_bool(false));
            match op {
                CmpOp::Eq => return Ok(is_null),
                CmpOp::Ne => return Ok(is_null.not().simplify()),
                _ => {}
            }
        }
        Ok(compare(op, wide, &x, &y))
    }

    /// Places of two pointers of which one is into metadata and the other into the packet: that begins where those end.
    fn in_one_piece(&self, p: &Ptr, q: &Ptr) -> Option<(Num, Num)> {
        let (p_meta, q_meta) = (self.is_meta(p), self.is_meta(q));
        if p_meta == q_meta || !(self.is_packet(p) || self.is_packet(q)) {
            return None;
        }
        let len = self.meta_len.clone().unwrap_or(Num::Known(0));
        let place = |meta: bool, off: &Num| if meta { off.clone() } else { alu(AluOp::Add, true, off, &len) };
        Some((place(p_meta, &p.off), place(q_meta, &q.off)))
    }

    pub(super) fn is_meta(&self, p: &Ptr) -> bool {
        self.regions[p.region].kind == Kind::Meta
    }

    pub(super) fn is_packet(&self, p: &Ptr) -> bool {
        self.regions[p.region].kind == Kind::Packet
    }

    pub(super) fn operand(&self, insn: Insn) -> Result<Val, Stuck> {
        let v = if insn.is_reg_src() { self.reg(insn.src) } else { Val::known(i64::from(insn.imm) as u64) };
        if matches!(v, Val::Undef) { Err(unwritten(insn.src)) } else { Ok(v) }
    }
}
