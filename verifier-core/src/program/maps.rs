//! The maps of an object: declared in `.maps`, made from data sections, or in the old `maps` form.
//!
//! Answers for libbpf's `bpf_object__init_maps()`, `parse_btf_map_def()` and `internal_map_name()`, and for what
//! libbpf changes when it creates a map.

use std::sync::Arc;

use crate::btf::{Btf, BtfKind, Member, Type, TypeId};
use crate::kernel::MapType;

use super::elf::Elf;
use super::error::{E2BIG, EINVAL, ENOENT, ENOTSUP, EOPNOTSUPP, NotLoadable, ObjectError};
use super::request::MapSpec;
use super::struct_ops::StructOps;

/// `BPF_F_RDONLY_PROG`.
const F_RDONLY_PROG: u32 = 1 << 7;
/// `BPF_F_MMAPABLE`.
const F_MMAPABLE: u32 = 1 << 10;
/// Bytes of a page on the kernels that we know.
const PAGE: u64 = 4096;
/// First file descriptor given to a map.
const FIRST_FD: i32 = 4;

/// Where a map comes from. libbpf: `enum libbpf_map_type` and the special sections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// Declared by the program.
    Declared,
    /// `.data*` or `.bss*`.
    Data,
    /// `.rodata*`.
    Rodata,
    /// `.percpu*`: a copy for each CPU.
    Percpu,
    /// Configuration values.
    Kconfig,
    /// A kernel structure of functions.
    StructOps,
}

/// Attributes of a map. libbpf: `struct btf_map_def`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct MapDef {
    pub map_type: u32,
    pub key_size: u32,
    pub value_size: u32,
    pub max_entries: u32,
    pub flags: u32,
    pub numa_node: u32,
    pub extra: u64,
    pub key_type: TypeId,
    pub value_type: TypeId,
}

impl MapDef {
    pub fn is(&self, t: MapType) -> bool {
        self.map_type == t as u32
    }

    pub fn is_map_of_maps(&self) -> bool {
        self.is(MapType::ArrayOfMaps) || self.is(MapType::HashOfMaps)
    }
}

/// A map of the object.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub name: String,
    pub origin: Origin,
    /// Section that references to it point to, and offset in it.
    pub section: usize,
    pub offset: u64,
    pub def: MapDef,
    pub inner: Option<MapDef>,
    pub autocreate: bool,
    pub contents: Option<Arc<[u8]>>,
    pub struct_ops: Option<StructOps>,
    pub fd: i32,
}

/// Gives maps their file descriptors in the order they are added.
#[derive(Debug, Default)]
pub(super) struct Maps {
    pub all: Vec<Map>,
}

impl Maps {
    pub fn add(&mut self, map: Map) {
        let fd = self.next_fd();
        self.all.push(Map { fd, ..map });
    }

    /// The file descriptor that another map would get.
    pub fn next_fd(&self) -> i32 {
        i32::try_from(self.all.len()).map_or(i32::MAX, |n| FIRST_FD.saturating_add(n))
    }
}

/// An integer attribute is the length of an array that a pointer points to. libbpf: `get_map_field_int()`.
fn int_field(map: &str, btf: &Btf, m: &Member<'_>) -> Result<u32, NotLoadable> {
    let fail = |words: String| NotLoadable::new(EINVAL, format!("map '{map}': attr '{}': {words}", m.name()));
    let t = btf.skip_modifiers(m.type_id).ok_or_else(|| fail(format!("type [{}] not found.", m.type_id)))?;
    if t.kind != BtfKind::Ptr {
        return Err(fail(format!("expected PTR, got {}.", t.kind.word())));
    }
    let a = btf.ty(t.size_or_type).ok_or_else(|| fail(format!("type [{}] not found.", t.size_or_type)))?;
    a.array().map(|a| a.nelems).ok_or_else(|| fail(format!("expected ARRAY, got {}.", a.kind.word())))
}

/// A wide integer attribute may also be the one value of an enum. libbpf: `get_map_field_long()`.
fn long_field(map: &str, btf: &Btf, m: &Member<'_>) -> Result<u64, NotLoadable> {
    let fail = |words: String| NotLoadable::new(EINVAL, format!("map '{map}': attr '{}': {words}", m.name()));
    let t = btf.skip_modifiers(m.type_id).ok_or_else(|| fail(format!("type [{}] not found.", m.type_id)))?;
    match t.kind {
        BtfKind::Ptr => int_field(map, btf, m).map(u64::from),
        BtfKind::Enum | BtfKind::Enum64 => {
            let mut values = t.enum_values();
            match (values.next(), values.next()) {
                (Some(v), None) if t.kind == BtfKind::Enum => Ok(i64::from(v.value as i32) as u64),
                (Some(v), None) => Ok(v.value as u64),
                _ => Err(fail("invalid __ulong".to_owned())),
            }
        }
        k => Err(fail(format!("expected ENUM or ENUM64, got {}.", k.word()))),
    }
}

/// `key` and `value` are pointers to the type.
fn type_field(map: &str, what: &str, btf: &Btf, m: &Member<'_>, known_size: u32) -> Result<(TypeId, u32), NotLoadable> {
    let fail = |words: String| NotLoadable::new(EINVAL, format!("map '{map}': {words}"));
    let t = btf.ty(m.type_id).ok_or_else(|| fail(format!("{what} type [{}] not found.", m.type_id)))?;
    if t.kind != BtfKind::Ptr {
        return Err(fail(format!("{what} spec is not PTR: {}.", t.kind.word())));
    }
    let id = t.size_or_type;
    let size =
        btf.resolve_size(id).ok_or_else(|| fail(format!("can't determine {what} size for type [{id}]: {EINVAL}.")))?;
    if known_size != 0 && known_size != size {
        return Err(fail(format!("conflicting {what} size {known_size} != {size}.")));
    }
    Ok((id, size))
}

fn size_field(map: &str, what: &str, btf: &Btf, m: &Member<'_>, known: u32) -> Result<u32, NotLoadable> {
    let size = int_field(map, btf, m)?;
    if known != 0 && known != size {
        return Err(NotLoadable::new(EINVAL, format!("map '{map}': conflicting {what} size {known} != {size}.")));
    }
    Ok(size)
}

/// Reads the struct that declares a map. libbpf: `parse_btf_map_def()`.
fn parse_def(
    name: &str,
    btf: &Btf,
    def_type: &Type<'_>,
    is_inner: bool,
) -> Result<(MapDef, Option<MapDef>), NotLoadable> {
    let fail = |code, words: String| NotLoadable::new(code, format!("map '{name}': {words}"));
    let mut def = MapDef::default();
    let mut inner = None;
    for (i, m) in def_type.members().enumerate() {
        match m.name() {
            "type" => def.map_type = int_field(name, btf, &m)?,
            "max_entries" => def.max_entries = int_field(name, btf, &m)?,
            "map_flags" => def.flags = int_field(name, btf, &m)?,
            "numa_node" => def.numa_node = int_field(name, btf, &m)?,
            "key_size" => def.key_size = size_field(name, "key", btf, &m, def.key_size)?,
            "value_size" => def.value_size = size_field(name, "value", btf, &m, def.value_size)?,
            "key" => (def.key_type, def.key_size) = type_field(name, "key", btf, &m, def.key_size)?,
            "value" => (def.value_type, def.value_size) = type_field(name, "value", btf, &m, def.value_size)?,
            "map_extra" => def.extra = long_field(name, btf, &m)?,
            "pinning" => {
                if is_inner {
                    return Err(fail(EINVAL, "inner def can't be pinned.".to_owned()));
                }
                let v = int_field(name, btf, &m)?;
                if v > 1 {
                    return Err(fail(EINVAL, format!("invalid pinning value {v}.")));
                }
            }
            "values" => {
                if is_inner {
                    return Err(fail(ENOTSUP, "multi-level inner maps not supported.".to_owned()));
                }
                if i + 1 != usize::from(def_type.vlen) {
                    return Err(fail(EINVAL, "'values' member should be last.".to_owned()));
                }
                let progs = def.is(MapType::ProgArray);
                if !progs && !def.is_map_of_maps() {
                    return Err(fail(ENOTSUP, "should be map-in-map or prog-array.".to_owned()));
                }
                if def.value_size != 0 && def.value_size != 4 {
                    return Err(fail(EINVAL, format!("conflicting value size {} != 4.", def.value_size)));
                }
                def.value_size = 4;
                inner = values_field(name, btf, &m, progs)?;
            }
            other => return Err(fail(ENOTSUP, format!("unknown field '{other}'."))),
        }
    }
    if def.map_type == 0 {
        return Err(fail(EINVAL, "map type isn't specified.".to_owned()));
    }
    if def.is(MapType::Ringbuf) || def.is(MapType::UserRingbuf) {
        def.max_entries = ringbuf_size(def.max_entries);
    }
    Ok((def, inner))
}

/// `values` is an empty array of pointers to functions or to the struct that declares the inner map.
fn values_field(name: &str, btf: &Btf, m: &Member<'_>, progs: bool) -> Result<Option<MapDef>, NotLoadable> {
    let desc = if progs { "prog-array value" } else { "map-in-map inner" };
    let fail = |words: String| NotLoadable::new(EINVAL, format!("map '{name}': {words}"));
    let t = btf.ty(m.type_id).ok_or_else(|| fail(format!("{desc} type [{}] not found.", m.type_id)))?;
    let a = t.array().filter(|a| a.nelems == 0);
    let a = a.ok_or_else(|| fail(format!("{desc} spec is not a zero-sized array.")))?;
    let missing = || fail(format!("{desc} type [{}] not found.", a.elem));
    let p = btf.skip_modifiers(a.elem).ok_or_else(missing)?;
    if p.kind != BtfKind::Ptr {
        return Err(fail(format!("{desc} def is of unexpected kind {}.", p.kind.word())));
    }
    let t = btf.skip_modifiers(p.size_or_type).ok_or_else(missing)?;
    if progs {
        return if t.kind == BtfKind::FuncProto {
            Ok(None)
        } else {
            Err(fail(format!("prog-array value def is of unexpected kind {}.", t.kind.word())))
        };
    }
    if t.kind != BtfKind::Struct {
        return Err(fail(format!("map-in-map inner def is of unexpected kind {}.", t.kind.word())));
    }
    Ok(Some(parse_def(&format!("{name}.inner"), btf, &t, true)?.0))
}

/// A ring buffer's size must be pages times a power of two; libbpf takes the next such number.
pub(super) fn ringbuf_size(size: u32) -> u32 {
    let page = PAGE as u32;
    if size == 0 || (size.is_multiple_of(page) && (size / page).is_power_of_two()) {
        return size;
    }
    let mut mul: u32 = 1;
    while mul <= u32::MAX / page {
        if mul * page > size {
            return mul * page;
        }
        mul <<= 1;
    }
    size
}

/// Maps declared in `.maps`. libbpf: `bpf_object__init_user_btf_maps()`.
pub(super) fn declared(elf: &Elf<'_>, btf: Option<&Btf>, maps: &mut Maps) -> Result<(), NotLoadable> {
    let Some(section) = elf.section(".maps") else { return Ok(()) };
    let missing = || NotLoadable::new(ENOENT, "DATASEC '.maps' not found.");
    let btf = btf.ok_or_else(missing)?;
    let datasec = btf.own_by_name(".maps").find(|t| t.kind == BtfKind::Datasec).ok_or_else(missing)?;
    for (i, v) in datasec.var_secinfos().enumerate() {
        let var = btf.ty(v.type_id).ok_or_else(|| NotLoadable::new(EINVAL, format!("map #{i}: empty name.")))?;
        let name = var.name();
        if name.is_empty() {
            return Err(NotLoadable::new(EINVAL, format!("map #{i}: empty name.")));
        }
        let fail = |code, words: String| NotLoadable::new(code, format!("map '{name}'{words}"));
        if u64::from(v.offset) + u64::from(v.size) > section.size {
            return Err(fail(EINVAL, " BTF data is corrupted.".to_owned()));
        }
        let Some(linkage) = var.var_linkage() else {
            return Err(fail(EINVAL, format!(": unexpected var kind {}.", var.kind.word())));
        };
        if linkage != 1 {
            let word = ["static", "global", "extern"].get(linkage as usize).copied().unwrap_or("unknown");
            return Err(fail(EOPNOTSUPP, format!(": unsupported map linkage {word}.")));
        }
        let def_type = btf.skip_modifiers(var.size_or_type).filter(|t| t.kind == BtfKind::Struct);
        let def_type = def_type.ok_or_else(|| fail(EINVAL, format!(": unexpected def kind {}.", var.kind.word())))?;
        if def_type.size_or_type > v.size {
            return Err(fail(EINVAL, ": invalid def size.".to_owned()));
        }
        let (def, inner) = parse_def(name, btf, &def_type, false)?;
        maps.add(Map {
            name: name.to_owned(),
            origin: Origin::Declared,
            section: section.index,
            offset: u64::from(v.offset),
            def,
            inner,
            autocreate: true,
            contents: None,
            struct_ops: None,
            fd: 0,
        });
    }
    check_arena(elf, maps)
}

/// An object has at most one arena, and `__arena` variables need it.
fn check_arena(elf: &Elf<'_>, maps: &Maps) -> Result<(), NotLoadable> {
    let mut arenas = maps.all.iter().filter(|m| m.def.is(MapType::Arena));
    let first = arenas.next();
    if let (Some(first), Some(second)) = (first, arenas.next()) {
        let words =
            format!("map '{}': only single ARENA map is supported (map '{}' is also ARENA)", second.name, first.name);
        return Err(NotLoadable::new(EINVAL, words));
    }
    let Some(data) = elf.section(super::ARENA_SECTION) else { return Ok(()) };
    let Some(arena) = first else {
        let words = format!(
            "elf: sec '{}': to use global __arena variables the ARENA map should be explicitly declared in SEC(\".maps\")",
            data.name
        );
        return Err(NotLoadable::new(ENOENT, words));
    };
    let room = PAGE * u64::from(arena.def.max_entries);
    if data.size > room {
        let words = format!(
            "elf: sec '{}': declared ARENA map size ({room}) is too small to hold global __arena variables of size {}",
            data.name, data.size
        );
        return Err(NotLoadable::new(E2BIG, words));
    }
    Ok(())
}

/// Whether a section holds old-style definitions: `maps`, or one section for each map.
pub(super) fn is_legacy_section(name: &str) -> bool {
    name == "maps" || name.starts_with("maps/")
}

/// Old-style definitions: five words each, at least. libbpf before 1.0, iproute2, aya and others.
pub(super) fn legacy(elf: &Elf<'_>, maps: &mut Maps) -> Result<(), ObjectError> {
    for section in elf.sections.iter().skip(1).filter(|s| is_legacy_section(&s.name)) {
        legacy_section(elf, section, maps)?;
    }
    Ok(())
}

fn legacy_section(elf: &Elf<'_>, section: &super::elf::Section<'_>, maps: &mut Maps) -> Result<(), ObjectError> {
    let mut symbols: Vec<_> = elf
        .symbols
        .iter()
        .filter(|s| usize::from(s.shndx) == section.index && s.kind != object::elf::STT_SECTION)
        .collect();
    symbols.sort_by_key(|s| s.value);
    let def_size = section.data.len().checked_div(symbols.len()).unwrap_or(0);
    if symbols.is_empty() || def_size < 20 {
        return Err(ObjectError::at(&section.name, 0, "the definitions of maps are cut off"));
    }
    for s in symbols {
        let bytes = usize::try_from(s.value).ok().and_then(|v| section.data.get(v..v.checked_add(20)?));
        let bytes = bytes.ok_or_else(|| ObjectError::at(&section.name, s.value, "a definition is cut off"))?;
        let mut w = [0u32; 5];
        for (w, b) in w.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *w = u32::from_le_bytes(*b);
        }
        let [map_type, key_size, value_size, max_entries, flags] = w;
        maps.add(Map {
            name: s.name.clone().unwrap_or_default(),
            origin: Origin::Declared,
            section: section.index,
            offset: s.value,
            def: MapDef { map_type, key_size, value_size, max_entries, flags, ..MapDef::default() },
            inner: None,
            autocreate: true,
            contents: None,
            struct_ops: None,
            fd: 0,
        });
    }
    Ok(())
}

/// Section of data of which each CPU has a copy. libbpf: `PERCPU_SEC`.
const PERCPU_SECTION: &str = ".percpu";

/// Name of a map made from a section: the object's name, shortened, and the section's. libbpf: `internal_map_name()`.
fn internal_name(object: &str, section: &str) -> String {
    let suffix_len = section.len().clamp(7, 15);
    let custom = section.bytes().skip(1).any(|b| b == b'.') || section == PERCPU_SECTION;
    let prefix_len = if custom { 0 } else { object.len().min(15 - suffix_len) };
    let bytes = object.bytes().take(prefix_len).chain(section.bytes().take(suffix_len));
    bytes.map(|b| if b.is_ascii_alphanumeric() || b == b'_' || b == b'.' { char::from(b) } else { '_' }).collect()
}

/// The array that holds a data section. libbpf: `bpf_object__init_internal_map()`.
fn internal(
    object: &str,
    real_name: &str,
    origin: Origin,
    section: usize,
    size: u32,
    contents: Option<Arc<[u8]>>,
    btf: Option<&Btf>,
) -> Map {
    let value_type = btf.and_then(|b| b.own_by_name(real_name).next());
    let exposed = value_type.filter(|t| t.kind == BtfKind::Datasec).is_some_and(|t| {
        let mut vars = t.var_secinfos();
        vars.any(|v| t.btf.ty(v.type_id).and_then(|t| t.var_linkage()).is_some_and(|l| l != 0))
    });
    let read_only = matches!(origin, Origin::Rodata | Origin::Kconfig);
    let percpu = origin == Origin::Percpu;
    let flags = if read_only { F_RDONLY_PROG } else { 0 } | if exposed && !percpu { F_MMAPABLE } else { 0 };
    Map {
        name: internal_name(object, real_name),
        origin,
        section,
        offset: 0,
        def: MapDef {
            map_type: if percpu { MapType::PercpuArray } else { MapType::Array } as u32,
            key_size: 4,
            value_size: size,
            max_entries: 1,
            flags,
            value_type: value_type.map_or(0, |t| t.id),
            ..MapDef::default()
        },
        inner: None,
        autocreate: true,
        contents,
        struct_ops: None,
        fd: 0,
    }
}

/// Whether a section holds global data, and of which kind.
pub(super) fn data_origin(section: &super::elf::Section<'_>) -> Option<Origin> {
    let named = |base: &str| section.name.strip_prefix(base).is_some_and(|r| r.is_empty() || r.starts_with('.'));
    let bits = section.kind == object::elf::SHT_PROGBITS && section.size > 0 && !section.is_exec();
    if bits && named(".data") {
        Some(Origin::Data)
    } else if bits && named(".rodata") {
        Some(Origin::Rodata)
    } else if bits && named(PERCPU_SECTION) {
        Some(Origin::Percpu)
    } else if section.kind == object::elf::SHT_NOBITS && named(".bss") && section.size > 0 {
        Some(Origin::Data)
    } else {
        None
    }
}

/// Maps of data sections. libbpf: `bpf_object__init_global_data_maps()`.
pub(super) fn global_data(elf: &Elf<'_>, object: &str, btf: Option<&Btf>, maps: &mut Maps) -> Result<(), NotLoadable> {
    for s in elf.sections.iter().skip(1) {
        let Some(origin) = data_origin(s) else { continue };
        let size = u32::try_from(s.size)
            .map_err(|_| NotLoadable::new(E2BIG, format!("section '{}' is larger than 4 GiB", s.name)))?;
        let contents = (!s.data.is_empty()).then(|| Arc::from(s.data));
        maps.add(internal(object, &s.name, origin, s.index, size, contents, btf));
    }
    Ok(())
}

/// The map of configuration values. libbpf: `bpf_object__init_kconfig_map()`.
pub(super) fn kconfig(elf: &Elf<'_>, object: &str, size: u32, btf: Option<&Btf>, maps: &mut Maps) {
    maps.add(internal(object, ".kconfig", Origin::Kconfig, elf.symtab_index, size, None, btf));
}

/// Map types that libbpf creates without BTF, because the kernel refuses it.
const WITHOUT_BTF: &[MapType] = &[
    MapType::PerfEventArray,
    MapType::CgroupArray,
    MapType::StackTrace,
    MapType::ArrayOfMaps,
    MapType::HashOfMaps,
    MapType::Devmap,
    MapType::DevmapHash,
    MapType::Cpumap,
    MapType::Xskmap,
    MapType::Sockmap,
    MapType::Sockhash,
    MapType::Queue,
    MapType::Stack,
    MapType::Arena,
];

/// What changes attributes of maps before they are created.
#[derive(Clone, Copy, Debug)]
pub(super) struct CreateRules {
    /// Entries of a perf event array that names none.
    pub nr_cpus: u32,
    /// veristat gives maps without entries one.
    pub as_veristat: bool,
}

impl CreateRules {
    fn adjust(self, mut def: MapDef, is_inner: bool) -> MapDef {
        let local_storage = [
            MapType::SkStorage,
            MapType::TaskStorage,
            MapType::InodeStorage,
            MapType::CgroupStorageDeprecated,
            MapType::PercpuCgroupStorageDeprecated,
            MapType::CgrpStorage,
        ];
        if self.as_veristat && !is_inner && def.max_entries == 0 && !local_storage.iter().any(|t| def.is(*t)) {
            def.max_entries = 1;
            if def.is(MapType::Ringbuf) || def.is(MapType::UserRingbuf) {
                def.max_entries = ringbuf_size(1);
            }
        }
        if def.is(MapType::PerfEventArray) && def.max_entries == 0 {
            def.max_entries = self.nr_cpus;
        }
        def
    }
}

/// At most 15 bytes of a name, as the kernel keeps it.
pub(super) fn kernel_name(name: &str) -> String {
    let mut end = name.len().min(15);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or("").to_owned()
}

fn spec(name: &str, fd: i32, def: &MapDef, btf: Option<&Arc<Btf>>) -> MapSpec {
    let with_btf = !WITHOUT_BTF.iter().any(|t| def.is(*t));
    let struct_ops = def.is(MapType::StructOps);
    // The kernel keeps the BTF of a map only where it is told a type of it.
    let typed = def.key_type != 0 || def.value_type != 0 || struct_ops;
    let btf = btf.filter(|_| with_btf && typed);
    MapSpec {
        fd,
        name: kernel_name(name),
        map_type: def.map_type,
        key_size: def.key_size,
        value_size: def.value_size,
        max_entries: def.max_entries,
        map_flags: def.flags,
        numa_node: def.numa_node,
        map_extra: def.extra,
        btf: btf.cloned(),
        btf_key_type_id: if btf.is_some() { def.key_type } else { 0 },
        btf_value_type_id: if btf.is_some() && !struct_ops { def.value_type } else { 0 },
        ..MapSpec::default()
    }
}

/// What the kernel is asked to create. libbpf: `bpf_object__create_map()`.
pub(super) fn create(map: &Map, btf: Option<&Arc<Btf>>, rules: CreateRules) -> MapSpec {
    let mut out = spec(&map.name, map.fd, &rules.adjust(map.def, false), btf);
    let read_only = matches!(map.origin, Origin::Rodata | Origin::Kconfig);
    out.frozen = read_only;
    out.value = map.contents.clone().filter(|_| read_only);
    out.initial = map.contents.clone().filter(|_| !read_only);
    if map.def.is_map_of_maps() {
        out.inner =
            map.inner.map(|def| Box::new(spec(&format!("{}.inner", map.name), 0, &rules.adjust(def, true), btf)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_internal_maps() {
        assert_eq!(internal_name("my_object_name", ".rodata"), "my_objec.rodata");
        assert_eq!(internal_name("my_object_name", ".bss"), "my_objec.bss");
        assert_eq!(internal_name("my_object_name", ".kconfig"), "my_obje.kconfig");
        assert_eq!(internal_name("x", ".rodata.abracadabra"), ".rodata.abracad");
    }

    #[test]
    fn ring_buffers_are_rounded_up() {
        assert_eq!(ringbuf_size(0), 0);
        assert_eq!(ringbuf_size(1), 4096);
        assert_eq!(ringbuf_size(4096), 4096);
        assert_eq!(ringbuf_size(12288), 16384);
        assert_eq!(ringbuf_size(u32::MAX), u32::MAX);
    }
}
