//! The few fields of kernel structs that programs of some types may write through typed pointers.
//!
//! Answers for the `btf_struct_access` callbacks of `struct bpf_verifier_ops`.
//!
//! In the kernel: `offsetof()`, `offsetofend()`, `cx->ops->btf_struct_access()`, `bpf_tcp_ca_btf_struct_access()`,
//! `bpf_dummy_ops_btf_struct_access()`, `tc_cls_act_btf_struct_access()`, `_nf_conntrack_btf_struct_access()`.

use super::Cx;
use crate::btf::{Btf, BtfKind, TypeId};
use crate::error::{Errno, MemoryMsg, Res, Stop};
use crate::kernel::Features;
use crate::kernel::ProgType;
use crate::kernel::facts::struct_ops::{self, WriteRule};
use crate::state::BtfRef;

/// Fields of a TCP socket that congestion control may write: struct, path, and whether a store may begin anywhere in it.
const TCP_FIELDS: [(&str, &[&str], bool); 10] = [
    ("sock", &["sk_pacing_rate"], false),
    ("sock", &["sk_pacing_status"], false),
    ("inet_connection_sock", &["icsk_ca_priv"], true),
    ("inet_connection_sock", &["icsk_ack", "pending"], false),
    ("tcp_sock", &["snd_cwnd"], false),
    ("tcp_sock", &["snd_cwnd_cnt"], false),
    ("tcp_sock", &["snd_cwnd_stamp"], false),
    ("tcp_sock", &["snd_ssthresh"], false),
    ("tcp_sock", &["ecn_flags"], false),
    ("tcp_sock", &["app_limited"], false),
];

/// What a queueing discipline may write, likewise.
const QDISC_FIELDS: [(&str, &[&str], bool); 3] =
    [("Qdisc", &["limit"], false), ("Qdisc", &["q", "qlen"], false), ("Qdisc", &["qstats"], true)];

/// Where they are in a kernel's BTF: first byte, and the one behind the last.
struct TcpRanges([Option<(u32, u32)>; TCP_FIELDS.len()]);

/// Byte range of a member, looked for also in structs without name.
fn member(btf: &Btf, id: TypeId, name: &str, depth: u32) -> Option<(u32, u32, TypeId)> {
    let t = btf.skip_modifiers(id).filter(|t| t.is_composite() && depth < 8)?;
    t.members().find_map(|m| {
        let at = m.bit_offset / 8;
        if m.name() == name {
            return Some((at, at + btf.resolve_size(m.type_id)?, m.type_id));
        }
        let (from, end, ty) = m.name().is_empty().then(|| member(btf, m.type_id, name, depth + 1))??;
        Some((at + from, at + end, ty))
    })
}

/// Byte range of a path of members in a struct.
fn range(btf: &Btf, name: &str, path: &[&str]) -> Option<(u32, u32)> {
    let mut id = btf.find_by_name_kind(name, BtfKind::Struct)?;
    let mut base = 0;
    let mut end = 0;
    for m in path {
        let (from, to, ty) = member(btf, id, m, 0)?;
        (base, end, id) = (base + from, base + to, ty);
    }
    Some((base, end))
}

/// Whether the program type writes kernel structs by a rule of its own, and the store keeps it; `false`: it has no such
/// rule.
///
/// # Errors
/// Rejects stores outside of the fields that may be written.
pub(super) fn check_kernel_write(cx: &mut Cx<'_>, btf: BtfRef, id: TypeId, off: i32, size: i32) -> Res<bool> {
    let rule = match cx.program.resolved_prog_type() {
        ProgType::SchedCls | ProgType::SchedAct | ProgType::Xdp => return conntrack(cx, btf, id, off, size),
        ProgType::StructOps => {
            let Some(place) = cx.program.attach.btf else { return Ok(false) };
            let name = cx.program.btf(place).type_name(cx.program.attach.btf_id).to_string();
            match struct_ops::find(&name, place != BtfRef::VMLINUX) {
                Some(ops) => ops.writes,
                None => return Err(Stop::unsupported(format!("writes of struct_ops {name}"))),
            }
        }
        _ => return Ok(false),
    };
    if rule == WriteRule::None {
        return Ok(false);
    }
    if !cx.program.is_kernels(btf) {
        return Err(cx.broken("a kernel struct that is not the kernel's"));
    }
    match rule {
        WriteRule::None => Ok(false),
        WriteRule::TcpSock => tcp_sock(cx, btf, id, off, size),
        WriteRule::Qdisc => qdisc(cx, btf, id, off, size),
        WriteRule::DummyState => dummy_state(cx, btf, id, off, size),
        WriteRule::TestmodArgs => {
            let end = range_of_struct(cx, btf, "st_ops_args");
            if end.is_some_and(|end| off >= 0 && i64::from(off) + i64::from(size) <= i64::from(end)) {
                Ok(true)
            } else {
                Err(Stop::silent(Errno::EACCES))
            }
        }
    }
}

/// Size of a struct by name.
fn range_of_struct(cx: &Cx<'_>, btf: BtfRef, name: &str) -> Option<u32> {
    let btf = cx.program.btf(btf);
    btf.find_by_name_kind(name, BtfKind::Struct).and_then(|id| btf.ty(id)).map(|t| t.size_or_type)
}

/// Whether a type is the struct of this name in the same BTF.
fn is_struct(cx: &Cx<'_>, btf: BtfRef, id: TypeId, name: &str) -> bool {
    cx.program.btf(btf).find_by_name_kind(name, BtfKind::Struct) == Some(id)
}

/// The end of a field, if a store at this offset begins in it: at its first byte, or anywhere.
fn end_of(at: u32, (from, end): (u32, u32), anywhere: bool) -> Option<u32> {
    (at == from || anywhere && from <= at && at < end).then_some(end)
}

/// Whether the release lets congestion control write a field of the list.
fn tcp_field_writable(features: &Features, path: &[&str]) -> bool {
    match path {
        ["sk_pacing_rate" | "sk_pacing_status"] => features.pacing_writable,
        ["app_limited"] => features.app_limited_writable,
        ["snd_cwnd_stamp"] => features.cwnd_stamp_writable,
        _ => true,
    }
}

/// What TCP congestion control may write.
fn tcp_sock(cx: &mut Cx<'_>, btf: BtfRef, id: TypeId, off: i32, size: i32) -> Res<bool> {
    if !is_struct(cx, btf, id, "tcp_sock") {
        return Err(cx.reject(MemoryMsg::OnlyRead, Errno::EACCES));
    }
    let at = off as u32;
    let types = cx.program.btf(btf);
    let features = &cx.program.kernel.features;
    let find = || TcpRanges(TCP_FIELDS.map(|(name, path, _)| range(types, name, path)));
    let ranges = types.keep(|_: &TcpRanges| true, find);
    let fields = TCP_FIELDS.iter().zip(ranges.0).filter(|((_, path, _), _)| tcp_field_writable(features, path));
    let end = fields.into_iter().find_map(|((.., anywhere), found)| end_of(at, found?, *anywhere));
    within(cx, "tcp_sock", off, size, end)
}

/// What queueing disciplines may write: some fields of theirs, and what a packet carries for them.
fn qdisc(cx: &mut Cx<'_>, btf: BtfRef, id: TypeId, off: i32, size: i32) -> Res<bool> {
    let at = off as u32;
    let types = cx.program.btf(btf);
    let (name, fields) = if is_struct(cx, btf, id, "sk_buff") {
        let stamp = range(types, "sk_buff", &["tstamp"]).map(|found| (found, false));
        let control = range(types, "sk_buff", &["cb"]).zip(range(types, "qdisc_skb_cb", &["data"]));
        let own = control.map(|(cb, data)| ((cb.0 + data.0, cb.0 + data.1), true));
        ("sk_buff", vec![stamp, own])
    } else if is_struct(cx, btf, id, "Qdisc") {
        let found = |(name, path, anywhere): &(&str, &[&str], bool)| range(types, name, path).map(|r| (r, *anywhere));
        ("Qdisc", QDISC_FIELDS.iter().map(found).collect())
    } else {
        return Err(cx.reject(MemoryMsg::OnlyRead, Errno::EACCES));
    };
    let end = fields.into_iter().flatten().find_map(|(field, anywhere)| end_of(at, field, anywhere));
    within(cx, name, off, size, end)
}

/// Whether a store ends inside of the field it begins in.
fn within(cx: &mut Cx<'_>, name: &'static str, off: i32, size: i32, end: Option<u32>) -> Res<bool> {
    let msg = match end {
        None => MemoryMsg::NoWriteSupport { name, off },
        Some(end) if i64::from(off) + i64::from(size) > i64::from(end) => {
            MemoryMsg::WriteBeyond { off, size, name, end }
        }
        Some(_) => return Ok(true),
    };
    Err(cx.reject(msg, Errno::EACCES))
}

/// What the kernel's test struct_ops may write.
fn dummy_state(cx: &mut Cx<'_>, btf: BtfRef, id: TypeId, off: i32, size: i32) -> Res<bool> {
    const STATE: &str = "bpf_dummy_ops_state";
    let Some(end) = range_of_struct(cx, btf, STATE) else { return Err(Stop::silent(Errno::EINVAL)) };
    if !is_struct(cx, btf, id, STATE) {
        return Err(cx.reject(MemoryMsg::OnlyDummyState, Errno::EACCES));
    }
    if i64::from(off) + i64::from(size) > i64::from(end) {
        return Err(cx.reject(MemoryMsg::DummyBeyond { off, size }, Errno::EACCES));
    }
    Ok(true)
}

/// Connection tracking entries, whose mark may be written. Without the conntrack module nothing may, and nothing is said.
fn conntrack(cx: &mut Cx<'_>, btf: BtfRef, id: TypeId, off: i32, size: i32) -> Res<bool> {
    let built_in = cx.program.btf(BtfRef::VMLINUX).find_by_name_kind("nf_conn___init", BtfKind::Struct).is_some();
    if !built_in && !cx.program.btf_names.iter().any(|n| n == "nf_conntrack") {
        return Err(Stop::silent(Errno::EACCES));
    }
    let known = is_struct(cx, btf, id, "nf_conn") || is_struct(cx, btf, id, "nf_conn___init");
    if !known {
        return Err(cx.reject(MemoryMsg::OnlyRead, Errno::EACCES));
    }
    let mark = range(cx.program.btf(btf), "nf_conn", &["mark"]);
    let end = mark.filter(|(from, _)| *from == off as u32).map(|(_, end)| end);
    within(cx, "nf_conn", off, size, end)
}
