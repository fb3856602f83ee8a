//! Who loads objects, and what each of them takes that others refuse.

/// Whose rules hold before the kernel's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LoaderRules {
    /// libbpf since 1.0: bpftool, skeletons, veristat.
    #[default]
    Libbpf,
    /// cilium/ebpf, in Go.
    EbpfGo,
    /// aya, in Rust.
    Aya,
}

impl LoaderRules {
    /// Why libbpf refuses maps in a `maps` section.
    pub(super) const LEGACY: &str = "this is a rule of libbpf since 1.0, not of the kernel: ebpf-go and aya still take such maps \
         (`--loader ebpf-go`, `--loader aya`); for libbpf, declare the map in `SEC(\".maps\")` with `__uint` and `__type`";
    /// Why libbpf refuses static programs.
    pub(super) const STATIC: &str = "this is a rule of libbpf, not of the kernel: ebpf-go and aya take static programs \
         (`--loader ebpf-go`, `--loader aya`); for libbpf, leave `static` out";

    /// Whether maps may be declared in the old form, in a section `maps`.
    pub const fn takes_legacy_maps(self) -> bool {
        !matches!(self, LoaderRules::Libbpf)
    }

    /// Whether a program may be a static function.
    pub const fn takes_static_programs(self) -> bool {
        !matches!(self, LoaderRules::Libbpf)
    }
}
