//! A BTF blob, decoded on demand: an index of type offsets over the raw bytes.
//!
//! vmlinux has 100,000 types; a program looks at a few dozen. So a type is decoded when it is asked for.

use std::sync::Arc;

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

/// Kinds of types. Kernel: `BTF_KIND_*`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum BtfKind {
    Void = 0, Int = 1, Ptr = 2, Array = 3, Struct = 4, Union = 5, Enum = 6, Fwd = 7, Typedef = 8, Volatile = 9,
    Const = 10, Restrict = 11, Func = 12, FuncProto = 13, Var = 14, Datasec = 15, Float = 16, DeclTag = 17,
    TypeTag = 18, Enum64 = 19,
}

/// A BTF blob with an index of its types.
#[derive(Debug, Default)]
pub struct Btf {
    raw: Vec<u8>,
    base: Option<Arc<Btf>>,
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
