//! Memory arguments and their sizes.
//!
//! Answers for `check_mem_size_reg()`, `check_mem_reg()`, `check_kfunc_mem_size_reg()` and `get_constant_map_key()`.

use super::meta::CallMeta;
use crate::analysis::Env;
use crate::analysis::access::{check_helper_mem_access, get_spi};
use crate::analysis::precision::{mark_chain_precision, mark_chain_precision_batch, request_precise_slot};
use crate::analysis::regs::{Access, mark_ptr_not_null_reg};
use crate::error::{CallMsg, Errno, Res};
use crate::state::{RegBase, RegState, SlotKind};

/// Sizes at or beyond this count as unbounded. Kernel: `BPF_MAX_VAR_SIZ`.
const MAX_VAR_SIZE: u64 = 1 << 29;

/// Checks a size argument together with the memory argument before it. Kernel: `check_mem_size_reg()`.
///
/// # Errors
/// Rejects unbounded sizes and memory that is too small.
pub(crate) fn check_mem_size_reg(
    env: &mut Env<'_>,
    regno: u8,
    t: Access,
    zero_size_allowed: bool,
    meta: &mut CallMeta,
) -> Res {
    let s = env.reg(regno).scalar;
    meta.msize_max_value = s.umax;
    if s.smin < 0 {
        return Err(env.reject(CallMsg::SizeNegative { regno }, Errno::EACCES));
    }
    if s.umin == 0 && !zero_size_allowed {
        return Err(env.reject(CallMsg::SizeZero { regno, umin: s.umin, umax: s.umax }, Errno::EACCES));
    }
    if s.umax >= MAX_VAR_SIZE {
        return Err(env.reject(CallMsg::SizeUnbounded { regno }, Errno::EACCES));
    }
    // The call may fill only part of memory whose size varies, so then all of it must be initialised before.
    let exact = s.var_off.is_const().then_some(meta);
    check_helper_mem_access(env, regno - 1, s.umax as i32, t, zero_size_allowed, exact)?;
    mark_chain_precision(env, regno)
}

/// Checks memory of fixed size that the callee may read and write; null passes. Kernel: `check_mem_reg()`.
///
/// # Errors
/// Rejects memory that is too small or may not be written.
pub(crate) fn check_mem_reg(env: &mut Env<'_>, regno: u8, mem_size: u32) -> Res {
    let saved = *env.reg(regno);
    if saved.is_null() {
        return Ok(());
    }
    // Whether it is null is the callee's question; here the memory behind it is checked.
    let may_be_null = saved.ty.may_be_null();
    if may_be_null {
        *env.reg_mut(regno) = mark_ptr_not_null_reg(env, saved);
    }
    let size = mem_size as i32;
    let result = check_helper_mem_access(env, regno, size, Access::Read, true, None)
        .and_then(|()| check_helper_mem_access(env, regno, size, Access::Write, true, None));
    if may_be_null {
        *env.reg_mut(regno) = saved;
    }
    result
}

/// Memory and size of a kernel function, which may read and write it. `regno` holds the size.
/// Kernel: `check_kfunc_mem_size_reg()`.
///
/// # Errors
/// As [`check_mem_size_reg`].
pub(crate) fn check_kfunc_mem_size_reg(env: &mut Env<'_>, regno: u8) -> Res {
    let Some(mem) = regno.checked_sub(1).filter(|m| *m > 0) else { return Err(env.bug("size without memory")) };
    let saved = *env.reg(mem);
    let may_be_null = saved.ty.may_be_null();
    if may_be_null {
        *env.reg_mut(mem) = mark_ptr_not_null_reg(env, saved);
    }
    let mut meta = CallMeta::default();
    let result = check_mem_size_reg(env, regno, Access::Read, true, &mut meta)
        .and_then(|()| check_mem_size_reg(env, regno, Access::Write, true, &mut meta));
    if may_be_null {
        *env.reg_mut(mem) = saved;
    }
    result
}

/// The key on the stack that a register points to, if the verifier knows it; it then counts as precise.
/// Kernel: `get_constant_map_key()` (6.14).
pub(super) fn constant_map_key(env: &mut Env<'_>, key: &RegState, key_size: u32) -> Res<Option<u64>> {
    if !env.caps.bpf_capable || !key.ty.is(RegBase::PtrToStack) || !key.scalar.var_off.is_const() {
        return Ok(None);
    }
    let off = key.off.wrapping_add(key.scalar.var_off.value as i32);
    let below = off.wrapping_neg().wrapping_sub(1);
    let (Ok(spi), Ok(first)) = (usize::try_from(get_spi(off)), usize::try_from(below % 8)) else { return Ok(None) };
    let frame = key.frameno as usize;
    let Some(slot) = env.cur.frames.get(frame).and_then(|f| f.stack.get(spi)) else { return Ok(None) };
    let run = |kind: SlotKind| slot.kind[..=first].iter().rev().take_while(|k| **k == kind).count() as u32;
    if run(SlotKind::Zero) >= key_size {
        return Ok(Some(0));
    }
    if !slot.is_spilled_scalar() || run(SlotKind::Spill) != key_size || !slot.spilled.scalar.var_off.is_const() {
        return Ok(None);
    }
    let key = slot.spilled.scalar.var_off.value;
    request_precise_slot(env, frame, spi);
    mark_chain_precision_batch(env)?;
    Ok(Some(key))
}
