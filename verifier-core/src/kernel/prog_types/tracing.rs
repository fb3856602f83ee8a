//! Tracing programs whose context is plain memory: probes, tracepoints, perf events; and system-call programs.
//!
//! Contexts that hold typed arguments of a function are decided by BTF; here stands only the check in front of it.

use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType};

/// Arguments that a traced function can have. Kernel: `MAX_BPF_FUNC_ARGS`.
const MAX_FUNC_ARGS: u32 = 12;

const fn plain(name: &'static str, first: u32, size: u32, whole: bool, write: Rule) -> Layout {
    Layout { name, first, size, whole, fields: &[], read: Rule::Any, write, base: None }
}

/// `struct pt_regs` of x86-64. Kernel: `kprobe_prog_is_valid_access()`.
pub static KPROBE: Layout = plain("pt_regs", 0, 168, true, Rule::No);

/// Kernel: `tp_prog_is_valid_access()`: the first word is the kernel's, the rest the event's record.
pub static TRACEPOINT: Layout = plain("trace event", 8, 8192, false, Rule::No);

/// Whether a tracepoint program may load from in front of its record: the kernel compares offsets as unsigned with the
/// first word only, so whatever lies there is let through when it is aligned.
pub fn before_record(off: i32, size: u32, write: bool) -> bool {
    off < 0 && !write && size != 0 && off.unsigned_abs().is_multiple_of(size)
}

/// Kernel: `bpf_tracing_ctx_access()`: one word for each argument.
pub static RAW_TRACEPOINT: Layout = plain("arguments", 0, 8 * MAX_FUNC_ARGS, false, Rule::No);

/// Kernel: `raw_tp_writable_prog_is_valid_access()`: the first argument is a buffer.
pub static RAW_TRACEPOINT_WRITABLE: Layout = Layout {
    fields: &[Field::read("buffer", 0, 1, Rule::Pointer(8, RegType::of(RegBase::PtrToTpBuffer)))],
    ..plain("arguments", 0, 8 * MAX_FUNC_ARGS, false, Rule::No)
};

/// Kernel: `pe_prog_is_valid_access()`.
pub static PERF_EVENT: Layout = Layout {
    fields: &[Field::read("sample_period", 168, 176, Rule::Narrow(8)), Field::read("addr", 176, 184, Rule::Narrow(8))],
    read: Rule::Exactly(8),
    ..plain("bpf_perf_event_data", 0, 184, false, Rule::No)
};

/// Kernel: `syscall_prog_is_valid_access()`.
pub static SYSCALL: Layout = plain("context", 0, 65535, false, Rule::Any);
