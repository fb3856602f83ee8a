//! One load or store: which kind of pointer it goes through, and what receives the value.
//!
//! In the kernel: `check_mem_access()`, `check_load_mem()`, `check_store_reg()`, `save_aux_ptr_type()`.

use super::sock::is_sk_pointer;
use super::stack::within_stack;
use super::{align, buf, ctx, map_value, mem, packet, sock, stack_read, stack_write};
use crate::analysis::btf_access::{map_struct_access, typed_pointer_access};
use crate::analysis::env::{Env, KernelMemory};
use crate::analysis::regs::{
    Access, AccessSrc, ArgUse, is_packet_pointer, keep_low_bytes, no_contradiction_in, set_unknown,
    sign_extend_low_bytes, use_register,
};
use crate::error::{Errno, MemoryMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::{ATOMIC, B, H, W};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// Checks one load or store.
///
/// `off` is the instruction's offset, `size_bits` its size bits. `value_regno` receives (read) or gives (write) the
/// value; `None`: the value goes nowhere, or is unknown. `strict_alignment_once` demands alignment of this access
/// whatever the flags of the load say.
///
/// # Errors
/// Rejects with the errno of the check that failed.
#[allow(clippy::too_many_arguments)]
pub(crate) fn memory_access(
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
    align::access_is_aligned(env, regno, off, size, strict_alignment_once)?;

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
            within_stack(env, regno, off, size as i32, AccessSrc::Direct, t)?;
            match t {
                Access::Read => stack_read::read_stack(env, regno, off, size, value_regno)?,
                Access::Write => stack_write::write_stack(env, regno, off, size, value_regno, insn_idx)?,
            }
            loads_unknown = false;
        }
        _ if is_packet_pointer(&reg) && plain => packet::load_store(env, regno, off, size, t, value_regno)?,
        RegBase::PtrToFlowKeys if plain => buf::flow_keys(env, off, size, t, value_regno)?,
        _ if is_sk_pointer(reg.ty) => sock::load(env, regno, off, size, t)?,
        RegBase::PtrToTpBuffer if plain => buf::tracepoint(env, regno, off, size)?,
        RegBase::PtrToBtfId if !nullable => {
            typed_pointer_access(env, regno, off, size as i32, t, value_regno)?;
            loads_unknown = false;
        }
        RegBase::ConstPtrToMap if plain => {
            map_struct_access(env, regno, off, size as i32, t, value_regno)?;
            loads_unknown = false;
        }
        RegBase::PtrToBuf if !nullable => buf::load_store(env, regno, off, size, t)?,
        // Every access to an arena is guarded at run time: a fault reads as zero and drops the store.
        RegBase::PtrToArena if plain => {}
        _ => return Err(env.reject(MemoryMsg::InvalidMem { regno, ty: reg.ty }, Errno::EACCES)),
    }
    let Some(value) = value_regno else { return Ok(()) };
    if loads_unknown {
        set_unknown(env, value);
    }
    if t == Access::Read && size < 8 && env.reg(value).is_scalar() {
        let mut r = *env.reg(value);
        if is_ldsx {
            sign_extend_low_bytes(&mut r, size);
        } else {
            keep_low_bytes(env, &mut r, size);
        }
        *env.reg_mut(value) = r;
    }
    Ok(())
}

/// Checks a load into a register.
pub(crate) fn load_value(
    env: &mut Env<'_>,
    insn: Insn,
    strict: bool,
    is_ldsx: bool,
    allow_trust_mismatch: bool,
) -> Res {
    use_register(env, insn.src, ArgUse::Src)?;
    use_register(env, insn.dst, ArgUse::DstNoMark)?;
    let ty = env.reg(insn.src).ty;
    let (idx, off) = (env.insn_idx, i32::from(insn.off));
    memory_access(env, idx, insn.src, off, insn.size_bits(), Access::Read, Some(insn.dst), strict, is_ldsx)?;
    one_kind_of_pointer(env, ty, allow_trust_mismatch)?;
    let ctx = if insn.mode() == ATOMIC { "atomic_load" } else { "ldx" };
    no_contradiction_in(env, insn.dst, ctx)
}

/// Checks a store of a register.
pub(crate) fn store_value(env: &mut Env<'_>, insn: Insn, strict: bool) -> Res {
    use_register(env, insn.src, ArgUse::Src)?;
    use_register(env, insn.dst, ArgUse::Src)?;
    let ty = env.reg(insn.dst).ty;
    let (idx, off) = (env.insn_idx, i32::from(insn.off));
    memory_access(env, idx, insn.dst, off, insn.size_bits(), Access::Write, Some(insn.src), strict, false)?;
    one_kind_of_pointer(env, ty, false)
}

/// Whether the kernel rewrites accesses through this kind of pointer, so that one instruction cannot serve another kind
/// as well.
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

/// The kernel's own memory that a pointer leads to. What programs allocate is theirs.
fn kernel_memory(ty: RegType) -> Option<KernelMemory> {
    let untrusted = ty.has(TypeFlags::UNTRUSTED);
    match ty.base {
        RegBase::ConstPtrToMap => Some(KernelMemory::Map),
        RegBase::PtrToArena => Some(KernelMemory::Arena),
        RegBase::PtrToBtfId if untrusted || !ty.has(TypeFlags::ALLOC) => Some(KernelMemory::Object),
        RegBase::PtrToMem if untrusted => Some(KernelMemory::Object),
        _ => None,
    }
}

/// Remembers the pointer type that this instruction was seen with, and rejects a second one that needs another rewrite.
///
/// `allow_trust_mismatch`: the instruction may fall back to a checked load, which serves trusted and untrusted pointers.
pub(crate) fn one_kind_of_pointer(env: &mut Env<'_>, ty: RegType, allow_trust_mismatch: bool) -> Res {
    let idx = env.insn_idx;
    env.aux[idx].kernel_memory = env.aux[idx].kernel_memory.or(kernel_memory(ty));
    let Some(prev) = env.aux[idx].pointer_seen else {
        env.aux[idx].pointer_seen = Some(ty);
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
    env.aux[idx].pointer_seen = Some(merged);
    Ok(())
}
