//! What checking the arguments of a call leaves for later checks of the same call.
//!
//! In the kernel: `map_ptr`, `map_uid`, `struct bpf_map_desc`, `struct bpf_call_arg_meta`, `func_id`, `raw_mode`,
//! `pkt_access`, `release_regno`, `regno`, `access_size`, `mem_size`, `msize_max_value`, `ref_obj_id`, `dynptr_id`,
//! `ret_btf`, `ret_btf_id`, `subprogno`, `kptr_field`, `const_map_key`.

use crate::btf::TypeId;
use crate::program::record::Field;
use crate::state::{BtfRef, MapIdx};

/// A map that a call was given.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct MapArg {
    /// Which map.
    pub map: MapIdx,
    /// Tells lookups from an outer map apart; 0 for maps the program names itself.
    pub uid: u32,
}

/// Facts about one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallMeta {
    /// The helper.
    pub func_id: u32,
    /// The map argument.
    pub map: Option<MapArg>,
    /// The memory argument need not be initialised.
    pub raw_mode: bool,
    /// The prototype allows packet pointers.
    pub pkt_access: bool,
    /// Register whose reference the call releases; 0: none.
    pub release_regno: u8,
    /// Register of the uninitialised memory.
    pub regno: u8,
    /// Its size.
    pub access_size: i32,
    /// Bytes that the call returns (`bpf_ringbuf_reserve()` and kin).
    pub mem_size: u32,
    /// Largest value of the size argument; 0: unknown.
    pub msize_max_value: u64,
    /// Reference that an argument owns; 0: none.
    pub ref_obj_id: u32,
    /// Dynptr that the returned memory belongs to; 0: none.
    pub dynptr_id: u32,
    /// Type that a per-CPU argument points to, for the result.
    pub ret_btf: Option<(BtfRef, TypeId)>,
    /// Callback argument.
    pub subprog: u32,
    /// Field that a kptr argument points to, and the BTF its owner's types are from.
    pub kptr_field: Option<(Field, BtfRef)>,
    /// Constant key of an array lookup (6.15).
    pub const_map_key: Option<u64>,
}
