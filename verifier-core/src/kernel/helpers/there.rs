//! Which helpers a kernel has: those of its release, or those that were found when it was probed.

use super::id;
use crate::kernel::{Kernel, KernelVersion};

/// Whether the number is that of a helper in this kernel, callable or not. The kernel words it differently
/// (`invalid func`) when it is not.
pub fn exists(kernel: &Kernel, id: u32) -> bool {
    id != id::UNSPEC && kernel.tables.helpers.map_or(id <= id::last(kernel.version), |there| there.contains(id))
}

/// The release whose rows hold for a helper: the kernel's, or the first that had it where the kernel has it before its
/// time.
pub(super) fn release_of(kernel: &Kernel, id: u32) -> KernelVersion {
    match id::since(id) {
        Some(since) if since > kernel.version && exists(kernel, id) => since,
        _ => kernel.version,
    }
}
