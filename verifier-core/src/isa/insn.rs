//! One 8-byte instruction slot and the questions everybody asks of it.
//!
//! Answers for `struct bpf_insn`. A slot is kept undecoded, because the kernel checks reserved fields late and
//! prints what it was given; the typed view of the code byte is in [`super::opcode`].

use super::opcode::*;

/// Index of an instruction slot in a program (a 16-byte `ldimm64` takes two).
pub type InsnIdx = usize;

/// One instruction slot, fields as in `struct bpf_insn`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Insn {
    /// Class, operation or size, and source or mode.
    pub code: u8,
    /// Destination register, 0..=15 as encoded (only 0..=10 are registers).
    pub dst: u8,
    /// Source register or a pseudo marker such as [`PSEUDO_CALL`].
    pub src: u8,
    /// Signed offset of a jump or a memory operand.
    pub off: i16,
    /// Immediate operand.
    pub imm: i32,
}

impl Insn {
    /// Decodes one little-endian slot.
    pub const fn from_bytes(b: [u8; 8]) -> Insn {
        Insn {
            code: b[0],
            dst: b[1] & 0x0f,
            src: b[1] >> 4,
            off: i16::from_le_bytes([b[2], b[3]]),
            imm: i32::from_le_bytes([b[4], b[5], b[6], b[7]]),
        }
    }

    /// Encodes the slot, little endian.
    pub const fn to_bytes(self) -> [u8; 8] {
        let o = self.off.to_le_bytes();
        let i = self.imm.to_le_bytes();
        [self.code, (self.src << 4) | (self.dst & 0x0f), o[0], o[1], i[0], i[1], i[2], i[3]]
    }

    /// The instruction class, one of `LD LDX ST STX ALU JMP JMP32 ALU64` of [`super::opcode`].
    pub const fn class(self) -> u8 {
        self.code & 0x07
    }

    /// The operation bits of an ALU or jump instruction.
    pub const fn op(self) -> u8 {
        self.code & 0xf0
    }

    /// The operand source bit: [`K`] or [`X`].
    pub const fn source(self) -> u8 {
        self.code & 0x08
    }

    /// Whether the operand that is not used is given as well: a constant beside a register, or the other way round.
    pub const fn sets_other_operand(self) -> bool {
        if self.is_reg_src() { self.imm != 0 } else { self.src != 0 }
    }

    /// Whether the second operand is a register.
    pub const fn is_reg_src(self) -> bool {
        self.code & 0x08 == X
    }

    /// The size bits of a load or store.
    pub const fn size_bits(self) -> u8 {
        self.code & 0x18
    }

    /// The mode bits of a load or store.
    pub const fn mode(self) -> u8 {
        self.code & 0xe0
    }

    /// Bytes that a load or store touches: 1, 2, 4 or 8.
    pub const fn access_size(self) -> u32 {
        match self.code & 0x18 {
            B => 1,
            H => 2,
            W => 4,
            _ => 8,
        }
    }

    /// Whether this slot begins a 16-byte `ldimm64`.
    pub const fn is_ldimm64(self) -> bool {
        self.code == (LD | IMM | DW)
    }

    /// Whether the class is `ALU` or `ALU64`.
    pub const fn is_alu(self) -> bool {
        matches!(self.class(), ALU | ALU64)
    }

    /// Whether the class is `JMP` or `JMP32`.
    pub const fn is_jmp_class(self) -> bool {
        matches!(self.class(), JMP | JMP32)
    }

    /// A call of any kind.
    pub const fn is_call(self) -> bool {
        self.code == (JMP | CALL)
    }

    /// A call of a helper by number.
    pub const fn is_helper_call(self) -> bool {
        self.is_call() && self.src == 0
    }

    /// A call of a program-local function. Kernel: `bpf_pseudo_call()`.
    pub const fn is_pseudo_call(self) -> bool {
        self.is_call() && self.src == PSEUDO_CALL
    }

    /// A call of a kernel function by BTF id. Kernel: `bpf_pseudo_kfunc_call()`.
    pub const fn is_kfunc_call(self) -> bool {
        self.is_call() && self.src == PSEUDO_KFUNC_CALL
    }

    /// An `ldimm64` that takes the address of a local function. Kernel: `bpf_pseudo_func()`.
    pub const fn is_pseudo_func(self) -> bool {
        self.is_ldimm64() && self.src == PSEUDO_FUNC
    }

    /// `exit`.
    pub const fn is_exit(self) -> bool {
        self.code == (JMP | EXIT)
    }

    /// A load with acquire or a store with release ordering (6.15).
    pub const fn is_ordered_access(self) -> bool {
        self.class() == STX && self.mode() == ATOMIC && matches!(self.imm, LOAD_ACQ | STORE_REL)
    }

    /// `may_goto`. Kernel: `is_may_goto_insn()`.
    pub const fn is_may_goto(self) -> bool {
        self.code == (JMP | JCOND) && self.src == MAY_GOTO
    }

    /// Target of a jump relative to its own index: 32-bit for `gotol`, otherwise the 16-bit field.
    pub const fn jump_offset(self) -> i32 {
        if self.code == (JMP32 | JA) { self.imm } else { self.off as i32 }
    }
}

/// Splits a byte string into instruction slots.
///
/// Returns `None` when the length is not a multiple of eight.
pub fn decode_all(bytes: &[u8]) -> Option<Vec<Insn>> {
    let (slots, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| slots.iter().map(|b| Insn::from_bytes(*b)).collect())
}
