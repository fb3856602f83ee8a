//! Kernel functions for tracing and security programs: keys, files, control-group statistics, probe sessions.
//!
//! Facts of the sets in `kernel/trace/bpf_trace.c`, `fs/`, `kernel/cgroup/rstat.c` and `net/bpf/test_run.c`.

use super::generic;
use super::row::{Filter, Group, Hooks, Kfunc, KfuncFlags as F, V6_14, V6_16, V6_17, V6_18, V7_1, k, since, until};

/// Keys and signatures. Kernel: `key_sig_kfunc_set`, which 6.18 merged into `generic_btf_ids`.
pub(super) const KEYS: Group = Group {
    module: None,
    hooks: Hooks::TRACING,
    filter: Filter::None,
    later: &[],
    rows: &[
        until("bpf_lookup_user_key", LOOKUP_USER_KEY, V6_18),
        until("bpf_lookup_system_key", LOOKUP_SYSTEM_KEY, V6_18),
        until("bpf_key_put", F::RELEASE, V6_18),
        until("bpf_verify_pkcs7_signature", F::SLEEPABLE, V6_18),
    ],
};

/// As [`KEYS`], for more program types.
pub(super) const KEYS_GENERIC: Group = Group {
    module: None,
    hooks: generic::GENERIC.hooks,
    filter: Filter::None,
    later: generic::GENERIC_HOOKS,
    rows: &[
        since("bpf_lookup_user_key", LOOKUP_USER_KEY, V6_18),
        since("bpf_lookup_system_key", LOOKUP_SYSTEM_KEY, V6_18),
        since("bpf_key_put", F::RELEASE, V6_18),
    ],
};

/// The BTF of kernels that were built without signature verification holds this one too, but nobody may call it there.
pub(super) const SIGNATURES: Group = Group {
    module: None,
    hooks: generic::GENERIC.hooks,
    filter: Filter::Signatures,
    later: generic::GENERIC_HOOKS,
    rows: &[since("bpf_verify_pkcs7_signature", F::SLEEPABLE, V6_18)],
};

const LOOKUP_SYSTEM_KEY: F = F::ACQUIRE.union(F::RET_NULL);
const LOOKUP_USER_KEY: F = LOOKUP_SYSTEM_KEY.union(F::SLEEPABLE);

/// State shared by the two runs of a session. Kernel: `kprobe_multi_kfunc_set_ids`.
pub(super) const SESSION: Group = Group {
    module: None,
    hooks: Hooks::KPROBE.union(Hooks::TRACING),
    filter: Filter::Session,
    later: &[],
    rows: SESSION_ROWS,
};

const SESSION_ROWS: &[Kfunc] = &[k("bpf_session_is_return", F::empty()), k("bpf_session_cookie", F::empty())];

/// Files and their attributes, for LSM programs. Kernel: `bpf_fs_kfunc_set_ids`.
pub(super) const FILES: Group =
    Group { module: None, hooks: Hooks::TRACING, filter: Filter::Lsm, later: &[], rows: FILES_ROWS };

const FILES_ROWS: &[Kfunc] = &[
    k("bpf_get_task_exe_file", F::ACQUIRE.union(F::TRUSTED_ARGS).union(F::RET_NULL)),
    k("bpf_put_file", F::RELEASE),
    k("bpf_path_d_path", F::TRUSTED_ARGS),
    k("bpf_get_dentry_xattr", F::SLEEPABLE.union(F::TRUSTED_ARGS)),
    k("bpf_get_file_xattr", F::SLEEPABLE.union(F::TRUSTED_ARGS)),
    since("bpf_set_dentry_xattr", F::SLEEPABLE.union(F::TRUSTED_ARGS), V6_14),
    since("bpf_remove_dentry_xattr", F::SLEEPABLE.union(F::TRUSTED_ARGS), V6_14),
    since("bpf_real_data_inode", F::SLEEPABLE.union(F::RET_NULL), V7_1),
    since("bpf_sock_read_xattr", F::RCU, V7_1),
];

/// Attributes of control groups, for every program type. Kernel: `common_btf_ids`.
pub(super) const CGROUP_XATTR: Group = Group {
    module: None,
    hooks: Hooks::COMMON,
    filter: Filter::None,
    later: &[],
    rows: &[since("bpf_cgroup_read_xattr", F::RCU, V6_17)],
};

/// Digests of protected files. Kernel: `fsverity_set_ids`.
pub(super) const VERITY: Group =
    Group { module: None, hooks: Hooks::TRACING, filter: Filter::Lsm, later: &[], rows: VERITY_ROWS };

const VERITY_ROWS: &[Kfunc] = &[k("bpf_get_fsverity_digest", F::TRUSTED_ARGS)];

/// Statistics of control groups. Kernel: `bpf_rstat_kfunc_ids`.
pub(super) const RSTAT: Group =
    Group { module: None, hooks: Hooks::TRACING, filter: Filter::None, later: &[], rows: RSTAT_ROWS };

const RSTAT_ROWS: &[Kfunc] = &[
    until("cgroup_rstat_updated", F::empty(), V6_16),
    until("cgroup_rstat_flush", F::SLEEPABLE, V6_16),
    since("css_rstat_updated", F::empty(), V6_16),
    since("css_rstat_flush", F::SLEEPABLE, V6_16),
];

/// Releases of the test objects that `BPF_PROG_TEST_RUN` knows. Kernel: `test_sk_check_kfunc_ids`.
pub(super) const TEST_RUN: Group = Group {
    module: None,
    hooks: Hooks::TC.union(Hooks::TRACING).union(Hooks::SYSCALL),
    filter: Filter::None,
    later: &[],
    rows: TEST_RUN_ROWS,
};

const TEST_RUN_ROWS: &[Kfunc] =
    &[k("bpf_kfunc_call_test_release", F::RELEASE), k("bpf_kfunc_call_memb_release", F::RELEASE)];
