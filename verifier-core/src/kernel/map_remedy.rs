//! What would make the kernel create a map that it refuses: found by asking the same rules about small changes.
//!
//! Knows no rule itself, so that it cannot contradict them ([`check_create`]); it says only what was tried and passes.

use super::Kernel;
use super::map_create::{MapAttr, MapCaps, check_create};
use super::map_types::{MapType, flags as f};

/// Creation flags by name, those that are forgotten most often first.
const FLAGS: &[(u32, &str)] = &[
    (f::NO_PREALLOC, "BPF_F_NO_PREALLOC"),
    (f::MMAPABLE, "BPF_F_MMAPABLE"),
    (f::NO_COMMON_LRU, "BPF_F_NO_COMMON_LRU"),
    (f::NUMA_NODE, "BPF_F_NUMA_NODE"),
    (f::RDONLY, "BPF_F_RDONLY"),
    (f::WRONLY, "BPF_F_WRONLY"),
    (f::STACK_BUILD_ID, "BPF_F_STACK_BUILD_ID"),
    (f::ZERO_SEED, "BPF_F_ZERO_SEED"),
    (f::RDONLY_PROG, "BPF_F_RDONLY_PROG"),
    (f::WRONLY_PROG, "BPF_F_WRONLY_PROG"),
    (f::CLONE, "BPF_F_CLONE"),
    (f::PRESERVE_ELEMS, "BPF_F_PRESERVE_ELEMS"),
    (f::INNER_MAP, "BPF_F_INNER_MAP"),
    (f::SEGV_ON_FAULT, "BPF_F_SEGV_ON_FAULT"),
    (f::NO_USER_CONV, "BPF_F_NO_USER_CONV"),
];

/// A map with something changed, and the change in words.
type Change = (MapAttr, String);

/// Every small change, the likeliest first.
fn changes(a: &MapAttr, passes: &dyn Fn(&MapAttr) -> bool) -> Vec<Change> {
    let mut out: Vec<Change> = Vec::new();
    let mut number = |name: &str, is: u32, to: &[u32], set: &dyn Fn(&mut MapAttr, u32)| {
        for n in to.iter().copied().filter(|n| *n != is) {
            let mut b = *a;
            set(&mut b, n);
            out.push((b, format!("`{name}` {n} (it is {is})")));
        }
    };
    number("value_size", a.value_size, &[4, 8, 0], &|b, n| b.value_size = n);
    number("key_size", a.key_size, &[4, 0, 8, 16], &|b, n| b.key_size = n);
    let pages = a.max_entries.max(4096).checked_next_power_of_two().unwrap_or(4096);
    number("max_entries", a.max_entries, &[1, 0, pages], &|b, n| b.max_entries = n);
    let rounded = a.value_size.checked_next_multiple_of(8).unwrap_or(8);
    number("value_size", a.value_size, &[rounded], &|b, n| b.value_size = n);
    let value = largest(a.value_size, &|n| passes(&MapAttr { value_size: n, ..*a }));
    number("value_size", a.value_size, value.as_slice(), &|b, n| b.value_size = n);
    let entries = largest(a.max_entries, &|n| passes(&MapAttr { max_entries: n, ..*a }));
    number("max_entries", a.max_entries, entries.as_slice(), &|b, n| b.max_entries = n);
    let mut toggled: Vec<Change> = Vec::new();
    for (bit, name) in FLAGS {
        let words = if a.map_flags & bit == 0 { format!("the flag {name}") } else { format!("no flag {name}") };
        toggled.push((MapAttr { map_flags: a.map_flags ^ bit, ..*a }, words));
    }
    if a.map_flags != 0 {
        toggled.push((MapAttr { map_flags: 0, ..*a }, "no flags".into()));
    }
    if a.map_extra != 0 {
        toggled.push((MapAttr { map_extra: 0, ..*a }, "no `map_extra`".into()));
    }
    if !a.btf_key || !a.btf_value {
        let words = "types: `__type(key, …)` and `__type(value, …)`, and `-g` when it is compiled";
        toggled.push((MapAttr { btf_key: true, btf_value: true, ..*a }, words.into()));
    }
    out.append(&mut toggled);
    out
}

/// The largest number below one that passes, when small ones do and large ones do not.
fn largest(from: u32, passes: &dyn Fn(u32) -> bool) -> Option<u32> {
    let (mut low, mut high) = (1, from);
    if from < 2 || !passes(low) || passes(high) {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if passes(middle) { low = middle } else { high = middle }
    }
    Some(low)
}

/// Why the kernel refuses a map, as what would make it take it; `None`: it takes it, or more than two things are wrong.
pub fn remedy(kernel: &Kernel, a: &MapAttr, caps: MapCaps) -> Option<String> {
    let passes = |a: &MapAttr| check_create(kernel, a, caps).is_ok();
    let t = MapType::from_number(a.map_type);
    let Some(t) = t.filter(|t| *t != MapType::Unspec) else {
        return Some(format!("Linux {} has no map type {}", kernel.name, a.map_type));
    };
    if passes(a) {
        return None;
    }
    let name = format!("a map of type BPF_MAP_TYPE_{}", t.name().to_ascii_uppercase());
    let one = changes(a, &passes);
    if let Some((_, words)) = one.iter().find(|(b, _)| passes(b)) {
        return Some(format!("{name} needs {words}"));
    }
    one.iter().find_map(|(b, first)| {
        let (_, second) = changes(b, &passes).into_iter().find(|(c, _)| passes(c))?;
        Some(format!("{name} needs {first}, and {second}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: MapCaps = MapCaps { bpf: true, net_admin: true, sys_admin: true };

    fn needs(t: MapType, key: u32, value: u32, entries: u32, flags: u32) -> String {
        let a = MapAttr {
            map_type: t as u32,
            key_size: key,
            value_size: value,
            max_entries: entries,
            map_flags: flags,
            ..MapAttr::default()
        };
        remedy(&Kernel::v6_12(), &a, ROOT).unwrap_or_default()
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(
            needs(MapType::PerfEventArray, 4, 8, 4, 0).ends_with("PERF_EVENT_ARRAY needs `value_size` 4 (it is 8)")
        );
        assert!(needs(MapType::LpmTrie, 8, 8, 4, 0).ends_with("needs the flag BPF_F_NO_PREALLOC"));
        assert!(needs(MapType::Hash, 4, 8, 0, 0).ends_with("needs `max_entries` 1 (it is 0)"));
        assert!(needs(MapType::PercpuArray, 4, 40_000, 1, 0).contains("`value_size` "));
        assert!(needs(MapType::Ringbuf, 0, 0, 5000, 0).contains("`max_entries` 8192"));
        assert!(needs(MapType::Array, 8, 8, 0, 0).contains("`key_size` 4 (it is 8), and `max_entries` 1"));
        assert_eq!(needs(MapType::Array, 4, 8, 1, 0), "");
    }
}
