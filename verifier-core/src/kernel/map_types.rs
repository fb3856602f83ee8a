//! Map types and what each allows.

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
        }
    }
}
