//! Which maps the kernel creates, and with which error it refuses the others.
//!
//! Answers for `map_create()`, the `map_alloc_check()` and `map_alloc()` callbacks of every map type, and
//! `map_check_btf()`: what depends on the attributes alone. Memory that a real machine may lack is not modelled.
//! Sizes are bytes; a refusal is the error number as the system call returns it (positive).

use super::map_types::{MapType, flags as f};
use super::{Kernel, KernelVersion};

/// Attributes of a map. Kernel: the part of `union bpf_attr` that `BPF_MAP_CREATE` reads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct MapAttr {
    /// `BPF_MAP_TYPE_*` number.
    pub map_type: u32,
    /// Bytes.
    pub key_size: u32,
    /// Bytes.
    pub value_size: u32,
    /// Entries.
    pub max_entries: u32,
    /// `BPF_F_*` creation flags.
    pub map_flags: u32,
    /// Type-specific.
    pub map_extra: u64,
    /// A BTF type is given for the key.
    pub btf_key: bool,
    /// A BTF type is given for the value.
    pub btf_value: bool,
    /// A type of the kernel is given for the value (struct_ops).
    pub btf_vmlinux_value: bool,
    /// Node that its memory comes from; only looked at with `BPF_F_NUMA_NODE`.
    pub numa_node: u32,
}

/// Capabilities that creating a map can need.
#[derive(Clone, Copy, Debug)]
pub struct MapCaps {
    /// CAP_BPF.
    pub bpf: bool,
    /// CAP_NET_ADMIN.
    pub net_admin: bool,
    /// CAP_SYS_ADMIN.
    pub sys_admin: bool,
}

/// An error number of the system call.
pub type ErrorNumber = i32;

const EPERM: ErrorNumber = 1;
const E2BIG: ErrorNumber = 7;
const EACCES: ErrorNumber = 13;
const EINVAL: ErrorNumber = 22;
const ERANGE: ErrorNumber = 34;
const EOPNOTSUPP: ErrorNumber = 95;
const ENOTSUPP: ErrorNumber = 524;

/// Largest single allocation of the slab allocator on x86-64. Kernel: `KMALLOC_MAX_SIZE`.
const KMALLOC_MAX: u64 = 1 << 22;
/// Largest per-CPU allocation. Kernel: `PCPU_MIN_UNIT_SIZE`.
const PERCPU_MAX: u32 = 32 << 10;
/// Head of a hash element. Kernel: `sizeof(struct htab_elem)`.
const HASH_ELEM: u64 = 48;
/// Head of a trie node plus the longest key. Kernel: `LPM_VAL_SIZE_MAX`.
const TRIE_VALUE_MAX: u64 = KMALLOC_MAX - 256 - 40;
/// Value of a storage map: what 16 bits count, less the head of an element. Kernel: `BPF_LOCAL_STORAGE_MAX_VALUE_SIZE`.
const STORAGE_VALUE_MAX: u32 = 65535 - 128;
/// Default of `kernel.perf_event_max_stack`.
const STACK: u32 = 512;
/// Frames of a stack trace.
const MAX_STACK_DEPTH: u32 = 127;
/// Value of a jump table, as loaders write it. Kernel: `sizeof(struct bpf_insn_array_value)`.
pub const INSN_ARRAY_VALUE: u32 = 16;
/// Kernel: `sizeof(struct bpf_stack_build_id)`.
const BUILD_ID: u32 = 32;
/// NUMA nodes of the machines measured.
const NODES: u32 = 1;
/// Address space of an arena.
const ARENA_MAX: u64 = 1 << 32;
const PAGE: u64 = 4096;
const HALF: u32 = 1 << 31;

/// Program-side and user-side access flags. Kernel: `BPF_F_ACCESS_MASK`.
const ACCESS: u32 = f::RDONLY | f::WRONLY | f::RDONLY_PROG | f::WRONLY_PROG;

fn must(ok: bool, errno: ErrorNumber) -> Result<(), ErrorNumber> {
    if ok { Ok(()) } else { Err(errno) }
}

/// Flags are among `allowed`, and programs are not denied both reading and writing.
fn flags_fit(a: &MapAttr, allowed: u32) -> bool {
    let no_access = f::RDONLY_PROG | f::WRONLY_PROG;
    a.map_flags & !allowed == 0 && a.map_flags & no_access != no_access
}

/// Whether the kernel creates the map, checked in the kernel's order. BTF is checked afterwards, see [`key_btf_fits`]
/// and [`field_allowed`]. Kernel: `map_create()` up to `map_alloc()`.
///
/// # Errors
/// The error number of the system call.
pub fn check_create(kernel: &Kernel, a: &MapAttr, caps: MapCaps) -> Result<MapType, ErrorNumber> {
    if a.btf_vmlinux_value {
        must(a.map_type == MapType::StructOps as u32 && !a.btf_key && !a.btf_value, EINVAL)?;
    } else {
        must(!a.btf_key || a.btf_value, EINVAL)?;
    }
    let extra = [MapType::BloomFilter as u32, MapType::Arena as u32].contains(&a.map_type);
    must(extra || a.map_extra == 0, EINVAL)?;
    must(a.map_flags & f::RDONLY == 0 || a.map_flags & f::WRONLY == 0, EINVAL)?;
    must(a.map_flags & f::NUMA_NODE == 0 || a.numa_node < NODES, EINVAL)?;
    let Some(t) = MapType::from_number(a.map_type).filter(|t| exists(*t, kernel)) else {
        return Err(EINVAL);
    };
    alloc_check(t, a, caps)?;
    must(a.key_size <= STACK || kernel.features.large_hash_keys, E2BIG)?;
    must(t != MapType::StructOps || a.map_flags == 0 || kernel.features.struct_ops_links, EINVAL)?;
    permitted(t, caps)?;
    alloc(kernel, t, a)?;
    Ok(t)
}

fn exists(t: MapType, kernel: &Kernel) -> bool {
    let version = kernel.version;
    if let Some(there) = kernel.tables.map_type(t) {
        return there;
    }
    t != MapType::Unspec
        && match t {
            MapType::InsnArray => kernel.features.jump_tables,
            MapType::Rhash => version >= KernelVersion::new(7, 1),
            MapType::Arena => version >= KernelVersion::new(6, 9),
            MapType::CgrpStorage => version >= KernelVersion::new(6, 2),
            MapType::UserRingbuf => version >= KernelVersion::new(6, 1),
            MapType::BloomFilter => version >= KernelVersion::new(5, 16),
            MapType::TaskStorage => version >= KernelVersion::new(5, 11),
            _ => true,
        }
}

/// Capabilities by type. A kernel that forbids unprivileged use altogether refuses earlier.
fn permitted(t: MapType, caps: MapCaps) -> Result<(), ErrorNumber> {
    use MapType::*;
    match t {
        Array
        | PercpuArray
        | ProgArray
        | PerfEventArray
        | CgroupArray
        | ArrayOfMaps
        | Hash
        | PercpuHash
        | HashOfMaps
        | Ringbuf
        | UserRingbuf
        | CgroupStorageDeprecated
        | PercpuCgroupStorageDeprecated => Ok(()),
        Sockmap | Sockhash | Devmap | DevmapHash | Xskmap => must(caps.net_admin, EPERM),
        _ => must(caps.bpf, EPERM),
    }
}

/// Checks that come before capabilities. Kernel: `map_alloc_check()` of the type.
fn alloc_check(t: MapType, a: &MapAttr, caps: MapCaps) -> Result<(), ErrorNumber> {
    use MapType::*;
    match t {
        Array | PercpuArray => array(t, a),
        ProgArray | PerfEventArray | CgroupArray | ArrayOfMaps => {
            must(a.value_size == 4 && a.map_flags & (f::RDONLY_PROG | f::WRONLY_PROG) == 0, EINVAL)?;
            array(t, a)
        }
        ReuseportSockarray => {
            must(a.value_size == 4 || a.value_size == 8, EINVAL)?;
            array(t, a)
        }
        Hash | Rhash | PercpuHash | LruHash | LruPercpuHash => hash(t, a, caps),
        HashOfMaps => {
            must(a.value_size == 4, EINVAL)?;
            hash(t, a, caps)
        }
        Queue | Stack => {
            let sizes = a.max_entries != 0 && a.key_size == 0 && a.value_size != 0;
            must(sizes && flags_fit(a, f::NUMA_NODE | ACCESS), EINVAL)?;
            must(u64::from(a.value_size) <= KMALLOC_MAX, E2BIG)?;
            // A queue keeps one more element than it may hold, in one piece of memory.
            must(u32::MAX.checked_div(a.value_size).is_some_and(|n| a.max_entries < n), E2BIG)
        }
        SkStorage | InodeStorage | TaskStorage | CgrpStorage => {
            let flags = a.map_flags & !(f::NO_PREALLOC | f::CLONE) == 0 && a.map_flags & f::NO_PREALLOC != 0;
            let sizes = a.max_entries == 0 && a.key_size == 4 && a.value_size != 0;
            must(flags && sizes && a.btf_key && a.btf_value, EINVAL)?;
            must(a.value_size <= STORAGE_VALUE_MAX, E2BIG)
        }
        StructOps => {
            let flags = a.map_flags & !(f::LINK | f::VTYPE_BTF_OBJ_FD) == 0;
            must(a.key_size == 4 && a.max_entries == 1 && flags && a.btf_vmlinux_value, EINVAL)
        }
        BloomFilter => must(u64::from(a.value_size) <= KMALLOC_MAX, E2BIG),
        InsnArray => {
            let sizes = a.max_entries != 0 && a.key_size == 4 && a.value_size == INSN_ARRAY_VALUE;
            must(sizes && a.map_flags == 0, EINVAL)
        }
        _ => Ok(()),
    }
}

/// Kernel: `array_map_alloc_check()`.
fn array(t: MapType, a: &MapAttr) -> Result<(), ErrorNumber> {
    let percpu = t == MapType::PercpuArray;
    let known = f::NUMA_NODE | f::MMAPABLE | ACCESS | f::PRESERVE_ELEMS | f::INNER_MAP;
    let sizes = a.max_entries != 0 && a.key_size == 4 && a.value_size != 0;
    must(sizes && flags_fit(a, known) && !(percpu && a.map_flags & f::NUMA_NODE != 0), EINVAL)?;
    must(t == MapType::Array || a.map_flags & (f::MMAPABLE | f::INNER_MAP) == 0, EINVAL)?;
    must(t == MapType::PerfEventArray || a.map_flags & f::PRESERVE_ELEMS == 0, EINVAL)?;
    must(i32::try_from(a.value_size).is_ok(), E2BIG)?;
    must(!percpu || a.value_size <= PERCPU_MAX, E2BIG)
}

/// Kernel: `htab_map_alloc_check()`.
fn hash(t: MapType, a: &MapAttr, caps: MapCaps) -> Result<(), ErrorNumber> {
    let percpu = matches!(t, MapType::PercpuHash | MapType::LruPercpuHash);
    let lru = matches!(t, MapType::LruHash | MapType::LruPercpuHash);
    let own_lru = a.map_flags & f::NO_COMMON_LRU != 0;
    must(a.map_flags & f::ZERO_SEED == 0 || caps.sys_admin, EPERM)?;
    must(flags_fit(a, f::NO_PREALLOC | f::NO_COMMON_LRU | f::NUMA_NODE | ACCESS | f::ZERO_SEED), EINVAL)?;
    must(lru || !own_lru, EINVAL)?;
    must(!lru || a.map_flags & f::NO_PREALLOC == 0, ENOTSUPP)?;
    must(a.map_flags & f::NUMA_NODE == 0 || !(percpu || own_lru), EINVAL)?;
    must(a.max_entries != 0 && a.key_size != 0 && a.value_size != 0, EINVAL)?;
    must(u64::from(a.key_size) + u64::from(a.value_size) < KMALLOC_MAX - HASH_ELEM, E2BIG)?;
    must(!percpu || a.value_size <= PERCPU_MAX, E2BIG)
}

/// Checks that come after capabilities, while memory is set up. Kernel: `map_alloc()` of the type.
fn alloc(kernel: &Kernel, t: MapType, a: &MapAttr) -> Result<(), ErrorNumber> {
    use MapType::*;
    match t {
        Hash | PercpuHash | LruHash | LruPercpuHash | HashOfMaps => must(a.max_entries <= HALF / 16, E2BIG),
        LpmTrie => {
            let flags = a.map_flags & f::NO_PREALLOC != 0 && flags_fit(a, f::NO_PREALLOC | f::NUMA_NODE | ACCESS);
            let sizes = a.max_entries != 0
                && (5..=260).contains(&a.key_size)
                && (1..=TRIE_VALUE_MAX).contains(&u64::from(a.value_size));
            must(flags && sizes, EINVAL)
        }
        StackTrace => {
            let flags = f::NUMA_NODE | f::RDONLY | f::WRONLY | f::STACK_BUILD_ID;
            must(a.map_flags & !flags == 0, EINVAL)?;
            must(a.max_entries != 0 && a.key_size == 4 && a.value_size >= 8 && a.value_size.is_multiple_of(8), EINVAL)?;
            let unit = if a.map_flags & f::STACK_BUILD_ID != 0 { BUILD_ID } else { 8 };
            must(a.value_size.is_multiple_of(unit) && a.value_size / unit <= MAX_STACK_DEPTH, EINVAL)?;
            must(a.max_entries <= HALF, E2BIG)
        }
        Devmap | DevmapHash => {
            let sizes = a.max_entries != 0 && a.key_size == 4 && (a.value_size == 4 || a.value_size == 8);
            must(sizes && a.map_flags & !(f::NUMA_NODE | f::RDONLY | f::WRONLY) == 0, EINVAL)?;
            must(t == Devmap || a.max_entries <= HALF, EINVAL)
        }
        Cpumap => {
            let sizes = a.max_entries != 0 && a.key_size == 4 && (a.value_size == 4 || a.value_size == 8);
            must(sizes && a.map_flags & !f::NUMA_NODE == 0, EINVAL)?;
            must(a.max_entries <= kernel.build.nr_cpus, E2BIG)
        }
        Xskmap => {
            let sizes = a.max_entries != 0 && a.key_size == 4 && a.value_size == 4;
            must(sizes && a.map_flags & !(f::NUMA_NODE | f::RDONLY | f::WRONLY) == 0, EINVAL)
        }
        Sockmap => {
            let sizes = a.max_entries != 0 && i32::try_from(a.max_entries).is_ok() && a.key_size == 4;
            must(sizes && socket_values(a), EINVAL)
        }
        Sockhash => {
            must(a.max_entries != 0 && a.key_size != 0 && socket_values(a), EINVAL)?;
            must(a.key_size <= 512, E2BIG)?;
            must(a.max_entries <= HALF / 16, EINVAL)
        }
        CgroupStorageDeprecated | PercpuCgroupStorageDeprecated => {
            must((a.key_size == 16 || a.key_size == 8) && a.value_size != 0, EINVAL)?;
            let limit = match t {
                _ if !kernel.features.large_cgroup_storage => PAGE as u32,
                CgroupStorageDeprecated => STORAGE_VALUE_MAX,
                _ => PERCPU_MAX,
            };
            must(a.value_size <= limit, E2BIG)?;
            must(flags_fit(a, f::NUMA_NODE | ACCESS) && a.max_entries == 0, EINVAL)
        }
        Ringbuf | UserRingbuf => {
            let pages = a.max_entries.is_power_of_two() && u64::from(a.max_entries) % PAGE == 0;
            let overwrites = t == Ringbuf && kernel.version >= KernelVersion::new(6, 19);
            let known = f::NUMA_NODE | if overwrites { f::RB_OVERWRITE } else { 0 };
            must(a.map_flags & !known == 0 && a.key_size == 0 && a.value_size == 0 && pages, EINVAL)
        }
        BloomFilter => {
            let sizes = a.key_size == 0 && a.value_size != 0 && a.max_entries != 0;
            must(sizes && flags_fit(a, f::NUMA_NODE | f::ZERO_SEED | ACCESS) && a.map_extra <= 15, EINVAL)
        }
        Arena => {
            let flags = f::SEGV_ON_FAULT | f::MMAPABLE | f::NO_USER_CONV;
            must(a.key_size == 0 && a.value_size == 0 && a.max_entries != 0, EINVAL)?;
            must(a.map_flags & f::MMAPABLE != 0 && a.map_flags & !flags == 0, EINVAL)?;
            must(a.map_extra.is_multiple_of(PAGE), EINVAL)?;
            let range = u64::from(a.max_entries) * PAGE;
            must(range <= ARENA_MAX, E2BIG)?;
            // User pointers are told apart by their lower half, which therefore must not wrap.
            must(a.map_extra >> 32 == a.map_extra.wrapping_add(range - 1) >> 32, ERANGE)
        }
        _ => Ok(()),
    }
}

fn socket_values(a: &MapAttr) -> bool {
    let flags = f::NUMA_NODE | f::RDONLY | f::WRONLY;
    (a.value_size == 4 || a.value_size == 8) && a.map_flags & !flags == 0
}

/// The BTF type of a key, as far as map types look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyBtf {
    /// No type is given.
    None,
    /// An integer.
    Int {
        /// Bits of the value.
        bits: u32,
        /// Bits before it.
        offset: u32,
    },
    /// A struct; `cgroup_key`: of a 64-bit integer at offset 0 and a 32-bit one at 8.
    Struct {
        /// Laid out as `struct bpf_cgroup_storage_key`.
        cgroup_key: bool,
    },
    /// Anything else.
    Other,
}

/// Whether a map type takes a key of this BTF type. Sizes were compared before. Kernel: `map_check_btf()` of the type.
///
/// # Errors
/// The error number of the system call.
pub fn key_btf_fits(a: &MapAttr, t: MapType, key: KeyBtf, value_is_data_section: bool) -> Result<(), ErrorNumber> {
    use MapType::*;
    let int = |want| matches!(key, KeyBtf::Int { bits, offset: 0 } if bits == want);
    match t {
        Array | PercpuArray if key == KeyBtf::None => {
            must(t == Array && a.max_entries == 1 && value_is_data_section, EINVAL)
        }
        Array | PercpuArray | SkStorage | InodeStorage | TaskStorage | CgrpStorage => must(int(32), EINVAL),
        // The type of a value would have to be an integer of 8 bytes, while values have 16.
        InsnArray => Err(EINVAL),
        LpmTrie => must(matches!(key, KeyBtf::Struct { .. }), EINVAL),
        BloomFilter => must(key == KeyBtf::None, EINVAL),
        CgroupStorageDeprecated | PercpuCgroupStorageDeprecated if a.key_size == 16 => {
            must(key == KeyBtf::Struct { cgroup_key: true }, EINVAL)
        }
        CgroupStorageDeprecated | PercpuCgroupStorageDeprecated => must(int(64), EINVAL),
        PerfEventArray | CgroupArray | ArrayOfMaps | HashOfMaps | StackTrace | Devmap | DevmapHash | Xskmap => {
            Err(ENOTSUPP)
        }
        Arena => Ok(()),
        _ => must(key != KeyBtf::None, EINVAL),
    }
}

/// A kind of special field in map values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpecialField {
    /// `bpf_spin_lock` or `bpf_res_spin_lock`.
    SpinLock,
    /// `bpf_timer`, `bpf_wq` or `bpf_task_work`.
    Async,
    /// A kptr of any kind, or `bpf_refcount`.
    Kptr,
    /// A pointer to user memory.
    UserPtr,
    /// `bpf_list_head` or `bpf_rb_root`.
    GraphRoot,
    /// A node of a graph, which stands in objects and never in maps.
    GraphNode,
}

/// Whether values of a map of this type may hold such fields. Kernel: the switch in `map_check_btf()`.
///
/// # Errors
/// The error number of the system call.
pub fn field_allowed(t: MapType, field: SpecialField) -> Result<(), ErrorNumber> {
    use MapType::*;
    let storage = matches!(t, SkStorage | InodeStorage | TaskStorage | CgrpStorage);
    let ok = match field {
        SpecialField::SpinLock => matches!(t, Hash | Array | CgroupStorageDeprecated) || storage,
        SpecialField::Async | SpecialField::GraphRoot => matches!(t, Hash | LruHash | Array),
        SpecialField::Kptr => matches!(t, Hash | PercpuHash | LruHash | LruPercpuHash | Array | PercpuArray) || storage,
        SpecialField::UserPtr => t == TaskStorage,
        SpecialField::GraphNode => false,
    };
    must(ok, EOPNOTSUPP)
}

/// Whether a map whose values hold special fields may be created with these flags and capabilities.
///
/// # Errors
/// The error number of the system call.
pub fn fields_allowed_by_flags(a: &MapAttr, caps: MapCaps) -> Result<(), ErrorNumber> {
    must(caps.bpf, EPERM)?;
    must(a.map_flags & (f::RDONLY_PROG | f::WRONLY_PROG) == 0, EACCES)
}

/// Whether a map may be the template of the inner maps of a map of maps. Kernel: `bpf_map_meta_alloc()`.
///
/// # Errors
/// The error number of the system call.
pub fn inner_allowed(inner: MapType) -> Result<(), ErrorNumber> {
    use MapType::*;
    must(!inner.is_map_of_maps(), EINVAL)?;
    let comparable = !matches!(inner, ProgArray | StructOps | CgroupStorageDeprecated | PercpuCgroupStorageDeprecated);
    must(comparable, ENOTSUPP)
}

/// Flags that a map has after creation beside those given: programs may only read device maps, because a lookup gives
/// out the kernel's own copy.
pub const fn implied_flags(t: MapType) -> u32 {
    match t {
        MapType::Devmap | MapType::DevmapHash | MapType::InsnArray => f::RDONLY_PROG,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: MapCaps = MapCaps { bpf: true, net_admin: true, sys_admin: true };

    fn create(t: MapType, key: u32, value: u32, entries: u32, flags: u32) -> Result<MapType, ErrorNumber> {
        let a = MapAttr {
            map_type: t as u32,
            key_size: key,
            value_size: value,
            max_entries: entries,
            map_flags: flags,
            ..MapAttr::default()
        };
        check_create(&Kernel::v6_12(), &a, ROOT)
    }

    #[test]
    fn sizes_and_flags_by_type() {
        assert_eq!(create(MapType::Array, 4, 8, 1, 0), Ok(MapType::Array));
        assert_eq!(create(MapType::Array, 8, 8, 1, 0), Err(EINVAL));
        assert_eq!(create(MapType::Array, 4, 8, 1, f::RDONLY_PROG | f::WRONLY_PROG), Err(EINVAL));
        assert_eq!(create(MapType::Hash, 4, 8, 0, 0), Err(EINVAL));
        assert_eq!(create(MapType::LruHash, 4, 8, 1, f::NO_PREALLOC), Err(ENOTSUPP));
        assert_eq!(create(MapType::PercpuArray, 4, 64 << 10, 1, 0), Err(E2BIG));
        assert_eq!(create(MapType::Ringbuf, 0, 0, 4096, 0), Ok(MapType::Ringbuf));
        assert_eq!(create(MapType::Ringbuf, 0, 0, 4095, 0), Err(EINVAL));
        assert_eq!(create(MapType::Arena, 0, 0, 1 << 21, f::MMAPABLE), Err(E2BIG));
        assert_eq!(create(MapType::LpmTrie, 8, 4, 1, f::NO_PREALLOC), Ok(MapType::LpmTrie));
        assert_eq!(create(MapType::LpmTrie, 8, 4, 1, 0), Err(EINVAL));
    }

    #[test]
    fn capabilities_keys_and_fields() {
        let a = MapAttr {
            map_type: MapType::LpmTrie as u32,
            key_size: 8,
            value_size: 4,
            max_entries: 1,
            map_flags: f::NO_PREALLOC,
            ..MapAttr::default()
        };
        let nobody = MapCaps { bpf: false, net_admin: false, sys_admin: false };
        assert_eq!(check_create(&Kernel::v6_12(), &a, nobody), Err(EPERM));
        assert_eq!(key_btf_fits(&a, MapType::LpmTrie, KeyBtf::Int { bits: 64, offset: 0 }, false), Err(EINVAL));
        assert_eq!(key_btf_fits(&a, MapType::Xskmap, KeyBtf::Int { bits: 32, offset: 0 }, false), Err(ENOTSUPP));
        assert_eq!(field_allowed(MapType::LruHash, SpecialField::SpinLock), Err(EOPNOTSUPP));
        assert_eq!(field_allowed(MapType::LruHash, SpecialField::Kptr), Ok(()));
        assert_eq!(inner_allowed(MapType::ProgArray), Err(ENOTSUPP));
        assert_eq!(inner_allowed(MapType::ArrayOfMaps), Err(EINVAL));
    }
}
