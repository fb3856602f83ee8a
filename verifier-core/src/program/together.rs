//! Whether programs that load one by one load together, as all of an object: what they do to each other's maps.
//!
//! A prog array belongs to the first program that is loaded with it: others must be of its kind, as must the programs that
//! its declaration puts in. What a declaration puts into a map of maps must look like the template. Kernel:
//! `bpf_prog_map_compatible()` and `bpf_map_meta_equal()`, observed on 6.18.44.

use std::collections::HashMap;

use crate::kernel::{AttachType, MapType, ProgType};

use super::error::{EINVAL, NotLoadable};
use super::initial::{Initial, InitialValue};
use super::load::{Object, Program};
use super::request::LoadRequest;

/// `BPF_F_XDP_HAS_FRAGS`.
const F_XDP_HAS_FRAGS: u32 = 1 << 5;
const EBADF: i32 = -9;

/// What became of a program when it was loaded alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loaded {
    /// It loads.
    Yes,
    /// It is not loaded: not asked for, or left out by default.
    No,
    /// It fails, or it is not known whether it loads.
    Fails,
}

/// What must agree between programs that share a prog array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Kind {
    prog_type: u32,
    attach: u32,
    frags: bool,
}

impl Kind {
    fn of(r: &LoadRequest) -> Kind {
        let frags = r.prog_type == ProgType::Xdp as u32 && r.prog_flags & F_XDP_HAS_FRAGS != 0;
        Kind { prog_type: r.prog_type, attach: r.expected_attach_type, frags }
    }

    fn words(self) -> String {
        let name = ProgType::from_number(self.prog_type).map_or("?", ProgType::name).to_ascii_lowercase();
        let frags = if self.frags { ", with fragments" } else { "" };
        match AttachType::from_number(self.attach).filter(|_| self.attach != 0) {
            Some(a) => format!("{name}, {a:?}{frags}"),
            None => format!("{name}{frags}"),
        }
    }
}

/// A program that is being loaded, by the name and kind of its object.
struct Owner<'a> {
    program: &'a str,
    kind: Kind,
}

/// Whether a program is loaded with any other of its object, asked for or not: one that fills a place in a struct of
/// operations is, where the struct is created. libbpf: `bpf_object_adjust_struct_ops_autoload()`.
pub fn loads_with_any(program: &Program) -> bool {
    program.prog_type == Some(ProgType::StructOps) && program.result.is_ok()
}

/// Why the programs of an object do not load together though each of them loads; `loaded` tells what became of each.
pub fn together(object: &Object, name: &str, loaded: &[Loaded]) -> Option<NotLoadable> {
    let fate = |i: usize| loaded.get(i).copied().unwrap_or(Loaded::No);
    if (0..object.programs.len()).any(|i| fate(i) == Loaded::Fails) {
        return None;
    }
    let failed = format!("failed to load object '{name}'");
    let mut owners: HashMap<i32, Owner<'_>> = HashMap::new();
    for (_, p) in object.programs.iter().enumerate().filter(|(i, _)| fate(*i) == Loaded::Yes) {
        let Ok(request) = &p.result else { continue };
        if let Some(e) = join(p, request, &mut owners) {
            return Some(e.also(failed));
        }
    }
    // Programs are put into arrays when all are loaded.
    let index = |wanted: &str| object.programs.iter().position(|p| p.name == wanted);
    for map in object.maps.iter().filter(|m| m.map_type == MapType::ProgArray as u32) {
        for Initial { index: key, value, .. } in object.initial.iter().filter(|s| s.fd == map.fd) {
            let InitialValue::Program(wanted) = value else { continue };
            let Some(i) = index(wanted) else { continue };
            let p = &object.programs[i];
            let words = |fd: i64, code: i32| {
                format!("map '{}': failed to initialize slot [{key}] to prog '{wanted}' fd={fd}: {code}", map.name)
            };
            if fate(i) == Loaded::No {
                if p.autoload {
                    // It was not asked about; whoever loads the object loads it.
                    continue;
                }
                let reason = format!(
                    "`{wanted}` is not loaded by default (its section begins with `?`), so it cannot be put there"
                );
                return Some(NotLoadable::new(EBADF, words(-2, EBADF)).because(reason).also(failed));
            }
            let Ok(request) = &p.result else { continue };
            let kind = Kind::of(request);
            let owner = owners.entry(map.fd).or_insert(Owner { program: wanted, kind });
            if owner.kind != kind {
                let before = (0..i).filter(|i| fate(*i) == Loaded::Yes).count();
                let fd = object.maps.iter().map(|m| i64::from(m.fd)).max().unwrap_or(3) + 1 + before as i64;
                let reason = format!(
                    "`{wanted}` ({}) is put into the prog array `{}`, which belongs to `{}` ({}): a tail call must stay \
                     among programs of one type and attach type",
                    kind.words(),
                    map.name,
                    owner.program,
                    owner.kind.words()
                );
                return Some(NotLoadable::new(EINVAL, words(fd, EINVAL)).because(reason).also(failed));
            }
        }
    }
    None
}

/// Loads a program: its prog arrays become its own, or must be of its kind.
fn join<'a>(p: &'a Program, request: &'a LoadRequest, owners: &mut HashMap<i32, Owner<'a>>) -> Option<NotLoadable> {
    let kind = Kind::of(request);
    for map in request.maps.iter().filter(|m| m.map_type == MapType::ProgArray as u32) {
        let owner = owners.entry(map.fd).or_insert(Owner { program: &p.name, kind });
        if owner.kind == kind {
            continue;
        }
        let reason = format!(
            "the programs load one by one and not together: `{}` ({}) uses the prog array `{}`, which belongs to `{}` ({}), \
             loaded before; give programs of each type and attach type an array of their own",
            p.name,
            kind.words(),
            map.name,
            owner.program,
            owner.kind.words()
        );
        let words = format!("prog '{}': BPF program load failed: Invalid argument", p.name);
        let e = NotLoadable::new(EINVAL, words).because(reason);
        return Some(e.also(format!("prog '{}': failed to load: {EINVAL}", p.name)));
    }
    None
}
