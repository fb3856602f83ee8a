//! What arithmetic and comparisons do to registers.
<<<<<<< HEAD

use super::Env;
use crate::error::{Res, Stop};
use crate::isa::Insn;

pub(crate) fn check_alu_op(_: &mut Env<'_>, _: Insn) -> Res {
    Err(Stop::unsupported("check_alu_op"))
}
pub(crate) fn check_cond_jmp_op(_: &mut Env<'_>, _: Insn, _: &mut usize) -> Res {
    Err(Stop::unsupported("check_cond_jmp_op"))
}
=======
//!
//! Answers for `check_alu_op()`, `check_cond_jmp_op()` and what they call.

mod alu;
mod jump;
mod linked;
mod packet;
mod ptr;
mod sanitize;

pub(crate) use alu::check_alu_op;
pub(crate) use jump::check_cond_jmp_op;
pub(crate) use ptr::check_reg_sane_offset;
pub(crate) use sanitize::mark_insn_seen;
>>>>>>> f45e950 (wip: abstract operators over words)
