//! The numbers of the instruction encoding (RFC 9669 and the kernel's UAPI), each once.

/// Classes, the low three bits.
pub const LD: u8 = 0x00;
pub const LDX: u8 = 0x01;
pub const ST: u8 = 0x02;
pub const STX: u8 = 0x03;
pub const ALU: u8 = 0x04;
pub const JMP: u8 = 0x05;
pub const JMP32: u8 = 0x06;
pub const ALU64: u8 = 0x07;

/// Operand source.
pub const K: u8 = 0x00;
pub const X: u8 = 0x08;

/// Sizes of loads and stores.
pub const W: u8 = 0x00;
pub const H: u8 = 0x08;
pub const B: u8 = 0x10;
pub const DW: u8 = 0x18;

/// Modes of loads and stores.
pub const IMM: u8 = 0x00;
pub const ABS: u8 = 0x20;
pub const IND: u8 = 0x40;
pub const MEM: u8 = 0x60;
pub const MEMSX: u8 = 0x80;
pub const ATOMIC: u8 = 0xc0;

/// ALU operations.
pub const ADD: u8 = 0x00;
pub const SUB: u8 = 0x10;
pub const MUL: u8 = 0x20;
pub const DIV: u8 = 0x30;
pub const OR: u8 = 0x40;
pub const AND: u8 = 0x50;
pub const LSH: u8 = 0x60;
pub const RSH: u8 = 0x70;
pub const NEG: u8 = 0x80;
pub const MOD: u8 = 0x90;
pub const XOR: u8 = 0xa0;
pub const MOV: u8 = 0xb0;
pub const ARSH: u8 = 0xc0;
pub const END: u8 = 0xd0;

/// Byte orders of `END` (the source bit).
pub const TO_LE: u8 = 0x00;
pub const TO_BE: u8 = 0x08;

/// Jump operations.
pub const JA: u8 = 0x00;
pub const JEQ: u8 = 0x10;
pub const JGT: u8 = 0x20;
pub const JGE: u8 = 0x30;
pub const JSET: u8 = 0x40;
pub const JNE: u8 = 0x50;
pub const JSGT: u8 = 0x60;
pub const JSGE: u8 = 0x70;
pub const CALL: u8 = 0x80;
pub const EXIT: u8 = 0x90;
pub const JLT: u8 = 0xa0;
pub const JLE: u8 = 0xb0;
pub const JSLT: u8 = 0xc0;
pub const JSLE: u8 = 0xd0;
pub const JCOND: u8 = 0xe0;

/// Source field of `JCOND`.
pub const MAY_GOTO: u8 = 0;

/// Atomic operations, in the immediate.
pub const FETCH: i32 = 0x01;
pub const XCHG: i32 = 0xe0 | FETCH;
pub const CMPXCHG: i32 = 0xf0 | FETCH;
pub const LOAD_ACQ: i32 = 0x100;
pub const STORE_REL: i32 = 0x110;

/// Source field of a call.
pub const PSEUDO_CALL: u8 = 1;
pub const PSEUDO_KFUNC_CALL: u8 = 2;

/// Source field of `ldimm64`.
pub const PSEUDO_MAP_FD: u8 = 1;
pub const PSEUDO_MAP_VALUE: u8 = 2;
pub const PSEUDO_BTF_ID: u8 = 3;
pub const PSEUDO_FUNC: u8 = 4;
pub const PSEUDO_MAP_IDX: u8 = 5;
pub const PSEUDO_MAP_IDX_VALUE: u8 = 6;

/// Limits that are part of the instruction set.
pub const MAX_REG: u8 = 11;
/// Largest stack of one function, bytes.
pub const MAX_STACK: i32 = 512;
/// Width of a register, bytes; also the size of a stack slot.
pub const REG_SIZE: i32 = 8;
/// Deepest call chain, frames.
pub const MAX_CALL_FRAMES: usize = 8;

/// The same of the releases that allow most.
pub const MOST_CALL_FRAMES: usize = 16;

/// Offset of a move between address spaces; `imm` names them.
pub const ADDR_SPACE_CAST: i16 = 1;

/// Whether a code byte is an instruction at all. Kernel: `bpf_opcode_in_insntable()`.
///
/// `narrow_atomics`: 8- and 16-bit atomics exist (load-acquire and store-release, 6.15).
pub const fn is_known_opcode(code: u8, narrow_atomics: bool) -> bool {
    let op = code & 0xf0;
    let size = code & 0x18;
    match code & 0x07 {
        ALU => !(op == NEG && code & X != 0) && op <= END,
        ALU64 => !(matches!(op, NEG | END) && code & X != 0) && op <= END,
        JMP => match op {
            JA => true,
            CALL | EXIT | JCOND => code & X == 0,
            _ => op < JCOND,
        },
        JMP32 => match op {
            JA => code & X == 0,
            CALL | EXIT => false,
            _ => op < JCOND,
        },
        LD => match code & 0xe0 {
            IMM => size == DW,
            ABS | IND => size != DW,
            _ => false,
        },
        LDX => match code & 0xe0 {
            MEM => true,
            MEMSX => size != DW,
            _ => false,
        },
        ST => code & 0xe0 == MEM,
        _ => match code & 0xe0 {
            MEM => true,
            ATOMIC => matches!(size, W | DW) || narrow_atomics,
            _ => false,
        },
    }
}
