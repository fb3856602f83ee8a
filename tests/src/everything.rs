//! Run everything: what is accepted runs unchecked in both engines, and its process lives.
//!
//! Programs are run by a child process ([`child`]) that says what it is about to do before it does it; the parent
//! ([`campaign`]) reads that, so that a program that ends the child is named, and goes on behind it. The child holds
//! every run to a time and to an amount of memory, and says what came of it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use verifier_core::analysis::{Options, System, Verdict, Verified, verify_with};
use verifier_core::kernel::{Kernel, MapType, ProgType};
use verifier_core::log::Off;
use verifier_core::program::{LoadRequest, MapSpec, OpenOptions, open};
use verifier_runtime::cx::{FaultKind, Stop};
use verifier_runtime::engines::EngineKind;
use verifier_runtime::hook::{Hook, HookError, Input, Mode, Runner};
use verifier_runtime::{Linked, Vm};

use crate::corpus::releases::Release;
use crate::hooks::Generator;
use crate::run::{Plan, requests};
use crate::spent::Spent;
use crate::{corpus, embedded, generate, recordings};

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
    /// Objects as distributions ship them, where `make real` has put them, on a release.
    Real(String),
    /// Random XDP programs.
    Generated,
    /// Random programs of every hook, on a release.
    Hooks(String),
}

impl Source {
    /// By name: `corpus-6.18`, `recorded-6.12`, `real-6.12`, `hooks-6.18`, `generated`.
    pub fn named(name: &str) -> Option<Source> {
        match name.split_once('-') {
            Some(("corpus", release)) => Some(Source::Corpus(release.into())),
            Some(("recorded", release)) => Some(Source::Recorded(release.into())),
            Some(("real", release)) => Some(Source::Real(release.into())),
            Some(("hooks", release)) => Some(Source::Hooks(release.into())),
            None if name == "generated" => Some(Source::Generated),
            _ => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Source::Corpus(release) => format!("corpus-{release}"),
            Source::Recorded(release) => format!("recorded-{release}"),
            Source::Real(release) => format!("real-{release}"),
            Source::Hooks(release) => format!("hooks-{release}"),
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
            Source::Real(release) => real(&system(release)?).map(window),
            Source::Hooks(release) => {
                let mut made = Generator::new(release)?;
                let system = made.system().clone();
                let seeds = from as u64..to as u64;
                let load =
                    |seed: u64| Some((seed as usize, format!("seed {seed}"), system.clone(), made.program(seed)?));
                Ok(seeds.filter_map(load).collect())
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
            Source::Recorded(_) | Source::Real(_) => self.programs(0, usize::MAX)?.len(),
            Source::Generated | Source::Hooks(_) => usize::MAX,
        })
    }
}

fn system(release: &str) -> Result<System, String> {
    let kernel = Kernel::all().into_iter().find(|k| k.name == release).ok_or_else(|| format!("no {release}"))?;
    System::stored(kernel).map_err(|e| e.to_string())
}

/// Programs of the objects that `make real` has collected; none where it never ran.
fn real(system: &System) -> Result<Vec<(String, System, LoadRequest)>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/real");
    let mut out = Vec::new();
    for file in embedded::files(&folder) {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for object in embedded::objects(&bytes) {
            let options = OpenOptions { as_veristat: true, ..OpenOptions::new(&system.kernel, name.clone()) };
            // What is no object that a loader takes has no programs.
            let Ok(object) = open(object, &options) else { continue };
            let programs = object.programs.into_iter();
            out.extend(programs.filter_map(|p| Some((format!("{name} {}", p.name), system.clone(), p.result.ok()?))));
        }
    }
    Ok(out)
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
    let outer: Vec<_> = vm.maps().filter(|m| m.spec().inner.is_some()).cloned().collect();
    for (n, map) in (1..).zip(outer) {
        let inner = map.spec().inner.as_deref().map(|i| MapSpec { fd: -n, ..i.clone() });
        vm.create_maps(inner.as_slice()).map_err(|e| e.to_string())?;
        if let Some(inner) = vm.map(-n).cloned() {
            // The template fits, where it is one that fits anything.
            let _ = map.set_map(&vec![0; map.spec().key_size as usize], inner, 0);
        }
    }
    Ok(vm)
}

/// What tail calls of programs of a type go on in: the last programs that were accepted and use no map.
#[derive(Default)]
struct Tails(Vec<Arc<Verified>>);

impl Tails {
    fn of(&self, like: &LoadRequest) -> Option<&Verified> {
        let kind = |r: &LoadRequest| (r.prog_type, r.expected_attach_type);
        self.0.iter().rev().find(|v| kind(v.request()) == kind(like)).map(Arc::as_ref)
    }

    fn keep(&mut self, v: Box<Verified>) {
        if v.request().maps.is_empty() {
            let kind = (v.request().prog_type, v.request().expected_attach_type);
            self.0.retain(|o| (o.request().prog_type, o.request().expected_attach_type) != kind);
            self.0.push(Arc::from(v));
        }
    }
}

/// Whether a run that ended so did harm, or shows that something is wrong.
pub fn is_harm(e: &HookError) -> bool {
    let bad = |f: &FaultKind| matches!(f, FaultKind::InHelper | FaultKind::Signal(_));
    match e {
        HookError::Stop(Stop::VerifierBug { .. } | Stop::Broken | Stop::Unguarded) => true,
        HookError::Stop(Stop::NotProvided { fault, .. }) => bad(&fault.kind) || fault.region.is_some(),
        _ => false,
    }
}

/// What came of a program: words, and whether it is harm.
fn play(system: &System, request: &LoadRequest, tails: &mut Tails) -> (String, bool) {
    let spent = Spent::begin();
    let late = || spent.so_far() > Duration::from_secs(20);
    let verified = match verify_with(system, request, &Options::default(), &mut Off, &late).verdict {
        Verdict::Accepted(v) => v,
        _ => return ("not accepted".into(), false),
    };
    let (said, harm) = run(system, request, &verified, tails);
    if !said.starts_with("no") {
        tails.keep(verified);
    }
    (said, harm)
}

/// Runs an accepted program with every input in both engines: words, and whether it is harm.
fn run(system: &System, request: &LoadRequest, verified: &Verified, tails: &Tails) -> (String, bool) {
    let (mut said, mut harm) = (Vec::new(), false);
    for engine in [EngineKind::Interp, EngineKind::Jit] {
        let vm = match machine(system, request) {
            Ok(vm) => vm,
            Err(e) => return (format!("no machine: {e}"), false),
        };
        let linked = match Linked::new(verified, &vm) {
            Ok(linked) => linked,
            Err(e) => return (format!("not linked: {e}"), false),
        };
        for map in vm.maps().filter(|m| m.map_type() == MapType::ProgArray) {
            let other = tails.of(request).and_then(|v| Linked::new(v, &vm).ok());
            // One that has a program of another type keeps it.
            let _ = map.set_prog(0, linked.code().clone());
            let _ = map.set_prog(1, other.as_ref().unwrap_or(&linked).code().clone());
        }
        let prog_type = ProgType::from_number(request.prog_type).unwrap_or(ProgType::Unspec);
        let Some(hook) = Hook::of(prog_type) else { return ("no hook".into(), false) };
        let (Ok(mut runner), Ok(engine)) = (Runner::new(), engine.engine()) else {
            return ("no memory, or no engine".into(), true);
        };
        for input in inputs(&hook) {
            let spent = Spent::begin();
            let result = runner.run(engine.as_ref(), &vm, &linked, &input, 1, Mode::Fast);
            if spent.so_far() > TIME + GRACE {
                harm = true;
                said.push(format!("{}: {} ms", engine.name(), spent.so_far().as_millis()));
            }
            if let Err(e) = result {
                harm |= is_harm(&e);
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
pub fn largest() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) << 10
}

/// The child: runs programs of a source, and says of each that it begins and what came of it.
///
/// # Errors
/// When the programs cannot be had.
pub fn child(source: &Source, from: usize, to: usize, out: &mut dyn Write) -> Result<(), String> {
    let mut tails = Tails::default();
    for (n, name, system, request) in source.programs(from, to)? {
        let mut say = |text: String| writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|e| e.to_string());
        say(format!("begin {n} {name}"))?;
        let (said, harm) = play(&system, &request, &mut tails);
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
    /// Programs that leave their memory, which the kernel asked takes and a later one was recorded to refuse: holes of that
    /// kernel. The run ended with a report.
    pub holes: Vec<String>,
}

/// Cases of the corpus that the newest kernel asked refuses.
fn refused_by_newest() -> Result<BTreeSet<String>, String> {
    let newest = Release::all()?.pop().map(|r| r.said).unwrap_or_default();
    Ok(newest.into_iter().filter(|(_, said)| said.verdict == "rejected").map(|(name, _)| name).collect())
}

/// Runs programs of a source in children of `program`, which is called with `child SOURCE FROM TO`; after a program that
/// ends its process, the next child goes on.
///
/// # Errors
/// When no child can be started.
pub fn campaign(program: &Path, source: &Source, from: usize, to: usize, tally: &mut Tally) -> Result<(), String> {
    let mut at = from;
    let closed = refused_by_newest()?;
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
                    ("harm", said) if said.contains("verifier bug") && closed.contains(name) => {
                        tally.holes.push(name.into())
                    }
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
