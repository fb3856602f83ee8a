//! Kernel structs whose function pointers programs may implement, and what each member allows.
//!
//! Evidence: `register_bpf_struct_ops()` with its `cfi_stubs` and `check_member` in net/ipv4/bpf_tcp_ca.c,
//! net/bpf/bpf_dummy_struct_ops.c (6.12.117 and 6.18), and bpf_testmod of 6.12.117's selftests. Whether a kernel has the
//! struct is told by its BTF (`bpf_struct_ops_<name>`); sched_ext and HID structs are in no profile. Queueing disciplines:
//! net/sched/bpf_qdisc.c and recordings of 7.3.4.

/// A struct that programs may implement. Kernel: `struct bpf_struct_ops`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StructOps {
    /// Name of the struct.
    pub name: &'static str,
    /// Members that programs may implement; others have no stub (ENOTSUPP). Kernel: `cfi_stubs`.
    pub members: &'static [&'static str],
    /// Prefix of further members that may be implemented.
    pub prefix: Option<&'static str>,
    /// Members that sleepable programs may implement; `None`: the struct does not look. Kernel: `check_member`.
    pub sleepable: Option<&'static [&'static str]>,
    /// Arguments (member, index) that can be null, from the suffix `__nullable` in the stub.
    pub nullable: &'static [(&'static str, u32)],
    /// Arguments (member, index) that come with a reference (6.14), from the suffix `__ref` in the stub.
    pub refcounted: &'static [(&'static str, u32)],
    /// Arguments (member, index) that point into the program's arena (7.1), from the suffix `__arena` in the stub.
    pub arena: &'static [(&'static str, u32)],
    /// What the context's check does besides the common rule.
    pub ctx: CtxRule,
    /// Which helpers the programs may call. Kernel: `get_func_proto` of the struct's own operations.
    pub helpers: HelperRule,
    /// What may be written through BTF pointers. Kernel: `btf_struct_access`.
    pub writes: WriteRule,
}

/// Changes to what a context load yields. Kernel: `is_valid_access` of the struct's own operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CtxRule {
    /// Nothing.
    Plain,
    /// `struct sock` becomes `struct tcp_sock`.
    SockIsTcpSock,
    /// Where packets that are to be freed go is an object of its own.
    PacketsToFree,
}

/// Helpers of struct_ops programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HelperRule {
    /// None at all: the struct has no `get_func_proto`.
    None,
    /// Those every program may call.
    Base,
    /// `bpf_tcp_ca_get_func_proto()`.
    TcpCa,
    /// `bpf_qdisc_get_func_proto()`.
    Qdisc,
}

/// Writes through BTF pointers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteRule {
    /// None: `btf_struct_access` is missing.
    None,
    /// Some fields of `struct tcp_sock`.
    TcpSock,
    /// Some fields of `struct Qdisc` and `struct sk_buff`.
    Qdisc,
    /// Anywhere in `struct bpf_dummy_ops_state`.
    DummyState,
    /// Anywhere in `struct st_ops_args`.
    TestmodArgs,
}

impl StructOps {
    /// Whether a member may be implemented. Kernel: `bpf_struct_ops_supported()`.
    pub fn supports(&self, member: &str) -> bool {
        self.members.contains(&member) || self.prefix.is_some_and(|p| member.starts_with(p))
    }

    /// Whether a sleepable program may implement it.
    pub fn may_sleep(&self, member: &str) -> bool {
        self.sleepable.is_none_or(|s| s.contains(&member))
    }
}

/// The struct with this name. `module`: looked for in a module's BTF.
pub fn find(name: &str, module: bool) -> Option<&'static StructOps> {
    let table = if module { MODULE } else { VMLINUX };
    table.iter().find(|s| s.name == name)
}

const NONE: StructOps = StructOps {
    name: "",
    members: &[],
    prefix: None,
    sleepable: None,
    nullable: &[],
    refcounted: &[],
    arena: &[],
    ctx: CtxRule::Plain,
    helpers: HelperRule::None,
    writes: WriteRule::None,
};

static VMLINUX: &[StructOps] = &[
    StructOps {
        name: "tcp_congestion_ops",
        members: &[
            "ssthresh",
            "cong_avoid",
            "set_state",
            "cwnd_event",
            "cwnd_event_tx_start",
            "in_ack_event",
            "pkts_acked",
            "min_tso_segs",
            "cong_control",
            "undo_cwnd",
            "sndbuf_expand",
            "init",
            "release",
        ],
        ctx: CtxRule::SockIsTcpSock,
        helpers: HelperRule::TcpCa,
        writes: WriteRule::TcpSock,
        ..NONE
    },
    StructOps {
        name: "Qdisc_ops",
        members: &["enqueue", "dequeue", "init", "reset", "destroy"],
        refcounted: &[("enqueue", 0)],
        ctx: CtxRule::PacketsToFree,
        helpers: HelperRule::Qdisc,
        writes: WriteRule::Qdisc,
        ..NONE
    },
    StructOps {
        name: "bpf_dummy_ops",
        members: &["test_1", "test_2", "test_sleepable"],
        sleepable: Some(&["test_sleepable"]),
        nullable: &[("test_1", 0)],
        writes: WriteRule::DummyState,
        ..NONE
    },
];

static MODULE: &[StructOps] = &[
    StructOps {
        name: "bpf_testmod_ops",
        members: &[
            "test_1",
            "test_2",
            "test_maybe_null",
            "test_refcounted",
            "test_refcounted_multi",
            "test_return_ref_kptr",
        ],
        prefix: Some("tramp_"),
        nullable: &[("test_maybe_null", 1), ("test_refcounted_multi", 1)],
        refcounted: &[("test_refcounted", 1), ("test_refcounted_multi", 2), ("test_return_ref_kptr", 1)],
        ..NONE
    },
    StructOps { name: "bpf_testmod_multi_st_ops", members: &["test_1"], helpers: HelperRule::Base, ..NONE },
    StructOps { name: "bpf_testmod_ops2", members: &["test_1"], ..NONE },
    StructOps {
        name: "bpf_testmod_ops3",
        members: &["test_1", "test_2", "test_arena", "test_arena_nullable", "test_arena_stack", "test_arena_multislot"],
        arena: &[("test_arena", 0), ("test_arena_nullable", 0), ("test_arena_stack", 8), ("test_arena_multislot", 1)],
        helpers: HelperRule::Base,
        ..NONE
    },
    StructOps {
        name: "bpf_testmod_st_ops",
        members: &["test_prologue", "test_epilogue", "test_pro_epilogue"],
        helpers: HelperRule::Base,
        writes: WriteRule::TestmodArgs,
        ..NONE
    },
];
