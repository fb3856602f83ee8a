//! Kernel functions that programs may call.

pub(crate) mod graph;

use super::Env;
use crate::error::{Res, Stop};
use crate::isa::Insn;

/// Kernel functions that the program's instructions name, found before the walk. Kernel: `struct bpf_kfunc_desc_tab`.
#[derive(Clone, Debug, Default)]
pub struct KfuncTable {}

/// What is known of one kfunc call. Kernel: `struct bpf_kfunc_call_arg_meta`.
#[derive(Clone, Debug, Default)]
pub(crate) struct KfuncMeta {}

/// Finds a kfunc that an instruction names. Kernel: `add_kfunc_call()`.
pub(crate) fn add_kfunc_call(_env: &mut Env, _func_id: i32, _off: i16) -> Res {
    Err(Stop::unsupported("kfunc"))
}

/// Kernel: `check_kfunc_call()`.
pub(crate) fn check_kfunc_call(_env: &mut Env, _insn: Insn, _insn_idx: &mut usize) -> Res {
    Err(Stop::unsupported("kfunc"))
}

/// The name of a kfunc an instruction calls, for the disassembler. Kernel: `disasm_kfunc_name()`.
pub fn kfunc_name(_env: &Env, _insn: Insn) -> Option<String> {
    None
}

/// `bpf_iter_*_next()`. Kernel: `is_iter_next_kfunc()` on the call's meta.
pub(crate) fn is_iter_next_kfunc(_env: &Env, _insn: Insn) -> bool {
    false
}

/// Kernel: `is_sync_callback_calling_kfunc()`.
pub(crate) fn is_sync_callback_calling_kfunc(_env: &Env, _insn: Insn) -> bool {
    false
}

/// Kernel: `is_async_callback_calling_kfunc()`.
pub(crate) fn is_async_callback_calling_kfunc(_env: &Env, _insn: Insn) -> bool {
    false
}

/// Kernel: `is_bpf_throw_kfunc()`.
pub(crate) fn is_bpf_throw_kfunc(_env: &Env, _insn: Insn) -> bool {
    false
}

/// May be called while a spin lock is held: list, tree and refcount functions. Kernel: `is_bpf_graph_api_kfunc()`.
pub(crate) fn is_bpf_graph_api_kfunc(_env: &Env, _insn: Insn) -> bool {
    false
}

/// Tree functions, whose callbacks run under the lock. Kernel: `is_rbtree_lock_required_kfunc()`.
pub(crate) fn is_rbtree_lock_required_kfunc(_env: &Env, _insn: Insn) -> bool {
    false
}

/// Whether the kfunc may sleep, may move packet data; for subprogram summaries. Kernel: `fetch_kfunc_meta()` in `visit_insn()`.
pub(crate) fn is_kfunc_sleepable(_env: &Env, _insn: Insn) -> bool {
    false
}

/// Registers a fastcall kfunc clobbers, and whether the JIT inlines it. Kernel: `kfunc_fastcall_clobber_mask()`,
/// `is_fastcall_kfunc_call()`.
pub(crate) fn kfunc_fastcall(_env: &Env, _insn: Insn) -> Option<(u32, bool)> {
    None
}
