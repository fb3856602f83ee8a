//! Data symbols of the kernel that BTF does not list.
//!
//! BTF describes functions and per-CPU variables. Programs also ask for the address of other data by `__ksym`
//! variables without type; libbpf finds them in `/proc/kallsyms`, which a profile does not carry. This is the list of
//! those known to be there on every release we model. Evidence: the addresses that recorded programs were given.

const DATA_SYMBOLS: &[&str] = &["bpf_link_fops", "bpf_map_fops", "bpf_prog_fops", "init_task", "init_net", "jiffies"];

/// Whether a data symbol is known to exist.
pub fn is_data_symbol(name: &str) -> bool {
    DATA_SYMBOLS.contains(&name)
}
