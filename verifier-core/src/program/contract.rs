//! What a program's own loader does between opening an object and loading it: globals, maps, programs.
//!
//! Answers for what `bpf_map__set_*()`, `bpf_program__set_*()` and writes into a skeleton's data do. Settings are applied
//! in order to the opened object, and everything behind that is the one path that objects without settings take. A setting
//! that fits nothing in the object is told of with what it may have meant, and never left out in silence.

use std::sync::Arc;

use crate::kernel::{AttachType, MapType, ProgType};

use super::externs::{Extern, ExternKind};
use super::global::{self, Value};
use super::maps::{Map, MapDef, Origin, ringbuf_size};
use super::object::Opened;

/// Most bytes that a map of global data may get because of a setting.
const MOST_DATA: u32 = 64 << 20;

/// A setting, and a number by which whoever made it finds it again.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// Handed back where it does not fit.
    pub tag: usize,
    /// What is set.
    pub what: Change,
}

/// What a loader sets.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// A global variable, or a part of one, as `cfg.ports[2]`.
    Global(String, Value),
    /// A value of the kernel's configuration, as a line of it has it: `CONFIG_HZ`, `250`.
    Kconfig(String, String),
    /// An attribute of a declared map.
    Map(String, MapChange),
    /// A property of a program; its name may hold `*` and `?`.
    Program(String, ProgramChange),
}

/// An attribute of a map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MapChange {
    /// Its type.
    Type(MapType),
    /// Bytes of a key.
    KeySize(u32),
    /// Bytes of a value.
    ValueSize(u32),
    /// Entries.
    MaxEntries(u32),
    /// `BPF_F_*` creation flags.
    Flags(u32),
    /// The type's own number.
    Extra(u64),
    /// Whether it is created.
    Create(bool),
    /// The template of the maps in it is like another map of the object.
    InnerLike(String),
    /// The template of the maps in it.
    Inner(InnerMap),
}

/// Attributes of the template of a map of maps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InnerMap {
    /// Its type.
    pub map_type: MapType,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Entries.
    pub max_entries: u32,
    /// `BPF_F_*` creation flags.
    pub flags: u32,
}

/// A property of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProgramChange {
    /// Whether it is loaded.
    Load(bool),
    /// Its type. What the section name says beside the type no longer holds, as in libbpf.
    Type(ProgType),
    /// Its attach type.
    AttachType(AttachType),
    /// `BPF_F_*` load flags, besides those that the section name stands for.
    Flags(u32),
    /// The function, hook or trace point of the kernel that it attaches to.
    AttachTo(String),
}

/// A setting that does not fit the object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// The setting's number.
    pub tag: usize,
    /// What is wrong, in one sentence without a stop.
    pub words: String,
    /// Names that there are, where a name is wrong.
    pub known: Vec<String>,
}

/// What a loader can set in an object.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settable {
    /// Variables: section, name, type in words.
    pub globals: Vec<(String, String, String)>,
    /// Configuration values.
    pub kconfig: Vec<String>,
    /// Declared maps.
    pub maps: Vec<SettableMap>,
}

/// A declared map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SettableMap {
    /// Its whole name.
    pub name: String,
    /// Number of its type.
    pub map_type: u32,
    /// Entries declared.
    pub max_entries: u32,
    /// It is a map of maps whose template the loader has to give.
    pub wants_inner: bool,
}

/// Whether `text` matches a pattern in which `*` stands for any characters and `?` for any one.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (p, t) = (pattern.as_bytes(), text.as_bytes());
    let (mut i, mut j, mut retry) = (0, 0, None);
    while j < t.len() {
        match p.get(i) {
            Some(b'*') => {
                retry = Some((i, j));
                i += 1;
            }
            Some(c) if *c == b'?' || *c == t[j] => {
                i += 1;
                j += 1;
            }
            _ => match &mut retry {
                // The last star takes one character more.
                Some((star, from)) => {
                    *from += 1;
                    (i, j) = (*star + 1, *from);
                }
                None => return false,
            },
        }
    }
    p[i.min(p.len())..].iter().all(|c| *c == b'*')
}

/// Applies settings in order; those that do not fit.
pub(super) fn apply(settings: &[Setting], opened: &mut Opened) -> Vec<Misfit> {
    let mut out = Vec::new();
    for s in settings {
        let done = match &s.what {
            Change::Global(name, value) => set_global(opened, name, value),
            Change::Kconfig(name, _) => known_kconfig(&opened.externs, name),
            Change::Map(name, change) => change_map(&mut opened.maps.all, name, change),
            Change::Program(name, change) => change_program(opened, name, change),
        };
        if let Err((words, known)) = done {
            out.push(Misfit { tag: s.tag, words, known });
        }
    }
    out
}

/// Lines of configuration that come before the kernel's own.
pub(super) fn kconfig(settings: &[Setting]) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    for s in settings {
        if let Change::Kconfig(name, value) = &s.what {
            out.push((name.as_str(), value.as_str()));
        }
    }
    out
}

/// What there is to set.
pub(super) fn settable(opened: &Opened) -> Settable {
    let mut out = Settable::default();
    let is_config = |e: &&Extern| matches!(e.kind, ExternKind::Kconfig { .. }) && e.name.starts_with("CONFIG_");
    out.kconfig.extend(opened.externs.iter().filter(is_config).map(|e| e.name.clone()));
    for m in &opened.maps.all {
        match m.origin {
            Origin::Declared => out.maps.push(SettableMap {
                name: m.name.clone(),
                map_type: m.def.map_type,
                max_entries: m.def.max_entries,
                wants_inner: m.def.is_map_of_maps() && m.inner.is_none(),
            }),
            Origin::Data | Origin::Rodata | Origin::Percpu => {
                let Some(btf) = opened.btf.as_deref() else { continue };
                for (section, v) in global::variables(btf, m.def.value_type) {
                    out.globals.push((section, v.name().to_owned(), global::type_words(btf, v.size_or_type)));
                }
            }
            Origin::Kconfig | Origin::StructOps => {}
        }
    }
    out
}

type Done = Result<(), (String, Vec<String>)>;

fn set_global(opened: &mut Opened, path: &str, value: &Value) -> Done {
    let plain = |words: String| (words, Vec::new());
    let Some(btf) = opened.btf.clone() else {
        return Err(plain("the object has no type information (`-g`), so that its variables are not known".into()));
    };
    let name = path.split(['.', '[']).next().unwrap_or(path);
    let data = |m: &&mut Map| matches!(m.origin, Origin::Data | Origin::Rodata | Origin::Percpu);
    let mut known = Vec::new();
    for map in opened.maps.all.iter_mut().filter(data) {
        let Some(var) = global::variable(&btf, map.def.value_type, name) else {
            known.extend(global::variables(&btf, map.def.value_type).map(|(_, v)| v.name().to_owned()));
            continue;
        };
        let parts = global::bytes(&btf, var, path, value).map_err(plain)?;
        let size = map.def.value_size;
        if map.contents.is_none() && size > MOST_DATA {
            return Err(plain(format!("its section is larger than {} MiB", MOST_DATA >> 20)));
        }
        let mut contents = map.contents.as_deref().map_or_else(|| vec![0; size as usize], <[u8]>::to_vec);
        for (at, bytes) in parts {
            let slot = usize::try_from(at).ok().and_then(|at| contents.get_mut(at..at.checked_add(bytes.len())?));
            let slot = slot.ok_or_else(|| plain("the type information places it outside of its section".into()))?;
            slot.copy_from_slice(&bytes);
        }
        map.contents = Some(Arc::from(contents));
        return Ok(());
    }
    Err((format!("the object has no global variable `{name}`"), known))
}

fn known_kconfig(externs: &[Extern], name: &str) -> Done {
    let config = |e: &&Extern| matches!(e.kind, ExternKind::Kconfig { .. });
    if externs.iter().filter(config).any(|e| e.name == name) {
        return Ok(());
    }
    let known = externs.iter().filter(config).map(|e| e.name.clone()).collect();
    Err((format!("the object asks for no configuration value `{name}`"), known))
}

fn change_map(maps: &mut [Map], name: &str, change: &MapChange) -> Done {
    let declared = |m: &Map| m.origin == Origin::Declared;
    let names = |maps: &[Map]| maps.iter().filter(|m| declared(m)).map(|m| m.name.clone()).collect::<Vec<_>>();
    let find = |maps: &[Map], name: &str| maps.iter().position(|m| declared(m) && m.name == name);
    let no_map = |maps: &[Map], name: &str| (format!("the object declares no map `{name}`"), names(maps));
    let Some(at) = find(maps, name) else { return Err(no_map(maps, name)) };
    let inner = match change {
        MapChange::InnerLike(other) => {
            let other = find(maps, other).ok_or_else(|| no_map(maps, other))?;
            Some(maps[other].def)
        }
        MapChange::Inner(i) => Some(MapDef {
            map_type: i.map_type as u32,
            key_size: i.key_size,
            value_size: i.value_size,
            max_entries: i.max_entries,
            flags: i.flags,
            ..MapDef::default()
        }),
        _ => None,
    };
    let map = &mut maps[at];
    if inner.is_some() && !map.def.is_map_of_maps() {
        let t = MapType::from_number(map.def.map_type).map_or("of an unknown type", MapType::name);
        return Err((format!("`{name}` is no map of maps ({})", t.to_ascii_lowercase()), Vec::new()));
    }
    match change {
        MapChange::Type(t) => map.def.map_type = *t as u32,
        MapChange::KeySize(n) => map.def.key_size = *n,
        MapChange::ValueSize(n) => map.def.value_size = *n,
        MapChange::MaxEntries(n) => {
            let ring = map.def.is(MapType::Ringbuf) || map.def.is(MapType::UserRingbuf);
            map.def.max_entries = if ring { ringbuf_size(*n) } else { *n };
        }
        MapChange::Flags(n) => map.def.flags = *n,
        MapChange::Extra(n) => map.def.extra = *n,
        MapChange::Create(yes) => map.autocreate = *yes,
        MapChange::InnerLike(_) | MapChange::Inner(_) => map.inner = inner,
    }
    Ok(())
}

fn change_program(opened: &mut Opened, pattern: &str, change: &ProgramChange) -> Done {
    let text = opened.text;
    let mut found = false;
    for p in opened.progs.iter_mut().filter(|p| p.section != text && glob(pattern, &p.name)) {
        found = true;
        match change {
            ProgramChange::Load(yes) => (p.autoload, p.told.left_out) = (*yes, !yes),
            ProgramChange::Type(t) => p.told.prog_type = Some(*t),
            ProgramChange::AttachType(t) => p.told.attach_type = Some(*t),
            ProgramChange::Flags(n) => p.told.flags = *n,
            ProgramChange::AttachTo(target) => p.told.attach_to = Some(target.clone()),
        }
    }
    if found {
        return Ok(());
    }
    let known = opened.progs.iter().filter(|p| p.section != text).map(|p| p.name.clone()).collect();
    Err((format!("the object has no program `{pattern}`"), known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(glob("*", "") && glob("a*c", "abbc") && glob("a?c", "abc") && glob("*x*", "axb"));
        assert!(!glob("a", "ab") && !glob("a*c", "abd") && !glob("", "a"));
    }
}
