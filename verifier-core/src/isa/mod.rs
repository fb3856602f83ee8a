//! The instruction set: what an instruction is, how it is decoded and how the kernel prints it.

pub mod asm;
pub mod cbpf;
pub mod disasm;
pub mod insn;
pub mod op;
pub mod opcode;
pub mod semantics;
pub mod word;

pub use insn::{Insn, InsnIdx, decode_all};
pub use op::{AtomicOp, Callee, Effect, Flow, Op, Regs, Src, Touch};
