//! Programs of every hook that are likely to be accepted, from a seed.
//!
//! A program is made of parts: fields of the context, packets, maps of every kind, helpers, kernel functions, tail calls,
//! callbacks, special fields, loops. Which parts a hook's programs may have is not written down here: each is asked for
//! by itself once, and what the analysis refuses there is not used. Arguments of most helpers come from their
//! prototypes, so that every helper of a release is tried.

use verifier_core::analysis::System;
use verifier_core::kernel::call::{ArgBase, ArgType};
use verifier_core::kernel::helpers::{self, HelperQuery};
use verifier_core::kernel::prog_types::layout;
use verifier_core::kernel::{AttachType, Kernel, ProgType};
use verifier_core::program::LoadRequest;

use crate::corpus::Case;
use crate::mutate::Rng;
use crate::running::accepted;

/// Program and attach types.
const HOOKS: &[(ProgType, Option<AttachType>)] = &[
    (ProgType::SocketFilter, None),
    (ProgType::SchedCls, None),
    (ProgType::SchedAct, None),
    (ProgType::Xdp, None),
    (ProgType::CgroupSkb, Some(AttachType::CgroupInetIngress)),
    (ProgType::CgroupSkb, Some(AttachType::CgroupInetEgress)),
    (ProgType::LwtIn, None),
    (ProgType::LwtOut, None),
    (ProgType::LwtXmit, None),
    (ProgType::LwtSeg6local, None),
    (ProgType::SkSkb, None),
    (ProgType::CgroupSock, Some(AttachType::CgroupInetSockCreate)),
    (ProgType::CgroupSock, Some(AttachType::CgroupInet4PostBind)),
    (ProgType::CgroupSockAddr, Some(AttachType::CgroupInet4Connect)),
    (ProgType::CgroupSockAddr, Some(AttachType::CgroupInet6Bind)),
    (ProgType::CgroupSockAddr, Some(AttachType::CgroupUdp4Sendmsg)),
    (ProgType::CgroupSockAddr, Some(AttachType::CgroupInet6Getpeername)),
    (ProgType::CgroupDevice, None),
    (ProgType::CgroupSysctl, None),
    (ProgType::CgroupSockopt, Some(AttachType::CgroupGetsockopt)),
    (ProgType::CgroupSockopt, Some(AttachType::CgroupSetsockopt)),
    (ProgType::SockOps, None),
    (ProgType::Kprobe, None),
    (ProgType::Tracepoint, None),
    (ProgType::RawTracepoint, None),
    (ProgType::RawTracepointWritable, None),
    (ProgType::PerfEvent, None),
    (ProgType::Syscall, None),
    (ProgType::SkLookup, Some(AttachType::SkLookup)),
    (ProgType::SkMsg, None),
    (ProgType::SkReuseport, Some(AttachType::SkReuseportSelect)),
    (ProgType::FlowDissector, None),
];

/// A piece of a program: maps that it uses, instructions, and a function behind the program. `{n}` is a number of its
/// own, `{k}` a small key, `{i}` a number, `{s}` a small positive number.
#[derive(Clone, Debug)]
struct Part {
    maps: Vec<String>,
    text: String,
    function: Option<(&'static str, String)>,
}

/// Maps by name.
const MAPS: &[(&str, &str)] = &[
    ("array", "array key=4 value=16 max=4"),
    ("parray", "percpu_array key=4 value=16 max=4"),
    ("hash", "hash key=4 value=16 max=4"),
    ("hashlazy", "hash key=4 value=16 max=4 flags=1"),
    ("phash", "percpu_hash key=4 value=16 max=4"),
    ("lru", "lru_hash key=4 value=16 max=4"),
    ("plru", "lru_percpu_hash key=4 value=16 max=4"),
    ("lpm", "lpm_trie key=8 value=16 max=4 flags=1"),
    ("queue", "queue value=16 max=4"),
    ("stack", "stack value=16 max=4"),
    ("bloom", "bloom_filter value=16 max=100"),
    ("ring", "ringbuf max=4096"),
    ("uring", "user_ringbuf max=4096"),
    ("events", "perf_event_array key=4 value=4 max=2"),
    ("traces", "stack_trace key=4 value=64 max=4"),
    ("dev", "devmap key=4 value=4 max=4"),
    ("devh", "devmap_hash key=4 value=4 max=4"),
    ("cpus", "cpumap key=4 value=4 max=4"),
    ("xsk", "xskmap key=4 value=4 max=4"),
    ("socks", "sockmap key=4 value=4 max=4"),
    ("sockh", "sockhash key=4 value=4 max=4"),
    ("cgroups", "cgroup_array key=4 value=4 max=4"),
    ("reuse", "reuseport_sockarray key=4 value=8 max=4"),
    ("progs", "prog_array key=4 value=4 max=2"),
    ("locked", "array key=4 value=16 max=2 key_type=int value_type=locked"),
    ("hlocked", "hash key=4 value=16 max=2 key_type=int value_type=locked"),
    ("timed", "array key=4 value=24 max=2 key_type=int value_type=timed"),
    ("worked", "hash key=4 value=24 max=2 key_type=int value_type=worked"),
    ("pointed", "array key=4 value=24 max=2 key_type=int value_type=pointed"),
    ("hpointed", "hash key=4 value=24 max=2 key_type=int value_type=pointed"),
    ("listed", "array key=4 value=24 max=2 key_type=int value_type=listed"),
    ("local", "cgroup_storage_deprecated key=16 value=16"),
    ("plocal", "percpu_cgroup_storage_deprecated key=16 value=16"),
    ("oftask", "task_storage key=4 value=4 flags=1 key_type=int value_type=int"),
    ("ofsock", "sk_storage key=4 value=4 flags=1 key_type=int value_type=int"),
    ("ofcgroup", "cgrp_storage key=4 value=4 flags=1 key_type=int value_type=int"),
    ("text", "array key=4 value=8 max=1 flags=128 data=2564202575000000 frozen"),
];

/// Maps of maps, and the template.
const OUTER: &[(&str, &str)] =
    &[("inner", "array key=4 value=16 max=4"), ("outer", "array_of_maps key=4 value=4 max=2 inner=inner")];
const HOUTER: &[(&str, &str)] =
    &[("inner", "array key=4 value=16 max=4"), ("houter", "hash_of_maps key=4 value=4 max=2 inner=inner")];

const KEY: &str = "*(u64 *)(r10 -72) = {k}\nr2 = r10\nr2 += -72\n";
const VALUE: &str = "r1 = {i}\n*(u64 *)(r10 -104) = r1\n*(u64 *)(r10 -96) = r1\n*(u64 *)(r10 -88) = 0\n";
const END: &str = "l{n}:\n";

fn lookup(map: &str) -> String {
    format!("{KEY}r1 = map[{map}]\ncall bpf_map_lookup_elem\nif r0 == 0 goto l{{n}}\nr7 = r0\n")
}

fn part(maps: &[&str], text: impl Into<String>) -> Part {
    Part { maps: maps.iter().map(|m| (*m).to_string()).collect(), text: text.into(), function: None }
}

fn calling(maps: &[&str], text: impl Into<String>, kind: &'static str, body: &str) -> Part {
    Part { function: Some((kind, format!("f{{n}}:\n{body}"))), ..part(maps, text) }
}

/// Instructions that need neither map nor helper.
fn plain() -> Vec<Part> {
    let texts = [
        "r7 = {i}\nr8 = {i}\nr7 *= r8\nw7 ^= {i}\nr8 s>>= 3\nr7 += r8\n*(u64 *)(r10 -8) = r7\n",
        "r7 = *(u64 *)(r10 -8)\nr8 = {s}\nr7 /= r8\nw7 %= w8\nr7 = -r7\nr7 <<= 7\n*(u64 *)(r10 -16) = r7\n",
        "r1 = *(u64 *)(r10 -8)\nr1 &= 31\nr2 = r10\nr2 += -64\nr2 += r1\n*(u8 *)(r2 +0) = {s}\nr3 = *(u16 *)(r2 +1)\n",
        "r1 = {i}\nlock *(u64 *)(r10 -16) += r1\nr1 = atomic64_fetch_or((u64 *)(r10 -16), r1)\nr0 = {i}\n\
         r0 = atomic64_cmpxchg((u64 *)(r10 -24), r0, r1)\nr1 = atomic_xchg((u32 *)(r10 -32), w1)\n",
        "r1 = {i}\nlock *(u64 *)(r10 -16) += r1\nlock *(u32 *)(r10 -24) ^= r1\nr1 = atomic64_fetch_add((u64 *)(r10 -16), r1)\n",
        "r7 = {s}\nl{n}:\nr8 = *(u64 *)(r10 -8)\nr8 += r7\n*(u64 *)(r10 -8) = r8\nr7 += -1\nif r7 s> 0 goto l{n}\n",
        "r7 = 0\nl{n}:\nmay_goto e{n}\nr7 += 1\ngoto l{n}\ne{n}:\n",
        "r7 = *(u64 *)(r10 -8)\nif r7 > {i} goto l{n}\nif w7 s< {i} goto l{n}\nr7 = {i}\n*(u32 *)(r10 -12) = r7\nl{n}:\n",
    ];
    let mut out: Vec<Part> = texts.iter().map(|t| part(&[], *t)).collect();
    let call = "r1 = {i}\nr2 = {i}\ncall f{n}\n*(u64 *)(r10 -24) = r0\n";
    out.push(calling(&[], call, "inner", "r0 = r1\nr0 += r2\n*(u64 *)(r10 -512) = r0\nexit\n"));
    let again = "*(u64 *)(r10 -8) = r1\nr0 = 1\nif r1 > 5 goto x{n}\nr1 += 1\nr2 = 0\nr0 = 3\nx{n}:\nexit\n";
    out.push(calling(&[], call, "inner", again));
    let throwing = "r0 = r1\nif r1 != 77 goto x{n}\nr1 = 1\ncall bpf_throw\nr0 = 0\nx{n}:\nexit\n";
    out.push(calling(&[], call, "inner", throwing));
    out.push(part(&[], "r7 = *(u64 *)(r10 -8)\nif r7 != 77 goto l{n}\nr1 = 1\ncall bpf_throw\nl{n}:\n"));
    out
}

/// Packets and classic loads.
fn packets() -> Vec<Part> {
    let mut out = Vec::new();
    for (size, data, end) in [(32, 0, 4), (32, 76, 80), (64, 0, 8), (64, 8, 16), (32, 140, 76)] {
        let head = format!("r2 = *(u{size} *)(r6 +{data})\nr3 = *(u{size} *)(r6 +{end})\n");
        let fixed = "r1 = r2\nr1 += 64\nif r1 > r3 goto l{n}\nr4 = *(u32 *)(r2 +60)\n";
        out.push(part(&[], format!("{head}{fixed}{END}")));
        out.push(part(&[], format!("{head}{fixed}*(u32 *)(r2 +{{s}}) = {{i}}\n{END}")));
        let moved = "r4 = *(u64 *)(r10 -8)\nr4 &= 16383\nr2 += r4\nr1 = r2\nr1 += 8\nif r1 > r3 goto l{n}\nr4 = *(u64 *)(r2 +0)\n";
        out.push(part(&[], format!("{head}{moved}{END}")));
    }
    for text in ["r0 = *(u8 *)skb[{s}]\n", "r7 = {i}\nr0 = *(u16 *)skb[r7 + {s}]\n", "r0 = *(u32 *)skb[-2097152]\n"] {
        out.push(part(&[], text));
    }
    out
}

/// Maps with keys.
fn keyed() -> Vec<Part> {
    let mut out = Vec::new();
    for map in ["array", "parray", "hash", "hashlazy", "phash", "lru", "plru", "lpm"] {
        let add = format!("{}r1 = *(u64 *)(r7 +0)\nr1 += {{i}}\n*(u64 *)(r7 +8) = r1\n{END}", lookup(map));
        out.push(part(&[map], add));
        out.push(part(&[map], format!("{}r1 = {{s}}\nlock *(u64 *)(r7 +0) += r1\n{END}", lookup(map))));
        for flags in [0, 1, 2] {
            let put =
                format!("{KEY}{VALUE}r3 = r10\nr3 += -104\nr1 = map[{map}]\nr4 = {flags}\ncall bpf_map_update_elem\n");
            out.push(part(&[map], put));
        }
        out.push(part(&[map], format!("{KEY}r1 = map[{map}]\ncall bpf_map_delete_elem\n")));
        let percpu =
            format!("{KEY}r1 = map[{map}]\nr3 = {{s}}\ncall bpf_map_lookup_percpu_elem\nif r0 == 0 goto l{{n}}\n");
        out.push(part(&[map], format!("{percpu}r1 = *(u64 *)(r0 +8)\n{END}")));
        let each =
            format!("r1 = map[{map}]\nr2 = func[f{{n}}]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_for_each_map_elem\n");
        out.push(calling(
            &[map],
            each.clone(),
            "callback",
            "r1 = *(u64 *)(r3 +0)\n*(u64 *)(r3 +8) = r1\nr0 = 0\nexit\n",
        ));
        let body = format!(
            "*(u64 *)(r10 -8) = 1\nr2 = r10\nr2 += -8\nr1 = map[{map}]\ncall bpf_map_delete_elem\nr0 = 0\nexit\n"
        );
        out.push(calling(&[map], each, "callback", &body));
    }
    for map in ["queue", "stack", "bloom"] {
        let value = format!("{VALUE}r2 = r10\nr2 += -104\nr1 = map[{map}]\n");
        out.push(part(&[map], format!("{value}r3 = 2\ncall bpf_map_push_elem\n")));
        out.push(part(&[map], format!("{value}r3 = 0\ncall bpf_map_push_elem\n")));
        out.push(part(&[map], format!("{value}call bpf_map_pop_elem\n")));
        out.push(part(&[map], format!("{value}call bpf_map_peek_elem\n")));
    }
    out
}

/// Special fields.
fn special() -> Vec<Part> {
    let mut out = Vec::new();
    for map in ["locked", "hlocked"] {
        let with = "r1 = r7\ncall bpf_spin_lock\nr1 = *(u32 *)(r7 +4)\nr1 += 1\n*(u32 *)(r7 +4) = r1\nr1 = r7\ncall bpf_spin_unlock\n";
        out.push(part(&[map], format!("{}{with}{END}", lookup(map))));
        let put = format!("{KEY}{VALUE}r3 = r10\nr3 += -104\nr1 = map[{map}]\nr4 = 4\ncall bpf_map_update_elem\n");
        out.push(part(&[map], put));
    }
    for map in ["pointed", "hpointed"] {
        let seen = "r1 = *(u64 *)(r7 +0)\nif r1 == 0 goto l{n}\nr2 = *(u32 *)(r1 +0)\nr2 = *(u64 *)(r1 +64)\nr2 = *(u32 *)(r1 +1024)\n";
        out.push(part(&[map], format!("{}{seen}{END}", lookup(map))));
        let kept =
            "r1 = r7\nr1 += 8\nr2 = 0\ncall bpf_kptr_xchg\nif r0 == 0 goto l{n}\nr1 = r0\ncall bpf_task_release\n";
        out.push(part(&[map], format!("{}{kept}{END}", lookup(map))));
        let put = format!("{KEY}{VALUE}r3 = r10\nr3 += -104\nr1 = map[{map}]\nr4 = 0\ncall bpf_map_update_elem\n");
        out.push(part(&[map], put));
    }
    let timer = "r1 = r7\nr2 = map[timed]\nr3 = 1\ncall bpf_timer_init\nr1 = r7\nr2 = func[f{n}]\ncall bpf_timer_set_callback\n\
                 r1 = r7\nr2 = {s}\nr3 = 0\ncall bpf_timer_start\n";
    let body = "r1 = *(u64 *)(r3 +16)\nr1 += 1\n*(u64 *)(r3 +16) = r1\nr0 = 0\nexit\n";
    out.push(calling(&["timed"], format!("{}{timer}{END}", lookup("timed")), "callback", body));
    out.push(part(&["timed"], format!("{}r1 = r7\ncall bpf_timer_cancel\n{END}", lookup("timed"))));
    let list = "r1 = r7\ncall bpf_spin_lock\nr1 = r7\nr1 += 8\ncall bpf_list_pop_front\nr8 = r0\nr1 = r7\ncall bpf_spin_unlock\n\
                if r8 == 0 goto l{n}\nr1 = r8\nr1 += -8\nr2 = 0\ncall bpf_obj_drop_impl\n";
    out.push(part(&["listed"], format!("{}{list}{END}", lookup("listed"))));
    let work = "r1 = r7\nr2 = map[worked]\nr3 = 0\ncall bpf_wq_init\nr1 = r7\nr2 = 0\ncall bpf_wq_start\n";
    out.push(part(&["worked"], format!("{}{work}{END}", lookup("worked"))));
    out
}

/// Maps without values of their own, and what is sent.
fn senders() -> Vec<Part> {
    let mut out = vec![
        part(
            &["ring"],
            "r1 = map[ring]\nr2 = 24\nr3 = 0\ncall bpf_ringbuf_reserve\nif r0 == 0 goto l{n}\n*(u64 *)(r0 +16) = {s}\n\
              r1 = r0\nr2 = 0\ncall bpf_ringbuf_submit\nl{n}:\n",
        ),
        part(
            &["ring"],
            "r1 = map[ring]\nr2 = 4000\nr3 = 0\ncall bpf_ringbuf_reserve\nif r0 == 0 goto l{n}\n\
              r1 = r0\nr2 = 0\ncall bpf_ringbuf_discard\nl{n}:\n",
        ),
        part(&["ring"], "r1 = map[ring]\nr2 = r10\nr2 += -64\nr3 = 48\nr4 = 0\ncall bpf_ringbuf_output\n"),
        part(&["ring"], "r1 = map[ring]\nr2 = {k}\ncall bpf_ringbuf_query\n"),
        part(
            &["ring"],
            "r1 = map[ring]\nr2 = {s}\nr3 = 0\nr4 = r10\nr4 += -88\ncall bpf_ringbuf_reserve_dynptr\n\
              r1 = r10\nr1 += -88\nr2 = {k}\nr3 = r10\nr3 += -64\nr4 = 8\nr5 = 0\ncall bpf_dynptr_write\n\
              r1 = r10\nr1 += -88\nr2 = 0\ncall bpf_ringbuf_submit_dynptr\n",
        ),
        part(
            &["events"],
            "r1 = r6\nr2 = map[events]\nr3 = {k}\nr4 = r10\nr4 += -64\nr5 = 32\ncall bpf_perf_event_output\n",
        ),
        part(
            &["events"],
            "r1 = r6\nr2 = map[events]\nr3 = 0x10ffffffff ll\nr4 = r10\nr4 += -64\nr5 = 32\ncall bpf_perf_event_output\n",
        ),
        part(&["events"], "r1 = map[events]\nr2 = {k}\ncall bpf_perf_event_read\n"),
        part(&["events"], "r1 = map[events]\nr2 = {k}\nr3 = r10\nr3 += -64\nr4 = 24\ncall bpf_perf_event_read_value\n"),
        part(&["traces"], "r1 = r6\nr2 = map[traces]\nr3 = 0\ncall bpf_get_stackid\n"),
        part(&["cgroups"], "r1 = r6\nr2 = map[cgroups]\nr3 = {k}\ncall bpf_skb_under_cgroup\n"),
        part(&["cgroups"], "r1 = map[cgroups]\nr2 = {k}\ncall bpf_current_task_under_cgroup\n"),
        part(&["progs"], "r1 = r6\nr2 = map[progs]\nr3 = {k}\ncall bpf_tail_call\n"),
        part(
            &["text"],
            "r1 = r10\nr1 += -64\nr2 = 32\nr3 = map_value[text] + 0\nr4 = r10\nr4 += -16\nr5 = 16\ncall bpf_snprintf\n",
        ),
        part(&["text"], "r1 = map_value[text] + 0\nr2 = 8\nr3 = {i}\nr4 = {i}\nr5 = {s}\ncall bpf_trace_printk\n"),
        part(&["text"], "r1 = r10\nr1 += -64\nr2 = 8\nr3 = map_value[text] + 0\ncall bpf_strncmp\n"),
        part(
            &["local"],
            "r1 = map[local]\nr2 = 0\ncall bpf_get_local_storage\nr1 = *(u64 *)(r0 +0)\nr1 += 1\n*(u64 *)(r0 +8) = r1\n",
        ),
        part(
            &["plocal"],
            "r1 = map[plocal]\nr2 = 0\ncall bpf_get_local_storage\nr1 = *(u64 *)(r0 +0)\n*(u64 *)(r0 +8) = r1\n",
        ),
        part(&["uring"], "r1 = map[uring]\nr2 = func[f{n}]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_user_ringbuf_drain\n"),
    ];
    if let Some(drain) = out.last_mut() {
        drain.function = Some(("callback", "f{n}:\nr0 = 0\nexit\n".into()));
    }
    for map in ["dev", "devh", "cpus", "xsk"] {
        out.push(part(&[map], format!("r1 = map[{map}]\nr2 = {{k}}\nr3 = {{k}}\ncall bpf_redirect_map\n")));
        out.push(part(&[map], format!("{}r1 = *(u32 *)(r7 +0)\n{END}", lookup(map))));
    }
    for map in ["socks", "sockh", "reuse", "xsk"] {
        out.push(part(&[map], format!("r1 = r6\nr2 = map[{map}]\nr3 = {{k}}\nr4 = 0\ncall bpf_sk_redirect_map\n")));
        out.push(part(&[map], format!("r1 = r6\nr2 = map[{map}]\nr3 = {{k}}\nr4 = 0\ncall bpf_msg_redirect_map\n")));
        let by_key = format!("{KEY}r3 = r2\nr1 = r6\nr2 = map[{map}]\nr4 = 0\n");
        for call in ["bpf_sk_redirect_hash", "bpf_msg_redirect_hash", "bpf_sk_select_reuseport"] {
            out.push(part(&[map], format!("{by_key}call {call}\n")));
        }
        out.push(part(&[map], format!("{}r1 = r7\ncall bpf_sk_release\n{END}", lookup(map))));
    }
    for (outer, all) in [("outer", OUTER), ("houter", HOUTER)] {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        let text = format!(
            "{}{KEY}r1 = r7\ncall bpf_map_lookup_elem\nif r0 == 0 goto l{{n}}\nr1 = *(u64 *)(r0 +8)\n{END}",
            lookup(outer)
        );
        out.push(part(&names, text));
    }
    out
}

/// Objects of the kernel, callbacks, iterators, dynptrs, and functions by name.
fn others() -> Vec<Part> {
    let sock = "r1 = *(u64 *)(r6 +{f})\nif r1 == 0 goto l{n}\n";
    let mut out = Vec::new();
    for at in ["168", "16", "64", "0", "184", "48"] {
        let sock = sock.replace("{f}", at);
        let storage = "r7 = r1\nr2 = r7\nr1 = map[ofsock]\nr3 = 0\nr4 = 1\ncall bpf_sk_storage_get\nif r0 == 0 goto l{n}\n*(u32 *)(r0 +0) = {s}\n";
        out.push(part(&["ofsock"], format!("{sock}{storage}{END}")));
        out.push(part(&["ofsock"], format!("{sock}r2 = r1\nr1 = map[ofsock]\ncall bpf_sk_storage_delete\n{END}")));
        for call in
            ["bpf_sk_fullsock", "bpf_tcp_sock", "bpf_get_listener_sock", "bpf_skc_to_tcp_sock", "bpf_skc_to_udp6_sock"]
        {
            out.push(part(&[], format!("{sock}call {call}\nif r0 == 0 goto l{{n}}\nr1 = *(u32 *)(r0 +4)\n{END}")));
        }
        for field in [0, 4, 12, 24, 44, 76] {
            out.push(part(&[], format!("{sock}r2 = *(u32 *)(r1 +{field})\n{END}")));
        }
    }
    for call in ["bpf_sk_lookup_tcp", "bpf_sk_lookup_udp", "bpf_skc_lookup_tcp"] {
        out.push(part(&[], format!("r1 = r6\nr2 = r10\nr2 += -64\nr3 = 12\nr4 = -1\nr5 = 0\ncall {call}\nif r0 == 0 goto l{{n}}\nr1 = r0\ncall bpf_sk_release\n{END}")));
    }
    out.push(part(&["oftask"], "call bpf_get_current_task_btf\nr2 = r0\nr1 = map[oftask]\nr3 = 0\nr4 = 1\ncall bpf_task_storage_get\nif r0 == 0 goto l{n}\n*(u32 *)(r0 +0) = {s}\nl{n}:\n"));
    out.push(part(&[], "call bpf_get_current_task_btf\nr1 = *(u32 *)(r0 +1024)\n"));
    let looped = "r1 = {s}\nr2 = func[f{n}]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_loop\n";
    out.push(calling(&[], looped, "callback", "r3 = *(u64 *)(r2 +0)\nr3 += r1\n*(u64 *)(r2 +0) = r3\nr0 = 0\nexit\n"));
    out.push(calling(&[], looped, "callback", "r0 = 0\nif r1 != 3 goto x{n}\nr0 = 1\nx{n}:\nexit\n"));
    let again = "r1 = {s}\nr2 = func[f{n}]\nr3 = r10\nr3 += -8\nr4 = 0\ncall bpf_loop\n";
    let nested = "*(u64 *)(r10 -8) = 7\n*(u64 *)(r10 -16) = r1\nr0 = 0\nexit\n";
    out.push(calling(&[], again, "callback", nested));
    let find = "call bpf_get_current_task_btf\nr1 = r0\nr2 = {i}\nr3 = func[f{n}]\nr4 = r10\nr4 += -8\nr5 = 0\ncall bpf_find_vma\n";
    out.push(calling(&[], find, "callback", "r0 = 0\nexit\n"));
    let numbers = "r1 = r10\nr1 += -80\nr2 = 0\nr3 = {s}\ncall bpf_iter_num_new\nl{n}:\nr1 = r10\nr1 += -80\ncall bpf_iter_num_next\n\
                   if r0 == 0 goto e{n}\nr1 = *(u32 *)(r0 +0)\ngoto l{n}\ne{n}:\nr1 = r10\nr1 += -80\ncall bpf_iter_num_destroy\n";
    out.push(part(&[], numbers));
    let bits = "r1 = r10\nr1 += -88\nr2 = r10\nr2 += -64\nr3 = 4\ncall bpf_iter_bits_new\nl{n}:\nr1 = r10\nr1 += -88\ncall bpf_iter_bits_next\n\
                if r0 == 0 goto e{n}\nr1 = *(u32 *)(r0 +0)\ngoto l{n}\ne{n}:\nr1 = r10\nr1 += -88\ncall bpf_iter_bits_destroy\n";
    out.push(part(&[], bits));
    for from in ["bpf_dynptr_from_skb", "bpf_dynptr_from_xdp"] {
        let make = format!("r1 = r6\nr2 = 0\nr3 = r10\nr3 += -88\ncall {from}\n");
        let at = "r1 = r10\nr1 += -88\n";
        out.push(part(&[], format!("{make}{at}r2 = {{s}}\nr3 = r10\nr3 += -64\nr4 = 16\ncall bpf_dynptr_slice\nif r0 == 0 goto l{{n}}\nr1 = *(u64 *)(r0 +8)\n{END}")));
        out.push(part(&[], format!("{make}{at}r2 = {{s}}\nr3 = r10\nr3 += -64\nr4 = 16\ncall bpf_dynptr_slice_rdwr\nif r0 == 0 goto l{{n}}\n*(u64 *)(r0 +8) = {{s}}\n{END}")));
        out.push(part(
            &[],
            format!(
                "{make}r1 = r10\nr1 += -64\nr2 = 16\nr3 = r10\nr3 += -88\nr4 = {{s}}\nr5 = 0\ncall bpf_dynptr_read\n"
            ),
        ));
        out.push(part(
            &[],
            format!("{make}{at}r2 = {{s}}\nr3 = r10\nr3 += -64\nr4 = 16\nr5 = 0\ncall bpf_dynptr_write\n"),
        ));
        out.push(part(
            &[],
            format!("{make}{at}r2 = {{k}}\nr3 = {{s}}\ncall bpf_dynptr_adjust\n{at}call bpf_dynptr_size\n"),
        ));
        out.push(part(&[], format!("{make}{at}r2 = r10\nr2 += -104\ncall bpf_dynptr_clone\n{at}call bpf_dynptr_is_null\n{at}call bpf_dynptr_is_rdonly\n")));
    }
    for map in ["array", "hash"] {
        let memory =
            format!("{}r1 = r7\nr2 = 16\nr3 = 0\nr4 = r10\nr4 += -88\ncall bpf_dynptr_from_mem\n", lookup(map));
        out.push(part(&[map], format!("{memory}r1 = r10\nr1 += -88\nr2 = {{k}}\nr3 = 8\ncall bpf_dynptr_data\nif r0 == 0 goto l{{n}}\n*(u64 *)(r0 +0) = {{s}}\n{END}")));
    }
    for [first, last] in [["bpf_rcu_read_lock", "bpf_rcu_read_unlock"], ["bpf_preempt_disable", "bpf_preempt_enable"]] {
        out.push(part(&[], format!("call {first}\nr7 = {{i}}\ncall {last}\n")));
    }
    for call in ["bpf_strlen", "bpf_strnlen", "bpf_strcmp", "bpf_strchr", "bpf_strstr", "bpf_strspn"] {
        out.push(part(&["text"], format!("r1 = map_value[text] + 0\nr2 = map_value[text] + 0\ncall {call}\n")));
    }
    out
}

/// Fields of a context: each read and written, and what pointers lead to.
fn fields(t: ProgType) -> Vec<Part> {
    let mut out = Vec::new();
    let size = layout(t).map_or(0, |l| l.size).min(512);
    for off in (0..size).step_by(4) {
        out.push(part(&[], format!("r1 = *(u32 *)(r6 +{off})\n")));
        out.push(part(&[], format!("r1 = {{i}}\n*(u32 *)(r6 +{off}) = r1\n")));
        out.push(part(&[], format!("r1 = *(u8 *)(r6 +{off})\nr2 = *(u16 *)(r6 +{off})\n")));
        if off % 8 == 0 {
            out.push(part(&[], format!("r1 = *(u64 *)(r6 +{off})\n")));
            out.push(part(&[], format!("r1 = {{i}}\n*(u64 *)(r6 +{off}) = r1\n")));
            for inside in [0, 4, 12, 24, 56] {
                out.push(part(&[], format!("r1 = *(u64 *)(r6 +{off})\nr2 = *(u32 *)(r1 +{inside})\n")));
                out.push(part(&[], format!("r1 = *(u64 *)(r6 +{off})\n*(u16 *)(r1 +{inside}) = {{s}}\n")));
            }
        }
    }
    for off in [-8, -4096, 4096, 8184] {
        out.push(part(&[], format!("r1 = *(u64 *)(r6 {off:+})\n")));
    }
    out
}

/// A call of a helper with arguments as its prototype has them; `None` where they need more than that.
fn by_prototype(system: &System, t: ProgType, attach: AttachType, id: u32) -> Option<Part> {
    let plain = HelperQuery::plain(&system.kernel, t, attach);
    let query = HelperQuery { sleepable: t == ProgType::Syscall, ..plain };
    let proto = helpers::prototype(&query, id)?;
    let mut text = String::new();
    for (n, arg) in (1..).zip(proto.args) {
        let ArgType { base, size, .. } = arg;
        text += &match base {
            ArgBase::DontCare => break,
            ArgBase::PtrToCtx => format!("r{n} = r6\n"),
            ArgBase::PtrToMem if size > 64 => return None,
            ArgBase::PtrToMem | ArgBase::PtrToStack => format!("r{n} = r10\nr{n} += -64\n"),
            ArgBase::ConstSize | ArgBase::ConstSizeOrZero => format!("r{n} = {}\n", 8 * (1 + id % 8)),
            ArgBase::Anything | ArgBase::Scalar => format!("r{n} = {{{}}}\n", if n % 2 == 0 { "i" } else { "k" }),
            _ => return None,
        };
    }
    Some(part(&[], format!("{text}call {}\n", helpers::name_of(id)?)))
}

/// A hook with the parts that its programs may have.
struct Hook {
    prog_type: ProgType,
    attach: Option<AttachType>,
    result: u32,
    parts: Vec<Part>,
}

/// Makes programs for a release.
pub struct Generator {
    system: System,
    hooks: Vec<Option<Hook>>,
}

impl Generator {
    /// For a release.
    ///
    /// # Errors
    /// When there is none, or its types cannot be read.
    pub fn new(release: &str) -> Result<Generator, String> {
        let kernel = Kernel::all().into_iter().find(|k| k.name == release).ok_or_else(|| format!("no {release}"))?;
        let system = System::stored(kernel).map_err(|e| e.to_string())?;
        Ok(Generator { system, hooks: HOOKS.iter().map(|_| None).collect() })
    }

    /// What programs are for.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Hooks, with the number of parts that their programs may have. Asks for all.
    pub fn parts(&mut self) -> Vec<(String, usize)> {
        let mut out = Vec::new();
        for n in 0..HOOKS.len() {
            let hook = self.hook(n);
            out.push((title(hook.prog_type, hook.attach), hook.parts.len()));
        }
        out
    }

    /// A program that is likely to be accepted.
    pub fn program(&mut self, seed: u64) -> Option<LoadRequest> {
        let mut rng = Rng::new(&[seed, 17]);
        let n = rng.below(HOOKS.len());
        let hook = self.hook(n);
        if hook.parts.is_empty() {
            return None;
        }
        let parts: Vec<Part> = (0..1 + rng.below(8)).map(|_| hook.parts[rng.below(hook.parts.len())].clone()).collect();
        let (t, attach, result) = (hook.prog_type, hook.attach, hook.result);
        let mut request = request(&self.system, (t, attach, result), &parts, &mut rng)?;
        request.name = format!("seed{seed}").chars().take(15).collect();
        Some(request)
    }

    fn hook(&mut self, n: usize) -> &Hook {
        let system = &self.system;
        self.hooks[n].get_or_insert_with(|| learn(system, HOOKS[n]))
    }
}

/// How a hook is called in reports.
fn title(t: ProgType, attach: Option<AttachType>) -> String {
    attach.map_or_else(|| t.name().to_string(), |a| format!("{} {}", t.name(), a.name()))
}

/// Asks which parts programs of a hook may have.
fn learn(system: &System, (prog_type, attach): (ProgType, Option<AttachType>)) -> Hook {
    let mut parts = [plain(), packets(), keyed(), special(), senders(), others(), fields(prog_type)].concat();
    let of = attach.unwrap_or(AttachType::CgroupInetIngress);
    parts.extend(
        (1..=helpers::id::last(system.kernel.version)).filter_map(|id| by_prototype(system, prog_type, of, id)),
    );
    let may = |parts: &[Part], result: u32| {
        let rng = &mut Rng::new(&[1]);
        request(system, (prog_type, attach, result), parts, rng).is_some_and(|r| accepted(system, &r).is_some())
    };
    let result = [0, 1, 2].into_iter().find(|r| may(&[], *r)).unwrap_or(0);
    parts.retain(|p| may(std::slice::from_ref(p), result));
    Hook { prog_type, attach, result, parts }
}

/// A program of parts.
fn request(
    system: &System,
    (t, attach, result): (ProgType, Option<AttachType>, u32),
    parts: &[Part],
    rng: &mut Rng,
) -> Option<LoadRequest> {
    let mut head = format!("; type: {}\n; btf: special.o\n; func: 0 program\n", t.name().to_lowercase());
    if let Some(a) = attach {
        head += &format!("; attach: {}\n", a.name().to_lowercase());
    }
    if t == ProgType::Syscall {
        head += "; flags: sleepable\n";
    }
    let mut maps: Vec<&str> = parts.iter().flat_map(|p| p.maps.iter().map(String::as_str)).collect();
    maps.sort_unstable();
    maps.dedup();
    // Templates come first.
    maps.sort_by_key(|m| *m != "inner");
    let all = || MAPS.iter().chain(OUTER).chain(HOUTER);
    for name in maps {
        let (_, kind) = all().find(|(n, _)| *n == name)?;
        head += &format!("; map: {name} {kind}\n");
    }
    let mut body = "r6 = r1\n".to_string();
    (1..=13).for_each(|n| body += &format!("*(u64 *)(r10 -{}) = {}\n", 8 * n, n % 5));
    let mut functions = String::new();
    for (n, p) in parts.iter().enumerate() {
        let mut fill = |text: &str| {
            let numbers = [0, 1, -1, 7, 64, 4095, 65536, i64::from(i32::MAX), i64::from(i32::MIN)];
            let text = text.replace("{n}", &n.to_string()).replace("{k}", &rng.below(5).to_string());
            text.replace("{s}", &(1 + rng.below(40)).to_string()).replace("{i}", &rng.pick(&numbers).to_string())
        };
        body += &fill(&p.text);
        if let Some((kind, text)) = &p.function {
            head += &format!("; func: f{n} {kind}\n");
            functions += &fill(text);
        }
    }
    body += &format!("r0 = {result}\nexit\n");
    Case::of_text("generated", &format!("{head}{body}{functions}")).request(system).ok()
}
