//! Generated calls of helpers and kernel functions, here and on the running kernel (root, 6.18): what they return, what
//! they write, and what they leave in maps and packets. `bpfvet-helpers [CALLS [SUBJECT]]`: so many of each, 400 unless
//! said otherwise. A difference that nobody explained is printed and makes the exit code 1.

mod cases;
mod differences;
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use verifier_core::analysis::{Options, System, Verdict, verify};
use verifier_core::btf::Btf;
use verifier_core::kernel::{Kernel, MapType};
use verifier_core::program::MapSpec;
use verifier_runtime::abi::{self, Model};
use verifier_runtime::engines::EngineKind;
use verifier_runtime::hook::{Input, Mode, Runner};
use verifier_runtime::map::Map;
use verifier_runtime::vm::Task;
use verifier_runtime::{Linked, Vm};

use bpfvet_helpers::kernel;
use cases::{Case, SUBJECTS, Subject};
use differences::{explained, explained_effects, not_compared};

/// What one side says: results of calls, buffers, packet, and what maps hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    results: Vec<u64>,
    buffers: Vec<u8>,
    packet: Vec<u8>,
    maps: Vec<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// Splits what `out` holds.
fn split(out: &[u8], calls: usize) -> (Vec<u64>, Vec<u8>) {
    let (words, _) = out[..program::BUFFERS as usize].as_chunks::<8>();
    let results = words.iter().take(calls).map(|w| u64::from_ne_bytes(*w)).collect();
    (results, out[program::BUFFERS as usize..].to_vec())
}

/// Maps whose contents are compared: those with keys whose values are not the kernel's own.
fn is_compared(spec: &MapSpec) -> bool {
    // Of lists and trees the kernel shows its own addresses.
    if spec.btf.is_some() && spec.btf_value_type_id == program::HOLDER {
        return false;
    }
    let t = MapType::from_number(spec.map_type).unwrap_or(MapType::Unspec);
    matches!(t, MapType::Array | MapType::Hash | MapType::LruHash | MapType::LpmTrie)
}

fn on_kernel(case: &Case) -> Result<Left, String> {
    let btf = case.request.btf.as_ref().map(|b| kernel::load_btf(b)).transpose().map_err(|e| format!("types: {e}"))?;
    let mut maps = Vec::new();
    for spec in &case.request.maps {
        let map = kernel::Map::create(spec, btf.as_ref()).map_err(|e| format!("map {}: {e}", spec.name))?;
        for (_, k, v) in case.entries.iter().filter(|(fd, ..)| *fd == spec.fd) {
            map.update(k, v, 0).map_err(|e| format!("map {}: {e}", spec.name))?;
        }
        maps.push((spec.fd, map));
    }
    let prog = kernel::load(&case.request, &maps, btf.as_ref())?;
    let ran = prog.run(case.packet.as_deref(), &mut [0; 64]).map_err(|e| format!("run: {e}"))?;
    if ran.retval != 0 {
        return Err(format!("it returned {}", ran.retval));
    }
    let out = maps[0].1.entries().pop().ok_or("no results")?.1;
    let (results, buffers) = split(&out, case.calls.len());
    let subjects = maps.iter().zip(&case.request.maps).skip(3).filter(|(_, s)| is_compared(s));
    let maps = subjects.map(|((_, m), _)| sorted(m.entries())).collect();
    Ok(Left { results, buffers, packet: ran.packet, maps })
}

fn sorted(mut all: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    all.retain(|(_, v)| v.iter().any(|b| *b != 0));
    all.sort();
    all
}

/// Who asks, for helpers that tell.
fn task() -> Task {
    let comm = std::fs::read_to_string("/proc/thread-self/comm").unwrap_or_default();
    // SAFETY: these calls only read who we are.
    let (pid, tid, uid, gid) = unsafe { (libc::getpid(), libc::gettid(), libc::getuid(), libc::getgid()) };
    Task { pid: tid as u32, tgid: pid as u32, uid, gid, comm: comm.trim_end().to_string() }
}

fn here(system: &System, case: &Case, engine: EngineKind) -> Result<Left, String> {
    let verified = match verify(system, &case.request, &Options::default()).verdict {
        Verdict::Accepted(v) => *v,
        Verdict::Rejected(r) => {
            let words = r.cause.as_ref().map(|c| c.text(system.kernel.style).trim_end().to_string());
            return Err(format!("rejected: {}", words.unwrap_or_else(|| r.errno.name().to_string())));
        }
        _ => return Err("undecided".into()),
    };
    let mut vm = Vm::new(kernel::cpus() as u32);
    vm.set_system(system.clone());
    vm.task = task();
    let (at, text) = cases::user_text();
    vm.user_memory = vec![(at, text.to_vec())];
    vm.create_maps(&case.request.maps).map_err(|e| e.to_string())?;
    for (fd, k, v) in &case.entries {
        let map = vm.map(*fd).ok_or("no map")?;
        let v = if map.cpus() > 1 { v.repeat(map.cpus() as usize) } else { v.clone() };
        map.set(k, &v, 0).map_err(|e| format!("map {}: error {e}", map.name()))?;
    }
    let program = Linked::new(&verified, &vm).map_err(|e| e.to_string())?;
    let input = Input { packet: case.packet.clone().unwrap_or_default(), context: vec![0; 64], ..Input::default() };
    let mut runner = Runner::new().map_err(|e| e.to_string())?;
    let engine = engine.engine()?;
    let out = runner.run(engine.as_ref(), &vm, &program, &input, 1, Mode::Fast).map_err(|e| e.to_string())?;
    let own = vm.map(program::OUT).and_then(|m| m.get(&[0; 4], 0)).ok_or("no results")?;
    let (results, buffers) = split(&own, case.calls.len());
    let all = |m: &Arc<Map>| sorted(m.entries(0, usize::MAX, usize::MAX).entries);
    let maps = vm.maps().skip(3).filter(|m| is_compared(m.spec())).map(all).collect();
    Ok(Left { results, buffers, packet: out.packet.unwrap_or_default(), maps })
}

/// Counts of one subject.
#[derive(Default)]
struct Tally {
    calls: usize,
    explained: BTreeMap<&'static str, usize>,
    unexplained: usize,
    not_run: usize,
    refused: usize,
    /// Calls of each helper and kernel function in programs that ran on both sides.
    each: BTreeMap<String, usize>,
}

/// Programs of a subject at most, where some of its calls are rare.
const MOST: u64 = 20;

/// Compares a case: what differs is explained, or printed.
fn compare(subject: &Subject, seed: u64, case: &Case, theirs: &Left, ours: &Left, tally: &mut Tally) {
    tally.calls += case.calls.len();
    if let Some((i, (t, o))) = theirs.results.iter().zip(&ours.results).enumerate().find(|(_, (t, o))| t != o) {
        match explained(subject.name, &case.calls[..i], &case.calls[i], *t, *o) {
            // What comes after it may differ because of it.
            Some(why) => {
                *tally.explained.entry(why).or_default() += 1;
                return;
            }
            None => {
                tally.unexplained += 1;
                println!(
                    "{} {seed}: {}: kernel {:#x} ({}), here {o:#x} ({})",
                    subject.name, case.calls[i], t, *t as i64, *o as i64
                );
                history(case, theirs, i);
                return;
            }
        }
    }
    // The kernel gives metadata back in front of the packet.
    let behind_meta = &theirs.packet[theirs.packet.len().saturating_sub(ours.packet.len())..];
    let packets = case.packet.is_some() && behind_meta != ours.packet;
    let buffer = theirs.buffers.iter().zip(&ours.buffers).position(|(a, b)| a != b);
    if packets || buffer.is_some() || theirs.maps != ours.maps {
        if let Some(why) = explained_effects(&case.calls).filter(|_| buffer.is_none()) {
            *tally.explained.entry(why).or_default() += 1;
            return;
        }
        let words = format!("buffers from {buffer:?}, packet {packets}, maps {}", theirs.maps != ours.maps);
        tally.unexplained += 1;
        println!("{} {seed}: effects differ: {words}", subject.name);
        if let Some(at) = buffer {
            let show = |b: &[u8]| format!("{:?}", String::from_utf8_lossy(&b[at & !7..(at + 40).min(b.len())]));
            println!(
                "  at {}: kernel {}, here {}",
                at + program::BUFFERS as usize,
                show(&theirs.buffers),
                show(&ours.buffers)
            );
        }
        if packets {
            println!("  kernel {:02x?}\n  here   {:02x?}", theirs.packet, ours.packet);
        }
        if theirs.maps != ours.maps {
            println!("  kernel {:?}\n  here   {:?}", theirs.maps, ours.maps);
        }
        history(case, theirs, case.calls.len());
    }
}

/// The calls before one, with what the kernel returned, and the text that arguments name.
fn history(case: &Case, theirs: &Left, before: usize) {
    let text = |call: &str| {
        let at = call.split("Ro(").nth(1)?.split(')').next().and_then(|n| usize::from_str_radix(n, 16).ok())?;
        let rest = case.request.maps[2].value.as_ref()?.get(at..)?.split(|b| *b == 0).next()?;
        Some(format!("  {:?}", String::from_utf8_lossy(rest)))
    };
    for (call, r) in case.calls.iter().zip(&theirs.results).take(before + 1) {
        println!("    {call} = {}{}", *r as i64, text(call).unwrap_or_default());
    }
}

fn system() -> Result<System, String> {
    let raw = std::fs::read("/sys/kernel/btf/vmlinux").map_err(|e| format!("the kernel's BTF: {e}"))?;
    let vmlinux = Arc::new(Btf::parse(raw, None).map_err(|e| e.to_string())?);
    Ok(System { kernel: Kernel::v6_18(), vmlinux, modules: Vec::new() })
}

/// How often each helper and kernel function was called, and which were not.
fn table(each: &BTreeMap<String, usize>, calls: usize) {
    let modelled: BTreeSet<&str> =
        abi::all().into_iter().filter(|(_, m)| *m == Model::Modelled).map(|(h, _)| h.name).collect();
    println!("\ncalls of each, at least {calls} where no number is given:");
    let often = modelled.iter().filter(|n| each.get(**n).is_some_and(|c| *c >= calls));
    println!("{}", often.copied().collect::<Vec<_>>().join(" "));
    for name in modelled.iter().filter(|n| each.get(**n).is_none_or(|c| *c < calls)) {
        match (each.get(*name), not_compared(name)) {
            (Some(n), why) => println!("{name}: {n} {}", why.unwrap_or_default()),
            (None, why) => println!("{name}: not compared: {}", why.unwrap_or("nobody knows why")),
        }
    }
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let calls = args.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(400);
    let only = args.next();
    let system = match system() {
        Ok(system) => system,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    let (mut failed, mut all) = (false, 0);
    let mut each: BTreeMap<String, usize> = BTreeMap::new();
    for subject in SUBJECTS.iter().filter(|s| only.as_ref().is_none_or(|o| s.name.contains(o.as_str()))) {
        let mut tally = Tally::default();
        let programs = u64::from(calls.div_ceil(subject.calls));
        // Until each call that it makes was made often enough.
        let enough = |t: &Tally| t.each.values().all(|n| *n >= calls as usize);
        for seed in 1..=programs * MOST {
            if seed > programs && enough(&tally) {
                break;
            }
            let case = cases::case(&system, subject, seed);
            let engine = if seed % 2 == 0 { EngineKind::Interp } else { EngineKind::Jit };
            match (on_kernel(&case), here(&system, &case, engine)) {
                (Ok(theirs), Ok(ours)) => {
                    case.called.iter().for_each(|c| *tally.each.entry(c.clone()).or_default() += 1);
                    compare(subject, seed, &case, &theirs, &ours, &mut tally);
                }
                // What both refuse to load was no call.
                (Err(theirs), Err(ours)) if ours.starts_with("rejected") && theirs.contains("processed") => {
                    tally.refused += 1;
                }
                (theirs, ours) => {
                    tally.not_run += 1;
                    if tally.not_run <= 3 {
                        println!("{} {seed}: kernel {:?}, here {:?}", subject.name, theirs.err(), ours.err());
                    }
                }
            }
        }
        println!(
            "{:<30} {:>6} calls, {} unexplained, {} programs not run, {} refused by both",
            subject.name, tally.calls, tally.unexplained, tally.not_run, tally.refused
        );
        tally.explained.iter().for_each(|(why, n)| println!("{:>37} {n} explained: {why}", ""));
        failed |= tally.unexplained > 0 || tally.not_run > 0;
        all += tally.calls;
        tally.each.iter().for_each(|(name, n)| *each.entry(name.clone()).or_default() += n);
    }
    println!("{all} results compared");
    if only.is_none() {
        table(&each, calls as usize);
    }
    ExitCode::from(u8::from(failed))
}
