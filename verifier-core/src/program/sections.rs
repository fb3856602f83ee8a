//! Section names: which program type, attach type and load flags a section stands for.
//!
//! Answers for libbpf's section table (`section_defs`) and for its matching rule. The order of rows matters: the
//! first that matches decides.

use crate::kernel::{AttachType as A, ProgType as P};

/// How a row matches a section name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Match {
    /// The name and nothing else.
    Exact,
    /// The name, or the name followed by `/` and a target.
    Target,
}

/// What else a section name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct SectionFlags {
    /// `BPF_F_SLEEPABLE`.
    pub sleepable: bool,
    /// The target is looked up in BTF.
    pub attach_btf: bool,
    /// `BPF_F_XDP_HAS_FRAGS`.
    pub xdp_frags: bool,
    /// User-level static probe: attach type depends on the kernel.
    pub usdt: bool,
}

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct SectionDef {
    name: &'static str,
    rule: Match,
    /// Program type.
    pub prog_type: P,
    /// Attach type number.
    pub attach_type: u32,
    /// What else the name says.
    pub flags: SectionFlags,
}

const NONE: SectionFlags = SectionFlags { sleepable: false, attach_btf: false, xdp_frags: false, usdt: false };
const SLEEP: SectionFlags = SectionFlags { sleepable: true, ..NONE };
const BTF: SectionFlags = SectionFlags { attach_btf: true, ..NONE };
const BTF_SLEEP: SectionFlags = SectionFlags { sleepable: true, attach_btf: true, ..NONE };
const FRAGS: SectionFlags = SectionFlags { xdp_frags: true, ..NONE };
const USDT: SectionFlags = SectionFlags { usdt: true, ..NONE };
const USDT_SLEEP: SectionFlags = SectionFlags { usdt: true, sleepable: true, ..NONE };

const fn exact(name: &'static str, prog_type: P, attach: Option<A>, flags: SectionFlags) -> SectionDef {
    SectionDef { name, rule: Match::Exact, prog_type, attach_type: number(attach), flags }
}

const fn target(name: &'static str, prog_type: P, attach: Option<A>, flags: SectionFlags) -> SectionDef {
    SectionDef { name, rule: Match::Target, prog_type, attach_type: number(attach), flags }
}

const fn number(attach: Option<A>) -> u32 {
    match attach {
        Some(a) => a as u32,
        None => 0,
    }
}

const TABLE: &[SectionDef] = &[
    exact("socket", P::SocketFilter, None, NONE),
    exact("sk_reuseport/migrate", P::SkReuseport, Some(A::SkReuseportSelectOrMigrate), NONE),
    exact("sk_reuseport", P::SkReuseport, Some(A::SkReuseportSelect), NONE),
    target("kprobe", P::Kprobe, None, NONE),
    target("uprobe", P::Kprobe, None, NONE),
    target("uprobe.s", P::Kprobe, None, SLEEP),
    target("kretprobe", P::Kprobe, None, NONE),
    target("uretprobe", P::Kprobe, None, NONE),
    target("uretprobe.s", P::Kprobe, None, SLEEP),
    target("kprobe.multi", P::Kprobe, Some(A::TraceKprobeMulti), NONE),
    target("kretprobe.multi", P::Kprobe, Some(A::TraceKprobeMulti), NONE),
    target("kprobe.session", P::Kprobe, Some(A::TraceKprobeSession), NONE),
    target("uprobe.multi", P::Kprobe, Some(A::TraceUprobeMulti), NONE),
    target("uretprobe.multi", P::Kprobe, Some(A::TraceUprobeMulti), NONE),
    target("uprobe.multi.s", P::Kprobe, Some(A::TraceUprobeMulti), SLEEP),
    target("uretprobe.multi.s", P::Kprobe, Some(A::TraceUprobeMulti), SLEEP),
    target("uprobe.session", P::Kprobe, Some(A::TraceUprobeSession), NONE),
    target("uprobe.session.s", P::Kprobe, Some(A::TraceUprobeSession), SLEEP),
    target("ksyscall", P::Kprobe, None, NONE),
    target("kretsyscall", P::Kprobe, None, NONE),
    target("usdt", P::Kprobe, None, USDT),
    target("usdt.s", P::Kprobe, None, USDT_SLEEP),
    exact("tc/ingress", P::SchedCls, Some(A::TcxIngress), NONE),
    exact("tc/egress", P::SchedCls, Some(A::TcxEgress), NONE),
    exact("tcx/ingress", P::SchedCls, Some(A::TcxIngress), NONE),
    exact("tcx/egress", P::SchedCls, Some(A::TcxEgress), NONE),
    exact("tc", P::SchedCls, None, NONE),
    exact("classifier", P::SchedCls, None, NONE),
    exact("action", P::SchedAct, None, NONE),
    exact("netkit/primary", P::SchedCls, Some(A::NetkitPrimary), NONE),
    exact("netkit/peer", P::SchedCls, Some(A::NetkitPeer), NONE),
    target("tracepoint", P::Tracepoint, None, NONE),
    target("tp", P::Tracepoint, None, NONE),
    target("tracepoint.s", P::Tracepoint, None, SLEEP),
    target("tp.s", P::Tracepoint, None, SLEEP),
    target("raw_tracepoint.s", P::RawTracepoint, None, SLEEP),
    target("raw_tp.s", P::RawTracepoint, None, SLEEP),
    target("tp_btf.s", P::Tracing, Some(A::TraceRawTp), BTF_SLEEP),
    target("raw_tracepoint", P::RawTracepoint, None, NONE),
    target("raw_tp", P::RawTracepoint, None, NONE),
    target("raw_tracepoint.w", P::RawTracepointWritable, None, NONE),
    target("raw_tp.w", P::RawTracepointWritable, None, NONE),
    target("tp_btf", P::Tracing, Some(A::TraceRawTp), BTF),
    target("fentry", P::Tracing, Some(A::TraceFentry), BTF),
    target("fmod_ret", P::Tracing, Some(A::ModifyReturn), BTF),
    target("fexit", P::Tracing, Some(A::TraceFexit), BTF),
    target("fentry.s", P::Tracing, Some(A::TraceFentry), BTF_SLEEP),
    target("fmod_ret.s", P::Tracing, Some(A::ModifyReturn), BTF_SLEEP),
    target("fexit.s", P::Tracing, Some(A::TraceFexit), BTF_SLEEP),
    target("fsession", P::Tracing, Some(A::TraceFsession), BTF),
    target("fsession.s", P::Tracing, Some(A::TraceFsession), BTF_SLEEP),
    target("fentry.multi", P::Tracing, Some(A::TraceFentryMulti), NONE),
    target("fexit.multi", P::Tracing, Some(A::TraceFexitMulti), NONE),
    target("fsession.multi", P::Tracing, Some(A::TraceFsessionMulti), NONE),
    target("fentry.multi.s", P::Tracing, Some(A::TraceFentryMulti), SLEEP),
    target("fexit.multi.s", P::Tracing, Some(A::TraceFexitMulti), SLEEP),
    target("fsession.multi.s", P::Tracing, Some(A::TraceFsessionMulti), SLEEP),
    target("freplace", P::Ext, None, BTF),
    target("lsm", P::Lsm, Some(A::LsmMac), BTF),
    target("lsm.s", P::Lsm, Some(A::LsmMac), BTF_SLEEP),
    target("lsm_cgroup", P::Lsm, Some(A::LsmCgroup), BTF),
    target("iter", P::Tracing, Some(A::TraceIter), BTF),
    target("iter.s", P::Tracing, Some(A::TraceIter), BTF_SLEEP),
    exact("syscall", P::Syscall, None, SLEEP),
    exact("xdp.frags/devmap", P::Xdp, Some(A::XdpDevmap), FRAGS),
    exact("xdp/devmap", P::Xdp, Some(A::XdpDevmap), NONE),
    exact("xdp.frags/cpumap", P::Xdp, Some(A::XdpCpumap), FRAGS),
    exact("xdp/cpumap", P::Xdp, Some(A::XdpCpumap), NONE),
    exact("xdp.frags", P::Xdp, Some(A::Xdp), FRAGS),
    exact("xdp", P::Xdp, Some(A::Xdp), NONE),
    exact("perf_event", P::PerfEvent, None, NONE),
    exact("lwt_in", P::LwtIn, None, NONE),
    exact("lwt_out", P::LwtOut, None, NONE),
    exact("lwt_xmit", P::LwtXmit, None, NONE),
    exact("lwt_seg6local", P::LwtSeg6local, None, NONE),
    exact("sockops", P::SockOps, Some(A::CgroupSockOps), NONE),
    exact("sk_skb/stream_parser", P::SkSkb, Some(A::SkSkbStreamParser), NONE),
    exact("sk_skb/stream_verdict", P::SkSkb, Some(A::SkSkbStreamVerdict), NONE),
    exact("sk_skb/verdict", P::SkSkb, Some(A::SkSkbVerdict), NONE),
    exact("sk_skb", P::SkSkb, None, NONE),
    exact("sk_msg", P::SkMsg, Some(A::SkMsgVerdict), NONE),
    exact("lirc_mode2", P::LircMode2, Some(A::LircMode2), NONE),
    exact("flow_dissector", P::FlowDissector, Some(A::FlowDissector), NONE),
    exact("cgroup_skb/ingress", P::CgroupSkb, Some(A::CgroupInetIngress), NONE),
    exact("cgroup_skb/egress", P::CgroupSkb, Some(A::CgroupInetEgress), NONE),
    exact("cgroup/skb", P::CgroupSkb, None, NONE),
    exact("cgroup/sock_create", P::CgroupSock, Some(A::CgroupInetSockCreate), NONE),
    exact("cgroup/sock_release", P::CgroupSock, Some(A::CgroupInetSockRelease), NONE),
    exact("cgroup/sock", P::CgroupSock, Some(A::CgroupInetSockCreate), NONE),
    exact("cgroup/post_bind4", P::CgroupSock, Some(A::CgroupInet4PostBind), NONE),
    exact("cgroup/post_bind6", P::CgroupSock, Some(A::CgroupInet6PostBind), NONE),
    exact("cgroup/bind4", P::CgroupSockAddr, Some(A::CgroupInet4Bind), NONE),
    exact("cgroup/bind6", P::CgroupSockAddr, Some(A::CgroupInet6Bind), NONE),
    exact("cgroup/connect4", P::CgroupSockAddr, Some(A::CgroupInet4Connect), NONE),
    exact("cgroup/connect6", P::CgroupSockAddr, Some(A::CgroupInet6Connect), NONE),
    exact("cgroup/connect_unix", P::CgroupSockAddr, Some(A::CgroupUnixConnect), NONE),
    exact("cgroup/sendmsg4", P::CgroupSockAddr, Some(A::CgroupUdp4Sendmsg), NONE),
    exact("cgroup/sendmsg6", P::CgroupSockAddr, Some(A::CgroupUdp6Sendmsg), NONE),
    exact("cgroup/sendmsg_unix", P::CgroupSockAddr, Some(A::CgroupUnixSendmsg), NONE),
    exact("cgroup/recvmsg4", P::CgroupSockAddr, Some(A::CgroupUdp4Recvmsg), NONE),
    exact("cgroup/recvmsg6", P::CgroupSockAddr, Some(A::CgroupUdp6Recvmsg), NONE),
    exact("cgroup/recvmsg_unix", P::CgroupSockAddr, Some(A::CgroupUnixRecvmsg), NONE),
    exact("cgroup/getpeername4", P::CgroupSockAddr, Some(A::CgroupInet4Getpeername), NONE),
    exact("cgroup/getpeername6", P::CgroupSockAddr, Some(A::CgroupInet6Getpeername), NONE),
    exact("cgroup/getpeername_unix", P::CgroupSockAddr, Some(A::CgroupUnixGetpeername), NONE),
    exact("cgroup/getsockname4", P::CgroupSockAddr, Some(A::CgroupInet4Getsockname), NONE),
    exact("cgroup/getsockname6", P::CgroupSockAddr, Some(A::CgroupInet6Getsockname), NONE),
    exact("cgroup/getsockname_unix", P::CgroupSockAddr, Some(A::CgroupUnixGetsockname), NONE),
    exact("cgroup/sysctl", P::CgroupSysctl, Some(A::CgroupSysctl), NONE),
    exact("cgroup/getsockopt", P::CgroupSockopt, Some(A::CgroupGetsockopt), NONE),
    exact("cgroup/setsockopt", P::CgroupSockopt, Some(A::CgroupSetsockopt), NONE),
    exact("cgroup/dev", P::CgroupDevice, Some(A::CgroupDevice), NONE),
    target("struct_ops", P::StructOps, None, NONE),
    target("struct_ops.s", P::StructOps, None, SLEEP),
    exact("sk_lookup", P::SkLookup, Some(A::SkLookup), NONE),
    exact("netfilter", P::Netfilter, Some(A::Netfilter), NONE),
];

/// The row for a section name (without the leading `?` of programs that are not loaded by default).
pub(super) fn find(section: &str) -> Option<&'static SectionDef> {
    TABLE.iter().find(|d| match d.rule {
        Match::Exact => section == d.name,
        Match::Target => section.strip_prefix(d.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    })
}

/// Why a section name stands for no program type, and which one may be meant.
pub(super) fn why_unknown(section: &str) -> String {
    let head = section.split('/').next().unwrap_or_default();
    let rest = section.get(head.len() + 1..);
    if let Some(d) = TABLE.iter().find(|d| d.name == section.split('/').next().unwrap_or_default()) {
        return match (d.rule, rest) {
            (Match::Exact, Some(_)) => format!("`{head}` takes nothing behind it: write `SEC(\"{head}\")`"),
            _ => format!("`{head}` is written in another way here"),
        };
    }
    let near = TABLE.iter().map(|d| (distance(d.name, section).min(distance(d.name, head) + 1), d.name)).min();
    match near.filter(|(d, _)| *d <= 3 && *d * 2 <= section.len()) {
        Some((_, name)) => format!("no program type has this section name; `SEC(\"{name}\")` is the nearest"),
        None => "no program type has this section name: it tells the type, as `SEC(\"xdp\")` and \
                 `SEC(\"kprobe/FUNCTION\")` do; functions that are no programs belong into `.text`"
            .into(),
    }
}

/// Letters that must be changed, added, left out or exchanged with the next to make one word of another; at most 64 of
/// each are looked at.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            let change = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            let exchange = if exchanged { rows[i - 2][j - 2] + 1 } else { usize::MAX };
            row.push(change.min(exchange).min(row[j - 1] + 1).min(above[j] + 1));
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// Program type and attach type that veristat guesses for a `freplace` program from the type of its context.
pub(super) fn guess_from_context(ctx: &str) -> Option<(P, u32)> {
    let (p, a) = match ctx {
        "__sk_buff" | "sk_buff" => (P::SchedCls, None),
        "bpf_sock" | "sock" => (P::CgroupSock, Some(A::CgroupInet4PostBind)),
        "bpf_sock_addr" | "bpf_sock_addr_kern" => (P::CgroupSockAddr, Some(A::CgroupInet4Bind)),
        "bpf_sock_ops" | "bpf_sock_ops_kern" => (P::SockOps, Some(A::CgroupSockOps)),
        "sk_msg_md" | "sk_msg" => (P::SkMsg, Some(A::SkMsgVerdict)),
        "bpf_cgroup_dev_ctx" => (P::CgroupDevice, Some(A::CgroupDevice)),
        "bpf_sysctl" | "bpf_sysctl_kern" => (P::CgroupSysctl, Some(A::CgroupSysctl)),
        "bpf_sockopt" | "bpf_sockopt_kern" => (P::CgroupSockopt, Some(A::CgroupSetsockopt)),
        "sk_reuseport_md" | "sk_reuseport_kern" => (P::SkReuseport, Some(A::SkReuseportSelectOrMigrate)),
        "bpf_sk_lookup" | "bpf_sk_lookup_kern" => (P::SkLookup, Some(A::SkLookup)),
        "xdp_md" | "xdp_buff" => (P::Xdp, Some(A::Xdp)),
        "bpf_user_pt_regs_t" | "pt_regs" => (P::Kprobe, None),
        "bpf_perf_event_data" | "bpf_perf_event_data_kern" => (P::PerfEvent, None),
        "bpf_raw_tracepoint_args" => (P::RawTracepoint, None),
        _ => return None,
    };
    Some((p, number(a)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_match_as_in_libbpf() {
        assert_eq!(find("kprobe.multi/foo").map(|d| d.attach_type), Some(A::TraceKprobeMulti as u32));
        assert_eq!(find("xdp/foo"), None);
        assert_eq!(find("tc/ingress").map(|d| d.attach_type), Some(A::TcxIngress as u32));
        assert_eq!(find("kprobefoo"), None);
        assert_eq!(find("sk_skb2"), None);
        assert_eq!(find("uprobe.session//bin/true:f").map(|d| d.attach_type), Some(A::TraceUprobeSession as u32));
        assert_eq!(find("fsession/vfs_read").map(|d| (d.attach_type, d.flags.attach_btf)), Some((58, true)));
        assert_eq!(find("fentry.multi.s/tcp_*").map(|d| (d.attach_type, d.flags.attach_btf)), Some((59, false)));
    }

    #[test]
    fn unknown_names_are_told_what_is_near() {
        assert!(why_unknown("xpd").contains("`SEC(\"xdp\")` is the nearest"));
        assert!(why_unknown("xdp/mine").contains("write `SEC(\"xdp\")`"));
        assert!(why_unknown("kprob/do_exit").contains("kprobe"));
        assert!(why_unknown("something else").contains("no program type"));
    }
}
