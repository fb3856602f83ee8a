//! What the system call checks before the verifier runs: flags, sizes, capabilities, attach types.
//!
//! Answers for `bpf_prog_load()`. Nothing is printed: each refusal is an error number alone.

use crate::error::{Res, Stop};
use crate::kernel::Kernel;
use crate::program::LoadRequest;
use crate::program::request::Privilege;

/// Checks the attributes of a load. Kernel: `bpf_prog_load()` up to `bpf_check()`.
pub(crate) fn check_load_attr(_req: &LoadRequest, _kernel: &Kernel, _privilege: Privilege) -> Res {
    Err(Stop::unsupported("check_load_attr"))
}
