//! Backwards from the failing operand to where its value was established, checked, and lost.
//!
//! The walk follows one place at a time, the one that the rule is about; where a value is computed from several, it
//! follows the operand that is less known. Loops show as one step with a count.

use crate::error::{LifetimeMsg, Msg};
use crate::isa::Insn;
use crate::isa::opcode::*;
use crate::program::LoadRequest;
use crate::state::{RegBase, RegState};

use super::StepKind;
use super::path::{Path, PathStep, Place};

/// Longest chain shown: what is further back explains nothing.
const MAX_CHAIN: usize = 12;

/// A step before it is worded.
#[derive(Clone, Debug)]
pub(super) struct RawStep {
    pub kind: StepKind,
    pub insn: usize,
    pub place: Place,
    pub before: Option<RegState>,
    pub after: Option<RegState>,
    pub times: u32,
}

/// The chain, and what the failing operand held.
#[derive(Clone, Debug, Default)]
pub(super) struct Slice {
    /// In order of execution.
    pub steps: Vec<RawStep>,
    /// The failing operand's value.
    pub failing: Option<RegState>,
    /// The register the rule is about, if one is.
    pub regno: Option<u8>,
    /// The failing instruction.
    pub insn: Option<Insn>,
}

fn frame_of(path: &Path) -> u8 {
    path.last.as_ref().map_or(0, |s| s.curframe() as u8)
}

/// The register that the failing instruction is most likely refused for.
fn operand(insn: Insn, cause: Option<&Msg>) -> Option<u8> {
    if let Some(n) = cause.and_then(Msg::regno).filter(|n| *n <= 10) {
        return Some(n);
    }
    match insn.class() {
        LDX => Some(insn.src),
        ST | STX => Some(insn.dst),
        ALU | ALU64 => Some(insn.dst),
        JMP | JMP32 if insn.is_call() => Some(1),
        JMP if insn.is_exit() => Some(0),
        JMP | JMP32 => Some(insn.dst),
        _ => None,
    }
}

/// Slices the path.
pub(super) fn slice(path: &Path, request: &LoadRequest, cause: Option<&Msg>, end: usize) -> Slice {
    let mut out = Slice::default();
    // Before exploration there are no states: the instruction alone is the place.
    let Some(last) = &path.last else { return out };
    let insn = request.insns.get(end).copied();
    out.insn = insn;
    if let Some(Msg::Lifetime(LifetimeMsg::UnreleasedReference { insn: at, .. })) = cause {
        return leak(path, end, *at as usize);
    }
    let regno = insn.and_then(|i| operand(i, cause));
    out.regno = regno;
    let frame = frame_of(path);
    let place = Place::Reg { frame, n: regno.unwrap_or(0) };
    let value = regno.and_then(|n| last.frame().regs.get(usize::from(n))).copied();
    out.failing = value;
    let mut chain = vec![RawStep { kind: StepKind::Failing, insn: end, place, before: value, after: None, times: 1 }];
    if regno.is_some() {
        back(path, request, place, &mut chain);
    }
    chain.reverse();
    out.steps = chain;
    out
}

/// A leaked reference: where it was acquired, and where the path ends without releasing it.
fn leak(path: &Path, end: usize, acquired: usize) -> Slice {
    let frame = frame_of(path);
    let at = path.steps.iter().rev().find(|s| s.insn == acquired);
    let result = at.and_then(|s| s.changes.iter().find(|c| matches!(c.place, Place::Reg { n: 0, .. })));
    let place = result.map_or(Place::Reg { frame, n: 0 }, |c| c.place);
    let value = result.and_then(|c| c.after);
    let established =
        RawStep { kind: StepKind::Established, insn: acquired, place, before: None, after: value, times: 1 };
    let failing = RawStep { kind: StepKind::Failing, insn: end, place, before: None, after: None, times: 1 };
    Slice { steps: vec![established, failing], failing: value, regno: None, insn: None }
}

/// Walks back from the newest step, following `place`.
fn back(path: &Path, request: &LoadRequest, mut place: Place, chain: &mut Vec<RawStep>) {
    for (i, step) in path.steps.iter().enumerate().rev() {
        if chain.len() > MAX_CHAIN {
            return;
        }
        let Some(change) = step.changes.iter().find(|c| c.place == place) else { continue };
        let Some(insn) = request.insns.get(step.insn).copied() else { return };
        let (kind, source) = classify(path, i, step, insn, place, change.before.as_ref(), change.after.as_ref());
        let raw =
            RawStep { kind, insn: step.insn, place, before: change.before, after: change.after, times: 1 };
        match chain.iter_mut().find(|s| s.insn == raw.insn && s.kind == raw.kind && s.place == raw.place) {
            // The same step of an earlier round: the first round counts, the others are a number.
            Some(seen) if seen.kind != StepKind::Failing => {
                seen.times += 1;
                seen.before = raw.before;
            }
            _ => chain.push(raw),
        }
        match source {
            Source::Same => {}
            Source::Other(next) => place = next,
            Source::None => return,
        }
    }
}

/// Where the value came from.
enum Source {
    /// It stays in this place: it was only looked at.
    Same,
    /// From another place.
    Other(Place),
    /// From nowhere further.
    None,
}

fn slot_place(base: &RegState, off: i16, frame: u8) -> Option<Place> {
    if base.ty.base != RegBase::PtrToStack || !base.scalar.var_off.is_const() {
        return None;
    }
    let at = i64::from(base.off) + base.scalar.var_off.value as i64 + i64::from(off);
    let n = u8::try_from((-at - 1) / 8).ok().filter(|_| at < 0)?;
    let _ = frame;
    Some(Place::Slot { frame: base.frameno as u8, n })
}

/// What a place held before step `i`, from the newest change before it.
fn value_before(path: &Path, i: usize, place: Place) -> Option<RegState> {
    let older = path.steps[..i].iter().rev();
    older.flat_map(|s| s.changes.iter()).find(|c| c.place == place).and_then(|c| c.after)
}

fn classify(
    path: &Path,
    i: usize,
    step: &PathStep,
    insn: Insn,
    place: Place,
    before: Option<&RegState>,
    after: Option<&RegState>,
) -> (StepKind, Source) {
    let frame = step.frame;
    let reg = |n: u8| Place::Reg { frame, n };
    let lost = after.is_none();
    if let Place::Slot { .. } = place {
        return match insn.class() {
            STX => (StepKind::Spilled, Source::Other(reg(insn.src))),
            _ if lost => (StepKind::Lost, Source::Same),
            ST => (StepKind::Established, Source::None),
            _ => (StepKind::Checked, Source::Same),
        };
    }
    let Place::Reg { n, frame: in_frame } = place else { return (StepKind::Established, Source::None) };
    if in_frame != frame {
        // A call copied its arguments into a new frame, or a return its result into this one.
        let from = if insn.is_exit() { reg(0) } else { reg(n) };
        return (StepKind::Copied, Source::Other(from));
    }
    let written = match insn.class() {
        ALU | ALU64 | LDX | LD => insn.dst == n,
        _ => false,
    };
    if !written {
        return match insn.class() {
            JMP | JMP32 if insn.is_call() && n == 0 => (StepKind::Established, Source::None),
            JMP | JMP32 if insn.is_call() => (StepKind::Lost, Source::Same),
            JMP | JMP32 => (StepKind::Checked, Source::Same),
            STX if insn.mode() == ATOMIC => (StepKind::Established, Source::None),
            _ if lost => (StepKind::Lost, Source::Same),
            _ => (StepKind::Checked, Source::Same),
        };
    }
    match insn.class() {
        ALU | ALU64 if insn.op() == MOV => {
            if !insn.is_reg_src() {
                return (StepKind::Established, Source::None);
            }
            let plain = insn.class() == ALU64 && insn.off == 0;
            (if plain { StepKind::Copied } else { StepKind::Computed }, Source::Other(reg(insn.src)))
        }
        ALU | ALU64 => {
            // Of two operands the one that is less known explains more; a pointer is explained by what is added to it.
            let other = insn.is_reg_src().then(|| value_before(path, i, reg(insn.src))).flatten();
            let own_pointer = before.is_some_and(|b| b.ty.base != RegBase::Scalar);
            let other_varies = other.is_some_and(|o| o.ty.base == RegBase::Scalar && !o.scalar.var_off.is_const());
            let follow_other = insn.is_reg_src() && insn.src != insn.dst && other_varies && (own_pointer || is_known(before));
            let next = if follow_other { Source::Other(reg(insn.src)) } else { Source::Same };
            (StepKind::Computed, next)
        }
        LDX => {
            let base = value_before(path, i, reg(insn.src));
            match base.and_then(|b| slot_place(&b, insn.off, frame)).or_else(|| frame_slot(insn, frame)) {
                Some(slot) => (StepKind::Filled, Source::Other(slot)),
                None => (StepKind::Established, Source::None),
            }
        }
        _ => (StepKind::Established, Source::None),
    }
}

fn is_known(r: Option<&RegState>) -> bool {
    r.is_some_and(|r| r.ty.base == RegBase::Scalar && r.scalar.var_off.is_const())
}

/// The slot that a load through R10 reads: R10 never changes, so no step tells what it holds.
fn frame_slot(insn: Insn, frame: u8) -> Option<Place> {
    let off = i32::from(insn.off);
    let n = u8::try_from((-off - 1) / 8).ok().filter(|_| insn.src == 10 && off < 0)?;
    Some(Place::Slot { frame, n })
}
