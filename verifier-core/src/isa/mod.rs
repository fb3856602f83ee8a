//! The instruction set: what an instruction is, how it is decoded and how the kernel prints it.

pub mod asm;
pub mod cbpf;
pub mod disasm;
pub mod insn;
pub mod opcode;
pub mod semantics;
pub mod word;

pub use insn::{Insn, InsnIdx, decode_all};
