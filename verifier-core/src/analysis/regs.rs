//! Registers of the current frame: reading, writing, marking.

/// Whether memory is read or written. Kernel: `enum bpf_access_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    /// `BPF_READ`.
    Read,
    /// `BPF_WRITE`.
    Write,
}

use super::Env;
use crate::error::{Res, Stop};
use crate::state::RegState;

/// How an instruction uses a register. Kernel: `enum reg_arg_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ArgUse {
    Src,
    Dst,
    DstNoMark,
}
pub(crate) fn check_reg_arg(_: &mut Env<'_>, _: u8, _: ArgUse) -> Res {
    Err(Stop::unsupported("check_reg_arg"))
}
pub(crate) fn mark_reg_known_zero(_: &mut Env<'_>, _: u8) {}
pub(crate) fn mark_reg_not_init(_: &mut Env<'_>, _: u8) {}
pub(crate) fn mark_reg_unknown(_: &mut Env<'_>, _: u8) {}
pub(crate) fn mark_reg_known(_: &mut RegState, _: u64) {}
