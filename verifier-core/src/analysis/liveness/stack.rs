//! Stack slots that may be read later, from what function instances read and must write (6.18).
//!
//! Answers for `kernel/bpf/liveness.c`. An instance is a function reached through one chain of calls. While walking, the
//! slots that each instruction may read (a union over paths) and must write (an intersection) are collected for it; a
//! data-flow pass then gives the slots alive before each instruction, and hands what the callee does to the call.

use std::collections::HashMap;

use smallvec::SmallVec;

use crate::error::{LimitMsg, Res};
use crate::isa::insn::Insn;
use crate::isa::opcode::*;
use crate::state::{StateId, VerifierState};

use super::super::Env;
use super::DeadPlaces;

type Sites = SmallVec<[u32; 8]>;

/// The calls that lead to a function, and its entry as the last element. Kernel: `struct callchain`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Chain {
    sites: Sites,
}

impl Chain {
    fn text(&self) -> String {
        let parts: Vec<String> = self.sites.iter().map(|s| (*s as i32).to_string()).collect();
        format!("({})", parts.join(","))
    }
}

/// Sets of slots at one instruction. Kernel: `struct per_frame_masks`.
#[derive(Clone, Copy, Debug, Default)]
struct Masks {
    may_read: u64,
    must_write: u64,
    must_write_acc: u64,
    live_before: u64,
}

/// Kernel: `struct func_instance`.
#[derive(Debug)]
struct Instance {
    chain: Chain,
    /// Entries of the functions that own the frames.
    starts: Sites,
    insn_cnt: usize,
    updated: bool,
    must_write_dropped: bool,
    frames: [Option<Vec<Masks>>; 8],
    must_write_set: Vec<bool>,
}

impl Instance {
    fn start(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    fn curframe(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn allocated(&self) -> usize {
        self.frames.iter().flatten().count() * self.insn_cnt * size_of::<Masks>()
    }

    fn rel(&self, insn: u32) -> usize {
        insn.wrapping_sub(self.start()) as usize
    }

    fn masks(&self, frame: usize, insn: u32) -> Option<&Masks> {
        self.frames.get(frame)?.as_ref()?.get(self.rel(insn))
    }

    fn masks_mut(&mut self, frame: usize, insn: u32) -> Option<&mut Masks> {
        let at = self.rel(insn);
        self.frames.get_mut(frame)?.as_mut()?.get_mut(at)
    }

    fn alloc(&mut self, frame: usize, insn: u32) -> Option<&mut Masks> {
        let (at, cnt) = (self.rel(insn), self.insn_cnt);
        self.frames.get_mut(frame)?.get_or_insert_with(|| vec![Masks::default(); cnt]).get_mut(at)
    }

    /// Kernel: `mark_stack_read()`.
    fn read(&mut self, frame: usize, insn: u32, mask: u64) {
        let Some(m) = self.alloc(frame, insn) else { return };
        let new = m.may_read | mask;
        let grows = new != m.may_read && new & !m.live_before != 0;
        m.may_read = new;
        self.updated |= grows;
    }

    /// Kernel: `commit_stack_write_marks()`.
    fn commit(&mut self, insn: u32, acc: &[u64; 8]) {
        let at = self.rel(insn);
        let Some(&seen) = self.must_write_set.get(at) else { return };
        for (frame, &written) in acc.iter().enumerate().take(self.curframe() + 1) {
            let mut mask = written;
            if mask == 0 && !seen {
                continue;
            }
            let Some(m) = self.alloc(frame, insn) else { continue };
            // The release keeps the old set in 32 bits here, so deeper slots drop out of a second commit.
            let old = m.must_write & u64::from(u32::MAX);
            if seen {
                mask &= old;
            }
            let (changed, dropped) = (old != mask, old & !mask != 0);
            if changed {
                m.must_write = mask;
            }
            self.updated |= changed;
            self.must_write_dropped |= dropped;
        }
        if let Some(seen) = self.must_write_set.get_mut(at) {
            *seen = true;
        }
    }
}

/// All instances, and the writes of the instruction being processed. Kernel: `struct bpf_liveness`.
#[derive(Debug, Default)]
pub(crate) struct StackLiveness {
    instances: Vec<Instance>,
    by_chain: HashMap<Chain, usize>,
    /// Instance of the current state. Kernel: `cur_instance`.
    cur: Option<usize>,
    write_acc: [u64; 8],
    write_insn: u32,
    bytes: usize,
}

impl StackLiveness {
    /// Bytes that the sets take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn read(&mut self, at: usize, frame: usize, insn: u32, mask: u64) {
        let inst = &mut self.instances[at];
        let before = inst.allocated();
        inst.read(frame, insn, mask);
        self.bytes += inst.allocated() - before;
    }

    fn commit(&mut self, at: usize, insn: u32, acc: &[u64; 8]) {
        let inst = &mut self.instances[at];
        let before = inst.allocated();
        inst.commit(insn, acc);
        self.bytes += inst.allocated() - before;
    }
}

fn lookup(env: &mut Env<'_>, chain: Chain, starts: Sites) -> usize {
    if let Some(&at) = env.explorer.stack_live.by_chain.get(&chain) {
        return at;
    }
    let start = starts.last().copied().unwrap_or(0);
    let sub = env.subprog_at(start as usize);
    let end = env.subprogs.get(sub + 1).map_or(env.insns.len(), |s| s.start as usize);
    let insn_cnt = end.saturating_sub(start as usize);
    let live = &mut env.explorer.stack_live;
    live.bytes += size_of::<Instance>() + insn_cnt;
    let at = live.instances.len();
    live.by_chain.insert(chain.clone(), at);
    live.instances.push(Instance {
        chain,
        starts,
        insn_cnt,
        updated: false,
        must_write_dropped: false,
        frames: [const { None }; 8],
        must_write_set: vec![false; insn_cnt],
    });
    at
}

/// The instance of a frame of a state. Kernel: `lookup_instance()`.
fn instance_of(env: &mut Env<'_>, st: &VerifierState, frame: usize) -> usize {
    let mut sites = Sites::new();
    let mut starts = Sites::new();
    for i in 0..=frame.min(st.frames.len().saturating_sub(1)) {
        let start = env.subprogs.get(st.frames[i].subprogno as usize).map_or(0, |s| s.start);
        starts.push(start);
        sites.push(match st.frames.get(i + 1) {
            Some(callee) if i < frame => callee.callsite as u32,
            _ => start,
        });
    }
    lookup(env, Chain { sites }, starts)
}

fn cur_instance(env: &mut Env<'_>) -> usize {
    if let Some(at) = env.explorer.stack_live.cur {
        return at;
    }
    let st = std::mem::replace(&mut env.cur, VerifierState::empty());
    let at = instance_of(env, &st, st.curframe());
    env.cur = st;
    env.explorer.stack_live.cur = Some(at);
    at
}

/// The current state went to another function. Kernel: `bpf_reset_live_stack_callchain()`.
pub(crate) fn reset_callchain(env: &mut Env<'_>) {
    env.explorer.stack_live.cur = None;
}

/// Kernel: `bpf_mark_stack_read()`.
pub(super) fn mark_read(env: &mut Env<'_>, frame: usize, spi: usize) {
    let at = cur_instance(env);
    let insn = env.insn_idx as u32;
    if spi < 64 {
        env.explorer.stack_live.read(at, frame, insn, 1 << spi);
    }
}

/// Kernel: `bpf_mark_stack_write()`.
pub(super) fn mark_written(env: &mut Env<'_>, frame: usize, spi: usize) {
    if let Some(acc) = env.explorer.stack_live.write_acc.get_mut(frame)
        && spi < 64
    {
        *acc |= 1 << spi;
    }
}

fn static_liveness(env: &Env<'_>) -> bool {
    !super::read_marks(env)
}

/// Before an instruction is processed: nothing of it is written yet. Kernel: `bpf_reset_stack_write_marks()`.
pub(crate) fn begin_insn(env: &mut Env<'_>) {
    if static_liveness(env) {
        cur_instance(env);
        env.explorer.stack_live.write_insn = env.insn_idx as u32;
        env.explorer.stack_live.write_acc = [0; 8];
    }
}

/// After an instruction was processed: what it wrote on this path. Kernel: `bpf_commit_stack_write_marks()`.
pub(crate) fn commit_insn(env: &mut Env<'_>) {
    if static_liveness(env) {
        let live = &mut env.explorer.stack_live;
        if let Some(at) = live.cur {
            let (insn, acc) = (live.write_insn, live.write_acc);
            live.commit(at, insn, &acc);
        }
        live.write_insn = 0;
    }
}

/// Where an instruction goes within its function: fall through first. Kernel: `bpf_insn_successors()`.
pub(crate) fn successors(insns: &[Insn], idx: usize) -> SmallVec<[usize; 2]> {
    let mut out = SmallVec::new();
    let Some(i) = insns.get(idx) else { return out };
    // The kernel's table is by class and operation bits, whatever they mean in the class.
    let jumps = i.is_jmp_class() && !matches!(i.op(), CALL | EXIT) && i.op() <= JCOND;
    let ends = i.is_jmp_class() && matches!(i.op(), EXIT | JA);
    if !ends {
        out.push(idx + if i.is_ldimm64() { 2 } else { 1 });
    }
    if jumps && let Ok(to) = usize::try_from(idx as i64 + 1 + i64::from(i.jump_offset())) {
        out.push(to);
    }
    out
}

/// The callee's effects on the frames of its callers belong to the call. Kernel: `propagate_to_outer_instance()`.
fn propagate_to_outer(env: &mut Env<'_>, at: usize) {
    let inst = &env.explorer.stack_live.instances[at];
    let (curframe, start) = (inst.curframe(), inst.start());
    let mut sites = inst.chain.sites.clone();
    let mut starts = inst.starts.clone();
    sites.pop();
    starts.pop();
    let Some(callsite) = sites.pop() else { return };
    sites.push(starts.last().copied().unwrap_or(0));
    let outer = lookup(env, Chain { sites }, starts);
    let live = &mut env.explorer.stack_live;
    let mut acc = [0u64; 8];
    for (frame, written) in acc.iter_mut().enumerate().take(curframe) {
        let Some(m) = live.instances[at].masks(frame, start).copied() else { continue };
        *written |= m.must_write_acc;
        live.read(outer, frame, callsite, m.live_before);
    }
    live.commit(outer, callsite, &acc);
    live.write_acc = acc;
    live.write_insn = 0;
}

fn log_change(env: &mut Env<'_>, at: usize, what: &'static str, frame: usize, idx: u32, old: u64, new: u64) {
    if old != new {
        let chain = env.explorer.stack_live.instances[at].chain.text();
        env.say(LimitMsg::StackMask { chain, what, frame, idx: idx as usize, ones: new & !old, zeros: old & !new });
    }
}

/// Kernel: `update_insn()`.
fn update_insn(env: &mut Env<'_>, at: usize, frame: usize, idx: u32) -> bool {
    let succ = successors(&env.insns, idx as usize);
    if succ.is_empty() {
        return false;
    }
    let inst = &env.explorer.stack_live.instances[at];
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
    if env.logs(2) && (m.may_read != 0 || m.must_write != 0 || idx == start || env.aux[idx as usize].prune_point) {
        log_change(env, at, "live", frame, idx, m.live_before, before);
        log_change(env, at, "written", frame, idx, m.must_write_acc, acc);
    }
    if let Some(m) = env.explorer.stack_live.instances[at].masks_mut(frame, idx) {
        m.live_before = before;
        m.must_write_acc = acc;
    }
    before != m.live_before || acc != m.must_write_acc
}

/// Repeats the data-flow equations of an instance until they hold. Kernel: `update_instance()`.
fn update_instance(env: &mut Env<'_>, at: usize) -> Res {
    let inst = &mut env.explorer.stack_live.instances[at];
    if inst.must_write_dropped {
        // Sets that must be written can only have shrunk, so they are computed from below again.
        for m in inst.frames.iter_mut().flatten().flatten() {
            m.must_write_acc = 0;
        }
    }
    let (curframe, start) = (inst.curframe(), inst.start());
    let sub = env.subprog_at(start as usize);
    let order = env.explorer.postorder.get_mut(sub).map(std::mem::take).unwrap_or_default();
    let mut rounds = 0;
    loop {
        rounds += 1;
        let mut changed = false;
        for frame in 0..=curframe.min(7) {
            if env.explorer.stack_live.instances[at].frames[frame].is_none() {
                continue;
            }
            for &idx in &order {
                changed |= update_insn(env, at, frame, idx);
            }
        }
        if !changed {
            break;
        }
    }
    if let Some(place) = env.explorer.postorder.get_mut(sub) {
        *place = order;
    }
    if env.logs(2) {
        let chain = env.explorer.stack_live.instances[at].chain.text();
        env.say(LimitMsg::StackUpdateDone { chain, rounds });
    }
    if curframe > 0 {
        propagate_to_outer(env, at);
    }
    Ok(())
}

/// Brings the sets of every function on the current chain of calls up to date. Called when a function or path ends.
/// Kernel: `bpf_update_live_stack()`.
///
/// # Errors
/// Never.
pub(crate) fn update_live_stack(env: &mut Env<'_>) -> Res {
    if !static_liveness(env) {
        return Ok(());
    }
    reset_callchain(env);
    for frame in (0..env.cur.frames.len()).rev() {
        let st = std::mem::replace(&mut env.cur, VerifierState::empty());
        let at = instance_of(env, &st, frame);
        env.cur = st;
        if env.explorer.stack_live.instances[at].updated {
            update_instance(env, at)?;
            let inst = &mut env.explorer.stack_live.instances[at];
            inst.updated = false;
            inst.must_write_dropped = false;
        }
    }
    Ok(())
}

/// Registers and slots that nothing reads after a stored state. Kernel: `bpf_live_stack_query_init()`,
/// `bpf_stack_slot_alive()`, and the registers that `clean_func_state()` empties.
pub(super) fn dead_places(env: &mut Env<'_>, id: StateId) -> Vec<DeadPlaces> {
    let st = env.explorer.state(id).clone();
    let last = st.frames.len().saturating_sub(1);
    let instances: Vec<usize> = (0..st.frames.len()).map(|f| instance_of(env, &st, f)).collect();
    let mut out = Vec::with_capacity(st.frames.len());
    for (frame, f) in st.frames.iter().enumerate() {
        let at = if frame == last { st.insn_idx as usize } else { st.frames[frame + 1].callsite as usize };
        let regs = !env.aux.get(at).map_or(u16::MAX, |a| a.live_regs_before);
        let mut alive = live_before(env, instances[last], st.insn_idx, frame);
        for (i, &instance) in instances.iter().enumerate().take(last).skip(frame) {
            let callsite = st.frames[i + 1].callsite as u32;
            let calls_back = env.aux.get(callsite as usize).is_some_and(|a| a.calls_callback);
            alive |= live_before(env, instance, if calls_back { callsite } else { callsite + 1 }, frame);
        }
        debug_assert!(f.frameno as usize == frame);
        out.push(DeadPlaces { regs, slots: !alive });
    }
    out
}

fn live_before(env: &Env<'_>, at: usize, insn: u32, frame: usize) -> u64 {
    env.explorer.stack_live.instances[at].masks(frame, insn).map_or(0, |m| m.live_before)
}
