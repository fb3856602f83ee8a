//! One instruction decoded: what it does, which registers it reads and writes, what it touches, where control goes on.
//!
//! This is the one table of the instruction set. Whoever asks what an instruction is matches [`Op`] without a rest, so a
//! new instruction is a new variant here and the compiler names everyone who has to know it. Decoding goes by class,
//! operation and mode; fields that a kernel wants to be zero are not looked at, because it complains of them late.

use super::insn::Insn;
use super::opcode::*;
use super::semantics::{AluOp, CmpOp};

/// A set of registers, bit n for rn.
pub type Regs = u16;

/// R0 to R5: what a call may change.
pub const CALL_CHANGES: Regs = 0b11_1111;
/// R1 to R5: what a call may be given.
pub const CALL_ARGS: Regs = 0b11_1110;

/// A register as a set.
pub const fn set_of(reg: u8) -> Regs {
    1 << (reg & 15)
}

/// Second operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Src {
    /// A register.
    Reg(u8),
    /// The immediate.
    Imm(i32),
}

impl Src {
    const fn of(insn: Insn) -> Src {
        if insn.is_reg_src() { Src::Reg(insn.src) } else { Src::Imm(insn.imm) }
    }

    /// The registers that it reads.
    pub const fn regs(self) -> Regs {
        match self {
            Src::Reg(r) => set_of(r),
            Src::Imm(_) => 0,
        }
    }
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Callee {
    /// A helper, by number.
    Helper(i32),
    /// A function of the program, by distance from the next instruction.
    Local(i32),
    /// A kernel function, by BTF id.
    Kernel(i32),
    /// The source field says something that means nothing.
    Unknown,
}

/// Read-modify-write operations.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum AtomicOp {
    Add,
    Or,
    And,
    Xor,
    /// The old value goes to the source register.
    Xchg,
    /// Compares with r0; the old value goes to r0.
    CmpXchg,
}

impl AtomicOp {
    /// The operation that an immediate names, if it names one.
    pub const fn decode(imm: i32) -> Option<AtomicOp> {
        const ADDED: i32 = ADD as i32;
        const ORED: i32 = OR as i32;
        const ANDED: i32 = AND as i32;
        const XORED: i32 = XOR as i32;
        Some(match imm {
            XCHG => AtomicOp::Xchg,
            CMPXCHG => AtomicOp::CmpXchg,
            _ => match imm & !FETCH {
                ADDED => AtomicOp::Add,
                ORED => AtomicOp::Or,
                ANDED => AtomicOp::And,
                XORED => AtomicOp::Xor,
                _ => return None,
            },
        })
    }
}

/// One instruction. Distances count from the instruction behind it; sizes are bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Op {
    /// `wide`: 64 bits; otherwise on low halves, with a result whose high half is zero. Plain moves are here.
    Alu {
        op: AluOp,
        wide: bool,
        dst: u8,
        src: Src,
    },
    /// A move of a register that changes the value: the low `kind` bits sign-extended, or between address spaces where
    /// `kind` is 1.
    MoveAs {
        wide: bool,
        kind: i16,
        dst: u8,
        src: u8,
    },
    /// The low `bits` reversed with `swap`, and cut off without.
    ByteOrder {
        swap: bool,
        bits: i32,
        dst: u8,
    },
    /// A 64-bit constant; `marker` says of what. Takes two slots.
    Const {
        dst: u8,
        marker: u8,
    },
    /// The second slot of a constant; control never comes here.
    Rest,
    Load {
        size: u8,
        signed: bool,
        dst: u8,
        base: u8,
        off: i16,
    },
    Store {
        size: u8,
        base: u8,
        off: i16,
        src: Src,
    },
    /// `fetch`: the old value goes to `src`, or to r0 when compared.
    Atomic {
        op: Option<AtomicOp>,
        size: u8,
        fetch: bool,
        base: u8,
        off: i16,
        src: u8,
    },
    LoadAcquire {
        size: u8,
        dst: u8,
        base: u8,
        off: i16,
    },
    StoreRelease {
        size: u8,
        base: u8,
        off: i16,
        src: u8,
    },
    /// `LD_ABS` and `LD_IND`: from the packet of the context in r6, at the immediate plus a register. Too far, it ends
    /// the function.
    PacketLoad {
        size: u8,
        index: Option<u8>,
    },
    Jump {
        by: i32,
    },
    /// Where the address of an instruction in the register says, of 6.19. It comes from a jump table.
    JumpTo {
        reg: u8,
    },
    Branch {
        cmp: CmpOp,
        wide: bool,
        dst: u8,
        src: Src,
        by: i32,
    },
    /// Jumps when the frame's budget of rounds is used up.
    MayGoto {
        by: i32,
    },
    Call {
        callee: Callee,
    },
    /// `callx`: a number in a register. No kernel takes it.
    CallReg {
        reg: u8,
    },
    Exit,
    /// No instruction at all.
    Unknown,
}

/// What an instruction does to registers. Calls are taken to use all arguments: how many there are, the callee tells.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Effect {
    /// Registers that are written, or hold nothing afterwards.
    pub defs: Regs,
    /// Registers that are read.
    pub uses: Regs,
    /// Of those read: the ones of which only the low half counts.
    pub low: Regs,
    /// Of those written: the ones whose high half becomes zero.
    pub cleared: Regs,
}

/// What an instruction touches in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Touch {
    /// Register with the address.
    pub base: u8,
    /// Added to it.
    pub off: i16,
    /// Bytes.
    pub size: u8,
    /// Memory is read.
    pub reads: bool,
    /// Memory is written.
    pub writes: bool,
}

/// Where control goes on. Distances count from the next slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// To the next instruction.
    Next,
    /// Elsewhere.
    Jump(i32),
    /// To the next one or elsewhere.
    Branch(i32),
    /// To where jump tables say.
    Table,
    /// The function ends.
    End,
}

const fn atomic(insn: Insn) -> Op {
    let (size, off) = (insn.access_size() as u8, insn.off);
    match insn.imm {
        LOAD_ACQ => Op::LoadAcquire { size, dst: insn.dst, base: insn.src, off },
        STORE_REL => Op::StoreRelease { size, base: insn.dst, off, src: insn.src },
        imm => {
            let op = AtomicOp::decode(imm);
            Op::Atomic { op, size, fetch: imm & FETCH != 0, base: insn.dst, off, src: insn.src }
        }
    }
}

const fn arithmetic(insn: Insn) -> Op {
    let (wide, dst) = (insn.class() == ALU64, insn.dst);
    match insn.op() {
        END => Op::ByteOrder { swap: wide || insn.source() == TO_BE, bits: insn.imm, dst },
        MOV if insn.is_reg_src() && insn.off != 0 => Op::MoveAs { wide, kind: insn.off, dst, src: insn.src },
        NEG => Op::Alu { op: AluOp::Neg, wide, dst, src: Src::Imm(0) },
        op => match AluOp::decode(op, insn.off) {
            Some(op) => Op::Alu { op, wide, dst, src: Src::of(insn) },
            None => Op::Unknown,
        },
    }
}

const fn jump(insn: Insn) -> Op {
    let (wide, by) = (insn.class() == JMP, insn.jump_offset());
    match insn.op() {
        JA if !insn.is_reg_src() => Op::Jump { by },
        JA if wide => Op::JumpTo { reg: insn.dst },
        JCOND if wide => Op::MayGoto { by },
        EXIT if wide => Op::Exit,
        CALL if wide && insn.is_reg_src() => {
            Op::CallReg { reg: if insn.dst == 0 && insn.imm >= 0 && insn.imm < 11 { insn.imm as u8 } else { insn.dst } }
        }
        CALL if wide => Op::Call {
            callee: match insn.src {
                0 => Callee::Helper(insn.imm),
                PSEUDO_CALL => Callee::Local(insn.imm),
                PSEUDO_KFUNC_CALL => Callee::Kernel(insn.imm),
                _ => Callee::Unknown,
            },
        },
        op => match CmpOp::decode(op) {
            Some(cmp) => Op::Branch { cmp, wide, dst: insn.dst, src: Src::of(insn), by },
            None => Op::Unknown,
        },
    }
}

impl Insn {
    /// What it is.
    pub const fn decode(self) -> Op {
        let (size, off) = (self.access_size() as u8, self.off);
        match (self.class(), self.mode()) {
            (ALU | ALU64, _) => arithmetic(self),
            (JMP | JMP32, _) => jump(self),
            (LDX, MEM | MEMSX) => Op::Load { size, signed: self.mode() == MEMSX, dst: self.dst, base: self.src, off },
            (ST, MEM) => Op::Store { size, base: self.dst, off, src: Src::Imm(self.imm) },
            (STX, MEM) => Op::Store { size, base: self.dst, off, src: Src::Reg(self.src) },
            (STX, ATOMIC) => atomic(self),
            (LD, IMM) if self.is_ldimm64() => Op::Const { dst: self.dst, marker: self.src },
            (LD, IMM) if self.code == 0 => Op::Rest,
            (LD, ABS) if size < 8 => Op::PacketLoad { size, index: None },
            (LD, IND) if size < 8 => Op::PacketLoad { size, index: Some(self.src) },
            _ => Op::Unknown,
        }
    }
}

/// `regs` if `is`, else none.
const fn only(is: bool, regs: Regs) -> Regs {
    if is { regs } else { 0 }
}

impl Op {
    /// What it does to registers.
    pub const fn effect(self) -> Effect {
        const NONE: Effect = Effect { defs: 0, uses: 0, low: 0, cleared: 0 };
        match self {
            Op::Alu { op, wide, dst, src } => {
                let defs = set_of(dst);
                let uses = src.regs() | only(!matches!(op, AluOp::Mov), defs);
                Effect { defs, uses, low: only(!wide, uses), cleared: only(!wide, defs) }
            }
            Op::MoveAs { wide, dst, src, .. } => {
                let (defs, uses) = (set_of(dst), set_of(src));
                Effect { defs, uses, low: only(!wide, uses), cleared: only(!wide, defs) }
            }
            Op::ByteOrder { bits, dst, .. } => {
                let own = set_of(dst);
                Effect { defs: own, uses: own, low: 0, cleared: only(bits != 64, own) }
            }
            Op::Const { dst, .. } => Effect { defs: set_of(dst), ..NONE },
            Op::Load { size, signed, dst, base, .. } => {
                let defs = set_of(dst);
                Effect { defs, uses: set_of(base), low: 0, cleared: only(size < 8 && !signed, defs) }
            }
            Op::LoadAcquire { size, dst, base, .. } => {
                let defs = set_of(dst);
                Effect { defs, uses: set_of(base), low: 0, cleared: only(size < 8, defs) }
            }
            Op::Store { size, base, src, .. } => stores(base, src.regs(), size),
            Op::StoreRelease { size, base, src, .. } => stores(base, set_of(src), size),
            Op::Atomic { op, size, fetch, base, src, .. } => {
                let compares = matches!(op, Some(AtomicOp::CmpXchg));
                let defs = only(fetch, set_of(if compares { 0 } else { src }));
                let stored = stores(base, set_of(src) | only(compares, set_of(0)), size);
                Effect { defs, cleared: only(size < 8, defs), ..stored }
            }
            Op::PacketLoad { index, .. } => {
                let index = if let Some(r) = index { set_of(r) } else { 0 };
                Effect { defs: CALL_CHANGES, uses: set_of(6) | index, low: 0, cleared: set_of(0) }
            }
            Op::Branch { wide, dst, src, .. } => {
                let uses = set_of(dst) | src.regs();
                Effect { uses, low: only(!wide, uses), ..NONE }
            }
            Op::Call { .. } => Effect { defs: CALL_CHANGES, uses: CALL_ARGS, ..NONE },
            Op::CallReg { reg } => Effect { defs: CALL_CHANGES, uses: CALL_ARGS | set_of(reg), ..NONE },
            Op::JumpTo { reg } => Effect { uses: set_of(reg), ..NONE },
            Op::Exit => Effect { uses: set_of(0), ..NONE },
            Op::Rest | Op::Jump { .. } | Op::MayGoto { .. } | Op::Unknown => NONE,
        }
    }

    /// What it touches through a register. Loads from packets have rules of their own and are not here.
    pub const fn touch(self) -> Option<Touch> {
        Some(match self {
            Op::Load { size, base, off, .. } | Op::LoadAcquire { size, base, off, .. } => {
                Touch { base, off, size, reads: true, writes: false }
            }
            Op::Store { size, base, off, .. } | Op::StoreRelease { size, base, off, .. } => {
                Touch { base, off, size, reads: false, writes: true }
            }
            Op::Atomic { size, base, off, .. } => Touch { base, off, size, reads: true, writes: true },
            Op::Alu { .. }
            | Op::MoveAs { .. }
            | Op::ByteOrder { .. }
            | Op::Const { .. }
            | Op::Rest
            | Op::PacketLoad { .. }
            | Op::Jump { .. }
            | Op::JumpTo { .. }
            | Op::Branch { .. }
            | Op::MayGoto { .. }
            | Op::Call { .. }
            | Op::CallReg { .. }
            | Op::Exit
            | Op::Unknown => return None,
        })
    }

    /// The register that a load or a fetching atomic operation puts memory's value into.
    pub const fn loaded(self) -> Option<u8> {
        match self {
            Op::Load { dst, .. } => Some(dst),
            _ => self.loaded_by_atomic(),
        }
    }

    /// The register that an atomic operation puts memory's value into.
    pub const fn loaded_by_atomic(self) -> Option<u8> {
        match self {
            Op::LoadAcquire { dst, .. } => Some(dst),
            Op::Atomic { op: Some(AtomicOp::CmpXchg), .. } => Some(0),
            Op::Atomic { fetch: true, src, .. } => Some(src),
            _ => None,
        }
    }

    /// Where control goes on.
    pub const fn flow(self) -> Flow {
        match self {
            Op::Jump { by } => Flow::Jump(by),
            Op::Branch { by, .. } | Op::MayGoto { by } => Flow::Branch(by),
            Op::JumpTo { .. } => Flow::Table,
            Op::Exit => Flow::End,
            Op::Alu { .. }
            | Op::MoveAs { .. }
            | Op::ByteOrder { .. }
            | Op::Const { .. }
            | Op::Rest
            | Op::Load { .. }
            | Op::Store { .. }
            | Op::Atomic { .. }
            | Op::LoadAcquire { .. }
            | Op::StoreRelease { .. }
            | Op::PacketLoad { .. }
            | Op::Call { .. }
            | Op::CallReg { .. }
            | Op::Unknown => Flow::Next,
        }
    }

    /// Slots that it takes.
    pub const fn slots(self) -> usize {
        if matches!(self, Op::Const { .. }) { 2 } else { 1 }
    }
}

/// A store of these registers: an address counts as a whole, a value as far as it is stored.
const fn stores(base: u8, values: Regs, size: u8) -> Effect {
    let base = set_of(base);
    Effect { defs: 0, uses: base | values, low: only(size < 8, values & !base), cleared: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(code: u8, dst: u8, src: u8, imm: i32) -> Effect {
        Insn { code, dst, src, off: 0, imm }.decode().effect()
    }

    #[test]
    fn a_move_reads_only_what_it_copies() {
        assert_eq!(effect(ALU64 | MOV | X, 1, 2, 0), Effect { defs: 2, uses: 4, low: 0, cleared: 0 });
        assert_eq!(effect(ALU64 | MOV | K, 1, 0, 7).uses, 0);
    }

    #[test]
    fn narrow_arithmetic_reads_low_halves_and_clears_the_high_one() {
        assert_eq!(effect(ALU | ADD | X, 1, 2, 0), Effect { defs: 2, uses: 6, low: 6, cleared: 2 });
        assert_eq!(effect(ALU64 | ADD | X, 1, 2, 0), Effect { defs: 2, uses: 6, low: 0, cleared: 0 });
    }

    #[test]
    fn a_narrow_store_needs_the_whole_address() {
        assert_eq!(effect(STX | MEM | W, 1, 2, 0), Effect { defs: 0, uses: 6, low: 4, cleared: 0 });
        assert_eq!(effect(STX | MEM | W, 2, 2, 0).low, 0, "an address that is stored is an address");
    }

    #[test]
    fn what_atomic_operations_yield_goes_where_they_say() {
        assert_eq!(effect(STX | ATOMIC | DW, 1, 2, ADD.into()).defs, 0);
        assert_eq!(effect(STX | ATOMIC | DW, 1, 2, XCHG).defs, 4);
        assert_eq!(effect(STX | ATOMIC | DW, 1, 2, CMPXCHG), Effect { defs: 1, uses: 7, low: 0, cleared: 0 });
        assert_eq!(effect(STX | ATOMIC | W, 1, 2, LOAD_ACQ), Effect { defs: 2, uses: 4, low: 0, cleared: 2 });
        assert_eq!(effect(STX | ATOMIC | DW, 1, 2, STORE_REL).defs, 0);
    }

    #[test]
    fn a_call_leaves_what_it_must_keep() {
        assert_eq!(effect(JMP | CALL, 0, 0, 1).defs & 0b11_1100_0000, 0);
        assert_eq!(effect(JMP | EXIT, 0, 0, 0), Effect { uses: 1, ..Effect::default() });
    }

    #[test]
    fn every_known_code_decodes_and_no_other() {
        for code in 0..=u8::MAX {
            let op = Insn { code, ..Insn::default() }.decode();
            let known = is_known_opcode(code, true);
            let unknown = matches!(op, Op::Unknown | Op::Rest | Op::CallReg { .. });
            // Forms that no kernel's table has, and that are refused before anybody asks what they are.
            let register = |code: u8| code | X;
            let odd = [ALU | NEG, ALU64 | NEG, ALU64 | END, JMP | JCOND, JMP | EXIT].map(register);
            let lenient = code == LDX | MEMSX | DW || odd.contains(&code);
            assert!(known != unknown || lenient, "{code:#04x}: {op:?}");
        }
    }

    #[test]
    fn an_access_names_its_address() {
        let touch = |code, imm| {
            Insn { code, dst: 1, src: 2, off: -8, imm }.decode().touch().map(|t| (t.base, t.reads, t.writes))
        };
        assert_eq!(touch(LDX | MEM | W, 0), Some((2, true, false)));
        assert_eq!(touch(STX | MEM | W, 0), Some((1, false, true)));
        assert_eq!(touch(STX | ATOMIC | W, 0), Some((1, true, true)));
        assert_eq!(touch(STX | ATOMIC | W, LOAD_ACQ), Some((2, true, false)));
        assert_eq!(touch(LD | ABS | W, 0), None);
    }
}
