//! Atomic instructions. Answers for `check_atomic()`.
//!
//! In the kernel: `atomic_ptr_type_ok()`, `check_atomic_rmw()`, `check_atomic_load()`, `check_atomic_store()`.

use super::{load_value, memory_access, one_kind_of_pointer, store_value};
use crate::analysis::Cx;
use crate::analysis::regs::{Access, ArgUse, use_register, would_leak};
use crate::error::{Errno, MemoryMsg, Res};
use crate::isa::opcode::*;
use crate::isa::{AtomicOp, Insn, Op};
use crate::kernel::pointer::Region;

/// Whether memory of this kind can be the target of an atomic instruction.
fn target_ok(cx: &Cx<'_>, regno: u8, insn: Insn) -> bool {
    let ty = cx.reg(regno).ty;
    if ty.region() == Region::Arena {
        // The x86-64 JIT makes loops of these three, which it cannot recover from faults in an arena.
        return ![i32::from(AND) | FETCH, i32::from(OR) | FETCH, i32::from(XOR) | FETCH].contains(&insn.imm);
    }
    !ty.flags.is_empty() || ty.base.row().atomic
}

/// Checks an atomic instruction.
///
/// # Errors
/// Rejects operations the release does not have, and everything that loads and stores are rejected for.
pub(crate) fn atomic_operation(cx: &mut Cx<'_>, insn_idx: usize, insn: Insn) -> Res {
    let ordered = cx.program.kernel.features.narrow_atomics;
    match insn.decode() {
        Op::Atomic { op: Some(op), .. } => return read_modify_write(cx, insn_idx, insn, op),
        Op::LoadAcquire { .. } if ordered => return load_acquire(cx, insn),
        Op::StoreRelease { .. } if ordered => return store_release(cx, insn),
        _ => {}
    }
    Err(cx.reject(MemoryMsg::AtomicOpcode { imm: insn.imm }, Errno::EINVAL))
}

/// A read-modify-write operation: its operands, and the memory both ways.
fn read_modify_write(cx: &mut Cx<'_>, insn_idx: usize, insn: Insn, op: AtomicOp) -> Res {
    if insn.size_bits() != W && insn.size_bits() != DW {
        return Err(cx.reject(MemoryMsg::AtomicSize, Errno::EINVAL));
    }
    use_register(cx, insn.src, ArgUse::Src)?;
    use_register(cx, insn.dst, ArgUse::Src)?;
    let mut values = [Some(insn.src), None];
    if op == AtomicOp::CmpXchg {
        // R0 is compared with the memory, and is asked about first.
        use_register(cx, 0, ArgUse::Src)?;
        values = [Some(0), Some(insn.src)];
    }
    for regno in values.into_iter().flatten() {
        if would_leak(cx, regno) {
            return Err(cx.reject(MemoryMsg::LeaksAddr { regno, into: "mem" }, Errno::EACCES));
        }
    }
    if !target_ok(cx, insn.dst, insn) {
        let ty = cx.reg(insn.dst).ty;
        return Err(cx.reject(MemoryMsg::AtomicStore { regno: insn.dst, ty }, Errno::EACCES));
    }
    let fetched = insn.decode().loaded_by_atomic();
    if let Some(regno) = fetched {
        use_register(cx, regno, ArgUse::Dst)?;
    }
    let off = i32::from(insn.off);
    let size = insn.size_bits();
    // The memory is read as data first, so that no saved pointer leaks; then as the value that is fetched.
    memory_access(cx, insn_idx, insn.dst, off, size, Access::Read, None, true, false)?;
    if fetched.is_some() {
        memory_access(cx, insn_idx, insn.dst, off, size, Access::Read, fetched, true, false)?;
    }
    let ty = cx.reg(insn.dst).ty;
    one_kind_of_pointer(cx, ty, false)?;
    memory_access(cx, insn_idx, insn.dst, off, size, Access::Write, None, true, false)
}

/// A load with acquire order.
fn load_acquire(cx: &mut Cx<'_>, insn: Insn) -> Res {
    let first = cx.program.kernel.features.acquire_asks_first;
    if first {
        use_register(cx, insn.src, ArgUse::Src)?;
        may_be_acquired(cx, insn)?;
    }
    load_value(cx, insn, true, false, false)?;
    if first { Ok(()) } else { may_be_acquired(cx, insn) }
}

/// Refuses loads with acquire order from what such accesses are not made for.
fn may_be_acquired(cx: &mut Cx<'_>, insn: Insn) -> Res {
    if !target_ok(cx, insn.src, insn) {
        let ty = cx.reg(insn.src).ty;
        return Err(cx.reject(MemoryMsg::AtomicLoad { regno: insn.src, ty }, Errno::EACCES));
    }
    Ok(())
}

/// A store with release order.
fn store_release(cx: &mut Cx<'_>, insn: Insn) -> Res {
    store_value(cx, insn, true)?;
    if !target_ok(cx, insn.dst, insn) {
        let ty = cx.reg(insn.dst).ty;
        return Err(cx.reject(MemoryMsg::AtomicStore { regno: insn.dst, ty }, Errno::EACCES));
    }
    Ok(())
}
