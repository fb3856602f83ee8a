//! Memory arguments and their sizes.
//!
//! Answers for `check_mem_size_reg()`, `check_mem_reg()`, `check_kfunc_mem_size_reg()` and `get_constant_map_key()`.
//!
//! In the kernel: `BPF_MAX_VAR_SIZ`.

use super::meta::CallMeta;
use crate::analysis::Cx;
use crate::analysis::access::{memory_argument, slot_of};
use crate::analysis::asks::Needed;
use crate::analysis::regs::need_exactly;
use crate::analysis::regs::{Access, known_not_null};
use crate::error::{CallMsg, Errno, Res};
use crate::state::{RegBase, RegState, SlotKind};

/// Sizes at or beyond this count as unbounded.
const MAX_VAR_SIZE: u64 = 1 << 29;

/// Checks a size argument together with the memory argument before it.
///
/// # Errors
/// Rejects unbounded sizes and memory that is too small.
pub(crate) fn memory_and_size(
    cx: &mut Cx<'_>,
    regno: u8,
    t: Access,
    zero_size_allowed: bool,
    meta: &mut CallMeta,
) -> Res {
    let s = cx.reg(regno).scalar;
    meta.msize_max_value = s.umax;
    if s.smin < 0 {
        return Err(cx.reject(CallMsg::SizeNegative { regno }, Errno::EACCES));
    }
    if s.umin == 0 && !cx.program.kernel.features.zero_sizes_by_argument {
        memory_argument(cx, regno - 1, 0, t, zero_size_allowed, None)?;
    } else if s.umin == 0 && !zero_size_allowed {
        return Err(cx.reject(CallMsg::SizeZero { regno, umin: s.umin, umax: s.umax }, Errno::EACCES));
    }
    if s.umax >= MAX_VAR_SIZE {
        return Err(cx.reject(CallMsg::SizeUnbounded { regno }, Errno::EACCES));
    }
    // The call may fill only part of memory whose size varies, so then all of it must be initialised before.
    let exact = s.var_off.is_const().then_some(meta);
    memory_argument(cx, regno - 1, s.umax as i32, t, zero_size_allowed, exact)?;
    need_exactly(cx, regno)
}

/// The same for memory that may be of no size, without noting that the size matters.
fn memory_of_size(cx: &mut Cx<'_>, regno: u8, t: Access) -> Res {
    let s = cx.reg(regno).scalar;
    if s.smin < 0 || s.umax >= MAX_VAR_SIZE {
        return Ok(());
    }
    memory_argument(cx, regno - 1, s.umax as i32, t, true, None)
}

/// Checks memory of fixed size that the callee may read and write; null passes.
///
/// # Errors
/// Rejects memory that is too small or may not be written.
pub(crate) fn memory_of_type(cx: &mut Cx<'_>, regno: u8, mem_size: u32) -> Res {
    let saved = *cx.reg(regno);
    if saved.is_null() {
        return Ok(());
    }
    // Whether it is null is the callee's question; here the memory behind it is checked.
    let may_be_null = saved.ty.may_be_null();
    if may_be_null {
        *cx.reg_mut(regno) = known_not_null(cx, saved);
    }
    let size = mem_size as i32;
    let result = memory_argument(cx, regno, size, Access::Read, true, None)
        .and_then(|()| memory_argument(cx, regno, size, Access::Write, true, None));
    if may_be_null {
        *cx.reg_mut(regno) = saved;
    }
    result
}

/// Memory and size of a kernel function, which may read and write it. `regno` holds the size.
///
/// # Errors
/// As [`memory_and_size`].
pub(crate) fn memory_and_size_both_ways(cx: &mut Cx<'_>, regno: u8) -> Res {
    let Some(mem) = regno.checked_sub(1).filter(|m| *m > 0) else { return Err(cx.broken("size without memory")) };
    let saved = *cx.reg(mem);
    let may_be_null = saved.ty.may_be_null();
    if may_be_null {
        *cx.reg_mut(mem) = known_not_null(cx, saved);
    }
    let mut meta = CallMeta::default();
    let once = cx.program.kernel.features.memory_size_noted_once;
    let first = if once {
        memory_of_size(cx, regno, Access::Read)
    } else {
        memory_and_size(cx, regno, Access::Read, true, &mut meta)
    };
    let result = first.and_then(|()| memory_and_size(cx, regno, Access::Write, true, &mut meta));
    if may_be_null {
        *cx.reg_mut(mem) = saved;
    }
    result
}

/// The key on the stack that a register points to, if the verifier knows it; it then counts as precise.
pub(super) fn constant_map_key(cx: &mut Cx<'_>, key: &RegState, key_size: u32) -> Res<Option<u64>> {
    if !cx.program.caps.has_cap_bpf || !key.ty.is(RegBase::PtrToStack) || !key.scalar.var_off.is_const() {
        return Ok(None);
    }
    let off = key.off.wrapping_add(key.scalar.var_off.value as i32);
    let below = off.wrapping_neg().wrapping_sub(1);
    let (Ok(spi), Ok(first)) = (usize::try_from(slot_of(off)), usize::try_from(below % 8)) else { return Ok(None) };
    let frame = key.frame_number as usize;
    let Some(slot) = cx.path.cur.frames.get(frame).and_then(|f| f.stack.get(spi)) else { return Ok(None) };
    let run = |kind: SlotKind| slot.kind[..=first].iter().rev().take_while(|k| **k == kind).count() as u32;
    if run(SlotKind::Zero) >= key_size {
        return Ok(Some(0));
    }
    if !slot.holds_scalar() || run(SlotKind::Spill) != key_size || !slot.spilled.scalar.var_off.is_const() {
        return Ok(None);
    }
    let key = slot.spilled.scalar.var_off.value;
    cx.path.ask_exact(Needed::Slots(frame, 1 << (spi & 63)));
    Ok(Some(key))
}
