//! Prototypes that a later release changed.
//!
//! Each row replaces the row of the same prototype, from a release on or where a change of the history holds. Most
//! changes of 6.18 are about which memory a helper reads or writes.

use super::proto::*;
use super::there::release_of;
use super::{cgroup, general, net, sock, storage, trace};
use crate::kernel::call::FuncProto;
use crate::kernel::history::KernelVersion;
use crate::kernel::{Features, Kernel};

protos! {
    BTF_FIND_BY_NAME_KIND = "bpf_btf_find_by_name_kind_proto"(MEM_IN, SIZE, ANY, ANY) -> INT;
    D_PATH = "bpf_d_path_proto"(btf("path"), MEM_INOUT, SIZE0) -> INT, d_path;
    GET_STACK_RAW_TP = "bpf_get_stack_proto_raw_tp"(CTX, MEM_OUT, SIZE0, ANY) -> INT, gpl;
    KALLSYMS_LOOKUP_NAME = "bpf_kallsyms_lookup_name_proto"(MEM_IN, SIZE0, ANY, fixed_out(8)) -> INT;
    LOOP = "bpf_loop_proto"(ANY, FUNC, STACK_OR_NULL, ANY) -> INT;
    SKB_CHECK_MTU_OUT = "bpf_skb_check_mtu_proto"(CTX, ANY, fixed_out(4), ANY, ANY) -> INT, gpl;
    XDP_CHECK_MTU_OUT = "bpf_xdp_check_mtu_proto"(CTX, ANY, fixed_out(4), ANY, ANY) -> INT, gpl;
    READ_BRANCH_RECORDS = "bpf_read_branch_records_proto"(CTX, MEM_INOUT_OR_NULL, SIZE0, ANY) -> INT, gpl;
    SKB_FIB_LOOKUP = "bpf_skb_fib_lookup_proto"(CTX, MEM_INOUT, SIZE, ANY) -> INT, gpl;
    SNPRINTF_BTF = "bpf_snprintf_btf_proto"(MEM_INOUT, SIZE, MEM_IN, SIZE, ANY) -> INT;
    SNPRINTF = "bpf_snprintf_proto"(MEM_INOUT_OR_NULL, SIZE0, STR, MEM_IN_OR_NULL, SIZE0) -> INT, gpl;
    SYS_BPF = "bpf_sys_bpf_proto"(ANY, MEM_IN, SIZE) -> INT;
    SYS_CLOSE = "bpf_sys_close_proto"(ANY) -> INT;
    SYSCTL_GET_NAME = "bpf_sysctl_get_name_proto"(CTX, MEM_INOUT, SIZE, ANY) -> INT;
    TCP_RAW_CHECK_SYNCOOKIE_IPV4 = "bpf_tcp_raw_check_syncookie_ipv4_proto"(fixed_in(20), fixed_in(20)) -> INT, gpl, pkt;
    TCP_RAW_CHECK_SYNCOOKIE_IPV6 = "bpf_tcp_raw_check_syncookie_ipv6_proto"(fixed_in(40), fixed_in(20)) -> INT, gpl, pkt;
    TCP_RAW_GEN_SYNCOOKIE_IPV4 = "bpf_tcp_raw_gen_syncookie_ipv4_proto"(fixed_in(20), MEM_IN, SIZE0) -> INT, gpl, pkt;
    TCP_RAW_GEN_SYNCOOKIE_IPV6 = "bpf_tcp_raw_gen_syncookie_ipv6_proto"(fixed_in(40), MEM_IN, SIZE0) -> INT, gpl, pkt;
    XDP_FIB_LOOKUP = "bpf_xdp_fib_lookup_proto"(CTX, MEM_INOUT, SIZE, ANY) -> INT, gpl;
}

/// Where a row holds.
enum Where {
    /// In these releases; the last one no longer.
    Releases(KernelVersion, KernelVersion),
    /// Where this change holds.
    Change(fn(&Features) -> bool),
}

/// A prototype that is another one in some kernels.
pub(super) struct Revision {
    place: Where,
    /// The row that it replaces.
    old: &'static FuncProto,
    /// The row that holds.
    new: &'static FuncProto,
}

impl Revision {
    /// Whether it replaces this prototype of the helper in this kernel.
    fn replaces(&self, kernel: &Kernel, id: u32, proto: &'static FuncProto) -> bool {
        std::ptr::eq(self.old, proto)
            && match self.place {
                Where::Releases(since, until) => (since..until).contains(&release_of(kernel, id)),
                Where::Change(holds) => holds(&kernel.features),
            }
    }
}

/// The prototype that holds in this kernel, of the row that a table offers.
pub(super) fn revised(kernel: &Kernel, id: u32, proto: &'static FuncProto) -> &'static FuncProto {
    let mut rows = REVISED.iter().chain(filled::ROWS).chain(owned::ROWS);
    rows.find(|r| r.replaces(kernel, id, proto)).map_or(proto, |r| r.new)
}

/// In releases from one on, and before another.
const fn between(since: (u16, u16), until: (u16, u16), old: &'static FuncProto, new: &'static FuncProto) -> Revision {
    let (since, until) = (KernelVersion::new(since.0, since.1), KernelVersion::new(until.0, until.1));
    Revision { place: Where::Releases(since, until), old, new }
}

const fn since(major: u16, minor: u16, old: &'static FuncProto, new: &'static FuncProto) -> Revision {
    between((major, minor), (u16::MAX, 0), old, new)
}

const fn with(holds: fn(&Features) -> bool, old: &'static FuncProto, new: &'static FuncProto) -> Revision {
    Revision { place: Where::Change(holds), old, new }
}

/// What is looked up, and headers of which a cookie is made, are not empty (up to 6.1; from 6.12 on they may be).
mod filled {
    use super::*;

    macro_rules! filled { ($($Name:ident)*) => {
        $(static $Name: FuncProto = sock::$Name.filled();)*
        pub(super) static ROWS: &[Revision] = &[$(between((0, 0), (6, 12), &sock::$Name, &$Name)),*];
    } }
    filled! {
        SKC_LOOKUP_TCP SK_LOOKUP_TCP SK_LOOKUP_UDP TC_SKC_LOOKUP_TCP TC_SK_LOOKUP_TCP TC_SK_LOOKUP_UDP XDP_SKC_LOOKUP_TCP
        XDP_SK_LOOKUP_TCP XDP_SK_LOOKUP_UDP SOCK_ADDR_SKC_LOOKUP_TCP SOCK_ADDR_SK_LOOKUP_TCP SOCK_ADDR_SK_LOOKUP_UDP
        TCP_RAW_GEN_SYNCOOKIE_IPV4 TCP_RAW_GEN_SYNCOOKIE_IPV6
    }
}

/// Storage is that of an object that there is (before `bpf: Teach verifier that certain helpers accept NULL pointer`).
mod owned {
    use super::*;

    macro_rules! owned { ($($Name:ident)*) => {
        $(static $Name: FuncProto = storage::$Name.never_null();)*
        pub(super) static ROWS: &[Revision] = &[$(between((0, 0), (6, 4), &storage::$Name, &$Name)),*];
    } }
    owned! {
        INODE_STORAGE_GET INODE_STORAGE_DELETE TASK_STORAGE_GET_RECUR TASK_STORAGE_GET TASK_STORAGE_DELETE_RECUR
        TASK_STORAGE_DELETE CGRP_STORAGE_GET CGRP_STORAGE_DELETE SK_STORAGE_GET_TRACING SK_STORAGE_DELETE_TRACING
    }
}

/// What single releases changed. No two rows replace the same prototype in the same kernel.
static REVISED: &[Revision] = &[
    // In stable releases of 6.1 (measured on 6.1.192), these fill what they are given; from 6.12 on, they read it first.
    between((6, 1), (6, 12), &net::SKB_CHECK_MTU, &SKB_CHECK_MTU_OUT),
    between((6, 1), (6, 12), &net::XDP_CHECK_MTU, &XDP_CHECK_MTU_OUT),
    since(6, 18, &general::BTF_FIND_BY_NAME_KIND, &BTF_FIND_BY_NAME_KIND),
    since(6, 18, &trace::D_PATH, &D_PATH),
    since(6, 18, &trace::GET_STACK_RAW_TP, &GET_STACK_RAW_TP),
    since(6, 18, &general::KALLSYMS_LOOKUP_NAME, &KALLSYMS_LOOKUP_NAME),
    since(6, 18, &trace::READ_BRANCH_RECORDS, &READ_BRANCH_RECORDS),
    since(6, 18, &net::SKB_FIB_LOOKUP, &SKB_FIB_LOOKUP),
    since(6, 18, &trace::SNPRINTF_BTF, &SNPRINTF_BTF),
    since(6, 18, &general::SNPRINTF, &SNPRINTF),
    since(6, 18, &general::SYS_BPF, &SYS_BPF),
    since(6, 18, &general::SYS_CLOSE, &SYS_CLOSE),
    since(6, 18, &cgroup::SYSCTL_GET_NAME, &SYSCTL_GET_NAME),
    since(6, 18, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV4, &TCP_RAW_CHECK_SYNCOOKIE_IPV4),
    since(6, 18, &sock::TCP_RAW_CHECK_SYNCOOKIE_IPV6, &TCP_RAW_CHECK_SYNCOOKIE_IPV6),
    since(6, 18, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV4, &TCP_RAW_GEN_SYNCOOKIE_IPV4),
    since(6, 18, &sock::TCP_RAW_GEN_SYNCOOKIE_IPV6, &TCP_RAW_GEN_SYNCOOKIE_IPV6),
    since(6, 18, &net::XDP_FIB_LOOKUP, &XDP_FIB_LOOKUP),
    with(|f| !f.loop_counts_numbers, &general::LOOP, &LOOP),
];
