//! Memory that a call reads or writes through an argument, and ranges of the stack that must be initialised.
//!
//! Answers for `check_helper_mem_access()` and `check_stack_range_initialized()`.
//!
//! In the kernel: `env->ops->convert_ctx_access`.

use super::stack_range::stack_range_is_set;
use super::{buf, ctx, map_allows, memory_access, within_map_value, within_packet, within_region};
use crate::analysis::Cx;
use crate::analysis::btf_access::typed_pointer_access;
use crate::analysis::call::meta::CallMeta;
use crate::analysis::regs::{Access, AccessSrc};
use crate::error::{Errno, MemoryMsg, Res, Stop};
use crate::isa::opcode::B;
use crate::kernel::ProgType;
use crate::kernel::call::TypeFlags;
use crate::kernel::pointer::Region;

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
    cx: &mut Cx<'_>,
    regno: u8,
    access_size: i32,
    t: Access,
    zero_size_allowed: bool,
    meta: Option<&mut CallMeta>,
) -> Res {
    let reg = *cx.reg(regno);
    let ty = reg.ty;
    let t = match t {
        // Only memory of a constant size that the helper fills was known to be written.
        Access::Write if !cx.program.kernel.features.helper_writes_known => {
            if meta.as_ref().is_some_and(|m| m.raw_mode) { Access::Write } else { Access::Read }
        }
        t => t,
    };
    match ty.base.row().region {
        Region::Packet => within_packet(cx, regno, reg.off, access_size, zero_size_allowed),
        Region::MapKey if t == Access::Write => Err(cx.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES)),
        Region::MapKey => {
            let map = reg.map().ok_or_else(|| cx.broken("a map key without a map"))?;
            let key_size = cx.program.map(map).spec.key_size;
            within_region(cx, regno, reg.off, access_size, key_size, false)
        }
        Region::MapValue => {
            map_allows(cx, regno, reg.off, access_size, t)?;
            within_map_value(cx, regno, reg.off, access_size, zero_size_allowed, AccessSrc::Helper)
        }
        Region::Memory => {
            if ty.has(TypeFlags::RDONLY) && t == Access::Write {
                return Err(cx.reject(MemoryMsg::CannotWrite { regno, ty }, Errno::EACCES));
            }
            within_region(cx, regno, reg.off, access_size, reg.mem_size(), zero_size_allowed)
        }
        Region::Buffer => buf::within_buffer(cx, regno, reg.off, access_size, t),
        Region::Stack => {
            let off = reg.off;
            stack_range_is_set(cx, regno, off, access_size, zero_size_allowed, AccessSrc::Helper, t, meta)
        }
        Region::Object if cx.program.kernel.features.objects_are_memory => {
            let t = if cx.program.kernel.features.object_memory_writable { t } else { Access::Read };
            typed_pointer_access(cx, regno, reg.off, access_size, t, None)
        }
        Region::Context if cx.program.kernel.features.ctx_is_memory => {
            if !ctx::is_memory(cx) {
                return Err(cx.reject(MemoryMsg::ArgType { regno, ty }, Errno::EACCES));
            }
            ctx::within_memory(cx, regno, reg.off, access_size, zero_size_allowed)
        }
        Region::Context if !rewrites_ctx(cx.program.resolved_prog_type()) => {
            if access_size == 0 {
                return if zero_size_allowed { Ok(()) } else { Err(Stop::silent(Errno::EACCES)) };
            }
            // Nobody knows how large the context is; its last byte decides.
            let (idx, last) = (cx.path.insn_idx, access_size.wrapping_sub(1));
            memory_access(cx, idx, regno, last, B, t, None, false, false)
        }
        _ if zero_size_allowed && access_size == 0 && reg.is_null() => Ok(()),
        _ => Err(cx.reject(MemoryMsg::ArgType { regno, ty }, Errno::EACCES)),
    }
}
