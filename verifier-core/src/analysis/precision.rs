//! Which scalars must be known exactly. Kernel: `mark_chain_precision()` and below.

use super::Env;
use crate::error::{Res, Stop};

/// History flag: the source operand is a stack pointer. Kernel: `INSN_F_SRC_REG_STACK`.
pub(crate) const F_SRC_REG_STACK: u16 = 1 << 11;
/// History flag: the destination operand is a stack pointer. Kernel: `INSN_F_DST_REG_STACK`.
pub(crate) const F_DST_REG_STACK: u16 = 1 << 10;
/// History flag: the instruction accesses a stack slot. Kernel: `INSN_F_STACK_ACCESS`.
pub(crate) const F_STACK_ACCESS: u16 = 1 << 9;

/// History flags of an access to a stack slot. Kernel: `insn_stack_access_flags()`.
pub(crate) const fn insn_stack_access_flags(frameno: usize, spi: usize) -> u16 {
    F_STACK_ACCESS | ((spi as u16 & 63) << 3) | (frameno as u16 & 7)
}

/// A register or stack slot linked to an operand. Kernel: `struct linked_reg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkedReg {
    /// Frame.
    pub frame: u8,
    /// Register number, or slot index.
    pub index: u8,
    /// Which of both.
    pub is_reg: bool,
}

/// Registers and slots linked by one id. Kernel: `struct linked_regs`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LinkedRegs {
    entries: [LinkedReg; LinkedRegs::MAX],
    len: usize,
}

impl LinkedRegs {
    /// Most that are kept. Kernel: `LINKED_REGS_MAX`.
    pub const MAX: usize = 6;

    /// Adds one; `false` when full. Kernel: `linked_regs_push()`.
    pub fn push(&mut self, e: LinkedReg) -> bool {
        match self.entries.get_mut(self.len) {
            Some(place) => {
                *place = e;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// What was pushed, in order.
    pub fn entries(&self) -> &[LinkedReg] {
        &self.entries[..self.len]
    }

    /// Ten bits each and a count, as histories hold them. Kernel: `linked_regs_pack()`.
    pub fn pack(&self) -> u64 {
        let body = self.entries().iter().fold(0u64, |v, e| {
            (v << 10) | u64::from(e.frame & 7) | (u64::from(e.index & 63) << 3) | (u64::from(e.is_reg) << 9)
        });
        (body << 4) | self.len as u64
    }

    /// The reverse of [`LinkedRegs::pack`]; the order is reversed too. Kernel: `linked_regs_unpack()`.
    pub fn unpack(val: u64) -> LinkedRegs {
        let mut out = LinkedRegs::default();
        let mut body = val >> 4;
        for _ in 0..val & 15 {
            out.push(LinkedReg {
                frame: (body & 7) as u8,
                index: (body >> 3 & 63) as u8,
                is_reg: body >> 9 & 1 != 0,
            });
            body >>= 10;
        }
        out
    }
}

/// The register's exact value matters. Kernel: `mark_chain_precision()`.
pub(crate) fn mark_chain_precision(env: &mut Env<'_>, regno: u8) -> Res {
    let _ = (env, regno);
    Err(Stop::unsupported("mark_chain_precision"))
}

/// Propagates marks requested with [`request_precise_reg`] and [`request_precise_slot`]. Kernel: `mark_chain_precision_batch()`.
pub(crate) fn mark_chain_precision_batch(env: &mut Env<'_>) -> Res {
    let _ = env;
    Err(Stop::unsupported("mark_chain_precision_batch"))
}

/// Kernel: `bt_set_frame_reg()` before a batch.
pub(crate) fn request_precise_reg(env: &mut Env<'_>, frame: usize, regno: u8) {
    let _ = (env, frame, regno);
}

/// Kernel: `bt_set_frame_slot()` before a batch.
pub(crate) fn request_precise_slot(env: &mut Env<'_>, frame: usize, spi: usize) {
    let _ = (env, frame, spi);
}
