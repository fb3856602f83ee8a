//! Stack slots that may be read later, from what function instances read and must write (6.18).
//!
//! Answers for `kernel/bpf/liveness.c`. An instance is a function reached through one chain of calls. While walking, the
//! slots that each instruction may read (a union over paths) and must write (an intersection) are collected for it; a
//! data-flow pass then gives the slots alive before each instruction, and hands what the callee does to the call.
//!
//! In the kernel: `struct callchain`, `struct per_frame_masks`, `struct func_instance`, `cfg.insn_postorder`,
//! `mark_stack_read()`, `commit_stack_write_marks()`, `struct bpf_liveness`, `cur_instance`, `lookup_instance()`,
//! `bpf_reset_live_stack_callchain()`, `bpf_mark_stack_read()`, `bpf_mark_stack_write()`,
//! `bpf_reset_stack_write_marks()`, `bpf_commit_stack_write_marks()`, `bpf_insn_successors()`,
//! `propagate_to_outer_instance()`, `update_insn()`, `update_instance()`, `bpf_update_live_stack()`,
//! `bpf_live_stack_query_init()`, `bpf_stack_slot_alive()`, `clean_func_state()`.

use smallvec::SmallVec;

use crate::error::{LimitMsg, Res};
use crate::state::{StateId, VerifierState};

use super::super::Cx;
use super::instances::*;
use super::place::{DeadPlaces, read_marks};

fn lookup(cx: &mut Cx<'_>, chain: Chain, starts: Sites) -> usize {
    if let Some(&at) = cx.search.stack_live.by_chain.get(&chain) {
        return at;
    }
    let start = starts.last().copied().unwrap_or(0);
    let sub = cx.subprog_at(start as usize);
    let end = cx.learned.subprogs.get(sub + 1).map_or(cx.program.insns.len(), |s| s.start as usize);
    let insn_cnt = end.saturating_sub(start as usize);
    let live = &mut cx.search.stack_live;
    live.bytes += size_of::<Instance>() + insn_cnt;
    let at = live.instances.len();
    live.by_chain.insert(chain.clone(), at);
    live.instances.push(Instance {
        chain,
        starts,
        subprog: sub,
        insn_cnt,
        updated: false,
        must_write_dropped: false,
        frames: [const { None }; 8],
        must_write_set: vec![false; insn_cnt],
        bytes: 0,
    });
    at
}

/// The instance of a frame of a state.
fn instance_of(cx: &mut Cx<'_>, st: &VerifierState, frame: usize) -> usize {
    let mut sites = Sites::new();
    let mut starts = Sites::new();
    for i in 0..=frame.min(st.frames.len().saturating_sub(1)) {
        let start = cx.learned.subprogs.get(st.frames[i].function_number as usize).map_or(0, |s| s.start);
        starts.push(start);
        sites.push(match st.frames.get(i + 1) {
            Some(callee) if i < frame => callee.called_from as u32,
            _ => start,
        });
    }
    lookup(cx, Chain { sites }, starts)
}

fn cur_instance(cx: &mut Cx<'_>) -> usize {
    if let Some(at) = cx.search.stack_live.cur {
        return at;
    }
    let st = std::mem::replace(&mut cx.path.cur, VerifierState::empty());
    let at = instance_of(cx, &st, st.top_frame());
    cx.path.cur = st;
    cx.search.stack_live.cur = Some(at);
    at
}

/// The current state went to another function.
pub(crate) fn reset_callchain(cx: &mut Cx<'_>) {
    cx.search.stack_live.cur = None;
}

/// A slot is read by the current instruction.
pub(super) fn mark_read(cx: &mut Cx<'_>, frame: usize, spi: usize) {
    let at = cur_instance(cx);
    let insn = cx.path.insn_idx as u32;
    if spi < 64 {
        cx.search.stack_live.read(at, frame, insn, 1 << spi);
    }
}

/// A slot is overwritten by the current instruction.
pub(super) fn mark_written(cx: &mut Cx<'_>, frame: usize, spi: usize) {
    if let Some(acc) = cx.search.stack_live.write_acc.get_mut(frame)
        && spi < 64
    {
        *acc |= 1 << spi;
    }
}

fn static_liveness(cx: &Cx<'_>) -> bool {
    !read_marks(cx)
}

/// Before an instruction is processed: nothing of it is written yet.
pub(crate) fn begin_insn(cx: &mut Cx<'_>) {
    if static_liveness(cx) {
        cur_instance(cx);
        cx.search.stack_live.write_insn = cx.path.insn_idx as u32;
        cx.search.stack_live.write_acc = [0; 8];
    }
}

/// After an instruction was processed: what it wrote on this path.
pub(crate) fn commit_insn(cx: &mut Cx<'_>) {
    if static_liveness(cx) {
        let live = &mut cx.search.stack_live;
        if let Some(at) = live.cur {
            let (insn, acc) = (live.write_insn, live.write_acc);
            live.commit(at, insn, &acc);
        }
        live.write_insn = 0;
    }
}

/// The callee's effects on the frames of its callers belong to the call.
fn propagate_to_outer(cx: &mut Cx<'_>, at: usize) {
    let inst = &cx.search.stack_live.instances[at];
    let (top_frame, start) = (inst.top_frame(), inst.start());
    let mut sites = inst.chain.sites.clone();
    let mut starts = inst.starts.clone();
    sites.pop();
    starts.pop();
    let Some(called_from) = sites.pop() else { return };
    sites.push(starts.last().copied().unwrap_or(0));
    let outer = lookup(cx, Chain { sites }, starts);
    let live = &mut cx.search.stack_live;
    let mut acc = [0u64; 8];
    for (frame, written) in acc.iter_mut().enumerate().take(top_frame) {
        let Some(m) = live.instances[at].masks(frame, start).copied() else { continue };
        *written |= m.must_write_acc;
        live.read(outer, frame, called_from, m.live_before);
    }
    live.commit(outer, called_from, &acc);
    live.write_acc = acc;
    live.write_insn = 0;
}

fn log_change(cx: &mut Cx<'_>, at: usize, what: &'static str, frame: usize, idx: u32, old: u64, new: u64) {
    if old != new {
        let chain = cx.search.stack_live.instances[at].chain.text();
        cx.say(LimitMsg::StackMask { chain, what, frame, idx: idx as usize, ones: new & !old, zeros: old & !new });
    }
}

/// Makes the equations of one instruction hold; whether something changed.
fn solve_at(cx: &mut Cx<'_>, at: usize, frame: usize, idx: u32, place: usize) -> bool {
    let succ = successors(&cx.program.insns, idx as usize);
    if succ.is_empty() {
        return false;
    }
    let inst = &cx.search.stack_live.instances[at];
    let Some(&m) = inst.masks(frame, idx) else { return false };
    let (mut after, mut acc) = (0, u64::MAX);
    for s in succ {
        let s = inst.masks(frame, s as u32).copied().unwrap_or_default();
        after |= s.live_before;
        acc &= s.must_write_acc;
    }
    acc |= m.must_write;
    let before = (after & !m.must_write) | m.may_read;
    let start = inst.start();
    if cx.logs(2)
        && (m.may_read != 0 || m.must_write != 0 || idx == start || cx.learned.aux[idx as usize].compare_point)
    {
        log_change(cx, at, "live", frame, idx, m.live_before, before);
        log_change(cx, at, "written", frame, idx, m.must_write_acc, acc);
    }
    if before == m.live_before && acc == m.must_write_acc {
        return false;
    }
    let StackLiveness { instances, orders, .. } = &mut cx.search.stack_live;
    let inst = &mut instances[at];
    let rel = inst.rel(idx);
    if let Some(f) = inst.frames[frame].as_mut() {
        if let Some(m) = f.masks.get_mut(rel) {
            m.live_before = before;
            m.must_write_acc = acc;
        }
        for pred in orders.get(inst.subprog).unwrap_or(&UNREACHED).preds(place) {
            set_stale(&mut f.stale, *pred as usize);
        }
    }
    true
}

/// Repeats the data-flow equations of an instance until they hold.
fn solve_instance(cx: &mut Cx<'_>, at: usize) -> Res {
    let inst = &mut cx.search.stack_live.instances[at];
    if inst.must_write_dropped {
        // Sets that must be written can only have shrunk, so they are computed from below again.
        for f in inst.frames.iter_mut().flatten() {
            f.masks.iter_mut().for_each(|m| m.must_write_acc = 0);
            f.stale.fill(u64::MAX);
        }
    }
    let top_frame = inst.top_frame();
    let mut rounds = 0;
    loop {
        rounds += 1;
        let mut changed = false;
        for frame in 0..=top_frame.min(7) {
            let mut from = 0;
            while let Some((place, idx)) = next_stale(&mut cx.search.stack_live, at, frame, from) {
                changed |= solve_at(cx, at, frame, idx, place);
                from = place + 1;
            }
        }
        if !changed {
            break;
        }
    }
    if cx.logs(2) {
        let chain = cx.search.stack_live.instances[at].chain.text();
        cx.say(LimitMsg::StackUpdateDone { chain, rounds });
    }
    if top_frame > 0 {
        propagate_to_outer(cx, at);
    }
    Ok(())
}

/// Brings the sets of every function on the current chain of calls up to date. Called when a function or path ends.
///
/// # Errors
/// Never.
pub(crate) fn solve_live_stack(cx: &mut Cx<'_>) -> Res {
    if !static_liveness(cx) {
        return Ok(());
    }
    reset_callchain(cx);
    for frame in (0..cx.path.cur.frames.len()).rev() {
        let st = std::mem::replace(&mut cx.path.cur, VerifierState::empty());
        let at = instance_of(cx, &st, frame);
        cx.path.cur = st;
        if cx.search.stack_live.instances[at].updated {
            solve_instance(cx, at)?;
            let inst = &mut cx.search.stack_live.instances[at];
            inst.updated = false;
            inst.must_write_dropped = false;
        }
    }
    Ok(())
}

/// Registers and slots that nothing reads after a stored state.
pub(super) fn dead_places(cx: &mut Cx<'_>, id: StateId) -> Vec<DeadPlaces> {
    let st = cx.search.state(id).clone();
    let last = st.frames.len().saturating_sub(1);
    let instances: SmallVec<[usize; 8]> = (0..st.frames.len()).map(|f| instance_of(cx, &st, f)).collect();
    let mut out = Vec::with_capacity(st.frames.len());
    for (frame, f) in st.frames.iter().enumerate() {
        let at = if frame == last { st.insn_idx as usize } else { st.frames[frame + 1].called_from as usize };
        let regs = !cx.learned.aux.get(at).map_or(u16::MAX, |a| a.live_registers_before);
        let mut alive = live_before(cx, instances[last], st.insn_idx, frame);
        for (i, &instance) in instances.iter().enumerate().take(last).skip(frame) {
            let called_from = st.frames[i + 1].called_from as u32;
            let calls_back = cx.learned.aux.get(called_from as usize).is_some_and(|a| a.runs_callbacks);
            alive |= live_before(cx, instance, if calls_back { called_from } else { called_from + 1 }, frame);
        }
        debug_assert!(f.frame_number as usize == frame);
        out.push(DeadPlaces { regs, slots: !alive });
    }
    out
}

fn live_before(cx: &Cx<'_>, at: usize, insn: u32, frame: usize) -> u64 {
    cx.search.stack_live.instances[at].masks(frame, insn).map_or(0, |m| m.live_before)
}
