//! The interpreter for accepted programs: operations flattened to one number each, a loop with one match, no checks.
//!
//! Every operation of the instruction set with its width and the kind of its second operand is a [`Kind`] of its own, so
//! that an instruction costs one indirect jump. Fuel is charged where execution goes back: a program that does not go
//! back ends by itself.

use crate::isa::semantics::{AluOp, CmpOp, byte_order, sign_extend};
use crate::runtime::abi::{self, HelperFn};
use crate::runtime::cx::{Cx, FRAME, FaultKind, MAX_LOOPS, stop};
use crate::runtime::program::{AtomicOp, Code, Op, Reg, Size, Src};

use super::access;

/// One operation, 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::runtime) struct Fast {
    kind: Kind,
    dst: Reg,
    src: Reg,
    /// Offset of a memory operand, or the slot of a target.
    off: i32,
    /// Immediate, function of a helper, or more operands.
    imm: i64,
}

const _: () = assert!(size_of::<Fast>() == 16);

/// Hands the table of kinds to another macro: for each ALU operation and comparison its forms `64 reg`, `64 imm`,
/// `32 reg`, `32 imm`.
macro_rules! with_kinds {
    ($callback:ident) => {
        $callback! {
            alu {
                Add: AddR AddI Add32R Add32I;
                Sub: SubR SubI Sub32R Sub32I;
                Mul: MulR MulI Mul32R Mul32I;
                Div: DivR DivI Div32R Div32I;
                SDiv: SDivR SDivI SDiv32R SDiv32I;
                Mod: ModR ModI Mod32R Mod32I;
                SMod: SModR SModI SMod32R SMod32I;
                Or: OrR OrI Or32R Or32I;
                And: AndR AndI And32R And32I;
                Xor: XorR XorI Xor32R Xor32I;
                Lsh: LshR LshI Lsh32R Lsh32I;
                Rsh: RshR RshI Rsh32R Rsh32I;
                Arsh: ArshR ArshI Arsh32R Arsh32I;
                Mov: MovR MovI Mov32R Mov32I;
                Neg: NegR NegI Neg32R Neg32I;
            }
            cmp {
                Eq: EqR EqI Eq32R Eq32I;
                Ne: NeR NeI Ne32R Ne32I;
                Gt: GtR GtI Gt32R Gt32I;
                Ge: GeR GeI Ge32R Ge32I;
                Lt: LtR LtI Lt32R Lt32I;
                Le: LeR LeI Le32R Le32I;
                SGt: SGtR SGtI SGt32R SGt32I;
                SGe: SGeR SGeI SGe32R SGe32I;
                SLt: SLtR SLtI SLt32R SLt32I;
                SLe: SLeR SLeI SLe32R SLe32I;
                Set: SetR SetI Set32R Set32I;
                NotSet: NotSetR NotSetI NotSet32R NotSet32I;
            }
            load {
                B1 false: Load1; B2 false: Load2; B4 false: Load4; B8 false: Load8;
                B1 true: Load1S; B2 true: Load2S; B4 true: Load4S;
            }
            store {
                B1: Store1R Store1I; B2: Store2R Store2I; B4: Store4R Store4I; B8: Store8R Store8I;
            }
        }
    };
}

macro_rules! define {
    (
        alu { $($alu:ident: $ar:ident $ai:ident $awr:ident $awi:ident;)* }
        cmp { $($cmp:ident: $cr:ident $ci:ident $cwr:ident $cwi:ident;)* }
        load { $($size:ident $signed:literal: $load:ident;)* }
        store { $($ssize:ident: $sr:ident $si:ident;)* }
    ) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        enum Kind {
            $($ar, $ai, $awr, $awi,)* $($cr, $ci, $cwr, $cwi,)* $($load,)* $($sr, $si,)*
            Const, Jump, Call, CallLocal, Exit, Slow,
        }

        fn alu_kind(op: AluOp, wide: bool, imm: bool) -> Kind {
            match (op, wide, imm) {
                $((AluOp::$alu, true, false) => Kind::$ar, (AluOp::$alu, true, true) => Kind::$ai,
                  (AluOp::$alu, false, false) => Kind::$awr, (AluOp::$alu, false, true) => Kind::$awi,)*
            }
        }

        fn cmp_kind(op: CmpOp, wide: bool, imm: bool) -> Kind {
            match (op, wide, imm) {
                $((CmpOp::$cmp, true, false) => Kind::$cr, (CmpOp::$cmp, true, true) => Kind::$ci,
                  (CmpOp::$cmp, false, false) => Kind::$cwr, (CmpOp::$cmp, false, true) => Kind::$cwi,)*
            }
        }

        fn load_kind(size: Size, signed: bool) -> Kind {
            match (size, signed) {
                $((Size::$size, $signed) => Kind::$load,)*
                (Size::B8, true) => Kind::Load8,
            }
        }

        fn store_kind(size: Size, imm: bool) -> Kind {
            match (size, imm) {
                $((Size::$ssize, false) => Kind::$sr, (Size::$ssize, true) => Kind::$si,)*
            }
        }
    };
}
with_kinds!(define);

/// Flattens a program; one operation for each slot.
pub(in crate::runtime) fn flatten(code: &Code) -> Box<[Fast]> {
    let slow = Fast { kind: Kind::Slow, dst: 0, src: 0, off: 0, imm: 0 };
    let second = |src: Src| match src {
        Src::Reg(r) => (r, 0, false),
        Src::Imm(n) => (0, n, true),
    };
    let one = |op: &Op| match *op {
        Op::Alu { op, wide, dst, src } => {
            let (src, imm, is_imm) = second(src);
            Fast { kind: alu_kind(op, wide, is_imm), dst, src, off: 0, imm }
        }
        Op::Const { dst, value } => Fast { kind: Kind::Const, dst, src: 0, off: 0, imm: value as i64 },
        Op::Load { size, signed, dst, base, off } => {
            Fast { kind: load_kind(size, signed), dst, src: base, off: off.into(), imm: 0 }
        }
        Op::Store { size, base, off, src } => {
            let (src, imm, is_imm) = second(src);
            Fast { kind: store_kind(size, is_imm), dst: base, src, off: off.into(), imm }
        }
        Op::Branch { cmp, wide, dst, src, target } => {
            let (src, imm, is_imm) = second(src);
            Fast { kind: cmp_kind(cmp, wide, is_imm), dst, src, off: target as i32, imm }
        }
        Op::Jump { target } => Fast { kind: Kind::Jump, off: target as i32, ..slow },
        Op::Call { helper } => Fast { kind: Kind::Call, imm: helper.func as usize as i64, ..slow },
        Op::CallLocal { target, .. } => Fast { kind: Kind::CallLocal, off: target as i32, ..slow },
        Op::Exit => Fast { kind: Kind::Exit, ..slow },
        _ => slow,
    };
    code.ops().iter().map(one).collect()
}

/// What a call keeps of its caller.
struct Caller {
    pc: *const Fast,
    saved: [u64; 4],
    r10: u64,
    loops: u32,
    /// A tail call may have replaced the callee's program, never the caller's.
    code: *const Code,
}

macro_rules! define_run {
    (
        alu { $($alu:ident: $ar:ident $ai:ident $awr:ident $awi:ident;)* }
        cmp { $($cmp:ident: $cr:ident $ci:ident $cwr:ident $cwi:ident;)* }
        load { $($size:ident $signed:literal: $load:ident;)* }
        store { $($ssize:ident: $sr:ident $si:ident;)* }
    ) => {
        /// Runs a function of verified code to its end.
        pub(super) fn run(cx: &mut Cx<'_>, subprog: u32, args: [u64; 5]) -> u64 {
            let Some(start) = cx.code().subprogs().get(subprog as usize).map(|s| s.start as usize) else { return 0 };
            let mut regs = [0u64; 16];
            regs[1..6].copy_from_slice(&args);
            regs[10] = cx.frame;
            let mut callers: Vec<Caller> = Vec::new();
            let mut loops = MAX_LOOPS;
            let mut base = cx.code().fast().as_ptr();
            // SAFETY: the first slot of a function.
            let mut pc = unsafe { base.add(start) };
            macro_rules! reg {
                ($r:expr) => { regs[usize::from($r & 15)] };
            }
            macro_rules! jump {
                ($op:expr) => {{
                    // SAFETY: targets were checked to be slots of the program.
                    let target = unsafe { base.add($op.off as usize) };
                    if target < pc {
                        // SAFETY: both point into the program.
                        cx.fuel -= unsafe { pc.offset_from(target) } as i64;
                        if cx.fuel < 0 && !cx.refuel() {
                            return 0;
                        }
                    }
                    pc = target;
                }};
            }
            macro_rules! leave {
                () => {
                    match callers.pop() {
                        None => return regs[0],
                        Some(caller) => {
                            regs[6..10].copy_from_slice(&caller.saved);
                            regs[10] = caller.r10;
                            loops = caller.loops;
                            if cx.code != caller.code {
                                cx.code = caller.code;
                                base = cx.code().fast().as_ptr();
                            }
                            pc = caller.pc;
                        }
                    }
                };
            }
            macro_rules! enter {
                ($target:expr) => {{
                    let r10 = regs[10];
                    // SAFETY: both point into the program.
                    let at = unsafe { pc.offset_from(base) } as u32 - 1;
                    if cx.enter_frame(r10 - FRAME, at).is_err() {
                        return 0;
                    }
                    let [_, _, _, _, _, _, a, b, c, d, ..] = regs;
                    callers.push(Caller { pc, saved: [a, b, c, d], r10, loops, code: cx.code });
                    regs[10] = r10 - FRAME;
                    loops = MAX_LOOPS;
                    // SAFETY: targets were checked to be slots of the program.
                    pc = unsafe { base.add($target as usize) };
                }};
            }
            macro_rules! call {
                ($func:expr) => {{
                    let [_, a, b, c, d, e, ..] = regs;
                    cx.frame = regs[10];
                    // SAFETY: both point into the program.
                    cx.insn = unsafe { pc.offset_from(base) } as u32 - 1;
                    let func: HelperFn = $func;
                    // SAFETY: a function of the table, and the run that this engine was given.
                    let r0 = unsafe { func(cx, a, b, c, d, e) };
                    if cx.stop != stop::NONE {
                        return 0;
                    }
                    regs[0] = r0;
                }};
            }
            loop {
                // SAFETY: verified code does not run past its end: its last instruction exits or jumps, and targets
                // are slots of the program.
                let op = unsafe { *pc };
                // SAFETY: one past the end at most.
                pc = unsafe { pc.add(1) };
                match op.kind {
                    $(
                        Kind::$ar => reg!(op.dst) = AluOp::$alu.apply(reg!(op.dst), reg!(op.src)),
                        Kind::$ai => reg!(op.dst) = AluOp::$alu.apply(reg!(op.dst), op.imm as u64),
                        Kind::$awr => {
                            reg!(op.dst) = AluOp::$alu.apply(reg!(op.dst) as u32, reg!(op.src) as u32).into();
                        }
                        Kind::$awi => reg!(op.dst) = AluOp::$alu.apply(reg!(op.dst) as u32, op.imm as u32).into(),
                    )*
                    $(
                        Kind::$cr => if CmpOp::$cmp.holds(reg!(op.dst), reg!(op.src)) { jump!(op) },
                        Kind::$ci => if CmpOp::$cmp.holds(reg!(op.dst), op.imm as u64) { jump!(op) },
                        Kind::$cwr => if CmpOp::$cmp.holds(reg!(op.dst) as u32, reg!(op.src) as u32) { jump!(op) },
                        Kind::$cwi => if CmpOp::$cmp.holds(reg!(op.dst) as u32, op.imm as u32) { jump!(op) },
                    )*
                    $(
                        Kind::$load => {
                            let at = reg!(op.src).wrapping_add_signed(op.off.into());
                            // SAFETY: the analysis accepted the access.
                            reg!(op.dst) = unsafe { access::load(Size::$size, $signed, at) };
                        }
                    )*
                    $(
                        Kind::$sr => {
                            let at = reg!(op.dst).wrapping_add_signed(op.off.into());
                            // SAFETY: the analysis accepted the access.
                            unsafe { access::store(Size::$ssize, at, reg!(op.src)) };
                        }
                        Kind::$si => {
                            let at = reg!(op.dst).wrapping_add_signed(op.off.into());
                            // SAFETY: the analysis accepted the access.
                            unsafe { access::store(Size::$ssize, at, op.imm as u64) };
                        }
                    )*
                    Kind::Const => {
                        reg!(op.dst) = op.imm as u64;
                        // SAFETY: the second slot of a constant follows, and something behind it.
                        pc = unsafe { pc.add(1) };
                    }
                    Kind::Jump => jump!(op),
                    // SAFETY: `flatten` put a helper's function there.
                    Kind::Call => call!(unsafe { std::mem::transmute::<usize, HelperFn>(op.imm as usize) }),
                    Kind::CallLocal => enter!(op.off),
                    Kind::Exit => leave!(),
                    Kind::Slow => {
                        // SAFETY: both point into the program.
                        let at = unsafe { pc.offset_from(base) } as usize - 1;
                        match cx.code().ops()[at] {
                            Op::MovSx { wide: true, bits, dst, src } => {
                                reg!(dst) = sign_extend(reg!(src), bits.into());
                            }
                            Op::MovSx { wide: false, bits, dst, src } => {
                                reg!(dst) = sign_extend(reg!(src) as u32, bits.into()).into();
                            }
                            Op::ByteOrder { swap, bits, dst } => {
                                reg!(dst) = byte_order(reg!(dst), bits.into(), swap);
                            }
                            Op::Atomic { op, wide, fetch, base, off, src } => {
                                let at = reg!(base).wrapping_add_signed(off.into());
                                // SAFETY: the analysis accepted the access.
                                let old = unsafe { access::atomic(op, wide, at, reg!(src), regs[0]) };
                                if op == AtomicOp::CmpXchg {
                                    regs[0] = old;
                                } else if fetch {
                                    reg!(src) = old;
                                }
                            }
                            Op::LoadAcquire { size, dst, base, off } => {
                                let at = reg!(base).wrapping_add_signed(off.into());
                                // SAFETY: the analysis accepted the access.
                                reg!(dst) = unsafe { access::load_acquire(size, at) };
                            }
                            Op::StoreRelease { size, base, off, src } => {
                                let at = reg!(base).wrapping_add_signed(off.into());
                                // SAFETY: the analysis accepted the access.
                                unsafe { access::store_release(size, at, reg!(src)) };
                            }
                            Op::MayGoto { target } => {
                                if loops == 0 {
                                    // SAFETY: targets were checked to be slots of the program.
                                    pc = unsafe { base.add(target as usize) };
                                } else {
                                    loops -= 1;
                                }
                            }
                            Op::TailCall => {
                                let (ctx, map, index) = (regs[1], regs[2], regs[3]);
                                cx.insn = at as u32;
                                // SAFETY: the run that this engine was given.
                                if unsafe { abi::tail_call(cx, ctx, map, index) } != 0 {
                                    regs[1] = ctx;
                                    loops = MAX_LOOPS;
                                    base = cx.code().fast().as_ptr();
                                    pc = base;
                                }
                            }
                            Op::CallReg { reg } => {
                                let value = reg!(reg);
                                match cx.code().func_at(value) {
                                    Some(n) => {
                                        let target = cx.code().subprogs()[n as usize].start;
                                        enter!(target);
                                    }
                                    None => {
                                        let _ = cx.halt::<()>(FaultKind::NotAFunction, at as u32, value);
                                        return 0;
                                    }
                                }
                            }
                            Op::PacketLoad { size, index, off } => {
                                let off = i64::from(off) + index.map_or(0, |r| i64::from(reg!(r) as u32 as i32));
                                // SAFETY: the run that this engine was given.
                                let v = unsafe { abi::packet_load(cx, regs[6], off, size.bytes()) };
                                if v < 0 {
                                    regs[0] = 0;
                                    leave!();
                                } else {
                                    regs[0] = v as u64;
                                }
                            }
                            Op::CallUnknown { id } => {
                                let _ = cx.halt::<()>(FaultKind::UnknownHelper(id.into()), at as u32, id as u64);
                                return 0;
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    };
}
with_kinds!(define_run);
