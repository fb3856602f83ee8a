//! Iterator targets and the arguments that iterator programs find in their context.
//!
//! Evidence: the `struct bpf_iter_reg` definitions of 6.12.117 and 6.18 (kernel/bpf/*_iter.c, kernel/kallsyms.c,
//! net/ipv4, net/ipv6, net/core, net/unix, net/netlink) and the structs `bpf_iter__*`. Which targets a kernel has is
//! told by its BTF: a target registers the function `bpf_iter_<target>`.

use crate::kernel::KernelVersion;
use crate::kernel::call::{RegBase, RegType, TypeFlags};

/// Prefix of the functions that stand for targets. Kernel: `BPF_ITER_FUNC_PREFIX`.
pub const PREFIX: &str = "bpf_iter_";

/// An argument in the context of an iterator program. Kernel: `struct bpf_ctx_arg_aux`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IterArg {
    /// Byte offset in the context.
    pub offset: u32,
    /// What a load yields.
    pub ty: RegType,
    /// Kernel struct of a BTF pointer; empty for buffers.
    pub btf: &'static str,
}

/// An iterator target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IterTarget {
    /// Name, without prefix.
    pub name: &'static str,
    /// First release.
    pub since: KernelVersion,
    /// Arguments of special type.
    pub args: &'static [IterArg],
}

/// The target that a function stands for. Kernel: the search in `bpf_iter_prog_supported()`.
pub fn target(v: KernelVersion, func: &str) -> Option<&'static IterTarget> {
    let name = func.strip_prefix(PREFIX)?;
    TARGETS.iter().find(|t| t.name == name && t.since <= v)
}

const fn btf(offset: u32, name: &'static str, extra: TypeFlags) -> IterArg {
    IterArg { offset, ty: RegType::with(RegBase::PtrToBtfId, TypeFlags::MAYBE_NULL.union(extra)), btf: name }
}

const fn maybe(offset: u32, name: &'static str) -> IterArg {
    btf(offset, name, TypeFlags::empty())
}

const fn trusted(offset: u32, name: &'static str) -> IterArg {
    btf(offset, name, TypeFlags::TRUSTED)
}

const fn buf(offset: u32, extra: TypeFlags) -> IterArg {
    IterArg { offset, ty: RegType::with(RegBase::PtrToBuf, TypeFlags::MAYBE_NULL.union(extra)), btf: "" }
}

const fn row(name: &'static str, args: &'static [IterArg]) -> IterTarget {
    IterTarget { name, since: KernelVersion::new(5, 8), args }
}

const fn late(name: &'static str, since: KernelVersion, args: &'static [IterArg]) -> IterTarget {
    IterTarget { name, since, args }
}

static TARGETS: &[IterTarget] = &[
    row("bpf_prog", &[maybe(8, "bpf_prog")]),
    row("bpf_link", &[maybe(8, "bpf_link")]),
    row("bpf_map", &[trusted(8, "bpf_map")]),
    row("bpf_map_elem", &[buf(16, TypeFlags::RDONLY), buf(24, TypeFlags::empty())]),
    row("task", &[trusted(8, "task_struct")]),
    row("task_file", &[maybe(8, "task_struct"), maybe(24, "file")]),
    row("task_vma", &[maybe(8, "task_struct"), maybe(16, "vm_area_struct")]),
    row("cgroup", &[trusted(8, "cgroup")]),
    row("ksym", &[maybe(8, "kallsym_iter")]),
    row("netlink", &[maybe(8, "netlink_sock")]),
    row("ipv6_route", &[maybe(8, "fib6_info")]),
    row("tcp", &[trusted(8, "sock_common")]),
    row("udp", &[trusted(8, "udp_sock")]),
    row("unix", &[maybe(8, "unix_sock")]),
    row("sockmap", &[buf(16, TypeFlags::RDONLY), maybe(24, "sock")]),
    row("bpf_sk_storage_map", &[maybe(16, "sock"), buf(24, TypeFlags::empty())]),
    late("kmem_cache", KernelVersion::new(6, 13), &[trusted(8, "kmem_cache")]),
    late("dmabuf", KernelVersion::new(6, 16), &[maybe(8, "dma_buf")]),
];
