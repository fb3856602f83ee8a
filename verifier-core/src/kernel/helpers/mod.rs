//! Helper functions: numbers, names, prototypes, and which program may call which.
//!
//! Answers for `enum bpf_func_id`, the `bpf_func_proto` variables and the `get_func_proto()` callback of every program
//! type. A helper can have several prototypes; [`get_func_proto`] picks one by program type, attach type, capability
//! and what the program attaches to.

pub mod class;
pub mod id;

use super::call::FuncProto;
use super::{AttachType, Kernel, KernelVersion, ProgType};

/// The name that messages show: `bpf_map_lookup_elem`. `None` for a number that no release has (messages then say
/// `unknown`). Kernel: `func_id_name()`.
pub fn func_id_name(id: u32) -> Option<&'static str> {
    id::NAMES.get(id as usize).copied()
}

/// Whether the number is that of a helper in this release, callable or not. The kernel words it differently
/// (`invalid func`) when it is not.
pub fn exists(version: KernelVersion, id: u32) -> bool {
    id != id::UNSPEC && id <= id::last(version)
}

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

/// The prototype with which this program may call the helper; `None` where the kernel says
/// `program of this type cannot use helper`. Kernel: `get_func_proto()` of the program type.
pub fn get_func_proto(query: &HelperQuery<'_>, id: u32) -> Option<&'static FuncProto> {
    let _ = (query, id);
    None
}

/// Whether a call that found its prototype is allowed for what the program attaches to; `false` where the kernel says
/// `helper call is not allowed in probe`. Kernel: `bpf_func_proto::allowed()`.
pub fn allowed(query: &HelperQuery<'_>, proto: &FuncProto) -> bool {
    let _ = (query, proto);
    true
}
