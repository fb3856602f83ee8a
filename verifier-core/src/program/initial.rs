//! What a loader puts into maps of programs and maps of maps before anything runs: their `values` in `.maps`.
//!
//! Answers for libbpf's handling of relocations in `.maps`. A pointer in a declaration's `values` names a program, by
//! its function, or a map; its place is the index.

use crate::btf::{Btf, BtfKind};

use super::elf::Elf;
use super::error::ObjectError;
use super::maps::{Map, Origin};

/// What stands in a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InitialValue {
    /// A program, by the name of its function.
    Program(String),
    /// A map, by the number that instructions refer to it by.
    Map(i32),
}

/// One slot of a map that a loader fills.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Initial {
    /// The map, by the number that instructions refer to it by.
    pub fd: i32,
    /// Its index; the key is this number in four bytes.
    pub index: u32,
    /// What it holds.
    pub value: InitialValue,
}

/// Where `values` begin in the declaration of a map: they come last and have no length.
fn values_at(btf: &Btf, map: &Map) -> Option<u64> {
    let datasec = btf.own_by_name(".maps").find(|t| t.kind == BtfKind::Datasec)?;
    let var = datasec.var_secinfos().find(|v| u64::from(v.offset) == map.offset)?;
    let declaration = btf.skip_modifiers(btf.ty(var.type_id)?.size_or_type)?;
    let values = declaration.members().last().filter(|m| m.name() == "values")?;
    Some(u64::from(values.bit_offset / 8))
}

/// Slots of all maps, in the order of the file. What a relocation names and is neither is left out.
///
/// # Errors
/// A table of relocations that cannot be read.
pub(super) fn collect(elf: &Elf<'_>, btf: Option<&Btf>, maps: &[Map]) -> Result<Vec<Initial>, ObjectError> {
    let mut out = Vec::new();
    let (Some(btf), Some(section)) = (btf, elf.section(".maps")) else { return Ok(out) };
    let declared = || maps.iter().filter(|m| m.origin == Origin::Declared && m.section == section.index);
    for table in elf.sections.iter().filter(|s| s.kind == object::elf::SHT_REL && s.info as usize == section.index) {
        for rel in elf.relocations(table)? {
            let Some(map) = declared().filter(|m| m.offset <= rel.offset).max_by_key(|m| m.offset) else { continue };
            let Some(from) = values_at(btf, map).and_then(|at| rel.offset.checked_sub(map.offset + at)) else {
                continue;
            };
            let Some(symbol) = elf.symbols.get(rel.symbol) else { continue };
            let value = if symbol.kind == object::elf::STT_FUNC {
                symbol.name.clone().map(InitialValue::Program)
            } else {
                let inner = declared().find(|m| usize::from(symbol.shndx) == m.section && symbol.value == m.offset);
                inner.map(|m| InitialValue::Map(m.fd))
            };
            if let (Some(value), Ok(index)) = (value, u32::try_from(from / 8)) {
                out.push(Initial { fd: map.fd, index, value });
            }
        }
    }
    Ok(out)
}
