//! Bringing a kernel's BTF into the form in which it is stored ([`super::packed`]).

use super::blob::Btf;
use super::kind::BtfKind;
use super::layout::{BtfError, TYPE_HEADER, assemble};
use super::names;
use super::packed::{MAGIC, STRING_BLOCK, TYPES_PER_BLOCK};
use crate::packing::deflate;

/// Brings a kernel's BTF into the stored form.
///
/// # Errors
/// When it has a base, or is not laid out as kernels do it (types, then strings), so that it would not come back the same.
pub fn pack(btf: &Btf) -> Result<Vec<u8>, BtfError> {
    if btf.base().is_some() {
        return Err(BtfError::new(0, "BTF of a module cannot be stored"));
    }
    let (types, strings) = btf.sections();
    if assemble(&types, &strings)? != *btf.raw() {
        return Err(BtfError::new(0, "the sections are not where kernels have them"));
    }
    let all: Vec<_> = btf.own_types().collect();
    let named: Vec<(u32, &[u8])> = (0..)
        .zip(&all)
        .filter(|(_, t)| t.name_off != 0)
        .map(|(i, t)| (i, btf.bytes_at(t.name_off).unwrap_or_default()))
        .collect();
    let mut tags: Vec<(u32, u32)> =
        all.iter().filter(|t| t.kind == BtfKind::DeclTag).map(|t| (t.size_or_type, t.id)).collect();
    tags.sort_unstable();

    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut rest = &types[..];
    for chunk in all.chunks(TYPES_PER_BLOCK) {
        let len = chunk.iter().map(|t| TYPE_HEADER + t.data.len()).sum();
        let (block, after) = rest.split_at(len);
        blocks.push(block);
        rest = after;
    }
    for first in (0..strings.len()).step_by(STRING_BLOCK) {
        let end = (first + STRING_BLOCK).min(strings.len());
        let whole = strings[end - 1..].iter().position(|b| *b == 0).map_or(end, |n| end + n);
        blocks.push(&strings[first..whole]);
    }
    let mut words = vec![all.len(), named.len(), tags.len(), types.len(), strings.len()];
    let mut data = Vec::new();
    for block in blocks {
        data.extend(deflate(block));
        words.extend([data.len(), block.len()]);
    }
    let mut out = MAGIC.to_vec();
    out.extend(words.into_iter().flat_map(|w| (w as u32).to_le_bytes()));
    out.extend(names::build(all.len(), named.into_iter()));
    out.extend(tags.into_iter().flat_map(|(at, id)| [at, id]).flat_map(u32::to_le_bytes));
    out.extend(data);
    Ok(out)
}
