//! Backwards from the failing operand to where its value was established, checked, and lost.
//!
//! The walk follows one place at a time, the one that the rule is about; where a value is computed from several, it
//! follows the operand that is less known. Loops show as one step with a count.

use crate::cfg::flow::jump_target;
use crate::code;
use crate::error::{Code, LifetimeMsg, Msg};
use crate::isa::op::set_of;
use crate::isa::opcode::*;
use crate::isa::semantics::AluOp;
use crate::isa::{Flow, Insn, Op, Src};
use crate::program::LoadRequest;
use crate::state::{RegBase, RegState};

use super::path::{Change, Path, PathStep, Place};
use super::step::StepKind;
use super::value;

/// Longest chain shown: what is further back explains nothing.
const MAX_CHAIN: usize = 12;

/// What a step is about when it is not about a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Note {
    /// The value before and after.
    Value,
    /// A reference is acquired here.
    Acquired,
    /// A lock is taken, or a section begins here.
    Locked,
    /// From this branch the path leads to its end without giving back what it holds.
    LeavesWithout,
    /// A branch that goes round again.
    Round,
    /// A function's share of the stack, in bytes.
    Stack(u32),
}

/// A step before it is worded.
#[derive(Clone, Debug)]
pub(super) struct RawStep {
    pub kind: StepKind,
    pub insn: usize,
    /// Position on the path; `None` for the failing instruction, which is not on it.
    pub at: Option<usize>,
    pub place: Place,
    pub before: Option<RegState>,
    pub after: Option<RegState>,
    pub times: u32,
    pub note: Note,
}

/// The number that decides where an access goes: what it is multiplied by before it is used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Index {
    /// As it is used: an offset or size in bytes.
    pub bytes: RegState,
    /// As it was before it was multiplied.
    pub value: RegState,
    /// Bytes of one element.
    pub scale: u64,
    /// Instruction that added it to a pointer.
    pub added: Option<usize>,
    /// Most that other numbers added to the pointer.
    pub besides: u64,
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
    /// The pointer whose object is accessed, with its register.
    pub object: Option<(u8, RegState)>,
    /// The number that decides where.
    pub index: Option<Index>,
}

impl Slice {
    /// Position on the path where the value comes from.
    pub fn origin(&self) -> Option<usize> {
        self.steps.first().and_then(|s| s.at)
    }
}

/// Whether an instruction is a jump on a condition.
pub(super) fn is_branch(insn: Insn) -> bool {
    matches!(insn.decode().flow(), Flow::Branch(_))
}

fn frame_of(path: &Path) -> u8 {
    path.last.as_ref().map_or(0, |s| s.top_frame() as u8)
}

/// The register that the failing instruction is refused for, as far as instruction and states tell.
fn operand(
    insn: Insn,
    cause: Option<&Msg>,
    code: Option<Code>,
    held: &dyn Fn(u8) -> Option<RegState>,
    request: &LoadRequest,
) -> Option<u8> {
    let reg = held;
    if code.is_some_and(Code::needs_no_operand) {
        return None;
    }
    if insn.is_call() {
        if code == Some(code!(Call::MapFunc)) {
            return (1..=5).find(|n| reg(*n).is_some_and(|r: RegState| r.ty.base == RegBase::ConstPtrToMap));
        }
        // A memory argument and its size: the size is what may be too much.
        if code.is_some_and(Code::is_range_of_object) {
            let too_much = (1..=4u8).find(|n| {
                let (Some(p), Some(s)) = (reg(*n), reg(n + 1)) else { return false };
                let room = value::room(&p, request);
                s.is_scalar() && room.is_some_and(|room| i128::from(s.scalar.umax) > room || s.scalar.smin < 0)
            });
            // Or a memory argument at an offset that varies, and a size that does.
            let together = || {
                (1..=4u8).find(|n| {
                    let (Some(p), Some(s)) = (reg(*n), reg(n + 1)) else { return false };
                    let room = value::room(&p, request);
                    s.is_scalar()
                        && !p.scalar.is_const()
                        && room.is_some_and(|room| i128::from(p.scalar.umax) + i128::from(s.scalar.umax) > room)
                })
            };
            if let Some(n) = too_much.or_else(together) {
                return Some(n + 1);
            }
        }
    }
    if matches!(code, Some(code!(Register::OffsetUnbounded | Register::OffsetRange | Register::OffsetConstant)))
        && matches!(insn.class(), ALU | ALU64)
        && insn.is_reg_src()
    {
        let scalar = [insn.src, insn.dst].into_iter().find(|n| reg(*n).is_some_and(|r| r.is_scalar()));
        return scalar.or(Some(insn.dst));
    }
    if let Some(n) = cause.and_then(Msg::regno).filter(|n| *n <= 10) {
        return Some(n);
    }
    if insn.is_call()
        && let Some(n) = cause.and_then(Msg::argument).map(|a| a + 1).filter(|n| (1..=5).contains(n))
    {
        return Some(n);
    }
    match insn.class() {
        LDX => Some(insn.src),
        ST | STX => Some(insn.dst),
        ALU | ALU64 => Some(insn.dst),
        JMP if insn.is_exit() => Some(0),
        // Which of a call's arguments is meant, only the message tells.
        JMP | JMP32 if insn.is_call() => None,
        JMP | JMP32 => Some(insn.dst),
        _ => None,
    }
}

/// The pointer whose object the failing instruction accesses.
fn object(insn: Insn, regno: Option<u8>, held: &dyn Fn(u8) -> Option<RegState>) -> Option<(u8, RegState)> {
    let n = regno?;
    let own = held(n)?;
    if !own.is_scalar() {
        return Some((n, own));
    }
    let other = match insn.class() {
        ALU | ALU64 if insn.is_reg_src() => {
            if insn.src == n {
                insn.dst
            } else {
                insn.src
            }
        }
        _ if insn.is_call() => n.checked_sub(1).filter(|n| *n > 0)?,
        _ => return None,
    };
    let pointer = held(other)?;
    (!pointer.is_scalar()).then_some((other, pointer))
}

/// Slices the path.
///
/// `calls` names what an instruction calls.
pub(super) fn slice(
    path: &Path,
    request: &LoadRequest,
    cause: Option<&Msg>,
    code: Option<Code>,
    end: usize,
    calls: &dyn Fn(usize) -> Option<String>,
) -> Slice {
    let mut out = Slice::default();
    let insn = request.insns.get(end).copied();
    // Before exploration there are no states: the instruction alone is the place, where one is meant.
    let Some(last) = &path.last else {
        if code == Some(code!(Walk::UnknownOpcode)) {
            let place = Place::Reg { frame: 0, n: 0 };
            let step = RawStep {
                kind: StepKind::Failing,
                insn: end,
                at: None,
                place,
                before: None,
                after: None,
                times: 1,
                note: Note::Value,
            };
            out.steps.push(step);
        }
        return out;
    };
    out.insn = insn;
    let frame = frame_of(path);
    let failing = |n: u8, before: Option<RegState>| RawStep {
        kind: StepKind::Failing,
        insn: end,
        at: None,
        place: Place::Reg { frame, n },
        before,
        after: None,
        times: 1,
        note: Note::Value,
    };
    if let Some(Msg::Lifetime(LifetimeMsg::UnreleasedReference { insn: at, .. })) = cause {
        out.steps = held(path, request, end, *at as usize, Note::Acquired);
        out.failing = out.steps.first().and_then(|s| s.after);
        out.steps.push(failing(0, None));
        return out;
    }
    if code.is_some_and(Code::is_about_held) {
        const TAKES: &[&str] = &[
            "bpf_spin_lock",
            "bpf_res_spin_lock",
            "bpf_res_spin_lock_irqsave",
            "bpf_rcu_read_lock",
            "bpf_preempt_disable",
            "bpf_local_irq_save",
        ];
        let takes = |s: &&PathStep| calls(s.insn).is_some_and(|n| TAKES.contains(&n.as_str()));
        if let Some(step) = path.steps.iter().rev().find(takes) {
            out.steps = held(path, request, end, step.insn, Note::Locked);
        }
        out.steps.push(failing(0, None));
        return out;
    }
    if code.is_some_and(Code::is_endless) {
        out.steps = rounds(path, request);
        out.steps.push(failing(0, None));
        return out;
    }
    // A call that fails late has overwritten its arguments; the path tells what they were.
    let held = |n: u8| {
        let now = last.frame().regs.get(usize::from(n)).copied()?;
        let gone = now.ty.base == RegBase::NotInit && insn.is_some_and(Insn::is_call);
        let before = || value_before(path, path.steps.len(), Place::Reg { frame, n });
        if gone { before().or(Some(now)) } else { Some(now) }
    };
    let regno = insn.and_then(|i| operand(i, cause, code, &held, request));
    out.regno = regno;
    let value = regno.and_then(held);
    out.failing = value;
    let mut chain = vec![failing(regno.unwrap_or(0), value)];
    if let Some(n) = regno {
        back(path, path.steps.len(), request, Place::Reg { frame, n }, &mut chain);
    }
    out.object = insn.and_then(|i| object(i, regno, &held));
    out.index = index(&chain, path, request);
    chain.reverse();
    out.steps = chain;
    out
}

/// What is held at the end: where it was acquired, and the last branch from there to the end.
fn held(path: &Path, request: &LoadRequest, end: usize, acquired: usize, note: Note) -> Vec<RawStep> {
    let Some(at) = path.steps.iter().rposition(|s| s.insn == acquired) else { return Vec::new() };
    let step = &path.steps[at];
    let result = step.changes.iter().find(|c| matches!(c.place, Place::Reg { n: 0, .. }));
    let place = result.map_or(Place::Reg { frame: step.frame, n: 0 }, |c| c.place);
    let after = result.and_then(|c| c.after);
    let raw = |kind, insn, at, note| RawStep { kind, insn, at: Some(at), place, before: None, after, times: 1, note };
    let mut out = vec![raw(StepKind::Established, acquired, at, note)];
    // A call under a lock fails where it stands; only an end that forgot something has a way that led to it.
    if request.insns.get(end).is_some_and(|i| i.is_exit()) {
        let branch = (at + 1..path.steps.len()).rev().find(|i| {
            let s = &path.steps[*i];
            // A check of the reference itself is not what went wrong: where it is null nothing is held.
            let about_it = s.changes.iter().any(|c| {
                let held = |r: Option<RegState>| r.is_some_and(|r| r.ref_obj_id != 0);
                held(c.before) && held(c.after)
            });
            request.insns.get(s.insn).is_some_and(|i| is_branch(*i)) && !about_it
        });
        if let Some(i) = branch {
            out.push(raw(StepKind::Checked, path.steps[i].insn, i, Note::LeavesWithout));
        }
    }
    out
}

/// Branches back that the path takes, with how often it takes each: the innermost that goes round most often first.
fn rounds(path: &Path, request: &LoadRequest) -> Vec<RawStep> {
    let mut seen: Vec<(usize, Option<usize>, u32)> = Vec::new();
    let older = path.older.iter().map(|i| (*i as usize, None));
    let walked = older.chain(path.steps.iter().enumerate().map(|(i, s)| (s.insn, Some(i))));
    let next = walked.clone().map(|(insn, _)| insn).skip(1).chain([path.end]);
    for ((insn, at), next) in walked.zip(next) {
        let target = request.insns.get(insn).and_then(|x| jump_target(*x, insn));
        let back = target.is_some_and(|to| to <= insn && to == next);
        if !back {
            continue;
        }
        match seen.iter_mut().find(|(x, _, _)| *x == insn) {
            Some((_, first, n)) => {
                *n = n.saturating_add(1);
                *first = first.or(at);
            }
            None => seen.push((insn, at, 1)),
        }
    }
    let round = |(insn, at, times): (usize, Option<usize>, u32)| RawStep {
        kind: StepKind::Checked,
        insn,
        at,
        place: Place::Reg { frame: 0, n: 0 },
        before: None,
        after: None,
        times,
        note: Note::Round,
    };
    seen.into_iter().map(round).take(3).collect()
}

/// Walks back from step `from`, following `place`.
fn back(path: &Path, from: usize, request: &LoadRequest, mut place: Place, chain: &mut Vec<RawStep>) {
    // Bytes of the stack that were read last: neighbours in the same slot are other variables.
    let mut window: Option<Bytes> = None;
    for (i, step) in path.steps[..from.min(path.steps.len())].iter().enumerate().rev() {
        if chain.len() > MAX_CHAIN {
            return;
        }
        let Some(insn) = request.insns.get(step.insn).copied() else { return };
        let stored = matches!(place, Place::Slot { .. }).then(|| stored_bytes(path, i, step, insn)).flatten();
        if let (Some(read), Some(written)) = (window, stored)
            && !read.meets(written)
        {
            continue;
        }
        let unkept = Change { place, before: None, after: None };
        let change = match step.changes.iter().find(|c| c.place == place) {
            Some(change) => change,
            // A store of a part leaves no more known of a slot than before, but it is where the number went.
            None if stored.is_some_and(|s| s.slot() == Some(place)) => &unkept,
            None => continue,
        };
        let (kind, source) = classify(path, i, step, insn, place, change.before.as_ref(), change.after.as_ref());
        // What goes to the stack is known there, even where it is not kept with it.
        // What a copy overwrites is of no interest, what it copies is.
        let before = match (kind, &source) {
            (StepKind::Spilled, Source::Other(from)) => value_before(path, i, *from),
            (StepKind::Computed, Source::Other(from)) if insn.op() == MOV => value_before(path, i, *from),
            (StepKind::Established | StepKind::Filled | StepKind::Copied, _) => None,
            _ => change.before,
        };
        let raw = RawStep {
            kind,
            insn: step.insn,
            at: Some(i),
            place,
            before,
            after: change.after,
            times: 1,
            note: Note::Value,
        };
        let nothing_new = kind == StepKind::Checked
            && matches!((&raw.before, &raw.after), (Some(b), Some(a)) if b.ty == a.ty && b.scalar == a.scalar && b.range() == a.range());
        if !nothing_new {
            match chain.iter_mut().find(|s| s.insn == raw.insn && s.kind == raw.kind && s.place == raw.place) {
                // The same step of an earlier round: the first round counts, the others are a number.
                Some(seen) if seen.kind != StepKind::Failing => {
                    seen.times += 1;
                    seen.before = raw.before;
                }
                _ => chain.push(raw),
            }
        }
        match source {
            Source::Same => {}
            Source::Other(next) => {
                window = match (kind, next) {
                    (StepKind::Filled, Place::Slot { .. }) => stack_bytes(path, i, step, insn, insn.src),
                    _ => None,
                };
                place = next;
            }
            Source::None => return,
        }
    }
}

/// Some bytes of a frame's stack.
#[derive(Clone, Copy)]
struct Bytes {
    frame: u8,
    off: i64,
    size: i64,
}

impl Bytes {
    fn meets(self, o: Bytes) -> bool {
        self.frame == o.frame && self.off < o.off + o.size && o.off < self.off + self.size
    }

    fn slot(self) -> Option<Place> {
        let n = u8::try_from((-self.off - 1) / 8).ok().filter(|_| self.off < 0)?;
        Some(Place::Slot { frame: self.frame, n })
    }
}

/// The bytes that a load or store through a register touches, where it is the stack.
fn stack_bytes(path: &Path, i: usize, step: &PathStep, insn: Insn, reg: u8) -> Option<Bytes> {
    let size = i64::from(insn.access_size());
    if reg == 10 {
        return Some(Bytes { frame: step.frame, off: i64::from(insn.off), size });
    }
    let base = value_before(path, i, Place::Reg { frame: step.frame, n: reg })?;
    if base.ty.base != RegBase::PtrToStack || !base.scalar.var_off.is_const() {
        return None;
    }
    let off = i64::from(base.off) + base.scalar.var_off.value as i64 + i64::from(insn.off);
    Some(Bytes { frame: base.frame_number as u8, off, size })
}

/// The bytes of the stack that a store writes.
fn stored_bytes(path: &Path, i: usize, step: &PathStep, insn: Insn) -> Option<Bytes> {
    let plain = matches!(insn.decode(), Op::Store { .. });
    plain.then(|| stack_bytes(path, i, step, insn, insn.dst)).flatten()
}

/// The position on the path where the value of `place` after step `at` comes from.
pub(super) fn origin(path: &Path, request: &LoadRequest, at: usize, place: Place) -> Option<usize> {
    let mut chain = Vec::new();
    back(path, at + 1, request, place, &mut chain);
    chain.last().and_then(|s| s.at)
}

/// The number behind the failing operand, and by how much it was multiplied. `chain` is in reverse order.
fn index(chain: &[RawStep], path: &Path, request: &LoadRequest) -> Option<Index> {
    let failing = chain.first()?.before?;
    let mut rest = &chain[1..];
    let (mut added, mut besides) = (None, 0u64);
    let bytes = if failing.is_scalar() {
        failing
    } else {
        // The step at which a number was added to the pointer.
        let adds = |s: &RawStep| {
            let insn = request.insns.get(s.insn).copied().unwrap_or_default();
            matches!(insn.class(), ALU | ALU64) && matches!(insn.op(), ADD | SUB) && insn.is_reg_src()
        };
        let operands = |s: &RawStep| {
            let insn = request.insns.get(s.insn)?;
            let Place::Reg { frame, .. } = s.place else { return None };
            let held = [insn.src, insn.dst].map(|n| value_before(path, s.at?, Place::Reg { frame, n }));
            let number = held.iter().flatten().find(|r| r.is_scalar())?.scalar.umax;
            let pointer = held.iter().flatten().find(|r| !r.is_scalar())?.scalar.umax;
            Some((number, pointer))
        };
        // Of several numbers added one after the other, the one that is least known.
        let mut add = rest.iter().position(adds)?;
        while let Some((number, _)) = operands(&rest[add]).filter(|(n, p)| n < p)
            && let Some(next) = rest.iter().skip(add + 1).position(adds)
        {
            besides = besides.saturating_add(number);
            add += 1 + next;
        }
        let step = &rest[add];
        let insn = request.insns.get(step.insn)?;
        let Place::Reg { frame, .. } = step.place else { return None };
        added = Some(step.insn);
        rest = &rest[add + 1..];
        let operands = [insn.src, insn.dst].map(|n| value_before(path, step.at?, Place::Reg { frame, n }));
        operands.into_iter().flatten().find(RegState::is_scalar)?
    };
    let (mut scale, mut value) = (1u64, bytes);
    for (i, s) in rest.iter().enumerate() {
        let insn = request.insns.get(s.insn).copied().unwrap_or_default();
        if s.kind != StepKind::Computed || insn.is_reg_src() {
            if s.kind == StepKind::Copied {
                continue;
            }
            break;
        }
        let n = u32::try_from(insn.imm).unwrap_or(0);
        let before = rest.get(i + 1).and_then(|p| request.insns.get(p.insn)).copied().unwrap_or_default();
        let widened = before.op() == LSH && before.imm == 32 && matches!(before.class(), ALU64);
        match insn.op() {
            LSH if n < 32 => {
                scale = scale.saturating_mul(1 << n);
                value = s.before.unwrap_or(value);
            }
            MUL if n > 0 => {
                scale = scale.saturating_mul(u64::from(n));
                value = s.before.unwrap_or(value);
            }
            // `<<= 32; >>= 29` cuts to 32 bits and multiplies by 8.
            RSH | ARSH if widened && n <= 32 => {
                let by = 1 << (32 - n);
                scale = scale.saturating_mul(by);
                let v = &mut value.scalar;
                (v.umin, v.umax, v.smin, v.smax) = (v.umin / by, v.umax / by, v.smin / by as i64, v.smax / by as i64);
                break;
            }
            _ => break,
        }
    }
    // `(x >> 7) & ~7` is an index times 8, too: what is a multiple counts elements.
    let low = bytes.scalar.var_off.mask.trailing_zeros();
    if scale == 1 && added.is_some() && (1..=6).contains(&low) && bytes.scalar.var_off.value & ((1 << low) - 1) == 0 {
        scale = 1 << low;
        let v = &mut value.scalar;
        (v.umin, v.umax, v.smin, v.smax) =
            (v.umin / scale, v.umax / scale, v.smin / scale as i64, v.smax / scale as i64);
        v.var_off = crate::domain::Tnum { value: v.var_off.value >> low, mask: v.var_off.mask >> low };
    }
    Some(Index { bytes, value, scale: scale.max(1), added, besides })
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

/// What a place held before step `i`, from the newest change before it.
pub(super) fn value_before(path: &Path, i: usize, place: Place) -> Option<RegState> {
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
        return match insn.decode() {
            Op::Store { src: Src::Reg(src), .. } | Op::Atomic { src, .. } | Op::StoreRelease { src, .. } => {
                (StepKind::Spilled, Source::Other(reg(src)))
            }
            _ if lost => (StepKind::Lost, Source::Same),
            Op::Store { .. } => (StepKind::Established, Source::None),
            _ => (StepKind::Checked, Source::Same),
        };
    }
    let Place::Reg { n, frame: in_frame } = place else { return (StepKind::Established, Source::None) };
    if in_frame != frame {
        // A call copied its arguments into a new frame, or a return its result into this one; what a callback is
        // given is made by the helper that calls it.
        if insn.is_helper_call() || insn.is_kfunc_call() {
            return (StepKind::Established, Source::None);
        }
        let from = if insn.is_exit() { reg(0) } else { reg(n) };
        return (StepKind::Copied, Source::Other(from));
    }
    let op = insn.decode();
    if op.effect().defs & set_of(n) == 0 {
        return match op.flow() {
            Flow::Next if lost || insn.is_call() => (StepKind::Lost, Source::Same),
            _ => (StepKind::Checked, Source::Same),
        };
    }
    match op {
        Op::Call { .. } | Op::CallReg { .. } | Op::PacketLoad { .. } if n != 0 => (StepKind::Lost, Source::Same),
        Op::Alu { op: AluOp::Mov, wide: true, src: Src::Reg(src), .. } => (StepKind::Copied, Source::Other(reg(src))),
        Op::Alu { op: AluOp::Mov, src: Src::Reg(src), .. } | Op::MoveAs { src, .. } => {
            (StepKind::Computed, Source::Other(reg(src)))
        }
        Op::Alu { op: AluOp::Mov, .. } => (StepKind::Established, Source::None),
        Op::Alu { .. } | Op::ByteOrder { .. } => {
            // Of two operands the one that is less known explains more; a pointer is explained by what is added to it.
            let other = insn.is_reg_src().then(|| value_before(path, i, reg(insn.src))).flatten();
            let own_pointer = before.is_some_and(|b| b.ty.base != RegBase::Scalar);
            let other_varies = other.is_some_and(|o| o.ty.base == RegBase::Scalar && !o.scalar.var_off.is_const());
            // Of what was added to a pointer, the part that is least known.
            let less = |b: &RegState, o: &RegState| o.scalar.umax >= b.scalar.umax || b.scalar.var_off.is_const();
            let weighs = own_pointer && before.zip(other.as_ref()).is_none_or(|(b, o)| less(b, o));
            let follow_other =
                insn.is_reg_src() && insn.src != insn.dst && other_varies && (weighs || is_known(before));
            let next = if follow_other { Source::Other(reg(insn.src)) } else { Source::Same };
            (StepKind::Computed, next)
        }
        Op::Load { base, .. } => match stack_bytes(path, i, step, insn, base).and_then(Bytes::slot) {
            Some(slot) => (StepKind::Filled, Source::Other(slot)),
            None => (StepKind::Established, Source::None),
        },
        _ => (StepKind::Established, Source::None),
    }
}

fn is_known(r: Option<&RegState>) -> bool {
    r.is_some_and(|r| r.ty.base == RegBase::Scalar && r.scalar.var_off.is_const())
}
