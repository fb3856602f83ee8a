//! Functions in which a path may be resolved.
//!
//! Evidence: `btf_allowlist_d_path` in `kernel/trace/bpf_trace.c` of 6.12.117 and 6.18, the same in both.

/// Functions in which `bpf_d_path()` may be called, besides iterators and sleepable LSM hooks.
pub const FUNCTIONS: &[&str] = &[
    "security_file_permission",
    "security_inode_getattr",
    "security_file_open",
    "security_path_truncate",
    "vfs_truncate",
    "vfs_fallocate",
    "dentry_open",
    "vfs_getattr",
    "filp_close",
];
