//! The explanation of a rejection for people: source lines with what happened on them, then reason and remedy.
//!
//! Laid out by `annotate-snippets`, as rustc and cargo do. The content is a [`Trace`]; nothing is computed here. Source
//! comes from line information; programs without it are shown as their instructions.

use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use verifier_core::explain::{Proof, Step, StepKind, Trace};

use crate::clean::Shown;

/// Most lines between the first and the last line of a snippet: further apart, they are separate snippets.
const MAX_SPAN: u32 = 400;
/// Widest indentation that is shown.
const MAX_INDENT: usize = 24;

/// Lines of one file, joined so that line numbers fit; lines nobody mentions are empty and folded.
struct Page {
    first: u32,
    text: String,
    /// Where the text of each known line begins and ends.
    places: BTreeMap<u32, Range<usize>>,
}

impl Page {
    /// A part of a line, as far as the line has it: line information that lies gives several texts to one line.
    fn part(&self, line: u32, of: &Range<usize>) -> Option<Range<usize>> {
        let place = self.places.get(&line)?;
        let at = |offset: usize| {
            let at = place.start.saturating_add(offset).min(place.end);
            (place.start..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(place.start)
        };
        let (from, to) = (at(of.start), at(of.end));
        Some(from..to.max(from))
    }
}

/// Joins lines, each with its indentation, so that columns are those of the file.
fn page(lines: &BTreeMap<u32, (usize, String)>) -> Page {
    let first = lines.keys().next().copied().unwrap_or(1);
    let last = lines.keys().next_back().copied().unwrap_or(first);
    let mut out = Page { first, text: String::new(), places: BTreeMap::new() };
    for n in first..=last {
        if let Some((indent, line)) = lines.get(&n) {
            out.text.extend(std::iter::repeat_n(' ', *indent));
            let start = out.text.len();
            out.text.push_str(line);
            out.places.insert(n, start..out.text.len());
        }
        out.text.push('\n');
    }
    out
}

/// Columns before the text of a step's line: the compiler counts a tab as one.
fn indent(step: &Step) -> usize {
    (step.column as usize).saturating_sub(step.focus.start + 1).min(MAX_INDENT)
}

/// Steps by file, in chunks whose lines lie near each other.
fn chunks<'a>(steps: &'a [Step], object: &str) -> Vec<(String, Vec<(u32, String, &'a Step)>)> {
    let mut out: Vec<(String, Vec<(u32, String, &Step)>)> = Vec::new();
    for step in steps {
        let (file, line, text) = match &step.source {
            Some(s) if s.line > 0 => (s.file.clone(), s.line, s.text.clone()),
            _ => (format!("{object} (instructions)"), step.insn as u32, step.insn_text.clone()),
        };
        let near = out
            .iter_mut()
            .find(|(f, members)| *f == file && members.iter().all(|(l, _, _)| l.abs_diff(line) <= MAX_SPAN));
        match near {
            Some((_, members)) => members.push((line, text, step)),
            None => out.push((file, vec![(line, text, step)])),
        }
    }
    // The chunk with the failing line comes first, as the primary one.
    out.sort_by_key(|(_, members)| !members.iter().any(|(_, _, s)| s.kind == StepKind::Failing));
    out
}

/// Where the layout wraps notes, which hang behind a margin.
const NOTE_WIDTH: usize = 96;

/// The explanation: the problem, the lines with what happened on them, what to do, and the words of the kernel, or of the
/// first of those that agree.
pub fn render(row: &Shown<'_>, trace: &Trace, kernels: &[&str], colours: bool) -> String {
    let title = if trace.category.is_empty() {
        trace.problem.clone()
    } else {
        format!("{}: {}", trace.category, trace.problem)
    };
    let title = Level::ERROR.primary_title(title);
    let title = if trace.code.is_empty() { title } else { title.id(trace.code) };
    let mut main = title.elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    for (file, members) in chunks(&trace.steps, &row.object) {
        let mut lines: BTreeMap<u32, (usize, String)> = BTreeMap::new();
        for (line, text, step) in &members {
            // The same line can be met at several columns; the text begins at one.
            let entry = lines.entry(*line).or_insert_with(|| (usize::MAX, text.clone()));
            entry.0 = entry.0.min(indent(step));
        }
        let page = page(&lines);
        let annotations: Vec<_> = members
            .iter()
            .filter_map(|(line, _, step)| {
                let span = page.part(*line, &step.focus)?;
                let kind =
                    if step.kind == StepKind::Failing { AnnotationKind::Primary } else { AnnotationKind::Context };
                Some(kind.span(span).label(step.label.clone()))
            })
            .collect();
        main = main
            .element(Snippet::source(page.text).line_start(page.first as usize).path(file).annotations(annotations));
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    let fold = |text: &str| super::words::fold_to(text, NOTE_WIDTH).join("\n");
    if trace.suggestions.is_empty() && !trace.page.is_empty() {
        main = main.element(Level::HELP.message(fold(trace.page)));
    }
    // A log tells neither its kernel, nor always the program and the error.
    let who = if row.kernel.is_empty() { "the kernel".to_string() } else { format!("Linux {}", kernels.join(", ")) };
    let (rejects, returns, says) =
        if kernels.len() > 1 { ("reject", "return", "say") } else { ("rejects", "returns", "says") };
    let what = if row.program.is_empty() { "the program".to_string() } else { format!("program `{}`", row.program) };
    let does = if trace.errno.is_empty() {
        format!("{rejects} {what}")
    } else {
        format!("{returns} {} for {what}", trace.errno)
    };
    let of = if row.object.is_empty() { String::new() } else { format!(" of {}", row.object) };
    let says = match trace.message.as_str() {
        "" => format!("{who} {does}{of} and {says} nothing"),
        m => format!("{who} {does}{of} and {says}:\n{m}"),
    };
    for (i, s) in trace.suggestions.iter().enumerate() {
        let text = if i == 0 { s.text.clone() } else { format!("or: {}", s.text) };
        // What was tried is said to be; what was not is advice where others were.
        let (level, proof) = match &s.proof {
            Proof::NotTried if trace.suggestions.iter().all(|s| s.proof == Proof::NotTried) => {
                (Level::HELP, String::new())
            }
            Proof::NotTried => (Level::NOTE, "advice, not tried: ".into()),
            Proof::Accepted => (Level::HELP, "verified, the program is accepted then: ".into()),
            Proof::GetsPast(then) => (Level::HELP, format!("verified, gets past this (then: {then}): ")),
            Proof::DoesNotHelp(why) => (Level::NOTE, format!("does not help alone ({why}): ")),
        };
        main = main.element(level.message(format!("{} [{}]", fold(&format!("{proof}{text}")), s.code)));
    }
    main = main.element(Level::NOTE.message(says));
    if !trace.code.is_empty() {
        main = main.element(Level::NOTE.message(format!("`bpfvet explain {}` tells more", trace.code)));
    }
    groups.push(main);
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.render(&groups);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_in_its_line_and_between_characters() {
        let page = page(&[(7, (2, "aé".to_string())), (9, (0, String::new()))].into());
        assert_eq!(page.text, "  aé\n\n\n");
        assert_eq!(page.part(7, &(0..3)), Some(2..5));
        assert_eq!(page.part(7, &(0..2)), Some(2..3), "not through a character");
        assert_eq!(page.part(7, &(40..usize::MAX)), Some(5..5), "not behind the line");
        assert_eq!(page.part(9, &(0..4)), Some(7..7));
        assert_eq!(page.part(8, &(0..1)), None);
    }
}
