//! Where pointers into stack frames go, before the walk, and which stack slots are read later (7.1).
//!
//! A forward data-flow pass per function finds what each register, and each slot that a register was saved in, may point
//! to: places of a frame, a frame, some frames, or none. A function that is handed such pointers is analysed anew for each
//! call. What each instruction reads and certainly overwrites of the frames it can see follows from that, in halves of
//! slots, and a backward pass tells what is alive before it. The walk then asks whether a half of a slot is alive.
//!
//! In the kernel: `kernel/bpf/liveness.c`.

use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

use crate::btf::BtfKind;
use crate::cfg::successors;
use crate::error::{Errno, LimitMsg, Res, Stop};
use crate::isa::opcode::{ALU64, LDX, STX};
use crate::isa::semantics::AluOp;
use crate::isa::{Insn, Op, Src};
use crate::kernel::call::{ArgBase, TypeFlags};
use crate::log::Event;

use super::super::liveness::frames::{FRAMES, FrameLiveness, Halves, Run, Sets, Touch};
use super::super::{Draft, helper_proto, kfunc};
use super::constants::{Known, KnownRegs};
use super::fastcall::params_of_call;

/// Slots of a frame.
const SLOTS: usize = 64;

/// Most functions analysed, counted once for each call.
const MAX_RUNS: u32 = 10_000;

/// What a value may point to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Points {
    /// The instruction was not reached yet.
    #[default]
    Unseen,
    /// Into no frame.
    Nowhere,
    /// Into some of these frames, as bits.
    Somewhere(u16),
    /// Into this frame.
    Into(u8, Offsets),
}

/// Offsets from a frame pointer, in order; none: not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Offsets {
    len: u8,
    at: [i16; 4],
}

impl Offsets {
    const UNKNOWN: Offsets = Offsets { len: 0, at: [0; 4] };

    fn one(at: i16) -> Offsets {
        Offsets { len: 1, at: [at, 0, 0, 0] }
    }

    fn list(&self) -> &[i16] {
        &self.at[..usize::from(self.len)]
    }

    /// Both; more than fit are not known.
    fn union(self, o: Offsets) -> Offsets {
        if self.len == 0 || o.len == 0 {
            return Offsets::UNKNOWN;
        }
        let mut all: Vec<i16> = self.list().iter().chain(o.list()).copied().collect();
        all.sort_unstable();
        all.dedup();
        let mut out = Offsets { len: all.len() as u8, at: [0; 4] };
        if all.len() > out.at.len() {
            return Offsets::UNKNOWN;
        }
        out.at[..all.len()].copy_from_slice(&all);
        out
    }

    /// All moved; one that leaves 16 bits makes them unknown.
    fn moved(mut self, by: i64) -> Offsets {
        for at in &mut self.at[..usize::from(self.len)] {
            match i16::try_from(i64::from(*at) + by).ok().filter(|_| i16::try_from(by).is_ok()) {
                Some(new) => *at = new,
                None => return Offsets::UNKNOWN,
            }
        }
        self
    }
}

impl Points {
    fn into_frame(self) -> bool {
        matches!(self, Points::Somewhere(_) | Points::Into(..))
    }

    fn frame(self) -> Option<u8> {
        if let Points::Into(frame, _) = self { Some(frame) } else { None }
    }

    fn offsets(self) -> Offsets {
        if let Points::Into(_, at) = self { at } else { Offsets::UNKNOWN }
    }

    fn frames(self) -> u16 {
        match self {
            Points::Into(frame, _) => 1 << frame,
            Points::Somewhere(mask) => mask,
            _ => 0,
        }
    }

    /// What it may point to on either of two paths.
    fn join(self, o: Points) -> Points {
        use Points::*;
        match (self, o) {
            (a, Unseen) => a,
            (Unseen, b) => b,
            (Into(f, a), Into(g, b)) if f == g => Into(f, a.union(b)),
            (Nowhere, Nowhere) => Nowhere,
            // A second offset keeps what is written there from counting as overwritten.
            (Into(f, a), Nowhere) | (Nowhere, Into(f, a)) if a.len == 1 => Into(f, a.union(Offsets::one(0))),
            (a @ Into(..), Nowhere) | (Nowhere, a @ Into(..)) => a,
            (a, b) => Somewhere(a.frames() | b.frames()),
        }
    }

    /// What is left of it behind arithmetic with another value.
    fn mixed(self, o: Points) -> Points {
        use Points::*;
        match (self, o) {
            (Into(f, _), Nowhere) => Into(f, Offsets::UNKNOWN),
            (Into(f, _), Into(g, _)) if f == g => Into(f, Offsets::UNKNOWN),
            (Nowhere, Into(g, _)) => Into(g, Offsets::UNKNOWN),
            (Nowhere, Nowhere) => Nowhere,
            (a, b) => Somewhere(a.frames() | b.frames()),
        }
    }

    fn text(self, out: &mut String) {
        // Writing into a `String` cannot fail.
        let _ = match self {
            Points::Unseen => write!(out, "?"),
            Points::Nowhere => write!(out, "_"),
            Points::Somewhere(mask) => write!(out, "IMP{mask:x}"),
            Points::Into(f, at) if at.len == 0 => write!(out, "fp{f} ?"),
            Points::Into(f, at) => {
                let all: Vec<String> = at.list().iter().map(|at| format!("fp{f}{at:+}")).collect();
                write!(out, "{}", all.join("|"))
            }
        };
    }
}

/// `bytes` are touched through a value.
fn touch_through(run: &mut Run, insn: u32, p: Points, bytes: Touch) {
    match p {
        _ if bytes == Touch::Nothing => {}
        Points::Into(frame, at) if usize::from(frame) <= run.depth => {
            let frame = usize::from(frame);
            let writes = matches!(bytes, Touch::Write(_));
            if at.len == 0 {
                if !writes {
                    run.read(frame, insn, Halves::MAX);
                }
            } else if !writes || at.len == 1 {
                for off in at.list() {
                    run.touch_at(frame, insn, i64::from(*off), bytes);
                }
            }
        }
        Points::Somewhere(mask) => run.read_frames(mask, insn),
        _ => {}
    }
}

/// Saved registers, by slot.
type Saved = [Points; SLOTS];

/// What is known before an instruction.
#[derive(Clone, Debug)]
struct Flow {
    regs: [Points; 11],
    /// Shared, because few instructions change it.
    saved: Rc<Saved>,
}

impl Flow {
    fn unseen() -> Flow {
        Flow { regs: [Points::Unseen; 11], saved: Rc::new([Points::Unseen; SLOTS]) }
    }

    fn reg(&self, n: u8) -> Points {
        self.regs.get(usize::from(n)).copied().unwrap_or(Points::Nowhere)
    }

    fn set(&mut self, n: u8, to: Points) {
        if let Some(r) = self.regs.get_mut(usize::from(n)) {
            *r = to;
        }
    }

    fn save(&mut self, slot: usize, to: Points) {
        if self.saved[slot] != to {
            Rc::make_mut(&mut self.saved)[slot] = to;
        }
    }
}

/// The sets found so far, and what is kept while they are.
#[derive(Default)]
struct Work {
    live: FrameLiveness,
    /// Saved registers at calls, for callees.
    at_calls: HashMap<u32, Rc<Saved>>,
    /// Functions analysed at least once.
    seen: Vec<bool>,
}

/// The slot that begins at an offset.
fn slot_at(off: i64) -> Option<usize> {
    if (-512..0).contains(&off) && off % 8 == 0 { usize::try_from(-off / 8 - 1).ok() } else { None }
}

/// Analyses every function, callers before callees, and prints what was found.
///
/// # Errors
/// Rejects programs whose calls make it too long.
pub(crate) fn solve(cx: &mut Draft<'_>, known: &[KnownRegs], topological: &[usize]) -> Res {
    let mut all = Work { seen: vec![false; cx.learned.subprogs.len()], ..Work::default() };
    for &sub in topological.iter().rev() {
        if all.seen[sub] && !is_global(cx, sub) {
            continue;
        }
        let at = all.run_of(cx, None, 0, sub);
        let mut sites = [0u32; FRAMES];
        analyse(cx, &mut all, known, None, at, &mut sites)?;
    }
    if cx.logs(2) {
        let mut order: Vec<usize> = (0..all.live.runs.len()).collect();
        order.sort_by_key(|i| (all.live.runs[*i].site, all.live.runs[*i].depth));
        for i in order {
            print_run(cx, &all.live.runs[i]);
        }
    }
    cx.learned.frames = all.live;
    Ok(())
}

fn is_global(cx: &Draft<'_>, sub: usize) -> bool {
    cx.learned.function_facts.get(sub).is_some_and(|f| f.linkage == 1)
}

impl Work {
    fn run_of(&mut self, cx: &Draft<'_>, caller: Option<usize>, site: u32, sub: usize) -> usize {
        let depth = caller.map_or(0, |c| self.live.runs[c].depth + 1);
        let start = cx.learned.subprogs[sub].start;
        let site = if depth > 0 { site } else { start };
        let next = self.live.runs.len();
        let at = *self.live.by_site.entry((site, depth)).or_insert(next);
        if at == next {
            let end = cx.learned.subprogs.get(sub + 1).map_or(cx.program.insns.len(), |s| s.start as usize);
            let len = end.saturating_sub(start as usize);
            self.live.runs.push(Run { site, depth, subprog: sub, start, len, ..Run::default() });
        }
        at
    }
}

/// One function with what it is handed, then what it calls with pointers into frames.
fn analyse(
    cx: &mut Draft<'_>,
    all: &mut Work,
    known: &[KnownRegs],
    entry: Option<[Points; 11]>,
    at: usize,
    sites: &mut [u32; FRAMES],
) -> Res {
    all.live.count += 1;
    if all.live.count > MAX_RUNS {
        return Err(cx.reject(LimitMsg::FrameRuns { count: all.live.count }, Errno::E2BIG));
    }
    cx.out.check_cancelled()?;
    let (sub, depth) = (all.live.runs[at].subprog, all.live.runs[at].depth);
    // Marks of an earlier run are kept apart until this one is complete.
    let again = all.live.runs[at].done;
    let earlier = if again { std::mem::take(&mut all.live.runs[at].frames) } else { [const { None }; FRAMES] };
    all.seen[sub] = true;
    let before = flow(cx, all, known, entry, at, sites);
    let calls: Vec<u32> = order_of(cx, sub);
    let start = cx.learned.subprogs[sub].start;
    for idx in calls {
        let insn = cx.program.insns[idx as usize];
        let Some(regs) = before.get((idx - start) as usize).map(|f| f.regs) else { continue };
        let mut handed = [Points::Nowhere; 11];
        let callee = if insn.is_pseudo_call() {
            handed[1..6].copy_from_slice(&regs[1..6]);
            let to = usize::try_from(i64::from(idx) + 1 + i64::from(insn.imm)).unwrap_or(usize::MAX);
            cx.subprog_at(to)
        } else if cx.learned.aux[idx as usize].runs_callbacks {
            let Some((callback, from, to)) = callback_of(insn) else { continue };
            let Known::Function(callee) = known[idx as usize][callback] else {
                if regs[from] != Points::Nowhere {
                    all.live.runs[at].read_frames(u16::MAX, idx);
                }
                continue;
            };
            handed[to] = regs[from];
            callee as usize
        } else {
            continue;
        };
        if !handed[1..6].iter().any(|p| p.into_frame()) {
            continue;
        }
        if depth == FRAMES - 1 {
            return Err(Stop::silent(Errno::EINVAL));
        }
        let run = all.run_of(cx, Some(at), idx, callee);
        sites[depth] = idx;
        analyse(cx, all, known, Some(handed), run, sites)?;
        let start = all.live.runs[run].start;
        for frame in 0..=depth {
            if let Some(halves) = all.live.runs[run].sets(frame, start).map(|s| s.alive) {
                all.live.runs[at].read(frame, idx, halves);
            }
        }
    }
    if again {
        merge(&mut all.live.runs[at], earlier);
    }
    all.live.runs[at].done = true;
    solve_alive(cx, &mut all.live.runs[at]);
    Ok(())
}

/// A half may be read if any run reads it, and is overwritten if all do.
fn merge(run: &mut Run, earlier: [Option<Vec<Sets>>; FRAMES]) {
    for (new, old) in run.frames.iter_mut().zip(earlier) {
        match (new.as_mut(), old) {
            (Some(new), Some(old)) => {
                for (n, o) in new.iter_mut().zip(old) {
                    *n = Sets { read: n.read | o.read, written: n.written & o.written, alive: o.alive };
                }
            }
            (Some(new), None) => new.iter_mut().for_each(|n| *n = Sets { written: 0, alive: 0, ..*n }),
            (None, Some(mut old)) => {
                old.iter_mut().for_each(|o| o.written = 0);
                *new = Some(old);
            }
            (None, None) => {}
        }
    }
}

/// Reached instructions of a function, successors first.
fn order_of(cx: &Draft<'_>, sub: usize) -> Vec<u32> {
    cx.program.orders.get(sub).map(|o| o.insns.clone()).unwrap_or_default()
}

fn solve_alive(cx: &Draft<'_>, run: &mut Run) {
    let order = order_of(cx, run.subprog);
    let mut changed = true;
    while changed {
        changed = false;
        for frame in 0..=run.depth {
            if run.frames[frame].is_none() {
                continue;
            }
            for &idx in &order {
                let after = successors(&cx.program.insns, &cx.program.jump_tables, idx as usize);
                if after.is_empty() {
                    continue;
                }
                let later = after.iter().fold(0, |set, s| set | run.sets(frame, *s as u32).map_or(0, |s| s.alive));
                if let Some(s) = run.entry(frame, idx) {
                    let alive = later & !s.written | s.read;
                    changed |= std::mem::replace(&mut s.alive, alive) != alive;
                }
            }
        }
    }
}

/// Helpers that call back at once: which argument is the function, which is passed on, and as which.
fn callback_of(insn: Insn) -> Option<(usize, usize, usize)> {
    use crate::kernel::helpers::id;
    if !insn.is_helper_call() {
        return None;
    }
    match insn.imm as u32 {
        id::LOOP => Some((2, 3, 2)),
        id::FOR_EACH_MAP_ELEM => Some((2, 3, 4)),
        id::FIND_VMA => Some((3, 4, 3)),
        id::USER_RINGBUF_DRAIN => Some((2, 3, 2)),
        _ => None,
    }
}

/// What is known before every instruction of a function; accesses are noted, and the function is printed.
fn flow(
    cx: &mut Draft<'_>,
    all: &mut Work,
    known: &[KnownRegs],
    entry: Option<[Points; 11]>,
    at: usize,
    sites: &[u32; FRAMES],
) -> Vec<Flow> {
    let (sub, depth, start, len) = {
        let r = &all.live.runs[at];
        (r.subprog, r.depth, r.start as usize, r.len)
    };
    let mut before = vec![Flow::unseen(); len];
    let Some(first) = before.first_mut() else { return before };
    first.regs = [Points::Nowhere; 11];
    if let Some(handed) = entry {
        first.regs[1..6].copy_from_slice(&handed[1..6]);
    }
    first.regs[10] = Points::Into(depth as u8, Offsets::one(0));
    first.saved = Rc::new([Points::Nowhere; SLOTS]);
    let logs = cx.logs(2);
    if logs {
        cx.say(LimitMsg::FramesOf { subprog: sub, depth });
    }
    let order = order_of(cx, sub);
    let mut changed = true;
    while changed {
        changed = false;
        for &idx in order.iter().rev() {
            let i = idx as usize - start;
            let Some(b) = before.get(i) else { continue };
            if b.regs[0] == Points::Unseen && b.regs[1] == Points::Unseen {
                continue;
            }
            let mut after = b.clone();
            step(cx, all, idx as usize, &mut after, depth, sites);
            if logs {
                print_step(cx, idx as usize, b, &after);
            }
            for to in successors(&cx.program.insns, &cx.program.jump_tables, idx as usize).to_vec() {
                let Some(target) = to.checked_sub(start).and_then(|t| before.get_mut(t)) else { continue };
                changed |= join(cx, idx as usize, to, target, &after);
            }
        }
    }
    for &idx in order.iter().rev() {
        let Some(b) = before.get(idx as usize - start) else { continue };
        let insn = cx.program.insns[idx as usize];
        note_access(&mut all.live.runs[at], insn, idx, b);
        if insn.is_call() && !insn.is_pseudo_call() {
            note_call(cx, &mut all.live.runs[at], insn, idx, b, known);
        }
        if insn.is_pseudo_call() || cx.learned.aux[idx as usize].runs_callbacks {
            all.at_calls.insert(idx, Rc::clone(&b.saved));
        }
    }
    if logs {
        print_flow(cx, sub, start, &before);
    }
    before
}

fn join(cx: &mut Draft<'_>, idx: usize, to: usize, target: &mut Flow, after: &Flow) -> bool {
    let mut changed = false;
    for n in 0..11 {
        let (old, new) = (target.regs[n], after.regs[n]);
        let joined = old.join(new);
        if joined != old {
            target.regs[n] = joined;
            changed = true;
            print_join(cx, idx, to, || format!("r{n}"), old, new, joined);
        }
    }
    if Rc::ptr_eq(&target.saved, &after.saved) {
        return changed;
    }
    if target.saved.iter().all(|p| *p == Points::Unseen) {
        target.saved = Rc::clone(&after.saved);
        return changed || after.saved.iter().any(|p| *p != Points::Unseen);
    }
    for slot in 0..SLOTS {
        let (old, new) = (target.saved[slot], after.saved[slot]);
        let joined = old.join(new);
        if joined != old {
            target.save(slot, joined);
            changed = true;
            print_join(cx, idx, to, || format!("fp{}", -(slot as i64 + 1) * 8), old, new, joined);
        }
    }
    changed
}

/// The frame of the function itself may be meant.
fn may_be_own(depth: usize, regno: u8, p: Points) -> bool {
    regno == 10 || p.frame() == Some(depth as u8) || matches!(p, Points::Somewhere(m) if m >> depth & 1 != 0)
}

/// What an instruction does to the values.
fn step(cx: &Draft<'_>, all: &Work, idx: usize, f: &mut Flow, depth: usize, sites: &[u32; FRAMES]) {
    let insn = cx.program.insns[idx];
    let (dst, src) = (f.reg(insn.dst), f.reg(insn.src));
    let op = insn.decode();
    match op {
        Op::Alu { wide: true, op, src: Src::Imm(imm), .. } => match (op, dst) {
            (AluOp::Mov, _) => f.set(insn.dst, Points::Nowhere),
            (AluOp::Add, Points::Into(frame, at)) => f.set(insn.dst, Points::Into(frame, at.moved(imm.into()))),
            (AluOp::Sub, Points::Into(frame, at)) => f.set(insn.dst, Points::Into(frame, at.moved(-i64::from(imm)))),
            (_, Points::Into(frame, _)) => f.set(insn.dst, Points::Into(frame, Offsets::UNKNOWN)),
            _ => {}
        },
        Op::Alu { wide: true, op: AluOp::Mov, .. } => f.set(insn.dst, src),
        Op::Alu { wide: true, .. } => f.set(insn.dst, dst.mixed(src)),
        // A pointer whose bytes were swapped still counts as one, into who knows where.
        Op::ByteOrder { .. } if insn.class() == ALU64 => {
            if let Points::Into(frame, _) = dst {
                f.set(insn.dst, Points::Into(frame, Offsets::UNKNOWN));
            }
        }
        Op::Alu { .. } | Op::MoveAs { .. } | Op::ByteOrder { .. } | Op::Const { .. } => {
            f.set(insn.dst, Points::Nowhere);
        }
        Op::Call { .. } | Op::CallReg { .. } => f.regs[..6].fill(Points::Nowhere),
        Op::Load { size, signed, .. } => {
            let whole = !signed && size == 8;
            let loaded = match src {
                _ if !whole => Points::Nowhere,
                _ if may_be_own(depth, insn.src, src) => filled(insn, f, &f.saved, depth),
                Points::Into(frame, _) if usize::from(frame) < depth => {
                    match all.at_calls.get(&sites[usize::from(frame)]) {
                        Some(saved) => filled(insn, f, saved, usize::from(frame)),
                        None => Points::Nowhere,
                    }
                }
                Points::Somewhere(mask) if mask != 0 => src,
                _ => Points::Nowhere,
            };
            f.set(insn.dst, loaded);
        }
        Op::Store { size, src: stored, .. } if may_be_own(depth, insn.dst, dst) => match stored {
            Src::Reg(_) => spill(insn, f, if size == 8 { src } else { Points::Nowhere }),
            Src::Imm(_) => overwrite(insn, f),
        },
        Op::Atomic { .. } | Op::StoreRelease { .. } | Op::LoadAcquire { .. } => {
            if !matches!(op, Op::LoadAcquire { .. }) && may_be_own(depth, insn.dst, dst) {
                overwrite(insn, f);
            }
            if let Some(r) = op.loaded_by_atomic() {
                f.set(r, Points::Nowhere);
            }
        }
        Op::Store { .. }
        | Op::Branch { .. }
        | Op::Jump { .. }
        | Op::JumpTo { .. }
        | Op::MayGoto { .. }
        | Op::PacketLoad { .. }
        | Op::Exit
        | Op::Rest
        | Op::Unknown => {}
    }
}

/// What an 8-byte load from a frame yields.
fn filled(insn: Insn, f: &Flow, saved: &Saved, depth: usize) -> Points {
    let unknown = Points::Somewhere(((1u32 << (depth + 1)) - 1) as u16);
    if insn.src == 10 {
        return slot_at(insn.off.into()).map_or(unknown, |slot| saved[slot]);
    }
    let at = f.reg(insn.src).offsets().moved(insn.off.into());
    if at.len == 0 {
        return unknown;
    }
    let mut out = Points::Nowhere;
    for off in at.list() {
        match slot_at(i64::from(*off)) {
            Some(slot) => out = out.join(saved[slot]),
            None => return unknown,
        }
    }
    out
}

/// A register is stored.
fn spill(insn: Insn, f: &mut Flow, value: Points) {
    if insn.dst == 10 {
        if let Some(slot) = slot_at(insn.off.into()) {
            f.save(slot, value);
        }
        return;
    }
    let at = f.reg(insn.dst).offsets();
    if at.len == 0 {
        for slot in 0..SLOTS {
            f.save(slot, f.saved[slot].join(value));
        }
    }
    for off in at.list() {
        let off = i64::from(*off) + i64::from(insn.off);
        let Some(slot) = i16::try_from(off).ok().and_then(|off| slot_at(off.into())) else { continue };
        f.save(slot, if at.len == 1 { value } else { f.saved[slot].join(value) });
    }
}

/// Something that is no saved register is stored.
fn overwrite(insn: Insn, f: &mut Flow) {
    let size = i64::from(insn.access_size());
    let own = f.reg(insn.dst).offsets();
    let at = if insn.dst == 10 { Offsets::one(0) } else { own };
    let moved = at.moved(insn.off.into());
    if moved.len == 0 {
        for slot in 0..SLOTS {
            f.save(slot, f.saved[slot].join(Points::Nowhere));
        }
        return;
    }
    for off in moved.list() {
        let off = i64::from(*off);
        for slot in 0..SLOTS {
            let low = -(slot as i64 + 1) * 8;
            if low < off + size && low + 8 > off {
                let to = if at.len == 1 { Points::Nowhere } else { f.saved[slot].join(Points::Nowhere) };
                f.save(slot, to);
            }
        }
    }
}

/// A load or store touches what its pointer points to.
fn note_access(run: &mut Run, insn: Insn, idx: u32, f: &Flow) {
    let Some(access) = insn.decode().touch() else { return };
    let (regno, size) = (access.base, i64::from(access.size));
    // What is read and written counts as read: what was there matters.
    let touch = if access.reads { Touch::Read(size) } else { Touch::Write(size) };
    let p = match f.reg(regno) {
        Points::Into(frame, at) => Points::Into(frame, at.moved(insn.off.into())),
        p => p,
    };
    touch_through(run, idx, p, touch);
}

/// A helper or kernel function touches what its arguments point to.
fn note_call(cx: &Draft<'_>, run: &mut Run, insn: Insn, idx: u32, f: &Flow, known: &[KnownRegs]) {
    // Arguments that the verifier adds count as if they were passed.
    let passed = kfunc::described(&cx.program, insn).map(|d| d.passed);
    let params = passed.or_else(|| params_of_call(&cx.program, insn)).unwrap_or(5).min(5);
    for arg in 0..params {
        let p = f.regs[arg + 1];
        if !p.into_frame() {
            continue;
        }
        let touch = if insn.is_helper_call() {
            helper_touches(cx, insn, arg, &known[idx as usize])
        } else if insn.is_kfunc_call() {
            kfunc_touches(cx, insn, arg, &known[idx as usize])
        } else {
            run.read_frames(u16::MAX, idx);
            continue;
        };
        touch_through(run, idx, p, touch);
    }
}

fn helper_touches(cx: &Draft<'_>, insn: Insn, arg: usize, known: &KnownRegs) -> Touch {
    let Some(proto) = helper_proto::get(&cx.program, insn.imm as u32) else { return Touch::Unknown };
    let a = proto.args[arg];
    let fills = a.flags.contains(TypeFlags::UNINIT);
    let size = match a.base {
        ArgBase::PtrToMapKey | ArgBase::PtrToMapValue => {
            let map_arg = proto.args[..arg].iter().position(|a| a.base == ArgBase::ConstMapPtr);
            let of = |m: &super::super::program::MapInfo| match a.base {
                ArgBase::PtrToMapKey => m.spec.key_size,
                _ => m.spec.value_size,
            };
            let size = match map_arg.map(|i| known[i + 1]) {
                Some(Known::Map(map)) => of(cx.program.map(map)),
                // The largest of all that the program uses.
                _ => {
                    let with_inner = |m: &crate::state::MapIdx| {
                        let info = cx.program.map(*m);
                        of(info).max(info.inner.map_or(0, |i| of(cx.program.map(i))))
                    };
                    let most = cx.program.maps_used.iter().map(with_inner).max().unwrap_or(0);
                    if most == 0 {
                        return Touch::Unknown;
                    }
                    most
                }
            };
            i64::from(size)
        }
        ArgBase::PtrToMem if a.flags.contains(TypeFlags::FIXED_SIZE) => i64::from(a.size),
        ArgBase::PtrToMem => match proto.args.get(arg + 1).map(|s| s.base) {
            Some(ArgBase::ConstSize | ArgBase::ConstSizeOrZero) => match known[arg + 2].small() {
                Some(n) => n as i64,
                None if fills => return Touch::Nothing,
                None => return Touch::Read(512),
            },
            _ => return Touch::Unknown,
        },
        ArgBase::PtrToDynptr => return touch_of(16, fills),
        ArgBase::PtrToStack => return Touch::Nothing,
        _ => return Touch::Unknown,
    };
    touch_of(size, fills)
}

/// A read or a write of so many bytes.
fn touch_of(size: i64, fills: bool) -> Touch {
    match size {
        0 => Touch::Nothing,
        n if fills => Touch::Write(n),
        n => Touch::Read(n),
    }
}

fn kfunc_touches(cx: &Draft<'_>, insn: Insn, arg: usize, known: &KnownRegs) -> Touch {
    let Some(desc) = kfunc::described(&cx.program, insn) else { return Touch::Unknown };
    let Some(param) = desc.params.get(arg) else { return Touch::Unknown };
    let btf = cx.program.btf(desc.btf);
    if btf.skip_modifiers(param.type_id).is_none_or(|t| t.kind != BtfKind::Ptr) {
        return Touch::Nothing;
    }
    let target = btf.pointee(param.type_id);
    let next = desc.params.get(arg + 1).map_or("", |n| &*n.name);
    let sized = next.ends_with("__sz") || next.ends_with("__szk");
    let size = if target.is_some_and(|t| t.name() == "bpf_dynptr") {
        16
    } else if sized {
        match known[arg + 2].small() {
            Some(n) => n as i64,
            None => return Touch::Read(512),
        }
    } else {
        match target.and_then(|t| btf.resolve_size(t.id)) {
            Some(n) => i64::from(n),
            None => return Touch::Unknown,
        }
    };
    let begins = arg == 0 && desc.flags.is_some_and(|f| f.is_iter_new());
    touch_of(size, begins || param.name.ends_with("__uninit"))
}

fn print_step(cx: &mut Draft<'_>, idx: usize, before: &Flow, after: &Flow) {
    let mut note = String::new();
    let mut change = |name: String, old: Points, new: Points| {
        if old != new {
            let _ = write!(note, "\t{name}: ");
            old.text(&mut note);
            note.push_str(" -> ");
            new.text(&mut note);
        }
    };
    for n in 0..11 {
        change(format!("r{n}"), before.regs[n], after.regs[n]);
    }
    if !Rc::ptr_eq(&before.saved, &after.saved) {
        for slot in 0..SLOTS {
            change(format!("fp{}", -(slot as i64 + 1) * 8), before.saved[slot], after.saved[slot]);
        }
    }
    if !note.is_empty() {
        cx.emit(Event::Listed { idx, numbered: true, note: &note, column: false });
    }
}

fn print_join(
    cx: &mut Draft<'_>,
    idx: usize,
    to: usize,
    name: impl Fn() -> String,
    old: Points,
    new: Points,
    joined: Points,
) {
    if !cx.logs(2) || old == Points::Unseen {
        return;
    }
    let mut text = format!("{}: ", name());
    old.text(&mut text);
    text.push_str(" + ");
    new.text(&mut text);
    text.push_str(" => ");
    joined.text(&mut text);
    cx.say(LimitMsg::FrameJoin { idx, to, text });
}

fn print_flow(cx: &mut Draft<'_>, sub: usize, start: usize, before: &[Flow]) {
    let name = subprog_text(cx, sub);
    cx.say(LimitMsg::FrameTable { name });
    let mut i = 0;
    while i < before.len() {
        let idx = start + i;
        let insn = cx.program.insns[idx];
        let mut note = String::new();
        if matches!(insn.class(), LDX | STX) || insn.is_call() {
            let f = &before[i];
            if f.regs[0] != Points::Unseen {
                for (n, p) in f.regs.iter().enumerate().take(10).filter(|(_, p)| p.into_frame()) {
                    let _ = write!(note, " r{n}=");
                    p.text(&mut note);
                }
            }
            for (slot, p) in f.saved.iter().enumerate().filter(|(_, p)| p.into_frame()) {
                let _ = write!(note, " fp{}=", -(slot as i64 + 1) * 8);
                p.text(&mut note);
            }
        }
        if !note.is_empty() {
            note.insert_str(0, " //");
        }
        cx.emit(Event::Listed { idx, numbered: true, note: &note, column: false });
        i += insn.decode().slots();
    }
}

fn subprog_text(cx: &Draft<'_>, sub: usize) -> String {
    let name = cx.program.function_name(sub);
    if name.is_empty() { format!("subprog#{sub}") } else { format!("subprog#{sub} {name}") }
}

fn print_run(cx: &mut Draft<'_>, run: &Run) {
    let name = subprog_text(cx, run.subprog);
    cx.say(LimitMsg::FrameUse { name, depth: run.depth, site: run.site });
    let mut i = 0;
    while i < run.len {
        let idx = run.start as usize + i;
        let list = |of: fn(&Sets) -> Halves| {
            let mut out = String::new();
            for frame in (0..=run.depth).rev() {
                if let Some(halves) = run.sets(frame, idx as u32).map(of).filter(|h| *h != 0) {
                    halves_text(&mut out, frame, halves);
                }
            }
            out
        };
        let (used, written) = (list(|s| s.read), list(|s| s.written));
        let mut note = String::new();
        for (word, list) in [("use", used), ("def", written)] {
            if !list.is_empty() {
                let _ = write!(note, "{} {word}: {list}", if note.is_empty() { ";" } else { "" });
            }
        }
        cx.emit(Event::Listed { idx, numbered: true, note: &note, column: true });
        i += cx.program.insns[idx].decode().slots();
    }
}

/// `fp0-8 fp0-16`, `fp0-4h`, `fp0-8..-24`.
fn halves_text(out: &mut String, frame: usize, halves: Halves) {
    let of = |slot: usize| halves >> (slot * 2) & 3;
    let mut slot = 0;
    while slot < SLOTS {
        let place = |slot: usize| -(slot as i64 + 1) * 8;
        let here = of(slot);
        if here != 0 && !out.is_empty() {
            out.push(' ');
        }
        let _ = match here {
            0 => Ok(()),
            3 if slot + 2 < SLOTS && of(slot + 1) == 3 && of(slot + 2) == 3 => {
                let first = slot;
                while slot + 1 < SLOTS && of(slot + 1) == 3 {
                    slot += 1;
                }
                write!(out, "fp{frame}{}..{}", place(first), place(slot))
            }
            3 => write!(out, "fp{frame}{}", place(slot)),
            1 => write!(out, "fp{frame}{}h", place(slot) + 4),
            _ => write!(out, "fp{frame}{}h", place(slot)),
        };
        slot += 1;
    }
}
