//! Maps and kernel symbols that 64-bit constant loads name.
//!
//! Answers for `resolve_pseudo_ldimm64()`: every such load becomes an address, the maps used are listed in order of
//! first use, and each must fit the program. It is also where unknown opcodes and malformed loads are found.
//!
//! In the kernel: `MAX_USED_MAPS`, `BPF_MAX_VAR_OFF`, `add_used_map_from_fd()`, `check_map_prog_compatibility()`,
//! `map_direct_value_addr`, `check_pseudo_btf_id()`.

use crate::analysis::cx::Draft;
use crate::analysis::program::BtfVar;
use crate::btf::BtfKind;
use crate::error::{Errno, Res, Stop, WalkMsg};
use crate::isa::opcode::*;
use crate::kernel::call::{RegBase, RegType, TypeFlags};
use crate::kernel::prog_types::policy::is_tracing;
use crate::kernel::{Features, MapType, ProgType};
use crate::program::MapSpec;
use crate::program::record::FieldKind;
use crate::state::{BtfRef, MapIdx};

/// Most maps of a program.
const MAX_USED_MAPS: usize = 64;
/// Largest offset of a direct value address.
const MAX_VAR_OFF: u32 = 1 << 29;

/// Addresses that stand for what the kernel would print; logs are compared with addresses masked.
const MAP_ADDRESS: u64 = 0xffff_8881_0000_0000;
const VALUE_ADDRESS: u64 = 0xffff_c900_0000_0000;
/// Where an arena without an address of its own is mapped: somewhere in the loader's memory.
const ARENA_ADDRESS: u64 = 0x7f00_0000_0000;
const SYMBOL_ADDRESS: u64 = 0xffff_ffff_8100_0000;

/// `bswap`, of 6.6.
const BSWAP: u8 = ALU64 | END;
/// A jump by 32 bits, of 6.6.
const GOTOL: u8 = JMP32 | JA;
/// `may_goto`, of 6.9.
const MAY_GOTO_CODE: u8 = JMP | JCOND;
/// `gotox`, of 6.19.
const GOTOX: u8 = JMP | JA | X;

/// Resolves 64-bit constant loads.
pub(crate) fn resolve_wide_loads(cx: &mut Draft<'_>) -> Res {
    let mut i = 0;
    while i < cx.program.insns.len() {
        let insn = cx.program.insns[i];
        let known = is_known_opcode(insn.code, cx.program.kernel.features.narrow_atomics);
        if !known && cx.program.kernel.features.forms_checked_first {
            return Err(cx.reject(WalkMsg::UnknownOpcode { code: insn.code }, Errno::EINVAL));
        }
        if !insn.is_ldimm64() {
            super::form::check_form(cx, insn)?;
        }
        let v4 = cx.program.kernel.features.v4_instructions;
        let loads = insn.mode() == MEM || (v4 && insn.mode() == MEMSX);
        if insn.class() == LDX && (!loads || insn.imm != 0) {
            return Err(cx.reject(WalkMsg::LdxReserved, Errno::EINVAL));
        }
        if insn.class() == STX && insn.imm != 0 && !cx.program.kernel.features.atomic_operations {
            return Err(cx.reject(WalkMsg::StxReserved, Errno::EINVAL));
        }
        if insn.is_ldimm64() {
            resolve_one(cx, i)?;
            i += 2;
            continue;
        }
        let f = &cx.program.kernel.features;
        let young = !v4 && insn.code == BSWAP
            || !f.long_jumps && insn.code == GOTOL
            || !f.may_goto_exists && insn.code == MAY_GOTO_CODE
            || !f.jump_tables && insn.code == GOTOX;
        if young || !known {
            return Err(cx.reject(WalkMsg::UnknownOpcode { code: insn.code }, Errno::EINVAL));
        }
        i += 1;
    }
    Ok(())
}

fn set_address(cx: &mut Draft<'_>, i: usize, address: u64) {
    cx.program.insns[i].imm = address as u32 as i32;
    cx.program.insns[i + 1].imm = (address >> 32) as u32 as i32;
}

fn resolve_one(cx: &mut Draft<'_>, i: usize) -> Res {
    let insn = cx.program.insns[i];
    let half = cx.program.insns.get(i + 1).copied();
    let Some(half) = half.filter(|h| h.code == 0 && h.dst == 0 && h.src == 0 && h.off == 0) else {
        return Err(cx.reject(WalkMsg::LdImm64Half, Errno::EINVAL));
    };
    super::form::check_form(cx, insn)?;
    match insn.src {
        0 => return Ok(()),
        PSEUDO_BTF_ID => return resolve_symbol(cx, i, insn.imm as u32, half.imm),
        PSEUDO_FUNC if cx.program.kernel.features.function_addresses => {
            cx.learned.aux[i].pointer_seen = Some(RegType::of(RegBase::PtrToFunc));
            return Ok(());
        }
        PSEUDO_MAP_VALUE | PSEUDO_MAP_IDX_VALUE => {}
        PSEUDO_MAP_FD | PSEUDO_MAP_IDX if half.imm == 0 => {}
        _ => return Err(cx.reject(WalkMsg::LdImm64Kind, Errno::EINVAL)),
    }
    let fd = if matches!(insn.src, PSEUDO_MAP_IDX | PSEUDO_MAP_IDX_VALUE) {
        if cx.program.req.fd_array.is_empty() {
            return Err(cx.reject(WalkMsg::FdArrayMissing, Errno::EPROTO));
        }
        let fd = usize::try_from(insn.imm).ok().and_then(|n| cx.program.req.fd_array.get(n));
        *fd.ok_or_else(|| Stop::silent(Errno::EFAULT))?
    } else {
        insn.imm
    };
    let (map, reused) = use_map(cx, fd)?;
    check_compatible(cx, map)?;
    if !reused {
        jump_table_is_ready(cx, map)?;
    }
    let info = cx.program.map(map);
    let ty = MapType::from_number(info.spec.map_type);
    let address = if matches!(insn.src, PSEUDO_MAP_FD | PSEUDO_MAP_IDX) {
        cx.learned.aux[i].map = Some((map, 0));
        MAP_ADDRESS + u64::from(map.0) * 0x800
    } else {
        let off = half.imm as u32;
        check_direct_value(cx, map, off)?;
        cx.learned.aux[i].map = Some((map, off));
        let start = match (ty, cx.program.map(map).spec.map_extra) {
            (Some(MapType::Arena), 0) => ARENA_ADDRESS,
            (Some(MapType::Arena), start) => start,
            _ => VALUE_ADDRESS + (u64::from(map.0) << 32),
        };
        start.wrapping_add(u64::from(off))
    };
    set_address(cx, i, address);
    if !reused {
        check_first_use(cx, map, ty)?;
    }
    Ok(())
}

/// The map behind a file descriptor, and whether the program used it before.
fn use_map(cx: &mut Draft<'_>, fd: i32) -> Res<(MapIdx, bool)> {
    let Some(at) = cx.program.req.maps.iter().position(|m| m.fd == fd) else {
        // The loader's standard streams are open, but are no maps.
        let errno = if (0..=2).contains(&fd) { Errno::EINVAL } else { Errno::EBADF };
        return Err(cx.reject(WalkMsg::BadMapFd { fd }, errno));
    };
    let map = MapIdx(at as u32);
    if cx.program.maps_used.contains(&map) {
        return Ok((map, true));
    }
    if cx.program.maps_used.len() >= MAX_USED_MAPS {
        return Err(cx.reject(WalkMsg::TooManyMaps { limit: MAX_USED_MAPS as u32 }, Errno::E2BIG));
    }
    // Newer releases check the map before they count it, which no line shows.
    cx.program.maps_used.push(map);
    Ok((map, false))
}

/// Whether a jump table is frozen and its entries are instructions of the program.
fn jump_table_is_ready(cx: &mut Draft<'_>, map: MapIdx) -> Res {
    let spec = cx.program.map(map).spec.clone();
    if MapType::from_number(spec.map_type) != Some(MapType::InsnArray) {
        return Ok(());
    }
    if spec.frozen && spec.jump_targets.is_none() {
        return Err(Stop::unsupported("a jump table whose entries are not known"));
    }
    let insns = &cx.program.insns;
    let begins = |t: &usize| *t < insns.len() && !t.checked_sub(1).is_some_and(|before| insns[before].is_ldimm64());
    if spec.frozen && spec.jump_places(0, spec.last_entry()).iter().all(begins) {
        return Ok(());
    }
    Err(cx.reject(WalkMsg::JumpTableNotReady, Errno::EINVAL))
}

/// Whether programs of this type may use the map.
fn check_compatible(cx: &mut Draft<'_>, map: MapIdx) -> Res {
    let info = cx.program.map(map);
    let mask = info.record.as_ref().map_or(FieldKind::empty(), |r| r.mask);
    let ty = MapType::from_number(info.spec.map_type);
    let prog = cx.program.resolved_prog_type();
    let tracing = is_tracing(prog);
    let locks = FieldKind::SPIN_LOCK | FieldKind::RES_SPIN_LOCK;
    let refused = if mask.intersects(FieldKind::GRAPH_ROOT) && tracing {
        Some(WalkMsg::TracingGraph)
    } else if mask.intersects(locks) && prog == ProgType::SocketFilter {
        Some(WalkMsg::SocketFilterLock)
    } else if mask.contains(FieldKind::SPIN_LOCK) && tracing {
        Some(WalkMsg::TracingLock)
    } else if mask.contains(FieldKind::TIMER) && tracing && !cx.program.kernel.features.tracing_timers {
        Some(WalkMsg::TracingTimer)
    } else if mask.contains(FieldKind::WORKQUEUE) && tracing && !cx.program.kernel.features.tracing_timers {
        Some(WalkMsg::TracingWq)
    } else if ty == Some(MapType::StructOps) {
        Some(WalkMsg::StructOpsMap)
    } else if cx.program.sleepable
        && !ty.is_some_and(|t| allows_sleepable(&cx.program.kernel.features, t))
        && !(ty == Some(MapType::ProgArray) && cx.program.kernel.features.sleepable_tail_calls)
    {
        Some(WalkMsg::SleepableMap)
    } else if cx.program.sleepable && !cx.program.kernel.features.sleepable_growing_maps && grows(&info.spec) {
        Some(WalkMsg::SleepableGrowing)
    } else {
        None
    };
    match refused {
        Some(msg) => Err(cx.reject(msg, Errno::EINVAL)),
        None => Ok(()),
    }
}

/// Whether a map allocates its elements as they come.
fn grows(spec: &MapSpec) -> bool {
    /// `BPF_F_NO_PREALLOC`.
    const NO_PREALLOC: u32 = 1;
    let hash =
        matches!(MapType::from_number(spec.map_type), Some(MapType::Hash | MapType::PercpuHash | MapType::HashOfMaps));
    let inner = spec.inner.as_deref().is_some_and(grows);
    inner || hash && spec.map_flags & NO_PREALLOC != 0
}

/// Whether sleepable programs may use maps of a type.
fn allows_sleepable(f: &Features, ty: MapType) -> bool {
    use MapType::*;
    let since = match ty {
        PercpuHash | PercpuArray | LruPercpuHash | ArrayOfMaps | HashOfMaps | Ringbuf => f.sleepable_ring_buffers,
        InodeStorage | SkStorage | TaskStorage => f.sleepable_storage,
        _ => true,
    };
    if !since {
        return false;
    }
    matches!(
        ty,
        Hash | Rhash
            | LruHash
            | Array
            | PercpuHash
            | PercpuArray
            | LruPercpuHash
            | ArrayOfMaps
            | HashOfMaps
            | Ringbuf
            | UserRingbuf
            | InodeStorage
            | SkStorage
            | TaskStorage
            | CgrpStorage
            | Queue
            | Stack
            | Arena
            | InsnArray
    )
}

/// Whether an address inside the value can be loaded directly.
fn check_direct_value(cx: &mut Draft<'_>, map: MapIdx, off: u32) -> Res {
    if off >= MAX_VAR_OFF && !cx.program.kernel.features.far_direct_values {
        return Err(cx.reject(WalkMsg::DirectOffset { off }, Errno::EINVAL));
    }
    let spec = cx.program.map(map).spec.clone();
    let errno = match MapType::from_number(spec.map_type) {
        Some(MapType::Array) if spec.max_entries != 1 => Some(Errno::ENOTSUPP),
        Some(MapType::Array) => (off >= spec.value_size).then_some(Errno::EINVAL),
        Some(MapType::PercpuArray) if cx.program.kernel.features.percpu_addresses => {
            if spec.max_entries != 1 {
                Some(Errno::EOPNOTSUPP)
            } else {
                (off >= spec.value_size).then_some(Errno::EINVAL)
            }
        }
        Some(MapType::Arena) => {
            let bytes = u64::from(spec.max_entries) * 4096;
            (u64::from(off) > bytes).then_some(Errno::ERANGE)
        }
        Some(MapType::InsnArray) => {
            let newer = cx.program.kernel.features.jump_table_address_eacces;
            let errno = if newer { Errno::EACCES } else { Errno::EINVAL };
            (!off.is_multiple_of(8) || off / 8 >= spec.max_entries).then_some(errno)
        }
        _ => return Err(cx.reject(WalkMsg::DirectType, Errno::EINVAL)),
    };
    match errno {
        Some(errno) => Err(cx.reject(WalkMsg::DirectRange { size: spec.value_size, off }, errno)),
        None => Ok(()),
    }
}

/// What a program may have one of only.
fn check_first_use(cx: &mut Draft<'_>, map: MapIdx, ty: Option<MapType>) -> Res {
    match ty {
        Some(MapType::CgroupStorageDeprecated | MapType::PercpuCgroupStorageDeprecated) => {
            let number = cx.program.map(map).spec.map_type;
            let others = cx.program.maps_used.iter().filter(|m| cx.program.map(**m).spec.map_type == number).count();
            if others > 1 {
                return Err(cx.reject(WalkMsg::CgroupStorage, Errno::EBUSY));
            }
        }
        Some(MapType::Arena) => {
            if cx.program.arena.is_some() {
                return Err(cx.reject(WalkMsg::OneArena, Errno::EBUSY));
            }
            if !cx.program.caps.pointers_may_leak || !cx.program.caps.has_cap_bpf {
                return Err(cx.reject(WalkMsg::ArenaCap, Errno::EPERM));
            }
            cx.program.arena = Some(map);
        }
        _ => {}
    }
    Ok(())
}

/// A load of a kernel symbol's address.
fn resolve_symbol(cx: &mut Draft<'_>, i: usize, id: u32, fd: i32) -> Res {
    let btf = if fd == 0 {
        BtfRef::VMLINUX
    } else {
        let name = cx.program.req.btf_fds.iter().find(|(n, _)| *n == fd);
        let found = name.and_then(|(_, name)| cx.program.btf_names.iter().position(|n| n == name));
        match found {
            Some(n) => BtfRef(n as u16),
            None => return Err(cx.reject(WalkMsg::KsymModule, Errno::EINVAL)),
        }
    };
    let types = cx.program.btf(btf).clone();
    let Some(symbol) = types.ty(id) else {
        return Err(cx.reject(WalkMsg::KsymId { id: id as i32 }, Errno::ENOENT));
    };
    let mut address = SYMBOL_ADDRESS + u64::from(id) * 16;
    let var = match symbol.kind {
        BtfKind::Func if cx.program.kernel.features.kernel_function_addresses => {
            BtfVar { ty: RegType::with(RegBase::PtrToMem, TypeFlags::RDONLY), btf: (btf, 0), mem_size: 0 }
        }
        BtfKind::Var => {
            if !cx.program.kernel.build.data_symbols {
                let name = symbol.name().to_string();
                return Err(cx.reject(WalkMsg::KsymAddress { name }, Errno::ENOENT));
            }
            let target = symbol.size_or_type;
            let ty = types.skip_modifiers(target);
            let section = types.find_own_by_name_kind(".data..percpu", BtfKind::Datasec);
            let section = section.and_then(|d| types.ty(d));
            let per_cpu = section.and_then(|d| d.var_secinfos().find(|v| v.type_id == id));
            if let Some(place) = per_cpu {
                // The kernel's own per-CPU variables are named by their place in each CPU's area.
                if btf == BtfRef::VMLINUX && !cx.program.kernel.features.percpu_symbols_have_addresses {
                    address = u64::from(place.offset);
                }
                BtfVar { ty: RegType::with(RegBase::PtrToBtfId, TypeFlags::PERCPU), btf: (btf, target), mem_size: 0 }
            } else if ty.is_some_and(|t| matches!(t.kind, BtfKind::Struct | BtfKind::Union)) {
                BtfVar { ty: RegType::of(RegBase::PtrToBtfId), btf: (btf, target), mem_size: 0 }
            } else {
                let Some(size) = types.resolve_size(target) else {
                    let name = ty.map(|t| t.name().to_string()).unwrap_or_default();
                    let err = -(Errno::EINVAL as i32);
                    return Err(cx.reject(WalkMsg::KsymSize { name, err }, Errno::EINVAL));
                };
                BtfVar { ty: RegType::with(RegBase::PtrToMem, TypeFlags::RDONLY), btf: (btf, 0), mem_size: size }
            }
        }
        _ => {
            return Err(cx.reject(WalkMsg::KsymKind { id }, Errno::EINVAL));
        }
    };
    cx.learned.aux[i].btf_var = Some(var);
    set_address(cx, i, address);
    Ok(())
}
