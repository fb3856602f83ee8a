//! Objects with rules of their own: what a pointer's object holds besides plain bytes, and what protects it.
//!
//! Each of these questions is asked by helpers, kernel functions and comparisons, and has its one answer here.
//!
//! In the kernel: `type_is_ptr_alloc_obj()`, `type_is_non_owning_ref()`, `reg_btf_record()`,
//! `reg_may_point_to_spin_lock()`, `active_lock.ptr`, `in_rbtree_lock_required_cb()`.

use std::sync::Arc;

use super::Cx;
use super::kfunc::needs_tree_lock;
use super::program::Program;
use crate::program::record::{FieldKind, Record};
use crate::state::{BtfRef, RegBase, RegState, TypeFlags};

/// Whether a register points to an object that the program allocated.
pub(crate) fn is_allocated(reg: &RegState) -> bool {
    reg.ty.base == RegBase::PtrToBtfId && reg.has(TypeFlags::ALLOC)
}

/// Whether it is borrowed: another place owns the object.
pub(crate) fn is_borrowed(reg: &RegState) -> bool {
    is_allocated(reg) && reg.has(TypeFlags::NON_OWN_REF)
}

/// Special fields of what a register points to.
pub(crate) fn record_of(program: &Program<'_>, reg: &RegState) -> Option<Arc<Record>> {
    if reg.ty.is(RegBase::PtrToMapValue) {
        return program.map(reg.map()?).record.clone();
    }
    if is_allocated(reg) {
        let (btf, id) = reg.btf()?;
        return program.struct_meta(btf, id);
    }
    None
}

/// BTF that the special fields of what a register points to refer to.
pub(crate) fn record_btf(program: &Program<'_>, reg: &RegState) -> Option<BtfRef> {
    match reg.map() {
        Some(map) => program.map(map).btf,
        None => reg.btf().map(|(btf, _)| btf),
    }
}

/// Whether a register points to something with a lock in it. Such objects are told apart by the pointers that lead to
/// them.
pub(crate) fn has_lock(program: &Program<'_>, reg: &RegState) -> bool {
    record_of(program, reg).is_some_and(|rec| rec.has(FieldKind::SPIN_LOCK | FieldKind::RES_SPIN_LOCK))
}

/// What the lock of a register's object belongs to: a map, or the BTF of the object's type. 0: no such object.
pub(crate) fn lock_identity(reg: &RegState) -> u64 {
    match (reg.map(), reg.btf()) {
        (Some(map), _) => (1 << 32) | u64::from(map.0),
        (None, Some((btf, _))) => (2 << 32) | u64::from(btf.0),
        (None, None) => 0,
    }
}

/// Whether the walk is inside of a callback that a tree calls while its lock is held. Where functions that the callback
/// calls count, too, is the release's.
pub(crate) fn in_tree_callback(cx: &Cx<'_>) -> bool {
    let all = cx.program.kernel.features.tree_callback_covers_callees;
    cx.path.cur.frames.iter().skip(1).rev().take(if all { usize::MAX } else { 1 }).any(|f| {
        let call = usize::try_from(f.called_from).ok().and_then(|at| cx.program.insns.get(at)).copied();
        f.is_callback && call.is_some_and(|insn| insn.is_kfunc_call() && needs_tree_lock(cx.program, insn))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{MapIdx, Payload, RegType};

    fn reg(ty: RegType, payload: Payload) -> RegState {
        RegState { ty, payload, ..RegState::unknown() }
    }

    #[test]
    fn locks_of_maps_and_of_objects_are_told_apart() {
        let map = |n| reg(RegType::of(RegBase::PtrToMapValue), Payload::Map { map: MapIdx(n), uid: 0 });
        let ty = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
        let object = |n| reg(ty, Payload::Btf { btf: BtfRef(n), id: 1 });
        assert_ne!(lock_identity(&map(1)), lock_identity(&map(2)));
        assert_ne!(lock_identity(&map(1)), lock_identity(&object(1)));
        assert_eq!(lock_identity(&RegState::unknown()), 0);
    }

    #[test]
    fn a_borrowed_object_was_allocated() {
        let object = |flags| reg(RegType::with(RegBase::PtrToBtfId, flags), Payload::None);
        let borrowed = object(TypeFlags::ALLOC.union(TypeFlags::NON_OWN_REF));
        assert!(is_allocated(&borrowed) && is_borrowed(&borrowed));
        assert!(!is_borrowed(&object(TypeFlags::NON_OWN_REF)) && !is_borrowed(&object(TypeFlags::ALLOC)));
        assert!(!is_allocated(&reg(RegType::of(RegBase::PtrToMapValue), Payload::None)));
    }
}
