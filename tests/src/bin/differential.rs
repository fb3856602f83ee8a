//! `differential`: asks a real kernel and us about programs that nobody looked at, and lists where we differ.
//!
//! The programs are the recorded ones, changed in a place or two from a seed, so that a run can be repeated and a
//! single case looked at; or probes, which go through the kernel's tables. The kernel is the running one (as root) or
//! one booted for it; nothing is attached or run.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bpfvet_tests::agreement::{Pair, Tally, ask};
use bpfvet_tests::compose::{compose, fits, same_btf, same_context};
use bpfvet_tests::mutate::{Pool, Rng, mutate};
use bpfvet_tests::oracle::machine::Machine;
use bpfvet_tests::oracle::wire::{How, lines};
use bpfvet_tests::oracle::{Answer, breaks_running_kernel};
use bpfvet_tests::recordings::{self, Counters, Record};
use bpfvet_tests::run::{Failure, parallel};
use bpfvet_tests::{features, generate, idioms, loader, probes};
use clap::Parser;
use serde_json::Value;
use verifier_core::analysis::{Options, System};
use verifier_core::btf::pack;
use verifier_core::kernel::{Kernel, MapType};
use verifier_core::program::LoadRequest;
use verifier_core::program::request::Privilege;
use verifier_server::raw;

/// Compare our verdicts, logs and counters with those of a real kernel, on programs made for it.
#[derive(Parser)]
struct Args {
    /// `6.18` (the running kernel, which must be one) or `6.12` (emulated).
    #[arg(long, default_value = "6.18")]
    kernel: String,
    /// Folder that `tests/guest/prepare.sh` filled.
    #[arg(long, default_value = "target/record")]
    machines: PathBuf,
    /// Seed of the changes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Mutants of each program; 0: only the programs themselves.
    #[arg(long, default_value_t = 5)]
    mutants: u64,
    /// Changes of one mutant, at most.
    #[arg(long, default_value_t = 2)]
    changes: usize,
    /// Ask for tables instead: a family of probes, or `all`.
    #[arg(long)]
    probes: Option<String>,
    /// Load without capabilities.
    #[arg(long)]
    unprivileged: bool,
    /// Load with CAP_BPF and CAP_NET_ADMIN alone: speculative paths and sanitized arithmetic, but subprograms and loops.
    #[arg(long)]
    no_perfmon: bool,
    /// Put programs together instead: mutants call one another, in loops and callbacks.
    #[arg(long)]
    compose: bool,
    /// Objects to take programs from, in the place of those recorded.
    #[arg(long, num_args = 1..)]
    objects: Vec<PathBuf>,
    /// So many random programs that compute, in the place of those recorded.
    #[arg(long)]
    random: Option<u64>,
    /// Only programs whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// No programs whose name contains this: 6.12 dies of `bpf_wq_init()` for a value without special fields.
    #[arg(long)]
    except: Option<String>,
    /// Every n-th program or probe only.
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// One mutant alone (with --only), by the number after the `#` of its name.
    #[arg(long)]
    case: Option<u64>,
    /// Print both logs where they part, of everything that differs.
    #[arg(long)]
    show: bool,
    /// Lines before the difference that are printed.
    #[arg(long, default_value_t = 12)]
    context: usize,
    /// Leave out `tests` (of test_verifier) or `objects`.
    #[arg(long)]
    skip: Option<String>,
    /// Programs that took more instructions than this when they were recorded are left out.
    #[arg(long, default_value_t = 1500)]
    largest: u64,
    /// Make no more programs after so many seconds.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Most classes of differences to print.
    #[arg(long, default_value_t = 60)]
    most: usize,
}

fn main() {
    let args = Args::parse();
    let Some(folder) = recordings::folder() else {
        println!(
            "differential: no recordings beside the checkout (../shared/kernel-recordings or BPFVET_SHARED); nothing measured"
        );
        return;
    };
    let result = Run::new(&args).and_then(|mut run| {
        run.everything(&folder)?;
        run.flush()?;
        run.report();
        Ok(())
    });
    if let Err(e) = result {
        eprintln!("differential: {e}");
        std::process::exit(2);
    }
}

/// Bytes of requests that are asked at once: the emulated machine keeps them in its memory.
const BATCH: usize = 192 << 20;
/// Requests that are asked at once; a machine that breaks down takes its batch with it.
const BATCH_REQUESTS: usize = 2000;
/// Where arenas are that have no address of their own: elsewhere than the loader would map them, but the same for all.
const ARENA_ADDRESS: u64 = 1 << 44;

/// What differs, in words that are the same for all cases of a class.
#[derive(Default)]
struct Class {
    count: usize,
    examples: Vec<String>,
}

struct Asked {
    name: String,
    feature: &'static str,
    request: LoadRequest,
}

struct Run<'a> {
    args: &'a Args,
    system: System,
    machine: Machine,
    scratch: PathBuf,
    pool: Pool,
    until: Instant,
    queue: Vec<Asked>,
    /// Programs to put together.
    parts: Vec<(String, &'static str, LoadRequest)>,
    text: String,
    classes: BTreeMap<(&'static str, String), Class>,
    total: Tally,
    seen: usize,
}

impl<'a> Run<'a> {
    fn new(args: &'a Args) -> Result<Run<'a>, Failure> {
        let machine = Machine::prepared(&args.kernel, &args.machines)?;
        let own = machine.system()?;
        // The kernel's own BTF; a profile holds it for the life of the process, and so does this one.
        let btf: &'static [u8] = pack(&own.vmlinux)?.leak();
        let release = match &machine {
            Machine::Emulated { .. } => own.kernel.release,
            Machine::Running { .. } => "running",
        };
        let kernel = Kernel { release, btf, ..own.kernel };
        let system = System::stored(kernel)?;
        Ok(Run {
            args,
            pool: Pool::new(&system.vmlinux),
            system,
            machine,
            scratch: std::env::temp_dir().join(format!("bpfvet-differential-{}", std::process::id())),
            until: Instant::now() + Duration::from_secs(args.seconds),
            queue: Vec::new(),
            parts: Vec::new(),
            text: String::new(),
            classes: BTreeMap::new(),
            total: Tally::default(),
            seen: 0,
        })
    }

    fn late(&self) -> bool {
        Instant::now() > self.until
    }

    fn wants(&self, name: &str) -> bool {
        let named = |part: &Option<String>| part.as_ref().map(|p| name.contains(p.as_str()));
        named(&self.args.only).unwrap_or(true) && !named(&self.args.except).unwrap_or(false)
    }

    /// Counts what is wanted, and takes every n-th.
    fn takes(&mut self, name: &str) -> bool {
        if self.late() || !self.wants(name) {
            return false;
        }
        self.seen += 1;
        self.seen.is_multiple_of(self.args.every)
    }

    fn everything(&mut self, folder: &Path) -> Result<(), Failure> {
        if let Some(family) = &self.args.probes {
            let system = self.system.clone();
            for name in probes::FAMILIES.iter().filter(|f| family == "all" || family == *f) {
                let mut failed = Ok(());
                probes::family(name, &system, &mut |name, request| {
                    if failed.is_ok() && self.takes(&name) {
                        failed = self.enqueue(name, "probe", request);
                    }
                });
                failed?;
            }
            return Ok(());
        }
        if let Some(count) = self.args.random {
            for n in 0..count {
                let mut rng = Rng::new(&[self.args.seed, n]);
                self.program(&format!("random/{n}"), "random", &generate::program(rng.below(usize::MAX) as u64))?;
            }
            return if self.args.compose { self.composed() } else { Ok(()) };
        }
        if !self.args.objects.is_empty() {
            self.files()?;
            return if self.args.compose { self.composed() } else { Ok(()) };
        }
        let skip = self.args.skip.as_deref().unwrap_or_default();
        if skip != "tests" {
            for test in recordings::lines(&folder.join("test_verifier/tests.jsonl.zst"))? {
                let name = format!("tv/{}", test["name"].as_str().unwrap_or_default());
                if let Ok(request) = raw::request(&test, &self.system) {
                    self.program(&name, features::of(&test), &request)?;
                }
            }
        }
        if skip != "objects" {
            self.objects(folder)?;
        }
        if self.args.compose { self.composed() } else { Ok(()) }
    }

    /// Every program as the caller of others that take its context.
    fn composed(&mut self) -> Result<(), Failure> {
        let all = std::mem::take(&mut self.parts);
        let vmlinux = self.system.vmlinux.clone();
        let kernel = idioms::Kernel { vmlinux: &vmlinux };
        for (name, feature, base) in &all {
            if !self.takes(name) {
                continue;
            }
            let others: Vec<_> = all.iter().filter(|(_, _, b)| same_context(base, b)).collect();
            let siblings: Vec<_> = others.iter().filter(|(_, _, b)| same_btf(base, b)).copied().collect();
            for k in self.cases() {
                let mut rng = Rng::new(&[self.args.seed, hash(name), k]);
                let from = if !siblings.is_empty() && rng.below(2) == 0 { &siblings } else { &others };
                let (_, _, other) = from[rng.below(from.len())];
                let Some(mut r) = compose(base, other, &kernel, &mut rng) else { continue };
                if self.args.changes > 0 && rng.below(2) == 0 {
                    r = mutate(&r, self.args.changes, &self.pool, &mut rng);
                }
                self.enqueue(format!("{name}#{k}"), feature, &r)?;
            }
        }
        Ok(())
    }

    /// Numbers of the mutants.
    fn cases(&self) -> std::ops::RangeInclusive<u64> {
        match self.args.case {
            Some(case) => case..=case,
            None => u64::from(self.args.mutants != 0)..=self.args.mutants,
        }
    }

    fn objects(&mut self, folder: &Path) -> Result<(), Failure> {
        let recorded = if self.args.kernel == "6.12" { "6.12.117-debian" } else { "6.18.44" };
        let mut by_object: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for r in recordings::records(folder, recorded)? {
            let small = r.counters.is_some_and(|c| c.insns <= self.args.largest);
            if small && r.verdict != "refused_by_host" && (self.args.compose || self.wants(&r.name())) {
                by_object.entry(r.object.clone()).or_default().push(r);
            }
        }
        for (object, group) in by_object {
            if self.late() {
                break;
            }
            let loaded = loader::load(&folder.join("objects").join(&object), &self.system);
            for r in group {
                if let Ok(request) = loader::request(&loaded, &r.program) {
                    self.program(&r.name(), features::of(&r.raw), &request)?;
                }
            }
        }
        Ok(())
    }

    /// The programs of the objects named.
    fn files(&mut self) -> Result<(), Failure> {
        for path in &self.args.objects {
            let object = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let opened = loader::load(path, &self.system).map_err(|e| format!("{object}: {e}"))?;
            for p in &opened.programs {
                match &p.result {
                    Ok(request) => self.program(&format!("{object}/{}", p.name), "object", request)?,
                    Err(e) => println!("{object}/{}: {}", p.name, e.words.join(" ")),
                }
            }
        }
        Ok(())
    }

    /// A program and its mutants.
    fn program(&mut self, name: &str, feature: &'static str, base: &LoadRequest) -> Result<(), Failure> {
        if base.insns.len() as u64 > self.args.largest {
            return Ok(());
        }
        if self.args.compose {
            if fits(base) {
                self.parts.push((name.into(), feature, base.clone()));
            }
            return Ok(());
        }
        if !self.takes(name) {
            return Ok(());
        }
        let hash = hash(name);
        for k in self.cases() {
            let mutant = match k {
                0 => base.clone(),
                _ => mutate(base, self.args.changes, &self.pool, &mut Rng::new(&[self.args.seed, hash, k])),
            };
            self.enqueue(format!("{name}#{k}"), feature, &mutant)?;
        }
        Ok(())
    }

    fn privilege(&self) -> Privilege {
        match (self.args.unprivileged, self.args.no_perfmon) {
            (true, _) => Privilege::NONE,
            (false, true) => Privilege { bpf: true, net_admin: true, ..Privilege::NONE },
            (false, false) => Privilege::ROOT,
        }
    }

    fn enqueue(&mut self, name: String, feature: &'static str, request: &LoadRequest) -> Result<(), Failure> {
        let mut request = request.clone();
        for m in request.maps.iter_mut().filter(|m| m.map_type == MapType::Arena as u32 && m.map_extra == 0) {
            m.map_extra = ARENA_ADDRESS;
        }
        let types_of = Some(self.system.kernel.version);
        let how = How { privilege: self.privilege(), types_of, ..How::default() };
        // What cannot be asked (modules) is left out, and what the running kernel breaks down on.
        if !(matches!(self.machine, Machine::Running { .. }) && breaks_running_kernel(&request))
            && let Ok(text) = lines(&name, &request, how)
        {
            self.text.push_str(&text);
            self.queue.push(Asked { name, feature, request });
        }
        if self.text.len() > BATCH || self.queue.len() >= BATCH_REQUESTS { self.flush() } else { Ok(()) }
    }

    /// Asks about everything in the queue.
    fn flush(&mut self) -> Result<(), Failure> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let (queue, text) = (std::mem::take(&mut self.queue), std::mem::take(&mut self.text));
        let answers = self.machine.ask(&text, &self.scratch);
        std::fs::remove_dir_all(&self.scratch)?;
        let answers = match answers {
            Ok(answers) => answers,
            Err(e) => {
                println!("{e}: {} requests are lost, from {}", queue.len(), queue[0].name);
                return Ok(());
            }
        };
        if answers.len() != queue.len() {
            return Err(format!("{} answers to {} requests", answers.len(), queue.len()).into());
        }
        if !self.args.objects.is_empty() {
            for (asked, a) in queue.iter().zip(&answers).filter(|(_, a)| record(a).is_none()) {
                println!("{}: not compared: {} {} {}", asked.name, a.verdict, a.errno, a.failed);
            }
        }
        let options = Options { log_level: 2, privilege: self.privilege(), ..Options::default() };
        let system = &self.system;
        // A panic of the analysis is an answer of ours, and counted.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let pairs = parallel(queue.len(), 2, |i| {
            let (asked, theirs) = (&queue[i], record(&answers[i])?);
            let ours = ask(system, &asked.request, &options, Duration::from_secs(10));
            let name = asked.name.clone();
            Some(Pair { name, kind: String::new(), feature: asked.feature, same_insns: None, theirs, ours })
        });
        std::panic::set_hook(hook);
        for pair in pairs.into_iter().flatten() {
            self.judge(pair);
        }
        Ok(())
    }

    fn judge(&mut self, pair: Pair) {
        self.total.add(&pair);
        let class = class(&pair);
        if self.args.case.is_some() || (self.args.show && class.is_some()) {
            print_case(&pair, self.args.context);
        }
        if let Some(key) = class {
            let class = self.classes.entry(key).or_default();
            class.count += 1;
            if class.examples.len() < 3 {
                class.examples.push(pair.name);
            }
        }
    }

    fn report(&self) {
        let mut classes: Vec<_> = self.classes.iter().collect();
        classes.sort_by_key(|((kind, _), c)| (KINDS.iter().position(|k| k == kind), std::cmp::Reverse(c.count)));
        for ((kind, words), class) in classes.iter().take(self.args.most) {
            println!("{:>5}  {kind:<12} {words}\n         {}", class.count, class.examples.join("  "));
        }
        let t = &self.total;
        let share = |n: usize, of: usize| format!("{n} of {of} ({:.3}%)", n as f64 * 100.0 / of.max(1) as f64);
        println!(
            "{} seed {}: same verdict {}, error number too {}, wrongly accepted {}, wrongly rejected {}, unsupported {}, log identical {}, counters equal {}; {} classes",
            self.args.kernel,
            self.args.seed,
            share(t.same, t.all),
            share(t.errno, t.all),
            t.wrong_accept,
            t.wrong_reject,
            t.unsupported,
            share(t.logs_same, t.logs),
            share(t.counters_same, t.counters),
            classes.len(),
        );
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// An answer as a record; `None` where the kernel gave no verdict on the program.
fn record(answer: &Answer) -> Option<Record> {
    const NAMES: &[(i32, &str)] = &[
        (1, "EPERM"),
        (2, "ENOENT"),
        (7, "E2BIG"),
        (9, "EBADF"),
        (12, "ENOMEM"),
        (13, "EACCES"),
        (14, "EFAULT"),
        (16, "EBUSY"),
        (17, "EEXIST"),
        (22, "EINVAL"),
        (28, "ENOSPC"),
        (34, "ERANGE"),
        (71, "EPROTO"),
        (95, "EOPNOTSUPP"),
        (524, "ENOTSUPP"),
    ];
    let name = |n: i32| NAMES.iter().find(|(k, _)| *k == n).map_or_else(|| n.to_string(), |(_, n)| (*n).to_string());
    let errno = (answer.errno != 0).then(|| name(answer.errno));
    // A map or BTF that is refused is another matter; the host's policy and the machine's memory are no verdicts.
    let refused = answer.log.is_empty() && matches!(errno.as_deref(), Some("EPERM" | "ENOMEM"));
    let overflowed = matches!(errno.as_deref(), Some("ENOSPC"));
    if answer.verdict == "not_loadable" || refused || overflowed {
        return None;
    }
    Some(Record {
        raw: Value::Null,
        object: String::new(),
        program: String::new(),
        verdict: answer.verdict.clone(),
        errno,
        counters: counters(&answer.log),
        log: Some(answer.log.clone()),
    })
}

/// The counters in the last line of a log.
fn counters(log: &str) -> Option<Counters> {
    let line = log.lines().next_back().filter(|l| l.starts_with("processed "))?;
    let after = |word: &str| {
        let mut words = line.split(' ').skip_while(|w| *w != word).skip(1);
        words.next().and_then(|n| n.parse().ok())
    };
    Some(Counters {
        insns: after("processed")?,
        total_states: after("total_states")?,
        peak_states: after("peak_states")?,
    })
}

/// Kinds of differences, the worst first.
const KINDS: &[&str] = &["panic", "wrong-accept", "wrong-reject", "unsupported", "errno", "counters", "log"];

fn class(p: &Pair) -> Option<(&'static str, String)> {
    let theirs = p.theirs.log.as_deref().unwrap_or_default();
    let last = |log: &str| {
        let mut lines = log.lines().rev().filter(|l| !l.starts_with("processed ") && !l.is_empty());
        general(lines.next().unwrap_or_default())
    };
    let errno = |e: &Option<String>| e.clone().unwrap_or_default();
    let differ = || {
        p.difference()
            .map_or(String::new(), |(_, a, b)| format!("- {}\n                    + {}", general(&a), general(&b)))
    };
    Some(match p.ours.verdict.as_str() {
        "panic" => ("panic", p.ours.reason.clone()),
        "unsupported" | "budget" => ("unsupported", general(&p.ours.reason)),
        _ if p.wrongly_accepted() => ("wrong-accept", format!("{} {}", errno(&p.theirs.errno), last(theirs))),
        _ if !p.same_verdict() => ("wrong-reject", format!("{} {}", errno(&p.ours.errno), last(&p.ours.log))),
        _ if !p.same_errno() => {
            ("errno", format!("{} not {}: {}", errno(&p.theirs.errno), errno(&p.ours.errno), last(theirs)))
        }
        _ if p.counters_compared() && !p.counters_equal() => ("counters", differ()),
        _ if p.log_compared() && !p.log_identical() => ("log", differ()),
        _ => return None,
    })
}

/// A line without its numbers.
fn general(line: &str) -> String {
    let mut out = String::new();
    for c in line.chars().take(140) {
        match c {
            '0'..='9' if out.ends_with('N') => {}
            '0'..='9' => out.push('N'),
            c => out.push(c),
        }
    }
    out
}

fn print_case(p: &Pair, context: usize) {
    println!("=== {}", p.name);
    println!("    kernel: {} {:?} {:?}", p.theirs.verdict, p.theirs.errno, p.theirs.counters);
    println!("    ours:   {} {:?} {:?} {}", p.ours.verdict, p.ours.errno, p.ours.counters, p.ours.reason);
    let theirs = p.theirs.log.as_deref().unwrap_or_default();
    let at = p.difference().map_or(usize::MAX, |(n, _, _)| n - 1);
    for (sign, log) in [("-", theirs), ("+", p.ours.log.as_str())] {
        let from = at.min(log.lines().count()).saturating_sub(if sign == "-" { context } else { 0 });
        for (i, line) in log.lines().enumerate().skip(from).take(context + 4) {
            if i < at || i < at.saturating_add(4) {
                println!("{} {line}", if i < at { " " } else { sign });
            }
        }
    }
    println!();
}
