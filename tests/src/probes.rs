//! Programs that ask a kernel for its tables: what each program type may call, read, write and return.
//!
//! A family goes through one table from end to end. Programs are as short as can be, so that a difference names the
//! entry. The arguments of functions are found step by step: of the values that a program can hold, each is tried in
//! the first place that we still complain of, and the first that we take goes on to the next place. Everything tried
//! is asked, so where we take what the kernel does not (or the reverse) it shows.

use verifier_core::analysis::{Options, System, verify};
use verifier_core::btf::{BtfKind, TypeId};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::*;
use verifier_core::kernel::prog_types::attach;
use verifier_core::kernel::{AttachType as A, ProgType as P};
use verifier_core::program::{LoadRequest, MapSpec};

use crate::mutate::Pool;

/// Receives each program with its name.
pub type Ask<'a> = dyn FnMut(String, &LoadRequest) + 'a;

/// Names of the families.
pub const FAMILIES: &[&str] = &["attach", "returns", "context", "helpers", "kfuncs", "maps"];

/// Highest helper number that is tried: some more than there are.
const HELPERS: i32 = 215;

const fn op(code: u8, dst: u8, src: u8, off: i16, imm: i32) -> Insn {
    Insn { code, dst, src, off, imm }
}

const fn mov(dst: u8, src: u8) -> Insn {
    op(ALU64 | MOV | X, dst, src, 0, 0)
}

const fn set(dst: u8, imm: i32) -> Insn {
    op(ALU64 | MOV | K, dst, 0, 0, imm)
}

const fn call(helper: i32) -> Insn {
    op(JMP | CALL, 0, 0, 0, helper)
}

const EXIT_INSN: Insn = op(JMP | EXIT, 0, 0, 0, 0);

/// The address of a map (`src` 1) or of its value (`src` 2).
const fn map(dst: u8, src: u8, fd: i32) -> [Insn; 2] {
    [op(LD | IMM | DW, dst, src, 0, fd), op(0, 0, 0, 0, 0)]
}

/// A kind of program, as far as the tables tell kinds apart.
struct Host {
    name: String,
    request: LoadRequest,
}

fn host(name: String, t: P, attach: u32, btf_id: TypeId, flags: u32) -> Host {
    let mut request = LoadRequest {
        name: "probe".into(),
        prog_type: t as u32,
        expected_attach_type: attach,
        license: "GPL".into(),
        prog_flags: flags,
        ..LoadRequest::default()
    };
    request.attach.btf_id = btf_id;
    Host { name, request }
}

const SLEEPABLE: u32 = 1 << 4;
const FRAGS: u32 = 1 << 5;

/// Every kind of program: types with the attach types that matter, and a few targets of each kind.
fn hosts(system: &System) -> Vec<Host> {
    let mut out = Vec::new();
    for t in P::ALL.iter().copied() {
        let named = |a: A| (format!("{}/{}", t.name(), a.name()), a as u32, 0, 0);
        let find = |name: &str, kind| system.vmlinux.find_by_name_kind(name, kind);
        let mut kinds: Vec<(String, u32, TypeId, u32)> = match (t, attach::allowed(t)) {
            (P::Syscall, _) => vec![("SYSCALL".into(), 0, 0, SLEEPABLE)],
            (P::Ext, _) => Vec::new(),
            (_, Some(allowed)) => allowed.iter().copied().map(named).collect(),
            (P::Xdp, _) => {
                let mut all: Vec<_> = [A::Xdp, A::XdpDevmap, A::XdpCpumap].into_iter().map(named).collect();
                all.push(("XDP/frags".into(), A::Xdp as u32, 0, FRAGS));
                all
            }
            (P::Kprobe, _) => {
                let kinds = [
                    A::CgroupInetIngress,
                    A::TraceKprobeMulti,
                    A::TraceKprobeSession,
                    A::TraceUprobeMulti,
                    A::TraceUprobeSession,
                ];
                let mut all: Vec<_> = kinds.into_iter().map(named).collect();
                all.push(("KPROBE/sleepable".into(), 0, 0, SLEEPABLE));
                all
            }
            (P::SchedCls, _) => {
                [A::CgroupInetIngress, A::TcxIngress, A::NetkitPrimary].into_iter().map(named).collect()
            }
            (P::SkSkb, _) => [A::CgroupInetIngress, A::SkSkbStreamParser, A::SkSkbStreamVerdict, A::SkSkbVerdict]
                .into_iter()
                .map(named)
                .collect(),
            (P::Tracing, _) => {
                let mut all = Vec::new();
                for (a, flags, names) in [
                    (
                        A::TraceRawTp,
                        0,
                        &[
                            "btf_trace_sched_switch",
                            "btf_trace_tcp_probe",
                            "btf_trace_sys_enter",
                            "btf_trace_kfree_skb",
                        ][..],
                    ),
                    (
                        A::TraceIter,
                        0,
                        &[
                            "bpf_iter_task",
                            "bpf_iter_bpf_map_elem",
                            "bpf_iter_tcp",
                            "bpf_iter_task_file",
                            "bpf_iter_netlink",
                            "bpf_iter_sockmap",
                        ],
                    ),
                    (A::TraceIter, SLEEPABLE, &["bpf_iter_task", "bpf_iter_cgroup"]),
                    (A::TraceFentry, 0, &["bpf_fentry_test1", "vfs_getattr", "tcp_retransmit_skb"]),
                    (A::TraceFexit, 0, &["bpf_fentry_test1", "filp_close"]),
                    (A::ModifyReturn, 0, &["bpf_modify_return_test", "security_file_open"]),
                    (A::TraceFentry, SLEEPABLE, &["bpf_fentry_test1", "__x64_sys_getpgid"]),
                    (A::CgroupInetIngress, 0, &["bpf_fentry_test1"]),
                ] {
                    for name in names {
                        let kind = if a == A::TraceRawTp { BtfKind::Typedef } else { BtfKind::Func };
                        let Some(id) = find(name, kind) else { continue };
                        all.push((format!("TRACING/{}/{name}/{flags}", a.name()), a as u32, id, flags));
                    }
                }
                all
            }
            (P::Lsm, _) => {
                let mut all = Vec::new();
                for a in [A::LsmMac, A::LsmCgroup] {
                    for (name, flags) in [
                        ("file_open", 0),
                        ("file_open", SLEEPABLE),
                        ("socket_bind", 0),
                        ("socket_post_create", 0),
                        ("sk_alloc_security", 0),
                        ("inet_csk_clone", 0),
                        ("task_free", 0),
                        ("bprm_committed_creds", 0),
                        ("inode_getattr", SLEEPABLE),
                        ("audit_rule_known", 0),
                    ] {
                        let Some(id) = find(&format!("bpf_lsm_{name}"), BtfKind::Func) else { continue };
                        all.push((format!("LSM/{}/{name}/{flags}", a.name()), a as u32, id, flags));
                    }
                }
                all
            }
            (P::StructOps, _) => {
                let mut all = Vec::new();
                for (name, members) in [
                    ("tcp_congestion_ops", &[0u32, 1, 2, 4, 6, 8][..]),
                    ("Qdisc_ops", &[2, 3, 4, 7]),
                    ("bpf_dummy_ops", &[0, 1, 2]),
                ] {
                    let Some(id) = find(name, BtfKind::Struct) else { continue };
                    all.extend(members.iter().map(|m| (format!("STRUCT_OPS/{name}/{m}"), *m, id, 0)));
                }
                all
            }
            _ => vec![(t.name().to_string(), 0, 0, 0)],
        };
        out.extend(kinds.drain(..).map(|(name, a, id, flags)| host(name, t, a, id, flags)));
    }
    out
}

/// Asks the programs of a family.
pub fn family(name: &str, system: &System, ask: &mut Ask<'_>) {
    match name {
        "attach" => attach_types(ask),
        "returns" => returns(system, ask),
        "context" => context(system, ask),
        "helpers" => helpers(system, ask),
        "kfuncs" => kfuncs(system, ask),
        "maps" => maps(system, ask),
        _ => {}
    }
}

/// Type by attach type, with and without a target.
fn attach_types(ask: &mut Ask<'_>) {
    for t in 0..36u32 {
        for a in 0..64u32 {
            for (flags, id) in [(0, 0), (SLEEPABLE, 0), (0, 1), (FRAGS, 0)] {
                let mut h = host(String::new(), P::Unspec, a, id, flags);
                h.request.prog_type = t;
                h.request.insns = vec![set(0, 0), EXIT_INSN];
                ask(format!("attach/{t}/{a}/{flags}/{id}"), &h.request);
            }
        }
    }
}

fn returns(system: &System, ask: &mut Ask<'_>) {
    for h in hosts(system) {
        let mut ways: Vec<(String, Vec<Insn>)> = Vec::new();
        for c in [-4097, -4096, -4095, -2, -1, 0, 1, 2, 3, 4, 5, 100] {
            ways.push((c.to_string(), vec![set(0, c)]));
            ways.push((format!("w{c}"), vec![op(ALU | MOV | K, 0, 0, 0, c)]));
        }
        ways.push(("unknown".into(), vec![call(7)]));
        ways.push(("masked".into(), vec![call(7), op(ALU64 | AND | K, 0, 0, 0, 1)]));
        ways.push(("ctx".into(), vec![mov(0, 1)]));
        ways.push(("stack".into(), vec![mov(0, 10)]));
        ways.push(("nothing".into(), vec![]));
        ways.push(("argument".into(), vec![op(LDX | MEM | DW, 0, 1, 0, 0)]));
        for (way, mut insns) in ways {
            insns.push(EXIT_INSN);
            ask(format!("returns/{}/{way}", h.name), &LoadRequest { insns, ..h.request.clone() });
        }
    }
}

fn context(system: &System, ask: &mut Ask<'_>) {
    for h in hosts(system) {
        for size in [B, H, W, DW] {
            let bytes = i16::from(op(size, 0, 0, 0, 0).access_size() as u8);
            for off in -8..300i16 {
                // Unaligned ones only here and there.
                if off % bytes != 0 && off % 13 != 0 {
                    continue;
                }
                let mut one = |way: &str, insns: Vec<Insn>| {
                    let request = LoadRequest { insns, ..h.request.clone() };
                    ask(format!("context/{}/{way}{bytes}@{off}", h.name), &request);
                };
                one(
                    "read",
                    vec![op(LDX | MEM | size, 2, 1, off, 0), op(LDX | MEM | B, 3, 2, 0, 0), set(0, 0), EXIT_INSN],
                );
                if off % bytes != 0 {
                    continue;
                }
                one("write", vec![set(2, 1), op(STX | MEM | size, 1, 2, off, 0), set(0, 1), EXIT_INSN]);
                if off % 8 == 0 {
                    one("signed", vec![op(LDX | MEMSX | size, 2, 1, off, 0), set(0, 0), EXIT_INSN]);
                    one("store", vec![op(ST | MEM | size, 1, 0, off, 0), set(0, 1), EXIT_INSN]);
                    one("atomic", vec![set(2, 1), op(STX | ATOMIC | size, 1, 2, off, 0), set(0, 1), EXIT_INSN]);
                }
            }
        }
    }
}

/// Numbers of the maps of [`with_maps`].
const ARRAY: i32 = 20;
const HASH: i32 = 21;
const RINGBUF: i32 = 22;

fn map_spec(fd: i32, map_type: u32, key_size: u32, value_size: u32, max_entries: u32, map_flags: u32) -> MapSpec {
    MapSpec { fd, map_type, key_size, value_size, max_entries, map_flags, ..MapSpec::default() }
}

/// What a program holds before it calls: R6 the context, R7 64 bytes of map value, R8 the first argument or field
/// that holds a pointer if any, and 64 bytes of stack.
fn prologue(h: &Host, extra: &[Insn]) -> Vec<Insn> {
    let mut insns = vec![mov(6, 1)];
    insns.extend(map(7, PSEUDO_MAP_VALUE, ARRAY));
    insns.extend((1..=8).map(|i| op(ST | MEM | DW, 10, 0, -8 * i, 0)));
    insns.extend_from_slice(extra);
    let _ = h;
    insns
}

/// Ways to fill an argument register.
fn values(r: u8) -> Vec<(&'static str, Vec<Insn>)> {
    vec![
        ("fp", vec![mov(r, 10), op(ALU64 | ADD | K, r, 0, 0, -64)]),
        ("8", vec![set(r, 8)]),
        ("0", vec![set(r, 0)]),
        ("ctx", vec![mov(r, 6)]),
        ("array", map(r, PSEUDO_MAP_FD, ARRAY).to_vec()),
        ("hash", map(r, PSEUDO_MAP_FD, HASH).to_vec()),
        ("ringbuf", map(r, PSEUDO_MAP_FD, RINGBUF).to_vec()),
        ("value", vec![mov(r, 7)]),
        ("pointer", vec![mov(r, 8)]),
        ("unknown", vec![op(LDX | MEM | DW, r, 7, 0, 0)]),
        ("64", vec![set(r, 64)]),
        ("fp-8", vec![mov(r, 10), op(ALU64 | ADD | K, r, 0, 0, -8)]),
    ]
}

fn with_maps(h: &Host, insns: Vec<Insn>) -> LoadRequest {
    let mut maps = Vec::new();
    for m in [map_spec(ARRAY, 2, 4, 64, 1, 0), map_spec(HASH, 1, 8, 64, 8, 0), map_spec(RINGBUF, 27, 0, 0, 4096, 0)] {
        if insns.iter().any(|i| i.is_ldimm64() && matches!(i.src, 1 | 2) && i.imm == m.fd) {
            maps.push(m);
        }
    }
    LoadRequest { insns, maps, ..h.request.clone() }
}

/// Pointers that some programs can put into R8.
fn pointers(h: &Host) -> Vec<(&'static str, Vec<Insn>)> {
    let t = P::from_number(h.request.prog_type);
    let not_null = |load: Insn| vec![load, op(JMP | JNE | K, 8, 0, 2, 0), set(0, 0), EXIT_INSN];
    match t {
        Some(P::SchedCls | P::SchedAct | P::CgroupSkb | P::SkSkb | P::SocketFilter | P::LwtXmit) => {
            vec![("sk", not_null(op(LDX | MEM | DW, 8, 6, 168, 0)))]
        }
        Some(P::SockOps) => vec![("sk", not_null(op(LDX | MEM | DW, 8, 6, 184, 0)))],
        Some(P::SkLookup) => vec![("sk", not_null(op(LDX | MEM | DW, 8, 6, 0, 0)))],
        Some(P::CgroupSockAddr | P::CgroupSockopt) => {
            let off = if t == Some(P::CgroupSockopt) { 0 } else { 64 };
            vec![("sk", not_null(op(LDX | MEM | DW, 8, 6, off, 0)))]
        }
        Some(P::Tracing | P::Lsm | P::StructOps) => vec![
            ("arg0", vec![op(LDX | MEM | DW, 8, 6, 0, 0)]),
            ("arg1", vec![op(LDX | MEM | DW, 8, 6, 8, 0)]),
            ("task", vec![call(158), mov(8, 0)]),
        ],
        Some(P::Kprobe | P::PerfEvent | P::Tracepoint | P::RawTracepoint | P::Syscall) => {
            vec![("task", vec![call(158), mov(8, 0)])]
        }
        _ => Vec::new(),
    }
}

/// What we say last of a program.
fn complaint(system: &System, request: &LoadRequest) -> String {
    let report = verify(system, request, &Options { log_level: 1, ..Options::default() });
    let log = String::from_utf8_lossy(&report.log);
    log.lines().rev().find(|l| !l.starts_with("processed ")).unwrap_or_default().to_string()
}

/// Finds arguments for a call step by step, and asks about everything on the way.
fn arguments(system: &System, h: &Host, name: &str, target: Insn, ask: &mut Ask<'_>) {
    let unread = |r: u8, said: &str| said == format!("R{r} !read_ok");
    let bare = with_maps(h, vec![target, set(0, 0), EXIT_INSN]);
    ask(name.to_string(), &bare);
    let said = complaint(system, &bare);
    if said.contains("not allowed")
        || said.contains("cannot use helper")
        || said.contains("unknown func")
        || said.contains("invalid func")
    {
        return;
    }
    let mut pointers = pointers(h);
    if pointers.is_empty() {
        pointers.push(("", vec![set(8, 1)]));
    }
    for (which, extra) in pointers {
        let mut chosen = prologue(h, &extra);
        let mut path = format!("{name}/{which}");
        for r in 1..=5u8 {
            let mut next = None;
            for (kind, value) in values(r) {
                let mut insns = chosen.clone();
                insns.extend_from_slice(&value);
                let end = [target, set(0, 0), EXIT_INSN];
                // Registers behind this one hold nothing, so that the complaint moves on when this one is right.
                let request = with_maps(h, [insns.as_slice(), &end].concat());
                let path = format!("{path},{kind}");
                ask(path.clone(), &request);
                let said = complaint(system, &request);
                let moved_on =
                    unread(r + 1, &said) || said.is_empty() || said.contains("leak") || said.contains("nreleased");
                if moved_on && next.is_none() {
                    next = Some((insns, path, said));
                }
            }
            let Some((insns, found, said)) = next else { break };
            if !unread(r + 1, &said) {
                // Complete: what is returned shows when it is used.
                for (use_of, using) in
                    [("result", op(LDX | MEM | DW, 0, 0, 0, 0)), ("exit", EXIT_INSN), ("again", target)]
                {
                    let request = with_maps(h, [insns.as_slice(), &[target, using, set(0, 0), EXIT_INSN]].concat());
                    ask(format!("{found}:{use_of}"), &request);
                }
                break;
            }
            (chosen, path) = (insns, found);
        }
    }
}

fn helpers(system: &System, ask: &mut Ask<'_>) {
    for h in hosts(system) {
        for n in 0..=HELPERS {
            arguments(system, &h, &format!("helpers/{}/{n}", h.name), call(n), ask);
        }
        let closed =
            Host { name: h.name.clone(), request: LoadRequest { license: String::new(), ..h.request.clone() } };
        for n in 0..=HELPERS {
            ask(format!("helpers/{}/closed/{n}", h.name), &with_maps(&closed, vec![call(n), EXIT_INSN]));
        }
    }
}

fn kfuncs(system: &System, ask: &mut Ask<'_>) {
    let pool = Pool::new(&system.vmlinux);
    let target = |id: TypeId| op(JMP | CALL, 0, PSEUDO_KFUNC_CALL, 0, id as i32);
    for (i, h) in hosts(system).iter().enumerate() {
        for id in pool.kfuncs() {
            let name = system.vmlinux.type_name(*id);
            arguments(system, h, &format!("kfuncs/{}/{name}", h.name), target(*id), ask);
        }
        // Functions that look as if programs might call them.
        let others = system.vmlinux.own_types().filter(|t| t.kind == BtfKind::Func && t.name().contains("bpf"));
        for f in others.filter(|f| f.id as usize % 8 == i % 8) {
            ask(format!("kfuncs/{}/{}", h.name, f.name()), &with_maps(h, vec![target(f.id), EXIT_INSN]));
        }
    }
}

/// Maps of every type that can be made without BTF.
fn all_maps() -> Vec<MapSpec> {
    let mut out = Vec::new();
    for t in 1..=33u32 {
        let (key, value, entries, flags) = match t {
            11 => (8, 16, 4, 1),
            22 | 23 | 30 => (0, 16, 4, 0),
            27 | 31 => (0, 0, 4096, 0),
            19 | 21 => (16, 16, 0, 0),
            33 => (0, 0, 4, 1 << 10),
            7 => (4, 80, 4, 0),
            3 | 4 | 8 | 12..=18 | 20 | 25 => (4, 4, 4, 0),
            26 | 24 | 28 | 29 | 32 => continue,
            _ => (4, 16, 4, 0),
        };
        let mut m = map_spec(ARRAY, t, key, value, entries, flags);
        if matches!(t, 12 | 13) {
            m.inner = Some(Box::new(map_spec(0, 2, 4, 16, 1, 0)));
        }
        out.push(m.clone());
        if matches!(t, 1 | 2) {
            for access in [0x80, 0x100] {
                out.push(MapSpec { map_flags: flags | access, ..m.clone() });
            }
        }
    }
    out
}

/// Helpers that take a map, and accesses to maps, over map types and kinds of programs.
fn maps(system: &System, ask: &mut Ask<'_>) {
    let fp = |r: u8, off: i32| vec![mov(r, 10), op(ALU64 | ADD | K, r, 0, 0, off)];
    let mut ways: Vec<(String, Vec<Insn>)> = Vec::new();
    let mut add = |name: &str, parts: &[&[Insn]]| ways.push((name.to_string(), parts.concat()));
    let m1 = map(1, PSEUDO_MAP_FD, ARRAY);
    let m2 = map(2, PSEUDO_MAP_FD, ARRAY);
    for n in [1i32, 2, 3, 53, 87, 88, 89, 51, 164, 195, 82, 70, 71, 72, 107, 108, 131, 156, 157, 209, 210, 110, 111] {
        add(&format!("m,fp,fp,0:{n}"), &[&m1, &fp(2, -16), &fp(3, -32), &[set(4, 0), set(5, 0), call(n)]]);
        add(&format!("m,0,0,0:{n}"), &[&m1, &[set(2, 0), set(3, 0), set(4, 0), set(5, 0), call(n)]]);
        add(&format!("m,8,0:{n}"), &[&m1, &[set(2, 8), set(3, 0), set(4, 0), set(5, 0), call(n)]]);
        add(&format!("m,ctx,fp,0:{n}"), &[&m1, &[mov(2, 6)], &fp(3, -16), &[set(4, 0), set(5, 0), call(n)]]);
        add(&format!("ctx,m,fp,0:{n}"), &[&m2, &[mov(1, 6)], &fp(3, -16), &[set(4, 0), set(5, 0), call(n)]]);
    }
    for n in [12i32, 22, 25, 27, 34, 55, 60, 69, 52, 72, 82, 58, 111, 115, 130] {
        add(&format!("ctx,m,0,fp,8:{n}"), &[&m2, &[mov(1, 6), set(3, 0)], &fp(4, -16), &[set(5, 8), call(n)]]);
        add(&format!("ctx,m,0:{n}"), &[&m2, &[mov(1, 6), set(3, 0), set(4, 0), set(5, 0), call(n)]]);
    }
    add("lookup,read", &[&m1, &fp(2, -16), &[call(1), op(JMP | JEQ | K, 0, 0, 1, 0), op(LDX | MEM | DW, 0, 0, 0, 0)]]);
    add("lookup,write", &[&m1, &fp(2, -16), &[call(1), op(JMP | JEQ | K, 0, 0, 1, 0), op(ST | MEM | DW, 0, 0, 0, 0)]]);
    add("lookup,no test", &[&m1, &fp(2, -16), &[call(1), op(LDX | MEM | W, 0, 0, 0, 0)]]);
    add("value", &[&map(1, PSEUDO_MAP_VALUE, ARRAY), &[op(LDX | MEM | W, 0, 1, 0, 0)]]);
    add("value,write", &[&map(1, PSEUDO_MAP_VALUE, ARRAY), &[op(ST | MEM | W, 1, 0, 0, 0)]]);
    for off in [0i16, 4, 8, 16, 24, 28, 32, 36, 40, 48, 64, 128, 512] {
        for size in [W, DW] {
            add(&format!("read map {size}@{off}"), &[&m1, &[op(LDX | MEM | size, 0, 1, off, 0)]]);
        }
    }
    add("write map", &[&m1, &[op(ST | MEM | W, 1, 0, 0, 0)]]);
    let wanted = |n: &str| {
        [
            "SCHED_CLS/CGROUP",
            "XDP/XDP",
            "XDP/frags",
            "KPROBE",
            "SOCKET_FILTER",
            "SOCK_OPS",
            "SK_MSG",
            "SK_SKB/SK_SKB_V",
            "SK_REUSEPORT/SK_REUSEPORT_SELECT",
            "TRACING",
            "LSM/LSM_MAC/file_open",
            "SK_LOOKUP",
            "CGROUP_SKB/CGROUP_INET_I",
            "PERF_EVENT",
            "TRACEPOINT",
            "SYSCALL",
            "RAW_TRACEPOINT",
            "CGROUP_SOCK_ADDR/CGROUP_INET4_C",
            "LWT_XMIT",
            "STRUCT_OPS/tcp_congestion_ops/0",
        ]
        .iter()
        .any(|w| n.starts_with(w))
    };
    for h in hosts(system).iter().filter(|h| wanted(&h.name)) {
        for m in all_maps() {
            for (way, insns) in &ways {
                let mut whole = vec![mov(6, 1)];
                whole.extend((1..=8).map(|i| op(ST | MEM | DW, 10, 0, -8 * i, 0)));
                whole.extend_from_slice(insns);
                whole.extend([set(0, 0), EXIT_INSN]);
                let request = LoadRequest { insns: whole, maps: vec![m.clone()], ..h.request.clone() };
                ask(format!("maps/{}/{}:{}/{way}", h.name, m.map_type, m.map_flags), &request);
            }
        }
    }
}
