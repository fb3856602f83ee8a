//! Between protobuf and what bpfvet works with: questions and raw programs one way, rows both ways.
//!
//! The client turns answers back into rows, so that every output format is made from the same rows whoever answered.

use std::time::Duration;

use verifier_core::error::all_rows;
use verifier_core::explain::{self, Trace, suggest};
use verifier_core::kernel::Basis;
use verifier_core::program::LoaderRules;
use verifier_core::program::request::Privilege;

use super::config::Limits;
use super::proto;
use crate::ask::Question;
use crate::raw::{RawMap, RawProgram};
use crate::row::{Counters, Kind, Place, Row, Undecided, prog_type};

/// The question that options ask, within the limits.
///
/// # Errors
/// What is wrong with the options, in words.
pub fn question(o: &proto::Options, limits: &Limits) -> Result<Question, String> {
    let privilege = o.privileges.map_or(Privilege::ROOT, |p| Privilege {
        bpf: p.bpf,
        perfmon: p.perfmon,
        net_admin: p.net_admin,
        sys_admin: p.sys_admin,
    });
    let b = o.budget.unwrap_or_default();
    let budget = [
        ("insns", b.insns),
        ("states", b.states),
        ("peak_states", b.peak_states),
        ("stack", b.stack),
        ("time_us", b.time_us),
    ];
    Ok(Question {
        programs: o.programs.clone(),
        prog_type: if o.prog_type.is_empty() { None } else { Some(prog_type(&o.prog_type)?) },
        privilege,
        log_level: o.log_level,
        as_veristat: o.as_veristat,
        loader: Some(loader(o.loader())),
        no_prune: false,
        explain: o.explain,
        solve: None,
        memory: limits.memory,
        insns: limits.insns,
        logs: limits.memory,
        // A service reads no files.
        sources: explain::Sources::default(),
        time: (o.time_limit_ms != 0).then(|| Duration::from_millis(o.time_limit_ms)),
        budget: budget.iter().filter_map(|(name, n)| n.map(|n| ((*name).to_string(), n))).collect(),
        ..Question::default()
    })
}

/// Whose rules a request names.
fn loader(name: proto::Loader) -> LoaderRules {
    match name {
        proto::Loader::Unspecified | proto::Loader::Libbpf => LoaderRules::Libbpf,
        proto::Loader::EbpfGo => LoaderRules::EbpfGo,
        proto::Loader::Aya => LoaderRules::Aya,
    }
}

/// The options that ask a question.
pub fn options(q: &Question) -> proto::Options {
    let p = q.privilege;
    let limit = |name: &str| q.budget.iter().rev().find(|(n, _)| n == name).map(|(_, limit)| *limit);
    let loader = match q.loader.unwrap_or_default() {
        LoaderRules::Libbpf => proto::Loader::Libbpf,
        LoaderRules::EbpfGo => proto::Loader::EbpfGo,
        LoaderRules::Aya => proto::Loader::Aya,
    };
    proto::Options {
        programs: q.programs.clone(),
        loader: loader.into(),
        prog_type: q.prog_type.map(|t| t.name().to_ascii_lowercase()).unwrap_or_default(),
        privileges: Some(proto::Privileges {
            bpf: p.bpf,
            perfmon: p.perfmon,
            net_admin: p.net_admin,
            sys_admin: p.sys_admin,
        }),
        log_level: q.log_level,
        as_veristat: q.as_veristat,
        explain: q.explain,
        time_limit_ms: q.time.map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX)),
        budget: Some(proto::Budget {
            insns: limit("insns"),
            states: limit("states"),
            peak_states: limit("peak_states"),
            stack: limit("stack"),
            time_us: limit("time_us"),
        }),
    }
}

/// A raw program as it was sent.
pub fn raw_program(p: proto::RawProgram) -> RawProgram {
    RawProgram {
        name: p.name,
        kernel_name: p.kernel_name,
        prog_type: p.prog_type,
        expected_attach_type: p.expected_attach_type,
        prog_flags: p.prog_flags,
        attach_function: Some(p.attach_function).filter(|f| !f.is_empty()),
        license: p.license,
        insns: p.insns,
        maps: p.maps.into_iter().map(raw_map).collect(),
        map_refs: p.map_refs.iter().map(|r| (r.insn as usize, r.map as usize)).collect(),
        kfunc_refs: p.kfunc_refs.into_iter().map(|r| (r.insn as usize, r.kfunc)).collect(),
        btf: p.btf,
        func_info: p.func_info,
        line_info: p.line_info,
    }
}

fn raw_map(m: proto::RawMap) -> RawMap {
    RawMap {
        name: m.name,
        map_type: m.r#type,
        key_size: m.key_size,
        value_size: m.value_size,
        max_entries: m.max_entries,
        flags: m.flags,
        map_extra: m.map_extra,
        btf: m.btf,
        btf_key_type_id: m.btf_key_type_id,
        btf_value_type_id: m.btf_value_type_id,
        btf_vmlinux_value_type_id: m.btf_vmlinux_value_type_id,
        frozen: m.frozen,
        value: m.value,
        inner: m.inner.map(|i| Box::new(raw_map(*i))),
        prog_array_owner: m.prog_array_owner,
    }
}

/// An index of an instruction or the like.
pub fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A raw program as it is sent.
pub fn send_raw_program(p: &RawProgram) -> proto::RawProgram {
    let map_refs = p.map_refs.iter().map(|(i, m)| proto::MapRef { insn: index(*i), map: index(*m) });
    let kfuncs = p.kfunc_refs.iter().map(|(i, k)| proto::KfuncRef { insn: index(*i), kfunc: k.clone() });
    proto::RawProgram {
        name: p.name.clone(),
        kernel_name: p.kernel_name.clone(),
        prog_type: p.prog_type,
        expected_attach_type: p.expected_attach_type,
        prog_flags: p.prog_flags,
        attach_function: p.attach_function.clone().unwrap_or_default(),
        license: p.license.clone(),
        insns: p.insns.clone(),
        maps: p.maps.iter().map(send_raw_map).collect(),
        map_refs: map_refs.collect(),
        kfunc_refs: kfuncs.collect(),
        btf: p.btf.clone(),
        func_info: p.func_info.clone(),
        line_info: p.line_info.clone(),
    }
}

fn send_raw_map(m: &RawMap) -> proto::RawMap {
    proto::RawMap {
        name: m.name.clone(),
        r#type: m.map_type,
        key_size: m.key_size,
        value_size: m.value_size,
        max_entries: m.max_entries,
        flags: m.flags,
        map_extra: m.map_extra,
        btf: m.btf.clone(),
        btf_key_type_id: m.btf_key_type_id,
        btf_value_type_id: m.btf_value_type_id,
        btf_vmlinux_value_type_id: m.btf_vmlinux_value_type_id,
        frozen: m.frozen,
        value: m.value.clone(),
        inner: m.inner.as_deref().map(|i| Box::new(send_raw_map(i))),
        prog_array_owner: m.prog_array_owner,
    }
}

/// A row as it is sent. Rows about a whole file are no answers, and have none.
pub fn answer(row: Row) -> proto::Answer {
    let verdict = match row.kind {
        Kind::Accepted => proto::Verdict::Accepted,
        Kind::Rejected => proto::Verdict::Rejected,
        Kind::NotLoadable => proto::Verdict::NotLoadable,
        _ if row.undecided.is_some() => proto::Verdict::Undecided,
        Kind::Unsupported | Kind::Error | Kind::Gone => proto::Verdict::Unsupported,
    };
    let rejection = (row.kind == Kind::Rejected).then(|| proto::Rejection {
        code: row.code.unwrap_or_default().to_string(),
        category: row.category.unwrap_or_default().to_string(),
        page: row.page.unwrap_or_default().to_string(),
        insn: row.insn.map(index),
        insn_text: row.insn_text,
        source: row.source.map(|s| proto::Source { file: s.file, line: s.line, column: s.column, text: s.text }),
        trace: row.trace.as_ref().map(send_trace),
    });
    proto::Answer {
        program: row.program,
        section: row.section,
        prog_type: row.prog_type,
        kernel: row.kernel,
        verdict: verdict.into(),
        message: row.message,
        errno: row.errno.unwrap_or_default(),
        rejection,
        counters: row.counters.map(|c| proto::Counters {
            insns: c.insns,
            total_states: c.total_states,
            peak_states: c.peak_states,
            max_states_per_insn: c.max_states_per_insn,
            mark_read: c.mark_read,
            stack_depth: c.stack_depth,
            time_us: c.time_us,
        }),
        log: row.log,
        over_budget: row.over_budget,
        reason: row.reason.unwrap_or_default(),
        basis: row.basis.unwrap_or_default().into(),
    }
}

/// The row that an answer about `object` stands for.
pub fn row(object: &str, a: proto::Answer) -> Row {
    let verdict = a.verdict();
    let (kind, undecided) = match verdict {
        proto::Verdict::Accepted => (Kind::Accepted, None),
        proto::Verdict::Rejected => (Kind::Rejected, None),
        proto::Verdict::NotLoadable => (Kind::NotLoadable, None),
        proto::Verdict::Undecided => (Kind::Unsupported, Some(Undecided::Late)),
        proto::Verdict::Unsupported | proto::Verdict::Unspecified => (Kind::Unsupported, None),
    };
    let mut row = Row::new(object, &a.program, &a.section, &a.kernel, kind, a.message);
    row.undecided = undecided;
    row.basis = Basis::WORDS.into_iter().find(|word| *word == a.basis);
    row.prog_type = a.prog_type;
    row.errno = Some(a.errno).filter(|e| !e.is_empty());
    row.log = a.log;
    row.over_budget = a.over_budget;
    row.reason = Some(a.reason).filter(|r| !r.is_empty());
    row.counters = a.counters.map(|c| Counters {
        insns: c.insns,
        total_states: c.total_states,
        peak_states: c.peak_states,
        max_states_per_insn: c.max_states_per_insn,
        mark_read: c.mark_read,
        stack_depth: c.stack_depth,
        time_us: c.time_us,
    });
    if let Some(r) = a.rejection {
        let words = Fixed::of(&r.code, &r.category, &r.page);
        row.code = Some(words.code).filter(|c| !c.is_empty());
        row.category = Some(words.category).filter(|c| !c.is_empty());
        row.page = Some(words.page).filter(|p| !p.is_empty());
        row.insn = r.insn.map(|i| i as usize);
        row.insn_text = r.insn_text;
        row.source = r.source.map(|s| Place { file: s.file, line: s.line, column: s.column, text: s.text });
        let (message, errno) = (row.message.clone(), row.errno.clone().unwrap_or_default());
        row.trace = r.trace.map(|t| trace(t, &words, &message, &errno));
    }
    row
}

/// The fixed words of a code.
struct Fixed {
    code: &'static str,
    category: &'static str,
    page: &'static str,
}

impl Fixed {
    /// Our own words for a code, or what a service of another release sent: then they are kept until the process ends,
    /// which is soon in a client, and there are only so many codes.
    fn of(code: &str, category: &str, page: &str) -> Fixed {
        let own = all_rows().into_iter().find(|r| {
            r.doc.trim() == page
                && r.cause.map_or((code, category) == ("", ""), |(c, k)| c.text() == code && k.title() == category)
        });
        match own {
            Some(r) => {
                let (code, category) = r.cause.map_or(("", ""), |(c, k)| (c.text(), k.title()));
                Fixed { code, category, page: r.doc.trim() }
            }
            None => Fixed { code: keep(code), category: keep(category), page: keep(page) },
        }
    }
}

fn keep(text: &str) -> &'static str {
    if text.is_empty() { "" } else { Box::leak(text.into()) }
}

const STEP_KINDS: [(explain::StepKind, proto::StepKind); 8] = [
    (explain::StepKind::Established, proto::StepKind::Established),
    (explain::StepKind::Copied, proto::StepKind::Copied),
    (explain::StepKind::Computed, proto::StepKind::Computed),
    (explain::StepKind::Spilled, proto::StepKind::Spilled),
    (explain::StepKind::Filled, proto::StepKind::Filled),
    (explain::StepKind::Checked, proto::StepKind::Checked),
    (explain::StepKind::Lost, proto::StepKind::Lost),
    (explain::StepKind::Failing, proto::StepKind::Failing),
];

/// A trace as it is sent.
pub fn send_trace(t: &Trace) -> proto::Trace {
    let kind = |k| STEP_KINDS.iter().find(|(ours, _)| *ours == k).map_or(proto::StepKind::Unspecified, |(_, p)| *p);
    let source = |s: &explain::Source| proto::Source {
        file: s.file.clone(),
        line: s.line,
        column: s.column,
        text: s.text.clone(),
    };
    proto::Trace {
        problem: t.problem.clone(),
        steps: t
            .steps
            .iter()
            .map(|s| proto::Step {
                kind: kind(s.kind).into(),
                insn: index(s.insn),
                insn_text: s.insn_text.clone(),
                place: s.place.clone(),
                before: s.before.clone(),
                after: s.after.clone(),
                source: s.source.as_ref().map(source),
                times: s.times,
                label: s.label.clone(),
                focus_start: index(s.focus.start),
                focus_end: index(s.focus.end),
                column: s.column,
            })
            .collect(),
        suggestions: t
            .suggestions
            .iter()
            .map(|s| proto::Suggestion {
                code: s.code.to_string(),
                text: s.text.clone(),
                insn: s.insn.map(index),
                edits: s.edits.iter().map(edit).collect(),
            })
            .collect(),
    }
}

fn edit(e: &explain::Edit) -> proto::Edit {
    let change = match &e.change {
        explain::Change::Before(code) => proto::edit::Change::Before(code.clone()),
        explain::Change::Line(code) => proto::edit::Change::Instead(code.clone()),
    };
    proto::Edit { file: e.file.clone(), line: e.line, change: Some(change) }
}

/// A change of a kind that a newer service names is none that we can make.
fn change(e: proto::Edit) -> Option<explain::Edit> {
    let change = match e.change? {
        proto::edit::Change::Before(code) => explain::Change::Before(code),
        proto::edit::Change::Instead(code) => explain::Change::Line(code),
    };
    Some(explain::Edit { file: e.file, line: e.line, change })
}

fn trace(t: proto::Trace, words: &Fixed, message: &str, errno: &str) -> Trace {
    let kind = |k| STEP_KINDS.iter().find(|(_, p)| *p == k).map_or(explain::StepKind::Computed, |(ours, _)| *ours);
    Trace {
        problem: t.problem,
        message: message.into(),
        code: words.code,
        category: words.category,
        page: words.page,
        errno: errno.into(),
        steps: t
            .steps
            .into_iter()
            .map(|s| explain::Step {
                kind: kind(s.kind()),
                insn: s.insn as usize,
                insn_text: s.insn_text,
                place: s.place,
                before: s.before,
                after: s.after,
                source: s.source.map(|s| explain::Source {
                    file: s.file,
                    line: s.line,
                    column: s.column,
                    text: s.text,
                }),
                times: s.times,
                label: s.label,
                focus: s.focus_start as usize..s.focus_end as usize,
                column: s.column,
            })
            .collect(),
        suggestions: t
            .suggestions
            .into_iter()
            .map(|s| suggest::Suggestion {
                code: suggest::REMEDIES.iter().find(|r| r.code == s.code).map_or_else(|| keep(&s.code), |r| r.code),
                text: s.text,
                insn: s.insn.map(|i| i as usize),
                edits: s.edits.into_iter().filter_map(change).collect(),
                proof: suggest::Proof::NotTried,
            })
            .collect(),
    }
}
