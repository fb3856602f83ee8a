//! Maps: lookups, updates, queues, redirects into maps, storage, tail calls.

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

use verifier_core::kernel::MapType;

use crate::cx::{Cx, FaultKind, Halt, MAX_TAIL_CALLS};
use crate::map::{Map, Site};
use crate::net::Redirect;
use crate::program::Code;
use crate::value;

use super::{Ret, code, err, errno};

/// The map that a program holds the address of.
///
/// # Errors
/// In checked mode, where there is none.
pub fn at<'v>(cx: &mut Cx<'v>, address: u64) -> Result<&'v Map, Halt> {
    if cx.is_checked() && !cx.vm.knows_map(address) {
        let what = FaultKind::Argument("no map is there".into());
        return cx.halt(what, cx.insn, address);
    }
    // SAFETY: accepted programs hold addresses of maps that their code or the machine keeps; others were checked.
    Ok(unsafe { &*(address as *const Map) })
}

/// Does something with a map that may make it grow, on the run's CPU.
///
/// # Errors
/// It may not grow so much: the run ends.
pub fn growing<R>(cx: &mut Cx<'_>, f: impl FnOnce(&Site<'_>) -> R) -> Result<R, Halt> {
    growing_on(cx, cx.cpu, f)
}

fn growing_on<R>(cx: &mut Cx<'_>, cpu: u32, f: impl FnOnce(&Site<'_>) -> R) -> Result<R, Halt> {
    let (vm, full) = (cx.vm, Cell::new(false));
    let grow = |bytes| {
        let may = vm.memory.charge(&vm.limits, bytes).is_ok();
        full.set(full.get() || !may);
        may
    };
    let result = f(&Site::new(cpu, &grow));
    if full.get() { cx.out_of_memory() } else { Ok(result) }
}

/// Does something with a copy of the key that a program gave.
fn keyed<R>(cx: &mut Cx<'_>, map: &Map, key: u64, f: impl FnOnce(&[u8], &Site<'_>) -> R) -> Result<R, Halt> {
    let len = map.spec().key_size;
    let at = cx.readable(key, len.into())?;
    // SAFETY: accepted programs give `key_size` bytes, others were checked.
    growing(cx, |site| unsafe { value::with_bytes(at, len as usize, |key| f(key, site)) })
}

pub fn lookup(cx: &mut Cx<'_>, [map, key, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    cx.tick(map.lookup_cost())?;
    keyed(cx, map, key, |key, site| map.lookup_at(key, site).unwrap_or(0))
}

/// `bpf_map_lookup_percpu_elem(map, key, cpu)`
pub fn lookup_percpu(cx: &mut Cx<'_>, [map, key, cpu, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let cpu = cpu as u32;
    if cpu >= cx.vm.cpus {
        return Ok(0);
    }
    keyed(cx, map, key, |key, site| map.lookup_at(key, &site.on(cpu)).unwrap_or(0))
}

pub fn update(cx: &mut Cx<'_>, [map, key, value, flags, _]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let size = map.spec().value_size.into();
    let value = cx.readable(value, size)?;
    cx.touch(size)?;
    // SAFETY: accepted programs give `value_size` bytes, others were checked.
    let result = keyed(cx, map, key, |key, site| unsafe { map.update(key, value, flags, site) })?;
    code(result)
}

pub fn delete(cx: &mut Cx<'_>, [map, key, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let result = keyed(cx, map, key, |key, _| map.delete(key))?;
    code(result)
}

/// `bpf_map_push_elem(map, value, flags)`
pub fn push(cx: &mut Cx<'_>, [map, value, flags, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let size = map.spec().value_size.into();
    let value = cx.readable(value, size)?;
    cx.touch(size)?;
    // SAFETY: accepted programs give `value_size` bytes, others were checked.
    let result = growing(cx, |site| unsafe { map.ops().push(value, flags, site) })?;
    code(result)
}

/// `bpf_map_pop_elem(map, value)`
pub fn pop(cx: &mut Cx<'_>, [map, value, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let size = map.spec().value_size.into();
    let value = cx.writable(value, size)?;
    cx.touch(size)?;
    // SAFETY: as in `push`.
    code(unsafe { map.ops().pop(value) })
}

/// `bpf_map_peek_elem(map, value)`
pub fn peek(cx: &mut Cx<'_>, [map, value, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let size = map.spec().value_size.into();
    // A Bloom filter reads what others write.
    let value = match map.map_type() == MapType::BloomFilter {
        true => cx.readable(value, size)?.cast_mut(),
        false => cx.writable(value, size)?,
    };
    cx.touch(size)?;
    // SAFETY: as in `push`.
    code(unsafe { map.ops().peek(value) })
}

/// `XDP_REDIRECT`, and `SK_PASS` and `SK_DROP`.
const XDP_REDIRECT: u64 = 4;
const SK_PASS: u64 = 1;
const SK_DROP: u64 = 0;
/// Actions that a redirect may fall back to.
const ACTION_MASK: u64 = 3;
/// To all entries; and not to where it came from.
const BROADCAST: u64 = 1 << 3;
const NOT_BACK: u64 = 1 << 4;

/// `bpf_redirect_map(map, key, flags)`. Kernel: `__bpf_xdp_redirect_map()`.
pub fn redirect_map(cx: &mut Cx<'_>, [map, key, flags, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let devices = matches!(map.map_type(), MapType::Devmap | MapType::DevmapHash);
    let allowed = if devices { ACTION_MASK | BROADCAST | NOT_BACK } else { ACTION_MASK };
    if flags & !allowed != 0 {
        return Ok(0);
    }
    let found = map.lookup(&(key as u32).to_ne_bytes(), 0).is_some();
    if !found && flags & BROADCAST == 0 {
        return Ok(flags & ACTION_MASK);
    }
    cx.redirect = Some(Redirect::Map { map: map.name().into(), key, flags: flags & (BROADCAST | NOT_BACK) });
    Ok(XDP_REDIRECT)
}

/// `bpf_sk_redirect_map(skb, map, key, flags)` and its like for messages and hashes (`key` is an address there).
fn socket_redirect(cx: &mut Cx<'_>, map: &Map, key: &[u8], flags: u64) -> Ret {
    if flags & !1 != 0 || map.lookup(key, 0).is_none() {
        return Ok(SK_DROP);
    }
    let number = key.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    cx.redirect = Some(Redirect::Map { map: map.name().into(), key: number, flags });
    Ok(SK_PASS)
}

pub fn sk_redirect_map(cx: &mut Cx<'_>, [_, map, key, flags, _]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    socket_redirect(cx, map, &(key as u32).to_ne_bytes(), flags)
}

pub fn sk_redirect_hash(cx: &mut Cx<'_>, [_, map, key, flags, _]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    let key = keyed(cx, map, key, |key, _| key.to_vec())?;
    socket_redirect(cx, map, &key, flags)
}

/// `bpf_get_local_storage(map, flags)`: never null.
pub fn local_storage(cx: &mut Cx<'_>, [map, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    growing(cx, |site| map.ops().lookup(&[0; 4], site).unwrap_or(0))
}

/// `bpf_sk_storage_get(map, owner, value, flags)` and those of tasks, inodes and cgroups.
pub fn storage_get(cx: &mut Cx<'_>, [map, owner, value, flags, _]: [u64; 5]) -> Ret {
    const CREATE: u64 = 1;
    let map = at(cx, map)?;
    if owner == 0 || flags & !CREATE != 0 {
        return Ok(0);
    }
    let size = map.spec().value_size.into();
    let value = if value == 0 { std::ptr::null() } else { cx.readable(value, size)? };
    cx.touch(size)?;
    let create = flags & CREATE != 0;
    // SAFETY: null, or `value_size` bytes.
    let found = growing_on(cx, 0, |site| unsafe { map.ops().owned(owner, value, create, site) })?;
    Ok(found.map_or(0, |(v, _)| v))
}

/// `bpf_sk_storage_delete(map, owner)` and those of tasks, inodes and cgroups.
pub fn storage_delete(cx: &mut Cx<'_>, [map, owner, ..]: [u64; 5]) -> Ret {
    let map = at(cx, map)?;
    if owner == 0 || !map.ops().has_owners() {
        return Ok(err(errno::EINVAL));
    }
    code(map.ops().delete(&owner.to_ne_bytes()))
}

/// Looks a tail call up and enters its program.
pub fn tail_call(cx: &mut Cx<'_>, map: u64, index: u32) -> bool {
    let Ok(map) = at(cx, map) else { return false };
    if cx.tail_calls >= MAX_TAIL_CALLS {
        return false;
    }
    let program: Option<Arc<dyn Any + Send + Sync>> = map.prog(index).map(|p| p as _);
    match program.map(Arc::downcast::<Code>) {
        Some(Ok(code)) if cx.is_checked() || code.is_verified() && code.vm() == cx.vm.id() => {
            cx.enter_code(code);
            true
        }
        _ => false,
    }
}

/// `bpf_map_sum_elem_count(map)`: entries of a hash table; of other maps nobody counts.
pub fn sum_elem_count(cx: &mut Cx<'_>, [address, ..]: [u64; 5]) -> Ret {
    let map = at(cx, address)?;
    let counted = [MapType::Hash, MapType::PercpuHash, MapType::LruHash, MapType::LruPercpuHash, MapType::HashOfMaps];
    Ok(if counted.contains(&map.map_type()) { map.len() } else { 0 })
}
