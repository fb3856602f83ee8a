//! Special fields of types: locks, timers, kptrs, graph roots and nodes.
//!
//! Answers for `struct btf_record`, `btf_parse_fields()` and `btf_parse_struct_metas()`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bitflags::bitflags;

use crate::btf::{Btf, BtfKind, Type, TypeId};
use crate::error::Errno;
use crate::kernel::facts::dtors::has_dtor;
use crate::kernel::map_create::MapAttr;
use crate::kernel::{Features, Kernel, KernelVersion, MapType};

use super::request::MapSpec;

bitflags! {
    /// Kinds of special fields. Kernel: `enum btf_field_type` (numbers are our own).
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct FieldKind: u32 {
        /// `struct bpf_spin_lock`.
        const SPIN_LOCK = 1 << 0;
        /// `struct bpf_timer`.
        const TIMER = 1 << 1;
        /// Pointer tagged `kptr_untrusted`.
        const KPTR_UNREF = 1 << 2;
        /// Pointer tagged `kptr`.
        const KPTR_REF = 1 << 3;
        /// Pointer tagged `percpu_kptr`.
        const KPTR_PERCPU = 1 << 4;
        /// `struct bpf_list_head`.
        const LIST_HEAD = 1 << 5;
        /// `struct bpf_list_node`.
        const LIST_NODE = 1 << 6;
        /// `struct bpf_rb_root`.
        const RB_ROOT = 1 << 7;
        /// `struct bpf_rb_node`.
        const RB_NODE = 1 << 8;
        /// `struct bpf_refcount`.
        const REFCOUNT = 1 << 9;
        /// `struct bpf_wq`.
        const WORKQUEUE = 1 << 10;
        /// Pointer tagged `uptr` (6.13).
        const UPTR = 1 << 11;
        /// `struct bpf_res_spin_lock` (6.15).
        const RES_SPIN_LOCK = 1 << 12;
        /// `struct bpf_task_work` (6.18).
        const TASK_WORK = 1 << 13;
    }
}

impl FieldKind {
    /// Every kptr.
    pub const KPTR: FieldKind = FieldKind::KPTR_UNREF.union(FieldKind::KPTR_REF).union(FieldKind::KPTR_PERCPU);
    /// Every kind that is a tagged pointer.
    const POINTERS: FieldKind = FieldKind::KPTR.union(FieldKind::UPTR);
    /// Nodes of graphs.
    pub const GRAPH_NODE: FieldKind = FieldKind::RB_NODE.union(FieldKind::LIST_NODE);
    /// Roots of graphs.
    pub const GRAPH_ROOT: FieldKind = FieldKind::RB_ROOT.union(FieldKind::LIST_HEAD);

    /// The kind in words; several at once, or none, are `unknown`. Kernel: `btf_field_type_name()`.
    pub fn name(self) -> &'static str {
        match self {
            FieldKind::KPTR_UNREF | FieldKind::KPTR_REF => "kptr",
            FieldKind::KPTR_PERCPU => "percpu_kptr",
            FieldKind::UPTR => "uptr",
            _ => STRUCTS.iter().find(|s| s.kind == self).map_or("unknown", |s| s.name),
        }
    }
}

/// A struct that is a special field wherever it stands.
struct Special {
    kind: FieldKind,
    name: &'static str,
    size: u32,
    align: u32,
    /// A type may hold one only.
    unique: bool,
}

/// Kernel: `btf_get_field_type()` (names and order), `btf_field_type_size()`, `btf_field_type_align()`.
const STRUCTS: [Special; 10] = {
    const fn s(kind: FieldKind, name: &'static str, size: u32, align: u32, unique: bool) -> Special {
        Special { kind, name, size, align, unique }
    }
    [
        s(FieldKind::SPIN_LOCK, "bpf_spin_lock", 4, 4, true),
        s(FieldKind::RES_SPIN_LOCK, "bpf_res_spin_lock", 4, 4, true),
        s(FieldKind::TIMER, "bpf_timer", 16, 8, true),
        s(FieldKind::WORKQUEUE, "bpf_wq", 16, 8, true),
        s(FieldKind::TASK_WORK, "bpf_task_work", 8, 8, true),
        s(FieldKind::LIST_HEAD, "bpf_list_head", 16, 8, false),
        s(FieldKind::LIST_NODE, "bpf_list_node", 24, 8, false),
        s(FieldKind::RB_ROOT, "bpf_rb_root", 16, 8, false),
        s(FieldKind::RB_NODE, "bpf_rb_node", 32, 8, false),
        s(FieldKind::REFCOUNT, "bpf_refcount", 4, 4, true),
    ]
};

/// Most special fields of one type. Kernel: `BTF_FIELDS_MAX`.
const FIELDS_MAX: usize = 11;
/// Deepest nesting of structs and arrays that is looked into. Kernel: `MAX_RESOLVE_DEPTH`.
const MAX_DEPTH: u32 = 32;
/// Most types that own one another in a chain. Kernel: `BTF_MAX_OWNERSHIP_DEPTH`.
const MAX_OWNERS: u32 = 8;

/// The kernel that a program's types are matched with: kptrs are looked up by name in its BTF and its modules'.
#[derive(Clone, Copy)]
pub struct KernelTypes<'a> {
    /// Release data.
    pub kernel: &'a Kernel,
    /// BTF of the kernel.
    pub vmlinux: &'a Btf,
    /// Modules loaded, in load order.
    pub modules: &'a [(String, Arc<Btf>)],
}

impl KernelTypes<'_> {
    /// Kinds that the release has.
    fn kinds(&self) -> FieldKind {
        let mut kinds = FieldKind::all();
        let f = &self.kernel.features;
        kinds.set(FieldKind::TIMER, f.timers);
        kinds.set(FieldKind::KPTR_UNREF | FieldKind::KPTR_REF, f.kptrs);
        kinds.set(FieldKind::LIST_HEAD | FieldKind::LIST_NODE, f.own_objects);
        kinds.set(FieldKind::KPTR_PERCPU, f.percpu_kptrs);
        kinds.set(FieldKind::WORKQUEUE, f.workqueues);
        kinds.set(FieldKind::UPTR, f.uptr);
        kinds.set(FieldKind::RES_SPIN_LOCK, f.res_spin_lock);
        kinds.set(FieldKind::TASK_WORK, f.task_work);
        kinds
    }
}

/// BTF that a kptr's type belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KptrBtf {
    /// The kernel's (vmlinux).
    Vmlinux,
    /// The BTF that the record was parsed from.
    Own,
    /// A module's, by name.
    Module(String),
}

/// What belongs to one kind of field only. Kernel: the union in `struct btf_field`.
#[derive(Clone, PartialEq, Debug)]
pub enum FieldInfo {
    /// Nothing more.
    Plain,
    /// A kptr's pointee.
    Kptr {
        /// BTF of the pointee.
        btf: KptrBtf,
        /// Type of the pointee.
        id: TypeId,
    },
    /// A graph root: what it contains, in the same BTF.
    Root {
        /// Type of the nodes' struct.
        value_id: TypeId,
        /// Byte offset of the node in it.
        node_offset: u32,
    },
}

/// One special field. Kernel: `struct btf_field`.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Byte offset.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// Exactly one kind.
    pub kind: FieldKind,
    /// What belongs to the kind.
    pub info: FieldInfo,
}

/// Special fields of one type, by offset. Kernel: `struct btf_record`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Record {
    /// Kinds present.
    pub mask: FieldKind,
    /// Fields, by offset.
    pub fields: Vec<Field>,
}

impl Record {
    /// Whether any of these kinds is present. Kernel: `btf_record_has_field()`.
    pub fn has(&self, kinds: FieldKind) -> bool {
        self.mask.intersects(kinds)
    }
}

/// Special fields of the values of a map.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MapFields {
    /// Of its own values.
    pub own: Option<Arc<Record>>,
    /// Of values of the maps in it, for maps of maps.
    pub inner: Option<Arc<Record>>,
}

/// The field of one of these kinds that begins at an offset. Kernel: `btf_record_find()`.
pub fn record_find(rec: Option<&Record>, off: u32, kinds: FieldKind) -> Option<&Field> {
    let rec = rec?;
    if !rec.has(kinds) {
        return None;
    }
    rec.fields.iter().find(|f| f.offset == off).filter(|f| f.kind.intersects(kinds))
}

/// A field as it was found, before its type is looked up. Kernel: `struct btf_field_info`.
#[derive(Clone)]
struct Found {
    kind: FieldKind,
    off: u32,
    /// Pointee of a kptr, or struct that a root contains.
    id: TypeId,
    /// Name of the node's member, for roots.
    node: String,
}

/// Collects special fields of one type.
struct Finder<'a> {
    kt: &'a KernelTypes<'a>,
    btf: &'a Btf,
    mask: FieldKind,
    seen: FieldKind,
    found: Vec<Found>,
}

/// What stands at a member or variable.
enum Class<'a> {
    /// One of [`STRUCTS`].
    Special(&'a Special),
    /// Perhaps a tagged pointer.
    Pointer,
    /// Nothing special itself.
    Other,
}

impl<'a> Finder<'a> {
    fn room(&self) -> usize {
        FIELDS_MAX - self.found.len()
    }

    /// Kernel: `btf_get_field_type()`.
    fn classify(&mut self, t: &Type<'_>) -> Result<Class<'static>, Errno> {
        let name = t.name();
        if let Some(s) = STRUCTS.iter().find(|s| self.mask.contains(s.kind) && s.name == name) {
            if s.unique {
                if self.seen.contains(s.kind) {
                    return Err(Errno::E2BIG);
                }
                self.seen |= s.kind;
            }
            return Ok(Class::Special(s));
        }
        let pointer = self.mask.intersects(FieldKind::POINTERS) && t.kind != BtfKind::Struct;
        Ok(if pointer { Class::Pointer } else { Class::Other })
    }

    /// Members of a struct. Kernel: `btf_find_struct_field()`.
    fn in_struct(&mut self, t: Type<'a>, base: u32, level: u32) -> Result<(), Errno> {
        for (i, m) in t.members().enumerate() {
            if m.bit_offset % 8 != 0 {
                return Err(Errno::EINVAL);
            }
            let i = i32::try_from(i).map_err(|_| Errno::EINVAL)?;
            self.one(t.id, i, m.type_id, m.bit_offset / 8, base, None, level)?;
        }
        Ok(())
    }

    /// Variables of a data section. Kernel: `btf_find_datasec_var()`.
    fn in_datasec(&mut self, t: Type<'a>) -> Result<(), Errno> {
        for v in t.var_secinfos() {
            let var = self.btf.ty(v.type_id).ok_or(Errno::EINVAL)?;
            self.one(var.id, -1, var.size_or_type, v.offset, 0, Some(v.size), 0)?;
        }
        Ok(())
    }

    /// One member or variable, `off` bytes into its container that stands at `base`. Kernel: `btf_find_field_one()`.
    #[allow(clippy::too_many_arguments)]
    fn one(
        &mut self,
        owner: TypeId,
        index: i32,
        ty: TypeId,
        off: u32,
        base: u32,
        expected: Option<u32>,
        level: u32,
    ) -> Result<(), Errno> {
        let mut t = self.btf.ty(ty).ok_or(Errno::EINVAL)?;
        let mut nelems: u32 = 1;
        let mut depth = 0;
        while let Some(array) = t.array().filter(|_| t.kind == BtfKind::Array) {
            depth += 1;
            if depth == MAX_DEPTH {
                return Err(Errno::E2BIG);
            }
            nelems = nelems.wrapping_mul(array.nelems);
            t = self.btf.ty(array.elem).ok_or(Errno::EINVAL)?;
        }
        if nelems == 0 {
            return Ok(());
        }
        let fits = |size: u32| expected.is_none_or(|e| e == 0 || e == size.wrapping_mul(nelems));
        let from = self.found.len();
        let at = base.wrapping_add(off);
        let elem_size = match self.classify(&t)? {
            Class::Other if t.kind == BtfKind::Struct => {
                if !fits(t.size_or_type) {
                    return Ok(());
                }
                if level + 1 >= MAX_DEPTH {
                    return Err(Errno::E2BIG);
                }
                self.in_struct(t, at, level + 1)?;
                if self.found.len() == from {
                    return Ok(());
                }
                t.size_or_type
            }
            Class::Other => return Ok(()),
            Class::Special(s) => {
                // Alignment counts within the container only; containers are as aligned as their declaration says.
                if !fits(s.size)
                    || !off.is_multiple_of(s.align)
                    || t.kind != BtfKind::Struct
                    || t.size_or_type != s.size
                {
                    return Ok(());
                }
                let (id, node) = if s.kind.intersects(FieldKind::GRAPH_ROOT) {
                    self.root(owner, index)?
                } else {
                    (0, String::new())
                };
                self.push(Found { kind: s.kind, off: at, id, node })?;
                s.size
            }
            Class::Pointer => {
                if !fits(8) || !off.is_multiple_of(8) {
                    return Ok(());
                }
                let Some((kind, id)) = find_kptr(self.kt, self.btf, t, self.mask)? else { return Ok(()) };
                self.push(Found { kind, off: at, id, node: String::new() })?;
                8
            }
        };
        if nelems > 1 { self.repeat(from, nelems - 1, elem_size) } else { Ok(()) }
    }

    fn push(&mut self, f: Found) -> Result<(), Errno> {
        if self.room() == 0 {
            return Err(Errno::E2BIG);
        }
        self.found.push(f);
        Ok(())
    }

    /// Elements of an array beyond the first. Kernel: `btf_repeat_fields()`.
    fn repeat(&mut self, from: usize, times: u32, elem_size: u32) -> Result<(), Errno> {
        let once = self.found[from..].to_vec();
        let repeatable = FieldKind::POINTERS | FieldKind::GRAPH_ROOT;
        if once.iter().any(|f| !repeatable.contains(f.kind)) {
            return Err(Errno::EINVAL);
        }
        let more = once.len().checked_mul(times as usize).ok_or(Errno::E2BIG)?;
        if more > self.room() {
            return Err(Errno::E2BIG);
        }
        for i in 1..=times {
            let by = i.wrapping_mul(elem_size);
            self.found.extend(once.iter().cloned().map(|f| Found { off: f.off.wrapping_add(by), ..f }));
        }
        Ok(())
    }

    /// What a graph root contains, from its tag `contains:TYPE:MEMBER`. Kernel: `btf_find_graph_root()`.
    fn root(&self, owner: TypeId, index: i32) -> Result<(TypeId, String), Errno> {
        let tag = self.btf.find_decl_tag_value(owner, index, "contains:");
        let tag = tag.ok().flatten().ok_or(Errno::EINVAL)?;
        let (name, node) = tag.split_once(':').ok_or(Errno::EINVAL)?;
        let id = self.btf.find_by_name_kind(name, BtfKind::Struct).ok_or(Errno::ENOENT)?;
        if node.is_empty() {
            return Err(Errno::EINVAL);
        }
        Ok((id, node.to_string()))
    }
}

/// Whether a pointer is tagged as special, and as what: kind and pointee. Kernel: `btf_find_kptr()`.
fn find_kptr(
    kt: &KernelTypes<'_>,
    btf: &Btf,
    t: Type<'_>,
    mask: FieldKind,
) -> Result<Option<(FieldKind, TypeId)>, Errno> {
    let ptr = if t.kind == BtfKind::Volatile { btf.ty(t.size_or_type).ok_or(Errno::EINVAL)? } else { t };
    if ptr.kind != BtfKind::Ptr {
        return Ok(None);
    }
    let tag = btf.ty(ptr.size_or_type).ok_or(Errno::EINVAL)?;
    // A tag with this bit is an attribute of the compiler's, not one of ours (6.15).
    if tag.kind != BtfKind::TypeTag || tag.kflag {
        return Ok(None);
    }
    if btf.ty(tag.size_or_type).is_some_and(|t| t.kind == BtfKind::TypeTag) {
        return Err(Errno::EINVAL);
    }
    let renamed = kt.kernel.features.kptr_names;
    let kind = match tag.name() {
        "kptr_untrusted" if renamed => FieldKind::KPTR_UNREF,
        "kptr" if renamed => FieldKind::KPTR_REF,
        "kptr" => FieldKind::KPTR_UNREF,
        "kptr_ref" if !renamed => FieldKind::KPTR_REF,
        "percpu_kptr" if kt.kernel.features.percpu_kptrs => FieldKind::KPTR_PERCPU,
        "uptr" if kt.kernel.features.uptr => FieldKind::UPTR,
        _ => return Err(Errno::EINVAL),
    };
    if !mask.contains(kind) {
        return Ok(None);
    }
    let to = btf.skip_modifiers(tag.size_or_type).ok_or(Errno::EINVAL)?;
    if to.kind != BtfKind::Struct {
        return Err(Errno::EINVAL);
    }
    Ok(Some((kind, to.id)))
}

/// The kernel's own type of a kptr's pointee, by name; a type that only the program has is an object it allocates.
/// Kernel: `btf_parse_kptr()`.
fn resolve_kptr(kt: &KernelTypes<'_>, btf: &Btf, f: &Found) -> Result<FieldInfo, Errno> {
    let t = btf.ty(f.id).ok_or(Errno::EINVAL)?;
    let name = t.name();
    let mut place = kt.vmlinux.find_by_name_kind(name, t.kind).map(|id| (KptrBtf::Vmlinux, "", id));
    if place.is_none() {
        place = kt.modules.iter().find_map(|(module, btf)| {
            let id = btf.find_own_by_name_kind(name, t.kind)?;
            Some((KptrBtf::Module(module.clone()), module.as_str(), id))
        });
    }
    let Some((btf, module, id)) = place else { return Ok(FieldInfo::Kptr { btf: KptrBtf::Own, id: f.id }) };
    let has_type = |name: &str| kt.vmlinux.find_by_name_kind(name, BtfKind::Struct).is_some();
    if f.kind == FieldKind::KPTR_REF && !has_dtor(module, name, has_type) {
        return Err(Errno::ENOENT);
    }
    Ok(FieldInfo::Kptr { btf, id })
}

/// The node in the struct that a root contains. Kernel: `btf_parse_graph_root()`.
fn resolve_root(btf: &Btf, f: &Found) -> Result<FieldInfo, Errno> {
    let want = if f.kind == FieldKind::LIST_HEAD { "bpf_list_node" } else { "bpf_rb_node" };
    let t = btf.ty(f.id).ok_or(Errno::EINVAL)?;
    let mut found = None;
    for m in t.members().filter(|m| m.name() == f.node) {
        let n = btf.ty(m.type_id).ok_or(Errno::EINVAL)?;
        let sound = n.kind == BtfKind::Struct && n.name() == want && m.bit_offset % 64 == 0;
        if found.is_some() || !sound {
            return Err(Errno::EINVAL);
        }
        found = Some(FieldInfo::Root { value_id: f.id, node_offset: m.bit_offset / 8 });
    }
    found.ok_or(Errno::ENOENT)
}

/// Finds the special fields of a struct or data section. Kernel: `btf_parse_fields()`.
///
/// # Errors
/// The error number that loading the BTF returns; a map with such a type is created without special fields.
pub fn parse_fields(
    kt: &KernelTypes<'_>,
    btf: &Btf,
    ty: TypeId,
    value_size: u32,
    mask: FieldKind,
) -> Result<Option<Record>, Errno> {
    let t = btf.ty(ty).ok_or(Errno::EINVAL)?;
    let mask = mask & kt.kinds();
    let mut finder = Finder { kt, btf, mask, seen: FieldKind::empty(), found: Vec::new() };
    match t.kind {
        BtfKind::Struct => finder.in_struct(t, 0, 0)?,
        BtfKind::Datasec if kt.kernel.features.fields_in_sections => finder.in_datasec(t)?,
        _ => return Err(Errno::EINVAL),
    }
    if finder.found.is_empty() {
        return Ok(None);
    }
    let mut rec = Record::default();
    let mut next = 0;
    for f in &finder.found {
        let size = STRUCTS.iter().find(|s| s.kind == f.kind).map_or(8, |s| s.size);
        let end = f.off.checked_add(size).filter(|end| *end <= value_size).ok_or(Errno::EFAULT)?;
        if f.off < next {
            return Err(Errno::EEXIST);
        }
        next = end;
        let info = if FieldKind::POINTERS.contains(f.kind) {
            resolve_kptr(kt, btf, f)?
        } else if FieldKind::GRAPH_ROOT.contains(f.kind) {
            resolve_root(btf, f)?
        } else {
            FieldInfo::Plain
        };
        rec.mask |= f.kind;
        rec.fields.push(Field { offset: f.off, size, kind: f.kind, info });
    }
    let locks = FieldKind::SPIN_LOCK | FieldKind::RES_SPIN_LOCK;
    let two_locks = rec.mask.contains(locks);
    let unlocked_root = rec.has(FieldKind::GRAPH_ROOT) && !rec.has(locks);
    let unowned_node = rec.mask.contains(FieldKind::GRAPH_NODE) && !rec.has(FieldKind::REFCOUNT);
    if two_locks || unlocked_root || unowned_node {
        return Err(Errno::EINVAL);
    }
    Ok(Some(rec))
}

/// Types of a program's BTF that hold special fields, and may so be allocated by `bpf_obj_new()` with care.
/// Kernel: `struct btf_struct_metas`.
#[derive(Clone, Debug, Default)]
pub struct StructMetas {
    /// `None`: there are none.
    found: Option<Arc<Specials>>,
}

/// What is known of a BTF's types with special fields.
#[derive(Debug, Default)]
struct Specials {
    records: HashMap<TypeId, Arc<Record>>,
    /// What creating maps came to: an object's maps are the same for all of its programs.
    maps: Mutex<HashMap<MapTypes, MapOutcome>>,
}

/// What decides whether a kernel takes a map's BTF, and the special fields of its values.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct MapTypes {
    /// Its attributes.
    pub attributes: MapAttr,
    /// Type of the key.
    pub key: TypeId,
    /// Type of the value.
    pub value: TypeId,
}

/// Special fields of a map's values, or the error number that creating it with BTF returns.
pub(super) type MapOutcome = Result<Option<Arc<Record>>, i32>;

/// What [`StructMetas::of`] found in a blob, and what it depends on besides.
struct Kept {
    release: (KernelVersion, Features),
    vmlinux: u64,
    modules: Vec<u64>,
    metas: Result<StructMetas, Errno>,
}

impl StructMetas {
    /// Finds them. Kernel: `btf_parse_struct_metas()` and the checks behind it in `btf_parse()`.
    ///
    /// # Errors
    /// The error number that loading the BTF returns.
    pub fn of(kt: &KernelTypes<'_>, btf: &Btf) -> Result<StructMetas, Errno> {
        let modules = || kt.modules.iter().map(|(_, btf)| btf.serial());
        let (kernel, vmlinux) = (kt.kernel, kt.vmlinux.serial());
        let fits = |k: &Kept| {
            k.vmlinux == vmlinux
                && k.release.0 == kernel.version
                && k.release.1 == kernel.features
                && k.modules.iter().copied().eq(modules())
        };
        let make = || {
            let release = (kernel.version, kernel.features.clone());
            Kept { release, vmlinux, modules: modules().collect(), metas: StructMetas::find(kt, btf) }
        };
        btf.keep(fits, make).metas.clone()
    }

    fn find(kt: &KernelTypes<'_>, btf: &Btf) -> Result<StructMetas, Errno> {
        const SPECIAL: [&str; 6] =
            ["bpf_spin_lock", "bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node", "bpf_refcount"];
        let mut special: Vec<TypeId> =
            SPECIAL.iter().filter_map(|n| btf.find_by_name_kind(n, BtfKind::Struct)).collect();
        for t in btf.own_types().filter(|t| matches!(t.kind, BtfKind::Ptr | BtfKind::Volatile)) {
            if let Ok(Some(_)) = find_kptr(kt, btf, t, FieldKind::KPTR) {
                special.push(t.id);
            }
        }
        if special.is_empty() || !kt.kernel.features.own_objects {
            return Ok(StructMetas::known(HashMap::new()));
        }
        special.sort_unstable();
        let mask = FieldKind::all()
            .difference(FieldKind::TIMER | FieldKind::WORKQUEUE | FieldKind::TASK_WORK | FieldKind::UPTR);
        let (mut ids, mut records) = (Vec::new(), HashMap::new());
        for t in btf.own_types().filter(|t| t.kind == BtfKind::Struct) {
            if t.members().any(|m| special.binary_search(&m.type_id).is_ok()) {
                let rec = parse_fields(kt, btf, t.id, t.size_or_type, mask)?.ok_or(Errno::EFAULT)?;
                records.insert(t.id, Arc::new(rec));
                ids.push(t.id);
            }
        }
        let metas = StructMetas::known(records);
        for id in &ids {
            if let Some(rec) = metas.get(*id) {
                metas.check_roots(btf, rec)?;
            }
        }
        let mut known = HashMap::new();
        for id in ids {
            metas.depth(id, MAX_OWNERS, &mut known)?;
        }
        Ok(metas)
    }

    /// Special fields of a type. Kernel: `btf_find_struct_meta()`.
    pub fn get(&self, id: TypeId) -> Option<&Arc<Record>> {
        self.found.as_ref()?.records.get(&id)
    }

    fn known(records: HashMap<TypeId, Arc<Record>>) -> StructMetas {
        StructMetas { found: Some(Arc::new(Specials { records, maps: Mutex::default() })) }
    }

    /// What creating a map with these types comes to, found by `find` the first time.
    pub(super) fn of_map(&self, map: MapTypes, find: impl FnOnce() -> MapOutcome) -> MapOutcome {
        let Some(found) = &self.found else { return find() };
        let known = found.maps.lock().unwrap_or_else(PoisonError::into_inner).get(&map).cloned();
        known.unwrap_or_else(|| {
            let outcome = find();
            found.maps.lock().unwrap_or_else(PoisonError::into_inner).insert(map, outcome.clone());
            outcome
        })
    }

    /// What roots contain must itself be known, and user pointers must point to structs of at most a page.
    /// Kernel: `btf_check_and_fixup_fields()`.
    fn check_roots(&self, btf: &Btf, rec: &Record) -> Result<(), Errno> {
        const PAGE_SIZE: u32 = 4096;
        for f in &rec.fields {
            match &f.info {
                FieldInfo::Root { value_id, .. } if self.get(*value_id).is_none() => return Err(Errno::EFAULT),
                FieldInfo::Kptr { btf: place, id } if f.kind == FieldKind::UPTR => {
                    let size = btf.ty(*id).map_or(0, |t| t.size_or_type);
                    if *place != KptrBtf::Own || size == 0 {
                        return Err(Errno::EINVAL);
                    }
                    if size > PAGE_SIZE {
                        return Err(Errno::E2BIG);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Length of the longest chain of types that own one another; releasing such an object recurses as deep.
    /// Kernel: `btf_ownership_depth()`.
    fn depth(&self, id: TypeId, left: u32, known: &mut HashMap<TypeId, u32>) -> Result<u32, Errno> {
        if left == 0 {
            return Err(Errno::ELOOP);
        }
        if let Some(n) = known.get(&id) {
            return if *n > left { Err(Errno::ELOOP) } else { Ok(*n) };
        }
        let Some(rec) = self.get(id) else { return Ok(0) };
        let mut max = 0;
        for f in &rec.fields {
            let owned = match &f.info {
                FieldInfo::Root { value_id, .. } => *value_id,
                FieldInfo::Kptr { btf: KptrBtf::Own, id } if f.kind != FieldKind::KPTR_UNREF => *id,
                _ => continue,
            };
            if self.get(owned).is_some() {
                max = max.max(self.depth(owned, left - 1, known)?);
            }
        }
        known.insert(id, max + 1);
        if max + 1 > left { Err(Errno::ELOOP) } else { Ok(max + 1) }
    }
}

/// Special fields of a map's value. Kernel: the part of `map_check_btf()` about them.
///
/// # Errors
/// The error number that creating the map returns.
pub fn of_map(kt: &KernelTypes<'_>, metas: &StructMetas, spec: &MapSpec) -> Result<Option<Record>, Errno> {
    /// `BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG`.
    const ONE_WAY: u32 = 1 << 7 | 1 << 8;
    let (Some(btf), id @ 1..) = (&spec.btf, spec.btf_value_type_id) else { return Ok(None) };
    let Some(value) = btf.skip_modifiers(id) else { return Ok(None) };
    let mask = FieldKind::all().difference(FieldKind::GRAPH_NODE);
    // A value whose fields cannot be parsed is data like any other.
    let Ok(Some(rec)) = parse_fields(kt, btf, value.id, spec.value_size, mask) else { return Ok(None) };
    if spec.map_flags & ONE_WAY != 0 {
        return Err(Errno::EACCES);
    }
    let ty = MapType::from_number(spec.map_type).unwrap_or(MapType::Unspec);
    for f in &rec.fields {
        if !map_may_hold(ty, f.kind) {
            return Err(Errno::EOPNOTSUPP);
        }
    }
    metas.check_roots(btf, &rec)?;
    Ok(Some(rec))
}

/// Which kinds of fields stand in values of which maps. Kernel: the switch in `map_check_btf()`.
fn map_may_hold(ty: MapType, kind: FieldKind) -> bool {
    use MapType::*;
    match kind {
        FieldKind::SPIN_LOCK | FieldKind::RES_SPIN_LOCK => {
            matches!(
                ty,
                Hash | Rhash | Array | CgroupStorageDeprecated | SkStorage | InodeStorage | TaskStorage | CgrpStorage
            )
        }
        FieldKind::TIMER | FieldKind::WORKQUEUE | FieldKind::TASK_WORK | FieldKind::LIST_HEAD | FieldKind::RB_ROOT => {
            matches!(ty, Hash | Rhash | LruHash | Array)
        }
        FieldKind::UPTR => ty == TaskStorage,
        _ => matches!(
            ty,
            Hash | Rhash
                | PercpuHash
                | LruHash
                | LruPercpuHash
                | Array
                | PercpuArray
                | SkStorage
                | InodeStorage
                | TaskStorage
                | CgrpStorage
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A BTF blob put together from words: header, types, strings.
    struct Blob {
        types: Vec<u32>,
        strings: Vec<u8>,
    }

    impl Blob {
        fn new() -> Blob {
            Blob { types: Vec::new(), strings: vec![0] }
        }

        fn text(&mut self, s: &str) -> u32 {
            let at = self.strings.len() as u32;
            self.strings.extend(s.bytes().chain([0]));
            at
        }

        fn ty(&mut self, name: &str, kind: BtfKind, vlen: u32, size_or_type: u32, rest: &[u32]) {
            let name = if name.is_empty() { 0 } else { self.text(name) };
            self.types.extend([name, (kind as u32) << 24 | vlen, size_or_type]);
            self.types.extend(rest);
        }

        fn btf(self) -> Btf {
            let types = self.types.len() as u32 * 4;
            let mut raw = vec![0x9f, 0xeb, 1, 0];
            for w in [24, 0, types, types, self.strings.len() as u32] {
                raw.extend(u32::to_le_bytes(w));
            }
            self.types.iter().for_each(|w| raw.extend(w.to_le_bytes()));
            raw.extend(self.strings);
            Btf::parse(raw, None).expect("a sound blob")
        }
    }

    fn parse(btf: &Btf, id: TypeId, size: u32) -> Result<Option<Record>, Errno> {
        let kernel = Kernel::v6_12();
        let vmlinux = Btf::default();
        let kt = KernelTypes { kernel: &kernel, vmlinux: &vmlinux, modules: &[] };
        parse_fields(&kt, btf, id, size, FieldKind::all())
    }

    /// Ids: 1 `bpf_spin_lock`, 2 `int`, 3 a struct of the members given as (type, byte offset).
    fn with_members(size: u32, members: &[(u32, u32)]) -> Btf {
        let mut b = Blob::new();
        let val = b.text("val");
        b.ty("bpf_spin_lock", BtfKind::Struct, 1, 4, &[val, 2, 0]);
        b.ty("int", BtfKind::Int, 0, 4, &[32]);
        let rest: Vec<u32> = members.iter().flat_map(|(ty, at)| [val, *ty, at * 8]).collect();
        b.ty("v", BtfKind::Struct, members.len() as u32, size, &rest);
        b.btf()
    }

    #[test]
    fn a_lock_is_found_where_it_stands() {
        let rec = parse(&with_members(8, &[(2, 0), (1, 4)]), 3, 8).expect("parses").expect("has fields");
        assert_eq!(rec.fields.len(), 1);
        assert_eq!((rec.fields[0].offset, rec.fields[0].size, rec.mask), (4, 4, FieldKind::SPIN_LOCK));
    }

    #[test]
    fn plain_values_have_no_record() {
        assert_eq!(parse(&with_members(8, &[(2, 0), (2, 4)]), 3, 8), Ok(None));
    }

    #[test]
    fn two_locks_are_too_many() {
        assert_eq!(parse(&with_members(8, &[(1, 0), (1, 4)]), 3, 8), Err(Errno::E2BIG));
    }

    #[test]
    fn fields_end_inside_of_the_value() {
        assert_eq!(parse(&with_members(8, &[(2, 0), (1, 4)]), 3, 6), Err(Errno::EFAULT));
    }

    #[test]
    fn misaligned_locks_are_data() {
        assert_eq!(parse(&with_members(8, &[(1, 2)]), 3, 8), Ok(None));
    }

    #[test]
    fn a_root_needs_to_say_what_it_contains() {
        let mut b = Blob::new();
        b.ty("bpf_list_head", BtfKind::Struct, 0, 16, &[]);
        b.ty("v", BtfKind::Struct, 1, 16, &[0, 1, 0]);
        assert_eq!(parse(&b.btf(), 2, 16), Err(Errno::EINVAL));
    }

    #[test]
    fn pointers_to_types_of_the_program_are_objects_of_its_own() {
        let mut b = Blob::new();
        b.ty("foo", BtfKind::Struct, 0, 8, &[]);
        b.ty("kptr", BtfKind::TypeTag, 0, 1, &[]);
        b.ty("", BtfKind::Ptr, 0, 2, &[]);
        b.ty("v", BtfKind::Struct, 1, 8, &[0, 3, 0]);
        let rec = parse(&b.btf(), 4, 8).expect("parses").expect("has fields");
        assert_eq!(rec.fields[0].kind, FieldKind::KPTR_REF);
        assert_eq!(rec.fields[0].info, FieldInfo::Kptr { btf: KptrBtf::Own, id: 1 });
    }
}
