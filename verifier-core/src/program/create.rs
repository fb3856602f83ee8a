//! Whether the kernel creates the maps of an object, and with or without BTF.
//!
//! Answers for `bpf_object__create_map()` of libbpf around `BPF_MAP_CREATE`: a map that is refused with BTF is tried
//! again without.

use std::collections::HashMap;
use std::sync::Arc;

use crate::btf::{Btf, BtfKind, TypeId};
use crate::kernel::MapType;
use crate::kernel::map_create::{KeyBtf, MapAttr, MapCaps, check_create, inner_allowed, key_btf_fits};
use crate::kernel::map_remedy::remedy;

use super::error::NotLoadable;
use super::record::{KernelTypes, MapFields, MapOutcome, MapTypes, StructMetas, of_map};
use super::request::MapSpec;

const ROOT: MapCaps = MapCaps { bpf: true, net_admin: true, sys_admin: true };
const EINVAL: i32 = 22;

fn attributes(spec: &MapSpec) -> MapAttr {
    MapAttr {
        map_type: spec.map_type,
        key_size: spec.key_size,
        value_size: spec.value_size,
        max_entries: spec.max_entries,
        map_flags: spec.map_flags,
        map_extra: spec.map_extra,
        btf_key: spec.btf_key_type_id != 0,
        btf_value: spec.btf_value_type_id != 0,
        numa_node: spec.numa_node,
        btf_vmlinux_value: spec.map_type == MapType::StructOps as u32,
    }
}

/// A key type as map types look at it.
fn key_btf(btf: &Btf, id: TypeId) -> KeyBtf {
    let Some(t) = btf.skip_modifiers(id).filter(|_| id != 0) else { return KeyBtf::None };
    match t.kind {
        BtfKind::Int => {
            let word = t.int_word().unwrap_or(0);
            KeyBtf::Int { bits: word & 0xff, offset: (word >> 16) & 0xff }
        }
        BtfKind::Struct => {
            let mut members = t.members();
            let int = |m: Option<crate::btf::Member<'_>>, bits: u32, at: u32| {
                m.is_some_and(|m| {
                    let t = btf.skip_modifiers(m.type_id).and_then(|t| t.int_word());
                    m.bit_offset == at && t.is_some_and(|w| w & 0xff == bits)
                })
            };
            let cgroup_key = int(members.next(), 64, 0) && int(members.next(), 32, 64);
            KeyBtf::Struct { cgroup_key }
        }
        _ => KeyBtf::Other,
    }
}

/// Whether the kernel takes the BTF of a map, and the special fields of its values. Kernel: `map_check_btf()`.
///
/// # Errors
/// The error number that creating the map returns.
pub(crate) fn check_btf(types: &KernelTypes<'_>, metas: &StructMetas, spec: &MapSpec) -> MapOutcome {
    let (key, value) = (spec.btf_key_type_id, spec.btf_value_type_id);
    if spec.btf.is_none() || value == 0 {
        return find_fields(types, metas, spec);
    }
    metas.of_map(MapTypes { attributes: attributes(spec), key, value }, || find_fields(types, metas, spec))
}

fn find_fields(types: &KernelTypes<'_>, metas: &StructMetas, spec: &MapSpec) -> MapOutcome {
    let attr = attributes(spec);
    let t = MapType::from_number(spec.map_type).ok_or(EINVAL)?;
    let Some(btf) = spec.btf.as_deref().filter(|_| attr.btf_value) else { return Ok(None) };
    let fits = |id: TypeId, size: u32| btf.resolve_size(id) == Some(size);
    if attr.btf_key && !fits(spec.btf_key_type_id, spec.key_size) || !fits(spec.btf_value_type_id, spec.value_size) {
        return Err(EINVAL);
    }
    let data_section = btf.skip_modifiers(spec.btf_value_type_id).is_some_and(|t| t.kind == BtfKind::Datasec);
    let record = of_map(types, metas, spec).map_err(|e| e as i32)?;
    key_btf_fits(&attr, t, key_btf(btf, spec.btf_key_type_id), data_section)?;
    Ok(record.map(Arc::new))
}

/// Special fields of the values of maps, in their order, as a kernel finds them. A map that it refuses with BTF is
/// created without, and then has none.
pub fn map_fields(types: &KernelTypes<'_>, specs: &[MapSpec]) -> Vec<MapFields> {
    let mut metas: HashMap<*const Btf, Option<StructMetas>> = HashMap::new();
    let mut fields = |spec: &MapSpec| {
        let btf = spec.btf.as_ref()?;
        let own = metas.entry(Arc::as_ptr(btf)).or_insert_with(|| StructMetas::of(types, btf).ok());
        check_btf(types, own.as_ref()?, spec).ok().flatten()
    };
    specs.iter().map(|s| MapFields { own: fields(s), inner: s.inner.as_deref().and_then(&mut fields) }).collect()
}

fn try_create(types: &KernelTypes<'_>, metas: &StructMetas, spec: &MapSpec) -> Result<(), i32> {
    let attr = attributes(spec);
    if [MapType::ArrayOfMaps as u32, MapType::HashOfMaps as u32].contains(&spec.map_type) {
        // Without a template, the descriptor given is not one of a map.
        let inner = spec.inner.as_deref().ok_or(EINVAL)?;
        inner_allowed(MapType::from_number(inner.map_type).ok_or(EINVAL)?)?;
    }
    check_create(types.kernel, &attr, ROOT)?;
    check_btf(types, metas, spec).map(|_| ())
}

/// Creates a map: takes its BTF away when the kernel refuses it, fails when it refuses the map.
///
/// `metas`: those of the object's BTF.
pub(super) fn create(
    types: &KernelTypes<'_>,
    metas: &StructMetas,
    spec: &mut MapSpec,
    name: &str,
) -> Result<(), NotLoadable> {
    let mut words = Vec::new();
    let mut outcome = Ok(());
    // Reasons are about what was written, types included, and not about the second try.
    let written = (attributes(spec), spec.inner.as_deref().map(attributes));
    if let Some(inner) = spec.inner.as_deref_mut() {
        outcome = retry(types, metas, inner, &format!("{name}.inner"), &mut words);
        if let Err(errno) = outcome {
            words.push(format!("map '{name}': failed to create inner map: -{errno}"));
        }
    }
    outcome.and_then(|()| retry(types, metas, spec, name, &mut words)).map_err(|errno| {
        words.push(format!("map '{name}': failed to create: {}(-{errno})", describe(errno)));
        NotLoadable { code: -errno, words, reason: refused(types, written) }
    })
}

/// Why a map is refused, where that is known: something about its inner maps, or about itself.
fn refused(types: &KernelTypes<'_>, (map, inner): (MapAttr, Option<MapAttr>)) -> Option<String> {
    if [MapType::ArrayOfMaps as u32, MapType::HashOfMaps as u32].contains(&map.map_type) {
        let Some(inner) = inner else {
            return Some("a map of maps needs a template for the inner ones: `__array(values, struct …)`".into());
        };
        if let Some(reason) = remedy(types.kernel, &inner, ROOT) {
            return Some(format!("the inner maps are refused: {reason}"));
        }
        let t = MapType::from_number(inner.map_type).filter(|t| inner_allowed(*t).is_err());
        if let Some(t) = t {
            return Some(format!("a map of type BPF_MAP_TYPE_{} is no inner map", t.name().to_ascii_uppercase()));
        }
    }
    remedy(types.kernel, &map, ROOT)
}

/// Tries with BTF, then without.
fn retry(
    types: &KernelTypes<'_>,
    metas: &StructMetas,
    spec: &mut MapSpec,
    name: &str,
    words: &mut Vec<String>,
) -> Result<(), i32> {
    let Err(errno) = try_create(types, metas, spec) else { return Ok(()) };
    if spec.btf_key_type_id == 0 && spec.btf_value_type_id == 0 {
        return Err(errno);
    }
    let why = describe(errno);
    words.push(format!("Error in bpf_create_map_xattr({name}):{why}(-{errno}). Retrying without BTF."));
    spec.btf = None;
    spec.btf_refused = true;
    spec.btf_key_type_id = 0;
    spec.btf_value_type_id = 0;
    try_create(types, metas, spec)
}

/// The C library's words for an error.
fn describe(errno: i32) -> String {
    let words = match errno {
        1 => "Operation not permitted",
        7 => "Argument list too long",
        12 => "Cannot allocate memory",
        13 => "Permission denied",
        22 => "Invalid argument",
        34 => "Numerical result out of range",
        95 => "Operation not supported",
        other => return format!("unknown error (-{other})"),
    };
    words.to_owned()
}
