//! What runs left behind, as text and as JSON.
//!
//! Everything here has an end: of lines, samples and entries so many are kept and printed, of each so many bytes, and
//! what is left out is counted and said. Nothing is looked through once the time of the command is over.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use verifier_core::analysis::System;
use verifier_core::kernel::MapType;
use verifier_runtime::Vm;
use verifier_runtime::hook::Output;
use verifier_runtime::map::{Listing, Look, Map};
use verifier_runtime::net::Redirect;

use crate::args::RunArgs;
use crate::clean;
use crate::hex;
use crate::pcap::Captured;

/// Entries of a map that are printed as text.
const MAX_ENTRIES: usize = 64;
/// Entries of a map in JSON, and lines, samples and copies of packets in both.
const MOST: usize = 10_000;
/// Bytes of a value, sample or line that are shown.
const MOST_BYTES: usize = 4096;
/// Entries between two looks at the clock.
const BETWEEN_LOOKS: u32 = 256;
/// Bytes of all samples, of all lines, and of all copies that are kept.
const MOST_TOGETHER: usize = 16 << 20;

/// The first of many, and how many there were beside them.
pub struct Bounded<T> {
    items: Vec<T>,
    bytes: usize,
    more: u64,
}

impl<T> Default for Bounded<T> {
    fn default() -> Bounded<T> {
        Bounded { items: Vec::new(), bytes: 0, more: 0 }
    }
}

impl<T> Bounded<T> {
    fn push(&mut self, item: T, bytes: usize) {
        if self.items.len() < MOST && self.bytes + bytes <= MOST_TOGETHER {
            self.bytes += bytes;
            self.items.push(item);
        } else {
            self.more += 1;
        }
    }
}

/// Bytes that a program sent, as many as are shown.
struct Sent {
    map: String,
    bytes: Vec<u8>,
    len: u64,
}

/// What all runs came to.
#[derive(Default)]
pub struct Tally {
    /// Runs.
    pub runs: u64,
    /// Packets by what became of them.
    pub actions: BTreeMap<String, u64>,
    /// What the last run left.
    pub last: Option<Output>,
    /// Packets that go on.
    pub kept: Vec<Captured>,
    /// Packets that are not what they were.
    pub changed: u64,
    /// Time of the runs.
    pub elapsed: Duration,
    /// Packets by where they were sent.
    pub redirects: BTreeMap<String, u64>,
    samples: Bounded<Sent>,
    printed: Bounded<String>,
}

impl Tally {
    /// Takes what programs sent and printed out of the machine, so that there is room for more.
    pub fn collect(&mut self, vm: &Vm) {
        for map in vm.maps() {
            while let Some(taken) = map.take_sample(MOST_BYTES).filter(|_| !vm.limits.is_over()) {
                let size = taken.bytes.len();
                self.samples.push(Sent { map: map.name().to_string(), bytes: taken.bytes, len: taken.len }, size);
            }
        }
        let (samples, lost) = vm.take_samples();
        self.samples.more += lost;
        for mut s in samples {
            let len = s.bytes.len() as u64;
            s.bytes.truncate(MOST_BYTES);
            s.bytes.shrink_to_fit();
            let size = s.bytes.len();
            self.samples.push(Sent { map: s.map, bytes: s.bytes, len }, size);
        }
        let (lines, lost) = vm.take_printed();
        self.printed.more += lost;
        for line in lines {
            let size = line.len();
            self.printed.push(line, size);
        }
    }
}

/// Where a packet is sent, in words.
pub fn redirect(r: &Redirect) -> String {
    match r {
        Redirect::Interface { ifindex, ingress: false } => format!("interface {ifindex}"),
        Redirect::Interface { ifindex, ingress: true } => format!("interface {ifindex} (ingress)"),
        Redirect::Peer { ifindex } => format!("peer of interface {ifindex}"),
        Redirect::Map { map, key, flags: 0 } => format!("{map}[{key}]"),
        Redirect::Map { map, flags, .. } => format!("{map}, flags {flags:#x}"),
    }
}

/// Bytes as a number where they are as many as a number has, else in hexadecimal; `len`: those that there are.
fn shown(bytes: &[u8], len: u64) -> Value {
    match bytes.len() {
        1 | 2 | 4 | 8 if bytes.len() as u64 == len => {
            json!(bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b)))
        }
        _ => json!(cut(bytes, len)),
    }
}

/// Hexadecimal, with the number of bytes that are not shown.
fn cut(bytes: &[u8], len: u64) -> String {
    match len.saturating_sub(bytes.len() as u64) {
        0 => hex::encode(bytes),
        more => format!("{}… {more} more bytes", hex::encode(bytes)),
    }
}

/// Entries of a map that are worth printing: for arrays, those that are not zero.
fn entries(vm: &Vm, map: &Map, most: usize) -> Listing {
    let array = matches!(map.map_type(), MapType::Array | MapType::PercpuArray);
    if vm.limits.is_over() {
        return Listing { more: true, ..Listing::default() };
    }
    let mut seen = 0u32;
    map.entries_where(0, most, MOST_BYTES, |v| {
        seen = seen.wrapping_add(1);
        match !array || v.iter().any(|b| *b != 0) {
            _ if seen.is_multiple_of(BETWEEN_LOOKS) && vm.limits.is_over() => Look::Stop,
            true => Look::Take,
            false => Look::Skip,
        }
    })
}

/// Keys and values of a listing, in words; maps without keys count their values.
fn rows(map: &Map, listing: &Listing) -> Vec<(Value, Value)> {
    let size = map.spec().value_size.into();
    let row = |(n, (k, v)): (usize, &(Vec<u8>, Vec<u8>))| {
        let key = if k.is_empty() { json!(n) } else { shown(k, k.len() as u64) };
        let value = if v.is_empty() { json!("") } else { shown(v, size) };
        (key, value)
    };
    let mut rows: Vec<_> = listing.entries.iter().enumerate().map(row).collect();
    if map.spec().key_size != 0 {
        rows.sort_by_key(|(k, _)| (k.as_u64(), k.as_str().map(str::to_string)));
    }
    rows
}

/// Maps that programs write to.
fn maps(vm: &Vm) -> impl Iterator<Item = &Arc<Map>> {
    const RDONLY_PROG: u32 = 1 << 7;
    vm.maps().filter(|m| m.spec().map_flags & RDONLY_PROG == 0)
}

/// As text.
///
/// # Errors
/// Those of writing.
pub fn print_text(
    args: &RunArgs,
    name: &str,
    system: &System,
    vm: &Vm,
    tally: &Tally,
    out: &mut dyn Write,
) -> Result<(), String> {
    let mut text = format!("{}: accepted by Linux {}, {} runs\n", clean::line(name), system.kernel.name, tally.runs);
    for (action, n) in &tally.actions {
        text += &format!("  {n:>8}  {action}\n");
    }
    for (to, n) in &tally.redirects {
        text += &format!("  {n:>8}  redirected to {}\n", clean::line(to));
    }
    if let Some(last) = &tally.last
        && args.pcap.is_none()
    {
        text += &format!("returned {}\n", last.r0 as u32 as i32);
        if let Some(packet) = last.packet.as_ref().filter(|_| tally.changed > 0) {
            text += &format!("packet is now {}\n", hex::encode(packet));
        }
        let (clones, more) = clones(last);
        for (to, bytes) in clones {
            text += &format!("copy to {}: {bytes}\n", clean::line(&to));
        }
        text += &left_out("copies", more);
    } else if tally.changed > 0 {
        text += &format!("  {:>8}  changed\n", tally.changed);
    }
    if args.repeat > 1 {
        text += &format!("{} ns a run\n", tally.elapsed.as_nanos() as u64 / tally.runs.max(1));
    }
    for name in vm.missing() {
        text += &format!("{name} is not modelled: the program was given an error, or null\n");
    }
    for line in &tally.printed.items {
        text += &format!("printk: {}\n", clean::line(line));
    }
    text += &left_out("lines", tally.printed.more);
    for s in &tally.samples.items {
        text += &format!("sample of {}: {}\n", clean::line(&s.map), cut(&s.bytes, s.len));
    }
    text += &left_out("samples", tally.samples.more);
    for map in maps(vm) {
        let all = entries(vm, map, MAX_ENTRIES);
        if !all.entries.is_empty() || all.more {
            let name = clean::line(map.name());
            text += &format!("map {name} ({}):\n", map.map_type().name().to_ascii_lowercase());
        }
        for (k, v) in rows(map, &all) {
            text += &format!("  {}: {}\n", plain(&k), plain(&v));
        }
        if all.more {
            text += &more_entries(map, &all);
        }
    }
    out.write_all(text.as_bytes()).map_err(|e| e.to_string())
}

/// What is said of entries that are not shown: for arrays nobody counted those that are not zero.
fn more_entries(map: &Map, all: &Listing) -> String {
    let counted = map.len().saturating_sub(all.entries.len() as u64);
    match map.map_type() {
        MapType::Array | MapType::PercpuArray => "  … more\n".to_string(),
        _ => format!("  … {counted} more\n"),
    }
}

fn left_out(what: &str, more: u64) -> String {
    if more == 0 { String::new() } else { format!("… {more} more {what}\n") }
}

fn plain(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_string)
}

/// Copies that the last run sent, and how many are not shown.
fn clones(last: &Output) -> (Vec<(String, String)>, u64) {
    let mut all = Bounded::default();
    for (to, bytes) in &last.clones {
        let first = &bytes[..bytes.len().min(MOST_BYTES)];
        all.push((redirect(to), cut(first, bytes.len() as u64)), first.len());
    }
    (all.items, all.more)
}

/// As JSON.
pub fn as_json(engine: &str, name: &str, system: &System, vm: &Vm, tally: &Tally) -> Value {
    let maps: Vec<Value> = maps(vm)
        .map(|m| {
            let listing = entries(vm, m, MOST);
            let all: Vec<Value> = rows(m, &listing).into_iter().map(|(k, v)| json!({"key": k, "value": v})).collect();
            let mut map = json!({"name": m.name(), "type": m.map_type().name().to_ascii_lowercase(), "entries": all});
            if listing.more {
                map["more"] = json!(true);
            }
            map
        })
        .collect();
    let sample = |s: &Sent| json!({"map": s.map, "data": cut(&s.bytes, s.len)});
    let samples: Vec<Value> = tally.samples.items.iter().map(sample).collect();
    let last = tally.last.as_ref();
    json!({
        "schema": 1,
        "program": name,
        "kernel": system.kernel.name,
        "verdict": "accepted",
        "engine": engine,
        "runs": tally.runs,
        "actions": tally.actions,
        "redirects": tally.redirects,
        "retval": last.map(|o| o.r0 as u32),
        "packet": last.and_then(|o| o.packet.as_ref()).map(|p| hex::encode(p)),
        "context": last.map(|o| hex::encode(&o.context)),
        "changed": tally.changed,
        "ns_per_run": tally.elapsed.as_nanos() as u64 / tally.runs.max(1),
        "not_modelled": vm.missing(),
        "printk": tally.printed.items,
        "samples": samples,
        "left_out": {"lines": tally.printed.more, "samples": tally.samples.more},
        "maps": maps,
    })
}
