//! Calls: helpers, functions of the program, tail calls, `callx`, and packet loads.
//!
//! Lookups in arrays are done in place: a comparison and an address.

use std::mem::offset_of;
use std::sync::Arc;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Function, InstBuilder, Value, types};

use crate::abi;
use crate::cx::{Cx, FRAME};
use crate::helper::Helper;
use crate::map::{ArrayLayout, Map};
use crate::program::{FUNC_BASE, Op, Reg, Size, Src};
use verifier_core::isa::semantics::{AluOp, CmpOp};
use verifier_core::kernel::helpers::id;

use super::flow::{Known, passed};
use super::stubs;
use super::translate::{Callee, Target, Translator};

impl<F> Translator<'_, '_, F>
where
    F: FnMut(&mut Function, Target) -> Callee,
{
    /// Calls a helper. True: control has gone on already.
    pub(super) fn call_helper(&mut self, helper: &'static Helper) -> bool {
        if !self.src.checked {
            match helper.id {
                id::MAP_LOOKUP_ELEM => {
                    if let Some(map) = self.known_map().filter(|m| m.looks_up_plainly()) {
                        return match map.array_layout() {
                            Some(layout) => self.lookup(layout),
                            None => self.lookup_directly(map),
                        };
                    }
                }
                id::GET_SMP_PROCESSOR_ID => {
                    let cpu = self.run_field(types::I32, offset_of!(Cx<'static>, cpu));
                    let cpu = self.b.ins().uextend(types::I64, cpu);
                    self.set(0, cpu);
                    return false;
                }
                _ => {}
            }
        }
        if helper.calls_back {
            self.note_frame();
            self.keep_fuel();
        }
        let r0 = if self.src.checked {
            self.note_insn();
            let row = self.constant(std::ptr::from_ref(helper) as u64);
            let mut args = vec![self.cx, row];
            args.extend((1..6).map(|r| self.get(r)));
            self.call_address(stubs::checked_call as *const () as usize, &args, true)
        } else {
            let last = passed(&self.known).checked_ilog2().unwrap_or(0) as u8;
            let mut args = vec![self.cx];
            args.extend((1..=last).map(|r| self.get(r)));
            self.call_address(helper.func as usize, &args, true)
        };
        self.leave_if_stopped();
        if helper.calls_back {
            self.reload_fuel();
        }
        if let Some(r0) = r0 {
            self.set(0, r0);
        }
        false
    }

    /// The map that r1 is known to hold.
    fn known_map(&self) -> Option<&'static Map> {
        let Known::Const(address) = self.known[1] else {
            return None;
        };
        let map = self.src.code.map_at(address)?;
        // SAFETY: the program keeps its maps, and its code goes before it does.
        Some(unsafe { &*Arc::as_ptr(map) })
    }

    /// Looks up the key at r2 without what a helper has to look at first.
    fn lookup_directly(&mut self, map: &Map) -> bool {
        let (map, key) = (self.constant(map.address()), self.get(2));
        let cpu = self.run_field(types::I32, offset_of!(Cx<'static>, cpu));
        let cpu = self.b.ins().uextend(types::I64, cpu);
        if let Some(r0) = self.call_address(stubs::lookup as *const () as usize, &[map, key, cpu], true) {
            self.set(0, r0);
        }
        false
    }

    /// Looks up the key at r2 in an array. Where the next instruction asks whether there is a value, both ways go
    /// where it would go. True: they have gone.
    fn lookup(&mut self, array: ArrayLayout) -> bool {
        let key = match self.constant_key() {
            Some(key) => self.b.ins().iconst(types::I32, i64::from(key)),
            None => {
                let at = self.get(2);
                let flags = self.memory_flags(2);
                self.b.ins().load(types::I32, flags, at, 0)
            }
        };
        let entries = self.b.ins().iconst(types::I32, i64::from(array.max_entries));
        let inside = self.b.ins().icmp(IntCC::UnsignedLessThan, key, entries);
        let (hit, miss) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(inside, hit, &[], miss, &[]);
        let ways = self.ways_after_lookup();
        let on = self.b.create_block();
        let (if_found, if_not) = match ways {
            Some((found, not)) => (self.block_at(found), self.block_at(not)),
            None => (on, on),
        };
        self.b.switch_to_block(hit);
        let key = self.b.ins().uextend(types::I64, key);
        let key = if array.cpus == 1 { key } else { self.of_cpu(key, array) };
        let offset = self.b.ins().imul_imm_s(key, i64::from(array.stride));
        let base = self.constant(array.base);
        let value = self.b.ins().iadd(base, offset);
        self.set(0, value);
        self.b.ins().jump(if_found, &[]);
        self.b.switch_to_block(miss);
        let none = self.constant(0);
        self.set(0, none);
        self.b.ins().jump(if_not, &[]);
        if ways.is_some() {
            return true;
        }
        self.b.switch_to_block(on);
        false
    }

    /// The index among the values of all CPUs.
    fn of_cpu(&mut self, key: Value, array: ArrayLayout) -> Value {
        let cpu = self.run_field(types::I32, offset_of!(Cx<'static>, cpu));
        let cpu = self.b.ins().uextend(types::I64, cpu);
        let before = self.b.ins().imul_imm_s(cpu, i64::from(array.max_entries));
        self.b.ins().iadd(before, key)
    }

    /// Where the test of r0 behind a lookup goes: with a value, and without.
    fn ways_after_lookup(&self) -> Option<(u32, u32)> {
        let next = self.pc + 1;
        if self.src.flow.blocks.contains_key(&next) {
            return None;
        }
        match *self.src.code.ops().get(next as usize)? {
            Op::Branch { cmp, wide: true, dst: 0, src: Src::Imm(0), target } if target > next => match cmp {
                CmpOp::Eq => Some((next + 1, target)),
                CmpOp::Ne => Some((target, next + 1)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The key that r2 points to, where the instructions just before put a constant there.
    fn constant_key(&self) -> Option<u32> {
        let Known::Frame(key) = self.known[2] else {
            return None;
        };
        let mut pc = self.pc;
        while !self.src.flow.blocks.contains_key(&pc) {
            pc = pc.checked_sub(1)?;
            match *self.src.code.ops().get(pc as usize)? {
                Op::Store { size, base: 10, off, src } => {
                    let (start, end) = (i64::from(off), i64::from(off) + i64::from(size.bytes()));
                    if start == key && matches!(size, Size::B4 | Size::B8) {
                        return match src {
                            Src::Imm(n) => Some(n as u32),
                            Src::Reg(r) => self.constant_before(r, pc),
                        };
                    }
                    if start < key + 4 && key < end {
                        return None;
                    }
                }
                Op::Alu { .. } | Op::Const { .. } | Op::Load { .. } | Op::MovSx { .. } | Op::Pad => {}
                _ => return None,
            }
        }
        None
    }

    /// The constant that a register holds before an instruction of this block.
    fn constant_before(&self, r: Reg, mut pc: u32) -> Option<u32> {
        while !self.src.flow.blocks.contains_key(&pc) {
            pc = pc.checked_sub(1)?;
            match *self.src.code.ops().get(pc as usize)? {
                Op::Alu { op: AluOp::Mov, dst, src: Src::Imm(n), .. } if dst == r => return Some(n as u32),
                Op::Const { dst, value } if dst == r => return Some(value as u32),
                Op::Alu { dst, .. } | Op::Load { dst, .. } | Op::MovSx { dst, .. } | Op::Const { dst, .. }
                    if dst != r => {}
                Op::Store { .. } | Op::Pad => {}
                _ => return None,
            }
        }
        None
    }

    fn note_insn(&mut self) {
        let insn = self.b.ins().iconst(types::I32, i64::from(self.pc));
        self.put_run(insn, offset_of!(Cx<'static>, insn));
    }

    fn note_frame(&mut self) {
        let r10 = self.get(10);
        self.put_run(r10, offset_of!(Cx<'static>, frame));
    }

    /// Calls a function of this program, in a frame below this one.
    pub(super) fn call_local(&mut self, subprog: u32) {
        let Callee { func, args } = self.callee(subprog);
        let below = self.frame_below();
        let mut values = vec![self.cx, below];
        values.extend((1..6).filter(|r| args & 1 << r != 0).map(|r| self.get(r)));
        if self.src.checked {
            let at = self.src.code.subprogs()[subprog as usize];
            self.spend(at.end - at.start);
        }
        let code = self.before_call(below);
        let call = self.b.ins().call(func, &values);
        let r0 = self.b.inst_results(call)[0];
        self.after_call(below, code);
        self.set(0, r0);
    }

    fn frame_below(&mut self) -> Value {
        let r10 = self.get(10);
        self.b.ins().iadd_imm_s(r10, -(FRAME as i64))
    }

    /// Before a call into a frame: fuel goes to the run, and checked mode opens the frame. Gives what
    /// [`Self::after_call`] needs: a callee that does a tail call leaves another program in the run.
    fn before_call(&mut self, below: Value) -> Option<Value> {
        self.keep_fuel();
        if self.src.checked {
            self.enter_frame(below);
        } else {
            let lowest = self.run_field(types::I64, offset_of!(Cx<'static>, lowest));
            let (none, some) = (self.b.create_block(), self.b.create_block());
            self.b.set_cold_block(none);
            let has_room = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, below, lowest);
            self.b.ins().brif(has_room, some, &[], none, &[]);
            self.b.switch_to_block(none);
            // It says why there is none.
            self.enter_frame(below);
            let leave = self.leave_block();
            self.b.ins().jump(leave, &[]);
            self.b.switch_to_block(some);
        }
        let tails = self.src.checked || self.src.code.ops().iter().any(|op| matches!(op, Op::TailCall));
        tails.then(|| self.run_field(types::I64, offset_of!(Cx<'static>, code)))
    }

    /// Enters a frame, or leaves compiled code.
    fn enter_frame(&mut self, below: Value) {
        let insn = self.insn();
        let wrong = self.call_address(abi::enter_frame as *const () as usize, &[self.cx, insn, below], true);
        if let Some(wrong) = wrong {
            let wrong = self.b.ins().ireduce(types::I32, wrong);
            self.leave_if(wrong);
        }
    }

    fn after_call(&mut self, below: Value, code: Option<Value>) {
        if let Some(code) = code {
            self.put_run(code, offset_of!(Cx<'static>, code));
        }
        if self.src.checked {
            self.call_address(abi::leave_frame as *const () as usize, &[self.cx, below], false);
        }
        self.reload_fuel();
    }

    /// Goes on in another program, if the map has one there: its result is the result of this function.
    pub(super) fn tail_call(&mut self) {
        self.note_insn();
        self.keep_fuel();
        let (ctx, map, index) = (self.get(1), self.get(2), self.get(3));
        let entry = self.call_address(stubs::tail_call as *const () as usize, &[self.cx, ctx, map, index], true);
        self.leave_if_stopped();
        let Some(entry) = entry else { return };
        let (taken, on) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(entry, taken, &[], on, &[]);
        self.b.switch_to_block(taken);
        let (sig, r10, zero) = (self.signature(7, true), self.get(10), self.constant(0));
        let call = self.b.ins().call_indirect(sig, entry, &[self.cx, r10, ctx, zero, zero, zero, zero]);
        let r0 = self.b.inst_results(call)[0];
        self.leave_if_stopped();
        self.b.ins().return_(&[r0]);
        self.b.switch_to_block(on);
    }

    /// `callx`: a function of the program, or the number of a helper.
    pub(super) fn call_reg(&mut self, reg: Reg) {
        let value = self.get(reg);
        let args: Vec<Value> = (1..6).map(|r| self.get(r)).collect();
        let n = self.b.ins().iadd_imm_s(value, (FUNC_BASE as i64).wrapping_neg());
        let count = self.constant(self.src.entries.len() as u64);
        let is_func = self.b.ins().icmp(IntCC::UnsignedLessThan, n, count);
        let (func, helper, done) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let result = self.b.append_block_param(done, types::I64);
        self.b.ins().brif(is_func, func, &[], helper, &[]);

        self.b.switch_to_block(func);
        let table = self.constant(self.src.entries.as_ptr() as u64);
        let at = self.b.ins().imul_imm_s(n, 8);
        let at = self.b.ins().iadd(table, at);
        let entry = self.b.ins().load(types::I64, cranelift_codegen::ir::MemFlagsData::trusted(), at, 0);
        let below = self.frame_below();
        let code = self.before_call(below);
        let sig = self.signature(7, true);
        let call = self.b.ins().call_indirect(sig, entry, &[[self.cx, below].as_slice(), &args].concat());
        let r0 = self.b.inst_results(call)[0];
        self.after_call(below, code);
        self.b.ins().jump(done, &[r0.into()]);

        self.b.switch_to_block(helper);
        let insn = self.insn();
        self.note_insn();
        self.note_frame();
        self.keep_fuel();
        let found = self.call_address(stubs::helper_at as *const () as usize, &[self.cx, insn, value], true);
        if let Some(found) = found {
            self.leave_unless(found);
            let sig = self.signature(6, true);
            let call = self.b.ins().call_indirect(sig, found, &[[self.cx].as_slice(), &args].concat());
            let r0 = self.b.inst_results(call)[0];
            self.leave_if_stopped();
            self.reload_fuel();
            self.b.ins().jump(done, &[r0.into()]);
        }
        self.b.switch_to_block(done);
        self.set(0, result);
    }

    /// `LD_ABS` and `LD_IND`.
    pub(super) fn packet_load(&mut self, size: Size, index: Option<Reg>, off: i32) {
        let mut at = self.constant(i64::from(off) as u64);
        if let Some(r) = index {
            let low = self.narrow(r, false);
            let low = self.b.ins().sextend(types::I64, low);
            at = self.b.ins().iadd(at, low);
        }
        self.note_insn();
        let (skb, bytes) = (self.get(6), self.constant(size.bytes().into()));
        let v = self.call_address(abi::packet_load as *const () as usize, &[self.cx, skb, at, bytes], true);
        self.leave_if_stopped();
        let Some(v) = v else { return };
        let outside = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, v, 0);
        let (end, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(end);
        self.b.ins().brif(outside, end, &[], on, &[]);
        self.b.switch_to_block(end);
        let zero = self.constant(0);
        self.give_back(zero);
        self.b.switch_to_block(on);
        self.set(0, v);
    }
}
