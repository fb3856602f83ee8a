//! A BTF blob, decoded on demand.
//!
//! Answers for the reading half of the kernel's `btf.c`. vmlinux has 100,000 types and a program looks at a few dozen, so
//! a type is decoded when it is asked for, and names are looked up through a table ([`super::names`]). A blob is held
//! whole, with an index of where its types begin, or as bpfvet stores those of kernels ([`super::packed`]): then it is
//! not even unpacked where nobody looks. Blobs may be hostile: every reference is checked when it is followed, so a bad
//! id is `None`, never a panic.

use std::any::Any;
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::kind::BtfKind;
use super::layout::{BtfError, HEADER_LEN, MAGIC, TYPE_HEADER, TypeId, assemble, index_types, u16_at, u32_at};
use super::names::{self, Names, flavourless_name};
use super::packed::Packed;
use super::text::Text;
use super::types::Type;

/// Longest chain of modifiers and arrays that is followed, against cycles in hostile blobs.
const MAX_CHAIN: usize = 64;

/// Where the bytes are.
#[derive(Debug)]
enum Store {
    /// In one piece, with the offset in it of each type, first type first, and the string section: as a range of it, and
    /// as text.
    Whole { raw: Vec<u8>, strings: (usize, usize), text: Text, offsets: Vec<u32> },
    /// As bpfvet stores the BTF of kernels.
    Packed(Packed),
}

impl Default for Store {
    fn default() -> Store {
        Store::Whole { raw: Vec::new(), strings: (0, 0), text: Text::default(), offsets: Vec::new() }
    }
}

impl Store {
    /// Number of types.
    fn types(&self) -> usize {
        match self {
            Store::Whole { offsets, .. } => offsets.len(),
            Store::Packed(packed) => packed.types(),
        }
    }

    /// Length of the string section.
    fn str_len(&self) -> usize {
        match self {
            Store::Whole { strings, .. } => strings.1 - strings.0,
            Store::Packed(packed) => packed.str_len(),
        }
    }

    /// Bytes from the header of the type at a position on.
    fn type_at(&self, position: usize) -> Option<&[u8]> {
        match self {
            Store::Whole { raw, offsets, .. } => raw.get(*offsets.get(position)? as usize..),
            Store::Packed(packed) => packed.type_at(position),
        }
    }

    /// The strings, or the part of them in which an offset lies, and where in it.
    fn strings_at(&self, offset: usize) -> Option<(&Text, usize)> {
        match self {
            Store::Whole { text, .. } => Some((text, offset)),
            Store::Packed(packed) => packed.strings_at(offset),
        }
    }
}

/// A BTF blob with an index of its types.
#[derive(Default)]
pub struct Btf {
    store: Store,
    base: Option<Arc<Btf>>,
    /// First id of this blob: 1, or the number of types of the base.
    start_id: TypeId,
    /// First string offset of this blob: 0, or the length of the base's strings.
    start_str: u32,
    /// How many types have names, and the table of names, where it is not stored.
    names: OnceLock<(usize, Vec<u8>)>,
    /// The type that each declaration tag stands at and the tag's id, sorted.
    tags: OnceLock<Vec<(TypeId, TypeId)>>,
    /// Which blob this is among all that this process reads; 0: the empty one.
    serial: u64,
    /// What others found in it once, see [`Btf::keep`].
    kept: Mutex<Vec<Arc<dyn Any + Send + Sync>>>,
}

impl std::fmt::Debug for Btf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Btf({} types from id {})", self.store.types(), self.start_id)
    }
}

/// A number that no other blob has.
fn next_serial() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

impl Btf {
    /// Indexes a blob in host-independent little-endian form.
    ///
    /// `base` is the BTF that a split BTF (of a module) continues. Checked here: header, section bounds, that every
    /// type has a known kind and fits. References between types are checked when they are followed; what
    /// `BPF_BTF_LOAD` demands beyond that is [`super::validate`].
    pub fn parse(raw: Vec<u8>, base: Option<Arc<Btf>>) -> Result<Btf, BtfError> {
        let short = || BtfError::new(0, "the header is cut off");
        let magic = u16_at(&raw, 0).ok_or_else(short)?;
        if magic == MAGIC.swap_bytes() {
            return Err(BtfError::new(0, "big-endian BTF is not supported"));
        }
        if magic != MAGIC {
            return Err(BtfError::new(0, format!("invalid magic {magic:#x}")));
        }
        let word = |off| u32_at(&raw, off).map(|v| v as usize).ok_or_else(short);
        let hdr_len = word(4)?;
        if hdr_len < HEADER_LEN {
            return Err(BtfError::new(4, format!("header length {hdr_len} is too small")));
        }
        let (type_off, type_len, str_off, str_len) = (word(8)?, word(12)?, word(16)?, word(20)?);
        let section = |off: usize, len: usize, what: &str| -> Result<(usize, usize), BtfError> {
            let start = hdr_len.checked_add(off);
            let end = start.and_then(|s| s.checked_add(len));
            match (start, end) {
                (Some(s), Some(e)) if e <= raw.len() => Ok((s, e)),
                _ => Err(BtfError::new(off, format!("the {what} section reaches past the end"))),
            }
        };
        let types = section(type_off, type_len, "type")?;
        let strings = section(str_off, str_len, "string")?;
        let str_bytes = &raw[strings.0..strings.1];
        if (base.is_none() || str_len > 0)
            && (str_bytes.last() != Some(&0) || (base.is_none() && str_bytes.first() != Some(&0)))
        {
            return Err(BtfError::new(strings.0, "the string section is not enclosed in zeroes"));
        }
        let (start_id, start_str) = match &base {
            Some(b) => (b.nr_types(), b.strings_end()),
            None => (1, 0),
        };
        let offsets = index_types(&raw, types)?;
        let n = u32::try_from(offsets.len()).ok().and_then(|n| n.checked_add(start_id));
        if n.is_none_or(|n| n > i32::MAX as u32) {
            return Err(BtfError::new(0, "too many types"));
        }
        let text = Text::new(str_bytes);
        let (store, serial) = (Store::Whole { raw, strings, text, offsets }, next_serial());
        Ok(Btf { store, base, start_id, start_str, serial, ..Btf::default() })
    }

    /// Opens what [`super::pack`] made. Types are unpacked, a few hundred at a time, when they are asked for.
    ///
    /// # Errors
    /// When it is something else.
    pub fn open_packed(stored: &'static [u8]) -> Result<Btf, BtfError> {
        let (store, serial) = (Store::Packed(Packed::open(stored)?), next_serial());
        Ok(Btf { store, start_id: 1, serial, ..Btf::default() })
    }

    /// The blob itself.
    pub fn raw(&self) -> Cow<'_, [u8]> {
        match &self.store {
            Store::Whole { raw, .. } => Cow::Borrowed(raw),
            Store::Packed(packed) => {
                let (types, strings) = packed.sections();
                Cow::Owned(assemble(&types, &strings).unwrap_or_default())
            }
        }
    }

    /// The bytes of the type section and of the string section.
    pub(super) fn sections(&self) -> (Cow<'_, [u8]>, Cow<'_, [u8]>) {
        let (raw, strings, offsets) = match &self.store {
            Store::Whole { raw, strings, offsets, .. } => (raw, *strings, offsets),
            Store::Packed(packed) => {
                let (types, strings) = packed.sections();
                return (Cow::Owned(types), Cow::Owned(strings));
            }
        };
        let last = self.ty(self.nr_types().wrapping_sub(1)).map_or(0, |t| TYPE_HEADER + t.data.len());
        let types = match (offsets.first(), offsets.last()) {
            (Some(first), Some(end)) => raw.get(*first as usize..*end as usize + last),
            _ => None,
        };
        let strings = raw.get(strings.0..strings.1);
        (Cow::Borrowed(types.unwrap_or_default()), Cow::Borrowed(strings.unwrap_or_default()))
    }

    /// The BTF that this split BTF continues.
    pub fn base(&self) -> Option<&Arc<Btf>> {
        self.base.as_ref()
    }

    /// First id of this blob's own types: 1 unless it is split BTF.
    pub fn start_id(&self) -> TypeId {
        self.start_id
    }

    /// Number of types including void and those of the base: ids below it exist. Kernel: `btf_nr_types()`.
    pub fn nr_types(&self) -> u32 {
        self.start_id + self.store.types() as u32
    }

    /// End of the string offsets: those of the base and its own.
    pub fn strings_end(&self) -> u32 {
        self.start_str + self.store.str_len() as u32
    }

    /// The type with this id; id 0 is void.
    pub fn ty(&self, id: TypeId) -> Option<Type<'_>> {
        if id == 0 {
            let (kind, data) = (BtfKind::Void, &[][..]);
            return Some(Type { id, kind, name_off: 0, vlen: 0, kflag: false, size_or_type: 0, data, btf: self });
        }
        if id < self.start_id {
            return self.base.as_ref()?.ty(id);
        }
        let b = self.store.type_at((id - self.start_id) as usize)?;
        let info = u32_at(b, 4)?;
        let kind = BtfKind::from_number((info >> 24) & 0x1f)?;
        let vlen = info as u16;
        Some(Type {
            id,
            kind,
            name_off: u32_at(b, 0)?,
            vlen,
            kflag: info >> 31 != 0,
            size_or_type: u32_at(b, 8)?,
            data: b.get(TYPE_HEADER..TYPE_HEADER + kind.trailing(usize::from(vlen)))?,
            btf: self,
        })
    }

    /// The `info` word of one of this blob's own types, undecoded.
    pub(super) fn info_word(&self, id: TypeId) -> Option<u32> {
        u32_at(self.store.type_at(id.checked_sub(self.start_id)? as usize)?, 4)
    }

    /// Every type of this blob (not of the base), in order of id.
    pub fn own_types(&self) -> impl Iterator<Item = Type<'_>> {
        (self.start_id..self.nr_types()).filter_map(|id| self.ty(id))
    }

    /// The bytes of the string at an offset, without the final zero; `None` when the offset is outside.
    pub fn bytes_at(&self, off: u32) -> Option<&[u8]> {
        if off < self.start_str {
            return self.base.as_ref()?.bytes_at(off);
        }
        let (text, at) = self.store.strings_at((off - self.start_str) as usize)?;
        text.bytes_at(at)
    }

    /// Whether there is a string at an offset: all of them end in a zero, as was checked when the blob was read.
    pub fn has_string(&self, off: u32) -> bool {
        off < self.strings_end()
    }

    /// The string at an offset; empty when the offset is outside or the bytes are not UTF-8.
    pub fn name_at(&self, off: u32) -> &str {
        if off < self.start_str {
            return self.base.as_ref().map_or("", |b| b.name_at(off));
        }
        self.store.strings_at((off - self.start_str) as usize).and_then(|(text, at)| text.str_at(at)).unwrap_or("")
    }

    /// Which blob this is: a number that no other blob of this process has.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// What somebody found in this blob: what `fits`, if somebody kept such a thing; otherwise it is made now and kept
    /// beside the blob. A blob is asked the same for each program of an object; the answer never changes.
    pub fn keep<T: Any + Send + Sync>(&self, fits: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> Arc<T> {
        /// So many things are kept at most, against growth where the same blob is asked about many kernels.
        const KEPT_MAX: usize = 16;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|k| k.downcast_ref().is_some_and(&fits)).cloned();
        drop(kept);
        if let Some(found) = found.and_then(|f| f.downcast().ok()) {
            return found;
        }
        let made = Arc::new(make());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push(made.clone());
        made
    }

    /// The string at an offset for printing, bytes that are not UTF-8 replaced (source lines may hold any bytes).
    pub fn text_at(&self, off: u32) -> Option<Cow<'_, str>> {
        self.bytes_at(off).map(String::from_utf8_lossy)
    }

    /// Name of a type; empty when it has none. Kernel: `btf_type_name()`.
    pub fn type_name(&self, id: TypeId) -> &str {
        self.ty(id).map_or("", |t| t.name())
    }

    /// The table of names; where it is not stored, it is made now.
    fn names(&self) -> Names<'_> {
        if let Store::Packed(packed) = &self.store {
            return packed.names();
        }
        let (named, words) = self.names.get_or_init(|| {
            let named = |t: Type<'_>| (t.name_off != 0).then_some((t.id - self.start_id, self.bytes_at(t.name_off)?));
            let all: Vec<_> = self.own_types().filter_map(named).collect();
            (all.len(), names::build(self.store.types(), all.into_iter()))
        });
        Names::new(self.store.types(), *named, words)
    }

    /// This blob's own types whose name without flavour is `essential`, in order of id. Used for CO-RE candidates.
    pub fn own_by_essential_name<'a, 'n>(&'a self, essential: &'n str) -> impl Iterator<Item = Type<'a>> + use<'a, 'n> {
        let candidates = self.names().candidates(essential);
        candidates
            .filter_map(|position| self.ty(self.start_id + position))
            .filter(move |t| flavourless_name(t.name()) == essential)
    }

    /// Ids of [`Btf::own_by_essential_name`].
    pub fn own_by_essential_name_vec(&self, essential: &str) -> Vec<TypeId> {
        self.own_by_essential_name(essential).map(|t| t.id).collect()
    }

    /// This blob's own types of a name, in order of id.
    pub fn own_by_name<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = Type<'a>> + use<'a, 'n> {
        let candidates = self.names().candidates(flavourless_name(name));
        candidates.filter_map(|position| self.ty(self.start_id + position)).filter(move |t| t.name() == name)
    }

    /// Like [`Btf::find_by_name_kind`], looking only at this blob's own types.
    pub fn find_own_by_name_kind(&self, name: &str, kind: BtfKind) -> Option<TypeId> {
        if name.is_empty() {
            return None;
        }
        self.own_by_name(name).find(|t| t.kind == kind).map(|t| t.id)
    }

    /// Lowest id of a type of this name and kind; the base is searched first. Kernel: `btf_find_by_name_kind()`.
    pub fn find_by_name_kind(&self, name: &str, kind: BtfKind) -> Option<TypeId> {
        if let Some(id) = self.base.as_ref().and_then(|b| b.find_by_name_kind(name, kind)) {
            return Some(id);
        }
        self.find_own_by_name_kind(name, kind)
    }

    /// The type behind typedefs, qualifiers and type tags. Kernel: `btf_type_skip_modifiers()`.
    ///
    /// `None`: the id, or one on the way, does not exist (or the chain is absurdly long).
    pub fn skip_modifiers(&self, id: TypeId) -> Option<Type<'_>> {
        let mut t = self.ty(id)?;
        for _ in 0..MAX_CHAIN {
            if !t.kind.is_modifier() {
                return Some(t);
            }
            t = self.ty(t.size_or_type)?;
        }
        None
    }

    /// The type behind the modifiers of a pointer's target: what `id` points to, when it is a pointer.
    pub fn pointee(&self, id: TypeId) -> Option<Type<'_>> {
        let p = self.skip_modifiers(id)?;
        if p.kind == BtfKind::Ptr { self.skip_modifiers(p.size_or_type) } else { None }
    }

    /// The function prototype behind a pointer to a function. Kernel: `btf_type_resolve_func_ptr()`.
    pub fn resolve_func_ptr(&self, id: TypeId) -> Option<Type<'_>> {
        self.pointee(id).filter(|t| t.kind == BtfKind::FuncProto)
    }

    /// Bytes that a value of the type takes; `None` for void, functions and what has no size.
    pub fn resolve_size(&self, id: TypeId) -> Option<u32> {
        let mut t = self.ty(id)?;
        let mut count: u32 = 1;
        for _ in 0..MAX_CHAIN {
            let size = match t.kind {
                BtfKind::Ptr => 8,
                BtfKind::Array => {
                    let a = t.array()?;
                    count = count.checked_mul(a.nelems)?;
                    t = self.ty(a.elem)?;
                    continue;
                }
                BtfKind::Var | BtfKind::DeclTag => {
                    t = self.ty(t.size_or_type)?;
                    continue;
                }
                k if k.is_modifier() => {
                    t = self.ty(t.size_or_type)?;
                    continue;
                }
                _ => t.own_size()?,
            };
            return count.checked_mul(size);
        }
        None
    }

    /// Alignment in bytes that C gives the type; 0 when it has none. libbpf: `btf__align_of()`.
    pub fn align_of(&self, id: TypeId) -> u32 {
        self.align_at(id, 0)
    }

    fn align_at(&self, id: TypeId, depth: usize) -> u32 {
        let Some(t) = self.ty(id).filter(|_| depth < MAX_CHAIN) else { return 0 };
        match t.kind {
            BtfKind::Int | BtfKind::Enum | BtfKind::Enum64 | BtfKind::Float => t.size_or_type.min(8),
            BtfKind::Ptr => 8,
            BtfKind::Array => t.array().map_or(0, |a| self.align_at(a.elem, depth + 1)),
            k if k.is_modifier() => self.align_at(t.size_or_type, depth + 1),
            BtfKind::Struct | BtfKind::Union => {
                let mut max = 1;
                for m in t.members() {
                    let a = self.align_at(m.type_id, depth + 1);
                    if a == 0 {
                        return 0;
                    }
                    max = max.max(a);
                    // A packed struct has members that are not aligned.
                    if m.bitfield_size == 0 && m.bit_offset % (8 * a) != 0 {
                        return 1;
                    }
                }
                if t.size_or_type % max != 0 { 1 } else { max }
            }
            _ => 0,
        }
    }

    /// Declaration tags that stand at a type, in order of id: the tags' own ids.
    pub fn decl_tags_of(&self, id: TypeId) -> impl Iterator<Item = Type<'_>> {
        let tags = self.tags.get_or_init(|| {
            if let Store::Packed(packed) = &self.store {
                return packed.tags();
            }
            let tags = self.own_types().filter(|t| t.kind == BtfKind::DeclTag);
            let mut tags: Vec<_> = tags.map(|t| (t.size_or_type, t.id)).collect();
            tags.sort_unstable();
            tags
        });
        let base = self.base.as_ref().filter(|_| id < self.start_id);
        let below: Vec<Type<'_>> = base.map_or_else(Vec::new, |b| b.decl_tags_of(id).collect());
        let from = tags.partition_point(|(at, _)| *at < id);
        let own = tags[from..].iter().take_while(move |(at, _)| *at == id);
        below.into_iter().chain(own.filter_map(|(_, tag)| self.ty(*tag)))
    }

    /// What follows `prefix` in the declaration tag at a component of a type. Kernel: `btf_find_decl_tag_value()`.
    ///
    /// `Ok(None)`: no such tag. `Err(())`: more than one, which the kernel answers with `EEXIST`.
    #[allow(clippy::result_unit_err)]
    pub fn find_decl_tag_value(&self, id: TypeId, component: i32, prefix: &str) -> Result<Option<&str>, ()> {
        let mut found = None;
        for t in self.decl_tags_of(id) {
            if t.decl_tag_component() != Some(component) {
                continue;
            }
            if let Some(rest) = t.name().strip_prefix(prefix) {
                if found.is_some() {
                    return Err(());
                }
                found = Some(rest);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_headers_are_errors() {
        assert!(Btf::parse(vec![], None).is_err());
        assert!(Btf::parse(vec![0x9f, 0xeb, 1, 0], None).is_err());
        let mut b = vec![0u8; 24];
        b[..4].copy_from_slice(&[0x9f, 0xeb, 1, 0]);
        b[4..8].copy_from_slice(&24u32.to_le_bytes());
        b[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Btf::parse(b, None).is_err());
    }
}
