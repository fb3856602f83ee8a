//! Pointers to kernel and program types: what a load at an offset of a struct yields, whether types match, and how far
//! what was loaded can be trusted.
//!
//! Answers for `btf_struct_walk()`, `btf_struct_access()`, `btf_struct_ids_match()`, `check_ptr_to_btf_access()`,
//! `check_ptr_to_map_access()`.
//!
//! In the kernel: `MAX_RESOLVE_DEPTH`, `btf_is_kernel()`, `mark_btf_ld_reg()`, `enum bpf_struct_walk_result`,
//! `__btf_resolve_size()`, `__btf_name_by_offset()`, `alloc`, `type_is_alloc(reg->type)`, `btf_types_are_same()`,
//! `btf_nested_type_is_trusted()`, `map_btf_id`, `struct bpf_map_ops`.

use super::Cx;
use super::btf_write::check_kernel_write;
use super::preflight::attr::is_gpl_compatible;
use super::refs::in_rcu_section;
use super::regs::{Access, is_trusted, set_known_zero, set_unknown};
use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::{Errno, MemoryMsg, Res};
use crate::kernel::MapType;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::facts::type_safe;
use crate::state::{BtfRef, Payload, RegState};

/// Longest chain of modifiers and arrays that is followed, and deepest nesting of structs.
const MAX_DEPTH: usize = 32;

/// Marks a register as holding what a load from a type yields: an unknown scalar, a pointer to a type, or (newer
/// releases) untrusted memory of unknown size.
///
/// # Errors
/// None but for a base type that loads never yield.
pub(crate) fn set_loaded_pointer(
    cx: &mut Cx<'_>,
    regno: u8,
    base: RegBase,
    btf: BtfRef,
    id: TypeId,
    flags: TypeFlags,
) -> Res {
    let payload = match base {
        RegBase::Scalar => {
            set_unknown(cx, regno);
            return Ok(());
        }
        RegBase::PtrToBtfId => Payload::Btf { btf, id },
        RegBase::PtrToMem => Payload::Mem { size: 0, dynptr_id: 0 },
        _ => return Err(cx.broken("a load from a type yields neither pointer nor number")),
    };
    set_known_zero(cx, regno);
    let id = if base == RegBase::PtrToBtfId && flags.contains(TypeFlags::MAYBE_NULL) { cx.new_id() } else { 0 };
    let reg = cx.reg_mut(regno);
    reg.ty = RegType::with(base, flags);
    reg.payload = payload;
    reg.id = id;
    Ok(())
}

/// What a load at an offset of a type yields.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum StructAccess {
    /// Plain data.
    Scalar,
    /// A pointer to a type of the same BTF.
    Ptr {
        /// The type pointed to.
        id: TypeId,
        /// Tags found on the way.
        flags: TypeFlags,
        /// Offset of the member's name in the BTF's strings.
        field_name: u32,
    },
    /// A pointer to something else than a struct, which newer releases let programs read.
    UntrustedMem,
}

/// One step of a walk.
enum Step {
    Scalar,
    Ptr {
        id: TypeId,
        field_name: u32,
    },
    PtrUntrusted,
    /// The offset is the start of a nested struct, whose type this is.
    Struct {
        id: TypeId,
    },
}

/// How a walk goes.
#[derive(Clone, Copy)]
struct Walk {
    /// Accesses beyond the end are taken as accesses to a flexible array at the end.
    flex: bool,
    /// A pointer to something else than a struct is a step, too.
    leaves: bool,
    /// The types are a kernel's: members of structs do not overlap.
    laid_out: bool,
    /// What is in a union is not trusted, and may be read beyond its end.
    unions: bool,
}

impl Walk {
    /// As the release walks types of this BTF.
    fn of(cx: &Cx<'_>, btf: BtfRef, flex: bool) -> Walk {
        let features = &cx.program.kernel.features;
        let (leaves, unions) = (features.untrusted_mem, features.unions_untrusted);
        Walk { flex, leaves, laid_out: cx.program.is_kernels(btf), unions }
    }
}

/// A line of the walk with the error it ends in.
type WalkError = (MemoryMsg, Errno);

/// Size of a member, and for arrays the element.
struct Resolved<'a> {
    /// Bytes of the whole.
    size: u32,
    /// Elements, of all dimensions; 1 for what is no array.
    nelems: u32,
    /// The type itself behind modifiers, or an array's element behind modifiers.
    ty: Type<'a>,
    /// Id that stands for `ty`: without the modifiers of a plain member, with those of an element.
    id: TypeId,
    is_array: bool,
}

fn resolve(btf: &Btf, id: TypeId) -> Option<Resolved<'_>> {
    let mut t = btf.ty(id)?;
    let (mut nelems, mut is_array, mut shown) = (1u32, false, id);
    for _ in 0..MAX_DEPTH {
        let size = match t.kind {
            BtfKind::Fwd => t.size_or_type,
            BtfKind::Ptr => 8,
            BtfKind::Array => {
                let a = t.array()?;
                nelems = nelems.checked_mul(a.nelems)?;
                is_array = true;
                shown = a.elem;
                t = btf.ty(a.elem)?;
                continue;
            }
            k if k.is_modifier() => {
                if !is_array {
                    shown = t.size_or_type;
                }
                t = btf.ty(t.size_or_type)?;
                continue;
            }
            BtfKind::Datasec => return None,
            _ => t.own_size()?,
        };
        return Some(Resolved { size: nelems.checked_mul(size)?, nelems, ty: t, id: shown, is_array });
    }
    None
}

/// A name for messages of the walk.
fn shown(name: &str) -> String {
    if name.is_empty() { "(anon)" } else { name }.to_string()
}

/// A type behind typedefs, qualifiers and tags.
fn strip<'a>(t: Type<'a>) -> Option<Type<'a>> {
    if t.kind.is_modifier() { t.btf.skip_modifiers(t.size_or_type) } else { Some(t) }
}

/// Finds the member at an offset, entering structs until the offset is the start of one, or a member that is none.
/// Unions on the way (but those of one member) taint `flags`.
fn walk(btf: &Btf, start: TypeId, off: u32, size: u32, flags: &mut TypeFlags, how: Walk) -> Result<Step, WalkError> {
    let mut off = off;
    let mut ty = btf.ty(start).and_then(|t| {
        // The id may be one of the base's; references of its types stay in the same id space.
        if t.kind.is_modifier() { btf.skip_modifiers(t.size_or_type) } else { Some(t) }
    });
    for _ in 0..=MAX_DEPTH {
        let Some(t) = ty.and_then(strip) else { break };
        let name = t.name();
        if !t.is_composite() {
            return Err((MemoryMsg::NotStruct { name: shown(name) }, Errno::EINVAL));
        }
        if how.unions && t.kind == BtfKind::Union && t.vlen != 1 {
            *flags |= TypeFlags::UNTRUSTED;
        }
        let beyond = |name: &str| (MemoryMsg::BeyondStruct { name: shown(name), off, size }, Errno::EACCES);
        let end = off.wrapping_add(size);
        if end > t.size_or_type {
            let Some((elem, member_off)) = flexible_tail(btf, &t).filter(|(_, at)| how.flex && off >= *at) else {
                return Err(beyond(name));
            };
            if elem.kind == BtfKind::Int {
                return Ok(Step::Scalar);
            }
            if !elem.is_composite() || elem.size_or_type == 0 {
                return Err(beyond(name));
            }
            off = (off - member_off) % elem.size_or_type;
            ty = Some(elem);
            continue;
        }
        match member_at(btf, &t, name, off, size, *flags, how)? {
            Found::Step(step) => {
                if let Step::Ptr { .. } = step {
                    *flags |= pointer_tag(btf, &t, off);
                }
                return Ok(step);
            }
            Found::Inside { ty: inner, off: rest } => {
                ty = Some(inner);
                off = rest;
            }
        }
    }
    Err((MemoryMsg::NotStruct { name: shown("") }, Errno::EINVAL))
}

/// Element type and offset of an array of no declared length at the end of a struct.
fn flexible_tail<'a>(btf: &'a Btf, t: &Type<'a>) -> Option<(Type<'a>, u32)> {
    let last = t.members().last()?;
    let array = btf.skip_modifiers(last.type_id).filter(|a| a.kind == BtfKind::Array)?.array()?;
    if array.nelems != 0 {
        return None;
    }
    Some((btf.skip_modifiers(array.elem)?, last.bit_offset / 8))
}

enum Found<'a> {
    Step(Step),
    /// The offset is inside of a nested struct, but not its start.
    Inside {
        ty: Type<'a>,
        off: u32,
    },
}

/// The member of one struct at an offset.
fn member_at<'a>(
    btf: &'a Btf,
    t: &Type<'a>,
    name: &str,
    off: u32,
    size: u32,
    flags: TypeFlags,
    how: Walk,
) -> Result<Found<'a>, WalkError> {
    let end = off.wrapping_add(size);
    // Structs of kernels are laid out as C does: where the next member begins in time, this one ends before.
    let in_order = how.laid_out && t.kind == BtfKind::Struct;
    let mut members = t.members().peekable();
    while let Some(m) = members.next() {
        if in_order && members.peek().is_some_and(|next| next.bit_offset / 8 <= off) {
            continue;
        }
        let mut member_off = m.bit_offset / 8;
        if end <= member_off {
            break;
        }
        if m.bitfield_size != 0 {
            // Only an access that covers the bitfield reads it; anything else looks on.
            let end_bit = m.bit_offset.wrapping_add(m.bitfield_size);
            if off <= member_off && end_bit.div_ceil(8) <= end {
                return Ok(Found::Step(Step::Scalar));
            }
            continue;
        }
        if off < member_off {
            break;
        }
        let Some(r) = resolve(btf, m.type_id) else {
            return Err((MemoryMsg::MemberNoSize { name: shown(m.name()) }, Errno::EFAULT));
        };
        let true_end = member_off.wrapping_add(r.size);
        if off >= true_end {
            continue;
        }
        let mut member_size = r.size;
        if r.is_array {
            if member_off == true_end || r.nelems == 0 {
                continue;
            }
            // The elements of all dimensions stand in one row; go on in the one that is meant.
            member_size /= r.nelems;
            if member_size == 0 {
                continue;
            }
            member_off += (off - member_off) / member_size * member_size;
        }
        if r.ty.is_composite() {
            if off == member_off {
                return Ok(Found::Step(Step::Struct { id: r.id }));
            }
            return Ok(Found::Inside { ty: r.ty, off: off - member_off });
        }
        if r.ty.kind == BtfKind::Ptr {
            if member_size != size || off != member_off {
                let member = shown(m.name());
                return Err((MemoryMsg::PtrMember { member, member_off, name: shown(name), off, size }, Errno::EACCES));
            }
            match btf.skip_modifiers(r.ty.size_or_type) {
                Some(to) if to.is_composite() => {
                    return Ok(Found::Step(Step::Ptr { id: to.id, field_name: m.name_off }));
                }
                _ if how.leaves => return Ok(Found::Step(Step::PtrUntrusted)),
                _ => {}
            }
        }
        // Arrays of numbers may be read as one wants, as long as the array does not end.
        if end > true_end && !flags.contains(TypeFlags::UNTRUSTED) {
            let member = shown(m.name());
            return Err((
                MemoryMsg::BeyondMember { member, end: true_end, name: shown(name), off, size },
                Errno::EACCES,
            ));
        }
        return Ok(Found::Step(Step::Scalar));
    }
    Err((MemoryMsg::NoField { name: shown(name), off: off as i32 }, Errno::EINVAL))
}

/// The tag that stands at the pointer member at an offset: user, per-CPU or RCU.
fn pointer_tag(btf: &Btf, t: &Type<'_>, off: u32) -> TypeFlags {
    for m in t.members().filter(|m| m.bitfield_size == 0) {
        let at = m.bit_offset / 8;
        if off < at {
            continue;
        }
        let Some(r) = resolve(btf, m.type_id) else { continue };
        if off >= at.wrapping_add(r.size) || r.ty.kind != BtfKind::Ptr {
            continue;
        }
        return match btf.ty(r.ty.size_or_type) {
            Some(tag) if tag.kind == BtfKind::TypeTag && !tag.kflag => match tag.name() {
                "user" => TypeFlags::USER,
                "percpu" => TypeFlags::PERCPU,
                "rcu" => TypeFlags::RCU,
                _ => TypeFlags::empty(),
            },
            _ => TypeFlags::empty(),
        };
    }
    TypeFlags::empty()
}

/// Walks a type to what stands at an offset.
///
/// Objects that the program allocated hold special fields, which no access may touch; what they hold otherwise is data.
///
/// # Errors
/// Rejects with the errno of the check that failed.
pub(crate) fn member_access(
    cx: &mut Cx<'_>,
    btf: BtfRef,
    id: TypeId,
    alloc: bool,
    off: i32,
    size: i32,
) -> Res<StructAccess> {
    if alloc && let Some(rec) = cx.program.struct_meta(btf, id) {
        let (from, end) = (off as u32, (off as u32).wrapping_add(size as u32));
        if let Some(f) = rec.fields.iter().find(|f| from < f.offset + f.size && f.offset < end) {
            return Err(cx.reject(MemoryMsg::FieldDisallowed { name: f.kind.name() }, Errno::EACCES));
        }
    }
    let types = cx.program.btf(btf).clone();
    let how = Walk::of(cx, btf, !alloc);
    let mut flags = TypeFlags::empty();
    let (mut at, mut off) = (id, off as u32);
    for _ in 0..=MAX_DEPTH {
        match walk(&types, at, off, size as u32, &mut flags, how) {
            Ok(Step::Ptr { .. }) if alloc => return Ok(StructAccess::Scalar),
            Ok(Step::Ptr { id, field_name }) => return Ok(StructAccess::Ptr { id, flags, field_name }),
            Ok(Step::PtrUntrusted) => return Ok(StructAccess::UntrustedMem),
            Ok(Step::Scalar) => return Ok(StructAccess::Scalar),
            Ok(Step::Struct { id }) => {
                at = id;
                off = 0;
            }
            Err((msg, errno)) => return Err(cx.reject(msg, errno)),
        }
    }
    Err(cx.broken("a struct nested too deeply"))
}

/// Whether two types are exactly the same.
///
/// The BTFs of two modules share the ids of the kernel's own types.
pub(crate) fn one_type(cx: &Cx<'_>, btf1: BtfRef, id1: TypeId, btf2: BtfRef, id2: TypeId) -> bool {
    if id1 != id2 {
        return false;
    }
    if btf1 == btf2 {
        return true;
    }
    match (cx.program.btf(btf1).ty(id1), cx.program.btf(btf2).ty(id2)) {
        (Some(a), Some(b)) => id1 != 0 && std::ptr::eq(a.btf, b.btf),
        _ => false,
    }
}

/// Whether the struct at `off` of a type is the needed one: the type itself, or one that stands first in it, and so on.
///
/// `strict`: only the type itself. May print lines of the walk, as the kernel does.
#[allow(clippy::too_many_arguments)]
pub(crate) fn same_struct_within(
    cx: &mut Cx<'_>,
    btf: BtfRef,
    id: TypeId,
    off: i32,
    need_btf: BtfRef,
    need_id: TypeId,
    strict: bool,
    walk_flex_arrays: bool,
) -> bool {
    if off == 0 && one_type(cx, btf, id, need_btf, need_id) {
        return true;
    }
    if strict {
        return false;
    }
    let types = cx.program.btf(btf).clone();
    let how = Walk::of(cx, btf, walk_flex_arrays);
    let mut flags = TypeFlags::empty();
    let (mut at, mut off) = (id, off as u32);
    for _ in 0..=MAX_DEPTH {
        if types.ty(at).is_none() {
            return false;
        }
        match walk(&types, at, off, 1, &mut flags, how) {
            Ok(Step::Struct { id }) if one_type(cx, btf, id, need_btf, need_id) => return true,
            Ok(Step::Struct { id }) => {
                at = id;
                off = 0;
            }
            Ok(_) => return false,
            Err((msg, _)) => {
                cx.say(msg);
                return false;
            }
        }
    }
    false
}

/// Whether the kernel lists this field of the register's type, pointing to this type, as safe in the way of the
/// suffix.
fn is_listed(cx: &Cx<'_>, reg_btf: BtfRef, reg_id: TypeId, field: &str, id: TypeId, suffix: &str) -> bool {
    let btf = cx.program.btf(reg_btf);
    let Some(t) = btf.ty(reg_id) else { return false };
    let name = format!("{}{suffix}", t.name());
    if name.len() >= type_safe::NAME_MAX {
        return false;
    }
    let Some(list) = btf.find_by_name_kind(&name, t.kind).and_then(|id| btf.ty(id)) else { return false };
    list.members().any(|m| {
        let to = btf.ty(m.type_id).filter(|p| p.kind == BtfKind::Ptr).and_then(|p| btf.skip_modifiers(p.size_or_type));
        to.is_some_and(|to| to.id == id) && m.name() == field
    })
}

/// How far a pointer loaded through `reg` can be trusted. `tags` are what the types say of it.
///
/// By default nothing that is read from a struct is as valid as the struct; it is where the kernel lists the field, or
/// inside of an RCU section for RCU pointers. What is walked from untrusted pointers stays untrusted.
fn walked_flags(
    cx: &Cx<'_>,
    reg: &RegState,
    btf: BtfRef,
    id: TypeId,
    to: TypeId,
    tags: TypeFlags,
    field: u32,
) -> TypeFlags {
    const TRUST: TypeFlags =
        TypeFlags::ALLOC.union(TypeFlags::TRUSTED).union(TypeFlags::NON_OWN_REF).union(TypeFlags::RCU);
    if reg.has(TypeFlags::UNTRUSTED) {
        return TypeFlags::UNTRUSTED;
    }
    if !cx.program.kernel.features.trusted_pointers {
        return tags.difference(TRUST.union(TypeFlags::UNTRUSTED));
    }
    if !is_trusted(reg) && !reg.has(TypeFlags::RCU) {
        return tags.difference(TRUST);
    }
    let types = cx.program.btf(btf).clone();
    let name = types.name_at(field);
    let listed = |suffix| is_listed(cx, btf, id, name, to, suffix);
    if listed(type_safe::TRUSTED) {
        return tags | TypeFlags::TRUSTED;
    }
    if listed(type_safe::TRUSTED_OR_NULL) {
        return tags | TypeFlags::TRUSTED | TypeFlags::MAYBE_NULL;
    }
    if !in_rcu_section(cx) || reg.ty.may_be_null() {
        return TypeFlags::UNTRUSTED;
    }
    if listed(type_safe::RCU) {
        return tags | TypeFlags::RCU;
    }
    let or_null = listed(type_safe::RCU_OR_NULL);
    if tags.contains(TypeFlags::RCU) || or_null {
        let flags = tags | TypeFlags::RCU | TypeFlags::MAYBE_NULL;
        return if or_null { flags.difference(TypeFlags::UNTRUSTED) } else { flags };
    }
    if tags.intersects(TypeFlags::PERCPU | TypeFlags::USER) {
        return tags;
    }
    tags.difference(TRUST)
}

/// Checks an access through a pointer to a type; a load leaves in `value_regno` what the type says.
///
/// `off` includes the fixed offset.
///
/// # Errors
/// Rejects with the errno of the check that failed.
pub(crate) fn typed_pointer_access(
    cx: &mut Cx<'_>,
    regno: u8,
    off: i32,
    size: i32,
    t: Access,
    value_regno: Option<u8>,
) -> Res {
    let reg = *cx.reg(regno);
    let Some((btf, id)) = reg.btf() else { return Err(cx.broken("a typed pointer without a type")) };
    let types = cx.program.btf(btf).clone();
    let name = || types.type_name(id).to_string();
    let kernel = cx.program.is_kernels(btf);
    let var_off = reg.var_off();
    if !cx.program.caps.pointers_may_leak {
        return Err(cx.reject(MemoryMsg::StructPerfmon { name: name() }, Errno::EPERM));
    }
    if kernel && cx.program.kernel.features.struct_reads_need_gpl && !is_gpl_compatible(&cx.program.req.license) {
        return Err(cx.reject(MemoryMsg::StructGpl { name: name() }, Errno::EINVAL));
    }
    let msg = if off < 0 {
        MemoryMsg::BtfNegative { regno, name: name(), off }
    } else if !var_off.is_const() || var_off.value != 0 {
        MemoryMsg::BtfVariable { regno, name: name(), off, var_off }
    } else if reg.has(TypeFlags::USER) {
        MemoryMsg::BtfUser { regno, name: name(), off }
    } else if reg.has(TypeFlags::PERCPU) {
        MemoryMsg::BtfPercpu { regno, name: name(), off }
    } else if t == Access::Write && reg.has(TypeFlags::UNTRUSTED) {
        MemoryMsg::OnlyRead
    } else {
        return access_type(cx, regno, (btf, id), off, size, t, value_regno);
    };
    Err(cx.reject(msg, Errno::EACCES))
}

/// The part of [`typed_pointer_access`] behind the checks of the pointer itself.
fn access_type(
    cx: &mut Cx<'_>,
    regno: u8,
    (btf, id): (BtfRef, TypeId),
    off: i32,
    size: i32,
    t: Access,
    value: Option<u8>,
) -> Res {
    let reg = *cx.reg(regno);
    let alloc = reg.has(TypeFlags::ALLOC);
    let strict = cx.program.kernel.features.writes_need_trust;
    if t == Access::Write && !alloc && (!strict || is_trusted(&reg)) {
        match check_kernel_write(cx, btf, id, off, size) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(stop) if strict => {
                let name = cx.program.btf(btf).type_name(id).to_string();
                return Err(cx.also(stop, MemoryMsg::CannotWriteType { regno, name, off, size }));
            }
            Err(stop) => return Err(stop),
        }
    }
    // Only objects that the program allocated itself may be written, wherever they are held.
    if t == Access::Write && !alloc {
        return Err(cx.reject(MemoryMsg::OnlyRead, Errno::EACCES));
    }
    let held = reg.has(TypeFlags::NON_OWN_REF | TypeFlags::RCU) || reg.ref_obj_id != 0;
    if alloc && !held {
        return Err(cx.broken("an allocated object without a reference"));
    }
    let access = member_access(cx, btf, id, alloc, off, size)?;
    let (Access::Read, Some(dst)) = (t, value) else { return Ok(()) };
    match access {
        StructAccess::Scalar => set_loaded_pointer(cx, dst, RegBase::Scalar, btf, 0, TypeFlags::empty()),
        StructAccess::UntrustedMem => {
            set_loaded_pointer(cx, dst, RegBase::PtrToMem, btf, 0, TypeFlags::RDONLY | TypeFlags::UNTRUSTED)
        }
        StructAccess::Ptr { id: to, flags, field_name } => {
            let flags = walked_flags(cx, &reg, btf, id, to, flags, field_name);
            set_loaded_pointer(cx, dst, RegBase::PtrToBtfId, btf, to, flags)
        }
    }
}

/// Name of the kernel struct behind a map of a type.
fn map_struct(ty: MapType) -> Option<&'static str> {
    use MapType::*;
    Some(match ty {
        Hash | LruHash | PercpuHash | LruPercpuHash | HashOfMaps => "bpf_htab",
        Array | PercpuArray | ProgArray | PerfEventArray | CgroupArray | ArrayOfMaps => "bpf_array",
        StackTrace => "bpf_stack_map",
        Rhash => "bpf_rhtab",
        LpmTrie => "lpm_trie",
        Devmap | DevmapHash => "bpf_dtab",
        Sockmap => "bpf_stab",
        Sockhash => "bpf_shtab",
        Cpumap => "bpf_cpu_map",
        Xskmap => "xsk_map",
        CgroupStorageDeprecated | PercpuCgroupStorageDeprecated => "bpf_cgroup_storage_map",
        ReuseportSockarray => "reuseport_array",
        Queue | Stack => "bpf_queue_stack",
        SkStorage | InodeStorage | TaskStorage | CgrpStorage => "bpf_local_storage_map",
        StructOps => "bpf_struct_ops_map",
        Ringbuf | UserRingbuf => "bpf_ringbuf_map",
        BloomFilter => "bpf_bloom_filter",
        Arena => "bpf_arena",
        InsnArray => "bpf_insn_array",
        Unspec => return None,
    })
}

/// Checks an access through a pointer to a map itself: its fields may be read.
///
/// # Errors
/// Rejects with the errno of the check that failed.
pub(crate) fn map_struct_access(
    cx: &mut Cx<'_>,
    regno: u8,
    off: i32,
    size: i32,
    t: Access,
    value_regno: Option<u8>,
) -> Res {
    let Some(map) = cx.reg(regno).map() else { return Err(cx.broken("a map pointer without a map")) };
    let map_type = cx.program.map(map).spec.map_type;
    let name = MapType::from_number(map_type).and_then(map_struct);
    let id = name.and_then(|n| cx.program.btf(BtfRef::VMLINUX).find_by_name_kind(n, BtfKind::Struct));
    let (Some(name), Some(id)) = (name, id) else {
        return Err(cx.reject(MemoryMsg::MapPtrType { map_type }, Errno::ENOTSUPP));
    };
    let name = name.to_string();
    if !cx.program.caps.pointers_may_leak {
        return Err(cx.reject(MemoryMsg::StructPerfmon { name }, Errno::EPERM));
    }
    if off < 0 {
        return Err(cx.reject(MemoryMsg::MapPtrNegative { regno, name, off }, Errno::EACCES));
    }
    if t == Access::Write {
        return Err(cx.reject(MemoryMsg::MapPtrOnlyRead { name }, Errno::EACCES));
    }
    let access = member_access(cx, BtfRef::VMLINUX, id, false, off, size)?;
    let Some(dst) = value_regno else { return Ok(()) };
    let (base, to, flags) = match access {
        StructAccess::Scalar => (RegBase::Scalar, 0, TypeFlags::empty()),
        StructAccess::UntrustedMem => (RegBase::PtrToMem, 0, TypeFlags::RDONLY | TypeFlags::UNTRUSTED),
        StructAccess::Ptr { id, flags, .. } => (RegBase::PtrToBtfId, id, flags),
    };
    set_loaded_pointer(cx, dst, base, BtfRef::VMLINUX, to, flags)
}
