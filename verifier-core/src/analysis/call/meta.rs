//! What checking the arguments of a call leaves for later checks of the same call.

use crate::btf::TypeId;
use crate::program::record::Field;
use crate::state::{BtfRef, MapIdx};

/// A map that a call was given. Kernel: `map_ptr` and `map_uid` of the call's meta, `struct bpf_map_desc`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct MapArg {
    /// Which map.
    pub map: MapIdx,
    /// Tells lookups from an outer map apart; 0 for maps the program names itself.
    pub uid: u32,
}

/// Facts about one call. Kernel: `struct bpf_call_arg_meta`.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallMeta {
    /// The helper. Kernel: `func_id`.
    pub func_id: u32,
    /// The map argument. Kernel: `map_ptr`, `map_uid`.
    pub map: Option<MapArg>,
    /// The memory argument need not be initialised. Kernel: `raw_mode`.
    pub raw_mode: bool,
    /// The prototype allows packet pointers. Kernel: `pkt_access`.
    pub pkt_access: bool,
    /// Register whose reference the call releases; 0: none. Kernel: `release_regno`.
    pub release_regno: u8,
    /// Register of the uninitialised memory. Kernel: `regno`.
    pub regno: u8,
    /// Its size. Kernel: `access_size`.
    pub access_size: i32,
    /// Bytes that the call returns (`bpf_ringbuf_reserve()` and kin). Kernel: `mem_size`.
    pub mem_size: u32,
    /// Largest value of the size argument; 0: unknown. Kernel: `msize_max_value`.
    pub msize_max_value: u64,
    /// Reference that an argument owns; 0: none. Kernel: `ref_obj_id`.
    pub ref_obj_id: u32,
    /// Dynptr that the returned memory belongs to; 0: none. Kernel: `dynptr_id`.
    pub dynptr_id: u32,
    /// Type that a per-CPU argument points to, for the result. Kernel: `ret_btf`, `ret_btf_id`.
    pub ret_btf: Option<(BtfRef, TypeId)>,
    /// Callback argument. Kernel: `subprogno`.
    pub subprog: u32,
    /// Field that a kptr argument points to, and the BTF its owner's types are from. Kernel: `kptr_field`.
    pub kptr_field: Option<(Field, BtfRef)>,
    /// Constant key of an array lookup (6.15). Kernel: `const_map_key`.
    pub const_map_key: Option<u64>,
}
