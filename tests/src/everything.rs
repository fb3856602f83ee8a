//! Run everything: what is accepted runs unchecked in both engines, and its process lives.
//!
//! Programs are run by a child process ([`child`]) that says what it is about to do before it does it; the parent
//! ([`campaign`]) reads that, so that a program that ends the child is named, and goes on behind it. The child holds
//! every run to a time and to an amount of memory, and says what came of it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use verifier_core::analysis::{Options, System, Verdict, verify_with};
use verifier_core::kernel::{Kernel, MapType, ProgType};
use verifier_core::log::Off;
use verifier_core::program::{LoadRequest, vmlinux};
use verifier_runtime::cx::{FaultKind, Stop};
use verifier_runtime::engines::EngineKind;
use verifier_runtime::hook::{Hook, HookError, Input, Mode, Runner};
use verifier_runtime::{Linked, Vm};

use crate::run::{Plan, requests};
use crate::{corpus, generate, recordings};

/// Time of one run.
const TIME: Duration = Duration::from_secs(1);
/// What a run may take over its time.
const GRACE: Duration = Duration::from_secs(2);
/// Memory that the programs of one machine may make it hold, and that a child may have at its largest.
const BYTES: u64 = 256 << 20;
const MOST: u64 = 1 << 30;

/// A program with its number in its source, and the system that it is for.
type Numbered = (usize, String, System, LoadRequest);

/// Where programs come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// The corpus, on a release.
    Corpus(String),
    /// What a kernel was recorded with, where the recordings are there.
    Recorded(String),
    /// Random ones.
    Generated,
}

impl Source {
    /// By name: `corpus-6.18`, `recorded-6.12`, `generated`.
    pub fn named(name: &str) -> Option<Source> {
        match name.split_once('-') {
            Some(("corpus", release)) => Some(Source::Corpus(release.into())),
            Some(("recorded", release)) => Some(Source::Recorded(release.into())),
            None if name == "generated" => Some(Source::Generated),
            _ => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Source::Corpus(release) => format!("corpus-{release}"),
            Source::Recorded(release) => format!("recorded-{release}"),
            Source::Generated => "generated".into(),
        }
    }

    /// Programs from one number to another, with the systems that they are for.
    fn programs(&self, from: usize, to: usize) -> Result<Vec<Numbered>, String> {
        let window = |all: Vec<(String, System, LoadRequest)>| {
            let numbered = all.into_iter().enumerate().map(|(n, (name, system, request))| (n, name, system, request));
            numbered.take(to).skip(from).collect()
        };
        match self {
            Source::Corpus(release) => {
                let system = system(release)?;
                let cases = corpus::cases()?.into_iter().enumerate().take(to).skip(from);
                let load =
                    |(n, c): (usize, corpus::Case)| Some((n, c.name.clone(), system.clone(), c.request(&system).ok()?));
                Ok(cases.filter_map(load).collect())
            }
            Source::Recorded(release) => {
                let Some(folder) = recordings::folder() else { return Ok(Vec::new()) };
                requests(&Plan::new(release), &folder).map(window).map_err(|e| e.to_string())
            }
            Source::Generated => {
                let system = system("6.18")?;
                let seeds = from as u64..to as u64;
                let load = |seed: u64| (seed as usize, format!("seed {seed}"), system.clone(), generate::program(seed));
                Ok(seeds.map(load).collect())
            }
        }
    }

    /// How many there are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn count(&self) -> Result<usize, String> {
        Ok(match self {
            Source::Corpus(_) => corpus::cases()?.len(),
            Source::Recorded(_) => self.programs(0, usize::MAX)?.len(),
            Source::Generated => usize::MAX,
        })
    }
}

fn system(release: &str) -> Result<System, String> {
    let kernel = Kernel::all().into_iter().find(|k| k.name == release).ok_or_else(|| format!("no {release}"))?;
    let vmlinux = vmlinux(&kernel).map_err(|e| e.to_string())?;
    Ok(System { kernel, vmlinux, modules: Vec::new() })
}

/// Contexts and packets at their extremes.
fn inputs(hook: &Hook) -> Vec<Input> {
    let input = |packet: Vec<u8>, context: Vec<u8>, network_layer| Input { packet, context, network_layer };
    let ipv4 = [&[2u8; 12][..], &[8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 6], &[7; 34]].concat();
    vec![
        input(vec![0; 14], Vec::new(), false),
        input(ipv4, vec![0x41; hook.context], true),
        input(vec![0xff; 0xffff], vec![0xff; hook.context.max(4096)], false),
    ]
}

/// A machine with what the program refers to; hash tables have an entry, prog arrays the program itself.
fn machine(system: &System, request: &LoadRequest) -> Result<Vm, String> {
    let mut vm = Vm::new(2);
    vm.set_system(system.clone());
    (vm.limits.time, vm.limits.bytes) = (Some(TIME), BYTES);
    vm.create_maps(&request.maps).map_err(|e| e.to_string())?;
    for map in vm.maps().filter(|m| matches!(m.map_type(), MapType::Hash | MapType::LruHash | MapType::LpmTrie)) {
        let (key, value) = (map.spec().key_size as usize, map.spec().value_size as usize);
        // A map that may not be written from here stays empty.
        let _ = map.set(&vec![0; key], &vec![1; value], 0);
    }
    Ok(vm)
}

/// What came of a program: words, and whether it is harm.
fn play(system: &System, request: &LoadRequest) -> (String, bool) {
    let begun = Instant::now();
    let late = || begun.elapsed() > Duration::from_secs(20);
    let verified = match verify_with(system, request, &Options::default(), &mut Off, &late).verdict {
        Verdict::Accepted(v) => v,
        _ => return ("not accepted".into(), false),
    };
    let (mut said, mut harm) = (Vec::new(), false);
    for engine in [EngineKind::Interp, EngineKind::Jit] {
        let vm = match machine(system, request) {
            Ok(vm) => vm,
            Err(e) => return (format!("no machine: {e}"), false),
        };
        let linked = match Linked::new(&verified, &vm) {
            Ok(linked) => linked,
            Err(e) => return (format!("not linked: {e}"), false),
        };
        for map in vm.maps().filter(|m| m.map_type() == MapType::ProgArray) {
            for i in 0..2 {
                // One that has a program of another type keeps it.
                let _ = map.set_prog(i, linked.code().clone());
            }
        }
        let prog_type = ProgType::from_number(request.prog_type).unwrap_or(ProgType::Unspec);
        let Some(hook) = Hook::of(prog_type) else { return ("no hook".into(), false) };
        let (Ok(mut runner), Ok(engine)) = (Runner::new(), engine.engine()) else {
            return ("no memory, or no engine".into(), true);
        };
        for input in inputs(&hook) {
            let begun = Instant::now();
            let result = runner.run(engine.as_ref(), &vm, &linked, &input, 1, Mode::Fast);
            if begun.elapsed() > TIME + GRACE {
                harm = true;
                said.push(format!("{}: {} ms", engine.name(), begun.elapsed().as_millis()));
            }
            if let Err(e) = result {
                let bad = |f: &FaultKind| matches!(f, FaultKind::InHelper | FaultKind::Signal(_));
                harm |= match &e {
                    HookError::Stop(Stop::VerifierBug { .. } | Stop::Broken | Stop::Unguarded) => true,
                    HookError::Stop(Stop::NotProvided { fault, .. }) => bad(&fault.kind) || fault.region.is_some(),
                    _ => false,
                };
                said.push(format!("{}: {e}", engine.name()));
            }
        }
    }
    let largest = largest();
    harm |= largest > MOST;
    if largest > MOST {
        said.push(format!("{} MiB", largest >> 20));
    }
    said.dedup();
    (if said.is_empty() { "ran".into() } else { said.join("; ") }, harm)
}

/// The most memory that this process ever had.
fn largest() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) << 10
}

/// The child: runs programs of a source, and says of each that it begins and what came of it.
///
/// # Errors
/// When the programs cannot be had.
pub fn child(source: &Source, from: usize, to: usize, out: &mut dyn Write) -> Result<(), String> {
    for (n, name, system, request) in source.programs(from, to)? {
        let mut say = |text: String| writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|e| e.to_string());
        say(format!("begin {n} {name}"))?;
        let (said, harm) = play(&system, &request);
        say(format!("{} {}", if harm { "harm" } else { "fine" }, said.replace('\n', " ")))?;
    }
    Ok(())
}

/// What a campaign came to.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// Programs that were accepted and ran.
    pub ran: usize,
    /// Programs that were accepted, and why they were not run.
    pub not_run: Vec<String>,
    /// Programs that were not accepted.
    pub refused: usize,
    /// Programs that did harm, and which.
    pub harm: Vec<String>,
}

/// Runs programs of a source in children of `program`, which is called with `child SOURCE FROM TO`; after a program that
/// ends its process, the next child goes on.
///
/// # Errors
/// When no child can be started.
pub fn campaign(program: &Path, source: &Source, from: usize, to: usize, tally: &mut Tally) -> Result<(), String> {
    let mut at = from;
    while at < to {
        let args = ["child".to_string(), source.name(), at.to_string(), to.to_string()];
        let mut child = Command::new(program)
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", PathBuf::from(program).display()))?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut current: Option<(usize, String)> = None;
        for line in lines.map_while(Result::ok) {
            if let Some((number, name)) = line.strip_prefix("begin ").and_then(|l| l.split_once(' ')) {
                current = number.parse().ok().map(|n: usize| (n, name.to_string()));
            } else if let Some((word, said)) = line.split_once(' ') {
                let name = current.as_ref().map_or("?", |(_, name)| name.as_str());
                match (word, said) {
                    ("harm", _) => tally.harm.push(format!("{name}: {said}")),
                    (_, "not accepted") => tally.refused += 1,
                    (_, "ran") => tally.ran += 1,
                    (_, said) if said.starts_with("not linked") || said.starts_with("no ") => {
                        tally.not_run.push(format!("{name}: {said}"));
                    }
                    _ => tally.ran += 1,
                }
                at = current.take().map_or(at, |(n, _)| n + 1);
            }
        }
        let status = child.wait().map_err(|e| e.to_string())?;
        match current {
            Some((n, name)) => {
                tally.harm.push(format!("{name}: the process ended, {status}"));
                at = n + 1;
            }
            None if status.success() => return Ok(()),
            None => return Err(format!("the child ended, {status}")),
        }
    }
    Ok(())
}
