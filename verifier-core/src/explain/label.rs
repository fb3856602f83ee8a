//! Steps in words: which are worth showing, and what stands beside their lines.

use crate::analysis::Report;
use crate::isa::Insn;
use crate::isa::disasm::{Names, write_insn};
use crate::isa::opcode::*;
use crate::program::LoadRequest;
use crate::state::{RegBase, RegState};

use super::path::Place;
use super::slice::{Note, RawStep};
use super::step::{Step, StepKind};
use super::suggest::Facts;
use super::value;

/// Names of what instructions call.
struct Calls<'a, 'b>(&'a Facts<'b>);

impl Names for Calls<'_, '_> {
    fn helper(&self, id: i32) -> Option<String> {
        u32::try_from(id).ok().and_then(crate::kernel::helpers::name_of).map(str::to_string)
    }
    fn kfunc(&self, insn: Insn) -> Option<String> {
        (insn.off == 0).then(|| self.0.system.vmlinux.ty(insn.imm as u32).map(|t| t.name().to_string()))?
    }
}

/// Functions that share the stack, with what each takes.
pub(super) fn stacks(report: &Report, request: &LoadRequest) -> Vec<RawStep> {
    let first = |i: usize| request.func_info.get(i).map_or(0, |f| f.insn_off as usize);
    let mut out: Vec<RawStep> = report
        .stack_depth
        .iter()
        .enumerate()
        .filter(|(_, depth)| **depth > 0)
        .map(|(i, depth)| RawStep {
            kind: StepKind::Established,
            insn: first(i),
            at: None,
            place: Place::Reg { frame: 0, n: 10 },
            before: None,
            after: None,
            times: 1,
            note: Note::Stack(*depth),
        })
        .collect();
    // The largest share is what there is to save.
    if let Some(largest) = out.iter_mut().max_by_key(|s| if let Note::Stack(n) = s.note { n } else { 0 }) {
        largest.kind = StepKind::Failing;
    }
    out
}

/// The steps that are shown, worded.
pub(super) fn steps(facts: &Facts<'_>, here: &str) -> Vec<Step> {
    let mut shown: Vec<RawStep> = Vec::new();
    for s in &facts.slice.steps {
        match shown.last_mut() {
            Some(last) if joins(facts, last, s) => {
                // Where a value comes from is where its line begins; a computation is done at its end.
                if last.kind != StepKind::Established {
                    last.insn = s.insn;
                }
                last.place = s.place;
                last.after = s.after;
                last.times = last.times.max(s.times);
            }
            _ => shown.push(s.clone()),
        }
    }
    shown.iter().filter(|s| worth(facts, s)).map(|s| word(facts, s, here)).collect()
}

fn is_pointer(r: Option<RegState>) -> bool {
    r.is_some_and(|r| !r.is_scalar())
}

/// Whether two steps are one for people: a computation on one line.
fn joins(facts: &Facts<'_>, a: &RawStep, b: &RawStep) -> bool {
    let quiet =
        |k: StepKind| matches!(k, StepKind::Established | StepKind::Copied | StepKind::Computed | StepKind::Filled);
    let line = |s: &RawStep| facts.lines.line(s.insn).map(|l| (l.source.file, l.source.line));
    let later = matches!(b.kind, StepKind::Copied | StepKind::Computed);
    // What a load gives and what is then computed of it are two things to say.
    let same = b.kind == StepKind::Copied
        || !matches!(a.kind, StepKind::Established | StepKind::Filled)
        || is_pointer(a.after);
    quiet(a.kind)
        && later
        && same
        && a.note == Note::Value
        && b.note == Note::Value
        && is_pointer(a.after) == is_pointer(b.after)
        && line(a).is_some()
        && line(a) == line(b)
}

/// A copy into another register says nothing, unless the source gives it a name.
fn worth(facts: &Facts<'_>, s: &RawStep) -> bool {
    match s.kind {
        StepKind::Copied => {
            let named = facts.value_of(s).is_some();
            named || matches!(s.place, Place::Reg { frame, .. } if frame > 0 && facts.lines.insn(s.insn).is_call())
        }
        _ => true,
    }
}

fn word(facts: &Facts<'_>, s: &RawStep, here: &str) -> Step {
    let request = facts.request;
    let mut insn_text = String::new();
    if let Some(insn) = request.insns.get(s.insn) {
        let next = request.insns.get(s.insn + 1).copied();
        // Writing into a `String` cannot fail.
        let _ = write_insn(&mut insn_text, *insn, next, &Calls(facts), false);
    }
    let value = |reg: &Option<RegState>| {
        reg.as_ref().map(|r| value::words(r, request, &facts.system.vmlinux)).unwrap_or_default()
    };
    let line = facts.lines.line(s.insn);
    let focus = match &line {
        Some(l) => focus_of(l, s),
        None => 0..insn_text.len(),
    };
    let (before, after) = (value(&s.before), value(&s.after));
    let label = label(facts, s, &before, &after, here);
    Step {
        kind: s.kind,
        insn: s.insn,
        insn_text,
        place: s.place.words(),
        before,
        after,
        column: line.as_ref().filter(|l| l.at.is_some()).map_or(0, |l| (l.indent + focus.start + 1) as u32),
        source: line.map(|l| l.source),
        times: s.times,
        label,
        focus,
    }
}

/// What to underline: the whole statement of a check, else the expression.
fn focus_of(line: &super::lines::Line, s: &RawStep) -> std::ops::Range<usize> {
    let code = 0..super::names::code_end(&line.source.text);
    let whole = matches!(s.kind, StepKind::Checked | StepKind::Spilled)
        || matches!(s.note, Note::Stack(_) | Note::Acquired | Note::Locked);
    if whole || line.source.text.starts_with("if ") && s.kind == StepKind::Failing { code } else { line.focus() }
}

fn label(facts: &Facts<'_>, s: &RawStep, before: &str, after: &str, here: &str) -> String {
    let times = if s.times > 1 { format!(" ({} times)", s.times) } else { String::new() };
    let register = s.place.words();
    let line = facts.lines.line(s.insn);
    let known = [facts.index_name(), facts.pointer_name()];
    let value = facts.value_of(s);
    let name = match (s.kind, &line) {
        (StepKind::Checked | StepKind::Lost | StepKind::Spilled | StepKind::Failing, Some(l)) => {
            let wanted = if s.before.or(s.after).is_some_and(|r| r.is_scalar()) { &known[0] } else { &known[1] };
            wanted.as_deref().filter(|n| super::names::mentions(&l.source.text, n))
        }
        (_, Some(_)) => value.as_deref(),
        (_, None) => None,
    };
    let subject = match name {
        Some(n) => format!("`{n}` ({register})"),
        None => register.clone(),
    };
    match s.note {
        Note::Acquired => {
            let call = facts.call(s.insn).unwrap_or("the call".into());
            return format!("{call} hands out a reference here");
        }
        Note::Locked => return "the lock is taken here".into(),
        Note::LeavesWithout => return "from here the path leads to the end without giving it back".into(),
        Note::Round => return format!("goes round again here, {} times on the path that was followed", s.times),
        Note::Stack(n) => return format!("this function takes {n} bytes of stack"),
        Note::Value => {}
    }
    let text = match s.kind {
        StepKind::Failing if !here.is_empty() => here.to_string(),
        StepKind::Failing if before.is_empty() => "rejected here".into(),
        StepKind::Failing => format!("rejected here: {register} is {before}"),
        // A callback runs in a frame of its own, above that of the call.
        StepKind::Established
            if matches!(s.place, Place::Reg { n: 1..=5, frame: 1.. }) && facts.call(s.insn).is_some() =>
        {
            format!("{} gives its callback: {after}", facts.call(s.insn).unwrap_or_default())
        }
        StepKind::Established => match facts.call(s.insn) {
            Some(call) => format!("{subject} is what {call} returns: {after}"),
            None if facts.lines.insn(s.insn).class() == LDX => format!("{subject} is loaded: {after}"),
            None => format!("{subject} is {after}"),
        },
        StepKind::Copied => format!("copied to {subject}: {after}"),
        StepKind::Computed if is_pointer(s.after) => format!("{subject} is computed: {after}"),
        StepKind::Computed if before.is_empty() || before == after || name.is_some() => {
            format!("{subject} is computed: {after}")
        }
        StepKind::Computed => format!("{subject} was {before}, becomes {after}"),
        StepKind::Spilled if after.is_empty() => {
            let bytes = facts.lines.insn(s.insn).access_size();
            format!("stored as {bytes} bytes at {register}, where its limits are not kept: {before}")
        }
        StepKind::Spilled => format!("stored on the stack ({register}): {before}"),
        StepKind::Filled => format!("read back from the stack: {after}"),
        StepKind::Checked => format!("after this check {subject} is {after}"),
        StepKind::Lost => {
            let call = facts.call(s.insn);
            let what = match (&call, s.before.map(|b| b.ty.base)) {
                (Some(c), Some(RegBase::PtrToPacket | RegBase::PtrToPacketMeta | RegBase::PtrToPacketEnd)) => {
                    format!("{c} may move the packet")
                }
                (Some(c), Some(RegBase::Scalar) | None) => format!("{c} overwrites it"),
                (Some(c), _) => format!("{c} gives it back"),
                (None, _) => "overwritten here".into(),
            };
            format!("{what}: {subject} ({before}) is not valid any more")
        }
    };
    text + &times
}
