//! Data symbols of the kernel that BTF does not list.
//!
//! BTF describes functions and per-CPU variables. Programs also ask for the address of other data by `__ksym`
//! variables without type; libbpf finds them in `/proc/kallsyms`, which a profile does not carry. This is the list of
//! those known to be there. Evidence: the addresses that recorded programs were given.

use crate::kernel::KernelVersion;
use crate::kernel::call::Releases;

/// Address given to symbols of which only the existence is known: where the kernel's text begins.
pub const SOME_ADDRESS: u64 = 0xffff_ffff_8100_0000;

const fn always(name: &'static str) -> (&'static str, Releases, u64) {
    (name, Releases { since: KernelVersion::new(0, 0), until: None }, SOME_ADDRESS)
}

/// Name, releases, address.
const DATA_SYMBOLS: &[(&str, Releases, u64)] = &[
    always("__start_BTF"),
    always("__stop_BTF"),
    always("bpf_link_fops"),
    always("bpf_map_fops"),
    always("bpf_prog_fops"),
    always("init_task"),
    always("init_net"),
    always("jiffies"),
    // Per-CPU data of x86-64 was linked at address 0 until 6.15.
    ("__per_cpu_start", Releases { since: KernelVersion::new(0, 0), until: Some(KernelVersion::new(6, 15)) }, 0),
];

/// Address of a data symbol, when a release is known to have it.
pub fn data_symbol(name: &str, version: KernelVersion) -> Option<u64> {
    DATA_SYMBOLS.iter().find(|(n, r, _)| *n == name && r.contains(version)).map(|(.., address)| *address)
}
