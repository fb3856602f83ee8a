//! The program's context. Answers for `check_ctx_access()`; what is allowed stands in the tables of program types.
//!
//! In the kernel: `MAX_ERRNO`, `get_func_retval_range()`, `__mark_reg_s32_range()`.

use super::region::{check_leak, within_region};
use super::{CtxInfo, at_object_start, ctx_access};
use crate::analysis::Cx;
use crate::analysis::refs::has_reference;
use crate::analysis::regs::{Access, bring_in_step, no_contradiction_in, set_known_zero, set_unknown};
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::call::RegBase;
use crate::kernel::facts::lsm_hooks;
use crate::kernel::prog_types::layout;
use crate::kernel::{AttachType, ProgType};
use crate::log::Event;
use crate::state::Payload;

/// Bytes of the largest context that the system call takes.
const LARGEST: u32 = u16::MAX as u32;

/// Largest error number that a kernel function returns negated.
const MAX_ERRNO: i32 = 4095;

/// What the hook's own return value can be, where that is known and the context holds it.
fn retval_range(cx: &Cx<'_>) -> Option<(i32, i32)> {
    if cx.program.attach_type == AttachType::LsmMac { hook_result(cx) } else { None }
}

/// What programs of control groups read and set as the result of what they watch; `None`: anything, as `getsockopt()`
/// returns.
pub(crate) fn exchanged_retval(cx: &Cx<'_>) -> Option<(i32, i32)> {
    let of_hook = match cx.program.resolved_attach_type() {
        AttachType::CgroupGetsockopt if cx.program.resolved_prog_type() == ProgType::CgroupSockopt => return None,
        AttachType::LsmCgroup => hook_result(cx),
        _ => None,
    };
    Some(of_hook.unwrap_or((-MAX_ERRNO, 0)))
}

/// What the security hook that the program attaches to can return; `None`: nothing, or the program attaches to none.
fn hook_result(cx: &Cx<'_>) -> Option<(i32, i32)> {
    if cx.program.prog_type != ProgType::Lsm {
        return None;
    }
    let proto =
        cx.program.attach.btf.and_then(|b| cx.program.btf(b).ty(cx.program.attach.func_proto).map(|t| t.size_or_type));
    if proto.is_none_or(|ret| ret == 0) {
        return None;
    }
    Some(if lsm_hooks::returns_bool(&cx.program.attach.func_name) { (0, 1) } else { (-MAX_ERRNO, 0) })
}

/// A number of which only a signed 32-bit range is known.
fn mark_range(cx: &mut Cx<'_>, regno: u8, (min, max): (i32, i32)) -> Res {
    set_unknown(cx, regno);
    let mut reg = *cx.reg(regno);
    let s = &mut reg.scalar;
    s.s32_min = s.s32_min.max(min);
    s.s32_max = s.s32_max.min(max);
    s.smin = s.smin.max(i64::from(min));
    s.smax = s.smax.min(i64::from(max));
    bring_in_step(cx, &mut reg);
    *cx.reg_mut(regno) = reg;
    no_contradiction_in(cx, regno, "s32_range")
}

fn load(cx: &mut Cx<'_>, regno: u8, info: CtxInfo) -> Res {
    if info.reg_type.is(RegBase::Scalar) {
        return match retval_range(cx).filter(|_| info.is_retval) {
            Some(range) => mark_range(cx, regno, range),
            None => {
                set_unknown(cx, regno);
                Ok(())
            }
        };
    }
    set_known_zero(cx, regno);
    let id = if info.reg_type.may_be_null() { cx.new_id() } else { 0 };
    let reg = cx.reg_mut(regno);
    reg.id = id;
    if let (RegBase::PtrToBtfId, Some((btf, id))) = (info.reg_type.base, info.btf) {
        reg.payload = Payload::Btf { btf, id };
        reg.ref_obj_id = info.ref_obj_id;
    }
    reg.ty = info.reg_type;
    Ok(())
}

/// Whether the context is memory that user space gave, and may be read anywhere (7.1).
pub(crate) fn is_memory(cx: &Cx<'_>) -> bool {
    cx.program.kernel.features.ctx_is_memory && cx.program.resolved_prog_type() == ProgType::Syscall
}

/// An access to a context that is memory. Its size is known when the program runs; up to the largest, all may be read.
pub(super) fn within_memory(cx: &mut Cx<'_>, regno: u8, off: i32, size: i32, zero_size_allowed: bool) -> Res {
    within_region(cx, regno, off, size, LARGEST, zero_size_allowed)?;
    let reg = cx.reg(regno);
    let end = i64::from(off).wrapping_add(reg.scalar.umax as i64).wrapping_add(i64::from(size));
    cx.learned.deepest_ctx = cx.learned.deepest_ctx.max(end.clamp(0, i64::from(LARGEST)) as u32);
    Ok(())
}

/// One load or store. `off` includes the fixed offset (which must be 0).
#[allow(clippy::too_many_arguments)]
pub(super) fn load_store(
    cx: &mut Cx<'_>,
    insn_idx: usize,
    regno: u8,
    off: i32,
    size: u32,
    t: Access,
    value: Option<u8>,
    is_ldsx: bool,
) -> Res {
    check_leak(cx, t, value, "ctx")?;
    let reg = *cx.reg(regno);
    if is_memory(cx) {
        within_memory(cx, regno, off, size as i32, false)?;
        if let (Access::Read, Some(value)) = (t, value) {
            set_unknown(cx, value);
        }
        return Ok(());
    }
    at_object_start(cx, &reg, regno)?;
    let denied = match ctx_access(cx, off, size, t, is_ldsx)? {
        None => MemoryMsg::CtxAccess { off, size },
        Some(info)
            if info.reg_type.base == RegBase::PtrToBtfId
                && info.ref_obj_id != 0
                && !has_reference(cx, info.ref_obj_id) =>
        {
            MemoryMsg::CtxReleased { off }
        }
        Some(info) => {
            // `off` was found inside of the context, so the sum cannot wrap.
            cx.learned.deepest_ctx = cx.learned.deepest_ctx.max((off as u32).wrapping_add(size));
            let typed = !info.reg_type.is(RegBase::Scalar) && layout(cx.program.prog_type).is_none();
            let field = (off as u32, info.reg_type);
            if typed && !cx.learned.ctx_pointers.contains(&field) {
                cx.learned.ctx_pointers.push(field);
            }
            return match (t, value) {
                (Access::Read, Some(value)) => load(cx, value, info),
                _ => Ok(()),
            };
        }
    };
    let stop = cx.reject(denied, Errno::EACCES);
    if cx.out.interest.log_level != 0 {
        cx.emit(Event::SourceLine { idx: insn_idx, numbered: false });
    }
    Err(stop)
}
