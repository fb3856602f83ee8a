//! What arithmetic and comparisons do to registers.
//!
//! Answers for `check_alu_op()`, `check_cond_jmp_op()` and what they call.

mod alu;
mod jump;
mod linked;
mod packet;
mod ptr;
mod sanitize;

pub(crate) use alu::do_arithmetic;
pub(crate) use jump::{conditional_jump, jump_by_table, may_goto};
