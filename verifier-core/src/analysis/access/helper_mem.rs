//! Memory that a call reads or writes through an argument, and ranges of the stack that must be initialised.
//!
//! Answers for `check_helper_mem_access()` and `check_stack_range_initialized()`.
//!
//! In the kernel: `env->ops->convert_ctx_access`.

use super::stack::{place, scrub_byte, slot_mut};
use super::{AccessSrc, buf, map_allows, memory_access, within_map_value, within_packet, within_region, within_stack};
use crate::analysis::Env;
use crate::analysis::btf_access::typed_pointer_access;
use crate::analysis::call::meta::CallMeta;
use crate::analysis::liveness::slot_is_read;
use crate::analysis::regs::Access;
use crate::error::{Errno, MemoryMsg, Res, Stop};
use crate::isa::opcode::B;
use crate::kernel::ProgType;
use crate::kernel::call::{RegBase, TypeFlags};
use crate::state::SlotKind;

/// Whether the kernel rewrites context accesses of this program type, so that a call could not read the context as
/// plain bytes.
fn rewrites_ctx(t: ProgType) -> bool {
    !matches!(
        t,
        ProgType::Kprobe
            | ProgType::Tracepoint
            | ProgType::RawTracepoint
            | ProgType::RawTracepointWritable
            | ProgType::Tracing
            | ProgType::Lsm
            | ProgType::StructOps
            | ProgType::Ext
            | ProgType::Syscall
            | ProgType::LircMode2
            | ProgType::CgroupDevice
            | ProgType::Netfilter
    )
}

/// Checks memory that a call touches: `access_size` bytes at the register, read or written.
///
/// `meta` is given for arguments that need not be initialised; their size and register are recorded in it.
///
/// # Errors
/// Rejects with the errno of the check that failed.
pub(crate) fn memory_argument(
    env: &mut Env<'_>,
    regno: u8,
    access_size: i32,
    t: Access,
    zero_size_allowed: bool,
    meta: Option<&mut CallMeta>,
) -> Res {
    let reg = *env.reg(regno);
    let ty = reg.ty;
    match ty.base {
        RegBase::PtrToPacket | RegBase::PtrToPacketMeta => {
            within_packet(env, regno, reg.off, access_size, zero_size_allowed)
        }
        RegBase::PtrToMapKey if t == Access::Write => {
            Err(env.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES))
        }
        RegBase::PtrToMapKey => {
            let map = reg.map().ok_or_else(|| env.bug("a map key without a map"))?;
            let key_size = env.map(map).spec.key_size;
            within_region(env, regno, reg.off, access_size, key_size, false)
        }
        RegBase::PtrToMapValue => {
            map_allows(env, regno, reg.off, access_size, t)?;
            within_map_value(env, regno, reg.off, access_size, zero_size_allowed, AccessSrc::Helper)
        }
        RegBase::PtrToMem => {
            if ty.has(TypeFlags::RDONLY) && t == Access::Write {
                return Err(env.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES));
            }
            within_region(env, regno, reg.off, access_size, reg.mem_size(), zero_size_allowed)
        }
        RegBase::PtrToBuf => buf::within_buffer(env, regno, reg.off, access_size, t),
        RegBase::PtrToStack => {
            let off = reg.off;
            stack_range_is_set(env, regno, off, access_size, zero_size_allowed, AccessSrc::Helper, t, meta)
        }
        RegBase::PtrToBtfId => typed_pointer_access(env, regno, reg.off, access_size, Access::Read, None),
        RegBase::PtrToCtx if !rewrites_ctx(env.resolved_prog_type()) => {
            if access_size == 0 {
                return if zero_size_allowed { Ok(()) } else { Err(Stop::silent(Errno::EACCES)) };
            }
            // Nobody knows how large the context is; its last byte decides.
            let (idx, last) = (env.insn_idx, access_size.wrapping_sub(1));
            memory_access(env, idx, regno, last, B, t, None, false, false)
        }
        _ if zero_size_allowed && access_size == 0 && reg.is_null() => Ok(()),
        _ => Err(env.reject(MemoryMsg::ArgType { regno, ty }, Errno::EACCES)),
    }
}

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
    env: &mut Env<'_>,
    regno: u8,
    off: i32,
    access_size: i32,
    zero_size_allowed: bool,
    src: AccessSrc,
    t: Access,
    mut meta: Option<&mut CallMeta>,
) -> Res {
    if access_size == 0 && !zero_size_allowed {
        return Err(env.reject(MemoryMsg::ZeroSizedRead, Errno::EACCES));
    }
    let directed = env.kernel.features.helper_access_has_direction;
    let helper = src == AccessSrc::Helper;
    // Without a direction, a call may do both: bounds are those of writes, and everything may be overwritten.
    let bounds = if directed || !helper { t } else { Access::Write };
    let clobber = bounds == Access::Write;
    let what = if helper && !directed { " indirect" } else { "" };
    within_stack(env, regno, off, access_size, src, bounds)?;

    let reg = *env.reg(regno);
    let frame = reg.frameno as usize;
    let var_off = reg.var_off();
    let range = if var_off.is_const() {
        let min = (var_off.value as i32).wrapping_add(off);
        Range { min, end: min.wrapping_add(access_size) }
    } else {
        if !env.caps.bypass_spec_v1 {
            return Err(env.reject(MemoryMsg::StackVariableUnpriv { what, regno, var_off }, Errno::EACCES));
        }
        // Which bytes the call fills is not known, so all must be initialised before.
        meta = meta.filter(|m| !m.raw_mode);
        let max = (reg.scalar.smax as i32).wrapping_add(off);
        Range { min: (reg.scalar.smin as i32).wrapping_add(off), end: max.wrapping_add(access_size) }
    };
    if let Some(meta) = meta.filter(|m| m.raw_mode) {
        check_no_dynptr(env, frame, range)?;
        meta.access_size = access_size;
        meta.regno = regno;
        return Ok(());
    }
    let mut last = None;
    for i in range.min..range.end {
        let (spi, byte) = place(i);
        if !check_byte(env, frame, spi, byte, clobber)? {
            let at = i.wrapping_sub(range.min);
            let msg = if var_off.is_const() {
                MemoryMsg::StackArg { what, regno, off: range.min, at, size: access_size }
            } else {
                MemoryMsg::StackArgVariable { what, regno, var_off, at, size: access_size }
            };
            return Err(env.reject(msg, Errno::EACCES));
        }
        // The call may or may not write, so the slot counts as read and never as written.
        if last != Some(spi) {
            slot_is_read(env, frame, spi)?;
            last = Some(spi);
        }
    }
    Ok(())
}

/// A call may not fill memory in which a dynptr stands. Slots below the stack's depth hold none.
fn check_no_dynptr(env: &mut Env<'_>, frame: usize, range: Range) -> Res {
    for i in range.min..range.end {
        let (spi, byte) = place(i);
        let kind = env.cur.frames.get(frame).and_then(|f| f.stack.get(spi)).map(|s| s.kind[byte]);
        if kind == Some(SlotKind::Dynptr) {
            return Err(env.reject(MemoryMsg::DynptrOverwrite { off: i }, Errno::EACCES));
        }
    }
    Ok(())
}

/// Whether a byte may be read as data; with `clobber` it is unknown data afterwards.
fn check_byte(env: &mut Env<'_>, frame: usize, spi: usize, byte: usize, clobber: bool) -> Res<bool> {
    let caps = env.caps;
    let slot = slot_mut(env, frame, spi)?;
    match slot.kind[byte] {
        SlotKind::Misc => return Ok(true),
        SlotKind::Zero => {}
        SlotKind::Invalid if caps.allow_uninit_stack => {}
        _ if slot.holds_register() && (slot.spilled.is_scalar() || caps.allow_ptr_leaks) => {
            if clobber {
                let mut unknown = crate::state::RegState::unknown();
                unknown.precise = !caps.bpf_capable;
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
