//! `bpfvet disasm`, `cfg`, `explain` and `kernels`.

use std::io::{self, Write};

use verifier_core::analysis::System;
use verifier_core::btf::BtfKind;
use verifier_core::cfg::{Cfg, Edge};
use verifier_core::error::all_rows;
use verifier_core::isa::Insn;
use verifier_core::isa::disasm::{Names, write_insn};
use verifier_core::kernel::{Kernel, helpers};
use verifier_core::program::{LoadRequest, OpenOptions, Program, open};

use crate::args::{ToolArgs, glob};
use crate::render::fold;
use crate::{check, target};

/// Figures of agreement, as the repository's tests measured them last.
const RATCHET: &str = include_str!("../../tests/ratchet.json");

/// Names of what instructions call.
struct CallNames<'a> {
    system: &'a System,
    request: &'a LoadRequest,
}

impl Names for CallNames<'_> {
    fn helper(&self, id: i32) -> Option<String> {
        helpers::func_id_name(u32::try_from(id).ok()?).map(str::to_string)
    }

    fn kfunc(&self, insn: Insn) -> Option<String> {
        let id = u32::try_from(insn.imm).ok()?;
        let btf = if insn.off == 0 {
            &self.system.vmlinux
        } else {
            let slot = u32::try_from(insn.off).ok()?;
            let (_, name) = self.request.module_fds.iter().find(|(i, _)| *i == slot)?;
            &self.system.modules.iter().find(|(n, _)| n == name)?.1
        };
        btf.ty(id).filter(|t| t.kind == BtfKind::Func).map(|t| t.name().to_string())
    }
}

/// Opens the object and gives each chosen program to `each`.
fn programs(
    args: &ToolArgs,
    out: &mut dyn Write,
    each: impl Fn(&Program, &LoadRequest, &System, &mut dyn Write) -> io::Result<()>,
) -> Result<(), String> {
    let systems = target::systems(&args.target)?;
    let system = systems.first().ok_or("no kernel named")?;
    let bytes = check::read(&args.object)?;
    let name = args.object.display().to_string();
    let options = OpenOptions {
        vmlinux: Some(system.vmlinux.clone()),
        modules: system.modules.clone(),
        ..OpenOptions::new(&system.kernel, name.clone())
    };
    let object = open(&bytes, &options).map_err(|e| format!("{name}: {e}"))?;
    let wanted = |p: &&Program| args.prog.is_empty() || args.prog.iter().any(|g| glob(g, &p.name));
    for p in object.programs.iter().filter(wanted) {
        match &p.result {
            Ok(request) => each(p, request, system, out).map_err(|e| e.to_string())?,
            Err(why) => eprintln!("bpfvet: {name}: {}: {why}", p.name),
        }
    }
    Ok(())
}

fn text(insns: &[Insn], idx: usize, names: &dyn Names) -> String {
    let mut s = String::new();
    if let Some(insn) = insns.get(idx) {
        // Writing into a `String` cannot fail.
        let _ = write_insn(&mut s, *insn, insns.get(idx + 1).copied(), names, false);
    }
    s
}

/// Indices of instructions between two slots; the second slot of an `ldimm64` is none.
fn indices(insns: &[Insn], start: usize, end: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let mut i = start;
    while i < end {
        out.push(i);
        i += if insns.get(i).is_some_and(|n| n.is_ldimm64()) { 2 } else { 1 };
    }
    out
}

/// Prints the instructions of every program as they would be loaded.
///
/// # Errors
/// In words for the user.
pub fn disasm(args: &ToolArgs, out: &mut dyn Write) -> Result<(), String> {
    programs(args, out, |p, request, system, out| {
        writeln!(out, "{} ({}):", p.name, p.section)?;
        let names = CallNames { system, request };
        for i in indices(&request.insns, 0, request.insns.len()) {
            if let Some(f) = request.func_info.iter().find(|f| f.insn_off as usize == i)
                && let Some(t) = request.btf.as_ref().and_then(|b| b.ty(f.type_id))
            {
                writeln!(out, "{}():", t.name())?;
            }
            if let Some(l) = request.line_info.iter().find(|l| l.insn_off as usize == i)
                && let Some(line) = request.btf.as_ref().and_then(|b| b.bytes_at(l.line_off))
            {
                writeln!(out, "; {}", String::from_utf8_lossy(line).trim())?;
            }
            writeln!(out, "{i:>5}: {}", text(&request.insns, i, &names))?;
        }
        writeln!(out)
    })
}

/// Prints the control-flow graph of every program as Graphviz text: full lines are jumps taken, dotted ones fall
/// through, dashed ones call.
///
/// # Errors
/// In words for the user.
pub fn cfg(args: &ToolArgs, out: &mut dyn Write) -> Result<(), String> {
    programs(args, out, |p, request, system, out| {
        let names = CallNames { system, request };
        let cfg = Cfg::build(&request.insns);
        writeln!(out, "digraph {:?} {{\n  node [shape=box, fontname=monospace];", p.name)?;
        for n in cfg.graph.node_indices() {
            let block = cfg.graph[n];
            let lines: String = indices(&request.insns, block.start, block.end)
                .into_iter()
                .map(|i| format!("{i}: {}\\l", text(&request.insns, i, &names).replace(['\\', '"'], "'")))
                .collect();
            writeln!(out, "  n{} [label=\"{lines}\"];", block.start)?;
        }
        for e in cfg.graph.edge_indices() {
            let Some((a, b)) = cfg.graph.edge_endpoints(e) else { continue };
            let style = match cfg.graph[e] {
                Edge::Taken => "solid",
                Edge::FallThrough => "dotted",
                Edge::Call => "dashed",
            };
            writeln!(out, "  n{} -> n{} [style={style}];", cfg.graph[a].start, cfg.graph[b].start)?;
        }
        writeln!(out, "}}")
    })
}

/// Prints the page of a code, or all codes.
///
/// # Errors
/// In words for the user.
pub fn explain(code: &str, out: &mut dyn Write) -> Result<(), String> {
    let mut rows: Vec<_> = all_rows().into_iter().filter_map(|r| r.cause.map(|(c, cat)| (c, cat, r.doc))).collect();
    rows.sort_by_key(|(c, _, _)| *c);
    let failed = |e: io::Error| e.to_string();
    if code == "list" {
        for (c, cat, _) in rows {
            writeln!(out, "{c}  ({})", cat.title()).map_err(failed)?;
        }
        return Ok(());
    }
    let Some((c, cat, page)) = rows.into_iter().find(|(c, _, _)| *c == code) else {
        return Err(format!("no such code `{code}`; `bpfvet explain list` shows all"));
    };
    writeln!(out, "{c}  ({})\n", cat.title()).map_err(failed)?;
    fold(page).iter().try_for_each(|line| writeln!(out, "{line}")).map_err(failed)
}

/// How far bpfvet was found to agree with a kernel, on one set of programs.
pub struct Agreement {
    /// What was compared.
    pub set: String,
    /// Programs compared.
    pub programs: u64,
    /// Programs with the same verdict.
    pub same_verdict: u64,
    /// Programs accepted that the kernel rejects.
    pub wrongly_accepted: u64,
    /// Programs that are not modelled.
    pub unsupported: u64,
    /// Programs with the same log.
    pub log_identical: u64,
}

/// The figures of a kernel, by its short name.
pub fn agreement(kernel: &str) -> Vec<Agreement> {
    let figures: serde_json::Value = serde_json::from_str(RATCHET).unwrap_or_default();
    let sets = figures.as_object().into_iter().flatten();
    sets.filter(|(set, _)| set.split(' ').next() == Some(kernel))
        .map(|(set, f)| {
            let n = |field: &str| f[field].as_u64().unwrap_or(0);
            Agreement {
                set: set.split_once(' ').map_or("", |(_, s)| s).to_string(),
                programs: n("programs"),
                same_verdict: n("same_verdict"),
                wrongly_accepted: n("wrongly_accepted"),
                unsupported: n("unsupported"),
                log_identical: n("log_identical"),
            }
        })
        .collect()
}

/// Prints the kernels known, with the figures of agreement.
///
/// # Errors
/// When the output cannot be written.
pub fn kernels(out: &mut dyn Write) -> Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    for k in Kernel::all() {
        writeln!(out, "{:<6} Linux {} (x86-64, JIT on)", k.name, k.release).map_err(failed)?;
        for a in agreement(k.name) {
            writeln!(
                out,
                "       {}: {} of {} programs with the same verdict, {} wrongly accepted, {} unsupported, \
                 {} logs identical",
                a.set, a.same_verdict, a.programs, a.wrongly_accepted, a.unsupported, a.log_identical
            )
            .map_err(failed)?;
        }
    }
    writeln!(out, "Measured on recordings that were at hand while bpfvet was written; other programs can fare worse.")
        .map_err(failed)
}
