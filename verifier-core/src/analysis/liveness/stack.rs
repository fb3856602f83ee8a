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

use crate::cfg::successors;
use crate::error::{LimitMsg, Res};
use crate::kernel::features::LivenessKind;
use crate::state::{StateId, VerifierState};

use super::super::Cx;
use super::super::asks::Calls;
use super::super::path::Path;
use super::super::stored::Search;
use super::instances::*;
use super::place::DeadPlaces;

fn lookup(cx: &Cx<'_>, search: &mut Search, chain: Chain, starts: Sites) -> usize {
    if let Some(&at) = search.stack_live.by_chain.get(&chain) {
        return at;
    }
    let start = starts.last().copied().unwrap_or(0);
    let sub = cx.subprog_at(start as usize);
    let end = cx.learned.subprogs.get(sub + 1).map_or(cx.program.insns.len(), |s| s.start as usize);
    let insn_cnt = end.saturating_sub(start as usize);
    let live = &mut search.stack_live;
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
        commits: vec![0; insn_cnt],
        bytes: 0,
    });
    at
}

/// The functions of a state, each with the instruction that called it.
pub(crate) fn calls_of(st: &VerifierState) -> Calls {
    st.frames.iter().map(|f| (f.function_number, f.called_from)).collect()
}

/// The instance of a frame of a chain of calls.
fn instance_of(cx: &Cx<'_>, search: &mut Search, calls: &Calls, frame: usize) -> usize {
    let mut sites = Sites::new();
    let mut starts = Sites::new();
    for (i, &(function, _)) in calls.iter().enumerate().take(frame + 1) {
        let start = cx.learned.subprogs.get(function as usize).map_or(0, |s| s.start);
        starts.push(start);
        sites.push(match calls.get(i + 1) {
            Some(&(_, called_from)) if i < frame => called_from as u32,
            _ => start,
        });
    }
    lookup(cx, search, Chain { sites }, starts)
}

fn cur_instance(cx: &Cx<'_>, search: &mut Search) -> usize {
    if let Some(at) = search.stack_live.cur {
        return at;
    }
    let at = instance_of(cx, search, &calls_of(&cx.path.cur), cx.path.cur.top_frame());
    search.stack_live.cur = Some(at);
    at
}

/// The path went to another function.
pub(crate) fn reset_callchain(search: &mut Search) {
    search.stack_live.cur = None;
}

/// A slot is read by the current instruction.
pub(super) fn mark_read(path: &mut Path, frame: usize, spi: usize) {
    if let Some(slots) = path.slots_read.get_mut(frame)
        && spi < 64
    {
        *slots |= 1 << spi;
    }
}

/// A slot is overwritten by the current instruction.
pub(super) fn mark_written(path: &mut Path, frame: usize, spi: usize) {
    if let Some(slots) = path.slots_written.get_mut(frame)
        && spi < 64
    {
        *slots |= 1 << spi;
    }
}

/// What is read and written is collected while walking.
fn static_liveness(cx: &Cx<'_>) -> bool {
    cx.program.kernel.features.liveness == LivenessKind::Static
}

/// Before an instruction is processed: nothing of it is read or written yet.
pub(crate) fn begin_insn(cx: &mut Cx<'_>, search: &mut Search) {
    if static_liveness(cx) {
        cur_instance(cx, search);
        (cx.path.slots_read, cx.path.slots_written) = ([0; 8], [0; 8]);
    }
}

/// After the rules of the instruction at `idx` were followed: what it read. Before it is left for another function.
pub(crate) fn commit_reads(cx: &Cx<'_>, search: &mut Search, idx: usize) {
    if cx.path.slots_read == [0; 8] {
        return;
    }
    let live = &mut search.stack_live;
    let Some(at) = live.cur else { return };
    for (frame, slots) in cx.path.slots_read.iter().enumerate() {
        live.read(&cx.program.orders, at, frame, idx as u32, *slots);
    }
}

/// After an instruction was processed: what it wrote on this path.
pub(crate) fn commit_insn(cx: &Cx<'_>, search: &mut Search, idx: usize) {
    if static_liveness(cx)
        && let live = &mut search.stack_live
        && let Some(at) = live.cur
    {
        live.commit(&cx.program.orders, at, idx as u32, &cx.path.slots_written);
    }
}

/// The callee's effects on the frames of its callers belong to the call.
fn propagate_to_outer(cx: &Cx<'_>, search: &mut Search, at: usize) {
    let inst = &search.stack_live.instances[at];
    let (top_frame, start) = (inst.top_frame(), inst.start());
    let mut sites = inst.chain.sites.clone();
    let mut starts = inst.starts.clone();
    sites.pop();
    starts.pop();
    let Some(called_from) = sites.pop() else { return };
    sites.push(starts.last().copied().unwrap_or(0));
    let outer = lookup(cx, search, Chain { sites }, starts);
    let live = &mut search.stack_live;
    let mut acc = [0u64; 8];
    for (frame, written) in acc.iter_mut().enumerate().take(top_frame) {
        let Some(m) = live.instances[at].masks(frame, start).copied() else { continue };
        *written |= m.must_write_acc;
        live.read(&cx.program.orders, outer, frame, called_from, m.live_before);
    }
    live.commit(&cx.program.orders, outer, called_from, &acc);
}

fn log_change(
    cx: &mut Cx<'_>,
    search: &mut Search,
    at: usize,
    what: &'static str,
    frame: usize,
    idx: u32,
    (old, new): (u64, u64),
) {
    if old != new {
        let chain = search.stack_live.instances[at].chain.text();
        cx.say(LimitMsg::StackMask { chain, what, frame, idx: idx as usize, ones: new & !old, zeros: old & !new });
    }
}

/// Makes the equations of one instruction hold; whether something changed.
fn solve_at(cx: &mut Cx<'_>, search: &mut Search, at: usize, frame: usize, idx: u32, place: usize) -> bool {
    let succ = successors(&cx.program.insns, &cx.program.jump_tables, idx as usize);
    if succ.is_empty() {
        return false;
    }
    let inst = &search.stack_live.instances[at];
    let Some(&m) = inst.masks(frame, idx) else { return false };
    let (mut after, mut acc) = (0, u64::MAX);
    for &s in succ.iter() {
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
        log_change(cx, search, at, "live", frame, idx, (m.live_before, before));
        log_change(cx, search, at, "written", frame, idx, (m.must_write_acc, acc));
    }
    if before == m.live_before && acc == m.must_write_acc {
        return false;
    }
    let inst = &mut search.stack_live.instances[at];
    let rel = inst.rel(idx);
    if let Some(f) = inst.frames[frame].as_mut() {
        if let Some(m) = f.masks.get_mut(rel) {
            m.live_before = before;
            m.must_write_acc = acc;
        }
        for pred in cx.program.orders.get(inst.subprog).unwrap_or(&UNREACHED).preds(place) {
            set_stale(&mut f.stale, *pred as usize);
        }
    }
    true
}

/// Repeats the data-flow equations of an instance until they hold.
fn solve_instance(cx: &mut Cx<'_>, search: &mut Search, at: usize) -> Res {
    let inst = &mut search.stack_live.instances[at];
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
            while let Some((place, idx)) =
                next_stale(&mut search.stack_live.instances[at], &cx.program.orders, frame, from)
            {
                changed |= solve_at(cx, search, at, frame, idx, place);
                from = place + 1;
            }
        }
        if !changed {
            break;
        }
    }
    if cx.logs(2) {
        let chain = search.stack_live.instances[at].chain.text();
        cx.say(LimitMsg::StackUpdateDone { chain, rounds });
    }
    if top_frame > 0 {
        propagate_to_outer(cx, search, at);
    }
    Ok(())
}

/// Brings the sets of every function on a chain of calls up to date. Called when a function or path ends.
///
/// # Errors
/// Never.
pub(crate) fn solve_live_stack(cx: &mut Cx<'_>, search: &mut Search, calls: &Calls) -> Res {
    if !static_liveness(cx) {
        return Ok(());
    }
    reset_callchain(search);
    for frame in (0..calls.len()).rev() {
        let at = instance_of(cx, search, calls, frame);
        if search.stack_live.instances[at].updated {
            solve_instance(cx, search, at)?;
            let inst = &mut search.stack_live.instances[at];
            inst.updated = false;
            inst.must_write_dropped = false;
        }
    }
    Ok(())
}

/// Registers and slots that nothing reads after a stored state.
pub(crate) fn dead_places(cx: &Cx<'_>, search: &mut Search, id: StateId) -> Vec<DeadPlaces> {
    let st = search.state(id).clone();
    let calls = calls_of(&st);
    let last = st.frames.len().saturating_sub(1);
    if !static_liveness(cx) {
        return Vec::new();
    }
    let instances: SmallVec<[usize; 8]> = (0..st.frames.len()).map(|f| instance_of(cx, search, &calls, f)).collect();
    let mut out = Vec::with_capacity(st.frames.len());
    for (frame, f) in st.frames.iter().enumerate() {
        let at = if frame == last { st.insn_idx as usize } else { st.frames[frame + 1].called_from as usize };
        let regs = !cx.learned.aux.get(at).map_or(u16::MAX, |a| a.live_registers_before);
        let mut alive = live_before(search, instances[last], st.insn_idx, frame);
        for (i, &instance) in instances.iter().enumerate().take(last).skip(frame) {
            let called_from = st.frames[i + 1].called_from as u32;
            let calls_back = cx.learned.aux.get(called_from as usize).is_some_and(|a| a.runs_callbacks);
            alive |= live_before(search, instance, if calls_back { called_from } else { called_from + 1 }, frame);
        }
        debug_assert!(f.frame_number as usize == frame);
        out.push(DeadPlaces { regs, slots: !alive });
    }
    out
}

fn live_before(search: &Search, at: usize, insn: u32, frame: usize) -> u64 {
    search.stack_live.instances[at].masks(frame, insn).map_or(0, |m| m.live_before)
}
