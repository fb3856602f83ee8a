//! What a kernel has: helpers, map types, program types, functions that programs may call.
//!
//! Each is asked about by loading the smallest program that needs it, or creating the smallest map. What the kernel
//! answers for another reason than having it or not is not measured, and the release decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use verifier_core::analysis::System;
use verifier_core::btf::{Btf, BtfKind};
use verifier_core::isa::Insn;
use verifier_core::isa::opcode::{CALL, EXIT, JMP, PSEUDO_KFUNC_CALL};
use verifier_core::kernel::helpers::{self, id};
use verifier_core::kernel::prog_types::attach::telling;
use verifier_core::kernel::{AttachType, MapType, Numbers, ProgType, kfuncs};
use verifier_core::program::request::AttachTarget;
use verifier_core::program::{LoadRequest, MapSpec};

use crate::decide::{Answer, Asked};

const EPERM: i32 = 1;
const EINVAL: i32 = 22;

/// What came of asking about a program type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// Such programs load, or the verifier at least begins.
    There,
    /// The kernel has no such programs.
    Absent,
    /// The kernel has them, and refuses them to everyone.
    Refused,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Helpers; `None` where they could not be asked about.
    pub helpers: Option<Numbers>,
    /// Map types that were asked about.
    pub map_types: Vec<(MapType, bool)>,
    /// Program types, each with an attach type, that were asked about.
    pub prog_types: Vec<(ProgType, AttachType, Outcome)>,
    /// Functions of the kernel and its modules that bpfvet knows, and whether programs may call them.
    pub kfuncs: Vec<(&'static str, bool)>,
    /// Programs may write to memory of user space, which a locked-down kernel forbids; `None`: not known.
    pub writes_user: Option<bool>,
}

/// How a load is put to the kernel.
pub type Ask<'a> = dyn FnMut(&LoadRequest) -> Asked + 'a;

/// BTF with one type, `int` of four bytes, which is type 1.
pub(crate) fn int_btf() -> Option<Arc<Btf>> {
    let words: [u32; 6 + 4] = [
        0x0001_eb9f, // magic, version
        24,          // length of the header
        0,           // types: offset, length
        16,
        16, // strings: offset, length
        5,
        1,           // name
        0x0100_0000, // kind: int
        4,           // bytes
        0x0100_0020, // signed, 32 bits
    ];
    let mut raw: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    raw.extend(b"\0int\0");
    Btf::parse(raw, None).ok().map(Arc::new)
}

fn exit() -> Insn {
    Insn { code: JMP | EXIT, ..Insn::default() }
}

/// A program that returns 0.
fn trivial(prog_type: ProgType, attach: AttachType) -> LoadRequest {
    const MOVE_IMM: u8 = 0xb7;
    LoadRequest {
        name: "probe".into(),
        prog_type: prog_type as u32,
        expected_attach_type: attach as u32,
        insns: vec![Insn { code: MOVE_IMM, ..Insn::default() }, exit()],
        license: "GPL".into(),
        ..LoadRequest::default()
    }
}

/// A program that calls something, whatever its arguments.
fn calls(prog_type: ProgType, src: u8, imm: i32) -> LoadRequest {
    let call = Insn { code: JMP | CALL, src, imm, ..Insn::default() };
    LoadRequest { insns: vec![call, exit()], ..trivial(prog_type, AttachType::CgroupInetIngress) }
}

/// Why there was an answer, or none.
fn answer(asked: Asked) -> Option<Answer> {
    match asked {
        Asked::Answer(answer) => Some(answer),
        Asked::Not(_) => None,
    }
}

/// Asks about everything. `told` hears what comes next.
pub fn all(system: &System, ask: &mut Ask<'_>, told: &mut dyn FnMut(&str)) -> Found {
    told("program types");
    let prog_types = prog_types(system, ask);
    told("helpers");
    let helpers = all_helpers(ask);
    told("map types");
    let map_types = map_types(ask);
    told("kernel functions");
    let kfuncs = callable(system, ask);
    Found { helpers, map_types, prog_types, kfuncs, writes_user: writes_user(ask) }
}

fn prog_types(system: &System, ask: &mut Ask<'_>) -> Vec<(ProgType, AttachType, Outcome)> {
    let mut out = Vec::new();
    let all = ProgType::ALL.iter().flat_map(|t| telling(*t).iter().map(move |(attach, targets)| (t, attach, targets)));
    for (prog_type, attach, targets) in all {
        let mut request = trivial(*prog_type, *attach);
        if !targets.is_empty() {
            let kinds = [BtfKind::Func, BtfKind::Typedef];
            let find = |name: &&str| kinds.iter().find_map(|k| system.vmlinux.find_by_name_kind(name, *k));
            let Some(btf_id) = targets.iter().find_map(find) else { continue };
            request.attach = AttachTarget { btf_id, ..AttachTarget::default() };
        }
        let Some(answer) = answer(ask(&request)) else { continue };
        let outcome = match (answer.errno, answer.log.is_empty()) {
            (EPERM, true) => Outcome::Refused,
            (EINVAL, true) => Outcome::Absent,
            _ => Outcome::There,
        };
        out.push((*prog_type, *attach, outcome));
    }
    out
}

fn all_helpers(ask: &mut Ask<'_>) -> Option<Numbers> {
    let mut there = Numbers::default();
    for number in (1..).take_while(|n| helpers::name_of(*n).is_some()) {
        let answer = answer(ask(&calls(ProgType::SocketFilter, 0, number as i32)))?;
        if answer.log.is_empty() {
            return None;
        }
        if !answer.log.contains("invalid func ") {
            there.insert(number);
        }
    }
    Some(there)
}

fn map_types(ask: &mut Ask<'_>) -> Vec<(MapType, bool)> {
    let types = int_btf();
    let mut out = Vec::new();
    for (map_type, smallest) in MapType::ALL.iter().filter_map(|t| Some((t, t.smallest()?))) {
        let mut map = MapSpec {
            fd: 1,
            name: "probe".into(),
            map_type: *map_type as u32,
            key_size: smallest.key,
            value_size: smallest.value,
            max_entries: smallest.entries,
            map_flags: smallest.flags,
            ..MapSpec::default()
        };
        if smallest.typed {
            (map.btf, map.btf_key_type_id, map.btf_value_type_id) = (types.clone(), 1, 1);
        }
        let socket_filter = trivial(ProgType::SocketFilter, AttachType::CgroupInetIngress);
        let Some(answer) = answer(ask(&LoadRequest { maps: vec![map], ..socket_filter })) else { continue };
        match (answer.verdict.as_str(), answer.errno) {
            ("accepted", _) => out.push((*map_type, true)),
            ("not_loadable", EINVAL) => out.push((*map_type, false)),
            _ => {}
        }
    }
    out
}

/// Names of functions that the kernel's BTF, or that of its modules, tags as callable.
fn tagged(system: &System) -> BTreeSet<String> {
    let all = std::iter::once(&system.vmlinux).chain(system.modules.iter().map(|(_, btf)| btf));
    let tags = |btf: &Arc<Btf>| -> Vec<String> {
        let of = btf.own_types().filter(|t| t.kind == BtfKind::DeclTag && t.name() == "bpf_kfunc");
        of.map(|t| btf.type_name(t.size_or_type).to_string()).collect()
    };
    all.flat_map(tags).collect()
}

/// Which of the functions that bpfvet knows, and that the kernel has, programs may call.
fn callable(system: &System, ask: &mut Ask<'_>) -> Vec<(&'static str, bool)> {
    let names: BTreeSet<&'static str> = kfuncs::GROUPS.iter().flat_map(|g| g.rows).map(|r| r.name).collect();
    let tags = tagged(system);
    let mut out = Vec::new();
    for name in names {
        let vmlinux = system.vmlinux.find_by_name_kind(name, BtfKind::Func);
        let module = || system.modules.iter().any(|(_, b)| b.find_by_name_kind(name, BtfKind::Func).is_some());
        match (vmlinux, tags.is_empty()) {
            (None, _) if !module() => {}
            (_, false) => out.push((name, tags.contains(name))),
            // Types of modules are not asked about by loading: the release decides.
            (None, true) => {}
            (Some(btf_id), true) => out.extend(may_call(name, btf_id, ask).map(|may| (name, may))),
        }
    }
    out
}

/// Whether any program may call a function.
fn may_call(name: &str, btf_id: u32, ask: &mut Ask<'_>) -> Option<bool> {
    let types = [ProgType::SchedCls, ProgType::Xdp, ProgType::Syscall, ProgType::Tracepoint, ProgType::Kprobe];
    let refusal = format!("calling kernel function {name} is not allowed");
    for prog_type in types {
        let answer = answer(ask(&calls(prog_type, PSEUDO_KFUNC_CALL, btf_id as i32)))?;
        if !answer.log.contains(&refusal) {
            return (!answer.log.is_empty()).then_some(true);
        }
    }
    // Functions of struct_ops, and such as only some attach types may call, say no to all of these.
    None
}

/// Whether programs are offered the helper that a locked-down kernel withholds.
fn writes_user(ask: &mut Ask<'_>) -> Option<bool> {
    let answer = answer(ask(&calls(ProgType::Kprobe, 0, id::PROBE_WRITE_USER as i32)))?;
    let withheld = answer.log.contains("unknown func ") || answer.log.contains("cannot use helper");
    (!answer.log.is_empty()).then_some(!withheld)
}

#[cfg(test)]
mod tests {
    use super::*;
    use verifier_core::kernel::Kernel;

    fn said(errno: i32, log: &str) -> Asked {
        Asked::Answer(Answer::of_load(errno, log.into(), String::new()))
    }

    #[test]
    fn the_smallest_btf_has_one_type() {
        let btf = int_btf().expect("it is valid");
        assert_eq!(btf.find_by_name_kind("int", BtfKind::Int), Some(1));
    }

    #[test]
    fn helpers_are_those_that_are_not_invalid() {
        let mut kernel = |r: &LoadRequest| match r.insns[0].imm {
            5.. => said(22, "0: (85) call unknown#5\ninvalid func unknown#5\n"),
            _ => said(13, "0: (85) call bpf_map_lookup_elem#1\nR1 !read_ok\n"),
        };
        assert_eq!(all_helpers(&mut kernel).map(|h| h.iter().collect::<Vec<_>>()), Some(vec![1, 2, 3, 4]));
        // A kernel that refuses every program tells nothing.
        assert_eq!(all_helpers(&mut |_| said(1, "")), None);
    }

    #[test]
    fn types_are_there_or_absent_or_refused() {
        let system = System::stored(Kernel::v6_12()).expect("stored BTF");
        let mut kernel = |r: &LoadRequest| match ProgType::from_number(r.prog_type) {
            Some(ProgType::Lsm) => said(1, ""),
            Some(ProgType::Netfilter) => said(22, ""),
            _ => said(0, "processed 2 insns\n"),
        };
        let found = prog_types(&system, &mut kernel);
        assert!(found.contains(&(ProgType::Lsm, AttachType::LsmMac, Outcome::Refused)));
        assert!(found.contains(&(ProgType::Netfilter, AttachType::Netfilter, Outcome::Absent)));
        assert!(found.contains(&(ProgType::Xdp, AttachType::Xdp, Outcome::There)));
    }

    #[test]
    fn what_btf_tags_may_be_called() {
        let system = System::stored(Kernel::v6_18()).expect("stored BTF");
        let found = callable(&system, &mut |_| panic!("BTF tells"));
        assert!(found.contains(&("bpf_rcu_read_lock", true)) && found.len() > 100);
    }
}
