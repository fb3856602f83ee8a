//! Loads and stores: dispatch on the kind of pointer, one file per kind.
//!
//! Answers for `check_mem_access()` and the instructions that lead to it. Every kind of pointer has the same three
//! questions in the same order: may this direction be used at all, is the memory inside of the object, and what does
//! the register hold that receives the value.

mod align;
mod atomic;
mod buf;
mod ctx;
mod ctx_btf;
mod helper_mem;
mod map_value;
mod mem;
mod packet;
mod region;
mod sock;
mod stack;
mod stack_read;
mod stack_write;

pub(crate) use align::check_ptr_alignment;
pub(crate) use atomic::check_atomic;
pub(crate) use ctx_btf::{CtxInfo, TRACE_PREFIX, ctx_access};
pub(crate) use helper_mem::check_helper_mem_access;
pub(crate) use map_value::{check_map_access, check_map_access_type, kptr_pointee, map_kptr_match_type};
pub(crate) use packet::check_packet_access;
pub(crate) use region::{__check_ptr_off_reg, check_mem_region_access, check_ptr_off_reg};
pub(crate) use sock::is_sk_pointer;
pub(crate) use stack::{check_stack_access_within_bounds, get_spi, stack_slot_obj_get_spi};

use crate::analysis::Env;
use crate::analysis::btf_access::{check_ptr_to_btf_access, check_ptr_to_map_access};
use crate::analysis::regs::{
    Access, ArgUse, bounds_sanity_check_regno, check_reg_arg, coerce_reg_to_size, coerce_reg_to_size_sx,
    is_pkt_pointer, is_pointer_value, mark_reg_unknown,
};
use crate::error::{Errno, MemoryMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::{ATOMIC, B, H, W};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// Who performs an access. Kernel (6.12): `enum bpf_access_src`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AccessSrc {
    /// An instruction.
    Direct,
    /// A helper or kernel function, through an argument.
    Helper,
}

/// Rejects stores of addresses where `into` may be read by others. Kernel: the `leaks addr` checks.
fn check_leak(env: &mut Env<'_>, t: Access, value: Option<u8>, into: &'static str) -> Res {
    match value {
        Some(regno) if t == Access::Write && is_pointer_value(env, regno) => {
            Err(env.reject(MemoryMsg::LeaksAddr { regno, into }, Errno::EACCES))
        }
        _ => Ok(()),
    }
}

/// Checks one load or store. Kernel: `check_mem_access()`.
///
/// `off` is the instruction's offset, `size_bits` its size bits. `value_regno` receives (read) or gives (write) the
/// value; `None`: the value goes nowhere, or is unknown. `strict_alignment_once` demands alignment of this access
/// whatever the flags of the load say.
///
/// # Errors
/// Rejects with the errno of the check that failed.
#[allow(clippy::too_many_arguments)]
pub(crate) fn check_mem_access(
    env: &mut Env<'_>,
    insn_idx: usize,
    regno: u8,
    off: i32,
    size_bits: u8,
    t: Access,
    value_regno: Option<u8>,
    strict_alignment_once: bool,
    is_ldsx: bool,
) -> Res {
    let size: u32 = match size_bits {
        B => 1,
        H => 2,
        W => 4,
        _ => 8,
    };
    align::check_ptr_alignment(env, regno, off, size, strict_alignment_once)?;

    let reg = *env.reg(regno);
    let off = off.wrapping_add(reg.off);
    let plain = reg.ty.flags.is_empty();
    let nullable = reg.ty.may_be_null();
    // What most kinds leave in the register that receives the value: a number of which only the width is known.
    let mut loads_unknown = t == Access::Read;
    match reg.ty.base {
        RegBase::PtrToMapKey if plain => map_value::load_key(env, regno, off, size, t)?,
        RegBase::PtrToMapValue if plain => {
            map_value::load_store(env, insn_idx, regno, off, size, t, value_regno, is_ldsx)?;
            loads_unknown = false;
        }
        RegBase::PtrToMem => {
            mem::load_store(env, regno, off, size, t, value_regno)?;
            loads_unknown |= reg.has(TypeFlags::RDONLY);
        }
        RegBase::PtrToCtx if plain => {
            ctx::load_store(env, insn_idx, regno, off, size, t, value_regno, is_ldsx)?;
            loads_unknown = false;
        }
        RegBase::PtrToStack if plain => {
            check_stack_access_within_bounds(env, regno, off, size as i32, AccessSrc::Direct, t)?;
            match t {
                Access::Read => stack_read::check_stack_read(env, regno, off, size, value_regno)?,
                Access::Write => stack_write::check_stack_write(env, regno, off, size, value_regno, insn_idx)?,
            }
            loads_unknown = false;
        }
        _ if is_pkt_pointer(&reg) && plain => packet::load_store(env, regno, off, size, t, value_regno)?,
        RegBase::PtrToFlowKeys if plain => buf::flow_keys(env, off, size, t, value_regno)?,
        _ if is_sk_pointer(reg.ty) => sock::load(env, regno, off, size, t)?,
        RegBase::PtrToTpBuffer if plain => buf::tracepoint(env, regno, off, size)?,
        RegBase::PtrToBtfId if !nullable => {
            check_ptr_to_btf_access(env, regno, off, size as i32, t, value_regno)?;
            loads_unknown = false;
        }
        RegBase::ConstPtrToMap if plain => {
            check_ptr_to_map_access(env, regno, off, size as i32, t, value_regno)?;
            loads_unknown = false;
        }
        RegBase::PtrToBuf if !nullable => buf::load_store(env, regno, off, size, t)?,
        // Every access to an arena is guarded at run time: a fault reads as zero and drops the store.
        RegBase::PtrToArena if plain => {}
        _ => return Err(env.reject(MemoryMsg::InvalidMem { regno, ty: reg.ty }, Errno::EACCES)),
    }
    let Some(value) = value_regno else { return Ok(()) };
    if loads_unknown {
        mark_reg_unknown(env, value);
    }
    if t == Access::Read && size < 8 && env.reg(value).is_scalar() {
        let mut r = *env.reg(value);
        if is_ldsx {
            coerce_reg_to_size_sx(&mut r, size);
        } else {
            coerce_reg_to_size(env, &mut r, size);
        }
        *env.reg_mut(value) = r;
    }
    Ok(())
}

/// Checks a load into a register. Kernel: `check_load_mem()`.
pub(crate) fn check_load_mem(
    env: &mut Env<'_>,
    insn: Insn,
    strict: bool,
    is_ldsx: bool,
    allow_trust_mismatch: bool,
) -> Res {
    check_reg_arg(env, insn.src, ArgUse::Src)?;
    check_reg_arg(env, insn.dst, ArgUse::DstNoMark)?;
    let ty = env.reg(insn.src).ty;
    let (idx, off) = (env.insn_idx, i32::from(insn.off));
    check_mem_access(env, idx, insn.src, off, insn.size_bits(), Access::Read, Some(insn.dst), strict, is_ldsx)?;
    save_aux_ptr_type(env, ty, allow_trust_mismatch)?;
    let ctx = if insn.mode() == ATOMIC { "atomic_load" } else { "ldx" };
    bounds_sanity_check_regno(env, insn.dst, ctx)
}

/// Checks a store of a register. Kernel: `check_store_reg()`.
pub(crate) fn check_store_reg(env: &mut Env<'_>, insn: Insn, strict: bool) -> Res {
    check_reg_arg(env, insn.src, ArgUse::Src)?;
    check_reg_arg(env, insn.dst, ArgUse::Src)?;
    let ty = env.reg(insn.dst).ty;
    let (idx, off) = (env.insn_idx, i32::from(insn.off));
    check_mem_access(env, idx, insn.dst, off, insn.size_bits(), Access::Write, Some(insn.src), strict, false)?;
    save_aux_ptr_type(env, ty, false)
}

/// Whether the kernel rewrites accesses through this kind of pointer, so that one instruction cannot serve another kind
/// as well. Kernel: `!reg_type_mismatch_ok()`.
fn is_rewritten(ty: RegType) -> bool {
    matches!(
        ty.base,
        RegBase::PtrToCtx
            | RegBase::PtrToSocket
            | RegBase::PtrToSockCommon
            | RegBase::PtrToTcpSock
            | RegBase::PtrToXdpSock
            | RegBase::PtrToBtfId
            | RegBase::PtrToArena
    )
}

/// Remembers the pointer type that this instruction was seen with, and rejects a second one that needs another rewrite.
/// Kernel: `save_aux_ptr_type()`.
///
/// `allow_trust_mismatch`: the instruction may fall back to a checked load, which serves trusted and untrusted pointers.
pub(crate) fn save_aux_ptr_type(env: &mut Env<'_>, ty: RegType, allow_trust_mismatch: bool) -> Res {
    let idx = env.insn_idx;
    let Some(prev) = env.aux[idx].ptr_type else {
        env.aux[idx].ptr_type = Some(ty);
        return Ok(());
    };
    if ty == prev || !(is_rewritten(ty) || is_rewritten(prev)) {
        return Ok(());
    }
    let mem_too = env.kernel.features.untrusted_mem;
    let probed = |ty: RegType| ty.base == RegBase::PtrToBtfId || (mem_too && ty.base == RegBase::PtrToMem);
    if !(allow_trust_mismatch && probed(ty) && probed(prev)) {
        return Err(env.reject(MemoryMsg::DifferentPointers, Errno::EINVAL));
    }
    let merged = if !mem_too {
        RegType::with(RegBase::PtrToBtfId, TypeFlags::UNTRUSTED)
    } else {
        let mem = ty.base == RegBase::PtrToMem || prev.base == RegBase::PtrToMem;
        let base = if mem { RegBase::PtrToMem } else { RegBase::PtrToBtfId };
        RegType::with(base, (ty.flags | prev.flags) & (TypeFlags::UNTRUSTED | TypeFlags::RDONLY))
    };
    env.aux[idx].ptr_type = Some(merged);
    Ok(())
}
