//! A BTF blob being changed in place before it is loaded.
//!
//! Answers for what libbpf does to the BTF of an object: sizes and offsets of data sections, externs turned into
//! variables, linkage of hidden functions. Types keep their ids and strings their offsets; new ones are appended.

use super::blob::Btf;
use super::layout::{BtfError, TypeId, assemble};
use super::types::Type;

/// A blob being changed.
#[derive(Debug)]
pub struct BtfEdit<'a> {
    original: &'a Btf,
    types: Vec<u8>,
    /// Offset of each type in `types`, first type first.
    offsets: Vec<usize>,
    strings: Vec<u8>,
}

impl<'a> BtfEdit<'a> {
    /// Starts from a BTF without base.
    pub fn new(original: &'a Btf) -> BtfEdit<'a> {
        let (types, strings) = original.sections();
        let mut offsets = Vec::new();
        let mut at = 0;
        for t in original.own_types() {
            offsets.push(at);
            at += 12 + t.data.len();
        }
        BtfEdit { original, types: types.into_owned(), offsets, strings: strings.into_owned() }
    }

    /// The blob as it was.
    pub fn original(&self) -> &'a Btf {
        self.original
    }

    fn set(&mut self, id: TypeId, word: usize, value: u32) {
        let at = id.checked_sub(1).and_then(|i| self.offsets.get(i as usize)).map(|o| o + 4 * word);
        if let Some(slot) = at.and_then(|at| self.types.get_mut(at..at + 4)) {
            slot.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// Sets size or referred type.
    pub fn set_size_or_type(&mut self, id: TypeId, value: u32) {
        self.set(id, 2, value);
    }

    /// Sets the number of members, or the linkage of a function.
    pub fn set_vlen(&mut self, t: &Type<'_>, vlen: u16) {
        let info = u32::from(vlen) | ((t.kind as u32) << 24) | (u32::from(t.kflag) << 31);
        self.set(t.id, 1, info);
    }

    /// Sets one of the words that follow the header.
    pub fn set_word(&mut self, id: TypeId, word: usize, value: u32) {
        self.set(id, 3 + word, value);
    }

    /// Offset of a string, which is appended when the blob does not have it.
    pub fn string(&mut self, s: &str) -> u32 {
        let found = self
            .strings
            .split_inclusive(|b| *b == 0)
            .scan(0usize, |at, piece| {
                let start = *at;
                *at += piece.len();
                Some((start, piece))
            })
            .find(|(_, piece)| piece.strip_suffix(&[0]) == Some(s.as_bytes()))
            .map(|(at, _)| at);
        let at = found.unwrap_or_else(|| {
            let at = self.strings.len();
            self.strings.extend_from_slice(s.as_bytes());
            self.strings.push(0);
            at
        });
        u32::try_from(at).unwrap_or(0)
    }

    /// Appends a type: name, `info`, size or type, and what follows.
    pub fn push(&mut self, name_off: u32, info: u32, size_or_type: u32, rest: &[u32]) -> TypeId {
        self.offsets.push(self.types.len());
        for w in [name_off, info, size_or_type].iter().chain(rest) {
            self.types.extend_from_slice(&w.to_le_bytes());
        }
        TypeId::try_from(self.offsets.len()).unwrap_or(0)
    }

    /// Sorts the variables of a data section by offset, as they are now.
    pub fn sort_vars(&mut self, id: TypeId, vlen: u16) {
        let start = id.checked_sub(1).and_then(|i| self.offsets.get(i as usize)).map(|o| o + 12);
        let Some(vars) = start.and_then(|s| self.types.get_mut(s..s + 12 * usize::from(vlen))) else { return };
        let mut all: Vec<[u8; 12]> = vars.as_chunks::<12>().0.to_vec();
        all.sort_by_key(|v| i32::from_le_bytes([v[4], v[5], v[6], v[7]]));
        vars.copy_from_slice(all.as_flattened());
    }

    /// The changed blob.
    pub fn finish(self) -> Result<Btf, BtfError> {
        Btf::parse(assemble(&self.types, &self.strings)?, None)
    }
}
