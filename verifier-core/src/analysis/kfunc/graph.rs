//! Lists and trees of objects that programs allocate.
//!
//! A root stands in a map value or an allocated object together with the lock that protects it; nodes are objects of the
//! program's own types. Answers for `__process_kf_arg_ptr_to_graph_root()`, `__process_kf_arg_ptr_to_graph_node()`,
//! `check_reg_allocation_locked()` and `mark_reg_graph_node()`.
//!
//! In the kernel: `reg_find_field_offset()`, `btf_record::refcount_off >= 0`, `reg->map_ptr`, `reg->btf`.

use super::{KfuncMeta, Special};
use crate::analysis::Cx;
use crate::analysis::btf_access::same_struct_within;
use crate::analysis::objects::{lock_identity, record_btf, record_of};
use crate::analysis::refs;
use crate::error::{Errno, KfuncMsg, Res};
use crate::program::record::{Field, FieldInfo, FieldKind, record_find};
use crate::state::{BtfRef, Payload, RegBase, RegState, RegType, TypeFlags};

/// The field at an offset of what a register points to, with the BTF its types stand in.
pub(crate) fn reg_find_field(cx: &Cx, reg: &RegState, off: u32, kind: FieldKind) -> Option<(BtfRef, Field)> {
    let rec = record_of(cx.program, reg)?;
    let field = record_find(Some(&rec), off, kind)?.clone();
    Some((record_btf(cx.program, reg)?, field))
}

/// Makes a register point to the node of a root's objects.
pub(crate) fn set_graph_node(reg: &mut RegState, btf: BtfRef, root: &Field) {
    let FieldInfo::Root { value_id, node_offset } = root.info else { return };
    refs::zero_reg(reg);
    reg.ty = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
    reg.payload = Payload::Btf { btf, id: value_id };
    reg.off = node_offset.cast_signed();
}

fn kind_name(kind: FieldKind) -> &'static str {
    if kind == FieldKind::LIST_HEAD {
        "bpf_list_head"
    } else if kind == FieldKind::LIST_NODE {
        "bpf_list_node"
    } else if kind == FieldKind::RB_ROOT {
        "bpf_rb_root"
    } else {
        "bpf_rb_node"
    }
}

/// The lock that protects what a register points to must be held. `Err`: nothing, or another object's lock, is.
fn check_locked(cx: &mut Cx, reg: &RegState) -> Res<bool> {
    let alloc = RegType::with(RegBase::PtrToBtfId, TypeFlags::ALLOC);
    if !reg.ty.is(RegBase::PtrToMapValue) && reg.ty != alloc {
        return Err(cx.kernel_bug("unknown register type for a lock check"));
    }
    let (ptr, id) = (lock_identity(reg), reg.id);
    let held = if cx.program.kernel.features.locks_are_refs {
        let kinds = [crate::state::RefKind::Lock, crate::state::RefKind::ResLock, crate::state::RefKind::ResLockIrq];
        if cx.path.cur.locks_held == 0 {
            return Ok(false);
        }
        refs::lock_held_as(cx, &kinds, id, ptr).is_some()
    } else {
        match refs::held_lock(cx) {
            None => return Ok(false),
            Some(lock) => lock == (ptr, id),
        }
    };
    if !held {
        cx.say(KfuncMsg::OtherLock {});
    }
    Ok(held)
}

/// Checks the root argument of a list or tree function.
pub(super) fn process_root(cx: &mut Cx, regno: u8, meta: &mut KfuncMeta, kind: FieldKind) -> Res {
    let reg = *cx.reg(regno);
    let what = kind_name(kind);
    let special = meta.desc.special;
    let fits = special.is_some_and(|s| if kind == FieldKind::LIST_HEAD { s.is_list() } else { s.is_rbtree() });
    if meta.desc.btf != BtfRef::VMLINUX || !fits {
        return Err(cx.kernel_bug("root argument of an unknown kernel function"));
    }
    if !reg.var_off().is_const() {
        return Err(cx.reject(KfuncMsg::GraphVarOff { regno, what }, Errno::EINVAL));
    }
    let off = reg.off.cast_unsigned().wrapping_add(reg.var_off().value as u32);
    let Some((btf, field)) = reg_find_field(cx, &reg, off, kind) else {
        return Err(cx.reject(KfuncMsg::GraphNotFound { what, off }, Errno::EINVAL));
    };
    if !check_locked(cx, &reg)? {
        let lock = record_of(cx.program, &reg)
            .and_then(|rec| rec.fields.iter().find(|f| f.kind == FieldKind::SPIN_LOCK).map(|f| f.offset));
        let off = lock.map_or(-22, |off| off.cast_signed());
        return Err(cx.reject(KfuncMsg::LockNotHeld { off, what }, Errno::EINVAL));
    }
    let place = if kind == FieldKind::LIST_HEAD { &mut meta.list_head } else { &mut meta.rbtree_root };
    *place = Some((btf, field));
    Ok(())
}

/// Checks the node argument of a list or tree function against the root argument before it.
pub(super) fn process_node(cx: &mut Cx, regno: u8, meta: &mut KfuncMeta, kind: FieldKind) -> Res {
    let reg = *cx.reg(regno);
    let node = kind_name(kind);
    let head_kind = if kind == FieldKind::LIST_NODE { FieldKind::LIST_HEAD } else { FieldKind::RB_ROOT };
    let fits = match meta.desc.special {
        Some(s) if s.takes_list_node() => kind == FieldKind::LIST_NODE,
        Some(Special::RbtreeRemove | Special::RbtreeAdd | Special::RbtreeLeft | Special::RbtreeRight) => {
            kind == FieldKind::RB_NODE
        }
        _ => false,
    };
    if meta.desc.btf != BtfRef::VMLINUX || !fits {
        return Err(cx.kernel_bug("node argument of an unknown kernel function"));
    }
    if !reg.var_off().is_const() {
        return Err(cx.reject(KfuncMsg::GraphVarOff { regno, what: node }, Errno::EINVAL));
    }
    let off = reg.off.cast_unsigned().wrapping_add(reg.var_off().value as u32);
    if reg_find_field(cx, &reg, off, kind).is_none() {
        return Err(cx.reject(KfuncMsg::GraphNotFound { what: node, off }, Errno::EINVAL));
    }
    let root = if kind == FieldKind::LIST_NODE { &meta.list_head } else { &meta.rbtree_root };
    let (Some((root_btf, root)), Some((reg_btf, reg_id))) = (root.clone(), reg.btf()) else {
        return Err(cx.broken("node argument without a root"));
    };
    let FieldInfo::Root { value_id, node_offset } = root.info else { return Err(cx.broken("root without a type")) };
    let want = cx.program.btf(root_btf).type_name(value_id).to_string();
    let walk_flex = !reg.has(TypeFlags::ALLOC);
    if !same_struct_within(cx, reg_btf, reg_id, 0, root_btf, value_id, true, walk_flex) {
        let msg = KfuncMsg::NodeType {
            head: kind_name(head_kind),
            node,
            want_off: node_offset,
            want,
            off,
            got: cx.program.btf(reg_btf).type_name(reg_id).to_string(),
        };
        return Err(cx.reject(msg, Errno::EINVAL));
    }
    meta.arg_btf = Some((reg_btf, reg_id));
    if off != node_offset {
        return Err(cx.reject(KfuncMsg::NodeOffset { off, node, want_off: node_offset, want }, Errno::EINVAL));
    }
    Ok(())
}
