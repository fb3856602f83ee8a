//! Data symbols of the kernel that BTF does not list.
//!
//! BTF describes functions and per-CPU variables. Programs also ask for the address of other data by `__ksym`
//! variables without type; libbpf finds them in `/proc/kallsyms`, which a profile does not carry. This is the list of
//! those known to be there. Evidence: the addresses that recorded programs were given.

use crate::kernel::KernelVersion;
use crate::kernel::call::Releases;

const fn always(name: &'static str) -> (&'static str, Releases) {
    (name, Releases { since: KernelVersion::new(0, 0), until: None })
}

const DATA_SYMBOLS: &[(&str, Releases)] = &[
    always("__start_BTF"),
    always("__stop_BTF"),
    always("bpf_link_fops"),
    always("bpf_map_fops"),
    always("bpf_prog_fops"),
    always("init_task"),
    always("init_net"),
    always("jiffies"),
    // Per-CPU data of x86-64 began at a symbol of its own until it was linked like everything else (6.15).
    ("__per_cpu_start", Releases { since: KernelVersion::new(0, 0), until: Some(KernelVersion::new(6, 15)) }),
];

/// Whether a data symbol is known to exist in a release.
pub fn is_data_symbol(name: &str, version: KernelVersion) -> bool {
    DATA_SYMBOLS.iter().any(|(n, r)| *n == name && r.contains(version))
}
