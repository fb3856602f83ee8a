//! What arithmetic and comparisons do to registers.

use super::Env;
use crate::error::{Res, Stop};
use crate::isa::Insn;

pub(crate) fn check_alu_op(_: &mut Env<'_>, _: Insn) -> Res {
    Err(Stop::unsupported("check_alu_op"))
}
pub(crate) fn check_cond_jmp_op(_: &mut Env<'_>, _: Insn, _: &mut usize) -> Res {
    Err(Stop::unsupported("check_cond_jmp_op"))
}
