//! A BTF blob, decoded on demand: an index of type offsets over the raw bytes.
//!
//! Answers for the reading half of the kernel's `btf.c`. vmlinux has 100,000 types and a program looks at a few dozen,
//! so parsing only finds where each type begins; a type is decoded when it is asked for, and names are looked up
//! through an index that is built at the first question. Blobs may be hostile: every reference is checked when it is
//! followed, so a bad id is `None`, never a panic.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Id of a type within a BTF (split BTF counts on from its base).
pub type TypeId = u32;

/// What is wrong with a BTF blob: offset in bytes and reason.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("BTF offset {offset}: {what}")]
pub struct BtfError {
    /// Byte offset in the blob.
    pub offset: usize,
    /// Reason.
    pub what: String,
}

impl BtfError {
    pub(super) fn new(offset: usize, what: impl Into<String>) -> BtfError {
        BtfError { offset, what: what.into() }
    }
}

/// Kinds of types. Kernel: `BTF_KIND_*`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum BtfKind {
    Void = 0,
    Int = 1,
    Ptr = 2,
    Array = 3,
    Struct = 4,
    Union = 5,
    Enum = 6,
    Fwd = 7,
    Typedef = 8,
    Volatile = 9,
    Const = 10,
    Restrict = 11,
    Func = 12,
    FuncProto = 13,
    Var = 14,
    Datasec = 15,
    Float = 16,
    DeclTag = 17,
    TypeTag = 18,
    Enum64 = 19,
}

impl BtfKind {
    /// The kind with this number, if there is one.
    pub const fn from_number(n: u32) -> Option<BtfKind> {
        Some(match n {
            0 => BtfKind::Void,
            1 => BtfKind::Int,
            2 => BtfKind::Ptr,
            3 => BtfKind::Array,
            4 => BtfKind::Struct,
            5 => BtfKind::Union,
            6 => BtfKind::Enum,
            7 => BtfKind::Fwd,
            8 => BtfKind::Typedef,
            9 => BtfKind::Volatile,
            10 => BtfKind::Const,
            11 => BtfKind::Restrict,
            12 => BtfKind::Func,
            13 => BtfKind::FuncProto,
            14 => BtfKind::Var,
            15 => BtfKind::Datasec,
            16 => BtfKind::Float,
            17 => BtfKind::DeclTag,
            18 => BtfKind::TypeTag,
            19 => BtfKind::Enum64,
            _ => return None,
        })
    }

    /// The word the kernel and libbpf print for the kind.
    pub const fn word(self) -> &'static str {
        match self {
            BtfKind::Void => "void",
            BtfKind::Int => "int",
            BtfKind::Ptr => "ptr",
            BtfKind::Array => "array",
            BtfKind::Struct => "struct",
            BtfKind::Union => "union",
            BtfKind::Enum => "enum",
            BtfKind::Fwd => "fwd",
            BtfKind::Typedef => "typedef",
            BtfKind::Volatile => "volatile",
            BtfKind::Const => "const",
            BtfKind::Restrict => "restrict",
            BtfKind::Func => "func",
            BtfKind::FuncProto => "func_proto",
            BtfKind::Var => "var",
            BtfKind::Datasec => "datasec",
            BtfKind::Float => "float",
            BtfKind::DeclTag => "decl_tag",
            BtfKind::TypeTag => "type_tag",
            BtfKind::Enum64 => "enum64",
        }
    }

    /// The word the verifier's log shows for the kind. Kernel: `btf_type_str()`.
    pub const fn log_word(self) -> &'static str {
        match self {
            BtfKind::Void => "UNKNOWN",
            BtfKind::Int => "INT",
            BtfKind::Ptr => "PTR",
            BtfKind::Array => "ARRAY",
            BtfKind::Struct => "STRUCT",
            BtfKind::Union => "UNION",
            BtfKind::Enum => "ENUM",
            BtfKind::Fwd => "FWD",
            BtfKind::Typedef => "TYPEDEF",
            BtfKind::Volatile => "VOLATILE",
            BtfKind::Const => "CONST",
            BtfKind::Restrict => "RESTRICT",
            BtfKind::Func => "FUNC",
            BtfKind::FuncProto => "FUNC_PROTO",
            BtfKind::Var => "VAR",
            BtfKind::Datasec => "DATASEC",
            BtfKind::Float => "FLOAT",
            BtfKind::DeclTag => "DECL_TAG",
            BtfKind::TypeTag => "TYPE_TAG",
            BtfKind::Enum64 => "ENUM64",
        }
    }

    /// Kernel: `btf_type_is_modifier()`.
    pub const fn is_modifier(self) -> bool {
        matches!(self, BtfKind::Typedef | BtfKind::Volatile | BtfKind::Const | BtfKind::Restrict | BtfKind::TypeTag)
    }

    /// Bytes that follow the 12-byte header of a type of this kind.
    const fn trailing(self, vlen: usize) -> usize {
        match self {
            BtfKind::Int | BtfKind::Var | BtfKind::DeclTag => 4,
            BtfKind::Array => 12,
            BtfKind::Struct | BtfKind::Union | BtfKind::Datasec | BtfKind::Enum64 => vlen * 12,
            BtfKind::Enum | BtfKind::FuncProto => vlen * 8,
            _ => 0,
        }
    }
}

const MAGIC: u16 = 0xeb9f;
const HEADER_LEN: usize = 24;
const TYPE_HEADER: usize = 12;
/// Longest chain of modifiers and arrays that is followed, against cycles in hostile blobs.
const MAX_CHAIN: usize = 64;

fn u16_at(b: &[u8], off: usize) -> Option<u16> {
    let b = b.get(off..off.checked_add(2)?)?;
    Some(u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(b: &[u8], off: usize) -> Option<u32> {
    let b = b.get(off..off.checked_add(4)?)?;
    Some(u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

/// A BTF blob with an index of its types.
#[derive(Default)]
pub struct Btf {
    raw: Vec<u8>,
    base: Option<Arc<Btf>>,
    /// First id of this blob: 1, or the number of types of the base.
    start_id: TypeId,
    /// First string offset of this blob: 0, or the length of the base's strings.
    start_str: u32,
    /// String section as a range of `raw`.
    strings: (usize, usize),
    /// Offset in `raw` of each type, first type first.
    offsets: Vec<u32>,
    names: OnceLock<Vec<(u32, TypeId)>>,
    tags: OnceLock<HashMap<TypeId, Vec<TypeId>>>,
}

impl std::fmt::Debug for Btf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Btf({} types from id {}, {} bytes)", self.offsets.len(), self.start_id, self.raw.len())
    }
}

/// One type, borrowed from its BTF.
#[derive(Clone, Copy, Debug)]
pub struct Type<'a> {
    /// Its id.
    pub id: TypeId,
    /// Kind.
    pub kind: BtfKind,
    /// Offset of the name in the string table; 0: anonymous.
    pub name_off: u32,
    /// Number of members, values or parameters; linkage of functions.
    pub vlen: u16,
    /// Bit 31 of `info`: bitfield layout of members, signedness of enums, union of forwards.
    pub kflag: bool,
    /// Size in bytes, or the id of the type referred to.
    pub size_or_type: u32,
    /// What follows the header: members, parameters, ….
    pub data: &'a [u8],
    /// The BTF it stands in (the base, when the id belongs to it).
    pub btf: &'a Btf,
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Name; empty: anonymous.
    pub name: &'a str,
    /// Offset of the name in the strings.
    pub name_off: u32,
    /// Type of the member.
    pub type_id: TypeId,
    /// Bits from the start of the struct.
    pub bit_offset: u32,
    /// Bits of a bitfield, 0 when it is none (or encoded in the integer, as old compilers do).
    pub bitfield_size: u32,
}

/// A parameter of a function prototype; a variadic one ends in a parameter of type 0 without name.
#[derive(Clone, Copy, Debug)]
pub struct Param<'a> {
    /// Name; empty: anonymous.
    pub name: &'a str,
    /// Offset of the name in the strings.
    pub name_off: u32,
    /// Type.
    pub type_id: TypeId,
}

/// A value of an enum, sign- or zero-extended as the enum says.
#[derive(Clone, Copy, Debug)]
pub struct EnumValue<'a> {
    /// Name.
    pub name: &'a str,
    /// Value.
    pub value: i64,
}

/// A variable in a data section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VarSecinfo {
    /// `BTF_KIND_VAR` (or function, for externs).
    pub type_id: TypeId,
    /// Bytes from the start of the section.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
}

/// Element, index type and length of an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayInfo {
    /// Element type.
    pub elem: TypeId,
    /// Index type.
    pub index: TypeId,
    /// Number of elements.
    pub nelems: u32,
}

/// How an integer type is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IntEncoding {
    /// Signed.
    pub signed: bool,
    /// Prints as a character.
    pub is_char: bool,
    /// Is a boolean.
    pub is_bool: bool,
    /// Bit offset within the storage.
    pub offset: u8,
    /// Bits.
    pub bits: u8,
}

impl<'a> Type<'a> {
    /// Name; empty when anonymous.
    pub fn name(&self) -> &'a str {
        self.btf.name_at(self.name_off)
    }

    /// Members of a struct or union; nothing for other kinds.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Member<'a>> + Clone + use<'a> {
        let (btf, kflag) = (self.btf, self.kflag);
        let data = if matches!(self.kind, BtfKind::Struct | BtfKind::Union) { self.data } else { &[] };
        words::<3>(data).map(move |[name_off, type_id, off]| Member {
            name: btf.name_at(name_off),
            name_off,
            type_id,
            bit_offset: if kflag { off & 0x00ff_ffff } else { off },
            bitfield_size: if kflag { off >> 24 } else { 0 },
        })
    }

    /// Parameters of a function prototype; nothing for other kinds.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Param<'a>> + Clone + use<'a> {
        let btf = self.btf;
        let data = if self.kind == BtfKind::FuncProto { self.data } else { &[] };
        words::<2>(data).map(move |[name_off, type_id]| Param { name: btf.name_at(name_off), name_off, type_id })
    }

    /// Values of an enum of either width; nothing for other kinds.
    pub fn enum_values(&self) -> impl Iterator<Item = EnumValue<'a>> + Clone + use<'a> {
        let (btf, signed) = (self.btf, self.kflag);
        let (narrow, wide): (&'a [u8], &'a [u8]) = match self.kind {
            BtfKind::Enum => (self.data, &[]),
            BtfKind::Enum64 => (&[], self.data),
            _ => (&[], &[]),
        };
        let narrow = words::<2>(narrow).map(move |[n, v]| EnumValue {
            name: btf.name_at(n),
            value: if signed { i64::from(v as i32) } else { i64::from(v) },
        });
        let wide = words::<3>(wide).map(move |[n, lo, hi]| EnumValue {
            name: btf.name_at(n),
            value: ((u64::from(hi) << 32) | u64::from(lo)) as i64,
        });
        narrow.chain(wide)
    }

    /// Variables of a data section; nothing for other kinds.
    pub fn var_secinfos(&self) -> impl ExactSizeIterator<Item = VarSecinfo> + Clone + use<'a> {
        let data: &'a [u8] = if self.kind == BtfKind::Datasec { self.data } else { &[] };
        words::<3>(data).map(|[type_id, offset, size]| VarSecinfo { type_id, offset, size })
    }

    /// Shape of an array.
    pub fn array(&self) -> Option<ArrayInfo> {
        if self.kind != BtfKind::Array {
            return None;
        }
        words::<3>(self.data).next().map(|[elem, index, nelems]| ArrayInfo { elem, index, nelems })
    }

    /// Encoding of an integer.
    pub fn int_encoding(&self) -> Option<IntEncoding> {
        if self.kind != BtfKind::Int {
            return None;
        }
        let v = u32_at(self.data, 0)?;
        let enc = (v >> 24) & 0x0f;
        Some(IntEncoding {
            signed: enc & 1 != 0,
            is_char: enc & 2 != 0,
            is_bool: enc & 4 != 0,
            offset: (v >> 16) as u8,
            bits: v as u8,
        })
    }

    /// The word after an integer's header, undecoded. Kernel: `btf_type_int()`.
    pub fn int_word(&self) -> Option<u32> {
        if self.kind == BtfKind::Int { u32_at(self.data, 0) } else { None }
    }

    /// Linkage of a variable: 0 static, 1 global, 2 extern.
    pub fn var_linkage(&self) -> Option<u32> {
        if self.kind == BtfKind::Var { u32_at(self.data, 0) } else { None }
    }

    /// Linkage of a function: 0 static, 1 global, 2 extern.
    pub fn func_linkage(&self) -> u16 {
        self.vlen
    }

    /// Which member or parameter a declaration tag stands at; -1: the type itself.
    pub fn decl_tag_component(&self) -> Option<i32> {
        if self.kind == BtfKind::DeclTag { u32_at(self.data, 0).map(|v| v as i32) } else { None }
    }

    /// Struct or union. Kernel: `btf_type_is_struct()`.
    pub fn is_composite(&self) -> bool {
        matches!(self.kind, BtfKind::Struct | BtfKind::Union)
    }

    /// Size in bytes of kinds that have one of their own: int, struct, union, enum, float, data section.
    pub fn own_size(&self) -> Option<u32> {
        matches!(
            self.kind,
            BtfKind::Int
                | BtfKind::Struct
                | BtfKind::Union
                | BtfKind::Enum
                | BtfKind::Enum64
                | BtfKind::Float
                | BtfKind::Datasec
        )
        .then_some(self.size_or_type)
    }
}

/// Little-endian words in groups of `N`.
fn words<const N: usize>(data: &[u8]) -> impl ExactSizeIterator<Item = [u32; N]> + Clone + '_ {
    data.chunks_exact(4 * N).map(|c| {
        let mut w = [0u32; N];
        for (w, b) in w.iter_mut().zip(c.chunks_exact(4)) {
            *w = u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        }
        w
    })
}

/// A name without its CO-RE flavour: `task_struct___old` is `task_struct`.
pub fn flavourless_name(name: &str) -> &str {
    name.get(..essential_name_len(name)).unwrap_or(name)
}

/// Length of [`flavourless_name`]. The last `___` that stands between two characters other than `_` counts.
fn essential_name_len(name: &str) -> usize {
    let b = name.as_bytes();
    let n = b.len();
    let mut i = n.saturating_sub(5);
    if n < 5 {
        return n;
    }
    loop {
        let s = &b[i..i + 5];
        if s[0] != b'_' && s[1] == b'_' && s[2] == b'_' && s[3] == b'_' && s[4] != b'_' {
            return i + 1;
        }
        if i == 0 {
            return n;
        }
        i -= 1;
    }
}

fn hash_name(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |h: u32, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193))
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
        let mut offsets = Vec::with_capacity(type_len / 24);
        let mut at = types.0;
        while at < types.1 {
            let info = u32_at(&raw, at + 4).ok_or_else(|| BtfError::new(at, "a type is cut off"))?;
            let kind = BtfKind::from_number((info >> 24) & 0x1f)
                .filter(|k| *k != BtfKind::Void)
                .ok_or_else(|| BtfError::new(at, format!("unknown kind {}", (info >> 24) & 0x1f)))?;
            let end = at + TYPE_HEADER + kind.trailing((info & 0xffff) as usize);
            if end > types.1 {
                return Err(BtfError::new(at, "a type reaches past the end of the type section"));
            }
            offsets.push(u32::try_from(at).map_err(|_| BtfError::new(at, "the blob is larger than 4 GiB"))?);
            at = end;
        }
        let n = u32::try_from(offsets.len()).ok().and_then(|n| n.checked_add(start_id));
        if n.is_none_or(|n| n > i32::MAX as u32) {
            return Err(BtfError::new(0, "too many types"));
        }
        Ok(Btf { raw, base, start_id, start_str, strings, offsets, names: OnceLock::new(), tags: OnceLock::new() })
    }

    /// The blob itself.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The bytes of the type section and of the string section.
    pub(super) fn sections(&self) -> (&[u8], &[u8]) {
        let end = self.offsets.last().map(|o| *o as usize);
        let last = self.ty(self.nr_types().wrapping_sub(1)).map_or(0, |t| TYPE_HEADER + t.data.len());
        let types = match (self.offsets.first(), end) {
            (Some(first), Some(end)) => self.raw.get(*first as usize..end + last),
            _ => None,
        };
        (types.unwrap_or(&[]), self.raw.get(self.strings.0..self.strings.1).unwrap_or(&[]))
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
        self.start_id + self.offsets.len() as u32
    }

    /// End of the string offsets: those of the base and its own.
    pub fn strings_end(&self) -> u32 {
        self.start_str + (self.strings.1 - self.strings.0) as u32
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
        let at = *self.offsets.get((id - self.start_id) as usize)? as usize;
        let info = u32_at(&self.raw, at + 4)?;
        let kind = BtfKind::from_number((info >> 24) & 0x1f)?;
        let vlen = info as u16;
        let start = at + TYPE_HEADER;
        Some(Type {
            id,
            kind,
            name_off: u32_at(&self.raw, at)?,
            vlen,
            kflag: info >> 31 != 0,
            size_or_type: u32_at(&self.raw, at + 8)?,
            data: self.raw.get(start..start + kind.trailing(usize::from(vlen)))?,
            btf: self,
        })
    }

    /// The `info` word of one of this blob's own types, undecoded.
    pub(super) fn info_word(&self, id: TypeId) -> Option<u32> {
        let at = *self.offsets.get(id.checked_sub(self.start_id)? as usize)? as usize;
        u32_at(&self.raw, at + 4)
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
        let s = self.raw.get(self.strings.0..self.strings.1)?.get((off - self.start_str) as usize..)?;
        let end = s.iter().position(|b| *b == 0)?;
        Some(&s[..end])
    }

    /// The string at an offset; empty when the offset is outside or the bytes are not UTF-8.
    pub fn name_at(&self, off: u32) -> &str {
        self.bytes_at(off).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("")
    }

    /// The string at an offset for printing, bytes that are not UTF-8 replaced (source lines may hold any bytes).
    pub fn text_at(&self, off: u32) -> Option<Cow<'_, str>> {
        self.bytes_at(off).map(String::from_utf8_lossy)
    }

    /// Name of a type; empty when it has none. Kernel: `btf_type_name()`.
    pub fn type_name(&self, id: TypeId) -> &str {
        self.ty(id).map_or("", |t| t.name())
    }

    fn index(&self) -> &[(u32, TypeId)] {
        self.names.get_or_init(|| {
            let mut v: Vec<(u32, TypeId)> = self
                .own_types()
                .filter(|t| t.name_off != 0)
                .filter_map(|t| {
                    let name = self.bytes_at(t.name_off)?;
                    let n = std::str::from_utf8(name).map_or(name.len(), essential_name_len);
                    Some((hash_name(&name[..n]), t.id))
                })
                .collect();
            v.sort_unstable();
            v
        })
    }

    /// This blob's own types whose name without flavour is `essential`, in order of id. Used for CO-RE candidates.
    pub fn own_by_essential_name<'a, 'n>(&'a self, essential: &'n str) -> impl Iterator<Item = Type<'a>> + use<'a, 'n> {
        let index = self.index();
        let hash = hash_name(essential.as_bytes());
        let from = index.partition_point(|(h, _)| *h < hash);
        index[from..]
            .iter()
            .take_while(move |(h, _)| *h == hash)
            .filter_map(|(_, id)| self.ty(*id))
            .filter(move |t| flavourless_name(t.name()) == essential)
    }

    /// Ids of [`Btf::own_by_essential_name`].
    pub fn own_by_essential_name_vec(&self, essential: &str) -> Vec<TypeId> {
        self.own_by_essential_name(essential).map(|t| t.id).collect()
    }

    /// This blob's own types of a name, in order of id.
    pub fn own_by_name<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = Type<'a>> + use<'a, 'n> {
        self.own_by_essential_name(flavourless_name(name)).filter(move |t| t.name() == name)
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
            let mut m: HashMap<TypeId, Vec<TypeId>> = HashMap::new();
            for t in self.own_types().filter(|t| t.kind == BtfKind::DeclTag) {
                m.entry(t.size_or_type).or_default().push(t.id);
            }
            m
        });
        let base = self.base.as_ref().filter(|_| id < self.start_id);
        let below: Vec<Type<'_>> = base.map_or_else(Vec::new, |b| b.decl_tags_of(id).collect());
        below.into_iter().chain(tags.get(&id).into_iter().flatten().filter_map(|id| self.ty(*id)))
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
    fn flavours_are_stripped() {
        assert_eq!(flavourless_name("task_struct___old"), "task_struct");
        assert_eq!(flavourless_name("a___b___c"), "a___b");
        assert_eq!(flavourless_name("___x"), "___x");
        assert_eq!(flavourless_name("x____y"), "x____y");
        assert_eq!(flavourless_name("s"), "s");
    }

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
