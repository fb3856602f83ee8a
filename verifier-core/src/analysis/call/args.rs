//! Arguments of helpers, one register at a time.
//!
//! Answers for `check_func_arg()`, `check_reg_type()`, `check_func_arg_reg_off()`, `check_reg_const_str()` and
//! `get_constant_map_key()`.
//!
//! In the kernel: `compatible_reg_types`, `resolve_map_arg_type()`, `BPF_F_RDONLY_PROG`.

use super::map::{LockOp, kptr_argument, lock_argument, map_type, timer_argument};
use super::mem::{constant_map_key, memory_and_size};
use super::meta::{CallMeta, MapArg};
use super::{errno_as, helper_name};
use crate::analysis::Cx;
use crate::analysis::access::{
    access_is_aligned, ctx_is_memory, kptr_takes, memory_argument, offset_fits, within_map_value,
};
use crate::analysis::btf_access::same_struct_within;
use crate::analysis::dynptr::{dynptr_argument, dynptr_owner};
use crate::analysis::objects::in_tree_callback;
use crate::analysis::regs::need_exactly;
use crate::analysis::regs::{Access, AccessSrc, ArgUse, is_packet_pointer, use_register, would_leak};
use crate::btf::{BtfKind, TypeId};
use crate::error::{CallMsg, Errno, MemoryMsg, Res, Stop};
use crate::kernel::call::{ArgBase, ArgType, FuncProto, RegBase, RegType, TypeFlags};
use crate::kernel::helpers::{POISON, id};
use crate::kernel::prog_types::may_touch_packets;
use crate::kernel::{Features, MapType};
use crate::state::{BtfRef, Payload, RegState};

const fn plain(base: RegBase) -> RegType {
    RegType::of(base)
}

const fn btf_ptr(flags: TypeFlags) -> RegType {
    RegType::with(RegBase::PtrToBtfId, flags)
}

const NO_FLAGS: TypeFlags = TypeFlags::empty();

static SOCK: [RegType; 4] = [
    plain(RegBase::PtrToSockCommon),
    plain(RegBase::PtrToSocket),
    plain(RegBase::PtrToTcpSock),
    plain(RegBase::PtrToXdpSock),
];
static BTF_SOCK: [RegType; 6] = [
    plain(RegBase::PtrToSockCommon),
    plain(RegBase::PtrToSocket),
    plain(RegBase::PtrToTcpSock),
    plain(RegBase::PtrToXdpSock),
    btf_ptr(NO_FLAGS),
    btf_ptr(TypeFlags::TRUSTED),
];
/// Kinds of memory; the last two are memory in some releases only.
static MEM_AND_CTX: [RegType; 10] = [
    plain(RegBase::PtrToStack),
    plain(RegBase::PtrToPacket),
    plain(RegBase::PtrToPacketMeta),
    plain(RegBase::PtrToMapKey),
    plain(RegBase::PtrToMapValue),
    plain(RegBase::PtrToMem),
    RegType::with(RegBase::PtrToMem, TypeFlags::RINGBUF),
    plain(RegBase::PtrToBuf),
    btf_ptr(TypeFlags::TRUSTED),
    plain(RegBase::PtrToCtx),
];
/// How many kinds, from the first on, are memory where the context is none (before 7.1).
const MEM: usize = 9;
/// How many where objects of the kernel are none either (before 6.4).
const OWN_MEM: usize = 8;
/// How many kinds of memory, from the first on, may hold keys and values where not all may.
const KEY_MEMORY: usize = 5;
static VALUE_OR_OBJECT: [RegType; 2] = [plain(RegBase::PtrToMapValue), btf_ptr(TypeFlags::ALLOC)];
/// The same where kptrs of borrowed objects can be exchanged (7.1).
static VALUE_OR_BORROWED: [RegType; 4] = [
    plain(RegBase::PtrToMapValue),
    btf_ptr(TypeFlags::ALLOC),
    btf_ptr(TypeFlags::ALLOC.union(TypeFlags::NON_OWN_REF)),
    btf_ptr(TypeFlags::ALLOC.union(TypeFlags::NON_OWN_REF).union(TypeFlags::RCU)),
];
static SOCKET: [RegType; 1] = [plain(RegBase::PtrToSocket)];
static SCALAR: [RegType; 1] = [plain(RegBase::Scalar)];
static CTX: [RegType; 1] = [plain(RegBase::PtrToCtx)];
static RINGBUF_MEM: [RegType; 1] = [RegType::with(RegBase::PtrToMem, TypeFlags::RINGBUF)];
static MAP: [RegType; 1] = [plain(RegBase::ConstPtrToMap)];
static BTF: [RegType; 3] = [btf_ptr(NO_FLAGS), btf_ptr(TypeFlags::TRUSTED), btf_ptr(TypeFlags::RCU)];
static PERCPU_BTF: [RegType; 3] = [
    btf_ptr(TypeFlags::PERCPU),
    btf_ptr(TypeFlags::PERCPU.union(TypeFlags::RCU)),
    btf_ptr(TypeFlags::PERCPU.union(TypeFlags::TRUSTED)),
];
static FUNC: [RegType; 1] = [plain(RegBase::PtrToFunc)];
static STACK: [RegType; 1] = [plain(RegBase::PtrToStack)];
static MAP_VALUE: [RegType; 1] = [plain(RegBase::PtrToMapValue)];
static DYNPTR: [RegType; 2] = [plain(RegBase::PtrToStack), plain(RegBase::ConstPtrToDynptr)];

/// Register types that an argument takes, in the order in which messages list them.
fn compatible(base: ArgBase, features: &Features) -> Option<&'static [RegType]> {
    Some(match base {
        ArgBase::PtrToMapKey | ArgBase::PtrToMapValue if !features.keys_in_any_memory => &MEM_AND_CTX[..KEY_MEMORY],
        ArgBase::KptrXchgDest if features.kptrs_of_borrowed => &VALUE_OR_BORROWED,
        ArgBase::PtrToMapKey | ArgBase::PtrToMapValue | ArgBase::PtrToMem if features.ctx_is_memory => &MEM_AND_CTX,
        ArgBase::PtrToMapKey | ArgBase::PtrToMapValue | ArgBase::PtrToMem if features.objects_are_memory => {
            &MEM_AND_CTX[..MEM]
        }
        ArgBase::PtrToMapKey | ArgBase::PtrToMapValue | ArgBase::PtrToMem => &MEM_AND_CTX[..OWN_MEM],
        ArgBase::ConstSize | ArgBase::ConstSizeOrZero | ArgBase::ConstAllocSizeOrZero | ArgBase::Scalar => &SCALAR,
        ArgBase::ConstMapPtr => &MAP,
        ArgBase::PtrToCtx => &CTX,
        ArgBase::PtrToSockCommon => &SOCK,
        ArgBase::PtrToBtfIdSockCommon => &BTF_SOCK,
        ArgBase::PtrToSocket => &SOCKET,
        ArgBase::PtrToBtfId => &BTF,
        ArgBase::PtrToSpinLock if !features.own_objects => &MAP_VALUE,
        ArgBase::KptrXchgDest if !features.kptrs_in_objects => &MAP_VALUE,
        ArgBase::PtrToSpinLock | ArgBase::KptrXchgDest => &VALUE_OR_OBJECT,
        ArgBase::PtrToRingbufMem => &RINGBUF_MEM,
        ArgBase::PtrToPercpuBtfId => &PERCPU_BTF,
        ArgBase::PtrToFunc => &FUNC,
        ArgBase::PtrToStack => &STACK,
        ArgBase::PtrToConstStr | ArgBase::PtrToTimer => &MAP_VALUE,
        ArgBase::PtrToDynptr => &DYNPTR,
        ArgBase::DontCare | ArgBase::Anything | ArgBase::PtrToArena => return None,
    })
}

/// Type of the kernel's BTF with this name; 0 where the kernel has none.
pub(crate) fn kernel_struct(cx: &Cx<'_>, name: &str) -> TypeId {
    cx.program.btf(BtfRef::VMLINUX).find_by_name_kind(name, BtfKind::Struct).unwrap_or(0)
}

/// Checks that a register's type suits an argument. `btf`: the type that a BTF pointer must point to, where it is not
/// the argument's kind or another argument that says so.
///
/// # Errors
/// Rejects with EACCES.
pub(crate) fn argument_type(
    cx: &mut Cx<'_>,
    regno: u8,
    arg: ArgType,
    btf: Option<(BtfRef, TypeId)>,
    meta: &mut CallMeta,
) -> Res {
    let reg = *cx.reg(regno);
    let Some(types) = compatible(arg.base, &cx.program.kernel.features) else {
        return Err(cx.kernel_bug("unsupported argument type"));
    };
    // An argument that takes the weaker form takes the stronger one too, not the other way round.
    let mut ty = reg.ty;
    if arg.flags.contains(TypeFlags::RDONLY) {
        ty = ty.minus(TypeFlags::RDONLY);
    }
    if arg.flags.contains(TypeFlags::MAYBE_NULL) && cx.program.kernel.features.nullable_arguments {
        ty = ty.minus(TypeFlags::MAYBE_NULL);
    }
    if arg.base == ArgBase::PtrToMem {
        ty = ty.minus(TypeFlags::DYNPTR_ANY);
    }
    let xchg = meta.func_id == id::KPTR_XCHG;
    if xchg && regno == 2 && ty.has(TypeFlags::ALLOC) {
        ty = ty.minus(TypeFlags::ALLOC.union(TypeFlags::PERCPU));
    }
    if !types.contains(&ty) {
        return Err(cx.reject(CallMsg::ArgType { regno, ty: reg.ty, expected: types.to_vec() }, Errno::EACCES));
    }
    if reg.ty.base != RegBase::PtrToBtfId {
        return Ok(());
    }
    if std::ptr::eq(types.as_ptr(), MEM_AND_CTX.as_ptr()) {
        if !arg.flags.contains(TypeFlags::RDONLY) {
            let name = helper_name(meta.func_id);
            return Err(cx.reject(CallMsg::MayWrite { name, regno, ty: reg.ty }, Errno::EACCES));
        }
        return Ok(());
    }
    const NULL: TypeFlags = TypeFlags::MAYBE_NULL;
    const TRUSTED: TypeFlags = TypeFlags::TRUSTED;
    const RCU: TypeFlags = TypeFlags::RCU;
    const ALLOC: TypeFlags = TypeFlags::ALLOC;
    const PERCPU: TypeFlags = TypeFlags::PERCPU;
    let flags = reg.ty.flags;
    if [NO_FLAGS, TRUSTED, TRUSTED.union(NULL), RCU, NULL, NULL.union(RCU)].contains(&flags) {
        return check_struct(cx, regno, &reg, arg, btf, std::ptr::eq(types, &BTF_SOCK[..]), meta);
    }
    let borrowed = ALLOC.union(TypeFlags::NON_OWN_REF);
    let lent = cx.program.kernel.features.kptrs_of_borrowed && [borrowed, borrowed.union(RCU)].contains(&flags);
    if lent || [ALLOC, PERCPU.union(ALLOC)].contains(&flags) {
        if !xchg && !matches!(meta.func_id, id::SPIN_LOCK | id::SPIN_UNLOCK) {
            return Err(cx.kernel_bug("object of the program as an argument"));
        }
        if xchg && regno == 2 {
            return match_kptr(cx, regno, meta);
        }
        return Ok(());
    }
    if [PERCPU, PERCPU.union(RCU), PERCPU.union(TRUSTED)].contains(&flags) {
        return Ok(());
    }
    Err(cx.kernel_bug("unexpected pointer to a kernel type as an argument"))
}

/// The pointer must point to the struct that the argument needs.
#[allow(clippy::too_many_arguments)]
fn check_struct(
    cx: &mut Cx<'_>,
    regno: u8,
    reg: &RegState,
    arg: ArgType,
    btf: Option<(BtfRef, TypeId)>,
    any_sock: bool,
    meta: &mut CallMeta,
) -> Res {
    let releases = arg.flags.contains(TypeFlags::OBJ_RELEASE);
    // Sockets of every kind are released through their common first member.
    let strict = releases && meta.func_id != id::SK_RELEASE;
    if reg.ty.may_be_null() && (!arg.flags.contains(TypeFlags::MAYBE_NULL) || releases) {
        return Err(cx.reject(CallMsg::ArgMayBeNull { regno }, Errno::EACCES));
    }
    if meta.func_id == id::KPTR_XCHG {
        return match_kptr(cx, regno, meta);
    }
    let need = match btf {
        Some(b) => b,
        None if any_sock => (BtfRef::VMLINUX, kernel_struct(cx, "sock_common")),
        None if arg.btf == POISON || arg.btf.is_empty() => return Err(cx.kernel_bug("argument without a type")),
        None => (BtfRef::VMLINUX, kernel_struct(cx, arg.btf)),
    };
    let Some((have_btf, have)) = reg.btf() else { return Err(cx.broken("BTF pointer without a type")) };
    let walk = !reg.has(TypeFlags::ALLOC);
    if !same_struct_within(cx, have_btf, have, reg.off, need.0, need.1, strict, walk) {
        let is = cx.program.btf(have_btf).type_name(have).to_string();
        let expected = cx.program.btf(need.0).type_name(need.1).to_string();
        return Err(cx.reject(CallMsg::ArgStruct { regno, is, expected }, Errno::EACCES));
    }
    Ok(())
}

fn match_kptr(cx: &mut Cx<'_>, regno: u8, meta: &CallMeta) -> Res {
    let Some((field, owner)) = meta.kptr_field.clone() else {
        return Err(cx.kernel_bug("kptr exchange without a field"));
    };
    kptr_takes(cx, owner, &field, regno).map_err(|s| errno_as(s, Errno::EACCES))
}

/// Checks the offset of a pointer argument.
///
/// # Errors
/// Rejects where the kind of pointer must be passed as it was obtained.
pub(crate) fn argument_offset(cx: &mut Cx<'_>, reg: &RegState, regno: u8, arg: ArgType) -> Res {
    let misplaced = arg.base == ArgBase::PtrToDynptr && reg.off % 8 != 0;
    if misplaced && !cx.program.kernel.features.dynptrs_guarded {
        return Err(cx.reject(MemoryMsg::ObjectOffset { kind: "dynptr", off: reg.off }, Errno::EINVAL));
    }
    if arg.flags.contains(TypeFlags::OBJ_RELEASE) {
        // The dynptr on the stack is found by its offset; what it owns is released.
        if arg.base == ArgBase::PtrToDynptr && reg.ty.is(RegBase::PtrToStack) {
            return Ok(());
        }
        let f = &cx.program.kernel.features;
        if !f.releases_tagged && reg.ty.base == RegBase::PtrToMem {
            return Ok(());
        }
        if reg.off != 0 && (f.releases_unmoved || reg.ty.base == RegBase::PtrToBtfId) {
            return Err(cx.reject(CallMsg::ReleaseOffset { regno }, Errno::EINVAL));
        }
        return offset_fits(cx, reg, regno, false);
    }
    const RDONLY: TypeFlags = TypeFlags::RDONLY;
    const OWNED: TypeFlags = TypeFlags::ALLOC.union(TypeFlags::NON_OWN_REF);
    let flags = reg.ty.flags;
    match reg.ty.base {
        RegBase::PtrToStack
        | RegBase::PtrToPacket
        | RegBase::PtrToPacketMeta
        | RegBase::PtrToMapKey
        | RegBase::PtrToMapValue
        | RegBase::PtrToArena
        | RegBase::Scalar
            if flags.is_empty() =>
        {
            Ok(())
        }
        RegBase::PtrToCtx if flags.is_empty() && ctx_is_memory(cx) => Ok(()),
        RegBase::PtrToMem if [NO_FLAGS, RDONLY, TypeFlags::RINGBUF].contains(&flags) => Ok(()),
        RegBase::PtrToBuf if [NO_FLAGS, RDONLY].contains(&flags) => Ok(()),
        RegBase::PtrToBtfId
            if [NO_FLAGS, TypeFlags::ALLOC, TypeFlags::TRUSTED, TypeFlags::RCU, OWNED, OWNED.union(TypeFlags::RCU)]
                .contains(&flags) =>
        {
            offset_fits(cx, reg, regno, true)
        }
        _ => offset_fits(cx, reg, regno, false),
    }
}

/// What a value argument means for this map.
fn map_argument_type(cx: &mut Cx<'_>, arg: ArgType, meta: &CallMeta) -> Res<ArgType> {
    let Some(map) = meta.map else { return Err(cx.kernel_bug("value argument without a map")) };
    match map_type(cx, map.map) {
        Some(MapType::Sockmap | MapType::Sockhash) => {
            if arg.flags.is_empty() {
                Ok(ArgType { base: ArgBase::PtrToBtfIdSockCommon, ..arg })
            } else {
                Err(cx.reject(CallMsg::SockmapArg, Errno::EINVAL))
            }
        }
        Some(MapType::BloomFilter) if meta.func_id == id::MAP_PEEK_ELEM => {
            Ok(ArgType { flags: TypeFlags::empty(), ..arg })
        }
        _ => Ok(arg),
    }
}

/// Checks one argument of a helper.
///
/// # Errors
/// Rejects with the rule that is broken.
pub(super) fn helper_argument(
    cx: &mut Cx<'_>,
    index: usize,
    meta: &mut CallMeta,
    proto: &FuncProto,
    insn_idx: usize,
) -> Res {
    let mut arg = proto.args[index];
    let regno = index as u8 + 1;
    if arg.base == ArgBase::DontCare {
        return Ok(());
    }
    use_register(cx, regno, ArgUse::Src)?;
    let reg = *cx.reg(regno);
    if arg.base == ArgBase::Anything && arg.flags.is_empty() {
        if would_leak(cx, regno) {
            return Err(cx.reject(CallMsg::LeaksAddr { regno }, Errno::EACCES));
        }
        return Ok(());
    }
    if is_packet_pointer(&reg)
        && !may_touch_packets(cx.program.resolved_prog_type(), false, Some(meta.pkt_access)).allowed()
    {
        return Err(cx.reject(CallMsg::PacketArg, Errno::EACCES));
    }
    if arg.base == ArgBase::PtrToMapValue {
        arg = map_argument_type(cx, arg, meta)?;
    }
    let nullable = arg.flags.contains(TypeFlags::MAYBE_NULL);
    if reg.is_null() && nullable {
        if cx.program.kernel.features.null_args_are_precise {
            need_exactly(cx, regno)?;
        }
    } else {
        argument_type(cx, regno, arg, None, meta)?;
        argument_offset(cx, &reg, regno, arg)?;
    }
    if arg.flags.contains(TypeFlags::OBJ_RELEASE) {
        check_released(cx, &reg, regno, arg, helper_name(meta.func_id))?;
        if meta.release_regno != 0 {
            return Err(cx.kernel_bug("more than one released argument"));
        }
        meta.release_regno = regno;
    }
    if reg.ref_obj_id != 0 && arg.base != ArgBase::KptrXchgDest {
        if meta.ref_obj_id != 0 && !cx.program.kernel.features.many_owned_arguments {
            let errno = if cx.program.kernel.features.locks_are_refs { Errno::EACCES } else { Errno::EFAULT };
            let msg = CallMsg::TwoReferences { regno, second: reg.ref_obj_id, first: meta.ref_obj_id };
            return Err(cx.reject(msg, errno));
        }
        meta.ref_obj_id = reg.ref_obj_id;
    }
    check_kind(cx, index, arg, meta, proto, insn_idx)
}

/// A released argument must own something.
fn check_released(cx: &mut Cx<'_>, reg: &RegState, regno: u8, arg: ArgType, name: &'static str) -> Res {
    if arg.base == ArgBase::PtrToDynptr {
        if !reg.ty.is(RegBase::PtrToStack) {
            let named = cx.program.kernel.features.dynptr_identities;
            let msg = if named { CallMsg::DynptrConst } else { CallMsg::DynptrUnacquired { regno } };
            return Err(cx.reject(msg, Errno::EINVAL));
        }
        return match dynptr_owner(cx, reg) {
            Ok(0) => Err(cx.reject(CallMsg::DynptrUnacquired { regno }, Errno::EINVAL)),
            Ok(_) => Ok(()),
            Err(s) => Err(errno_as(cx.also(s, CallMsg::DynptrUnacquired { regno }), Errno::EINVAL)),
        };
    }
    if reg.ref_obj_id == 0 && !reg.is_null() && cx.program.kernel.features.releases_tagged {
        return Err(cx.reject(CallMsg::MustBeReferenced { regno, name }, Errno::EINVAL));
    }
    Ok(())
}

const fn access_of(arg: ArgType) -> Access {
    if arg.flags.contains(TypeFlags::WRITE) { Access::Write } else { Access::Read }
}

/// The refusal of a lock, timer or kptr, whose own error older releases did not pass on.
fn field_error(cx: &Cx<'_>, stop: Stop) -> Stop {
    if cx.program.kernel.features.field_errors_pass { stop } else { errno_as(stop, Errno::EACCES) }
}

/// What is particular to each kind of argument.
fn check_kind(
    cx: &mut Cx<'_>,
    index: usize,
    arg: ArgType,
    meta: &mut CallMeta,
    proto: &FuncProto,
    insn_idx: usize,
) -> Res {
    let regno = index as u8 + 1;
    let reg = *cx.reg(regno);
    match arg.base {
        ArgBase::ConstMapPtr => map_pointer(cx, &reg, meta),
        ArgBase::PtrToMapKey => {
            let Some(map) = meta.map else { return Err(cx.kernel_bug("key argument without a map")) };
            let key_size = cx.program.map(map.map).spec.key_size;
            memory_argument(cx, regno, key_size as i32, Access::Read, false, None)?;
            let flags = cx.program.map(map.map).spec.map_flags;
            if cx.program.kernel.features.constant_map_keys
                && map_type(cx, map.map).is_some_and(|t| t.lookup_in_range_finds(flags))
            {
                meta.const_map_key = constant_map_key(cx, &reg, key_size)?;
            }
            Ok(())
        }
        ArgBase::PtrToMapValue => {
            if arg.flags.contains(TypeFlags::MAYBE_NULL) && reg.is_null() {
                return Ok(());
            }
            let Some(map) = meta.map else { return Err(cx.kernel_bug("value argument without a map")) };
            let value_size = cx.program.map(map.map).spec.value_size;
            meta.raw_mode = arg.flags.contains(TypeFlags::UNINIT);
            memory_argument(cx, regno, value_size as i32, access_of(arg), false, Some(meta))
        }
        ArgBase::PtrToPercpuBtfId => {
            let Some((btf, id)) = reg.btf().filter(|(_, id)| *id != 0) else {
                return Err(cx.reject(CallMsg::PercpuArg { regno }, Errno::EACCES));
            };
            meta.ret_btf = Some((btf, id));
            Ok(())
        }
        ArgBase::PtrToSpinLock => {
            if in_tree_callback(cx) {
                return Err(cx.reject(CallMsg::LockInTreeCallback, Errno::EACCES));
            }
            let lock = match meta.func_id {
                id::SPIN_LOCK => true,
                id::SPIN_UNLOCK => false,
                _ => return Err(cx.kernel_bug("lock argument of an unexpected helper")),
            };
            lock_argument(cx, regno, LockOp { lock, res: false, irq: false }).map_err(|s| field_error(cx, s))
        }
        ArgBase::PtrToTimer => timer_argument(cx, regno, &mut meta.map).map_err(|s| field_error(cx, s)),
        ArgBase::PtrToFunc => {
            let Payload::Subprog(n) = reg.payload else { return Err(cx.broken("function pointer without a function")) };
            meta.subprog = n;
            Ok(())
        }
        ArgBase::PtrToMem => {
            meta.raw_mode = arg.flags.contains(TypeFlags::UNINIT);
            if !arg.flags.contains(TypeFlags::FIXED_SIZE) {
                return Ok(());
            }
            memory_argument(cx, regno, arg.size as i32, access_of(arg), false, Some(meta))?;
            if arg.flags.contains(TypeFlags::ALIGNED) {
                access_is_aligned(cx, regno, 0, arg.size, true)?;
            }
            Ok(())
        }
        ArgBase::ConstSize | ArgBase::ConstSizeOrZero => {
            let Some(memory) = index.checked_sub(1).map(|i| proto.args[i]) else {
                return Err(cx.broken("size argument without memory"));
            };
            memory_and_size(cx, regno, access_of(memory), arg.base == ArgBase::ConstSizeOrZero, meta)
        }
        ArgBase::PtrToDynptr => dynptr_argument(cx, regno, insn_idx, arg, 0),
        ArgBase::ConstAllocSizeOrZero => {
            if !reg.scalar.var_off.is_const() {
                return Err(cx.reject(CallMsg::NotConstant { regno }, Errno::EACCES));
            }
            meta.mem_size = reg.scalar.var_off.value as u32;
            if cx.program.kernel.features.allocation_sizes_precise { need_exactly(cx, regno) } else { Ok(()) }
        }
        ArgBase::PtrToConstStr => constant_text(cx, regno),
        ArgBase::KptrXchgDest => kptr_argument(cx, regno, meta).map_err(|s| field_error(cx, s)),
        _ => Ok(()),
    }
}

/// A map: when a timer came before it, it must be the timer's map.
fn map_pointer(cx: &mut Cx<'_>, reg: &RegState, meta: &mut CallMeta) -> Res {
    // A null pointer passes where null is taken; it names no map.
    let Payload::Map { map, uid } = reg.payload else {
        return Ok(());
    };
    if let Some(timer) = meta.map
        && (timer.map != map || timer.uid != uid)
    {
        return Err(cx.reject(CallMsg::TimerMap { timer_uid: timer.uid, map_uid: uid }, Errno::EINVAL));
    }
    meta.map = Some(MapArg { map, uid });
    Ok(())
}

/// Map flag: programs only read.
const RDONLY_PROG: u32 = 1 << 7;

/// Bytes of a constant string argument: it must lie in a read-only map at a known place and end with a zero.
///
/// # Errors
/// Rejects with EACCES or EINVAL.
pub(crate) fn constant_text(cx: &mut Cx<'_>, regno: u8) -> Res {
    let reg = *cx.reg(regno);
    let Some(map) = reg.map().filter(|_| reg.ty.is(RegBase::PtrToMapValue)) else {
        return Err(crate::error::Stop::silent(Errno::EINVAL));
    };
    let spec = std::sync::Arc::clone(&cx.program.map(map).spec);
    if cx.program.kernel.features.percpu_addresses && map_type(cx, map) == Some(MapType::PercpuArray) {
        return Err(cx.reject(CallMsg::StrPercpu { regno }, Errno::EINVAL));
    }
    if spec.map_flags & RDONLY_PROG == 0 || !spec.frozen {
        return Err(cx.reject(CallMsg::StrWritable { regno }, Errno::EACCES));
    }
    if !reg.scalar.var_off.is_const() {
        return Err(cx.reject(CallMsg::StrVariable { regno }, Errno::EACCES));
    }
    let kind = map_type(cx, map);
    if !matches!(kind, Some(MapType::Array | MapType::Arena)) {
        return Err(cx.reject(CallMsg::StrMap, Errno::EACCES));
    }
    let rest = (spec.value_size as i32).wrapping_sub(reg.off);
    within_map_value(cx, regno, reg.off, rest, false, AccessSrc::Helper)?;
    let text = const_str(cx, &reg)?;
    if text.is_none() {
        return Err(cx.reject(CallMsg::StrUnterminated, Errno::EINVAL));
    }
    Ok(())
}

/// The string that a checked register points to, without its zero; `None` when the zero is missing.
pub(super) fn const_str(cx: &mut Cx<'_>, reg: &RegState) -> Res<Option<Vec<u8>>> {
    let Some(map) = reg.map() else { return Err(cx.broken("string outside of a map")) };
    let spec = std::sync::Arc::clone(&cx.program.map(map).spec);
    let off = i64::from(reg.off).wrapping_add(reg.scalar.var_off.value as i64);
    // Only an array of one element can be looked into.
    if spec.max_entries != 1 {
        return Err(cx.reject(CallMsg::StrAccess, Errno::ENOTSUPP));
    }
    if off < 0 || off >= i64::from(spec.value_size) {
        return Err(cx.reject(CallMsg::StrAccess, Errno::EINVAL));
    }
    let Some(value) = spec.value.as_ref() else {
        return Err(crate::error::Stop::unsupported("contents of a read-only map that are not known"));
    };
    // What was not given is zero.
    let bytes = value.get(off as usize..).unwrap_or(&[]);
    match bytes.iter().position(|b| *b == 0) {
        Some(end) => Ok(Some(bytes[..end].to_vec())),
        None if value.len() < spec.value_size as usize => Ok(Some(bytes.to_vec())),
        None => Ok(None),
    }
}
