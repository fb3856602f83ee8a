//! From the operations of one function to the compiler's own form.
//!
//! Registers of the program are variables of 64 bits; the compiler finds out which of them live where. What is said
//! about r10 and about constants comes from [`super::flow`]. In checked mode every access is looked up before it is
//! done, but for those at constant offsets in the frame.
//!
//! The signature of a function is (run, r10, the arguments it takes) -> r0.

use std::collections::BTreeMap;
use std::mem::offset_of;
use std::sync::atomic::AtomicUsize;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, AliasRegionData, Block, FuncRef, Function, InstBuilder, MemFlagsData, SigRef, Signature, SourceLoc,
    TrapCode, Type, Value, types,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};

use crate::abi;
use crate::cx::{Cx, MAX_LOOPS};
use crate::fault;
use crate::program::{Code, Op, Reg, Src};
use verifier_core::isa::semantics::{AluOp, CmpOp};

use super::flow::{self, Flow, Mask, Registers};
use super::loops::Loop;
use super::stubs;

/// What a function is translated from.
pub(super) struct Source<'a> {
    pub(super) code: &'a Code,
    pub(super) flow: &'a Flow,
    pub(super) args: Mask,
    pub(super) checked: bool,
    /// Addresses of functions for `callx`, filled in later.
    pub(super) entries: &'a [AtomicUsize],
    pub(super) config: TargetFrontendConfig,
}

/// What functions of a program call by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Subprog(u32),
    /// See [`translate_refuel`].
    Refuel,
}

/// A function of the program as another one calls it.
pub(super) struct Callee {
    pub(super) func: FuncRef,
    pub(super) args: Mask,
}

/// A function in the making.
pub(super) struct Translator<'a, 'f, F> {
    pub(super) b: FunctionBuilder<'f>,
    pub(super) src: Source<'a>,
    callee: F,
    /// The run.
    pub(super) cx: Value,
    regs: [Variable; 11],
    /// Instructions left, in functions that go backwards; elsewhere it stays in the run.
    fuel: Option<Variable>,
    /// What `may_goto` has left.
    loops: Option<Variable>,
    /// Places of the frame that are variables.
    slots: BTreeMap<i64, Variable>,
    /// The loop that the block at hand belongs to, where it is translated several times over.
    round: Option<Round>,
    blocks: BTreeMap<u32, Block>,
    /// Leaves compiled code.
    leave: Option<Block>,
    /// First instruction of the block at hand.
    at: u32,
    /// Of the instruction at hand.
    pub(super) pc: u32,
    pub(super) known: Registers,
    flags: Flags,
    sigs: BTreeMap<(usize, bool), SigRef>,
}

/// Most operations that a loop is unrolled to, and most rounds.
const UNROLLED: u32 = 96;
const ROUNDS: u32 = 4;

/// One of several translations of a short loop that follow each other, so that fuel is asked for only in the first.
struct Round {
    /// First instruction.
    head: u32,
    /// Rounds after this one.
    left: u32,
    /// Blocks of this round, and where the next one begins; that after the last is the first.
    blocks: BTreeMap<u32, Block>,
    next: Block,
}

/// How accesses are told apart.
struct Flags {
    /// The run.
    cx: MemFlagsData,
    /// Memory of the program, and the frame where other accesses do not reach it.
    memory: MemFlagsData,
    frame: MemFlagsData,
}

/// Translates a function into `func`, whose signature is set.
pub(super) fn translate<F>(src: Source<'_>, func: &mut Function, scratch: &mut FunctionBuilderContext, callee: F)
where
    F: FnMut(&mut Function, Target) -> Callee,
{
    let mut b = FunctionBuilder::new(func, scratch);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let params = b.block_params(entry).to_vec();
    let regs: [Variable; 11] = std::array::from_fn(|_| b.declare_var(types::I64));
    b.def_var(regs[10], params[1]);
    let given = (1..6).filter(|r| src.args & 1 << r != 0);
    for (r, value) in given.zip(&params[2..]) {
        b.def_var(regs[r], *value);
    }
    let slots = if src.checked { &[][..] } else { &src.flow.slots };
    let slots = slots.iter().map(|(at, _)| (*at, b.declare_var(types::I64))).collect();
    let mut region = |n: u32, what: &'static str| {
        let data = AliasRegionData { user_id: n, description: what.into() };
        MemFlagsData::new().with_notrap().with_alias_region(Some(b.func.dfg.alias_regions.insert(data)))
    };
    let cx_flags = region(0, "run");
    let memory = region(1, "memory");
    let frame = if src.flow.private_frame && !src.checked { region(2, "frame") } else { memory };
    let flags = Flags { cx: cx_flags, memory, frame };
    let blocks: BTreeMap<u32, Block> = src.flow.blocks.keys().map(|at| (*at, b.create_block())).collect();
    let mut t = Translator {
        cx: params[0],
        regs,
        fuel: None,
        loops: None,
        slots,
        round: None,
        blocks,
        leave: None,
        at: 0,
        pc: 0,
        known: [flow::Known::Nothing; 11],
        flags,
        sigs: BTreeMap::new(),
        b,
        src,
        callee,
    };
    t.function();
    let config = t.src.config;
    t.b.seal_all_blocks();
    t.b.finalize(config);
}

/// The function that loops call when fuel is used up: it gets more, or leaves compiled code. Its signature, set in
/// `func`, is (run) with a convention that keeps all registers, so that loops pay for it only when they call it.
pub(super) fn translate_refuel(
    func: &mut Function,
    scratch: &mut FunctionBuilderContext,
    config: TargetFrontendConfig,
) {
    let conv = config.default_call_conv;
    let mut b = FunctionBuilder::new(func, scratch);
    let (entry, more, none) = (b.create_block(), b.create_block(), b.create_block());
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let cx = b.block_params(entry)[0];
    let call = |b: &mut FunctionBuilder<'_>, address: usize, ty: Option<Type>| {
        let mut sig = Signature::new(conv);
        sig.params.push(AbiParam::new(types::I64));
        sig.returns.extend(ty.map(AbiParam::new));
        let sig = b.import_signature(sig);
        let target = b.ins().iconst(types::I64, address as i64);
        let call = b.ins().call_indirect(sig, target, &[cx]);
        b.inst_results(call).first().copied()
    };
    let goes_on = call(&mut b, abi::refuel as *const () as usize, Some(types::I32));
    if let Some(goes_on) = goes_on {
        b.ins().brif(goes_on, more, &[], none, &[]);
    }
    b.switch_to_block(none);
    call(&mut b, fault::leave as *const () as usize, None);
    b.ins().trap(TrapCode::unwrap_user(1));
    b.switch_to_block(more);
    b.ins().return_(&[]);
    b.seal_all_blocks();
    b.finalize(config);
}

impl<F> Translator<'_, '_, F>
where
    F: FnMut(&mut Function, Target) -> Callee,
{
    fn function(&mut self) {
        let ops = self.src.code.ops();
        let charges = !self.src.flow.loops.is_empty()
            || (self.src.checked && ops.iter().any(|o| matches!(o, Op::CallLocal { .. })));
        if charges {
            let fuel = self.b.declare_var(types::I64);
            self.fuel = Some(fuel);
            self.reload_fuel();
        }
        if ops.iter().any(|o| matches!(o, Op::MayGoto { .. })) {
            let loops = self.b.declare_var(types::I64);
            let all = self.constant(MAX_LOOPS.into());
            self.b.def_var(loops, all);
            self.loops = Some(loops);
        }
        let blocks: Vec<u32> = self.blocks.keys().copied().collect();
        let start = self.src.flow.start;
        let first = self.blocks[&start];
        self.b.ins().jump(first, &[]);
        let flow = self.src.flow;
        for at in blocks {
            match flow.loops.short(at, UNROLLED / 2) {
                None => self.block(at),
                Some(short) if short.head == at => self.unrolled(short),
                // With its head.
                Some(_) => {}
            }
        }
        if let Some(leave) = self.leave {
            self.b.set_cold_block(leave);
            self.b.switch_to_block(leave);
            self.b.set_srcloc(SourceLoc::default());
            let cx = self.cx;
            self.call_address(fault::leave as *const () as usize, &[cx], false);
            self.b.ins().trap(TrapCode::unwrap_user(1));
        }
    }

    /// Translates the blocks of a short loop several times over: each round goes on in the next, the last in the
    /// first. Ways in from elsewhere lead into the first round.
    fn unrolled(&mut self, short: &Loop) {
        let mut left = (UNROLLED / short.insns).clamp(1, ROUNDS) - 1;
        let mut own: BTreeMap<u32, Block> = short.body.iter().map(|at| (*at, self.blocks[at])).collect();
        loop {
            let following: BTreeMap<u32, Block> = match left {
                0 => BTreeMap::new(),
                _ => short.body.iter().map(|at| (*at, self.b.create_block())).collect(),
            };
            let next = following.get(&short.head).copied().unwrap_or(self.blocks[&short.head]);
            self.round = Some(Round { head: short.head, left, blocks: own, next });
            short.body.iter().for_each(|at| self.block(*at));
            self.round = None;
            if left == 0 {
                return;
            }
            own = following;
            left -= 1;
        }
    }

    fn block(&mut self, at: u32) {
        let ops = self.src.code.ops();
        let block = self.round.as_ref().and_then(|r| r.blocks.get(&at)).map_or(self.blocks[&at], |b| *b);
        self.b.switch_to_block(block);
        (self.at, self.pc) = (at, at);
        self.known = self.src.flow.blocks[&at];
        // Every way round a loop passes a head.
        if let Some(l) = self.src.flow.loops.headed_by(at).filter(|_| block == self.blocks[&at]) {
            self.b.set_srcloc(SourceLoc::new(at));
            let rounds = self.round.as_ref().map_or(1, |r| r.left + 1);
            self.spend(l.insns.saturating_mul(rounds));
        }
        loop {
            self.b.set_srcloc(SourceLoc::new(self.pc));
            let Some(op) = ops.get(self.pc as usize) else {
                self.refuse(None);
                return;
            };
            // Some translations take the following instruction with them.
            let ended = self.op(op);
            if ended {
                return;
            }
            flow::step(op, &mut self.known);
            self.pc += 1;
            if self.blocks.contains_key(&self.pc) {
                let next = self.block_at(self.pc);
                self.b.ins().jump(next, &[]);
                return;
            }
        }
    }

    /// Translates one operation. True: control does not go on behind it.
    fn op(&mut self, op: &Op) -> bool {
        match *op {
            Op::Alu { op, wide, dst, src } => self.alu(op, wide, dst, src),
            Op::MovSx { wide, bits, dst, src } => self.mov_sx(wide, bits, dst, src),
            Op::ByteOrder { swap, bits, dst } => self.byte_order(swap, bits, dst),
            Op::Const { dst, value } => {
                let v = self.constant(value);
                self.set(dst, v);
            }
            Op::Load { size, signed, dst, base, off } => self.load(size, signed, dst, base, off),
            Op::LoadOrZero { size, signed, dst, base, off } => self.load_or_zero(size, signed, dst, base, off),
            Op::Store { size, base, off, src } => self.store(size, base, off, src),
            Op::Atomic { op, wide, fetch, base, off, src } => self.atomic(op, wide, fetch, base, off, src),
            Op::LoadAcquire { size, dst, base, off } => self.load_acquire(size, dst, base, off),
            Op::StoreRelease { size, base, off, src } => self.store_release(size, base, off, src),
            Op::Jump { target } => {
                let to = self.block_at(target);
                self.b.ins().jump(to, &[]);
                return true;
            }
            Op::Branch { cmp, wide, dst, src, target } => {
                let holds = self.compare(cmp, wide, dst, src);
                if let Some((wide, dst, src)) = self.skipped_move(target) {
                    let new = self.operand(src, wide);
                    let new = if wide { new } else { self.b.ins().uextend(types::I64, new) };
                    let old = self.get(dst);
                    let value = self.b.ins().select(holds, old, new);
                    self.set(dst, value);
                    let to = self.block_at(target);
                    self.b.ins().jump(to, &[]);
                } else {
                    let ((to, far), (next, away)) = (self.way(target), self.way(self.pc + 1));
                    self.b.ins().brif(holds, to, &[], next, &[]);
                    for (block, to) in [far, away].into_iter().flatten() {
                        self.b.switch_to_block(block);
                        self.b.ins().jump(to, &[]);
                    }
                }
                return true;
            }
            Op::MayGoto { target } => {
                self.may_goto(target);
                return true;
            }
            Op::Call { helper } => return self.call_helper(helper),
            Op::CallUnknown { id } => {
                self.refuse(Some(id as u64));
                return true;
            }
            Op::TailCall => self.tail_call(),
            Op::CallLocal { subprog, .. } => self.call_local(subprog),
            Op::CallReg { reg } => self.call_reg(reg),
            Op::PacketLoad { size, index, off } => self.packet_load(size, index, off),
            Op::Exit => {
                let r0 = self.get(0);
                self.give_back(r0);
                return true;
            }
            Op::Pad => {}
        }
        false
    }

    /// The move that a conditional jump to `target` skips, where that is all it does: better done or not done than
    /// guessed. Nothing else leads there.
    fn skipped_move(&self, target: u32) -> Option<(bool, Reg, Src)> {
        let (ops, next) = (self.src.code.ops(), self.pc + 1);
        let Op::Alu { op: AluOp::Mov, wide, dst, src } = *ops.get(next as usize)? else { return None };
        let joins =
            next + 1 == target || matches!(ops.get(next as usize + 1), Some(Op::Jump { target: t }) if *t == target);
        (joins && !self.src.flow.targets.contains(&next)).then_some((wide, dst, src))
    }

    /// The block to jump to for an instruction. Where the jump leaves a loop, it is one that only goes on: it stands
    /// apart, so that the loop does not jump over what is done on the way out. It is to be filled then.
    fn way(&mut self, at: u32) -> (Block, Option<(Block, Block)>) {
        let to = self.block_at(at);
        if !self.src.flow.loops.leaves(self.at, at) {
            return (to, None);
        }
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        (block, Some((block, to)))
    }

    fn compare(&mut self, cmp: CmpOp, wide: bool, dst: Reg, src: Src) -> Value {
        let a = self.narrow(dst, wide);
        let b = self.operand(src, wide);
        let cc = match cmp {
            CmpOp::Eq => IntCC::Equal,
            CmpOp::Ne => IntCC::NotEqual,
            CmpOp::Gt => IntCC::UnsignedGreaterThan,
            CmpOp::Ge => IntCC::UnsignedGreaterThanOrEqual,
            CmpOp::Lt => IntCC::UnsignedLessThan,
            CmpOp::Le => IntCC::UnsignedLessThanOrEqual,
            CmpOp::SGt => IntCC::SignedGreaterThan,
            CmpOp::SGe => IntCC::SignedGreaterThanOrEqual,
            CmpOp::SLt => IntCC::SignedLessThan,
            CmpOp::SLe => IntCC::SignedLessThanOrEqual,
            CmpOp::Set | CmpOp::NotSet => {
                let both = self.b.ins().band(a, b);
                let zero = self.b.ins().iconst(if wide { types::I64 } else { types::I32 }, 0);
                let cc = if cmp == CmpOp::Set { IntCC::NotEqual } else { IntCC::Equal };
                return self.b.ins().icmp(cc, both, zero);
            }
        };
        self.b.ins().icmp(cc, a, b)
    }

    fn may_goto(&mut self, target: u32) {
        let (to, next) = (self.block_at(target), self.block_at(self.pc + 1));
        let Some(loops) = self.loops else { return };
        let left = self.b.use_var(loops);
        let less = self.b.ins().iadd_imm_s(left, -1);
        let some = self.b.ins().icmp_imm_s(IntCC::NotEqual, left, 0);
        let taken = self.b.ins().select(some, less, left);
        self.b.def_var(loops, taken);
        self.b.ins().brif(some, next, &[], to, &[]);
    }

    /// Takes instructions from the fuel, and asks for more where none are left.
    pub(super) fn spend(&mut self, insns: u32) {
        let Some(fuel) = self.fuel else { return };
        let left = self.b.use_var(fuel);
        let empty = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, left, i64::from(insns));
        let (cold, some, on) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(cold);
        self.b.ins().brif(empty, cold, &[], some, &[]);
        self.b.switch_to_block(cold);
        let less = self.b.ins().iadd_imm_s(left, -i64::from(insns));
        self.put_run(less, offset_of!(Cx<'static>, fuel));
        let refuel = (self.callee)(self.b.func, Target::Refuel).func;
        self.b.ins().call(refuel, &[self.cx]);
        self.reload_fuel();
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(some);
        let less = self.b.ins().iadd_imm_s(left, -i64::from(insns));
        self.b.def_var(fuel, less);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
    }

    /// Writes the fuel that is left into the run, for what runs next.
    pub(super) fn keep_fuel(&mut self) {
        if let Some(fuel) = self.fuel {
            let left = self.b.use_var(fuel);
            self.put_run(left, offset_of!(Cx<'static>, fuel));
        }
    }

    /// Reads the fuel that others left.
    pub(super) fn reload_fuel(&mut self) {
        if let Some(fuel) = self.fuel {
            let left = self.run_field(types::I64, offset_of!(Cx<'static>, fuel));
            self.b.def_var(fuel, left);
        }
    }

    /// Returns from the function.
    pub(super) fn give_back(&mut self, r0: Value) {
        self.keep_fuel();
        self.b.ins().return_(&[r0]);
    }

    /// Ends the run at an instruction that cannot be executed.
    pub(super) fn refuse(&mut self, value: Option<u64>) {
        let (insn, value) = (self.insn(), self.constant(value.unwrap_or(0)));
        let cx = self.cx;
        self.call_address(stubs::refuse as *const () as usize, &[cx, insn, value], false);
        let leave = self.leave_block();
        self.b.ins().jump(leave, &[]);
    }

    /// The block to go to for an instruction, from the one at hand.
    pub(super) fn block_at(&self, at: u32) -> Block {
        match &self.round {
            Some(round) if at == round.head => round.next,
            Some(round) => round.blocks.get(&at).copied().unwrap_or(self.blocks[&at]),
            None => self.blocks[&at],
        }
    }

    /// The block that leaves compiled code.
    pub(super) fn leave_block(&mut self) -> Block {
        *self.leave.get_or_insert_with(|| self.b.create_block())
    }

    /// Goes on where `v`, of any integer type, is not zero; otherwise leaves compiled code.
    pub(super) fn leave_unless(&mut self, v: Value) {
        let (leave, on) = (self.leave_block(), self.b.create_block());
        self.b.ins().brif(v, on, &[], leave, &[]);
        self.b.switch_to_block(on);
    }

    /// Leaves compiled code where `v`, of any integer type, is not zero.
    pub(super) fn leave_if(&mut self, v: Value) {
        let (leave, on) = (self.leave_block(), self.b.create_block());
        self.b.ins().brif(v, leave, &[], on, &[]);
        self.b.switch_to_block(on);
    }

    /// Leaves compiled code when the run has been stopped.
    pub(super) fn leave_if_stopped(&mut self) {
        let stop = self.run_field(types::I32, offset_of!(Cx<'static>, stop));
        self.leave_if(stop);
    }

    pub(super) fn callee(&mut self, subprog: u32) -> Callee {
        (self.callee)(self.b.func, Target::Subprog(subprog))
    }

    /// Calls a function of ours; all arguments are words, and so is the result.
    pub(super) fn call_address(&mut self, address: usize, args: &[Value], returns: bool) -> Option<Value> {
        let sig = self.signature(args.len(), returns);
        let func = self.constant(address as u64);
        let call = self.b.ins().call_indirect(sig, func, args);
        self.b.inst_results(call).first().copied()
    }

    pub(super) fn signature(&mut self, args: usize, returns: bool) -> SigRef {
        if let Some(sig) = self.sigs.get(&(args, returns)) {
            return *sig;
        }
        let mut sig = Signature::new(self.b.func.signature.call_conv);
        sig.params.extend((0..args).map(|_| AbiParam::new(types::I64)));
        sig.returns.extend(returns.then(|| AbiParam::new(types::I64)));
        let sig_ref = self.b.import_signature(sig);
        self.sigs.insert((args, returns), sig_ref);
        sig_ref
    }

    pub(super) fn run_field(&mut self, ty: Type, at: usize) -> Value {
        self.b.ins().load(ty, self.flags.cx, self.cx, at as i32)
    }

    pub(super) fn put_run(&mut self, value: Value, at: usize) {
        self.b.ins().store(self.flags.cx, value, self.cx, at as i32);
    }

    pub(super) fn constant(&mut self, value: u64) -> Value {
        self.b.ins().iconst(types::I64, value as i64)
    }

    /// The slot of this instruction.
    pub(super) fn insn(&mut self) -> Value {
        self.constant(self.pc.into())
    }

    pub(super) fn get(&mut self, r: Reg) -> Value {
        self.b.use_var(self.regs[usize::from(r)])
    }

    pub(super) fn set(&mut self, r: Reg, v: Value) {
        self.b.def_var(self.regs[usize::from(r)], v);
    }

    /// A register, or its low half.
    pub(super) fn narrow(&mut self, r: Reg, wide: bool) -> Value {
        let v = self.get(r);
        if wide { v } else { self.b.ins().ireduce(types::I32, v) }
    }

    pub(super) fn operand(&mut self, src: Src, wide: bool) -> Value {
        match src {
            Src::Reg(r) => self.narrow(r, wide),
            Src::Imm(n) if wide => self.constant(n as u64),
            Src::Imm(n) => self.b.ins().iconst(types::I32, i64::from(n as u32)),
        }
    }

    /// The variable that a place of the frame is.
    pub(super) fn slot(&self, base: Reg, off: i16) -> Option<Variable> {
        match self.known[usize::from(base)] {
            flow::Known::Frame(at) => self.slots.get(&(at + i64::from(off))).copied(),
            _ => None,
        }
    }

    /// How an access at an offset from a register is marked.
    pub(super) fn memory_flags(&self, base: Reg) -> MemFlagsData {
        match self.known[usize::from(base)] {
            flow::Known::Frame(_) => self.flags.frame,
            _ => self.flags.memory,
        }
    }
}
