//! `agreement`: how far we agree with the recordings of real kernels, and where not.

use std::time::Duration;

use bpfvet_tests::agreement::{Pair, table};
use bpfvet_tests::run::{Failure, Plan, run};
use bpfvet_tests::{ratchet, recordings};
use clap::Parser;

/// Compare our verdicts, logs and counters with recordings of real kernels.
#[derive(Parser)]
struct Args {
    /// Kernel: 5.10, 6.1, 6.12, 6.18.15, 6.18 or 7.3.
    #[arg(long, default_value = "6.12")]
    kernel: String,
    /// The tests of test_verifier instead of the objects.
    #[arg(long)]
    tv: bool,
    /// Only what was loaded without privileges (with --tv).
    #[arg(long)]
    unprivileged: bool,
    /// The objects of the kernel's own release (7.3 has some).
    #[arg(long, conflicts_with = "tv")]
    own: bool,
    /// Only programs whose `object/program` contains this.
    #[arg(long)]
    only: Option<String>,
    /// Show the first difference of every program whose name contains this.
    #[arg(long)]
    show: Option<String>,
    /// Print our whole log of every program whose name contains this.
    #[arg(long)]
    log: Option<String>,
    /// List programs: wrong-accept, wrong-reject, unsupported, log, counters, errno, slow, insns, differ.
    #[arg(long)]
    list: Option<String>,
    /// Most rows of a list.
    #[arg(long, default_value_t = 60)]
    most: usize,
    /// Judge the recorded instructions, not those of our loader.
    #[arg(long)]
    recorded_insns: bool,
    /// Write what was measured into the ratchet file.
    #[arg(long)]
    bless: bool,
    /// Fail when the figures are below the ratchet file.
    #[arg(long)]
    check: bool,
    /// Seconds for one program.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Never take a path as covered by another.
    #[arg(long)]
    no_prune: bool,
}

fn main() {
    let args = Args::parse();
    let Some(folder) = recordings::folder() else {
        println!(
            "agreement: no recordings beside the checkout (../shared/kernel-recordings or BPFVET_SHARED); nothing measured"
        );
        return;
    };
    match measure(&args, &folder) {
        Ok(true) => {}
        Ok(false) => std::process::exit(1),
        Err(e) => {
            eprintln!("agreement: {e}");
            std::process::exit(2);
        }
    }
}

/// Whether the ratchet holds.
fn measure(args: &Args, folder: &std::path::Path) -> Result<bool, Failure> {
    std::panic::set_hook(Box::new(|_| {}));
    let plan = Plan {
        kernel: args.kernel.clone(),
        tv: args.tv,
        unprivileged: args.unprivileged,
        own: args.own,
        only: args.only.clone(),
        recorded_insns: args.recorded_insns,
        budget: Duration::from_secs(args.seconds),
        jobs: args.jobs,
        no_prune: args.no_prune,
    };
    let pairs = run(&plan, folder)?;
    report(args, &pairs);
    if plan.only.is_some() || plan.recorded_insns {
        return Ok(true);
    }
    if args.bless {
        ratchet::bless(&plan, &pairs)?;
    }
    let fallen = ratchet::fallen(&plan, &pairs)?;
    for line in &fallen {
        println!("ratchet: {line}");
    }
    Ok(fallen.is_empty() || !args.check)
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
    log_alone(args, pairs);
    println!("{}", table("program type", pairs, |p| p.kind.clone()));
    println!("{}", table("feature", pairs, |p| p.feature.to_string()));
}

/// What the kernel's logs tell by themselves of rejections whose log is the same as ours.
fn log_alone(args: &Args, pairs: &[Pair]) {
    let (mut all, mut categories, mut codes, mut insns) = (0, 0, 0, 0);
    for (p, got) in pairs.iter().filter_map(|p| Some((p, p.log_alone()?))) {
        all += 1;
        categories += usize::from(got.category);
        codes += usize::from(got.code);
        insns += usize::from(got.insn);
        if args.list.as_deref() == Some("log-alone") && !(got.category && got.code && got.insn) {
            println!("{}: {} at {}, read {} at {:?}", p.name, p.ours.code, p.ours.insn, got.read, got.at);
        }
    }
    println!("from the log alone, of {all} rejections: {categories} categories, {codes} codes, {insns} instructions\n");
}

fn show(p: &Pair) {
    println!("=== {}", p.name);
    println!("    kernel: {} {:?} {:?}", p.theirs.verdict, p.theirs.errno, p.theirs.counters);
    println!(
        "    ours:   {} {:?} {:?} {} ({} ms)",
        p.ours.verdict, p.ours.errno, p.ours.counters, p.ours.reason, p.ours.millis
    );
    if p.ours.verdict == "not_loadable" || p.theirs.verdict == "not_loadable" {
        println!("    libbpf: {}", p.theirs.raw["libbpf_error"]["text"]);
        return;
    }
    if p.theirs.log.is_some()
        && let Some((n, a, b)) = p.difference()
    {
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
        "insns" => p.same_insns == Some(false),
        "errno" => p.same_verdict() && !p.same_errno(),
        "slow" => p.ours.millis > 1000,
        "log-alone" => false,
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
            println!(
                "{:>5}  {reason}\n         {}",
                names.len(),
                names.iter().take(4).copied().collect::<Vec<_>>().join("  ")
            );
        }
    } else {
        for p in chosen.iter().take(most) {
            show(p);
        }
    }
    println!("{list}: {} programs\n", chosen.len());
}
