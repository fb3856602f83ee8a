//! `bpfvet has`: since when something is there, on which kernels, and for which programs.
//!
//! Everything is asked of the tables that verdicts come from; nothing is written down twice.

use std::io::Write;

use serde_json::json;
use verifier_core::kernel::helpers::{self, HelperQuery};
use verifier_core::kernel::history::{BEHAVIOURS, WORDINGS};
use verifier_core::kernel::kfuncs::{self, KfuncFlags};
use verifier_core::kernel::prog_types::{attach, policy};
use verifier_core::kernel::{AttachType, Kernel, KernelVersion, MapType, ProgType};

use crate::args::{HasArgs, RunFormat};
use crate::kernels::when;
use crate::render::fold;
use crate::row::type_name;

/// Names that may have been meant, at most.
const MEANT: usize = 3;

/// How alike a name must be to have been meant, from 0 to 1.
const ALIKE: f64 = 0.75;

/// Where the tables of kernel functions begin: what is there may be older.
const TABLES_BEGIN: KernelVersion = KernelVersion::new(6, 12);

/// What is known of a name.
#[derive(Default)]
struct Answer {
    name: String,
    /// `helper`, `kernel function`, `map type`, `program type`, `change`.
    what: &'static str,
    /// Its number in the kernel's interface, for helpers and types.
    number: Option<u32>,
    /// Since when and until when, in words; empty where that is not known.
    when: String,
    /// Kernels that were booted, and whether each has it; `None`: that is not known.
    kernels: Vec<(&'static str, Option<bool>)>,
    /// Programs that may use it, by the newest kernel that has it, with their conditions.
    programs: Vec<String>,
    /// Whole sentences besides.
    notes: Vec<String>,
}

/// Prints what is known of a name.
///
/// # Errors
/// When nothing of that name is known; what may have been meant is told.
pub fn run(args: &HasArgs, out: &mut dyn Write) -> Result<(), String> {
    let found = find(&args.name);
    if found.is_empty() {
        let meant = meant(&args.name);
        let hint = if meant.is_empty() { String::new() } else { format!("; did you mean {}?", meant.join(", ")) };
        return Err(format!(
            "nothing is known of `{}`: no helper, kernel function, map type, program type or change has that name{hint}",
            args.name
        ));
    }
    let print = match args.format {
        RunFormat::Text => found.iter().try_for_each(|a| text(a, out)),
        RunFormat::Json => writeln!(out, "{}", found.iter().map(object).collect::<serde_json::Value>()),
    };
    print.map_err(|e| e.to_string())
}

/// Everything of a name, written as it may be: in either case, with or without the prefix of its kind.
fn find(asked: &str) -> Vec<Answer> {
    let asked = asked.to_ascii_lowercase();
    let is = |name: &str, prefixes: &[&str]| {
        let name = name.to_ascii_lowercase();
        asked == name || prefixes.iter().any(|p| asked.strip_prefix(p).is_some_and(|rest| rest == name))
    };
    let mut found = Vec::new();
    let helpers = (1..).map_while(|n| Some((n, helpers::name_of(n)?)));
    let short = |name: &str| name.strip_prefix("bpf_").is_some_and(|rest| rest == asked);
    found.extend(helpers.filter(|(_, name)| is(name, &[]) || short(name)).map(|(n, name)| helper(n, name)));
    let mut seen: Vec<&str> = Vec::new();
    for row in kfuncs::GROUPS.iter().flat_map(|g| g.rows).filter(|r| is(r.name, &[])) {
        if !seen.contains(&row.name) {
            seen.push(row.name);
            found.push(kfunc(row.name));
        }
    }
    let maps = MapType::ALL.iter().filter(|t| **t != MapType::Unspec);
    found.extend(maps.filter(|t| is(t.name(), &["bpf_map_type_"])).map(|t| map_type(*t)));
    let programs = ProgType::ALL.iter().filter(|t| **t != ProgType::Unspec);
    found.extend(programs.filter(|t| is(t.name(), &["bpf_prog_type_"])).map(|t| prog_type(*t)));
    for change in BEHAVIOURS.iter().chain(WORDINGS).filter(|c| is(c.name, &[])) {
        found.push(Answer {
            name: change.name.into(),
            what: "change",
            when: when(change),
            kernels: of_kernels(|k| change.covers(k.point_release())),
            notes: vec![change.what.trim().into(), format!("Evidence: {}.", change.evidence.trim_end_matches('.'))],
            ..Answer::default()
        });
    }
    found
}

fn of_kernels(has: impl Fn(&Kernel) -> bool) -> Vec<(&'static str, Option<bool>)> {
    Kernel::all().iter().map(|k| (k.name, Some(has(k)))).collect()
}

/// The newest kernel that has something.
fn newest(has: impl Fn(&Kernel) -> bool) -> Option<Kernel> {
    Kernel::all().into_iter().rev().find(has)
}

fn helper(number: u32, name: &'static str) -> Answer {
    let newest = newest(|k| helpers::exists(k, number));
    let programs = newest.as_ref().map(|k| callers(&|c| may_call_helper(k, number, c))).unwrap_or_default();
    let nobody = newest.filter(|_| programs.is_empty());
    Answer {
        name: name.into(),
        what: "helper",
        number: Some(number),
        when: helpers::id::since(number).map(|v| format!("since {v}")).unwrap_or_default(),
        kernels: of_kernels(|k| helpers::exists(k, number)),
        programs,
        notes: nobody
            .iter()
            .map(|k| format!("No program may call it on Linux {}, as that was built.", k.release))
            .collect(),
    }
}

/// Whether a program may call a helper, with every capability.
fn may_call_helper(kernel: &Kernel, number: u32, caller: &Caller) -> bool {
    let query = HelperQuery {
        sleepable: caller.sleepable,
        struct_ops: caller.ops,
        ..HelperQuery::plain(kernel, caller.prog, caller.attach)
    };
    helpers::prototype(&query, number).is_some_and(|proto| caller.sleepable || !proto.can_sleep)
}

fn kfunc(name: &'static str) -> Answer {
    let rows =
        || kfuncs::GROUPS.iter().flat_map(|g| g.rows.iter().map(move |r| (g, r))).filter(|(_, r)| r.name == name);
    let newest = newest(|k| rows().any(|(_, r)| r.releases.contains(k.version)));
    let since = rows().map(|(_, r)| r.releases.since).min();
    let until = rows().filter_map(|(_, r)| r.releases.until).max();
    let mut when = match since {
        Some(v) if v <= TABLES_BEGIN => format!("in {v} already"),
        Some(v) => format!("since {v}"),
        None => String::new(),
    };
    if let Some(v) = until {
        when.push_str(&format!(", until {v}"));
    }
    let flags =
        newest.as_ref().and_then(|k| rows().find(|(_, r)| r.releases.contains(k.version))).map(|(_, r)| r.flags);
    let mut notes: Vec<String> = flags.iter().filter_map(|f| promises(*f)).collect();
    if let Some(module) = rows().find_map(|(g, _)| g.module) {
        notes.push(format!("It is part of the module {module} where that is not built in."));
    }
    let callers = newest.map(|k| {
        let module = rows().find_map(|(g, _)| g.module);
        let may = |c: &Caller, m| {
            let caller = kfuncs::Caller { implements: (c.ops, ""), ..kfuncs::Caller::plain(c.prog, c.attach) };
            kfuncs::flags_for(&k, m, name, &caller).is_some()
        };
        callers(&|c| may(c, None) || module.is_some() && may(c, module))
    });
    Answer {
        name: name.into(),
        what: "kernel function",
        when,
        kernels: Kernel::all()
            .iter()
            .map(|k| {
                let has = rows().any(|(_, r)| r.releases.contains(k.version));
                let before_tables = k.version < TABLES_BEGIN && since == Some(TABLES_BEGIN);
                (k.name, (!before_tables).then_some(has))
            })
            .collect(),
        programs: callers.unwrap_or_default(),
        notes,
        ..Answer::default()
    }
}

/// What flags of a kernel function mean to its callers.
fn promises(flags: KfuncFlags) -> Option<String> {
    let rows = [
        (KfuncFlags::ACQUIRE, "returns a reference that must be released"),
        (KfuncFlags::RELEASE, "releases a reference"),
        (KfuncFlags::RET_NULL, "may return null"),
        (KfuncFlags::TRUSTED_ARGS, "takes trusted pointers only"),
        (KfuncFlags::RCU, "takes trusted pointers, or such as RCU protects"),
        (KfuncFlags::SLEEPABLE, "may sleep"),
        (KfuncFlags::DESTRUCTIVE, "may bring the machine down and needs CAP_SYS_BOOT"),
        (KfuncFlags::RCU_PROTECTED, "returns what is valid in an RCU section only"),
    ];
    let words: Vec<&str> = rows.iter().filter(|(f, _)| flags.contains(*f)).map(|(_, w)| *w).collect();
    (!words.is_empty()).then(|| format!("It {}.", words.join(", ")))
}

fn map_type(t: MapType) -> Answer {
    Answer { name: format!("BPF_MAP_TYPE_{}", t.name()), what: "map type", number: Some(t as u32), ..Answer::default() }
}

fn prog_type(t: ProgType) -> Answer {
    let attach_types = attach::allowed(t).filter(|_| !matches!(t, ProgType::Syscall | ProgType::Ext));
    let notes = attach_types.map(|all| {
        let names: Vec<&str> = all.iter().map(|a| a.name()).collect();
        format!("Attach types: {}.", names.join(", "))
    });
    Answer {
        name: format!("BPF_PROG_TYPE_{}", t.name()),
        what: "program type",
        number: Some(t as u32),
        notes: notes.into_iter().collect(),
        ..Answer::default()
    }
}

/// A program, as far as it matters to what it may call.
struct Caller {
    prog: ProgType,
    attach: AttachType,
    sleepable: bool,
    /// struct_ops: which.
    ops: &'static str,
}

/// Every kind of caller of one program type.
fn variants(prog: ProgType) -> Vec<Caller> {
    use AttachType as A;
    let attach: &[A] = match prog {
        ProgType::Tracing => &[A::TraceFentry, A::TraceFexit, A::ModifyReturn, A::TraceRawTp, A::TraceIter],
        ProgType::Lsm => &[A::LsmMac, A::LsmCgroup],
        ProgType::Kprobe => &[A::PerfEvent, A::TraceKprobeMulti, A::TraceUprobeMulti, A::TraceKprobeSession],
        _ => attach::allowed(prog).unwrap_or(&[A::CgroupInetIngress]),
    };
    let ops: &[&'static str] =
        if prog == ProgType::StructOps { &["tcp_congestion_ops", "sched_ext_ops", "Qdisc_ops"] } else { &[""] };
    let mut out = Vec::new();
    for attach in attach {
        for ops in ops {
            let sleeps: &[bool] = match prog {
                // Runs in the caller's system call, and always may.
                ProgType::Syscall => &[true],
                _ if policy::may_be_sleepable(prog, *attach) => &[false, true],
                _ => &[false],
            };
            out.extend(sleeps.iter().map(|sleepable| Caller { prog, attach: *attach, sleepable: *sleepable, ops }));
        }
    }
    out
}

/// The program types of which some may call, with the condition where not all may.
fn callers(may: &dyn Fn(&Caller) -> bool) -> Vec<String> {
    let mut out = Vec::new();
    for prog in ProgType::ALL {
        let all = variants(*prog);
        let yes: Vec<&Caller> = all.iter().filter(|c| may(c)).collect();
        let name = type_name(*prog as u32);
        if yes.is_empty() {
            continue;
        }
        if yes.len() == all.len() {
            out.push(name);
            continue;
        }
        let sleepers = all.iter().filter(|c| c.sleepable).count();
        let all_sleep = yes.iter().all(|c| c.sleepable) && sleepers < all.len();
        if all_sleep && yes.len() == sleepers {
            out.push(format!("{name} (sleepable)"));
            continue;
        }
        let mut conditions: Vec<String> = all_sleep.then(|| "sleepable".into()).into_iter().collect();
        let attach: Vec<AttachType> = {
            let mut kinds: Vec<AttachType> = yes.iter().map(|c| c.attach).collect();
            kinds.dedup();
            kinds
        };
        if all.iter().any(|c| !attach.contains(&c.attach)) {
            conditions.extend(attach.iter().map(|a| a.name().to_ascii_lowercase()));
        }
        let ops: Vec<&str> = {
            let mut kinds: Vec<&str> = yes.iter().map(|c| c.ops).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        };
        if all.iter().any(|c| !ops.contains(&c.ops)) {
            conditions.extend(ops.iter().map(|o| (*o).to_string()));
        }
        out.push(format!("{name} ({})", conditions.join(", ")));
    }
    out
}

/// Names like one that is not known.
fn meant(asked: &str) -> Vec<String> {
    let asked = asked.to_ascii_lowercase();
    let helpers = (1..).map_while(helpers::name_of).map(str::to_string);
    let kfuncs = kfuncs::GROUPS.iter().flat_map(|g| g.rows).map(|r| r.name.to_string());
    let maps = MapType::ALL.iter().skip(1).map(|t| t.name().to_ascii_lowercase());
    let programs = ProgType::ALL.iter().skip(1).map(|t| t.name().to_ascii_lowercase());
    let changes = BEHAVIOURS.iter().chain(WORDINGS).map(|c| c.name.to_string());
    let mut near: Vec<(f64, String)> = helpers
        .chain(kfuncs)
        .chain(maps)
        .chain(programs)
        .chain(changes)
        .map(|name| (strsim::jaro_winkler(&asked, &name), name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    near.into_iter().take(MEANT).map(|(_, name)| format!("`{name}`")).collect()
}

fn word(has: Option<bool>) -> &'static str {
    match has {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not known",
    }
}

fn text(a: &Answer, out: &mut dyn Write) -> std::io::Result<()> {
    let number = a.number.map(|n| format!(" {n}")).unwrap_or_default();
    let when = if a.when.is_empty() { String::new() } else { format!(", {}", a.when) };
    writeln!(out, "{}: {}{number}{when}", a.name, a.what)?;
    let row = |out: &mut dyn Write, title: &str, words: &str| -> std::io::Result<()> {
        for (i, line) in fold(words).iter().enumerate() {
            writeln!(out, "  {:<9} {line}", if i == 0 { title } else { "" })?;
        }
        Ok(())
    };
    if !a.kernels.is_empty() {
        let cells: Vec<String> = a.kernels.iter().map(|(k, has)| format!("{k} {}", word(*has))).collect();
        row(out, "kernels", &cells.join(", "))?;
    }
    if !a.programs.is_empty() {
        row(out, "programs", &a.programs.join(", "))?;
    }
    a.notes.iter().try_for_each(|note| row(out, "", note))
}

fn object(a: &Answer) -> serde_json::Value {
    json!({
        "schema": 1,
        "name": a.name,
        "kind": a.what,
        "number": a.number,
        "when": a.when,
        "kernels": a.kernels.iter().map(|(k, has)| ((*k).to_string(), json!(has))).collect::<serde_json::Map<_, _>>(),
        "programs": a.programs,
        "notes": a.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str) -> Result<String, String> {
        let mut out = Vec::new();
        run(&HasArgs { name: name.into(), format: RunFormat::Text }, &mut out)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn helpers_have_a_release_and_callers() {
        let page = asked("bpf_loop").expect("a helper");
        assert!(page.starts_with("bpf_loop: helper 181, since 5.17\n"), "{page}");
        assert_eq!(asked("loop"), Ok(page));
        let page = asked("bpf_xdp_adjust_head").expect("a helper");
        assert!(page.contains("programs  xdp\n"), "{page}");
        let page = asked("bpf_copy_from_user").expect("a helper");
        assert!(page.contains("tracing (sleepable)"), "{page}");
        let page = asked("bpf_bind").expect("a helper");
        assert!(page.contains("cgroup_sock_addr (cgroup_inet4_connect, cgroup_inet6_connect)"), "{page}");
    }

    #[test]
    fn kernel_functions_say_what_they_promise() {
        let page = asked("bpf_task_acquire").expect("a kernel function");
        assert!(page.contains("returns a reference that must be released"), "{page}");
    }

    #[test]
    fn types_and_changes_go_by_several_names() {
        assert_eq!(asked("ringbuf"), asked("BPF_MAP_TYPE_RINGBUF"));
        assert_eq!(asked("XDP"), asked("bpf_prog_type_xdp"));
        assert!(asked("scc_loops").is_ok_and(|p| p.starts_with("scc_loops: change, since 6.17\n")));
    }

    #[test]
    fn what_was_meant_is_told() {
        assert!(asked("bpf_lopo").is_err_and(|e| e.contains("did you mean `bpf_loop`")));
        assert!(asked("\u{1b}[31m").is_err_and(|e| !e.contains("did you mean")));
    }
}
