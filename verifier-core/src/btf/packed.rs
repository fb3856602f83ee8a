//! A kernel's BTF as it is stored: in blocks that are unpacked when something in them is asked for.
//!
//! A kernel has 100,000 types and most programs look at none or a few dozen, which lie in a few dozen blocks. The form
//! is little-endian words, all lengths in bytes:
//!
//! | what | how long |
//! |---|---|
//! | `BTFPACK1` | 8 |
//! | numbers of types, of types with names, of declaration tags; lengths of the type section, of the strings | 20 |
//! | for each block of [`TYPES_PER_BLOCK`] types: where its data ends, its length | 8 each |
//! | for each block of [`STRING_BLOCK`] bytes of strings (and the rest of a string that crosses its end): the same | 8 each |
//! | the table of names ([`super::names`]) | as that says |
//! | for each declaration tag: the type it stands at, its own id; sorted | 8 each |
//! | the blocks, deflated | |
//!
//! The blob is ours and complete, so a block that does not unpack cannot be met; its types would not exist.

use std::sync::OnceLock;

use super::layout::{BtfError, TypeId, index_types, u32_at};
use super::names::Names;
use super::text::Text;
use crate::packing::inflate;

pub(super) const MAGIC: &[u8; 8] = b"BTFPACK1";
const WORDS_AT: usize = MAGIC.len() + 5 * 4;
/// Small enough to unpack in 30 microseconds, large enough to be a twentieth larger than in one piece only.
pub(super) const TYPES_PER_BLOCK: usize = 512;
pub(super) const STRING_BLOCK: usize = 16 << 10;

/// Types unpacked, and where each begins.
#[derive(Debug)]
struct TypeBlock {
    bytes: Box<[u8]>,
    offsets: Vec<u32>,
}

/// A block: where it is stored, its length, and what is in it once somebody asked.
#[derive(Debug)]
struct Block<T> {
    stored: &'static [u8],
    len: usize,
    content: OnceLock<Option<T>>,
}

/// The stored form, opened.
#[derive(Debug)]
pub(super) struct Packed {
    types: usize,
    named: usize,
    type_len: usize,
    str_len: usize,
    type_blocks: Box<[Block<TypeBlock>]>,
    string_blocks: Box<[Block<Text>]>,
    names: &'static [u8],
    tags: &'static [u8],
}

impl Packed {
    /// Reads the head; unpacks nothing.
    pub fn open(stored: &'static [u8]) -> Result<Packed, BtfError> {
        let damaged = || BtfError::new(0, "the stored BTF is damaged");
        if !stored.starts_with(MAGIC) {
            return Err(BtfError::new(0, "this is not BTF as bpfvet stores it"));
        }
        let word = |i: usize| u32_at(stored, MAGIC.len() + 4 * i).map(|w| w as usize).ok_or_else(damaged);
        let (types, named, tags, type_len, str_len) = (word(0)?, word(1)?, word(2)?, word(3)?, word(4)?);
        let (type_blocks, string_blocks) = (types.div_ceil(TYPES_PER_BLOCK), str_len.div_ceil(STRING_BLOCK));
        let names_at = WORDS_AT + 8 * (type_blocks + string_blocks);
        let tags_at = names_at + Names::bytes(types, named);
        let data_at = tags_at + 8 * tags;
        let data = stored.get(data_at..).ok_or_else(damaged)?;
        let mut begins = 0;
        let mut next = |i: usize| -> Option<(&'static [u8], usize)> {
            let end = u32_at(stored, WORDS_AT + 8 * i)? as usize;
            let len = u32_at(stored, WORDS_AT + 8 * i + 4)? as usize;
            Some((data.get(std::mem::replace(&mut begins, end)..end)?, len))
        };
        Ok(Packed {
            types,
            named,
            type_len,
            str_len,
            type_blocks: (0..type_blocks).map(|i| Block::new(next(i))).collect::<Option<_>>().ok_or_else(damaged)?,
            string_blocks: (type_blocks..type_blocks + string_blocks)
                .map(|i| Block::new(next(i)))
                .collect::<Option<_>>()
                .ok_or_else(damaged)?,
            names: &stored[names_at..tags_at],
            tags: &stored[tags_at..data_at],
        })
    }

    /// Number of types.
    pub fn types(&self) -> usize {
        self.types
    }

    /// Length of the string section.
    pub fn str_len(&self) -> usize {
        self.str_len
    }

    /// Bytes from the header of the type at a position on.
    pub fn type_at(&self, position: usize) -> Option<&[u8]> {
        let block = self.type_blocks.get(position / TYPES_PER_BLOCK)?.get(|bytes| {
            let offsets = index_types(&bytes, (0, bytes.len())).ok()?;
            Some(TypeBlock { bytes, offsets })
        })?;
        block.bytes.get(*block.offsets.get(position % TYPES_PER_BLOCK)? as usize..)
    }

    /// The strings around an offset, at least to the end of the one there, and where in them it is.
    pub fn strings_at(&self, offset: usize) -> Option<(&Text, usize)> {
        let block = self.string_blocks.get(offset / STRING_BLOCK)?;
        Some((block.get(|bytes| Some(Text::new(&bytes)))?, offset % STRING_BLOCK))
    }

    /// The table of names.
    pub fn names(&self) -> Names<'static> {
        Names::new(self.types, self.named, self.names)
    }

    /// Declaration tags: the type each stands at and its own id, sorted.
    pub fn tags(&self) -> Vec<(TypeId, TypeId)> {
        let pair = |p: &[u8; 8]| (u32_at(p, 0).unwrap_or(0), u32_at(p, 4).unwrap_or(0));
        self.tags.as_chunks::<8>().0.iter().map(pair).collect()
    }

    /// All types and all strings, as they stand in the blob this was made of.
    pub fn sections(&self) -> (Vec<u8>, Vec<u8>) {
        let mut types = Vec::with_capacity(self.type_len);
        for first in (0..self.types).step_by(TYPES_PER_BLOCK) {
            types.extend_from_slice(self.type_at(first).unwrap_or_default());
        }
        let mut strings = Vec::with_capacity(self.str_len);
        for first in (0..self.str_len).step_by(STRING_BLOCK) {
            let block = self.strings_at(first).map_or(&[][..], |(text, _)| text.bytes());
            strings.extend_from_slice(&block[..block.len().min(STRING_BLOCK)]);
        }
        (types, strings)
    }
}

impl<T> Block<T> {
    fn new(place: Option<(&'static [u8], usize)>) -> Option<Block<T>> {
        place.map(|(stored, len)| Block { stored, len, content: OnceLock::new() })
    }

    fn get(&self, read: impl FnOnce(Box<[u8]>) -> Option<T>) -> Option<&T> {
        self.content.get_or_init(|| inflate(self.stored, self.len).and_then(read)).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_an_error() {
        assert!(Packed::open(b"").is_err());
        assert!(Packed::open(b"BTFPACK1").is_err());
        let mut head = MAGIC.to_vec();
        head.extend([0xff; 40]);
        assert!(Packed::open(head.leak()).is_err());
    }
}
