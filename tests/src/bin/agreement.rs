//! `agreement`: how far we agree with the recordings of real kernels, and where not.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bpfvet_tests::agreement::{Ours, Pair, ask, table};
use bpfvet_tests::recordings::{self, Record};
use clap::Parser;
use verifier_core::analysis::{Options, System};
use verifier_core::btf::Btf;
use verifier_core::kernel::Kernel;
use verifier_core::program::request::Privilege;
use verifier_server::raw;

/// Compare our verdicts, logs and counters with recordings of real kernels.
#[derive(Parser)]
struct Args {
    /// Kernel: 6.12 or 6.18.
    #[arg(long, default_value = "6.12")]
    kernel: String,
    /// The tests of test_verifier instead of the objects.
    #[arg(long)]
    tv: bool,
    /// Only what was loaded without privileges (with --tv).
    #[arg(long)]
    unprivileged: bool,
    /// Only programs whose `object/program` contains this.
    #[arg(long)]
    only: Option<String>,
    /// Show the first difference of every program whose name contains this.
    #[arg(long)]
    show: Option<String>,
    /// Print our whole log of every program whose name contains this.
    #[arg(long)]
    log: Option<String>,
    /// List programs: wrong-accept, wrong-reject, unsupported, log, counters, errno, slow, differ.
    #[arg(long)]
    list: Option<String>,
    /// Most rows of a list.
    #[arg(long, default_value_t = 60)]
    most: usize,
    /// Judge the recorded instructions, not those of our loader.
    #[arg(long)]
    recorded_insns: bool,
    /// Seconds for one program.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

/// Stack of a worker; recursion in type comparisons is bounded, but debug builds are generous with frames.
const STACK: usize = 64 << 20;

fn recorded_name(kernel: &str) -> &'static str {
    match kernel {
        "6.18" => "6.18.44",
        _ => "6.12.117-debian",
    }
}

fn main() {
    let args = Args::parse();
    let Some(folder) = recordings::folder() else {
        println!("agreement: no recordings beside the checkout (../shared/kernel-recordings or BPFVET_SHARED); nothing measured");
        return;
    };
    if let Err(e) = run(&args, &folder) {
        eprintln!("agreement: {e}");
        std::process::exit(2);
    }
}

fn run(args: &Args, folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let kernel = if args.kernel == "6.18" { Kernel::v6_18() } else { Kernel::v6_12() };
    let vmlinux = verifier_core::program::vmlinux(&kernel)?;
    let mut modules = Vec::new();
    if args.kernel == "6.12" {
        let raw = recordings::unpack(&folder.join("btf/6.12.117-debian.bpf_testmod.btf.zst"))?;
        modules.push(("bpf_testmod".to_string(), std::sync::Arc::new(Btf::parse(raw, Some(vmlinux.clone()))?)));
    }
    let system = System { kernel, vmlinux, modules };
    let pairs = if args.tv { test_verifier(args, folder, &system)? } else { objects(args, folder, &system)? };
    report(args, &pairs);
    Ok(())
}

/// Runs `job` over all indices on a few threads with large stacks.
fn parallel<T: Send>(n: usize, jobs: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
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

fn test_verifier(args: &Args, folder: &std::path::Path, system: &System) -> Result<Vec<Pair>, Box<dyn std::error::Error>> {
    let tests = recordings::lines(&folder.join("test_verifier/tests.jsonl.zst"))?;
    let answers = recordings::lines(&folder.join(format!("test_verifier/{}.jsonl.zst", recorded_name(&args.kernel))))?;
    let answers: Vec<Record> = answers
        .into_iter()
        .map(Record::new)
        .filter(|r| r.raw["privileged"].as_bool().unwrap_or(true) != args.unprivileged)
        .filter(|r| args.only.as_ref().is_none_or(|o| r.program.contains(o.as_str())))
        .collect();
    let privilege = if args.unprivileged {
        Privilege::NONE
    } else {
        Privilege { bpf: true, perfmon: true, net_admin: true, sys_admin: false }
    };
    let options = Options { log_level: 2, privilege, ..Options::default() };
    let index: std::collections::HashMap<u64, &serde_json::Value> =
        tests.iter().filter_map(|t| Some((t["index"].as_u64()?, t))).collect();
    Ok(parallel(answers.len(), args.jobs, |i| {
        let theirs = answers[i].clone();
        let test = theirs.raw["index"].as_u64().and_then(|n| index.get(&n).copied());
        let ours = match test.map(|t| raw::request(t, system)) {
            Some(Ok(request)) => ask(system, &request, &options, Duration::from_secs(args.seconds)),
            Some(Err(e)) => Ours::not_loadable(e.to_string()),
            None => Ours::not_loadable("no such test".into()),
        };
        let kind = test.and_then(|t| t["prog_type"]["name"].as_str()).unwrap_or("?").to_string();
        Pair { name: theirs.program.clone(), kind, theirs, ours }
    }))
}

fn objects(_: &Args, _: &std::path::Path, _: &System) -> Result<Vec<Pair>, Box<dyn std::error::Error>> {
    Err("objects need the loader".into())
}

fn report(args: &Args, pairs: &[Pair]) {
    for p in pairs.iter().filter(|p| args.log.as_ref().is_some_and(|s| p.name.contains(s.as_str()))) {
        println!("=== {} ours: {} {}\n{}", p.name, p.ours.verdict, p.ours.reason, p.ours.log);
    }
    for p in pairs.iter().filter(|p| args.show.as_ref().is_some_and(|s| p.name.contains(s.as_str()))) {
        show(p);
    }
    if let Some(list) = &args.list {
        print_list(list, args.most, pairs);
    }
    println!("{}", table("program type", pairs, |p| p.kind.clone()));
}

fn show(p: &Pair) {
    println!("=== {}", p.name);
    println!("    kernel: {} {:?} {:?}", p.theirs.verdict, p.theirs.errno, p.theirs.counters);
    println!("    ours:   {} {:?} {:?} {} ({} ms)", p.ours.verdict, p.ours.errno, p.ours.counters, p.ours.reason, p.ours.millis);
    if let Some((n, a, b)) = p.difference() {
        println!("    line {n}\n    - {a}\n    + {b}");
    }
}

/// What a list groups by, so that the largest cause comes first.
fn reason(list: &str, p: &Pair) -> String {
    let last = |log: &str| {
        let mut lines = log.lines().rev().filter(|l| !l.starts_with("processed ") && !l.is_empty());
        lines.next().unwrap_or_default().chars().take(90).collect::<String>()
    };
    match list {
        "unsupported" => p.ours.reason.chars().take(90).collect(),
        "wrong-reject" => format!("{}: {}", p.ours.reason, last(&p.ours.log)),
        "wrong-accept" => last(p.theirs.log.as_deref().unwrap_or_default()),
        _ => String::new(),
    }
}

fn print_list(list: &str, most: usize, pairs: &[Pair]) {
    let wanted = |p: &&Pair| match list {
        "wrong-accept" => p.wrongly_accepted(),
        "wrong-reject" => p.wrongly_rejected(),
        "unsupported" => p.unsupported(),
        "log" => p.log_compared() && !p.log_identical(),
        "counters" => p.counters_compared() && !p.counters_equal(),
        "errno" => p.same_verdict() && !p.same_errno(),
        "slow" => p.ours.millis > 1000,
        _ => !p.same_verdict(),
    };
    let chosen: Vec<&Pair> = pairs.iter().filter(wanted).collect();
    if matches!(list, "unsupported" | "wrong-reject" | "wrong-accept") {
        let mut groups: std::collections::BTreeMap<String, Vec<&str>> = std::collections::BTreeMap::new();
        for p in &chosen {
            groups.entry(reason(list, p)).or_default().push(&p.name);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, v)| std::cmp::Reverse(v.len()));
        for (reason, names) in groups.iter().take(most) {
            println!("{:>5}  {reason}\n         {}", names.len(), names.iter().take(4).copied().collect::<Vec<_>>().join("  "));
        }
    } else {
        for p in chosen.iter().take(most) {
            show(p);
        }
    }
    println!("{list}: {} programs\n", chosen.len());
}
