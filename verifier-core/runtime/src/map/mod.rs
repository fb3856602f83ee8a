//! Maps as programs and their users see them: one type for all kinds, with the kernel's return codes.
//!
//! Answers for the `map_ops` of each type. Sizes come from [`MapSpec`]; all memory is reserved when a map is made and
//! taken as it is touched. Programs know a map by the address of its [`Map`].

mod array;
mod hash;
mod lpm;
mod queue;
mod ringbuf;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use verifier_core::kernel::MapType;
use verifier_core::program::MapSpec;

use super::cx::{Cx, FaultKind, Halt};
use super::memory::{Region, RegionKind};
use super::program::Code;

use array::Array;
use hash::Hash;
use lpm::Lpm;
use queue::{Bloom, Queue};
use ringbuf::Ring;
pub(super) use ringbuf::commit;

/// Error numbers that maps return.
#[allow(missing_docs)]
pub mod errno {
    pub const ENOENT: i32 = 2;
    pub const E2BIG: i32 = 7;
    pub const EAGAIN: i32 = 11;
    pub const ENOMEM: i32 = 12;
    pub const EBUSY: i32 = 16;
    pub const EEXIST: i32 = 17;
    pub const EINVAL: i32 = 22;
    pub const ENOSPC: i32 = 28;
    pub const EOPNOTSUPP: i32 = 95;
}

/// Flags of updates. UAPI: `BPF_ANY` and on.
#[allow(missing_docs)]
pub mod flag {
    pub const ANY: u64 = 0;
    pub const NOEXIST: u64 = 1;
    pub const EXIST: u64 = 2;
    pub const LOCK: u64 = 4;
}

/// What an operation comes to: an error number, positive.
pub type MapResult = Result<(), i32>;

/// Why a map cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("map `{map}`: {what}")]
pub struct MapError {
    /// Name.
    pub map: String,
    /// Reason.
    pub what: String,
}

/// Bytes that one map may take.
const MAX_BYTES: u64 = 1 << 34;
/// Owners that local storage holds values for, at most; the kernel has no limit.
const MAX_OWNERS: u32 = 1 << 16;

/// The product, if one map may be so large.
fn bytes(factors: &[u64]) -> io::Result<usize> {
    let all = factors.iter().try_fold(1u64, |a, b| a.checked_mul(*b)).filter(|b| *b <= MAX_BYTES);
    all.and_then(|b| usize::try_from(b).ok()).ok_or_else(|| io::Error::other("too large"))
}

/// Where the values of an array lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayLayout {
    /// Address of the first value.
    pub base: u64,
    /// Bytes from one value to the next.
    pub stride: u32,
    /// Values; of each CPU, and those of one CPU stand together.
    pub max_entries: u32,
    /// CPUs that have values of their own; 1 for arrays that are not per CPU.
    pub cpus: u32,
}

/// Memory of values: `count` values of `size` bytes, `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
struct ValueMemory {
    start: u64,
    stride: u64,
    size: u64,
    count: u64,
}

/// Values that are objects of ours. What was replaced is kept, because programs may still hold its address.
#[derive(Debug)]
struct Objects<T> {
    now: RwLock<HashMap<Vec<u8>, Arc<T>>>,
    before: RwLock<Vec<Arc<T>>>,
}

impl<T> Default for Objects<T> {
    fn default() -> Objects<T> {
        Objects { now: RwLock::default(), before: RwLock::default() }
    }
}

impl<T> Objects<T> {
    fn get(&self, key: &[u8]) -> Option<Arc<T>> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn set(&self, key: &[u8], value: Arc<T>) {
        let old = self.now.write().unwrap_or_else(PoisonError::into_inner).insert(key.to_vec(), value);
        self.before.write().unwrap_or_else(PoisonError::into_inner).extend(old);
    }

    fn remove(&self, key: &[u8]) -> MapResult {
        let old = self.now.write().unwrap_or_else(PoisonError::into_inner).remove(key).ok_or(errno::ENOENT)?;
        self.before.write().unwrap_or_else(PoisonError::into_inner).push(old);
        Ok(())
    }

    fn keys(&self) -> Vec<Vec<u8>> {
        let mut keys: Vec<_> = self.now.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        keys.sort();
        keys
    }

    fn len(&self) -> u32 {
        self.now.read().unwrap_or_else(PoisonError::into_inner).len() as u32
    }
}

#[derive(Debug)]
enum Kind {
    Array(Array),
    Hash(Hash),
    Lpm(Lpm),
    Queue(Queue),
    Bloom(Bloom),
    Ring(Ring),
    Progs(Objects<Code>),
    Maps(Objects<Map>),
    /// Entries by index, of which some are empty: devices, CPUs, sockets.
    Slots(Hash),
    /// Values that belong to owners: sockets, tasks, inodes, cgroups. Keyed by the owner's address.
    Owned(Hash),
    /// Perf events and stack traces: nothing to look up.
    Nothing,
}

/// A map.
#[derive(Debug)]
pub struct Map {
    spec: MapSpec,
    map_type: MapType,
    kind: Kind,
}

impl Map {
    /// Makes a map.
    ///
    /// # Errors
    /// What is wrong with it, or not modelled.
    pub fn create(spec: &MapSpec, cpus: u32) -> Result<Arc<Map>, MapError> {
        let fail = |what: &str| MapError { map: spec.name.clone(), what: what.into() };
        let map_type = MapType::from_number(spec.map_type).ok_or_else(|| fail("unknown type"))?;
        let failed = |e: io::Error| fail(&e.to_string());
        let (n, k, v) = (spec.max_entries, spec.key_size, spec.value_size);
        let one = |n: u32| if map_type.is_percpu() { cpus.max(1) } else { n };
        let kind = match map_type {
            MapType::Array | MapType::PercpuArray => Kind::Array(Array::new(n, v, one(1)).map_err(failed)?),
            MapType::CgroupStorageDeprecated | MapType::PercpuCgroupStorageDeprecated => {
                Kind::Array(Array::new(1, v, one(1)).map_err(failed)?)
            }
            MapType::Hash | MapType::PercpuHash => Kind::Hash(Hash::new(n, k, v, one(1), false).map_err(failed)?),
            MapType::LruHash | MapType::LruPercpuHash => Kind::Hash(Hash::new(n, k, v, one(1), true).map_err(failed)?),
            MapType::LpmTrie => Kind::Lpm(Lpm::new(n, k, v).map_err(failed)?),
            MapType::Queue => Kind::Queue(Queue::new(n, false)),
            MapType::Stack => Kind::Queue(Queue::new(n, true)),
            MapType::BloomFilter => Kind::Bloom(Bloom::new(n, spec.map_extra)),
            MapType::Ringbuf | MapType::UserRingbuf => Kind::Ring(Ring::new(n).map_err(failed)?),
            MapType::ProgArray => Kind::Progs(Objects::default()),
            MapType::ArrayOfMaps | MapType::HashOfMaps => Kind::Maps(Objects::default()),
            MapType::Devmap
            | MapType::DevmapHash
            | MapType::Cpumap
            | MapType::Xskmap
            | MapType::Sockmap
            | MapType::Sockhash
            | MapType::ReuseportSockarray
            | MapType::CgroupArray => Kind::Slots(Hash::new(n, k, v, 1, false).map_err(failed)?),
            MapType::SkStorage | MapType::TaskStorage | MapType::InodeStorage | MapType::CgrpStorage => {
                Kind::Owned(Hash::new(MAX_OWNERS, 8, v, 1, false).map_err(failed)?)
            }
            MapType::PerfEventArray | MapType::StackTrace => Kind::Nothing,
            MapType::StructOps | MapType::Arena | MapType::Unspec => {
                return Err(fail("this type of map is not modelled"));
            }
        };
        let map = Map { spec: spec.clone(), map_type, kind };
        if let (Some(value), Kind::Array(a)) = (spec.value.as_ref().or(spec.initial.as_ref()), &map.kind)
            && value.len() <= v as usize
        {
            let mut whole = value.to_vec();
            whole.resize(v as usize, 0);
            for cpu in 0..one(1) {
                a.update(0, whole.as_ptr(), flag::ANY, cpu).map_err(|_| fail("no room for its contents"))?;
            }
        }
        Ok(Arc::new(map))
    }

    /// What it was made from.
    pub fn spec(&self) -> &MapSpec {
        &self.spec
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Its type.
    pub fn map_type(&self) -> MapType {
        self.map_type
    }

    /// The address that programs know it by.
    pub fn address(&self) -> u64 {
        std::ptr::from_ref(self) as u64
    }

    /// Address of a byte of the value of a one-entry array.
    pub fn direct_value(&self, off: u32) -> Option<u64> {
        let fits = self.map_type == MapType::Array && self.spec.max_entries == 1 && off < self.spec.value_size;
        fits.then(|| self.lookup(&[0; 4], 0).map(|v| v + u64::from(off)))?
    }

    /// Where values lie, for arrays.
    pub fn array_layout(&self) -> Option<ArrayLayout> {
        match &self.kind {
            Kind::Array(a) if matches!(self.map_type, MapType::Array | MapType::PercpuArray) => Some(a.layout()),
            _ => None,
        }
    }

    /// Address of the value at an index of a map that has an [`ArrayLayout`], 0 for none.
    #[inline]
    pub(super) fn value_of_array(&self, index: u32, cpu: u32) -> u64 {
        match &self.kind {
            Kind::Array(a) => a.lookup(index, cpu).unwrap_or(0),
            _ => 0,
        }
    }

    /// Memory of values, for checked mode.
    pub fn regions(&self) -> Vec<Region> {
        let m = match &self.kind {
            Kind::Array(a) => a.memory(),
            Kind::Hash(h) | Kind::Slots(h) | Kind::Owned(h) => h.memory(),
            Kind::Lpm(l) => l.memory(),
            _ => return Vec::new(),
        };
        let kind = RegionKind::MapValue(self.spec.name.clone());
        let len = m.stride * m.count.saturating_sub(1) + m.size;
        vec![Region { kind, start: m.start, len, objects: Some((m.stride, m.size)), writable: true }]
    }

    /// The index that a key of four bytes is.
    fn index(key: &[u8]) -> u32 {
        key.first_chunk::<4>().map_or(u32::MAX, |k| u32::from_ne_bytes(*k))
    }

    /// Whether keys are indices below `max_entries`.
    fn is_indexed(&self) -> bool {
        !matches!(self.map_type, MapType::DevmapHash | MapType::Sockhash | MapType::HashOfMaps)
    }

    /// Address of the value of a key, as `bpf_map_lookup_elem()`. Keys have `key_size` bytes. For maps of maps, the
    /// address of the inner map.
    pub fn lookup(&self, key: &[u8], cpu: u32) -> Option<u64> {
        match &self.kind {
            Kind::Array(a) => a.lookup(Map::index(key), cpu),
            Kind::Hash(h) => h.lookup(key, if self.map_type.is_percpu() { cpu } else { 0 }),
            Kind::Slots(h) => h.lookup(key, 0),
            Kind::Lpm(l) => l.lookup(key),
            Kind::Maps(m) => m.get(key).map(|m| m.address()),
            _ => None,
        }
    }

    /// Sets a value, as `bpf_map_update_elem()` on a CPU.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `value` has `value_size` bytes.
    pub unsafe fn update(&self, key: &[u8], value: *const u8, flags: u64, cpu: u32) -> MapResult {
        match &self.kind {
            Kind::Array(a) => a.update(Map::index(key), value, flags, if self.map_type.is_percpu() { cpu } else { 0 }),
            Kind::Hash(h) => h.update(key, value, flags, Some(if self.map_type.is_percpu() { cpu } else { 0 })),
            Kind::Slots(h) => {
                if flags > flag::EXIST {
                    return Err(errno::EINVAL);
                }
                if self.is_indexed() {
                    if Map::index(key) >= self.spec.max_entries {
                        return Err(errno::E2BIG);
                    }
                    if flags == flag::NOEXIST {
                        return Err(errno::EEXIST);
                    }
                }
                h.update(key, value, if self.is_indexed() { flag::ANY } else { flags }, Some(0))
            }
            Kind::Lpm(l) => l.update(key, value, flags),
            _ => Err(errno::EINVAL),
        }
    }

    /// Sets a value from bytes: one value, or for per-CPU maps one for each CPU, each padded to 8 bytes.
    ///
    /// # Errors
    /// The error number; `EINVAL` where sizes do not fit.
    pub fn set(&self, key: &[u8], value: &[u8], flags: u64, cpus: u32) -> MapResult {
        let size = self.spec.value_size as usize;
        let each = size.next_multiple_of(8);
        if key.len() != self.spec.key_size as usize {
            return Err(errno::EINVAL);
        }
        if self.map_type.is_percpu() && value.len() == each * cpus as usize && cpus > 1 {
            return match &self.kind {
                Kind::Hash(h) => h.update(key, value.as_ptr(), flags, None),
                _ => value.chunks_exact(each).zip(0..).try_for_each(|(v, cpu)| {
                    // SAFETY: each chunk has at least `value_size` bytes.
                    unsafe { self.update(key, v.as_ptr(), flags, cpu) }
                }),
            };
        }
        if value.len() != size {
            return Err(errno::EINVAL);
        }
        match &self.kind {
            Kind::Queue(_) | Kind::Bloom(_) => self.push(value, flags),
            // SAFETY: `value_size` bytes.
            _ => unsafe { self.update(key, value.as_ptr(), flags, 0) },
        }
    }

    /// Removes a key, as `bpf_map_delete_elem()`.
    ///
    /// # Errors
    /// The error number.
    pub fn delete(&self, key: &[u8]) -> MapResult {
        match &self.kind {
            Kind::Hash(h) => h.delete(key),
            Kind::Lpm(l) => l.delete(key),
            Kind::Slots(_) if self.is_indexed() && Map::index(key) >= self.spec.max_entries => Err(errno::EINVAL),
            Kind::Slots(h) => match h.delete(key) {
                // An empty slot may be emptied again.
                Err(errno::ENOENT) if matches!(self.map_type, MapType::Devmap | MapType::Cpumap | MapType::Xskmap) => {
                    Ok(())
                }
                result => result,
            },
            Kind::Maps(m) => m.remove(key),
            Kind::Progs(p) => p.remove(key),
            _ => Err(errno::EINVAL),
        }
    }

    /// `bpf_map_push_elem()`.
    ///
    /// # Errors
    /// The error number.
    pub fn push(&self, value: &[u8], flags: u64) -> MapResult {
        match &self.kind {
            Kind::Queue(q) => q.push(value, flags),
            Kind::Bloom(b) => b.push(value, flags),
            _ => Err(errno::EOPNOTSUPP),
        }
    }

    /// The value whose turn it is, as `bpf_map_pop_elem()` and `bpf_map_peek_elem()` on queues and stacks.
    ///
    /// # Errors
    /// The error number.
    pub fn next_value(&self, take: bool) -> Result<Box<[u8]>, i32> {
        match &self.kind {
            Kind::Queue(q) => q.next(take),
            _ => Err(errno::EOPNOTSUPP),
        }
    }

    /// Whether a Bloom filter may hold a value; `None` for other maps.
    pub fn may_hold(&self, value: &[u8]) -> Option<MapResult> {
        match &self.kind {
            Kind::Bloom(b) => Some(b.has(value)),
            _ => None,
        }
    }

    /// Keys with the address of their value on a CPU, as they are now; for arrays in order.
    pub fn entries(&self, cpu: u32) -> Vec<(Vec<u8>, u64)> {
        match &self.kind {
            Kind::Array(a) => {
                let all = 0..self.spec.max_entries.max(1);
                all.filter_map(|i| Some((i.to_ne_bytes().to_vec(), a.lookup(i, cpu)?))).collect()
            }
            Kind::Hash(h) => h.entries(if self.map_type.is_percpu() { cpu } else { 0 }),
            Kind::Slots(h) | Kind::Owned(h) => h.entries(0),
            Kind::Lpm(l) => l.entries(),
            Kind::Maps(m) => m.keys().into_iter().map(|k| (k, 0)).collect(),
            Kind::Progs(p) => p.keys().into_iter().map(|k| (k, 0)).collect(),
            _ => Vec::new(),
        }
    }

    /// Copies the value at an address that this map gave.
    pub fn value_at(&self, address: u64) -> Vec<u8> {
        let mut out = vec![0; if address == 0 { 0 } else { self.spec.value_size as usize }];
        // SAFETY: values stay where they are as long as the map lives.
        unsafe { std::ptr::copy_nonoverlapping(address as *const u8, out.as_mut_ptr(), out.len()) };
        out
    }

    /// Values of maps without keys, next first for queues, as they are.
    pub fn values(&self) -> Vec<Vec<u8>> {
        match &self.kind {
            Kind::Queue(q) => q.values(),
            _ => Vec::new(),
        }
    }

    /// Entries that it has.
    pub fn len(&self) -> u32 {
        match &self.kind {
            Kind::Array(_) => self.spec.max_entries,
            Kind::Hash(h) | Kind::Slots(h) | Kind::Owned(h) => h.len(),
            Kind::Lpm(l) => l.entries().len() as u32,
            Kind::Queue(q) => q.values().len() as u32,
            Kind::Maps(m) => m.len(),
            Kind::Progs(p) => p.len(),
            _ => 0,
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Address of the key that stands beside a value in a hash table, for callbacks.
    pub(super) fn key_beside(&self, value: u64) -> Option<u64> {
        match &self.kind {
            Kind::Hash(h) => Some(h.key_beside(value)),
            _ => None,
        }
    }

    /// Puts a program into a slot of a prog array.
    ///
    /// # Errors
    /// `EINVAL` for other maps, `E2BIG` where there is no such slot.
    pub fn set_prog(&self, index: u32, code: Arc<Code>) -> MapResult {
        match &self.kind {
            Kind::Progs(_) if index >= self.spec.max_entries => Err(errno::E2BIG),
            Kind::Progs(p) => {
                p.set(&index.to_ne_bytes(), code);
                Ok(())
            }
            _ => Err(errno::EINVAL),
        }
    }

    /// The program in a slot of a prog array.
    pub fn prog(&self, index: u32) -> Option<Arc<Code>> {
        match &self.kind {
            Kind::Progs(p) => p.get(&index.to_ne_bytes()),
            _ => None,
        }
    }

    /// Puts a map into a map of maps.
    ///
    /// # Errors
    /// The error number.
    pub fn set_map(&self, key: &[u8], map: Arc<Map>, flags: u64) -> MapResult {
        let Kind::Maps(m) = &self.kind else { return Err(errno::EINVAL) };
        let exists = m.get(key).is_some();
        if self.is_indexed() && Map::index(key) >= self.spec.max_entries || !exists && m.len() >= self.spec.max_entries
        {
            return Err(errno::E2BIG);
        }
        match (exists || self.is_indexed(), flags) {
            (true, flag::NOEXIST) => return Err(errno::EEXIST),
            (false, flag::EXIST) => return Err(errno::ENOENT),
            _ => m.set(key, map),
        }
        Ok(())
    }

    /// The inner map under a key.
    pub fn inner(&self, key: &[u8]) -> Option<Arc<Map>> {
        match &self.kind {
            Kind::Maps(m) => m.get(key),
            _ => None,
        }
    }

    fn ring(&self) -> Result<&Ring, i32> {
        match &self.kind {
            Kind::Ring(r) => Ok(r),
            _ => Err(errno::EINVAL),
        }
    }

    /// `bpf_ringbuf_reserve()`: address of the sample.
    pub fn reserve(&self, size: u64) -> Option<u64> {
        self.ring().ok()?.reserve(size)
    }

    /// `bpf_ringbuf_output()`.
    ///
    /// # Errors
    /// The error number.
    pub fn output(&self, data: &[u8], flags: u64) -> MapResult {
        self.ring()?.output(data, flags)
    }

    /// `bpf_ringbuf_query()`.
    pub fn query(&self, what: u64) -> u64 {
        self.ring().map_or(0, |r| r.query(what))
    }

    /// Takes the samples of a ring buffer that are committed.
    pub fn drain(&self) -> Vec<Vec<u8>> {
        self.ring().map_or_else(|_| Vec::new(), Ring::drain)
    }

    /// The value that belongs to an owner, made from `init` (zeroes where null) when there is none and `create` is
    /// set. The flag tells whether it is new.
    ///
    /// # Safety
    /// `init` is null or has `value_size` bytes.
    pub unsafe fn owned(&self, owner: u64, init: *const u8, create: bool) -> Option<(u64, bool)> {
        let Kind::Owned(h) = &self.kind else { return None };
        let key = owner.to_ne_bytes();
        if let Some(v) = h.lookup(&key, 0) {
            return Some((v, false));
        }
        let zeroes = vec![0; self.spec.value_size as usize];
        let from = if init.is_null() { zeroes.as_ptr() } else { init };
        if !create || h.update(&key, from, flag::NOEXIST, Some(0)).is_err() {
            return None;
        }
        h.lookup(&key, 0).map(|v| (v, true))
    }

    /// Removes the value that belongs to an owner.
    ///
    /// # Errors
    /// The error number.
    pub fn disown(&self, owner: u64) -> MapResult {
        match &self.kind {
            Kind::Owned(h) => h.delete(&owner.to_ne_bytes()),
            _ => Err(errno::EINVAL),
        }
    }
}

/// The map that a program holds the address of.
///
/// # Errors
/// In checked mode, where there is none.
pub(super) fn at<'v>(cx: &mut Cx<'v>, address: u64) -> Result<&'v Map, Halt> {
    if cx.is_checked() && cx.vm.map_at(address).is_none() {
        let what = FaultKind::Argument("no map is there".into());
        return cx.halt(what, cx.insn, address);
    }
    // SAFETY: accepted programs hold addresses of maps that their code or the machine keeps; others were checked.
    Ok(unsafe { &*(address as *const Map) })
}

/// Looks a tail call up and enters its program.
pub(super) fn tail_call(cx: &mut Cx<'_>, map: u64, index: u32) -> bool {
    let Ok(map) = at(cx, map) else { return false };
    if cx.tail_calls >= super::cx::MAX_TAIL_CALLS {
        return false;
    }
    match map.prog(index) {
        Some(code) if index < map.spec.max_entries => {
            if !code.is_verified() && !cx.is_checked() {
                return false;
            }
            cx.enter_code(code);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
