//! Walking kernel and program types: what a load at an offset of a struct yields, and whether types match.
//!
//! Answers for `btf_struct_walk()`, `btf_struct_access()`, `btf_struct_ids_match()`, `check_ptr_to_btf_access()`.

use super::Env;
use super::regs::Access;
use crate::btf::TypeId;
use crate::error::{Res, Stop};
use crate::kernel::call::{RegBase, TypeFlags};
use crate::state::BtfRef;

/// Marks a register as holding a pointer to a type, or an unknown scalar. Kernel: `mark_btf_ld_reg()`.
pub(crate) fn mark_btf_ld_reg(_env: &mut Env<'_>, _regno: u8, _base: RegBase, _btf: BtfRef, _id: TypeId, _flags: TypeFlags) -> Res {
    Err(Stop::unsupported("mark_btf_ld_reg"))
}

/// What a load at an offset of a type yields. Kernel: results of `btf_struct_access()`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum StructAccess {
    /// Plain data.
    Scalar,
    /// A pointer to a type of the same BTF.
    Ptr {
        /// The type pointed to.
        id: TypeId,
        /// Tags found on the way.
        flags: TypeFlags,
        /// Offset of the member's name in the BTF's strings.
        field_name: u32,
    },
}

/// Walks a struct to the member at an offset. Kernel: `btf_struct_access()`; `alloc`: `type_is_alloc(reg->type)`.
pub(crate) fn btf_struct_access(
    _env: &mut Env<'_>,
    _btf: BtfRef,
    _id: TypeId,
    _alloc: bool,
    _off: i32,
    _size: i32,
) -> Res<StructAccess> {
    Err(Stop::unsupported("btf_struct_access"))
}

/// Whether two types are exactly the same. Kernel: `btf_types_are_same()`.
pub(crate) fn btf_types_are_same(_env: &Env<'_>, _btf1: BtfRef, _id1: TypeId, _btf2: BtfRef, _id2: TypeId) -> bool {
    false
}

/// Whether the struct at `off` of a type is the needed one. Kernel: `btf_struct_ids_match()`.
///
/// May print lines of the walk, as the kernel does.
#[allow(clippy::too_many_arguments)]
pub(crate) fn btf_struct_ids_match(
    _env: &mut Env<'_>,
    _btf: BtfRef,
    _id: TypeId,
    _off: i32,
    _need_btf: BtfRef,
    _need_id: TypeId,
    _strict: bool,
    _walk_flex_arrays: bool,
) -> bool {
    false
}

/// Checks an access through a pointer to a type. Kernel: `check_ptr_to_btf_access()`.
pub(crate) fn check_ptr_to_btf_access(
    _env: &mut Env<'_>,
    _regno: u8,
    _off: i32,
    _size: i32,
    _t: Access,
    _value_regno: Option<u8>,
) -> Res {
    Err(Stop::unsupported("check_ptr_to_btf_access"))
}

/// Checks an access through a pointer to a map itself. Kernel: `check_ptr_to_map_access()`.
pub(crate) fn check_ptr_to_map_access(
    _env: &mut Env<'_>,
    _regno: u8,
    _off: i32,
    _size: i32,
    _t: Access,
    _value_regno: Option<u8>,
) -> Res {
    Err(Stop::unsupported("check_ptr_to_map_access"))
}
