//! Kernel structures of functions that programs implement: which program fills which slot.
//!
//! Answers for libbpf's `init_struct_ops_maps()`, `bpf_object__collect_st_ops_relos()` and
//! `bpf_map__init_kern_struct_ops()`. A program's attach target is the structure in the kernel, and its expected attach
//! type the number of the member there.

use std::sync::Arc;

use crate::btf::{Btf, BtfKind, Member, TypeId, flavourless_name};
use crate::kernel::{MapType, ProgType};

use super::elf::Elf;
use super::error::{EINVAL, ENOTSUP, ESRCH, FORMAT, NotLoadable, RELOC};
use super::maps::{Map, MapDef, Maps, Origin};
use super::modules::Modules;

/// `BPF_F_LINK`.
const F_LINK: u32 = 1 << 13;
/// `BPF_F_VTYPE_BTF_OBJ_FD`.
const F_VTYPE_BTF_OBJ_FD: u32 = 1 << 15;

/// A struct_ops map as the object declares it.
#[derive(Clone, Debug)]
pub(super) struct StructOps {
    /// Type in the object's BTF.
    pub type_id: TypeId,
    /// Initial value.
    pub data: Arc<[u8]>,
    /// Members that a program fills: (member index, program index).
    pub progs: Vec<(usize, usize)>,
}

/// What a program of a struct_ops map attaches to.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// The kernel's structure.
    pub btf_id: TypeId,
    /// Module it belongs to, name and BTF; `None`: vmlinux.
    pub module: Option<(String, Arc<Btf>)>,
    /// Member number.
    pub member: u32,
}

/// A struct_ops map as this kernel has it.
#[derive(Clone, Debug)]
pub(super) struct KernelStructOps {
    pub value_type_id: TypeId,
    pub value_size: u32,
    pub extra_flags: u32,
    /// Programs that fill members: (program index, where).
    pub slots: Vec<(usize, Slot)>,
}

fn is_section(name: &str) -> bool {
    matches!(name.strip_prefix('?').unwrap_or(name), ".struct_ops" | ".struct_ops.link")
}

/// Whether a section holds struct_ops maps.
pub(super) fn is_struct_ops(section: &super::elf::Section<'_>) -> bool {
    section.kind == object::elf::SHT_PROGBITS && section.size > 0 && !section.is_exec() && is_section(&section.name)
}

/// Adds the maps of all `.struct_ops` sections. libbpf: `init_struct_ops_maps()`.
pub(super) fn declared(elf: &Elf<'_>, btf: Option<&Btf>, maps: &mut Maps) -> Result<(), NotLoadable> {
    for s in elf.sections.iter().skip(1).filter(|s| is_struct_ops(s)) {
        let missing = || NotLoadable::new(EINVAL, format!("struct_ops init: DATASEC {} not found", s.name));
        let btf = btf.ok_or_else(missing)?;
        let datasec = btf.find_by_name_kind(&s.name, BtfKind::Datasec).and_then(|id| btf.ty(id)).ok_or_else(missing)?;
        let link = s.name.ends_with(".link");
        for (i, v) in datasec.var_secinfos().enumerate() {
            let unresolved = || {
                let words = format!("struct_ops init: Cannot resolve var type_id {} in DATASEC {}", v.type_id, s.name);
                NotLoadable::new(EINVAL, words)
            };
            let var = btf.ty(v.type_id).ok_or_else(unresolved)?;
            let t = btf.skip_modifiers(var.size_or_type).ok_or_else(unresolved)?;
            if t.name().is_empty() {
                return Err(NotLoadable::new(ENOTSUP, "struct_ops init: anonymous type is not supported"));
            }
            if t.kind != BtfKind::Struct {
                let words = format!("struct_ops init: {} is not a struct", t.name());
                return Err(NotLoadable::new(EINVAL, words));
            }
            let start = v.offset as usize;
            let data = start.checked_add(t.size_or_type as usize).and_then(|end| s.data.get(start..end));
            let Some(data) = data else {
                let words = format!("struct_ops init: var {} is beyond the end of DATASEC {}", var.name(), s.name);
                return Err(NotLoadable::new(EINVAL, words));
            };
            maps.add(Map {
                name: var.name().to_owned(),
                origin: Origin::StructOps,
                section: s.index,
                offset: u64::from(v.offset),
                def: MapDef {
                    map_type: MapType::StructOps as u32,
                    key_size: 4,
                    value_size: t.size_or_type,
                    max_entries: 1,
                    flags: if link { F_LINK } else { 0 },
                    value_type: t.id,
                    ..MapDef::default()
                },
                inner: None,
                // libbpf forgets the question mark after the first variable of the section.
                autocreate: !(s.name.starts_with('?') && i == 0),
                contents: None,
                struct_ops: Some(StructOps { type_id: t.id, data: Arc::from(data), progs: Vec::new() }),
                fd: 0,
            });
        }
    }
    Ok(())
}

/// What relocations need to know of the programs.
pub(super) trait Programs {
    /// The program that contains an instruction of a section.
    fn at(&self, section: usize, insn: usize) -> Option<usize>;
    /// Its type.
    fn prog_type(&self, prog: usize) -> Option<ProgType>;
    /// Its name.
    fn name(&self, prog: usize) -> &str;
}

/// Puts programs into members. libbpf: `bpf_object__collect_st_ops_relos()`.
pub(super) fn collect_relocations(
    elf: &Elf<'_>,
    section: usize,
    rels: &[super::elf::Rel],
    btf: &Btf,
    maps: &mut Maps,
    progs: &dyn Programs,
) -> Result<(), NotLoadable> {
    for rel in rels {
        let sym = elf
            .symbols
            .get(rel.symbol)
            .ok_or_else(|| NotLoadable::new(FORMAT, format!("struct_ops reloc: symbol {:x} not found", rel.symbol)))?;
        let map = maps.all.iter_mut().find(|m| {
            m.section == section
                && m.origin == Origin::StructOps
                && m.offset <= rel.offset
                && rel.offset - m.offset < u64::from(m.def.value_size)
        });
        let map = map.ok_or_else(|| {
            NotLoadable::new(EINVAL, format!("struct_ops reloc: cannot find map at rel->r_offset {}", rel.offset))
        })?;
        let name = map.name.clone();
        let fail = |code, words: String| NotLoadable::new(code, format!("struct_ops reloc {name}: {words}"));
        let moff = rel.offset - map.offset;
        let Some(ops) = &mut map.struct_ops else { continue };
        if sym.shndx >= object::elf::SHN_LORESERVE {
            let words = format!("rel->r_offset {} shdr_idx {} unsupported non-static function", rel.offset, sym.shndx);
            return Err(fail(RELOC, words));
        }
        if sym.value % 8 != 0 {
            return Err(fail(FORMAT, format!("invalid target program offset {}", sym.value)));
        }
        let t = btf.ty(ops.type_id);
        let member = t.and_then(|t| t.members().enumerate().find(|(_, m)| u64::from(m.bit_offset) == moff * 8));
        let Some((idx, member)) = member else {
            return Err(fail(EINVAL, format!("cannot find member at moff {moff}")));
        };
        if btf.resolve_func_ptr(member.type_id).is_none() {
            return Err(fail(EINVAL, format!("cannot relocate non func ptr {}", member.name())));
        }
        let prog = usize::try_from(sym.value / 8).ok().and_then(|insn| progs.at(usize::from(sym.shndx), insn));
        let Some(prog) = prog else {
            let words = format!("cannot find prog at shdr_idx {} to relocate func ptr {}", sym.shndx, member.name());
            return Err(fail(EINVAL, words));
        };
        if progs.prog_type(prog) != Some(ProgType::StructOps) {
            return Err(fail(EINVAL, format!("prog {} is not struct_ops BPF program", progs.name(prog))));
        }
        ops.progs.retain(|(i, _)| *i != idx);
        ops.progs.push((idx, prog));
    }
    Ok(())
}

struct Kern<'a> {
    module: &'a str,
    btf: &'a Arc<Btf>,
    fd: i32,
    type_id: TypeId,
    value_type: TypeId,
}

/// libbpf: `find_struct_ops_kern_types()`.
fn find_kernel_types<'a>(name: &str, modules: &'a Modules) -> Result<Kern<'a>, NotLoadable> {
    let tname = flavourless_name(name);
    let vname = format!("bpf_struct_ops_{tname}");
    let missing =
        |n: &str, code| NotLoadable::new(code, format!("struct_ops init_kern: struct {n} is not found in kernel BTF"));
    let v = modules.find(&vname, BtfKind::Struct).ok_or_else(|| missing(&vname, ESRCH))?;
    let type_id = v.btf.find_by_name_kind(tname, BtfKind::Struct).ok_or_else(|| missing(tname, -2))?;
    let holds = v.btf.ty(v.id).is_some_and(|t| t.members().any(|m| m.type_id == type_id));
    if !holds {
        let words = format!("struct_ops init_kern: struct {tname} data is not found in struct {vname}");
        return Err(NotLoadable::new(EINVAL, words));
    }
    Ok(Kern { module: v.module, btf: v.btf, fd: v.fd, type_id, value_type: v.id })
}

/// Matches a map with the kernel's structure. libbpf: `bpf_map__init_kern_struct_ops()`.
pub(super) fn init_kernel(
    map: &Map,
    ops: &StructOps,
    btf: &Btf,
    modules: &Modules,
) -> Result<KernelStructOps, NotLoadable> {
    let t = btf.ty(ops.type_id).ok_or_else(|| NotLoadable::new(EINVAL, "struct_ops init_kern: no type"))?;
    let kern = find_kernel_types(t.name(), modules)?;
    let none = || NotLoadable::new(EINVAL, "struct_ops init_kern: no kernel type");
    let kt = kern.btf.ty(kern.type_id).ok_or_else(none)?;
    let value_size = kern.btf.ty(kern.value_type).ok_or_else(none)?.size_or_type;
    let module = (kern.fd != 0).then(|| (kern.module.to_owned(), Arc::clone(kern.btf)));
    let mut out = KernelStructOps {
        value_type_id: kern.value_type,
        value_size,
        extra_flags: if module.is_some() { F_VTYPE_BTF_OBJ_FD } else { 0 },
        slots: Vec::new(),
    };
    let fail = |code, words: String| NotLoadable::new(code, format!("struct_ops init_kern {}: {words}", map.name));
    for (i, m) in t.members().enumerate() {
        let prog = ops.progs.iter().find(|(idx, _)| *idx == i).map(|(_, p)| *p);
        let size = btf
            .resolve_size(m.type_id)
            .ok_or_else(|| fail(EINVAL, format!("failed to resolve the size of member {}", m.name())))?;
        let at = (m.bit_offset / 8) as usize;
        let bytes = at.checked_add(size as usize).and_then(|end| ops.data.get(at..end)).unwrap_or(&[]);
        let set = bytes.iter().any(|b| *b != 0);
        let found: Option<(usize, Member<'_>)> = kt.members().enumerate().find(|(_, k)| k.name() == m.name());
        let Some((kidx, km)) = found else {
            if set || prog.is_some() {
                return Err(fail(ENOTSUP, format!("Cannot find member {} in kernel BTF", m.name())));
            }
            continue;
        };
        if m.bitfield_size != 0 || km.bitfield_size != 0 {
            return Err(fail(ENOTSUP, format!("bitfield {} is not supported", m.name())));
        }
        let (Some(mt), Some(kmt)) = (btf.skip_modifiers(m.type_id), kern.btf.skip_modifiers(km.type_id)) else {
            return Err(fail(EINVAL, format!("failed to resolve the type of member {}", m.name())));
        };
        if mt.kind != kmt.kind {
            let words = format!("Unmatched member type {} {} != {}(kernel)", m.name(), mt.kind as u32, kmt.kind as u32);
            return Err(fail(ENOTSUP, words));
        }
        if mt.kind != BtfKind::Ptr {
            let ksize = kern.btf.resolve_size(kmt.id);
            if ksize != Some(size) {
                let shown = ksize.map_or(i64::from(EINVAL), i64::from);
                let words = format!("Error in size of member {}: {size} != {shown}(kernel)", m.name());
                return Err(fail(ENOTSUP, words));
            }
            continue;
        }
        let Some(prog) = prog else {
            if set {
                return Err(fail(ENOTSUP, format!("member {} is not a struct_ops program", m.name())));
            }
            continue;
        };
        if kern.btf.resolve_func_ptr(km.type_id).is_none() {
            return Err(fail(ENOTSUP, format!("kernel member {} is not a func ptr", m.name())));
        }
        let member = u32::try_from(kidx).unwrap_or(u32::MAX);
        out.slots.push((prog, Slot { btf_id: kern.type_id, module: module.clone(), member }));
    }
    Ok(out)
}
