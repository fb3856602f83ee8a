//! What programs cost: the sums are the kernel's own counters, and what made a program dearer is named first.

use std::path::Path;

use bpfvet_tests::corpus::{RELEASES, cases, klog};
use bpfvet_tests::recordings;
use bpfvet_tests::rejections::Compiler;
use clap::Parser;
use verifier_core::analysis::{Options, System};
use verifier_core::explain::cost::cost;
use verifier_core::kernel::Kernel;
use verifier_server::args::{Cli, Command};

/// A number of the line that kernels end their logs with.
fn counter(log: &str, word: &str) -> Option<u64> {
    let line = log.lines().rev().find(|l| l.starts_with("processed "))?;
    let behind = line.split(word).nth(1)?;
    behind.split_whitespace().next()?.parse().ok()
}

#[test]
fn lines_sum_to_the_kernels_counters_on_every_recorded_case() {
    let (mut asked, mut wrong) = (0, Vec::new());
    for release in RELEASES {
        let kernel = Kernel::all().into_iter().find(|k| k.name == release).expect("a release that was recorded");
        let system = System::stored(recordings::recorded(kernel.name)).expect("its types");
        for case in cases().expect("the cases can be read") {
            if case.known(release).is_some() {
                continue;
            }
            let recorded = std::fs::read_to_string(klog::path(&case, release)).ok();
            let Some(theirs) = recorded.and_then(|t| klog::Klog::parse(&t)).filter(|k| k.verdict == "accepted") else {
                continue;
            };
            let (Some(insns), Some(states)) =
                (counter(&theirs.log, "processed "), counter(&theirs.log, "total_states "))
            else {
                continue;
            };
            let (Ok(request), Ok(privilege)) = (case.loaded(&system), case.privilege()) else { continue };
            let options = Options { privilege, ..Options::default() };
            let (_, cost) = cost(&system, &request, &options, &|| false);
            asked += 1;
            let lines = cost.by_line(&request);
            let sums = (lines.iter().map(|s| s.insns).sum::<u64>(), lines.iter().map(|s| s.states).sum::<u64>());
            if sums != (insns, states) {
                wrong.push(format!("{} ({release}): {sums:?}, the kernel {insns} and {states}", case.name));
            }
        }
    }
    println!("{asked} programs");
    assert!(asked >= 300, "{asked} programs");
    assert!(wrong.is_empty(), "{} of {asked} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A program, what becomes of it, and the line that is to be named first.
struct Regression {
    name: &'static str,
    before: &'static str,
    after: &'static str,
    first: &'static [&'static str],
}

const PROGRAM: &str = r#"#include "bpf.h"
#include "net.h"
LICENSE("GPL");
struct table { u32 n; u32 slots[256]; };
struct { __uint(type, HASH); __uint(max_entries, 1); __type(key, u32); __type(value, struct table); } tables SEC(".maps");
static __noinline u32 mixed(u32 a, u32 b)
{
	for (int i = 0; i < 8; i++)
		a = (a << 3) ^ (a >> 5) ^ b ^ bpf_get_prandom_u32();
	return a;
}
SEC("tc") int prog(struct __sk_buff *skb)
{
	u32 key = 0, sum = 0;
	struct table *t = bpf_map_lookup_elem(&tables, &key);

	if (!t)
		return 0;
	for (int i = 0; i < 16; i++) {
		u32 at = bpf_get_prandom_u32() & 255;
		sum += t->slots[at];
	}
	for (int i = 0; i < 12; i++)
		sum ^= bpf_get_smp_processor_id() + i;
	if (skb->mark == 1)
		sum = mixed(sum, skb->len);
	if (skb->mark == 2)
		sum += skb->hash;
	t->n = sum;
	return 0;
}
"#;

/// Lines of the first loop: all of them go round alike.
const LOOP: &[&str] = &["i < 32", "i < 64", "bpf_get_prandom_u32() & 255", "t->slots[at"];

const REGRESSIONS: &[Regression] = &[
    Regression { name: "a bound doubled", before: "i < 16", after: "i < 32", first: LOOP },
    Regression {
        name: "a bound ten times",
        before: "i < 12",
        after: "i < 120",
        first: &["bpf_get_smp_processor_id() + i", "i < 120"],
    },
    Regression { name: "rounds of a function", before: "i < 8", after: "i < 24", first: &["(a << 3)", "i < 24"] },
    Regression {
        name: "one more call of a function",
        before: "sum += skb->hash",
        after: "sum += mixed(sum, skb->hash)",
        first: &["(a << 3)"],
    },
    Regression {
        name: "a path more",
        before: "	t->n = sum;",
        after: "	if (skb->mark == 3)\n		sum = mixed(sum, 7);\n	t->n = sum;",
        first: &["(a << 3)", "i < 8"],
    },
    Regression {
        name: "a loop more",
        before: "	t->n = sum;",
        after: "	for (int i = 0; i < 40; i++)\n		sum += bpf_get_prandom_u32() >> i;\n	t->n = sum;",
        first: &["bpf_get_prandom_u32() >> i", "i < 40"],
    },
    Regression { name: "two loops, one much longer", before: "i < 16", after: "i < 64", first: LOOP },
    Regression {
        name: "a loop in a loop",
        before: "		sum ^= bpf_get_smp_processor_id() + i;",
        after: "		for (int j = 0; j < 6; j++)\n			sum ^= bpf_get_smp_processor_id() + i * j;",
        first: &["bpf_get_smp_processor_id() + i * j"],
    },
    Regression {
        name: "a branch in a loop",
        before: "		sum += t->slots[at];",
        after: "		if (at & 1)\n			sum += t->slots[at];\n		else if (at & 2)\n			sum -= t->slots[at ^ 1];",
        first: LOOP,
    },
    Regression {
        name: "a longer function",
        before: "	return a;",
        after: "	for (int i = 0; i < 30; i++)\n		b = (b << 7) ^ bpf_get_prandom_u32() ^ a;\n	return a + b;",
        first: &["(b << 7)"],
    },
];

/// The first line that is said to have grown.
fn named_first(folder: &Path, before: &Path, after: &Path) -> String {
    let words = ["bpfvet", "cost", "--kernel", "6.18", "--compare"].map(std::ffi::OsString::from);
    let words = words.into_iter().chain([before.into(), after.into()]);
    let Command::Cost(args) = Cli::try_parse_from(words).expect("parses").command else { panic!("not cost") };
    let mut out = Vec::new();
    verifier_server::cost::run(&args, &mut out).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let text = String::from_utf8_lossy(&out).into_owned();
    text.lines().find(|l| l.trim_start().starts_with('+')).unwrap_or("nothing").to_string()
}

#[test]
fn seeded_regressions_are_named_first() {
    let Some(clang) = ["clang-19", "clang"].into_iter().find_map(Compiler::found) else {
        println!("no clang that knows BPF: nothing is compiled");
        return;
    };
    let folder = std::env::temp_dir().join(format!("bpfvet-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut wrong = Vec::new();
    for r in REGRESSIONS {
        assert!(PROGRAM.contains(r.before), "{}", r.name);
        clang.compile(PROGRAM, &folder, "before").unwrap_or_else(|e| panic!("{}: {e}", r.name));
        let changed = PROGRAM.replacen(r.before, r.after, 1);
        clang.compile(&changed, &folder, "after").unwrap_or_else(|e| panic!("{}: {e}", r.name));
        let first = named_first(&folder, &folder.join("before.bpf.o"), &folder.join("after.bpf.o"));
        if !r.first.iter().any(|l| first.contains(l)) {
            wrong.push(format!("{}: {first}", r.name));
        }
    }
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    println!("{} of {} named first", REGRESSIONS.len() - wrong.len(), REGRESSIONS.len());
    assert!(wrong.len() * 10 <= REGRESSIONS.len(), "{}", wrong.join("\n"));
}
