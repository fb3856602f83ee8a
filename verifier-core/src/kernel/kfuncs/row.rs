//! A kernel function as a row: its flags, who may call it, and which releases have it.

use bitflags::bitflags;

use crate::kernel::call::Releases;
use crate::kernel::history::KernelVersion;

bitflags! {
    /// What a kernel function promises and demands. Kernel: `KF_*`.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct KfuncFlags: u32 {
        /// Returns a pointer that must be released.
        const ACQUIRE = 1 << 0;
        /// Releases the one referenced pointer among its arguments.
        const RELEASE = 1 << 1;
        /// May return null.
        const RET_NULL = 1 << 2;
        /// Pointer arguments must be known to be valid.
        const TRUSTED_ARGS = 1 << 4;
        /// May sleep.
        const SLEEPABLE = 1 << 5;
        /// May bring the machine down.
        const DESTRUCTIVE = 1 << 6;
        /// Pointer arguments must be valid or protected by RCU.
        const RCU = 1 << 7;
        /// Creates an iterator.
        const ITER_NEW = 1 << 8;
        /// Advances an iterator.
        const ITER_NEXT = 1 << 9;
        /// Ends an iterator.
        const ITER_DESTROY = 1 << 10;
        /// Its result is protected by RCU, so it is valid in an RCU section only.
        const RCU_PROTECTED = 1 << 11;
    }
}

impl KfuncFlags {
    /// Creates an iterator. Kernel: `is_iter_new_kfunc()`.
    pub const fn is_iter_new(self) -> bool {
        self.contains(KfuncFlags::ITER_NEW)
    }

    /// Advances an iterator. Kernel: `is_iter_next_kfunc()`.
    pub const fn is_next_call(self) -> bool {
        self.contains(KfuncFlags::ITER_NEXT)
    }

    /// Ends an iterator. Kernel: `is_iter_destroy_kfunc()`.
    pub const fn is_iter_destroy(self) -> bool {
        self.contains(KfuncFlags::ITER_DESTROY)
    }

    /// Handles iterators in one of these ways. Kernel: `is_iter_kfunc()`.
    pub const fn is_iter(self) -> bool {
        self.is_iter_new() || self.is_next_call() || self.is_iter_destroy()
    }

    /// Kernel: `is_kfunc_acquire()`.
    pub const fn is_acquire(self) -> bool {
        self.contains(KfuncFlags::ACQUIRE)
    }

    /// Kernel: `is_kfunc_release()`.
    pub const fn is_release(self) -> bool {
        self.contains(KfuncFlags::RELEASE)
    }

    /// A releasing function trusts its arguments too. Kernel: `is_kfunc_trusted_args()`.
    pub const fn is_trusted_args(self) -> bool {
        self.contains(KfuncFlags::TRUSTED_ARGS) || self.is_release()
    }

    /// Kernel: `is_kfunc_rcu()`.
    pub const fn is_rcu(self) -> bool {
        self.contains(KfuncFlags::RCU)
    }

    /// Kernel: `is_kfunc_rcu_protected()`.
    pub const fn is_rcu_protected(self) -> bool {
        self.contains(KfuncFlags::RCU_PROTECTED)
    }

    /// Kernel: `is_kfunc_sleepable()`.
    pub const fn is_sleepable(self) -> bool {
        self.contains(KfuncFlags::SLEEPABLE)
    }

    /// Kernel: `is_kfunc_destructive()`.
    pub const fn is_destructive(self) -> bool {
        self.contains(KfuncFlags::DESTRUCTIVE)
    }

    /// Kernel: `is_kfunc_ret_null()` but for `bpf_refcount_acquire_impl()` with an owning reference.
    pub const fn is_ret_null(self) -> bool {
        self.contains(KfuncFlags::RET_NULL)
    }
}

bitflags! {
    /// Places that functions are registered for; several program types share one. Kernel: `enum btf_kfunc_hook`.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct Hooks: u32 {
        /// Every program type.
        const COMMON = 1 << 0;
        /// XDP.
        const XDP = 1 << 1;
        /// Traffic control classifiers.
        const TC = 1 << 2;
        /// struct_ops.
        const STRUCT_OPS = 1 << 3;
        /// Tracing, tracepoints, perf events and LSM.
        const TRACING = 1 << 4;
        /// Programs run by the system call.
        const SYSCALL = 1 << 5;
        /// All types that attach to control groups.
        const CGROUP = 1 << 6;
        /// Traffic control actions.
        const SCHED_ACT = 1 << 7;
        /// Stream parsers and verdicts.
        const SK_SKB = 1 << 8;
        /// Socket filters.
        const SOCKET_FILTER = 1 << 9;
        /// Lightweight tunnels.
        const LWT = 1 << 10;
        /// Netfilter.
        const NETFILTER = 1 << 11;
        /// Probes.
        const KPROBE = 1 << 12;
    }
}

/// A further condition on the program. Kernel: `btf_kfunc_id_set::filter`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filter {
    /// None.
    None,
    /// LSM programs only. Kernel: `bpf_fs_kfuncs_filter()`.
    Lsm,
    /// Iterator programs only. Kernel: `tracing_iter_filter()`.
    Iterator,
    /// Sessions of probes and around functions only. Kernel: `bpf_kprobe_multi_filter()`.
    Session,
    /// These members of a queueing discipline only; empty: all of them. Kernel: `bpf_qdisc_kfunc_filter()`.
    Qdisc(&'static [&'static str]),
    /// Kernels that verify signatures only. Kernel: `CONFIG_SYSTEM_DATA_VERIFICATION`.
    Signatures,
}

/// One function.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Kfunc {
    /// Name, as in BTF.
    pub name: &'static str,
    /// Flags.
    pub flags: KfuncFlags,
    /// Releases that have it.
    pub releases: Releases,
}

/// Functions that are registered together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Group {
    /// Module that holds them when they are not built in; `None`: always built in.
    pub module: Option<&'static str>,
    /// Hooks they are registered for.
    pub hooks: Hooks,
    /// Further condition.
    pub filter: Filter,
    /// Hooks that they were registered for only from a release on.
    pub later: &'static [(Hooks, KernelVersion)],
    /// The functions.
    pub rows: &'static [Kfunc],
}

impl Group {
    /// Hooks that they are registered for in a release.
    pub fn hooks_in(&self, version: KernelVersion) -> Hooks {
        let begun = self.later.iter().filter(|(_, since)| *since <= version);
        begun.fold(self.hooks, |hooks, (more, _)| hooks.union(*more))
    }
}

pub(super) const V6_2: KernelVersion = KernelVersion::new(6, 2);
pub(super) const V6_3: KernelVersion = KernelVersion::new(6, 3);
pub(super) const V6_9: KernelVersion = KernelVersion::new(6, 9);
pub(super) const V6_10: KernelVersion = KernelVersion::new(6, 10);
pub(super) const V6_12: KernelVersion = KernelVersion::new(6, 12);
pub(super) const V6_13: KernelVersion = KernelVersion::new(6, 13);
pub(super) const V6_14: KernelVersion = KernelVersion::new(6, 14);
pub(super) const V6_15: KernelVersion = KernelVersion::new(6, 15);
pub(super) const V6_16: KernelVersion = KernelVersion::new(6, 16);
pub(super) const V6_17: KernelVersion = KernelVersion::new(6, 17);
pub(super) const V6_18: KernelVersion = KernelVersion::new(6, 18);

pub(super) const V6_19: KernelVersion = KernelVersion::new(6, 19);
pub(super) const V7_0: KernelVersion = KernelVersion::new(7, 0);
pub(super) const V7_1: KernelVersion = KernelVersion::new(7, 1);

/// The release that brought kernel functions. A function that came later is not in the BTF of those before it.
const FIRST: KernelVersion = KernelVersion::new(5, 13);

/// A function of 6.12 and, where their BTF has it, of older releases.
pub(super) const fn k(name: &'static str, flags: KfuncFlags) -> Kfunc {
    since(name, flags, FIRST)
}

/// A function that a release introduced.
pub(super) const fn since(name: &'static str, flags: KfuncFlags, since: KernelVersion) -> Kfunc {
    Kfunc { name, flags, releases: Releases { since, until: None } }
}

/// A function that one release introduced and another removed.
pub(super) const fn between(
    name: &'static str,
    flags: KfuncFlags,
    since: KernelVersion,
    until: KernelVersion,
) -> Kfunc {
    Kfunc { name, flags, releases: Releases { since, until: Some(until) } }
}

/// A function that a release removed.
pub(super) const fn until(name: &'static str, flags: KfuncFlags, until: KernelVersion) -> Kfunc {
    Kfunc { name, flags, releases: Releases { since: FIRST, until: Some(until) } }
}
