//! The system call `bpf(2)`, as far as programs and maps are created with it, and the rights of a thread that calls it.
//!
//! Nothing here attaches or runs anything: there is no function for that. Everything created is a descriptor that goes
//! away with its owner. This file has all `unsafe` of the crate.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;

/// Commands. Kernel: `enum bpf_cmd`.
const MAP_CREATE: i32 = 0;
const MAP_UPDATE_ELEM: i32 = 2;
const PROG_LOAD: i32 = 5;
const BTF_LOAD: i32 = 18;
const MAP_FREEZE: i32 = 22;

/// Bytes of a name with its final zero.
const NAME: usize = 16;

/// What a map is created with. Kernel: `union bpf_attr` of `BPF_MAP_CREATE`.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct MapCreate {
    /// Number of its type.
    pub map_type: u32,
    /// Bytes.
    pub key_size: u32,
    /// Bytes.
    pub value_size: u32,
    /// Entries.
    pub max_entries: u32,
    /// Creation flags.
    pub flags: u32,
    /// Descriptor of the template of inner maps.
    pub inner: i32,
    /// NUMA node.
    pub numa_node: u32,
    /// Name.
    pub name: [u8; NAME],
    /// Network device.
    pub ifindex: u32,
    /// Descriptor of the BTF that the type ids are of; 0: none.
    pub btf: i32,
    /// Type of keys.
    pub key_type: u32,
    /// Type of values.
    pub value_type: u32,
    /// Type of values of struct_ops maps.
    pub vmlinux_value_type: u32,
    /// Type-specific.
    pub extra: u64,
    /// Descriptor of the module BTF that the type of struct_ops is of.
    pub value_btf: i32,
    /// Token.
    pub token: i32,
}

/// Kernel: `union bpf_attr` of `BPF_MAP_UPDATE_ELEM` and, as far as it goes, `BPF_MAP_FREEZE`.
#[repr(C)]
#[derive(Default)]
struct Element {
    map: i32,
    pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// Kernel: `union bpf_attr` of `BPF_BTF_LOAD`.
#[repr(C)]
#[derive(Default)]
struct BtfLoad {
    btf: u64,
    log: u64,
    size: u32,
    log_size: u32,
    log_level: u32,
    log_true_size: u32,
    flags: u32,
    token: i32,
}

/// Kernel: `union bpf_attr` of `BPF_PROG_LOAD`.
#[repr(C)]
#[derive(Default)]
struct ProgLoad {
    prog_type: u32,
    insn_count: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kern_version: u32,
    flags: u32,
    name: [u8; NAME],
    ifindex: u32,
    attach_type: u32,
    btf: i32,
    func_info_size: u32,
    func_info: u64,
    func_info_count: u32,
    line_info_size: u32,
    line_info: u64,
    line_info_count: u32,
    attach_btf_id: u32,
    attach_to: i32,
    relocation_count: u32,
    fd_array: u64,
    relocations: u64,
    relocation_size: u32,
    log_true_size: u32,
    token: i32,
    fd_array_count: u32,
}

/// A program to load. Lists are as the kernel takes them; none is copied.
#[derive(Clone, Copy, Default, Debug)]
pub struct Program<'a> {
    /// Number of its type.
    pub prog_type: u32,
    /// Number of its attach type.
    pub attach_type: u32,
    /// Eight bytes for each.
    pub insns: &'a [[u8; 8]],
    /// Licence.
    pub license: &'a str,
    /// Name.
    pub name: &'a str,
    /// Load flags.
    pub flags: u32,
    /// `kern_version`.
    pub kern_version: u32,
    /// Network device.
    pub ifindex: u32,
    /// BTF of the program.
    pub btf: Option<RawFd>,
    /// Instruction and type of each function.
    pub func_info: &'a [[u32; 2]],
    /// Instruction, file name, text, position of each line.
    pub line_info: &'a [[u32; 4]],
    /// BTF id of what it attaches to.
    pub attach_btf_id: u32,
    /// Program that it attaches to, or BTF that the id is of.
    pub attach_to: Option<RawFd>,
    /// Descriptors that instructions name by index.
    pub fd_array: &'a [i32],
}

/// A name as the kernel takes it: cut to what fits.
pub fn name(text: &str) -> [u8; NAME] {
    let mut out = [0; NAME];
    for (to, from) in out.iter_mut().zip(text.bytes().take(NAME - 1)) {
        *to = from;
    }
    out
}

fn address<T>(slice: &[T]) -> u64 {
    if slice.is_empty() { 0 } else { slice.as_ptr().addr() as u64 }
}

fn length<T>(slice: &[T]) -> io::Result<u32> {
    u32::try_from(slice.len()).map_err(|_| io::Error::from_raw_os_error(libc::E2BIG))
}

/// One call. What it returns is a descriptor for commands that create something.
///
/// # Safety
/// `T` is the kernel's form of the command, without padding, and each address in it is 0 or that of as many bytes as the
/// form says beside it, which stay there for the call and which the kernel may write to where the command does so.
unsafe fn call<T>(command: i32, attr: &T) -> io::Result<i32> {
    // SAFETY: `attr` is valid for `size_of::<T>()` bytes, the kernel reads no more of it than it is told, and the caller
    // vouches for the addresses in it.
    let got = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attr), size_of::<T>()) };
    if got < 0 { Err(io::Error::last_os_error()) } else { Ok(i32::try_from(got).unwrap_or(i32::MAX)) }
}

fn owned(fd: i32) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Creates a map.
///
/// # Errors
/// Those of the system call.
pub fn create_map(attr: &MapCreate) -> io::Result<OwnedFd> {
    // SAFETY: there is no address in it, and its fields fill it (a word of 64 bits stands at a multiple of eight).
    unsafe { call(MAP_CREATE, attr) }.map(owned)
}

/// Writes an element of a map whose keys have four bytes: its contents before a program is loaded.
///
/// # Errors
/// Those of the system call, or EINVAL where the value is shorter than the map's.
pub fn update(map: &OwnedFd, key: u32, value: &[u8], value_size: usize) -> io::Result<()> {
    if value.len() < value_size {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let key = [key];
    let attr = Element { map: map.as_raw_fd(), key: address(&key), value: address(value), ..Element::default() };
    // SAFETY: the maps that this is called for have keys of four bytes, and `value` has as many as its map's values.
    unsafe { call(MAP_UPDATE_ELEM, &attr) }.map(|_| ())
}

/// Makes a map one that nobody writes to any more.
///
/// # Errors
/// Those of the system call.
pub fn freeze(map: &OwnedFd) -> io::Result<()> {
    let attr = [map.as_raw_fd()];
    // SAFETY: the command takes one descriptor and no address.
    unsafe { call(MAP_FREEZE, &attr) }.map(|_| ())
}

/// Loads BTF.
///
/// # Errors
/// Those of the system call.
pub fn load_btf(blob: &[u8]) -> io::Result<OwnedFd> {
    let attr = BtfLoad { btf: address(blob), size: length(blob)?, ..BtfLoad::default() };
    // SAFETY: `blob` has `size` bytes, which the kernel only reads; there is no buffer for a log.
    unsafe { call(BTF_LOAD, &attr) }.map(owned)
}

/// Loads a program; what the verifier says goes to `log`, which is not touched where its level is 0.
///
/// # Errors
/// Those of the system call.
pub fn load_program(p: &Program<'_>, log_level: u32, log: &mut [u8]) -> io::Result<OwnedFd> {
    let license: Vec<u8> = p.license.bytes().take_while(|b| *b != 0).chain([0]).collect();
    let described = p.btf.is_some();
    let attr = ProgLoad {
        prog_type: p.prog_type,
        insn_count: length(p.insns)?,
        insns: address(p.insns),
        license: address(&license),
        log_level,
        log_size: if log_level == 0 { 0 } else { length(log)? },
        log: if log_level == 0 { 0 } else { log.as_mut_ptr().addr() as u64 },
        kern_version: p.kern_version,
        flags: p.flags,
        name: name(p.name),
        ifindex: p.ifindex,
        attach_type: p.attach_type,
        btf: p.btf.unwrap_or(0),
        func_info_size: if described && !p.func_info.is_empty() { 8 } else { 0 },
        func_info: if described { address(p.func_info) } else { 0 },
        func_info_count: if described { length(p.func_info)? } else { 0 },
        line_info_size: if described && !p.line_info.is_empty() { 16 } else { 0 },
        line_info: if described { address(p.line_info) } else { 0 },
        line_info_count: if described { length(p.line_info)? } else { 0 },
        attach_btf_id: p.attach_btf_id,
        attach_to: p.attach_to.unwrap_or(0),
        fd_array: address(p.fd_array),
        ..ProgLoad::default()
    };
    // SAFETY: every list has as many entries of the size that stands beside it; `license` ends with a zero; `log` is ours
    // alone and as long as said. The kernel looks up `fd_array` at the indices that instructions name: it copies from
    // user memory and fails where there is none, and only reads.
    unsafe { call(PROG_LOAD, &attr) }.map(owned)
}

/// Memory of an arena, mapped so that the map has an address before programs are loaded.
#[derive(Debug)]
pub struct Mapping {
    at: NonNull<libc::c_void>,
    len: usize,
}

impl Mapping {
    /// Maps an arena at the address that it was created for, or where the kernel likes; nobody touches the memory.
    ///
    /// # Errors
    /// Those of `mmap`: where that address is taken, too.
    pub fn new(map: &OwnedFd, wanted: Option<u64>, len: usize) -> io::Result<Mapping> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let fixed = if wanted.is_some() { libc::MAP_FIXED_NOREPLACE } else { 0 };
        let hint = std::ptr::without_provenance_mut(wanted.unwrap_or(0) as usize);
        // SAFETY: without MAP_FIXED, or where what is there stays, a new mapping takes no memory of anybody's.
        let at = unsafe { libc::mmap(hint, len, access, libc::MAP_SHARED | fixed, map.as_raw_fd(), 0) };
        match NonNull::new(at).filter(|_| at != libc::MAP_FAILED) {
            Some(at) => Ok(Mapping { at, len }),
            None => Err(io::Error::last_os_error()),
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, of this length, and no reference into it was ever made.
        unsafe { libc::munmap(self.at.as_ptr(), self.len) };
    }
}

/// Lets this process lock as much memory as it likes, as far as it may: releases before 5.11 count maps and programs
/// against that limit, and refuse both with EPERM.
pub fn lift_memory_limit() {
    let all = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the limit is ours for the call, and the kernel only reads it. Where it refuses, nothing has changed.
    unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const all) };
}

/// Kernel: `struct __user_cap_header_struct`.
#[repr(C)]
struct CapHeader {
    version: u32,
    pid: i32,
}

/// Kernel: `struct __user_cap_data_struct`, twice.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Kernel: `_LINUX_CAPABILITY_VERSION_3`.
const CAP_VERSION: u32 = 0x2008_0522;

/// Capabilities of the calling thread: those in force and those it may put in force.
///
/// # Errors
/// Those of the system call.
pub fn capabilities() -> io::Result<(u64, u64)> {
    let mut data = [CapData::default(); 2];
    let header = CapHeader { version: CAP_VERSION, pid: 0 };
    // SAFETY: version 3 has a header of this form and data of two entries; both are ours for the call.
    let got = unsafe { libc::syscall(libc::SYS_capget, std::ptr::from_ref(&header), data.as_mut_ptr()) };
    if got < 0 {
        return Err(io::Error::last_os_error());
    }
    let whole = |part: fn(&CapData) -> u32| u64::from(part(&data[0])) | u64::from(part(&data[1])) << 32;
    Ok((whole(|d| d.effective), whole(|d| d.permitted)))
}

/// Puts those of `wanted` in force that the calling thread may, and no others. Other threads keep theirs.
///
/// # Errors
/// Those of the system call.
pub fn use_capabilities(wanted: u64) -> io::Result<()> {
    let (_, permitted) = capabilities()?;
    let half = |shift: u32| {
        let part = |mask: u64| (mask >> shift) as u32;
        CapData { effective: part(permitted & wanted), permitted: part(permitted), inheritable: 0 }
    };
    let (header, data) = (CapHeader { version: CAP_VERSION, pid: 0 }, [half(0), half(32)]);
    // SAFETY: as above; the kernel only reads both.
    let got = unsafe { libc::syscall(libc::SYS_capset, std::ptr::from_ref(&header), data.as_ptr()) };
    if got < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_as_large_as_the_kernels() {
        assert_eq!(size_of::<MapCreate>(), 80);
        assert_eq!(size_of::<Element>(), 32);
        assert_eq!(size_of::<BtfLoad>(), 40);
        assert_eq!(size_of::<ProgLoad>(), 152);
    }

    #[test]
    fn names_are_cut() {
        assert_eq!(&name("short"), b"short\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(name("a name that is too long")[NAME - 1], 0);
    }

    #[test]
    fn a_value_is_never_read_beyond_its_end() {
        let null = std::fs::File::open("/dev/null").map(OwnedFd::from).expect("a descriptor");
        let error = update(&null, 0, &[1, 2], 4).expect_err("too short");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }
}
