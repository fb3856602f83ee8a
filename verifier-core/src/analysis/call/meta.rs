//! What checking the arguments of a call leaves for later checks of the same call.

/// Facts about one call. Kernel: `struct bpf_call_arg_meta`.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallMeta {
    /// The memory argument need not be initialised. Kernel: `raw_mode`.
    pub raw_mode: bool,
    /// The prototype allows packet pointers. Kernel: `pkt_access`.
    pub pkt_access: bool,
    /// Register of the uninitialised memory. Kernel: `regno`.
    pub regno: u8,
    /// Its size. Kernel: `access_size`.
    pub access_size: i32,
}
