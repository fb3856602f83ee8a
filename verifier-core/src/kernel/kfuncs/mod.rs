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
mod row;
mod testmod;
mod trace;

use super::history::KernelVersion;
use super::profiles::{Build, Kernel};
use super::prog_types::{AttachType, ProgType};
pub use row::{Filter, Group, Hooks, Kfunc, KfuncFlags};

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
    &generic::MEMORY_CGROUPS,
    &net::KERNEL_SOCKET_SETUP,
    &net::KERNEL_SOCKETS,
    &net::ICMP,
    &trace::KEYS,
    &trace::KEYS_GENERIC,
    &trace::SIGNATURES,
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
    &net::QDISC,
    &net::QDISC_ENQUEUE,
    &net::QDISC_WATCHDOG,
    &net::QDISC_DEQUEUE,
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
    &testmod::TESTMOD_ANYWHERE,
    &testmod::MODORDER_X,
    &testmod::MODORDER_Y,
];

/// Hook whose functions a program type may call besides the common ones. Kernel: `bpf_prog_type_to_kfunc_hook()`.
///
/// Control-group programs of all kinds share a hook, so what is registered for one may be called by the others. Which
/// types have one grew with the releases.
pub fn hook_of(t: ProgType, version: KernelVersion) -> Hooks {
    use ProgType as P;
    let since = |major, minor| version >= KernelVersion::new(major, minor);
    let begun = match t {
        P::CgroupSkb | P::SchedAct | P::SkSkb | P::SocketFilter => since(6, 4),
        P::LwtOut | P::LwtIn | P::LwtXmit | P::LwtSeg6local => since(6, 4),
        P::Netfilter => since(6, 5),
        P::CgroupSock | P::CgroupDevice | P::CgroupSockAddr | P::CgroupSockopt | P::CgroupSysctl => since(6, 10),
        P::Kprobe => since(6, 10),
        P::Tracepoint | P::PerfEvent => since(6, 12),
        _ => true,
    };
    match t {
        _ if !begun => Hooks::empty(),
        P::Unspec => Hooks::COMMON,
        P::Xdp => Hooks::XDP,
        P::SchedCls => Hooks::TC,
        P::StructOps => Hooks::STRUCT_OPS,
        P::Tracing | P::Tracepoint | P::PerfEvent | P::Lsm => Hooks::TRACING,
        P::RawTracepoint | P::RawTracepointWritable if since(7, 0) => Hooks::TRACING,
        P::Syscall => Hooks::SYSCALL,
        P::CgroupSkb | P::CgroupSock | P::CgroupDevice | P::CgroupSockAddr | P::CgroupSockopt | P::CgroupSysctl => {
            Hooks::CGROUP
        }
        // 6.15 added them with the functions for transmit time stamps.
        P::SockOps if since(6, 15) => Hooks::CGROUP,
        P::SchedAct => Hooks::SCHED_ACT,
        P::SkSkb => Hooks::SK_SKB,
        P::SocketFilter => Hooks::SOCKET_FILTER,
        P::LwtOut | P::LwtIn | P::LwtXmit | P::LwtSeg6local => Hooks::LWT,
        P::Netfilter => Hooks::NETFILTER,
        P::Kprobe => Hooks::KPROBE,
        _ => Hooks::empty(),
    }
}

/// The program that calls, as far as it matters to which functions it may call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller<'a> {
    /// The type it counts as: an extension counts as its target's.
    pub prog_type: ProgType,
    /// The type it is loaded as, which filters look at.
    pub loaded_as: ProgType,
    /// How it will be attached.
    pub attach: AttachType,
    /// Struct and member that it implements; of no name for programs that implement none.
    pub implements: (&'a str, &'a str),
}

impl Caller<'_> {
    /// A program of a type that implements nothing.
    pub const fn plain(prog_type: ProgType, attach: AttachType) -> Caller<'static> {
        Caller { prog_type, loaded_as: prog_type, attach, implements: ("", "") }
    }
}

fn passes(filter: Filter, build: Build, caller: &Caller<'_>) -> bool {
    let (t, attach) = (caller.loaded_as, caller.attach);
    match filter {
        Filter::Signatures => build.signatures,
        Filter::None => true,
        Filter::Lsm => t == ProgType::Lsm,
        Filter::Iterator => attach == AttachType::TraceIter,
        Filter::Qdisc(members) => {
            let (ops, member) = caller.implements;
            ops == "Qdisc_ops" && (members.is_empty() || member.is_empty() || members.contains(&member))
        }
        Filter::Session => matches!(t, ProgType::Kprobe | ProgType::Tracing) && attach.is_session(),
    }
}

/// Flags of a kernel function for a program, or `None` when the program may not call it.
///
/// `module` is the module whose BTF the call names, `None` for the kernel's own.
/// Kernel: `btf_kfunc_id_set_contains()`.
pub fn flags_for(kernel: &Kernel, module: Option<&str>, name: &str, caller: &Caller<'_>) -> Option<KfuncFlags> {
    let version = kernel.version;
    let hook = hook_of(caller.prog_type, version);
    let told = kernel.tables.kfunc(name);
    // Before there were functions for all programs, a type without a hook could call none.
    let common = if version >= KernelVersion::new(6, 2) { Hooks::COMMON } else { Hooks::empty() };
    for hooks in [common, hook] {
        for group in GROUPS.iter().filter(|g| g.hooks_in(version).intersects(hooks)) {
            // A group of a module counts for the kernel itself where it is built in.
            if module.is_some() && group.module != module {
                continue;
            }
            let mut rows = group.rows.iter().filter(|r| r.name == name);
            let found = match told {
                Some(false) => None,
                // Where no row is of this release, the first is what was taken along from a later one.
                Some(true) => rows.clone().find(|r| r.releases.contains(version)).or_else(|| rows.next()),
                None => rows.find(|r| r.releases.contains(version)),
            };
            if let Some(row) = found {
                let flags = if kernel.features.kfunc_args_trusted && !row.flags.is_rcu() {
                    row.flags | KfuncFlags::TRUSTED_ARGS
                } else {
                    row.flags
                };
                return passes(group.filter, kernel.build, caller).then_some(flags);
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

    fn may(name: &str, t: ProgType, attach: AttachType) -> bool {
        flags_for(&Kernel::v6_12(), None, name, &Caller::plain(t, attach)).is_some()
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
    fn members_of_a_queueing_discipline_have_functions_of_their_own() {
        let kernel = Kernel::release("7.3.4").expect("a kernel");
        let may = |name, implements| {
            let caller = Caller { implements, ..Caller::plain(ProgType::StructOps, AttachType::CgroupInetIngress) };
            flags_for(&kernel, None, name, &caller).is_some()
        };
        assert!(may("bpf_kfree_skb", ("Qdisc_ops", "reset")) && !may("bpf_kfree_skb", ("tcp_congestion_ops", "init")));
        assert!(may("bpf_qdisc_skb_drop", ("Qdisc_ops", "enqueue")));
        assert!(!may("bpf_qdisc_skb_drop", ("Qdisc_ops", "dequeue")));
        assert!(!may("bpf_qdisc_bstats_update", ("Qdisc_ops", "enqueue")));
    }

    #[test]
    fn a_module_function_is_not_the_kernels() {
        let caller = Caller::plain(ProgType::SchedCls, AttachType::TcxIngress);
        let of = |module, name| flags_for(&Kernel::v6_12(), module, name, &caller);
        assert!(of(Some("nf_conntrack"), "bpf_skb_ct_lookup").is_some());
        assert!(of(Some("fou"), "bpf_skb_ct_lookup").is_none());
        assert!(of(Some("fou"), "bpf_rcu_read_lock").is_none());
    }
}
