//! Who asks for a helper: all that decides which prototype it gets.

use crate::kernel::{AttachType, Kernel, ProgType};

/// Capabilities that decide which helpers a program may call. Kernel: `bpf_token_capable()`, `capable()`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HelperCaps {
    /// CAP_BPF (or CAP_SYS_ADMIN).
    pub bpf: bool,
    /// CAP_PERFMON (or CAP_SYS_ADMIN).
    pub perfmon: bool,
    /// CAP_SYS_ADMIN.
    pub sys_admin: bool,
}

/// Who asks for a helper.
#[derive(Clone, Copy, Debug)]
pub struct HelperQuery<'a> {
    /// The kernel asked.
    pub kernel: &'a Kernel,
    /// Type of the program as loaded. Kernel: `prog->type`.
    pub prog_type: ProgType,
    /// Type whose rules apply: that of the replaced program for `freplace`, `prog_type` for all others.
    /// Kernel: `resolve_prog_type()`.
    pub resolved: ProgType,
    /// Attach type (that of the replaced program for `freplace`); it does not matter for struct_ops.
    pub attach_type: AttachType,
    /// The program may sleep.
    pub sleepable: bool,
    /// Capabilities of the load.
    pub caps: HelperCaps,
    /// BTF name of the function or type it attaches to: `vfs_read`, `bpf_lsm_file_open`, `bpf_iter_task`; may be empty.
    pub attach_name: &'a str,
    /// It attaches to another BPF program. Kernel: `prog->aux->dst_prog`.
    pub attaches_to_prog: bool,
    /// struct_ops: name of the kernel struct, else empty.
    pub struct_ops: &'a str,
    /// struct_ops: name of the member, else empty.
    pub member: &'a str,
}

impl<'a> HelperQuery<'a> {
    /// Asks for a program of a type with nothing special about it, loaded with every capability.
    pub const fn plain(kernel: &'a Kernel, prog_type: ProgType, attach_type: AttachType) -> HelperQuery<'a> {
        HelperQuery {
            kernel,
            prog_type,
            resolved: prog_type,
            attach_type,
            sleepable: false,
            caps: HelperCaps { bpf: true, perfmon: true, sys_admin: true },
            attach_name: "",
            attaches_to_prog: false,
            struct_ops: "",
            member: "",
        }
    }
}
