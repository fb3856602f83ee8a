//! Programs over a socket buffer: socket filters, cgroup and traffic-control programs, tunnels, sk_skb.
//!
//! Answers for `bpf_skb_is_valid_access()` and the callbacks in front of it. The shared table says how each field of
//! `struct __sk_buff` is accessed by those that may; each program type lists what it takes away or adds.

use super::access::{Field, Layout, Rule};
use crate::kernel::call::{RegBase, RegType, TypeFlags};

const LEN: u32 = 192;

/// A load of `data` yields a pointer to the packet.
const DATA: Rule = Rule::Pointer(4, RegType::of(RegBase::PtrToPacket));
const DATA_END: Rule = Rule::Pointer(4, RegType::of(RegBase::PtrToPacketEnd));
const DATA_META: Rule = Rule::Pointer(4, RegType::of(RegBase::PtrToPacketMeta));

/// How fields are accessed by programs that may; packet pointers stand in the tables of the program types.
static SK_BUFF: Layout = Layout {
    name: "__sk_buff",
    first: 0,
    size: LEN,
    whole: false,
    fields: &[
        Field::new("cb", 48, 68, Rule::Inside, Rule::Inside),
        Field::new("data", 76, 80, Rule::Pointer(4, RegType::of(RegBase::Scalar)), Rule::Exactly(4)),
        Field::new("data_end", 80, 84, Rule::Pointer(4, RegType::of(RegBase::Scalar)), Rule::Exactly(4)),
        Field::new("data_meta", 140, 144, Rule::Pointer(4, RegType::of(RegBase::Scalar)), Rule::Exactly(4)),
        Field::new("remote_ip4..local_ip6", 92, 132, Rule::Exactly(4), Rule::Exactly(4)),
        Field::denied("flow_keys", 144, 152),
        Field::new("tstamp", 152, 160, Rule::Exactly(8), Rule::Exactly(8)),
        Field::read("sk", 168, 176, Rule::Pointer(8, RegType::with(RegBase::PtrToSockCommon, TypeFlags::MAYBE_NULL))),
        Field::denied("tstamp_type and padding", 180, 184),
        Field::read("hwtstamp", 184, 192, Rule::Exactly(8)),
    ],
    read: Rule::Narrow(4),
    write: Rule::Exactly(4),
    base: None,
};

const fn over_skb(fields: &'static [Field]) -> Layout {
    Layout {
        name: "__sk_buff",
        first: 0,
        size: LEN,
        whole: false,
        fields,
        read: Rule::Base,
        write: Rule::No,
        base: Some(&SK_BUFF),
    }
}

/// A field that the program may also store to.
const fn writable(name: &'static str, from: u32, to: u32) -> Field {
    Field::new(name, from, to, Rule::Base, Rule::Base)
}

const CB: Field = writable("cb", 48, 68);
const MARK: Field = writable("mark", 8, 12);
const PRIORITY: Field = writable("priority", 32, 36);
const TC_INDEX: Field = writable("tc_index", 44, 48);

const NO_TC_CLASSID: Field = Field::denied("tc_classid", 72, 76);
const NO_DATA_META: Field = Field::denied("data_meta", 140, 144);
const NO_FAMILY_TO_LOCAL_PORT: Field = Field::denied("family..local_port", 88, 140);
const NO_TSTAMP: Field = Field::denied("tstamp", 152, 160);
const NO_WIRE_LEN: Field = Field::denied("wire_len", 160, 164);
const NO_HWTSTAMP: Field = Field::denied("hwtstamp", 184, 192);

/// Kernel: `sk_filter_is_valid_access()`.
pub static SOCKET_FILTER: Layout = over_skb(&[
    NO_TC_CLASSID,
    Field::denied("data, data_end", 76, 84),
    NO_DATA_META,
    NO_FAMILY_TO_LOCAL_PORT,
    NO_TSTAMP,
    NO_WIRE_LEN,
    NO_HWTSTAMP,
    CB,
]);

/// Kernel: `cg_skb_is_valid_access()`.
pub static CGROUP_SKB: Layout = over_skb(&[
    NO_TC_CLASSID,
    NO_DATA_META,
    NO_WIRE_LEN,
    Field::read("data", 76, 80, Rule::Capable(&DATA)),
    Field::read("data_end", 80, 84, Rule::Capable(&DATA_END)),
    MARK,
    PRIORITY,
    CB,
    Field::new("tstamp", 152, 160, Rule::Base, Rule::Capable(&Rule::Base)),
]);

/// Kernel: `lwt_is_valid_access()`.
pub static LWT: Layout = over_skb(&[
    NO_TC_CLASSID,
    NO_FAMILY_TO_LOCAL_PORT,
    NO_DATA_META,
    NO_TSTAMP,
    NO_WIRE_LEN,
    NO_HWTSTAMP,
    MARK,
    PRIORITY,
    CB,
    Field::read("data", 76, 80, DATA),
    Field::read("data_end", 80, 84, DATA_END),
]);

/// Kernel: `tc_cls_act_is_valid_access()`.
pub static SCHED_CLS: Layout = over_skb(&[
    MARK,
    TC_INDEX,
    PRIORITY,
    writable("tc_classid", 72, 76),
    CB,
    writable("tstamp", 152, 160),
    writable("queue_mapping", 12, 16),
    Field::read("data", 76, 80, DATA),
    Field::read("data_meta", 140, 144, DATA_META),
    Field::read("data_end", 80, 84, DATA_END),
    NO_FAMILY_TO_LOCAL_PORT,
    Field::read("tstamp_type", 180, 181, Rule::Exactly(1)),
]);

/// Kernel: `sk_skb_is_valid_access()`.
pub static SK_SKB: Layout = over_skb(&[
    NO_TC_CLASSID,
    NO_DATA_META,
    NO_TSTAMP,
    NO_WIRE_LEN,
    NO_HWTSTAMP,
    TC_INDEX,
    PRIORITY,
    Field::denied("mark", 8, 12),
    Field::read("data", 76, 80, DATA),
    Field::read("data_end", 80, 84, DATA_END),
]);
