//! Maps as programs and their users see them: one type for all kinds, with the kernel's return codes.
//!
//! What a kind does lies in its file, behind [`MapOps`]; here is only what all have in common. Sizes come from
//! [`MapSpec`], special fields of values from [`Layout`]. All memory is reserved when a map is made, taken as it is
//! touched, and asked for before. Programs know a map by the address of its [`Map`].

mod array;
mod bloom;
mod events;
mod hash;
mod lpm;
mod ops;
mod outer;
mod progs;
mod queue;
mod ringbuf;
mod slots;
mod storage;

use std::any::Any;
use std::io;
use std::sync::Arc;

use verifier_core::kernel::MapType;
use verifier_core::program::MapSpec;
use verifier_core::program::record::MapFields;

use crate::memory::{Region, RegionKind};
use crate::value::Layout;

pub use ops::{ArrayLayout, Key, MapOps, MapResult, Next, Owner, Program, Site, errno, flag};
pub(super) use ringbuf::commit;
pub use ringbuf::{Ring, Taken};

/// Why a map cannot be made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("map `{map}`: {what}")]
pub struct MapError {
    /// Name.
    pub map: String,
    /// Reason.
    pub what: String,
}

/// A map.
#[derive(Debug)]
pub struct Map {
    spec: MapSpec,
    map_type: MapType,
    layout: Layout,
    /// CPUs that have values of their own; 1 where all share them.
    cpus: u32,
    array: Option<ArrayLayout>,
    ops: Box<dyn MapOps>,
}

/// What an iteration of the user's came to: entries, and how many more there are at least.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Listing {
    /// Keys and values, special fields as zero.
    pub entries: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether there are more.
    pub more: bool,
}

/// What becomes of an entry that an iteration of the user's comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// It is listed.
    Take,
    /// It is left out.
    Skip,
    /// The iteration ends before it.
    Stop,
}

/// Makes the map of a type.
fn make(
    t: MapType,
    spec: &MapSpec,
    (layout, inner): (Layout, Option<outer::Template>),
    cpus: u32,
    site: &Site<'_>,
) -> io::Result<Option<Box<dyn MapOps>>> {
    use hash::Kind::{Lru, Plain};
    use slots::Keys;
    let (n, k, v) = (spec.max_entries, spec.key_size, spec.value_size);
    Ok(Some(match t {
        MapType::Array | MapType::PercpuArray => array(n, spec, layout, cpus, site)?,
        MapType::CgroupStorageDeprecated | MapType::PercpuCgroupStorageDeprecated => {
            array(1, spec, layout, cpus, site)?
        }
        MapType::Hash | MapType::Rhash | MapType::PercpuHash => Box::new(hash::Hash::new(n, k, layout, cpus, Plain)?),
        MapType::LruHash | MapType::LruPercpuHash => Box::new(hash::Hash::new(n, k, layout, cpus, Lru)?),
        MapType::LpmTrie => Box::new(lpm::Lpm::new(n, k, layout)?),
        MapType::Queue => Box::new(queue::Queue::new(n, layout, false)?),
        MapType::Stack => Box::new(queue::Queue::new(n, layout, true)?),
        MapType::BloomFilter => Box::new(bloom::Bloom::new(n, v, spec.map_extra)?),
        MapType::Ringbuf | MapType::UserRingbuf => Box::new(Ring::new(n)?),
        MapType::ProgArray => Box::new(progs::ProgArray::new(n)),
        MapType::ArrayOfMaps => Box::new(outer::Outer::new(n, inner, true)),
        MapType::HashOfMaps => Box::new(outer::Outer::new(n, inner, false)),
        MapType::Devmap | MapType::Cpumap | MapType::Xskmap => {
            Box::new(slots::Slots::new(n, k, layout, Keys::Emptied)?)
        }
        MapType::Sockmap | MapType::ReuseportSockarray | MapType::CgroupArray => {
            Box::new(slots::Slots::new(n, k, layout, Keys::Slots)?)
        }
        MapType::DevmapHash | MapType::Sockhash => Box::new(slots::Slots::new(n, k, layout, Keys::Hashed)?),
        MapType::SkStorage | MapType::TaskStorage | MapType::InodeStorage | MapType::CgrpStorage => {
            Box::new(storage::Storage::new(layout)?)
        }
        MapType::PerfEventArray | MapType::StackTrace => Box::new(events::Events),
        MapType::StructOps | MapType::Arena | MapType::InsnArray | MapType::Unspec => return Ok(None),
    }))
}

/// An array, with the contents that the loader gives it.
fn array(n: u32, spec: &MapSpec, layout: Layout, cpus: u32, site: &Site<'_>) -> io::Result<Box<dyn MapOps>> {
    let array = array::Array::new(n, layout, cpus, site)?;
    if let Some(contents) = spec.value.as_ref().or(spec.initial.as_ref()) {
        array::fill(&array, contents);
    }
    Ok(Box::new(array))
}

impl Map {
    /// Makes a map for a machine of so many CPUs. `fields`: the special fields that the analysis knows of its values;
    /// `site` is asked before memory is taken.
    ///
    /// # Errors
    /// What is wrong with it, or not modelled.
    pub fn create(spec: &MapSpec, cpus: u32, fields: &MapFields, site: &Site<'_>) -> Result<Arc<Map>, MapError> {
        let fail = |what: &str| MapError { map: spec.name.clone(), what: what.into() };
        let map_type = MapType::from_number(spec.map_type).ok_or_else(|| fail("unknown type"))?;
        let cpus = if map_type.is_percpu() { cpus.max(1) } else { 1 };
        let layout = Layout::new(spec.value_size, fields.own.as_deref());
        let inner = spec.inner.as_deref().map(|inner| outer::Template {
            spec: inner.clone(),
            layout: Layout::new(inner.value_size, fields.inner.as_deref()),
        });
        let made = make(map_type, spec, (layout.clone(), inner), cpus, site).map_err(|e| fail(&e.to_string()))?;
        let ops = made.ok_or_else(|| fail(&format!("maps of type {} are not modelled", map_type.name())))?;
        let indexed = matches!(map_type, MapType::Array | MapType::PercpuArray);
        let array = ops.array().filter(|_| indexed);
        Ok(Arc::new(Map { spec: spec.clone(), map_type, layout, cpus, array, ops }))
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

    /// How its values are laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How values of the maps in it are laid out, for maps of maps with a template.
    pub fn inner_layout(&self) -> Option<&Layout> {
        self.outer()?.template().map(|t| &t.layout)
    }

    /// CPUs that have values of their own; 1 where all share them.
    pub fn cpus(&self) -> u32 {
        self.cpus
    }

    /// What it does.
    pub fn ops(&self) -> &dyn MapOps {
        self.ops.as_ref()
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

    /// Where values lie, for arrays whose lookups need nothing else.
    pub fn array_layout(&self) -> Option<ArrayLayout> {
        self.array
    }

    /// Whether a lookup takes a bounded, short time and makes nothing grow, so that engines may do it without the helper.
    pub(super) fn looks_up_plainly(&self) -> bool {
        self.ops.looks_up_plainly()
    }

    /// Address of the value at an index of a map that has an [`ArrayLayout`], 0 for none.
    #[inline]
    pub(super) fn value_of_array(&self, index: u32, cpu: u32) -> u64 {
        let Some(a) = &self.array else { return 0 };
        let cpu = if a.cpus == 1 { 0 } else { cpu };
        if index >= a.max_entries || cpu >= a.cpus {
            return 0;
        }
        let n = u64::from(cpu) * u64::from(a.max_entries) + u64::from(index);
        a.base + n * u64::from(a.stride)
    }

    /// Memory of values, for checked mode.
    pub fn regions(&self) -> Vec<Region> {
        let Some(m) = self.ops.memory().filter(|m| m.count > 0) else { return Vec::new() };
        let kind = RegionKind::MapValue(self.spec.name.clone());
        let len = m.stride * (m.count - 1) + m.size;
        vec![Region {
            kind,
            start: m.start,
            len,
            objects: Some((m.stride, m.size)),
            closed: self.layout.closed(),
            writable: true,
        }]
    }

    /// Where an operation on a CPU is done; `None`: the map has no values for it.
    fn site<'a>(&self, site: &Site<'a>) -> Option<Site<'a>> {
        if self.cpus == 1 { Some(site.on(0)) } else { Some(*site).filter(|s| s.cpu < self.cpus) }
    }

    /// Address of the value of a key, as `bpf_map_lookup_elem()`. Keys have `key_size` bytes. For maps of maps, the
    /// address of the inner map.
    pub fn lookup(&self, key: &[u8], cpu: u32) -> Option<u64> {
        self.lookup_at(key, &Site::user(cpu))
    }

    /// What a lookup costs, in instructions.
    pub fn lookup_cost(&self) -> u64 {
        self.ops.lookup_cost()
    }

    /// [`Self::lookup`] by a program: what it makes grow is asked for.
    pub fn lookup_at(&self, key: &[u8], site: &Site<'_>) -> Option<u64> {
        if key.len() != self.spec.key_size as usize {
            return None;
        }
        self.ops.lookup(key, &self.site(site)?)
    }

    /// A copy of the value of a key on a CPU, as users read it.
    pub fn get(&self, key: &[u8], cpu: u32) -> Option<Vec<u8>> {
        let at = self.lookup(key, cpu)?;
        // SAFETY: a value that this map has just given; values stay where they are as long as the map lives.
        self.holds_bytes().then(|| unsafe { self.layout.read(at as *const u8, usize::MAX) })
    }

    /// Whether values are bytes, and not programs or maps.
    fn holds_bytes(&self) -> bool {
        self.outer().is_none() && self.programs().is_none()
    }

    /// Sets a value, as `bpf_map_update_elem()`.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// `value` has `value_size` bytes.
    pub unsafe fn update(&self, key: &[u8], value: *const u8, flags: u64, site: &Site<'_>) -> MapResult {
        let Some(site) = self.site(site) else { return Err(errno::EINVAL) };
        if key.len() != self.spec.key_size as usize {
            return Err(errno::EINVAL);
        }
        // SAFETY: as required.
        unsafe { self.ops.update(key, value, flags, &site) }
    }

    /// Sets a value from bytes: one value, or for per-CPU maps one for each CPU, each padded to 8 bytes.
    ///
    /// # Errors
    /// The error number; `EINVAL` where sizes do not fit.
    pub fn set(&self, key: &[u8], value: &[u8], flags: u64) -> MapResult {
        let size = self.spec.value_size as usize;
        let each = size.next_multiple_of(8);
        if self.cpus > 1 && value.len() == each * self.cpus as usize && key.len() == self.spec.key_size as usize {
            // SAFETY: a padded value for each CPU.
            return unsafe { self.ops.update_all(key, value.as_ptr(), flags, &Site::user(0)) };
        }
        if value.len() != size {
            return Err(errno::EINVAL);
        }
        if self.spec.key_size == 0 && key.is_empty() {
            // SAFETY: `value_size` bytes.
            return unsafe { self.ops.push(value.as_ptr(), flags, &Site::user(0)) };
        }
        // SAFETY: `value_size` bytes.
        unsafe { self.update(key, value.as_ptr(), flags, &Site::user(0)) }
    }

    /// Removes a key, as `bpf_map_delete_elem()`.
    ///
    /// # Errors
    /// The error number.
    pub fn delete(&self, key: &[u8]) -> MapResult {
        if key.len() == self.spec.key_size as usize { self.ops.delete(key) } else { Err(errno::EINVAL) }
    }

    /// Entries with the values of a CPU, at most so many, and of each value at most so many bytes. Entries of arrays
    /// that cannot hold anything but zero may be left out. Values of maps without keys come in the order in which they
    /// would be taken.
    pub fn entries(&self, cpu: u32, most: usize, bytes: usize) -> Listing {
        self.entries_where(cpu, most, bytes, |_| Look::Take)
    }

    /// [`Self::entries`] of those whose value is as asked; [`Look::Stop`] says that there is no time to look at more.
    pub fn entries_where(&self, cpu: u32, most: usize, bytes: usize, mut look: impl FnMut(&[u8]) -> Look) -> Listing {
        let mut out = Listing::default();
        let Some(site) = self.site(&Site::user(cpu)) else { return out };
        let mut at = 0;
        while let Some(from) = self.ops.skip(at, site.cpu) {
            let (key, address, next) = match self.ops.next(from, &site) {
                Next::End => break,
                Next::Skip(next) => {
                    at = next;
                    continue;
                }
                Next::Entry { key, value, next } => (key, value, next),
            };
            at = next;
            let value = match address {
                0 => Vec::new(),
                // SAFETY: a value that the map has just given.
                at => unsafe { self.layout.read(at as *const u8, bytes) },
            };
            let look = look(&value);
            if look == Look::Skip {
                continue;
            }
            if look == Look::Stop || out.entries.len() == most {
                out.more = true;
                break;
            }
            out.entries.push((self.key_bytes(key), value));
        }
        out
    }

    fn key_bytes(&self, key: Key) -> Vec<u8> {
        match key {
            Key::Index(n) => n.to_ne_bytes().to_vec(),
            Key::Own(bytes) => bytes,
            Key::At(at) => {
                let size = if self.ops.has_owners() { 8 } else { self.spec.key_size as usize };
                let mut out = vec![0; size];
                // SAFETY: a key beside a value of this map.
                unsafe { crate::value::copy(at as *const u8, out.as_mut_ptr(), size) };
                out
            }
        }
    }

    /// The entry at a position or behind it, for programs that visit all.
    pub fn next_of(&self, position: u64, site: &Site<'_>) -> Next {
        self.site(site).map_or(Next::End, |site| self.ops.next(position, &site))
    }

    /// Entries that it has.
    pub fn len(&self) -> u64 {
        self.ops.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it is made of, when that is of this kind.
    fn kind<T: 'static>(&self) -> Option<&T> {
        let ops: &dyn Any = &*self.ops;
        ops.downcast_ref()
    }

    /// It, when it is a ring buffer.
    pub(super) fn ring(&self) -> Option<&Ring> {
        self.kind()
    }

    /// It, when its values are programs.
    pub(super) fn programs(&self) -> Option<&progs::ProgArray> {
        self.kind()
    }

    /// It, when its values are maps.
    pub(super) fn outer(&self) -> Option<&outer::Outer> {
        self.kind()
    }

    /// Puts a program into a slot of a prog array.
    ///
    /// # Errors
    /// `EINVAL` for other maps and for programs of another kind than the array's, `E2BIG` where there is no such slot.
    pub fn set_prog(&self, index: u32, program: Arc<dyn Program>) -> MapResult {
        self.programs().ok_or(errno::EINVAL)?.set(index, program, flag::ANY)
    }

    /// The program in a slot of a prog array.
    pub fn prog(&self, index: u32) -> Option<Arc<dyn Program>> {
        self.programs()?.get(index)
    }

    /// Puts a map into a map of maps.
    ///
    /// # Errors
    /// The error number.
    pub fn set_map(&self, key: &[u8], map: Arc<Map>, flags: u64) -> MapResult {
        if key.len() != self.spec.key_size as usize {
            return Err(errno::EINVAL);
        }
        self.outer().ok_or(errno::EINVAL)?.set(key, map, flags)
    }

    /// The inner map under a key.
    pub fn inner(&self, key: &[u8]) -> Option<Arc<Map>> {
        self.outer()?.get(key)
    }

    /// Takes the next sample of a ring buffer, with so many of its bytes at most.
    pub fn take_sample(&self, most: usize) -> Option<Taken> {
        self.ring()?.take(most)
    }
}

#[cfg(test)]
mod tests;
