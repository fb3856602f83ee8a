//! The explanation of a rejection for people: source lines with what happened on them, then reason and remedy.
//!
//! Laid out by `annotate-snippets`, as rustc and cargo do. The content is a [`Trace`]; nothing is computed here. Source
//! comes from line information; programs without it are shown as their instructions.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use verifier_core::explain::{Step, StepKind, Trace};

use crate::row::Row;

/// Most lines between the first and the last line of a snippet: further apart, they are separate snippets.
const MAX_SPAN: u32 = 400;

/// What a step says beside its line.
pub fn label(step: &Step) -> String {
    let times = if step.times > 1 { format!(", {} times", step.times) } else { String::new() };
    let value = match (step.kind, step.before.is_empty(), step.after.is_empty()) {
        (StepKind::Failing, false, _) => format!(" is {}", step.before),
        (_, _, false) if step.before.is_empty() || step.before == step.after => format!(": {}", step.after),
        (_, false, false) => format!(": {} becomes {}", step.before, step.after),
        (_, false, true) => format!(" was {}, is not valid any more", step.before),
        _ => String::new(),
    };
    format!("{} {}{value}{times} (instruction {})", step.kind.word(), step.place, step.insn)
}

/// Lines of one file, joined so that line numbers fit; lines nobody mentions are empty and folded.
struct Page {
    first: u32,
    text: String,
    /// Start and end of each known line.
    spans: BTreeMap<u32, (usize, usize)>,
}

fn page(lines: &BTreeMap<u32, String>) -> Page {
    let first = lines.keys().next().copied().unwrap_or(1);
    let last = lines.keys().next_back().copied().unwrap_or(first);
    let mut out = Page { first, text: String::new(), spans: BTreeMap::new() };
    for n in first..=last {
        let from = out.text.len();
        if let Some(line) = lines.get(&n) {
            out.text.push_str(line);
        }
        out.spans.insert(n, (from, out.text.len()));
        out.text.push('\n');
    }
    out
}

/// Steps by file, in chunks whose lines lie near each other.
fn chunks<'a>(steps: &'a [Step], object: &str) -> Vec<(String, Vec<(u32, String, &'a Step)>)> {
    let mut out: Vec<(String, Vec<(u32, String, &Step)>)> = Vec::new();
    for step in steps {
        let (file, line, text) = match &step.source {
            Some(s) if s.line > 0 => (s.file.clone(), s.line, s.text.clone()),
            _ => (format!("{object} (instructions)"), step.insn as u32, step.insn_text.clone()),
        };
        let near = out.iter_mut().find(|(f, members)| {
            *f == file && members.iter().all(|(l, _, _)| l.abs_diff(line) <= MAX_SPAN)
        });
        match near {
            Some((_, members)) => members.push((line, text, step)),
            None => out.push((file, vec![(line, text, step)])),
        }
    }
    // The chunk with the failing line comes first, as the primary one.
    out.sort_by_key(|(_, members)| !members.iter().any(|(_, _, s)| s.kind == StepKind::Failing));
    out
}

/// The whole explanation.
pub fn render(row: &Row, trace: &Trace, colours: bool) -> String {
    let first = trace.message.lines().next().unwrap_or("rejected without a word");
    let title = if trace.category.is_empty() { first.to_string() } else { format!("{}: {first}", trace.category) };
    let mut main = if trace.code.is_empty() {
        Level::ERROR.primary_title(title).elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new())
    } else {
        Level::ERROR.primary_title(title).id(trace.code).elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new())
    };
    for (file, members) in chunks(&trace.steps, &row.object) {
        let lines: BTreeMap<u32, String> = members.iter().map(|(l, t, _)| (*l, t.clone())).collect();
        let page = page(&lines);
        let annotations: Vec<_> = members
            .iter()
            .filter_map(|(line, _, step)| {
                let (from, to) = page.spans.get(line).copied()?;
                let kind = if step.kind == StepKind::Failing { AnnotationKind::Primary } else { AnnotationKind::Context };
                Some(kind.span(from..to.max(from)).label(label(step)))
            })
            .collect();
        main = main.element(
            Snippet::source(page.text).line_start(page.first as usize).path(file).annotations(annotations),
        );
    }
    for line in trace.message.lines().skip(1) {
        main = main.element(Level::NOTE.message(line.to_string()));
    }
    let where_ = format!("program `{}` on Linux {}: the load returns {}", row.program, row.kernel, trace.errno);
    main = main.element(Level::NOTE.message(where_));
    if !trace.page.is_empty() {
        main = main.element(Level::NOTE.message(super::text::fold(trace.page).join("\n")));
    }
    let mut groups: Vec<Group<'_>> = vec![main];
    for s in &trace.suggestions {
        groups.push(Group::with_title(Level::HELP.secondary_title(format!("{} [{}]", s.text, s.code))));
    }
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&groups);
    text.push('\n');
    text
}
