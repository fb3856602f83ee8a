//! Runs programs that a kernel was recorded with through our analysis, several at once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use verifier_core::analysis::{Options, System};
use verifier_core::btf::Btf;
use verifier_core::program::request::Privilege;
use verifier_core::program::{LoadRequest, Program, loads_with_any};
use verifier_server::raw;

use crate::agreement::{Ours, Pair, ask};
use crate::features;
use crate::loader;
use crate::recordings::{self, Record};

/// Errors of reading the recordings.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the kernel: `6.12`.
    pub kernel: String,
    /// The tests of test_verifier instead of the objects.
    pub tv: bool,
    /// Only what was loaded without privileges (with `tv`).
    pub unprivileged: bool,
    /// The objects of the kernel's own release, not those that every kernel was asked about.
    pub own: bool,
    /// Only programs whose `object/program` contains this.
    pub only: Option<String>,
    /// Judge the recorded instructions, not those of our loader.
    pub recorded_insns: bool,
    /// Time for one program.
    pub budget: Duration,
    /// Threads.
    pub jobs: usize,
    /// Never take a path as covered by another.
    pub no_prune: bool,
}

impl Plan {
    /// Everything of a kernel, on two threads.
    pub fn new(kernel: &str) -> Plan {
        Plan {
            kernel: kernel.into(),
            tv: false,
            unprivileged: false,
            own: false,
            only: None,
            recorded_insns: false,
            budget: Duration::from_secs(60),
            jobs: 2,
            no_prune: false,
        }
    }

    /// Name of the kernel's files in the recordings.
    pub fn recorded(&self) -> String {
        recordings::file_name(&recordings::recorded(&self.kernel))
    }

    /// Where the objects and the answers to them are.
    fn objects(&self, folder: &Path) -> std::path::PathBuf {
        if self.own { folder.join(format!("selftests-{}", self.kernel)) } else { folder.to_path_buf() }
    }

    /// What the kernel said, in the order of the file.
    fn answers(&self, folder: &Path) -> std::io::Result<Vec<Record>> {
        if !self.tv {
            return recordings::records(&self.objects(folder), &self.recorded());
        }
        let lines = recordings::lines(&folder.join(format!("test_verifier/{}.jsonl.zst", self.recorded())))?;
        Ok(lines.into_iter().map(Record::new).collect())
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|o| name.contains(o.as_str()))
    }
}

/// Runs the plan.
///
/// # Errors
/// When the recordings cannot be read.
pub fn run(plan: &Plan, folder: &Path) -> Result<Vec<Pair>, Failure> {
    let systems = Systems::new(plan, folder)?;
    if plan.tv { test_verifier(plan, folder, &systems) } else { objects(plan, folder, &systems) }
}

/// The kernel with the modules that were loaded at the time, by their names in load order.
struct Systems(HashMap<Vec<String>, System>);

impl Systems {
    /// One for each list of modules that anything was recorded with.
    fn new(plan: &Plan, folder: &Path) -> Result<Systems, Failure> {
        let plain = System::stored(recordings::recorded(&plan.kernel))?;
        let mut known: HashMap<String, Arc<Btf>> = HashMap::new();
        let mut systems = HashMap::new();
        for record in plan.answers(folder)? {
            let names = record.modules();
            if systems.contains_key(&names) {
                continue;
            }
            let mut modules = Vec::new();
            for name in &names {
                if !known.contains_key(name) {
                    let raw = recordings::unpack(&module_file(folder, &plan.recorded(), name))?;
                    known.insert(name.clone(), Arc::new(Btf::parse(raw, Some(plain.vmlinux.clone()))?));
                }
                modules.extend(known.get(name).map(|btf| (name.clone(), btf.clone())));
            }
            systems.insert(names, System { modules, ..plain.clone() });
        }
        Ok(Systems(systems))
    }

    fn of(&self, names: &[String]) -> Option<&System> {
        self.0.get(names)
    }
}

/// Where the BTF of a module is kept: with the others of the kernel, or beside the kernel's own.
fn module_file(folder: &Path, recorded: &str, name: &str) -> std::path::PathBuf {
    let together = folder.join(format!("btf/modules-{recorded}/{name}.btf.zst"));
    if together.exists() { together } else { folder.join(format!("btf/{recorded}.{name}.btf.zst")) }
}

/// Runs `job` over all indices on a few threads with large stacks.
pub fn parallel<T: Send>(n: usize, jobs: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            let work = || {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= n {
                        return;
                    }
                    let answer = job(i);
                    if let Ok(mut done) = done.lock() {
                        done.push((i, answer));
                    }
                }
            };
            // A thread that cannot be started leaves its share to the others.
            let _ = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, answer)| answer).collect()
}

/// Stack of a worker; recursion in type comparisons is bounded, but debug builds are generous with frames.
const STACK: usize = 64 << 20;

fn test_verifier(plan: &Plan, folder: &Path, systems: &Systems) -> Result<Vec<Pair>, Failure> {
    let tests = recordings::lines(&folder.join("test_verifier/tests.jsonl.zst"))?;
    let answers: Vec<Record> = plan
        .answers(folder)?
        .into_iter()
        .filter(|r| r.raw["privileged"].as_bool().unwrap_or(true) != plan.unprivileged)
        .filter(|r| r.verdict != "refused_by_host" && plan.wants(&r.program))
        .collect();
    let modules = answers.first().map(Record::modules).unwrap_or_default();
    let system = systems.of(&modules).ok_or("no system")?;
    let privilege = if plan.unprivileged {
        Privilege::NONE
    } else {
        Privilege { bpf: true, perfmon: true, net_admin: true, sys_admin: false }
    };
    let options = Options { log_level: 2, no_prune: plan.no_prune, privilege, ..Options::default() };
    let index: HashMap<u64, &Value> = tests.iter().filter_map(|t| Some((t["index"].as_u64()?, t))).collect();
    Ok(parallel(answers.len(), plan.jobs, |i| {
        let mut theirs = answers[i].clone();
        let test = theirs.raw["index"].as_u64().and_then(|n| index.get(&n).copied());
        if let Some(messages) = test.and_then(|t| expected_messages(t, plan.unprivileged)) {
            theirs.raw["annotations"] = json!({ "msgs": messages });
        }
        let ours = match test.map(|t| raw::request(t, system)) {
            Some(Ok(request)) => ask(system, &request, &options, plan.budget),
            Some(Err(e)) => Ours::not_loadable(e.to_string()),
            None => Ours::not_loadable("no such test".into()),
        };
        let kind = test.and_then(|t| t["prog_type"]["name"].as_str()).unwrap_or("?").to_string();
        let feature = test.map_or("?", features::of);
        Pair { name: theirs.program.clone(), kind, feature, same_insns: None, theirs, ours }
    }))
}

/// The messages that a test of test_verifier expects, in order.
fn expected_messages(test: &Value, unprivileged: bool) -> Option<Vec<&str>> {
    let own = if unprivileged { test["errstr_unpriv"].as_str() } else { None };
    own.or_else(|| test["errstr"].as_str()).map(|text| text.split('\t').collect())
}

fn objects(plan: &Plan, folder: &Path, systems: &Systems) -> Result<Vec<Pair>, Failure> {
    let mut by_object: Vec<Vec<Record>> = Vec::new();
    let mut last = (String::new(), Vec::new());
    for r in plan.answers(folder)? {
        if r.verdict == "refused_by_host" || !plan.wants(&r.name()) {
            continue;
        }
        // An object whose programs were recorded with different modules counts as one for each set.
        let key = (r.object.clone(), r.modules());
        match by_object.last_mut() {
            Some(group) if last == key => group.push(r),
            _ => by_object.push(vec![r]),
        }
        last = key;
    }
    // Large groups first, so that no thread is left alone with one at the end.
    by_object.sort_by_key(|g| std::cmp::Reverse(g.iter().map(Record::weight).sum::<u64>()));
    let mut pairs: Vec<Pair> = parallel(by_object.len(), plan.jobs, |i| {
        let group = &by_object[i];
        let Some(first) = group.first() else { return Vec::new() };
        let Some(system) = systems.of(&first.modules()) else { return Vec::new() };
        let loaded = loader::load(&plan.objects(folder).join("objects").join(&first.object), system);
        let stop = first_failing_operation(plan, system, &loaded);
        group.iter().map(|r| object_pair(plan, system, &loaded, r, stop)).collect::<Vec<_>>()
    })
    .into_iter()
    .flatten()
    .collect();
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pairs)
}

/// What a kernel was recorded with, as loads: name, system and request of every program that our loader comes to.
///
/// # Errors
/// When the recordings cannot be read.
pub fn requests(plan: &Plan, folder: &Path) -> Result<Vec<(String, System, LoadRequest)>, Failure> {
    let systems = Systems::new(plan, folder)?;
    let mut out = Vec::new();
    let mut loaded: Option<((String, Vec<String>), loader::Loaded)> = None;
    for r in plan.answers(folder)? {
        if r.verdict != "accepted" || !plan.wants(&r.name()) {
            continue;
        }
        let Some(system) = systems.of(&r.modules()) else { continue };
        let key = (r.object.clone(), r.modules());
        if loaded.as_ref().is_none_or(|(k, _)| *k != key) {
            loaded = Some((key, loader::load(&plan.objects(folder).join("objects").join(&r.object), system)));
        }
        if let Some((_, loaded)) = &loaded
            && let Ok(request) = loader::request(loaded, &r.program)
        {
            out.push((r.name(), system.clone(), request));
        }
    }
    Ok(out)
}

/// The first program of the object, by its place, that is loaded with any other and fails: what comes behind it is never
/// loaded, since the loader gives up the object there.
fn first_failing_operation(plan: &Plan, system: &System, loaded: &loader::Loaded) -> Option<usize> {
    let object = loaded.as_ref().ok()?;
    let fails = |p: &Program| match &p.result {
        Ok(request) => ask(system, request, &Options::default(), plan.budget).verdict == "rejected",
        Err(_) => false,
    };
    object.programs.iter().position(|p| loads_with_any(p) && fails(p))
}

/// `stop` is the place of the program at which the loader gives up the object.
fn object_pair(plan: &Plan, system: &System, loaded: &loader::Loaded, theirs: &Record, stop: Option<usize>) -> Pair {
    let kind = theirs.raw["prog_type"]["name"].as_str().unwrap_or("?").to_string();
    // The kernel's log of very long runs was not kept: none is made then, because it costs more than the analysis.
    let log_level = if theirs.log.is_some() || theirs.counters.is_none() { 2 } else { 0 };
    let options = Options { log_level, no_prune: plan.no_prune, ..Options::default() };
    let place = loaded.as_ref().ok().and_then(|o| o.programs.iter().position(|p| p.name == theirs.program));
    let request = match (stop, place) {
        (Some(stop), Some(place)) if stop < place => Err("a program loaded before fails to load".into()),
        _ => loader::request(loaded, &theirs.program),
    };
    let (ours, same_insns) = match request {
        Err(reason) => (Ours::not_loadable(reason), None),
        Ok(request) => {
            let same = loader::same_insns(&request, &theirs.raw);
            let request = if plan.recorded_insns { loader::with_recorded_insns(request, &theirs.raw) } else { request };
            (ask(system, &request, &options, plan.budget), same)
        }
    };
    let feature = features::of(&theirs.raw);
    Pair { name: theirs.name(), kind, feature, same_insns, theirs: theirs.clone(), ours }
}
