//! Helper functions: numbers, names, prototypes, and which program may call which.
//!
//! Answers for `enum bpf_func_id`, the `bpf_func_proto` variables and the `get_func_proto()` callback of every program
//! type. A helper can have several prototypes; [`prototype`] picks one by program type, attach type, capability
//! and what the program attaches to.

mod cgroup;
pub mod class;
mod general;
pub mod id;
mod map;
mod net;
mod offer;
mod offers_base;
mod offers_cgroup;
mod offers_net;
mod offers_tracing;
mod proto;
mod query;
mod revised;
mod ringbuf;
mod sock;
mod storage;
mod there;
mod trace;

use super::call::{Allowed, FuncProto};
use super::facts::{d_path, lsm_hooks};
use super::{AttachType, KernelVersion, ProgType};
use offer::Tier;
pub use proto::POISON;
pub use query::{HelperCaps, HelperQuery};
pub use there::exists;

/// The name that messages show: `bpf_map_lookup_elem`. `None` for a number that no release has (messages then say
/// `unknown`). Kernel: `func_id_name()`.
pub fn name_of(id: u32) -> Option<&'static str> {
    id::NAMES.get(id as usize).copied()
}

/// The prototype with which this program may call the helper; `None` where the kernel says
/// `program of this type cannot use helper`. Kernel: `get_func_proto()` of the program type.
pub fn prototype(query: &HelperQuery<'_>, id: u32) -> Option<&'static FuncProto> {
    let proto = exists(query.kernel, id).then(|| offer::offered(tiers(query), query, id)).flatten()?;
    Some(revised::revised(query.kernel, id, proto))
}

/// The tiers of a program's type. Empty where the type has no list at all: infrared receivers, which no kernel of
/// ours was built with, and the struct_ops of the kernel's own self-test.
fn tiers(query: &HelperQuery<'_>) -> &'static [Tier] {
    match query.resolved {
        ProgType::SocketFilter => offers_net::SOCKET_FILTER,
        ProgType::SchedCls | ProgType::SchedAct => offers_net::SCHED_CLS,
        ProgType::Xdp => offers_net::XDP,
        ProgType::CgroupSkb => offers_cgroup::CGROUP_SKB,
        ProgType::LwtIn => offers_net::LWT_IN,
        ProgType::LwtOut => offers_net::LWT_OUT,
        ProgType::LwtXmit => offers_net::LWT_XMIT,
        ProgType::LwtSeg6local => offers_net::LWT_SEG6LOCAL,
        ProgType::CgroupSock => offers_cgroup::CGROUP_SOCK,
        ProgType::CgroupSockAddr => offers_cgroup::CGROUP_SOCK_ADDR,
        ProgType::CgroupDevice => offers_cgroup::CGROUP_DEVICE,
        ProgType::CgroupSysctl => offers_cgroup::CGROUP_SYSCTL,
        ProgType::CgroupSockopt => offers_cgroup::CGROUP_SOCKOPT,
        ProgType::SockOps => offers_cgroup::SOCK_OPS,
        ProgType::SkSkb => offers_net::SK_SKB,
        ProgType::SkMsg => offers_net::SK_MSG,
        ProgType::FlowDissector => offers_net::FLOW_DISSECTOR,
        ProgType::SkReuseport => offers_net::SK_REUSEPORT,
        ProgType::SkLookup => offers_net::SK_LOOKUP,
        ProgType::Netfilter => offers_base::BASE,
        ProgType::Kprobe => offers_tracing::KPROBE,
        ProgType::Tracepoint => offers_tracing::TRACEPOINT,
        ProgType::PerfEvent => offers_tracing::PERF_EVENT,
        ProgType::RawTracepoint | ProgType::RawTracepointWritable => offers_tracing::RAW_TRACEPOINT,
        ProgType::Tracing => offers_tracing::TRACING,
        ProgType::Lsm => offers_tracing::LSM,
        ProgType::Syscall => offers_tracing::SYSCALL,
        ProgType::StructOps => match query.struct_ops {
            "tcp_congestion_ops" => offers_tracing::TCP_CONGESTION,
            "sched_ext_ops" => offers_tracing::SCHED_EXT,
            "Qdisc_ops" => offers_tracing::QDISC,
            "bpf_dummy_ops" => &[],
            _ => offers_base::BASE,
        },
        ProgType::Unspec | ProgType::Ext | ProgType::LircMode2 => &[],
    }
}

/// Whether a call that found its prototype is allowed for what the program attaches to; `false` where the kernel says
/// `helper call is not allowed in probe`. Kernel: `bpf_func_proto::allowed()`.
pub fn allowed(query: &HelperQuery<'_>, proto: &FuncProto) -> bool {
    match proto.allowed {
        Allowed::Always => true,
        Allowed::DPath => match query.prog_type {
            // Iterators may since 5.12.
            ProgType::Tracing if query.attach_type == AttachType::TraceIter => {
                query.kernel.version >= KernelVersion::new(5, 12)
            }
            ProgType::Lsm => lsm_hooks::is_sleepable(query.kernel, query.attach_name),
            _ => d_path::FUNCTIONS.contains(&query.attach_name),
        },
        Allowed::SleepableLsmHook => lsm_hooks::is_sleepable(query.kernel, query.attach_name),
        Allowed::SkStorageTracing => {
            !query.attaches_to_prog
                && match query.attach_type {
                    AttachType::TraceIter | AttachType::TraceRawTp => true,
                    other => other.watches_function() && !query.attach_name.starts_with("bpf_sk_storage"),
                }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Kernel;

    fn query(kernel: &Kernel, t: ProgType, a: AttachType) -> HelperQuery<'_> {
        HelperQuery::plain(kernel, t, a)
    }

    fn name(q: &HelperQuery<'_>, id: u32) -> &'static str {
        prototype(q, id).map_or("none", |p| p.name)
    }

    #[test]
    fn the_first_tier_that_knows_a_helper_decides() {
        let k = Kernel::v6_12();
        let mut q = query(&k, ProgType::Xdp, AttachType::Xdp);
        assert_eq!(name(&q, id::REDIRECT), "bpf_xdp_redirect_proto");
        assert_eq!(name(&q, id::MAP_LOOKUP_ELEM), "bpf_map_lookup_elem_proto");
        assert_eq!(name(&q, id::GET_STACK), "none");
        q.caps.perfmon = false;
        assert_eq!(name(&q, id::TRACE_PRINTK), "none");
        assert_eq!(name(&q, id::SKC_TO_TCP_SOCK), "none");
        assert_eq!(name(&q, id::LOOP), "bpf_loop_proto");
        let q = query(&k, ProgType::CgroupSockAddr, AttachType::CgroupInet4Connect);
        assert_eq!(name(&q, id::BIND), "bpf_bind_proto");
        let q = query(&k, ProgType::CgroupSockAddr, AttachType::CgroupInet4Bind);
        assert_eq!(name(&q, id::BIND), "none");
        let q = query(&k, ProgType::SockOps, AttachType::CgroupSockOps);
        assert_eq!(name(&q, id::GET_RETVAL), "none");
    }

    #[test]
    fn releases_and_sleeping_pick_prototypes() {
        let (old, new) = (Kernel::v6_12(), Kernel::v6_18());
        let of = |k: &Kernel, id| prototype(&query(k, ProgType::Tracepoint, AttachType::PerfEvent), id);
        assert!(of(&old, id::KTIME_GET_COARSE_NS).is_none());
        let arg = |k: &Kernel| of(k, id::SNPRINTF_BTF).map(|p| p.args[0].flags);
        assert_ne!(arg(&old), arg(&new));
        let mut q = query(&old, ProgType::Kprobe, AttachType::TraceUprobeMulti);
        assert_eq!(name(&q, id::GET_STACK), "bpf_get_stack_proto");
        assert_eq!(name(&q, id::GET_FUNC_IP), "bpf_get_func_ip_proto_uprobe_multi");
        q.sleepable = true;
        assert_eq!(name(&q, id::GET_STACK), "bpf_get_stack_sleepable_proto");
        assert_eq!(name(&q, id::OVERRIDE_RETURN), "none");
        assert!(prototype(&query(&old, ProgType::LwtSeg6local, AttachType::Xdp), id::SKB_PULL_DATA).is_none());
    }

    #[test]
    fn a_helper_taken_from_a_later_release_has_the_rows_of_that() {
        let old = Kernel::release("5.10").expect("booted");
        assert!(!exists(&old, id::LOOP) && name(&query(&old, ProgType::Xdp, AttachType::Xdp), id::LOOP) == "none");
        let mut backported = old.clone();
        backported.tables.helpers = Some((1..=id::last(old.version)).chain([id::LOOP]).collect());
        assert!(exists(&backported, id::LOOP) && !exists(&backported, id::LOOP + 1));
        assert_eq!(name(&query(&backported, ProgType::Xdp, AttachType::Xdp), id::LOOP), "bpf_loop_proto");
    }

    #[test]
    fn some_prototypes_depend_on_the_attach_target() {
        let k = Kernel::v6_12();
        let mut q = query(&k, ProgType::Tracing, AttachType::TraceFentry);
        let Some(d_path) = prototype(&q, id::D_PATH) else { panic!("d_path is offered to tracing programs") };
        assert!(!allowed(&q, d_path));
        q.attach_name = "vfs_truncate";
        assert!(allowed(&q, d_path));
        let mut q = query(&k, ProgType::Tracing, AttachType::TraceIter);
        assert_eq!(name(&q, id::SETSOCKOPT), "none");
        q.attach_name = "bpf_iter_tcp";
        assert_eq!(name(&q, id::SETSOCKOPT), "bpf_sk_setsockopt_proto");
    }
}
