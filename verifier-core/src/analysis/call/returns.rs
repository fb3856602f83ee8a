//! What a program may return. Answers for `check_return_code()`.

use crate::analysis::Env;
use crate::error::{Res, Stop};

/// Checks the value that the program leaves in a register. Kernel: `check_return_code()`.
pub(crate) fn check_return_code(_env: &mut Env<'_>, _regno: u8, _reg_name: &'static str) -> Res {
    Err(Stop::unsupported("check_return_code"))
}
