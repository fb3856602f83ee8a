//! `bpfvet disasm`, `cfg`, `explain` and `kernels`.
//!
//! Listings and graphs hold names as they are; what is printed of them goes through [`clean`].

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use verifier_core::analysis::System;
use verifier_core::btf::BtfKind;
use verifier_core::cfg::{Cfg, Edge};
use verifier_core::error::all_rows;
use verifier_core::explain::suggest::REMEDIES;
use verifier_core::explain::{Source, source_of};
use verifier_core::isa::Insn;
use verifier_core::isa::disasm::{Names, write_insn};
use verifier_core::kernel::{Kernel, helpers};
use verifier_core::program::{LoadRequest, OpenOptions, Program, open};

use crate::args::{ToolArgs, glob};
use crate::input::{self, What};
use crate::near::did_you_mean;
use crate::render::fold;
use crate::{clean, target};

/// Figures of agreement, as the repository's tests measured them last.
const RATCHET: &str = include_str!("../../tests/ratchet.json");

/// Names of what instructions call.
pub(crate) struct CallNames<'a> {
    /// The kernel asked.
    pub(crate) system: &'a System,
    /// The program.
    pub(crate) request: &'a LoadRequest,
}

impl Names for CallNames<'_> {
    fn helper(&self, id: i32) -> Option<String> {
        helpers::name_of(u32::try_from(id).ok()?).map(str::to_string)
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
    let bytes = input::read(&args.object)?;
    let name = args.object.display().to_string();
    let options = OpenOptions {
        vmlinux: Some(system.vmlinux.clone()),
        modules: system.modules.clone(),
        ..OpenOptions::new(&system.kernel, name.clone())
    };
    if let What::Other(words) | What::OtherOrder(words) = input::what(&bytes) {
        return Err(format!("{}: {words}", clean::path(&args.object)));
    }
    let object = open(&bytes, &options)
        .map_err(|e| format!("{}: {}", clean::path(&args.object), clean::line(&e.to_string())))?;
    let wanted = |p: &&Program| args.prog.is_empty() || args.prog.iter().any(|g| glob(g, &p.name));
    let shown = clean::path(&args.object);
    let mut any = false;
    for p in object.programs.iter().filter(wanted) {
        any = true;
        match &p.result {
            Ok(request) => each(p, request, system, out).map_err(|e| e.to_string())?,
            Err(why) => {
                let first = clean::line(why.words.first().map_or("", |w| w));
                let (code, range) = &p.code;
                let insns = code.get(range.clone()).unwrap_or_default().to_vec();
                let what = if insns.is_empty() {
                    "it has no instructions"
                } else {
                    "its instructions as they stand in the file"
                };
                eprintln!("bpfvet: {shown}: {}: not loadable: {first}; {what}", clean::line(&p.name));
                let unlinked = LoadRequest { name: p.name.clone(), insns, ..LoadRequest::default() };
                each(p, &unlinked, system, out).map_err(|e| e.to_string())?;
            }
        }
    }
    if any {
        return Ok(());
    }
    let known: Vec<String> = object.programs.iter().map(|p| clean::line(&p.name)).collect();
    Err(match known.is_empty() {
        true => format!("{shown}: the object has no programs"),
        false => format!("{shown}: no program matches; there are {}", known.join(", ")),
    })
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

/// One instruction of a program as it would be loaded.
pub struct Line {
    /// Its index.
    pub insn: usize,
    /// Its text.
    pub text: String,
    /// The function that begins here.
    pub function: Option<String>,
    /// The source line that begins here.
    pub source: Option<Source>,
}

/// The instructions of a program.
pub fn listing(system: &System, request: &LoadRequest) -> Vec<Line> {
    let names = CallNames { system, request };
    // The first of several entries about one instruction counts.
    let mut functions = HashMap::new();
    for f in &request.func_info {
        functions.entry(f.insn_off as usize).or_insert(f.type_id);
    }
    let lines: HashSet<usize> = request.line_info.iter().map(|l| l.insn_off as usize).collect();
    let line = |i: usize| {
        let ty = functions.get(&i).and_then(|id| request.btf.as_ref()?.ty(*id));
        let new_line = lines.contains(&i);
        Line {
            insn: i,
            text: text(&request.insns, i, &names),
            function: ty.map(|t| t.name().to_string()),
            source: if new_line { source_of(request, i) } else { None },
        }
    };
    indices(&request.insns, 0, request.insns.len()).into_iter().map(line).collect()
}

/// Prints the instructions of every program as they would be loaded.
///
/// # Errors
/// In words for the user.
pub fn disasm(args: &ToolArgs, out: &mut dyn Write) -> Result<(), String> {
    programs(args, out, |p, request, system, out| {
        writeln!(out, "{} ({}):", clean::line(&p.name), clean::line(&p.section))?;
        for line in listing(system, request) {
            if let Some(f) = &line.function {
                writeln!(out, "{}():", clean::line(f))?;
            }
            if let Some(s) = &line.source {
                writeln!(out, "; {}", clean::line(&s.text))?;
            }
            writeln!(out, "{:>5}: {}", line.insn, clean::line(&line.text))?;
        }
        writeln!(out)
    })
}

/// A block of a control-flow graph.
pub struct Node {
    /// First slot.
    pub start: usize,
    /// Slot after the last.
    pub end: usize,
    /// Instructions as text, with their indices.
    pub insns: Vec<(usize, String)>,
}

/// The control-flow graph of a program.
pub struct Graph {
    /// Blocks in order.
    pub nodes: Vec<Node>,
    /// First slots of two blocks, and how control goes from one to the other.
    pub edges: Vec<(usize, usize, Edge)>,
}

impl Graph {
    /// The graph of a program as it would be loaded.
    ///
    /// # Errors
    /// When more ways lead through its jump tables than can be drawn.
    pub fn of(system: &System, request: &LoadRequest) -> Result<Graph, &'static str> {
        let names = CallNames { system, request };
        let tables = request.jump_tables().ok_or("its jump tables lead more ways than can be drawn")?;
        let cfg = Cfg::build(&request.insns, &tables);
        let nodes = cfg.graph.node_indices().map(|n| {
            let block = cfg.graph[n];
            let insns = indices(&request.insns, block.start, block.end).into_iter();
            Node {
                start: block.start,
                end: block.end,
                insns: insns.map(|i| (i, text(&request.insns, i, &names))).collect(),
            }
        });
        let edges = cfg.graph.edge_indices().filter_map(|e| {
            let (a, b) = cfg.graph.edge_endpoints(e)?;
            Some((cfg.graph[a].start, cfg.graph[b].start, cfg.graph[e]))
        });
        Ok(Graph { nodes: nodes.collect(), edges: edges.collect() })
    }

    /// The graph as Graphviz text: full lines are jumps taken, dotted ones fall through, dashed ones call.
    pub fn dot(&self, name: &str) -> String {
        let name = clean::line(name).replace(['\\', '"'], "'");
        let mut out = format!("digraph \"{name}\" {{\n  node [shape=box, fontname=monospace];\n");
        for n in &self.nodes {
            let lines: String =
                n.insns.iter().map(|(i, t)| format!("{i}: {}\\l", clean::line(t).replace(['\\', '"'], "'"))).collect();
            out.push_str(&format!("  n{} [label=\"{lines}\"];\n", n.start));
        }
        for (a, b, edge) in &self.edges {
            let style = match edge {
                Edge::Taken => "solid",
                Edge::FallThrough => "dotted",
                Edge::Call => "dashed",
            };
            out.push_str(&format!("  n{a} -> n{b} [style={style}];\n"));
        }
        out.push_str("}\n");
        out
    }
}

/// Prints the control-flow graph of every program as Graphviz text, or as a picture of one.
///
/// # Errors
/// In words for the user.
pub fn cfg(args: &ToolArgs, out: &mut dyn Write) -> Result<(), String> {
    let pictures = std::cell::Cell::new(0usize);
    programs(args, out, |p, request, system, out| {
        let graph = Graph::of(system, request).map_err(io::Error::other)?;
        if !args.svg {
            return write!(out, "{}", graph.dot(&p.name));
        }
        if pictures.replace(pictures.get() + 1) > 0 {
            return Err(io::Error::other("--svg draws one program: choose it with --prog"));
        }
        out.write_all(crate::render::svg::graph(&graph, &p.name).as_bytes())
    })
}

/// What a code means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// Stable code.
    pub code: &'static str,
    /// Category in words; empty for remedies.
    pub category: &'static str,
    /// The explanation.
    pub text: &'static str,
}

/// Every page: rejections first, then remedies, by code.
pub fn pages() -> Vec<Page> {
    let mut rows: Vec<Page> = all_rows()
        .into_iter()
        .filter_map(|r| r.cause.map(|(code, c)| Page { code: code.text(), category: c.title(), text: r.doc.trim() }))
        .collect();
    rows.sort_by_key(|p| p.code);
    let mut remedies: Vec<Page> =
        REMEDIES.iter().map(|r| Page { code: r.code, category: "", text: r.page.trim() }).collect();
    remedies.sort_by_key(|p| p.code);
    rows.extend(remedies);
    rows
}

/// Prints the page of a code, or all codes.
///
/// # Errors
/// In words for the user.
pub fn explain(code: &str, out: &mut dyn Write) -> Result<(), String> {
    let failed = |e: io::Error| e.to_string();
    let title = |p: &Page| if p.category.is_empty() { p.code.into() } else { format!("{}  ({})", p.code, p.category) };
    let pages = pages();
    if code == "list" {
        return pages.iter().try_for_each(|p| writeln!(out, "{}", title(p))).map_err(failed);
    }
    let Some(page) = pages.iter().find(|p| p.code == code) else {
        let codes: Vec<&str> = pages.iter().map(|p| p.code).collect();
        let meant = did_you_mean(code, &codes);
        return Err(format!("no such code `{code}`{meant}; `bpfvet explain list` shows all"));
    };
    writeln!(out, "{}\n", title(page)).map_err(failed)?;
    fold(page.text).iter().try_for_each(|line| writeln!(out, "{line}")).map_err(failed)?;
    let meaning =
        all_rows().iter().find_map(|r| r.cause.filter(|(c, _)| c.text() == page.code)).map(|(_, c)| c.meaning());
    let Some(meaning) = meaning else { return Ok(()) };
    writeln!(out).map_err(failed)?;
    fold(meaning).iter().try_for_each(|line| writeln!(out, "{line}")).map_err(failed)
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
        writeln!(out, "{:<7} Linux {} (x86-64, JIT on)", k.name, k.release).map_err(failed)?;
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
