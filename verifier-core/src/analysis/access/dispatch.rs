//! One load or store: which kind of pointer it goes through, and what receives the value.
//!
//! In the kernel: `check_mem_access()`, `check_load_mem()`, `check_store_reg()`, `save_aux_ptr_type()`.

use super::stack::within_stack;
use super::{align, buf, ctx, map_value, mem, packet, sock, stack_read, stack_write};
use crate::analysis::btf_access::{map_struct_access, typed_pointer_access};
use crate::analysis::cx::Cx;
use crate::analysis::learned::KernelMemory;
use crate::analysis::regs::{
    Access, AccessSrc, ArgUse, drop_link, keep_low_bytes, no_contradiction_in, set_unknown, sign_extend_low_bytes,
    use_register,
};
use crate::error::{Errno, MemoryMsg, Res};
use crate::isa::Insn;
use crate::isa::opcode::{ATOMIC, B, H, W};
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::pointer::Region;

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
    cx: &mut Cx<'_>,
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
    let reg = *cx.reg(regno);
    let by_entries = reg.ty.is(RegBase::PtrToMapValue)
        && reg.map().is_some_and(|m| map_value::is_jump_table(&cx.program.map(m).spec));
    align::access_is_aligned(cx, regno, off, size, strict_alignment_once || by_entries)?;

    let off = off.wrapping_add(reg.off);
    // What most kinds leave in the register that receives the value: a number of which only the width is known.
    let mut loads_unknown = t == Access::Read;
    match reg.ty.region() {
        Region::MapKey => map_value::load_key(cx, regno, off, size, t)?,
        Region::MapValue => {
            map_value::load_store(cx, insn_idx, regno, off, size, t, value_regno, is_ldsx)?;
            loads_unknown = false;
        }
        Region::Memory => {
            mem::load_store(cx, regno, off, size, t, value_regno)?;
            loads_unknown |= reg.has(TypeFlags::RDONLY);
        }
        Region::Context => {
            ctx::load_store(cx, insn_idx, regno, off, size, t, value_regno, is_ldsx)?;
            loads_unknown = false;
        }
        Region::Stack => {
            within_stack(cx, regno, off, size as i32, AccessSrc::Direct, t)?;
            match t {
                Access::Read => stack_read::read_stack(cx, regno, off, size, value_regno)?,
                Access::Write => stack_write::write_stack(cx, regno, off, size, value_regno, insn_idx)?,
            }
            loads_unknown = false;
        }
        Region::Packet => packet::load_store(cx, regno, off, size, t, value_regno)?,
        Region::FlowKeys => buf::flow_keys(cx, off, size, t, value_regno)?,
        Region::Socket(kind) => sock::load(cx, regno, kind, off, size, t)?,
        Region::TracepointBuffer => buf::tracepoint(cx, regno, off, size)?,
        Region::Object => {
            typed_pointer_access(cx, regno, off, size as i32, t, value_regno)?;
            loads_unknown = false;
        }
        Region::MapStruct => {
            map_struct_access(cx, regno, off, size as i32, t, value_regno)?;
            loads_unknown = false;
        }
        Region::Buffer => buf::load_store(cx, regno, off, size, t)?,
        // Every access to an arena is guarded at run time: a fault reads as zero and drops the store.
        Region::Arena => {}
        Region::None => return Err(cx.reject(MemoryMsg::InvalidMem { regno, ty: reg.ty }, Errno::EACCES)),
    }
    let Some(value) = value_regno else { return Ok(()) };
    if loads_unknown {
        set_unknown(cx, value);
    }
    if t == Access::Read && size < 8 && cx.reg(value).is_scalar() {
        let mut r = *cx.reg(value);
        if is_ldsx {
            if cx.program.kernel.features.signed_fills_unlinked {
                drop_link(&mut r);
            }
            sign_extend_low_bytes(&mut r, size);
        } else {
            keep_low_bytes(cx, &mut r, size);
        }
        *cx.reg_mut(value) = r;
    }
    Ok(())
}

/// Checks a load into a register.
pub(crate) fn load_value(cx: &mut Cx<'_>, insn: Insn, strict: bool, is_ldsx: bool, allow_trust_mismatch: bool) -> Res {
    use_register(cx, insn.src, ArgUse::Src)?;
    use_register(cx, insn.dst, ArgUse::DstNoMark)?;
    let ty = cx.reg(insn.src).ty;
    let (idx, off) = (cx.path.insn_idx, i32::from(insn.off));
    memory_access(cx, idx, insn.src, off, insn.size_bits(), Access::Read, Some(insn.dst), strict, is_ldsx)?;
    one_kind_of_pointer(cx, ty, allow_trust_mismatch)?;
    let ctx = if insn.mode() == ATOMIC { "atomic_load" } else { "ldx" };
    no_contradiction_in(cx, insn.dst, ctx)
}

/// Checks a store of a register.
pub(crate) fn store_value(cx: &mut Cx<'_>, insn: Insn, strict: bool) -> Res {
    use_register(cx, insn.src, ArgUse::Src)?;
    use_register(cx, insn.dst, ArgUse::Src)?;
    let ty = cx.reg(insn.dst).ty;
    let (idx, off) = (cx.path.insn_idx, i32::from(insn.off));
    memory_access(cx, idx, insn.dst, off, insn.size_bits(), Access::Write, Some(insn.src), strict, false)?;
    one_kind_of_pointer(cx, ty, false)
}

/// The kernel's own memory that a pointer leads to. What programs allocate is theirs.
fn kernel_memory(ty: RegType) -> Option<KernelMemory> {
    let untrusted = ty.has(TypeFlags::UNTRUSTED);
    match ty.base.row().region {
        Region::MapStruct => Some(KernelMemory::Map),
        Region::Arena => Some(KernelMemory::Arena),
        Region::Object if untrusted || !ty.has(TypeFlags::ALLOC) => Some(KernelMemory::Object),
        Region::Memory if untrusted => Some(KernelMemory::Object),
        _ => None,
    }
}

/// Remembers the pointer type that this instruction was seen with, and rejects a second one that needs another rewrite.
///
/// `allow_trust_mismatch`: the instruction may fall back to a checked load, which serves trusted and untrusted pointers.
pub(crate) fn one_kind_of_pointer(cx: &mut Cx<'_>, ty: RegType, allow_trust_mismatch: bool) -> Res {
    let idx = cx.path.insn_idx;
    cx.learned.aux[idx].kernel_memory = cx.learned.aux[idx].kernel_memory.or(kernel_memory(ty));
    let Some(prev) = cx.learned.aux[idx].pointer_seen else {
        cx.learned.aux[idx].pointer_seen = Some(ty);
        return Ok(());
    };
    let mem_apart = cx.program.kernel.features.untrusted_mem_apart;
    let apart = |ty: RegType| mem_apart && ty.base == RegBase::PtrToMem && ty.has(TypeFlags::UNTRUSTED);
    let rewritten = |ty: RegType| ty.base.row().rewritten || apart(ty);
    if ty == prev || !(rewritten(ty) || rewritten(prev)) {
        return Ok(());
    }
    let mem_too = cx.program.kernel.features.untrusted_mem;
    let probed = |ty: RegType| ty.base == RegBase::PtrToBtfId || (mem_too && ty.base == RegBase::PtrToMem);
    if !(allow_trust_mismatch && probed(ty) && probed(prev)) {
        return Err(cx.reject(MemoryMsg::DifferentPointers, Errno::EINVAL));
    }
    let merged = if !mem_too {
        RegType::with(RegBase::PtrToBtfId, TypeFlags::UNTRUSTED)
    } else {
        let mem = ty.base == RegBase::PtrToMem || prev.base == RegBase::PtrToMem;
        let base = if mem { RegBase::PtrToMem } else { RegBase::PtrToBtfId };
        RegType::with(base, (ty.flags | prev.flags) & (TypeFlags::UNTRUSTED | TypeFlags::RDONLY))
    };
    cx.learned.aux[idx].pointer_seen = Some(merged);
    Ok(())
}
