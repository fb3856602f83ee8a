//! Map types and what each allows.

use super::helpers::id;
use super::{AttachType, Features, ProgType};

/// Kernel: `enum bpf_map_type`.
#[allow(missing_docs)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u32)]
pub enum MapType {
    Unspec = 0,
    Hash = 1,
    Array = 2,
    ProgArray = 3,
    PerfEventArray = 4,
    PercpuHash = 5,
    PercpuArray = 6,
    StackTrace = 7,
    CgroupArray = 8,
    LruHash = 9,
    LruPercpuHash = 10,
    LpmTrie = 11,
    ArrayOfMaps = 12,
    HashOfMaps = 13,
    Devmap = 14,
    Sockmap = 15,
    Cpumap = 16,
    Xskmap = 17,
    Sockhash = 18,
    CgroupStorageDeprecated = 19,
    ReuseportSockarray = 20,
    PercpuCgroupStorageDeprecated = 21,
    Queue = 22,
    Stack = 23,
    SkStorage = 24,
    DevmapHash = 25,
    StructOps = 26,
    Ringbuf = 27,
    InodeStorage = 28,
    TaskStorage = 29,
    BloomFilter = 30,
    UserRingbuf = 31,
    CgrpStorage = 32,
    Arena = 33,
    InsnArray = 34,
    Rhash = 35,
}

impl MapType {
    /// Every value, in order of its number.
    pub const ALL: &[MapType] = &[
        MapType::Unspec,
        MapType::Hash,
        MapType::Array,
        MapType::ProgArray,
        MapType::PerfEventArray,
        MapType::PercpuHash,
        MapType::PercpuArray,
        MapType::StackTrace,
        MapType::CgroupArray,
        MapType::LruHash,
        MapType::LruPercpuHash,
        MapType::LpmTrie,
        MapType::ArrayOfMaps,
        MapType::HashOfMaps,
        MapType::Devmap,
        MapType::Sockmap,
        MapType::Cpumap,
        MapType::Xskmap,
        MapType::Sockhash,
        MapType::CgroupStorageDeprecated,
        MapType::ReuseportSockarray,
        MapType::PercpuCgroupStorageDeprecated,
        MapType::Queue,
        MapType::Stack,
        MapType::SkStorage,
        MapType::DevmapHash,
        MapType::StructOps,
        MapType::Ringbuf,
        MapType::InodeStorage,
        MapType::TaskStorage,
        MapType::BloomFilter,
        MapType::UserRingbuf,
        MapType::CgrpStorage,
        MapType::Arena,
        MapType::InsnArray,
        MapType::Rhash,
    ];

    /// The value with this number in the kernel's interface.
    pub fn from_number(n: u32) -> Option<MapType> {
        Self::ALL.iter().copied().find(|t| *t as u32 == n)
    }

    /// The name in the kernel's interface, without its prefix.
    pub const fn name(self) -> &'static str {
        match self {
            MapType::Unspec => "UNSPEC",
            MapType::Hash => "HASH",
            MapType::Array => "ARRAY",
            MapType::ProgArray => "PROG_ARRAY",
            MapType::PerfEventArray => "PERF_EVENT_ARRAY",
            MapType::PercpuHash => "PERCPU_HASH",
            MapType::PercpuArray => "PERCPU_ARRAY",
            MapType::StackTrace => "STACK_TRACE",
            MapType::CgroupArray => "CGROUP_ARRAY",
            MapType::LruHash => "LRU_HASH",
            MapType::LruPercpuHash => "LRU_PERCPU_HASH",
            MapType::LpmTrie => "LPM_TRIE",
            MapType::ArrayOfMaps => "ARRAY_OF_MAPS",
            MapType::HashOfMaps => "HASH_OF_MAPS",
            MapType::Devmap => "DEVMAP",
            MapType::Sockmap => "SOCKMAP",
            MapType::Cpumap => "CPUMAP",
            MapType::Xskmap => "XSKMAP",
            MapType::Sockhash => "SOCKHASH",
            MapType::CgroupStorageDeprecated => "CGROUP_STORAGE_DEPRECATED",
            MapType::ReuseportSockarray => "REUSEPORT_SOCKARRAY",
            MapType::PercpuCgroupStorageDeprecated => "PERCPU_CGROUP_STORAGE_DEPRECATED",
            MapType::Queue => "QUEUE",
            MapType::Stack => "STACK",
            MapType::SkStorage => "SK_STORAGE",
            MapType::DevmapHash => "DEVMAP_HASH",
            MapType::StructOps => "STRUCT_OPS",
            MapType::Ringbuf => "RINGBUF",
            MapType::InodeStorage => "INODE_STORAGE",
            MapType::TaskStorage => "TASK_STORAGE",
            MapType::BloomFilter => "BLOOM_FILTER",
            MapType::UserRingbuf => "USER_RINGBUF",
            MapType::CgrpStorage => "CGRP_STORAGE",
            MapType::Arena => "ARENA",
            MapType::InsnArray => "INSN_ARRAY",
            MapType::Rhash => "RHASH",
        }
    }
}

/// `BPF_F_*` flags of map creation.
#[allow(missing_docs)]
pub mod flags {
    pub const NO_PREALLOC: u32 = 1 << 0;
    pub const NO_COMMON_LRU: u32 = 1 << 1;
    pub const NUMA_NODE: u32 = 1 << 2;
    pub const RDONLY: u32 = 1 << 3;
    pub const WRONLY: u32 = 1 << 4;
    pub const STACK_BUILD_ID: u32 = 1 << 5;
    pub const ZERO_SEED: u32 = 1 << 6;
    pub const RDONLY_PROG: u32 = 1 << 7;
    pub const WRONLY_PROG: u32 = 1 << 8;
    pub const CLONE: u32 = 1 << 9;
    pub const MMAPABLE: u32 = 1 << 10;
    pub const PRESERVE_ELEMS: u32 = 1 << 11;
    pub const INNER_MAP: u32 = 1 << 12;
    pub const LINK: u32 = 1 << 13;
    pub const VTYPE_BTF_OBJ_FD: u32 = 1 << 15;
    pub const SEGV_ON_FAULT: u32 = 1 << 17;
    pub const NO_USER_CONV: u32 = 1 << 18;
    pub const RB_OVERWRITE: u32 = 1 << 19;
}

/// The smallest map of a type, which every kernel creates that has the type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Smallest {
    /// Bytes of a key.
    pub key: u32,
    /// Bytes of a value.
    pub value: u32,
    /// Entries.
    pub entries: u32,
    /// Creation flags.
    pub flags: u32,
    /// Key and value need types.
    pub typed: bool,
}

impl MapType {
    /// The smallest map of this type; `None`: it takes more than numbers to create one.
    pub const fn smallest(self) -> Option<Smallest> {
        let (key, value, entries, flags) = match self {
            MapType::Unspec
            | MapType::StructOps
            | MapType::ArrayOfMaps
            | MapType::HashOfMaps
            | MapType::CgroupStorageDeprecated
            | MapType::PercpuCgroupStorageDeprecated => return None,
            MapType::Hash
            | MapType::Array
            | MapType::ProgArray
            | MapType::PerfEventArray
            | MapType::PercpuHash
            | MapType::PercpuArray
            | MapType::CgroupArray
            | MapType::LruHash
            | MapType::LruPercpuHash
            | MapType::Devmap
            | MapType::DevmapHash
            | MapType::Sockmap
            | MapType::Sockhash
            | MapType::Cpumap
            | MapType::Xskmap
            | MapType::ReuseportSockarray => (4, 4, 1, 0),
            MapType::Rhash => (4, 4, 1, flags::NO_PREALLOC),
            MapType::StackTrace => (4, 8, 1, 0),
            MapType::InsnArray => (4, 16, 1, 0),
            MapType::LpmTrie => (8, 4, 1, flags::NO_PREALLOC),
            MapType::Queue | MapType::Stack | MapType::BloomFilter => (0, 4, 1, 0),
            MapType::Ringbuf | MapType::UserRingbuf => (0, 0, 4096, 0),
            MapType::SkStorage | MapType::InodeStorage | MapType::TaskStorage | MapType::CgrpStorage => {
                return Some(Smallest { key: 4, value: 4, entries: 0, flags: flags::NO_PREALLOC, typed: true });
            }
            MapType::Arena => (0, 0, 1, flags::MMAPABLE),
        };
        Some(Smallest { key, value, entries, flags, typed: false })
    }
}

/// What an instruction that loads the address of a map's value gets. Kernel: `map_direct_value_addr()` of the type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DirectValue {
    /// The type has no such addresses (`no direct value access support for this map type`).
    Unsupported,
    /// An array; only one of a single entry has an address (else ENOTSUPP), within the value (else EINVAL).
    Array,
    /// An arena: any offset up to its size (else ERANGE).
    Arena,
    /// A jump table: the beginning of an entry (else EACCES).
    JumpTable,
}

impl MapType {
    /// Each CPU has its own values.
    pub const fn is_percpu(self) -> bool {
        matches!(
            self,
            MapType::PercpuHash
                | MapType::PercpuArray
                | MapType::LruPercpuHash
                | MapType::PercpuCgroupStorageDeprecated
        )
    }

    /// Values are maps. Kernel: `inner_map_meta` is set.
    pub const fn is_map_of_maps(self) -> bool {
        matches!(self, MapType::ArrayOfMaps | MapType::HashOfMaps)
    }

    /// Storage of a cgroup, of which a program may use one of each type. Kernel: `bpf_map_is_cgroup_storage()`.
    pub const fn is_cgroup_storage(self) -> bool {
        matches!(self, MapType::CgroupStorageDeprecated | MapType::PercpuCgroupStorageDeprecated)
    }

    /// Addresses of values in instructions.
    pub const fn direct_value(self) -> DirectValue {
        match self {
            MapType::Array => DirectValue::Array,
            MapType::Arena => DirectValue::Arena,
            MapType::InsnArray => DirectValue::JumpTable,
            _ => DirectValue::Unsupported,
        }
    }

    /// A lookup with a constant key below `max_entries` cannot fail (6.14), unless the map may be replaced by one of
    /// another size. Kernel: `can_elide_value_nullness()`.
    pub const fn lookup_in_range_finds(self, map_flags: u32) -> bool {
        matches!(self, MapType::Array | MapType::PercpuArray) && map_flags & flags::INNER_MAP == 0
    }

    /// Sleepable programs may use it. Kernel: the list in `check_map_prog_compatibility()`.
    pub const fn allows_sleepable(self) -> bool {
        matches!(
            self,
            MapType::Hash
                | MapType::Rhash
                | MapType::LruHash
                | MapType::Array
                | MapType::PercpuHash
                | MapType::PercpuArray
                | MapType::LruPercpuHash
                | MapType::ArrayOfMaps
                | MapType::HashOfMaps
                | MapType::Ringbuf
                | MapType::UserRingbuf
                | MapType::InodeStorage
                | MapType::SkStorage
                | MapType::TaskStorage
                | MapType::CgrpStorage
                | MapType::Queue
                | MapType::Stack
                | MapType::Arena
        )
    }
}

/// Helpers that may be called with a map of this type; `None` where the map side does not restrict them.
/// Socket maps have more, see [`updates_sockmaps`].
const fn helpers_of_map(map: MapType) -> Option<&'static [u32]> {
    Some(match map {
        MapType::ProgArray => &[id::TAIL_CALL],
        MapType::PerfEventArray => {
            &[id::PERF_EVENT_READ, id::PERF_EVENT_OUTPUT, id::SKB_OUTPUT, id::PERF_EVENT_READ_VALUE, id::XDP_OUTPUT]
        }
        MapType::Ringbuf => &[
            id::RINGBUF_OUTPUT,
            id::RINGBUF_RESERVE,
            id::RINGBUF_QUERY,
            id::RINGBUF_RESERVE_DYNPTR,
            id::RINGBUF_SUBMIT_DYNPTR,
            id::RINGBUF_DISCARD_DYNPTR,
        ],
        MapType::UserRingbuf => &[id::USER_RINGBUF_DRAIN],
        MapType::StackTrace => &[id::GET_STACKID],
        MapType::CgroupArray => &[id::SKB_UNDER_CGROUP, id::CURRENT_TASK_UNDER_CGROUP],
        MapType::CgroupStorageDeprecated | MapType::PercpuCgroupStorageDeprecated => &[id::GET_LOCAL_STORAGE],
        MapType::Devmap | MapType::DevmapHash | MapType::Xskmap => &[id::REDIRECT_MAP, id::MAP_LOOKUP_ELEM],
        MapType::Cpumap => &[id::REDIRECT_MAP],
        MapType::ArrayOfMaps | MapType::HashOfMaps => &[id::MAP_LOOKUP_ELEM],
        MapType::Sockmap => &[
            id::SK_REDIRECT_MAP,
            id::SOCK_MAP_UPDATE,
            id::MSG_REDIRECT_MAP,
            id::SK_SELECT_REUSEPORT,
            id::MAP_LOOKUP_ELEM,
        ],
        MapType::Sockhash => &[
            id::SK_REDIRECT_HASH,
            id::SOCK_HASH_UPDATE,
            id::MSG_REDIRECT_HASH,
            id::SK_SELECT_REUSEPORT,
            id::MAP_LOOKUP_ELEM,
        ],
        MapType::ReuseportSockarray => &[id::SK_SELECT_REUSEPORT],
        MapType::Queue | MapType::Stack => &[id::MAP_PEEK_ELEM, id::MAP_POP_ELEM, id::MAP_PUSH_ELEM],
        MapType::SkStorage => &[id::SK_STORAGE_GET, id::SK_STORAGE_DELETE, id::KPTR_XCHG],
        MapType::InodeStorage => &[id::INODE_STORAGE_GET, id::INODE_STORAGE_DELETE, id::KPTR_XCHG],
        MapType::TaskStorage => &[id::TASK_STORAGE_GET, id::TASK_STORAGE_DELETE, id::KPTR_XCHG],
        MapType::CgrpStorage => &[id::CGRP_STORAGE_GET, id::CGRP_STORAGE_DELETE, id::KPTR_XCHG],
        MapType::BloomFilter => &[id::MAP_PEEK_ELEM, id::MAP_PUSH_ELEM],
        MapType::InsnArray => &[],
        _ => return None,
    })
}

/// Map types with which this helper may be called; `None` where the helper does not restrict them.
const fn maps_of_helper(func: u32) -> Option<&'static [MapType]> {
    use MapType::*;
    Some(match func {
        id::TAIL_CALL => &[ProgArray],
        id::PERF_EVENT_READ | id::PERF_EVENT_OUTPUT | id::PERF_EVENT_READ_VALUE | id::SKB_OUTPUT | id::XDP_OUTPUT => {
            &[PerfEventArray]
        }
        id::RINGBUF_OUTPUT
        | id::RINGBUF_RESERVE
        | id::RINGBUF_QUERY
        | id::RINGBUF_RESERVE_DYNPTR
        | id::RINGBUF_SUBMIT_DYNPTR
        | id::RINGBUF_DISCARD_DYNPTR => &[Ringbuf],
        id::USER_RINGBUF_DRAIN => &[UserRingbuf],
        id::GET_STACKID => &[StackTrace],
        id::CURRENT_TASK_UNDER_CGROUP | id::SKB_UNDER_CGROUP => &[CgroupArray],
        id::REDIRECT_MAP => &[Devmap, DevmapHash, Cpumap, Xskmap],
        id::SK_REDIRECT_MAP | id::MSG_REDIRECT_MAP | id::SOCK_MAP_UPDATE => &[Sockmap],
        id::SK_REDIRECT_HASH | id::MSG_REDIRECT_HASH | id::SOCK_HASH_UPDATE => &[Sockhash],
        id::GET_LOCAL_STORAGE => &[CgroupStorageDeprecated, PercpuCgroupStorageDeprecated],
        id::SK_SELECT_REUSEPORT => &[ReuseportSockarray, Sockmap, Sockhash],
        id::MAP_POP_ELEM => &[Queue, Stack],
        id::MAP_PEEK_ELEM | id::MAP_PUSH_ELEM => &[Queue, Stack, BloomFilter],
        id::MAP_LOOKUP_PERCPU_ELEM => &[PercpuArray, PercpuHash, LruPercpuHash],
        id::SK_STORAGE_GET | id::SK_STORAGE_DELETE => &[SkStorage],
        id::INODE_STORAGE_GET | id::INODE_STORAGE_DELETE => &[InodeStorage],
        id::TASK_STORAGE_GET | id::TASK_STORAGE_DELETE => &[TaskStorage],
        id::CGRP_STORAGE_GET | id::CGRP_STORAGE_DELETE => &[CgrpStorage],
        _ => return None,
    })
}

/// Verdict of [`map_takes_helper`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapFunc {
    /// The pair goes together. For `bpf_tail_call()` the kernel then still refuses local functions where the JIT
    /// cannot mix both.
    Allowed,
    /// `cannot pass map_type %d into func %s#%d`.
    Refused,
    /// The same, after the line `cannot update sockmap in this context`.
    SockmapUpdate,
}

/// Whether this helper may be called with a map of this type by a program of this type (`prog` is the resolved type).
/// Kernel: both switches of `check_map_func_compatibility()`.
pub fn map_takes_helper(f: &Features, map: MapType, func: u32, prog: ProgType, attach: AttachType) -> MapFunc {
    if let Some(helpers) = helpers_of_map(map)
        && !helpers.contains(&func)
    {
        let plain_update = matches!(func, id::MAP_UPDATE_ELEM | id::MAP_DELETE_ELEM);
        match map {
            MapType::Sockmap | MapType::Sockhash if plain_update => {
                let checked = func == id::MAP_UPDATE_ELEM || f.socket_deletes_checked;
                if checked && !updates_sockmaps(f, prog, attach, func) {
                    return MapFunc::SockmapUpdate;
                }
            }
            _ => return MapFunc::Refused,
        }
    }
    match maps_of_helper(func) {
        Some(maps) if !maps.contains(&map) => MapFunc::Refused,
        _ => MapFunc::Allowed,
    }
}

/// Whether a program may update or delete entries of socket maps with the plain map helpers: where no lock of a socket
/// can be held. Kernel: `may_update_sockmap()`.
pub fn updates_sockmaps(f: &Features, prog: ProgType, attach: AttachType, func: u32) -> bool {
    if !matches!(func, id::MAP_UPDATE_ELEM | id::MAP_DELETE_ELEM) {
        return false;
    }
    match prog {
        ProgType::Tracing => attach == AttachType::TraceIter,
        // Updates go through helpers of their own that know the event.
        ProgType::SockOps => func == id::MAP_DELETE_ELEM,
        ProgType::SkReuseport | ProgType::SkLookup => true,
        ProgType::SocketFilter | ProgType::SchedCls | ProgType::SchedAct | ProgType::Xdp | ProgType::FlowDissector => {
            !f.sockmap_updates_few
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn map_and_helper_must_both_agree() {
        let features = crate::kernel::Kernel::v6_12().features;
        let ask = |m, f| map_takes_helper(&features, m, f, ProgType::Xdp, AttachType::Xdp);
        assert_eq!(ask(MapType::Hash, id::MAP_LOOKUP_ELEM), MapFunc::Allowed);
        assert_eq!(ask(MapType::Ringbuf, id::MAP_LOOKUP_ELEM), MapFunc::Refused);
        assert_eq!(ask(MapType::Hash, id::RINGBUF_OUTPUT), MapFunc::Refused);
        assert_eq!(ask(MapType::Sockmap, id::MAP_UPDATE_ELEM), MapFunc::Allowed);
        let (msg, verdict) = (ProgType::SkMsg, AttachType::SkMsgVerdict);
        let sk_msg = map_takes_helper(&features, MapType::Sockmap, id::MAP_UPDATE_ELEM, msg, verdict);
        assert_eq!(sk_msg, MapFunc::SockmapUpdate);
    }
}
