//! `Explain`, `Disassemble` and `ControlFlowGraph`.

use prost::Message;
use tonic::{Code, Status};
use verifier_core::analysis::System;
use verifier_core::cfg::Edge;
use verifier_core::explain::invariants::{self, Invariant};
use verifier_core::program::LoadRequest;

use super::compute::Job;
use super::entry::Entry;
use super::names;
use super::proto::explain_request::What as Explained;
use super::proto::input::What;
use super::state::Service;
use super::status::{fault, invalid, refuse};
use super::text::clean;
use super::verify::{Asked, fits, refused, rows};
use super::wire::index;
use super::{proto, wire};
use crate::ask::Refusal;
use crate::known::Known;
use crate::render;
use crate::tools::{self, Line};

/// A program to look at: name, section, and what would be loaded, or why it is not loadable.
struct Shown<'a> {
    program: &'a str,
    section: &'a str,
    loaded: Result<&'a LoadRequest, String>,
}

/// What looking at one instruction takes, at most and about: its text, its source line, its place in a drawing.
const LOOKED_AT: usize = 512;

/// Part of the programs of an object.
#[derive(Clone, Copy)]
struct Paging {
    /// Programs before it.
    from: usize,
    /// Most programs in it; 0: as many as fit.
    size: usize,
    /// Most bytes of it.
    bytes: usize,
}

impl Paging {
    /// # Errors
    /// The token is none of ours.
    fn of(size: u32, token: &str, bytes: usize) -> Result<Paging, Status> {
        let from = if token.is_empty() { Some(0) } else { token.parse().ok() };
        let from = from.ok_or_else(|| invalid("page_token is not the next_page_token of an answer"))?;
        Ok(Paging { from, size: size as usize, bytes })
    }
}

/// Gives programs asked about to `each`, on the first kernel asked: those of one page, and where the next one begins.
fn show<T: Message>(
    asked: Asked,
    paging: Paging,
    job: &Job<'_>,
    each: impl Fn(&Shown<'_>, &System) -> T,
) -> Result<(Vec<T>, String), Status> {
    let Asked { name, what, target, question } = asked;
    let systems = target.systems(job)?;
    let Some(system) = systems.first() else { return Ok((Vec::new(), String::new())) };
    let fits = |n: usize| {
        if n > question.insns { Err(refused(Refusal::Insns(n), &question)) } else { Ok(()) }
    };
    let one = |shown: &Shown<'_>| {
        job.step()?;
        let insns = shown.loaded.as_ref().map_or(0, |r| r.insns.len());
        let _room = job.reserve(insns.saturating_mul(LOOKED_AT))?;
        Ok::<T, Status>(each(shown, system))
    };
    let bytes = match what {
        What::Object(bytes) => bytes,
        What::Raw(program) => {
            let program = wire::raw_program(program);
            let request = program.request(system).map_err(|e| refused(Refusal::Raw(e), &question))?;
            fits(request.insns.len())?;
            let shown = one(&Shown { program: &program.name, section: "", loaded: Ok(&request) })?;
            super::verify::fits(shown.encoded_len(), paging.bytes)?;
            return Ok((vec![shown], String::new()));
        }
    };
    let object = question.open(&name, &bytes, system).map_err(|e| refused(Refusal::Malformed(e), &question))?;
    let wanted: Vec<_> = object.programs.iter().filter(|p| question.wants(&p.name)).collect();
    fits(wanted.iter().filter_map(|p| p.result.as_ref().ok()).map(|r| r.insns.len()).sum())?;
    let (mut out, mut size) = (Vec::new(), 0usize);
    for (at, p) in wanted.iter().enumerate().skip(paging.from) {
        if paging.size != 0 && out.len() >= paging.size {
            return Ok((out, at.to_string()));
        }
        let loaded = p.result.as_ref().map_err(ToString::to_string);
        let shown = one(&Shown { program: &p.name, section: &p.section, loaded })?;
        size = size.saturating_add(shown.encoded_len());
        if size > paging.bytes {
            // What does not fit any more begins the next page; what never fits is too large.
            if out.is_empty() {
                super::verify::fits(size, paging.bytes)?;
            }
            return Ok((out, at.to_string()));
        }
        out.push(shown);
    }
    Ok((out, String::new()))
}

fn line(l: Line) -> proto::ListingLine {
    proto::ListingLine {
        insn: index(l.insn),
        text: l.text,
        function: l.function.unwrap_or_default(),
        source: l.source.map(source),
    }
}

fn source(s: verifier_core::explain::Source) -> proto::Source {
    proto::Source { file: s.file, line: s.line, column: s.column, text: s.text }
}

fn invariant(i: Invariant) -> proto::Invariant {
    let register = |k: invariants::Known| proto::KnownRegister { register: k.reg.into(), words: k.words };
    proto::Invariant {
        insn: index(i.insn),
        source: i.source.map(source),
        visits: i.visits,
        registers: i.known.into_iter().map(register).collect(),
    }
}

fn listing(shown: &Shown<'_>, system: &System) -> proto::Listing {
    let lines = shown.loaded.as_ref().map(|r| tools::listing(system, r)).unwrap_or_default();
    proto::Listing {
        program: shown.program.into(),
        section: shown.section.into(),
        not_loadable: shown.loaded.as_ref().err().cloned().unwrap_or_default(),
        lines: lines.into_iter().map(line).collect(),
    }
}

fn graph(shown: &Shown<'_>, system: &System) -> proto::Graph {
    let (program, section) = (shown.program.into(), shown.section.into());
    let request = match &shown.loaded {
        Ok(request) => request,
        Err(why) => return proto::Graph { program, section, not_loadable: why.clone(), ..proto::Graph::default() },
    };
    let graph = match tools::Graph::of(system, request) {
        Ok(graph) => graph,
        Err(why) => return proto::Graph { program, section, not_loadable: why.into(), ..proto::Graph::default() },
    };
    let dot = graph.dot(shown.program);
    let nodes = graph.nodes.into_iter().map(|n| proto::Node {
        start: index(n.start),
        end: index(n.end),
        lines: n
            .insns
            .into_iter()
            .map(|(i, text)| proto::ListingLine { insn: index(i), text, ..proto::ListingLine::default() })
            .collect(),
    });
    let edges = graph.edges.iter().map(|(from, to, edge)| proto::Edge {
        from: index(*from),
        to: index(*to),
        kind: match edge {
            Edge::FallThrough => proto::EdgeKind::FallThrough,
            Edge::Taken => proto::EdgeKind::Taken,
            Edge::Call => proto::EdgeKind::Call,
        }
        .into(),
    });
    let (nodes, edges) = (nodes.collect(), edges.collect());
    proto::Graph { program, section, not_loadable: String::new(), nodes, edges, dot }
}

impl Service {
    /// Answers `Disassemble`.
    ///
    /// # Errors
    /// As the service's proto file lists them.
    pub async fn listings(
        &self,
        entry: &Entry,
        request: proto::DisassembleRequest,
    ) -> Result<proto::DisassembleResponse, Status> {
        let options = proto::Options { programs: request.programs, ..proto::Options::default() };
        let asked = self.asked(request.input, request.target, Some(options))?;
        let paging = Paging::of(request.page_size, &request.page_token, self.largest_answer())?;
        let (listings, next_page_token) = self.compute(entry, move |job| show(asked, paging, job, listing)).await?;
        Ok(proto::DisassembleResponse { listings, next_page_token })
    }

    /// Answers `ControlFlowGraph`.
    ///
    /// # Errors
    /// As the service's proto file lists them.
    pub async fn graphs(
        &self,
        entry: &Entry,
        request: proto::ControlFlowGraphRequest,
    ) -> Result<proto::ControlFlowGraphResponse, Status> {
        let options = proto::Options { programs: request.programs, ..proto::Options::default() };
        let asked = self.asked(request.input, request.target, Some(options))?;
        let paging = Paging::of(request.page_size, &request.page_token, self.largest_answer())?;
        let (graphs, next_page_token) = self.compute(entry, move |job| show(asked, paging, job, graph)).await?;
        Ok(proto::ControlFlowGraphResponse { graphs, next_page_token })
    }

    /// Answers `Explain`.
    ///
    /// # Errors
    /// NOT_FOUND for an unknown code; else as the service's proto file lists them.
    pub async fn explanations(
        &self,
        entry: &Entry,
        request: proto::ExplainRequest,
    ) -> Result<proto::ExplainResponse, Status> {
        let request = match request.what.unwrap_or_else(|| Explained::Code(String::new())) {
            Explained::Programs(request) => request,
            Explained::Code(code) => {
                names::code(&code)?;
                let pages: Vec<proto::Page> = tools::pages()
                    .into_iter()
                    .filter(|p| code.is_empty() || p.code == code)
                    .map(|p| proto::Page { code: p.code.into(), category: p.category.into(), text: p.text.into() })
                    .collect();
                if pages.is_empty() {
                    return Err(refuse(Code::NotFound, "CODE", format!("no such code `{}`", clean(&code, 64)), &[]));
                }
                return Ok(proto::ExplainResponse { pages, explanations: Vec::new() });
            }
        };
        let options = proto::Options { explain: true, ..request.options.unwrap_or_default() };
        let asked = self.asked(request.input, request.target, Some(options))?;
        let most = self.largest_answer();
        let work = move |job: &Job<'_>| {
            let raw = matches!(asked.what, What::Raw(_));
            let stop = || !job.go_on();
            let mut known = Known::new(&asked.question, &stop);
            let rows = rows(asked, &mut known, job)?;
            let mut size = 0usize;
            let mut out = Vec::new();
            for row in rows {
                job.step()?;
                let text = render::plain(std::slice::from_ref(&row), raw).map_err(|e| fault(e.to_string()))?;
                let invariants = known.take(&row).flatten().unwrap_or_default();
                let invariants: Vec<_> =
                    invariants.into_iter().filter(|i| !i.known.is_empty()).map(invariant).collect();
                let explanation = proto::Explanation { answer: Some(wire::answer(row)), text, invariants };
                size = size.saturating_add(explanation.encoded_len());
                fits(size, most)?;
                out.push(explanation);
            }
            Ok(out)
        };
        Ok(proto::ExplainResponse { pages: Vec::new(), explanations: self.compute(entry, work).await? })
    }
}
