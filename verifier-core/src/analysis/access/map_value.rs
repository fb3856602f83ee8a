//! Map values and keys, and the special fields in values.
//!
//! Answers for `check_map_access_type()`, `check_map_access()`, `check_map_kptr_access()`, `bpf_map_direct_read()`.
//!
//! In the kernel: `rcu_protected_types`, `rcu_protected_object()`, `btf_ld_kptr_type()`, `map_kptr_match_type()`,
//! `mark_uptr_ld_reg()`.

use super::region::check_leak;
use super::region::{offset_fits, within_region};
use crate::analysis::Cx;
use crate::analysis::btf_access::{same_struct_within, set_loaded_pointer};
use crate::analysis::program::Program;
use crate::analysis::refs::in_rcu_section;
use crate::analysis::regs::need_exactly;
use crate::analysis::regs::{Access, AccessSrc, set_known, set_known_zero, set_unknown};
use crate::btf::TypeId;
use crate::error::{Errno, MemoryMsg, Res, Stop};
use crate::isa::opcode::{LDX, MEM, ST, STX};
use crate::kernel::MapType;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::program::MapSpec;
use crate::program::record::{Field, FieldInfo, FieldKind, KptrBtf, record_find};
use crate::state::{BtfRef, MapIdx, Payload, RegState};

/// `BPF_F_RDONLY_PROG`: programs may only read the map.
const RDONLY_PROG: u32 = 1 << 7;
/// `BPF_F_WRONLY_PROG`: programs may only write the map.
const WRONLY_PROG: u32 = 1 << 8;

/// Bytes of an entry of a jump table, as programs read it.
const JUMP_ENTRY: u32 = 8;

/// The map of a map value or key. A pointer of such a type without one would be our own mistake.
fn map_of(cx: &Cx<'_>, regno: u8) -> Res<MapIdx> {
    cx.reg(regno).map().ok_or_else(|| cx.broken("a map pointer without a map"))
}

/// Whether programs may read or write this map at all.
///
/// # Errors
/// Rejects with `EACCES`.
pub(crate) fn map_allows(cx: &mut Cx<'_>, regno: u8, off: i32, size: i32, t: Access) -> Res {
    let map = map_of(cx, regno)?;
    let spec = &cx.program.map(map).spec;
    let value_size = spec.value_size;
    let read_only = spec.map_flags & RDONLY_PROG != 0;
    let write_only = !read_only && spec.map_flags & WRONLY_PROG != 0;
    match t {
        Access::Write if read_only => {
            Err(cx.reject(MemoryMsg::MapWriteForbidden { value_size, off, size }, Errno::EACCES))
        }
        Access::Read if write_only => {
            Err(cx.reject(MemoryMsg::MapReadForbidden { value_size, off, size }, Errno::EACCES))
        }
        _ => Ok(()),
    }
}

/// Bytes that a pointer to a map's value leads to: those of a value, but of a jump table the places of all entries.
fn addressable_bytes(spec: &MapSpec) -> u32 {
    if is_jump_table(spec) { spec.max_entries.saturating_mul(JUMP_ENTRY) } else { spec.value_size }
}

/// Whether a map is a jump table.
pub(super) fn is_jump_table(spec: &MapSpec) -> bool {
    spec.map_type == MapType::InsnArray as u32
}

/// Checks that an access stays inside of the value and touches no special field, except a kptr as a whole and by an
/// instruction.
///
/// `off` includes the fixed offset.
pub(crate) fn within_map_value(
    cx: &mut Cx<'_>,
    regno: u8,
    off: i32,
    size: i32,
    zero_size_allowed: bool,
    src: AccessSrc,
) -> Res {
    let map = map_of(cx, regno)?;
    let bytes = addressable_bytes(&cx.program.map(map).spec);
    within_region(cx, regno, off, size, bytes, zero_size_allowed)?;
    let Some(record) = cx.program.map(map).record.clone() else { return Ok(()) };
    let reg = *cx.reg(regno);
    let lowest = i64::from(off).wrapping_add(reg.scalar.smin);
    let end = (reg.scalar.umax as i64).wrapping_add(i64::from(off)).wrapping_add(i64::from(size));
    for field in &record.fields {
        let from = i64::from(field.offset);
        if lowest >= from + i64::from(field.size) || from as u64 >= end as u64 {
            continue;
        }
        let name = field.kind.name();
        if !field.kind.intersects(FieldKind::KPTR | FieldKind::UPTR) {
            return Err(cx.reject(MemoryMsg::FieldDirect { name }, Errno::EACCES));
        }
        let at = i64::from(off).wrapping_add(reg.var_off().value as i64) as u64;
        let msg = if src != AccessSrc::Direct {
            MemoryMsg::KptrIndirect { name }
        } else if !reg.var_off().is_const() {
            MemoryMsg::KptrVariable { name }
        } else if u64::from(field.offset) != at {
            MemoryMsg::KptrMisaligned { name, expected: field.offset, off: at }
        } else if size != 8 {
            MemoryMsg::KptrSize { name }
        } else {
            continue;
        };
        return Err(cx.reject(msg, Errno::EACCES));
    }
    Ok(())
}

/// BTF that a kptr field's type belongs to, as an entry of the environment; `None` when it is not loaded.
///
/// `own` is the BTF of the map or struct that the field stands in.
pub(crate) fn kptr_btf(cx: &Cx<'_>, own: BtfRef, btf: &KptrBtf) -> Option<BtfRef> {
    match btf {
        KptrBtf::Vmlinux => Some(BtfRef::VMLINUX),
        KptrBtf::Own => Some(own),
        KptrBtf::Module(name) => {
            let i = cx.program.btf_names.iter().position(|n| n == name)?;
            u16::try_from(i).ok().map(BtfRef)
        }
    }
}

/// The pointee of a kptr field of a type in BTF `own`.
pub(crate) fn kptr_pointee(cx: &Cx<'_>, own: BtfRef, field: &Field) -> Res<(BtfRef, TypeId)> {
    let FieldInfo::Kptr { btf, id } = &field.info else { return Err(cx.broken("a kptr field without a type")) };
    match kptr_btf(cx, own, btf) {
        Some(r) => Ok((r, *id)),
        None => Err(Stop::unsupported("a kptr to a type of a module that is not loaded")),
    }
}

/// Types that are freed only after an RCU grace period.
const RCU_PROTECTED: [&str; 5] = ["prog_test_ref_kfunc", "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx"];

/// Whether objects of this type are freed only after all RCU readers are gone.
pub(crate) fn is_rcu_object(cx: &Cx<'_>, btf: BtfRef, id: TypeId) -> bool {
    !cx.program.is_kernels(btf) || RCU_PROTECTED.contains(&cx.program.btf(btf).type_name(id))
}

/// What a load of a kptr yields.
fn loaded_flags(cx: &Cx<'_>, field: &Field, btf: BtfRef, id: TypeId) -> TypeFlags {
    let safe =
        field.kind == FieldKind::KPTR_PERCPU || (field.kind == FieldKind::KPTR_REF && is_rcu_object(cx, btf, id));
    let mut flags = TypeFlags::MAYBE_NULL;
    if !safe || !in_rcu_section(cx) {
        return flags | TypeFlags::UNTRUSTED;
    }
    flags |= TypeFlags::RCU;
    if field.kind == FieldKind::KPTR_PERCPU {
        flags |= TypeFlags::PERCPU;
    } else if !cx.program.is_kernels(btf) {
        flags |= TypeFlags::ALLOC;
    }
    let local = !cx.program.is_kernels(btf);
    if local && cx.program.struct_meta(btf, id).is_some_and(|rec| rec.has(FieldKind::GRAPH_NODE)) {
        flags |= TypeFlags::NON_OWN_REF;
    }
    flags
}

/// Whether a register may be stored into a kptr field of a type in BTF `own`.
///
/// # Errors
/// Rejects with `EINVAL`, or as an unmodified pointer's check does.
pub(crate) fn kptr_takes(cx: &mut Cx<'_>, own: BtfRef, field: &Field, regno: u8) -> Res {
    let (want_btf, want_id) = kptr_pointee(cx, own, field)?;
    let reg = *cx.reg(regno);
    let unref = field.kind == FieldKind::KPTR_UNREF;
    let percpu = field.kind == FieldKind::KPTR_PERCPU;
    let mut name = String::new();
    let typed = reg.btf().filter(|_| reg.ty.base == RegBase::PtrToBtfId);
    if let Some((btf, id)) = typed {
        let mut allowed = TypeFlags::MAYBE_NULL;
        if cx.program.is_kernels(btf) {
            allowed |= TypeFlags::TRUSTED | TypeFlags::RCU;
            if unref {
                allowed |= TypeFlags::UNTRUSTED;
            }
        } else {
            allowed |= TypeFlags::ALLOC;
            if percpu {
                allowed |= TypeFlags::PERCPU;
            }
        }
        let must_match = cx.program.kernel.features.kptr_percpu_must_match;
        if allowed.contains(reg.ty.flags) && (!must_match || percpu == reg.has(TypeFlags::PERCPU)) {
            name = cx.program.btf(btf).type_name(id).to_string();
            offset_fits(cx, &reg, regno, true)?;
            let flex = !reg.has(TypeFlags::ALLOC);
            if same_struct_within(cx, btf, id, reg.off, want_btf, want_id, !unref, flex) {
                return Ok(());
            }
        }
    }
    let expected = cx.program.btf(want_btf).type_name(want_id).to_string();
    let msg = MemoryMsg::KptrType { regno, ty: reg.ty, name, expected, or_untrusted: unref };
    Err(cx.reject(msg, Errno::EINVAL))
}

/// Checks a load or store of a kptr.
pub(crate) fn kptr_access(
    cx: &mut Cx<'_>,
    map: MapIdx,
    value_regno: Option<u8>,
    insn_idx: usize,
    field: &Field,
) -> Res {
    let insn = cx.program.insns[insn_idx];
    let class = insn.class();
    let reject = |cx: &mut Cx<'_>, msg| Err(cx.reject(msg, Errno::EACCES));
    if insn.mode() != MEM {
        return reject(cx, MemoryMsg::KptrMode);
    }
    if class != LDX && field.kind.intersects(FieldKind::KPTR_REF | FieldKind::KPTR_PERCPU) {
        return reject(cx, MemoryMsg::KptrRefStore);
    }
    if class != LDX && field.kind == FieldKind::UPTR {
        return reject(cx, MemoryMsg::UptrStore);
    }
    let own = cx.program.map(map).btf.ok_or_else(|| cx.broken("a kptr in a map without BTF"))?;
    match (class, value_regno) {
        (LDX, Some(regno)) => {
            let (btf, id) = kptr_pointee(cx, own, field)?;
            if field.kind == FieldKind::UPTR {
                return load_uptr(cx, regno, btf, id);
            }
            let flags = loaded_flags(cx, field, btf, id);
            set_loaded_pointer(cx, regno, RegBase::PtrToBtfId, btf, id, flags)
        }
        (STX, Some(regno)) if cx.reg(regno).is_null() => {
            // Storing is allowed only because the number is zero: no other number may be pruned against it.
            need_exactly(cx, regno)
        }
        (STX, Some(regno)) => kptr_takes(cx, own, field, regno).map_err(|stop| match stop {
            // Whatever the reason was, the access as a whole is denied.
            Stop::Reject(mut r) => {
                r.errno = Errno::EACCES;
                Stop::Reject(r)
            }
            other => other,
        }),
        (ST, _) if insn.imm != 0 => reject(cx, MemoryMsg::KptrStImm { off: field.offset }),
        (ST, _) => Ok(()),
        _ => Err(cx.broken("a kptr accessed by no load or store")),
    }
}

/// The register receives a pointer to user memory that the kernel has pinned.
fn load_uptr(cx: &mut Cx<'_>, regno: u8, btf: BtfRef, id: TypeId) -> Res {
    let size = cx.program.btf(btf).ty(id).and_then(|t| t.own_size()).unwrap_or(0);
    set_known_zero(cx, regno);
    let new_id = cx.new_id();
    let reg = cx.reg_mut(regno);
    reg.ty = RegType::with(RegBase::PtrToMem, TypeFlags::MAYBE_NULL);
    reg.payload = Payload::Mem { size, dynptr_id: 0 };
    reg.id = new_id;
    Ok(())
}

/// A load of constants: the value that a read-only, frozen array holds. `None`: the map is none such.
///
/// # Errors
/// As the kernel, silently with `ENOTSUPP` for arrays of several elements.
fn direct_read(program: &Program<'_>, map: MapIdx, off: u64, size: u32, is_ldsx: bool) -> Res<Option<u64>> {
    let spec = &program.map(map).spec;
    if spec.map_flags & RDONLY_PROG == 0 || !spec.frozen || spec.map_type != MapType::Array as u32 {
        return Ok(None);
    }
    if spec.max_entries != 1 {
        return Err(Stop::silent(Errno::ENOTSUPP));
    }
    let Some(value) = &spec.value else {
        return Err(Stop::unsupported("contents of a frozen map that are not known"));
    };
    let bytes = usize::try_from(off).ok().and_then(|off| value.get(off..off.checked_add(size as usize)?));
    let Some(bytes) = bytes else {
        return Err(Stop::unsupported("contents of a frozen map that are shorter than its value"));
    };
    let mut word = [0u8; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let v = u64::from_le_bytes(word);
    Ok(Some(match (is_ldsx, size) {
        (true, 1) => v as i8 as i64 as u64,
        (true, 2) => v as i16 as i64 as u64,
        (true, 4) => v as i32 as i64 as u64,
        _ => v,
    }))
}

/// The same before the walk, where what cannot be told is not known.
pub(crate) fn frozen_value(program: &Program<'_>, map: MapIdx, off: u64, size: u32, is_ldsx: bool) -> Option<u64> {
    direct_read(program, map, off, size, is_ldsx).ok().flatten()
}

/// One load or store of a value. `off` includes the fixed offset.
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
    check_leak(cx, t, value, "map")?;
    map_allows(cx, regno, off, size as i32, t)?;
    within_map_value(cx, regno, off, size as i32, false, AccessSrc::Direct)?;
    let map = map_of(cx, regno)?;
    let var_off = cx.reg(regno).var_off();
    let at = i64::from(off).wrapping_add(var_off.value as i64) as u64;
    if var_off.is_const() {
        let record = cx.program.map(map).record.clone();
        let kinds = FieldKind::KPTR | FieldKind::UPTR;
        if let Some(field) = u32::try_from(at).ok().and_then(|at| record_find(record.as_deref(), at, kinds)) {
            return kptr_access(cx, map, value, insn_idx, field);
        }
    }
    let (Access::Read, Some(dst)) = (t, value) else { return Ok(()) };
    if is_jump_table(&cx.program.map(map).spec) {
        return load_place(cx, regno, off, size, dst);
    }
    let known = if var_off.is_const() { direct_read(cx.program, map, at, size, is_ldsx)? } else { None };
    match known {
        Some(v) => {
            let reg = cx.reg_mut(dst);
            reg.ty = RegType::of(RegBase::Scalar);
            set_known(reg, v);
        }
        None => set_unknown(cx, dst),
    }
    Ok(())
}

/// A load from a jump table: the register holds a place of the program, and keeps which entries it may come from.
fn load_place(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, dst: u8) -> Res {
    if size != JUMP_ENTRY {
        return Err(cx.reject(MemoryMsg::JumpTableSize { size }, Errno::EACCES));
    }
    let base = *cx.reg(regno);
    let off = if cx.program.kernel.features.place_load_offsets { off } else { base.off };
    let place = RegState { ty: RegType::of(RegBase::PtrToInsn), off, ..base };
    cx.reg_mut(dst).set(place);
    Ok(())
}

/// One load of a key; stores are rejected. `off` includes the fixed offset.
pub(super) fn load_key(cx: &mut Cx<'_>, regno: u8, off: i32, size: u32, t: Access) -> Res {
    if t == Access::Write {
        return Err(cx.reject(MemoryMsg::KeyWrite { regno }, Errno::EACCES));
    }
    let map = map_of(cx, regno)?;
    let key_size = cx.program.map(map).spec.key_size;
    within_region(cx, regno, off, size as i32, key_size, false)
}
