//! Maps: lookups, updates, queues, redirects into maps, storage.

use crate::cx::{Cx, Halt};
use crate::map::{self, Map};
use crate::net::Redirect;
use verifier_core::kernel::MapType;

use super::{Ret, code, err, errno};

/// The map and the key that a program gave.
fn keyed<'v>(cx: &mut Cx<'v>, map: u64, key: u64) -> Result<(&'v Map, &'v [u8]), Halt> {
    let map = map::at(cx, map)?;
    let len = map.spec().key_size;
    let key = cx.readable(key, len.into())?;
    // SAFETY: accepted programs give `key_size` bytes, others were checked; nothing writes them during the call.
    Ok((map, unsafe { std::slice::from_raw_parts(key, len as usize) }))
}

pub fn lookup(cx: &mut Cx<'_>, [map, key, ..]: [u64; 5]) -> Ret {
    let (map, key) = keyed(cx, map, key)?;
    Ok(map.lookup(key, cx.cpu).unwrap_or(0))
}

/// `bpf_map_lookup_percpu_elem(map, key, cpu)`
pub fn lookup_percpu(cx: &mut Cx<'_>, [map, key, cpu, ..]: [u64; 5]) -> Ret {
    let (map, key) = keyed(cx, map, key)?;
    if cpu as u32 >= cx.vm.cpus {
        return Ok(0);
    }
    Ok(map.lookup(key, cpu as u32).unwrap_or(0))
}

pub fn update(cx: &mut Cx<'_>, [map, key, value, flags, _]: [u64; 5]) -> Ret {
    let (map, key) = keyed(cx, map, key)?;
    let value = cx.readable(value, map.spec().value_size.into())?;
    // SAFETY: accepted programs give `value_size` bytes, others were checked.
    code(unsafe { map.update(key, value, flags, cx.cpu) })
}

pub fn delete(cx: &mut Cx<'_>, [map, key, ..]: [u64; 5]) -> Ret {
    let (map, key) = keyed(cx, map, key)?;
    code(map.delete(key))
}

/// `bpf_map_push_elem(map, value, flags)`
pub fn push(cx: &mut Cx<'_>, [map, value, flags, ..]: [u64; 5]) -> Ret {
    let map = map::at(cx, map)?;
    let value = cx.read_bytes(value, map.spec().value_size.into())?;
    code(map.push(&value, flags))
}

fn next(cx: &mut Cx<'_>, map: u64, value: u64, take: bool) -> Ret {
    let map = map::at(cx, map)?;
    let size = map.spec().value_size;
    if !take && map.map_type() == MapType::BloomFilter {
        let value = cx.read_bytes(value, size.into())?;
        return code(map.may_hold(&value).unwrap_or(Err(errno::EOPNOTSUPP)));
    }
    let found = map.next_value(take);
    let failed = found.as_ref().err().copied();
    cx.write_bytes(value, &found.unwrap_or_else(|_| vec![0; size as usize].into()))?;
    Ok(failed.map_or(0, err))
}

/// `bpf_map_pop_elem(map, value)`
pub fn pop(cx: &mut Cx<'_>, [map, value, ..]: [u64; 5]) -> Ret {
    next(cx, map, value, true)
}

/// `bpf_map_peek_elem(map, value)`
pub fn peek(cx: &mut Cx<'_>, [map, value, ..]: [u64; 5]) -> Ret {
    next(cx, map, value, false)
}

/// `XDP_REDIRECT`, and `SK_PASS` and `SK_DROP`.
const XDP_REDIRECT: u64 = 4;
const SK_PASS: u64 = 1;
const SK_DROP: u64 = 0;
/// Actions that a redirect may fall back to.
const ACTION_MASK: u64 = 3;
/// Broadcast, and not to where it came from.
const BROADCAST: u64 = 1 << 3 | 1 << 4;

/// `bpf_redirect_map(map, key, flags)`. Kernel: `__bpf_xdp_redirect_map()`.
pub fn redirect_map(cx: &mut Cx<'_>, [map, key, flags, ..]: [u64; 5]) -> Ret {
    let map = map::at(cx, map)?;
    let devices = matches!(map.map_type(), MapType::Devmap | MapType::DevmapHash);
    let allowed = if devices { ACTION_MASK | BROADCAST } else { ACTION_MASK };
    if flags & !allowed != 0 {
        return Ok(0);
    }
    let found = map.lookup(&(key as u32).to_ne_bytes(), 0).is_some();
    if !found && flags & BROADCAST == 0 {
        return Ok(flags & ACTION_MASK);
    }
    cx.redirect = Some(Redirect::Map { map: map.name().into(), key, flags: flags & BROADCAST });
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
    let map = map::at(cx, map)?;
    socket_redirect(cx, map, &(key as u32).to_ne_bytes(), flags)
}

pub fn sk_redirect_hash(cx: &mut Cx<'_>, [_, map, key, flags, _]: [u64; 5]) -> Ret {
    let (map, key) = keyed(cx, map, key)?;
    socket_redirect(cx, map, key, flags)
}

/// `bpf_get_local_storage(map, flags)`: never null.
pub fn local_storage(cx: &mut Cx<'_>, [map, ..]: [u64; 5]) -> Ret {
    let map = map::at(cx, map)?;
    Ok(map.lookup(&[0; 4], cx.cpu).unwrap_or(0))
}

/// `bpf_sk_storage_get(map, owner, value, flags)` and those of tasks, inodes and cgroups.
pub fn storage_get(cx: &mut Cx<'_>, [map, owner, value, flags, _]: [u64; 5]) -> Ret {
    const CREATE: u64 = 1;
    if owner == 0 || flags & !CREATE != 0 {
        return Ok(0);
    }
    let map = map::at(cx, map)?;
    if value != 0 {
        cx.readable(value, map.spec().value_size.into())?;
    }
    // SAFETY: null, or `value_size` bytes.
    let found = unsafe { map.owned(owner, value as *const u8, flags & CREATE != 0) };
    Ok(found.map_or(0, |(v, _)| v))
}

/// `bpf_sk_storage_delete(map, owner)` and those of tasks, inodes and cgroups.
pub fn storage_delete(cx: &mut Cx<'_>, [map, owner, ..]: [u64; 5]) -> Ret {
    if owner == 0 {
        return Ok(err(errno::EINVAL));
    }
    code(map::at(cx, map)?.disown(owner))
}
