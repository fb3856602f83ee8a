//! One type of a BTF blob as it is read: its header, and what follows it by kind.
//!
//! Nothing is decoded before it is asked for, and nothing is trusted: what does not fit is absent.

use super::blob::Btf;
use super::kind::BtfKind;
use super::layout::{TypeId, u32_at};

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
    btf: &'a Btf,
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
    btf: &'a Btf,
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

impl<'a> Member<'a> {
    /// Name; empty: anonymous. It is looked up now, because most who look for a member go by its offset.
    pub fn name(&self) -> &'a str {
        self.btf.name_at(self.name_off)
    }
}

impl<'a> Param<'a> {
    /// Name; empty: anonymous.
    pub fn name(&self) -> &'a str {
        self.btf.name_at(self.name_off)
    }
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
            btf,
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
        words::<2>(data).map(move |[name_off, type_id]| Param { btf, name_off, type_id })
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
