//! Objects that programs make with `bpf_obj_new()`, and the lists and trees that hold them.
//!
//! What always holds, whatever programs do:
//!
//! * Memory of an object stays mapped as long as the machine, and only ever holds objects of one type: who still has the
//!   address of an object that is gone reads and writes bytes of another of its type, never a pointer that is followed.
//! * What special fields mean stands here and not in their bytes. A list head or a tree root holds a number; the number
//!   counts only where it was put. So bytes that are copied, forged or left behind are an empty list.
//! * An object is counted by who holds it: a program, a list or tree, a pointer in a value. When a value goes, nobody
//!   tells: what its fields held is found and given back when room for new objects is looked for.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use verifier_core::program::record::FieldKind;

use super::map::Map;
use super::memory::{Region, RegionKind, Reservation};
use super::value::{self, Layout};

/// Bytes that are taken at a time for objects of a type.
const CHUNK: usize = 64 << 10;
/// Bytes of the largest object. Kernel: the largest size class of its allocator, less its own header.
const LARGEST: u32 = 4096 - 8;
/// Types of objects that a machine knows at most.
const MOST_TYPES: usize = 1024;

/// What objects of a type are made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectType {
    /// Serial number of the BTF, and the type in it.
    pub id: (u64, u32),
    /// Bytes and special fields.
    pub layout: Layout,
    /// CPUs, for objects that each has its own of.
    pub per_cpu: Option<u32>,
}

impl ObjectType {
    /// Times that the object is there.
    fn copies(&self) -> usize {
        self.per_cpu.unwrap_or(1).max(1) as usize
    }
}

/// Objects of one type.
#[derive(Debug)]
struct Kind {
    ty: ObjectType,
    /// Special fields, as regions say that they cannot be written.
    closed: Arc<[(u32, u32)]>,
    stride: usize,
    chunks: Vec<Reservation>,
    objects: Vec<Object>,
    free: Vec<u32>,
}

impl Kind {
    /// Bytes that are taken at a time.
    fn chunk(&self) -> usize {
        CHUNK.max(self.stride)
    }

    /// Objects in them.
    fn per_chunk(&self) -> usize {
        self.chunk() / self.stride
    }

    /// Bytes from one CPU's copy of an object to the next one's.
    fn copy(&self) -> usize {
        self.stride / self.ty.copies()
    }
}

/// One object, or room for one.
#[derive(Debug, Default)]
struct Object {
    /// Who holds it; 0: it is free.
    holders: u32,
    /// The pointer in a value or object that is one of the holders.
    pointer: Option<Place>,
}

/// A special field that holds something.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its address.
    field: u64,
    /// The map whose value it stands in; `None`: it stands in an object.
    map: Option<Weak<Map>>,
}

/// A list or a tree.
#[derive(Debug)]
struct Root {
    place: Place,
    /// Addresses of nodes, in order.
    nodes: VecDeque<u64>,
}

/// Everything that programs made.
#[derive(Debug, Default)]
struct Inner {
    kinds: Vec<Kind>,
    /// By first address: the type, and the number of its first object.
    chunks: BTreeMap<u64, (usize, usize)>,
    roots: BTreeMap<u64, Root>,
    /// The root that a node is in.
    root_of: HashMap<u64, u64>,
    /// Roots made so far.
    made: u64,
    /// Objects that are not free, and how many there were after the last search for lost ones.
    live: usize,
    live_after_search: usize,
}

/// Where an object is.
#[derive(Clone, Copy)]
struct At {
    kind: usize,
    object: usize,
    start: u64,
}

/// The objects of a machine.
#[derive(Debug, Default)]
pub struct Heap {
    inner: Mutex<Inner>,
}

/// The word of a field.
///
/// # Safety
/// Eight bytes of a value or an object that are mapped, aligned.
unsafe fn word<'a>(field: u64) -> &'a AtomicU64 {
    // SAFETY: as required.
    unsafe { AtomicU64::from_ptr(field as *mut u64) }
}

impl Place {
    /// A field that lies in one of these maps, or in an object. `None`: it lies in neither, or is not aligned.
    fn find(heap: &Inner, maps: &[Arc<Map>], field: u64) -> Option<Place> {
        let inside = |start: u64, len: u64| field >= start && field - start <= len.saturating_sub(8);
        if !field.is_multiple_of(8) {
            return None;
        }
        if let Some(at) = heap.at(field) {
            let len = heap.kinds[at.kind].stride as u64;
            return inside(at.start, len).then_some(Place { field, map: None });
        }
        let holds = |m: &&Arc<Map>| m.ops().extent().is_some_and(|(start, len)| inside(start, len));
        let map = maps.iter().find(holds)?;
        Some(Place { field, map: Some(Arc::downgrade(map)) })
    }

    /// What the field holds now; 0 where its map is gone.
    fn holds(&self) -> u64 {
        let map = self.map.as_ref().map(Weak::upgrade);
        match map {
            Some(None) => 0,
            // SAFETY: aligned, in a value of a map that is held meanwhile, or in an object, which stays mapped as long
            // as the machine.
            _ => unsafe { word(self.field) }.load(Ordering::Acquire),
        }
    }
}

impl Inner {
    /// The object, or the room for one, that an address lies in.
    fn at(&self, address: u64) -> Option<At> {
        let (chunk, (kind, first)) = self.chunks.range(..=address).next_back()?;
        let of = &self.kinds[*kind];
        let n = usize::try_from(address - chunk).ok()? / of.stride;
        let object = first + n;
        let fits = n < of.per_chunk() && object < of.objects.len();
        fits.then(|| At { kind: *kind, object, start: chunk + (n * of.stride) as u64 })
    }

    fn object(&mut self, at: At) -> &mut Object {
        &mut self.kinds[at.kind].objects[at.object]
    }

    /// The object at an address that somebody holds.
    fn live(&mut self, address: u64) -> Option<At> {
        let at = self.at(address)?;
        (self.object(at).holders > 0).then_some(at)
    }

    /// The list or tree in a field, if there is one.
    ///
    /// # Safety
    /// As [`word`].
    unsafe fn root(&self, field: u64) -> Option<u64> {
        // SAFETY: as required.
        let n = unsafe { word(field) }.load(Ordering::Acquire);
        self.roots.get(&n).filter(|r| r.place.field == field).map(|_| n)
    }

    /// One holder less; the last one takes with it what the object holds.
    fn release(&mut self, address: u64) {
        let mut dropped = vec![address];
        while let Some(address) = dropped.pop() {
            let Some(at) = self.live(address) else { continue };
            let object = self.object(at);
            object.holders -= 1;
            if object.holders > 0 {
                continue;
            }
            object.pointer = None;
            let of = &self.kinds[at.kind];
            let fields: Vec<_> =
                of.ty.layout.special().iter().map(|s| (at.start + u64::from(s.offset), s.kind)).collect();
            let (size, copies, copy) = (of.ty.layout.size() as usize, of.ty.copies(), of.copy());
            for (field, kind) in fields {
                if FieldKind::LIST_HEAD.union(FieldKind::RB_ROOT).contains(kind) {
                    // SAFETY: a special field of an object.
                    if let Some(root) = unsafe { self.root(field) } {
                        dropped.extend(self.empty(root));
                    }
                } else if FieldKind::KPTR.contains(kind) {
                    // SAFETY: as above.
                    dropped.push(unsafe { word(field) }.load(Ordering::Acquire));
                }
            }
            for n in 0..copies {
                // SAFETY: a copy of the object has so many bytes.
                unsafe { value::zero((at.start as usize + n * copy) as *mut u8, size) };
            }
            self.kinds[at.kind].free.push(at.object as u32);
            self.live -= 1;
        }
    }

    /// Takes a list or tree away: the objects that it held.
    fn empty(&mut self, root: u64) -> Vec<u64> {
        let nodes = self.roots.remove(&root).map(|r| r.nodes).unwrap_or_default();
        nodes.iter().for_each(|n| {
            self.root_of.remove(n);
        });
        nodes.into()
    }

    /// Gives back what fields held that are no longer there, or were emptied with the value around them.
    fn search_lost(&mut self) {
        let gone: Vec<u64> = self.roots.iter().filter(|(n, r)| r.place.holds() != **n).map(|(n, _)| *n).collect();
        let mut lost: Vec<u64> = gone.into_iter().flat_map(|n| self.empty(n)).collect();
        for (first, (kind, from)) in &self.chunks {
            let of = &mut self.kinds[*kind];
            let per = of.per_chunk();
            for (n, object) in of.objects.iter_mut().enumerate().skip(*from).take(per) {
                let start = first + ((n - from) * of.stride) as u64;
                if object.pointer.as_ref().is_some_and(|p| p.holds() != start) {
                    object.pointer = None;
                    lost.push(start);
                }
            }
        }
        lost.into_iter().for_each(|o| self.release(o));
        self.live_after_search = self.live;
    }

    /// The place for objects of a type.
    fn kind(&mut self, ty: &ObjectType) -> Option<usize> {
        if let Some(n) = self.kinds.iter().position(|k| k.ty == *ty) {
            return Some(n);
        }
        let size = ty.layout.size();
        if size == 0 || size > LARGEST || self.kinds.len() == MOST_TYPES {
            return None;
        }
        let stride = (size as usize).next_multiple_of(16) * ty.copies();
        let closed = ty.layout.special().iter().map(|s| (s.offset, s.size)).collect();
        let (chunks, objects, free) = (Vec::new(), Vec::new(), Vec::new());
        self.kinds.push(Kind { ty: ty.clone(), closed, stride, chunks, objects, free });
        Some(self.kinds.len() - 1)
    }

    /// Room for objects of a type where there is none.
    fn grow(&mut self, kind: usize, charge: &dyn Fn(u64) -> bool) -> Option<()> {
        let of = &mut self.kinds[kind];
        let len = of.chunk();
        if !charge(len as u64) {
            return None;
        }
        let memory = Reservation::new(len).ok()?;
        let (first, more) = (of.objects.len(), of.per_chunk());
        self.chunks.insert(memory.address(), (kind, first));
        of.objects.extend((0..more).map(|_| Object::default()));
        of.free.extend((first..first + more).rev().map(|n| n as u32));
        of.chunks.push(memory);
        Some(())
    }

    /// Address of an object by its number.
    fn start(&self, kind: usize, object: usize) -> u64 {
        let of = &self.kinds[kind];
        let per = of.per_chunk();
        of.chunks[object / per].address() + (object % per * of.stride) as u64
    }
}

impl Heap {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an object, zero all over, held once. `charge` is asked for memory that is taken. `None`: there is no
    /// memory, or objects of this type are not to be had.
    pub fn make(&self, ty: &ObjectType, charge: &dyn Fn(u64) -> bool) -> Option<u64> {
        let mut heap = self.inner();
        let kind = heap.kind(ty)?;
        if heap.kinds[kind].free.is_empty() {
            // Each search is paid for by as many objects made since the last one.
            if heap.live >= 2 * heap.live_after_search {
                heap.search_lost();
            }
            if heap.kinds[kind].free.is_empty() {
                heap.grow(kind, charge)?;
            }
        }
        let n = heap.kinds[kind].free.pop()? as usize;
        heap.kinds[kind].objects[n] = Object { holders: 1, pointer: None };
        heap.live += 1;
        Some(heap.start(kind, n))
    }

    /// Objects that somebody holds.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.inner().live
    }

    /// One holder less.
    pub fn release(&self, address: u64) {
        self.inner().release(address);
    }

    /// One holder more. False: nobody holds it, or there is no object.
    pub fn acquire(&self, address: u64) -> bool {
        let mut heap = self.inner();
        let Some(at) = heap.live(address) else { return false };
        let object = heap.object(at);
        object.holders = object.holders.saturating_add(1);
        true
    }

    /// Start and bytes of the object that an address lies in, whoever holds it.
    pub fn object(&self, address: u64) -> Option<(u64, u64)> {
        let heap = self.inner();
        let at = heap.at(address)?;
        Some((at.start, heap.kinds[at.kind].stride as u64))
    }

    /// Distance of the copies of an object that each CPU has its own of.
    pub fn per_cpu(&self, address: u64) -> Option<u64> {
        let heap = self.inner();
        let of = &heap.kinds[heap.at(address)?.kind];
        of.ty.per_cpu.map(|_| of.copy() as u64)
    }

    /// Puts a pointer into a field and takes what was there. An object that is put there is held by the field, one that
    /// comes out by who took it. Pointers to anything else are words.
    ///
    /// # Safety
    /// As [`word`].
    pub unsafe fn exchange(&self, maps: impl FnOnce() -> Vec<Arc<Map>>, field: u64, pointer: u64) -> u64 {
        let mut heap = self.inner();
        let put = heap.live(pointer).filter(|at| at.start == pointer);
        let place = put.and_then(|at| Some((at, Place::find(&heap, &maps(), field)?)));
        // SAFETY: as required.
        let old = unsafe { word(field) }.swap(pointer, Ordering::AcqRel);
        if let Some(at) = heap.live(old) {
            let object = heap.object(at);
            if object.pointer.as_ref().is_some_and(|p| p.field == field) {
                object.pointer = None;
            }
        }
        if let Some((at, place)) = place {
            heap.object(at).pointer = Some(place);
        }
        old
    }

    /// Puts a node at a position of a list or tree, which is made where there is none; the position is asked of its
    /// length. What held the object of the node is the list now. False: the node is in one, or of no object that
    /// somebody holds, or the field is in no value: nothing was done.
    ///
    /// # Safety
    /// As [`word`].
    pub unsafe fn put(&self, maps: &[Arc<Map>], field: u64, node: u64, position: impl FnOnce(usize) -> usize) -> bool {
        let mut heap = self.inner();
        if heap.live(node).is_none() || heap.root_of.contains_key(&node) {
            return false;
        }
        // SAFETY: as required.
        let root = match unsafe { heap.root(field) } {
            Some(root) => root,
            None => {
                let Some(place) = Place::find(&heap, maps, field) else { return false };
                heap.made += 1;
                let root = heap.made;
                heap.roots.insert(root, Root { place, nodes: VecDeque::new() });
                // SAFETY: as required.
                unsafe { word(field) }.store(root, Ordering::Release);
                root
            }
        };
        let Some(of) = heap.roots.get_mut(&root) else { return false };
        let at = position(of.nodes.len()).min(of.nodes.len());
        of.nodes.insert(at, node);
        heap.root_of.insert(node, root);
        true
    }

    /// Nodes in a list or tree.
    ///
    /// # Safety
    /// As [`word`].
    pub unsafe fn count(&self, field: u64) -> usize {
        let heap = self.inner();
        // SAFETY: as required.
        unsafe { heap.root(field) }.and_then(|n| heap.roots.get(&n)).map_or(0, |r| r.nodes.len())
    }

    /// The node at a position of a list or tree.
    ///
    /// # Safety
    /// As [`word`].
    pub unsafe fn node(&self, field: u64, position: usize) -> Option<u64> {
        let heap = self.inner();
        // SAFETY: as required.
        unsafe { heap.root(field) }.and_then(|n| heap.roots.get(&n)?.nodes.get(position).copied())
    }

    /// The position of a node in a list or tree.
    ///
    /// # Safety
    /// As [`word`].
    pub unsafe fn position(&self, field: u64, node: u64) -> Option<usize> {
        let heap = self.inner();
        // SAFETY: as required.
        unsafe { heap.root(field) }.and_then(|n| heap.roots.get(&n)?.nodes.iter().position(|x| *x == node))
    }

    /// Takes the node at a position out; who takes it holds its object.
    ///
    /// # Safety
    /// As [`word`].
    pub unsafe fn take(&self, field: u64, position: usize) -> Option<u64> {
        let mut heap = self.inner();
        // SAFETY: as required.
        let root = unsafe { heap.root(field) }?;
        let node = heap.roots.get_mut(&root)?.nodes.remove(position)?;
        heap.root_of.remove(&node);
        Some(node)
    }

    /// The region of checked mode that an address lies in: special fields are not to be written as bytes.
    pub fn region(&self, address: u64) -> Option<Region> {
        let heap = self.inner();
        let at = heap.at(address)?;
        let of = &heap.kinds[at.kind];
        let copy = of.copy() as u64;
        Some(Region {
            kind: RegionKind::Helper("bpf_obj_new"),
            start: at.start,
            len: of.stride as u64,
            objects: Some((copy, of.ty.layout.size().into())),
            closed: Some(of.closed.clone()),
            writable: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::program::record::{Field, FieldInfo, Record};

    fn ty(id: u32, size: u32, fields: &[(u32, u32, FieldKind)]) -> ObjectType {
        let one = |(offset, size, kind): &(u32, u32, FieldKind)| Field {
            offset: *offset,
            size: *size,
            kind: *kind,
            info: FieldInfo::Plain,
        };
        let record = Record { mask: FieldKind::all(), fields: fields.iter().map(one).collect() };
        ObjectType { id: (1, id), layout: Layout::new(size, Some(&record)), per_cpu: None }
    }

    fn node() -> ObjectType {
        ty(1, 40, &[(16, 24, FieldKind::LIST_NODE)])
    }

    fn owner() -> ObjectType {
        ty(2, 32, &[(0, 16, FieldKind::LIST_HEAD), (16, 8, FieldKind::KPTR_REF)])
    }

    #[test]
    fn objects_of_a_type_take_each_others_place() {
        let heap = Heap::default();
        let a = heap.make(&node(), &|_| true).expect("room");
        heap.release(a);
        assert_ne!(heap.make(&owner(), &|_| true), Some(a));
        assert_eq!((heap.make(&node(), &|_| true), heap.len()), (Some(a), 2));
    }

    #[test]
    fn an_owner_takes_what_it_holds_with_it() {
        let heap = Heap::default();
        let [list, n, kept] = [owner(), node(), node()].map(|t| heap.make(&t, &|_| true).expect("room"));
        // SAFETY: fields of objects.
        unsafe {
            assert!(heap.put(&[], list, n + 16, |len| len) && !heap.put(&[], list, n + 16, |_| 0));
            assert_eq!(heap.exchange(Vec::new, list + 16, kept), 0);
            assert_eq!((heap.count(list), heap.node(list, 0)), (1, Some(n + 16)));
        }
        heap.release(list);
        assert_eq!(heap.len(), 0);
    }

    #[test]
    fn what_a_value_lost_is_found() {
        let heap = Heap::default();
        let list = heap.make(&owner(), &|_| true).expect("room");
        let n = heap.make(&node(), &|_| true).expect("room");
        // SAFETY: a field of an object.
        unsafe {
            assert!(heap.put(&[], list, n + 16, |_| 0));
            word(list).store(0, Ordering::Release);
            assert_eq!(heap.count(list), 0);
        }
        heap.inner().search_lost();
        assert_eq!(heap.len(), 1);
    }

    #[test]
    fn forged_fields_and_objects_are_none() {
        let heap = Heap::default();
        let list = heap.make(&owner(), &|_| true).expect("room");
        // SAFETY: a field of an object.
        unsafe {
            word(list).store(7, Ordering::Release);
            assert!(!heap.put(&[], list, 0x1000, |_| 0) && heap.take(list, 0).is_none());
        }
        heap.release(0x1000);
        assert!(!heap.acquire(0x1000) && heap.object(0x1000).is_none());
        let region = heap.region(list + 4).expect("an object");
        assert!(region.holds(list + 24, 8) && region.may_write(list + 24, 8) && !region.may_write(list + 16, 8));
    }

    #[test]
    fn memory_is_asked_for() {
        let heap = Heap::default();
        assert_eq!(heap.make(&node(), &|_| false), None);
        assert_eq!(heap.make(&ty(3, 5000, &[]), &|_| true), None);
    }
}
