//! Kernel functions: flags and the program types that may call them.
//!
//! BTF holds a kernel function's prototype; what it acquires, releases or needs, and who may call it, stands in sets in
//! the source (`BTF_KFUNCS_START()` and `register_btf_kfunc_id_set()`). Those sets are the tables of this module, one
//! [`Group`] each. One row per function: name, flags, releases.
//!
//! Evidence: rows of 6.12 are those of 6.12.117's source. That a later row exists in 6.18 is checked against the
//! `bpf_kfunc` tags of 6.18.44's BTF (a test does); its flags, and the release in between that brought it, are not
//! confirmed by any recording yet.

mod generic;
mod net;
mod testmod;
mod trace;

use bitflags::bitflags;

use super::call::Releases;
use super::history::KernelVersion;
use super::prog_types::{AttachType, ProgType};

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
    /// Probe sessions only. Kernel: `bpf_kprobe_multi_filter()`.
    ProbeSession,
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
    /// The functions.
    pub rows: &'static [Kfunc],
}

const V6_13: KernelVersion = KernelVersion::new(6, 13);
const V6_14: KernelVersion = KernelVersion::new(6, 14);
const V6_15: KernelVersion = KernelVersion::new(6, 15);
const V6_16: KernelVersion = KernelVersion::new(6, 16);
const V6_17: KernelVersion = KernelVersion::new(6, 17);
const V6_18: KernelVersion = KernelVersion::new(6, 18);

/// A function of every release from 6.12 on.
const fn k(name: &'static str, flags: KfuncFlags) -> Kfunc {
    since(name, flags, KernelVersion::new(6, 12))
}

/// A function that a release introduced.
const fn since(name: &'static str, flags: KfuncFlags, since: KernelVersion) -> Kfunc {
    Kfunc { name, flags, releases: Releases { since, until: None } }
}

/// A function that a release removed.
const fn until(name: &'static str, flags: KfuncFlags, until: KernelVersion) -> Kfunc {
    Kfunc { name, flags, releases: Releases { since: KernelVersion::new(6, 12), until: Some(until) } }
}

/// Every group.
pub const GROUPS: &[&Group] = &[
    &generic::COMMON,
    &generic::GENERIC,
    &generic::RES_SPIN_LOCK,
    &generic::ARENA,
    &generic::MAP_ITER,
    &generic::CPUMASK,
    &generic::CRYPTO,
    &generic::CRYPTO_INIT,
    &trace::KEYS,
    &trace::KEYS_GENERIC,
    &trace::SESSION,
    &trace::FILES,
    &trace::CGROUP_XATTR,
    &trace::VERITY,
    &trace::RSTAT,
    &trace::TEST_RUN,
    &net::SKB,
    &net::SKB_META,
    &net::XDP,
    &net::SOCK_ADDR,
    &net::SOCK_OPS,
    &net::TCP_REQSK,
    &net::SOCK_ITER,
    &net::XDP_METADATA,
    &net::TCP_CA,
    &net::CUBIC,
    &net::BBR,
    &net::DCTCP,
    &net::CONNTRACK,
    &net::NAT,
    &net::FLOW_TABLE,
    &net::FOU,
    &net::XFRM_INTERFACE,
    &net::XFRM_STATE,
    &testmod::TESTMOD_COMMON,
    &testmod::TESTMOD,
];

/// Hook whose functions a program type may call besides the common ones. Kernel: `bpf_prog_type_to_kfunc_hook()`.
///
/// Control-group programs of all kinds share a hook, so what is registered for one may be called by the others.
pub const fn hook_of(t: ProgType, version: KernelVersion) -> Hooks {
    use ProgType as P;
    match t {
        P::Unspec => Hooks::COMMON,
        P::Xdp => Hooks::XDP,
        P::SchedCls => Hooks::TC,
        P::StructOps => Hooks::STRUCT_OPS,
        P::Tracing | P::Tracepoint | P::PerfEvent | P::Lsm => Hooks::TRACING,
        P::Syscall => Hooks::SYSCALL,
        P::CgroupSkb | P::CgroupSock | P::CgroupDevice | P::CgroupSockAddr | P::CgroupSockopt | P::CgroupSysctl => {
            Hooks::CGROUP
        }
        // 6.15 added them with the functions for transmit time stamps.
        P::SockOps if version.minor >= 15 || version.major > 6 => Hooks::CGROUP,
        P::SchedAct => Hooks::SCHED_ACT,
        P::SkSkb => Hooks::SK_SKB,
        P::SocketFilter => Hooks::SOCKET_FILTER,
        P::LwtOut | P::LwtIn | P::LwtXmit | P::LwtSeg6local => Hooks::LWT,
        P::Netfilter => Hooks::NETFILTER,
        P::Kprobe => Hooks::KPROBE,
        _ => Hooks::empty(),
    }
}

fn passes(filter: Filter, t: ProgType, attach: AttachType) -> bool {
    match filter {
        Filter::None => true,
        Filter::Lsm => t == ProgType::Lsm,
        Filter::Iterator => attach == AttachType::TraceIter,
        Filter::ProbeSession => {
            t == ProgType::Kprobe && matches!(attach, AttachType::TraceKprobeSession | AttachType::TraceUprobeSession)
        }
    }
}

/// Flags of a kernel function for a program, or `None` when the program may not call it.
///
/// `module` is the module whose BTF the call names, `None` for the kernel's own. `prog_type` is the type the program
/// counts as (an extension counts as its target's); `loaded_as` the one it is loaded as, which filters look at.
/// Kernel: `btf_kfunc_id_set_contains()`.
pub fn flags_for(
    version: KernelVersion,
    module: Option<&str>,
    name: &str,
    prog_type: ProgType,
    loaded_as: ProgType,
    attach: AttachType,
) -> Option<KfuncFlags> {
    let hook = hook_of(prog_type, version);
    for hooks in [Hooks::COMMON, hook] {
        for group in GROUPS.iter().filter(|g| g.hooks.intersects(hooks)) {
            // A group of a module counts for the kernel itself where it is built in.
            if module.is_some() && group.module != module {
                continue;
            }
            if let Some(row) = group.rows.iter().find(|r| r.name == name && r.releases.contains(version)) {
                return passes(group.filter, loaded_as, attach).then_some(row.flags);
            }
        }
    }
    None
}

/// Asks the driver, so it may be called from programs bound to a device only. Kernel: `bpf_dev_bound_kfunc_id()`.
pub fn is_device_bound(name: &str) -> bool {
    net::XDP_METADATA.rows.iter().any(|r| r.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V6_12: KernelVersion = KernelVersion::new(6, 12);

    fn may(name: &str, t: ProgType, attach: AttachType) -> bool {
        flags_for(V6_12, None, name, t, t, attach).is_some()
    }

    #[test]
    fn hooks_and_filters_decide_who_may_call() {
        assert!(may("bpf_rcu_read_lock", ProgType::Kprobe, AttachType::PerfEvent));
        assert!(!may("bpf_task_acquire", ProgType::Kprobe, AttachType::PerfEvent));
        assert!(may("bpf_task_acquire", ProgType::Tracing, AttachType::TraceFentry));
        assert!(may("bpf_sock_destroy", ProgType::Tracing, AttachType::TraceIter));
        assert!(!may("bpf_sock_destroy", ProgType::Tracing, AttachType::TraceFentry));
        assert!(!may("bpf_list_front", ProgType::SchedCls, AttachType::TcxIngress));
    }

    #[test]
    fn a_module_function_is_not_the_kernels() {
        let t = ProgType::SchedCls;
        let of = |module, name| flags_for(V6_12, module, name, t, t, AttachType::TcxIngress);
        assert!(of(Some("nf_conntrack"), "bpf_skb_ct_lookup").is_some());
        assert!(of(Some("fou"), "bpf_skb_ct_lookup").is_none());
        assert!(of(Some("fou"), "bpf_rcu_read_lock").is_none());
    }
}
