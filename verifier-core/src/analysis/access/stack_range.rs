//! Ranges of the stack that are read or written as a whole, which must be initialised.
//!
//! In the kernel: `check_stack_range_initialized()`.

use super::stack::{place, scrub_byte, slot_mut, within_stack};
use crate::analysis::Cx;
use crate::analysis::call::meta::CallMeta;
use crate::analysis::liveness::slot_is_read;
use crate::analysis::regs::{Access, AccessSrc};
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::call::RegBase;
use crate::state::SlotKind;

/// What of the range of a stack access is certain.
#[derive(Clone, Copy)]
struct Range {
    /// Lowest start.
    min: i32,
    /// End of the access with the highest start.
    end: i32,
}

/// Checks stack memory that is read as a whole: inside of the stack, and (unless `meta` asks for raw memory)
/// initialised. What a call may write becomes data.
///
/// `off` includes the register's fixed offset.
///
/// # Errors
/// Rejects with the errno of the check that failed.
#[allow(clippy::too_many_arguments)]
pub(crate) fn stack_range_is_set(
    cx: &mut Cx<'_>,
    regno: u8,
    off: i32,
    access_size: i32,
    zero_size_allowed: bool,
    src: AccessSrc,
    t: Access,
    mut meta: Option<&mut CallMeta>,
) -> Res {
    if access_size == 0 && !zero_size_allowed {
        return Err(cx.reject(MemoryMsg::ZeroSizedRead, Errno::EACCES));
    }
    let directed = cx.program.kernel.features.helper_access_has_direction;
    let helper = src == AccessSrc::Helper;
    // Without a direction, a call may do both: bounds are those of writes, and everything may be overwritten.
    let bounds = if directed || !helper { t } else { Access::Write };
    let clobber = bounds == Access::Write;
    let what = if helper && !directed { " indirect" } else { "" };
    within_stack(cx, regno, off, access_size, src, bounds)?;

    let reg = *cx.reg(regno);
    let frame = reg.frame_number as usize;
    let var_off = reg.var_off();
    let range = if var_off.is_const() {
        let min = (var_off.value as i32).wrapping_add(off);
        Range { min, end: min.wrapping_add(access_size) }
    } else {
        if !cx.program.caps.without_v1_guards {
            return Err(cx.reject(MemoryMsg::StackVariableUnpriv { what, regno, var_off }, Errno::EACCES));
        }
        // Which bytes the call fills is not known, so all must be initialised before.
        meta = meta.filter(|m| !m.raw_mode);
        let max = (reg.scalar.smax as i32).wrapping_add(off);
        Range { min: (reg.scalar.smin as i32).wrapping_add(off), end: max.wrapping_add(access_size) }
    };
    if let Some(meta) = meta.filter(|m| m.raw_mode) {
        check_no_dynptr(cx, frame, range)?;
        meta.access_size = access_size;
        meta.regno = regno;
        return Ok(());
    }
    let mut last = None;
    for i in range.min..range.end {
        let (spi, byte) = place(i);
        if !check_byte(cx, frame, spi, byte, clobber)? {
            let at = i.wrapping_sub(range.min);
            let msg = if var_off.is_const() {
                MemoryMsg::StackArg { what, regno, off: range.min, at, size: access_size }
            } else {
                MemoryMsg::StackArgVariable { what, regno, var_off, at, size: access_size }
            };
            return Err(cx.reject(msg, Errno::EACCES));
        }
        // The call may or may not write, so the slot counts as read and never as written.
        if last != Some(spi) {
            slot_is_read(cx, frame, spi)?;
            last = Some(spi);
        }
    }
    Ok(())
}

/// A call may not fill memory in which a dynptr stands. Slots below the stack's depth hold none.
fn check_no_dynptr(cx: &mut Cx<'_>, frame: usize, range: Range) -> Res {
    if !cx.program.kernel.features.dynptrs_guarded {
        return Ok(());
    }
    for i in range.min..range.end {
        let (spi, byte) = place(i);
        let kind = cx.path.cur.frames.get(frame).and_then(|f| f.stack.get(spi)).map(|s| s.kind[byte]);
        if kind == Some(SlotKind::Dynptr) {
            return Err(cx.reject(MemoryMsg::DynptrOverwrite { off: i }, Errno::EACCES));
        }
    }
    Ok(())
}

/// Whether a byte may be read as data; with `clobber` it is unknown data afterwards.
fn check_byte(cx: &mut Cx<'_>, frame: usize, spi: usize, byte: usize, clobber: bool) -> Res<bool> {
    let caps = cx.program.caps;
    if spi >= cx.path.cur.frames[frame].stack.len() {
        return Ok(false);
    }
    let keeps_objects = !cx.program.kernel.features.helpers_end_objects;
    let slot = slot_mut(cx, frame, spi)?;
    match slot.kind[byte] {
        SlotKind::Misc => return Ok(true),
        SlotKind::Zero => {}
        SlotKind::Invalid | SlotKind::Dead if caps.reads_unset_stack => {}
        _ if slot.holds_register() && (slot.spilled.is_scalar() || caps.pointers_may_leak) => {
            let stays = slot.spilled.ty.base == RegBase::PtrToBtfId && keeps_objects;
            if clobber && !stays {
                let mut unknown = crate::state::RegState::unknown();
                unknown.precise = !caps.has_cap_bpf;
                slot.spilled.set(unknown);
                slot.kind.iter_mut().for_each(scrub_byte);
            }
            return Ok(true);
        }
        _ => return Ok(false),
    }
    if clobber {
        slot.kind[byte] = SlotKind::Misc;
    }
    Ok(true)
}
